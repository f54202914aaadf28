-- Snapshots as users save and load them. What a query answers is what its snapshot answers.
local tidemill = require "tidemill"
local F = tidemill.functions

describe("a snapshot", function()
  local spark, dir, path

  setup(function()
    spark = tidemill.session { threads = 2, ["spark.sql.session.timeZone"] = "UTC" }
    dir = os.tmpname()
    os.remove(dir)
    assert(os.execute("mkdir " .. dir))
    path = dir .. "/t.snap"
  end)
  teardown(function() os.execute("rm -rf " .. dir) end)

  local function rows(df)
    local out = {}
    for i, row in ipairs(df:collect()) do out[i] = tostring(row) end
    return out
  end

  local function read(name) return assert(io.open(name, "rb")):read "a" end
  local function write(name, bytes)
    local f = assert(io.open(name, "wb"))
    f:write(bytes)
    f:close()
  end

  local function condition(f, ...)
    local fine, err = pcall(f, ...)
    assert.is_false(fine)
    return err.condition, err.message
  end

  it("holds rows of every type", function()
    local df = spark:sql(read "spec/snapshot/golden/table-1.sql")
    df.write:mode("overwrite"):snapshot(path)
    local back = spark.read:snapshot(path)
    assert.same(rows(df), rows(back))
    assert.equal(df.schema:json(), back.schema:json())
  end)

  -- A line a row, CAST(column AS STRING) of each (binary: of its hex), NULL where there is none.
  local function texts(df)
    local columns, lines = {}, {}
    for i, field in ipairs(df.schema.fields) do
      local binary = field.dataType:simpleString() == "binary"
      columns[i] = (binary and "CAST(hex(`%s`) AS STRING)" or "CAST(`%s` AS STRING)"):format(field.name)
    end
    for k, row in ipairs(df:selectExpr(table.unpack(columns)):collect()) do
      local cells = {}
      for i = 1, #columns do cells[i] = row[i] == nil and "NULL" or tostring(row[i]) end
      lines[k] = table.concat(cells, "\t")
    end
    return table.concat(lines, "\n") .. "\n"
  end

  for version = 1, 4 do -- the .tsv is what Spark 4.3 answers to the .sql that the file was written from
    it(("of version %d is read for ever"):format(version), function()
      local golden = ("spec/snapshot/golden/table-%d"):format(version)
      assert.equal(read(golden .. ".tsv"), texts(spark.read:snapshot(golden .. ".snap")))
    end)
  end

  for version = 1, 4 do
    it(("of version %d takes more rows, as one of version 4 then"):format(version), function()
      local golden = ("spec/snapshot/golden/table-%d"):format(version)
      write(path, read(golden .. ".snap"))
      local df = spark:sql(read(golden .. ".sql"))
      for _ = 1, 2 do df.write:mode("append"):snapshot(path) end
      assert.same(rows(df:union(df):union(df)), rows(spark.read:snapshot(path)))
      assert.equal("TIDEMILL\4", read(path):sub(1, 9))
    end)
  end

  it("that grew by appending answers as the one written at once", function()
    local function numbers(from, to)
      return spark:range(from, to):withColumn("s", F.concat(F.lit "n", F.col "id" % 7)):withColumn("x", F.col "id" / 8)
    end
    numbers(0, 70000).write:mode("overwrite"):snapshot(path)
    local before = spark.read:snapshot(path)
    for i = 0, 59 do numbers(70000 + i * 10, 70010 + i * 10).write:mode("append"):snapshot(path) end
    numbers(70600, 140000).write:mode("append"):snapshot(path)
    numbers(0, 0).write:mode("append"):snapshot(path)
    local back, all = spark.read:snapshot(path), numbers(0, 140000)
    assert.equal(70000, before:count())
    for _, filter in ipairs { "true", "id BETWEEN 69990 AND 70015", "id = 70599", "id > 139990", "x = 8812.5",
      "s = 'n3'", "id IN (65535, 70005, 70600)", "id < 0" } do
      local want, got = all:where(filter), back:where(filter)
      assert.equal(want:count(), got:count(), filter)
      assert.same(rows(want:orderBy(F.desc "id"):limit(50)), rows(got:orderBy(F.desc "id"):limit(50)), filter)
    end
    assert.same(rows(all:where("id % 100 = 1")), rows(back:where("id % 100 = 1")), "in their order")
    numbers(0, 140000).write:mode("overwrite"):snapshot(dir .. "/whole.snap")
    assert.is_true(#read(path) < 2.5 * #read(dir .. "/whole.snap") + (1 << 20))
    numbers(5, 6):selectExpr("IF(id > 0, NULL, id) AS id", "s", "x").write:mode("append"):snapshot(path)
    assert.equal(1, spark.read:snapshot(path):where("id IS NULL"):count())
    assert.is_true(spark.read:snapshot(path).schema.fields[1].nullable)
  end)

  it("grows by its own rows, and by those of a query that fails not at all", function()
    spark:range(1000).write:mode("overwrite"):snapshot(path)
    for _ = 1, 3 do spark.read:snapshot(path).write:mode("append"):snapshot(path) end
    assert.equal(8000, spark.read:snapshot(path):count())
    local before = read(path)
    local bad = spark:sql "SELECT 1 DIV (id - 99999) + id AS id FROM range(100000)"
    assert.equal("DIVIDE_BY_ZERO", (condition(function() bad.write:mode("append"):snapshot(path) end)))
    assert.is_true(before == read(path))
    write(path, before .. "what a killed writer left")
    assert.equal(8000, spark.read:snapshot(path):count())
    spark:range(1).write:mode("append"):snapshot(path)
    assert.equal(8001, spark.read:snapshot(path):count())
  end)

  it("that grew is damaged like any other", function()
    spark:range(20).write:mode("overwrite"):snapshot(path)
    for i = 1, 3 do spark:range(20 * i, 20 * i + 20).write:mode("append"):snapshot(path) end
    local bytes, expected = read(path), rows(spark.read:snapshot(path))
    local function told(damaged)
      write(path, damaged)
      local fine, got = pcall(function() return rows(spark.read:snapshot(path)) end)
      if fine then assert.same(expected, got)
      else assert.is_truthy(got.condition == "CORRUPT_FILE" or got.condition == "UNSUPPORTED_SNAPSHOT_VERSION") end
    end
    for i = 1, #bytes, 3 do
      told(bytes:sub(1, i - 1) .. string.char(bytes:byte(i) ~ (1 << i % 8)) .. bytes:sub(i + 1))
      told(bytes:sub(1, i - 1))
    end
  end)

  it("kept in memory answers as the rows it was made of", function()
    local df = spark:sql [[SELECT id, IF(id % 11 = 0, NULL, concat('group ', id % 7)) AS few,
      concat('name ', id DIV 65000 * 1000 + id % 400) AS some, concat('n', id % 20000) AS many, hex(id * 7919) AS each,
      CAST(IF(id % 3 = 0, NULL, 'a constant that is long') AS STRING) AS one, id % 2 = 0 AS even, id / 4 AS x
      FROM range(140000)]]:cache()
    df.write:mode("overwrite"):snapshot(path)
    local kept = spark.read:snapshot(path):cache()
    assert.equal(140000, kept:count())
    for _, query in ipairs { "SELECT * FROM {t} WHERE id % 1000 = 17 ORDER BY id",
      "SELECT few, count(*), sum(id), max(each), min(many) FROM {t} GROUP BY few ORDER BY few",
      "SELECT some, few, even, count(one), sum(x) FROM {t} GROUP BY ALL ORDER BY ALL LIMIT 500",
      "SELECT count(DISTINCT many), count(DISTINCT each), count(DISTINCT one) FROM {t}",
      "SELECT upper(few) u, length(some) l, count(*) FROM {t} WHERE some LIKE '%9_' GROUP BY ALL ORDER BY ALL" } do
      assert.same(rows(spark:sql(query, nil, { t = df })), rows(spark:sql(query, nil, { t = kept })), query)
    end
    local both = kept:union(df:limit(10)):cache()
    assert.equal(140010, both:count())
    for _, d in ipairs { both, kept, df } do d:unpersist() end
  end)

  it("is kept and written in a session that spills all it can, or has little memory", function()
    spark:stop()
    for _, options in ipairs { { threads = 1, forceSpill = true }, { threads = 2, memory = "64m" } } do
      local own = tidemill.session(options)
      local df = own:sql [[SELECT id, concat('g', id % 7) AS s, IF(id % 5 = 0, NULL, concat('n', id)) AS n
        FROM range(150000)]]
      df:cache():count()
      df.write:mode("overwrite"):snapshot(path)
      local kept = own.read:snapshot(path):cache()
      assert.equal(21428, kept:where("s = 'g5'"):count())
      kept:select("n", "s").write:mode("overwrite"):snapshot(dir .. "/other.snap")
      local back = own.read:snapshot(dir .. "/other.snap")
      assert.same(rows(df:selectExpr("s", "n", "id"):where("id > 149990")),
        rows(kept:selectExpr("s", "n", "id"):where("id > 149990")))
      assert.equal(30000, back:where("n IS NULL"):count())
      assert.same({ "Row(s='g0', count=21429)" }, rows(back:groupBy("s"):count():orderBy("s"):limit(1)))
      own:stop()
    end
    spark = tidemill.session { threads = 2, ["spark.sql.session.timeZone"] = "UTC" }
  end)

  it("leaves out what a filter rules out, and nothing else", function()
    local df = spark:sql [[SELECT id, IF(id < 70000, NULL, id DIV 1000) AS k,
      concat('s', lpad(CAST(id DIV 10000 AS STRING), 3, '0')) AS s, IF(id = 66000, CAST('NaN' AS DOUBLE), id / 4) AS x,
      CAST(id AS DECIMAL(30,2)) AS d, repeat('z', CAST(id DIV 65536 * 40 AS INT)) AS long,
      DATE'2000-01-01' + CAST(id DIV 50 AS INT) AS day,
      IF(id % 50000 = 9000, -0.0D, id + 1D) AS z,
      IF(id = 30000, unhex(repeat('FF', 70)), CAST(CAST(id AS STRING) AS BINARY)) AS bin,
      named_struct('a', id) AS st FROM range(200000)]]:cache()
    df.write:mode("overwrite"):snapshot(path)
    local back = spark.read:snapshot(path)
    for _, filter in ipairs { "id = 150000", "id < 10", "id >= 199999", "id > 500000", "id IN (3, 199000)", "k IS NULL",
      "k IS NOT NULL", "k = 150", "k <= 70", "s = 's012'", "s < 's001'", "s > 's019'", "s = ''", "x > 49990", "x < 1",
      "x = CAST('NaN' AS DOUBLE)", "x >= CAST('NaN' AS DOUBLE)", "d = 131072", "d > 199990.5BD", "long = ''",
      "long = repeat('z', 120)", "day = DATE'2005-01-01'",
      "day > DATE'2010-12-01'", "z = 0", "z < 0.5D", "z >= -0.0D AND z < 1",
      "id IN (8191, 8192)", "id BETWEEN 16383 AND 16384",
      "bin > unhex('F0')", "bin = unhex(repeat('FF', 70))", "bin >= unhex(repeat('FF', 64))",
      "st.a = 5", "st IS NULL", "id = 65535 OR id = 65536", "id > 100 AND id < 90" } do
      local want, got = df:where(filter), back:where(filter)
      assert.equal(want:count(), got:count(), filter)
      assert.same(rows(want:orderBy("id"):limit(3)), rows(got:orderBy("id"):limit(3)), filter)
    end
    df:unpersist()
  end)

  it("keeps names, nullability and what fields tell about themselves", function()
    local df = spark:sql("SELECT 1 AS `a b.c`, 'x' AS `ä\"`, CAST(NULL AS STRING COLLATE UTF8_LCASE) c,"
      .. " CAST(array('A') AS ARRAY<STRING COLLATE UTF8_LCASE>) l")
    df.write:mode("overwrite"):snapshot(path)
    assert.equal(tostring(df.schema), tostring(spark.read:snapshot(path).schema))
    assert.equal(1, spark.read:snapshot(path):where("array_contains(l, 'a')"):count())
  end)

  it("of no rows, and of many chunks", function()
    for _, n in ipairs { 0, 1, 65536, 65537, 200000 } do
      spark:range(n):withColumn("s", F.col "id":cast "string").write:mode("overwrite"):snapshot(path)
      local df = spark.read:snapshot(path)
      assert.equal(n, df:count())
      assert.equal(n * (n - 1) // 2, df:agg(F.sum "id"):collect()[1][1] or 0)
      if n > 2 then assert.same({ tostring(n - 1) }, { df:orderBy(F.desc "id"):limit(1):collect()[1].s }) end
    end
  end)

  it("is saved in the four modes", function()
    os.remove(path)
    local one, two = spark:sql "SELECT 1 AS a", spark:sql "SELECT 2 AS a"
    one.write:format("snapshot"):save(path)
    assert.equal("PATH_ALREADY_EXISTS", (condition(function() two.write:snapshot(path) end)))
    two.write:mode("ignore"):snapshot(path)
    assert.equal(1, spark.read:snapshot(path):collect()[1].a)
    two.write:mode("append"):snapshot(path)
    assert.equal(2, spark.read:snapshot(path):count())
    two.write:mode("overwrite"):snapshot(path)
    assert.equal(2, spark.read:format "snapshot":load(path):collect()[1].a)
    assert.equal("CANNOT_MERGE_SCHEMAS",
      (condition(function() spark:sql "SELECT 'x' AS a".write:mode("append"):snapshot(path) end)))
    assert.equal(1, spark.read:snapshot(path):count())
  end)

  it("is replaced while it is read", function()
    spark:range(10).write:mode("overwrite"):snapshot(path)
    local df = spark.read:snapshot(path)
    df:where("id >= 5").write:mode("overwrite"):snapshot(path)
    assert.equal(10, df:count())
    assert.equal(5, spark.read:snapshot(path):count())
  end)

  it("stands in SQL, and several are read as one", function()
    spark:range(3).write:mode("overwrite"):snapshot(dir .. "/a1.snap")
    spark:range(4).write:mode("overwrite"):snapshot(dir .. "/a2.snap")
    assert.equal(7, spark.read:snapshot(dir .. "/a*.snap"):count())
    assert.equal(3, spark:sql("SELECT count(*) FROM snapshot.`" .. dir .. "/a1.snap`"):collect()[1][1])
    spark:sql("SELECT 'x' AS id").write:mode("overwrite"):snapshot(dir .. "/a3.snap")
    assert.equal("CANNOT_MERGE_SCHEMAS", (condition(function() spark.read:snapshot(dir .. "/a*.snap") end)))
    assert.equal("USER_SPECIFIED_AND_ACTUAL_SCHEMA_MISMATCH",
      (condition(function() spark.read:schema "id STRING":snapshot(dir .. "/a1.snap") end)))
  end)

  it("that is none says so", function()
    local function told(bytes, want, words)
      write(path, bytes)
      local c, message = condition(function() spark.read:snapshot(path) end)
      assert.equal(want, c)
      assert.is_truthy(message:find(words, 1, true) and message:find(path, 1, true), message)
    end
    spark:range(10).write:mode("overwrite"):snapshot(path)
    local bytes = read(path)
    told("", "CORRUPT_FILE", "empty")
    told("id\n1\n", "CORRUPT_FILE", "not a Tidemill snapshot")
    told(bytes:sub(1, -2), "CORRUPT_FILE", "cut off")
    told(bytes:sub(1, 8) .. "\7" .. bytes:sub(10), "UNSUPPORTED_SNAPSHOT_VERSION", "version 7")
    told(bytes:sub(1, 20) .. string.char(bytes:byte(21) ~ 1) .. bytes:sub(22), "CORRUPT_FILE", "header")
    write(path, bytes:sub(1, 36) .. string.char(bytes:byte(37) ~ 1) .. bytes:sub(38))
    local c, message = condition(function() return spark.read:snapshot(path):collect() end)
    assert.equal("CORRUPT_FILE", c)
    assert.is_truthy(message:find("block 0 of section rows/0/0 at byte 32", 1, true), message)
  end)

  it("damaged anywhere never gives other rows", function()
    spark:sql("SELECT id, CAST(id AS STRING) s FROM range(20)").write:mode("overwrite"):snapshot(path)
    local bytes, expected = read(path), rows(spark.read:snapshot(path))
    for i = 1, #bytes do
      write(path, bytes:sub(1, i - 1) .. string.char(bytes:byte(i) ~ (1 << i % 8)) .. bytes:sub(i + 1))
      local fine, got = pcall(function() return rows(spark.read:snapshot(path)) end)
      if fine then assert.same(expected, got)
      else assert.is_truthy(got.condition == "CORRUPT_FILE" or got.condition == "UNSUPPORTED_SNAPSHOT_VERSION") end
    end
  end)

  it("of every kind of page, damaged or cut, never gives other rows", function()
    local bytes = read "spec/snapshot/golden/table-2.snap"
    local expected = rows(spark.read:snapshot "spec/snapshot/golden/table-2.snap")
    local function told(damaged, where)
      write(path, damaged)
      local fine, got = pcall(function() return rows(spark.read:snapshot(path)) end)
      if fine then assert.same(expected, got, where)
      else
        local c = got.condition
        assert.is_truthy(c == "CORRUPT_FILE" or c == "UNSUPPORTED_SNAPSHOT_VERSION", where)
      end
    end
    for i = 1, #bytes, 41 do
      told(bytes:sub(1, i - 1) .. string.char(bytes:byte(i) ~ (1 << i % 8)) .. bytes:sub(i + 1), i)
      told(bytes:sub(1, i - 1), i)
    end
  end)

  it("that cannot be written leaves the old one", function()
    spark:range(5).write:mode("overwrite"):snapshot(path)
    local bad = spark:sql "SELECT 1 / (id - 3) x FROM range(5)"
    assert.equal("DIVIDE_BY_ZERO", (condition(function() bad.write:mode("overwrite"):snapshot(path) end)))
    assert.equal(5, spark.read:snapshot(path):count())
    assert.equal("PATH_NOT_FOUND", (condition(function() spark:range(1).write:snapshot(dir .. "/none/x.snap") end)))
    local pipe = assert(io.popen("ls -A " .. dir))
    assert.is_nil(pipe:read "a":find("%.tmp"))
    pipe:close()
  end)
end)
