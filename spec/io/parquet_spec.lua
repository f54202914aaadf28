-- Parquet files of other writers: values, what is left out by filters, schemas of the user, damage. The files and
-- what is in them are described in parquet/README.md.
local tidemill = require "tidemill"

describe("spark.read.parquet", function()
  local spark = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }
  local folder = "spec/io/parquet/"
  local flat = { "flat_v1_snappy", "flat_v2_zstd_delta" }
  local nested = { "nested_v1_lz4", "nested_v2_gzip" }

  local function read(name) return spark.read:parquet(folder .. name .. ".parquet") end
  -- v unless column k is null in row i.
  local function known(i, k, v) return (i + k) % 7 ~= 3 and v or nil end
  local function texts(df, ...)
    local out = {}
    for i, row in ipairs(df:selectExpr(...):collect()) do out[i] = row[1] end
    return out
  end

  local function failure(f)
    local ok, err = pcall(f)
    assert.is_false(ok)
    return err
  end

  for _, name in ipairs(flat) do
    it("reads " .. name, function()
      local df = read(name)
      assert.equal("b BOOLEAN,i INT,l BIGINT,d DOUBLE,s STRING,x BINARY,t TIMESTAMP,c DECIMAL(20,2)", df.schema:toDDL())
      local rows = df:selectExpr("b", "i", "l", "d", "s", "hex(x)", "CAST(t AS STRING)", "CAST(c AS STRING)"):collect()
      assert.equal(40, #rows)
      for n, row in ipairs(rows) do
        local i = n - 1
        local b = i % 3 == 0
        if (i % 7) == 3 then b = nil end
        assert.equal(b, row[1])
        assert.equal(known(i, 1, i * i - 100), row[2])
        assert.equal(known(i, 2, 10 ^ 12 // 1 + i), row[3])
        assert.equal(known(i, 3, i / 4), row[4])
        assert.equal(known(i, 4, "text number " .. i % 5), row[5])
        assert.equal(known(i, 5, ("%02X%02X"):format(i, 255 - i)), row[6])
        local micros = i == 0 and "" or (".%06d"):format(i):gsub("0+$", "")
        assert.equal(known(i, 6, "2024-02-29 01:02:03" .. micros), row[7])
        assert.equal(known(i, 0, ("%.2f"):format(i / 100)), row[8])
      end
    end)

    it("leaves out of " .. name .. " what filters do not want", function()
      local df = read(name)
      local tests = {
        ["i = 1500"] = function(i) return (i + 1) % 7 ~= 3 and i * i - 100 == 1500 end,
        ["i > 600"] = function(i) return (i + 1) % 7 ~= 3 and i * i - 100 > 600 end,
        ["i BETWEEN -51 AND 21 AND b"] = function(i)
          return (i + 1) % 7 ~= 3 and i * i - 100 >= -51 and i * i - 100 <= 21 and i % 7 ~= 3 and i % 3 == 0
        end,
        ["l IN (1000000000007, 5)"] = function(i) return (i + 2) % 7 ~= 3 and i == 7 end,
        ["d < 2.0"] = function(i) return (i + 3) % 7 ~= 3 and i < 8 end,
        ["s = 'text number 2' AND d >= 5"] = function(i)
          return (i + 4) % 7 ~= 3 and i % 5 == 2 and (i + 3) % 7 ~= 3 and i >= 20
        end,
        ["s = 'absent'"] = function() return false end,
        ["s IS NULL"] = function(i) return (i + 4) % 7 == 3 end,
        ["x IS NOT NULL AND c <= 0.05"] = function(i) return (i + 5) % 7 ~= 3 and i % 7 ~= 3 and i <= 5 end,
        ["t > TIMESTAMP'2024-02-29 01:02:03.000035'"] = function(i) return (i + 6) % 7 ~= 3 and i > 35 end,
      }
      for condition, holds in pairs(tests) do
        local want = 0
        for i = 0, 39 do want = want + (holds(i) and 1 or 0) end
        assert.equal(want, #df:where(condition):select("d", "s"):collect(), condition)
        assert.equal(want, df:where(condition):count(), condition)
      end
    end)
  end

  for _, name in ipairs(nested) do
    it("reads " .. name, function()
      local df = read(name)
      assert.equal("li ARRAY<INT>,m MAP<STRING, DOUBLE>,st STRUCT<a: BIGINT, b: ARRAY<STRUCT<c: STRING>>>",
        df.schema:toDDL())
      local li, m, st = texts(df, "CAST(li AS STRING)"), texts(df, "CAST(m AS STRING)"), texts(df, "CAST(st AS STRING)")
      local function list(n, f)
        local out = {}
        for j = 0, n - 1 do out[#out + 1] = f(j) end
        return table.concat(out, ", ")
      end
      for i = 0, 39 do
        local gone = i % 7 == 3
        local function null(j, v) return (i + j) % 7 == 3 and "null" or v end
        local numbers = list(i % 4, function(j) return null(j, ("%d"):format(j)) end)
        assert.equal(not gone and "[" .. numbers .. "]" or nil, li[i + 1])
        assert.equal(not gone and "{" .. list(i % 3, function(j)
          return ("k%d -> %s"):format(j, null(j, ("%.1f"):format(j * 1.5)))
        end) .. "}" or nil, m[i + 1])
        local b = "[" .. list(i % 3, function(j) return ("{x%d}"):format(j) end) .. "]"
        assert.equal(not gone and ("{%s, %s}"):format(null(1, ("%d"):format(i)), null(2, b)) or nil, st[i + 1])
      end
    end)
  end

  it("reads the columns that a user's schema names, missing ones as null, narrower ones wider", function()
    local schema = "D DOUBLE, nope INT, i BIGINT, c DECIMAL(25,4)"
    local df = spark.read:schema(schema):parquet(folder .. "flat_v1_snappy.parquet")
    local row = df:collect()[6]
    assert.same({ 1.25, nil, -75 }, { row[1], row[2], row[3] })
    assert.equal("0.0500", tostring(row[4]))
    local st = spark.read:schema("st STRUCT<zz: INT>"):parquet(folder .. "nested_v1_lz4.parquet")
    assert.equal(34, st:where("st IS NOT NULL AND st.zz IS NULL"):count())
  end)

  it("says which column cannot be read as what is wanted", function()
    local err = failure(function()
      spark.read:schema("i STRING"):parquet(folder .. "flat_v1_snappy.parquet"):collect()
    end)
    assert.equal("FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH", err.condition)
    assert.truthy(tostring(err):find("[i]", 1, true))
  end)

  it("reads of structs what is looked at", function()
    local df = read "nested_v1_lz4"
    local rows = df:selectExpr("st.a", "size(li)", "st IS NULL"):collect()
    for i = 0, 39 do
      local gone = i % 7 == 3
      assert.equal(not gone and (i + 1) % 7 ~= 3 and i or nil, rows[i + 1][1])
      assert.equal(not gone and i % 4 or nil, rows[i + 1][2])
      assert.equal(gone, rows[i + 1][3])
    end
    local want = 0
    for i = 0, 39 do want = want + (i % 7 ~= 3 and (i + 2) % 7 ~= 3 and i % 3 or 0) end
    assert.equal(want, df:selectExpr "explode(st.b)":count())
  end)

  it("tells which file a row is from, and where it stands there", function()
    local df = spark.read:parquet(folder .. "flat*.parquet")
    local F = require "tidemill".functions
    local files = df:groupBy "_metadata.file_name":agg(F.count "*", F.max "_metadata.row_index"):orderBy "file_name"
      :collect()
    assert.same({ "flat_v1_snappy.parquet", 40, 39 }, { files[1][1], files[1][2], files[1][3] })
    local last = df:where "l = 1000000000030":select("l", "_metadata.row_index"):collect()
    df:createOrReplaceTempView "both" -- Spark's forgets the files; a view made by a statement does so here, too
    assert.equal(30, spark:sql "SELECT _metadata.row_index FROM both WHERE l = 1000000000030":collect()[1][1])
    spark:sql "CREATE OR REPLACE TEMPORARY VIEW again AS SELECT * FROM both"
    local ok, e = pcall(spark.sql, spark, "SELECT _metadata.row_index FROM again")
    assert.same({ false, "UNRESOLVED_COLUMN.WITH_SUGGESTION" }, { ok, e.condition })
    local same = "SELECT a._metadata.row_index, b._metadata.row_index FROM both a JOIN both b ON a.l = b.l"
    assert.is_false(pcall(spark.sql, spark, same)) -- a frame's columns come from one side only
    assert.same({ 30, 30 }, { last[1][2], last[2][2] })
  end)

  it("counts rows of any selection by the footers", function()
    assert.equal(80, spark:sql(("SELECT count(*) FROM parquet.`%sflat*.parquet`"):format(folder)):collect()[1][1])
  end)

  it("reads pages in Hadoop's LZ4 frames of several blocks", function()
    local df = read "spark_lz4_blocks"
    assert.equal(200000, df:count())
    local row = df:selectExpr("sum(l)", "count_if(s = '7')"):first()
    assert.same({ 200 * 499500 * 7919, 20000 }, { row[1], row[2] })
  end)

  it("gives the same rows in the same order at any number of threads", function()
    local function all(threads)
      local s = tidemill.session { threads = threads, ["spark.sql.session.timeZone"] = "UTC" }
      return texts(s.read:parquet(folder .. "flat*.parquet"):where "i > 0", "concat_ws(',', i, l, s, t)")
    end
    assert.same(all(1), all(3))
  end)

  describe("of a damaged file", function()
    local path

    before_each(function() path = os.tmpname() end)
    after_each(function() os.remove(path) end)

    -- Rows or an error, whatever the bytes.
    local function attempt(session, bytes)
      local f = assert(io.open(path, "wb"))
      f:write(bytes)
      f:close()
      local ok, err = pcall(function()
        local df = session.read:parquet(path)
        df:collect()
        local first, last = df.columns[1], df.columns[#df.columns]
        if first then df:where(df[first]:isNotNull()):select(df[last]):collect() end
      end)
      assert.truthy(ok or (type(err) == "table" and err.condition and err.condition ~= "OUT_OF_MEMORY"), tostring(err))
      return ok
    end

    for _, name in ipairs { "flat_v1_snappy", "flat_v2_zstd_delta", "nested_v1_lz4", "nested_v2_gzip" } do
      it("gives rows or an error: " .. name, function()
        local session = tidemill.session { threads = 1, memory = "256MB" }
        local f = assert(io.open(folder .. name .. ".parquet", "rb"))
        local bytes = f:read "a"
        f:close()
        for i = 1, #bytes do
          local other = string.char(bytes:byte(i) ~ (i % 2 == 0 and 0xff or 1 << i // 2 % 8))
          attempt(session, bytes:sub(1, i - 1) .. other .. bytes:sub(i + 1))
        end
        for i = 0, #bytes - 1, #bytes > 2000 and 5 or 1 do assert.is_false(attempt(session, bytes:sub(1, i))) end
      end)
    end

    it("is an error where a page's checksum is wrong", function()
      local f = assert(io.open(folder .. "flat_v1_snappy.parquet", "rb"))
      local bytes = f:read "a"
      f:close()
      local at = bytes:find("text number", 1, true)
      attempt(spark, bytes:sub(1, at - 1) .. "T" .. bytes:sub(at + 1))
      local err = failure(function() spark.read:parquet(path):collect() end)
      assert.equal("FAILED_READ_FILE.NO_HINT", err.condition)
      assert.truthy(tostring(err.hint):find("checksum", 1, true))
    end)
  end)
end)
