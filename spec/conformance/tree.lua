-- The module as `make` built it in this tree, for programs that are started without LUA_PATH and LUA_CPATH.
-- Where these are set (make does, for other builds too), they say what is tried.
return function(root)
  if os.getenv "LUA_CPATH" then return end
  package.path = ("%s/lua/?.lua;%s/lua/?/init.lua;%s"):format(root, root, package.path)
  package.cpath = ("%s/build/?.so;%s"):format(root, package.cpath)
end
