--- NULL and NaN: dropna, fillna, replace, and df.na with the same under drop, fill, replace.
local arguments = require "tidemill.arguments"
local core = require "tidemill.core"
local dataframe = require "tidemill.dataframe"
local errors = require "tidemill.errors"

local M = {}
local methods, derive, column_at = dataframe.methods, dataframe.derive, dataframe.column_at

local FLOAT = { float = true, double = true }
local KIND = { byte = "number", short = "number", integer = "number", long = "number", float = "number",
  double = "number", decimal = "number", string = "string", char = "string", varchar = "string", boolean = "boolean" }

local function lit(v) return { kind = "literal", value = v } end
local function call(name, ...) return { kind = "call", name = name, args = { ... } } end
local function cast(node, kind) return { kind = "cast", args = { node }, target = kind, mode = "ansi" } end

--- Positions of the named columns; raises when there is none of a name.
local function positions(df, names)
  local out = {}
  for i, name in ipairs(names) do
    if type(name) ~= "string" then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = "subset", expected_type = "str",
        arg_type = arguments.type_name(name) })
    end
    local at = dataframe.place(df, name)
    if at == -2 then df:col(name) end -- says that it is ambiguous
    if at < 0 then dataframe.unresolved(df, name) end
    out[i] = at + 1
  end
  return out
end
M.positions = positions

-- Names without those of parts of structs, which are there, but no columns of their own.
local function columns_among(df, names)
  local out = {}
  for _, name in ipairs(names) do
    local path = type(name) == "string" and dataframe.place(df, name) == -1 and dataframe.path(df, name)
    if not path then out[#out + 1] = name end
  end
  return out
end

local function subset_of(subset, expected)
  if subset == nil then return nil end
  if type(subset) == "string" then return { subset } end
  if type(subset) ~= "table" or getmetatable(subset) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "subset", expected_type = expected or "list, str or tuple",
      arg_type = arguments.type_name(subset) })
  end
  return subset
end

local function chosen(df, subset)
  if subset then return positions(df, columns_among(df, subset)) end
  local all = {}
  for i = 1, #df.columns do all[i] = i end
  return all
end

-- ---- dropna ------------------------------------------------------------------------------------------------------

local function present(df, fields, at)
  local c = column_at(df, at, fields[at].name)
  local there = call("isnotnull", c)
  if FLOAT[fields[at].type.__id] then there = call("and", there, call("not", call("isnan", c))) end
  return there
end

local function join(name, nodes)
  local all = nodes[1]
  for i = 2, #nodes do all = call(name, all, nodes[i]) end
  return all
end

local function drop(df, how, thresh, subset)
  how = how == nil and "any" or how
  if how ~= "any" and how ~= "all" then
    errors.raise("VALUE_NOT_ALLOWED", { arg_name = "how", allowed_values = "['any', 'all']" })
  end
  if thresh ~= nil and math.type(thresh) ~= "integer" then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "dropna", problem = "thresh is an integer" },
      { class = "IllegalArgumentException" })
  end
  local fields, nodes = df.schema.fields, {}
  subset = subset_of(subset)
  for i, at in ipairs(chosen(df, subset)) do nodes[i] = present(df, fields, at) end
  for _, name in ipairs(subset or {}) do
    local path = dataframe.place(df, name) == -1 and dataframe.path(df, name)
    if path then nodes[#nodes + 1] = call("isnotnull", path) end
  end
  if thresh == nil and #nodes > 0 then
    return derive(df, { kind = "filter", exprs = { join(how == "any" and "and" or "or", nodes) } })
  end
  if #nodes == 0 then
    return derive(df, { kind = "filter", exprs = { lit((thresh or (how == "all" and 1 or 0)) <= 0) } })
  end
  for i, node in ipairs(nodes) do nodes[i] = call("when", node, lit(1), lit(0)) end
  return derive(df, { kind = "filter", exprs = { call(">=", join("+", nodes), lit(thresh)) } })
end

-- ---- fillna ------------------------------------------------------------------------------------------------------

-- All columns again, some of them with another expression.
local function rewritten(df, changed)
  local exprs = {}
  for i, name in ipairs(df.columns) do
    local node = changed[i]
    exprs[i] = node and { kind = "alias", args = { node }, parts = { name } } or column_at(df, i, name)
  end
  return derive(df, { kind = "project", exprs = exprs })
end

local function filled(df, field, at, value)
  local c = column_at(df, at, field.name)
  if FLOAT[field.type.__id] then c = call("nanvl", c, cast(lit(nil), field.type)) end
  return call("coalesce", c, cast(lit(value), field.type))
end

local function fill_map(df, map)
  local names, values, changed = {}, {}, {}
  for i, pair in ipairs(arguments.pairs_list(map, "value")) do
    names[i], values[i] = pair[1], pair[2]
    if not KIND[type(pair[2])] and type(pair[2]) ~= "number" then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = "value", expected_type = "bool, dict, float, int or str",
        arg_type = arguments.type_name(pair[2]) })
    end
  end
  local fields = df.schema.fields
  for i, at in ipairs(positions(df, names)) do
    local f = fields[at]
    local v = KIND[f.type.__id] == "string" and tostring(values[i]) or values[i]
    changed[at] = filled(df, f, at, v)
  end
  return rewritten(df, changed)
end

local function fill(df, value, subset)
  local kind = type(value)
  if kind == "table" and not getmetatable(value) then
    local shape = arguments.shape(value)
    if shape == "map" or shape == "empty" or (type(value[1]) == "table" and #value[1] == 2) then
      return fill_map(df, value)
    end
  end
  if kind ~= "number" and kind ~= "string" and kind ~= "boolean" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "value", expected_type = "bool, dict, float, int or str",
      arg_type = arguments.type_name(value) })
  end
  if kind == "number" then value = value + 0.0 end -- as PySpark hands numbers on
  local fields, changed = df.schema.fields, {}
  for _, at in ipairs(chosen(df, subset_of(subset, "list or tuple"))) do
    if KIND[fields[at].type.__id] == kind then changed[at] = filled(df, fields[at], at, value) end
  end
  return rewritten(df, changed)
end

-- ---- replace -----------------------------------------------------------------------------------------------------

local EXPECTED = "bool, dict, float, int, str or tuple"

local function as_list(v, name)
  local kind = type(v)
  if kind == "number" or kind == "string" or kind == "boolean" then return { v, n = 1 } end
  if kind == "table" and not getmetatable(v) then return v end
  errors.raise("NOT_EXPECTED_TYPE", { expected_type = EXPECTED, arg_name = name, arg_type = arguments.type_name(v) })
end

-- Pairs old, new out of the three forms: map, two lists, list and one value.
local function replacements(old, new)
  local plain = type(old) == "table" and not getmetatable(old)
  if plain and (arguments.shape(old) == "map" or type(old[1]) == "table"
    or (new == nil and arguments.shape(old) == "empty")) then
    return arguments.pairs_list(old, "to_replace")
  end
  if new == nil then
    errors.raise("ARGUMENT_REQUIRED", { arg_name = "value", condition = "`to_replace` is dict" },
      { class = "PySparkTypeError", hint = "to put NULL there: tidemill.null" })
  end
  local from = as_list(old, "to_replace")
  local out, n = {}, from.n or #from
  local to = type(new) == "table" and not getmetatable(new) and new
  if to and (to.n or #to) ~= n then
    errors.raise("LENGTH_SHOULD_BE_THE_SAME", { arg1 = "to_replace", arg2 = "value", arg1_length = tostring(n),
      arg2_length = tostring(to.n or #to) })
  end
  for i = 1, n do
    local v
    if to then v = to[i] else v = new end
    out[i] = { from[i], v }
  end
  return out
end

local function one_kind(pairs_)
  local kind
  for _, p in ipairs(pairs_) do
    for _, v in ipairs { p[1], p[2] } do
      if v ~= core.null then
        if kind and kind ~= type(v) then errors.raise("MIXED_TYPE_REPLACEMENT", {}) end
        kind = type(v)
      end
    end
  end
  return kind
end

local function replace(df, old, new, subset)
  if old == nil and new ~= nil then as_list(old, "to_replace") end
  local pairs_ = replacements(old, new)
  local kind, fields, changed, asked = one_kind(pairs_), df.schema.fields, {}, subset_of(subset)
  local exact = {} -- the letters of a column's name count here
  for _, name in ipairs(asked or {}) do exact[name] = true end
  for _, at in ipairs(chosen(df, asked)) do
    local f = fields[at]
    if #pairs_ > 0 and KIND[f.type.__id] == kind and (asked == nil or exact[f.name] or exact["`" .. f.name .. "`"]) then
      local c = column_at(df, at, f.name)
      local args = {}
      for _, p in ipairs(pairs_) do
        local v = p[2]
        if v == core.null then v = nil end
        if p[1] == p[1] then -- NaN equals nothing here
          args[#args + 1] = call("=", c, lit(p[1]))
          args[#args + 1] = cast(lit(v), f.type)
        end
      end
      args[#args + 1] = c
      if #args > 1 then changed[at] = { kind = "call", name = "when", args = args } end
    end
  end
  return rewritten(df, changed)
end

-- ---- both places -------------------------------------------------------------------------------------------------

local SIGNATURE = { drop = "how?, thresh?, subset?", fill = "value:any|map?, subset?",
  replace = "to_replace:any|map?, value:any?, subset?" }
local BODY = { drop = drop, fill = fill, replace = replace }
for name, public in pairs { drop = "dropna", fill = "fillna", replace = "replace" } do
  dataframe.method(public, SIGNATURE[name], BODY[name])
end

local Na = { __name = "DataFrameNaFunctions" }
--- df.na
function M.accessor(df)
  return setmetatable({}, { __name = Na.__name, __index = function(_, key)
    if not BODY[key] then errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "na." .. tostring(key) }) end
    local public = methods[key == "drop" and "dropna" or key == "fill" and "fillna" or key]
    return function(_, ...) return public(df, ...) end
  end })
end

return M
