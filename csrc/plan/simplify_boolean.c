/* Optimiser rule BooleanSimplification: AND, OR and NOT over what is known.
**
**   true AND a = a      false AND a = false     a AND a = a
**   false OR a = a      true OR a = true        a OR a = a        NOT NOT a = a
**
** As in Spark, an operand that could fail is dropped when the other one decides. */
#include "plan/plan_int.h"

/* Is e a constant that is not null? */
static bool known(const mill_expr *e, bool *v) {
  if (e->value == NULL || e->type->id != MILL_BOOLEAN || !mill_vector_valid(e->value, 0))
    return false;
  *v = ((const uint8_t *)e->value->data)[0] != 0;
  return true;
}

static const mill_expr *simplify(mill_planner *w, const mill_expr *e, void *arg);

static const mill_expr *both(mill_planner *w, const mill_expr *e, bool decides) {
  const mill_expr *a = mill_x_map(w, e->args[0], simplify, NULL);
  const mill_expr *b = a ? mill_x_map(w, e->args[1], simplify, NULL) : NULL;
  bool v;
  if (b == NULL) return NULL;
  if (known(a, &v)) return v == decides ? a : b;
  if (known(b, &v)) return v == decides ? b : a;
  if (mill_x_deterministic(a) && mill_x_same(a, b)) return a;
  if (a == e->args[0] && b == e->args[1]) return e;
  mill_expr *c = mill_x_copy(w, e);
  if (c) c->args[0] = a, c->args[1] = b;
  return c;
}

static const mill_expr *negated(mill_planner *w, const mill_expr *e) {
  const mill_expr *a = mill_x_map(w, e->args[0], simplify, NULL);
  bool v;
  if (a == NULL) return NULL;
  if (known(a, &v)) return mill_x_bool(w, !v);
  if (mill_x_is_call(a, "not")) return a->args[0];
  if (a == e->args[0]) return e;
  mill_expr *c = mill_x_copy(w, e);
  if (c) c->args[0] = a;
  return c;
}

static const mill_expr *simplify(mill_planner *w, const mill_expr *e, void *arg) {
  (void)arg;
  if (e->value) return e;
  if (mill_x_is_call(e, "and") && e->nargs == 2) return both(w, e, false);
  if (mill_x_is_call(e, "or") && e->nargs == 2) return both(w, e, true);
  if (mill_x_is_call(e, "not") && e->nargs == 1) return negated(w, e);
  return NULL;
}

static const mill_node *simplify_node(mill_planner *w, const mill_node *n) {
  return n->kind == MILL_N_VALUES ? n : mill_n_map_exprs(w, n, simplify, NULL);
}

const mill_node *mill_simplify_booleans(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, simplify_node);
}
