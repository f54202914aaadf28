-- Runs the specs with busted, the C unit tests named as arguments, the programs that kill and the conformance cases, a
-- few of them side by side; prints what fails and closes with `N passed, N failed`.
-- SPEC_LUA is the command that runs Lua: lua5.4, or that under a sanitizer (spec/sanitize.sh).
-- SPEC_ONLY names the files and folders of busted specs; all, and the conformance cases too, when it is empty.
-- SPEC_JOBS is how many run at a time: as many as there are processors where it is not set.
local LUA, ONLY = os.getenv "SPEC_LUA" or "lua5.4", os.getenv "SPEC_ONLY" or ""

local passed, failed = 0, 0

-- Lines of a command.
local function lines(command)
  local out, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do out[#out + 1] = line end
  pipe:close()
  return out
end

local function ended(job, code)
  failed = failed + 1
  print(("not ok - %s ended with %d"):format(job.command, code))
end

-- Counts the TAP lines of one command and prints what is not "ok".
local function count_tap(job, code, log)
  local seen, planned = 0, nil -- a spec may leave itself out, and plans 0
  for line in log do
    if line:find "^ok " then passed, seen = passed + 1, seen + 1
    elseif line:find "^not ok " then
      failed, seen = failed + 1, seen + 1
      print(line)
    elseif line:find "^1%.%.%d+$" then planned = tonumber(line:match "%d+$")
    else print(line) end
  end
  if seen ~= planned or code > 1 then ended(job, code) end
end

-- The cases that Spark answered: known failures are listed, and one that passes counts as a failure too.
local function count_cases(job, code, log)
  local p, f
  for line in log do
    local a, b = line:match "^(%d+) passed, (%d+) failed, %d+ skipped$"
    p, f = a or p, b or f
    if line:find "%s[1-9]%d* failed%s" or line:find "Sanitizer:" or line:find "runtime error:" then print(line) end
  end
  passed, failed = passed + (p or 0), failed + (f or 0)
  if not p or code > 1 then ended(job, code) end -- a crash, or a sanitizer's word at the end
end

-- What takes long comes first, so that no processor is left alone with it at the end.
local jobs = {}
local function add(count, command, ...) jobs[#jobs + 1] = { count = count, command = command:format(...) } end

for _, path in ipairs(ONLY == "" and { "sql/functions", "sql/queries", "sql/c*.test", "api", "io", "ml", "streaming" }
  or {}) do
  local area = path:match "^%w+"
  local known = area == "sql" and "known.txt" or area .. "/known.txt"
  add(count_cases, "%s spec/conformance/run.lua --known spec/conformance/%s spec/conformance/%s", LUA, known, path)
end
for _, which in ipairs { "", "! " } do
  local slow = "-path 'spec/exec/*' -o -path 'spec/fault/*'"
  local specs = ONLY == "" and "spec" or ONLY
  for _, file in ipairs(lines(("find %s -name '*_spec.lua' %s'(' %s ')' | sort"):format(specs, which, slow))) do
    add(count_tap, "%s $(command -v busted) --ignore-lua --config-file=.busted -o TAP %s", LUA, file)
  end
end
for _, program in ipairs(ONLY == "" and { "stream/kill.lua 5", "snapshot/kill.lua 10", "catalog/kill.lua 10" } or {}) do
  add(count_tap, "%s spec/%s", LUA, program)
end
for _, program in ipairs(arg) do add(count_tap, "%s", program) end

-- Each job is a script that xargs runs, SPEC_JOBS of them at a time; of each that ends there comes a line: its number
-- and its exit code.
local folder = lines "mktemp -d"[1]
for i, job in ipairs(jobs) do
  local script = assert(io.open(("%s/%d"):format(folder, i), "w"))
  script:write(job.command, "\n")
  script:close()
end
local pipe = assert(io.popen(("seq %d | xargs -P ${SPEC_JOBS:-$(nproc)} -I@ sh -c 'sh %s/@ >%s/@.log 2>&1; echo @ $?'")
  :format(#jobs, folder, folder)))
local done = 0
for line in pipe:lines() do
  local i, code = line:match "^(%d+) (%d+)$"
  local job = jobs[tonumber(i)]
  job.count(job, tonumber(code), io.lines(("%s/%s.log"):format(folder, i)))
  done = done + 1
end
pipe:close()
os.execute("rm -rf " .. folder)
if done < #jobs then print(("not ok - %d of %d commands did not end"):format(#jobs - done, #jobs)) end
failed = failed + #jobs - done
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
