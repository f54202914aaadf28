describe("require 'tidemill'", function()
  it("gives one table with a version and creates no global", function()
    local before = {}
    for name in pairs(_G) do before[name] = true end
    package.loaded.tidemill, package.loaded["tidemill.core"] = nil, nil
    local tidemill = require "tidemill"
    assert.matches("^%d+%.%d+%.%d+$", tidemill._VERSION)
    for name in pairs(_G) do assert.truthy(before[name], name) end
  end)
end)
