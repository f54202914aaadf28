/* What the binding keeps for one lua_State: memory of its own, and the Lua side's hooks.
**
** The state is a userdata in the registry, made when the module is opened and freed with the
** lua_State. Values without a session (a decimal, the text of a date) use its memory. Hooks are
** what the Lua half of the library hands in at load: the metatables of rows, vectors and errors. */
#ifndef MILL_BIND_STATE_H
#define MILL_BIND_STATE_H

#include <lauxlib.h>
#include <lua.h>

#include "base/text.h"
#include "base/timezone.h"
#include "column/context.h"
#include "plan/session.h"

typedef struct mill_state {
  mill_memory *memory;
  mill_types *types;
  mill_zones *zones;
  mill_arena arena; /* of the conversion that runs; cleared by the next */
  mill_text text;
  mill_context context;
  mill_session *active; /* whose time zone values are shown in; NULL: UTC. Borrowed */
  mill_status (*settings)(mill_session *s, mill_settings *out, mill_error *err); /* of active */
} mill_state;

void mill_state_open(lua_State *L); /* at load */
mill_state *mill_state_of(lua_State *L);
/* Settings to print or read a value by: the active session's, else ANSI and UTC. */
void mill_state_settings(mill_state *s, mill_settings *out);

/* Push hook `name`; nil when the Lua half has not set it. core.hook(name, value) sets it. */
void mill_state_hook(lua_State *L, const char *name);
int mill_state_set_hook(lua_State *L);

/* Pop the Lua error that the next core error comes from. Allocates nothing: it is called below
** frames of the core, which an error of Lua's must not jump over. */
void mill_state_keep_cause(lua_State *L);
void mill_state_take_cause(lua_State *L); /* push it, nil when there is none, and forget it */

/* A zeroed userdata with the metatable of `class`. */
void *mill_state_handle(lua_State *L, size_t size, const char *class, int user_values);
/* Make the metatable of a class: methods (also __index unless the list has one), __gc = __close. */
void mill_state_class(lua_State *L, const char *class, const luaL_Reg *methods, lua_CFunction gc);

#endif
