/* rate and rate-micro-batch: rows made up by the clock or by the batch, for trials and tests.
**
** rate           offset: seconds since the source was first made. Row number v of second s; times
**                evenly spaced. The start is kept in the feed's store. rampUpTime: speed grows
**                linearly up to rowsPerSecond (RateStreamProvider)
** rate-micro-batch  offset {"offset":N,"timestamp":T}: rowsPerBatch rows a batch, all of the time
**                at which the batch begins, advanceMillisPerBatch apart (RatePerMicroBatchProvider)
*/
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "stream/source.h"

typedef struct rate_source {
  mill_stream_source base;
  const mill_context *ctx;
  char description[96];
  bool micro_batch;
  int64_t rows, ramp;          /* a second or a batch; seconds */
  int64_t start_time, advance; /* milliseconds */
} rate_source;

typedef struct rate_feed {
  mill_stream_feed base;
  rate_source *source;
  mill_store state; /* rate: "start" -> milliseconds */
  mill_text frozen; /* end that availableNow must not pass */
} rate_feed;

typedef struct offset {
  int64_t at, millis; /* seconds, or rows; time */
} offset;

/* ---- rows ----------------------------------------------------------------------------------- */

typedef struct rate_rows {
  mill_rows base;
  mill_memory *memory;
  int64_t value, first, end;
  int64_t millis;   /* time of the first */
  double per_value; /* milliseconds */
  int64_t times[MILL_BATCH], values[MILL_BATCH];
  mill_vector col[2];
  mill_batch batch;
} rate_rows;

static mill_status next(mill_rows *rows, mill_batch **out, mill_error *err) {
  rate_rows *r = (rate_rows *)rows;
  uint32_t n = 0;
  (void)err;
  bool one = r->per_value == 0; /* time for all */
  for (; n < MILL_BATCH && r->value < r->end; n++, r->value++) r->values[n] = r->value;
  for (uint32_t i = 0; i < (one ? 1 : n); i++)
    r->times[i] = (r->millis + llround((double)(r->values[i] - r->first) * r->per_value)) * 1000;
  for (int c = 0; c < 2; c++) {
    r->col[c] = (mill_vector){.type = r->base.schema->fields[c].type, .mask = MILL_FLAT, .size = n};
    r->col[c].data = c ? r->values : r->times;
  }
  if (one) r->col[0].mask = 0;
  r->batch = (mill_batch){.n = n, .ncols = 2, .col = r->col, .first = (uint64_t)(r->value - n)};
  *out = n ? &r->batch : NULL;
  return MILL_OK;
}

static void free_rows(mill_rows *rows) {
  mill_free(((rate_rows *)rows)->memory, rows, sizeof(rate_rows));
}

/* Rows that second `s` begins with. */
static int64_t value_at(const rate_source *s, int64_t seconds) {
  int64_t ramped = seconds < s->ramp ? seconds : s->ramp;
  double delta = (double)(s->rows / (s->ramp + 1));
  int64_t part = s->ramp > 0 ? (int64_t)(delta * (double)ramped * (double)(ramped + 1) / 2) : 0;
  return seconds <= s->ramp ? part : part + (seconds - s->ramp) * s->rows;
}

/* ---- offsets -------------------------------------------------------------------------------- */

static offset offset_of(const rate_source *s, const char *text) {
  offset o = {0, s->start_time};
  if (text == NULL) return o;
  if (!s->micro_batch) return (offset){strtoll(text, NULL, 10), o.millis};
  size_t n = strlen(text);
  return (offset){mill_json_peek_int(text, n, "offset", 0),
                  mill_json_peek_int(text, n, "timestamp", s->start_time)};
}

static int64_t started(const rate_feed *f) {
  const mill_store_entry *e = mill_store_get(&f->state, "start", 5);
  int64_t v = 0;
  if (e && e->value_size == sizeof v) memcpy(&v, mill_store_value(e), sizeof v);
  return v;
}

static int64_t now(const rate_source *s) {
  static const mill_clock real;
  return mill_clock_micros(s->ctx->clock ? s->ctx->clock : &real) / 1000;
}

static mill_status latest(mill_stream_feed *base, const char *start, bool all, mill_text *out,
                          mill_error *err) {
  rate_feed *f = (rate_feed *)base;
  const rate_source *s = f->source;
  offset from = offset_of(s, start);
  (void)all;
  mill_text_reset(out);
  if (f->frozen.size) {
    if (from.at >= offset_of(s, f->frozen.data).at) return MILL_OK;
    return mill_text_add(out, f->frozen.data, f->frozen.size, err);
  }
  if (s->micro_batch)
    return mill_text_printf(out, err, "{\"offset\":%lld,\"timestamp\":%lld}",
                            (long long)(from.at + s->rows), (long long)(from.millis + s->advance));
  int64_t seconds = (now(s) - started(f)) / 1000;
  if (seconds <= from.at) return MILL_OK;
  return mill_text_printf(out, err, "%lld", (long long)seconds);
}

static mill_status freeze(mill_stream_feed *base, const char *start, mill_error *err) {
  rate_feed *f = (rate_feed *)base;
  mill_text_reset(&f->frozen);
  MILL_TRY(latest(base, start, false, &f->frozen, err));
  if (f->frozen.size || start == NULL) return MILL_OK;
  return mill_text_adds(&f->frozen, start, err);
}

static mill_status open_rows(mill_stream_feed *base, const mill_settings *set, const char *start,
                             const char *end, mill_rows **out, mill_error *err) {
  const rate_feed *f = (const rate_feed *)base;
  const rate_source *s = f->source;
  offset from = offset_of(s, start), to = offset_of(s, end);
  (void)set;
  rate_rows *r = mill_calloc(s->ctx->memory, sizeof *r);
  if (r == NULL) return mill_oom(s->ctx->memory, sizeof *r, err);
  r->base = (mill_rows){s->base.schema, next, free_rows, false};
  r->memory = s->ctx->memory;
  r->first = r->value = s->micro_batch ? from.at : value_at(s, from.at);
  r->end = s->micro_batch ? to.at : value_at(s, to.at);
  r->millis = s->micro_batch ? from.millis : started(f) + from.at * 1000;
  if (!s->micro_batch && r->end > r->first)
    r->per_value = (double)(to.at - from.at) * 1000 / (double)(r->end - r->first);
  *out = &r->base;
  return MILL_OK;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void free_feed(mill_stream_feed *base) {
  rate_feed *f = (rate_feed *)base;
  rate_source *s = f->source;
  mill_store_clear(&f->state);
  mill_text_clear(&f->frozen);
  mill_free(s->ctx->memory, f, sizeof *f);
  mill_stream_source_unref(&s->base);
}

static mill_status start_rate(mill_stream_source *base, const mill_context *ctx,
                              mill_stream_feed **out, mill_error *err) {
  rate_feed *f = mill_calloc(ctx->memory, sizeof *f);
  if (f == NULL) return mill_oom(ctx->memory, sizeof *f, err);
  f->base = (mill_stream_feed){&f->state, latest, open_rows, NULL, freeze, free_feed};
  f->source = (rate_source *)mill_stream_source_ref(base);
  mill_store_init(&f->state, ctx->memory);
  mill_text_init(&f->frozen, ctx->memory);
  int64_t at = now(f->source); /* a checkpoint has the first start, and puts it over this one */
  mill_status s =
      mill_store_put(&f->state, "start", 5, (const char *)&at, sizeof at, MILL_NO_TIME, err);
  if (s == MILL_OK)
    *out = &f->base;
  else
    free_feed(&f->base);
  return s;
}

static void free_source(mill_stream_source *base) {
  mill_memory *m = ((rate_source *)base)->ctx->memory;
  mill_free(m, base, sizeof(rate_source));
}

static mill_status positive(const char *name, int64_t v, bool zero, mill_error *err) {
  if (v > 0 || (zero && v == 0)) return MILL_OK;
  return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", name, "kind",
                   zero ? "a number that is not negative" : "a positive number", "value",
                   mill_error_fmt(err, "%lld", (long long)v), NULL);
}

static mill_status read_options(rate_source *s, mill_options o, mill_error *err) {
  const char *rows = s->micro_batch ? "rowsPerBatch" : "rowsPerSecond";
  int64_t partitions;
  MILL_TRY(mill_option_int(o, rows, s->micro_batch ? 0 : 1, &s->rows, err));
  MILL_TRY(positive(rows, s->rows, false, err));
  MILL_TRY(mill_option_int(o, "numPartitions", 1, &partitions, err));
  MILL_TRY(positive("numPartitions", partitions, false, err));
  MILL_TRY(mill_option_int(o, "startTimestamp", 0, &s->start_time, err));
  MILL_TRY(positive("startTimestamp", s->start_time, true, err));
  MILL_TRY(mill_option_int(o, "advanceMillisPerBatch", 1000, &s->advance, err));
  MILL_TRY(positive("advanceMillisPerBatch", s->advance, true, err));
  const char *ramp = mill_option_text(o, "rampUpTime");
  s->ramp = ramp ? strtoll(ramp, NULL, 10) : 0;
  MILL_TRY(positive("rampUpTime", s->ramp, true, err));
  snprintf(s->description, sizeof s->description,
           s->micro_batch ? "RatePerMicroBatchStream[rowsPerBatch=%lld, numPartitions=%lld]"
                          : "RateStreamV2[rowsPerSecond=%lld, numPartitions=%lld]",
           (long long)s->rows, (long long)partitions);
  return MILL_OK;
}

mill_status mill_stream_rate_new(const mill_context *ctx, bool micro_batch, mill_options o,
                                 mill_stream_source **out, mill_error *err) {
  mill_field fields[] = {{"timestamp", mill_type_of(MILL_TIMESTAMP), true, NULL},
                         {"value", mill_type_of(MILL_BIGINT), true, NULL}};
  const mill_type *schema = mill_type_struct(ctx->types, fields, 2);
  rate_source *s = schema ? mill_calloc(ctx->memory, sizeof *s) : NULL;
  if (s == NULL) return mill_oom(ctx->memory, sizeof *s, err);
  s->base = (mill_stream_source){schema, s->description, 1, start_rate, free_source};
  s->ctx = ctx;
  s->micro_batch = micro_batch;
  mill_status status = read_options(s, o, err);
  if (status == MILL_OK)
    *out = &s->base;
  else
    free_source(&s->base);
  return status;
}
