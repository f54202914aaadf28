/* The life of a query: building, starting, triggers, waiting, the end. */
#include "stream/query.h"

#include <time.h>

#include "base/clock.h"
#include "stream/query_int.h"

static int64_t now_millis(const mill_query *q) {
  static const mill_clock real;
  return mill_clock_micros(q->ctx->clock ? q->ctx->clock : &real) / 1000;
}

/* ---- building ------------------------------------------------------------------------------- */

static void count_nodes(const mill_stream_node *n, int *ops, int *marks) {
  *ops += n->kind == MILL_STREAM_OPERATOR;
  *marks += n->kind == MILL_STREAM_WATERMARK;
  for (int i = 0; i < n->nchildren; i++) count_nodes(n->child[i], ops, marks);
}

/* From the sink to the sources. */
static void list_nodes(mill_query *q, mill_stream_node *n) {
  if (n->kind == MILL_STREAM_OPERATOR) q->ops[q->nops++] = n->op;
  if (n->kind == MILL_STREAM_WATERMARK) q->marks[q->nmarks++] = n;
  for (int i = 0; i < n->nchildren; i++) list_nodes(q, n->child[i]);
}

static void free_ops(mill_stream_node *n) {
  if (n->op) mill_stream_op_free(n->op);
  for (int i = 0; i < n->nchildren; i++) free_ops(n->child[i]);
}

static void free_spec(const mill_query_spec *spec) {
  free_ops(spec->root);
  spec->sink->free(spec->sink);
  if (spec->release) spec->release(spec->owner);
}

static char *copy(mill_query *q, const char *s) {
  return s ? mill_arena_strndup(&q->arena, s, strlen(s)) : NULL;
}

static mill_status build(mill_query *q, mill_error *err) {
  const mill_query_spec *s = &q->spec;
  int ops = 0, marks = 0;
  count_nodes(s->root, &ops, &marks);
  q->ops = mill_arena_alloc(&q->arena, ((size_t)ops + 1) * sizeof(mill_stream_op *));
  q->marks = mill_arena_alloc(&q->arena, ((size_t)marks + 1) * sizeof(mill_stream_node *));
  q->watermarks = mill_arena_alloc(&q->arena, ((size_t)marks + 1) * sizeof *q->watermarks);
  q->progress = mill_arena_alloc(&q->arena, (size_t)s->keep_progress * sizeof *q->progress);
  mill_query_feed *feeds =
      mill_arena_alloc(&q->arena, ((size_t)s->nsources + 1) * sizeof *q->feeds);
  bool text =
      (s->name == NULL || copy(q, s->name)) && (s->checkpoint == NULL || copy(q, s->checkpoint));
  if (!text || feeds == NULL || !q->ops || !q->marks || !q->watermarks || !q->progress)
    return mill_oom(q->memory, sizeof *q, err);
  for (int i = 0; i < s->keep_progress; i++) mill_text_init(&q->progress[i], q->memory);
  for (int i = 0; i < s->nsources; i++) {
    mill_text_init(&feeds[i].start, q->memory);
    mill_text_init(&feeds[i].end, q->memory);
    feeds[i].source = mill_stream_source_ref(s->sources[i]);
  }
  q->feeds = feeds;
  q->spec.sources = NULL; /* the caller's array need not live on */
  list_nodes(q, s->root);
  return MILL_OK;
}

static void clear(mill_query *q) {
  for (int i = 0; q->feeds && i < q->spec.nsources; i++) {
    mill_query_feed *f = &q->feeds[i];
    if (f->feed) f->feed->free(f->feed);
    mill_stream_source_unref(f->source);
    mill_text_clear(&f->start);
    mill_text_clear(&f->end);
  }
  for (int i = 0; q->feeds && i < q->spec.keep_progress; i++) mill_text_clear(&q->progress[i]);
  mill_text_clear(&q->staged);
  mill_log_clear(&q->log);
}

mill_status mill_query_new(const mill_context *ctx, const mill_query_spec *spec, mill_query **out,
                           mill_error *err) {
  mill_query *q = mill_calloc(ctx->memory, sizeof *q);
  if (q == NULL) {
    free_spec(spec);
    return mill_oom(ctx->memory, sizeof *q, err);
  }
  q->spec = *spec;
  if (q->spec.keep_progress < 1) q->spec.keep_progress = 1;
  q->ctx = ctx;
  q->memory = ctx->memory;
  q->message = "Initializing sources";
  q->log.lock.fd = q->log.file.fd = -1;
  mill_arena_init(&q->arena, ctx->memory);
  mill_text_init(&q->staged, ctx->memory);
  mill_error_clear(&q->error);
  mill_uuid(q->run_id);
  mill_status s = build(q, err);
  if (s != MILL_OK) {
    mill_query_free(q);
    return s;
  }
  q->spec.name = copy(q, spec->name);
  q->spec.checkpoint = copy(q, spec->checkpoint);
  *out = q;
  return MILL_OK;
}

void mill_query_free(mill_query *q) {
  if (q == NULL) return;
  clear(q);
  free_spec(&q->spec);
  mill_arena_clear(&q->arena);
  mill_free(q->memory, q, sizeof *q);
}

/* ---- starting ------------------------------------------------------------------------------- */

/* A new segment with all that was recovered; a pending INTENT follows it again. */
static mill_status write_base(mill_query *q, mill_error *err) {
  mill_text t;
  if (q->spec.checkpoint == NULL) return MILL_OK;
  mill_text_init(&t, q->memory);
  mill_status s = mill_query_put_record(q, MILL_RECORD_BASE, &t, err);
  if (s == MILL_OK) s = mill_log_begin(&q->log, q->batch - 1, &t, err);
  mill_text_reset(&t);
  if (s == MILL_OK && q->pending) {
    s = mill_query_put_record(q, MILL_RECORD_INTENT, &t, err);
    if (s == MILL_OK) s = mill_log_append(&q->log, MILL_RECORD_INTENT, q->batch, &t, err);
  }
  mill_text_clear(&t);
  return s;
}

static mill_status start(mill_query *q, mill_error *err) {
  const mill_query_spec *spec = &q->spec;
  for (int i = 0; i < spec->nsources; i++) {
    mill_stream_source *source = q->feeds[i].source;
    MILL_TRY(source->start(source, q->ctx, &q->feeds[i].feed, err));
  }
  MILL_TRY(mill_log_open(&q->log, q->ctx->files, q->memory, spec->checkpoint,
                         mill_query_take_record, q, err));
  MILL_TRY(spec->sink->open(spec->sink, q->log.id, q->batch - 1, err));
  if (q->batch > 0)
    MILL_TRY(spec->sink->publish(spec->sink, q->batch - 1, q->staged.data, q->staged.size, err));
  MILL_TRY(write_base(q, err));
  q->active = true;
  q->next_trigger = now_millis(q);
  return MILL_OK;
}

static void fail(mill_query *q, const mill_error *err) {
  q->error = *err;
  q->failed = true;
  mill_query_stop(q);
  q->message = mill_error_message(&q->error);
}

mill_status mill_query_start(mill_query *q, mill_error *err) {
  mill_status s = start(q, err);
  if (s != MILL_OK) fail(q, err);
  return s;
}

/* ---- triggers ------------------------------------------------------------------------------- */

static mill_status find_news(mill_query *q, bool *news, mill_error *err) {
  int64_t from = mill_monotonic();
  *news = false;
  q->message = "Getting offsets";
  for (int i = 0; i < q->spec.nsources; i++) {
    mill_query_feed *f = &q->feeds[i];
    const char *start_at = f->start.size ? f->start.data : NULL;
    bool all = q->spec.trigger == MILL_TRIGGER_ONCE;
    MILL_TRY(f->feed->latest(f->feed, start_at, all, &f->end, err));
    f->news = f->end.size > 0;
    *news |= f->news;
    if (!f->news && f->start.size)
      MILL_TRY(mill_text_add(&f->end, f->start.data, f->start.size, err));
  }
  q->step_nanos[MILL_STEP_LATEST] += mill_monotonic() - from;
  return MILL_OK;
}

/* The ends of a batch that was begun before a crash. */
static void resume(mill_query *q) {
  for (int i = 0; i < q->spec.nsources; i++) {
    mill_query_feed *f = &q->feeds[i];
    bool same = f->start.size == f->end.size &&
                (f->end.size == 0 || memcmp(f->start.data, f->end.data, f->end.size) == 0);
    f->news = !same;
  }
}

static mill_status freeze(mill_query *q, mill_error *err) {
  for (int i = 0; i < q->spec.nsources && !q->frozen; i++) {
    mill_query_feed *f = &q->feeds[i];
    MILL_TRY(f->feed->freeze(f->feed, f->start.size ? f->start.data : NULL, err));
  }
  q->frozen = true;
  return MILL_OK;
}

static mill_status step(mill_query *q, bool *ran, mill_error *err) {
  bool news = true;
  mill_trigger t = q->spec.trigger;
  q->previous_start = q->started;
  q->started = mill_monotonic();
  memset(q->step_nanos, 0, sizeof q->step_nanos);
  if (q->pending)
    resume(q);
  else {
    if (t == MILL_TRIGGER_AVAILABLE_NOW) MILL_TRY(freeze(q, err));
    MILL_TRY(find_news(q, &news, err));
    q->time = now_millis(q);
  }
  q->data_available = news;
  *ran = news || q->again;
  if (*ran) {
    q->message = "Processing new data";
    MILL_TRY(mill_query_run_batch(q, err));
  }
  q->message =
      t == MILL_TRIGGER_PROCESSING_TIME ? "Waiting for next trigger" : "Waiting for data to arrive";
  if (!*ran) q->data_available = false;
  q->done = t == MILL_TRIGGER_ONCE || (t == MILL_TRIGGER_AVAILABLE_NOW && !*ran);
  return MILL_OK;
}

/* Multiples of the interval on the clock; the first at once, an overrun at once. */
static bool trigger_due(mill_query *q) {
  if (q->spec.trigger != MILL_TRIGGER_PROCESSING_TIME || q->spec.interval <= 0) return true;
  int64_t now = now_millis(q);
  if (now < q->next_trigger) return false;
  q->next_trigger = (now / q->spec.interval + 1) * q->spec.interval;
  return true;
}

mill_status mill_query_step(mill_query *q, bool *ran, mill_error *err) {
  *ran = false;
  if (!q->active || (!q->again && !trigger_due(q))) return MILL_OK;
  mill_status s = step(q, ran, err);
  if (s != MILL_OK)
    fail(q, err);
  else if (q->done)
    mill_query_stop(q);
  return s;
}

mill_status mill_query_settled(mill_query *q, bool *settled, mill_error *err) {
  bool news = q->pending || q->again;
  mill_status s = MILL_OK;
  if (q->active && !news) s = find_news(q, &news, err);
  if (s != MILL_OK) fail(q, err);
  *settled = !q->active || !news;
  return s;
}

/* ---- waiting -------------------------------------------------------------------------------- */

static mill_status rest(int64_t millis, mill_query_poll poll, void *arg, mill_error *err) {
  struct timespec t = {0, (millis < 10 ? millis : 10) * 1000000};
  nanosleep(&t, NULL);
  return poll ? poll(arg, err) : MILL_OK;
}

mill_status mill_query_process_all(mill_query *q, mill_query_poll poll, void *arg,
                                   mill_error *err) {
  bool ran = false, news = true;
  while (q->active && (news || q->again)) {
    MILL_TRY(mill_query_step(q, &ran, err));
    if (!q->active) break;
    if (!ran) MILL_TRY(find_news(q, &news, err));
    if (!ran && news) MILL_TRY(rest(10, poll, arg, err));
  }
  if (q->failed) {
    *err = q->error;
    return err->condition;
  }
  return MILL_OK;
}

mill_status mill_query_await(mill_query *q, int64_t millis, mill_query_poll poll, void *arg,
                             bool *ended, mill_error *err) {
  int64_t end = mill_monotonic() / 1000000 + millis;
  bool ran;
  *ended = !q->active;
  while (q->active) {
    MILL_TRY(mill_query_step(q, &ran, err));
    int64_t left = millis < 0 ? 10 : end - mill_monotonic() / 1000000;
    *ended = !q->active;
    if (q->active && left <= 0) return MILL_OK;
    if (q->active) MILL_TRY(rest(ran ? 0 : left, poll, arg, err));
  }
  if (q->failed) {
    *err = q->error;
    return err->condition;
  }
  return MILL_OK;
}

void mill_query_stop(mill_query *q) {
  q->active = false;
  q->data_available = false;
  q->message = "Stopped";
  mill_log_clear(&q->log); /* the lock goes with it */
}

/* ---- asking --------------------------------------------------------------------------------- */

const char *mill_query_id(const mill_query *q) { return q->log.id; }
const char *mill_query_run_id(const mill_query *q) { return q->run_id; }
const char *mill_query_name(const mill_query *q) { return q->spec.name; }
bool mill_query_active(const mill_query *q) { return q->active; }
const mill_error *mill_query_error(const mill_query *q) { return q->failed ? &q->error : NULL; }
const char *mill_query_message(const mill_query *q) { return q->message; }
bool mill_query_data_available(const mill_query *q) { return q->data_available; }
mill_stream_sink *mill_query_sink(const mill_query *q) { return q->spec.sink; }
