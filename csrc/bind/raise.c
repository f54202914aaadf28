/* Core errors as Lua errors: see raise.h. */
#include "bind/raise.h"

#include <lauxlib.h>
#include <stdarg.h>

#include "bind/state.h"

static void set_string(lua_State *L, const char *key, const char *value) {
  if (value == NULL) return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, key);
}

/* Call the hook with the fields table on top; leaves the error object in its place. */
static void make_object(lua_State *L) {
  mill_state_hook(L, "raise");
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_getfield(L, -1, "condition");
    lua_replace(L, -2);
    return;
  }
  lua_insert(L, -2);
  lua_call(L, 1, 1);
}

void mill_raise_object(lua_State *L, const mill_error *err, const char *query) {
  luaL_checkstack(L, 8, NULL);
  lua_createtable(L, 0, 12);
  set_string(L, "condition", mill_condition_name(err->condition));
  set_string(L, "class", mill_condition_class(err->condition));
  set_string(L, "sqlState", mill_condition_sqlstate(err->condition));
  set_string(L, "message", mill_error_message(err));
  set_string(L, "hint", mill_error_hint_text(err));
  lua_createtable(L, 0, err->nparams);
  for (int i = 0; i < err->nparams; i++)
    set_string(L, err->params[i].name, mill_error_value(err, i));
  lua_setfield(L, -2, "messageParameters");
  if (err->start >= 0) {
    lua_pushinteger(L, err->start);
    lua_setfield(L, -2, "start");
    lua_pushinteger(L, err->stop);
    lua_setfield(L, -2, "stop");
    set_string(L, "query", err->query ? err->query : query);
  }
  mill_state_take_cause(L);
  lua_setfield(L, -2, "cause");
  make_object(L);
}

_Noreturn void mill_raise(lua_State *L, const mill_error *err, const char *query) {
  mill_raise_object(L, err, query);
  lua_error(L);
  for (;;) {
  }
}

_Noreturn void mill_raise_memory(lua_State *L, const mill_memory *m, size_t wanted) {
  mill_error err;
  mill_error_clear(&err);
  mill_status s = mill_oom(m, wanted, &err);
  (void)s; /* told by err */
  mill_raise(L, &err, NULL);
}

_Noreturn void mill_raise_too_deep(lua_State *L, int limit) {
  mill_error err;
  mill_error_clear(&err);
  mill_status s =
      mill_fail(&err, MILL_E_PLAN_TOO_DEEP, "limit", mill_error_fmt(&err, "%d", limit), NULL);
  (void)s; /* told by err */
  mill_raise(L, &err, NULL);
}

_Noreturn void mill_raise_misuse(lua_State *L, const char *condition, ...) {
  luaL_checkstack(L, 8, NULL);
  lua_createtable(L, 0, 2);
  set_string(L, "condition", condition);
  lua_newtable(L);
  va_list ap;
  va_start(ap, condition);
  for (const char *name; (name = va_arg(ap, const char *)) != NULL;)
    set_string(L, name, va_arg(ap, const char *));
  va_end(ap);
  lua_setfield(L, -2, "messageParameters");
  make_object(L);
  lua_error(L);
  for (;;) {
  }
}
