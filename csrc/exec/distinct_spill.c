/* Aggregates of DISTINCT values that do not fit in memory. What was begun in memory (aggregate.c) is
** given up, and plain operators, all of which spill, do it from the start over rows kept once:
**
**     groups     AGGREGATE  keys; the calls without DISTINCT           over the rows
**     values     AGGREGATE  keys, the call's filter and arguments      over the rows, once a call
**     results    AGGREGATE  keys; the call, no longer DISTINCT         over the values
**     PROJECT    the columns in order, over groups JOIN results JOIN results .., keys alike
**
** A value that the filter refuses still makes a row, so every group is among the results. Groups
** come in order of their first row, and so do the values of each group. */
#include "exec/aggregate_int.h"

typedef struct builder {
  const mill_exec *x;
  const mill_op *op;
  mill_arena a;
} builder;

static void *room(builder *b, size_t bytes, mill_status *s, mill_error *err) {
  void *p = *s == MILL_OK ? mill_arena_alloc(&b->a, bytes + 16) : NULL;
  if (p) return memset(p, 0, bytes + 16);
  if (*s == MILL_OK) *s = mill_oom(b->a.memory, bytes, err);
  return NULL;
}

static mill_status column(builder *b, int index, const mill_type *type, const mill_bound **out,
                          mill_error *err) {
  mill_status s = MILL_OK;
  mill_bound *e = room(b, sizeof *e, &s, err);
  if (e == NULL) return s;
  *e = (mill_bound){
      .kind = MILL_B_COLUMN, .type = type, .nullable = true, .deterministic = true, .index = index};
  *out = e;
  return MILL_OK;
}

/* Columns 0 .. n - 1 of an operator. */
static mill_status columns(builder *b, const mill_op *of, int n, const mill_bound *const **out,
                           mill_error *err) {
  mill_status s = MILL_OK;
  const mill_bound **e = room(b, (size_t)n * sizeof *e, &s, err);
  for (int i = 0; i < n && s == MILL_OK; i++)
    s = column(b, i, of->schema->fields[i].type, &e[i], err);
  *out = e;
  return s;
}

/* An AGGREGATE with its schema. */
static mill_status aggregate(builder *b, const mill_op *child, const mill_bound *const *keys,
                             int nkeys, const mill_bound_aggregate *aggs, int naggs,
                             const mill_op **out, mill_error *err) {
  mill_status s = MILL_OK;
  mill_op *op = room(b, sizeof *op, &s, err);
  const mill_op **children = room(b, sizeof *children, &s, err);
  mill_field *f = room(b, (size_t)(nkeys + naggs) * sizeof *f, &s, err);
  if (s != MILL_OK) return s;
  for (int i = 0; i < nkeys; i++) f[i] = (mill_field){"k", keys[i]->type, true, NULL};
  for (int i = 0; i < naggs; i++) f[nkeys + i] = (mill_field){"v", aggs[i].type, true, NULL};
  children[0] = child;
  *op = (mill_op){.kind = MILL_OP_AGGREGATE,
                  .schema = mill_type_struct(b->x->ctx->types, f, (uint32_t)(nkeys + naggs)),
                  .nchildren = 1,
                  .child = children,
                  .keys = keys,
                  .nkeys = nkeys,
                  .aggs = aggs,
                  .naggs = naggs,
                  .outer = child->kind == MILL_OP_SCAN && naggs > 0,
                  .estimate = -1};
  *out = op;
  return op->schema ? MILL_OK : mill_oom(b->a.memory, sizeof *f, err);
}

/* ---- the parts ------------------------------------------------------------------------------ */

static mill_status groups_of(builder *b, const mill_op *rows, const mill_op **out,
                             mill_error *err) {
  mill_status s = MILL_OK;
  int n = 0;
  mill_bound_aggregate *plain = room(b, (size_t)b->op->naggs * sizeof *plain, &s, err);
  for (int i = 0; i < b->op->naggs && s == MILL_OK; i++)
    if (!b->op->aggs[i].distinct) plain[n++] = b->op->aggs[i];
  if (s != MILL_OK) return s;
  return aggregate(b, rows, b->op->keys, b->op->nkeys, plain, n, out, err);
}

static mill_status results_of(builder *b, const mill_op *rows, const mill_bound_aggregate *call,
                              const mill_op **out, mill_error *err) {
  mill_status s = MILL_OK;
  int nkeys = b->op->nkeys, n = nkeys;
  const mill_op *values = NULL;
  const mill_bound *const *keys = NULL, *const *all = NULL;
  const mill_bound **e = room(b, (size_t)(nkeys + call->nargs + 1) * sizeof *e, &s, err);
  mill_bound_aggregate *own = room(b, sizeof *own, &s, err);
  if (s != MILL_OK) return s;
  for (int i = 0; i < nkeys; i++) e[i] = b->op->keys[i];
  if (call->filter) e[n++] = call->filter;
  for (int i = 0; i < call->nargs; i++) e[n++] = call->args[i];
  MILL_TRY(aggregate(b, rows, e, n, NULL, 0, &values, err));
  MILL_TRY(columns(b, values, n, &all, err));
  *own = *call;
  own->distinct = false;
  own->filter = call->filter ? all[nkeys] : NULL;
  own->args = all + n - call->nargs;
  MILL_TRY(columns(b, values, nkeys, &keys, err));
  return aggregate(b, values, keys, nkeys, own, 1, out, err);
}

static mill_status join(builder *b, const mill_op *left, const mill_op *right, const mill_op **out,
                        mill_error *err) {
  mill_status s = MILL_OK;
  uint32_t nleft = left->schema->nfields, n = nleft + right->schema->nfields;
  mill_op *op = room(b, sizeof *op, &s, err);
  const mill_op **children = room(b, 2 * sizeof *children, &s, err);
  mill_field *f = room(b, n * sizeof *f, &s, err);
  if (s != MILL_OK) return s;
  for (uint32_t i = 0; i < n; i++)
    f[i] = i < nleft ? left->schema->fields[i] : right->schema->fields[i - nleft];
  children[0] = left;
  children[1] = right;
  *op = (mill_op){.kind = MILL_OP_JOIN,
                  .schema = mill_type_struct(b->x->ctx->types, f, n),
                  .nchildren = 2,
                  .child = children,
                  .null_safe = true,
                  .join = MILL_OP_INNER,
                  .nkeys = b->op->nkeys,
                  .estimate = -1};
  if (op->schema == NULL) return mill_oom(b->a.memory, n * sizeof *f, err);
  MILL_TRY(columns(b, left, op->nkeys, &op->keys, err));
  MILL_TRY(columns(b, right, op->nkeys, &op->right_keys, err));
  *out = op;
  return MILL_OK;
}

/* Groups and results side by side, then their columns in order. */
static mill_status whole(builder *b, const mill_op *rows, const mill_op **out, mill_error *err) {
  mill_status s = MILL_OK;
  int nkeys = b->op->nkeys, n = (int)b->op->schema->nfields, plain = nkeys;
  const mill_op *all = NULL, *one = NULL;
  mill_op *op = room(b, sizeof *op, &s, err);
  const mill_op **children = room(b, sizeof *children, &s, err);
  const mill_bound **e = room(b, (size_t)n * sizeof *e, &s, err);
  if (s != MILL_OK) return s;
  MILL_TRY(groups_of(b, rows, &all, err));
  for (int i = 0; i < nkeys; i++) MILL_TRY(column(b, i, b->op->keys[i]->type, &e[i], err));
  for (int i = 0; i < b->op->naggs; i++) {
    const mill_bound_aggregate *call = &b->op->aggs[i];
    int at = call->distinct ? (int)all->schema->nfields + nkeys : plain++;
    if (call->distinct) {
      MILL_TRY(results_of(b, rows, call, &one, err));
      MILL_TRY(join(b, all, one, &all, err));
    }
    MILL_TRY(column(b, at, call->type, &e[nkeys + i], err));
  }
  children[0] = all;
  *op = (mill_op){.kind = MILL_OP_PROJECT,
                  .schema = b->op->schema,
                  .nchildren = 1,
                  .child = children,
                  .exprs = e,
                  .nexprs = n,
                  .estimate = -1};
  *out = op;
  return MILL_OK;
}

mill_status mill_agg_distinct_disk(const mill_exec *x, const mill_op *op, mill_scan *rows,
                                   mill_scan **out, mill_error *err) {
  builder b = {.x = x, .op = op};
  mill_status s = MILL_OK;
  const mill_op *top = NULL;
  int n = (int)rows->schema->nfields;
  mill_arena_init(&b.a, x->ctx->memory);
  int *all = room(&b, (size_t)n * sizeof *all, &s, err);
  for (int i = 0; i < n && s == MILL_OK; i++) all[i] = i;
  mill_op scan = {.kind = MILL_OP_SCAN, .schema = rows->schema, .scan = rows, .columns = all};
  if (s == MILL_OK) s = whole(&b, &scan, &top, err);
  if (s == MILL_OK) s = mill_exec_kept(x, top, out, err);
  mill_arena_clear(&b.a);
  return s;
}
