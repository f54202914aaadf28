-- Estimators, models, evaluators and tuning when memory runs out at any allocation: an error, and nothing is lost.
local tidemill = require "tidemill"
local ml = tidemill.ml
local HANDLE = require "tidemill.internal".handle
local STEP = tonumber(os.getenv "MILL_SWEEP_STEP") or 17

local V = ml.linalg.Vectors
local ROWS = {}
for i = 1, 12 do
  ROWS[i] = { i % 3 == 0 and 1.0 or 0.0, V.dense { i % 4, i, i % 3 * 2 + i / 7 }, 1.0 + i % 2 }
end

tidemill.session {}:stop() -- another's would be used again
local spark = tidemill.session { threads = 1 }
local C, R = ml.classification, ml.regression
local lr = R.LinearRegression { loss = "huber", maxIter = 3 }
local WORK = {
  LinearRegression = function()
    return R.LinearRegression { weightCol = "w", elasticNetParam = 0.5, regParam = 0.1 }
  end,
  Huber = function() return lr end,
  LogisticRegression = function() return C.LogisticRegression { maxIter = 4 } end,
  Multinomial = function()
    return C.LogisticRegression { maxIter = 3, family = "multinomial", lowerBoundsOnIntercepts = { -1, -1 } }
  end,
  DecisionTreeClassifier = function() return C.DecisionTreeClassifier { leafCol = "leaf" } end,
  KMeans = function() return ml.clustering.KMeans { k = 3, maxIter = 2 } end,
  CrossValidator = function()
    return ml.tuning.CrossValidator { estimator = lr, evaluator = ml.evaluation.RegressionEvaluator {}, numFolds = 2,
      collectSubModels = true,
      estimatorParamMaps = ml.tuning.ParamGridBuilder():addGrid(lr.regParam, { 0, 0.5 }):build() }
  end,
}

local function work(make, path)
  local df = spark:createDataFrame(ROWS, "label double, features vector, w double")
  local model, shown = make():fit(df), {}
  model.write:overwrite():save(path)
  local class = getmetatable(model).__name
  local loaded = ml[ml.classes[class].package][class].load(path)
  for i, row in ipairs(loaded:transform(df):collect()) do shown[i] = tostring(row) end
  for _, name in ipairs(model[HANDLE]:attributes()) do model[HANDLE]:attribute(name) end
  if model.evaluate then shown[#shown + 1] = model:evaluate(df).predictions:count() end
  if class == "CrossValidatorModel" then shown[#shown + 1] = model.subModels[2][2].intercept end
  if class == "KMeansModel" then
    shown[#shown + 1] = ml.evaluation.ClusteringEvaluator {}:evaluate(loaded:transform(df))
    local labelled = ml.feature.StringIndexerModel.from_labels({ "a", "a label of some length" }, "s", "o")
    shown[#shown + 1] = labelled.labels[2]
  end
  return shown
end

describe("memory that runs out", function()
  for name, make in pairs(WORK) do
    it("is an error wherever it happens in " .. name, function()
      local handle, path = spark[HANDLE], os.tmpname()
      local expected, n, successes, failures = work(make, path), 1, 0, 0
      while successes < 10 do
        handle:fail_at(n, false)
        local ok, e = pcall(work, make, path)
        handle:fail_at(0, false)
        if ok then
          successes = successes + 1
          assert.same(expected, e)
        else
          successes, failures = 0, failures + 1
          assert.truthy(type(e) == "table" and e.condition or tostring(e):match "not enough memory", tostring(e))
        end
        n = n + STEP
      end
      assert.truthy(failures > 3)
      assert.same(expected, work(make, path))
      os.remove(path)
    end)
  end
end)
