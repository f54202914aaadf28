-- query.lua FOLDER LIMIT NAME [TEMP [TEMP_LIMIT]]: one query of the row under a memory limit of so many MB (0: none),
-- spill files in TEMP, of at most TEMP_LIMIT MB. Prints JSON: rows, ns, peak, or error.
local peer = require "spec.bench.peer"
local core = require "tidemill.core"
local json = require "cjson"
local folder, limit, name, temp, temp_limit = arg[1], tonumber(arg[2]), arg[3], arg[4], arg[5]
local row = json.decode(peer.read "spec/bench/M1/row.json")
local size = folder:find "sf0.01" and "small" or "full"

local function peak()
  return tonumber(peer.read("/proc/self/status"):match "VmHWM:%s+(%d+)") * 1024
end

local function open()
  local spark = require "tidemill".session { threads = 2, memory = limit > 0 and limit .. "MB" or nil, temp = temp,
    tempLimit = temp_limit and temp_limit .. "MB" }
  local view = row.view:gsub("{rows}", ("SELECT id FROM range(%d)"):format(row.rows[size]))
  spark:sql(view):createOrReplaceTempView "r"
  for table_name, schema in pairs(json.decode(peer.read "spec/bench/tpch.json")) do
    spark.read:option("header", true):schema(schema):csv(("%s/%s.csv"):format(folder, table_name))
      :createOrReplaceTempView(table_name)
  end
  return spark
end

local ok, result = pcall(function()
  local spark = open()
  local text = row.queries[name] or peer.read(("spec/bench/T1/queries/%s.sql"):format(name))
  local began = core.seconds()
  local rows = peer.rows(spark:sql(text))
  return { rows = rows, ns = (core.seconds() - began) * 1e9, peak = peak() }
end)
print(json.encode(ok and result or { error = tostring(result):sub(1, 500) }))
