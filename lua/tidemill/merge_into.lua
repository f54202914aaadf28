--- df:mergeInto(table, condition): what becomes of rows of a table that match those of the DataFrame, and of others.
--   changes:mergeInto("t", F.expr "t.id = s.id"):whenMatched():updateAll():whenNotMatched():insertAll():merge()
local arguments = require "tidemill.arguments"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local similar = require "tidemill.similar"
local PLAN, SESSION, HANDLE, STATE = internal.plan, internal.session, internal.handle, internal.state

local M = {}

-- A class of builders: its metatable and the function that adds a method.
local function builder_class(name)
  local class, methods = { __name = name }, {}
  function class.__index(_, key)
    if methods[key] then return methods[key] end
    local near = similar.near(tostring(key), arguments.sorted_keys(methods))
    errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) },
      { candidates = near, hint = near[1] and "did you mean :" .. near[1] .. "()?" })
  end
  return class, function(method_name, signature, body)
    methods[method_name] = arguments.method(name, method_name, signature, body)
  end
end

local Writer, method = builder_class "MergeIntoWriter"

-- ---- clauses -----------------------------------------------------------------------------------------------------

-- { column = value }: assignments in the order of the names.
local function assignments(map)
  local set = {}
  local one = next(map) == "n" and next(map, "n") == nil and { { "n", map.n } } -- a column called n
  for i, p in ipairs(one or arguments.pairs_list(map, "assignments")) do
    set[i] = { parts = column.name_node(p[1]).parts, value = column.literal(p[2]) }
  end
  return set
end

local function add(self, action, set)
  local s = self[STATE]
  table.insert(s.writer[STATE].clauses,
    { when = s.when, condition = s.condition, action = action, all = set == nil and action ~= "delete", set = set })
  return s.writer
end

local function update_methods(clause_method)
  clause_method("update", "assignments:map|list", function(self, map) return add(self, "update", assignments(map)) end)
  clause_method("updateAll", "", function(self) return add(self, "update") end)
  clause_method("delete", "", function(self) return add(self, "delete") end)
end

local Matched, matched = builder_class "WhenMatched"
update_methods(matched)
local BySource, by_source = builder_class "WhenNotMatchedBySource"
update_methods(by_source)
local NotMatched, not_matched = builder_class "WhenNotMatched"
not_matched("insert", "assignments:map|list", function(self, map) return add(self, "insert", assignments(map)) end)
not_matched("insertAll", "", function(self) return add(self, "insert") end)

local function when(name, class, key)
  method(name, "condition:Column?", function(self, condition)
    return setmetatable({ [STATE] = { writer = self, when = key,
      condition = condition and column.nodes({ condition }, "condition")[1] } }, class)
  end)
end
when("whenMatched", Matched, "matched")
when("whenNotMatched", NotMatched, "not_matched")
when("whenNotMatchedBySource", BySource, "not_matched_by_source")

-- ---- the writer --------------------------------------------------------------------------------------------------

method("withSchemaEvolution", "", function(self)
  self[STATE].refused = "MERGE INTO TABLE with schema evolution"
  return self
end)
method("merge", "", function(self)
  local s = self[STATE]
  if #s.clauses == 0 then
    errors.raise("NO_MERGE_ACTION_SPECIFIED", {}, { class = "SparkRuntimeException", sqlState = "42K0E",
      message = "A merge needs whenMatched, whenNotMatched or whenNotMatchedBySource with what they do." })
  end
  core.plan(s.df[SESSION][HANDLE], { kind = "merge", parts = s.parts, child = { s.df[PLAN] },
    definition = { where = s.condition, clauses = s.clauses, refused = s.refused } })
end)

function Writer:__tostring()
  return ("MergeIntoWriter (%s, %d clauses)"):format(table.concat(self[STATE].parts, "."), #self[STATE].clauses)
end

function M.new(df, name, condition)
  return setmetatable({ [STATE] = { df = df, parts = column.table_parts(name), clauses = {},
    condition = column.nodes({ condition }, "condition")[1] } }, Writer)
end

return M
