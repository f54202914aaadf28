--- ml.functions: array_to_vector and vector_to_array.
local column = require "tidemill.column"

local M = {}

function M.array_to_vector(c) return column.call("array_to_vector", column.node(c, "col")) end
function M.vector_to_array(c, dtype)
  if type(dtype) == "table" then dtype = dtype.dtype end
  return column.call("vector_to_array", column.node(c, "col"), column.literal(dtype or "float64"))
end

return M
