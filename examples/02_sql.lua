-- SQL: the same tables by name; parameters, windows, common table expressions, subqueries.
--   lua5.4 examples/02_sql.lua
local tidemill = require "tidemill"
local spark <close> = tidemill.session {}

spark.read:csv("examples/data/seattle_weather.csv", { header = true, inferSchema = true, dateFormat = "yyyy/MM/dd" })
  :createOrReplaceTempView "weather"

spark:sql([[
  SELECT weather, count(*) AS days, round(avg(wind), 1) AS wind
  FROM weather WHERE year(date) = :year
  GROUP BY weather ORDER BY days DESC]], { year = 2012 }):show()

-- The wettest day of each year, and how it compares with the day before.
spark:sql [[
  WITH numbered AS (
    SELECT date, precipitation,
           lag(precipitation) OVER (ORDER BY date) AS day_before,
           row_number() OVER (PARTITION BY year(date) ORDER BY precipitation DESC) AS place
    FROM weather)
  SELECT date, precipitation, day_before FROM numbered WHERE place = 1 ORDER BY date]]:show()

-- Months that were hotter than the hottest month of 2012.
spark:sql [[
  SELECT year(date) AS y, month(date) AS m, round(avg(temp_max), 2) AS mean_max
  FROM weather GROUP BY ALL
  HAVING avg(temp_max) > (SELECT max(t) FROM (SELECT avg(temp_max) AS t FROM weather
                                              WHERE year(date) = 2012 GROUP BY month(date)))
  ORDER BY mean_max DESC LIMIT 3]]:show()

-- Errors are objects that say where and what to do.
local ok, err = pcall(function() return spark:sql "SELECT temp_mx FROM weather" end)
print(ok, err.condition, err.sqlState)
print(err)

--[[
+-------+----+----+
|weather|days|wind|
+-------+----+----+
|   rain| 191| 3.6|
|    sun| 118| 3.1|
|drizzle|  31| 2.5|
|   snow|  21| 4.5|
|    fog|   5| 2.4|
+-------+----+----+

+----------+-------------+----------+
|      date|precipitation|day_before|
+----------+-------------+----------+
|2012-11-19|         54.1|       7.9|
|2013-09-28|         43.4|       1.0|
|2014-03-05|         46.7|      16.5|
|2015-03-15|         55.9|      17.0|
+----------+-------------+----------+

+----+---+--------+
|   y|  m|mean_max|
+----+---+--------+
|2015|  7|   28.09|
|2014|  7|    26.9|
|2014|  8|   26.38|
+----+---+--------+

false	UNRESOLVED_COLUMN.WITH_SUGGESTION	42703
02_sql.lua:32: [UNRESOLVED_COLUMN.WITH_SUGGESTION] There is no column, variable or function `temp_mx`. Did you mean `temp_max`, `temp_min`, `date`, `wind`, `weather`? (SQLSTATE 42703)
  SELECT temp_mx FROM weather
         ^^^^^^^   did you mean `temp_max`?
]]
