/* Sorted rows as a scan; see sorted.h. In memory a morsel is a range of the order, and its rows are
** fetched when they are asked for. Spilled rows are merged by the one cursor that reads them, morsel
** after morsel. */
#include "exec/sorted.h"

#include <stddef.h>

typedef struct sorted_scan {
  mill_scan base;
  mill_memory *memory;
  mill_sorted *s;
  uint64_t offset, count;
  uint32_t run;  /* rows of a morsel */
  bool by_place; /* a morsel is the rows of one morsel of the source that the places speak of */
} sorted_scan;

typedef struct sorted_cursor {
  mill_cursor base;
  mill_memory *memory;
  mill_arena arena;
  int *columns;
  uint32_t ncols;
  uint64_t at, stop, start;
  mill_rows *merged;
  mill_batch *held; /* the merged rows being handed out, from held_at on */
  uint32_t held_at;
  size_t morsel;
  mill_batch batch;
  uint32_t sel[MILL_BATCH];
} sorted_cursor;

/* ---- in memory ------------------------------------------------------------------------------ */

static mill_status memory_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  sorted_cursor *c = (sorted_cursor *)base;
  const sorted_scan *s = (const sorted_scan *)base->scan;
  uint64_t end = s->offset + s->count;
  (void)err;
  c->start = c->at = s->offset + (uint64_t)morsel * s->run;
  c->stop = end - c->at < s->run ? end : c->at + s->run;
  return MILL_OK;
}

static mill_status memory_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  sorted_cursor *c = (sorted_cursor *)base;
  const mill_sorted *s = ((const sorted_scan *)base->scan)->s;
  *out = NULL;
  if (c->at >= c->stop) return MILL_OK;
  uint64_t left = c->stop - c->at;
  uint32_t n = left < MILL_BATCH ? (uint32_t)left : MILL_BATCH;
  mill_arena_clear(&c->arena);
  mill_vector *col = mill_arena_alloc(&c->arena, (c->ncols + 1) * sizeof *col);
  if (col == NULL) return mill_oom(c->memory, c->ncols * sizeof *col, err);
  for (uint32_t i = 0; i < c->ncols; i++)
    MILL_TRY(mill_sort_order_gather(&s->order, &s->set, (uint32_t)c->columns[i], (size_t)c->at, n,
                                    &col[i], &c->arena, err));
  c->batch = (mill_batch){.n = n, .ncols = c->ncols, .col = col, .first = c->at - c->start};
  c->at += n;
  *out = &c->batch;
  return MILL_OK;
}

/* ---- merged --------------------------------------------------------------------------------- */

static mill_status merged_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  sorted_cursor *c = (sorted_cursor *)base;
  const sorted_scan *s = (const sorted_scan *)base->scan;
  uint64_t end = s->offset + s->count;
  c->morsel = morsel;
  c->start = s->offset + (uint64_t)morsel * s->run;
  c->stop = end - c->start < s->run ? end : c->start + s->run;
  if (s->by_place) c->start = c->at;
  if (c->merged && morsel > 0) return MILL_OK;
  if (c->merged) c->merged->free(c->merged);
  c->merged = NULL;
  c->held = NULL;
  c->at = 0;
  return mill_sorted_merge(s->s, &c->merged, err);
}

/* Rows to be handed out: none at the end. */
static mill_status hold_rows(sorted_cursor *c, const sorted_scan *s, mill_error *err) {
  for (;;) {
    if (c->held == NULL) MILL_TRY(c->merged->next(c->merged, &c->held, err));
    if (c->held == NULL) return MILL_OK;
    uint64_t skip = c->at < s->offset ? s->offset - c->at : 0;
    uint32_t left = c->held->n - c->held_at, n = skip < left ? (uint32_t)skip : left;
    c->at += n;
    c->held_at += n;
    if (c->held_at < c->held->n) return MILL_OK;
    c->held = NULL;
    c->held_at = 0;
  }
}

/* How many of the held rows belong to the morsel. */
static uint32_t in_morsel(const sorted_cursor *c, const sorted_scan *s) {
  const mill_batch *b = c->held;
  uint32_t n = b->n - c->held_at;
  if (!s->by_place) return c->stop - c->at < n ? (uint32_t)(c->stop - c->at) : n;
  const uint64_t *place = (const uint64_t *)b->col[b->ncols - 1].data + c->held_at;
  uint32_t k = 0;
  while (k < n && place[k] >> 32 == c->morsel) k++;
  return k;
}

static mill_status merged_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  sorted_cursor *c = (sorted_cursor *)base;
  const sorted_scan *s = (const sorted_scan *)base->scan;
  *out = NULL;
  if (!s->by_place && c->at >= c->stop) return MILL_OK;
  if (c->held && c->held_at == c->held->n) c->held = NULL, c->held_at = 0;
  MILL_TRY(hold_rows(c, s, err));
  uint32_t n = c->held ? in_morsel(c, s) : 0;
  if (n == 0) return MILL_OK;
  c->batch = *c->held;
  c->batch.n = n;
  c->batch.first = c->at - c->start;
  for (uint32_t i = 0; i < n; i++) c->sel[i] = c->held_at + i;
  if (n < c->held->n) c->batch.sel = c->sel;
  mill_arena_clear(&c->arena);
  c->batch.col = mill_arena_alloc(&c->arena, (c->ncols + 1) * sizeof *c->batch.col);
  if (c->batch.col == NULL) return mill_oom(c->memory, c->ncols, err);
  for (uint32_t i = 0; i < c->ncols; i++) c->batch.col[i] = c->held->col[c->columns[i]];
  c->batch.ncols = c->ncols;
  c->at += n;
  c->held_at += n;
  *out = &c->batch;
  return MILL_OK;
}

/* ---- the scan ------------------------------------------------------------------------------- */

static void cursor_free(mill_cursor *base) {
  sorted_cursor *c = (sorted_cursor *)base;
  if (c->merged) c->merged->free(c->merged);
  mill_arena_clear(&c->arena);
  mill_free(c->memory, c->columns, (c->ncols + 1) * sizeof *c->columns);
  mill_free(c->memory, c, sizeof *c);
}

static mill_status scan_open(const mill_scan *base, const mill_context *ctx, const int *columns,
                             int n, mill_cursor **out, mill_error *err) {
  mill_memory *m = ctx->memory;
  sorted_cursor *c = mill_alloc(m, sizeof *c);
  if (c == NULL) return mill_oom(m, sizeof *c, err);
  memset(c, 0, offsetof(sorted_cursor, sel));
  bool merged = ((const sorted_scan *)base)->s->spilled;
  c->base = (mill_cursor){base, merged ? merged_seek : memory_seek,
                          merged ? merged_next : memory_next, cursor_free, NULL};
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

static void scan_free(mill_scan *base) {
  sorted_scan *s = (sorted_scan *)base;
  mill_memory *m = s->memory;
  mill_sorted_free(s->s);
  mill_free(m, s, sizeof *s);
}

mill_status mill_sorted_scan(mill_sorted *sorted, const mill_type *schema, uint64_t offset,
                             int64_t limit, mill_scan **out, mill_error *err) {
  mill_memory *m = sorted->x->ctx->memory;
  sorted_scan *s = mill_calloc(m, sizeof *s);
  if (s == NULL) {
    mill_sorted_free(sorted);
    return mill_oom(m, sizeof *s, err);
  }
  s->memory = m;
  s->s = sorted;
  s->offset = offset < sorted->rows ? offset : sorted->rows;
  s->count = sorted->rows - s->offset;
  if (limit >= 0 && (uint64_t)limit < s->count) s->count = (uint64_t)limit;
  s->run = mill_run_rows(s->count);
  size_t morsels = (size_t)((s->count + s->run - 1) / s->run);
  s->base = (mill_scan){.schema = schema,
                        .morsels = morsels,
                        .in_turn = sorted->spilled,
                        .rows = (double)s->count,
                        .refs = 1,
                        .name = "sorted",
                        .open = scan_open,
                        .free = scan_free};
  *out = &s->base;
  return MILL_OK;
}

mill_status mill_sorted_placed_scan(mill_sorted *sorted, const mill_type *schema, size_t morsels,
                                    mill_scan **out, mill_error *err) {
  MILL_TRY(mill_sorted_scan(sorted, schema, 0, -1, out, err));
  ((sorted_scan *)*out)->by_place = true;
  (*out)->morsels = morsels;
  return MILL_OK;
}
