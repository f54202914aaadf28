/* See meter.h. */
#include "exec/meter.h"

#include <time.h>

typedef struct worker_mark {
  mill_meter *meter;
  uint64_t since;
} worker_mark;

static _Thread_local worker_mark mark;

static int count(const mill_op *op) {
  int n = 1;
  for (int i = 0; i < op->nchildren; i++) n += count(op->child[i]);
  return n;
}

static void fill(mill_meters *m, const mill_op *op) {
  m->item[m->n++].op = op;
  for (int i = 0; i < op->nchildren; i++) fill(m, op->child[i]);
}

mill_status mill_meters_init(mill_meters *m, mill_memory *memory, const mill_op *root,
                             mill_error *err) {
  size_t n = (size_t)count(root);
  *m = (mill_meters){.memory = memory};
  m->item = mill_calloc(memory, n * sizeof *m->item);
  if (m->item == NULL) return mill_oom(memory, n * sizeof *m->item, err);
  fill(m, root);
  return MILL_OK;
}

void mill_meters_clear(mill_meters *m) {
  if (m->item) mill_free(m->memory, m->item, (size_t)m->n * sizeof *m->item);
  m->item = NULL;
  m->n = 0;
}

mill_meter *mill_meters_of(const mill_meters *m, const mill_op *op) {
  for (int i = 0; m && i < m->n; i++)
    if (m->item[i].op == op) return &m->item[i];
  return NULL;
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

mill_meter *mill_meter_mark(mill_meter *m) {
  mill_meter *before = mark.meter;
  uint64_t t = now();
  if (before) __atomic_fetch_add(&before->nanos, t - mark.since, __ATOMIC_RELAXED);
  mark = (worker_mark){m, t};
  return before;
}

mill_meter *mill_meter_current(void) { return mark.meter; }

void mill_meter_rows(mill_meter *m, uint64_t n) {
  if (m) __atomic_fetch_add(&m->rows, n, __ATOMIC_RELAXED);
}

void mill_meter_look(mill_meter *m, const mill_context *ctx) {
  if (m == NULL) return;
  uint64_t used = mill_memory_read(ctx->memory).used;
  uint64_t above = used > m->base ? used - m->base : 0;
  uint64_t most = __atomic_load_n(&m->memory, __ATOMIC_RELAXED);
  while (above > most && !__atomic_compare_exchange_n(&m->memory, &most, above, true,
                                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

static uint64_t written(const mill_context *ctx) {
  return ctx->temp ? __atomic_load_n(&ctx->temp->written, __ATOMIC_RELAXED) : 0;
}

mill_meter_span mill_meter_begin(const mill_meters *m, const mill_context *ctx, const mill_op *op) {
  mill_meter_span s = {.meter = mill_meters_of(m, op)};
  if (s.meter == NULL) return s;
  if (s.meter->base == 0) s.meter->base = mill_memory_read(ctx->memory).used;
  s.written = written(ctx);
  s.before = mill_meter_mark(s.meter);
  return s;
}

void mill_meter_end(const mill_meter_span *s, const mill_context *ctx) {
  if (s->meter == NULL) return;
  mill_meter_look(s->meter, ctx);
  if (s->before != s->meter) s->meter->spilled += written(ctx) - s->written;
  mill_meter_mark(s->before);
}
