/* The session handle: see session.h. */
#include "bind/session.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/raise.h"
#include "bind/state.h"
#include "bind/udf.h"
#include "sql/parse.h"

static int session_close(lua_State *L) {
  mill_handle_session *h = luaL_checkudata(L, 1, MILL_SESSION_CLASS);
  mill_session *s = h->s;
  if (s == NULL) return 0;
  if (h->busy)
    mill_raise_misuse(L, "UNSUPPORTED_OPERATION", "operation",
                      "A function that a query calls cannot close its session.", NULL);
  mill_state *state = mill_state_of(L);
  if (state && state->active == s) state->active = NULL;
  h->s = NULL;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, s);
  mill_session_close(s);
  mill_session_unref(s);
  return 0;
}

mill_handle_session *mill_session_check(lua_State *L, int index) {
  mill_handle_session *h = luaL_checkudata(L, index, MILL_SESSION_CLASS);
  if (h->s == NULL) mill_raise_misuse(L, "SESSION_CLOSED", "object", "session", NULL);
  return h;
}

mill_handle_session *mill_session_handle(lua_State *L, const mill_session *s) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, s);
  mill_handle_session *h = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return h;
}

/* A collection walks all that Lua holds. It is due when the session holds as much more than after the last one,
** so that it costs no more than what was made since; at the latest at a quarter of the limit. */
static bool collection_due(lua_State *L, mill_handle_session *h, size_t used, size_t limit) {
  if (used < h->kept) h->kept = used;
  size_t grown = used - h->kept;
  if (limit == 0 || grown < limit / 32) return false;
  return grown >= limit / 4 || grown >= (size_t)lua_gc(L, LUA_GCCOUNT) << 10;
}

void mill_session_collect(lua_State *L, mill_handle_session *h) {
  const mill_memory_stats m = mill_memory_read(mill_session_memory(h->s));
  if (!collection_due(L, h, m.used, m.limit)) return;
  lua_gc(L, LUA_GCCOLLECT);
  if (h->s == NULL)
    mill_raise_misuse(L, "SESSION_CLOSED", "object", "session", NULL); /* by a finalizer */
  h->kept = mill_memory_read(mill_session_memory(h->s)).used;
}

void mill_session_resume(lua_State *L, mill_handle_session *h) {
  h->L = L;
  h->hook = lua_gethook(L);
}

void mill_session_reading(lua_State *L, mill_handle_session *h) {
  if (h != NULL && !h->busy) mill_session_resume(L, h);
}

void mill_session_enter(lua_State *L, mill_handle_session *h) {
  if (h->busy)
    mill_raise_misuse(L, "UNSUPPORTED_OPERATION", "operation",
                      "A function that a query calls cannot run another query of its session.",
                      NULL);
  mill_session_collect(L, h);
  mill_session_resume(L, h);
}

static int end_progress(lua_State *L) {
  mill_state_hook(L, "progress");
  if (!lua_isnil(L, -1)) lua_call(L, 0, 0);
  return 0;
}

void mill_session_leave(lua_State *L, mill_handle_session *h) {
  if (!h->told || !lua_checkstack(L, 4)) return;
  h->told = false;
  lua_pushcfunction(L, end_progress);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) lua_pop(L, 1);
}

typedef struct report {
  double done;
  lua_Integer rows;
} report;

static int call_progress(lua_State *L) {
  const report *r = lua_touserdata(L, 1);
  mill_state_hook(L, "progress");
  if (lua_isnil(L, -1)) return 0;
  lua_pushnumber(L, r->done);
  lua_pushinteger(L, r->rows);
  lua_call(L, 2, 0);
  return 0;
}

/* On the thread that waits: cancel on Ctrl-C, else tell the Lua side. */
static mill_status progress(void *arg, double done, uint64_t rows, mill_error *err) {
  mill_handle_session *h = arg;
  lua_State *L = h->L;
  if (L == NULL) return MILL_OK;
  lua_Hook hook = lua_gethook(L);
  if (hook != NULL && hook != h->hook)
    return mill_fail(err, MILL_E_OPERATION_CANCELED, "operationId", "the query", NULL);
  h->told = true;
  report r = {done, (lua_Integer)rows};
  if (!lua_checkstack(L, 8)) return MILL_OK;
  lua_pushcfunction(L, call_progress);
  lua_pushlightuserdata(L, &r);
  int status = lua_pcall(L, 1, 0, 0);
  if (status == LUA_OK) return MILL_OK;
  lua_pop(L, 1);
  if (status == LUA_ERRMEM) return mill_oom(mill_session_memory(h->s), 0, err);
  return mill_fail(err, MILL_E_OPERATION_CANCELED, "operationId", "the query", NULL);
}

/* Statements that the core parses while it analyses another. */
static mill_status parse_statement(mill_plan *p, const char *text, size_t n, mill_error *err) {
  void *arg = NULL;
  mill_session_poll(p->session, &arg);
  const mill_handle_session *h = arg;
  return mill_udf_parse(h ? h->L : NULL, p, text, n, err);
}

static mill_status read_settings(mill_session *s, mill_settings *out, mill_error *err) {
  return mill_session_settings(s, out, err);
}

int mill_session_create(lua_State *L) {
  mill_session_options o = {0};
  mill_error err;
  mill_error_clear(&err);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_getfield(L, 1, "threads");
  o.threads = (int)luaL_optinteger(L, -1, 0);
  lua_getfield(L, 1, "memory");
  o.memory = (size_t)luaL_optinteger(L, -1, 0);
  lua_getfield(L, 1, "temp");
  o.temp = luaL_optstring(L, -1, NULL);
  lua_getfield(L, 1, "temp_limit");
  o.temp_limit = (uint64_t)luaL_optinteger(L, -1, 0);
  lua_getfield(L, 1, "force_spill");
  o.force_spill = lua_toboolean(L, -1);
  mill_handle_session *h = mill_state_handle(L, sizeof *h, MILL_SESSION_CLASS, 1);
  MILL_RAISE_IF(L, &err, mill_session_new(&o, &h->s, &err), NULL);
  mill_session_parser(h->s, mill_sql_expr, parse_statement);
  mill_session_progress(h->s, progress, h);
  lua_pushlightuserdata(L, h);
  lua_rawsetp(L, LUA_REGISTRYINDEX, h->s);
  return 1;
}

int mill_session_activate(lua_State *L) {
  mill_state *state = mill_state_of(L);
  state->active = lua_isnoneornil(L, 1) ? NULL : mill_session_check(L, 1)->s;
  state->settings = read_settings;
  return 0;
}

static int conf_get(lua_State *L) {
  const char *v = mill_session_get(mill_session_check(L, 1)->s, luaL_checkstring(L, 2));
  lua_pushstring(L, v);
  return 1;
}

static int conf_is_set(lua_State *L) {
  mill_handle_session *h = mill_session_check(L, 1);
  lua_pushboolean(L, mill_session_is_set(h->s, luaL_checkstring(L, 2)));
  return 1;
}

static int conf_set(lua_State *L) {
  mill_handle_session *h = mill_session_check(L, 1);
  mill_error err;
  mill_error_clear(&err);
  MILL_RAISE_IF(L, &err,
                mill_session_set(h->s, luaL_checkstring(L, 2), luaL_checkstring(L, 3), &err), NULL);
  return 0;
}

static int conf_unset(lua_State *L) {
  mill_session_unset(mill_session_check(L, 1)->s, luaL_checkstring(L, 2));
  return 0;
}

/* What is set now is what RESET gives back. */
static int conf_settle(lua_State *L) {
  mill_session_settle(mill_session_check(L, 1)->s);
  return 0;
}

static int conf_keys(lua_State *L) {
  mill_handle_session *h = mill_session_check(L, 1);
  lua_newtable(L);
  const char *key;
  for (int i = 0; (key = mill_session_key(h->s, i)) != NULL; i++) {
    lua_pushstring(L, key);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static int view_drop(lua_State *L) {
  mill_handle_session *h = mill_session_check(L, 1);
  lua_pushboolean(L, mill_session_view_drop(h->s, luaL_checkstring(L, 2), lua_toboolean(L, 3)));
  return 1;
}

static int view_names(lua_State *L) {
  mill_handle_session *h = mill_session_check(L, 1);
  bool global = lua_toboolean(L, 2);
  lua_newtable(L);
  const char *name;
  for (int i = 0; (name = mill_session_view_at(h->s, i, global)) != NULL; i++) {
    lua_pushstring(L, name);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* { used, peak, limit, blocks, calls } of the session's memory. */
static int memory(lua_State *L) {
  mill_memory_stats m = mill_memory_read(mill_session_memory(mill_session_check(L, 1)->s));
  lua_createtable(L, 0, 5);
  lua_pushinteger(L, (lua_Integer)m.used);
  lua_setfield(L, -2, "used");
  lua_pushinteger(L, (lua_Integer)m.peak);
  lua_setfield(L, -2, "peak");
  lua_pushinteger(L, (lua_Integer)m.limit);
  lua_setfield(L, -2, "limit");
  lua_pushinteger(L, (lua_Integer)m.blocks);
  lua_setfield(L, -2, "blocks");
  lua_pushinteger(L, (lua_Integer)m.calls);
  lua_setfield(L, -2, "calls");
  return 1;
}

/* For tests: fail the n-th allocation from now on, `forever` each after it; 0 never. */
static int fail_at(lua_State *L) {
  mill_memory *m = mill_session_memory(mill_session_check(L, 1)->s);
  mill_memory_fail_at(m, (uint64_t)luaL_checkinteger(L, 2), lua_toboolean(L, 3));
  return 0;
}

/* The session as a key, known to the hook "udf". */
static int id(lua_State *L) {
  lua_pushlightuserdata(L, mill_session_check(L, 1)->s);
  return 1;
}

static int is_open(lua_State *L) {
  mill_handle_session *h = luaL_checkudata(L, 1, MILL_SESSION_CLASS);
  lua_pushboolean(L, h->s != NULL);
  return 1;
}

void mill_session_open_class(lua_State *L) {
  static const luaL_Reg methods[] = {{"close", session_close},
                                     {"get", conf_get},
                                     {"is_set", conf_is_set},
                                     {"set", conf_set},
                                     {"unset", conf_unset},
                                     {"keys", conf_keys},
                                     {"settle", conf_settle},
                                     {"view_drop", view_drop},
                                     {"views", view_names},
                                     {"memory", memory},
                                     {"fail_at", fail_at},
                                     {"is_open", is_open},
                                     {"id", id},
                                     {NULL, NULL}};
  mill_state_class(L, MILL_SESSION_CLASS, methods, session_close);
}
