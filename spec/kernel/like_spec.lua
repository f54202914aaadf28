-- LIKE with plain bytes at the edges of texts, of every length around a word; beside Lua's own comparisons.
local tidemill = require "tidemill"

describe("LIKE at the edges of texts", function()
  local spark, texts = tidemill.session {}, {}
  local whole = "abcabcabcdabcabcabcabcde"

  setup(function()
    local rows = {}
    for n = 0, #whole do
      texts[#texts + 1], texts[#texts + 2] = whole:sub(1, n), whole:sub(#whole - n + 1)
    end
    for i, text in ipairs(texts) do rows[i] = { i, text } end
    rows[#rows + 1] = { #rows + 1 } -- a null
    spark:createDataFrame(rows, "id INT, t STRING"):createOrReplaceTempView "texts"
  end)

  local function found(pattern)
    local ids = {}
    for _, row in ipairs(spark:sql(("SELECT id FROM texts WHERE t LIKE '%s' ORDER BY id"):format(pattern)):collect()) do
      ids[#ids + 1] = row.id
    end
    return ids
  end

  local function expected(first, last)
    local ids = {}
    for i, text in ipairs(texts) do
      local fits = #text >= #first + #last and text:sub(1, #first) == first and text:sub(#text - #last + 1) == last
      if fits then ids[#ids + 1] = i end
    end
    return ids
  end

  it("takes a beginning", function()
    for n = 1, #whole do assert.same(expected(whole:sub(1, n), ""), found(whole:sub(1, n) .. "%")) end
    assert.same({}, found "xbcabcabcd%")
    assert.same({}, found "abcabcabcx%")
  end)

  it("takes an end", function()
    for n = 1, #whole do assert.same(expected("", whole:sub(-n)), found("%" .. whole:sub(-n))) end
    assert.same({}, found "%xabcabcabcde")
    assert.same({}, found "%bcdx")
  end)

  it("takes both, which do not overlap", function()
    for n = 1, 14 do
      for _, m in ipairs { 1, 3, 7, 8, 9, 12 } do
        assert.same(expected(whole:sub(1, n), whole:sub(-m)), found(whole:sub(1, n) .. "%" .. whole:sub(-m)))
      end
    end
    assert.same(expected("abc", "abc"), found "abc%abc")
    assert.same(expected("", ""), found "%")
  end)
end)
