/* One batch: the steps of query.h in order. */
#include "base/clock.h"
#include "stream/query_int.h"

/* ---- rows that are looked at as they pass ---------------------------------------------------- */

typedef struct watched {
  mill_rows base;
  mill_memory *memory;
  mill_rows *in;
  uint64_t *count;      /* of a source */
  mill_watermark *mark; /* of a watermark */
  int column;
} watched;

/* `n` rows of one time. */
static void see_time(mill_watermark *w, int64_t micros, uint32_t n) {
  int64_t ms = micros / 1000;
  if (w->count == 0 || ms > w->max) w->max = ms;
  if (w->count == 0 || ms < w->min) w->min = ms;
  w->sum += (double)ms * n;
  w->count += n;
}

/* Event times come in runs. Spark takes a null time for 0. */
static void see_times(mill_watermark *w, const mill_batch *b, const mill_vector *v) {
  bool window = v->type->phys == MILL_PHYS_STRUCT;
  int64_t last = 0;
  uint32_t n = 0;
  if (v->mask == 0 && v->index == NULL && b->n) {
    int64_t t = mill_event_time_at(v, window, 0);
    see_time(w, t == MILL_NO_TIME ? 0 : t, b->n);
    return;
  }
  for (uint32_t i = 0; i < b->n; i++, n++) {
    int64_t t = mill_event_time_at(v, window, mill_batch_row(b, i));
    if (t == MILL_NO_TIME) t = 0;
    if (t == last) continue;
    if (n) see_time(w, last, n);
    last = t;
    n = 0;
  }
  if (n) see_time(w, last, n);
}

static mill_status next_watched(mill_rows *rows, mill_batch **out, mill_error *err) {
  watched *w = (watched *)rows;
  MILL_TRY(w->in->next(w->in, out, err));
  if (*out == NULL) return MILL_OK;
  if (w->count) *w->count += (*out)->n;
  if (w->mark == NULL) return MILL_OK;
  see_times(w->mark, *out, &(*out)->col[w->column]);
  return MILL_OK;
}

static void free_watched(mill_rows *rows) {
  watched *w = (watched *)rows;
  w->in->free(w->in);
  mill_free(w->memory, w, sizeof *w);
}

static mill_status watch(mill_query *q, mill_rows *in, uint64_t *count, mill_watermark *mark,
                         int column, mill_rows **out, mill_error *err) {
  watched *w = mill_alloc(q->memory, sizeof *w);
  if (w == NULL) {
    in->free(in);
    return mill_oom(q->memory, sizeof *w, err);
  }
  *w = (watched){
      {in->schema, next_watched, free_watched, false}, q->memory, in, count, mark, column};
  *out = &w->base;
  return MILL_OK;
}

/* ---- the tree ------------------------------------------------------------------------------- */

static mill_status rows_of(mill_query *q, mill_stream_node *n, const mill_stream_batch *b,
                           mill_rows **out, mill_error *err);

static mill_status source_rows(mill_query *q, const mill_stream_node *n, const mill_stream_batch *b,
                               mill_rows **out, mill_error *err) {
  mill_query_feed *f = &q->feeds[n->source];
  mill_rows *rows;
  if (f->news) {
    const char *start = f->start.size ? f->start.data : NULL;
    MILL_TRY(f->feed->open(f->feed, b->set, start, f->end.data, &rows, err));
  } else {
    mill_table *none;
    MILL_TRY(mill_table_new(q->memory, f->source->schema, &none, err));
    MILL_TRY(mill_stream_table_rows(none, &rows, err));
  }
  if (n->build) MILL_TRY(n->build(n->arg, b, &rows, 1, &rows, err));
  return watch(q, rows, &f->rows, NULL, 0, out, err);
}

static mill_status segment_rows(mill_query *q, mill_stream_node *n, const mill_stream_batch *b,
                                mill_rows **out, mill_error *err) {
  mill_rows **in = mill_calloc(q->memory, ((size_t)n->nchildren + 1) * sizeof(mill_rows *));
  if (in == NULL) return mill_oom(q->memory, sizeof *in, err);
  mill_status s = MILL_OK;
  int k = 0;
  for (; s == MILL_OK && k < n->nchildren; k++) s = rows_of(q, n->child[k], b, &in[k], err);
  if (s == MILL_OK)
    s = n->build(n->arg, b, in, n->nchildren, out, err);
  else
    for (int i = 0; i < k - 1; i++) in[i]->free(in[i]);
  mill_free(q->memory, in, ((size_t)n->nchildren + 1) * sizeof *in);
  return s;
}

static mill_status rows_of(mill_query *q, mill_stream_node *n, const mill_stream_batch *b,
                           mill_rows **out, mill_error *err) {
  mill_rows *in;
  switch (n->kind) {
  case MILL_STREAM_SOURCE: return source_rows(q, n, b, out, err);
  case MILL_STREAM_SEGMENT: return segment_rows(q, n, b, out, err);
  case MILL_STREAM_WATERMARK: {
    int k = 0;
    while (q->marks[k] != n) k++;
    MILL_TRY(rows_of(q, n->child[0], b, &in, err));
    return watch(q, in, NULL, &q->watermarks[k], n->column, out, err);
  }
  default:
    MILL_TRY(rows_of(q, n->child[0], b, &in, err));
    return n->op->run(n->op, b, in, out, err);
  }
}

/* ---- the steps ------------------------------------------------------------------------------ */

static void next_watermark(mill_query *q) {
  int64_t chosen = 0;
  for (int i = 0; i < q->nmarks; i++) {
    mill_watermark *w = &q->watermarks[i];
    if (w->count && w->max - q->marks[i]->delay > w->value) w->value = w->max - q->marks[i]->delay;
    bool better = q->spec.policy_max ? w->value > chosen : w->value < chosen;
    if (i == 0 || better) chosen = w->value;
  }
  q->previous = q->force;
  if (chosen > q->force) q->force = chosen;
}

static mill_status append(mill_query *q, mill_record kind, mill_error *err) {
  mill_text record;
  if (q->spec.checkpoint == NULL) return MILL_OK;
  mill_text_init(&record, q->memory);
  mill_status s = mill_query_put_record(q, kind, &record, err);
  if (s == MILL_OK) s = mill_log_append(&q->log, kind, q->batch, &record, err);
  mill_text_clear(&record);
  return s;
}

static void begin(mill_query *q) {
  for (int i = 0; i < q->nmarks; i++) q->watermarks[i].count = 0, q->watermarks[i].sum = 0;
  for (int i = 0; i < q->spec.nsources; i++) q->feeds[i].rows = 0;
  mill_text_reset(&q->staged);
}

static mill_status compute(mill_query *q, mill_error *err) {
  mill_settings set = q->spec.set;
  set.now_micros = q->time * 1000;
  int64_t late = q->spec.one_watermark ? q->force : q->previous;
  mill_stream_batch b = {q->ctx, &set, q->batch, late * 1000, q->force * 1000, q->spec.mode};
  mill_rows *rows;
  MILL_TRY(rows_of(q, q->spec.root, &b, &rows, err));
  return q->spec.sink->write(q->spec.sink, &b, rows, &q->staged, err);
}

/* Behind the commit: nothing here may be lost, all of it is done again at a restart. */
static mill_status publish(mill_query *q, mill_error *err) {
  mill_stream_sink *sink = q->spec.sink;
  MILL_TRY(sink->publish(sink, q->batch, q->staged.data, q->staged.size, err));
  for (int i = 0; i < q->nops; i++) mill_store_settle(&q->ops[i]->state);
  for (int i = 0; i < q->spec.nsources; i++) {
    mill_query_feed *f = &q->feeds[i];
    if (f->feed->state) mill_store_settle(f->feed->state);
    /* what lies before the previous batch's end may go */
    if (f->feed->commit && f->start.size) MILL_TRY(f->feed->commit(f->feed, f->start.data, err));
  }
  return MILL_OK;
}

static mill_status advance(mill_query *q, mill_error *err) {
  for (int i = 0; i < q->spec.nsources; i++) {
    mill_query_feed *f = &q->feeds[i];
    if (f->end.size == 0) continue;
    mill_text_reset(&f->start);
    MILL_TRY(mill_text_add(&f->start, f->end.data, f->end.size, err));
  }
  q->batch++;
  q->pending = q->again = false;
  if (q->spec.no_data_batches && q->force > q->previous)
    for (int i = 0; i < q->nops; i++) q->again |= q->ops[i]->due(q->ops[i], q->spec.mode);
  if (q->spec.checkpoint == NULL || !mill_log_grown(&q->log)) return MILL_OK;
  mill_text base;
  mill_text_init(&base, q->memory);
  mill_status s = mill_query_put_record(q, MILL_RECORD_BASE, &base, err);
  if (s == MILL_OK) s = mill_log_begin(&q->log, q->batch - 1, &base, err);
  mill_text_clear(&base);
  return s;
}

/* Run f and add its time to a step. */
static mill_status timed(mill_query *q, int step, mill_status (*f)(mill_query *q, mill_error *err),
                         mill_error *err) {
  int64_t from = mill_monotonic();
  mill_status s = f(q, err);
  q->step_nanos[step] += mill_monotonic() - from;
  return s;
}

static mill_status intent(mill_query *q, mill_error *err) {
  if (q->pending || !q->spec.sink->foreign) return MILL_OK;
  return append(q, MILL_RECORD_INTENT, err);
}

static mill_status commit(mill_query *q, mill_error *err) {
  return append(q, MILL_RECORD_COMMIT, err);
}

mill_status mill_query_run_batch(mill_query *q, mill_error *err) {
  begin(q);
  MILL_TRY(timed(q, MILL_STEP_WAL, intent, err));
  MILL_TRY(timed(q, MILL_STEP_ADD, compute, err));
  next_watermark(q);
  MILL_TRY(timed(q, MILL_STEP_COMMIT, commit, err));
  MILL_TRY(publish(q, err));
  MILL_TRY(mill_query_report(q, err));
  return advance(q, err);
}
