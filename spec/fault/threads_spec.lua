-- Queries that run on several threads at once, for the thread sanitizer; any number of them gives the same rows.
local tidemill = require "tidemill"

local QUERIES = {
  "SELECT id % 7 k, count(*), sum(id), max(CAST(id AS STRING)) FROM big WHERE id % 3 = 0 GROUP BY k ORDER BY k",
  "SELECT count(*), sum(a.id) FROM big a JOIN small b ON a.id % 1000 = b.id",
  "SELECT count(*) FROM small b LEFT ANTI JOIN big a ON a.id = b.id * 7",
  "SELECT id, row_number() OVER (PARTITION BY id % 5 ORDER BY id DESC) r FROM small ORDER BY r, id LIMIT 20",
  "SELECT id, s FROM big ORDER BY s DESC, id LIMIT 10",
  "SELECT DISTINCT id % 11 d FROM big ORDER BY d",
  "SELECT count(*) FROM (SELECT id FROM big UNION SELECT id * 2 FROM small)",
  "SELECT s, count(*) n FROM (SELECT explode(array(s, 'x')) s FROM big) GROUP BY s ORDER BY n DESC, s LIMIT 5",
  "SELECT sum(x) FROM (SELECT avg(id) OVER (PARTITION BY id % 100) x FROM small)",
}

describe("threads", function()
  it("give the same rows at any number", function()
    local expected = {}
    tidemill.session {}:stop() -- another's would be used again
    for _, threads in ipairs { 1, 4 } do
      local spark = tidemill.session { threads = threads }
      spark:sql "SELECT id, concat('name', id % 500) s FROM range(200000)":createOrReplaceTempView "big"
      spark:range(1000):createOrReplaceTempView "small"
      for i, query in ipairs(QUERIES) do
        local rows = {}
        for j, row in ipairs(spark:sql(query):collect()) do rows[j] = tostring(row) end
        expected[i] = expected[i] or rows
        assert.same(expected[i], rows)
      end
      spark:stop()
    end
  end)
end)
