-- Spill files have no names: whatever ends a query, nothing is left in the temporary folder.
local tidemill = require "tidemill"

local T = "(SELECT id, id * 7919 % 1000003 k, 'a text of some size ' || id * 104729 % 1000003 s FROM range(2000000)) t"
local QUERIES = {
  sort = "SELECT max(s) FROM (SELECT s FROM " .. T .. " ORDER BY s LIMIT 1900000)",
  window = "SELECT sum(n) FROM (SELECT lead(k) OVER (ORDER BY s) n FROM " .. T .. ")",
  group = "SELECT count(*), max(n) FROM (SELECT s, count(*) n FROM " .. T .. " GROUP BY s)",
  join = "SELECT count(*) FROM " .. T .. " JOIN (SELECT id j, 'b' || id x FROM range(2000000)) ON k = j WHERE x > 'a'",
  union = "SELECT count(s) FROM (SELECT s FROM " .. T .. " UNION ALL SELECT s FROM " .. T .. " LIMIT 3900000)",
}

local function lines_of(command)
  local out, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do out[#out + 1] = line end
  pipe:close()
  return out
end

describe("spill files", function()
  local dir
  setup(function()
    dir = os.tmpname()
    os.remove(dir)
    assert(os.execute("mkdir " .. dir))
  end)
  teardown(function() os.execute("rm -rf " .. dir) end)

  --- The files of a process that lie in the folder, without a name or with one.
  local function open_files(pid) return lines_of(("ls -l /proc/%s/fd 2>/dev/null | grep -F '%s/'"):format(pid, dir)) end
  local function names() return lines_of("ls -A " .. dir) end

  for name, query in pairs(QUERIES) do
    it("are gone when the process is killed: " .. name, function()
      local script = dir .. "-child.lua"
      local f = assert(io.open(script, "w"))
      f:write(("local spark = require 'tidemill'.session { threads = 2, forceSpill = true, temp = %q }\n"):format(dir),
        ("while true do spark:sql(%q):collect() end\n"):format(query))
      f:close()
      local pid = lines_of(("LUA_PATH='%s' LUA_CPATH='%s' %s %s >/dev/null 2>&1 & echo $!"):format(package.path,
        package.cpath, os.getenv "SPEC_LUA" or "lua5.4", script))[1]
      local seen
      for _ = 1, 600 do
        seen = #open_files(pid) > 0
        if seen then break end
        os.execute "sleep 0.05"
      end
      os.execute("sleep 0.1; kill -9 " .. pid)
      for _ = 1, 200 do
        if #open_files(pid) == 0 then break end
        os.execute "sleep 0.05"
      end
      os.remove(script)
      assert.is_true(seen)
      assert.same({}, names())
    end)
  end

  it("are gone after success and after an error in the middle", function()
    tidemill.session {}:stop() -- another's would be used again
    local spark <close> = tidemill.session { threads = 2, forceSpill = true, temp = dir }
    local small = "(SELECT id, id % 100 k, 'text ' || id s FROM range(20000))"
    for _, query in ipairs { "SELECT s, row_number() OVER (ORDER BY s) FROM %s", "SELECT s, sum(k) FROM %s GROUP BY s",
      "SELECT * FROM %s UNION ALL SELECT * FROM range(9) JOIN (SELECT 1, '') ORDER BY s",
      "SELECT lead(s, 500) OVER (ORDER BY k), min(s) OVER (ORDER BY s ROWS 300 PRECEDING) FROM %s" } do
      query = query:format(small)
      assert.is_true(pcall(function() return spark:sql(query):collect() end), query)
      collectgarbage()
      assert.same({}, open_files "$PPID")
      -- The last row fails: everything before it lies on disk already.
      local wrong = query:gsub("'text ' || id", "'text ' || 100 DIV (19999 - id)")
      local fine, why = pcall(function() return spark:sql(wrong):collect() end)
      assert.is_false(fine)
      assert.equal("DIVIDE_BY_ZERO", why.condition)
      collectgarbage()
      assert.same({}, open_files "$PPID")
      assert.same({}, names())
    end
  end)
end)
