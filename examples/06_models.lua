-- Models: fit, look inside, evaluate, choose by cross-validation, save and load.
--   lua5.4 examples/06_models.lua
local tidemill = require "tidemill"
local ml = tidemill.ml
local spark <close> = tidemill.session {}

local iris = spark.read:csv("examples/data/iris.csv", { header = true, inferSchema = true })
local features = ml.feature.VectorAssembler {
  inputCols = { "sepal_length", "sepal_width", "petal_length" }, outputCol = "features" }

-- Regression: the width of a petal from the three other lengths.
local line = ml.regression.LinearRegression { labelCol = "petal_width" }
local fitted = line:fit(features:transform(iris))
local slopes = fitted.coefficients
print(("coefficients %.4f, %.4f, %.4f"):format(slopes[1], slopes[2], slopes[3]))
print(("intercept %.4f, r2 %.4f, rmse %.4f"):format(fitted.intercept, fitted.summary.r2,
  fitted.summary.rootMeanSquaredError))

-- Classification: a tree, its depth chosen by cross-validation.
local tree = ml.classification.DecisionTreeClassifier { seed = 1 }
local pipeline = ml.Pipeline { stages = {
  ml.feature.StringIndexer { inputCol = "species", outputCol = "label", stringOrderType = "alphabetAsc" },
  features, tree } }
local accuracy = ml.evaluation.MulticlassClassificationEvaluator { metricName = "accuracy" }
local search = ml.tuning.CrossValidator { estimator = pipeline, evaluator = accuracy, numFolds = 4, seed = 7,
  estimatorParamMaps = ml.tuning.ParamGridBuilder():addGrid(tree.maxDepth, { 1, 2, 3 }):build() }
local best = search:fit(iris)
print("best depth", best.bestModel.stages[3].depth)
print(("accuracy %.4f"):format(accuracy:evaluate(best:transform(iris))))

-- Groups without labels.
local groups = ml.clustering.KMeans { k = 3, seed = 5 }:fit(features:transform(iris))
for i, size in ipairs(groups.summary.clusterSizes) do print("cluster", i - 1, size) end

-- A model is one file; loading it runs no code.
local path = os.tmpname()
best.bestModel.write:overwrite():save(path)
local again = ml.PipelineModel.load(path)
print("the loaded model agrees on all rows", again:transform(iris):exceptAll(best:transform(iris)):count() == 0)
os.remove(path)

--[[
coefficients -0.2073, 0.2228, 0.5241
intercept -0.2403, r2 0.9379, rmse 0.1894
best depth	2
accuracy 0.9533
cluster	0	60
cluster	1	50
cluster	2	40
the loaded model agrees on all rows	true
]]
