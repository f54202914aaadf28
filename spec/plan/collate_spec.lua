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
end)
