-- Expressions over constants: NULLs of nested types, which have no values inside. What comes of them follows from the
-- rule that a function of NULL is NULL, and was answered so by Spark 4.3.
local tidemill = require "tidemill"

describe("a NULL that is constant", function()
  local spark
  setup(function()
    tidemill.session {}:stop() -- another's would be used again
    spark = tidemill.session { threads = 1 }
  end)
  teardown(function() spark:stop() end)

  local LIST, MAP = "CAST(NULL AS ARRAY<INT>)", "CAST(NULL AS MAP<STRING, INT>)"
  local STRUCT = "CAST(NULL AS STRUCT<a: INT, b: STRUCT<c: ARRAY<INT>>>)"
  local function is_null(expr)
    -- As a constant, and where it is one value of many.
    for _, form in ipairs { "SELECT %s FROM range(3)", "SELECT IF(id < 0, NULL, %s) FROM range(3)" } do
      for _, row in ipairs(spark:sql(form:format(expr)):collect()) do assert.is_nil(row[1], expr) end
    end
  end

  it("has fields that are NULL", function()
    is_null(STRUCT .. ".a")
    is_null(STRUCT .. ".b.c")
    is_null(STRUCT .. ".b.c[0]")
    is_null("CAST(NULL AS ARRAY<STRUCT<a: INT>>).a")
    is_null("upper(concat(" .. STRUCT .. ".a, 'x'))")
    assert.equal(3, spark:sql(("SELECT coalesce(%s.a, 3)"):format(STRUCT)):first()[1])
  end)
  it("comes out of lambdas as one that functions read", function()
    is_null(("map_keys(transform_keys(%s, (k, v) -> concat(k, '_')))"):format(MAP))
    is_null(("array_union(map_keys(transform_keys(%s, (k, v) -> concat(k, '_'))), array('x'))"):format(MAP))
    is_null(("map_values(map_filter(%s, (k, v) -> v > 1))"):format(MAP))
    is_null(("reverse(transform(%s, x -> x + 1))"):format(LIST))
    is_null(("flatten(array(%s, transform(%s, x -> x + 1)))"):format(LIST, LIST))
    is_null(("map_entries(transform_values(%s, (k, v) -> v + 1))[0].key"):format(MAP))
    is_null(("zip_with(filter(%s, x -> x > 1), array(1), (x, y) -> y)"):format(LIST))
  end)
end)
