--- Running queries: StreamingQuery, spark.streams, MemoryStream.
-- Queries have no thread of their own: they run on that of the script, one batch at a time. While it waits, in
-- awaitTermination, processAllAvailable and awaitAnyTermination, they go on as fast as they can. Elsewhere each gets a
-- turn of one batch at most when the script looks at one: query.status, lastProgress, recentProgress, isActive and
-- exception(), spark.streams, an action over the table of a memory sink, and session:poll() for hosts with a loop of
-- their own. start() itself runs no batch. A turn goes round all queries of the session; inside a function that a
-- query calls there is none.
--
-- Listeners, spark.streams:addListener{ onQueryStarted = f, onQueryProgress = f, onQueryIdle = f,
-- onQueryTerminated = f }, are called with an event on the same thread: in start, and at the end of each turn for what
-- it brought. An error of theirs is written to stderr and stops nothing.
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
  state.streams = state.streams or { active = {}, ended = false, failure = false, turns = 0, listeners = {} }
  return state.streams
end

local function is_active(query) return query[HANDLE]:active() end

-- ---- listeners -----------------------------------------------------------------------------------------------------

local EVENTS = { onQueryStarted = true, onQueryProgress = true, onQueryIdle = true, onQueryTerminated = true }
local function now() return os.date "!%Y-%m-%dT%H:%M:%SZ" end

local function post(query, kind, event)
  event.id, event.runId = query[HANDLE]:id(), query[HANDLE]:run_id()
  for _, listener in ipairs { table.unpack(book_of(query[SESSION]).listeners) } do
    local ok, why = true, nil
    if listener[kind] then ok, why = pcall(listener[kind], event) end
    if not ok then io.stderr:write(("tidemill: %s of a listener failed: %s\n"):format(kind, tostring(why))) end
  end
end

-- What a step brought. Idle: at the first step without data, then again after each interval without a batch.
local function post_step(query, ran)
  local s, seconds = query[STATE], core.seconds()
  if #book_of(query[SESSION]).listeners == 0 then return end
  if ran then
    local list = query[HANDLE]:progress()
    post(query, "onQueryProgress", { progress = progress.list { list[#list] }[1] })
    s.event_at = seconds
  elseif is_active(query) and seconds - (s.event_at or -math.huge) >= s.idle_after then
    post(query, "onQueryIdle", { timestamp = now() })
    s.event_at = seconds
  end
end

local function post_end(query)
  local failure = query[STATE].failure
  post(query, "onQueryTerminated", { exception = failure and failure.message or nil,
    errorClassOnException = failure and errors.is(failure.cause) and failure.cause.condition or nil })
end

-- Out of the books: was it there? Allocates nothing, so that a query which ended for want of memory goes too.
local function strike(query)
  local book = book_of(query[SESSION])
  for i, q in ipairs(book.active) do
    if q == query then
      table.remove(book.active, i)
      book.ended, book.failure = true, query[STATE].failure or book.failure
      return true
    end
  end
  return false
end

-- An ended query is told of once.
local function forget(query) if strike(query) then post_end(query) end end

-- ---- StreamingQuery ------------------------------------------------------------------------------------------------

local Query = { __name = "StreamingQuery" }
local methods, properties = {}, {}

local function method(name, signature, body)
  methods[name] = arguments.method("StreamingQuery", name, signature, body)
end

local function fail(query, cause)
  local handle = query[HANDLE]
  query[STATE].failure = cause
  local known = strike(query)
  local why = errors.is(cause) and ("[%s] %s"):format(cause.condition, cause.message) or tostring(cause)
  local failure = errors.new { condition = "STREAM_FAILED", class = "StreamingQueryException",
    sqlState = "XXKST", cause = cause, messageParameters = { id = handle:id(), runId = handle:run_id(), message = why },
    message = ("The streaming query %s (id %s, run %s) ended with an error: %s"):format(
      query[STATE].name or "without a name", handle:id(), handle:run_id(), why) }
  query[STATE].failure = failure
  if book_of(query[SESSION]).failure == cause then book_of(query[SESSION]).failure = failure end
  if known then post_end(query) end
end

-- Run f(handle) as work of the query: its error ends the query. Gives what f gives.
local function work(query, f)
  local ok, result = pcall(f, query[HANDLE])
  if not ok then
    if is_active(query) then error(result, 0) end -- misuse or no memory before it began: the query goes on
    fail(query, result)
    return nil
  end
  return result
end

local function step(handle) return handle:step() end

-- At most one batch of every query of the session; did one run?
local function turn(session)
  local ran, book = false, book_of(session)
  for _, query in ipairs { table.unpack(book.active) } do
    if not is_active(query) then
      forget(query)
    elseif not query[STATE].stepping then
      query[STATE].stepping, book.turns = true, book.turns + 1
      local ok, result = pcall(work, query, step)
      query[STATE].stepping, book.turns = false, book.turns - 1
      if not ok then error(result, 0) end
      if not query[STATE].failure then post_step(query, result) end
      if not is_active(query) then forget(query) end
      ran = ran or result
    end
  end
  return ran
end

-- A turn because the script looks, but for the functions that a query calls.
local function glance(session) if book_of(session).turns == 0 then turn(session) end end

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

local function handle_settled(handle) return handle:settled() end

method("processAllAvailable", "", function(self)
  not_from_within(self)
  local function settled()
    return not is_active(self) or work(self, handle_settled) ~= false
  end
  wait(self[SESSION], nil, settled)
  raise_failure(self)
end)

method("stop", "", function(self)
  self[HANDLE]:stop()
  if not self[STATE].stepping then forget(self) end
end)

method("exception", "", function(self)
  glance(self[SESSION])
  return self[STATE].failure or nil
end)

method("explain", "extended:boolean?", function(self, extended)
  print((self[STATE].plan:explain(extended and "extended" or "simple")))
end)

function properties.id(self) return self[HANDLE]:id() end
function properties.runId(self) return self[HANDLE]:run_id() end
function properties.name(self) return self[STATE].name end
function properties.isActive(self)
  glance(self[SESSION])
  return is_active(self)
end
function properties.status(self)
  glance(self[SESSION])
  local message, available, running = self[HANDLE]:status()
  return { message = message, isDataAvailable = available, isTriggerActive = running }
end
function properties.recentProgress(self)
  glance(self[SESSION])
  return progress.list(self[HANDLE]:progress())
end
function properties.lastProgress(self)
  glance(self[SESSION])
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

-- Seconds between events of a query that finds no data.
local function idle_after(session)
  return (tonumber(session[HANDLE]:get "spark.sql.streaming.noDataProgressEventInterval") or 10000) / 1000
end

--- Start a query: `spec` as core.stream_query takes it.
function M.start(session, plan, spec)
  make_room(session, spec)
  local handle = core.stream_query(plan, spec)
  local query = setmetatable({ [HANDLE] = handle, [SESSION] = session,
    [STATE] = { name = spec.name, checkpoint = spec.checkpoint, plan = plan, failure = false, stepping = false,
      idle_after = idle_after(session) } }, Query)
  local view = handle:table()
  query[STATE].shows = view ~= nil
  if view then view:view(spec.name, true, false) end
  local ok, err = pcall(handle.start, handle)
  if not ok then
    if errors.is(err) and err.condition == "CONCURRENT_QUERY" then error(err, 0) end
    post(query, "onQueryStarted", { name = spec.name, timestamp = now() })
    fail(query, err)
    post_end(query)
    return query
  end
  table.insert(book_of(session).active, query)
  post(query, "onQueryStarted", { name = spec.name, timestamp = now() })
  return query
end

--- Stop all queries: the session closes.
function M.stop_all(session)
  for _, q in ipairs { table.unpack(book_of(session).active) } do q:stop() end
end

--- At most one batch of every active query: for hosts with a loop of their own. Did one run?
function M.poll(session) return turn(session) end

--- Before an action over `plan`: a turn when it reads the table of a memory sink.
function M.before_read(session, plan)
  for _, query in ipairs(book_of(session).active) do
    if query[STATE].shows and query[HANDLE]:shown_by(plan) then return glance(session) end
  end
end

function M.reader(session) return require "tidemill.stream_reader".new(session) end
function M.writer(df) return require "tidemill.stream_writer".new(df) end

-- ---- spark.streams -------------------------------------------------------------------------------------------------

local Manager = { __name = "StreamingQueryManager" }
local of_manager = {}

of_manager.get = arguments.method("StreamingQueryManager", "get", "id:string", function(self, id)
  glance(self[SESSION])
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

-- Methods of a class instance would get the event as self: listeners are plain tables of functions.
of_manager.addListener = arguments.method("StreamingQueryManager", "addListener", "listener:map",
  function(self, listener)
    for name, f in pairs(listener) do
      if not EVENTS[name] then
        local near = similar.suffix(tostring(name), arguments.sorted_keys(EVENTS))
        errors.raise("UNEXPECTED_ARGUMENT", { ["function"] = "addListener",
          problem = ("there is no event '%s'%s"):format(tostring(name), near) })
      end
      if type(f) ~= "function" then
        errors.raise("NOT_EXPECTED_TYPE", { arg_name = name, expected_type = "function",
          arg_type = arguments.type_name(f) })
      end
    end
    table.insert(book_of(self[SESSION]).listeners, listener)
  end)
of_manager.removeListener = arguments.method("StreamingQueryManager", "removeListener", "listener:map",
  function(self, listener)
    local list = book_of(self[SESSION]).listeners
    for i = #list, 1, -1 do if list[i] == listener then table.remove(list, i) end end
  end)

function Manager:__index(key)
  if key == "active" then
    glance(self[SESSION])
    return { table.unpack(book_of(self[SESSION]).active) }
  end
  if of_manager[key] then return of_manager[key] end
  local names_ = arguments.sorted_keys(of_manager)
  names_[#names_ + 1] = "active"
  local near = similar.near(tostring(key), names_)
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
