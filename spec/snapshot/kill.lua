-- Kills: a process that appends to a snapshot is killed with -9 after a random time, many times. Every append that
-- returned is there, of the one under way all or nothing, in order, and who began to read before goes on.
--
--   lua5.4 spec/snapshot/kill.lua [KILLS [SEED]]     (make kill KILLS=200)
local SELF, ROWS = arg[0], 300
local tidemill = require "tidemill"
local spark = tidemill.session { threads = 2 }

-- Appends ROWS rows at a time, and says after each how many there are.
local function child(path)
  local n = spark.read:snapshot(path):count()
  while true do
    spark:sql(("SELECT id, concat('row ', id) AS s FROM range(%d, %d)"):format(n, n + ROWS))
      .write:mode("append"):snapshot(path)
    n = n + ROWS
    io.stdout:write(n, "\n")
    io.stdout:flush()
  end
end

if arg[1] == "child" then return child(arg[2]) end

local kills, seed = tonumber(arg[1] or os.getenv "KILLS" or 200), tonumber(arg[2]) or os.time()
math.randomseed(seed)
local base = os.tmpname()
local path, log = base .. ".snap", base .. ".log"
spark:sql "SELECT id, concat('row ', id) AS s FROM range(0)".write:snapshot(path)
local command = ("%s '%s' child '%s'"):format(os.getenv "SPEC_LUA" or "lua5.4", SELF, path)

local function acknowledged()
  local last = 0
  for line in io.lines(log) do last = tonumber(line) or last end
  return last
end

local wrong, appended = 0, 0
for _ = 1, kills do
  local before = spark.read:snapshot(path)
  os.execute(("%s >'%s' & pid=$!; sleep %.3f; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null")
    :format(command, log, 0.02 + math.random() * 0.15))
  local told = acknowledged()
  local row = spark.read:snapshot(path):selectExpr("count(*)", "count(DISTINCT id)", "min(id)", "max(id)",
    "count_if(s = concat('row ', id))"):collect()[1]
  local n = row[1]
  local whole = n % ROWS == 0 and n >= told and n >= appended and row[2] == n and row[5] == n
    and (n == 0 or row[3] == 0 and row[4] == n - 1)
  if not whole or before:count() ~= appended then wrong = wrong + 1 end
  appended = n
end
local ok = wrong == 0 and (appended > 0 or kills < 20)
print(("%sok 1 - after %d kills (seed %d) %d rows, and %d times not those that should be there")
  :format(ok and "" or "not ", kills, seed, appended, wrong))
print "1..1"
os.execute(("rm -f '%s'*"):format(base))
os.exit(ok)
