--- spark.read: format, schema, options, then load. A builder: it changes and returns itself, as in Spark.
local arguments = require "tidemill.arguments"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local similar = require "tidemill.similar"
local internal = require "tidemill.internal"
local SESSION, HANDLE, STATE = internal.session, internal.handle, internal.state

local M = {}
local Reader = { __name = "DataFrameReader" }
local methods = {}

--- Options keep their order; a later one of the same key, in any case, replaces the earlier.
local Options = {}
Options.__index = Options
M.Options = Options

function M.options() return setmetatable({}, Options) end
function Options:set(key, value)
  if type(key) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "key", expected_type = "str", arg_type = arguments.type_name(key) })
  end
  local kind = type(value)
  if value == nil or value == core.null then return self end
  if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = key, expected_type = "str, bool, int or float",
      arg_type = arguments.type_name(value) })
  end
  local text = math.type(value) == "float" and core.number_text(value) or tostring(value)
  for _, o in ipairs(self) do
    if o[1]:lower() == key:lower() then
      o[2] = text
      return self
    end
  end
  self[#self + 1] = { key, text }
  return self
end
function Options:set_all(map)
  for _, p in ipairs(arguments.pairs_list(map or {}, "options")) do self:set(p[1], p[2]) end
  return self
end
function Options:get(key)
  for _, o in ipairs(self) do if o[1]:lower() == key:lower() then return o[2] end end
end
--- The pairs as csrc/bind/plan.c reads them.
function Options:list()
  local out = {}
  for i, o in ipairs(self) do out[i] = { o[1], o[2] } end
  return out
end

--- DDL text or a StructType; what a reader's :schema takes.
function M.schema_of(schema)
  local types = require "tidemill.types"
  if type(schema) == "string" then return types.fromDDL(schema, true) end
  if types.is(schema) and schema.__id == "struct" then return schema end
  errors.raise("NOT_EXPECTED_TYPE", { arg_name = "schema", expected_type = "str or struct type",
    arg_type = arguments.type_name(schema) })
end

--- A path or a list of paths.
function M.paths_of(path, name)
  if path == nil then return {} end
  if type(path) == "string" then return { path } end
  if type(path) == "table" and not getmetatable(path) and arguments.shape(path) ~= "map" then
    for _, p in ipairs(path) do if type(p) ~= "string" then M.paths_of(p, name) end end
    return path
  end
  errors.raise("NOT_EXPECTED_TYPE", { arg_name = name or "path", expected_type = "str or list",
    arg_type = arguments.type_name(path) })
end

local function method(name, signature, body)
  methods[name] = arguments.method("DataFrameReader", name, signature, body)
end

method("format", "source:string", function(self, source)
  self[STATE].format = source
  return self
end)
method("schema", "schema:any", function(self, schema)
  self[STATE].schema = M.schema_of(schema)
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

local function load(self, paths)
  local s = self[STATE]
  if #paths == 0 and s.options:get "path" then paths = { s.options:get "path" } end
  local format = s.format or self[SESSION][HANDLE]:get "spark.sql.sources.default" or "parquet"
  local node = { kind = "source", format = format, paths = paths, options = s.options:list(), schema = s.schema }
  return require "tidemill.dataframe".wrap(self[SESSION], core.plan(self[SESSION][HANDLE], node))
end

-- path and options in one call: load("a.csv", { format = "csv", header = true })
local function take_named(self, named)
  for _, p in ipairs(arguments.pairs_list(named or {}, "options")) do
    if p[1] == "format" then self[STATE].format = p[2]
    elseif p[1] == "schema" then self[STATE].schema = M.schema_of(p[2])
    else self[STATE].options:set(p[1], p[2]) end
  end
end

local function is_options(v) return type(v) == "table" and arguments.shape(v) == "map" end

local function reader_of(self, name)
  if arguments.type_name(self) ~= "DataFrameReader" then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = name, problem = "call it with ':' on spark.read" })
  end
end

methods.load = function(self, path, format, schema, options)
  reader_of(self, "load")
  local named = is_options(path) and path or is_options(format) and format or is_options(schema) and schema or options
  if is_options(path) then path = path.path end
  if type(format) == "string" then self[STATE].format = format end
  if schema ~= nil and not is_options(schema) then self[STATE].schema = M.schema_of(schema) end
  local copy = {}
  for k, v in pairs(named or {}) do if k ~= "path" then copy[k] = v end end
  take_named(self, copy)
  return load(self, M.paths_of(path))
end

for _, name in ipairs { "csv", "json", "text", "parquet", "orc", "xml", "avro", "libsvm", "snapshot", "binaryFile" } do
  methods[name] = function(self, ...)
    reader_of(self, name)
    local paths = {}
    for i = 1, select("#", ...) do
      local v = select(i, ...)
      if is_options(v) then take_named(self, v)
      elseif i == 2 and name ~= "parquet" and v ~= nil then self[STATE].schema = M.schema_of(v)
      elseif v ~= nil then for _, p in ipairs(M.paths_of(v)) do paths[#paths + 1] = p end end
    end
    self[STATE].format = name
    return load(self, paths)
  end
end

method("table", "tableName:string", function(self, name)
  return require "tidemill.dataframe".wrap(self[SESSION], core.plan(self[SESSION][HANDLE],
    { kind = "relation", parts = column.name_node(name).parts, options = self[STATE].options:list() }))
end)

function Reader.__index(_, key)
  if methods[key] then return methods[key] end
  local near = similar.near(tostring(key), arguments.sorted_keys(methods))
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) },
    { candidates = near, hint = near[1] and "did you mean :" .. near[1] .. "()?" })
end
function Reader:__tostring()
  return ("DataFrameReader (%s, %d options)"):format(self[STATE].format or "default format", #self[STATE].options)
end

function M.new(session)
  return setmetatable({ [SESSION] = session, [STATE] = { options = M.options() } }, Reader)
end

return M
