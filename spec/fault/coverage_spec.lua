-- What the sweep must have: a scenario for each kind of node that the parser and the planner know, each way a table is
-- altered, each family of functions and each function with an example, each format and option of files, each operator
-- that puts rows aside. The registries are read from the sources, so a new kind without a scenario fails here.
local core = require "tidemill.core"

local function read(path)
  local f = assert(io.open(path))
  local s = f:read "a"
  f:close()
  return s
end

local function files(pattern)
  local pipe, out = assert(io.popen("ls " .. pattern)), {}
  for path in pipe:lines() do out[#out + 1] = path end
  pipe:close()
  return out
end

local SCENARIOS = read "spec/fault/scenarios.lua" .. read "spec/fault/more_scenarios.lua"

--- The names that a pattern finds in a source, and no trace of them in the scenarios. `traces`: a Lua pattern for each.
local function untested(source, pattern, traces)
  local out, seen = {}, 0
  for name in read(source):gmatch(pattern) do
    seen = seen + 1
    local trace = traces[name]
    if not (trace and SCENARIOS:find(trace)) then out[#out + 1] = name end
  end
  assert.is_true(seen > 3)
  return out
end

-- By what a statement or call of each kind is known.
local NODES = { RELATION = "FROM [a-z]", FUNCTION = "FROM range%(", TABLE = "createDataFrame", SOURCE = "spark%.read",
  VALUES = "VALUES", ONE_ROW = "SELECT 1", RANGE = "spark:range", RECURSION = "WITH RECURSIVE", PROJECT = ":select%(",
  FILTER = "WHERE", AGGREGATE = "GROUP BY", SORT = "ORDER BY", LIMIT = "LIMIT", TAIL = ":tail%(",
  DISTINCT = "SELECT DISTINCT", DEDUP = "dropDuplicates", WINDOW = "OVER %(", WINDOW_GROUP_LIMIT = "window group limit",
  GENERATE = "LATERAL VIEW", SAMPLE = "TABLESAMPLE", ALIAS = ":toDF%(", WITH_COLUMNS = ":withColumn%(", DROP = ":drop ",
  RENAME = "withColumnRenamed", WATERMARK = "withWatermark", TRANSFORM = ":transform%(", PIVOT = " PIVOT %(",
  UNPIVOT = " UNPIVOT ", REPARTITION = ":repartition%(", CACHE = ":cache%(", ZIP = ":zip%(", JOIN = " JOIN ",
  UNION = " UNION ALL ", SET_OP = "EXCEPT", WITH = '"WITH ', CREATE_VIEW = "CREATE VIEW", DROP_VIEW = "DROP VIEW",
  DESCRIBE = "DESCRIBE", EXPLAIN = "EXPLAIN", SHOW = "SHOW TABLES", SET = '"SET spark', RESET = '"RESET ',
  USE = '"USE ',
  CREATE_DATABASE = "CREATE DATABASE", DROP_DATABASE = "DROP DATABASE", ALTER_DATABASE = "ALTER DATABASE",
  CREATE_TABLE = "CREATE TABLE", DROP_TABLE = "DROP TABLE", ALTER_TABLE = "ALTER TABLE", TRUNCATE = "TRUNCATE TABLE",
  INSERT = '"INSERT INTO', INSERTS = "FROM .- INSERT INTO .- INSERT INTO", DELETE = "DELETE FROM", UPDATE = '"UPDATE ',
  MERGE = "MERGE INTO", ANALYZE = "ANALYZE TABLE", REPAIR = "MSCK REPAIR", REFRESH = "REFRESH TABLE",
  CACHE_TABLE = '"CACHE ', UNCACHE = '"UNCACHE ', CLEAR_CACHE = '"CLEAR CACHE', RESOURCE = '"LIST JARS',
  DECLARE = "DECLARE",
  SET_VARIABLE = "SET VAR", DROP_VARIABLE = "DROP TEMPORARY VARIABLE", EXECUTE = "EXECUTE IMMEDIATE", SCRIPT = "BEGIN",
  CREATE_FUNCTION = "CREATE FUNCTION", DROP_FUNCTION = "DROP FUNCTION" }

local ALTERS = { PROPERTIES = "SET TBLPROPERTIES", LOCATION = "SET LOCATION", SERDE = "SET SERDEPROPERTIES",
  COMMENT = "COMMENT ON TABLE", COLLATION = "DEFAULT COLLATION", RENAME = "RENAME TO", ADD_COLUMNS = "ADD COLUMNS",
  REPLACE_COLUMNS = "REPLACE COLUMNS", DROP_COLUMNS = "DROP COLUMN", RENAME_COLUMN = "RENAME COLUMN",
  COLUMN = "ALTER COLUMN", ADD_PARTITION = "ADD PARTITION", DROP_PARTITION = "DROP PARTITION",
  RENAME_PARTITION = "RENAME TO PARTITION", RECOVER_PARTITIONS = "RECOVER PARTITIONS", CONSTRAINT = "ADD CONSTRAINT",
  CLUSTER = "CLUSTER BY", VIEW_TEXT = "ALTER VIEW v AS", VIEW_SCHEMA = "ALTER VIEW v WITH SCHEMA" }

-- What uses exec/spill.h, and the scenario that makes it put rows aside or ask for room.
local SPILLING = { join_build = "spilled(join:lower()", kept = 'spilled("rows used twice"', pull = 'spilled("limit"',
  sort_order = 'spilled("sort"', spill = 'spilled("sort of nested rows"', spill_page = 'spilled("sort of nested rows"',
  spill_seek = 'spilled("window over a partition of pages"', window_disk = 'spilled("window over a partition of pages"',
  window_group_limit = 'spilled("window group limit"', aggregate_int = 'spilled("aggregate"',
  sorted = 'spilled("sort by what is computed"', spill_int = 'spilled("sort of nested rows"' }

-- Families of functions that no text names, and what calls them.
local HIDDEN = { store = "INSERT INTO", ml_vector = "array_to_vector" }

--- Is a function among `named` defined in the source? Macros put some names together: "kll_sketch_agg_" T.
local function is_called(source, named)
  for quoted in source:gmatch '"([%w_]+)"' do
    if named[quoted] then return true end
    if quoted:sub(-1) == "_" then
      for name in pairs(named) do
        if name:sub(1, #quoted) == quoted then return true end
      end
    end
  end
end

describe("the sweep of failing allocations", function()
  it("has every kind of node", function()
    assert.same({}, untested("csrc/plan/node.h", "\n  MILL_N_([%u_]+),", NODES))
  end)

  it("has every way a table is altered", function()
    assert.same({}, untested("csrc/plan/definition.h", "\n  MILL_ALTER_([%u_]+),", ALTERS))
  end)

  it("has every function with an example, and with it every family", function()
    local named, missing = {}, {}
    for _, name in ipairs(core.function_names()) do
      local info = core.function_info(name)
      named[info.name] = true
      local calls = info.example and info.example:match "^SELECT .- %->"
      if not calls and not SCENARIOS:find("%f[%w_]" .. info.name .. "%(") then missing[#missing + 1] = name end
    end
    assert.same({}, missing)
    for family in read("csrc/kernel/family.def"):gmatch "\nMILL_FAMILY%(([%w_]+)%)" do
      if not is_called(read("csrc/kernel/" .. family .. ".c"), named) and not (HIDDEN[family]
        and SCENARIOS:find(HIDDEN[family])) then missing[#missing + 1] = family end
    end
    assert.same({}, missing)
  end)

  it("has every format and option of files", function()
    local missing = {}
    local function want(name)
      if not SCENARIOS:find(name, 1, true) then missing[#missing + 1] = name end
    end
    for _, path in ipairs(files "csrc/io/*.c csrc/kernel/csv_*.c csrc/kernel/json_*.c") do
      local source = read(path)
      for call in source:gmatch "mill_option_%a+(%b())" do
        local name = call:match '^%([^"]-"([%w.]+)"'
        if name then want(name) end
      end
      for name in source:gmatch 'mill_output_%w+ = {%.name = "(%w+)"' do want(name) end
    end
    for name in read("csrc/base/json.c"):gmatch '{"(allow%w+)"' do want(name) end
    for name in read("csrc/io/parquet_write_options.c"):gmatch '{"(parquet[%w.]+)"' do want(name) end
    assert.same({}, missing)
  end)

  it("has every operator that puts rows aside", function()
    local missing = {}
    for _, path in ipairs(files "csrc/exec/*.[ch]") do
      local name = path:match "([%w_]+)%.[ch]$"
      if read(path):find('"exec/spill%.h"') then
        local scenario = SPILLING[name]
        if not (scenario and SCENARIOS:find(scenario, 1, true)) then missing[#missing + 1] = name end
      end
    end
    assert.same({}, missing)
  end)
end)
