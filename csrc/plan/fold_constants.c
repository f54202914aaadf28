/* Optimiser rule ConstantFolding: an expression without columns becomes its value, where other rules
** have put constants in the place of columns. One that fails stays as it is, for raise_constants.c or the
** row that gets there. */
#include "plan/plan_int.h"

bool mill_fold_value(mill_planner *w, const mill_expr *e, const mill_vector **out) {
  while (e->kind == MILL_X_ALIAS) e = e->args[0];
  *out = e->value;
  if (e->value) return true;
  mill_error ignored;
  mill_error_clear(&ignored);
  mill_planner own = *w;
  own.err = &ignored;
  mill_lowering l = {.w = &own};
  mill_vector *v = mill_w_alloc(w, sizeof *v);
  const mill_bound *b = v ? mill_lower_expr(&l, e, NULL) : NULL;
  if (b == NULL || mill_constant(&l, b, v) != MILL_OK) return false;
  *out = v;
  return true;
}

static const mill_expr *fold(mill_planner *w, const mill_expr *e, void *arg) {
  const mill_vector *v = NULL;
  (void)arg;
  switch (e->kind) {
  case MILL_X_CALL:
  case MILL_X_CAST:
  case MILL_X_EXTRACT:
  case MILL_X_FIELD: break;
  case MILL_X_LITERAL:
  case MILL_X_LAMBDA: return e;
  default: return NULL;
  }
  if (e->value || e->type == NULL || !mill_x_foldable(e)) return e->value ? e : NULL;
  return mill_fold_value(w, e, &v) ? mill_x_value(w, v, e->type) : NULL;
}

static const mill_node *fold_node(mill_planner *w, const mill_node *n) {
  if (n->kind == MILL_N_VALUES || n->kind == MILL_N_LIMIT || n->kind == MILL_N_TAIL) return n;
  return mill_n_map_exprs(w, n, fold, NULL);
}

const mill_node *mill_fold_constants(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, fold_node);
}
