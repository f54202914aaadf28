--- Whole pieces of work, each a function of a session and a folder of its own that gives a text. The sweep makes each
-- allocation of theirs fail. Inputs are small, so that every kind of operator is passed, not every size. `clean` takes
-- back what a piece that failed half-way may rightly leave: tables, functions, settings.
local core = require "tidemill.core"
local tidemill = require "tidemill"
local F, types = tidemill.functions, tidemill.types

local M = {}
local function scenario(name, run, clean) M[#M + 1] = { name = name, run = run, clean = clean } end

--- Rows as text, in order.
local function text(df)
  local out = {}
  for i, row in ipairs(df:collect()) do out[i] = tostring(row) end
  return table.concat(out, "\n")
end

--- f() with df under a name that is gone afterwards.
local function with_view(spark, name, df, f)
  df:createOrReplaceTempView(name)
  local fine, result = pcall(f)
  spark.catalog:dropTempView(name)
  if not fine then error(result, 0) end
  return result
end

local function sql(name, query)
  scenario("sql: " .. name, function(spark) return text(spark:sql(query)) end)
end

local PEOPLE = [[(VALUES (1, 'ann', 30, DATE'2024-01-05', 1.50BD), (2, 'bob', NULL, DATE'2024-02-06', 2.25BD),
  (3, 'a longer name than fits inline', 41, NULL, 3.00BD), (4, 'dan', 30, DATE'2024-03-07', NULL),
  (5, NULL, 19, DATE'2024-03-08', 0.75BD)) AS p(id, name, age, born, pay)]]
local ORDERS = [[(VALUES (1, 10.0), (1, 20.5), (2, 5.25), (4, 7.0), (9, 1.0), (CAST(NULL AS INT), 2.0))
  AS o(who, total)]]

-- ---- queries -----------------------------------------------------------------------------------

scenario("sql: texts that come again", function(spark)
  return with_view(spark, "again", spark:range(5):toDF "v", function()
    local out = {}
    for i = 1, 3 do
      out[#out + 1] = text(spark:sql "SELECT sum(v) FROM again")
      out[#out + 1] = text(spark:sql("SELECT v FROM again WHERE v < :x", { x = i }):limit(2))
    end
    return table.concat(out, "\n")
  end)
end)
sql("literals",
  "SELECT 1, 'two', 3.0D, DATE'2024-01-01', INTERVAL '1' DAY, array(1, 2), map('k', 1), named_struct('a', 1)")
sql("project",
  "SELECT id + 1 AS n, upper(name) AS u, concat(name, '-', id) AS c, CAST(pay AS STRING) s FROM " .. PEOPLE)
sql("filter", "SELECT * FROM " .. PEOPLE .. " WHERE age > 20 AND name LIKE '%n%' OR pay IS NULL")
sql("case and cast",
  "SELECT CASE WHEN age > 30 THEN 'old' WHEN age IS NULL THEN 'unknown' ELSE CAST(age AS STRING) END k FROM "
  .. PEOPLE)
for _, join in ipairs { "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN" } do
  sql(join:lower(), "SELECT * FROM " .. PEOPLE .. " " .. join .. " " .. ORDERS .. " ON p.id = o.who")
end
sql("cross join", "SELECT p.id, o.total FROM " .. PEOPLE .. " CROSS JOIN " .. ORDERS)
sql("join by inequality",
  "SELECT p.id, o.total FROM " .. PEOPLE .. " JOIN " .. ORDERS .. " ON p.id < o.who AND o.total > 1")
sql("join with a condition on rows",
  "SELECT * FROM " .. PEOPLE .. " LEFT JOIN " .. ORDERS .. " ON p.id = o.who AND o.total > p.age")
sql("aggregate", "SELECT age, count(*), sum(pay), avg(id), min(name), max(born) FROM " .. PEOPLE .. " GROUP BY age")
sql("aggregate of all", "SELECT count(*), sum(id), avg(pay), stddev(id), count(DISTINCT age) FROM " .. PEOPLE)
sql("collecting aggregates",
  "SELECT age, collect_list(name), collect_set(id), max_by(name, id), first(born) FROM " .. PEOPLE
  .. " GROUP BY age")
sql("distinct aggregates", "SELECT age, count(DISTINCT name), sum(DISTINCT id) FROM " .. PEOPLE .. " GROUP BY age")
sql("rollup", "SELECT age, name, grouping_id(), count(*) FROM " .. PEOPLE .. " GROUP BY ROLLUP(age, name)")
sql("having", "SELECT age, count(*) AS n FROM " .. PEOPLE .. " GROUP BY age HAVING n > 1")
sql("window group limit", "SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY age ORDER BY name) r FROM "
  .. PEOPLE .. ") WHERE r <= 2")
sql("window", "SELECT id, row_number() OVER (PARTITION BY age ORDER BY id), rank() OVER (ORDER BY age),"
  .. " sum(pay) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), lag(name) OVER (ORDER BY id)"
  .. " FROM " .. PEOPLE)
sql("sort", "SELECT * FROM " .. PEOPLE .. " ORDER BY age DESC NULLS LAST, name")
sql("sort by range", "SELECT id % 7 k, id FROM range(5000) ORDER BY k, id DESC LIMIT 3 OFFSET 4000")
-- With rows put aside on disk, and handed out one batch at a time.
local function spilled(name, query)
  scenario("spilled: " .. name, function(spark)
    local out = {}
    for i, row in spark:sql(query):toLocalIterator() do out[i] = tostring(row) end
    return table.concat(out, "\n")
  end)
  M[#M].spilled = true
end
spilled("sort", "SELECT * FROM " .. PEOPLE .. " ORDER BY age DESC NULLS LAST, name")
spilled("sort by what is computed", "SELECT id, name FROM " .. PEOPLE .. " WHERE id > 1 ORDER BY id % 2, upper(name)")
spilled("window group limit", "SELECT * FROM (SELECT id, rank() OVER (PARTITION BY name ORDER BY age) r FROM " .. PEOPLE
  .. ") WHERE r <= 2")
spilled("window", "SELECT id, row_number() OVER (PARTITION BY age ORDER BY id), stddev(pay) OVER (ORDER BY id "
  .. "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), max(name) OVER (PARTITION BY age ORDER BY id) FROM " .. PEOPLE)
for _, join in ipairs { "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN" } do
  spilled(join:lower(),
    "SELECT * FROM " .. PEOPLE .. " " .. join .. " " .. ORDERS .. " ON p.id = o.who AND o.total > 1")
end
spilled("mark and null-aware anti joins", "SELECT id, id IN (SELECT who FROM " .. ORDERS .. ") FROM " .. PEOPLE
  .. " WHERE age NOT IN (SELECT 19 + total FROM " .. ORDERS .. " WHERE who > 1)")
spilled("join in blocks", "SELECT count(*), sum(l.id) FROM range(9) l LEFT JOIN range(2100) r ON l.id + r.id = 2099")
spilled("aggregate", "SELECT age, count(*), min(name), collect_list(id) FROM " .. PEOPLE .. " GROUP BY age")
spilled("distinct aggregates",
  "SELECT age, count(DISTINCT name), sum(DISTINCT id) FILTER (WHERE id > 1), max(pay) FROM "
  .. PEOPLE .. " GROUP BY age")
spilled("distinct", "SELECT DISTINCT age, name FROM " .. PEOPLE)
spilled("rollup", "SELECT age, id % 2, count(*), sum(pay) FROM " .. PEOPLE .. " GROUP BY ROLLUP(age, id % 2)")
spilled("union", "SELECT id, name FROM " .. PEOPLE .. " UNION SELECT who, 'order' FROM " .. ORDERS)
spilled("union all under a sort", "SELECT id FROM " .. PEOPLE .. " UNION ALL SELECT who FROM " .. ORDERS
  .. " ORDER BY 1")
spilled("except and intersect all", "SELECT id FROM " .. PEOPLE .. " EXCEPT SELECT who FROM " .. ORDERS
  .. " INTERSECT ALL SELECT 2")
spilled("cross join", "SELECT p.id, o.total FROM " .. PEOPLE .. " CROSS JOIN " .. ORDERS)
spilled("join of texts and nested rows", "SELECT * FROM (SELECT name, array(id, NULL) a FROM " .. PEOPLE
  .. ") p FULL JOIN (SELECT 'ann' AS name, named_struct('t', map('k', 1)) s) o ON p.name <=> o.name")
spilled("sort of nested rows", "SELECT id, array(name, NULL) a, named_struct('p', pay, 'm', map(id, age)) s FROM "
  .. PEOPLE .. " ORDER BY pay DESC, a")
spilled("window over a partition of pages", "SELECT max(s), max(n), max(l) FROM (SELECT sum(id) OVER (ORDER BY id ROWS "
  .. "BETWEEN 5 PRECEDING AND 5 FOLLOWING) s, ntile(3) OVER (ORDER BY id) n, lead(id, 7) OVER (ORDER BY id) l "
  .. "FROM range(2500))")
spilled("rows used twice", "WITH a AS (SELECT id, age, rand(1) r FROM " .. PEOPLE .. ") SELECT count(*) FROM a x "
  .. "JOIN a y ON x.r = y.r")
spilled("limit", "SELECT id + 1 a FROM range(3000) LIMIT 20 OFFSET 2500")
spilled("windows of each kind of function", "SELECT id, ntile(2) OVER w, percent_rank() OVER w, cume_dist() OVER w, "
  .. "first_value(name) IGNORE NULLS OVER w, nth_value(id, 2) OVER w, collect_list(name) OVER w FROM " .. PEOPLE
  .. " WINDOW w AS (PARTITION BY age ORDER BY id)")
spilled("window by range and by others", "SELECT id, sum(pay) OVER (ORDER BY age RANGE BETWEEN 5 PRECEDING AND "
  .. "5 FOLLOWING), dense_rank() OVER (PARTITION BY id % 2 ORDER BY name DESC), "
  .. "lead(born, 1, DATE'2000-01-01') OVER (ORDER BY id) FROM " .. PEOPLE)
spilled("window over nested rows", "SELECT a, s, row_number() OVER (PARTITION BY id % 2 ORDER BY id DESC) FROM "
  .. "(SELECT id, array(name, NULL) a, named_struct('m', map(id, age)) s FROM " .. PEOPLE .. ")")
sql("window over a tree", "SELECT * FROM (SELECT id, collect_list(id) OVER (ORDER BY id ROWS BETWEEN 40 PRECEDING AND "
  .. "CURRENT ROW) l, min(id % 5) OVER (ORDER BY id ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING) FROM range(90)) "
  .. "WHERE id > 87")
sql("top-n", "SELECT * FROM " .. PEOPLE .. " ORDER BY pay LIMIT 2")
sql("distinct", "SELECT DISTINCT age FROM " .. PEOPLE)
sql("union all", "SELECT id, name FROM " .. PEOPLE .. " UNION ALL SELECT who, 'order' FROM " .. ORDERS)
sql("union", "SELECT id FROM " .. PEOPLE .. " UNION SELECT who FROM " .. ORDERS)
sql("except", "SELECT id FROM " .. PEOPLE .. " EXCEPT SELECT who FROM " .. ORDERS)
sql("intersect all", "SELECT id FROM " .. PEOPLE .. " INTERSECT ALL SELECT who FROM " .. ORDERS)
sql("explode", "SELECT id, k, v FROM " .. PEOPLE .. " LATERAL VIEW explode(map(id, name, id + 1, 'x')) e AS k, v")
sql("posexplode_outer", "SELECT id, pos, col FROM " .. PEOPLE .. " LATERAL VIEW OUTER posexplode(array(name, 'x')) e")
sql("scalar subquery", "SELECT id, (SELECT max(total) FROM " .. ORDERS .. ") m FROM " .. PEOPLE)
sql("correlated subquery", "SELECT id, (SELECT sum(total) FROM " .. ORDERS .. " WHERE o.who = p.id) s FROM " .. PEOPLE)
sql("exists", "SELECT id FROM " .. PEOPLE .. " WHERE EXISTS (SELECT 1 FROM " .. ORDERS .. " WHERE o.who = p.id)")
sql("not in",
  "SELECT id FROM " .. PEOPLE .. " WHERE id NOT IN (SELECT who FROM " .. ORDERS .. " WHERE who IS NOT NULL)")
sql("cte", "WITH a AS (SELECT id, age FROM " .. PEOPLE .. "), b AS (SELECT age, count(*) n FROM a GROUP BY age)"
  .. " SELECT * FROM a JOIN b USING (age) ORDER BY id")
sql("pipe",
  "FROM " .. PEOPLE .. " |> WHERE id > 1 |> SELECT age, pay |> AGGREGATE sum(pay) s GROUP BY age |> ORDER BY s")
sql("nested values", "SELECT array(named_struct('a', id, 'b', array(name))) x, map(id, array(age)) y FROM " .. PEOPLE)
sql("short ways of kernels", "SELECT levenshtein(repeat(s, 40), repeat(reverse(s), 30)), levenshtein(s, 'mill'), "
  .. "coalesce(nullif(id, 3), v), id IN (1, 2, 3), array_append(a, id), array_remove(a, 1L), array_insert(a, 2, v), "
  .. "arrays_zip(a, b), zip_with(a, b, (p, q) -> p + q), flatten(array(a, b)), arrays_overlap(a, b), "
  .. "sequence(d, date_add(d, 3)), s ILIKE '%X%', mask(s), base64(s), to_base32(s), overlay(s, '#', 2), "
  .. "date_format(d, \"yyyy-MM-dd'T'HH:mm\"), timestampdiff(HOUR, d, TIMESTAMP'2024-01-01 00:00:00'), "
  .. "unix_nanos(timestamp_nanos(id)), st_asbinary(st_geomfromwkb(X'0101000000000000000000F03F0000000000000040')), "
  .. "map_from_arrays(array(id, v), array(s, s)), date_format(d, 'EEE, d MMM yyyy'), "
  .. "round(id / 3, 1), CAST(id AS DECIMAL(9, 2)) / 7 FROM (SELECT id, id + 1 AS v, concat('word é ', id) AS s, "
  .. "array(id, 1L) AS a, array(v, id, 2L) AS b, date_add(DATE'2024-01-01', CAST(id AS INT)) AS d FROM range(20))")
sql("error of the query", "SELECT coalesce(try_divide(1, 0), 7)")

-- What has ways of its own with many rows, from memory and put aside.
for _, kind in ipairs { sql, spilled } do
  kind("lateral joins", "SELECT p.id, t.total, c.n, s.x FROM " .. PEOPLE .. " LEFT JOIN LATERAL (SELECT total FROM "
    .. ORDERS .. " WHERE o.who = p.id ORDER BY total DESC LIMIT 1) t JOIN LATERAL (SELECT count(*) n FROM " .. ORDERS
    .. " WHERE o.who <= p.id) c, LATERAL (SELECT p.age + c.n x) s")
  kind("lateral join of a generator", "SELECT p.id, e.n, e.pos FROM " .. PEOPLE
    .. " LEFT JOIN LATERAL posexplode(sequence(1, p.id % 3)) AS e(pos, n) ON e.n > 1")
  kind("counts by sets", "SELECT k, count(DISTINCT a), count(DISTINCT b), sum(c) FROM (SELECT id % 3 k, id % 700 a, "
    .. "CAST(id % 9 AS INT) b, id c FROM range(2500)) GROUP BY k")
  kind("counts by sets of many groups",
    "SELECT sum(n), max(n) FROM (SELECT id % 900 k, count(DISTINCT id * 7) n FROM range(2500) GROUP BY 1)")
  kind("sets of texts and dates", "SELECT id % 2, count(DISTINCT CAST(id % 50 AS STRING)), count(DISTINCT "
    .. "DATE'2024-01-01' + CAST(id % 90 AS INT)), count(DISTINCT id % 5, id % 3) FROM range(1200) GROUP BY 1")
  kind("top of many", "SELECT id, s FROM (SELECT id, concat('text number ', id) s FROM range(2500)) "
    .. "ORDER BY id % 13 DESC, s LIMIT 5 OFFSET 2")
  kind("top of nested rows", "SELECT array(id, NULL) a, named_struct('s', CAST(id AS STRING)) s FROM range(2100) "
    .. "WHERE id % 3 = 1 ORDER BY s DESC LIMIT 3")
  kind("generators", "SELECT * FROM (SELECT id, inline_outer(array(struct(name, age), NULL)) FROM " .. PEOPLE
    .. ") LATERAL VIEW OUTER explode(array()) e AS n LATERAL VIEW stack(2, id, 'x', id + 1, NULL) t AS a, b "
    .. "LATERAL VIEW json_tuple('{\"k\": 1, \"l\": [2, \"a longer text than fits\"]}', 'k', 'l', 'm') j AS k, l, m")
  kind("generators of maps, texts and variants", "SELECT x.*, v.*, w.* FROM " .. PEOPLE .. ", LATERAL "
    .. "posexplode_outer(map(id, name, id + 10, 'y')) x, LATERAL variant_explode_outer(parse_json('{\"a\": [1]}')) v, "
    .. "LATERAL explode(split(coalesce(name, 'a b c'), ' ')) w")
end

sql("sketches of parts", "SELECT length(tuple_sketch_agg_double(id, 1D, 6)), length(theta_sketch_agg(id, 6)) "
  .. "FROM range(140000)")

local VARIANTS = [[(SELECT id, parse_json(concat('{"a": ', id, ', "b": ["x", null, {"c": 1.5}], "long": "',
  repeat('text ', 9), '"}')) v FROM range(5))]]
sql("variants", "SELECT v, variant_get(v, '$.a', 'INT') + 1, v:b[2].c::DOUBLE, schema_of_variant(v), to_json(v), "
  .. "is_variant_null(v:b[1]), try_variant_get(v, '$.b', 'INT') FROM " .. VARIANTS)
sql("variants taken apart", "SELECT id, key, value FROM " .. VARIANTS .. ", LATERAL variant_explode(v)")
sql("variants changed", "SELECT variant_insert(v, '$.z', id), variant_set(v, '$.b[2].c', v), "
  .. "variant_array_append(v, '$.b', 'a text that is long'), variant_delete(v, '$.a') FROM " .. VARIANTS)
sql("variants grouped and joined", "SELECT l.k, n, r.v FROM (SELECT id % 2 k, count(v) n, schema_of_variant_agg(v) "
  .. "FROM " .. VARIANTS .. " GROUP BY 1) l LEFT JOIN " .. VARIANTS .. " r ON l.k = r.id")
spilled("variants carried along", "SELECT r.v, row_number() OVER (PARTITION BY l.id % 2 ORDER BY l.id DESC) FROM "
  .. VARIANTS .. " l JOIN " .. VARIANTS .. " r ON l.id = r.id ORDER BY l.id")

--- Rows of a file, by conditions and keys of a join: texts as codes, nulls, few rows of many.
scenario("Parquet file in a join", function(spark)
  local flat = spark.read:parquet "spec/io/parquet/flat_v1_snappy.parquet"
  return with_view(spark, "parquet_file", flat, function()
    return text(spark:sql("SELECT f.i, f.s, f.l, f.t, o.total FROM parquet_file f JOIN " .. ORDERS
      .. " ON f.i + 100 = o.who OR f.i = o.who * 0 + 800 WHERE f.s <> 'text number 3' AND f.d > 1"))
      .. text(spark:sql("SELECT s, count(*), max(x), sum(c) FROM parquet_file f LEFT SEMI JOIN "
        .. "(SELECT CAST(id * id - 100 AS INT) i FROM range(20, 30)) k ON f.i = k.i GROUP BY s"))
  end)
end)

scenario("a query that fails", function(spark)
  local fine, err = pcall(function() return text(spark:sql("SELECT 1 / (id - 3) FROM " .. PEOPLE)) end)
  if fine or type(err) ~= "table" or err.condition == "OUT_OF_MEMORY" then error(err, 0) end
  return err.condition
end)
scenario("analysis that fails", function(spark)
  local fine, err = pcall(spark.sql, spark, "SELECT nam FROM " .. PEOPLE)
  if fine or type(err) ~= "table" or err.condition == "OUT_OF_MEMORY" then error(err, 0) end
  return err.condition
end)
scenario("sql with parameters", function(spark)
  return text(spark:sql("SELECT :a + id, :b FROM " .. PEOPLE .. " WHERE name = :b", { a = 5, b = "ann" }))
end)

-- ---- DataFrames --------------------------------------------------------------------------------

local SCHEMA = "id INT, name STRING, tags ARRAY<STRING>, at TIMESTAMP, amount DECIMAL(20,2), m MAP<STRING, INT>"
local function sample(spark)
  return spark:createDataFrame({
    { 1, "one", { "a", "b" }, nil, nil, { k = 1 } }, { 2, "two, which is longer than inline", {}, nil, nil, nil },
    { 3, nil, { "c" }, nil, nil, { l = 2 } } }, SCHEMA)
end

scenario("createDataFrame", function(spark) return text(sample(spark)) end)
scenario("createDataFrame, types inferred", function(spark)
  return text(spark:createDataFrame({ { a = 1, b = "x" }, { a = 2, b = "y" } }))
end)
scenario("select, withColumn, where", function(spark)
  local df = sample(spark):withColumn("n", F.col "id" * 2):where("n > 2")
  return text(df:select("name", "n", F.size("tags"):alias "t"))
end)
scenario("groupBy, agg", function(spark)
  return text(sample(spark):groupBy(F.col "id" % 2):agg(F.count "name":alias "c", F.collect_list "name":alias "l"))
end)
scenario("join of frames", function(spark)
  local a = sample(spark)
  return text(a:join(a:select("id", F.lit(1):alias "one"), "id", "left"))
end)
scenario("dropDuplicates, orderBy, limit", function(spark)
  return text(sample(spark):union(sample(spark)):dropDuplicates { "id" }:orderBy(F.desc "id"):limit(2))
end)
scenario("sample, randomSplit", function(spark)
  local parts = spark:range(100):randomSplit({ 0.5, 0.5 }, 7)
  return parts[1]:count() .. " " .. parts[2]:count() .. text(spark:range(9):where("id > 3"):sample(true, 2.0, 7))
end)
scenario("count, first, take", function(spark)
  local df = sample(spark)
  return df:count() .. tostring(df:first()) .. #df:take(2)
end)
local printed = require "spec.support".printed
scenario("show", function(spark)
  return printed(function() sample(spark):show() end)
end)
scenario("explain metrics", function(spark)
  local df = spark:sql("SELECT age, count(*), sum(DISTINCT id) FROM " .. PEOPLE .. " GROUP BY age ORDER BY age")
  return (printed(function() df:explain "metrics" end):gsub("[%d.]+ ms", ""):gsub(", memory [%d.]+ %a+", ""))
end)
scenario("rows", function(spark)
  local n = 0
  for id in spark:range(3000):rows() do n = n + id end
  return n
end)
scenario("toLocalIterator left early", function(spark)
  local next_row, state = spark:range(3000):toLocalIterator()
  return next_row(state)
end)
scenario("schema, explain, printSchema", function(spark)
  local df = sample(spark):where("id > 1"):groupBy("name"):count()
  return df.schema:json() .. tostring(df.columns[1])
end)
scenario("explain", function(spark)
  return text(spark:sql("EXPLAIN EXTENDED SELECT age, count(*) FROM " .. PEOPLE .. " WHERE id > 1 GROUP BY age"))
    :gsub("#%d+", "")
end)
scenario("describe", function(spark) return text(sample(spark):describe "id") end)
scenario("temporary view", function(spark)
  return with_view(spark, "faulty", sample(spark), function()
    return text(spark:sql "SELECT id, name FROM faulty WHERE id < 3")
  end)
end)
scenario("describe and show of views", function(spark)
  return with_view(spark, "faulty", sample(spark), function()
    return text(spark:sql "DESCRIBE faulty") .. text(spark:sql "SHOW VIEWS LIKE 'faul*'")
  end)
end)
scenario("cached frame", function(spark)
  local df = sample(spark):where("id > 1"):cache()
  local out = df:count() .. text(df)
  df:unpersist()
  return out
end)
scenario("function traced", function(spark)
  local f = F.udf(function(x) return x * 2 + 1 end, "int")
  return text(sample(spark):select(f("id"):alias "y"))
end)
scenario("function row by row", function(spark)
  local f = F.udf(function(s) return s and #tostring(s) or -1 end, "int")
  return text(sample(spark):select(f("name"):alias "y"))
end)
scenario("types", function()
  return types.fromDDL("a INT, b STRUCT<c: ARRAY<DECIMAL(10,2)>, d: MAP<STRING, TIMESTAMP>>", true):json()
end)

-- ---- files -------------------------------------------------------------------------------------

local function file(path, content)
  local f = assert(io.open(path, "w"))
  f:write(content)
  f:close()
  return path
end

local CSV = "id,name,when\n1,ann,2024-01-01\n2,\"b,\"\"ob\",2024-01-02\n3,,\n"
scenario("csv with a schema", function(spark, dir)
  local path = file(dir .. "/a.csv", CSV)
  return text(spark.read:option("header", true):schema("id INT, name STRING, when DATE"):csv(path))
end)
scenario("csv inferred", function(spark, dir)
  return text(spark.read:csv(file(dir .. "/b.csv", CSV), { header = true, inferSchema = true }))
end)
scenario("csv with texts that repeat, for a while", function(spark, dir)
  local lines = {}
  for i = 1, 5000 do
    lines[i] = ("%d,%s,%s"):format(i, i % 9 == 0 and "" or "text number " .. i % 5, i < 4500 and "a" or "b" .. i)
  end
  local path = file(dir .. "/r.csv", table.concat(lines, "\n") .. "\n")
  return text(spark.read:schema("id INT, s STRING, t STRING"):csv(path):groupBy("s"):agg {
    "max(t)", "count(*)" }:orderBy "s")
end)
scenario("csv aggregated", function(spark, dir)
  local lines = {}
  for i = 1, 3000 do lines[i] = i .. ",name" .. i % 5 .. "," .. i / 4 end
  local path = file(dir .. "/c.csv", table.concat(lines, "\n") .. "\n")
  return with_view(spark, "c", spark.read:schema("id INT, name STRING, x DOUBLE"):csv(path), function()
    return text(spark:sql "SELECT name, count(*), sum(x) FROM c WHERE id % 2 = 0 GROUP BY name ORDER BY name")
  end)
end)
scenario("text", function(spark, dir)
  return text(spark.read:text(file(dir .. "/t.txt", "one\ntwo\na line that is longer than twelve bytes\n")))
end)
scenario("partition folders", function(spark, dir)
  for _, k in ipairs { "1", "2" } do
    os.execute(("mkdir -p '%s/p/k=%s'"):format(dir, k))
    file(dir .. "/p/k=" .. k .. "/x.csv", k .. "0\n")
  end
  return text(spark.read:schema("v INT, k INT"):csv(dir .. "/p"))
end)

-- ---- saving ------------------------------------------------------------------------------------

local function modes(name)
  scenario(name .. " written, overwritten, appended", function(spark, dir)
    local path = dir .. "/" .. name
    os.execute(("rm -rf '%s'"):format(path))
    local df = sample(spark):select("id", "name")
    df.write:format(name):save(path)
    df.write:format(name):mode("overwrite"):save(path)
    df.write:format(name):mode("append"):save(path)
    return text(spark.read:format(name):schema("id INT, name STRING"):load(path):orderBy("id"))
  end)
end
modes "snapshot"
modes "csv"
modes "json"
scenario("snapshot of every kind of column", function(spark, dir)
  local path = dir .. "/all"
  sample(spark).write:mode("overwrite"):snapshot(path)
  return text(spark.read:snapshot(path))
end)
scenario("snapshot of more than a chunk, columns picked", function(spark, dir)
  local path = dir .. "/long"
  spark:sql("SELECT id, id * 2 AS twice, CAST(id AS STRING) s FROM range(70000)").write:mode("overwrite"):snapshot(path)
  return text(spark:sql(("SELECT sum(twice), count(*) FROM snapshot.`%s` WHERE id %% 3 = 0"):format(path)))
end)
for _, codec in ipairs { "none", "gzip", "deflate", "zstd", "bzip2", "lz4", "snappy" } do
  for _, format in ipairs { "csv", "json", "text" } do
    scenario(("%s written and read: %s"):format(format, codec), function(spark, dir)
      local path = dir .. "/" .. format
      local df = spark:sql "SELECT concat('a text of number ', id) AS value FROM range(300)"
      df.write:format(format):mode("overwrite"):option("compression", codec):save(path)
      local back = spark.read:format(format)
      if format ~= "text" then back = back:schema "value STRING" end
      return text(back:load(path):selectExpr("count(value)", "max(value)"))
    end)
  end
end
scenario("files packed by Spark", function(spark)
  local out = {}
  for i, name in ipairs { "text.txt.gz", "json.json.deflate", "csv.csv.gz", "text.txt.bz2", "json.json.snappy",
    "csv.csv.lz4" } do
    out[i] = text(spark.read:text("spec/conformance/io/files/compressed/spark_" .. name))
  end
  return table.concat(out, "\n")
end)
scenario("json of every kind written, read and inferred", function(spark, dir)
  sample(spark).write:mode("overwrite"):json(dir .. "/j")
  return text(spark.read:json(dir .. "/j"):orderBy "id")
    .. text(spark.read:schema(SCHEMA):option("multiLine", true):json(dir .. "/j"):orderBy "id")
end)
for _, format in ipairs { "csv", "json", "text", "parquet", "arrow" } do
  scenario(("partitioned %s written"):format(format), function(spark, dir)
    local path = dir .. "/part_" .. format
    local df = sample(spark):selectExpr("id", "coalesce(name, 'none') AS value")
    df.write:format(format):mode("overwrite"):partitionBy("id"):save(path)
    df.write:format(format):mode("overwrite"):option("partitionOverwriteMode", "dynamic"):partitionBy("id"):save(path)
    return text(spark.read:format(format):load(path):orderBy("id"))
  end)
end
-- ---- readers, with what is wrong in the files --------------------------------------------------

local BROKEN = {
  csv = "id,name,when\n1,ann,2024-01-01\nx,\"b\nob\",\n3\n4,dan,2024-02-30,more\n\"never closed,",
  json = '{"id": 1, "name": "ann", "when": "2024-01-01"}\nbad\n{"id": "x", "name": {"a": 1}}\n[{"id": 3}, {"id": 4}]\n',
}
for _, format in ipairs { "csv", "json" } do
  for _, more in ipairs { false, true } do
    scenario(("%s with what is broken%s"):format(format, more and ", of more lines" or ""), function(spark, dir)
      local path = file(dir .. "/broken." .. format, BROKEN[format])
      local function read(options, schema)
        options.header, options.multiLine = format == "csv", more
        local reader = spark.read:options(options):format(format)
        return (schema and reader:schema(schema) or reader):load(path)
      end
      local kept = read({}, "id INT, name STRING, when DATE, _corrupt_record STRING")
      local dropped = read({ mode = "DROPMALFORMED" }, "id INT, name STRING")
      local inferred, single = read { inferSchema = true }, read { singleVariantColumn = "v" }
      return table.concat({ text(kept), text(dropped), inferred.schema:json(), text(single) }, "\n")
    end)
  end
end
for _, charset in ipairs { "UTF-16LE", "UTF-32", "ISO-8859-1" } do
  scenario("files in " .. charset, function(spark, dir)
    local df = spark:sql "SELECT concat('id ', id) AS value, id AS n FROM range(40)"
    local out = {}
    for i, format in ipairs { "csv", "json" } do
      local path = dir .. "/charset_" .. format
      df.write:format(format):mode("overwrite"):option("encoding", charset):save(path)
      out[i] = text(spark.read:format(format):schema "value STRING, n INT"
        :options { encoding = charset, multiLine = true }:load(path):limit(3))
    end
    return table.concat(out, "\n")
  end)
end
scenario("variants written and read", function(spark, dir)
  local df = spark:sql("SELECT * FROM " .. VARIANTS)
  df.write:mode("overwrite"):parquet(dir .. "/v.parquet")
  df.write:mode("overwrite"):snapshot(dir .. "/v.snapshot")
  df.write:mode("overwrite"):json(dir .. "/v.json")
  return text(spark.read:parquet(dir .. "/v.parquet")) .. text(spark.read:snapshot(dir .. "/v.snapshot"))
    .. text(spark.read:option("singleVariantColumn", "v"):json(dir .. "/v.json"))
end)

-- ---- Parquet ----

modes "parquet"
for _, codec in ipairs { "none", "snappy", "gzip", "lz4_raw", "lz4", "zstd" } do
  scenario("parquet of every kind written and read: " .. codec, function(spark, dir)
    sample(spark).write:mode("overwrite"):option("compression", codec):parquet(dir .. "/q")
    return text(spark.read:parquet(dir .. "/q"):orderBy "id")
  end)
end
scenario("parquet in pages, with Bloom filters, left out by filters", function(spark, dir)
  spark:sql "SELECT id, id % 10 AS d, CAST(id AS STRING) s FROM range(600)".write:mode("overwrite")
    :option("parquet.page.row.count.limit", 100):option("parquet.bloom.filter.enabled#s", true)
    :option("parquet.block.size", 4096):parquet(dir .. "/r")
  return text(spark.read:parquet(dir .. "/r"):where "id > 450 AND d = 3 AND s <> '463'":orderBy "id")
end)
scenario("parquet of other writers", function(spark)
  local out = {}
  for i, name in ipairs { "flat_v2_zstd_delta", "nested_v1_lz4", "nested_v2_gzip" } do
    out[i] = text(spark.read:parquet("spec/io/parquet/" .. name .. ".parquet"):limit(12))
  end
  return table.concat(out, "\n")
end)

-- ---- Arrow ----

modes "arrow"
scenario("arrow files of every type", function(spark)
  local out = {}
  for i, name in ipairs { "types_lz4.arrow", "types_zstd.arrows" } do
    out[i] = text(spark.read:format("arrow"):load("spec/io/arrow/" .. name))
  end
  return table.concat(out, "\n")
end)
for _, way in ipairs { { "stream", "zstd" }, { "file", "lz4" } } do
  scenario(("arrow %s written compressed: %s"):format(way[1], way[2]), function(spark, dir)
    sample(spark).write:format("arrow"):mode("overwrite"):option("compression", way[2]):option("ipc", way[1])
      :save(dir .. "/as")
    return text(spark.read:format("arrow"):load(dir .. "/as"))
  end)
end
scenario("arrow in memory", function(spark)
  local stream <close> = sample(spark):toArrow()
  return text(spark:createDataFrame(stream))
end)

-- ---- streams -----------------------------------------------------------------------------------

-- ---- statements --------------------------------------------------------------------------------

-- The statements one after the other, then the rows of the last; `undo` brings back what was.
local function statements(name, list, undo)
  local function run(spark, texts)
    local last
    for _, statement in ipairs(texts) do last = spark:sql(statement) end
    return last
  end
  scenario("statements: " .. name, function(spark)
    local answer = text(run(spark, list))
    run(spark, undo)
    return answer
  end, function(spark)
    run(spark, undo)
    collectgarbage()
    collectgarbage()
    run(spark, { "CREATE DATABASE IF NOT EXISTS later", "DROP DATABASE later" })
  end)
end

-- What was dropped is removed from the disk at the commit after the last of its readers has gone.
local DROP = { "DROP TABLE IF EXISTS t", "DROP TABLE IF EXISTS u", "DROP VIEW IF EXISTS v",
  "DROP DATABASE IF EXISTS d CASCADE" }
statements("tables of files", { "CREATE TABLE t (a INT, s STRING DEFAULT 'x') USING parquet PARTITIONED BY (s)",
  "INSERT INTO t VALUES (1, 'p'), (2, 'q')", "INSERT INTO t (a) VALUES (3)",
  "INSERT OVERWRITE t PARTITION (s = 'q') SELECT 7", "ALTER TABLE t ADD COLUMNS (b BIGINT)",
  "ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS a", "CREATE VIEW v AS SELECT a, count(*) n FROM t GROUP BY a",
  "SELECT * FROM v ORDER BY a" }, DROP)
statements("rows that change", { "CREATE TABLE t (k INT, v STRING) USING snapshot",
  "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')", "UPDATE t SET v = upper(v) WHERE k > 1",
  "DELETE FROM t WHERE k = 3",
  [[MERGE INTO t USING (VALUES (2, 'x'), (4, 'y')) AS s(k, v) ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = s.v
    WHEN NOT MATCHED THEN INSERT *]], "SELECT * FROM t ORDER BY k" }, DROP)
statements("a database, copies, what is told of them", { "CREATE DATABASE d COMMENT 'c'",
  "CREATE TABLE d.t USING csv AS SELECT 1 AS a, 'x' AS b", "CREATE TABLE u LIKE d.t", "INSERT INTO u TABLE d.t",
  "TRUNCATE TABLE d.t", "CACHE TABLE u", "SHOW TABLES IN d", "DESCRIBE TABLE EXTENDED u", "SHOW CREATE TABLE d.t",
  "SELECT * FROM u" }, DROP)
statements("functions in SQL", { "CREATE FUNCTION f1(x INT) RETURNS INT RETURN x + 1",
  "CREATE TEMPORARY FUNCTION f2(n INT) RETURNS TABLE(a INT) RETURN SELECT n UNION ALL SELECT f1(n)",
  "SELECT f1(a), a FROM f2(3) ORDER BY a" },
  { "DROP FUNCTION IF EXISTS f1", "DROP TEMPORARY FUNCTION IF EXISTS f2" })
statements("variables and texts", { "DECLARE x INT DEFAULT 4", "SET VAR x = x + 1",
  "EXECUTE IMMEDIATE 'SELECT :a + x AS y' USING 3 AS a" }, { "DROP TEMPORARY VARIABLE IF EXISTS x" })
statements("a script", { [[BEGIN
    DECLARE i INT DEFAULT 0;
    DECLARE total BIGINT DEFAULT 0;
    DECLARE EXIT HANDLER FOR DIVIDE_BY_ZERO SELECT total, i;
    WHILE i < 4 DO SET i = i + 1; IF i % 2 = 0 THEN SET total = total + i; END IF; END WHILE;
    FOR r AS SELECT id FROM range(3) DO SET total = total + r.id; END FOR;
    SELECT total / 0;
  END]] }, {})
statements("a recursion", { [[WITH RECURSIVE r(n, s) AS
  (SELECT 1, 'a' UNION ALL SELECT n + 1, s || 'b' FROM r WHERE n < 5) SELECT * FROM r ORDER BY n]] }, {})

--- f over a session with the tables that the calls of writers need, all dropped afterwards.
local function calls(name, f)
  local function undo(spark)
    for _, statement in ipairs(DROP) do spark:sql(statement) end
    collectgarbage()
    collectgarbage()
    spark:sql "CREATE DATABASE IF NOT EXISTS later"
    spark:sql "DROP DATABASE later"
  end
  scenario("calls: " .. name, function(spark)
    local answer = f(spark, sample(spark):select("id", "name"))
    undo(spark)
    return answer
  end, undo)
end

calls("saveAsTable and insertInto", function(spark, df)
  df.write:format "parquet":partitionBy "name":saveAsTable "t"
  df.write:mode "append":format "parquet":partitionBy "name":saveAsTable "t"
  spark:table("t"):limit(1).write:mode "overwrite":format "csv":saveAsTable "u"
  df.write:insertInto("t")
  df.write:insertInto("t", true)
  return text(spark:table("t"):orderBy "id") .. text(spark:table "u")
end)
calls("writeTo", function(spark, df)
  df:writeTo("t"):using "snapshot":tableProperty("k", "v"):create()
  df:writeTo("t"):append()
  df:limit(1):writeTo("t"):overwrite(F.expr "id = 1")
  df:writeTo("u"):using "csv":create()
  return text(spark:table("t"):orderBy "id") .. text(spark:table("u"):orderBy "id")
end)
calls("mergeInto", function(spark, df)
  df:writeTo("t"):using "snapshot":create()
  df:selectExpr("id + 1 AS id", "upper(name) AS name"):alias "s":mergeInto("t", F.expr "t.id = s.id")
    :whenMatched(F.expr "s.id = 2"):updateAll():whenNotMatched():insertAll():whenNotMatchedBySource():delete():merge()
  return text(spark:table("t"):orderBy "id")
end)
calls("zip", function(_, df) return text(df:select((F.col "id" + 1):alias "n"):zip(df:select("name", "id"))) end)
calls("nearestByJoin", function(_, df)
  local other = df:select(F.col "id":alias "n")
  return text(df:nearestByJoin(other, F.abs(df.id - other.n), 1, "exact", "distance"))
end)
calls("analyzeTable and what the catalogue tells", function(spark, df)
  df.write:saveAsTable "t"
  spark.catalog:analyzeTable "t"
  spark.catalog:cacheTable "t"
  spark.catalog:refreshTable "t"
  local out = { #spark.catalog:listColumns "t", #spark.catalog:listTables(), spark.catalog:getCreateTableString "t" }
  spark.catalog:truncateTable "t"
  out[#out + 1] = spark:table("t"):count()
  return table.concat(out, " ")
end)

scenario("a micro-batch", function(spark, dir)
  os.execute(("rm -rf '%s/in' '%s/chk'; mkdir '%s/in'"):format(dir, dir, dir))
  file(dir .. "/in/a.csv", "1,x\n2,y\n3,x\n")
  local out = {}
  local query = spark.readStream:schema "id INT, k STRING":csv(dir .. "/in"):groupBy "k":count()
    .writeStream:outputMode "complete":option("checkpointLocation", dir .. "/chk"):trigger { availableNow = true }
    :foreachBatch(function(df) out[#out + 1] = text(df:orderBy "k") end):start()
  local fine, why = pcall(query.awaitTermination, query)
  while type(why) == "table" and why.cause do why = why.cause end
  if not fine then error(why, 0) end
  return table.concat(out, ";")
end)

--- f in a folder with two files of rows, gone afterwards; what ended a query is the error.
local function stream(name, f)
  scenario("stream: " .. name, function(spark, dir)
    local base = dir .. "/stream"
    assert(os.execute(("rm -rf '%s' && mkdir -p '%s/in'"):format(base, base)))
    for i, rows in ipairs { "2024-05-01 10:00:00,a,1\n2024-05-01 10:04:00,b,2\n", "2024-05-01 11:00:00,a,3\n" } do
      file(("%s/in/%d.csv"):format(base, i), rows)
    end
    local input = spark.readStream:schema "ts TIMESTAMP, k STRING, v INT":option("maxFilesPerTrigger", 1)
    local fine, result = pcall(function() return f(spark, input:csv(base .. "/in"), base) end)
    os.execute(("rm -rf '%s'"):format(base))
    spark.catalog:dropTempView("seen")
    while type(result) == "table" and result.cause do result = result.cause end
    if not fine then error(result, 0) end
    return result
  end)
end

stream("filter and project into a table", function(spark, input)
  input:where "v > 1":select("k", "v").writeStream:format "memory":queryName "seen":trigger { availableNow = true }
    :start():awaitTermination()
  return text(spark:table "seen":orderBy "v")
end)
stream("windows with a checkpoint into a table", function(spark, input, base)
  input:withWatermark("ts", "10 minutes"):groupBy(F.expr "window(ts, '10 minutes')", F.expr "k")
    :agg(F.expr "sum(v) AS s").writeStream:format "memory":queryName "seen":option("checkpointLocation", base .. "/chk")
    :trigger { availableNow = true }:start():awaitTermination()
  return text(spark:table "seen":orderBy("k", "s"))
end)
stream("duplicates into files", function(spark, input, base)
  input:dropDuplicates { "k" }.writeStream:format "csv":option("checkpointLocation", base .. "/chk")
    :trigger { availableNow = true }:start(base .. "/out"):awaitTermination()
  return text(spark.read:csv(base .. "/out"):orderBy "_c1")
end)
stream("a join with a table into a function", function(spark, input)
  local names, out = spark:sql "SELECT * FROM VALUES ('a', 'ann'), ('b', 'bob') AS t(k, name)", {}
  local query = input:join(names, { "k" }, "inner").writeStream:foreachBatch(function(df)
    out[#out + 1] = text(df:orderBy "v")
  end):trigger { availableNow = true }:start()
  query:awaitTermination()
  return table.concat(out, "\n")
end)

stream("rows into a table of the catalogue", function(spark, input, base)
  spark:sql "DROP TABLE IF EXISTS t"
  input:select("k", "v").writeStream:option("checkpointLocation", base .. "/chk"):trigger { availableNow = true }
    :toTable("t"):awaitTermination()
  local answer = text(spark:table("t"):orderBy "v")
  spark:sql "DROP TABLE t"
  return answer
end)
M[#M].clean = function(spark) -- with the table what a batch has staged
  spark:sql "DROP TABLE IF EXISTS t"
  collectgarbage()
  collectgarbage()
  spark:sql "CREATE DATABASE IF NOT EXISTS later"
  spark:sql "DROP DATABASE later"
end

-- ---- functions: the examples of all that have one, twenty a scenario; what one raises by itself is its answer -------

-- Those that say something else each time, or wait.
local CHANGES = { uuid = true, rand = true, randn = true, random = true, randstr = true, uniform = true, shuffle = true,
  now = true, current_timestamp = true, localtimestamp = true, current_date = true, curdate = true, current_time = true,
  unix_timestamp = true, to_unix_timestamp = true, aes_encrypt = true, monotonically_increasing_id = true }

local function answers(spark, queries)
  local out = {}
  for i, query in ipairs(queries) do
    local fine, result = pcall(function() return text(spark:sql(query)) end)
    if not fine and (type(result) ~= "table" or result.condition == "OUT_OF_MEMORY") then error(result, 0) end
    out[i] = fine and result or result.condition
  end
  return table.concat(out, "\n")
end

local examples, names = {}, {}
local function lot()
  if #examples == 0 then return end
  local queries = examples
  scenario(("functions: %s .. %s"):format(names[1], names[#names]), function(spark) return answers(spark, queries) end)
  examples, names = {}, {}
end
for _, name in ipairs(core.function_names()) do
  local info = core.function_info(name)
  local query = info and info.example and not CHANGES[name] and info.name == name
    and info.example:match "^(SELECT .-) %->"
  if query then examples[#examples + 1], names[#names + 1] = query, name end
  if #examples == 20 then lot() end
end
lot()

-- ---- machine learning --------------------------------------------------------------------------

local ml = tidemill.ml

local function points(spark)
  return spark:sql [[SELECT CAST(id % 4 AS DOUBLE) a, CAST(id * 0.5 AS DOUBLE) b, concat('w', id % 3, ' x') words,
    CAST(id % 2 AS DOUBLE) label, CAST(id * 2 + id % 4 AS DOUBLE) y FROM range(40)]]
end
local function features(spark)
  return ml.feature.VectorAssembler { inputCols = { "a", "b" }, outputCol = "features" }:transform(points(spark))
end

--- Fit, transform, save, load, transform again.
local function estimator(name, class, make, input, output)
  scenario("ml: " .. name, function(spark, dir)
    local df = input(spark)
    local model = make():fit(df)
    local before = text(model:transform(df):select(output))
    local path = dir .. "/model"
    os.remove(path)
    model:save(path)
    return before .. text(class.load(path):transform(df):select(output))
  end)
end
estimator("StringIndexer", ml.feature.StringIndexerModel, function()
  return ml.feature.StringIndexer { inputCol = "words", outputCol = "i" }
end, points, "i")
estimator("StandardScaler", ml.feature.StandardScalerModel, function()
  return ml.feature.StandardScaler { inputCol = "features", outputCol = "s", withMean = true }
end, features, "s")
estimator("Imputer", ml.feature.ImputerModel, function()
  return ml.feature.Imputer { inputCols = { "a", "b" }, outputCols = { "c", "d" } }
end, points, "c")
estimator("LinearRegression", ml.regression.LinearRegressionModel, function()
  return ml.regression.LinearRegression { labelCol = "y" }
end, features, "prediction")
estimator("LogisticRegression", ml.classification.LogisticRegressionModel, function()
  return ml.classification.LogisticRegression { maxIter = 5 }
end, features,
  "prediction")
estimator("IDF", ml.PipelineModel, function()
  return ml.Pipeline { stages = { ml.feature.Tokenizer { inputCol = "words", outputCol = "t" },
    ml.feature.HashingTF { inputCol = "t", outputCol = "h", numFeatures = 16 },
    ml.feature.IDF { inputCol = "h", outputCol = "w" } } }
end, points, "w")
estimator("Pipeline", ml.PipelineModel, function()
  return ml.Pipeline { stages = { ml.feature.StringIndexer { inputCol = "words", outputCol = "i" },
    ml.feature.OneHotEncoder { inputCols = { "i" }, outputCols = { "o" } },
    ml.feature.VectorAssembler { inputCols = { "o", "a" }, outputCol = "features" },
    ml.regression.LinearRegression { labelCol = "y" } } }
end, points, "prediction")
scenario("ml: evaluators", function(spark)
  local scored = points(spark):withColumn("prediction", F.col "y" + 1)
  return ml.evaluation.RegressionEvaluator { labelCol = "y" }:evaluate(scored)
end)

return dofile "spec/fault/more_scenarios.lua"(M, scenario, statements, text, file)
