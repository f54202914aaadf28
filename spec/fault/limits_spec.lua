-- Running out is an error: memory, address space, descriptors, disk. Each in a process of its own.
describe("running out of", function()
  if os.getenv "SPEC_LUA" then return end -- sanitizers need address space of their own
  local dir

  setup(function()
    dir = os.tmpname()
    os.remove(dir)
    assert(os.execute("mkdir " .. dir))
  end)
  teardown(function() os.execute("rm -rf " .. dir) end)

  --- What each step of spec/fault/limited.lua came to.
  local function steps(step, before)
    local lua = ("%s LUA_PATH='%s' LUA_CPATH='%s' lua5.4 spec/fault/limited.lua %s %s"):format(before or "",
      package.path, package.cpath, step, dir)
    local script = os.tmpname()
    local f = assert(io.open(script, "w"))
    f:write(lua, "\n")
    f:close()
    local pipe = assert(io.popen(("sh %s 2>&1"):format(script)))
    local out = {}
    for line in pipe:lines() do
      local name, outcome = line:match "^([%w_ ]+)\t(.*)$"
      out[name or "?"] = outcome or line
    end
    local _, how, code = pipe:close()
    os.remove(script)
    assert.same({ "exit", 0 }, { how, code }, out["?"])
    return out
  end

  local function one_of(outcome, ...)
    for _, allowed in ipairs { ... } do if outcome == allowed then return end end
    error(("unexpected outcome: %s"):format(outcome), 2)
  end

  it("the session's memory", function()
    local out = steps "memory"
    one_of(out.aggregate, "OUT_OF_MEMORY", "ok\t2000000")
    one_of(out.sort, "OUT_OF_MEMORY", "ok\t1000")
    one_of(out.join, "OUT_OF_MEMORY", "ok\t3000000")
    one_of(out.distinct, "OUT_OF_MEMORY", "ok\t2000000")
    assert.equal("OUT_OF_MEMORY", out.collect_list)
    one_of(out.collect, "OUT_OF_MEMORY", "ok\t3000000")
    assert.equal("ok\t499500", out.small)
    assert.equal("ok", out.left)
  end)

  it("address space", function()
    local out = steps("address_space", "ulimit -v 600000;")
    one_of(out.big, "OUT_OF_MEMORY", "ok\t8000000")
    assert.equal("ok\t1000", out.small)
  end)

  it("descriptors", function()
    local out = steps("descriptors", "ulimit -n 20;")
    for _, name in ipairs { "save", "load", "csv" } do assert.equal("FILE_ACCESS", out[name]) end
    assert.equal("ok\t10", out["load again"])
    assert.equal("ok\t10", out["csv again"])
  end)

  it("disk", function()
    if not os.execute "unshare -Urm true 2>/dev/null" then pending "unshare is not allowed here" return end
    local mount = "exec unshare -Urm sh -c 'mount -t tmpfs -o size=1m none %s && exec \"$@\"' - env"
    local out = steps("disk", mount:format(dir))
    for _, name in ipairs { "save", "append", "csv" } do assert.equal("FILE_ACCESS", out[name]) end
    assert.equal("ok\tnil", out["append less"])
    assert.equal("ok\t20", out.load)
    assert.equal("ok\t10", out["csv load"])
    assert.equal("t.csv t.snap ", out.files)
  end)
end)
