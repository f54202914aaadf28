-- A query's parts (generate.lua) as DataFrame calls.
local tidemill = require "tidemill"
local F = tidemill.functions
local M = {}

local function exprs(texts)
  local out = {}
  for i, text in ipairs(texts) do out[i] = F.expr(text) end
  return table.unpack(out)
end

--- The DataFrame that says the same as the text with these parts.
function M.frame(spark, parts)
  local df = spark:sql("SELECT * FROM " .. parts.from)
  local condition = parts.where:match "^ WHERE (.*)$"
  if condition then df = df:where(condition) end
  if parts.calls then return df:groupBy(exprs(parts.keys)):agg(exprs(parts.calls)) end
  df = df:select(exprs(parts.items))
  return parts.distinct and df:distinct() or df
end

return M
