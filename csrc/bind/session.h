/* The session handle: core.session_new and the methods of tidemill.session userdata. */
#ifndef MILL_BIND_SESSION_H
#define MILL_BIND_SESSION_H

#include <lua.h>

#include "plan/session.h"

#define MILL_SESSION_CLASS "tidemill.session"

typedef struct mill_handle_session {
  mill_session *s; /* NULL: closed */
  lua_State *L;    /* of the call that waits */
  bool told;       /* progress was reported since the last enter */
  bool busy;       /* a Lua function of a query runs: no new query may start */
  size_t kept;     /* bytes the core held after Lua's last collection, or less since */
  lua_Hook hook;   /* Lua's hook when the wait began: a new one means Ctrl-C */
} mill_handle_session;

void mill_session_open_class(lua_State *L);
int mill_session_create(lua_State *L);   /* core.session_new{ threads =, memory =, temp = } */
int mill_session_activate(lua_State *L); /* core.activate(session or nil) */
/* The open session at `index`; raises when it is closed. */
mill_handle_session *mill_session_check(lua_State *L, int index);
/* The open handle of a session; NULL: none. */
mill_handle_session *mill_session_handle(lua_State *L, const mill_session *s);
/* Plans and rows that nobody can reach hold memory until Lua collects them, and Lua sees handles of a few
** bytes only. Collects where it is worth it; raises where a finalizer has closed the session. */
void mill_session_collect(lua_State *L, mill_handle_session *h);
/* Around a call that may run a query: sets the state that waits, raises inside a UDF. */
void mill_session_enter(lua_State *L, mill_handle_session *h);
/* Inside it, after a Lua function that may have waited for others. */
void mill_session_resume(lua_State *L, mill_handle_session *h);
/* Before a text is parsed, which may be long: an interrupt is seen. NULL: there is no handle. */
void mill_session_reading(lua_State *L, mill_handle_session *h);
/* After it, also when it failed: takes a progress line off the terminal. */
void mill_session_leave(lua_State *L, mill_handle_session *h);

#endif
