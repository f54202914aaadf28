/* core.write: the rows of a plan as files (io/writer.h). */
#include "bind/write.h"

#include <lauxlib.h>

#include "bind/plan.h"
#include "bind/raise.h"
#include "bind/rows.h"
#include "plan/format.h"

static const char *conf(void *arg, const char *key) { return mill_session_get(arg, key); }

/* Field `key` of the table at index 2 as text; it stays on the stack, which anchors it. */
static const char *text(lua_State *L, const char *key) {
  lua_getfield(L, 2, key);
  return luaL_checkstring(L, -1);
}

static const char *const *take_names(lua_State *L, int *n) {
  lua_getfield(L, 2, "partition_by");
  luaL_checktype(L, -1, LUA_TTABLE);
  int list = lua_gettop(L);
  *n = (int)lua_rawlen(L, list);
  const char **names = lua_newuserdatauv(L, ((size_t)*n + 1) * sizeof *names, 0);
  luaL_checkstack(L, *n + 8, "too many columns");
  for (int i = 0; i < *n; i++) {
    lua_rawgeti(L, list, i + 1);
    names[i] = luaL_checkstring(L, -1);
  }
  return names;
}

/* A list of { key, value }. */
static mill_options take_options(lua_State *L) {
  lua_getfield(L, 2, "options");
  luaL_checktype(L, -1, LUA_TTABLE);
  int list = lua_gettop(L), n = (int)lua_rawlen(L, list);
  mill_option *o = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *o, 0);
  luaL_checkstack(L, 3 * n + 8, "too many options");
  for (int i = 0; i < n; i++) {
    lua_rawgeti(L, list, i + 1);
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    o[i] = (mill_option){luaL_checkstring(L, -2), luaL_checkstring(L, -1)};
  }
  return (mill_options){o, n};
}

void mill_write_take(lua_State *L, mill_session *s, mill_write *w) {
  w->conf = conf;
  w->conf_arg = s;
  w->format = text(L, "format");
  w->path = text(L, "path");
  w->partition_by = take_names(L, &w->npartition_by);
  w->options = take_options(L);
}

/* core.write(plan, { format =, path =, mode =, options = {{k, v}}, partition_by = {} }): rows
** written. */
int mill_rows_write(lua_State *L) {
  mill_error err;
  mill_settings set;
  mill_rows *rows = NULL;
  uint64_t written = 0;
  mill_error_clear(&err);
  lua_settop(L, 2);
  mill_handle_plan *h = mill_plan_check_run(L, 1);
  mill_session *s = h->session->s;
  mill_write w = {0};
  mill_write_take(L, s, &w);
  MILL_RAISE_IF(L, &err, mill_save_mode_of(text(L, "mode"), &w.mode, &err), NULL);
  mill_session_enter(L, h->session);
  MILL_RAISE_IF(L, &err, mill_session_settings(s, &set, &err), NULL);
  MILL_RAISE_IF(L, &err, mill_plan_open(h->p, &rows, &err), NULL);
  mill_status status = mill_format_write(s, &set, &w, rows, &written, &err);
  mill_session_leave(L, h->session);
  MILL_RAISE_IF(L, &err, status, NULL);
  lua_pushinteger(L, (lua_Integer)written);
  return 1;
}
