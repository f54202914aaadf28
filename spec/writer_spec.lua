-- df.write into tables: saveAsTable and insertInto. Rows, conditions and parameters are Spark 4.3's.
local tidemill = require "tidemill"
local F = tidemill.functions

describe("df.write", function()
  local spark, folder, people

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    spark = tidemill.SparkSession.builder:config("spark.sql.warehouse.dir", folder .. "/wh"):create()
    people = spark:createDataFrame({ { 1, "ann", 30 }, { 2, "bob", tidemill.null }, { 3, "cid", 41 } },
      "id INT, name STRING, age INT")
  end)
  after_each(function()
    spark:close()
    os.execute("rm -rf '" .. folder .. "'")
  end)

  local function caught(f, ...)
    local ok, e = pcall(f, ...)
    assert.is_false(ok)
    return e
  end
  local function fails(condition, writer, method, ...)
    local e = caught(writer[method], writer, ...)
    assert.equal(condition, e.condition)
    return e.messageParameters
  end
  local function count(name) return spark:table(name):count() end
  local function shape(name) return spark:table(name).schema:simpleString() end

  it("makes, keeps, replaces and adds to a table by its mode", function()
    people.write:saveAsTable "t"
    assert.same({ relationName = "`spark_catalog`.`default`.`t`" },
      fails("TABLE_OR_VIEW_ALREADY_EXISTS", people.write, "saveAsTable", "t"))
    people.write:mode("ignore"):saveAsTable "t"
    assert.equal(3, count "t")
    people:select("name", "age", "id").write:mode("append"):saveAsTable "t" -- by name
    assert.equal(6, count "t")
    assert.equal(2, spark:table("t"):filter("name = 'ann' AND id = 1"):count())
    people:select("id").write:mode("overwrite"):saveAsTable "t"
    assert.equal("struct<id:int>", shape "t")
    assert.equal(3, count "t")
    people.write:saveAsTable("j", { format = "json", mode = "overwrite", partitionBy = "id", compression = "gzip" })
    assert.matches("USING json\nOPTIONS %(\n  'compression' = 'gzip'%)\nPARTITIONED BY %(id%)",
      spark.catalog:getCreateTableString "j")
  end)

  it("replaces a table at once: who reads the old one still can", function()
    people.write:saveAsTable "t"
    local before = spark:table "t"
    people:limit(1).write:mode("overwrite"):saveAsTable "t"
    assert.equal(3, before:count())
    assert.equal(1, count "t")
    fails("UNSUPPORTED_OVERWRITE.TABLE", spark:table("t").write:mode "overwrite", "saveAsTable", "t")
    assert.is_false(pcall(function()
      people:select(F.expr "raise_error('no')":alias "x").write:mode("overwrite"):saveAsTable "t"
    end))
    assert.equal(1, count "t") -- a failure leaves the old one
  end)

  it("wants rows, format and layout as the table has them when it adds", function()
    local function append() return people.write:mode "append" end
    people.write:saveAsTable "t"
    assert.same({ tableName = "spark_catalog.default.t", existingTableSchema = "struct<id:int,name:string,age:int>",
      querySchema = "struct<id:int>" },
      fails("_LEGACY_ERROR_TEMP_1161", people:select("id").write:mode "append", "saveAsTable", "t"))
    assert.same({ col = "id", inputColumns = "x, name, age" },
      fails("_LEGACY_ERROR_TEMP_1162", people:withColumnRenamed("id", "x").write:mode "append", "saveAsTable", "t"))
    assert.same({ tableName = "spark_catalog.default.t", existingProvider = "ParquetDataSourceV2",
      specifiedProvider = "CSVDataSourceV2" },
      fails("_LEGACY_ERROR_TEMP_1159", append():format "csv", "saveAsTable", "t"))
    assert.same({ tableName = "spark_catalog.default.t", specifiedPartCols = "id", existingPartCols = "" },
      fails("_LEGACY_ERROR_TEMP_1163", append():partitionBy "id", "saveAsTable", "t"))
    assert.same({ tableName = "spark_catalog.default.t", existingBucketString = "not bucketed",
      specifiedBucketString = "2 buckets, bucket columns: [id]" },
      fails("_LEGACY_ERROR_TEMP_1164", append():bucketBy(2, "id"), "saveAsTable", "t"))
    fails("_LEGACY_ERROR_TEMP_1160", append():option("path", folder .. "/other"), "saveAsTable", "t")
    fails("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST",
      people:withColumn("id", F.col "name").write:mode "append", "saveAsTable", "t")
    people.write:clusterBy("id"):saveAsTable "c"
    assert.same({ tableName = "spark_catalog.default.c", specifiedClusteringString = '[["name"]]',
      existingClusteringString = '[["id"]]' },
      fails("CLUSTERING_COLUMNS_MISMATCH", append():clusterBy "name", "saveAsTable", "c"))
    spark:sql "CREATE VIEW v AS SELECT 1 AS x"
    fails("_LEGACY_ERROR_TEMP_1158", append(), "saveAsTable", "v")
  end)

  it("lays out partitions, buckets and clusters", function()
    people.write:partitionBy("age"):saveAsTable "p"
    assert.equal("struct<id:int,name:string,age:int>", shape "p")
    assert.equal(3, #spark.catalog:listPartitions "p")
    people.write:bucketBy(2, "id"):sortBy("name"):saveAsTable "b"
    assert.matches("CLUSTERED BY %(id%)\nSORTED BY %(name%)\nINTO 2 BUCKETS", spark.catalog:getCreateTableString "b")
    fails("INVALID_BUCKET_COUNT", people.write:bucketBy(0, "id"), "saveAsTable", "x")
    fails("SORT_BY_WITHOUT_BUCKETING", people.write:sortBy "id", "saveAsTable", "x")
    fails("COLUMN_NOT_DEFINED_IN_TABLE", people.write:partitionBy "nope", "saveAsTable", "x")
    fails("ALL_PARTITION_COLUMNS_NOT_ALLOWED", people.write:partitionBy("id", "name", "age"), "saveAsTable", "x")
    fails("_LEGACY_ERROR_TEMP_1166", people.write:partitionBy("id"):bucketBy(2, "id"), "saveAsTable", "x")
    fails("SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED", people.write:clusterBy("id"):partitionBy "age",
      "saveAsTable", "x")
    fails("SPECIFY_CLUSTER_BY_WITH_BUCKETING_IS_NOT_ALLOWED", people.write:clusterBy("id"):bucketBy(2, "age"),
      "saveAsTable", "x")
    fails("_LEGACY_ERROR_TEMP_1310", people.write, "saveAsTable", "a.b.c")
    fails("NOT_EXPECTED_TYPE", people.write, "saveAsTable", 1)
  end)

  it("keeps the place of an external table", function()
    people.write:option("path", folder .. "/out"):saveAsTable "e"
    assert.equal("EXTERNAL", spark.catalog:getTable("e").tableType)
    people.write:option("path", folder .. "/out"):mode("append"):saveAsTable "e"
    assert.equal(6, count "e")
    people.write:mode("overwrite"):saveAsTable "e"
    assert.equal("MANAGED", spark.catalog:getTable("e").tableType)
    assert.equal(6, spark.read:parquet(folder .. "/out"):count())
  end)

  it("inserts by position", function()
    people.write:saveAsTable "t"
    people:select("age", "name", "id").write:insertInto "t"
    assert.equal(1, spark:table("t"):filter("id = 30 AND age = 1"):count())
    people.write:insertInto("t", true)
    assert.equal(3, count "t")
    people.write:mode("overwrite"):insertInto("t", false) -- the argument counts
    assert.equal(6, count "t")
    people.write:mode("overwrite"):insertInto "t"
    assert.equal(3, count "t")
    fails("INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS", people:select("id").write, "insertInto", "t")
    assert.same({ tableName = "t" },
      fails("PARTITION_BY_NOT_ALLOWED_WITH_INSERT_INTO", people.write:partitionBy "id", "insertInto", "t"))
    fails("_LEGACY_ERROR_TEMP_1312", people.write:bucketBy(2, "id"), "insertInto", "t")
    fails("TABLE_OR_VIEW_NOT_FOUND", people.write, "insertInto", "nope")
    people:createOrReplaceTempView "tv"
    fails("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", people.write, "insertInto", "tv")
  end)
end)
