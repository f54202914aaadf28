-- The figures of the benchmark in README.md, as run.py measured them: `make bench-report`.
--
--     lua5.4 spec/bench/readme.lua RESULTS README.md
--
-- RESULTS is the folder with one <row>.json a measured row. The text between the two markers is replaced: a table
-- with a line a row (the sum over its cases for each engine, the geometric mean of our time by that of the best peer,
-- the case where we do worst), and where and how that was measured.
local M = {}

M.BEGIN, M.END = "<!-- make bench-report: begin -->", "<!-- make bench-report: end -->"

local NAMES = { tidemill = "Tidemill", duckdb = "DuckDB", polars = "Polars", spark = "Spark" }
local ORDER = { "tidemill", "duckdb", "polars", "spark" }

--- Nanoseconds with three digits and a unit.
function M.duration(ns)
  for _, unit in ipairs { { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 } } do
    if ns >= unit[2] then return ("%.3g %s"):format(ns / unit[2], unit[1]) end
  end
  return ("%.0f ns"):format(ns)
end

-- The sum over the cases; how many of them the engine could not do.
local function total(row, name)
  local sum, failed = 0, 0
  for _, engines in pairs(row.cases) do
    local ns = engines[name] and engines[name].ns
    if ns then sum = sum + ns else failed = failed + 1 end
  end
  return sum, failed
end

local function total_text(row, name)
  local measured = false
  for _, n in ipairs(row.names) do measured = measured or n == name end
  if not measured then return "-" end
  local sum, failed = total(row, name)
  if failed == 0 then return M.duration(sum) end
  return sum == 0 and "failed" or ("%s, %d failed"):format(M.duration(sum), failed)
end

--- Our time by that of the best peer: the geometric mean over the cases, the largest and its case; nil without peers.
function M.ratio(row)
  local logs, n, worst, where = 0, 0, 0, nil
  for case, engines in pairs(row.cases) do
    local best
    for name, e in pairs(engines) do
      if not name:find "^tidemill" and e.ns and (not best or e.ns < best) then best = e.ns end
    end
    local ours = engines.tidemill and engines.tidemill.ns
    if best and ours then
      local r = ours / best
      logs, n = logs + math.log(r), n + 1
      if r > worst then worst, where = r, case end
    end
  end
  if n > 0 then return math.exp(logs / n), worst, where end
end

local function by_row(a, b)
  local x, i = a.row:match "^(%a+)(%d*)$"
  local y, k = b.row:match "^(%a+)(%d*)$"
  if x ~= y then return x < y end
  return (tonumber(i) or 0) < (tonumber(k) or 0)
end

--- The Markdown between the markers for a list of rows.
function M.text(rows)
  table.sort(rows, by_row)
  local used, engines, out = {}, {}, {}
  for _, row in ipairs(rows) do
    for _, name in ipairs(row.names) do used[name] = true end
  end
  for _, name in ipairs(ORDER) do
    if used[name] then engines[#engines + 1] = name end
  end
  local head = { "row", "workload" }
  for _, name in ipairs(engines) do head[#head + 1] = NAMES[name] end
  head[#head + 1], head[#head + 2] = "ours / best peer, geometric mean", "worst case"
  out[1], out[2] = "| " .. table.concat(head, " | ") .. " |", "|" .. ("---|"):rep(#head)
  local heads, rows_of = {}, {}
  for _, row in ipairs(rows) do
    local line = { row.row, row.text }
    for _, name in ipairs(engines) do line[#line + 1] = total_text(row, name) end
    local mean, worst, where = M.ratio(row)
    line[#line + 1] = mean and ("%.2f"):format(mean) or "-"
    line[#line + 1] = mean and ("%s %.2f"):format(where, worst) or "-"
    out[#out + 1] = "| " .. table.concat(line, " | ") .. " |"
    if not rows_of[row.head] then
      heads[#heads + 1], rows_of[row.head] = row.head, {}
    end
    table.insert(rows_of[row.head], row.row)
  end
  out[#out + 1] = ""
  for _, text in ipairs(heads) do
    out[#out + 1] = ("Measured on %s (%s)."):format(text, table.concat(rows_of[text], ", "))
  end
  return table.concat(out, "\n") .. "\n"
end

--- The document with `text` between its markers; nil and why not.
function M.replace(document, text)
  local _, from = document:find(M.BEGIN .. "\n", 1, true)
  local to = from and document:find(M.END, from, true)
  if not to then return nil, ("the markers %s and %s are not in the document"):format(M.BEGIN, M.END) end
  return document:sub(1, from) .. text .. document:sub(to)
end

local function read(path)
  local f = assert(io.open(path))
  local text = f:read "a"
  f:close()
  return text
end

local function main(folder, path)
  local json, rows = require "cjson", {}
  local list = io.popen(("ls '%s'/*.json 2>/dev/null"):format(folder))
  for file in list:lines() do rows[#rows + 1] = json.decode(read(file)) end
  list:close()
  assert(#rows > 0, "no results in " .. folder .. ": run `make bench` first")
  local document = assert(M.replace(read(path), M.text(rows)))
  local f = assert(io.open(path, "w"))
  f:write(document)
  f:close()
end

if arg and arg[0] and arg[0]:find "readme%.lua$" then main(arg[1], arg[2]) end

return M
