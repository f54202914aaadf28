/* Registered Lua functions in SQL text: see udf.h.
**
** The hook "udf" (lua/tidemill/udf.lua) gets the session, the name and the parsed arguments as
** light userdata, and gives a column node that contains them, or nil when nothing has that name. A
** tree that the parser just built belongs to its plan's arena and to nobody else, so a call is
** overwritten in place. */
#include "bind/udf.h"

#include <lauxlib.h>

#include "bind/expr.h"
#include "bind/raise.h"
#include "bind/state.h"
#include "plan/routine.h"
#include "plan/script.h"
#include "sql/parse.h"

enum { MAX_DEPTH = 1000 };

static void in_expr(lua_State *L, mill_plan *p, mill_expr *e, int depth);
static void in_node(lua_State *L, mill_plan *p, const mill_node *n, int depth);

static void in_exprs(lua_State *L, mill_plan *p, const mill_expr *const *list, int n, int depth) {
  for (int i = 0; i < n; i++)
    if (list[i]) in_expr(L, p, (mill_expr *)list[i], depth);
}

static void replace(lua_State *L, mill_plan *p, mill_expr *e) {
  int top = lua_gettop(L);
  luaL_checkstack(L, 12, "expression nested too deep");
  mill_state_hook(L, "udf");
  if (lua_isnil(L, -1)) {
    lua_settop(L, top);
    return;
  }
  lua_pushlightuserdata(L, p->session);
  lua_pushstring(L, e->name);
  lua_createtable(L, e->nargs, 0);
  for (int i = 0; i < e->nargs; i++) {
    lua_pushlightuserdata(L, (void *)e->args[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_call(L, 3, 1);
  if (lua_istable(L, -1)) {
    p->once = true;
    mill_expr made = *mill_expr_take(L, lua_gettop(L), p);
    made.text = e->text;
    made.start = e->start;
    made.stop = e->stop;
    if (made.kind == MILL_X_HOST) /* by the name it was registered with, as what is traced */
      made.pretty = mill_expr_call_text(L, p, made.name, e->args, e->nargs);
    *e = made;
  }
  lua_settop(L, top);
}

void mill_udf_in_call(lua_State *L, mill_plan *p, mill_expr *e) {
  if (e->kind == MILL_X_CALL && e->name && e->nparts <= 1 && !e->star &&
      mill_function_find(e->name, strlen(e->name)) == NULL)
    replace(L, p, e);
}

static void in_expr(lua_State *L, mill_plan *p, mill_expr *e, int depth) {
  if (depth > MAX_DEPTH) mill_raise_too_deep(L, MAX_DEPTH);
  in_exprs(L, p, e->args, e->nargs, depth + 1);
  in_exprs(L, p, e->order, e->norder, depth + 1);
  if (e->filter) in_expr(L, p, (mill_expr *)e->filter, depth + 1);
  if (e->window) {
    in_exprs(L, p, e->window->partition, e->window->npartition, depth + 1);
    in_exprs(L, p, e->window->order, e->window->norder, depth + 1);
  }
  if (e->query) in_node(L, p, e->query, depth + 1);
  mill_udf_in_call(L, p, e);
}

static void in_statement(lua_State *L, mill_plan *p, const mill_statement *s, int depth) {
  if (depth > MAX_DEPTH) mill_raise_too_deep(L, MAX_DEPTH);
  if (s->run) in_node(L, p, s->run, depth + 1);
  if (s->value) in_expr(L, p, (mill_expr *)s->value, depth + 1);
  in_exprs(L, p, s->conditions, s->nconditions, depth + 1);
  for (int i = 0; i < s->nparts; i++)
    if (s->parts[i]) in_statement(L, p, s->parts[i], depth + 1);
  for (int i = 0; i < s->nhandlers; i++)
    if (s->handlers[i]->body) in_statement(L, p, s->handlers[i]->body, depth + 1);
}

static void in_node(lua_State *L, mill_plan *p, const mill_node *n, int depth) {
  if (depth > MAX_DEPTH) mill_raise_too_deep(L, MAX_DEPTH);
  if (n->script) in_statement(L, p, n->script, depth + 1);
  if (n->routine && n->routine->body) in_expr(L, p, (mill_expr *)n->routine->body, depth + 1);
  for (int i = 0; i < n->nchildren; i++)
    if (!n->child[i]->analysed) in_node(L, p, n->child[i], depth + 1);
  for (int i = 0; i < n->nctes; i++) in_node(L, p, n->ctes[i], depth + 1);
  in_exprs(L, p, n->exprs, n->nexprs, depth + 1);
  in_exprs(L, p, n->keys, n->nkeys, depth + 1);
  in_exprs(L, p, n->values, n->nvalues, depth + 1);
  in_exprs(L, p, n->aggs, n->naggs, depth + 1);
}

static int walk(lua_State *L) {
  mill_plan *p = lua_touserdata(L, 1);
  in_node(L, p, p->root, 0);
  return 0;
}

mill_status mill_udf_parse(lua_State *L, mill_plan *p, const char *text, size_t n,
                           mill_error *err) {
  MILL_TRY(mill_sql_parse(p, text, n, err));
  if (L == NULL || p->root == NULL) return MILL_OK;
  if (!lua_checkstack(L, 8)) return mill_oom(p->arena.memory, 0, err);
  lua_pushcfunction(L, walk);
  lua_pushlightuserdata(L, p);
  int status = lua_pcall(L, 1, 0, 0);
  if (status == LUA_OK) return MILL_OK;
  mill_state_keep_cause(L);
  if (status == LUA_ERRMEM) return mill_oom(p->arena.memory, 0, err);
  return mill_fail(err, MILL_E_FAILED_EXECUTE_UDF, "functionName", "udf", "signature", "", "result",
                   "", "reason", "a registered function could not be put in", NULL);
}

void mill_udf_in_node(lua_State *L, mill_plan *p, const mill_node *n) { in_node(L, p, n, 0); }
void mill_udf_in_expr(lua_State *L, mill_plan *p, const mill_expr *e) {
  in_expr(L, p, (mill_expr *)e, 0);
}
