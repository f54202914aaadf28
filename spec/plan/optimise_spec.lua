-- Rules of the optimiser: with a rule switched off by spark.sql.optimizer.excludedRules the rows stay, in their order,
-- and the plan is another one. Names of rules and settings: Spark 4.3.
local lines = dofile "spec/support.lua".lines
local tidemill = require "tidemill"

local spark = tidemill.session { threads = 2 }
local EXCLUDED = "spark.sql.optimizer.excludedRules"
local PREFIX = "org.apache.spark.sql.catalyst.optimizer."

spark:sql [[SELECT id, id % 7 k, IF(id % 5 = 0, NULL, CAST(id % 11 AS INT)) v, CAST(id % 13 AS STRING) s
  FROM range(0, 300)]]:createOrReplaceTempView "t"
spark:sql "SELECT id k, IF(id = 3, NULL, id * 10) w FROM range(0, 9, 3)":createOrReplaceTempView "u"

local function rows(query)
  return lines(spark:sql(query):collect())
end

local function plan(query, mode)
  return spark:sql("EXPLAIN " .. (mode or "EXTENDED") .. " " .. query):first()[1]
end

-- The optimised logical plan and the physical one.
local function optimised(query) return plan(query):match "== Optimized Logical Plan ==.*" end

local cases = {
  CollapseProject = {
    "SELECT a + 1 b, k FROM (SELECT id + 1 a, k, v FROM t)",
    "SELECT c * 2 d FROM (SELECT b + 1 c FROM (SELECT id b, v FROM t)) WHERE c % 3 = 0",
  },
  PushDownPredicates = {
    "SELECT * FROM (SELECT id + 1 a, k FROM t) WHERE a % 10 = 3",
    "SELECT * FROM t JOIN u ON t.k = u.k WHERE t.v > 3 AND u.w > 10",
    "SELECT * FROM (SELECT k, sum(v) s FROM t GROUP BY k) WHERE k > 3 AND s > 50",
    "SELECT * FROM (SELECT id, k FROM t UNION ALL SELECT k, w FROM u) WHERE id > 250",
    "SELECT * FROM (SELECT id, k, row_number() OVER (PARTITION BY k ORDER BY id DESC) r FROM t) WHERE k = 2",
    "SELECT * FROM (SELECT id, sum(v) OVER (PARTITION BY k % 2 ORDER BY id) r, k % 2 p FROM t) WHERE p = 1",
    "SELECT * FROM (SELECT id, explode(array(id, k)) x FROM t) WHERE id < 5",
  },
  EliminateOuterJoin = {
    "SELECT * FROM t LEFT JOIN u ON t.k = u.k WHERE u.w > 10",
    "SELECT * FROM u RIGHT JOIN t ON t.k = u.k WHERE u.w > 10 OR u.w < 5",
    "SELECT * FROM t FULL JOIN u ON t.k = u.k WHERE t.v > 3 AND u.w IS NOT NULL",
    "SELECT * FROM t FULL JOIN u ON t.k = u.k WHERE t.v = 3",
    "SELECT * FROM t FULL JOIN u ON t.k = u.k WHERE u.w BETWEEN 1 AND 70",
  },
  ReuseSubquery = {
    "WITH g AS (SELECT k, sum(v) s FROM t GROUP BY k) SELECT * FROM g WHERE s = (SELECT max(s) FROM g)",
    "WITH g AS (SELECT k, sum(v) s FROM t GROUP BY k) SELECT id FROM t WHERE v < (SELECT avg(s) FROM g) AND "
      .. "v < (SELECT max(k) FROM g WHERE s > 3) AND EXISTS (SELECT 1 FROM g WHERE s > 4)",
    "WITH g AS (SELECT k, sum(v) s FROM t GROUP BY k), h AS (SELECT s % 3 m, count(*) n FROM g GROUP BY 1) "
      .. "SELECT g.k, h.n FROM g JOIN h ON g.s % 3 = h.m WHERE g.s > (SELECT min(n) FROM h) ORDER BY 1",
  },
  RemoveLiteralFromGroupExpressions = {
    "SELECT k, k - 1 a, 'x' b, count(*) n, sum(v) s FROM t GROUP BY k, k - 1, 'x'",
    "SELECT n FROM (SELECT v, v % 3 m, s, concat(s, v) c, count(*) n FROM t GROUP BY 2, v, s, 4) "
      .. "WHERE m = 1 OR c > '5'",
    "SELECT 2 two, k, sum(id) s FROM t GROUP BY two, k HAVING k + two > 4 ORDER BY s LIMIT 2",
  },
  ConstantFolding = {
    "SELECT c + 1 d, id FROM (SELECT id, 3 c FROM t) WHERE c * 2 > 5 AND id < 9",
    "SELECT k FROM (SELECT k, 'ab' x FROM t) WHERE upper(x) || k = 'AB3'",
  },
  NullPropagation = {
    "SELECT id, v / 2 = NULL a, v + CAST(NULL AS INT) b FROM t",
    "SELECT id FROM t WHERE v > 3 OR substring(s, NULL) = 'x'",
  },
  BooleanSimplification = {
    "SELECT k, count(*) FILTER (WHERE v > 5 OR v > 5) n FROM t GROUP BY k",
    "SELECT id, sum(id) OVER (PARTITION BY NOT NOT (k > 3) ORDER BY id) r FROM t",
    "SELECT id FROM t WHERE NOT NOT v > 5",
    "SELECT id FROM t WHERE (v > 5 OR true) AND k = 2",
    "SELECT id, v > 5 AND v > 5 b FROM t WHERE k = 2",
    "SELECT id, k = 1 OR false b, k = 1 AND false c FROM t",
  },
  UnwrapCastInBinaryComparison = {
    "SELECT k, count(*) FILTER (WHERE v > 5L) n FROM t GROUP BY k",
    "SELECT id FROM t WHERE CAST(v AS BIGINT) = 3",
    "SELECT id, 4 >= CAST(v AS SMALLINT) + 0L b, CAST(v AS BIGINT) IN (1, 2L) c FROM t WHERE 7L > v",
    "SELECT id, v <=> 5L b FROM t WHERE NOT (CAST(v AS BIGINT) = 3)",
    "SELECT k, count(*) FROM (SELECT k, CAST(v AS SMALLINT) x FROM t) WHERE x <> 0 AND x < 40000 AND x IN (1, 9) "
      .. "GROUP BY k ORDER BY k",
  },
  PruneFilters = {
    "SELECT id FROM (SELECT id, 3 c FROM t) WHERE c = 3",
    "SELECT id FROM (SELECT id, 3 c FROM t) WHERE c = 4",
    "SELECT count(*), sum(id) FROM (SELECT id, CAST(NULL AS INT) c FROM t) WHERE c = 4",
  },
  LimitPushDown = {
    "SELECT id + 1 a FROM t LIMIT 7",
    "SELECT a FROM (SELECT id, id * -1 a FROM t ORDER BY v, id) LIMIT 9",
    "SELECT id FROM t UNION ALL SELECT w FROM u LIMIT 5",
    "SELECT * FROM t LEFT JOIN u ON t.k = u.k LIMIT 11 OFFSET 4",
    "SELECT * FROM (SELECT id FROM t LIMIT 20 OFFSET 5) LIMIT 30 OFFSET 12",
  },
  ReorderJoin = {
    "SELECT count(*), sum(a.id) FROM t a, t b, u WHERE a.k = u.k AND u.k = b.k AND a.id = b.id",
  },
  ColumnPruning = {
    "SELECT k FROM (SELECT k, max(v) m, min(s) n FROM t GROUP BY k) ORDER BY k",
    "SELECT id FROM (SELECT id, v FROM t UNION ALL SELECT k, w FROM u)",
    "SELECT r FROM (SELECT id, row_number() OVER (PARTITION BY k ORDER BY id) r, "
      .. "sum(v) OVER (PARTITION BY k ORDER BY id) s FROM t)",
    "SELECT count(*) FROM (SELECT max(v) FROM t)",
  },
}

describe("The rule", function()
  after_each(function() spark.conf:unset(EXCLUDED) end)
  for _, rule in ipairs { "CollapseProject", "PushDownPredicates", "EliminateOuterJoin", "NullPropagation",
    "ConstantFolding", "BooleanSimplification", "UnwrapCastInBinaryComparison", "PruneFilters",
    "LimitPushDown", "ReorderJoin", "ColumnPruning" } do
    for i, query in ipairs(cases[rule]) do
      it(("%s keeps the rows of query %d"):format(rule, i), function()
        local with, with_plan = rows(query), optimised(query)
        spark.conf:set(EXCLUDED, "some.Other, " .. PREFIX .. rule)
        local without, without_plan = rows(query), optimised(query)
        assert.same(without, with)
        assert.not_equal(without_plan, with_plan)
      end)
    end
  end
  it("ReuseSubquery reads rows once whose groups stand in the query of an expression too", function()
    local function bytes_read(query)
      local function count()
        for line in io.lines "/proc/self/io" do
          if line:find "^rchar" then return tonumber(line:match "%d+") end
        end
      end
      local before = count()
      rows(query)
      return count() - before
    end
    local path = os.tmpname()
    os.remove(path)
    spark:sql("SELECT hash(id) k, id v FROM range(100000)").write:parquet(path)
    spark.read:parquet(path):createOrReplaceTempView "written"
    local groups = "SELECT k % 9 k, sum(v) s FROM written GROUP BY 1"
    local once = bytes_read(groups)
    assert.is_true(once > 400000)
    local both = bytes_read("WITH g AS (" .. groups .. ") SELECT * FROM g WHERE s = (SELECT max(s) FROM g)")
    assert.is_true(both < 1.2 * once, ("%d bytes, then %d"):format(once, both))
    os.execute("rm -r " .. path)
  end)
  it("keeps keys that others determine only by what counts as equal", function()
    spark:sql "SELECT CAST(IF(id % 2 = 0, '0', '-0') AS DOUBLE) d, id FROM range(6)":createOrReplaceTempView "zeros"
    assert.same({ "3", "3" }, rows "SELECT count(*) FROM zeros GROUP BY d, CAST(d AS STRING)")
    assert.same({ "6" }, rows "SELECT count(*) FROM zeros GROUP BY d, 'a'")
    assert.same({ "2", "2", "2" }, rows "SELECT count(*) FROM zeros GROUP BY id % 3, id % 3 + 1")
    assert.same({}, rows "SELECT count(*) FROM zeros WHERE id < 0 GROUP BY 'a', 1 + 1")
    assert.same({ "1" }, rows "SELECT count(*) FROM (SELECT 1 a) GROUP BY 'a', 1 + 1")
  end)
  it("computes keys that can fail for every group", function()
    for _, query in ipairs { "SELECT count(*) FROM t GROUP BY k, 1 / k",
      "SELECT k, count(*) FROM t GROUP BY k, 1 / (k - 5) LIMIT 1",
      "SELECT max(n) FROM (SELECT count(*) n FROM t GROUP BY k, 1 / k)" } do
      local ok, e = pcall(rows, query)
      assert.is_false(ok)
      assert.equal("DIVIDE_BY_ZERO", e.condition)
    end
  end)
  it("makes sums of a small integer and constants of its sum and count", function()
    spark:sql [[SELECT id, id % 3 k, CAST(if(id % 4 = 0 OR id % 3 = 2, NULL, id % 100 - 40) AS SMALLINT) x,
      CAST(id % 9 AS INT) i
      FROM range(1000)]]:createOrReplaceTempView "shifted"
    local want = {}
    for k = 0, 2 do
      local sum, n = 0, 0
      for id = k, 999, 3 do
        if id % 4 ~= 0 and k ~= 2 then sum, n = sum + id % 100 - 40, n + 1 end
      end
      local cells = { k }
      for _, by in ipairs { 1, 0, -70, 65535, 3 } do cells[#cells + 1] = n > 0 and sum + by * n or "nil" end
      want[k + 1] = table.concat(cells, "|") .. "|" .. (k == 2 and 333 or k == 1 and 333 or 334)
    end
    local query = [[SELECT k, sum(x + 1) a, sum(0 + x) b, sum(x - 70) c, sum(x + 65535) d, sum(x + 3L) e, count(*) n
      FROM shifted GROUP BY k ORDER BY k]]
    assert.same(want, rows(query))
    assert.matches("sum%(x%).*count%(x%)", optimised(query))
    assert.same({ "nil|nil|nil" }, rows "SELECT sum(x + 1), sum(x + 2), sum(x + 3) FROM shifted WHERE id < 0")
    for _, list in ipairs { "sum(i + 1), sum(i + 2), sum(i + 3)", "sum(x + 1S), sum(x + 2S), sum(x + 3S)",
      "sum(x + 65536), sum(x + 65537), sum(x + 65538)", "sum(x + 1), sum(x + 2)", "sum(1 - x), sum(2 - x), sum(3 - x)",
      "sum(DISTINCT x + 1), sum(DISTINCT x + 2), sum(DISTINCT x + 3)" } do
      assert.not_matches("sum%(x%)", optimised("SELECT " .. list .. " FROM shifted"))
    end
    local ok, e = pcall(rows, "SELECT sum(x + 1S), sum(x + 2S), sum(x + 3S) FROM (SELECT 32767S x UNION ALL SELECT 1S)")
    assert.is_false(ok)
    assert.equal("BINARY_ARITHMETIC_OVERFLOW", e.condition)
  end)
  it("leaves joins alone whose nulls pass the filter", function()
    for _, condition in ipairs { "u.w IS NULL", "coalesce(u.w, 1) > 0", "u.w > 3 OR t.v > 3", "u.w <=> NULL" } do
      local query = "SELECT * FROM t LEFT JOIN u ON t.k = u.k WHERE " .. condition
      assert.matches("LeftOuter", optimised(query))
    end
  end)
  it("raises a constant that fails before the first row, that of a branch where a row gets there", function()
    local query = "SELECT if(id < 0, c / 0, id) x FROM (SELECT id, 3 c FROM t) WHERE id < 3"
    assert.same({ "0.0", "1.0", "2.0" }, rows(query))
    for _, failing in ipairs { "", " WHERE id < 0" } do
      local ok, e = pcall(rows, "SELECT c / 0 FROM (SELECT id, 3 c FROM t)" .. failing)
      assert.is_false(ok)
      assert.equal("DIVIDE_BY_ZERO", e.condition)
    end
    assert.same({ "300" }, rows "SELECT count(*) FROM (SELECT 1 / 0 FROM t)")
  end)
end)
