/* Comparisons of an integer with a decimal literal: the literal becomes the BIGINT that decides the
** same, so that the integer is not cast (Spark's DecimalPrecision.integralAndDecimalLiteral). A
** literal beyond BIGINT decides alone: x < 1e30 is true, for NULLs too. */
#include "plan/plan_int.h"

#include "base/decimal.h"

/* The quotient by 10^scale, rounded down or up. */
static mill_i128 whole(mill_i128 v, int scale, bool up) {
  mill_i128 unit = mill_pow10(scale), q = v / unit, rest = v % unit;
  if (rest == 0) return q;
  return up ? q + (rest > 0) : q - (rest < 0);
}

static bool decimal_literal(const mill_expr *e, mill_i128 *v) {
  if (e->kind != MILL_X_LITERAL || e->type->id != MILL_DECIMAL || !mill_vector_valid(e->value, 0))
    return false;
  *v = e->type->phys == MILL_PHYS_I64 ? ((const int64_t *)e->value->data)[0]
                                      : ((const mill_i128 *)e->value->data)[0];
  return true;
}

const mill_expr *mill_compare_decimal_literal(mill_planner *w, mill_expr *e) {
  mill_i128 v;
  bool less = *e->name == '<', equal = e->name[1] == '=';
  if (e->nargs != 2 || (!less && *e->name != '>') || strlen(e->name) != 1u + equal) return e;
  int side = decimal_literal(e->args[1], &v) ? 1 : decimal_literal(e->args[0], &v) ? 0 : -1;
  if (side < 0 || !mill_type_integral(e->args[1 - side]->type)) return e;
  if (side == 0) less = !less; /* 1.5 < x is x > 1.5 */
  v = whole(v, e->args[side]->type->scale, less != equal);
  if (v < INT64_MIN || v > INT64_MAX) return mill_x_bool(w, less == (v > 0));
  e->args[side] = mill_x_bigint(w, (int64_t)v);
  return e->args[side] ? e : NULL;
}
