-- A long write that is interrupted (Ctrl-C: a debug hook that lua sets) ends soon with one error; what stood in the
-- place is as it was, and no file is left beside it. Rows that lie in memory take long to pack; others have no end.
local LUA = os.getenv "SPEC_LUA" or "lua5.4"

-- Interrupted as soon as there is something in the folder that the table is written to.
local SCRIPT = [[
local tidemill = require "tidemill"
local spark = tidemill.session { threads = 2, memory = "1GB" }
local dir, format, mode = %q, %q, %q
local path, in_memory = dir .. "/to/out", %s
local text = "concat(id, ' ', sha2(CAST(id AS STRING), 512), ' ', reverse(CAST(id AS STRING))) AS value"
local rows = spark:range(in_memory and 1000000 or 1000000000000):selectExpr(text)
if in_memory then
  rows = rows:cache()
  rows:count()
end
os.execute(("mkdir '%%s/to'"):format(dir))
if mode == "overwrite" then
  spark:range(3):selectExpr(text).write:format(format):save(path)
end
local me = io.open "/proc/self/stat":read "n"
os.execute(("(n=%%d; while [ $(ls -A '%%s/to' | wc -l) -le $n ]; do sleep 0.02; done; sleep 0.2; kill -INT %%d)"
  .. " >/dev/null 2>&1 &"):format(mode == "overwrite" and 1 or 0, dir, me))
local writer = rows.write:format(format):mode(mode)
if in_memory then writer = writer:option("compression", "bzip2") end
local began = os.time()
local ok, e = pcall(function() writer:save(path) end)
local why = type(e) == "table" and e.condition or e -- the hook itself, where it found Lua at work
print(ok, why == "interrupted!" and "OPERATION_CANCELED" or why, os.time() - began <= 10)
print(mode ~= "overwrite" and "none" or spark.read:format(format):load(path):count())
]]

local function listing(dir)
  local pipe = assert(io.popen(("ls -A '%s'"):format(dir)))
  local names = pipe:read "a"
  pipe:close()
  return names
end

describe("A write that is interrupted", function()
  for _, case in ipairs { { "csv", true }, { "json", true }, { "text", true }, { "csv", false }, { "parquet", false },
    { "arrow", false }, { "snapshot", false } } do
    for _, mode in ipairs { "append", "overwrite" } do
      it(("leaves what was there: %s, %s%s"):format(case[1], mode, case[2] and ", rows in memory" or ""), function()
        local dir, script = os.tmpname(), os.tmpname()
        os.remove(dir)
        assert(os.execute(("mkdir '%s'"):format(dir)))
        local f = assert(io.open(script, "w"))
        f:write(SCRIPT:format(dir, case[1], mode, case[2]))
        f:close()
        local pipe = assert(io.popen(("timeout --foreground -s KILL 60 %s %s 2>&1"):format(LUA, script)))
        local said = pipe:read "a"
        pipe:close()
        local left = listing(dir .. "/to")
        os.execute(("rm -rf '%s' '%s'"):format(dir, script))
        local overwritten = mode == "overwrite"
        assert.equal("false\tOPERATION_CANCELED\ttrue\n" .. (overwritten and "3\n" or "none\n"), said)
        assert.equal(overwritten and "out\n" or "", left)
      end)
    end
  end
end)
