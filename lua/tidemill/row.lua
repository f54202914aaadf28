--- Rows: values by name and position. A NULL field is nil; a field that does not exist raises.
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local similar = require "tidemill.similar"

local M = {}
local methods = {}

local function is_row(v) return type(v) == "table" and (getmetatable(v) or {}).__name == "Row" end

local function plain(v, null)
  if is_row(v) then return v:asDict { recursive = true, null = null } end
  if type(v) ~= "table" or getmetatable(v) then return v end
  local out = {}
  for k, x in pairs(v) do out[k] = plain(x, null) end
  return out
end

--- Fields by name. Options: recursive (Rows inside become tables too), null (what NULL fields hold; default: absent).
function methods:asDict(options)
  local o = type(options) == "table" and options or { recursive = options }
  local out = {}
  for i, name in ipairs(getmetatable(self).__fields) do
    local v = rawget(self, i)
    if v == nil then out[name] = o.null
    elseif o.recursive then out[name] = plain(v, o.null)
    else out[name] = v end
  end
  return out
end

local ESCAPE = { ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r", ["\\"] = "\\\\" }

local DEEPEST = 200 -- values print to that depth

-- A value as Spark prints it inside a Row.
local function show(v, depth)
  depth = (depth or 0) + 1
  if v == nil or v == core.null then return "NULL" end
  if type(v) == "string" then
    local quote = v:find("'", 1, true) and not v:find('"', 1, true) and '"' or "'"
    return quote .. v:gsub("[\n\t\r\\]", ESCAPE):gsub(quote == "'" and "'" or "\0", "\\'") .. quote
  end
  if math.type(v) == "float" then return core.number_text(v) end
  if type(v) ~= "table" or getmetatable(v) then return tostring(v) end
  if depth > DEEPEST then return ".." end
  local parts = {}
  if #v > 0 or next(v) == nil then
    for i, x in ipairs(v) do parts[i] = show(x, depth) end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  for _, k in ipairs(require "tidemill.arguments".sorted_keys(v)) do
    parts[#parts + 1] = show(k, depth) .. ": " .. show(v[k], depth)
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

local function tostring_row(self)
  local fields, parts = getmetatable(self).__fields, {}
  for i, name in ipairs(fields) do
    parts[i] = (getmetatable(self).__unnamed and "" or name .. "=") .. show(rawget(self, i))
  end
  local text = "Row(" .. table.concat(parts, ", ") .. ")"
  return getmetatable(self).__unnamed and "<" .. text .. ">" or text
end

local function equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  if is_row(a) ~= is_row(b) or #a ~= #b then return false end
  if is_row(a) then
    for i = 1, #a do if not equal(rawget(a, i), rawget(b, i)) then return false end end
    return true
  end
  if getmetatable(a) or getmetatable(b) then return a == b end
  for k, v in pairs(a) do if not equal(v, b[k]) then return false end end
  for k in pairs(b) do if a[k] == nil then return false end end
  return true
end

--- The metatable of Rows with these names; csrc/bind/push.c asks once a struct type.
function M.class(names)
  local at = {}
  for i = #names, 1, -1 do at[names[i]] = i end
  local mt = { __name = "Row", __fields = names, __tostring = tostring_row, __eq = equal }
  function mt.__len() return #names end
  function mt.__index(row, key)
    local i = at[key]
    if i then return rawget(row, i) end
    if math.type(key) == "integer" then
      if key < 0 then key = #names + 1 + key end
      if key >= 1 and key <= #names then return rawget(row, key) end
      errors.raise("INDEX_OUT_OF_RANGE", { arg_name = "Row", index = tostring(key) })
    end
    if methods[key] then return methods[key] end
    errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) },
      { hint = similar.best(tostring(key), names) and "did you mean `" .. similar.best(tostring(key), names) .. "`?"
        or nil, candidates = similar.near(tostring(key), names) })
  end
  function mt.__newindex(_, key)
    errors.raise("UNSUPPORTED_OPERATION", { operation = ("a Row does not change: field '%s'"):format(tostring(key)) })
  end
  function mt.__pairs(row)
    local i = 0
    return function()
      i = i + 1
      if names[i] then return names[i], rawget(row, i) end
    end
  end
  return mt
end

--- Row{ a = 1, b = "x" } (fields sorted by name), Row{ { "b", 1 }, { "a", 2 } } in order, Row("a", "b") makes a
-- maker of rows with these names.
function M.Row(first, ...)
  local arguments = require "tidemill.arguments"
  if type(first) == "table" and not getmetatable(first) then
    local names, values = {}, {}
    for i, pair in ipairs(arguments.pairs_list(first, "row")) do names[i], values[i] = pair[1], pair[2] end
    for i = 1, #names do if values[i] == core.null then values[i] = nil end end
    return setmetatable(values, M.class(names))
  end
  local names = { first, ... }
  return function(...)
    if select("#", ...) > #names then
      errors.raise("TOO_MANY_VALUES", { expected = tostring(#names), item = "fields",
        actual = tostring(select("#", ...)) })
    end
    return setmetatable({ ... }, M.class(table.move(names, 1, select("#", ...), 1, {})))
  end
end

M.show, M.is = show, is_row
core.hook("row", M.class)

return M
