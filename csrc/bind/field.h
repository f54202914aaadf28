/* Fields of a table that Lua code describes something with, copied into the plan's arena. */
#ifndef MILL_BIND_FIELD_H
#define MILL_BIND_FIELD_H

#include <lauxlib.h>

#include "bind/expr.h"

/* Pushes the field; gives its absolute index. */
static inline int mill_field_push(lua_State *L, int index, const char *key) {
  lua_pushstring(L, key);
  lua_rawget(L, index);
  return lua_gettop(L);
}
static inline bool mill_field_flag(lua_State *L, int index, const char *key) {
  bool v = lua_toboolean(L, mill_field_push(L, index, key));
  lua_pop(L, 1);
  return v;
}
static inline int64_t mill_field_integer(lua_State *L, int index, const char *key) {
  int64_t v = luaL_optinteger(L, mill_field_push(L, index, key), 0);
  lua_pop(L, 1);
  return v;
}
static inline const char *mill_field_text(lua_State *L, int index, const char *key, mill_plan *p) {
  const char *s = mill_expr_text(L, mill_field_push(L, index, key), p);
  lua_pop(L, 1);
  return s;
}
static inline const char **mill_field_texts(lua_State *L, int index, const char *key, mill_plan *p,
                                            int *n) {
  const char **s = mill_expr_texts(L, mill_field_push(L, index, key), p, n);
  lua_pop(L, 1);
  return s;
}
/* A list of { key, value }. */
mill_options mill_field_options(lua_State *L, int index, const char *key, mill_plan *p);

#endif
