-- Tidemill seen from Python: the objects of the Lua surface for python_eval.lua. Only the public surface is used. The
-- rules:
--   df.method(a, k=v)        df:method(a, { k = v })           obj.property          obj.property
--   lists, tuples, sets      lists (with n when None is among the items)
--   dicts                    tables; where Lua would lose the order, lists of { key, value }
--   None                     nil, tidemill.null inside maps and lists of pairs
--   == != < <= > >= on Columns   :equalTo :notEqual :lt :leq :gt :geq      if, and, or, not on Columns: refused
--   "a b" for a column       F.col "a b": a text that is no name is SQL in Lua
--   column.field, column[x]  :getField, :getItem; column[a:b] :substr      df["x"]  df:col "x"      df[0]  df:col of
--   the first name
-- What PySpark annotates as its result (surface.json) tells lists from tuples and dicts.
local V = require "python_value"
local tidemill = require "tidemill"
local None = V.None
local L = {} -- the library as python_eval.lua asks for it
local M = { library = L }

local F, T, Window = tidemill.functions, tidemill.types, tidemill.Window
local throw, unsupported = V.throw, V.unsupported

-- ---- what PySpark declares ---------------------------------------------------------------------------------------

local module_of = {} -- class -> the module that defines it
local bases = {} -- class -> names of the classes it derives from
local members = {} -- class -> member -> { kind, params, returns }
local functions = {} -- name of pyspark.sql.functions -> params
local types = {} -- names of the classes of pyspark.sql.types

--- surface: the decoded surface.json.
function M.declare(surface)
  for _, o in ipairs(surface) do
    -- pyspark.sql.catalog has a Column of its own, which is a record here
    if o.class and not (o.class == "Column" and o.module:find "catalog") then
      members[o.class] = members[o.class] or {}
      bases[o.class] = bases[o.class] or o.bases
      module_of[o.class] = module_of[o.class] or o.module
      for _, m in ipairs(o.members) do members[o.class][m.name] = m end
      if o.module:find "types$" then types[o.class] = true end
    elseif o["function"] then functions[o["function"]] = o.params end
  end
end
function M.declared_functions() return functions end
function M.declared_types() return types end

local function returns(class, name)
  local m = members[class] and members[class][name]
  return m and m.returns
end

local function parameters(class, name)
  local m = members[class] and members[class][name]
  return m and m.params or {}
end

-- ---- classes -----------------------------------------------------------------------------------------------------

local SCALAR = { ["tidemill.decimal"] = "Decimal", ["tidemill.date"] = "date", ["tidemill.timestamp"] = "datetime",
  ["tidemill.timestamp_ntz"] = "datetime", ["tidemill.time"] = "time", ["tidemill.interval_dt"] = "timedelta",
  ["tidemill.interval_ym"] = "YearMonthInterval", ["tidemill.interval"] = "CalendarInterval" }

-- What spark.catalog answers with: named tuples with these fields.
local RECORDS = {
  Table = { "name", "catalog", "namespace", "description", "tableType", "isTemporary" },
  Column = { "name", "description", "dataType", "nullable", "isPartition", "isBucket", "isCluster" },
  Database = { "name", "catalog", "description", "locationUri" },
  Function = { "name", "catalog", "namespace", "description", "className", "isTemporary" },
  CatalogMetadata = { "name", "description" },
}
local record_of = setmetatable({}, { __mode = "k" })  -- answers of spark.catalog -> name of the record
local type_of_row = setmetatable({}, { __mode = "k" }) -- Rows that a query gave -> their StructType

local function lua_class(v)
  local mt = getmetatable(v)
  return type(mt) == "string" and mt or type(mt) == "table" and rawget(mt, "__name") or nil
end

local RENAMED = { RuntimeConf = "RuntimeConfig", ["tidemill.Error"] = "Exception" }

function L.name(v)
  if record_of[v] then return record_of[v] end
  local name = lua_class(v)
  if name == nil then return type(v) end
  return SCALAR[name] or RENAMED[name] or name
end

local function is_column(v) return lua_class(v) == "Column" end
local function is_row(v) return lua_class(v) == "Row" end
local function is_class(v) return (lua_class(v) or ""):find "^type " ~= nil end

--- Is a class, by name, another one or one derived from it?
function L.is_a(name, of)
  if name == of then return true end
  for _, b in ipairs(bases[name] or {}) do if L.is_a(b, of) then return true end end
  return false
end
-- What PySpark's classes are called in full: those of the classic client where there are two.
local CLASSIC = { DataFrame = "dataframe", DataFrameNaFunctions = "dataframe", DataFrameStatFunctions = "dataframe",
  Column = "column" }
function L.full_name(name)
  if CLASSIC[name] then return "pyspark.sql.classic." .. CLASSIC[name] .. "." .. name end
  return module_of[name] and module_of[name] .. "." .. name or name
end
function L.class_of(v) return is_class(v) and lua_class(v):sub(6) or v == T.DataType and "DataType" or L.name(v) end

--- `is`: each of the atomic types is one object in Python.
function L.same(a, b)
  if rawequal(a, b) then return true end
  local name = lua_class(a)
  return name ~= nil and name == lua_class(b) and L.is_a(name, "DataType") and a == b
end

-- ---- to Lua ------------------------------------------------------------------------------------------------------

local to_lua, to_python

-- A list inside a list says its length: a row of data.
local function list_to_lua(v, inside)
  local out, holes = {}, inside and v.n > 0
  for i = 1, v.n do
    local item = to_lua(v[i], true)
    if item == nil then holes = true end
    out[i] = item
  end
  if holes then out.n = v.n end
  return out
end

-- A dict inside data is a map; as an argument its order counts.
local function dict_to_lua(d, inside)
  local plain = true
  for i = 1, d.n do
    if type(d.keys[i]) ~= "string" or (not inside and i > 1 and d.keys[i] < d.keys[i - 1]) then plain = false end
  end
  local out = {}
  for i = 1, d.n do
    local key, value = to_lua(d.keys[i], true), to_lua(d.values[i], true)
    if key == nil then key = tidemill.null end
    if value == nil then value = tidemill.null end
    if plain or inside then out[key] = value else out[i] = { key, value } end
  end
  return out
end

--- A Lua function of any number of arguments.
function M.vararg(f)
  return function(...)
    local args = { n = select("#", ...) }
    for i = 1, args.n do args[i] = to_python((select(i, ...))) end
    return to_lua(f.call(args, {}), true)
  end
end

-- Lua functions with as many parameters as the Python function has: F.transform and its like count them.
local function function_to_lua(f)
  if f.raw then return f.raw end
  local run = M.vararg(f)
  if f.arity == 1 then return function(a) return run(a) end end
  if f.arity == 2 then return function(a, b) return run(a, b) end end
  if f.arity == 3 then return function(a, b, c) return run(a, b, c) end end
  return run
end

local TO_LUA = {
  NoneType = function() return nil end, left_out = function() return nil end,
  list = list_to_lua, tuple = list_to_lua, set = list_to_lua, range = list_to_lua, dict = dict_to_lua,
  bytes = function(v) return tidemill.binary(v.text) end, bytearray = function(v) return tidemill.binary(v.text) end,
  int = function(v) return tidemill.decimal(v.digits) end,
  ["function"] = function_to_lua,
}

function to_lua(v, inside)
  local kind = V.kind(v)
  if not kind then return v end
  local convert = TO_LUA[kind]
  if convert then return convert(v, inside) end
  if kind == "row_maker" then return list_to_lua(v) end
  return v -- complex numbers, types, modules: nothing the library takes
end
M.to_lua = to_lua

-- ---- to Python ---------------------------------------------------------------------------------------------------

-- "Dict[str, List[int]]" as "Dict", { "str", "List[int]" }; Optional and unions without None are their content.
local function hint_parts(hint)
  if not hint then return nil, {} end
  hint = hint:match "^Optional%[(.*)%]$" or hint
  local head, body = hint:match "^(%w+)%[(.*)%]$"
  if not head then return hint, {} end
  local parts, depth, from = {}, 0, 1
  for i = 1, #body + 1 do
    local c = body:sub(i, i)
    if c == "[" then depth = depth + 1 elseif c == "]" then depth = depth - 1
    elseif (c == "," and depth == 0) or c == "" then
      parts[#parts + 1] = body:sub(from, i - 1):match "^%s*(.-)%s*$"
      from = i + 1
    end
  end
  if head == "Union" then
    for _, p in ipairs(parts) do
      if p:find "^List" or p:find "^Tuple" or p:find "^Dict" then return hint_parts(p) end
    end
  end
  return head, parts
end

local function list_to_python(v, item, make)
  local out = { n = rawget(v, "n") or #v }
  for i = 1, out.n do out[i] = to_python(v[i], item) end
  return make(out)
end

local function map_to_python(v, item)
  local keys, out = {}, {}
  for k in pairs(v) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(keys) do out[i] = { to_python(k), to_python(v[k], item) } end
  return V.dict(out)
end

local function looks_like_list(v)
  if next(v) == nil then return true end
  return rawget(v, "n") ~= nil or #v > 0
end

-- A value of a column, by its type.
local function typed(v, t)
  if v == nil or v == tidemill.null then return None end
  if not t then return to_python(v) end
  local id = t:typeName()
  if id == "binary" then return V.bytes(v) end
  if id == "struct" then
    if is_row(v) then type_of_row[v] = t end
    return v
  end
  if id == "array" then
    local out = { n = rawget(v, "n") or #v }
    for i = 1, out.n do out[i] = typed(v[i], t.elementType) end
    return V.list(out)
  end
  if id == "map" then
    local list = {}
    for k, x in pairs(v) do list[#list + 1] = { typed(k, t.keyType), typed(x, t.valueType) } end
    table.sort(list, function(a, b) return V.repr(a[1]) < V.repr(b[1]) end)
    return V.dict(list)
  end
  return v
end

function to_python(v, hint)
  if v == nil or v == tidemill.null then return None end
  if type(v) == "function" then -- it may be an iterator of a generic for as well
    local f = V.func("lua", function(args) return M.call_lua(v, nil, args, {}) end)
    function f.iterate()
      local out = { n = 0 }
      for first, second in v do -- rows come behind their number
        out.n, out[out.n + 1] = out.n + 1, to_python(second == nil and first or second)
      end
      return out
    end
    return f
  end
  if type(v) ~= "table" or getmetatable(v) or V.kind(v) then return v end
  local head, parts = hint_parts(hint)
  if RECORDS[head] then
    record_of[v] = head
    return v
  end
  if head == "Tuple" then return list_to_python(v, parts[1], V.tuple) end
  if head == "Dict" or not looks_like_list(v) then return map_to_python(v, parts[2]) end
  return list_to_python(v, parts[1], V.list)
end
M.to_python = to_python

-- Rows remember the schema they were read with.
local function remember(v, schema)
  if is_row(v) then type_of_row[v] = schema
  elseif V.kind(v) == "list" then for i = 1, v.n do if is_row(v[i]) then type_of_row[v[i]] = schema end end end
  return v
end

-- ---- calls -------------------------------------------------------------------------------------------------------

-- An argument that is not given, before one that is.
local LEFT_OUT = { python = "left_out" }
local left_out = setmetatable({}, LEFT_OUT)

-- Arguments by name go by position.
local function by_position(what, params, args, named)
  for _, p in ipairs(named) do
    local at
    for i, q in ipairs(params) do if q.name == p[1] then at = i end end
    if not at then throw("TypeError", "%s() got an unexpected keyword argument '%s'", what, p[1]) end
    for i = args.n + 1, at - 1 do args[i] = left_out end
    args[at], args.n = p[2], math.max(args.n, at)
  end
end

-- Ways in which Lua spells a call otherwise: f(args, named) changes both, named becomes a Lua table.
local SPELLING = { SparkSession = {}, DataFrame = {} }

-- NULL as what is put there must be said: tidemill.null
local function said_null(args, named)
  if rawequal(args[2], None) then args[2] = tidemill.null end
  return named
end
SPELLING.DataFrame.replace = said_null
SPELLING.DataFrameNaFunctions = { replace = said_null }

-- sample(withReplacement, fraction, seed): a table of names stands alone.
function SPELLING.DataFrame.sample(args, named)
  if args.n > 0 and #named > 0 then by_position("sample", parameters("DataFrame", "sample"), args, named) end
  return args.n > 0 and {} or named
end

-- A tuple inside a row, and a Row of values alone, is a struct where no schema says otherwise.
local function structs(v, inside)
  local kind = V.kind(v)
  if kind == "dict" then
    local out = V.dict()
    for i = 1, v.n do V.dict_set(out, v.keys[i], structs(v.values[i], true)) end
    return out
  end
  if kind ~= "list" and kind ~= "tuple" and kind ~= "row_maker" then return v end
  local out = { n = v.n }
  for i = 1, v.n do out[i] = structs(v[i], true) end
  if kind == "list" then return V.list(out) end
  if not inside then return V.tuple(out) end
  local fields = {}
  for i = 1, v.n do
    local item = to_lua(out[i], true)
    if item == nil then item = tidemill.null end
    fields[i] = { "_" .. i, item }
  end
  return tidemill.Row(fields)
end

function SPELLING.SparkSession.createDataFrame(args, named)
  local schema = args[2]
  for _, p in ipairs(named) do if p[1] == "schema" then schema = p[2] end end
  if type(args[1]) == "string" then args[1] = V.list(V.items(args[1])) end -- an iterable of its characters
  local kind = V.kind(schema)
  if (schema == nil or kind == "NoneType" or kind == "list" or kind == "tuple") and V.kind(args[1]) == "list" then
    local rows = { n = args[1].n }
    for i = 1, rows.n do
      local row, own = args[1][i], V.kind(args[1][i])
      rows[i] = (own == "tuple" or own == "list" or own == "dict") and structs(row) or row
    end
    args[1] = V.list(rows)
  end
  return named
end

-- What the text of a query calls gets the arguments that stand there, however many.
SPELLING.UDFRegistration = {
  register = function(args, named)
    local f = args[2]
    if V.kind(f) == "function" and not f.raw then args[2] = M.vararg(f) end
    return named
  end,
}

-- A tuple is one value among others, of which lists and sets stand for all.
SPELLING.Column = {
  isin = function(args, named)
    if args.n == 1 and V.kind(args[1]) == "tuple" then args[1] = V.list { args[1], n = 1 } end
    return named
  end,
}

-- Metadata is data whose lists say no length.
local function plain_data(v)
  local kind = V.kind(v)
  if kind == "dict" then
    local out = {}
    for i = 1, v.n do out[to_lua(v.keys[i])] = plain_data(v.values[i]) end
    return out
  elseif kind == "list" or kind == "tuple" then
    local out = {}
    for i = 1, v.n do out[i] = plain_data(v[i]) end
    return out
  end
  local out = to_lua(v)
  if out == nil then out = tidemill.null end
  return out
end
function SPELLING.DataFrame.withMetadata(args, named)
  if V.kind(args[2]) == "dict" then args[2] = plain_data(args[2]) end
  return named
end
function SPELLING.Column.alias(_, named)
  for _, p in ipairs(named) do if p[1] == "metadata" then p[2] = plain_data(p[2]) end end
  return named
end
SPELLING.Column.name = SPELLING.Column.alias

-- Arguments by name of the function go with it.
function SPELLING.DataFrame.transform(args, named)
  local f = args[1]
  if V.kind(f) ~= "function" then throw("TypeError", "'%s' object is not callable", V.class_name(f)) end
  args[1] = V.func("transform", function(given) return f.call(given, named) end)
  return {}
end

-- spark:sql(text, args, values and DataFrames by name)
function SPELLING.SparkSession.sql(args, named)
  local rest = {}
  for _, p in ipairs(named) do
    if p[1] == "args" then args[2], args.n = p[2], math.max(args.n, 2)
    else rest[p[1]] = to_lua(p[2]) end
  end
  if V.kind(args[2]) == "dict" then args[2] = to_lua(args[2], true) end -- names in any order
  if V.kind(args[2]) == "list" then -- one NULL would leave an empty list
    local said = { n = args[2].n }
    for i = 1, said.n do said[i] = rawequal(args[2][i], None) and tidemill.null or args[2][i] end
    args[2] = V.list(said)
  end
  if next(rest) then
    args[2] = args[2] == nil and None or args[2]
    args[3], args.n = rest, 3
  end
  return {}
end

-- A table of names would be taken for the map that a parameter may be.
local function takes_map(params)
  for _, p in ipairs(params) do if (p.type or ""):find "Dict" then return true end end
  return false
end

-- None where PySpark's declaration has none is what is given, not what is left out.
local function said_none(params, args)
  for i = 1, args.n do
    local p = params[i]
    local dict = p and (p.type or ""):find "^Dict"
    local takes = not p or (p.name:find "^%*" and not dict) or p.default == "None" or not p.type
      or p.type:find "Optional"
      or p.type:find "None" or p.type:find "Any" or p.type:find "Literal"
    if not takes and rawequal(args[i], None) then args[i] = tidemill.null end
  end
end

-- A text where PySpark expects the name of a column, though it is none.
local function named_column(v)
  if type(v) == "string" and v ~= "*" and not v:find "^[%a_][%w_]*$" and not v:find "^[%w_]+%.%*$" then
    return F.col(v)
  end
  if V.kind(v) ~= "list" and V.kind(v) ~= "tuple" then return v end
  local out = { n = v.n }
  for i = 1, v.n do out[i] = named_column(v[i]) end
  return V.kind(v) == "list" and V.list(out) or V.tuple(out)
end

local function name_columns(params, args)
  for i = 1, args.n do
    local p = params[math.min(i, #params)]
    local takes = p and (i <= #params or p.name:find "^%*") and p.type or ""
    if takes:find "ColumnOrName" then args[i] = named_column(args[i]) end
  end
end

-- F.udf(f, returnType, name): the function keeps its name and counts its arguments itself. Without a function it is a
-- decorator.
local function udf(args, named)
  by_position("udf", functions.udf, args, named)
  local f, result = args[1], args[2]
  local of_python = V.kind(f) == "function" and not f.raw
  if f == nil or rawequal(f, left_out) or type(f) == "string" or T.is(f) then
    return V.func("udf", function(a) return udf({ n = 2, a[1], f ~= left_out and f or result }, {}) end)
  end
  return F.udf(of_python and M.vararg(f) or to_lua(f), result ~= nil and to_lua(result) or nil,
    of_python and f.name or nil)
end

--- Call a Lua function, as a method of `receiver` unless that is nil.
function M.call_lua(f, receiver, args, named, hint)
  local list, n = {}, args.n
  for i = 1, n do list[i] = to_lua(args[i]) end
  if #named > 0 then
    local given = {}
    for _, p in ipairs(named) do given[p[1]] = to_lua(p[2]) end
    if next(given) ~= nil then -- all None: nothing is named
      n = n + 1
      list[n] = given
    end
  end
  local results
  if receiver ~= nil then results = table.pack(f(receiver, table.unpack(list, 1, n)))
  else results = table.pack(f(table.unpack(list, 1, n))) end
  if hint and hint:find "^Iterator" then -- a generic for
    local out = { n = 0 }
    for _, row in table.unpack(results, 1, 4) do out.n, out[out.n + 1] = out.n + 1, row end
    return V.list(out)
  end
  return to_python(results[1], hint)
end

function L.call(f, args, named)
  if is_class(f) then
    local class = lua_class(f):sub(6)
    by_position(class, parameters(class, "__init__"), args, named)
    named = {}
  end
  if not L.callable(f) then throw("TypeError", "'%s' object is not callable", L.name(f)) end
  return M.call_lua(f, nil, args, named)
end

function L.callable(v)
  local mt = getmetatable(v)
  return type(v) == "function" or type(mt) == "table" and rawget(mt, "__call") ~= nil
end

-- ---- attributes --------------------------------------------------------------------------------------------------

-- A toJSON() result stands for a collection of texts, not of Rows.
local TEXTS = { python = "RDD" }
local function texts_of(df) return setmetatable({ df = df }, TEXTS) end
local function first_fields(rows)
  local out = { n = rows.n }
  for i = 1, rows.n do out[i] = rows[i][1] end
  return V.list(out)
end

-- Of a SparkContext: parallelize makes of texts what readers take for an RDD of texts, a DataFrame of one column.
local CONTEXT = { python = "SparkContext" }
function M.context(session) return setmetatable({ session = session }, CONTEXT) end
V.extra.SparkContext = {
  name = "SparkContext", repr = function() return "<SparkContext>" end,
  attribute = function(c, name)
    if name ~= "parallelize" then unsupported "RDDs" end
    return V.func(name, function(args)
      local items = V.items(args[1])
      for i = 1, items.n do if type(items[i]) ~= "string" then unsupported "RDDs" end end
      return c.session:createDataFrame(to_lua(V.list(items)), "string")
    end)
  end,
}

-- Functions of a module: called with a dot.
local STATIC = { [F] = true, [Window] = true, [T] = true, [T.DataType] = true, [tidemill.SparkSession] = true }
local function static(holder) return STATIC[holder] or is_class(holder) end

-- A Row is a tuple in Python.
local TUPLE = { count = true, index = true }

local function row_attribute(row, name)
  if name == "__fields__" then
    local out = {}
    for i, field in ipairs(getmetatable(row).__fields) do out[i] = field end
    return V.list(out)
  end
  local t = type_of_row[row]
  for i, field in ipairs(getmetatable(row).__fields) do
    if field == name then return typed(rawget(row, i), t and t.fields[i].dataType) end
  end
  if TUPLE[name] then
    local tuple = V.tuple(L.items(row))
    return V.func(name, function(args) return require "python_methods".find(tuple, name)(tuple, args) end)
  end
end

local function column_attribute(c, name)
  local ok, f = pcall(function() return c[name] end)
  if ok then return f end
  if name:find "^__" then error(f, 0) end
  return c:getField(name) -- PySpark's __getattr__
end

local spelled_by_name = { sql = true, createDataFrame = true, sample = true } -- these read their arguments themselves

local function bound(v, class, name, f)
  local hint, params = returns(class, name), parameters(class, name)
  local spelled = SPELLING[class] and SPELLING[class][name]
  local function run(args, named)
    if takes_map(params) and #named > 0 and not spelled_by_name[name] then
      by_position(name, params, args, named)
      named = {}
    end
    if spelled then named = spelled(args, named) end
    said_none(params, args)
    if name ~= "drop" then name_columns(params, args) end -- names of columns, not columns
    local schema = class == "DataFrame" and hint and hint:find "Row" and v.schema or nil
    local result = M.call_lua(f, v, args, named, hint)
    if class == "DataFrame" and name == "toJSON" then return texts_of(result) end
    if class == "Row" and name == "asDict" then return M.row_dict(v, result) end
    return schema and remember(result, schema) or result
  end
  local method = V.func(name, run)
  method.bound = v
  return method
end

function L.attribute(v, name)
  if record_of[v] then return to_python(v[name], name == "namespace" and "List[str]" or nil) end
  local class = L.name(v)
  if is_class(v) and name == "__name__" then return class:sub(6) end
  if class == "Row" then
    local found = row_attribute(v, name)
    if found ~= nil then return found end
  end
  if class == "SparkSession" and name == "sparkContext" then return M.context(v) end
  local f
  if class == "Column" then f = column_attribute(v, name) else f = v[name] end
  if f == nil and v == T and types[name] then return V.type(name) end -- NumericType and the like: for isinstance
  if class == "DataFrame" and type(f) == "function" and not members.DataFrame[name] then
    return v:col(name) -- a method in Lua alone: in Python the column of that name
  end
  if STATIC[f] then return f end
  if type(f) ~= "function" then return to_python(f, name == "metadata" and "Dict" or returns(class, name)) end
  if static(v) then
    local own = class:match "^type (.*)" or class
    local hint, params = returns(own, name), v == F and functions[name] or parameters(own, name)
    local wrapped = V.func(name, function(args, named)
      if v == F and name == "udf" then return udf(args, named) end
      if name == "fromJson" then return to_python(f(to_lua(args[1], true)), hint) end -- data, names in any order
      name_columns(params, args)
      return M.call_lua(f, nil, args, named, hint)
    end)
    wrapped.raw = f
    return wrapped
  end
  return bound(v, class, name, f)
end

-- What asDict made of a value, with the types that the value has.
local function answered(own, v, t)
  if is_row(own) and V.kind(v) == "dict" then
    if t then type_of_row[own] = t end
    return M.row_dict(own, v)
  end
  if type(own) == "table" and V.kind(v) == "list" and v.n > 0 and V.kind(v[1]) == "dict" then
    local out = { n = v.n }
    for i = 1, v.n do out[i] = answered(own[i], v[i], t and t.elementType) end
    return V.list(out)
  end
  if type(own) == "table" and V.kind(v) == "dict" and not t then return v end
  return typed(own, t)
end

--- asDict: the fields in their order, values by their types.
function M.row_dict(row, dict)
  local out, t = V.dict(), type_of_row[row]
  for i, field in ipairs(getmetatable(row).__fields) do
    local v = V.dict_get(dict, field)
    V.dict_set(out, field, answered(rawget(row, i), v == nil and None or v, t and t.fields[i].dataType))
  end
  return out
end

-- ---- items -------------------------------------------------------------------------------------------------------

local function at_of(key, n, what)
  local at = key < 0 and n + key + 1 or key + 1
  if at < 1 or at > n then throw("IndexError", "%s index out of range", what) end
  return at
end

local slice_places = function(...) return require "python_eval".slice_places(...) end

local INDEX = {}
function INDEX.DataFrame(df, key)
  if type(key) == "string" then return df:col(key) end
  if is_column(key) then return df:filter(key) end
  local kind = V.kind(key)
  if kind == "slice" then -- what Lua has not, under its name
    local _, e = pcall(function() return df[key] end)
    e.messageParameters.arg_type = kind
    error(e, 0)
  end
  if kind == "list" or kind == "tuple" then return df:select(to_lua(key)) end
  if math.type(key) == "integer" then return df:col(df.columns[at_of(key, #df.columns, "list")]) end
  return df[to_lua(key)]
end
function INDEX.Column(c, key)
  if V.kind(key) == "slice" then
    if key.step then throw("ValueError", "slice with step is not supported.") end
    return c:substr(to_lua(key.from), to_lua(key.to))
  end
  return c:getItem(to_lua(key))
end
function INDEX.Row(row, key)
  local fields, t = getmetatable(row).__fields, type_of_row[row]
  if V.kind(key) == "slice" then
    local out = {}
    for i, at in ipairs(slice_places(#fields, key)) do out[i] = typed(rawget(row, at), t and t.fields[at].dataType) end
    return V.tuple(out)
  end
  if math.type(key) == "integer" then
    local at = at_of(key, #fields, "tuple")
    return typed(rawget(row, at), t and t.fields[at].dataType)
  end
  local found = row_attribute(row, key)
  if found ~= nil then return found end
  if type(key) == "string" then throw("PySparkValueError", "%s", key) end -- row.key and row["key"] are one in Lua
  return to_python(row[to_lua(key)])
end
function INDEX.StructType(t, key)
  if V.kind(key) == "slice" then
    local fields = {}
    for i, at in ipairs(slice_places(#t, key)) do fields[i] = t[at] end
    return T.StructType(fields)
  end
  local ok, found = pcall(function() return t[math.type(key) == "integer" and key >= 0 and key + 1 or to_lua(key)] end)
  if ok then return found == nil and None or found end
  if found.condition == "INDEX_OUT_OF_RANGE" then found.messageParameters.index = tostring(key) end -- from 0
  error(found, 0)
end

function L.index(v, key)
  local f = INDEX[L.name(v)]
  if f then return f(v, key) end
  if record_of[v] then return to_python(v[RECORDS[record_of[v]][key + 1]]) end
  throw("TypeError", "'%s' object is not subscriptable", L.name(v))
end

function L.len(v)
  local class = L.name(v)
  if class == "Row" or class == "StructType" or class == "Column" then return #v end
end

function L.items(v)
  local class = L.name(v)
  if class == "Row" then
    local out, t = { n = #v }, type_of_row[v]
    for i = 1, out.n do out[i] = typed(rawget(v, i), t and t.fields[i].dataType) end
    return out
  end
  if class == "StructType" then return { n = #v, table.unpack(v.fields) } end
  if class == "Column" then pairs(v) end -- raises
end

--- `in` over a Row looks among its names.
function L.contains(v, x)
  if is_column(v) then
    error({ python = "PySparkValueError", condition = "CANNOT_APPLY_IN_FOR_COLUMN", messageParameters = {} }, 0)
  end
  if not is_row(v) then return nil end
  for _, name in ipairs(getmetatable(v).__fields) do if name == x then return true end end
  return false
end

function L.sequence(v) return is_row(v) and "tuple" or nil end

-- ---- operators ---------------------------------------------------------------------------------------------------

local ARITHMETIC = {
  ["+"] = function(a, b) return a + b end, ["-"] = function(a, b) return a - b end,
  ["*"] = function(a, b) return a * b end, ["/"] = function(a, b) return a / b end,
  ["%"] = function(a, b) return a % b end, ["**"] = function(a, b) return a ^ b end,
  ["&"] = function(a, b) return a & b end, ["|"] = function(a, b) return a | b end,
}

local function other_than_none(v) return V.kind(v) ~= nil or type(v) ~= "table" or getmetatable(v) ~= nil end

function L.binary(op, a, b)
  local f = ARITHMETIC[op]
  local ours = is_column(a) or is_column(b) or (type(a) == "userdata" and other_than_none(b))
    or (type(b) == "userdata" and other_than_none(a))
  if f and ours then return f(to_lua(a), to_lua(b)) end
end

function L.unary(op, v)
  if type(v) ~= "userdata" and not is_column(v) then return nil end
  if op == "-" then return -v end
  if op == "~" and is_column(v) then return ~v end
end

local COMPARISON = { ["=="] = "equalTo", ["!="] = "notEqual", ["<"] = "lt", ["<="] = "leq", [">"] = "gt",
  [">="] = "geq" }
local MIRRORED = { ["<"] = ">", ["<="] = ">=", [">"] = "<", [">="] = "<=", ["=="] = "==", ["!="] = "!=" }

function L.compare(op, a, b)
  if not COMPARISON[op] then return nil end
  if is_column(a) then return a[COMPARISON[op]](a, to_lua(b)) end
  if is_column(b) then return b[COMPARISON[MIRRORED[op]]](b, to_lua(a)) end
end

function L.equal(a, b)
  return type(a) == type(b) and a == b
end

--- if, and, or, not: Lua takes any Column for true, so its own refusal is the comparison.
function L.truth(v)
  if is_column(v) then return v < v end
  return true
end

-- ---- texts -------------------------------------------------------------------------------------------------------

local function clock(v)
  local parts = { v.hour, v.minute }
  if v.second ~= 0 or v.microsecond ~= 0 then parts[3] = v.second end
  if v.microsecond ~= 0 then parts[4] = v.microsecond end
  return table.concat(parts, ", ")
end

local function timedelta_text(v)
  local micros = v.micros
  local days, rest = micros // 86400000000, micros % 86400000000
  local parts = {}
  if days ~= 0 then parts[#parts + 1] = "days=" .. days end
  if rest // 1000000 ~= 0 then parts[#parts + 1] = "seconds=" .. rest // 1000000 end
  if rest % 1000000 ~= 0 then parts[#parts + 1] = "microseconds=" .. rest % 1000000 end
  return "datetime.timedelta(" .. (#parts > 0 and table.concat(parts, ", ") or "0") .. ")"
end

local function named_values(names, get)
  local parts = {}
  for i, name in ipairs(names) do parts[i] = name .. "=" .. V.repr(get(name, i)) end
  return "(" .. table.concat(parts, ", ") .. ")"
end

local REPR = {
  Decimal = function(v) return "Decimal('" .. tostring(v) .. "')" end,
  date = function(v) return ("datetime.date(%d, %d, %d)"):format(v.year, v.month, v.day) end,
  datetime = function(v) return ("datetime.datetime(%d, %d, %d, %s)"):format(v.year, v.month, v.day, clock(v)) end,
  time = function(v) return "datetime.time(" .. clock(v) .. ")" end,
  timedelta = timedelta_text,
  StorageLevel = function(v)
    return ("StorageLevel(%s, %s, %s, %s, %d)"):format(V.repr(v.useDisk), V.repr(v.useMemory), V.repr(v.useOffHeap),
      V.repr(v.deserialized), v.replication)
  end,
  Row = function(v)
    local items = L.items(v)
    return "Row" .. named_values(getmetatable(v).__fields, function(_, i) return items[i] end)
  end,
}

function L.repr(v)
  if record_of[v] then
    return record_of[v] .. named_values(RECORDS[record_of[v]], function(name) return L.attribute(v, name) end)
  end
  local f = REPR[L.name(v)]
  return f and f(v) or tostring(v)
end

function L.str(v)
  local class = L.name(v)
  if class == "StorageLevel" or class == "Decimal" or class == "date" or class == "datetime" then return tostring(v) end
  return L.repr(v)
end

-- ---- values of this file in python_value.lua ---------------------------------------------------------------------

local TEXT_METHODS = {
  collect = function(t) return first_fields(to_python(t.df:collect())) end,
  take = function(t, args) return first_fields(to_python(t.df:take(args[1]))) end,
  first = function(t) return t.df:first()[1] end,
  count = function(t) return t.df:count() end,
}
V.extra.RDD = {
  name = "RDD", repr = function() return "RDD" end,
  attribute = function(t, name)
    local f = TEXT_METHODS[name] or unsupported "RDDs"
    return V.func(name, function(args) return f(t, args) end)
  end,
}

for k, v in pairs(L) do V.library[k] = v end
return M
