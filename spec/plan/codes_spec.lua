-- Kept rows (cache) hold strings that repeat as codes. What queries say of them is what they say of the rows as they
-- are computed: over columns with nulls, of long strings, that have too many values from the start or from some row on.
local lines = dofile "spec/support.lua".lines
local tidemill = require "tidemill"

local ROWS = 150000
local TEXT = ([[SELECT id, IF(id %% 7 = 0, NULL, 'k' || id %% 5) few, 'a value of many bytes ' || id %% 40 long,
  'v' || id many, IF(id < 70000, 'x', 'y' || id) late, CAST(CAST(id %% 3 AS STRING) AS BINARY) bytes,
  IF(id %% 11 = 3, '', 'Ends in ' || id %% 90) e, CAST(NULL AS STRING) none, id %% 1000 n FROM range(%d)]]):format(ROWS)

local QUERIES = {
  "SELECT count(*), sum(id) FROM %s WHERE few = 'k3'",
  "SELECT count(*), sum(id) FROM %s WHERE few IS NULL AND long LIKE '%%9' AND n < 500",
  "SELECT count(*), sum(id) FROM %s WHERE NOT (few = 'k3' OR e LIKE '%%7')",
  "SELECT count(*), sum(id) FROM %s WHERE late = 'x' OR late LIKE 'y1%%9'",
  "SELECT count(*), sum(id) FROM %s WHERE bytes = X'31' AND length(e) > 9",
  "SELECT count(*), sum(id) FROM %s WHERE few IN ('k1', 'k4', 'none') AND upper(long) LIKE '%%BYTES 3_'",
  "SELECT sum(CASE WHEN few = 'k1' THEN n WHEN few IS NULL THEN 1 ELSE 0 END), count(none) FROM %s",
  "SELECT few, count(*), sum(n), min(long), max(e) FROM %s GROUP BY few",
  "SELECT few, e, count(*), sum(n) FROM %s WHERE id > 1000 GROUP BY few, e",
  "SELECT few, long, e, count(*), first(id) FROM %s GROUP BY few, long, e",
  "SELECT late, count(*) FROM %s WHERE id < 100000 GROUP BY late ORDER BY 2 DESC, 1 LIMIT 20",
  "SELECT few, n, count(*) FROM %s GROUP BY few, n ORDER BY 1, 2 LIMIT 50",
  "SELECT few, count(DISTINCT e), sum(DISTINCT n) FROM %s GROUP BY few",
  "SELECT none, count(*) FROM %s GROUP BY none",
  "SELECT id, few, long, late, bytes, e, none FROM %s WHERE id %% 9973 = 5",
  "SELECT id, few, long FROM %s ORDER BY few DESC, long, id LIMIT 30",
  "SELECT few, id, row_number() OVER (PARTITION BY few ORDER BY long, id) r FROM %s WHERE n = 7",
  "SELECT a.id, b.few FROM %s a JOIN %s b ON a.few = b.few AND a.id = b.n WHERE b.id < 2000 AND a.e = 'Ends in 5' "
    .. "ORDER BY 1, b.id",
  "SELECT few || long x, count(*) FROM %s GROUP BY x",
  "SELECT DISTINCT few, bytes FROM %s",
}

local function rows(spark, query, table_name)
  return lines(spark:sql((query:gsub("%%%%", "%%"):gsub("%%s", table_name))):collect())
end

for _, way in ipairs { { threads = 1 }, { threads = 3 }, { threads = 2, forceSpill = true } } do
  describe(("kept strings, %d threads%s"):format(way.threads, way.forceSpill and ", spilled" or ""), function()
    local spark
    setup(function()
      tidemill.session {}:stop()
      spark = tidemill.session(way)
      spark:sql(TEXT):createOrReplaceTempView "computed"
      spark:sql(TEXT):cache():createOrReplaceTempView "kept"
    end)
    teardown(function() spark:stop() end)
    for i, query in ipairs(QUERIES) do
      it(("give the rows of query %d"):format(i), function()
        assert.same(rows(spark, query, "computed"), rows(spark, query, "kept"), query)
      end)
    end
  end)
end
