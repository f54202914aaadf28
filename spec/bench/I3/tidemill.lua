local peer = require "spec.bench.peer"
local json = require "cjson"
local spark = require "tidemill".session { threads = 2 }
local CHECK = json.decode(peer.read "spec/bench/I3/check.json")
local SCHEMA = json.decode(peer.read "spec/bench/mixed.json").mixed
local folder

local function load(data)
  folder = data
  return { "three", "table", "parquet_three", "parquet_table" }
end

local function run(case)
  local df = spark.read:options { header = true, multiLine = true, escape = '"' }:schema(SCHEMA):csv(folder)
  if case:find "^parquet_" then
    df, case = spark.read:parquet(folder .. "_parquet"), case:match "_(.*)"
  end
  if case == "table" then
    df = df:cache()
    df:count()
  end
  local rows = peer.rows(spark:sql(CHECK[case]:gsub("FROM t", "FROM {t}"), nil, { t = df }))
  if case == "table" then df:unpersist() end
  return rows
end

peer.serve(load, run)
