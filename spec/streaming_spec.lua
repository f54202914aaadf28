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
    put("a.csv", "1,a\n2,b\n")
    local q = input():where "id > 1".writeStream:format "memory":queryName "seen":start()
    local seen = spark:table "seen"
    assert.equal("", texts(seen))
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
    assert.is_nil(q.lastProgress)
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
    local stream = tidemill.MemoryStream(spark, "v INT")
    spark:close()
    assert.equal("SESSION_CLOSED", raised(stream.addData, stream, { { 1 } }).condition)
    assert.equal("SESSION_CLOSED", raised(stream.toDF, stream).condition)
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
