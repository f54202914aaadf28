-- Rows in the middle of a plan: unions, limits, tails, subplans used twice. In memory or on disk, by one thread or
-- two, they are the same; else expectations are closed forms.
local tidemill = require "tidemill"
local F = tidemill.functions

local A = "(SELECT id, id % 7 k, 'a' || id s FROM range(5000))"
local B = "(SELECT id + 3 id, id % 5 k, repeat('b', id % 40) s FROM range(3000) WHERE id % 3 <> 1)"
local QUERIES = {
  "SELECT * FROM " .. A .. " UNION ALL SELECT * FROM " .. B,
  "SELECT s, k + 1 FROM (SELECT * FROM " .. B .. " UNION ALL SELECT * FROM " .. A .. " WHERE k > 3) WHERE id % 2 = 1",
  "SELECT id, rand(5) FROM (SELECT id FROM " .. A .. " UNION ALL SELECT id FROM " .. B .. ")",
  "SELECT k, count(*), sum(id), max(s) FROM (SELECT * FROM " .. A .. " UNION ALL (SELECT * FROM " .. B
    .. " UNION ALL SELECT id, count(*), max(s) FROM " .. A .. " GROUP BY id)) GROUP BY k",
  "SELECT a.id, b.s FROM (SELECT id, s FROM " .. A .. " UNION ALL SELECT l.id, l.s FROM " .. A .. " l JOIN " .. B
    .. " r ON l.id = r.id) a JOIN (SELECT id, s FROM " .. B .. " UNION ALL SELECT id, s FROM " .. A
    .. " WHERE id < 9) b ON a.id = b.id",
  "SELECT id, count(*) FROM (SELECT id FROM " .. A .. " LIMIT 4000 OFFSET 900) GROUP BY id",
  "SELECT id, k FROM (SELECT * FROM " .. A .. " OFFSET 4100) WHERE k < 4",
  "SELECT count(*), sum(id) FROM (SELECT id FROM " .. A .. " LIMIT 0)",
  "SELECT sum(id) FROM (SELECT id FROM " .. A .. " UNION ALL SELECT id FROM " .. B .. " LIMIT 5100)",
  "SELECT id, s FROM (SELECT * FROM " .. A .. " ORDER BY s LIMIT 3000 OFFSET 40) UNION ALL SELECT id, s FROM " .. B,
  "SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY k ORDER BY id DESC) n FROM " .. A
    .. ") UNION ALL SELECT id, k FROM " .. B,
  "WITH g AS (SELECT k, sum(id) t FROM " .. A .. " GROUP BY k) SELECT * FROM g WHERE t > (SELECT avg(t) FROM g)",
  "SELECT k, t FROM (SELECT k, count(DISTINCT s) t, sum(DISTINCT id) u FROM " .. A .. " GROUP BY k) WHERE t < u",
  "SELECT explode(array(id, k)), s FROM " .. B .. " UNION ALL SELECT id, s FROM " .. A,
}

local function open(options)
  tidemill.session {}:stop() -- another's would be used again
  return tidemill.session(options)
end

local function text(rows)
  local out = {}
  for i, row in ipairs(rows) do out[i] = tostring(row) end
  return table.concat(out, "\n")
end

local function answers(options)
  local spark <close> = open(options)
  local out = {}
  for i, query in ipairs(QUERIES) do out[i] = text(spark:sql(query):collect()) end
  local rows = spark:sql(QUERIES[1])
  out[#out + 1] = text(rows:tail(700))
  out[#out + 1] = text(rows:where("k > 2"):limit(3000):tail(1200))
  return out
end

describe("rows in the middle of a plan", function()
  it("are the same in memory and on disk", function()
    local memory = answers { threads = 1 }
    for threads = 1, 2 do
      local disk = answers { threads = threads, forceSpill = true }
      for i, rows in ipairs(memory) do assert.equal(rows, disk[i], QUERIES[i] or "tail") end
    end
  end)

  it("come in the order of a union's children", function()
    local spark <close> = open { threads = 2 }
    local rows = spark:sql [[SELECT id FROM range(100000)
      UNION ALL SELECT id FROM range(100000, 100300) WHERE id % 2 = 0 UNION ALL SELECT 7]]:collect()
    assert.equal(100151, #rows)
    for i = 1, 100000 do assert.equal(i - 1, rows[i].id) end
    for i = 1, 150 do assert.equal(99998 + 2 * i, rows[100000 + i].id) end
    assert.equal(7, rows[100151].id)
    assert.equal(299, spark:sql "SELECT id FROM range(300) UNION ALL SELECT 7":tail(2)[1].id)
  end)

  it("fit in little memory", function()
    local spark <close> = open { memory = "32MB", threads = 2 }
    local big = "SELECT id, 'a text of some length ' || id s FROM range(600000)"
    local function one(query)
      local row = spark:sql(query):collect()[1]
      return { row.n, row.t }
    end
    local n = 600000
    local t = n * (n - 1) // 2
    assert.same({ 2 * n, 2 * t }, one(("SELECT count(s) n, sum(id) t FROM (%s UNION ALL %s)"):format(big, big)))
    assert.same({ n - 10, t - 45 }, one(("SELECT count(s) n, sum(id) t FROM (%s OFFSET 10)"):format(big)))
    assert.same({ 500000, 500000 * 499999 // 2 },
      one(("SELECT count(s) n, sum(id) t FROM (%s LIMIT 500000)"):format(big)))
    local tail = spark:sql(big):tail(3)
    assert.same({ 599997, 599999 }, { tail[1].id, tail[3].id })
    local rows = spark:sql(big):union(spark:sql(big))
    assert.same({ 1200000, 2 * t }, (function()
      local row = rows:agg(F.count(F.col "s"):alias "n", F.sum(F.col "id"):alias "t"):collect()[1]
      return { row.n, row.t }
    end)())
  end)
end)
