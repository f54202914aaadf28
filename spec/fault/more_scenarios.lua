--- Scenarios of statements and of options; scenarios.lua hands over what it defines them with. Which there must be,
-- coverage_spec.lua tells.
local tidemill = require "tidemill"
local F = tidemill.functions

return function(M, scenario, statements, text, file)
  local DROP = { "DROP TABLE IF EXISTS t", "DROP TABLE IF EXISTS u", "DROP VIEW IF EXISTS v",
    "DROP DATABASE IF EXISTS d CASCADE" }

  -- ---- statements ------------------------------------------------------------------------------

  statements("databases", { "CREATE DATABASE d WITH DBPROPERTIES (k = 'v')",
    "ALTER DATABASE d SET DBPROPERTIES (k = 'w')", "DESCRIBE DATABASE EXTENDED d", "USE d", "SHOW DATABASES",
    "USE default", "DROP DATABASE d" }, { "USE default", "DROP DATABASE IF EXISTS d CASCADE" })
  statements("tables that are altered", { "CREATE TABLE t (a INT, s STRING) USING parquet",
    "INSERT INTO t VALUES (1, 'x')", "ALTER TABLE t SET TBLPROPERTIES (k = 'v')",
    "ALTER TABLE t UNSET TBLPROPERTIES IF EXISTS (k)", "ALTER TABLE t SET SERDEPROPERTIES (k = 'v')",
    "ALTER TABLE t DEFAULT COLLATION UTF8_LCASE", "ALTER TABLE t ADD COLUMNS (b BIGINT DEFAULT 4)",
    "ALTER TABLE t ALTER COLUMN b COMMENT 'of b'", "ALTER TABLE t ALTER COLUMN b SET DEFAULT 5",
    "COMMENT ON TABLE t IS 'rows'", "ALTER TABLE t CLUSTER BY (a)", "ALTER TABLE t RENAME TO u",
    "SHOW TBLPROPERTIES u", "SELECT * FROM u" }, DROP)
  statements("partitions", { "CREATE TABLE t (a INT, p INT) USING csv PARTITIONED BY (p)",
    "INSERT INTO t VALUES (1, 1), (2, 2)", "ALTER TABLE t ADD PARTITION (p = 3)",
    "ALTER TABLE t PARTITION (p = 1) RENAME TO PARTITION (p = 4)", "ALTER TABLE t DROP PARTITION (p = 2)",
    "MSCK REPAIR TABLE t", "ALTER TABLE t RECOVER PARTITIONS", "SHOW PARTITIONS t", "SELECT * FROM t" }, DROP)
  statements("views that are altered", { "CREATE VIEW v AS SELECT 1 AS a", "ALTER VIEW v AS SELECT 2 AS a, 'x' AS b",
    "ALTER VIEW v SET TBLPROPERTIES (k = 'v')", "ALTER VIEW v WITH SCHEMA EVOLUTION", "SELECT * FROM v" }, DROP)
  statements("rows into many tables", { "CREATE TABLE t (a INT) USING snapshot", "CREATE TABLE u (a INT) USING csv",
    "FROM (VALUES (1), (2)) AS s(a) INSERT INTO t SELECT a WHERE a > 1 INSERT INTO u SELECT a", "SELECT * FROM t" },
    DROP)
  statements("caches and settings", { "CACHE LAZY TABLE c AS SELECT id FROM range(9)", "REFRESH TABLE c",
    "UNCACHE TABLE IF EXISTS c", "CLEAR CACHE", "SET spark.sql.ansi.enabled", "SET TIME ZONE 'UTC'",
    "RESET spark.sql.ansi.enabled", "LIST JARS" }, { "UNCACHE TABLE IF EXISTS c", "DROP VIEW IF EXISTS c" })

  -- What tables of files do not do is told by an error, which is made of memory, too.
  local function refused(spark, statement)
    local fine, err = pcall(spark.sql, spark, statement)
    if fine or type(err) ~= "table" or err.condition == "OUT_OF_MEMORY" then error(err, 0) end
    return err.condition
  end
  scenario("alterations that are refused", function(spark, dir)
    local out = {}
    spark:sql(("CREATE TABLE u (a INT) USING csv LOCATION '%s/u'"):format(dir))
    spark:sql(("ALTER TABLE u SET LOCATION '%s/v'"):format(dir))
    for i, action in ipairs { "REPLACE COLUMNS (b INT)", "DROP COLUMN a", "RENAME COLUMN a TO b",
      "ADD CONSTRAINT c CHECK (a > 1)" } do
      out[i] = refused(spark, "ALTER TABLE u " .. action)
    end
    spark:sql "DROP TABLE u"
    return table.concat(out, " ")
  end, function(spark) spark:sql "DROP TABLE IF EXISTS u" end)

  local function shape(name, query)
    scenario("sql: " .. name, function(spark) return text(spark:sql(query)) end)
  end
  shape("pivot", [[SELECT * FROM VALUES (1, 'a', 10), (1, 'b', 20), (2, 'a', 30) AS t(k, c, v)
    PIVOT (sum(v) AS s, max(v) AS m FOR c IN ('a', 'b')) ORDER BY k]])
  shape("unpivot", [[SELECT * FROM VALUES (1, 10, 20), (2, NULL, 40) AS t(k, a, b)
    UNPIVOT INCLUDE NULLS (v FOR c IN (a, b)) ORDER BY k, c]])
  shape("sample", "SELECT count(*) FROM (SELECT id FROM range(1000)) TABLESAMPLE (20 PERCENT) REPEATABLE (3)")
  scenario("columns dropped, renamed, repartitioned; the last rows", function(spark)
    local df = spark:range(20):withColumn("n", F.col "id" * 2):withColumnRenamed("n", "m"):repartition(3)
    return text(spark:createDataFrame(df:tail(2)):toDF("a", "b"):drop "a")
  end)

  -- ---- functions that say something else each time -----------------------------------------------

  scenario("functions of chance and of the clock", function(spark)
    text(spark:sql [[SELECT uuid(), rand(), rand(3), randn(), randstr(5), uniform(1, 9), shuffle(array(1, 2, 3)), now(),
      current_timestamp(), localtimestamp(), current_date(), curdate(), current_time(), unix_timestamp(),
      to_unix_timestamp('2024-01-01 00:00:00'), aes_encrypt('text', '0123456789abcdef'),
      monotonically_increasing_id() FROM range(3)]])
  end)

  scenario("vectors of arrays", function(spark)
    local df = spark:sql "SELECT array(id, id / 2) a FROM range(3)"
    local vectors = df:select(tidemill.ml.functions.array_to_vector("a"):alias "v")
    return text(vectors:select("v", tidemill.ml.functions.vector_to_array("v"):alias "b"))
  end)

  -- ---- options of files -------------------------------------------------------------------------

  scenario("options of CSV", function(spark, dir)
    local df = spark:sql "SELECT * FROM VALUES (1, ' x\t', ''), (2, NULL, 'a \"q\" ; b') AS t(id, s, e)"
    df.write:mode("overwrite"):options { sep = ";", quoteAll = true, escapeQuotes = true, nullValue = "-",
      emptyValue = "none", header = true, ignoreLeadingWhiteSpace = false, ignoreTrailingWhiteSpace = false,
      lineSep = "\n", extension = "dat", locale = "en-US", timeZone = "UTC", charToEscapeQuoteEscaping = "\\",
      dateFormat = "yyyy", timestampFormat = "yyyy-MM" }:csv(dir .. "/o.csv")
    local path = file(dir .. "/o.dat", "id;s;e\n# no row\n1; x ;-\n2;'it;s';none\n")
    return text(spark.read:options { delimiter = ";", header = true, inferSchema = true, preferDate = true,
      quote = "'", escape = "\\", comment = "#", nullValue = "-", emptyValue = "none", samplingRatio = 1.0,
      ignoreLeadingWhiteSpace = true, ignoreTrailingWhiteSpace = true, maxColumns = 10, maxCharsPerColumn = 100,
      enforceSchema = false, columnPruning = false, unescapedQuoteHandling = "STOP_AT_DELIMITER",
      locale = "en-US", timeZone = "UTC", multiLine = false }:csv(path))
      .. text(spark.read:options { sep = ";", header = true, pathGlobFilter = "*.dat", recursiveFileLookup = true,
        ignoreCorruptFiles = true, ignoreMissingFiles = true }:csv(dir .. "/o.csv"))
  end)
  scenario("options of JSON", function(spark, dir)
    local df = spark:sql "SELECT 1 AS id, 'é' AS s, CAST(NULL AS INT) AS n, DATE'2024-01-01' AS d"
    df.write:mode("overwrite"):options { ignoreNullFields = false, pretty = true, lineSep = "\n",
      writeNonAsciiCharacterAsCodePoint = true, sortKeys = true }:json(dir .. "/o.json")
    local path = file(dir .. "/o.jsonl", "{a: 01, 'b': NaN, c: '\\q', d: null, t: '2024-01-01 10:00:00'} // comment\n")
    local reader = spark.read:options { allowComments = true, allowUnquotedFieldNames = true, allowSingleQuotes = true,
      allowNumericLeadingZeros = true, allowNonNumericNumbers = true, allowBackslashEscapingAnyCharacter = true,
      allowUnquotedControlChars = true, inferTimestamp = true, prefersDecimal = true, samplingRatio = 1.0,
      dropFieldIfAllNull = true, maxNestingDepth = 20, maxNumLen = 30, columnNameOfCorruptRecord = "_bad" }
    return text(reader:json(path)) .. text(reader:option("primitivesAsString", true):json(path))
      .. text(spark.read:option("multiLine", true):json(dir .. "/o.json"))
  end)
  scenario("options of text", function(spark, dir)
    local path = file(dir .. "/o.txt", "one;two;three\n")
    return text(spark.read:option("wholetext", true):text(path)) .. text(spark.read:option("lineSep", ";"):text(path))
  end)
  scenario("options of Parquet", function(spark, dir)
    local df = spark:sql "SELECT id, CAST(id % 7 AS STRING) s, id / 3 d FROM range(300)"
    df.write:mode("overwrite"):options { ["parquet.compression"] = "uncompressed", ["parquet.page.size"] = 512,
      ["parquet.dictionary.page.size"] = 64, ["parquet.block.row.count.limit"] = 100,
      ["parquet.columnindex.truncate.length"] = 8, ["parquet.statistics.truncate.length"] = 8,
      ["parquet.writer.version"] = "v1" }:parquet(dir .. "/o/k=1")
    df:withColumn("more", F.lit(1)):limit(3).write:mode("overwrite"):parquet(dir .. "/o/k=2")
    local reader = spark.read:options { mergeSchema = true, basePath = dir .. "/o" }
    return text(reader:parquet(dir .. "/o/k=1", dir .. "/o/k=2")
      :where "id < 4":orderBy("k", "id"))
  end)

  return M
end
