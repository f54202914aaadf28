/* Collecting rows to sort, and runs of them; see sorted.h. */
#include "exec/sorted.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/thread.h"

enum { RUN_ROWS = 4 * MILL_BATCH }; /* a run has that many at least, but for the ends of morsels */

/* Rows of one morsel, in source order, that are in memory. */
typedef struct part {
  uint64_t position; /* morsel << 32 | row within the morsel, of its first row */
  mill_table *rows;
} part;

/* What adds computed keys to batches; lent to one morsel at a time. */
typedef struct feeder {
  struct feeder *next, *all;
  mill_program *program;
  mill_vector *col; /* all columns */
  uint32_t index[MILL_BATCH];
} feeder;

typedef struct open_part {
  mill_table *rows;
  feeder *feeder;
  uint64_t position;
} open_part;

typedef struct collector {
  mill_sink base;
  mill_sorted *out;
  const mill_bound **exprs; /* the computed keys; NULL: none is */
  open_part *open;          /* one a morsel */
  size_t nopen;
  pthread_mutex_t lock; /* guards what follows and the runs */
  feeder *idle, *feeders;
  part *done;
  size_t ndone, capacity;
  uint64_t held; /* atomic: rows in memory */
} collector;

/* ---- feeders -------------------------------------------------------------------------------- */

static mill_status feeder_new(collector *c, feeder **out, mill_error *err) {
  mill_memory *m = c->out->x->ctx->memory;
  feeder *f = mill_calloc(m, sizeof *f);
  *out = f;
  if (f == NULL) return mill_oom(m, sizeof *f, err);
  pthread_mutex_lock(&c->lock);
  f->all = c->feeders;
  c->feeders = f;
  pthread_mutex_unlock(&c->lock);
  size_t n = c->out->schema->nfields;
  f->col = mill_calloc(m, (n + 1) * sizeof *f->col);
  if (f->col == NULL) return mill_oom(m, n * sizeof *f->col, err);
  return mill_program_new(c->out->x->ctx, c->out->x->set, c->exprs, (int)(n - c->out->ncols),
                          &f->program, err);
}

static mill_status feeder_take(collector *c, feeder **out, mill_error *err) {
  pthread_mutex_lock(&c->lock);
  *out = c->idle;
  if (*out) c->idle = (*out)->next;
  pthread_mutex_unlock(&c->lock);
  return *out ? MILL_OK : feeder_new(c, out, err);
}

static void feeder_give_back(collector *c, feeder *f) {
  pthread_mutex_lock(&c->lock);
  f->next = c->idle;
  c->idle = f;
  pthread_mutex_unlock(&c->lock);
}

/* The batch with its computed keys. Those come without gaps: an index puts them under the rows that
** count. */
static mill_status feed(feeder *f, const mill_sorted *s, mill_batch *b, mill_error *err) {
  MILL_TRY(mill_program_run(f->program, b, f->col + s->ncols, err));
  for (uint32_t c = 0; c < s->ncols; c++) f->col[c] = b->col[c];
  for (uint32_t i = 0; b->sel && i < b->n; i++) f->index[b->sel[i]] = i;
  for (uint32_t c = s->ncols; b->sel && c < s->schema->nfields; c++)
    if (f->col[c].mask != 0) f->col[c].index = f->index;
  b->col = f->col;
  b->ncols = s->schema->nfields;
  return MILL_OK;
}

/* ---- runs ----------------------------------------------------------------------------------- */

static int by_position(const void *a, const void *b) {
  uint64_t x = ((const part *)a)->position, y = ((const part *)b)->position;
  return (x > y) - (x < y);
}

/* Takes over the run, also on failure. */
static mill_status keep_run(mill_sorted *s, mill_spill_run *r, mill_error *err) {
  void *p = s->run;
  mill_status st =
      mill_grow(s->x->ctx->memory, &p, &s->capacity, s->nruns + 1, sizeof *s->run, err);
  s->run = p;
  if (st == MILL_OK) {
    s->run[s->nruns++] = r;
  } else {
    mill_spill_run_free(r);
  }
  return st;
}

/* The rows of `set` in order, each with its place: that of its chunk's first row and on. */
static mill_status write_rows(const mill_sorted *s, const mill_row_set *set,
                              const mill_sort_order *o, const uint64_t *first, mill_spill_run *run,
                              mill_error *err) {
  uint32_t width = s->schema->nfields;
  mill_arena a;
  mill_arena_init(&a, s->x->ctx->memory);
  mill_status st = MILL_OK;
  for (size_t at = 0; at < o->n && st == MILL_OK; at += MILL_BATCH) {
    uint32_t n = o->n - at < MILL_BATCH ? (uint32_t)(o->n - at) : MILL_BATCH;
    mill_vector *col = mill_arena_alloc(&a, (width + 1) * sizeof *col);
    if (col == NULL) st = mill_oom(a.memory, width * sizeof *col, err);
    for (uint32_t c = 0; c < width && st == MILL_OK; c++)
      st = mill_sort_order_gather(o, set, c, at, n, &col[c], &a, err);
    if (st == MILL_OK) st = mill_vector_init(&col[width], mill_type_of(MILL_BIGINT), n, &a, err);
    for (uint32_t i = 0; i < n && st == MILL_OK; i++) {
      uint64_t row = mill_sort_order_row(o, at + i);
      ((uint64_t *)col[width].data)[i] = first[row >> 16] + mill_row_place(row);
    }
    mill_batch b = {.n = n, .ncols = width + 1, .col = col};
    if (st == MILL_OK) st = mill_spill_write(run, &b, err);
    mill_arena_clear(&a);
  }
  return st == MILL_OK ? mill_spill_end(run, err) : st;
}

/* Sort parts and write them as a run. */
static mill_status write_run(const mill_sorted *s, const part *p, size_t n, mill_spill_run *run,
                             mill_error *err) {
  mill_memory *m = s->x->ctx->memory;
  mill_row_set set;
  mill_sort_order order = {0};
  size_t chunks = 0;
  MILL_TRY(mill_row_set_init(&set, m, s->schema, err));
  for (size_t i = 0; i < n; i++) chunks += p[i].rows->nchunks;
  uint64_t *first = mill_alloc(m, (chunks + 1) * sizeof *first);
  mill_status st = first ? MILL_OK : mill_oom(m, chunks * sizeof *first, err);
  for (size_t i = 0, c = 0; i < n && st == MILL_OK; i++) {
    uint64_t at = p[i].position;
    for (size_t k = 0; k < p[i].rows->nchunks; at += p[i].rows->chunk[k++]->n) first[c++] = at;
    st = mill_row_set_add_table(&set, p[i].rows, err);
  }
  if (st == MILL_OK) st = mill_sort_order_make(s->x, &set, s->key, s->nkeys, false, &order, err);
  if (st == MILL_OK) st = write_rows(s, &set, &order, first, run, err);
  mill_sort_order_clear(&order);
  mill_row_set_clear(&set);
  mill_free(m, first, (chunks + 1) * sizeof *first);
  return st;
}

/* Write what is in memory and not being written to. */
static mill_status spill_done(collector *c, mill_error *err) {
  mill_sorted *s = c->out;
  mill_memory *m = s->x->ctx->memory;
  mill_spill_run *run = NULL;
  mill_status st = MILL_OK;
  pthread_mutex_lock(&c->lock);
  part *p = c->done;
  size_t n = c->ndone, capacity = c->capacity;
  c->done = NULL;
  c->ndone = c->capacity = 0;
  if (n && s->file == NULL) st = mill_spill_new(s->x->ctx, s->run_schema, &s->file, err);
  if (n && st == MILL_OK) st = mill_spill_run_new(s->file, &run, err);
  if (run) st = keep_run(s, run, err);
  pthread_mutex_unlock(&c->lock);
  if (n) qsort(p, n, sizeof *p, by_position);
  if (n && st == MILL_OK) st = write_run(s, p, n, run, err);
  for (size_t i = 0; i < n; i++) {
    __atomic_sub_fetch(&c->held, p[i].rows->rows, __ATOMIC_RELAXED);
    mill_table_unref(p[i].rows);
  }
  mill_free(m, p, capacity * sizeof *p);
  return st;
}

static bool spill_wanted(const collector *c) {
  uint64_t rows = __atomic_load_n(&c->held, __ATOMIC_RELAXED);
  return mill_spill_needed(c->out->x->ctx, rows * MILL_SORT_ROW_BYTES);
}

/* ---- the sink ------------------------------------------------------------------------------- */

static mill_status collect_begin(mill_sink *base, size_t morsels, mill_error *err) {
  collector *c = (collector *)base;
  c->open = mill_calloc(base->x->ctx->memory, (morsels + 1) * sizeof *c->open);
  if (c->open == NULL) return mill_oom(base->x->ctx->memory, morsels * sizeof *c->open, err);
  c->nopen = morsels;
  for (size_t i = 0; i < morsels; i++) c->open[i].position = (uint64_t)i << 32;
  return MILL_OK;
}

/* The part is complete: others may spill it. */
static mill_status close_part(collector *c, open_part *o, mill_error *err) {
  if (o->rows == NULL) return MILL_OK;
  uint64_t rows = o->rows->rows;
  pthread_mutex_lock(&c->lock);
  void *p = c->done;
  mill_status s =
      mill_grow(c->out->x->ctx->memory, &p, &c->capacity, c->ndone + 1, sizeof *c->done, err);
  c->done = p;
  if (s == MILL_OK) c->done[c->ndone++] = (part){o->position, o->rows};
  pthread_mutex_unlock(&c->lock);
  if (s != MILL_OK) return s;
  o->position += rows;
  o->rows = NULL;
  return MILL_OK;
}

static mill_status collect_push(mill_sink *base, size_t morsel, mill_batch *b, mill_error *err) {
  collector *c = (collector *)base;
  open_part *o = &c->open[morsel];
  mill_batch own;
  if (c->exprs) {
    if (o->feeder == NULL) MILL_TRY(feeder_take(c, &o->feeder, err));
    own = *b;
    MILL_TRY(feed(o->feeder, c->out, &own, err));
    b = &own;
  }
  if (o->rows == NULL)
    MILL_TRY(mill_table_new(base->x->ctx->memory, c->out->schema, &o->rows, err));
  MILL_TRY(mill_table_append(o->rows, b, err));
  __atomic_add_fetch(&c->held, b->n, __ATOMIC_RELAXED);
  if (o->rows->rows < RUN_ROWS || !spill_wanted(c)) return MILL_OK;
  MILL_TRY(close_part(c, o, err)); /* not even a morsel fits */
  return spill_done(c, err);
}

static mill_status collect_end(mill_sink *base, size_t morsel, mill_error *err) {
  collector *c = (collector *)base;
  open_part *o = &c->open[morsel];
  if (o->feeder) feeder_give_back(c, o->feeder);
  o->feeder = NULL;
  MILL_TRY(close_part(c, o, err));
  return spill_wanted(c) ? spill_done(c, err) : MILL_OK;
}

/* Keys that a host function computes are computed on its thread: morsels run in turn. */
static bool never_full(mill_sink *s) {
  (void)s;
  return false;
}

static mill_status into_set(collector *c, mill_error *err) {
  mill_sorted *s = c->out;
  if (c->ndone) qsort(c->done, c->ndone, sizeof *c->done, by_position);
  for (size_t i = 0; i < c->ndone; i++)
    MILL_TRY(mill_row_set_add_table(&s->set, c->done[i].rows, err));
  return MILL_OK;
}

static mill_status finish(collector *c, mill_error *err) {
  mill_sorted *s = c->out;
  if (s->file || (c->ndone && spill_wanted(c))) {
    s->spilled = true;
    MILL_TRY(spill_done(c, err));
    MILL_TRY(mill_sorted_reduce(s, err));
    for (size_t i = 0; i < s->nruns; i++) s->rows += mill_spill_rows(s->run[i]);
    return MILL_OK;
  }
  MILL_TRY(into_set(c, err));
  s->rows = s->set.rows;
  return mill_sort_order_make(s->x, &s->set, s->key, s->nkeys, true, &s->order, err);
}

static void collector_clear(collector *c) {
  mill_memory *m = c->out->x->ctx->memory;
  for (feeder *f = c->feeders, *next; f; f = next) {
    next = f->all;
    mill_program_free(f->program);
    mill_free(m, f->col, (c->out->schema->nfields + 1) * sizeof *f->col);
    mill_free(m, f, sizeof *f);
  }
  for (size_t i = 0; i < c->nopen; i++) mill_table_unref(c->open[i].rows);
  mill_free(m, c->open, (c->nopen + 1) * sizeof *c->open);
  for (size_t i = 0; i < c->ndone; i++) mill_table_unref(c->done[i].rows);
  mill_free(m, c->done, c->capacity * sizeof *c->done);
  pthread_mutex_destroy(&c->lock);
}

static mill_status collect(mill_sorted *s, const mill_op *op, const mill_bound **exprs, bool host,
                           mill_error *err) {
  collector c = {.base = {.x = s->x, .begin = collect_begin, .push = collect_push}, .out = s};
  c.base.end_morsel = collect_end;
  c.exprs = exprs;
  if (host) c.base.full = never_full;
  if (pthread_mutex_init(&c.lock, NULL) != 0)
    return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "no lock left", NULL);
  mill_status st = mill_pipeline_run(s->x, op, &c.base, err);
  if (st == MILL_OK) st = finish(&c, err);
  collector_clear(&c);
  return st;
}

/* ---- tables in memory ------------------------------------------------------------------------ */

/* The table that `op` passes on as it is, and where each of op's columns stands in it. */
static const mill_table *table_below(const mill_op *op, int *columns) {
  const mill_op *scan = op->kind == MILL_OP_PROJECT ? op->child[0] : op;
  if (scan->kind != MILL_OP_SCAN) return NULL;
  for (int i = 0; i < (int)op->schema->nfields; i++) {
    int k = i;
    if (scan != op && op->exprs[i]->kind != MILL_B_COLUMN) return NULL;
    if (scan != op) k = op->exprs[i]->index;
    columns[i] = scan->columns[k];
  }
  return mill_scan_in_memory(scan->scan);
}

static mill_status sort_table(mill_sorted *s, const mill_table *t, const int *columns,
                              mill_error *err) {
  uint32_t width = s->schema->nfields;
  mill_vector *col = mill_arena_alloc(&s->arena, (width + 1) * sizeof *col);
  if (col == NULL) return mill_oom(s->arena.memory, width * sizeof *col, err);
  for (size_t i = 0; i < t->nchunks; i++) {
    for (uint32_t c = 0; c < width; c++) col[c] = t->chunk[i]->col[columns[c]];
    MILL_TRY(mill_row_set_hold(&s->set, t->chunk[i], err));
    MILL_TRY(mill_row_set_add(&s->set, col, t->chunk[i]->n, err));
  }
  s->rows = s->set.rows;
  return mill_sort_order_make(s->x, &s->set, s->key, s->nkeys, true, &s->order, err);
}

/* ---- making --------------------------------------------------------------------------------- */

/* Schemas, where the keys stand, and the keys to compute. */
static mill_status describe(mill_sorted *s, const mill_op *op, const mill_bound_sort *sorts, int n,
                            const mill_bound ***exprs, mill_error *err) {
  size_t most = s->ncols + (size_t)n + 1;
  mill_field *f = mill_arena_alloc(&s->arena, most * sizeof *f);
  const mill_bound **e = mill_arena_alloc(&s->arena, most * sizeof *e);
  int computed = 0;
  s->key = mill_arena_alloc(&s->arena, (size_t)(n + 1) * sizeof *s->key);
  if (f == NULL || e == NULL || s->key == NULL) return mill_oom(s->arena.memory, most, err);
  uint32_t width = s->ncols;
  for (uint32_t i = 0; i < width; i++) f[i] = op->schema->fields[i];
  for (int i = 0; i < n; i++) {
    const mill_bound *b = sorts[i].expr;
    bool plain = b->kind == MILL_B_COLUMN;
    s->key[i] = (mill_sort_column){plain ? (uint32_t)b->index : width, sorts[i].descending,
                                   sorts[i].nulls_first};
    if (plain) continue;
    e[computed++] = b;
    f[width++] = (mill_field){"key", b->type, true, NULL};
  }
  s->schema = mill_type_struct(s->x->ctx->types, f, width);
  f[width] = (mill_field){"place", mill_type_of(MILL_BIGINT), false, NULL};
  s->run_schema = mill_type_struct(s->x->ctx->types, f, width + 1);
  if (s->schema == NULL || s->run_schema == NULL) return mill_oom(s->arena.memory, width, err);
  *exprs = computed ? e : NULL;
  return MILL_OK;
}

static mill_status fill(mill_sorted *s, const mill_op *op, const mill_bound_sort *sorts, int n,
                        mill_error *err) {
  const mill_bound **exprs = NULL;
  MILL_TRY(describe(s, op, sorts, n, &exprs, err));
  MILL_TRY(mill_row_set_init(&s->set, s->x->ctx->memory, s->schema, err));
  int *columns = mill_arena_alloc(&s->arena, (s->ncols + 1) * sizeof *columns);
  if (columns == NULL) return mill_oom(s->arena.memory, s->ncols, err);
  const mill_table *t = exprs ? NULL : table_below(op, columns);
  if (t && !mill_spill_needed(s->x->ctx, t->rows * MILL_SORT_ROW_BYTES))
    return sort_table(s, t, columns, err);
  mill_op keys = {.kind = MILL_OP_SORT, .sorts = sorts, .nsorts = n};
  return collect(s, op, exprs, mill_op_needs_host(&keys), err);
}

mill_status mill_sorted_make(const mill_exec *x, const mill_op *op, const mill_bound_sort *sorts,
                             int nsorts, mill_sorted **out, mill_error *err) {
  mill_memory *m = x->ctx->memory;
  mill_sorted *s = mill_calloc(m, sizeof *s);
  *out = NULL;
  if (s == NULL) return mill_oom(m, sizeof *s, err);
  s->x = x;
  s->ncols = op->schema->nfields;
  s->nkeys = nsorts;
  mill_arena_init(&s->arena, m);
  mill_status st = fill(s, op, sorts, nsorts, err);
  if (st != MILL_OK) {
    mill_sorted_free(s);
    return st;
  }
  *out = s;
  return MILL_OK;
}

/* ---- rows with places -------------------------------------------------------------------------- */

mill_status mill_sorted_placed_new(const mill_exec *x, const mill_type *schema, mill_sorted **out,
                                   mill_error *err) {
  mill_memory *m = x->ctx->memory;
  uint32_t n = schema->nfields;
  mill_sorted *s = mill_calloc(m, sizeof *s);
  *out = s;
  if (s == NULL) return mill_oom(m, sizeof *s, err);
  *s = (mill_sorted){.x = x, .schema = schema, .ncols = n, .spilled = true, .placed = true};
  mill_arena_init(&s->arena, m);
  mill_field *f = mill_arena_alloc(&s->arena, (n + 1) * sizeof *f);
  if (f == NULL) return mill_oom(m, n, err);
  for (uint32_t i = 0; i < n; i++) f[i] = schema->fields[i];
  f[n] = (mill_field){"place", mill_type_of(MILL_BIGINT), false, NULL};
  s->run_schema = mill_type_struct(x->ctx->types, f, n + 1);
  if (s->run_schema == NULL) return mill_oom(m, n, err);
  return mill_spill_new(x->ctx, s->run_schema, &s->file, err);
}

mill_status mill_sorted_placed_run(mill_sorted *s, mill_spill_run **out, mill_error *err) {
  MILL_TRY(mill_spill_run_new(s->file, out, err));
  return keep_run(s, *out, err);
}

mill_status mill_sorted_placed_end(mill_sorted *s, mill_error *err) {
  for (size_t i = 0; i < s->nruns; i++) s->rows += mill_spill_rows(s->run[i]);
  return mill_sorted_reduce(s, err);
}

void mill_sorted_free(mill_sorted *s) {
  if (s == NULL) return;
  mill_memory *m = s->x->ctx->memory;
  mill_sort_order_clear(&s->order);
  mill_row_set_clear(&s->set);
  for (size_t i = 0; i < s->nruns; i++) mill_spill_run_free(s->run[i]);
  mill_free(m, s->run, s->capacity * sizeof *s->run);
  mill_spill_free(s->file);
  mill_arena_clear(&s->arena);
  mill_free(m, s, sizeof *s);
}
