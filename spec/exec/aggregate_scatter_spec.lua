-- Groups so many that rows are kept for the pieces of the hash, and results of which few rows are asked for: against
-- plain loops, at any number of threads, over keys of every form.
local tidemill = require "tidemill"
local null = tidemill.null

local N = 200000

local function text(v) return v == nil and "null" or v == null and "null" or tostring(v) end

local function lines(df)
  local out, columns = {}, #df.columns
  for i, row in ipairs(df:collect()) do
    local cells = {}
    for c = 1, columns do cells[c] = text(row[c]) end
    out[i] = table.concat(cells, " ")
  end
  return out
end

-- Squares modulo a prime, folded: as good as drawn from 150001 numbers.
local K = "(id * id % 1000003 % 150001)"
local function number(id) return id * id % 1000003 % 150001 end

-- Groups of range(n) by key(id), in the order of their first rows: { key, count, sum, first id }.
local function loops(n, key)
  local order, group = {}, {}
  for id = 0, n - 1 do
    local k = key(id)
    local g = group[k]
    if not g then
      g = { k, 0, 0, id }
      group[k], order[#order + 1] = g, g
    end
    g[2], g[3] = g[2] + 1, g[3] + id
  end
  return order
end

-- The first rows by a number, equal ones in their order.
local function sorted(order, by)
  local list = {}
  for i, g in ipairs(order) do list[i] = { g, i, by(g) } end
  table.sort(list, function(a, b)
    if a[3] ~= b[3] then return a[3] < b[3] end
    return a[2] < b[2]
  end)
  for i, e in ipairs(list) do list[i] = e[1] end
  return list
end

-- The groups by a key, in the order of their first rows, by their counts, and those of more than four rows; made once,
-- as many tests ask for the same.
local made = {}
local function groups(key)
  local m = made[key]
  if m then return m end
  m = { order = loops(N, key), few = {} }
  m.most = sorted(m.order, function(g) return -g[2] end)
  m.least = sorted(m.order, function(g) return g[2] end)
  for _, g in ipairs(m.most) do
    if g[2] > 4 then m.few[#m.few + 1] = g end
  end
  made[key] = m
  return m
end

-- The number of the first row that is not what the group gives; nil: there is none. Texts of so many would take longer
-- than their query.
local function first_wrong(rows, list, same)
  for i = 1, math.max(#rows, #list) do
    if not rows[i] or not list[i] or not same(rows[i], list[i]) then return i end
  end
end

local function shown(list, from, to, form)
  local out = {}
  for i = from, math.min(to, #list) do out[#out + 1] = form(list[i]) end
  return out
end

local KEYS = {
  { "integers far apart", K .. " * 1000000007", number },
  { "integers side by side", K, number },
  { "null among them", ("IF(%s %% 17 = 0, NULL, %s * 1000000007)"):format(K, K), function(id)
    local k = number(id)
    return k % 17 == 0 and "null" or k
  end },
  { "two keys", ("%s * 1000000007, CAST(%s %% 3 AS INT)"):format(K, K), number },
  { "short texts", ("CAST(%s AS STRING)"):format(K), number },
  { "some long texts", ("IF(%s %% 9 = 0, 'a text of some length ', '') || %s"):format(K, K), number },
  { "long texts", ("'a text of some length ' || %s"):format(K), number },
  { "doubles", ("CASE %s %% 9000 WHEN 0 THEN double('NaN') WHEN 1 THEN -0.0D WHEN 2 THEN 0.0D ELSE %s * 1.5D END")
    :format(K, K), function(id)
    local k = number(id)
    return k % 9000 == 0 and "nan" or k % 9000 <= 2 and "zero" or k
  end },
  { "lists", ("array(%s, 1)"):format(K), number },
  { "structs with null", ("named_struct('a', IF(%s %% 17 = 0, NULL, %s), 'b', 'x')"):format(K, K), function(id)
    local k = number(id)
    return k % 17 == 0 and "null" or k
  end },
  { "texts under a collation", ("(IF(id %% 2 = 0, 'KEY', 'key') || %s) COLLATE UTF8_LCASE"):format(K), number },
}

for _, threads in ipairs { 1, 3, 12 } do -- 12: two threads, and every morsel's groups go to disk
  describe(("Many groups with %d threads%s"):format(threads % 10, threads > 10 and ", spilled" or ""), function()
    local spark
    setup(function()
      tidemill.session {}:stop() -- another's would be used again
      spark = tidemill.session { threads = threads % 10, forceSpill = threads > 10 }
    end)
    teardown(function() spark:stop() end)

    for _, form in ipairs(KEYS) do
      it("have keys that are " .. form[1], function()
        local all = groups(form[3])
        local query = ("SELECT count(*) AS n, sum(id) AS s, min(id) AS f, avg(id), max(%s) FROM range(%d) GROUP BY %s")
          :format(K .. " % 2 * 0", N, form[2])
        local function row(g) return ("%d %d %d %s 0"):format(g[2], g[3], g[4], g[3] / g[2]) end
        assert.is_nil(first_wrong(spark:sql(query):collect(), all.order, function(r, g)
          return r[1] == g[2] and r[2] == g[3] and r[3] == g[4] and r[4] == g[3] / g[2] and r[5] == 0
        end))
        assert.same(shown(all.most, 4, 13, row), lines(spark:sql(query .. " ORDER BY n DESC LIMIT 10 OFFSET 3")))
        assert.same(shown(all.least, 1, 300, row), lines(spark:sql(query .. " ORDER BY n LIMIT 300")))
        assert.same(shown(all.order, 1, 10, row), lines(spark:sql(query .. " LIMIT 10")))
        query = query .. " HAVING count(*) > 4 ORDER BY n DESC LIMIT 5"
        assert.same(shown(all.few, 1, 5, row), lines(spark:sql(query)))
      end)
    end

    it("are given whole where each row has one, and the first of those that tie", function()
      local query = "SELECT id * 1000000007 % 2147483647 * 4294967291 AS k, count(*) AS n, sum(id) AS s, "
        .. "sum(IF(id % 3 = 0, NULL, id - id)) AS z FROM range(200000) GROUP BY 1"
      local function rows(from, step, of)
        local out = {}
        for i = 1, 10 do out[i] = of(from + (i - 1) * step) end
        return out
      end
      local function three(id) return ("%d %d 0"):format(1, id) end
      local by = "SELECT n, s, coalesce(z, 0) FROM (%s) ORDER BY %s LIMIT 10"
      assert.same(rows(0, 1, three), lines(spark:sql(by:format(query, "n DESC"))))
      assert.same(rows(199999, -1, three), lines(spark:sql(by:format(query, "n DESC, s DESC"))))
      assert.same(rows(0, 3, three), lines(spark:sql(by:format(query, "z NULLS FIRST"))))
      assert.same(rows(0, 3, three), lines(spark:sql(by:format(query, "z DESC NULLS FIRST"))))
      assert.same({ "1 1 0", "1 2 0", "1 4 0", "1 5 0", "1 7 0", "1 8 0", "1 10 0", "1 11 0", "1 13 0", "1 14 0" },
        lines(spark:sql(by:format(query, "z NULLS LAST"))))
      assert.same({ "200000 200000" }, lines(spark:sql(("SELECT count(*), sum(n) FROM (%s)"):format(query))))
    end)

    it("have states of every size beside each other", function()
      local order = groups(number).order
      local got = lines(spark:sql(([[SELECT count(*), sum(CAST(id AS DECIMAL(20, 0))), count(IF(id %% 2 = 0, 1, NULL)),
        sum(CAST(id AS DOUBLE)), max(CAST(id AS STRING)) IS NOT NULL, sum(id) FROM range(%d) GROUP BY %s * 1000000007]])
        :format(N, K)))
      local even = {}
      for id = 0, N - 1, 2 do
        local k = number(id)
        even[k] = (even[k] or 0) + 1
      end
      local function row(g) return ("%d %d %d %s true %d"):format(g[2], g[3], even[g[1]] or 0, g[3] + 0.0, g[3]) end
      assert.is_true(table.concat(shown(order, 1, #order, row), "\n") == table.concat(got, "\n"))
    end)
  end)
end

describe("Groups whose keys come in their order", function()
  -- Moments are added up chunk by chunk: their last bits show how the rows they are of were cut.
  it("make the same chunks at any number of threads", function()
    local seen = {}
    for threads = 1, 3 do
      tidemill.session {}:stop()
      local spark = tidemill.session { threads = threads }
      local r = spark:sql([[SELECT stddev(s), corr(s, k), skewness(s), count(*), sum(n) FROM (SELECT id * 3 div 8 AS k,
        sum(pmod(xxhash64(id), 1000003) / 7e5D) AS s, count(*) AS n FROM range(800000) GROUP BY k)]]):collect()[1]
      seen[threads] = ("%a %a %a %d %d"):format(r[1], r[2], r[3], r[4], r[5])
      spark:stop()
    end
    assert.same({ seen[1], seen[1], seen[1] }, seen)
    assert.truthy(seen[1]:find " 300000 800000$")
  end)
end)
