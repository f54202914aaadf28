-- The metadata of a Parquet file as tables, read apart from the core: Thrift's compact protocol into tables by field
-- number (numbers as in parquet.thrift), and what the tests ask of them.
local M = {}

local CODECS = { [0] = "UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW" }
local TYPES = { [0] = "BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY" }
local ENCODINGS = { [0] = "PLAIN", [2] = "PLAIN_DICTIONARY", [3] = "RLE", [4] = "BIT_PACKED",
  [5] = "DELTA_BINARY_PACKED", [6] = "DELTA_LENGTH_BYTE_ARRAY", [7] = "DELTA_BYTE_ARRAY", [8] = "RLE_DICTIONARY",
  [9] = "BYTE_STREAM_SPLIT" }

-- ---- Thrift ---------------------------------------------------------------------------------------------------

local function varint(s, at)
  local v, shift = 0, 0
  while true do
    local b = s:byte(at)
    v, at, shift = v | (b & 127) << shift, at + 1, shift + 7
    if b < 128 then return v, at end
  end
end

local function zigzag(s, at)
  local v, next_at = varint(s, at)
  return v >> 1 ~ -(v & 1), next_at
end

local struct

local function value(s, at, kind)
  if kind == 1 or kind == 2 then return kind == 1, at
  elseif kind == 3 then return s:byte(at), at + 1
  elseif kind <= 6 then return zigzag(s, at)
  elseif kind == 7 then return string.unpack("<d", s, at)
  elseif kind == 8 then
    local n, from = varint(s, at)
    return s:sub(from, from + n - 1), from + n
  elseif kind == 12 then return struct(s, at)
  end
  local head, list = s:byte(at), {}
  local n, item = head >> 4, head & 15
  at = at + 1
  if n == 15 then n, at = varint(s, at) end
  for i = 1, n do
    if item <= 2 then list[i], at = s:byte(at) == 1, at + 1
    else list[i], at = value(s, at, item)
    end
  end
  return list, at
end

function struct(s, at)
  local out, id = {}, 0
  while true do
    local head = s:byte(at)
    at = at + 1
    if head == 0 then return out, at end
    if head >> 4 == 0 then id, at = zigzag(s, at)
    else id = id + (head >> 4)
    end
    out[id], at = value(s, at, head & 15)
  end
end

M.struct = struct

-- ---- files ----------------------------------------------------------------------------------------------------

-- The footer, and the whole file as text.
function M.read(path)
  local f <close> = assert(io.open(path, "rb"))
  local s = f:read "a"
  assert(s:sub(1, 4) == "PAR1" and s:sub(-4) == "PAR1")
  local n = string.unpack("<I4", s, #s - 7)
  return struct(s, #s - 7 - n), s
end

local function logical(x)
  local l = x[10]
  if not l then return x[6] == 2 and " (Map)" or "" end -- MAP_KEY_VALUE, of old files
  local unit = l[7] and l[7][2] or l[8] and l[8][2]
  local name = unit and (unit[1] and "milliseconds" or unit[2] and "microseconds" or "nanoseconds")
  if l[1] then return " (String)"
  elseif l[2] then return " (Map)"
  elseif l[3] then return " (List)"
  elseif l[5] then return (" (Decimal(precision=%d, scale=%d))"):format(l[5][2], l[5][1])
  elseif l[6] then return " (Date)"
  elseif l[7] then return (" (Time(isAdjustedToUTC=%s, timeUnit=%s))"):format(l[7][1], name)
  elseif l[8] then
    return (" (Timestamp(isAdjustedToUTC=%s, timeUnit=%s, is_from_converted_type=false, "
      .. "force_set_converted_type=false))"):format(l[8][1], name)
  elseif l[10] then return (" (Int(bitWidth=%d, isSigned=%s))"):format(l[10][1], l[10][2])
  elseif l[11] then return " (Null)"
  elseif l[16] then return " (Variant(1))"
  end
  error "an annotation that the tests do not know"
end

local PLAIN = { [0] = "boolean", "int32", "int64", "int96", "float", "double", "binary" }

-- The schema as lines, in the form that pyarrow prints.
function M.schema_lines(meta)
  local out, at = {}, 0
  local function node()
    at = at + 1
    local x = meta[2][at]
    local rep = ({ [0] = "required", "optional", "repeated" })[x[3] or 0]
    local id = x[9] or -1
    if x[1] then
      local kind = PLAIN[x[1]] or ("fixed_len_byte_array(%d)"):format(x[2])
      out[#out + 1] = ("%s %s field_id=%d %s%s;"):format(rep, kind, id, x[4], logical(x))
      return
    end
    out[#out + 1] = ("%s group field_id=%d %s%s {"):format(rep, id, x[4], logical(x))
    for _ = 1, x[5] do node() end
    out[#out + 1] = "}"
  end
  node()
  return out
end

function M.key_values(meta)
  local out = {}
  for _, kv in ipairs(meta[5] or {}) do out[kv[1]] = kv[2] end
  return out
end

-- The column chunks of a row group, as the facts of writers.json have them.
function M.columns(meta, group)
  local out = {}
  for i, chunk in ipairs(meta[4][group] and meta[4][group][1] or {}) do
    local m, encodings = chunk[3], {}
    for k, e in ipairs(m[2]) do encodings[k] = ENCODINGS[e] end
    table.sort(encodings)
    out[i] = { path = table.concat(m[3], "."), type = TYPES[m[1]], codec = CODECS[m[4]], encodings = encodings,
      stats = m[12] ~= nil, column_index = chunk[6] ~= nil, offset_index = chunk[4] ~= nil }
  end
  return out
end

return M
