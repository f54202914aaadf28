/* Optimiser rule CollapseProject: a select list over a select list becomes one, unless something
** costly or not deterministic would be computed more than once for it. */
#include "plan/plan_int.h"

static bool cheap(const mill_expr *e) {
  while (e->kind == MILL_X_ALIAS || e->kind == MILL_X_FIELD) e = e->args[0];
  return e->kind == MILL_X_COLUMN || e->kind == MILL_X_LITERAL || e->value != NULL;
}

typedef struct uses {
  mill_planner *w;
  const mill_node *lower;
  bool *once; /* by item of the lower list */
} uses;

/* Is something costly wanted for the second time? */
static int again_at(const mill_expr *e, void *arg) {
  uses *u = arg;
  if (e->kind != MILL_X_COLUMN) return 0;
  int i = mill_w_find_id(u->w, u->lower->exprs, u->lower->nexprs, e->id);
  if (i < 0 || cheap(u->lower->exprs[i])) return 0;
  bool again = u->once[i];
  u->once[i] = true;
  return again;
}

static bool may_collapse(mill_planner *w, const mill_node *upper, const mill_node *lower) {
  for (int i = 0; i < lower->nexprs; i++)
    if (!mill_x_deterministic(lower->exprs[i]) || mill_x_has_subquery(lower->exprs[i]))
      return false;
  uses u = {w, lower, mill_w_alloc(w, (size_t)lower->nexprs + 1)};
  for (int k = 0; u.once && k < upper->nexprs; k++)
    if (mill_x_any(upper->exprs[k], again_at, &u)) return false;
  return u.once != NULL;
}

/* An item of the upper list over the lower one's input; it keeps its id. */
static const mill_expr *item(mill_planner *w, const mill_expr *e, const mill_node *lower) {
  if (e->kind == MILL_X_COLUMN) {
    int i = mill_w_find_id(w, lower->exprs, lower->nexprs, e->id);
    return i < 0 ? e : lower->exprs[i];
  }
  return mill_x_substitute(w, e, lower->exprs, lower->nexprs);
}

static const mill_node *collapse(mill_planner *w, const mill_node *n) {
  if (n->kind != MILL_N_PROJECT || n->child[0]->kind != MILL_N_PROJECT) return n;
  const mill_node *lower = n->child[0];
  mill_exprs items = {0};
  if (!may_collapse(w, n, lower)) return w->status == MILL_OK ? n : NULL;
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
