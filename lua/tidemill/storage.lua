--- StorageLevel: how a cached DataFrame is meant to be kept, by Spark's names. Here all of it is memory that spills.
local Level = { __name = "StorageLevel" }
Level.__index = Level
function Level.__eq(a, b) return tostring(a) == tostring(b) and a.useOffHeap == b.useOffHeap end
function Level:__tostring()
  return (self.useDisk and "Disk " or "") .. (self.useMemory and "Memory " or "")
    .. (self.useOffHeap and "OffHeap " or "") .. (self.deserialized and "Deserialized " or "Serialized ")
    .. ("%dx Replicated"):format(self.replication)
end

local function new(disk, memory, off_heap, deserialized, replication)
  return setmetatable({ useDisk = disk, useMemory = memory, useOffHeap = off_heap, deserialized = deserialized,
    replication = replication or 1 }, Level)
end

return setmetatable({
  NONE = new(false, false, false, false),
  DISK_ONLY = new(true, false, false, false), DISK_ONLY_2 = new(true, false, false, false, 2),
  DISK_ONLY_3 = new(true, false, false, false, 3),
  MEMORY_ONLY = new(false, true, false, false), MEMORY_ONLY_2 = new(false, true, false, false, 2),
  MEMORY_AND_DISK = new(true, true, false, false), MEMORY_AND_DISK_2 = new(true, true, false, false, 2),
  MEMORY_AND_DISK_DESER = new(true, true, false, true), OFF_HEAP = new(true, true, true, false),
}, { __call = function(_, ...) return new(...) end })
