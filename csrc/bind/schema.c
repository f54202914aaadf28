/* Data types as plain Lua tables: see schema.h. */
#include "bind/schema.h"

#include <lauxlib.h>

#include "base/collation.h"
#include "base/wkb.h"
#include <string.h>

#include "bind/raise.h"
#include "bind/state.h"
#include "kernel/coerce.h"

static const char *const names[MILL_TYPE_COUNT] = {
    [MILL_NULL] = "void",
    [MILL_BOOLEAN] = "boolean",
    [MILL_TINYINT] = "byte",
    [MILL_SMALLINT] = "short",
    [MILL_INT] = "integer",
    [MILL_BIGINT] = "long",
    [MILL_FLOAT] = "float",
    [MILL_DOUBLE] = "double",
    [MILL_DECIMAL] = "decimal",
    [MILL_STRING] = "string",
    [MILL_BINARY] = "binary",
    [MILL_DATE] = "date",
    [MILL_TIMESTAMP] = "timestamp",
    [MILL_TIMESTAMP_NTZ] = "timestamp_ntz",
    [MILL_TIME] = "time",
    [MILL_TIMESTAMP_NANOS] = "timestamp_nanos",
    [MILL_TIMESTAMP_NTZ_NANOS] = "timestamp_ntz_nanos",
    [MILL_INTERVAL_YM] = "interval_ym",
    [MILL_INTERVAL_DT] = "interval_dt",
    [MILL_INTERVAL] = "interval",
    [MILL_ARRAY] = "array",
    [MILL_MAP] = "map",
    [MILL_STRUCT] = "struct",
    [MILL_VARIANT] = "variant",
    [MILL_VECTOR] = "vector",
    [MILL_MATRIX] = "matrix",
    [MILL_GEOMETRY] = "geometry",
    [MILL_GEOGRAPHY] = "geography",
};

static void set_integer(lua_State *L, const char *key, lua_Integer v) {
  lua_pushinteger(L, v);
  lua_setfield(L, -2, key);
}
static void set_boolean(lua_State *L, const char *key, bool v) {
  lua_pushboolean(L, v);
  lua_setfield(L, -2, key);
}

static void push_fields(lua_State *L, const mill_type *t) {
  lua_createtable(L, (int)t->nfields, 0);
  for (uint32_t i = 0; i < t->nfields; i++) {
    const mill_field *f = &t->fields[i];
    lua_createtable(L, 0, 4);
    lua_pushstring(L, f->name);
    lua_setfield(L, -2, "name");
    mill_schema_push(L, f->type);
    lua_setfield(L, -2, "type");
    set_boolean(L, "nullable", f->nullable);
    if (f->metadata) {
      lua_pushstring(L, f->metadata);
      lua_setfield(L, -2, "metadata_text");
    }
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "fields");
}

static void push_string_kind(lua_State *L, const mill_type *t) {
  if (t->string_kind != MILL_PLAIN_STRING) {
    lua_pushstring(L, t->string_kind == MILL_CHAR ? "char" : "varchar");
    lua_setfield(L, -2, "__id");
    set_integer(L, "length", t->length);
  } else if (t->collation != MILL_UTF8_BINARY) {
    char name[MILL_COLLATION_NAME];
    lua_pushstring(L, mill_collation_name(t->collation, name));
    lua_setfield(L, -2, "collation");
  }
}

void mill_schema_push(lua_State *L, const mill_type *t) {
  luaL_checkstack(L, 8, "type nested too deep");
  lua_createtable(L, 0, 4);
  lua_pushstring(L, names[t->id]);
  lua_setfield(L, -2, "__id");
  switch (t->id) {
  case MILL_DECIMAL:
    set_integer(L, "precision", t->precision);
    set_integer(L, "scale", t->scale);
    break;
  case MILL_TIME:
  case MILL_TIMESTAMP_NANOS:
  case MILL_TIMESTAMP_NTZ_NANOS: set_integer(L, "precision", t->precision); break;
  case MILL_GEOMETRY:
  case MILL_GEOGRAPHY:
    set_integer(L, "srid", t->length == MILL_SRID_ANY ? -1 : (lua_Integer)t->length);
    break;
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL_DT:
    set_integer(L, "start", t->start);
    set_integer(L, "stop", t->end);
    break;
  case MILL_STRING: push_string_kind(L, t); break;
  case MILL_ARRAY:
    mill_schema_push(L, t->fields[0].type);
    lua_setfield(L, -2, "element");
    set_boolean(L, "containsNull", t->contains_null);
    break;
  case MILL_MAP:
    mill_schema_push(L, t->fields[0].type);
    lua_setfield(L, -2, "key");
    mill_schema_push(L, t->fields[1].type);
    lua_setfield(L, -2, "value");
    set_boolean(L, "valueContainsNull", t->contains_null);
    break;
  case MILL_STRUCT: push_fields(L, t); break;
  default: break;
  }
}

static lua_Integer get_integer(lua_State *L, int index, const char *key, lua_Integer preset) {
  lua_getfield(L, index, key);
  lua_Integer v = luaL_optinteger(L, -1, preset);
  lua_pop(L, 1);
  return v;
}

static bool get_boolean(lua_State *L, int index, const char *key, bool preset) {
  bool v = lua_getfield(L, index, key) == LUA_TNIL ? preset : lua_toboolean(L, -1);
  lua_pop(L, 1);
  return v;
}

static const mill_type *get_type(lua_State *L, int index, const char *key, mill_types *types) {
  lua_getfield(L, index, key);
  const mill_type *t = mill_schema_take(L, lua_gettop(L), types);
  lua_pop(L, 1);
  return t;
}

/* The fields are collected in a userdata, which the stack anchors until the type is made. */
static const mill_type *take_struct(lua_State *L, int index, mill_types *types) {
  if (lua_getfield(L, index, "fields") != LUA_TTABLE) luaL_error(L, "struct type without fields");
  int list = lua_gettop(L);
  lua_Unsigned n = lua_rawlen(L, list);
  if (n > 100000) luaL_error(L, "too many fields");
  mill_field *f = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *f, 0);
  for (lua_Unsigned i = 0; i < n; i++) {
    luaL_checkstack(L, 8, "type nested too deep");
    lua_rawgeti(L, list, (lua_Integer)i + 1);
    int at = lua_gettop(L);
    luaL_checktype(L, at, LUA_TTABLE);
    lua_getfield(L, at, "name");
    f[i].name = luaL_checkstring(L, -1); /* anchored by the field's table */
    f[i].nullable = get_boolean(L, at, "nullable", true);
    f[i].type = get_type(L, at, "type", types);
    lua_getfield(L, at, "metadata_text");
    f[i].metadata = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    lua_settop(L, at - 1);
  }
  const mill_type *t = mill_type_struct(types, f, (uint32_t)n);
  lua_settop(L, list - 1);
  return t;
}

static const mill_type *take_parametric(lua_State *L, int index, mill_type_id id,
                                        mill_types *types) {
  switch (id) {
  case MILL_DECIMAL: {
    lua_Integer p = get_integer(L, index, "precision", 10), s = get_integer(L, index, "scale", 0);
    if (p < 1 || p > 38 || s < 0 || s > p) luaL_error(L, "no type DECIMAL(%d,%d)", (int)p, (int)s);
    return mill_type_decimal(types, (int)p, (int)s);
  }
  case MILL_TIME: {
    lua_Integer p = get_integer(L, index, "precision", 6);
    if (p < 0 || p > 9) luaL_error(L, "no type TIME(%d)", (int)p);
    return mill_type_time(types, (int)p);
  }
  case MILL_TIMESTAMP_NANOS:
  case MILL_TIMESTAMP_NTZ_NANOS: {
    lua_Integer p = get_integer(L, index, "precision", 9);
    if (p < 7 || p > 9) luaL_error(L, "no type TIMESTAMP(%d) of nanoseconds", (int)p);
    return mill_type_nanos(types, id, (int)p);
  }
  case MILL_GEOMETRY:
  case MILL_GEOGRAPHY: {
    lua_Integer srid = get_integer(L, index, "srid", (lua_Integer)mill_type_of(id)->length);
    bool known = srid == -1 || mill_srid_known(srid, id == MILL_GEOGRAPHY);
    if (!known) luaL_error(L, "there is no spatial reference system %d", (int)srid);
    return mill_type_shape(types, id, srid == -1 ? MILL_SRID_ANY : (uint32_t)srid);
  }
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL_DT: {
    int last = id == MILL_INTERVAL_YM ? MILL_MONTH : MILL_SECOND;
    lua_Integer from = get_integer(L, index, "start", 0), to = get_integer(L, index, "stop", last);
    if (from < 0 || to > last || from > to) luaL_error(L, "interval type with bad fields");
    return mill_type_interval(types, id, (int)from, (int)to);
  }
  case MILL_ARRAY:
    return mill_type_array(types, get_type(L, index, "element", types),
                           get_boolean(L, index, "containsNull", true));
  case MILL_MAP: {
    const mill_type *key = get_type(L, index, "key", types);
    return mill_type_map(types, key, get_type(L, index, "value", types),
                         get_boolean(L, index, "valueContainsNull", true));
  }
  case MILL_STRUCT: return take_struct(L, index, types);
  default: return mill_type_of(id);
  }
}

static const mill_type *take_text(lua_State *L, int index, const char *id, mill_types *types) {
  if (strcmp(id, "string") != 0)
    return mill_type_string(types, MILL_UTF8_BINARY,
                            strcmp(id, "char") == 0 ? MILL_CHAR : MILL_VARCHAR,
                            (uint32_t)get_integer(L, index, "length", 1));
  lua_getfield(L, index, "collation");
  const char *c = lua_tostring(L, -1);
  int collation = MILL_UTF8_BINARY;
  mill_error err;
  mill_error_clear(&err);
  if (c && strcmp(c, "null") == 0)
    collation = MILL_NO_COLLATION;
  else if (c && !mill_collation_find(c, strlen(c), &collation))
    luaL_error(L, "there is no collation %s", c);
  MILL_RAISE_IF(L, &err, mill_collation_open(collation, &err), NULL);
  lua_pop(L, 1);
  return mill_type_string(types, collation, MILL_PLAIN_STRING, 0);
}

const mill_type *mill_schema_take(lua_State *L, int index, mill_types *types) {
  luaL_checkstack(L, 8, "type nested too deep");
  if (lua_type(L, index) != LUA_TTABLE || lua_getfield(L, index, "__id") != LUA_TSTRING)
    luaL_error(L, "not a data type: %s", luaL_tolstring(L, index, NULL));
  const char *id = lua_tostring(L, -1);
  const mill_type *t = NULL;
  bool known = false;
  for (int i = 0; i < MILL_TYPE_COUNT && !known; i++) {
    known = strcmp(id, names[i]) == 0;
    if (known && i != MILL_STRING) t = take_parametric(L, index, (mill_type_id)i, types);
  }
  if (t == NULL &&
      (strcmp(id, "string") == 0 || strcmp(id, "char") == 0 || strcmp(id, "varchar") == 0)) {
    known = true;
    t = take_text(L, index, id, types);
  }
  if (!known) luaL_error(L, "not a data type: '%s'", id);
  if (t == NULL) mill_raise_memory(L, mill_types_memory(types), sizeof *t);
  lua_pop(L, 1);
  return t;
}

int mill_schema_can_store(lua_State *L) {
  mill_state *s = mill_state_of(L);
  const mill_type *from = mill_schema_take(L, 1, s->types);
  lua_pushboolean(L, mill_can_store(from, mill_schema_take(L, 2, s->types)));
  return 1;
}

int mill_schema_name(lua_State *L) {
  static const char *const forms[] = {"sql", "simple", "ddl", "json", NULL};
  mill_state *s = mill_state_of(L);
  int form = luaL_checkoption(L, 2, "sql", forms);
  const mill_type *t = mill_schema_take(L, 1, s->types);
  mill_error err;
  mill_error_clear(&err);
  mill_text_reset(&s->text);
  mill_status status = form == 0   ? mill_type_sql(t, &s->text, &err)
                       : form == 1 ? mill_type_simple(t, &s->text, &err)
                       : form == 2 ? mill_type_ddl(t, true, &s->text, &err)
                                   : mill_type_json(t, &s->text, &err);
  MILL_RAISE_IF(L, &err, status, NULL);
  lua_pushlstring(L, s->text.data ? s->text.data : "", s->text.size);
  return 1;
}
