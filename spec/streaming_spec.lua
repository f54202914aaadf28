-- Streams from Lua: readers, writers, queries, their manager and progress. What Spark's answers hold per batch is in
-- spec/conformance/streaming; here is what only the program sees.
local cjson = require "cjson"
local tidemill = require "tidemill"
local F = tidemill.functions

describe("streaming", function()
  local spark, folder

  before_each(function()
    spark = tidemill.session { threads = 2 }:newSession()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir -p " .. folder .. "/in"))
  end)
  after_each(function()
    spark:close()
    os.execute("rm -rf " .. folder)
  end)

  local function put(name, text)
    local f = assert(io.open(folder .. "/in/" .. name, "w"))
    f:write(text)
    f:close()
  end

  local function input() return spark.readStream:schema "id INT, v STRING":csv(folder .. "/in") end

  local function texts(df)
    local out = {}
    for i, row in ipairs(df:collect()) do
      local cells = {}
      for k = 1, #df.columns do cells[k] = tostring(row[k]) end
      out[i] = table.concat(cells, ",")
    end
    table.sort(out)
    return table.concat(out, " ")
  end

  local function raised(f, ...)
    local ok, err = pcall(f, ...)
    assert.is_false(ok)
    return err
  end

  it("reads files into a table that follows the query", function()
    local q = input():where "id > 1".writeStream:format "memory":queryName "seen":start()
    local seen = spark:table "seen"
    assert.equal("", texts(seen))
    put("a.csv", "1,a\n2,b\n")
    q:processAllAvailable()
    assert.equal("2,b", texts(seen))
    put("b.csv", "3,c\n")
    q:processAllAvailable()
    assert.equal("2,b 3,c", texts(seen))
    assert.is_true(q.isActive)
    q:stop()
    assert.is_false(q.isActive)
    assert.equal("2,b 3,c", texts(seen))
  end)

  it("takes rows from the program and SQL over streaming views", function()
    local stream = tidemill.MemoryStream(spark, "k STRING, v INT")
    stream:toDF():createOrReplaceTempView "pushed"
    local q = spark:sql "SELECT k, sum(v) AS s FROM pushed GROUP BY k".writeStream
      :outputMode "complete":format "memory":queryName "sums":start()
    stream:addData { { "a", 1 }, { "b", 2 } }
    q:processAllAvailable()
    stream:addData { { "a", 5 } }
    q:processAllAvailable()
    assert.equal("a,6 b,2", texts(spark:table "sums"))
    q:stop()
  end)

  it("writes files once, over restarts", function()
    local function run()
      input().writeStream:format "csv":option("checkpointLocation", folder .. "/chk"):trigger { availableNow = true }
        :start(folder .. "/out"):awaitTermination()
    end
    put("a.csv", "1,a\n")
    run()
    put("b.csv", "2,b\n")
    run()
    run()
    assert.equal("1,a 2,b", texts(spark.read:schema "id INT, v STRING":csv(folder .. "/out")))
  end)

  it("gives batches and rows to functions", function()
    put("a.csv", "1,a\n2,b\n")
    local log = {}
    local function see(df, id) log[#log + 1] = id .. ":" .. df:count() end
    local batches = input().writeStream:foreachBatch(see):start()
    batches:processAllAvailable()
    assert.same({ "0:2" }, log)
    local writer = { open = function(_, partition, epoch) log[#log + 1] = partition .. "/" .. epoch end,
      process = function(_, row) log[#log + 1] = row.v end, close = function(_, err) log[#log + 1] = tostring(err) end }
    input().writeStream:foreach(writer):trigger { once = true }:start():awaitTermination()
    assert.same({ "0:2", "0/0", "a", "b", "nil" }, log)
    batches:stop()
  end)

  it("ends with STREAM_FAILED and the cause", function()
    put("a.csv", "1,a\n")
    local q = input().writeStream:foreachBatch(function() error { mine = true } end):start()
    local err = raised(q.processAllAvailable, q)
    assert.equal("STREAM_FAILED", err.condition)
    assert.equal(q.id, err.messageParameters.id)
    assert.equal("FOREACH_BATCH_USER_FUNCTION_ERROR", err.cause.condition)
    assert.is_true(err.cause.cause.mine)
    assert.equal(err, q:exception())
    assert.equal(err, raised(q.awaitTermination, q))
    assert.is_false(q.isActive)
    local divided = input():select(F.expr "id / 0 AS x").writeStream:format "noop":start()
    assert.equal("DIVIDE_BY_ZERO", raised(divided.awaitTermination, divided).cause.condition)
  end)

  it("stops from within a batch, and is not waited for there", function()
    put("a.csv", "1,a\n")
    local query, inner
    query = input().writeStream:foreachBatch(function()
      inner = raised(query.processAllAvailable, query)
      query:stop()
    end):start()
    query:awaitTermination()
    assert.equal("UNSUPPORTED_OPERATION", inner.condition)
    assert.is_nil(query:exception())
  end)

  it("reports progress as Spark's JSON", function()
    put("a.csv", "1,a\n2,b\n")
    local q = input().writeStream:format "noop":queryName "named":start()
    q:processAllAvailable()
    local p = q.lastProgress
    assert.equal("named", p.name)
    assert.equal(q.id, p.id)
    assert.equal(q.runId, p.runId)
    assert.equal(0, p.batchId)
    assert.equal(2, p.numInputRows)
    assert.equal(2, p.sources[1].numInputRows)
    assert.equal(0, p.sources[1].endOffset.logOffset)
    assert.same({}, p.eventTime)
    assert.equal(p.id, cjson.decode(tostring(p)).id)
    assert.equal(1, #q.recentProgress)
    assert.equal("Waiting for data to arrive", q.status.message:gsub("Getting offsets", "Waiting for data to arrive"))
    q:stop()
    assert.equal("Stopped", q.status.message)
  end)

  -- A query over the memory stream `m` that collects its rows in the table `name`.
  local function collecting(m, name)
    return m:toDF().writeStream:format "memory":queryName(name):start()
  end
  local function stream() return tidemill.MemoryStream(spark, "v INT") end

  it("goes on when the script looks at a query", function()
    local looks = {
      function(q) return q.status end, function(q) return q.lastProgress end,
      function(q) return q.recentProgress end, function(q) return q.isActive end,
      function(q) return q:exception() end, function() return spark.streams.active end,
      function(q) return spark.streams:get(q.id) end, function() return spark:poll() end,
    }
    local m = stream()
    local q = collecting(m, "seen")
    local other = collecting(m, "other")
    for i, look in ipairs(looks) do
      m:addData { { i } }
      look(q)
      assert.equal(i, #q.recentProgress) -- which finds nothing new
      assert.equal(i, #other.recentProgress)
    end
    q:stop()
    m:addData { { 9 } }
    assert.equal(#looks, #q.recentProgress)
  end)

  it("goes on when the script reads the table of a query", function()
    local m = stream()
    local q = collecting(m, "shown")
    local df = spark:sql "SELECT v * 2 AS v FROM shown WHERE v > 1"
    m:addData { { 1 }, { 2 } }
    assert.equal("4", texts(df))
    m:addData { { 3 } }
    assert.equal("4 6", texts(df))
    m:addData { { 4 } }
    assert.equal(4, spark:table "shown":count())
    m:addData { { 5 } }
    local n = 0
    for _ in df:rows() do n = n + 1 end
    assert.equal(4, n)
    m:addData { { 6 } }
    assert.equal("6", texts(df:alias "a":join(spark:table "shown":alias "b", F.expr "a.v = b.v"):select "b.v"):sub(-1))
    q:stop()
    m:addData { { 7 } }
    assert.equal(6, spark:table "shown":count())
  end)

  it("leaves other queries alone while one calls a function", function()
    local m = stream()
    local q = collecting(m, "quiet")
    local seen = {}
    local caller = m:toDF().writeStream:foreachBatch(function()
      m:addData { { 2 } }
      seen[#seen + 1] = { q.lastProgress.batchId, q.isActive }
    end):start()
    m:addData { { 1 } }
    spark:poll() -- q, then caller
    assert.same({ { 0, true } }, seen)
    caller:stop()
    q:stop()
  end)

  it("ends by itself once an availableNow query has all, looked at in a loop", function()
    put("a.csv", "1,a\n")
    local q = input().writeStream:format "noop":trigger { availableNow = true }:start()
    local turns = 0
    while q.isActive and turns < 10 do turns = turns + 1 end
    assert.is_false(q.isActive)
    assert.equal(1, #q.recentProgress)
  end)

  it("tells listeners", function()
    spark.conf:set("spark.sql.streaming.noDataProgressEventInterval", "0")
    local log, listener = {}, {}
    for _, name in ipairs { "Started", "Progress", "Idle", "Terminated" } do
      listener["onQuery" .. name] = function(event) log[#log + 1] = { name, event } end
    end
    local function told()
      local names = {}
      for i, entry in ipairs(log) do names[i] = entry[1] end
      return table.concat(names, " ")
    end
    spark.streams:addListener(listener)
    local m = stream()
    local q = m:toDF().writeStream:format "noop":queryName "told":start()
    assert.equal("Started", told())
    assert.equal("told", log[1][2].name)
    spark:poll()
    assert.equal("Started Idle", told())
    m:addData { { 1 }, { 2 } }
    spark:poll()
    assert.equal("Started Idle Progress", told())
    assert.equal(2, log[3][2].progress.numInputRows)
    q:stop()
    q:stop()
    assert.equal("Started Idle Progress Terminated", told())
    for _, entry in ipairs(log) do
      assert.equal(q.id, entry[2].id)
      assert.equal(q.runId, entry[2].runId)
    end
    assert.is_nil(log[4][2].exception)
    log = {}
    local bad = m:toDF().writeStream:foreachBatch(function() error "no" end):start()
    raised(bad.processAllAvailable, bad)
    assert.equal("Started Terminated", told())
    assert.equal("FOREACH_BATCH_USER_FUNCTION_ERROR", log[2][2].errorClassOnException)
    assert.equal(bad:exception().message, log[2][2].exception)
    log = {}
    spark.streams:removeListener(listener)
    m:toDF().writeStream:format "noop":start():stop()
    assert.equal("", told())
    assert.equal("UNEXPECTED_ARGUMENT", raised(function()
      spark.streams:addListener { onQueryStart = print }
    end).condition)
    assert.equal("NOT_EXPECTED_TYPE", raised(function() spark.streams:addListener { onQueryIdle = 1 } end).condition)
  end)

  it("goes on when a listener fails", function()
    local write, said = io.stderr, {}
    local progress = 0
    spark.streams:addListener { onQueryProgress = function() error "not mine" end }
    spark.streams:addListener { onQueryProgress = function() progress = progress + 1 end }
    local m = stream()
    local q = m:toDF().writeStream:format "noop":start()
    m:addData { { 1 } }
    io.stderr = { write = function(_, text) said[#said + 1] = text end } -- luacheck: ignore
    q:processAllAvailable()
    io.stderr = write -- luacheck: ignore
    assert.equal(1, progress)
    assert.truthy(said[1]:find("not mine", 1, true))
    assert.is_true(q.isActive)
    q:stop()
  end)

  it("groups the rows of many batches as one batch would", function()
    local rows = {}
    for k = 1, 300 do
      local i = k % 7
      local text = ("key %d of a long text"):format(k % 3)
      rows[k] = { n = 6, k % 5 > 0 and i or tidemill.null, k % 2 == 0 and text:sub(1, 5) or text,
        ({ 0.0, -0.0, 0 / 0, 1.5 })[k % 4 + 1], i == 3 and tidemill.null or { i, k % 2 == 0 and "a" or tidemill.null },
        { k % 2 }, tidemill.null }
    end
    local schema = "i INT, s STRING, d DOUBLE, t STRUCT<a: INT, b: STRING>, l ARRAY<INT>, n INT"
    local all = spark:createDataFrame(rows, schema)
    local function count(df, by) return df:groupBy(table.unpack(by)):agg(F.count "*", F.sum "i", F.max "s") end
    local function shown(df)
      local list = {}
      for c, name in ipairs(df.columns) do list[c] = ("CAST(`%s` AS STRING)"):format(name) end
      return texts(df:selectExpr(table.unpack(list)))
    end
    local lists = { { "i" }, { "s" }, { "d" }, { "t" }, { "l" }, { "n" }, { "i", "t" }, { "d", "s" },
      { "i", "s", "t", "l", "n" } }
    for _, by in ipairs(lists) do
      local m = tidemill.MemoryStream(spark, schema)
      local q = count(m:toDF(), by).writeStream:format "memory":outputMode "complete":queryName "grouped":start()
      for from = 1, 300, 100 do
        m:addData(spark:createDataFrame({ table.unpack(rows, from, from + 99) }, schema))
        q:processAllAvailable()
      end
      assert.equal(shown(count(all, by)), shown(spark:table "grouped"))
      q:stop()
    end
  end)

  it("passes rows through filters and select lists to every sink as a batch query does", function()
    local rows, schema = {}, "i INT, s STRING, l ARRAY<INT>, t STRUCT<a: INT, b: STRING>"
    for k = 1, 5000 do
      local text = ("row %d of a long text"):format(k % 13)
      rows[k] = { n = 4, k, k % 7 == 0 and tidemill.null or text, { k, k % 3 }, { k % 5, text } }
    end
    local all = spark:createDataFrame(rows, schema)
    local shapes = {
      function(df) return df:where "i % 3 = 1" end,
      function(df) return df:where("i % 3 = 1"):select(F.expr "i * 2 AS j", "s", "l", "t") end,
      function(df)
        return df:select("s", "i"):where "i > 4000 AND i % 2 = 0":selectExpr("s", "i + 1 AS i", "i % 3 AS m")
      end,
      function(df) return df:where "i > 5000" end,
      function(df) return df:where "i % 2 = 0":selectExpr("upper(s) AS u", "i") end,
      function(df)
        return df:selectExpr("t", "i % 11 AS m", "s"):where "m < 4":groupBy("t", "s"):agg(F.sum "m")
      end,
      function(df)
        return df:where "i % 4 = 1":selectExpr("s", "i % 11 AS m"):dropDuplicates { "s", "m" }:select "s"
      end,
    }
    local function shown(df)
      local list = {}
      for c, name in ipairs(df.columns) do list[c] = ("CAST(`%s` AS STRING)"):format(name) end
      return texts(df:selectExpr(table.unpack(list)))
    end
    for n, shape in ipairs(shapes) do
      local m = tidemill.MemoryStream(spark, schema)
      local df, parts = shape(m:toDF()), {}
      local mode = n == 6 and "update" or "append"
      local shown_by = { df.writeStream:format "memory":queryName "through":outputMode(mode):start(),
        df.writeStream:outputMode(mode):foreachBatch(function(part) parts[#parts + 1] = shown(part) end):start() }
      if n < 6 then
        shown_by[3] = df.writeStream:format "json":option("checkpointLocation", folder .. "/chk" .. n)
          :start(folder .. "/through" .. n)
      end
      m:addData(all)
      for _, q in ipairs(shown_by) do q:processAllAvailable() end
      local want = shown(shape(all))
      assert.equal(want, shown(spark:table "through"))
      assert.equal(want, parts[1])
      if n < 6 then
        assert.equal(want, shown(spark.read:schema(shape(all).schema):json(folder .. "/through" .. n)))
      end
      for _, q in ipairs(shown_by) do q:stop() end
    end
  end)

  it("keeps the books of its queries", function()
    local one = input().writeStream:format "noop":queryName "one":start()
    local two = input().writeStream:format "noop":start()
    assert.equal(2, #spark.streams.active)
    assert.equal(one, spark.streams:get(one.id))
    raised(function() input().writeStream:format "noop":queryName "one":start() end)
    put("a.csv", "1,a\n")
    assert.is_true(spark:poll())
    assert.equal(1, #one.recentProgress)
    assert.equal(1, #two.recentProgress)
    assert.is_false(two:awaitTermination(0.02))
    two:stop()
    assert.is_true(spark.streams:awaitAnyTermination(5))
    spark.streams:resetTerminated()
    assert.is_false(spark.streams:awaitAnyTermination(0.02))
    assert.equal(1, #spark.streams.active)
    one:stop()
  end)

  it("goes on from its checkpoint with the same id", function()
    local function start()
      return input():groupBy "v":count().writeStream:outputMode "update":format "noop"
        :option("checkpointLocation", folder .. "/chk"):start()
    end
    put("a.csv", "1,a\n")
    local first = start()
    first:processAllAvailable()
    local second = start() -- stops the first, as in Spark
    assert.is_false(first.isActive)
    assert.equal(first.id, second.id)
    assert.not_equal(first.runId, second.runId)
    put("b.csv", "2,a\n3,b\n")
    second:processAllAvailable()
    assert.equal(1, second.lastProgress.batchId)
    assert.equal(2, second.lastProgress.stateOperators[1].numRowsTotal)
    second:stop()
  end)

  it("refuses what cannot be", function()
    local static = spark:range(3)
    assert.equal("WRITE_STREAM_NOT_ALLOWED", raised(function() return static.writeStream end).condition)
    assert.equal("CALL_ON_STREAMING_DATASET_UNSUPPORTED", raised(function() return input().write end).condition)
    assert.equal("_LEGACY_ERROR_TEMP_3102", raised(function() input():count() end).condition)
    assert.equal("_LEGACY_ERROR_TEMP_2048", raised(function() spark.readStream:csv(folder) end).condition)
    assert.equal("DATA_SOURCE_NOT_FOUND", raised(function() spark.readStream:format "nosuch":load() end).condition)
    local writer = input().writeStream
    assert.equal("ONLY_ALLOW_SINGLE_TRIGGER", raised(writer.trigger, writer, {}).condition)
    assert.equal("ONLY_ALLOW_SINGLE_TRIGGER",
      raised(writer.trigger, writer, { once = true, availableNow = true }).condition)
    assert.equal("VALUE_NOT_ALLOWED", raised(writer.trigger, writer, { once = false }).condition)
    assert.equal("_LEGACY_ERROR_TEMP_1194",
      raised(function() input().writeStream:format "memory":start() end).condition)
    assert.equal("_LEGACY_ERROR_TEMP_1298",
      raised(function() input().writeStream:format "csv":start(folder .. "/o") end).condition)
    assert.equal("STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
      raised(function() input():groupBy "v":count().writeStream:format "noop":start() end).condition)
  end)

  it("names what is closed", function()
    local m = stream()
    spark:close()
    assert.equal("SESSION_CLOSED", raised(m.addData, m, { { 1 } }).condition)
    assert.equal("SESSION_CLOSED", raised(m.toDF, m).condition)
  end)

  it("makes rows up by the batch", function()
    local q = spark.readStream:format "rate-micro-batch":option("rowsPerBatch", 10):load()
      .writeStream:format "memory":queryName "made":trigger { once = true }:start()
    q:awaitTermination()
    assert.equal(10, spark:table "made":count())
  end)

  it("runs functions of Lua that cannot be traced", function()
    put("a.csv", "1,a\n2,b\n")
    local length = F.udf(function(v) return #(v .. string.rep("x", #v)) end, "int")
    local q = input():select(length(F.col "v"):alias "n").writeStream:format "memory":queryName "lengths":start()
    q:processAllAvailable()
    assert.equal("2 2", texts(spark:table "lengths"))
    q:stop()
  end)
end)
