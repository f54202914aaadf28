--- Tidemill: Spark's tables, SQL, streams and ML pipelines inside Lua.
-- `require "tidemill"` returns this table and creates no global. Sub-modules load when first used.
local core = require "tidemill.core"

local tidemill = { _VERSION = core.version, null = core.null }

-- field -> module, and the field of it (nil: the module itself)
local LAZY = {
  functions = { "tidemill.functions" }, types = { "tidemill.types" }, ml = { "tidemill.ml" },
  testing = { "tidemill.testing" }, Window = { "tidemill.window", "Window" }, Row = { "tidemill.row", "Row" },
  session = { "tidemill.session", "session" }, SparkSession = { "tidemill.session", "SparkSession" },
  help = { "tidemill.help", "help" }, features = { "tidemill.help", "features" },
  MemoryStream = { "tidemill.streaming", "memory" }, Observation = { "tidemill.observation" },
  StorageLevel = { "tidemill.storage" },
}

--- tidemill.decimal("1.50"[, precision, scale]): an exact number.
function tidemill.decimal(value, precision, scale) return core.decimal(value, precision, scale) end
local Binary = { __name = "Binary", __tostring = function(b) return b[1] end,
  __eq = function(a, b) return a[1] == b[1] end, __len = function(b) return #b[1] end }
--- tidemill.binary "bytes": a value of BINARY where a Lua string would be a STRING.
function tidemill.binary(bytes)
  if type(bytes) ~= "string" then error("binary takes a string of bytes", 2) end
  return setmetatable({ bytes }, Binary)
end
--- tidemill.date "2024-02-29" or (2024, 2, 29); timestamp and timestamp_ntz take a time as well, time only that.
function tidemill.date(...) return core.datetime("date", ...) end
function tidemill.timestamp(...) return core.datetime("timestamp", ...) end
function tidemill.timestamp_ntz(...) return core.datetime("timestamp_ntz", ...) end
function tidemill.time(...) return core.datetime("time", ...) end
--- tidemill.interval "1 day 2 hours", or { years =, months =, weeks =, days =, hours =, minutes =, seconds =,
-- microseconds = }.
function tidemill.interval(spec)
  if type(spec) ~= "table" then return core.interval("calendar", spec) end
  local known = { years = 12, months = 1, weeks = 7, days = 1, hours = 3600, minutes = 60, seconds = 1,
    microseconds = 1 }
  for k in pairs(spec) do if not known[k] then error("interval has no unit '" .. tostring(k) .. "'", 2) end end
  local function of(...)
    local sum = 0
    for _, unit in ipairs { ... } do sum = sum + (spec[unit] or 0) * known[unit] end
    return sum
  end
  local micros = of("hours", "minutes", "seconds") * 1000000 + (spec.microseconds or 0)
  local months, days = math.tointeger(of("years", "months")), math.tointeger(of("weeks", "days"))
  return core.interval("calendar", months, days, math.tointeger(micros // 1))
end

return setmetatable(tidemill, {
  __name = "tidemill",
  __index = function(t, key)
    local where = LAZY[key]
    if not where then
      local ok, part = pcall(require, "tidemill." .. tostring(key))
      if ok and type(part) == "table" then
        rawset(t, key, part)
        return part
      end
      local names = {}
      for name in pairs(LAZY) do names[#names + 1] = name end
      for name in next, t do names[#names + 1] = name end
      local similar, errors = require "tidemill.similar", require "tidemill.errors"
      errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "tidemill." .. tostring(key) },
        { candidates = similar.near(tostring(key), names) })
    end
    local value = require(where[1])
    if where[2] then value = value[where[2]] end
    rawset(t, key, value)
    return value
  end,
  __tostring = function()
    return ("tidemill %s; try tidemill.help()"):format(core.version)
  end,
})
