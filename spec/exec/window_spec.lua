-- Window functions over partitions on disk give the values of memory: every function, every kind of frame. What the
-- values are is checked against Spark's answers in conformance/.
local tidemill = require "tidemill"

-- Ties, nulls at both ends and in long stretches, values that are equal but print otherwise, strings of all sizes.
local VIEW = [[CREATE OR REPLACE TEMP VIEW t AS SELECT id, id * 7919 %% %d o, id %% %d p,
  IF(id %% 9 = 0, NULL, id * 7919 %% %d / 4.0D) x,
  IF(id %% 5000 > 3000 OR id %% 3 = 0, NULL, CAST(id * 104729 %% 1013 - 500 AS INT)) v,
  CASE id %% 11 WHEN 1 THEN -0.0D WHEN 2 THEN 0.0D WHEN 3 THEN DOUBLE('NaN') WHEN 4 THEN NULL
    ELSE id * 31337 %% 257 / 8.0D END d,
  IF(id %% 6 = 0, NULL, repeat('text ', id %% 4) || id * 17 %% 5300) s,
  DATE'2020-01-01' + CAST(id * 7919 %% %d AS INT) day FROM range(%d)]]

local FRAMES = { "", "ROWS BETWEEN 3 PRECEDING AND 2 FOLLOWING", "ROWS BETWEEN 5 FOLLOWING AND 9 FOLLOWING",
  "ROWS BETWEEN 9 PRECEDING AND 5 PRECEDING", "ROWS BETWEEN 2500 PRECEDING AND CURRENT ROW",
  "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", "ROWS BETWEEN UNBOUNDED PRECEDING AND 10 PRECEDING",
  "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
  "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
  "ROWS BETWEEN CURRENT ROW AND 1 PRECEDING" }
local RANGES = { "RANGE BETWEEN 4 PRECEDING AND 4 FOLLOWING", "RANGE BETWEEN UNBOUNDED PRECEDING AND 2 FOLLOWING",
  "RANGE BETWEEN 3 PRECEDING AND CURRENT ROW", "RANGE BETWEEN CURRENT ROW AND 40 FOLLOWING",
  "RANGE BETWEEN 9 FOLLOWING AND 12 FOLLOWING", "RANGE BETWEEN 2 PRECEDING AND UNBOUNDED FOLLOWING" }
local DAYS = { "RANGE BETWEEN INTERVAL '4' DAY PRECEDING AND INTERVAL '1' DAY FOLLOWING" }
local RANKS = { "row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(7)", "ntile(100000)",
  "lag(s, 3)", "lag(s, 3, s || '!')", "lag(d, -2)", "lead(v, 2500)", "lead(s, 1, 'none')", "lag(v, 0)",
  "lag(v) IGNORE NULLS", "lead(v, 2) IGNORE NULLS", "lag(s, 700) IGNORE NULLS", "lead(s, 700, 'none') IGNORE NULLS" }
local AGGREGATES = { "sum(v)", "sum(d)", "avg(x)", "count(*)", "count(s)", "min(s)", "max(s)", "min(d)", "max(d)",
  "max(v)", "first(s)", "last(v, true)", "any_value(d) IGNORE NULLS", "nth_value(s, 2)", "nth_value(v, 3) IGNORE NULLS",
  "stddev(v)", "max_by(s, v)", "bit_xor(v)", "corr(v, d)" }
local NARROW = { "collect_list(v)", "collect_set(s)", "percentile(d, 0.5)", "mode(v)", "string_agg(s, ',')" }

-- One query an order of the rows, each value as text, so that -0.0 is not 0.0.
local function query(partition, order, frames)
  local list = {}
  local function add(call, frame)
    list[#list + 1] = ("CAST(%s OVER (%s ORDER BY %s %s) AS STRING)"):format(call, partition, order, frame)
  end
  for _, call in ipairs(frames == FRAMES and RANKS or {}) do add(call, "") end
  for i, frame in ipairs(frames) do
    for _, call in ipairs(AGGREGATES) do add(call, frame) end
    local wide = i == 1 or frame:find "UNBOUNDED" or frame:find "00 "
    for _, call in ipairs(wide and {} or NARROW) do add(call, frame) end
  end
  local sums, columns = {}, {}
  for i, value in ipairs(list) do
    columns[i] = value .. " w" .. i
    sums[i] = ("bit_xor(xxhash64(id, w%d)) w%d"):format(i, i)
  end
  return ("SELECT count(*) n, %s FROM (SELECT id, %s FROM t)"):format(table.concat(sums, ", "),
    table.concat(columns, ", ")), list
end

local CASES = {}
for _, partition in ipairs { "", "PARTITION BY p" } do
  for _, order in ipairs { "o, id", "o", "x DESC NULLS FIRST" } do CASES[#CASES + 1] = { partition, order, FRAMES } end
  for _, order in ipairs { "o", "o DESC", "x", "x NULLS LAST", "x DESC NULLS FIRST" } do
    CASES[#CASES + 1] = { partition, order, RANGES }
  end
  CASES[#CASES + 1] = { partition, "day", DAYS }
end

local function answers(options, rows, ties, parts, cases)
  tidemill.session {}:stop() -- another's would be used again
  local spark <close> = tidemill.session(options)
  spark:sql(VIEW:format(ties, parts, ties, ties, rows))
  local out = {}
  for i, case in ipairs(cases) do
    out[i] = spark:sql((query(table.unpack(case)))):collect()[1]
  end
  return out
end

local function compare(rows, ties, parts, cases)
  local memory = answers({ threads = 2 }, rows, ties, parts, cases)
  local disk = answers({ threads = 2, forceSpill = true }, rows, ties, parts, cases)
  for i, case in ipairs(cases) do
    local _, list = query(table.unpack(case))
    assert.equal(rows, memory[i].n)
    for k, value in ipairs(list) do assert.equal(memory[i]["w" .. k], disk[i]["w" .. k], value) end
  end
end

describe("a window's partition on disk", function()
  it("has the values of memory where it is small", function() compare(900, 97, 3, CASES) end)
  it("has them over many pages", function()
    compare(9000, 3001, 2, { CASES[1], CASES[6], CASES[12], CASES[14] })
  end)

  it("leaves rows their places", function()
    local places = [[SELECT bit_xor(h) FROM (SELECT xxhash64(id, w, CAST(rand(5) AS STRING)) h
      FROM (SELECT id, sum(v) OVER (PARTITION BY p ORDER BY o, id) w FROM t))]]
    local function answer(options)
      tidemill.session {}:stop()
      local spark <close> = tidemill.session(options)
      spark:sql(VIEW:format(97, 7, 97, 97, 60000))
      return spark:sql(places):collect()[1][1]
    end
    assert.equal(answer { threads = 2 }, answer { threads = 2, forceSpill = true })
  end)

  it("fits in little memory", function()
    local n = 400000
    for _, memory in ipairs { "24MB", "40MB", "64MB" } do
      tidemill.session {}:stop()
      local spark <close> = tidemill.session { threads = 2, memory = memory }
      local row = spark:sql(([[SELECT count(*) c, sum(i) i, max(t) t, count(l) l, sum(n) n, max(b) b, sum(u) u,
          count(m) m
        FROM (SELECT row_number() OVER w i, sum(id) OVER w t, lag(s, 1000) OVER w l, ntile(4) OVER w n,
          min(id) OVER (ORDER BY k, id ROWS BETWEEN 5 FOLLOWING AND 2000 FOLLOWING) b, count(*) OVER () u,
          last(s) OVER (ORDER BY k, id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) m
        FROM (SELECT id, id * 7919 %% 1003 k, 'text of length ' || id s FROM range(%d))
        WINDOW w AS (ORDER BY k, id))]]):format(n)):collect()[1]
      assert.same({ n, n * (n + 1) // 2, n * (n - 1) // 2, n - 1000, n // 4 * 10, n * n, n },
        { row.c, row.i, row.t, row.l, row.n, row.u, row.m })
    end
  end)
end)
