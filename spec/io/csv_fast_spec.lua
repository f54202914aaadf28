-- The fast scan of CSV gives what the scalar machine gives. An option that only the scalar machine knows
-- (maxCharsPerColumn, with a limit that nothing reaches) switches between the two.
local tidemill = require "tidemill"

local PIECES = { "a", "b,", ",", '"', '""', '"x"', '"x",', '\\', '\\"', "\\\\", " ", "\t", "12", "é", "-3.5", "#", "\0",
  '"two\nlines"', '"a ""b"" c"', "longer than twelve bytes", "\255" }
local SCHEMA = "a STRING, b INT, c STRING, d DOUBLE, bad STRING"

describe("the fast scan of CSV", function()
  local spark = tidemill.session {}
  local path = os.tmpname()

  teardown(function() os.remove(path) end)

  local function write(text)
    local f = assert(io.open(path, "wb"))
    f:write(text)
    f:close()
  end

  local function rows(options, columns, slow)
    local reader = spark.read:options(options):option("columnNameOfCorruptRecord", "bad")
    if slow then reader = reader:option("maxCharsPerColumn", 1000000000) end
    local ok, found = pcall(function()
      if options.inferSchema then return { { reader:csv(path).schema:simpleString() } } end
      return reader:schema(SCHEMA):csv(path):select(table.unpack(columns)):collect()
    end)
    if not ok then return { found.condition or tostring(found) } end
    local out = {}
    for i, row in ipairs(found) do
      local cells = {}
      for k = 1, #row do cells[k] = row[k] == nil and "null" or tostring(row[k]) end
      out[i] = table.concat(cells, "|")
    end
    return out
  end

  local function count(options, slow)
    local reader = spark.read:options(options)
    if slow then reader = reader:option("comment", "\1") end
    return reader:schema(SCHEMA):csv(path):count()
  end

  local function text(random, pieces, line_ends)
    local out = {}
    for i = 1, pieces do
      out[i] = random(5) == 1 and line_ends[random(#line_ends)] or PIECES[random(#PIECES)]
    end
    return table.concat(out)
  end

  local CONFIGS = {
    { {}, { "\n", "\r\n", "\r" } },
    { { escape = '"' }, { "\n" } },
    { { multiLine = true }, { "\n" } },
    { { multiLine = true, escape = '"' }, { "\n" } },
    { { multiLine = true, escape = '"' }, { "\r\n" } },
    { { multiLine = true }, { "\r\n", "\n", "\r" } },
    { { multiLine = true, mode = "DROPMALFORMED", escape = '"' }, { "\n" } },
    { { mode = "DROPMALFORMED", lineSep = "\n" }, { "\n", "\r" } },
    { { quote = "", header = true }, { "\n" } },
    { { comment = "#", multiLine = true }, { "\n" } },
    { { comment = "#", nullValue = "12", emptyValue = "none" }, { "\n" } },
    { { unescapedQuoteHandling = "STOP_AT_CLOSING_QUOTE", multiLine = true }, { "\n" } },
    { { unescapedQuoteHandling = "RAISE_ERROR" }, { "\n" } },
    { { sep = "\t", escape = "" }, { "\n" } },
    { { inferSchema = true, header = true }, { "\n" } },
    { { inferSchema = true, multiLine = true, escape = '"' }, { "\n" } },
  }

  for number, config in ipairs(CONFIGS) do
    it("agrees with the scalar machine " .. number, function()
      math.randomseed(number)
      for _ = 1, 40 do
        local t = text(math.random, math.random(60), config[2])
        write(t)
        for _, columns in ipairs { { "a", "b", "c", "d", "bad" }, { "c" }, { "b", "d" } } do
          assert.same(rows(config[1], columns, true), rows(config[1], columns), ("%q"):format(t))
        end
      end
    end)
  end

  it("counts records as it reads them", function()
    math.randomseed(99)
    for _ = 1, 500 do
      local pieces = {}
      for i = 1, math.random(200) do
        local ends = { "\n", "\r\n", "\r", " ", "\n \n" }
        pieces[i] = math.random(4) == 1 and ends[math.random(5)] or PIECES[math.random(#PIECES)]
      end
      write(table.concat(pieces))
      for _, header in ipairs { true, false } do
        assert.equal(count({ header = header }, true), count { header = header })
      end
    end
  end)

  it("reads files whose lines end with a carriage return, and records longer than a piece", function()
    local record = '1,2,"' .. ("three\r, "):rep(20) .. '"\r'
    write(record:rep(60000))
    local function sums(threads)
      local session = tidemill.session { threads = threads }
      local df = session.read:option("multiLine", true):schema "a INT, b INT, c STRING":csv(path)
      local row = df:selectExpr("count(*)", "sum(a)", "sum(length(c))"):first()
      return { row[1], row[2], row[3] }
    end
    assert.same({ 60000, 60000, 60000 * 160 }, sums(2))
    local long = '1,2,"' .. ("three, \n"):rep(2000000) .. '"\n'
    write(long .. ("1,2,three\n"):rep(900000) .. long)
    assert.same({ 900002, 900002, 900000 * 5 + 2 * 16000000 }, sums(2))
    assert.same({ 900002, 900002, 900000 * 5 + 2 * 16000000 }, sums(1))
  end)

  -- Places where windows and morsels end fall into every kind of field.
  for _, multi in ipairs { false, true } do
    it("agrees over the seams of a large file, multiLine " .. tostring(multi), function()
      math.randomseed(multi and 7 or 8)
      local lines = {}
      for i = 1, 100 do
        local quoted = multi and '"two\nlines, ""quoted"" %d"' or '"one, ""quoted"" %d"'
        lines[i] = (math.random(3) == 1 and quoted or "plain text of a field %d"):format(i) .. "," .. i .. ","
          .. ("x"):rep(math.random(300)) .. "," .. math.random() .. (math.random(50) == 1 and ',"more\n' or "\n")
      end
      local block = {}
      for i = 1, 250000 // 10 do block[i] = lines[math.random(100)] end
      write(table.concat(block))
      local options = { multiLine = multi, escape = '"', maxColumns = 100 }
      local sums = {}
      for i, slow in ipairs { false, true } do
        local reader = spark.read:options(options):option("columnNameOfCorruptRecord", "bad")
        if slow then reader = reader:option("maxCharsPerColumn", 1000000000) end
        local row = reader:schema(SCHEMA):csv(path):selectExpr("count(*)", "sum(b)", "sum(d)", "count(bad)",
          "sum(length(a))", "sum(length(c))", "bit_xor(xxhash64(a, b, c, d, bad))"):first()
        assert.equal(count(options), row[1])
        sums[i] = { row[1], row[2], row[3], row[4], row[5], row[6], row[7] }
      end
      assert.same(sums[2], sums[1])
    end)
  end

  -- Lots of cells are worked out together: dates by the calendar's rule, doubles by Lua's own, odd texts by a cast.
  local function days_of(year, month)
    local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
    return month == 2 and (leap and 29 or 28) or (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
  end

  it("reads dates", function()
    local lines, expected = {}, {}
    local function add(year, month, day)
      local date = ("%04d-%02d-%02d"):format(year, month, day)
      local valid = month >= 1 and month <= 12 and day >= 1 and day <= days_of(year, month)
      lines[#lines + 1] = date
      expected[#lines] = valid and date or nil
    end
    local YEARS = { 0, 1, 3, 4, 99, 100, 400, 1582, 1600, 1899, 1900, 1969, 1970, 2000, 2023, 2024, 9996, 9999 }
    for _, year in ipairs(YEARS) do
      for month = 0, 13 do
        for day = 0, 32 do add(year, month, day) end
      end
    end
    for _ = 1, 2500 do add(math.random(1, 9999), math.random(1, 12), math.random(1, 31)) end
    write(table.concat(lines, ",x\n") .. ",x\n")
    local found = spark.read:schema "a DATE, b STRING":csv(path):selectExpr("CAST(a AS STRING)"):collect()
    assert.equal(#lines, #found)
    for i = 1, #lines do assert.equal(expected[i], found[i][1], lines[i]) end
  end)

  it("reads texts that are nearly dates", function()
    local lines = { "2020-1-5", "", "2020-01", "2020", "+2020-01-05", "12020-01-05", "2020-01-05T", "2020-01-05x" }
    for i = 1, 500 do
      local day = ("%04d-%02d-%02d"):format(math.random(1, 9999), math.random(1, 12), math.random(1, 28))
      local at = math.random(10)
      lines[#lines + 1] = day:sub(1, at - 1) .. ("/:0 -x9"):sub(i % 7 + 1, i % 7 + 1) .. day:sub(at + 1)
    end
    write(table.concat(lines, ",x\n") .. ",x\n")
    local found = spark.read:schema "a DATE, b STRING":csv(path):collect()
    local expected = spark.read:schema "a STRING, b STRING":csv(path):selectExpr("try_cast(a AS DATE)"):collect()
    assert.equal(#lines, #found)
    for i = 1, #lines do assert.equal(tostring(expected[i][1]), tostring(found[i][1]), lines[i]) end
  end)

  it("reads doubles", function()
    local lines = { ".", "-", "-.", "5.", ".5", "-.5", "-0.0", "1..2", "1.2.3", "1.5e3", "1.5E-3", "12345678", "" }
    for i = 1, 20000 do
      local digits = tostring(math.random(0, 10 ^ math.random(0, 17) // 1 | 0))
      local at = math.random(0, #digits + 3)
      digits = digits:sub(1, at) .. (at <= #digits and "." or "") .. digits:sub(at + 1)
      lines[#lines + 1] = (i % 2 == 0 and "-" or "") .. digits
    end
    write(table.concat(lines, ",x\n") .. ",x\n")
    local found = spark.read:schema "a DOUBLE, b STRING":csv(path):collect()
    assert.equal(#lines, #found)
    for i = 1, #lines do
      local number = tonumber(lines[i])
      assert.equal(number and number + 0.0, found[i][1], lines[i])
    end
  end)

  it("reads whole numbers and decimals of any length", function()
    math.randomseed(11)
    local function digits(n)
      local out = { math.random(1, 9) }
      for i = 2, n do out[i] = math.random(0, 9) end
      return table.concat(out)
    end
    local ODD = { "", "x", "12x", "1-2", "--1", "99999999999999999999", "0", "-0", "00012" }
    local lines = {}
    for i = 1, 20000 do
      local whole = (math.random(9) == 1 and "-" or "") .. digits(math.random(math.random(18)))
      local price = digits(math.random(math.random(9))) .. (i % 3000 < 1500 and "." .. digits(2) or "")
      if math.random(9) == 1 then price = "-" .. digits(math.random(6)) .. "." .. math.random(0, 9) end
      if math.random(30) == 1 then whole = ODD[math.random(#ODD)] end
      if math.random(30) == 1 then price = ODD[math.random(#ODD)] end
      lines[i] = ("%s,%s,%s,%s\n"):format(whole, whole, price, price)
    end
    write(table.concat(lines))
    local df = spark.read:schema "a BIGINT, b INT, c DECIMAL(15,2), d DECIMAL(9,2)":csv(path)
    local texts = spark.read:schema "a STRING, b STRING, c STRING, d STRING":csv(path)
    texts = texts:selectExpr("try_cast(a AS BIGINT)", "try_cast(b AS INT)", "try_cast(c AS DECIMAL(15,2))",
      "try_cast(d AS DECIMAL(9,2))")
    local found, expected = df:collect(), texts:collect()
    assert.equal(20000, #found)
    for i = 1, 20000 do
      for k = 1, 4 do
        assert.equal(tostring(expected[i][k]), tostring(found[i][k]), lines[i] .. k)
      end
    end
  end)
end)
