-- A small warehouse: a database, a partitioned table, changes merged into a table of what is true now, and a view.
-- It lies in one folder and is there again for the next program that opens it.
--   lua5.4 examples/07_warehouse.lua
local tidemill = require "tidemill"
local F = tidemill.functions
local started = os.clock()

local folder = os.tmpname()
os.remove(folder)
local spark = tidemill.session { ["spark.sql.warehouse.dir"] = folder }

spark.catalog:createDatabase("port", true, { comment = "ships and where they are" })
spark.catalog:setCurrentDatabase "port"

-- What happened, a folder for each day.
local calls = spark:createDataFrame({
  { "2024-05-01", 1, "Aurora", "Bergen" }, { "2024-05-01", 2, "Borealis", "Oslo" },
  { "2024-05-02", 1, "Aurora", "Stavanger" }, { "2024-05-03", 3, "Cassiopeia", "Oslo" },
}, "day STRING, ship INT, name STRING, harbour STRING")
calls.write:partitionBy("day"):saveAsTable "calls"
for _, p in ipairs(spark.catalog:listPartitions "calls") do print(p.partition) end
print(("%.0f ms to the first result"):format((os.clock() - started) * 1000))

-- What is true now: one row a ship. Rows of snapshot tables can change.
spark:sql "CREATE TABLE ships (ship INT, name STRING, harbour STRING) USING snapshot"
for _, day in ipairs { "2024-05-01", "2024-05-02", "2024-05-03" } do
  spark:table("calls"):filter(F.col("day"):equalTo(day)):drop("day"):alias("c")
    :mergeInto("ships", F.expr "ships.ship = c.ship")
    :whenMatched():update { harbour = F.col "c.harbour" }
    :whenNotMatched():insertAll()
    :merge()
end
print(spark:table("ships"):orderBy "ship")

spark:sql "CREATE VIEW harbours AS SELECT harbour, count(*) AS ships FROM ships GROUP BY harbour"
print(spark:table("harbours"):orderBy(F.desc "ships", "harbour"))
for _, t in ipairs(spark.catalog:listTables()) do print(t.database .. "." .. t.name, t.tableType) end

spark:close()
os.execute("rm -r '" .. folder .. "'")

--[[
day=2024-05-01
day=2024-05-02
day=2024-05-03
50 ms to the first result
+------+------------+-----------+
| ship | name       | harbour   |
|  int | string     | string    |
+------+------------+-----------+
|    1 | Aurora     | Stavanger |
|    2 | Borealis   | Oslo      |
|    3 | Cassiopeia | Oslo      |
+------+------------+-----------+
+-----------+--------+
| harbour   |  ships |
| string    | bigint |
+-----------+--------+
| Oslo      |      2 |
| Stavanger |      1 |
+-----------+--------+
port.calls	MANAGED
port.harbours	VIEW
port.ships	MANAGED
]]
