-- Queries that run on several threads at once, for the thread sanitizer; any number of them gives the same rows.
local tidemill = require "tidemill"

local QUERIES = {
  "SELECT id % 7 k, count(*), sum(id), max(CAST(id AS STRING)) FROM big WHERE id % 3 = 0 GROUP BY k ORDER BY k",
  "SELECT count(*), sum(a.id) FROM big a JOIN small b ON a.id % 1000 = b.id",
  "SELECT count(*) FROM small b LEFT ANTI JOIN big a ON a.id = b.id * 7",
  "SELECT id, row_number() OVER (PARTITION BY id % 5 ORDER BY id DESC) r FROM small ORDER BY r, id LIMIT 20",
  "SELECT id, s FROM big ORDER BY s DESC, id LIMIT 10",
  "SELECT DISTINCT id % 11 d FROM big ORDER BY d",
  "SELECT count(*) FROM (SELECT id FROM big UNION SELECT id * 2 FROM small)",
  "SELECT s, count(*) n FROM (SELECT explode(array(s, 'x')) s FROM big) GROUP BY s ORDER BY n DESC, s LIMIT 5",
  "SELECT sum(x) FROM (SELECT avg(id) OVER (PARTITION BY id % 100) x FROM small)",
}

-- What reads, writes and fits: texts of a session and a folder.
local WORK = {}

function WORK.files(spark, dir)
  local out = {}
  local rows = spark:sql "SELECT id, id % 3 p, concat('name, of ', id % 700) s, id / 8 x FROM range(60000)"
  for _, format in ipairs { "csv", "json", "snapshot" } do
    local path = dir .. "/" .. format
    local writer = format == "snapshot" and rows.write or rows:repartition(3).write:option("header", true)
    writer:mode("overwrite"):format(format):save(path)
    local reader = format == "csv" and spark.read:option("header", true):option("inferSchema", true) or spark.read
    out[#out + 1] = tostring(reader:format(format):load(path):selectExpr("count(*)", "sum(id)", "max(s)", "sum(x)")
      :collect()[1])
  end
  rows.write:mode("overwrite"):partitionBy("p"):csv(dir .. "/parts")
  local part = spark.read:csv(dir .. "/parts"):where "p = 1"
  out[#out + 1] = tostring(part:selectExpr("count(*)", "max(_c1)"):collect()[1])
  return out
end

function WORK.fit(spark)
  local ml, out = tidemill.ml, {}
  local rows = spark:sql [[SELECT CAST(id % 13 AS DOUBLE) a, CAST(id * 7 % 31 AS DOUBLE) b,
    CAST(id % 13 + id * 7 % 31 > 21 AS DOUBLE) label FROM range(20000)]]
  local data = ml.feature.VectorAssembler { inputCols = { "a", "b" }, outputCol = "features" }:transform(rows)
  local stages = { ml.classification.LogisticRegression { maxIter = 5 }, ml.clustering.KMeans { k = 3, seed = 1 },
    ml.classification.DecisionTreeClassifier { maxDepth = 3 }, ml.regression.LinearRegression { maxIter = 5 },
    ml.feature.StandardScaler { inputCol = "features", outputCol = "f" } }
  for i, stage in ipairs(stages) do
    local rows_of = stage:fit(data):transform(data):limit(40):collect()
    for j, row in ipairs(rows_of) do rows_of[j] = tostring(row) end
    out[i] = table.concat(rows_of, "\n")
  end
  return out
end

describe("threads", function()
  it("give the same rows at any number", function()
    local expected = {}
    tidemill.session {}:stop() -- another's would be used again
    for _, threads in ipairs { 1, 4 } do
      local spark = tidemill.session { threads = threads }
      spark:sql "SELECT id, concat('name', id % 500) s FROM range(200000)":createOrReplaceTempView "big"
      spark:range(1000):createOrReplaceTempView "small"
      for i, query in ipairs(QUERIES) do
        local rows = {}
        for j, row in ipairs(spark:sql(query):collect()) do rows[j] = tostring(row) end
        expected[i] = expected[i] or rows
        assert.same(expected[i], rows)
      end
      spark:stop()
    end
  end)

  for name, work in pairs(WORK) do
    it("give the same " .. name .. " at any number", function()
      local expected, dir = nil, os.tmpname()
      os.remove(dir)
      assert(os.execute("mkdir " .. dir))
      tidemill.session {}:stop()
      for _, threads in ipairs { 1, 4 } do
        local spark = tidemill.session { threads = threads }
        local got = work(spark, dir)
        expected = expected or got
        assert.same(expected, got)
        spark:stop()
      end
      os.execute("rm -rf " .. dir)
    end)
  end
end)
