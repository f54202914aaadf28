--- F.udf and spark.udf: Lua functions over columns. Traced into expressions where that is safe (trace.lua), else
-- called row by row on Lua's thread. The session option traceUdf is "on", "off" or "required".
local arguments = require "tidemill.arguments"
local column = require "tidemill.column"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local trace = require "tidemill.trace"
local internal = require "tidemill.internal"
local NODE, STATE, HANDLE = internal.node, internal.state, internal.handle

local M = {}
local Function = { __name = "UserDefinedFunction" }
Function.__index = function(self, key)
  local s = rawget(self, STATE)
  if key == "returnType" then
    return type(s.kind) == "string" and require "tidemill.types".fromDDL(s.kind) or s.kind
  end
  if key == "deterministic" then return s.deterministic end
  if key == "func" then return s.f end
  return Function[key] or errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) })
end
function Function:__tostring() return ("UserDefinedFunction %s"):format(self[STATE].name) end

local function mode() -- of the session that is in use
  local session = require "tidemill.session".active_session()
  return session and session[STATE].traceUdf or "on"
end

-- The node of a call over argument nodes.
local function node_of(s, args)
  local function typed(node)
    node.target = type(s.kind) == "string" and require "tidemill.types".fromDDL(s.kind) or s.kind
    return node
  end
  local how = mode()
  if s.deterministic and how ~= "off" then
    local columns = { n = #args }
    for i, a in ipairs(args) do columns[i] = column.wrap(a) end
    local result, why = trace.run(s.f, columns)
    if result then
      return typed { kind = "cast", args = { result[NODE] }, mode = "ansi", traced = { name = s.name, args = args } }
    end
    if how == "required" then
      errors.raise("UNSUPPORTED_OPERATION", { operation = ("%s cannot be traced: %s."):format(s.name, why) })
    end
  elseif how == "required" then
    errors.raise("UNSUPPORTED_OPERATION", { operation = s.name .. " is not deterministic, so it is not traced." })
  end
  return typed { kind = "host", name = s.name, args = args, f = s.f }
end

function Function.__call(self, ...)
  local nodes = column.nodes({ n = select("#", ...), ... }, "col")
  return column.wrap(node_of(self[STATE], nodes))
end

--- Prevents tracing and folding: the function is called for each row.
function Function:asNondeterministic()
  self[STATE].deterministic = false
  return self
end

local function check(f, kind)
  local mt = getmetatable(f)
  if type(f) ~= "function" and not (type(mt) == "table" and mt.__call) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "func", expected_type = "callable",
      arg_type = arguments.type_name(f) })
  end
  if type(kind) ~= "string" and not require "tidemill.types".is(kind) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "returnType", expected_type = "DataType or str",
      arg_type = arguments.type_name(kind) })
  end
end

local function name_of(f)
  local info = type(f) == "function" and debug.getinfo(f, "S")
  return info and info.linedefined > 0 and ("lambda:%d"):format(info.linedefined) or "lambda"
end

--- F.udf(f, returnType, name): called with columns it gives a Column. The result type is "string" unless given; the
-- name, by which results are called, tells the line of the function unless given, for functions have none in Lua.
function M.new(f, kind, name)
  kind = kind == nil and "string" or kind
  if getmetatable(f) == Function then
    return setmetatable({ [STATE] = { f = f[STATE].f, kind = f[STATE].kind, name = name or f[STATE].name,
      deterministic = f[STATE].deterministic } }, Function)
  end
  check(f, kind)
  return setmetatable({ [STATE] = { f = f, kind = kind, name = name or name_of(f), deterministic = true } }, Function)
end

function M.is(v) return getmetatable(v) == Function end

-- ---- registered by name ------------------------------------------------------------------------------------------

local registered = {} -- session's id -> lower name -> Function

local Registration = { __name = "UDFRegistration" }
Registration.__index = Registration

local function names_of(self)
  local id = self[HANDLE]:id()
  registered[id] = registered[id] or {}
  return registered[id]
end

--- spark.udf:register("kml", f, "double"): SELECT kml(mpg) FROM cars
function Registration:register(name, f, kind)
  if type(name) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "name", expected_type = "str",
      arg_type = arguments.type_name(name) })
  end
  local made = M.new(f, kind, name)
  names_of(self)[name:lower()] = made
  return made
end
function Registration:exists(name) return names_of(self)[name:lower()] ~= nil end
function Registration:names() return arguments.sorted_keys(names_of(self)) end

function M.registration(session) return setmetatable({ [HANDLE] = session[HANDLE] }, Registration) end

--- A session closes: its functions go.
function M.forget(handle) registered[handle:id()] = nil end

-- The core met a call of `name` in SQL text or of F.call_function (csrc/bind/udf.c).
core.hook("udf", function(id, name, args)
  local found = registered[id] and registered[id][name:lower()]
  if not found then return nil end
  for i, e in ipairs(args) do args[i] = { kind = "parsed", expr = e } end
  return node_of(found[STATE], args)
end)

return M
