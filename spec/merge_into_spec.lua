-- df:mergeInto(table, condition): the clauses of MERGE by calls, over snapshot tables.
local tidemill = require "tidemill"
local F = tidemill.functions

describe("df:mergeInto", function()
  local spark, folder, changes

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    spark = tidemill.SparkSession.builder:config("spark.sql.warehouse.dir", folder):create()
    spark:sql "CREATE TABLE t (id INT, name STRING DEFAULT 'new', n INT) USING snapshot"
    spark:sql "INSERT INTO t VALUES (1, 'ann', 10), (2, 'bob', 20), (3, 'cid', 30)"
    changes = spark:createDataFrame({ { 2, "rob", 21 }, { 4, "dan", 40 } }, "id INT, name STRING, n INT"):alias "s"
  end)
  after_each(function()
    spark:close()
    os.execute("rm -rf '" .. folder .. "'")
  end)

  local function merge() return changes:mergeInto("t", F.expr "t.id = s.id") end
  local function rows()
    local out = {}
    for i, r in ipairs(spark:table("t"):orderBy("id"):collect()) do
      out[i] = ("%s|%s|%s"):format(r.id, r.name or "NULL", r.n or "NULL")
    end
    return table.concat(out, " ")
  end
  local function fails(condition, writer, method, ...)
    local ok, e = pcall(writer[method], writer, ...)
    assert.is_false(ok)
    assert.equal(condition, e.condition)
    assert.equal("1|ann|10 2|bob|20 3|cid|30", rows())
    return e.messageParameters
  end

  it("updates what matches, inserts the rest, deletes what the source lacks", function()
    merge():whenMatched():updateAll():whenNotMatched():insertAll():whenNotMatchedBySource(F.expr "t.n > 20"):delete()
      :merge()
    assert.equal("1|ann|10 2|rob|21 4|dan|40", rows())
  end)

  it("takes the first clause whose condition holds", function()
    merge():whenMatched(F.expr "s.n > 100"):delete():whenMatched():update { n = F.col "t.n" + F.col "s.n" }
      :whenNotMatched(F.expr "s.n < 0"):insertAll():merge()
    assert.equal("1|ann|10 2|bob|41 3|cid|30", rows())
  end)

  it("sets columns by name; those not named get their DEFAULT, or stay", function()
    merge():whenNotMatched():insert { id = F.col "s.id" }:whenNotMatchedBySource():update { n = 0 }:merge()
    assert.equal("1|ann|0 2|bob|20 3|cid|0 4|new|NULL", rows())
    merge():whenMatched():update {}:merge()
    assert.equal("1|ann|0 2|bob|20 3|cid|0 4|new|NULL", rows())
  end)

  it("says what is wrong, and leaves the table as it was", function()
    fails("NO_MERGE_ACTION_SPECIFIED", merge(), "merge")
    fails("UNRESOLVED_COLUMN.WITH_SUGGESTION", merge():whenMatched():update { zz = F.lit(1) }, "merge")
    fails("UNSUPPORTED_FEATURE.TABLE_OPERATION", merge():withSchemaEvolution():whenMatched():delete(), "merge")
    fails("NOT_EXPECTED_TYPE", merge(), "whenMatched", "x")
    fails("NOT_EXPECTED_TYPE", merge():whenMatched(), "update", "x")
    local twice = changes:union(changes):alias "s"
    fails("MERGE_CARDINALITY_VIOLATION",
      twice:mergeInto("t", F.expr "t.id = s.id"):whenMatched():updateAll(), "merge")
    local ok, e = pcall(function() return merge():whenNotMatched().delete end)
    assert.is_false(ok)
    assert.equal("ATTRIBUTE_NOT_SUPPORTED", e.condition)
    spark:sql "CREATE TABLE p (id INT) USING parquet"
    assert.same({ tableName = "`spark_catalog`.`default`.`p`", operation = "MERGE INTO TABLE" },
      fails("UNSUPPORTED_FEATURE.TABLE_OPERATION", changes:mergeInto("p", F.lit(true)):whenMatched():delete(), "merge"))
    fails("TABLE_OR_VIEW_NOT_FOUND", changes:mergeInto("nope", F.lit(true)):whenMatched():delete(), "merge")
  end)
end)
