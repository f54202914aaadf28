/* Aggregates of all rows of a table in memory that need no look at them: how many there are, and the least
** and the greatest of a column of numbers where the ranges of its chunks are asked for (mill_scan.range).
**
** Cost: a step a chunk, but for ranges that nobody has asked for before. */
#include <string.h>

#include "exec/exec_int.h"

static bool is(const mill_bound_aggregate *a, const char *name) {
  return strcmp(a->fn->name, name) == 0;
}

static bool is_plain(const mill_bound_aggregate *a) {
  return !a->filter && !a->distinct && !a->ignore_nulls;
}

/* Does it count all rows? */
static bool counts_all(const mill_bound_aggregate *a) {
  if (!is(a, "count") || !is_plain(a)) return false;
  for (int i = 0; i < a->nargs; i++)
    if (a->args[i]->nullable || !mill_bound_harmless(a->args[i])) return false;
  return true;
}

/* The column of the source whose least or greatest value it is; -1: something else. Floats are left out:
** of 0.0 and -0.0 it is the first. */
static int bound_of(const mill_bound_aggregate *a, const mill_op *const *step, int n) {
  if ((!is(a, "min") && !is(a, "max")) || !is_plain(a) || a->nargs != 1) return -1;
  if (a->type->phys == MILL_PHYS_F32 || a->type->phys == MILL_PHYS_F64) return -1;
  return mill_source_column(step, n, a->args[0]);
}

/* False: some chunk's range is not known. */
static bool find_bound(const mill_scan *s, int column, bool least, mill_vector *out) {
  mill_range best, r;
  bool found = s->morsels > 0;
  for (size_t i = 0; i < s->morsels && found; i++) {
    found = s->range(s, i, column, i ? &r : &best);
    if (i == 0 || !found) continue;
    if (least && mill_vector_compare(r.min, 0, best.min, 0) < 0) best.min = r.min;
    if (!least && mill_vector_compare(r.max, 0, best.max, 0) > 0) best.max = r.max;
  }
  if (found) *out = least ? *best.min : *best.max;
  return found;
}

/* The operators between the aggregate and its source, which only choose columns; < 0: there are others. */
enum { MOST_STEPS = 8 };
static int chosen(const mill_op *op, const mill_op **step, const mill_op **source) {
  int n = 0;
  for (; op->kind == MILL_OP_PROJECT && n < MOST_STEPS; op = op->child[0]) {
    for (int i = 0; i < op->nexprs; i++)
      if (!mill_bound_harmless(op->exprs[i])) return -1;
    step[n++] = op;
  }
  for (int i = 0; i < n / 2; i++) {
    const mill_op *t = step[i];
    step[i] = step[n - 1 - i];
    step[n - 1 - i] = t;
  }
  *source = op;
  return op->kind == MILL_OP_SCAN ? n : -1;
}

static mill_status one_row(const mill_exec *x, const mill_op *op, mill_vector *col, mill_scan **out,
                           mill_error *err) {
  mill_table *t;
  mill_batch b = {.n = 1, .ncols = op->schema->nfields, .col = col};
  MILL_TRY(mill_table_new(x->ctx->memory, op->schema, &t, err));
  mill_status s = mill_table_append(t, &b, err);
  if (s == MILL_OK) s = mill_scan_table(t, out, err);
  mill_table_unref(t);
  return s;
}

mill_status mill_exec_known(const mill_exec *x, const mill_op *op, mill_scan **out,
                            mill_error *err) {
  enum { MOST = 16 };
  const mill_op *step[MOST_STEPS], *source;
  mill_vector col[MOST];
  int64_t rows;
  *out = NULL;
  if (op->nkeys || op->naggs > MOST || op->naggs == 0) return MILL_OK;
  int n = chosen(op->child[0], step, &source);
  const mill_table *t = n >= 0 ? mill_scan_in_memory(source->scan) : NULL;
  if (t == NULL || t->live || x->run->meters) return MILL_OK;
  rows = (int64_t)t->rows;
  for (int i = 0; i < op->naggs; i++) {
    const mill_bound_aggregate *a = &op->aggs[i];
    bool found = counts_all(a);
    col[i] = (mill_vector){.type = mill_type_of(MILL_BIGINT), .data = &rows, .size = 1};
    int c = found || !source->ranged ? -1 : bound_of(a, step, n);
    if (c >= 0) found = find_bound(source->scan, source->columns[c], is(a, "min"), &col[i]);
    if (!found) return MILL_OK;
  }
  return one_row(x, op, col, out, err);
}
