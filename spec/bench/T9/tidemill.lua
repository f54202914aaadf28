local peer = require "spec.bench.peer"
local spark = require "tidemill".session { threads = 2 }
local SIZES = { 1, 100, 10000 }
local QUERY = "SELECT k, count(*) AS n, sum(v) AS s FROM rows_%s WHERE v > %s GROUP BY k ORDER BY k"
local LOOK_UP = "SELECT k, v FROM rows_%s WHERE v = %s"

local function load()
  local cases = {}
  for _, n in ipairs(SIZES) do
    local k, v = {}, {}
    for i = 1, n do k[i], v[i] = i % 7, (i * 7919) % 101 end
    spark:createDataFrame({ k = k, v = v }, "k BIGINT, v BIGINT"):createOrReplaceTempView("rows_" .. n)
    for _, form in ipairs { "adhoc", "prepared", "lookup" } do cases[#cases + 1] = form .. "_" .. n end
  end
  return cases
end

peer.serve(load, function(case)
  local form, n = case:match "^(%a+)_(%d+)$"
  local repeats = n == "10000" and 300 or 1000
  if form == "adhoc" then -- no text comes twice
    return peer.median_of(function(turn)
      return spark:sql(QUERY:format(n, turn % 50 .. " + 0 * " .. turn)):collect()
    end, repeats)
  end
  local text = (form == "lookup" and LOOK_UP or QUERY):format(n, ":x")
  return peer.median_of(function(turn) return spark:sql(text, { x = turn % 50 }):collect() end, repeats)
end)
