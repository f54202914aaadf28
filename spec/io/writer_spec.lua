-- Writing files: what Spark leaves to the file system, and where we are more careful than Spark.
local tidemill = require "tidemill"

describe("df.write", function()
  local spark = tidemill.session {}
  local folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
  end)
  after_each(function() os.execute("rm -rf " .. folder) end)

  local function put(path, text)
    local f = assert(io.open(path, "w"))
    f:write(text)
    f:close()
  end

  it("writes partitions and reads them back", function()
    local df = spark:sql "SELECT * FROM VALUES (1, 'a b'), (2, 'c/d'), (3, NULL) AS t(v, k)"
    df.write:mode "overwrite":partitionBy "k":option("header", true):csv(folder)
    df.write:mode "overwrite":partitionBy "k":option("header", true):csv(folder)
    local rows = spark.read:option("header", true):csv(folder):orderBy "v":collect()
    assert.same({ "a b", "c/d" }, { rows[1].k, rows[2].k })
    assert.is_nil(rows[3].k)
    assert.equal(3, #rows)
  end)

  it("replaces what it reads", function()
    spark:sql "SELECT 1 AS a".write:option("header", true):csv(folder)
    spark.read:option("header", true):csv(folder):selectExpr "a + 1 AS a".write:mode "overwrite":csv(folder)
    assert.equal("2", spark.read:csv(folder):collect()[1][1])
  end)

  it("does not overwrite what no write has made", function()
    local target = folder .. "/target" -- not beside other tests' files
    os.execute("mkdir -p " .. target)
    put(target .. "/thesis.txt", "years of work")
    local ok, err = pcall(function() spark:sql "SELECT 1 AS a".write:mode "overwrite":csv(target) end)
    assert.is_false(ok)
    assert.equal("OVERWRITE_REFUSED", err.condition)
    assert.equal("years of work", io.open(target .. "/thesis.txt"):read "a")
    local listing = io.popen("ls -A " .. target .. " " .. folder)
    assert.is_nil(listing:read "a":find("staging", 1, true))
    listing:close()
  end)

  it("leaves nothing behind when a row fails", function()
    local df = spark:sql "SELECT id, 1 / (id - 3) AS x FROM range(10)"
    assert.is_false(pcall(function() df.write:csv(folder) end))
    assert.is_nil(io.open(folder))
  end)

  it("keeps any number of partitions apart", function()
    local df = spark:sql "SELECT id, id % 300 AS k FROM range(3000)"
    df.write:partitionBy "k":option("compression", "gzip"):csv(folder)
    df = spark.read:schema "id INT, k INT":csv(folder)
    assert.equal(3000, df:where "id % 300 = k":count())
    local files = io.popen("find " .. folder .. " -name 'part-*.csv.gz' | wc -l")
    assert.equal(300, tonumber(files:read "a"))
    files:close()
  end)

  it("packs files that others unpack as one", function()
    local df = spark:sql "SELECT id, repeat('x', 20) AS v FROM range(100000)"
    df.write:option("compression", "gzip"):option("header", true):csv(folder)
    local pipe <close> = io.popen("gzip -dc " .. folder .. "/part-*.csv.gz | wc -l")
    assert.equal(100001, tonumber(pipe:read "l"))
  end)
end)

describe("df.write on threads", function()
  local folder = os.tmpname()
  os.remove(folder)
  after_each(function() os.execute("rm -rf " .. folder) end)

  for _, form in ipairs { { "csv" }, { "csv", "gzip" }, { "json", "zstd" }, { "text", "deflate" }, { "parquet" } } do
    it("writes the same " .. table.concat(form, " "), function()
      local first
      for _, threads in ipairs { 1, 4 } do
        tidemill.session {}:stop() -- an open one would be given again
        local spark = tidemill.session { threads = threads }
        local df = spark:sql "SELECT CAST(id AS STRING) || repeat('x', id % 50) AS v FROM range(100000)"
        df.write:mode "overwrite":option("compression", form[2] or "none"):format(form[1]):save(folder)
        assert.equal(100000, spark.read:schema "v STRING":format(form[1]):load(folder):distinct():count())
        spark:stop()
        local pipe <close> = io.popen("cat " .. folder .. "/part-*")
        local bytes = pipe:read "a"
        first = first or bytes
        assert.is_true(bytes == first)
      end
    end)
  end
end)
