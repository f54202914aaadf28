--- Tidemill under measurement, as a child process of run.py: the Lua twin of peer.py.
-- A row's tidemill.lua returns serve(load, run [, answer]). Commands are lines on stdin, replies lines of JSON on
-- stdout. run(case) gives rows, or nanoseconds; behind rows, the peak of resident bytes and the nanoseconds of a
-- process that it started.
local core = require "tidemill.core"
local json = require "cjson"

local M = {}

--- Nanoseconds of one call, which gets the number of its turn: median and 99th percentile of many, after as many to
-- warm up.
function M.median_of(call, repeats)
  local times = {}
  for round = 1, 2 * repeats do
    local began = core.seconds()
    call(round)
    if round > repeats then times[#times + 1] = core.seconds() - began end
  end
  table.sort(times)
  return { ns = times[#times // 2 + 1] * 1e9, p99 = times[#times * 99 // 100 + 1] * 1e9 }
end

--- The rows of a DataFrame as lists of texts, as CAST(value AS STRING) gives them; "NULL".
function M.rows(df)
  local lines = {}
  for i, row in ipairs(df:collect()) do
    local cells = {}
    for k = 1, #row do cells[k] = row[k] == nil and "NULL" or tostring(row[k]) end
    lines[i] = cells
  end
  return lines
end

function M.read(path)
  local f = assert(io.open(path))
  local text = f:read "a"
  f:close()
  return text
end

function M.serve(load, run, answer)
  local data = arg[1]
  for line in io.lines() do
    local command, case = line:match "^(%S+) ?(.*)$"
    if command == "quit" then return end
    local began, cpu = core.seconds(), os.clock()
    local call = command == "load" and load or command == "answer" and answer or run
    local ok, result, peak, own = pcall(call, command == "load" and data or case)
    local reply = { ns = (core.seconds() - began) * 1e9, cpu = (os.clock() - cpu) * 1e9, peak = peak }
    if own then reply.ns = own end
    if not ok then reply = { error = tostring(result):sub(1, 500) }
    elseif command == "load" then reply.cases = result
    elseif type(result) == "number" then reply.ns = result
    elseif type(result) == "table" and result.ns then
      reply.ns, reply.cpu, reply.p99 = result.ns, result.cpu or reply.cpu, result.p99
    elseif command == "answer" then reply.answer = result end
    io.stdout:write(json.encode(reply), "\n")
    io.stdout:flush()
  end
end

return M
