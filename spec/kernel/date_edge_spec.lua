--- Dates beyond the range of timestamps: in Spark 4.3 the cast raises (long overflow), try_cast gives NULL.
local tidemill = require "tidemill"

local AFTER, BEFORE = "date_add(DATE'294247-01-10', 1)", "date_add(DATE'-290308-12-21', -1)"

describe("casts of dates at the edge", function()
  for _, zone in ipairs { "UTC", "America/New_York" } do
    it("raise or give NULL in " .. zone, function()
      local spark = tidemill.session { ["spark.sql.session.timeZone"] = zone }
      finally(function() spark:stop() end)
      for _, type in ipairs { "TIMESTAMP", "TIMESTAMP_NTZ" } do
        for _, date in ipairs { AFTER, BEFORE } do
          local ok, e = pcall(function() return spark:sql(("SELECT CAST(%s AS %s)"):format(date, type)):collect() end)
          assert.is_false(ok, type .. " of " .. date)
          assert.equal("CAST_OVERFLOW", e.condition)
          local rows = spark:sql(("SELECT try_cast(%s AS %s) IS NULL"):format(date, type)):collect()
          assert.is_true(rows[1][1])
        end
      end
    end)
  end
  it("keep the last midnight that there is", function()
    local spark = tidemill.session {}
    finally(function() spark:stop() end)
    local rows = spark:sql "SELECT CAST(CAST(date_add(DATE'294247-01-10', 0) AS TIMESTAMP_NTZ) AS STRING)":collect()
    assert.equal("+294247-01-10 00:00:00", rows[1][1])
  end)
end)
