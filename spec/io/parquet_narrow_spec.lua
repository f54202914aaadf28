-- Reading Parquet files by what is asked of them: conditions, keys of joins, few rows of many, texts as codes. What
-- queries say of the files is what they say of the same rows as they are computed, at any number of threads, spilled or
-- not; and rows that nothing asks for are not read.
local lines = dofile "spec/support.lua".lines
local tidemill = require "tidemill"

local ROWS = 60000
-- many row groups and pages; nulls only in some of them; texts that are few, many, few at first, long
local FACTS = ([[SELECT id, id %% 5000 k, CAST(id %% 997 AS INT) i, IF(id %% 3 = 0, NULL, id %% 700) n,
  IF(id > 40000 AND id %% 4 = 1, NULL, 'f' || id %% 6) few, 'a text that is long: ' || id %% 50 long, 'm' || id many,
  IF(id < 30000, 'x', 'y' || id) late, CAST(id %% 1000 AS DECIMAL(9,2)) d, CAST(id * 3 AS DECIMAL(30,3)) wide,
  IF(id %% 5 = 2, DOUBLE('NaN'), IF(id %% 5 = 3, -0.0D, id / 7)) x, DATE'2020-01-01' + CAST(id %% 900 AS INT) day
  FROM range(%d)]]):format(ROWS)
local KEYS = "SELECT id * 37 k, IF(id % 7 = 0, NULL, CAST(id AS INT)) i, 'f' || id % 4 few, id s FROM range(0, 120)"

local QUERIES = {
  "SELECT count(*), sum(id), min(d), max(wide) FROM %f WHERE i = 5",
  "SELECT count(*), sum(id), count(n), sum(n) FROM %f WHERE n < 20 AND k BETWEEN 100 AND 900",
  "SELECT count(*), sum(d), min(many), max(late) FROM %f WHERE few = 'f3' AND day > DATE'2022-01-01'",
  "SELECT count(*), sum(id) FROM %f WHERE few IS NULL AND i < 100",
  "SELECT count(*), count(few) FROM %f WHERE n IS NULL AND late <> 'x'",
  "SELECT count(*), sum(id) FROM %f WHERE x > 100.0D",
  "SELECT count(*), sum(id) FROM %f WHERE x = 0.0D AND k < 4000",
  "SELECT few, late, count(*), sum(d) FROM %f WHERE i < 300 GROUP BY few, late ORDER BY few, late LIMIT 40",
  "SELECT few, long, count(*), sum(id), max(wide) FROM %f GROUP BY few, long ORDER BY 1, 2",
  "SELECT sum(CASE WHEN few = 'f1' THEN i WHEN few IS NULL THEN 1 ELSE 0 END), count(DISTINCT long) FROM %f",
  "SELECT id, few, long, many, d, wide, day, n FROM %f WHERE k IN (3, 77, 4001) ORDER BY id",
  "SELECT f.id, f.few, f.n, f.wide, g.s FROM %f f JOIN %g g ON f.k = g.k ORDER BY f.id",
  "SELECT f.id, f.many, g.s FROM %f f JOIN %g g ON f.k = g.k AND f.i = g.i ORDER BY f.id",
  "SELECT f.id, g.s FROM %f f JOIN %g g ON f.i = g.i WHERE f.few = g.few ORDER BY f.id, g.s",
  "SELECT f.id, g.s FROM %f f LEFT JOIN %g g ON f.k = g.k WHERE f.i < 3 ORDER BY f.id",
  "SELECT f.id, f.late FROM %f f LEFT SEMI JOIN %g g ON f.i = g.i AND f.k > g.k ORDER BY f.id",
  "SELECT count(*), sum(f.id) FROM %f f LEFT ANTI JOIN %g g ON f.i = g.i",
  "SELECT count(*), sum(f.id) FROM %f f WHERE f.n NOT IN (SELECT s FROM %g WHERE s > 90)",
  "SELECT g.s, count(f.id), sum(f.d) FROM %g g LEFT JOIN %f f ON f.k = g.k GROUP BY g.s ORDER BY g.s",
  "SELECT s FROM %g g WHERE EXISTS (SELECT 1 FROM %f f WHERE f.k = g.k AND f.d > 900) ORDER BY s",
  "SELECT s FROM %g g WHERE NOT EXISTS (SELECT 1 FROM %f f WHERE f.i = g.i) ORDER BY s",
  "SELECT count(*), sum(f.d) FROM %f f JOIN %g g ON f.k = g.k JOIN %g h ON f.i = h.i",
  "SELECT count(*) FROM %f f JOIN (SELECT * FROM %g WHERE s > 1000) g ON f.k = g.k",
  "SELECT f.few, count(*), sum(f.x) FROM %f f JOIN %g g ON f.k = g.k GROUP BY f.few ORDER BY 1",
}

local function rows(spark, query, facts, keys)
  return lines(spark:sql((query:gsub("%%f", facts):gsub("%%g", keys))):collect())
end

local folder
local function write(spark)
  if folder then return end
  folder = os.tmpname()
  os.remove(folder)
  spark:sql(FACTS):coalesce(1).write:option("parquet.block.size", 300000):option("parquet.page.size", 8192)
    :option("compression", "zstd"):parquet(folder .. "/facts")
  spark:sql(KEYS).write:parquet(folder .. "/keys")
end

for _, way in ipairs { { threads = 1 }, { threads = 3 }, { threads = 2, forceSpill = true } } do
  describe(("Parquet files, %d threads%s"):format(way.threads, way.forceSpill and ", spilled" or ""), function()
    local spark
    setup(function()
      tidemill.session {}:stop()
      spark = tidemill.session(way)
      write(spark)
      spark:sql(FACTS):createOrReplaceTempView "facts"
      spark:sql(KEYS):createOrReplaceTempView "keys"
      spark.read:parquet(folder .. "/facts"):createOrReplaceTempView "facts_file"
      spark.read:parquet(folder .. "/keys"):createOrReplaceTempView "keys_file"
    end)
    teardown(function() spark:stop() end)
    for i, query in ipairs(QUERIES) do
      it(("give the rows of query %d"):format(i), function()
        assert.same(rows(spark, query, "facts", "keys"), rows(spark, query, "facts_file", "keys_file"), query)
      end)
    end
  end)
end

describe("A join over Parquet files", function()
  local spark
  setup(function()
    tidemill.session {}:stop()
    spark = tidemill.session { threads = 2 }
    write(spark)
    spark.read:parquet(folder .. "/facts"):createOrReplaceTempView "facts_file"
    spark.read:parquet(folder .. "/keys"):createOrReplaceTempView "keys_file"
  end)
  teardown(function()
    spark:stop()
    os.execute("rm -r " .. folder)
  end)

  -- The rows that the scan of the facts gave.
  local function scanned(query)
    local printed, out = {}, io.write
    io.write = function(...) printed[#printed + 1] = table.concat { ... } end -- luacheck: ignore
    local fine, e = pcall(function() spark:sql(query):explain "metrics" end)
    io.write = out -- luacheck: ignore
    assert(fine, e)
    local text = table.concat(printed)
    return tonumber(text:match "Scan parquet %[[^%]]*many[^%]]*%][^\n]*%(rows (%d+)")
  end

  it("reads rows that have a partner", function()
    assert.equal(120, scanned [[SELECT count(f.many) FROM facts_file f JOIN keys_file g ON f.k = g.k
      WHERE f.id < 5000]])
    assert.equal(102, scanned [[SELECT count(f.many) FROM facts_file f LEFT SEMI JOIN
      (SELECT i FROM keys_file) g ON f.i = g.i WHERE f.id < 997]])
  end)
  it("reads all where rows without a partner count", function()
    local all = scanned "SELECT count(f.many) FROM facts_file f WHERE f.id < 5000"
    assert.is_true(all >= 5000)
    assert.equal(all, scanned [[SELECT count(f.many) FROM facts_file f LEFT JOIN keys_file g ON f.k = g.k
      WHERE f.id < 5000]])
  end)
  it("passes over row groups whose dictionaries have no entry that is asked for", function()
    local function bytes_read(query)
      local function count()
        for line in io.lines "/proc/self/io" do
          if line:find "^rchar" then return tonumber(line:match "%d+") end
        end
      end
      local before = count()
      local n = spark:sql(query):first()[1]
      return count() - before, n
    end
    spark:sql [[SELECT hash(id) payload, IF(id % 11 = 0, NULL, abs(hash(id) % 300) * 2) even,
      'e' || abs(hash(id) % 300) * 2 s, CAST(abs(hash(id) % 300) * 2 AS DOUBLE) x FROM range(1000000)]]
      :coalesce(1).write:parquet(folder .. "/even")
    spark.read:parquet(folder .. "/even"):createOrReplaceTempView "even_file"
    local all = bytes_read "SELECT count(payload) FROM even_file WHERE even = 100"
    assert.is_true(all > 4000000)
    for _, condition in ipairs { "even = 101", "even IN (3, 5, 7)", "s = 'e7'", "x = 9.0D", "even > 300 AND even < 302",
      "s IN ('e3', 'e301')" } do
      local few, n = bytes_read("SELECT count(payload) FROM even_file WHERE " .. condition)
      assert.equal(0, n)
      assert.is_true(few < 700000, condition .. ": " .. few .. " of " .. all) -- a column's beginning
    end
    for condition, holds in pairs { ["even IS NULL"] = true, ["even <=> NULL"] = true, ["x = 8.0D"] = true } do
      assert.equal(holds, spark:sql("SELECT count(payload) FROM even_file WHERE " .. condition):first()[1] > 0)
    end
  end)
  it("tells what conditions are handed to the scan, in Spark's words", function()
    spark:sql([[SELECT CAST(id AS INT) i, CAST(id AS STRING) s, CAST(id AS DECIMAL(9,2)) d, DATE'2020-01-01' dt,
      TIMESTAMP'2020-01-01 00:00:00' ts FROM range(10)]]).write:parquet(folder .. "/few")
    spark.read:parquet(folder .. "/few"):createOrReplaceTempView "few_file"
    for condition, filters in pairs { -- recorded from Spark 4.3
      ["i = 3"] = "IsNotNull(i), EqualTo(i,3)",
      ["i > 3 AND s = 'x'"] = "IsNotNull(i), IsNotNull(s), GreaterThan(i,3), EqualTo(s,x)",
      ["i IN (1, 2, 3)"] = "In(i, [1,2,3])",
      ["s IS NULL"] = "IsNull(s)",
      ["i IS NOT NULL"] = "IsNotNull(i)",
      ["d > 1.50"] = "IsNotNull(d), GreaterThan(d,1.50)",
      ["dt >= DATE'2020-02-03'"] = "IsNotNull(dt), GreaterThanOrEqual(dt,2020-02-03)",
      ["ts < TIMESTAMP'2020-01-01 00:00:00'"] = "IsNotNull(ts), LessThan(ts,2020-01-01 00:00:00.0)",
    } do
      local text = spark:sql("EXPLAIN SELECT * FROM few_file WHERE " .. condition):first()[1]
      assert.equal(filters, text:match "PushedFilters: (%b[])":sub(2, -2), text)
    end
    assert.truthy(spark:sql("EXPLAIN SELECT * FROM few_file"):first()[1]:find("PushedFilters: [],", 1, true))
  end)
  it("reads decimals of each length", function()
    spark.conf:set("spark.sql.parquet.writeLegacyFormat", "true")
    for precision = 1, 38 do
      local most = ("9"):rep(precision)
      local df = spark:sql(([[SELECT CAST(CASE id %% 5 WHEN 0 THEN '%s' WHEN 1 THEN '-%s' WHEN 2 THEN NULL
        WHEN 3 THEN '0' ELSE CAST(id %% 9 - 4 AS STRING) END AS DECIMAL(%d,0)) c, id
        FROM range(3000)]]):format(most, most, precision))
      for _, dictionary in ipairs { "true", "false" } do
        df:coalesce(1).write:mode("overwrite"):option("parquet.enable.dictionary", dictionary)
          :parquet(folder .. "/decimals")
        df:createOrReplaceTempView "computed"
        spark.read:parquet(folder .. "/decimals"):createOrReplaceTempView "decimals_file"
        for _, condition in ipairs { "true", "c = " .. most, "id > 2900" } do
          local query = "SELECT count(*), count(c), sum(hash(c, id)), min(c), max(c) FROM %f WHERE " .. condition
          assert.same(rows(spark, query, "computed", ""), rows(spark, query, "decimals_file", ""), most)
        end
      end
    end
    spark.conf:unset "spark.sql.parquet.writeLegacyFormat"
  end)
  it("leaves no row out whose expression fails below the join", function()
    local ok, e = pcall(function()
      return spark:sql [[SELECT count(*) FROM (SELECT k, 10 DIV (id - 1) q FROM facts_file) f JOIN
        (SELECT k FROM keys_file WHERE s = 3) g ON f.k = g.k WHERE q > -100]]:collect()
    end)
    assert.is_false(ok)
    assert.equal("DIVIDE_BY_ZERO", e.condition)
  end)
end)
