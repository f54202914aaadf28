-- Joins, DISTINCT and groups on disk give the rows of memory, in their order; else expectations are closed forms.
local tidemill = require "tidemill"

local L = "(SELECT id, IF(id % 11 = 0, NULL, id * 7919 % 700) k, id % 5 g FROM range(900)) l"
local R = "(SELECT id, IF(id % 13 = 0, NULL, id * 104729 % 700) k, id % 5 g, 'r' || id s FROM range(1100)) r"
local ONE = "(SELECT id, 1 k, id % 5 g, 'r' || id s FROM range(5000)) r" -- a key that no cut parts: blocks
local QUERIES = {}
for _, right in ipairs { R, ONE } do
  for _, on in ipairs { "l.k = r.k", "l.k = r.k AND l.g < r.g", "l.k <=> r.k AND l.id % 50 = r.id % 50",
    "l.id * 9 > r.id + 8000" } do
    for _, kind in ipairs { "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN" } do
      QUERIES[#QUERIES + 1] = ("SELECT l.id, r.id rid, s FROM %s %s %s ON %s"):format(L, kind, right, on)
    end
    for _, kind in ipairs { "LEFT SEMI JOIN", "LEFT ANTI JOIN" } do
      QUERIES[#QUERIES + 1] = ("SELECT l.id FROM %s %s %s ON %s"):format(L, kind, right, on)
    end
    QUERIES[#QUERIES + 1] = ("SELECT l.id, EXISTS (SELECT 1 FROM %s WHERE %s) OR g = 2 FROM %s"):format(right, on, L)
  end
  QUERIES[#QUERIES + 1] = ("SELECT id FROM %s WHERE k NOT IN (SELECT k FROM %s WHERE k > 3)"):format(L, right)
  QUERIES[#QUERIES + 1] = ("SELECT id FROM %s WHERE k NOT IN (SELECT k FROM %s)"):format(L, right)
  QUERIES[#QUERIES + 1] = ("SELECT id, k IN (SELECT k FROM %s) FROM %s"):format(right, L)
  QUERIES[#QUERIES + 1] = ("SELECT id, (SELECT s FROM %s WHERE r.id = l.k) FROM %s"):format(right, L)
  QUERIES[#QUERIES + 1] =
    ("SELECT k, count(DISTINCT g, id %% 10), collect_list(DISTINCT g), min(s) FROM %s GROUP BY k"):format(right)
  QUERIES[#QUERIES + 1] =
    ("SELECT count(DISTINCT id), count(DISTINCT k) FILTER (WHERE g > 1), count(*) FROM %s"):format(right)
  QUERIES[#QUERIES + 1] = ([[SELECT k, sum(DISTINCT g / 7.0D), avg(id * 0.1D), stddev(id * 0.1D),
    sum(DISTINCT id / 3.0D) FROM %s GROUP BY k]]):format(right)
  QUERIES[#QUERIES + 1] = ("SELECT k FROM %s EXCEPT SELECT k FROM %s"):format(L, right)
  QUERIES[#QUERIES + 1] = ("SELECT k, g FROM %s INTERSECT ALL SELECT k, g FROM %s"):format(L, right)
end

local function open(options)
  tidemill.session {}:stop() -- another's would be used again
  return tidemill.session(options)
end

local function rows_of(spark, query)
  local out = {}
  for _, row in ipairs(spark:sql(query):collect()) do out[#out + 1] = tostring(row) end
  return table.concat(out, "\n")
end

local function answers(options)
  local spark <close> = open(options)
  local out = {}
  for i, query in ipairs(QUERIES) do out[i] = rows_of(spark, query) end
  return out
end

describe("what goes to disk", function()
  it("gives the rows of memory in their order", function()
    local memory = answers { threads = 1 }
    for threads = 1, 2 do
      local disk = answers { threads = threads, forceSpill = true }
      for i, query in ipairs(QUERIES) do assert.equal(memory[i], disk[i], query) end
    end
  end)

  it("refuses a second row for a scalar, also in another block", function()
    local spark <close> = open { forceSpill = true }
    local fine, why = pcall(rows_of, spark, "SELECT id, (SELECT s FROM " .. ONE
      .. " WHERE r.k = l.k AND r.id IN (7, 4900)) FROM " .. L)
    assert.is_false(fine)
    assert.truthy(tostring(why):find("SCALAR_SUBQUERY_TOO_MANY_ROWS", 1, true))
  end)

  it("fits in little memory", function()
    local spark <close> = open { memory = "16MB", threads = 2 }
    local function one(query) return tostring(spark:sql(query):collect()[1]) end
    -- Every k below 300000 has one row on the right; the left side has each k twice, from id and id + 300000.
    local n = 300000
    local row = spark:sql [[SELECT count(*) n, sum(l.id) a, sum(r.v) b FROM
      (SELECT id, id % 300000 k FROM range(600000)) l
      JOIN (SELECT id k, id * 3 v, 'value ' || id s FROM range(300000)) r
      ON l.k = r.k WHERE length(r.s) > 0]]:collect()[1]
    assert.same({ 2 * n, n * (2 * n - 1), 3 * n * (n - 1) }, { row.n, row.a, row.b })
    assert.equal("Row(n=300000)", one "SELECT count(DISTINCT id % 300000) AS n FROM range(600000)")
    row = spark:sql [[SELECT count(*) n, sum(c) c, sum(s) s FROM
      (SELECT id % 300000 k, count(*) c, sum(id) s FROM range(600000) GROUP BY k)]]:collect()[1]
    assert.same({ n, 2 * n, n * (2 * n - 1) }, { row.n, row.c, row.s })
  end)

  it("keeps lists of many groups, and says so when one is too large", function()
    local spark <close> = open { memory = "40MB", threads = 2 }
    local from = "FROM (SELECT id % 300 k, 'a text of some length ' || id s FROM range(900000))"
    local row = spark:sql("SELECT count(*) g, sum(size(c)) n, sum(length(t)) t "
      .. "FROM (SELECT k, collect_list(s) c, string_agg(s) t " .. from .. " GROUP BY k)"):collect()[1]
    local digits = 10 + 90 * 2 + 900 * 3 + 9000 * 4 + 90000 * 5 + 800000 * 6
    assert.same({ 300, 900000, 22 * 900000 + digits }, { row.g, row.n, row.t })
    local fine, why = pcall(rows_of, spark, "SELECT size(collect_list(s)) " .. from)
    assert.is_false(fine)
    assert.equal("OUT_OF_MEMORY", why.condition)
    assert.truthy(tostring(why):find("Raise `memory`", 1, true))
    assert.equal("Row(a=1)", rows_of(spark, "SELECT 1 AS a"))
  end)

  it("reports a disk that is full, and leaves the session whole", function()
    local spark <close> = open { forceSpill = true, tempLimit = "4KB" }
    for _, query in ipairs { "SELECT * FROM range(9000) l JOIN range(9000) r ON l.id = r.id",
      "SELECT count(DISTINCT id) FROM range(9000)", "SELECT id, count(*) FROM range(9000) GROUP BY id" } do
      local fine, why = pcall(rows_of, spark, query)
      assert.is_false(fine)
      assert.truthy(tostring(why):find("tempLimit", 1, true), tostring(why))
    end
    assert.equal("Row(a=1)", rows_of(spark, "SELECT 1 AS a"))
  end)
end)
