--- What the builders spark.read, df.write, spark.readStream and df.writeStream share: options, and a class whose
-- objects change and return themselves, as in Spark.
local arguments = require "tidemill.arguments"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local similar = require "tidemill.similar"
local STATE = internal.state

local M = {}

-- ---- options -----------------------------------------------------------------------------------------------------

--- Options keep their order; a later one of the same key, in any case, replaces the earlier.
local Options = {}
Options.__index = Options

function M.options() return setmetatable({}, Options) end
function Options:set(key, value)
  if type(key) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "key", expected_type = "str", arg_type = arguments.type_name(key) })
  end
  local kind = type(value)
  if value == nil or value == core.null then return self end
  if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = key, expected_type = "str, bool, int or float",
      arg_type = arguments.type_name(value) })
  end
  local text = math.type(value) == "float" and core.number_text(value) or tostring(value)
  for _, o in ipairs(self) do
    if o[1]:lower() == key:lower() then
      o[2] = text
      return self
    end
  end
  self[#self + 1] = { key, text }
  return self
end
function Options:set_all(map)
  for _, p in ipairs(arguments.pairs_list(map or {}, "options")) do self:set(p[1], p[2]) end
  return self
end
function Options:get(key)
  for _, o in ipairs(self) do if o[1]:lower() == key:lower() then return o[2] end end
end
--- The pairs as csrc/bind reads them.
function Options:list()
  local out = {}
  for i, o in ipairs(self) do out[i] = { o[1], o[2] } end
  return out
end

-- ---- arguments ---------------------------------------------------------------------------------------------------

--- Is it a map of options or named arguments?
function M.is_options(v) return type(v) == "table" and arguments.shape(v) == "map" end

--- DDL text or a StructType; what a reader's :schema takes.
function M.schema_of(schema)
  local types = require "tidemill.types"
  if type(schema) == "string" then return types.fromDDL(schema, true) end
  if types.is(schema) and schema.__id == "struct" then return schema end
  errors.raise("NOT_EXPECTED_TYPE", { arg_name = "schema", expected_type = "str or struct type",
    arg_type = arguments.type_name(schema) })
end

--- A path or a list of paths.
local PATHS = { json = "str, list, RDD, or DataFrame", csv = "str, list, RDD, or DataFrame",
  xml = "str, list, RDD, or DataFrame" }
function M.paths_of(path, name, format)
  if path == nil then return {} end
  local function refuse(v, which, expected)
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = (name or "path") .. which, expected_type = expected,
      arg_type = arguments.type_name(v) })
  end
  if type(path) == "string" then return { path } end
  if type(path) ~= "table" or getmetatable(path) or arguments.shape(path) == "map" then
    refuse(path, "", PATHS[format] or "str or list")
  end
  for i, p in ipairs(path) do if type(p) ~= "string" then refuse(p, ("[%d]"):format(i), "str") end end
  return path
end

--- A parameter that must be text.
function M.need_name(name, v)
  if type(v) == "string" then return end
  errors.raise("NOT_EXPECTED_TYPE", { arg_name = name, expected_type = "str", arg_type = arguments.type_name(v) })
end

--- Named arguments of one call: `setters` takes those that are no options; the others are options.
function M.take_named(self, named, setters)
  for _, p in ipairs(arguments.pairs_list(named or {}, "options")) do
    if setters[p[1]] then setters[p[1]](self, p[2]) else self[STATE].options:set(p[1], p[2]) end
  end
end

--- Setters of take_named that only keep the value, or what `change` makes of it.
function M.keep(field, change)
  return function(self, value) self[STATE][field] = change and change(value) or value end
end

--- Such a setter of a text.
function M.keep_text(field)
  return function(self, value)
    M.need_name(field, value)
    self[STATE][field] = value
  end
end

-- ---- classes -----------------------------------------------------------------------------------------------------

--- A builder class `name`, reached by `where` ("spark.read"), with format, option and options:
-- its metatable, its table of methods, the function that adds one, and one that checks the receiver of a call.
function M.class(name, where)
  local class, methods = { __name = name }, {}
  local function method(method_name, signature, body)
    methods[method_name] = arguments.method(name, method_name, signature, body)
  end
  method("format", "source:string", function(self, source)
    self[STATE].format = source
    return self
  end)
  method("option", "key:string, value?", function(self, key, value)
    self[STATE].options:set(key, value)
    return self
  end)
  method("options", "options:map|list", function(self, map)
    self[STATE].options:set_all(map)
    return self
  end)
  function class.__index(_, key)
    if methods[key] then return methods[key] end
    local near = similar.near(tostring(key), arguments.sorted_keys(methods))
    errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) },
      { candidates = near, hint = near[1] and "did you mean :" .. near[1] .. "()?" })
  end
  function class:__tostring()
    local s = self[STATE]
    return ("%s (%s, %d options)"):format(name, s.format or "default format", #s.options)
  end
  local function receiver(self, method_name)
    if arguments.type_name(self) ~= name then
      errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = method_name,
        problem = ("call it with ':' on %s"):format(where) })
    end
  end
  return class, methods, method, receiver
end

return M
