/* Optimiser rule NullPropagation: a call that is NULL where an argument is NULL, is NULL where an
** argument is the constant NULL. As in Spark, also where another argument could fail. */
#include <string.h>

#include "plan/plan_int.h"

static const mill_expr *propagate(mill_planner *w, const mill_expr *e, void *arg) {
  (void)arg;
  if (e->value) return e;
  bool strict = e->kind == MILL_X_CALL && e->type && e->fn && e->fn->kind == MILL_SCALAR &&
                !(e->fn->flags & (MILL_FN_NULLS | MILL_FN_NONDETERMINISTIC | MILL_FN_LAZY));
  if (strict && strcmp(e->fn->name, "concat") == 0)
    return NULL; /* Spark looks at all of its arguments */
  for (int i = 0; strict && i < e->nargs; i++) {
    const mill_vector *v = e->args[i]->value;
    if (v && !mill_vector_valid(v, 0)) return mill_x_null(w, e->type);
  }
  return NULL;
}

static const mill_node *propagate_node(mill_planner *w, const mill_node *n) {
  return mill_n_of_values(n) ? n : mill_n_map_exprs(w, n, propagate, NULL);
}

const mill_node *mill_propagate_nulls(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, propagate_node);
}
