/* The DataFrame's handle, and node tables of Lua as plans.
**
** lua/tidemill/dataframe.lua describes a plan as tables whose fields have the names of mill_node:
** { kind = "project", child = { plan handle or node table }, exprs = { column nodes } }. One
** translator serves all kinds, so a new method of DataFrame needs no new C. */
#include "bind/plan.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bind/definition.h"
#include "bind/field.h"
#include "bind/raise.h"
#include "bind/schema.h"
#include "bind/stage.h"
#include "bind/state.h"
#include "bind/udf.h"
#include "plan/cache.h"
#include "plan/text_cache.h"
#include "io/reader.h"
#include "ml/stage.h"
#include "sql/parse.h"

static const struct {
  const char *name;
  mill_node_kind kind;
} kinds[] = {{"relation", MILL_N_RELATION},
             {"function", MILL_N_FUNCTION},
             {"values", MILL_N_VALUES},
             {"one_row", MILL_N_ONE_ROW},
             {"range", MILL_N_RANGE},
             {"project", MILL_N_PROJECT},
             {"filter", MILL_N_FILTER},
             {"aggregate", MILL_N_AGGREGATE},
             {"sort", MILL_N_SORT},
             {"limit", MILL_N_LIMIT},
             {"tail", MILL_N_TAIL},
             {"distinct", MILL_N_DISTINCT},
             {"dedup", MILL_N_DEDUP},
             {"window", MILL_N_WINDOW},
             {"generate", MILL_N_GENERATE},
             {"sample", MILL_N_SAMPLE},
             {"alias", MILL_N_ALIAS},
             {"with_columns", MILL_N_WITH_COLUMNS},
             {"drop", MILL_N_DROP},
             {"rename", MILL_N_RENAME},
             {"watermark", MILL_N_WATERMARK},
             {"transform", MILL_N_TRANSFORM},
             {"pivot", MILL_N_PIVOT},
             {"unpivot", MILL_N_UNPIVOT},
             {"repartition", MILL_N_REPARTITION},
             {"zip", MILL_N_ZIP},
             {"join", MILL_N_JOIN},
             {"union", MILL_N_UNION},
             {"set_op", MILL_N_SET_OP},
             {"source", MILL_N_SOURCE},
             {"create_view", MILL_N_CREATE_VIEW},
             {"drop_view", MILL_N_DROP_VIEW},
             {"show", MILL_N_SHOW},
             {"use", MILL_N_USE},
             {"create_database", MILL_N_CREATE_DATABASE},
             {"drop_database", MILL_N_DROP_DATABASE},
             {"create_table", MILL_N_CREATE_TABLE},
             {"drop_table", MILL_N_DROP_TABLE},
             {"truncate", MILL_N_TRUNCATE},
             {"insert", MILL_N_INSERT},
             {"merge", MILL_N_MERGE},
             {"analyze", MILL_N_ANALYZE},
             {"repair", MILL_N_REPAIR},
             {"refresh", MILL_N_REFRESH},
             {"cache_table", MILL_N_CACHE_TABLE},
             {"uncache", MILL_N_UNCACHE},
             {"clear_cache", MILL_N_CLEAR_CACHE}};

static int plan_gc(lua_State *L) {
  mill_handle_plan *h = luaL_checkudata(L, 1, MILL_PLAN_CLASS);
  mill_plan *p = h->p, *given = h->given;
  h->p = h->given = NULL;
  mill_plan_unref(p);
  mill_plan_unref(given);
  return 0;
}

static mill_handle_plan *check_open(lua_State *L, int index) {
  mill_handle_plan *h = luaL_checkudata(L, index, MILL_PLAN_CLASS);
  if (h->p == NULL || h->session->s == NULL)
    mill_raise_misuse(L, "SESSION_CLOSED", "object", "session of this DataFrame", NULL);
  return h;
}

mill_handle_plan *mill_plan_check_collect(lua_State *L, int index) {
  mill_handle_plan *h = check_open(L, index);
  if (h->p->deferred) mill_plan_settle(L, h, NULL, NULL);
  return h;
}

/* A prepared plan becomes one for the handle's values. */
static void fix_values(lua_State *L, mill_handle_plan *h) {
  mill_plan *own, *before = h->p, *given = h->given;
  mill_error err;
  mill_error_clear(&err);
  MILL_RAISE_IF(L, &err, mill_plan_fix(before, given, &h->params, &own, &err), NULL);
  h->p = own;
  h->given = NULL;
  h->shared = false;
  mill_plan_unref(before);
  mill_plan_unref(given);
}

mill_handle_plan *mill_plan_check_run(lua_State *L, int index) {
  mill_handle_plan *h = check_open(L, index);
  if (h->given) fix_values(L, h);
  if (h->p->deferred) mill_plan_settle(L, h, NULL, NULL); /* raises what is missing */
  return h;
}

/* The plan of a text becomes the handle's own: no other query finds it, and where others have found
** it, this one gets columns of its own. */
mill_handle_plan *mill_plan_check_any(lua_State *L, int index) {
  mill_handle_plan *h = check_open(L, index);
  if (h->given) fix_values(L, h);
  if (!h->shared) return h;
  mill_text_cache_take(mill_session_texts(h->session->s), h->p);
  if (h->p->refs > 1) {
    mill_plan *own, *before = h->p;
    mill_error err;
    mill_error_clear(&err);
    MILL_RAISE_IF(L, &err, mill_plan_renew(before, &own, &err), NULL);
    h->p = own;
    mill_plan_unref(before);
  }
  h->shared = false;
  return h;
}

mill_handle_plan *mill_plan_check(lua_State *L, int index) {
  mill_handle_plan *h = mill_plan_check_any(L, index);
  if (h->p->deferred) mill_plan_settle(L, h, NULL, NULL); /* raises what is missing */
  return h;
}

static mill_handle_plan *push_handle(lua_State *L, int session) {
  session = lua_absindex(L, session);
  mill_handle_session *s = mill_session_check(L, session);
  mill_session_collect(L, s);
  mill_handle_plan *h = mill_state_handle(L, sizeof *h, MILL_PLAN_CLASS, 1);
  h->session = s;
  lua_pushvalue(L, session);
  lua_setiuservalue(L, -2, 1);
  return h;
}

mill_handle_plan *mill_plan_push(lua_State *L, int session) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_plan *h = push_handle(L, session);
  MILL_RAISE_IF(L, &err, mill_plan_new(h->session->s, &h->p, &err), NULL);
  return h;
}

void mill_plan_settle(lua_State *L, mill_handle_plan *h, const mill_parameters *params,
                      const char *text) {
  mill_error err;
  mill_error_clear(&err);
  mill_session_enter(L, h->session);
  MILL_RAISE_IF(L, &err, mill_plan_analyse(h->p, params, &err), text);
}

/* ---- node tables ---------------------------------------------------------------------------- */

static const mill_node *take_node(lua_State *L, int index, mill_plan *p);

static double number(lua_State *L, int index, const char *key) {
  double v = luaL_optnumber(L, mill_field_push(L, index, key), 0);
  lua_pop(L, 1);
  return v;
}
static const mill_expr **exprs(lua_State *L, int index, const char *key, mill_plan *p, int *n) {
  const mill_expr **e = mill_expr_take_list(L, mill_field_push(L, index, key), p, n);
  lua_pop(L, 1);
  return e;
}

static const mill_node *take_child(lua_State *L, int at, mill_plan *p) {
  if (lua_istable(L, at)) return take_node(L, at, p);
  const mill_node *n = mill_plan_use(p, mill_plan_check_any(L, at)->p);
  if (n == NULL) mill_raise_memory(L, p->arena.memory, sizeof *n);
  return n;
}

static void take_children(lua_State *L, int index, mill_plan *p, mill_node *n) {
  int at = mill_field_push(L, index, "child");
  if (!lua_isnil(L, at)) {
    luaL_checktype(L, at, LUA_TTABLE);
    n->nchildren = (int)lua_rawlen(L, at);
    n->child = mill_expr_alloc(L, p, ((size_t)n->nchildren + 1) * sizeof *n->child);
    for (int i = 0; i < n->nchildren; i++) {
      lua_rawgeti(L, at, i + 1);
      n->child[i] = take_child(L, lua_gettop(L), p);
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
}

mill_options mill_field_options(lua_State *L, int index, const char *key, mill_plan *p) {
  int at = mill_field_push(L, index, key);
  mill_options out = {0};
  if (!lua_isnil(L, at)) {
    out.n = (int)lua_rawlen(L, at);
    mill_option *o = mill_expr_alloc(L, p, ((size_t)out.n + 1) * sizeof *o);
    for (int i = 0; i < out.n; i++) {
      lua_rawgeti(L, at, i + 1);
      lua_rawgeti(L, at + 1, 1);
      lua_rawgeti(L, at + 1, 2);
      o[i] = (mill_option){mill_expr_text(L, at + 2, p), mill_expr_text(L, at + 3, p)};
      lua_settop(L, at);
    }
    out.at = o;
  }
  lua_pop(L, 1);
  return out;
}

static void take_options(lua_State *L, int index, mill_plan *p, const mill_option **at, int *n) {
  mill_options o = mill_field_options(L, index, "options", p);
  *at = o.at;
  *n = o.n;
}

static void take_join(lua_State *L, int index, mill_node *n) {
  static const char *const names[] = {"inner", "cross", "left", "right",
                                      "full",  "semi",  "anti", NULL};
  n->join = (mill_join)luaL_checkoption(L, mill_field_push(L, index, "join"), "inner", names);
  lua_pop(L, 1);
}

static void take_grouping(lua_State *L, int index, mill_plan *p, mill_node *n) {
  static const char *const names[] = {"plain", "rollup", "cube", "sets", NULL};
  n->grouping =
      (mill_grouping)luaL_checkoption(L, mill_field_push(L, index, "grouping"), "plain", names);
  int at = mill_field_push(L, index, "sets");
  if (!lua_isnil(L, at)) {
    n->nsets = (int)lua_rawlen(L, at);
    uint64_t *sets = mill_expr_alloc(L, p, ((size_t)n->nsets + 1) * sizeof *sets);
    for (int i = 0; i < n->nsets; i++) {
      lua_rawgeti(L, at, i + 1);
      sets[i] = (uint64_t)luaL_checkinteger(L, -1);
      lua_pop(L, 1);
    }
    n->sets = sets;
  }
  lua_pop(L, 2);
}

static void take_source(lua_State *L, int index, mill_plan *p, mill_node *n) {
  mill_source *s = mill_expr_alloc(L, p, sizeof *s);
  s->format = mill_field_text(L, index, "format", p);
  s->paths = mill_field_texts(L, index, "paths", p, &s->npaths);
  take_options(L, index, p, &s->options, &s->noptions);
  int at = mill_field_push(L, index, "schema");
  if (lua_istable(L, at))
    s->schema = mill_schema_take(L, at, mill_session_context(p->session)->types);
  lua_pop(L, 1);
  n->source = s;
}

static void release_stage(void *stage) { mill_stage_unref(stage); }
static void release_session(void *session) { mill_session_unref(session); }

static void take_stage(lua_State *L, int index, mill_plan *p, mill_node *n) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_stage *h = mill_stage_check(L, mill_field_push(L, index, "stage"));
  mill_session *own = mill_session_ref(h->session); /* kept first: released last */
  MILL_RAISE_IF(L, &err, mill_plan_keep(p, own, release_session, &err), NULL);
  mill_stage *s = mill_stage_ref(h->s);
  MILL_RAISE_IF(L, &err, mill_plan_keep(p, s, release_stage, &err), NULL);
  n->stage = s;
  lua_pop(L, 1);
}

static void take_flags(lua_State *L, int index, mill_node *n) {
  n->global = mill_field_flag(L, index, "global");
  n->having = mill_field_flag(L, index, "having");
  n->outer = mill_field_flag(L, index, "outer");
  n->natural = mill_field_flag(L, index, "natural");
  n->lateral = mill_field_flag(L, index, "lateral");
  n->nearest = mill_field_flag(L, index, "nearest");
  n->by_name = mill_field_flag(L, index, "by_name");
  n->allow_missing = mill_field_flag(L, index, "allow_missing");
  n->intersect = mill_field_flag(L, index, "intersect");
  n->all = mill_field_flag(L, index, "all");
  n->replace = mill_field_flag(L, index, "replace");
  n->if_exists = mill_field_flag(L, index, "if_exists");
  n->replacement = mill_field_flag(L, index, "replacement");
  n->within_watermark = mill_field_flag(L, index, "within_watermark");
  n->streaming = mill_field_flag(L, index, "streaming");
}

static void take_numbers(lua_State *L, int index, mill_node *n) {
  n->from = mill_field_integer(L, index, "from");
  n->to = mill_field_integer(L, index, "to");
  n->step = mill_field_integer(L, index, "step");
  n->seed = (uint64_t)mill_field_integer(L, index, "seed");
  n->lower = number(L, index, "lower");
  n->upper = number(L, index, "upper");
  n->nrows = (int)mill_field_integer(L, index, "nrows");
}

static mill_node_kind take_kind(lua_State *L, int index) {
  const char *name = luaL_checkstring(L, mill_field_push(L, index, "kind"));
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(kinds[i].name, name) != 0) continue;
    lua_pop(L, 1);
    return kinds[i].kind;
  }
  return (mill_node_kind)luaL_error(L, "there is no plan node '%s'", name);
}

static const mill_node *take_node(lua_State *L, int index, mill_plan *p) {
  luaL_checkstack(L, 12, "plan nested too deep");
  luaL_checktype(L, index, LUA_TTABLE);
  mill_node *n = mill_node_new(&p->arena, take_kind(L, index));
  if (n == NULL) mill_raise_memory(L, p->arena.memory, sizeof *n);
  take_children(L, index, p, n);
  n->exprs = exprs(L, index, "exprs", p, &n->nexprs);
  n->keys = exprs(L, index, "keys", p, &n->nkeys);
  n->values = exprs(L, index, "values", p, &n->nvalues);
  n->aggs = exprs(L, index, "aggs", p, &n->naggs);
  n->parts = mill_field_texts(L, index, "parts", p, &n->nparts);
  n->columns = mill_field_texts(L, index, "columns", p, &n->ncolumns);
  n->name = mill_field_text(L, index, "name", p);
  n->alias = mill_field_text(L, index, "alias", p);
  n->definition = mill_definition_take(L, index, p);
  if (n->definition == NULL && n->kind >= MILL_N_SHOW)
    n->definition = mill_expr_alloc(L, p, sizeof *n->definition);
  n->view = mill_field_flag(L, index, "view");
  n->extended = mill_field_flag(L, index, "extended");
  n->user = mill_field_flag(L, index, "user");
  take_flags(L, index, n);
  take_numbers(L, index, n);
  if (n->kind == MILL_N_JOIN) take_join(L, index, n);
  if (n->kind == MILL_N_AGGREGATE) take_grouping(L, index, p, n);
  if (n->kind == MILL_N_TRANSFORM) take_stage(L, index, p, n);
  if (n->kind == MILL_N_SOURCE)
    take_source(L, index, p, n);
  else
    take_options(L, index, p, &n->options, &n->noptions);
  return n;
}

int mill_plan_build(lua_State *L) {
  lua_settop(L, 2);
  mill_handle_plan *h = mill_plan_push(L, 1);
  h->p->root = (mill_node *)take_node(L, 2, h->p);
  mill_error err;
  mill_error_clear(&err);
  mill_session_enter(L, h->session);
  mill_status status = mill_plan_analyse(h->p, NULL, &err);
  if (!h->p->deferred) MILL_RAISE_IF(L, &err, status, NULL);
  mill_error_clear(&err);
  lua_settop(L, 3);
  return 1;
}

/* ---- SQL text ------------------------------------------------------------------------------- */

/* { names = { .. } or nil, values = { nodes } } */
static void take_parameters(lua_State *L, int index, mill_plan *p, mill_parameters *out) {
  int n = 0;
  out->values = exprs(L, index, "values", p, &out->n);
  out->names = mill_field_texts(L, index, "names", p, &n);
  if (out->names == NULL)
    out->names = mill_expr_alloc(L, p, ((size_t)out->n + 1) * sizeof *out->names);
}

/* What a prepared plan is found by: the text, the names of its parameters and the types of their values. */
static const char *prepared_key(lua_State *L, mill_plan *p, const char *sql, size_t *n,
                                const mill_parameters *params) {
  size_t size = *n + 1, at = *n + 1;
  for (int i = 0; i < params->n; i++)
    size += (params->names[i] ? strlen(params->names[i]) : 0) + 1 +
            sizeof params->values[i]->value->type;
  char *key = mill_expr_alloc(L, p, size);
  memcpy(key, sql, *n);
  for (int i = 0; i < params->n; i++) {
    const mill_type *t = params->values[i]->value->type;
    size_t k = params->names[i] ? strlen(params->names[i]) : 0;
    if (k) memcpy(key + at, params->names[i], k);
    at += k + 1;
    memcpy(key + at, &t, sizeof t);
    at += sizeof t;
  }
  *n = size;
  return key;
}

enum { TEXT_ROOM = 16 << 10 }; /* bytes that a small query's trees take, in one block */

static void analyse_text(lua_State *L, mill_handle_plan *h, const char *sql, size_t n,
                         const mill_parameters *params) {
  mill_error err;
  mill_error_clear(&err);
  if (!mill_arena_reserve(&h->p->arena, TEXT_ROOM))
    mill_raise_memory(L, h->p->arena.memory, TEXT_ROOM);
  mill_session_reading(L, h->session);
  MILL_RAISE_IF(L, &err, mill_sql_parse(h->p, sql, n, &err), sql);
  mill_udf_in_node(L, h->p, h->p->root);
  mill_plan_settle(L, h, params, sql);
}

/* core.sql with parameters: h->p, new, holds them. */
static void sql_with(lua_State *L, mill_handle_plan *h, const char *sql, size_t n) {
  mill_text_cache *texts = mill_session_texts(h->session->s);
  mill_error err;
  mill_error_clear(&err);
  take_parameters(L, 3, h->p, &h->params);
  MILL_RAISE_IF(L, &err, mill_plan_prepare(h->p, &h->params, &err), NULL);
  size_t nkey = n;
  const char *key = h->p->slots ? prepared_key(L, h->p, sql, &nkey, &h->params) : NULL;
  mill_plan *found = key ? mill_text_cache_find(texts, key, nkey) : NULL;
  if (found) {
    h->given = h->p;
    h->p = found;
    h->shared = true;
    return;
  }
  analyse_text(L, h, sql, n, &h->params);
  if (!mill_plan_prepared(h->p)) return;
  h->shared = mill_text_cache_add(texts, key, nkey, h->p);
  if (h->shared) h->given = mill_plan_ref(h->p);
}

int mill_plan_sql(lua_State *L) {
  mill_error err;
  size_t n;
  mill_error_clear(&err);
  const char *sql = luaL_checklstring(L, 2, &n);
  lua_settop(L, 3);
  mill_text_cache *texts = mill_session_texts(mill_session_check(L, 1)->s);
  mill_handle_plan *h = push_handle(L, 1);
  bool with = lua_istable(L, 3);
  if (!with) h->p = mill_text_cache_find(texts, sql, n);
  h->shared = h->p != NULL;
  if (h->p) return 1;
  MILL_RAISE_IF(L, &err, mill_plan_new(h->session->s, &h->p, &err), NULL);
  if (with) {
    sql_with(L, h, sql, n);
  } else {
    analyse_text(L, h, sql, n, NULL);
    h->shared = mill_text_cache_add(texts, sql, n, h->p);
  }
  lua_settop(L, 4);
  return 1;
}

int mill_plan_type(lua_State *L) {
  static const char *const forms[] = {"type", "schema", "either", NULL};
  const mill_type *t = NULL;
  mill_error err;
  size_t n;
  mill_error_clear(&err);
  mill_handle_session *h = mill_session_check(L, 1);
  mill_session *s = h->s;
  const char *sql = luaL_checklstring(L, 2, &n);
  mill_session_reading(L, h);
  int form = luaL_checkoption(L, 3, "either", forms);
  mill_status status =
      form == 0 ? mill_sql_type(s, sql, n, &t, &err) : mill_sql_schema(s, sql, n, &t, &err);
  if (status != MILL_OK && form == 2) {
    mill_error second;
    mill_error_clear(&second);
    mill_status other = mill_sql_type(s, sql, n, &t, &second);
    if (other == MILL_E_OUT_OF_MEMORY) MILL_RAISE_IF(L, &second, other, sql);
    if (other == MILL_OK) status = MILL_OK;
  }
  MILL_RAISE_IF(L, &err, status, sql);
  mill_schema_push(L, t);
  return 1;
}

/* ---- methods -------------------------------------------------------------------------------- */

static int plan_schema(lua_State *L) {
  mill_schema_push(L, mill_plan_check_run(L, 1)->p->schema);
  return 1;
}

static int plan_columns(lua_State *L) {
  const mill_type *t = mill_plan_check_run(L, 1)->p->schema;
  lua_createtable(L, (int)t->nfields, 0);
  for (uint32_t i = 0; i < t->nfields; i++) {
    lua_pushstring(L, t->fields[i].name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* plan:find(name): position from 0, -1 none, -2 more than one. */
static int plan_find(lua_State *L) {
  size_t n;
  mill_handle_plan *h = mill_plan_check_run(L, 1);
  const char *name = luaL_checklstring(L, 2, &n);
  lua_pushinteger(L, mill_plan_column(h->p, name, n));
  return 1;
}

static int plan_streaming(lua_State *L) {
  lua_pushboolean(L, mill_plan_check_run(L, 1)->p->streaming);
  return 1;
}

static int plan_explain(lua_State *L) {
  mill_handle_plan *h = mill_plan_check_run(L, 1);
  mill_state *state = mill_state_of(L);
  mill_error err;
  mill_error_clear(&err);
  mill_text_reset(&state->text);
  mill_session_enter(L, h->session);
  MILL_RAISE_IF(L, &err,
                mill_plan_explain(h->p, luaL_optstring(L, 2, "simple"), &state->text, &err), NULL);
  lua_pushlstring(L, state->text.data ? state->text.data : "", state->text.size);
  return 1;
}

static int plan_view(lua_State *L) {
  mill_handle_plan *h = mill_plan_check(L, 1);
  mill_error err;
  mill_error_clear(&err);
  MILL_RAISE_IF(L, &err,
                mill_session_view_set(h->session->s, luaL_checkstring(L, 2), h->p,
                                      lua_toboolean(L, 3), lua_toboolean(L, 4), &err),
                NULL);
  return 0;
}

static void add_files(lua_State *L, mill_plan *p, const mill_node *n) {
  mill_error err;
  mill_error_clear(&err);
  luaL_checkstack(L, 4, "plan nested too deep");
  for (int i = 0; i < n->nchildren; i++) add_files(L, p, n->child[i]);
  if (n->kind != MILL_N_SOURCE) return;
  mill_read r = {.format = n->source->format,
                 .paths = n->source->paths,
                 .npaths = n->source->npaths,
                 .options = {n->source->options, n->source->noptions}};
  mill_read_files f;
  MILL_RAISE_IF(L, &err, mill_read_list(mill_session_context(p->session), &r, &f, &err), NULL);
  for (size_t i = 0; i < f.n; i++) {
    lua_pushstring(L, f.file[i].path);
    lua_rawseti(L, 2, (lua_Integer)lua_rawlen(L, 2) + 1);
  }
  mill_read_files_clear(&f);
}

/* plan:files(): the files that its sources read. */
static int plan_files(lua_State *L) {
  mill_handle_plan *h = mill_plan_check_run(L, 1);
  lua_settop(L, 1);
  lua_newtable(L);
  add_files(L, h->p, h->p->root);
  return 1;
}

/* plan:cache(): a handle that means the same and keeps its rows. */
static int plan_cache(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_plan *h = mill_plan_check(L, 1);
  lua_settop(L, 1);
  lua_getiuservalue(L, 1, 1);
  mill_handle_plan *kept = mill_state_handle(L, sizeof *kept, MILL_PLAN_CLASS, 1);
  kept->session = h->session;
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, 3, 1);
  MILL_RAISE_IF(L, &err, mill_plan_cache(h->p, &kept->p, &err), NULL);
  return 1;
}

static int plan_uncache(lua_State *L) {
  mill_plan_uncache(mill_plan_check(L, 1)->p);
  return 0;
}

static void add_leaves(luaL_Buffer *b, const mill_node *n) {
  char text[32];
  for (int i = 0; i < n->nchildren; i++) add_leaves(b, n->child[i]);
  if (n->table == NULL) return;
  snprintf(text, sizeof text, " %p", (void *)n->table);
  luaL_addstring(b, text);
}

/* plan:leaves(): which tables in memory it reads, as a text to compare. */
static int plan_leaves(lua_State *L) {
  luaL_Buffer b;
  mill_handle_plan *h = mill_plan_check_run(L, 1);
  luaL_buffinit(L, &b);
  add_leaves(&b, h->p->root);
  luaL_pushresult(&b);
  return 1;
}

static int plan_kind(lua_State *L) {
  lua_pushinteger(L, mill_plan_check_run(L, 1)->p->root->kind);
  return 1;
}

void mill_plan_open_class(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"schema", plan_schema},       {"columns", plan_columns}, {"find", plan_find},
      {"streaming", plan_streaming}, {"explain", plan_explain}, {"view", plan_view},
      {"kind", plan_kind},           {"leaves", plan_leaves},   {"files", plan_files},
      {"cache", plan_cache},         {"uncache", plan_uncache}, {NULL, NULL}};
  mill_state_class(L, MILL_PLAN_CLASS, methods, plan_gc);
}
