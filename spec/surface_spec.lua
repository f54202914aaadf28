-- The public names of PySpark (conformance/api/surface.json) against those of the Lua surface. What is not there
-- stands in surface_missing.lua with the reason, and both ways: a name that is neither there nor listed fails, and so
-- does one that is there though it is listed.
local cjson = require "cjson"
local tidemill = require "tidemill"
local F, T = tidemill.functions, tidemill.types

local spark, df

-- An object of each class; a function gets one when the class is looked at.
local OBJECT = {
  SparkSession = function() return spark end,
  ["SparkSession.Builder"] = function() return tidemill.SparkSession.builder end,
  RuntimeConfig = function() return spark.conf end,
  Catalog = function() return spark.catalog end,
  DataFrame = function() return df end,
  DataFrameNaFunctions = function() return df.na end,
  DataFrameStatFunctions = function() return df.stat end,
  GroupedData = function() return df:groupBy "id" end,
  Column = function() return F.col "id" end,
  Window = function() return tidemill.Window end,
  WindowSpec = function() return tidemill.Window.partitionBy "id" end,
  Observation = function() return tidemill.Observation "o" end,
  Row = function() return tidemill.Row { a = 1 } end,
  StorageLevel = function() return tidemill.StorageLevel.MEMORY_ONLY end,
  DataFrameReader = function() return spark.read end,
  DataFrameWriter = function() return df.write end,
  DataFrameWriterV2 = function() return df:writeTo "t" end,
  MergeIntoWriter = function() return df:mergeInto("t", F.lit(true)) end,
  UDFRegistration = function() return spark.udf end,
  UserDefinedFunction = function() return F.udf(function(x) return x end, "int") end,
  TableValuedFunction = function() return spark.tvf end,
  DataStreamReader = function() return spark.readStream end,
  DataStreamWriter = function() return spark.readStream:format("rate"):load().writeStream end,
  StreamingQueryManager = function() return spark.streams end,
  StructType = function() return T.StructType { T.StructField("a", T.IntegerType()) } end,
  StructField = function() return T.StructField("a", T.IntegerType()) end,
  ArrayType = function() return T.ArrayType(T.IntegerType()) end,
  MapType = function() return T.MapType(T.StringType(), T.IntegerType()) end,
  DecimalType = function() return T.DecimalType(5, 2) end,
  CharType = function() return T.CharType(3) end,
  VarcharType = function() return T.VarcharType(3) end,
}
for _, name in ipairs { "BinaryType", "BooleanType", "ByteType", "CalendarIntervalType", "DateType",
  "DayTimeIntervalType", "DoubleType", "FloatType", "IntegerType", "LongType", "NullType", "ShortType", "StringType",
  "TimeType", "TimestampNTZType", "TimestampType", "VariantType", "YearMonthIntervalType" } do
  OBJECT[name] = function() return T[name]() end
end

-- Names that stand at the class, not at its objects.
local function class_of(name)
  if name == "StorageLevel" then return tidemill.StorageLevel end
  if name == "SparkSession" then return tidemill.SparkSession end
  return rawget(T, name)
end

-- Functions that have no name in SQL, and those that have another.
local LUA_ONLY = {}
for name in ([[asc asc_nulls_first asc_nulls_last desc desc_nulls_first desc_nulls_last broadcast call_function call_udf
  col column lit expr udf count_distinct countDistinct sum_distinct sumDistinct listagg_distinct string_agg_distinct
  approxCountDistinct bitwiseNOT bitwise_not create_map negate timestamp_add timestamp_diff toDegrees
  toRadians product bucket years months days hours]]):gmatch "%S+" do
  LUA_ONLY[name] = true
end

-- Is there anything under the name? Errors other than that of a name that is not known come from behind it.
local function there(object, name)
  local ok, v = pcall(function() return object[name] end)
  if ok then return v ~= nil end
  return type(v) == "table" and v.condition ~= "ATTRIBUTE_NOT_SUPPORTED" and v.condition ~= "KEY_NOT_EXISTS"
end

local function read_surface()
  local f <close> = assert(io.open("spec/conformance/api/surface.json", "rb"))
  return cjson.decode(f:read "a")
end

local function in_scope(class)
  return OBJECT[class.class] and not (class.class == "Column" and class.module:find "catalog")
end

local function missing_names()
  local out = {}
  for _, o in ipairs(read_surface()) do
    if o["function"] then
      local name = o["function"]
      local known = there(F, name) and (LUA_ONLY[name] or spark.catalog:functionExists(name))
      if not known then out["F." .. name] = true end
    elseif o.class and in_scope(o) then
      local ok, object = pcall(OBJECT[o.class])
      for _, m in ipairs(o.members) do
        local public = not m.name:find "^_" and m.kind ~= "class"
        local class = class_of(o.class)
        local known = ok and there(object, m.name) or class and there(class, m.name)
        if public and not known then out[o.class .. "." .. m.name] = true end
      end
    end
  end
  return out
end

describe("the surface", function()
  setup(function()
    spark = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }:newSession()
    df = spark:range(3)
  end)
  teardown(function() spark:close() end)

  it("has PySpark's names but for those that are listed", function()
    local found, listed, wrong = missing_names(), {}, {}
    for reason, text in pairs(require "spec.surface_missing") do
      for name in text:gmatch "%S+" do listed[name] = reason end
    end
    for name in pairs(found) do
      if not listed[name] then wrong[#wrong + 1] = "not there, and not listed: " .. name end
    end
    for name, reason in pairs(listed) do
      if not found[name] then wrong[#wrong + 1] = ("listed, but there: %s (%s)"):format(name, reason) end
    end
    table.sort(wrong)
    assert.equal("", table.concat(wrong, "\n"))
  end)
end)
