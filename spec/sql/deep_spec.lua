--- Statements that nest deeply or are long: each gives an answer or an error with a condition, never a crash. Answers
--- are closed forms; Spark has no bound of its own but its stack, so many levels may be refused.
local tidemill = require "tidemill"

describe("a deep or long statement", function()
  local spark

  setup(function() spark = tidemill.session { memory = 1 << 30 } end)
  teardown(function() spark:close() end)

  local function answer(text) return spark:sql(text):collect()[1][1] end

  -- The answer, or one of the two conditions that say that a statement nests too deep.
  local function answers(want, text)
    local ok, got = pcall(answer, text)
    if ok then return assert.equal(want, got) end
    assert.is_truthy(got.condition == "FAILED_TO_PARSE_TOO_COMPLEX" or got.condition == "PLAN_TOO_DEEP", tostring(got))
    assert.equal("54001", got.sqlState)
  end

  local function around(n, left, middle, right) return left:rep(n) .. middle .. right:rep(n) end

  local function list(n, separator, item)
    local t = {}
    for i = 1, n do t[i] = item:gsub("#", i) end
    return table.concat(t, separator)
  end

  local nested = {
    parentheses = { 1, "(", "1", ")" },
    queries = { 1, "(SELECT ", "1", ")" },
    cases = { 1, "CASE WHEN true THEN ", "1", " END" },
    calls = { 1, "abs(", "1", ")" },
    signs = { 1, "- - ", "1", "" },
    negations = { true, "NOT NOT ", "true", "" },
    lengths = { 1, "size(array(", "1", "))" },
    lambdas = { 1, "aggregate(array(1), 0, (a, b) -> ", "1", ")" },
    casts = { 1, "", "1", "::INT" },
    sums = { false, "", "0", " + 1" },
  }
  for name, case in pairs(nested) do
    it("nests " .. name, function()
      for _, n in ipairs { 10, 100, 300, 1000, 10000 } do
        local want = name == "sums" and n or case[1]
        answers(want, "SELECT " .. around(n, case[2], case[3], case[4]))
        answers(want, "SELECT " .. around(n, case[2], case[3], case[4]) .. " FROM range(1) WHERE id < 1")
      end
      assert.equal(name == "sums" and 10 or case[1], answer("SELECT " .. around(10, case[2], case[3], case[4])))
    end)
  end

  it("nests queries of FROM, EXISTS and WITH", function()
    for _, n in ipairs { 10, 100, 1000 } do
      answers(1, around(n, "SELECT * FROM (", "SELECT 1", ")"))
      answers(1, "SELECT 1 WHERE " .. around(n, "EXISTS (SELECT 1 WHERE ", "true", ")"))
      answers(1, around(n, "WITH c AS (", "SELECT 1", ") SELECT * FROM c"))
      answers(1, ("WITH c0 AS (SELECT 1 a), %s SELECT * FROM c%d"):format(
        list(n, ", ", "c# AS (SELECT a FROM p#)"):gsub("p(%d+)", function(i) return "c" .. i - 1 end), n))
    end
  end)

  it("nests types and values of JSON and XML", function()
    for _, n in ipairs { 10, 100, 1000, 100000 } do
      local value = around(n, "[", "", "]")
      pcall(answer, ("SELECT from_json('%s', '%s')"):format(value, around(n, "array<", "int", ">")))
      pcall(answer, ("SELECT parse_json('%s'), schema_of_json('%s')"):format(value, value))
      pcall(answer, ("SELECT xpath_string('%s', 'a')"):format(around(n, "<a>", "", "</a>")))
      pcall(answer, ("SELECT from_xml('%s', 'a STRING')"):format(around(n, "<a>", "", "</a>")))
      pcall(answer, ("SELECT 'a' RLIKE '%s'"):format(around(n, "(", "a", ")")))
    end
    local ok, e = pcall(answer, ("SELECT 'a' RLIKE '%s'"):format(around(100000, "(", "a", ")")))
    assert.is_false(ok)
    assert.equal("INVALID_PARAMETER_VALUE.PATTERN", e.condition)
    assert.is_truthy(tostring(e):find("`rlike` is no regular expression", 1, true))
  end)

  it("chains conditions, alternatives and lists of 100,000", function()
    local n = 100000
    assert.equal(true, answer("SELECT " .. list(n, " AND ", "true")))
    assert.equal(1, answer("SELECT count(*) FROM range(3) WHERE " .. list(n, " AND ", "id <> # + 1")
      .. " AND id <> 1 AND id <> 2"))
    assert.equal(3, answer("SELECT count(*) FROM range(1, 4) WHERE " .. list(n, " OR ", "id = #")))
    assert.equal(9, answer("SELECT count(*) FROM range(10) WHERE id IN (" .. list(n, ",", "#") .. ")"))
    assert.equal(9, answer("SELECT count(*) FROM range(10) WHERE id IN (" .. list(n, ",", "# + 0 * id") .. ")"))
    assert.equal(n, answer("SELECT count(*) FROM VALUES " .. list(n, ",", "(#)")))
    assert.equal(7, answer("SELECT CASE " .. list(n, " ", "WHEN id = # THEN #") .. " END FROM range(7, 8)"))
  end)

  it("lists 20,000 patterns of LIKE ANY and ALL, literals or not", function()
    local n = 20000
    local rows = " FROM range(5) t WHERE string(id) "
    for _, item in ipairs { "'#x%'", "concat(#, 'x', id)" } do
      assert.equal(0, answer("SELECT count(*)" .. rows .. "LIKE ANY (" .. list(n, ",", item) .. ")"))
      assert.equal(5, answer("SELECT count(*)" .. rows .. "NOT LIKE ALL (" .. list(n, ",", item) .. ")"))
      assert.equal(1, answer("SELECT count(*)" .. rows .. "ILIKE ANY (" .. list(n, ",", item) .. ", '3')"))
    end
  end)

  -- 1 GB is what the session has.
  it("chains 100,000 unions in some kilobytes each", function()
    local n = 100000
    assert.equal(n * (n + 1) // 2, answer(("SELECT sum(a) FROM (%s)"):format(list(n, " UNION ALL ", "SELECT # a"))))
  end)

  it("has many columns, keys, windows and names of them", function()
    local n = 5000
    local wide = ("(SELECT id, %s FROM range(1))"):format(list(n, ", ", "id + # AS c#"))
    assert.equal(n, answer(("SELECT c%d FROM %s"):format(n, wide)))
    assert.equal(n, spark:sql(("SELECT %s FROM %s"):format(list(n, ", ", "c#"), wide)):collect()[1][n])
    assert.equal(n, #spark:sql(("SELECT * EXCEPT (id) FROM %s"):format(wide)).columns)
    local keys = list(n, ", ", "id + #")
    assert.equal(n, spark:sql(("SELECT %s, count(*) FROM range(1) GROUP BY %s"):format(keys, keys)):collect()[1][n])
    local windows = ("SELECT %s FROM range(1) WINDOW %s"):format(list(n, ", ", "sum(id + 7) OVER w#"),
      list(n, ", ", "w# AS (ORDER BY id ROWS # PRECEDING)"))
    assert.equal(7, spark:sql(windows):collect()[1][n])
    local e = select(2, pcall(answer, ("SELECT 1 WINDOW %s, w7 AS (ORDER BY 1)"):format(list(n, ", ", "w# AS ()"))))
    assert.equal("INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION", e.condition)
    assert.equal("`w7`", e.messageParameters.windowName)
  end)

  it("chains unions, joins and operators", function()
    for _, n in ipairs { 10, 100, 2000 } do
      answers(n, ("SELECT count(*) FROM (%s)"):format(list(n, " UNION ALL ", "SELECT 1 a")))
      answers(1, ("SELECT count(*) FROM (%s)"):format(list(n, " UNION ", "SELECT 1 a")))
      answers(1, "SELECT count(*) FROM range(1) " .. list(n, " ", "CROSS JOIN range(1) t#"))
      answers(0, "FROM range(1) " .. list(n, " ", "|> WHERE id < #"))
    end
  end)

  local function condition(text)
    local ok, e = pcall(spark.sql, spark, text)
    return not ok and e.condition or "none"
  end

  -- Each of them would take hours where the work is the square of the length.
  it("is read in the time that its length takes", function()
    local n = 1 << 20
    for _, quote in ipairs { "'", '"' } do
      assert.equal("PARSE_SYNTAX_ERROR", condition("SELECT " .. quote .. ("\\" .. quote):rep(8 * n)))
    end
    assert.equal("FAILED_TO_PARSE_TOO_COMPLEX", condition("SELECT " .. ("("):rep(16 * n)))
    assert.equal("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", condition("SELECT a" .. (".a"):rep(n)))
    local names = list(n // 8, ", ", "a# AS (SELECT 1)")
    assert.equal(1, answer(("WITH %s SELECT 1"):format(names)))
    local ok, e = pcall(answer, ("WITH %s, a7 AS (SELECT 1) SELECT 1"):format(names))
    assert.is_false(ok)
    assert.same({ "DUPLICATED_CTE_NAMES", "`a7`" }, { e.condition, e.messageParameters.duplicateNames })
  end)

  it("has many aggregates, which are computed once each", function()
    local n = 20000
    local sums = list(n, ", ", "sum(id + #)")
    local df = spark:sql(("SELECT %s, sum(ID + 7) + 1 FROM range(2)"):format(sums))
    local row = df:collect()[1]
    assert.same({ 3, 2 * n + 1, 16 }, { row[1], row[n], row[n + 1] })
  end)

  it("has 16 MB", function()
    local n = 16 << 20
    assert.equal(n, answer(("SELECT length('%s')"):format(("a"):rep(n))))
    assert.equal(1, answer("SELECT 1" .. (" "):rep(n)))
    assert.equal(1, answer("SELECT /*" .. ("x"):rep(n) .. "*/ 1"))
    assert.equal(1, answer("SELECT 1 AS " .. ("a"):rep(n)))
    answers(1, "SELECT " .. around(n // 2, "(", "1", ")"))
    local ok, e = pcall(answer, "SELECT " .. ("1"):rep(n))
    assert.is_false(ok)
    assert.equal("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", e.condition)
  end)
end)
