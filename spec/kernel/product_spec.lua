-- F.product, an aggregate that SQL does not know. Expected values: PySpark 4.3.
local tidemill = require "tidemill"
local F = tidemill.functions

describe("F.product", function()
  local spark
  setup(function() spark = tidemill.session {}:newSession() end)
  teardown(function() spark:close() end)

  local function of(rows, c) return spark:sql("SELECT * FROM " .. rows):agg(F.product(c or "x")) end
  local function value(...) return of(...):collect()[1][1] end

  it("multiplies the numbers that there are, as doubles", function()
    assert.equal(6.0, value "VALUES (2), (3), (NULL) AS t(x)")
    assert.equal("float", math.type(value "VALUES (2), (3) AS t(x)"))
    assert.equal(12.0, value("VALUES (2), (3), (NULL) AS t(x)", F.col "x" + 1))
    assert.equal(6.0, value "VALUES ('2'), ('3') AS t(x)")
    assert.equal(7.5, value "VALUES (2.50), (3.00) AS t(x)")
    assert.equal(math.huge, value "VALUES (1e308d), (1e308d) AS t(x)")
    local nan = value "VALUES (2.5d), (double('nan')) AS t(x)"
    assert.is_true(nan ~= nan)
    for _, rows in ipairs { "(SELECT 1 AS x WHERE false)", "(SELECT CAST(NULL AS INT) AS x)", "(SELECT NULL AS x)" } do
      assert.is_nil(value(rows))
    end
  end)

  it("is of groups, of windows and of many rows", function()
    local t = spark:sql "SELECT * FROM VALUES (1, 2), (1, 3), (2, NULL), (3, 0) AS t(k, x)"
    local out = {}
    for i, r in ipairs(t:groupBy("k"):agg(F.product "x"):orderBy("k"):collect()) do out[i] = tostring(r[2]) end
    assert.equal("6.0 nil 0.0", table.concat(out, " "))
    t = spark:sql "SELECT * FROM VALUES (1, 2), (2, 3), (3, 4) AS t(k, x)"
    out = {}
    local w = t:select("k", F.product("x"):over(tidemill.Window.orderBy "k"))
    assert.equal("product(x) OVER (ORDER BY k ASC NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
      w.columns[2])
    for i, r in ipairs(w:collect()) do out[i] = tostring(r[2]) end
    assert.equal("2.0 6.0 24.0", table.concat(out, " "))
    local many = spark:range(0, 300000):select(F.expr("IF(id % 100000 = 7, 2, 1)"):alias "x")
    assert.equal(8.0, many:agg(F.product "x"):collect()[1][1])
  end)

  it("has a name, a type, and errors of its own", function()
    local df = of "VALUES (2) AS t(x)"
    assert.equal("struct<product(x):double>", df.schema:simpleString())
    assert.equal("Column<'product(x)'>", tostring(F.product "x"))
    for _, kind in ipairs { "BOOLEAN", "DATE", "TIMESTAMP", "BINARY", "ARRAY<INT>" } do
      local ok, e = pcall(of, ("(SELECT CAST(NULL AS %s) AS x)"):format(kind))
      assert.is_false(ok)
      assert.equal("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", e.condition)
      assert.same({ sqlExpr = '"product(x)"', paramIndex = "first", inputSql = '"x"', inputType = '"' .. kind .. '"',
        requiredType = '"DOUBLE"' }, e.messageParameters)
    end
    for _, call in ipairs {
      function() return spark:sql "SELECT product(1)" end,
      function() return spark:range(1):select(F.call_function("product", F.col "id")) end,
      function() return spark:range(1):select(F.expr "product(id)") end,
    } do
      local ok, e = pcall(call)
      assert.is_false(ok)
      assert.equal("UNRESOLVED_ROUTINE", e.condition)
      assert.equal("`product`", e.messageParameters.routineName)
    end
  end)
end)
