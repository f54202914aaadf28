--- spark.catalog: views, functions and databases of a session.
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

-- The plan behind a table's name; raises TABLE_OR_VIEW_NOT_FOUND.
local function relation(self, name, path, db)
  return core.plan(self[SESSION][HANDLE], { kind = "relation", name = path,
    parts = db and { "spark_catalog", db, name } or column.table_parts(name) })
end

local function no_database(name)
  errors.raise("SCHEMA_NOT_FOUND", { schemaName = "`spark_catalog`.`" .. name .. "`" }, { class = "AnalysisException",
    sqlState = "42704", message = ("There is no database `%s`: sessions have `default` only."):format(name) })
end

local DEFAULT = { name = "default", catalog = "spark_catalog", description = "default database", locationUri = "" }

method("currentCatalog", "", function() return "spark_catalog" end)
method("setCurrentCatalog", "catalogName:string", function(_, name)
  if name == "spark_catalog" then return end
  errors.raise("CATALOG_NOT_FOUND", { catalogName = "`" .. name .. "`",
    config = '"spark.sql.catalog.' .. name .. '"' }, { class = "AnalysisException", sqlState = "42P08",
    message = ("There is no catalog `%s`."):format(name) })
end)
method("listCatalogs", "pattern:string?", function(_, pattern)
  return filtered({ { name = "spark_catalog" } }, pattern)
end)
method("currentDatabase", "", function() return "default" end)
method("setCurrentDatabase", "dbName:string", function(_, name)
  if name:lower() ~= "default" then no_database(name) end
end)
method("databaseExists", "dbName:string", function(_, name) return name:lower() == "default" end)
method("getDatabase", "dbName:string", function(_, name)
  if name:lower() ~= "default" then no_database(name) end
  return DEFAULT
end)
method("listDatabases", "pattern:string?", function(_, pattern) return filtered({ DEFAULT }, pattern) end)

local function view(name, global)
  return { name = name, namespace = global and { "global_temp" } or {}, tableType = "TEMPORARY", isTemporary = true }
end

method("listTables", "dbName:string?, pattern:string?", function(self, db, pattern)
  local global, list = db == "global_temp", {}
  if db ~= nil and not global and db:lower() ~= "default" then no_database(db) end
  for i, name in ipairs(self[SESSION][HANDLE]:views(global)) do list[i] = view(name, global) end
  return filtered(list, pattern)
end)
methods.listViews = methods.listTables
method("getTable", "tableName:string", function(self, name)
  relation(self, name, "catalog")
  local parts = column.table_parts(name)
  return view(parts[#parts], parts[1] == "global_temp")
end)
method("tableExists", "tableName:string, dbName:string?", function(self, name, db)
  if db ~= nil and db:lower() ~= "default" and db ~= "global_temp" then return false end
  local fine, e = pcall(relation, self, db and db ~= "default" and db .. "." .. name or name)
  if fine or e.condition ~= "TABLE_OR_VIEW_NOT_FOUND" then return fine or error(e, 0) end
  return false
end)
method("listColumns", "tableName:string, dbName:string?", function(self, name, db)
  local out = {}
  for i, f in ipairs(require "tidemill.types".wrap(relation(self, name, "catalog", db):schema()).fields) do
    out[i] = { name = f.name, dataType = f.type:simpleString(), nullable = f.nullable, isPartition = false,
      isBucket = false, isCluster = false }
  end
  return out
end)
method("dropTempView", "viewName:string", function(self, name) return self[SESSION][HANDLE]:view_drop(name, false) end)
method("dropGlobalTempView", "viewName:string", function(self, name)
  return self[SESSION][HANDLE]:view_drop(name, true)
end)
method("dropView", "viewName:string, ifExists:boolean?", function(self, name, if_exists)
  if not self[SESSION][HANDLE]:view_drop(name, false) and not if_exists then relation(self, name) end
end)

-- ---- functions ---------------------------------------------------------------------------------------------------

local function function_record(name)
  local info = core.function_info(name)
  return { name = name, description = info and info.doc, className = info and "tidemill." .. info.kind or nil,
    isTemporary = true, namespace = {} }
end

method("functionExists", "functionName:string, dbName:string?", function(self, name)
  return core.function_info(name) ~= nil or self[SESSION].udf:exists(name)
end)
method("getFunction", "functionName:string", function(self, name)
  if core.function_info(name) or self[SESSION].udf:exists(name) then return function_record(name) end
  errors.raise("UNRESOLVED_ROUTINE", { routineName = "`" .. name .. "`",
    searchPath = "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]" },
    { class = "AnalysisException", sqlState = "42883", message = ("There is no function `%s`."):format(name),
      candidates = similar.near(name, core.function_names()) })
end)
method("listFunctions", "dbName:string?, pattern:string?", function(self, _, pattern)
  local list = {}
  for i, name in ipairs(core.function_names()) do list[i] = function_record(name) end
  for _, name in ipairs(self[SESSION].udf:names()) do list[#list + 1] = function_record(name) end
  return filtered(list, pattern)
end)
method("registerFunction", "name:string, f:function, returnType?", function(self, name, f, kind)
  return self[SESSION].udf:register(name, f, kind)
end)

-- ---- caches ------------------------------------------------------------------------------------------------------

local cached = setmetatable({}, { __mode = "k" }) -- session -> view -> the frame that keeps its rows

local function kept(self)
  cached[self[SESSION]] = cached[self[SESSION]] or {}
  return cached[self[SESSION]]
end
method("cacheTable", "tableName:string, storageLevel?", function(self, name, level)
  relation(self, name)
  if kept(self)[name:lower()] then return end
  local frame = self[SESSION]:table(name):persist(level)
  frame:createOrReplaceTempView(name)
  kept(self)[name:lower()] = frame
end)
method("uncacheTable", "tableName:string", function(self, name)
  relation(self, name)
  local frame = kept(self)[name:lower()]
  if frame then frame:unpersist() end
  kept(self)[name:lower()] = nil
end)
method("isCached", "tableName:string", function(self, name)
  relation(self, name)
  return kept(self)[name:lower()] ~= nil
end)
method("clearCache", "", function(self)
  for _, frame in pairs(kept(self)) do frame:unpersist() end
  cached[self[SESSION]] = nil
end)
method("recoverPartitions", "tableName:string", function(self, name)
  relation(self, name, "catalog")
  errors.raise("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", { viewName = "`" .. name .. "`",
    operation = "recoverPartitions()" }, { class = "AnalysisException", sqlState = "42809",
    message = ("`%s` is a view and has no partitions."):format(name) })
end)
method("refreshTable", "tableName:string", function(self, name) relation(self, name) end)
method("refreshByPath", "path:string", function() end)

function Catalog.__index(_, key)
  if methods[key] then return methods[key] end
  local near = similar.near(tostring(key), arguments.sorted_keys(methods))
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "catalog." .. tostring(key) },
    { candidates = near, hint = near[1] and "did you mean :" .. near[1] .. "()?" })
end

function M.new(session) return setmetatable({ [SESSION] = session }, Catalog) end

return M
