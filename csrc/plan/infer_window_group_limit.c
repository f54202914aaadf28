/* Optimiser rule InferWindowGroupLimit: a filter that keeps the rows of which row_number(), rank() or
** dense_rank() is at most some number needs no more than so many rows of each partition.
**
**   Filter (n <= 2)                  Filter (n <= 2)
**   +- Window [rank() .. AS n]  =>   +- Window [rank() .. AS n]
**                                       +- WindowGroupLimit [keys], [order], rank(), 2
**
** As Spark does it: all functions of the window must look at nothing behind their row (ROWS BETWEEN
** UNBOUNDED PRECEDING AND CURRENT ROW), since the rows that are left are the first of each partition.
** The limit may let more rows pass (exec/window_group_limit.c); the filter stays. */
#include <stdlib.h>

#include "plan/plan_int.h"

static const mill_window *spec_of(const mill_expr *alias) { return alias->args[0]->window; }

static const mill_expr *call_of(const mill_expr *alias) { return alias->args[0]->args[0]; }

static bool calls(const mill_expr *alias, const char *name) {
  return mill_x_is_call(call_of(alias), name);
}

static bool is_rank(const mill_expr *alias) {
  return calls(alias, "row_number") || calls(alias, "rank") || calls(alias, "dense_rank");
}

/* Is the function's value told by the rows up to its own? */
static bool expands(const mill_expr *alias) {
  static const char *const others[] = {"ntile", "percent_rank", "cume_dist", "lag", "lead"};
  const mill_window *v = spec_of(alias);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (calls(alias, others[i])) return false;
  return v->unit == MILL_FRAME_ROWS && v->from == MILL_UNBOUNDED_PRECEDING &&
         v->to == MILL_CURRENT_ROW;
}

static int not_simple(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_HOST;
}

/* Keys are computed twice, on any thread. */
static bool computed_anywhere(const mill_expr *const *e, int n) {
  for (int i = 0; i < n; i++)
    if (!mill_x_deterministic(e[i]) || mill_x_has_subquery(e[i]) ||
        mill_x_any(e[i], not_simple, NULL))
      return false;
  return true;
}

static bool fits(const mill_node *n) {
  const mill_window *v = spec_of(n->exprs[0]);
  if (v->norder == 0 || n->child[0]->kind == MILL_N_WINDOW_GROUP_LIMIT) return false;
  for (int i = 0; i < n->nexprs; i++)
    if (!expands(n->exprs[i])) return false;
  return computed_anywhere(v->partition, v->npartition) && computed_anywhere(v->order, v->norder);
}

static bool is_column(const mill_expr *e, uint64_t id) {
  return e->kind == MILL_X_COLUMN && e->id == id;
}

static bool int_literal(const mill_expr *e, int64_t *out) {
  if (e->value == NULL || e->type->id != MILL_INT || !mill_vector_valid(e->value, 0)) return false;
  *out = *(const int32_t *)e->value->data;
  return true;
}

/* The greatest value of the column that fulfils the condition, where the condition bounds it. */
static bool bound_of(const mill_expr *e, uint64_t id, int64_t *out) {
  if (e->nargs != 2) return false;
  bool left = is_column(e->args[0], id);
  if (!int_literal(e->args[left], out) || !is_column(e->args[!left], id)) return false;
  if (mill_x_is_call(e, "=") || mill_x_is_call(e, left ? "<=" : ">=")) return true;
  --*out;
  return mill_x_is_call(e, left ? "<" : ">");
}

/* The window function that leaves fewest rows, row_number() before others; NULL: none does. */
static const mill_expr *choose(const mill_node *window, const mill_exprs *parts, int64_t *limit) {
  const mill_expr *best = NULL;
  for (int i = 0; i < window->nexprs; i++) {
    const mill_expr *a = window->exprs[i];
    int64_t to;
    for (int k = 0; k < parts->n && is_rank(a); k++) {
      if (!bound_of(parts->at[k], a->id, &to)) continue;
      bool first = calls(a, "row_number"), before = best && calls(best, "row_number");
      if (best && (first == before ? to >= *limit : before)) continue;
      best = a;
      *limit = to;
    }
  }
  return best;
}

static const mill_node *none_of(mill_planner *w, const mill_node *filter) {
  mill_node *none = mill_w_unary(w, MILL_N_LIMIT, filter);
  if (none == NULL) return NULL;
  mill_w_output_child(none);
  none->to = 0;
  none->analysed = true;
  return none;
}

static const mill_node *limited(mill_planner *w, const mill_node *window, const mill_expr *rank,
                                int64_t limit) {
  const mill_window *v = spec_of(rank);
  mill_node *l = mill_w_unary(w, MILL_N_WINDOW_GROUP_LIMIT, window->child[0]);
  mill_node *copy = mill_w_node_copy(w, window);
  if (l == NULL || copy == NULL) return NULL;
  mill_w_output_child(l);
  l->keys = v->partition;
  l->nkeys = v->npartition;
  l->exprs = v->order;
  l->nexprs = v->norder;
  l->name = call_of(rank)->fn->name;
  l->to = limit;
  l->analysed = true;
  copy->child[0] = l;
  return copy;
}

static int64_t threshold(const mill_planner *w) {
  const char *s = mill_session_get(w->session, "spark.sql.optimizer.windowGroupLimitThreshold");
  return s ? strtoll(s, NULL, 10) : 0;
}

static const mill_node *infer(mill_planner *w, const mill_node *n) {
  if (n->kind != MILL_N_FILTER || n->child[0]->kind != MILL_N_WINDOW) return n;
  const mill_node *window = n->child[0];
  mill_exprs parts = {0};
  int64_t limit = 0;
  if (!fits(window)) return n;
  if (!mill_x_conjuncts(w, n->exprs[0], &parts)) return NULL;
  const mill_expr *rank = choose(window, &parts, &limit);
  if (rank == NULL || limit > threshold(w)) return n;
  if (limit <= 0) return none_of(w, n);
  mill_node *filter = mill_w_node_copy(w, n);
  if (filter == NULL) return NULL;
  filter->child[0] = limited(w, window, rank, limit);
  return filter->child[0] ? filter : NULL;
}

const mill_node *mill_infer_window_group_limits(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, infer);
}
