--- The rules of arguments, in one place and driven by data.
-- A signature is text: "other:DataFrame, on?, how:string?". A name ends in `?` when it may be left out, a first `*`
-- takes the rest (one list means the same). Types: any string integer number boolean function list map table
-- DataFrame Column; "a|b" allows either. A call may name its arguments in a last table with string keys only, unless
-- a parameter of the method is a map. `{}`, a table with a metatable and what stands in a map's place are never names.
local errors = require "tidemill.errors"
local null = require "tidemill.null"
local similar = require "tidemill.similar"

local M = {}

--- "list", "map", "empty", "object", or "mixed" and the offending key.
function M.shape(t)
  if getmetatable(t) then return "object" end
  local numbers, strings, other = 0, 0, nil
  for k in next, t do
    if math.type(k) == "integer" and k > 0 then numbers = numbers + 1
    elseif type(k) == "string" then strings = strings + 1
    else other = k end
  end
  if other ~= nil then return "mixed", other end
  if numbers == 0 and strings == 0 then return "empty" end
  if strings == 0 then
    if numbers == #t then return "list" end
    for k in next, t do if k > #t then return "mixed", k end end
    return "list"
  end
  if strings == 1 and math.type(rawget(t, "n")) == "integer" then return "list" end
  if numbers == 0 then return "map" end
  for k in next, t do if type(k) == "string" then return "mixed", k end end
end

local SCALARS = { ["tidemill.decimal"] = "Decimal", ["tidemill.date"] = "date", ["tidemill.timestamp"] = "datetime",
  ["tidemill.timestamp_ntz"] = "datetime", ["tidemill.time"] = "time", ["tidemill.interval_dt"] = "timedelta" }
local NAMES = { string = "str", boolean = "bool", ["nil"] = "NoneType" }

--- How a value is called in messages: as PySpark calls it, Lua's own types as they are.
function M.type_name(v)
  local mt = getmetatable(v)
  if type(v) == "userdata" and (v == null or SCALARS[mt]) then return v == null and "NoneType" or SCALARS[mt] end
  if type(v) == "table" then
    local name = type(mt) == "table" and rawget(mt, "__name")
    if name then return name == "Binary" and "bytes" or name:match "^type " and "type" or name end
    return mt == nil and (M.shape(v) == "map" and "dict" or "list") or "table"
  end
  return math.type(v) == "integer" and "int" or math.type(v) or NAMES[type(v)] or type(v)
end

local function class_is(v, name)
  local mt = type(v) == "table" and getmetatable(v)
  local own = type(mt) == "table" and rawget(mt, "__name")
  return (own or M.type_name(v)) == name
end

local CHECK = {
  any = function() return true end,
  string = function(v) return type(v) == "string" end,
  integer = function(v) return math.tointeger(v) ~= nil and type(v) == "number" end,
  number = function(v) return type(v) == "number" end,
  boolean = function(v) return type(v) == "boolean" end,
  ["function"] = function(v)
    local mt = getmetatable(v)
    return type(v) == "function" or (type(mt) == "table" and mt.__call ~= nil)
  end,
  list = function(v) return type(v) == "table" and (M.shape(v) == "list" or M.shape(v) == "empty") end,
  map = function(v) return type(v) == "table" and (M.shape(v) == "map" or M.shape(v) == "empty") end,
  table = function(v) return type(v) == "table" end,
  Column = function(v) return class_is(v, "Column") end,
  DataFrame = function(v) return class_is(v, "DataFrame") end,
}
local WORD = { string = "str", integer = "int", number = "float or int", boolean = "bool", ["function"] = "callable",
  map = "dict", table = "dict" }

local function parse(text)
  local spec = { names = {} }
  for part in text:gmatch "[^,]+" do
    local star, name, kind, optional = part:match "^%s*(%*?)([%w_]+):?([%w_|]*)(%??)%s*$"
    local p = { name = name, rest = star == "*", optional = optional == "?" or star == "*", types = {} }
    for t in kind:gmatch "[^|]+" do
      p.types[#p.types + 1] = t
      if t == "map" then spec.map = true end
    end
    spec[#spec + 1] = p
    spec.names[name] = #spec
  end
  return spec
end

local function fail(fname, problem, candidates)
  errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = fname, problem = problem }, { candidates = candidates })
end

local function param_names(spec)
  local names = {}
  for i, p in ipairs(spec) do names[i] = p.name end
  return names
end

-- Is the last argument a table of named ones?
local function named_table(spec, args, n)
  local last = args[n]
  if n == 0 or spec.map or type(last) ~= "table" then return nil end
  local only_n = spec.names.n and M.shape(last) == "list" and next(last) == "n" and next(last, "n") == nil
  if not only_n and M.shape(last) ~= "map" then return nil end
  local p = spec[math.min(n, #spec)]
  for _, t in ipairs(p and p.types or {}) do if t == "table" then return nil end end
  -- the only argument, of a parameter that takes anything: names of parameters, or data with keys of its own
  if n == 1 and p and #p.types == 0 then
    for k in pairs(last) do if spec.names[k] then return last end end
    return nil
  end
  return last
end

local function check(fname, p, v)
  if v == nil then
    if not p.optional then fail(fname, ("argument '%s' is missing"):format(p.name)) end
    return
  end
  if #p.types == 0 then return end
  for _, t in ipairs(p.types) do if CHECK[t](v) then return end end
  local words = {}
  for i, t in ipairs(p.types) do words[i] = WORD[t] or t end
  if p.types[1] == "map" and p.types[2] == "list" then words[2] = nil end -- the list is the map in its order
  errors.raise("NOT_EXPECTED_TYPE", { arg_name = p.name, expected_type = table.concat(words, " or "),
    arg_type = M.type_name(v) }, { class = p.types[1] == "DataFrame" and "PySparkAttributeError" or nil })
end

local function assign_names(spec, fname, values, named, given)
  for k, v in pairs(named) do
    local i = spec.names[k]
    if not i then
      fail(fname, ("unknown argument '%s'%s"):format(k, similar.suffix(k, param_names(spec))),
        similar.near(k, param_names(spec)))
    end
    if i <= given and values[i] ~= nil then fail(fname, ("argument '%s' is given twice"):format(k)) end
    values[i] = v
  end
end

--- Bind arguments to a parsed signature: their values in order, a `*` parameter as a list.
function M.bind(spec, fname, ...)
  local args, n, values = { ... }, select("#", ...), {}
  local named = named_table(spec, args, n)
  if named then n = n - 1 end
  for i = 1, n do
    local p = spec[math.min(i, math.max(#spec, 1))]
    if p and p.rest then
      local rest = { n = 0 }
      for k = math.min(i, #spec), n do rest.n = rest.n + 1; rest[rest.n] = args[k] end
      if rest.n == 1 and type(rest[1]) == "table" and (M.shape(rest[1]) == "list" or M.shape(rest[1]) == "empty") then
        local list = rest[1]
        rest = { n = rawget(list, "n") or #list, table.unpack(list, 1, rawget(list, "n") or #list) }
      end
      values[#spec] = rest
      break
    end
    if i > #spec then
      fail(fname, ("takes %d argument%s, got %d"):format(#spec, #spec == 1 and "" or "s", n))
    end
    values[i] = args[i]
  end
  if named then assign_names(spec, fname, values, named, n) end
  for i, p in ipairs(spec) do
    if p.rest then values[i] = values[i] or { n = 0 } else check(fname, p, values[i]) end
  end
  return table.unpack(values, 1, #spec)
end

M.parse = parse

--- A method: checks its object ("." instead of ":" says so), binds the arguments, calls body(self, ...).
function M.method(class, name, signature, body)
  local spec = parse(signature)
  return function(self, ...)
    if not class_is(self, class) then
      errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = name,
        problem = ("call it with ':' on a %s, as in x:%s(..); got a %s"):format(class, name, M.type_name(self)) })
    end
    if #spec == 0 and select("#", ...) == 0 then return body(self) end
    return body(self, M.bind(spec, name, ...))
  end
end

--- What Python's int() makes of a value: fractions go, a text of digits is its number. nil where it makes nothing.
function M.whole(v)
  if type(v) == "boolean" then return v and 1 or 0 end
  if type(v) == "string" then v = v:find "^%s*[+-]?%d+%s*$" and tonumber(v) end
  if type(v) ~= "number" then return nil end
  return math.tointeger(v < 0 and math.ceil(v) or math.floor(v))
end

--- Keys of a table in a fixed order: numbers, then booleans, then text.
local RANK = { number = 1, boolean = 2, string = 3 }
function M.sorted_keys(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b)
    local ta, tb = RANK[type(a)] or 4, RANK[type(b)] or 4
    if ta ~= tb then return ta < tb end
    if ta == 2 then return not a and b end
    return ta == 4 and tostring(a) < tostring(b) or ta ~= 4 and a < b
  end)
  return keys
end

--- A map sorted by name, or a list of { key, value } pairs, as such a list.
function M.pairs_list(t, what)
  local function refuse(v)
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = what, expected_type = "dict", arg_type = M.type_name(v) })
  end
  if type(t) ~= "table" then refuse(t) end
  local shape, key = M.shape(t)
  if shape == "mixed" then errors.raise("MIXED_TABLE", { key = tostring(key) }) end
  local list = {}
  if shape == "list" then
    for i, pair in ipairs(t) do
      if type(pair) ~= "table" or pair[1] == nil or #pair > 2 then refuse(t) end -- a NULL leaves no trace
      list[i] = { pair[1], pair[2] }
    end
  else
    for i, k in ipairs(M.sorted_keys(t)) do list[i] = { k, t[k] } end
  end
  return list
end

return M
