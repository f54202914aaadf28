--- F: SQL functions over Columns, with PySpark's names and arguments.
-- Functions come from signatures.lua (which arguments are columns, which values) and from the catalogue of the core;
-- those with meanings of their own are written here.
local arguments = require "tidemill.arguments"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local similar = require "tidemill.similar"
local signatures = require "tidemill.signatures"
local NODE = require "tidemill.internal".node

local F = {}

-- PySpark's name -> SQL's, where they differ.
local RENAMED = {
  create_map = "map", toDegrees = "degrees", toRadians = "radians", shiftLeft = "shiftleft",
  shiftRight = "shiftright",
  shiftRightUnsigned = "shiftrightunsigned", bitwiseNOT = "~", bitwise_not = "~", negate = "negative",
  approxCountDistinct = "approx_count_distinct", pow = "power", isnan = "isnan", timestamp_add = "timestampadd",
  timestamp_diff = "timestampdiff", mean = "avg", product = "~product", -- which SQL does not know
}

-- ---- lambdas -----------------------------------------------------------------------------------------------------

local NAMES = { "x", "y", "z" }
local serial = 0

-- A Lua function over Columns as a lambda: called once with variables of names that no other lambda has.
local function lambda(f, fname)
  local info = type(f) == "function" and debug.getinfo(f, "u")
  if not info then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "f", expected_type = "callable",
      arg_type = arguments.type_name(f) })
  end
  local n = info.nparams
  if info.isvararg or n < 1 or n > 3 then
    errors.raise("WRONG_NUM_ARGS_FOR_HIGHER_ORDER_FUNCTION", { func_name = "<lambda>", num_args = tostring(n) }, {
      class = "PySparkValueError", message = ("%s: the function takes 1 to 3 parameters, not %s"):format(fname,
        info.isvararg and "..." or n) })
  end
  serial = serial + 1
  local names, vars = {}, {}
  for i = 1, n do
    names[i] = ("%s_%d"):format(NAMES[i], serial)
    vars[i] = column.wrap { kind = "name", parts = { names[i] } }
  end
  local body = f(table.unpack(vars))
  if not column.is(body) then
    errors.raise("HIGHER_ORDER_FUNCTION_SHOULD_RETURN_COLUMN", { func_name = "<lambda>",
      return_type = arguments.type_name(body) })
  end
  return { kind = "lambda", parts = names, args = { body[NODE] } }
end

-- ---- calls by signature ------------------------------------------------------------------------------------------

local function default(text)
  if text == "true" then return true end
  if text == "false" then return false end
  return math.tointeger(tonumber(text)) or tonumber(text) or text
end

local function parse(text)
  local params = { names = {} }
  for part in (text .. ", "):gmatch "(.-), " do
    local star, name, kind, optional, preset = part:match "^(%*?)([%w_]+):(%l)(%??)=?(.*)$"
    if name then
      params[#params + 1] = { name = name, kind = kind, rest = star == "*", optional = optional == "?" or star == "*" }
      if preset ~= "" then params[#params].preset = default(preset) end
      if part:find("=", 1, true) and preset == "" then params[#params].preset = "" end
      params.names[name] = #params
    end
  end
  return params
end

local CONVERT = {
  c = function(v, p) return column.node(v, p.name, true) end,
  v = function(v) return column.literal(v) end,
  f = function(v, _, fname) return lambda(v, fname) end,
  o = function(v)
    local args = {}
    for _, pair in ipairs(arguments.pairs_list(v, "options")) do
      args[#args + 1] = column.literal(tostring(pair[1]))
      args[#args + 1] = column.literal(tostring(pair[2]))
    end
    return { kind = "call", name = "map", args = args }
  end,
  s = function(v)
    if type(v) == "table" and require "tidemill.types".is(v) then return column.literal(v:toDDL()) end
    return column.literal(v)
  end,
}

local function fail(fname, problem, candidates)
  errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = fname, problem = problem }, { candidates = candidates })
end

-- Named arguments: a last table with string keys only, unless it stands where options do.
local function take_named(params, fname, args, n)
  local last = args[n]
  if n == 0 or type(last) ~= "table" or arguments.shape(last) ~= "map" then return n end
  local p = params[math.min(n, #params)]
  if p and (p.kind == "o" or (p.kind == "v" and not params.names[next(last)])) then return n end
  args[n] = nil
  for k, v in pairs(last) do
    local names = {}
    for i, q in ipairs(params) do names[i] = q.name end
    local at = params.names[k]
    if not at then
      fail(fname, ("unknown argument '%s'%s"):format(k, similar.suffix(k, names)), similar.near(k, names))
    end
    if args[at] ~= nil then fail(fname, ("argument '%s' is given twice"):format(k)) end
    args[at] = v
  end
  return math.max(n - 1, #params)
end

local function rest_values(args, from, n)
  if n == from and type(args[from]) == "table" and not getmetatable(args[from])
    and arguments.shape(args[from]) ~= "map" then
    local list = args[from]
    return list, list.n or #list
  end
  return { table.unpack(args, from, n) }, n - from + 1
end

local AT_LEAST_TWO = { greatest = true, least = true }

local function build(params, fname, args, n)
  local out = {}
  if n > #params and not (#params > 0 and params[#params].rest) then
    fail(fname, ("takes %d argument%s, got %d"):format(#params, #params == 1 and "" or "s", n))
  end
  local last = 0
  for i, p in ipairs(params) do
    if p.rest then
      local values, count = rest_values(args, i, n)
      if AT_LEAST_TWO[fname] and count < 2 then
        errors.raise("WRONG_NUM_COLUMNS", { func_name = fname, num_cols = "2" })
      end
      for k = 1, count do out[#out + 1] = CONVERT[p.kind](values[k], p, fname) end
      return out
    end
    local v = args[i]
    if v == nil and p.preset ~= nil then out[i], last = column.literal(p.preset), i
    elseif v ~= nil then
      for k = last + 1, i - 1 do out[k] = column.literal(nil) end
      out[i], last = CONVERT[p.kind](v, p, fname), i
    elseif not p.optional then
      if i > n then fail(fname, ("argument '%s' is missing"):format(p.name)) end
      if p.kind ~= "v" then CONVERT[p.kind](nil, p, fname) end
      out[i], last = column.literal(nil), i
    end
  end
  return out
end

-- Only the arguments at these places, which then must be there.
local function only(params, args, places)
  local names, values = {}, {}
  for i, at in ipairs(places) do
    names[i], values[i] = { name = params[at].name, kind = params[at].kind }, args[at]
  end
  return names, values, #places
end

-- Numbers, or a date and a time: one or the other. They stand behind each other, the time zone (if any) between.
local function timestamp_parts(params, args)
  local count, numbers = #params, { 1, 2, 3, 4, 5, 6 }
  local given = false
  for i = 1, 6 do given = given or args[i] ~= nil end
  local dated = args[count - 1] ~= nil or args[count] ~= nil
  if given and (dated or args[1] == nil) then
    errors.raise("CANNOT_SET_TOGETHER", { arg_list = "years|months|days|hours|mins|secs and date|time" })
  end
  local places = given and numbers or { count - 1, count }
  if count == 9 and args[7] ~= nil then places[#places + 1] = 7 end
  return only(params, args, places)
end

-- trim(what, text) in SQL
local function trimmed(params, args, n)
  if args[2] == nil then return params, args, n end
  return only(params, args, { 2, 1 })
end

-- Functions that say their arguments otherwise to SQL: f(params, args, n) gives all three anew.
local ARRANGE = {
  convert_timezone = function(params, args, n)
    if args[1] ~= nil then return params, args, n end
    return only(params, args, { 2, 3 })
  end,
  instr = function(params, args, n)
    if args[4] ~= nil and args[3] == nil then args[3] = 1 end
    return params, args, n
  end,
  window = function(params, args, n)
    if args[4] ~= nil and args[3] == nil then args[3] = args[2] end
    return params, args, n
  end,
  count_min_sketch = function(params, args, n)
    if args[4] == nil and n >= 3 then args[4], n = math.random(0), 4 end
    return params, args, n
  end,
  trim = trimmed, ltrim = trimmed, rtrim = trimmed,
  make_timestamp = timestamp_parts, make_timestamp_ntz = timestamp_parts,
  try_make_timestamp = timestamp_parts, try_make_timestamp_ntz = timestamp_parts,
}

local function define(name, signature)
  local params, sql, arrange = parse(signature), RENAMED[name] or name, ARRANGE[name]
  return function(...)
    local args, own = { ... }, params
    local n = take_named(params, name, args, select("#", ...))
    if arrange and n <= #params then own, args, n = arrange(params, args, n) end
    return column.wrap { kind = "call", name = sql, args = build(own, name, args, n) }
  end
end

-- ---- functions with meanings of their own ------------------------------------------------------------------------

function F.col(name)
  if type(name) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "col", expected_type = "str", arg_type = arguments.type_name(name) })
  end
  return column.wrap(column.name_node(name))
end
F.column = F.col
function F.lit(v) return column.wrap(column.literal(v)) end
function F.expr(text)
  if type(text) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "str", expected_type = "str", arg_type = arguments.type_name(text) })
  end
  return column.wrap { kind = "text", name = text, sql = true }
end
function F.when(condition, value) return column.when(nil, condition, value) end

for _, name in ipairs { "asc", "asc_nulls_first", "asc_nulls_last", "desc", "desc_nulls_first", "desc_nulls_last" } do
  F[name] = function(c)
    local node = column.node(c, "col")
    return (column.wrap(node)[name])(column.wrap(node))
  end
end

function F.count(c)
  local node = column.node(c, "col", true)
  if node.kind == "star" and #node.parts == 0 then
    return column.wrap { kind = "call", name = "count", args = { column.literal(1) }, star = true }
  end
  return column.call("count", node)
end

local function distinct(name, sql)
  F[name] = function(...)
    local args = column.nodes({ n = select("#", ...), ... }, "col")
    return column.wrap { kind = "call", name = sql, args = args, distinct = true }
  end
end
distinct("count_distinct", "count")
distinct("countDistinct", "count")
distinct("sum_distinct", "sum")
distinct("sumDistinct", "sum")
for name, sql in pairs { listagg_distinct = "listagg", string_agg_distinct = "string_agg" } do
  F[name] = function(c, delimiter)
    return column.wrap { kind = "call", name = sql, distinct = true,
      args = { column.node(c, "col"), delimiter ~= nil and column.literal(delimiter) or nil } }
  end
end

for _, name in ipairs { "first", "last" } do
  F[name] = function(c, ignorenulls)
    if type(ignorenulls) == "table" then ignorenulls = ignorenulls.ignorenulls end
    return column.call(name, column.node(c, "col"), ignorenulls and column.literal(true) or nil)
  end
end
function F.nth_value(c, offset, ignore)
  if type(ignore) == "table" then ignore = ignore.ignoreNulls end
  return column.wrap { kind = "call", name = "nth_value", args = { column.node(c, "col"), column.literal(offset) },
    ignore_nulls = ignore or nil }
end

-- A call by name, written as in SQL: the session of the DataFrame says what it is, also of a registered Lua function.
function F.call_function(name, ...)
  if type(name) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "funcName", expected_type = "str",
      arg_type = arguments.type_name(name) })
  end
  local parts = column.table_parts(name)
  return column.wrap { kind = "call", name = parts[#parts], parts = parts[2] and parts or nil, registered = true,
    args = column.nodes({ n = select("#", ...), ... }, "cols") }
end
F.call_udf = F.call_function
function F.broadcast(df)
  if arguments.type_name(df) ~= "DataFrame" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "df", expected_type = "DataFrame",
      arg_type = arguments.type_name(df) }, { class = column.is(df) and "PySparkTypeError" or "PySparkAttributeError" })
  end
  return df:hint "broadcast"
end

-- SQL has log(base, x) and ln(x).
function F.log(a, b)
  if b == nil then return column.call("ln", column.node(a, "arg1", true)) end
  return column.call("log", column.node(a, "arg1", true), column.node(b, "arg2", true))
end

function F.unix_timestamp(c, format)
  if c == nil then return column.call("unix_timestamp") end
  return column.call("unix_timestamp", column.node(c, "timestamp"), column.literal(format or "yyyy-MM-dd HH:mm:ss"))
end

function F.udf(f, returnType, name) return require "tidemill.udf".new(f, returnType, name) end
F["not"] = function(c) return ~column.wrap(column.node(c, "col")) end

-- ---- the table ---------------------------------------------------------------------------------------------------

--- Names in F: written here, in signatures, in the catalogue.
function F.names()
  local seen, list = { names = true }, {}
  local function add(name)
    if not seen[name] then list[#list + 1] = name end
    seen[name] = true
  end
  for name in next, F do add(name) end
  for name in pairs(signatures) do add(name) end
  for _, name in ipairs(core.function_names()) do if name:find "^[%a_][%w_]*$" then add(name) end end
  table.sort(list)
  return list
end

return setmetatable(F, {
  __name = "functions",
  __index = function(t, name)
    local f
    if signatures[name] then f = define(name, signatures[name])
    elseif type(name) == "string" and name:find "^[%a_]" and core.function_info(name) then
      f = define(name, "*cols:c")
    end
    if f then
      rawset(t, name, f)
      return f
    end
    local names = F.names()
    errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "F." .. tostring(name) }, {
      candidates = similar.near(tostring(name), names),
      hint = similar.best(tostring(name), names) and "did you mean F." .. similar.best(tostring(name), names) .. "?"
        or "functions of SQL without a name here: F.call_function 'name'" })
  end,
})
