-- Every allocation of joins, groups and filters fails once: the query raises, nothing leaks, and it runs afterwards.
local tidemill = require "tidemill"
local internal = require "tidemill.internal"

local QUERIES = {
  groups = "SELECT k, count(*), sum(x), max(s) FROM t GROUP BY k",
  strings = "SELECT s, k, avg(x) FROM t GROUP BY s, k",
  distinct = "SELECT count(DISTINCT k), count(DISTINCT s) FILTER (WHERE k > 1) FROM t",
  inner = "SELECT count(*) FROM t JOIN u ON t.k = u.k AND t.x < u.x",
  outer = "SELECT count(*) FROM t LEFT JOIN u ON t.s = u.s AND t.x < u.x",
  full = "SELECT count(*) FROM t FULL JOIN u ON t.k = u.k",
  semi = "SELECT count(*) FROM t LEFT SEMI JOIN u ON t.k = u.k AND t.x <> u.x",
  windows = [[SELECT lag(s, 2) OVER w, ntile(3) OVER w, max(s) OVER (ORDER BY k, x ROWS 9 PRECEDING),
    sum(x) OVER (ORDER BY x RANGE BETWEEN 3 PRECEDING AND 1 FOLLOWING), cume_dist() OVER w,
    first(s) OVER (ORDER BY k, x ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM t WINDOW w AS (ORDER BY k, x)]],
  union = [[SELECT k, s FROM t WHERE x > 3 UNION ALL SELECT k + 1, s FROM u
    UNION ALL SELECT count(*), s FROM t GROUP BY s]],
  limit = "SELECT count(*) FROM (SELECT s FROM t UNION ALL SELECT s FROM u LIMIT 190 OFFSET 7)",
  lists = "SELECT collect_list(s), string_agg(s) FROM u GROUP BY k % 3",
  filter = "SELECT k, x + 1 FROM t WHERE k > 1 AND s LIKE '%a%' AND x IN (1, 2, 3, 4)",
}

for _, spill in ipairs { false, true } do
  describe("a failed allocation" .. (spill and ", spilled," or ""), function()
    local spark, handle
    setup(function()
      tidemill.session {}:stop() -- another's would be used again
      spark = tidemill.session { threads = 1, forceSpill = spill }
      handle = rawget(spark, internal.handle)
      local rows = {}
      for i = 1, 200 do rows[i] = { i % 7, i, ("a text that is longer than twelve bytes %d"):format(i % 11) } end
      spark:createDataFrame(rows, "k INT, x BIGINT, s STRING"):createOrReplaceTempView "t"
      spark:createDataFrame({ table.unpack(rows, 1, 40) }, "k INT, x BIGINT, s STRING"):createOrReplaceTempView "u"
    end)
    teardown(function() spark:stop() end)
    for name, sql in pairs(QUERIES) do
      it("is an error and no leak: " .. name, function()
        local df = spark:sql(sql)
        df:collect()
        collectgarbage() collectgarbage()
        local before = handle:memory().used
        local n = 0
        local fine
        repeat
          n = n + 1
          handle:fail_at(n, true)
          fine = pcall(df.collect, df)
          handle:fail_at(0, false)
          collectgarbage()
          assert.equal(before, handle:memory().used)
        until fine or n > 20000
        assert.is_true(fine)
        assert.is_true(n > 5, n)
      end)
    end
  end)
end
