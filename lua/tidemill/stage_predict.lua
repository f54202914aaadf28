--- model:predict(vector), predictRaw, predictProbability, predictLeaf: what a model says to one vector. It is put
-- through the model as a row, so the answer is that of transform.
local arguments = require "tidemill.arguments"

local COLUMN = { predict = "predictionCol", predictRaw = "rawPredictionCol", predictProbability = "probabilityCol",
  predictLeaf = "leafCol" }

local function ask(model, value, wanted)
  local linalg = require "tidemill.linalg"
  if type(value) == "table" and not getmetatable(value) then value = linalg.Vectors.dense(value) end
  if not linalg.is_vector(value) then
    require "tidemill.errors".raise("NOT_EXPECTED_TYPE", { arg_name = "value", expected_type = "Vector",
      arg_type = arguments.type_name(value) })
  end
  local one = model:copy { featuresCol = "features" }
  for _, column in pairs(COLUMN) do
    if one:hasParam(column) then one:set(column, column == wanted and "answer" or "") end
  end
  local sessions = require "tidemill.session"
  local session = sessions.active_session() or sessions.session()
  return one:transform(session:createDataFrame({ { value } }, "features vector")):collect()[1].answer
end

--- The method of that name, or nil where the model has no such column.
return function(model, name)
  local column = COLUMN[name]
  if not column or not model:hasParam(column) or not model:hasParam "featuresCol" then return nil end
  return function(self, value) return ask(self, value, column) end
end
