/* What a node of Lua says of a table that is made, written or merged into: its field `definition`, a
** table whose fields have the names of mill_definition (plan/definition.h).
**
**   { format =, location =, comment =, schema = struct, partitions = { names },
**     buckets = { names }, nbuckets =, sorts = { names }, clusters = { names },
**     options = { { k, v } }, properties = { { k, v } }, save = "overwrite" | "append",
**     where = expr, clauses = { { when =, action =, condition = expr, all =, set = { { parts =, value = } } } } }
*/
#ifndef MILL_BIND_DEFINITION_H
#define MILL_BIND_DEFINITION_H

#include "bind/plan.h"
#include "plan/definition.h"

/* NULL where the node has none. */
const mill_definition *mill_definition_take(lua_State *L, int index, mill_plan *p);

#endif
