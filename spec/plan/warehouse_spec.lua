-- A warehouse through SQL: what lasts, who sees what, and what a statement that fails or dies leaves behind.
local tidemill = require "tidemill"
local LUA = os.getenv "SPEC_LUA" or "lua5.4"

local function temporary()
  local path = os.tmpname()
  os.remove(path)
  return path
end

local function rows(spark, sql)
  local out = {}
  for i, r in ipairs(spark:sql(sql):collect()) do
    local cells = {}
    for k = 1, #r do cells[k] = r[k] == nil and "NULL" or tostring(r[k]) end
    out[i] = table.concat(cells, "|")
  end
  return table.concat(out, "\n")
end

local function condition(f)
  local ok, e = pcall(f)
  return not ok and e.condition or nil
end

local function files(path)
  local pipe = assert(io.popen("find '" .. path .. "' -type f -name 'part-*' | wc -l"))
  local n = tonumber(pipe:read "a")
  pipe:close()
  return n
end

-- Run the program in n processes at once; do all of them end well?
local function run(program, n)
  local name = os.tmpname()
  local f = assert(io.open(name, "w"))
  f:write(program)
  f:close()
  local one = ("{ %s %s 2>/dev/null || echo bad; } &"):format(LUA, name)
  local pipe = assert(io.popen(one:rep(n or 1, " ") .. " wait"))
  local out = pipe:read "a"
  pipe:close()
  os.remove(name)
  return out == ""
end

describe("a warehouse", function()
  local folder, spark
  local function open()
    return tidemill.SparkSession.builder:config { ["spark.sql.warehouse.dir"] = folder,
      ["spark.sql.session.timeZone"] = "UTC" }:create()
  end
  before_each(function()
    folder = temporary()
    spark = open()
  end)
  after_each(function()
    spark:close()
    os.execute("rm -rf '" .. folder .. "'")
  end)
  local function sql(...)
    for _, text in ipairs { ... } do spark:sql(text) end
  end

  it("is not made before something is kept in it", function()
    sql("DROP TABLE IF EXISTS t", "DROP VIEW IF EXISTS v", "SHOW TABLES")
    assert.equal("TABLE_OR_VIEW_NOT_FOUND", condition(function() sql "DROP TABLE t" end))
    assert.is_nil(io.open(folder .. "/_catalog/catalog.log"))
  end)

  it("lasts beyond the session", function()
    sql("CREATE DATABASE d COMMENT 'one'", "CREATE TABLE d.t (a INT DEFAULT 7, b STRING COMMENT 'text') USING parquet",
      "INSERT INTO d.t VALUES (1, 'x')", "CREATE VIEW v AS SELECT a + 1 AS c FROM d.t",
      "INSERT INTO d.t (b) VALUES ('y')")
    spark:close()
    spark = open()
    assert.equal("1|x\n7|y", rows(spark, "SELECT * FROM d.t ORDER BY a"))
    assert.equal("2\n8", rows(spark, "SELECT * FROM v ORDER BY c"))
    assert.equal("d\ndefault", rows(spark, "SHOW DATABASES"))
  end)

  it("shows another session what is committed, at once", function()
    local other = open()
    sql("CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)")
    assert.equal("1", rows(other, "SELECT * FROM t"))
    other:sql "INSERT INTO t VALUES (2)"
    assert.equal("3", rows(spark, "SELECT sum(a) FROM t"))
    other:close()
  end)

  it("keeps what a DataFrame reads until it is gone", function()
    sql("CREATE TABLE t AS SELECT id FROM range(10)")
    local before = spark:table "t"
    sql("INSERT OVERWRITE t SELECT 99L", "DROP TABLE t")
    assert.equal(10, before:count())
    before = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    sql "CREATE TABLE other (a INT)"
    assert.equal(0, files(folder))
  end)

  it("lets a view follow what it reads as ALTER VIEW says", function()
    sql("CREATE TABLE t (a INT) USING parquet", "CREATE VIEW v AS SELECT * FROM t")
    for _, mode in ipairs { "BINDING", "COMPENSATION", "TYPE EVOLUTION", "EVOLUTION" } do
      sql("ALTER VIEW v WITH SCHEMA " .. mode)
      assert.truthy(rows(spark, "SHOW CREATE TABLE v"):find("WITH SCHEMA " .. mode, 1, true))
    end
    sql "ALTER TABLE t ADD COLUMNS (b INT)"
    assert.same({ "a", "b" }, spark:table("v").columns)
    sql "ALTER VIEW v WITH schema AS (SELECT 4 AS c) SELECT * FROM schema" -- a query after all
    assert.equal("4", rows(spark, "SELECT c FROM v"))
    assert.equal("PARSE_SYNTAX_ERROR", condition(function() sql "ALTER VIEW v WITH SCHEMA TYPE" end))
  end)

  it("takes a statement as a whole or not at all", function()
    sql("CREATE TABLE t (a INT) USING parquet", "INSERT INTO t VALUES (1)")
    assert.equal("DIVIDE_BY_ZERO", condition(function()
      sql "INSERT OVERWRITE t SELECT CAST(10 / (50000 - id) AS INT) FROM range(100000)"
    end))
    assert.equal("1", rows(spark, "SELECT * FROM t"))
    assert.equal("DIVIDE_BY_ZERO", condition(function()
      sql "CREATE TABLE u AS SELECT 10 / (50000 - id) AS x FROM range(100000)"
    end))
    assert.equal("TABLE_OR_VIEW_NOT_FOUND", condition(function() sql "SELECT * FROM u" end))
    assert.equal(1, files(folder))
  end)

  it("does not see files that nobody committed, and removes what a dead writer left", function()
    sql("CREATE TABLE t (a INT) USING parquet", "INSERT INTO t VALUES (1)")
    local program = ([[
      local spark = require "tidemill".session { ["spark.sql.warehouse.dir"] = %q }
      spark.udf:register("die", function(x) if x == 150000 then os.exit(false, false) end return x end, "bigint")
      spark:sql "INSERT INTO t SELECT CAST(die(id) AS INT) FROM range(200000)"
    ]]):format(folder)
    assert.is_false(run(program))
    assert.equal("1", rows(spark, "SELECT count(*) FROM t"))
    sql "INSERT INTO t VALUES (2)"
    assert.equal(2, files(folder))
    assert.equal("1\n2", rows(spark, "SELECT * FROM t ORDER BY a"))
  end)

  it("lets statements of many processes write one after the other", function()
    sql "CREATE TABLE t (a INT) USING snapshot"
    local program = ([[
      local spark = require "tidemill".session { ["spark.sql.warehouse.dir"] = %q, threads = 1 }
      for i = 1, 10 do spark:sql("INSERT INTO t VALUES (" .. i .. ")") end
    ]]):format(folder)
    assert.is_true(run(program, 3))
    assert.equal("30|165", rows(spark, "SELECT count(*), sum(a) FROM t"))
  end)

  it("refuses a catalogue that is damaged, and says where", function()
    sql("CREATE TABLE t (a INT)", "CREATE TABLE u (a INT)")
    spark:close()
    local path = folder .. "/_catalog/catalog.log"
    local f = assert(io.open(path, "r+b"))
    f:seek("set", 60)
    f:write "\255\255\255"
    f:close()
    spark = open()
    local ok, e = pcall(spark.sql, spark, "SELECT * FROM t")
    assert.is_false(ok)
    assert.equal("CORRUPT_FILE", e.condition)
    assert.truthy(e.message:find(path, 1, true))
  end)

  for _, format in ipairs { "parquet", "json", "csv", "arrow", "snapshot" } do
    it("keeps tables as " .. format, function()
      sql("CREATE TABLE t (a INT, b STRING, d DATE) USING " .. format,
        "INSERT INTO t VALUES (1, 'x', DATE'2024-02-29'), (2, NULL, NULL)", "INSERT INTO t SELECT 3, 'z', NULL")
      assert.equal("1|x|2024-02-29\n2|NULL|NULL\n3|z|NULL", rows(spark, "SELECT a, b, string(d) FROM t ORDER BY a"))
    end)
  end

  it("refuses an empty place, which would be its own folder", function()
    spark:sql "CREATE TABLE kept (a INT, p INT) USING csv PARTITIONED BY (p)"
    spark:sql "INSERT INTO kept VALUES (1, 1)"
    for _, text in ipairs { "CREATE TABLE t (a INT) USING csv LOCATION ''",
      "CREATE TABLE t (a INT) USING csv LOCATION 'file:'",
      "CREATE TABLE t USING csv LOCATION '' AS SELECT 1 AS a", "CREATE TABLE t (a INT) USING csv OPTIONS (path '')",
      "CREATE DATABASE d LOCATION ''", "ALTER TABLE kept SET LOCATION ''", "ALTER DATABASE default SET LOCATION ''",
      "INSERT OVERWRITE DIRECTORY '' USING csv SELECT 1" } do
      assert.equal("INVALID_EMPTY_LOCATION", condition(function() spark:sql(text):collect() end), text)
    end
    assert.equal("1|1", rows(spark, "SELECT * FROM kept"))
    assert.equal("default|kept|false", rows(spark, "SHOW TABLES"))
  end)

  it("writes a directory among the tables of one FROM", function()
    spark:sql "CREATE TABLE t (a INT) USING csv"
    local place = folder .. "/beside"
    spark:sql("FROM VALUES (1), (2) AS v(a) INSERT OVERWRITE DIRECTORY '" .. place .. "' USING csv SELECT a "
      .. "INSERT INTO t SELECT a + 10")
    assert.equal("11\n12", rows(spark, "SELECT * FROM t ORDER BY a"))
    assert.equal("1\n2", rows(spark, "SELECT * FROM csv.`" .. place .. "` ORDER BY 1"))
  end)

  it("finds a place that is said below its folder, and by the root", function()
    spark:sql "CREATE TABLE t (a INT) USING csv LOCATION 'near'"
    spark:sql "INSERT INTO t VALUES (1)"
    assert.equal(1, files(folder .. "/near"))
    spark:sql "ALTER TABLE t SET LOCATION 'far'"
    spark:sql "INSERT INTO t VALUES (2)"
    assert.equal(1, files(folder .. "/far"))
    spark:sql(("ALTER TABLE t SET LOCATION 'file:%s/near'"):format(folder))
    assert.equal("1", rows(spark, "SELECT * FROM t"))
  end)
end)

describe("rows of a snapshot table", function()
  local folder, spark
  before_each(function()
    folder = temporary()
    spark = tidemill.SparkSession.builder:config { ["spark.sql.warehouse.dir"] = folder }:create()
    spark:sql "CREATE TABLE t (k INT, v STRING) USING snapshot"
    spark:sql "INSERT INTO t VALUES (1, 'a'), (2, 'b')"
    spark:sql "INSERT INTO t VALUES (3, 'c'), (4, NULL)"
  end)
  after_each(function()
    spark:close()
    os.execute("rm -rf '" .. folder .. "'")
  end)
  local function all() return rows(spark, "SELECT * FROM t ORDER BY k, v") end

  it("are deleted where the condition is true", function()
    spark:sql "DELETE FROM t WHERE v = 'a'"
    assert.equal("2|b\n3|c\n4|NULL", all())
    spark:sql "DELETE FROM t WHERE k IN (SELECT id FROM range(3, 5))"
    assert.equal("2|b", all())
    spark:sql "DELETE FROM t"
    assert.equal("", all())
  end)

  it("are updated, all values at once", function()
    spark:sql "UPDATE t SET k = k * 10, v = concat(v, k) WHERE k < 3"
    assert.equal("3|c\n4|NULL\n10|a1\n20|b2", all())
    assert.equal("UNRESOLVED_COLUMN.WITH_SUGGESTION", condition(function() spark:sql "UPDATE t SET nope = 1" end))
    assert.equal("CAST_OVERFLOW_IN_TABLE_INSERT", condition(function()
      spark:sql "UPDATE t SET k = 3000000000"
    end))
    assert.equal("3|c\n4|NULL\n10|a1\n20|b2", all())
  end)

  it("are merged by the first clause that applies", function()
    spark:sql [[MERGE INTO t USING (SELECT * FROM VALUES (1, 'A'), (2, 'B'), (9, 'n'), (8, 'skip') AS s(k, v)) s
      ON t.k = s.k
      WHEN MATCHED AND s.v = 'A' THEN DELETE
      WHEN MATCHED THEN UPDATE SET v = s.v
      WHEN NOT MATCHED AND s.v != 'skip' THEN INSERT *
      WHEN NOT MATCHED BY SOURCE AND t.k = 4 THEN UPDATE SET v = 'left']]
    assert.equal("2|B\n3|c\n4|left\n9|n", all())
  end)

  it("must not have two fates", function()
    assert.equal("MERGE_CARDINALITY_VIOLATION", condition(function()
      spark:sql "MERGE INTO t USING (SELECT 1 AS k FROM range(2)) s ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = 'x'"
    end))
    assert.equal("1|a\n2|b\n3|c\n4|NULL", all())
    spark:sql "MERGE INTO t USING (SELECT 1 AS k FROM range(2)) s ON t.k = s.k WHEN MATCHED THEN DELETE"
    assert.equal("2|b\n3|c\n4|NULL", all())
  end)
end)

describe("SQL functions of the catalogue", function()
  it("stand in their database, for every session", function()
    local place = temporary()
    local spark = tidemill.SparkSession.builder:config("spark.sql.warehouse.dir", place):create()
    spark:sql "CREATE DATABASE d2"
    spark:sql "CREATE FUNCTION plus1(x INT) RETURNS INT RETURN x + 1"
    spark:sql "CREATE FUNCTION d2.times(x INT, y INT DEFAULT 3) RETURN x * y"
    spark:sql "CREATE TEMPORARY FUNCTION own() RETURN 5"
    assert.equal("ROUTINE_ALREADY_EXISTS", condition(function() spark:sql "CREATE FUNCTION plus1(x INT) RETURN x" end))
    assert.equal("SCHEMA_NOT_FOUND", condition(function() spark:sql "CREATE FUNCTION d3.f() RETURN 1" end))
    assert.equal("SCHEMA_NOT_EMPTY", condition(function() spark:sql "DROP DATABASE d2" end))
    assert.equal("INVALID_TEMP_OBJ_REFERENCE", condition(function() spark:sql "CREATE FUNCTION f() RETURN own()" end))
    assert.equal("own\nspark_catalog.default.plus1", rows(spark, "SHOW USER FUNCTIONS"))

    local other = spark:newSession()
    assert.equal("3|12|4", rows(other, "SELECT plus1(2), d2.times(4), spark_catalog.D2.TIMES(2, 2)"))
    assert.equal("UNRESOLVED_ROUTINE", condition(function() other:sql "SELECT own()" end))
    other:sql "USE d2"
    assert.equal("12", rows(other, "SELECT times(4)"))
    local _, e = pcall(other.sql, other, "SELECT plus1(1)")
    assert.equal("UNRESOLVED_ROUTINE", e.condition)
    assert.equal("[`system`.`builtin`, `system`.`session`, `spark_catalog`.`d2`]", e.messageParameters.searchPath)
    assert.equal("spark_catalog.d2.times", rows(other, "SHOW USER FUNCTIONS"))
    other:sql "CREATE OR REPLACE FUNCTION default.plus1(x INT) RETURN x + 10"
    assert.equal("12", rows(spark, "SELECT plus1(2)"))
    other:sql "DROP FUNCTION times"
    assert.equal("ROUTINE_NOT_FOUND", condition(function() other:sql "DROP FUNCTION times" end))
    assert.equal("UNRESOLVED_ROUTINE", condition(function() spark:sql "SELECT d2.times(1)" end))
    os.execute("rm -rf '" .. place .. "'")
  end)
end)
