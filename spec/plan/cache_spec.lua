local tidemill = require "tidemill"
local F = tidemill.functions

describe("df:cache()", function()
  local spark, calls
  before_each(function()
    spark, calls = tidemill.session { threads = 2 }, 0
  end)
  after_each(function() spark:close() end)

  -- A column whose function counts the rows it has seen.
  local function counted()
    local seen = F.udf(function(x)
      calls = calls + 1
      return x * 10
    end, "bigint"):asNondeterministic()
    return spark:range(1, 5):withColumn("y", seen "id")
  end

  it("computes its rows once, for every plan built upon it", function()
    local df = counted():cache()
    assert.equal(0, calls)
    assert.equal(100, df:agg { y = "sum" }:first()[1])
    assert.equal(4, calls)
    assert.equal(2, df:where "y > 20":count())
    assert.equal(4, df:join(df:withColumnRenamed("y", "z"), "id"):count())
    assert.equal(4, calls)
    assert.is_true(df.is_cached)
  end)
  it("computes anew after unpersist", function()
    local df = counted():cache()
    df:count()
    df:unpersist()
    assert.is_false(df.is_cached)
    assert.equal(100, df:agg { y = "sum" }:first()[1])
    assert.equal(8, calls)
    assert.equal(100, df:agg { y = "sum" }:first()[1])
    assert.equal(12, calls)
  end)
  it("keeps the rows of a temporary view", function()
    counted():createOrReplaceTempView "t"
    spark.catalog:cacheTable "t"
    assert.is_true(spark.catalog:isCached "t")
    for _ = 1, 3 do assert.equal(100, spark:sql "SELECT sum(y) FROM t":first()[1]) end
    assert.equal(4, calls)
    spark.catalog:uncacheTable "t"
    assert.is_false(spark.catalog:isCached "t")
  end)
  it("is left empty by EXPLAIN", function()
    local df = counted():cache()
    assert.truthy(spark:sql("EXPLAIN SELECT * FROM {t}", nil, { t = df }):first()[1]:find "Scan")
    assert.equal(0, calls)
  end)
  it("is left empty by a run that fails", function()
    local fail = true
    local f = F.udf(function(x)
      if fail then error "not now" end
      return x
    end, "bigint"):asNondeterministic()
    local df = spark:range(3):select(f "id":alias "y"):cache()
    assert.has_error(function() df:count() end)
    fail = false
    assert.equal(3, df:agg { y = "sum" }:first()[1])
  end)
  it("makes a checkpoint at once", function()
    local df = counted():localCheckpoint()
    assert.equal(4, calls)
    assert.equal(100, df:agg { y = "sum" }:first()[1])
    assert.equal(4, calls)
  end)
end)
