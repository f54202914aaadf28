-- input_file_name, input_file_block_start, input_file_block_length. Expected values: Spark 4.3.
local tidemill = require "tidemill"
local F = tidemill.functions

describe("the file of a row", function()
  local spark, base, folder, first, second

  setup(function()
    base = os.tmpname()
    os.remove(base)
    folder = base .. "/d d%\u{e9}"
    os.execute(("mkdir -p '%s'"):format(folder))
    for name, text in pairs { ["a b+%20 #.csv"] = "1,2\n3,4\n", ["b.csv"] = "5,6\n" } do
      local f <close> = assert(io.open(folder .. "/" .. name, "wb"))
      f:write(text)
    end
    first = "file://" .. base .. "/d%20d%25\u{e9}/a%20b+%2520%20%23.csv"
    second = "file://" .. base .. "/d%20d%25\u{e9}/b.csv"
    spark = tidemill.SparkSession.builder:config("spark.sql.warehouse.dir", base .. "/wh"):create()
    spark.read:csv(folder):createOrReplaceTempView "c"
  end)
  teardown(function()
    spark:close()
    os.execute(("rm -rf '%s'"):format(base))
  end)

  local ALL = "input_file_name(), input_file_block_start(), input_file_block_length()"
  local function rows(query)
    local out = {}
    for i, r in ipairs(spark:sql(query):collect()) do
      local cells = {}
      for k = 1, #r do cells[k] = tostring(r[k]) end
      out[i] = table.concat(cells, "|")
    end
    return out
  end

  it("is told as a URI, with the block that it is", function()
    assert.same({ first .. "|0|8", first .. "|0|8", second .. "|0|4" }, rows("SELECT " .. ALL .. " FROM c"))
    local df = spark:sql("SELECT " .. ALL .. " FROM c")
    assert.equal("struct<input_file_name():string,input_file_block_start():bigint,input_file_block_length():bigint>",
      df.schema:simpleString())
    for _, f in ipairs(df.schema.fields) do assert.is_false(f.nullable) end
    assert.equal(second, spark:table("c"):select(F.input_file_name()):collect()[3][1])
  end)

  it("is none where rows come from no file", function()
    assert.same({ "|-1|-1" }, rows("SELECT " .. ALL))
    assert.same({ "|-1|-1", "|-1|-1" }, rows("SELECT " .. ALL .. " FROM VALUES (1), (2) AS t(x)"))
    assert.same({ "", "", "" }, rows "SELECT input_file_name() FROM (SELECT * FROM c ORDER BY _c0)")
    assert.same({ "", "" }, rows "SELECT input_file_name() FROM (SELECT * FROM c LIMIT 2)")
    assert.same({ "", "", "" }, rows "SELECT input_file_name() FROM (SELECT _c0 FROM c GROUP BY _c0)")
    assert.same({ first .. "|8", first .. "|8", second .. "|4", "|-1" }, rows [[
      SELECT input_file_name(), input_file_block_length() FROM c
      UNION ALL SELECT input_file_name(), input_file_block_length() FROM VALUES (1)]])
  end)

  it("can be filtered, grouped, sorted and windowed by", function()
    assert.same({ "5|" .. second }, rows "SELECT _c0, input_file_name() FROM c WHERE input_file_name() LIKE '%b.csv'")
    assert.same({ first .. "|2", second .. "|1" },
      rows "SELECT input_file_name(), count(*) FROM c GROUP BY 1 ORDER BY 1")
    assert.same({ "5", "1", "3" }, rows "SELECT _c0 FROM c ORDER BY input_file_name() DESC, _c0")
    assert.same({ "1", "2", "1" }, rows [[
      SELECT row_number() OVER (PARTITION BY input_file_name() ORDER BY _c0) FROM c ORDER BY _c0]])
    assert.same({ first, first, second }, rows [[SELECT n FROM (SELECT *, input_file_name() AS n FROM c) AS a
      JOIN c AS b ON a._c0 = b._c0 ORDER BY a._c0]])
  end)

  it("is carried past generators, but not through joins of files", function()
    local each = { "1|" .. first, "2|" .. first, "1|" .. first, "2|" .. first, "1|" .. second, "2|" .. second }
    assert.same(each, rows "SELECT explode(array(1, 2)), input_file_name() FROM c")
    assert.same(each, rows "SELECT x, input_file_name() FROM c LATERAL VIEW explode(array(1, 2)) AS x")
    assert.same({ second .. "|5" }, rows [[
      SELECT input_file_name(), y FROM c LATERAL VIEW explode(array(_c0)) AS x LATERAL VIEW explode(array(x)) AS y
      WHERE input_file_name() LIKE '%b.csv']])
    local ok, e = pcall(rows, "SELECT input_file_name() FROM c JOIN c AS d ON true")
    assert.is_false(ok)
    assert.equal("MULTI_SOURCES_UNSUPPORTED_FOR_EXPRESSION", e.condition)
    assert.equal("42K0E", e.sqlState)
    assert.same({ expr = '"input_file_name()"' }, e.messageParameters)
  end)

  it("is that of a table's files too", function()
    spark:sql "CREATE TABLE t USING parquet AS SELECT 1 AS a"
    local row = rows("SELECT " .. ALL .. " FROM t")[1]
    assert.matches("^file://" .. (base:gsub("%p", "%%%0")) .. "/wh/t/[^|]*%.parquet|0|%d+$", row)
  end)

  it("is not aggregated, and takes no arguments", function()
    for query, condition in pairs {
      ["SELECT count(input_file_name()) FROM c"] = "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION",
      ["SELECT input_file_name(1)"] = "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
      ["SELECT input_file_block_start(1)"] = "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
    } do
      local ok, e = pcall(rows, query)
      assert.is_false(ok)
      assert.equal(condition, e.condition)
    end
  end)
end)
