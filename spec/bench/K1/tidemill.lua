-- Kernels of the catalogue over a table in memory: how long a query takes that needs nothing but a function's results
-- and counts those that are not null. The answer is a sum over them. Arguments: the data, the row's folder.
local peer = require "spec.bench.peer"
local core = require "tidemill.core"
local json = require "cjson"
local spark = require "tidemill".session { threads = tonumber(os.getenv "TIDEMILL_THREADS" or 1) }
spark:sql "SET spark.sql.session.timeZone = UTC"
spark:sql "SET spark.sql.timeType.enabled = true"
local info = json.decode(peer.read(arg[2] .. "/row.json"))

local LONG_ENOUGH = 0.05 -- seconds of the processor that a run lasts at least
local SUM = { number = "sum(CAST(? AS DOUBLE))", flag = "count_if(?)", text = "sum(crc32(?))" }

local function put(template, text)
  return (template:gsub("%?", (text:gsub("%%", "%%%%"))))
end

-- What Parquet has no type for, and columns of other types.
local DERIVED = "SELECT * EXCEPT (m), CAST(m * 0.01BD AS DECIMAL(12, 2)) AS m, "
  .. "CAST(j * 0.01BD AS DECIMAL(12, 2)) AS mj, "
  .. "CAST(j AS INT) AS jn, m AS mc, CAST(d AS TIMESTAMP) AS dt, CAST(n % 60 AS DECIMAL(16, 6)) AS ss, "
  .. "array(a, c) AS ac, CAST(j % 2 AS INT) AS bit, "
  .. "concat(X'0101000000', CAST(substring(u, 13, 16) AS BINARY)) AS wk, "
  .. "2000 + n % 25 AS yy, 1 + n % 12 AS mm, 1 + n % 28 AS dd, "
  .. "CAST(e AS ARRAY<DOUBLE>) AS de, map(1L, i, 2L, j, 3L, i + j, 4L, i - j) AS mp, parse_json(js) AS v, "
  .. "time_from_micros(pmod(unix_micros(ts), 86400000000)) AS tm FROM k"

local function load(data)
  spark.read:parquet(data .. "/k.parquet"):createOrReplaceTempView "k"
  local df = spark:sql(DERIVED):cache()
  df:count()
  df:createOrReplaceTempView "k"
  local names = {}
  for i, case in ipairs(info.cases) do
    names[i], info.cases[case.name] = case.name, case
  end
  return names
end

local function run(name)
  local case = info.cases[name]
  -- A value that cannot be null is not computed to be counted: `run` says what is done with it instead.
  local what = case.all and case.expr or put(case.run or "count(?)", case.expr)
  local df = spark:sql(("SELECT %s FROM %s"):format(what, case.from or "k"))
  local began, cpu, times = core.seconds(), os.clock(), 0
  repeat
    df:collect()
    times = times + 1
  until os.clock() - cpu > LONG_ENOUGH
  return { ns = (core.seconds() - began) * 1e9 / times, cpu = (os.clock() - cpu) * 1e9 / times }
end

peer.serve(load, run, function(name)
  local case = info.cases[name]
  if case.sum == "none" then return nil end
  local what = case.all and case.expr or put(SUM[case.sum] or put(SUM.number, case.sum), case.expr)
  return peer.rows(spark:sql(("SELECT CAST(%s AS DOUBLE) FROM %s"):format(what, case.from or "k")))
end)
