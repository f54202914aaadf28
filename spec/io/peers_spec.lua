-- Our Parquet files opened by pyarrow, DuckDB, Polars and Spark, where they are installed: in the environment that
-- `make bench` makes, or the one that PEERS_PYTHON names. What they are to find is written here, not read back.
local tidemill = require "tidemill"

local SQL = [[SELECT id, IF(id % 3 = 0, NULL, 'k' || id % 7) s, id % 2 = 0 b, id * 1.5D d, CAST(id AS FLOAT) f,
  CAST(id AS DECIMAL(9,2)) d9, CAST(-id AS DECIMAL(18,1)) d18, CAST(id * 3 AS DECIMAL(30,3)) d30,
  date_add(DATE'2024-01-01', CAST(id % 30 AS INT)) dt, TIMESTAMP_NTZ'2024-01-01 01:02:03' ntz,
  IF(id % 5 = 0, NULL, IF(id % 5 = 1, array(), array(id, NULL))) l, named_struct('a', id, 'b', array(id % 4)) st
  FROM range(ROWS)]]

local function expected(rows)
  local out = {}
  for id = 0, rows - 1 do
    local float = ("%d.0"):format(id)
    out[id + 1] = table.concat({ id, id % 3 == 0 and "NULL" or "k" .. id % 7, tostring(id % 2 == 0), tostring(id * 1.5),
      float, ("%d.00"):format(id), id == 0 and "0.0" or ("-%d.0"):format(id), ("%d.000"):format(id * 3),
      ("2024-01-%02d"):format(1 + id % 30), "2024-01-01 01:02:03",
      id % 5 == 0 and "NULL" or id % 5 == 1 and "[]" or ("[%d, NULL]"):format(id),
      ("{%d, [%d]}"):format(id, id % 4) }, "|")
  end
  return out
end

local function python()
  for _, path in ipairs { os.getenv "PEERS_PYTHON" or "", "build/bench/venv/bin/python" } do
    local f = path ~= "" and io.open(path)
    if f then
      f:close()
      return path
    end
  end
end

describe("Parquet files read by others", function()
  local spark = tidemill.session { threads = 2, ["spark.sql.session.timeZone"] = "UTC" }
  local with = python()

  -- Rows that a reader finds; nil: it is not installed.
  local function read(reader, folder)
    local pipe <close> = io.popen(("%s spec/io/peers.py %s %s 2>/dev/null"):format(with, reader, folder))
    local lines = {}
    for line in pipe:lines() do lines[#lines + 1] = line end
    return lines[1] ~= "missing" and lines or nil
  end

  -- Polars has no DELTA_BYTE_ARRAY of FIXED values, which v2 writes decimals with.
  local forms = { {}, { compression = "zstd" }, { compression = "gzip" }, { compression = "lz4_raw" },
    { ["parquet.page.row.count.limit"] = 100, ["parquet.block.row.count.limit"] = 1000 },
    { ["parquet.enable.dictionary"] = "false", ["parquet.enable.bytestreamsplit"] = "true" },
    { ["parquet.writer.version"] = "v2", v2 = true } }

  for _, reader in ipairs { "pyarrow", "duckdb", "polars", "spark" } do
    it(reader, function()
      if not with then pending "no Python with the peers" return end
      local folder = os.tmpname()
      os.remove(folder)
      for i, form in ipairs(forms) do
        local rows = i == 1 and 30000 or 3000
        local w = spark:sql((SQL:gsub("ROWS", rows))).write:mode "overwrite"
        for k, v in pairs(form) do w = w:option(k, v) end
        if not (reader == "polars" and form.v2) and (reader ~= "spark" or i == 1 or form.v2) then
          w:parquet(folder)
          local lines = read(reader, folder)
          if not lines then pending(reader .. " is not installed") break end
          assert.same(expected(rows), lines)
        end
      end
      os.execute("rm -rf " .. folder)
    end)
  end
end)
