local peer = require "spec.bench.peer"
local spark = require "tidemill".session { threads = 2 }
local SIZES = { rows_1 = 1, rows_100 = 100, rows_10000 = 10000 }
local QUERY = "SELECT k, count(*) AS n, sum(v) AS s FROM %s WHERE v > 10 GROUP BY k ORDER BY k"

local function load()
  for name, n in pairs(SIZES) do
    local k, v = {}, {}
    for i = 1, n do k[i], v[i] = i % 7, (i * 7919) % 101 end
    spark:createDataFrame({ k = k, v = v }, "k BIGINT, v BIGINT"):createOrReplaceTempView(name)
  end
  return { "rows_1", "rows_100", "rows_10000" }
end

peer.serve(load, function(case)
  local text = QUERY:format(case)
  return peer.median_of(function() return spark:sql(text):collect() end, case == "rows_10000" and 300 or 1000)
end)
