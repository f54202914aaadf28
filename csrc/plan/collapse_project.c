/* Optimiser rule CollapseProject: a select list over a select list becomes one, unless something
** costly or not deterministic would be computed more than once for it. */
#include "plan/plan_int.h"

static bool cheap(const mill_expr *e) {
  while (e->kind == MILL_X_ALIAS || e->kind == MILL_X_FIELD) e = e->args[0];
  return e->kind == MILL_X_COLUMN || e->kind == MILL_X_LITERAL || e->value != NULL;
}

typedef struct counter {
  uint64_t id;
  int n;
} counter;

static int count_at(const mill_expr *e, void *arg) {
  counter *c = arg;
  c->n += e->kind == MILL_X_COLUMN && e->id == c->id;
  return 0;
}

static bool may_collapse(const mill_node *upper, const mill_node *lower) {
  for (int i = 0; i < lower->nexprs; i++) {
    const mill_expr *d = lower->exprs[i];
    counter c = {d->id, 0};
    if (!mill_x_deterministic(d) || mill_x_has_subquery(d)) return false;
    if (cheap(d)) continue;
    for (int k = 0; k < upper->nexprs; k++) mill_x_any(upper->exprs[k], count_at, &c);
    if (c.n > 1) return false;
  }
  return true;
}

/* An item of the upper list over the lower one's input; it keeps its id. */
static const mill_expr *item(mill_planner *w, const mill_expr *e, const mill_node *lower) {
  if (e->kind == MILL_X_COLUMN) {
    for (int i = 0; i < lower->nexprs; i++)
      if (lower->exprs[i]->id == e->id) return lower->exprs[i];
    return e;
  }
  return mill_x_substitute(w, e, lower->exprs, lower->nexprs);
}

static const mill_node *collapse(mill_planner *w, const mill_node *n) {
  if (n->kind != MILL_N_PROJECT || n->child[0]->kind != MILL_N_PROJECT) return n;
  const mill_node *lower = n->child[0];
  mill_exprs items = {0};
  if (!may_collapse(n, lower)) return n;
  for (int i = 0; i < n->nexprs; i++)
    if (!mill_exprs_add(w, &items, item(w, n->exprs[i], lower))) return NULL;
  mill_node *c = mill_w_node_copy(w, n);
  if (c == NULL || !mill_w_set_exprs(w, c, &items)) return NULL;
  c->child[0] = lower->child[0];
  return c;
}

const mill_node *mill_collapse_projects(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, collapse);
}
