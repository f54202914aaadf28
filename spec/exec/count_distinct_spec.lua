-- count(DISTINCT x) by group against sets made here, of every type that is a word: in memory, spilled, at one and two
-- threads.
local tidemill = require "tidemill"

local ways = { { threads = 1 }, { threads = 2 }, { threads = 2, forceSpill = true } }

-- An expression over id beside what it is here; nil: NULL. Texts tell values apart as Spark does.
local values = {
  { "id % 7 * 3", function(id) return id % 7 * 3 end },
  { "CAST(id % 300 - 128 AS SMALLINT)", function(id) return id % 300 - 128 end },
  { "id * 2654435761 % 100003 - 50000", function(id) return id * 2654435761 % 100003 - 50000 end },
  { "IF(id % 3 = 0, NULL, CAST(id % 50 AS INT))", function(id) return id % 3 ~= 0 and id % 50 or nil end },
  { "id % 2 = 0", function(id) return id % 2 == 0 end },
  { "CAST(NULL AS BIGINT)", function() return nil end },
  { "DATE'2024-01-01' + CAST(id % 400 AS INT)", function(id) return id % 400 end },
  { "TIMESTAMP_MICROS(id % 1009)", function(id) return id % 1009 end },
  -- one NaN, one zero
  { "CASE id % 5 WHEN 0 THEN DOUBLE('NaN') WHEN 1 THEN -0.0D WHEN 2 THEN 0.0D ELSE id % 10 / 4.0D END",
    function(id)
      local r = id % 5
      return r == 0 and "NaN" or r <= 2 and 0 or id % 10
    end },
  { "CAST(IF(id % 2 = 0, -0.0, id % 8) AS FLOAT)", function(id) return id % 2 == 0 and 0 or id % 8 end },
}

-- The rows of GROUP BY key: key, count(DISTINCT value), count(*), where the filter holds for the first.
local function loops(n, key, value, filter)
  local order, group = {}, {}
  for id = 0, n - 1 do
    local k, v = key(id), value(id)
    local g = group[k]
    if g == nil then
      g = { k, 0, 0, met = {} }
      group[k], order[#order + 1] = g, g
    end
    if v ~= nil and filter(id) and not g.met[v] then
      g.met[v], g[2] = true, g[2] + 1
    end
    g[3] = g[3] + 1
  end
  for i, g in ipairs(order) do order[i] = table.concat(g, " ", 1, 3) end
  return order
end

for _, options in ipairs(ways) do
  describe(("count(DISTINCT) by group with %d threads%s"):format(options.threads,
    options.forceSpill and ", spilled" or ""), function()
    local spark
    setup(function()
      tidemill.session {}:stop() -- another's would be used again
      spark = tidemill.session(options)
    end)
    teardown(function() spark:stop() end)

    local function check(n, key, key_of, value, filter, filter_of)
      local lines = {}
      for i, row in ipairs(spark:sql(([[SELECT %s AS k, count(DISTINCT %s)%s AS d, count(*) AS n FROM range(%d)
          GROUP BY 1]]):format(key, value[1], filter and " FILTER (WHERE " .. filter .. ")" or "", n)):collect()) do
        lines[i] = ("%d %d %d"):format(row[1], row[2], row[3])
      end
      assert.same(loops(n, key_of, value[2], filter_of or function() return true end), lines, value[1])
    end

    it("tells the values of every type apart", function()
      for _, value in ipairs(values) do check(20000, "id % 3", function(id) return id % 3 end, value) end
    end)

    it("has few values a group, and many", function()
      for _, value in ipairs { values[1], values[3], values[4] } do
        check(150000, "id DIV 3", function(id) return id // 3 end, value)
        check(150000, "id % 997", function(id) return id % 997 end, value)
      end
    end)

    it("has groups of any number of values", function()
      -- Group k has up to k + 1 values, or twice as many; some have 0 among them. Each comes several times.
      local function key(id) return id % 211 end
      check(120000, "id % 211", key, { "id DIV 211 * 31 % (id % 211 + 1) + id % 2 * 1000000",
        function(id) return id // 211 * 31 % (id % 211 + 1) + id % 2 * 1000000 end })
      check(120000, "id % 211", key, { "id DIV 211 * 31 % (id % 211 + 1)",
        function(id) return id // 211 * 31 % (id % 211 + 1) end })
    end)

    it("has few groups of very many values", function()
      local value = { "id * 7919 % 400000", function(id) return id * 7919 % 400000 end }
      check(500000, "id % 3", function(id) return id % 3 end, value)
    end)

    it("has groups of one row each", function()
      check(100000, "id", function(id) return id end, values[3])
    end)

    it("counts what a filter keeps", function()
      check(30000, "id % 11", function(id) return id % 11 end, values[3], "id % 4 = 1",
        function(id) return id % 4 == 1 end)
    end)

    it("works beside calls that take texts, several values or nothing distinct", function()
      local rows = spark:sql [[SELECT id % 2 AS k, count(DISTINCT id % 10), count(DISTINCT CAST(id % 6 AS STRING)),
          count(DISTINCT id % 4, id % 3), sum(DISTINCT id % 4), sum(id), count(DISTINCT id % 10)
        FROM range(1200) GROUP BY id % 2]]:collect()
      assert.same({ { 0, 5, 3, 6, 2, 359400, 5 }, { 1, 5, 3, 6, 4, 360000, 5 } },
        { { table.unpack(rows[1], 1, 7) }, { table.unpack(rows[2], 1, 7) } })
    end)
  end)
end

describe("count(DISTINCT) by group of more rows than were expected", function()
  -- The join makes a thousand rows of each row that is expected: their values are more than sets have memory for.
  local spark
  setup(function()
    tidemill.session {}:stop()
    spark = tidemill.session { memory = "32MB", threads = 2 }
  end)
  teardown(function() spark:stop() end)

  it("does without sets", function()
    local got = {}
    for i, row in ipairs(spark:sql([[SELECT a.id % 3 AS k, count(DISTINCT a.id * 3000 + b.id)
        FROM range(1500) a JOIN range(2000) b ON a.id % 2 = b.id % 2 GROUP BY 1 ORDER BY 1]]):collect()) do
      got[i] = { row[1], row[2] }
    end
    assert.same({ { 0, 500000 }, { 1, 500000 }, { 2, 500000 } }, got)
  end)
end)
