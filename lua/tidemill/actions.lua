--- What runs a DataFrame: collect, count, show, iterators, explain and their like.
local arguments = require "tidemill.arguments"
local column = require "tidemill.column"
local core = require "tidemill.core"
local dataframe = require "tidemill.dataframe"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local types = require "tidemill.types"
local PLAN, SESSION, HANDLE, STATE = internal.plan, internal.session, internal.handle, internal.state

local method, derive = dataframe.method, dataframe.derive

local function lit(v) return { kind = "literal", value = v } end
local function call(name, ...) return { kind = "call", name = name, args = { ... } } end
local function alias(node, name) return { kind = "alias", args = { node }, parts = { name } } end
local function limited(self, n) return derive(self, { kind = "limit", exprs = { lit(math.tointeger(n)) } }) end

-- Run f over the plan of df. A streaming query whose table it reads goes on first.
local function run(f, df)
  local session = df[SESSION]
  if session[STATE].streams then require "tidemill.streaming".before_read(session, df[PLAN]) end
  return f(df[PLAN])
end

-- ---- rows --------------------------------------------------------------------------------------------------------

method("collect", "", function(self) return run(core.collect, self) end)
method("count", "", function(self)
  local counted = derive(self, { kind = "aggregate", keys = {}, grouping = "plain",
    exprs = { alias({ kind = "call", name = "count", args = { lit(1) }, star = true }, "count") } })
  return run(core.collect, counted)[1][1]
end)
method("take", "num:integer", function(self, n) return limited(self, n):collect() end)
method("head", "n:integer?", function(self, n)
  if n == nil then return limited(self, 1):collect()[1] end
  return limited(self, n):collect()
end)
method("first", "", function(self) return limited(self, 1):collect()[1] end)
method("tail", "num:integer", function(self, n)
  return derive(self, { kind = "tail", exprs = { lit(math.max(math.tointeger(n), 0)) } }):collect()
end)
method("isEmpty", "", function(self) return #limited(self, 1):collect() == 0 end)

--- for i, row in df:toLocalIterator() do .. end; closes itself at the end, on break and on errors.
method("toLocalIterator", "prefetchPartitions:boolean?", function(self)
  local reader = run(core.rows, self)
  return reader.row, reader, nil, reader
end)
--- for i, a, b in df:rows() do .. end: the values of a row as they are.
method("rows", "", function(self)
  local reader = run(core.rows, self)
  return reader.values, reader, nil, reader
end)

--- The rows as an Arrow C stream: a handle whose userdata begins with a struct ArrowArrayStream.
method("toArrow", "", function(self) return run(core.arrow_out, self) end)

local Batch = { __name = "Batch" }
local Vector = { __name = "BatchColumn" }
function Vector:__len() return self.batch.n end
function Vector:__index(key)
  if math.type(key) == "integer" then
    local batch = rawget(self, "batch")
    return batch.reader:value(batch.mark, rawget(self, "at"), key < 0 and batch.n + 1 + key or key)
  end
  return Vector[key]
end
--- The sum of the values that are not NULL, and their number.
function Vector:sum()
  local batch = self.batch
  return batch.reader:sum(batch.mark, self.at)
end
function Vector:values()
  local out = { n = self.batch.n }
  for i = 1, out.n do out[i] = self[i] end
  return out
end

Batch.__index = Batch
function Batch:__len() return self.n end
--- A column by position or name.
function Batch:column(key)
  local at = key
  if type(key) == "string" then
    at = nil
    for i, name in ipairs(self.names) do at = at or name == key and i or nil end
  end
  if math.type(at) ~= "integer" or at < 1 or at > #self.names then
    errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "column " .. tostring(key) })
  end
  return setmetatable({ batch = self, at = at }, Vector)
end

--- for i, batch in df:batches() do .. end: up to 2,048 rows at a time; a batch lasts until the next one.
method("batches", "", function(self)
  local reader, names, i = run(core.rows, self), self.columns, 0
  return function()
    local n, mark = reader:batch()
    if not n then return nil end
    i = i + 1
    return i, setmetatable({ reader = reader, mark = mark, n = n, names = names }, Batch)
  end, nil, nil, reader
end)

-- What is no function fails where it is called, as Spark's workers do.
local function callable(f, name)
  local mt = getmetatable(f)
  if type(f) == "function" or type(mt) == "table" and mt.__call then return end
  errors.raise("FAILED_EXECUTE_UDF", { functionName = "`" .. name .. "`", signature = "", result = "",
    reason = "not callable" }, { class = "SparkException", sqlState = "39000",
    message = ("%s calls its argument, but a %s is no function."):format(name, arguments.type_name(f)) })
end

method("foreach", "f", function(self, f)
  for _, row in self:toLocalIterator() do
    callable(f, "foreach")
    f(row)
  end
end)
--- f gets an iterator of Rows: for i, row in it do .. end.
method("foreachPartition", "f", function(self, f)
  callable(f, "foreachPartition")
  local reader <close> = run(core.rows, self)
  f(function() return reader:row() end)
end)

method("toJSON", "use_unicode:boolean?", function(self)
  local all = { kind = "star", parts = {} }
  return derive(self, { kind = "project", exprs = { alias(call("to_json", call("struct", all)), "value") } })
end)

-- ---- texts -------------------------------------------------------------------------------------------------------

local function check(name, v, kinds, expected)
  if not kinds[math.type(v) or type(v)] then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = name, expected_type = expected, arg_type = arguments.type_name(v) })
  end
end

-- The characters that are shown of a value, 0 for all: as in PySpark a fraction or a text of a whole number is one.
local function truncate_at(truncate)
  if truncate == true then return 20 elseif truncate == false then return 0 end
  return arguments.whole(truncate) or check("truncate", truncate, {}, "bool")
end

--- Prints the first n rows as Spark does. truncate: true cuts at 20 characters, a number there, false not.
method("show", "n?, truncate?, vertical?", function(self, n, truncate, vertical)
  if n == nil then n = 20 end
  if truncate == nil then truncate = true end
  check("n", n, { integer = true }, "int")
  if vertical ~= nil then check("vertical", vertical, { boolean = true }, "bool") end
  truncate = truncate_at(truncate)
  n = math.max(n, 0)
  local cells = run(core.texts, limited(self, n + 1))
  io.write(require "tidemill.show".text(self.columns, cells, n, truncate, vertical))
end)

method("printSchema", "level:integer?", function(self, level)
  io.write(self.schema:treeString(level), "\n")
end)

local MODES = { "simple", "extended", "codegen", "cost", "formatted", "metrics" }
local is_mode = {}
for _, mode in ipairs(MODES) do is_mode[mode] = true end

--- Prints the plan. explain() or explain "simple": the physical plan; explain(true) or explain "extended": the parsed,
--- analyzed and optimized plans before it; explain "cost": the optimized plan with the bytes and rows expected;
--- explain "formatted": the operators by number, then what each of them is given; explain "codegen": the programs
--- that compute their expressions. explain "metrics" runs the plan and tells of each operator the rows it gave, the
--- time in it (added up over threads), the most memory in use since it began, and bytes spilled.
method("explain", "extended?, mode?", function(self, extended, mode)
  if extended ~= nil and mode ~= nil then
    errors.raise("CANNOT_SET_TOGETHER", { arg_list = "extended and mode" })
  end
  if extended ~= nil then check("extended", extended, { string = true, boolean = true }, "bool or str") end
  if mode ~= nil then check("mode", mode, { string = true }, "str") end
  mode = mode or extended or "simple"
  if mode == true then mode = "extended" end
  if not is_mode[mode:lower()] then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "explain", problem = ("there is no mode '%s'; modes are '%s'")
      :format(mode, table.concat(MODES, "', '")) }, { class = "IllegalArgumentException" })
  end
  io.write(self[PLAN]:explain(mode:lower()), "\n")
end)

--- A line a column: name, type, NULLs and the first values.
method("glimpse", "n:integer?", function(self, n)
  local columns, fields = self.columns, self.schema.fields
  local nulls = {}
  for i, name in ipairs(columns) do
    nulls[i] = alias(call("count_if", call("isnull", dataframe.column_at(self, i, name))), name)
  end
  nulls[#nulls + 1] = alias({ kind = "call", name = "count", args = { lit(1) }, star = true }, "rows")
  local counted = run(core.collect, derive(self, { kind = "aggregate", keys = {}, exprs = nulls, grouping = "plain" }))
  local cells, show = run(core.texts, limited(self, n or 8)), require "tidemill.show"
  local width = 4
  for _, name in ipairs(columns) do width = math.max(width, show.width(name)) end
  io.write(("%d rows, %d columns\n"):format(counted[1][#columns + 1], #columns))
  for i, name in ipairs(columns) do
    local values = {}
    for k, row in ipairs(cells) do values[k] = show.cut(show.escape(row[i]), 20) end
    io.write(("%s%s  %-12s %6d NULL  %s\n"):format(name, (" "):rep(width - show.width(name)),
      fields[i].type:simpleString(), counted[1][i], table.concat(values, ", ")))
  end
end)

-- ---- about the plan ----------------------------------------------------------------------------------------------

-- What a command answers is there already.
method("isLocal", "", function(self)
  return self[PLAN]:explain "extended":find "^== Parsed Logical Plan ==\n'Command\n" ~= nil
end)
method("inputFiles", "", function(self) return self[PLAN]:files() end)

-- The plan's text without the numbers that tell its columns from others', and what it reads.
local function canonical(self)
  return self[PLAN]:explain "simple":gsub("#%d+", "#"):gsub(" AS [%w_`.]+", "") .. self[PLAN]:leaves()
end
method("sameSemantics", "other", function(self, other)
  if not dataframe.is(other) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "other", expected_type = "DataFrame",
      arg_type = arguments.type_name(other) })
  end
  return canonical(self) == canonical(other)
end)
method("semanticHash", "", function(self)
  local h = 0
  for i = 1, #canonical(self) do h = (h * 31 + canonical(self):byte(i)) & 0x7fffffff end
  return h
end)

method("exists", "", function(self) return column.wrap { kind = "exists", query = self[PLAN] } end)
method("scalar", "", function(self) return column.wrap { kind = "scalar_query", query = self[PLAN] } end)

method("zipWithIndex", "indexColName:string?", function(self, name)
  local window = { partition = {}, order = { { kind = "sort", args = { call "monotonically_increasing_id" },
    descending = false, nulls_first = true } } }
  local number = { kind = "window", args = { call "row_number" }, window = window }
  local index = { kind = "cast", args = { call("-", number, lit(1)) }, target = types.LongType(), mode = "ansi" }
  return derive(self, { kind = "project", exprs = { { kind = "star", parts = {} }, alias(index, name or "index") } })
end)

-- Types as Scala prints them: StructType(StructField(a,IntegerType,false)).
local function scala(t)
  local parts = {}
  if t.__id == "struct" then
    for i, f in ipairs(t.fields) do
      parts[i] = ("StructField(%s,%s,%s)"):format(f.name, scala(f.type), f.nullable)
    end
    return "StructType(" .. table.concat(parts, ",") .. ")"
  elseif t.__id == "array" then return ("ArrayType(%s,%s)"):format(scala(t.element), t.containsNull)
  elseif t.__id == "map" then
    return ("MapType(%s,%s,%s)"):format(scala(t.key), scala(t.value), t.valueContainsNull)
  end
  return (tostring(t):gsub("%(%)$", ""))
end

local NESTED = { struct = true, array = true, map = true }

-- The type that columns have in common, without making texts of numbers.
local function common_type(self, others, fields)
  local all, text
  for _, o in ipairs(others) do
    local t = fields[o[1]].type
    if all and (t.__id == "string") ~= text then
      local quoted = function(kind) return '"' .. core.type_text(kind, "sql") .. '"' end
      errors.raise("TRANSPOSE_NO_LEAST_COMMON_TYPE", { dt1 = quoted(all), dt2 = quoted(t) }, {
        class = "AnalysisException", sqlState = "42K09", message = "The columns have no type in common." })
    end
    text = t.__id == "string"
    local both = { dataframe.column_at(self, o[1], o[2]) }
    if all then both[2] = { kind = "cast", args = { lit(nil) }, target = all, mode = "ansi" } end
    all = derive(self, { kind = "project", exprs = { alias({ kind = "call", name = "coalesce", args = both }, "v") } })
      .schema.fields[1].type
  end
  return all
end

-- Rows become columns: the index column's values name them.
method("transpose", "indexColumn?", function(self, index)
  local at = 1
  if index ~= nil then
    local name = type(index) == "string" and index or column.show(column.node(index, "indexColumn"))
    at = self[PLAN]:find(name) + 1
    if at < 1 then return self:select(name) end -- raises with candidates
  end
  local others, fields = {}, self.schema.fields
  if NESTED[fields[at].type.__id] then
    errors.raise("TRANSPOSE_INVALID_INDEX_COLUMN", { reason = "Index column must be of atomic type, but found: "
      .. scala(fields[at].type) }, { class = "AnalysisException", sqlState = "42804",
      message = "The values of the index column become names: it is of a simple type." })
  end
  for i, f in ipairs(fields) do if i ~= at then others[#others + 1] = { i, f.name } end end
  local schema = types.StructType():add("key", types.StringType(), false)
  local common = common_type(self, others, fields)
  local rows, out = self:collect(), {}
  local place = {}
  for i, r in ipairs(rows) do place[r] = i end
  table.sort(rows, function(a, b)
    local x, y = a[at], b[at]
    if x == y then return place[a] < place[b] end
    return x ~= nil and (y == nil or x < y)
  end)
  while #rows > 0 and rows[#rows][at] == nil do rows[#rows] = nil end
  for _, r in ipairs(rows) do schema:add(tostring(r[at]), common or types.StringType()) end
  for i, o in ipairs(others) do
    out[i] = { n = #rows + 1, o[2] }
    for k, r in ipairs(rows) do
      local v = r[o[1]]
      if v ~= nil and common.__id == "string" and type(v) ~= "string" then v = tostring(v) end
      out[i][k + 1] = v
    end
  end
  return dataframe.wrap(self[SESSION], require "tidemill.rows_in".plan(self[SESSION][HANDLE], out, schema))
end)

return true
