-- Texts of CSV that repeat are codes of entries while there are few of them: whatever there are, the rows are what was
-- written.
local tidemill = require "tidemill"

describe("texts of CSV that repeat", function()
  local spark = tidemill.session {}
  local path = os.tmpname()

  teardown(function() os.remove(path) end)

  -- Short and long ones, alike to the last byte, quoted ones with quotes and line ends in them, every ninth null.
  local function value(k)
    if k % 9 == 8 then return nil end
    local forms = { "%d", "text number %d", "a text that is longer than all that are known by their bytes %d", 'a "%d"',
      "two\nlines %d", "é%d", "%d\0", "%024d", "%025d" }
    return forms[k % #forms + 1]:format(k)
  end

  local function field(v)
    if v == nil then return "" end
    return v:find '["\n]' and '"' .. v:gsub('"', '""') .. '"' or v
  end

  -- Row i holds the text of which(i) beside its number.
  local function written(rows, which)
    local lines, expected = {}, {}
    for i = 1, rows do
      expected[i] = value(which(i)) or "null"
      lines[i] = ("%d,%s,x\n"):format(i, field(value(which(i))))
    end
    local f = assert(io.open(path, "wb"))
    f:write(table.concat(lines))
    f:close()
    return expected
  end

  local function read(options)
    return spark.read:options { multiLine = true, escape = '"' }:options(options or {})
      :schema("i INT, s STRING, x STRING"):csv(path)
  end

  local function texts(df)
    local out = {}
    for _, row in ipairs(df:collect()) do out[row.i] = row.s == nil and "null" or row.s end
    return out
  end

  local WAYS = {
    ["one text"] = function() return 1 end,
    ["a null alone"] = function() return 8 end,
    ["seven"] = function(i) return i % 7 end,
    ["as many as there are codes"] = function(i) return i % 512 end,
    ["one more"] = function(i) return i % 513 end,
    ["more and more"] = function(i) return i // 2 end,
    ["too many in the middle of a batch"] = function(i) return i // 10 end,
    ["too many at the end"] = function(i) return i < 5900 and i % 500 or i end,
    ["all different"] = function(i) return i end,
  }

  for name, which in pairs(WAYS) do
    it("are what was written: " .. name, function()
      local expected = written(6000, which)
      assert.same(expected, texts(read()))
      local kept = read():cache()
      assert.same(expected, texts(kept))
      assert.same(expected, texts(kept))
      kept:unpersist()
    end)

    it("are grouped and chosen by what they say: " .. name, function()
      local expected, count = written(6000, which), {}
      for _, text in ipairs(expected) do count[text] = (count[text] or 0) + 1 end
      local found = {}
      for _, row in ipairs(read():groupBy("s"):count():collect()) do
        found[row.s == nil and "null" or row.s] = row.count
      end
      assert.same(count, found)
      assert.equal(count["text number 1"] or 0, read():filter "s = 'text number 1'":count())
    end)
  end

  it("that stand for numbers fail in the rows that are asked for alone", function()
    local f = assert(io.open(path, "wb"))
    for i = 1, 5000 do f:write(i, ",", i % 5 == 0 and "none" or tostring(i % 5), ",x\n") end
    f:close()
    local sum = read():filter "s <> 'none'":selectExpr "sum(CAST(s AS INT)) AS n":collect()[1].n
    assert.equal(1000 * (1 + 2 + 3 + 4), tonumber(sum))
    local ok, err = pcall(function() return read():selectExpr "sum(CAST(s AS INT)) AS n":collect() end)
    assert.is_false(ok)
    assert.equal("CAST_INVALID_INPUT", err.condition)
  end)

  it("are repaired where they are broken UTF-8", function()
    local f = assert(io.open(path, "wb"))
    for i = 1, 5000 do f:write(i, ",", i % 3 == 0 and "\255a" or "b", ",x\n") end
    f:close()
    for i, text in ipairs(texts(read())) do assert.equal(i % 3 == 0 and "\u{FFFD}a" or "b", text) end
  end)
end)
