-- Files that are damaged, endless, changed or meant to harm: a clear error or rows, never a crash, a hang or
-- memory without bound.
local tidemill = require "tidemill"

describe("a hostile file", function()
  local spark = tidemill.session {}
  local folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir " .. folder)
  end)
  after_each(function() os.execute("rm -rf " .. folder) end)

  local function put(name, text)
    local path = folder .. "/" .. name
    local f = assert(io.open(path, "wb"))
    f:write(text)
    f:close()
    return path
  end

  local function fails(f)
    local ok, err = pcall(f)
    assert.is_false(ok)
    assert.equal("FAILED_READ_FILE.NO_HINT", err.condition)
    return tostring(err.hint)
  end

  -- The one file that a write made.
  local function written(df, options)
    local out = folder .. "/out"
    local writer = df.write:mode "overwrite"
    for k, v in pairs(options) do writer = writer:option(k, v) end
    writer:text(out)
    local pipe = io.popen("ls " .. out .. "/part-*")
    local path = pipe:read "l"
    pipe:close()
    return path
  end

  for _, codec in ipairs { "gzip", "zstd", "deflate" } do
    it("that is cut is an error: " .. codec, function()
      local path = written(spark:sql "SELECT CAST(id AS STRING) AS value FROM range(100000)", { compression = codec })
      local f = assert(io.open(path, "rb"))
      local bytes = f:read "a"
      f:close()
      put("cut" .. path:match "(%.[^.]*)$", bytes:sub(1, #bytes // 2))
      local df = spark.read:text(folder .. "/cut" .. path:match "(%.[^.]*)$")
      assert.truthy(fails(function() df:count() end):find("ends in the middle", 1, true))
    end)

    it("that is damaged is an error: " .. codec, function()
      local path = written(spark:sql "SELECT CAST(id AS STRING) AS value FROM range(100000)", { compression = codec })
      local f = assert(io.open(path, "rb"))
      local bytes = f:read "a"
      f:close()
      local at = #bytes // 2
      local bad = bytes:sub(1, at) .. ("\xff"):rep(64) .. bytes:sub(at + 65)
      put("bad" .. path:match "(%.[^.]*)$", bad)
      local df = spark.read:text(folder .. "/bad" .. path:match "(%.[^.]*)$")
      fails(function() df:count() end)
    end)
  end

  it("that unpacks to more than 10,000 times its size is an error", function()
    local df = spark:sql "SELECT repeat(concat(repeat('a', 1000), '\n'), 300000) AS value"
    local path = written(df, { compression = "zstd" })
    assert.truthy(fails(function() spark.read:text(path):count() end):find("10,000 times", 1, true))
  end)

  it("with a line of more than 64 MiB is an error", function()
    local path = put("long.csv", ("x"):rep(66 * 1024 * 1024))
    for _, format in ipairs { "csv", "json", "text" } do
      local reader = spark.read:format(format)
      if format ~= "text" then reader = reader:schema "a STRING" end
      assert.truthy(fails(function() reader:load(path):collect() end):find("64 MiB", 1, true))
    end
  end)

  it("that became shorter since it was listed is an error", function()
    local path = put("short.csv", ("1,2\n"):rep(100))
    local df = spark.read:schema "a INT, b INT":csv(path)
    put("short.csv", "1,2\n")
    assert.truthy(fails(function() df:collect() end):find("shorter", 1, true))
  end)

  it("that grew since it was listed is read as it was", function()
    local path = put("long.csv", ("1,2\n"):rep(100))
    local df = spark.read:schema "a INT, b INT":csv(path)
    put("long.csv", ("1,2\n"):rep(1000))
    assert.equal(100, df:count())
  end)

  it("that is gone is an error, or passed over", function()
    local path = put("gone.json", '{"a":1}\n')
    local df = spark.read:schema "a INT":json(path)
    local calm = spark.read:schema "a INT":option("ignoreMissingFiles", true):json(path)
    os.remove(path)
    fails(function() df:collect() end)
    assert.equal(0, calm:count())
  end)

  it("that is deep is a malformed record", function()
    local path = put("deep.json", '{"a":' .. ("["):rep(200000) .. "\n" .. '{"a":[1]}\n')
    local rows = spark.read:schema "a STRING, _corrupt_record STRING":json(path):collect()
    assert.is_nil(rows[1].a)
    assert.equal(200005, #rows[1]._corrupt_record)
    assert.equal("[1]", rows[2].a)
  end)

  it("with NUL bytes and broken UTF-8 gives rows", function()
    local csv = put("odd.csv", "a\0b,\xff\xfe\n\0,\xed\xa0\x80\n")
    local rows = spark.read:csv(csv):collect()
    assert.equal("a\0b", rows[1][1])
    assert.equal("\u{fffd}\u{fffd}", rows[1][2])
    assert.equal("\u{fffd}", rows[2][2])
    local json = put("odd.json", '{"a":"\xff"}\n{"a":"\0"}\n{"a":"ok"}\n\0\0\n')
    rows = spark.read:schema "a STRING":json(json):collect()
    assert.same({ 4, "ok" }, { #rows, rows[3].a })
  end)

  it("with more columns than allowed is an error", function()
    local path = put("wide.csv", ("x,"):rep(30000) .. "x\n")
    local ok, err = pcall(function() spark.read:csv(path) end)
    assert.is_false(ok)
    assert.equal("MALFORMED_CSV_RECORD", err.condition)
  end)
end)
