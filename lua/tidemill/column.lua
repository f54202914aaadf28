--- Columns: immutable expressions, built in Lua and turned into plan expressions when a DataFrame uses them.
-- Operators build expressions; `==`, `<`, `and`, `or`, `not` cannot, so they are refused where Lua lets us see them.
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local similar = require "tidemill.similar"
local arguments = require "tidemill.arguments"
local internal = require "tidemill.internal"
local NODE = internal.node

local M = {}
local Column = { __name = "Column" }
local methods = {}

-- ---- making ------------------------------------------------------------------------------------------------------

function M.wrap(node) return setmetatable({ [NODE] = node }, Column) end
function M.is(v) return getmetatable(v) == Column end

local function bad_name(text)
  errors.raise("INVALID_ATTRIBUTE_NAME_SYNTAX", { name = text }, { class = "AnalysisException", sqlState = "42601",
    message = ("Syntax error in the attribute name: %s. Check that back quotes pair."):format(text) })
end

-- The part of a name that stands in back quotes from `at`, and the place behind it.
local function quoted_part(text, at)
  local out, from = {}, at + 1
  while true do
    local close = text:find("`", from, true) or bad_name(text)
    out[#out + 1] = text:sub(from, close - 1)
    if text:sub(close + 1, close + 1) ~= "`" then return table.concat(out), close + 1 end
    out[#out + 1] = "`"
    from = close + 2
  end
end

--- F.col: dots reach into structs, back quotes protect; nothing else is parsed.
function M.name_node(text)
  if text == "*" then return { kind = "star", parts = {} } end
  local star = text:match "^(.*)%.%*$"
  local parts, at, body = {}, 1, star or text
  repeat
    local quoted, part, behind = body:sub(at, at) == "`"
    if quoted then part, behind = quoted_part(body, at)
    else
      behind = body:find("[.`]", at) or #body + 1
      part = body:sub(at, behind - 1)
    end
    local next_to = body:sub(behind, behind)
    if next_to ~= "" and next_to ~= "." or part == "" and body ~= "" and not quoted then bad_name(text) end
    parts[#parts + 1] = part
    at = behind + 1
  until behind > #body
  return { kind = star and "star" or "name", parts = parts }
end

--- The parts of a table's name, which is written as in SQL: a.b, `a b`.
function M.table_parts(text)
  if not text:find "%S" then
    errors.raise("PARSE_EMPTY_STATEMENT", {}, { class = "ParseException", sqlState = "42617",
      message = "The name of a table is empty." })
  end
  local rest = text:gsub("`[^`]*`", ""):match "^[%w_.]*(.*)$"
  local extra = rest:match "[%w_]+" or rest:match "%S"
  if extra then
    errors.raise("PARSE_SYNTAX_ERROR", { error = "'" .. extra .. "'", hint = ": extra input '" .. extra .. "'" }, {
      class = "ParseException", sqlState = "42601",
      message = ("Syntax error at or near '%s' in the name of a table: %s."):format(extra, text),
      hint = "put back quotes around names with other characters" })
  end
  return M.name_node(text).parts
end

local DEEPEST = 1000 -- as deep as the core takes expressions

-- A table as Java prints it: [1, 2], {k=1}.
local function java_text(v, depth)
  depth = (depth or 0) + 1
  if depth > DEEPEST then return ".." end
  if type(v) ~= "table" or getmetatable(v) then return v == core.null and "null" or tostring(v) end
  local parts = {}
  if arguments.shape(v) == "map" then
    for i, k in ipairs(arguments.sorted_keys(v)) do parts[i] = ("%s=%s"):format(k, java_text(v[k], depth)) end
    return "{" .. table.concat(parts, ", ") .. "}"
  end
  for i = 1, v.n or #v do parts[i] = v[i] == nil and "null" or java_text(v[i], depth) end
  return "[" .. table.concat(parts, ", ") .. "]"
end

local function no_literal(v)
  local map = arguments.shape(v) == "map"
  errors.raise("UNSUPPORTED_FEATURE.LITERAL_TYPE", { value = java_text(v),
    type = map and "class java.util.HashMap" or "class java.util.ArrayList" }, { class = "SparkRuntimeException",
    sqlState = "0A000", message = ("A table is no value of a column here: %s."):format(java_text(v)),
    hint = map and "F.create_map(key, value, ..)" or "F.lit{..} or F.array(..)" })
end

-- An object that no column has a value of.
local function no_value(v, hint)
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "_get_object_id" }, {
    message = ("A %s is no value of a column."):format(arguments.type_name(v)), hint = hint })
end

--- What operators and methods of columns take beside a Column: one value.
function M.value(v)
  if type(v) == "table" and not getmetatable(v) then no_literal(v) end
  return M.literal(v)
end

--- F.lit: the value itself; lists become array(..), Columns stay.
function M.literal(v, depth)
  depth = (depth or 0) + 1
  if M.is(v) then return v[NODE] end
  if arguments.type_name(v) == "DataFrame" then no_value(v, "df:scalar(), df:exists(), c:isin(df)") end
  if v == core.null then v = nil end
  if type(v) == "table" and not getmetatable(v) then
    if depth > DEEPEST then errors.raise("PLAN_TOO_DEEP", { limit = DEEPEST }) end
    local shape = arguments.shape(v)
    if shape == "list" or shape == "empty" then
      local args = {}
      for i = 1, v.n or #v do
        if M.is(v[i]) then errors.raise("COLUMN_IN_LIST", { func_name = "lit" }) end
        args[i] = M.literal(v[i], depth)
      end
      return { kind = "call", name = "array", args = args }
    end
    no_literal(v)
  end
  if type(v) == "function" or type(v) == "thread" then
    errors.raise("UNSUPPORTED_LITERAL", { value = tostring(v), type = type(v) })
  end
  return { kind = "literal", value = v }
end

--- Column or name: text is the column of that name, or SQL. Other values are literals where `values` is set.
function M.node(v, what, values)
  if M.is(v) then return v[NODE] end
  if type(v) == "string" then
    if v == "*" or v:find "^[%w_.`]+%.%*$" then return M.name_node(v) end
    return { kind = "text", name = v }
  end
  if values and (type(v) ~= "table" or getmetatable(v)) and v ~= nil then return M.literal(v) end
  errors.raise("NOT_EXPECTED_TYPE", { expected_type = "Column or str", arg_name = "col",
    arg_type = arguments.type_name(v) }, { hint = what and what ~= "col" and "in argument `" .. what .. "`" or nil })
end

function M.nodes(list, what)
  local out = {}
  for i = 1, list.n or #list do
    local node = M.node(list[i], what)
    if node.of then table.move(node.of, 1, #node.of, #out + 1, out) -- the columns that a star of df:col stands for
    else out[#out + 1] = node end
  end
  return out
end

--- The node as an item of a select list: a cast of a column keeps the column's name, a traced function shows its call.
function M.item(node)
  if node.kind ~= "cast" then return node end
  local inner = node
  while inner.kind == "cast" and not inner.traced do inner = inner.args[1] end
  local name = ((inner.kind == "name" and #inner.parts == 1 or inner.kind == "alias") and inner.parts[1])
    or ((inner.kind == "column" or (inner.kind == "text" and not inner.sql and inner.name:find "^[%a_][%w_]*$"))
      and inner.name)
  return name and { kind = "alias", args = { node }, parts = { name } } or node
end

--- A call of a SQL function over nodes.
function M.call(name, ...) return M.wrap { kind = "call", name = name, args = { ... } } end

-- A plain boolean is almost surely a lost comparison.
local COMPARED = "`==`, `<`, `not` compare Lua values; write c:equalTo(x), c:lt(x), ~c, or F.lit(true)"

--- What where and filter take: a Column or SQL text.
function M.condition(v, what)
  if M.is(v) then return v[NODE] end
  if type(v) == "string" then return { kind = "text", name = v, sql = true } end
  errors.raise("NOT_EXPECTED_TYPE", { arg_name = what, expected_type = "Column or str",
    arg_type = arguments.type_name(v) }, { hint = type(v) == "boolean" and COMPARED or nil })
end

-- ---- operators ---------------------------------------------------------------------------------------------------

local function binary(name)
  return function(a, b) return M.wrap { kind = "call", name = name, args = { M.value(a), M.value(b) } } end
end

-- As PySpark's reflected operators: 2 + c is c + 2, which is its name too.
local function either_way(name)
  local call = binary(name)
  return function(a, b)
    if M.is(a) then return call(a, b) end
    return call(b, a)
  end
end

Column.__add, Column.__sub, Column.__mul, Column.__div = either_way "+", binary "-", either_way "*", binary "/"
Column.__mod, Column.__pow, Column.__concat = binary "%", binary "power", binary "concat"
Column.__band, Column.__bor = either_way "and", either_way "or"
function Column.__unm(a) return M.call("negative", a[NODE]) end

-- Lua gives `~a` as __bnot, and `a ~ b` as __bxor.
function Column.__bnot(a) return M.call("not", a[NODE]) end

local function refuse(symbol, hint)
  return function(a, b)
    local c = M.is(a) and a or b
    errors.raise("CANNOT_CONVERT_COLUMN_INTO_BOOL", { column = M.classic(c[NODE]) },
      { message = ("Columns have no `%s`."):format(symbol), hint = hint })
  end
end
Column.__lt, Column.__le = refuse("<", "use :lt() or :gt()"), refuse("<=", "use :leq() or :geq()")
Column.__idiv = refuse("//", "use F.expr 'a div b'")
Column.__shl, Column.__shr = refuse("<<", "use F.shiftleft"), refuse(">>", "use F.shiftright")
Column.__bxor = refuse("~", "use :bitwiseXOR()")
function Column.__len() errors.raise("NOT_ITERABLE", { objectName = "Column" }, { hint = "use F.length" }) end
function Column.__eq(a, b)
  if rawequal(a, b) then return true end
  return refuse("==", "use :equalTo() or :notEqual()")(a, b)
end
Column.__call = nil

-- ---- methods -----------------------------------------------------------------------------------------------------

local function method(name, signature, body)
  methods[name] = arguments.method("Column", name, signature, body)
end

local function value_methods(list)
  for name, fn in pairs(list) do
    method(name, "other:any?", function(self, other)
      return M.call(fn, self[NODE], M.value(other))
    end)
  end
end
value_methods { equalTo = "=", gt = ">", geq = ">=", lt = "<", leq = "<=", eqNullSafe = "<=>", bitwiseAND = "&",
  bitwiseOR = "|", bitwiseXOR = "^", startswith = "startswith", endswith = "endswith", contains = "contains" }
for _, name in ipairs { "like", "rlike", "ilike" } do
  method(name, "other:any?", function(self, pattern)
    if M.is(pattern) then errors.raise("NOT_ITERABLE", { objectName = "Column" }, { hint = "use F." .. name }) end
    return M.call(name, self[NODE], M.value(pattern))
  end)
end

method("notEqual", "other:any?", function(self, other)
  return M.call("not", { kind = "call", name = "=", args = { self[NODE], M.value(other) } })
end)
for name, fn in pairs { isNull = "isNull", isNotNull = "isNotNull", isNaN = "isNaN" } do
  method(name, "", function(self) return M.call(fn, self[NODE]) end)
end

local ORDER = { asc = { false, true }, asc_nulls_first = { false, true }, asc_nulls_last = { false, false },
  desc = { true, false }, desc_nulls_first = { true, true }, desc_nulls_last = { true, false } }
for name, how in pairs(ORDER) do
  method(name, "", function(self)
    return M.wrap { kind = "sort", args = { self[NODE] }, descending = how[1], nulls_first = how[2] }
  end)
end

local function alias(self, ...)
  local names, n, metadata = { ... }, select("#", ...), nil
  if type(names[n]) == "table" and n > 1 then
    metadata = names[n].metadata
    names[n] = nil
  end
  for i = 1, math.max(#names, 1) do
    if type(names[i]) ~= "string" then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = "alias", expected_type = "str",
        arg_type = arguments.type_name(names[i]) })
    end
  end
  if type(metadata) == "table" then metadata = require "cjson".encode(metadata) end
  return M.wrap { kind = "alias", args = { self[NODE] }, parts = names, metadata = metadata }
end
for _, name in ipairs { "alias", "name" } do
  methods[name] = function(self, ...)
    if not M.is(self) then
      errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = name, problem = "call it with ':' on a Column" })
    end
    return alias(self, ...)
  end
end

local function cast(self, kind, mode)
  local types = require "tidemill.types"
  if type(kind) == "string" then
    return M.wrap { kind = "cast", args = { self[NODE] }, target_text = kind, mode = mode }
  end
  if not types.is(kind) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "dataType", expected_type = "DataType or str",
      arg_type = arguments.type_name(kind) })
  end
  return M.wrap { kind = "cast", args = { self[NODE] }, target = kind, mode = mode }
end
method("cast", "dataType", function(self, kind) return cast(self, kind, "ansi") end)
method("astype", "dataType", function(self, kind) return cast(self, kind, "ansi") end)
method("try_cast", "dataType", function(self, kind) return cast(self, kind, "try") end)

method("between", "lowerBound?, upperBound?", function(self, low, high)
  return binary "and"(M.call(">=", self[NODE], M.value(low)), M.call("<=", self[NODE], M.value(high)))
end)

-- The nodes that are compared with the columns of a query: the fields of struct(..), or the one.
local function compared(node)
  if node.kind == "call" and node.name == "struct" then return node.args end
  return { node }
end

method("isin", "*cols", function(self, cols)
  local args = { self[NODE] }
  if cols.n == 1 and arguments.type_name(cols[1]) == "DataFrame" then
    return M.wrap { kind = "in_query", args = compared(self[NODE]), query = cols[1][internal.plan] }
  end
  for i = 1, cols.n do args[i + 1] = M.value(cols[i]) end
  return M.wrap { kind = "call", name = "in", args = args }
end)

method("substr", "startPos, length", function(self, from, length)
  local a, b = arguments.type_name(from), arguments.type_name(length)
  if a ~= b then
    errors.raise("NOT_SAME_TYPE", { arg_name1 = "startPos", arg_name2 = "length", arg_type1 = a, arg_type2 = b })
  end
  if a ~= "int" and a ~= "Column" then
    errors.raise("NOT_EXPECTED_TYPE", { expected_type = "Column or int", arg_name = "startPos", arg_type = a })
  end
  return M.call("substr", self[NODE], M.literal(from), M.literal(length))
end)

method("getItem", "key", function(self, key)
  return M.wrap { kind = "extract", args = { self[NODE], M.value(key) } }
end)
method("getField", "name", function(self, name)
  return M.wrap { kind = "extract", args = { self[NODE], M.literal(name) } }
end)
method("withField", "fieldName:string, col:Column", function(self, name, col)
  return M.call("with_field", self[NODE], M.literal(name), col[NODE])
end)
method("dropFields", "*fieldNames", function(self, names)
  local args = { self[NODE] }
  for i = 1, names.n do args[i + 1] = M.literal(names[i]) end
  return M.wrap { kind = "call", name = "drop_fields", args = args }
end)

--- A node of CASE with one more branch; F.when starts it.
function M.when(node, condition, value)
  if type(condition) ~= "table" or not M.is(condition) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "condition", expected_type = "Column",
      arg_type = arguments.type_name(condition) }, { hint = type(condition) == "boolean" and COMPARED or nil })
  end
  local args = table.move(node and node.args or {}, 1, node and #node.args or 0, 1, {})
  args[#args + 1], args[#args + 2] = condition[NODE], M.value(value)
  return M.wrap { kind = "call", name = "when", args = args }
end

local function is_open_case(node) return node.kind == "call" and node.name == "when" and #node.args % 2 == 0 end

method("when", "condition, value?", function(self, condition, value)
  if not is_open_case(self[NODE]) then
    errors.raise("UNSUPPORTED_OPERATION", { operation = "when() continues F.when(..), before otherwise()." },
      { class = "IllegalArgumentException" })
  end
  return M.when(self[NODE], condition, value)
end)
method("otherwise", "value?", function(self, value)
  if not is_open_case(self[NODE]) then
    errors.raise("UNSUPPORTED_OPERATION", { operation = "otherwise() closes F.when(..), once." },
      { class = "IllegalArgumentException" })
  end
  local args = table.move(self[NODE].args, 1, #self[NODE].args, 1, {})
  args[#args + 1] = M.value(value)
  return M.wrap { kind = "call", name = "when", args = args }
end)

method("over", "window", function(self, window)
  local spec = require "tidemill.window".spec(window)
  return M.wrap { kind = "window", args = { self[NODE] }, window = spec }
end)
method("transform", "f:function", function(self, f) return f(self) end)
-- A name of the query that the DataFrame will stand in (lateralJoin, exists, scalar, isin).
method("outer", "", function(self)
  local node = self[NODE]
  if node.kind == "text" and not node.sql then node = M.name_node(node.name) end
  if node.kind ~= "name" then return self end
  return M.wrap { kind = "name", parts = node.parts, outer = true }
end)

-- ---- reading -----------------------------------------------------------------------------------------------------

local method_names
function M.method_names()
  if not method_names then
    method_names = {}
    for name in pairs(methods) do method_names[#method_names + 1] = name end
    table.sort(method_names)
  end
  return method_names
end

function Column.__index(_, key)
  local m = methods[key]
  if m then return m end
  local best = type(key) == "string" and similar.best(key, M.method_names())
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) }, {
    candidates = type(key) == "string" and similar.near(key, M.method_names()) or nil,
    hint = best and ("did you mean :" .. best .. "()?")
      or "fields of a struct: c:getField 'name'; elements: c:getItem(0)" })
end
function Column.__newindex()
  errors.raise("UNSUPPORTED_OPERATION", { operation = "A Column does not change." })
end
function Column.__pairs() errors.raise("NOT_ITERABLE", { objectName = "Column" }) end

-- ---- printing ----------------------------------------------------------------------------------------------------

local show

local function show_list(list)
  local parts = {}
  for i, n in ipairs(list or {}) do parts[i] = show(n) end
  return table.concat(parts, ", ")
end

local function show_literal(v)
  if v == nil then return "NULL" end
  if type(v) == "string" then return "'" .. v .. "'" end
  if math.type(v) == "float" then return core.number_text(v) end
  if math.type(v) == "integer" and (v > 0x7FFFFFFF or v < -0x80000000) then return v .. "L" end
  return tostring(v)
end

-- Arguments that PySpark hands on though they were left out.
local PRESET = { first = { 2, "false" }, last = { 2, "false" }, nth_value = { 3, "false" },
  lead = { 2, "1", "NULL", "false" }, lag = { 2, "1", "NULL", "false" } }
local function show_args(node)
  local texts, preset = {}, PRESET[node.name]
  for i, a in ipairs(node.args) do texts[i] = show(a) end
  for i = 2, preset and #preset or 0 do
    local at = preset[1] + i - 2
    texts[at] = texts[at] or preset[i]
  end
  if (node.name == "rand" or node.name == "randn") and texts[1] then texts[1] = texts[1]:gsub("L$", "") .. "L" end
  return table.concat(texts, ", ")
end

local function show_case(node)
  local out, args = { "CASE" }, node.args
  for i = 1, #args - 1, 2 do out[#out + 1] = ("WHEN %s THEN %s"):format(show(args[i]), show(args[i + 1])) end
  if #args % 2 == 1 then out[#out + 1] = "ELSE " .. show(args[#args]) end
  return table.concat(out, " ") .. " END"
end

-- A name in back quotes where it holds something that matches `odd`, or begins with a digit.
local function quoted_if(name, odd)
  if not name:find(odd) and not name:find "^%d" then return name end
  return "`" .. name:gsub("`", "``") .. "`"
end
-- Names as they were asked for: only a dot inside a part has to be told from those between them.
local function shown_name(parts)
  local out = {}
  for i, part in ipairs(parts) do out[i] = part:find("%.") and quoted_if(part, "%.") or part end
  return table.concat(out, ".")
end

local SHOW = {
  text = function(n) return n.name end,
  name = function(n)
    local text = n.shown or shown_name(n.parts)
    return n.outer and "lazy(" .. text .. ")" or text
  end,
  star = function(n)
    if n.of then return n.regex and "unresolvedregex()" or "resolvedstar()" end
    return #n.parts > 0 and table.concat(n.parts, ".") .. ".*" or "*"
  end,
  literal = function(n) return show_literal(n.value) end,
  call = function(n)
    if n.name == "when" then return show_case(n) end
    if n.name == "with_field" then
      return ("update_field(%s, %s, %s)"):format(show(n.args[1]), n.args[2].value, show(n.args[3]))
    end
    if n.name == "drop_fields" then
      local text = show(n.args[1])
      for i = 2, #n.args do text = ("drop_field(%s, %s)"):format(text, n.args[i].value) end
      return text
    end
    if n.name == "not" then return ("!(%s)"):format(show_list(n.args)) end
    return ("%s(%s)"):format(n.name:match "^~?(.+)", n.star and "*" or show_args(n))
  end,
  cast = function(n)
    local kind = n.target_text and n.target_text:upper() or core.type_text(n.target, "sql")
    return ("%s(%s AS %s)"):format(n.mode == "try" and "TRY_CAST" or "CAST", show(n.args[1]), kind)
  end,
  extract = function(n)
    local key = show(n.args[2])
    return ("%s[%s]"):format(show(n.args[1]), key)
  end,
  alias = function(n) return show(n.args[1]) .. " AS " .. table.concat(n.parts, ", ") end,
  lambda = function(n)
    local names = table.concat(n.parts, ", ")
    return ("%s -> %s"):format(#n.parts > 1 and "(" .. names .. ")" or names, show(n.args[1]))
  end,
  sort = function(n)
    return ("%s %s NULLS %s"):format(show(n.args[1]), n.descending and "DESC" or "ASC",
      n.nulls_first and "FIRST" or "LAST")
  end,
  window = function(n)
    return show(n.args[1]) .. " OVER (" .. require "tidemill.window".text(n.window, show) .. ")"
  end,
  column = function(n) return quoted_if(n.name, "[^%w_]") end,
  parsed = function() return "..." end,
  exists = function() return "exists(..)" end,
  in_query = function(n) return ("(%s IN (..))"):format(show_list(n.args)) end,
  scalar_query = function() return "scalarsubquery(..)" end,
  host = function(n) return ("%s(%s)"):format(n.name, show_list(n.args)) end,
}
function show(node) return SHOW[node.kind](node) end
M.show = show

--- As Spark prints a Column that is no name: operators as functions.
function M.classic(node) return show(node) end

function Column:__tostring() return "Column<'" .. show(self[NODE]) .. "'>" end

return M
