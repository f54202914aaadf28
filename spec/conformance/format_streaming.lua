-- Streaming scenarios: `{"topic", "scenarios": [...]}`. Each is one query over folders of JSON lines, its input
-- step by step, and what every batch emitted and reported. Plans are lists of neutral operations; scenarios that
-- need code (only `pyspark`) are skipped, and so are programs.
local cjson = require "cjson"
local compare = require "compare"
local tidemill = require "tidemill"
local F = tidemill.functions
local M = {}

function M.claims(path) return path:find "/streaming/[^/]+%.json$" ~= nil end

local function read_file(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

-- cjson reads numbers as floats: whole numbers of more than 15 digits become texts "@<digits>".
local function decode(text)
  local out, at = {}, 1
  while true do
    local from = text:find('["%d]', at)
    if not from then break end
    local to
    if text:sub(from, from) == '"' then
      to = from + 1
      while text:sub(to, to) ~= '"' do to = to + (text:sub(to, to) == "\\" and 2 or 1) end
      out[#out + 1] = text:sub(at, to)
    else
      to = text:find("[^%d.eE+-]", from) - 1
      local minus = text:sub(from - 1, from - 1) == "-" and 1 or 0
      local number = text:sub(from - minus, to)
      local long = number:find "^%-?%d+$" and #number > 15 + minus
      out[#out + 1] = text:sub(at, from - 1 - minus) .. (long and '"@' .. number .. '"' or number)
    end
    at = to + 1
  end
  out[#out + 1] = text:sub(at)
  return cjson.decode(table.concat(out))
end
local function encode(object) return (cjson.encode(object):gsub('"@(%-?%d+)"', "%1"):gsub('"@%[%]"', "[]")) end

local function shell(command) assert(os.execute(command), command) end

local function exprs(list)
  local out = {}
  for i, text in ipairs(list) do out[i] = F.expr(text) end
  return out
end

-- Operations of a plan: f(frame, context, arguments...) -> frame.
local OP = {}
local function build(plan, context)
  local df
  for _, op in ipairs(plan) do
    local f = OP[op[1]] or error({ unsupported = "operation " .. op[1] }, 0)
    df = f(df, context, table.unpack(op, 2))
  end
  return df
end

function OP.read(_, context, name) return context.frame(name) end
OP.table = OP.read
function OP.withWatermark(df, _, column, delay) return df:withWatermark(column, delay) end
function OP.select(df, _, list) return df:select(table.unpack(exprs(list))) end
function OP.where(df, _, condition) return df:where(condition) end
function OP.withColumn(df, _, name, expr) return df:withColumn(name, F.expr(expr)) end
function OP.groupBy(df, _, keys, aggregates)
  return df:groupBy(table.unpack(exprs(keys))):agg(table.unpack(exprs(aggregates)))
end
function OP.grouping(df, _, kind, keys, aggregates)
  return df[kind](df, table.unpack(exprs(keys))):agg(table.unpack(exprs(aggregates)))
end
function OP.dropDuplicates(df, _, columns) return columns and df:dropDuplicates(columns) or df:dropDuplicates() end
function OP.dropDuplicatesWithinWatermark(df, _, columns)
  return columns and df:dropDuplicatesWithinWatermark(columns) or df:dropDuplicatesWithinWatermark()
end
function OP.distinct(df) return df:distinct() end
function OP.join(df, context, plan, how, condition)
  local on = type(condition) == "string" and F.expr(condition) or condition
  return df:join(build(plan, context), on, how)
end
function OP.union(df, context, plan) return df:union(build(plan, context)) end
function OP.unionByName(df, context, plan, missing)
  return df:unionByName(build(plan, context), missing or false)
end
for _, name in ipairs { "intersect", "subtract", "exceptAll", "intersectAll" } do
  OP[name] = function(df, context, plan) return df[name](df, build(plan, context)) end
end
function OP.orderBy(df, _, keys)
  local list = {}
  for i, key in ipairs(keys) do list[i] = key[2] == "desc" and F.expr(key[1]):desc() or F.expr(key[1]):asc() end
  return df:orderBy(table.unpack(list))
end
function OP.limit(df, _, n) return df:limit(n) end
function OP.offset(df, _, n) return df:offset(n) end
function OP.alias(df, _, name) return df:alias(name) end
function OP.drop(df, _, columns) return df:drop(table.unpack(columns)) end
function OP.repartition(df, _, n) return df:repartition(math.tointeger(n)) end
function OP.sample(df, _, fraction, seed) return df:sample { fraction = fraction, seed = seed } end

-- Names of the fields of a DDL schema, in order (no nested commas outside <> and ()), and which are arrays.
local function field_names(ddl)
  local names, arrays, depth, from = {}, {}, 0, 1
  for i = 1, #ddl + 1 do
    local c = ddl:sub(i, i)
    if c == "<" or c == "(" then depth = depth + 1
    elseif c == ">" or c == ")" then depth = depth - 1
    elseif (c == "," and depth == 0) or c == "" then
      names[#names + 1] = ddl:sub(from, i - 1):match "^%s*`?([^%s`]+)"
      arrays[#names] = ddl:sub(from, i - 1):find "^%s*%S+%s+ARRAY<" ~= nil
      from = i + 1
    end
  end
  return names, arrays
end

-- One scenario's folder: its input files with modification times ten seconds apart.
local Folder = {}
Folder.__index = Folder

local function new_folder(inputs)
  local base = os.tmpname()
  os.remove(base)
  shell(("mkdir -p '%s'"):format(base))
  for name in pairs(inputs) do shell(("mkdir -p '%s/%s'"):format(base, name)) end
  return setmetatable({ base = base, inputs = inputs, count = 0, time = os.time() - 100000 }, Folder)
end

function Folder:put(input, rows)
  local names, arrays = field_names(self.inputs[input].schema)
  local lines = {}
  for i, row in ipairs(rows) do
    if type(row) == "string" then lines[i] = row
    else
      local object = {}
      for k, name in ipairs(names) do
        local empty = arrays[k] and type(row[k]) == "table" and next(row[k]) == nil
        if row[k] ~= nil and row[k] ~= cjson.null then object[name] = empty and "@[]" or row[k] end
      end
      lines[i] = next(object) and encode(object) or "{}"
    end
  end
  local path = ("%s/%s/f%03d.json"):format(self.base, input, self.count)
  local hidden = ("%s/.f%03d"):format(self.base, self.count)
  self.count, self.time = self.count + 1, self.time + 10
  local f = assert(io.open(hidden, "wb"))
  f:write(table.concat(lines, "\n"), #lines > 0 and "\n" or "")
  assert(f:close())
  shell(("touch -d @%d '%s' && mv '%s' '%s'"):format(self.time, hidden, hidden, path))
end

function Folder:remove() shell(("rm -rf '%s'"):format(self.base)) end

local Scenario = {}
Scenario.__index = Scenario

function Scenario:frame(name)
  local input = self.spec.inputs[name]
  if input.static then
    local names, rows = field_names(input.schema), {}
    for i, row in ipairs(input.rows) do
      rows[i] = { n = #names }
      for k = 1, #names do rows[i][k] = row[k] ~= cjson.null and row[k] or nil end
    end
    return self.spark:createDataFrame(rows, input.schema)
  end
  local reader = self.spark.readStream:schema(input.schema)
  for key, value in pairs(input.options or {}) do reader = reader:option(key, math.tointeger(value) or value) end
  return reader:json(self.folder.base .. "/" .. name)
end

function Scenario:sql()
  for name in pairs(self.spec.inputs) do self:frame(name):createOrReplaceTempView(name) end
  return self.spark:sql(self.spec.sql)
end

local function apply_trigger(writer, trigger)
  if not trigger or not next(trigger) then return writer end
  return writer:trigger(trigger)
end

function Scenario:start(o)
  o = o or {}
  for key, value in pairs(o.conf or {}) do self.spark.conf:set(key, tostring(value)) end
  local plan = o.plan or self.plan
  if o.pyspark and not o.plan then error({ unsupported = "restart with code" }, 0) end
  self.plan, self.mode = plan, o.mode or self.mode
  if o.fail ~= nil then self.fail = o.fail end
  local df = plan and build(plan, { frame = function(name) return self:frame(name) end }) or self:sql()
  local writer = df.writeStream:outputMode(self.mode):option("checkpointLocation", self.folder.base .. "/chk")
  writer = apply_trigger(writer, o.trigger or self.spec.trigger)
  self.query = writer:foreachBatch(function(batch, id)
    local rows = compare.texts(batch)
    local fail_at = self.spec.failAt
    if self.fail ~= false and fail_at and fail_at[1] == id then error(fail_at[2], 0) end
    self.ran[#self.ran + 1] = { batch = id, rows = rows, query = self.query }
  end):start()
end

-- Give the batches of the query that runs their reports.
function Scenario:take_progress()
  local reports = {}
  for _, p in ipairs(self.query and self.query.recentProgress or {}) do reports[p.batchId] = p end
  for _, b in ipairs(self.ran) do
    if b.query == self.query then b.progress = reports[b.batch] or b.progress end
  end
end

function Scenario:wait()
  if not self.query then return end
  local ok, err = pcall(function() self.query:processAllAvailable() end)
  self:take_progress()
  if not ok then error(err, 0) end
end

local STEP = {}
function STEP:add(files)
  for name, rows in pairs(files) do self.folder:put(name, rows) end
  self:wait()
end
function STEP:files(files)
  for name, list in pairs(files) do
    for _, rows in ipairs(list) do self.folder:put(name, rows) end
  end
  self:wait()
end
function STEP:drop(files)
  for name, rows in pairs(files) do self.folder:put(name, rows) end
end
function STEP:start(o)
  if self.query then self.query:stop() end
  self:start(o)
  self:wait()
end
function STEP:run(o)
  if self.query then self.query:stop() end
  self:start(o)
  local ok, err = pcall(function() self.query:awaitTermination() end)
  self:take_progress()
  self.query = nil
  if not ok then error(err, 0) end
end
STEP["try"] = function(self, o)
  local trigger = o.trigger or self.spec.trigger
  local step = trigger and (trigger.availableNow or trigger.once) and STEP.run or STEP.start
  self.tolerant = true
  step(self, o)
end
function STEP:launch(o) self:start(o) end
function STEP:collect() self:wait() end
STEP["wait"] = function(_, seconds) shell("sleep " .. seconds) end
function STEP:stop()
  if self.query then self.query:stop() end
  self.query = nil
end
function STEP:remove(paths)
  for _, path in ipairs(paths) do shell(("rm -rf '%s/%s'"):format(self.folder.base, path)) end
end

local STARTERS = { start = true, launch = true, run = true, ["try"] = true }

local function runs_itself(spec)
  for _, step in ipairs(spec.steps) do
    if STARTERS[step[1]] then return true end
  end
  return false
end

-- nil when the error is the one expected, else what differs.
local function check_error(expected, err)
  if type(err) == "table" and err.unsupported then error(err, 0) end
  local want = expected.when == "start" and expected or expected.cause or {}
  local condition = want.condition
  if type(err) ~= "table" then return "not an error object: " .. tostring(err) end
  if not condition or condition:find "^_LEGACY_ERROR_TEMP_" then return nil end
  local e = err
  while e do
    if e.condition == condition then return nil end
    e = type(e.cause) == "table" and e.cause or nil
  end
  return ("expected error %s, got %s"):format(condition, compare.describe(err))
end

local COUNTERS = { "numRowsTotal", "numRowsUpdated", "numRowsRemoved", "numRowsDroppedByWatermark" }

local function check_state(expected, got)
  if #(got or {}) ~= #expected then
    return ("expected %d stateful operators, got %d"):format(#expected, #(got or {}))
  end
  for i, want in ipairs(expected) do
    for _, name in ipairs { "operatorName", table.unpack(COUNTERS) } do
      if want[name] ~= nil and want[name] ~= got[i][name] then
        return ("state %d: %s expected %s, got %s"):format(i, name, tostring(want[name]), tostring(got[i][name]))
      end
    end
  end
end

local function check_progress(want, p)
  if want.progress == "none" then return nil end
  if not p then return "no progress report" end
  if want.numInputRows and p.numInputRows ~= want.numInputRows then
    return ("numInputRows expected %s, got %s"):format(want.numInputRows, tostring(p.numInputRows))
  end
  for name, value in pairs(want.eventTime or {}) do
    local got = p.eventTime and p.eventTime[name]
    if got ~= value then return ("eventTime.%s expected %s, got %s"):format(name, value, tostring(got)) end
  end
  return check_state(want.state or {}, p.stateOperators)
end

local function expected_lines(rows)
  local lines = {}
  for i, row in ipairs(rows) do
    local cells = {}
    for k, v in ipairs(row) do cells[k] = v == cjson.null and "NULL" or (v:gsub("[\\\t\n\r]", compare.ESCAPE)) end
    lines[i] = table.concat(cells, "\t")
  end
  return lines
end

-- Batches in the order they ran; one without a report failed, before or after its rows were seen.
function Scenario:check_batches()
  local at = 1
  for _, want in ipairs(self.spec.batches or {}) do
    local got = self.ran[at]
    local where = "batch " .. math.tointeger(want.batch) .. ": "
    if want.progress == "none" then
      if got and got.batch == want.batch and not got.progress then at = at + 1 end
    else
      if not got then return where .. "did not run" end
      if got.batch ~= want.batch then return where .. "ran as " .. got.batch end
      local why = want.rows and compare.lines(expected_lines(want.rows), got.rows, not self.spec.ordered, 1e-9)
      why = why or check_progress(want, got.progress)
      if why then return where .. why end
      at = at + 1
    end
  end
  if self.spec.batches and self.ran[at] then
    return ("batch %d ran beyond those expected"):format(self.ran[at].batch)
  end
end

function Scenario:steps()
  if not runs_itself(self.spec) then self:start() end
  for _, step in ipairs(self.spec.steps) do
    local f = STEP[step[1]] or error({ unsupported = "step " .. step[1] }, 0)
    local ok, err = pcall(f, self, table.unpack(step, 2))
    if not ok then
      if type(err) == "table" and err.unsupported or not self.tolerant then error(err, 0) end
      self.failures[#self.failures + 1] = err
      self.query = nil
    end
  end
end

-- Errors of steps that may fail. What does not fit the state is found at the start here, with the first batch there:
-- the errors count, not their steps.
function Scenario:check_outcomes()
  local expected = {}
  for _, o in ipairs(self.spec.outcomes or {}) do expected[#expected + 1] = o.error end
  if #expected ~= #self.failures then
    return ("expected %d failures, got %d%s"):format(#expected, #self.failures,
      self.failures[1] and ": " .. compare.describe(self.failures[1].cause or self.failures[1]) or "")
  end
  for i, want in ipairs(expected) do
    local why = check_error(want, self.failures[i])
    if why then return why end
  end
end

-- Does the error, or what caused it, say that an operator is not there for streams?
local function not_built(err)
  while type(err) == "table" do
    if err.condition == "UNSUPPORTED_FEATURE.TABLE_OPERATION" then return err.messageParameters.operation end
    err = err.cause
  end
end

function Scenario:check()
  local ok, err = pcall(self.steps, self)
  if not ok and type(err) == "table" and err.unsupported then error(err, 0) end
  local missing = not_built(not ok and err or self.failures[1])
  if missing then error({ unsupported = missing }, 0) end
  local expected = self.spec.error
  if expected then
    if ok and #self.failures == 0 then return "expected an error: " .. cjson.encode(expected) end
    local why = check_error(expected, ok and self.failures[1] or err)
    if why then return why end
  elseif not ok then
    return compare.describe(type(err) == "table" and err.cause or err)
  end
  return not expected and self:check_outcomes() or self:check_batches()
end

local function run_scenario(spec)
  local spark <close> = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }:newSession()
  for key, value in pairs(spec.conf or {}) do spark.conf:set(key, tostring(value)) end
  local scenario = setmetatable({
    spec = spec, spark = spark, folder = new_folder(spec.inputs), plan = spec.plan, mode = spec.outputMode,
    ran = {}, failures = {},
  }, Scenario)
  local ok, why = pcall(scenario.check, scenario)
  if scenario.query then pcall(scenario.query.stop, scenario.query) end
  scenario.folder:remove()
  if not ok then
    if type(why) == "table" and why.unsupported then return "skip", why.unsupported end
    return "fail", compare.describe(why)
  end
  return why and "fail" or "pass", why
end

function M.run(path, report, wanted)
  for _, spec in ipairs(decode(read_file(path)).scenarios) do
    if wanted(spec.name) then
      local drivable = (spec.plan or spec.sql) and spec.inputs and spec.steps and not spec.stepRows
      if drivable then report(spec.name, run_scenario(spec)) else report(spec.name, "skip", "needs code") end
    end
  end
end

return M
