-- Values of Python in Lua, for the interpreter (python_eval.lua).
--
-- int, float, bool and str are Lua's integer, float, boolean and string; None is M.None. Lists, tuples, sets, dicts,
-- bytes and what else Lua has no type for are tables with one of the metatables here (M.kind tells which). Decimals,
-- dates, times and intervals are Tidemill's own; anything else is an object of the library under test.
-- Everything that needs to know that library (names of its classes, texts of its objects) is asked of M.library.
local M = {}

local function class(name) return { python = name } end
local LIST, TUPLE, SET, DICT = class "list", class "tuple", class "set", class "dict"
local BYTES, BYTEARRAY, COMPLEX, FUNCTION = class "bytes", class "bytearray", class "complex", class "function"
local INT, RANGE, TYPE, MODULE = class "int", class "range", class "type", class "module"

M.None = setmetatable({}, class "NoneType")
M.Ellipsis = setmetatable({}, class "ellipsis")

--- Hooks of the library under test: name(v), repr(v), str(v), equal(a, b), items(v), len(v), truth(v), sequence(v),
-- callable(v); those that may not apply give nil.
M.library = {}
--- Kinds of values that others add: kind -> { name, repr(v), call(v, args, named), attribute(v, name) }.
M.extra = {}

function M.throw(name, message, ...)
  error({ python = name, message = select("#", ...) > 0 and message:format(...) or message }, 0)
end
function M.unsupported(what) error({ unsupported = what }, 0) end

--- The name of a value's class when it is a table of this file.
function M.kind(v)
  local mt = type(v) == "table" and getmetatable(v)
  return mt and rawget(mt, "python") or nil
end

function M.list(items, n)
  items.n = n or items.n or #items
  return setmetatable(items, LIST)
end
function M.tuple(items, n)
  items.n = n or items.n or #items
  return setmetatable(items, TUPLE)
end
function M.bytes(text) return setmetatable({ text = text }, BYTES) end
function M.bytearray(text) return setmetatable({ text = text }, BYTEARRAY) end
function M.complex(real, imag) return setmetatable({ real = real, imag = imag }, COMPLEX) end
--- A whole number beyond 64 bits, by its digits.
function M.big(digits) return setmetatable({ digits = digits }, INT) end
--- call(args, named): args has n, named is a list of { name, value }; arity is the number of its parameters.
function M.func(name, call, arity) return setmetatable({ name = name, call = call, arity = arity }, FUNCTION) end
function M.type(name, make) return setmetatable({ name = name, make = make }, TYPE) end
function M.module(name, members) return setmetatable({ name = name, members = members }, MODULE) end
function M.range(from, to, step)
  local out = {}
  for i = from, step > 0 and to - 1 or to + 1, step do out[#out + 1] = i end
  out.from, out.to, out.step = from, to, step
  out.n = #out
  return setmetatable(out, RANGE)
end

--- What a value is equal by, as a key of a Lua table.
function M.key(v)
  local kind = M.kind(v)
  if kind == "list" or kind == "dict" or kind == "set" then
    M.throw("TypeError", "unhashable type: '%s'", kind)
  end
  if v == true then v = 1 elseif v == false then v = 0 end
  if math.type(v) == "float" and math.tointeger(v) then v = math.tointeger(v) end
  if type(v) == "number" or type(v) == "string" then return v end
  if kind == "tuple" then
    local parts = {}
    for i = 1, v.n do parts[i] = tostring(M.key(v[i])) end
    return "\0tuple\0" .. table.concat(parts, "\0")
  end
  return kind == "NoneType" and v or "\0" .. M.repr(v)
end

function M.dict(pairs_list)
  local d = setmetatable({ keys = {}, at = {}, values = {}, n = 0 }, DICT)
  for _, p in ipairs(pairs_list or {}) do M.dict_set(d, p[1], p[2]) end
  return d
end
function M.dict_set(d, key, value)
  local k = M.key(key)
  if not d.at[k] then
    d.n = d.n + 1
    d.at[k], d.keys[d.n] = d.n, key
  end
  d.values[d.at[k]] = value
end
function M.dict_get(d, key)
  local at = d.at[M.key(key)]
  if at then return d.values[at] end
end

function M.set(items, n)
  local s, seen = setmetatable({ n = 0 }, SET), {}
  for i = 1, n or #items do
    local k = M.key(items[i])
    if not seen[k] then
      seen[k], s.n = true, s.n + 1
      s[s.n] = items[i]
    end
  end
  return s
end

-- ---- names and texts ---------------------------------------------------------------------------------------------

--- type(v).__name__
function M.class_name(v)
  if type(v) == "boolean" then return "bool" end
  if math.type(v) == "integer" then return "int" end
  if math.type(v) == "float" then return "float" end
  if type(v) == "string" then return "str" end
  local kind = M.kind(v)
  if kind == "function" and v.bound ~= nil then return "method" end
  return kind and (M.extra[kind] or {}).name or kind or M.library.name(v)
end

local function float_text(v)
  if v ~= v then return "nan" end
  if v == math.huge then return "inf" elseif v == -math.huge then return "-inf" end
  local text
  for digits = 1, 17 do
    text = ("%." .. digits - 1 .. "e"):format(v)
    if tonumber(text) == v then break end
  end
  local sign, mantissa, exponent = text:match "^(%-?)([%d.]+)e([+-]%d+)$"
  local e = math.tointeger(tonumber(exponent))
  local digits = mantissa:gsub("%.", "")
  if e < -4 or e >= 16 then
    local tail = #digits > 1 and "." .. digits:sub(2) or ""
    return ("%s%s%se%s%02d"):format(sign, digits:sub(1, 1), tail, e < 0 and "-" or "+", math.abs(e))
  end
  if e < 0 then return sign .. "0." .. ("0"):rep(-e - 1) .. digits end
  digits = digits .. ("0"):rep(e + 1 - #digits)
  return sign .. digits:sub(1, e + 1) .. "." .. (#digits > e + 1 and digits:sub(e + 2) or "0")
end

local NAMED = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\\"] = "\\\\" }
local function quoted(text, bytes)
  local quote = text:find("'", 1, true) and not text:find('"', 1, true) and '"' or "'"
  local pattern = bytes and "[%c\\\x7f-\xff]" or "[%c\\\x7f]"
  local body = text:gsub(pattern, function(c) return NAMED[c] or ("\\x%02x"):format(c:byte()) end)
  if quote == "'" then body = body:gsub("'", "\\'") end
  return quote .. body .. quote
end
M.quoted = quoted

local function joined(v)
  local parts = {}
  for i = 1, v.n do parts[i] = M.repr(v[i]) end
  return table.concat(parts, ", ")
end

local REPR = {
  NoneType = function() return "None" end,
  ellipsis = function() return "Ellipsis" end,
  list = function(v) return "[" .. joined(v) .. "]" end,
  tuple = function(v) return "(" .. joined(v) .. (v.n == 1 and ",)" or ")") end,
  set = function(v) return v.n == 0 and "set()" or "{" .. joined(v) .. "}" end,
  range = function(v)
    return v.step == 1 and ("range(%d, %d)"):format(v.from, v.to) or ("range(%d, %d, %d)"):format(v.from, v.to, v.step)
  end,
  bytes = function(v) return "b" .. quoted(v.text, true) end,
  bytearray = function(v) return "bytearray(b" .. quoted(v.text, true) .. ")" end,
  complex = function(v) return ("(%s+%sj)"):format(v.real, v.imag) end,
  int = function(v) return v.digits end,
  type = function(v) return "<class '" .. M.library.full_name(v.name) .. "'>" end,
  module = function(v) return "<module '" .. v.name .. "'>" end,
  ["function"] = function(v)
    if v.bound == nil then return "<function " .. v.name .. ">" end
    return ("<bound method %s.%s of %s>"):format(M.class_name(v.bound), v.name, M.repr(v.bound))
  end,
  dict = function(v)
    local parts = {}
    for i = 1, v.n do parts[i] = M.repr(v.keys[i]) .. ": " .. M.repr(v.values[i]) end
    return "{" .. table.concat(parts, ", ") .. "}"
  end,
}

function M.repr(v)
  if type(v) == "boolean" then return v and "True" or "False" end
  if math.type(v) == "integer" then return tostring(v) end
  if math.type(v) == "float" then return float_text(v) end
  if type(v) == "string" then return quoted(v) end
  local kind = M.kind(v)
  if kind then return (REPR[kind] or M.extra[kind].repr)(v) end
  return M.library.repr(v)
end

function M.str(v)
  if type(v) == "string" then return v end
  return not M.kind(v) and M.library.str(v) or M.repr(v)
end

-- ---- truth, order, items -----------------------------------------------------------------------------------------

function M.truth(v)
  if type(v) == "boolean" then return v end
  if type(v) == "number" then return v ~= 0 end
  if type(v) == "string" then return v ~= "" end
  local kind = M.kind(v)
  if kind == "NoneType" then return false end
  if kind and v.n then return v.n > 0 end
  if kind == "bytes" or kind == "bytearray" then return v.text ~= "" end
  if kind then return true end
  return M.library.truth(v)
end

--- Does the value stand for a number? True and False are 1 and 0.
function M.number(v)
  if v == true then return 1 elseif v == false then return 0 end
  return type(v) == "number" and v or nil
end

--- The items of anything Python can walk, as a table with n.
function M.items(v)
  local kind = M.kind(v)
  if kind == "dict" then return { n = v.n, table.unpack(v.keys, 1, v.n) } end
  if kind == "function" and v.iterate then return v.iterate() end
  if kind and v.n then return v end
  if type(v) == "string" then
    local out = { n = 0 }
    for _, c in utf8.codes(v) do out.n, out[out.n + 1] = out.n + 1, utf8.char(c) end
    return out
  end
  if kind == "bytes" or kind == "bytearray" then return { n = #v.text, v.text:byte(1, -1) } end
  local items = not kind and type(v) ~= "number" and type(v) ~= "boolean" and M.library.items(v)
  return items or M.throw("TypeError", "'%s' object is not iterable", M.class_name(v))
end

local function sequences(a, b)
  local ka, kb = M.kind(a) or M.library.sequence(a), M.kind(b) or M.library.sequence(b)
  local like = { list = "list", tuple = "tuple", row_maker = "tuple" } -- Row(1, 2) is a tuple
  return like[ka] and like[ka] == like[kb]
end

function M.equal(a, b)
  local x, y = M.number(a), M.number(b)
  if x and y then return x == y end
  if type(a) == "string" or type(b) == "string" or x or y then return rawequal(a, b) end
  if rawequal(a, b) then return true end
  if sequences(a, b) then
    local p, q = M.items(a), M.items(b)
    if p.n ~= q.n then return false end
    for i = 1, p.n do if not M.equal(p[i], q[i]) then return false end end
    return true
  end
  local ka, kb = M.kind(a), M.kind(b)
  if ka ~= kb then return false end
  if ka == "dict" then
    if a.n ~= b.n then return false end
    for i = 1, a.n do
      local other = M.dict_get(b, a.keys[i])
      if other == nil or not M.equal(a.values[i], other) then return false end
    end
    return true
  end
  if ka == "set" then return a.n == b.n and M.set({ table.unpack(a, 1, a.n), table.unpack(b, 1, b.n) }).n == a.n end
  if ka then return M.repr(a) == M.repr(b) end
  return M.library.equal(a, b)
end

function M.less(a, b)
  local x, y = M.number(a), M.number(b)
  if x and y then return x < y end
  if type(a) == "string" and type(b) == "string" then return a < b end
  if sequences(a, b) then
    local p, q = M.items(a), M.items(b)
    for i = 1, math.min(p.n, q.n) do
      if not M.equal(p[i], q[i]) then return M.less(p[i], q[i]) end
    end
    return p.n < q.n
  end
  if type(a) == "userdata" and type(b) == "userdata" then return a < b end
  M.throw("TypeError", "'<' not supported between instances of '%s' and '%s'", M.class_name(a), M.class_name(b))
end

--- sorted(): a new table with n, stable, by key(v) when there is one.
function M.sorted(items, key, reverse)
  local keyed = {}
  for i = 1, items.n do
    local k = items[i]
    if key then k = key(k) end
    keyed[i] = { k, items[i], i }
  end
  table.sort(keyed, function(p, q)
    if reverse then p, q = q, p end
    if M.less(p[1], q[1]) then return true end
    if M.less(q[1], p[1]) then return false end
    if reverse then p, q = q, p end
    return p[3] < q[3]
  end)
  local out = { n = items.n }
  for i, k in ipairs(keyed) do out[i] = k[2] end
  return out
end

return M
