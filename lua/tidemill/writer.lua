--- df.write: format, mode, options, partitionBy, then save. A builder: it changes and returns itself, as in Spark.
local arguments = require "tidemill.arguments"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local reader = require "tidemill.reader"
local similar = require "tidemill.similar"
local internal = require "tidemill.internal"
local PLAN, SESSION, HANDLE, STATE = internal.plan, internal.session, internal.handle, internal.state

local M = {}
local Writer = { __name = "DataFrameWriter" }
local methods = {}

local function method(name, signature, body)
  methods[name] = arguments.method("DataFrameWriter", name, signature, body)
end

method("format", "source:string", function(self, source)
  self[STATE].format = source
  return self
end)
method("mode", "saveMode:string?", function(self, mode)
  if mode then self[STATE].mode = mode end
  return self
end)
method("option", "key:string, value?", function(self, key, value)
  self[STATE].options:set(key, value)
  return self
end)
method("options", "options:map|list", function(self, map)
  self[STATE].options:set_all(map)
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
    errors.raise("UNSUPPORTED_OPERATION", { operation = "Buckets are not written by save." },
      { class = "AnalysisException" })
  end
  if type(path) ~= "string" then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "save", problem = "needs a path" },
      { class = "IllegalArgumentException" })
  end
  core.write(s.df[PLAN], { format = s.format or s.df[SESSION][HANDLE]:get "spark.sql.sources.default" or "parquet",
    path = path, mode = s.mode or "error", options = s.options:list(), partition_by = s.partition_by or {} })
end

-- mode, partitionBy, format and options in one call: csv("out", { mode = "overwrite", header = true })
local function take_named(self, named)
  for _, p in ipairs(arguments.pairs_list(named or {}, "options")) do
    if p[1] == "format" then self[STATE].format = p[2]
    elseif p[1] == "mode" then self[STATE].mode = p[2]
    elseif p[1] == "partitionBy" then
      self[STATE].partition_by = type(p[2]) == "string" and { p[2] } or p[2]
    else self[STATE].options:set(p[1], p[2]) end
  end
end

local function is_options(v) return type(v) == "table" and arguments.shape(v) == "map" end

local function writer_of(self, name)
  if arguments.type_name(self) ~= "DataFrameWriter" then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = name, problem = "call it with ':' on df.write" })
  end
end

local function saver(name)
  return function(self, path, mode, options)
    writer_of(self, name or "save")
    if name then self[STATE].format = name end
    for _, v in ipairs { path or false, mode or false, options or false } do
      if is_options(v) then take_named(self, v) end
    end
    if type(mode) == "string" then self[STATE][name and "mode" or "format"] = mode end
    save(self, type(path) == "string" and path or nil)
  end
end
methods.save = saver(nil)
for _, name in ipairs { "csv", "json", "text", "parquet", "orc", "xml", "avro", "libsvm", "snapshot" } do
  methods[name] = saver(name)
end

function Writer.__index(_, key)
  if methods[key] then return methods[key] end
  local near = similar.near(tostring(key), arguments.sorted_keys(methods))
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) },
    { candidates = near, hint = near[1] and "did you mean :" .. near[1] .. "()?" })
end
function Writer:__tostring()
  return ("DataFrameWriter (%s, mode %s)"):format(self[STATE].format or "default format", self[STATE].mode or "error")
end

function M.new(df)
  if df.isStreaming then
    errors.raise("CALL_ON_STREAMING_DATASET_UNSUPPORTED", { methodName = "`write`" }, { class = "AnalysisException",
      sqlState = "42KDE", message = "A streaming DataFrame is written with df.writeStream." })
  end
  return setmetatable({ [STATE] = { df = df, options = reader.options() } }, Writer)
end

return M
