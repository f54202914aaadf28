-- What nobody can reach holds memory of the session, while Lua sees only small handles: it goes before memory ends,
-- though Lua's collector is stopped.
local tidemill = require "tidemill"
local F = tidemill.functions

describe("what nobody can reach", function()
  local spark, dir

  setup(function()
    collectgarbage()
    dir = os.tmpname()
    os.remove(dir)
    tidemill.session {}:stop() -- another's would be used again
    spark = tidemill.session { threads = 2, memory = 64 << 20 }
    collectgarbage "stop"
  end)
  teardown(function()
    collectgarbage "restart"
    spark:stop()
    os.execute("rm -rf " .. dir)
  end)

  -- Each makes and drops 5 MB and more.
  local MAKES = {
    ["checkpointed rows"] = function() assert.equal(1000000, spark:range(1000000):localCheckpoint():count()) end,
    ["cached rows"] = function() assert.equal(1000000, spark:range(1000000):cache():count()) end,
    ["rows of an iterator that was left"] = function()
      local sorted = spark:range(300000):withColumn("r", F.rand(1)):orderBy "r"
      local step, state, before = sorted:toLocalIterator()
      local _, row = step(state, before)
      assert.is_number(row.r)
    end,
    ["rows taken from Lua"] = function()
      local rows = {}
      for i = 1, 5000 do rows[i] = { i, ("x"):rep(1600) } end
      assert.equal(5000, spark:createDataFrame(rows, { "i", "s" }):count())
    end,
    ["long texts"] = function()
      local text = "SELECT length('" .. ("x"):rep(1 << 22) .. "') n, %d"
      for i = 1, 2 do assert.equal(1 << 22, spark:sql(text:format(i)):collect()[1].n) end
    end,
  }
  for name, make in pairs(MAKES) do
    it("goes before memory ends: " .. name, function() for _ = 1, 20 do make() end end)
  end

  it("goes before rows are written, streamed, fitted and told", function()
    local some = spark:range(1000000)
    local function waste() some:localCheckpoint() end
    local ways = {
      function() spark:range(10).write:mode("overwrite"):csv(dir) end,
      function() spark:sql "SELECT 1":collect() end,
      function() spark:range(10):toArrow():close() end,
      function()
        spark.readStream:format("rate-micro-batch"):option("rowsPerBatch", 1):load().writeStream
          :format("noop"):trigger { once = true }:start():awaitTermination()
      end,
      function() spark:range(10):freqItems { "id" }:collect() end,
      function()
        local feature = tidemill.ml.feature
        local rows = feature.VectorAssembler { inputCols = { "id" }, outputCol = "v" }:transform(spark:range(9))
        feature.StandardScaler { inputCol = "v", outputCol = "w" }:fit(rows)
      end,
    }
    for i = 1, 24 do
      waste()
      ways[i % #ways + 1]()
    end
  end)

  it("may close the session on its way", function()
    local other = spark:newSession()
    setmetatable({}, { __gc = function() other:close() end })
    local fine, err = pcall(function() for _ = 1, 20 do other:range(1000000):localCheckpoint() end end)
    assert.is_false(fine)
    assert.equal("SESSION_CLOSED", err.condition)
  end)
end)
