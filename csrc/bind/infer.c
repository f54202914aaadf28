/* The types that Lua values have: inference for createDataFrame and literals. See take.h. */
#include <lauxlib.h>

#include "bind/raise.h"
#include "bind/scalar.h"
#include "bind/state.h"
#include "bind/take.h"

enum { MAX_DEPTH = 200 };

static const mill_type *type_of(lua_State *L, mill_types *types, int index, bool literal,
                                int depth);

/* The common type of all values of a list. */
static const mill_type *items_type(lua_State *L, mill_types *types, int index, bool literal,
                                   int depth) {
  const mill_type *all = mill_type_of(MILL_NULL);
  int top = lua_gettop(L);
  for (lua_pushnil(L); all && lua_next(L, index); lua_settop(L, top + 1)) {
    if (lua_type(L, top + 1) == LUA_TSTRING) continue; /* n of table.pack */
    const mill_type *t = type_of(L, types, top + 2, literal, depth + 1);
    all = t ? mill_take_merge(types, all, t, literal) : NULL;
  }
  lua_settop(L, top);
  return all;
}

static const mill_type *map_type(lua_State *L, mill_types *types, int index, bool literal,
                                 int depth) {
  const mill_type *key = mill_type_of(MILL_NULL), *value = mill_type_of(MILL_NULL);
  int top = lua_gettop(L);
  for (lua_pushnil(L); key && value && lua_next(L, index); lua_settop(L, top + 1)) {
    const mill_type *k = type_of(L, types, top + 1, literal, depth + 1);
    const mill_type *v = type_of(L, types, top + 2, literal, depth + 1);
    key = k ? mill_take_merge(types, key, k, literal) : NULL;
    value = v ? mill_take_merge(types, value, v, literal) : NULL;
  }
  lua_settop(L, top);
  return key && value ? mill_type_map(types, key, value, true) : NULL;
}

/* A Row: its metatable lists the names of its fields in __fields. */
static const mill_type *row_type(lua_State *L, mill_types *types, int index, bool literal,
                                 int depth) {
  luaL_getmetafield(L, index, "__fields");
  int names = lua_gettop(L);
  lua_Unsigned n = lua_rawlen(L, names);
  mill_field *f = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *f, 0);
  for (lua_Unsigned i = 0; i < n; i++) {
    lua_rawgeti(L, names, (lua_Integer)i + 1);
    lua_rawgeti(L, index, (lua_Integer)i + 1);
    f[i] = (mill_field){lua_tostring(L, -2), NULL, true, NULL};
    f[i].type = type_of(L, types, lua_gettop(L), literal, depth + 1);
    if (f[i].type == NULL) return NULL;
    lua_pop(L, 2);
  }
  const mill_type *t = mill_type_struct(types, f, (uint32_t)n);
  lua_settop(L, names - 1);
  return t;
}

static bool has_string_key(lua_State *L, int index) {
  lua_pushnil(L);
  if (!lua_next(L, index)) return false;
  bool yes = lua_type(L, -2) != LUA_TNUMBER;
  if (yes && lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), "n") == 0)
    yes = lua_rawlen(L, index) == 0 && lua_type(L, -1) != LUA_TNUMBER;
  lua_pop(L, 2);
  return yes;
}

static const mill_type *table_type(lua_State *L, mill_types *types, int index, bool literal,
                                   int depth) {
  if (luaL_getmetafield(L, index, "__name") == LUA_TSTRING) {
    const char *name = lua_tostring(L, -1);
    bool binary = strcmp(name, "Binary") == 0;
    bool row = strcmp(name, "Row") == 0, variant = strcmp(name, "Variant") == 0;
    bool vector = strcmp(name, "DenseVector") == 0 || strcmp(name, "SparseVector") == 0;
    bool matrix = strcmp(name, "DenseMatrix") == 0 || strcmp(name, "SparseMatrix") == 0;
    lua_pop(L, 1);
    if (row) return row_type(L, types, index, literal, depth);
    return binary    ? mill_type_of(MILL_BINARY)
           : vector  ? mill_type_of(MILL_VECTOR)
           : matrix  ? mill_type_of(MILL_MATRIX)
           : variant ? mill_type_of(MILL_VARIANT)
                     : NULL;
  }
  if (lua_getmetatable(L, index)) {
    lua_pop(L, 1);
    return NULL;
  }
  if (has_string_key(L, index)) return map_type(L, types, index, literal, depth);
  const mill_type *item = items_type(L, types, index, literal, depth);
  return item ? mill_type_array(types, item, true) : NULL;
}

static const mill_type *scalar_type(lua_State *L, mill_types *types, int index, bool literal) {
  const mill_scalar *s = mill_scalar_test(L, index);
  if (s == NULL) return NULL;
  switch (s->id) {
  case MILL_DECIMAL: /* Spark infers DECIMAL(38,18) for rows, the exact type for literals */
    return literal ? mill_type_decimal(types, s->precision, s->scale)
                   : mill_type_decimal(types, 38, s->scale > 18 ? s->scale : 18);
  case MILL_TIME: return mill_type_time(types, s->precision ? s->precision : 6);
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL_DT: return mill_type_interval(types, (mill_type_id)s->id, s->start, s->end);
  default: return mill_type_of((mill_type_id)s->id);
  }
}

static const mill_type *type_of(lua_State *L, mill_types *types, int index, bool literal,
                                int depth) {
  luaL_checkstack(L, 12, "value nested too deep");
  if (depth > MAX_DEPTH) mill_raise_too_deep(L, MAX_DEPTH);
  if (mill_take_is_null(L, index)) return mill_type_of(MILL_NULL);
  switch (lua_type(L, index)) {
  case LUA_TBOOLEAN: return mill_type_of(MILL_BOOLEAN);
  case LUA_TNUMBER:
    if (!lua_isinteger(L, index)) return mill_type_of(MILL_DOUBLE);
    if (literal && lua_tointeger(L, index) == (int32_t)lua_tointeger(L, index))
      return mill_type_of(MILL_INT);
    return mill_type_of(MILL_BIGINT);
  case LUA_TSTRING: return mill_type_of(MILL_STRING);
  case LUA_TUSERDATA: return scalar_type(L, types, index, literal);
  case LUA_TTABLE: return table_type(L, types, index, literal, depth);
  default: return NULL;
  }
}

const mill_type *mill_take_type(lua_State *L, mill_types *types, int index, bool literal) {
  return type_of(L, types, lua_absindex(L, index), literal, 0);
}

static const mill_type *merge_struct(mill_types *types, const mill_type *a, const mill_type *b,
                                     bool literal) {
  if (a->nfields != b->nfields || a->nfields > 256) return NULL;
  mill_field f[256];
  for (uint32_t i = 0; i < a->nfields; i++) {
    f[i] = a->fields[i];
    f[i].type = mill_take_merge(types, a->fields[i].type, b->fields[i].type, literal);
    if (f[i].type == NULL || strcmp(a->fields[i].name, b->fields[i].name) != 0) return NULL;
  }
  return mill_type_struct(types, f, a->nfields);
}

static bool atomic(const mill_type *t) {
  return t->id != MILL_NULL && t->phys != MILL_PHYS_LIST && t->phys != MILL_PHYS_STRUCT;
}

const mill_type *mill_take_merge(mill_types *types, const mill_type *a, const mill_type *b,
                                 bool literal) {
  if (a == b || b->id == MILL_NULL) return a;
  if (a->id == MILL_NULL) return b;
  bool whole = mill_type_integral(a) && mill_type_integral(b);
  if (whole) return a->id > b->id ? a : b;
  bool one_float = (a->id == MILL_DOUBLE && mill_type_integral(b)) ||
                   (b->id == MILL_DOUBLE && mill_type_integral(a));
  if (literal && one_float) return mill_type_of(MILL_DOUBLE);
  if (a->id == MILL_DECIMAL && b->id == MILL_DECIMAL) {
    int scale = a->scale > b->scale ? a->scale : b->scale;
    int whole_a = a->precision - a->scale, whole_b = b->precision - b->scale;
    int p = (whole_a > whole_b ? whole_a : whole_b) + scale;
    return mill_type_decimal(types, p > 38 ? 38 : p, scale);
  }
  if (a->id == MILL_STRING && atomic(b)) return a;
  if (b->id == MILL_STRING && atomic(a)) return b;
  if (a->id != b->id) return NULL;
  const mill_type *key, *item;
  switch (a->id) {
  case MILL_ARRAY:
    item = mill_take_merge(types, a->fields[0].type, b->fields[0].type, literal);
    return item ? mill_type_array(types, item, true) : NULL;
  case MILL_MAP:
    key = mill_take_merge(types, a->fields[0].type, b->fields[0].type, literal);
    item = mill_take_merge(types, a->fields[1].type, b->fields[1].type, literal);
    return key && item ? mill_type_map(types, key, item, true) : NULL;
  case MILL_STRUCT: return merge_struct(types, a, b, literal);
  default: return NULL;
  }
}

const mill_vector *mill_take_literal(lua_State *L, mill_arena *a, mill_types *types, int index,
                                     const mill_type *type) {
  mill_error err;
  mill_error_clear(&err);
  index = lua_absindex(L, index);
  if (type == NULL) type = mill_take_type(L, types, index, true);
  if (type == NULL) {
    const char *value = luaL_tolstring(L, index, NULL);
    mill_raise_misuse(L, "UNSUPPORTED_LITERAL", "value", value, "type", luaL_typename(L, index),
                      NULL);
  }
  mill_vector *v = mill_arena_alloc(a, sizeof *v);
  if (v == NULL) MILL_RAISE_IF(L, &err, mill_oom(a->memory, sizeof *v, &err), NULL);
  MILL_RAISE_IF(L, &err, mill_vector_init(v, type, 1, a, &err), NULL);
  mill_taker t = {a, types, NULL, 0, false, false};
  mill_take_value(L, &t, index, v, 0);
  v->mask = 0;
  return v;
}
