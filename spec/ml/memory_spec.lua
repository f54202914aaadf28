-- Memory that runs out at any allocation of a fit, a transform, saving and loading is an error, and the session goes
-- on working: the sweep makes one allocation after the other fail.
local tidemill = require "tidemill"
local ml = tidemill.ml
local HANDLE = require "tidemill.internal".handle
local STEP = tonumber(os.getenv "MILL_SWEEP_STEP") or 37

local function work(spark, path)
  local rows = { { "a b", "x", 1.0 }, { "b c", "y", 2.0 }, { "c a", "x", tidemill.null }, { "a", "z", 4.0 } }
  local df = spark:createDataFrame(rows, "text string, s string, n double")
  local f = ml.feature
  local model = ml.Pipeline { stages = {
    f.Tokenizer { inputCol = "text", outputCol = "words" },
    f.HashingTF { inputCol = "words", outputCol = "counts", numFeatures = 8 },
    f.IDF { inputCol = "counts", outputCol = "weights" },
    f.StringIndexer { inputCol = "s", outputCol = "i", handleInvalid = "keep" },
    f.OneHotEncoder { inputCol = "i", outputCol = "v" },
    f.Imputer { inputCol = "n", outputCol = "m", strategy = "median" },
    f.Bucketizer { inputCol = "m", outputCol = "b", splits = { -math.huge, 2, math.huge } },
    f.VectorAssembler { inputCols = { "weights", "v", "m", "b" }, outputCol = "features" },
    f.StandardScaler { inputCol = "features", outputCol = "scaled" } } }:fit(df)
  local shown = {}
  for i, row in ipairs(model:transform(df):select("scaled"):collect()) do shown[i] = tostring(row) end
  model.write:overwrite():save(path)
  local loaded = ml.PipelineModel.load(path)
  assert(#loaded.stages == 9 and #loaded.stages[4].labels == 3)
  return shown
end

describe("memory that runs out", function()
  it("is an error wherever it happens, and nothing is lost", function()
    tidemill.session {}:stop() -- another's would be used again
    local spark = tidemill.session { threads = 1 }
    local handle, path = spark[HANDLE], os.tmpname()
    local expected = work(spark, path)
    local n, successes, failures = 1, 0, 0
    while successes < 20 do -- one alone may be an allocation that can be done without
      handle:fail_at(n, false)
      local ok, e = pcall(work, spark, path)
      handle:fail_at(0, false)
      if ok then
        successes = successes + 1
        assert.same(expected, e)
      else
        successes, failures = 0, failures + 1
        local said = type(e) == "table" and e.condition or tostring(e):match "not enough memory" -- as Lua says it
        assert.truthy(said, tostring(e))
      end
      n = n + STEP
    end
    assert.truthy(failures > 10)
    assert.same(expected, work(spark, path))
    os.remove(path)
  end)
end)
