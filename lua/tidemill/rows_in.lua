--- createDataFrame: the shapes of data handed in, and the schema that is given or inferred.
-- Rows are lists or maps; a map of lists is taken as columns; single values need a type ("int").
local arguments = require "tidemill.arguments"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local row = require "tidemill.row"
local types = require "tidemill.types"

local M = {}

local function is_row_like(v) return type(v) == "table" and (not getmetatable(v) or row.is(v)) end

-- { id = { 1, 2 }, kml = { 9.5, 8.1 } } as rows and names.
local function from_columns(data, order)
  local names, n = order or arguments.sorted_keys(data), 0
  for _, name in ipairs(names) do
    local list = data[name]
    if type(list) ~= "table" or getmetatable(list) then
      errors.raise("CANNOT_INFER_SCHEMA_FOR_TYPE", { data_type = arguments.type_name(list) })
    end
    n = math.max(n, list.n or #list)
  end
  for _, name in ipairs(names) do
    local list = data[name]
    if (list.n or #list) ~= n then
      errors.raise("STRUCT_ARRAY_LENGTH_MISMATCH", { expected = tostring(n), actual = tostring(list.n or #list) })
    end
  end
  local rows = {}
  for i = 1, n do
    local r = { n = #names }
    for k, name in ipairs(names) do r[k] = data[name][i] end
    rows[i] = r
  end
  return rows, names
end

local function default_names(n, given)
  local names = {}
  for i = 1, n do names[i] = given and given[i] or "_" .. i end
  return names
end

-- Rows go by position, so all of them have the same fields.
local function same_fields(rows, fields)
  local all, n = {}, #fields
  for _, name in ipairs(fields) do all[name] = true end
  for _, r in ipairs(rows) do
    for _, name in ipairs(row.is(r) and getmetatable(r).__fields or {}) do
      if not all[name] then all[name], n = true, n + 1 end
    end
  end
  if n > #fields then
    errors.raise("STRUCT_ARRAY_LENGTH_MISMATCH", { expected = tostring(n), actual = tostring(#fields) })
  end
end

-- Names of the columns, and whether values are found by them.
local function shape_of(rows, given)
  local first = rows[1]
  if not is_row_like(first) then
    errors.raise("CANNOT_INFER_SCHEMA_FOR_TYPE", { data_type = arguments.type_name(first) })
  end
  if row.is(first) then
    local fields = getmetatable(first).__fields
    same_fields(rows, fields)
    return default_names(#fields, given or fields), false
  end
  local shape = arguments.shape(first)
  if shape == "map" then
    local seen = {}
    for _, r in ipairs(rows) do for k in pairs(r) do seen[k] = true end end
    local names = arguments.sorted_keys(seen)
    return names, true
  end
  if shape == "mixed" then
    local _, key = arguments.shape(first)
    errors.raise("MIXED_TABLE", { key = tostring(key) })
  end
  local width, told = 0, nil -- told: the length of a row that says how long it is
  for _, r in ipairs(rows) do
    local n = is_row_like(r) and rawget(r, "n") or nil
    told = n and math.max(told or 0, n) or told
    width = math.max(width, n or is_row_like(r) and #r or 0)
  end
  for _, r in ipairs(rows) do
    local n = is_row_like(r) and rawget(r, "n") or nil
    if n and n ~= told then
      errors.raise("STRUCT_ARRAY_LENGTH_MISMATCH", { expected = tostring(told), actual = tostring(n) })
    end
  end
  if told and given and #given > told then
    errors.raise("INDEX_OUT_OF_RANGE", { arg_name = "schema", index = tostring(told) },
      { message = ("There are %d names for rows of %d values."):format(#given, told) })
  end
  if given and #given > width then
    -- trailing NULLs leave no trace in a Lua list
    width = #given
  end
  return default_names(width, given), false
end

local function has_void(t)
  if t.__id == "void" then return true end
  for _, child in ipairs { rawget(t, "element") or false, rawget(t, "key") or false, rawget(t, "value") or false } do
    if child and has_void(child) then return true end
  end
  for _, f in ipairs(rawget(t, "fields") or {}) do if has_void(f.type) then return true end end
  return false
end

local function checked(schema)
  for _, f in ipairs(schema.fields) do
    if has_void(f.type) then errors.raise("CANNOT_DETERMINE_TYPE", {}, { detail = { field_name = f.name } }) end
  end
  return schema
end

local function by_position(rows, names)
  local out = {}
  for i, r in ipairs(rows) do
    local list = { n = #names }
    for k, name in ipairs(names) do list[k] = r[name] end
    out[i] = list
  end
  return out
end

local function infer(handle, rows, given)
  if #rows == 0 then errors.raise("CANNOT_INFER_EMPTY_SCHEMA", {}) end
  local names, by_name = shape_of(rows, given)
  for _, r in ipairs(rows) do
    if not is_row_like(r) then
      errors.raise("CANNOT_INFER_SCHEMA_FOR_TYPE", { data_type = arguments.type_name(r) })
    end
  end
  local schema = checked(types.wrap(core.infer(handle, rows, names, by_name)))
  if by_name and given then
    rows = by_position(rows, names)
    for i, f in ipairs(schema.fields) do f.name = given[i] or f.name end
  end
  return rows, schema
end

local function resolve_schema(schema)
  if schema == nil then return nil end
  if schema == "" then return types.StructType {} end
  if type(schema) == "string" then return types.fromDDL(schema) end
  if types.is(schema) then return schema end
  if type(schema) == "table" and not getmetatable(schema) then
    for i = 1, schema.n or #schema do
      if type(schema[i]) ~= "string" then
        errors.raise("NOT_EXPECTED_TYPE", { arg_name = "schema", expected_type = "list of str",
          arg_type = arguments.type_name(schema[i]) }, { class = "PySparkAttributeError" })
      end
    end
    return nil, schema
  end
  errors.raise("NOT_EXPECTED_TYPE", { arg_name = "schema", expected_type = "list, None or StructType",
    arg_type = arguments.type_name(schema) })
end

--- Is it an Arrow stream: the handle that df:toArrow() gives, or as light userdata the address of an ArrowArrayStream,
-- or of an ArrowArray (then the schema is that of its ArrowSchema)?
function M.is_stream(data) return type(data) == "userdata" and data ~= core.null end

--- A DataFrame of its rows; `wrap` makes one of a plan handle.
function M.stream(wrap, handle, data, schema)
  if type(schema) == "userdata" then return wrap(core.arrow_in(handle, data, schema)) end
  local arrow_schema = require "tidemill.arrow_schema"
  local struct, names = arrow_schema.resolve(schema)
  if names then
    resolve_schema(names)
    return wrap(core.arrow_in(handle, data)):toDF(table.unpack(names, 1, names.n or #names))
  end
  local df = wrap(core.arrow_in(handle, data, nil, struct))
  return struct and arrow_schema.fit(df, struct) or df
end

local function check_rows(data)
  local kind = arguments.type_name(data)
  if type(data) == "table" and getmetatable(data) then
    errors.raise("INVALID_TYPE", { arg_name = "data", arg_type = kind })
  end
  if type(data) == "string" then errors.raise("CANNOT_INFER_SCHEMA_FOR_TYPE", { data_type = kind }) end
  if type(data) ~= "table" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "data", expected_type = "list", arg_type = kind })
  end
  local shape, key = arguments.shape(data)
  if shape == "mixed" then errors.raise("MIXED_TABLE", { key = tostring(key) }) end
  return shape
end

-- Rows have no CHAR or VARCHAR, at any depth: Spark fails over them.
local function refuse_sized(t)
  if t.__id == "char" or t.__id == "varchar" then
    errors.raise("INTERNAL_ERROR", {}, { class = "SparkException", sqlState = "XX000",
      message = ("Rows have no column of the type %s."):format(t:simpleString()),
      hint = "make it STRING; tables that are created have such columns" })
  end
  for _, child in ipairs { rawget(t, "element") or false, rawget(t, "key") or false, rawget(t, "value") or false } do
    if child then refuse_sized(child) end
  end
  for _, f in ipairs(rawget(t, "fields") or {}) do refuse_sized(f.type) end
end

--- A plan handle over the rows. verify: the values must be of their types' own classes, as PySpark asks; those that are
-- not are errors (true) or NULL (false). nil: as Lua converts.
function M.plan(handle, data, schema, verify)
  local shape = check_rows(data)
  local kind, names = resolve_schema(schema)
  if shape == "map" then
    local order = names or (kind and kind.__id == "struct" and kind.names) or nil
    data, names = from_columns(data, order)
  end
  if kind and verify ~= nil then refuse_sized(kind) end
  if not kind then
    data, kind = infer(handle, data, names)
  elseif kind.__id ~= "struct" then
    local rows = {}
    for i = 1, data.n or #data do rows[i] = { data[i], n = 1 } end
    data, kind = rows, types.StructType { types.StructField("value", kind) }
  else
    for i, r in ipairs(data) do
      if i > 1 and shape == "map" then break end -- rows made of columns are alike
      local n = is_row_like(r) and rawget(r, "n")
      n = n and arguments.shape(r) == "list" and n
      if n and n ~= #kind.fields then
        errors.raise("FIELD_STRUCT_LENGTH_MISMATCH", { object_length = tostring(n),
          field_length = tostring(#kind.fields) })
      end
      if not is_row_like(r) then
        errors.raise("FIELD_DATA_TYPE_UNACCEPTABLE_WITH_NAME", { field_name = "the row", data_type = tostring(kind),
          obj = row.show(r), obj_type = "<class '" .. arguments.type_name(r) .. "'>" },
          { detail = { place = "", obj_type = arguments.type_name(r) } })
      end
    end
  end
  return core.table(handle, data, kind, verify == false, verify ~= nil)
end

-- The parts of two types that do not go together.
local function clash(a, b)
  if a.__id ~= b.__id then
    local text = a.__id == "string" or b.__id == "string" or a.__id == "void" or b.__id == "void"
    if text then return nil end
    return a, b
  end
  if a.__id == "array" then return clash(a.element, b.element) end
  if a.__id ~= "map" then return nil end
  local x, y = clash(a.key, b.key)
  if x then return x, y end
  return clash(a.value, b.value)
end

core.hook("unmerged", function(name, at, before, got, value)
  if not got then
    errors.raise("CANNOT_INFER_TYPE_FOR_FIELD", { field_name = name }, {
      hint = ("row %d holds a %s"):format(at, arguments.type_name(value)) })
  end
  local a, b = types.wrap(before), types.wrap(got)
  local x, y = clash(a, b)
  errors.raise("CANNOT_MERGE_TYPE", { data_type1 = getmetatable(x or a).__name,
    data_type2 = getmetatable(y or b).__name },
    { detail = { field_name = name, row = tostring(at), cure = b:toDDL() } })
end)

return M
