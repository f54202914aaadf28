--- Values of ml parameters as the JSON text that csrc/ml/stage.h describes, and back. The table of the class says
-- which kind a parameter has, so an empty list is a list and 1 for a double is 1.0.
local arguments = require "tidemill.arguments"
local core = require "tidemill.core"
local errors = require "tidemill.errors"

local M = {}

local function fail(p, expected, v)
  errors.raise("NOT_EXPECTED_TYPE", { arg_name = p.name, expected_type = expected, arg_type = arguments.type_name(v) })
end

local ESCAPE = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local function quoted(s)
  return '"' .. s:gsub('[%c"\\]', function(c) return ESCAPE[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function float(v, p)
  if type(v) ~= "number" then fail(p, "float", v) end
  if v ~= v then return '"NaN"' end
  if v == math.huge then return '"Infinity"' end
  if v == -math.huge then return '"-Infinity"' end
  local out = math.type(v) == "integer" and ("%d"):format(v) or ("%.17g"):format(v)
  return out:find "[.en]" and out or out .. ".0"
end
local function int(v, p)
  local i = type(v) == "number" and math.tointeger(v)
  if not i then fail(p, "int", v) end
  return ("%d"):format(i)
end
local function text(v, p)
  if type(v) ~= "string" then fail(p, "str", v) end
  return quoted(v)
end
local function list_of(one)
  return function(v, p)
    local linalg = require "tidemill.linalg"
    if linalg.is_vector(v) then v = v:toArray() end
    if type(v) ~= "table" or getmetatable(v) then fail(p, "list", v) end
    local parts = {}
    for i = 1, v.n or #v do parts[i] = one(v[i], p) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
end
local floats, ints = list_of(float), list_of(int)

local function vector(v, p)
  local linalg = require "tidemill.linalg"
  if type(v) == "table" and not getmetatable(v) then v = linalg.Vectors.dense(v) end
  if not linalg.is_vector(v) then fail(p, "Vector", v) end
  if getmetatable(v).__name == "DenseVector" then return '{"type":1,"values":' .. floats(v, p) .. "}" end
  return ('{"type":0,"size":%d,"indices":%s,"values":%s}'):format(v.size, ints(v.indices, p), floats(v.values, p))
end
-- A list of rows is a dense matrix.
local function of_rows(v, p)
  local values, columns = {}, type(v[1]) == "table" and #v[1] or fail(p, "Matrix", v)
  for i, row in ipairs(v) do
    if type(row) ~= "table" or #row ~= columns then fail(p, "Matrix (a list of rows of one length)", v) end
    for k, x in ipairs(row) do values[(k - 1) * #v + i] = x end
  end
  return require "tidemill.linalg".Matrices.dense(#v, columns, values)
end

local function matrix(v, p)
  if type(v) == "table" and not getmetatable(v) then v = of_rows(v, p) end
  if not require "tidemill.linalg".is_matrix(v) then fail(p, "Matrix", v) end
  return ('{"numRows":%d,"numCols":%d,"values":%s,"isTransposed":%s}'):format(v.numRows, v.numCols,
    floats(v.values, p), tostring(v.isTransposed))
end

local ENCODE
local function encode(v, p) return (ENCODE[p.kind] or fail)(v, p) end

-- A value of a parameter of another stage, by what it is.
local function any(v, p)
  if type(v) == "boolean" then return tostring(v) end
  if math.type(v) == "integer" then return ("%d"):format(v) end
  if type(v) == "number" then return float(v, p) end
  if type(v) == "string" then return quoted(v) end
  if type(v) == "table" and getmetatable(v) then
    return require "tidemill.linalg".is_matrix(v) and matrix(v, p) or vector(v, p)
  end
  return list_of(any)(v, p)
end

local function maps(v, p)
  return list_of(function(map)
    local parts = {}
    for param, value in pairs(map) do
      if arguments.type_name(param) ~= "Param" then fail(p, "maps from Param to value", param) end
      parts[#parts + 1] = ('{"parent":%s,"name":%s,"value":%s}'):format(quoted(param.parent), quoted(param.name),
        any(value, p))
    end
    table.sort(parts)
    return "[" .. table.concat(parts, ",") .. "]"
  end)(v, p)
end

ENCODE = {
  boolean = function(v, p)
    if type(v) ~= "boolean" then fail(p, "bool", v) end
    return tostring(v)
  end,
  int = int, long = int, float = float, double = float, string = text, strings = list_of(text), ints = ints,
  doubles = floats, double_lists = list_of(floats), string_lists = list_of(list_of(text)), vector = vector,
  matrix = matrix, maps = maps,
}
M.encode = encode

--- The text, or nil for what has none (stages).
function M.encode_safe(v, p)
  local fine, out = pcall(encode, v, p)
  return fine and out or nil
end

local SPECIAL = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge }

local function convert(v, kind)
  if v == core.null then return nil end
  if kind == "int" or kind == "long" then return math.tointeger(v) or v end
  if kind == "double" or kind == "float" then return SPECIAL[v] or v + 0.0 end
  return v
end

local ITEM = { ints = "int", doubles = "double", strings = "string", double_lists = "doubles",
  string_lists = "strings" }
local function of_kind(v, kind)
  if ITEM[kind] and type(v) == "table" then
    local out = {}
    for i, x in ipairs(v) do out[i] = of_kind(x, ITEM[kind]) end
    return out
  end
  local linalg = require "tidemill.linalg"
  if kind == "vector" and type(v) == "table" then
    local values = of_kind(v.values, "doubles")
    return v.type == 0 and linalg.Vectors.sparse(v.size, of_kind(v.indices, "ints"), values)
      or linalg.Vectors.dense(values)
  end
  if kind == "matrix" and type(v) == "table" then
    return linalg.Matrices.dense(math.tointeger(v.numRows), math.tointeger(v.numCols), of_kind(v.values, "doubles"))
  end
  return convert(v, kind)
end

--- The Lua value of a parameter's JSON text.
function M.decode(json, p)
  return of_kind(require "cjson".decode("[" .. json .. "]")[1], p.kind)
end

return M
