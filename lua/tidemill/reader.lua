--- spark.read: format, schema, options, then load. A builder: it changes and returns itself, as in Spark.
local arguments = require "tidemill.arguments"
local builder = require "tidemill.builder"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local SESSION, HANDLE, STATE = internal.session, internal.handle, internal.state

local M = {}
local Reader, methods, method, receiver = builder.class("DataFrameReader", "spark.read")

method("schema", "schema:any", function(self, schema)
  self[STATE].schema = builder.schema_of(schema)
  return self
end)

local function load(self, paths, of_texts)
  local s = self[STATE]
  if #paths == 0 and s.options:get "path" then paths = { s.options:get "path" } end
  local format = s.format or self[SESSION][HANDLE]:get "spark.sql.sources.default" or "parquet"
  local options = s.options:list()
  if of_texts then options[#options + 1] = { "~texts", "true" } end -- errors tell of no file
  local node = { kind = "source", format = format, paths = paths, options = options, schema = s.schema }
  return require "tidemill.dataframe".wrap(self[SESSION], core.plan(self[SESSION][HANDLE], node))
end

-- A folder of text files goes.
local function remove(folder, files)
  for _, file in ipairs(files) do os.remove((file:gsub("^file://", ""))) end
  os.remove(folder .. "/_SUCCESS")
  os.remove(folder)
end

-- What json, csv and xml make of a DataFrame of one column of texts: each is what a line of a file would be, and NULL
-- is none. They are read at once, by way of such a file.
local function load_texts(self, df)
  local fields = df.schema.fields
  local function refuse(condition, params)
    errors.raise(condition, params, { class = "AnalysisException", sqlState = "42K09",
      message = "Texts to read stand in a DataFrame of one STRING column." })
  end
  if #fields ~= 1 then refuse("DATAFRAME_INPUT_NOT_SINGLE_COLUMN", { numColumns = tostring(#fields) }) end
  if fields[1].type.__id ~= "string" then
    refuse("DATAFRAME_INPUT_NOT_STRING_TYPE", { dataType = '"' .. core.type_text(fields[1].type, "sql") .. '"' })
  end
  local rows = df:toDF("value"):filter "value IS NOT NULL"
  if self[STATE].format ~= "csv" then
    rows = rows:selectExpr [[translate(value, '\r\n', '  ') AS value]]
  elseif not rows:filter([[value RLIKE '[\r\n]']]):isEmpty() then
    self[STATE].options:set("multiLine", true)
  end
  local folder, files = os.tmpname(), {}
  os.remove(folder)
  local ok, out = pcall(function()
    rows.write:text(folder)
    files = self[SESSION].read:text(folder):inputFiles()
    return load(self, { folder }, true):localCheckpoint()
  end)
  remove(folder, files)
  if not ok then error(out, 0) end
  return out
end

local OF_TEXTS = { json = true, csv = true, xml = true }

-- path and options in one call: load("a.csv", { format = "csv", header = true })
local NAMED = { format = builder.keep_text "format", schema = builder.keep("schema", builder.schema_of) }

methods.load = function(self, path, format, schema, options)
  receiver(self, "load")
  local is_options = builder.is_options
  local named = is_options(path) and path or is_options(format) and format or is_options(schema) and schema or options
  if builder.is_options(path) then path = path.path end
  if format ~= nil and not is_options(format) then NAMED.format(self, format) end
  if schema ~= nil and not builder.is_options(schema) then self[STATE].schema = builder.schema_of(schema) end
  local copy = {}
  for _, p in ipairs(arguments.pairs_list(named or {}, "options")) do if p[1] ~= "path" then copy[p[1]] = p[2] end end
  builder.take_named(self, copy, NAMED)
  return load(self, builder.paths_of(path))
end

for _, name in ipairs { "csv", "json", "text", "parquet", "orc", "xml", "avro", "libsvm", "snapshot", "binaryFile" } do
  methods[name] = function(self, ...)
    receiver(self, name)
    local paths, texts = {}, nil
    for i = 1, select("#", ...) do
      local v = select(i, ...)
      if i == 1 and OF_TEXTS[name] and arguments.type_name(v) == "DataFrame" then texts = v
      elseif builder.is_options(v) then builder.take_named(self, v, NAMED)
      elseif i == 2 and name ~= "parquet" and v ~= nil then self[STATE].schema = builder.schema_of(v)
      elseif v ~= nil then for _, p in ipairs(builder.paths_of(v, nil, name)) do paths[#paths + 1] = p end end
    end
    self[STATE].format = name
    return texts and load_texts(self, texts) or load(self, paths)
  end
end

method("table", "tableName:string", function(self, name)
  if self[STATE].schema then
    errors.raise("_LEGACY_ERROR_TEMP_1189", { operation = "table" }, { class = "AnalysisException",
      message = "A table has its schema: read.table goes without one." })
  end
  return require "tidemill.dataframe".wrap(self[SESSION], core.plan(self[SESSION][HANDLE],
    { kind = "relation", parts = column.table_parts(name), options = self[STATE].options:list() }))
end)


function M.new(session)
  return setmetatable({ [SESSION] = session, [STATE] = { options = builder.options() } }, Reader)
end

return M
