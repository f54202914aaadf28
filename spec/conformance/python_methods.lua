-- Methods and built-in functions of Python's own types, for python_eval.lua. A method is f(value, args, named, self).
local V = require "python_value"
local None = V.None
local M = {}

local function list_or(v) return v == nil and None or v end

local STRING = {}
function STRING.upper(s) return (s:upper()) end
function STRING.lower(s) return (s:lower()) end
function STRING.strip(s) return (s:match "^%s*(.-)%s*$") end
function STRING.title(s) return (s:gsub("(%a)(%a*)", function(a, b) return a:upper() .. b:lower() end)) end
function STRING.startswith(s, args) return s:sub(1, #args[1]) == args[1] end
function STRING.endswith(s, args) return args[1] == "" or s:sub(-#args[1]) == args[1] end
function STRING.replace(s, args)
  return (s:gsub(args[1]:gsub("%p", "%%%0"), (args[2]:gsub("%%", "%%%%"))))
end
function STRING.join(s, args)
  local items, parts = V.items(args[1]), {}
  for i = 1, items.n do parts[i] = items[i] end
  return table.concat(parts, s)
end
function STRING.split(s, args)
  local out = {}
  if args.n == 0 then for word in s:gmatch "%S+" do out[#out + 1] = word end
  else
    local at = 1
    while true do
      local from, to = s:find(args[1], at, true)
      out[#out + 1] = s:sub(at, (from or 0) - 1)
      if not from then break end
      at = to + 1
    end
  end
  return V.list(out)
end
function STRING.count(s, args) return select(2, s:gsub(args[1]:gsub("%p", "%%%0"), "")) end
function STRING.encode(s) return V.bytes(s) end
function STRING.isdigit(s) return s:find "^%d+$" ~= nil end
function STRING.zfill(s, args) return ("0"):rep(args[1] - #s) .. s end
function STRING.format(s, args, named)
  local at = 0
  return (s:gsub("{([%w_]*)}", function(key)
    if key == "" then
      at = at + 1
      return V.str(args[at])
    end
    if tonumber(key) then return V.str(args[tonumber(key) + 1]) end
    for _, p in ipairs(named) do if p[1] == key then return V.str(p[2]) end end
  end))
end

local BYTES = {}
function BYTES.decode(b) return b.text end
function BYTES.hex(b) return (b.text:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end

local LIST = {}
function LIST.append(l, args)
  l.n, l[l.n + 1] = l.n + 1, args[1]
  return None
end
function LIST.extend(l, args)
  local more = V.items(args[1])
  for i = 1, more.n do l.n, l[l.n + 1] = l.n + 1, more[i] end
  return None
end
function LIST.pop(l)
  local v = l[l.n]
  l[l.n], l.n = nil, l.n - 1
  return v
end
function LIST.index(l, args)
  for i = 1, l.n do if V.equal(l[i], args[1]) then return i - 1 end end
  V.throw("ValueError", "not in list")
end
function LIST.count(l, args)
  local n = 0
  for i = 1, l.n do if V.equal(l[i], args[1]) then n = n + 1 end end
  return n
end
function LIST.sort(l, _, named, self)
  local sorted = M.builtins.sorted(V.list { n = 1, l }, { l, n = 1 }, named, self)
  for i = 1, l.n do l[i] = sorted[i] end
  return None
end
function LIST.reverse(l)
  for i = 1, l.n // 2 do l[i], l[l.n - i + 1] = l[l.n - i + 1], l[i] end
  return None
end

local DICT = {}
function DICT.get(d, args)
  local v = V.dict_get(d, args[1])
  if v == nil then v = list_or(args[2]) end
  return v
end
function DICT.keys(d) return V.list { n = d.n, table.unpack(d.keys, 1, d.n) } end
function DICT.values(d) return V.list { n = d.n, table.unpack(d.values, 1, d.n) } end
function DICT.items(d)
  local out = { n = d.n }
  for i = 1, d.n do out[i] = V.tuple { d.keys[i], d.values[i] } end
  return V.list(out)
end

local NUMBER = {}
function NUMBER.is_integer(v) return math.tointeger(v) ~= nil end
function NUMBER.bit_length(v)
  local n = 0
  while v ~= 0 do n, v = n + 1, v >> 1 end
  return n
end

local COMMON = {}
function COMMON.__len__(v) return V.items(v).n end
function COMMON.__class__(v) return V.type(V.class_name(v)) end

local BY_KIND = { list = LIST, tuple = { index = LIST.index, count = LIST.count }, dict = DICT, bytes = BYTES,
  bytearray = BYTES }

function M.find(v, name)
  local own = type(v) == "string" and STRING or type(v) == "number" and NUMBER or BY_KIND[V.kind(v)]
  return own and own[name] or COMMON[name]
end

-- ---- built-in functions: f(args, named, self) --------------------------------------------------------------------

local B = {}
M.builtins = {}

local function named_value(named, name)
  for _, p in ipairs(named) do if p[1] == name then return p[2] end end
end

function B.len(args)
  local v = args[1]
  if type(v) == "string" then return utf8.len(v) or #v end
  local n = not V.kind(v) and type(v) ~= "number" and type(v) ~= "boolean" and V.library.len(v)
  if n then return n end
  if not V.kind(v) or rawequal(v, None) then
    V.throw("TypeError", "object of type '%s' has no len()", V.class_name(v))
  end
  return V.items(v).n
end
function B.sorted(args, named, self)
  local key = named_value(named, "key")
  local by = key and not rawequal(key, None) and function(v) return self:call(key, { v, n = 1 }) end
  return V.list(V.sorted(V.items(args[1]), by, V.truth(named_value(named, "reverse") or false)))
end
function B.print(args)
  local parts = {}
  for i = 1, args.n do parts[i] = V.str(args[i]) end
  io.write(table.concat(parts, " "), "\n")
  return None
end
function B.repr(args) return V.repr(args[1]) end
function B.hash(args) return V.key(args[1]) end
function B.id(args) return ("%p"):format(args[1]) end
function B.abs(args, _, self)
  local x = V.number(args[1])
  if x then return math.abs(x) end
  local r = self.library.unary("abs", args[1])
  return r ~= nil and r or V.throw("TypeError", "bad operand type for abs(): '%s'", V.class_name(args[1]))
end
function B.pow(args, _, self) return require "python_eval".binary(self, "**", args[1], args[2]) end
function B.round(args)
  local scale = args[2] or 0
  local text = ("%." .. scale .. "f"):format(args[1])
  return args[2] and tonumber(text) or math.tointeger(tonumber(text))
end
function B.divmod(args) return V.tuple { args[1] // args[2], args[1] % args[2] } end
function B.sum(args, _, self)
  local items, total = V.items(args[1]), args[2] or 0
  for i = 1, items.n do total = require "python_eval".binary(self, "+", total, items[i]) end
  return total
end
local function extreme(better)
  return function(args, named, self)
    local items = args.n == 1 and V.items(args[1]) or args
    local key = named_value(named, "key")
    local function by(v) return key and self:call(key, { v, n = 1 }) or v end
    if items.n == 0 then V.throw("ValueError", "empty sequence") end
    local best = items[1]
    for i = 2, items.n do if better(by(items[i]), by(best)) then best = items[i] end end
    return best
  end
end
B.min = extreme(V.less)
B.max = extreme(function(a, b) return V.less(b, a) end)
function B.any(args)
  local items = V.items(args[1])
  for i = 1, items.n do if V.truth(items[i]) then return true end end
  return false
end
function B.all(args)
  local items = V.items(args[1])
  for i = 1, items.n do if not V.truth(items[i]) then return false end end
  return true
end
function B.iter(args)
  local items, copy = V.items(args[1]), {}
  for i = 1, items.n do copy[i] = items[i] end
  return V.list(copy, items.n)
end
B.reversed = function(args)
  local items, out = V.items(args[1]), { n = 0 }
  for i = items.n, 1, -1 do out.n, out[out.n + 1] = out.n + 1, items[i] end
  return V.list(out)
end
function B.next(args)
  local l = args[1]
  if l.n == 0 then V.throw("StopIteration", "") end
  local first = table.remove(l, 1)
  l.n = l.n - 1
  return first
end
function B.enumerate(args)
  local items, out = V.items(args[1]), { n = 0 }
  for i = 1, items.n do out.n, out[i] = i, V.tuple { i - 1 + (args[2] or 0), items[i] } end
  return V.list(out)
end
function B.zip(args)
  local lists, n = {}, math.huge
  for i = 1, args.n do
    lists[i] = V.items(args[i])
    n = math.min(n, lists[i].n)
  end
  local out = { n = args.n > 0 and n or 0 }
  for i = 1, out.n do
    local row = { n = args.n }
    for k = 1, args.n do row[k] = lists[k][i] end
    out[i] = V.tuple(row)
  end
  return V.list(out)
end
function B.map(args, _, self)
  local items, out = V.items(args[2]), {}
  for i = 1, items.n do out[i] = self:call(args[1], { items[i], n = 1 }) end
  return V.list(out, items.n)
end
function B.filter(args, _, self)
  local items, out = V.items(args[2]), { n = 0 }
  for i = 1, items.n do
    if V.truth(self:call(args[1], { items[i], n = 1 })) then out.n, out[out.n + 1] = out.n + 1, items[i] end
  end
  return V.list(out)
end
function B.isinstance(args)
  local classes = V.kind(args[2]) == "tuple" and args[2] or { args[2], n = 1 }
  for i = 1, classes.n do
    local name = classes[i].name or V.library.class_of(classes[i])
    if name == "object" or V.library.is_a(V.class_name(args[1]), name) then return true end
  end
  return false
end
function B.callable(args) return V.kind(args[1]) == "function" or V.library.callable(args[1]) end
function B.getattr(args, _, self)
  local ok, v = pcall(require "python_eval".attribute, self, args[1], args[2])
  if ok then return v end
  if args.n > 2 then return args[3] end
  error(v, 0)
end
function B.hasattr(args, _, self) return (pcall(require "python_eval".attribute, self, args[1], args[2])) end
function B.dir() V.unsupported "dir()" end
function B.__import__(args) V.unsupported("module " .. V.str(args[1])) end

-- Types that are called to make a value.
local T = {}
function T.str(args)
  if args.n == 0 then return "" end
  return V.str(args[1])
end
function T.int(args)
  local v = V.number(args[1] or 0)
  if v then return math.type(v) == "integer" and v or math.tointeger(v < 0 and math.ceil(v) or math.floor(v)) end
  return math.tointeger(tonumber(args[1])) or V.throw("ValueError", "invalid literal for int()")
end
function T.float(args)
  local v = args[1] or 0.0
  local words = { nan = 0 / 0, inf = math.huge, ["-inf"] = -math.huge, infinity = math.huge }
  if type(v) == "string" then v = words[v:lower()] or tonumber(v) or V.throw("ValueError", "could not convert") end
  local n = V.number(v) or tonumber(tostring(v))
  return n and n + 0.0 or V.throw("TypeError", "float() argument must be a string or a real number")
end
function T.bool(args) return V.truth(args[1] or false) end
function T.list(args) return args.n == 0 and V.list {} or B.iter(args) end
function T.tuple(args)
  if args.n == 0 then return V.tuple {} end
  local copy = B.iter(args)
  return V.tuple({ table.unpack(copy, 1, copy.n) }, copy.n)
end
function T.set(args) return args.n == 0 and V.set {} or V.set(V.items(args[1]), V.items(args[1]).n) end
function T.dict(args, named)
  local d = V.dict()
  if args.n > 0 and V.kind(args[1]) == "dict" then
    for i = 1, args[1].n do V.dict_set(d, args[1].keys[i], args[1].values[i]) end
  elseif args.n > 0 then
    local items = V.items(args[1])
    for i = 1, items.n do V.dict_set(d, items[i][1], items[i][2]) end
  end
  for _, p in ipairs(named) do V.dict_set(d, p[1], p[2]) end
  return d
end
function T.bytes(args)
  if args.n == 0 then return V.bytes "" end
  if V.kind(args[1]) == "list" then
    local parts = {}
    for i = 1, args[1].n do parts[i] = string.char(args[1][i]) end
    return V.bytes(table.concat(parts))
  end
  return V.bytes(args[1].text or args[1])
end
function T.bytearray(args) return V.bytearray(T.bytes(args).text) end
function T.complex(args) return V.complex((args[1] or 0) + 0.0, (args[2] or 0) + 0.0) end
function T.range(args)
  if args.n == 1 then return V.range(0, args[1], 1) end
  return V.range(args[1], args[2], args[3] or 1)
end
function T.slice(args)
  local from, to, step = args[1], args[2], args[3]
  if args.n == 1 then from, to = nil, from end
  local function part(v) if not rawequal(v, None) then return v end end
  return setmetatable({ from = part(from), to = part(to), step = part(step) }, { python = "slice" })
end
function T.type(args)
  return V.type(V.class_name(args[1]))
end
function T.object() return V.module("object", {}) end

--- The built-in names; `self` of calls is the interpreter that `of` gives.
function M.scope(of)
  local vars = {}
  for name, f in pairs(B) do
    M.builtins[name] = function(_, args, named, self) return f(args, named, self) end
    vars[name] = V.func(name, function(args, named) return f(args, named, of()) end)
  end
  for name, f in pairs(T) do vars[name] = V.type(name, f) end
  for _, name in ipairs { "Exception", "TypeError", "ValueError", "KeyError", "IndexError", "RuntimeError",
    "AttributeError", "AssertionError" } do
    vars[name] = V.type(name, function() return V.module(name, {}) end)
  end
  return vars
end

return M
