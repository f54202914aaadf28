/* Core errors as Lua errors.
**
** The hook "raise" (lua/tidemill/errors.lua) gets a table of plain fields and returns the error
** object with its metatable, the user's line and the traceback. */
#ifndef MILL_BIND_RAISE_H
#define MILL_BIND_RAISE_H

#include <lua.h>

#include "base/error.h"
#include "base/memory.h"

/* Raise `err`. `query` is the text that its range counts in when err does not know; may be NULL. */
_Noreturn void mill_raise(lua_State *L, const mill_error *err, const char *query);
/* Raise a misuse of the API: a condition of PySpark's own (errors.lua has class and text) and pairs
** of parameter names and values, ended by NULL. Values must be anchored in the Lua stack. */
_Noreturn void mill_raise_misuse(lua_State *L, const char *condition, ...)
    __attribute__((sentinel));
/* Raise OUT_OF_MEMORY: an allocation of `wanted` bytes from m has failed. */
_Noreturn void mill_raise_memory(lua_State *L, const mill_memory *m, size_t wanted);
/* Raise PLAN_TOO_DEEP: an expression, a plan or a value nests deeper than that many levels. */
_Noreturn void mill_raise_too_deep(lua_State *L, int limit);
/* Push the error object of `err` without raising. */
void mill_raise_object(lua_State *L, const mill_error *err, const char *query);

/* Raise unless the status is MILL_OK. */
#define MILL_RAISE_IF(L, err, status, query)                                                       \
  do {                                                                                             \
    if ((status) != MILL_OK) mill_raise((L), (err), (query));                                      \
  } while (0)

#endif
