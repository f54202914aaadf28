-- Conformance runner: cases that a real Spark answered, put to the public Lua surface and compared.
--
--   lua5.4 spec/conformance/run.lua [-v] [--known FILE] [--write-known FILE] [--only PATTERN] PATH...
--
-- PATH is a file of a known format or a folder of them, here or anywhere else. Prints a line a file and
-- closes with `N passed, N failed, N skipped`. A case of a part that the runner cannot drive is skipped.
--   -v            each difference, expected beside got
--   --only TEXT   only cases whose id contains TEXT
--   --known F     F lists known failures (file, id, reason; separated by tabs): they count as skipped, and one
--                 that passes is a failure, so that the list stays true. --write-known F writes such a
--                 list, with the reasons that --known gives.
--
-- A format is a module of this folder: claims(path) tells whether a file is its own, run(path, report, wanted)
-- calls report(id, outcome, detail) for every wanted case; outcome is "pass", "fail" or "skip".
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
require "tree" (here .. "/../..")

local FORMATS = { require "format_sql", require "format_streaming", require "format_ml",
  require "format_ml_schema", require "format_ml_params", require "format_io", (require "format_api") }

local function usage(why)
  io.stderr:write(why, "\nusage: run.lua [-v] [--known FILE] [--write-known FILE] [--only TEXT] PATH...\n")
  os.exit(2)
end

local function parse_arguments(argv)
  local o, i = { paths = {} }, 1
  local valued = { ["--known"] = "known", ["--write-known"] = "write_known", ["--only"] = "only" }
  while argv[i] do
    local a = argv[i]
    if a == "-v" then o.verbose = true
    elseif valued[a] then
      i = i + 1
      o[valued[a]] = argv[i] or usage(a .. " needs a value")
    elseif a:sub(1, 1) == "-" then usage("unknown option " .. a)
    else o.paths[#o.paths + 1] = a end
    i = i + 1
  end
  if #o.paths == 0 then usage "no path given" end
  return o
end

local function quote(path) return "'" .. path:gsub("'", "'\\''") .. "'" end

-- All files below the paths that some format claims, sorted within each path.
local function collect(paths)
  local files = {}
  for _, path in ipairs(paths) do
    local found = 0
    local pipe = assert(io.popen("find -L " .. quote(path) .. " -type f 2>/dev/null | LC_ALL=C sort"))
    for file in pipe:lines() do
      for _, format in ipairs(FORMATS) do
        if format.claims(file) then
          files[#files + 1] = { path = file, format = format }
          found = found + 1
          break
        end
      end
    end
    pipe:close()
    if found == 0 then usage("no case file in " .. path) end
  end
  return files
end

-- Cases are known by file name without its folder, so that copies elsewhere match too.
local function key(path, id) return path:match "[^/]*$" .. "\t" .. id end

local function read_known(path)
  local known = {}
  if not path then return known end
  for line in io.lines(path) do
    local file, id, reason = line:match "^([^\t#]+)\t([^\t]+)\t(.+)$"
    if file then known[file .. "\t" .. id] = reason
    elseif line ~= "" and line:sub(1, 1) ~= "#" then error(path .. ": malformed line: " .. line) end
  end
  return known
end

-- The reason for a list: the last line of a difference, cut short.
local function one_line(text)
  local line = tostring(text):match("[^\n]*$"):gsub("[%s%c]+", " "):sub(1, 72)
  return line:find "%S" and line or "differs"
end

local function run_file(file, o, known, total, failures)
  local n = { pass = 0, fail = 0, skip = 0 }
  local function report(id, outcome, detail)
    local reason = known[key(file.path, id)]
    if reason and outcome == "pass" then
      outcome, detail = "fail", "passes, but is listed as a known failure: " .. reason
    elseif reason and outcome == "fail" then
      outcome, detail = "skip", reason
      failures[#failures + 1] = key(file.path, id) .. "\t" .. reason
    end
    n[outcome] = n[outcome] + 1
    if outcome == "fail" then
      if not reason then failures[#failures + 1] = key(file.path, id) .. "\t" .. one_line(detail) end
      if o.verbose then print(("  %s: %s\n    %s"):format(id, file.path, (detail:gsub("\n", "\n    ")))) end
    end
  end
  local wanted = function(id) return not o.only or id:find(o.only, 1, true) ~= nil end
  local ok, err = xpcall(file.format.run, debug.traceback, file.path, report, wanted)
  if not ok then report("(file)", "fail", err) end
  print(("%-44s %5d passed %5d failed %5d not supported"):format(file.path:sub(-44), n.pass, n.fail, n.skip))
  for k, v in pairs(n) do total[k] = total[k] + v end
end

local o = parse_arguments(arg)
local known, total, failures = read_known(o.known), { pass = 0, fail = 0, skip = 0 }, {}
for _, file in ipairs(collect(o.paths)) do
  run_file(file, o, known, total, failures)
  collectgarbage()
end
if o.write_known then
  local out = assert(io.open(o.write_known, "w"))
  out:write("# Known failures: file, case, reason. Written by run.lua --write-known; read by --known.\n")
  for _, line in ipairs(failures) do out:write(line, "\n") end
  assert(out:close())
end
print(("%d passed, %d failed, %d skipped"):format(total.pass, total.fail, total.skip))
os.exit(total.fail == 0)
