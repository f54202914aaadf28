-- Records of JSON taken without tokens give what the reader of tokens gives. An option that only the
-- reader of tokens knows (allowComments, with texts that hold none) switches between the two.
local lines = dofile "spec/support.lua".lines
local tidemill = require "tidemill"

local SCHEMA = "a BIGINT, b INT, c STRING, d DOUBLE, e BOOLEAN, f ARRAY<INT>,"
  .. " g STRUCT<a: INT, c: STRING, g: ARRAY<STRING>>,"
  .. " longer_name DECIMAL(10,2), t TIMESTAMP, day DATE, m MAP<STRING, INT>, x FLOAT, bad STRING"
local COLUMNS = {
  { "a", "b", "c", "d", "e", "to_json(f)", "to_json(g)", "longer_name", "t", "day", "to_json(m)", "x", "bad" },
  { "c", "to_json(f)" },
}
local NAMES = { "a", "b", "c", "d", "e", "f", "g", "longer_name", "t", "day", "m", "x", "other", "", "c\\u0061", "é" }
local ATOMS = { "1", "-2", "0", "-0", "00", "12345678901", "123456789012345678901", "1.5", "-0.25", "1e3", "1E-7", ".5",
  "1.", "3.14159265358979312", "0.1000000000000000055511151231257827", "true", "false", "null", "nul", "truex", "NaN",
  "-Infinity", '""', '"text"', '"a longer text than twelve"', '"\\n\\u00e9\\ud83d\\ude00"', '"\\x"', '"é"', '"\1"',
  '"2024-02-29"', '"2023-02-29"', '"2024-02-29 12:34:56"', '"2024-02-29T12:34:56.789"', '"2024-02-29T12:34:56Z"',
  '"12"', '"1.5"', "'single'", '"open', "\255" }

describe("JSON without tokens", function()
  local spark = tidemill.session {}
  local path = os.tmpname()
  local random = math.random

  teardown(function() os.remove(path) end)

  local function blank() return random(8) == 1 and ({ " ", "\t", "  ", "\r" })[random(4)] or "" end

  local function value(depth)
    local kind = random(10)
    if depth > 3 or kind < 7 then return blank() .. ATOMS[random(#ATOMS)] .. blank() end
    local out = {}
    for i = 1, random(0, 3) do
      out[i] = (kind < 9 and "" or ('"%s"%s:'):format(NAMES[random(#NAMES)], blank())) .. value(depth + 1)
    end
    local text = table.concat(out, ",")
    return kind < 9 and "[" .. text .. "]" or "{" .. text .. "}"
  end

  local function record()
    local out = {}
    for i = 1, random(0, 6) do
      out[i] = ('%s"%s"%s:%s'):format(blank(), NAMES[random(#NAMES)], blank(), value(0))
    end
    local text = "{" .. table.concat(out, ",") .. "}" .. blank()
    if random(3) == 1 then
      local at, chars = random(#text), '{}[]",:\\0-e.tfn \0'
      local k = random(#chars)
      text = text:sub(1, at - 1) .. chars:sub(k, k) .. text:sub(at + random(0, 1))
    end
    return random(20) == 1 and "[" .. text .. "," .. text .. "]" or text
  end

  local function rows(options, columns, slow)
    local reader = spark.read:options(options):option("columnNameOfCorruptRecord", "bad"):option("allowComments", slow)
    local ok, found = pcall(function()
      if options.infer then return { { reader:json(path).schema:simpleString() } } end
      return reader:schema(SCHEMA):json(path):selectExpr(table.unpack(columns)):collect()
    end)
    if not ok then return { found.condition or tostring(found) } end
    return lines(found)
  end

  for number, options in ipairs {
    {}, { mode = "DROPMALFORMED" }, { allowNumericLeadingZeros = true, allowUnquotedControlChars = true },
    { allowSingleQuotes = false, allowNonNumericNumbers = false }, { maxNestingDepth = 3, maxNumLen = 5 },
    { allowBackslashEscapingAnyCharacter = true, lineSep = "\n" }, { infer = true },
    { infer = true, prefersDecimal = true }, { infer = true, inferTimestamp = true },
    { infer = true, primitivesAsString = true }, { infer = true, dropFieldIfAllNull = true },
  } do
    it("agrees with the reader of tokens " .. number, function()
      math.randomseed(number)
      for _ = 1, 40 do
        local written = {}
        for i = 1, random(12) do written[i] = record() end
        local text = table.concat(written, "\n")
        local f = assert(io.open(path, "wb"))
        f:write(text)
        f:close()
        for _, columns in ipairs(COLUMNS) do
          assert.same(rows(options, columns, true), rows(options, columns, false), ("%q"):format(text))
        end
      end
    end)
  end
end)
