-- Joins against nested loops: every kind, over keys of every form that the join's table tells apart.
local tidemill = require "tidemill"
local null = tidemill.null
local LUA = os.getenv "SPEC_LUA" or "lua5.4"

local LEFT, RIGHT, SEED = 300, 250, 12345

-- Numbers 0 .. n - 1 that repeat and have gaps, from a generator of the C standard.
local function numbers(count, n)
  local list = {}
  for i = 1, count do
    SEED = (SEED * 1103515245 + 12345) % 2147483648
    list[i] = SEED // 65536 % n
  end
  return list
end

-- Forms of keys: SQL type and what number x becomes; nil is null.
local FORMS = {
  { "INT", function(x) return x % 9 ~= 0 and x or nil end, "dense" },
  { "BIGINT", function(x) return x % 9 ~= 0 and x * 1000000007 - 40000000000 or nil end, "far apart" },
  -- Numbers that have a bit each, and no slot: their range is between few_slots and few_bits of join_words.c.
  { "BIGINT", function(x) return x % 9 ~= 0 and x * 255 - 9000 or nil end, "with gaps" },
  { "INT", function(x) return x % 9 ~= 0 and 9000 - x * 255 or nil end, "with gaps, narrow" },
  { "STRING", function(x) return x % 9 ~= 0 and ("k" .. x) or nil end, "short strings" },
  { "STRING", function(x) return x % 9 ~= 0 and ("a key of more than twelve bytes " .. x) or nil end, "long strings" },
  { "DOUBLE", function(x) return x % 9 ~= 0 and (x == 1 and 0 / 0 or x == 2 and -0.0 or x == 3 and 0.0 or x / 4) or nil
    end, "doubles" },
  { "BOOLEAN", function(x) return x % 9 ~= 0 and x % 2 == 0 end, "booleans" },
}

local function same(a, b)
  if a == nil or b == nil then return false end
  return a == b or (a ~= a and b ~= b)
end

local function rows_of(keys, form)
  local rows = {}
  for i, x in ipairs(keys) do
    local k = form[2](x)
    if form[1] == "BOOLEAN" and x % 9 == 0 then k = nil end
    rows[i] = { i, k == nil and null or k, x % 5 }
  end
  return rows
end

-- What the join of a kind is: pairs "left right", in order of the left row, then of the right one.
local function expected(kind, left, right, match)
  local out, met = {}, {}
  for _, l in ipairs(left) do
    local any = false
    for _, r in ipairs(right) do
      if match(l, r) then
        any, met[r] = true, true
        if kind ~= "LEFT SEMI" and kind ~= "LEFT ANTI" then out[#out + 1] = l[1] .. " " .. r[1] end
      end
    end
    if not any and (kind == "LEFT" or kind == "FULL") then out[#out + 1] = l[1] .. " null" end
    if (kind == "LEFT SEMI" and any) or (kind == "LEFT ANTI" and not any) then out[#out + 1] = l[1] .. "" end
  end
  if kind == "RIGHT" or kind == "FULL" then
    for _, r in ipairs(right) do if not met[r] then out[#out + 1] = "null " .. r[1] end end
  end
  return out
end

local function got(spark, kind, on)
  local columns = kind:find "^LEFT [SA]" and "l.id" or "l.id, r.id AS rid"
  local out = {}
  local df = spark:sql(("SELECT %s FROM l %s JOIN r ON %s"):format(columns, kind, on))
  for _, row in ipairs(df:collect()) do
    local cells = {}
    for i = 1, #row do cells[i] = (row[i] == nil or row[i] == null) and "null" or tostring(row[i]) end
    out[#out + 1] = table.concat(cells, " ")
  end
  return out
end

for _, way in ipairs { { threads = 1 }, { threads = 3 }, { threads = 1, forceSpill = true },
  { threads = 3, forceSpill = true } } do
  describe(("joins with %d threads%s"):format(way.threads, way.forceSpill and ", spilled" or ""), function()
    local spark
    setup(function()
      tidemill.session {}:stop() -- another's would be used again
      spark = tidemill.session(way)
    end)
    teardown(function() spark:stop() end)
    for _, form in ipairs(FORMS) do
      it("meet as nested loops do: " .. form[3], function()
        local left, right = rows_of(numbers(LEFT, 90), form), rows_of(numbers(RIGHT, 70), form)
        local schema = "id INT, k " .. form[1] .. ", g INT"
        spark:createDataFrame(left, schema):createOrReplaceTempView "l"
        spark:createDataFrame(right, schema):createOrReplaceTempView "r"
        local function key(row) if row[2] ~= null then return row[2] end end
        for _, kind in ipairs { "INNER", "LEFT", "RIGHT", "FULL", "LEFT SEMI", "LEFT ANTI" } do
          local function equal(l, r) return same(key(l), key(r)) end
          assert.same(expected(kind, left, right, equal), got(spark, kind, "l.k = r.k"))
          assert.same(expected(kind, left, right, function(l, r) return equal(l, r) and l[3] < r[3] end),
            got(spark, kind, "l.k = r.k AND l.g < r.g"))
          assert.same(expected(kind, left, right, function(l, r) return equal(l, r) and l[3] == r[3] end),
            got(spark, kind, "l.k = r.k AND l.g = r.g"))
        end
        assert.same(expected("INNER", left, right, function(l, r)
          return same(key(l), key(r)) or (key(l) == nil and key(r) == nil)
        end), got(spark, "INNER", "l.k <=> r.k"))
      end)
    end

    it("need no key", function()
      local left, right = rows_of(numbers(90, 50), FORMS[1]), rows_of(numbers(70, 50), FORMS[1])
      spark:createDataFrame(left, "id INT, k INT, g INT"):createOrReplaceTempView "l"
      spark:createDataFrame(right, "id INT, k INT, g INT"):createOrReplaceTempView "r"
      for _, kind in ipairs { "INNER", "LEFT", "FULL", "LEFT SEMI", "LEFT ANTI" } do
        assert.same(expected(kind, left, right, function(l, r) return l[1] + r[1] > 130 end),
          got(spark, kind, "l.id + r.id > 130"))
      end
    end)

    it("take sides of any size", function()
      local function one(text) return spark:sql(text):collect()[1] end
      spark:sql "SELECT id, id * 3 AS k FROM range(200000)":createOrReplaceTempView "wide"
      spark:sql "SELECT id, id % 1000 AS k FROM range(150000)":createOrReplaceTempView "skew"
      -- wide.k takes the multiples of 3: 334 of the 1000 values of skew.k, 150 rows each.
      local r = one "SELECT count(*) AS n, sum(wide.id) AS s FROM wide JOIN skew ON wide.k = skew.k"
      assert.same({ 334 * 150, 150 * 333 * 334 // 2 }, { r.n, r.s })
      r = one "SELECT count(*) AS n, sum(wide.id) AS s FROM skew JOIN wide ON wide.k = skew.k"
      assert.same({ 334 * 150, 150 * 333 * 334 // 2 }, { r.n, r.s })
      assert.equal(334 * 150, one "SELECT count(*) AS n FROM skew LEFT SEMI JOIN wide ON wide.k = skew.k".n)
      assert.equal(666 * 150, one "SELECT count(*) AS n FROM skew LEFT ANTI JOIN wide ON wide.k = skew.k".n)
      -- A small left side becomes the table of a SEMI or ANTI join; the order stays that of the left side.
      local few = "(SELECT 999 - id AS k FROM range(1000)) few"
      local kept = spark:sql("SELECT few.k FROM " .. few .. " LEFT SEMI JOIN wide ON wide.k = few.k"):collect()
      assert.equal(334, #kept)
      for i, row in ipairs(kept) do assert.equal(999 - (i - 1) * 3, row.k) end
      kept = spark:sql("SELECT few.k FROM " .. few
        .. " LEFT ANTI JOIN wide ON wide.k = few.k AND wide.id < 10"):collect()
      assert.equal(990, #kept)
      assert.same({ 999, 998 }, { kept[1].k, kept[2].k })
    end)

    -- Kept rows have strings as codes; the entries of each chunk of 65,536 rows are others, and stand in another order.
    it("find strings by their codes", function()
      local left = spark:sql [[SELECT id, CASE WHEN id % 10 = 0 THEN NULL
        ELSE concat('a key of many bytes ', (id % 10 + id div 65536 * 5)) END AS k FROM range(200000)]]:cache()
      left:createOrReplaceTempView "l"
      -- Keys 1 to 9, 6 to 14, 11 to 19, 16 to 24 in the four chunks; partners: 3, 6, 9, 12, .. 24, each once.
      spark:sql "SELECT id * 3 AS n, concat('a key of many bytes ', id * 3) AS k FROM range(1, 9)"
        :createOrReplaceTempView "r"
      local count, sum, met = 0, 0, {}
      for id = 0, 199999 do
        local n = id % 10 + id // 65536 * 5
        if id % 10 ~= 0 and n % 3 == 0 then
          count, sum = count + 1, sum + n
          if id % 40000 < 40 then met[#met + 1] = id end
        end
      end
      local function one(text) return { table.unpack(spark:sql(text):collect()[1]) } end
      assert.same({ count, sum }, one "SELECT count(*), sum(n) FROM l JOIN r ON l.k = r.k")
      assert.same({ 200000, count, sum }, one "SELECT count(*), count(n), sum(n) FROM l LEFT JOIN r ON l.k = r.k")
      assert.same({ 200000, count, sum }, one "SELECT count(*), count(n), sum(n) FROM l FULL JOIN r ON l.k = r.k")
      assert.same({ count }, one "SELECT count(*) FROM l LEFT SEMI JOIN r ON l.k = r.k")
      assert.same({ 200000 - count }, one "SELECT count(*) FROM l LEFT ANTI JOIN r ON l.k = r.k")
      assert.same({ 200000 - count - 20000 },
        one "SELECT count(*) FROM l WHERE k NOT IN (SELECT k FROM r)")
      assert.same({ count, sum }, one "SELECT count(*), sum(n) FROM l JOIN r ON l.k = r.k AND l.id >= r.n - 24")
      local seen = {}
      for i, row in ipairs(spark:sql "SELECT id FROM l JOIN r ON l.k = r.k WHERE id % 40000 < 40":collect()) do
        seen[i] = row[1]
      end
      assert.same(met, seen)
      left:unpersist()
    end)

    it("group only what they can use", function()
      local r = spark:sql [[SELECT count(*) AS n, sum(a.total) AS s FROM
        (SELECT id AS k FROM range(20)) f JOIN
        (SELECT id % 30000 AS k, sum(id) AS total FROM range(240000) GROUP BY id % 30000) a ON f.k = a.k]]:collect()[1]
      -- Group k sums k + 30000 j for j = 0 .. 7.
      assert.same({ 20, 8 * 190 + 20 * 30000 * 28 }, { r.n, r.s })
      r = spark:sql [[SELECT count(a.total) AS n, count(*) AS all FROM
        (SELECT id * 20000 AS k FROM range(20)) f LEFT JOIN
        (SELECT id % 30000 AS k, sum(id) AS total FROM range(240000) GROUP BY id % 30000) a ON f.k = a.k]]:collect()[1]
      assert.same({ 2, 20 }, { r.n, r.all })
    end)

    it("refuse a second row for a scalar", function()
      spark:createDataFrame({ { 1, 1, 0 }, { 2, 2, 0 } }, "id INT, k INT, g INT"):createOrReplaceTempView "l"
      spark:createDataFrame({ { 1, 1, 0 }, { 2, 1, 0 } }, "id INT, k INT, g INT"):createOrReplaceTempView "r"
      local fine, why = pcall(function()
        return spark:sql "SELECT l.id, (SELECT r.id FROM r WHERE r.k = l.k) AS x FROM l":collect()
      end)
      assert.is_false(fine)
      assert.is_truthy(tostring(why))
    end)
  end)
end

describe("joins that make many rows of few", function()
  local spark
  before_each(function() spark = tidemill.session { threads = 2, memory = "64MB" } end)
  after_each(function() spark:close() end)

  local function sides(left, right)
    spark:range(left):selectExpr("1 AS k", "id AS a"):createOrReplaceTempView "l"
    spark:range(right):selectExpr("1 AS k", "id AS b"):createOrReplaceTempView "r"
  end

  it("stream their pairs", function()
    sides(3000, 4000)
    local row = spark:sql "SELECT count(*), sum(a), sum(b) FROM l JOIN r ON l.k = r.k":first()
    assert.same({ 3000 * 4000, 3000 * 2999 // 2 * 4000, 4000 * 3999 // 2 * 3000 }, { row[1], row[2], row[3] })
  end)
  it("let few pairs wait where rows without a partner go between them", function()
    sides(5000, 5000) -- a batch of 2,048 rows has ten million pairs: they would take more than there is
    local row = spark:sql [[SELECT count(*), sum(a), sum(b), count_if(b IS NULL)
      FROM l LEFT JOIN r ON l.k = r.k AND (a % 3 > 0 OR a + b < 0)]]:first()
    -- 3,333 rows meet all 5,000; the 1,667 multiples of 3 meet none.
    assert.same({ 3333 * 5000 + 1667, (4999 * 5000 // 2 - 3 * 1666 * 1667 // 2) * 5000 + 3 * 1666 * 1667 // 2,
      3333 * (4999 * 5000 // 2), 1667 }, { row[1], row[2], row[3], row[4] })
    local seen, at = {}, 0
    for _, r in ipairs(spark:sql [[SELECT a, b FROM l LEFT JOIN r ON l.k = r.k AND a % 1000 > 0 AND b < 9 AND a < 12]]
      :collect()) do
      assert.truthy(r[1] >= at)
      at = r[1]
      seen[r[1]] = (seen[r[1]] or 0) + 1
    end
    for a = 0, 4999 do assert.equal(a > 0 and a < 12 and 9 or 1, seen[a]) end
  end)
  it("name their keys when the rows do not fit", function()
    sides(20000, 20000)
    local ok, e = pcall(function() return spark:sql "SELECT * FROM l JOIN r ON l.k = r.k":collect() end)
    assert.is_false(ok)
    assert.equal("OUT_OF_MEMORY", e.condition)
    assert.truthy(e.hint:find("the join on `k` made", 1, true))
    ok, e = pcall(function() return spark:sql "SELECT * FROM l CROSS JOIN r":collect() end)
    assert.is_false(ok)
    assert.truthy(e.hint:find("without keys made", 1, true))
  end)
  -- 10^10 pairs: minutes of work, of which no row comes out.
  for _, join in ipairs { "JOIN r ON l.k = r.k AND a + b < 0", "LEFT JOIN r ON l.k = r.k AND a + b < 0",
    "CROSS JOIN r WHERE a + b < 0", "FULL JOIN r ON l.k = r.k" } do
    it("end when they are interrupted: " .. join, function()
      local path = os.tmpname()
      local f = assert(io.open(path, "w"))
      f:write(([[local spark = require "tidemill".session { threads = 2, memory = "256MB" }
        spark:range(100000):selectExpr("1 AS k", "id AS a"):createOrReplaceTempView "l"
        spark:range(100000):selectExpr("1 AS k", "id AS b"):createOrReplaceTempView "r"
        local me = io.open "/proc/self/stat":read "n" -- interrupted once the query runs, wherever it is by then
        os.execute(("(sleep 2; kill -INT %%d) >/dev/null 2>&1 &"):format(me))
        local ok, e = pcall(function() return spark:sql "SELECT count(*) FROM l %s":collect() end)
        print(ok, e.condition)]]):format(join))
      f:close()
      local pipe = assert(io.popen(("timeout --foreground -s KILL 300 %s %s 2>&1"):format(LUA, path)))
      local said = pipe:read "a"
      pipe:close()
      os.remove(path)
      assert.equal("false\tOPERATION_CANCELED\n", said)
    end)
  end
end)
