--- Random queries with Spark's meaning: typed expressions over three small tables, put together from what the language
-- has. The same seed gives the same query. Rows have no order unless the query sorts by all of its columns, and no
-- query depends on the order in which rows are added up.
local M = {}

M.setup = {
  [[CREATE OR REPLACE TEMPORARY VIEW t AS SELECT id, CAST(IF(id % 7 = 3, NULL, id * 37 % 11 - 4) AS INT) AS i,
    IF(id % 11 = 5, NULL, id * 7919 % 101 - 50) AS l, IF(id % 9 = 1, NULL, CAST(id * 31 % 17 AS DOUBLE) / 4) AS d,
    CAST(IF(id % 8 = 2, NULL, CAST(id * 13 % 400 AS INT)) AS DECIMAL(9,2)) / 4 AS m,
    element_at(array('tide', 'Mill', '', ' a b ', 'été', 'x,y', NULL, 'mill'), CAST(id % 8 + 1 AS INT)) AS s,
    IF(id % 5 = 0, NULL, id % 3 = 0) AS b, date_add(DATE'2024-02-27', CAST(id * 5 % 40 AS INT)) AS dt,
    IF(id % 10 = 7, NULL, TIMESTAMP'2023-12-31 22:00:00' + make_dt_interval(0, CAST(id * 3 AS INT), 17, 5)) AS ts
    FROM range(40)]],
  [[CREATE OR REPLACE TEMPORARY VIEW u AS SELECT CAST(IF(id = 4, NULL, id % 9) AS INT) AS k, id * 3 % 11 AS w,
    element_at(array('mill', 'tide', 'sea', NULL), CAST(id % 4 + 1 AS INT)) AS x FROM range(14)]],
  [[CREATE OR REPLACE TEMPORARY VIEW a AS SELECT id, IF(id = 3, NULL, sequence(1, CAST(id % 4 AS INT) + 1)) AS xs,
    IF(id = 5, NULL, map('p', CAST(id AS INT), 'q', NULL)) AS mp,
    named_struct('n', CAST(id AS INT), 'z', concat('s', id)) AS st FROM range(8)]],
}

local random
local function chance(percent) return random(100) <= percent end
local function one(list) return list[random(#list)] end

-- ---- expressions -------------------------------------------------------------------------------------------------

-- Of a type: what %{type} stands for is made in turn. Nothing raises, whatever the rows hold.
local LITERALS = {
  int = { "0", "1", "-3", "7", "NULL", "CAST(NULL AS INT)", "100" },
  bigint = { "0L", "5L", "-20L", "CAST(NULL AS BIGINT)" },
  double = { "0.5D", "-2.25D", "0D", "CAST(NULL AS DOUBLE)", "1e3D" },
  decimal = { "1.50", "-0.25", "CAST(NULL AS DECIMAL(9,2))", "12.00" },
  string = { "'mill'", "'a'", "''", "CAST(NULL AS STRING)", "'Tide'", "' x '" },
  boolean = { "true", "false", "CAST(NULL AS BOOLEAN)" },
  date = { "DATE'2024-02-29'", "DATE'2023-12-31'", "CAST(NULL AS DATE)" },
  timestamp = { "TIMESTAMP'2024-01-01 00:00:00'", "CAST(NULL AS TIMESTAMP)" },
}
local FORMS = {
  int = { "(%{int} + %{int})", "(%{int} - %{int})", "abs(%{int})", "length(%{string})", "coalesce(%{int}, %{int})",
    "IF(%{boolean}, %{int}, %{int})", "nullif(%{int}, %{int})", "greatest(%{int}, %{int})", "least(%{int}, %{int})",
    "year(%{date})", "month(%{date})", "day(%{date})", "dayofweek(%{date})", "weekofyear(%{date})", "quarter(%{date})",
    "datediff(%{date}, %{date})", "instr(%{string}, %{string})", "locate('i', %{string})", "ascii(%{string})",
    "CASE WHEN %{boolean} THEN %{int} WHEN %{boolean} THEN %{int} END", "pmod(%{int}, 5)", "(%{int} % 7)",
    "hour(%{timestamp})", "minute(%{timestamp})", "size(split(%{string}, '[ ,]'))", "CAST(%{boolean} AS INT)",
    "try_divide(%{int}, 0) IS NULL = true", "nvl2(%{string}, %{int}, %{int})", "levenshtein(%{string}, %{string})",
    "try_cast(%{string} AS INT)", "bit_count(%{int})", "sign(%{int})", "(%{int} & 6)", "(%{int} | 1)" },
  bigint = { "(%{bigint} + %{int})", "CAST(%{int} AS BIGINT)", "coalesce(%{bigint}, %{bigint})", "(%{bigint} % 13)",
    "IF(%{boolean}, %{bigint}, %{int})", "abs(%{bigint})", "ceil(%{double})", "floor(%{double})", "(%{bigint} div 3)",
    "crc32(%{string})", "xxhash64(%{string}, %{int})", "unix_date(%{date})" },
  double = { "(%{double} + %{double})", "(%{double} * 2)", "try_divide(%{double}, %{double})", "round(%{double}, 1)",
    "CAST(%{int} AS DOUBLE)", "coalesce(%{double}, 0)", "abs(%{double})", "nullif(%{double}, 0)",
    "CAST(%{decimal} AS DOUBLE)", "nanvl(%{double}, 1)", "greatest(%{double}, %{double})" },
  decimal = { "(%{decimal} + %{decimal})", "coalesce(%{decimal}, %{decimal})", "abs(%{decimal})",
    "CAST(%{int} AS DECIMAL(9,2))", "IF(%{boolean}, %{decimal}, %{decimal})", "round(%{decimal}, 1)" },
  string = { "upper(%{string})", "lower(%{string})", "concat(%{string}, %{string})", "trim(%{string})",
    "substring(%{string}, %{int}, 3)", "coalesce(%{string}, 'none')", "reverse(%{string})", "initcap(%{string})",
    "replace(%{string}, 'i', 'I')", "lpad(%{string}, 6, '*')", "CAST(%{int} AS STRING)", "CAST(%{date} AS STRING)",
    "IF(%{boolean}, %{string}, %{string})", "concat_ws('-', %{string}, %{string})", "repeat(%{string}, 2)",
    "CAST(%{decimal} AS STRING)", "translate(%{string}, 'il', '1L')", "date_format(%{date}, 'yyyy-MM')",
    "split_part(%{string}, ' ', 1)", "left(%{string}, 2)", "hex(%{int})", "md5(%{string})", "CAST(%{double} AS STRING)",
    "CASE %{int} WHEN 1 THEN 'one' ELSE %{string} END", "regexp_replace(%{string}, '[aeiou]', '.')", "typeof(%{int})",
    "CAST(%{timestamp} AS STRING)", "soundex(%{string})", "CAST(%{boolean} AS STRING)" },
  boolean = { "%{int} > %{int}", "%{int} = %{int}", "%{string} = %{string}", "%{double} < %{double}",
    "%{date} <= %{date}", "(%{boolean} AND %{boolean})",
    "(%{boolean} OR %{boolean})", "(NOT %{boolean})", "%{string} LIKE '%i%'",
    "%{int} IN (1, 2, %{int})", "%{string} IN ('mill', 'tide')", "%{int} IS NULL", "%{string} IS NOT NULL",
    "%{int} BETWEEN %{int} AND %{int}", "%{int} <=> %{int}", "%{string} RLIKE '^[a-z]+$'", "startswith(%{string}, 'm')",
    "contains(%{string}, 'd')", "%{boolean} IS TRUE", "%{decimal} >= %{decimal}", "%{timestamp} < %{timestamp}",
    "%{string} < %{string}", "%{bigint} != %{int}", "isnan(%{double})", "coalesce(%{boolean}, false)" },
  date = { "date_add(%{date}, %{int})", "last_day(%{date})", "CAST(%{timestamp} AS DATE)",
    "add_months(%{date}, %{int})",
    "coalesce(%{date}, %{date})", "trunc(%{date}, 'MM')", "next_day(%{date}, 'MO')", "greatest(%{date}, %{date})",
    "IF(%{boolean}, %{date}, %{date})" },
  timestamp = { "CAST(%{date} AS TIMESTAMP)", "date_trunc('DAY', %{timestamp})", "coalesce(%{timestamp}, %{timestamp})",
    "(%{timestamp} + INTERVAL '1' HOUR)", "IF(%{boolean}, %{timestamp}, %{timestamp})" },
}
local TYPES = { "int", "bigint", "double", "decimal", "string", "boolean", "date", "timestamp" }

local function expression(kind, depth, columns)
  local own = columns[kind]
  local roll = random(100)
  if depth <= 0 or roll <= 25 then
    if own and #own > 0 and roll % 4 ~= 0 then return one(own) end
    return one(LITERALS[kind])
  end
  return (one(FORMS[kind]):gsub("%%{(%a+)}", function(k) return expression(k, depth - 1, columns) end))
end

local function columns_of(prefix, list)
  local out = {}
  for kind, names in pairs(list) do
    out[kind] = {}
    for i, n in ipairs(names) do out[kind][i] = prefix .. n end
  end
  return out
end

local T = { int = { "i" }, bigint = { "id", "l" }, double = { "d" }, decimal = { "m" }, string = { "s" },
  boolean = { "b" }, date = { "dt" }, timestamp = { "ts" } }
local U = { int = { "k" }, bigint = { "w" }, string = { "x" } }

local function both(x, y)
  local out = {}
  for _, kind in ipairs(TYPES) do
    out[kind] = {}
    for _, n in ipairs(x[kind] or {}) do table.insert(out[kind], n) end
    for _, n in ipairs(y[kind] or {}) do table.insert(out[kind], n) end
  end
  return out
end

-- ---- queries -----------------------------------------------------------------------------------------------------

-- A FROM clause and the columns that it gives.
local function source()
  local t, u = columns_of("t.", T), columns_of("u.", U)
  local roll = random(10)
  if roll <= 4 then return "t", t end
  if roll <= 8 then
    local all = both(t, u)
    return ("t %s JOIN u ON t.i = u.k%s"):format(one { "INNER", "LEFT", "RIGHT", "FULL" },
      chance(40) and " AND " .. expression("boolean", 1, all) or ""), all
  end
  if roll == 9 then
    return ("t LEFT %s JOIN u ON t.i = u.k"):format(one { "SEMI", "ANTI" }), t
  end
  return ("(SELECT * FROM t WHERE %s) t"):format(expression("boolean", 2, columns_of("", T))), t
end

local function where(columns)
  if chance(30) then return "" end
  if chance(20) then
    return " WHERE " .. one { "t.i IN (SELECT k FROM u)", "t.i NOT IN (SELECT k FROM u WHERE k IS NOT NULL)",
      "EXISTS (SELECT 1 FROM u AS q WHERE q.k = t.i AND q.w > 2)", "NOT EXISTS (SELECT 1 FROM u AS q WHERE q.k = t.i)",
      "t.l > (SELECT min(w) FROM u)", "t.i = (SELECT max(q.k) FROM u AS q WHERE q.k = t.i)" }
  end
  return " WHERE " .. expression("boolean", 2, columns)
end

local AGGREGATES = { "count(*)", "count(%{int})", "sum(%{int})", "min(%{string})", "max(%{date})", "max(%{int})",
  "count(DISTINCT %{string})", "sum(DISTINCT %{int})", "min(%{decimal})", "sum(%{decimal})", "bool_and(%{boolean})",
  "max(%{double})", "avg(%{int})", "bool_or(%{boolean})", "sort_array(collect_list(%{int}))", "avg(%{decimal})",
  "sort_array(collect_set(%{string}))", "count_if(%{boolean})", "bit_xor(%{int})",
  "sum(%{int}) FILTER (WHERE %{boolean})", "percentile(%{int}, 0.5)", "median(%{int})", "min(%{timestamp})" }

local function fill(form, depth, columns)
  return (form:gsub("%%{(%a+)}", function(k) return expression(k, depth, columns) end))
end

local function plain_query()
  local from, columns = source()
  local items = {}
  for k = 1, random(4) do items[k] = ("%s AS c%d"):format(expression(one(TYPES), 3, columns), k) end
  local distinct = chance(15) and "DISTINCT " or ""
  return ("SELECT %s%s FROM %s%s"):format(distinct, table.concat(items, ", "), from, where(columns)), #items
end

local function grouped_query()
  local from, columns = source()
  while from:find "ANTI" or from:find "SEMI" do from, columns = source() end
  local keys, items = {}, {}
  for k = 1, random(0, 2) do
    keys[k] = expression(one { "int", "string", "boolean", "date" }, 1, columns)
    if keys[k]:match "^%-?%d" or keys[k]:match "NULL" then keys[k] = "t.i" end
    items[k] = ("%s AS c%d"):format(keys[k], k)
  end
  for _ = 1, random(3) do items[#items + 1] = ("%s AS c%d"):format(fill(one(AGGREGATES), 1, columns), #items + 1) end
  local group = ""
  if #keys > 0 then
    local form = one { " GROUP BY %s", " GROUP BY %s", " GROUP BY ROLLUP (%s)", " GROUP BY CUBE (%s)" }
    group = form:format(table.concat(keys, ", "))
  end
  local having = #keys > 0 and chance(25) and " HAVING count(*) > 1" or ""
  return ("SELECT %s FROM %s%s%s%s"):format(table.concat(items, ", "), from, where(columns), group, having), #items
end

local function window_query()
  local columns = columns_of("t.", T)
  local frame = one { "", "", " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", " ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING",
    " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING" }
  local calls = { "sum(%{int})", "count(%{string})", "min(%{int})", "max(%{string})", "avg(%{int})" }
  if frame == "" then
    for _, c in ipairs { "row_number()", "rank()", "dense_rank()", "ntile(3)", "lag(%{int})", "lead(%{string}, 2)",
      "percent_rank()", "cume_dist()" } do calls[#calls + 1] = c end
  end
  calls[#calls + 1] = "first_value(%{int})"
  calls[#calls + 1] = "last_value(%{int})"
  local over = ("OVER (%sORDER BY %st.id%s)"):format(chance(70) and "PARTITION BY " ..
    one { "t.i", "t.s", "t.b", "t.i % 2" } .. " " or "", one { "", "t.d, ", "t.s DESC, ", "t.m NULLS LAST, " }, frame)
  return ("SELECT t.id AS c1, %s %s AS c2 FROM t%s"):format(fill(one(calls), 1, columns), over,
    chance(40) and " WHERE " .. expression("boolean", 2, columns) or ""), 2
end

local NESTED = {
  "SELECT id AS c1, explode(xs) AS c2 FROM a",
  "SELECT a.id AS c1, e.col AS c2 FROM a LATERAL VIEW OUTER explode(xs) e AS col",
  "SELECT id AS c1, transform(xs, x -> x * %{int}) AS c2 FROM a",
  "SELECT id AS c1, filter(xs, x -> x > %{int}) AS c2 FROM a",
  "SELECT id AS c1, aggregate(xs, 0, (acc, x) -> acc + x) AS c2 FROM a",
  "SELECT id AS c1, mp['p'] + st.n AS c2 FROM a",
  "SELECT id AS c1, array_contains(xs, %{int}) AS c2 FROM a", "SELECT id AS c1, map_keys(mp) AS c2 FROM a",
  "SELECT id AS c1, st.z AS c2 FROM a WHERE exists(xs, x -> x = %{int})",
  "SELECT id AS c1, to_json(st) AS c2 FROM a",
  "SELECT id AS c1, slice(xs, 1, 2) AS c2 FROM a",
  "SELECT id AS c1, array_distinct(concat(xs, xs)) AS c2 FROM a",
  "SELECT id AS c1, size(xs) AS c2 FROM a",
  "SELECT id AS c1, array_join(transform(xs, x -> string(x)), '/') AS c2 FROM a",
  "SELECT a.id AS c1, u.x AS c2 FROM a, LATERAL (SELECT x FROM u WHERE u.w = a.id) u",
}

local function set_query()
  local columns = columns_of("t.", T)
  local kinds = { one(TYPES), one(TYPES) }
  local function part()
    return ("SELECT %s AS c1, %s AS c2 FROM t%s"):format(expression(kinds[1], 2, columns),
      expression(kinds[2], 2, columns), chance(50) and " WHERE " .. expression("boolean", 1, columns) or "")
  end
  return ("%s %s %s"):format(part(), one { "UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL", "INTERSECT ALL" },
    part()), 2
end

local function any_query()
  local roll = random(100)
  if roll <= 40 then return plain_query() end
  if roll <= 70 then return grouped_query() end
  if roll <= 82 then return window_query() end
  if roll <= 92 then return set_query() end
  return fill(one(NESTED), 1, {}), 2
end

--- The query of a seed: its text, and whether its rows come in an order.
function M.query(seed)
  math.randomseed(seed)
  random = math.random
  local text, n = any_query()
  if chance(15) then text = ("WITH q AS (%s) SELECT * FROM q"):format(text) end
  if not chance(25) then return text, false end
  local keys = {}
  for k = 1, n do keys[k] = "c" .. k .. one { "", "", " DESC", " NULLS LAST" } end
  return ("SELECT * FROM (%s) ORDER BY %s LIMIT %d"):format(text, table.concat(keys, ", "), random(1, 20)), true
end

return M
