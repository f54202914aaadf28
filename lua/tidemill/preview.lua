--- What print(df) and the REPL show: a box of the first rows, fitted to the terminal. Never raises.
local core = require "tidemill.core"
local dataframe = require "tidemill.dataframe"
local internal = require "tidemill.internal"
local show = require "tidemill.show"
local PLAN, SESSION, HANDLE = internal.plan, internal.session, internal.handle

local M = {}

local BOXES = {
  ascii = { "+", "-", "+", "+", "|", "+", "+", "+", "+", "+", "...", dim = "", bright = "" },
  unicode = { "┌", "─", "┬", "┐", "│", "├", "┼", "┤", "└", "┴", "…", "┘", dim = "\27[2m", bright = "\27[0m" },
}

local function utf8_terminal()
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local v = os.getenv(name)
    if v and v ~= "" then return v:lower():find "utf%-?8" ~= nil and core.is_terminal(1) end
  end
  return false
end

local function schema_line(df)
  local parts = {}
  for i, f in ipairs(df.schema.fields) do parts[i] = f.name .. ": " .. f.type:simpleString() end
  return "DataFrame[" .. table.concat(parts, ", ") .. "]"
end

-- How many columns fit in `room`, and their widths.
local function fit(lines, room)
  local widths, total, n = {}, 1, 0
  for k = 1, #lines[1] do
    local w = 1
    for _, line in ipairs(lines) do w = math.max(w, show.width(line[k])) end
    if n > 0 and total + w + 3 > room then break end
    widths[k], n, total = math.min(w, math.max(room - 4, 8)), k, total + w + 3
  end
  return widths, n
end

local function draw(lines, header, right, box, room)
  local widths, n = fit(lines, room)
  local function rule(left, middle, stop)
    local parts = {}
    for k = 1, n do parts[k] = box[2]:rep(widths[k] + 2) end
    return left .. table.concat(parts, middle) .. stop
  end
  local function row(cells, head)
    local parts = {}
    for k = 1, n do
      local text = show.cut(cells[k], widths[k])
      local space = (" "):rep(widths[k] - show.width(text))
      local dim = (head and head > 1) or (not head and cells[k] == "NULL")
      if dim then text = box.dim .. text .. box.bright end
      parts[k] = right[k] and space .. text or text .. space
    end
    return box[5] .. " " .. table.concat(parts, " " .. box[5] .. " ") .. " " .. box[5]
  end
  local out = { rule(box[1], box[3], box[4]) }
  for i, line in ipairs(lines) do
    out[#out + 1] = row(line, i <= header and i or nil)
    if i == header then out[#out + 1] = rule(box[6], box[7], box[8]) end
  end
  out[#out + 1] = rule(box[9], box[10], box[12] or box[9])
  return out, #lines[1] - n
end

local NUMERIC = { byte = true, short = true, integer = true, long = true, float = true, double = true, decimal = true }

local function rows_text(df, max, truncate)
  local plan = dataframe.derive(df, { kind = "limit", exprs = { { kind = "literal", value = max + 1 } } })[PLAN]
  local cells, fields = core.texts(plan), df.schema.fields
  local names, kinds, right = {}, {}, {}
  for k, f in ipairs(fields) do
    names[k], kinds[k], right[k] = show.escape(f.name), f.type:simpleString(), NUMERIC[f.type.__id]
  end
  local lines = { names, kinds }
  for i = 1, math.min(#cells, max) do
    lines[i + 2] = {}
    for k, cell in ipairs(cells[i]) do lines[i + 2][k] = show.cut(show.escape(cell), truncate) end
  end
  if #fields == 0 then return "DataFrame[]" end
  local room = math.tointeger(tonumber(os.getenv "COLUMNS" or "")) or 80
  local out, hidden = draw(lines, 2, right, utf8_terminal() and BOXES.unicode or BOXES.ascii, room)
  local notes = {}
  if #cells > max then notes[1] = ("only the first %d rows"):format(max) end
  if hidden > 0 then notes[#notes + 1] = ("%d more column%s"):format(hidden, hidden == 1 and "" or "s") end
  if #notes > 0 then out[#out + 1] = table.concat(notes, ", ") end
  return table.concat(out, "\n")
end

local function setting(df, key, preset)
  local v = df[SESSION][HANDLE]:get(key)
  return v == nil and preset or v
end

--- The text of a DataFrame for print.
function M.text(df)
  local fine, text = pcall(function()
    if df.isStreaming then return schema_line(df) end
    if setting(df, "spark.sql.repl.eagerEval.enabled", "true") == "false" then return schema_line(df) end
    local max = math.tointeger(tonumber(setting(df, "spark.sql.repl.eagerEval.maxNumRows", "20"))) or 20
    local cut = math.tointeger(tonumber(setting(df, "spark.sql.repl.eagerEval.truncate", "20"))) or 20
    return rows_text(df, max, cut)
  end)
  if fine then return text end
  local known, line = pcall(schema_line, df)
  return (known and line or "DataFrame") .. "\n" .. tostring(text)
end

return M
