--- What the specs of the surface share.
local M = {}

function M.session()
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
