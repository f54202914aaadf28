-- Functions of Lua that have a name (spark.udf:register), wherever SQL text may call them.
local tidemill = require "tidemill"

describe("registered functions are found", function()
  local spark

  before_each(function()
    spark = tidemill.session {}:newSession()
    spark.udf:register("twice", function(x) return x and 2 * x end, "BIGINT")
  end)
  after_each(function() spark:stop() end)

  local function value(text) return spark:sql(text):collect()[1][1] end

  it("in the statements of a script", function()
    assert.equal(14, value [[
      BEGIN
        DECLARE n BIGINT DEFAULT twice(3);
        IF twice(n) = 12 THEN SET n = n + 1; END IF;
        SELECT twice(n);
      END]])
  end)

  it("in the text of EXECUTE IMMEDIATE", function()
    assert.equal(42, value "EXECUTE IMMEDIATE 'SELECT twice(?)' USING 21")
  end)

  it("in the bodies of SQL functions", function()
    spark:sql "CREATE TEMPORARY FUNCTION fourfold(x BIGINT) RETURNS BIGINT RETURN twice(twice(x))"
    assert.equal(20, value "SELECT fourfold(5)")
  end)

  it("in temporary views", function()
    spark:sql "CREATE TEMPORARY VIEW doubled AS SELECT twice(id) AS v FROM range(4)"
    assert.equal(12, value "SELECT CAST(sum(v) AS BIGINT) FROM doubled")
  end)
end)
