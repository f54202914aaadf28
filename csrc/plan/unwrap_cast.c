/* Optimiser rule UnwrapCastInBinaryComparison: an integer that was widened to be compared with constants is
** compared as it is, where its own type has them.
**
**   CAST(small AS INT) = 5          small = 5S         also <, <=, >, >=, <=>, and the other way round
**   CAST(small AS INT) IN (-1, 6)   small IN (-1S, 6S)
**
** Columns then are what filters test: in their own width, and by what is known of a file's rows. Constants
** out of the type's range stay, and so do nulls. */
#include "plan/plan_int.h"

/* What is widened; NULL: e is no cast of an integer to a wider one. */
static const mill_expr *widened(const mill_expr *e) {
  if (e->kind != MILL_X_CAST || e->value || !mill_type_integral(e->type)) return NULL;
  const mill_expr *x = e->args[0];
  bool wider = mill_type_integral(x->type) && x->type->phys < e->type->phys;
  return wider && x->value == NULL ? x : NULL;
}

/* The constant e as one of the type; NULL and no error: it is none, or the type has no such number. */
static const mill_expr *narrowed(mill_planner *w, const mill_expr *e, const mill_type *t) {
  int64_t v;
  if (e->value == NULL || !mill_type_integral(e->type) || !mill_vector_valid(e->value, 0))
    return NULL;
  switch (e->type->phys) {
  case MILL_PHYS_I8: v = *(const int8_t *)e->value->data; break;
  case MILL_PHYS_I16: v = *(const int16_t *)e->value->data; break;
  case MILL_PHYS_I32: v = *(const int32_t *)e->value->data; break;
  default: v = *(const int64_t *)e->value->data;
  }
  const int8_t i8 = (int8_t)v;
  const int16_t i16 = (int16_t)v;
  const int32_t i32 = (int32_t)v;
  switch (t->phys) {
  case MILL_PHYS_I8: return i8 == v ? mill_x_constant(w, t, &i8) : NULL;
  case MILL_PHYS_I16: return i16 == v ? mill_x_constant(w, t, &i16) : NULL;
  default: return i32 == v ? mill_x_constant(w, t, &i32) : NULL;
  }
}

static const mill_expr *unwrap(mill_planner *w, const mill_expr *e, void *arg);

/* The call over x and the constants in place of the cast `at` and its own; e itself: they do not fit. */
static const mill_expr *unwrapped(mill_planner *w, const mill_expr *e, int at) {
  const mill_expr *x = mill_x_map(w, widened(e->args[at]), unwrap, NULL);
  if (x == NULL) return NULL;
  mill_expr *c = mill_x_call(w, e->name, 0);
  mill_exprs args = {0};
  if (c == NULL) return NULL;
  for (int i = 0; i < e->nargs; i++) {
    const mill_expr *a = i == at ? x : narrowed(w, e->args[i], x->type);
    if (w->status) return NULL;
    if (a == NULL) return e;
    if (!mill_exprs_add(w, &args, a)) return NULL;
  }
  c->args = args.at;
  c->nargs = args.n;
  return mill_bind_call(w, NULL, c);
}

static const mill_expr *unwrap(mill_planner *w, const mill_expr *e, void *arg) {
  static const char *const comparisons[] = {"=", "<", "<=", ">", ">=", "<=>"};
  (void)arg;
  if (e->value) return e;
  if (e->kind != MILL_X_CALL || e->nargs < 2) return NULL;
  if (mill_x_is_call(e, "in") && widened(e->args[0])) return unwrapped(w, e, 0);
  for (size_t i = 0; e->nargs == 2 && i < sizeof comparisons / sizeof *comparisons; i++) {
    if (!mill_x_is_call(e, comparisons[i])) continue;
    if (widened(e->args[0])) return unwrapped(w, e, 0);
    if (widened(e->args[1])) return unwrapped(w, e, 1);
  }
  return NULL;
}

static const mill_node *unwrap_node(mill_planner *w, const mill_node *n) {
  return n->kind == MILL_N_VALUES ? n : mill_n_map_exprs(w, n, unwrap, NULL);
}

const mill_node *mill_unwrap_casts(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, unwrap_node);
}
