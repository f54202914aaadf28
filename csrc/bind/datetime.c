/* tidemill.date, timestamp, timestamp_ntz and time: points of time, immutable.
**
** Fields year, month, day, hour, minute, second, microsecond and the raw count `days`, `micros` or
** `nanos`; a timestamp's fields and text are in the zone of the active session. A point minus a
** point is a day-time interval; a point plus or minus an interval, or a date plus days, is a
** point. */
#include <lauxlib.h>

#include "base/calendar.h"
#include "bind/raise.h"
#include "bind/scalar.h"
#include "bind/state.h"

static int64_t local_micros(lua_State *L, const mill_scalar *s) {
  int64_t v = mill_scalar_long(s);
  if (s->id == MILL_DATE) return v * MILL_MICROS_DAY;
  if (s->id == MILL_TIME) return v / 1000;
  if (s->id == MILL_TIMESTAMP_NTZ) return v;
  mill_settings set;
  mill_state_settings(mill_state_of(L), &set);
  return mill_zone_to_local(set.zone, v);
}

static bool is_date_field(const char *key) {
  return strcmp(key, "year") == 0 || strcmp(key, "month") == 0 || strcmp(key, "day") == 0;
}

/* INT64_MIN: no such field. */
static int64_t field(const mill_scalar *s, const mill_datetime *d, const char *key) {
  if (s->id == MILL_TIME ? is_date_field(key) : false) return INT64_MIN;
  if (strcmp(key, "year") == 0) return d->year;
  if (strcmp(key, "month") == 0) return d->month;
  if (strcmp(key, "day") == 0) return d->day;
  if (s->id == MILL_DATE) return INT64_MIN;
  if (strcmp(key, "hour") == 0) return d->hour;
  if (strcmp(key, "minute") == 0) return d->minute;
  if (strcmp(key, "second") == 0) return d->second;
  if (strcmp(key, "microsecond") == 0) return d->micros;
  return INT64_MIN;
}

static int datetime_index(lua_State *L) {
  const mill_scalar *s = mill_scalar_check(L, 1);
  const char *key = luaL_checkstring(L, 2);
  const char *raw = s->id == MILL_DATE ? "days" : s->id == MILL_TIME ? "nanos" : "micros";
  if (strcmp(key, raw) == 0) {
    lua_pushinteger(L, mill_scalar_long(s));
    return 1;
  }
  mill_datetime d;
  mill_datetime_of(local_micros(L, s), &d);
  int64_t v = field(s, &d, key);
  if (v == INT64_MIN)
    return luaL_error(L, "a %s has no '%s'",
                      s->id == MILL_DATE   ? "date"
                      : s->id == MILL_TIME ? "time"
                                           : "timestamp",
                      key);
  lua_pushinteger(L, v);
  return 1;
}

static int out_of_range(lua_State *L) { return luaL_error(L, "date or time out of range"); }

static int push_checked(lua_State *L, const mill_scalar *like, int64_t v) {
  if (like->id == MILL_DATE && v != (int32_t)v) return out_of_range(L);
  if (like->id == MILL_TIME) v = mill_floor_mod(v, MILL_MICROS_DAY * 1000);
  mill_scalar_push_long(L, like, (mill_type_id)like->id, v);
  return 1;
}

/* Months move in the local calendar, the rest is elapsed time. */
static int shift(lua_State *L, const mill_scalar *s, int64_t months, int64_t days, int64_t micros) {
  int64_t v = mill_scalar_long(s);
  if (s->id == MILL_TIME) {
    if (months || days) return luaL_error(L, "a time moves by hours, minutes and seconds only");
    return push_checked(L, s, v + micros % MILL_MICROS_DAY * 1000);
  }
  int64_t local = local_micros(L, s), day = mill_floor_div(local, MILL_MICROS_DAY);
  int64_t rest = local - day * MILL_MICROS_DAY;
  if (__builtin_add_overflow(mill_add_months(day, months), days, &day)) return out_of_range(L);
  if (s->id == MILL_DATE) {
    if (micros % MILL_MICROS_DAY)
      return luaL_error(L, "a date moves by whole days; use a timestamp");
    return push_checked(L, s, day + micros / MILL_MICROS_DAY);
  }
  int64_t moved;
  if (__builtin_mul_overflow(day, MILL_MICROS_DAY, &moved) ||
      __builtin_add_overflow(moved, rest, &moved))
    return out_of_range(L);
  if (s->id == MILL_TIMESTAMP) {
    mill_settings set;
    mill_state_settings(mill_state_of(L), &set);
    if (months == 0 && days == 0)
      moved = v;
    else if (!mill_zone_to_utc(set.zone, moved, &moved))
      return out_of_range(L);
  }
  if (__builtin_add_overflow(moved, micros, &moved)) return out_of_range(L);
  return push_checked(L, s, moved);
}

static int shift_by(lua_State *L, int at, int other, int sign) {
  const mill_scalar *s = mill_scalar_check(L, at), *by = mill_scalar_test(L, other);
  if (by == NULL) {
    if (s->id != MILL_DATE || !lua_isinteger(L, other))
      return luaL_error(L, "dates take days or intervals, times take intervals; got %s",
                        luaL_typename(L, other));
    int64_t n = lua_tointeger(L, other);
    if (n > INT32_MAX || n < -(int64_t)INT32_MAX) return out_of_range(L);
    return shift(L, s, 0, sign * n, 0);
  }
  mill_interval v = {0, 0, 0};
  if (by->id == MILL_INTERVAL_YM)
    v.months = (int32_t)mill_scalar_long(by);
  else if (by->id == MILL_INTERVAL_DT)
    v.micros = mill_scalar_long(by);
  else if (by->id == MILL_INTERVAL)
    memcpy(&v, by->bits, sizeof v);
  else
    return luaL_error(L, "two points of time cannot be added");
  if (v.micros == INT64_MIN) return out_of_range(L);
  return shift(L, s, sign * (int64_t)v.months, sign * (int64_t)v.days, sign * v.micros);
}

static int datetime_add(lua_State *L) {
  const mill_scalar *a = mill_scalar_test(L, 1);
  bool first = a && a->id >= MILL_DATE && a->id <= MILL_TIME;
  return shift_by(L, first ? 1 : 2, first ? 2 : 1, 1);
}

static int datetime_sub(lua_State *L) {
  const mill_scalar *a = mill_scalar_check(L, 1), *b = mill_scalar_test(L, 2);
  if (b == NULL || b->id != a->id) return shift_by(L, 1, 2, -1);
  int64_t x = mill_scalar_long(a), y = mill_scalar_long(b), r;
  if (a->id == MILL_DATE) {
    x *= MILL_MICROS_DAY;
    y *= MILL_MICROS_DAY;
  }
  if (__builtin_sub_overflow(x, y, &r)) return out_of_range(L);
  if (a->id == MILL_TIME) r /= 1000;
  mill_scalar_push_long(L, a, MILL_INTERVAL_DT, r);
  return 1;
}

static int number_part(lua_State *L, int index, int min, int max, int preset) {
  lua_Integer v = luaL_optinteger(L, index, preset);
  luaL_argcheck(L, v >= min && v <= max, index, "out of range");
  return (int)v;
}

/* Parts after the kind: year, month, day[, hour, minute, second, microsecond]. */
static int from_parts(lua_State *L, const mill_type *t) {
  int at = 2;
  mill_datetime d = {1970, 1, 1, 0, 0, 0, 0};
  if (t->id != MILL_TIME) {
    d.year = number_part(L, at++, 1, 9999, 1970);
    d.month = number_part(L, at++, 1, 12, 1);
    d.day = number_part(L, at++, 1, mill_days_in_month(d.year, d.month), 1);
  }
  d.hour = number_part(L, at, 0, 23, 0);
  d.minute = number_part(L, at + 1, 0, 59, 0);
  d.second = number_part(L, at + 2, 0, 59, 0);
  d.micros = number_part(L, at + 3, 0, 999999, 0);
  int64_t v;
  mill_datetime_micros(&d, &v);
  mill_scalar like = {(uint8_t)t->id, t->precision, t->scale, t->start, t->end, {0, 0}};
  if (t->id == MILL_DATE) return push_checked(L, &like, mill_floor_div(v, MILL_MICROS_DAY));
  if (t->id == MILL_TIME) return push_checked(L, &like, v * 1000);
  if (t->id == MILL_TIMESTAMP) {
    mill_settings set;
    mill_state_settings(mill_state_of(L), &set);
    if (!mill_zone_to_utc(set.zone, v, &v)) return out_of_range(L);
  }
  return push_checked(L, &like, v);
}

int mill_scalar_new_datetime(lua_State *L) {
  static const char *const names[] = {"date", "timestamp", "timestamp_ntz", "time", NULL};
  static const mill_type_id ids[] = {MILL_DATE, MILL_TIMESTAMP, MILL_TIMESTAMP_NTZ, MILL_TIME};
  const mill_type *t = mill_type_of(ids[luaL_checkoption(L, 1, NULL, names)]);
  const mill_scalar *same = mill_scalar_test(L, 2);
  if (same && same->id == t->id) {
    lua_settop(L, 2);
    return 1;
  }
  if (lua_type(L, 2) == LUA_TNUMBER) return from_parts(L, t);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  mill_scalar_parse(L, t, text, n);
  return 1;
}

/* A time of nanoseconds has its count alone, as an integer or, beyond 64 bits, a decimal. */
static int nanos_index(lua_State *L) {
  const mill_scalar *s = mill_scalar_check(L, 1);
  const char *key = luaL_checkstring(L, 2);
  mill_i128 v = mill_scalar_wide(s);
  if (strcmp(key, "nanos") != 0)
    return luaL_error(L, "a timestamp of nanoseconds has no '%s'", key);
  if (v == (int64_t)v)
    lua_pushinteger(L, (int64_t)v);
  else
    mill_scalar_push_wide(L, v, 21, 0);
  return 1;
}

void mill_datetime_open(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"__add", datetime_add}, {"__sub", datetime_sub}, {NULL, NULL}};
  mill_scalar_class(L, "tidemill.date", datetime_index, methods);
  mill_scalar_class(L, "tidemill.timestamp", datetime_index, methods);
  mill_scalar_class(L, "tidemill.timestamp_ntz", datetime_index, methods);
  mill_scalar_class(L, "tidemill.time", datetime_index, methods);
  mill_scalar_class(L, "tidemill.timestamp_nanos", nanos_index, none);
}
