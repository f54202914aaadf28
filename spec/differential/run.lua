-- Random queries answered by Tidemill and by a peer, or by Tidemill in other ways: the rows must be the same.
--
--   lua5.4 spec/differential/run.lua [--count N] [--seed S] [--python PYTHON] [--show N] [--minutes M]
--
-- With --python (a Python that has pyspark) the peer is Spark; without, one thread, two, spilled, without the
-- optimiser's rules, and the queries that are plain enough as DataFrame calls check each other. Prints each query that
-- differs with both answers, as soon as it is known, then `N compared, M differ` and how many of them were errors.
-- An error must be the same condition; a query that Spark refuses and Tidemill answers, or the reverse, differs. Where
-- Spark's interpreted answer differs from ours, the compiled one counts. After so many minutes no more is asked.
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. here .. "/../conformance/?.lua;" .. package.path
require "tree" (here .. "/../..")
local cjson = require "cjson"
local compare = require "compare"
local frames = require "frames"
local generate = require "generate"
local tidemill = require "tidemill"

local o = { count = 1000, seed = 1, show = 20, minutes = math.huge }
for i = 1, #arg, 2 do
  local name = arg[i]:match "^%-%-(%a+)$"
  if not name or not arg[i + 1] then
    io.stderr:write "usage: run.lua [--count N] [--seed S] [--python PYTHON] [--show N] [--minutes M]\n"
    os.exit(2)
  end
  o[name] = tonumber(arg[i + 1]) or arg[i + 1]
end

local queries = {}
for k = 1, o.count do
  local sql, ordered, parts = generate.query(o.seed * 1000003 + k)
  queries[k] = { sql = sql, ordered = ordered, parts = parts }
end

-- Rows as lines, or the condition of the error.
local function answer(frame, ...)
  local ok, result = pcall(function(...) return compare.texts(frame(...)) end, ...)
  if ok then return { rows = result } end
  return { error = type(result) == "table" and result.condition or tostring(result) }
end

local function session(options, rules)
  options["spark.sql.session.timeZone"], options["spark.sql.timeType.enabled"] = "UTC", true
  local spark = tidemill.SparkSession.builder:config(options):create()
  if rules then spark.conf:set("spark.sql.optimizer.excludedRules", rules) end
  for _, text in ipairs(generate.setup) do spark:sql(text) end
  return spark
end

local function ask(options, rules)
  local spark <close> = session(options, rules)
  local out = {}
  for k, q in ipairs(queries) do out[k] = answer(spark.sql, spark, q.sql) end
  return out
end

-- The queries of `which` (numbers) put to Spark: calls f(number, answer) as each comes, as long as it says true.
local function spark_answers(which, mode, f)
  local input = os.tmpname()
  local file = assert(io.open(input, "w"))
  for _, text in ipairs(generate.setup) do file:write(cjson.encode { sql = text }, "\n") end
  for _, k in ipairs(which) do file:write(cjson.encode { id = k, sql = queries[k].sql }, "\n") end
  file:close()
  local pipe = assert(io.popen(("%s %s/spark.py %s %s 2>/dev/null"):format(o.python, here, input, mode)))
  for line in pipe:lines() do
    local a = cjson.decode(line)
    local lines = a.rows and {} or nil
    for i, row in ipairs(a.rows or {}) do
      local cells = {}
      for c, v in ipairs(row) do cells[c] = v == cjson.null and "NULL" or (v:gsub("[\\\t\n\r]", compare.ESCAPE)) end
      lines[i] = table.concat(cells, "\t")
    end
    if not f(a.id, { rows = lines, error = a.error }) then break end
  end
  pipe:close()
  os.remove(input)
end

local function difference(q, expected, got)
  if expected.error or got.error then
    if expected.error == got.error then return nil end
    return ("expected %s, got %s"):format(expected.error or "rows", got.error or "rows")
  end
  return compare.lines(expected.rows, got.rows, not q.ordered, 1e-9)
end

local compared, differ, errors = 0, 0, 0
local function check(name, k, expected, got)
  local why = difference(queries[k], expected, got)
  compared = compared + 1
  errors = errors + (expected.error and 1 or 0)
  if not why then return end
  differ = differ + 1
  if differ <= o.show then print(("%s, query %d:\n%s\n%s\n"):format(name, k, queries[k].sql, why)) end
  io.stdout:flush()
end

local function check_spark(plain)
  local all, unsure, asked, from = {}, {}, 0, os.time()
  for k = 1, #queries do all[k] = k end
  spark_answers(all, "interpreted", function(k, expected)
    asked = asked + 1
    if difference(queries[k], expected, plain[k]) then
      unsure[#unsure + 1] = k
    else
      check("Spark", k, expected, plain[k])
    end
    if k % 100 == 0 then io.stderr:write(("%d asked, %d of them again later\n"):format(asked, #unsure)) end
    return os.time() - from < o.minutes * 60
  end)
  spark_answers(unsure, "compiled", function(k, expected)
    check("Spark", k, expected, plain[k])
    return true
  end)
  if asked < #queries and o.minutes == math.huge then print(("no answer to %d"):format(#queries - asked)) end
end

local function check_all(name, expected, got)
  for k in ipairs(queries) do
    if got[k] then check(name, k, expected[k], got[k]) end
  end
end

-- The queries that have parts, as calls. An error may come of another name there.
local function ask_frames()
  local spark <close> = session { threads = 1 }
  local out = {}
  for k, q in ipairs(queries) do
    if q.parts then out[k] = answer(frames.frame, spark, q.parts) end
  end
  return out
end

local plain = ask { threads = 1 }
if o.python then
  check_spark(plain)
else
  local rules = "CollapseProject,PushDownPredicates,EliminateOuterJoin,ConstantFolding,BooleanSimplification,"
    .. "PruneFilters,LimitPushDown"
  check_all("two threads", plain, ask { threads = 2 })
  check_all("spilled", plain, ask { threads = 2, forceSpill = true })
  check_all("no rules", plain, ask({ threads = 2 }, rules))
  check_all("as calls", plain, ask_frames())
end
print(("%d compared, %d differ (%d errors)"):format(compared, differ, errors))
os.exit(differ == 0)
