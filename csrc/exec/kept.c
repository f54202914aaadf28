/* The rows of a pipeline, kept until somebody reads them: in memory while there is room, else on
** disk.
**
** Each morsel's rows are a table. When memory nears the limit (spill.h) the tables of finished
** morsels become runs, and so does that of the morsel being run once it has a few thousand rows; it
** goes on in the run. One that begins then is a run at once. If nothing went to disk the tables become one, which mill_scan_in_memory
** gives. Else the scan has the same morsels, some read from memory, some from disk, in any order and
** by many workers. */
#include <pthread.h>
#include <stddef.h>

#include "base/thread.h"
#include "exec/exec_int.h"
#include "exec/spill.h"

enum { RUN_ROWS = 4 * MILL_BATCH }; /* an unfinished morsel has that many before it goes to disk */

typedef struct part {
  mill_table *rows; /* those behind what is in the run */
  mill_spill_run *run;
  bool done;
} part;

struct mill_kept {
  mill_scan base;
  const mill_context *ctx;
  mill_spill *file;
  part *part;
  size_t n;
  mill_sink sink;
  uint64_t most; /* atomic: rows of the largest part so far, a guess for those that follow */
  pthread_mutex_t lock;
};
typedef mill_kept kept;

static kept *of_sink(mill_sink *s) { return (kept *)((char *)s - offsetof(kept, sink)); }

/* ---- keeping -------------------------------------------------------------------------------- */

static mill_status keep_begin(mill_sink *base, size_t morsels, mill_error *err) {
  kept *k = of_sink(base);
  k->part = mill_calloc(k->ctx->memory, (morsels + 1) * sizeof *k->part);
  if (k->part == NULL) return mill_oom(k->ctx->memory, morsels * sizeof *k->part, err);
  k->n = morsels;
  return MILL_OK;
}

static mill_status write_chunk(mill_spill_run *run, const mill_chunk *c, mill_error *err) {
  mill_arena a;
  mill_arena_init(&a, c->arena.memory);
  mill_vector *cols = mill_arena_alloc(&a, (c->ncols + 1) * sizeof *cols);
  mill_status s = cols ? MILL_OK : mill_oom(a.memory, c->ncols * sizeof *cols, err);
  for (uint32_t at = 0; at < c->n && s == MILL_OK; at += MILL_BATCH) {
    mill_batch b;
    uint32_t n = c->n - at < MILL_BATCH ? c->n - at : MILL_BATCH;
    s = mill_chunk_batch(c, at, n, cols, &a, &b, err);
    if (s == MILL_OK) s = mill_spill_write(run, &b, err);
  }
  mill_arena_clear(&a);
  return s;
}

/* The file and the part's run; under the lock. */
static mill_status open_run(kept *k, part *p, mill_error *err) {
  if (k->file == NULL) MILL_TRY(mill_spill_new(k->ctx, k->base.schema, &k->file, err));
  return p->run ? MILL_OK : mill_spill_run_new(k->file, &p->run, err);
}

static mill_status write_part(kept *k, part *p, mill_error *err) {
  pthread_mutex_lock(&k->lock);
  mill_status st = open_run(k, p, err);
  pthread_mutex_unlock(&k->lock);
  for (size_t i = 0; i < p->rows->nchunks && st == MILL_OK; i++)
    st = write_chunk(p->run, p->rows->chunk[i], err);
  mill_table_unref(p->rows);
  p->rows = NULL;
  return st;
}

/* A finished part that is in memory, taken from the others. */
static part *take_done(kept *k) {
  part *found = NULL;
  pthread_mutex_lock(&k->lock);
  for (size_t i = 0; i < k->n && found == NULL; i++) {
    part *p = &k->part[i];
    if (p->done && p->rows) found = p, p->done = false;
  }
  pthread_mutex_unlock(&k->lock);
  return found;
}

static mill_status write_done(kept *k, mill_error *err) {
  for (part *p; (p = take_done(k));) {
    MILL_TRY(write_part(k, p, err));
    MILL_TRY(mill_spill_end(p->run, err));
  }
  return MILL_OK;
}

/* The part's first rows come: into memory while there is some. */
static mill_status begin_part(kept *k, part *p, mill_error *err) {
  if (mill_spill_due(k->ctx)) MILL_TRY(write_done(k, err));
  if (mill_spill_due(k->ctx)) {
    pthread_mutex_lock(&k->lock);
    mill_status st = open_run(k, p, err);
    pthread_mutex_unlock(&k->lock);
    return st;
  }
  MILL_TRY(mill_table_new(k->ctx->memory, k->base.schema, &p->rows, err));
  p->rows->expect = __atomic_load_n(&k->most, __ATOMIC_RELAXED) / 16 * 17;
  return MILL_OK;
}

static mill_status keep_push(mill_sink *base, size_t morsel, mill_batch *b, mill_error *err) {
  kept *k = of_sink(base);
  part *p = &k->part[morsel];
  if (p->rows == NULL && p->run == NULL) MILL_TRY(begin_part(k, p, err));
  if (p->run) return mill_spill_write(p->run, b, err);
  MILL_TRY(mill_table_append(p->rows, b, err));
  if (p->rows->rows > __atomic_load_n(&k->most, __ATOMIC_RELAXED))
    __atomic_store_n(&k->most, p->rows->rows, __ATOMIC_RELAXED);
  if (p->rows->rows < RUN_ROWS || !mill_spill_due(k->ctx)) return MILL_OK;
  MILL_TRY(write_done(k, err));
  return mill_spill_due(k->ctx) ? write_part(k, p, err) : MILL_OK;
}

static mill_status keep_end(mill_sink *base, size_t morsel, mill_error *err) {
  kept *k = of_sink(base);
  part *p = &k->part[morsel];
  if (p->run) return mill_spill_end(p->run, err);
  pthread_mutex_lock(&k->lock);
  p->done = true;
  pthread_mutex_unlock(&k->lock);
  return mill_spill_due(k->ctx) ? write_done(k, err) : MILL_OK;
}

/* ---- one table ------------------------------------------------------------------------------ */

static mill_status one_table(const kept *k, mill_scan **out, mill_error *err) {
  mill_memory *m = k->ctx->memory;
  mill_table *t = NULL;
  mill_table **rows = mill_alloc(m, (k->n + 1) * sizeof *rows);
  if (rows == NULL) return mill_oom(m, k->n * sizeof *rows, err);
  for (size_t i = 0; i < k->n; i++) rows[i] = k->part[i].rows;
  mill_status s = mill_table_new(m, k->base.schema, &t, err);
  if (s == MILL_OK) s = mill_table_concat(rows, k->n, t, err);
  if (s == MILL_OK) s = mill_scan_table(t, out, err);
  mill_table_unref(t);
  mill_free(m, rows, (k->n + 1) * sizeof *rows);
  return s;
}

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct kept_cursor {
  mill_cursor base;
  mill_memory *memory;
  mill_arena arena;
  int *columns;
  uint32_t ncols;
  const part *part;
  mill_rows *rows; /* of the part's run */
  size_t chunk;    /* of the part's table */
  uint32_t at;
  uint64_t first;
  mill_batch batch;
} kept_cursor;

static void close_run(kept_cursor *c) {
  if (c->rows) c->rows->free(c->rows);
  c->rows = NULL;
}

static mill_status cursor_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  kept_cursor *c = (kept_cursor *)base;
  close_run(c);
  c->part = &((const kept *)base->scan)->part[morsel];
  c->chunk = 0;
  c->at = 0;
  c->first = 0;
  return c->part->run ? mill_spill_read(c->part->run, &c->rows, err) : MILL_OK;
}

/* The next rows of the part with all columns; n is 0 at its end. */
static mill_status next_rows(kept_cursor *c, mill_batch *b, mill_error *err) {
  *b = (mill_batch){0};
  if (c->rows) {
    mill_batch *read;
    MILL_TRY(c->rows->next(c->rows, &read, err));
    if (read) *b = *read;
    return MILL_OK;
  }
  const mill_table *t = c->part->rows;
  for (; t && c->chunk < t->nchunks && c->at >= t->chunk[c->chunk]->n; c->at = 0) c->chunk++;
  if (t == NULL || c->chunk >= t->nchunks) return MILL_OK;
  const mill_chunk *k = t->chunk[c->chunk];
  uint32_t n = k->n - c->at < MILL_BATCH ? k->n - c->at : MILL_BATCH;
  mill_vector *cols = mill_arena_alloc(&c->arena, (k->ncols + 1) * sizeof *cols);
  if (cols == NULL) return mill_oom(c->memory, k->ncols * sizeof *cols, err);
  MILL_TRY(mill_chunk_batch(k, c->at, n, cols, &c->arena, b, err));
  c->at += n;
  return MILL_OK;
}

static mill_status cursor_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  kept_cursor *c = (kept_cursor *)base;
  *out = NULL;
  mill_arena_clear(&c->arena);
  MILL_TRY(next_rows(c, &c->batch, err));
  if (c->batch.n == 0) return MILL_OK;
  mill_vector *cols = mill_arena_alloc(&c->arena, (c->ncols + 1) * sizeof *cols);
  if (cols == NULL) return mill_oom(c->memory, c->ncols * sizeof *cols, err);
  for (uint32_t i = 0; i < c->ncols; i++) cols[i] = c->batch.col[c->columns[i]];
  c->batch.col = cols;
  c->batch.ncols = c->ncols;
  c->batch.first = c->first;
  c->first += c->batch.n;
  *out = &c->batch;
  return MILL_OK;
}

static void cursor_free(mill_cursor *base) {
  kept_cursor *c = (kept_cursor *)base;
  close_run(c);
  mill_arena_clear(&c->arena);
  mill_free(c->memory, c->columns, (c->ncols + 1) * sizeof *c->columns);
  mill_free(c->memory, c, sizeof *c);
}

static mill_status kept_open(const mill_scan *base, const mill_context *ctx, const int *columns,
                             int n, mill_cursor **out, mill_error *err) {
  mill_memory *m = ctx->memory;
  kept_cursor *c = mill_calloc(m, sizeof *c);
  if (c == NULL) return mill_oom(m, sizeof *c, err);
  c->base = (mill_cursor){base, cursor_seek, cursor_next, cursor_free, NULL};
  c->memory = m;
  c->ncols = (uint32_t)n;
  mill_arena_init(&c->arena, m);
  c->columns = mill_alloc(m, (size_t)(n + 1) * sizeof *c->columns);
  if (c->columns == NULL) {
    mill_free(m, c, sizeof *c);
    return mill_oom(m, (size_t)n * sizeof *c->columns, err);
  }
  for (int i = 0; i < n; i++) c->columns[i] = columns[i];
  *out = &c->base;
  return MILL_OK;
}

static void kept_free(mill_scan *base) {
  kept *k = (kept *)base;
  mill_memory *m = k->ctx->memory;
  for (size_t i = 0; i < k->n; i++) {
    mill_table_unref(k->part[i].rows);
    mill_spill_run_free(k->part[i].run);
  }
  if (k->part) mill_free(m, k->part, (k->n + 1) * sizeof *k->part);
  mill_spill_free(k->file);
  pthread_mutex_destroy(&k->lock);
  mill_free(m, k, sizeof *k);
}

static void count_rows(kept *k) {
  k->base.morsels = k->n;
  for (size_t i = 0; i < k->n; i++) {
    const part *p = &k->part[i];
    k->base.rows += p->run ? (double)mill_spill_rows(p->run) : p->rows ? (double)p->rows->rows : 0;
  }
}

mill_status mill_kept_new(const mill_exec *x, const mill_type *schema, mill_kept **out,
                          mill_error *err) {
  mill_memory *m = x->ctx->memory;
  kept *k = mill_calloc(m, sizeof *k);
  *out = k;
  if (k == NULL) return mill_oom(m, sizeof *k, err);
  k->base = (mill_scan){
      .schema = schema, .refs = 1, .name = "kept", .open = kept_open, .free = kept_free};
  k->sink = (mill_sink){.x = x, .begin = keep_begin, .push = keep_push, .end_morsel = keep_end};
  k->ctx = x->ctx;
  pthread_mutex_init(&k->lock, NULL);
  return MILL_OK;
}

mill_sink *mill_kept_sink(mill_kept *k) { return &k->sink; }

void mill_kept_free(mill_kept *k) {
  if (k) kept_free(&k->base);
}

mill_status mill_kept_scan(mill_kept *k, mill_scan **out, mill_error *err) {
  if (k->file) {
    count_rows(k);
    *out = &k->base;
    return MILL_OK;
  }
  mill_status s = one_table(k, out, err);
  mill_kept_free(k);
  return s;
}

mill_status mill_exec_kept(const mill_exec *x, const mill_op *op, mill_scan **out,
                           mill_error *err) {
  kept *k = NULL;
  *out = NULL;
  MILL_TRY(mill_kept_new(x, op->schema, &k, err));
  mill_status s = mill_pipeline_run(x, op, &k->sink, err);
  if (s == MILL_OK) return mill_kept_scan(k, out, err);
  mill_kept_free(k);
  return s;
}

/* ---- whole scans ---------------------------------------------------------------------------- */

static mill_status each_batch(mill_cursor *c,
                              mill_status (*push)(void *arg, mill_batch *b, mill_error *err),
                              void *arg, mill_error *err) {
  for (size_t i = 0; i < c->scan->morsels; i++) {
    mill_batch *b;
    MILL_TRY(c->seek(c, i, err));
    for (;;) {
      MILL_TRY(c->next(c, &b, err));
      if (b == NULL) break;
      b->first += (uint64_t)i << MILL_MORSEL_BITS;
      MILL_TRY(push(arg, b, err));
    }
  }
  return MILL_OK;
}

typedef struct each {
  const mill_run *run;
  mill_cursor *cursor;
  mill_status (*push)(void *arg, mill_batch *b, mill_error *err);
  void *arg;
} each;

static mill_status each_task(void *arg, size_t task, int worker, mill_error *err) {
  each *e = arg;
  (void)task, (void)worker;
  return each_batch(e->cursor, e->push, e->arg, err);
}

static mill_status each_poll(void *arg, size_t done, mill_error *err) {
  const mill_run *run = ((each *)arg)->run;
  (void)done;
  return run->poll ? run->poll(run->poll_arg, -1, 0, err) : MILL_OK;
}

/* One task of the pool, so that what is long within it can be cancelled (mill_watch_check). */
mill_status mill_exec_each(const mill_exec *x, const mill_scan *scan,
                           mill_status (*push)(void *arg, mill_batch *b, mill_error *err),
                           void *arg, mill_error *err) {
  int n = (int)scan->schema->nfields;
  mill_memory *m = x->ctx->memory;
  mill_cursor *c = NULL;
  int *all = mill_alloc(m, ((size_t)n + 1) * sizeof *all);
  if (all == NULL) return mill_oom(m, (size_t)n, err);
  for (int i = 0; i < n; i++) all[i] = i;
  mill_status s = scan->open(scan, x->ctx, all, n, &c, err);
  each e = {x->run, c, push, arg};
  if (s == MILL_OK) s = mill_pool_run_poll(x->ctx->pool, 1, each_task, &e, each_poll, &e, err);
  if (c) c->free(c);
  mill_free(m, all, ((size_t)n + 1) * sizeof *all);
  return s;
}

static mill_status add_batch(void *arg, mill_batch *b, mill_error *err) {
  return mill_table_append(arg, b, err);
}

mill_status mill_exec_read(const mill_exec *x, mill_scan *scan, mill_table *out, mill_error *err) {
  const mill_table *t = mill_scan_in_memory(scan);
  for (size_t i = 0; t && i < t->nchunks; i++)
    MILL_TRY(mill_table_add_move(out, mill_chunk_ref(t->chunk[i]), err));
  return t ? MILL_OK : mill_exec_each(x, scan, add_batch, out, err);
}
