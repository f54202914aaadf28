--- freqItems: the values that can make up a share of a column, in one pass (Karp, Shenker and Papadimitriou, 2003).
-- A counter of at most 1 / support values: one that is new when it is full takes the smallest count off all, and those
-- with nothing left go. Values of a share above `support` are always among them; others may be. As Spark with two
-- partitions does: each half of the rows has a counter, and they are added up. The values come in the order of the hash
-- table that Spark keeps them in (Scala's mutable.HashMap), so that the answer is the same.
local core = require "tidemill.core"
local dataframe = require "tidemill.dataframe"
local types = require "tidemill.types"

local M = {}

-- ---- hashes, as the JVM has them ---------------------------------------------------------------------------------

local function int32(x) return (x & 0xffffffff ~ 0x80000000) - 0x80000000 end
local function fold(x) return int32(x ~ (x >> 32)) end
local function of_long(x) return x == int32(x) and x or fold(x) end
local function of_double(x)
  local whole = math.tointeger(x)
  if whole then return of_long(whole) end
  local ok, single = pcall(string.pack, "<f", x)
  if ok and string.unpack("<f", single) == x then return (string.unpack("<i4", single)) end
  return fold((string.unpack("<i8", string.pack("<d", x))))
end

local function call(name, ...) return { kind = "call", name = name, args = { ... } } end

-- By the id of a type: the expression whose value is hashed, and the hash of that value.
local same = function(x) return x end
local HASH = {
  string = { function(c) return call("hash", c) end, same },
  boolean = { same, function(x) return x and 1231 or 1237 end },
  byte = { same, same }, short = { same, same }, integer = { same, same }, long = { same, of_long },
  float = { same, of_double }, double = { same, of_double },
  date = { function(c) return call("unix_date", c) end, same },
  timestamp = { function(c) return call("unix_micros", c) end, of_long },
}

-- ---- the counter -------------------------------------------------------------------------------------------------

local Counter = {}
Counter.__index = Counter

local function counter(size)
  return setmetatable({ size = size, n = 0, counts = {}, slots = 16, bins = {} }, Counter)
end

-- Nodes of a bin stand by their hashes, those that came first before others.
local function place(bin, entry)
  local at = #bin + 1
  while at > 1 and bin[at - 1].hash > entry.hash do at = at - 1 end
  table.insert(bin, at, entry)
end

function Counter:bin(hash)
  local at = hash & (self.slots - 1)
  self.bins[at] = self.bins[at] or {}
  return self.bins[at]
end

-- The table doubles when a value is put into it while three quarters are taken.
function Counter:grow()
  if self.n + 1 < self.slots * 3 // 4 then return end
  local all = self:entries()
  self.slots, self.bins = self.slots * 2, {}
  for _, e in ipairs(all) do place(self:bin(e.hash), e) end
end

function Counter:entries()
  local out = {}
  for at = 0, self.slots - 1 do for _, e in ipairs(self.bins[at] or {}) do out[#out + 1] = e end end
  return out
end

function Counter:put(key, value, hash, count)
  self:grow()
  local e = { key = key, value = value, hash = hash, count = count }
  self.counts[key], self.n = e, self.n + 1
  place(self:bin(hash), e)
end

-- Take `less` off all counts; those with nothing left go.
function Counter:lower(less, drop)
  for at, bin in pairs(self.bins) do
    local left = {}
    for _, e in ipairs(bin) do
      e.count = e.count - less
      if drop and e.count <= 0 then self.counts[e.key], self.n = nil, self.n - 1 else left[#left + 1] = e end
    end
    self.bins[at] = left
  end
end

function Counter:add(key, value, hash, count)
  local known = self.counts[key]
  if known then
    self:grow()
    known.count = known.count + count
    return
  end
  if self.n < self.size then return self:put(key, value, hash, count) end
  local least = math.huge
  for _, e in pairs(self.counts) do least = math.min(least, e.count) end
  if least == math.huge then least = 0 end
  if count < least then return self:lower(count, false) end
  self:put(key, value, hash, count)
  self:lower(least, true)
end

-- ---- a column ----------------------------------------------------------------------------------------------------

-- Rows of the value, a text that tells values apart, and what is hashed.
local function keyed(df, at, kind)
  local c = dataframe.column_at(df, at)
  local function item(node, name) return { kind = "alias", args = { node }, parts = { name } } end
  local hash = HASH[kind.__id]
  local text = { kind = "cast", args = { c }, target = types.StringType(), mode = "ansi" }
  local hashed = hash and hash[1](c) or call("hash", text)
  return dataframe.derive(df, { kind = "project", exprs = { item(c, "v"), item(text, "k"), item(hashed, "h") } })
end

local NULL = {} -- the key of NULL

--- The frequent values of column `at` of df, core.null for NULL.
function M.items(df, at, support)
  local kind = df.schema.fields[at].type
  local of = (HASH[kind.__id] or HASH.string)[2]
  local size = support > 0 and math.floor(1 / support) or math.maxinteger
  local total, first = df:count(), counter(size)
  local all, now = counter(size), first
  local function merge(part) for _, e in ipairs(part:entries()) do all:add(e.key, e.value, e.hash, e.count) end end
  for i, r in keyed(df, at, kind):toLocalIterator() do
    if i == total // 2 + 1 then
      merge(now)
      now = counter(size)
    end
    local hash = r[1] == nil and 0 or of(r[3])
    hash = hash ~ (hash & 0xffffffff) >> 16
    now:add(r[1] == nil and NULL or r[2], r[1] == nil and core.null or r[1], int32(hash), 1)
  end
  merge(now)
  local out = {}
  for i, e in ipairs(all:entries()) do out[i] = e.value end
  return out
end

return M
