/* Arrow streams in and out of Lua: df:toArrow(), createDataFrame(stream). */
#ifndef MILL_BIND_ARROW_H
#define MILL_BIND_ARROW_H

#include <lua.h>

void mill_arrow_open_class(lua_State *L);
int mill_arrow_out(lua_State *L); /* core.arrow_out(plan): a stream's handle */
/* core.arrow_in(session, stream or address, address of its schema or nil, wanted struct type or nil):
** plan handle */
int mill_arrow_in(lua_State *L);

#endif
