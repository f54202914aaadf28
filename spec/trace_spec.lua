-- Which Lua functions may be traced: only those whose meaning is the expression they build, whatever the values are.
local tidemill = require "tidemill"
local trace = require "tidemill.trace"
local F = tidemill.functions

describe("tracing", function()
  it("takes arithmetic, concatenation, methods and calls of such functions", function()
    local function double(x) return x * 2 end
    local column = trace.run(function(a, b) return double(a) / (b ^ 2) .. "!" end, { F.col "a", F.col "b" })
    assert.equal("Column<'concat(/(*(a, 2), power(b, 2)), !)'>", (tostring(column):gsub("'!'", "!")))
  end)
  it("leaves alone what decides, loops, counts or answers with a plain value", function()
    local n = 0
    local function picky(x) if x == nil then return 0 end return x end
    for why, f in pairs {
      equality = function(x) if x == nil then return -1 end return x end,
      conjunction = function(x) return x and x + 1 end,
      negation = function(x) return not x end,
      order = function(x) return x < 3 end,
      loop = function(x) for _ = 1, 3 do x = x + 1 end return x end,
      counter = function(x) n = n + 1; return x + n end,
      constant = function() return 5 end,
      library = function(x) return string.upper(x) end,
      callee = function(x) return picky(x) + 1 end,
      coroutine = function(x) return coroutine.yield(x) end,
    } do
      local column, reason = trace.run(f, { F.col "a" })
      assert.is_nil(column, why)
      assert.is_string(reason)
    end
    assert.equal(0, n)
  end)
  it("leaves the debug hook as it was", function()
    local before = { debug.gethook() }
    trace.run(function(x) return x + 1 end, { F.col "a" })
    trace.run(function(x) return x:nothing() end, { F.col "a" })
    assert.same(before, { debug.gethook() })
  end)
  it("sets no hook on the caller's thread, where running out of memory would leave it", function()
    local caller, gethook, text = coroutine.running(), debug.gethook, tostring
    local column = trace.run(function(x) return x .. text(gethook(caller)) end, { F.col "a" })
    assert.equal(("Column<'concat(a, '%s')'>"):format(gethook()), tostring(column))
  end)
end)

describe("ml", function()
  local ml = tidemill.ml
  it("has Spark's vectors", function()
    local d, s = ml.linalg.Vectors.dense(1, 0, 3), ml.linalg.Vectors.sparse(3, { 0, 2 }, { 1, 3 })
    assert.equal("[1.0,0.0,3.0]", tostring(d))
    assert.equal("(3,[0,2],[1.0,3.0])", tostring(s))
    assert.is_true(d == s)
    assert.equal(10.0, d:dot(s))
    assert.same({ 1.0, 0.0, 3.0 }, s:toArray())
    assert.equal(3.0, s[-1])
    assert.equal(2, s:numNonzeros())
    assert.equal("PySparkValueError", select(2, pcall(ml.linalg.Vectors.sparse, 3, { 2, 0 }, { 1, 3 })).class)
    local m = ml.linalg.Matrices.dense(2, 2, { 1, 2, 3, 4 })
    assert.equal(3.0, m:get(1, 2))
    assert.same({ { 1.0, 3.0 }, { 2.0, 4.0 } }, m:toArray())
  end)
  it("writes parameters as the core reads them", function()
    local json = require "tidemill.param_json"
    local function p(kind) return { name = "x", kind = kind } end
    assert.equal("1.0", json.encode(1, p "double"))
    assert.equal('"Infinity"', json.encode(math.huge, p "double"))
    assert.equal("[]", json.encode({}, p "strings"))
    assert.equal('["a\\"b"]', json.encode({ 'a"b' }, p "strings"))
    assert.equal("[[0.5],[1.0]]", json.encode({ { 0.5 }, { 1 } }, p "double_lists"))
    assert.equal('{"type":1,"values":[1.0,2.0]}', json.encode({ 1, 2 }, p "vector"))
    assert.equal(-math.huge, json.decode('"-Infinity"', p "double"))
    assert.equal("integer", math.type(json.decode("3", p "int")))
    assert.equal("NOT_EXPECTED_TYPE", select(2, pcall(json.encode, "x", p "int")).condition)
  end)
  it("offers names that were meant", function()
    local e = select(2, pcall(function() return ml.clasification end))
    assert.equal("ATTRIBUTE_NOT_SUPPORTED", e.condition)
  end)
end)
