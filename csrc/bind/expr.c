/* Column trees of Lua as unresolved plan expressions: see expr.h. */
#include "bind/expr.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/host.h"
#include "bind/plan.h"
#include "bind/raise.h"
#include "bind/schema.h"
#include "bind/state.h"
#include "bind/take.h"
#include "bind/udf.h"
#include "sql/parse.h"

enum { MAX_DEPTH = 1000 };

static const char *const kinds[] = {"name",         "text",   "star",     "parameter", "literal",
                                    "call",         "cast",   "extract",  "alias",     "lambda",
                                    "window",       "sort",   "column",   "host",      "parsed",
                                    "scalar_query", "exists", "in_query", NULL};
static const mill_expr_kind kind_of[] = {
    MILL_X_NAME,         MILL_X_TEXT,   MILL_X_STAR,    MILL_X_PARAMETER, MILL_X_LITERAL,
    MILL_X_CALL,         MILL_X_CAST,   MILL_X_EXTRACT, MILL_X_ALIAS,     MILL_X_LAMBDA,
    MILL_X_WINDOW,       MILL_X_SORT,   MILL_X_COLUMN,  MILL_X_HOST,      MILL_X_TEXT,
    MILL_X_SCALAR_QUERY, MILL_X_EXISTS, MILL_X_IN_QUERY};
enum { PARSED = 14 }; /* its place in `kinds`: an expression from the parser, see udf.c */

void *mill_expr_alloc(lua_State *L, mill_plan *p, size_t size) {
  void *m = mill_arena_alloc(&p->arena, size);
  if (m == NULL) {
    mill_error err;
    mill_error_clear(&err);
    MILL_RAISE_IF(L, &err, mill_oom(p->arena.memory, size, &err), NULL);
  }
  return m;
}

const char *mill_expr_text(lua_State *L, int index, mill_plan *p) {
  size_t n;
  if (lua_isnoneornil(L, index)) return NULL;
  const char *s = luaL_checklstring(L, index, &n);
  char *copy = mill_expr_alloc(L, p, n + 1);
  memcpy(copy, s, n);
  return copy;
}

/* Pushes field `key` of the table at `index`; gives its absolute index. */
static int field(lua_State *L, int index, const char *key) {
  lua_pushstring(L, key);
  lua_rawget(L, index);
  return lua_gettop(L);
}

static const char *text_field(lua_State *L, int index, const char *key, mill_plan *p) {
  const char *s = mill_expr_text(L, field(L, index, key), p);
  lua_pop(L, 1);
  return s;
}

static bool flag(lua_State *L, int index, const char *key) {
  bool v = lua_toboolean(L, field(L, index, key));
  lua_pop(L, 1);
  return v;
}

const char **mill_expr_texts(lua_State *L, int index, mill_plan *p, int *n) {
  *n = 0;
  if (lua_isnoneornil(L, index)) return NULL;
  luaL_checktype(L, index, LUA_TTABLE);
  *n = (int)lua_rawlen(L, index);
  const char **out = mill_expr_alloc(L, p, ((size_t)*n + 1) * sizeof *out);
  for (int i = 0; i < *n; i++) {
    lua_rawgeti(L, index, i + 1);
    out[i] = mill_expr_text(L, lua_gettop(L), p);
    lua_pop(L, 1);
  }
  return out;
}

const mill_expr **mill_expr_take_list(lua_State *L, int index, mill_plan *p, int *n) {
  *n = 0;
  if (lua_isnoneornil(L, index)) return NULL;
  luaL_checktype(L, index, LUA_TTABLE);
  *n = (int)lua_rawlen(L, index);
  const mill_expr **out = mill_expr_alloc(L, p, ((size_t)*n + 1) * sizeof *out);
  for (int i = 0; i < *n; i++) {
    lua_rawgeti(L, index, i + 1);
    bool hole = lua_isboolean(L, -1); /* false: none in this place */
    out[i] = hole ? NULL : mill_expr_take(L, lua_gettop(L), p);
    lua_pop(L, 1);
  }
  return out;
}

static const mill_expr *one(lua_State *L, int index, const char *key, mill_plan *p) {
  int at = field(L, index, key);
  const mill_expr *e = lua_isnil(L, at) ? NULL : mill_expr_take(L, at, p);
  lua_pop(L, 1);
  return e;
}

static const mill_expr **list(lua_State *L, int index, const char *key, mill_plan *p, int *n) {
  const mill_expr **out = mill_expr_take_list(L, field(L, index, key), p, n);
  lua_pop(L, 1);
  return out;
}

static const mill_type *target(lua_State *L, int index, mill_plan *p) {
  const mill_context *ctx = mill_session_context(p->session);
  const mill_type *t = NULL;
  int at = field(L, index, "target");
  if (lua_istable(L, at)) {
    t = mill_schema_take(L, at, ctx->types);
  } else {
    size_t n;
    mill_error err;
    mill_error_clear(&err);
    at = field(L, index, "target_text");
    const char *text = luaL_checklstring(L, at, &n);
    MILL_RAISE_IF(L, &err, mill_sql_type(p->session, text, n, &t, &err), text);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return t;
}

static void take_literal(lua_State *L, int index, mill_plan *p, mill_expr *e) {
  mill_types *types = mill_session_context(p->session)->types;
  int kind = field(L, index, "type"), value = field(L, index, "value");
  const mill_type *t = lua_istable(L, kind) ? mill_schema_take(L, kind, types) : NULL;
  e->value = mill_take_literal(L, &p->arena, types, value, t);
  e->type = e->value->type;
  e->nullable = mill_take_is_null(L, value);
  lua_pop(L, 2);
}

static mill_frame_bound bound(lua_State *L, int index, const char *key) {
  static const char *const names[] = {"unbounded_preceding", "preceding",           "current",
                                      "following",           "unbounded_following", NULL};
  int b = luaL_checkoption(L, field(L, index, key), "current", names);
  lua_pop(L, 1);
  return (mill_frame_bound)b;
}

static const mill_window *take_window(lua_State *L, int index, mill_plan *p) {
  mill_window *w = mill_expr_alloc(L, p, sizeof *w);
  int at = field(L, index, "window");
  luaL_checktype(L, at, LUA_TTABLE);
  w->partition = list(L, at, "partition", p, &w->npartition);
  w->order = list(L, at, "order", p, &w->norder);
  const char *unit = text_field(L, at, "unit", p);
  w->framed = unit != NULL;
  if (w->framed) {
    w->unit = strcmp(unit, "rows") == 0 ? MILL_FRAME_ROWS : MILL_FRAME_RANGE;
    w->from = bound(L, at, "from");
    w->to = bound(L, at, "to");
    w->from_offset = one(L, at, "from_offset", p);
    w->to_offset = one(L, at, "to_offset", p);
  }
  lua_pop(L, 1);
  return w;
}

/* df.name: the column of an analysed plan, whose node the new plan keeps alive. */
static const mill_expr *take_column(lua_State *L, int index, mill_plan *p) {
  mill_handle_plan *h = mill_plan_check(L, field(L, index, "plan"));
  int i = (int)luaL_checkinteger(L, field(L, index, "index"));
  luaL_argcheck(L, i >= 0 && i < h->p->root->noutput, index, "column");
  const mill_node *root = h->p == p ? p->root : mill_plan_use(p, h->p);
  if (root == NULL) mill_raise_memory(L, p->arena.memory, sizeof *root);
  lua_pop(L, 2);
  return root->output[i];
}

static const mill_expr *take_sql(lua_State *L, int index, mill_plan *p) {
  const mill_expr *e = NULL;
  mill_error err;
  mill_error_clear(&err);
  const char *text = text_field(L, index, "name", p);
  mill_session_reading(L, mill_session_handle(L, p->session));
  MILL_RAISE_IF(L, &err, mill_sql_expr(p->session, text, strlen(text), &p->arena, &e, &err), text);
  mill_udf_in_expr(L, p, e);
  return e;
}

static void take_call(lua_State *L, int index, mill_plan *p, mill_expr *e) {
  e->distinct = flag(L, index, "distinct");
  e->ignore_nulls = flag(L, index, "ignore_nulls");
  e->star = flag(L, index, "star");
  e->filter = one(L, index, "filter", p);
  e->order = list(L, index, "order", p, &e->norder);
}

const char *mill_expr_call_text(lua_State *L, mill_plan *p, const char *name,
                                const mill_expr **args, int n) {
  mill_error err;
  mill_settings set;
  mill_error_clear(&err);
  mill_text *text = &mill_state_of(L)->text;
  mill_expr call = {.kind = MILL_X_HOST, .name = name, .args = args, .nargs = n};
  mill_text_reset(text);
  MILL_RAISE_IF(L, &err, mill_session_settings(p->session, &set, &err), NULL);
  MILL_RAISE_IF(L, &err, mill_expr_sql(&call, &set, text, &err), NULL);
  const char *s = mill_arena_strndup(&p->arena, text->data, text->size);
  if (s == NULL) mill_raise_memory(L, p->arena.memory, text->size);
  return s;
}

/* `traced`, { name, args }: the call of the function that was traced to this cast. */
static void take_traced(lua_State *L, int index, mill_plan *p, mill_expr *e) {
  int at = field(L, index, "traced"), n;
  if (lua_istable(L, at)) {
    const mill_expr **args = list(L, at, "args", p, &n);
    e->pretty = mill_expr_call_text(L, p, text_field(L, at, "name", p), args, n);
  }
  lua_pop(L, 1);
}

static void take_cast(lua_State *L, int index, mill_plan *p, mill_expr *e) {
  e->target = target(L, index, p);
  take_traced(L, index, p, e);
  const char *mode = text_field(L, index, "mode", p);
  e->mode = mode && strcmp(mode, "try") == 0 ? MILL_CAST_TRY : MILL_CAST_ANSI;
}

/* A subquery: the root of an analysed plan, which p keeps alive. */
static const mill_node *take_query(lua_State *L, int index, mill_plan *p) {
  const mill_node *n = mill_plan_use(p, mill_plan_check_any(L, field(L, index, "query"))->p);
  if (n == NULL) mill_raise_memory(L, p->arena.memory, sizeof *n);
  lua_pop(L, 1);
  return n;
}

static const mill_expr *take_parsed(lua_State *L, int index) {
  const mill_expr *e = lua_touserdata(L, field(L, index, "expr"));
  luaL_argcheck(L, e != NULL, index, "parsed expression");
  lua_pop(L, 1);
  return e;
}

static void take_fields(lua_State *L, int index, mill_plan *p, mill_expr *e) {
  switch (e->kind) {
  case MILL_X_LITERAL: take_literal(L, index, p, e); break;
  case MILL_X_CALL: take_call(L, index, p, e); break;
  case MILL_X_CAST: take_cast(L, index, p, e); break;
  case MILL_X_ALIAS: e->metadata = text_field(L, index, "metadata", p); break;
  case MILL_X_WINDOW: e->window = take_window(L, index, p); break;
  case MILL_X_SORT:
    e->descending = flag(L, index, "descending");
    e->nulls_first = flag(L, index, "nulls_first");
    break;
  case MILL_X_HOST:
    e->target = target(L, index, p);
    e->host = mill_host_take(L, index, p);
    break;
  case MILL_X_SCALAR_QUERY:
  case MILL_X_EXISTS:
  case MILL_X_IN_QUERY: e->query = take_query(L, index, p); break;
  case MILL_X_NAME: e->outer = flag(L, index, "outer"); break;
  case MILL_X_PARAMETER:
    e->index = (int)luaL_optinteger(L, field(L, index, "index"), 0);
    lua_pop(L, 1);
    break;
  default: break;
  }
}

const mill_expr *mill_expr_take(lua_State *L, int index, mill_plan *p) {
  luaL_checktype(L, index, LUA_TTABLE);
  luaL_checkstack(L, 12, "expression nested too deep");
  if (lua_gettop(L) > 12 * MAX_DEPTH) mill_raise_too_deep(L, MAX_DEPTH);
  int kind = luaL_checkoption(L, field(L, index, "kind"), NULL, kinds);
  lua_pop(L, 1);
  if (kind_of[kind] == MILL_X_COLUMN) return take_column(L, index, p);
  if (kind == PARSED) return take_parsed(L, index);
  if (kind_of[kind] == MILL_X_TEXT && flag(L, index, "sql")) return take_sql(L, index, p);
  mill_expr *e = mill_expr_new(&p->arena, kind_of[kind]);
  if (e == NULL) mill_raise_memory(L, p->arena.memory, sizeof *e);
  e->name = text_field(L, index, "name", p);
  e->parts = mill_expr_texts(L, field(L, index, "parts"), p, &e->nparts);
  e->except = mill_expr_texts(L, field(L, index, "except"), p, &e->nexcept);
  lua_pop(L, 2);
  e->args = list(L, index, "args", p, &e->nargs);
  take_fields(L, index, p, e);
  if (flag(L, index, "registered")) mill_udf_in_call(L, p, e);
  return e;
}
