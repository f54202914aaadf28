-- The `.test` format: SQL statements with the schema and rows, or the error, that Spark answered.
--
--   statement            must succeed; its answer is not looked at
--   query ID [sorted] [approx]
--   <SQL on one or more lines>
--   schema <DDL>
--   ----                 (absent: only the schema is compared)
--   <a row a line, cells separated by tabs, escaped>        or instead:  error CONDITION SQLSTATE
local compare = require "compare"
local tidemill = require "tidemill"
local M = {}

function M.claims(path) return path:find "%.test$" ~= nil end

-- Blocks of the file: { kind, id, flags, sql, schema, rows, condition, state, line }.
local function blocks(path)
  local list, block, number = {}, nil, 0
  local function close()
    if block then list[#list + 1] = block end
    block = nil
  end
  for line in io.lines(path) do
    number = number + 1
    if line == "" then close()
    elseif not block then
      local head = line:match "^statement%s*$" and "statement" or line:match "^query%s+.*$"
      if head == "statement" then block = { kind = "statement", sql = {}, line = number }
      elseif head then
        local words = {}
        for w in line:gmatch "%S+" do words[#words + 1] = w end
        block = { kind = "query", id = words[2], sql = {}, line = number }
        for i = 3, #words do block[words[i]] = true end
      end
    elseif block.rows then block.rows[#block.rows + 1] = line
    elseif block.schema and line == "----" then block.rows = {}
    elseif line:find "^error %S+ %S+$" and block.kind == "query" then
      block.condition, block.state = line:match "^error (%S+) (%S+)$"
    elseif line:find "^schema " or line == "schema" then block.schema = line:sub(8)
    else block.sql[#block.sql + 1] = line end
  end
  close()
  return list
end

local describe = compare.describe

local function ddl(df) return compare.ddl(df.schema) end

local function check_error(block, ok, err)
  if ok then return "expected error " .. block.condition .. ", got rows" end
  if type(err) ~= "table" then return "not an error object: " .. tostring(err) end
  if block.condition:find "^_LEGACY_ERROR_TEMP_" then return nil end
  if err.condition ~= block.condition then
    return "expected error " .. block.condition .. ", got " .. describe(err)
  end
  if block.state ~= "-" and err.sqlState ~= block.state then
    return ("expected SQLSTATE %s, got %s"):format(block.state, tostring(err.sqlState))
  end
end

local function check_query(spark, block)
  local schema, rows
  local ok, err = pcall(function()
    local df = spark:sql(table.concat(block.sql, "\n"))
    schema = ddl(df)
    rows = (block.rows or block.condition) and compare.texts(df) or {}
  end)
  if block.condition then return check_error(block, ok, err) end
  if not ok then return describe(err) end
  if not compare.same_schema(schema, block.schema) then
    return ("schema differs; expected %s\ngot %s"):format(block.schema, schema)
  end
  return compare.lines(block.rows or {}, rows, block.sorted, block.approx and 1e-9 or nil)
end

-- A warehouse of its own for each file: its tables go with it.
local function warehouse()
  local path = os.tmpname()
  os.remove(path)
  return setmetatable({ path = path }, { __close = function() os.execute("rm -rf '" .. path .. "'") end })
end

function M.run(path, report, wanted)
  local folder <close> = warehouse()
  local spark <close> = tidemill.session { ["spark.sql.session.timeZone"] = "UTC",
    ["spark.sql.warehouse.dir"] = folder.path }:newSession()
  for _, block in ipairs(blocks(path)) do
    local sql = table.concat(block.sql, "\n")
    if block.kind == "statement" then
      pcall(function() spark:sql(sql):collect() end)
    elseif wanted(block.id) then
      local why = check_query(spark, block)
      if why then why = sql .. "\n" .. why end
      report(block.id, why and "fail" or "pass", why)
    end
  end
end

return M
