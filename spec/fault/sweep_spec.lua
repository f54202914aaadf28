-- A sample of `make sweep`: a few allocations of each scenario fail.
local sweep = dofile "spec/fault/sweep.lua"

describe("a failing allocation", function()
  for i, scenario in ipairs(dofile "spec/fault/scenarios.lua") do
    it("leaves nothing behind: " .. scenario.name, function()
      local problem = sweep.run(scenario, { dense = 3, points = 5, again = 4, forever = i % 2 == 0,
        threads = i % 3 == 0 and 2 or 1 })
      assert.is_nil(problem)
    end)
  end
end)
