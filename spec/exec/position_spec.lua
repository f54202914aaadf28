-- Positions of rows: what monotonically_increasing_id and rand go by. Ids are unique by their definition, also above
-- operators that make many rows of one.
local tidemill = require "tidemill"

describe("positions of rows", function()
  local spark
  setup(function() spark = tidemill.session {} end)
  teardown(function() spark:stop() end)

  local MADE = {
    explode = "SELECT explode(sequence(1, 100)) AS x FROM range(%d)",
    outer_explode = "SELECT s FROM range(%d) LATERAL VIEW OUTER explode(sequence(1, 100)) t AS s",
    stack = "SELECT stack(2, id, id + 1) AS x FROM range(%d * 50)",
    join = "SELECT a.id FROM range(%d) a JOIN range(100) b ON a.id %% 2 = b.id %% 2 JOIN range(2) c",
    cross = "SELECT a.id FROM range(%d) a CROSS JOIN range(100)",
    outer_join = "SELECT a.id FROM range(%d) a LEFT JOIN range(100) b ON a.id >= b.id - 100",
    filtered = "SELECT id FROM range(%d * 300) WHERE id %% 3 = 0",
    union = "SELECT id FROM range(%d * 50) UNION ALL SELECT id FROM range(%d * 50)",
  }
  for name, query in pairs(MADE) do
    it("are unique above " .. name, function()
      for _, n in ipairs { 10, 3000 } do
        local made = spark:sql(query:format(n, n))
        local row = made:selectExpr("monotonically_increasing_id() AS i", "rand(1) AS r")
          :selectExpr("count(*)", "count(DISTINCT i)", "count(DISTINCT r)"):collect()[1]
        assert.equal(n * 100, row[1])
        assert.equal(row[1], row[2])
        assert.is_true(row[3] > row[1] - 10) -- random values may meet
      end
    end)
  end

  -- Threads share the pieces of what is one chunk: rows come in their order, and have the same places.
  local IN_MEMORY = {
    table = "SELECT id, monotonically_increasing_id() AS i FROM t WHERE id % 7 <> 0",
    sorted = "SELECT id, monotonically_increasing_id() AS i FROM (SELECT id FROM t WHERE id % 7 <> 0 ORDER BY s)",
    groups = "SELECT id, monotonically_increasing_id() AS i FROM "
      .. "(SELECT id, count(*) FROM t WHERE id % 7 <> 0 GROUP BY id)",
    joined = "SELECT t.id, monotonically_increasing_id() AS i FROM t JOIN t u ON u.id = t.id WHERE t.id % 7 <> 0",
  }
  for name, query in pairs(IN_MEMORY) do
    it("are the same at any number of threads: " .. name, function()
      local places
      for threads = 1, 3 do
        tidemill.session {}:stop()
        spark = tidemill.session { threads = threads }
        spark:sql "SELECT id, lpad(id, 20, '0') AS s FROM range(50000)":cache():createOrReplaceTempView "t"
        local rows, i, found = spark:sql(query):collect(), 0, {}
        for id = 0, 49999 do
          if id % 7 ~= 0 then
            i = i + 1
            assert.equal(id, rows[i][1])
            found[i] = rows[i][2]
            assert.is_true(i == 1 or found[i] > found[i - 1])
          end
        end
        assert.equal(i, #rows)
        places = places or found
        assert.same(places, found)
      end
    end)
  end
end)
