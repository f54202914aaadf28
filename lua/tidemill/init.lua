--- Tidemill: Spark's tables, SQL, streams and ML pipelines inside Lua.
-- `require "tidemill"` returns this table and creates no global.
local core = require "tidemill.core"

local tidemill = { _VERSION = core.version }

return tidemill
