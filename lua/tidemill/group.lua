--- GroupedData: what groupBy, rollup, cube and groupingSets give; agg and its short forms make a DataFrame again.
local arguments = require "tidemill.arguments"
local column = require "tidemill.column"
local core = require "tidemill.core"
local dataframe = require "tidemill.dataframe"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local similar = require "tidemill.similar"
local NODE, STATE = internal.node, internal.state

local M = {}
local Grouped = { __name = "GroupedData" }
local methods = {}

local function key_node(df, v)
  if math.type(v) == "integer" then
    if v < 1 then errors.raise("INDEX_NOT_POSITIVE", { index = tostring(v) }) end
    if v > #df.columns then
      errors.raise("INDEX_OUT_OF_RANGE", { arg_name = "DataFrame", index = tostring(v) })
    end
    return dataframe.column_at(df, v)
  end
  return column.node(v)
end

local function keys_of(df, cols)
  local keys = {}
  for i = 1, cols.n or #cols do keys[i] = key_node(df, cols[i]) end
  return keys
end

local function bare(node) return node.kind == "alias" and node.args[1] or node end

-- Bit k of a set's mask is keys[k + 1].
local function masks(df, keys, sets)
  local at, out = {}, {}
  for i, k in ipairs(keys) do at[column.show(k)] = i - 1 end
  for s, set in ipairs(sets) do
    local mask = 0
    for _, c in ipairs(dataframe.one_or_list(set)) do
      local node = key_node(df, c)
      local text = column.show(node)
      if not at[text] then
        keys[#keys + 1] = node
        at[text] = #keys - 1
      end
      mask = mask | 1 << at[text]
    end
    out[s] = mask
  end
  return out
end

-- rollup: the first n keys, one fewer each set; cube: all subsets, those with the first keys before those without.
local SETS = {}
function SETS.rollup(n)
  local out = {}
  for i = 0, n do out[i + 1] = (1 << (n - i)) - 1 end
  return out
end
function SETS.cube(n)
  local out = {}
  for i = 0, (1 << n) - 1 do
    local mask = 0
    for k = 0, n - 1 do if i >> (n - 1 - k) & 1 == 0 then mask = mask | 1 << k end end
    out[i + 1] = mask
  end
  return out
end

--- A grouping of df; sets: the lists of groupingSets.
function M.new(df, cols, kind, sets)
  local keys = keys_of(df, cols)
  local shown = #keys -- those of the sets alone group and are not shown
  if SETS[kind] and #keys > 16 then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = kind, problem = "takes at most 16 columns" })
  end
  local list = sets and masks(df, keys, sets) or SETS[kind] and #keys > 0 and SETS[kind](#keys) or nil
  local state = { df = df, keys = keys, shown = shown, kind = kind, sets = list }
  return setmetatable({ [STATE] = state }, Grouped)
end

local function aggregate(self, aggs)
  local s = self[STATE]
  local keys, exprs = {}, {}
  for i, k in ipairs(s.keys) do keys[i], exprs[i] = bare(k), i <= s.shown and k or nil end
  if s.pivot then
    return dataframe.derive(s.df,
      { kind = "pivot", all = true, keys = s.keys, exprs = { s.pivot }, values = s.values, aggs = aggs })
  end
  for _, a in ipairs(aggs) do exprs[#exprs + 1] = a end
  if s.kind == "sets" and #s.sets == 0 then -- no sets, no groups
    local plain = dataframe.derive(s.df, { kind = "aggregate", keys = keys, exprs = exprs, grouping = "plain" })
    return dataframe.derive(plain, { kind = "filter", exprs = { { kind = "literal", value = false } } })
  end
  return dataframe.derive(s.df, { kind = "aggregate", keys = keys, exprs = exprs, grouping = s.kind, sets = s.sets })
end

-- A map has no order; Spark takes that of a Java HashMap, and so do we.
local function java_order(map)
  local list = arguments.pairs_list(map, "exprs")
  local size = 16
  while #list > size * 0.75 do size = size * 2 end
  local at = {}
  for i, pair in ipairs(list) do
    local h = 0
    for _, c in utf8.codes(pair[1], true) do h = (h * 31 + c) & 0xffffffff end
    at[pair] = { (h ~ h >> 16) & (size - 1), i }
  end
  table.sort(list, function(a, b)
    if at[a][1] ~= at[b][1] then return at[a][1] < at[b][1] end
    return at[a][2] < at[b][2]
  end)
  return list
end

local function by_name(df, name, fname)
  if type(fname) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "exprs", expected_type = "str",
      arg_type = arguments.type_name(fname) })
  end
  if name == "*" then return { kind = "call", name = fname, args = { { kind = "literal", value = 1 } } } end
  return { kind = "call", name = fname:lower() == "mean" and "avg" or fname, args = { df:col(name)[NODE] } }
end

methods.agg = function(self, ...)
  if arguments.type_name(self) ~= "GroupedData" then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "agg", problem = "call it with ':' on what groupBy gave" })
  end
  local list, n, aggs = { ... }, select("#", ...), {}
  local first = list[1]
  if n == 1 and type(first) == "table" and not getmetatable(first) then
    if arguments.shape(first) == "map" or (type(first[1]) == "table" and not getmetatable(first[1])) then
      local list_of = arguments.shape(first) == "map" and java_order(first) or arguments.pairs_list(first, "exprs")
      for i, pair in ipairs(list_of) do aggs[i] = by_name(self[STATE].df, pair[1], pair[2]) end
      return aggregate(self, aggs)
    end
    list, n = first, #first
    if n == 0 then return aggregate(self, aggs) end
  end
  if n == 0 then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "agg", problem = "takes at least one expression" },
      { class = "PySparkAssertionError" })
  end
  for i = 1, n do
    local text = type(list[i]) == "string" and not list[i]:find "^[%w_`.]*$" -- SQL, and no mere name
    if not text and not column.is(list[i]) then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = "exprs", expected_type = "Column",
        arg_type = arguments.type_name(list[i]) }, { class = "PySparkAssertionError",
        hint = "an aggregate: F.sum 'a', or SQL text: 'sum(a)'" })
    end
    aggs[i] = text and { kind = "text", name = list[i], sql = true } or list[i][NODE]
  end
  return aggregate(self, aggs)
end

local NUMERIC = { byte = true, short = true, integer = true, long = true, float = true, double = true, decimal = true }

local function short(name, fname)
  methods[name] = arguments.method("GroupedData", name, "*cols", function(self, cols)
    local s, aggs = self[STATE], {}
    if cols.n == 0 then -- all numbers, the grouping columns too, as in Spark
      for i, f in ipairs(s.df.schema.fields) do
        if NUMERIC[f.type.__id] then
          aggs[#aggs + 1] = { kind = "call", name = fname, args = { dataframe.column_at(s.df, i, f.name) } }
        end
      end
    end
    local fields = s.df.schema.fields
    for i, c in ipairs(dataframe.names_of(cols, "cols")) do
      local node = s.df:col(c)[NODE]
      local kind = node.kind == "column" and fields[node.index + 1].type.__id
      if kind and not NUMERIC[kind] then
        errors.raise("_LEGACY_ERROR_TEMP_1323", { colName = c }, { class = "AnalysisException",
          message = ("\"%s\" is no number; use agg(F.%s(..))."):format(c, fname) })
      end
      aggs[i] = { kind = "call", name = fname, args = { node } }
    end
    return aggregate(self, aggs)
  end)
end
short("sum", "sum")
short("avg", "avg")
short("mean", "avg")
short("min", "min")
short("max", "max")

methods.count = arguments.method("GroupedData", "count", "", function(self)
  local one = { kind = "call", name = "count", args = { { kind = "literal", value = 1 } } }
  return aggregate(self, { { kind = "alias", args = { one }, parts = { "count" } } })
end)

local MAX_VALUES = 10000 -- spark.sql.pivotMaxValues

local function distinct_values(df, node)
  local v = { kind = "alias", args = { node }, parts = { "v" } }
  local picked = dataframe.derive(df, { kind = "project", exprs = { v } })
  local kind = picked.schema.fields[1].type
  if kind.__id == "struct" or kind.__id == "array" or kind.__id == "map" then
    local first = picked:distinct():sort("v"):limit(1):select(column.wrap(
      { kind = "cast", args = { { kind = "name", parts = { "v" } } }, target = require "tidemill.types".StringType(),
        mode = "ansi" })):first()
    local text = first and first[1] or ""
    errors.raise("UNSUPPORTED_FEATURE.PIVOT_TYPE", { value = "[" .. text:sub(2, -2):gsub(", ", ",") .. "]",
      type = '"' .. core.type_text(kind, "sql") .. '"' }, { class = "SparkRuntimeException", sqlState = "0A000",
      message = "Values of a pivot are of a simple type." })
  end
  local rows = picked:distinct():sort("v"):limit(MAX_VALUES + 1):collect()
  if #rows > MAX_VALUES then
    errors.raise("UNSUPPORTED_OPERATION", { operation = ("The pivot column has more than %d values; name them: "
      .. "pivot(column, values)."):format(MAX_VALUES) }, { class = "AnalysisException" })
  end
  local values = {}
  for i, r in ipairs(rows) do values[i] = column.literal(r[1]) end
  return values
end

methods.pivot = arguments.method("GroupedData", "pivot", "pivot_col, values:list?", function(self, col, values)
  local s = self[STATE]
  if s.kind ~= "plain" or s.pivot then
    local again = s.pivot ~= nil
    errors.raise(again and "REPEATED_CLAUSE" or "UNSUPPORTED_FEATURE.PIVOT_AFTER_GROUP_BY",
      again and { clause = "PIVOT", operation = "SUBQUERY" } or {}, {
      class = "UnsupportedOperationException", sqlState = again and "42614" or "0A000",
      message = again and "A pivot cannot be pivoted again." or "pivot follows groupBy, not rollup or cube." })
  end
  if column.is(col) then errors.raise("NOT_ITERABLE", { objectName = "Column" }, { hint = "name a column" }) end
  if type(col) ~= "string" then column.node(col) end
  local node, nodes = s.df:col(col)[NODE], {}
  if values then for i = 1, values.n or #values do nodes[i] = column.literal(values[i]) end end
  return setmetatable({ [STATE] = { df = s.df, keys = s.keys, shown = s.shown, kind = "plain", pivot = node,
    values = values and nodes or distinct_values(s.df, node) } }, Grouped)
end)

function Grouped.__index(_, key)
  if methods[key] then return methods[key] end
  local names = arguments.sorted_keys(methods)
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) }, {
    candidates = similar.near(tostring(key), names),
    hint = similar.best(tostring(key), names) and "did you mean :" .. similar.best(tostring(key), names) .. "()?" })
end
function Grouped.__newindex() errors.raise("UNSUPPORTED_OPERATION", { operation = "A grouping does not change." }) end
local TYPES = { plain = "GroupBy", rollup = "Rollup", cube = "Cube", sets = "GroupingSets" }
function Grouped:__tostring()
  local s, parts, shown = self[STATE], {}, {}
  for i, k in ipairs(s.keys) do parts[i] = column.show(k) end
  local fields = s.df.schema.fields
  for i = 1, math.min(2, #fields) do shown[i] = fields[i].name .. ": " .. fields[i].type:simpleString() end
  local more = #fields - #shown
  return ("GroupedData[grouping expressions: [%s], value: [%s%s], type: %s]"):format(table.concat(parts, ", "),
    table.concat(shown, ", "), more > 0 and (" ... %d more field%s"):format(more, more == 1 and "" or "s") or "",
    s.pivot and "Pivot" or TYPES[s.kind])
end

return M
