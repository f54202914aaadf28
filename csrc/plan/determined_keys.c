/* Optimiser rule: a group key that the other keys determine is computed once a group, above the
** aggregate: GROUP BY a, a - 1, 'x' becomes GROUP BY a. (Spark's RemoveLiteralFromGroupExpressions does
** that for literals.)
**
** What fails for some row must fail still, also where nobody looks at the key: then the list above is
** computed to its end, so this comes when limits are pushed and lists are one.
**
** The other keys must be columns of which equal values are the same value: not so for fractions (0.0
** and -0.0), strings under a collation, and what holds them. One key at least stays. */
#include "plan/plan_int.h"

static bool equal_is_same(const mill_type *t) {
  switch (t->phys) {
  case MILL_PHYS_BOOL:
  case MILL_PHYS_I8:
  case MILL_PHYS_I16:
  case MILL_PHYS_I32:
  case MILL_PHYS_I64:
  case MILL_PHYS_I128: return true;
  case MILL_PHYS_STR: return t->collation == MILL_UTF8_BINARY && t->id != MILL_VARIANT;
  default: return false;
  }
}

static bool is_column(const mill_expr *key) {
  return key->kind == MILL_X_COLUMN && equal_is_same(key->type);
}

/* Is the key an expression over those keys of n that are columns? */
static bool determined(const mill_expr *key, const mill_exprs *columns) {
  return key->kind == MILL_X_ALIAS && mill_x_deterministic(key->args[0]) &&
         !mill_x_has_subquery(key->args[0]) && !mill_x_has_outer(key->args[0]) &&
         mill_x_uses_only(key->args[0], columns->at, columns->n);
}

static const mill_node *rewrite(mill_planner *w, const mill_node *n, const mill_exprs *columns) {
  mill_exprs keys = {0}, items = {0}, output = {0};
  bool raises = false;
  for (int i = 0; i < n->nkeys; i++) {
    bool kept = !determined(n->keys[i], columns);
    const mill_expr *column = mill_x_column(w, n->keys[i]);
    if (!mill_exprs_add(w, &items, kept ? column : n->keys[i])) return NULL;
    raises |= !kept && mill_x_can_raise(n->keys[i]);
    if (kept && (!mill_exprs_add(w, &keys, n->keys[i]) || !mill_exprs_add(w, &output, column)))
      return NULL;
  }
  if (keys.n == n->nkeys || keys.n == 0) return n;
  for (int i = 0; i < n->naggs; i++) {
    const mill_expr *column = mill_x_column(w, n->aggs[i]);
    if (!mill_exprs_add(w, &items, column) || !mill_exprs_add(w, &output, column)) return NULL;
  }
  mill_node *a = mill_w_node_copy(w, n);
  if (a == NULL) return NULL;
  a->keys = keys.at, a->nkeys = keys.n;
  a->output = output.at, a->noutput = output.n;
  mill_node *p = mill_w_project(w, a, &items);
  if (p) p->analysed = true, p->all = raises;
  return p;
}

static const mill_node *drop_keys(mill_planner *w, const mill_node *n) {
  mill_exprs columns = {0};
  if (n->kind != MILL_N_AGGREGATE || n->nkeys < 2 || n->nsets > 0) return n;
  for (int i = 0; i < n->nkeys; i++)
    if (is_column(n->keys[i]) && !mill_exprs_add(w, &columns, n->keys[i])) return NULL;
  return rewrite(w, n, &columns);
}

const mill_node *mill_drop_determined_keys(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, drop_keys);
}
