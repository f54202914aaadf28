--- spark.readStream: format, schema, options, then load. A builder: it changes and returns itself, as in Spark.
local arguments = require "tidemill.arguments"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local reader = require "tidemill.reader"
local similar = require "tidemill.similar"
local SESSION, HANDLE, STATE = internal.session, internal.handle, internal.state

local M = {}
local Reader = { __name = "DataStreamReader" }
local methods = {}

local function method(name, signature, body)
  methods[name] = arguments.method("DataStreamReader", name, signature, body)
end

method("format", "source:string", function(self, source)
  self[STATE].format = source
  return self
end)
method("schema", "schema:any", function(self, schema)
  self[STATE].schema = reader.schema_of(schema)
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

local function load(self, path)
  local s = self[STATE]
  local given = path or s.options:get "path"
  if given ~= nil and (type(given) ~= "string" or not given:find "%S") then
    errors.raise("VALUE_NOT_NON_EMPTY_STR", { arg_name = "path", arg_value = tostring(given) })
  end
  local format = s.format or self[SESSION][HANDLE]:get "spark.sql.sources.default" or "parquet"
  local node = { kind = "source", streaming = true, format = format, paths = given and { given } or {},
    options = s.options:list(), schema = s.schema }
  return require "tidemill.dataframe".wrap(self[SESSION], core.plan(self[SESSION][HANDLE], node))
end

-- path and options in one call: load("in", { format = "csv", header = true })
local function take_named(self, named)
  for _, p in ipairs(arguments.pairs_list(named, "options")) do
    if p[1] == "format" then self[STATE].format = p[2]
    elseif p[1] == "schema" then self[STATE].schema = reader.schema_of(p[2])
    else self[STATE].options:set(p[1], p[2]) end
  end
end

local function is_options(v) return type(v) == "table" and arguments.shape(v) == "map" end

local function loader(name)
  return function(self, ...)
    if arguments.type_name(self) ~= "DataStreamReader" then
      errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = name or "load",
        problem = "call it with ':' on spark.readStream" })
    end
    local path
    for i = 1, select("#", ...) do
      local v = select(i, ...)
      if is_options(v) then take_named(self, v)
      elseif i == 1 then path = v
      elseif v ~= nil and i == 2 and not name then self[STATE].format = v
      elseif v ~= nil then self[STATE].schema = reader.schema_of(v) end
    end
    if name then self[STATE].format = name end
    return load(self, path)
  end
end
methods.load = loader(nil)
for _, name in ipairs { "csv", "json", "text", "parquet", "orc", "xml" } do methods[name] = loader(name) end

function Reader.__index(_, key)
  if methods[key] then return methods[key] end
  local near = similar.near(tostring(key), arguments.sorted_keys(methods))
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) },
    { candidates = near, hint = near[1] and "did you mean :" .. near[1] .. "()?" })
end
function Reader:__tostring()
  return ("DataStreamReader (%s, %d options)"):format(self[STATE].format or "default format", #self[STATE].options)
end

function M.new(session)
  return setmetatable({ [SESSION] = session, [STATE] = { options = reader.options() } }, Reader)
end

return M
