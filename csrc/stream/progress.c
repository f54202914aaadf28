/* Progress reports: one JSON object a batch, with the fields of Spark's StreamingQueryProgress. */
#include <math.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/number.h"
#include "stream/query_int.h"

static mill_status put_time(int64_t millis, mill_text *out, mill_error *err) {
  mill_datetime d;
  mill_datetime_of(millis * 1000, &d);
  return mill_text_printf(out, err, "\"%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ\"", (long long)d.year,
                          d.month, d.day, d.hour, d.minute, d.second, d.micros / 1000);
}

/* A rate to one decimal, half up; 0.0 when no time has passed. */
static mill_status put_rate(const char *name, uint64_t rows, int64_t millis, mill_text *out,
                            mill_error *err) {
  double rate = millis > 0 ? (double)rows * 1000 / (double)millis : 0;
  char buf[MILL_DOUBLE_TEXT];
  mill_double_text(floor(rate * 10 + 0.5) / 10, buf);
  return mill_text_printf(out, err, "\"%s\":%s,", name, buf);
}

static mill_status put_head(const mill_query *q, int64_t took, uint64_t rows, mill_text *out,
                            mill_error *err) {
  int64_t since = q->previous_start ? (q->started - q->previous_start) / 1000000 : 0;
  MILL_TRY(mill_text_printf(out, err, "{\"id\":\"%s\",\"runId\":\"%s\",\"name\":", q->log.id,
                            q->run_id));
  if (q->spec.name)
    MILL_TRY(mill_json_quote(q->spec.name, strlen(q->spec.name), out, err));
  else
    MILL_TRY(mill_text_adds(out, "null", err));
  MILL_TRY(mill_text_adds(out, ",\"timestamp\":", err));
  MILL_TRY(put_time(q->time, out, err));
  MILL_TRY(mill_text_printf(out, err, ",\"batchId\":%lld,\"batchDuration\":%lld,",
                            (long long)q->batch, (long long)took));
  MILL_TRY(mill_text_printf(out, err, "\"numInputRows\":%llu,", (unsigned long long)rows));
  MILL_TRY(put_rate("inputRowsPerSecond", rows, since, out, err));
  return put_rate("processedRowsPerSecond", rows, took, out, err);
}

static mill_status put_durations(const mill_query *q, int64_t took, mill_text *out,
                                 mill_error *err) {
  static const char *const name[MILL_STEPS] = {"latestOffset", "walCommit", "getBatch", "addBatch",
                                               "commitOffsets"};
  static const int sorted[MILL_STEPS] = {MILL_STEP_ADD, MILL_STEP_COMMIT, MILL_STEP_GET,
                                         MILL_STEP_LATEST, MILL_STEP_WAL};
  MILL_TRY(mill_text_adds(out, "\"durationMs\":{", err));
  for (int i = 0; i < MILL_STEPS; i++) {
    if (sorted[i] == MILL_STEP_WAL)
      MILL_TRY(mill_text_printf(out, err, "\"queryPlanning\":0,\"triggerExecution\":%lld,",
                                (long long)took));
    MILL_TRY(mill_text_printf(out, err, "\"%s\":%lld%s", name[sorted[i]],
                              (long long)(q->step_nanos[sorted[i]] / 1000000),
                              i < MILL_STEPS - 1 ? "," : "},"));
  }
  return MILL_OK;
}

static mill_status put_event_time(const mill_query *q, mill_text *out, mill_error *err) {
  const mill_watermark *w = NULL;
  for (int i = 0; i < q->nmarks && w == NULL; i++)
    if (q->watermarks[i].count) w = &q->watermarks[i];
  MILL_TRY(mill_text_adds(out, "\"eventTime\":{", err));
  if (w) {
    MILL_TRY(mill_text_adds(out, "\"avg\":", err));
    MILL_TRY(put_time((int64_t)(w->sum / (double)w->count), out, err));
    MILL_TRY(mill_text_adds(out, ",\"max\":", err));
    MILL_TRY(put_time(w->max, out, err));
    MILL_TRY(mill_text_adds(out, ",\"min\":", err));
    MILL_TRY(put_time(w->min, out, err));
    MILL_TRY(mill_text_adds(out, ",", err));
  }
  MILL_TRY(mill_text_adds(out, "\"watermark\":", err));
  MILL_TRY(put_time(q->previous, out, err)); /* the one that was in force */
  return mill_text_adds(out, "},", err);
}

static mill_status put_ops(const mill_query *q, mill_text *out, mill_error *err) {
  MILL_TRY(mill_text_adds(out, "\"stateOperators\":[", err));
  for (int i = 0; i < q->nops; i++) {
    const mill_stream_op *op = q->ops[i];
    const mill_stream_counts *c = &op->counts;
    MILL_TRY(mill_text_printf(
        out, err,
        "%s{\"operatorName\":\"%s\",\"numRowsTotal\":%llu,\"numRowsUpdated\":%llu,"
        "\"allUpdatesTimeMs\":%lld,\"numRowsRemoved\":%llu,\"allRemovalsTimeMs\":%lld,"
        "\"commitTimeMs\":%lld,\"memoryUsedBytes\":%llu,\"numRowsDroppedByWatermark\":%llu,"
        "\"numShufflePartitions\":1,\"numStateStoreInstances\":1",
        i ? "," : "", op->name, (unsigned long long)op->state.rows, (unsigned long long)c->updated,
        (long long)(c->update_nanos / 1000000), (unsigned long long)c->removed,
        (long long)(c->remove_nanos / 1000000),
        (long long)(q->step_nanos[MILL_STEP_COMMIT] / 1000000), (unsigned long long)op->state.bytes,
        (unsigned long long)c->dropped));
    if (strncmp(op->name, "dedupe", 6) == 0)
      MILL_TRY(mill_text_printf(out, err, ",\"customMetrics\":{\"numDroppedDuplicateRows\":%llu}",
                                (unsigned long long)c->duplicates));
    MILL_TRY(mill_text_adds(out, "}", err));
  }
  return mill_text_adds(out, "],", err);
}

static mill_status put_offset(const char *name, const mill_text *t, mill_text *out,
                              mill_error *err) {
  return mill_text_printf(out, err, "\"%s\":%s,", name, t->size ? t->data : "null");
}

static mill_status put_sources(const mill_query *q, int64_t took, mill_text *out, mill_error *err) {
  int64_t since = q->previous_start ? (q->started - q->previous_start) / 1000000 : 0;
  MILL_TRY(mill_text_adds(out, "\"sources\":[", err));
  for (int i = 0; i < q->spec.nsources; i++) {
    const mill_query_feed *f = &q->feeds[i];
    MILL_TRY(mill_text_adds(out, i ? ",{\"description\":" : "{\"description\":", err));
    MILL_TRY(mill_json_quote(f->source->description, strlen(f->source->description), out, err));
    MILL_TRY(mill_text_adds(out, ",", err));
    MILL_TRY(put_offset("startOffset", &f->start, out, err));
    MILL_TRY(put_offset("endOffset", &f->end, out, err));
    MILL_TRY(mill_text_printf(out, err, "\"latestOffset\":null,\"numInputRows\":%llu,",
                              (unsigned long long)f->rows));
    MILL_TRY(put_rate("inputRowsPerSecond", f->rows, since, out, err));
    MILL_TRY(put_rate("processedRowsPerSecond", f->rows, took, out, err));
    out->size--; /* the comma */
    MILL_TRY(mill_text_adds(out, "}", err));
  }
  return mill_text_adds(out, "],", err);
}

static mill_status put_report(const mill_query *q, mill_text *out, mill_error *err) {
  int64_t took = (mill_monotonic() - q->started) / 1000000;
  uint64_t rows = 0;
  for (int i = 0; i < q->spec.nsources; i++) rows += q->feeds[i].rows;
  MILL_TRY(put_head(q, took, rows, out, err));
  MILL_TRY(put_durations(q, took, out, err));
  if (q->nmarks) MILL_TRY(put_event_time(q, out, err));
  MILL_TRY(put_ops(q, out, err));
  MILL_TRY(put_sources(q, took, out, err));
  MILL_TRY(mill_text_adds(out, "\"sink\":{\"description\":", err));
  const mill_stream_sink *sink = q->spec.sink;
  MILL_TRY(mill_json_quote(sink->description, strlen(sink->description), out, err));
  return mill_text_printf(out, err, ",\"numOutputRows\":%lld}}", (long long)sink->rows);
}

mill_status mill_query_report(mill_query *q, mill_error *err) {
  int at = q->nprogress;
  if (q->nprogress < q->spec.keep_progress) {
    q->nprogress++;
  } else {
    at = q->first_progress;
    q->first_progress = (q->first_progress + 1) % q->spec.keep_progress;
  }
  mill_text *t = &q->progress[at];
  mill_text_reset(t);
  return put_report(q, t, err);
}

const char *mill_query_progress(const mill_query *q, int i) {
  if (i < 0 || i >= q->nprogress) return NULL;
  return q->progress[(q->first_progress + i) % q->spec.keep_progress].data;
}
