--- tidemill.ml: estimators, transformers, models and evaluators, made from the tables of the core (csrc/ml/stage.h).
-- ml.feature.StringIndexer{ inputCol = "a" }, ml.classification.., ml.Pipeline{ stages = {..} }, ml.tuning..
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local similar = require "tidemill.similar"

local M = { linalg = require "tidemill.linalg", functions = require "tidemill.ml_functions" }

local TOP = { [""] = true, ml = true, pipeline = true, base = true } -- packages whose classes are ml.X
local packages, classes = {}, {}

for _, info in ipairs(core.stage_classes()) do
  classes[info.name] = info
  local package = info.package or ""
  packages[package] = packages[package] or {}
  packages[package][info.name] = info
end

local function names_of(list)
  local names = {}
  for name in pairs(list) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function missing(what, key, names)
  local near = similar.near(tostring(key), names)
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = what .. "." .. tostring(key) },
    { candidates = near, hint = near[1] and "did you mean " .. what .. "." .. near[1] .. "?" or nil })
end

local function class_of(info) return require "tidemill.stage".class(info) end

local function package_table(name, list, extra)
  return setmetatable(extra or {}, {
    __name = "ml." .. name,
    __index = function(t, key)
      if not list[key] then missing("ml." .. name, key, names_of(list)) end
      rawset(t, key, class_of(list[key]))
      return rawget(t, key)
    end,
    __pairs = function(t)
      for _, key in ipairs(names_of(list)) do local _ = t[key] end
      return next, t, nil
    end,
  })
end

local EXTRA = {
  tuning = function() return { ParamGridBuilder = require "tidemill.param_grid" } end,
}
packages.tuning = packages.tuning or {}

M.classes = classes

return setmetatable(M, {
  __name = "ml",
  __index = function(t, key)
    local value
    if packages[key] and key ~= "" then
      value = package_table(key, packages[key], EXTRA[key] and EXTRA[key]())
    else
      for name in pairs(TOP) do
        if packages[name] and packages[name][key] then value = class_of(packages[name][key]) end
      end
    end
    if not value then
      local names = names_of(packages)
      for name in pairs(TOP) do
        for class in pairs(packages[name] or {}) do names[#names + 1] = class end
      end
      missing("ml", key, names)
    end
    rawset(t, key, value)
    return value
  end,
})
