-- Collations in plans: groups, joins, sorts and what is kept of a type. Expectations: Spark 4.3.
local tidemill = require "tidemill"

describe("a collation", function()
  local spark = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }
  local function rows(sql)
    local out = {}
    for i, r in ipairs(spark:sql(sql):collect()) do
      local cells = {}
      for k = 1, #r do cells[k] = tostring(r[k]) end
      out[i] = table.concat(cells, "|")
    end
    return table.concat(out, ",")
  end
  local WORDS = "(SELECT s COLLATE UTF8_LCASE AS s FROM VALUES ('b'), ('A'), ('a'), ('B'), ('c') AS t(s))"

  it("makes groups", function()
    assert.equal("a|2,b|2,c|1", rows("SELECT lower(s) AS l, count(*) FROM " .. WORDS .. " GROUP BY s ORDER BY s"))
    assert.equal("3", rows("SELECT count(DISTINCT s) FROM " .. WORDS))
  end)

  it("joins", function()
    assert.equal("9", rows("SELECT count(*) FROM " .. WORDS .. " x JOIN " .. WORDS .. " y ON x.s = y.s"))
    assert.equal("2", rows("SELECT count(*) FROM " .. WORDS .. " x WHERE s IN ('a', 'nope')"))
  end)

  it("sorts, in memory and spilled", function()
    local sql = "SELECT s COLLATE UTF8_LCASE AS t, id FROM (SELECT chr(CAST(65 + id % 26 + 32 * (id % 2) AS INT)) AS s,"
      .. " id FROM range(20000)) ORDER BY t, id"
    local plain = spark:sql(sql):collect()
    spark:stop()
    spark = tidemill.session { forceSpill = true, threads = 1 }
    local spilled = spark:sql(sql):collect()
    assert.equal(#plain, #spilled)
    for i = 1, #plain do assert.equal(plain[i].id, spilled[i].id) end
    for i = 2, #plain do assert.is_true(plain[i - 1].t:lower() <= plain[i].t:lower()) end
    spark:stop()
    spark = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }
  end)

  it("stays with a column through files", function()
    local path = os.tmpname()
    os.remove(path)
    spark:sql("SELECT s FROM " .. WORDS).write:parquet(path)
    local back = spark.read:parquet(path)
    back:createOrReplaceTempView "collated_back"
    assert.equal("string collate UTF8_LCASE", rows "SELECT typeof(s) FROM collated_back LIMIT 1")
    assert.equal("2", rows "SELECT count(*) FROM collated_back WHERE s = 'A'")
    os.execute("rm -rf '" .. path .. "'")
  end)

  local function condition(sql)
    local ok, e = pcall(rows, sql)
    return ok and "rows" or e.condition
  end

  it("counts as written through calls, lists, windows and fields", function()
    local explicit = "COLLATION_MISMATCH.EXPLICIT"
    for _, text in ipairs {
      "'a' COLLATE UNICODE_CI < upper('a' COLLATE UTF8_LCASE)",
      "typeof('a' COLLATE UTF8_LCASE) < 'a' COLLATE UNICODE_CI",
      "'a' COLLATE UNICODE_CI < collation('a' COLLATE UTF8_LCASE)",
      "hex('a' COLLATE UTF8_LCASE) = 'a' COLLATE UNICODE_CI",
      "concat('a' COLLATE UNICODE_CI, 'b') = upper('c' COLLATE UTF8_LCASE)",
      "max('a' COLLATE UNICODE_CI) = 'c' COLLATE UTF8_LCASE",
      "max('a' COLLATE UNICODE_CI) OVER () = 'c' COLLATE UTF8_LCASE",
      "array('a' COLLATE UNICODE_CI)[0] = 'c' COLLATE UTF8_LCASE",
      "named_struct('x', 'a' COLLATE UNICODE_CI).x = 'c' COLLATE UTF8_LCASE",
      "array('a' COLLATE UNICODE_CI) = array('c' COLLATE UTF8_LCASE)",
    } do
      assert.equal(explicit, condition("SELECT " .. text), text)
    end
    local indeterminate, pair = "INDETERMINATE_COLLATION_IN_EXPRESSION",
      " FROM (SELECT 'a' COLLATE UNICODE_CI AS s) x, (SELECT 'A' AS s) y"
    for _, text in ipairs {
      "x.s = y.s", "upper(x.s) = lower(y.s)", "x.s = collation(y.s)", "x.s = (SELECT 'A')", "x.s IN (y.s)",
    } do
      assert.equal(indeterminate, condition("SELECT " .. text .. pair), text)
    end
    assert.equal("true|false|true", rows("SELECT collation('a' COLLATE UTF8_LCASE) = 'system.builtin.utf8_lcase'"
      .. " COLLATE UTF8_LCASE, collation('a') = 'x' COLLATE UNICODE_CI, x.s = upper('a')" .. pair))
  end)

  it("of a pattern does not matter", function()
    local s = " FROM (SELECT 'a' COLLATE UTF8_LCASE AS s)"
    assert.equal("false|true|false|true|true",
      rows("SELECT 'A' LIKE s, s LIKE 'A', 'A' RLIKE s, s RLIKE 'A', 'A' ILIKE s" .. s))
    assert.equal("0|false|true", rows("SELECT regexp_count('A', s), 'A' LIKE ('a' COLLATE UNICODE_CI),"
      .. " 'a' COLLATE UTF8_LCASE LIKE 'A' COLLATE UNICODE_CI" .. s))
    assert.equal("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", condition "SELECT 'a' COLLATE UNICODE_CI LIKE 'A'")
  end)
end)
