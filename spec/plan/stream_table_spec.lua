-- Streams into and out of tables of the catalogue: each row once, whatever is stopped and started again.
local tidemill = require "tidemill"

describe("streams and tables", function()
  local spark, folder

  local function open()
    return tidemill.SparkSession.builder:config("spark.sql.warehouse.dir", folder .. "/wh"):create()
  end
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir -p " .. folder .. "/in"))
    spark = open()
  end)
  after_each(function()
    spark:close()
    os.execute("rm -rf '" .. folder .. "'")
  end)

  local function put(name, text)
    local f = assert(io.open(folder .. "/in/" .. name, "w"))
    f:write(text)
    f:close()
  end
  local function input() return spark.readStream:schema "id INT, v STRING":csv(folder .. "/in") end
  local function writer(df, checkpoint)
    return df.writeStream:option("checkpointLocation", folder .. "/" .. (checkpoint or "chk"))
      :trigger { availableNow = true }
  end
  local function run(w, name, ...) w:toTable(name, ...):awaitTermination() end
  local function ids(name)
    local out = {}
    for i, r in ipairs(spark:table(name):orderBy("id"):collect()) do out[i] = r.id end
    return table.concat(out, " ")
  end
  local function fails(condition, f, ...)
    local ok, e = pcall(f, ...)
    assert.is_false(ok)
    assert.equal(condition, e.condition)
    return e.messageParameters
  end

  for _, format in ipairs { "parquet", "json", "snapshot" } do
    it("adds each batch once to a table of " .. format, function()
      put("a.csv", "1,x\n2,y\n")
      run(writer(input()):format(format), "t")
      assert.equal("1 2", ids "t")
      run(writer(input()), "t") -- nothing new
      assert.equal("1 2", ids "t")
      put("b.csv", "3,z\n")
      spark:close()
      spark = open()
      run(writer(input()), "t")
      assert.equal("1 2 3", ids "t")
      spark:sql "INSERT INTO t VALUES (9, 'w')"
      put("c.csv", "4,z\n")
      run(writer(input()), "t")
      assert.equal("1 2 3 4 9", ids "t")
    end)
  end

  it("makes the table with its layout; partitions are listed as rows come", function()
    put("a.csv", "1,x\n2,y\n")
    run(writer(input()):partitionBy "v", "t")
    assert.equal(2, #spark.catalog:listPartitions "t")
    put("b.csv", "3,x\n4,z\n")
    run(writer(input()), "t")
    assert.equal("1 2 3 4", ids "t")
    assert.equal(3, #spark.catalog:listPartitions "t")
    assert.equal(2, spark:table("t"):filter("v = 'x'"):count())
    run(writer(input(), "chk2"):clusterBy "id", "c")
    assert.is_true(spark.catalog:listColumns("c")[1].isCluster)
    run(writer(input(), "chk3"):option("path", folder .. "/out"), "e")
    assert.equal("EXTERNAL", spark.catalog:getTable("e").tableType)
    assert.equal("1 2 3 4", ids "e")
  end)

  it("lets two queries write into one table", function()
    put("a.csv", "1,x\n")
    run(writer(input(), "one"), "t")
    run(writer(input(), "two"), "t")
    put("b.csv", "2,x\n")
    run(writer(input(), "two"), "t")
    run(writer(input(), "one"), "t")
    assert.equal("1 1 2 2", ids "t")
  end)

  it("leave nothing in the folder of a table that is dropped", function()
    put("a.csv", "1,x\n")
    run(writer(input()), "t")
    local place = folder .. "/wh/t"
    for _, name in ipairs { ".stage-of-another-4/files/part-1.parquet", "v=x/part-2.parquet", "part-3.parquet" } do
      assert(os.execute(("mkdir -p $(dirname '%s/%s') && echo x > '%s/%s'"):format(place, name, place, name)))
    end
    spark:sql "DROP TABLE t"
    spark:sql "CREATE TABLE t (id INT, v STRING) USING csv"
    spark:sql "INSERT INTO t VALUES (7, 'y')"
    assert.equal("7", ids "t")
    spark:sql "DROP TABLE t"
    collectgarbage()
    collectgarbage()
    spark:sql "CREATE DATABASE d"
    local pipe = assert(io.popen(("find '%s' 2>/dev/null"):format(place)))
    assert.equal("", pipe:read "a")
    pipe:close()
  end)

  it("puts columns where the table has them", function()
    spark:sql "CREATE TABLE t (v STRING, more INT, id BIGINT) USING parquet"
    put("a.csv", "1,x\n")
    run(writer(input()), "t")
    local r = spark:table("t"):first()
    assert.same({ "x", 1 }, { r.v, r.id })
    assert.is_nil(r.more)
    local wide = input():withColumnRenamed("v", "w")
    fails("INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS", run, writer(wide, "other"), "t")
  end)

  it("streams the rows of a table as they are added", function()
    spark:sql "CREATE TABLE src (id INT, v STRING) USING parquet PARTITIONED BY (v)"
    spark:sql "INSERT INTO src VALUES (1, 'x'), (2, 'y')"
    local src = spark.readStream:table "src"
    assert.is_true(src.isStreaming)
    assert.equal("struct<id:int,v:string>", src.schema:simpleString())
    run(writer(src:filter "src.id < 10"), "t")
    assert.equal("1 2", ids "t")
    spark:sql "INSERT INTO src VALUES (3, 'x'), (11, 'y')"
    run(writer(spark.readStream:table("src"):filter "id < 10"), "t")
    assert.equal("1 2 3", ids "t")
    assert.equal(1, spark:table("t"):filter("v = 'y'"):count())
  end)

  it("ends when rows of a table that were read are changed, unless they are to come again", function()
    local changes = { "UPDATE src SET v = 'z' WHERE id = 1", "DELETE FROM src WHERE id = 1", "TRUNCATE TABLE src",
      "INSERT OVERWRITE src VALUES (9, 'q')",
      "MERGE INTO src USING (SELECT 1 AS id) n ON src.id = n.id WHEN MATCHED THEN UPDATE SET v = 'm'" }
    for i, change in ipairs(changes) do
      local name = "t" .. i
      spark:sql "DROP TABLE IF EXISTS src"
      spark:sql "CREATE TABLE src (id INT, v STRING) USING snapshot"
      spark:sql "INSERT INTO src VALUES (1, 'x'), (2, 'y')"
      run(writer(spark.readStream:table "src", name), name)
      spark:sql "INSERT INTO src VALUES (3, 'x')"
      run(writer(spark.readStream:table "src", name), name)
      spark:sql(change)
      local told = fails("STREAM_FAILED", run, writer(spark.readStream:table "src", name), name)
      assert.truthy(told.message:find("STREAMING_SOURCE_TABLE_CHANGED", 1, true))
      assert.equal("1 2 3", ids(name))
    end
    spark:sql "DROP TABLE src"
    spark:sql "CREATE TABLE src (id INT, v STRING) USING snapshot"
    spark:sql "INSERT INTO src VALUES (1, 'x'), (2, 'y')"
    run(writer(spark.readStream:table "src", "again"), "again")
    spark:sql "UPDATE src SET v = 'z' WHERE id = 1"
    run(writer(spark.readStream:option("ignoreChanges", true):table "src", "again"), "again")
    assert.equal("1 1 2 2", ids "again")
  end)

  it("says what is wrong", function()
    put("a.csv", "1,x\n")
    fails("_LEGACY_ERROR_TEMP_1298", run, input().writeStream, "t")
    for _, mode in ipairs { "complete", "update" } do
      assert.same({ className = "parquet", outputMode = mode },
        fails("STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE", run, writer(input()):outputMode(mode), "t"))
    end
    fails("COLUMN_NOT_DEFINED_IN_TABLE", run, writer(input()):partitionBy "nope", "t")
    spark:range(1):createOrReplaceTempView "tv"
    assert.same({ viewName = "tv" }, fails("_LEGACY_ERROR_TEMP_1190", run, writer(input()), "tv"))
    assert.same({ quoted = "tv" },
      fails("_LEGACY_ERROR_TEMP_1008", spark.readStream.table, spark.readStream, "tv"))
    spark:range(1).write:saveAsTable "p"
    assert.same({ source = "csv", tableName = "p", provider = "parquet" },
      fails("_LEGACY_ERROR_TEMP_1192", run, writer(input()):format "csv", "p"))
    fails("NOT_EXPECTED_TYPE", run, writer(input()), 1)
    fails("TABLE_OR_VIEW_NOT_FOUND", spark.readStream.table, spark.readStream, "nope")
    fails("SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED", function()
      return input().writeStream:clusterBy("id"):partitionBy "v"
    end)
  end)

  it("refuses a table that was replaced under the query", function()
    put("a.csv", "1,x\n")
    local q = input().writeStream:option("checkpointLocation", folder .. "/chk"):toTable "t"
    q:processAllAvailable()
    assert.equal("1", ids "t")
    spark:range(1).write:mode("overwrite"):saveAsTable "t"
    put("b.csv", "2,x\n")
    assert.is_false(pcall(q.processAllAvailable, q))
    assert.equal(1, spark:table("t"):count())
    q:stop()
  end)
end)
