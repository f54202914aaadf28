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

local TRANSFORM = { years = true, months = true, days = true, hours = true }

-- What a transform is of: text among its arguments names a column.
local function column_of(node) return node.kind == "text" and not node.sql and column.name_node(node.name) or node end

local function no_column(v)
  errors.raise("_LEGACY_ERROR_TEMP_1316", { expr = tostring(v) }, { class = "AnalysisException",
    message = ("%s is no column to partition by."):format(tostring(v)) })
end

-- A table has one set of buckets. What it cannot have is told when it is made, as in Spark.
local function add_buckets(s, node)
  local count, of = node.args[1], column_of(node.args[2])
  if math.type(count.value) ~= "integer" or of.kind ~= "name" then
    errors.raise("_LEGACY_ERROR_TEMP_1322", { numBuckets = column.show(count), e = column.show(of) }, {
      class = "AnalysisException", message = ("bucket(%s, %s): a number of buckets and a column are wanted."):format(
        column.show(count), column.show(of)) })
  end
  if s.buckets then
    s.refused = s.refused or { "UNSUPPORTED_FEATURE.MULTIPLE_BUCKET_TRANSFORMS", {},
      "A table is put into buckets in one way, not in several." }
  end
  s.buckets, s.nbuckets = { table.concat(of.parts, ".") }, count.value
end

local function add_transform(s, node, v)
  local of = column_of(node.args[1])
  if of.kind ~= "name" then no_column(v) end
  local text = ("%s(%s)"):format(node.name, table.concat(of.parts, "."))
  s.refused = s.refused or { "UNSUPPORTED_PARTITION_TRANSFORM", { transform = "`" .. text:gsub("%.", "`.`") .. "`" },
    ("Tables of this catalogue cannot be partitioned by %s; write the value into a column."):format(text) }
end

local function add_partition(s, v)
  local node = type(v) == "string" and column.name_node(v) or column.is(v) and v[NODE]
  if not node then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "col", expected_type = "Column or str",
      arg_type = arguments.type_name(v) })
  end
  if node.kind == "call" and node.name == "bucket" then return add_buckets(s, node) end
  if node.kind == "call" and TRANSFORM[node.name] then return add_transform(s, node, v) end
  if node.kind ~= "name" then no_column(v) end
  table.insert(s.partition_by, table.concat(node.parts, "."))
end

method("partitionedBy", "col, *cols", function(self, col, cols)
  local s = self[STATE]
  s.partition_by, s.buckets, s.nbuckets, s.refused = {}, nil, nil, nil
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
    if s.refused then
      errors.raise(s.refused[1], s.refused[2], { class = "AnalysisException", sqlState = "0A000",
        message = s.refused[3] })
    end
    core.plan(s.df[SESSION][HANDLE], { kind = "create_table", parts = s.parts, child = { s.df[PLAN] },
      replace = replace, definition = { save = save, format = s.format, options = s.options:list(),
        properties = s.properties, partitions = s.partition_by, clusters = s.clusters, buckets = s.buckets,
        nbuckets = s.nbuckets } })
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
