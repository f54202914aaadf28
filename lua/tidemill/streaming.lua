--- Running queries: StreamingQuery, spark.streams, MemoryStream.
-- Queries run on the thread of the script, one batch at a time, while it waits: in awaitTermination,
-- processAllAvailable, awaitAnyTermination and session:poll(). A wait for one query steps the others of its session
-- too, in turn.
local arguments = require "tidemill.arguments"
local core = require "tidemill.core"
local errors = require "tidemill.errors"
local internal = require "tidemill.internal"
local progress = require "tidemill.stream_progress"
local similar = require "tidemill.similar"
local HANDLE, SESSION, STATE = internal.handle, internal.session, internal.state

local M = {}
local REST = 10 -- milliseconds between looks for data

-- What a session knows of its queries: those that run, by id and in order of their start, and whether one has ended
-- since resetTerminated.
local function book_of(session)
  local state = session[STATE]
  state.streams = state.streams or { active = {}, ended = false, failure = false }
  return state.streams
end

-- Allocates nothing, so that a query which ended for want of memory is forgotten too.
local function forget(query)
  local book = book_of(query[SESSION])
  for i, q in ipairs(book.active) do
    if q == query then
      table.remove(book.active, i)
      book.ended, book.failure = true, query[STATE].failure or book.failure
    end
  end
end

-- ---- StreamingQuery ------------------------------------------------------------------------------------------------

local Query = { __name = "StreamingQuery" }
local methods, properties = {}, {}

local function method(name, signature, body)
  methods[name] = arguments.method("StreamingQuery", name, signature, body)
end

local function is_active(query) return query[HANDLE]:active() end

local function fail(query, cause)
  local handle = query[HANDLE]
  query[STATE].failure = cause
  forget(query)
  local why = errors.is(cause) and ("[%s] %s"):format(cause.condition, cause.message) or tostring(cause)
  local failure = errors.new { condition = "STREAM_FAILED", class = "StreamingQueryException",
    sqlState = "XXKST", cause = cause, messageParameters = { id = handle:id(), runId = handle:run_id(), message = why },
    message = ("The streaming query %s (id %s, run %s) ended with an error: %s"):format(
      query[STATE].name or "without a name", handle:id(), handle:run_id(), why) }
  query[STATE].failure = failure
  if book_of(query[SESSION]).failure == cause then book_of(query[SESSION]).failure = failure end
end

-- Run f(handle) as work of the query: its error ends the query. Gives what f gives.
local function work(query, f)
  local ok, result = pcall(f, query[HANDLE])
  if not ok then
    if is_active(query) then error(result, 0) end -- misuse or no memory before it began: the query goes on
    fail(query, result)
    return nil
  end
  if not is_active(query) then forget(query) end
  return result
end

local function step(handle) return handle:step() end

-- At most one batch of every query of the session; did one run?
local function turn(session)
  local ran = false
  for _, query in ipairs { table.unpack(book_of(session).active) } do
    if not is_active(query) then
      forget(query)
    elseif not query[STATE].stepping then
      query[STATE].stepping = true
      local ok, result = pcall(work, query, step)
      query[STATE].stepping = false
      if not ok then error(result, 0) end
      ran = ran or result
    end
  end
  return ran
end

-- Turn until done() or the time is over; false when it is.
local function wait(session, seconds, done)
  local until_ = seconds and core.seconds() + seconds
  while not done() do
    local ran = turn(session)
    if done() then break end
    local left = until_ and until_ - core.seconds()
    if left and left <= 0 then return false end
    if not ran then core.rest(left and math.min(REST, math.ceil(left * 1000)) or REST) end
  end
  return true
end

local function not_from_within(query)
  if query[STATE].stepping then
    errors.raise("UNSUPPORTED_OPERATION", { operation =
      "A function that a streaming query calls cannot wait for that query." })
  end
end

local function raise_failure(query)
  if query[STATE].failure then error(query[STATE].failure, 0) end
end

method("awaitTermination", "timeout:number?", function(self, timeout)
  if timeout and timeout <= 0 then
    errors.raise("VALUE_NOT_POSITIVE", { arg_name = "timeout", arg_value = tostring(timeout) })
  end
  not_from_within(self)
  wait(self[SESSION], timeout, function() return not is_active(self) end)
  raise_failure(self)
  if timeout then return not is_active(self) end
end)

method("processAllAvailable", "", function(self)
  not_from_within(self)
  local function settled()
    return not is_active(self) or work(self, function(handle) return handle:settled() end) ~= false
  end
  wait(self[SESSION], nil, settled)
  raise_failure(self)
end)

method("stop", "", function(self)
  self[HANDLE]:stop()
  if not self[STATE].stepping then forget(self) end
end)

method("exception", "", function(self) return self[STATE].failure or nil end)

method("explain", "extended:boolean?", function(self, extended)
  print((self[STATE].plan:explain(extended and "extended" or "simple")))
end)

function properties.id(self) return self[HANDLE]:id() end
function properties.runId(self) return self[HANDLE]:run_id() end
function properties.name(self) return self[STATE].name end
function properties.isActive(self) return is_active(self) end
function properties.status(self)
  local message, available, running = self[HANDLE]:status()
  return { message = message, isDataAvailable = available, isTriggerActive = running }
end
function properties.recentProgress(self) return progress.list(self[HANDLE]:progress()) end
function properties.lastProgress(self)
  local list = self[HANDLE]:progress()
  return list[1] and progress.list { list[#list] }[1] or nil
end

local function names()
  local list = arguments.sorted_keys(methods)
  for k in pairs(properties) do list[#list + 1] = k end
  return list
end

function Query:__index(key)
  if methods[key] then return methods[key] end
  if properties[key] then return properties[key](self) end
  local near = similar.near(tostring(key), names())
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = tostring(key) },
    { candidates = near, hint = near[1] and "did you mean query:" .. near[1] .. "?" })
end
function Query:__tostring()
  return ("StreamingQuery (%s, %s)"):format(self[STATE].name or self.id,
    self[STATE].failure and "failed" or is_active(self) and "active" or "stopped")
end
function Query:__close() self:stop() end

-- ---- starting ------------------------------------------------------------------------------------------------------

-- A run of the same query that is active is stopped, as in Spark; one name stands for one query.
local function make_room(session, spec)
  local replace = session[HANDLE]:get "spark.sql.streaming.stopActiveRunOnRestart" ~= "false"
  for _, q in ipairs { table.unpack(book_of(session).active) } do
    local same = spec.checkpoint and q[STATE].checkpoint == spec.checkpoint
    if same and replace then
      q:stop()
    elseif spec.name and q[STATE].name == spec.name then
      errors.raise("_LEGACY_ERROR_TEMP_QUERY_NAME", { name = spec.name }, { class = "IllegalArgumentException",
        message = ("A query with the name %s runs already."):format(spec.name) })
    end
  end
end

--- Start a query: `spec` as core.stream_query takes it.
function M.start(session, plan, spec)
  make_room(session, spec)
  local handle = core.stream_query(plan, spec)
  local query = setmetatable({ [HANDLE] = handle, [SESSION] = session,
    [STATE] = { name = spec.name, checkpoint = spec.checkpoint, plan = plan, failure = false,
      stepping = false } }, Query)
  local view = handle:table()
  if view then view:view(spec.name, true, false) end
  local ok, err = pcall(handle.start, handle)
  if not ok then
    if errors.is(err) and err.condition == "CONCURRENT_QUERY" then error(err, 0) end
    fail(query, err)
    return query
  end
  table.insert(book_of(session).active, query)
  return query
end

--- Stop all queries: the session closes.
function M.stop_all(session)
  for _, q in ipairs { table.unpack(book_of(session).active) } do q:stop() end
end

--- At most one batch of every active query: for hosts with a loop of their own. Did one run?
function M.poll(session) return turn(session) end

function M.reader(session) return require "tidemill.stream_reader".new(session) end
function M.writer(df) return require "tidemill.stream_writer".new(df) end

-- ---- spark.streams -------------------------------------------------------------------------------------------------

local Manager = { __name = "StreamingQueryManager" }
local of_manager = {}

of_manager.get = arguments.method("StreamingQueryManager", "get", "id:string", function(self, id)
  for _, q in ipairs(book_of(self[SESSION]).active) do if q.id == id then return q end end
  return nil
end)
of_manager.awaitAnyTermination = arguments.method("StreamingQueryManager", "awaitAnyTermination", "timeout:number?",
  function(self, timeout)
    local book = book_of(self[SESSION])
    wait(self[SESSION], timeout, function() return book.ended end)
    if book.failure then error(book.failure, 0) end
    if timeout then return book.ended end
  end)
of_manager.resetTerminated = arguments.method("StreamingQueryManager", "resetTerminated", "", function(self)
  local book = book_of(self[SESSION])
  book.ended, book.failure = false, false
end)

function Manager:__index(key)
  if key == "active" then return { table.unpack(book_of(self[SESSION]).active) } end
  if of_manager[key] then return of_manager[key] end
  local near = similar.near(tostring(key), { "active", "get", "awaitAnyTermination", "resetTerminated" })
  errors.raise("ATTRIBUTE_NOT_SUPPORTED", { attr_name = "streams." .. tostring(key) }, { candidates = near })
end

function M.manager(session) return setmetatable({ [SESSION] = session }, Manager) end

-- ---- MemoryStream --------------------------------------------------------------------------------------------------

local Memory = { __name = "MemoryStream" }
Memory.__index = Memory

function Memory:addData(...)
  local rows = select("#", ...) == 1 and (...) or { ... }
  if type(rows) == "table" and arguments.type_name(rows) ~= "DataFrame" then
    rows = self[SESSION]:createDataFrame(rows, self[STATE])
  end
  self[HANDLE]:add(rows[internal.plan])
  return self
end
function Memory:toDF()
  return require "tidemill.dataframe".wrap(self[SESSION], self[HANDLE]:plan())
end
Memory.toDS = Memory.toDF

--- A stream of rows that the program pushes: tidemill.MemoryStream(spark, "k STRING, v INT").
function M.memory(session, schema)
  local kind = require "tidemill.builder".schema_of(schema)
  return setmetatable({ [SESSION] = session, [STATE] = kind, [HANDLE] = core.stream_feed(session[HANDLE], kind) },
    Memory)
end

return M
