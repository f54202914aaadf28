/* Data types as plain Lua tables, both ways.
**
**   { id = "decimal", precision = 10, scale = 2 }      { id = "array", element = T, containsNull = b }
**   { id = "map", key = T, value = T, valueContainsNull = b }
**   { id = "struct", fields = { { name =, type = T, nullable = b, metadata = JSON text or nil } } }
**   { id = "string", collation = "UTF8_LCASE" }        { id = "char" or "varchar", length = n }
**   { id = "interval_dt" or "interval_ym", start = n, stop = n }     { id = "time", precision = n }
**
** lua/tidemill/types.lua gives such tables their classes; what it builds is read here unchanged. */
#ifndef MILL_BIND_SCHEMA_H
#define MILL_BIND_SCHEMA_H

#include <lua.h>

#include "column/type.h"

void mill_schema_push(lua_State *L, const mill_type *t);
/* The type described by the table at `index`; raises on a malformed one. */
const mill_type *mill_schema_take(lua_State *L, int index, mill_types *types);
int mill_schema_name(lua_State *L); /* core.type_text(type, "sql" | "simple" | "ddl" | "json") */

#endif
