-- LATERAL joins and columns of the query around a DataFrame; the rows are those of Spark 4.3.
local tidemill = require "tidemill"
local F = tidemill.functions

describe("LATERAL", function()
  local spark
  setup(function()
    spark = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }:newSession()
    spark:sql "SELECT * FROM VALUES (1, 'a'), (2, 'b'), (2, 'c'), (NULL, 'n') AS l(k, v)":createOrReplaceTempView "l"
    spark:sql "SELECT * FROM VALUES (2, 10), (2, 20), (2, 30), (3, 5), (1, 7) AS r(k, x)":createOrReplaceTempView "r"
  end)
  teardown(function() spark:close() end)

  local function rows(df)
    local out = {}
    for i, row in ipairs(df:collect()) do
      local cells = {}
      for k = 1, #row do cells[k] = row[k] == nil and "NULL" or tostring(row[k]) end
      out[i] = table.concat(cells, " ")
    end
    table.sort(out)
    return out
  end
  local function answers(sql, expected)
    it(sql, function() assert.same(expected, rows(spark:sql(sql))) end)
  end

  answers("SELECT l.*, c FROM l, LATERAL (SELECT count(*) c FROM r WHERE r.k = l.k)",
    { "1 a 1", "2 b 3", "2 c 3", "NULL n 0" })
  answers("SELECT l.*, x FROM l, LATERAL (SELECT x FROM r WHERE r.k = l.k ORDER BY x DESC LIMIT 2)",
    { "1 a 7", "2 b 20", "2 b 30", "2 c 20", "2 c 30" })
  answers("SELECT l.*, x FROM l LEFT JOIN LATERAL (SELECT x FROM r WHERE r.k = l.k ORDER BY x DESC LIMIT 1 OFFSET 1)",
    { "1 a NULL", "2 b 20", "2 c 20", "NULL n NULL" })
  answers("SELECT l.*, s FROM l, LATERAL (SELECT sum(x) s FROM (SELECT x FROM r WHERE r.k = l.k UNION ALL SELECT l.k))",
    { "1 a 8", "2 b 62", "2 c 62", "NULL n NULL" })
  answers("SELECT * FROM l, LATERAL (SELECT l.k + 1 AS z)", { "1 a 2", "2 b 3", "2 c 3", "NULL n NULL" })
  answers("SELECT * FROM l, LATERAL (SELECT DISTINCT k FROM r WHERE r.k >= l.k)",
    { "1 a 1", "1 a 2", "1 a 3", "2 b 2", "2 b 3", "2 c 2", "2 c 3" })
  answers("SELECT * FROM l, LATERAL (SELECT k, sum(x) FROM r WHERE r.k < l.k GROUP BY k)", { "2 b 1 7", "2 c 1 7" })

  answers("SELECT k, c FROM VALUES (1, array(1, 2)), (1, array(1, 2)), (3, NULL) AS g(k, a) "
    .. "JOIN LATERAL explode(a) AS t(c) ON c > k", { "1 2", "1 2" })
  answers("SELECT k, c, d FROM VALUES (2, array(1, 2)), (2, array(1, 2)) AS g(k, a), "
    .. "LATERAL explode(a) AS t(c), LATERAL (SELECT c * k AS d WHERE c > 1)", { "2 2 4", "2 2 4" })
  answers("SELECT k, d FROM VALUES (2), (5) AS g(k), LATERAL (SELECT k + c AS d FROM explode(array(10, 20)) AS e(c))",
    { "2 12", "2 22", "5 15", "5 25" })
  answers("SELECT k, c FROM VALUES (2, array(1, 2)), (5, array()) AS g(k, a), LATERAL explode_outer(a) AS t(c)",
    { "2 1", "2 2", "5 NULL" })

  it("is lateralJoin with columns of the outer query", function()
    local a, b = spark:table "l":alias "a", spark:table "r":alias "b"
    local inner = b:where(F.col "a.k":outer():equalTo(F.col "b.k"))
    assert.same({ "1 a 7", "2 b 10", "2 b 20", "2 b 30", "2 c 10", "2 c 20", "2 c 30" },
      rows(a:lateralJoin(inner:select "x")))
    assert.same({ "1 a", "2 b", "2 c" }, rows(a:where(inner:exists())))
    assert.same({ "1 a 1", "1 a 7", "2 b 2", "2 b 7", "2 c 2", "2 c 7", "NULL n 7", "NULL n NULL" },
      rows(a:lateralJoin(spark.tvf:explode(F.array(F.col "k":outer(), F.lit(7))))))
    local ok, e = pcall(function() return inner:collect() end) -- alone it has no outer query
    assert.is_false(ok)
    assert.equal("UNRESOLVED_COLUMN.WITH_SUGGESTION", e.condition)
  end)

  it("refuses columns of other DataFrames", function()
    local ok, e = pcall(function() return spark:table "l":select(spark:table("r").x) end)
    assert.is_false(ok)
    assert.equal("MISSING_ATTRIBUTES.RESOLVED_ATTRIBUTE_MISSING_FROM_INPUT", e.condition)
  end)
end)
