-- An interpreter of the syntax trees of python_parse.lua over the values of python_value.lua.
--
-- M.new(library) gives an interpreter: run(program, scope) and value(expression, scope). A scope is { vars, parent }.
-- What Python's language says is done here; what concerns objects of the library under test is asked of
-- `library`: attribute(v, name), index(v, key), call(v, args, named), binary(op, a, b), compare(op, a, b),
-- unary(op, v); each gives nil when the operands are none of its.
local V = require "python_value"
local None = V.None
local M = {}

local throw, unsupported = V.throw, V.unsupported
local EXPR, STATEMENT = {}, {}

local function value(self, node, scope)
  local f = EXPR[node.kind] or unsupported("expression " .. node.kind)
  return f(self, node, scope)
end

-- ---- names -------------------------------------------------------------------------------------------------------

local function lookup(self, scope, name)
  local s = scope
  while s do
    local v = s.vars[name]
    if v ~= nil then return v end
    s = s.parent
  end
  local v = self.builtins[name]
  if v ~= nil then return v end
  throw("NameError", "name '%s' is not defined", name)
end

local function assign(self, target, v, scope)
  if target.kind == "name" then scope.vars[target.name] = v
  elseif target.kind == "tuple" or target.kind == "list" then
    local items = V.items(v)
    if items.n ~= #target then throw("ValueError", "cannot unpack %d values into %d", items.n, #target) end
    for i, t in ipairs(target) do assign(self, t, items[i], scope) end
  elseif target.kind == "index" then
    local holder, key = value(self, target[1], scope), value(self, target[2], scope)
    local kind = V.kind(holder)
    if kind == "dict" then V.dict_set(holder, key, v)
    elseif kind == "list" then holder[key < 0 and holder.n + key + 1 or key + 1] = v
    else throw("TypeError", "'%s' object does not support item assignment", V.class_name(holder)) end
  else unsupported("assignment to " .. target.kind) end
end

-- ---- calls -------------------------------------------------------------------------------------------------------

--- Arguments of a call: positional with n, and a list of { name, value }.
local function arguments_of(self, list, scope)
  local args, named = { n = 0 }, {}
  local function put(v) args.n, args[args.n + 1] = args.n + 1, v end
  for _, a in ipairs(list) do
    local v = value(self, a[1], scope)
    if a.name then named[#named + 1] = { a.name, v }
    elseif a.double then for i = 1, v.n do named[#named + 1] = { v.keys[i], v.values[i] } end
    elseif a.star then
      local items = V.items(v)
      for i = 1, items.n do put(items[i]) end
    else put(v) end
  end
  return args, named
end

local function call(self, f, args, named)
  local kind = V.kind(f)
  if kind == "function" then return f.call(args, named or {}) end
  if kind == "type" then
    if not f.make then unsupported("constructor of " .. f.name) end
    return f.make(args, named or {})
  end
  if kind and V.extra[kind] and V.extra[kind].call then return V.extra[kind].call(f, args, named or {}) end
  if kind then throw("TypeError", "'%s' object is not callable", kind) end
  return self.library.call(f, args, named or {})
end
M.call = call

local function bind(name, parameters, args, named, defaults, scope)
  local vars, used = {}, 0
  for i, p in ipairs(parameters) do
    if p.star == "*" then
      local rest = { n = 0 }
      for k = i, args.n do rest.n, rest[rest.n + 1] = rest.n + 1, args[k] end
      vars[p.name], used = V.tuple(rest), args.n
    elseif p.star == "**" then vars[p.name] = V.dict()
    elseif i <= args.n and used < args.n then vars[p.name], used = args[i], i end
  end
  if used < args.n then throw("TypeError", "%s() takes %d arguments but %d were given", name, #parameters, args.n) end
  for _, pair in ipairs(named) do
    local known = false
    for _, p in ipairs(parameters) do
      if p.name == pair[1] and not p.star then vars[p.name], known = pair[2], true
      elseif p.star == "**" and not known then
        V.dict_set(vars[p.name], pair[1], pair[2])
        known = true
      end
    end
    if not known then throw("TypeError", "%s() got an unexpected keyword argument '%s'", name, pair[1]) end
  end
  for i, p in ipairs(parameters) do
    if vars[p.name] == nil then
      vars[p.name] = defaults[i]
      if defaults[i] == nil then throw("TypeError", "%s() missing argument '%s'", name, p.name) end
    end
  end
  return { vars = vars, parent = scope }
end

local RETURN = {}

local function make_function(self, name, parameters, scope, run)
  local defaults, arity = {}, 0
  for i, p in ipairs(parameters) do
    if p.default then defaults[i] = value(self, p.default, scope) end
    if not p.star then arity = arity + 1 end
  end
  return V.func(name, function(args, named)
    return run(bind(name, parameters, args, named, defaults, scope))
  end, arity)
end

function EXPR.lambda(self, node, scope)
  return make_function(self, "<lambda>", node.parameters, scope, function(s) return value(self, node.body, s) end)
end

function STATEMENT.def(self, node, scope)
  local f = make_function(self, node.name, node.parameters, scope, function(s)
    local result = self:run(node.body, s)
    return result and result.signal == RETURN and result.value or None
  end)
  for i = #(node.decorators or {}), 1, -1 do
    f = call(self, value(self, node.decorators[i], scope), { n = 1, f }, {})
  end
  scope.vars[node.name] = f
end

function EXPR.call(self, node, scope)
  local f = value(self, node[1], scope)
  local args, named = arguments_of(self, node.arguments, scope)
  return call(self, f, args, named)
end

-- ---- simple expressions ------------------------------------------------------------------------------------------

function EXPR.number(_, node) return node.value or V.big(node.digits) end
function EXPR.complex(_, node) return V.complex(0.0, node.value) end
function EXPR.string(_, node) return node.value end
function EXPR.bytes(_, node) return V.bytes(node.value) end
function EXPR.None() return None end
function EXPR.True() return true end
function EXPR.False() return false end
function EXPR.ellipsis() return V.Ellipsis end
function EXPR.name(self, node, scope) return lookup(self, scope, node.name) end

local function items_of(self, node, scope)
  local out = { n = 0 }
  for _, item in ipairs(node) do
    if item.kind == "star" then
      local rest = V.items(value(self, item[1], scope))
      for i = 1, rest.n do out.n, out[out.n + 1] = out.n + 1, rest[i] end
    else out.n, out[out.n + 1] = out.n + 1, value(self, item, scope) end
  end
  return out
end
function EXPR.list(self, node, scope) return V.list(items_of(self, node, scope)) end
function EXPR.tuple(self, node, scope) return V.tuple(items_of(self, node, scope)) end
function EXPR.set(self, node, scope) return V.set(items_of(self, node, scope)) end
function EXPR.dict(self, node, scope)
  local d = V.dict()
  for _, p in ipairs(node.pairs) do
    if p.spread then
      local other = value(self, p.spread, scope)
      for i = 1, other.n do V.dict_set(d, other.keys[i], other.values[i]) end
    else V.dict_set(d, value(self, p[1], scope), value(self, p[2], scope)) end
  end
  return d
end

EXPR["if"] = function(self, node, scope)
  return value(self, V.truth(value(self, node.test, scope)) and node.body or node.orelse, scope)
end
EXPR["and"] = function(self, node, scope)
  local left = value(self, node[1], scope)
  if not V.truth(left) then return left end
  return value(self, node[2], scope)
end
EXPR["or"] = function(self, node, scope)
  local left = value(self, node[1], scope)
  if V.truth(left) then return left end
  return value(self, node[2], scope)
end
EXPR["not"] = function(self, node, scope) return not V.truth(value(self, node[1], scope)) end

function EXPR.comprehension(self, node, scope)
  local out, inner = { n = 0 }, { vars = {}, parent = scope }
  local function clause(i)
    local c = node.clauses[i]
    if not c then
      local v = value(self, node.value, inner)
      out.n = out.n + 1
      out[out.n] = node.key and { value(self, node.key, inner), v } or v
    elseif c.test then
      if V.truth(value(self, c.test, inner)) then clause(i + 1) end
    else
      local list = V.items(value(self, c.list, inner))
      for k = 1, list.n do
        assign(self, c.targets, list[k], inner)
        clause(i + 1)
      end
    end
  end
  clause(1)
  if node.of == "dict" then return V.dict(out) end
  if node.of == "set" then return V.set(out, out.n) end
  return V.list(out)
end

function EXPR.fstring(self, node, scope)
  local parts = {}
  for i, p in ipairs(node.parts) do
    if type(p) == "string" then parts[i] = p
    else
      local v = value(self, p[1], scope)
      if p.conversion == "r" then v = V.repr(v) end
      local format = p.format or ""
      if format ~= "" and type(v) == "number" and format:find "^[%d.]*[dfge]$" then parts[i] = ("%" .. format):format(v)
      elseif format ~= "" then unsupported("format " .. format)
      else parts[i] = V.str(v) end
    end
  end
  return table.concat(parts)
end

-- ---- operators ---------------------------------------------------------------------------------------------------

-- base ** exponent by its decimal digits, for what 64 bits do not hold.
local function big_power(base, exponent)
  local digits = { 1 } -- least significant first
  for _ = 1, exponent do
    local carry = 0
    for i = 1, #digits do
      local v = digits[i] * base + carry
      digits[i], carry = v % 10, v // 10
    end
    while carry > 0 do digits[#digits + 1], carry = carry % 10, carry // 10 end
  end
  return V.big(table.concat(digits):reverse())
end

local function power(a, b)
  if math.type(a) ~= "integer" or math.type(b) ~= "integer" or b < 0 then return (a + 0.0) ^ b end
  local exact = (a + 0.0) ^ b
  if math.abs(exact) < 2.0 ^ 62 then
    local r = 1
    for _ = 1, b do r = r * a end
    return r
  end
  if a < 0 then unsupported "power of a negative number" end
  return big_power(a, b)
end

-- Whole numbers that leave 64 bits are an error here, not another number.
local function whole(exact, wrapped)
  if math.type(wrapped) == "integer" and math.abs(exact) >= 2.0 ^ 63 then unsupported "whole numbers beyond 64 bits" end
  return wrapped
end

local NUMBERS = {
  ["+"] = function(a, b) return whole((a + 0.0) + b, a + b) end,
  ["-"] = function(a, b) return whole((a + 0.0) - b, a - b) end,
  ["*"] = function(a, b) return whole((a + 0.0) * b, a * b) end,
  ["/"] = function(a, b)
    if b == 0 then throw("ZeroDivisionError", "division by zero") end
    return a / b
  end,
  ["//"] = function(a, b)
    if b == 0 then throw("ZeroDivisionError", "integer division by zero") end
    return a // b
  end,
  ["%"] = function(a, b)
    if b == 0 then throw("ZeroDivisionError", "integer modulo by zero") end
    return a % b
  end,
  ["**"] = power,
  ["&"] = function(a, b) return a & b end,
  ["|"] = function(a, b) return a | b end,
  ["^"] = function(a, b) return a ~ b end,
  ["<<"] = function(a, b) return a << b end,
  [">>"] = function(a, b) return a >> b end,
}

-- "%d and %s" % values
local function percent(format, v)
  local values, at = V.kind(v) == "tuple" and v or { v, n = 1 }, 0
  return (format:gsub("%%([-0-9.]*)([%a%%])", function(flags, letter)
    if letter == "%" then return "%" end
    at = at + 1
    local item = values[at]
    if letter == "s" then return ("%" .. flags .. "s"):format(V.str(item)) end
    if letter == "r" then return V.repr(item) end
    return ("%" .. flags .. letter):format(item)
  end))
end

local function repeated(v, n)
  if type(v) == "string" then return v:rep(n) end
  local out = { n = 0 }
  for _ = 1, n do for i = 1, v.n do out.n, out[out.n + 1] = out.n + 1, v[i] end end
  return V.kind(v) == "tuple" and V.tuple(out) or V.list(out)
end

local function sequence_operator(op, a, b)
  local ka, kb = V.kind(a), V.kind(b)
  if op == "%" and type(a) == "string" then return percent(a, b) end
  if op == "+" and type(a) == "string" and type(b) == "string" then return a .. b end
  if op == "+" and ka == kb and (ka == "list" or ka == "tuple") then
    local out = { n = a.n + b.n }
    for i = 1, a.n do out[i] = a[i] end
    for i = 1, b.n do out[a.n + i] = b[i] end
    return ka == "tuple" and V.tuple(out) or V.list(out)
  end
  if op == "+" and ka == "bytes" and kb == "bytes" then return V.bytes(a.text .. b.text) end
  local function many(v) return type(v) == "string" or V.kind(v) == "list" or V.kind(v) == "tuple" end
  if op == "*" and many(a) and math.type(b) == "integer" then return repeated(a, b) end
  if op == "*" and many(b) and math.type(a) == "integer" then return repeated(b, a) end
end

local function binary(self, op, a, b)
  local x, y = V.number(a), V.number(b)
  if x and y then return NUMBERS[op](x, y) end
  local result = sequence_operator(op, a, b)
  if result ~= nil then return result end
  if V.kind(a) == "complex" or V.kind(b) == "complex" then
    local function parts(v) return V.number(v) or v.real, V.number(v) and 0.0 or v.imag end
    local r1, i1 = parts(a)
    local r2, i2 = parts(b)
    if op == "+" then return V.complex(r1 + r2, i1 + i2) end
    unsupported "complex numbers"
  end
  result = self.library.binary(op, a, b)
  if result ~= nil then return result end
  throw("TypeError", "unsupported operand type(s) for %s: '%s' and '%s'", op, V.class_name(a), V.class_name(b))
end
M.binary = binary

function EXPR.binary(self, node, scope)
  return binary(self, node.op, value(self, node[1], scope), value(self, node[2], scope))
end

function EXPR.unary(self, node, scope)
  local v = value(self, node[1], scope)
  local x = V.number(v)
  if x then
    if node.op == "-" then return -x elseif node.op == "+" then return x end
    return ~x
  end
  if V.kind(v) == "int" and node.op == "-" then return V.big("-" .. v.digits) end
  local result = self.library.unary(node.op, v)
  if result ~= nil then return result end
  throw("TypeError", "bad operand type for unary %s: '%s'", node.op, V.class_name(v))
end

local function contains(v, x)
  local kind = V.kind(v)
  if type(v) == "string" then return v:find(x, 1, true) ~= nil end
  if kind == "dict" then return v.at[V.key(x)] ~= nil end
  local known = not kind and V.library.contains(v, x)
  if known ~= nil and not kind then return known end
  local items = V.items(v)
  for i = 1, items.n do
    local same = V.library.compare("==", items[i], x) -- a Column, which has no truth
    if same == nil then same = V.equal(items[i], x) end
    if V.truth(same) then return true end
  end
  return false
end

local COMPARE = {
  ["=="] = V.equal, ["!="] = function(a, b) return not V.equal(a, b) end, ["<"] = V.less,
  [">"] = function(a, b) return V.less(b, a) end,
  ["<="] = function(a, b) return V.less(a, b) or V.equal(a, b) end,
  [">="] = function(a, b) return V.less(b, a) or V.equal(a, b) end,
  ["in"] = function(a, b) return contains(b, a) end, ["not in"] = function(a, b) return not contains(b, a) end,
}

function EXPR.compare(self, node, scope)
  local left, result = value(self, node[1], scope), nil
  for i = 2, #node do
    local op, right = node[i].op, value(self, node[i][1], scope)
    if op == "is" then result = V.library.same(left, right)
    elseif op == "is not" then result = not V.library.same(left, right)
    else
      result = self.library.compare(op, left, right)
      if result == nil then result = COMPARE[op](left, right) end
    end
    if i < #node and not V.truth(result) then return result end
    left = right
  end
  return result
end

-- ---- attributes and items ----------------------------------------------------------------------------------------

local METHODS = require "python_methods"

local function attribute(self, v, name)
  local kind = V.kind(v)
  if kind == "module" then
    local found = v.members[name]
    if found ~= nil then return found end
    throw("AttributeError", "module '%s' has no attribute '%s'", v.name, name)
  end
  if kind == "type" and name == "__name__" then return v.name end
  if kind == "type" and v[name] ~= nil then return v[name] end
  if not kind and type(v) ~= "string" and type(v) ~= "number" and type(v) ~= "boolean" then
    if name == "__class__" then return V.type(V.class_name(v)) end
    return self.library.attribute(v, name)
  end
  if V.extra[kind] and V.extra[kind].attribute then return V.extra[kind].attribute(v, name) end
  local f = METHODS.find(v, name)
  if f then return V.func(name, function(args, named) return f(v, args, named, self) end) end
  throw("AttributeError", "'%s' object has no attribute '%s'", V.class_name(v), name)
end
M.attribute = attribute

function EXPR.attribute(self, node, scope) return attribute(self, value(self, node[1], scope), node.name) end

--- Places of a slice of n items, from 1.
local function slice_places(n, s)
  local function at(v, preset)
    if v == nil or rawequal(v, None) then return preset end
    if v < 0 then v = v + n end
    return math.max(0, math.min(n, v))
  end
  local step, out = s.step or 1, {}
  if step < 0 then for i = math.min(at(s.from, n - 1), n - 1), at(s.to, -1) + 1, step do out[#out + 1] = i + 1 end end
  if step > 0 then for i = at(s.from, 0), at(s.to, n) - 1, step do out[#out + 1] = i + 1 end end
  return out
end
M.slice_places = slice_places

local function slice_of(v, s)
  local items, out = V.items(v), {}
  local places = slice_places(items.n, s)
  for i, at in ipairs(places) do out[i] = items[at] end
  out.n = #places
  if type(v) == "string" then return table.concat(out) end
  return V.kind(v) == "list" and V.list(out) or V.tuple(out)
end

function EXPR.slice(self, node, scope)
  local function part(n) return n and value(self, n, scope) or nil end
  return setmetatable({ from = part(node.from), to = part(node.to), step = part(node.step) }, { python = "slice" })
end

function EXPR.index(self, node, scope)
  local v, key = value(self, node[1], scope), value(self, node[2], scope)
  local kind = V.kind(v)
  if kind == "dict" then
    local found = V.dict_get(v, key)
    if found == nil then throw("KeyError", V.repr(key)) end
    return found
  end
  if not kind and type(v) ~= "string" then return self.library.index(v, key) end
  if V.kind(key) == "slice" then return slice_of(v, key) end
  if math.type(key) ~= "integer" then
    throw("TypeError", "%s indices must be integers, not %s", V.class_name(v), V.class_name(key))
  end
  local items = V.items(v)
  local at = key < 0 and items.n + key + 1 or key + 1
  if at < 1 or at > items.n then throw("IndexError", "%s index out of range", V.class_name(v)) end
  return items[at]
end

-- ---- statements --------------------------------------------------------------------------------------------------

function STATEMENT.expr(self, node, scope) value(self, node[1], scope) end
function STATEMENT.assign(self, node, scope)
  local v = value(self, node.value, scope)
  for _, t in ipairs(node.targets) do assign(self, t, v, scope) end
end
function STATEMENT.augmented(self, node, scope)
  local v = binary(self, node.op, value(self, node.target, scope), value(self, node.value, scope))
  assign(self, node.target, v, scope)
end
STATEMENT["pass"] = function() end
STATEMENT["break"] = function() return { signal = "break" } end
STATEMENT["continue"] = function() return { signal = "continue" } end
STATEMENT["return"] = function(self, node, scope)
  return { signal = RETURN, value = node[1] and value(self, node[1], scope) or None }
end
function STATEMENT.import(self, node, scope)
  local import = self.import
  for _, n in ipairs(node.names) do
    if node.from then
      local found = import(node.from, n.name)
      if n.name == "*" then for k, v in pairs(found) do scope.vars[k] = v end
      else scope.vars[n.as or n.name] = found end
    else
      local top = n.name:match "^[^.]*"
      scope.vars[n.as or top] = import(n.as and n.name or top)
    end
  end
end
function STATEMENT.if_statement(self, node, scope)
  if V.truth(value(self, node.test, scope)) then return self:run(node.body, scope) end
  if node.orelse then return self:run(node.orelse, scope) end
end
STATEMENT["for"] = function(self, node, scope)
  local items = V.items(value(self, node.list, scope))
  for i = 1, items.n do
    assign(self, node.targets, items[i], scope)
    local r = self:run(node.body, scope)
    if r and r.signal == "break" then break end
    if r and r.signal == RETURN then return r end
  end
end
STATEMENT["while"] = function(self, node, scope)
  while V.truth(value(self, node.test, scope)) do
    local r = self:run(node.body, scope)
    if r and r.signal == "break" then break end
    if r and r.signal == RETURN then return r end
  end
end
STATEMENT["with"] = function(self, node, scope)
  local v = value(self, node.value, scope)
  local class = V.extra[V.kind(v)]
  local entered = v
  if class and class.enter then entered = class.enter(v) end
  if node.target then assign(self, node.target, entered, scope) end
  local ok, result = pcall(self.run, self, node.body, scope)
  if class and class.leave then class.leave(v) end
  if not ok then error(result, 0) end
  return result
end
function STATEMENT.del(_, node, scope)
  if node[1].kind ~= "name" then unsupported "del of items" end
  scope.vars[node[1].name] = nil
end
STATEMENT["assert"] = function(self, node, scope)
  if not V.truth(value(self, node[1], scope)) then throw("AssertionError", "assertion failed") end
end
STATEMENT["raise"] = function(self, node, scope)
  local v = node[1] and value(self, node[1], scope) or nil
  throw(v and (v.name or V.class_name(v)) or "RuntimeError", "raised")
end
STATEMENT["try"] = function(self, node, scope)
  local ok, result = pcall(self.run, self, node.body, scope)
  if not ok then
    if type(result) == "table" and result.unsupported or not node.handlers[1] then error(result, 0) end
    result = self:run(node.handlers[1].body, scope)
  end
  if node.finally then self:run(node.finally, scope) end
  return result
end

local Interpreter = {}
Interpreter.__index = Interpreter
function Interpreter:run(program, scope)
  for _, node in ipairs(program) do
    local f = STATEMENT[node.kind] or unsupported("statement " .. node.kind)
    local result = f(self, node, scope)
    if result then return result end
  end
end
Interpreter.value = value
Interpreter.call = call

--- An interpreter; `library` as above, `import(module, name)` gives modules and their members.
function M.new(library, builtins, import)
  return setmetatable({ library = library, builtins = builtins, import = import }, Interpreter)
end

return M
