--- What specs share.
local M = {}

function M.session()
  return require "tidemill".session { threads = 2, ["spark.sql.session.timeZone"] = "UTC" }
end

--- Each row as a text, its values put together with `between`, "|".
function M.lines(rows, between)
  local out = {}
  for i, row in ipairs(rows) do
    local cells = {}
    for k = 1, #row do cells[k] = tostring(row[k]) end
    out[i] = table.concat(cells, between or "|")
  end
  return out
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
