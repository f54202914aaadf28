-- Files read and written as Spark does: lines of JSON, one case each, in the files `cases.json`,
-- `option_cases.json` and `reader_cases.json` (reads; also of malformed files) and `writers.json` (writes). Only the
-- formats that tidemill has are run, the others are skipped.
local cjson = require "cjson"
local compare = require "compare"
local footer = require "parquet_footer"
local tidemill = require "tidemill"
local M = {}

local FORMATS = { arrow = true, csv = true, json = true, parquet = true, text = true }
local base = tidemill.session { ["spark.sql.session.timeZone"] = "UTC" }

function M.claims(path)
  return path:find "/io/[^/]*cases%.json$" ~= nil or path:find "/io/bad/cases%.json$" ~= nil
    or path:find "/io/writers%.json$" ~= nil
end

-- ---- the folder of a case -------------------------------------------------------------------------------------

local function quote(path) return "'" .. path:gsub("'", "'\\''") .. "'" end
local function shell(command) assert(os.execute(command), command) end

local function unbase64(text)
  local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  local out, bits, n = {}, 0, 0
  for c in text:gmatch "[%w+/]" do
    bits, n = (bits << 6 | alphabet:find(c, 1, true) - 1) & 0xffffff, n + 6
    if n >= 8 then
      n = n - 8
      out[#out + 1] = string.char(bits >> n & 255)
    end
  end
  return table.concat(out)
end

local function write_inputs(folder, inputs)
  for _, f in ipairs(inputs) do
    local path = folder .. "/" .. f.name
    if f.name:find "/" then shell("mkdir -p " .. quote(path:match "^(.*)/")) end
    local out = assert(io.open(path, "wb"))
    out:write(f.text or unbase64(f.b64))
    out:close()
    if f.mtime then shell(("TZ=UTC touch -d %s %s"):format(quote(f.mtime), quote(path))) end
  end
end

local function with_folder(f)
  local folder = os.tmpname()
  os.remove(folder)
  shell("mkdir " .. folder)
  local function traced(e) return type(e) == "table" and e or debug.traceback(e, 2) end
  local results = table.pack(xpcall(f, traced, folder))
  os.execute("rm -rf " .. folder)
  return table.unpack(results, 1, results.n)
end

-- ---- answers --------------------------------------------------------------------------------------------------

local function ddl(df) return compare.ddl(df.schema) end

-- The rows as the cases write them: texts, BINARY in hex, VARIANT as JSON, nulls as "NULL" with a mark.
local function texts(df)
  if #df.columns == 0 then
    local lines = {}
    for i = 1, df:count() do lines[i] = {} end
    return lines
  end
  local names, exprs = {}, {}
  for i, field in ipairs(df.schema.fields) do
    local kind = field.dataType:simpleString()
    names[i] = "c" .. i
    local form = kind == "binary" and "hex(c%d)" or kind == "variant" and "to_json(c%d)" or "CAST(c%d AS STRING)"
    exprs[i] = form:format(i)
  end
  local lines = {}
  for i, row in ipairs(df:toDF(table.unpack(names)):selectExpr(table.unpack(exprs)):collect()) do
    local cells = {}
    for k = 1, #names do cells[k] = row[k] == nil and cjson.null or row[k] end
    lines[i] = cells
  end
  return lines
end

-- A text of more than 300 characters is given by its beginning and its length.
local function shorten(expected, got)
  local head, n = expected:match "^(.*)%.%.%. %((%d+) characters%)$"
  if head and got:sub(1, #head) == head and utf8.len(got) == tonumber(n) then return expected end
  return got
end

local function line_of(row, other)
  local cells = {}
  for i, v in ipairs(row) do
    if v == cjson.null then cells[i] = "NULL"
    else
      local e = other and other[i]
      v = type(e) == "string" and shorten(e, v) or v
      cells[i] = "'" .. v:gsub("[\\\t\n\r]", compare.ESCAPE) .. "'"
    end
  end
  return table.concat(cells, "\t")
end

local function replaced(row, names)
  local out = {}
  for i, v in ipairs(row) do
    if type(v) == "string" then
      for name, value in pairs(names) do v = v:gsub(name, (value:gsub("%%", "%%%%"))) end
    end
    out[i] = v
  end
  return out
end

local function compare_rows(result, rows, sorted, names)
  local expected, got = {}, {}
  for i, row in ipairs(result.rows) do expected[i] = line_of(replaced(row, names)) end
  for i, row in ipairs(rows) do
    if i > 40 and result.row_count then break end
    got[i] = line_of(row, result.rows[i])
  end
  if result.row_count and result.row_count ~= #rows then
    return ("expected %d rows, got %d"):format(result.row_count, #rows)
  end
  return compare.lines(expected, got, sorted)
end

-- The error that Spark raised: its condition, or one that it names as a cause where ours is the plainer.
local function check_error(expected, ok, err)
  local condition = expected.condition
  local name = type(condition) == "string" and condition or tostring(expected.class)
  if ok then return "expected error " .. name .. ", got rows" end
  if type(err) ~= "table" or not err.condition then return tostring(err) end
  if condition == cjson.null or condition == nil or condition:find "^_LEGACY_ERROR_TEMP_" then return nil end
  if err.condition ~= condition then return "expected error " .. condition .. ", got " .. compare.describe(err) end
  if type(expected.sqlstate) == "string" and err.sqlState ~= expected.sqlstate then
    return ("expected SQLSTATE %s, got %s"):format(expected.sqlstate, tostring(err.sqlState))
  end
end

-- Arrow files as pyarrow shows them, where Spark refuses a type that is read here: its texts of simple values, the
-- first rows.
local PYTHON = { ["True"] = "true", ["False"] = "false" }
local function check_arrow(arrow, rows)
  local expected, got = {}, {}
  for i, row in ipairs(arrow.head) do
    local cells = {}
    for k, v in ipairs(row) do cells[k] = PYTHON[v] or v end
    expected[i], got[i] = line_of(cells), line_of(rows[i] or {})
  end
  if arrow.rows ~= #rows then return ("expected %d rows, got %d"):format(arrow.rows, #rows) end
  return compare.lines(expected, got)
end

-- Spark's distribution has no class for the codec, which is read and written here; pyarrow's rows are all there.
local function lacks_class(case)
  for _, cause in ipairs(case.error and case.error.causes or {}) do
    if cause == "java.lang.ClassNotFoundException" then return true end
  end
end

-- ---- cases ----------------------------------------------------------------------------------------------------

local function session_of(case)
  local spark = base:newSession()
  for k, v in pairs(case.conf or {}) do spark.conf:set(k, v) end
  return spark
end

local function set_options(builder, options)
  for k, v in pairs(options or {}) do builder = builder:option(k, v) end
  return builder
end

-- What to load: paths below the case file's folder, or in the folder of its inputs.
local function paths_of(case, files, folder)
  local function below(root, list)
    local out = {}
    for i, p in ipairs(type(list) == "table" and list or { list }) do
      out[i] = p:sub(1, 1) == "/" and p or p == "" and root or root .. "/" .. p
    end
    return out
  end
  if case.path then return below(files, case.path) end
  if case.load then return below(folder, case.load) end
  return #case.input == 1 and { folder .. "/" .. case.input[1].name } or { folder }
end

local function run_read(case, files)
  if case.format == "arrow" and case.pyarrow then
    case.error = { condition = cjson.null, class = case.pyarrow.error }
  end
  local spark = session_of(case)
  local ok, why = with_folder(function(folder)
    local schema, rows
    local names = { ["%$DIR"] = folder, ["%$FILES"] = files, ["%$TODAY"] = os.date "!%Y-%m-%d" }
    write_inputs(folder, case.input or {})
    local done, err = pcall(function()
      local options = {}
      for k, v in pairs(case.options or {}) do options[k] = replaced({ v }, names)[1] end
      local reader = set_options(spark.read:format(case.format), options)
      if case.schema then reader = reader:schema(case.schema) end
      local df = reader:load(paths_of(case, files, folder))
      if case.query then
        df:createOrReplaceTempView "input"
        df = spark:sql(case.query)
      end
      schema, rows = ddl(df), texts(df)
    end)
    if lacks_class(case) and case.pyarrow and case.pyarrow.rows then
      if not done then return compare.describe(err) end
      return check_arrow({ head = case.pyarrow.rows, rows = #rows }, rows) -- the first ones
    end
    if case.error and case.arrow then -- Spark refuses the type: read it right, or say why not
      if done then return check_arrow(case.arrow, rows) end
      return type(err) ~= "table" and tostring(err) or nil
    end
    if case.error then return check_error(case.error, done, err) end
    if not done then return compare.describe(err) end
    if case.arrow then case.result.row_count = case.arrow.rows end
    if schema ~= case.result.schema then
      return ("schema differs; expected %s\ngot %s"):format(case.result.schema, schema)
    end
    return compare_rows(case.result, rows, case.sorted, names)
  end)
  spark:stop()
  return why and tostring(why) or not ok and "failed"
end

-- ---- writes ---------------------------------------------------------------------------------------------------

local function save(spark, case, sql, mode, path, options)
  local writer = set_options(spark:sql(sql).write:format(case.format), options)
  if type(mode) == "string" then writer = writer:mode(mode) end
  if case.partitionBy then writer = writer:partitionBy(table.unpack(case.partitionBy)) end
  writer:save(path)
end

local HEX = "%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x"

-- Names (unique parts made equal) and contents of all files below a folder, in order.
local function listing(folder)
  local out = {}
  local pipe = io.popen(("cd %s 2>/dev/null && find . -type f"):format(quote(folder)))
  for name in pipe:lines() do
    local f <close> = assert(io.open(folder .. "/" .. name, "rb"))
    out[#out + 1] = { name = name:sub(3):gsub(HEX, "UUID"), text = f:read "a" }
  end
  pipe:close()
  return out
end

local function file_line(f, like)
  local text = f.text or f.b64 and unbase64(f.b64)
  if like and like.magic and not like.text and not like.b64 then
    local magic = (f.text or ""):sub(1, #like.magic // 2):gsub(".", function(c) return ("%02x"):format(c:byte()) end)
    return f.name .. "\tmagic " .. (f.text and magic or f.magic)
  end
  if like and not like.text and not like.b64 then return f.name end
  return f.name .. "\t" .. tostring(text)
end

local function compare_files(expected, got)
  local by_name, a, b = {}, {}, {}
  for i, f in ipairs(expected) do
    by_name[f.name] = f
    a[i] = file_line(f, f):gsub("\n", "\\n")
  end
  for i, f in ipairs(got) do b[i] = file_line(f, by_name[f.name] or { text = true }):gsub("\n", "\\n") end
  return compare.lines(a, b, true)
end

-- Facts about a Parquet file: its schema, what Spark keeps in it, its chunks. Whether a column may be null is the
-- query's matter, not the writer's, and left out as in schemas.
local function check_facts(facts, path)
  local pipe <close> = io.popen(("ls %s/*.parquet"):format(quote(path)))
  local meta = footer.read(pipe:read "l")
  local kept = footer.key_values(meta)
  local function lines(schema, key_values, groups, columns)
    local out = {}
    for i, line in ipairs(schema) do out[i] = line:gsub("^optional", "required") end
    for k, v in pairs(key_values) do out[#out + 1] = k .. " " .. v:gsub('"nullable":%l+', "") end
    out[#out + 1] = ("row groups %d"):format(groups)
    for _, c in ipairs(columns) do
      table.sort(c.encodings)
      out[#out + 1] = table.concat({ c.path, c.type, c.codec, table.concat(c.encodings, " "), tostring(c.stats),
        tostring(c.column_index), tostring(c.offset_index) }, " ")
    end
    return out
  end
  return compare.lines(lines(facts.schema, facts.key_value, facts.row_groups, facts.columns),
    lines(footer.schema_lines(meta), kept, #meta[4], footer.columns(meta, 1)), true)
end

local function check_written(spark, case, path)
  if case.parquet then return check_facts(case.parquet, path) end
  local why = case.files and compare_files(case.files, listing(path))
  if why or not case.read_back then return why end
  local df = spark.read:format(case.format):load(path)
  if ddl(df) ~= case.read_back.schema then
    return ("schema differs; expected %s\ngot %s"):format(case.read_back.schema, ddl(df))
  end
  return compare_rows(case.read_back, texts(df), true, {})
end

local function run_write(case)
  local spark = session_of(case)
  local ok, why = with_folder(function(folder)
    local path = folder .. "/out"
    if case.existing then save(spark, case, case.existing, nil, path) end
    local done, err = pcall(save, spark, case, case.sql, case.mode, path, case.options)
    if done and lacks_class(case) then return nil end
    if case.error then return check_error(case.error, done, err) end
    if not done then return compare.describe(err) end
    return check_written(spark, case, path)
  end)
  spark:stop()
  return why and tostring(why) or not ok and "failed"
end

function M.run(path, report, wanted)
  local folder = path:match "^(.*)/"
  local files = path:find "/bad/cases%.json$" and folder:match "^(.*)/" or folder .. "/files"
  for line in io.lines(path) do
    local case = cjson.decode(line)
    if wanted(case.id) then
      if not FORMATS[case.format] then report(case.id, "skip")
      else
        local why = case.sql and run_write(case) or not case.sql and run_read(case, files)
        report(case.id, why and "fail" or "pass", why and line:sub(1, 2000) .. "\n" .. why)
      end
    end
  end
end

return M
