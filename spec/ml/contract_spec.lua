-- What every class of stages must do, whatever it computes: the suite walks the registry, so a new class is tested
-- by being registered. How to use a class on data comes from SAMPLES: parameters, and columns of the data below.
local tidemill = require "tidemill"
local support = dofile "spec/support.lua"
local ml = tidemill.ml
local HANDLE = require "tidemill.internal".handle

-- Columns for any class: strings, counts, numbers with NaN and null, vectors, words, labels.
local V = ml.linalg.Vectors
local COLUMNS = { { "id", "int" }, { "s", "string" }, { "c", "double" }, { "x", "double" },
  { "words", "array<string>" },
  { "features", "vector" }, { "label", "double" }, { "weight", "double" }, { "prediction", "double" },
  { "rawPrediction", "vector" } }
local WORDS = { "a", "b", "a", "c", "b", "a" }

local function schema(nullable)
  local T, fields = tidemill.types, {}
  for i, c in ipairs(COLUMNS) do
    fields[i] = T.StructField(c[1], c[2] == "vector" and T.VectorUDT() or T.fromDDL(c[2]), nullable)
  end
  return T.StructType(fields)
end

local function rows(n)
  local out = {}
  for i = 1, n do
    local label = (i * 7 % 5) // 3 + 0.0
    out[i] = { i, WORDS[i % 6 + 1], i % 3 + 0.0, (i * 37 % 101) / 7, { WORDS[i % 6 + 1], "the" },
      i % 2 == 0 and V.dense { i % 7, label * 2 + i % 3, 1 } or V.sparse(3, { 1 }, { label * 2 + i % 3 }), label,
      1.0 + i % 2, label, V.dense { 1 - label, label } }
  end
  return out
end

-- Parameters by class where the defaults do not fit the data.
local SAMPLES = {
  StringIndexer = { inputCol = "s", outputCol = "o" },
  OneHotEncoder = { inputCol = "c", outputCol = "o" },
  VectorAssembler = { inputCols = { "c", "x", "features" }, outputCol = "o" },
  StandardScaler = { inputCol = "features", outputCol = "o" },
  Imputer = { inputCol = "x", outputCol = "o" },
  Tokenizer = { inputCol = "s", outputCol = "o" },
  HashingTF = { inputCol = "words", outputCol = "o" },
  IDF = { inputCol = "features", outputCol = "o" },
  Bucketizer = { inputCol = "x", outputCol = "o", splits = { -math.huge, 1, 5, math.huge } },
}
-- Null in an input: these give a value, all others an error.
local TAKES_NULL = { Imputer = true, OneHotEncoder = true }

local function public(info)
  if ml.classes[info.name].package == "ml" then return ml[info.name] end
  return ml[info.package][info.name]
end

local function build(info)
  local params = {}
  for k, v in pairs(SAMPLES[info.name] or {}) do params[k] = v end
  local stage = public(info)(params)
  if info.role ~= "evaluator" and stage:hasParam "predictionCol" then
    for name, value in pairs { predictionCol = "p", probabilityCol = "q", rawPredictionCol = "r" } do
      if stage:hasParam(name) then stage:set(name, value) end
    end
  end
  return stage
end

local function composite(info)
  for _, p in ipairs(info.params) do if p.kind == "stages" or p.kind == "stage" then return true end end
  return false
end

local function caught(f, ...)
  local ok, e = pcall(f, ...)
  assert.falsy(ok, "expected an error")
  assert.equal("table", type(e), tostring(e))
  assert.truthy(e.condition)
  return e
end

local function texts(df)
  local lines = {}
  for i, row in ipairs(df:collect()) do lines[i] = tostring(row) end
  return lines
end

local function load(stage)
  local path = os.tmpname()
  os.remove(path)
  stage:save(path)
  local name = getmetatable(stage).__name
  local loaded = public(ml.classes[name]).load(path)
  os.remove(path)
  return loaded
end

-- A value outside the range that a parameter's table states, as JSON-like Lua; nil: none is known.
local function bad_value(p)
  if not p.valid then return nil end
  if p.kind == "string" then return "no such name" end
  if p.kind == "boolean" or p.valid:find "^each" then return nil end
  local open, low = p.valid:match "^([%[%(])(-?[%d%.]+),"
  if not low then return nil end
  local value = open == "(" and tonumber(low) or tonumber(low) - 1
  return (p.kind == "int" or p.kind == "long") and math.tointeger(value) or value
end

local sorted = {}
for _, info in pairs(ml.classes) do sorted[#sorted + 1] = info end
table.sort(sorted, function(a, b) return a.name < b.name end)

describe("a class of stages", function()
  local spark, data
  setup(function()
    spark = tidemill.session {}
    data = spark:createDataFrame(rows(60), schema(true))
  end)

  for _, info in ipairs(sorted) do
    describe(info.name, function()
      it("is documented: itself, every parameter, an example", function()
        assert.truthy(info.doc and #info.doc > 10)
        if info.role ~= "model" then assert.truthy(info.example, "no example") end
        for _, p in ipairs(info.params) do assert.truthy(p.doc and #p.doc > 5, p.name) end
        local text = support.printed(function() tidemill.help(info.name) end)
        for _, p in ipairs(info.params) do assert.truthy(text:find(p.name, 1, true), p.name) end
        if info.example then assert.truthy(text:find(info.example:match "^[^\n]*", 1, true)) end
      end)

      if info.role ~= "model" then
        it("is made with its defaults and explains them", function()
          local stage = public(info) {}
          assert.matches("^" .. info.name .. "_%x+$", stage.uid)
          for _, p in ipairs(info.params) do
            assert.equal(p.preset ~= nil, stage:hasDefault(p.name))
            assert.falsy(stage:isSet(p.name))
            assert.truthy(stage:explainParams():find(p.name .. ":", 1, true), p.name)
          end
        end)

        it("refuses a parameter it has not, and names those that are near", function()
          local p = info.params[1].name
          local e = caught(public(info), { [p .. "x"] = 1 })
          local near = {}
          for _, name in ipairs(e.candidates) do near[name] = true end
          assert.truthy(near[p], "candidates lack " .. p)
        end)

        it("refuses values out of range and keeps the old ones", function()
          for _, p in ipairs(info.params) do
            local bad = bad_value(p)
            if bad ~= nil then
              local stage = public(info) {}
              local e = caught(stage.set, stage, p.name, bad)
              assert.equal("INVALID_PARAMETER", e.condition)
              assert.truthy(e.message:find(info.name .. "." .. p.name, 1, true), e.message)
              assert.falsy(stage:isSet(p.name))
            end
          end
        end)

        it("copies: same uid, parameters of its own", function()
          local stage = build(info)
          local copy = stage:copy()
          assert.equal(stage.uid, copy.uid)
          assert.equal(tostring(stage), tostring(copy))
          for _, p in ipairs(info.params) do
            local free = p.kind == "string" and not p.valid -- a class may refuse the text all the same
            if free and pcall(copy.set, copy, p.name, "changed") and stage:isSet(p.name) then
              assert.not_equal("changed", stage:getOrDefault(p.name))
            end
          end
        end)

        it("saves and loads", function()
          local stage = build(info)
          local loaded = load(stage)
          assert.equal(stage.uid, loaded.uid)
          assert.equal(tostring(stage), tostring(loaded))
        end)
      end

      if info.role == "estimator" and not composite(info) then
        it("fits to the same bits on 1 and on 2 threads", function()
          local seen = {}
          for threads = 1, 2 do
            local own = tidemill.SparkSession.builder:config("threads", threads):create()
            local df = own:createDataFrame(rows(5000), schema(true)):repartition(4)
            seen[threads] = texts(build(info):fit(df):transform(df:limit(100)))
            own:close()
          end
          assert.same(seen[1], seen[2])
        end)

        it("has a model that copies, saves and loads to one that transforms the same", function()
          local stage = build(info)
          local model = stage:fit(data)
          assert.equal(stage.uid, model.uid)
          local expected = texts(model:transform(data))
          assert.equal(60, #expected)
          assert.same(expected, texts(model:copy():transform(data)))
          local loaded = load(model)
          assert.equal(model.uid, loaded.uid)
          assert.same(expected, texts(loaded:transform(data)))
          for _, name in ipairs(model[HANDLE]:attributes()) do
            if not name:find "^summary%." then assert.not_nil(loaded[name], name) end
          end
        end)

        it("fits to no rows or says why not", function()
          local ok, model = pcall(build(info).fit, build(info), data:where "id < 0")
          if ok then
            assert.equal(0, #model:transform(data:where "id < 0"):collect())
          else
            assert.truthy(model.condition, tostring(model))
          end
        end)
      end

      if info.role == "transformer" or (info.role == "estimator" and not composite(info)) then
        local function fitted()
          local stage = build(info)
          return info.role == "estimator" and stage:fit(data) or stage
        end

        it("adds columns behind those that are there, lazily and without changing rows", function()
          local df = fitted():transform(data)
          for i, c in ipairs(COLUMNS) do assert.equal(c[1], df.columns[i]) end
          assert.truthy(#df.columns > #COLUMNS)
          assert.equal(60, df:count())
          assert.same(texts(data), texts(df:select(table.unpack(data.columns))))
          assert.equal(30, #df:where "id > 30":collect())
        end)

        it("transforms no rows", function()
          local none = data:where "id < 0"
          if info.name ~= "VectorAssembler" then assert.equal(0, #fitted():transform(none):collect()) end
        end)

        it("meets nulls as Spark does: a value, or an error of one row", function()
          local null = {}
          for i = 1, #COLUMNS do null[i] = tidemill.null end
          null[1] = 1
          local df = spark:createDataFrame({ rows(1)[1], null }, schema(true))
          local stage = fitted()
          local ok, e = pcall(function() return stage:transform(df):collect() end)
          if TAKES_NULL[info.name] then assert.truthy(ok, tostring(e))
          elseif not ok then assert.truthy(e.condition, tostring(e)) end
        end)

        it("refuses an output column that is there, and an input column that is not", function()
          local stage = build(info)
          local apply = function()
            return info.role == "estimator" and stage:fit(data) or stage:transform(data)
          end
          for _, p in ipairs { "inputCol", "featuresCol" } do
            if stage:hasParam(p) and stage:isSet(p) then
              stage:set(p, "nowhere")
              caught(apply)
            end
          end
          stage = build(info)
          for _, p in ipairs { "outputCol", "predictionCol" } do
            if stage:hasParam(p) and stage:isSet(p) and info.name ~= "Imputer" then
              stage:set(p, "id")
              caught(apply)
            end
          end
        end)
      end
    end)
  end

  it("is refused by a snapshot that was changed", function()
    local path = os.tmpname()
    os.remove(path)
    ml.feature.StringIndexer { inputCol = "s", outputCol = "o" }:fit(data):save(path)
    local f = assert(io.open(path, "rb"))
    local bytes = f:read "a"
    f:close()
    for at = 1, #bytes, 13 do
      local changed = bytes:sub(1, at - 1) .. string.char(bytes:byte(at) ~ 0x20) .. bytes:sub(at + 1)
      f = assert(io.open(path, "wb"))
      f:write(changed)
      f:close()
      caught(ml.feature.StringIndexerModel.load, path)
    end
    os.remove(path)
  end)
end)
