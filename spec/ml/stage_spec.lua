-- What a user does with stages beyond fit and transform: parameters cleared, models from labels, summaries of other
-- rows, the models that tuning tried.
local tidemill = require "tidemill"
local ml = tidemill.ml
local V = ml.linalg.Vectors

describe("stages", function()
  local spark
  setup(function() spark = tidemill.session {} end)

  local function line(rows)
    local list = {}
    for i, r in ipairs(rows) do list[i] = { r[1] + 0.0, V.dense { r[2] } } end
    return spark:createDataFrame(list, "label double, features vector")
  end
  local function fails(condition, f, ...)
    local ok, e = pcall(f, ...)
    assert.falsy(ok)
    assert.equal(condition, e.condition, tostring(e))
  end

  it("go back to the default of a parameter that is cleared", function()
    local lr = ml.regression.LinearRegression { regParam = 0.5, weightCol = "w" }
    lr:clear(lr.regParam)
    lr:clear "weightCol"
    assert.equal(0.0, lr:getRegParam())
    assert.falsy(lr:isSet "regParam")
    assert.falsy(lr:isDefined "weightCol")
    fails("UNEXPECTED_ARGUMENT", lr.clear, lr, "zz")
  end)

  it("of labels need no fit", function()
    local Model = ml.feature.StringIndexerModel
    local df = spark:createDataFrame({ { "q" }, { "a" } }, "s string")
    for _, model in ipairs {
      Model.from_labels({ "a", "q" }, { inputCol = "s", outputCol = "o" }),
      Model.from_labels({ "a", "q" }, "s", "o"),
      Model.from_arrays_of_labels({ { "a", "q" } }, { "s" }, { "o" }),
    } do
      local rows = model:transform(df):collect()
      assert.same({ 1.0, 0.0 }, { rows[1].o, rows[2].o })
    end
    local two = Model.from_arrays_of_labels({ { "a" }, { "q", "r" } }, { inputCols = { "s", "t" },
      outputCols = { "o", "p" } })
    assert.equal("a", two.labelsArray[1][1])
    assert.equal("r", two.labelsArray[2][2])
    fails("ILLEGAL_ARGUMENT", Model.from_labels, { "a", "a" }, "s", "o")
    fails("NOT_EXPECTED_TYPE", Model.from_labels, { 1 }, "s", "o")
  end)

  it("sum up other rows than those of training", function()
    local model = ml.regression.LinearRegression {}:fit(line { { 1, 1 }, { 3, 2 }, { 5, 3 } }) -- y = 2 x - 1
    local summary = model:evaluate(line { { 2, 1 }, { 4, 2 }, { 5, 3 }, { 9, 5 } }) -- residuals 1, 1, 0, 0
    assert.near(0.5, summary.meanSquaredError, 1e-9)
    assert.near(0.5, summary.meanAbsoluteError, 1e-9)
    assert.equal(4, summary.numInstances)
    assert.near(1.0, summary.residuals:collect()[1].residuals, 1e-9)
    fails("ATTRIBUTE_NOT_SUPPORTED", function() return summary.totalIterations end)
    assert.near(0.0, model.summary.meanSquaredError, 1e-9)
    fails("USER_RAISED_EXCEPTION", model.evaluate, model,
      spark:createDataFrame({ { 1.0, V.dense { 1, 2 } } }, "label double, features vector"))
    assert.is_nil(ml.clustering.KMeans { k = 2 }:fit(line { { 0, 1 }, { 0, 5 } }).evaluate)
  end)

  it("sum up classes of other rows", function()
    local rows = {}
    for i = 1, 20 do rows[i] = { i > 10 and 1 or 0, i } end
    rows[10][1], rows[11][1] = 1, 0
    local model = ml.classification.LogisticRegression {}:fit(line(rows))
    local summary = model:evaluate(line { { 0, 1 }, { 1, 20 }, { 1, 2 }, { 0, 3 } })
    assert.equal(0.75, summary.accuracy)
    assert.near(0.75, summary.areaUnderROC, 1e-9) -- of the four pairs one is in the wrong order
    assert.equal(4, summary.predictions:count())
  end)

  it("that tuning tried are kept when asked for", function()
    local rows = {}
    for i = 1, 30 do rows[i] = { 2 * i + (i % 3), i } end
    local lr = ml.regression.LinearRegression {}
    local options = { estimator = lr, evaluator = ml.evaluation.RegressionEvaluator {}, seed = 3,
      estimatorParamMaps = ml.tuning.ParamGridBuilder():addGrid(lr.regParam, { 0.0, 0.1, 5.0 }):build() }
    local df = line(rows)
    assert.is_nil(ml.tuning.CrossValidator(options):fit(df).subModels)
    options.collectSubModels = true
    local split = ml.tuning.TrainValidationSplit(options):fit(df).subModels
    assert.equal(3, #split)
    options.numFolds = 4
    local folds = ml.tuning.CrossValidator(options):fit(df).subModels
    assert.equal(4, #folds)
    for _, models in ipairs(folds) do
      assert.equal(3, #models)
      assert.equal(5.0, models[3]:getRegParam())
      assert.truthy(models[1].coefficients[1] > models[3].coefficients[1]) -- the penalty shrinks it
    end
  end)

  it("measure groups by the silhouette", function()
    local evaluator = ml.evaluation.ClusteringEvaluator {}
    local function groups(list)
      local out = {}
      for i, r in ipairs(list) do out[i] = { V.dense(r[1]), r[2] } end
      return spark:createDataFrame(out, "features vector, prediction int")
    end
    -- by hand: 1 - 1/50, 1 - 1/41, and 0 for a row alone in its group
    assert.near((2 - 1 / 50 - 1 / 41) / 3,
      evaluator:evaluate(groups { { { 0, 0 }, 0 }, { { 1, 0 }, 0 }, { { 5, 5 }, 7 } }), 1e-12)
    assert.equal(0.0, evaluator:evaluate(groups { { { 0, 0 / 0 }, 0 }, { { 1, 0 }, 0 }, { { 5, 5 }, 1 } }))
    fails("ILLEGAL_ARGUMENT", evaluator.evaluate, evaluator, groups { { { 0 }, 1 }, { { 1 }, 1 } })
    assert.truthy(evaluator:isLargerBetter())
  end)
end)
