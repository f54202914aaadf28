-- Streaming: the same calls on files that keep arriving; windows, watermarks, a checkpoint.
--   lua5.4 examples/04_streaming.lua
local tidemill = require "tidemill"
local F = tidemill.functions
local spark <close> = tidemill.session {}
local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir -p " .. folder .. "/in")

local function arrive(name, lines)
  local f <close> = assert(io.open(folder .. "/in/" .. name, "w"))
  f:write(table.concat(lines, "\n"), "\n")
end

-- Readings of two sensors, counted in windows of ten minutes; what is more than ten minutes late is not waited for.
local readings = spark.readStream:schema "at TIMESTAMP, sensor STRING, value DOUBLE":json(folder .. "/in")
local counts = readings:withWatermark("at", "10 minutes"):groupBy(F.window("at", "10 minutes"), "sensor")
  :agg(F.count "*":alias "n", F.max "value":alias "highest")
  :select("window.start", "sensor", "n", "highest")

local query <close> = counts.writeStream:format "memory":queryName "counts":outputMode "append"
  :option("checkpointLocation", folder .. "/checkpoint"):start()

arrive("1.json", { '{"at":"2024-05-01T10:01:00Z","sensor":"a","value":1.5}',
  '{"at":"2024-05-01T10:04:00Z","sensor":"b","value":7.0}', '{"at":"2024-05-01T10:08:00Z","sensor":"a","value":2.5}' })
query:processAllAvailable()
print("final after the first file:", spark:table "counts":count())

arrive("2.json", { '{"at":"2024-05-01T10:25:00Z","sensor":"a","value":3.0}' })
query:processAllAvailable()
spark:table "counts":orderBy("start", "sensor"):show()

arrive("3.json", { '{"at":"2024-05-01T10:02:00Z","sensor":"a","value":99.0}',
  '{"at":"2024-05-01T10:50:00Z","sensor":"b","value":4.0}' })
query:processAllAvailable()
spark:table "counts":orderBy("start", "sensor"):show()
local progress = query.lastProgress
print("watermark", progress.eventTime.watermark, "state rows", progress.stateOperators[1].numRowsTotal)
query:stop()
os.execute("rm -r " .. folder)

--[[
final after the first file:	0
+-------------------+------+---+-------+
|              start|sensor|  n|highest|
+-------------------+------+---+-------+
|2024-05-01 10:00:00|     a|  2|    2.5|
|2024-05-01 10:00:00|     b|  1|    7.0|
+-------------------+------+---+-------+

+-------------------+------+---+-------+
|              start|sensor|  n|highest|
+-------------------+------+---+-------+
|2024-05-01 10:00:00|     a|  2|    2.5|
|2024-05-01 10:00:00|     b|  1|    7.0|
|2024-05-01 10:20:00|     a|  1|    3.0|
+-------------------+------+---+-------+

watermark	2024-05-01T10:40:00.000Z	state rows	1
]]
