--- spark.readStream: format, schema, options, then load. A builder: it changes and returns itself, as in Spark.
local builder = require "tidemill.builder"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local SESSION, HANDLE, STATE = internal.session, internal.handle, internal.state

local M = {}
local Reader, methods, method, receiver = builder.class("DataStreamReader", "spark.readStream")

method("schema", "schema:any", function(self, schema)
  self[STATE].schema = builder.schema_of(schema)
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
local NAMED = { format = builder.keep_text "format", schema = builder.keep("schema", builder.schema_of) }

local function loader(name)
  return function(self, ...)
    receiver(self, name or "load")
    local path
    for i = 1, select("#", ...) do
      local v = select(i, ...)
      if builder.is_options(v) then builder.take_named(self, v, NAMED)
      elseif i == 1 then path = v
      elseif v ~= nil and i == 2 and not name then NAMED.format(self, v)
      elseif v ~= nil then self[STATE].schema = builder.schema_of(v) end
    end
    if name then self[STATE].format = name end
    return load(self, path)
  end
end
methods.load = loader(nil)
for _, name in ipairs { "csv", "json", "text", "parquet", "orc", "xml" } do methods[name] = loader(name) end

method("table", "tableName:string", function(self, name)
  local df = require "tidemill.dataframe".wrap(self[SESSION], core.plan(self[SESSION][HANDLE],
    { kind = "relation", streaming = true, parts = column.table_parts(name), options = self[STATE].options:list() }))
  if df.isStreaming then return df end
  errors.raise("_LEGACY_ERROR_TEMP_1008", { quoted = name }, { class = "AnalysisException",
    message = ("%s is a view of rows that do not stream; a table of the catalogue streams."):format(name) })
end)

function M.new(session)
  return setmetatable({ [SESSION] = session, [STATE] = { options = builder.options() } }, Reader)
end

return M
