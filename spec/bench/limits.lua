--- Bounded memory, shown: `make limits`. The 22 queries of TPC-H (scale 1) and the operators of row M1 over 10 M rows
-- (groups, joins, sorts, windows, distinct values, unions), each in a process of its own, first without a limit, then
-- under 2048, 512 and 128 MB:
--
--   * the rows are those of the run without a limit,
--   * the peak of resident memory is at most 1.1 times the limit and 64 MiB,
--   * no spill file is left: after success, after an error (no room for spill files), after kill -9 of a process that
--     has some open.
--
--     lua5.4 spec/bench/limits.lua FOLDER [NAME..]     FOLDER: the tables as CSV (spec/bench/generate.py tpch)
--
-- Prints a line a query and ends with `N passed, N failed`.
local json = require "cjson"
local peer = require "spec.bench.peer"
local row = json.decode(peer.read "spec/bench/M1/row.json")
local folder = assert(arg[1], "which folder holds the tables of TPC-H?")
local MB = 2 ^ 20
local passed, failed = 0, 0

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text
end

local temp = output "mktemp -d":match "%S+"
local function left() return output(("ls -A '%s'"):format(temp)):gsub("%s+", " ") end

local function command(limit, name, temp_limit)
  return ("lua5.4 spec/bench/M1/query.lua '%s' %d %s '%s' %s"):format(folder, limit, name, temp, temp_limit or "")
end

local function outcome(fine, text)
  if fine then passed = passed + 1 else failed = failed + 1 end
  print(("%s - %s"):format(fine and "ok" or "not ok", text))
  io.stdout:flush()
end

--- What is wrong with a run under a limit, or nil.
local function problem(reply, limit, rows)
  local files = left()
  if reply.error then return reply.error end
  if limit > 0 and json.encode(reply.rows) ~= rows then return "other rows than without a limit" end
  if limit > 0 and reply.peak > (1.1 * limit + 64) * MB then return "more resident than promised" end
  if files ~= "" then return "files left: " .. files end
end

local function run(name)
  local rows
  for _, limit in ipairs { 0, table.unpack(row.limits) } do
    local reply = json.decode(output(command(limit, name)))
    local why = problem(reply, limit, rows)
    rows = rows or json.encode(reply.rows)
    outcome(not why, ("%-12s %s: %4.0f MiB resident, %5.1f s%s"):format(name, limit > 0 and ("%4d MB"):format(limit)
      or "no limit", (reply.peak or 0) / MB, (reply.ns or 0) / 1e9, why and ": " .. why or ""))
    if limit == 0 and why then return end
  end
end

--- No room for spill files: one error.
local function starve(name)
  local reply = json.decode(output(command(128, name, 1)))
  local files = left()
  outcome(reply.error and files == "", ("%-12s without room on disk: %s%s"):format(name,
    reply.error and reply.error:match "%[([%u_.]+)%]" or "no error", files))
end

--- Bytes of files that a process has open in `temp`, by name or without one.
local function spilled(pid)
  return tonumber(output(("for f in $(find /proc/%s/fd -lname '%s*' 2>/dev/null); do stat -Lc %%s $f; done 2>/dev/null"
    .. " | awk '{ n += $1 } END { print n + 0 }'"):format(pid, temp)):match "%d+") or 0
end

local function kill(name)
  local pid = output(("%s >/dev/null 2>&1 & echo $!"):format(command(128, name))):match "%d+"
  local bytes, waited = 0, 0
  while bytes < 10 * MB and waited < 1200 and os.execute(("kill -0 %s 2>/dev/null"):format(pid)) do
    os.execute "sleep 0.05"
    bytes, waited = spilled(pid), waited + 1
  end
  os.execute(("kill -9 %s 2>/dev/null; sleep 0.2"):format(pid))
  local files = left()
  outcome(bytes > 0 and files == "", ("%-12s killed with %.0f MiB on disk%s"):format(name, bytes / MB,
    files == "" and "" or ": files left: " .. files))
end

local function names_of(keys)
  local names = {}
  for name in pairs(keys) do names[#names + 1] = name end
  table.sort(names)
  return names
end

if arg[2] then
  for i = 2, #arg do run(arg[i]) end
else
  for _, name in ipairs(names_of(row.queries)) do run(name) end
  for k = 1, 22 do run(("q%02d"):format(k)) end
  for _, name in ipairs { "group_texts", "join", "sort", "window", "distinct" } do
    starve(name)
    kill(name)
  end
end
os.execute(("rm -rf '%s'"):format(temp))
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
