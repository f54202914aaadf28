-- TPC-H on CSV files: answers compared with those of Spark, and the time of each query.
--
--   lua5.4 spec/bench/tpch.lua DATA QUERIES ANSWERS [RUNS [qNN]]
--
-- RUNS > 0: the tables are loaded into memory first, the columns that the queries use; each query runs that often and
-- the best time counts. 0: each query reads the files, once. "serve": load, print "ready", then answer each line that
-- names a query with the seconds it took (tpch_duckdb.py asks so, to time both engines in turn).
--
-- DATA holds the eight tables as CSV with headers (tpchgen-cli csv -s 1), QUERIES q01.sql .. q22.sql, ANSWERS
-- q01.tsv .. with a schema line and rows of cells separated by tabs.
local tidemill = require "tidemill"
local core = require "tidemill.core"

local SCHEMAS = {
  region = "r_regionkey BIGINT, r_name STRING, r_comment STRING",
  nation = "n_nationkey BIGINT, n_name STRING, n_regionkey BIGINT, n_comment STRING",
  supplier = "s_suppkey BIGINT, s_name STRING, s_address STRING, s_nationkey BIGINT, s_phone STRING, "
    .. "s_acctbal DECIMAL(15,2), s_comment STRING",
  customer = "c_custkey BIGINT, c_name STRING, c_address STRING, c_nationkey BIGINT, c_phone STRING, "
    .. "c_acctbal DECIMAL(15,2), c_mktsegment STRING, c_comment STRING",
  part = "p_partkey BIGINT, p_name STRING, p_mfgr STRING, p_brand STRING, p_type STRING, p_size INT, "
    .. "p_container STRING, p_retailprice DECIMAL(15,2), p_comment STRING",
  partsupp = "ps_partkey BIGINT, ps_suppkey BIGINT, ps_availqty INT, ps_supplycost DECIMAL(15,2), ps_comment STRING",
  orders = "o_orderkey BIGINT, o_custkey BIGINT, o_orderstatus STRING, o_totalprice DECIMAL(15,2), o_orderdate DATE, "
    .. "o_orderpriority STRING, o_clerk STRING, o_shippriority INT, o_comment STRING",
  lineitem = "l_orderkey BIGINT, l_partkey BIGINT, l_suppkey BIGINT, l_linenumber INT, l_quantity DECIMAL(15,2), "
    .. "l_extendedprice DECIMAL(15,2), l_discount DECIMAL(15,2), l_tax DECIMAL(15,2), l_returnflag STRING, "
    .. "l_linestatus STRING, l_shipdate DATE, l_commitdate DATE, l_receiptdate DATE, l_shipinstruct STRING, "
    .. "l_shipmode STRING, l_comment STRING",
}

local function read(path)
  local f = assert(io.open(path))
  local text = f:read "a"
  f:close()
  return text
end

local function rows_of(df)
  local lines = {}
  for _, row in ipairs(df:collect()) do
    local cells = {}
    for i = 1, #row do cells[i] = tostring(row[i]) end
    lines[#lines + 1] = table.concat(cells, "\t")
  end
  return lines
end

local serve = arg[4] == "serve"
local data, queries, answers, runs, only = arg[1], arg[2], arg[3], serve and 1 or tonumber(arg[4] or 0), arg[5]
local spark = tidemill.session {}
local load_began = core.seconds()
for name, schema in pairs(SCHEMAS) do
  local t = spark.read:option("header", true):schema(schema):csv(("%s/%s.csv"):format(data, name))
  if runs > 0 then t = t:drop "l_comment":drop "ps_comment":cache() t:count() end
  t:createOrReplaceTempView(name)
end
if runs > 0 and not serve then print(("loaded in %.3f s"):format(core.seconds() - load_began)) end

if serve then
  io.stdout:setvbuf "line"
  print "ready"
  for name in io.lines() do
    local text, began = read(("%s/%s.sql"):format(queries, name)), core.seconds()
    rows_of(spark:sql(text))
    print(core.seconds() - began)
  end
  os.exit(true)
end

local right, total = 0, 0
for i = 1, 22 do
  local name = ("q%02d"):format(i)
  if not only or only == name then
    local text, took, verdict, ok, got = read(("%s/%s.sql"):format(queries, name)), math.huge, "right", nil, nil
    for _ = 1, math.max(runs, 1) do
      local began = core.seconds()
      ok, got = pcall(function() return rows_of(spark:sql(text)) end)
      took = math.min(took, core.seconds() - began)
    end
    if not ok then verdict = tostring(got) else
      local n = 0
      for line in read(("%s/%s.tsv"):format(answers, name)):gmatch "[^\n]+" do
        if line:sub(1, 2) ~= "# " then
          n = n + 1
          if got[n] ~= line then verdict = ("row %d: expected %s, got %s"):format(n, line, tostring(got[n])) break end
        end
      end
      if verdict == "right" and n ~= #got then verdict = ("%d rows, expected %d"):format(#got, n) end
    end
    if verdict == "right" then right = right + 1 end
    total = total + took
    print(("%s  %7.3f s  %s"):format(name, took, verdict:sub(1, 160)))
  end
end
print(("%d right, %.3f s"):format(right, total))
