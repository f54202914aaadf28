-- Random queries answered by Tidemill and by a peer, or by Tidemill in other ways: the rows must be the same.
--
--   lua5.4 spec/differential/run.lua [--count N] [--seed S] [--python PYTHON] [--show N]
--
-- With --python (a Python that has pyspark) the peer is Spark; without, one thread, two, spilled, and without the
-- optimiser's rules check each other. Prints each query that differs with both answers, then `N compared, M differ`.
-- An error must be the same condition; a query that Spark refuses and Tidemill answers, or the reverse, differs.
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. here .. "/../conformance/?.lua;" .. package.path
require "tree" (here .. "/../..")
local cjson = require "cjson"
local compare = require "compare"
local generate = require "generate"
local tidemill = require "tidemill"

local o = { count = 1000, seed = 1, show = 20 }
for i = 1, #arg, 2 do
  local name = arg[i]:match "^%-%-(%a+)$"
  if not name or not arg[i + 1] then
    io.stderr:write "usage: run.lua [--count N] [--seed S] [--python PYTHON] [--show N]\n"
    os.exit(2)
  end
  o[name] = tonumber(arg[i + 1]) or arg[i + 1]
end

local queries = {}
for k = 1, o.count do
  local sql, ordered = generate.query(o.seed * 1000003 + k)
  queries[k] = { sql = sql, ordered = ordered }
end

-- Rows as lines, or the condition of the error.
local function answer(spark, sql)
  local ok, result = pcall(function() return compare.texts(spark:sql(sql)) end)
  if ok then return { rows = result } end
  return { error = type(result) == "table" and result.condition or tostring(result) }
end

local function session(options, rules)
  options["spark.sql.session.timeZone"] = "UTC"
  local spark = tidemill.SparkSession.builder:config(options):create()
  if rules then spark.conf:set("spark.sql.optimizer.excludedRules", rules) end
  for _, text in ipairs(generate.setup) do spark:sql(text) end
  return spark
end

local function ask(options, rules)
  local spark <close> = session(options, rules)
  local out = {}
  for k, q in ipairs(queries) do out[k] = answer(spark, q.sql) end
  return out
end

local function spark_answers()
  local input, output = os.tmpname(), os.tmpname()
  local f = assert(io.open(input, "w"))
  for _, text in ipairs(generate.setup) do f:write(cjson.encode { sql = text }, "\n") end
  for k, q in ipairs(queries) do f:write(cjson.encode { id = k, sql = q.sql }, "\n") end
  f:close()
  assert(os.execute(("%s %s/spark.py %s %s 2>/dev/null"):format(o.python, here, input, output)))
  local out = {}
  for line in io.lines(output) do
    local a = cjson.decode(line)
    local lines = a.rows and {} or nil
    for i, row in ipairs(a.rows or {}) do
      local cells = {}
      for c, v in ipairs(row) do cells[c] = v == cjson.null and "NULL" or (v:gsub("[\\\t\n\r]", compare.ESCAPE)) end
      lines[i] = table.concat(cells, "\t")
    end
    out[a.id] = { rows = lines, error = a.error }
  end
  os.remove(input)
  os.remove(output)
  return out
end

local function difference(q, expected, got)
  if expected.error or got.error then
    if expected.error == got.error then return nil end
    return ("expected %s, got %s"):format(expected.error or "rows", got.error or "rows")
  end
  return compare.lines(expected.rows, got.rows, not q.ordered, 1e-9)
end

local differ = 0
local function check(name, expected, got)
  for k, q in ipairs(queries) do
    local why = difference(q, expected[k] or { error = "no answer" }, got[k])
    if why then
      differ = differ + 1
      if differ <= o.show then print(("%s, query %d:\n%s\n%s\n"):format(name, k, q.sql, why)) end
    end
  end
end

local plain = ask { threads = 1 }
if o.python then
  check("Spark", spark_answers(), plain)
else
  local rules = "CollapseProject,PushDownPredicates,EliminateOuterJoin,ConstantFolding,BooleanSimplification,"
    .. "PruneFilters,LimitPushDown"
  check("two threads", plain, ask { threads = 2 })
  check("spilled", plain, ask { threads = 2, forceSpill = true })
  check("no rules", plain, ask({ threads = 2 }, rules))
end
print(("%d compared, %d differ"):format(o.count, differ))
os.exit(differ == 0)
