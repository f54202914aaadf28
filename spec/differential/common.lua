-- Random queries whose texts mean the same in Spark's dialect and in DuckDB's. Left out is what the two answer
-- differently by design: integers that overflow or are divided with div, casts that round, NULL in concat, NaN, the
-- places of NULL in an order (always written here), averages of decimals, differences of dates, count_if of NULLs, ceil
-- (which has no -0.0 in Spark).
local expressions = require "expressions"
local M = {}

local LITERALS = {
  int = { "0", "1", "-3", "7", "CAST(NULL AS INT)" },
  double = { "CAST(0.5 AS DOUBLE)", "CAST(-2.25 AS DOUBLE)", "CAST(NULL AS DOUBLE)" },
  decimal = { "CAST(1.50 AS DECIMAL(9,2))", "CAST(NULL AS DECIMAL(9,2))", "CAST(-0.25 AS DECIMAL(9,2))" },
  string = { "'mill'", "'a'", "''", "CAST(NULL AS STRING)", "'Tide'", "' x '" },
  boolean = { "true", "false", "CAST(NULL AS BOOLEAN)" },
  date = { "DATE '2024-02-29'", "DATE '2023-12-31'", "CAST(NULL AS DATE)" },
}

local FORMS = {
  int = { "(%{int} + %{int})", "(%{int} - %{int})", "abs(%{int})", "length(%{string})", "coalesce(%{int}, %{int})",
    "CASE WHEN %{boolean} THEN %{int} ELSE %{int} END", "nullif(%{int}, %{int})", "greatest(%{int}, %{int})",
    "least(%{int}, %{int}, %{int})", "year(%{date})", "month(%{date})", "day(%{date})", "(%{int} %% 7)",
    "(%{int} * 3)", "instr(%{string}, 'i')", "position('l' IN %{string})", "ascii(%{string})", "(- %{int})",
    "CASE %{int} WHEN 1 THEN %{int} WHEN -3 THEN 4 END", "extract(QUARTER FROM %{date})", "(CAST(%{int} AS INT) & 6)",
    "extract(DOY FROM %{date})", "bit_length(%{string})",
    "CAST(%{boolean} AS INT)", "if(%{boolean}, %{int}, %{int})", "(CAST(%{int} AS INT) | 1)",
    "CAST(%{date} = %{date} AS INT)" },
  double = { "(%{double} + %{double})", "(%{double} * 2)", "(%{int} / 4)", "abs(%{double})", "CAST(%{int} AS DOUBLE)",
    "coalesce(%{double}, 0)", "CASE WHEN %{boolean} THEN %{double} END", "sqrt(abs(%{int}))", "exp(%{int} %% 3)",
    "ln(abs(%{int}) + 1)", "floor(%{double})", "sin(%{int})", "greatest(%{double}, %{int})",
    "CAST(%{decimal} AS DOUBLE)", "pow(%{int} %% 5, 2)", "nullif(%{double}, 0)", "atan2(%{int}, 3)" },
  decimal = { "(%{decimal} + %{decimal})", "(%{decimal} - %{decimal})", "coalesce(%{decimal}, %{decimal})",
    "abs(%{decimal})", "CAST(%{int} AS DECIMAL(12,2))", "(%{decimal} * 2)", "greatest(%{decimal}, %{decimal})",
    "CASE WHEN %{boolean} THEN %{decimal} ELSE %{decimal} END", "(- %{decimal})", "nullif(%{decimal}, 1.50)" },
  string = { "upper(%{string})", "lower(%{string})", "(%{string} || %{string})", "trim(%{string})",
    "coalesce(%{string}, 'none')", "substring(%{string}, 2, 3)", "left(%{string}, 2)", "right(%{string}, 2)",
    "replace(%{string}, 'i', 'I')", "lpad(%{string}, 6, '*')", "rpad(%{string}, 3, 'ab')", "repeat(%{string}, 2)",
    "concat_ws('-', %{string}, %{string})", "translate(%{string}, 'il', '1L')", "reverse(%{string})",
    "CAST(%{int} AS STRING)", "CAST(%{date} AS STRING)", "CAST(%{boolean} AS STRING)", "md5(%{string})",
    "CASE WHEN %{boolean} THEN %{string} ELSE %{string} END", "ltrim(%{string})", "split_part(%{string}, ' ', 2)",
    "greatest(%{string}, %{string})", "nullif(%{string}, 'mill')", "CAST(%{decimal} AS STRING)" },
  boolean = { "%{int} > %{int}", "%{int} = %{int}", "%{string} = %{string}", "%{double} < %{double}",
    "%{date} <= %{date}", "(%{boolean} AND %{boolean})", "(%{boolean} OR %{boolean})", "(NOT %{boolean})",
    "%{string} LIKE '%i%'", "%{string} LIKE 'm__l'", "%{int} IN (1, 2, %{int})", "%{string} NOT IN ('mill', 'tide')",
    "%{int} IS NULL", "%{string} IS NOT NULL", "%{int} BETWEEN %{int} AND %{int}", "contains(%{string}, 'd')",
    "%{int} IS NOT DISTINCT FROM %{int}", "%{string} IS DISTINCT FROM %{string}", "%{decimal} >= %{decimal}",
    "%{string} < %{string}", "%{double} <> %{int}", "coalesce(%{boolean}, false)", "%{string} ILIKE 'M%'",
    "%{decimal} < %{int}", "(%{boolean} IS TRUE)", "(%{boolean} IS NOT FALSE)", "%{int} NOT IN (0, %{int})" },
  date = { "(%{date} + CAST(%{int} AS INT))", "last_day(%{date})", "coalesce(%{date}, %{date})",
    "greatest(%{date}, %{date})",
    "CASE WHEN %{boolean} THEN %{date} END", "(%{date} - 3)", "CAST(CAST(%{date} AS STRING) AS DATE)",
    "make_date(2024, CAST(abs(%{int} %% 12) AS INT) + 1, 2)" },
}
for _, list in pairs(FORMS) do
  for k, form in ipairs(list) do list[k] = form:gsub("%%%%", "%%") end
end
local expression, fill = expressions.maker(LITERALS, FORMS)

--- The tables: names, and the columns that a query may use, by type.
M.TABLES = { t = "id, i, d, m, s, b, dt", u = "k, w, x" }
local KINDS = { "int", "double", "decimal", "string", "boolean", "date" }
local T = { int = { "t.i", "t.id" }, double = { "t.d" }, decimal = { "t.m" }, string = { "t.s" }, boolean = { "t.b" },
  date = { "t.dt" } }
local JOINED = { int = { "t.i", "u.k", "u.w" }, double = { "t.d" }, decimal = { "t.m" }, string = { "t.s", "u.x" },
  boolean = { "t.b" }, date = { "t.dt" } }

local function chance(percent) return math.random(100) <= percent end
local function one(list) return list[math.random(#list)] end

local function source()
  local roll = math.random(10)
  if roll <= 4 then return "t", T end
  if roll <= 8 then
    local on = one { "t.i = u.k", "t.i = u.k", "t.s = u.x", "t.id = u.w AND t.i > 0", "t.i < u.k" }
    if chance(40) then on = on .. " AND " .. expression("boolean", 1, JOINED) end
    return ("t %s JOIN u ON %s"):format(one { "INNER", "LEFT", "RIGHT", "FULL" }, on), JOINED
  end
  if roll == 9 then return "t CROSS JOIN u", JOINED end
  return ("t, LATERAL (SELECT max(q.k) AS k, count(*) AS w, min(q.x) AS x FROM u AS q WHERE q.k %s t.i) AS u")
    :format(one { "=", "<", ">=" }), JOINED
end

local SUBQUERIES = { "t.i IN (SELECT k FROM u)", "t.i NOT IN (SELECT k FROM u)",
  "t.s IN (SELECT x FROM u WHERE w > t.i)",
  "EXISTS (SELECT 1 FROM u AS q WHERE q.k = t.i AND q.w > 2)", "t.id > (SELECT min(w) FROM u)",
  "NOT EXISTS (SELECT 1 FROM u AS q WHERE q.k = t.i OR q.x = t.s)", "(SELECT count(*) FROM u AS q WHERE q.k < t.i) > 3",
  "t.i = (SELECT max(q.k) FROM u AS q WHERE q.x = t.s)", "(t.b OR t.i IN (SELECT q.k FROM u AS q WHERE q.w > t.id))",
  "(t.i NOT IN (SELECT k FROM u WHERE k IS NOT NULL) OR t.b)" }

local function where(columns)
  if chance(35) then return "" end
  return " WHERE " .. (chance(35) and one(SUBQUERIES) or expression("boolean", 2, columns))
end

local function plain_query()
  local from, columns = source()
  local items = {}
  for k = 1, math.random(3) do items[k] = ("%s AS c%d"):format(expression(one(KINDS), 3, columns), k) end
  if chance(15) then
    items[#items + 1] = ("(SELECT %s FROM u AS q WHERE q.k = t.i) AS c%d"):format(
      one { "max(q.x)", "sum(q.w)", "count(*)", "min(q.w) + 1" }, #items + 1)
  end
  return ("SELECT %s%s FROM %s%s"):format(chance(25) and "DISTINCT " or "", table.concat(items, ", "), from,
    where(columns))
end

local CALLS = { "count(*)", "count(%{int})", "sum(%{int})", "min(%{string})", "max(%{date})", "sum(%{decimal})",
  "count(DISTINCT %{string})", "sum(DISTINCT %{int})", "bool_and(%{boolean})", "bool_or(%{boolean})", "avg(%{int})",
  "max(%{double})", "min(%{decimal})", "sum(%{int}) FILTER (WHERE %{boolean})",
  "bit_or(t.i)", "bit_and(t.i)", "bit_xor(t.i)", "median(%{int})", "avg(DISTINCT %{int})" }

-- Grouping sets have the rows of t: of no rows the set () gives one in DuckDB and none in Spark.
local function grouped_query()
  local from, columns = source()
  local sets = chance(30)
  if sets then from, columns = "t", T end
  local keys, items = {}, {}
  for k = 1, math.random(0, 2) do
    keys[k] = expression(one { "string", "boolean", "date", "int" }, 0, columns)
    if not keys[k]:find "%." then keys[k] = "t.s" end
    if keys[2] == keys[1] then keys[2] = nil end
  end
  for k, key in ipairs(keys) do items[k] = ("%s AS c%d"):format(key, k) end
  for _ = 1, math.random(3) do items[#items + 1] = ("%s AS c%d"):format(fill(one(CALLS), 1, columns), #items + 1) end
  if keys[1] and sets and chance(50) then items[#items + 1] = ("grouping(%s) AS c%d"):format(keys[1], #items + 1) end
  local form = "GROUP BY %s"
  if sets then
    form = one { "GROUP BY ROLLUP (%s)", "GROUP BY CUBE (%s)", "GROUP BY GROUPING SETS ((%s), ())" }
  end
  local group = keys[1] and " " .. form:format(table.concat(keys, ", ")) or ""
  local having = chance(25) and " HAVING " .. one { "count(*) > 1", "max(t.i) > 0", "min(t.s) <> 'a'" } or ""
  return ("SELECT %s FROM %s%s%s%s"):format(table.concat(items, ", "), from, sets and "" or where(columns), group,
    having)
end

local OVER = { "sum(%{int})", "count(%{string})", "min(%{int})", "max(%{string})", "avg(%{int})", "max(%{decimal})",
  "bool_or(%{boolean})", "count(*)", "first_value(%{int})", "last_value(%{string})", "nth_value(%{int}, 2)" }
local RANKS = { "row_number()", "rank()", "dense_rank()", "ntile(3)", "lag(%{int})", "lead(%{string}, 2)",
  "percent_rank()", "cume_dist()", "lag(%{int}, 1, 0)" }
local FRAMES = { "", "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", "ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING",
  "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING", "ROWS BETWEEN 5 PRECEDING AND 2 PRECEDING" }
local RANGES = { "t.id RANGE BETWEEN 3 PRECEDING AND 1 FOLLOWING",
  "t.i NULLS FIRST RANGE BETWEEN 2 PRECEDING AND CURRENT ROW",
  "t.i DESC NULLS LAST RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
  "t.dt RANGE BETWEEN INTERVAL '4' DAY PRECEDING AND INTERVAL '2' DAY FOLLOWING" }

local function window_query()
  local frame = one(FRAMES)
  local call = fill(frame == "" and chance(50) and one(RANKS) or one(OVER), 1, T)
  local order = one { "", "t.d NULLS FIRST, ", "t.s DESC NULLS LAST, ", "t.b NULLS LAST, " } .. "t.id " .. frame
  if chance(20) then order, call = one(RANGES), fill(OVER[math.random(8)], 1, T) end
  local partition = chance(70) and "PARTITION BY " .. one { "t.i", "t.s", "t.b", "t.i % 2",
    "t.b, t.i % 3" } .. " " or ""
  return ("SELECT t.id AS c1, %s OVER (%sORDER BY %s) AS c2 FROM t%s"):format(call, partition, order,
    chance(40) and " WHERE " .. expression("boolean", 2, T) or "")
end

local function set_query()
  local kind = { one(KINDS), one(KINDS) }
  local function part()
    return ("SELECT %s AS c1, %s AS c2 FROM t%s"):format(expression(kind[1], 2, T), expression(kind[2], 1, T), where(T))
  end
  local word = one { "UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL" }
  return ("%s %s %s"):format(part(), word, part())
end

--- The query of a seed.
function M.query(seed)
  math.randomseed(seed)
  local roll = math.random(100)
  local text = roll <= 40 and plain_query() or roll <= 65 and grouped_query() or roll <= 85 and window_query()
    or set_query()
  if chance(15) then text = ("WITH q AS (%s) SELECT * FROM q"):format(text) end
  if chance(15) then text = ("SELECT count(*) AS c1, count(c1) AS c2 FROM (%s) AS q"):format(text) end
  return text
end

return M
