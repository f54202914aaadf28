/* tidemill.decimal: exact numbers of up to 38 digits, with Spark's rules for the result's scale.
**
** + - keep the larger scale, * adds the scales, / gives max(6, s1 + p2 + 1) digits after the point;
** an integer on either side counts as a decimal of scale 0. A result beyond 38 digits raises, so a
** sum is never silently wrong. `number(d)` is the nearest double. */
#include <lauxlib.h>

#include "bind/raise.h"
#include "bind/scalar.h"
#include "bind/state.h"

typedef struct operand {
  mill_i128 v;
  int precision, scale;
} operand;

static int digits(mill_i128 v) {
  int n = 1;
  while (n < MILL_DECIMAL_MAX && !mill_decimal_fits(v, n)) n++;
  return n;
}

static bool read_operand(lua_State *L, int index, operand *out) {
  const mill_scalar *s = mill_scalar_test(L, index);
  if (s && s->id == MILL_DECIMAL) {
    *out = (operand){mill_scalar_wide(s), s->precision, s->scale};
    return true;
  }
  int exact;
  lua_Integer i = lua_tointegerx(L, index, &exact);
  if (lua_type(L, index) != LUA_TNUMBER || !exact) return false;
  *out = (operand){i, digits(i), 0};
  return true;
}

static void check_operands(lua_State *L, operand *a, operand *b, const char *op) {
  if (read_operand(L, 1, a) && read_operand(L, 2, b)) return;
  luaL_error(L, "a decimal takes another decimal or an integer for '%s', got %s and %s", op,
             luaL_typename(L, 1), luaL_typename(L, 2));
}

static int give(lua_State *L, bool fits, mill_i128 v, int scale, const char *op) {
  if (!fits) return luaL_error(L, "decimal '%s' leaves 38 digits", op);
  int n = digits(v);
  mill_scalar_push_wide(L, v, n < scale ? scale : n, scale);
  return 1;
}

#define SUM(NAME, FN, OP)                                                                          \
  static int NAME(lua_State *L) {                                                                  \
    operand a, b;                                                                                  \
    mill_i128 r = 0;                                                                               \
    check_operands(L, &a, &b, OP);                                                                 \
    int scale = a.scale > b.scale ? a.scale : b.scale;                                             \
    bool ok = FN(a.v, a.scale, b.v, b.scale, MILL_DECIMAL_MAX, scale, &r);                         \
    return give(L, ok, r, scale, OP);                                                              \
  }
SUM(decimal_add, mill_decimal_add, "+")
SUM(decimal_sub, mill_decimal_sub, "-")

static int decimal_mul(lua_State *L) {
  operand a, b;
  mill_i128 r = 0;
  check_operands(L, &a, &b, "*");
  int scale = a.scale + b.scale;
  if (scale > MILL_DECIMAL_MAX) scale = MILL_DECIMAL_MAX;
  bool ok = mill_decimal_mul(a.v, a.scale, b.v, b.scale, MILL_DECIMAL_MAX, scale, &r);
  return give(L, ok, r, scale, "*");
}

static int decimal_div(lua_State *L) {
  operand a, b;
  mill_i128 r = 0;
  check_operands(L, &a, &b, "/");
  if (b.v == 0) return luaL_error(L, "decimal division by zero");
  int scale = a.scale + b.precision + 1;
  scale = scale < 6 ? 6 : scale > MILL_DECIMAL_MAX - 6 ? MILL_DECIMAL_MAX - 6 : scale;
  bool ok = mill_decimal_div(a.v, a.scale, b.v, b.scale, MILL_DECIMAL_MAX, scale, &r);
  return give(L, ok, r, scale, "/");
}

static int decimal_mod(lua_State *L) {
  operand a, b;
  mill_i128 r = 0;
  check_operands(L, &a, &b, "%");
  if (b.v == 0) return luaL_error(L, "decimal division by zero");
  int scale = a.scale > b.scale ? a.scale : b.scale;
  bool ok = mill_decimal_rem(a.v, a.scale, b.v, b.scale, MILL_DECIMAL_MAX, scale, &r);
  return give(L, ok, r, scale, "%");
}

static int decimal_unm(lua_State *L) {
  const mill_scalar *s = mill_scalar_check(L, 1);
  mill_scalar_push_wide(L, -mill_scalar_wide(s), s->precision, s->scale);
  return 1;
}

static int decimal_compare(lua_State *L) {
  operand a, b;
  check_operands(L, &a, &b, "<");
  return mill_decimal_compare(a.v, a.scale, b.v, b.scale);
}
static int decimal_eq(lua_State *L) {
  operand a, b;
  lua_pushboolean(L, read_operand(L, 1, &a) && read_operand(L, 2, &b) &&
                         mill_decimal_compare(a.v, a.scale, b.v, b.scale) == 0);
  return 1;
}
static int decimal_lt(lua_State *L) {
  lua_pushboolean(L, decimal_compare(L) < 0);
  return 1;
}
static int decimal_le(lua_State *L) {
  lua_pushboolean(L, decimal_compare(L) <= 0);
  return 1;
}

static int decimal_number(lua_State *L) {
  const mill_scalar *s = mill_scalar_check(L, 1);
  lua_pushnumber(L, mill_decimal_to_double(mill_scalar_wide(s), s->scale));
  return 1;
}

/* d.precision, d.scale, d:number() */
static int decimal_index(lua_State *L) {
  const mill_scalar *s = mill_scalar_check(L, 1);
  const char *key = luaL_checkstring(L, 2);
  if (strcmp(key, "precision") == 0) {
    lua_pushinteger(L, s->precision);
  } else if (strcmp(key, "scale") == 0) {
    lua_pushinteger(L, s->scale);
  } else if (strcmp(key, "number") == 0) {
    lua_pushcfunction(L, decimal_number);
  } else {
    return luaL_error(L, "a decimal has no '%s' (it has precision, scale and number)", key);
  }
  return 1;
}

static int from_text(lua_State *L, const char *text, size_t n, int precision, int scale) {
  mill_i128 v;
  bool syntax = true;
  int p = precision, s = scale;
  bool ok = precision ? mill_decimal_parse(text, n, precision, scale, &v, &syntax)
                      : mill_decimal_parse_free(text, n, &v, &p, &s);
  if (!ok && precision && syntax)
    return luaL_error(L, "%s does not fit DECIMAL(%d,%d)", text, precision, scale);
  if (!ok) return luaL_error(L, "'%s' is not a decimal of up to 38 digits", text);
  mill_scalar_push_wide(L, v, p, s);
  return 1;
}

int mill_scalar_new_decimal(lua_State *L) {
  lua_Integer precision = luaL_optinteger(L, 2, 0), scale = luaL_optinteger(L, 3, 0);
  luaL_argcheck(L, precision >= 0 && precision <= MILL_DECIMAL_MAX, 2, "precision is 1 to 38");
  luaL_argcheck(L, scale >= 0 && scale <= MILL_DECIMAL_MAX, 3, "scale is 0 to 38");
  luaL_argcheck(L, precision == 0 || scale <= precision, 3, "scale is at most the precision");
  if (lua_isnumber(L, 1) || lua_isstring(L, 1) || mill_scalar_test(L, 1)) {
    size_t n;
    const char *text = luaL_tolstring(L, 1, &n);
    return from_text(L, text, n, (int)precision, (int)scale);
  }
  return luaL_typeerror(L, 1, "string, number or decimal");
}

void mill_decimal_open(lua_State *L) {
  static const luaL_Reg methods[] = {{"__add", decimal_add}, {"__sub", decimal_sub},
                                     {"__mul", decimal_mul}, {"__div", decimal_div},
                                     {"__mod", decimal_mod}, {"__unm", decimal_unm},
                                     {"__eq", decimal_eq},   {"__lt", decimal_lt},
                                     {"__le", decimal_le},   {NULL, NULL}};
  mill_scalar_class(L, "tidemill.decimal", decimal_index, methods);
}
