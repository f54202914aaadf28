-- The include law: a folder of csrc/ may include itself and the folders drawn below it; lua.h only in bind.
-- Headers named `_int.h` are private to their folder.
local LAYERS = {
  { "base" }, { "column" }, { "kernel" }, { "io", "snapshot", "catalog" }, { "exec", "stream", "connect", "ml" },
  { "plan" }, { "sql" }, { "bind" },
}
local rank = {}
for i, names in ipairs(LAYERS) do for _, n in ipairs(names) do rank[n] = i end end
local bad = 0
local function report(file, line, why)
  io.stderr:write(file, ":", line, ": ", why, "\n")
  bad = bad + 1
end
for file in io.popen("find csrc -name '*.[ch]' -o -name '*.def' | sort"):lines() do
  local folder, n = file:match "^csrc/([^/]+)/", 0
  for text in io.lines(file) do
    n = n + 1
    local inc = text:match '^%s*#%s*include%s+"([^"]+)"'
    local target = inc and inc:match "^([^/]+)/"
    if inc and not target then report(file, n, "include with the folder's name: " .. inc) end
    if target and target ~= folder then
      if not rank[target] then report(file, n, "unknown folder " .. target)
      elseif rank[target] >= rank[folder] then report(file, n, folder .. " must not include " .. inc) end
      if inc:find "_int%.h$" then report(file, n, "private header of " .. target) end
    end
    local sys = text:match "^%s*#%s*include%s+<(l[%w]+%.h)>"
    if sys and (sys == "lua.h" or sys == "lauxlib.h" or sys == "lualib.h") and folder ~= "bind" then
      report(file, n, "Lua's headers belong to csrc/bind")
    end
  end
end
os.exit(bad == 0)
