/* What a filter right above a scan says of single columns, for scans that can leave rows out
** (mill_scan.narrow). The filter stays. Spark's DataSourceStrategy, PushedFilters. */
#include <string.h>

#include "exec/condition.h"
#include "plan/plan_int.h"

enum { TESTS_MOST = 32 };

typedef struct tests {
  mill_lowering *lowering;
  const mill_op *scan;
  mill_test at[TESTS_MOST];
  int n;
} tests;

static bool is(const mill_bound *b, const char *name) {
  return b->kind == MILL_B_CALL && b->fn && strcmp(b->fn->name, name) == 0;
}

static bool is_constant(const mill_bound *b) {
  return b->kind == MILL_B_LITERAL && b->value && mill_vector_valid(b->value, 0);
}

static void add(tests *t, int column, mill_test_kind kind, const mill_vector *value, uint32_t n) {
  if (t->n == TESTS_MOST) return;
  t->at[t->n++] =
      (mill_test){.kind = kind, .column = t->scan->columns[column], .n = n, .value = value};
}

static bool add_list(tests *t, const mill_bound *b) {
  mill_planner *w = t->lowering->w;
  const mill_type *type = b->args[0]->type;
  int n = b->nargs - 1;
  if (b->args[0]->kind != MILL_B_COLUMN || n < 1) return true;
  for (int i = 1; i <= n; i++)
    if (!is_constant(b->args[i]) || b->args[i]->type != type) return true;
  mill_vector *v = mill_w_alloc(w, sizeof *v);
  if (!v) return false;
  w->status = mill_vector_init(v, type, (uint32_t)n, w->arena, w->err);
  for (int i = 1; i <= n && !w->status; i++)
    w->status = mill_vector_append(v, b->args[i]->value, NULL, 1, true, w->arena, w->err);
  if (w->status) return false;
  add(t, b->args[0]->index, MILL_TEST_IN, v, (uint32_t)n);
  return true;
}

static bool collect(tests *t, const mill_bound *b) {
  if (b->kind == MILL_B_AND) {
    for (int i = 0; i < b->nargs; i++)
      if (!collect(t, b->args[i])) return false;
    return true;
  }
  mill_test c;
  if (!is(b, "in") && mill_condition_test(b, &c) && c.kind != MILL_TEST_NOT_EQUAL)
    add(t, c.column, c.kind, c.value, 1);
  bool one = b->nargs == 1 && b->args[0]->kind == MILL_B_COLUMN;
  if (is(b, "isnull") && one) add(t, b->args[0]->index, MILL_TEST_IS_NULL, NULL, 0);
  if (is(b, "isnotnull") && one) add(t, b->args[0]->index, MILL_TEST_NOT_NULL, NULL, 0);
  return is(b, "in") ? add_list(t, b) : true;
}

bool mill_lower_narrow_scan(mill_lowering *l, const mill_test *at, int n,
                            const mill_part *const *parts, mill_scan **scan) {
  mill_planner *w = l->w;
  struct mill_scan_list *item = mill_w_alloc(w, sizeof *item);
  mill_scan *few = NULL;
  if (!item) return false;
  w->status = (*scan)->narrow(*scan, at, n, parts, &few, w->err);
  if (w->status) return false;
  *item = (struct mill_scan_list){l->scans, few};
  l->scans = item;
  *scan = few;
  return true;
}

const mill_op *mill_lower_scan_tests(mill_lowering *l, const mill_bound *predicate,
                                     const mill_op *scan) {
  tests t = {.lowering = l, .scan = scan};
  if (scan->kind != MILL_OP_SCAN || !scan->scan->narrow) return scan;
  if (!collect(&t, predicate)) return NULL;
  if (t.n == 0) return scan;
  mill_op *op = mill_w_alloc(l->w, sizeof *op);
  mill_test *own = mill_w_alloc(l->w, (size_t)t.n * sizeof *own);
  if (!op || !own) return NULL;
  memcpy(own, t.at, (size_t)t.n * sizeof *own);
  *op = *scan;
  op->tests = own;
  op->ntests = t.n;
  return l->explaining || mill_lower_narrow_scan(l, t.at, t.n, NULL, &op->scan) ? op : NULL;
}
