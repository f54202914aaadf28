-- Random queries over made-up data: one thread or two, in memory or spilled, with the optimiser's rules or without,
-- they give the same rows in the same order. No expectation is written down: the ways check each other.
local lines = dofile "spec/support.lua".lines
local tidemill = require "tidemill"

-- All but ColumnPruning and ReorderJoin, which may change an order that the query leaves open: a window that nobody
-- uses sorts no more; nor NullPropagation and ConstantFolding, by which a constant that fails is met or not.
local RULES = "CollapseProject,PushDownPredicates,EliminateOuterJoin,BooleanSimplification,"
  .. "UnwrapCastInBinaryComparison,PruneFilters,LimitPushDown"
local ways = {
  { name = "one thread", { threads = 1 } },
  { name = "two threads", { threads = 2 } },
  { name = "one thread, spilled", { threads = 1, forceSpill = true } },
  { name = "two threads, spilled", { threads = 2, forceSpill = true } },
  { name = "no rules", { threads = 2 }, rules = RULES },
}

local T = [[SELECT id, id * 7919 %% 31 k, IF(id %% 9 = 0, NULL, CAST(id * 104729 %% 1013 - 500 AS INT)) v,
  IF(id %% 14 = 0, NULL, id * 31337 %% 257 / 8.0D) d, IF(id %% 6 = 0, NULL, 'text number ' || id * 17 %% 53) s,
  CAST(id * 13 %% 400 / 4 AS DECIMAL(9,2)) m FROM range(0, %d)]]
local U = [[SELECT IF(id = 4, NULL, id) k, id * 3 %% 11 w, 'u' || id %% 5 x FROM range(0, %d)]]

-- ---- making queries --------------------------------------------------------------------------------------------

local make = {}

local function chance(percent) return math.random(100) <= percent end
local function one(list) return list[math.random(#list)] end

function make.number()
  return one { "v", "k", "id", "v + k", "abs(v) % 17", "coalesce(v, k)", "if(k > 9, v, k)" }
end
function make.key()
  return one { "k", "v % 5", "s", "d", "m", "k % 3", "substring(s, 13)", "v IS NULL" }
end

function make.predicate(depth)
  local p = one { "v > " .. math.random(-300, 300), "k = " .. math.random(0, 30),
    "s LIKE '%" .. math.random(9) .. "'", "d < " .. math.random(0, 30), "v IS NOT NULL", "id % 4 <> 1",
    "k IN (1, 5, 8, NULL)", "m BETWEEN 10 AND 60", "true",
    "NOT (v < 0 OR k > 20)" }
  if depth > 0 and chance(40) then
    return ("(%s %s %s)"):format(p, one { "AND", "OR" }, make.predicate(depth - 1))
  end
  return p
end

function make.aggregate()
  local n = make.number()
  return (one { "sum(%s)", "count(%s)", "min(%s)", "max(%s)", "avg(%s)", "count(DISTINCT %s)", "sum(d) + count(%s)",
    "min(s) || max(%s)", "sum(m) - min(%s)", "first(%s)", "stddev(%s)" }):format(n)
end

function make.window()
  local frame = one { "", "", "ROWS BETWEEN 3 PRECEDING AND 2 FOLLOWING",
    "ROWS BETWEEN 1 FOLLOWING AND 9 FOLLOWING",
    "RANGE BETWEEN 4 PRECEDING AND CURRENT ROW", "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING" }
  local order = frame:find "RANGE" and "id" or one { "id", "v, id", "d DESC, id DESC" }
  local call = one { "sum(v)", "min(s)", "max(d)", "count(*)", "avg(v)", "last(v)" }
  if frame == "" then
    call = one { call, "row_number()", "rank()", "lag(v, 2)", "lead(s) IGNORE NULLS", "ntile(4)",
      "cume_dist()" }
  end
  local partition = chance(80) and "PARTITION BY " .. make.key() .. " " or ""
  return ("%s OVER (%sORDER BY %s %s)"):format(call, partition, order, frame)
end

function make.source()
  local from = "t"
  if chance(25) then
    from = ("(SELECT * FROM t WHERE %s) t"):format(make.predicate(1))
  elseif chance(15) then
    from = "(SELECT * FROM t WHERE k < 12 UNION ALL SELECT * FROM t WHERE v > 100) t"
  elseif chance(15) then
    from = ("(SELECT *, %s e FROM t) t"):format(make.window())
  end
  return from
end

function make.query()
  if chance(15) then
    return ("SELECT %s a, k FROM t WHERE %s %s SELECT %s, k FROM t WHERE %s"):format(make.number(), make.predicate(0),
      one { "UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL" }, make.number(),
      make.predicate(1))
  end
  local where = chance(60) and " WHERE " .. make.predicate(2) or ""
  if chance(30) then
    local kind = one { "", "LEFT ", "RIGHT ", "FULL ", "LEFT SEMI ", "LEFT ANTI " }
    local right = kind:find "SEMI" or kind:find "ANTI"
    local from = ("(SELECT * FROM t%s) t %sJOIN u ON t.k = u.k%s"):format(where, kind,
      chance(30) and " AND t.v > u.w" or "")
    local filter = not right and chance(50)
      and " WHERE " .. one { "w > 3", "w IS NULL", "v > 0 AND w < 9" } or ""
    return ("SELECT id, v, s%s FROM %s%s"):format(right and "" or ", w, x", from, filter)
  end
  if chance(45) then
    local key = make.key()
    local having = chance(25) and " HAVING count(*) > " .. math.random(5) or ""
    return ("SELECT %s g, %s a, %s b FROM %s%s GROUP BY %s%s"):format(key, make.aggregate(), make.aggregate(),
      make.source(), where, chance(15) and "ROLLUP(" .. key .. ")" or key, having)
  end
  if chance(40) then
    return ("SELECT id, k, %s a, %s b FROM t%s"):format(make.window(), make.window(), where)
  end
  return ("SELECT %sk, %s a, s FROM %s%s"):format(chance(20) and "DISTINCT " or "id, ", make.number(), make.source(),
    where)
end

function make.statement()
  local q = make.query()
  if chance(30) and q:find "^SELECT id" then q = ("SELECT * FROM (%s) WHERE id %% 3 = 1"):format(q) end
  if chance(45) then q = ("%s ORDER BY %s"):format(q, one { "1", "2 DESC", "2, 1", "1 DESC NULLS LAST" }) end
  return q, chance(40) and one { 7, 60, 300 } or nil
end

-- ---- running them ----------------------------------------------------------------------------------------------

local function rows(spark, query)
  local ok, list = pcall(function() return spark:sql(query):collect() end)
  if not ok then return { "error " .. tostring(list.condition or list) } end
  return lines(list)
end

local function open(way, nt, nu)
  tidemill.session {}:stop() -- another's would be used again
  local spark = tidemill.session(way[1])
  if way.rules then spark.conf:set("spark.sql.optimizer.excludedRules", way.rules) end
  spark:sql(T:format(nt)):createOrReplaceTempView "t"
  spark:sql(U:format(nu)):createOrReplaceTempView "u"
  return spark
end

local function check(seed, statements, nt, nu)
  math.randomseed(seed)
  local errors = 0
  local list = {}
  for i = 1, statements do
    local q, limit = make.statement()
    list[i] = limit and ("%s LIMIT %d"):format(q, limit) or nt > 1000 and q .. " LIMIT 500" or q
  end
  local want = {}
  for i, way in ipairs(ways) do
    local spark = open(way, nt, nu)
    for q, query in ipairs(list) do
      local got = rows(spark, query)
      want[q] = want[q] or got
      if i == 1 and got[1] and got[1]:find "^error" then errors = errors + 1 end
      for k = 1, math.max(#want[q], #got) do
        if want[q][k] ~= got[k] then
          error(("%s, row %d: %s, with one thread %s\n%s"):format(way.name, k, tostring(got[k]),
            tostring(want[q][k]), query), 0)
        end
      end
    end
    spark:stop()
  end
  return errors
end

describe("Random queries", function()
  local seeds = tonumber(os.getenv "SEEDS") or 4
  for seed = 1, seeds do
    it(("of seed %d give the same rows every way, 40 over few rows"):format(seed), function()
      assert.is_true(check(seed, 40, 400, 9) < 5)
    end)
  end
  it("give the same rows every way over several morsels", function()
    assert.is_true(check(1000, 8, 140000, 20) < 2)
  end)
end)
