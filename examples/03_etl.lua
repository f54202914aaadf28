-- ETL: a messy file is cleaned, joined and written; missing values, text to numbers, duplicates.
--   lua5.4 examples/03_etl.lua
local tidemill = require "tidemill"
local F = tidemill.functions
local spark <close> = tidemill.session {}
local out = os.tmpname()
os.remove(out)

local raw = spark.read:csv("examples/data/penguins_raw.csv", { header = true, inferSchema = true, nullValue = "NA" })
local islands = spark.read:csv("examples/data/islands.csv", { header = true, inferSchema = true })

local clean = raw
  :select(F.split("Species", " "):getItem(0):alias "species", F.col "Island":alias "island",
    F.col "Culmen Length (mm)":alias "bill", F.col "Body Mass (g)":alias "grams", F.lower "Sex":alias "sex",
    F.year "Date Egg":alias "year")
  :dropna { subset = { "bill", "grams" } }
  :fillna { sex = "unknown" }
  :dropDuplicates()
print(raw:count(), clean:count())
clean:groupBy "sex":count():orderBy "sex":show()

local placed = clean:join(islands, "island"):withColumn("kg", F.round(F.col "grams" / 1000, 2)):drop "grams"
placed.write:mode "overwrite":partitionBy "species":json(out)

local back = spark.read:json(out)
back:groupBy "species":agg(F.count "*":alias "n", F.round(F.avg "kg", 2):alias "kg", F.max "year":alias "last")
  :orderBy "species":show()
os.execute("rm -r " .. out)

--[[
344	341
+-------+-----+
|    sex|count|
+-------+-----+
| female|  165|
|   male|  167|
|unknown|    9|
+-------+-----+

+---------+---+----+----+
|  species|  n|  kg|last|
+---------+---+----+----+
|   Adelie|151| 3.7|2009|
|Chinstrap| 68|3.73|2009|
|   Gentoo|122|5.07|2009|
+---------+---+----+----+

]]
