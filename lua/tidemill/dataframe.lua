--- DataFrame: PySpark's methods, each a description of a plan node that the core analyses at the call.
local arguments = require "tidemill.arguments"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local similar = require "tidemill.similar"
local types = require "tidemill.types"
local NODE, PLAN, SESSION = internal.node, internal.plan, internal.session
local HANDLE, STATE = internal.handle, internal.state

local M = {}
local DataFrame = { __name = "DataFrame" }
local methods, properties = {}, {}
M.methods, M.properties = methods, properties

function M.wrap(session, plan) return setmetatable({ [PLAN] = plan, [SESSION] = session }, DataFrame) end
function M.is(v) return getmetatable(v) == DataFrame end

--- A DataFrame over a node; `child` is set to this one unless the node has children.
local function derive(self, node)
  node.child = node.child or { self[PLAN] }
  return M.wrap(self[SESSION], core.plan(self[SESSION][HANDLE], node))
end
M.derive = derive

local function method(name, signature, body) methods[name] = arguments.method("DataFrame", name, signature, body) end
M.method = method

local function lit(v) return { kind = "literal", value = v } end
local function call(name, ...) return { kind = "call", name = name, args = { ... } } end
local function alias(node, name, metadata)
  return { kind = "alias", args = { node }, parts = { name }, metadata = metadata }
end

--- The i-th column (from 1) as a resolved node.
local function column_at(self, i, name)
  return { kind = "column", plan = self[PLAN], index = i - 1, name = name or self.columns[i] }
end
M.column_at = column_at

-- The column of exactly this name; dots and SQL are not looked at.
local function exact(self, name)
  local at = self[PLAN]:find(name)
  if at >= 0 then return column_at(self, at + 1, name) end
  return { kind = "text", name = name }
end
M.exact = exact

local function names_of(list, what, expected)
  local out = {}
  for i = 1, list.n or #list do
    if column.is(list[i]) and what ~= "subset" then
      errors.raise("NOT_ITERABLE", { objectName = "Column" }, { hint = "by its name" })
    end
    if type(list[i]) ~= "string" then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = what, expected_type = expected or "str",
        arg_type = arguments.type_name(list[i]) })
    end
    out[i] = list[i]
  end
  return out
end
M.names_of = names_of

local function one_or_list(v)
  if v == nil then return nil end
  if type(v) == "table" and not getmetatable(v) then return v end
  return { v }
end
M.one_or_list = one_or_list

-- ---- columns -----------------------------------------------------------------------------------------------------

method("select", "*cols", function(self, cols)
  local exprs = column.nodes(cols, "cols")
  for i, node in ipairs(exprs) do exprs[i] = column.item(node) end
  return derive(self, { kind = "project", exprs = exprs })
end)

method("selectExpr", "*expr", function(self, list)
  local exprs = {}
  for i, text in ipairs(names_of(list, "expr")) do exprs[i] = { kind = "text", name = text, sql = true } end
  return derive(self, { kind = "project", exprs = exprs })
end)

local function where(self, condition)
  return derive(self, { kind = "filter", exprs = { column.condition(condition, "condition") } })
end
method("filter", "condition?", where)
method("where", "condition?", where)

local function need_column(v, what)
  if not column.is(v) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = what, expected_type = "Column", arg_type = arguments.type_name(v) })
  end
  return v[NODE]
end

method("withColumn", "colName:string, col", function(self, name, col)
  return derive(self, { kind = "with_columns", exprs = { alias(need_column(col, "col"), name) } })
end)
method("withColumns", "colsMap:map|list", function(self, map)
  local exprs = {}
  for i, pair in ipairs(arguments.pairs_list(map, "colsMap")) do exprs[i] = alias(column.node(pair[2]), pair[1]) end
  return derive(self, { kind = "with_columns", exprs = exprs })
end)
method("withColumnRenamed", "existing:string, new:string", function(self, old, new)
  return derive(self, { kind = "rename", columns = { old, new } })
end)
method("withColumnsRenamed", "colsMap:map|list", function(self, map)
  local columns = {}
  for _, pair in ipairs(arguments.pairs_list(map, "colsMap")) do
    names_of({ pair[1], pair[2], n = 2 }, "colsMap")
    columns[#columns + 1] = pair[1]
    columns[#columns + 1] = pair[2]
  end
  return derive(self, { kind = "rename", columns = columns })
end)
method("withMetadata", "columnName:string, metadata:table", function(self, name, metadata)
  return derive(self, { kind = "with_columns",
    exprs = { alias(self:col(name)[NODE], name, require "cjson".encode(metadata)) } })
end)

method("drop", "*cols", function(self, cols)
  local exprs = {}
  for i = 1, cols.n do
    local c = cols[i]
    exprs[i] = type(c) == "string" and { kind = "text", name = c } or column.node(c)
  end
  return derive(self, { kind = "drop", exprs = exprs })
end)

method("toDF", "*cols", function(self, cols)
  return derive(self, { kind = "alias", columns = names_of(cols, "cols", "list[str]") })
end)

-- ---- the columns of a schema -------------------------------------------------------------------------------------

-- Are two names one, by the setting of the session?
local function same_name(self)
  if self[SESSION].conf:get "spark.sql.caseSensitive" == "true" then return function(a, b) return a == b end end
  return function(a, b) return a:lower() == b:lower() end
end

local function sql_type(t) return '"' .. core.type_text(t, "sql") .. '"' end
local function quoted_path(path)
  local out = {}
  for i, part in ipairs(path) do out[i] = "`" .. part:gsub("`", "``") .. "`" end
  return table.concat(out, ".")
end
local function below(path, part)
  local out = table.move(path, 1, #path, 1, {})
  out[#out + 1] = part
  return out
end
local function need_null(path, from, to)
  if not from or to then return end
  errors.raise("NULLABLE_COLUMN_OR_FIELD", { name = quoted_path(path) }, { class = "AnalysisException",
    sqlState = "42000", message = ("%s may be NULL, the schema says NOT NULL."):format(quoted_path(path)) })
end

local reshaped

-- The fields of a struct by name, in the order asked for; NULL for those that are not there.
local function struct_of(self, node, from, to, path)
  local same = same_name(self)
  local args = {}
  for _, f in ipairs(to.fields) do
    local own
    for _, g in ipairs(from.fields) do if same(g.name, f.name) then own = own or g end end
    if not own and not f.nullable then
      local names = {}
      for i, g in ipairs(from.fields) do names[i] = "`" .. g.name .. "`" end
      errors.raise("UNRESOLVED_FIELD.WITH_SUGGESTION", { fieldName = "`" .. f.name .. "`",
        columnPath = quoted_path(path), proposal = table.concat(names, ", ") }, { class = "AnalysisException",
        sqlState = "42703", message = ("%s has no field `%s`."):format(quoted_path(path), f.name) })
    end
    args[#args + 1] = lit(f.name)
    args[#args + 1] = own and reshaped(self, { kind = "extract", args = { node, lit(own.name) } }, own, f,
      below(path, f.name)) or { kind = "cast", args = { lit(nil) }, target = f.type, mode = "ansi" }
  end
  return { kind = "call", name = "named_struct", args = args }
end

-- Does a type hold structs that are to be put together anew?
local function holds_struct(t)
  if t.__id == "struct" then return true end
  return t.__id == "array" and holds_struct(t.element)
end

-- A value of a field `from` as one of the field `to`: cast where that loses nothing.
function reshaped(self, node, from, to, path)
  need_null(path, from.nullable, to.nullable)
  local a, b = from.type, to.type
  if a.__id == "struct" and b.__id == "struct" then
    local made = struct_of(self, node, a, b, path)
    return from.nullable and call("when", call("isnotnull", node), made) or made
  end
  if a.__id == "array" and b.__id == "array" and holds_struct(a) and holds_struct(b) then
    local at = below(path, "element")
    local each = { kind = "name", parts = { "x" .. #path } }
    local body = reshaped(self, each, { type = a.element, nullable = a.containsNull },
      { type = b.element, nullable = b.containsNull }, at)
    return call("transform", node, { kind = "lambda", parts = { "x" .. #path }, args = { body } })
  end
  if a ~= b and not core.can_store(a, b) then
    errors.raise("INVALID_COLUMN_OR_FIELD_DATA_TYPE", { name = quoted_path(path), type = sql_type(a),
      expectedType = sql_type(b) }, { class = "AnalysisException", sqlState = "42000",
      message = ("%s is %s, which does not become %s."):format(quoted_path(path), sql_type(a), sql_type(b)) })
  end
  return { kind = "cast", args = { node }, target = b, mode = "ansi" }
end

-- The column of a schema's field, by name; one that is not there is NULL.
local function fitted(self, f)
  local at = self[PLAN]:find(f.name)
  if at == -1 and f.nullable then
    return { kind = "cast", args = { lit(nil) }, target = f.type, mode = "ansi" }
  end
  if at == -1 then M.unresolved(self, f.name) end
  if at < 0 then return exact(self, f.name) end
  return reshaped(self, column_at(self, at + 1), self.schema.fields[at + 1], f, { f.name })
end

method("to", "schema", function(self, schema)
  if not types.is(schema) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "schema", expected_type = "StructType",
      arg_type = arguments.type_name(schema) }, { class = "PySparkAttributeError", hint = "types.fromDDL \"a INT\"" })
  end
  local exprs = {}
  for i, f in ipairs(schema.fields) do exprs[i] = alias(fitted(self, f), f.name) end
  return derive(self, { kind = "project", exprs = exprs })
end)

--- The place (from 0) of the column that a name stands for: dots lead into structs, back quotes protect them. -1: none,
-- -2: several.
function M.place(self, name)
  local node = column.name_node(name)
  return node.kind == "name" and #node.parts == 1 and self[PLAN]:find(node.parts[1]) or -1, node
end

--- The node of a name that leads into a column of structs; nil where it is none.
function M.path(self, name)
  local node = column.name_node(name)
  if node.kind ~= "name" or #node.parts < 2 or self[PLAN]:find(node.parts[1]) < 0 then return nil end
  return pcall(derive, self, { kind = "project", exprs = { node } }) and node or nil
end

-- A column by name, or a path into structs; "*" all of this DataFrame.
method("col", "name:string", function(self, name)
  local at, node = M.place(self, name)
  if at >= 0 then return column.wrap(column_at(self, at + 1, node.parts[1])) end -- the name as it is written
  if node.kind == "star" and #node.parts == 0 then
    local all = {}
    for i, c in ipairs(self.columns) do all[i] = column_at(self, i, c) end
    return column.wrap { kind = "star", parts = {}, of = all }
  end
  local fine, e = pcall(derive, self, { kind = "project", exprs = { node } })
  if not fine and e.condition == "UNRESOLVED_COLUMN.WITH_SUGGESTION" then M.unresolved(self, name) end
  if not fine then error(e, 0) end
  if node.kind ~= "name" or self[PLAN]:find(node.parts[1]) < 0 then return column.wrap(node) end
  return column.wrap(alias(node, node.parts[#node.parts])) -- the part of a struct goes by its name
end)

-- Hidden columns of a source; there are none here.
method("metadataColumn", "colName:string", function(_, name)
  errors.raise("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", { objectName = "`" .. name .. "`" }, {
    class = "AnalysisException", sqlState = "42703", message = ("There is no metadata column `%s`."):format(name) })
end)

-- A pattern in back quotes stands for all columns whose whole name it matches, case ignored: a star without the others.
method("colRegex", "colName:string", function(self, pattern)
  local body = pattern:match "^`(.*)`$"
  if not body then return self:col(pattern) end
  local rows, of = {}, {}
  for i, name in ipairs(self.columns) do rows[i] = { i, name } end
  local plan = require "tidemill.rows_in".plan(self[SESSION][HANDLE], rows, "at INT, name STRING")
  local names = M.wrap(self[SESSION], plan)
  local matched = call("rlike", { kind = "name", parts = { "name" } }, lit("(?i)^(?:" .. body .. ")$"))
  for i, r in ipairs(names:where(column.wrap(matched)):collect()) do of[i] = column_at(self, r[1], r[2]) end
  return column.wrap { kind = "star", parts = {}, of = of, regex = true }
end)

-- ---- rows --------------------------------------------------------------------------------------------------------

method("distinct", "", function(self) return derive(self, { kind = "dedup" }) end)

-- All columns of a name: dropDuplicates takes them together.
local function add_named(self, keys, name)
  local columns, found = self.columns, false
  local same = same_name(self)
  for i, c in ipairs(columns) do
    if same(c, name) then
      keys[#keys + 1] = column_at(self, i, c)
      found = true
    end
  end
  if found then return end
  errors.raise("UNRESOLVED_COLUMN_AMONG_FIELD_NAMES", { colName = name, fieldNames = table.concat(columns, ", ") }, {
    class = "AnalysisException", sqlState = "42703", candidates = similar.near(name, columns),
    message = ("There is no column `%s` among (%s)."):format(name, table.concat(columns, ", ")) })
end

local function dedup(within)
  return function(self, subset)
    local keys
    if subset ~= nil then
      if type(subset) ~= "table" then
        errors.raise("NOT_EXPECTED_TYPE", { arg_name = "subset", expected_type = "list or tuple",
          arg_type = arguments.type_name(subset) })
      end
      keys = {}
      if (subset.n or #subset) == 0 then return self:limit(1) end -- all rows are equal in no column
      for _, name in ipairs(names_of(subset, "subset")) do add_named(self, keys, name) end
    end
    return derive(self, { kind = "dedup", keys = keys, within_watermark = within })
  end
end
method("dropDuplicates", "subset?", dedup(false))
method("drop_duplicates", "subset?", dedup(false))
method("dropDuplicatesWithinWatermark", "subset?", dedup(true))

local function sort_key(self, v)
  if math.type(v) == "integer" then
    if v == 0 then errors.raise("ZERO_INDEX", {}) end
    if v > #self.columns or v < -#self.columns then
      errors.raise("INDEX_OUT_OF_RANGE", { arg_name = "DataFrame", index = tostring(v) })
    end
    return { kind = "sort", args = { column_at(self, math.abs(v)) }, descending = v < 0, nulls_first = v > 0 }
  end
  if not column.is(v) and type(v) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { expected_type = "Column, int or str", arg_name = "col",
      arg_type = arguments.type_name(v) })
  end
  local node = column.node(v, "cols")
  if node.kind == "sort" then return node end
  return { kind = "sort", args = { node }, descending = false, nulls_first = true }
end

local function sorter(name, global)
  return function(self, ...)
    local cols, n = { ... }, select("#", ...)
    if not M.is(self) then methods.count(self) end
    local last, ascending = cols[n], nil
    if type(last) == "table" and not getmetatable(last) and arguments.shape(last) == "map" then
      for k in pairs(last) do
        if k ~= "ascending" then
          errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = name,
            problem = ("unknown argument '%s'%s"):format(k, similar.suffix(k, { "ascending" })) })
        end
      end
      ascending, cols[n], n = last.ascending, nil, n - 1
    end
    if n == 1 and type(cols[1]) == "table" and not getmetatable(cols[1]) then
      cols, n = cols[1], #cols[1]
      if n == 0 then return self end
    end
    local kind = ascending ~= nil and (math.type(ascending) or type(ascending)) or "nil"
    if not ({ ["nil"] = true, boolean = true, integer = true, table = true })[kind] then
      errors.raise("NOT_EXPECTED_TYPE", { expected_type = "Column, int or str", arg_name = "ascending",
        arg_type = arguments.type_name(ascending) })
    end
    if n == 0 then
      errors.raise("CANNOT_BE_EMPTY", { item = "cols" })
    end
    local keys = {}
    for i = 1, n do
      keys[i] = sort_key(self, cols[i])
      local up = ascending
      if type(ascending) == "table" then up = ascending[i] end
      if up == false or up == 0 then
        keys[i] = { kind = "sort", args = keys[i].args, descending = true, nulls_first = false }
      end
    end
    return derive(self, { kind = "sort", exprs = keys, global = global })
  end
end
methods.sort, methods.orderBy = sorter("sort", true), sorter("orderBy", true)
methods.sortWithinPartitions = sorter("sortWithinPartitions", false)

method("limit", "num:integer", function(self, n)
  return derive(self, { kind = "limit", exprs = { lit(math.tointeger(n)) } })
end)
method("offset", "num:integer", function(self, n)
  return derive(self, { kind = "limit", exprs = { false, lit(math.tointeger(n)) } })
end)

-- ---- two DataFrames ----------------------------------------------------------------------------------------------

local JOINS = {
  inner = "inner", cross = "cross", outer = "full", full = "full", fullouter = "full", left = "left",
  leftouter = "left", right = "right", rightouter = "right", semi = "semi", leftsemi = "semi", anti = "anti",
  leftanti = "anti",
}
local LATERAL = { inner = "inner", cross = "cross", left = "left", leftouter = "left" }
local SUPPORTED = { -- in Spark's order
  [JOINS] = "'inner', 'outer', 'full', 'fullouter', 'full_outer', 'leftouter', 'left', 'left_outer', 'rightouter', "
    .. "'right', 'right_outer', 'leftsemi', 'left_semi', 'semi', 'leftanti', 'left_anti', 'anti', 'cross'",
  [LATERAL] = "'inner', 'leftouter', 'left', 'left_outer', 'cross'",
}

local function join_kind(how, lateral)
  local known = lateral and LATERAL or JOINS
  local kind = known[(how or "inner"):lower():gsub("_", "")]
  if not kind then
    local names = arguments.sorted_keys(known)
    errors.raise("UNSUPPORTED_JOIN_TYPE", { typ = how, supported = SUPPORTED[known] }, {
      class = "AnalysisException", sqlState = "0A000", candidates = similar.near(how, names),
      message = ("There is no join type '%s'%s."):format(how, similar.suffix(how, names)) })
  end
  return kind
end

local function join_condition(on)
  if on == nil then return nil, nil end
  local list = one_or_list(on)
  if #list == 0 then
    errors.raise("INDEX_OUT_OF_RANGE", { arg_name = "on", index = "0" }, { message = "`on` names no column." })
  end
  if type(list[1]) ~= "string" and type(list[1]) ~= "boolean" and not column.is(list[1]) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "on", expected_type = "Column or str",
      arg_type = arguments.type_name(list[1]) }, { class = "PySparkAssertionError" })
  end
  if type(list[1]) == "string" then
    return nil, names_of(list, "on")
  end
  local all
  for _, c in ipairs(list) do
    local node = column.condition(c, "on")
    all = all and call("and", all, node) or node
  end
  return all, nil
end

local function join(self, other, on, how, lateral)
  if how ~= nil and type(how) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "how", expected_type = "str", arg_type = arguments.type_name(how) },
      { class = "PySparkAssertionError" })
  end
  local condition, using = join_condition(on)
  return derive(self, { kind = "join", child = { self[PLAN], other[PLAN] }, join = join_kind(how, lateral),
    exprs = condition and { condition } or nil, columns = using, lateral = lateral })
end
method("join", "other:DataFrame, on?, how?", join)
method("lateralJoin", "other:DataFrame, on?, how:string?", function(self, other, on, how)
  return join(self, other, on, how, true)
end)
-- What nearestByJoin chooses among, with what Spark's messages list.
local NEAREST = {
  joinType = { inner = "inner", leftouter = "left", left = "left", supported = "'INNER', 'LEFT OUTER'" },
  mode = { approx = true, exact = true, supported = "'approx', 'exact'" },
  direction = { distance = true, similarity = true, supported = "'distance', 'similarity'" },
}

local function nearest_choice(what, condition, given)
  local known = NEAREST[what]
  local name = given:lower():gsub("_", "")
  if known[name] and name ~= "supported" then return name, known[name] end
  errors.raise("NEAREST_BY_JOIN." .. condition, { [what] = given, supported = known.supported }, {
    class = "AnalysisException", sqlState = "42604",
    message = ("nearestByJoin: %s is one of %s, not '%s'."):format(what, known.supported, given) })
end

local function nearest_count(n)
  n = math.tointeger(n < 0 and math.ceil(n) or math.floor(n))
  if n and n >= 1 and n <= 100000 then return n end
  errors.raise("NEAREST_BY_JOIN.NUM_RESULTS_OUT_OF_RANGE", { numResults = tostring(n), min = "1", max = "100000" }, {
    class = "AnalysisException", sqlState = "42604",
    message = ("nearestByJoin finds 1 to 100000 rows, not %s."):format(n) })
end

-- A lateral join with the first rows of the other side in the order of the ranking, where that is not NULL.
method("nearestByJoin",
  "other:DataFrame, rankingExpression:Column, numResults:number, mode:string, direction:string, joinType:string?",
  function(self, other, ranking, num, mode, direction, join_type)
    local _, kind = nearest_choice("joinType", "UNSUPPORTED_JOIN_TYPE", join_type or "inner")
    nearest_choice("mode", "UNSUPPORTED_MODE", mode)
    local similar_first = nearest_choice("direction", "UNSUPPORTED_DIRECTION", direction) == "similarity"
    local rank = ranking[NODE]
    local ranked = { kind = "filter", child = { other[PLAN] }, exprs = { call("isnotnull", rank) } }
    ranked = { kind = "sort", child = { ranked }, global = true, exprs = { { kind = "sort", args = { rank },
      descending = similar_first, nulls_first = not similar_first } } }
    ranked = { kind = "limit", child = { ranked }, exprs = { lit(nearest_count(num)) } }
    return derive(self, { kind = "join", child = { self[PLAN], ranked }, join = kind, lateral = true, nearest = true })
  end)
method("crossJoin", "other:DataFrame", function(self, other) return join(self, other, nil, "cross") end)

local function union(self, other)
  return derive(self, { kind = "union", child = { self[PLAN], other[PLAN] }, all = true })
end
method("union", "other:DataFrame", union)
method("unionAll", "other:DataFrame", union)
method("unionByName", "other:DataFrame, allowMissingColumns:boolean?", function(self, other, missing)
  return derive(self, { kind = "union", child = { self[PLAN], other[PLAN] }, all = true, by_name = true,
    allow_missing = missing })
end)
for name, o in pairs { intersect = { true, false }, intersectAll = { true, true }, exceptAll = { false, true },
  subtract = { false, false } } do
  method(name, "other:DataFrame", function(self, other)
    return derive(self, { kind = "set_op", child = { self[PLAN], other[PLAN] }, intersect = o[1], all = o[2] })
  end)
end

method("zip", "other:DataFrame", function(self, other)
  return derive(self, { kind = "zip", child = { self[PLAN], other[PLAN] } })
end)

-- ---- groups ------------------------------------------------------------------------------------------------------

local function grouped(kind)
  return function(self, cols) return require "tidemill.group".new(self, cols, kind) end
end
method("groupBy", "*cols", grouped "plain")
method("groupby", "*cols", grouped "plain")
method("rollup", "*cols", grouped "rollup")
method("cube", "*cols", grouped "cube")
method("groupingSets", "groupingSets:list, *cols", function(self, sets, cols)
  return require "tidemill.group".new(self, cols, "sets", sets)
end)
methods.agg = function(self, ...) return self:groupBy():agg(...) end

local function is_plain(node)
  return node.kind == "column" or node.kind == "name" or (node.kind == "text" and not node.sql)
end

-- SQL's UNPIVOT takes columns alone; expressions are columns of a frame below.
local function computed(self, keys, out)
  local all, plain = {}, true
  for _, list in ipairs { keys, out } do
    for _, node in ipairs(list) do
      plain = plain and is_plain(node)
      all[#all + 1] = node
    end
  end
  if plain then return self end
  local frame = derive(self, { kind = "project", exprs = all })
  for i in ipairs(keys) do keys[i] = column_at(frame, i) end
  for i in ipairs(out) do out[i] = column_at(frame, #keys + i) end
  return frame
end

local function unpivot(self, ids, values, variable, value)
  local keys, out, seen = {}, {}, {}
  for i, c in ipairs(one_or_list(ids) or {}) do
    keys[i] = type(c) == "string" and exact(self, c) or column.node(c, "ids")
    if type(c) == "string" then seen[c] = true end
  end
  if values ~= nil then
    if type(values) == "table" and next(values) == nil then
      errors.raise("UNPIVOT_REQUIRES_VALUE_COLUMNS", {}, { class = "AnalysisException", sqlState = "42K0A",
        message = "unpivot with an empty list of values has nothing to give." })
    end
    for i, c in ipairs(one_or_list(values)) do
      out[i] = type(c) == "string" and exact(self, c) or column.node(c, "values")
    end
  else
    for i, name in ipairs(self.columns) do if not seen[name] then out[#out + 1] = column_at(self, i, name) end end
  end
  local frame = computed(self, keys, out)
  return derive(frame, { kind = "unpivot", keys = keys, values = out, columns = { variable, value }, outer = true })
end
method("unpivot", "ids, values?, variableColumnName:string, valueColumnName:string", unpivot)
method("melt", "ids, values?, variableColumnName:string, valueColumnName:string", unpivot)

-- ---- samples -----------------------------------------------------------------------------------------------------

local function new_seed() return math.tointeger(os.time() * 1000003 + math.floor(os.clock() * 1e6)) end

local function sample(self, replacement, fraction, seed)
  return derive(self, { kind = "sample", lower = 0.0, upper = fraction + 0.0, replacement = replacement,
    seed = seed and math.tointeger(seed) or new_seed() })
end

methods.sample = function(self, a, b, c)
  if not M.is(self) then methods.count(self) end
  local replacement, fraction, seed = false, a, b
  if type(a) == "table" then
    replacement, fraction, seed = a.withReplacement or false, a.fraction, a.seed
    for k in pairs(a) do
      if k ~= "withReplacement" and k ~= "fraction" and k ~= "seed" then
        errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "sample", problem = ("unknown argument '%s'%s"):format(k,
          similar.suffix(tostring(k), { "withReplacement", "fraction", "seed" })) })
      end
    end
  elseif type(a) == "boolean" or a == nil then
    replacement, fraction, seed = a or false, b, c
  end
  if type(fraction) ~= "number" or type(replacement) ~= "boolean" then
    errors.raise("NOT_EXPECTED_TYPE", { expected_type = "bool, float or int",
      arg_name = "withReplacement (optional), fraction (required) and seed (optional)",
      arg_type = ("%s, %s, %s"):format(arguments.type_name(a), arguments.type_name(b), arguments.type_name(c)) })
  end
  if fraction < 0 or (not replacement and fraction > 1) then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "sample",
      problem = replacement and "the fraction is at least 0" or "the fraction lies between 0 and 1" },
      { class = "IllegalArgumentException" })
  end
  return sample(self, replacement, fraction, seed)
end

local UNSORTABLE = { map = true, variant = true, interval = true, vector = true, matrix = true }

method("randomSplit", "weights:list, seed:integer?", function(self, weights, seed)
  local total = 0
  for _, w in ipairs(weights) do
    if type(w) ~= "number" then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = "weights", expected_type = "list of float",
        arg_type = arguments.type_name(w) })
    end
    if w < 0 then errors.raise("VALUE_NOT_POSITIVE", { arg_name = "weights", arg_value = tostring(w) }) end
    total = total + w
  end
  if total <= 0 then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "randomSplit", problem = "the weights sum to more than 0" },
      { class = "IllegalArgumentException" })
  end
  local keys = {} -- Spark sorts first, so that every split sees one order
  for i, f in ipairs(self.schema.fields) do
    if not UNSORTABLE[f.type.__id] then
      keys[#keys + 1] = { kind = "sort", args = { column_at(self, i, f.name) }, descending = false, nulls_first = true }
    end
  end
  local sorted = #keys > 0 and derive(self, { kind = "sort", exprs = keys, global = false }) or self
  local parts, low = {}, 0.0
  seed = seed or new_seed()
  for i, w in ipairs(weights) do
    local high = i == #weights and 1.0 or low + w / total
    parts[i] = derive(sorted, { kind = "sample", lower = low, upper = high, seed = math.tointeger(seed) })
    low = high
  end
  return parts
end)

-- ---- names, hints, views -----------------------------------------------------------------------------------------

method("alias", "alias", function(self, name)
  if type(name) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "alias", expected_type = "str",
      arg_type = arguments.type_name(name) }, { class = "PySparkAssertionError" })
  end
  return derive(self, { kind = "alias", alias = name })
end)
method("transform", "func:function, *args", function(self, f, args)
  local out = f(self, table.unpack(args, 1, args.n))
  if not M.is(out) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "func", expected_type = "a function that returns a DataFrame",
      arg_type = arguments.type_name(out) }, { class = "PySparkAssertionError" })
  end
  return out
end)
method("hint", "name:string, *parameters", function(self, name)
  return derive(self, { kind = "repartition", name = name })
end)

local function partitions(name)
  return function(self, n, cols)
    if type(n) == "number" and (math.type(n) ~= "integer" or n <= 0) then
      if math.type(n) == "float" then
        errors.raise("NOT_EXPECTED_TYPE", { arg_name = "numPartitions", expected_type = "Column or str",
          arg_type = "float" })
      end
      errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = name, problem = "the number of partitions is positive" },
        { class = "IllegalArgumentException" })
    end
    local keys = {}
    if type(n) ~= "number" then keys[1] = column.node(n, "numPartitions") end
    for i = 1, cols and cols.n or 0 do keys[#keys + 1] = column.node(cols[i], "cols") end
    return derive(self, { kind = "repartition", name = name, exprs = keys })
  end
end
method("repartition", "numPartitions, *cols", partitions "repartition")
method("repartitionByRange", "numPartitions, *cols", partitions "repartitionByRange")
method("repartitionById", "numPartitions, partitionIdCol", function(self, n, c)
  return partitions "repartitionById"(self, n, { n = 1, c })
end)
method("coalesce", "numPartitions:integer", partitions "coalesce")

for name, o in pairs { createTempView = { false, false }, createOrReplaceTempView = { true, false },
  createGlobalTempView = { false, true }, createOrReplaceGlobalTempView = { true, true },
  registerTempTable = { true, false } } do
  method(name, "name:string", function(self, view)
    if view:find "^[%w_]+%.[%w_.]+$" then
      errors.raise("TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS", { actualName = view }, { class = "AnalysisException",
        sqlState = "428EK", message = ("A temporary view has a name of one part, not %s."):format(view) })
    end
    if not view:find "^[%w_]+$" and not view:find "^`[^`]+`$" then
      errors.raise("_LEGACY_ERROR_TEMP_1321", { viewName = view }, { class = "AnalysisException",
        message = ("'%s' is no name of a view."):format(view) })
    end
    self[PLAN]:view((view:gsub("`", "")), o[1], o[2])
  end)
end

-- The frame stays the same to its user; its plan gets a node that keeps the rows of the first run.
local function keep(self, level)
  if rawget(self, STATE) == nil then rawset(self, PLAN, self[PLAN]:cache()) end
  rawset(self, STATE, level or require "tidemill.storage".MEMORY_AND_DISK_DESER)
  return self
end
method("cache", "", function(self) return keep(self) end)
method("persist", "storageLevel?", keep)
method("unpersist", "blocking?", function(self)
  if rawget(self, STATE) ~= nil then self[PLAN]:uncache() end
  rawset(self, STATE, nil)
  return self
end)
-- A new frame whose rows are computed once, at once unless `eager` is false.
local function checkpoint(self, eager)
  local copy = M.wrap(self[SESSION], self[PLAN]:cache())
  if eager ~= false then copy:count() end
  return copy
end
method("checkpoint", "eager?", checkpoint)
method("localCheckpoint", "eager?, storageLevel?", checkpoint)
local function no_stream(self, name)
  if not self.isStreaming then return end
  errors.raise("CALL_ON_STREAMING_DATASET_UNSUPPORTED", { methodName = "`" .. name .. "`" },
    { class = "AnalysisException", sqlState = "42KDE",
      message = "A streaming DataFrame is written with df.writeStream." })
end
method("writeTo", "table:string", function(self, name)
  no_stream(self, "writeTo")
  return require "tidemill.writer_v2".new(self, name)
end)
method("mergeInto", "table:string, condition", function(self, name, condition)
  no_stream(self, "mergeInto")
  return require "tidemill.merge_into".new(self, name, condition)
end)

function properties.is_cached(self) return rawget(self, STATE) ~= nil end
function properties.storageLevel(self) return rawget(self, STATE) or require "tidemill.storage".NONE end

method("withWatermark", "eventTime:string, delayThreshold:string", function(self, name, delay)
  local word = delay:match "^%s*interval%s+(%S+)" or delay:match "%S+"
  local fine, why = pcall(core.interval, "calendar", delay)
  if word and not word:find "^[-+.%d]" and not fine then
    errors.raise("INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER", { input = delay, number = word }, {
      class = "AnalysisException", sqlState = "22006", cause = why,
      message = ("'%s' is no interval: '%s' is no number. Write \"10 minutes\"."):format(delay, word) })
  end
  return derive(self, { kind = "watermark", exprs = { exact(self, name), lit(core.interval("calendar", delay)) } })
end)

method("observe", "observation, *exprs", function(self, observation, exprs)
  return require "tidemill.observation".attach(self, observation, exprs)
end)

-- ---- properties --------------------------------------------------------------------------------------------------

function properties.columns(self) return self[PLAN]:columns() end
function properties.schema(self) return types.wrap(self[PLAN]:schema()) end
function properties.dtypes(self)
  local out = {}
  for i, f in ipairs(self.schema.fields) do out[i] = { f.name, f.type:simpleString() } end
  return out
end
function properties.isStreaming(self) return self[PLAN]:streaming() end
function properties.sparkSession(self) return self[SESSION] end
function properties.write(self) return require "tidemill.writer".new(self) end
function properties.writeStream(self) return require "tidemill.streaming".writer(self) end
function properties.na(self) return require "tidemill.missing".accessor(self) end
function properties.stat(self) return require "tidemill.statistics".accessor(self) end

-- Methods that live in files of their own, loaded at first use.
for file, names in pairs {
  missing = { "dropna", "fillna", "replace" },
  statistics = { "describe", "summary", "approxQuantile", "corr", "cov", "crosstab", "freqItems", "sampleBy" },
  actions = { "collect", "count", "first", "head", "take", "tail", "isEmpty", "show", "printSchema", "explain",
    "toArrow", "toJSON", "toLocalIterator", "rows", "batches", "foreach", "foreachPartition", "glimpse", "isLocal",
    "inputFiles", "sameSemantics", "semanticHash", "exists", "scalar", "zipWithIndex", "transpose",
  },
} do
  for _, name in ipairs(names) do
    methods[name] = function(...)
      require("tidemill." .. file)
      return methods[name](...)
    end
  end
end

-- ---- the object --------------------------------------------------------------------------------------------------

-- A name as SQL writes it, part by part.
local function identifier(name)
  local parts = column.name_node(name).parts
  for i, part in ipairs(parts) do parts[i] = "`" .. part:gsub("`", "``") .. "`" end
  return table.concat(parts, ".")
end

--- Raise: there is no column `name`; `others` are names that could be meant as well.
function M.unresolved(self, name, others)
  local columns = self.columns
  local near = similar.near(name, columns)
  for _, n in ipairs(others and similar.near(name, others) or {}) do near[#near + 1] = n end
  local extra = { candidates = near, hint = near[1] and "did you mean `" .. near[1] .. "`?" or nil,
    message = ("A column%s with name `%s` cannot be resolved."):format(others and ", method or property" or "", name) }
  if others then errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = name }, extra) end
  extra.class, extra.sqlState = "AnalysisException", "42703"
  local meant = {}
  for i = 1, math.min(5, #columns) do meant[i] = identifier(columns[i]) end
  errors.raise("UNRESOLVED_COLUMN.WITH_SUGGESTION", { objectName = identifier(name),
    proposal = table.concat(meant, ", ") }, extra)
end

local function known_names()
  local list = {}
  for k in pairs(methods) do list[#list + 1] = k end
  for k in pairs(properties) do list[#list + 1] = k end
  return list
end

function DataFrame:__index(key)
  if methods[key] then return methods[key] end
  if properties[key] then return properties[key](self) end
  if column.is(key) then return key end
  if type(key) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "item", expected_type = "Column, float, integer, list or string",
      arg_type = arguments.type_name(key) },
      { hint = "rows come from df:collect(), columns by name: df.age" })
  end
  if key:find "[^%w_]" then return self:col(key) end
  local at = self[PLAN]:find(key)
  if at >= 0 then return column.wrap(column_at(self, at + 1, key)) end
  if at == -2 then
    errors.raise("AMBIGUOUS_REFERENCE", { name = "`" .. key .. "`" }, { class = "AnalysisException", sqlState = "42704",
      message = ("Reference `%s` is ambiguous: more than one column has that name."):format(key) })
  end
  M.unresolved(self, key, known_names())
end

function DataFrame.__newindex(_, key)
  errors.raise("UNSUPPORTED_OPERATION", { operation =
    ("A DataFrame does not change: use df:withColumn(\"%s\", ..)."):format(tostring(key)) })
end
function DataFrame.__len()
  errors.raise("UNSUPPORTED_OPERATION", { operation = "A length must not run a query: use df:count()." })
end
function DataFrame.__concat()
  errors.raise("UNSUPPORTED_OPERATION", { operation = "DataFrames have no `..`: use :union()." })
end
function DataFrame:__pairs()
  local fields, i = self.schema.fields, 0
  return function()
    i = i + 1
    if fields[i] then return fields[i].name, fields[i].type:simpleString() end
  end
end
function DataFrame:__tostring() return require "tidemill.preview".text(self) end

return M
