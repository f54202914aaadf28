-- F: arguments that are left out or nil, and functions called by name. What is expected are the columns that PySpark
-- 4.3 makes of the same calls.
local tidemill = require "tidemill"
local F, T = tidemill.functions, tidemill.types

describe("tidemill.functions", function()
  local spark, one
  setup(function()
    spark = tidemill.session {}:newSession()
    one = spark:sql "SELECT 'Ab-12' AS w, 'k:v,l:m' AS m, TIMESTAMP'2024-03-01 10:20:30' AS ts, 4 AS i"
  end)
  teardown(function() spark:close() end)

  local function shown(c)
    local df = one:select(c)
    return df.columns[1] .. " " .. tostring(df:selectExpr("*"):toDF("c"):selectExpr("CAST(c AS STRING)"):first()[1])
  end

  it("gives nil between arguments the meaning that it has at their end", function()
    assert.equal("mask(w, X, y, n, NULL) Xy-nn", shown(F.mask("w", nil, F.lit "y")))
    assert.equal("mask(w, X, x, n, *) Xx*nn", shown(F.mask("w", nil, nil, nil, F.lit "*")))
    assert.equal("mask(w, X, x, n, *) Xx*nn", shown(F.mask("w", { otherChar = F.lit "*" })))
    assert.equal("str_to_map(m, ,, :) {k -> v, l -> m}", shown(F.str_to_map("m", nil, F.lit ":")))
    assert.equal("make_interval(0, 2, 0, 0, 0, 0, 0) 2 months", shown(F.make_interval(nil, F.lit(2))))
    assert.equal("make_ym_interval(0, 2) INTERVAL '0-2' YEAR TO MONTH", shown(F.make_ym_interval(nil, F.lit(2))))
    assert.equal("make_dt_interval(0, 0, 3, 0) INTERVAL '0 00:03:00' DAY TO SECOND",
      shown(F.make_dt_interval { mins = F.lit(3) }))
    assert.equal("instr(m, m, 1, 1) 7", shown(F.instr("m", "m", nil, 1)))
    assert.equal("convert_timezone(current_timezone(), Asia/Tokyo, ts) 2024-03-01 19:20:30",
      shown(F.convert_timezone(nil, F.lit "Asia/Tokyo", "ts")))
    assert.equal("window {2024-03-01 10:05:00, 2024-03-01 11:05:00}", shown(F.window("ts", "1 hour", nil, "5 minutes")))
    local sealed = F.aes_encrypt("m", F.lit "abcdefghijklmnop", nil, nil, nil, F.lit "more")
    assert.equal(12 + 7 + 16, one:select(F.length(sealed)):first()[1]) -- GCM: what it begins with, the text, the tag
  end)

  it("trims the first of its arguments by the second", function()
    one = spark:sql "SELECT '**a*' AS w, '*' AS c, 'k:v,l:m' AS m, TIMESTAMP'2024-03-01 10:20:30' AS ts, 4 AS i"
    assert.equal("TRIM(BOTH c FROM w) a", shown(F.trim("w", "c")))
    assert.equal("TRIM(LEADING * FROM w) a*", shown(F.ltrim("w", F.lit "*")))
    assert.equal("TRIM(TRAILING c FROM w) **a", shown(F.rtrim("w", { trim = "c" })))
    assert.equal("btrim(w, c) a", shown(F.btrim("w", "c")))
    assert.equal("ltrim(w) **a*", shown(F.ltrim "w"))
  end)

  it("calls the mean an average", function() assert.equal("avg(i) 4.0", shown(F.mean "i")) end)

  it("makes timestamps of numbers or of a date and a time", function()
    local n = { 2024, 1, 2, 3, 4, 5 }
    for i, v in ipairs(n) do n[i] = F.lit(v) end
    assert.equal("make_timestamp(2024, 1, 2, 3, 4, 5) 2024-01-02 03:04:05",
      shown(F.make_timestamp(table.unpack(n))))
    for _, name in ipairs { "make_timestamp", "try_make_timestamp", "make_timestamp_ntz", "try_make_timestamp_ntz" } do
      for _, given in ipairs { { years = n[1], date = n[1] }, { months = n[2] } } do
        local ok, e = pcall(F[name], given)
        assert.is_false(ok)
        assert.equal("CANNOT_SET_TOGETHER", e.condition)
      end
    end
  end)

  it("asks the DataFrame's session for functions called by name", function()
    local other = tidemill.session {}:newSession() -- the one in use now
    spark.udf:register("twice", function(x) return x * 2 end, T.IntegerType())
    assert.equal("twice(i) 8", shown(F.call_udf("twice", "i")))
    assert.equal("twice((i + 1)) 10", shown(F.call_function("TWICE", F.col "i" + 1)))
    assert.equal("twice(twice(i)) 16", shown(F.call_udf("twice", F.call_udf("twice", "i"))))
    assert.equal("abs(i) 4", shown(F.call_function("system.builtin.abs", "i")))
    local ok, e = pcall(function() return other:range(1):select(F.call_udf("twice", "id")) end)
    assert.is_false(ok)
    assert.equal("UNRESOLVED_ROUTINE", e.condition)
    other:close()
  end)
end)
