-- Rows of the suite that are SQL over tables of a generator: each case runs and its rows are kept in memory; the answer
-- is a check over them. A case without a check gives its rows. Arguments: the data, the row's folder.
local peer = require "spec.bench.peer"
local json = require "cjson"
local limit = os.getenv "BENCH_MEMORY"
local spark = require "tidemill".session { threads = tonumber(os.getenv "TIDEMILL_THREADS" or 2),
  memory = limit ~= "" and limit or nil }
local info = json.decode(peer.read(arg[2] .. "/row.json"))
local kept

local function load(data)
  for _, name in ipairs(info.tables) do
    local df = spark.read:parquet(("%s/%s.parquet"):format(data, name))
    if info.memory ~= false then
      df = df:cache()
      df:count()
    end
    df:createOrReplaceTempView(name)
  end
  local cases = {}
  for i, case in ipairs(info.cases) do
    cases[i], cases[case.name] = case.name, case
    case.sql = case.tidemill or case.sql or peer.read("spec/bench/" .. case.file)
  end
  info.cases = cases
  return { table.unpack(cases) }
end

local function run(name)
  local case = info.cases[name]
  if not case.check then return peer.rows(spark:sql(case.sql)) end
  if kept then kept:unpersist() end
  kept = spark:sql(case.sql):cache()
  kept:count()
end

peer.serve(load, run, function(name)
  local rows = run(name)
  if rows then return rows end
  kept:createOrReplaceTempView "result"
  return peer.rows(spark:sql(info.cases[name].check))
end)
