-- Tidemill seen from Python: the objects of the Lua surface for python_eval.lua, and the modules that PySpark programs
-- import. Only the public surface is used. The rules:
--   df.method(a, k=v)        df:method(a, { k = v })           obj.property          obj.property
--   lists, tuples, sets      lists (with n when None is among the items)
--   dicts                    tables; where Lua would lose the order, lists of { key, value }
--   None                     nil, tidemill.null inside maps and lists of pairs
--   == != < <= > >= on Columns   :equalTo :notEqual :lt :leq :gt :geq      if, and, or, not on Columns: refused
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

local members = {} -- class -> member -> { kind, params, returns }

--- surface: the decoded surface.json.
function M.declare(surface)
  for _, o in ipairs(surface) do
    -- pyspark.sql.catalog has a Column of its own, which is a record here
    if o.class and not (o.class == "Column" and o.module:find "catalog") then
      members[o.class] = members[o.class] or {}
      for _, m in ipairs(o.members) do members[o.class][m.name] = m end
    end
  end
end

local function returns(class, name)
  local m = members[class] and members[class][name]
  return m and m.returns
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

-- Lua functions with as many parameters as the Python function has: F.transform and its like count them.
local function function_to_lua(f)
  if f.raw then return f.raw end
  local function run(...)
    local args = { n = select("#", ...) }
    for i = 1, args.n do args[i] = to_python((select(i, ...))) end
    return to_lua(f.call(args, {}), true)
  end
  if f.arity == 1 then return function(a) return run(a) end end
  if f.arity == 2 then return function(a, b) return run(a, b) end end
  if f.arity == 3 then return function(a, b, c) return run(a, b, c) end end
  return run
end

local TO_LUA = {
  NoneType = function() return nil end,
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
  if id == "binary" then return V.bytearray(v) end
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
  if type(v) == "function" then return V.func("lua", function(args) return M.call_lua(v, nil, args, {}) end) end
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

-- Ways in which Lua spells a call otherwise: f(args, named) changes both, named becomes a Lua table.
local SPELLING = { SparkSession = {}, DataFrame = {} }

-- NULL as what is put there must be said: tidemill.null
local function said_null(args, named)
  if rawequal(args[2], None) then args[2] = tidemill.null end
  return named
end
SPELLING.DataFrame.replace = said_null
SPELLING.DataFrameNaFunctions = { replace = said_null }

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

-- Arguments of classes go by position.
local function by_position(class, args, named)
  local init = members[class] and members[class].__init__
  for _, p in ipairs(named) do
    local at
    for i, q in ipairs(init and init.params or {}) do if q.name == p[1] then at = i end end
    if not at then throw("TypeError", "%s() got an unexpected keyword argument '%s'", class, p[1]) end
    for i = args.n + 1, at - 1 do args[i] = None end
    args[at], args.n = p[2], math.max(args.n, at)
  end
end

--- Call a Lua function, as a method of `receiver` unless that is nil.
function M.call_lua(f, receiver, args, named, hint)
  local list, n = {}, args.n
  for i = 1, n do list[i] = to_lua(args[i]) end
  if #named > 0 then
    n = n + 1
    list[n] = {}
    for _, p in ipairs(named) do list[n][p[1]] = to_lua(p[2]) end
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
    by_position(lua_class(f):sub(6), args, named)
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

local function bound(v, class, name, f)
  local hint = returns(class, name)
  local spelled = SPELLING[class] and SPELLING[class][name]
  local function run(args, named)
    if spelled then named = spelled(args, named) end
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
  local f
  if class == "Column" then f = column_attribute(v, name) else f = v[name] end
  if class == "SparkSession" and name == "sparkContext" then unsupported "RDDs" end
  if STATIC[f] then return f end
  if type(f) ~= "function" then return to_python(f, returns(class, name)) end
  if static(v) then
    local hint = returns(class:match "^type (.*)" or class, name)
    local wrapped = V.func(name, function(args, named) return M.call_lua(f, nil, args, named, hint) end)
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
  return to_python(row[to_lua(key)])
end
function INDEX.StructType(t, key)
  if V.kind(key) == "slice" then
    local fields = {}
    for i, at in ipairs(slice_places(#t, key)) do fields[i] = t[at] end
    return T.StructType(fields)
  end
  local found = t[math.type(key) == "integer" and key >= 0 and key + 1 or to_lua(key)]
  return found == nil and None or found
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

-- ---- modules -----------------------------------------------------------------------------------------------------

local function put_named(args, named, names)
  local out = { n = args.n }
  for i = 1, args.n do out[i] = args[i] end
  for _, p in ipairs(named) do
    for i, name in ipairs(names) do if name == p[1] then out[i] = p[2] end end
  end
  return out
end

local function point(make, names, from)
  return function(args, named)
    local a = put_named(args, named, names)
    for i = 1, #names do if i > 3 or from == 0 then a[i] = a[i] or 0 end end
    return make(a)
  end
end

local function timestamp(a)
  return tidemill.timestamp(("%04d-%02d-%02d %02d:%02d:%02d.%06d"):format(a[1], a[2], a[3], a[4], a[5], a[6], a[7]))
end

local EPOCH = tidemill.timestamp_ntz "1970-01-01 00:00:00"
local MICRO = tidemill.timestamp_ntz "1970-01-01 00:00:00.000001" - EPOCH
local UNITS = { days = 86400000000, seconds = 1000000, microseconds = 1, milliseconds = 1000, minutes = 60000000,
  hours = 3600000000, weeks = 604800000000 }

local function timedelta(args, named)
  local micros = 0
  for i, unit in ipairs { "days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks" } do
    if args[i] then micros = micros + args[i] * UNITS[unit] end
  end
  for _, p in ipairs(named) do micros = micros + p[2] * UNITS[p[1]] end
  return MICRO * math.tointeger(micros)
end

local CLOCK = { "year", "month", "day", "hour", "minute", "second", "microsecond" }
local datetime = V.module("datetime", {
  date = V.type("date", point(function(a) return tidemill.date(a[1], a[2], a[3]) end, { "year", "month", "day" })),
  datetime = V.type("datetime", point(timestamp, CLOCK)),
  time = V.type("time", point(function(a)
    return tidemill.time(("%02d:%02d:%02d.%06d"):format(a[1], a[2], a[3], a[4]))
  end, { "hour", "minute", "second", "microsecond" }, 0)),
  timedelta = V.type("timedelta", timedelta),
})

local Decimal = V.type("Decimal", function(args)
  local v = args[1] or 0
  return tidemill.decimal(V.kind(v) == "int" and v.digits or type(v) == "string" and v or tostring(v))
end)

local function number_function(f)
  return V.func("math", function(args) return f(table.unpack(args, 1, args.n)) end)
end
local math_module = V.module("math", {
  pi = math.pi, e = math.exp(1), nan = 0 / 0, inf = math.huge, sqrt = number_function(math.sqrt),
  floor = number_function(math.floor), ceil = number_function(math.ceil), log = number_function(math.log),
  isnan = number_function(function(x) return x ~= x end),
  pow = number_function(function(a, b) return (a + 0.0) ^ b end),
})

-- Row(a=1) is a Row; Row("a", "b") makes Rows; Row(1, 2) is a tuple that prints as a Row.
local MAKER = { python = "row_maker" }
local function row_maker(values)
  local maker = { n = values.n }
  for i = 1, values.n do maker[i] = values[i] end
  return setmetatable(maker, MAKER)
end
local Row = V.type("Row", function(args, named)
  if #named == 0 then return row_maker(args) end
  local list = {}
  for i, p in ipairs(named) do
    local v = to_lua(p[2], true)
    if v == nil then v = tidemill.null end
    list[i] = { p[1], v }
  end
  return tidemill.Row(list)
end)

local function call_maker(maker, args)
  local names, values = {}, {}
  for i = 1, maker.n do names[i] = maker[i] end
  for i = 1, args.n do values[i] = to_lua(args[i], true) end
  return tidemill.Row(table.unpack(names, 1, maker.n))(table.unpack(values, 1, args.n))
end

local observation = V.type("Observation", function(args, named)
  local a = put_named(args, named, { "name" })
  return tidemill.Observation(to_lua(a[1] == nil and None or a[1]))
end)

local SPARK = { Row = Row, Window = Window, functions = F, types = T, Observation = observation,
  StorageLevel = tidemill.StorageLevel, SparkSession = tidemill.SparkSession }

function M.import(module, name)
  local own = { datetime = datetime, decimal = V.module("decimal", { Decimal = Decimal }), math = math_module }
  if own[module] then
    return name and (own[module].members[name] or throw("ImportError", "cannot import name '%s'", name)) or own[module]
  end
  if module == "pyspark.sql.functions" then return name == "*" and unsupported "import *" or L.attribute(F, name) end
  if module == "pyspark.sql.types" then return T[name] end
  if name and SPARK[name] and module:find "^pyspark" then return SPARK[name] end
  unsupported("module " .. module)
end

-- ---- values of this file in python_value.lua ---------------------------------------------------------------------

V.extra.row_maker = {
  name = "Row", call = call_maker,
  repr = function(v)
    local parts = {}
    for i = 1, v.n do parts[i] = V.repr(v[i]) end
    return "<Row(" .. table.concat(parts, ", ") .. ")>"
  end,
  attribute = function(_, name)
    if name == "asDict" then return V.func(name, function() unsupported "Rows without names" end) end
    throw("AttributeError", "%s", name)
  end,
}

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
