-- Comparing answers: rows of texts, with a tolerance for floating-point texts where a case allows one.
local M = {}

-- Two numbers as texts within a relative and an absolute tolerance; other texts must be equal.
local function near(a, b, relative, absolute)
  if a == b then return true end
  local x, y = tonumber(a), tonumber(b)
  if not x or not y then return false end
  return math.abs(x - y) <= absolute + relative * math.max(math.abs(x), math.abs(y))
end

local NUMBER = "[-+]?%d+%.?%d*[eE]?[-+]?%d*"

-- Texts such as "[1.0, {2.5, a}]" are compared number by number, what stands between must be equal.
function M.near_text(a, b, relative, absolute)
  absolute = absolute or 0
  if near(a, b, relative, absolute) then return true end
  local i, j = 1, 1
  while true do
    local s1, e1 = a:find(NUMBER, i)
    local s2, e2 = b:find(NUMBER, j)
    if not s1 or not s2 then return s1 == s2 and a:sub(i) == b:sub(j) end
    if a:sub(i, s1 - 1) ~= b:sub(j, s2 - 1) then return false end
    if not near(a:sub(s1, e1), b:sub(s2, e2), relative, absolute) then return false end
    i, j = e1 + 1, e2 + 1
  end
end

-- A schema as DDL without nullability and comments; names in backticks may hold the words.
function M.ddl(schema)
  local parts, quoted = {}, false
  for part in (schema:toDDL() .. "`"):gmatch "([^`]*)`" do
    parts[#parts + 1] = quoted and part or part:gsub(" NOT NULL", ""):gsub(" COMMENT '[^']*'", "")
    quoted = not quoted
  end
  return table.concat(parts, "`")
end

-- Some schemas were recorded with the words struck from names as well.
function M.same_schema(got, expected) return got == expected or got:gsub(" NOT NULL", "") == expected end

-- Compare lists of lines (cells separated by tabs). nil when equal, else a text that shows the difference.
function M.lines(expected, got, sorted, relative, absolute)
  if sorted then
    expected, got = table.move(expected, 1, #expected, 1, {}), table.move(got, 1, #got, 1, {})
    table.sort(expected)
    table.sort(got)
  end
  local same = #expected == #got
  for i = 1, same and #expected or 0 do
    if expected[i] ~= got[i] and not (relative and M.near_text(expected[i], got[i], relative, absolute)) then
      same = false
      break
    end
  end
  if same then return nil end
  local function head(t)
    return table.concat(t, "\n", 1, math.min(#t, 12)) .. (#t > 12 and "\n..." or "")
  end
  return ("rows differ; expected %d:\n%s\ngot %d:\n%s"):format(#expected, head(expected), #got, head(got))
end

function M.describe(err)
  if type(err) ~= "table" or not err.condition then return tostring(err) end
  return err.condition .. ": " .. tostring(err.message)
end

M.ESCAPE = { ["\\"] = "\\\\", ["\t"] = "\\t", ["\n"] = "\\n", ["\r"] = "\\r" }

-- All rows as lines of texts, as CAST(column AS STRING) gives them.
function M.texts(df)
  local names, exprs = {}, {}
  for i = 1, #df.columns do
    names[i] = "c" .. i
    exprs[i] = ("CAST(c%d AS STRING)"):format(i)
  end
  if #names == 0 then
    local lines = {}
    for i = 1, df:count() do lines[i] = "" end
    return lines
  end
  local lines = {}
  for i, row in ipairs(df:toDF(table.unpack(names)):selectExpr(table.unpack(exprs)):collect()) do
    local cells = {}
    for k = 1, #names do
      local v = row[k]
      cells[k] = v == nil and "NULL" or (v:gsub("[\\\t\n\r]", M.ESCAPE))
    end
    lines[i] = table.concat(cells, "\t")
  end
  return lines
end

return M
