-- Writing of lineitem, and loading of a snapshot. Files are flushed to disk before a write returns.
local peer = require "spec.bench.peer"
local spark = require "tidemill".session { threads = 2 }
local CHECK = peer.read "spec/bench/I4/check.sql"
local base = os.tmpname()
local lineitem, loaded
local path = { write_csv = base .. ".csv", write_parquet = base .. ".parquet", save = base .. ".snapshot" }

local function load(data)
  lineitem = spark.read:parquet(data .. "/lineitem.parquet"):cache()
  lineitem:count()
  return { "write_csv", "write_parquet", "save", "load" }
end

local function run(case)
  if case == "load" then
    if loaded then loaded:unpersist() end
    loaded = spark.read:snapshot(path.save):cache()
    loaded:count()
    return
  end
  local writer = lineitem.write:mode "overwrite"
  if case == "write_csv" then -- Spark trims values when it writes, the peers do not
    local options = { header = true, ignoreLeadingWhiteSpace = false, ignoreTrailingWhiteSpace = false }
    writer:options(options):csv(path.write_csv)
  elseif case == "write_parquet" then writer:option("compression", "zstd"):parquet(path.write_parquet)
  else writer:snapshot(path.save) end
end

peer.serve(load, run, function(case)
  run(case)
  local back = loaded
  if case == "write_csv" then back = spark.read:option("header", true):schema(lineitem.schema):csv(path.write_csv)
  elseif case == "write_parquet" then back = spark.read:parquet(path.write_parquet)
  elseif case == "save" then back = spark.read:snapshot(path.save) end
  return peer.rows(spark:sql(CHECK:gsub("FROM t", "FROM {t}"), nil, { t = back }))
end)
os.execute(("rm -rf %s %s.*"):format(base, base))
