--- tidemill.testing: assertDataFrameEqual and assertSchemaEqual with PySpark's parameters. A failure raises an object
-- whose text is the difference, so busted shows it as it is.
local arguments = require "tidemill.arguments"
local core = require "tidemill.core"
local dataframe = require "tidemill.dataframe"
local errors = require "tidemill.errors"
local row = require "tidemill.row"
local types = require "tidemill.types"

local M = {}

local function fail(condition, message)
  error(errors.new { condition = condition, class = "PySparkAssertionError", message = message,
    messageParameters = {} }, 0)
end

local DEFAULTS = { checkRowOrder = false, rtol = 1e-5, atol = 1e-8, ignoreNullable = true, ignoreColumnOrder = false,
  ignoreColumnName = false, ignoreColumnType = false, maxErrors = 10, showOnlyDiff = false }

local function options_of(given, fname)
  local o = {}
  for k, v in pairs(DEFAULTS) do o[k] = v end
  for k, v in pairs(given or {}) do
    if DEFAULTS[k] == nil then
      local names = arguments.sorted_keys(DEFAULTS)
      errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = fname, problem = ("unknown argument '%s'%s"):format(
        tostring(k), require "tidemill.similar".suffix(tostring(k), names)) })
    end
    o[k] = v
  end
  return o
end

-- A schema as comparable lines.
local function lines_of(schema, o)
  local lines = {}
  for i, f in ipairs(schema.fields) do
    local kind = o.ignoreColumnType and "" or " " .. f.type:simpleString()
    lines[i] = (o.ignoreColumnName and "" or f.name) .. kind
      .. (not o.ignoreNullable and not f.nullable and " NOT NULL" or "")
  end
  if o.ignoreColumnOrder then table.sort(lines) end
  return lines
end

local function schemas_differ(actual, expected, o)
  local a, b = lines_of(actual, o), lines_of(expected, o)
  if table.concat(a, "\n") == table.concat(b, "\n") then return nil end
  local out = { "Schemas do not match." }
  for i = 1, math.max(#a, #b) do
    local same = a[i] == b[i]
    if not (same and o.showOnlyDiff) then
      out[#out + 1] = ("%s %d  actual %s  expected %s"):format(same and " " or "!", i, a[i] or "-", b[i] or "-")
    end
  end
  return table.concat(out, "\n")
end

--- assertSchemaEqual(actual, expected[, { ignoreNullable = true, .. }]): schemas are types or DDL text.
function M.assertSchemaEqual(actual, expected, options)
  local o = options_of(options, "assertSchemaEqual")
  local function schema(v, name)
    if type(v) == "string" then return types.fromDDL(v, true) end
    if types.is(v) and v.fields then return v end
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = name, expected_type = "StructType",
      arg_type = arguments.type_name(v) })
  end
  local why = schemas_differ(schema(actual, "actual"), schema(expected, "expected"), o)
  if why then fail("DIFFERENT_SCHEMA", why) end
end

-- Equal, floats within the tolerance; NaN equals NaN.
local function same(a, b, o)
  if math.type(a) == "float" or math.type(b) == "float" then
    if type(a) ~= "number" or type(b) ~= "number" then return false end
    if a ~= a or b ~= b then return a ~= a and b ~= b end
    return a == b or math.abs(a - b) <= o.atol + o.rtol * math.abs(b)
  end
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  if row.is(a) or row.is(b) then
    if #a ~= #b then return false end
    for i = 1, #a do if not same(a[i], b[i], o) then return false end end
    return true
  end
  for k, v in pairs(a) do if not same(v, b[k], o) then return false end end
  for k in pairs(b) do if a[k] == nil then return false end end
  return true
end

local function sort_rows(rows)
  local keyed = {}
  for i, r in ipairs(rows) do keyed[i] = { tostring(r), r } end
  table.sort(keyed, function(x, y) return x[1] < y[1] end)
  for i, k in ipairs(keyed) do rows[i] = k[2] end
end

-- A caret line under the cells that differ.
local function carets(a, b, o)
  local marks = "    " -- Row(
  for i, name in ipairs(getmetatable(b).__fields) do
    local cell = (i > 1 and ", " or "") .. name .. "=" .. row.show(b[i])
    local equal = a ~= nil and i <= #a and same(a[i], b[i], o)
    marks = marks .. (equal and " " or "^"):rep(utf8.len(cell) or #cell)
  end
  return marks
end

local function rows_differ(actual, expected, o)
  local out, bad = {}, 0
  local n = math.max(#actual, #expected)
  for i = 1, n do
    local a, b = actual[i], expected[i]
    if a == nil or b == nil or not same(a, b, o) then
      bad = bad + 1
      if bad <= o.maxErrors then
        local at = ("  row %-4d"):format(i)
        out[#out + 1] = at .. "actual    " .. (a and tostring(a) or "-")
        out[#out + 1] = (" "):rep(#at) .. "expected  " .. (b and tostring(b) or "-")
        if a and b then out[#out + 1] = (" "):rep(#at + 10) .. carets(a, b, o) end
      end
    end
  end
  if bad == 0 then return nil end
  return ("Results do not match: %.2f %% of rows differ\n"):format(100 * bad / n) .. table.concat(out, "\n")
end

-- Lists of rows get the names of the other side.
local function as_rows(list, names)
  local out = {}
  for i, r in ipairs(list) do
    if row.is(r) then
      out[i] = r
    else
      local values = {}
      for k, name in ipairs(names) do
        local v = r[k]
        if v == nil then v = r[name] end
        if v == core.null then v = nil end
        values[k] = v
      end
      out[i] = setmetatable(values, row.class(names))
    end
  end
  return out
end

--- assertDataFrameEqual(actual, expected[, { checkRowOrder = false, rtol = 1e-5, atol = 1e-8, .. }]); `expected` and
-- `actual` are DataFrames or lists of rows.
function M.assertDataFrameEqual(actual, expected, options)
  local o = options_of(options, "assertDataFrameEqual")
  for name, v in pairs { actual = actual, expected = expected } do
    if not dataframe.is(v) and (type(v) ~= "table" or getmetatable(v)) then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = name, expected_type = "DataFrame or list of Rows",
        arg_type = arguments.type_name(v) })
    end
  end
  if actual == nil or expected == nil then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = actual == nil and "actual" or "expected",
      expected_type = "DataFrame or list of Rows", arg_type = "None" })
  end
  if dataframe.is(actual) and dataframe.is(expected) then
    local why = schemas_differ(actual.schema, expected.schema, o)
    if why then fail("DIFFERENT_SCHEMA", why) end
    if o.ignoreColumnOrder then expected = expected:select(table.unpack(actual.columns)) end
  end
  local names = dataframe.is(actual) and actual.columns or dataframe.is(expected) and expected.columns or {}
  local a = dataframe.is(actual) and actual:collect() or as_rows(actual, names)
  local b = dataframe.is(expected) and expected:collect() or as_rows(expected, names)
  if not o.checkRowOrder then
    sort_rows(a)
    sort_rows(b)
  end
  local why = rows_differ(a, b, o)
  if why then fail("DIFFERENT_ROWS", why) end
end

return M
