--- Progress reports of streaming queries as tables; `tostring` gives Spark's JSON.
local cjson = require "cjson"

local M = {}
local TEXT = {} -- the report's key of its JSON
local Progress = { __name = "StreamingQueryProgress" }

function Progress:__tostring() return self[TEXT] end
function Progress:__index(key) if key == "json" then return rawget(self, TEXT) end end

-- JSON's null as nil, whole numbers as integers but for rates.
local function plain(v, key)
  if v == cjson.null then return nil end
  if type(v) == "number" and not key:find "PerSecond$" then return math.tointeger(v) or v end
  if type(v) == "table" then
    local out = {}
    for k, x in pairs(v) do out[k] = plain(x, tostring(k)) end
    return out
  end
  return v
end

--- JSON texts as reports.
function M.list(texts)
  local list = {}
  for i, text in ipairs(texts) do
    local report = plain(cjson.decode(text), "")
    for _, name in ipairs { "eventTime", "observedMetrics", "stateOperators", "sources" } do
      report[name] = report[name] or {}
    end
    report[TEXT] = text
    list[i] = setmetatable(report, Progress)
  end
  return list
end

return M
