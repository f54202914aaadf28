--- SparkSession: tidemill.session{ threads = 2, memory = "4GB", ["spark.sql.session.timeZone"] = "UTC" }.
-- Acts like builder.getOrCreate(): an open session is used again and given the settings.
local arguments = require "tidemill.arguments"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local similar = require "tidemill.similar"
local internal = require "tidemill.internal"
local HANDLE, NODE, STATE = internal.handle, internal.node, internal.state

local M = {}
local Session = { __name = "SparkSession" }
local methods, properties = {}, {}
local active -- the session that tidemill.session{} gives again

local OPTIONS = { threads = true, memory = true, temp = true, tempLimit = true, traceUdf = true, forceSpill = true,
  appName = true }
local UNITS = { B = 1, K = 1 << 10, KB = 1 << 10, M = 1 << 20, MB = 1 << 20, G = 1 << 30, GB = 1 << 30, T = 1 << 40,
  TB = 1 << 40 }

local function bytes(v, name)
  if v == nil then return 0 end
  if math.tointeger(v) then return math.tointeger(v) end
  local number, unit = tostring(v):match "^%s*([%d.]+)%s*(%a*)%s*$"
  local scale = number and UNITS[(unit == "" and "B" or unit):upper()]
  if not scale or not tonumber(number) then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "session",
      problem = ("%s is bytes or text such as \"4GB\", not %q"):format(name, tostring(v)) })
  end
  return math.floor(tonumber(number) * scale)
end

local function text_of(v)
  if type(v) == "boolean" or type(v) == "string" then return tostring(v) end
  if math.type(v) == "float" and math.tointeger(v) then return tostring(math.tointeger(v)) end
  return tostring(v)
end

local function new(options, parent)
  local handle = core.session_new {
    threads = options.threads, memory = bytes(options.memory, "memory"), temp = options.temp,
    temp_limit = bytes(options.tempLimit, "tempLimit"), force_spill = options.forceSpill,
  }
  local self = setmetatable({ [HANDLE] = handle, [STATE] = {
    traceUdf = options.traceUdf or "on", options = options, handlers = {}, tags = {}, parent = parent } }, Session)
  handle:set("spark.sql.repl.eagerEval.enabled", "true") -- Spark's default is false; here print(df) shows rows
  for k, v in pairs(options) do if k:find(".", 1, true) then handle:set(k, text_of(v)) end end
  handle:settle()
  if options["spark.ui.showConsoleProgress"] ~= nil then
    require "tidemill.progress".console(text_of(options["spark.ui.showConsoleProgress"]) == "true")
  end
  require "tidemill.progress"
  return self
end

local function check_options(options)
  local names = {}
  for k in pairs(OPTIONS) do names[#names + 1] = k end
  for k in pairs(options) do
    if type(k) ~= "string" or not (OPTIONS[k] or k:find(".", 1, true)) then
      errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "session",
        problem = ("unknown option '%s'%s"):format(tostring(k), similar.suffix(tostring(k), names)) })
    end
  end
end

local function activate(s)
  active = s
  core.activate(s and s[HANDLE])
end

--- Open a session, or give the settings to the open one.
function M.session(options)
  options = options or {}
  if type(options) ~= "table" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "options", expected_type = "dict",
      arg_type = arguments.type_name(options) })
  end
  check_options(options)
  if active and active[HANDLE]:is_open() then
    for k, v in pairs(options) do if k:find(".", 1, true) then active[HANDLE]:set(k, text_of(v)) end end
    if options.traceUdf then active[STATE].traceUdf = options.traceUdf end
    return active
  end
  activate(new(options))
  return active
end

function M.active_session() return active and active[HANDLE]:is_open() and active or nil end

--- The handle that types without a session of their own are parsed with.
function M.active_handle() return (M.active_session() or M.session())[HANDLE] end

-- ---- builder -----------------------------------------------------------------------------------------------------

local Builder = { __name = "Builder" }
Builder.__index = Builder
function Builder:appName(name) return self:config("spark.app.name", name) end
function Builder:master(url) return self:config("spark.master", url) end
function Builder:enableHiveSupport() return self end
function Builder:config(key, value)
  if type(key) == "table" then
    for k, v in pairs(key) do self[STATE][k] = v end
  else
    self[STATE][key] = value
  end
  return self
end
function Builder:getOrCreate() return M.session(self[STATE]) end
function Builder:create()
  activate(new(self[STATE]))
  return active
end

M.SparkSession = setmetatable({
  active = function() return M.active_session() or errors.raise("NO_ACTIVE_SESSION", {}) end,
  getActiveSession = function() return M.active_session() end,
}, { __name = "SparkSession class", __index = function(_, key)
  if key == "builder" then return setmetatable({ [STATE] = {} }, Builder) end
end })

-- ---- methods -----------------------------------------------------------------------------------------------------

local function method(name, signature, body) methods[name] = arguments.method("SparkSession", name, signature, body) end

local dataframe -- which needs this file

local function wrap(self, plan)
  dataframe = dataframe or require "tidemill.dataframe"
  return dataframe.wrap(self, plan)
end

method("close", "", function(self)
  if active == self then activate(nil) end
  if self[STATE].streams then require "tidemill.streaming".stop_all(self) end
  if self[HANDLE]:is_open() then require "tidemill.udf".forget(self[HANDLE]) end
  self[HANDLE]:close()
end)
methods.stop = methods.close

method("newSession", "", function(self)
  local options = {}
  for k, v in pairs(self[STATE].options) do if OPTIONS[k] then options[k] = v end end
  for _, key in ipairs(self[HANDLE]:keys()) do
    if key == "spark.sql.session.timeZone" or key == "spark.sql.warehouse.dir" then
      options[key] = self[HANDLE]:get(key)
    end
  end
  return new(options, self)
end)

-- Parameters of a statement: a map of names or a list for `?`.
local COLLECTIONS = { array = true, map = true, struct = true, named_struct = true, map_from_arrays = true,
  map_from_entries = true, str_to_map = true }

-- What may be handed to a query: values, and collections of them.
local function constant(node)
  if node.kind == "literal" then return true end
  if node.kind == "alias" then return constant(node.args[1]) end
  if node.kind ~= "call" or not COLLECTIONS[node.name] then return false end
  for _, a in ipairs(node.args) do if not constant(a) then return false end end
  return true
end

local SCALARS = { number = true, string = true, boolean = true }

-- The usual case, told at once: one name and a plain value.
local function one_parameter(args)
  local name, v = next(args)
  if type(name) ~= "string" or name == "n" or not SCALARS[type(v)] or next(args, name) ~= nil then return nil end
  return { names = { name }, values = { { kind = "literal", value = v } } }
end

local function parameters(args)
  if args == nil then return nil end
  if type(args) ~= "table" or getmetatable(args) then
    errors.raise("INVALID_TYPE", { arg_name = "args", arg_type = arguments.type_name(args) })
  end
  local one = one_parameter(args)
  if one then return one end
  local shape = arguments.shape(args)
  if shape == "empty" then return nil end
  local alone = next(args) == "n" and next(args, "n") == nil and math.type(args.n) == "integer" and args.n > 0
  local pairs_ = alone and { { "n", args.n } } -- called n
  if pairs_ then shape = "map" end
  local values = {}
  if shape == "list" then
    for i = 1, args.n or #args do values[i] = column.literal(args[i]) end
    return { values = values }
  end
  local names = {}
  for i, pair in ipairs(pairs_ or arguments.pairs_list(args, "args")) do
    names[i], values[i] = pair[1], column.literal(pair[2])
    if not constant(values[i]) then
      errors.raise("INVALID_SQL_ARG", { name = pair[1] }, { class = "AnalysisException", sqlState = "42K08",
        message = ("The argument %s is no value, nor an array, map or struct of values."):format(pair[1]) })
    end
  end
  return { names = names, values = values }
end

local serial = 0

-- A value of {name} as a parameter.
local function as_parameter(params, name, v)
  if not params.names and #params.values > 0 then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = name, expected_type = "DataFrame",
      arg_type = arguments.type_name(v) }, { hint = "beside `?` values go by the second argument" })
  end
  params.names = params.names or {}
  local n = #params.values + 1
  params.names[n], params.values[n] = "__value_" .. name, column.literal(v)
  return ":__value_" .. name
end

-- A list of values, for IN.
local function as_list(params, name, list)
  local parts = {}
  for i = 1, list.n or #list do parts[i] = as_parameter(params, name .. "_" .. i, list[i]) end
  return "(" .. table.concat(parts, ", ") .. ")"
end

local function quoted_name(part) return "`" .. part:gsub("`", "``") .. "`" end

-- The name of a Column that is one.
local function as_name(name, c)
  local node = c[NODE]
  if node.kind == "column" then return quoted_name(node.name) end
  if node.kind ~= "name" then
    errors.raise("VALUE_NOT_PLAIN_COLUMN_REFERENCE", { val = tostring(c), field_name = name })
  end
  local parts = {}
  for i, part in ipairs(node.parts) do parts[i] = quoted_name(part) end
  return table.concat(parts, ".")
end

-- {t} in the text stands for DataFrames, Columns and values of the third argument, {t.c} and {t[c]} for columns of
-- DataFrames; values become parameters, lists of them stand in parentheses.
local function with_frames(self, text, frames, params, run)
  local views, known = {}, {}
  local function view_of(df)
    if known[df] then return known[df] end -- {t} means one table wherever it stands
    serial = serial + 1
    local view = ("__frame_%d"):format(serial)
    df:createOrReplaceTempView(view)
    views[#views + 1], known[df] = view, view
    return view
  end
  local out = text:gsub("{([%a_][%w_]*)([^{}]*)}", function(name, rest)
    local v = frames[name]
    local kind, field = arguments.type_name(v), rest:match "^%.([%w_]+)$" or rest:match "^%[(.+)%]$"
    if v == nil or rest ~= "" and not (field and kind == "DataFrame") then return nil end
    if field then return as_name(name, v:col(field)) end
    if kind == "DataFrame" then return view_of(v) end
    if kind == "Column" then return as_name(name, v) end
    if kind == "list" and arguments.shape(v) == "list" then return as_list(params, name, v) end
    return as_parameter(params, name, v)
  end)
  local result = table.pack(pcall(run, out))
  for _, view in ipairs(views) do self[HANDLE]:view_drop(view, false) end
  if not result[1] then error(result[2], 0) end
  return result[2]
end

methods.sql = function(self, text, args, frames)
  if arguments.type_name(self) ~= "SparkSession" or type(text) ~= "string" then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "sql",
      problem = "takes SQL text: spark:sql(\"SELECT 1\") with ':'" })
  end
  local params = parameters(args)
  if frames then
    params = params or { values = {} }
    return with_frames(self, text, frames, params, function(out)
      return wrap(self, core.sql(self[HANDLE], out, #params.values > 0 and params or nil))
    end)
  end
  return wrap(self, core.sql(self[HANDLE], text, params))
end

method("table", "tableName:string", function(self, name)
  return wrap(self, core.plan(self[HANDLE], { kind = "relation", parts = column.table_parts(name) }))
end)
methods.active = function() return M.SparkSession.active() end
methods.getActiveSession = function() return M.active_session() end

-- A bound of a range: PySpark takes what int() takes.
local function bound(name, v)
  local n = arguments.whole(v)
  if n then return n end
  errors.raise("NOT_EXPECTED_TYPE", { arg_name = name, expected_type = "int", arg_type = arguments.type_name(v) },
    { class = type(v) == "string" and "PySparkValueError" or nil })
end

method("range", "start, end?, step?, numPartitions?", function(self, from, to, step)
  from = bound("start", from)
  if to == nil then from, to = 0, from else to = bound("end", to) end
  step = step == nil and 1 or bound("step", step)
  if step == 0 then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "range", problem = "step is not 0" },
      { class = "IllegalArgumentException" })
  end
  return wrap(self, core.plan(self[HANDLE], { kind = "range", from = from, to = to, step = step }))
end)

-- A map of lists is columns, so the arguments are named only where one of them is called `data`.
methods.createDataFrame = function(self, data, schema, samplingRatio, verifySchema)
  if arguments.type_name(self) ~= "SparkSession" then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "createDataFrame", problem = "call it with ':' on a session" })
  end
  local last = samplingRatio or schema or data
  if type(last) == "table" and arguments.shape(last) == "map" and (last ~= data or last.data ~= nil) then
    local named = { data = true, schema = true, samplingRatio = true, verifySchema = true }
    for k in pairs(last) do
      if not named[k] then
        errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "createDataFrame",
          problem = ("unknown argument '%s'%s"):format(k, similar.suffix(k, arguments.sorted_keys(named))) })
      end
    end
    if last == schema then schema = nil end
    data, schema, verifySchema = last.data or data, last.schema or schema, last.verifySchema
  end
  local rows_in = require "tidemill.rows_in"
  if rows_in.is_stream(data) then
    return rows_in.stream(function(plan) return wrap(self, plan) end, self[HANDLE], data, schema)
  end
  return wrap(self, rows_in.plan(self[HANDLE], data, schema, verifySchema ~= false))
end

method("emptyDataFrame", "schema?", function(self, schema)
  return wrap(self, require "tidemill.rows_in".plan(self[HANDLE], {}, schema or require "tidemill.types".StructType()))
end)

method("registerProgressHandler", "handler:function", function(self, f)
  self[STATE].handlers[f] = true
  require "tidemill.progress".update(self[STATE].handlers)
end)
method("removeProgressHandler", "handler:function", function(self, f)
  self[STATE].handlers[f] = nil
  require "tidemill.progress".update(self[STATE].handlers)
end)
method("clearProgressHandlers", "", function(self)
  self[STATE].handlers = {}
  require "tidemill.progress".update(self[STATE].handlers)
end)
method("addTag", "tag:string", function(self, tag) self[STATE].tags[tag] = true end)
method("removeTag", "tag:string", function(self, tag) self[STATE].tags[tag] = nil end)
method("clearTags", "", function(self) self[STATE].tags = {} end)
method("getTags", "", function(self) return arguments.sorted_keys(self[STATE].tags) end)
method("poll", "", function(self) return require "tidemill.streaming".poll(self) end)

-- ---- properties --------------------------------------------------------------------------------------------------

function properties.read(self) return require "tidemill.reader".new(self) end
function properties.readStream(self) return require "tidemill.streaming".reader(self) end
function properties.streams(self) return require "tidemill.streaming".manager(self) end
function properties.catalog(self) return require "tidemill.catalog".new(self) end
function properties.conf(self) return require "tidemill.conf".new(self) end
function properties.udf(self) return require "tidemill.udf".registration(self) end
function properties.version() return "4.3.0" end
-- The table functions of spark.tvf. Those but range take Columns, or their names.
local TABLE_FUNCTIONS = {}
for name in ([[range explode explode_outer posexplode posexplode_outer inline inline_outer json_tuple stack collations
  sql_keywords variant_explode variant_explode_outer python_worker_logs]]):gmatch "%S+" do
  TABLE_FUNCTIONS[name] = true
end

function properties.tvf(self)
  return setmetatable({}, { __name = "TableValuedFunction", __index = function(_, name)
    if not TABLE_FUNCTIONS[name] then errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(name) }) end
    return function(_, ...)
      local args, given = {}, table.pack(...)
      if name == "json_tuple" and given.n < 2 then errors.raise("CANNOT_BE_EMPTY", { item = "field" }) end
      for i, v in ipairs(given) do
        args[i] = type(v) == "string" and column.name_node(v) or column.literal(v)
      end
      return wrap(self, core.plan(self[HANDLE], { kind = "function", name = name, exprs = args }))
    end
  end })
end

local function names()
  local list = {}
  for k in pairs(methods) do list[#list + 1] = k end
  for k in pairs(properties) do list[#list + 1] = k end
  return list
end

function Session:__index(key)
  if methods[key] then return methods[key] end
  if properties[key] then return properties[key](self) end
  local near = similar.near(tostring(key), names())
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) },
    { candidates = near, hint = near[1] and "did you mean spark:" .. near[1] .. "?" })
end
function Session.__newindex(_, key)
  errors.raise("UNSUPPORTED_OPERATION", { operation = ("A session has no field '%s' to set; settings go by "
    .. "spark.conf:set(key, value)."):format(tostring(key)) })
end
function Session:__tostring()
  return ("SparkSession (%s, tidemill %s)"):format(self[HANDLE]:is_open() and "open" or "closed", core.version)
end
function Session:__close() self:close() end

return M
