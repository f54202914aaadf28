-- DataFrames through the public surface. Expectations: PySpark 4.3 (cases of api/dataframe.json named in comments).
local tidemill = require "tidemill"
local support = dofile "spec/support.lua"
local F, null = tidemill.functions, tidemill.null

local spark = support.session()
local people = spark:createDataFrame({ { 1, "ann", 30, 1.5 }, { 2, "bob", null, 2.5 }, { 3, null, 41, null },
  { 4, "dee", 30, -0.5 } }, "id INT, name STRING, age INT, score DOUBLE")

local function caught(f, ...)
  local fine, e = pcall(f, ...)
  assert.is_false(fine)
  return e
end

-- Rows as lists of texts, the way the reference has them.
local function texts(df)
  local out = {}
  for i, row in ipairs(df:collect()) do
    out[i] = {}
    for k = 1, #row do out[i][k] = row[k] == nil and "NULL" or tostring(row[k]) end
  end
  return out
end

describe("DataFrame", function()
  it("tells a frame from itself in a subquery over it", function()
    local pay = spark:createDataFrame({ { 1, 45, 101 }, { 2, 54, 101 }, { 3, 29, 102 } }, { "id", "pay", "dep" })
    local own = F.col "e2.dep":equalTo(F.col "e1.dep":outer())
    local function ids(condition)
      local out = {}
      for _, r in ipairs(pay:alias "e1":where(condition):orderBy("id"):collect()) do out[#out + 1] = r.id end
      return out
    end
    assert.same({ 2 }, ids(F.col "pay":gt(pay:alias "e2":where(own):select(F.avg "pay"):scalar())))
    local above = pay:alias "e2":where(own & pay:col "id":gt(F.col "e1.id":outer()))
    assert.same({ 1 }, ids(above:exists()))
    assert.same({ 2, 3 }, ids(~above:exists()))
  end)

  it("takes rows of table.pack for lists, whatever the order of their keys", function()
    local rows = {}
    for i = 1, 8 do
      local row = i % 2 == 0 and { n = 2 } or {}
      row[2] = "v" .. i
      row.n = 2
      rows[i] = row
    end
    local expected = {}
    for i = 1, 8 do expected[i] = { "NULL", "v" .. i } end
    assert.same(expected, texts(spark:createDataFrame(rows, "id INT, name STRING")))
  end)

  it("knows its columns before it runs", function()
    assert.same({ "id", "name", "age", "score" }, people.columns)
    assert.same({ { "id", "int" }, { "name", "string" }, { "age", "int" }, { "score", "double" } }, people.dtypes)
    assert.equal("id INT,name STRING,age INT,score DOUBLE", people.schema:toDDL())
    local d = people:select("id", F.upper "name", people.age + 1, "age * 2 AS b")
    assert.same({ "id", "upper(name)", "(age + 1)", "b" }, d.columns)
    assert.equal(1, people:withMetadata("id", { a = 1 }).schema.id.metadata.a)
  end)
  it("names what cannot be resolved, with the column that was meant", function()
    local e = caught(people.select, people, "nmae")
    assert.equal("UNRESOLVED_COLUMN.WITH_SUGGESTION", e.condition)
    assert.equal("AnalysisException", e.class)
    assert.equal("42703", e.sqlState)
    assert.matches("did you mean `name`", tostring(e))
    assert.equal("ATTRIBUTE_NOT_SUPPORTED", caught(function() return people.nmae end).condition)
    assert.matches("did you mean `name`", tostring(caught(function() return people.nmae end)))
    assert.equal("UNRESOLVED_COLUMN.WITH_SUGGESTION", caught(people.col, people, "nmae").condition)
  end)
  it("checks and proposes names as Spark does", function()
    local odd = spark:createDataFrame({ { 1, 2, 3 } }, { "a.b", "c d", "e`f" })
    for _, name in ipairs { "e`f", "a.", ".a", "a..b", "`a`b", "`a" } do
      local e = caught(F.col, name)
      assert.same({ "INVALID_ATTRIBUTE_NAME_SYNTAX", name }, { e.condition, e.messageParameters.name })
    end
    assert.equal("`a.b`, `c d`, `e``f`", caught(odd.select, odd, F.col "a.b").messageParameters.proposal)
    assert.equal("`id`, `age`, `name`, `score`",
      caught(people.select, people, F.col "id as x").messageParameters.proposal)
  end)
  it("drops a column by what is meant: a text all of the name, a Column one", function()
    local twice = people:join(people:select("id", "name"), "id")
    assert.same({ "id", "age", "score" }, twice:drop("name").columns)
    assert.same({ "id", "age", "score", "name" }, twice:drop(people:col "name").columns)
    assert.equal("AMBIGUOUS_REFERENCE", caught(twice.drop, twice, F.col "name").condition)
  end)
  it("refuses sort keys that sort nothing", function()
    local e = caught(people:select(F.col("id"):desc()).collect, people:select(F.col("id"):desc()))
    assert.equal("INTERNAL_ERROR", e.condition)
  end)
  it("refuses what Lua would misread", function()
    assert.equal("NOT_EXPECTED_TYPE", caught(people.where, people, true).condition)
    assert.matches("count%(%)", tostring(caught(function() return #people end)))
    assert.matches("withColumn", tostring(caught(function() people.x = 1 end)))
    assert.matches("unknown argument 'hwo' %(did you mean 'how'%?%)",
      caught(people.join, people, people, { on = "id", hwo = "left" }).message)
    assert.matches("call it with ':'", caught(people.limit, 3).message)
  end)
  it("selects, filters, groups and sorts", function()
    assert.same({ { "4", "-0.5" }, { "1", "1.5" } },
      texts(people:where "age = 30":select("id", "score"):orderBy "score"))
    assert.same({ { "NULL", "1" }, { "30", "2" }, { "41", "1" } }, texts(people:groupBy "age":count():orderBy "age"))
    assert.equal(4, people:count())
    assert.equal(1, people:first().id)
    assert.equal(2, #people:take(2))
    assert.is_nil(people:where "id > 9":head())
    assert.is_true(people:where "id > 9":isEmpty())
    assert.same({ { "4" }, { "3" } }, texts(people:select "id":orderBy(F.desc "id"):limit(2)))
  end)
  it("joins and combines", function()
    local other = spark:createDataFrame({ { 1, "x" }, { 9, "y" } }, "id INT, w STRING")
    assert.same({ "id", "name", "age", "score", "w" }, people:join(other, "id").columns)
    assert.equal(4, people:join(other, { on = "id", how = "left" }):count())
    assert.equal(8, people:union(people):count())
    assert.equal(4, people:union(people):distinct():count())
    assert.equal("UNSUPPORTED_JOIN_TYPE", caught(people.join, people, other, "id", "lft").condition)
  end)
  it("fills, drops and replaces what is missing", function() -- fillna_2, dropna_2, replace_*
    local t = spark:createDataFrame({ { 1, null, 1.5, null, null }, { null, "x", null, true, "y" },
      { 3, null, 0 / 0, false, null } }, "i INT, s STRING, d DOUBLE, b BOOLEAN, s2 STRING")
    assert.same({ { "1", "NULL", "1.5", "NULL", "NULL" }, { "0", "x", "0.0", "true", "y" },
      { "3", "NULL", "0.0", "false", "NULL" } }, texts(t:fillna(0)))
    assert.same({ "9", "5.0" }, { texts(t:fillna { i = 9.7, d = 5 })[2][1], texts(t:fillna { i = 9.7, d = 5 })[2][3] })
    assert.equal(0, t:dropna():count())
    assert.equal(2, t:dropna { subset = "i" }:count())
    assert.equal("VALUE_NOT_ALLOWED", caught(t.dropna, t, "nope").condition)
    assert.same({ "7", "NULL", "3" }, (function()
      local out = {}
      for i, r in ipairs(texts(t:replace(1, 7))) do out[i] = r[1] end
      return out
    end)())
    assert.equal("MIXED_TYPE_REPLACEMENT", caught(t.replace, t, { "a", 1 }, { "b", 2 }).condition)
  end)
  it("prints as Spark does", function() -- show_1, show_12, show_19
    assert.equal("+---+----+----+-----+\n| id|name| age|score|\n+---+----+----+-----+\n|  1| ann|  30|  1.5|\n"
      .. "|  2| bob|NULL|  2.5|\n|  3|NULL|  41| NULL|\n|  4| dee|  30| -0.5|\n+---+----+----+-----+\n\n",
      support.printed(people.show, people))
    assert.equal("+---+----+----+-----+\n|id |name|age |score|\n+---+----+----+-----+\n|1  |ann |30  |1.5  |\n"
      .. "|2  |bob |NULL|2.5  |\n+---+----+----+-----+\nonly showing top 2 rows\n",
      support.printed(people.show, people, 2, false))
    assert.equal("root\n |-- id: integer (nullable = true)\n |-- name: string (nullable = true)\n"
      .. " |-- age: integer (nullable = true)\n |-- score: double (nullable = true)\n\n",
      support.printed(people.printSchema, people))
    assert.matches("ann", tostring(people))
  end)
  it("iterates and closes by itself", function()
    local seen = {}
    for i, id, name in people:rows() do seen[i] = ("%s %s"):format(id, name) end
    assert.same({ "1 ann", "2 bob", "3 nil", "4 dee" }, seen)
    for i, row in people:toLocalIterator() do
      assert.equal(i, row.id)
      if i == 2 then break end
    end
    local sum = 0
    for _, batch in people:batches() do sum = sum + batch:column "score":sum() end
    assert.equal(3.5, sum)
  end)
  it("freqItems answers as Spark does over two partitions", function()
    local recorded = {
      { 10, 0.5, { { "2" }, { "12" }, { "2.0" }, { "NULL" }, { "false", "true" }, { "2020-01-10" } } },
      { 50, 0.34, { { "0", "3" }, { "9", "4" }, { "0.5", "1.25" }, { "-49", "NULL" }, { "false", "true" },
        { "2020-01-25", "2020-01-10" } } },
      { 333, 0.1, { { "0", "1", "2", "3", "4", "5", "6" }, { "1", "9", "3", "4", "10", "12", "0" },
        { "0.0", "0.25", "0.5" }, { "NULL", "-331", "-332" }, { "false", "true" },
        { "2020-01-12", "2020-01-13", "2020-01-06" } } },
      { 5000, 0.05, { { "0", "1", "2", "3", "4", "5", "6" }, { "1", "9", "3", "4", "10", "12", "0" },
        { "0.0", "0.25", "0.5", "0.75", "1.25", "1.5", "1.75", "2.5", "1.0", "2.0", "2.25" },
        { "-2497", "-4993", "NULL", "-2498", "-4994", "-4996", "-4997", "-4999", "-2491", "-2492", "-2494", "-4990",
          "-2495", "-4991" }, { "false", "true" }, { "2020-01-20", "2020-02-09" } } },
    }
    for _, case in ipairs(recorded) do
      local df = spark:range(case[1]):selectExpr("id % 7 AS a", "CAST(id * id % 13 AS STRING) AS b",
        "CAST(id % 11 AS DOUBLE) / 4 AS c", "IF(id % 3 = 0, NULL, id * -1) AS d", "id % 2 = 0 AS e",
        "DATE'2020-01-01' + CAST(id % 40 AS INT) AS f")
      local row, got = df:freqItems({ "a", "b", "c", "d", "e", "f" }, case[2]):collect()[1], {}
      for k = 1, 6 do
        got[k] = {}
        for i, v in ipairs(row[k]) do got[k][i] = v == tidemill.null and "NULL" or tostring(v) end
      end
      assert.same(case[3], got)
    end
  end)
  it("describes", function() -- describe_3
    local t = spark:createDataFrame({ { 1, 2.5 }, { 2, null }, { 3, 7.5 } }, "i INT, d DOUBLE")
    assert.same({ { "count", "3", "2" }, { "mean", "2.0", "5.0" }, { "stddev", "1.0", "3.5355339059327378" },
      { "min", "1", "2.5" }, { "max", "3", "7.5" } }, texts(t:describe("i", "d")))
    assert.equal("UNRESOLVED_COLUMN.WITH_SUGGESTION", caught(t.describe, t, "nope").condition)
  end)
end)

describe("SparkSession", function()
  it("runs SQL with parameters and DataFrames", function()
    assert.same({ { "3", "it's" }, { "4", "it's" } },
      texts(spark:sql("SELECT id, :x AS x FROM {t} WHERE id > :y ORDER BY id", { x = "it's", y = 2 }, { t = people })))
    assert.same({ { "7" } }, texts(spark:sql("SELECT ? + ?", { 3, 4 })))
    assert.same({ { "4" } }, texts(spark:sql("SELECT id FROM {t} WHERE id > {n}", nil, { t = people, n = 3 })))
    local named = "SELECT {t.id}, {t[name]} FROM {t} WHERE {c} IN {x} AND {t[id]} > 2"
    assert.same({ { "3", "NULL" } },
      texts(spark:sql(named, nil, { t = people, c = people:col "id", x = { 1, 3 } })))
    assert.equal("VALUE_NOT_PLAIN_COLUMN_REFERENCE",
      caught(spark.sql, spark, "SELECT {c}", nil, { c = F.lit(1) + 2 }).condition)
    local function one(text, args) return texts(spark:sql(text, args))[1][1] end
    assert.equal("INTERVAL '3' DAY", one("SELECT INTERVAL ? DAY", { 3 }))
    assert.equal("INTERVAL '-1' DAY", one("SELECT INTERVAL -:n DAY", { n = 1 }))
    assert.equal("INTERVAL '1 02' DAY TO HOUR", one("SELECT INTERVAL :n DAY 2 HOURS", { n = "1" }))
    assert.equal("2024-01-05", one("SELECT DATE'2024-01-01' + INTERVAL :n DAY", { n = 4 }))
    for n = 1, 2 do -- the value is no part of a plan that is kept
      assert.equal("INTERVAL '0" .. n .. "' HOUR", one("SELECT INTERVAL :n HOUR", { n = n }))
    end
    assert.equal("INVALID_QUERY_MIXED_QUERY_PARAMETERS", caught(spark.sql, spark, "SELECT :a, ?", { 1 }).condition)
    local e = caught(spark.sql, spark, "SELEC 1")
    assert.equal("PARSE_SYNTAX_ERROR", e.condition)
    assert.matches("%^%^%^%^%^", tostring(e))
  end)
  it("keeps settings and views", function() -- session_23 .. session_40, catalog_*
    spark.conf:set("my.opt", 5)
    assert.equal("5", spark.conf:get "my.opt")
    assert.equal("UTC", spark.conf:get "spark.sql.session.timeZone")
    assert.equal("SQL_CONF_NOT_FOUND", caught(spark.conf.get, spark.conf, "nope").condition)
    assert.equal("dflt", spark.conf:get("nope", "dflt"))
    assert.is_nil(spark.conf:get("nope", nil))
    assert.equal("DYNAMIC", spark.conf:get("spark.sql.sources.partitionOverwriteMode", "DYNAMIC"))
    people:createOrReplaceTempView "spec_people"
    assert.is_true(spark.catalog:tableExists "spec_people")
    assert.is_false(spark.catalog:tableExists "spec_nobody")
    assert.equal("string", spark.catalog:listColumns "spec_people"[2].dataType)
    assert.is_true(spark.catalog:dropTempView "spec_people")
    assert.is_false(spark.catalog:dropTempView "spec_people")
    assert.equal("default", spark.catalog:currentDatabase())
    assert.equal("SCHEMA_NOT_FOUND", caught(spark.catalog.getDatabase, spark.catalog, "nope").condition)
  end)
  it("takes values that do not fit a schema for NULL where they are not verified", function()
    local function rows(data, schema) return texts(spark:createDataFrame(data, schema, { verifySchema = false })) end
    assert.same({ { "NULL", "NULL" } }, rows({ { "x", 1 } }, "a INT, b DOUBLE"))
    assert.same({ { "NULL" }, { "NULL" }, { "NULL" } }, rows({ { 1.5 }, { true }, { { 1 } } }, "a INT"))
    local nested = spark:createDataFrame({ { { 1, "x" }, { k = "x" } } }, "a ARRAY<INT>, m MAP<STRING,INT>",
      { verifySchema = false })
    assert.same({ { "[1, null]", "{k -> null}" } }, texts(nested:selectExpr("string(a)", "string(m)")))
    assert.equal("FIELD_DATA_TYPE_UNACCEPTABLE_WITH_NAME",
      caught(spark.createDataFrame, spark, { { "x" } }, "a INT").condition)
  end)
  it("takes values of a schema by their class, as PySpark does", function()
    local function place(value, schema)
      local e = caught(spark.createDataFrame, spark, { { value } }, schema)
      assert.equal("FIELD_DATA_TYPE_UNACCEPTABLE_WITH_NAME", e.condition, schema)
      return e.messageParameters.field_name
    end
    assert.equal("field a", place(1, "a DOUBLE"))
    assert.equal("element in array field a", place({ 1 }, "a ARRAY<FLOAT>"))
    assert.equal("value of map field a", place({ k = 1 }, "a MAP<STRING, DOUBLE>"))
    assert.equal("field p in field a", place({ 1 }, "a STRUCT<p: DOUBLE>"))
    for _, kind in ipairs { "DATE", "TIMESTAMP", "TIMESTAMP_NTZ" } do place("2024-01-01", "a " .. kind) end
    for _, v in ipairs { 1, 1.5, "1.5" } do place(v, "a DECIMAL(5,2)") end
    place("01:02:03", "a TIME")
    place(tidemill.date "2024-01-01", "a TIMESTAMP")
    assert.same({ { "2024-01-01" } },
      texts(spark:createDataFrame({ { tidemill.timestamp "2024-01-01 10:00:00" } }, "a DATE")))
    local e = caught(spark.createDataFrame, spark, { { { 1, nil, n = 2 } } },
      tidemill.types.StructType { tidemill.types.StructField("a",
        tidemill.types.ArrayType(tidemill.types.LongType(), false)) })
    assert.same({ field_name = "element in array field a" }, e.messageParameters)
    assert.equal("FIELD_NOT_NULLABLE_WITH_NAME", e.condition)
    assert.equal("INTERNAL_ERROR", caught(spark.createDataFrame, spark, {}, "a ARRAY<CHAR(3)>").condition)
  end)
  it("takes a name's dots for paths wherever Spark does", function()
    local odd = spark:createDataFrame({ { 1, 2 } }, { "a.b", "c d" })
    for _, f in ipairs { function() return odd:col "a.b" end, function() return odd["a.b"] end,
      function() return odd:fillna(0, { "a.b" }) end, function() return odd:dropna("any", nil, { "a.b" }) end } do
      assert.same({ objectName = "`a`.`b`", proposal = "`a`.`b`, `c d`" }, caught(f).messageParameters)
    end
    assert.same({ { "1" } }, texts(odd:select(odd["`a.b`"])))
    assert.same({ { "1", "2" } }, texts(odd:fillna(0, { "`a.b`" })))
  end)
  it("calls columns of the user's functions as Spark does", function()
    local count = F.udf(function(...) return select("#", ...) end, "int", "f"):asNondeterministic()
    local same = F.udf(function(a) return a end, "string", "g")
    local made = spark:range(1):select(count(F.lit "a", F.col "id" + 1, F.col "id":cast "string"), same(F.lit "it's"))
    assert.same({ "f(a, (id + 1), cast(id as string))", "g(it's)" }, made.columns)
    spark.udf:register("strlen", function(...) return select("#", ...) end, "int")
    assert.same({ "strlen(test, 1.5, 2.5, 2024-01-01, 0x41, INTERVAL '1' DAY, (id + 1), cast(id as string))" },
      spark:sql("SELECT strlen('test', 1.5, 2.5D, DATE'2024-01-01', X'41', INTERVAL 1 DAY, id + 1, CAST(id AS STRING)) "
        .. "FROM range(1)").columns)
  end)
  it("reads texts of a DataFrame as lines of JSON and CSV", function()
    local lines = spark:createDataFrame({ '{"a": 1, "b": [1, "x"]}', '{"a":\n2.5}' }, "string")
    local read = spark.read:json(lines)
    assert.equal("a DOUBLE,b ARRAY<STRING>", read.schema:toDDL())
    assert.same({ { "1.0", "[1, x]" }, { "2.5", "NULL" } }, texts(read:selectExpr("a", "string(b)")))
    local csv = spark:createDataFrame({ "a,b", '1,"x\nz"', "2,y" }, "string")
    assert.same({ { "1", "x\nz" }, { "2", "y" } }, texts(spark.read:csv(csv, { header = true, inferSchema = true })))
    local e = caught(spark.read.json, spark.read, spark:range(1))
    assert.equal("DATAFRAME_INPUT_NOT_STRING_TYPE", e.condition)
    for format, text in pairs { json = '{"a": ', csv = "x" } do -- no word of a file
      local reader = spark.read:schema("a INT"):option("mode", "FAILFAST")
      e = caught(reader[format], reader, spark:createDataFrame({ text }, "string"))
      assert.equal("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", e.condition)
      assert.equal("SparkException", e.class)
      assert.is_nil(tostring(e):find("file", 1, true))
    end
  end)
  it("finds frequent items in the order of Spark's hash table", function()
    local df = spark:createDataFrame({ { "a", 10 }, { "b", 20 }, { "a", nil, n = 2 }, { nil, 40, n = 2 }, { "c", 10 } },
      "g STRING, z INT")
    local function items(columns, share)
      return texts(df:freqItems(columns, share):selectExpr("string(g_freqItems)", "string(z_freqItems)"))[1]
    end
    assert.same({ "[a, b]", "[20, 10]" }, items({ "g", "z" }, 0.5))
    assert.equal("[null, a, c, b]", items({ "g", "z" }, 0.0)[1])
  end)
  it("refuses Lua tables where Spark takes one value", function()
    local e = caught(function() return F.col "id" + { 1, 2 } end)
    assert.same({ "UNSUPPORTED_FEATURE.LITERAL_TYPE", "[1, 2]", "class java.util.ArrayList" },
      { e.condition, e.messageParameters.value, e.messageParameters.type })
    e = caught(F.lit, { k = 1 })
    assert.same({ "{k=1}", "class java.util.HashMap" }, { e.messageParameters.value, e.messageParameters.type })
    assert.equal("UNSUPPORTED_FEATURE.LITERAL_TYPE", caught(F.when, F.lit(true), { 1 }).condition)
    assert.equal("NOT_EXPECTED_TYPE", caught(people.withColumn, people, "z", "id").condition)
  end)
  it("knows the words of SQL", function()
    local words = spark.tvf:sql_keywords()
    assert.equal("struct<keyword:string,reserved:boolean>", words.schema:simpleString())
    assert.equal(444, words:count()) -- of Spark 4.3
    assert.equal(0, words:where("reserved"):count())
    assert.equal("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", caught(spark.sql, spark, "FROM sql_keywords(1)").condition)
  end)
  it("makes DataFrames of Lua values", function()
    assert.equal("a BIGINT,b STRING,c DOUBLE",
      spark:createDataFrame({ { a = 1, b = "x", c = 1.5 }, { a = 2, c = 2.0 } }).schema:toDDL())
    assert.equal("id BIGINT,kml DOUBLE", spark:createDataFrame({ id = { 1, 2 }, kml = { 9.5, 8.1 } }).schema:toDDL())
    assert.equal("CANNOT_MERGE_TYPE", caught(spark.createDataFrame, spark, { { 1 }, { {} } }).condition)
    local mixed = caught(spark.createDataFrame, spark, { { { 1 } }, { { 2.5 } } })
    assert.same({ data_type1 = "LongType", data_type2 = "DoubleType" }, mixed.messageParameters)
    assert.equal("CANNOT_INFER_TYPE_FOR_FIELD", caught(spark.createDataFrame, spark, { { { 1, 2.5 } } }).condition)
    assert.equal("VALUE_OUT_OF_BOUNDS", caught(spark.createDataFrame, spark, { { 300 } }, "a TINYINT").condition)
    assert.same({ { "{k -> 1}" } }, texts(spark:createDataFrame({ { { k = 1 } } }, "m MAP<STRING, INT>")
      :select(F.expr "CAST(m AS STRING)")))
  end)
  it("is closed once and says so after", function()
    local second = spark:newSession()
    local df = second:range(3)
    second:close()
    second:close()
    assert.equal("SESSION_CLOSED", caught(df.count, df).condition)
    assert.equal(3, spark:range(3):count())
  end)
end)

describe("Lua functions", function()
  it("are called by a name that is given, and give a type of columns", function()
    local f = F.udf(function(x) return { x, "n" .. x } end, "a INT, b STRING", "pair")
    assert.equal("pair(id)", people:select(f "id").columns[1])
    assert.equal("PARSE_SYNTAX_ERROR", caught(F.udf(print, "nope"), "id").condition)
  end)
  it("run as expressions or row by row, with the same result", function()
    local half = F.udf(function(x) return x * 0.5 end, "double")
    local size = F.udf(function(s) return s and #s end, "int")
    assert.same({ { "0.5", "3" }, { "1.0", "3" }, { "1.5", "NULL" }, { "2.0", "3" } },
      texts(people:select(half "id", size "name")))
    spark.udf:register("twice", function(x) return x * 2 end, "int")
    spark.udf:register("shout", function(s) return s and s:upper() .. "!" end)
    assert.same({ { "8", "DEE!" } }, texts(spark:sql("SELECT twice(id), shout(name) FROM {t} WHERE id = 4", nil,
      { t = people })))
    assert.same({ "twice(id)" }, spark:sql("SELECT twice(id) FROM {t}", nil, { t = people }).columns)
  end)
  it("give their errors back unchanged", function()
    local bad = F.udf(function(s) return s:nothing() end, "int"):asNondeterministic()
    local e = caught(people.collect, people:select(bad "name"))
    assert.equal("FAILED_EXECUTE_UDF", e.condition)
    assert.matches("nothing", tostring(e.cause))
    local nested = F.udf(function() return people:count() end, "int"):asNondeterministic()
    assert.equal("FAILED_EXECUTE_UDF", caught(people.collect, people:select(nested "id")).condition)
  end)
end)
