-- Runs every spec with busted, then the C unit tests named as arguments; closes with `N passed, N failed`.
-- SPEC_LUA is the command that runs Lua: lua5.4, or that under a sanitizer (spec/sanitize.sh).
-- SPEC_ONLY names the folders of busted specs; all, and the conformance cases too, when it is empty.
local passed, failed = 0, 0
local LUA, ONLY = os.getenv "SPEC_LUA" or "lua5.4", os.getenv "SPEC_ONLY" or ""

-- Counts the TAP lines of one command and prints what is not "ok".
local function run(command)
  local pipe, seen, planned = assert(io.popen(command .. " 2>&1")), 0
  for line in pipe:lines() do
    if line:find "^ok " then passed, seen = passed + 1, seen + 1
    elseif line:find "^not ok " then
      failed, seen = failed + 1, seen + 1
      print(line)
    elseif line:find "^1%.%.%d+$" then planned = tonumber(line:match "%d+$")
    else print(line) end
  end
  local ok, how, code = pipe:close()
  if seen == 0 or seen ~= planned or not (ok or (how == "exit" and code == 1)) then
    failed = failed + 1
    print(("not ok - %s ended with %s %s after %d tests"):format(command, how, code, seen))
  end
end

-- The cases that Spark answered: known failures are listed, and one that passes counts as a failure too.
local function run_conformance(command)
  local pipe, p, f = assert(io.popen(command .. " 2>&1"))
  for line in pipe:lines() do
    local a, b = line:match "^(%d+) passed, (%d+) failed, %d+ skipped$"
    p, f = a or p, b or f
    if line:find "%s[1-9]%d* failed%s" or line:find "Sanitizer:" or line:find "runtime error:" then print(line) end
  end
  local ok, how, code = pipe:close()
  if not (ok or (how == "exit" and code == 1)) then -- a crash, or a sanitizer's word at the end
    failed = failed + 1
    print(("not ok - %s ended with %s %s"):format(command, how, code))
  end
  passed, failed = passed + (p or 0), failed + (f or 1)
end

run(LUA .. " $(command -v busted) --ignore-lua --config-file=.busted -o TAP " .. ONLY)
for _, program in ipairs(arg) do run(program) end
if ONLY == "" then
  run(LUA .. " spec/stream/kill.lua 5")
  run(LUA .. " spec/snapshot/kill.lua 10")
  run(LUA .. " spec/catalog/kill.lua 10")
end
for _, area in ipairs(ONLY == "" and { "sql", "streaming", "ml", "io", "api" } or {}) do
  local folder = "spec/conformance/" .. area
  local known = area == "sql" and "spec/conformance/known.txt" or folder .. "/known.txt"
  run_conformance(("%s spec/conformance/run.lua --known %s %s"):format(LUA, known, folder))
end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
