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

local function derive(df, node) return require "tidemill.dataframe".derive(df, node) end

-- The metric as Spark shows it: its name in a query, and the alias.
local function shown(df, node)
  local inner = node.kind == "alias" and node.args[1] or node
  local kind = inner.kind == "window" and "project" or "aggregate"
  local fine, columns = pcall(function()
    return core.plan(df[internal.session][internal.handle], { kind = kind, child = { df[PLAN] }, keys = {},
      exprs = { inner }, grouping = "plain" }):columns()
  end)
  local text = fine and columns[1] or column.show(inner)
  local plain = inner.kind == "name" or inner.kind == "column" or inner.kind == "text"
  local name = node.kind == "alias" and " AS " .. node.parts[1] or plain and "" or (" AS `%s`"):format(text)
  return '"' .. text .. name .. '"'
end

local function refuse(df, item, why)
  errors.raise("INVALID_OBSERVED_METRICS." .. why, { expr = shown(df, item) }, { class = "AnalysisException",
    sqlState = "42K0E", message = "A metric is an aggregate, or computed from aggregates and constants." })
end

local function aggregate(node)
  local info = node.kind == "call" and core.function_info(node.name)
  return info and info.kind == "aggregate"
end

-- A metric holds aggregates without DISTINCT, none in another, no windows, and no column outside of them.
local function check(df, item, node, inside)
  node = node or item
  if node.kind == "window" then refuse(df, item, "WINDOW_EXPRESSIONS_UNSUPPORTED") end
  local own = aggregate(node)
  if own and inside then refuse(df, item, "NESTED_AGGREGATES_UNSUPPORTED") end
  if own and node.distinct then refuse(df, item, "AGGREGATE_EXPRESSION_WITH_DISTINCT_UNSUPPORTED") end
  if not inside and not own and (node.kind == "name" or node.kind == "column"
    or node.kind == "text" and not node.sql) then
    refuse(df, item, "NON_AGGREGATE_FUNC_ARG_IS_ATTRIBUTE")
  end
  for _, a in ipairs(node.args or {}) do check(df, item, a, inside or own) end
end

--- df:observe(Observation or name, aggregate, ..)
function M.attach(df, observation, exprs)
  local s = getmetatable(observation) == Observation and rawget(observation, STATE) or nil
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
    check(df, nodes[i])
  end
  if #nodes == 0 then
    errors.raise("CANNOT_BE_EMPTY", { item = "exprs" })
  end
  local metrics = derive(df, { kind = "aggregate", keys = {}, exprs = nodes, grouping = "plain" })
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
