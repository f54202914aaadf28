--- Statistics: describe, summary, approxQuantile, corr, cov, crosstab, freqItems, sampleBy; df.stat has them too.
local arguments = require "tidemill.arguments"
local column = require "tidemill.column"
local core = require "tidemill.core"
local dataframe = require "tidemill.dataframe"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local missing = require "tidemill.missing"
local types = require "tidemill.types"
local SESSION, HANDLE, PLAN = internal.session, internal.handle, internal.plan

local M = {}
local method, methods, derive, column_at = dataframe.method, dataframe.methods, dataframe.derive, dataframe.column_at

local NUMERIC = { byte = true, short = true, integer = true, long = true, float = true, double = true, decimal = true }
local TEXT = { string = true, char = true, varchar = true }

local function lit(v) return { kind = "literal", value = v } end
local function call(name, ...) return { kind = "call", name = name, args = { ... } } end
local function alias(node, name) return { kind = "alias", args = { node }, parts = { name } } end
local function cast(node, kind, mode)
  return { kind = "cast", args = { node }, target = kind, mode = mode or "ansi" }
end

-- Positions of names, as a query would find them.
local function positions(df, names)
  for _, name in ipairs(names) do
    if df[internal.plan]:find(name) < 0 then
      derive(df, { kind = "project", exprs = { { kind = "name", parts = { name } } } })
    end
  end
  return missing.positions(df, names)
end

local function aggregate(df, exprs)
  return derive(df, { kind = "aggregate", keys = {}, exprs = exprs, grouping = "plain" }):collect()[1]
end
local function frame(df, rows, schema)
  return dataframe.wrap(df[SESSION], require "tidemill.rows_in".plan(df[SESSION][HANDLE], rows, schema))
end

-- ---- describe, summary -------------------------------------------------------------------------------------------

local function number(c, f) return TEXT[f.type.__id] and cast(c, types.DoubleType(), "try") or c end

local STATISTIC = {
  count = function(c) return call("count", c) end,
  mean = function(c, f) return call("avg", number(c, f)) end,
  stddev = function(c, f) return call("stddev_samp", number(c, f)) end,
  min = function(c) return call("min", c) end,
  max = function(c) return call("max", c) end,
  count_distinct = function(c) return { kind = "call", name = "count", args = { c }, distinct = true } end,
  approx_count_distinct = function(c) return call("approx_count_distinct", c) end,
}

local function statistic(name)
  if STATISTIC[name:lower()] then return STATISTIC[name:lower()] end
  local percent = tonumber(name:match "^([%d.]+)%%$")
  if not percent then
    errors.raise("UNRECOGNIZED_STATISTIC", { stats = "'" .. name .. "'" }, { class = "IllegalArgumentException",
      sqlState = "42704", message = ("There is no statistic '%s'%s."):format(name,
        require "tidemill.similar".suffix(name, arguments.sorted_keys(STATISTIC))) })
  end
  if percent > 100 then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "summary", problem = "a percentile is at most 100%" },
      { class = "IllegalArgumentException" })
  end
  return function(c, f) return call("percentile_approx", number(c, f), lit(percent / 100), lit(10000)) end
end

-- Places of the columns of numbers and texts, the only ones described, and the names that they are asked by.
local function described(df, names)
  local places, called, fields, seen = {}, {}, df.schema.fields, {}
  local list = names and positions(df, names)
  for i = 1, list and #list or #fields do
    local at = list and list[i] or i
    local id = fields[at].type.__id
    if NUMERIC[id] or TEXT[id] then
      local name = names and names[i] or fields[at].name
      if seen[name:lower()] then
        errors.raise("AMBIGUOUS_REFERENCE", { name = "`" .. name .. "`",
          referenceNames = ("[`%s`, `%s`]"):format(name, name) }, { class = "AnalysisException", sqlState = "42704",
          message = ("Reference `%s` is ambiguous: it is described twice."):format(name) })
      end
      seen[name:lower()] = true
      places[#places + 1], called[#called + 1] = at, name
    end
  end
  return places, called
end

local function summarise(df, names, statistics)
  local makers, fields, exprs = {}, df.schema.fields, {}
  for i, s in ipairs(statistics) do makers[i] = statistic(s) end
  local columns, called = described(df, names)
  for i in ipairs(statistics) do
    for k, at in ipairs(columns) do
      local node = makers[i](column_at(df, at, fields[at].name), fields[at])
      exprs[#exprs + 1] = alias(cast(node, types.StringType()), ("s%d_%d"):format(i, k))
    end
  end
  local found = #exprs > 0 and aggregate(df, exprs) or {}
  local rows, schema = {}, types.StructType():add("summary", types.StringType())
  for _, name in ipairs(called) do schema:add(name, types.StringType()) end
  for i, s in ipairs(statistics) do
    rows[i] = { n = #columns + 1, s }
    for k in ipairs(columns) do rows[i][k + 1] = found[(i - 1) * #columns + k] end
  end
  return frame(df, rows, schema)
end

method("describe", "*cols", function(self, cols)
  local names = cols.n > 0 and dataframe.names_of(cols, "cols") or nil
  return summarise(self, names, { "count", "mean", "stddev", "min", "max" })
end)
method("summary", "*statistics", function(self, statistics)
  local list = dataframe.names_of(statistics, "statistics")
  if #list == 0 then list = { "count", "mean", "stddev", "min", "25%", "50%", "75%", "max" } end
  return summarise(self, nil, list)
end)

-- ---- quantiles, moments ------------------------------------------------------------------------------------------

local function need_text(v, name)
  if type(v) == "string" then return v end
  errors.raise("NOT_EXPECTED_TYPE", { arg_name = name, expected_type = "str", arg_type = arguments.type_name(v) })
end

local function need_numeric(df, at, name, what)
  if NUMERIC[df.schema.fields[at].type.__id] then return end
  errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = what,
    problem = ("column '%s' is no number but %s"):format(name, df.schema.fields[at].type:simpleString()) },
    { class = "IllegalArgumentException" })
end

local function probabilities_of(list)
  if type(list) ~= "table" or getmetatable(list) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "probabilities", expected_type = "list or tuple",
      arg_type = arguments.type_name(list) })
  end
  local out = {}
  for i, p in ipairs(list) do
    if type(p) ~= "number" or p < 0 or p > 1 then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = "probabilities", expected_type = "list[float, int]",
        arg_type = arguments.type_name(p) })
    end
    out[i] = p + 0.0
  end
  return out
end

method("approxQuantile", "col:any, probabilities:any, relativeError:number", function(self, col, list, relative)
  if type(col) ~= "string" and (type(col) ~= "table" or getmetatable(col)) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "col", expected_type = "list, str or tuple",
      arg_type = arguments.type_name(col) })
  end
  local names = type(col) == "string" and { col } or dataframe.names_of(col, "columns")
  local probabilities = probabilities_of(list)
  if relative < 0 then
    errors.raise("NEGATIVE_VALUE", { arg_name = "relativeError", arg_value = tostring(relative) })
  end
  local accuracy = relative == 0 and 2147483647 or math.max(1, math.floor(1 / relative))
  if relative >= 1 then for i in ipairs(probabilities) do probabilities[i] = 0.0 end end -- any value will do: the first
  local exprs = {}
  for i, at in ipairs(positions(self, names)) do
    need_numeric(self, at, names[i], "approxQuantile")
    local c = cast(column_at(self, at, names[i]), types.DoubleType())
    local clean = call("nanvl", c, cast(lit(nil), types.DoubleType()))
    exprs[i] = alias(call("percentile_approx", clean, column.literal(probabilities), lit(accuracy)), "q" .. i)
  end
  local found, out = aggregate(self, exprs), {}
  for i in ipairs(names) do out[i] = found[i] or {} end
  return type(col) == "string" and out[1] or out
end)

local function pair(name, fname)
  return function(self, a, b)
    need_text(a, "col1")
    need_text(b, "col2")
    local at, nodes = missing.positions(self, { a, b }), {}
    for i, p in ipairs(at) do
      need_numeric(self, p, i == 1 and a or b, name)
      -- NULL counts as 0, as in Spark
      nodes[i] = call("coalesce", cast(column_at(self, p), types.DoubleType()), lit(0.0))
    end
    return aggregate(self, { alias(call(fname, nodes[1], nodes[2]), "v") })[1]
  end
end
local corr, cov = pair("corr", "corr"), pair("cov", "covar_samp")
method("corr", "col1:any, col2:any, method:string?", function(self, a, b, how)
  if how ~= nil and how ~= "pearson" then
    errors.raise("VALUE_NOT_ALLOWED", { arg_name = "method", allowed_values = "['pearson']" })
  end
  return corr(self, a, b) or 0 / 0
end)
method("cov", "col1:any, col2:any", function(self, a, b) return cov(self, a, b) or 0.0 end)

-- ---- tables of counts --------------------------------------------------------------------------------------------

method("crosstab", "col1:any, col2:any", function(self, a, b)
  need_text(a, "col1")
  need_text(b, "col2")
  local at, nodes = positions(self, { a, b }), {}
  for i, p in ipairs(at) do
    local text = cast(column_at(self, p), types.StringType())
    nodes[i] = alias(call("coalesce", text, lit "null"), "c" .. i)
  end
  local counted = derive(self, { kind = "project", exprs = nodes }):groupBy("c1", "c2"):count():collect()
  local rows, at_row, at_column = {}, {}, {}
  for _, r in ipairs(counted) do at_column[r[2]], at_row[r[1]] = true, at_row[r[1]] or {} end
  local columns = arguments.sorted_keys(at_column)
  for _, r in ipairs(counted) do at_row[r[1]][r[2]] = r[3] end
  local schema = types.StructType():add(a .. "_" .. b, types.StringType())
  for _, name in ipairs(columns) do schema:add(name, types.LongType()) end
  for i, key in ipairs(arguments.sorted_keys(at_row)) do
    rows[i] = { key }
    for k, name in ipairs(columns) do rows[i][k + 1] = at_row[key][name] or 0 end
  end
  return frame(self, rows, schema)
end)

method("freqItems", "cols:any, support:number?", function(self, cols, support)
  if type(cols) ~= "table" or getmetatable(cols) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "cols", expected_type = "list or tuple",
      arg_type = arguments.type_name(cols) })
  end
  if support == nil or support == 0 then support = 0.01 end
  if support < 1e-4 or support > 1 then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "freqItems", problem = "support lies between 0.0001 and 1" },
      { class = "IllegalArgumentException" })
  end
  local names = dataframe.names_of(cols, "cols")
  local exprs, schema = {}, types.StructType()
  for i, at in ipairs(positions(self, names)) do
    exprs[i] = alias(column_at(self, at, names[i]), names[i])
    schema:add(names[i] .. "_freqItems", types.ArrayType(self.schema.fields[at].type))
  end
  local most = math.floor(1 / support)
  local wanted = derive(self, { kind = "project", exprs = exprs })
  return frame(self, { core.frequent(wanted[PLAN], most, self:count() // 2) }, schema)
end)

method("sampleBy", "col:any, fractions:map|list, seed:integer?", function(self, col, fractions, seed)
  local key = column.node(col, "col")
  local args = {}
  for _, p in ipairs(arguments.pairs_list(fractions, "fractions")) do
    if type(p[2]) ~= "number" or p[2] < 0 or p[2] > 1 then
      errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "sampleBy",
        problem = ("the fraction of %s lies between 0 and 1"):format(tostring(p[1])) },
        { class = "IllegalArgumentException" })
    end
    args[#args + 1], args[#args + 2] = call("<=>", key, column.literal(p[1])), lit(p[2] + 0.0)
  end
  args[#args + 1] = lit(0.0)
  local fraction = #args > 1 and { kind = "call", name = "when", args = args } or args[1]
  local rand = call("rand", lit(math.tointeger(seed or os.time())))
  return derive(self, { kind = "filter", exprs = { call("<", rand, fraction) } })
end)

local NAMES = { approxQuantile = true, corr = true, cov = true, crosstab = true, freqItems = true, sampleBy = true }
--- df.stat
function M.accessor(df)
  return setmetatable({}, { __name = "DataFrameStatFunctions", __index = function(_, key)
    if not NAMES[key] then errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "stat." .. tostring(key) }) end
    return function(_, ...) return methods[key](df, ...) end
  end })
end

return M
