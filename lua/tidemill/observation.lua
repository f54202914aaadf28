--- Observation: aggregates of a DataFrame beside its rows. `get` gives them; they are computed when first asked for.
local arguments = require "tidemill.arguments"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local NODE, STATE, PLAN = internal.node, internal.state, internal.plan

local M = {}
local Observation = { __name = "Observation" }

function Observation:__index(key)
  local s = rawget(self, STATE)
  if key == "name" then return s.name end
  if key ~= "get" then errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) }) end
  if not s.plan then errors.raise("NO_OBSERVE_BEFORE_GET", {}) end
  s.values = s.values or core.collect(s.plan)[1]:asDict()
  return s.values
end

--- df:observe(Observation or name, aggregate, ..)
function M.attach(df, observation, exprs)
  local s = getmetatable(observation) == Observation and observation[STATE] or rawget(observation, STATE)
  if not s and type(observation) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "observation", expected_type = "Observation or str",
      arg_type = arguments.type_name(observation) })
  end
  if s and s.plan then errors.raise("REUSE_OBSERVATION", {}) end
  local nodes = {}
  for i = 1, exprs.n do
    if not column.is(exprs[i]) then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = "exprs", expected_type = "list[Column]", arg_type = "tuple" })
    end
    nodes[i] = exprs[i][NODE]
  end
  if #nodes == 0 then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "observe", problem = "takes at least one aggregate" },
      { class = "PySparkValueError" })
  end
  local metrics = require "tidemill.dataframe".derive(df, { kind = "aggregate", keys = {}, exprs = nodes,
    grouping = "plain" })
  if s then s.plan = metrics[PLAN] end
  return df
end

return setmetatable(M, { __call = function(_, name)
  if name ~= nil and type(name) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "name", expected_type = "str",
      arg_type = arguments.type_name(name) })
  end
  if name == "" then errors.raise("VALUE_NOT_NON_EMPTY_STR", { arg_name = "name", arg_value = name }) end
  return setmetatable({ [STATE] = { name = name or "observation" } }, Observation)
end })
