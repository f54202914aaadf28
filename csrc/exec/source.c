/* Sources that are no tables: numbers of a range, and the one row without columns. */
#include "exec/exec_int.h"

enum { MORSEL = 65536 };

typedef struct range_scan {
  mill_scan base;
  mill_memory *memory;
  int64_t from, step;
  uint64_t count;
} range_scan;

typedef struct range_cursor {
  mill_cursor base;
  mill_memory *memory;
  uint64_t at, stop, start;
  int ncols;
  mill_vector col;
  mill_batch batch;
  int64_t value[MILL_BATCH];
} range_cursor;

static mill_status range_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  range_cursor *c = (range_cursor *)base;
  const range_scan *s = (const range_scan *)base->scan;
  (void)err;
  c->start = c->at = (uint64_t)morsel * MORSEL;
  c->stop = c->at + MORSEL < s->count ? c->at + MORSEL : s->count;
  return MILL_OK;
}

static mill_status range_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  range_cursor *c = (range_cursor *)base;
  const range_scan *s = (const range_scan *)base->scan;
  (void)err;
  *out = NULL;
  if (c->at >= c->stop) return MILL_OK;
  uint64_t left = c->stop - c->at;
  uint32_t n = left < MILL_BATCH ? (uint32_t)left : MILL_BATCH;
  for (uint32_t i = 0; i < n; i++)
    c->value[i] = (int64_t)((uint64_t)s->from + (c->at + i) * (uint64_t)s->step);
  c->col = (mill_vector){
      .type = mill_type_of(MILL_BIGINT), .data = c->value, .mask = MILL_FLAT, .size = n};
  c->batch =
      (mill_batch){.n = n, .ncols = (uint32_t)c->ncols, .col = &c->col, .first = c->at - c->start};
  c->at += n;
  *out = &c->batch;
  return MILL_OK;
}

static void range_cursor_free(mill_cursor *base) {
  range_cursor *c = (range_cursor *)base;
  mill_free(c->memory, c, sizeof *c);
}

static mill_status range_open(const mill_scan *s, const mill_context *ctx, const int *columns,
                              int n, mill_cursor **out, mill_error *err) {
  range_cursor *c = mill_calloc(ctx->memory, sizeof *c);
  (void)columns;
  if (c == NULL) return mill_oom(ctx->memory, sizeof *c, err);
  c->base = (mill_cursor){s, range_seek, range_next, range_cursor_free, NULL};
  c->memory = ctx->memory;
  c->ncols = n;
  *out = &c->base;
  return MILL_OK;
}

static void range_free(mill_scan *base) {
  range_scan *s = (range_scan *)base;
  mill_free(s->memory, s, sizeof *s);
}

static mill_status make(const mill_exec *x, const mill_type *schema, int64_t from, int64_t step,
                        uint64_t count, mill_scan **out, mill_error *err) {
  range_scan *s = mill_calloc(x->ctx->memory, sizeof *s);
  if (s == NULL) return mill_oom(x->ctx->memory, sizeof *s, err);
  s->base = (mill_scan){.schema = schema,
                        .morsels = (size_t)((count + MORSEL - 1) / MORSEL),
                        .rows = (double)count,
                        .refs = 1,
                        .name = "range",
                        .open = range_open,
                        .free = range_free};
  s->memory = x->ctx->memory;
  s->from = from;
  s->step = step;
  s->count = count;
  *out = &s->base;
  return MILL_OK;
}

mill_status mill_source_range(const mill_exec *x, const mill_op *op, mill_scan **out,
                              mill_error *err) {
  uint64_t count = 0;
  if (op->step > 0 && op->to > op->from)
    count = ((uint64_t)op->to - (uint64_t)op->from - 1) / (uint64_t)op->step + 1;
  if (op->step < 0 && op->to < op->from)
    count = ((uint64_t)op->from - (uint64_t)op->to - 1) / (0 - (uint64_t)op->step) + 1;
  return make(x, op->schema, op->from, op->step, count, out, err);
}

mill_status mill_source_one_row(const mill_exec *x, const mill_op *op, mill_scan **out,
                                mill_error *err) {
  return make(x, op->schema, 0, 1, 1, out, err);
}
