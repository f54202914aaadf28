-- Tables: read a file, look at it, choose, compute, group.
--   lua5.4 examples/01_tables.lua
local tidemill = require "tidemill"
local F = tidemill.functions
local spark <close> = tidemill.session {}

local weather = spark.read:csv("examples/data/seattle_weather.csv",
  { header = true, inferSchema = true, dateFormat = "yyyy/MM/dd" })
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

--[[
root
 |-- date: date (nullable = true)
 |-- precipitation: double (nullable = true)
 |-- temp_max: double (nullable = true)
 |-- temp_min: double (nullable = true)
 |-- wind: double (nullable = true)
 |-- weather: string (nullable = true)

+----------+-------------+--------+--------+----+-------+
|      date|precipitation|temp_max|temp_min|wind|weather|
+----------+-------------+--------+--------+----+-------+
|2012-01-01|          0.0|    12.8|     5.0| 4.7|drizzle|
|2012-01-02|         10.9|    10.6|     2.8| 4.5|   rain|
|2012-01-03|          0.8|    11.7|     7.2| 2.3|   rain|
+----------+-------------+--------+--------+----+-------+
only showing top 3 rows
63 days of 30 degrees or more
+----------+--------+--------+------------------+
|      date|temp_max|temp_min|            spread|
+----------+--------+--------+------------------+
|2014-08-11|    35.6|    17.8|              17.8|
|2015-07-19|    35.0|    17.2|              17.8|
|2012-08-16|    34.4|    18.3|16.099999999999998|
|2014-07-01|    34.4|    15.6|18.799999999999997|
+----------+--------+--------+------------------+
only showing top 4 rows
2012-01-21	8.2	3.0
2012-02-18	8.1	6.4
2012-02-21	7.5	0.8
+----+----+--------+------+
|year|days|mean_max|  rain|
+----+----+--------+------+
|2012| 366|   15.28|1226.0|
|2013| 365|   16.06| 828.0|
|2014| 365|    17.0|1232.8|
|2015| 365|   17.43|1139.2|
+----+----+--------+------+

]]
