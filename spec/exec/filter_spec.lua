-- Filters and top-N over kept rows. What compares a column with a constant runs in loops of its own, and parts of kept
-- rows are passed over by the least and greatest of their numbers: the rows are those of the same query written so
-- that neither applies (the column behind a lambda), and those with the rules switched off.
local lines = dofile "spec/support.lua".lines
local tidemill = require "tidemill"

local PRUNING, EXCLUDED = "spark.sql.inMemoryColumnarStorage.partitionPruning", "spark.sql.optimizer.excludedRules"
local ROWS = 150000 -- three chunks, the last one short

-- Columns that ascend, so that chunks have ranges that differ, and ones that do not; with nulls and without.
local TABLE = [[SELECT id, CAST(id %% 250 - 125 AS TINYINT) b, CAST(id %% 60000 - 30000 AS SMALLINT) s,
  CAST(id %% 7 AS SMALLINT) few, CAST(id DIV 3 AS INT) i, IF(id %% 10 = 3, NULL, CAST(id DIV 100 AS INT)) n,
  IF(id < 70000, NULL, id * 10000000000) late, CAST(id %% 13 AS FLOAT) f,
  CASE id %% 50 WHEN 1 THEN DOUBLE('NaN') WHEN 2 THEN -0.0D WHEN 3 THEN 0.0D WHEN 4 THEN NULL
    WHEN 5 THEN DOUBLE('-Infinity') ELSE id / 8.0D END d,
  DATE'2020-01-01' + CAST(id DIV 1000 AS INT) day, timestamp_micros(id * 1000000) at,
  CAST(id %% 1000 / 4 AS DECIMAL(9,2)) m,
  CASE WHEN id %% 3 = 0 THEN '' WHEN id %% 3 = 1 THEN 'short' ELSE 'a text that is long ' || id END t,
  IF(id %% 4 = 0, NULL, 'v' || id %% 700) v, ('Word' || id %% 5) COLLATE UTF8_LCASE c
  FROM range(0, %d)]]

local conditions = {
  "b = 5", "b <> 5", "b < -120", "b >= 124", "b > 200", "b = 200", "b IN (1, -7, 3)", "b IN (1, 300)", "5 = b", "5 > b",
  "s = 12345", "s <> 0", "s > 29998", "s <= -29999", "s <=> 7", "s = 70000", "few = 0", "few <> 3 AND s > 0",
  "i = 40000", "i < 3", "i BETWEEN 49000 AND 49010", "i IN (5, 6, 49999)", "NOT (i >= 10)", "i = 5000000000",
  "n = 1200", "n <> 1200", "n > 1498", "n < 1", "NOT (n = 0)", "n IS NULL AND i > 49990", "n = CAST(NULL AS INT)",
  "late = 1400000000000000", "late > 1499980000000000", "late <> 700000000000000 AND i < 23400",
  "late IS NULL AND i = 7",
  "f = 3", "f > 11.5F", "d = 0", "d <> 0 AND i < 30", "d > 18749", "d >= DOUBLE('NaN') AND i < 100",
  "d = DOUBLE('NaN')",
  "d < 0", "d <= -0.0D", "d > DOUBLE('Infinity') AND i < 50", "d < 1 AND d <> -0.0D",
  "day = DATE'2020-03-01'", "day > DATE'2020-05-28'", "day >= DATE'2020-01-30' AND day < DATE'2020-01-31' AND few = 2",
  "at = TIMESTAMP'1970-01-01 00:00:07'", "m = 12.25", "m > 249.5 AND few = 1", "t = '' AND i < 20",
  "t <> '' AND i > 49990",
  "t = 'short' AND few = 5 AND i < 100", "t = 'a text that is long 149999'", "t <> 'short' AND i < 5", "t > 'short'",
  "v = 'v7'", "v <> 'v7' AND i < 5", "c = 'WORD3' AND i < 9", "c <> 'word0' AND i > 49997",
  "few = 1 AND 10 / (i - 3) > 4 AND i > 5",
  "s IN (5, 9)", "few IN (2, 4) AND i IN (7, 9, 11, 49999)", "few = 2 AND b IN (3, -100)", "n IN (1200, 3)",
  "n IN (1200, NULL)", "n NOT IN (1200, 3) AND i < 5000", "i NOT IN (1, NULL)", "i IN (NULL)",
  "late IN (700000000000000)",
  "f IN (3, 5.5F)", "d IN (0.0D, 12.5D)", "d IN (-0.0D)", "few = 3 AND d IN (0.0D, 100D)", "d IN (DOUBLE('NaN'), 1D)",
  "day IN (DATE'2020-03-01', DATE'2020-03-04') AND few = 1", "m IN (12.25, 13, 0.5)", "v IN ('v7', 'v9')",
  "t IN ('', 'short') AND i < 40", "i IN (1, 2, 3, 4, 5, 6, 7, 8)", "i IN (1, 2, 3, 4, 5, 6, 7, 8, 9)", "5 IN (i, few)",
  "i IN (5000000000, 17)", "c IN ('WORD3', 'word1') AND i < 9", "few IN (0, 1) AND 10 / (i - 3) > 4 AND i > 5",
  "i IN (few, 70000)", "(few IN (1, 2)) AND NOT (b IN (1, 2))", "at IN (TIMESTAMP'1970-01-01 00:00:07')",
  -- Of all rows of some chunks, or of all but null and NaN.
  "i >= 0 AND few = 3", "i >= 21846", "id >= 65536 AND i < 49990", "n >= 0", "late > 0 AND few <> 8", "b <= 124",
  "f >= 0", "d >= DOUBLE('-Infinity')", "d <= 18750 AND few < 7", "few <> 7 AND few <> -1", "NOT (few = 7)",
  "day >= DATE'2020-01-01' AND day <= DATE'2020-05-29' AND few = 1", "m >= 0 AND m < 250",
  "0 <= i AND 10 / (i + 1) < 5",
  "few >= 0 AND few <= 6 AND id >= 0", "at >= TIMESTAMP'1970-01-01 00:00:00' AND at < TIMESTAMP'1970-01-02'",
  "t LIKE '%99' AND few = 2", "few = 9", "few = 1 OR i = 7 AND few = 0",
}
local orders = {
  "i", "i DESC", "n, id DESC", "n DESC NULLS FIRST, id", "n NULLS LAST, id", "late, id", "late DESC, id", "d, id",
  "d DESC, id DESC", "f DESC, id", "day DESC, id", "at, t", "few, day DESC, id", "m, id", "-i", "s DESC, b",
}

describe("filters of kept rows", function()
  local spark, kept
  setup(function()
    tidemill.session {}:stop()
    spark = tidemill.session { threads = 2 }
    kept = spark:sql(TABLE:format(ROWS)):cache()
    kept:createOrReplaceTempView "kept"
    assert.equal(ROWS, kept:count())
    kept:limit(0):cache():createOrReplaceTempView "none"
  end)
  teardown(function()
    kept:unpersist()
    spark:stop()
  end)
  after_each(function()
    spark.conf:unset(PRUNING)
    spark.conf:unset(EXCLUDED)
  end)

  local function rows(query)
    return lines(spark:sql(query):collect())
  end
  -- The query with all rules, twice, since the first run finds ranges, and without.
  local function same_ways(query)
    local first = rows(query)
    assert.same(first, rows(query), query)
    spark.conf:set(PRUNING, false)
    assert.same(first, rows(query), query .. " without ranges")
    spark.conf:set(EXCLUDED, "UnwrapCastInBinaryComparison,PushDownPredicates")
    assert.same(first, rows(query), query .. " without rules")
    spark.conf:unset(PRUNING)
    spark.conf:unset(EXCLUDED)
    return first
  end

  for _, condition in ipairs(conditions) do
    it("find the rows of " .. condition, function()
      local what = "count(*), sum(id), min(id), max(id), count(v)"
      local got = same_ways(("SELECT %s FROM kept WHERE %s"):format(what, condition))
      local slow = ("SELECT %s FROM kept WHERE filter(array(1), one -> %s)[0] = 1"):format(what, condition)
      spark.conf:set("spark.sql.ansi.enabled", "false") -- no element: null
      local expected = rows(slow)
      spark.conf:unset "spark.sql.ansi.enabled"
      assert.same(expected, got)
      local n = { got[1]:match "^%d+" }
      assert.same(n, rows("SELECT count(*) FROM kept WHERE " .. condition))
      assert.same({ n[1] .. "|" .. n[1] .. "|0" },
        rows("SELECT count(*), count(1), count(NULL) FROM (SELECT i FROM kept WHERE " .. condition .. ")"))
      assert.same({ "0" }, rows("SELECT count(*) FROM none WHERE " .. condition))
    end)
  end
  it("count and bound all rows without a look at them", function()
    local what = "count(*), count(1), count(id), min(b), max(b), min(i), max(n), min(n), max(day), min(at), max(m)"
    local slow = "SELECT " .. what .. " FROM kept WHERE length(t) >= 0"
    assert.same(rows(slow), same_ways("SELECT " .. what .. " FROM kept"))
    what = "min(late), max(late), count(late), count(*)"
    slow = "SELECT " .. what .. " FROM kept WHERE length(t) >= 0"
    assert.same(rows(slow), same_ways("SELECT " .. what .. " FROM kept"))
    assert.same({ "150000|18|0|124" }, same_ways [[SELECT count(*), count(DISTINCT few) + count(DISTINCT few) + 4,
      count(*) FILTER (WHERE few > 6), max(b) FROM kept]])
    assert.same({ "nan|-inf" }, same_ways "SELECT max(d), min(d) FROM kept")
    assert.same({ "0|nil|nil" }, rows "SELECT count(*), min(i), max(d) FROM none")
    assert.same({ "0|nil" }, rows "SELECT count(*), max(i) FROM (SELECT * FROM kept LIMIT 0)")
    assert.same({ "49999|49998|1" }, same_ways "SELECT max(x), max(i) - 1, min(1) FROM (SELECT i x, i FROM kept)")
  end)
  it("count what passes several filters, a join, or a filter of the call's own", function()
    assert.same({ "7143" },
      rows "SELECT count(*) FROM (SELECT * FROM kept WHERE few = 3 LIMIT 60000) WHERE id >= 100000")
    assert.same({ "21429|7143" },
      rows "SELECT count(*), count(*) FILTER (WHERE i % 3 = 0) FROM kept WHERE few = 3 AND rand(1) < 2")
    assert.same({ "42858" }, rows [[SELECT count(*) FROM kept JOIN (SELECT col w FROM VALUES (1), (2) x(col)) ON few = w
      WHERE few > w - 1]])
    assert.same({ "42858" },
      rows "SELECT count(*) FROM (SELECT explode(array(1, 2, 3)) e FROM kept WHERE few = 3) WHERE e <> 2")
    assert.same({ "3" }, rows "SELECT sum(1) FROM kept WHERE i = 7")
    assert.same({ "nil|0" }, rows "SELECT max(5), count(*) FROM kept WHERE few = 9")
  end)
  it("compare parameters of prepared statements", function()
    for _, value in ipairs { 5, 40000, -3, 49999 } do
      local n = spark:sql("SELECT count(*) FROM kept WHERE i = ? AND few <> 3", { value }):first()[1]
      local inlined = rows(("SELECT count(*) FROM kept WHERE i + 0 = %d AND few + 0 <> 3"):format(value))
      assert.same(inlined, { tostring(n) })
    end
  end)
  it("raise for a row that the conditions before it let pass, not for others", function()
    assert.same({ "0" }, rows "SELECT count(*) FROM kept WHERE i > 4 AND 1 / (i - 4) < 0 AND i < 9")
    assert.error(function() rows "SELECT count(*) FROM kept WHERE 1 / (i - 4) < 0" end)
    assert.error(function() rows "SELECT count(*) FROM kept WHERE few = 1 AND 1 / (few - 1) < 0" end)
  end)

  for _, order in ipairs(orders) do
    it("find the first by " .. order, function()
      for _, where in ipairs { "true", "t <> ''", "n > 700", "late IS NOT NULL", "d = d AND few = 3", "few = 9" } do
        for _, limit in ipairs { "LIMIT 10", "LIMIT 7 OFFSET 5", "LIMIT 400 OFFSET 70" } do
          local query = ("SELECT id, t, d FROM kept WHERE %s ORDER BY %s, id %s"):format(where, order, limit)
          local all = [[SELECT id, t, d FROM (SELECT *, row_number() OVER (ORDER BY %s, id) r FROM kept WHERE %s)
            WHERE r > %d AND r <= %d ORDER BY r]]
          local n, from = tonumber(limit:match "LIMIT (%d+)"), tonumber(limit:match "OFFSET (%d+)" or 0)
          assert.same(rows(all:format(order, where, from, from + n)), same_ways(query), query)
        end
      end
      assert.same({}, rows(("SELECT * FROM none ORDER BY %s LIMIT 3"):format(order)))
    end)
  end
  it("keep ties in the order of the rows", function()
    local got = same_ways "SELECT id FROM kept WHERE t = '' ORDER BY few LIMIT 6 OFFSET 2"
    assert.same({ "42", "63", "84", "105", "126", "147" }, got) -- multiples of 21, behind 0 and 21
    got = same_ways "SELECT id FROM kept ORDER BY day DESC, few DESC LIMIT 3"
    assert.same({ "149001", "149008", "149015" }, got) -- 149000 is a multiple of 7 less 1
  end)
end)
