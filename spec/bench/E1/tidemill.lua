-- Orders from CSV to Parquet: cleaned, without duplicates, joined with customers and products; and summed by month,
-- country and category.
local peer = require "spec.bench.peer"
local json = require "cjson"
local spark = require "tidemill".session { threads = tonumber(os.getenv "TIDEMILL_THREADS" or 2) }
local F = require "tidemill".functions
local CHECK = json.decode(peer.read "spec/bench/E1/check.json")
local CATEGORIES = { "books", "food", "garden", "music", "office", "sport", "tools", "toys" }
local base, folder = os.tmpname(), nil
local path = { facts = base .. ".facts", pivot = base .. ".pivot" }

local function read(name, schema)
  return spark.read:options { header = true, escape = '"' }:schema(schema):csv(("%s/%s.csv"):format(folder, name))
end

local function facts()
  local orders = read("orders", "order_id BIGINT, line INT, customer STRING, product INT, quantity INT, price DOUBLE,"
    .. " day STRING, status STRING, note STRING")
  local clean = orders:filter "price > 0 AND lower(trim(status)) <> 'cancelled'"
    :select("order_id", "line", F.expr "upper(trim(customer)) AS customer", "product",
      F.expr "coalesce(quantity, 1) AS quantity", "price", F.expr "to_date(day, 'dd/MM/yyyy') AS day",
      F.expr "lower(trim(status)) AS status")
    :dropDuplicates { "order_id", "line" }
  local customers = read("customers", "id STRING, country STRING, segment STRING")
  local products = read("products", "id INT, category STRING, cost DOUBLE")
  return clean:join(customers, F.col "customer":equalTo(customers.id), "left"):drop(customers.id)
    :join(products, F.col "product":equalTo(products.id)):drop(products.id)
    :withColumn("amount", F.expr "quantity * price"):withColumn("margin", F.expr "quantity * (price - cost)")
end

local function pivot(rows)
  return rows:groupBy(F.expr "trunc(day, 'MM') AS month", "country"):pivot("category", CATEGORIES):agg(F.sum "amount")
end

local function run(case)
  local rows = facts()
  if case == "pivot" then rows = pivot(rows) end
  rows.write:mode("overwrite"):option("compression", "zstd"):parquet(path[case])
end

peer.serve(function(data)
  folder = data
  return { "facts", "pivot" }
end, run, function(case)
  run(case)
  return peer.rows(spark:sql(CHECK[case]:gsub("FROM t", "FROM {t}"), nil, { t = spark.read:parquet(path[case]) }))
end)
os.execute(("rm -rf %s %s.*"):format(base, base))
