/* What df.write and df.writeStream say of files: a Lua table as a mill_write. */
#ifndef MILL_BIND_WRITE_H
#define MILL_BIND_WRITE_H

#include <lua.h>

#include "bind/session.h"
#include "io/writer.h"

/* Read { format =, path =, options = {{k, v}}, partition_by = {} } at index 2, all but the mode, into `w`. Raises
** on other shapes. What `w` points to is anchored on the stack; settings are the session's. */
void mill_write_take(lua_State *L, mill_session *s, mill_write *w);

#endif
