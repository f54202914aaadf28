--- spark.conf: settings by Spark's keys.
local arguments = require "tidemill.arguments"
local errors = require "tidemill.errors"
local similar = require "tidemill.similar"
local internal = require "tidemill.internal"
local HANDLE = internal.handle

local M = {}
local Conf = { __name = "RuntimeConf" }
local methods = {}

-- Settings that are fixed when a session starts.
local STATIC = { ["spark.sql.warehouse.dir"] = true, ["spark.sql.extensions"] = true,
  ["spark.sql.catalogImplementation"] = true }

local function need_modifiable(key)
  if not STATIC[key] then return end
  errors.raise("CANNOT_MODIFY_STATIC_CONFIG", { key = '"' .. key .. '"' }, { class = "AnalysisException",
    sqlState = "46110", message = ("The setting \"%s\" is fixed when a session starts."):format(key),
    hint = "give it to tidemill.session{}" })
end

local function method(name, signature, body) methods[name] = arguments.method("RuntimeConf", name, signature, body) end

methods.get = function(self, ...)
  local key, n = ..., select("#", ...)
  if type(key) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "key", expected_type = "str", arg_type = arguments.type_name(key) })
  end
  local v = self[HANDLE]:get(key)
  if n > 1 and not self[HANDLE]:is_set(key) then return (select(2, ...)) end -- before the key's own default
  if v ~= nil then return v end
  errors.raise("SQL_CONF_NOT_FOUND", { sqlConf = '"' .. key .. '"' }, { class = "SparkNoSuchElementException",
    sqlState = "42K0I", message = ("The setting \"%s\" has no value."):format(key),
    candidates = similar.near(key, self[HANDLE]:keys()), hint = similar.best(key, self[HANDLE]:keys())
      and "did you mean " .. similar.best(key, self[HANDLE]:keys()) .. "?" or nil })
end
method("set", "key:string, value:any", function(self, key, value)
  local kind = type(value)
  if kind ~= "string" and kind ~= "boolean" and math.type(value) ~= "integer" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "value", expected_type = "str, int or bool",
      arg_type = arguments.type_name(value) })
  end
  need_modifiable(key)
  self[HANDLE]:set(key, tostring(value))
end)
method("unset", "key:string", function(self, key)
  need_modifiable(key)
  self[HANDLE]:unset(key)
end)
method("isModifiable", "key:string", function(self, key)
  if STATIC[key] then return false end
  for _, k in ipairs(self[HANDLE]:keys()) do if k == key then return true end end
  return false
end)

function Conf:__index(key)
  if methods[key] then return methods[key] end
  if key == "getAll" then
    local all, handle = {}, rawget(self, HANDLE)
    for _, k in ipairs(handle:keys()) do all[k] = handle:get(k) end
    return all
  end
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "conf." .. tostring(key) },
    { hint = "spark.conf:get(key), :set(key, value), :unset(key)" })
end

function M.new(session) return setmetatable({ [HANDLE] = session[HANDLE] }, Conf) end

return M
