/* Streaming queries and memory streams as userdata: see lua/tidemill/streaming.lua.
**
** A query runs on the thread of the lua_State that steps it: the Lua half steps all active queries
** of a session while the script waits, so callbacks need no other thread. */
#ifndef MILL_BIND_STREAM_H
#define MILL_BIND_STREAM_H

#include <lua.h>

void mill_stream_open_class(lua_State *L);
int mill_stream_query(lua_State *L);    /* core.stream_query(plan, spec): a query, not started */
int mill_stream_feed_new(lua_State *L); /* core.stream_feed(session, type): MemoryStream */
int mill_stream_refusal(lua_State *L);  /* core.stream_check(plan, mode): raises */
int mill_stream_uuid(lua_State *L);     /* core.uuid() */
int mill_stream_rest(lua_State *L);     /* core.rest(milliseconds) */

#endif
