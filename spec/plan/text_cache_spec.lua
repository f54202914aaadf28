-- Equal SQL texts share a plan, and a plan that is collected again keeps its operators: nobody may see
-- that but by the clock on the wall.
local tidemill = require "tidemill"
local F = tidemill.functions

describe("SQL text that comes again", function()
  local spark, folder
  before_each(function() spark = tidemill.session { threads = 2 } end)
  after_each(function()
    spark:close()
    if folder then os.execute("rm -rf " .. folder) end
    folder = nil
  end)

  local function scratch()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    return folder
  end
  local function write(path, text)
    local f = assert(io.open(path, "w"))
    f:write(text)
    f:close()
  end
  local function cell(text) return spark:sql(text):collect()[1][1] end
  -- The first three answers: analysed, found by the text, run with kept operators.
  local function cells(text)
    local out = {}
    for i = 1, 4 do out[i] = tostring(cell(text)) end
    return table.concat(out, " ")
  end
  local function view(name, ...) spark:createDataFrame({ ... }, "v BIGINT"):createOrReplaceTempView(name) end

  it("gives the same rows", function()
    view("t", { 1 }, { 2 }, { 39 })
    assert.equal("42 42 42 42", cells "SELECT sum(v) FROM t")
    assert.equal("3 3 3 3", cells "SELECT count(*) FROM t")
    assert.equal("2 2 2 2", cells "SELECT v FROM t WHERE v > 1 ORDER BY v LIMIT 1")
  end)
  it("makes frames that are strangers to one another", function()
    local text = "SELECT id AS k, id * 2 AS d FROM range(5)"
    local a, b, c = spark:sql(text), spark:sql(text), spark:sql(text)
    assert.equal(5, #c:collect())
    assert.equal(10, a:join(b, a.k:lt(b.k)):count()) -- 4 + 3 + 2 + 1
    assert.equal(25, a:crossJoin(b):count())
    assert.equal(5, a:join(c, a.k:eqNullSafe(c.k)):filter(c.d:eqNullSafe(a.d)):count())
    assert.equal(10, a:union(b):count())
    assert.equal(10, spark:sql(text):union(c):union(a):filter "k < 3":count() + 1)
  end)
  it("keeps frames apart that were made of one another", function()
    local text = "SELECT id AS k FROM range(3)"
    local a = spark:sql(text)
    local more = a:withColumn("k2", a.k + 1)
    local b = spark:sql(text)
    assert.equal(2, more:join(b, more.k2:eqNullSafe(b.k)):count())
    assert.equal(3, #b:collect())
    assert.equal(3, #a:collect())
  end)
  it("sees a view that was replaced, dropped, or put before another", function()
    view("t", { 1 })
    local old = spark:sql "SELECT v FROM t"
    assert.equal("1 1 1 1", cells "SELECT v FROM t")
    view("t", { 2 })
    assert.equal("2 2 2 2", cells "SELECT v FROM t")
    assert.equal(1, old:collect()[1][1]) -- as Spark: a frame stays with the view it was made of
    spark:sql "CREATE OR REPLACE TEMP VIEW t AS SELECT 3 AS v"
    assert.equal("3 3 3 3", cells "SELECT v FROM t")
    spark:sql "DROP VIEW t"
    assert.has_error(function() cell "SELECT v FROM t" end)
    view("t", { 4 })
    assert.equal("4 4 4 4", cells "SELECT v FROM t")
    spark.catalog:dropTempView "t"
    assert.has_error(function() cell "SELECT v FROM t" end)
    spark:range(5, 6):createOrReplaceGlobalTempView "g"
    assert.equal("5 5 5 5", cells "SELECT id FROM global_temp.g")
    spark:range(6, 7):createOrReplaceGlobalTempView "g"
    assert.equal("6 6 6 6", cells "SELECT id FROM global_temp.g")
  end)
  it("follows the settings", function()
    local zone = "SELECT CAST(TIMESTAMP '2024-07-01 12:00:00' AS BIGINT)"
    spark.conf:set("spark.sql.session.timeZone", "UTC")
    assert.equal("1719835200 1719835200 1719835200 1719835200", cells(zone))
    spark.conf:set("spark.sql.session.timeZone", "Asia/Tokyo")
    assert.equal(1719835200 - 9 * 3600, cell(zone))
    spark:sql "SET spark.sql.session.timeZone = America/New_York"
    assert.equal(1719835200 + 4 * 3600, cell(zone))
    local bad = "SELECT CAST('x' AS INT)"
    for _ = 1, 3 do assert.has_error(function() cell(bad) end) end
    spark.conf:set("spark.sql.ansi.enabled", "false")
    assert.equal("nil nil nil nil", cells(bad))
    spark.conf:unset "spark.sql.ansi.enabled"
    assert.has_error(function() cell(bad) end)
    view("t", { 1 })
    assert.equal("1 1 1 1", cells "SELECT V FROM t")
    spark.conf:set("spark.sql.caseSensitive", "true")
    assert.has_error(function() cell "SELECT V FROM t" end)
  end)
  it("reads the clock each time", function()
    local now = "SELECT unix_micros(current_timestamp()), id FROM range(1)"
    local parsed = "SELECT CAST(CAST('now' AS TIMESTAMP) AS DOUBLE)"
    local literal, zoneless = "SELECT unix_micros(TIMESTAMP 'now')", "SELECT localtimestamp()"
    local where = "SELECT count(*) FROM range(1) WHERE unix_micros(now()) > %d"
    for _, text in ipairs { now, literal, zoneless, parsed } do
      local seen = {}
      local df = spark:sql(text)
      for _ = 1, 4 do
        seen[tostring(cell(text))] = true
        seen[tostring(df:collect()[1][1])] = true
        for _ = 1, 20000 do end -- more than a microsecond
      end
      local n = 0
      for _ in pairs(seen) do n = n + 1 end
      assert.truthy(n >= 4, text)
    end
    assert.equal("0 0 0 0", cells(where:format(9000000000000000)))
  end)
  it("draws other random numbers each time", function()
    spark:range(10000):toDF "v":createOrReplaceTempView "s"
    for _, text in ipairs { "SELECT rand()", "SELECT randn()", "SELECT uniform(0D, 1D) AS u",
      "SELECT sum(v) FROM s TABLESAMPLE (50 PERCENT)" } do
      assert.not_equal(cell(text), cell(text))
    end
    assert.equal(cell "SELECT rand(7)", cell "SELECT rand(7)")
  end)
  it("lists files anew", function()
    scratch()
    write(folder .. "/a.csv", "1\n2\n")
    local text = ("SELECT count(*) FROM csv.`%s`"):format(folder)
    assert.equal("2 2 2 2", cells(text))
    write(folder .. "/b.csv", "3\n")
    assert.equal("3 3 3 3", cells(text))
    os.remove(folder .. "/a.csv")
    assert.equal("1 1 1 1", cells(text))
  end)
  it("computes anew what was unpersisted", function()
    local calls = 0
    local seen = F.udf(function(x)
      calls = calls + 1
      return x
    end, "bigint"):asNondeterministic()
    local df = spark:range(3):withColumn("y", seen "id"):cache()
    df:createOrReplaceTempView "t"
    assert.equal("3 3 3 3", cells "SELECT sum(y) FROM t")
    assert.equal(3, calls)
    df:unpersist()
    assert.equal("3 3 3 3", cells "SELECT sum(y) FROM t")
    assert.equal(15, calls)
  end)
  it("calls the function that is registered now", function()
    spark.udf:register("f", function(x) return x + 1 end, "bigint")
    assert.equal("8 8 8 8", cells "SELECT f(7L)")
    spark.udf:register("f", function(x) return x + 2 end, "bigint")
    assert.equal("9 9 9 9", cells "SELECT f(7L)")
  end)
  it("sees what streams have shown since", function()
    scratch()
    assert(os.execute("mkdir " .. folder .. "/in"))
    write(folder .. "/in/1.csv", "1\n")
    local input = spark.readStream:schema "id BIGINT":csv(folder .. "/in")
    local q = input.writeStream:format "memory":queryName "seen":start()
    q:processAllAvailable()
    local df = spark:sql "SELECT sum(id) FROM seen"
    for _ = 1, 3 do assert.equal(1, df:collect()[1][1]) end
    assert.equal("1 1 1 1", cells "SELECT sum(id) FROM seen")
    write(folder .. "/in/2.csv", "41\n")
    q:processAllAvailable()
    assert.equal("42 42 42 42", cells "SELECT sum(id) FROM seen")
    assert.equal(42, df:collect()[1][1])
    q:stop()
  end)
  it("takes the frames and values of each call", function()
    local text = "SELECT sum(id) * :x AS s FROM {t}"
    assert.equal(30, spark:sql(text, { x = 10 }, { t = spark:range(3) }):collect()[1][1])
    assert.equal(60, spark:sql(text, { x = 10 }, { t = spark:range(4) }):collect()[1][1])
    assert.equal(66, spark:sql(text, { x = 11 }, { t = spark:range(4) }):collect()[1][1])
    assert.equal("a", spark:sql("SELECT :x", { x = "a" }):collect()[1][1])
    assert.equal(1, spark:sql("SELECT :x", { x = 1 }):collect()[1][1])
  end)
  it("runs its commands each time", function()
    for _ = 1, 3 do
      spark:sql "CREATE OR REPLACE TEMP VIEW c AS SELECT 1 AS one"
      assert.equal(1, cell "SELECT one FROM c")
      spark:sql "DROP VIEW c"
    end
  end)
  it("answers subqueries by the rows there are", function()
    view("t", { 1 }, { 5 })
    local text = "SELECT v FROM t WHERE v = (SELECT max(v) FROM t)"
    assert.equal("5 5 5 5", cells(text))
    view("t", { 1 }, { 6 })
    assert.equal("6 6 6 6", cells(text))
  end)
  it("fails each time as the first", function()
    view("t", { 1 }, { 0 })
    local text, first = "SELECT 1 / v FROM t", nil
    for _ = 1, 4 do
      local ok, e = pcall(cell, text)
      assert.is_false(ok)
      first = first or tostring(e)
      assert.equal(first, tostring(e))
    end
    assert.truthy(first:find("DIVIDE_BY_ZERO", 1, true))
  end)
  it("forgets texts when there are many", function()
    local handle = require "tidemill.internal".handle
    view("t", { 1 })
    local function used() return spark[handle]:memory().used end
    local function round()
      for i = 1, 500 do assert.equal(i, cell(("SELECT v + %d AS s FROM t"):format(i - 1))) end
      collectgarbage()
      collectgarbage()
      return used()
    end
    local first = round()
    assert.truthy(round() - first < 1 << 14)
    spark.catalog:dropTempView "t"
    collectgarbage()
    collectgarbage()
    assert.truthy(used() < first / 2)
  end)
end)
