/* Lua functions as host functions of expressions: see host.h.
**
** Rows are handed to the function one by one, in order, on the thread of the lua_State, NULL as nil.
** Everything runs under one pcall a batch; a Lua error becomes FAILED_EXECUTE_UDF and is kept as the
** cause of the error that the query raises. The function is anchored in the registry as long as a
** plan holds the host. */
#include "bind/host.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/push.h"
#include "bind/raise.h"
#include "bind/session.h"
#include "bind/state.h"
#include "bind/take.h"

typedef struct lua_host {
  mill_host base;
  mill_memory *memory;
  mill_types *types;
  mill_session *session; /* borrowed from the plan that keeps this */
  lua_State *L;          /* the main state: its thread calls */
  int function;          /* reference in the registry */
  char name[1];
} lua_host;

typedef struct batch {
  lua_host *host;
  const mill_vector *const *args;
  int nargs;
  size_t n, row;
  mill_vector *out;
  mill_arena *arena;
} batch;

static int run_batch(lua_State *L) {
  batch *b = lua_touserdata(L, 1);
  mill_place place = {"field", b->host->name, NULL};
  mill_taker taker = {b->arena, b->host->types, &place, 0, false, false};
  luaL_checkstack(L, b->nargs + 8, "too many arguments");
  lua_newtable(L); /* classes of Rows */
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->host->function);
  for (b->row = 0; b->row < b->n; b->row++) {
    lua_pushvalue(L, 3);
    for (int k = 0; k < b->nargs; k++) mill_push_value(L, 2, b->args[k], b->row);
    lua_call(L, b->nargs, 1);
    mill_take_value(L, &taker, 4, b->out, (uint32_t)b->row);
    lua_settop(L, 3);
  }
  return 0;
}

static int with_traceback(lua_State *L) {
  if (lua_type(L, 1) == LUA_TSTRING) luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

static mill_status host_call(mill_host *h, const mill_vector *const *args, int nargs, size_t n,
                             mill_vector *out, mill_arena *arena, mill_error *err) {
  lua_host *host = (lua_host *)h;
  lua_State *L = host->L;
  batch b = {host, args, nargs, n, 0, out, arena};
  if (!lua_checkstack(L, 8)) return mill_oom(host->memory, 0, err);
  mill_handle_session *handle = mill_session_handle(L, host->session);
  bool busy = handle != NULL && handle->busy;
  if (handle) handle->busy = true;
  lua_pushcfunction(L, with_traceback);
  lua_pushcfunction(L, run_batch);
  lua_pushlightuserdata(L, &b);
  int status = lua_pcall(L, 1, 0, -3);
  if (handle) handle->busy = busy;
  if (status == LUA_OK) {
    lua_pop(L, 1);
    return MILL_OK;
  }
  if (status == LUA_ERRMEM) {
    lua_pop(L, 2);
    return mill_oom(host->memory, 0, err);
  }
  const char *why = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "see cause";
  const char *line = strchr(why, '\n');
  mill_fail(err, MILL_E_FAILED_EXECUTE_UDF, "functionName", host->name, "signature",
            mill_error_fmt(err, "row %zu of its batch", b.row + 1), "result", "", "reason",
            mill_error_fmt(err, "%.*s", (int)(line ? line - why : (long)strlen(why)), why), NULL);
  mill_state_keep_cause(L);
  lua_pop(L, 1);
  return MILL_E_FAILED_EXECUTE_UDF;
}

static void release(void *object) {
  lua_host *h = object;
  luaL_unref(h->L, LUA_REGISTRYINDEX, h->function);
  mill_free(h->memory, h, sizeof *h + strlen(h->name));
}

mill_host *mill_host_take(lua_State *L, int index, mill_plan *p) {
  mill_memory *m = mill_session_memory(p->session);
  mill_error err;
  size_t n;
  mill_error_clear(&err);
  lua_getfield(L, index, "name");
  const char *name = luaL_checklstring(L, -1, &n);
  lua_getfield(L, index, "f");
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  lua_State *main = lua_tothread(L, -1);
  lua_pop(L, 1);
  lua_host *h = mill_alloc(m, sizeof *h + n);
  if (h == NULL) MILL_RAISE_IF(L, &err, mill_oom(m, sizeof *h + n, &err), NULL);
  *h = (lua_host){{h->name, host_call},
                  m,
                  mill_session_context(p->session)->types,
                  p->session,
                  main,
                  LUA_NOREF,
                  {0}};
  memcpy(h->name, name, n + 1);
  MILL_RAISE_IF(L, &err, mill_plan_keep(p, h, release, &err), NULL);
  h->function = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pop(L, 1);
  return &h->base;
}
