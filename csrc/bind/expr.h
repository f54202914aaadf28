/* Column trees of Lua (lua/tidemill/column.lua) as unresolved plan expressions.
**
** A node is a table: `kind` and, by kind, the fields of mill_expr under the same names (args, parts,
** name, distinct, ..). Expressions live in the arena of the plan that they are read for, so raising
** half-way leaks nothing. */
#ifndef MILL_BIND_EXPR_H
#define MILL_BIND_EXPR_H

#include <lua.h>

#include "plan/plan.h"

const mill_expr *mill_expr_take(lua_State *L, int index, mill_plan *p);
/* A list of nodes; *n is its length. */
const mill_expr **mill_expr_take_list(lua_State *L, int index, mill_plan *p, int *n);
/* Text copied into the plan's arena; NULL for nil. */
const char *mill_expr_text(lua_State *L, int index, mill_plan *p);
const char **mill_expr_texts(lua_State *L, int index, mill_plan *p, int *n);
/* How a column is called that a function of the user's computes: its name and its arguments. */
const char *mill_expr_call_text(lua_State *L, mill_plan *p, const char *name,
                                const mill_expr **args, int n);
void *mill_expr_alloc(lua_State *L, mill_plan *p, size_t size);

#endif
