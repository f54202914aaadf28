--- A session for specs, or nil and why when this build cannot run plans yet.
local core = require "tidemill.core"
local M = {}

function M.session()
  if not (core.linked "plan" and core.linked "sql") then return nil, "this build does not run plans" end
  return require "tidemill".session { threads = 2, ["spark.sql.session.timeZone"] = "UTC" }
end

--- What a function prints with io.write.
function M.printed(f, ...)
  local name = os.tmpname()
  local before, file = io.output(), assert(io.open(name, "w"))
  io.output(file)
  local fine, why = pcall(f, ...)
  io.output(before)
  file:close()
  local text = assert(io.open(name)):read "a"
  os.remove(name)
  if not fine then error(why, 0) end
  return text
end

return M
