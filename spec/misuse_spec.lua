-- Every method and function of the surface, called with values that have no place there: an answer, or an error with
-- a condition. Never an error of Lua's own from inside, never a crash. What is called comes from Spark's surface, so
-- that a new method is tested by being there.
local cjson = require "cjson"
local lfs = require "lfs"
local tidemill = require "tidemill"
local F = require "tidemill.functions"

local CALLS = tonumber(os.getenv "MISUSE_CALLS") or 5 -- a method
local CLASSES = {
  DataFrame = function(t) return t.df() end,
  Column = function() return F.col "id" end,
  GroupedData = function(t) return t.df():groupBy "k" end,
  SparkSession = function(t) return t.spark end,
  DataFrameReader = function(t) return t.spark.read end,
  DataFrameNaFunctions = function(t) return t.df().na end,
  DataFrameStatFunctions = function(t) return t.df().stat end,
  DataFrameWriter = function(t) return t.df().write end,
  DataFrameWriterV2 = function(t) return t.df():writeTo "misused" end,
  MergeIntoWriter = function(t) return t.df():mergeInto("misused", F.lit(true)) end,
  Catalog = function(t) return t.spark.catalog end,
  RuntimeConfig = function(t) return t.spark.conf end,
  TableValuedFunction = function(t) return t.spark.tvf end,
  UDFRegistration = function(t) return t.spark.udf end,
  WindowSpec = function() return tidemill.Window.partitionBy "k" end,
  DataStreamReader = function(t) return t.spark.readStream end,
}
local ORDER = {}
for class in pairs(CLASSES) do ORDER[#ORDER + 1] = class end
table.sort(ORDER)
-- They end the session, or print.
local LEFT_OUT = { stop = true, close = true, show = true, explain = true, printSchema = true, help = true }

local function surface()
  local file = assert(io.open "spec/conformance/api/surface.json")
  local list = cjson.decode(file:read "a")
  file:close()
  local classes, functions = {}, {}
  for _, entry in ipairs(list) do
    if CLASSES[entry.class or ""] then classes[entry.class] = entry.members end
    local name = entry.module == "pyspark.sql.functions" and entry["function"]
    if name then functions[#functions + 1] = name end
  end
  return classes, functions
end

local function junk_of(t)
  local circle = {}
  circle[1] = circle
  local angry = setmetatable({}, { __index = function() error "do not look" end, __name = "angry" })
  local list = { true, -1, 0, 3, 2.5, math.maxinteger, math.mininteger, 0 / 0, 1e308, "", "\0", "id", "k", "nosuch",
    "a b ( '", "int", {}, { {} }, { 1, 2, nil, 4 }, { x = 1 }, { "id", "k" }, { F.col "id" }, { [1.5] = 2 }, circle,
    angry, io.stdout, coroutine.create(print),
    function() error "from the callback" end, function() end, function(x) return x end, ("x"):rep(10000),
    t.spark, t.df(), F.col "id", F.lit(1), F.col "s", F.col "a", F.expr "count(*)" }
  return list
end

describe("what is passed by mistake", function()
  local t = {}
  local here, folder, place, path, cpath

  -- Paths among the junk are files of that folder.
  setup(function()
    folder, place = os.tmpname(), lfs.currentdir()
    os.remove(folder)
    assert(lfs.mkdir(folder))
    path, cpath = package.path, package.cpath
    local function rooted(paths) return (paths:gsub("%f[^;%z][^/;]", place .. "/%0")) end
    package.path, package.cpath = rooted(path), rooted(cpath)
    assert(lfs.chdir(folder))
    t.spark = tidemill.SparkSession.builder:config("spark.sql.warehouse.dir", folder):create()
    function t.df()
      return t.spark:sql [[SELECT id, id % 3 AS k, CAST(id AS STRING) AS s, array(id) AS a, map('x', id) AS m,
                           named_struct('f', id) AS st FROM range(5)]]
    end
    here = junk_of(t)
    math.randomseed(tonumber(os.getenv "MISUSE_SEED") or 20)
  end)
  teardown(function()
    t.spark:stop()
    lfs.chdir(place)
    package.path, package.cpath = path, cpath
    os.execute("rm -rf '" .. folder .. "'")
  end)

  local function arguments()
    local n, args = math.random(0, 4), {}
    for i = 1, n do if math.random(8) > 1 then args[i] = here[math.random(#here)] end end
    return args, n
  end

  -- An error without a condition is ours only if it does not come out of a callback.
  local function check(name, f, ...)
    local good, e = pcall(f, ...)
    if good or (type(e) == "table" and type(e.condition) == "string") then return end
    local text = tostring(e)
    if text:find "from the callback" or text:find "do not look" then return end
    t.found[#t.found + 1] = name .. ": " .. text:sub(1, 200)
  end

  local classes, functions = surface()
  for _, class in ipairs(ORDER) do
    local make = CLASSES[class]
    it("of " .. class, function()
      for _, member in ipairs(assert(classes[class], class)) do
        for _ = 1, LEFT_OUT[member.name] and 0 or CALLS do
          local args, n = arguments()
          check(class .. ":" .. member.name, function()
            local object = make(t)
            local method = object[member.name]
            if type(method) ~= "function" then return end
            local out = method(object, table.unpack(args, 1, n))
            if type(out) == "table" and type(rawget(getmetatable(out) or {}, "__name")) == "string"
              and getmetatable(out).__name == "DataFrame" then out:limit(10):collect() end
          end)
        end
      end
      assert.same({}, t.found)
    end)
  end

  before_each(function() t.found = {} end)

  it("of functions", function()
    for _, name in ipairs(functions) do
      for _ = 1, CALLS do
        local args, n = arguments()
        check("F." .. name, function() t.df():select(F[name](table.unpack(args, 1, n))):collect() end)
      end
    end
    assert.same({}, t.found)
  end)
end)
