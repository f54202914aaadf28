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

  it("know keys that hold lambdas, whatever their variables are called", function()
    for group, want in pairs { ["exists(array(1, 2), y -> y > id)"] = "false 1, true 2",
      ["ROLLUP (exists(array(1, 2), x -> x > id))"] = "false 1, nil 3, true 2",
      ["GROUPING SETS ((exists(array(1, 2), x -> x > id)), ())"] = "false 1, nil 3, true 2" } do
      local query = "SELECT exists(array(1, 2), x -> x > id), count(*) FROM range(3) GROUP BY "
      assert.equal(want, rows(query .. group))
    end
    -- Variables of other places are others.
    assert.equal("[[11, 12], [12, 13]] 1", rows [[SELECT string(transform(array(1, 2), x -> transform(array(10, 11),
      y -> x + y))), count(*) FROM range(1)
      GROUP BY transform(array(1, 2), a -> transform(array(10, 11), b -> a + b))]])
    assert.is_false(pcall(rows, [[SELECT transform(array(id), x -> transform(array(10, 11), y -> x)) FROM range(1)
      GROUP BY transform(array(id), a -> transform(array(10, 11), b -> b))]]))
  end)

  it("keep their id in HAVING", function()
    assert.equal("1 2 0 1, 1 2 0 1, 1 3 0 1, 1 3 0 1, 1 nil 1 2", rows [[SELECT i, j, grouping_id(), count(*)
      FROM VALUES (1, 2), (1, 3) AS t(i, j) GROUP BY ROLLUP (i, j, i) HAVING grouping_id() < 3]])
  end)
end)
