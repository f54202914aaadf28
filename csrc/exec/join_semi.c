/* SEMI and ANTI joins whose left side is the smaller: the left rows are the table, each notes that
** a right row met it, and those with or without a partner are the result, in their order. */
#include <pthread.h>

#include "exec/join_int.h"

/* Steps that look rows up, one for each morsel that runs at the time. */
typedef struct semi_sink {
  mill_sink base;
  const mill_op *op;
  mill_join_table *t;
  mill_step *free;
  pthread_mutex_t lock;
} semi_sink;

static mill_status semi_begin(mill_sink *s, size_t morsels, mill_error *err) {
  (void)s, (void)morsels, (void)err;
  return MILL_OK;
}

static bool semi_full(mill_sink *s) {
  (void)s;
  return false;
}

static mill_status semi_push(mill_sink *s, size_t morsel, mill_batch *b, mill_error *err) {
  semi_sink *k = (semi_sink *)s;
  (void)morsel;
  pthread_mutex_lock(&k->lock);
  mill_step *step = k->free;
  if (step) k->free = step->next;
  pthread_mutex_unlock(&k->lock);
  if (step == NULL) MILL_TRY(mill_join_probe(s->x, k->op, k->t, &step, err));
  mill_status status = step->push(step, b, err);
  pthread_mutex_lock(&k->lock);
  step->next = k->free;
  k->free = step;
  pthread_mutex_unlock(&k->lock);
  return status;
}

/* The rows of one chunk whose `met` is as wanted. */
static mill_status emit_chunk(const mill_chunk *c, const uint8_t *met, bool want, mill_vector *cols,
                              mill_arena *a, mill_table *out, mill_error *err) {
  uint32_t sel[MILL_BATCH];
  for (uint32_t at = 0; at < c->n; at += MILL_BATCH) {
    mill_batch b;
    uint32_t rows = c->n - at < MILL_BATCH ? c->n - at : MILL_BATCH, n = 0;
    MILL_TRY(mill_chunk_batch(c, at, rows, cols, a, &b, err));
    for (uint32_t i = 0; i < rows; i++) {
      sel[n] = i;
      n += met[at + i] == want;
    }
    b.n = n;
    b.sel = sel;
    if (n) MILL_TRY(mill_table_append(out, &b, err));
  }
  return MILL_OK;
}

static mill_status emit(const mill_join_table *t, mill_table *out, mill_error *err) {
  const mill_table *left = t->right;
  const uint8_t *met = t->met;
  mill_arena a;
  mill_arena_init(&a, out->memory);
  mill_vector *cols = mill_arena_alloc(&a, (left->schema->nfields + 1) * sizeof *cols);
  mill_status s = cols ? MILL_OK : mill_oom(out->memory, 1, err);
  for (size_t i = 0; i < left->nchunks && s == MILL_OK; i++) {
    s = emit_chunk(left->chunk[i], met, t->op->join == MILL_OP_SEMI, cols, &a, out, err);
    met += left->chunk[i]->n;
  }
  mill_arena_clear(&a);
  return s;
}

mill_status mill_join_semi(mill_join_table *t, mill_table *out, mill_error *err) {
  const mill_exec *x = t->x;
  semi_sink k = {
      .base = {.x = x, .begin = semi_begin, .push = semi_push, .meets = t}, .op = t->op, .t = t};
  pthread_mutex_init(&k.lock, NULL);
  if (mill_op_needs_host(t->op)) k.base.full = semi_full;
  mill_status s = mill_pipeline_run(x, t->op->child[1], &k.base, err);
  if (s == MILL_OK) s = emit(t, out, err);
  for (mill_step *step = k.free, *next; step; step = next) {
    next = step->next;
    step->free(step);
  }
  pthread_mutex_destroy(&k.lock);
  return s;
}
