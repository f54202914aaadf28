-- What queries may not hold, and where: the conditions that Spark 4.3 raises. Each neighbour that it allows stands
-- with them.
local tidemill = require "tidemill"

describe("a query", function()
  local spark = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }
  spark:sql [[CREATE OR REPLACE TEMP VIEW t AS SELECT * FROM VALUES
    (1, 'a', true, 2.5, DATE'2024-01-01'), (2, 'b', false, NULL, DATE'2024-01-02') AS t(i, s, b, d, day)]]

  local function refuses(cases)
    for _, case in ipairs(cases) do
      local ok, e = pcall(function() return spark:sql(case[1]):collect() end)
      assert.equal(case[2], ok and "rows" or e.condition, case[1])
    end
  end

  local function gives(cases)
    for _, case in ipairs(cases) do
      local rows = spark:sql(case[1]):collect()
      local out = {}
      for k, r in ipairs(rows) do
        local cells = {}
        for c = 1, #r do cells[c] = tostring(r[c]) end
        out[k] = table.concat(cells, " ")
      end
      assert.equal(case[2], table.concat(out, ", "), case[1])
    end
  end

  it("takes conditions that are BOOLEAN, and casts that of HAVING", function()
    local filter = "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN"
    refuses {
      { "SELECT i FROM t WHERE NULL", filter }, { "SELECT i FROM t WHERE 'true'", filter },
      { "SELECT * FROM t a JOIN t c ON NULL", "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE" },
      { "SELECT CASE WHEN NULL THEN 1 END", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE" },
      { "SELECT NULL AND 'x'", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE" },
      { "SELECT s FROM t GROUP BY s HAVING 'x'", "CAST_INVALID_INPUT" },
    }
    gives {
      { "SELECT count(*) FROM t HAVING 'true'", "2" }, { "SELECT count(*) FROM t HAVING NULL", "" },
      { "SELECT if(NULL, 1, 2), true AND 'true', b IS UNKNOWN FROM t WHERE i = 1", "2 true false" },
    }
  end)

  it("takes windows in its list and in windows, nowhere else", function()
    local clause = "WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE"
    refuses {
      { "SELECT i FROM t WHERE row_number() OVER (ORDER BY i) = 1", clause },
      { "SELECT i FROM t GROUP BY i HAVING row_number() OVER (ORDER BY i) = 1", clause },
      { "SELECT i FROM t ORDER BY row_number() OVER (ORDER BY i)", "UNSUPPORTED_EXPR_FOR_OPERATOR" },
      { "SELECT i FROM t ORDER BY sum(i)", "UNSUPPORTED_EXPR_FOR_OPERATOR" },
      { "SELECT * FROM t a JOIN t c ON sum(a.i) = c.i", "UNSUPPORTED_EXPR_FOR_OPERATOR" },
    }
    gives {
      { "SELECT i FROM t QUALIFY sum(i) OVER () > 1 ORDER BY i", "1, 2" },
      { "SELECT sum(rank() OVER (ORDER BY i)) OVER () FROM t", "3, 3" },
      { "SELECT sum(i) OVER (ORDER BY sum(i) OVER (), i) v FROM t ORDER BY v", "1, 3" },
      { "SELECT row_number() OVER (ORDER BY rank() OVER (ORDER BY i)) v FROM t ORDER BY v", "1, 2" },
    }
  end)

  it("takes frames that suit the order key", function()
    local differ = "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_DIFF_TYPES"
    local range, type, bound = "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE",
      "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
      "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND"
    local cases = {}
    for _, case in ipairs {
      { "day RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW", range },
      { "day RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND CURRENT ROW", "rows" },
      { "day RANGE BETWEEN INTERVAL '1' MONTH PRECEDING AND CURRENT ROW", "rows" },
      { "day RANGE BETWEEN 1L PRECEDING AND CURRENT ROW", range },
      { "day RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND INTERVAL '1' MONTH FOLLOWING", differ },
      { "day RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND INTERVAL '2' DAY FOLLOWING", "rows" },
      { "CAST(day AS TIMESTAMP) RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND INTERVAL '1' MINUTE FOLLOWING", differ },
      { "i RANGE BETWEEN 1L PRECEDING AND 2 FOLLOWING", "rows" },
      { "CAST(day AS TIMESTAMP) RANGE BETWEEN 1 PRECEDING AND CURRENT ROW", range },
      { "s RANGE BETWEEN 1 PRECEDING AND CURRENT ROW", type },
      { "i RANGE BETWEEN 1.5 PRECEDING AND CURRENT ROW", "rows" },
      { "array(i) RANGE BETWEEN 1 PRECEDING AND CURRENT ROW", range },
      { "i ROWS BETWEEN 1L PRECEDING AND CURRENT ROW", type },
      { "i ROWS BETWEEN NULL PRECEDING AND CURRENT ROW", type },
      { "i ROWS BETWEEN true PRECEDING AND CURRENT ROW", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE" },
      { "i ROWS BETWEEN CURRENT ROW AND UNBOUNDED PRECEDING", bound },
      { "i ROWS UNBOUNDED FOLLOWING", bound },
    } do
      cases[#cases + 1] = { "SELECT sum(i) OVER (ORDER BY " .. case[1] .. ") FROM t", case[2] }
    end
    refuses(cases)
    refuses {
      { "SELECT lag(i) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) FROM t", "_LEGACY_ERROR_TEMP_1035" },
      { "SELECT lag(i) OVER (ORDER BY i ROWS BETWEEN -1 FOLLOWING AND -1 FOLLOWING) FROM t", "rows" },
      { "SELECT rank() OVER (ORDER BY i RANGE UNBOUNDED PRECEDING) FROM t", "_LEGACY_ERROR_TEMP_1036" },
      { "SELECT rank() OVER (ORDER BY i ROWS UNBOUNDED PRECEDING) FROM t", "rows" },
      { "SELECT ntile('2') OVER (ORDER BY i) FROM t", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE" },
    }
  end)

  it("takes IGNORE NULLS and FILTER where they mean something", function()
    local syntax, filter = "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", "INVALID_AGGREGATE_FILTER."
    refuses {
      { "SELECT sum(i) IGNORE NULLS FROM t", syntax }, { "SELECT max_by(i, i) IGNORE NULLS FROM t", syntax },
      { "SELECT rank() IGNORE NULLS OVER (ORDER BY i) FROM t", syntax },
      { "SELECT collect_list(i) IGNORE NULLS FROM t", "rows" }, { "SELECT sum(i) RESPECT NULLS FROM t", "rows" },
      { "SELECT min(i) FILTER (WHERE NULL) FROM t", filter .. "NOT_BOOLEAN" },
      { "SELECT min(i) FILTER (WHERE max(i) > 1) FROM t", filter .. "CONTAINS_AGGREGATE" },
      { "SELECT min(i) FILTER (WHERE rank() OVER (ORDER BY i) > 1) FROM t", filter .. "CONTAINS_WINDOW_FUNCTION" },
      { "SELECT min(i) FILTER (WHERE rand() > 1) FROM t", filter .. "NON_DETERMINISTIC" },
      { "SELECT count(rand()) FROM t", "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION" },
      { "SELECT sum(rand(1)) OVER () FROM t", "rows" },
    }
    assert.same({ "first(i)", "last(i)" },
      spark:sql("SELECT first_value(i) IGNORE NULLS, last_value(i) RESPECT NULLS FROM t").columns)
  end)

  it("takes generators as items of their own", function()
    local nested, outside = "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT"
    refuses {
      { "SELECT 1 + explode(array(1)) FROM t", nested }, { "SELECT sum(explode(array(1))) FROM t", nested },
      { "SELECT i FROM t WHERE explode(array(true))", outside },
      { "SELECT i FROM t ORDER BY explode(array(1))", outside },
      { "SELECT * FROM t a JOIN t c ON explode(array(1)) = c.i", outside },
      { "SELECT count(*) FROM t GROUP BY explode(array(1))", "UNSUPPORTED_EXPR_FOR_OPERATOR" },
    }
  end)

  it("names what there is", function()
    local unknown = "UNRESOLVED_COLUMN.WITH_SUGGESTION"
    refuses {
      { "SELECT s FROM t GROUP BY s HAVING i > 1", unknown }, { "SELECT s FROM t GROUP BY s ORDER BY i", unknown },
      { "SELECT * EXCEPT (nope) FROM t", unknown }, { "FROM t |> DROP nope", unknown },
      { "FROM t |> SET nope = 1", unknown },
      { "SELECT 1 AS a, 2 AS a, a + 1", "AMBIGUOUS_LATERAL_COLUMN_ALIAS" },
      { "SELECT i AS x, sum(x) FROM t GROUP BY i", "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_AGGREGATE_FUNC" },
      { "SELECT i AS x, sum(x) OVER () FROM t", "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_WINDOW" },
      { "SELECT i, FROM t", "TRAILING_COMMA_IN_SELECT" }, { "DROP VIEW nope", "TABLE_OR_VIEW_NOT_FOUND" },
      { "SELECT count(t.*) FROM t", "INVALID_USAGE_OF_STAR_WITH_TABLE_IDENTIFIER_IN_COUNT" },
      { "SELECT * FROM range()", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION" },
      { "SELECT * FROM range(NULL)", "UNEXPECTED_INPUT_TYPE" },
      { "SELECT * FROM range(end => 3)", "NON_FOLDABLE_ARGUMENT" },
      { "SELECT * FROM upper('x')", "NOT_A_TABLE_FUNCTION" },
    }
  end)

  it("names nothing below a view", function()
    spark:sql "CREATE OR REPLACE TEMP VIEW u AS SELECT * FROM VALUES (2), (3) AS t(i)"
    refuses {
      { "SELECT t.i FROM u", "UNRESOLVED_COLUMN.WITH_SUGGESTION" },
      { "SELECT * FROM STREAM u", "_LEGACY_ERROR_TEMP_1008" },
    }
    gives { { "SELECT i FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.i = t.i)", "2" } }
  end)

  it("compares and lists values of types that go together", function()
    local differ, inline = "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "INVALID_INLINE_TABLE."
    refuses {
      { "SELECT array(1) = array('1')", differ }, { "SELECT array(1) = array(1.5)", differ },
      { "SELECT array(1) = array(1L)", "rows" }, { "SELECT array(1) IN (array('1'))", "rows" },
      { "VALUES (1), ('2')", inline .. "INCOMPATIBLE_TYPES_IN_INLINE_TABLE" }, { "VALUES (1), (2.5)", "rows" },
      { "VALUES (rand())", inline .. "CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE" },
      { "SELECT struct(1 AS a) UNION ALL SELECT struct(1 AS b)", "rows" },
      { "SELECT struct(1 AS a) EXCEPT SELECT struct(1 AS b)", "INCOMPATIBLE_COLUMN_TYPE" },
    }
    gives {
      { "SELECT typeof(coalesce(NULL, 'a', 1))", "bigint" },
      { "SELECT count(*) FROM t WHERE false GROUP BY GROUPING SETS (())", "0" },
      { "SELECT s, count(*) FROM t GROUP BY ROLLUP(s) ORDER BY grouping(s), s", "a 1, b 1, nil 2" },
    }
  end)

  it("takes steps of |> one after the other", function()
    local none = "PIPE_OPERATOR_AGGREGATE_EXPRESSION_CONTAINS_NO_AGGREGATE_FUNCTION"
    refuses {
      { "FROM t |> AGGREGATE i GROUP BY i", none }, { "FROM t |> AGGREGATE sum(i) OVER ()", none },
      { "FROM t |> AGGREGATE sum(i) GROUP BY ALL", "UNSUPPORTED_FEATURE.PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE" },
      { "FROM t |> EXTEND sum(i)", "PIPE_OPERATOR_CONTAINS_AGGREGATE_FUNCTION" },
      { "FROM t |> AGGREGATE count(*) GROUP BY 9", "GROUP_BY_POS_OUT_OF_RANGE" },
    }
    gives {
      { "FROM t |> SET i = i + 1, i = i + 1 |> SELECT i |> ORDER BY i", "3, 4" },
      { "FROM t |> AGGREGATE count(*) GROUP BY 1 |> ORDER BY i", "1 1, 2 1" },
    }
  end)

  it("sorts by what has an order, and makes partitions of it", function()
    local order, partition = "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "EXPRESSION_TYPE_IS_NOT_ORDERABLE"
    local map = "(SELECT i, map('a', i) AS m FROM t)"
    refuses {
      { "SELECT * FROM " .. map .. " ORDER BY ALL", order }, { "SELECT * FROM " .. map .. " ORDER BY 2", order },
      { "SELECT * FROM " .. map .. " ORDER BY struct(i, m)", order },
      { "SELECT i FROM t ORDER BY array(map(1, i))", order },
      { "SELECT i FROM t ORDER BY make_interval(i)", order }, { "SELECT parse_json(s) FROM t ORDER BY ALL", order },
      { "SELECT rank() OVER (ORDER BY m) FROM " .. map, order },
      { "SELECT rank() OVER (ORDER BY named_struct('a', m)) FROM " .. map, order },
      { "SELECT count(*) OVER (PARTITION BY m) FROM " .. map, partition },
      { "SELECT count(*) OVER (PARTITION BY i, array(m) ORDER BY i) FROM " .. map, partition },
      { "SELECT count(*) OVER (PARTITION BY make_interval(i)) FROM t", partition },
      { "SELECT count(*) OVER (PARTITION BY parse_json('1')) FROM t", partition },
    }
    gives {
      { "SELECT i FROM " .. map .. " GROUP BY i, m ORDER BY i", "1, 2" },
      { "SELECT rank() OVER (ORDER BY named_struct('a', array(i))) AS r FROM t ORDER BY ALL", "1, 2" },
    }
    local frame = spark:sql("SELECT * FROM " .. map)
    local ok, e = pcall(function() return frame:orderBy "m" end)
    assert.equal(order, ok and "rows" or e.condition)
    local F, Window = tidemill.functions, tidemill.Window
    ok, e = pcall(function() return frame:select(F.count("i"):over(Window.partitionBy "m")):collect() end)
    assert.equal(partition, ok and "rows" or e.condition)
    assert.equal("m", e.messageParameters.expr:match '"(.-)"')
  end)

  it("has no operands with names in inline tables", function()
    local condition = "INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE"
    refuses {
      { "VALUES (nullif(1, 2))", condition }, { "VALUES (abs(nullif(1, 2)))", condition },
      { "VALUES (zeroifnull(NULL))", condition }, { "VALUES (1 BETWEEN 0 AND 2)", condition },
      { "VALUES (1), (if(1 NOT BETWEEN 2 AND 3, 1, 2))", condition },
    }
    gives {
      { "SELECT * FROM VALUES (nvl(1, 2), ifnull(1, 2), nvl2(1, 2, 3), nullifzero(0))", "1 1 2 nil" },
      { "SELECT * FROM VALUES (1 IN (1, 2), equal_null(1, 2))", "true false" },
    }
  end)

  it("compares what nullif is given as = does", function()
    gives {
      { "SELECT nullif(2, 2.5), nullif(2, 2.0), nullif(bround(1.50, 0), 1.5)", "2 nil 2" },
      { "SELECT i, nullif(i, 1.5), nullif(i, 1.0D), nullif(i, 4294967296L + i) FROM t ORDER BY i",
        "1 1 nil 1, 2 2 2 2" },
      { "SELECT nullif(day, TIMESTAMP'2024-01-01 05:00:00') FROM t ORDER BY i", "2024-01-01, 2024-01-02" },
      { "SELECT typeof(nullif(1, 2.5)), typeof(nullif(1, 2L)), nullif(i, NULL) FROM t WHERE i = 1", "int int 1" },
    }
  end)

  it("makes no sets of texts that have a collation", function()
    local condition = "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE"
    refuses {
      { "SELECT collect_set(s COLLATE UTF8_LCASE) FROM t", condition },
      { "SELECT collect_set(s COLLATE UTF8_BINARY_RTRIM) FROM t", condition },
      { "SELECT collect_set(array(s COLLATE UNICODE)) FROM t", condition },
    }
    gives { { "SELECT size(collect_list(s COLLATE UTF8_LCASE)), size(collect_set(s)) FROM t", "2 2" } }
  end)
end)
