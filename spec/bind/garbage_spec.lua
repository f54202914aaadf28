-- Memory of what nobody can reach, while Lua sees only small handles: it is taken back before it ends.
local tidemill = require "tidemill"

describe("rows that nobody can reach", function()
  it("go before memory ends, though Lua has not collected them", function()
    local spark = tidemill.session { memory = 64 << 20 }
    collectgarbage "stop"
    local ok, e = pcall(function()
      for _ = 1, 20 do assert.equal(1000000, spark:range(1000000):localCheckpoint():count()) end
    end)
    collectgarbage "restart"
    spark:stop()
    assert.is_true(ok, tostring(e))
  end)
end)
