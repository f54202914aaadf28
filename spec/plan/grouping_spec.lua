-- Grouping sets that come twice make groups of their own. Expectations: Spark 4.3.
local tidemill = require "tidemill"

describe("grouping sets", function()
  local spark = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }
  local function rows(sql)
    local out = {}
    for i, r in ipairs(spark:sql(sql):collect()) do
      local cells = {}
      for k = 1, #r do cells[k] = tostring(r[k]) end
      out[i] = table.concat(cells, " ")
    end
    table.sort(out)
    return table.concat(out, ", ")
  end

  it("may come twice", function()
    assert.equal("1 1 0 2, 1 1 0 2, 1 1 0 2, 2 2 0 1, 2 2 0 1, 2 2 0 1, nil nil 1 3",
      rows "SELECT i, i, grouping_id(), count(*) FROM VALUES (1), (1), (2) AS t(i) GROUP BY CUBE (i, i)")
    assert.equal("1 2, 1 2, 2 1, 2 1, nil 3",
      rows "SELECT i, count(*) FROM VALUES (1), (1), (2) AS t(i) GROUP BY GROUPING SETS ((i), (i), ())")
  end)

  it("keep their id in HAVING", function()
    assert.equal("1 2 0 1, 1 2 0 1, 1 3 0 1, 1 3 0 1, 1 nil 1 2", rows [[SELECT i, j, grouping_id(), count(*)
      FROM VALUES (1, 2), (1, 3) AS t(i, j) GROUP BY ROLLUP (i, j, i) HAVING grouping_id() < 3]])
  end)
end)
