/* Aggregates of DISTINCT values, by plain operators, all of which run on every thread and spill:
**
**     rows       PROJECT    keys, each call's filter and arguments; kept where they are read twice
**     groups     AGGREGATE  keys; the calls without DISTINCT, if any   over the rows
**     values     AGGREGATE  keys, the call's filter and arguments      over the rows, once a call
**     results    AGGREGATE  keys; the call, no longer DISTINCT         over the values
**     PROJECT    the columns in order, over groups JOIN results JOIN results .., keys alike
**
** A value that the filter refuses still makes a row, so every group is among the results. Groups
** come in order of their first row, and so do the values of each group.
**
** A count of words by group is a call without DISTINCT from the start, which keeps the values of its
** group (kernel/count_distinct.h), where those of all rows are expected to fit into memory. */
#include <string.h>

#include "base/memory.h"
#include "exec/aggregate_int.h"
#include "kernel/count_distinct.h"

enum { SETS_SHARE = 8 }; /* of the memory limit, that sets may take */

typedef struct builder {
  const mill_exec *x;
  const mill_op *op; /* keys and calls over `rows` */
  const mill_op *rows;
  mill_arena a;
} builder;

static void *room(builder *b, size_t bytes, mill_status *s, mill_error *err) {
  void *p = *s == MILL_OK ? mill_arena_alloc(&b->a, bytes + 16) : NULL;
  if (p) return p;
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
                  .estimate = -1};
  *out = op;
  return op->schema ? MILL_OK : mill_oom(b->a.memory, sizeof *f, err);
}

/* ---- rows that are read more than once ------------------------------------------------------ */

static int readers(const mill_op *op) {
  int distinct = 0;
  for (int i = 0; i < op->naggs; i++) distinct += op->aggs[i].distinct;
  return distinct + (distinct < op->naggs);
}

/* The keys, filters and arguments of the operator as a PROJECT of its child; `over` is the operator
** over those columns. */
static mill_status project_of(builder *b, const mill_op *op, const mill_op **project,
                              const mill_op **over, mill_error *err) {
  mill_status s = MILL_OK;
  int n = op->nkeys, at = 0;
  for (int i = 0; i < op->naggs; i++) n += op->aggs[i].nargs + (op->aggs[i].filter != NULL);
  mill_op *p = room(b, sizeof *p, &s, err), *o = room(b, sizeof *o, &s, err);
  const mill_bound **e = room(b, (size_t)n * sizeof *e, &s, err), *const *all = NULL;
  mill_field *f = room(b, (size_t)n * sizeof *f, &s, err);
  mill_bound_aggregate *aggs = room(b, (size_t)op->naggs * sizeof *aggs, &s, err);
  if (s != MILL_OK) return s;
  for (int i = 0; i < op->nkeys; i++) e[at++] = op->keys[i];
  for (int i = 0; i < op->naggs; i++) {
    if (op->aggs[i].filter) e[at++] = op->aggs[i].filter;
    for (int k = 0; k < op->aggs[i].nargs; k++) e[at++] = op->aggs[i].args[k];
  }
  for (int i = 0; i < n; i++) f[i] = (mill_field){"v", e[i]->type, true, NULL};
  *p = (mill_op){.kind = MILL_OP_PROJECT,
                 .schema = mill_type_struct(b->x->ctx->types, f, (uint32_t)n),
                 .nchildren = 1,
                 .child = op->child,
                 .exprs = e,
                 .nexprs = n,
                 .estimate = -1};
  if (p->schema == NULL) return mill_oom(b->a.memory, sizeof *f, err);
  MILL_TRY(columns(b, p, n, &all, err));
  *o = *op;
  o->keys = all;
  o->aggs = aggs;
  at = op->nkeys;
  for (int i = 0; i < op->naggs; i++) {
    aggs[i] = op->aggs[i];
    if (aggs[i].filter) aggs[i].filter = all[at++];
    aggs[i].args = all + at;
    at += aggs[i].nargs;
  }
  *project = p;
  *over = o;
  return MILL_OK;
}

static mill_status scan_of(builder *b, mill_scan *scan, const mill_op **out, mill_error *err) {
  mill_status s = MILL_OK;
  int n = (int)scan->schema->nfields;
  int *all = room(b, (size_t)n * sizeof *all, &s, err);
  mill_op *op = room(b, sizeof *op, &s, err);
  if (s != MILL_OK) return s;
  for (int i = 0; i < n; i++) all[i] = i;
  *op = (mill_op){.kind = MILL_OP_SCAN, .schema = scan->schema, .scan = scan, .columns = all};
  *out = op;
  return MILL_OK;
}

/* ---- the parts ------------------------------------------------------------------------------ */

static mill_status groups_of(builder *b, const mill_op **out, mill_error *err) {
  mill_status s = MILL_OK;
  int n = 0;
  mill_bound_aggregate *plain = room(b, (size_t)b->op->naggs * sizeof *plain, &s, err);
  for (int i = 0; i < b->op->naggs && s == MILL_OK; i++)
    if (!b->op->aggs[i].distinct) plain[n++] = b->op->aggs[i];
  if (s != MILL_OK) return s;
  return aggregate(b, b->rows, b->op->keys, b->op->nkeys, plain, n, out, err);
}

static mill_status results_of(builder *b, const mill_bound_aggregate *call, const mill_op **out,
                              mill_error *err) {
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
  MILL_TRY(aggregate(b, b->rows, e, n, NULL, 0, &values, err));
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
static mill_status whole(builder *b, const mill_op **out, mill_error *err) {
  mill_status s = MILL_OK;
  int nkeys = b->op->nkeys, n = (int)b->op->schema->nfields, plain = nkeys;
  bool any_plain = false;
  const mill_op *all = NULL, *one = NULL;
  mill_op *op = room(b, sizeof *op, &s, err);
  const mill_op **children = room(b, sizeof *children, &s, err);
  const mill_bound **e = room(b, (size_t)n * sizeof *e, &s, err);
  if (s != MILL_OK) return s;
  for (int i = 0; i < b->op->naggs; i++) any_plain |= !b->op->aggs[i].distinct;
  if (any_plain) MILL_TRY(groups_of(b, &all, err));
  for (int i = 0; i < nkeys; i++) MILL_TRY(column(b, i, b->op->keys[i]->type, &e[i], err));
  for (int i = 0; i < b->op->naggs; i++) {
    const mill_bound_aggregate *call = &b->op->aggs[i];
    int at = call->distinct ? (all ? (int)all->schema->nfields : 0) + nkeys : plain++;
    MILL_TRY(column(b, at, call->type, &e[nkeys + i], err));
    if (!call->distinct) continue;
    MILL_TRY(results_of(b, call, &one, err));
    if (all == NULL)
      all = one;
    else
      MILL_TRY(join(b, all, one, &all, err));
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

/* ---- counts --------------------------------------------------------------------------------- */

bool mill_agg_any_distinct(const mill_op *op) {
  for (int i = 0; i < op->naggs; i++)
    if (op->aggs[i].distinct) return true;
  return false;
}

static bool takes_set(const mill_bound_aggregate *call) {
  return call->distinct && strcmp(call->fn->name, "count") == 0 && call->nargs == 1 &&
         mill_phys_is_word(call->args[0]->type->phys);
}

/* By the rows that are expected, which may turn out to be more. */
static bool sets_fit(const builder *b) {
  const double rows = b->op->child[0]->estimate;
  const size_t limit = mill_memory_read(b->a.memory).limit;
  int sets = 0;
  for (int i = 0; i < b->op->naggs; i++) sets += takes_set(&b->op->aggs[i]);
  return sets > 0 && b->op->nkeys > 0 && rows >= 0 &&
         (limit == 0 || sets * rows * MILL_COUNT_DISTINCT_BYTES <= (double)limit / SETS_SHARE);
}

/* The operator with counts of DISTINCT words as calls that keep sets; NULL: there are none. */
static mill_status count_by_sets(builder *b, const mill_op **out, mill_error *err) {
  mill_status s = MILL_OK;
  *out = NULL;
  if (!sets_fit(b)) return MILL_OK;
  mill_op *op = room(b, sizeof *op, &s, err);
  mill_bound_aggregate *aggs = room(b, (size_t)b->op->naggs * sizeof *aggs, &s, err);
  const mill_type *words = mill_type_array(b->x->ctx->types, mill_type_of(MILL_BIGINT), false);
  if (s != MILL_OK) return s;
  if (words == NULL) return mill_oom(b->a.memory, sizeof *words, err);
  for (int i = 0; i < b->op->naggs; i++) {
    mill_bound_aggregate *call = &aggs[i];
    *call = b->op->aggs[i];
    if (!takes_set(call)) continue;
    call->distinct = false;
    call->impl = &mill_count_distinct;
    call->partial = words;
  }
  *op = *b->op;
  op->aggs = aggs;
  *out = op;
  return MILL_OK;
}

static mill_status by_levels(builder *b, const mill_op *op, mill_scan **rows, mill_scan **out,
                             mill_error *err) {
  const mill_op *top = NULL, *project = NULL;
  b->op = op;
  b->rows = op->child[0];
  if (!mill_agg_any_distinct(op)) return mill_exec_aggregate(b->x, op, out, err);
  if (readers(b->op) > 1) {
    MILL_TRY(project_of(b, b->op, &project, &b->op, err));
    MILL_TRY(mill_exec_held(b->x, project, rows, err));
    MILL_TRY(scan_of(b, *rows, &b->rows, err));
  }
  MILL_TRY(whole(b, &top, err));
  return mill_exec_kept(b->x, top, out, err);
}

/* Sets do not spill: when memory ends under them, it begins again without, as if nothing had been. */
static mill_status run(builder *b, mill_scan **rows, mill_scan **out, mill_error *err) {
  const mill_op *op = b->op, *sets;
  const mill_meters *meters = b->x->run->meters;
  const size_t bytes = meters ? (size_t)meters->n * sizeof *meters->item : 0;
  mill_status s = MILL_OK;
  mill_meter *before = room(b, bytes + 1, &s, err);
  if (s != MILL_OK) return s;
  if (bytes) memcpy(before, meters->item, bytes);
  MILL_TRY(count_by_sets(b, &sets, err));
  if (sets == NULL) return by_levels(b, op, rows, out, err);
  s = by_levels(b, sets, rows, out, err);
  if (s != MILL_E_OUT_OF_MEMORY) return s;
  mill_scan_unref(*rows);
  *rows = NULL;
  mill_error_clear(err);
  if (bytes) memcpy(meters->item, before, bytes);
  return by_levels(b, op, rows, out, err);
}

mill_status mill_agg_distinct(const mill_exec *x, const mill_op *op, mill_scan **out,
                              mill_error *err) {
  builder b = {.x = x, .op = op};
  mill_scan *rows = NULL;
  mill_arena_init(&b.a, x->ctx->memory);
  mill_status s = run(&b, &rows, out, err);
  mill_scan_unref(rows);
  mill_arena_clear(&b.a);
  return s;
}
