--- Data types by PySpark's names: types.StructType{..}, types.ArrayType(types.LongType()), types.fromDDL "a INT".
-- Objects are the plain tables that csrc/bind/schema.h describes, with classes.
local core = require "tidemill.core"
local errors = require "tidemill.errors"

local types = {}
local by_id = {} -- id of the core -> metatable

local function python(v) return v and "True" or "False" end

-- ---- what all types share ----------------------------------------------------------------------------------------

local base = {}

function base:simpleString()
  if self.__id == "decimal" then return ("decimal(%d,%d)"):format(self.precision, self.scale) end
  return core.type_text(self, "simple")
end
local quote = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r" }
local function quoted(s) return '"' .. s:gsub('["\\\n\t\r]', quote) .. '"' end

-- Keys sorted, as PySpark writes them; atoms have one form.
local json
local function field_json(f)
  return ('{"metadata":%s,"name":%s,"nullable":%s,"type":%s}'):format(rawget(f, "metadata_text") or "{}",
    quoted(f.name), f.nullable, json(f.type))
end

function json(t)
  local id = rawget(t, "__id")
  if id == "struct" then
    local parts = {}
    for i, f in ipairs(t.fields) do parts[i] = field_json(f) end
    return '{"fields":[' .. table.concat(parts, ",") .. '],"type":"struct"}'
  elseif id == "array" then
    return ('{"containsNull":%s,"elementType":%s,"type":"array"}'):format(t.containsNull, json(t.element))
  elseif id == "map" then
    return ('{"keyType":%s,"type":"map","valueContainsNull":%s,"valueType":%s}'):format(json(t.key),
      t.valueContainsNull, json(t.value))
  end
  return core.type_text(t, "json")
end

--- The type whose fields, elements and values may all be NULL.
function base:toNullable()
  local id = self.__id
  if id == "array" then return types.ArrayType(self.element:toNullable(), true) end
  if id == "map" then return types.MapType(self.key:toNullable(), self.value:toNullable(), true) end
  if id ~= "struct" then return self end
  local fields = {}
  for i, f in ipairs(self.fields) do
    fields[i] = types.StructField(f.name, f.type:toNullable(), true, rawget(f, "metadata_text"))
  end
  return types.StructType(fields)
end

-- A type on its own tells the collation too; a field of a schema would tell it in its metadata.
function base:json()
  local collation = rawget(self, "__id") == "string" and rawget(self, "collation")
  return collation and quoted("string collate " .. collation) or json(self)
end
function base:jsonValue() return require "cjson".decode("[" .. self:json() .. "]")[1] end
function base:typeName() return getmetatable(self).__type_name or self.__id end
function base:toDDL() return core.type_text(self, self.__id == "struct" and "ddl" or "sql") end

local function is_type(v) return type(v) == "table" and (getmetatable(v) or {}).__type == true end
types.is = is_type

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for k, v in next, a do if not same(v, rawget(b, k)) then return false end end
  for k in next, b do if rawget(a, k) == nil then return false end end
  return true
end

local function define(name, id, o)
  o = o or {}
  local methods = setmetatable(o.methods or {}, { __index = base })
  local mt = { __name = name, __type = true, __type_name = o.type_name }
  mt.__eq = function(a, b) return is_type(a) and is_type(b) and same(a, b) end
  mt.__tostring = o.repr or function() return name .. "()" end
  mt.__index = function(t, k)
    local alias = o.fields and o.fields[k]
    if alias then return rawget(t, alias) end
    return o.get and o.get(t, k) or methods[k]
  end
  mt.__len, mt.__pairs, mt.__call = o.len, o.pairs, nil
  by_id[id] = mt
  types[name] = setmetatable({ typeName = function() return o.type_name or id end }, {
    __name = "type " .. name,
    __call = function(_, ...)
      local t = o.new and o.new(...) or {}
      t.__id = t.__id or id
      return setmetatable(t, mt)
    end,
  })
end

-- ---- atoms -------------------------------------------------------------------------------------------------------

for name, id in pairs {
  NullType = "void", BooleanType = "boolean", ByteType = "byte", ShortType = "short", IntegerType = "integer",
  LongType = "long", FloatType = "float", DoubleType = "double", BinaryType = "binary", DateType = "date",
  TimestampType = "timestamp", TimestampNTZType = "timestamp_ntz", CalendarIntervalType = "interval",
  VariantType = "variant", VectorUDT = "vector", MatrixUDT = "matrix",
} do define(name, id) end

define("StringType", "string", {
  new = function(collation) return { collation = collation ~= "UTF8_BINARY" and collation or nil } end,
  repr = function(t) return t.collation and ("StringType('%s')"):format(t.collation) or "StringType()" end,
})
local function sized(id)
  return { new = function(n) return { length = n } end,
    repr = function(t) return ("%sType(%d)"):format(id, t.length) end }
end
define("CharType", "char", sized "Char")
define("VarcharType", "varchar", sized "Varchar")
define("DecimalType", "decimal", {
  new = function(p, s) return { precision = p or 10, scale = s or 0 } end,
  repr = function(t) return ("DecimalType(%d,%d)"):format(t.precision, t.scale) end,
})
define("TimeType", "time", {
  new = function(p) return { precision = p or 6 } end,
  repr = function(t) return ("TimeType(%d)"):format(t.precision) end,
})
for name, id in pairs { TimestampLTZNanosType = "timestamp_nanos", TimestampNTZNanosType = "timestamp_ntz_nanos" } do
  define(name, id, {
    new = function(p) return { precision = p or 9 } end,
    repr = function(t) return ("%s(%d)"):format(name, t.precision) end,
  })
end
for name, id in pairs { GeometryType = "geometry", GeographyType = "geography" } do
  define(name, id, {
    new = function(srid) return { srid = srid == "ANY" and -1 or srid or (id == "geometry" and 0 or 4326) } end,
    repr = function(t) return ("%s(%s)"):format(name, t.srid == -1 and "ANY" or t.srid) end,
  })
end
-- The units of an interval type, by number: `last` stands for the smallest.
local function units_to(last)
  return function(from, to)
    local first, final = from or 0, to or from or last
    for _, unit in ipairs { first, final } do
      if math.type(unit) ~= "integer" or unit < 0 or unit > last then
        errors.raise("INVALID_INTERVAL_CASTING", { start_field = tostring(first), end_field = tostring(final) })
      end
    end
    return { start = first, stop = final }
  end
end
define("DayTimeIntervalType", "interval_dt", {
  new = units_to(3),
  fields = { startField = "start", endField = "stop" }, type_name = "daytimeinterval",
  repr = function(t) return ("DayTimeIntervalType(%d, %d)"):format(t.start, t.stop) end,
})
define("YearMonthIntervalType", "interval_ym", {
  new = units_to(1),
  fields = { startField = "start", endField = "stop" }, type_name = "yearmonthinterval",
  repr = function(t) return ("YearMonthIntervalType(%d, %d)"):format(t.start, t.stop) end,
})
for i, name in ipairs { "DAY", "HOUR", "MINUTE", "SECOND" } do types.DayTimeIntervalType[name] = i - 1 end
types.YearMonthIntervalType.YEAR, types.YearMonthIntervalType.MONTH = 0, 1

-- ---- nested types ------------------------------------------------------------------------------------------------

local function need_type(v, what)
  if is_type(v) then return v end
  errors.raise("NOT_EXPECTED_TYPE", { arg_name = what, expected_type = "DataType",
    arg_type = require "tidemill.arguments".type_name(v) }, { class = "PySparkAssertionError",
    hint = type(v) == "string" and "types.fromDDL '" .. v .. "'" or nil })
end

define("ArrayType", "array", {
  new = function(element, nulls)
    return { element = need_type(element, "elementType"), containsNull = nulls ~= false }
  end,
  fields = { elementType = "element" },
  repr = function(t) return ("ArrayType(%s, %s)"):format(t.element, python(t.containsNull)) end,
})
define("MapType", "map", {
  new = function(key, value, nulls)
    return { key = need_type(key, "keyType"), value = need_type(value, "valueType"),
      valueContainsNull = nulls ~= false }
  end,
  fields = { keyType = "key", valueType = "value" },
  repr = function(t) return ("MapType(%s, %s, %s)"):format(t.key, t.value, python(t.valueContainsNull)) end,
})

local function metadata_text(m)
  if m == nil or type(m) == "string" then return m end
  return next(m) and require "cjson".encode(m) or nil
end

-- Whole numbers of decoded JSON, where all are floats, as integers.
local function whole(v)
  if type(v) == "number" then return math.tointeger(v) or v end
  if type(v) ~= "table" then return v end
  for k, x in pairs(v) do v[k] = whole(x) end
  return v
end

define("StructField", "field", {
  new = function(name, kind, nullable, metadata)
    if type(name) ~= "string" then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = "name", expected_type = "str",
        arg_type = require "tidemill.arguments".type_name(name) })
    end
    return { name = name, type = need_type(kind, "dataType"), nullable = nullable ~= false,
      metadata_text = metadata_text(metadata) }
  end,
  fields = { dataType = "type" },
  methods = {
    json = field_json,
    typeName = function() errors.raise("INVALID_TYPENAME_CALL", {}) end,
    simpleString = function(f) return f.name .. ":" .. f.type:simpleString() end,
  },
  --- f.metadata: a table, empty where there is none.
  get = function(f, k)
    if k ~= "metadata" then return nil end
    local text = rawget(f, "metadata_text")
    return text and whole(require "cjson".decode(text)) or {}
  end,
  repr = function(f) return ("StructField('%s', %s, %s)"):format(f.name, f.type, python(f.nullable)) end,
})

-- ---- struct types ------------------------------------------------------------------------------------------------

local struct = {}

function struct:fieldNames()
  local names = {}
  for i, f in ipairs(self.fields) do names[i] = f.name end
  return names
end

-- The types' names in JSON, which are no DDL; those with a parameter as Lua patterns.
local NAMED = {}
for name in ([[string binary boolean decimal float double byte short integer long date timestamp timestamp_ntz interval
  void variant geometry geography]]):gmatch "%S+" do NAMED[name] = true end
local SHAPED = { "^decimal%(%s*%d+%s*,%s*%-?%d+%s*%)", "^time%(%s*%d+%s*%)", "^interval %l+$", "^interval %l+ to %l+$",
  "^string collate [%w_]+$", "^char%(%s*%d+%s*%)", "^varchar%(%s*%d+%s*%)", "^geometry%(.*%)$", "^geography%(.*%)$" }

local function named_type(text)
  local known = NAMED[text]
  for _, pattern in ipairs(SHAPED) do known = known or text:find(pattern) ~= nil end
  if known then return types.fromDDL(text) end
  errors.raise("CANNOT_PARSE_DATATYPE", { msg = text }, { hint = "types.fromDDL reads DDL" })
end

--- Adds a field in place and returns itself, as PySpark's does.
function struct:add(field, kind, nullable, metadata)
  if type(field) == "string" then
    if kind == nil then
      errors.raise("ARGUMENT_REQUIRED", { arg_name = "data_type",
        condition = "passing name of struct_field to create" })
    end
    if type(kind) == "string" then kind = named_type(kind) end
    field = types.StructField(field, kind, nullable, metadata)
  end
  self.fields[#self.fields + 1] = field
  return self
end

local tree

local function tree_fields(out, t, indent, level, max)
  for _, f in ipairs(t.fields) do
    out[#out + 1] = ("%s |-- %s: %s (nullable = %s)"):format(indent, f.name, types.tree_name(f.type), f.nullable)
    tree(out, f.type, indent .. " |   ", level + 1, max)
  end
end

local INTERVAL = { interval_dt = { "day", "hour", "minute", "second" }, interval_ym = { "year", "month" } }

local SIZED = { decimal = true, time = true, string = true, char = true, varchar = true, geometry = true,
  geography = true, timestamp_nanos = true, timestamp_ntz_nanos = true }

--- The name of a type in printSchema.
function types.tree_name(t)
  local units = INTERVAL[t.__id]
  if units then
    local from, to = units[t.start + 1], units[t.stop + 1]
    return "interval " .. (from == to and from or from .. " to " .. to)
  end
  if SIZED[t.__id] then return t:simpleString() end
  return t.__id
end

function tree(out, t, indent, level, max)
  if level > max then return end
  local function item(label, kind, nulls)
    out[#out + 1] = ("%s |-- %s: %s%s"):format(indent, label, types.tree_name(kind), nulls)
    tree(out, kind, indent .. " |   ", level + 1, max)
  end
  if t.__id == "struct" then tree_fields(out, t, indent, level, max)
  elseif t.__id == "array" then item("element", t.element, (" (containsNull = %s)"):format(t.containsNull))
  elseif t.__id == "map" then
    item("key", t.key, "")
    item("value", t.value, (" (valueContainsNull = %s)"):format(t.valueContainsNull))
  end
end

--- What printSchema prints; with `level` only so deep.
function struct:treeString(level)
  if level ~= nil and math.type(level) ~= "integer" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "level", expected_type = "int",
      arg_type = require "tidemill.arguments".type_name(level) })
  end
  local out = { "root" }
  tree(out, self, "", 1, level and level > 0 and level or math.huge)
  return table.concat(out, "\n") .. "\n"
end

define("StructType", "struct", {
  new = function(fields)
    local list, name = {}, require "tidemill.arguments".type_name
    if fields ~= nil and (type(fields) ~= "table" or getmetatable(fields)) then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = "fields", expected_type = "list", arg_type = name(fields) },
        { class = "PySparkAttributeError", hint = "types.fromDDL reads a text" })
    end
    for i, f in ipairs(fields or {}) do
      if getmetatable(f) ~= by_id.field then
        errors.raise("NOT_EXPECTED_TYPE", { arg_name = "fields", expected_type = "list of StructField",
          arg_type = name(f) }, { class = "PySparkAttributeError" })
      end
      list[i] = f
    end
    return { fields = list }
  end,
  methods = struct,
  len = function(t) return #t.fields end,
  pairs = function(t) return ipairs(t.fields) end,
  get = function(t, k)
    if struct[k] or base[k] then return nil end
    if k == "names" then return struct.fieldNames(t) end
    if math.type(k) == "integer" then
      return t.fields[k < 0 and #t.fields + 1 + k or k]
        or errors.raise("INDEX_OUT_OF_RANGE", { arg_name = "StructType", index = tostring(k) })
    end
    for _, f in ipairs(t.fields) do if f.name == k then return f end end
    if type(k) ~= "string" then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = "key", expected_type = "int, slice or str",
        arg_type = require "tidemill.arguments".type_name(k) })
    end
    if not k:find "^__" then errors.raise("KEY_NOT_EXISTS", { key = k }) end
  end,
  repr = function(t)
    local parts = {}
    for i, f in ipairs(t.fields) do parts[i] = tostring(f) end
    return "StructType([" .. table.concat(parts, ", ") .. "])"
  end,
})
types.StructType.fromDDL = function(text, again)
  if text == types.StructType then text = again end
  return types.fromDDL(text)
end

-- ---- from JSON ---------------------------------------------------------------------------------------------------

-- The type that a decoded JSON value (of jsonValue) describes.
local function from_json(v)
  if type(v) == "string" then return named_type(v) end
  local kind = type(v) == "table" and ({ array = "ArrayType", map = "MapType", struct = "StructType" })[v.type]
  if kind then return types[kind].fromJson(v) end
  errors.raise("UNSUPPORTED_DATA_TYPE", { data_type = tostring(type(v) == "table" and v.type or v) }, {
    class = "PySparkTypeError", message = "No JSON of a data type." })
end
function types.ArrayType.fromJson(v) return types.ArrayType(from_json(v.elementType), v.containsNull) end
function types.MapType.fromJson(v)
  return types.MapType(from_json(v.keyType), from_json(v.valueType), v.valueContainsNull)
end
function types.StructField.fromJson(v)
  return types.StructField(v.name, from_json(v.type), v.nullable, v.metadata)
end
function types.StructType.fromJson(v)
  local fields = {}
  for i, f in ipairs(v.fields) do fields[i] = types.StructField.fromJson(f) end
  return types.StructType(fields)
end

-- ---- both ways ---------------------------------------------------------------------------------------------------

--- Give a description from the core its classes, at every depth.
function types.wrap(t)
  for _, child in ipairs { t.element or false, t.key or false, t.value or false } do
    if child then types.wrap(child) end
  end
  for _, f in ipairs(t.fields or {}) do
    types.wrap(f.type)
    setmetatable(f, by_id.field)
  end
  return setmetatable(t, by_id[t.__id])
end

--- DDL text as a type: "a INT, b STRING" and "struct<..>" give a StructType, "array<int>" an ArrayType.
function types.fromDDL(text, as_struct, ...)
  if type(text) == "table" and (text == types.StructType or text == types.DataType) then -- called with ':'
    return text.fromDDL(as_struct, ...)
  end
  if type(text) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "ddl", expected_type = "str",
      arg_type = require "tidemill.arguments".type_name(text) })
  end
  if not as_struct and not text:find "%S" then return types.StructType {} end
  local handle = require "tidemill.session".active_handle()
  return types.wrap(core.parse_type(handle, text, as_struct and "schema" or "either"))
end

types.DataType = { fromDDL = types.fromDDL }
types.Row = require "tidemill.row".Row
types.VariantVal = require "tidemill.variant"

-- How Lua makes a value of a type.
local MAKE = {
  double = "a number with a fraction: 1.0, x + 0.0", float = "a number with a fraction: 1.0, x + 0.0",
  decimal = "tidemill.decimal \"1.50\"", date = "tidemill.date \"2024-02-29\"",
  timestamp = "tidemill.timestamp \"2024-02-29 10:00:00\"", time = "tidemill.time \"10:00:00\"",
  timestamp_ntz = "tidemill.timestamp_ntz \"2024-02-29 10:00:00\"",
}

-- The modules of Python's classes, as messages have them.
local MODULE = { date = "datetime.", datetime = "datetime.", time = "datetime.", timedelta = "datetime.",
  Decimal = "decimal." }

core.hook("misfit", function(kind, value, field, row)
  local show, name = require "tidemill.row".show, require "tidemill.arguments".type_name
  errors.raise("FIELD_DATA_TYPE_UNACCEPTABLE_WITH_NAME", {
    field_name = field or "field value", data_type = tostring(types.wrap(kind)),
    obj = show(value), obj_type = "<class '" .. (MODULE[name(value)] or "") .. name(value) .. "'>",
  }, { detail = { place = row and ("row %d, "):format(row) or "", obj_type = name(value) },
    hint = MAKE[kind.__id] and "it takes " .. MAKE[kind.__id] or nil })
end)
core.hook("sorted_keys", function(t) return require "tidemill.arguments".sorted_keys(t) end)

return types
