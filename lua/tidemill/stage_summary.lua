--- model.summary: what is known of a model's training. Numbers and lists come from the core (attributes that begin
-- with "summary."); predictions, residuals and cluster are DataFrames over the training rows, computed when asked for;
-- curves (roc, pr, ..) are DataFrames of points.
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local similar = require "tidemill.similar"
local HANDLE, STATE = internal.handle, internal.state

local CURVES = {
  roc = "FPR DOUBLE, TPR DOUBLE", pr = "recall DOUBLE, precision DOUBLE",
  fMeasureByThreshold = "threshold DOUBLE, `F-Measure` DOUBLE",
  precisionByThreshold = "threshold DOUBLE, precision DOUBLE", recallByThreshold = "threshold DOUBLE, recall DOUBLE",
}

local function quoted(name) return "`" .. name:gsub("`", "``") .. "`" end

local function curve(model, name)
  local rows = {}
  local t = model[HANDLE]:attribute("summary." .. name)
  for i, row in ipairs(t[1] ~= nil and t or {}) do rows[i] = { row[1], row[2] } end
  return model[STATE].training.sparkSession:createDataFrame(rows, CURVES[name])
end

-- With a name for the prediction, even where the model adds none.
local function predicted(model)
  local named = model
  if model:getPredictionCol() == "" then
    named = model:copy()
    named:setPredictionCol("prediction_" .. model.uid)
  end
  return named:transform(model[STATE].training), named:getPredictionCol()
end

local FRAMES = {
  predictions = function(model) return (predicted(model)) end,
  residuals = function(model)
    local df, name = predicted(model)
    return df:selectExpr(("%s - %s AS residuals"):format(quoted(model:getLabelCol()), quoted(name)))
  end,
  cluster = function(model)
    local df, name = predicted(model)
    return df:select(name)
  end,
}

-- Which of the DataFrames a summary has.
local function has_frame(name, attributes)
  if name == "residuals" then return attributes["summary.devianceResiduals"] end
  if name == "cluster" then return attributes["summary.clusterSizes"] end
  return FRAMES[name]
end

--- The summary of `model`, whose attribute names are the keys of `attributes`.
return function(model, attributes)
  return setmetatable({}, { __name = "summary", __index = function(_, key)
    local name = "summary." .. tostring(key)
    if CURVES[key] and attributes[name] then return curve(model, key) end
    if attributes[name] then return model[HANDLE]:attribute(name) end
    if has_frame(key, attributes) then return FRAMES[key](model) end
    local names = {}
    for n in pairs(attributes) do names[#names + 1] = n:match "^summary%.(.*)" end
    for n in pairs(FRAMES) do if has_frame(n, attributes) then names[#names + 1] = n end end
    local best = similar.best(tostring(key), names)
    errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = name },
      { candidates = similar.near(tostring(key), names), hint = best and "did you mean `" .. best .. "`?" })
  end })
end
