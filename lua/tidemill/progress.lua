--- Progress of a query that runs: a line on stderr in shells, and handlers of programs.
-- Drawn only when stderr is a terminal, after 500 ms, at most ten times a second; cleared when the query ends.
local core = require "tidemill.core"

local M = {}
local handlers, wanted = {}, nil
local start, drawn, last

-- A shell is an interpreter that was started without a script, or with -i.
local function in_shell()
  local a = rawget(_G, "arg")
  if type(a) ~= "table" then return false end
  for i = -8, -1 do if a[i] == "-i" then return true end end
  return a[0] ~= nil and a[-1] == nil
end

local function enabled()
  if wanted == nil then wanted = in_shell() and core.is_terminal(2) end
  return wanted
end

--- spark.ui.showConsoleProgress
function M.console(on) wanted = on and core.is_terminal(2) end

local function bar(done, rows, seconds)
  local text = ("%d rows, %.1f s"):format(rows, seconds)
  if done < 0 then return text end
  local full = math.floor(done * 30)
  local left = done > 0.02 and (", %.0f s left"):format(seconds / done - seconds) or ""
  return ("[%s%s] %3.0f %%  %s%s"):format(("="):rep(full), (" "):rep(30 - full), done * 100, text, left)
end

-- The core's hook: share done (negative: unknown) and rows while a query runs; nil when it has ended.
local function report(done, rows)
  if done == nil then
    if drawn then io.stderr:write("\r\27[K") end
    start, drawn = nil, nil
    return
  end
  local now = core.seconds()
  start = start or now
  for f in pairs(handlers) do f { done = done >= 0 and done or nil, rows = rows, seconds = now - start } end
  if not enabled() or now - start < 0.5 or (drawn and now - last < 0.1) then return end
  drawn, last = true, now
  io.stderr:write("\r\27[K", bar(done, rows, now - start))
end

function M.update(list) handlers = list end

core.hook("progress", report)

return M
