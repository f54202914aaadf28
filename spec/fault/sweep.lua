--- Allocation n fails, for n = 1, 2, .. until nothing fails any more. Whatever n is: one error of the condition
-- OUT_OF_MEMORY, no byte lost, no file left, and the same work succeeds right after.
--
--     lua5.4 spec/fault/sweep.lua            all scenarios, once and for ever
--     lua5.4 spec/fault/sweep.lua join       those whose name holds "join"
--     lua5.4 spec/fault/sweep.lua --only 7   one by its number
--     lua5.4 spec/fault/sweep.lua --sample   a few n of each
--
-- Prints `ok` and `not ok` a scenario, with the first n that went wrong.
local tidemill = require "tidemill"
local core = require "tidemill.core"
local internal = require "tidemill.internal"

local M = {}
local MOST = 6 -- problems of one scenario that are told
local SETTLED = 3 -- runs after which what a session keeps (interned types, threads, zones) is there

--- Let go of what is garbage and of the plans of texts, which a setting empties.
local function collect(spark)
  spark.conf:set("spark.app.name", "sweep")
  collectgarbage()
  collectgarbage()
end

--- Files below a folder, as one text; the part of a name that is drawn by chance is left out.
local LIST = "find '%s' | sed -E 's/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/uuid/' | sort"
local function listing(dir)
  local pipe = assert(io.popen(LIST:format(dir)))
  local out = pipe:read "a"
  pipe:close()
  return out
end

--- The numbers to try of `last`: all up to `dense`, then with growing steps.
local function numbers(last, dense, points)
  local step = last > dense and math.max(1, (last - dense) // points) or 1
  local n = 0
  return function()
    n = n < dense and n + 1 or n + step
    return n <= last and n or nil
  end
end

local function problem_of(fine, err, got, expected)
  if fine then return got ~= expected and "another result: " .. tostring(got):sub(1, 200) or nil end
  if type(err) ~= "table" then return "raised a plain value: " .. tostring(err) end
  if err.condition ~= "OUT_OF_MEMORY" then return ("raised %s: %s"):format(err.condition, err.message) end
end

local Run = {}
Run.__index = Run

function Run:memory() return self.handle:memory() end

--- Run once: what is wrong, and the error as text. Nothing of the run is alive afterwards.
function Run:outcome()
  local fine, result = pcall(self.scenario.run, self.spark, self.dir)
  return problem_of(fine, result, result, self.expected), not fine and tostring(result)
end

--- Takes back what a run that failed half-way may rightly leave.
function Run:clean()
  if self.scenario.clean then self.scenario.clean(self.spark) end
end

--- One run in which allocation n fails: what is wrong, the error as text, the bytes that are held since.
function Run:fail(n, forever)
  local before = self:memory().used
  self.handle:fail_at(n, forever)
  local problem, message = self:outcome()
  self.handle:fail_at(0)
  self:clean()
  collect(self.spark)
  return problem, message, self:memory().used - before
end

--- One n: what is wrong, or nil. What another way than the usual keeps once (interned types) is not lost.
function Run:try(n, forever)
  local problem, message, lost = self:fail(n, forever)
  if not problem and lost > 0 then problem, message, lost = self:fail(n, forever) end
  if not problem and lost > 0 then problem = lost .. " bytes lost (" .. tostring(message) .. ")" end
  if not problem and n % self.again == 0 then
    local why, failed = self:outcome()
    self:clean()
    problem = why or failed and "fails afterwards: " .. failed or nil
    collect(self.spark)
    local files = listing(self.dir)
    if not problem and self.files ~= files then problem = "files left: " .. files end
  end
  return problem
end

local function settle(run)
  for _ = 1, SETTLED do
    local before = run:memory().calls
    run.expected = run.scenario.run(run.spark, run.dir)
    run.last = run:memory().calls - before
    run:clean()
    collect(run.spark)
  end
  run.files = listing(run.dir)
end

--- Sweep one scenario. `o`: dense, points, again (check recovery each so many), forever, threads.
-- Gives what went wrong at the first few bad n as text or nil, and how many n were tried.
function M.run(scenario, o)
  local dir = os.tmpname()
  os.remove(dir)
  assert(os.execute(("mkdir '%s'"):format(dir)))
  tidemill.session {}:stop() -- another's would be used again
  local spark = tidemill.session { threads = o.threads or 1, forceSpill = scenario.spilled,
    ["spark.sql.session.timeZone"] = "UTC", ["spark.sql.warehouse.dir"] = dir .. "/warehouse" }
  local run = setmetatable({ scenario = scenario, spark = spark, handle = spark[internal.handle], dir = dir,
    again = o.again or 1 }, Run)
  local problems, tried = {}, 0
  local fine, why = pcall(settle, run)
  if not fine then problems[1] = "does not run: " .. tostring(why) end
  if fine then
    for n in numbers(run.last, o.dense, o.points) do
      tried = tried + 1
      local bad = run:try(n, o.forever)
      if bad then problems[#problems + 1] = ("allocation %d of %d: %s"):format(n, run.last, bad) end
      if #problems >= MOST then break end
    end
  end
  spark:stop()
  os.execute(("rm -rf '%s'"):format(dir))
  return problems[1] and table.concat(problems, "\n  "), tried
end

-- ---- as a program: a process a scenario, so that a crash is one failure --------------------------------------------

local function sweep(scenario)
  local failed = 0
  for _, forever in ipairs { false, true } do
    local from = core.seconds()
    local problem, tried = M.run(scenario, { dense = 400, points = 200, again = 4, forever = forever })
    print(("%s - %s%s: %d tried, %.1f s%s"):format(problem and "not ok" or "ok", scenario.name,
      forever and ", for ever" or "", tried, core.seconds() - from, problem and "\n  " .. problem or ""))
    failed = failed + (problem and 1 or 0)
  end
  return failed
end

local function sample(scenarios)
  local failed = 0
  for i, s in ipairs(scenarios) do
    local problem = M.run(s, { dense = 3, points = 5, again = 4, forever = i % 2 == 0,
      threads = i % 3 == 0 and 2 or 1 })
    print(problem and ("not ok - %s: %s"):format(s.name, problem) or "ok - " .. s.name)
    failed = failed + (problem and 1 or 0)
  end
  return failed
end

local function main(filter, only)
  local scenarios, failed = dofile "spec/fault/scenarios.lua", 0
  if filter == "--sample" then os.exit(sample(scenarios) == 0) end
  if filter == "--only" then os.exit(sweep(scenarios[tonumber(only)]) == 0) end
  for i, s in ipairs(scenarios) do
    if not filter or s.name:find(filter, 1, true) then
      local fine, how, code = os.execute(("%s spec/fault/sweep.lua --only %d"):format(arg[-1], i))
      if not fine and (how == "signal" or code ~= 1) then
        print(("not ok - %s: ended by %s %d"):format(s.name, how, code))
      end
      failed = failed + (fine and 0 or 1)
    end
  end
  print(("%d scenarios, %d with problems"):format(#scenarios, failed))
  os.exit(failed == 0)
end

if arg and arg[0] == "spec/fault/sweep.lua" then main(arg[1], arg[2]) end

return M
