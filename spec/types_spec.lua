-- Expectations: repr, simpleString and treeString of pyspark.sql.types.
local T = require "tidemill".types

describe("types", function()
  local nested = T.StructType {
    T.StructField("s", T.StructType { T.StructField("a", T.IntegerType()) }, false),
    T.StructField("m", T.MapType(T.StringType(), T.ArrayType(T.DecimalType(10, 2), false))),
    T.StructField("d", T.DayTimeIntervalType(0, 2)),
  }
  it("print as PySpark's", function()
    assert.equal("StructType([StructField('s', StructType([StructField('a', IntegerType(), True)]), False), "
      .. "StructField('m', MapType(StringType(), ArrayType(DecimalType(10,2), False), True), True), "
      .. "StructField('d', DayTimeIntervalType(0, 2), True)])", tostring(nested))
    assert.equal("struct<s:struct<a:int>,m:map<string,array<decimal(10,2)>>,d:interval day to minute>",
      nested:simpleString())
    assert.equal("s STRUCT<a: INT> NOT NULL,m MAP<STRING, ARRAY<DECIMAL(10,2)>>,d INTERVAL DAY TO MINUTE",
      nested:toDDL())
    assert.equal([[
root
 |-- s: struct (nullable = false)
 |    |-- a: integer (nullable = true)
 |-- m: map (nullable = true)
 |    |-- key: string
 |    |-- value: array (valueContainsNull = true)
 |    |    |-- element: decimal(10,2) (containsNull = false)
 |-- d: interval day to minute (nullable = true)
]], nested:treeString())
    assert.equal('{"fields":[{"metadata":{},"name":"id","nullable":false,"type":"long"}],"type":"struct"}',
      require "tidemill".session {}:range(1).schema:json())
    assert.equal("root\n |-- s: struct (nullable = false)\n", T.StructType { nested.fields[1] }:treeString(1))
    assert.equal("interval year", T.YearMonthIntervalType(0, 0):simpleString())
    assert.equal("void", T.NullType():simpleString())
  end)
  it("compare by structure and give their parts", function()
    assert.is_true(T.IntegerType() == T.IntegerType())
    assert.is_false(T.ArrayType(T.IntegerType()) == T.ArrayType(T.IntegerType(), false))
    assert.same({ "s", "m", "d" }, nested.names)
    assert.equal(3, #nested)
    assert.equal("MapType(StringType(), ArrayType(DecimalType(10,2), False), True)", tostring(nested.m.dataType))
    assert.equal("d", nested[3].name)
    assert.equal("timestamp_ntz", T.TimestampNTZType():typeName())
    assert.equal("INDEX_OUT_OF_RANGE", select(2, pcall(function() return nested[9] end)).condition)
  end)
  it("grow by add", function()
    assert.equal("struct<a:decimal(5,2)>", T.StructType():add("a", "decimal(5,2)"):simpleString())
    for _, ddl in ipairs { "int", "STRING", "bigint", "array<integer>", "time" } do
      local _, e = pcall(T.StructType().add, T.StructType(), "a", ddl)
      assert.same({ "CANNOT_PARSE_DATATYPE", ddl }, { e.condition, e.messageParameters.msg })
    end
    local strict = T.StructType { T.StructField("m",
      T.MapType(T.IntegerType(), T.ArrayType(T.LongType(), false), false), false) }
    assert.equal("StructType([StructField('m', MapType(IntegerType(), ArrayType(LongType(), True), True), True)])",
      tostring(strict:toNullable()))
    assert.equal(strict, T.StructType.fromJson(strict:jsonValue()))
    local s = T.StructType():add("a", T.LongType(), false):add(T.StructField("b", T.DateType()))
    assert.equal("a BIGINT NOT NULL,b DATE", s:toDDL())
    assert.equal("ARGUMENT_REQUIRED", select(2, pcall(s.add, s, "x")).condition)
  end)
end)

describe("Row", function()
  local Row = require "tidemill".Row
  it("prints and reads as Spark's", function()
    local r = Row { a = 1, b = "it's", c = 1.0 }
    assert.equal([[Row(a=1, b="it's", c=1.0)]], tostring(r))
    assert.equal(1, r.a)
    assert.equal("it's", r[2])
    assert.equal(1.0, r[-1])
    assert.equal(3, #r)
    assert.same({ a = 1, b = "it's", c = 1.0 }, r:asDict())
    assert.equal("ATTRIBUTE_NOT_SUPPORTED", select(2, pcall(function() return r.zz end)).condition)
    assert.is_true(Row { a = 1 } == Row("a")(1))
    assert.equal("Row(b=2, a=1)", tostring(Row("b", "a")(2, 1)))
    local keys = {}
    for k, v in pairs(Row { { "z", 1 }, { "y", 2 } }) do keys[#keys + 1] = k .. v end
    assert.same({ "z1", "y2" }, keys)
  end)

  it("has one metatable for the same names, of which nothing stays behind", function()
    local spark <close> = require "tidemill".session {}
    local function row(sql) return spark:sql(sql):collect()[1] end
    local one, same = row "SELECT 1 AS a, 'x' AS b", row "SELECT 2.5 AS a, named_struct('a', 1, 'b', 2) AS b"
    assert.equal(getmetatable(one), getmetatable(same))
    assert.equal(getmetatable(one), getmetatable(same.b))
    for _, sql in ipairs { "SELECT 1 AS ab", "SELECT 1 AS b, 2 AS a", "SELECT 1 AS A, 2 AS b",
      "SELECT 1 AS a, 2 AS b, 3 AS b" } do
      local other = row(sql)
      assert.not_equal(getmetatable(one), getmetatable(other))
      assert.same(spark:sql(sql).columns, getmetatable(other).__fields)
    end
    local held = setmetatable({ getmetatable(one) }, { __mode = "v" })
    one, same = nil, nil -- luacheck: ignore 311
    for _ = 1, 3 do collectgarbage() end
    assert.is_nil(held[1])
    assert.equal(7, row("SELECT 7 AS a, 8 AS b").a)
  end)
end)
