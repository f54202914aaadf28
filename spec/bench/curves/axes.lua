--- The axes of the scaling curves (performance.md, section 7), ours alone: curves.py runs one after the other, with one
-- thread and two, draws them and judges them.
--
--     axes.lua list            JSON: name, what x counts, how time may grow with x
--     axes.lua NAME THREADS    a line a point: x, nanoseconds (the least of some runs)
--     axes.lua NAME THREADS X  one run, for the axis of queries at once
--
-- `grows` is the exponent e of time = x ^ e that is expected at most; `log`: times log x. On a `level` axis x is
-- a share or a skew: the time may be `slack` times that of the slower end. A step is a cliff where it grows more
-- than slack times what is expected. BENCH_CLOCK=cpu: the processor time of all threads is counted.
local tidemill = require "tidemill"
local core = require "tidemill.core"
local json = require "cjson"
local F, ml = tidemill.functions, tidemill.ml
local spark -- of a process that measures

local N = 2000000 -- rows where another thing than rows is counted
local axes = {}
local function axis(name, counts, xs, o, prepare)
  axes[#axes + 1] = { name = name, counts = counts, xs = xs, grows = o.grows or 0, log = o.log or false,
    level = o.level or false, slack = o.slack or 1.5, prepare = prepare }
  axes[name] = axes[#axes]
end

--- The rows of a query in memory under a name.
local function kept(name, query)
  local df = spark:sql(query):cache()
  df:count()
  df:createOrReplaceTempView(name)
end

--- A function that runs the query and drops its rows.
local function query(text, ...)
  text = text:format(...)
  return function()
    local df = spark:sql(text):cache()
    df:count()
    df:unpersist()
  end
end

local ROWS = { 100000, 300000, 1000000, 3000000, 10000000 }
local TABLE = "SELECT id AS i, pmod(xxhash64(id), %d) AS g, pmod(xxhash64(id, 1), 1000000000) AS a, "
  .. "CAST(pmod(xxhash64(id, 2), 100) AS INT) AS f, rand(3) AS d FROM range(%d)"
for _, operation in ipairs { { "scan", "SELECT count(*), sum(a) FROM t WHERE f < 50" },
  { "group", "SELECT g, sum(d), count(*) FROM t GROUP BY g", 2 },
  { "join", "SELECT x.a, y.d FROM t x JOIN t y ON x.i = y.g", 2 },
  { "sort", "SELECT a, d FROM t ORDER BY a", 1.5, true },
  { "window", "SELECT a, sum(d) OVER (PARTITION BY g ORDER BY a) FROM t", 2, true } } do
  axis(operation[1] .. "_rows", "rows", ROWS, { grows = 1, log = operation[4], slack = operation[3] }, function(x)
    kept("t", TABLE:format(x // 10, x))
    return query(operation[2])
  end)
end

axis("groups", "groups", { 1, 10, 100, 1000, 10000, 100000, 300000, 1000000 }, { slack = 2.5 }, function(x)
  kept("t", TABLE:format(x, N))
  return query "SELECT g, sum(d), count(*) FROM t GROUP BY g"
end)

-- Keys by the inverse of Zipf's law's distribution: rank k comes with a probability of about 1 / k ^ x.
axis("skew", "Zipf exponent", { 0, 0.5, 1, 1.5, 2 }, { level = true, slack = 2 }, function(x)
  local rank = x == 1 and "exp(u * ln(100000))"
    or ("power(u * (power(100000, %f) - 1) + 1, %f)"):format(1 - x, 1 / (1 - x))
  kept("t", ("SELECT CAST(%s AS BIGINT) AS k, d FROM (SELECT rand(1) * 0.999999 AS u, rand(2) AS d FROM range(%d))")
    :format(rank, N))
  kept("u", "SELECT id AS k, id AS v FROM range(100001)")
  return query "SELECT k, n, v FROM (SELECT k, count(*) n, sum(d) FROM t GROUP BY k) JOIN u USING (k)"
end)

axis("columns", "columns", { 4, 16, 64, 256, 1024 }, { grows = 1 }, function(x)
  local columns, sums = {}, {}
  for i = 1, x do
    columns[i] = ("id + %d AS c%d"):format(i, i)
    sums[i] = ("sum(c%d)"):format(i)
  end
  kept("t", ("SELECT %s FROM range(50000)"):format(table.concat(columns, ", ")))
  return query("SELECT %s FROM t WHERE c1 %% 3 > 0", table.concat(sums, ", "))
end)

axis("length", "bytes of a text", { 4, 16, 64, 256, 1024, 4096 }, { grows = 1, slack = 2 }, function(x)
  kept("t", ("SELECT substr(concat(repeat('x', %d), id), -%d) AS s FROM range(50000)"):format(x, x))
  return query "SELECT s, count(*) FROM t WHERE s NOT LIKE '%%y%%' GROUP BY s ORDER BY s"
end)

local SHARES = { 0, 1, 10, 25, 50, 75, 90, 99, 100 }
axis("selectivity", "% of rows kept", SHARES, { level = true, slack = 2 }, function(x)
  kept("t", TABLE:format(1000, N))
  return query("SELECT sum(a), sum(d), count(*) FROM t WHERE f < %d", x)
end)
axis("nulls", "% NULL", SHARES, { level = true, slack = 2 }, function(x)
  kept("t", ("SELECT IF(pmod(xxhash64(id), 100) < %d, NULL, id) AS v, id %% 100 AS k FROM range(%d)"):format(x, N))
  return query "SELECT k, sum(v + 1), count(v), max(v * 2) FROM t GROUP BY k"
end)

-- x counts the limit downwards, so that work grows to the right.
axis("memory", "parts of 2 GB", { 1, 2, 4, 8, 16 }, { slack = 4 }, function(x)
  spark:stop()
  spark = tidemill.session { threads = tonumber(arg[2]), memory = (2048 // x) .. "MB" }
  local text = "SELECT max(n), sum(i) FROM (SELECT id, lag(id) OVER (ORDER BY s, id) AS i, length(s) AS n FROM "
    .. "(SELECT id, concat('name-', pmod(xxhash64(id), 1000003)) AS s FROM range(3000000)))"
  return function() spark:sql(text):collect() end
end)

local function at_once() return query("SELECT g, count(*) FROM (" .. TABLE .. ") GROUP BY g", 1000, N) end
axis("at_once", "queries at once, a process each", { 1, 2, 4, 8 }, { grows = 1, slack = 1.5 }, function(x)
  local command = ("lua5.4 spec/bench/curves/axes.lua at_once %s %d & "):format(arg[2], x)
  return function() os.execute(command:rep(x) .. "wait") end
end)

axis("files", "files", { 1, 10, 100, 1000, 10000 }, { grows = 1 }, function(x)
  local dir = os.tmpname()
  os.remove(dir)
  assert(os.execute(("mkdir '%s'"):format(dir)))
  local lines = {}
  for i = 1, 200000 // x do lines[i] = i .. ",text " .. i .. "," .. i / 4 end
  local text = table.concat(lines, "\n") .. "\n"
  for i = 1, x do
    local f = assert(io.open(("%s/%05d.csv"):format(dir, i), "w"))
    f:write(text)
    f:close()
  end
  return function()
    spark.read:schema "id INT, s STRING, x DOUBLE":csv(dir):agg(F.sum "id", F.max "s"):collect()
  end, function() os.execute(("rm -rf '%s'"):format(dir)) end
end)

-- ---- streams ------------------------------------------------------------------------------------

--- A stream over files of `rows` rows in all, `batch` a file and a micro-batch; f makes of it what is run.
local function stream(rows, batch, f)
  local dir = os.tmpname()
  os.remove(dir)
  spark:sql(("SELECT id, timestamp_micros(id * 1000) AS ts, pmod(xxhash64(id), 1000) AS k FROM range(%d)"):format(rows))
    .write:option("maxRecordsPerFile", batch):json(dir)
  return function()
    f(spark.readStream:schema "id BIGINT, ts TIMESTAMP, k BIGINT":option("maxFilesPerTrigger", 1):json(dir)).writeStream
      :outputMode "append":foreachBatch(function(df) df:count() end):trigger { availableNow = true }:start()
      :awaitTermination()
  end, function() os.execute(("rm -rf '%s'"):format(dir)) end
end

axis("state", "keys", { 1000, 10000, 100000, 1000000 }, { grows = 1 }, function(x)
  return stream(x, math.max(1000, x // 4), function(df) return df:dropDuplicates { "id" } end)
end)
axis("trigger", "rows a micro-batch", { 1, 10, 100, 1000, 10000, 100000, 1000000 }, { grows = 1 }, function(x)
  return stream(math.max(20, x), x, function(df) return df:where "k < 500" end)
end)
axis("slide", "windows a row lies in", { 1, 2, 5, 10, 20, 50 }, { grows = 1 }, function(x)
  kept("t", "SELECT timestamp_micros(id * 1000) AS ts, id FROM range(200000)")
  return query("SELECT window, count(*), sum(id) FROM t GROUP BY window(ts, '%d seconds', '1 second')", x)
end)

-- ---- machine learning ---------------------------------------------------------------------------

local function points(rows, features, classes)
  local columns, names = {}, {}
  for i = 1, features do
    columns[i] = ("rand(%d) AS x%d"):format(i, i)
    names[i] = "x" .. i
  end
  local df = spark:sql(("SELECT %s, CAST(pmod(xxhash64(id), %d) AS DOUBLE) AS label FROM range(%d)"):format(
    table.concat(columns, ", "), classes, rows))
  df = ml.feature.VectorAssembler { inputCols = names, outputCol = "features" }:transform(df)
    :select("features", "label"):cache()
  df:count()
  return df
end
local function logistic(df) ml.classification.LogisticRegression { maxIter = 5, tol = 0 }:fit(df) end

axis("leaves", "leaves of a tree", { 2, 8, 32, 128, 512 }, { grows = 1 }, function(x)
  local df, depth = points(50000, 10, 2), math.floor(math.log(x, 2) + 0.5)
  return function() ml.classification.DecisionTreeClassifier { maxDepth = depth }:fit(df) end
end)
axis("tree_features", "features", { 4, 16, 64, 256 }, { grows = 1 }, function(x)
  local df = points(10000, x, 2)
  return function() ml.classification.DecisionTreeClassifier { maxDepth = 5 }:fit(df) end
end)
axis("features", "features", { 4, 16, 64, 256 }, { grows = 1, slack = 2 }, function(x)
  local df = points(20000, x, 2)
  return function() logistic(df) end
end)
axis("classes", "classes", { 2, 4, 8, 16, 32 }, { grows = 1, slack = 2.5 }, function(x)
  local df = points(20000, 10, x)
  return function() logistic(df) end
end)
axis("vocabulary", "terms", { 100, 1000, 10000, 100000 }, { grows = 1 }, function(x)
  local df = spark:sql(("SELECT transform(sequence(1, 20), i -> concat('w', pmod(xxhash64(id, i), %d))) AS words "
    .. "FROM range(50000)"):format(x)):cache()
  df:count()
  local pipeline = ml.Pipeline { stages = {
    ml.feature.HashingTF { inputCol = "words", outputCol = "t", numFeatures = x },
    ml.feature.IDF { inputCol = "t", outputCol = "w" } } }
  return function() pipeline:fit(df):transform(df):agg(F.count "w"):collect() end
end)

-- ---- the program ----------------------------------------------------------------------------------

local clock = os.getenv "BENCH_CLOCK" == "cpu" and os.clock or core.seconds

--- Once to warm up, then up to five runs in half a second; the least of them.
local function measure(run)
  run()
  local least, began = math.huge, core.seconds()
  for _ = 1, 5 do
    local from = clock()
    run()
    least = math.min(least, clock() - from)
    if core.seconds() - began > 0.5 then break end
  end
  return least
end

if arg[1] == "list" then
  local list = {}
  for i, a in ipairs(axes) do
    list[i] = { name = a.name, counts = a.counts, grows = a.grows, log = a.log, level = a.level, slack = a.slack }
  end
  print(json.encode(list))
else
  local one = assert(axes[arg[1]], "no such axis")
  spark = tidemill.session { threads = tonumber(arg[2]), ["spark.sql.session.timeZone"] = "UTC" }
  if arg[3] then
    at_once()()
    os.exit()
  end
  for _, x in ipairs(one.xs) do
    local run, clean = one.prepare(x)
    print(x, math.floor(measure(run) * 1e9))
    io.stdout:flush()
    if clean then clean() end
    spark.catalog:clearCache()
  end
end
