-- Parameters of the conditions that statements about names, views and groups raise, as Spark 4.3 gives them.
local tidemill = require "tidemill"

describe("statements", function()
  local spark, folder

  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    spark = tidemill.SparkSession.builder:config("spark.sql.warehouse.dir", folder):create()
  end)
  teardown(function()
    spark:close()
    os.execute("rm -rf '" .. folder .. "'")
  end)

  local function refuses(sql, condition, params)
    local ok, e = pcall(function() return spark:sql(sql):collect() end)
    assert.equal(condition, ok and "rows" or e.condition, sql)
    for name, value in pairs(params) do assert.equal(value, e.messageParameters[name], sql .. ": " .. name) end
  end

  it("say what was named, and by which names", function()
    spark:sql("create table st1(a int, b string) using parquet"):collect()
    spark:sql("create temporary view stv as select 1 a, 'x' b"):collect()
    refuses("create view sv0 as select a from stv", "INVALID_TEMP_OBJ_REFERENCE", {
      obj = "VIEW",
      objName = "`spark_catalog`.`default`.`sv0`",
      tempObj = "VIEW",
      tempObjName = "`stv`",
    })
    refuses("create view sv1 as select a from st1 where a in (select a from stv)", "INVALID_TEMP_OBJ_REFERENCE", {
      obj = "VIEW",
      objName = "`spark_catalog`.`default`.`sv1`",
      tempObj = "VIEW",
      tempObjName = "`stv`",
    })
    refuses("create function sf0() returns int return select max(a) from stv", "INVALID_TEMP_OBJ_REFERENCE", {
      obj = "FUNCTION",
      objName = "`default`.`sf0`",
      tempObj = "VIEW",
      tempObjName = "`stv`",
    })
    spark:sql("create view sv2 as select a, b from st1"):collect()
    spark:sql("create view sv3(x, y) with schema evolution as select * from st1"):collect()
    spark:sql("create view sv4 with schema binding as select * from st1"):collect()
    spark:sql("alter view sv4 with schema compensation"):collect()
    spark:sql("alter view sv4 with schema type evolution"):collect()
    spark:sql("alter view sv4 with schema binding"):collect()
    refuses("alter view nosuch with schema binding", "TABLE_OR_VIEW_NOT_FOUND", {
      relationName = "`nosuch`",
      searchPath = "[`system`.`session`, `spark_catalog`.`default`]",
    })
    refuses("alter view st1 with schema binding", "EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE", {
      operation = "ALTER VIEW ... WITH SCHEMA ...",
      tableName = "`spark_catalog`.`default`.`st1`",
    })
    spark:sql("drop table st1"):collect()
    spark:sql("create table st1(a string, d string) using parquet"):collect()
    refuses("select * from sv3", "INCOMPATIBLE_VIEW_SCHEMA_CHANGE", {
      actualCols = "[]",
      colName = "b",
      expectedNum = "1",
      suggestion = "CREATE OR REPLACE VIEW spark_catalog.default.sv3 (x, y) AS select * from st1",
      viewName = "`spark_catalog`.`default`.`sv3`",
    })
    refuses("select * from sv4", "INCOMPATIBLE_VIEW_SCHEMA_CHANGE", {
      actualCols = "[]",
      colName = "b",
      expectedNum = "1",
      suggestion = "CREATE OR REPLACE VIEW spark_catalog.default.sv4 AS select * from st1",
      viewName = "`spark_catalog`.`default`.`sv4`",
    })
    refuses("alter table nosuch add column x int", "TABLE_OR_VIEW_NOT_FOUND", {
      relationName = "`nosuch`",
      searchPath = "[`system`.`session`, `spark_catalog`.`default`]",
    })
    refuses("alter table a.nosuch drop column x", "TABLE_OR_VIEW_NOT_FOUND", {
      relationName = "`a`.`nosuch`",
      searchPath = "[`system`.`session`, `spark_catalog`.`default`]",
    })
    refuses("create table a.b.c(c1 int) using csv", "REQUIRES_SINGLE_PART_NAMESPACE", {
      identifier = "`a`.`b`.`c`",
      sessionCatalog = "spark_catalog",
    })
    refuses("drop table a.b.c", "REQUIRES_SINGLE_PART_NAMESPACE", {
      identifier = "`a`.`b`.`c`",
      sessionCatalog = "spark_catalog",
    })
    refuses("select * from a.b.c", "REQUIRES_SINGLE_PART_NAMESPACE", {
      identifier = "`a`.`b`.`c`",
      sessionCatalog = "spark_catalog",
    })
    refuses("select explode_outer(1)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", {
      inputSql = '"1"',
      inputType = '"INT"',
      paramIndex = "first",
      requiredType = '("ARRAY" or "MAP")',
      sqlExpr = '"explode(1)"',
    })
    refuses("select posexplode_outer(1)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", {
      inputSql = '"1"',
      inputType = '"INT"',
      paramIndex = "first",
      requiredType = '("ARRAY" or "MAP")',
      sqlExpr = '"posexplode(1)"',
    })
    refuses("select inline_outer(1)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", {
      inputSql = '"1"',
      inputType = '"INT"',
      paramIndex = "first",
      requiredType = '"ARRAY<STRUCT>"',
      sqlExpr = '"inline(1)"',
    })
    refuses("select 1 except all select array(1)", "INCOMPATIBLE_COLUMN_TYPE", {
      columnOrdinalNumber = "first",
      dataType1 = '"ARRAY<INT>"',
      dataType2 = '"INT"',
      hint = "",
      operator = "EXCEPT ALL",
      tableOrdinalNumber = "second",
    })
    refuses("select 1 intersect all select 1, 2", "NUM_COLUMNS_MISMATCH", {
      firstNumColumns = "1",
      invalidNumColumns = "2",
      invalidOrdinalNum = "second",
      operator = "INTERSECT ALL",
    })
    refuses("select count(b) as k from stv group by k", "GROUP_BY_AGGREGATE", { sqlExpr = "count(stv.b)" })
    refuses("select a, sum(a) + 2 from stv group by 2", "GROUP_BY_POS_AGGREGATE", {
      aggExpr = "(sum(stv.a) + CAST(2 AS BIGINT)) AS `(sum(a) + 2)`",
      index = "2",
    })
    refuses("select a, sum(a) as s from stv group by 2", "GROUP_BY_POS_AGGREGATE", {
      aggExpr = "sum(stv.a) AS s",
      index = "2",
    })
    refuses("select count(*) from stv where max(a) > 1", "INVALID_WHERE_CONDITION", {
      condition = '"(max(a) > 1)"',
      expressionList = "max(stv.a)",
    })
    refuses("select lead(t) over () from values ('A') as tbl(t)", "WINDOW_FUNCTION_FRAME_NOT_ORDERED", {
      wf_expr = "lead(tbl.t, 1, NULL)",
      wf_name = "lead",
    })
    refuses("select identifier(1)", "NOT_A_CONSTANT_STRING.WRONG_TYPE", {
      dataType = "int",
      expr = "1",
      name = "IDENTIFIER",
    })
    refuses("select identifier(substr('HELLO', 1, rand() + 1))", "NOT_A_CONSTANT_STRING.NOT_CONSTANT", {
      expr = "substr('HELLO', 1, CAST((rand() + CAST(1 AS DOUBLE)) AS INT))",
      name = "IDENTIFIER",
    })
    refuses("select t.a from stv t where t.a in (select min(x.a + t.a) from stv x)",
      "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.AGGREGATE_FUNCTION_MIXED_OUTER_LOCAL_REFERENCES", {
      ["function"] = "min((x.a + outer(t.a)))",
    })
    refuses("select (select max(t.a) from stv x) from stv t",
      "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_REFERENCE", {
      sqlExprs = '"max(a) AS `max(outer(t.a))`"',
    })
    refuses("select (select sum(d) from (select sum(t.a) as d from stv union all select 1)) from stv t",
      "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_REFERENCE", {
      sqlExprs = '"sum(a) AS d"',
    })
    refuses("select a from stv t group by a having exists (select first(t.b) == 'x')",
      "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_REFERENCE", {
      sqlExprs = '"(first(b) = x) AS `(first(outer(t.b)) = x)`"',
    })
    refuses("select (select x.a from stv x group by t.a) from stv t", "MISSING_AGGREGATION", {
      expression = '"a"',
      expressionAnyValue = '"any_value(a)"',
    })
    refuses("select (select x.a from stv x order by t.a) from stv t",
      "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_REFERENCE", {
      sqlExprs = '"a ASC NULLS FIRST"',
    })
    spark:sql("drop view sv2"):collect()
    spark:sql("drop view sv3"):collect()
    spark:sql("drop view sv4"):collect()
    spark:sql("drop table st1"):collect()
  end)
end)
