-- Rows of the suite that are SQL over tables of a generator: each case runs and its rows are kept in memory; the answer
-- is a check over them. Arguments: the data, the row's folder.
local peer = require "spec.bench.peer"
local json = require "cjson"
local spark = require "tidemill".session { threads = 2 }
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
  for i, case in ipairs(info.cases) do cases[i] = case.name end
  return cases
end

local function run(name)
  for _, case in ipairs(info.cases) do
    if case.name == name then
      if kept then kept:unpersist() end
      kept = spark:sql(case.tidemill or case.sql):cache()
      kept:count()
      return case
    end
  end
end

peer.serve(load, run, function(name)
  local case = run(name)
  kept:createOrReplaceTempView "result"
  return peer.rows(spark:sql(case.check))
end)
