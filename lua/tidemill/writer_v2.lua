--- df:writeTo(table): create or replace a table, or add to one by the names of its columns. A builder, as in Spark.
local arguments = require "tidemill.arguments"
local builder = require "tidemill.builder"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local NODE, PLAN, STATE = internal.node, internal.plan, internal.state
local SESSION, HANDLE = internal.session, internal.handle

local M = {}
local Writer, methods, method = builder.class("DataFrameWriterV2", "df:writeTo(table)")
methods.format = nil

method("using", "provider:string", function(self, provider)
  self[STATE].format = provider
  return self
end)
method("tableProperty", "property:string, value:string", function(self, property, value)
  table.insert(self[STATE].properties, { property, value })
  return self
end)

local function add_partition(s, v)
  local node = type(v) == "string" and column.name_node(v) or column.is(v) and v[NODE]
  if not node then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "col", expected_type = "Column or str",
      arg_type = arguments.type_name(v) })
  end
  if node.kind ~= "name" then
    errors.raise("_LEGACY_ERROR_TEMP_1316", { expr = tostring(v) }, { class = "AnalysisException",
      message = ("%s is no column to partition by."):format(tostring(v)) })
  end
  table.insert(s.partition_by, table.concat(node.parts, "."))
end

method("partitionedBy", "col, *cols", function(self, col, cols)
  self[STATE].partition_by = {}
  add_partition(self[STATE], col)
  for i = 1, cols.n do add_partition(self[STATE], cols[i]) end
  return self
end)
method("clusterBy", "col:string, *cols", function(self, col, cols)
  self[STATE].clusters = require "tidemill.dataframe".names_of({ col, table.unpack(cols, 1, cols.n) }, "cols")
  return self
end)

-- ---- making ------------------------------------------------------------------------------------------------------

local function create(replace, save)
  return function(self)
    local s = self[STATE]
    if s.clusters and s.partition_by then
      errors.raise("SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED", {}, { class = "AnalysisException",
        sqlState = "42908", message = "A table is clustered or partitioned, not both." })
    end
    core.plan(s.df[SESSION][HANDLE], { kind = "create_table", parts = s.parts, child = { s.df[PLAN] },
      replace = replace, definition = { save = save, format = s.format, options = s.options:list(),
        properties = s.properties, partitions = s.partition_by, clusters = s.clusters } })
  end
end
method("create", "", create(false))
method("createOrReplace", "", create(true, "overwrite"))
method("replace", "", create(true))

-- ---- adding ------------------------------------------------------------------------------------------------------

local function insert(self, more)
  local s = self[STATE]
  more.versioned = true
  core.plan(s.df[SESSION][HANDLE], { kind = "insert", parts = s.parts, child = { s.df[PLAN] }, by_name = true,
    replace = more.dynamic, definition = more })
end
method("append", "", function(self) insert(self, {}) end)
method("overwrite", "condition", function(self, condition)
  insert(self, { where = column.nodes({ condition }, "condition")[1] })
end)
method("overwritePartitions", "", function(self) insert(self, { dynamic = true }) end)

function Writer:__tostring() return ("DataFrameWriterV2 (%s)"):format(table.concat(self[STATE].parts, ".")) end

function M.new(df, name)
  return setmetatable({ [STATE] = { df = df, parts = column.table_parts(name), options = builder.options(),
    properties = {} } }, Writer)
end

return M
