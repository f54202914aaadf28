--- ml.tuning.ParamGridBuilder(): addGrid(stage.param, values), baseOn{ [stage.param] = value }, build().
local arguments = require "tidemill.arguments"
local errors = require "tidemill.errors"

local Builder = { __name = "ParamGridBuilder" }
Builder.__index = Builder

local function check(param)
  if arguments.type_name(param) ~= "Param" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "param", expected_type = "Param",
      arg_type = arguments.type_name(param) }, { hint = "a parameter of a stage: lr.regParam" })
  end
end

function Builder:addGrid(param, values)
  check(param)
  if type(values) ~= "table" or getmetatable(values) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "values", expected_type = "list",
      arg_type = arguments.type_name(values) })
  end
  for _, axis in ipairs(self) do
    if axis.param == param then
      axis.values = values
      return self
    end
  end
  self[#self + 1] = { param = param, values = values }
  return self
end

--- Fixed values: a map from parameter to value, or a list of { parameter, value }.
function Builder:baseOn(map, ...)
  local list = {}
  if type(map[1]) == "table" then
    list = { map, ... }
    if type(map[1][1]) == "table" and arguments.type_name(map[1]) ~= "Param" then list = map end
  else
    for param, value in pairs(map) do list[#list + 1] = { param, value } end
  end
  for _, pair in ipairs(list) do self:addGrid(pair[1], { pair[2] }) end
  return self
end

--- All combinations; the grid that was added last varies fastest.
function Builder:build()
  local maps = { {} }
  for _, axis in ipairs(self) do
    local grown = {}
    for _, map in ipairs(maps) do
      for _, value in ipairs(axis.values) do
        local copy = {}
        for param, v in pairs(map) do copy[param] = v end
        copy[axis.param] = value
        grown[#grown + 1] = copy
      end
    end
    maps = grown
  end
  return maps
end

return function() return setmetatable({}, Builder) end
