--- As sweep.lua, with the allocations of Lua itself: run by the host lua_memory.c, which can make them fail.
--
--     build/spec/fault/lua_memory spec/fault/lua_sweep.lua [name]
--
-- An allocation of Lua's that fails raises wherever it happens, through every function of the binding: nothing of the
-- core may be lost on the way, and the session must answer right after.
local attempt = attempt -- luacheck: ignore (of the host)
local tidemill = require "tidemill"
local internal = require "tidemill.internal"
local DENSE, POINTS, FOR_EVER, SETTLED, MOST = 200, 150, 1 << 40, 3, 6

--- Let go of what is garbage and of the plans of texts, which a setting empties.
local function collect(spark)
  spark.conf:set("spark.app.name", "sweep")
  collectgarbage()
  collectgarbage()
end

--- Takes back what a run that failed half-way may rightly leave.
local function clean(scenario, spark)
  if scenario.clean then scenario.clean(spark) end
end

local function problem_of(fine, result, expected)
  if fine then return result ~= expected and "another result: " .. tostring(result):sub(1, 200) or nil end
  while type(result) == "table" and result.cause do result = result.cause end
  local message = tostring(result)
  return not message:find "not enough memory" and not message:find "OUT_OF_MEMORY" and "raised " .. message or nil
end

local function sweep(scenario, spark, width)
  local handle, dir = spark[internal.handle], os.tmpname()
  os.remove(dir)
  assert(os.execute(("mkdir '%s'"):format(dir)))
  local last, problems, tried, expected, used = 0, {}, 0, nil, nil
  for _ = 1, SETTLED do
    local fine
    last, fine, expected = attempt(0, 0, scenario.run, spark, dir)
    if not fine then return "does not run: " .. tostring(expected), 0 end
    clean(scenario, spark)
    collect(spark)
    used = handle:memory().used
  end
  local step, n = math.max(1, (last - DENSE) // POINTS), 0
  while n < last and #problems < MOST do
    n = n < DENSE and n + 1 or n + step
    tried = tried + 1
    local _, fine, result = attempt(n, width, scenario.run, spark, dir)
    local problem = problem_of(fine, result, expected)
    result = nil -- luacheck: ignore
    -- An error of a wait leaves the query as it was: running.
    for _, query in ipairs(spark.streams.active) do query:stop() end
    for _, name in ipairs(handle:views(false)) do handle:view_drop(name, false) end -- where dropping it was what failed
    clean(scenario, spark)
    collect(spark)
    local lost = handle:memory().used - used
    if not problem and lost > 0 then problem = lost .. " bytes lost" end
    if not problem and n % 8 == 0 then
      local _, well, got = attempt(0, 0, scenario.run, spark, dir)
      problem = not well and "fails afterwards: " .. tostring(got) or problem_of(well, got, expected)
      clean(scenario, spark)
      collect(spark)
    end
    used = handle:memory().used
    if problem then problems[#problems + 1] = ("allocation %d of %d: %s"):format(n, last, problem) end
  end
  os.execute(("rm -rf '%s'"):format(dir))
  return problems[1] and table.concat(problems, "\n  "), tried
end

local failed = 0
local warehouse = os.tmpname()
os.remove(warehouse)
local spark = tidemill.session { threads = 1, ["spark.sql.session.timeZone"] = "UTC",
  ["spark.sql.warehouse.dir"] = warehouse }
for _, s in ipairs(dofile "spec/fault/scenarios.lua") do
  if not arg[1] or s.name:find(arg[1], 1, true) then
    for _, width in ipairs { 2, FOR_EVER } do
      local problem, tried = sweep(s, spark, width)
      print(("%s - %s%s: %d tried%s"):format(problem and "not ok" or "ok", s.name,
        width == FOR_EVER and ", for ever" or "", tried, problem and "\n  " .. problem or ""))
      failed = failed + (problem and 1 or 0)
    end
  end
end
spark:stop()
os.execute(("rm -rf '%s'"):format(warehouse))
if failed > 0 then error(failed .. " sweeps with problems", 0) end
