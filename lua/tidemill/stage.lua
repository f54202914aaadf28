--- Stages of ml: one class of Lua objects for all, driven by the parameter tables of the core.
-- Setters change the stage and return it; models do not change. stage.param is the Param itself, as in PySpark,
-- stage:getParam() its value; a model's fitted attributes (labels, coefficients, summary) are fields.
local arguments = require "tidemill.arguments"
local core = require "tidemill.core"
local dataframe = require "tidemill.dataframe"
local errors = require "tidemill.errors"
local json = require "tidemill.param_json"
local similar = require "tidemill.similar"
local internal = require "tidemill.internal"
local HANDLE, STATE, PLAN = internal.handle, internal.state, internal.plan

local M = {}
local made = {} -- class name -> { metatable, info, public }
local methods = {}

local function is_stage(v) return type(v) == "table" and (getmetatable(v) or {}).__stage ~= nil end
M.is = is_stage
local function info_of(self) return getmetatable(self).__stage end

-- ---- parameters --------------------------------------------------------------------------------------------------

local Param = { __name = "Param" }
Param.__index = Param
function Param:__tostring() return self.parent .. "__" .. self.name end

local function find(self, name)
  for _, p in ipairs(info_of(self).params) do if p.name == name then return p end end
end

local function param_names(self)
  local names = {}
  for i, p in ipairs(info_of(self).params) do names[i] = p.name end
  return names
end

-- The one Param object of a name, so that it can be a key.
local function param(self, name)
  local cache = self[STATE].params
  local p = find(self, name)
  if p and not cache[name] then
    cache[name] = setmetatable({ parent = self[HANDLE]:uid(), name = p.name, doc = p.doc or "" }, Param)
  end
  return cache[name]
end

local function need(self, name)
  name = getmetatable(name) == Param and name.name or name
  local p = type(name) == "string" and find(self, name)
  if p then return p end
  local names = param_names(self)
  errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = info_of(self).name,
    problem = ("there is no parameter '%s'%s"):format(tostring(name), similar.suffix(tostring(name), names)) },
    { candidates = similar.near(tostring(name), names) })
end

local function handles(list, name)
  local out = {}
  for i, s in ipairs(list) do
    if not is_stage(s) then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = name, expected_type = "stage", arg_type = arguments.type_name(s) })
    end
    out[i] = s[HANDLE]
  end
  return out
end

local function set(self, name, value)
  local p = need(self, name)
  if p.kind == "stages" or p.kind == "stage" then
    local list = p.kind == "stage" and { value } or value
    if type(list) ~= "table" or is_stage(list) then
      errors.raise("NOT_EXPECTED_TYPE", { arg_name = p.name, expected_type = "list",
        arg_type = arguments.type_name(list) })
    end
    self[HANDLE]:set_stages(p.name, handles(list, p.name))
    self[STATE].stages[p.name] = value
    return self
  end
  self[STATE].values[p.name] = p.kind == "maps" and value or nil
  self[HANDLE]:set(p.name, json.encode(value, p))
  return self
end

local function get(self, name)
  local p = need(self, name)
  local s = self[STATE]
  if s.stages[p.name] ~= nil then return s.stages[p.name] end
  if s.values[p.name] ~= nil then return s.values[p.name] end
  return json.decode(self[HANDLE]:get(p.name), p)
end

function methods.set(self, name, value) return set(self, name, value) end
function methods.setParams(self, map)
  for _, pair in ipairs(arguments.pairs_list(map or {}, "params")) do set(self, pair[1], pair[2]) end
  return self
end
methods.getOrDefault, methods.getParam = get, function(self, name) return param(self, need(self, name).name) end
--- Back to the default, where there is one.
function methods.clear(self, name)
  local p = need(self, name)
  self[HANDLE]:clear(p.name)
  self[STATE].values[p.name], self[STATE].stages[p.name] = nil, nil
end
function methods.isSet(self, name) return self[HANDLE]:is_set(need(self, name).name) end
function methods.hasDefault(self, name) return need(self, name).preset ~= nil end
function methods.isDefined(self, name) return methods.isSet(self, name) or methods.hasDefault(self, name) end
function methods.hasParam(self, name) return find(self, name) ~= nil end

local function value_text(v)
  if type(v) ~= "table" then return tostring(v) end
  if getmetatable(v) then return tostring(v) end
  local parts = {}
  for i, x in ipairs(v) do parts[i] = value_text(x) end
  return "[" .. table.concat(parts, ", ") .. "]"
end

--- "regParam: regularisation (default: 0.0, current: 0.1)"
function methods.explainParam(self, name)
  local p = need(self, name)
  local parts = {}
  if p.preset then parts[1] = "default: " .. (p.preset == "uid" and self[HANDLE]:uid() .. "__output" or p.preset) end
  if methods.isSet(self, p.name) then parts[#parts + 1] = "current: " .. value_text(get(self, p.name)) end
  return ("%s: %s (%s)"):format(p.name, p.doc or "", #parts > 0 and table.concat(parts, ", ") or "undefined")
end
function methods.explainParams(self)
  local lines = {}
  for i, name in ipairs(arguments.sorted_keys(param_names(self))) do
    lines[i] = methods.explainParam(self, param_names(self)[name])
  end
  return table.concat(lines, "\n")
end
--- Param -> value, of what is set or has a default.
function methods.extractParamMap(self, extra)
  local map = {}
  for _, p in ipairs(info_of(self).params) do
    if methods.isDefined(self, p.name) then map[param(self, p.name)] = get(self, p.name) end
  end
  for k, v in pairs(extra or {}) do map[k] = v end
  return map
end

-- ---- objects -----------------------------------------------------------------------------------------------------

local function wrap(handle, from)
  local class = M.class_named(handle:name())
  local session = from and from[STATE].session or require "tidemill.session".active_session()
  local state = { params = {}, stages = {}, values = {}, parent = from, session = session }
  return setmetatable({ [HANDLE] = handle, [STATE] = state }, class)
end
M.wrap = wrap

--- A copy with the same uid; `extra`: a map from Param to value.
function methods.copy(self, extra)
  local copy = wrap(self[HANDLE]:copy(), self[STATE].parent)
  copy[STATE].training = self[STATE].training
  for name, v in pairs(self[STATE].stages) do copy[STATE].stages[name] = v end
  for name, v in pairs(self[STATE].values) do copy[STATE].values[name] = v end
  for p, v in pairs(extra or {}) do set(copy, p, v) end
  return copy
end

local function need_frame(df, name)
  if not dataframe.is(df) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "dataset", expected_type = "DataFrame",
      arg_type = arguments.type_name(df) }, { hint = "call it as stage:" .. name .. "(df)" })
  end
end

-- Values given for one call only: a map with Params or names as keys.
local function with(self, params) return params and next(params) and methods.copy(self, params) or self end

local roles = { transformer = {}, estimator = {}, model = {}, evaluator = {} }

--- The model fitted to df; with a list of maps, a list of models.
function roles.estimator.fit(self, df, params)
  need_frame(df, "fit")
  if params and arguments.shape(params) == "list" then
    local models = {}
    for i, map in ipairs(params) do models[i] = roles.estimator.fit(self, df, map) end
    return models
  end
  local stage = with(self, params)
  local model = wrap(stage[HANDLE]:fit(df[PLAN]), stage)
  model[STATE].training = df
  return model
end
function roles.transformer.transform(self, df, params)
  need_frame(df, "transform")
  return dataframe.derive(df, { kind = "transform", stage = with(self, params)[HANDLE] })
end
roles.model.transform = roles.transformer.transform
function roles.evaluator.evaluate(self, df, params)
  need_frame(df, "evaluate")
  local metric = with(self, params)[HANDLE]:evaluate(df[PLAN])
  return metric
end
--- Is a larger metric a better one? The core says so with every evaluation; by name before the first.
local SMALLER = { rmse = true, mse = true, mae = true, logLoss = true, hammingLoss = true }
function roles.evaluator.isLargerBetter(self)
  local known = find(self, "metricName") and get(self, "metricName")
  return not (SMALLER[known] or (type(known) == "string" and known:find "PositiveRate" ~= nil and known:find "^[wf]"
    and known:find "alse" ~= nil))
end

-- ---- persistence -------------------------------------------------------------------------------------------------

function methods.save(self, path) self[HANDLE]:save(path, false) end

local StageWriter = { __name = "MLWriter" }
StageWriter.__index = StageWriter
function StageWriter:overwrite()
  self.replace = true
  return self
end
function StageWriter:format(name)
  if name ~= "snapshot" then
    errors.raise("NOT_IMPLEMENTED", { feature = ("Saving stages in the format '%s'"):format(tostring(name)) })
  end
  return self
end
function StageWriter:save(path) self.stage[HANDLE]:save(path, self.replace or false) end

-- The stage in a file, which must be of class `info`.
local function load(info, path)
  if type(path) ~= "string" then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = "path", expected_type = "str",
      arg_type = arguments.type_name(path) })
  end
  local handle = core.stage_load(require "tidemill.session".active_handle(), path)
  if handle:name() ~= info.name then
    errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = info.name .. ".load",
      problem = ("%s holds a %s"):format(path, handle:name()) })
  end
  return wrap(handle)
end

-- ---- classes with more than a constructor -------------------------------------------------------------------------

local makers = { StringIndexerModel = {} }

--- A model from labels, one list a column, without a fit. params as in the constructor: inputCols, outputCols, ..
function makers.StringIndexerModel.from_arrays_of_labels(lists, params, ...)
  if type(params) ~= "table" or arguments.shape(params) == "list" then
    local outputs, invalid = ...
    params = { inputCols = params, outputCols = outputs, handleInvalid = invalid }
  end
  local handle = core.stage_made(require "tidemill.session".active_handle(), "StringIndexerModel",
    json.encode(lists, { name = "arrayOfLabels", kind = "string_lists" }))
  return methods.setParams(wrap(handle), params)
end
--- The same for one column: from_labels({"a", "b"}, { inputCol = .., outputCol = .. }).
function makers.StringIndexerModel.from_labels(labels, params, output, invalid)
  if type(params) == "string" then params = { inputCol = params, outputCol = output, handleInvalid = invalid } end
  return makers.StringIndexerModel.from_arrays_of_labels({ labels }, params or {})
end

-- ---- methods of one class ---------------------------------------------------------------------------------------

local special = { HashingTF = {} }

--- The place of a term, counted from 0.
function special.HashingTF.indexOf(self, term)
  local spark = self[STATE].session
  local probe = methods.copy(self, { inputCol = "term", outputCol = "at" })
  local df = spark:createDataFrame({ { { term } } }, { "term" })
  return roles.transformer.transform(probe, df):collect()[1].at.indices[1]
end

-- ---- fields ------------------------------------------------------------------------------------------------------

local function attribute_names(self)
  local s = self[STATE]
  if not s.attributes then
    s.attributes = {}
    for _, name in ipairs(self[HANDLE]:attributes()) do s.attributes[name] = true end
  end
  return s.attributes
end

-- An attribute's value; plans come as DataFrames.
local function attribute(self, name)
  local value = self[HANDLE]:attribute(name)
  return type(value) == "userdata" and dataframe.wrap(self[STATE].session, value) or value
end

local function parts(self)
  local s = self[STATE]
  if not s.parts then
    s.parts = {}
    for i, h in ipairs(self[HANDLE]:parts()) do s.parts[i] = wrap(h) end
  end
  return s.parts
end

-- Of the models that tuning kept: a list, of CrossValidator a list for each fold; nil where none were kept.
local function sub_models(self)
  local tried = self[HANDLE]:tried()
  if #tried == 0 then return nil end
  local folds = find(self, "numFolds") and get(self, "numFolds") or 1
  local per_fold, list = #tried // folds, {}
  for i, h in ipairs(tried) do
    local fold = (i - 1) // per_fold + 1
    list[fold] = list[fold] or {}
    table.insert(list[fold], wrap(h))
  end
  return find(self, "numFolds") and list or list[1]
end

local function has_summary(self)
  for name in pairs(attribute_names(self)) do if name:find "^summary%." then return true end end
  return false
end

-- model:evaluate(df): the summary over other rows than those of training.
local function evaluate_model(self, df)
  need_frame(df, "evaluate")
  local model = wrap(self[HANDLE]:summarise(df[PLAN]), self)
  model[STATE].training = df
  return model.summary
end

-- A field that is neither method nor accessor: uid, write, an attribute, a part, a Param.
local function field(self, key)
  if key == "uid" then return self[HANDLE]:uid() end
  if key == "params" then
    local list = {}
    for i, name in ipairs(param_names(self)) do list[i] = param(self, name) end
    return list
  end
  if info_of(self).role == "model" then
    if key == "evaluate" and info_of(self).summarises then return evaluate_model end
    if key == "subModels" then return sub_models(self) end
    if attribute_names(self)[key] then return attribute(self, key) end
    if key == "stages" or key == "bestModel" then return key == "stages" and parts(self) or parts(self)[1] end
    if key == "parent" then return self[STATE].parent end
    if key == "summary" and has_summary(self) then
      return require "tidemill.stage_summary"(self, attribute_names(self))
    end
    local predict = key:find "^predict" and require "tidemill.stage_predict"(self, key)
    if predict then return predict end
    if key == "rootNode" and attribute_names(self).nodeData then
      return require "tidemill.stage_tree"(self[HANDLE]:attribute "nodeData")
    end
    if key == "hasSummary" then return has_summary(self) end
  end
  return param(self, key)
end

-- setRegParam, getRegParam
local function accessor(self, key)
  local verb, name = key:match "^([sg]et)(%u.*)$"
  if not verb then return nil end
  local exact = find(self, name:sub(1, 1):lower() .. name:sub(2)) or find(self, name)
  if not exact then return nil end
  if verb == "get" then return function(stage) return get(stage, exact.name) end end
  return function(stage, value) return set(stage, exact.name, value) end
end

local function unknown(self, key)
  local names = param_names(self)
  for _, list in ipairs { methods, roles[info_of(self).role] } do for n in pairs(list) do names[#names + 1] = n end end
  if info_of(self).role == "model" then for n in pairs(attribute_names(self)) do names[#names + 1] = n end end
  local near = similar.near(tostring(key), names)
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = info_of(self).name .. "." .. tostring(key) },
    { candidates = near, hint = near[1] and "did you mean `" .. near[1] .. "`?" or nil })
end

local function index(self, key)
  if type(key) ~= "string" then return nil end
  if key == "write" then
    return setmetatable({ stage = self }, { __index = StageWriter, __name = "MLWriter",
      __call = function(w) return w end })
  end
  local own = special[info_of(self).name]
  local value = methods[key] or roles[info_of(self).role][key] or own and own[key] or accessor(self, key)
  if value == nil then value = field(self, key) end
  if value ~= nil then return value end
  local absent = { fit = true, transform = true, evaluate = true, subModels = true } -- asked for to see what a stage is
  if absent[key] then return nil end
  if info_of(self).role == "model" and attribute_names(self)[key] then return nil end
  return unknown(self, key)
end

-- Only what differs from the defaults.
local function text(self)
  local shown = {}
  for _, p in ipairs(info_of(self).params) do
    if self[HANDLE]:is_set(p.name) and p.kind ~= "maps" then
      local known, value = pcall(get, self, p.name)
      if known and json.encode_safe(value, p) ~= p.preset then
        shown[#shown + 1] = p.name .. "=" .. value_text(value)
      end
    end
  end
  return info_of(self).name .. "(" .. table.concat(shown, ", ") .. ")"
end

-- ---- classes -----------------------------------------------------------------------------------------------------

local function metatable(info)
  return { __name = info.name, __stage = info, __index = index, __tostring = text,
    __newindex = function(_, key)
      errors.raise("UNSUPPORTED_OPERATION", { operation =
        ("Parameters are set by :set%s%s(value)."):format(tostring(key):sub(1, 1):upper(), tostring(key):sub(2)) })
    end }
end

local function new(info, params)
  if params ~= nil and (type(params) ~= "table" or getmetatable(params)) then
    errors.raise("NOT_EXPECTED_TYPE", { arg_name = info.name, expected_type = "parameters by name: {inputCol = \"a\"}",
      arg_type = arguments.type_name(params) })
  end
  local self = wrap(core.stage(require "tidemill.session".active_handle(), info.name, nil))
  return methods.setParams(self, params)
end

local function entry(info)
  local e = made[info.name]
  if not e then
    e = { metatable = metatable(info) }
    e.public = setmetatable({ load = function(path) return load(info, path) end, name = info.name, doc = info.doc,
      role = info.role, params = info.params,
      read = function() return { load = function(_, path) return load(info, path) end } end },
      { __name = "class " .. info.name, __call = function(_, params) return new(info, params) end,
        __tostring = function() return ("class %s (%s)"):format(info.name, info.role) end })
    for name, make in pairs(makers[info.name] or {}) do e.public[name] = make end
    made[info.name] = e
  end
  return e
end

--- The public class object: called with parameters it makes a stage; .load(path).
function M.class(info) return entry(info).public end
--- The metatable of stages of a class.
function M.class_named(name) return entry(require "tidemill.ml".classes[name]).metatable end

return M
