/* Variants in Lua: what lua/tidemill/variant.lua is made of. */
#ifndef MILL_BIND_VARIANT_H
#define MILL_BIND_VARIANT_H

#include <lua.h>

int mill_variant_text(lua_State *L);   /* core.variant_text(value, metadata, zone) -> JSON */
int mill_variant_parsed(lua_State *L); /* core.variant_parse(json) -> value, metadata */
int mill_variant_values(lua_State *L); /* core.variant_lua(value, metadata) -> a value of Lua */

#endif
