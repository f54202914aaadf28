/* Values of vectors as Lua values: see push.h. */
#include "bind/push.h"

#include <lauxlib.h>

#include "bind/scalar.h"
#include "bind/state.h"

/* Push the table of classes by the names of their fields, which holds those that somebody else holds, too. */
static void push_known(lua_State *L) {
  if (luaL_getsubtable(L, LUA_REGISTRYINDEX, "tidemill.row_classes")) return;
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
}

static void push_names(lua_State *L, const mill_type *t) {
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (uint32_t i = 0; i < t->nfields; i++) {
    luaL_addstring(&b, t->fields[i].name);
    luaL_addchar(&b, '\0');
  }
  luaL_pushresult(&b);
}

static void make_class(lua_State *L, const mill_type *t) {
  mill_state_hook(L, "row");
  lua_createtable(L, (int)t->nfields, 0);
  for (uint32_t i = 0; i < t->nfields; i++) {
    lua_pushstring(L, t->fields[i].name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_call(L, 1, 1);
}

/* The metatable of Rows of `t`: looked for at its first row, by the names, on which alone it depends. */
static void push_class(lua_State *L, int classes, const mill_type *t) {
  if (lua_rawgetp(L, classes, t) != LUA_TNIL) return;
  lua_pop(L, 1);
  push_known(L);
  push_names(L, t);
  lua_pushvalue(L, -1);
  if (lua_rawget(L, -3) == LUA_TNIL) {
    lua_pop(L, 1);
    make_class(L, t);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, -5);
  }
  lua_replace(L, -3);
  lua_pop(L, 1);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, classes, t);
}

void mill_push_row(lua_State *L, int classes, const mill_type *schema, const mill_vector *col,
                   size_t i) {
  luaL_checkstack(L, 10, "value nested too deep");
  lua_createtable(L, (int)schema->nfields, 0);
  for (uint32_t k = 0; k < schema->nfields; k++) {
    if (!mill_vector_valid(&col[k], i)) continue;
    mill_push_value(L, classes, &col[k], i);
    lua_rawseti(L, -2, (lua_Integer)k + 1);
  }
  push_class(L, classes, schema);
  lua_setmetatable(L, -2);
}

static void push_item(lua_State *L, int classes, const mill_vector *v, size_t i) {
  if (v->type->id == MILL_NULL || !mill_vector_valid(v, i))
    lua_pushlightuserdata(L, NULL);
  else
    mill_push_value(L, classes, v, i);
}

static void push_list(lua_State *L, int classes, const mill_vector *items, mill_span s) {
  lua_createtable(L, (int)s.size, 0);
  for (uint32_t i = 0; i < s.size; i++) {
    push_item(L, classes, items, s.start + i);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

/* A key that a Lua table can hold and give back as the same value. */
static bool plain_key(const mill_type *t) {
  return t->id == MILL_BOOLEAN || mill_type_integral(t) || t->id == MILL_STRING;
}

static void push_map(lua_State *L, int classes, const mill_vector *v, mill_span s) {
  const mill_vector *keys = &v->child[0], *values = &v->child[1];
  bool plain = plain_key(keys->type);
  lua_createtable(L, plain ? 0 : (int)s.size, plain ? (int)s.size : 0);
  for (uint32_t i = 0; i < s.size; i++) {
    if (plain) {
      mill_push_value(L, classes, keys, s.start + i);
      push_item(L, classes, values, s.start + i);
      lua_rawset(L, -3);
      continue;
    }
    lua_createtable(L, 0, 2);
    mill_push_value(L, classes, keys, s.start + i);
    lua_setfield(L, -2, "key");
    push_item(L, classes, values, s.start + i);
    lua_setfield(L, -2, "value");
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

static void set_field(lua_State *L, int classes, const mill_vector *v, size_t i, uint32_t child,
                      const char *name) {
  const mill_vector *c = &v->child[child];
  if (!mill_vector_valid(c, i)) return;
  mill_push_value(L, classes, c, i);
  lua_setfield(L, -2, name);
}

static void push_bytes(lua_State *L, const mill_vector *v, size_t i) {
  const mill_str *s = &((const mill_str *)v->data)[mill_vector_at(v, i)];
  lua_pushlstring(L, mill_str_data(s), s->size);
}

static void with_hook(lua_State *L, const char *hook) {
  mill_state_hook(L, hook);
  if (lua_istable(L, -1))
    lua_setmetatable(L, -2);
  else
    lua_pop(L, 1);
}

/* Layouts in column/type.h: VECTOR type, size, indices, values. A dense one is a plain list. */
static void push_vector(lua_State *L, int classes, const mill_vector *v, size_t i) {
  const mill_vector *kind = &v->child[0];
  bool sparse = ((const int8_t *)kind->data)[mill_vector_at(kind, i)] == 0;
  if (!sparse) {
    mill_push_value(L, classes, &v->child[3], i);
    with_hook(L, "dense");
    return;
  }
  lua_createtable(L, 0, 3);
  set_field(L, classes, v, i, 1, "size");
  set_field(L, classes, v, i, 2, "indices");
  set_field(L, classes, v, i, 3, "values");
  with_hook(L, "sparse");
}

static void push_matrix(lua_State *L, int classes, const mill_vector *v, size_t i) {
  static const char *const names[] = {"type",       "numRows", "numCols",     "colPtrs",
                                      "rowIndices", "values",  "isTransposed"};
  lua_createtable(L, 0, 7);
  for (uint32_t k = 0; k < 7; k++) set_field(L, classes, v, i, k, names[k]);
  with_hook(L, "matrix");
}

static void push_nested(lua_State *L, int classes, const mill_vector *v, size_t i) {
  luaL_checkstack(L, 8, "value nested too deep");
  uint32_t k = mill_vector_at(v, i);
  switch (v->type->id) {
  case MILL_ARRAY: push_list(L, classes, &v->child[0], ((const mill_span *)v->data)[k]); break;
  case MILL_MAP: push_map(L, classes, v, ((const mill_span *)v->data)[k]); break;
  case MILL_STRUCT: mill_push_row(L, classes, v->type, v->child, k); break;
  case MILL_VECTOR: push_vector(L, classes, v, k); break;
  case MILL_MATRIX: push_matrix(L, classes, v, k); break;
  default: /* VARIANT */
    lua_createtable(L, 0, 2);
    push_bytes(L, &v->child[0], k);
    lua_setfield(L, -2, "value");
    push_bytes(L, &v->child[1], k);
    lua_setfield(L, -2, "metadata");
    with_hook(L, "variant");
  }
}

/* A shape: {srid = .., wkb = ..}. */
static void push_shape(lua_State *L, const mill_str *s) {
  const unsigned char *p = (const unsigned char *)mill_str_data(s);
  uint32_t srid = 0;
  for (int k = 0; k < MILL_SHAPE_HEAD; k++) srid |= (uint32_t)p[k] << 8 * k;
  lua_createtable(L, 0, 2);
  lua_pushinteger(L, (lua_Integer)srid);
  lua_setfield(L, -2, "srid");
  lua_pushlstring(L, (const char *)p + MILL_SHAPE_HEAD, s->size - MILL_SHAPE_HEAD);
  lua_setfield(L, -2, "wkb");
}

void mill_push_value(lua_State *L, int classes, const mill_vector *v, size_t i) {
  if (v->type->id == MILL_NULL || !mill_vector_valid(v, i)) {
    lua_pushnil(L);
    return;
  }
  uint32_t k = mill_vector_at(v, i);
  switch (v->type->id) {
  case MILL_BOOLEAN: lua_pushboolean(L, ((const uint8_t *)v->data)[k]); break;
  case MILL_TINYINT: lua_pushinteger(L, ((const int8_t *)v->data)[k]); break;
  case MILL_SMALLINT: lua_pushinteger(L, ((const int16_t *)v->data)[k]); break;
  case MILL_INT: lua_pushinteger(L, ((const int32_t *)v->data)[k]); break;
  case MILL_BIGINT: lua_pushinteger(L, ((const int64_t *)v->data)[k]); break;
  case MILL_FLOAT: lua_pushnumber(L, (lua_Number)((const float *)v->data)[k]); break;
  case MILL_DOUBLE: lua_pushnumber(L, ((const double *)v->data)[k]); break;
  case MILL_STRING:
  case MILL_BINARY: push_bytes(L, v, i); break;
  case MILL_GEOMETRY:
  case MILL_GEOGRAPHY: push_shape(L, (const mill_str *)v->data + k); break;
  case MILL_ARRAY:
  case MILL_MAP:
  case MILL_STRUCT:
  case MILL_VARIANT:
  case MILL_VECTOR:
  case MILL_MATRIX: push_nested(L, classes, v, i); break;
  default: mill_scalar_push(L, v->type, (const char *)v->data + (size_t)k * v->type->width);
  }
}
