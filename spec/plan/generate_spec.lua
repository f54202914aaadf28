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

  -- What a batch's lists hold together, and what is made of them, would not fit.
  it("make their rows in parts that fit into little memory", function()
    local small <close> = tidemill.session { memory = "64MB", threads = 2 }
    for _, case in ipairs {
      { "SELECT count(*), sum(c) FROM (SELECT explode(sequence(1, 1000)) AS c FROM range(20000))",
        "20000000|10010000000" },
      { "SELECT count(*), sum(c) FROM (SELECT explode(sequence(1, 1000000)) AS c FROM range(20))",
        "20000000|10000010000000" },
      { "SELECT count(*), sum(c), sum(p) FROM (SELECT posexplode(sequence(id, id + 999)) AS (p, c) FROM range(9000)"
        .. " WHERE id % 3 > 0)", "6000000|29997000000|2997000000" },
      { "SELECT count(*), sum(length(c)) FROM (SELECT stack(3, s, s, s) AS c FROM (SELECT repeat('x', 2000) AS s"
        .. " FROM range(20000)))", "60000|120000000" },
      { "SELECT count(*), sum(k) FROM (SELECT inline(transform(sequence(1, 300), x -> struct(x AS k, 'text' AS t)))"
        .. " FROM range(20000))", "6000000|903000000" },
      { "SELECT count(*), count(c), sum(c) FROM (SELECT explode_outer(if(id % 2 = 0, sequence(1, 500), NULL)) AS c"
        .. " FROM range(20000))", "5010000|5000000|1252500000" } } do
      local cells, row = {}, small:sql(case[1]):collect()[1]
      for i = 1, #row do cells[i] = tostring(row[i]) end
      assert.equal(case[2], table.concat(cells, "|"), case[1])
    end
  end)
end)
