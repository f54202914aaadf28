-- A filter of ranks above a window has rows dropped below it. Rows, and where the limit stands: Spark 4.3's answers.
local tidemill = require "tidemill"

local VIEW = [[CREATE OR REPLACE TEMP VIEW t AS SELECT id, IF(id % 10 = 9, NULL, id % 4) k,
  IF(id % 7 = 3, NULL, CAST(id * 13 % 11 AS INT)) v,
  IF(id % 6 = 2, NULL, concat(repeat('long text ', CAST(id % 3 AS INT)), id * 5 % 8)) s,
  CAST(id * 3 % 5 AS BOOLEAN) b, id * 7 % 9 / 4.0D d FROM range(60)]]

-- Query, the limit, rows.
local CASES = {
  { [[SELECT k, id FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY v DESC, id) n FROM t) WHERE n <=
      2 ORDER BY k, n]],
    "row_number(), 2",
    [[null/49 null/9 0/16 0/32 1/5 1/21 2/54 2/26 3/27 3/43]] },
  { [[SELECT k, v, n FROM (SELECT *, rank() OVER (PARTITION BY k ORDER BY v) n FROM t) WHERE n <= 2 ORDER BY k,
      v, id]],
    "rank(), 2",
    [[null/null/1 null/1/2 0/null/1 0/null/1 1/null/1 1/null/1 2/null/1 2/null/1 3/null/1 3/null/1]] },
  { [[SELECT k, v, n FROM (SELECT *, dense_rank() OVER (PARTITION BY k ORDER BY v NULLS LAST) n FROM t) WHERE n
      < 3 ORDER BY k, v, id]],
    "dense_rank(), 2",
    [[null/1/1 null/3/2 0/0/1 0/0/1 0/1/2 1/0/1 1/2/2 2/0/1 2/1/2 2/1/2 3/0/1 3/0/1 3/2/2]] },
  { [[SELECT b, s, n FROM (SELECT *, rank() OVER (PARTITION BY b ORDER BY s) n FROM t) WHERE 12 > n ORDER BY b,
      s, id]],
    "rank(), 11",
    [[false/null/1 false/null/1 false/0/3 false/1/4 false/3/5 false/6/6 false/long text 0/7 false/long text 2/8
      false/long text 3/9 false/long text 5/10 false/long text long text 1/11 true/null/1 true/null/1
      true/null/1 true/null/1 true/null/1 true/null/1 true/null/1 true/null/1 true/0/9 true/0/9 true/1/11]] },
  { [[SELECT s, id FROM (SELECT *, row_number() OVER (PARTITION BY s ORDER BY d DESC, id) n FROM t) WHERE n = 1
      ORDER BY s]],
    "row_number(), 1",
    [[null/14 0/24 1/21 2/42 3/15 4/12 5/33 6/6 7/51 long text 0/16 long text 1/37 long text 2/10 long text
      3/55 long text 4/28 long text 5/1 long text 6/46 long text 7/19 long text long text 1/5 long text long
      text 3/23 long text long text 5/41 long text long text 7/59]] },
  { [[SELECT id, n FROM (SELECT *, row_number() OVER (PARTITION BY k, b ORDER BY id DESC) n FROM t) WHERE n = 3
      ORDER BY id]],
    "row_number(), 3",
    [[0/3 5/3 10/3 15/3 39/3 41/3 43/3 46/3 48/3]] },
  { [[SELECT id, n, m FROM (SELECT *, rank() OVER (PARTITION BY k ORDER BY d) n, row_number() OVER (PARTITION
      BY k ORDER BY d) m, sum(v) OVER (PARTITION BY k ORDER BY d ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT
      ROW) s FROM t) WHERE n < 2 AND m <= 50 ORDER BY id]],
    "row_number(), 50",
    [[0/1/1 9/1/1 18/1/1 27/1/1 36/1/2 45/1/1 54/1/2]] },
  { [[SELECT count(*) FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY v) n FROM t) WHERE n <= 0]],
    false,
    [[0]] },
  { [[SELECT id, n, c FROM (SELECT *, rank() OVER (PARTITION BY k ORDER BY d) n, count(*) OVER (PARTITION BY k
      ORDER BY d) c FROM t) WHERE n <= 2 ORDER BY id]],
    false,
    [[0/1/2 9/1/1 13/2/2 18/1/2 27/1/1 31/2/2 36/1/2 45/1/1 49/2/2 54/1/2]] },
  { [[SELECT id, n, c FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY d, id) n, lead(id) OVER
      (PARTITION BY k ORDER BY d, id) c FROM t) WHERE n <= 2 ORDER BY id]],
    false,
    [[0/1/36 9/1/49 13/2/17 18/1/54 27/1/31 31/2/35 36/2/4 45/1/13 49/2/39 54/2/22]] },
  { [[SELECT id, n FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY d, id) n FROM t) WHERE n <= 2 OR
      id < 3 ORDER BY id]],
    false,
    [[0/1 1/9 2/8 9/1 13/2 18/1 27/1 31/2 36/2 45/1 49/2 54/2]] },
  { [[SELECT id, n FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY d, id) n FROM t) WHERE n <= 2 AND
      id > 20 ORDER BY id]],
    "row_number(), 2",
    [[27/1 31/2 36/2 45/1 49/2 54/2]] },
}

local function text(df)
  local rows = {}
  for i, row in ipairs(df:collect()) do
    local cells = {}
    for k = 1, #row do cells[k] = row[k] == nil and "null" or tostring(row[k]) end
    rows[i] = table.concat(cells, "/")
  end
  return table.concat(rows, " ")
end

local function plan(spark, query) return spark:sql("EXPLAIN " .. query):first()[1] end

describe("a window group limit", function()
  for _, options in ipairs { { threads = 1 }, { threads = 4 }, { threads = 2, forceSpill = true } } do
    local name = ("%d threads%s"):format(options.threads, options.forceSpill and ", spilled" or "")
    it("gives Spark's rows, " .. name, function()
      local spark <close> = tidemill.session(options)
      spark:sql(VIEW)
      for _, case in ipairs(CASES) do
        assert.are.equal((case[3]:gsub("%s+", " ")), text(spark:sql(case[1])), case[1])
      end
    end)
  end

  it("stands where Spark has it", function()
    local spark <close> = tidemill.session()
    spark:sql(VIEW)
    for _, case in ipairs(CASES) do
      local limit = plan(spark, case[1]):match "WindowGroupLimit %[.-%], %[.-%], ([^\n]*)"
      assert.are.equal(case[2], limit or false, case[1])
    end
    spark.conf:set("spark.sql.optimizer.windowGroupLimitThreshold", "1")
    assert.is_nil(plan(spark, CASES[1][1]):find "WindowGroupLimit")
    spark.conf:set("spark.sql.optimizer.windowGroupLimitThreshold", "2")
    assert.is_truthy(plan(spark, CASES[1][1]):find "WindowGroupLimit")
  end)

  -- Groups of each size, keys near each other and far apart, null, text; orders with ties, nulls at either end and
  -- the ends of their types. Without the rule the window sees all rows.
  local BIG = [[CREATE OR REPLACE TEMP VIEW big AS SELECT id, IF(id % 97 = 5, NULL, pmod(xxhash64(id), 1000)) k,
    IF(id % 31 = 0, id * 1000000007, id % 50) far, CAST(pmod(hash(id), 60) AS STRING) || repeat('-', id % 2 * 20) s,
    CASE pmod(hash(id, 1), 40) WHEN 0 THEN NULL WHEN 1 THEN -9223372036854775808 WHEN 2 THEN 9223372036854775807
      ELSE pmod(hash(id, 2), 9) END o,
    CASE pmod(hash(id, 3), 20) WHEN 0 THEN DOUBLE('NaN') WHEN 1 THEN NULL WHEN 2 THEN -0.0D
      ELSE hash(id, 4) / 7.0D END d FROM range(%d)]]

  local function compare(options, rows)
    local spark <close> = tidemill.session(options)
    local function limited(on)
      spark.conf:set("spark.sql.optimizer.excludedRules", on and "" or "InferWindowGroupLimit")
    end
    spark:sql((BIG:gsub("%%d", rows)))
    local n = 0
    for _, keys in ipairs { "", "PARTITION BY k", "PARTITION BY far", "PARTITION BY s", "PARTITION BY k % 3, s" } do
      for _, order in ipairs { "o", "o DESC", "d NULLS LAST, id", "d DESC", "s", "o DESC NULLS FIRST, s", "id" } do
        n = n + 1
        local rank = ({ "row_number()", "rank()", "dense_rank()" })[n % 3 + 1]
        local query = ("SELECT count(*), sum(n), bit_xor(xxhash64(id, n)) FROM (SELECT id, %s OVER (%s ORDER BY %s) n "
          .. "FROM big) WHERE n <= %d"):format(rank, keys, order, ({ 1, 2, 7, 100 })[n % 4 + 1])
        limited(false)
        local expected = text(spark:sql(query))
        limited(true)
        assert.is_truthy(plan(spark, query):find("WindowGroupLimit", 1, true), query)
        assert.are.equal(expected, text(spark:sql(query)), query)
      end
    end
  end
  it("changes no row", function() compare({ threads = 3 }, 30000) end)
  it("changes no row on disk", function() compare({ threads = 2, forceSpill = true }, 600) end)

  it("drops the rows of long groups before the window", function()
    local spark <close> = tidemill.session { threads = 1 }
    local parts, write = {}, io.write
    io.write = function(...) parts[#parts + 1] = table.concat { ... } end -- luacheck: ignore
    spark:sql([[SELECT * FROM (SELECT id, rank() OVER (PARTITION BY id % 10 ORDER BY id * 7919 % 100000) n
      FROM range(100000)) WHERE n <= 3]]):explain "metrics"
    io.write = write -- luacheck: ignore
    local report = table.concat(parts)
    local passed = tonumber(report:match "WindowGroupLimit[^\n]-%(rows (%d+)")
    assert.is_true(passed >= 30 and passed < 2000, report)
  end)
end)
