/* Data types as plain Lua tables, both ways.
**
**   { __id = "decimal", precision = 10, scale = 2 }
**   { __id = "array", element = T, containsNull = b }
**   { __id = "map", key = T, value = T, valueContainsNull = b }
**   { __id = "struct", fields = { { name =, type = T, nullable = b, metadata_text = JSON } } }
**   { __id = "string", collation = "UTF8_LCASE" }
**   { __id = "char" or "varchar", length = n }
**   { __id = "interval_dt" or "interval_ym", start = n, stop = n }
**   { __id = "time", precision = n }
**
** The name `__id` leaves "id" to columns: df.schema.id is a field. lua/tidemill/types.lua gives
** such tables their classes; what it builds is read here unchanged. */
#ifndef MILL_BIND_SCHEMA_H
#define MILL_BIND_SCHEMA_H

#include <lua.h>

#include "column/type.h"

void mill_schema_push(lua_State *L, const mill_type *t);
/* The type described by the table at `index`; raises on a malformed one. */
const mill_type *mill_schema_take(lua_State *L, int index, mill_types *types);
/* core.can_store(from, to): may values of one type be put into a column of the other? */
int mill_schema_can_store(lua_State *L);
int mill_schema_name(lua_State *L); /* core.type_text(type, "sql" | "simple" | "ddl" | "json") */

#endif
