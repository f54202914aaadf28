-- ML reference cases: `{"group", "cases": [...]}`. A stage with parameters is fitted on `input`, transforms `test`
-- (or `input`), and its rows, schema, metadata, learned attributes and metrics are compared within the tolerance of
-- the case. Cases of classes that are not built, and of calls that the runner does not know, are skipped.
local cjson = require "cjson"
local calls = require "ml_calls"
local stages = require "ml_stages"
local compare = require "compare"
local tidemill = require "tidemill"
local ml = tidemill.ml
local class, build, unsupported, SPECIAL = stages.class, stages.build, stages.unsupported, stages.SPECIAL
local M = {}

function M.claims(path) return path:find "/reference/[^/]+%.json$" ~= nil end

local function is_null(v) return v == nil or v == cjson.null end

-- "a int, v vector" -> { {"a", "int"}, ... }; commas inside <> and () do not count.
local function fields(schema)
  local list, depth, from = {}, 0, 1
  for i = 1, #schema + 1 do
    local c = schema:sub(i, i)
    if c == "<" or c == "(" then depth = depth + 1
    elseif c == ">" or c == ")" then depth = depth - 1
    elseif (c == "," and depth == 0) or c == "" then
      local part = schema:sub(from, i - 1)
      local name, kind = part:match "^%s*`([^`]*)`%s+(.-)%s*$"
      if not name then name, kind = part:match "^%s*(%S+)%s+(.-)%s*$" end
      if name then list[#list + 1] = { name, kind } end
      from = i + 1
    end
  end
  return list
end

-- A cell of `rows` as the value createDataFrame takes.
local function cell(v, kind)
  if is_null(v) then return nil end
  if type(v) == "string" and kind == "bigint" then return math.tointeger(v) end
  if type(v) == "string" and (kind:find "double" or kind:find "float" or kind:find "vector") then
    return SPECIAL[v] or v
  end
  if type(v) == "string" and kind:find "^decimal" then return tidemill.decimal(v) end
  if type(v) ~= "table" then return v end
  if v.type == "sparse" then return ml.linalg.Vectors.sparse(v.size, v.indices, v.values) end
  local list = {}
  for i, x in ipairs(v) do
    list[i] = cell(x, kind:match "array<(.*)>" or kind)
    if list[i] == nil then list[i] = tidemill.null end
  end
  if kind == "vector" then return ml.linalg.Vectors.dense(list) end
  return list
end

local Case = {}
Case.__index = Case

-- Columns { name, type } as a StructType; vectors have no name in SQL.
local function struct_type(columns)
  local T, list = tidemill.types, {}
  for i, f in ipairs(columns) do
    local kind = f[2] == "vector" and T.VectorUDT() or f[2] == "matrix" and T.MatrixUDT() or T.fromDDL(f[2])
    list[i] = T.StructField(f[1], kind)
  end
  return T.StructType(list)
end

-- Files of JSON lines have the types of their first row.
local function json_kind(v)
  if type(v) == "string" then return "string" end
  if type(v) == "number" then return v % 1 == 0 and "int" or "double" end
  if v.type == "sparse" then return "vector" end
  return "array<" .. json_kind(v[1]) .. ">"
end

local function json_lines(spark, path)
  local names, columns, rows = {}, {}, {}
  for line in io.lines(path) do
    local object = cjson.decode(line)
    if #rows == 0 then
      for name in line:gmatch '"([%w_]+)":' do if object[name] ~= nil then names[#names + 1] = name end end
      for i, name in ipairs(names) do columns[i] = { name, json_kind(object[name]) } end
    end
    local row = { n = #names }
    for i, name in ipairs(names) do row[i] = cell(object[name], columns[i][2]) end
    rows[#rows + 1] = row
  end
  return spark:createDataFrame(rows, struct_type(columns))
end

function Case:load(input)
  if input.rows then
    local columns, rows = fields(input.schema), {}
    for i, row in ipairs(input.rows) do
      rows[i] = { n = #columns }
      for k, f in ipairs(columns) do rows[i][k] = cell(row[k], f[2]) end
    end
    local df = self.spark:createDataFrame(rows, struct_type(columns))
    for name, metadata in pairs(input.metadata or {}) do df = df:withMetadata(name, metadata) end
    return df
  end
  if not input.data then unsupported "input" end
  local path = self.data .. "/" .. input.data
  local df = path:find "%.jsonl$" and json_lines(self.spark, path)
    or self.spark.read:csv(path, { header = true, inferSchema = true })
  if input.where then df = df:where(input.where) end
  for name, columns in pairs(input.vectors or {}) do
    local list = {}
    for i, c in ipairs(columns) do list[i] = ("CAST(`%s` AS DOUBLE)"):format(c) end
    df = df:withColumn(name, ml.functions.array_to_vector(
      tidemill.functions.expr("array(" .. table.concat(list, ", ") .. ")")))
  end
  if input.select then df = df:selectExpr(table.unpack(input.select)) end
  return df
end

-- The shortest text that reads back as the same 32-bit number.
local function float_text(v)
  local narrow = string.unpack("f", string.pack("f", v))
  for digits = 6, 9 do
    local s = ("%." .. digits .. "g"):format(narrow)
    if string.unpack("f", string.pack("f", tonumber(s) or 0)) == narrow then return s end
  end
  return tostring(v)
end

local function numbers(list)
  local out = {}
  for i, v in ipairs(list) do out[i] = type(v) == "number" and ("%.17g"):format(v) or v end
  return table.concat(out, ",")
end

-- Expected values as the text that CAST(value AS STRING) gives them.
local function text(v, kind)
  if is_null(v) then return "NULL" end
  if kind == "float" and type(v) == "number" then return float_text(v) end
  if type(v) == "number" then return ((kind:find "int$" and "%.0f") or "%.17g"):format(v) end
  if type(v) ~= "table" then return tostring(v) end
  if v.type == "sparse" then
    return ("(%d,[%s],[%s])"):format(v.size, table.concat(v.indices, ","), numbers(v.values))
  end
  local cells = {}
  local inner, members = kind:match "^array<(.*)>$", kind:match "^struct<(.*)>$"
  members = members and fields((members:gsub(":", " ")))
  for i, x in ipairs(v) do
    local s = text(x, members and members[i][2] or inner or kind)
    cells[i] = s == "NULL" and "null" or s
  end
  if members then return "{" .. table.concat(cells, ", ") .. "}" end
  return "[" .. table.concat(cells, kind == "vector" and "," or ", ") .. "]"
end

local function schema_text(df)
  local list = {}
  for i, field in ipairs(df.schema.fields) do
    list[i] = field.name .. " " .. field.dataType:simpleString():gsub("vectorudt", "vector"):gsub("matrixudt", "matrix")
  end
  return table.concat(list, ", ")
end

local function masked(s, stage)
  local uid = stage and stage.uid
  return uid and (s:gsub(uid:gsub("%p", "%%%0"), "<uid>")) or s
end

local function same_rows(expect, df, kinds, tolerance, sorted)
  local columns = expect.columns
  if columns then df = df:select(table.unpack(columns)) end
  local names = columns or df.columns
  local lines = {}
  for i, row in ipairs(expect.rows) do
    local cells = {}
    for k, name in ipairs(names) do
      cells[k] = text(row[k], kinds[name] or ""):gsub("[\\\t\n\r]", compare.ESCAPE)
    end
    lines[i] = table.concat(cells, "\t")
  end
  return compare.lines(lines, compare.texts(df), sorted, tolerance.relative or 0, tolerance.absolute)
end

-- Lua values of fitted attributes as plain tables: vectors and matrices by toArray, frames by collect.
local function plain(v)
  local t = type(v)
  if t ~= "table" and t ~= "userdata" then return v end
  local function method(name)
    local ok, f = pcall(function() return v[name] end)
    return ok and type(f) == "function" and f
  end
  if method "toArray" then return plain(v:toArray()) end
  if method "collect" then
    local rows = {}
    for i, row in ipairs(v:collect()) do
      rows[i] = {}
      for k = 1, #v.columns do rows[i][k] = plain(row[k]) end
    end
    return { rows = rows }
  end
  if t ~= "table" then return v end
  local out = {}
  for k, x in pairs(v) do out[k] = plain(x) end
  return out
end

local function same_value(want, got, tolerance)
  if is_null(want) then return is_null(got) end
  if type(want) == "string" and SPECIAL[want] then
    return got == SPECIAL[want] or (want == "NaN" and got ~= got) or got == want
  end
  if type(want) == "number" then
    return type(got) == "number" and
      (want == got or math.abs(want - got) <= (tolerance.absolute or 0) +
        (tolerance.relative or 0) * math.max(math.abs(want), math.abs(got)))
  end
  if type(want) ~= "table" then return want == got end
  if type(got) ~= "table" then return false end
  if want.type == "matrix" then want = want.values end
  if want.type == "sparse" then
    local dense = {}
    for i = 1, want.size do dense[i] = 0 end
    for i, k in ipairs(want.indices) do dense[k + 1] = want.values[i] end
    want = dense
  end
  if want.rows then want, got = want.rows, got.rows or got end
  for k, x in pairs(want) do
    if k ~= "schema" and not same_value(x, got[k], tolerance) then return false end
  end
  return #want == #got
end

-- Short names of the cases for attributes of summaries.
local SHORT = { rmse = "rootMeanSquaredError", mae = "meanAbsoluteError", mse = "meanSquaredError",
  standardErrors = "coefficientStandardErrors", tree = "rootNode" }

local function learned(model, name)
  if name == "objective" then
    local history = model.summary.objectiveHistory
    return history[#history]
  end
  name = SHORT[name] or name
  local ok, v = pcall(function() return model[name] end)
  if ok and type(v) == "function" then v = v(model) end
  local parameter_of_model = type(v) == "table" and (getmetatable(v) or {}).__name == "Param"
  if ok and v ~= nil and not parameter_of_model then return v end
  v = model.summary[name]
  if type(v) == "function" then v = v(model.summary) end
  return v
end

local EVALUATOR = {
  areaUnderROC = "BinaryClassificationEvaluator", areaUnderPR = "BinaryClassificationEvaluator",
  rmse = "RegressionEvaluator", r2 = "RegressionEvaluator", mae = "RegressionEvaluator",
  mse = "RegressionEvaluator", var = "RegressionEvaluator",
}

local function metric(name, df)
  if name:find "^silhouette" then
    local measure = name == "silhouetteCosine" and "cosine" or "squaredEuclidean"
    return class "ClusteringEvaluator" { distanceMeasure = measure }:evaluate(df)
  end
  return class(EVALUATOR[name] or "MulticlassClassificationEvaluator") { metricName = name }:evaluate(df)
end

local function show(v) return type(v) == "table" and cjson.encode(v) or tostring(v) end

-- What hangs on Spark's random numbers is checked by schema, sizes and bounds only.
local function check_learned(model, expect, tolerance)
  if tolerance.exact then return nil end
  for name, want in pairs(expect) do
    local got = plain(learned(model, name))
    if not same_value(want, got, tolerance) then
      local ok, s = pcall(show, got)
      return ("%s: expected %s, got %s"):format(name, show(want), ok and s or "?")
    end
  end
end

local function check_metadata(expect, df)
  for name, want in pairs(expect or {}) do
    if not (type(want) == "table" and want.tooLong) then
      local got = df.schema[name].metadata
      if not same_value(want, got, {}) then
        return ("metadata of %s: expected %s, got %s"):format(name, show(want), show(got))
      end
    end
  end
end

function Case:check_frame(df, expect, tolerance, sorted)
  local schema = masked(schema_text(df), self.stage)
  if expect.schema then schema = schema:gsub("`", "") end
  if expect.schema and schema ~= expect.schema:gsub("`", "") then
    return ("schema: expected %s\ngot %s"):format(expect.schema, schema)
  end
  local why = check_metadata(expect.metadata, df)
  if why then return why end
  if expect.rows and not tolerance.exact then
    local kinds = {}
    for _, f in ipairs(fields(expect.schema or schema)) do kinds[f[1]] = f[2] end
    why = same_rows(expect, df, kinds, tolerance, sorted or self.spec.sorted)
  end
  for name, want in pairs(not tolerance.exact and expect.metrics or {}) do
    local got = metric(name, df)
    if not why and not same_value(want, got, tolerance) then
      why = ("metric %s: expected %s, got %s"):format(name, show(want), show(got))
    end
  end
  return why
end

local function better_than(bounds, model)
  for name, b in pairs(bounds or {}) do
    if type(b) == "table" and (b.atMost or b.atLeast) then
      local got = learned(model, name)
      if b.atMost and got > b.atMost then return ("%s: at most %s, got %s"):format(name, b.atMost, got) end
      if b.atLeast and got < b.atLeast then return ("%s: at least %s, got %s"):format(name, b.atLeast, got) end
    end
  end
end

function Case:evaluate()
  local evaluator = build(self.spec.class, self.spec.params)
  local expect, tolerance = self.spec.expect, self.spec.tolerance or {}
  local got = evaluator:evaluate(self:load(self.spec.input))
  if expect.error then return "expected an error, got " .. tostring(got) end
  if not same_value(expect.value, got, tolerance) then
    return ("expected %s, got %s"):format(show(expect.value), show(got))
  end
  if expect.isLargerBetter ~= nil and evaluator:isLargerBetter() ~= expect.isLargerBetter then
    return "isLargerBetter differs"
  end
end

local function check_stages(model, expect)
  for i, name in ipairs(expect or {}) do
    local got = tostring(model.stages[i].uid)
    if not got:find("^" .. name:gsub("Model$", "")) and not got:find(name:sub(1, 8), 1, true) then
      return ("stage %d: expected %s, got %s"):format(i, name, got)
    end
  end
end

function Case:fit_and_transform()
  local spec, expect, tolerance = self.spec, self.spec.expect, self.spec.tolerance or {}
  self.stage = build(spec.class, spec.params)
  local input = self:load(spec.input)
  local model = self.stage
  local ok, is_estimator = pcall(function() return self.stage.fit ~= nil end)
  if ok and is_estimator then model = self.stage:fit(input) end
  local df = model:transform(spec.test and self:load(spec.test) or input)
  if expect.error then
    df:collect()
    return "expected an error, got rows"
  end
  local want = expect.learned or {}
  if spec.class == "CrossValidator" or spec.class == "TrainValidationSplit" then return self:check_tuned(model, df) end
  return check_stages(model, expect.stages)
    or check_learned(spec.class == "Pipeline" and model.stages[#model.stages] or model, want, tolerance)
    or self:check_frame(df, expect, tolerance) or better_than(spec.bounds, model)
end

function Case:check_tuned(model, df)
  local want, tolerance = self.spec.expect.learned, self.spec.tolerance or {}
  local kinds = self.spec.class == "CrossValidator" and { metrics = "avgMetrics", stdMetrics = "stdMetrics" }
    or { metrics = "validationMetrics" }
  for name, attribute in pairs(kinds) do
    local got = plain(model[attribute])
    if want[name] and not tolerance.exact and not same_value(want[name], got, tolerance) then
      return ("%s: expected %s, got %s"):format(name, show(want[name]), show(got))
    end
  end
  -- The first rows only were recorded; they count whatever the draw: the best model is fitted to all rows.
  local frame = { schema = want.schema, columns = want.columns, rows = want.rows }
  local near = { relative = tolerance.relative or 1e-9, absolute = tolerance.absolute }
  return check_learned(model.bestModel, want.best or {}, near)
    or self:check_frame(df:limit(#want.rows), frame, near)
end

function Case:grid()
  local lr = class "LinearRegression" {}
  local builder = class "ParamGridBuilder"()
  local maps = builder:addGrid(lr.regParam, { 0.1, 1.0 }):addGrid(lr.fitIntercept, { true, false })
    :baseOn { [lr.maxIter] = 5 }:build()
  if #maps ~= #self.spec.expect.maps then return "number of maps" end
end

-- What the calls of ml_calls.lua need.
local tools = { class = class, build = build, unsupported = unsupported, plain = plain }

-- The answer of a query over the input as view t.
function Case:query(statement)
  local spec = self.spec
  self:load(spec.input):createOrReplaceTempView "t"
  local expect, df = spec.expect, self.spark:sql(statement)
  if expect.error then
    df:collect()
    return "expected an error, got rows"
  end
  return self:check_frame(df, { schema = expect.schema, rows = expect.rows }, spec.tolerance or {}, expect.sorted)
end

-- Models of given labels: the cases were recorded with these parameters.
function Case:from_labels()
  local spec, make = self.spec, class(self.spec.class)[self.spec.call]
  local model = spec.call == "from_labels"
    and make(spec.labels, { inputCol = "s", outputCol = "o", handleInvalid = "keep" })
    or make({ spec.labels }, { inputCols = { "s" }, outputCols = { "o" }, handleInvalid = "skip" })
  return self:check_frame(model:transform(self:load(spec.input)), spec.expect, {})
end

function Case:check()
  local spec = self.spec
  if spec.call == "evaluate(input)" then return self:evaluate() end
  if spec.call and spec.call:find "^SELECT" then return self:query(spec.call) end
  if spec.call and spec.call:find "^select [%w_]+%(.*%)$" then
    return self:query(("%s AS %s FROM t"):format(spec.call, (spec.expect.schema or "x"):match "^%w+"))
  end
  if spec.class == "ParamGridBuilder" then return self:grid() end
  if spec.call == "indexOf(term)" then
    local stage = build(spec.class, spec.params)
    for i, term in ipairs(spec.terms) do
      if stage:indexOf(term) ~= spec.expect.values[i] then return "indexOf " .. term end
    end
    return nil
  end
  if spec.call and spec.call:find "^from_[%w_]*labels$" then return self:from_labels() end
  if spec.path then unsupported "stages in Spark's own files" end
  if spec.call then
    local call = calls.find(spec) or unsupported("call " .. spec.call)
    local got = call(self, tools)
    local want = spec.expect.value or spec.expect.type == "object" and spec.expect
    if not same_value(want, plain(got), spec.tolerance or {}) then
      return ("expected %s, got %s"):format(show(want), show(plain(got)))
    end
    return nil
  end
  return self:fit_and_transform()
end

-- An error is right where one is expected; its condition counts where Spark has one.
local function judge(case, ok, why)
  if not ok and type(why) == "table" and why.unsupported then return "skip", why.unsupported end
  local expected = case.spec.expect.error
  if ok then return why and "fail" or "pass", why end
  if not expected then return "fail", compare.describe(why) end
  if type(why) ~= "table" then return "fail", "not an error object: " .. tostring(why) end
  local condition = expected.condition
  if condition and not condition:find "^_LEGACY" and why.condition ~= condition then
    return "fail", ("expected error %s, got %s"):format(condition, compare.describe(why))
  end
  return "pass"
end

function M.run(path, report, wanted)
  local f <close> = assert(io.open(path, "rb"))
  local spark <close> = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }:newSession()
  local data = path:gsub("reference/[^/]*$", "data")
  -- whole numbers that a double cannot hold stay texts
  local text_of = f:read("a"):gsub("([%[,:])(%-?" .. ("%d"):rep(16) .. "+)([%],}])", '%1"%2"%3')
  for _, spec in ipairs(cjson.decode(text_of).cases) do
    if wanted(spec.id) then
      local case = setmetatable({ spec = spec, spark = spark, data = data }, Case)
      report(spec.id, judge(case, pcall(case.check, case)))
    end
  end
end

M.tools = {
  schema_text = schema_text,
  same_value = function(want, got) return same_value(want, got, {}) end,
  load = function(spark, input) return Case.load({ spark = spark }, input) end,
}

return M
