--- Variables, EXECUTE IMMEDIATE, scripts, SQL functions and recursion, as Spark 4.3 answered.
local tidemill = require "tidemill"

describe("the language of statements", function()
  local spark

  before_each(function() spark = tidemill.session {} end)
  after_each(function() spark:close() end)

  local function rows(text)
    local out = {}
    for i, row in ipairs(spark:sql(text):collect()) do out[i] = row[1] end
    return out
  end
  local function condition(text)
    local ok, e = pcall(function() spark:sql(text):collect() end)
    assert.is_false(ok)
    return e.condition
  end

  it("keeps variables and shows their values in names", function()
    spark:sql "DECLARE a INT = 5"
    spark:sql "DECLARE b INT = 7"
    assert.same({ "a", "(variablereference(system.session.a=5) + 1)" }, spark:sql("SELECT a, a + 1").columns)
    spark:sql "SET VAR a = b, b = a"
    assert.same({ 75 }, rows "SELECT a * 10 + b")
    assert.equal("VARIABLE_ALREADY_EXISTS", condition "DECLARE a INT")
    assert.equal("ROW_SUBQUERY_TOO_MANY_ROWS", condition "SET VAR (a, b) = (SELECT 1, id FROM range(2))")
    assert.same({ 75 }, rows "SELECT a * 10 + b")
  end)

  it("gives a frame the value that a variable had when it was made", function()
    spark:sql "DECLARE a INT = 1"
    local df = spark:sql "SELECT a AS x"
    spark:sql "SET VAR a = 2"
    assert.equal(1, df:collect()[1].x)
    assert.same({ 2 }, rows "SELECT a AS x")
  end)

  it("executes texts with values, but no text without end", function()
    assert.same({ 5 }, rows "EXECUTE IMMEDIATE 'SELECT ? + ?' USING 2, 3")
    spark:sql "DECLARE q STRING = 'EXECUTE IMMEDIATE q'"
    assert.equal("PLAN_TOO_DEEP", condition "EXECUTE IMMEDIATE q")
  end)

  it("runs scripts, and takes no more memory the longer a loop runs", function()
    local text = [[BEGIN
      DECLARE i INT = 0;
      l: LOOP SET i = i + 1; IF i = %d THEN LEAVE l; END IF; END LOOP l;
      SELECT i AS n;
    END]]
    assert.same({ 10 }, rows(text:format(10)))
    assert.same({ 2000 }, rows(text:format(2000)))
  end)

  it("hands errors to the nearest handler that fits best", function()
    assert.same({ "state" }, rows [[BEGIN
      DECLARE EXIT HANDLER FOR SQLEXCEPTION SELECT 'any';
      DECLARE EXIT HANDLER FOR SQLSTATE '22012' SELECT 'state';
      SELECT 1 / 0;
    END]])
    assert.equal("DIVIDE_BY_ZERO", condition "BEGIN SELECT 1 / 0; SELECT 2; END")
  end)

  it("puts the bodies of SQL functions in the place of their calls", function()
    spark:sql [[CREATE TEMPORARY FUNCTION below(x INT) RETURNS BIGINT
      RETURN (SELECT count(*) FROM range(9) WHERE id < x)]]
    assert.same({ 0, 1, 2 }, rows "SELECT below(CAST(id AS INT)) FROM range(3) ORDER BY id")
    spark:sql "CREATE TEMPORARY FUNCTION g(x INT) RETURNS INT RETURN x"
    spark:sql "CREATE TEMPORARY FUNCTION h(x INT) RETURNS INT RETURN g(x)"
    assert.equal("CYCLIC_FUNCTION_REFERENCE",
      condition "CREATE OR REPLACE TEMPORARY FUNCTION g(x INT) RETURNS INT RETURN h(x)")
    assert.equal("UNSUPPORTED_SQL_UDF_USAGE", condition "SELECT id FROM range(2) ORDER BY g(1)")
  end)

  it("goes on from what the last step of a recursion gave", function()
    assert.same({ 1, 2, 4, 8 },
      rows "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i * 2 FROM n WHERE i < 8) SELECT i FROM n")
    assert.same({ 1, 2, 3 },
      rows "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n LIMIT 3")
    assert.equal("RECURSION_LEVEL_LIMIT_EXCEEDED",
      condition "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
  end)
end)
