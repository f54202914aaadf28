-- Tables: read a file, look at it, choose, compute, group.
--   lua5.4 examples/01_tables.lua
local tidemill = require "tidemill"
local F = tidemill.functions
local spark <close> = tidemill.session {}

local weather = spark.read:csv("examples/data/seattle_weather.csv", { header = true, inferSchema = true, dateFormat = "yyyy/MM/dd" })
weather:printSchema()
weather:show(3)

-- A string that is a column's name is that column; any other string is SQL.
local warm = weather:where "temp_max >= 30":select("date", "temp_max", "temp_min", "temp_max - temp_min AS spread")
print(warm:count() .. " days of 30 degrees or more")
warm:orderBy(F.col "temp_max":desc(), "date"):show(4)

-- The same with Column objects: comparisons are methods, & | ~ combine them.
local windy_rain = weather:filter(F.col "weather":equalTo "rain" & F.col "wind":gt(7))
for i, row in windy_rain:orderBy "date":toLocalIterator() do
  if i > 3 then break end
  print(row.date, row.wind, row.precipitation)
end

weather:groupBy(F.year "date":alias "year")
  :agg(F.count "*":alias "days", F.round(F.avg "temp_max", 2):alias "mean_max", F.sum "precipitation":alias "rain")
  :orderBy "year":show()
