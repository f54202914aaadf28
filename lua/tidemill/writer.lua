--- df.write: format, mode, options, partitionBy, then save, saveAsTable or insertInto. A builder: it changes and
-- returns itself, as in Spark.
local arguments = require "tidemill.arguments"
local builder = require "tidemill.builder"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local PLAN, SESSION, HANDLE, STATE = internal.plan, internal.session, internal.handle, internal.state
local names_of = require "tidemill.dataframe".names_of

local M = {}
local Writer, methods, method, receiver = builder.class("DataFrameWriter", "df.write")

method("mode", "saveMode:string?", function(self, mode)
  local known = { append = true, overwrite = true, ignore = true, error = true, errorifexists = true, default = true }
  if mode and not known[mode:lower()] then
    errors.raise("INVALID_SAVE_MODE", { mode = '"' .. mode .. '"' }, { class = "AnalysisException", sqlState = "42000",
      message = ("There is no mode '%s': append, overwrite, ignore, error."):format(mode) })
  end
  if mode then self[STATE].mode = mode end
  return self
end)
method("partitionBy", "*cols", function(self, cols)
  self[STATE].partition_by = names_of(cols, "cols")
  return self
end)
-- "a", "b" or one list of both.
local function name_list(col, cols)
  if type(col) == "table" and not getmetatable(col) then
    if cols.n > 0 then
      errors.raise("CANNOT_SET_TOGETHER", { arg_list = "`col` of type tuple or list and `cols`" })
    end
    return names_of(col, "col")
  end
  return names_of({ col, table.unpack(cols, 1, cols.n) }, "col")
end

method("bucketBy", "numBuckets:any, col, *cols", function(self, n, col, cols)
  if math.type(n) ~= "integer" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "numBuckets", expected_type = "int",
      arg_type = arguments.type_name(n) })
  end
  self[STATE].nbuckets, self[STATE].buckets = n, name_list(col, cols)
  return self
end)
method("sortBy", "col, *cols", function(self, col, cols)
  self[STATE].sorts = name_list(col, cols)
  return self
end)
method("clusterBy", "*cols", function(self, cols)
  self[STATE].clusters = names_of(cols, "cols")
  return self
end)

local function refuse(condition, state, params, message)
  errors.raise(condition, params, { class = "AnalysisException", sqlState = state, message = message })
end

-- Buckets belong to tables that are made; sortBy needs them, clusterBy stands alone.
local function check_layout(s, operation)
  if s.sorts and not s.buckets then refuse("SORT_BY_WITHOUT_BUCKETING", "42601", {}, "sortBy goes with bucketBy.") end
  if operation and s.buckets then
    refuse(s.sorts and "_LEGACY_ERROR_TEMP_1313" or "_LEGACY_ERROR_TEMP_1312", nil, { operation = operation },
      ("Only tables have buckets: saveAsTable, not %s."):format(operation))
  end
  if s.clusters and s.partition_by then
    refuse("SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED", "42908", {},
      "A table is clustered or partitioned, not both.")
  end
  if s.clusters and s.buckets then
    refuse("SPECIFY_CLUSTER_BY_WITH_BUCKETING_IS_NOT_ALLOWED", "42908", {},
      "A table is clustered or has buckets, not both.")
  end
end

local function save(self, path)
  local s = self[STATE]
  path = path or s.options:get "path"
  check_layout(s, "save")
  if type(path) ~= "string" then
    errors.raise("_LEGACY_ERROR_TEMP_2047", {}, { class = "IllegalArgumentException", message = "save needs a path." })
  end
  core.write(s.df[PLAN], { format = s.format or s.df[SESSION][HANDLE]:get "spark.sql.sources.default" or "parquet",
    path = path, mode = s.mode or "error", options = s.options:list(), partition_by = s.partition_by or {} })
end

-- mode, partitionBy, format and options in one call: csv("out", { mode = "overwrite", header = true })
local NAMED = { format = builder.keep_text "format", mode = function(self, v) self:mode(v) end,
  partitionBy = function(self, v) self:partitionBy(v) end }

-- Arguments by their places; a map among them holds options and named arguments.
local function take_call(self, order, ...)
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    if builder.is_options(v) then builder.take_named(self, v, NAMED)
    elseif v ~= nil and order[i] then NAMED[order[i]](self, v)
    elseif v ~= nil then
      errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "DataFrameWriter", problem = "too many arguments" })
    end
  end
end

local function saver(name)
  local order = name == nil and { "format", "mode", "partitionBy" }
    or (name == "parquet" or name == "orc") and { "mode", "partitionBy" } or { "mode" }
  return function(self, path, ...)
    receiver(self, name or "save")
    if name then self[STATE].format = name end
    if builder.is_options(path) then
      builder.take_named(self, path, NAMED)
      path = nil
    elseif path ~= nil then builder.need_name("path", path) end
    take_call(self, order, ...)
    save(self, path)
  end
end
methods.save = saver(nil)
for _, name in ipairs { "csv", "json", "text", "parquet", "orc", "xml", "avro", "libsvm", "snapshot" } do
  methods[name] = saver(name)
end

-- ---- tables ------------------------------------------------------------------------------------------------------

local CREATE = { append = "append", overwrite = "overwrite" }

methods.saveAsTable = function(self, name, ...)
  receiver(self, "saveAsTable")
  builder.need_name("name", name)
  take_call(self, { "format", "mode", "partitionBy" }, ...)
  local s = self[STATE]
  check_layout(s)
  local mode, parts = (s.mode or "error"):lower(), column.table_parts(name)
  if #parts > 2 and parts[1]:lower() ~= "spark_catalog" then
    refuse("_LEGACY_ERROR_TEMP_1310", nil, { quote = name }, ("There is no catalog for the table %s."):format(name))
  end
  core.plan(s.df[SESSION][HANDLE], { kind = "create_table", parts = parts, child = { s.df[PLAN] },
    if_exists = mode == "ignore", definition = { save = CREATE[mode], format = s.format, options = s.options:list(),
      partitions = s.partition_by, nbuckets = s.nbuckets, buckets = s.buckets, sorts = s.sorts,
      clusters = s.clusters } })
end

method("insertInto", "tableName:string, overwrite:boolean?", function(self, name, overwrite)
  local s = self[STATE]
  check_layout(s, "insertInto")
  if s.partition_by then
    refuse("PARTITION_BY_NOT_ALLOWED_WITH_INSERT_INTO", "42601", { tableName = name },
      ("The partitions of %s are its own: insertInto goes without partitionBy."):format(name))
  end
  if overwrite ~= nil then s.mode = overwrite and "overwrite" or "append" end
  core.plan(s.df[SESSION][HANDLE], { kind = "insert", parts = column.table_parts(name), child = { s.df[PLAN] },
    replace = (s.mode or ""):lower() == "overwrite", definition = {} })
end)

function Writer:__tostring()
  return ("DataFrameWriter (%s, mode %s)"):format(self[STATE].format or "default format", self[STATE].mode or "error")
end

function M.new(df)
  if df.isStreaming then
    errors.raise("CALL_ON_STREAMING_DATASET_UNSUPPORTED", { methodName = "`write`" }, { class = "AnalysisException",
      sqlState = "42KDE", message = "A streaming DataFrame is written with df.writeStream." })
  end
  return setmetatable({ [STATE] = { df = df, options = builder.options() } }, Writer)
end

return M
