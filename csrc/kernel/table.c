/* Names that the planner itself gives meaning to: grouping and grouping_id (GROUP BY with sets),
** range and sql_keywords (sources of rows). Here stand their types and checks. */
#include "kernel/kernel_int.h"

static mill_status bind_grouping(mill_binding *b, mill_error *err) {
  bool one = strcmp(b->fn->name, "grouping") == 0;
  (void)err;
  b->result = mill_type_of(one ? MILL_TINYINT : MILL_BIGINT);
  b->nullable = false;
  return MILL_OK;
}

/* range(end), range(start, end[, step[, partitions]]): a column id. */
static mill_status bind_range(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "#bigint, #bigint?, #bigint?, #int? -> bigint", err));
  mill_field id = {"id", mill_type_of(MILL_BIGINT), false, NULL};
  b->result = mill_type_struct(b->ctx->types, &id, 1);
  b->nullable = false;
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof id, err);
}

static mill_status bind_sql_keywords(mill_binding *b, mill_error *err) {
  mill_field f[] = {{"keyword", mill_type_of(MILL_STRING), false, NULL},
                    {"reserved", mill_type_of(MILL_BOOLEAN), false, NULL}};
  b->result = mill_type_struct(b->ctx->types, f, 2);
  b->nullable = false;
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof f, err);
}

const mill_function mill_family_table[] = {
    {.name = "grouping",
     .types = "any",
     .kind = MILL_AGGREGATE,
     .bind = bind_grouping,
     .usage = "grouping(col)",
     .doc = "1 where the row sums over the column, 0 where it is grouped by it.",
     .example = "SELECT grouping(a) FROM VALUES (1) t(a) GROUP BY a WITH ROLLUP ORDER BY a -> 1"},
    {.name = "grouping_id",
     .types = "any*",
     .kind = MILL_AGGREGATE,
     .bind = bind_grouping,
     .usage = "grouping_id([col1[, col2 ..]])",
     .doc = "The answers of grouping for all columns as bits of one number.",
     .example = "SELECT grouping_id() FROM VALUES (1) t(a) GROUP BY a WITH ROLLUP ORDER BY a -> 1"},
    {.name = "range",
     .types = "any, any?, any?, any?",
     .kind = MILL_TABLE,
     .bind = bind_range,
     .usage = "range([start, ]end[, step[, numPartitions]])",
     .doc = "Rows with the numbers from start up to, but not including, end.",
     .example = "SELECT * FROM range(1) -> 0"},
    {.name = "sql_keywords",
     .types = "",
     .kind = MILL_TABLE,
     .bind = bind_sql_keywords,
     .usage = "sql_keywords()",
     .doc = "The words of Spark's SQL, and whether they are reserved.",
     .example = "SELECT keyword FROM sql_keywords() LIMIT 1 -> ADD"},
    {0}};
