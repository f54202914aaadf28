-- Trees of inner joins, made anew by ReorderJoin and left as they were written: the same rows. The trees are random,
-- over relations of several sizes, tied by columns, by two columns at once, by expressions and by conditions that are
-- no keys.
local lines = dofile "spec/support.lua".lines
local tidemill = require "tidemill"

local spark = tidemill.session { threads = 2 }
local EXCLUDED = "spark.sql.optimizer.excludedRules"
local COLUMNS = { "a", "b", "c" }
local SIZES = { 40, 300, 6, 90, 15, 700, 3, 25, 60, 10, 20, 8 }

for i, n in ipairs(SIZES) do
  spark:sql(("SELECT IF(id = 5, NULL, id %% %d) a, id * %d %% 11 b, CAST(id %% 4 AS INT) c, id FROM range(%d)")
    :format(i % 3 * 10 + 5, i + 2, n)):cache():createOrReplaceTempView("t" .. i)
end

local function rows(query)
  local out = lines(spark:sql(query):collect())
  table.sort(out)
  return out
end

local function one(list) return list[math.random(#list)] end

-- Each relation behind the first is tied to one before it.
local function query(n)
  local from, where, ids = {}, {}, {}
  for i = 1, n do
    local t, column = math.random(#SIZES), one(COLUMNS)
    from[i] = ("t%d AS r%d"):format(t, i)
    ids[i] = ("r%d.id"):format(i)
    if i > 1 then
      local other = math.random(i - 1)
      where[#where + 1] = ("r%d.%s = r%d.%s"):format(i, column, other, column)
      if math.random(7) == 1 then where[#where + 1] = ("r%d.b = r%d.b"):format(i, other) end
      if math.random(9) == 1 then where[#where + 1] = ("r%d.id + r1.id = r%d.a + 3"):format(i, other) end
      if math.random(4) == 1 then where[#where + 1] = ("r%d.id < r%d.id + 20"):format(other, i) end
      if math.random(12) == 1 then where[#where + 1] = ("r%d.a = r%d.b"):format(i, math.random(i)) end
    end
    where[#where + 1] = ("r%d.id < %d"):format(i, math.random(4, 24))
  end
  return ("SELECT %s FROM %s WHERE %s"):format(table.concat(ids, ", "), table.concat(from, ", "),
    table.concat(where, " AND "))
end

describe("the order of joins", function()
  after_each(function() spark.conf:set(EXCLUDED, "") end)

  it("does not change the rows", function()
    math.randomseed(20)
    local found = 0
    for i = 1, 200 do
      local text = query(i % 8 + 3) -- 3 to 10 relations; more than ten are put together from the largest on
      local new = rows(text)
      spark.conf:set(EXCLUDED, "ReorderJoin")
      assert.same(rows(text), new, text)
      spark.conf:set(EXCLUDED, "")
      found = found + #new
    end
    assert.is_true(found > 1000)
  end)

  it("holds for relations that nothing links, and for many", function()
    for _, text in ipairs {
      "SELECT r1.id, r2.id, r3.id FROM t3 r1, t7 r2, t5 r3 WHERE r1.a = r3.a",
      "SELECT count(*), sum(r1.id) FROM t1 r1, t5 r2, t5 r3, t3 r4, t3 r5, t7 r6, t7 r7, t12 r8, t12 r9, t12 r10, "
        .. "t12 r11 WHERE r1.a = r2.a AND r2.id = r3.id AND r3.id = r4.id AND r4.id = r5.id AND r5.id = r6.id "
        .. "AND r6.id = r7.id AND r7.id = r8.id AND r8.id = r9.id AND r9.id = r10.id AND r10.id = r11.id",
    } do
      local new = rows(text)
      spark.conf:set(EXCLUDED, "ReorderJoin")
      assert.same(rows(text), new)
      spark.conf:set(EXCLUDED, "")
      assert.is_true(#new > 0)
    end
  end)

  it("ties columns through a third", function()
    -- r1 and r3 are the small ones; only r2 says that their columns are equal.
    local plan = spark:sql("EXPLAIN SELECT r1.id FROM t6 r2, t7 r1, t3 r3 WHERE r2.b = r1.b AND r2.b = r3.b"):first()[1]
    assert.truthy(plan:find("[b], [b]", 1, true))
    assert.same(rows "SELECT r1.id FROM t7 r1 JOIN t3 r3 ON r1.b = r3.b JOIN t6 r2 ON r2.b = r1.b",
      rows "SELECT r1.id FROM t6 r2, t7 r1, t3 r3 WHERE r2.b = r1.b AND r2.b = r3.b")
  end)
end)

describe("the rows that a filter keeps", function()
  local big = spark:sql "SELECT id, id % 16 k, 'row ' || id % 100 s FROM range(200000)":cache()
  big:count()
  big:createOrReplaceTempView "big"

  local function estimate(where)
    local plan = spark:sql("EXPLAIN COST SELECT id FROM big WHERE " .. where):first()[1]
    return tonumber((plan:match "Filter [^\n]*rowCount=([%d.E+]+)"))
  end

  it("are counted on some rows of a table in memory", function()
    for where, share in pairs { ["k = 3"] = 1 / 16, ["k <> 3"] = 15 / 16, ["s LIKE '%9'"] = 0.1, ["id < 100000"] = 0.5,
      ["k = 3 OR s = 'row 4'"] = 0.07, ["id < 50000 AND k < 8"] = 0.125 } do
      local n = estimate(where)
      assert.is_true(n > 200000 * share * 0.7 and n < 200000 * share * 1.4, where .. ": " .. n)
    end
    assert.is_true(estimate "s = 'none'" < 200)
  end)

  it("leave errors to the run", function()
    assert.has_error(function() spark:sql "SELECT id FROM big WHERE 10 / (id - 7) > 3":collect() end)
    assert.equal(7, #spark:sql "SELECT id FROM big WHERE id < 7 AND 10 / (id - 7) < 3":collect())
  end)
end)
