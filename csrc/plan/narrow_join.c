/* Optimiser rule EliminateOuterJoin: an outer join below a filter that no row of nulls passes needs
** not make such rows.
**
** A conjunct rejects the nulls of a side when it uses columns of that side alone and is null or
** false once they are all null, which is found by computing it. FULL becomes LEFT, RIGHT or INNER,
** LEFT and RIGHT become INNER. */
#include "plan/plan_int.h"

static const mill_expr *null_at(mill_planner *w, const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_COLUMN ? mill_x_null(w, e->type) : NULL;
}

static bool rejects(mill_planner *w, const mill_expr *e, const mill_node *of) {
  const mill_vector *v = NULL;
  if (!mill_x_uses_any(e, of->output, of->noutput) ||
      !mill_x_uses_only(e, of->output, of->noutput) || !mill_x_deterministic(e) ||
      mill_x_has_subquery(e) || mill_x_has_outer(e))
    return false;
  const mill_expr *nulls = mill_x_map(w, e, null_at, NULL);
  if (nulls == NULL || !mill_x_foldable(nulls) || !mill_fold_value(w, nulls, &v)) return false;
  return !mill_vector_valid(v, 0) || *(const uint8_t *)v->data == 0;
}

static mill_join narrowed(mill_join join, bool left, bool right) {
  switch (join) {
  case MILL_JOIN_LEFT: return right ? MILL_JOIN_INNER : join;
  case MILL_JOIN_RIGHT: return left ? MILL_JOIN_INNER : join;
  case MILL_JOIN_FULL:
    if (left && right) return MILL_JOIN_INNER;
    return left ? MILL_JOIN_LEFT : right ? MILL_JOIN_RIGHT : join;
  default: return join;
  }
}

static const mill_node *narrow(mill_planner *w, const mill_node *n) {
  if (n->kind != MILL_N_FILTER || n->child[0]->kind != MILL_N_JOIN) return n;
  const mill_node *j = n->child[0];
  mill_exprs all = {0};
  bool left = false, right = false,
       outer = j->join == MILL_JOIN_LEFT || j->join == MILL_JOIN_RIGHT || j->join == MILL_JOIN_FULL;
  if (!outer || j->intersect || j->lateral) return n;
  if (!mill_x_conjuncts(w, n->exprs[0], &all)) return NULL;
  for (int i = 0; i < all.n; i++) {
    left |= rejects(w, all.at[i], j->child[0]);
    right |= rejects(w, all.at[i], j->child[1]);
    if (w->status) return NULL;
  }
  mill_join join = narrowed(j->join, left, right);
  if (join == j->join) return n;
  mill_node *inner = mill_w_node_copy(w, j), *copy = mill_w_node_copy(w, n);
  if (inner == NULL || copy == NULL) return NULL;
  inner->join = join;
  copy->child[0] = inner;
  return copy;
}

const mill_node *mill_narrow_joins(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, narrow);
}
