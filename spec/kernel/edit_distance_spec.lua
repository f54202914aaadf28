-- levenshtein beside the whole matrix: texts around 64 and 128 characters, beyond ASCII, of columns and of a constant.
local support = require "spec.support"
local spark = support.session()

-- The matrix of Wagner and Fischer over code points.
local function distance(a, b)
  local x, y = { utf8.codepoint(a, 1, -1) }, { utf8.codepoint(b, 1, -1) }
  local row = {}
  for j = 0, #y do row[j] = j end
  for i = 1, #x do
    local corner = row[0]
    row[0] = i
    for j = 1, #y do
      local change = corner + (x[i] == y[j] and 0 or 1)
      corner = row[j]
      row[j] = math.min(change, row[j] + 1, row[j - 1] + 1)
    end
  end
  return row[#y]
end

local SETS = { { "a", "b" }, { "a", "b", "c", "d", "0", "~", "\1" }, { "a", "é", "ж", "日", "😀" }, {} }
for k = 0, 199 do SETS[4][k + 1] = utf8.char(0x4e00 + 128 * k) end

local function text(n, set)
  local out = {}
  for k = 1, n do out[k] = set[math.random(#set)] end
  return table.concat(out)
end

-- A few characters of it changed, dropped or put in.
local function changed(s, set)
  local out = {}
  for _, c in utf8.codes(s) do
    local how = math.random(20)
    if how ~= 1 then out[#out + 1] = how == 2 and set[math.random(#set)] or utf8.char(c) end
    if how == 3 then out[#out + 1] = set[math.random(#set)] end
  end
  return table.concat(out)
end

describe("levenshtein", function()
  it("is the corner of the matrix", function()
    math.randomseed(7)
    local rows, expected = {}, {}
    for k = 1, 400 do
      local set = SETS[k % 4 + 1]
      local a = text(({ 0, 1, 2, 7, 31, 63, 64, 65, 127, 128, 129, 200, 300 })[math.random(13)], set)
      local b = k % 3 == 0 and text(math.random(0, 140), set) or changed(a, set)
      rows[k] = { a, b }
      expected[k] = tostring(distance(a, b))
    end
    local df = spark:createDataFrame(rows, "a STRING, b STRING")
    assert.same(expected, support.lines(df:selectExpr "levenshtein(a, b)":collect()))
    assert.same(expected, support.lines(df:selectExpr "levenshtein(b, a)":collect()))
  end)

  it("is the same beside a constant, and of parts of one text", function()
    math.randomseed(8)
    for _, n in ipairs { 0, 5, 64, 65 } do
      local b, rows, expected = text(n, SETS[3]), {}, {}
      for k = 1, 50 do
        local a = k % 2 == 0 and text(math.random(0, 100), SETS[k % 4 + 1]) or changed(b, SETS[3])
        rows[k], expected[k] = { a }, ("%d|%d"):format(distance(a, b), utf8.len(a))
      end
      local df = spark:createDataFrame(rows, "a STRING")
      local got = df:selectExpr(("levenshtein(a, '%s')"):format(b), "levenshtein('', a)"):collect()
      assert.same(expected, support.lines(got))
    end
    local df = spark:createDataFrame({ { text(90, SETS[1]) } }, "a STRING")
    assert.same({ "60|60" }, support.lines(df:selectExpr("levenshtein(a, substring(a, 1, 30))",
      "levenshtein(substring(a, 1, 30), a)"):collect()))
  end)
end)
