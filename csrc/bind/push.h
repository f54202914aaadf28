/* Values of vectors as Lua values (ecosystem.md, section 3).
**
** NULL is nil as a cell or field, and the NULL light userdata inside lists and maps. Structs are
** Rows: tables of values with a metatable a list of names, which the hook "row" makes of them and who holds Rows
** keeps. For one conversion they are in the table at stack index `classes`, too, keyed by type. */
#ifndef MILL_BIND_PUSH_H
#define MILL_BIND_PUSH_H

#include <lua.h>

#include "column/vector.h"

void mill_push_value(lua_State *L, int classes, const mill_vector *v, size_t i);
/* A Row of column values: col[0..n) at row i, with the fields of `schema`. */
void mill_push_row(lua_State *L, int classes, const mill_type *schema, const mill_vector *col,
                   size_t i);

#endif
