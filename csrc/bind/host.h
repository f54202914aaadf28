/* Lua functions as host functions of expressions (UDFs that could not be traced). */
#ifndef MILL_BIND_HOST_H
#define MILL_BIND_HOST_H

#include <lua.h>

#include "plan/plan.h"

/* The host of the "host" node at `index`: { name, target, f = function }. The plan keeps it. */
mill_host *mill_host_take(lua_State *L, int index, mill_plan *p);

#endif
