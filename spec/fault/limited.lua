--- Work for a process with little of something; limits_spec.lua starts it. Prints a line a step: what came out, or the
-- condition of the error. Usage: limited.lua <step> <folder>
local tidemill = require "tidemill"
local step, dir = arg[1], arg[2]

local function told(name, f, ...)
  local fine, got = pcall(f, ...)
  if fine then print(name, "ok", got)
  elseif type(got) == "table" then print(name, got.condition)
  else print(name, "plain error", got) end
end

local steps = {}

--- Operators that hold more than the limit; then the session must still answer.
function steps.memory()
  local spark = tidemill.session { threads = 2, memory = "64MB" }
  local function sum(query) return spark:sql(query):collect()[1][1] end
  local before = spark[require "tidemill.internal".handle]:memory().used
  told("aggregate", sum, "SELECT sum(n) FROM"
    .. " (SELECT concat('a key of some length ', id) k, count(*) n FROM range(2000000) GROUP BY k)")
  told("sort", sum, "SELECT sum(id) FROM"
    .. " (SELECT id, row_number() OVER (ORDER BY id % 1000, id) r FROM range(3000000)) WHERE r < 3")
  told("join", sum, "SELECT count(*) FROM range(3000000) a JOIN range(3000000) b ON a.id = b.id")
  told("distinct", sum, "SELECT count(*) FROM (SELECT DISTINCT concat('some longer text ', id) FROM range(2000000))")
  told("collect_list", sum, "SELECT size(collect_list(concat('some longer text ', id))) FROM range(3000000)")
  told("collect", function()
    return #spark:sql "SELECT concat('some longer text ', id) s FROM range(3000000)":collect()
  end)
  told("small", sum, "SELECT sum(id) FROM range(1000)")
  collectgarbage()
  collectgarbage()
  print("left", spark[require "tidemill.internal".handle]:memory().used - before < 1 << 20 and "ok" or "too much")
end

--- The process itself gets no more memory, whatever the session's limit.
function steps.address_space()
  local spark = tidemill.session { threads = 2, memory = "16GB" }
  told("big", function()
    local df = spark:sql "SELECT DISTINCT concat('some longer text ', id) FROM range(8000000)"
    return df:count()
  end)
  told("small", function() return spark:range(1000):count() end)
end

--- No descriptor is left.
function steps.descriptors()
  local spark = tidemill.session { threads = 1 }
  spark:range(10).write:mode("overwrite"):snapshot(dir .. "/t.snap")
  spark:range(10).write:mode("overwrite"):csv(dir .. "/t.csv")
  spark.read:csv(dir .. "/t.csv"):count() -- Lua has loaded what it needs
  local held = {}
  repeat
    local f = io.open "/dev/null"
    held[#held + 1] = f
  until not f
  told("save", function() spark:range(20).write:mode("overwrite"):snapshot(dir .. "/t.snap") end)
  told("load", function() return spark.read:snapshot(dir .. "/t.snap"):count() end)
  told("csv", function() spark:range(20).write:mode("overwrite"):csv(dir .. "/t.csv") end)
  for _, f in ipairs(held) do f:close() end
  told("load again", function() return spark.read:snapshot(dir .. "/t.snap"):count() end)
  told("csv again", function() return spark.read:csv(dir .. "/t.csv"):count() end)
end

--- The disk is full.
function steps.disk()
  local spark = tidemill.session { threads = 1 }
  spark:range(10).write:mode("overwrite"):snapshot(dir .. "/t.snap")
  spark:range(10).write:mode("overwrite"):csv(dir .. "/t.csv")
  local big = "SELECT sha2(CAST(id AS STRING), 512) s FROM range(40000)"
  told("save", function() spark:sql(big).write:mode("overwrite"):snapshot(dir .. "/t.snap") end)
  local numbers = "SELECT xxhash64(id) id FROM range(400000)"
  told("append", function() spark:sql(numbers).write:mode("append"):snapshot(dir .. "/t.snap") end)
  told("append less", function() spark:range(10).write:mode("append"):snapshot(dir .. "/t.snap") end)
  told("csv", function() spark:sql(big).write:mode("overwrite"):csv(dir .. "/t.csv") end)
  told("load", function() return spark.read:snapshot(dir .. "/t.snap"):count() end)
  told("csv load", function() return spark.read:csv(dir .. "/t.csv"):count() end)
  local pipe = assert(io.popen("ls -A " .. dir))
  print("files", (pipe:read "a":gsub("%s+", " ")))
  pipe:close()
end

steps[step]()
