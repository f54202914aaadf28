/* Handles of Arrow streams: see arrow.h.
**
** A handle is a full userdata that begins with a struct ArrowArrayStream: another C module takes it with
** lua_touserdata, the FFI of a Lua with one through handle:address(), and moves the stream out, or
** leaves it to the collector. createDataFrame takes a handle, or as light userdata the address of a
** stream, or those of a struct array and of its schema; what they point at is moved. */
#include "bind/arrow.h"

#include <dlfcn.h>
#include <lauxlib.h>

#include "bind/plan.h"
#include "bind/raise.h"
#include "bind/schema.h"
#include "bind/state.h"
#include "column/arrow_c.h"

#define STREAM "tidemill.arrow"

static int stream_close(lua_State *L) {
  struct ArrowArrayStream *s = luaL_checkudata(L, 1, STREAM);
  if (s->release) s->release(s);
  return 0;
}

/* handle:address(): light userdata, valid as long as the handle is. */
static int stream_address(lua_State *L) {
  struct ArrowArrayStream *s = luaL_checkudata(L, 1, STREAM);
  if (s->release == NULL) mill_raise_misuse(L, "SESSION_CLOSED", "object", "Arrow stream", NULL);
  lua_pushlightuserdata(L, s);
  return 1;
}

static int stream_text(lua_State *L) {
  struct ArrowArrayStream *s = luaL_checkudata(L, 1, STREAM);
  lua_pushstring(L, s->release ? "ArrowArrayStream" : "ArrowArrayStream (released)");
  return 1;
}

void mill_arrow_open_class(lua_State *L) {
  static const luaL_Reg methods[] = {{"address", stream_address},
                                     {"close", stream_close},
                                     {"__tostring", stream_text},
                                     {NULL, NULL}};
  mill_state_class(L, STREAM, methods, stream_close);
}

/* Who releases an exported array after lua_close calls into this module: it must not be unloaded. */
static void stay_loaded(void) {
  Dl_info info;
  void *self = dladdr(__extension__(void *) stay_loaded, &info) && info.dli_fname
                   ? dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE)
                   : NULL;
  if (self) dlclose(self);
}

int mill_arrow_out(lua_State *L) {
  mill_error err;
  mill_settings set;
  mill_table *t = NULL;
  mill_error_clear(&err);
  lua_settop(L, 1);
  mill_handle_plan *h = mill_plan_check_run(L, 1);
  mill_session_enter(L, h->session);
  struct ArrowArrayStream *out = mill_state_handle(L, sizeof *out, STREAM, 0);
  const mill_context *ctx = mill_session_context(h->session->s);
  mill_status s = mill_session_settings(h->session->s, &set, &err);
  if (s == MILL_OK) s = mill_plan_collect(h->p, &t, &err);
  mill_session_leave(L, h->session);
  if (s == MILL_OK) s = mill_arrow_export(t, ctx->types, set.zone_name, out, &err);
  if (t) mill_table_unref(t);
  MILL_RAISE_IF(L, &err, s, NULL);
  stay_loaded();
  return 1;
}

/* ---- in ------------------------------------------------------------------------------------- */

static void *address(lua_State *L, int index, const char *name, const char *what) {
  void *p = lua_islightuserdata(L, index) ? lua_touserdata(L, index) : NULL;
  if (p == NULL)
    mill_raise_misuse(L, "NOT_EXPECTED_TYPE", "arg_name", name, "expected_type", what, "arg_type",
                      luaL_typename(L, index), NULL);
  return p;
}

static void unref_scan(void *s) { mill_scan_unref(s); }

/* Moves what index 2 and 3 mean into *out. */
static mill_status take_stream(lua_State *L, mill_memory *m, struct ArrowArrayStream *out,
                               mill_error *err) {
  struct ArrowArrayStream *in = luaL_testudata(L, 2, STREAM);
  if (!lua_isnoneornil(L, 3)) {
    struct ArrowArray *array = address(L, 2, "data", "the address of an ArrowArray");
    struct ArrowSchema *schema = address(L, 3, "schema", "the address of an ArrowSchema");
    if (array->release == NULL || schema->release == NULL)
      return mill_fail(err, MILL_E_ARROW_STREAM_FAILED, "reason", "it was released or moved before",
                       NULL);
    return mill_arrow_stream_of(m, array, schema, out, err);
  }
  if (in == NULL) in = address(L, 2, "data", "the address of an ArrowArrayStream");
  *out = *in;
  in->release = NULL;
  return MILL_OK;
}

int mill_arrow_in(lua_State *L) {
  mill_error err;
  mill_settings set;
  mill_error_clear(&err);
  lua_settop(L, 4);
  mill_handle_session *s = mill_session_check(L, 1);
  const mill_context *ctx = mill_session_context(s->s);
  const char *kind = mill_session_get(s->s, "spark.sql.timestampType");
  const mill_type *want = lua_isnil(L, 4) ? NULL : mill_schema_take(L, 4, ctx->types);
  struct ArrowArrayStream in = {0};
  mill_handle_plan *h = mill_plan_push(L, 1);
  mill_node *n = mill_node_new(&h->p->arena, MILL_N_SOURCE);
  mill_source *source = mill_arena_alloc(&h->p->arena, sizeof *source);
  if (n == NULL || source == NULL) mill_raise_memory(L, ctx->memory, sizeof *n);
  MILL_RAISE_IF(L, &err, mill_session_settings(s->s, &set, &err), NULL);
  MILL_RAISE_IF(L, &err, take_stream(L, ctx->memory, &in, &err), NULL);
  bool ntz = kind && strcmp(kind, "TIMESTAMP_NTZ") == 0;
  mill_status status = mill_arrow_import(ctx, &set, ntz, want, &in, &source->scan, &err);
  if (status == MILL_OK) status = mill_plan_keep(h->p, source->scan, unref_scan, &err);
  MILL_RAISE_IF(L, &err, status, NULL);
  source->format = "arrow";
  source->schema = source->scan->schema;
  n->source = source;
  h->p->root = n;
  mill_plan_settle(L, h, NULL, NULL);
  return 1;
}
