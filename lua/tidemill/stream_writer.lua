--- df.writeStream: format, outputMode, trigger, options, then start. A builder: it changes and returns itself.
local arguments = require "tidemill.arguments"
local builder = require "tidemill.builder"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local similar = require "tidemill.similar"
local PLAN, SESSION, HANDLE, STATE = internal.plan, internal.session, internal.handle, internal.state

local M = {}
local Writer, methods, method, receiver = builder.class("DataStreamWriter", "df.writeStream")

local function need_text(name, v)
  if type(v) ~= "string" or not v:find "%S" then
    errors.raise("VALUE_NOT_NON_EMPTY_STR", { arg_name = name, arg_value = tostring(v) })
  end
  return v
end

local function refuse(condition, class, state, params, message)
  errors.raise(condition, params, { class = class, sqlState = state, message = message })
end

local function check_layout(s)
  if s.partition_by and s.clusters then
    refuse("SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED", "AnalysisException", "42908", {},
      "A table is clustered or partitioned, not both.")
  end
end

method("partitionBy", "*cols", function(self, cols)
  self[STATE].partition_by = require "tidemill.dataframe".names_of(cols, "cols")
  check_layout(self[STATE])
  return self
end)
method("clusterBy", "*cols", function(self, cols)
  self[STATE].clusters = require "tidemill.dataframe".names_of(cols, "cols")
  check_layout(self[STATE])
  return self
end)
method("queryName", "queryName:any", function(self, name)
  self[STATE].name = need_text("queryName", name)
  return self
end)

local MODES = { append = true, update = true, complete = true }
method("outputMode", "outputMode:any", function(self, mode)
  need_text("outputMode", mode)
  if not MODES[mode:lower()] then
    refuse("_LEGACY_ERROR_TEMP_1297", "IllegalArgumentException", nil, { outputMode = mode },
      ("There is no output mode '%s': append, complete and update are."):format(mode))
  end
  self[STATE].mode = mode:lower()
  return self
end)

-- ---- triggers ------------------------------------------------------------------------------------------------------

local TRIGGERS = { processingTime = true, once = true, continuous = true, availableNow = true, realTime = true }

-- "10 seconds" in milliseconds; a month has 31 days.
local function interval_of(name, text)
  local ok, v = pcall(core.interval, "calendar", need_text(name, text))
  if not ok then
    refuse("INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER", "IllegalArgumentException", "22006", { input = text,
      number = text }, ("The text '%s' is no interval, such as '10 seconds' is."):format(text))
  end
  local ms = (v.months * 31 + v.days) * 86400000 + v.micros // 1000
  if ms < 0 then
    refuse("INVALID_PARAMETER_VALUE", "IllegalArgumentException", "22023", { parameter = name },
      "requirement failed: the interval of trigger should not be negative")
  end
  return ms
end

local function only_one(given)
  local kind
  for k in pairs(given) do
    if not TRIGGERS[k] then
      errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "trigger",
        problem = ("unknown trigger '%s'%s"):format(tostring(k),
          similar.suffix(tostring(k), arguments.sorted_keys(TRIGGERS))) })
    end
    if kind then errors.raise("ONLY_ALLOW_SINGLE_TRIGGER", {}) end
    kind = k
  end
  return kind or errors.raise("ONLY_ALLOW_SINGLE_TRIGGER", {})
end

methods.trigger = function(self, given)
  receiver(self, "trigger")
  if given ~= nil and type(given) ~= "table" then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "trigger",
      problem = "names its kind: trigger{ processingTime = \"10 seconds\" }" })
  end
  local kind = only_one(given or {})
  local value = given[kind]
  local s = self[STATE]
  s.trigger, s.interval = kind, nil
  if kind == "once" or kind == "availableNow" then
    if value ~= true then errors.raise("VALUE_NOT_ALLOWED", { arg_name = kind, allowed_values = "[True]" }) end
  else
    s.interval = interval_of(kind, value)
  end
  return self
end

-- ---- functions as sinks --------------------------------------------------------------------------------------------

method("foreachBatch", "func:function", function(self, f)
  self[STATE].format, self[STATE].batch = "foreachBatch", f
  return self
end)

method("foreach", "f", function(self, f)
  if type(f) ~= "function" then
    local process = (type(f) == "table" or type(f) == "userdata") and f.process
    if type(process) ~= "function" then
      errors.raise("ATTRIBUTE_NOT_CALLABLE", { attr_name = "process", obj_name = "f" })
    end
    for _, name in ipairs { "open", "close" } do
      if f[name] ~= nil and type(f[name]) ~= "function" then
        errors.raise("ATTRIBUTE_NOT_CALLABLE", { attr_name = name, obj_name = "f" })
      end
    end
  end
  self[STATE].format, self[STATE].each = "foreach", f
  return self
end)

-- Rows one by one: open(partition, batch), process(row).., close(error). Spark calls close whenever open returned.
local function each_row(writer)
  local process = type(writer) == "function" and function(row) writer(row) end
    or function(row) writer:process(row) end
  local object = type(writer) ~= "function" and writer or {}
  return function(plan, batch)
    if object.open and object:open(0, batch) == false then
      if object.close then object:close(nil) end
      return
    end
    local ok, err = pcall(function()
      local rows <close> = core.rows(plan)
      for _, row in rows.row, rows do process(row) end
    end)
    if object.close then object:close(not ok and err or nil) end
    if not ok then error(err, 0) end
  end
end

local LINE = ("-"):rep(43)
local function to_console(session, options)
  local rows = math.tointeger(tonumber(options:get "numRows" or "20")) or 20
  local truncate = options:get "truncate"
  return function(plan, batch)
    local df = require "tidemill.dataframe".wrap(session, plan)
    print(LINE)
    print("Batch: " .. batch)
    print(LINE)
    df:show(rows, truncate == nil or truncate == "true")
  end
end

-- ---- starting ------------------------------------------------------------------------------------------------------

local function checkpoint_of(s, session, optional)
  local location = s.options:get "checkpointLocation"
  if location then return location end
  local root = session[HANDLE]:get "spark.sql.streaming.checkpointLocation"
  if root and root ~= "" then return root .. "/" .. (s.name or core.uuid()) end
  if not optional then
    refuse("_LEGACY_ERROR_TEMP_1298", "AnalysisException", nil, { config = "spark.sql.streaming.checkpointLocation" },
      "A query that writes files needs option(\"checkpointLocation\", folder) or "
        .. "the setting spark.sql.streaming.checkpointLocation.")
  end
  return nil
end

-- The fields of core.stream_query's description that depend on the sink.
local SINK = {}
function SINK.memory(s, spec)
  if not s.name then
    refuse("_LEGACY_ERROR_TEMP_1194", "AnalysisException", nil, {}, "The memory sink needs a queryName: its table.")
  end
  spec.sink = "memory"
end
function SINK.noop(_, spec) spec.sink = "noop" end
function SINK.console(s, spec, session)
  spec.sink, spec.console, spec.f = "call", true, to_console(session, s.options)
end
function SINK.foreachBatch(s, spec, session)
  local f = s.batch
  spec.sink = "call"
  spec.f = function(plan, batch) f(require "tidemill.dataframe".wrap(session, plan), batch) end
end
function SINK.foreach(s, spec) spec.sink, spec.f = "foreach", each_row(s.each) end

local function file_sink(s, spec, path)
  if spec.mode ~= "append" then
    refuse("STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE", "AnalysisException", "42KDE",
      { className = s.format, outputMode = spec.mode }, ("Files of %s are written in append mode, not in %s mode.")
        :format(s.format, spec.mode))
  end
  path = path or s.options:get "path"
  if type(path) ~= "string" then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "start", problem = "needs a path" },
      { class = "IllegalArgumentException" })
  end
  local columns = s.df.columns
  for _, name in ipairs(s.partition_by or {}) do
    local found = false
    for _, c in ipairs(columns) do found = found or c:lower() == name:lower() end
    if not found then
      refuse("_LEGACY_ERROR_TEMP_1196", "AnalysisException", nil, { columnName = name, columnType = "Partition",
        validColumnNames = table.concat(columns, ", ") },
        ("There is no column %s to partition by: %s."):format(name, table.concat(columns, ", ")))
    end
  end
  spec.sink, spec.format, spec.path = "file", s.format, path
  spec.partition_by, spec.options = s.partition_by or {}, s.options:list()
end

-- ---- tables --------------------------------------------------------------------------------------------------------

-- The table of the catalogue; nil: there is none yet.
local function find_table(s, session, name)
  local found = require "tidemill.catalog".find(session, name)
  if not found then return nil end
  if found.isTemporary then
    refuse("_LEGACY_ERROR_TEMP_1190", "AnalysisException", nil, { viewName = name },
      ("%s is a temporary view: streams are written into tables."):format(name))
  elseif found.tableType == "VIEW" then
    refuse("_LEGACY_ERROR_TEMP_1191", "AnalysisException", nil, { tableName = name },
      ("%s is a view: streams are written into tables."):format(name))
  elseif s.format and s.format:lower() ~= found.provider:lower() then
    refuse("_LEGACY_ERROR_TEMP_1192", "AnalysisException", nil, { source = s.format, tableName = name,
      provider = found.provider }, ("The table %s has the format %s, not %s."):format(name, found.provider, s.format))
  end
  return found
end

local function make_table(s, session, name)
  local options = {}
  for _, o in ipairs(s.options:list()) do
    if o[1]:lower() ~= "checkpointlocation" then options[#options + 1] = o end
  end
  core.plan(session[HANDLE], { kind = "create_table", parts = column.table_parts(name), definition = {
    schema = s.df.schema, format = s.format, options = options, partitions = s.partition_by, clusters = s.clusters } })
  return require "tidemill.catalog".find(session, name)
end

-- Rows in the table's columns, by their names; the table has a column for each of the stream's.
local function fitted(s, session, name)
  local schema = session:table(name).schema
  local known = {}
  for _, f in ipairs(schema.fields) do known[f.name:lower()] = true end
  for _, c in ipairs(s.df.columns) do
    if not known[c:lower()] then
      refuse("INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS", "AnalysisException", "KD000", { tableName = name,
        extraColumns = "`" .. c .. "`" }, ("The table %s has no column %s."):format(name, c))
    end
  end
  return s.df:to(schema)
end

local function table_spec(s, session, spec, name)
  if spec.mode ~= "append" then
    refuse("STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE", "AnalysisException", "42KDE",
      { className = s.format or "parquet", outputMode = spec.mode },
      ("Rows are added to tables in append mode, not in %s mode."):format(spec.mode))
  end
  spec.checkpoint = checkpoint_of(s, session, false)
  core.stream_check(s.df[PLAN], spec.mode)
  local found = find_table(s, session, name) or make_table(s, session, name)
  spec.sink, spec.database, spec.table = "table", found.namespace, found.name
  return fitted(s, session, name)
end

local function spec_of(s)
  return { mode = s.mode or "append", trigger = s.trigger or "default", interval = s.interval, name = s.name }
end

local function start(self, path)
  local s = self[STATE]
  local session = s.df[SESSION]
  s.format = s.format or session[HANDLE]:get "spark.sql.sources.default" or "parquet"
  local spec = spec_of(s)
  if s.trigger == "continuous" or s.trigger == "realTime" then
    refuse("_LEGACY_ERROR_TEMP_1195", "AnalysisException", nil, { source = s.format },
      ("The trigger %s is not there for this query; processingTime = \"0 seconds\" waits the least."):format(s.trigger))
  end
  local sink = SINK[s.format]
  if not sink then file_sink(s, spec, path) end
  core.stream_check(s.df[PLAN], spec.mode)
  if sink then sink(s, spec, session) end
  spec.checkpoint = checkpoint_of(s, session, sink ~= nil)
  return require "tidemill.streaming".start(session, s.df[PLAN], spec)
end

local SET = { format = "format", outputMode = "outputMode", queryName = "queryName", partitionBy = "partitionBy" }

-- The arguments of start and toTable behind the first, in PySpark's order, or by name; others are options.
local function take_call(self, what, named, ...)
  local order = { "format", "outputMode", "partitionBy", "queryName" }
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    if type(v) == "table" and arguments.shape(v) == "map" then named = v
    elseif v ~= nil then
      if not order[i] then
        errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = what, problem = "takes 5 arguments and options" })
      end
      methods[order[i]](self, v)
    end
  end
  local first
  for _, p in ipairs(named and arguments.pairs_list(named, "options") or {}) do
    if p[1] == (what == "start" and "path" or "tableName") then first = p[2]
    elseif SET[p[1]] then methods[SET[p[1]]](self, p[2])
    else self[STATE].options:set(p[1], p[2]) end
  end
  return first
end

methods.start = function(self, path, ...)
  receiver(self, "start")
  local named = type(path) == "table" and path or nil
  local given = take_call(self, "start", named, ...)
  if named then path = nil end
  return start(self, given or path)
end

methods.toTable = function(self, name, ...)
  receiver(self, "toTable")
  local named = type(name) == "table" and arguments.shape(name) == "map" and name or nil
  local given = take_call(self, "toTable", named, ...)
  if named then name = nil end
  name = given or name
  builder.need_name("tableName", name)
  local s = self[STATE]
  local session, spec = s.df[SESSION], spec_of(s)
  local rows = table_spec(s, session, spec, name)
  return require "tidemill.streaming".start(session, rows[PLAN], spec)
end

function Writer:__tostring()
  local s = self[STATE]
  return ("DataStreamWriter (%s, %s mode)"):format(s.format or "default format", s.mode or "append")
end

function M.new(df)
  if not df.isStreaming then
    refuse("WRITE_STREAM_NOT_ALLOWED", "AnalysisException", "42601", {},
      "Only a streaming DataFrame has writeStream; this one is written with df.write.")
  end
  return setmetatable({ [STATE] = { df = df, options = builder.options() } }, Writer)
end

return M
