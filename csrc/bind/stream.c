/* Streaming queries and memory streams as userdata: see stream.h.
**
** A callback of a query (foreachBatch, foreach, console) runs within query:step() under pcall; its
** error becomes the core's error, with the Lua value as the cause. Within the callback the query
** may be stopped, which takes effect when its batch is done, but not be waited for. */
#include "bind/stream.h"

#include <lauxlib.h>
#include <string.h>
#include <time.h>

#include "bind/plan.h"
#include "bind/raise.h"
#include "bind/schema.h"
#include "bind/state.h"
#include "bind/write.h"
#include "plan/stream_plan.h"
#include "plan/stream_table.h"

#define QUERY "tidemill.query"
#define FEED "tidemill.feed"

typedef struct query { /* user values: the plan's handle, the callback, the session's handle */
  mill_query *q;
  mill_session *owner; /* a reference: the query's memory is its */
  mill_handle_session *session;
  lua_State *L; /* of the step that runs */
  bool running, stop_after;
  bool memory; /* its sink is a table */
  bool foreach;
} query;

static query *check(lua_State *L) {
  query *h = luaL_checkudata(L, 1, QUERY);
  if (h->q == NULL) mill_raise_misuse(L, "SESSION_CLOSED", "object", "streaming query", NULL);
  return h;
}

static int query_gc(lua_State *L) {
  query *h = luaL_checkudata(L, 1, QUERY);
  mill_query *q = h->q;
  if (h->running)
    mill_raise_misuse(L, "UNSUPPORTED_OPERATION", "operation",
                      "A query cannot be closed by a function that it calls.", NULL);
  h->q = NULL;
  mill_query_free(q);
  if (h->owner) mill_session_unref(h->owner);
  h->owner = NULL;
  return 0;
}

/* ---- tables as plans ------------------------------------------------------------------------ */

static void release_table(void *t) { mill_table_unref(t); }

/* Push a plan over the table, which it keeps. */
static void push_table(lua_State *L, int session, mill_table *t) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_plan *h = mill_plan_push(L, session);
  MILL_RAISE_IF(L, &err, mill_plan_keep(h->p, mill_table_ref(t), release_table, &err), NULL);
  mill_node *n = mill_node_new(&h->p->arena, MILL_N_TABLE);
  if (n == NULL) MILL_RAISE_IF(L, &err, mill_oom(h->p->arena.memory, sizeof *n, &err), NULL);
  n->table = t;
  h->p->root = n;
  mill_plan_settle(L, h, NULL, NULL);
}

/* ---- callbacks ------------------------------------------------------------------------------ */

typedef struct call {
  query *h;
  mill_table *rows;
  int64_t batch;
} call;

static int run_call(lua_State *L) {
  call *c = lua_touserdata(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, c->h); /* the query's handle */
  lua_getiuservalue(L, 2, 3);
  lua_getiuservalue(L, 2, 2);
  push_table(L, 3, c->rows);
  lua_pushinteger(L, c->batch);
  lua_call(L, 2, 0);
  return 0;
}

static int with_traceback(lua_State *L) {
  if (lua_type(L, 1) == LUA_TSTRING) luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

static mill_status call_function(void *arg, int64_t batch, mill_table *rows, mill_error *err) {
  query *h = arg;
  lua_State *L = h->L;
  call c = {h, rows, batch};
  if (L == NULL || !lua_checkstack(L, 8))
    return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "no Lua thread waits for the query",
                     NULL);
  lua_pushcfunction(L, with_traceback);
  lua_pushcfunction(L, run_call);
  lua_pushlightuserdata(L, &c);
  int status = lua_pcall(L, 1, 0, -3);
  mill_session_resume(L, h->session);
  if (status == LUA_OK) {
    lua_pop(L, 1);
    return MILL_OK;
  }
  if (status == LUA_ERRMEM) {
    lua_pop(L, 2);
    return mill_oom(mill_session_memory(h->owner), 0, err);
  }
  const char *why = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "see cause";
  const char *line = strchr(why, '\n');
  mill_status failed =
      h->foreach ? MILL_E_FOREACH_USER_FUNCTION_ERROR : MILL_E_FOREACH_BATCH_USER_FUNCTION_ERROR;
  mill_fail(err, failed, "reason",
            mill_error_fmt(err, "%.*s", (int)(line ? line - why : (long)strlen(why)), why), NULL);
  mill_state_keep_cause(L);
  lua_pop(L, 1);
  return failed;
}

/* ---- sinks ---------------------------------------------------------------------------------- */

/* Field `key` of the table at index 2 as text or NULL; it stays on the stack, which anchors it. */
static const char *text(lua_State *L, const char *key) {
  lua_getfield(L, 2, key);
  return luaL_optstring(L, -1, NULL);
}

static mill_status file_sink(lua_State *L, mill_session *s, mill_stream_sink **out,
                             mill_error *err) {
  mill_write w = {.mode = MILL_SAVE_APPEND};
  mill_write_take(L, s, &w);
  return mill_sink_file_new(mill_session_context(s), &mill_plan_stream_io, &w, out, err);
}

static mill_status table_sink(lua_State *L, mill_session *s, mill_stream_sink **out,
                              mill_error *err) {
  const char *database = text(L, "database"), *name = text(L, "table");
  return mill_stream_table_sink(s, database, name, out, err);
}

static mill_status new_sink(lua_State *L, query *h, const mill_plan *p, mill_stream_sink **out,
                            mill_error *err) {
  static const char *const kinds[] = {"memory", "noop", "call", "foreach", "file", "table", NULL};
  static const char *const shown[] = {NULL, NULL, "ForeachBatchSink", "ForeachWriterTable",
                                      NULL, NULL};
  mill_session *s = h->session->s;
  const mill_context *ctx = mill_session_context(s);
  lua_getfield(L, 2, "sink");
  int kind = luaL_checkoption(L, -1, NULL, kinds);
  h->memory = kind == 0;
  h->foreach = kind == 3;
  lua_getfield(L, 2, "console");
  const char *description = lua_toboolean(L, -1) ? "ConsoleTable$" : shown[kind];
  switch (kind) {
  case 0: return mill_sink_memory_new(ctx, p->schema, out, err);
  case 1: return mill_sink_noop_new(ctx, out, err);
  case 4: return file_sink(L, s, out, err);
  case 5: return table_sink(L, s, out, err);
  default: return mill_sink_call_new(ctx, description, p->schema, call_function, h, NULL, out, err);
  }
}

/* ---- making a query ------------------------------------------------------------------------- */

static mill_output_mode take_mode(lua_State *L, const char *name) {
  mill_output_mode mode = MILL_APPEND;
  if (!mill_output_mode_of(name, &mode)) luaL_error(L, "unknown output mode %s", name);
  return mode;
}

int mill_stream_refusal(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_plan *p = mill_plan_check(L, 1);
  MILL_RAISE_IF(L, &err, mill_plan_check_stream(p->p, take_mode(L, luaL_checkstring(L, 2)), &err),
                NULL);
  return 0;
}

/* core.stream_query(plan, { mode =, trigger =, interval =, name =, checkpoint =, sink =, f =, .. })
 */
int mill_stream_query(lua_State *L) {
  static const char *const triggers[] = {"default", "processingTime", "once", "availableNow", NULL};
  mill_stream_options o = {0};
  mill_error err;
  mill_error_clear(&err);
  lua_settop(L, 2);
  mill_handle_plan *p = mill_plan_check(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  query *h = mill_state_handle(L, sizeof *h, QUERY, 3);
  h->session = p->session;
  h->owner = mill_session_ref(p->session->s);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 3, 1);
  lua_getfield(L, 2, "f");
  lua_setiuservalue(L, 3, 2);
  lua_getiuservalue(L, 1, 1);
  lua_setiuservalue(L, 3, 3);
  o.name = text(L, "name");
  o.checkpoint = text(L, "checkpoint");
  o.mode = take_mode(L, text(L, "mode"));
  lua_getfield(L, 2, "trigger");
  o.trigger = (mill_trigger)luaL_checkoption(L, -1, "default", triggers);
  lua_getfield(L, 2, "interval");
  o.interval = luaL_optinteger(L, -1, 0);
  mill_session_enter(L, h->session);
  MILL_RAISE_IF(L, &err, mill_plan_check_stream(p->p, o.mode, &err), NULL);
  MILL_RAISE_IF(L, &err, new_sink(L, h, p->p, &o.sink, &err), NULL);
  MILL_RAISE_IF(L, &err, mill_plan_query(p->p, &o, &h->q, &err), NULL);
  lua_settop(L, 3);
  return 1;
}

/* ---- running -------------------------------------------------------------------------------- */

static void enter(lua_State *L, query *h) {
  if (h->running)
    mill_raise_misuse(L, "UNSUPPORTED_OPERATION", "operation",
                      "A function that a streaming query calls cannot wait for that query.", NULL);
  mill_session_enter(L, h->session);
  lua_pushvalue(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, h); /* may raise: nothing is under way yet */
  h->L = L;
  h->running = true;
}

static void leave(lua_State *L, query *h) {
  h->running = false;
  h->L = NULL;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, h);
  if (h->stop_after) mill_query_stop(h->q);
  h->stop_after = false;
  mill_session_leave(L, h->session);
}

static int query_start(lua_State *L) {
  query *h = check(L);
  mill_error err;
  mill_error_clear(&err);
  enter(L, h);
  mill_status s = mill_query_start(h->q, &err);
  leave(L, h);
  MILL_RAISE_IF(L, &err, s, NULL);
  return 0;
}

/* query:step(): did a batch run? Raises what ended the query. */
static int query_step(lua_State *L) {
  query *h = check(L);
  mill_error err;
  bool ran = false;
  mill_error_clear(&err);
  enter(L, h);
  mill_status s = mill_query_step(h->q, &ran, &err);
  leave(L, h);
  MILL_RAISE_IF(L, &err, s, NULL);
  lua_pushboolean(L, ran);
  return 1;
}

/* query:settled(): is all that the sources have now done? */
static int query_settled(lua_State *L) {
  query *h = check(L);
  mill_error err;
  bool settled = false;
  mill_error_clear(&err);
  enter(L, h);
  mill_status s = mill_query_settled(h->q, &settled, &err);
  leave(L, h);
  MILL_RAISE_IF(L, &err, s, NULL);
  lua_pushboolean(L, settled);
  return 1;
}

static int query_stop(lua_State *L) {
  query *h = check(L);
  if (h->running)
    h->stop_after = true;
  else
    mill_query_stop(h->q);
  return 0;
}

int mill_stream_rest(lua_State *L) {
  lua_Integer ms = luaL_checkinteger(L, 1);
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  if (ms > 0) nanosleep(&t, NULL);
  return 0;
}

int mill_stream_uuid(lua_State *L) {
  char id[MILL_QUERY_ID];
  mill_uuid(id);
  lua_pushstring(L, id);
  return 1;
}

/* ---- asking --------------------------------------------------------------------------------- */

static int query_id(lua_State *L) {
  lua_pushstring(L, mill_query_id(check(L)->q));
  return 1;
}
static int query_run_id(lua_State *L) {
  lua_pushstring(L, mill_query_run_id(check(L)->q));
  return 1;
}
static int query_active(lua_State *L) {
  lua_pushboolean(L, mill_query_active(check(L)->q));
  return 1;
}

/* query:status(): message, is data available, does a batch run */
static int query_status(lua_State *L) {
  query *h = check(L);
  lua_pushstring(L, mill_query_message(h->q));
  lua_pushboolean(L, mill_query_data_available(h->q));
  lua_pushboolean(L, h->running);
  return 3;
}

/* query:progress(): the reports as JSON texts, oldest first. */
static int query_progress(lua_State *L) {
  query *h = check(L);
  const char *json;
  lua_newtable(L);
  for (int i = 0; (json = mill_query_progress(h->q, i)) != NULL; i++) {
    lua_pushstring(L, json);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* query:table(): a plan over the table of the memory sink; it follows the query. */
static int query_table(lua_State *L) {
  query *h = check(L);
  if (!h->memory) return 0;
  lua_getiuservalue(L, 1, 3);
  push_table(L, lua_gettop(L), mill_sink_memory_live(mill_query_sink(h->q)));
  return 1;
}

enum { LOOKED_AT = 10000 };

/* Does the tree read table t? Yes where it is too large to tell. */
static bool reads(const mill_node *n, const mill_table *t, int *left) {
  if (n->table == t || --*left <= 0) return true;
  for (int i = 0; i < n->nchildren; i++)
    if (reads(n->child[i], t, left)) return true;
  return false;
}

/* query:shown_by(plan): does the plan read the table of the memory sink? */
static int query_shown_by(lua_State *L) {
  query *h = check(L);
  int left = LOOKED_AT;
  const mill_node *root = mill_plan_check(L, 2)->p->root;
  lua_pushboolean(L, h->memory && reads(root, mill_sink_memory_live(mill_query_sink(h->q)), &left));
  return 1;
}

/* ---- memory streams ------------------------------------------------------------------------- */

typedef struct feed { /* user value: the session's handle */
  mill_stream_source *s;
  mill_session *owner; /* a reference: the rows' memory is its */
  mill_handle_session *session;
} feed;

static int feed_gc(lua_State *L) {
  feed *f = luaL_checkudata(L, 1, FEED);
  mill_stream_source *s = f->s;
  f->s = NULL;
  mill_stream_source_unref(s);
  if (f->owner) mill_session_unref(f->owner);
  f->owner = NULL;
  return 0;
}

static feed *check_feed(lua_State *L) {
  feed *f = luaL_checkudata(L, 1, FEED);
  if (f->s == NULL || f->session->s == NULL)
    mill_raise_misuse(L, "SESSION_CLOSED", "object", "memory stream", NULL);
  return f;
}

int mill_stream_feed_new(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  lua_settop(L, 2);
  mill_handle_session *s = mill_session_check(L, 1);
  const mill_context *ctx = mill_session_context(s->s);
  const mill_type *schema = mill_schema_take(L, 2, ctx->types);
  luaL_argcheck(L, schema->id == MILL_STRUCT, 2, "a struct type");
  feed *f = mill_state_handle(L, sizeof *f, FEED, 1);
  f->session = s;
  f->owner = mill_session_ref(s->s);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  MILL_RAISE_IF(L, &err, mill_stream_memory_new(ctx, schema, &f->s, &err), NULL);
  return 1;
}

/* feed:add(plan): its rows become the next offset. */
static int feed_add(lua_State *L) {
  feed *f = check_feed(L);
  mill_error err;
  mill_table *t = NULL;
  mill_error_clear(&err);
  mill_handle_plan *p = mill_plan_check(L, 2);
  mill_session_enter(L, p->session);
  mill_status s = mill_plan_collect(p->p, &t, &err);
  mill_session_leave(L, p->session);
  if (s == MILL_OK) s = mill_stream_memory_add(f->s, t, &err);
  MILL_RAISE_IF(L, &err, s, NULL);
  return 0;
}

static void release_source(void *s) { mill_stream_source_unref(s); }

/* feed:plan(): a streaming plan over it. */
static int feed_plan(lua_State *L) {
  feed *f = check_feed(L);
  mill_error err;
  mill_error_clear(&err);
  lua_getiuservalue(L, 1, 1);
  mill_handle_plan *h = mill_plan_push(L, lua_gettop(L));
  mill_node *n = mill_node_new(&h->p->arena, MILL_N_SOURCE);
  mill_source *source = mill_arena_alloc(&h->p->arena, sizeof *source);
  if (n == NULL || source == NULL)
    MILL_RAISE_IF(L, &err, mill_oom(h->p->arena.memory, sizeof *n, &err), NULL);
  *source = (mill_source){.format = "memory", .stream = mill_stream_source_ref(f->s)};
  MILL_RAISE_IF(L, &err, mill_plan_keep(h->p, source->stream, release_source, &err), NULL);
  n->source = source;
  n->streaming = true;
  h->p->root = n;
  mill_plan_settle(L, h, NULL, NULL);
  return 1;
}

void mill_stream_open_class(lua_State *L) {
  static const luaL_Reg of_query[] = {{"start", query_start},
                                      {"step", query_step},
                                      {"settled", query_settled},
                                      {"stop", query_stop},
                                      {"id", query_id},
                                      {"run_id", query_run_id},
                                      {"active", query_active},
                                      {"status", query_status},
                                      {"progress", query_progress},
                                      {"table", query_table},
                                      {"shown_by", query_shown_by},
                                      {"close", query_gc},
                                      {NULL, NULL}};
  static const luaL_Reg of_feed[] = {{"add", feed_add}, {"plan", feed_plan}, {NULL, NULL}};
  mill_state_class(L, QUERY, of_query, query_gc);
  mill_state_class(L, FEED, of_feed, feed_gc);
}
