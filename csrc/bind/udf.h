/* Lua functions registered by name (spark.udf:register), put in where SQL text calls them. */
#ifndef MILL_BIND_UDF_H
#define MILL_BIND_UDF_H

#include <lua.h>

#include "plan/plan.h"

/* Replace calls of registered functions in a tree that was parsed and is not analysed yet. */
void mill_udf_in_node(lua_State *L, mill_plan *p, const mill_node *n);
void mill_udf_in_expr(lua_State *L, mill_plan *p, const mill_expr *e);

#endif
