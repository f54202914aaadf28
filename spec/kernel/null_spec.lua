-- What functions make of NULL where they do not simply give it back, as Spark 4.3 answered.
local tidemill = require "tidemill"

describe("NULL", function()
  local spark
  setup(function()
    tidemill.session {}:stop() -- another's would be used again
    spark = tidemill.session { threads = 1 }
  end)
  teardown(function() spark:stop() end)

  -- Each value of a query's first column as text.
  local function values(query)
    local out = {}
    for i, row in ipairs(spark:sql(query):collect()) do out[i] = tostring(row[1]) end
    return out
  end

  it("is a value that decode looks for, and one that the default stands for", function()
    for expr, want in pairs {
      ["decode(CAST(NULL AS INT), 1, 10, 2, 20, 0)"] = "0", ["decode(CAST(NULL AS INT), 1, 10, NULL, 20, 0)"] = "20",
      ["decode(CAST(NULL AS STRING), 'a', 1)"] = "nil", ["decode(NULL, 1, 2, 3)"] = "3",
      ["decode(2, 1, 10, 2, NULL, 0)"] = "nil", ["decode(X'61', CAST(NULL AS STRING))"] = "nil",
      ["decode(CAST(NULL AS BINARY), 'utf-8')"] = "nil",
    } do assert.same({ want }, values("SELECT " .. expr), expr) end
    assert.same({ "0", "10", "0" }, values "SELECT decode(IF(id = 0, NULL, id), 1, 10, 0) FROM range(3)")
    assert.same({ "nil", "a" }, values "SELECT decode(IF(id = 0, NULL, X'61'), 'utf-8') FROM range(2)")
  end)
  it("is a word for format_string, which no zeros fill up", function()
    assert.same({ " null|-0003|null | null|null|false" }, values [[SELECT format_string('%05d|%05d|%-5d|%05.1f|%s|%b',
      CAST(NULL AS INT), -3, CAST(NULL AS INT), CAST(NULL AS DOUBLE), NULL, CAST(NULL AS BOOLEAN))]])
  end)
end)
