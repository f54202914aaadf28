-- The modules that PySpark programs import, and their classes that are no objects of Tidemill.
local json = require "cjson"
local spark = require "python_spark"
local tidemill = require "tidemill"
local V = require "python_value"
local None = V.None
local M = {}

local F, T, Window = tidemill.functions, tidemill.types, tidemill.Window
local throw, unsupported = V.throw, V.unsupported
local to_lua = spark.to_lua

-- ---- arguments by name -------------------------------------------------------------------------------------------

local function put_named(args, named, names)
  local out = { n = args.n }
  for i = 1, args.n do out[i] = args[i] end
  for _, p in ipairs(named) do
    for i, name in ipairs(names) do if name == p[1] then out[i] = p[2] end end
  end
  return out
end

local function point(make, names, from)
  return function(args, named)
    local a = put_named(args, named, names)
    for i = 1, #names do if i > 3 or from == 0 then a[i] = a[i] or 0 end end
    return make(a)
  end
end

local function timestamp(a)
  return tidemill.timestamp(("%04d-%02d-%02d %02d:%02d:%02d.%06d"):format(a[1], a[2], a[3], a[4], a[5], a[6], a[7]))
end

local EPOCH = tidemill.timestamp_ntz "1970-01-01 00:00:00"
local MICRO = tidemill.timestamp_ntz "1970-01-01 00:00:00.000001" - EPOCH
local UNITS = { days = 86400000000, seconds = 1000000, microseconds = 1, milliseconds = 1000, minutes = 60000000,
  hours = 3600000000, weeks = 604800000000 }

local function timedelta(args, named)
  local micros = 0
  for i, unit in ipairs { "days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks" } do
    if args[i] then micros = micros + args[i] * UNITS[unit] end
  end
  for _, p in ipairs(named) do micros = micros + p[2] * UNITS[p[1]] end
  return MICRO * math.tointeger(micros)
end

local CLOCK = { "year", "month", "day", "hour", "minute", "second", "microsecond" }
local datetime = V.module("datetime", {
  date = V.type("date", point(function(a) return tidemill.date(a[1], a[2], a[3]) end, { "year", "month", "day" })),
  datetime = V.type("datetime", point(timestamp, CLOCK)),
  time = V.type("time", point(function(a)
    return tidemill.time(("%02d:%02d:%02d.%06d"):format(a[1], a[2], a[3], a[4]))
  end, { "hour", "minute", "second", "microsecond" }, 0)),
  timedelta = V.type("timedelta", timedelta),
})

local Decimal = V.type("Decimal", function(args)
  local v = args[1] or 0
  return tidemill.decimal(V.kind(v) == "int" and v.digits or type(v) == "string" and v or tostring(v))
end)

local function number_function(f)
  return V.func("math", function(args) return f(table.unpack(args, 1, args.n)) end)
end
local math_module = V.module("math", {
  pi = math.pi, e = math.exp(1), nan = 0 / 0, inf = math.huge, sqrt = number_function(math.sqrt),
  floor = number_function(math.floor), ceil = number_function(math.ceil), log = number_function(math.log),
  isnan = number_function(function(x) return x ~= x end),
  pow = number_function(function(a, b) return (a + 0.0) ^ b end),
})

-- Row(a=1) is a Row; Row("a", "b") makes Rows; Row(1, 2) is a tuple that prints as a Row.
local MAKER = { python = "row_maker" }
local function row_maker(values)
  local maker = { n = values.n }
  for i = 1, values.n do maker[i] = values[i] end
  return setmetatable(maker, MAKER)
end
local Row = V.type("Row", function(args, named)
  if #named == 0 then return row_maker(args) end
  local list = {}
  for i, p in ipairs(named) do
    local v = to_lua(p[2], true)
    if v == nil then v = tidemill.null end
    list[i] = { p[1], v }
  end
  return tidemill.Row(list)
end)

local function call_maker(maker, args)
  local names, values = {}, {}
  for i = 1, maker.n do names[i] = maker[i] end
  for i = 1, args.n do values[i] = to_lua(args[i], true) end
  return tidemill.Row(table.unpack(names, 1, maker.n))(table.unpack(values, 1, args.n))
end

local observation = V.type("Observation", function(args, named)
  local a = put_named(args, named, { "name" })
  return tidemill.Observation(to_lua(a[1] == nil and None or a[1]))
end)


-- What programs and their tests need of the system: folders that go, pauses.
local function remove_folder(path) os.execute("rm -rf '" .. path:gsub("'", "'\\''") .. "'") end

local FOLDER = { python = "TemporaryDirectory" }
local function temporary_folder()
  local path = os.tmpname()
  os.remove(path)
  return path
end
V.extra.TemporaryDirectory = {
  name = "TemporaryDirectory", repr = function(v) return "<TemporaryDirectory " .. V.repr(v.path) .. ">" end,
  enter = function(v) return v.path end, leave = function(v) remove_folder(v.path) end,
  attribute = function(v, name)
    if name == "name" then return v.path end
    if name == "cleanup" then return V.func(name, function() return remove_folder(v.path) or None end) end
    throw("AttributeError", "%s", name)
  end,
}
local tempfile = V.module("tempfile", {
  TemporaryDirectory = V.func("TemporaryDirectory", function()
    return setmetatable({ path = temporary_folder() }, FOLDER)
  end),
  mkdtemp = V.func("mkdtemp", temporary_folder),
})

local os_module = V.module("os", { path = V.module("os.path", {
  join = V.func("join", function(args) return table.concat(args, "/", 1, args.n) end),
  basename = V.func("basename", function(args) return args[1]:match "[^/]*$" end),
}) })

local time = V.module("time", {
  time = V.func("time", function() return os.time() + 0.0 end),
  sleep = V.func("sleep", function(args)
    os.execute("sleep " .. args[1])
    return None
  end),
})

-- Texts of JSON as values of Python, and back.
local function from_json(v)
  if v == json.null then return None end
  if type(v) ~= "table" then return math.type(v) == "float" and math.tointeger(v) or v end
  if #v > 0 or next(v) == nil then
    local out = { n = #v }
    for i = 1, out.n do out[i] = from_json(v[i]) end
    return V.list(out)
  end
  local list = {}
  for k, x in pairs(v) do list[#list + 1] = { k, from_json(x) } end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  return V.dict(list)
end

local function json_text(v)
  if rawequal(v, None) then return "null" end
  local kind, parts = V.kind(v), {}
  if kind == "dict" then
    for i = 1, v.n do parts[i] = json.encode(V.str(v.keys[i])) .. ": " .. json_text(v.values[i]) end
    return "{" .. table.concat(parts, ", ") .. "}"
  end
  if kind then
    for i = 1, v.n do parts[i] = json_text(v[i]) end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  return type(v) == "string" and json.encode(v) or tostring(v)
end

local json_module = V.module("json", {
  loads = V.func("loads", function(args) return from_json(json.decode(args[1])) end),
  dumps = V.func("dumps", function(args) return json_text(args[1]) end),
})

-- ---- of PySpark --------------------------------------------------------------------------------------------------

local function one_module(name, members)
  return function(member)
    if member == nil then return V.module(name, members()) end
    if member == "*" then return members() end
    return members()[member] or throw("ImportError", "cannot import name '%s'", member)
  end
end

local function functions(member)
  if member == nil then return F end
  if member ~= "*" then return spark.library.attribute(F, member) end
  local all = {}
  for name in pairs(spark.declared_functions()) do
    local ok, f = pcall(spark.library.attribute, F, name)
    if ok then all[name] = f end
  end
  return all
end

local function types(member)
  if member == nil then return T end
  if member ~= "*" then return member == "Row" and M.Row or T[member] end
  local all = { Row = M.Row }
  for name in pairs(spark.declared_types()) do
    local ok, class = pcall(function() return T[name] end)
    if ok then all[name] = class end
  end
  return all
end

M.Row = Row
local classes = one_module("pyspark", function()
  return { Row = Row, Window = Window, functions = F, types = T, Observation = observation,
    StorageLevel = tidemill.StorageLevel, SparkSession = tidemill.SparkSession,
    Column = V.type "Column", DataFrame = V.type "DataFrame", GroupedData = V.type "GroupedData" }
end)

local function python_module(module)
  return function(member)
    if member == nil then return module end
    if member == "*" then return module.members end
    return module.members[member] or throw("ImportError", "cannot import name '%s'", member)
  end
end

local MODULES = {
  datetime = python_module(datetime), decimal = python_module(V.module("decimal", { Decimal = Decimal })),
  math = python_module(math_module), tempfile = python_module(tempfile), os = python_module(os_module),
  time = python_module(time), json = python_module(json_module),
  ["pyspark.sql.functions"] = functions, ["pyspark.sql.types"] = types,
}
for name in ([[pyspark pyspark.sql pyspark.sql.session pyspark.sql.dataframe pyspark.sql.column pyspark.sql.window
  pyspark.storagelevel pyspark.sql.observation pyspark.sql.group]]):gmatch "%S+" do
  MODULES[name] = classes
end

--- What `import module` (without member) or `from module import member` gives; all members for "*".
function M.import(module, member)
  local found = MODULES[module] or unsupported("module " .. module)
  return found(member)
end

-- ---- values of this file in python_value.lua ---------------------------------------------------------------------

V.extra.row_maker = {
  name = "Row", call = call_maker,
  repr = function(v)
    local parts = {}
    for i = 1, v.n do parts[i] = V.repr(v[i]) end
    return "<Row(" .. table.concat(parts, ", ") .. ")>"
  end,
  attribute = function(_, name)
    if name == "asDict" then return V.func(name, function() unsupported "Rows without names" end) end
    throw("AttributeError", "%s", name)
  end,
}

return M
