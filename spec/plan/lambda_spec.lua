-- Higher-order functions. Expected values were computed by Spark 4.3; those of nested captures, shadowing, empty
-- arrays and branches follow from the definition.
local tidemill = require "tidemill"
local F = tidemill.functions

describe("lambdas", function()
  local spark
  setup(function() spark = tidemill.session {} end)

  -- The only value of a query, as Spark prints it.
  local function value(expr, from)
    local row = spark:sql(("SELECT CAST(%s AS STRING) AS v%s"):format(expr, from and " FROM " .. from or "")):collect()
    local all = {}
    for i = 1, #row do all[i] = tostring(row[i].v) end
    return table.concat(all, " ")
  end

  local function condition(expr, from)
    local ok, e = pcall(value, expr, from)
    assert.is_false(ok)
    return e.condition
  end

  it("see the variables of the lambdas around them and the row's columns", function()
    assert.equal("[[10, 20], [20, 40]]",
      value "transform(array(1, 2), x -> transform(array(10, 20), y -> x * y))")
    assert.equal("[1, 3] [2, 4] [3, 5]", value("transform(array(1, 2), (x, i) -> x + i + id)", "range(3)"))
    assert.equal("[[1, 10], [2, 20]] [[1, 11], [2, 21]] [[1, 12], [2, 22]]",
      value("transform(array(1, 2), x -> transform(array(0, 10), y -> IF(y > 0, x * y + id, x)))", "range(3)"))
  end)

  it("shadow names of the row and of the lambdas around them", function()
    assert.equal("[2, 3] [2, 3]", value("transform(array(1, 2), id -> id + 1)", "range(2)"))
    assert.equal("[[3], [3]]", value "transform(array(1, 2), x -> transform(array(2), x -> x + 1))")
  end)

  it("are not run over null or empty arrays", function()
    assert.equal("NULL", value "coalesce(CAST(transform(CAST(NULL AS ARRAY<INT>), x -> 1 / 0) AS STRING), 'NULL')")
    assert.equal("[]", value "transform(CAST(array() AS ARRAY<INT>), x -> 1 / 0)")
    assert.equal("7", value "aggregate(CAST(array() AS ARRAY<INT>), 7, (a, x) -> CAST(1 / 0 AS INT))")
    assert.equal("0 1 2", value("aggregate(CAST(array() AS ARRAY<BIGINT>), id, (a, x) -> a + x)", "range(3)"))
  end)

  it("follow the logic of three values in filter, exists and forall", function()
    assert.equal("[6]", value "filter(array(1, NULL, 6), x -> x > 5)")
    assert.equal("NULL", value "coalesce(CAST(exists(array(1, NULL), x -> x > 5) AS STRING), 'NULL')")
    assert.equal("true", value "exists(array(6, NULL), x -> x > 5)")
    assert.equal("false", value "exists(CAST(array() AS ARRAY<INT>), x -> true)")
    assert.equal("NULL", value "coalesce(CAST(forall(array(1, NULL), x -> x < 5) AS STRING), 'NULL')")
    assert.equal("false", value "forall(array(6, NULL), x -> x < 5)")
    assert.equal("true", value "forall(CAST(array() AS ARRAY<INT>), x -> false)")
  end)

  it("fold arrays of different lengths in each row", function()
    assert.equal("0 1 3 6", value("aggregate(sequence(0, CAST(id AS INT)), 0, (a, x) -> a + x)", "range(4)"))
    assert.equal("1.5", value("aggregate(array(1, 2), named_struct('s', 0, 'n', 0), "
      .. "(a, x) -> named_struct('s', a.s + x, 'n', a.n + 1), a -> a.s / a.n)"))
    assert.equal("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", condition "aggregate(array(1L), 0, (a, x) -> a + x)")
  end)

  it("keep long texts of accumulators", function()
    local n = spark:sql("SELECT length(aggregate(sequence(1, 500), 'start of a text', "
      .. "(a, x) -> concat(a, CAST(x AS STRING)))) AS n"):collect()[1].n
    assert.equal(#"start of a text" + 9 + 90 * 2 + 401 * 3, n) -- digits of 1 .. 500
  end)

  it("sort by a comparison, and refuse one that gives null", function()
    assert.equal("[3, 2, 1]", value "array_sort(array(3, 1, 2), (a, b) -> b - a)")
    assert.equal("[1, 2, 3, null]", value "array_sort(array(3, 1, NULL, 2))")
    assert.equal("[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]",
      value "array_sort(sequence(0, 9), (a, b) -> b - a)")
    assert.equal("COMPARATOR_RETURNS_NULL", condition "array_sort(array(3, 1), (a, b) -> CAST(NULL AS INT))")
    assert.equal("DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE", condition "array_sort(array(3, 1), (a, b) -> 1L)")
  end)

  it("go over two arrays or two maps at once", function()
    assert.equal("[1a, null, null]", value "zip_with(array(1, 2, 3), array('a'), (x, y) -> concat(x, y))")
    assert.equal("{1 -> {1, 2, null}, 2 -> {2, null, x}}",
      value "map_zip_with(map(1, 2), map(2L, 'x'), (k, a, b) -> struct(k, a, b))")
  end)

  it("change maps, but not into such as cannot be", function()
    assert.equal("{1 -> 2}", value "map_filter(map(1, 2, 3, NULL), (k, v) -> v > 1)")
    assert.equal("{2 -> 1, 3 -> 2}", value "transform_keys(map(1, 1, 2, 2), (k, v) -> k + 1)")
    assert.equal("{1 -> 2, 2 -> 3}", value "transform_values(map(1, 1, 2, 2), (k, v) -> v + 1)")
    assert.equal("DUPLICATED_MAP_KEY", condition "transform_keys(map(1, 2, 3, 4), (k, v) -> 1)")
    assert.equal("NULL_MAP_KEY", condition "transform_keys(map(1, 2), (k, v) -> CAST(NULL AS INT))")
  end)

  it("raise errors of their bodies only where a branch is taken", function()
    assert.equal("DIVIDE_BY_ZERO", condition "transform(array(1, 0), x -> 1 / x)")
    assert.equal("[1.0, 0.0]", value "transform(array(1, 0), x -> IF(x = 0, 0, 1 / x))")
  end)

  it("must name as many variables as they are given, each its own", function()
    assert.equal("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH", condition "map_filter(map(1, 2), k -> true)")
    assert.equal("INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES", condition "transform(array(1), (x, x) -> x)")
    assert.equal("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", condition "upper(x -> x)")
    assert.equal("INVALID_LAMBDA_FUNCTION_CALL.PARAMETER_DOES_NOT_ACCEPT_LAMBDA_FUNCTION",
      condition "transform(x -> x, array(1))")
    assert.equal("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", condition "abs(1, x -> x)")
  end)

  it("may use aggregates of the query, not of their elements, and no query", function()
    assert.equal("[3, 4, 5]", value("transform(collect_list(id), x -> x + sum(id))", "range(3)"))
    assert.equal("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.HIGHER_ORDER_FUNCTION",
      condition "transform(array(1), x -> (SELECT max(id) FROM range(3)) + x)")
    assert.equal("UNSUPPORTED_EXPR_FOR_OPERATOR", condition "transform(array(1), x -> sum(x))")
  end)

  it("are Lua functions over Columns in F", function()
    local d = spark:sql "SELECT id, array(id, id + 1, NULL) AS a FROM range(3000)"
    local row = d:select(F.transform("a", function(x, i) return x + i + F.col "id" end):alias "t",
      F.filter("a", function(x) return x:isNotNull() end):alias "f",
      F.aggregate("a", F.lit(0):cast "bigint", function(acc, x) return acc + F.coalesce(x, F.lit(1)) end):alias "g",
      F.exists("a", function(x) return x:equalTo(2999) end):alias "e"):tail(1)[1]
    assert.same({ 5998, 6000 }, { row.t[1], row.t[2] })
    assert.same({ 2999, 3000 }, { row.f[1], row.f[2] })
    assert.equal(6000, row.g)
    assert.is_true(row.e)
  end)
end)
