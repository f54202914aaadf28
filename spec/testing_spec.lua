-- Test helpers: parameters and defaults of pyspark.testing.assertDataFrameEqual; help over the catalogue.
local tidemill = require "tidemill"
local testing, Row = tidemill.testing, tidemill.Row
local support = dofile "spec/support.lua"

local function row(id, kml) return Row { { "id", id }, { "kml", kml } } end
local function differ(...)
  local fine, e = pcall(testing.assertDataFrameEqual, ...)
  return not fine and e or nil
end

describe("assertDataFrameEqual", function()
  it("ignores the order of rows and small differences, unless told", function()
    assert.is_nil(differ({ row(1, 0.5), row(2, 8.1) }, { row(2, 8.1), row(1, 0.5) }))
    assert.is_nil(differ({ row(1, 100.0) }, { row(1, 100.0001) }))
    assert.is_nil(differ({ row(1, 0 / 0) }, { row(1, 0 / 0) }))
    assert.is_nil(differ({ row(1, nil) }, { row(1, nil) }))
    assert.equal("DIFFERENT_ROWS", differ({ row(1, 0.5), row(2, 8.1) }, { row(2, 8.1), row(1, 0.5) },
      { checkRowOrder = true }).condition)
    assert.equal("DIFFERENT_ROWS", differ({ row(1, 100.0) }, { row(1, 100.0001) }, { rtol = 0 }).condition)
    assert.truthy(differ({ row(1, nil) }, { row(1, 2.0) }))
    assert.truthy(differ({ row(1, 2.0) }, {}))
  end)
  it("shows what differs", function()
    local text = tostring(differ({ row(1, 0.5), row(2, 8.1), row(3, 1.0) }, { row(1, 0.5), row(2, 8.2), row(3, 1.0) }))
    assert.matches("33.33 %% of rows differ", text)
    assert.matches("actual    Row%(id=2, kml=8.1%)\n +expected  Row%(id=2, kml=8.2%)\n +%^+$", text)
  end)
  it("refuses wrong arguments", function()
    assert.matches("did you mean 'rtol'", differ({}, {}, { rtoll = 1 }).message)
    assert.equal("NOT_EXPECTED_TYPE", differ(5, {}).condition)
  end)
end)

describe("help", function()
  it("knows functions, methods and what was meant", function()
    local function text(name) return support.printed(tidemill.help, name) end
    assert.matches("F.upper%(col%)", text "upper")
    assert.matches("F.split%(str, pattern, limit = %-1%)", text "split")
    assert.matches("df:groupBy", text "groupBy")
    assert.matches("did you mean 'upper'", text "uppr")
    assert.matches("tidemill.session", text())
    assert.matches("df:groupBy", text(require "tidemill.dataframe".methods.groupBy))
  end)
end)
