-- CSV of texts and numbers as Spark's rules foretell it: every length around blocks of sixteen bytes, with a byte that
-- has a meaning at every place.
local tidemill = require "tidemill"

describe("df.write:csv", function()
  local spark = tidemill.session {}
  local folder = os.tmpname()
  os.remove(folder)
  teardown(function() os.execute("rm -rf " .. folder) end)

  local function written(df, options)
    df.write:mode("overwrite"):options(options):csv(folder)
    local pipe = assert(io.popen("cat " .. folder .. "/*.csv"))
    local text = pipe:read "a"
    pipe:close()
    return text
  end

  local function field(text)
    if text == "" then return '""' end
    return text:find '[,"\n\r]' and '"' .. text:gsub('[\\"]', "\\%0") .. '"' or text
  end

  local keep = { ignoreLeadingWhiteSpace = false, ignoreTrailingWhiteSpace = false }

  for name, byte in pairs { separator = ",", quote = '"', newline = "\n", letter = "x", umlaut = "ä", escape = "\\" } do
    it(("quotes what needs it: %s"):format(name), function()
      local rows, lines = {}, {}
      for n = 0, 36 do
        for at = 0, n do
          local text = ("abcdefghijklmnopqrstuvwxyz0123456789"):sub(1, n)
          text = text:sub(1, at) .. byte .. text:sub(at + 1)
          rows[#rows + 1], lines[#lines + 1] = { #rows, text }, #rows .. "," .. field(text) .. "\n"
        end
      end
      assert.equal(table.concat(lines), written(spark:createDataFrame(rows, "i INT, t STRING"):coalesce(1), keep))
    end)
  end

  it("trims blanks unless they are to stay", function()
    local df = spark:createDataFrame({ { " a ", "b " }, { "  ", "" } }, "s STRING, t STRING")
    assert.equal('a,b\n"",""\n', written(df, {}))
    assert.equal(' a ,b \n  ,""\n', written(df, keep))
  end)

  it("writes numbers of every length", function()
    local rows, lines = {}, {}
    for n = 0, 18 do
      for _, v in ipairs { 10 ^ n // 1 | 0, (10 ^ n // 1 | 0) - 1, -(10 ^ n // 1 | 0) } do
        local digits = ("%03d"):format(math.abs(v))
        rows[#rows + 1] = { v, v }
        lines[#lines + 1] = ("%d,%s%s.%s\n"):format(v, v < 0 and "-" or "", digits:sub(1, -3), digits:sub(-2))
      end
    end
    rows[#rows + 1], lines[#lines + 1] = { math.mininteger, 0 }, "-9223372036854775808,0.00\n"
    local df = spark:createDataFrame(rows, "i BIGINT, u BIGINT"):coalesce(1)
      :selectExpr("i", "CAST(CAST(u AS DECIMAL(22, 2)) / 100 AS DECIMAL(21, 2)) AS d")
    assert.equal(table.concat(lines), written(df, {}))
  end)
end)
