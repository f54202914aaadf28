--- Can a Lua function be traced? It is called once with symbolic Columns; what it builds is its meaning in SQL.
-- A function that decides (if, and, or, ==, <) or writes to variables or tables outside would be traced to one of
-- its ways only, so its byte code is read first, and that of every Lua function it calls while it is traced.
local column = require "tidemill.column"

local M = {}

-- Lua 5.4 opcodes (lopcodes.h): SETUPVAL; SETTABUP .. SETFIELD; NOT; EQ .. TESTSET; FORLOOP .. TFORLOOP.
local REFUSED = { [10] = "an assignment to an upvalue", [51] = "`not`" }
for op = 15, 18 do REFUSED[op] = "an assignment to a table" end
for op = 57, 67 do REFUSED[op] = "a comparison, `and`, `or` or `if`" end
for op = 73, 77 do REFUSED[op] = "a loop" end

-- A number of 7-bit groups, the last marked by its high bit.
local function varint(s, at)
  local v = 0
  while true do
    local b = s:byte(at)
    v, at = v << 7 | b & 0x7f, at + 1
    if b & 0x80 ~= 0 then return v, at end
  end
end

local checked = setmetatable({}, { __mode = "k" })

--- Why the code of f forbids tracing; false when it does not.
local function refusal(f)
  if checked[f] ~= nil then return checked[f] end
  local fine, code = pcall(string.dump, f, true)
  local why = false
  if not fine or code:sub(1, 5) ~= "\27Lua\x54" then
    why = "code that cannot be read"
  else
    local at, n, _ = 4 + 1 + 1 + 6 + 3 + string.packsize "jn" + 1 + 1
    _, at = varint(code, at) -- source: none
    _, at = varint(code, at) -- linedefined
    _, at = varint(code, at) -- lastlinedefined
    n, at = varint(code, at + 3)
    for i = 0, n - 1 do why = why or REFUSED[string.unpack("<I4", code, at + 4 * i) & 0x7f] or false end
  end
  checked[f] = why
  return why
end

local ROOT = debug.getinfo(1, "S").source:match "^(.*)trace%.lua$"

-- A hook that stops the trace at a call of the user's that must not be traced.
local function guard()
  local info = debug.getinfo(2, "Sf")
  if info.what == "C" or info.source:sub(1, #ROOT) == ROOT then return end
  local why = refusal(info.func)
  if why then error({ stopped = why }, 0) end
end

--- The Column that f makes of the Columns, or nil and what stopped the tracing. f runs in a coroutine, so that the
-- hook is gone with it whatever happens, even when there is no memory to take it away.
function M.run(f, columns)
  local why = refusal(f)
  if why then return nil, why end
  local thread = coroutine.create(f)
  debug.sethook(thread, guard, "c")
  local fine, result = coroutine.resume(thread, table.unpack(columns, 1, columns.n or #columns))
  if not fine then
    return nil, type(result) == "table" and rawget(result, "stopped") or tostring(result):match "^[^\n]*"
  end
  if coroutine.status(thread) ~= "dead" then
    coroutine.close(thread)
    return nil, "a yield"
  end
  if not column.is(result) then return nil, "a result that is no Column" end
  return result
end

M.refusal = refusal

return M
