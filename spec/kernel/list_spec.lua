-- Functions that look into lists, over elements of every type that a loop of its own goes through, and some that none
-- does: what they answer is what a plain implementation in Lua gives. NULLs, NaN, empty and long lists are among them.
local tidemill = require "tidemill"

local NAN, NULL = "NaN", "NULL"
local TYPES = { "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(20,0)", "STRING" }

-- Lists of small numbers: the k-th of `rows` has up to `most` elements, some of them NULL or NaN.
local function lists(rows, most, nulls, nan)
  local out, seed = {}, 7
  local function next_of(n)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed // 65536 % n
  end
  for k = 1, rows do
    out[k] = {}
    for i = 1, next_of(most + 1) do
      local roll = next_of(12)
      out[k][i] = nulls and roll == 0 and NULL or nan and roll == 1 and NAN or next_of(10)
    end
  end
  return out
end

local function rank(x) return x == NAN and 100 or x end
local function less(a, b) return rank(a) < rank(b) end

local function some(list, keep)
  local out = {}
  for _, x in ipairs(list) do if keep(x) then out[#out + 1] = x end end
  return out
end

local function has(list, x)
  for i, y in ipairs(list) do if x == y then return i end end
  return nil
end

local function distinct(list)
  local out = {}
  for _, x in ipairs(list) do if not has(out, x) then out[#out + 1] = x end end
  return out
end

local function sorted(list, down, nulls_last)
  local values, nulls = some(list, function(x) return x ~= NULL end), some(list, function(x) return x == NULL end)
  table.sort(values, down and function(a, b) return less(b, a) end or less)
  local front, back = nulls_last and values or nulls, nulls_last and nulls or values
  return table.move(back, 1, #back, #front + 1, front)
end

local function best(list, down)
  local values = sorted(list, down, true)
  return values[1] or NULL
end

local function joined(a, b)
  local out = table.move(a, 1, #a, 1, {})
  return table.move(b, 1, #b, #out + 1, out)
end

local function text(v)
  if type(v) ~= "table" then return tostring(v) end
  return "[" .. table.concat(v, ",") .. "]"
end

-- Of lists a and b and the value x.
local CASES = {
  { "array_max(a)", function(a) return best(a, true) end },
  { "array_min(a)", function(a) return best(a, false) end },
  { "sort_array(a)", function(a) return sorted(a, false, false) end },
  { "sort_array(a, false)", function(a) return sorted(a, true, true) end },
  { "array_sort(a)", function(a) return sorted(a, false, true) end },
  { "array_distinct(a)", function(a) return distinct(a) end },
  { "array_union(a, b)", function(a, b) return distinct(joined(a, b)) end },
  { "array_intersect(a, b)", function(a, b) return distinct(some(a, function(x) return has(b, x) end)) end },
  { "array_except(a, b)", function(a, b) return distinct(some(a, function(x) return not has(b, x) end)) end },
  { "array_position(a, x)", function(a, _, x) return has(a, x) or 0 end },
  { "array_contains(a, x)",
    function(a, _, x) return has(a, x) and true or has(a, NULL) and NULL or false end },
  { "slice(a, 2, 3)", function(a) return table.move(a, 2, math.min(4, #a), 1, {}) end },
  { "try_element_at(a, -2)", function(a) return a[#a - 1] or NULL end },
  { "a[size(a) - 1]", function(a) return a[#a] end, true },
  { "array(x, a[0], x)", function(a, _, x) return { x, a[1], x } end, true },
  { "map(1, a[0], 2, x)[2]", function(_, _, x) return x end, true },
  { "element_at(map(1, a[0], 2, x), 1)", function(a) return a[1] end, true },
}

local function literal(list, type_name)
  local out = {}
  for i, x in ipairs(list) do
    out[i] = x == NULL and "NULL" or ("CAST('%s' AS %s)"):format(text(x), type_name)
  end
  return ("CAST(array(%s) AS ARRAY<%s>)"):format(table.concat(out, ", "), type_name)
end

describe("lists", function()
  local spark
  setup(function() spark = tidemill.session { threads = 1 } end)
  teardown(function() spark:stop() end)

  local function plain(x)
    if x == nil or tostring(x) == "userdata: (nil)" then return NULL end
    if type(x) == "userdata" then x = tostring(x) end
    if type(x) == "number" and x ~= x then return NAN end
    if type(x) == "boolean" or tonumber(x) == nil then return tostring(x) end
    return ("%d"):format(math.tointeger(tonumber(x)))
  end

  local function shown(v, n)
    if type(v) ~= "table" then return plain(v) end
    local out = {}
    for i = 1, n do out[i] = plain(v[i]) end
    return text(out)
  end

  local function check(type_name, a, b)
    local rows = {}
    for k, list in ipairs(a) do
      rows[k] = ("(%d, %s, %s, CAST(%d AS %s))"):format(
        k, literal(list, type_name), literal(b[k], type_name), k % 10, type_name)
    end
    local values = "SELECT * FROM VALUES " .. table.concat(rows, ",") .. " AS t(k, a, b, x)"
    spark:sql(values):cache():createOrReplaceTempView "t"
    for _, case in ipairs(CASES) do
      local expr = case[1]
      local list = type(case[2]({ 1, 2 }, { 1 }, 1)) == "table"
      local where = case[3] and " WHERE size(a) > 0" or ""
      local size = list and ("size(%s)"):format(expr) or "0"
      for _, row in ipairs(spark:sql(("SELECT k, %s, %s FROM t%s"):format(expr, size, where)):collect()) do
        local k = row[1]
        local said = type_name .. " " .. expr .. " of " .. text(a[k])
        assert.equal(text(case[2](a[k], b[k], k % 10)), shown(row[2], row[3]), said)
      end
    end
  end

  for _, type_name in ipairs(TYPES) do
    local fraction = type_name == "FLOAT" or type_name == "DOUBLE"
    it("of " .. type_name .. " are searched, sorted and compared", function()
      check(type_name, lists(40, 6, false, fraction), lists(40, 5, false, fraction))
      check(type_name, lists(40, 6, true, fraction), lists(40, 5, true, fraction))
      check(type_name, lists(4, 90, true, fraction), lists(4, 20, true, fraction))
      check(type_name, lists(4, 150, false, fraction), lists(4, 120, false, fraction))
    end)
  end
end)
