-- `schema-rules.json`: which column types a stage takes, and the metadata that columns carry through chains of stages.
-- A rule is a case `Class/param/type`; a chain is a case by its name. Classes that are not built are skipped.
local cjson = require "cjson"
local tidemill = require "tidemill"
local stages = require "ml_stages"
local T = tidemill.types
local M = {}

function M.claims(path) return path:find "/schema%-rules%.json$" ~= nil end

local function kind_of(name)
  if name == "vector" then return T.VectorUDT() end
  if name == "matrix" then return T.MatrixUDT() end
  return name == "void" and T.NullType() or T.fromDDL(name)
end

-- No rows, with columns { name, type }.
local function no_rows(spark, columns)
  local list = {}
  for i, c in ipairs(columns) do list[i] = T.StructField(c[1], kind_of(c[2])) end
  return spark:createDataFrame({}, T.StructType(list))
end

-- What the other parameters need so that only the type is at fault.
local NEEDS = { Bucketizer = { splits = { 0, 1, 2 } }, HashingTF = { numFeatures = 8 } }

-- The stage with columns a, b, .. for an input list, else s.
local function stage_for(rule, param)
  local params = {}
  for k, v in pairs(NEEDS[rule.class] or {}) do params[k] = v end
  if param:find "Cols$" then
    params[param] = { "s" }
    if rule.columnParams.outputCols then params.outputCols = { "o" } else params.outputCol = "o" end
  else
    params[param] = "s"
    if rule.columnParams.outputCol then params.outputCol = "o" end
  end
  return stages.build(rule.class, params)
end

local function apply(stage, df) return stage.fit and stage:fit(df) or stage:transform(df) end

-- Did it fail because of a column's type?
local function type_error(ok, e)
  return not ok and type(e) == "table" and e.condition == "ILLEGAL_ARGUMENT" and e.message:find "must be" ~= nil
end

local function check_types(spark, rule, param, report, wanted)
  local function try(kind, accepted)
    local id = ("%s/%s/%s"):format(rule.class, param, kind)
    if not wanted(id) then return end
    local ok, e = pcall(function() return apply(stage_for(rule, param), no_rows(spark, { { "s", kind } })) end)
    local right = accepted ~= type_error(ok, e)
    report(id, right and "pass" or "fail", (accepted and "should take it: " or "should refuse it: ") .. tostring(e))
  end
  local rules = rule.inputs[param]
  for _, kind in ipairs(rules.accepted or {}) do try(kind, true) end
  for _, list in pairs(rules.rejected or {}) do for _, kind in ipairs(list) do try(kind, false) end end
end

local function check_missing(spark, rule, param, report, wanted)
  local id, missing = ("%s/%s/missing"):format(rule.class, param), rule.inputs[param].missing
  if not missing or not wanted(id) then return end
  local ok, e = pcall(function() return apply(stage_for(rule, param), no_rows(spark, { { "x", "double" } })) end)
  local right = ok == (missing == "accepted") and (ok or not missing.condition or e.condition == missing.condition)
  report(id, right and "pass" or "fail", tostring(e))
end

local function check_rule(spark, rule, report, wanted)
  if rule.kind == "model" or rule.kind == "evaluator" then return end
  for param in pairs(rule.inputs or {}) do
    local known = (param == "inputCol" or param == "inputCols") and pcall(stage_for, rule, param)
    if known then
      check_types(spark, rule, param, report, wanted)
      check_missing(spark, rule, param, report, wanted)
    else
      report(rule.class .. "/" .. param, "skip", "class or parameter")
    end
  end
end

-- ---- chains ------------------------------------------------------------------------------------------------------

local function check_step(df, step, case)
  local stage = stages.parameter(step.stage)
  local ok, after = pcall(function() return (stage.fit and stage:fit(df) or stage):transform(df) end)
  if step.error then
    if ok then error(step.stage.class .. ": an error was expected", 0) end
    return nil
  end
  if not ok then error(after, 0) end
  local schema = case.schema_text(after)
  if schema ~= step.schema then
    error(("%s: schema: expected %s\ngot %s"):format(step.stage.class, step.schema, schema), 0)
  end
  for name, want in pairs(step.metadata) do
    local got = after.schema[name].metadata
    if not (want.tooLong or case.same_value(want, got)) then
      error(("%s: metadata of %s: expected %s\ngot %s"):format(step.stage.class, name, cjson.encode(want),
        cjson.encode(got)), 0)
    end
  end
  return after
end

local function check_chain(spark, chain, report, case)
  local df, steps = case.load(spark, chain.input), 0
  for _, step in ipairs(chain.steps) do
    local ok, after = pcall(check_step, df, step, case)
    if not ok and type(after) == "table" and after.unsupported then
      local built = steps > 0 and "pass" or "skip"
      return report(chain.name, built, "from step " .. steps + 1 .. " on: " .. after.unsupported)
    end
    if not ok then return report(chain.name, "fail", "step " .. steps + 1 .. ": " .. tostring(after)) end
    df, steps = after, steps + 1
    if not df then break end
  end
  report(chain.name, "pass")
end

function M.run(path, report, wanted)
  local f <close> = assert(io.open(path, "rb"))
  local spark <close> = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }:newSession()
  local rules = cjson.decode(f:read "a")
  for _, rule in ipairs(rules.stages) do check_rule(spark, rule, report, wanted) end
  local case = require "format_ml".tools
  for _, chain in ipairs(rules.chains) do
    if wanted(chain.name) then check_chain(spark, chain, report, case) end
  end
end

return M
