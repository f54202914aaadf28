-- Sketches: bytes of Spark 4.3 for small inputs, bounds of their papers over known counts for large ones, and the
-- same answer however the rows are shared out.
local tidemill = require "tidemill"

local spark

local function open(threads, spill)
  tidemill.session {}:stop() -- another's would be used again
  spark = tidemill.session { threads = threads, forceSpill = spill, ["spark.sql.session.timeZone"] = "UTC" }
end

local function value(text) return spark:sql(text):collect()[1][1] end

local function near(want, got, share, what)
  local off = math.abs(got - want) / want
  assert(off <= share, ("%s: %s is off %s by %.2f %%"):format(what, tostring(got), want, 100 * off))
end

describe("a sketch", function()
  setup(function() open(2, false) end)

  -- hex of the sketches that Spark makes of the same rows
  local bytes = {
    { "hll_sketch_agg(v) FROM VALUES (1), (1), (2), (NULL), (3) t(v)",
      "0201070C030003082BF2FB06862FF90D758166070000000000000000000000000000000000000000" },
    { "hll_sketch_agg(v, 4) FROM (SELECT explode(sequence(1, 100)) v)",
      "0A0107040000000AAD5F88E56BA05440000000000000FB3F00000000000000000000000000000000"
      .. "04020307030403060304050202030704" },
    { "theta_sketch_agg(v) FROM VALUES (1) t(v)", "01030300003ACC9315F97DCBBD86A105" },
    { "theta_sketch_agg(v) FROM VALUES (1), (2), (3) t(v)",
      "0104033E011ACC930316861AF72DF7E4558FBE9C3477E9EAEFB2E5966BADAA3DC0" },
    { "theta_sketch_agg(v) FROM VALUES (1) t(v) WHERE false", "01030300001E0000" },
    { "tuple_sketch_agg_double(k, v) FROM VALUES (1, 10D), (1, 20D), (2, 5D) t(k, v)",
      "02030901000ACC93020000000000000015F97DCBBD86A1050000000000003E4000C397FC1281709D1E000000000000144000" },
    { "tuple_sketch_agg_integer(k, v) FROM VALUES (1, 10) t(k, v)", "01030901000ACC9315F97DCBBD86A1050A00000000" },
    { "kll_sketch_agg_bigint(v) FROM VALUES (1), (2), (3), (4), (5) t(v)",
      "05010F00C80008000500000000000000C8000100C300000001000000000000000500000000000000"
      .. "01000000000000000200000000000000030000000000000004000000000000000500000000000000" },
    { "kll_sketch_agg_float(v) FROM VALUES (7F) t(v)", "02020F04C80008000000E040" },
    { "count_min_sketch(v, 0.5D, 0.5D, 1) FROM VALUES ('a'), ('b') t(v)",
      "0000000100000000000000020000000100000004000000005D8D6AB9"
      .. "0000000000000000000000000000000100000000000000000000000000000001" },
  }
  for _, case in ipairs(bytes) do
    it("has Spark's bytes: " .. case[1]:match "^[%w_]+" .. " " .. #case[2], function()
      assert.equal(case[2], value(("SELECT hex(" .. case[1]:gsub(" FROM", ") FROM", 1))))
    end)
  end

  it("is refused where its bytes are cut short or changed", function()
    for _, name in ipairs { "hll_sketch_estimate", "theta_sketch_estimate", "tuple_sketch_estimate_double",
      "kll_sketch_get_n_bigint" } do
      local make = name:find "hll" and "hll_sketch_agg(id)" or name:find "theta" and "theta_sketch_agg(id)"
        or name:find "kll" and "kll_sketch_agg_bigint(id)" or "tuple_sketch_agg_double(id, 1D)"
      for _, keep in ipairs { 0, 1, 7, 9, 30 } do
        local fine, e = pcall(value, ("SELECT %s(substring(%s, 1, %d)) FROM range(100)"):format(name, make, keep))
        assert.is_false(fine, name .. " " .. keep)
        assert.truthy(e.condition:find "INVALID_INPUT_SKETCH_BUFFER", tostring(e))
      end
    end
  end)
end)

describe("an estimate of different values", function()
  setup(function() open(2, false) end)

  -- three standard errors: 1.04 / sqrt(2^lgK) of registers, 1 / sqrt(2^lgK) of samples
  for _, n in ipairs { 100, 5000, 300000 } do
    it("lies within its bound: " .. n, function()
      local rows = ("FROM (SELECT id %% %d AS v FROM range(%d))"):format(n, 2 * n)
      near(n, value("SELECT hll_sketch_estimate(hll_sketch_agg(v)) " .. rows), 3 * 1.04 / 64, "hll")
      near(n, value("SELECT hll_sketch_estimate(hll_sketch_agg(v, 15)) " .. rows), 3 * 1.04 / 181, "hll 15")
      near(n, value("SELECT theta_sketch_estimate(theta_sketch_agg(v)) " .. rows), 3 / 64, "theta")
      near(n, value("SELECT tuple_sketch_estimate_integer(tuple_sketch_agg_integer(v, 1)) " .. rows), 3 / 64,
        "tuple")
    end)
  end

  it("of a union is that of all rows", function()
    local parts = " FROM (SELECT theta_sketch_agg(id) t, hll_sketch_agg(id) h FROM range(200000) GROUP BY id % 7)"
    local whole = value "SELECT hex(theta_sketch_agg(id)) FROM range(200000)"
    assert.equal(whole, value("SELECT hex(theta_union_agg(t))" .. parts))
    near(200000, value("SELECT hll_sketch_estimate(hll_union_agg(h))" .. parts), 3 * 1.04 / 64, "hll union")
  end)

  -- parts of all rows heed each other's bound; those of groups do not
  it("of all rows is that of a group of them, with the sums of what it kept", function()
    for _, mode in ipairs { "sum", "min", "max", "alwaysone" } do
      local make = ("hex(tuple_sketch_agg_double(id %% 300000, CAST(id AS DOUBLE), 8, '%s'))"):format(mode)
      local want = value("SELECT " .. make .. " FROM range(700000) GROUP BY id < 0")
      assert.equal(want, value("SELECT " .. make .. " FROM range(700000)"))
    end
    local nulls = "CASE WHEN id % 3 > 0 THEN id END"
    local make = ("hex(tuple_sketch_agg_integer(%s, CAST(%s AS INT)))"):format(nulls, nulls:gsub("%% 3", "%% 2"))
    local want = value("SELECT " .. make .. " FROM range(200000) GROUP BY id < 0")
    assert.equal(want, value("SELECT " .. make .. " FROM range(200000)"))
  end)

  it("of what sets share and do not", function()
    local sets = "(SELECT theta_sketch_agg(id, 14) a, theta_sketch_agg(id + 50000, 14) b FROM range(100000))"
    for _, case in ipairs { { "union", 150000 }, { "intersection", 50000 }, { "difference", 50000 } } do
      local got = value(("SELECT theta_sketch_estimate(theta_%s(a, b)) FROM %s"):format(case[1], sets))
      near(case[2], got, 0.06, case[1])
    end
  end)
end)

describe("a quantile of a KLL sketch", function()
  setup(function() open(2, false) end)

  it("is exact while all values are kept", function()
    local from = " FROM (SELECT kll_sketch_agg_bigint(id) s FROM range(200))"
    assert.equal(99, value("SELECT kll_sketch_get_quantile_bigint(s, 0.5)" .. from))
    assert.equal(0.25, value("SELECT kll_sketch_get_rank_bigint(s, 49)" .. from))
  end)

  it("lies within 1.33 % of its rank, however the sketch was made", function()
    for _, make in ipairs { "SELECT kll_sketch_agg_double(CAST(id * 7919 % 200000 AS DOUBLE)) s FROM range(200000)",
      "SELECT kll_merge_agg_double(s) s FROM (SELECT kll_sketch_agg_double(CAST(id AS DOUBLE)) s "
      .. "FROM range(200000) GROUP BY id % 9)" } do
      assert.equal(200000, value("SELECT kll_sketch_get_n_double(s) FROM (" .. make .. ")"))
      for rank = 0, 10 do
        local got = value(("SELECT kll_sketch_get_quantile_double(s, %.1f) FROM (%s)"):format(rank / 10, make))
        assert(math.abs(got / 200000 - rank / 10) <= 0.0133, rank .. ": " .. got)
      end
    end
  end)
end)

describe("frequent values", function()
  setup(function() open(2, false) end)

  it("are counted exactly up to those tracked", function()
    local top = value("SELECT approx_top_k(v, 3) FROM (SELECT floor(sqrt(id)) AS v FROM range(10000))")
    local counts = {}
    for i, pair in ipairs(top) do counts[i] = pair.item .. "=" .. pair.count end
    assert.equal("99=199 98=197 97=195", table.concat(counts, " "))
  end)

  it("are found among more than can be tracked, with counts that are not too low", function()
    local rows = "(SELECT CASE WHEN id % 10 < 3 THEN id % 10 ELSE id END AS v FROM range(20000))"
    local top = value("SELECT approx_top_k(v, 3, 50) FROM " .. rows)
    local seen = {}
    for _, pair in ipairs(top) do
      seen[pair.item] = true
      assert(pair.count >= 2000, pair.item .. ": " .. pair.count)
    end
    assert.is_true(seen[0] and seen[1] and seen[2])
  end)
end)

describe("an aggregate of sketches or bags", function()
  local queries = {
    "SELECT g, hex(theta_sketch_agg(v)), hex(tuple_sketch_agg_integer(v, 1)), hex(hll_sketch_agg(v, 8)), "
      .. "hex(count_min_sketch(v, 0.1D, 0.9D, 3)) FROM rows GROUP BY g ORDER BY g",
    "SELECT g, percentile_cont(0.3) WITHIN GROUP (ORDER BY v DESC), percentile_disc(array(0.1, 0.9)) WITHIN GROUP "
      .. "(ORDER BY v), mode() WITHIN GROUP (ORDER BY v), bitmap_count(bitmap_construct_agg(v % 32768)), "
      .. "length(listagg(v, ',') WITHIN GROUP (ORDER BY v DESC)) FROM rows GROUP BY g ORDER BY g",
    "SELECT g, hex(kll_sketch_agg_bigint(v)), approx_top_k(v, 4, 100), histogram_numeric(v, 5), "
      .. "sort_array(collect_union(array(v % 5, NULL))), vector_sum(array(CAST(v AS FLOAT))) FROM rows "
      .. "GROUP BY g ORDER BY g",
  }
  local function answer(threads, spill, text)
    open(threads, spill)
    spark:sql "SELECT id % 3 AS g, id * 31 % 5000 AS v FROM range(60000)":createOrReplaceTempView "rows"
    local out = {}
    for i, row in ipairs(spark:sql(text):collect()) do out[i] = tostring(row) end
    return table.concat(out, "\n")
  end
  for i, text in ipairs(queries) do
    it("is the same on 1 and on 4 threads, in memory and spilled: " .. i, function()
      local want = answer(1, false, text)
      assert.equal(want, answer(4, false, text))
      assert.equal(want, answer(2, true, text))
    end)
  end
end)

describe("percentiles in an order", function()
  setup(function() open(2, false) end)

  it("are those of the closed form", function()
    -- of 1 .. 101 the share p lies at 1 + 100 p, from the other end at 101 - 100 p
    for p = 0, 10 do
      local text = "SELECT percentile_cont(%.1f) WITHIN GROUP (ORDER BY v%s) FROM (SELECT id + 1 AS v FROM range(101))"
      assert.near(1 + 10 * p, value(text:format(p / 10, "")), 1e-9)
      assert.near(101 - 10 * p, value(text:format(p / 10, " DESC")), 1e-9)
    end
  end)

  -- One part a thread, not one for each stretch of the rows.
  it("of many hashes fit into little memory", function()
    local small <close> = require "tidemill".session { memory = "64MB", threads = 2 }
    local n = small:sql "SELECT theta_sketch_estimate(theta_sketch_agg(id, 16)) FROM range(1000000)":collect()[1][1]
    assert.is_true(math.abs(n - 1000000) < 20000, tostring(n)) -- five times the standard error, 1 / sqrt(2^16)
  end)
end)
