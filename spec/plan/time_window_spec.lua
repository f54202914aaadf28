-- Windows of event time on tables; expected values are those of Spark's guide to window operations.
local tidemill = require "tidemill"
local F = tidemill.functions

describe("windows of event time", function()
  local spark, events

  setup(function()
    spark = tidemill.session { threads = 1 }
    events = spark:sql [[SELECT * FROM VALUES ('a', TIMESTAMP'2021-01-01 00:00:00'),
      ('a', TIMESTAMP'2021-01-01 00:04:30'), ('b', TIMESTAMP'2021-01-01 00:10:00'),
      ('a', TIMESTAMP'2021-01-01 00:06:00'), ('c', NULL) AS t(k, at)]]
  end)
  teardown(function() spark:stop() end)

  local function lines(df)
    local out = {}
    for _, row in ipairs(df:collect()) do
      local cells = {}
      for i = 1, #df.columns do cells[i] = tostring(row[i]) end
      out[#out + 1] = table.concat(cells, " | ")
    end
    return out
  end

  it("tumble", function()
    local df = events:groupBy("k", F.window("at", "5 minutes")):count()
      :selectExpr("k", "string(window.start) AS s", "string(window.end) AS e", "count"):orderBy("k", "s")
    assert.same({
      "a | 2021-01-01 00:00:00 | 2021-01-01 00:05:00 | 2",
      "a | 2021-01-01 00:05:00 | 2021-01-01 00:10:00 | 1",
      "b | 2021-01-01 00:10:00 | 2021-01-01 00:15:00 | 1",
    }, lines(df))
  end)

  it("slide: a row stands in each window around it", function()
    local df = events:groupBy(F.window("at", "10 minutes", "5 minutes")):count()
      :selectExpr("string(window.start) AS s", "count"):orderBy("s")
    assert.same({ "2020-12-31 23:55:00 | 2", "2021-01-01 00:00:00 | 3", "2021-01-01 00:05:00 | 2",
      "2021-01-01 00:10:00 | 1" }, lines(df))
  end)

  it("close after a gap", function()
    local df = events:groupBy("k", F.session_window("at", "5 minutes")):count()
      :selectExpr("k", "string(session_window.start) AS s", "string(session_window.end) AS e", "count")
      :orderBy("k", "s")
    assert.same({
      "a | 2021-01-01 00:00:00 | 2021-01-01 00:11:00 | 3",
      "b | 2021-01-01 00:10:00 | 2021-01-01 00:15:00 | 1",
    }, lines(df))
  end)

  it("have a time of their own, by which they are grouped again", function()
    local first = events:groupBy(F.window("at", "5 minutes")):count()
    local df = first:groupBy(F.window(F.window_time "window", "10 minutes")):agg(F.sum("count"):alias "n")
      :selectExpr("string(window.start) AS s", "n"):orderBy("s")
    assert.same({ "2021-01-01 00:00:00 | 3", "2021-01-01 00:10:00 | 1" }, lines(df))
  end)

  it("leave the columns as they were where one is added", function()
    assert.same({ "k", "at", "w" }, events:withColumn("w", F.window("at", "1 hour"):getField "start").columns)
  end)

  it("allow one window a query", function()
    local ok, e = pcall(function()
      return events:select(F.window("at", "1 hour"), F.window("at", "2 hours"))
    end)
    assert.is_false(ok)
    assert.equal("_LEGACY_ERROR_TEMP_1039", e.condition)
  end)
end)
