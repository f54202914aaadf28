-- Random queries answered by Tidemill and by a peer, or by Tidemill in other ways: the rows must be the same.
--
--   lua5.4 spec/differential/run.lua [--count N] [--seed S] [--python PYTHON] [--peer spark|duckdb] [--show N]
--     [--minutes M] [--answers FILE]
--
-- With --python (a Python that has pyspark) the peer is Spark, or DuckDB with `--peer duckdb`, for queries that mean
-- the same in both dialects (common.lua); without, one thread, two, spilled, without the optimiser's rules, and the
-- queries that are plain enough as DataFrame calls check each other. Prints each query that differs with both answers,
-- as soon as it is known, then `N compared, W wrong answers, E other errors`: it is a wrong answer when one side gives
-- rows and the other gives other rows or an error; two conditions that differ are another error. Where the peer breaks
-- inside (a class of Java's that cannot be cast) there is nothing to compare. Where Spark's
-- interpreted answer differs from ours, the compiled one counts. After so many minutes no more is asked. With --answers
-- what Spark says is kept in the file, and what stands there is not asked again.
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. here .. "/../conformance/?.lua;" .. package.path
require "tree" (here .. "/../..")
local answers = require "answers"
local cjson = require "cjson"
local common = require "common"
local compare = require "compare"
local frames = require "frames"
local generate = require "generate"
local tidemill = require "tidemill"

local o = { count = 1000, seed = 1, show = 20, minutes = math.huge, peer = "spark" }
for i = 1, #arg, 2 do
  local name = arg[i]:match "^%-%-(%a+)$"
  if not name or not arg[i + 1] then
    io.stderr:write("usage: run.lua [--count N] [--seed S] [--python PYTHON] [--peer NAME] [--show N] [--minutes M] "
      .. "[--answers FILE]\n")
    os.exit(2)
  end
  o[name] = tonumber(arg[i + 1]) or arg[i + 1]
end

local queries = {}
for k = 1, o.count do
  local seed = o.seed * 1000003 + k
  if o.peer == "duckdb" then
    queries[k] = { sql = common.query(seed) }
  else
    local sql, ordered, parts = generate.query(seed)
    queries[k] = { sql = sql, ordered = ordered, parts = parts }
  end
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

-- The queries of `which` (numbers) put to a peer: calls f(number, answer) as each comes, as long as it says true.
-- The program (with %s for its input) answers; `statements` come first.
local function peer_answers(program, statements, which, f)
  local input = os.tmpname()
  local file = assert(io.open(input, "w"))
  for _, text in ipairs(statements) do file:write(cjson.encode { sql = text }, "\n") end
  for _, k in ipairs(which) do file:write(cjson.encode { id = k, sql = queries[k].sql }, "\n") end
  file:close()
  local pipe = assert(io.popen(("%s %s/%s 2>/dev/null"):format(o.python, here, program:format(input))))
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

-- What a sum in another order may differ by: correlations that are 0 are 0 or 1e-32 in Spark, as its threads meet them.
local RELATIVE, ABSOLUTE = 1e-9, 1e-15

local function difference(q, expected, got)
  if expected.error or got.error then
    if expected.error == got.error then return nil end
    return ("expected %s, got %s"):format(expected.error or "rows", got.error or "rows")
  end
  return compare.lines(expected.rows, got.rows, not q.ordered, RELATIVE, ABSOLUTE)
end

-- An error of a peer that is no condition of its own: what it came upon inside.
local function internal(a)
  return a.error and (a.error == "INTERNAL_ERROR" or not a.error:find "^[A-Z][A-Z0-9_.]+$")
end

local compared, wrong, other, refused, unanswered = 0, 0, 0, 0, 0
local function check(name, k, expected, got)
  if internal(expected) then
    unanswered = unanswered + 1
    return
  end
  local why = difference(queries[k], expected, got)
  compared = compared + 1
  refused = refused + (expected.error and 1 or 0)
  if not why then return end
  local both = expected.error and got.error
  if both then
    other = other + 1
  else
    wrong = wrong + 1
  end
  if wrong + other > o.show then return end
  print(("%s, query %d%s:\n%s\n%s\n"):format(name, k, both and " (another error)" or "", queries[k].sql, why))
  io.stdout:flush()
end

-- The numbers of all queries.
local function all()
  local out = {}
  for k = 1, #queries do out[k] = k end
  return out
end

-- The queries of `which` answered by Spark, `how` it is told to run them: those that are kept first.
local function spark_answers(how, kept, which, f)
  local unknown = {}
  for _, k in ipairs(which) do
    local known = kept and kept:get(how, queries[k].sql)
    if not known then unknown[#unknown + 1] = k elseif not f(k, known) then return end
  end
  if #unknown == 0 then return end
  peer_answers("spark.py %s " .. how, generate.setup, unknown, function(k, expected)
    if kept then kept:add(how, queries[k].sql, expected) end
    return f(k, expected)
  end)
end

local function check_spark(plain)
  local kept = o.answers and answers.open(o.answers, generate.setup)
  local unsure, asked, from = {}, 0, os.time()
  spark_answers("interpreted", kept, all(), function(k, expected)
    asked = asked + 1
    local why = difference(queries[k], expected, plain[k])
    if why then
      unsure[#unsure + 1] = k
      io.stderr:write(("query %d will be asked again:\n%s\n%s\n"):format(k, queries[k].sql, why))
    else
      check("Spark", k, expected, plain[k])
    end
    if asked % 100 == 0 then io.stderr:write(("%d asked, %d of them again later\n"):format(asked, #unsure)) end
    return os.time() - from < o.minutes * 60
  end)
  spark_answers("compiled", kept, unsure, function(k, expected)
    check("Spark", k, expected, plain[k])
    return true
  end)
  if asked < #queries and o.minutes == math.huge then print(("no answer to %d"):format(#queries - asked)) end
end

-- The tables of common.lua as statements: names and types as here, the rows as texts.
local function tables_as_statements()
  local spark <close> = session { threads = 1 }
  local out = {}
  for name, columns in pairs(common.TABLES) do
    local frame = spark:sql(("SELECT %s FROM %s"):format(columns, name))
    local rows = {}
    for i, row in ipairs(frame:collect()) do
      local cells = {}
      for k = 1, #row do
        cells[k] = row[k] == nil and "NULL" or "'" .. tostring(row[k]):gsub("'", "''") .. "'"
      end
      rows[i] = "(" .. table.concat(cells, ", ") .. ")"
    end
    out[#out + 1] = ("CREATE TABLE %s (%s)"):format(name, frame.schema:toDDL())
    out[#out + 1] = ("INSERT INTO %s VALUES %s"):format(name, table.concat(rows, ", "))
  end
  return out
end

local function check_duckdb(plain)
  peer_answers("duckdb_answers.py %s", tables_as_statements(), all(), function(k, expected)
    check("DuckDB", k, expected, plain[k])
    return true
  end)
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
if o.python and o.peer == "duckdb" then
  check_duckdb(plain)
elseif o.python then
  check_spark(plain)
else
  local rules = "CollapseProject,PushDownPredicates,EliminateOuterJoin,BooleanSimplification,"
    .. "UnwrapCastInBinaryComparison,PruneFilters,LimitPushDown"
  check_all("two threads", plain, ask { threads = 2 })
  check_all("spilled", plain, ask { threads = 2, forceSpill = true })
  check_all("no rules", plain, ask({ threads = 2 }, rules))
  check_all("as calls", plain, ask_frames())
end
print(("%d compared, %d wrong answers, %d other errors (%d refused; %d where the peer broke inside)"):format(compared,
  wrong, other, refused, unanswered))
os.exit(wrong + other == 0)
