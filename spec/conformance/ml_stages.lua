-- Stages of ml as cases describe them.
local ml = require "tidemill".ml
local M = {}

local PACKAGES = { "feature", "classification", "regression", "clustering", "recommendation", "fpm", "evaluation",
  "tuning", "stat" }

function M.unsupported(what) error({ unsupported = what }, 0) end

function M.class(name)
  for _, package in ipairs(PACKAGES) do
    local ok, c = pcall(function() return ml[package][name] end)
    if ok and c then return c end
  end
  local ok, c = pcall(function() return ml[name] end)
  return ok and c or M.unsupported("class " .. name)
end

-- The texts NaN and Infinity are numbers where the type is one.
M.SPECIAL = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge }
local NUMBERS = { double = true, float = true, doubles = true, double_lists = true, vector = true, matrix = true }

-- The value of a parameter of that kind, nested stages built.
function M.parameter(value, kind)
  if type(value) == "string" then return NUMBERS[kind] and M.SPECIAL[value] or value end
  if type(value) ~= "table" then return value end
  if value.type == "stage" or value.type == "evaluator" then return M.build(value.class, value.params) end
  if value.type == "sparse" then return ml.linalg.Vectors.sparse(value.size, value.indices, value.values) end
  local out = {}
  for k, v in pairs(value) do out[k] = M.parameter(v, kind) end
  return out
end

-- A stage with parameters as a case gives them.
function M.build(name, given)
  local c, kinds, params = M.class(name), {}, {}
  for _, p in ipairs(c.params or {}) do kinds[p.name] = p.kind end
  for k, v in pairs(given or {}) do params[k] = M.parameter(v, kinds[k]) end
  for i, map in ipairs(params.estimatorParamMaps or {}) do -- cases name the parameters of the estimator
    params.estimatorParamMaps[i] = {}
    for param, v in pairs(map) do params.estimatorParamMaps[i][params.estimator[param]] = v end
  end
  return c(params)
end

return M
