-- Cases of ml that are a call instead of a fit and a transform: each pattern of `call` with what it does here.
-- A function gets the case and the tools of format_ml.lua and gives the value to compare; errors are judged there.
local tidemill = require "tidemill"
local linalg = tidemill.ml.linalg
local Vectors, Matrices = linalg.Vectors, linalg.Matrices
local M = {}

local NAMED = { d1 = Vectors.dense { 1, 2, 3 }, d2 = Vectors.dense { 4, -5, 6 },
  s1 = Vectors.sparse(3, { 0, 2 }, { 1, 3 }), s2 = Vectors.sparse(3, { 1 }, { 2 }) }

local function list(text)
  local out = {}
  for number in text:gmatch "[^,%s]+" do out[#out + 1] = tonumber(number) end
  return out
end

-- "[1.0,2.0]" or "(3,[0],[1.0])".
local function vector(text)
  local size, indices, values = text:match "^%((%d+),%[(.-)%],%[(.-)%]%)$"
  if size then return Vectors.sparse(tonumber(size), list(indices), list(values)) end
  return Vectors.dense(list(text:match "^%[(.*)%]$"))
end

local function failure(f, ...)
  local ok, e = pcall(f, ...)
  assert(not ok and type(e) == "table", "expected an error")
  return e
end

-- An error value where Spark raises the Python class of that name.
local function raises(name, f, ...)
  failure(f, ...)
  return name
end

local saved = 0
local function new_path()
  saved = saved + 1
  local path = os.tmpname()
  os.remove(path)
  return path .. "_" .. saved
end

local function bucketizer(t)
  return t.build("Bucketizer", { inputCol = "s", outputCol = "o", splits = { 0, 1, 2 } })
end

-- A few rows to fit on.
local function small(case)
  return case.spark:createDataFrame({ { 1.0, Vectors.dense { 1 } }, { 3.0, Vectors.dense { 2 } },
    { 4.0, Vectors.dense { 3 } } }, "label double, features vector")
end

local CALLS = {
  { "^(%w%d)%.dot%((%w%d)%)", function(_, _, a, b) return NAMED[a]:dot(NAMED[b]) end },
  { "^squared_distance%((%w%d), (%w%d)%)$", function(_, _, a, b) return NAMED[a]:squared_distance(NAMED[b]) end },
  { "^(%w%d)%.norm%((%w+)%)$", function(_, _, a, p) return NAMED[a]:norm(p == "inf" and math.huge or tonumber(p)) end },
  { "^tostring%((%w%d)%), number", function(_, _, a)
    return { tostring(NAMED[a]), NAMED[a]:numNonzeros(), NAMED[a].size }
  end },
  { "^dense%(1,0,3%) == s1$", function() return Vectors.dense { 1, 0, 3 } == NAMED.s1 end },
  { "^sparse from pairs", function()
    return { Vectors.sparse(4, { { 1, 1.0 }, { 3, 5.5 } }), Vectors.sparse(4, { [1] = 1.0, [3] = 5.5 }) }
  end },
  { "^sparse%(4, %[1, 1%]", function() return Vectors.sparse(4, { 1, 1 }, { 5, 1 }) end },
  { "^sparse%(2, %[2%]", function() return Vectors.sparse(2, { 2 }, { 5 }) end },
  { "^zeros%(3%)$", function() return Vectors.zeros(3) end },
  { "^compressed%((.*)%)$", function(case, _, text)
    local v = vector(text):compressed()
    local sparse = case.spec.expect.value.type == "sparse"
    assert((getmetatable(v).__name == "SparseVector") == sparse, "dense instead of sparse, or the reverse")
    return v
  end },
  { "^argmax%((.*)%)$", function(_, _, text) return vector(text):argmax() end },
  { "^numNonzeros, numActives %((.*)%)$", function(_, _, text)
    return { vector(text):numNonzeros(), vector(text):numActives() }
  end },
  { "^dense%(2, 3, %[1%.%.6%]%)", function() return Matrices.dense(2, 3, { 1, 2, 3, 4, 5, 6 }) end },
  { "^sparse%(3, 2,", function() return Matrices.sparse(3, 2, { 0, 1, 3 }, { 0, 2, 1 }, { 9, 6, 8 }) end },
  { "^m%[1,2%], out of range$", function()
    local m = Matrices.dense(2, 3, { 1, 2, 3, 4, 5, 6 })
    return { m:get(2, 3), raises("IndexError", m.get, m, 3, 1) }
  end },
  { "^save to a folder that exists$", function(_, t)
    local path = new_path()
    bucketizer(t):save(path)
    local e = failure(bucketizer(t).save, bucketizer(t), path)
    os.remove(path)
    error(e, 0)
  end },
  { "^write%(%)%.overwrite%(%)%.save$", function(_, t)
    local path = new_path()
    bucketizer(t):save(path)
    bucketizer(t).write:overwrite():save(path)
    os.remove(path)
  end },
  { "^load of a folder that does not exist$", function(_, t) return t.class "Bucketizer".load(new_path()) end },
  { "^PipelineModel%.load of a Binarizer$", function(_, t)
    local path = new_path()
    bucketizer(t):save(path)
    local e = failure(t.class "PipelineModel".load, path)
    os.remove(path)
    error(e, 0)
  end },
  { "^load keeps the uid$", function(_, t)
    local path, stage = new_path(), bucketizer(t)
    stage:save(path)
    local uid = t.class "Bucketizer".load(path).uid
    os.remove(path)
    return uid == stage.uid
  end },
  { "^extractParamMap%({regParam: 0%.7}%) over set over default$", function(_, t)
    local lr, plain = t.build("LinearRegression", { regParam = 0.3 }), t.build("LinearRegression", {})
    local p = lr.regParam
    return { lr:extractParamMap({ [p] = 0.7 })[p], lr:extractParamMap()[p], plain:extractParamMap()[plain.regParam] }
  end },
  { "^copy%({maxIter: 9}%) leaves the first alone$", function(_, t)
    local lr = t.build("LinearRegression", { maxIter = 5 })
    return { lr:copy({ [lr.maxIter] = 9 }):getMaxIter(), lr:getMaxIter() }
  end },
  { "^a param of another stage in fit's map is refused or ignored$", function(case, t)
    local lr, other = t.build("LinearRegression", { regParam = 0.3 }), t.build("KMeans", {})
    local ok, model = pcall(lr.fit, lr, small(case), { [other.k] = 9 })
    return not ok or model:getRegParam() == 0.3
  end },
  { "^fit%(df, %[map, map%]%) gives a list in order$", function(case, t)
    local lr, out = t.build("LinearRegression", {}), {}
    local models = lr:fit(small(case), { { [lr.regParam] = 0.1 }, { [lr.regParam] = 0.5 } })
    for i, model in ipairs(models) do out[i] = model:getRegParam() end
    return out
  end },
  { "^getParam%('zz'%)$", function(_, t) return t.build("LinearRegression", {}):getParam "zz" end },
  { "^maxIter = 3%.0 is taken as 3, 3%.5 is refused$", function(_, t)
    local lr = t.build("LinearRegression", {})
    return { lr:setMaxIter(3.0):getMaxIter(), raises("TypeError", lr.setMaxIter, lr, 3.5) }
  end },
  { "^featuresCol = 5 is refused$", function(_, t) return t.build("LinearRegression", { featuresCol = 5 }) end },
  { "^fitIntercept = 1 is refused$", function(_, t) return t.build("LinearRegression", { fitIntercept = 1 }) end },
  { "^the model carries its estimator's uid and params$", function(case, t)
    local lr = t.build("LinearRegression", { regParam = 0.3 })
    local model = lr:fit(small(case))
    return { model.uid == lr.uid, model:getRegParam(), model.parent.uid == lr.uid }
  end },
  { "^Pipeline with a number among its stages: fit$", function(case, t)
    return t.class "Pipeline" { stages = { 5 } }:fit(case:load(case.spec.input))
  end },
  { "^Tokenizer twice with one output name$", function(case, t)
    local tokenizer = t.build("Tokenizer", { inputCol = "plan", outputCol = "w" })
    local model = t.class "Pipeline" { stages = { tokenizer, tokenizer } }:fit(case:load(case.spec.input))
    return { type = "object", class = getmetatable(model).__name }
  end },
  { "^show%(%) as text$", function(case, t) return t.unsupported(case.spec.call) end },
}

--- The function of a case's call, its captures given; nil: none.
function M.find(spec)
  for _, c in ipairs(CALLS) do
    local captures = table.pack(spec.call:match(c[1]))
    if captures[1] then
      return function(case, tools)
        if spec.call:find(c[1]) and captures[1] == spec.call then return c[2](case, tools) end
        return c[2](case, tools, table.unpack(captures, 1, captures.n))
      end
    end
  end
end

return M
