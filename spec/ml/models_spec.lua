-- Estimators and models on small data: what a user meets beside the cases that Spark answered.
local tidemill = require "tidemill"
local ml = tidemill.ml
local V = ml.linalg.Vectors

describe("estimators", function()
  local spark
  setup(function() spark = tidemill.session {} end)

  local function frame(rows, schema) return spark:createDataFrame(rows, schema or "label double, features vector") end
  local function fails(condition, f, ...)
    local ok, e = pcall(f, ...)
    assert.falsy(ok)
    assert.equal(condition, e.condition, tostring(e))
    return e
  end

  local ESTIMATORS = {
    ml.regression.LinearRegression, ml.classification.LogisticRegression, ml.classification.DecisionTreeClassifier,
    ml.clustering.KMeans,
  }

  it("refuse vectors without values, but for the normal equations", function()
    local empty = frame { { 0.0, V.dense {} }, { 1.0, V.dense {} } }
    for i, class in ipairs(ESTIMATORS) do
      if i == 1 then assert.equal(0.5, class {}:fit(empty).intercept)
      else fails("ILLEGAL_ARGUMENT", class({}).fit, class {}, empty) end
    end
  end)

  it("name what is wrong with the rows", function()
    local good = { 0.0, V.dense { 1.0 } }
    for _, bad in ipairs { 0 / 0, math.huge, -math.huge } do
      for i, class in ipairs(ESTIMATORS) do
        fails("USER_RAISED_EXCEPTION", class({}).fit, class {}, frame { good, { 1.0, V.dense { bad } } })
        if i < 4 then
          fails("USER_RAISED_EXCEPTION", class({}).fit, class {}, frame { good, { bad, V.dense { 2 } } })
        end
      end
    end
    local e = fails("USER_RAISED_EXCEPTION", function()
      ml.classification.LogisticRegression {}:fit(frame { good, { 0.5, V.dense { 2 } } })
    end)
    assert.truthy(e.message:find("0.5", 1, true))
    fails("USER_RAISED_EXCEPTION", function()
      ml.classification.DecisionTreeClassifier {}:fit(frame { good, { 1e5, V.dense { 2 } } })
    end)
  end)

  it("fit a line, told by its summary", function()
    local df = frame { { 1.0, V.dense { 0 } }, { 3.0, V.dense { 1 } }, { 5.5, V.dense { 2 } }, { 7.0, V.dense { 3 } } }
    local model = ml.regression.LinearRegression {}:fit(df)
    -- slope 10.25 / 5 = 2.05, intercept 4.125 - 3.075
    assert.near(2.05, model.coefficients[1], 1e-12)
    assert.near(1.05, model.intercept, 1e-12)
    local s = model.summary
    assert.equal(4, s.numInstances)
    assert.equal(2, s.degreesOfFreedom)
    assert.near(math.sqrt(s.meanSquaredError), s.rootMeanSquaredError, 1e-15)
    -- residuals -0.05 -0.1 0.35 -0.2: squares 0.175
    assert.near(0.175 / 4, s.meanSquaredError, 1e-12)
    assert.near(math.sqrt(0.175 / 2 / 5), s.coefficientStandardErrors[1], 1e-12)
    assert.equal("label", s.labelCol)
    local residuals = s.residuals:collect()
    assert.near(0.35, residuals[3].residuals, 1e-12)
    assert.equal(4, s.predictions:count())
    fails("ATTRIBUTE_NOT_SUPPORTED", function() return s.rootMeanSquareError end)
  end)

  it("have no summary after loading", function()
    local path = os.tmpname()
    local df = frame { { 1.0, V.dense { 0 } }, { 0.0, V.dense { 1 } }, { 1.0, V.dense { 3 } } }
    local model = ml.classification.LogisticRegression { regParam = 0.1 }:fit(df)
    assert.truthy(model.hasSummary)
    model.write:overwrite():save(path)
    local loaded = ml.classification.LogisticRegressionModel.load(path)
    assert.falsy(loaded.hasSummary)
    assert.equal(tostring(model.coefficients), tostring(loaded.coefficients))
    os.remove(path)
  end)

  it("grow the tree that Spark grows, and print it so", function()
    local df = frame { { 1.0, V.dense { 1, 3 } }, { 0.0, V.dense { 2, 1 } }, { 1.0, V.dense { 5, 0.5 } },
      { 0.0, V.dense { 4, 0.25 } } }
    local model = ml.classification.DecisionTreeClassifier {}:fit(df)
    assert.equal([[
  If (feature 1 <= 0.375)
   Predict: 0.0
  Else (feature 1 > 0.375)
   If (feature 0 <= 1.5)
    Predict: 1.0
   Else (feature 0 > 1.5)
    If (feature 0 <= 3.0)
     Predict: 0.0
    Else (feature 0 > 3.0)
     Predict: 1.0
]], (model.toDebugString:gsub("^[^\n]*\n", "")))
    assert.truthy(model.toDebugString:find("depth=3, numNodes=7, numClasses=2, numFeatures=2", 1, true))
    assert.equal(0.375, model.rootNode.threshold)
    assert.equal(0.0, model.rootNode.left.prediction)
    assert.same({ 1.0, 2.0 }, { model.rootNode.right.stats[1], model.rootNode.right.stats[2] })
  end)

  it("answer to one vector as to a row", function()
    local df = frame { { 1.0, V.dense { 1, 3 } }, { 0.0, V.dense { 2, 1 } }, { 1.0, V.dense { 5, 0.5 } } }
    local tree = ml.classification.DecisionTreeClassifier { featuresCol = "features" }:fit(df)
    local logistic = ml.classification.LogisticRegression { regParam = 0.1, rawPredictionCol = "" }:fit(df)
    local line = ml.regression.LinearRegression {}:fit(df)
    for _, row in ipairs(logistic:transform(df):collect()) do
      assert.equal(row.prediction, logistic:predict(row.features))
      assert.equal(tostring(row.probability), tostring(logistic:predictProbability(row.features)))
    end
    assert.equal(0.0, tree:predict { 2, 1 })
    assert.equal(0.0, tree:predictLeaf { 1.0, 9 })
    assert.equal(2, tree:predictRaw(V.dense { 1, 3 }).size)
    assert.near(1.0, line:predict(V.dense { 1, 3 }), 1e-9)
    fails("NOT_EXPECTED_TYPE", line.predict, line, "x")
    fails("ATTRIBUTE_NOT_SUPPORTED", function() return line.predictRaw end)
  end)

  it("keep the threshold of two classes in one way or the other", function()
    local df = frame { { 1.0, V.dense { 1 } }, { 0.0, V.dense { 2 } }, { 1.0, V.dense { 0 } },
      { 0.0, V.dense { 1.5 } } }
    local class = ml.classification.LogisticRegression
    fails("ILLEGAL_ARGUMENT", function() class { threshold = 0.3, thresholds = { 0.3, 0.7 } }:fit(df) end)
    fails("ILLEGAL_ARGUMENT", function() class { thresholds = { 0.3, 0.3, 0.4 } }:fit(df) end)
    fails("ILLEGAL_ARGUMENT", class, { thresholds = { 0.0, 0.0 } })
    local model = class { thresholds = { 0.3, 0.7 }, regParam = 0.1 }:fit(df)
    for _, row in ipairs(model:transform(df):collect()) do
      assert.equal(row.probability[2] > 0.7 and 1.0 or 0.0, row.prediction)
    end
  end)

  it("are tuned through Pipelines, and the tuned model travels", function()
    local df = spark:range(60):selectExpr("CAST(id % 7 AS DOUBLE) AS a", "CAST(id % 7 * 3 + id % 2 AS DOUBLE) AS label",
      "CAST(id % 3 AS INT) AS fold")
    local lr = ml.regression.LinearRegression {}
    local pipeline = ml.Pipeline { stages = {
      ml.feature.VectorAssembler { inputCols = { "a" }, outputCol = "features" }, lr } }
    local grid = ml.tuning.ParamGridBuilder():addGrid(lr.regParam, { 100.0, 0.0 }):build()
    local cv = ml.tuning.CrossValidator { estimator = pipeline, evaluator = ml.evaluation.RegressionEvaluator {},
      estimatorParamMaps = grid, foldCol = "fold" }
    local model = cv:fit(df)
    assert.truthy(model.avgMetrics[2] < model.avgMetrics[1])
    assert.near(3, model.bestModel.stages[2].coefficients[1], 0.05)
    local path = os.tmpname()
    model.write:overwrite():save(path)
    local loaded = ml.tuning.CrossValidatorModel.load(path)
    assert.equal(model.avgMetrics[1], loaded.avgMetrics[1])
    assert.same(tostring(model:transform(df):collect()[5]), tostring(loaded:transform(df):collect()[5]))
    os.remove(path)
    fails("ILLEGAL_ARGUMENT", function() ml.tuning.CrossValidator {}:fit(df) end)
  end)

  it("predict for rows that come in a stream or in parts alike", function()
    local rows = {}
    for i = 1, 3000 do rows[i] = { i % 2 + 0.0, V.sparse(4, { i % 4 }, { i % 2 * 2.0 + i % 5 }) } end
    local df = frame(rows)
    local model = ml.clustering.KMeans { k = 3, seed = 4 }:fit(df)
    local all, part = model:transform(df):collect(), model:transform(df:limit(2100)):where("label = 1"):collect()
    for i, row in ipairs(part) do assert.equal(all[2 * i - 1].prediction, row.prediction) end
  end)
end)
