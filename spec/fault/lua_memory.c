/* A host whose Lua runs out of memory where it is told to.
**
**     lua_memory script.lua ARGS..
**
** Gives the script the global `attempt(first, width, f, ..)`: calls f with the first-th allocation of
** Lua's from now on failing, and the width - 1 after it (Lua tries once more after a collection, so
** that a width of 1 is felt by nobody). Returns pcall's results behind the number of allocations
** asked for. first 0: none fails. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long long calls, first, last; /* first..last fail; 0: none */

static void *allocate(void *ud, void *p, size_t old, size_t n) {
  (void)ud;
  if (n == 0) {
    free(p);
    return NULL;
  }
  bool grows = p == NULL || n > old; /* Lua relies on shrinking */
  if (grows && ++calls >= first && calls <= last) return NULL;
  return realloc(p, n);
}

static int attempt(lua_State *L) {
  unsigned long long n = (unsigned long long)luaL_checkinteger(L, 1);
  unsigned long long width = (unsigned long long)luaL_checkinteger(L, 2);
  luaL_checkstack(L, 20, NULL);
  calls = 0;
  first = n;
  last = n ? n + width - 1 : 0;
  int status = lua_pcall(L, lua_gettop(L) - 3, LUA_MULTRET, 0);
  unsigned long long made = calls;
  last = 0;
  lua_pushinteger(L, (lua_Integer)made);
  lua_replace(L, 1);
  lua_pushboolean(L, status == LUA_OK);
  lua_replace(L, 2);
  return lua_gettop(L);
}

int main(int argc, char **argv) {
  lua_State *L = lua_newstate(allocate, NULL);
  if (L == NULL || argc < 2) return 2;
  luaL_openlibs(L);
  lua_register(L, "attempt", attempt);
  lua_createtable(L, argc, 0);
  for (int i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1);
  }
  lua_setglobal(L, "arg");
  int status = luaL_dofile(L, argv[1]);
  if (status != LUA_OK) fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
  lua_close(L);
  return status == LUA_OK ? 0 : 1;
}
