-- Features: text, categories and numbers become vectors; each stage is a lazy column of the query.
--   lua5.4 examples/05_features.lua
local tidemill = require "tidemill"
local feature = tidemill.ml.feature
local spark <close> = tidemill.session {}

local raw = spark.read:csv("examples/data/penguins_raw.csv",
  { header = true, inferSchema = true, nullValue = "NA" })
local birds = raw:selectExpr("`Sample Number` AS id", "Island AS island", "Comments AS comment",
  "`Culmen Length (mm)` AS bill", "CAST(`Body Mass (g)` AS DOUBLE) AS grams")

-- Missing numbers are replaced by the median, learned from the data.
local imputer = feature.Imputer {
  inputCols = { "bill", "grams" }, outputCols = { "bill", "grams" }, strategy = "median" }
local filled = imputer:fit(birds):transform(birds)
print(birds:where "grams IS NULL":count(), filled:where "grams IS NULL":count())

-- Categories: the most frequent first, then one slot each but for the last.
local indexer = feature.StringIndexer { inputCol = "island", outputCol = "island_index" }:fit(filled)
print(table.concat(indexer.labels, ", "))
local pipeline = tidemill.ml.Pipeline { stages = {
  indexer,
  feature.OneHotEncoder { inputCols = { "island_index" }, outputCols = { "island_vector" } },
  feature.Bucketizer { inputCol = "grams", outputCol = "size", splits = { 0, 3500, 4500, math.huge } },
  feature.VectorAssembler { inputCols = { "bill", "grams" }, outputCol = "numbers" },
  feature.StandardScaler { inputCol = "numbers", outputCol = "scaled", withMean = true },
  feature.VectorAssembler { inputCols = { "island_vector", "size", "scaled" }, outputCol = "features" } } }
local vectors = pipeline:fit(filled):transform(filled)
vectors:select("island", "size", "island_vector"):show(3)
vectors:groupBy "size":count():orderBy "size":show()

-- Text: words, counted by hash into 64 places, weighed by how rare they are.
local comments = birds:where "comment IS NOT NULL"
local text = tidemill.ml.Pipeline { stages = {
  feature.Tokenizer { inputCol = "comment", outputCol = "words" },
  feature.HashingTF { inputCol = "words", outputCol = "counts", numFeatures = 64 },
  feature.IDF { inputCol = "counts", outputCol = "weights" } } }
text:fit(comments):transform(comments):select("words", "counts"):show(2, 40)

--[[
2	0
Biscoe, Dream, Torgersen
+---------+----+-------------+
|   island|size|island_vector|
+---------+----+-------------+
|Torgersen| 1.0|    (2,[],[])|
|Torgersen| 1.0|    (2,[],[])|
|Torgersen| 0.0|    (2,[],[])|
+---------+----+-------------+
only showing top 3 rows
+----+-----+
|size|count|
+----+-----+
| 0.0|   71|
| 1.0|  155|
| 2.0|  118|
+----+-----+

+------------------------------------+----------------------------------------+
|                               words|                                  counts|
+------------------------------------+----------------------------------------+
|[not, enough, blood, for, isotopes.]|(64,[24,39,44,51,61],[1.0,1.0,1.0,1.0...|
|              [adult, not, sampled.]|            (64,[8,42,61],[1.0,1.0,1.0])|
+------------------------------------+----------------------------------------+
only showing top 2 rows
]]
