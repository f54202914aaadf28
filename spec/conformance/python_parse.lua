-- Python source to a syntax tree: the part of the language that programs against PySpark are written in.
--
-- M.program(text) gives a list of statements, M.expression(text) one expression. A node is a table with `kind`:
--   number string bytes name none true false   list tuple set dict   call attribute index slice
--   unary binary compare and or not if lambda comprehension star await-free, as Python's `ast` has them
--   statements: expr assign augmented import def return if for while with pass del assert raise try
-- Errors are raised as { python = "SyntaxError", message }; source the parser does not know as { unsupported = text }.
local M = {}

local KEYWORDS = {}
for word in ([[False None True and as assert break class continue def del elif else except finally for from global if
  import in is lambda nonlocal not or pass raise return try while with yield async await]]):gmatch "%a+" do
  KEYWORDS[word] = true
end

local function fail(message) error({ python = "SyntaxError", message = message }, 0) end

-- ---- tokens ------------------------------------------------------------------------------------------------------

local ESCAPES = { n = "\n", t = "\t", r = "\r", ["\\"] = "\\", ["'"] = "'", ['"'] = '"', a = "\a", b = "\b",
  f = "\f", v = "\v", ["0"] = "\0", ["\n"] = "" }

local function unescape(body, bytes)
  body = body:gsub("\\u(%x%x%x%x)", function(h) return not bytes and utf8.char(tonumber(h, 16)) or nil end)
  body = body:gsub("\\x(%x%x)", function(h)
    local c = tonumber(h, 16)
    return bytes and string.char(c) or utf8.char(c)
  end)
  return (body:gsub("\\(.)", function(c) return ESCAPES[c] end))
end

-- A string literal that starts at `at` (behind its prefix): its token and the place behind it.
local function string_token(text, at, prefix)
  local quote = text:sub(at, at + 2)
  if quote ~= '"""' and quote ~= "'''" then quote = text:sub(at, at) end
  local from, to = at + #quote
  local i = from
  while true do
    local c = text:sub(i, i)
    if c == "" then fail "unterminated string" end
    if c == "\\" then i = i + 2
    elseif text:sub(i, i + #quote - 1) == quote then
      to = i
      break
    else i = i + 1 end
  end
  local body = text:sub(from, to - 1)
  prefix = prefix:lower()
  local bytes = prefix:find "b" ~= nil
  if not prefix:find "r" then body = unescape(body, bytes) end
  local kind = bytes and "bytes" or prefix:find "f" and "fstring" or "string"
  return { kind = kind, value = body }, to + #quote
end

local function number_token(text, at)
  local hex = text:match("^0[xX][%x_]+", at)
  if hex then return { kind = "number", value = math.tointeger(tonumber((hex:gsub("_", "")))) }, at + #hex end
  local digits = text:match("^[%d_]*%.?[%d_]*", at)
  local exponent = text:match("^[eE][+-]?%d+", at + #digits) or ""
  local stop = at + #digits + #exponent
  local plain = (digits .. exponent):gsub("_", "")
  if text:find("^[jJ]", stop) then return { kind = "complex", value = tonumber(plain) }, stop + 1 end
  if plain:find "[.eE]" then return { kind = "number", value = tonumber(plain) + 0.0 }, stop end
  return { kind = "number", value = math.tointeger(tonumber(plain)) or nil, digits = plain }, stop
end

local OPERATORS = { "**=", "//=", ">>=", "<<=", "...", "**", "//", ">>", "<<", "<=", ">=", "==", "!=", "->", "+=",
  "-=", "*=", "/=", "%=", "&=", "|=", "^=", ":=", "+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "<", ">", "(", ")",
  "[", "]", "{", "}", ",", ":", ".", ";", "=" }

local function operator_at(text, at)
  for _, op in ipairs(OPERATORS) do if text:sub(at, at + #op - 1) == op then return op end end
end

-- All tokens of a text; lines and their depth become "newline", "indent" and "dedent".
local function tokens_of(text)
  local out, at, nesting, levels, fresh = {}, 1, 0, { 0 }, true
  local function put(kind, value) out[#out + 1] = { kind = kind, value = value } end
  local function depth(n)
    if n > levels[#levels] then
      levels[#levels + 1] = n
      put "indent"
    end
    while n < levels[#levels] do
      levels[#levels] = nil
      put "dedent"
    end
  end
  while at <= #text do
    if fresh and nesting == 0 then
      local space = text:match("^[ \t]*", at)
      local after = text:sub(at + #space, at + #space)
      if after ~= "\n" and after ~= "#" and after ~= "" then depth(#space) end
      at, fresh = at + #space, false
    end
    local c = text:sub(at, at)
    local prefix = text:match("^([rRbBfFuU]+)['\"]", at)
    if c == "\n" then
      if nesting == 0 then
        if #out > 0 and out[#out].kind ~= "newline" and out[#out].kind ~= "indent" then put "newline" end
        fresh = true
      end
      at = at + 1
    elseif c:find "%s" then at = at + 1
    elseif c == "#" then at = text:find("\n", at, true) or #text + 1
    elseif c == "\\" and text:sub(at + 1, at + 1) == "\n" then at = at + 2
    elseif c == "'" or c == '"' or prefix then
      prefix = prefix or ""
      local token
      token, at = string_token(text, at + #prefix, prefix)
      out[#out + 1] = token
    elseif c:find "%d" or text:find("^%.%d", at) then
      local token
      token, at = number_token(text, at)
      out[#out + 1] = token
    elseif c:find "[%a_\x80-\xff]" then
      local word = text:match("^[%w_\x80-\xff]+", at)
      put(KEYWORDS[word] and word or "name", word)
      at = at + #word
    else
      local op = operator_at(text, at) or fail("invalid character " .. c)
      if op:find "[%(%[{]" then nesting = nesting + 1 elseif op:find "[%)%]}]" then nesting = nesting - 1 end
      put(op, op)
      at = at + #op
    end
  end
  if #out > 0 and out[#out].kind ~= "newline" then put "newline" end
  depth(0)
  put "end"
  return out
end

-- ---- the stream --------------------------------------------------------------------------------------------------

local P = {}
P.__index = P

function P:is(kind) return self.tokens[self.at].kind == kind end
function P:next()
  local t = self.tokens[self.at]
  self.at = self.at + 1
  return t
end
function P:accept(kind) return self:is(kind) and self:next() or nil end
function P:expect(kind)
  if not self:is(kind) then fail(("expected %s, got %s"):format(kind, self.tokens[self.at].kind)) end
  return self:next()
end

-- ---- expressions -------------------------------------------------------------------------------------------------

-- Operators of two sides, from the loosest to the tightest.
local LEVELS = { { "|" }, { "^" }, { "&" }, { "<<", ">>" }, { "+", "-" }, { "*", "/", "//", "%", "@" } }

function P:expression()
  if self:accept "lambda" then return self:lambda() end
  local body = self:disjunction()
  if self:accept "if" then
    local test = self:disjunction()
    self:expect "else"
    return { kind = "if", test = test, body = body, orelse = self:expression() }
  end
  return body
end

function P:parameters(stop)
  local list = {}
  while not self:is(stop) do
    local p = { star = (self:accept "*" and "*") or (self:accept "**" and "**") or nil }
    p.name = self:expect("name").value
    if stop == ")" and self:accept ":" then self:expression() end
    if self:accept "=" then p.default = self:expression() end
    list[#list + 1] = p
    if not self:accept "," then break end
  end
  self:expect(stop)
  return list
end

function P:lambda()
  local parameters = self:parameters ":"
  return { kind = "lambda", parameters = parameters, body = self:expression() }
end

function P:disjunction()
  local left = self:conjunction()
  while self:accept "or" do left = { kind = "or", left, self:conjunction() } end
  return left
end
function P:conjunction()
  local left = self:negation()
  while self:accept "and" do left = { kind = "and", left, self:negation() } end
  return left
end
function P:negation()
  if self:accept "not" then return { kind = "not", self:negation() } end
  return self:comparison()
end

function P:comparison_operator()
  for _, op in ipairs { "==", "!=", "<=", ">=", "<", ">", "in" } do if self:accept(op) then return op end end
  if self:accept "is" then return self:accept "not" and "is not" or "is" end
  if self:is "not" and self.tokens[self.at + 1].kind == "in" then
    self.at = self.at + 2
    return "not in"
  end
end

function P:comparison()
  local left, list = self:level(1), nil
  while true do
    local op = self:comparison_operator()
    if not op then break end
    list = list or { kind = "compare", left }
    list[#list + 1] = { op = op, self:level(1) }
  end
  return list or left
end

function P:level(n)
  if n > #LEVELS then return self:unary() end
  local left = self:level(n + 1)
  while true do
    local found
    for _, op in ipairs(LEVELS[n]) do found = found or self:accept(op) end
    if not found then return left end
    left = { kind = "binary", op = found.value, left, self:level(n + 1) }
  end
end

function P:unary()
  for _, op in ipairs { "-", "+", "~" } do
    if self:accept(op) then return { kind = "unary", op = op, self:unary() } end
  end
  return self:power()
end

function P:power()
  local base = self:postfix(self:atom())
  if self:accept "**" then return { kind = "binary", op = "**", base, self:unary() } end
  return base
end

function P:arguments()
  local list = {}
  while not self:is ")" do
    if self:accept "**" then list[#list + 1] = { double = true, self:expression() }
    elseif self:accept "*" then list[#list + 1] = { star = true, self:expression() }
    elseif self:is "name" and self.tokens[self.at + 1].kind == "=" then
      local name = self:next().value
      self:next()
      list[#list + 1] = { name = name, self:expression() }
    else
      local value = self:expression()
      if self:is "for" then value = self:comprehension("generator", value) end
      list[#list + 1] = { value }
    end
    if not self:accept "," then break end
  end
  self:expect ")"
  return list
end

function P:subscript()
  local function one()
    local from = not self:is ":" and self:expression() or nil
    if not self:accept ":" then return from end
    local node = { kind = "slice", from = from }
    if not self:is ":" and not self:is "]" and not self:is "," then node.to = self:expression() end
    if self:accept ":" and not self:is "]" and not self:is "," then node.step = self:expression() end
    return node
  end
  local first = one()
  if not self:is "," then return first end
  local tuple = { kind = "tuple", first }
  while self:accept "," do if not self:is "]" then tuple[#tuple + 1] = one() end end
  return tuple
end

function P:postfix(node)
  while true do
    if self:accept "." then node = { kind = "attribute", node, name = self:name_after_dot() }
    elseif self:accept "(" then node = { kind = "call", node, arguments = self:arguments() }
    elseif self:accept "[" then
      node = { kind = "index", node, self:subscript() }
      self:expect "]"
    else return node end
  end
end

function P:name_after_dot()
  local t = self:next()
  if t.kind ~= "name" then fail("expected a name behind the dot, got " .. t.kind) end
  return t.value
end

-- `for targets in list if test ..` behind a first value.
function P:comprehension(of, value, key)
  local node = { kind = "comprehension", of = of, value = value, key = key, clauses = {} }
  while true do
    if self:accept "for" then
      local targets = self:targets()
      self:expect "in"
      node.clauses[#node.clauses + 1] = { targets = targets, list = self:disjunction() }
    elseif self:accept "if" then node.clauses[#node.clauses + 1] = { test = self:disjunction() }
    else return node end
  end
end

-- Names (or anything assigned to) of a `for`: one, or a tuple.
function P:targets()
  local first = self:postfix(self:atom())
  if not self:is "," then return first end
  local tuple = { kind = "tuple", first }
  while self:accept "," do
    if self:is "in" or self:is "=" then break end
    tuple[#tuple + 1] = self:postfix(self:atom())
  end
  return tuple
end

function P:item()
  if self:accept "*" then return { kind = "star", self:level(1) } end
  return self:expression()
end

function P:items(kind, stop, first)
  local node = { kind = kind, first }
  while not self:is(stop) do
    node[#node + 1] = self:item()
    if not self:accept "," then break end
  end
  self:expect(stop)
  return node
end

function P:parenthesised()
  if self:accept ")" then return { kind = "tuple" } end
  local first = self:item()
  if self:is "for" then
    local node = self:comprehension("generator", first)
    self:expect ")"
    return node
  end
  if self:accept ")" then return first end
  self:expect ","
  return self:items("tuple", ")", first)
end

function P:bracketed()
  if self:accept "]" then return { kind = "list" } end
  local first = self:item()
  if self:is "for" then
    local node = self:comprehension("list", first)
    self:expect "]"
    return node
  end
  if self:accept "]" then return { kind = "list", first } end
  self:expect ","
  return self:items("list", "]", first)
end

function P:braced()
  local node = { kind = "dict", pairs = {} }
  while not self:is "}" do
    if self:accept "**" then node.pairs[#node.pairs + 1] = { spread = self:level(1) }
    else
      local key = self:item()
      if not self:accept ":" then
        if self:is "for" then
          node = self:comprehension("set", key)
          break
        end
        if not self:accept "," then return self:items("set", "}", key) end
        return self:items("set", "}", key)
      end
      local value = self:expression()
      if self:is "for" then
        node = self:comprehension("dict", value, key)
        break
      end
      node.pairs[#node.pairs + 1] = { key, value }
    end
    if not self:accept "," then break end
  end
  self:expect "}"
  return node
end

-- Adjacent literals are one; {..} in an f-string is an expression with an optional format.
local function fstring_parts(parts, body)
  local at = 1
  while at <= #body do
    local open = body:find("[{}]", at)
    local literal = body:sub(at, (open or 0) - 1)
    if literal ~= "" then parts[#parts + 1] = literal end
    if not open then return end
    local c = body:sub(open, open)
    if body:sub(open + 1, open + 1) == c then
      parts[#parts + 1] = c
      at = open + 2
    else
      local close = body:find("}", open, true) or fail "f-string: expecting '}'"
      local inside = body:sub(open + 1, close - 1)
      local text, conversion, format = inside:match "^(.-)!?([rs]?):?([^:!]*)$"
      if not inside:find "[:!]" then text, conversion, format = inside, "", "" end
      parts[#parts + 1] = { M.expression(text), conversion = conversion, format = format }
      at = close + 1
    end
  end
end

function P:text(first)
  if first.kind == "bytes" then
    local value = first.value
    while self:is "bytes" do value = value .. self:next().value end
    return { kind = "bytes", value = value }
  end
  local parts, plain, token = {}, true, first
  while token do
    if token.kind == "fstring" then
      plain = false
      fstring_parts(parts, token.value)
    else parts[#parts + 1] = token.value end
    token = self:accept "string" or self:accept "fstring"
  end
  if plain then return { kind = "string", value = table.concat(parts) } end
  return { kind = "fstring", parts = parts }
end

function P:atom()
  local t = self:next()
  local kind = t.kind
  if kind == "number" or kind == "complex" then return t end
  if kind == "string" or kind == "bytes" or kind == "fstring" then return self:text(t) end
  if kind == "name" then return { kind = "name", name = t.value } end
  if kind == "None" or kind == "True" or kind == "False" then return { kind = kind } end
  if kind == "(" then return self:parenthesised() end
  if kind == "[" then return self:bracketed() end
  if kind == "{" then return self:braced() end
  if kind == "..." then return { kind = "ellipsis" } end
  fail("unexpected " .. kind)
end

-- ---- statements --------------------------------------------------------------------------------------------------

local BLOCK = {}

function P:block()
  self:expect ":"
  if not self:accept "newline" then return self:simple_line() end
  self:expect "indent"
  local list = {}
  while not self:accept "dedent" do self:statement(list) end
  return list
end

function BLOCK:def()
  local name = self:expect("name").value
  self:expect "("
  local parameters = self:parameters ")"
  if self:accept "->" then self:expression() end
  return { kind = "def", name = name, parameters = parameters, body = self:block() }
end
BLOCK["if"] = function(self)
  local node = { kind = "if_statement", test = self:expression(), body = self:block() }
  if self:accept "elif" then node.orelse = { BLOCK["if"](self) }
  elseif self:accept "else" then node.orelse = self:block() end
  return node
end
BLOCK["for"] = function(self)
  local targets = self:targets()
  self:expect "in"
  return { kind = "for", targets = targets, list = self:tuple_or_one(), body = self:block() }
end
BLOCK["while"] = function(self) return { kind = "while", test = self:expression(), body = self:block() } end
BLOCK["with"] = function(self)
  local node = { kind = "with", value = self:expression() }
  if self:accept "as" then node.target = self:postfix(self:atom()) end
  node.body = self:accept "," and { BLOCK["with"](self) } or self:block()
  return node
end
BLOCK["try"] = function(self)
  local node = { kind = "try", body = self:block(), handlers = {} }
  while self:accept "except" do
    local h = {}
    if not self:is ":" then h.class = self:expression() end
    if self:accept "as" then h.name = self:expect("name").value end
    h.body = self:block()
    node.handlers[#node.handlers + 1] = h
  end
  if self:accept "else" then node.orelse = self:block() end
  if self:accept "finally" then node.finally = self:block() end
  return node
end

function P:tuple_or_one()
  local first = self:item()
  if not self:is "," then return first end
  local tuple = { kind = "tuple", first }
  while self:accept "," do
    if self:is "newline" or self:is ";" or self:is "=" then break end
    tuple[#tuple + 1] = self:item()
  end
  return tuple
end

function P:import(from)
  local node = { kind = "import", from = from, names = {} }
  local function dotted()
    local parts = { self:expect("name").value }
    while self:accept "." do parts[#parts + 1] = self:expect("name").value end
    return table.concat(parts, ".")
  end
  if from then
    node.from = dotted()
    self:expect "import"
  end
  local open = self:accept "("
  repeat
    local name = self:accept "*" and "*" or dotted()
    node.names[#node.names + 1] = { name = name, as = self:accept "as" and self:expect("name").value or nil }
  until not self:accept ","
  if open then self:expect ")" end
  return node
end

local AUGMENTED = { "+=", "-=", "*=", "/=", "//=", "%=", "**=", "&=", "|=", "^=" }

function P:small()
  if self:accept "pass" then return { kind = "pass" } end
  if self:accept "break" then return { kind = "break" } end
  if self:accept "continue" then return { kind = "continue" } end
  if self:accept "import" then return self:import(false) end
  if self:accept "from" then return self:import(true) end
  if self:accept "return" then
    return { kind = "return", not self:is "newline" and not self:is ";" and self:tuple_or_one() or nil }
  end
  if self:accept "del" then return { kind = "del", self:targets() } end
  if self:accept "assert" then
    local node = { kind = "assert", self:expression() }
    if self:accept "," then node.message = self:expression() end
    return node
  end
  if self:accept "raise" then
    return { kind = "raise", not self:is "newline" and self:expression() or nil }
  end
  local value = self:tuple_or_one()
  for _, op in ipairs(AUGMENTED) do
    if self:accept(op) then
      return { kind = "augmented", op = op:sub(1, -2), target = value, value = self:tuple_or_one() }
    end
  end
  local targets = {}
  while self:accept "=" do
    targets[#targets + 1] = value
    value = self:tuple_or_one()
  end
  if #targets > 0 then return { kind = "assign", targets = targets, value = value } end
  return { kind = "expr", value }
end

function P:simple_line(list)
  list = list or {}
  repeat
    if self:is "newline" then break end
    list[#list + 1] = self:small()
  until not self:accept ";"
  self:expect "newline"
  return list
end

-- @expression lines before a def.
function P:decorated()
  local decorators = {}
  while self:accept "@" do
    decorators[#decorators + 1] = self:expression()
    self:expect "newline"
  end
  if not self:accept "def" then error({ unsupported = "statement @" }, 0) end
  local node = BLOCK.def(self)
  node.decorators = decorators
  return node
end

function P:statement(list)
  local kind = self.tokens[self.at].kind
  if BLOCK[kind] then
    self:next()
    list[#list + 1] = BLOCK[kind](self)
  elseif kind == "@" then list[#list + 1] = self:decorated()
  elseif kind == "class" or kind == "async" or kind == "global" then
    error({ unsupported = "statement " .. kind }, 0)
  else self:simple_line(list) end
end

local function parser(text) return setmetatable({ tokens = tokens_of(text), at = 1 }, P) end

function M.program(text)
  local p, list = parser(text), {}
  while not p:is "end" do p:statement(list) end
  return list
end

function M.expression(text)
  local p = parser(text)
  local node = p:tuple_or_one()
  p:accept "newline"
  p:expect "end"
  return node
end

return M
