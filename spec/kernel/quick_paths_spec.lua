-- Kernels that take a short way for the usual rows give what their general way gives: the expectation is another
-- function of SQL, or the same one over arguments that take the long way.
local lines = dofile "spec/support.lua".lines
local tidemill = require "tidemill"

describe("short ways", function()
  local spark
  setup(function() spark = tidemill.session { threads = 1 } end)
  teardown(function() spark:stop() end)

  local function none(query)
    assert.same({}, lines(spark:sql(query):limit(3):collect()))
  end

  it("round doubles as the decimal number of their shortest text", function()
    for _, scale in ipairs { 0, 1, 2, 5 } do
      for _, f in ipairs { "round", "bround" } do
        none(([[SELECT d, %s(d, %d) r, %s(CAST(CAST(d AS STRING) AS DECIMAL(38, 20)), %d) e FROM (
          SELECT CAST(concat(pmod(xxhash64(id), 100000), '.', pmod(xxhash64(id, 1), 1000), '5') AS DOUBLE)
            * IF(id %% 2 = 0, 1, -1) AS d FROM range(20000)
          UNION ALL SELECT id / 8 FROM range(-2000, 2000)
          UNION ALL SELECT id / 1000 + 0.0005 FROM range(-2000, 2000))
          WHERE abs(d) >= 0.001 AND %s(d, %d) <> CAST(%s(CAST(CAST(d AS STRING) AS DECIMAL(38, 20)), %d) AS DOUBLE)]])
          :format(f, scale, f, scale, f, scale, f, scale))
      end
    end
    local row = spark:sql("SELECT round(2.675D, 2), round(1.005D, 2), round(-0.4D), round(9007199254740993D, 1), "
      .. "round(0.1D + 0.2D, 1), bround(2.5D, 0), round(1e-320D, 3)"):collect()[1]
    assert.same({ 2.68, 1.01, 0.0, 9007199254740992.0, 0.3, 2.0, 0.0 },
      { row[1], row[2], row[3], row[4], row[5], row[6], row[7] })
  end)

  it("round narrow decimals as wide ones", function()
    for _, f in ipairs { "round(%s, 1)", "round(%s, 0)", "bround(%s, 1)", "round(%s, -2)", "round(%s, 5)" } do
      none(("SELECT m FROM (SELECT CAST((id - 5000) * 0.0125BD AS DECIMAL(12, 4)) AS m FROM range(10000)) WHERE "
        .. f:format "m" .. " <> " .. f:format "CAST(m AS DECIMAL(30, 4))"))
    end
  end)

  it("find the greatest with nulls and without", function()
    none [[SELECT a, b FROM (SELECT pmod(xxhash64(id), 1000) - 500 AS a, pmod(xxhash64(id, 1), 1000) - 500 AS b
      FROM range(5000)) WHERE greatest(a, b, 7) <> greatest(nullif(a, 1000), b, 7)
      OR least(a, b, 7) <> least(a, nullif(b, 1000), 7L)
      OR greatest(DATE '2000-01-01', date_add(DATE '2000-01-01', CAST(a AS INT)))
        <> date_add(DATE '2000-01-01', CAST(greatest(a, 0) AS INT))]]
  end)

  it("translate, reverse, pad, trim and mask ASCII as any text", function()
    none [[SELECT s FROM (SELECT id, concat('ab', id, ' -xyzzy/', id * 7919) AS s FROM range(3000)) WHERE
      translate(s, 'az1b/', 'ZA9') <>
        replace(translate(concat(s, 'ä'), concat('az1b/', substr('ü', 1, id)), 'ZA9'), 'ä', '')
      OR reverse(s) <> substr(reverse(concat(s, '日')), 2) OR reverse(CAST(s AS BINARY)) <> CAST(reverse(s) AS BINARY)
      OR lpad(s, 40, '*') <> translate(lpad(s, 40, 'ä'), 'ä', '*') OR lpad(s, 40, '*+') <> lpad(s, 40, '*+*+')
      OR rpad(s, 40, ' ') <> translate(rpad(s, 40, 'ä'), 'ä', ' ')
      OR trim('a' FROM concat('aa', s, 'a')) <> trim('aä' FROM concat('aa', s, 'a'))
      OR substr(s, 3, 4) <> substr(concat(s, '日'), 3, 4) OR mask(s) <> substr(mask(concat(s, '日')), 1, length(s))
      OR mask(s, 'U', NULL, '9', '-') <> substr(mask(concat(s, 'ä'), 'U', NULL, '9', '-'), 1, length(s))]]
  end)

  it("write numbers in base 2 and 16 as conv does", function()
    none [[SELECT n FROM (SELECT explode(array(xxhash64(id), id, -id, shiftleft(1L, CAST(id % 63 AS INT)))) AS n
      FROM range(2000)) WHERE bin(n) <> conv(n, 10, 2) OR hex(n) <> conv(n, 10, 16)]]
  end)

  it("cut times to units as the rest of a division does", function()
    spark:sql "SET spark.sql.session.timeZone = UTC"
    for unit, size in pairs { HOUR = 3600000000, MINUTE = 60000000, SECOND = 1000000 } do
      none(([[SELECT v FROM (SELECT IF(id %% 2 = 0, xxhash64(id) DIV 4, (id - 5000) * %d + id %% 3 - 1) AS v
        FROM range(10000)) WHERE unix_micros(date_trunc('%s', timestamp_micros(v))) <> v - pmod(v, %dL)
        OR unix_micros(time_bucket(INTERVAL '1' %s, timestamp_micros(v))) <> v - pmod(v, %dL)
        OR unix_micros(date_trunc('MILLISECOND', timestamp_micros(v))) <> v - pmod(v, 1000L)]])
        :format(size, unit, size, unit, size))
    end
    none [[SELECT v FROM (SELECT v, window(timestamp_micros(v), '7 minutes', '7 minutes', '1 minute') AS w FROM
      (SELECT xxhash64(id) DIV 4 AS v FROM range(5000)))
      WHERE unix_micros(w.start) <> v - pmod(v - 60000000, 420000000L) OR w.end <> w.start + INTERVAL '7' MINUTE]]
  end)

  it("make lists of any length in linear time", function()
    local row = spark:sql([[SELECT sum(size(sequence(1, id % 50 + 1))), sum(size(split(repeat('a,b,', 20), ','))),
      sum(size(sentences('One two. Three four!'))) FROM range(50000)]]):collect()[1]
    assert.same({ 50000 * 51 // 2, 50000 * 41, 50000 * 2 }, { row[1], row[2], row[3] })
  end)
end)
