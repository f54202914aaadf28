--- tidemill.help(name or object) and tidemill.features(): what the catalogues of the core and of the Lua side know.
local core = require "tidemill.core"
local similar = require "tidemill.similar"
local signatures = require "tidemill.signatures"

local M = {}

local function parameters(text)
  local out = {}
  for part in (text .. ", "):gmatch "(.-), " do
    local star, name, _, optional, preset = part:match "^(%*?)([%w_]+):(%l)(%??)=?(.*)$"
    if name then
      out[#out + 1] = star ~= "" and name .. ", .." or name .. (preset ~= "" and " = " .. preset or "")
        .. (optional ~= "" and "?" or "")
    end
  end
  return table.concat(out, ", ")
end

-- F.name: signature, description, example.
local function of_function(name)
  local info, signature = core.function_info(name), signatures[name]
  if not info and not signature then return nil end
  local shown = name:find "^[%a_][%w_]*$" and "F." .. name or ("F[%q]"):format(name)
  local lines = { shown .. "(" .. (signature and parameters(signature) or "..") .. ")" }
  if info then
    if info.usage then lines[#lines + 1] = "  SQL: " .. info.usage end
    if info.doc then lines[#lines + 1] = "  " .. info.doc end
    if info.example then lines[#lines + 1] = "  " .. info.example end
  end
  return table.concat(lines, "\n")
end

-- The parameters that one gives most: those for columns, and those without a default.
local function usual(info)
  local names = {}
  for _, p in ipairs(info.params) do
    if not p.preset or p.name == "outputCol" then names[#names + 1] = p.name .. " = .." end
  end
  return #names > 0 and "{ " .. table.concat(names, ", ") .. " }" or "{}"
end

local function range(valid)
  if valid:find "^each" then return "each in " .. valid:sub(6) end
  if valid:find "^[%[%(]" then return "in " .. valid end
  return "one of " .. valid:gsub("^~", ""):gsub("||", "\0"):gsub("|", ", "):gsub("%z", "||")
end

-- ml.feature.StringIndexer: how to make one, what it does, parameters, what a model knows, an example.
local function of_stage(info)
  local path = (info.package ~= "ml" and info.package ~= "") and info.package .. "." or ""
  local lines = { ("ml.%s%s%s"):format(path, info.name, info.role == "model" and "" or usual(info)) }
  lines[2] = "  " .. (info.doc or "")
  lines[3] = ("  %s%s"):format(info.role, info.model and ("; :fit(df) gives a " .. info.model) or "")
  if #info.params > 0 then lines[#lines + 1] = "parameters" end
  for _, p in ipairs(info.params) do
    local facts = {}
    if p.preset then facts[1] = "default " .. (p.preset == "uid" and "made from the uid" or p.preset) end
    if p.valid then facts[#facts + 1] = range(p.valid) end
    lines[#lines + 1] = ("  %-20s %-10s %s%s"):format(p.name, p.kind, p.doc or "",
      facts[1] and " (" .. table.concat(facts, "; ") .. ")" or "")
  end
  if #info.attributes > 0 then lines[#lines + 1] = "fields  " .. table.concat(info.attributes, ", ") end
  if info.example then lines[#lines + 1] = "example\n  " .. info.example:gsub("\n", "\n  ") end
  return table.concat(lines, "\n")
end

-- Where a method of DataFrame, Column or the session lives.
local function of_method(name)
  local found = {}
  if require "tidemill.dataframe".methods[name] then found[#found + 1] = "df:" .. name .. "(..)" end
  if require "tidemill.dataframe".properties[name] then found[#found + 1] = "df." .. name end
  for _, n in ipairs(require "tidemill.column".method_names()) do
    if n == name then found[#found + 1] = "column:" .. name .. "(..)" end
  end
  return #found > 0 and table.concat(found, "\n") or nil
end

local function all_names()
  local names = require "tidemill.functions".names()
  for name in pairs(require "tidemill.dataframe".methods) do names[#names + 1] = name end
  for name in pairs(require "tidemill.ml".classes) do names[#names + 1] = name end
  return names
end

local START = [[
tidemill %s: Spark's tables, SQL, streams and ML pipelines inside Lua.
  local spark = tidemill.session{}              a session
  spark.read:csv(path, { header = true })       a DataFrame; print(df) shows its first rows
  spark:sql("SELECT ..")                        SQL over views: df:createOrReplaceTempView "cars"
  tidemill.functions, .ml, .types, .testing     functions, pipelines, types, test helpers
  tidemill.help "window"                        one function, method or class
  tidemill.features()                           the parts of this build]]

--- Prints the text about a name, a stage class or stage; without one, how to begin.
function M.help(what)
  local text
  if what == nil then
    text = START:format(core.version)
  elseif type(what) == "string" then
    local info = require "tidemill.ml".classes[what]
    local parts = {}
    for _, part in ipairs { of_function(what) or "", of_method(what) or "", info and of_stage(info) or "" } do
      if part ~= "" then parts[#parts + 1] = part end
    end
    text = #parts > 0 and table.concat(parts, "\n")
      or ("There is no help for '%s'%s."):format(what, similar.suffix(what, all_names()))
  elseif type(what) == "table" then
    local name = rawget(what, "name") or (getmetatable(what) or {}).__name
    local info = require "tidemill.ml".classes[name]
    text = info and of_stage(info) or tostring(name)
  else
    for name, f in pairs(require "tidemill.dataframe".methods) do
      if f == what then text = of_method(name) end
    end
    text = text or "There is no help for this " .. type(what) .. "."
  end
  io.write(text, "\n")
end

local PARTS = { { "sql", "SQL and DataFrames" }, { "files", "csv, json, parquet, text, snapshot" },
  { "streaming", "structured streaming" }, { "ml", "machine learning" } }
-- Parts that are modules of their own, and the library that each needs.
local OPTIONAL = { { "kafka", "librdkafka" }, { "connect", "libcurl" }, { "http", "libcurl" },
  { "web", "libmicrohttpd" } }

-- A table from part to true or false that shows itself as a list.
local Features = { __name = "features" }
function Features:__tostring()
  local lines = {}
  for i, p in ipairs(PARTS) do lines[i] = ("%-9s yes  %s"):format(p[1], p[2]) end
  for _, p in ipairs(OPTIONAL) do
    lines[#lines + 1] = ("%-9s %s"):format(p[1], self[p[1]] and "yes" or "no   not in this build; it needs " .. p[2])
  end
  return table.concat(lines, "\n")
end

--- The parts of this build, part -> true or false; print it, or look at a field.
function M.features()
  local out = {}
  for _, p in ipairs(PARTS) do out[p[1]] = true end
  for _, p in ipairs(OPTIONAL) do out[p[1]] = package.searchpath("tidemill." .. p[1], package.cpath) ~= nil end
  return setmetatable(out, Features)
end

return M
