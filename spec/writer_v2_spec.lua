-- df:writeTo(table). Tables of files answer as Spark 4.3's do; those of the format snapshot can do the rest.
local tidemill = require "tidemill"
local F = tidemill.functions

describe("df:writeTo", function()
  local spark, folder, people

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    spark = tidemill.SparkSession.builder:config("spark.sql.warehouse.dir", folder):create()
    people = spark:createDataFrame({ { 1, "ann" }, { 2, "bob" }, { 3, "cid" } }, "id INT, name STRING")
  end)
  after_each(function()
    spark:close()
    os.execute("rm -rf '" .. folder .. "'")
  end)

  local function fails(condition, writer, method, ...)
    local ok, e = pcall(writer[method], writer, ...)
    assert.is_false(ok)
    assert.equal(condition, e.condition)
    return e.messageParameters
  end
  local function ids(name)
    local out = {}
    for i, r in ipairs(spark:table(name):orderBy("id"):collect()) do out[i] = r.id end
    return table.concat(out, " ")
  end

  it("creates a table with format, options, properties and layout", function()
    people:writeTo("t"):using("csv"):option("header", true):tableProperty("k", "v"):partitionedBy(F.col "id"):create()
    local text = spark.catalog:getCreateTableString "t"
    assert.matches("USING csv\nOPTIONS %(\n  'header' = 'true'%)\nPARTITIONED BY %(id%)\n", text)
    assert.matches("TBLPROPERTIES %(\n  'k' = 'v'%)", text)
    assert.equal("1 2 3", ids "t")
    fails("TABLE_OR_VIEW_ALREADY_EXISTS", people:writeTo "t", "create")
    fails("COLUMN_NOT_DEFINED_IN_TABLE", people:writeTo("x"):partitionedBy "nope", "create")
    fails("SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED",
      people:writeTo("x"):partitionedBy("id"):clusterBy "name", "create")
    fails("_LEGACY_ERROR_TEMP_1316", people:writeTo "x", "partitionedBy", F.col "id" + 1)
    fails("DATA_SOURCE_NOT_FOUND", people:writeTo("x"):using "nope", "create")
  end)

  it("takes buckets among the partitions, and tells that tables have no other transforms", function()
    people:writeTo("b"):using("csv"):partitionedBy(F.bucket(4, "id")):create()
    assert.matches("CLUSTERED BY %(id%)\nINTO 4 BUCKETS", spark.catalog:getCreateTableString "b")
    assert.equal("1 2 3", ids "b")
    people:writeTo("c"):using("csv"):partitionedBy("name", F.bucket(F.lit(4), "id")):create()
    assert.equal("1 2 3", ids "c")
    assert.matches("PARTITIONED BY %(name%)", spark.catalog:getCreateTableString "c")
    local function x(...) return people:writeTo("x"):using("csv"):partitionedBy(...) end
    assert.same({ transform = "`years(id)`" }, fails("UNSUPPORTED_PARTITION_TRANSFORM", x(F.years "id"), "create"))
    assert.same({ transform = "`days(s`.`x)`" }, fails("UNSUPPORTED_PARTITION_TRANSFORM",
      x("name", F.days "s.x"), "create"))
    fails("UNSUPPORTED_PARTITION_TRANSFORM", x(F.hours "id", F.bucket(1, "id"), F.bucket(2, "id")), "create")
    fails("UNSUPPORTED_FEATURE.MULTIPLE_BUCKET_TRANSFORMS", x(F.bucket(1, "id"), F.bucket(2, "name"), F.months "id"),
      "create")
    assert.same({ bucketingMaxBuckets = "100000", numBuckets = "0" },
      fails("INVALID_BUCKET_COUNT", x(F.bucket(0, "id")), "create"))
    assert.equal("bucket", fails("COLUMN_NOT_DEFINED_IN_TABLE", x(F.bucket(3, "zz")), "create").colType)
    assert.same({ bucketCol = "id", normalizedPartCols = "id" },
      fails("_LEGACY_ERROR_TEMP_1166", x("id", F.bucket(3, "id")), "create"))
    fails("_LEGACY_ERROR_TEMP_1316", people:writeTo "x", "partitionedBy", F.years(F.col "id" + 1))
    fails("_LEGACY_ERROR_TEMP_1322", people:writeTo "x", "partitionedBy", F.bucket(F.lit "x", "id"))
    fails("_LEGACY_ERROR_TEMP_1322", people:writeTo "x", "partitionedBy", F.bucket(3, F.col "id" + 1))
  end)

  it("leaves tables of files to df.write", function()
    people:writeTo("t"):create()
    for _, method in ipairs { "append", "overwritePartitions" } do
      assert.same({ identifier = "`spark_catalog`.`default`.`t`" },
        fails("_LEGACY_ERROR_TEMP_1012", people:writeTo "t", method))
    end
    fails("_LEGACY_ERROR_TEMP_1012", people:writeTo "t", "overwrite", F.lit(true))
    for _, method in ipairs { "replace", "createOrReplace" } do
      assert.same({ tableName = "`spark_catalog`.`default`.`t`", operation = "REPLACE TABLE AS SELECT" },
        fails("UNSUPPORTED_FEATURE.TABLE_OPERATION", people:writeTo "t", method))
    end
    fails("TABLE_OR_VIEW_NOT_FOUND", people:writeTo "nope", "append")
    people:createOrReplaceTempView "tv"
    assert.same({ name = "tv" }, fails("VIEW_WRITE_NOT_ALLOWED", people:writeTo "tv", "append"))
  end)

  it("adds to snapshot tables by name, and overwrites what a condition says", function()
    people:writeTo("s"):using("snapshot"):create()
    people:select("name", "id"):filter("id = 3"):writeTo("s"):append()
    assert.equal("1 2 3 3", ids "s")
    people:filter("id = 1"):writeTo("s"):overwrite(F.col("id"):geq(2))
    assert.equal("1 1", ids "s")
    people:writeTo("s"):overwritePartitions() -- one partition: all of it
    assert.equal("1 2 3", ids "s")
    fails("INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS", people:withColumn("x", F.lit(1)):writeTo "s", "append")
    fails("UNRESOLVED_COLUMN.WITH_SUGGESTION", people:writeTo "s", "overwrite", F.col "nope")
    assert.equal("1 2 3", ids "s")
  end)

  it("replaces snapshot tables in one step", function()
    people:writeTo("s"):using("snapshot"):createOrReplace()
    local before = spark:table "s"
    people:select("id"):filter("id = 2"):writeTo("s"):using("snapshot"):replace()
    assert.equal("struct<id:int>", spark:table("s").schema:simpleString())
    assert.equal("2", ids "s")
    assert.equal(3, before:count())
    fails("TABLE_OR_VIEW_NOT_FOUND", people:writeTo("nope"):using "snapshot", "replace")
  end)

  it("is not for streams", function()
    local stream = spark.readStream:format("rate"):load()
    fails("CALL_ON_STREAMING_DATASET_UNSUPPORTED", stream, "writeTo", "t")
    fails("CALL_ON_STREAMING_DATASET_UNSUPPORTED", stream, "mergeInto", "t", F.lit(true))
  end)
end)
