-- Which results may be null, as Spark 4.3 declares them: what printSchema says of a column.

local tidemill = require "tidemill"

local MAY_BE = [[
acos(1); sqrt(4); sign(40); round(2); ceil(5); floor(3.1411, 3); 3 / 2; 2 % 1.8; pmod(10, 3); 3 div 2; 2 + 1.5
CAST('10' AS INT); CAST(1.5 AS INT); CAST(1 AS DECIMAL(3, 1)); CAST(1.5D AS TIMESTAMP)
CAST(TIMESTAMP_NTZ '2020-01-01' AS DATE); CAST(TIMESTAMP '2020-01-01' AS INT); 1 = '1'; bin(13.3); year('2016-07-30')
date_add('2016-07-30', 1); to_date('2009-07-30'); hour(TIME '10:00:00'); time_to_millis(TIME '10:00:00')
right('abc', 1); mask('a'); contains(X'6162', X'61'); encode('a', 'utf-8'); decode(X'61', 'utf-8'); decode(1, 1, 'a')
is_valid_utf8('a'); url_encode('a'); hmac('key', 'message'); to_json(named_struct('a', 1)); from_unixtime(0)
exists(array(1), x -> x % 2 = 0); map_contains_key(map(1, 'a'), 1); split_part('a', 'b', 1)]]

local NEVER = [[
atan2(1, 2); pow(1, 2); CAST(1 AS BOOLEAN); CAST(1 AS DECIMAL(20, 1)); CAST(1.5 AS STRING); CAST('a' AS BINARY)
CAST(TIMESTAMP '2020-01-01' AS DATE); 2 > 1.1; year(DATE '2016-07-30'); hour(TIMESTAMP '2020-01-01')
contains('ab', 'a'); left('abc', 1); to_date('2016-12-31', 'yyyy-MM-dd'); to_date(DATE '2016-12-31')
unix_timestamp('2016-12-31', 'yyyy-MM-dd'); decode(1, 1, 'a', 'b'); coalesce('1', 2); 1 <=> '1'; base64(X'00')]]

describe("a function's result", function()
  local spark
  setup(function()
    tidemill.session {}:stop() -- another's would be used again
    spark = tidemill.session { threads = 1, ["spark.sql.timeType.enabled"] = "true" }
  end)
  teardown(function() spark:stop() end)

  local function each(list, nullable)
    for expression in list:gmatch "[^;\n]+" do
      local ddl = spark:sql("SELECT " .. expression .. " AS v").schema:toDDL()
      assert.are.equal(nullable, ddl:find(" NOT NULL", 1, true) == nil, expression .. ": " .. ddl)
    end
  end
  it("may be null where Spark says so, though no argument is", function() each(MAY_BE, true) end)
  it("is never null elsewhere", function() each(NEVER, false) end)
end)
