-- Random queries with Spark's meaning: typed expressions over a few small tables, put together from what the language
-- has. The same seed gives the same query. Rows have no order unless the query sorts by all of its columns, and no
-- query depends on the order in which rows are added up.
local expressions = require "expressions"
local expression, fill = expressions.expression, expressions.fill
local M = {}

M.setup = {
  [[CREATE OR REPLACE TEMPORARY VIEW t AS SELECT id, CAST(IF(id % 7 = 3, NULL, id * 37 % 11 - 4) AS INT) AS i,
    IF(id % 11 = 5, NULL, id * 7919 % 101 - 50) AS l, IF(id % 9 = 1, NULL, CAST(id * 31 % 17 AS DOUBLE) / 4) AS d,
    CAST(IF(id % 8 = 2, NULL, CAST(id * 13 % 400 AS INT)) AS DECIMAL(9,2)) / 4 AS m,
    element_at(array('tide', 'Mill', '', ' a b ', 'été', 'x,y', NULL, 'mill'), CAST(id % 8 + 1 AS INT)) AS s,
    IF(id % 5 = 0, NULL, id % 3 = 0) AS b, date_add(DATE'2024-02-27', CAST(id * 5 % 40 AS INT)) AS dt,
    IF(id % 10 = 7, NULL, TIMESTAMP'2023-12-31 22:00:00' + make_dt_interval(0, CAST(id * 3 AS INT), 17, 5)) AS ts
    FROM range(40)]],
  [[CREATE OR REPLACE TEMPORARY VIEW wide AS SELECT *, CAST(IF(id % 6 = 1, NULL, id % 13) AS FLOAT) / 8 AS f,
    CAST(ts AS TIMESTAMP_NTZ) + INTERVAL '0.25' SECOND AS n, CAST(CAST(ts AS TIMESTAMP_NTZ) AS TIME) AS tm,
    IF(id % 4 = 3, NULL, make_ym_interval(CAST(id % 3 AS INT), i)) AS ym, ts - TIMESTAMP'2024-01-02 03:04:05' AS sp,
    CAST(s AS BINARY) AS bin, IF(id % 9 = 4, NULL, array(i, CAST(id % 4 AS INT), NULL)) AS xs,
    IF(id % 9 = 2, NULL, array(s, upper(s))) AS ss, IF(id % 7 = 1, NULL, map('a', i, 'b', CAST(id AS INT))) AS mp,
    IF(id % 8 = 6, NULL, named_struct('a', i, 'b', s)) AS st, to_json(named_struct('a', i, 'b', s)) AS js,
    IF(id % 9 = 5, NULL, parse_json(to_json(named_struct('a', i, 'b', array(s, NULL), 'c', d)))) AS v FROM t]],
  [[CREATE OR REPLACE TEMPORARY VIEW u AS SELECT CAST(IF(id = 4, NULL, id % 9) AS INT) AS k, id * 3 % 11 AS w,
    element_at(array('mill', 'tide', 'sea', NULL), CAST(id % 4 + 1 AS INT)) AS x FROM range(14)]],
  [[CREATE OR REPLACE TEMPORARY VIEW a AS SELECT id, IF(id = 3, NULL, sequence(1, CAST(id % 4 AS INT) + 1)) AS xs,
    IF(id = 5, NULL, map('p', CAST(id AS INT), 'q', NULL)) AS mp,
    named_struct('n', CAST(id AS INT), 'z', concat('s', id)) AS st FROM range(8)]],
}

local T = { int = { "i" }, bigint = { "id", "l" }, double = { "d" }, decimal = { "m" }, string = { "s" },
  boolean = { "b" }, date = { "dt" }, timestamp = { "ts" } }
local WIDE = { float = { "f" }, ntz = { "n" }, time = { "tm" }, months = { "ym" }, span = { "sp" }, binary = { "bin" },
  ints = { "xs" }, texts = { "ss" }, map = { "mp" }, struct = { "st" }, json = { "js" }, variant = { "v" } }
local U = { int = { "k" }, bigint = { "w" }, string = { "x" } }

local random
local function chance(percent) return random(100) <= percent end
local function one(list) return list[random(#list)] end

--- The columns of lists, all with a prefix, by type.
local function columns_of(prefix, ...)
  local out = {}
  for _, list in ipairs { ... } do
    for kind, names in pairs(list) do
      out[kind] = out[kind] or {}
      for _, n in ipairs(names) do table.insert(out[kind], prefix .. n) end
    end
  end
  return out
end

-- ---- from and where ------------------------------------------------------------------------------------------------

local function join_of(left, t)
  local all = columns_of("", t, columns_of("u.", U))
  local kind, on = one { "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "LEFT" }, "t.i = u.k"
  if kind == "CROSS" then return left .. " CROSS JOIN u", all end
  if chance(40) then on = on .. " AND " .. expression("boolean", 1, all) end
  if chance(10) then on = one { "t.i < u.k", "t.id <=> u.w", "t.s = u.x", "lower(t.s) = u.x" } end
  return ("%s %s JOIN u ON %s"):format(left, kind, on), all
end

--- A FROM clause and the columns that it gives.
local function source()
  local left, t = "t", columns_of("t.", T)
  if chance(40) then left, t = "wide AS t", columns_of("t.", T, WIDE) end
  local roll = random(12)
  if roll <= 5 then return left, t end
  if roll <= 8 then return join_of(left, t) end
  if roll == 9 then return ("%s LEFT %s JOIN u ON t.i = u.k"):format(left, one { "SEMI", "ANTI" }), t end
  if roll == 10 then
    return ("%s, LATERAL (SELECT max(u.w) AS w, count(*) AS k FROM u WHERE u.k %s t.i) u"):format(left,
      one { "=", "<", ">=" }), columns_of("", t, columns_of("u.", { bigint = { "w", "k" } }))
  end
  if roll == 11 then
    return ("(SELECT *, explode_outer(sequence(1, id %% 3)) AS e FROM %s) t"):format(left:gsub(" AS t", "")),
      columns_of("", t, { bigint = { "t.e" } })
  end
  return ("(SELECT * FROM t WHERE %s) t"):format(expression("boolean", 2, columns_of("", T))), columns_of("t.", T)
end

local function where(columns)
  if chance(30) then return "" end
  if chance(20) then
    return " WHERE " .. one { "t.i IN (SELECT k FROM u)", "t.i NOT IN (SELECT k FROM u WHERE k IS NOT NULL)",
      "EXISTS (SELECT 1 FROM u AS q WHERE q.k = t.i AND q.w > 2)",
    "NOT EXISTS (SELECT 1 FROM u AS q WHERE q.k = t.i)",
      "t.l > (SELECT min(w) FROM u)", "t.i = (SELECT max(q.k) FROM u AS q WHERE q.k = t.i)",
      "t.i NOT IN (SELECT k FROM u)", "(t.i, t.s) IN (SELECT k, x FROM u)",
      "(t.b OR t.i IN (SELECT q.k FROM u AS q WHERE q.w > t.l))", "t.l IN (SELECT w FROM u WHERE u.x = t.s)",
      "(SELECT count(*) FROM u AS q WHERE q.k < t.i) > 3" }
  end
  return " WHERE " .. expression("boolean", 2, columns)
end

-- ---- queries: each gives its text, how many columns c1, c2, .. it has, and its parts where it is a plain one ------

local function plain_query()
  local from, columns = source()
  local items, aliases = {}, chance(25)
  local shown = columns_of("", columns)
  for k = 1, random(4) do
    local kind = expressions.kind()
    items[k] = ("%s AS c%d"):format(expression(kind, 3, shown), k)
    if aliases then table.insert(shown[kind] or {}, "c" .. k) end
  end
  if chance(8) then
    items[#items + 1] = ("(SELECT %s FROM u AS q WHERE q.k = t.i) AS c%d"):format(
      one { "max(q.x)", "sum(q.w)", "count(*)", "count(*) + t.i", "min(q.w) - t.l" }, #items + 1)
  end
  local condition, distinct = where(columns), chance(15)
  return ("SELECT %s%s FROM %s%s"):format(distinct and "DISTINCT " or "", table.concat(items, ", "), from, condition),
    #items, not aliases and { from = from, where = condition, items = items, distinct = distinct } or nil
end

local AGGREGATES = {
  "count(*)", "count(%{int})", "sum(%{int})", "min(%{string})", "max(%{date})", "max(%{int})",
  "count(DISTINCT %{string})", "sum(DISTINCT %{int})", "min(%{decimal})", "sum(%{decimal})", "bool_and(%{boolean})",
  "max(%{double})", "avg(%{int})", "bool_or(%{boolean})", "sort_array(collect_list(%{int}))", "avg(%{decimal})",
  "sort_array(collect_set(%{string}))", "count_if(%{boolean})", "bit_xor(%{int})", "bit_and(%{int})",
  "bit_or(%{bigint})", "sum(%{int}) FILTER (WHERE %{boolean})", "percentile(%{int}, 0.5)", "median(%{int})",
  "min(%{timestamp})", "stddev(%{int})", "var_pop(%{int})", "variance(%{decimal})", "corr(%{int}, %{bigint})",
  "covar_samp(%{int}, %{int})", "round(abs(skewness(%{int})), 6)", "kurtosis(%{int})", "regr_slope(%{int}, %{int})",
  "regr_r2(%{int}, %{bigint})", "regr_count(%{int}, 1)", "approx_count_distinct(%{string})",
  "percentile_approx(%{int}, 0.3)", "percentile(%{int}, array(0.25, 0.9))", "mode() WITHIN GROUP (ORDER BY %{int})",
  "percentile_cont(0.25) WITHIN GROUP (ORDER BY %{int} DESC)", "percentile_disc(0.5) WITHIN GROUP (ORDER BY %{int})",
  "listagg(t.s, ',') WITHIN GROUP (ORDER BY t.s DESC)", "max(%{struct})", "min(%{ints})", "max(%{span})",
  "sum(%{months})", "avg(%{span})", "sum(%{span})", "min(%{time})", "max(%{ntz})",
  "count(DISTINCT %{int}, %{string})", "try_sum(%{int})", "try_avg(%{bigint})", "every(%{boolean})",
  "some(%{boolean})", "max_by(t.s, t.id)", "min_by(t.i, (t.s, t.id))", "count(%{struct})",
  "hll_sketch_estimate(hll_sketch_agg(%{int}))", "sum(%{bigint} % 1000)", "count(DISTINCT t.s COLLATE UTF8_LCASE)",
  "max(%{binary}) IS NULL", "size(collect_list(%{variant}))", "sort_array(array_agg(%{date}))", "any_value(1)",
  "sum(%{int}) / count(*)", "max(%{int}) - min(%{int})", "avg(DISTINCT %{int})", "median(%{span})",
  "stddev_pop(DISTINCT %{int})", "bitmap_count(bitmap_construct_agg(abs(%{int} % 50)))",
  "aggregate(histogram_numeric(%{int}, 50), 0D, (n, bin) -> n + bin.y)", "grouping(t.s)", "sum(%{float}::INT)",
  "max(%{float})", "count_if(%{int} IN (SELECT k FROM u))" }

local function keys_of(columns)
  local keys = {}
  for k = 1, random(0, 2) do
    keys[k] = expression(one { "int", "string", "boolean", "date", "decimal", "months", "struct", "ints", "time" }, 1,
      columns)
    -- of a constant Spark takes equal ones in other items for the key: sort_array(x) has a `true`
    if keys[k]:find "^[-'%d]" or keys[k]:find "NULL" or keys[k]:find "^%(?true" or keys[k]:find "^%(?false" then
      keys[k] = "t.i"
    end
  end
  return keys
end

local function grouped_query()
  local from, columns = source()
  while from:find "ANTI" or from:find "SEMI" do from, columns = source() end
  local keys, items, calls = keys_of(columns), {}, {}
  for k, key in ipairs(keys) do items[k] = ("%s AS c%d"):format(key, k) end
  for _ = 1, random(3) do
    local call = one(AGGREGATES)
    if call == "grouping(t.s)" then
      call, keys[1] = ("grouping(%s)"):format(keys[1] or "t.s"), keys[1] or "t.s"
    end
    calls[#calls + 1] = ("%s AS c%d"):format(fill(call, 1, columns), #items + 1)
    items[#items + 1] = calls[#calls]
  end
  local group, form = "", nil
  if #keys > 0 then
    form = one { " GROUP BY %s", " GROUP BY %s", " GROUP BY %s", " GROUP BY ROLLUP (%s)", " GROUP BY CUBE (%s)",
      " GROUP BY ALL", " GROUP BY GROUPING SETS ((%s), ())" }
    group = form:find "%%s" and form:format(table.concat(keys, ", ")) or form
  end
  local condition = where(columns)
  local having = ""
  if #keys > 0 and chance(25) then having = " HAVING " .. one { "count(*) > 1", "max(t.i) > 0", "min(t.s) <> 'b'" } end
  local parts = (form == nil or form == " GROUP BY %s") and having == "" and
    { from = from, where = condition, keys = { table.unpack(items, 1, #items - #calls) }, calls = calls } or nil
  return ("SELECT %s FROM %s%s%s%s"):format(table.concat(items, ", "), from, condition, group, having), #items, parts
end

-- A frame of ranges, with what it is ordered by.
local RANGES = {
  { "t.i", "RANGE BETWEEN 2 PRECEDING AND CURRENT ROW" }, { "t.i DESC", "RANGE BETWEEN 1 FOLLOWING AND 3 FOLLOWING" },
  { "t.i NULLS LAST", "RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING" }, { "t.d",
    "RANGE BETWEEN 0.5D PRECEDING AND 1 FOLLOWING" },
  { "t.dt", "RANGE BETWEEN INTERVAL '3' DAY PRECEDING AND CURRENT ROW" }, { "t.l DESC NULLS FIRST",
    "RANGE CURRENT ROW" },
  { "t.ts", "RANGE BETWEEN INTERVAL '5' HOUR PRECEDING AND INTERVAL '90' MINUTE FOLLOWING" },
  { "t.m", "RANGE BETWEEN 5 PRECEDING AND 5.5 FOLLOWING" }, { "t.s",
    "RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING" },
  { "t.dt DESC", "RANGE BETWEEN 2 PRECEDING AND 2 FOLLOWING" },
}
local FRAMES = { "", "", "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", "ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING",
  "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING", "ROWS BETWEEN 5 PRECEDING AND 2 PRECEDING",
  "ROWS UNBOUNDED PRECEDING", "ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING" }
local OVER = { "sum(%{int})", "count(%{string})", "min(%{int})", "max(%{string})", "avg(%{int})", "max(%{decimal})",
  "bool_or(%{boolean})", "stddev(%{int})", "count(*)", "sum(%{int}) FILTER (WHERE %{boolean})", "max(%{date})",
  "min(%{struct})", "sum(%{months})", "bit_or(%{int})", "median(%{int})" }
local PLACED = { "first_value(%{int})", "last_value(%{int})", "first_value(%{string}) IGNORE NULLS",
  "last_value(%{date}) IGNORE NULLS", "nth_value(%{int}, 2)", "any_value(%{string}) IGNORE NULLS",
    "collect_list(%{int})" }
local RANKS = { "row_number()", "rank()", "dense_rank()", "ntile(3)", "lag(%{int})", "lead(%{string}, 2)",
  "percent_rank()", "cume_dist()", "lag(%{string}, 1, 'none')", "lead(%{int}) IGNORE NULLS", "lag(%{ints}, 3)" }

local function window_query()
  local columns = columns_of("t.", T)
  local from = "t"
  if chance(30) then from, columns = "wide AS t", columns_of("t.", T, WIDE) end
  local calls, order, frame = {}, one { "", "", "t.d, ", "t.s DESC, ", "t.m NULLS LAST, " } .. "t.id", one(FRAMES)
  if chance(25) then
    order, frame = table.unpack(one(RANGES))
    calls = OVER
  else
    for _, list in ipairs(frame == "" and { OVER, PLACED, RANKS } or { OVER, PLACED }) do
      table.move(list, 1, #list, #calls + 1, calls)
    end
  end
  local partition = chance(70) and "PARTITION BY " .. one { "t.i", "t.s", "t.b", "t.i % 2", "t.s COLLATE UTF8_LCASE",
    "t.b, t.i % 3" } .. " " or ""
  local over = ("(%sORDER BY %s %s)"):format(partition, order, frame)
  local condition = chance(40) and " WHERE " .. expression("boolean", 2, columns) or ""
  local call = fill(one(calls), 1, columns)
  if chance(15) then
    return ("SELECT t.id AS c1, %s OVER w AS c2 FROM %s%s WINDOW w AS %s"):format(call, from, condition, over), 2
  end
  return ("SELECT t.id AS c1, %s OVER %s AS c2 FROM %s%s"):format(call, over, from, condition), 2
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
  "SELECT id AS c1, array_distinct(concat(xs, xs)) AS c2 FROM a",
  "SELECT id AS c1, array_join(transform(xs, x -> string(x)), '/') AS c2 FROM a",
  "SELECT a.id AS c1, u.x AS c2 FROM a, LATERAL (SELECT x FROM u WHERE u.w = a.id) u",
  "SELECT pos AS c1, col AS c2 FROM a LATERAL VIEW posexplode(%{ints}) e",
  "SELECT key AS c1, value AS c2 FROM a LATERAL VIEW explode(mp) e",
  "SELECT n AS c1, z AS c2 FROM a LATERAL VIEW inline(array(st, st, NULL)) e AS n, z",
  "SELECT id AS c1, col0 AS c2 FROM a LATERAL VIEW stack(2, %{int}, id, st.n, NULL) e AS col0, col1",
  "SELECT c0 AS c1, j.c1 AS c2 FROM a LATERAL VIEW json_tuple(%{json}, 'a', 'b') j AS c0, c1",
  "SELECT pos AS c1, to_json(value) AS c2 FROM a, LATERAL variant_explode_outer(%{variant})",
  "SELECT e.a AS c1, e.b AS c2 FROM (SELECT explode(array(%{struct}, %{struct})) AS e)",
  "SELECT * FROM VALUES (%{int}, %{string}), (%{int}, %{string}), (NULL, NULL) AS v(c1, c2)",
  "SELECT col AS c1, %{int} AS c2 FROM explode(%{ints})",
  "SELECT id AS c1, transform(xs, x -> transform(xs, y -> x * y + %{int})) AS c2 FROM a",
  "SELECT st.* FROM (SELECT named_struct('c1', id, 'c2', xs) AS st FROM a)",
  "SELECT xs[0] AS c1, sum(st.n) AS c2 FROM a GROUP BY xs[0]",
  "SELECT mp AS c1, count(*) AS c2 FROM a GROUP BY mp",
  -- beside other DISTINCT calls Spark forgets what the first is of no rows, and throws at the second
  "SELECT id % 3 AS c1, schema_of_variant_agg(v) AS c2 FROM wide WHERE %{boolean} GROUP BY id % 3",
  "SELECT i AS c1, string_agg(DISTINCT s, '|') WITHIN GROUP (ORDER BY s) AS c2 FROM t WHERE %{boolean} GROUP BY i",
  "SELECT window.start AS c1, sum(i) AS c2 FROM t GROUP BY window(ts, '1 day', '6 hours')",
  "SELECT session_window.end AS c1, count(*) AS c2 FROM t GROUP BY session_window(ts, '4 hours')",
  "SELECT upper(s COLLATE UTF8_LCASE) AS c1, count(*) AS c2 FROM t GROUP BY s COLLATE UTF8_LCASE",
  "SELECT * FROM (SELECT i, s AS c1, l FROM t) PIVOT (sum(l) FOR i IN (1 AS c2, %{int} AS c3))",
  "SELECT * FROM (SELECT b AS c1, s, l FROM t) PIVOT (max(l) + 1 FOR s IN ('tide' AS c2, 'mill' AS c3, 'none' AS c4))",
  "SELECT name AS c1, val AS c2 FROM t UNPIVOT %{nulls} NULLS (val FOR name IN (id, l))",
  "SELECT name AS c1, v1 AS c2 FROM t UNPIVOT ((v1, v2) FOR name IN ((i, s) AS first, (i, s)))",
  [[WITH RECURSIVE r(c1, c2) AS (SELECT 1, %{bigint} UNION ALL SELECT c1 + 1, (c2 * 2 + c1) % 100 FROM r WHERE c1 < 7)
    SELECT * FROM r]],
  [[WITH RECURSIVE r(c1, c2) AS (SELECT k, w FROM u WHERE k < 3 UNION ALL SELECT u.k, r.c2 + u.w FROM r JOIN u
    ON u.k = r.c1 + 1 WHERE r.c2 < 40) SELECT * FROM r]],
  [[WITH RECURSIVE r(c1, c2) MAX RECURSION LEVEL 20 AS (VALUES (0, 'm') UNION ALL SELECT c1 + 1, c2 || %{string} FROM r
    WHERE length(c2) < 12 AND c1 < 9) SELECT * FROM r]],
  "SELECT id AS c1, IDENTIFIER('s') AS c2 FROM IDENTIFIER('t') WHERE %{boolean}",
  "SELECT c1, max(c2) OVER (ORDER BY c1) AS c2 FROM (SELECT i AS c1, sum(%{int}) AS c2 FROM t GROUP BY i)",
  "SELECT i AS c1, sum(sum(l)) OVER (ORDER BY i) AS c2 FROM t GROUP BY i",
  "SELECT x.id AS c1, y.s AS c2 FROM t x JOIN t y USING (i) WHERE x.id < y.id",
  "SELECT c1, c2 FROM (SELECT i AS k, s AS c1 FROM t) NATURAL JOIN (SELECT k, w AS c2 FROM u)",
  "SELECT * EXCEPT (l, d, m, s, b, dt, ts) FROM (SELECT id AS c1, i AS c2, * EXCEPT (id, i) FROM t)",
  "SELECT id AS c1, %{string} AS c2 FROM t TABLESAMPLE (100 PERCENT)",
}

-- Subqueries, sets, scripts and windows at places where they are seldom seen.
local ODD = {
  "SELECT id AS c1, (SELECT max(w) FROM u WHERE u.k = t.i AND u.w > (SELECT min(k) + %{int} FROM u)) AS c2 FROM t",
  "SELECT i AS c1, count(*) AS c2 FROM t GROUP BY i HAVING count(*) > (SELECT min(w) FROM u WHERE u.w > %{int})",
  "SELECT i AS c1, sum(l) AS c2 FROM t GROUP BY i HAVING EXISTS (SELECT 1 FROM u WHERE u.k = t.i AND u.w <> %{int})",
  "SELECT id AS c1, CASE WHEN EXISTS (SELECT 1 FROM u WHERE u.k = t.i) THEN %{int} "
    .. "ELSE (SELECT count(*) FROM u WHERE u.w = t.id) END AS c2 FROM t",
  "SELECT id AS c1, i IN (SELECT k FROM u WHERE w <> %{int}) AS c2 FROM t",
  "SELECT id AS c1, (i, s) NOT IN (SELECT k, x FROM u WHERE k IS NOT NULL AND x IS NOT NULL) AS c2 FROM t",
  "SELECT t.id AS c1, u.w AS c2 FROM t %{join} JOIN u ON t.i = u.k AND t.l > (SELECT min(w) + %{int} FROM u)",
  "SELECT i AS c1, sum(l + (SELECT max(w) FROM u)) AS c2 FROM t GROUP BY i",
  "SELECT t.id AS c1, v.w AS c2 FROM t %{lateral} JOIN LATERAL (SELECT w FROM u WHERE u.k %{less} t.i ORDER BY w DESC "
    .. "LIMIT 2) v",
  "SELECT id AS c1, i AS c2 FROM t QUALIFY row_number() OVER (PARTITION BY i ORDER BY id DESC) <= 2",
  "EXECUTE IMMEDIATE 'SELECT id AS c1, i + ? AS c2 FROM t WHERE s <> ?' USING %{int}, %{string}",
  "EXECUTE IMMEDIATE 'SELECT id AS c1, :x AS c2 FROM t WHERE i > :y' USING %{int} AS x, %{int} AS y",
  "BEGIN DECLARE v INT DEFAULT %{int}; IF v > 0 THEN SELECT v AS c1, 'above' AS c2; "
    .. "ELSE SELECT v AS c1, %{string} AS c2; END IF; END",
  "BEGIN DECLARE n INT DEFAULT 0; WHILE n < 5 DO SET VAR n = n + 1 + coalesce(abs(%{int} % 3), 0); END WHILE; "
    .. "SELECT n AS c1, 1 AS c2; END",
  "SELECT i AS c1, x AS c2 FROM t %{join} JOIN (SELECT k AS i, x FROM u) v USING (i)",
  "SELECT i AS c1, grouping_id(i, b) + count(*) AS c2 FROM t GROUP BY CUBE (i, b)",
  "SELECT id AS c1, (SELECT count(*) + %{int} FROM u WHERE u.k = t.i) AS c2 FROM t",
  "SELECT id AS c1, (SELECT sum(q.w) FROM u AS q WHERE q.k %{less} t.i AND q.x = t.s) AS c2 FROM t",
  "(SELECT i AS c1, s AS c2 FROM t %{set} SELECT k, x FROM u) %{set} (SELECT k, x FROM u %{set} SELECT i, s FROM t)",
  "SELECT c1, count(*) AS c2 FROM (SELECT i AS c1 FROM t %{set} SELECT k FROM u) GROUP BY ALL",
  "SELECT t.i AS c1, max(v.n) AS c2 FROM t JOIN (SELECT k, count(*) AS n FROM u GROUP BY k) v ON v.k %{less} t.i "
    .. "GROUP BY 1",
  "SELECT id AS c1, v.c2 FROM t, LATERAL (SELECT t.i + u.w AS c2 FROM u WHERE u.k = t.i UNION ALL SELECT %{int}) v",
  "WITH a1 AS (SELECT i AS c1, l FROM t WHERE %{boolean}), b1 AS (SELECT c1, sum(l) AS c2 FROM a1 GROUP BY c1) "
    .. "SELECT a1.c1, b1.c2 FROM a1 %{join} JOIN b1 ON a1.c1 = b1.c1",
  "SELECT id AS c1, lag(i, 2, %{int}) OVER (PARTITION BY b ORDER BY id) + rank() OVER (ORDER BY i) AS c2 FROM t",
  "SELECT id AS c1, e AS c2 FROM t LATERAL VIEW %{outer} explode(filter(array(i, l, id), x -> x > %{int})) v AS e",
  "SELECT i + 1 AS c1, c1 * 2 AS c2 FROM t WHERE i IN (SELECT max(k) FROM u GROUP BY x)",
  "SELECT i AS c1, first_value(s) OVER (PARTITION BY i ORDER BY max(id)) AS c2 FROM t GROUP BY i, s",
  "SELECT t.id AS c1, u.w AS c2 FROM t %{lateral} JOIN u ON t.i = u.k OR t.id = u.w",
  "SELECT t.id AS c1, u.x AS c2 FROM t FULL JOIN u ON t.i = u.k AND t.s = u.x WHERE %{boolean} OR u.w > 3",
  "SELECT id AS c1, (SELECT struct(max(w), min(k)) FROM u WHERE u.k = t.i).col2 AS c2 FROM t",
}
local CHOICES = { join = { "INNER", "LEFT", "RIGHT", "FULL" }, lateral = { "INNER", "LEFT" }, less = { "<", "=", ">=" },
  set = { "UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL" }, outer = { "", "OUTER" },
  nulls = { "INCLUDE", "EXCLUDE" } }

local function set_query()
  local columns = columns_of("t.", T)
  local kinds = { expressions.kind(), expressions.kind() }
  local function part()
    return ("SELECT %s AS c1, %s AS c2 FROM t%s"):format(expression(kinds[1], 2, columns),
      expression(kinds[2], 2, columns), chance(50) and " WHERE " .. expression("boolean", 1, columns) or "")
  end
  local text = part()
  for _ = 1, chance(20) and 2 or 1 do
    text = ("%s %s %s"):format(text,
      one { "UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL", "INTERSECT ALL", "MINUS" }, part())
  end
  return text, 2
end

-- A step of a pipe, and what it adds to the columns.
local STEPS = {
  function(columns) return "WHERE " .. expression("boolean", 2, columns) end,
  function(columns, k)
    local kind = expressions.kind()
    local text = ("EXTEND %s AS e%d"):format(expression(kind, 2, columns), k)
    table.insert(columns[kind] or {}, "e" .. k)
    return text
  end,
  function(columns) return ("SET %s = %s"):format(columns.int[1], expression("int", 2, columns)) end,
  function(columns) return ("SET %s = upper(%s)"):format(columns.string[1], expression("string", 1, columns)) end,
  function(columns)
    columns.double = {}
    return "SELECT * EXCEPT (d)"
  end,
  function() return "AS p" end,
  function() return "LEFT SEMI JOIN u ON i = u.k" end,
}

local function pipe_query()
  local columns = columns_of("", T)
  local steps, done = { one { "FROM t", "SELECT * FROM t", "TABLE t", "(TABLE t)" } }, {}
  for k = 1, random(0, 3) do
    local step = random(#STEPS)
    if not done[step] then steps[#steps + 1] = STEPS[step](columns, k) end
    done[step] = step > 1
  end
  if chance(35) then
    steps[#steps + 1] = ("AGGREGATE %s AS c1, %s AS c2%s"):format(
      fill(one { "count(*)", "sum(%{int})", "max(%{string})" }, 1, columns), "count_if(b)",
      chance(60) and one { " GROUP BY i AS c3", " GROUP BY b", " GROUP BY upper(s) AS k" } or "")
    steps[#steps + 1] = "SELECT c1, c2"
  else
    steps[#steps + 1] = ("SELECT %s AS c1, %s AS c2"):format(expression(expressions.kind(), 2, columns),
      expression(expressions.kind(), 2, columns))
  end
  if chance(15) then steps[#steps + 1] = one { "UNION ALL SELECT NULL, NULL", "EXCEPT SELECT NULL, NULL" } end
  return table.concat(steps, " |> "), 2
end

local function any_query()
  local roll = random(100)
  if roll <= 36 then return plain_query() end
  if roll <= 60 then return grouped_query() end
  if roll <= 73 then return window_query() end
  if roll <= 81 then return set_query() end
  if roll <= 88 then return pipe_query() end
  local text = one(chance(50) and NESTED or ODD)
  text = text:gsub("%%{(%a+)}", function(name) return CHOICES[name] and one(CHOICES[name]) end)
  return fill(text, 1, {}), 2
end

--- The query of a seed: its text, whether its rows come in an order, and its parts: where it is a plain SELECT that
-- DataFrame calls can say as well.
function M.query(seed)
  math.randomseed(seed)
  random = math.random
  local text, n, parts = any_query()
  if chance(15) then text, parts = ("WITH q AS (%s) SELECT * FROM q"):format(text), nil end
  if not chance(25) then return text, false, parts end
  local keys = {}
  for k = 1, n do keys[k] = "c" .. k .. one { "", "", " DESC", " NULLS LAST" } end
  local order = chance(10) and "ALL" or table.concat(keys, ", ")
  local limit = random(1, 20)
  if text:find "COLLATE" then return ("SELECT * FROM (%s) ORDER BY %s"):format(text, order), false end -- which ties
  return ("SELECT * FROM (%s) ORDER BY %s LIMIT %d"):format(text, order, limit), true
end

return M
