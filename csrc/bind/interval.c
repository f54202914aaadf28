/* Interval values: year-month (months), day-time (microseconds) and the calendar's (months, days,
** microseconds). Fields `months`, `days`, `micros`; + and - of one kind, * by an integer. */
#include <lauxlib.h>

#include "base/calendar.h"
#include "bind/raise.h"
#include "bind/scalar.h"
#include "bind/state.h"

static mill_interval parts(const mill_scalar *s) {
  mill_interval v = {0, 0, 0};
  if (s->id == MILL_INTERVAL_YM)
    v.months = (int32_t)mill_scalar_long(s);
  else if (s->id == MILL_INTERVAL_DT)
    v.micros = mill_scalar_long(s);
  else
    memcpy(&v, s->bits, sizeof v);
  return v;
}

static int push_parts(lua_State *L, const mill_scalar *like, int64_t months, int64_t days,
                      int64_t micros) {
  if (months != (int32_t)months || days != (int32_t)days)
    return luaL_error(L, "interval out of range");
  if (like->id == MILL_INTERVAL) {
    mill_interval v = {(int32_t)months, (int32_t)days, micros};
    mill_scalar_push(L, mill_type_of(MILL_INTERVAL), &v);
  } else {
    mill_scalar_push_long(L, like, (mill_type_id)like->id,
                          like->id == MILL_INTERVAL_YM ? months : micros);
  }
  return 1;
}

static int combine(lua_State *L, int sign) {
  const mill_scalar *a = mill_scalar_test(L, 1), *b = mill_scalar_test(L, 2);
  if (a == NULL || b == NULL || a->id != b->id)
    return luaL_error(L, "intervals add to intervals of the same kind, dates and timestamps");
  mill_interval x = parts(a), y = parts(b);
  int64_t micros;
  bool over = sign > 0 ? __builtin_add_overflow(x.micros, y.micros, &micros)
                       : __builtin_sub_overflow(x.micros, y.micros, &micros);
  if (over) return luaL_error(L, "interval out of range");
  return push_parts(L, a, (int64_t)x.months + sign * (int64_t)y.months,
                    (int64_t)x.days + sign * (int64_t)y.days, micros);
}

static int is_point(lua_State *L, int index) {
  const mill_scalar *s = mill_scalar_test(L, index);
  return s && s->id >= MILL_DATE && s->id <= MILL_TIME;
}

static int interval_add(lua_State *L) {
  if (is_point(L, 2)) { /* interval + date */
    lua_insert(L, 1);
    lua_arith(L, LUA_OPADD);
    return 1;
  }
  return combine(L, 1);
}
static int interval_sub(lua_State *L) { return combine(L, -1); }

static int interval_mul(lua_State *L) {
  int at = mill_scalar_test(L, 1) ? 1 : 2;
  const mill_scalar *s = mill_scalar_check(L, at);
  int64_t k = luaL_checkinteger(L, 3 - at), months, days, micros;
  mill_interval v = parts(s);
  if (__builtin_mul_overflow((int64_t)v.months, k, &months) ||
      __builtin_mul_overflow((int64_t)v.days, k, &days) ||
      __builtin_mul_overflow(v.micros, k, &micros))
    return luaL_error(L, "interval out of range");
  return push_parts(L, s, months, days, micros);
}

static int interval_unm(lua_State *L) {
  const mill_scalar *s = mill_scalar_check(L, 1);
  mill_interval v = parts(s);
  if (v.micros == INT64_MIN) return luaL_error(L, "interval out of range");
  return push_parts(L, s, -(int64_t)v.months, -(int64_t)v.days, -v.micros);
}

static int interval_index(lua_State *L) {
  mill_interval v = parts(mill_scalar_check(L, 1));
  const char *key = luaL_checkstring(L, 2);
  if (strcmp(key, "months") == 0)
    lua_pushinteger(L, v.months);
  else if (strcmp(key, "days") == 0)
    lua_pushinteger(L, v.days);
  else if (strcmp(key, "micros") == 0)
    lua_pushinteger(L, v.micros);
  else
    return luaL_error(L, "an interval has no '%s' (it has months, days and micros)", key);
  return 1;
}

/* core.interval("ym" | "dt" | "calendar", text) or (kind, months, days, micros) */
int mill_scalar_new_interval(lua_State *L) {
  static const char *const names[] = {"ym", "dt", "calendar", NULL};
  static const mill_type_id ids[] = {MILL_INTERVAL_YM, MILL_INTERVAL_DT, MILL_INTERVAL};
  const mill_type *t = mill_type_of(ids[luaL_checkoption(L, 1, NULL, names)]);
  if (lua_type(L, 2) == LUA_TSTRING) {
    size_t n;
    const char *text = lua_tolstring(L, 2, &n);
    mill_scalar_parse(L, t, text, n);
    return 1;
  }
  mill_scalar like = {(uint8_t)t->id, t->precision, t->scale, t->start, t->end, {0, 0}};
  return push_parts(L, &like, luaL_optinteger(L, 2, 0), luaL_optinteger(L, 3, 0),
                    luaL_optinteger(L, 4, 0));
}

void mill_interval_open(lua_State *L) {
  static const luaL_Reg methods[] = {{"__add", interval_add},
                                     {"__sub", interval_sub},
                                     {"__mul", interval_mul},
                                     {"__unm", interval_unm},
                                     {NULL, NULL}};
  mill_scalar_class(L, "tidemill.interval_ym", interval_index, methods);
  mill_scalar_class(L, "tidemill.interval_dt", interval_index, methods);
  mill_scalar_class(L, "tidemill.interval", interval_index, methods);
}
