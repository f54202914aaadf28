-- from_json, as Spark 4.3 answered.
local tidemill = require "tidemill"

describe("from_json", function()
  local spark
  setup(function()
    tidemill.session {}:stop() -- another's would be used again
    spark = tidemill.session { threads = 1 }
  end)
  teardown(function() spark:stop() end)

  it("gives objects and arrays that become texts without blanks", function()
    local out = {}
    for i, row in ipairs(spark:sql([[SELECT from_json(s, 'a INT, b STRING').b FROM VALUES
      ('{"a": 1, "b": [1, null, "x"]}'), ('{"b": {"k":  1.0}}'), ('{"b": " a b "}'), ('{"b": true}'), ('{}') AS t(s)]])
      :collect()) do out[i] = tostring(row[1]) end
    assert.same({ '[1,null,"x"]', '{"k":1.0}', " a b ", "true", "nil" }, out)
  end)
end)
