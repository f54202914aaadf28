-- Writing Parquet: what stands in the files, read by the core's reader and, for the metadata, by a reader in Lua.
-- Statistics, schemas and rebased days are those of files that Spark 4.3 writes of the same rows.
local tidemill = require "tidemill"
local footer = dofile "spec/conformance/parquet_footer.lua"

describe("df.write.parquet", function()
  local spark = tidemill.session { threads = 2, ["spark.sql.session.timeZone"] = "UTC",
    ["spark.sql.timeType.enabled"] = "true" }
  local folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
  end)
  after_each(function() os.execute("rm -rf " .. folder) end)

  local function write(sql, options, conf)
    for k, v in pairs(conf or {}) do spark.conf:set(k, v) end
    local w = spark:sql(sql).write:mode "overwrite"
    for k, v in pairs(options or {}) do w = w:option(k, v) end
    local ok, err = pcall(function() w:parquet(folder) end)
    for k in pairs(conf or {}) do spark.conf:unset(k) end
    if not ok then error(err, 0) end
  end

  local function file(below)
    local pipe <close> = io.popen("find " .. folder .. (below or "") .. " -name 'part-*' | sort")
    return pipe:read "l"
  end

  local function texts(df)
    local names, exprs, out = {}, {}, {}
    for i in ipairs(df.columns) do names[i], exprs[i] = "c" .. i, ("CAST(c%d AS STRING)"):format(i) end
    for i, row in ipairs(df:toDF(table.unpack(names)):selectExpr(table.unpack(exprs)):collect()) do
      local cells = {}
      for k = 1, #names do cells[k] = tostring(row[k]) end
      out[i] = table.concat(cells, "|")
    end
    return out
  end

  local function ddl(df) return (df.schema:toDDL():gsub(" NOT NULL", "")) end

  local function round_trip(sql, options, conf)
    write(sql, options, conf)
    local back, df = spark.read:parquet(folder), spark:sql(sql)
    assert.equal(ddl(df), ddl(back))
    assert.same(texts(df), texts(back))
  end

  local function chunk(meta, group, i) return meta[4][group][1][i][3] end
  local function encodings(meta, i) return table.concat(footer.columns(meta, 1)[i].encodings, " ") end

  local TYPES = [[SELECT true b, 1Y i8, -2S i16, 3 i32, -4L i64, 1.5F f, -2.5D d, 'x' s, X'41ff' bin,
    DATE'2024-01-01' dt, TIMESTAMP'2024-01-01 01:02:03.456789' ts, CAST(-1.5 AS DECIMAL(7,2)) d7,
    TIMESTAMP_NTZ'1969-12-31 23:59:59.999999' ntz, CAST(1 AS DECIMAL(18,4)) d18,
    CAST(-12345678901234567890 AS DECIMAL(38,10)) d38, array(1) l, map('a',1) m, named_struct('x',1) st,
    INTERVAL '1-2' YEAR TO MONTH ym, INTERVAL '1' DAY dy, TIME'01:02:03.5' t, NULL n]]
  local NESTED = [[SELECT id, IF(id%3=0,NULL,array(id,NULL)) l, IF(id%4=1,NULL,map(id,IF(id%5=2,NULL,'x'))) m,
    IF(id%3=2,NULL,named_struct('a',id,'b',array(named_struct('c',id)))) s, array(array(id)) ll,
    IF(id%2=0, array(), array(array(), NULL, array(id))) e, IF(id%7=0,NULL,CAST(id AS STRING)) t FROM range(ROWS)]]

  local function nested(rows) return (NESTED:gsub("ROWS", rows)) end

  it("keeps every type and null", function()
    round_trip(TYPES)
    round_trip("SELECT IF(id = 1, NULL, struct(*)) s FROM (SELECT 0 id UNION ALL SELECT 1), (" .. TYPES .. ")")
    round_trip "SELECT CAST(array() AS ARRAY<INT>) a, id FROM range(3)" -- entries without one element
    round_trip(nested(10))
    round_trip(nested(5000))
  end)

  it("keeps them packed by Brotli, or names the package that is missing", function()
    local ok, err = pcall(round_trip, nested(3000), { compression = "brotli", ["compression.brotli.quality"] = 5 })
    if ok then
      assert.matches("%.br%.parquet$", file())
    else
      assert.equal("CODEC_NOT_AVAILABLE", err.condition:match "^[^.]+")
      assert.matches("libbrotli1", err.message)
    end
  end)

  it("keeps them in all forms of pages", function()
    for _, version in ipairs { "v1", "v2" } do
      for _, codec in ipairs { "none", "snappy", "gzip", "zstd", "lz4", "lz4_raw" } do
        round_trip(nested(3000), { compression = codec, ["parquet.writer.version"] = version })
      end
      local plain = { ["parquet.enable.dictionary"] = "false", ["parquet.writer.version"] = version,
        ["parquet.enable.bytestreamsplit"] = "true", ["parquet.page.size"] = "1000" }
      round_trip(TYPES, plain)
      round_trip("SELECT id, id * id i, CAST(id * 0.3 AS FLOAT) f, id / 7 d, id % 3 = 0 b, repeat('ab', id % 9) s, "
        .. "CAST(id AS DECIMAL(30,3)) e FROM range(7000)", plain)
    end
    round_trip(nested(100), nil, { ["spark.sql.parquet.writeLegacyFormat"] = "true" })
    round_trip(TYPES, nil, { ["spark.sql.parquet.writeLegacyFormat"] = "true" })
    round_trip(TYPES, nil, { ["spark.sql.parquet.outputTimestampType"] = "TIMESTAMP_MICROS" })
  end)

  it("tells nullability", function()
    write "SELECT id, IF(id = 1, NULL, id) n, array(id) l, array(NULL, id) k FROM range(3)"
    local lines = footer.schema_lines((footer.read(file())))
    assert.same({ "required group field_id=-1 spark_schema {", "required int64 field_id=-1 id;",
      "optional int64 field_id=-1 n;", "required group field_id=-1 l (List) {", "repeated group field_id=-1 list {",
      "required int64 field_id=-1 element;", "}", "}", "required group field_id=-1 k (List) {",
      "repeated group field_id=-1 list {", "optional int64 field_id=-1 element;", "}", "}", "}" }, lines)
  end)

  it("writes empty frames and refuses those without columns", function()
    write "SELECT 1 a, 'x' s WHERE false"
    local meta = footer.read(file())
    assert.equal(0, meta[3])
    assert.same({}, meta[4])
    assert.equal(0, spark.read:parquet(folder):count())
    local ok, err = pcall(function() spark:range(3):select().write:mode "overwrite":parquet(folder) end)
    assert.is_false(ok)
    assert.equal("EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE", err.condition)
  end)

  it("splits by folder and by number of rows", function()
    spark:sql "SELECT id, id % 3 k, IF(id % 2 = 0, NULL, 'a b') s FROM range(5000)".write
      :partitionBy("k", "s"):option("maxRecordsPerFile", 300):parquet(folder)
    local df = spark.read:parquet(folder)
    assert.equal(5000, df:where "id % 3 = k AND (s IS NULL) = (id % 2 = 0)":count())
    local pipe <close> = io.popen("ls " .. folder .. "/k=1/\"s=a b\" | wc -l")
    assert.equal(3, tonumber(pipe:read "l"))
    assert.is_not_nil(file "/k=2":find("/k=2/s=", 1, true))
  end)

  it("bounds floats without NaN and with signed zeros", function()
    write [[SELECT IF(id=1,double('NaN'),id*1.5D) d, id * 0.0D z, IF(id<5,float('NaN'),NULL) n, IF(id<2,NULL,id) i
      FROM range(10)]]
    local meta = footer.read(file())
    local d, z, n, i = chunk(meta, 1, 1)[12], chunk(meta, 1, 2)[12], chunk(meta, 1, 3)[12], chunk(meta, 1, 4)[12]
    assert.is_nil(d[5] or d[6])
    assert.equal(("<d"):pack(-0.0), z[6])
    assert.equal(("<d"):pack(0.0), z[5])
    assert.is_nil(n[5] or n[6])
    assert.equal(5, n[3])
    assert.same({ 2, ("<i8"):pack(2), ("<i8"):pack(9) }, { i[3], i[6], i[5] })
    local columns = footer.columns(meta, 1)
    assert.same({ false, true, false, true },
      { columns[1].column_index, columns[2].column_index, columns[3].column_index, columns[4].column_index })
  end)

  it("shortens bounds of texts", function()
    write "SELECT repeat('ä', 100) s, repeat('x', 5000) t, repeat('z', 63) || 'yé' u"
    local meta, bytes = footer.read(file())
    local s = chunk(meta, 1, 1)[12]
    assert.equal(("ä"):rep(100), s[6])
    assert.is_nil(chunk(meta, 1, 2)[12][5])
    local function index(i)
      local c = meta[4][1][1][i]
      return footer.struct(bytes:sub(c[6] + 1, c[6] + c[7]), 1)
    end
    assert.equal(("ä"):rep(32), index(1)[2][1])
    assert.equal(("ä"):rep(31) .. "å", index(1)[3][1])
    assert.equal(("x"):rep(64), index(2)[2][1])
    assert.equal(("x"):rep(63) .. "y", index(2)[3][1])
    assert.equal(("z"):rep(63) .. "z", index(3)[3][1])
    write("SELECT repeat('b', 100) s", { ["parquet.statistics.truncate.length"] = 4 })
    s = chunk(footer.read(file()), 1, 1)[12]
    assert.same({ "bbbb", "bbbc", false, false }, { s[6], s[5], s[7], s[8] })
  end)

  it("orders decimals, dates and texts by their types", function()
    write [[SELECT CAST(id - 5 AS DECIMAL(30,1)) d, date_add(DATE'1970-01-01', CAST(id AS INT) - 5) t,
      CAST(id AS STRING) s, TIMESTAMP'2020-01-01 00:00:00' x FROM range(11)]]
    local meta = footer.read(file())
    local d, t, s = chunk(meta, 1, 1)[12], chunk(meta, 1, 2)[12], chunk(meta, 1, 3)[12]
    assert.same({ ("\xff"):rep(12) .. "\xce", ("\0"):rep(12) .. "\x32" }, { d[6], d[5] })
    assert.same({ ("<i4"):pack(-5), ("<i4"):pack(5) }, { t[6], t[5] })
    assert.same({ "0", "9" }, { s[6], s[5] })
    assert.is_nil(chunk(meta, 1, 4)[12][5])
  end)

  it("gives dictionaries up where they do not pay", function()
    write "SELECT id, id % 7 k, CAST(id AS STRING) || repeat('x', 40) s FROM range(200000)"
    local meta = footer.read(file())
    assert.equal("BIT_PACKED PLAIN", encodings(meta, 1))
    assert.equal("BIT_PACKED PLAIN_DICTIONARY RLE", encodings(meta, 2)) -- a remainder may be NULL
    assert.equal("BIT_PACKED PLAIN", encodings(meta, 3))
    write("SELECT IF(id < 30000, id % 10, id) k FROM range(300000)", { ["parquet.dictionary.page.size"] = 10000 })
    assert.equal("BIT_PACKED PLAIN PLAIN_DICTIONARY RLE", encodings(footer.read(file()), 1))
    assert.equal(300000, spark.read:parquet(folder):distinct():count() + 29990)
    write("SELECT id % 7 k, id % 7 l FROM range(100)", { ["parquet.enable.dictionary#l"] = "false" })
    meta = footer.read(file())
    assert.equal("BIT_PACKED PLAIN_DICTIONARY RLE", encodings(meta, 1))
    assert.equal("BIT_PACKED PLAIN RLE", encodings(meta, 2))
  end)

  it("ends pages and row groups where options say", function()
    write("SELECT id, array(id, id) l FROM range(50000)",
      { ["parquet.block.row.count.limit"] = 20000, ["parquet.page.row.count.limit"] = 1500 })
    local meta, bytes = footer.read(file())
    assert.same({ 20000, 20000, 10000 }, { meta[4][1][3], meta[4][2][3], meta[4][3][3] })
    local c = meta[4][2][1][2]
    local pages = footer.struct(bytes:sub(c[4] + 1, c[4] + c[5]), 1)[1]
    assert.equal(14, #pages)
    for i, page in ipairs(pages) do assert.equal((i - 1) * 1500, page[3]) end
    write("SELECT id, CAST(id AS STRING) s FROM range(200000)",
      { ["parquet.block.size"] = 500000, compression = "none" })
    meta = footer.read(file())
    assert.is_true(#meta[4] >= 5 and #meta[4] <= 10)
    assert.equal(200000, spark.read:parquet(folder):count())
  end)

  it("writes the old calendar as Spark 2 read it, or refuses", function()
    local old = "SELECT DATE'1500-01-01' d, DATE'1582-10-07' e, DATE'0001-01-01' f, DATE'-0044-03-15' g, "
      .. "TIMESTAMP'1500-01-01 00:00:00' t"
    local legacy = { ["spark.sql.parquet.datetimeRebaseModeInWrite"] = "LEGACY",
      ["spark.sql.parquet.int96RebaseModeInWrite"] = "LEGACY" }
    write(old, nil, legacy)
    local meta = footer.read(file())
    local days = {}
    for i = 1, 4 do days[i] = ("<i4"):unpack(chunk(meta, 1, i)[12][6]) end
    assert.same({ -171655, -141427, -719164, -735527 }, days)
    local kept = footer.key_values(meta)
    assert.equal("UTC", kept["org.apache.spark.timeZone"])
    assert.equal("", kept["org.apache.spark.legacyDateTime"] .. kept["org.apache.spark.legacyINT96"])
    assert.same({ "1500-01-01|1582-10-15|0001-01-01|-0044-03-15|1500-01-01 00:00:00" },
      texts(spark.read:parquet(folder)))
    for sql, key in pairs { ["SELECT DATE'1500-01-01' d"] = "datetimeRebaseModeInWrite",
      ["SELECT TIMESTAMP'1500-01-01 00:00:00' d"] = "int96RebaseModeInWrite" } do
      local ok, err = pcall(write, sql, nil, { ["spark.sql.parquet." .. key] = "EXCEPTION" })
      assert.is_false(ok)
      assert.equal("INCONSISTENT_BEHAVIOR_CROSS_VERSION.WRITE_ANCIENT_DATETIME", err.condition)
    end
  end)

  it("writes field ids", function()
    local id = tidemill.types.StructField("a", tidemill.types.IntegerType(), true, { ["parquet.field.id"] = 7 })
    local df = spark:createDataFrame({ { 1 } }, tidemill.types.StructType { id })
    df.write:parquet(folder)
    assert.equal("optional int32 field_id=7 a;", footer.schema_lines((footer.read(file())))[2])
  end)

  it("makes Bloom filters", function()
    write("SELECT id * 3 id, 'k' || id s FROM range(20000)", { ["parquet.bloom.filter.enabled"] = "true",
      ["parquet.bloom.filter.enabled#s"] = "false", ["parquet.bloom.filter.expected.ndv#id"] = 20000 })
    local meta, bytes = footer.read(file())
    assert.is_nil(chunk(meta, 1, 2)[14])
    local c = chunk(meta, 1, 1)
    local head, at = footer.struct(bytes, c[14] + 1)
    assert.equal(32768, head[1])
    assert.equal(c[15], at - c[14] - 1 + head[1])
    write("SELECT id FROM range(100)", { ["parquet.bloom.filter.enabled"] = "true",
      ["parquet.bloom.filter.adaptive.enabled"] = "true" })
    meta, bytes = footer.read(file())
    assert.is_true(footer.struct(bytes, chunk(meta, 1, 1)[14] + 1)[1] < 1024)
    assert.equal(1, spark.read:parquet(folder):where "id = 77":count())
  end)

  it("refuses what Spark refuses", function()
    local cases = { ["SELECT make_interval(1) a"] = "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
      ["SELECT 1 a, 2 A"] = "COLUMN_ALREADY_EXISTS" }
    for sql, condition in pairs(cases) do
      local ok, err = pcall(write, sql)
      assert.is_false(ok)
      assert.equal(condition, err.condition)
    end
    for option, value in pairs { compression = "lzo", ["parquet.block.size"] = "x", ["parquet.page.size"] = 0,
      ["parquet.writer.version"] = "v3", ["parquet.enable.dictionary"] = "perhaps" } do
      assert.is_false(pcall(write, "SELECT 1 a", { [option] = value }))
      assert.is_nil(io.open(folder))
    end
  end)

  it("leaves nothing behind when a row fails", function()
    assert.is_false(pcall(write, "SELECT id, 1 / (id - 3) AS x FROM range(10)"))
    assert.is_nil(io.open(folder))
  end)

  it("writes the same row groups at any number of threads", function()
    local first
    for _, threads in ipairs { 1, 2, 5 } do
      spark:stop() -- an open one would be given again
      spark = tidemill.session { threads = threads, ["spark.sql.session.timeZone"] = "UTC" }
      write("SELECT id, id % 100 k, CAST(id AS STRING) s, array(id, NULL) l FROM range(300000)",
        { ["parquet.block.size"] = 2000000, compression = "zstd" })
      local f <close> = io.open(file(), "rb")
      local bytes = f:read "a"
      first = first or bytes
      assert.is_true(bytes == first)
    end
  end)
end)
