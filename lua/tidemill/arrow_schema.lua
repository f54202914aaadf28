--- createDataFrame(stream, schema): the columns of an Arrow stream as the schema has them. As in PySpark names and
-- their order must be the same; values are cast where the cast loses nothing, and checked at once.
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local F = require "tidemill.functions"
local types = require "tidemill.types"

local M = {}

local INTEGRAL = { tinyint = true, smallint = true, int = true, bigint = true }
local FLOATING = { float = true, double = true }

local function kind_of(t) return t:simpleString():match "^%a+" end
local function is_number(k) return INTEGRAL[k] or FLOATING[k] or k == "decimal" end

-- How values of one type become another's: "check" by casting them back, "cast" as they come; nil: they do not.
-- What pyarrow casts to other values than Spark (times to numbers, numbers to text with a fraction) is not cast.
local function way(from, to)
  local a, b = kind_of(from), kind_of(to)
  if is_number(a) and is_number(b) then
    return FLOATING[b] and not INTEGRAL[a] and "cast" or "check"
  end
  if b == "string" then return (INTEGRAL[a] or a == "decimal" or a == "boolean" or a == "date") and "cast" or nil end
  if a == "string" then return (is_number(b) or b == "binary") and "cast" or nil end
  if a == "boolean" or b == "boolean" then return (INTEGRAL[a] or INTEGRAL[b]) and "cast" or nil end
  if a == "array" and b == "array" then return way(from.elementType, to.elementType) and "check" end
  if a ~= "struct" or b ~= "struct" or #from.fields ~= #to.fields then return nil end
  for i, f in ipairs(from.fields) do
    local other = to.fields[i]
    if f.name ~= other.name or f.type ~= other.type and not way(f.type, other.type) then return nil end
  end
  return "check"
end

local function quoted(t) return '"' .. core.type_text(t, "sql") .. '"' end

local function refuse(field, own)
  errors.raise("INVALID_COLUMN_OR_FIELD_DATA_TYPE", { name = "`" .. field.name .. "`", type = quoted(own),
    expectedType = quoted(field.type) }, { class = "AnalysisException", sqlState = "42000",
    message = ("`%s` is %s, which does not become %s."):format(field.name, quoted(own), quoted(field.type)) })
end

-- An error where a value changes; casts that fail do so by themselves.
local function check(df, c, field, own)
  local back = core.type_text(own, "sql"):gsub(" NOT NULL", "") -- nulls were looked for before
  local bad = df:where(~c:cast(field.type):cast(back):eqNullSafe(c)):select(c:cast "string"):head()
  if bad then
    errors.raise("CAST_OVERFLOW", { value = bad[1], sourceType = quoted(own), targetType = quoted(field.type) },
      { class = "ArithmeticException", sqlState = "22003",
        message = ("`%s`: the value %s is no %s."):format(field.name, bad[1], quoted(field.type)) })
  end
end

--- `df` holds the stream's rows under the schema's names; columns whose type the reader could not give are cast.
function M.fit(df, schema)
  local columns, changed, own = {}, false, df.schema
  for i, field in ipairs(schema.fields) do
    local c, from = F.col("`" .. field.name:gsub("`", "``") .. "`"), own.fields[i].type
    columns[i] = c
    if from ~= field.type then
      local how = way(from, field.type) or refuse(field, from)
      if how == "check" then check(df, c, field, from) end
      if how == "cast" then df:where(c:cast(field.type):isNull() & c:isNotNull()):count() end
      columns[i], changed = c:cast(field.type):alias(field.name), true
    end
  end
  return changed and df:select(columns) or df
end

--- The struct type that a schema argument means for a stream; nil: the stream's own. Second: names alone.
function M.resolve(schema)
  if schema == nil or types.is(schema) and kind_of(schema) ~= "struct" then return nil end
  if type(schema) == "string" then schema = types.fromDDL(schema) end
  if types.is(schema) then return kind_of(schema) == "struct" and schema or nil end
  return nil, schema
end

return M
