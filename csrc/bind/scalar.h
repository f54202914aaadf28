/* Values that Lua has no type for: decimals, dates, timestamps, times and intervals.
**
** One immutable userdata layout serves them all; the metatable says which it is, and each has a
** file: decimal.c, datetime.c, interval.c. What they share (text, comparison, hashing to a table
** key) is here. */
#ifndef MILL_BIND_SCALAR_H
#define MILL_BIND_SCALAR_H

#include <lauxlib.h>
#include <lua.h>

#include "column/vector.h"

typedef struct mill_scalar {
  uint8_t id, precision, scale, start, end; /* of the type */
  uint64_t bits[2];                         /* the value as a vector holds it */
} mill_scalar;

/* The type that a scalar has, for the kernels that print and compare. It lives on the stack and
** belongs to no pool. */
void mill_scalar_type(const mill_scalar *s, mill_type *out);
/* A constant vector over a scalar; both must outlive it. */
mill_vector mill_scalar_vector(const mill_scalar *s, const mill_type *type);

mill_scalar *mill_scalar_push(lua_State *L, const mill_type *type, const void *data);
/* The scalar at `index`, or NULL. */
const mill_scalar *mill_scalar_test(lua_State *L, int index);
const mill_scalar *mill_scalar_check(lua_State *L, int index);

static inline mill_i128 mill_scalar_wide(const mill_scalar *s) {
  mill_i128 v;
  memcpy(&v, s->bits, sizeof v);
  return v;
}
static inline int64_t mill_scalar_long(const mill_scalar *s) {
  if (s->id == MILL_DATE || s->id == MILL_INTERVAL_YM) {
    int32_t v;
    memcpy(&v, s->bits, sizeof v);
    return v;
  }
  int64_t v;
  memcpy(&v, s->bits, sizeof v);
  return v;
}

/* Read text (SQL's cast) as a value of `type`; pushes the scalar, or raises. */
void mill_scalar_parse(lua_State *L, const mill_type *type, const char *text, size_t n);
/* A new scalar of the type of `like` with the value v. */
void mill_scalar_push_long(lua_State *L, const mill_scalar *like, mill_type_id id, int64_t v);
mill_scalar *mill_scalar_push_wide(lua_State *L, mill_i128 v, int precision, int scale);

/* The metatable of class `name` with methods beyond the shared ones. */
void mill_scalar_class(lua_State *L, const char *name, lua_CFunction index,
                       const luaL_Reg *methods);

void mill_decimal_open(lua_State *L);
void mill_datetime_open(lua_State *L);
void mill_interval_open(lua_State *L);
int mill_scalar_new_decimal(lua_State *L);  /* core.decimal(value[, precision, scale]) */
int mill_scalar_new_datetime(lua_State *L); /* core.datetime(kind, text or parts ..) */
int mill_scalar_new_interval(lua_State *L); /* core.interval(kind, text or parts ..) */

#endif
