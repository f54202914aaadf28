-- EXPLAIN and df:explain in Spark's modes. The plans are Spark 4.3's, recorded without what has no meaning here:
-- numbers of columns (#12L), code generation (*(1)), Exchange, the second flag behind the build side of a join.
local tidemill = require "tidemill"
local spark = tidemill.session { threads = 2 }
spark:range(10):createOrReplaceTempView "r"
spark:range(5):createOrReplaceTempView "q"

local function plan(query, mode) return spark:sql(("EXPLAIN %s %s"):format(mode or "", query)):first()[1] end

local function rows(query)
  local out = {}
  for i, row in ipairs(spark:sql(query):collect()) do out[i] = row[1] end
  return out
end

local PHYSICAL = {
  ["SELECT id + 1 AS a FROM r WHERE id > 3"] = [[
Project [(id + 1) AS a]
+- Filter (id > 3)
   +- Range (0, 10, step=1)
]],
  ["SELECT * FROM r LEFT JOIN q ON r.id = q.id AND r.id + q.id > 3"] = [[
BroadcastHashJoin [id], [id], LeftOuter, BuildRight, ((id + id) > 3), false
:- Range (0, 10, step=1)
+- Range (0, 5, step=1)
]],
  ["SELECT r.id FROM r LEFT SEMI JOIN q ON r.id = q.id"] = [[
BroadcastHashJoin [id], [id], LeftSemi, BuildRight, false
:- Range (0, 10, step=1)
+- Range (0, 5, step=1)
]],
  ["SELECT * FROM r JOIN q ON r.id < q.id"] = [[
BroadcastNestedLoopJoin BuildRight, Inner, (id < id)
:- Range (0, 10, step=1)
+- Range (0, 5, step=1)
]],
  ["SELECT * FROM r ORDER BY id DESC"] = [[
Sort [id DESC NULLS LAST], true, 0
+- Range (0, 10, step=1)
]],
  ["SELECT * FROM r ORDER BY id LIMIT 3 OFFSET 2"] = [[
TakeOrderedAndProject(limit=5, offset=2, orderBy=[id ASC NULLS FIRST], output=[id])
+- Range (0, 10, step=1)
]],
  ["SELECT * FROM r UNION ALL SELECT * FROM q"] = [[
Union
:- Range (0, 10, step=1)
+- Range (0, 5, step=1)
]],
  ["SELECT id, explode(array(id, 1)) e FROM r"] = [[
Generate explode(array(id, 1)), [id], false, [e]
+- Range (0, 10, step=1)
]],
  ["SELECT CASE WHEN id > 1 THEN 'x' ELSE 'y' END c, NOT id = 3 n, id IN (1, 2) i, -id m FROM r"] = [[
Project [CASE WHEN (id > 1) THEN x ELSE y END AS c, NOT (id = 3) AS n, id IN (1,2) AS i, -id AS m]
+- Range (0, 10, step=1)
]],
  ["SELECT 1 AS one"] = [[
Project [1 AS one]
+- Scan OneRowRelation[]
]],
}

describe("EXPLAIN", function()
  it("prints a physical operator a line", function()
    for query, expected in pairs(PHYSICAL) do
      assert.equal("== Physical Plan ==\n" .. expected .. "\n", plan(query), query)
      assert.equal(plan(query):sub(1, -2), plan(query, "EXTENDED"):match "== Physical Plan ==.*", query)
    end
  end)

  it("names the operators of groups, windows, distinct rows and tables in memory", function()
    for query, line in pairs {
      ["SELECT id, count(1), sum(id) FROM r GROUP BY id"] = "HashAggregate(keys=[id], functions=[count(1), sum(id)])",
      ["SELECT DISTINCT id FROM r"] = "HashAggregate(keys=[id], functions=[])",
      ["SELECT id, sum(id) OVER (PARTITION BY id ORDER BY id DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) s FROM r"] =
        "Window [sum(id) windowspecdefinition(id, id DESC NULLS LAST, "
        .. "specifiedwindowframe(RowFrame, -1, currentrow$()))",
      ["SELECT id, rank() OVER (ORDER BY id) s FROM r"] = "], [], [id ASC NULLS FIRST]\n",
      ["SELECT * FROM VALUES (1, 'a'), (2, 'b') AS v(i, s)"] = "LocalTableScan [",
      ["SELECT id FROM r WHERE id > 7 LIMIT 2"] = "Limit 2",
      ["SELECT * FROM r TABLESAMPLE (50 PERCENT) REPEATABLE (7)"] = "Sample 0.0, 0.5, false, 7\n",
    } do
      assert.truthy(plan(query):find(line, 1, true), plan(query))
    end
    local kept = spark:range(3):cache()
    kept:count()
    kept:createOrReplaceTempView "kept"
    assert.truthy(plan "SELECT * FROM kept":find("InMemoryTableScan [id]", 1, true))
    kept:unpersist()
  end)

  it("tells where files lie, what is pushed to them and what is read", function()
    local path = os.tmpname()
    os.remove(path)
    spark:sql "SELECT id, id * 2 AS w, 'x' AS s FROM r".write:parquet(path)
    local query = ("SELECT w FROM parquet.`%s` WHERE id > 5"):format(path)
    local line = plan(query):match "FileScan[^\n]*"
    assert.equal(("FileScan parquet [id,w] Format: Parquet, Location: InMemoryFileIndex(1 paths)[file:%s], "
      .. "PushedFilters: [IsNotNull(id), GreaterThan(id,5)], ReadSchema: struct<id:bigint,w:bigint>")
      :format(path), line)
    local list = plan(query, "FORMATTED")
    assert.truthy(list:find(("\n(1) Scan parquet\nOutput [2]: [id, w]\nLocation: InMemoryFileIndex [file:%s]\n"
      .. "PushedFilters: [IsNotNull(id), GreaterThan(id,5)]\nReadSchema: struct<id:bigint,w:bigint>\n"):format(path), 1,
      true), list)
    os.execute("rm -r " .. path)
  end)

  it("prints the parsed, analyzed, optimized and physical plan with EXTENDED", function()
    assert.equal([[== Parsed Logical Plan ==
'GlobalLimit 2
+- 'LocalLimit 2
   +- 'Sort [a ASC NULLS FIRST], true
      +- 'Project [(id + 1) AS a]
         +- 'Filter (id > 3)
            +- 'UnresolvedTableValuedFunction [range], [10]

== Analyzed Logical Plan ==
a: bigint
GlobalLimit 2
+- LocalLimit 2
   +- Sort [a ASC NULLS FIRST], true
      +- Project [(id + 1) AS a]
         +- Filter (id > 3)
            +- Range (0, 10, step=1)

== Optimized Logical Plan ==
GlobalLimit 2
+- LocalLimit 2
   +- Sort [a ASC NULLS FIRST], true
      +- Project [(id + 1) AS a]
         +- Filter (id > 3)
            +- Range (0, 10, step=1)

== Physical Plan ==
TakeOrderedAndProject(limit=2, orderBy=[a ASC NULLS FIRST], output=[a])
+- Project [(id + 1) AS a]
   +- Filter (id > 3)
      +- Range (0, 10, step=1)
]], plan("SELECT id + 1 AS a FROM range(10) WHERE id > 3 ORDER BY a LIMIT 2", "EXTENDED"))
    for query, parsed in pairs {
      ["SELECT id, count(*) c FROM r GROUP BY id HAVING count(*) > 1"] = [[
'UnresolvedHaving (count(1) > 1)
+- 'Aggregate [id], [id, count(1) AS c]
   +- 'UnresolvedRelation [r], [], false
]],
      ["SELECT r.id FROM r LEFT JOIN q ON r.id = q.id"] = [[
'Project [r.id]
+- 'Join LeftOuter, (r.id = q.id)
   :- 'UnresolvedRelation [r], [], false
   +- 'UnresolvedRelation [q], [], false
]],
      ["SELECT id FROM r UNION SELECT id FROM q"] = [[
'Distinct
+- 'Union false, false
   :- 'Project [id]
   :  +- 'UnresolvedRelation [r], [], false
   +- 'Project [id]
      +- 'UnresolvedRelation [q], [], false
]],
      ["SELECT id FROM r EXCEPT ALL SELECT id FROM q"] = [[
'Except true
:- 'Project [id]
:  +- 'UnresolvedRelation [r], [], false
+- 'Project [id]
   +- 'UnresolvedRelation [q], [], false
]],
    } do
      assert.equal(parsed, plan(query, "EXTENDED"):match "== Parsed Logical Plan ==\n(.-\n)\n", query)
    end
  end)

  -- LocalRelation: three rows of 8 + 4 + 20 + 8 bytes; Range: of 8.
  it("states bytes and rows with COST", function()
    local text = plan("SELECT * FROM VALUES (1, 'a', 1.5D), (2, 'b', 2.5D), (3, NULL, NULL) AS v(i, s, x)", "COST")
    assert.matches("^== Optimized Logical Plan ==\n", text)
    assert.truthy(text:find("Statistics(sizeInBytes=120.0 B, rowCount=3)", 1, true), text)
    assert.truthy(text:find("\n== Physical Plan ==\n", 1, true))
    for rows_there, said in pairs { [9] = "72.0 B, rowCount=9", [255] = "2040.0 B, rowCount=255",
      [256] = "2.0 KiB, rowCount=256", [1234] = "9.6 KiB, rowCount=1.23E+3", [200000] = "1562.5 KiB, rowCount=2.00E+5",
      [12345678] = "94.2 MiB, rowCount=1.23E+7" } do
      text = plan(("SELECT * FROM range(%d)"):format(rows_there), "COST")
      said = ("Range (0, %d, step=1), Statistics(sizeInBytes=%s)"):format(rows_there, said)
      assert.truthy(text:find(said, 1, true), text)
    end
    assert.is_nil(plan("SELECT 1", "EXTENDED"):find "Statistics")
    text = plan("SELECT * FROM r UNION ALL SELECT * FROM q", "COST")
    assert.matches("Union false, false, Statistics%(sizeInBytes=[%d.]+ B, rowCount=15%)", text)
  end)

  it("numbers operators and lists what each is given with FORMATTED", function()
    assert.equal([[== Physical Plan ==
Project (5)
+- Filter (4)
   +- BroadcastHashJoin LeftOuter BuildRight (3)
      :- Range (1)
      +- Range (2)


(1) Range
Output [1]: [id]
Arguments: Range (0, 10, step=1)

(2) Range
Output [1]: [id]
Arguments: Range (0, 5, step=1)

(3) BroadcastHashJoin
Left keys [1]: [id]
Right keys [1]: [id]
Join type: LeftOuter
Join condition: None

(4) Filter
Input [2]: [id, id]
Condition : (coalesce(id, id) > 3)

(5) Project
Output [1]: [(id + 1) AS a]
Input [2]: [id, id]

]], plan("SELECT r.id + 1 AS a FROM r LEFT JOIN q ON r.id = q.id WHERE coalesce(q.id, r.id) > 3", "FORMATTED"))
    local text = plan("SELECT id, count(1), sum(id) FROM r GROUP BY id ORDER BY id", "FORMATTED")
    assert.truthy(text:find([[

(2) HashAggregate
Input [1]: [id]
Keys [1]: [id]
Functions [2]: [count(1), sum(id)]
Results [3]: [id, count(1), sum(id)]
]], 1, true), text)
    assert.truthy(text:find("\nArguments: [id ASC NULLS FIRST], true, 0\n", 1, true), text)
    assert.matches("%(1%) Scan OneRowRelation\nOutput: %[%]\n\n%(2%) Project\nOutput %[1%]: %[1 AS 1%]\nInput: %[%]\n",
      plan("SELECT 1", "FORMATTED"))
  end)

  it("lists expressions with CODEGEN", function()
    assert.matches("\n%(2%) Filter\n  %(id > 3%): boolean\n", plan("SELECT * FROM r WHERE id > 3", "CODEGEN"))
  end)

  it("tells in rows what is wrong with a query", function()
    local told = rows "EXPLAIN SELECT nope FROM r"
    assert.equal("Error occurred during query planning: ", told[1])
    assert.matches("^%[UNRESOLVED_COLUMN.WITH_SUGGESTION%] .*`nope`.* SQLSTATE: 42703; line 1 pos 15;$", told[2])
    assert.same({ "'Project [nope]", "+- 'UnresolvedRelation [r], [], false" }, { told[3], told[4] })
    told = rows "EXPLAIN EXTENDED SELECT * FROM nowhere"
    assert.equal(1, #told)
    assert.matches("^== Parsed Logical Plan ==\n'Project %[%*%]\n%+%- 'UnresolvedRelation %[nowhere%], %[%], false\n\n"
      .. "== Analyzed Logical Plan ==\n"
      .. "AnalysisException: %[TABLE_OR_VIEW_NOT_FOUND%] .*SQLSTATE: 42P01; line 1 pos 31;\n", told[1])
    for _, query in ipairs { "EXPLAIN LOGICAL SELECT 1", "EXPLAIN" } do
      local fine, e = pcall(spark.sql, spark, query)
      assert.is_false(fine)
      assert.equal("42601", e.sqlState)
    end
  end)

  it("runs no command", function()
    assert.equal("== Physical Plan ==\nExecute CreateViewCommand\n\n", plan "CREATE TEMP VIEW made AS SELECT 1")
    assert.is_false(spark.catalog:tableExists "made")
    assert.equal("== Physical Plan ==\nExecute DropViewCommand\n\n", plan "DROP VIEW r")
    assert.is_true(spark.catalog:tableExists "r")
    plan "SET spark.app.name = explained"
    assert.not_equal("explained", spark.conf:get("spark.app.name", "none"))
  end)
end)

describe("df:explain", function()
  local function printed(...)
    local out, write = {}, io.write
    io.write = function(...) out[#out + 1] = table.concat { ... } end -- luacheck: ignore
    local fine, e = pcall(function(df, ...) return df:explain(...) end, ...)
    io.write = write -- luacheck: ignore
    return fine and table.concat(out) or e
  end
  local df = spark:table "r":where "id > 3":select((tidemill.functions.col "id" + 1):alias "a")

  it("prints what EXPLAIN gives", function()
    local physical = "== Physical Plan ==\n" .. PHYSICAL["SELECT id + 1 AS a FROM r WHERE id > 3"]
    assert.equal(physical .. "\n\n", printed(df))
    assert.equal(physical .. "\n\n", printed(df, false))
    assert.equal(physical .. "\n\n", printed(df, nil, "SIMPLE"))
    local extended = printed(df, true)
    for _, heading in ipairs { "Parsed", "Analyzed", "Optimized" } do
      assert.truthy(extended:find(("== %s Logical Plan ==\n"):format(heading), 1, true))
    end
    assert.equal(extended, printed(df, "extended"))
    assert.matches("^== Optimized Logical Plan ==\nProject .*Statistics%(", printed(df, nil, "cost"))
    assert.matches("^== Physical Plan ==\nProject %(3%)\n", printed(df, "formatted"))
  end)
  it("refuses other modes, with Spark's conditions and classes", function()
    for _, case in ipairs { { { "x" }, "UNEXPECTED_ARGUMENT", "IllegalArgumentException" },
      { { true, "cost" }, "CANNOT_SET_TOGETHER", "PySparkValueError" },
      { { 1 }, "NOT_EXPECTED_TYPE", "PySparkTypeError" } } do
      local e = printed(df, table.unpack(case[1]))
      assert.same({ case[2], case[3] }, { e.condition, e.class })
    end
  end)
end)
