-- spark.catalog over a warehouse: databases, tables, views, columns, partitions, caches. What is expected is what
-- Spark 4.3's catalog says of the same statements.
local tidemill = require "tidemill"

describe("spark.catalog", function()
  local spark, catalog, folder, people

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    spark = tidemill.SparkSession.builder:config("spark.sql.warehouse.dir", folder):create()
    catalog = spark.catalog
    people = spark:createDataFrame({ { 1, "ann" }, { 2, "bob" } }, "id INT, name STRING")
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
  local function fails(condition, method, ...)
    assert.equal(condition, caught(catalog[method], catalog, ...).condition)
  end
  local function told(list)
    local out = {}
    for i, item in ipairs(list) do out[i] = tostring(item) end
    return table.concat(out, "\n")
  end
  local function names(list)
    local out = {}
    for i, item in ipairs(list) do out[i] = item.name end
    return table.concat(out, " ")
  end

  it("keeps databases with what is said of them", function()
    catalog:createDatabase("d1", false, { comment = "mine", a = "b" })
    fails("SCHEMA_ALREADY_EXISTS", "createDatabase", "d1")
    catalog:createDatabase("d1", true)
    local d = catalog:getDatabase "D1"
    assert.equal("d1", d.name)
    assert.equal("spark_catalog", d.catalog)
    assert.equal("mine", d.description)
    assert.equal("file:" .. folder .. "/d1.db", d.locationUri)
    assert.equal("d1 default", names(catalog:listDatabases()))
    assert.equal("d1", names(catalog:listDatabases "d1|x*"))
    assert.is_true(catalog:databaseExists "spark_catalog.d1")
    assert.is_false(catalog:databaseExists "nope")
    fails("SCHEMA_NOT_FOUND", "getDatabase", "nope")
  end)

  it("has one database in use", function()
    assert.equal("default", catalog:currentDatabase())
    catalog:createDatabase "d1"
    catalog:setCurrentDatabase "d1"
    people.write:saveAsTable "t"
    assert.equal("d1", catalog:currentDatabase())
    assert.equal("d1", catalog:getTable("t").database)
    catalog:setCurrentDatabase "default"
    assert.is_false(catalog:tableExists "t")
    assert.is_true(catalog:tableExists("t", "d1"))
    fails("SCHEMA_NOT_EMPTY", "dropDatabase", "d1")
    catalog:dropDatabase("d1", false, true)
    fails("SCHEMA_NOT_FOUND", "dropDatabase", "d1")
    catalog:dropDatabase("d1", true)
    fails("UNSUPPORTED_FEATURE.DROP_DATABASE", "dropDatabase", "default")
    fails("SCHEMA_NOT_FOUND", "setCurrentDatabase", "d1")
  end)

  it("knows SQL functions of the session and of databases", function()
    local c = catalog
    spark:sql "CREATE FUNCTION plus1(x INT) RETURNS INT RETURN x + 1"
    spark:sql "CREATE DATABASE d2"
    spark:sql "CREATE FUNCTION d2.g() RETURNS TABLE(a INT) RETURN SELECT 1"
    spark:sql "CREATE TEMPORARY FUNCTION tf(x INT) RETURNS INT RETURN x + 1"
    for call, there in pairs { g = false, ["d2.g"] = true, ["spark_catalog.d2.g"] = true, ["nodb.g"] = false,
      ["session.tf"] = true, tf = true, abs = true, plus1 = true } do
      assert.equal(there, c:functionExists(call), call)
    end
    assert.same({ true, false, false, false }, { c:functionExists("g", "d2"), c:functionExists("abs", "d2"),
      c:functionExists("tf", "d2"), c:functionExists("tf", "nodb") })
    assert.equal("abs g tf", names(c:listFunctions("d2", "g|tf|ab*|plus*")))
    assert.equal("abs plus1 tf", names(c:listFunctions(nil, "g|tf|ab*|plus*")))
    local g = c:getFunction "d2.g"
    assert.same({ "g", "spark_catalog", { "d2" }, false }, { g.name, g.catalog, g.namespace, g.isTemporary })
    fails("UNRESOLVED_ROUTINE", "getFunction", "g")
  end)

  it("lists tables, views and temporary views", function()
    people.write:saveAsTable "t"
    people:createOrReplaceTempView "tv"
    people:createOrReplaceGlobalTempView "gv"
    spark:sql "CREATE VIEW v COMMENT 'hello' AS SELECT id FROM t"
    local t = "Table(name='t', catalog='spark_catalog', namespace=['default'], description=None, "
      .. "tableType='MANAGED', isTemporary=False)"
    local v = "Table(name='v', catalog='spark_catalog', namespace=['default'], description='hello', "
      .. "tableType='VIEW', isTemporary=False)"
    local tv = "Table(name='tv', catalog=None, namespace=[], description=None, tableType='TEMPORARY', isTemporary=True)"
    local gv = "Table(name='gv', catalog=None, namespace=['global_temp'], description=None, tableType='TEMPORARY', "
      .. "isTemporary=True)"
    assert.equal(table.concat({ t, v, tv }, "\n"), told(catalog:listTables()))
    assert.equal(table.concat({ v, tv }, "\n"), told(catalog:listViews()))
    assert.equal(table.concat({ gv, tv }, "\n"), told(catalog:listTables "global_temp"))
    assert.equal("t tv", names(catalog:listTables("default", "t*")))
    assert.equal(gv, tostring(catalog:getTable "global_temp.gv"))
    assert.is_true(catalog:tableExists "tv")
    assert.is_false(catalog:tableExists("tv", "default"))
    assert.is_false(catalog:tableExists "nope.t")
    fails("SCHEMA_NOT_FOUND", "listTables", "nope")
    fails("PARSE_SYNTAX_ERROR", "tableExists", "a b")
  end)

  local LAYOUT = "CREATE TABLE p (a INT COMMENT 'first', b STRING, c STRING, y INT) USING parquet PARTITIONED BY (y) "
    .. "CLUSTERED BY (b) SORTED BY (c) INTO 4 BUCKETS TBLPROPERTIES ('k' = 'v')"

  it("tells columns, partitions and properties", function()
    spark:sql(LAYOUT)
    spark:sql "INSERT INTO p VALUES (1, 'a', 'b', 2020), (2, 'c', 'd', 2021)"
    local c = catalog:listColumns "p"
    assert.equal("Column(name='a', description='first', dataType='int', nullable=True, isPartition=False, "
      .. "isBucket=False, isCluster=False)", tostring(c[1]))
    assert.is_true(c[2].isBucket and c[4].isPartition)
    assert.equal("TablePartition(partition='y=2020')\nTablePartition(partition='y=2021')",
      told(catalog:listPartitions "p"))
    assert.same({ k = "v" }, catalog:getTableProperties "p")
    assert.matches("^CREATE TABLE spark_catalog.default.p %(", catalog:getCreateTableString "p")
    local e = caught(catalog.listColumns, catalog, "nope")
    assert.equal("[`system`.`session`, `spark_catalog`.`default`]", e.messageParameters.searchPath)
    people.write:saveAsTable "t"
    fails("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY", "listPartitions", "t")
    fails("UNSUPPORTED_SHOW_CREATE_TABLE.ON_DATA_SOURCE_TABLE_WITH_AS_SERDE", "getCreateTableString", "t", true)
  end)

  it("names the call in what it refuses", function()
    people:createOrReplaceTempView "tv"
    for method, operation in pairs { truncateTable = "Catalog.truncateTable", analyzeTable = "Catalog.analyzeTable",
      listPartitions = "Catalog.listPartitions", recoverPartitions = "recoverPartitions()" } do
      local e = caught(catalog[method], catalog, "tv")
      assert.equal("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", e.condition)
      assert.same({ viewName = "`tv`", operation = operation }, e.messageParameters)
      fails("TABLE_OR_VIEW_NOT_FOUND", method, "nope")
    end
    fails("UNSUPPORTED_SHOW_CREATE_TABLE.ON_TEMPORARY_VIEW", "getCreateTableString", "tv")
    assert.equal("[`spark_catalog`.`default`]", caught(catalog.dropTable, catalog, "nope").messageParameters.searchPath)
    fails("NOT_EXPECTED_TYPE", "getTable", 1)
    fails("NOT_EXPECTED_TYPE", "createDatabase", "d", "yes")
  end)

  it("empties, counts and drops tables", function()
    spark:sql(LAYOUT)
    spark:sql "INSERT INTO p VALUES (1, 'a', 'b', 2020)"
    local function statistics()
      return spark:sql("DESCRIBE EXTENDED p"):filter("col_name = 'Statistics'"):first().data_type
    end
    catalog:analyzeTable("p", true) -- does not read the rows
    assert.matches("^%d+ bytes$", statistics())
    catalog:analyzeTable "p"
    assert.matches("^%d+ bytes, 1 rows$", statistics())
    catalog:truncateTable "p"
    assert.equal(0, spark:table("p"):count())
    catalog:recoverPartitions "p"
    fails("WRONG_COMMAND_FOR_OBJECT_TYPE", "dropView", "p")
    catalog:dropTable("p", false, true)
    fails("TABLE_OR_VIEW_NOT_FOUND", "dropTable", "p")
    catalog:dropTable("p", true)
    fails("TABLE_OR_VIEW_NOT_FOUND", "dropView", "p")
    catalog:dropView("p", true)
    people:createOrReplaceTempView "tv"
    catalog:dropTable "tv"
    assert.is_false(catalog:tableExists "tv")
  end)

  it("makes tables of a schema, with options, or of the files in a folder", function()
    assert.equal(0, catalog:createTable("c1", { schema = people.schema }):count())
    fails("TABLE_OR_VIEW_ALREADY_EXISTS", "createTable", "c1", { schema = people.schema })
    catalog:createTable("c2", { source = "csv", schema = people.schema, description = "d", header = true })
    assert.equal("d", catalog:getTable("c2").description)
    assert.matches("OPTIONS %(\n  'header' = 'true'%)", catalog:getCreateTableString "c2")
    people.write:json(folder .. "/out")
    assert.equal(2, catalog:createExternalTable("c3", folder .. "/out", "json"):count())
    assert.equal("EXTERNAL", catalog:getTable("c3").tableType)
    fails("UNABLE_TO_INFER_SCHEMA", "createTable", "c4")
    fails("UNABLE_TO_INFER_SCHEMA", "createTable", "c4", { path = folder .. "/nope", source = "csv" })
    fails("NOT_EXPECTED_TYPE", "createTable", "c4", { schema = "a INT" })
    fails("SCHEMA_NOT_FOUND", "createTable", "nope.c", { schema = people.schema })
  end)

  it("caches tables and views as CACHE TABLE does", function()
    people.write:saveAsTable "t"
    catalog:cacheTable "t"
    assert.is_true(catalog:isCached "default.t")
    spark:sql "UNCACHE TABLE t"
    assert.is_false(catalog:isCached "t")
    spark:sql "CACHE TABLE t"
    assert.is_true(catalog:isCached "t")
    people.write:insertInto "t"
    assert.equal(4, spark:table("t"):count()) -- rows that were added since are seen
    people:createOrReplaceTempView "v"
    people:createOrReplaceGlobalTempView "v"
    catalog:cacheTable "v"
    assert.is_false(catalog:isCached "global_temp.v")
    people:limit(1):createOrReplaceTempView "v"
    assert.is_false(catalog:isCached "v")
    assert.equal(1, spark:table("v"):count())
    catalog:clearCache()
    assert.is_false(catalog:isCached "t")
    catalog:uncacheTable "t"
    fails("TABLE_OR_VIEW_NOT_FOUND", "isCached", "nope")
    fails("TABLE_OR_VIEW_NOT_FOUND", "refreshTable", "nope")
    catalog:refreshByPath "/nope"
  end)

  it("computes anew what is cached of files when told to refresh", function()
    local place = folder .. "_files"
    local function put(name, lines)
      os.execute("mkdir -p '" .. place .. "'")
      local f <close> = assert(io.open(place .. "/" .. name, "w"))
      f:write(lines)
    end
    put("a.txt", "x\n")
    spark:sql(("CREATE TABLE lines (value STRING) USING text LOCATION '%s'"):format(place))
    catalog:cacheTable "lines"
    assert.equal(1, spark:table("lines"):count())
    put("b.txt", "y\nz\n")
    assert.equal(1, spark:table("lines"):count())
    catalog:refreshTable "lines"
    assert.equal(3, spark:table("lines"):count())
    assert.is_true(catalog:isCached "lines")
    os.execute("rm -rf '" .. place .. "'")
    assert.equal(3, spark:table("lines"):count())
    catalog:refreshByPath(place)
    assert.equal(0, spark:table("lines"):count())
    catalog:clearCache()
  end)

  local function files()
    local pipe = assert(io.popen(("find '%s' -name 'part-*'"):format(folder)))
    local text = pipe:read "a"
    pipe:close()
    return text
  end

  it("keeps no file of a table for rows that were cached before it changed", function()
    people.write:saveAsTable "t"
    catalog:cacheTable "t"
    assert.equal(2, spark:table("t"):count())
    catalog:truncateTable "t"
    assert.equal(0, spark:table("t"):count())
    spark:sql "DROP TABLE t"
    collectgarbage()
    collectgarbage()
    catalog:createDatabase "later" -- its commit removes what nobody reads any more
    assert.equal("", files())
  end)

  it("keeps no file of a table for a query that was cached and is no more", function()
    people.write:saveAsTable "t"
    spark:sql "CACHE LAZY TABLE kept AS SELECT * FROM t"
    assert.equal(2, spark:table("kept"):count())
    spark:sql "DROP VIEW kept"
    spark:sql "DROP TABLE t"
    collectgarbage()
    collectgarbage()
    catalog:createDatabase "later"
    assert.equal("", files())
  end)
end)
