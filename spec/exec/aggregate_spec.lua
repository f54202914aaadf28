-- Grouping against plain loops: groups in order of their first row, at any number of threads, over keys of every form.
local tidemill = require "tidemill"
local null = tidemill.null

local function text(v) return v == nil and "null" or v == null and "null" or tostring(v) end

local function lines(df, columns)
  local out = {}
  for _, row in ipairs(df:collect()) do
    local cells = {}
    for i = 1, columns do cells[i] = text(row[i]) end
    out[#out + 1] = table.concat(cells, " ")
  end
  return out
end

for _, threads in ipairs { 1, 3, 12 } do -- 12: two threads, and every morsel's groups go to disk
  describe(("GROUP BY with %d threads%s"):format(threads % 10, threads > 10 and ", spilled" or ""), function()
    local spark
    local function open(options)
      tidemill.session {}:stop() -- another's would be used again
      spark = tidemill.session(options)
    end
    local options = { threads = threads % 10, forceSpill = threads > 10 }
    setup(function() open(options) end)
    teardown(function() spark:stop() end)

    -- count, sum, min and max of id over range(n) by key(id).
    local function loops(n, key)
      local order, group = {}, {}
      for id = 0, n - 1 do
        local k = text(key(id))
        local g = group[k]
        if g == nil then
          g = { k, 0, 0, id, id }
          group[k], order[#order + 1] = g, g
        end
        g[2], g[3], g[5] = g[2] + 1, g[3] + id, id
      end
      local out = {}
      for i, g in ipairs(order) do out[i] = table.concat(g, " ") end
      return out
    end

    local function check(n, sql, key)
      assert.same(loops(n, key), lines(spark:sql(([[SELECT %s AS k, count(*), sum(id), min(id), max(id)
        FROM range(%d) GROUP BY k]]):format(sql, n)), 5))
    end

    it("has one group, few and many", function()
      check(70000, "0", function() return 0 end)
      check(70000, "id % 7", function(id) return id % 7 end)
      check(150000, "id * 7919 % 50021", function(id) return id * 7919 % 50021 end)
    end)

    it("has a group for each row", function()
      check(70000, "999999 - id", function(id) return 999999 - id end)
    end)

    it("knows nulls from zeros", function()
      check(70000, "if(id % 3 = 0, NULL, id % 4)", function(id) if id % 3 ~= 0 then return id % 4 end end)
      check(70000, "if(id < 66000, id % 4, NULL)", function(id) if id < 66000 then return id % 4 end end)
    end)

    it("takes strings that are inline and those that are not", function()
      check(70000, "concat('k', id % 20011)", function(id) return "k" .. id % 20011 end)
      check(70000, "concat('more than twelve bytes ', id % 20011)",
        function(id) return "more than twelve bytes " .. id % 20011 end)
      check(70000, "if(id % 5 = 0, NULL, concat(repeat('x', int(id % 17)), id % 3))", function(id)
        if id % 5 ~= 0 then return ("x"):rep(id % 17) .. id % 3 end
      end)
    end)

    it("takes several keys", function()
      local want = loops(70000, function(id)
        return (id % 3 == 0 and "null" or id % 2) .. " s" .. id % 5 .. " " .. (id % 11 == 0 and "null" or "true")
      end)
      assert.same(want, lines(spark:sql [[SELECT if(id % 3 = 0, NULL, int(id % 2)) AS a, concat('s', id % 5) AS b,
        if(id % 11 = 0, NULL, true) AS c, count(*), sum(id), min(id), max(id) FROM range(70000) GROUP BY a, b, c]], 7))
    end)

    it("takes numbers of every width", function()
      local types = { "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(5,0)", "DECIMAL(30,0)" }
      for _, t in ipairs(types) do
        local float = t == "FLOAT" or t == "DOUBLE"
        check(20000, ("CAST(id %% 50 - 25 AS %s)"):format(t), function(id)
          return id % 50 - 25 + (float and 0.0 or 0)
        end)
      end
    end)

    -- Sums over few groups are made of sums of batches: of numbers of every type, near and far apart in size.
    it("sums up numbers of every width over few groups", function()
      for _, groups in ipairs { 1, 100, 257 } do
        local sum, count = {}, {}
        for id = 0, 69999 do
          local k, v = id * 7 % groups, id * 31 % 251 - 125
          sum[k + 1], count[k + 1] = (sum[k + 1] or 0) + v, (count[k + 1] or 0) + 1
        end
        for _, t in ipairs { "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(9,2)",
          "DECIMAL(30,2)" } do
          local want, got = {}, lines(spark:sql(([[SELECT id * 7 %% %d k, count(v), CAST(sum(v) AS BIGINT),
            CAST(sum(v) FILTER (WHERE id %% 2 >= 0) AS BIGINT), count(*), count(n), CAST(sum(n) AS BIGINT)
            FROM (SELECT id, CAST(id * 31 %% 251 - 125 AS %s) v, CAST(if(id %% 2 = 0, NULL, 0) AS %s) n
            FROM range(70000)) GROUP BY k ORDER BY k]]):format(groups, t, t)), 5)
          for k = 1, groups do
            want[k] = ("%d %d %d %d %d"):format(k - 1, count[k], sum[k], sum[k], count[k])
          end
          assert.same(want, got, t .. " in " .. groups)
        end
      end
    end)

    it("rounds a sum of doubles once, however far apart they are", function()
      for _, shift in ipairs { 0, 10, 20, 40 } do -- v is id % 1001 - 500, one in seven 2^shift times as large
        local sum = {}
        for id = 0, 69999 do
          local k, v = id % 9, id % 1001 - 500
          sum[k + 1] = (sum[k + 1] or 0) + (id % 7 == 0 and v << shift or v)
        end
        local query = [[SELECT %s CAST(sum(ldexp * (id %% 1001 - 500) / 1048576D) * 1048576D AS BIGINT) s FROM
          (SELECT id, if(id %% 7 = 0, %d, 1) ldexp FROM range(70000)) %s]]
        local got = lines(spark:sql(query:format("id % 9 k,", 1 << shift, "GROUP BY 1 ORDER BY 1")), 2)
        local all, want = 0, {}
        for k = 1, 9 do want[k], all = ("%d %d"):format(k - 1, sum[k] + 0.0), all + sum[k] end
        assert.same(want, got)
        assert.same({ ("%d"):format(all + 0.0) }, lines(spark:sql(query:format("", 1 << shift, "")), 1))
      end
      -- 0.1 is 3602879701896397 / 2^55, a tenth of the values of a group 2^60: what is lost is theirs
      assert.same({ "0 1000.0", "1 1000.0", "2 1000.0" }, lines(spark:sql [[SELECT id % 3 k, sum(x) FROM (
        SELECT id, 0.1D x FROM range(30000) UNION ALL SELECT id, 1e18D FROM range(3000)
        UNION ALL SELECT id, -1e18D FROM range(3000)) GROUP BY k ORDER BY k]], 2))
    end)

    it("sums up infinities, NaN and zeros of few groups", function()
      local special = "CASE id % 5 WHEN 0 THEN 'Infinity' WHEN 1 THEN '-Infinity' WHEN 2 THEN 'NaN' "
        .. "WHEN 3 THEN '-0.0'"
      assert.same({ "0 inf", "1 -inf", "2 nan", "3 0.0", "4 7000.0" }, (function()
        local query = "SELECT id %% 5 k, sum(CAST(%s ELSE '0.5' END AS DOUBLE)) FROM range(70000) GROUP BY k"
        local l = lines(spark:sql(query:format(special)), 2)
        l[3] = l[3]:lower():gsub("-", "")
        return l
      end)())
    end)

    it("has one NaN and one zero", function()
      local df = spark:sql [[SELECT x, count(*)
        FROM VALUES (double('NaN')), (0.0D), (-0.0D), (double('NaN')), (NULL), (1.0D) AS t(x) GROUP BY x]]
      assert.same({ "nan 2", "0.0 2", "null 1", "1.0 1" }, (function()
        local l = lines(df, 2)
        l[1] = l[1]:lower():gsub("^-", "")
        return l
      end)())
    end)

    it("shows -0.0 as 0.0 beside and within nested keys, as Spark does", function()
      assert.same({ "0.0 array(0.0,nan) 2" }, lines(spark:sql [[SELECT x,
        concat('array(', lower(array_join(a, ',')), ')'), count(*)
        FROM VALUES (-0.0D, array(-0.0D, double('NaN'))), (0.0D, array(0.0D, double('NaN'))) AS t(x, a)
        GROUP BY x, a]], 3))
      assert.same({ "0.0 2" }, lines(spark:sql [[SELECT s.f, count(*)
        FROM VALUES (struct(struct(float(-0.0) AS f))), (struct(struct(float(0.0) AS f))) AS t(s) GROUP BY s]], 2))
    end)

    it("takes nested keys", function()
      local r = spark:sql [[SELECT array(id % 3, NULL) AS a, struct(id % 2 AS x, 'y' AS y) AS s, count(*) AS n
        FROM range(70000) GROUP BY a, s]]:collect()
      assert.equal(6, #r)
      assert.equal(70000, r[1].n + r[2].n + r[3].n + r[4].n + r[5].n + r[6].n)
    end)

    it("has one group of keys that are NULL by type", function()
      assert.same({ "70000" }, lines(spark:sql "SELECT count(*) FROM range(70000) GROUP BY NULL", 1))
    end)
    it("compares rows of columns that are NULL by type, as sets do", function()
      for query, want in pairs {
        ["SELECT NULL INTERSECT SELECT NULL"] = { "null" }, ["SELECT NULL INTERSECT ALL SELECT NULL"] = { "null" },
        ["SELECT NULL EXCEPT SELECT NULL"] = {}, ["SELECT NULL UNION SELECT NULL"] = { "null" },
        ["SELECT DISTINCT NULL FROM range(70000)"] = { "null" },
      } do assert.same(want, lines(spark:sql(query), 1), query) end
      assert.same({ "null null" }, lines(spark:sql "SELECT DISTINCT NULL, NULL FROM range(3)", 2))
    end)
    it("has no group without rows, and one row without keys", function()
      assert.same({}, lines(spark:sql "SELECT id, count(*) FROM range(0) GROUP BY id", 2))
      assert.same({ "0 null" }, lines(spark:sql "SELECT count(*), sum(id) FROM range(0)", 2))
      assert.same({ "0 null" }, lines(spark:sql "SELECT count(*), sum(id) FROM range(100000) WHERE id < 0", 2))
    end)

    it("keeps the order of rows in lists and sums", function()
      local r = spark:sql [[SELECT id % 3 AS k, collect_list(id) AS l, first(id) AS f, last(id) AS z FROM range(140000)
        WHERE id % 1000 < 4 GROUP BY k]]:collect()
      for i, row in ipairs(r) do
        local at = 0
        for id = 0, 139999 do
          if id % 1000 < 4 and id % 3 == (i - 1) then
            at = at + 1
            assert.equal(id, row.l[at])
          end
        end
        assert.equal(row.l[1], row.f)
        assert.equal(row.l[at], row.z)
      end
      local query = "SELECT id % 30011 AS k, sum(1.0D / (id + 1)) AS s FROM range(200000) GROUP BY k"
      local sums = spark:sql(query):collect()
      open { threads = 1 }
      local alone = spark:sql(query):collect()
      open(options)
      assert.equal(#alone, #sums)
      for i = 1, #sums do assert.equal(alone[i].s, sums[i].s) end
    end)

    it("sums fractions exactly, in any order", function()
      local sums = lines(spark:sql [[SELECT id % 3 AS k, sum(x), sum(DISTINCT x), avg(x)
        FROM (SELECT id, CASE id % 30 DIV 3 WHEN 0 THEN 1e300D WHEN 1 THEN -1e300D WHEN 2 THEN 0.5D
          ELSE 1e-300D END AS x FROM range(90000)) GROUP BY k]], 4)
      for k = 0, 2 do assert.equal(k .. " 1500.0 0.5 0.05", sums[k + 1]) end
      assert.same({ "inf nan 4.9406564584125e-324" }, lines(spark:sql [[SELECT sum(x),
        sum(if(x > 0, x, -double('Infinity'))), sum(x) FILTER (WHERE abs(x) < 0.4)
        FROM VALUES (double('Infinity')), (-1.0D), (1.0D), (5e-324D), (1.0D), (-1.0D), (-5e-324D), (5e-324D), (1.0D),
        (0.5D), (0.5D) AS t(x)]], 3))
    end)

    it("takes rows that come ordered by their key, also where one key goes through many morsels", function()
      -- Key 20000 holds the rows 60000 to 350000; a second key makes the groups the ordinary way.
      local key = "CASE WHEN id < 60000 THEN id DIV 3 WHEN id < 350000 THEN 20000 ELSE 20000 + (id - 350000) DIV 7 END"
      for _, sign in ipairs { "", "-" } do
        local from = ("(SELECT id, %s(%s) AS k FROM range(600000))"):format(sign, key)
        local query = "SELECT k, count(*), sum(id), avg(id), min(id), first(id), last(CAST(id AS STRING)), "
          .. "sum(1.0D / (id + 1)) AS s FROM " .. from .. " GROUP BY k"
        local got = lines(spark:sql(query), 8)
        assert.equal(20001 + 35715 - 1, #got)
        assert.same(lines(spark:sql(query .. ", k > 0"), 8), got)
      end
    end)

    it("goes on with a part over many morsels where sums are exact", function()
      -- 20 morsels and more; the keys of a block of rows come again in the next, and new ones with them.
      local n = 1500000
      local got = lines(spark:sql("SELECT (id * 7919 + id DIV 100000) % 5003 AS k, count(*), sum(id) FROM range("
        .. n .. ") GROUP BY k"), 3)
      local order, group = {}, {}
      for id = 0, n - 1 do
        local k = (id * 7919 + id // 100000) % 5003
        local g = group[k]
        if not g then
          g = { k, 0, 0 }
          group[k], order[#order + 1] = g, g
        end
        g[2], g[3] = g[2] + 1, g[3] + id
      end
      for i, g in ipairs(order) do order[i] = ("%d %d %d"):format(g[1], g[2], g[3]) end
      assert.same(order, got)
    end)

    it("leaves rows to the end where most have a group of their own", function()
      local n = 150000
      local order, group = {}, {}
      for id = 0, n - 1 do
        local k = id * 7919 % 140009 -- the last rows meet the groups of the first
        if k % 5003 == 0 then k = "null" end
        local g = group[k]
        if not g then
          g = { k, 0, 0, id }
          group[k], order[#order + 1] = g, g
        end
        g[2], g[3], g[5] = g[2] + 1, g[3] + id, id
      end
      for _, text_of in ipairs { "", "'a key of some length ' || " } do
        local key = ("IF(id * 7919 %% 140009 %% 5003 = 0, NULL, %sid * 7919 %% 140009)"):format(text_of)
        local got = lines(spark:sql(("SELECT %s AS k, count(*), sum(id), min(id), max(id), count(1), sum(2), avg(id), "
          .. "sum(CAST(id AS DOUBLE)) FROM range(%d) GROUP BY k"):format(key, n)), 9)
        local expected = {}
        for i, g in ipairs(order) do
          local name = text_of ~= "" and g[1] ~= "null" and "a key of some length " .. g[1] or g[1]
          expected[i] = ("%s %d %d %d %d %d %d %s %s"):format(name, g[2], g[3], g[4], g[5], g[2], 2 * g[2], g[3] / g[2],
            g[3] + 0.0)
        end
        assert.is_true(table.concat(expected, "\n") == table.concat(got, "\n"))
        got = lines(spark:sql(("SELECT count(*), sum(n) FROM (SELECT %s AS k, count(*) n, sum(id) FROM range(%d) "
          .. "GROUP BY k)"):format(key, n)), 2)
        assert.same({ ("%d %d"):format(#order, n) }, got)
      end
    end)

    it("leaves rows to the end where sums are not exact, too", function()
      -- Keys of two rows, 100000 apart: their variance is half the square of that, the median lies half way.
      local got = lines(spark:sql [[SELECT id % 100000 AS k, CAST(id % 100000 AS STRING), var_samp(id), median(id),
        first(id), max(CAST(id AS DOUBLE)) FROM range(150000) GROUP BY 1, 2]], 6)
      local expected = {}
      for k = 0, 99999 do
        local twice = k < 50000
        expected[k + 1] = ("%d %d %s %s %d %s"):format(k, k, twice and 5e9 or "null", twice and k + 5e4 or k + 0.0, k,
          twice and k + 1e5 or k + 0.0)
      end
      assert.is_true(table.concat(expected, "\n") == table.concat(got, "\n"))
    end)

    it("takes runs of rows that joins give the same partners", function()
      -- Rows of a run share their partners in both tables, but for some; some have none, some partners share a key.
      spark:sql [[SELECT id AS k, IF(id % 17 = 0, NULL, 'a partner of many bytes ' || id % 900) AS s
        FROM range(3000)]]:createOrReplaceTempView "first"
      spark:sql [[SELECT id AS k, id * 3 % 40 AS t FROM range(5000)]]:createOrReplaceTempView "second"
      local n = 60000
      local function partners(id)
        local a, b = id // 16, id // 24 + (id % 100 == 7 and 1 or 0)
        return a < 3000 and a % 17 ~= 0 and "a partner of many bytes " .. a % 900 or "null", b * 3 % 40, a < 3000
      end
      for _, kind in ipairs { "", "LEFT" } do
        local order, group = {}, {}
        for id = 0, n - 1 do
          local s, t, found = partners(id)
          local k = s .. " " .. t
          if (found or kind == "LEFT") and id % 5 ~= 3 then
            local g = group[k]
            if not g then
              g = { k, 0, 0 }
              group[k], order[#order + 1] = g, g
            end
            g[2], g[3] = g[2] + 1, g[3] + id
          end
        end
        for i, g in ipairs(order) do order[i] = table.concat(g, " ") end
        local got = lines(spark:sql(([[SELECT s, t, count(*), sum(r.id) FROM range(%d) r
          %s JOIN first ON first.k = r.id DIV 16
          JOIN second ON second.k = r.id DIV 24 + IF(r.id %% 100 = 7, 1, 0)
          WHERE r.id %% 5 <> 3 GROUP BY s, t]]):format(n, kind)), 4)
        assert.same(#order, #got)
        assert.is_true(table.concat(order, "\n") == table.concat(got, "\n"), kind)
      end
    end)

    it("finds groups of integers and repeated strings through lists, as they widen", function()
      -- Strings that repeat, integers of several widths, nulls, and a range that grows both ways after many rows.
      local n = 200000
      local function key(id)
        local wide = id < 100000 and id % 7 - 3 or (id % 2 == 0 and 1 or -1) * (id // 500)
        return id % 11 == 0 and "null" or "name " .. id % 5, id % 13 == 0 and "null" or wide, id % 3
      end
      local order, group = {}, {}
      for id = 0, n - 1 do
        local a, b, c = key(id)
        local k = ("%s %s %s"):format(a, b, c)
        local g = group[k]
        if not g then
          g = { k, 0, 0, id, id }
          group[k], order[#order + 1] = g, g
        end
        g[2], g[3], g[5] = g[2] + 1, g[3] + id, id
      end
      for i, g in ipairs(order) do order[i] = table.concat(g, " ") end
      local from = ([[SELECT id, IF(id %% 11 = 0, NULL, 'name ' || id %% 5) AS a, CAST(IF(id %% 13 = 0, NULL,
        IF(id < 100000, id %% 7 - 3, IF(id %% 2 = 0, 1, -1) * (id DIV 500))) AS INT) AS b,
        CAST(id %% 3 AS TINYINT) AS c FROM range(%d)]]):format(n)
      local df = spark:sql(from):cache() -- whose strings are codes
      df:count()
      df:createOrReplaceTempView "repeated"
      for _, rows in ipairs { "repeated", "(SELECT * FROM repeated WHERE id >= 0)", "(" .. from .. ")" } do
        local got = lines(spark:sql("SELECT a, b, c, count(*), sum(id), min(id), max(id) FROM " .. rows
          .. " GROUP BY a, b, c"), 7)
        assert.is_true(table.concat(order, "\n") == table.concat(got, "\n"))
      end
      df:unpersist()
      local got = lines(spark:sql [[SELECT IF(id < 150000, id % 60000, id * 1000000007), count(*) FROM range(200000)
        GROUP BY 1]], 2)
      assert.equal(60000 + 50000, #got)
      for i = 1, 60000 do assert.equal(("%d %d"):format(i - 1, i <= 30000 and 3 or 2), got[i]) end
      for i = 1, 50000 do assert.equal(("%d 1"):format((149999 + i) * 1000000007), got[60000 + i]) end
    end)

    it("adds integers beyond 64 bits before the end decides, and takes the first of two zeros", function()
      -- 2^31 - 1, 8192 times 2^20 ..: a sum of BIGINT that goes far beyond its range and comes back.
      local r = lines(spark:sql [[SELECT id % 2, sum(IF(id < 100000, 9223372036854775807, -9223372036854775807)),
        avg(IF(id % 3 = 0, -2147483648, 2147483647)), sum(CAST(IF(id % 5 = 0, -128, 127) AS TINYINT))
        FROM range(200000) GROUP BY 1]], 4)
      local function mean(of)
        local sum = 0
        for id = of, 199999, 2 do sum = sum + (id % 3 == 0 and -2147483648 or 2147483647) end
        return sum / 100000
      end
      local function small(of)
        local sum = 0
        for id = of, 199999, 2 do sum = sum + (id % 5 == 0 and -128 or 127) end
        return sum
      end
      assert.same({ ("0 0 %s %d"):format(mean(0), small(0)), ("1 0 %s %d"):format(mean(1), small(1)) }, r)
      assert.same({ "1 -0.0 -0.0", "2 0.0 0.0" }, lines(spark:sql [[SELECT g, max(a), min(a)
        FROM VALUES (1, -0.0D), (1, 0.0D), (2, 0.0D), (2, -0.0D) AS t(g, a) GROUP BY g]], 3))
    end)

    it("finds percentiles of zeros, NaN and infinity", function()
      local r = spark:sql [[SELECT percentile(a, array(0.0, 0.25, 0.5, 0.9, 1.0)) AS p, percentile(a, 0.3, f) AS w,
        median(a) AS m, percentile_approx(a, array(0.1, 0.5)) AS n
        FROM VALUES (3.5D, 2), (double('NaN'), 1), (-1.0D, 4), (7.25D, 0), (double('infinity'), 1), (null, 3)
        AS t(a, f)]]:collect()[1]
      assert.same({ -1.0, 3.5, 7.25 }, { r.p[1], r.p[2], r.p[3] })
      assert.is_true(r.p[4] ~= r.p[4] and r.p[5] ~= r.p[5])
      assert.same({ -1.0, 7.25, -1.0, 7.25 }, { r.w, r.m, r.n[1], r.n[2] })
      assert.same({ "-0.0 -0.0 0.0 -0.0" }, lines(spark:sql [[SELECT median(a), percentile(a, 0.0), percentile(a, 1.0),
        percentile_approx(a, 0.0) FROM VALUES (0.0D), (-0.0D) AS t(a)]], 4))
      local got = lines(spark:sql [[SELECT id % 3, median(CAST(id AS INT)), percentile_approx(id, 0.25),
        percentile(id * id % 1009, array(0.1, 0.2, 0.3, 0.4, 0.5))[3] FROM range(30000) GROUP BY 1]], 4)
      for k = 0, 2 do
        local squares = {}
        for id = k, 29999, 3 do squares[#squares + 1] = id * id % 1009 end
        table.sort(squares)
        local at = 0.4 * 9999
        local low, high = squares[at // 1 + 1], squares[at // 1 + 2]
        local between = low == high and low or (at // 1 + 1 - at) * low + (at - at // 1) * high
        assert.equal(("%d %s %d %s"):format(k, k + 3 * 4999.5, k + 3 * 2499, between + 0.0), got[k + 1])
      end
    end)

    it("shares the state of calls that differ in their last step", function()
      local r = lines(spark:sql [[SELECT id % 3 AS k, sum(id), avg(id), sum(id + 1), avg(id + 1), count(id), count(id),
        sum(id) FILTER (WHERE id > 9), sum(CAST(id AS DECIMAL(9, 2))), avg(CAST(id AS DECIMAL(9, 2))), sum(id)
        FROM range(90000) GROUP BY k]], 11)
      local function row(k) -- ids k, k + 3, .., of which there are 30000
        local sum = 30000 * k + 3 * 29999 * 15000
        local few = ({ [0] = 0 + 3 + 6 + 9, 1 + 4 + 7, 2 + 5 + 8 })[k]
        local mean = sum / 30000
        return ("%d %d %.1f %d %.1f 30000 30000 %d %d.00 %.6f %d"):format(k, sum, mean, sum + 30000, mean + 1,
          sum - few, sum, mean, sum)
      end
      assert.same({ row(0), row(1), row(2) }, r)
    end)

    it("counts what is distinct, and what a filter keeps", function()
      assert.same({ "0 5 25000 20000", "1 5 25000 20000", "2 5 25000 20000", "3 5 25000 20000" },
        lines(spark:sql [[SELECT id % 4 AS k, count(DISTINCT id % 5), count(*), count(*) FILTER (WHERE id % 5 > 0)
          FROM range(100000) GROUP BY k]], 4))
    end)
  end)
end
