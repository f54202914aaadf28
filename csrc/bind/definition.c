/* Definitions of tables, read from Lua: see definition.h. */
#include "bind/definition.h"

#include "bind/field.h"
#include "bind/schema.h"

static const mill_expr *expr(lua_State *L, int index, const char *key, mill_plan *p) {
  int at = mill_field_push(L, index, key);
  const mill_expr *e = lua_isnil(L, at) ? NULL : mill_expr_take(L, at, p);
  lua_pop(L, 1);
  return e;
}

static mill_word_list words(lua_State *L, int index, const char *key, mill_plan *p) {
  mill_word_list l;
  l.at = mill_field_texts(L, index, key, p, &l.n);
  return l;
}

/* Columns without a type: names of those that the query or the schema has. */
static void take_partitions(lua_State *L, int index, mill_plan *p, mill_definition *d) {
  mill_word_list names = words(L, index, "partitions", p);
  const mill_column **at = mill_expr_alloc(L, p, ((size_t)names.n + 1) * sizeof *at);
  for (int i = 0; i < names.n; i++) {
    mill_column *c = mill_expr_alloc(L, p, sizeof *c);
    *c = (mill_column){.parts = &names.at[i], .nparts = 1, .nullable = true};
    at[i] = c;
  }
  d->partitions = at;
  d->npartitions = names.n;
}

static void take_schema(lua_State *L, int index, mill_plan *p, mill_definition *d) {
  int at = mill_field_push(L, index, "schema");
  if (lua_istable(L, at))
    d->schema = mill_schema_take(L, at, mill_session_context(p->session)->types);
  lua_pop(L, 1);
}

/* ---- MERGE ---------------------------------------------------------------------------------- */

static const mill_assignment *take_assignment(lua_State *L, int index, mill_plan *p) {
  mill_assignment *a = mill_expr_alloc(L, p, sizeof *a);
  *a = (mill_assignment){.value = expr(L, index, "value", p)};
  a->parts = mill_field_texts(L, index, "parts", p, &a->nparts);
  return a;
}

static void take_set(lua_State *L, int index, mill_plan *p, mill_merge_clause *c) {
  int list = mill_field_push(L, index, "set");
  c->nset = lua_istable(L, list) ? (int)lua_rawlen(L, list) : 0;
  const mill_assignment **set = mill_expr_alloc(L, p, ((size_t)c->nset + 1) * sizeof *set);
  for (int i = 0; i < c->nset; i++) {
    lua_rawgeti(L, list, i + 1);
    set[i] = take_assignment(L, lua_gettop(L), p);
    lua_pop(L, 1);
  }
  c->set = set;
  lua_pop(L, 1);
}

static const mill_merge_clause *take_clause(lua_State *L, int index, mill_plan *p) {
  static const char *const whens[] = {"matched", "not_matched", "not_matched_by_source", NULL};
  static const char *const actions[] = {"update", "delete", "insert", NULL};
  mill_merge_clause *c = mill_expr_alloc(L, p, sizeof *c);
  *c = (mill_merge_clause){.condition = expr(L, index, "condition", p),
                           .all = mill_field_flag(L, index, "all")};
  c->when = luaL_checkoption(L, mill_field_push(L, index, "when"), NULL, whens);
  c->action = luaL_checkoption(L, mill_field_push(L, index, "action"), NULL, actions);
  lua_pop(L, 2);
  take_set(L, index, p, c);
  return c;
}

static void take_clauses(lua_State *L, int index, mill_plan *p, mill_definition *d) {
  int list = mill_field_push(L, index, "clauses");
  d->nclauses = lua_istable(L, list) ? (int)lua_rawlen(L, list) : 0;
  const mill_merge_clause **at = mill_expr_alloc(L, p, ((size_t)d->nclauses + 1) * sizeof *at);
  for (int i = 0; i < d->nclauses; i++) {
    lua_rawgeti(L, list, i + 1);
    at[i] = take_clause(L, lua_gettop(L), p);
    lua_pop(L, 1);
  }
  d->clauses = at;
  lua_pop(L, 1);
}

const mill_definition *mill_definition_take(lua_State *L, int index, mill_plan *p) {
  static const char *const saves[] = {"new", "overwrite", "append", NULL};
  int at = mill_field_push(L, index, "definition");
  mill_definition *d = NULL;
  luaL_checkstack(L, 12, "definition nested too deep");
  if (lua_istable(L, at)) {
    d = mill_expr_alloc(L, p, sizeof *d);
    *d = (mill_definition){.format = mill_field_text(L, at, "format", p),
                           .location = mill_field_text(L, at, "location", p),
                           .comment = mill_field_text(L, at, "comment", p),
                           .refused = mill_field_text(L, at, "refused", p),
                           .buckets = words(L, at, "buckets", p),
                           .sorts = words(L, at, "sorts", p),
                           .clusters = words(L, at, "clusters", p),
                           .nbuckets = (int)mill_field_integer(L, at, "nbuckets"),
                           .options = mill_field_options(L, at, "options", p),
                           .properties = mill_field_options(L, at, "properties", p),
                           .dynamic = mill_field_flag(L, at, "dynamic"),
                           .inferred = mill_field_flag(L, at, "inferred"),
                           .versioned = mill_field_flag(L, at, "versioned"),
                           .where = expr(L, at, "where", p)};
    d->clustered = d->clusters.n > 0;
    d->save = (mill_create_mode)luaL_checkoption(L, mill_field_push(L, at, "save"), "new", saves);
    lua_pop(L, 1);
    take_schema(L, at, p, d);
    take_partitions(L, at, p, d);
    take_clauses(L, at, p, d);
  }
  lua_pop(L, 1);
  return d;
}
