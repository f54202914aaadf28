/* The binding's own state, hooks and userdata classes: see state.h. */
#include "bind/state.h"

#include <string.h>

#include "base/timezone.h"
#include "bind/raise.h"

static const char KEY, HOOKS;
#define CLASS "tidemill.state"

static int state_gc(lua_State *L) {
  mill_state *s = luaL_checkudata(L, 1, CLASS);
  if (s->memory == NULL) return 0;
  mill_text_clear(&s->text);
  mill_arena_clear(&s->arena);
  if (s->types) mill_types_free(s->types);
  if (s->zones) mill_zones_free(s->zones);
  mill_memory_free(s->memory);
  *s = (mill_state){0};
  return 0;
}

void mill_state_class(lua_State *L, const char *class, const luaL_Reg *methods, lua_CFunction gc) {
  luaL_newmetatable(L, class);
  luaL_setfuncs(L, methods, 0);
  if (lua_getfield(L, -1, "__index") == LUA_TNIL) {
    lua_pushvalue(L, -2);
    lua_setfield(L, -3, "__index");
  }
  lua_pop(L, 1);
  if (gc) {
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__close");
  }
  lua_pushliteral(L, "protected");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

void *mill_state_handle(lua_State *L, size_t size, const char *class, int user_values) {
  void *p = lua_newuserdatauv(L, size, user_values);
  memset(p, 0, size);
  luaL_setmetatable(L, class);
  return p;
}

void mill_state_open(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  mill_state_class(L, CLASS, none, state_gc);
  mill_state *s = mill_state_handle(L, sizeof *s, CLASS, 1);
  s->memory = mill_memory_new(0);
  if (s->memory) s->types = mill_types_new(s->memory);
  if (s->types) s->zones = mill_zones_new(s->memory);
  if (s->zones == NULL) luaL_error(L, "not enough memory");
  mill_arena_init(&s->arena, s->memory);
  mill_text_init(&s->text, s->memory);
  s->context = (mill_context){.memory = s->memory, .types = s->types, .zones = s->zones};
  lua_rawsetp(L, LUA_REGISTRYINDEX, &KEY);
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &HOOKS);
}

mill_state *mill_state_of(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &KEY);
  mill_state *s = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return s;
}

void mill_state_settings(mill_state *s, mill_settings *out) {
  mill_error err;
  if (s->active && s->settings(s->active, out, &err) == MILL_OK) return;
  *out = (mill_settings){.ansi = true, .zone = mill_zone_utc(), .zone_name = "UTC", .times = true};
}

void mill_state_hook(lua_State *L, const char *name) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &HOOKS);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

void mill_state_keep_cause(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &KEY);
  lua_insert(L, -2);
  lua_setiuservalue(L, -2, 1);
  lua_pop(L, 1);
}

void mill_state_take_cause(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &KEY);
  lua_getiuservalue(L, -1, 1);
  lua_pushnil(L);
  lua_setiuservalue(L, -3, 1);
  lua_remove(L, -2);
}

int mill_state_set_hook(lua_State *L) {
  luaL_checkstring(L, 1);
  luaL_checkany(L, 2);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &HOOKS);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_rawset(L, -3);
  return 0;
}
