-- ORDER BY in memory, spilled, and as a top-N, at one and two threads: the rows of a stable sort, made here in Lua.
local tidemill = require "tidemill"

local ways = { { threads = 1 }, { threads = 2 }, { threads = 1, forceSpill = true },
  { threads = 2, forceSpill = true } }

local function rows(options, query)
  tidemill.session {}:stop() -- another's would be used again
  local spark <close> = tidemill.session(options)
  local out = {}
  for i, row in ipairs(spark:sql(query):collect()) do
    out[i] = {}
    for k = 1, #row do out[i][k] = row[k] == nil and tidemill.null or row[k] end
  end
  return out
end

-- < 0, 0, > 0 by one key: nil first ascending and last descending unless told, NaN above all numbers.
local function compare(a, b, key)
  local null = tidemill.null
  if a == null or b == null then
    if a == b then return 0 end
    return (a == null) == (key.nulls_first or false) and -1 or 1
  end
  local nan_a, nan_b = a ~= a, b ~= b
  local d
  if nan_a or nan_b then d = (nan_a and 1 or 0) - (nan_b and 1 or 0)
  else d = a < b and -1 or a > b and 1 or 0 end
  return key.desc and -d or d
end

-- A stable sort: equal rows by their place in the source, column 1.
local function sorted(list, keys)
  table.sort(list, function(a, b)
    for _, key in ipairs(keys) do
      local d = compare(a[key[1]], b[key[1]], key)
      if d ~= 0 then return d < 0 end
    end
    return a[1] < b[1]
  end)
  return list
end

local function texts(list)
  local out = {}
  for i, row in ipairs(list) do
    local t = {}
    for k, v in ipairs(row) do t[k] = v ~= v and "NaN" or tostring(v) end
    out[i] = table.concat(t, "|")
  end
  return out
end

local source = [[SELECT id,
  IF(id % 7 = 0, NULL, CAST(id * 2654435761 % 1009 AS INT)) i,
  IF(id % 11 = 0, NULL, CASE WHEN id % 13 = 0 THEN DOUBLE('NaN') WHEN id % 17 = 0 THEN -0.0D
     ELSE id * 40503 % 501 / 8.0D - 30.0D END) d,
  IF(id % 5 = 0, NULL, SUBSTRING('abracadabra and then some more', 1, CAST(id % 29 AS INT)) || id % 3) s,
  CAST(id % 4 - 2 AS TINYINT) t, id % 2 = 0 b, id * 48271 % 2147483647 r
  FROM range(0, %d)]]

local cases = {
  { "one number", "r", { { 7 } } },
  { "few values", "t DESC", { { 5, desc = true } } },
  { "nulls and order", "i", { { 2, nulls_first = true } } },
  { "nulls last", "i NULLS LAST, b DESC", { { 2 }, { 6, desc = true } } },
  { "doubles", "d DESC", { { 3, desc = true } } },
  { "doubles, nulls first", "d DESC NULLS FIRST, t",
    { { 3, desc = true, nulls_first = true }, { 5, nulls_first = true } } },
  { "texts", "s", { { 4, nulls_first = true } } },
  { "texts down", "s DESC NULLS FIRST, i DESC", { { 4, desc = true, nulls_first = true }, { 2, desc = true } } },
  { "computed", "r % 10, s", { { 8, hidden = true }, { 4, nulls_first = true } } },
}

local function number(row, key)
  if key.hidden then row[8] = row[7] % 10 end
end

local function plain_boolean(list)
  for _, row in ipairs(list) do row[6] = row[6] and 1 or 0 end
  return list
end

describe("ORDER BY", function()
  for _, n in ipairs { 0, 1, 1000, 70000 } do
    local all = plain_boolean(rows({ threads = 1 }, source:gsub("%%d", tostring(n))))
    -- Above 32,768 rows columns move into buckets: nulls, texts and keys that are computed back.
    for _, case in ipairs(n < 70000 and cases or { cases[2], cases[4], cases[8] }) do
      it(("sorts %d rows by %s"):format(n, case[1]), function()
        local want = {}
        for i, row in ipairs(all) do
          want[i] = table.move(row, 1, 7, 1, {})
          for _, key in ipairs(case[3]) do number(want[i], key) end
        end
        sorted(want, case[3])
        for _, row in ipairs(want) do row[8] = nil end
        want = texts(want)
        local query = source:gsub("%%d", tostring(n)) .. " ORDER BY " .. case[2]
        for w, way in ipairs(n < 70000 and ways or case == cases[2] and ways or { ways[2] }) do
          -- above 65,536 rows a limit sorts all; one way in memory, one spilled
          local cuts = n < 70000 and { { n, 0 }, { 10, 0 }, { 3, 17 } }
            or { { 1000, 5 }, (w % 2 == 0 or case ~= cases[2]) and { 66000, 7 } or nil }
          for _, cut in ipairs(cuts) do
            local got = texts(plain_boolean(rows(way, ("%s LIMIT %d OFFSET %d"):format(query, cut[1], cut[2]))))
            local part = table.move(want, cut[2] + 1, math.min(cut[1] + cut[2], n), 1, {})
            assert.equal(#part, #got)
            for i = 1, #part do if part[i] ~= got[i] then assert.equal(part[i], got[i]) end end
          end
        end
      end)
    end
  end
  it("leaves out rows behind the first N before filters see them, whatever comes after", function()
    for _, way in ipairs(ways) do
      local query = [[SELECT id FROM range(0, 300000) WHERE id * 7919 % 1000 < 100
        ORDER BY id DESC, id % 3 LIMIT 40 OFFSET 3]]
      local want = {}
      for id = 299999, 0, -1 do
        if id * 7919 % 1000 < 100 then want[#want + 1] = { id } end
        if #want == 43 then break end
      end
      assert.same(texts { table.unpack(want, 4) }, texts(rows(way, query)))
      -- what Spark computes of each row may fail, wanted or not
      for _, text in ipairs { "SELECT id FROM range(0, 300000) ORDER BY id, 1 / (id - 299999) LIMIT 5",
        "SELECT id FROM range(0, 300000) WHERE 1 / (id - 299999) < 9 ORDER BY id LIMIT 5" } do
        local ok, why = pcall(rows, way, text)
        assert.is_false(ok)
        assert.equal("DIVIDE_BY_ZERO", why.condition)
      end
    end
  end)

  -- Of a query that gives its keys alone nothing else is kept: they are computed back from what was sorted.
  local alone = {
    { "s", { 1, nulls_first = true }, [[IF(id % 5 = 0, NULL, SUBSTRING('été, abracadabra and then some more', 1,
      CAST(id % 29 AS INT)) || IF(id % 6 = 1, chr(0), '') || id % 3)]] },
    { "s DESC", { 1, desc = true }, "IF(id % 9 = 4, '', repeat(chr(97 + id * 7 % 26), CAST(id * 31 % 15 AS INT)))" },
    { "s NULLS LAST", { 1 }, "IF(id % 3 = 0, NULL, id * 2654435761 % 1009 - 500)" },
    { "s DESC NULLS FIRST", { 1, desc = true, nulls_first = true },
      "IF(id % 4 = 0, NULL, IF(id % 13 = 0, DOUBLE('NaN'), id * 40503 % 501 / 8.0D - 30.0D))" },
    { "s", { 1, nulls_first = true }, "CAST(id * 31 % 200 - 100 AS TINYINT)" },
  }
  for i, case in ipairs(alone) do
    it("gives its keys alone, " .. i, function()
      for _, n in ipairs { 0, 1, 1000, 40000 } do
        local query = ("SELECT %s AS s FROM range(0, %d)"):format(case[3], n)
        local want = rows({ threads = 1 }, query)
        table.sort(want, function(a, b) return compare(a[1], b[1], case[2]) < 0 end)
        want = texts(want)
        for _, way in ipairs(n < 40000 and ways or { ways[1], ways[4] }) do
          local got = texts(rows(way, ("SELECT s FROM (%s) ORDER BY %s"):format(query, case[1])))
          assert.equal(#want, #got)
          for k = 1, #want do if want[k] ~= got[k] then assert.equal(want[k], got[k]) end end
        end
      end
    end)
  end
  -- Long texts that repeat are sorted by their ranks: of few and of too many different ones, kept as codes or not, in
  -- several chunks, twice among the keys, beside NULL and the empty text.
  local heads = { "a text that begins like the others ", "a text that begins like the others, too ", "" }
  local repeated = [[IF(id % 23 = 0, NULL, CASE WHEN id % 5 < 2 THEN '%s' WHEN id % 5 < 4 THEN '%s' ELSE '%s' END ||
    IF(id % 19 = 0, '', CAST(id * 7919 % %d AS STRING)))]]
  for i, case in ipairs {
    { 70, 3000, "s", { { 2, nulls_first = true } } },
    { 300, 150000, "s DESC, u", { { 2, desc = true }, { 3, nulls_first = true } } },
    { 70, 9000, "u DESC NULLS FIRST, s NULLS LAST, s DESC", { { 3, desc = true, nulls_first = true }, { 2 } } },
    { 2500, 70000, "s NULLS LAST, u DESC", { { 2 }, { 3, desc = true } } },
    { 100003, 30000, "s", { { 2, nulls_first = true } } },
  } do
    it("sorts long texts that repeat, " .. i, function()
      local function head(id) return heads[id % 5 < 2 and 1 or id % 5 < 4 and 2 or 3] end
      local want = {}
      for id = 0, case[2] - 1 do
        local s = id % 23 == 0 and tidemill.null
          or head(id) .. (id % 19 == 0 and "" or tostring(id * 7919 % case[1]))
        want[id + 1] = { id, s, id % 3 }
      end
      want = texts(sorted(want, case[4]))
      local text = repeated:gsub("%%s", "\0"):gsub("%%d", tostring(case[1]))
      local n = 0
      text = text:gsub("\0", function() n = n + 1 return heads[n] end)
      for _, way in ipairs(ways) do
        tidemill.session {}:stop()
        local spark <close> = tidemill.session(way)
        local df = spark:sql(("SELECT id, %s AS s, id %% 3 AS u FROM range(0, %d)"):format(text, case[2]))
        df:createOrReplaceTempView "plain"
        df:cache():createOrReplaceTempView "kept"
        for _, from in ipairs { "plain", "kept" } do
          local got = {}
          for k, row in ipairs(spark:sql(("SELECT * FROM %s ORDER BY %s"):format(from, case[3])):collect()) do
            got[k] = { row[1], row[2] == nil and tidemill.null or row[2], row[3] }
          end
          got = texts(got)
          assert.equal(#want, #got)
          for k = 1, #want do if want[k] ~= got[k] then assert.equal(want[k], got[k]) end end
        end
      end
    end)
  end
  it("goes on when memory is short", function()
    local query = "SELECT id, r FROM (SELECT id, id * 48271 % 2147483647 r FROM range(0, 300000)) ORDER BY r"
    tidemill.session {}:stop()
    local spark <close> = tidemill.session { threads = 2, memory = "8MB" }
    local n, last, falls = 0, -1, 0
    for _, row in spark:sql(query):toLocalIterator() do
      n = n + 1
      if row[2] < last then falls = falls + 1 end
      last = row[2]
    end
    assert.same({ 300000, 0 }, { n, falls })
  end)
  it("reports a folder for spilled rows that is not there, and leaves the session whole", function()
    tidemill.session {}:stop()
    local spark <close> = tidemill.session { forceSpill = true, temp = "/no/such/folder" }
    local ok, e = pcall(function() return spark:sql("SELECT id FROM range(0, 100000) ORDER BY -id"):collect() end)
    assert.is_false(ok)
    assert.equal("PATH_NOT_FOUND", e.condition)
    assert.equal(3, spark:range(3):count())
  end)
end)
