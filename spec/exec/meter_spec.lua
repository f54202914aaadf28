-- explain "metrics": rows are those that operators give, whatever runs them; memory and spilled bytes stand where there
-- are any. Times are only looked for.
local tidemill = require "tidemill"

local function explained(df)
  local text = {}
  local write = io.write
  io.write = function(...) text[#text + 1] = table.concat { ... } end -- luacheck: ignore
  local fine, err = pcall(df.explain, df, "metrics")
  io.write = write -- luacheck: ignore
  assert(fine, err)
  return table.concat(text)
end

--- Rows of the operator whose line begins so.
local function rows(text, name)
  for line in text:gmatch "[^\n]+" do
    if line:find("^[ :+-]*" .. name) then return tonumber(line:match "%(rows (%d+), [%d.]+ ms") end
  end
end

for _, options in ipairs { { threads = 2 }, { threads = 1 }, { threads = 2, forceSpill = true } } do
  local spilled = options.forceSpill or false
  describe(("explain metrics with %d threads%s"):format(options.threads, spilled and ", spilled" or ""), function()
    local spark
    setup(function()
      tidemill.session {}:stop()
      spark = tidemill.session(options)
      spark:range(200000):selectExpr("id", "id % 1000 AS k"):createOrReplaceTempView "t"
    end)
    teardown(function() spark:stop() end)

    it("counts what each operator gives", function()
      local text = explained(spark:sql [[SELECT a.k, count(*) AS n FROM t a JOIN t b ON a.id = b.id
        WHERE a.id >= 100 GROUP BY a.k ORDER BY n DESC LIMIT 3]])
      assert.equal(3, rows(text, "TakeOrdered"), text)
      assert.equal(1000, rows(text, "HashAggregate"), text)
      assert.equal(199900, rows(text, "BroadcastHashJoin"), text)
      assert.equal(199900, rows(text, "Filter"), text)
      assert.equal(200000, rows(text, "Range"), text)
      assert.equal(spilled, text:find "spilled %d" ~= nil, text)
      assert.is_truthy(text:find "memory %d")
    end)

    it("counts sorts, windows, unions and aggregates of distinct values", function()
      local text = explained(spark:sql [[SELECT k, count(DISTINCT id), sum(r) FROM
        (SELECT k, id, row_number() OVER (PARTITION BY k ORDER BY id) AS r
         FROM (SELECT * FROM t UNION ALL SELECT * FROM t)) GROUP BY k]])
      assert.equal(1000, rows(text, "HashAggregate"), text)
      assert.equal(400000, rows(text, "Window"), text)
      assert.equal(400000, rows(text, "Union"), text)
      text = explained(spark:sql "SELECT id FROM t WHERE k < 10 ORDER BY id DESC")
      assert.equal(2000, rows(text, "Sort"), text)
    end)

    it("raises what the run raises", function()
      assert.has_error(function() explained(spark:sql "SELECT id DIV (id - id) FROM t") end)
    end)
  end)
end

describe("explain metrics of a plan that begins again", function()
  it("tells of the run that came to an end", function()
    tidemill.session {}:stop()
    local spark = tidemill.session { memory = "32MB", threads = 2 }
    -- the join makes more rows than are expected, whose values have no room in sets
    local text = explained(spark:sql [[SELECT a.id % 3 AS k, count(DISTINCT a.id * 3000 + b.id)
      FROM range(1500) a JOIN range(2000) b ON a.id % 2 = b.id % 2 GROUP BY 1]])
    spark:stop()
    assert.equal(1500, rows(text, "Range"), text)
    assert.equal(1500000, rows(text, "BroadcastHashJoin"), text)
  end)
end)
