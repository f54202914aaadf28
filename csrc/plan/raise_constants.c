/* Constants that fail, fail before the first row: as in Spark, whose optimiser computes them, also
** where there is no row. Not in branches and lambdas, which are computed only where a row gets
** there; nor of columns that nobody needs, nor over VALUES, whose rows Spark finds first. */
#include "plan/plan_int.h"

bool mill_n_of_values(const mill_node *n) {
  while (n->nchildren == 1 && (n->kind == MILL_N_PROJECT || n->kind == MILL_N_FILTER ||
                               n->kind == MILL_N_LIMIT || n->kind == MILL_N_ALIAS))
    n = n->child[0];
  return n->kind == MILL_N_VALUES;
}

static bool branches(const mill_expr *e) {
  static const char *const names[] = {"if", "when", "coalesce", "nanvl", "~null_where", NULL};
  for (int i = 0; names[i]; i++)
    if (mill_x_is_call(e, names[i])) return true;
  return false;
}

static bool computes(mill_lowering *l, const mill_expr *e) {
  mill_vector v;
  const mill_bound *b = mill_lower_expr(l, e, NULL);
  if (b) l->w->status = mill_constant(l, b, &v);
  return l->w->status == MILL_OK;
}

/* For mill_x_any: 1 where a constant failed. */
static int fails(const mill_expr *e, void *arg) {
  mill_lowering *l = arg;
  if (e->value || e->kind == MILL_X_LAMBDA) return -1;
  bool computed = e->kind == MILL_X_CALL || e->kind == MILL_X_CAST || e->kind == MILL_X_EXTRACT ||
                  e->kind == MILL_X_FIELD;
  if (computed && e->type && mill_x_foldable(e)) return computes(l, e) ? -1 : 1;
  return branches(e) ? -1 : 0;
}

static bool any_fails(mill_lowering *l, const mill_expr *const *list, int n) {
  for (int i = 0; i < n; i++)
    if (mill_x_any(list[i], fails, l)) return true;
  return false;
}

static bool any_needed_fails(mill_lowering *l, const mill_expr *const *list, int n) {
  for (int i = 0; i < n; i++)
    if (mill_used(l, list[i]->id) && mill_x_any(list[i], fails, l)) return true;
  return false;
}

bool mill_raise_constants(mill_lowering *l, const mill_node *n) {
  bool failed = false;
  bool no_rows = n->kind == MILL_N_LIMIT && n->to == 0;
  if (no_rows || n->kind == MILL_N_CACHE || mill_n_of_values(n)) return true;
  switch (n->kind) {
  case MILL_N_PROJECT:
  case MILL_N_WINDOW: failed = any_needed_fails(l, n->exprs, n->nexprs); break;
  case MILL_N_AGGREGATE:
    failed = any_fails(l, n->keys, n->nkeys) || any_needed_fails(l, n->aggs, n->naggs);
    break;
  case MILL_N_FILTER:
  case MILL_N_JOIN:
  case MILL_N_SORT:
  case MILL_N_GENERATE: failed = any_fails(l, n->exprs, n->nexprs); break;
  default: break;
  }
  for (int i = 0; !failed && i < n->nchildren; i++) failed = !mill_raise_constants(l, n->child[i]);
  return !failed;
}
