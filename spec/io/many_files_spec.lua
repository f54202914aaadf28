-- Many small files: several of them are read as one, and nothing of that can be seen.
local tidemill = require "tidemill"

describe("many small files", function()
  local spark, dir
  local FILES, ROWS = 150, 20

  setup(function()
    spark = tidemill.session { threads = 2, ["spark.sql.session.timeZone"] = "UTC" }
    dir = os.tmpname()
    os.remove(dir)
    for _, format in ipairs { "csv", "parquet" } do
      for i = 0, FILES - 1 do -- ids in the order of the files' names, p = i DIV 50
        local path = ("%s/%s/p=%d/f%03d"):format(dir, format, i // 50, i)
        local rows = spark:sql(("SELECT id, concat('t', id %% 7) AS t FROM range(%d, %d)")
          :format(i * ROWS, (i + 1) * ROWS))
        rows.write[format](rows.write, path)
        local parent = path:match "^(.*)/"
        assert(os.execute(("mv %s/part-* %s.%s && rm -r %s"):format(path, path, format, path)), parent)
      end
    end
  end)
  teardown(function() os.execute("rm -rf " .. dir) end)

  local function read(format)
    return spark.read:schema "id BIGINT, t STRING, p INT":format(format):load(dir .. "/" .. format)
  end

  local function rows(df)
    local out = {}
    for i, row in ipairs(df:collect()) do out[i] = tostring(row) end
    return out
  end

  for _, format in ipairs { "csv", "parquet" } do
    it("of " .. format .. " give their rows in order, with the values of their folders", function()
      local df = read(format)
      local all = spark:sql(("SELECT id, concat('t', id %% 7) AS t, CAST(id DIV %d AS INT) AS p FROM range(%d)")
        :format(50 * ROWS, FILES * ROWS))
      assert.same(rows(all), rows(df))
      for _, filter in ipairs { "p = 1", "id = 1999", "p = 2 AND id < 2040", "t = 't3' AND p < 1", "id > 5000",
        "p IS NULL" } do
        assert.same(rows(all:where(filter)), rows(df:where(filter)), filter)
      end
      assert.same(rows(all:groupBy("p"):count():orderBy("p")), rows(df:groupBy("p"):count():orderBy("p")))
      assert.equal(FILES * ROWS, df:count())
      local kept = df:cache()
      assert.same(rows(all), rows(kept))
      kept:unpersist()
    end)

    it("of " .. format .. " tell where each row is from, and number their rows", function()
      local df = read(format):selectExpr("id", "_metadata.file_name AS name", "monotonically_increasing_id() AS n")
      local last = -1
      for i, row in ipairs(df:collect()) do
        assert.equal(("f%03d.%s"):format((i - 1) // ROWS, format), row.name)
        assert.is_true(row.n > last)
        last = row.n
      end
    end)

    it("of " .. format .. ": what cannot be read is told, or passed over", function()
      local path = dir .. "/" .. format .. "/p=1/f077." .. format
      assert(os.execute(("mv %s %s.aside"):format(path, dir)))
      local f = assert(io.open(path, "wb"))
      f:write(format == "csv" and "" or ("PAR1" .. ("x"):rep(40)))
      f:close()
      local df = spark.read:option("ignoreCorruptFiles", true):schema "id BIGINT, t STRING, p INT":format(format)
        :load(dir .. "/" .. format)
      assert.equal((FILES - 1) * ROWS, df:count())
      assert.equal(0, df:where(("id BETWEEN %d AND %d"):format(77 * ROWS, 78 * ROWS - 1)):count())
      if format == "parquet" then
        local fine, err = pcall(function() return read(format):collect() end)
        assert.is_false(fine)
        assert.is_truthy(err.condition:find "^FAILED_READ_FILE" and err.message:find("f077", 1, true))
      end
      assert(os.execute(("mv %s.aside %s"):format(dir, path)))
      assert.equal(FILES * ROWS, read(format):count())
    end)
  end
end)
