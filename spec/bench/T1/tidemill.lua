local peer = require "spec.bench.peer"
local json = require "cjson"
local spark = require "tidemill".session { threads = 2 }
local cases, texts = {}, {}

local function load(data)
  for name, schema in pairs(json.decode(peer.read "spec/bench/tpch.json")) do
    local df = spark.read:option("header", true):schema(schema):csv(("%s/%s.csv"):format(data, name)):cache()
    df:count()
    df:createOrReplaceTempView(name)
  end
  for i = 1, 22 do
    cases[i] = ("q%02d"):format(i)
    texts[cases[i]] = peer.read(("spec/bench/T1/queries/%s.sql"):format(cases[i]))
  end
  return cases
end

peer.serve(load, function(case) return peer.rows(spark:sql(texts[case])) end)
