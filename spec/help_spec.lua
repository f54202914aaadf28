local tidemill = require "tidemill"

-- What a call prints.
local function printed(call)
  local write, parts = io.write, {}
  io.write = function(...) for _, s in ipairs { ... } do parts[#parts + 1] = tostring(s) end end -- luacheck: ignore
  local ok, err = pcall(call)
  io.write = write -- luacheck: ignore
  if not ok then error(err, 0) end
  return table.concat(parts)
end

describe("help", function()
  it("prints a stage's parameters", function()
    local text = printed(function() assert.is_nil(tidemill.help "StringIndexer") end)
    assert.truthy(text:find("handleInvalid", 1, true))
    assert.truthy(text:find("one of error, skip, keep", 1, true))
  end)
  it("prints a function's signature and example", function()
    local text = printed(function() tidemill.help "date_format" end)
    assert.truthy(text:find("F.date_format(date, format)", 1, true))
    assert.truthy(text:find("SELECT date_format", 1, true))
  end)
  it("lists the parts of the build", function()
    local features = tidemill.features()
    assert.is_true(features.ml)
    assert.truthy(tostring(features):find("streaming yes", 1, true))
  end)
end)
