-- Kills: queries from JSON files to JSON files are killed with -9 after a random time and started again, many times.
-- Then the ledger: every row that should be there is there once, and nothing else lies in the folders.
--
--   lua5.4 spec/stream/kill.lua [KILLS [SEED]]     (make kill KILLS=200)
--
-- Two queries run one after the other in the child: dropDuplicates by id, and rows counted by windows of ten minutes,
-- given when the watermark closes them. Both take one file a batch and run until all is read.
local cjson = require "cjson"
local SELF = arg[0]

local function shell(command) assert(os.execute(command), command) end

-- ---- the child -----------------------------------------------------------------------------------------------------

local function child(base)
  local tidemill = require "tidemill"
  local F = tidemill.functions
  local spark = tidemill.session { threads = 2 }
  local reader = spark.readStream:schema "id INT, ts TIMESTAMP, v INT":option("maxFilesPerTrigger", 1)
  local rows = reader:json(base .. "/in")
  local function run(df, name)
    df.writeStream:format "json":option("checkpointLocation", base .. "/chk-" .. name)
      :trigger { availableNow = true }:start(base .. "/out-" .. name):awaitTermination()
  end
  run(rows:dropDuplicates { "id" }:select("id", "v"), "first")
  local counted = rows:withWatermark("ts", "10 minutes"):groupBy(F.expr "window(ts, '10 minutes')")
    :agg(F.expr "count(*) AS n", F.expr "sum(v) AS s")
  run(counted:select(F.expr "window.start AS t", F.expr "n", F.expr "s"), "windows")
  spark:close()
end

if arg[1] == "child" then return child(arg[2]) end

-- ---- input and what should come of it ------------------------------------------------------------------------------

local kills, seed = tonumber(arg[1] or os.getenv "KILLS" or 200), tonumber(arg[2]) or os.time()
local ROWS = 40
math.randomseed(seed)
local base = os.tmpname()
os.remove(base)
shell(("mkdir -p '%s/in'"):format(base))

local files, minute, first, windows = 0, 0, {}, {}

local function time_text(m) return ("2024-05-%02d %02d:%02d:00"):format(1 + m // 1440, m // 60 % 24, m % 60) end

-- One more file: each ten rows a minute on, ids that partly came before. No row is late.
local function add_file(last)
  local lines = {}
  for i = 1, ROWS do
    local id, v = math.random(1, 20 * (files + 2)), math.random(1, 1000)
    if i % 10 == 0 then minute = minute + 1 end
    if first[id] == nil then first[id] = v end
    local m = last and minute + 100 or minute
    local w = windows[m // 10] or { n = 0, s = 0 }
    windows[m // 10] = w
    w.n, w.s = w.n + 1, w.s + v
    lines[i] = ('{"id":%d,"ts":"%s","v":%d}'):format(id, time_text(m), v)
  end
  files = files + 1
  local hidden, path = ("%s/.f%05d"):format(base, files), ("%s/in/f%05d.json"):format(base, files)
  local f = assert(io.open(hidden, "wb"))
  f:write(table.concat(lines, "\n"), "\n")
  assert(f:close())
  shell(("touch -d @%d '%s' && mv '%s' '%s'"):format(1700000000 + files * 10, hidden, hidden, path))
end

-- ---- what lies in the folders --------------------------------------------------------------------------------------

local function lines_of(command)
  local list, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

-- Rows of the visible files by key; counts what is damaged or twice.
local function read_output(name, key)
  local out, wrong = {}, 0
  local find = "find '%s/out-%s' -name 'part-*' ! -path '*/.*' 2>/dev/null | sort"
  for _, path in ipairs(lines_of(find:format(base, name))) do
    for line in io.lines(path) do
      local ok, row = pcall(cjson.decode, line)
      if not ok or out[row[key]] then wrong = wrong + 1 end
      if ok then out[row[key]] = row end
    end
  end
  return out, wrong
end

local function no_duplicates()
  local _, a = read_output("first", "id")
  local _, b = read_output("windows", "t")
  return a + b
end

-- ---- runs ----------------------------------------------------------------------------------------------------------

local COMMAND = ("%s '%s' child '%s'"):format(os.getenv "SPEC_LUA" or "lua5.4", SELF, base)

local function clock()
  local pipe = assert(io.popen "date +%s.%N")
  local t = tonumber(pipe:read "l")
  pipe:close()
  return t
end

local function killed_run(seconds)
  os.execute(("%s >'%s/log' 2>&1 & pid=$!; sleep %.3f; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null")
    :format(COMMAND, base, seconds))
end

local passed = true
local number = 0
local function check(ok, text)
  number = number + 1
  passed = passed and ok
  print(("%sok %d - %s"):format(ok and "" or "not ", number, text))
end

for _ = 1, 6 do add_file() end
local from = clock()
shell(COMMAND)
local whole = clock() - from
local wrong = 0
for _ = 1, kills do
  for _ = 1, 3 do add_file() end
  killed_run(math.random() * whole * 1.2)
  wrong = wrong + no_duplicates()
end
add_file(true)
check(os.execute(COMMAND) == true, ("the last run ends well (%d kills, seed %d)"):format(kills, seed))
check(wrong == 0, ("after each kill no visible row is damaged or twice: %d"):format(wrong))

local function compare(name, key, expected, same)
  local got, twice = read_output(name, key)
  local lost, more = 0, 0
  for k, want in pairs(expected) do if not (got[k] and same(got[k], want)) then lost = lost + 1 end end
  for k in pairs(got) do if expected[k] == nil then more = more + 1 end end
  check(lost == 0 and more == 0 and twice == 0, ("%s: %d lost, %d duplicated, %d that should not be")
    :format(name, lost, twice, more))
end

compare("first", "id", first, function(row, v) return row.v == v end)
local closed, last = {}, minute + 100
for w, sum in pairs(windows) do
  local start = time_text(w * 10)
  if w * 10 + 10 <= last - 10 then closed[start:sub(1, 10) .. "T" .. start:sub(12) .. ".000Z"] = sum end
end
compare("windows", "t", closed, function(row, sum) return row.n == sum.n and row.s == sum.s end)
local left = lines_of(("find '%s'/out-* '%s'/chk-* -name '.*'"):format(base, base))
check(#left == 0, "no hidden file is left: " .. (left[1] or "none"))
print("1.." .. number)
if passed then shell(("rm -rf '%s'"):format(base)) else print("# kept: " .. base) end
os.exit(passed)
