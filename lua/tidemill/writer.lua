--- df.write: format, mode, options, partitionBy, then save. A builder: it changes and returns itself, as in Spark.
local arguments = require "tidemill.arguments"
local builder = require "tidemill.builder"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local PLAN, SESSION, HANDLE, STATE = internal.plan, internal.session, internal.handle, internal.state

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
  self[STATE].partition_by = require "tidemill.dataframe".names_of(cols, "cols")
  return self
end)
method("bucketBy", "numBuckets:any, col, *cols", function(self, n)
  if math.type(n) ~= "integer" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "numBuckets", expected_type = "int",
      arg_type = arguments.type_name(n) })
  end
  self[STATE].buckets = n
  return self
end)

local function save(self, path)
  local s = self[STATE]
  path = path or s.options:get "path"
  if s.buckets then
    errors.raise("_LEGACY_ERROR_TEMP_1312", { operation = "save" }, { class = "AnalysisException",
      message = "Only tables have buckets: saveAsTable." })
  end
  if type(path) ~= "string" then
    errors.raise("_LEGACY_ERROR_TEMP_2047", {}, { class = "IllegalArgumentException", message = "save needs a path." })
  end
  core.write(s.df[PLAN], { format = s.format or s.df[SESSION][HANDLE]:get "spark.sql.sources.default" or "parquet",
    path = path, mode = s.mode or "error", options = s.options:list(), partition_by = s.partition_by or {} })
end

-- mode, partitionBy, format and options in one call: csv("out", { mode = "overwrite", header = true })
local NAMED = { format = builder.keep "format", mode = builder.keep "mode",
  partitionBy = builder.keep("partition_by", function(v) return type(v) == "string" and { v } or v end) }

local function saver(name)
  return function(self, path, mode, options)
    receiver(self, name or "save")
    if name then self[STATE].format = name end
    for _, v in ipairs { path or false, mode or false, options or false } do
      if builder.is_options(v) then builder.take_named(self, v, NAMED) end
    end
    if type(mode) == "string" then self[STATE][name and "mode" or "format"] = mode end
    save(self, type(path) == "string" and path or nil)
  end
end
methods.save = saver(nil)
for _, name in ipairs { "csv", "json", "text", "parquet", "orc", "xml", "avro", "libsvm", "snapshot" } do
  methods[name] = saver(name)
end

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
