--- ml.linalg: dense and sparse vectors, dense matrices. Positions of Lua are 1-based (v[1]); the indices inside a
-- sparse vector count from 0 as in Spark's text and files. `toArray()` gives a plain list. Values never change.
local core = require "tidemill.core"
local errors = require "tidemill.errors"

local M = { Vectors = {}, Matrices = {} }

local function number(v) return core.number_text(v + 0.0) end

local function numbers(list)
  local parts = {}
  for i, v in ipairs(list) do parts[i] = number(v) end
  return table.concat(parts, ",")
end

local function size_of(v) return rawget(v, "size") or #v end

-- ---- vectors -----------------------------------------------------------------------------------------------------

local shared, dense, sparse = {}, {}, {} -- methods of both, and of one kind
local Dense = { __name = "DenseVector" }
local Sparse = { __name = "SparseVector" }

local function is_vector(v) return getmetatable(v) == Dense or getmetatable(v) == Sparse end

local function same_size(a, b)
  if size_of(a) ~= size_of(b) then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "vector",
      problem = ("sizes differ: %d and %d"):format(size_of(a), size_of(b)) }, { class = "PySparkValueError" })
  end
end

local function to_array(v) return is_vector(v) and v:toArray() or v end

function shared:dot(other)
  same_size(self, other)
  local a, b, sum = self:toArray(), to_array(other), 0.0
  for i = 1, #a do sum = sum + a[i] * b[i] end
  return sum
end
function shared:squared_distance(other)
  same_size(self, other)
  local a, b, sum = self:toArray(), to_array(other), 0.0
  for i = 1, #a do sum = sum + (a[i] - b[i]) ^ 2 end
  return sum
end
function shared:norm(p)
  local sum, max = 0.0, 0.0
  for _, v in ipairs(self:toArray()) do
    max = math.max(max, math.abs(v))
    sum = sum + (p == math.huge and 0 or math.abs(v) ^ p)
  end
  return p == math.huge and max or sum ^ (1 / p)
end
function shared:numNonzeros()
  local n = 0
  for _, v in ipairs(self:toArray()) do if v ~= 0 then n = n + 1 end end
  return n
end
function shared:toDense() return M.Vectors.dense(self:toArray()) end
function shared:toSparse()
  local indices, values = {}, {}
  for i, v in ipairs(self:toArray()) do
    if v ~= 0 then indices[#indices + 1], values[#values + 1] = i - 1, v end
  end
  return M.Vectors.sparse(size_of(self), indices, values)
end
--- Dense or sparse, whichever takes less memory.
function shared:compressed()
  return 1.5 * (self:numNonzeros() + 1) < size_of(self) and self:toSparse() or self:toDense()
end
--- The index, from 0, of the largest value; the first of several. -1 for a vector without values.
function shared:argmax()
  local best, at = -math.huge, size_of(self) > 0 and 0 or -1
  for i, v in ipairs(self:toArray()) do if v > best then best, at = v, i - 1 end end
  return at
end
function dense:numActives() return rawlen(self) end
function sparse:numActives() return #self.values end

function dense:toArray() return table.move(self, 1, #self, 1, {}) end
function sparse:toArray()
  local out = {}
  for i = 1, self.size do out[i] = 0.0 end
  for k, i in ipairs(self.indices) do out[i + 1] = self.values[k] end
  return out
end

function Dense:__index(key)
  if key == "size" then return rawlen(self) end
  if key == "values" then return dense.toArray(self) end
  if math.type(key) == "integer" then
    return key < 0 and rawget(self, rawlen(self) + 1 + key) or nil
  end
  return dense[key] or shared[key]
    or errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "DenseVector." .. tostring(key) })
end
function Dense:__tostring() return "[" .. numbers(self) .. "]" end

function Sparse:__index(key)
  if math.type(key) == "integer" then
    local size = rawget(self, "size")
    if key < 0 then key = size + 1 + key end
    if key < 1 or key > size then return nil end
    for k, i in ipairs(rawget(self, "indices")) do if i == key - 1 then return rawget(self, "values")[k] end end
    return 0.0
  end
  return sparse[key] or shared[key]
    or errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "SparseVector." .. tostring(key) })
end
function Sparse:__len() return rawget(self, "size") end
function Sparse:__tostring()
  return ("(%d,[%s],[%s])"):format(self.size, table.concat(self.indices, ","), numbers(self.values))
end

local function equal(a, b)
  if not (is_vector(a) and is_vector(b)) or size_of(a) ~= size_of(b) then return false end
  local x, y = a:toArray(), b:toArray()
  for i = 1, #x do if x[i] ~= y[i] then return false end end
  return true
end
Dense.__eq, Sparse.__eq = equal, equal

--- Vectors.dense{ 1, 2 } or (1, 2).
function M.Vectors.dense(first, ...)
  local list = type(first) == "table" and first or { first, ... }
  local out = {}
  for i = 1, #list do
    if type(list[i]) ~= "number" then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = "values", expected_type = "list of float",
        arg_type = type(list[i]) })
    end
    out[i] = list[i] + 0.0
  end
  return setmetatable(out, Dense)
end

--- Vectors.sparse(size, indices, values), (size, { { index, value }, .. }) or (size, { [index] = value, .. });
--- indices count from 0.
function M.Vectors.sparse(size, indices, values)
  if values == nil then
    local pairs_ = {}
    for k, v in pairs(indices or {}) do pairs_[#pairs_ + 1] = type(v) == "table" and v or { k, v } end
    indices, values = {}, {}
    table.sort(pairs_, function(a, b) return a[1] < b[1] end)
    for i, p in ipairs(pairs_) do indices[i], values[i] = p[1], p[2] end
  end
  local at, to, last = {}, {}, -1
  for i = 1, #indices do
    local k = math.tointeger(indices[i])
    if not k or k <= last or k >= size then
      errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "Vectors.sparse",
        problem = ("indices ascend from 0 to %d; got %s"):format(size - 1, tostring(indices[i])) },
        { class = "PySparkValueError" })
    end
    at[i], to[i], last = k, values[i] + 0.0, k
  end
  if #values ~= #indices then
    errors.raise("LENGTH_SHOULD_BE_THE_SAME", { arg1 = "indices", arg2 = "values", arg1_length = tostring(#indices),
      arg2_length = tostring(#values) })
  end
  return setmetatable({ size = math.tointeger(size), indices = at, values = to }, Sparse)
end
function M.Vectors.zeros(n)
  local out = {}
  for i = 1, n do out[i] = 0.0 end
  return M.Vectors.dense(out)
end
function M.Vectors.norm(v, p) return v:norm(p) end
function M.Vectors.squared_distance(a, b) return a:squared_distance(b) end

-- ---- matrices ----------------------------------------------------------------------------------------------------

-- Fields as the core hands them over: type 1 dense, values column by column unless isTransposed; type 0 sparse.
local matrix = {}
local Matrix = { __name = "DenseMatrix" }

local function element(m, i, j)
  if m.type == 0 then
    local column, row = m.isTransposed and i or j, m.isTransposed and j or i
    for k = m.colPtrs[column] + 1, m.colPtrs[column + 1] do
      if m.rowIndices[k] == row - 1 then return m.values[k] end
    end
    return 0.0
  end
  return m.values[m.isTransposed and (i - 1) * m.numCols + j or (j - 1) * m.numRows + i]
end

--- The rows as lists.
function matrix:toArray()
  local rows = {}
  for i = 1, self.numRows do
    rows[i] = {}
    for j = 1, self.numCols do rows[i][j] = element(self, i, j) end
  end
  return rows
end
--- The element in row i, column j, both from 1.
function matrix:get(i, j)
  if i < 1 or i > self.numRows or j < 1 or j > self.numCols then
    errors.raise("INDEX_OUT_OF_RANGE", { arg_name = "matrix", index = ("(%d, %d)"):format(i, j) })
  end
  return element(self, i, j)
end
function Matrix.__index(_, key)
  return matrix[key] or errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "Matrix." .. tostring(key) })
end
function Matrix:__tostring()
  local lines = {}
  for i, row in ipairs(self:toArray()) do lines[i] = "[" .. numbers(row) .. "]" end
  return "[" .. table.concat(lines, ",\n ") .. "]"
end
function Matrix.__eq(a, b) return tostring(a) == tostring(b) end

--- Matrices.sparse(rows, columns, colPtrs, rowIndices, values): compressed columns, indices from 0.
function M.Matrices.sparse(rows, columns, starts, indices, values)
  local out = { type = 0, numRows = rows, numCols = columns, colPtrs = starts, rowIndices = indices, values = {},
    isTransposed = false }
  if #starts ~= columns + 1 or starts[#starts] ~= #indices or #indices ~= #values then
    errors.raise("LENGTH_SHOULD_BE_THE_SAME", { arg1 = "rowIndices", arg2 = "values", arg1_length = tostring(#indices),
      arg2_length = tostring(#values) })
  end
  for i, v in ipairs(values) do
    if indices[i] < 0 or indices[i] >= rows then
      errors.raise("INDEX_OUT_OF_RANGE", { arg_name = "rowIndices", index = tostring(indices[i]) })
    end
    out.values[i] = v + 0.0
  end
  return setmetatable(out, Matrix)
end

--- Matrices.dense(rows, columns, values): values column by column.
function M.Matrices.dense(rows, columns, values)
  if #values ~= rows * columns then
    errors.raise("LENGTH_SHOULD_BE_THE_SAME", { arg1 = "values", arg2 = "rows x columns",
      arg1_length = tostring(#values), arg2_length = tostring(rows * columns) })
  end
  local out = {}
  for i, v in ipairs(values) do out[i] = v + 0.0 end
  return setmetatable({ type = 1, numRows = rows, numCols = columns, values = out, isTransposed = false }, Matrix)
end

M.DenseVector, M.SparseVector = M.Vectors.dense, M.Vectors.sparse
M.DenseMatrix, M.SparseMatrix = M.Matrices.dense, M.Matrices.sparse
M.is_vector = is_vector
function M.is_matrix(v) return getmetatable(v) == Matrix end

core.hook("dense", Dense)
core.hook("sparse", Sparse)
core.hook("matrix", Matrix)

return M
