-- spark.sql.legacy.timeParserPolicy as Spark 4.3 answered: LEGACY, and EXCEPTION.
local tidemill = require "tidemill"

local DIFFERS = "INCONSISTENT_BEHAVIOR_CROSS_VERSION.PARSE_DATETIME_BY_NEW_PARSER"

local LEGACY = {
  { "to_date('2024-2-9', 'yyyy-MM-dd')", "2024-02-09" },
  { "try_to_date('2024-02-30', 'yyyy-MM-dd')" },
  { "to_timestamp('2024-02-29 01:02:03.5', 'yyyy-MM-dd HH:mm:ss.SSS')", "2024-02-29 01:02:03.005" },
  { "to_date('99-02-09', 'yy-MM-dd')", "1999-02-09" },
  { "to_date('24-02-09', 'yyyy-MM-dd')", "0024-02-09" },
  { "to_date('2024-02-09xyz', 'yyyy-MM-dd')", "2024-02-09" },
  { "to_date('  2024- 2-9', 'yyyy-MM-dd')", "2024-02-09" },
  { "to_date('9 february 2024', 'd MMM yyyy')", "2024-02-09" },
  { "to_timestamp('2024-02-29 24:00', 'yyyy-MM-dd kk:mm')", "2024-02-29 00:00:00" },
  { "to_timestamp('2024-02-29 10:00 +0200', 'yyyy-MM-dd HH:mm Z')", "2024-02-29 08:00:00" },
  { "to_date('[2024]', '[yyyy]')", "2024-01-01" },
  { "from_csv('2024-13-1', 'a DATE', map('dateFormat', 'yyyy-MM-dd')).a", "2025-01-01" },
  { "from_csv('2024-02-29 25:61:00.5', 'a TIMESTAMP', map('timestampFormat', 'yyyy-MM-dd HH:mm:ss.SSS')).a",
    "2024-03-01 02:01:00.005" },
  { "from_csv('60 2024', 'a DATE', map('dateFormat', 'D yyyy')).a", "2024-02-29" },
  { "from_csv('2024229', 'a DATE', map('dateFormat', 'yyyyMd')).a", "2024-02-29" },
  { [[from_json('{"a":"2024-02-30"}', 'a DATE', map('dateFormat', 'yyyy-MM-dd')).a]], "2024-03-01" },
  { "from_xml('<r><a>2024-02-30</a></r>', 'a DATE', map('dateFormat', 'yyyy-MM-dd')).a", "2024-03-01" },
}

local EXCEPTION = {
  { "to_date('2024-2-9', 'yyyy-MM-dd')", DIFFERS },
  { "try_to_date('2024-2-9', 'yyyy-MM-dd')", DIFFERS },
  { "to_date('2024-02-30', 'yyyy-MM-dd')", "CANNOT_PARSE_TIMESTAMP" },
  { "from_csv('2024-02-30', 'a DATE')", DIFFERS },
  { [[from_json('{"a":"2024-2-9"}', 'a DATE', map('dateFormat', 'yyyy-MM-dd'))]], DIFFERS },
  { "from_xml('<r><a>2024-2-9</a></r>', 'a DATE', map('dateFormat', 'yyyy-MM-dd'))", DIFFERS },
}

local function session(policy)
  return tidemill.session { ["spark.sql.session.timeZone"] = "UTC", ["spark.sql.legacy.timeParserPolicy"] = policy }
end

describe("the policy of reading times", function()
  it("LEGACY reads as Spark 2 did", function()
    local spark = session "LEGACY"
    for _, case in ipairs(LEGACY) do
      assert.equal(case[2], spark:sql("SELECT CAST(" .. case[1] .. " AS STRING)"):collect()[1][1], case[1])
    end
    spark:stop()
  end)

  it("EXCEPTION tells where Spark 2 read a value", function()
    local spark = session "EXCEPTION"
    for _, case in ipairs(EXCEPTION) do
      local ok, err = pcall(function() return spark:sql("SELECT " .. case[1]):collect() end)
      assert.is_false(ok, case[1])
      assert.equal(case[2], err.condition, case[1])
    end
    assert.equal("2024-02-09", spark:sql [[SELECT CAST(from_csv('2024-2-9', 'a DATE', map('dateFormat', 'yyyy-MM-dd',
      'enableDateTimeParsingFallback', 'true')).a AS STRING)]]:collect()[1][1])
    spark:stop()
  end)
end)
