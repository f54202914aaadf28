/* dropDuplicates, dropDuplicatesWithinWatermark and LIMIT over a stream: rows pass or do not.
**
** The store holds the keys seen, with the time at which each may go. The first row of a key in
** source order passes. LIMIT keeps the number of rows given under an empty key. Spark:
** StreamingDeduplicateExec, StreamingDeduplicateWithinWatermarkExec, StreamingGlobalLimitExec. */
#include "stream/operator.h"

typedef struct dedup_op {
  mill_stream_op base;
  mill_memory *memory;
  int *keys, nkeys;
  mill_event_time time;
  bool evict, within;
  int64_t delay, limit; /* limit < 0: duplicates */
  uint64_t given;
} dedup_op;

/* When the key may go. Within a watermark a null time counts as 1970. */
static int64_t expiry(const dedup_op *op, int64_t time) {
  int64_t at;
  if (op->within) {
    if (time == MILL_NO_TIME) time = 0;
    return __builtin_add_overflow(time, op->delay, &at) ? MILL_NO_TIME : at;
  }
  return op->evict ? time : MILL_NO_TIME;
}

static mill_status passes(dedup_op *op, const mill_stream_batch *b, const mill_batch *in,
                          uint32_t row, mill_text *key, bool *pass, mill_error *err) {
  int64_t time = MILL_NO_TIME;
  *pass = false;
  if (op->time.column >= 0)
    time = mill_event_time_at(&in->col[op->time.column], op->time.window, row);
  if (time <= b->late && op->time.column >= 0) {
    op->base.counts.dropped++;
    return MILL_OK;
  }
  mill_text_reset(key);
  MILL_TRY(mill_text_adds(key, "", err));
  for (int k = 0; k < op->nkeys; k++)
    MILL_TRY(mill_row_put(&in->col[op->keys[k]], row, true, key, err));
  if (mill_store_get(&op->base.state, key->data, key->size)) {
    op->base.counts.duplicates++;
    return MILL_OK;
  }
  *pass = true;
  op->base.counts.updated++;
  return mill_store_put(&op->base.state, key->data, key->size, "", 0, expiry(op, time), err);
}

static mill_status take_batch(dedup_op *op, const mill_stream_batch *b, const mill_batch *in,
                              mill_text *key, mill_table *out, mill_error *err) {
  uint32_t sel[MILL_BATCH], n = 0;
  for (uint32_t i = 0; i < in->n; i++) {
    uint32_t row = mill_batch_row(in, i);
    bool pass = op->given < (uint64_t)op->limit;
    if (op->limit < 0)
      MILL_TRY(passes(op, b, in, row, key, &pass, err));
    else if (pass)
      op->given++, op->base.counts.updated = 1;
    if (pass) sel[n++] = row;
  }
  mill_batch kept = *in;
  kept.sel = sel;
  kept.n = n;
  return n ? mill_table_append(out, &kept, err) : MILL_OK;
}

static mill_status take_rows(dedup_op *op, const mill_stream_batch *b, mill_rows *in,
                             mill_text *key, mill_table *out, mill_error *err) {
  mill_batch *batch;
  MILL_TRY(in->next(in, &batch, err));
  while (batch) {
    MILL_TRY(take_batch(op, b, batch, key, out, err));
    MILL_TRY(in->next(in, &batch, err));
  }
  if (op->limit >= 0) {
    return mill_store_put(&op->base.state, "", 0, (const char *)&op->given, sizeof op->given,
                          MILL_NO_TIME, err);
  }
  if (!op->evict && !op->within) return MILL_OK;
  return mill_store_evict(&op->base.state, b->watermark, &op->base.counts.removed, err);
}

/* How many rows the life of the query has given: after a restart the store knows. */
static void recall(dedup_op *op) {
  const mill_store_entry *e = op->limit < 0 ? NULL : mill_store_get(&op->base.state, "", 0);
  if (e && e->value_size == sizeof op->given)
    memcpy(&op->given, mill_store_value(e), sizeof op->given);
}

static mill_status run(mill_stream_op *base, const mill_stream_batch *b, mill_rows *in,
                       mill_rows **out, mill_error *err) {
  dedup_op *op = (dedup_op *)base;
  mill_table *t = NULL;
  mill_text key;
  mill_text_init(&key, op->memory);
  base->counts = (mill_stream_counts){0};
  recall(op);
  mill_status s = mill_table_new(op->memory, base->schema, &t, err);
  if (s == MILL_OK) s = take_rows(op, b, in, &key, t, err);
  mill_text_clear(&key);
  in->free(in);
  if (s == MILL_OK) return mill_stream_table_rows(t, out, err);
  if (t) mill_table_unref(t);
  return s;
}

static bool due(const mill_stream_op *base, mill_output_mode mode) {
  (void)mode;
  return ((const dedup_op *)base)->time.column >= 0;
}

static void free_op(mill_stream_op *base) {
  dedup_op *op = (dedup_op *)base;
  mill_stream_op_clear(base);
  mill_free(op->memory, op->keys, (size_t)op->nkeys * sizeof *op->keys);
  mill_free(op->memory, op, sizeof *op);
}

static mill_status new_op(const mill_context *ctx, const char *name, const mill_type *schema,
                          const int *keys, int nkeys, dedup_op **out, mill_error *err) {
  dedup_op *op = mill_calloc(ctx->memory, sizeof *op);
  if (op == NULL) return mill_oom(ctx->memory, sizeof *op, err);
  op->memory = ctx->memory;
  op->base.due = due;
  op->base.run = run;
  op->base.free = free_op;
  op->time.column = -1;
  op->limit = -1;
  size_t size = (size_t)nkeys * sizeof *op->keys;
  mill_status s = mill_stream_op_init(&op->base, ctx, name, schema, schema, keys, nkeys, err);
  if (s == MILL_OK && nkeys && (op->keys = mill_alloc(ctx->memory, size)) == NULL)
    s = mill_oom(ctx->memory, size, err);
  if (s != MILL_OK) {
    free_op(&op->base);
    return s;
  }
  if (nkeys) memcpy(op->keys, keys, size);
  op->nkeys = nkeys;
  *out = op;
  return MILL_OK;
}

mill_status mill_stream_dedup_new(const mill_context *ctx, const mill_stream_dedup *d,
                                  mill_stream_op **out, mill_error *err) {
  dedup_op *op;
  const char *name = d->within ? "dedupeWithinWatermark" : "dedupe";
  MILL_TRY(new_op(ctx, name, d->input, d->keys, d->nkeys, &op, err));
  op->time = d->time;
  op->evict = d->evict;
  op->within = d->within;
  op->delay = d->delay;
  *out = &op->base;
  return MILL_OK;
}

mill_status mill_stream_limit_new(const mill_context *ctx, const mill_type *schema, int64_t limit,
                                  mill_stream_op **out, mill_error *err) {
  dedup_op *op;
  MILL_TRY(new_op(ctx, "globalLimit", schema, NULL, 0, &op, err));
  op->limit = limit < 0 ? 0 : limit;
  *out = &op->base;
  return MILL_OK;
}
