-- A peer's answers kept in a file, so that queries asked once can be compared again without the peer: lines of JSON.
-- The first line holds the statements that come before the queries; each other {"how", "sql", "rows" or "error"}.
local cjson = require "cjson"
local M = {}
M.__index = M

--- The answers in a file, which is made when it is not there. With other statements than those that it was made with it
-- is of no use, which is an error.
function M.open(path, statements)
  local self = setmetatable({ of = {} }, M)
  local wanted = cjson.encode { statements = statements }
  local file = io.open(path)
  local first = file and file:read "l"
  if first and first ~= wanted then
    error(("%s holds answers about other tables; name another file or remove it"):format(path), 0)
  end
  for line in first and file:lines() or function() end do
    local ok, a = pcall(cjson.decode, line) -- the last line may be half written
    if ok then self:put(a.how, a.sql, a) end
  end
  if file then file:close() end
  self.file = assert(io.open(path, "a"))
  if not first then self.file:write(wanted, "\n") end
  return self
end

function M:get(how, sql) return self.of[how .. " " .. sql] end

function M:put(how, sql, answer) self.of[how .. " " .. sql] = { rows = answer.rows, error = answer.error } end

--- Keeps an answer here and in the file.
function M:add(how, sql, answer)
  self:put(how, sql, answer)
  self.file:write(cjson.encode { how = how, sql = sql, rows = answer.rows, error = answer.error }, "\n")
  self.file:flush()
end

return M
