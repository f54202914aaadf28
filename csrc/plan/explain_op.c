/* EXPLAIN of physical trees: an operator a line, what it does beside its name. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "plan/explain_int.h"

typedef mill_op_printer printer;
typedef mill_op_inputs columns;

static const char *const op_names[] = {"Scan",
                                       "Rows",
                                       "Range",
                                       "Scan OneRowRelation",
                                       "Filter",
                                       "Project",
                                       "Expand",
                                       "HashAggregate",
                                       "BroadcastHashJoin",
                                       "Sort",
                                       "GlobalLimit",
                                       "CollectTail",
                                       "Union",
                                       "Window",
                                       "WindowGroupLimit",
                                       "Generate",
                                       "Sample",
                                       "ReusedSubquery"};

static const char *const join_names[] = {"Inner",     "LeftOuter",     "RightOuter",
                                         "FullOuter", "LeftSemi",      "LeftAnti",
                                         "LeftAnti",  "ExistenceJoin", "LeftSingle"};

mill_status mill_op_puts(printer *p, const char *s) { return mill_text_adds(p->out, s, p->w->err); }

columns mill_op_inputs_of(const mill_op *op) {
  return (columns){op->nchildren ? op->child[0]->schema : NULL,
                   op->nchildren > 1 ? op->child[1]->schema : NULL};
}

/* ---- expressions ---------------------------------------------------------------------------- */

static mill_status separated(printer *p, const mill_bound *const *e, int n, columns in,
                             const char *between) {
  for (int i = 0; i < n; i++) {
    if (i) MILL_TRY(mill_op_puts(p, between));
    MILL_TRY(mill_op_expr(p, e[i], in));
  }
  return MILL_OK;
}

mill_status mill_op_exprs(printer *p, const mill_bound *const *e, int n, columns in) {
  return separated(p, e, n, in, ", ");
}

static mill_status column(printer *p, const mill_bound *b, columns in) {
  uint32_t i = (uint32_t)b->index, n = in.left ? in.left->nfields : 0;
  if (i < n) return mill_op_puts(p, in.left->fields[i].name);
  if (in.right && i - n < in.right->nfields) return mill_op_puts(p, in.right->fields[i - n].name);
  return mill_text_printf(p->out, p->w->err, "_%u", i);
}

static mill_status literal(printer *p, const mill_bound *b) {
  if (b->value == NULL || !mill_vector_valid(b->value, 0)) return mill_op_puts(p, "null");
  return mill_value_text(&p->w->set, b->value, 0, p->out, p->w->err);
}

static mill_status infix(printer *p, const mill_bound *b, const char *word, columns in) {
  MILL_TRY(mill_op_expr(p, b->args[0], in));
  MILL_TRY(mill_text_printf(p->out, p->w->err, " %s ", word));
  return mill_op_expr(p, b->args[1], in);
}

static mill_status wrapped(printer *p, const char *before, const mill_bound *const *e, int n,
                           columns in, const char *between) {
  MILL_TRY(mill_op_puts(p, before));
  MILL_TRY(separated(p, e, n, in, between));
  return mill_op_puts(p, ")");
}

static mill_status cast(printer *p, const mill_bound *b, columns in) {
  MILL_TRY(mill_op_puts(p, "cast("));
  MILL_TRY(mill_op_exprs(p, b->args, b->nargs, in));
  MILL_TRY(mill_op_puts(p, " as "));
  MILL_TRY(mill_type_simple(b->type, p->out, p->w->err));
  return mill_op_puts(p, ")");
}

/* Operators stand between or before their operands. */
static mill_status call(printer *p, const mill_bound *b, columns in) {
  const char *name = b->fn ? b->fn->name : "cast";
  bool symbol = name[0] && strchr("+-*/%=<>&|^", name[0]) != NULL;
  if (b->fn == NULL) return cast(p, b, in);
  if (symbol && b->nargs == 2) {
    MILL_TRY(mill_op_puts(p, "("));
    MILL_TRY(infix(p, b, name, in));
    return mill_op_puts(p, ")");
  }
  if (strcmp(name, "like") == 0 && b->nargs == 2) return infix(p, b, "LIKE", in);
  bool negation = strcmp(name, "not") == 0;
  if (negation || (symbol && b->nargs == 1)) {
    MILL_TRY(mill_op_puts(p, negation ? "NOT " : name));
    return mill_op_expr(p, b->args[0], in);
  }
  if (strcmp(name, "in") == 0) {
    MILL_TRY(mill_op_expr(p, b->args[0], in));
    return wrapped(p, " IN (", b->args + 1, b->nargs - 1, in, ",");
  }
  MILL_TRY(mill_op_puts(p, name));
  return wrapped(p, "(", b->args, b->nargs, in, ", ");
}

static mill_status branches(printer *p, const mill_bound *b, columns in) {
  MILL_TRY(mill_op_puts(p, "CASE"));
  for (int i = 0; i < b->nargs; i++) {
    bool last = i == b->nargs - 1 && i % 2 == 0;
    MILL_TRY(mill_op_puts(p, last ? " ELSE " : i % 2 ? " THEN " : " WHEN "));
    MILL_TRY(mill_op_expr(p, b->args[i], in));
  }
  return mill_op_puts(p, " END");
}

mill_status mill_op_expr(printer *p, const mill_bound *b, columns in) {
  switch (b->kind) {
  case MILL_B_COLUMN: return column(p, b, in);
  case MILL_B_LITERAL: return literal(p, b);
  case MILL_B_CALL: return call(p, b, in);
  case MILL_B_AND: return wrapped(p, "(", b->args, b->nargs, in, " AND ");
  case MILL_B_OR: return wrapped(p, "(", b->args, b->nargs, in, " OR ");
  case MILL_B_CASE: return branches(p, b, in);
  case MILL_B_COALESCE: return wrapped(p, "coalesce(", b->args, b->nargs, in, ", ");
  case MILL_B_FIELD:
    MILL_TRY(mill_op_expr(p, b->args[0], in));
    return mill_text_printf(p->out, p->w->err, ".%s",
                            b->args[0]->type->fields[(uint32_t)b->index].name);
  case MILL_B_LAMBDA: MILL_TRY(mill_op_puts(p, "lambda ")); return mill_op_expr(p, b->args[0], in);
  case MILL_B_VARIABLE: return mill_text_printf(p->out, p->w->err, "x_%d", b->index + 1);
  case MILL_B_HOST:
    MILL_TRY(mill_op_puts(p, b->host && b->host->name ? b->host->name : "udf"));
    return wrapped(p, "(", b->args, b->nargs, in, ", ");
  }
  return MILL_OK;
}

static mill_status sort_keys(printer *p, const mill_op *op) {
  columns in = mill_op_inputs_of(op);
  for (int i = 0; i < op->nsorts; i++) {
    const mill_bound_sort *s = &op->sorts[i];
    if (i) MILL_TRY(mill_op_puts(p, ", "));
    MILL_TRY(mill_op_expr(p, s->expr, in));
    MILL_TRY(mill_op_puts(p, s->descending ? " DESC" : " ASC"));
    MILL_TRY(mill_op_puts(p, s->nulls_first ? " NULLS FIRST" : " NULLS LAST"));
  }
  return MILL_OK;
}

static mill_status sorts(printer *p, const mill_op *op) {
  MILL_TRY(mill_op_puts(p, "["));
  MILL_TRY(sort_keys(p, op));
  return mill_op_puts(p, "]");
}

static mill_status keys(printer *p, const mill_bound *const *e, int n, columns in) {
  MILL_TRY(mill_op_puts(p, "["));
  MILL_TRY(mill_op_exprs(p, e, n, in));
  return mill_op_puts(p, "]");
}

static mill_status aggregate(printer *p, const mill_bound_aggregate *a, columns in) {
  MILL_TRY(mill_op_puts(p, a->fn->name));
  MILL_TRY(wrapped(p, a->distinct ? "(distinct " : "(", a->args, a->nargs, in, ", "));
  if (a->filter == NULL) return MILL_OK;
  MILL_TRY(mill_op_puts(p, " FILTER (WHERE "));
  MILL_TRY(mill_op_expr(p, a->filter, in));
  return mill_op_puts(p, ")");
}

mill_status mill_op_aggregates(printer *p, const mill_op *op) {
  for (int i = 0; i < op->naggs; i++) {
    if (i) MILL_TRY(mill_op_puts(p, ", "));
    MILL_TRY(aggregate(p, &op->aggs[i], mill_op_inputs_of(op)));
  }
  return MILL_OK;
}

mill_status mill_op_names(printer *p, const mill_type *schema, const char *between) {
  for (uint32_t i = 0; i < schema->nfields; i++) {
    if (i) MILL_TRY(mill_op_puts(p, between));
    MILL_TRY(mill_op_puts(p, schema->fields[i].name));
  }
  return MILL_OK;
}

mill_status mill_op_select(printer *p, const mill_op *op) {
  columns in = mill_op_inputs_of(op);
  for (int i = 0; i < op->nexprs; i++) {
    const char *name = op->schema->fields[i].name;
    const mill_bound *b = op->exprs[i];
    bool same = b->kind == MILL_B_COLUMN && in.left && (uint32_t)b->index < in.left->nfields &&
                strcmp(in.left->fields[b->index].name, name) == 0;
    if (i) MILL_TRY(mill_op_puts(p, ", "));
    MILL_TRY(mill_op_expr(p, b, in));
    if (!same) MILL_TRY(mill_text_printf(p->out, p->w->err, " AS %s", name));
  }
  return MILL_OK;
}

/* ---- scans ---------------------------------------------------------------------------------- */

bool mill_op_of_files(const mill_op *op) { return op->kind == MILL_OP_SCAN && op->npaths > 0; }

/* In the words of org.apache.spark.sql.sources.Filter. */
static const char *const test_names[] = {
    "EqualTo", "LessThan", "LessThanOrEqual", "GreaterThan", "GreaterThanOrEqual",
    "In",      "",         "IsNull",          "IsNotNull"};

static mill_status test_values(printer *p, const mill_test *t) {
  for (uint32_t i = 0; i < t->n; i++) {
    size_t before = p->out->size;
    if (i) MILL_TRY(mill_op_puts(p, ","));
    MILL_TRY(mill_value_text(&p->w->set, t->value, i, p->out, p->w->err));
    bool whole = t->value->type->id == MILL_TIMESTAMP &&
                 memchr(p->out->data + before, '.', p->out->size - before) == NULL;
    if (whole) MILL_TRY(mill_op_puts(p, ".0")); /* as java.sql.Timestamp has it */
  }
  return MILL_OK;
}

static mill_status test(printer *p, const mill_op *op, const mill_test *t) {
  const char *name = op->scan->schema->fields[t->column].name;
  MILL_TRY(mill_text_printf(p->out, p->w->err, "%s(%s", test_names[t->kind], name));
  if (t->kind == MILL_TEST_IN) MILL_TRY(mill_op_puts(p, ", ["));
  if (t->n && t->kind != MILL_TEST_IN) MILL_TRY(mill_op_puts(p, ","));
  MILL_TRY(test_values(p, t));
  return mill_op_puts(p, t->kind == MILL_TEST_IN ? "])" : ")");
}

/* Does test i, a comparison or the first to say so, want a value in a column that none before does? */
static bool says_not_null(const mill_op *op, int i) {
  const mill_test *t = op->tests;
  if (t[i].kind == MILL_TEST_IN || t[i].kind == MILL_TEST_IS_NULL) return false;
  for (int k = 0; k < i; k++)
    if (t[k].column == t[i].column && says_not_null(op, k)) return false;
  return true;
}

/* What every comparison says of nulls comes first, as Spark infers it. */
mill_status mill_op_tests(printer *p, const mill_op *op) {
  bool some = false;
  MILL_TRY(mill_op_puts(p, "PushedFilters: ["));
  for (int i = 0; i < op->ntests; i++) {
    const mill_test not_null = {.kind = MILL_TEST_NOT_NULL, .column = op->tests[i].column};
    if (!says_not_null(op, i)) continue;
    if (some) MILL_TRY(mill_op_puts(p, ", "));
    MILL_TRY(test(p, op, &not_null));
    some = true;
  }
  for (int i = 0; i < op->ntests; i++) {
    if (op->tests[i].kind == MILL_TEST_NOT_NULL) continue;
    if (some) MILL_TRY(mill_op_puts(p, ", "));
    MILL_TRY(test(p, op, &op->tests[i]));
    some = true;
  }
  return mill_op_puts(p, "]");
}

mill_status mill_op_location(printer *p, const mill_op *op) {
  MILL_TRY(mill_op_puts(p, "["));
  for (int i = 0; i < op->npaths; i++) {
    const char *path = op->paths[i];
    bool plain = strstr(path, ":/") == NULL;
    MILL_TRY(
        mill_text_printf(p->out, p->w->err, "%s%s%s", i ? ", " : "", plain ? "file:" : "", path));
  }
  return mill_op_puts(p, "]");
}

/* CSV, JSON; Parquet, Arrow, Text, Snapshot. */
static mill_status format(printer *p, const char *name) {
  bool short_name = strcmp(name, "csv") == 0 || strcmp(name, "json") == 0;
  for (int i = 0; name[i]; i++) {
    char c = name[i];
    if (i == 0 || short_name) c = (char)toupper((unsigned char)c);
    MILL_TRY(mill_text_addc(p->out, c, p->w->err));
  }
  return MILL_OK;
}

static mill_status file_scan(printer *p, const mill_op *op) {
  MILL_TRY(mill_text_printf(p->out, p->w->err, "FileScan %s [", op->scan->name));
  MILL_TRY(mill_op_names(p, op->schema, ","));
  MILL_TRY(mill_op_puts(p, "] Format: "));
  MILL_TRY(format(p, op->scan->name));
  MILL_TRY(
      mill_text_printf(p->out, p->w->err, ", Location: InMemoryFileIndex(%d paths)", op->npaths));
  MILL_TRY(mill_op_location(p, op));
  MILL_TRY(mill_op_puts(p, ", "));
  MILL_TRY(mill_op_tests(p, op));
  MILL_TRY(mill_op_puts(p, ", ReadSchema: "));
  return mill_type_simple(op->schema, p->out, p->w->err);
}

/* ---- operators ------------------------------------------------------------------------------ */

/* A join without keys compares each pair of rows. */
static bool nested_loop(const mill_op *op) { return op->kind == MILL_OP_JOIN && op->nkeys == 0; }

static const char *build_side(const mill_op *op) {
  return op->build_left ? "BuildLeft" : "BuildRight";
}

const char *mill_op_join_name(const mill_op *op) { return join_names[op->join]; }

static mill_status join(printer *p, const mill_op *op) {
  columns both = mill_op_inputs_of(op), left = {both.left, NULL}, right = {both.right, NULL};
  if (nested_loop(op)) {
    MILL_TRY(mill_text_printf(p->out, p->w->err, "%s, %s", build_side(op), mill_op_join_name(op)));
  } else {
    MILL_TRY(keys(p, op->keys, op->nkeys, left));
    MILL_TRY(mill_op_puts(p, op->null_safe ? " <=> " : ", "));
    MILL_TRY(keys(p, op->right_keys, op->nkeys, right));
    MILL_TRY(
        mill_text_printf(p->out, p->w->err, ", %s, %s", mill_op_join_name(op), build_side(op)));
  }
  if (op->condition) {
    MILL_TRY(mill_op_puts(p, ", "));
    MILL_TRY(mill_op_expr(p, op->condition, both));
  }
  if (nested_loop(op)) return MILL_OK;
  return mill_op_puts(p, op->join == MILL_OP_NULL_AWARE_ANTI ? ", true" : ", false");
}

static mill_status edge(printer *p, mill_op_edge e, const mill_bound *value, const char *unbounded,
                        columns in) {
  if (e == MILL_EDGE_UNBOUNDED) return mill_op_puts(p, unbounded);
  if (e == MILL_EDGE_CURRENT) return mill_op_puts(p, "currentrow$()");
  return mill_op_expr(p, value, in);
}

/* "sum(v) windowspecdefinition(k, v ASC NULLS FIRST, specifiedwindowframe(RowFrame, -1, currentrow$())) AS w" */
static mill_status window_call(printer *p, const mill_op *op, int i) {
  const mill_op_window *f = &op->windows[i];
  columns in = mill_op_inputs_of(op);
  MILL_TRY(aggregate(p, &f->call, in));
  MILL_TRY(mill_op_puts(p, " windowspecdefinition("));
  MILL_TRY(mill_op_exprs(p, op->keys, op->nkeys, in));
  if (op->nkeys) MILL_TRY(mill_op_puts(p, ", "));
  MILL_TRY(sort_keys(p, op));
  if (op->nsorts) MILL_TRY(mill_op_puts(p, ", "));
  MILL_TRY(mill_text_printf(p->out, p->w->err, "specifiedwindowframe(%s, ",
                            f->rows ? "RowFrame" : "RangeFrame"));
  MILL_TRY(edge(p, f->from, f->from_value, "unboundedpreceding$()", in));
  MILL_TRY(mill_op_puts(p, ", "));
  MILL_TRY(edge(p, f->to, f->to_value, "unboundedfollowing$()", in));
  uint32_t column = op->schema->nfields - (uint32_t)(op->nwindows - i);
  return mill_text_printf(p->out, p->w->err, ")) AS %s", op->schema->fields[column].name);
}

static mill_status partition_and_order(printer *p, const mill_op *op) {
  MILL_TRY(keys(p, op->keys, op->nkeys, mill_op_inputs_of(op)));
  MILL_TRY(mill_op_puts(p, ", "));
  return sorts(p, op);
}

static mill_status window(printer *p, const mill_op *op) {
  MILL_TRY(mill_op_puts(p, "["));
  for (int i = 0; i < op->nwindows; i++) {
    if (i) MILL_TRY(mill_op_puts(p, ", "));
    MILL_TRY(window_call(p, op, i));
  }
  MILL_TRY(mill_op_puts(p, "], "));
  return partition_and_order(p, op);
}

static mill_status window_group_limit(printer *p, const mill_op *op) {
  static const char *const ranks[] = {"row_number", "rank", "dense_rank"};
  MILL_TRY(partition_and_order(p, op));
  return mill_text_printf(p->out, p->w->err, ", %s(), %lld", ranks[op->rank], (long long)op->limit);
}

static mill_status expand(printer *p, const mill_op *op) {
  int width = op->nexprs;
  MILL_TRY(mill_op_puts(p, "["));
  for (int i = 0; i < op->nsets; i++) {
    if (i) MILL_TRY(mill_op_puts(p, ", "));
    MILL_TRY(keys(p, op->exprs + i * width, width, mill_op_inputs_of(op)));
  }
  MILL_TRY(mill_op_puts(p, "], ["));
  MILL_TRY(mill_op_names(p, op->schema, ", "));
  return mill_op_puts(p, "]");
}

static mill_status generate(printer *p, const mill_op *op) {
  columns in = mill_op_inputs_of(op);
  MILL_TRY(mill_op_expr(p, op->generator, in));
  uint32_t n = op->schema->nfields, passing = n - op->generator->type->nfields;
  for (uint32_t i = 0; i <= n; i++) {
    if (i == 0) MILL_TRY(mill_op_puts(p, ", ["));
    if (i == passing) MILL_TRY(mill_op_puts(p, op->outer ? "], true, [" : "], false, ["));
    if (i == n) break;
    if (i > 0 && i != passing) MILL_TRY(mill_op_puts(p, ", "));
    MILL_TRY(mill_op_puts(p, op->schema->fields[i].name));
  }
  return mill_op_puts(p, "]");
}

/* limit=3, offset=1, orderBy=[a ASC NULLS FIRST], output=[a,b]: Spark counts the rows passed over. */
static mill_status top(printer *p, const mill_op *op) {
  MILL_TRY(
      mill_text_printf(p->out, p->w->err, "(limit=%lld, ", (long long)(op->limit + op->offset)));
  if (op->offset > 0)
    MILL_TRY(mill_text_printf(p->out, p->w->err, "offset=%lld, ", (long long)op->offset));
  MILL_TRY(mill_op_puts(p, "orderBy="));
  MILL_TRY(sorts(p, op));
  MILL_TRY(mill_op_puts(p, ", output=["));
  MILL_TRY(mill_op_names(p, op->schema, ","));
  return mill_op_puts(p, "])");
}

static bool is_top(const mill_op *op) { return op->kind == MILL_OP_SORT && op->limit >= 0; }

mill_status mill_op_arguments(printer *p, const mill_op *op) {
  columns in = mill_op_inputs_of(op);
  switch (op->kind) {
  case MILL_OP_RANGE:
    return mill_text_printf(p->out, p->w->err, "(%lld, %lld, step=%lld)", (long long)op->from,
                            (long long)op->to, (long long)op->step);
  case MILL_OP_FILTER: return mill_op_expr(p, op->predicate, in);
  case MILL_OP_PROJECT:
    MILL_TRY(mill_op_puts(p, "["));
    MILL_TRY(mill_op_select(p, op));
    return mill_op_puts(p, "]");
  case MILL_OP_EXPAND: return expand(p, op);
  case MILL_OP_JOIN: return join(p, op);
  case MILL_OP_SORT:
    MILL_TRY(sorts(p, op));
    return is_top(op) ? MILL_OK : mill_op_puts(p, ", true, 0");
  case MILL_OP_LIMIT:
    return mill_text_printf(p->out, p->w->err, "%lld, %lld", (long long)op->limit,
                            (long long)(op->offset > 0 ? op->offset : 0));
  case MILL_OP_TAIL: return mill_text_printf(p->out, p->w->err, "%lld", (long long)op->limit);
  case MILL_OP_WINDOW: return window(p, op);
  case MILL_OP_WINDOW_GROUP_LIMIT: return window_group_limit(p, op);
  case MILL_OP_GENERATE: return generate(p, op);
  case MILL_OP_SAMPLE:
    return mill_text_printf(p->out, p->w->err, "%.1f, %g, %s, %llu", op->lower, op->upper,
                            op->replacement ? "true" : "false", (unsigned long long)op->seed);
  default:
    MILL_TRY(mill_op_puts(p, "["));
    MILL_TRY(mill_op_names(p, op->schema, ", "));
    return mill_op_puts(p, "]");
  }
}

static const char *scan_name(const mill_op *op) {
  if (mill_op_of_files(op)) return "FileScan";
  if (op->cached) return "InMemoryTableScan";
  return strcmp(op->scan->name, "memory") == 0 ? "LocalTableScan" : "Scan";
}

const char *mill_op_name(const mill_op *op) {
  if (op->kind == MILL_OP_SCAN) return scan_name(op);
  if (nested_loop(op)) return "BroadcastNestedLoopJoin";
  return is_top(op) ? "TakeOrderedAndProject" : op_names[op->kind];
}

static mill_status hash_aggregate(printer *p, const mill_op *op) {
  MILL_TRY(mill_op_puts(p, "HashAggregate(keys="));
  MILL_TRY(keys(p, op->keys, op->nkeys, mill_op_inputs_of(op)));
  MILL_TRY(mill_op_puts(p, ", functions=["));
  MILL_TRY(mill_op_aggregates(p, op));
  return mill_op_puts(p, "])");
}

static mill_status line(printer *p, const mill_op *op) {
  if (mill_op_of_files(op)) return file_scan(p, op);
  if (op->kind == MILL_OP_AGGREGATE) return hash_aggregate(p, op);
  MILL_TRY(mill_op_puts(p, mill_op_name(op)));
  if (is_top(op)) return top(p, op);
  if (op->kind == MILL_OP_ONE_ROW) return mill_op_puts(p, "[]");
  if (op->kind == MILL_OP_UNION || op->kind == MILL_OP_SHARE) return MILL_OK;
  MILL_TRY(mill_op_puts(p, " "));
  return mill_op_arguments(p, op);
}

/* ---- the tree ------------------------------------------------------------------------------- */

static mill_status bytes(printer *p, const char *what, uint64_t n) {
  if (n >= 10 << 20)
    return mill_text_printf(p->out, p->w->err, "%s%.0f MiB", what, (double)n / (1 << 20));
  return mill_text_printf(p->out, p->w->err, "%s%.1f KiB", what, (double)n / 1024);
}

/* What the operators below put on disk is theirs. */
static mill_status metered(printer *p, const mill_op *op) {
  const mill_meter *m = mill_meters_of(p->meters, op);
  if (m == NULL) return MILL_OK;
  uint64_t spilled = m->spilled;
  for (int i = 0; i < op->nchildren; i++) {
    const mill_meter *below = mill_meters_of(p->meters, op->child[i]);
    spilled -= below->spilled < spilled ? below->spilled : spilled;
  }
  MILL_TRY(mill_text_printf(p->out, p->w->err, "  (rows %llu, %.3f ms", (unsigned long long)m->rows,
                            (double)m->nanos / 1e6));
  if (m->memory) MILL_TRY(bytes(p, ", memory ", m->memory));
  if (spilled) MILL_TRY(bytes(p, ", spilled ", spilled));
  return mill_op_puts(p, ")");
}

static mill_status tree(printer *p, const mill_op *op, const mill_branch *place) {
  MILL_TRY(mill_explain_branch(place, p->out, p->w->err));
  MILL_TRY(line(p, op));
  MILL_TRY(metered(p, op));
  MILL_TRY(mill_op_puts(p, "\n"));
  for (int i = 0; i < op->nchildren; i++) {
    const mill_branch child = {place, i + 1 < op->nchildren};
    MILL_TRY(tree(p, op->child[i], &child));
  }
  return MILL_OK;
}

mill_status mill_explain_physical(mill_planner *w, const mill_op *op, const mill_meters *meters,
                                  mill_text *out) {
  const mill_branch root = {NULL, false};
  printer p = {w, out, meters};
  MILL_TRY(mill_op_puts(&p, "== Physical Plan ==\n"));
  return tree(&p, op, &root);
}
