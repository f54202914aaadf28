-- A query whose single rows take long is interrupted (Ctrl-C: a debug hook that lua sets) within the batch it works on.
-- To its end each would take minutes, or more memory than the session has.
local LUA = os.getenv "SPEC_LUA" or "lua5.4"

local SCRIPT = [[
local tidemill = require "tidemill"
local spark = tidemill.session { threads = %d, memory = "2GB" }
local query = %q
local me = io.open "/proc/self/stat":read "n"
os.execute(("(sleep 0.5; kill -INT %%d) >/dev/null 2>&1 &"):format(me))
local ok, e = pcall(function() return spark:sql(query):collect() end)
local why = type(e) == "table" and e.condition or e -- the hook itself, where it found Lua at work
print(ok, type(why) == "string" and why:find "interrupted!" and "OPERATION_CANCELED" or why)
]]

local QUERIES = {
  levenshtein = "SELECT max(levenshtein(repeat('ab', 100000 + CAST(id % 2 AS INT)), repeat('bc', 100000)))"
    .. " FROM range(10)",
  ["levenshtein of constants"] = "SELECT levenshtein(repeat('ab', 200000), repeat('bc', 200000))",
  likeness = "SELECT max(jaro_winkler_similarity(repeat('ab', 400000), concat(repeat('bc', 400000), id)))"
    .. " FROM range(10)",
  ["sums of long texts"] = "SELECT max(sha2(concat(t, id), 512)), max(md5(concat(id, t))) FROM range(20000),"
    .. " (SELECT repeat('a', 5000000) t) WHERE length(sha2(t, 512)) > id % 2",
  ["texts that match after many steps"] = "SELECT count(*) FROM range(20000) WHERE concat(repeat('a', 18), id % 2)"
    .. " RLIKE '^(a+)+b$|^(aa?)+c$'",
  ["long arrays sorted"] = "SELECT max(sort_array(transform(sequence(1, 4000000 + id),"
    .. " x -> CAST(x % 99991 AS STRING)))[0]) FROM range(4)",
  ["a function of each element"] = "SELECT max(aggregate(sequence(1, 30000000 + id), 0L, (a, x) -> a + x % 7))"
    .. " FROM range(2)",
}

describe("A query of long rows that is interrupted", function()
  for name, query in pairs(QUERIES) do
    it("ends soon: " .. name, function()
      local script = os.tmpname()
      local f = assert(io.open(script, "w"))
      f:write(SCRIPT:format(#name % 2 + 1, query))
      f:close()
      local pipe = assert(io.popen(("timeout --foreground -s KILL 60 %s %s 2>&1"):format(LUA, script)))
      local said = pipe:read "a"
      pipe:close()
      os.remove(script)
      assert.equal("false\tOPERATION_CANCELED\n", said)
    end)
  end
end)
