-- get_json_object over texts whose values are known from how they were made: names in any order, blanks, escapes,
-- nesting, lists, numbers of all forms, and the same texts broken somewhere behind the value.
local tidemill = require "tidemill"

local seed = 1
local function pick(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 65536 % n + 1
end

-- What a value is in JSON, and what get_json_object makes of it.
local SCALARS = {
  { '"plain"', "plain" }, { '""', "" }, { '"a longer text than one word of sixteen bytes"',
    "a longer text than one word of sixteen bytes" }, { [["with \"quotes\" and \\"]], [[with "quotes" and \]] },
  { '"\\u00e9"', "é" }, { '"日本"', "日本" }, { "0", "0" }, { "-12", "-12" },
  { "123456789012345678", "123456789012345678" },
  { "1.50", "1.5" }, { "1e3", "1000.0" }, { "true", "true" }, { "false", "false" }, { "null", nil },
  { "[1,2]", "[1,2]" }, { '{"x":[true,{"y":"a b"}],"z":null}', '{"x":[true,{"y":"a b"}],"z":null}' },
  { "[1, 2]", "[1,2]" }, { '{"x" : 1}', '{"x":1}' }, { "[]", "[]" },
}
local BLANKS = { "", "", "", " ", "\n\t ", "  " }
local function blank() return BLANKS[pick(#BLANKS)] end

local function object(members)
  local text = "{" .. blank()
  for i, m in ipairs(members) do
    local comma = i > 1 and "," .. blank() or ""
    text = text .. comma .. '"' .. m[1] .. '"' .. blank() .. ":" .. blank() .. m[2] .. blank()
  end
  return text .. "}"
end

-- An object that holds `value` at a random path of names and places; the path.
local function wrap(value, depth)
  local path = ""
  for _ = 1, depth do
    if pick(4) == 1 then
      local place, items = pick(4) - 1, {}
      for i = 1, place + pick(2) do items[i] = SCALARS[pick(#SCALARS)][1] end
      items[place + 1] = value
      value, path = "[" .. blank() .. table.concat(items, blank() .. "," .. blank()) .. blank() .. "]",
        "[" .. place .. "]" .. path
    else
      local members, at = {}, pick(4)
      for i = 1, 4 do members[i] = { ("n%d"):format(i):rep(pick(3)), SCALARS[pick(#SCALARS)][1] } end
      members[at] = { "here", value }
      value, path = object(members), ".here" .. path
    end
  end
  return value, "$" .. path
end

local function literal(s) return "'" .. s:gsub("\\", "\\\\"):gsub("'", "\\'") .. "'" end

describe("get_json_object", function()
  local spark
  setup(function() spark = tidemill.session { threads = 1 } end)
  teardown(function() spark:stop() end)

  local function ask(text, path)
    return spark:sql(("SELECT get_json_object(%s, %s) v"):format(literal(text), literal(path))):collect()[1][1]
  end

  it("finds values where they are", function()
    for _ = 1, 400 do
      local one = SCALARS[pick(#SCALARS)]
      local text, path = wrap(one[1], 1 + pick(4))
      local got = ask(text, path)
      assert(got == one[2], ("%s of %s: got %s, want %s"):format(path, text, tostring(got), tostring(one[2])))
    end
  end)

  it("finds nothing in a text that breaks behind the value", function()
    for _ = 1, 100 do
      local text, path = wrap('"v"', 1 + pick(3))
      assert(ask(text, path) == "v", text)
      assert(ask(text:sub(1, -2), path) == nil, text:sub(1, -2))
    end
    for _, text in ipairs { '{"a":1,"b":}', '{"a":1,"b"}', '{"a":1 2}', '{"a":1,,"b":2}', '{"a":1,"b":01}',
      '{"a":1,"b":tru}', '{"a":1]', '{"a":"v', '{"a":1,"b":"\1"}', '{"a":01}', "{'a':1,}" } do
      assert(ask(text, "$.a") == nil, text)
    end
  end)

  it("is null where there is no such value", function()
    for _, case in ipairs { { '{"a":1}', "$.b" }, { '{"a":1}', "$[0]" }, { "[1]", "$[1]" }, { "[]", "$[0]" },
      { '{"ab":1}', "$.a" },
      { "7", "$.a" }, { "", "$.a" }, { '{"a":[1]}', "$.a.b" } } do
      assert(ask(case[1], case[2]) == nil, case[1])
    end
  end)
end)
