local peer = require "spec.bench.peer"
local json = require "cjson"
local spark = require "tidemill".session { threads = 2 }
local CHECK = json.decode(peer.read "spec/bench/I2/check.json")
local SCHEMA = "id BIGINT, time TIMESTAMP, kind STRING, user STRUCT<id: BIGINT, name: STRING, country: STRING>,"
  .. " price DOUBLE, quantity INT, ratio DOUBLE, first BOOLEAN, tags ARRAY<STRING>, note STRING"
local path

local function load(data)
  path = data .. "/events.json"
  return { "table", "two", "infer" }
end

local function run(case)
  if case == "infer" then return { { tostring(#spark.read:json(path).schema) } } end
  local df = spark.read:schema(SCHEMA):json(path)
  if case == "two" then return peer.rows(spark:sql(CHECK.two:gsub("FROM t", "FROM {t}"), nil, { t = df })) end
  df = df:cache()
  df:count()
  local rows = peer.rows(spark:sql(CHECK.table:gsub("FROM t", "FROM {t}"), nil, { t = df }))
  df:unpersist()
  return rows
end

peer.serve(load, run)
