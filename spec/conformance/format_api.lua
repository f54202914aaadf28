-- Calls of the DataFrame API: `api/*.json` but for surface.json. An array; the first object, "prelude", is Python that
-- every case may rely on, each other one a case: `setup` (statements), `call` (an expression) and what it gave: `kind`
-- table, value, text, none or error (README of api/). The PySpark source is parsed and evaluated here
-- (python_*.lua) against Tidemill's public surface; nothing of it depends on the case.
--
-- Freedoms: an error that is Python's own (class alone) is met by the class that PySpark derives from it
-- (PySparkTypeError is a TypeError); a Py4JJavaError, an error of the JVM that PySpark does not translate, is met by
-- any class, and a Py4JError, an argument that the JVM does not take, by a TypeError. Values that PySpark prints are
-- compared as Python texts; dicts by their items, for Lua's tables have no order, and fractions within 1e-9. Lua has
-- one kind of list, so an error that tells of a tuple may tell of a list. An error inside a function of the user's is
-- PYTHON_EXCEPTION in PySpark; of a function that is not Python's Spark says FAILED_EXECUTE_UDF. What an INTERNAL_ERROR
-- says are the insides of Spark.
local cjson = require "cjson"
local compare = require "compare"
local methods = require "python_methods"
local modules = require "python_modules"
local parse = require "python_parse"
local python = require "python_eval"
local spark_of_python = require "python_spark"
local tidemill = require "tidemill"
local V = require "python_value"
local M = {}

function M.claims(path) return path:find "/api/[^/]+%.json$" ~= nil and not path:find "surface%.json$" end

local function read_file(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

local HERE = debug.getinfo(1, "S").source:match "^@(.*)/[^/]*$" or "."
local declared = false
local function declare()
  if declared then return end
  spark_of_python.declare(cjson.decode(read_file(HERE .. "/api/surface.json")))
  declared = true
end

-- ---- texts of values ---------------------------------------------------------------------------------------------

-- The text of a syntax tree, items of dicts sorted.
local canonical

local function list_of(nodes)
  local parts = {}
  for i, n in ipairs(nodes) do parts[i] = canonical(n) end
  return table.concat(parts, ", ")
end

local EMPTY = "{}" -- Lua's empty table is a list and a map

local TEXT = {
  number = function(n) return n.value and V.repr(n.value) or n.digits end,
  string = function(n) return V.repr(n.value) end,
  bytes = function(n) return "b" .. V.quoted(n.value, true) end,
  name = function(n) return n.name end,
  True = function() return "True" end, False = function() return "False" end, None = function() return "None" end,
  list = function(n) return #n == 0 and EMPTY or "[" .. list_of(n) .. "]" end,
  tuple = function(n) return "(" .. list_of(n) .. ")" end,
  set = function(n) return "{" .. list_of(n) .. "}" end,
  attribute = function(n) return canonical(n[1]) .. "." .. n.name end,
  unary = function(n) return n.op .. canonical(n[1]) end,
  call = function(n)
    local parts = {}
    for i, a in ipairs(n.arguments) do parts[i] = (a.name and a.name .. "=" or "") .. canonical(a[1]) end
    return canonical(n[1]) .. "(" .. table.concat(parts, ", ") .. ")"
  end,
  dict = function(n)
    local parts = {}
    for i, p in ipairs(n.pairs) do parts[i] = canonical(p[1]) .. ": " .. canonical(p[2]) end
    table.sort(parts)
    if #parts == 0 then return EMPTY end
    return "{" .. table.concat(parts, ", ") .. "}"
  end,
}
function canonical(node)
  local f = TEXT[node.kind] or error({ plain = true }, 0)
  return f(node)
end

-- Text that is no expression stays as it is.
local function normal(text)
  local ok, result = pcall(function() return canonical(parse.expression(text)) end)
  return ok and result or text
end

local function same_text(expected, got)
  if expected == got then return true end
  local a, b = normal(expected), normal(got)
  return a == b or compare.near_text(a, b, 1e-9)
end

-- ---- checks by kind ----------------------------------------------------------------------------------------------

local describe = compare.describe
local function ddl(df) return compare.ddl(df.schema) end

local CHECK = {}

function CHECK.table(case, got)
  if V.class_name(got) ~= "DataFrame" then return "expected a DataFrame, got " .. V.class_name(got) end
  local schema = ddl(got)
  if not compare.same_schema(schema, case.schema) then
    return ("schema differs; expected %s\ngot %s"):format(case.schema, schema)
  end
  local expected = {}
  for i, row in ipairs(case.rows) do
    local cells = {}
    for k, cell in ipairs(row) do
      cells[k] = cell == cjson.null and "NULL" or (cell:gsub("[\\\t\n\r]", compare.ESCAPE))
    end
    expected[i] = table.concat(cells, "\t")
  end
  return compare.lines(expected, compare.texts(got), case.sorted == false, 1e-9)
end

function CHECK.value(case, got)
  local name = V.class_name(got)
  if name ~= case.type then return ("expected a %s, got a %s: %s"):format(case.type, name, V.repr(got)) end
  local text = V.repr(got)
  if not same_text(case.repr, text) then return ("expected %s\ngot      %s"):format(case.repr, text) end
end

function CHECK.text(case, _, printed)
  if printed ~= case.text then return ("expected text\n%s\ngot\n%s"):format(case.text, printed) end
end

function CHECK.none(_, got, printed)
  if not rawequal(got, V.None) then return "expected nothing, got " .. V.repr(got) end
  if printed ~= "" then return "expected no text, got " .. printed end
end

-- Is it an error of a user's function, under the name that Spark has for other languages than Python?
local function of_function(case, e)
  return case.condition == "PYTHON_EXCEPTION" and e.condition == "FAILED_EXECUTE_UDF"
end

-- A parameter's text without what Python alone tells apart.
local function plain_parameter(text)
  return (text:gsub("<class 'tuple'>", "<class 'list'>"):gsub("^%((.-),?%)$", "[%1]"))
end

local function same_class(case, class)
  if class == case.class or case.class == "Py4JJavaError" then return true end
  if case.class == "Py4JError" then return class == "PySparkTypeError" end
  return not case.condition and class == "PySpark" .. case.class
end

local function check_params(expected, got)
  if expected == nil or expected == cjson.null then return nil end
  for name, value in pairs(expected) do
    local own = got and got[name]
    local same = own ~= nil and value ~= cjson.null
      and (same_text(value, tostring(own)) or plain_parameter(value) == plain_parameter(tostring(own)))
    if own ~= nil and not same or own == nil and value ~= cjson.null then
      return ("parameter %s: expected %s, got %s"):format(name, value, tostring(own))
    end
  end
  for name, value in pairs(got or {}) do
    if expected[name] == nil then return ("parameter %s = %s is not expected"):format(name, tostring(value)) end
  end
end

local function check_error(case, e)
  if type(e) ~= "table" then return "not an error object: " .. tostring(e) end
  if of_function(case, e) then return nil end
  local want = case.condition ~= cjson.null and case.condition or nil
  if want ~= nil and e.condition ~= want then
    return ("expected error %s, got %s"):format(want, e.python and e.python .. ": " .. e.message or describe(e))
  end
  local class = e.python or e.class
  if not same_class(case, class) then
    return ("expected class %s, got %s (%s)"):format(case.class, class, describe(e))
  end
  if want == nil then return nil end
  local state = case.sqlstate ~= cjson.null and case.sqlstate or nil
  if state ~= nil and e.sqlState ~= state then
    return ("expected SQLSTATE %s, got %s"):format(state, e.sqlState)
  end
  if want == "INTERNAL_ERROR" then return nil end
  return check_params(case.params, e.messageParameters)
end

-- ---- one case ----------------------------------------------------------------------------------------------------

-- What f prints; the results of pcall behind it.
local function captured(f)
  local parts, write = {}, io.write
  io.write = function(...) -- luacheck: ignore 122
    for i = 1, select("#", ...) do parts[#parts + 1] = tostring((select(i, ...))) end
    return io.stdout
  end
  local ok, result = xpcall(f, function(e) return type(e) == "string" and debug.traceback(e, 2) or e end)
  io.write = write -- luacheck: ignore 122
  return table.concat(parts), ok, result
end

local function interpreter(spark)
  local self
  self = python.new(spark_of_python.library, methods.scope(function() return self end), modules.import)
  return self, { vars = { spark = spark } }
end

local function check_case(spark, prelude, case)
  local self, scope = interpreter(spark)
  local _, printed, ok, result
  _, ok, result = captured(function()
    self:run(prelude, scope)
    if case.setup then self:run(parse.program(case.setup), scope) end
  end)
  local why
  if ok then
    printed, ok, result = captured(function()
      local got = self:value(parse.expression(case.call), scope)
      return got
    end)
  end
  if ok and case.kind ~= "error" then
    local _, fine, answer = captured(function() return CHECK[case.kind](case, result, printed) end)
    if fine then return answer end
    ok, result = false, answer
  elseif ok and V.class_name(result) == "DataFrame" then -- an error of the rows
    local frame = result
    _, ok, result = captured(function() return compare.texts(frame) end)
  end
  if not ok and type(result) == "table" and result.unsupported then error(result, 0) end
  if case.kind == "error" then
    if ok then return "expected error " .. (case.condition or case.class) .. ", got an answer" end
    why = check_error(case, result)
  else
    why = type(result) == "table" and result.python and result.python .. ": " .. tostring(result.message)
      or describe(result)
  end
  return why
end

local function run_case(prelude, case)
  local spark <close> = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }:newSession()
  spark.conf:set("spark.sql.repl.eagerEval.enabled", "false") -- as in Spark: a DataFrame prints as its schema
  local ok, why = pcall(check_case, spark, prelude, case)
  if not ok and type(why) == "table" and why.unsupported then return "skip", why.unsupported end
  if not ok then why = describe(why) end
  if why then return "fail", case.call .. "\n" .. why end
  return "pass"
end

function M.run(path, report, wanted)
  declare()
  local prelude = {}
  for _, case in ipairs(cjson.decode(read_file(path))) do
    if case.id == "prelude" then prelude = parse.program(case.setup)
    elseif wanted(case.id) then report(case.id, run_case(prelude, case)) end
  end
end

return M
