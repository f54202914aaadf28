-- Columns of generators' children: those pass that somebody above needs, whether or not the generator takes them too.
local tidemill = require "tidemill"

describe("generators", function()
  local spark
  setup(function()
    spark = tidemill.session { threads = 2 }
    spark:sql("SELECT id AS i, array(id, id + 1) AS a, concat('w', id) AS s FROM range(3)"):createOrReplaceTempView "k"
  end)
  teardown(function() spark:stop() end)

  local function rows(query)
    local out = {}
    for i, row in ipairs(spark:sql(query):collect()) do
      local cells = {}
      for k = 1, #row do
        cells[k] = type(row[k]) == "table" and table.concat(row[k], ",") or tostring(row[k])
      end
      out[i] = table.concat(cells, "|")
    end
    return table.concat(out, " ")
  end

  it("end the columns that only they take", function()
    local text = spark:sql("EXPLAIN SELECT c FROM (SELECT a, s, explode(a) AS c FROM k)"):collect()[1][1]
    assert.truthy(text:find("Generate explode(a), [], false, [c]", 1, true), text)
    text = spark:sql("EXPLAIN SELECT c, s FROM (SELECT a, s, explode(a) AS c FROM k)"):collect()[1][1]
    assert.truthy(text:find("Generate explode(a), [s], false, [c]", 1, true), text)
  end)

  local EXPLODED = "(SELECT i, a, s, explode(a) AS c FROM k)"
  local WITH = "WITH w AS " .. EXPLODED .. " "

  it("give the same rows whatever passes", function()
    for _, case in ipairs {
      { "SELECT c FROM " .. EXPLODED, "0 1 1 2 2 3" },
      { "SELECT sum(c) FROM " .. EXPLODED .. " WHERE size(a) > 1", "9" },
      { "SELECT x, y FROM k LATERAL VIEW explode(a) t AS x LATERAL VIEW explode(a) u AS y WHERE x = y",
        "0|0 1|1 1|1 2|2 2|2 3|3" },
      { "SELECT s, x FROM k LATERAL VIEW OUTER explode(filter(a, q -> q > 2)) t AS x", "w0|nil w1|nil w2|3" },
      { "SELECT c FROM (SELECT a, c FROM " .. EXPLODED .. " UNION ALL SELECT a, i FROM k)", "0 1 1 2 2 3 0 1 2" },
      { "SELECT a, c FROM (SELECT a, c FROM " .. EXPLODED .. " UNION ALL SELECT a, i FROM k) WHERE c > 2", "2,3|3" },
      { WITH .. "SELECT x.c, y.a FROM w x JOIN w y ON x.i = y.i AND x.c = y.c",
        "0|0,1 1|0,1 1|1,2 2|1,2 2|2,3 3|2,3" },
      { WITH .. "SELECT x.c FROM w x WHERE x.c IN (SELECT size(a) FROM w)", "2 2" },
      { WITH .. "SELECT a, count(c) FROM w GROUP BY a ORDER BY a", "0,1|2 1,2|2 2,3|2" },
      { "SELECT i, p, c FROM k LATERAL VIEW posexplode(a) t AS p, c ORDER BY c DESC, i LIMIT 2", "2|1|3 1|1|2" },
      { "SELECT count(c), sum(c) FROM (SELECT explode(sequence(0, id)) AS c, id FROM range(3000)) WHERE c = id",
        "3000|4498500" } } do
      assert.equal(case[2], rows(case[1]), case[1])
    end
  end)
end)
