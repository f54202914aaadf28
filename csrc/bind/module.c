/* luaopen_tidemill_core: the one exported symbol of the C module `tidemill.core`. */
#include <lauxlib.h>
#include <lua.h>

#define MILL_VERSION "0.1.0"

__attribute__((visibility("default"))) int luaopen_tidemill_core(lua_State *L);

int luaopen_tidemill_core(lua_State *L) {
  luaL_checkversion(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, MILL_VERSION);
  lua_setfield(L, -2, "version");
  return 1;
}
