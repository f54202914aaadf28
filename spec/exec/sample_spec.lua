-- Samples hold the rows that Spark's hold of one partition (local[1], Spark 4.3), at any number of threads.
local tidemill = require "tidemill"

describe("sample", function()
  local spark
  setup(function()
    tidemill.session {}:stop()
    spark = tidemill.session { threads = 2 }
  end)
  teardown(function() spark:stop() end)

  local function ids(df)
    local out = {}
    for _, row in ipairs(df:collect()) do out[#out + 1] = row[1] end
    return table.concat(out, " ")
  end

  it("draws once a row without replacement", function()
    assert.equal("3 7 16 18 26 27 31 36 38 40 48 50", ids(spark:range(342):sample(0.3, 42):limit(12)))
    assert.equal(111, spark:range(342):sample(0.3, 42):count())
    local a, b = table.unpack(spark:range(342):randomSplit({ 0.7, 0.3 }, 42))
    assert.equal(254, a:count())
    assert.equal("2 6 8 9 13 14 15 19 21 23 24 28", ids(b:limit(12)))
  end)

  it("repeats rows with replacement", function()
    assert.equal("1 8 9 9 22 23 24 27 31 31 36 36 37", ids(spark:range(40):sample(true, 0.3, -99)))
    assert.equal("0 0 2 2 3 4 4 4 4 5 5 6 6 7 8 8 9 9 10 11 11 12 12 13 14 15 16 17 17 17 19 19 19 20 21 22 23 23 25 "
      .. "25 25 28 29 29 30 30 30 31 31 32 33 34 34 36 36 38 38 39", ids(spark:range(40):sample(true, 1.5, 7)))
    assert.equal("", ids(spark:range(40):sample(true, 0.0, 7)))
  end)

  it("draws for the rows that a filter below it leaves", function()
    assert.equal("0 3 15 27 33 45 48 60 75 87 108 111 114 120 141 144 153 162 171 174 192 219 222 246 252 276 291",
      ids(spark:range(300):filter "id % 3 = 0":sample(false, 0.2, 5)))
    assert.equal("42 42 54 66 72 126 144 150 162 162 186 186 198 210 222 258 264",
      ids(spark:range(300):filter "id % 6 = 0":sample(true, 0.4, 5)))
  end)

  it("has the mean asked for, many rows for each one too", function()
    local n = spark:range(200000):sample(true, 55.0, 5):count()
    assert.is_true(math.abs(n / 200000 - 55) < 0.1, n)
    n = spark:range(200000):sample(0.25, 5):count()
    assert.is_true(math.abs(n / 200000 - 0.25) < 0.005, n)
    local many = spark:range(1000):sample(true, 9.0, 1):selectExpr("id + 1 AS x", "id")
    local r = many:selectExpr("sum(x) - sum(id) AS rows", "count(*) AS n"):first()
    assert.equal(r.n, r.rows)
  end)

  it("gives rand and randn the numbers of Spark's partition", function()
    local r = spark:range(2):selectExpr("rand(3)", "randn(4)", "randn(-4)"):collect()
    assert.same({ 0.25738143505962285, -1.1081822375859998, -0.8283873589103717 }, { r[1][1], r[1][2], r[1][3] })
    assert.same({ 0.6698885713796182, -0.22945432308935576, -0.559005455912817 }, { r[2][1], r[2][2], r[2][3] })
  end)
end)
