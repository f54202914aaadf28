/* Lua functions registered by name (spark.udf:register), put in where SQL text calls them. */
#ifndef MILL_BIND_UDF_H
#define MILL_BIND_UDF_H

#include <lua.h>

#include "plan/plan.h"

/* Replace calls of registered functions in a tree that was parsed and is not analysed yet. */
void mill_udf_in_node(lua_State *L, mill_plan *p, const mill_node *n);
/* A statement that the core parses by itself (EXECUTE IMMEDIATE, bodies of SQL functions, views), with the calls
** replaced. L NULL: there is no Lua to ask. Raises nothing. */
mill_status mill_udf_parse(lua_State *L, mill_plan *p, const char *text, size_t n, mill_error *err);
void mill_udf_in_expr(lua_State *L, mill_plan *p, const mill_expr *e);
/* The same of one call, whose arguments are left as they are. */
void mill_udf_in_call(lua_State *L, mill_plan *p, mill_expr *e);

#endif
