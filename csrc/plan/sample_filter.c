/* Optimiser rule: the share of its rows that a filter keeps, where it stands right above a table in
** memory, is found by trying the filter on some of them: runs of a few rows that lie together, the
** runs evenly over the table. Orders of joins and what is narrowed by what rest on these shares
** (mill_n_estimate). A condition that holds a query, or may give another answer next time, is
** guessed by its form as ever. */
#include "exec/run.h"
#include "plan/cache.h"
#include "plan/plan_int.h"

enum { RUNS = 128, RUN_ROWS = 8, ROWS = RUNS * RUN_ROWS };

static const mill_table *table_of(const mill_node *n) {
  if (n->kind == MILL_N_TABLE) return n->table;
  return n->kind == MILL_N_CACHE ? mill_cache_table(n->cache) : NULL;
}

/* The conditions that can be tried, put together; the share that the others are guessed to keep. */
static const mill_expr *can_try(mill_planner *w, const mill_expr *e, double *others) {
  mill_exprs c = {0};
  const mill_expr *on = NULL;
  if (!mill_x_conjuncts(w, e, &c)) return NULL;
  for (int i = 0; i < c.n; i++) {
    if (mill_x_has_subquery(c.at[i]) || !mill_x_deterministic(c.at[i])) {
      *others *= mill_x_share_kept(c.at[i]);
      continue;
    }
    on = mill_x_and(w, on, c.at[i]);
    if (on == NULL) return NULL;
  }
  return on;
}

/* Some rows of column c. */
static mill_status some_values(const mill_table *t, uint32_t c, mill_vector *out, mill_arena *a,
                               mill_error *err) {
  uint64_t apart = t->rows / RUNS, before = 0;
  size_t k = 0;
  MILL_TRY(mill_vector_init(out, t->schema->fields[c].type, ROWS, a, err));
  for (uint64_t run = 0; run < RUNS; run++) {
    uint64_t at = run * apart;
    uint32_t sel[RUN_ROWS];
    while (at >= before + t->chunk[k]->n) before += t->chunk[k++]->n;
    for (uint32_t i = 0; i < RUN_ROWS; i++) {
      uint64_t row = at - before + i;
      sel[i] = row < t->chunk[k]->n ? (uint32_t)row : (uint32_t)(at - before);
    }
    MILL_TRY(mill_vector_append(out, &t->chunk[k]->col[c], sel, RUN_ROWS, false, a, err));
  }
  return MILL_OK;
}

/* Some rows of the table, with nulls in columns that the condition does not use. */
static mill_status some_rows(const mill_table *t, const mill_node *n, const mill_expr *on,
                             mill_arena *a, mill_batch *out, mill_error *err) {
  mill_vector *col = mill_arena_alloc(a, (size_t)(n->noutput + 1) * sizeof *col);
  if (col == NULL) return mill_oom(a->memory, 1, err);
  for (int c = 0; c < n->noutput; c++) {
    if (mill_x_uses_any(on, &n->output[c], 1))
      MILL_TRY(some_values(t, (uint32_t)c, &col[c], a, err));
    else
      mill_vector_null(&col[c], t->schema->fields[c].type);
  }
  *out = (mill_batch){.n = ROWS, .ncols = (uint32_t)n->noutput, .col = col};
  return MILL_OK;
}

static mill_status count_kept(mill_planner *w, const mill_table *t, const mill_node *n,
                              const mill_expr *on, const mill_bound *b, uint32_t *kept,
                              mill_error *err) {
  mill_arena a;
  mill_batch rows;
  mill_program *p = NULL;
  uint32_t sel[MILL_BATCH];
  mill_arena_init(&a, w->ctx->memory);
  mill_status s = some_rows(t, n, on, &a, &rows, err);
  if (s == MILL_OK) s = mill_program_new(w->ctx, &w->set, &b, 1, &p, err);
  if (s == MILL_OK) s = mill_program_select(p, &rows, sel, kept, err);
  mill_program_free(p);
  mill_arena_clear(&a);
  return s;
}

static const mill_bound *over_table(mill_planner *w, const mill_table *t, const mill_node *n,
                                    const mill_expr *on) {
  mill_lowering l = {.w = w};
  mill_op *op = mill_op_make(&l, MILL_OP_SCAN, NULL);
  uint64_t *ids = mill_w_alloc(w, (size_t)(n->noutput + 1) * sizeof *ids);
  if (op == NULL || ids == NULL) return NULL;
  op->schema = t->schema;
  for (int i = 0; i < n->noutput; i++) ids[i] = n->output[i]->id;
  mill_lowered in = {op, ids, n->noutput};
  return mill_lower_expr(&l, on, &in);
}

/* A filter that fails on these rows will say so when it runs, if it runs. */
static const mill_node *try_filter(mill_planner *w, const mill_node *n) {
  const mill_table *t = n->kind == MILL_N_FILTER ? table_of(n->child[0]) : NULL;
  if (t == NULL || t->rows < ROWS || n->share > 0) return n;
  double share = 1;
  uint32_t kept = 0;
  const mill_expr *on = can_try(w, n->exprs[0], &share);
  if (w->status || on == NULL) return w->status ? NULL : n;
  const mill_bound *b = over_table(w, t, n->child[0], on);
  if (b == NULL) return NULL;
  mill_error err;
  mill_error_clear(&err);
  mill_status s = count_kept(w, t, n->child[0], on, b, &kept, &err);
  if (s == MILL_E_OUT_OF_MEMORY) {
    w->status = s;
    if (w->err) *w->err = err;
    return NULL;
  }
  mill_node *copy = s == MILL_OK ? mill_w_node_copy(w, n) : NULL;
  if (copy == NULL) return w->status ? NULL : n;
  copy->share = share * (kept + 0.3) / (ROWS + 0.3);
  return copy;
}

const mill_node *mill_sample_filters(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, try_filter);
}
