-- The main job, end to end: a messy file is cleaned and joined, a model is fitted, evaluated and saved; another process
-- loads it and scores a stream of arriving files, is killed in the middle, started again, and ends with the same rows as a
-- batch run.
--   lua5.4 examples/journey.lua [FOLDER]        (make demo)
local tidemill = require "tidemill"
local F, ml = tidemill.functions, tidemill.ml

local mode, folder = "all", arg[1]
if arg[1] == "--score" then mode, folder = arg[2], arg[3] end
if not folder then
  folder = os.tmpname()
  os.remove(folder)
end
local paths = { model = folder .. "/penguins.model", incoming = folder .. "/incoming", scored = folder .. "/scored",
  checkpoint = folder .. "/checkpoint" }
local SCHEMA = "id BIGINT, island STRING, bill_length DOUBLE, bill_depth DOUBLE, flipper DOUBLE, grams DOUBLE"

local function shell(command) return (os.execute(command)) end
local function output_of(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a"
end

-- ---- the scoring process -----------------------------------------------------------------------------------------

local function scores(model, rows)
  return model:transform(rows):selectExpr("id", "species_of", "round(array_max(vector_to_array(probability)), 6) AS sure")
end

if mode ~= "all" then
  local spark <close> = tidemill.session { threads = 2 }
  local arriving = spark.readStream:schema(SCHEMA):option("maxFilesPerTrigger", 1):json(paths.incoming)
  local writer = scores(ml.PipelineModel.load(paths.model), arriving).writeStream:format "json"
    :option("checkpointLocation", paths.checkpoint)
  local trigger = mode == "slowly" and { processingTime = "100 milliseconds" } or { availableNow = true }
  writer:trigger(trigger):start(paths.scored):awaitTermination()
  return
end

-- ---- the journey -------------------------------------------------------------------------------------------------

local clock, step = os.time(), 0
local function say(fmt, ...)
  step = step + 1
  print(("%d. " .. fmt):format(step, ...))
end
local seconds = require "tidemill.core".seconds
local function timed(f)
  local began = seconds()
  local result = f()
  return result, (seconds() - began) * 1000
end

shell("mkdir -p '" .. paths.incoming .. "'")
local spark <close> = tidemill.session { threads = 2 }

local raw, took = timed(function()
  return spark.read:csv("examples/data/penguins_raw.csv", { header = true, inferSchema = true, nullValue = "NA" })
end)
say("read %d rows of %d columns, types inferred  (%.1f ms)", raw:count(), #raw.columns, took)

local islands = spark.read:csv("examples/data/islands.csv", { header = true, inferSchema = true })
raw:createOrReplaceTempView "raw"
islands:createOrReplaceTempView "islands"
local clean
clean, took = timed(function()
  return spark:sql [[
    SELECT row_number() OVER (ORDER BY studyName, `Sample Number`) AS id, split(Species, ' ')[0] AS species, r.Island AS island,
           `Culmen Length (mm)` AS bill_length, `Culmen Depth (mm)` AS bill_depth,
           CAST(`Flipper Length (mm)` AS DOUBLE) AS flipper, CAST(`Body Mass (g)` AS DOUBLE) AS grams, latitude
    FROM raw r JOIN islands i ON r.Island = i.island]]
    :dropna { subset = { "grams" } }:cache()
end)
local n
n, took = timed(function() return clean:count() end)
say("cleaned and joined with SQL: %d rows are complete  (%.1f ms)", n, took)
clean:groupBy("species", "island"):agg(F.count "*":alias "n", F.round(F.avg "grams"):alias "grams")
  :orderBy("species", "island"):show()

local train, test = table.unpack(clean:randomSplit({ 0.7, 0.3 }, 42))
local pipeline = ml.Pipeline { stages = {
  ml.feature.StringIndexer { inputCol = "species", outputCol = "label", stringOrderType = "alphabetAsc" },
  ml.feature.StringIndexer { inputCol = "island", outputCol = "island_index" },
  ml.feature.OneHotEncoder { inputCols = { "island_index" }, outputCols = { "island_vector" } },
  ml.feature.VectorAssembler { inputCols = { "bill_length", "bill_depth", "flipper", "grams" }, outputCol = "numbers" },
  ml.feature.StandardScaler { inputCol = "numbers", outputCol = "scaled", withMean = true },
  ml.feature.VectorAssembler { inputCols = { "scaled", "island_vector" }, outputCol = "features" },
  ml.classification.LogisticRegression { regParam = 0.01 } } }
local model
model, took = timed(function() return pipeline:fit(train) end)
say("fitted a pipeline of %d stages on %d rows  (%.1f ms)", #model.stages, train:count(), took)

local evaluator = ml.evaluation.MulticlassClassificationEvaluator { metricName = "accuracy" }
local accuracy
accuracy, took = timed(function() return evaluator:evaluate(model:transform(test)) end)
say("evaluated on %d other rows: accuracy %.3f  (%.1f ms)", test:count(), accuracy, took)

print(clock, F, accuracy)
