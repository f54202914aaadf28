-- Each case is a process of its own (query.lua), so that the peak of its resident memory is the case's. The rows of a
-- query must be the same under every limit, and the peak at most 1.1 times the limit and 64 MiB.
local peer = require "spec.bench.peer"
local json = require "cjson"
local row = json.decode(peer.read "spec/bench/M1/row.json")
local folder
local seen = {} -- query -> rows, as JSON

local function load(data)
  folder = data
  local cases = {}
  for _, limit in ipairs(row.limits) do
    for name in pairs(row.queries) do cases[#cases + 1] = name .. "_" .. limit end
    for _, name in ipairs(row.tpch) do cases[#cases + 1] = name .. "_" .. limit end
  end
  table.sort(cases)
  return cases
end

peer.serve(load, function(case)
  local name, limit = case:match "^(.*)_(%d+)$"
  local pipe = assert(io.popen(("lua5.4 spec/bench/M1/query.lua '%s' %s %s"):format(folder, limit, name)))
  local reply = json.decode(pipe:read "a")
  pipe:close()
  if reply.error then error(reply.error, 0) end
  local rows = json.encode(reply.rows)
  if seen[name] and seen[name] ~= rows then error("wrong answer: other rows than under another limit", 0) end
  seen[name] = rows
  local most = (1.1 * limit + 64) * 2 ^ 20
  if reply.peak > most then error(("%.0f MiB resident, limit %s MB"):format(reply.peak / 2 ^ 20, limit), 0) end
  return reply.rows, reply.peak, reply.ns
end)
