-- `params.json`: one class a line with its parameters as Spark knows them. A case is `Class.param` (name, default, the
-- values it takes and refuses) and `Class` (that it has these parameters and no others).
local cjson = require "cjson"
local stages = require "ml_stages"
local M = {}

function M.claims(path)
  return path:find "/params%.json$" ~= nil and not path:find "/reference/" and not path:find "/scripts/"
end

local function same(a, b)
  if type(a) == "table" and type(b) == "table" then
    for k, v in pairs(a) do if not same(v, b[k]) then return false end end
    return #a == #b
  end
  local special = stages.SPECIAL[a]
  if special then return b == special or (b ~= b and special ~= special) end
  return a == b
end

local function takes(class, name, value, kind)
  local stage = class {}
  return (pcall(stage.set, stage, name, stages.parameter(value, kind)))
end

-- Values inside and outside an interval of the range.
local function probes(p)
  local inside, outside = {}, {}
  for _, r in ipairs(p.range or {}) do
    for end_, side in pairs { min = -1, max = 1 } do
      local v = r[end_]
      if type(v) == "number" then
        local open = r[end_ .. "Exclusive"]
        inside[#inside + 1] = not open and v or nil
        if #p.range == 1 then outside[#outside + 1] = open and v or v + side end
      end
    end
  end
  return inside, outside
end

local function check(class, p)
  local stage, mine = class {}, nil
  for _, q in ipairs(class.params) do if q.name == p.name then mine = q end end
  if not mine then return "it is not there" end
  if (p.default ~= nil and p.default ~= cjson.null) ~= stage:hasDefault(p.name) then return "hasDefault" end
  if p.default ~= nil and p.default ~= cjson.null then
    local want = type(p.default) == "string" and p.default:gsub("<uid>", (stage.uid:gsub("%%", "%%%%"))) or p.default
    if not same(want, stage:getOrDefault(p.name)) then
      return ("default: expected %s, got %s"):format(tostring(want), tostring(stage:getOrDefault(p.name)))
    end
  end
  local inside, outside = probes(p)
  for _, list in ipairs { inside, p.values or {}, p.accepted or {} } do
    for _, v in ipairs(list) do
      if not takes(class, p.name, v, mine.kind) then return "should take " .. cjson.encode { v } end
    end
  end
  for _, v in ipairs(p.values or {}) do
    local other = v:upper() == v and v:lower() or v:upper()
    if takes(class, p.name, other, mine.kind) ~= (p.caseInsensitive or false) then return "case of " .. v end
  end
  if p.values then outside[#outside + 1] = "no such name" end
  for _, list in ipairs { outside, p.rejected or {} } do
    for _, v in ipairs(list) do
      if takes(class, p.name, v, mine.kind) then return "should refuse " .. cjson.encode { v } end
    end
  end
  if p.acceptsNaN ~= nil and takes(class, p.name, "NaN", mine.kind) ~= p.acceptsNaN then return "NaN" end
end

local function check_class(spec, report, wanted)
  local known, class = pcall(stages.class, spec.class)
  if not known or type(class.params) ~= "table" then return report(spec.class, "skip", "class") end
  local names, extra = {}, {}
  for _, p in ipairs(spec.params) do names[p.name] = true end
  for _, p in ipairs(class.params) do
    if not names[p.name] then extra[#extra + 1] = p.name end
    names[p.name] = nil
  end
  for name in pairs(names) do extra[#extra + 1] = name .. " (absent)" end
  if wanted(spec.class) then
    report(spec.class, #extra == 0 and "pass" or "fail", "differs from Spark: " .. table.concat(extra, ", "))
  end
  if spec.kind == "model" then return end -- made by fit alone; the table is the estimator's
  for _, p in ipairs(spec.params) do
    local id = spec.class .. "." .. p.name
    if wanted(id) then
      local ok, why = pcall(check, class, p)
      report(id, ok and not why and "pass" or "fail", tostring(why))
    end
  end
end

function M.run(path, report, wanted)
  for line in io.lines(path) do
    local ok, spec = pcall(cjson.decode, line)
    if ok and type(spec) == "table" and spec.class and spec.params and spec.params ~= cjson.null then
      check_class(spec, report, wanted)
    end
  end
end

return M
