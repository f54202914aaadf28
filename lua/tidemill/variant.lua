--- types.VariantVal: a value of VARIANT as collect() gives it, and createDataFrame takes it. `value` and `metadata` are
-- the bytes of Parquet's Variant encoding.
local core = require "tidemill.core"

local VariantVal = { __name = "Variant" }
VariantVal.__index = VariantVal

--- The value as JSON; timestamps in a time zone, "UTC" unless said.
function VariantVal:toJson(zone) return core.variant_text(self.value, self.metadata, zone) end

--- The value as Lua has it: a table, a string, a number, a decimal, a date. A null is tidemill.null.
function VariantVal:toPython() return core.variant_lua(self.value, self.metadata) end

VariantVal.toLua = VariantVal.toPython

--- A JSON text as a variant.
function VariantVal.parseJson(json)
  local value, metadata = core.variant_parse(json)
  return setmetatable({ value = value, metadata = metadata }, VariantVal)
end

function VariantVal:__tostring() return self:toJson() end

function VariantVal.__eq(a, b) return a.value == b.value and a.metadata == b.metadata end

core.hook("variant", VariantVal)

return setmetatable({}, {
  __index = VariantVal,
  __call = function(_, value, metadata) return setmetatable({ value = value, metadata = metadata }, VariantVal) end,
})
