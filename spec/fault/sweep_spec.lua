-- A sample of `make sweep`, in a process of its own: whole collections are dear in the one that holds all specs.
describe("a failing allocation", function()
  it("leaves nothing behind", function()
    local command = (os.getenv "SPEC_LUA" or "lua5.4") .. " spec/fault/sweep.lua --sample 2>&1"
    local pipe, problems, fine = assert(io.popen(("LUA_PATH='%s' LUA_CPATH='%s' "):format(package.path, package.cpath)
      .. command)), {}, 0
    for line in pipe:lines() do
      if line:find "^ok" then fine = fine + 1 else problems[#problems + 1] = line end
    end
    local _, how, code = pipe:close()
    assert.same({}, problems)
    assert.same({ "exit", 0 }, { how, code })
    assert.is_true(fine >= 80)
  end)
end)
