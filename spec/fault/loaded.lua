--- Run by every Lua of `make sanitize` (LUA_INIT): the core that is loaded must be the instrumented one, below BUILD.
-- A plain build found first would pass every test and watch nothing.
local search, BUILD = package.searchers[3], os.getenv "BUILD"
package.searchers[3] = function(name)
  local loader, path = search(name)
  if name == "tidemill.core" and type(loader) == "function" and path:sub(1, #BUILD + 1) ~= BUILD .. "/" then
    io.stderr:write("not ok - ", path, " was loaded where ", BUILD, " is under test\n")
    os.exit(67, false)
  end
  return loader, path
end
