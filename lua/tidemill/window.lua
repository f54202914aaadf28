--- Window.partitionBy("a"):orderBy("b"):rowsBetween(..): what :over() takes. Specifications never change.
local arguments = require "tidemill.arguments"
local column = require "tidemill.column"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local STATE = internal.state

local M = {}
local Spec = { __name = "WindowSpec" }
local methods = {}


local function new(old, changes)
  local state = {}
  for k, v in pairs(old or {}) do state[k] = v end
  for k, v in pairs(changes) do state[k] = v end
  return setmetatable({ [STATE] = state }, Spec)
end

local function sort_nodes(cols)
  local out = {}
  for i = 1, cols.n do
    local node = column.node(cols[i], "cols")
    if node.kind ~= "sort" then node = { kind = "sort", args = { node }, descending = false, nulls_first = true } end
    out[i] = node
  end
  return out
end

local function bound(v, name)
  if column.is(v) or (type(v) == "userdata" and v ~= nil) then return v end
  if type(v) ~= "number" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = name, expected_type = "int", arg_type = arguments.type_name(v) })
  end
  return v
end

local function method(name, signature, body) methods[name] = arguments.method("WindowSpec", name, signature, body) end

method("partitionBy", "*cols", function(self, cols)
  return new(self[STATE], { partition = column.nodes(cols, "cols") })
end)
method("orderBy", "*cols", function(self, cols) return new(self[STATE], { order = sort_nodes(cols) }) end)
for name, unit in pairs { rowsBetween = "rows", rangeBetween = "range" } do
  method(name, "start, end", function(self, from, to)
    from, to = bound(from, "start"), bound(to, "end")
    if unit == "rows" then M.check_rows(from, "start") M.check_rows(to, "end") end
    return new(self[STATE], { unit = unit, from = from, to = to })
  end)
end

function Spec.__index(_, key)
  return methods[key] or errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) })
end
function Spec.__newindex() errors.raise("UNSUPPORTED_OPERATION", { operation = "A window does not change." }) end

-- A number below 0 is that many behind FOLLOWING, as Spark has and prints it.
local function edge(v)
  if column.is(v) then return "offset", v[internal.node] end
  if v <= math.mininteger + 1 then return "unbounded_preceding" end
  if v == math.maxinteger then return "unbounded_following" end
  if v == 0 then return "current" end
  if math.type(v) == "float" and math.tointeger(v) then v = math.tointeger(v) end
  return "following", { kind = "literal", value = v }
end

local INT = 0x7fffffff
local function check_rows(v, name)
  if type(v) ~= "number" or v <= math.mininteger + 1 or v == math.maxinteger then return v end
  if v >= -INT - 1 and v <= INT then
    if math.tointeger(v) then return v end
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = name, expected_type = "int", arg_type = arguments.type_name(v) })
  end
  errors.raise("INVALID_BOUNDARY." .. name:upper(), { boundary = "`" .. name .. "`", invalidValue = v .. "L",
    intMinValue = tostring(-INT - 1), intMaxValue = tostring(INT), longMinValue = math.mininteger .. "L" },
    { class = "AnalysisException", sqlState = "22003",
      message = ("rowsBetween counts rows by INT: %s is %s."):format(name, v) })
end

M.check_rows = check_rows

--- The window as csrc/bind/expr.c reads it.
function M.spec(v)
  if getmetatable(v) ~= Spec then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "window", expected_type = "WindowSpec",
      arg_type = arguments.type_name(v) })
  end
  local s = v[STATE]
  local spec = { partition = s.partition or {}, order = s.order or {}, unit = s.unit }
  if s.unit then
    spec.from, spec.from_offset = edge(s.from)
    spec.to, spec.to_offset = edge(s.to)
  end
  return spec
end

-- A bound as Spark prints it: rows are counted by INT, ranges by BIGINT.
local function edge_text(spec, name, show)
  local offset = spec[name .. "_offset"]
  if spec[name] == "current" then return "CURRENT ROW" end
  if not offset then return (spec[name]:gsub("_", " "):upper()) end
  if offset.kind ~= "literal" or spec.unit == "rows" then return show(offset) end
  return show(offset):gsub("L$", "") .. (math.type(offset.value) == "integer" and "L" or "")
end

function M.text(spec, show)
  local parts = {}
  local function list(title, nodes)
    local texts = {}
    for i, n in ipairs(nodes) do texts[i] = show(n) end
    if #texts > 0 then parts[#parts + 1] = title .. table.concat(texts, ", ") end
  end
  list("PARTITION BY ", spec.partition)
  list("ORDER BY ", spec.order)
  if spec.unit then
    parts[#parts + 1] = ("%s BETWEEN %s AND %s"):format(spec.unit:upper(), edge_text(spec, "from", show),
      edge_text(spec, "to", show))
  end
  return table.concat(parts, " ")
end

local empty = new(nil, {})
M.Window = setmetatable({
  unboundedPreceding = math.mininteger, unboundedFollowing = math.maxinteger, currentRow = 0,
  partitionBy = function(...) return empty:partitionBy(...) end,
  orderBy = function(...) return empty:orderBy(...) end,
  rowsBetween = function(...) return empty:rowsBetween(...) end,
  rangeBetween = function(...) return empty:rangeBetween(...) end,
}, { __name = "Window" })

return M
