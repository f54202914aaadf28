--- The text of df:show(), byte for byte as Spark prints it: Dataset.showString over cells that are text already.
local M = {}

-- Ranges that Spark counts as two columns wide (Utils.stringHalfWidth).
local WIDE = { { 0x1100, 0x115F }, { 0x2E80, 0x303E }, { 0x3041, 0x33FF }, { 0x3400, 0x4DBF }, { 0x4E00, 0x9FFF },
  { 0xA000, 0xA4CF }, { 0xA960, 0xA97F }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F },
  { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 } }

--- Columns that a text takes on a terminal.
function M.width(s)
  if not s:find "[\x80-\xff]" then return #s end
  local n = 0
  for _, c in utf8.codes(s, true) do
    n = n + (c > 0xFFFF and 2 or 1) -- Spark counts the halves of a surrogate pair
    for _, r in ipairs(WIDE) do
      if c >= r[1] and c <= r[2] then
        n = n + 1
        break
      end
    end
  end
  return n
end

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\f"] = "\\f", ["\b"] = "\\b", ["\v"] = "\\v",
  ["\a"] = "\\a" }
function M.escape(s) return (s:gsub("[\n\r\t\f\b\v\a]", ESCAPES)) end

-- The first n characters.
local function first(s, n)
  local at = utf8.offset(s, n + 1)
  return at and s:sub(1, at - 1) or s
end

function M.cut(s, truncate)
  if truncate <= 0 or #s <= truncate then return s end
  local length = utf8.len(s, 1, -1, true) or #s
  if length <= truncate then return s end
  if truncate < 4 then return first(s, truncate) end
  return first(s, truncate - 3) .. "..."
end

local function pad(s, width, left)
  local space = (" "):rep(width - M.width(s))
  return left and space .. s or s .. space
end

local function horizontal(header, rows, left)
  local widths, out = {}, {}
  for k, name in ipairs(header) do widths[k] = math.max(3, M.width(name)) end
  for _, r in ipairs(rows) do for k, cell in ipairs(r) do widths[k] = math.max(widths[k], M.width(cell)) end end
  local dashes = {}
  for k, w in ipairs(widths) do dashes[k] = ("-"):rep(w) end
  local rule = "+" .. table.concat(dashes, "+") .. "+\n"
  local function line(cells)
    local parts = {}
    for k, cell in ipairs(cells) do parts[k] = pad(cell, widths[k], left) end
    return "|" .. table.concat(parts, "|") .. "|\n"
  end
  out[1] = rule .. line(header) .. rule
  for i, r in ipairs(rows) do out[i + 1] = line(r) end
  out[#out + 1] = rule
  return table.concat(out)
end

local function vertical(header, rows)
  if #rows == 0 then return "(0 rows)" end
  local names, data, out = 3, 3, {}
  for _, name in ipairs(header) do names = math.max(names, M.width(name)) end
  for _, r in ipairs(rows) do for _, cell in ipairs(r) do data = math.max(data, M.width(cell)) end end
  for i, r in ipairs(rows) do
    local title = ("-RECORD %d"):format(i - 1)
    out[#out + 1] = title .. ("-"):rep(names + data + 5 - #title) .. "\n"
    for k, cell in ipairs(r) do
      out[#out + 1] = (" %s | %s \n"):format(pad(header[k], names), pad(cell, data))
    end
  end
  return table.concat(out)
end

--- header: names; cells: rows of texts, one more than n when there are more rows; truncate: 0 for none.
function M.text(header, cells, n, truncate, upright)
  local rows, names = {}, {}
  for k, name in ipairs(header) do names[k] = M.escape(name) end
  for i = 1, math.min(n, #cells) do
    rows[i] = {}
    for k, cell in ipairs(cells[i]) do rows[i][k] = M.cut(M.escape(cell), truncate) end
  end
  local text = upright and vertical(names, rows) or horizontal(names, rows, truncate > 0)
  local none = upright and #rows == 0
  if #cells > n and not none then text = text .. ("only showing top %d %s"):format(n, n == 1 and "row" or "rows") end
  return text .. "\n"
end

return M
