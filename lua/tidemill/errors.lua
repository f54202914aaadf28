--- Error objects: what every failure raises.
-- Fields: class, condition, sqlState, message, messageParameters, queryContext, position, hint, candidates, cause,
-- traceback, where. `tostring` is one paragraph with the user's line and a caret under the query text.
local core = require "tidemill.core"
local similar = require "tidemill.similar"

local M = {}

local Error = { __name = "tidemill.Error" }
Error.__index = Error

-- Misuse of the API: conditions of PySpark, with texts of our own. <x> stands for the parameter x.
local MISUSE = {
  ARGUMENT_REQUIRED = { "PySparkValueError", "`<arg_name>` is needed when <condition>." },
  ATTRIBUTE_NOT_SUPPORTED = { "PySparkAttributeError", "There is no `<attr_name>` here.", "0A000" },
  ATTRIBUTE_NOT_CALLABLE = { "PySparkTypeError", "`<attr_name>` of `<obj_name>` is a function." },
  CANNOT_BE_EMPTY = { "PySparkValueError", "At least one <item> is needed." },
  CANNOT_CONVERT_COLUMN_INTO_BOOL = { "PySparkValueError",
    "A Column has no truth value: combine with `&`, `|`, `~`, compare with :equalTo(), :lt(), :gt()." },
  CANNOT_CONVERT_TYPE = { "PySparkTypeError", "A <from_type> cannot become a <to_type>." },
  CANNOT_DETERMINE_TYPE = { "PySparkValueError",
    "Column `<field_name>` holds only NULL, so its type is unknown. Name it in the schema: \"<field_name> STRING\"." },
  CANNOT_INFER_EMPTY_SCHEMA = { "PySparkValueError", "There are no rows to infer a schema from. Pass one.", "42K09" },
  CANNOT_INFER_SCHEMA_FOR_TYPE = { "PySparkTypeError",
    "A row is a list or a map of values, not a <data_type>. For single values pass a type: \"int\".", "42K09" },
  CANNOT_INFER_TYPE_FOR_FIELD = { "PySparkTypeError", "The values of column `<field_name>` have no column type.",
    "42K09" },
  CANNOT_MERGE_TYPE = { "PySparkTypeError",
    "Row <row>, column `<field_name>`: <data_type2> does not go with <data_type1> before it. "
      .. "Say which in the schema: \"<field_name> <cure>\".", "42K09" },
  COLUMN_IN_LIST = { "PySparkValueError", "A list for <func_name> holds values, not Columns: F.array(..) takes them." },
  CANNOT_SET_TOGETHER = { "PySparkValueError", "<arg_list> are not given together." },
  CANNOT_PARSE_DATATYPE = { "PySparkValueError", "This is no data type: <msg>." },
  FIELD_DATA_TYPE_UNACCEPTABLE_WITH_NAME = { "PySparkTypeError",
    "<place><field_name>: <data_type> does not take <obj> (a <obj_type>)." },
  FIELD_NOT_NULLABLE_WITH_NAME = { "PySparkValueError", "<field_name> is NOT NULL, but its value is NULL." },
  FIELD_STRUCT_LENGTH_MISMATCH = { "PySparkValueError",
    "A row has <object_length> values for <field_length> columns." },
  FIELD_STRUCT_LENGTH_MISMATCH_WITH_NAME = { "PySparkValueError",
    "<field_name>: a struct has <object_length> values for <field_length> fields." },
  HIGHER_ORDER_FUNCTION_SHOULD_RETURN_COLUMN = { "PySparkValueError",
    "<func_name> gives a <return_type>; it has to give a Column, as F.lit(..) makes one." },
  INDEX_NOT_POSITIVE = { "PySparkIndexError", "Columns are counted from 1, not from <index>." },
  INDEX_OUT_OF_RANGE = { "PySparkIndexError", "<arg_name> has no position <index>." },
  INVALID_INTERVAL_CASTING = { "PySparkRuntimeError", "An interval has no units from <start_field> to <end_field>." },
  INVALID_TYPENAME_CALL = { "PySparkTypeError", "A field has no typeName: ask its dataType." },
  INVALID_TYPE = { "PySparkTypeError", "Argument `<arg_name>` cannot be a <arg_type>." },
  INVALID_WINDOW_BOUND_TYPE = { "PySparkTypeError", "A frame bound is an integer, not <window_bound_type>." },
  KEY_NOT_EXISTS = { "PySparkKeyError", "There is no `<key>` here." },
  LENGTH_SHOULD_BE_THE_SAME = { "PySparkValueError",
    "<arg1> has <arg1_length> values and <arg2> has <arg2_length>: they go by pairs." },
  MIXED_TABLE = { "PySparkTypeError", "This table is neither a list nor a map: key <key> stands beside others." },
  MIXED_TYPE_REPLACEMENT = { "PySparkValueError", "Values of one replacement are all numbers, texts or booleans." },
  NEGATIVE_VALUE = { "PySparkValueError", "`<arg_name>` is not negative, as <arg_value> is." },
  NOT_EXPECTED_TYPE = { "PySparkTypeError", "Argument `<arg_name>` is <expected_type>, not <arg_type>.", "42K09" },
  NOT_ITERABLE = { "PySparkTypeError", "A <objectName> has no elements to walk; run a query.", "42K09" },
  NOT_SAME_TYPE = { "PySparkTypeError",
    "Arguments `<arg_name1>` and `<arg_name2>` are of one type, not <arg_type1> and <arg_type2>.", "42K09" },
  NOT_IMPLEMENTED = { "PySparkNotImplementedError", "<feature> is not part of this build.", "0A000" },
  NO_ACTIVE_SESSION = { "PySparkRuntimeError", "There is no open session. Start one: tidemill.session{}.", "08003" },
  NO_OBSERVE_BEFORE_GET = { "PySparkAssertionError", "Give the Observation to df:observe() and run the query first." },
  ONLY_ALLOW_SINGLE_TRIGGER = { "PySparkValueError", "A query has exactly one trigger." },
  PLAN_TOO_DEEP = { "AnalysisException",
    "This is nested too deeply: more than <limit> levels, or a value that holds itself.", "54001" },
  REUSE_OBSERVATION = { "PySparkAssertionError", "An Observation serves one DataFrame." },
  SESSION_CLOSED = { "PySparkRuntimeError", "The <object> is closed." },
  STRUCT_ARRAY_LENGTH_MISMATCH = { "IllegalArgumentException",
    "Rows differ in length: <expected> columns, but one has <actual>.", "2201E" },
  TOO_MANY_VALUES = { "PySparkValueError", "Expected <expected> <item>, got <actual>." },
  UNEXPECTED_ARGUMENT = { "PySparkTypeError", "<function>: <problem>" },
  UNSUPPORTED_LITERAL = { "PySparkAttributeError", "<value> (a <type>) cannot stand in a query." },
  UNSUPPORTED_OPERATION = { "PySparkNotImplementedError", "<operation>" },
  VALUE_NOT_ALLOWED = { "PySparkValueError", "`<arg_name>` is one of <allowed_values>." },
  VALUE_NOT_NON_EMPTY_STR = { "PySparkValueError", "`<arg_name>` is a text that is not empty, not <arg_value>." },
  VALUE_NOT_POSITIVE = { "PySparkValueError", "`<arg_name>` is positive, not <arg_value>." },
  VALUE_NOT_PLAIN_COLUMN_REFERENCE = { "PySparkValueError",
    "{<field_name>} is a Column that is more than a name: <val>. Write the expression in the text." },
  VALUE_OUT_OF_BOUNDS = { "PySparkValueError",
    "`<arg_name>` lies between <lower_bound> and <upper_bound>; got <actual>." },
  ZERO_INDEX = { "PySparkIndexError", "Columns are counted from 1." },
  WRONG_NUM_COLUMNS = { "PySparkValueError", "<func_name> takes at least <num_cols> columns." },
}

local ROOT = debug.getinfo(1, "S").source:match "^(.*)errors%.lua$"

-- The innermost line that is not ours; nil inside coroutines without one.
local function user_line()
  local level = 3
  while true do
    local info = debug.getinfo(level, "Sl")
    if not info then return nil end
    if info.what ~= "C" and info.source:sub(1, #ROOT) ~= ROOT and info.currentline > 0 then
      return info.short_src:match "[^/]*$" .. ":" .. info.currentline
    end
    level = level + 1
  end
end

local function fill(template, params)
  return (template:gsub("<([%w_]+)>", function(name) return params[name] and tostring(params[name]) or "" end))
end

-- "`a`, `b`" as Spark lists proposals.
local function proposals(text)
  local list = {}
  for name in (text or ""):gmatch "`([^`]+)`" do list[#list + 1] = name end
  return list
end

local function position(e, query, start, stop)
  local line, from = 1, 1
  for at in query:sub(1, start):gmatch "()\n" do line, from = line + 1, at + 1 end
  e.position = { start = start + 1, stop = stop, line = line, column = start + 2 - from }
  e.queryContext = { { contextType = "SQL", fragment = query:sub(start + 1, stop), startIndex = start,
    stopIndex = stop - 1, objectType = "", objectName = "", query = query } }
end

-- A text that is no number raises what is said of it in condition.def; of these types, Spark has other classes.
local CAST_CLASS = { ['"BOOLEAN"'] = "SparkRuntimeException", ['"DATE"'] = "DateTimeException",
  ['"TIMESTAMP"'] = "DateTimeException", ['"TIMESTAMP_NTZ"'] = "DateTimeException" }

--- The error object of plain fields; what C calls ("raise") and `raise` below.
local function new(e)
  local misuse = MISUSE[e.condition]
  e.messageParameters = e.messageParameters or {}
  if misuse then
    e.class, e.sqlState = e.class or misuse[1], e.sqlState or misuse[3]
    e.message = e.message or fill(misuse[2], setmetatable(e.detail or {}, { __index = e.messageParameters }))
    e.detail = nil
  end
  if e.condition == "CAST_INVALID_INPUT" then
    e.class = CAST_CLASS[e.messageParameters.targetType or ""] or e.class
  end
  e.class, e.message = e.class or "SparkException", e.message or tostring(e.condition)
  e.candidates = e.candidates or proposals(e.messageParameters.proposal)
  if e.query and e.start and e.start <= #e.query then position(e, e.query, e.start, math.min(e.stop, #e.query)) end
  e.query, e.start, e.stop = nil, nil, nil
  e.where = user_line()
  e.traceback = debug.traceback("", 3):gsub("^\n", "")
  return setmetatable(e, Error)
end

--- Raise a condition: raise("NOT_EXPECTED_TYPE", { arg_name = .. }, { hint = .. }). `detail` in the third argument is
-- what the message tells beyond Spark's parameters.
function M.raise(condition, params, extra)
  local e = { condition = condition, messageParameters = params }
  for k, v in pairs(extra or {}) do e[k] = v end
  error(new(e), 0)
end

function M.new(fields) return new(fields) end
function M.is(v) return getmetatable(v) == Error end

-- The candidate to offer beside the caret: only one that is close.
local function offer(e)
  local wrong = e.messageParameters.objectName or e.messageParameters.routineName or e.messageParameters.fieldName
  wrong = wrong and wrong:match "`([^`]+)`$"
  if not wrong then return nil end
  local best = similar.best(wrong, e.candidates)
  return best and ("did you mean `" .. best .. "`?")
end

local function caret(e)
  local c, p = e.queryContext and e.queryContext[1], e.position
  if not c then return nil end
  local line = c.query:sub(p.start - p.column + 1):match "^[^\n]*"
  local shown, shift = line, 0
  if #line > 96 and p.column > 60 then
    shift = p.column - 40
    shown = "..." .. line:sub(shift + 4)
  end
  if #shown > 100 then shown = shown:sub(1, 97) .. "..." end
  local width = math.max(1, math.min(utf8.len(c.fragment:match "^[^\n]*") or 1, 60))
  local before = line:sub(shift + 1, p.column - 1)
  return "  " .. shown .. "\n  " .. (" "):rep(utf8.len(before) or #before) .. ("^"):rep(width)
end

function Error:__tostring()
  local text = ("%s[%s] %s"):format(self.where and self.where .. ": " or "", self.condition, self.message)
  if self.sqlState and not text:find("(SQLSTATE", 1, true) then text = text .. " (SQLSTATE " .. self.sqlState .. ")" end
  local under, hint = caret(self), self.hint or offer(self)
  if under then
    text = text .. "\n" .. under .. (hint and "   " .. hint or "")
  elseif hint and not text:find(hint, 1, true) then
    text = text .. "\n  " .. hint
  end
  if self.cause ~= nil then text = text .. "\n  caused by: " .. tostring(self.cause) end
  return text
end

core.hook("raise", new)

return M
