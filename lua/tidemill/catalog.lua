--- spark.catalog: databases, tables, views, columns, functions and caches. What it does and lists comes from the same
-- commands as SQL's statements (csrc/plan); records have PySpark's fields.
local arguments = require "tidemill.arguments"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local similar = require "tidemill.similar"
local internal = require "tidemill.internal"
local SESSION, HANDLE = internal.session, internal.handle

local M = {}
local Catalog = { __name = "Catalog" }
local methods = {}

local function method(name, signature, body) methods[name] = arguments.method("Catalog", name, signature, body) end

-- ---- asking ------------------------------------------------------------------------------------------------------

-- Runs a command; its rows.
local function run(self, node)
  return require "tidemill.dataframe".wrap(self[SESSION], core.plan(self[SESSION][HANDLE], node)):collect()
end

local function parts_of(name, database)
  local parts = column.table_parts(name)
  return database and { "spark_catalog", database, table.unpack(parts) } or parts
end

-- The parts of a database's name; nil: the one in use.
local function database_parts(name) return name and column.table_parts(name) or nil end

-- Spark's patterns: * any text, | alternatives, case ignored.
local function matches(name, pattern)
  if pattern == nil then return true end
  for part in (pattern .. "|"):gmatch "(.-)|" do
    local p = part:lower():gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", ".*")
    if name:lower():find("^" .. p .. "$") then return true end
  end
  return false
end

local function filtered(list, pattern)
  local out = {}
  for _, item in ipairs(list) do if matches(item.name, pattern) then out[#out + 1] = item end end
  return out
end

-- Does the call find what it names? Other errors are raised.
local function finds(condition, f, ...)
  local fine, e = pcall(f, ...)
  if fine then return true end
  if type(e) == "table" and e.condition == condition then return false end
  error(e, 0)
end

-- ---- records -----------------------------------------------------------------------------------------------------

-- Classes of records: their fields in order, as PySpark prints them.
local function record_class(name, ...)
  local fields = { ... }
  local class = { __name = name }
  local function text(v)
    if type(v) == "string" then return ("'%s'"):format(v) end
    if type(v) == "boolean" then return v and "True" or "False" end
    if type(v) ~= "table" then return v == nil and "None" or tostring(v) end
    local out = {}
    for i, item in ipairs(v) do out[i] = text(item) end
    return "[" .. table.concat(out, ", ") .. "]"
  end
  function class:__tostring()
    local out = {}
    for i, field in ipairs(fields) do out[i] = field .. "=" .. text(self[field]) end
    return ("%s(%s)"):format(name, table.concat(out, ", "))
  end
  return function(row)
    local record = {}
    for _, field in ipairs(fields) do
      local v = row[field]
      if v ~= core.null then record[field] = v end
    end
    return setmetatable(record, class)
  end
end

local catalog_record = record_class("CatalogMetadata", "name", "description")
local database_record = record_class("Database", "name", "catalog", "description", "locationUri")
local column_record = record_class("Column", "name", "description", "dataType", "nullable", "isPartition", "isBucket",
  "isCluster")
local function_record = record_class("Function", "name", "catalog", "namespace", "description", "className",
  "isTemporary")
local partition_record = record_class("TablePartition", "partition")
local table_fields = record_class("Table", "name", "catalog", "namespace", "description", "tableType", "isTemporary")

local function table_record(row)
  local record = table_fields(row)
  record.database = record.namespace
  record.namespace = { record.namespace }
  return record
end

local function records(list, make)
  for i, row in ipairs(list) do list[i] = make(row) end
  return list
end

-- ---- catalogs, databases -----------------------------------------------------------------------------------------

method("currentCatalog", "", function() return "spark_catalog" end)
method("setCurrentCatalog", "catalogName:string", function(self, name) run(self, { kind = "use", name = name }) end)
method("listCatalogs", "pattern:string?", function(_, pattern)
  return filtered({ catalog_record { name = "spark_catalog" } }, pattern)
end)
method("currentDatabase", "", function(self) return run(self, { kind = "show", name = "CURRENT" })[1].namespace end)
method("setCurrentDatabase", "dbName:string", function(self, name)
  run(self, { kind = "use", parts = { "spark_catalog", name } })
end)

local function database(self, name)
  return database_record(run(self, { kind = "show", name = "DATABASE RECORDS", parts = database_parts(name) })[1])
end
method("getDatabase", "dbName:string", database)
method("databaseExists", "dbName:string", function(self, name)
  return finds("SCHEMA_NOT_FOUND", database, self, name)
end)
method("listDatabases", "pattern:string?", function(self, pattern)
  return records(run(self, { kind = "show", name = "DATABASE RECORDS", alias = pattern }), database_record)
end)
method("createDatabase", "dbName:string, ifNotExists:boolean?, properties:map?", function(self, name, if_absent, given)
  local definition = { properties = {} }
  for _, p in ipairs(arguments.pairs_list(given or {}, "properties")) do
    local key, value = tostring(p[1]), tostring(p[2])
    if key == "comment" or key == "location" then definition[key] = value
    else table.insert(definition.properties, { key, value }) end
  end
  run(self, { kind = "create_database", parts = database_parts(name), if_exists = if_absent, definition = definition })
end)
method("dropDatabase", "dbName:string, ifExists:boolean?, cascade:boolean?", function(self, name, if_there, cascade)
  run(self, { kind = "drop_database", parts = database_parts(name), if_exists = if_there, all = cascade })
end)

-- ---- tables, views -----------------------------------------------------------------------------------------------

local function lister(views)
  return function(self, db, pattern)
    return records(run(self, { kind = "show", name = "TABLE RECORDS", parts = database_parts(db), alias = pattern,
      view = views }), table_record)
  end
end
method("listTables", "dbName:string?, pattern:string?", lister(false))
method("listViews", "dbName:string?, pattern:string?", lister(true))

-- One table with its format, which is no part of the record.
local function table_row(self, name, db)
  return run(self, { kind = "show", name = "TABLE RECORD", parts = parts_of(name, db) })[1]
end
local function get_table(self, name, db) return table_record(table_row(self, name, db)) end
method("getTable", "tableName:string", get_table)
method("tableExists", "tableName:string, dbName:string?", function(self, name, db)
  return finds("TABLE_OR_VIEW_NOT_FOUND", get_table, self, name, db)
end)
method("listColumns", "tableName:string, dbName:string?", function(self, name, db)
  return records(run(self, { kind = "show", name = "COLUMN RECORDS", parts = parts_of(name, db) }), column_record)
end)
method("listPartitions", "tableName:string", function(self, name)
  return records(run(self, { kind = "show", name = "PARTITIONS", parts = parts_of(name),
    alias = "Catalog.listPartitions" }), partition_record)
end)
method("getTableProperties", "tableName:string", function(self, name)
  local out = {}
  for _, row in ipairs(run(self, { kind = "show", name = "TBLPROPERTIES", parts = parts_of(name) })) do
    out[row.key] = row.value
  end
  return out
end)
method("getCreateTableString", "tableName:string, asSerde:boolean?", function(self, name, as_serde)
  return run(self, { kind = "show", name = "CREATE TABLE", parts = parts_of(name), extended = as_serde,
    alias = "Catalog.getCreateTableString" })[1].createtab_stmt
end)

-- Options are what is not a parameter: createTable("t", { schema = s, source = "csv", header = true }).
local PARAMETERS = { tableName = true, path = true, source = true, schema = true, description = true }
local function create_table(what)
  return function(self, name, path, source, schema, description, options)
    if arguments.type_name(self) ~= "Catalog" then
      errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = what, problem = "call it with ':' on spark.catalog" })
    end
    local given = { tableName = name, path = path, source = source, schema = schema, description = description }
    local kept = require "tidemill.builder".options()
    for _, v in pairs { name or false, path or false, source or false, description or false, options or false } do
      if type(v) == "table" and arguments.shape(v) == "map" then
        for k, p in pairs(given) do if p == v then given[k] = nil end end
        for _, p in ipairs(arguments.pairs_list(v, "options")) do
          if PARAMETERS[p[1]] then given[p[1]] = p[2] else kept:set(p[1], p[2]) end
        end
      end
    end
    for _, key in ipairs { "tableName", "path", "source", "description" } do
      local v = given[key]
      if type(v) ~= "string" and (v ~= nil or key == "tableName") then
        errors.raise("NOT_EXPECTED_TYPE", { arg_name = key, expected_type = "str", arg_type = arguments.type_name(v) })
      end
    end
    local fields = given.schema
    if fields ~= nil and not (require "tidemill.types".is(fields) and fields.__id == "struct") then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = "schema", expected_type = "struct type",
        arg_type = arguments.type_name(fields) })
    end
    kept:set("path", given.path)
    run(self, { kind = "create_table", parts = parts_of(given.tableName), definition = { schema = fields,
      format = given.source, comment = given.description, options = kept:list(), inferred = fields == nil } })
    return self[SESSION]:table(given.tableName)
  end
end
methods.createTable = create_table "createTable"
methods.createExternalTable = create_table "createExternalTable"

method("dropTable", "tableName:string, ifExists:boolean?, purge:boolean?", function(self, name, if_there, purge)
  run(self, { kind = "drop_table", parts = parts_of(name), if_exists = if_there, all = purge, name = "catalog" })
end)
method("dropView", "viewName:string, ifExists:boolean?", function(self, name, if_there)
  run(self, { kind = "drop_view", parts = parts_of(name), if_exists = if_there, name = "catalog" })
end)
method("dropTempView", "viewName:string", function(self, name) return self[SESSION][HANDLE]:view_drop(name, false) end)
method("dropGlobalTempView", "viewName:string", function(self, name)
  return self[SESSION][HANDLE]:view_drop(name, true)
end)

-- A command that takes a table only; Spark's messages call it as the call is called.
local function upkeep(name, kind, called)
  return function(self, table_name, no_scan)
    run(self, { kind = kind, parts = parts_of(table_name), name = "catalog", alias = called or "Catalog." .. name,
      extended = no_scan })
  end
end
method("truncateTable", "tableName:string", upkeep("truncateTable", "truncate"))
method("analyzeTable", "tableName:string, noScan:boolean?", upkeep("analyzeTable", "analyze"))
method("recoverPartitions", "tableName:string", upkeep("recoverPartitions", "repair", "recoverPartitions()"))
method("refreshTable", "tableName:string", function(self, name)
  run(self, { kind = "refresh", parts = parts_of(name) })
end)
method("refreshByPath", "path:string", function(self, path) run(self, { kind = "refresh", name = path }) end)

-- ---- functions ---------------------------------------------------------------------------------------------------

local function function_of(name)
  local info = core.function_info(name)
  return function_record { name = name, description = info and info.doc, isTemporary = true,
    className = info and "tidemill." .. info.kind or nil }
end

-- SQL functions by their names in small letters: those of the session, and of a database (nil: the one in use).
local function sql_functions(self, db)
  local found = {}
  for _, row in ipairs(run(self, { kind = "show", name = "FUNCTIONS", user = true, parts = database_parts(db) })) do
    local space, name = row["function"]:match "^spark_catalog%.(.-)%.(.+)$"
    name = name or row["function"]
    local lasting = space ~= nil and { space } or nil
    found[#found + 1] = function_record { name = name, catalog = lasting and "spark_catalog", namespace = lasting,
      className = "sqlFunction.", isTemporary = not lasting }
  end
  return found
end

-- The function of the name, as a call would find it; `db`: only there.
local function find_function(self, name, db)
  local parts = db and { db, name } or column.table_parts(name)
  local last, space = parts[#parts], parts[#parts - 1]
  if not space and (core.function_info(name) or self[SESSION].udf:exists(name)) then return function_of(name) end
  local session = not db and space and space:lower() == "session"
  local within = not session and space or nil
  for _, f in ipairs(sql_functions(self, within and ("`%s`"):format(within:lower():gsub("`", "``")))) do
    local here = f.isTemporary and not within or not f.isTemporary and not session
    if here and f.name:lower() == last:lower() then return f end
  end
end

method("functionExists", "functionName:string, dbName:string?", function(self, name, db)
  return find_function(self, name, db) ~= nil
end)
method("getFunction", "functionName:string", function(self, name)
  local found = find_function(self, name)
  if found then return found end
  errors.raise("UNRESOLVED_ROUTINE", { routineName = "`" .. name .. "`",
    searchPath = ("[`system`.`builtin`, `system`.`session`, `spark_catalog`.`%s`]"):format(self:currentDatabase()) },
    { class = "AnalysisException", sqlState = "42883", message = ("There is no function `%s`."):format(name),
      candidates = similar.near(name, core.function_names()) })
end)
method("listFunctions", "dbName:string?, pattern:string?", function(self, db, pattern)
  database(self, db or self:currentDatabase())
  local list = sql_functions(self, db)
  for _, name in ipairs(core.function_names()) do list[#list + 1] = function_of(name) end
  for _, name in ipairs(self[SESSION].udf:names()) do list[#list + 1] = function_of(name) end
  table.sort(list, function(x, y) return x.name < y.name end)
  return filtered(list, pattern)
end)
method("registerFunction", "name:string, f:function, returnType?", function(self, name, f, kind)
  return self[SESSION].udf:register(name, f, kind)
end)

-- ---- caches ------------------------------------------------------------------------------------------------------

-- Every level is memory that spills; rows are kept when they are first read.
method("cacheTable", "tableName:string, storageLevel?", function(self, name)
  run(self, { kind = "cache_table", parts = parts_of(name), name = "LAZY" })
end)
method("uncacheTable", "tableName:string", function(self, name)
  run(self, { kind = "uncache", parts = parts_of(name) })
end)
method("isCached", "tableName:string", function(self, name)
  return run(self, { kind = "show", name = "CACHED", parts = parts_of(name) })[1].isCached
end)
method("clearCache", "", function(self) run(self, { kind = "clear_cache" }) end)

function Catalog.__index(_, key)
  if methods[key] then return methods[key] end
  local near = similar.near(tostring(key), arguments.sorted_keys(methods))
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "catalog." .. tostring(key) },
    { candidates = near, hint = near[1] and "did you mean :" .. near[1] .. "()?" })
end

--- The table with its format, or nil.
function M.find(session, name)
  local catalog = M.new(session)
  if catalog:tableExists(name) then return table_row(catalog, name) end
end

function M.new(session) return setmetatable({ [SESSION] = session }, Catalog) end

return M
