#include "column/scan.h"

#include "column/test.h"

mill_scan *mill_scan_ref(mill_scan *s) {
  __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
  return s;
}

void mill_scan_unref(mill_scan *s) {
  if (s && __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) == 0) s->free(s);
}

/* ---- tables: a morsel is a chunk, or of few chunks a piece of one ---- */

typedef struct table_scan {
  mill_scan base;
  mill_table *table;
  uint32_t pieces; /* of each chunk */
} table_scan;

static uint32_t pieces_of(const mill_table *t) {
  const uint32_t run = mill_run_rows(t->rows);
  uint32_t most = 1;
  for (size_t i = 0; i < t->nchunks; i++) most = t->chunk[i]->n > most ? t->chunk[i]->n : most;
  return (most + run - 1) / run;
}

typedef struct table_cursor {
  mill_cursor base;
  mill_memory *memory;
  mill_arena arena; /* struct children of the views */
  const mill_chunk *chunk;
  uint32_t from, at, stop; /* rows of the chunk */
  uint32_t ncols;
  int *columns;
  mill_vector *picked; /* views of the wanted columns */
  mill_batch batch;
} table_cursor;

static mill_status table_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  table_cursor *c = (table_cursor *)base;
  const table_scan *s = (const table_scan *)base->scan;
  const mill_chunk *chunk = s->table->chunk[morsel / s->pieces];
  const uint32_t batches = (chunk->n + MILL_BATCH - 1) / MILL_BATCH;
  const uint32_t each = (batches + s->pieces - 1) / s->pieces * MILL_BATCH;
  const uint32_t from = (uint32_t)(morsel % s->pieces) * each;
  (void)err;
  c->chunk = chunk;
  c->from = c->at = from < chunk->n ? from : chunk->n;
  c->stop = chunk->n - c->from < each ? chunk->n : c->from + each;
  return MILL_OK;
}

static mill_status table_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  table_cursor *c = (table_cursor *)base;
  *out = NULL;
  if (c->at >= c->stop) return MILL_OK;
  uint32_t left = c->stop - c->at, n = left < MILL_BATCH ? left : MILL_BATCH;
  mill_arena_clear(&c->arena);
  for (uint32_t i = 0; i < c->ncols; i++)
    MILL_TRY(
        mill_vector_slice(&c->picked[i], &c->chunk->col[c->columns[i]], c->at, &c->arena, err));
  c->batch = (mill_batch){.n = n, .ncols = c->ncols, .col = c->picked, .first = c->at - c->from};
  c->at += n;
  *out = &c->batch;
  return MILL_OK;
}

static void table_cursor_free(mill_cursor *base) {
  table_cursor *c = (table_cursor *)base;
  mill_memory *m = c->memory;
  mill_arena_clear(&c->arena);
  mill_free(m, c->picked, c->ncols * sizeof *c->picked);
  mill_free(m, c->columns, c->ncols * sizeof *c->columns);
  mill_free(m, c, sizeof *c);
}

static mill_status table_open(const mill_scan *s, const mill_context *ctx, const int *columns,
                              int n, mill_cursor **out, mill_error *err) {
  mill_memory *m = ctx->memory;
  table_cursor *c = mill_calloc(m, sizeof *c);
  if (!c) return mill_oom(m, sizeof *c, err);
  c->base = (mill_cursor){s, table_seek, table_next, table_cursor_free, NULL};
  c->memory = m;
  mill_arena_init(&c->arena, m);
  if (n > 0) {
    c->columns = mill_alloc(m, (size_t)n * sizeof *c->columns);
    c->picked = mill_calloc(m, (size_t)n * sizeof *c->picked);
    c->ncols = (uint32_t)n;
    if (!c->columns || !c->picked) {
      if (!c->columns && c->picked) mill_free(m, c->picked, (size_t)n * sizeof *c->picked);
      if (c->columns && !c->picked) mill_free(m, c->columns, (size_t)n * sizeof *c->columns);
      mill_free(m, c, sizeof *c);
      return mill_oom(m, (size_t)n * sizeof *c->picked, err);
    }
    for (int i = 0; i < n; i++) c->columns[i] = columns[i];
  }
  *out = &c->base;
  return MILL_OK;
}

static void table_free(mill_scan *s) {
  table_scan *t = (table_scan *)s;
  mill_table *table = t->table;
  mill_free(table->memory, t, sizeof *t);
  mill_table_unref(table);
}

static bool table_range(const mill_scan *s, size_t morsel, int column, mill_range *out) {
  const table_scan *t = (const table_scan *)s;
  return mill_chunk_range(t->table->chunk[morsel / t->pieces], (uint32_t)column, out);
}

mill_status mill_scan_table(mill_table *t, mill_scan **out, mill_error *err) {
  table_scan *s = mill_calloc(t->memory, sizeof *s);
  if (!s) return mill_oom(t->memory, sizeof *s, err);
  s->pieces = pieces_of(t);
  s->base = (mill_scan){.schema = t->schema,
                        .morsels = t->nchunks * s->pieces,
                        .rows = (double)t->rows,
                        .refs = 1,
                        .name = "memory",
                        .open = table_open,
                        .free = table_free,
                        .range = table_range};
  s->table = mill_table_ref(t);
  *out = &s->base;
  return MILL_OK;
}

const mill_table *mill_scan_in_memory(const mill_scan *s) {
  return s->free == table_free ? ((const table_scan *)s)->table : NULL;
}
