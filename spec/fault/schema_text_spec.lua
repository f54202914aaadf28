-- A schema given as a text is read in two forms. Memory that ends in the first is no fault of the text.
local tidemill = require "tidemill"
local internal = require "tidemill.internal"

describe("a text of a schema", function()
  local spark, handle
  setup(function()
    tidemill.session {}:stop() -- another's would be used again
    spark = tidemill.session { threads = 1 }
    handle = rawget(spark, internal.handle)
  end)
  teardown(function() spark:stop() end)

  --- Every allocation of the call fails once; how many of them could not be done without.
  local function sweep(call)
    local function run()
      spark.conf:set("spark.app.name", "sweep") -- the plan of the text is forgotten
      return spark:sql("SELECT CAST(" .. call .. " AS STRING)"):collect()[1][1]
    end
    local expected, before = run(), handle:memory().calls
    run()
    local failed = 0
    for n = 1, handle:memory().calls - before do
      handle:fail_at(n, false)
      local fine, result = pcall(run)
      handle:fail_at(0, false)
      assert.equal(fine and expected or "OUT_OF_MEMORY", fine and result or result.condition or result)
      failed = failed + (fine and 0 or 1)
    end
    return failed
  end

  for _, call in ipairs { "from_xml('<r><a>1</a></r>', 'a INT')", "from_csv('1', 'a INT')",
    "from_json('[1]', 'ARRAY<INT>')", "variant_get(parse_json('1'), '$', 'INT')" } do
    it("has memory or not: " .. call, function() assert.is_true(sweep(call) > 20) end)
  end
end)
