/* Variants in Lua; see variant.h. What is allocated for a call hangs on a userdata, so that an error of
** Lua on the way frees it. */
#include "bind/variant.h"

#include <lauxlib.h>
#include <string.h>

#include "base/variant.h"
#include "bind/raise.h"
#include "bind/scalar.h"

typedef struct workplace {
  mill_memory *memory;
  mill_zones *zones;
  mill_variant_builder builder;
  mill_text text;
} workplace;

static int clear(lua_State *L) {
  workplace *w = lua_touserdata(L, 1);
  if (w->memory == NULL) return 0;
  mill_text_clear(&w->text);
  mill_variant_close(&w->builder);
  if (w->zones) mill_zones_free(w->zones);
  mill_memory_free(w->memory);
  w->memory = NULL;
  return 0;
}

static workplace *new_workplace(lua_State *L) {
  workplace *w = lua_newuserdatauv(L, sizeof *w, 0);
  memset(w, 0, sizeof *w);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, clear);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  w->memory = mill_memory_new(0);
  if (w->memory == NULL) mill_raise_memory(L, NULL, sizeof *w);
  mill_text_init(&w->text, w->memory);
  mill_variant_open(&w->builder, w->memory);
  return w;
}

static mill_variant read_argument(lua_State *L) {
  mill_variant v;
  v.value = luaL_checklstring(L, 1, &v.size);
  v.metadata = luaL_checklstring(L, 2, &v.metadata_size);
  return v;
}

int mill_variant_text(lua_State *L) {
  mill_variant v = read_argument(L);
  size_t n;
  const char *id = luaL_optlstring(L, 3, "UTC", &n);
  const mill_zone *zone = mill_zone_utc();
  mill_error err = {0};
  workplace *w = new_workplace(L);
  if (strcmp(id, "UTC") != 0) {
    w->zones = mill_zones_new(w->memory);
    if (w->zones == NULL) mill_raise_memory(L, w->memory, 64);
    MILL_RAISE_IF(L, &err, mill_zones_find(w->zones, id, n, &zone, &err), NULL);
  }
  MILL_RAISE_IF(L, &err, mill_variant_json(&v, zone, &w->text, &err), NULL);
  lua_pushlstring(L, w->text.data, w->text.size);
  return 1;
}

int mill_variant_parsed(lua_State *L) {
  size_t n;
  const char *json = luaL_checklstring(L, 1, &n);
  bool good = false;
  mill_error err = {0};
  mill_json_reader r;
  workplace *w = new_workplace(L);
  mill_json_start(&r, json, n, 0);
  MILL_RAISE_IF(L, &err, mill_variant_put_json(&w->builder, &r, mill_json_next(&r), &good, &err),
                NULL);
  if (!good)
    MILL_RAISE_IF(L, &err,
                  mill_fail(&err, MILL_E_MALFORMED_RECORD, "badRecord",
                            mill_error_fmt(&err, "%.200s", json), "failFastMode", "FAILFAST", NULL),
                  NULL);
  MILL_RAISE_IF(L, &err, mill_variant_metadata(&w->builder, &w->text, &err), NULL);
  lua_pushlstring(L, w->builder.out.data, w->builder.out.size);
  lua_pushlstring(L, w->text.data, w->text.size);
  return 2;
}

/* ---- values of Lua -------------------------------------------------------------------------- */

static void push_value(lua_State *L, workplace *w, const mill_variant *v);

static void malformed(lua_State *L, const mill_variant *v) {
  mill_error err = {0};
  MILL_RAISE_IF(L, &err, mill_variant_fail(v, &err), NULL);
}

static void push_parts(lua_State *L, workplace *w, const mill_variant *v,
                       const mill_variant_item *x) {
  bool object = x->kind == MILL_VARIANT_OBJECT;
  lua_createtable(L, object ? 0 : (int)x->count, object ? (int)x->count : 0);
  for (uint32_t i = 0; i < x->count; i++) {
    mill_variant part;
    const char *name;
    size_t n;
    if (!(object ? mill_variant_member(v, x, i, &name, &n, &part)
                 : mill_variant_element(v, x, i, &part)))
      malformed(L, v);
    if (object) lua_pushlstring(L, name, n);
    push_value(L, w, &part);
    if (object)
      lua_rawset(L, -3);
    else
      lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

static void push_time(lua_State *L, const mill_variant_item *x) {
  int32_t days = (int32_t)x->integer;
  if (x->kind == MILL_VARIANT_DATE)
    mill_scalar_push(L, mill_type_of(MILL_DATE), &days);
  else
    mill_scalar_push(
        L, mill_type_of(x->kind == MILL_VARIANT_TIMESTAMP ? MILL_TIMESTAMP : MILL_TIMESTAMP_NTZ),
        &x->integer);
}

/* A null inside is tidemill.null, as in lists and maps. */
static void push_value(lua_State *L, workplace *w, const mill_variant *v) {
  mill_variant_item x;
  mill_error err = {0};
  luaL_checkstack(L, 8, "value nested too deep");
  if (!mill_variant_read(v, &x)) malformed(L, v);
  switch (x.kind) {
  case MILL_VARIANT_NULL: lua_pushlightuserdata(L, NULL); break;
  case MILL_VARIANT_BOOLEAN: lua_pushboolean(L, x.integer != 0); break;
  case MILL_VARIANT_LONG: lua_pushinteger(L, x.integer); break;
  case MILL_VARIANT_DOUBLE:
  case MILL_VARIANT_FLOAT: lua_pushnumber(L, x.number); break;
  case MILL_VARIANT_DECIMAL: mill_scalar_push_wide(L, x.digits, MILL_DECIMAL_MAX, x.scale); break;
  case MILL_VARIANT_STRING:
  case MILL_VARIANT_BINARY: lua_pushlstring(L, x.text, x.size); break;
  case MILL_VARIANT_DATE:
  case MILL_VARIANT_TIMESTAMP:
  case MILL_VARIANT_TIMESTAMP_NTZ: push_time(L, &x); break;
  case MILL_VARIANT_UUID:
    mill_text_reset(&w->text);
    MILL_RAISE_IF(L, &err, mill_variant_plain(&x, NULL, &w->text, &err), NULL);
    lua_pushlstring(L, w->text.data, w->text.size);
    break;
  case MILL_VARIANT_UNKNOWN: malformed(L, v); break;
  default: push_parts(L, w, v, &x);
  }
}

int mill_variant_values(lua_State *L) {
  mill_variant v = read_argument(L);
  workplace *w = new_workplace(L);
  if (!mill_variant_valid(&v)) malformed(L, &v);
  push_value(L, w, &v);
  return 1;
}
