-- Parameters that a prepared plan leaves open: each call sees its own values, wherever they stand.
local tidemill = require "tidemill"
local null = tidemill.null

describe("SQL text with parameters that comes again", function()
  local spark
  before_each(function()
    spark = tidemill.session { threads = 2 }
    local rows = {}
    for i = 1, 100 do rows[i] = { i, ("s%03d"):format(i % 10), i / 4, i % 7 == 0 and null or i % 7 } end
    spark:createDataFrame(rows, "id BIGINT, s STRING, d DOUBLE, k INT"):createOrReplaceTempView "t"
  end)
  after_each(function() spark:close() end)

  local function cell(text, args) return spark:sql(text, args):collect()[1][1] end

  it("takes the values of each call", function()
    for i = 1, 20 do
      assert.equal(i, cell("SELECT id FROM t WHERE id = :x", { x = i }))
      assert.equal(100 - i, cell("SELECT count(*) FROM t WHERE id > ?", { i }))
      assert.equal(i, cell("SELECT count(*) FROM t WHERE d <= :x", { x = i / 4 }))
      assert.equal(10, cell("SELECT count(*) FROM t WHERE s = :x", { x = ("s%03d"):format(i % 10) }))
      assert.equal(0, cell("SELECT count(*) FROM t WHERE s = :x", { x = "a text of more than twelve bytes " .. i }))
      assert.equal(i, cell("SELECT count(*) FROM t WHERE id BETWEEN :a AND :b", { a = 50, b = 49 + i }))
      assert.equal(i, cell("SELECT count(*) FROM t WHERE id >= :a AND id <= :b", { a = 31 - i, b = 30 }))
    end
  end)
  it("keeps frames of one text apart", function()
    local text = "SELECT id, s FROM t WHERE id < :x AND s <> :y"
    local a, b = spark:sql(text, { x = 5, y = "s001" }), spark:sql(text, { x = 9, y = "s002" })
    collectgarbage()
    assert.equal(3, #a:collect())
    assert.equal(7, #b:collect())
    assert.equal(3, #a:collect())
    assert.equal(3, a:count())
    assert.equal(7, b:count())
    assert.equal(2, a:join(b, a.id:eqNullSafe(b.id)):count()) -- 2, 3, 4 and 1, 3 .. 8: 3 and 4
    assert.equal(3, #a:collect())
    assert.same({ "id", "s" }, b.columns)
    b:createOrReplaceTempView "v"
    spark:sql(text, { x = 3, y = "" }):collect()
    assert.equal(7, cell "SELECT count(*) FROM v")
    local seen = 0
    for _ in b:toLocalIterator() do
      seen = seen + 1
      assert.equal(1, #spark:sql(text, { x = 2, y = "" }):collect())
    end
    assert.equal(7, seen)
  end)
  it("stays with the view it was made of", function()
    local text = "SELECT count(*) FROM t WHERE id < :x"
    local df = spark:sql(text, { x = 11 })
    assert.equal(10, df:collect()[1][1])
    spark:range(3):createOrReplaceTempView "t"
    assert.equal(10, df:collect()[1][1])
    assert.equal(10, df:first()[1])
    assert.equal(2, cell(text, { x = 2 }))
    spark.catalog:dropTempView "t"
    assert.equal(10, df:first()[1])
    assert.has_error(function() cell(text, { x = 2 }) end)
  end)
  it("lets values change types, names and places", function()
    local text = "SELECT count(*) FROM t WHERE k = :x"
    assert.equal(15, cell(text, { x = 1 }))
    assert.equal(0, cell(text, { x = 1.5 }))
    assert.equal(0, cell(text, { x = null }))
    assert.equal(15, cell(text, { x = "2" })) -- an INT and a text: compared as numbers
    assert.equal(0, cell(text, { x = 5000000000 }))
    assert.equal(14, cell("SELECT count(*) FROM t WHERE k <=> :x", { x = null }))
    assert.equal(15, cell("SELECT count(*) FROM t WHERE k <=> :x", { x = 1 }))
    local two = "SELECT min(id) FROM t WHERE id > :a AND id > :b"
    assert.equal(8, cell(two, { a = 3, b = 7 }))
    assert.equal(9, cell(two, { a = 8, b = 7 }))
    assert.equal(4, cell("SELECT min(id) FROM t WHERE id > ? AND id > ?", { 3, 2 }))
    assert.equal(6, cell("SELECT min(id) FROM t WHERE id > ? AND id > ?", { 2, 5 }))
    assert.equal(2, cell("SELECT min(id) FROM t WHERE id > :a OR id > :b", { a = 1, b = 1 }))
    assert.equal(2, cell("SELECT min(id) FROM t WHERE id > :a OR id > :b", { a = 7, b = 1 }))
    assert.equal(2, cell("SELECT min(id) FROM t WHERE id > :a OR id > :b", { a = 1, b = 7 }))
    assert.equal(3, cell("SELECT :n", { n = 3 }))
    assert.equal("n", cell("SELECT :n", { n = "n" }))
    assert.equal(false, cell("SELECT :x", { x = false }))
    assert.equal(0.5, cell("SELECT :x", { x = 0.5 }))
    assert.equal(15, cell(text, { x = 1, y = 2 })) -- one that nobody asks for
  end)
  it("sees values everywhere else as constants", function()
    for i = 1, 5 do
      local df = spark:sql("SELECT :x + 1, id = :x FROM t WHERE id = :x", { x = i })
      assert.same({ ("(%d + 1)"):format(i), ("(id = %d)"):format(i) }, df.columns)
      assert.same({ i + 1, true }, { df:collect()[1][1], df:collect()[1][2] })
      assert.equal(i, #spark:sql("SELECT id FROM t WHERE id > :low LIMIT :n", { low = 3, n = i }):collect())
      assert.equal(i, cell("SELECT max(id) FROM t WHERE id < :x + 1", { x = i }))
      assert.equal(10, cell("SELECT count(*) FROM t WHERE s LIKE :p AND id > :x", { p = "%" .. i, x = 0 }))
      assert.equal(i, cell("SELECT count(*) FROM t WHERE nullif(id, :x) IS NULL OR id < :x", { x = i }))
      assert.equal(i - 1, cell("SELECT count(*) FROM t WHERE id < (SELECT max(id) FROM t WHERE id <= :x)", { x = i }))
      assert.equal(100 - i, #spark:sql("SELECT id FROM t GROUP BY id HAVING max(id) > :x", { x = i }):collect())
      assert.equal(i, cell("SELECT CASE WHEN id > :x THEN 0 ELSE id END FROM t WHERE id = :x", { x = i }))
      assert.equal(i, cell("SELECT count(*) FROM t JOIN (SELECT id AS r FROM t WHERE id <= :x) ON id = r", { x = i }))
      assert.equal(i, cell("SELECT count(r) FROM t LEFT JOIN (SELECT id AS r FROM t) u ON id = r WHERE r <= :x",
        { x = i }))
    end
  end)
  it("compares decimals and dates by their types", function()
    spark:sql "SELECT CAST(id AS DECIMAL(10,2)) AS m, date_add(DATE '2024-01-01', CAST(id AS INT)) AS day FROM t"
      :createOrReplaceTempView "u"
    for i = 1, 9 do
      assert.equal(i, cell("SELECT count(*) FROM u WHERE m <= :x", { x = i }))
      assert.equal(i, cell("SELECT count(*) FROM u WHERE day <= :x", { x = ("2024-01-%02d"):format(i + 1) }))
    end
  end)
  it("fails with the values of the call", function()
    local text = "SELECT assert_true(id < :x, 'too large') FROM t WHERE id < :x"
    assert.equal(1, #spark:sql(text, { x = 2 }):collect())
    local divide = "SELECT 1 / (id - 5) FROM t WHERE id = :x"
    for _, i in ipairs { 1, 2, 5, 3, 5 } do
      local ok, e = pcall(cell, divide, { x = i })
      assert.equal(i ~= 5, ok)
      if not ok then assert.equal("DIVIDE_BY_ZERO", e.condition) end
    end
  end)
  it("explains the plan of the call", function()
    local text = "SELECT id FROM t WHERE id > :x"
    spark:sql(text, { x = 41 }):collect()
    local df = spark:sql(text, { x = 42 })
    df:collect()
    local said = df[require "tidemill.internal".plan]:explain "simple"
    assert.truthy(said:find("42", 1, true))
    assert.falsy(said:find("41", 1, true))
    assert.equal(58, #df:collect())
  end)
end)
