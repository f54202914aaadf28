/* EXPLAIN of physical trees: an operator a line, what it does beside its name; "formatted" numbers
** the operators and lists below the tree what each is given and gives, "codegen" their expressions. */
#include <string.h>
#include <strings.h>

#include "plan/plan_int.h"

typedef struct printer {
  mill_planner *w;
  mill_text *out;
  bool numbered;
  const mill_meters *meters; /* of a run; NULL: none */
  int next;                  /* number of the next operator; children come first */
} printer;

/* Columns that an expression reads: those of one input, then of the other. */
typedef struct columns {
  const mill_type *left, *right;
} columns;

static const char *const op_names[] = {
    "Scan",     "Rows", "Range", "OneRow", "Filter", "Project", "Expand",           "HashAggregate",
    "HashJoin", "Sort", "Limit", "Tail",   "Union",  "Window",  "WindowGroupLimit", "Generate",
    "Sample",   "Share"};

static const char *const join_names[] = {"Inner",         "LeftOuter", "RightOuter",
                                         "FullOuter",     "LeftSemi",  "LeftAnti",
                                         "NullAwareAnti", "Existence", "LeftSingle"};

static mill_status puts_to(printer *p, const char *s) {
  return mill_text_adds(p->out, s, p->w->err);
}

/* ---- expressions ---------------------------------------------------------------------------- */

static mill_status expr(printer *p, const mill_bound *b, columns in);

static mill_status list(printer *p, const mill_bound *const *e, int n, columns in,
                        const char *between) {
  for (int i = 0; i < n; i++) {
    if (i) MILL_TRY(puts_to(p, between));
    MILL_TRY(expr(p, e[i], in));
  }
  return MILL_OK;
}

static mill_status column(printer *p, const mill_bound *b, columns in) {
  uint32_t i = (uint32_t)b->index, n = in.left ? in.left->nfields : 0;
  if (i < n) return puts_to(p, in.left->fields[i].name);
  if (in.right && i - n < in.right->nfields) return puts_to(p, in.right->fields[i - n].name);
  return mill_text_printf(p->out, p->w->err, "_%u", i);
}

static mill_status literal(printer *p, const mill_bound *b) {
  if (b->value == NULL || !mill_vector_valid(b->value, 0)) return puts_to(p, "null");
  return mill_value_text(&p->w->set, b->value, 0, p->out, p->w->err);
}

static bool infix(const mill_bound *b) {
  const char *n = b->fn ? b->fn->name : "";
  return b->nargs == 2 && strchr("+-*/%=<>&|^", n[0]) != NULL && n[0];
}

static mill_status call(printer *p, const mill_bound *b, columns in) {
  if (infix(b)) {
    MILL_TRY(puts_to(p, "("));
    MILL_TRY(expr(p, b->args[0], in));
    MILL_TRY(mill_text_printf(p->out, p->w->err, " %s ", b->fn->name));
    MILL_TRY(expr(p, b->args[1], in));
    return puts_to(p, ")");
  }
  MILL_TRY(puts_to(p, b->fn ? b->fn->name : "cast"));
  MILL_TRY(puts_to(p, "("));
  MILL_TRY(list(p, b->args, b->nargs, in, ", "));
  if (b->fn == NULL) {
    MILL_TRY(puts_to(p, " as "));
    MILL_TRY(mill_type_simple(b->type, p->out, p->w->err));
  }
  return puts_to(p, ")");
}

static mill_status wrapped(printer *p, const char *before, const mill_bound *b, columns in,
                           const char *between) {
  MILL_TRY(puts_to(p, before));
  MILL_TRY(list(p, b->args, b->nargs, in, between));
  return puts_to(p, ")");
}

static mill_status expr(printer *p, const mill_bound *b, columns in) {
  switch (b->kind) {
  case MILL_B_COLUMN: return column(p, b, in);
  case MILL_B_LITERAL: return literal(p, b);
  case MILL_B_CALL: return call(p, b, in);
  case MILL_B_AND: return wrapped(p, "(", b, in, " AND ");
  case MILL_B_OR: return wrapped(p, "(", b, in, " OR ");
  case MILL_B_CASE: return wrapped(p, "case(", b, in, ", ");
  case MILL_B_COALESCE: return wrapped(p, "coalesce(", b, in, ", ");
  case MILL_B_FIELD:
    MILL_TRY(expr(p, b->args[0], in));
    return mill_text_printf(p->out, p->w->err, ".%s",
                            b->args[0]->type->fields[(uint32_t)b->index].name);
  case MILL_B_LAMBDA: MILL_TRY(puts_to(p, "lambda ")); return expr(p, b->args[0], in);
  case MILL_B_VARIABLE: return mill_text_printf(p->out, p->w->err, "x_%d", b->index + 1);
  case MILL_B_HOST:
    MILL_TRY(puts_to(p, b->host && b->host->name ? b->host->name : "udf"));
    return wrapped(p, "(", b, in, ", ");
  }
  return MILL_OK;
}

static mill_status sorts(printer *p, const mill_op *op, columns in) {
  for (int i = 0; i < op->nsorts; i++) {
    const mill_bound_sort *s = &op->sorts[i];
    if (i) MILL_TRY(puts_to(p, ", "));
    MILL_TRY(expr(p, s->expr, in));
    MILL_TRY(puts_to(p, s->descending ? " DESC" : " ASC"));
    MILL_TRY(puts_to(p, s->nulls_first ? " NULLS FIRST" : " NULLS LAST"));
  }
  return MILL_OK;
}

static mill_status aggregate(printer *p, const mill_bound_aggregate *a, columns in) {
  MILL_TRY(puts_to(p, a->fn->name));
  MILL_TRY(puts_to(p, a->distinct ? "(distinct " : "("));
  MILL_TRY(list(p, a->args, a->nargs, in, ", "));
  MILL_TRY(puts_to(p, ")"));
  if (a->filter == NULL) return MILL_OK;
  MILL_TRY(puts_to(p, " FILTER (WHERE "));
  MILL_TRY(expr(p, a->filter, in));
  return puts_to(p, ")");
}

/* ---- operators ------------------------------------------------------------------------------ */

static mill_status names(printer *p, const mill_type *schema) {
  for (uint32_t i = 0; i < schema->nfields; i++) {
    if (i) MILL_TRY(puts_to(p, ", "));
    MILL_TRY(puts_to(p, schema->fields[i].name));
  }
  return MILL_OK;
}

static mill_status project(printer *p, const mill_op *op, columns in) {
  for (int i = 0; i < op->nexprs; i++) {
    const char *name = op->schema->fields[i].name;
    const mill_bound *b = op->exprs[i];
    bool same = b->kind == MILL_B_COLUMN && in.left && (uint32_t)b->index < in.left->nfields &&
                strcmp(in.left->fields[b->index].name, name) == 0;
    if (i) MILL_TRY(puts_to(p, ", "));
    MILL_TRY(expr(p, b, in));
    if (!same) MILL_TRY(mill_text_printf(p->out, p->w->err, " AS %s", name));
  }
  return MILL_OK;
}

static mill_status join(printer *p, const mill_op *op) {
  columns left = {op->child[0]->schema, NULL}, right = {op->child[1]->schema, NULL};
  columns both = {left.left, right.left};
  MILL_TRY(mill_text_printf(p->out, p->w->err, " %s [", join_names[op->join]));
  for (int i = 0; i < op->nkeys; i++) {
    if (i) MILL_TRY(puts_to(p, ", "));
    MILL_TRY(expr(p, op->keys[i], left));
    MILL_TRY(puts_to(p, op->null_safe ? " <=> " : " = "));
    MILL_TRY(expr(p, op->right_keys[i], right));
  }
  MILL_TRY(puts_to(p, "]"));
  if (op->condition == NULL) return MILL_OK;
  MILL_TRY(puts_to(p, " condition "));
  return expr(p, op->condition, both);
}

static mill_status window(printer *p, const mill_op *op, columns in) {
  MILL_TRY(puts_to(p, " ["));
  for (int i = 0; i < op->nwindows; i++) {
    if (i) MILL_TRY(puts_to(p, ", "));
    MILL_TRY(aggregate(p, &op->windows[i].call, in));
  }
  MILL_TRY(puts_to(p, "] partition by ["));
  MILL_TRY(list(p, op->keys, op->nkeys, in, ", "));
  MILL_TRY(puts_to(p, "] order by ["));
  MILL_TRY(sorts(p, op, in));
  return puts_to(p, "]");
}

static mill_status window_group_limit(printer *p, const mill_op *op, columns in) {
  static const char *const ranks[] = {"row_number", "rank", "dense_rank"};
  MILL_TRY(puts_to(p, " ["));
  MILL_TRY(list(p, op->keys, op->nkeys, in, ", "));
  MILL_TRY(puts_to(p, "], ["));
  MILL_TRY(sorts(p, op, in));
  return mill_text_printf(p->out, p->w->err, "], %s(), %lld", ranks[op->rank],
                          (long long)op->limit);
}

static mill_status aggregates(printer *p, const mill_op *op, columns in) {
  MILL_TRY(puts_to(p, " ["));
  MILL_TRY(list(p, op->keys, op->nkeys, in, ", "));
  MILL_TRY(puts_to(p, "]"));
  for (int i = 0; i < op->naggs; i++) {
    MILL_TRY(puts_to(p, i ? ", " : " "));
    MILL_TRY(aggregate(p, &op->aggs[i], in));
  }
  return MILL_OK;
}

/* In the words of org.apache.spark.sql.sources.Filter. */
static const char *const test_names[] = {
    "EqualTo", "LessThan", "LessThanOrEqual", "GreaterThan", "GreaterThanOrEqual",
    "In",      "",         "IsNull",          "IsNotNull"};

static mill_status test_values(printer *p, const mill_test *t) {
  for (uint32_t i = 0; i < t->n; i++) {
    size_t before = p->out->size;
    if (i) MILL_TRY(puts_to(p, ","));
    MILL_TRY(mill_value_text(&p->w->set, t->value, i, p->out, p->w->err));
    bool whole = t->value->type->id == MILL_TIMESTAMP &&
                 memchr(p->out->data + before, '.', p->out->size - before) == NULL;
    if (whole) MILL_TRY(puts_to(p, ".0")); /* as java.sql.Timestamp has it */
  }
  return MILL_OK;
}

static mill_status test(printer *p, const mill_op *op, const mill_test *t) {
  const char *name = op->scan->schema->fields[t->column].name;
  MILL_TRY(mill_text_printf(p->out, p->w->err, "%s(%s", test_names[t->kind], name));
  if (t->kind == MILL_TEST_IN) MILL_TRY(puts_to(p, ", ["));
  if (t->n && t->kind != MILL_TEST_IN) MILL_TRY(puts_to(p, ","));
  MILL_TRY(test_values(p, t));
  return puts_to(p, t->kind == MILL_TEST_IN ? "])" : ")");
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
static mill_status tests(printer *p, const mill_op *op) {
  bool some = false;
  if (op->ntests == 0) return MILL_OK;
  MILL_TRY(puts_to(p, " PushedFilters: ["));
  for (int i = 0; i < op->ntests; i++) {
    const mill_test not_null = {.kind = MILL_TEST_NOT_NULL, .column = op->tests[i].column};
    if (!says_not_null(op, i)) continue;
    if (some) MILL_TRY(puts_to(p, ", "));
    MILL_TRY(test(p, op, &not_null));
    some = true;
  }
  for (int i = 0; i < op->ntests; i++) {
    if (op->tests[i].kind == MILL_TEST_NOT_NULL) continue;
    if (some) MILL_TRY(puts_to(p, ", "));
    MILL_TRY(test(p, op, &op->tests[i]));
    some = true;
  }
  return puts_to(p, "]");
}

static mill_status scan(printer *p, const mill_op *op) {
  MILL_TRY(mill_text_printf(p->out, p->w->err, " %s [", op->scan->name));
  MILL_TRY(names(p, op->schema));
  MILL_TRY(puts_to(p, "]"));
  MILL_TRY(tests(p, op));
  if (!p->numbered) return MILL_OK;
  return mill_text_printf(p->out, p->w->err, "  columns %u of %u", op->schema->nfields,
                          op->scan->schema->nfields);
}

static mill_status cut(printer *p, const mill_op *op) {
  if (op->limit >= 0) MILL_TRY(mill_text_printf(p->out, p->w->err, " %lld", (long long)op->limit));
  if (op->offset <= 0) return MILL_OK;
  return mill_text_printf(p->out, p->w->err, " offset %lld", (long long)op->offset);
}

static mill_status details(printer *p, const mill_op *op) {
  columns in = {op->nchildren ? op->child[0]->schema : NULL, NULL};
  switch (op->kind) {
  case MILL_OP_SCAN: return scan(p, op);
  case MILL_OP_RANGE:
    return mill_text_printf(p->out, p->w->err, " (%lld, %lld, step=%lld)", (long long)op->from,
                            (long long)op->to, (long long)op->step);
  case MILL_OP_FILTER: MILL_TRY(puts_to(p, " ")); return expr(p, op->predicate, in);
  case MILL_OP_PROJECT:
    MILL_TRY(puts_to(p, " ["));
    MILL_TRY(project(p, op, in));
    return puts_to(p, "]");
  case MILL_OP_EXPAND: return mill_text_printf(p->out, p->w->err, " %d sets", op->nsets);
  case MILL_OP_AGGREGATE: return aggregates(p, op, in);
  case MILL_OP_JOIN: return join(p, op);
  case MILL_OP_SORT:
    MILL_TRY(cut(p, op));
    MILL_TRY(puts_to(p, " ["));
    MILL_TRY(sorts(p, op, in));
    return puts_to(p, "]");
  case MILL_OP_LIMIT:
  case MILL_OP_TAIL: return cut(p, op);
  case MILL_OP_WINDOW: return window(p, op, in);
  case MILL_OP_WINDOW_GROUP_LIMIT: return window_group_limit(p, op, in);
  case MILL_OP_GENERATE:
    MILL_TRY(puts_to(p, op->outer ? " outer " : " "));
    return expr(p, op->generator, in);
  case MILL_OP_SAMPLE:
    return mill_text_printf(p->out, p->w->err, " %g to %g, seed %llu", op->lower, op->upper,
                            (unsigned long long)op->seed);
  default: return MILL_OK;
  }
}

static const char *name_of(const mill_op *op) {
  return op->kind == MILL_OP_SORT && op->limit >= 0 ? "TakeOrdered" : op_names[op->kind];
}

static int count(const mill_op *op) {
  int n = 1;
  for (int i = 0; i < op->nchildren; i++) n += count(op->child[i]);
  return n;
}

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
  return puts_to(p, ")");
}

/* Operators are numbered as they run: children before their parent. */
static mill_status tree(printer *p, const mill_op *op, int depth, int number) {
  for (int i = 1; i < depth; i++) MILL_TRY(puts_to(p, "   "));
  if (depth) MILL_TRY(puts_to(p, "+- "));
  MILL_TRY(puts_to(p, name_of(op)));
  MILL_TRY(details(p, op));
  if (p->numbered) MILL_TRY(mill_text_printf(p->out, p->w->err, "  (%d)", number));
  MILL_TRY(metered(p, op));
  MILL_TRY(puts_to(p, "\n"));
  int first = number - count(op) + 1;
  for (int i = 0; i < op->nchildren; i++) {
    int last = first + count(op->child[i]) - 1;
    MILL_TRY(tree(p, op->child[i], depth + 1, last));
    first = last + 1;
  }
  return MILL_OK;
}

/* ---- the lists of "formatted" and "codegen" --------------------------------------------------- */

static mill_status fields(printer *p, const char *title, const mill_type *schema) {
  MILL_TRY(mill_text_printf(p->out, p->w->err, "%s [%u]: [", title, schema->nfields));
  MILL_TRY(names(p, schema));
  return puts_to(p, "]\n");
}

static mill_status section(printer *p, const mill_op *op) {
  for (int i = 0; i < op->nchildren; i++) MILL_TRY(section(p, op->child[i]));
  MILL_TRY(mill_text_printf(p->out, p->w->err, "\n(%d) %s\n", p->next++, name_of(op)));
  for (int i = 0; i < op->nchildren; i++) MILL_TRY(fields(p, "Input", op->child[i]->schema));
  MILL_TRY(fields(p, "Output", op->schema));
  if (op->estimate >= 0)
    MILL_TRY(mill_text_printf(p->out, p->w->err, "Rows expected: %.0f\n", op->estimate));
  bool spills = op->kind == MILL_OP_WINDOW || (op->kind == MILL_OP_SORT && op->limit < 0);
  return spills ? puts_to(p, "Spills when memory is short\n") : MILL_OK;
}

static mill_status program(printer *p, const mill_bound *const *e, int n, columns in) {
  for (int i = 0; i < n; i++) {
    MILL_TRY(puts_to(p, "  "));
    MILL_TRY(expr(p, e[i], in));
    MILL_TRY(puts_to(p, ": "));
    MILL_TRY(mill_type_simple(e[i]->type, p->out, p->w->err));
    MILL_TRY(puts_to(p, "\n"));
  }
  return MILL_OK;
}

static mill_status programs(printer *p, const mill_op *op) {
  for (int i = 0; i < op->nchildren; i++) MILL_TRY(programs(p, op->child[i]));
  columns in = {op->nchildren ? op->child[0]->schema : NULL, NULL};
  int n = op->kind == MILL_OP_EXPAND ? op->nsets * op->nexprs : op->nexprs;
  MILL_TRY(mill_text_printf(p->out, p->w->err, "\n(%d) %s\n", p->next++, name_of(op)));
  if (op->predicate) MILL_TRY(program(p, &op->predicate, 1, in));
  MILL_TRY(program(p, op->exprs, n, in));
  return program(p, op->keys, op->nkeys, in);
}

mill_status mill_explain_physical(mill_planner *w, const mill_op *op, const char *mode,
                                  const mill_meters *meters, mill_text *out) {
  bool formatted = strcmp(mode, "formatted") == 0, codegen = strcmp(mode, "codegen") == 0;
  printer p = {w, out, formatted || codegen, meters, 1};
  MILL_TRY(puts_to(&p, "== Physical Plan ==\n"));
  MILL_TRY(tree(&p, op, 0, count(op)));
  if (formatted) return section(&p, op);
  if (!codegen) return MILL_OK;
  MILL_TRY(puts_to(&p, "\n== Expression Programs ==\n"));
  return programs(&p, op);
}
