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
    if (e->text && e->start >= 0) /* the column is called as the call is written */
      made.pretty = mill_arena_strndup(&p->arena, e->text + e->start, (size_t)(e->stop - e->start));
    *e = made;
  }
  lua_settop(L, top);
}

static void in_expr(lua_State *L, mill_plan *p, mill_expr *e, int depth) {
  if (depth > MAX_DEPTH) mill_raise_too_deep(L);
  in_exprs(L, p, e->args, e->nargs, depth + 1);
  in_exprs(L, p, e->order, e->norder, depth + 1);
  if (e->filter) in_expr(L, p, (mill_expr *)e->filter, depth + 1);
  if (e->window) {
    in_exprs(L, p, e->window->partition, e->window->npartition, depth + 1);
    in_exprs(L, p, e->window->order, e->window->norder, depth + 1);
  }
  if (e->query) in_node(L, p, e->query, depth + 1);
  if (e->kind == MILL_X_CALL && e->name && e->nparts <= 1 && !e->star &&
      mill_function_find(e->name, strlen(e->name)) == NULL)
    replace(L, p, e);
}

static void in_node(lua_State *L, mill_plan *p, const mill_node *n, int depth) {
  if (depth > MAX_DEPTH) mill_raise_too_deep(L);
  for (int i = 0; i < n->nchildren; i++)
    if (!n->child[i]->analysed) in_node(L, p, n->child[i], depth + 1);
  for (int i = 0; i < n->nctes; i++) in_node(L, p, n->ctes[i], depth + 1);
  in_exprs(L, p, n->exprs, n->nexprs, depth + 1);
  in_exprs(L, p, n->keys, n->nkeys, depth + 1);
  in_exprs(L, p, n->values, n->nvalues, depth + 1);
  in_exprs(L, p, n->aggs, n->naggs, depth + 1);
}

void mill_udf_in_node(lua_State *L, mill_plan *p, const mill_node *n) { in_node(L, p, n, 0); }
void mill_udf_in_expr(lua_State *L, mill_plan *p, const mill_expr *e) {
  in_expr(L, p, (mill_expr *)e, 0);
}
