/* Merging spilled runs into one order; see sorted.h.
**
** A heap of runs by their next row: normalised key (made a page at a time), what the key leaves
** open, place in the source. Rows are picked by number until a batch is full or a run's page is
** used up, then fetched together: on the average 2,048 rows a batch. */
#include "exec/sorted.h"

enum { FAN_IN = 64, RUN_BYTES = 512 * 1024 /* what a run being read takes, about */ };

typedef struct source {
  mill_rows *rows;
  const uint64_t *place; /* of the page's rows */
  uint64_t *key;         /* two words a row */
  uint32_t at, n;
} source;

typedef struct merge {
  mill_rows base;
  const mill_sorted *s;
  mill_sort_layout layout;
  mill_sort_part *part;
  source *src;
  int nsrc, nheap;
  int *heap; /* sources with rows left, the least row's at 0 */
  bool refill;
  mill_row_set page; /* chunk k: the page of source k */
  uint64_t *pick;
  mill_arena arena;
  mill_batch batch;
} merge;

/* ---- the heap ------------------------------------------------------------------------------- */

static bool before(const merge *m, int a, int b) {
  const source *x = &m->src[a], *y = &m->src[b];
  const uint64_t *k = x->key + (size_t)x->at * 2, *l = y->key + (size_t)y->at * 2;
  if (k[0] != l[0]) return k[0] < l[0];
  if (k[1] != l[1]) return k[1] < l[1];
  if (m->layout.inexact < m->layout.n) {
    int d = mill_sort_key_compare(&m->page, m->layout.key, m->layout.inexact, m->layout.n,
                                  (uint64_t)a << 16 | x->at, (uint64_t)b << 16 | y->at);
    if (d) return d < 0;
  }
  if (x->place[x->at] != y->place[y->at]) return x->place[x->at] < y->place[y->at];
  return a < b;
}

static void sift_down(merge *m, int i) {
  for (;;) {
    int k = 2 * i + 1, t = m->heap[i];
    if (k >= m->nheap) return;
    if (k + 1 < m->nheap && before(m, m->heap[k + 1], m->heap[k])) k++;
    if (!before(m, m->heap[k], t)) return;
    m->heap[i] = m->heap[k];
    m->heap[k] = t;
    i = k;
  }
}

/* The next page of source i. n is 0 at its end. */
static mill_status load(merge *m, int i, mill_error *err) {
  source *c = &m->src[i];
  mill_batch *b = NULL;
  c->at = c->n = 0;
  MILL_TRY(c->rows->next(c->rows, &b, err));
  if (b == NULL) return MILL_OK;
  c->n = b->n;
  c->place = b->col[b->ncols - 1].data;
  mill_row_set_put(&m->page, (size_t)i, b->col, b->n);
  mill_sort_encode(&m->layout, b->col, 0, b->n, c->key, 2);
  return MILL_OK;
}

static mill_status refill(merge *m, mill_error *err) {
  int top = m->heap[0];
  MILL_TRY(load(m, top, err));
  m->refill = false;
  if (m->src[top].n == 0) m->heap[0] = m->heap[--m->nheap];
  sift_down(m, 0);
  return MILL_OK;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static mill_status merge_next(mill_rows *base, mill_batch **out, mill_error *err) {
  merge *m = (merge *)base;
  uint32_t n = 0, width = base->schema->nfields;
  *out = NULL;
  if (m->refill) MILL_TRY(refill(m, err));
  while (n < MILL_BATCH && m->nheap > 0 && !m->refill) {
    source *c = &m->src[m->heap[0]];
    m->pick[n++] = (uint64_t)m->heap[0] << 16 | c->at++;
    if (c->at == c->n)
      m->refill = true;
    else
      sift_down(m, 0);
  }
  if (n == 0) return MILL_OK;
  mill_arena_clear(&m->arena);
  mill_vector *col = mill_arena_alloc(&m->arena, width * sizeof *col);
  if (col == NULL) return mill_oom(m->arena.memory, width * sizeof *col, err);
  for (uint32_t c = 0; c < width; c++)
    MILL_TRY(mill_row_set_gather(&m->page, c, m->pick, 1, UINT64_MAX, n, &col[c], &m->arena, err));
  m->batch = (mill_batch){.n = n, .ncols = width, .col = col};
  *out = &m->batch;
  return MILL_OK;
}

static void merge_free(mill_rows *base) {
  merge *m = (merge *)base;
  mill_memory *mem = m->arena.memory;
  size_t n = (size_t)m->nsrc + 1;
  for (int i = 0; m->src && i < m->nsrc; i++) {
    if (m->src[i].rows) m->src[i].rows->free(m->src[i].rows);
    mill_free(mem, m->src[i].key, 2 * MILL_BATCH * sizeof *m->src[i].key);
  }
  mill_free(mem, m->src, n * sizeof *m->src);
  mill_free(mem, m->heap, n * sizeof *m->heap);
  mill_free(mem, m->part, (size_t)(m->s->nkeys + 1) * sizeof *m->part);
  mill_free(mem, m->pick, MILL_BATCH * sizeof *m->pick);
  mill_row_set_clear(&m->page);
  mill_arena_clear(&m->arena);
  mill_free(mem, m, sizeof *m);
}

static mill_status open_sources(merge *m, mill_spill_run *const *run, mill_error *err) {
  mill_memory *mem = m->arena.memory;
  uint32_t width = m->base.schema->nfields;
  mill_vector *none = mill_arena_alloc(&m->arena, width * sizeof *none);
  if (none == NULL) return mill_oom(mem, width * sizeof *none, err);
  for (uint32_t c = 0; c < width; c++) none[c] = (mill_vector){.mask = MILL_FLAT};
  for (int i = 0; i < m->nsrc; i++) {
    m->src[i].key = mill_alloc(mem, 2 * MILL_BATCH * sizeof *m->src[i].key);
    if (m->src[i].key == NULL) return mill_oom(mem, MILL_BATCH, err);
    MILL_TRY(mill_row_set_add(&m->page, none, 0, err));
    MILL_TRY(mill_spill_read(run[i], &m->src[i].rows, err));
    MILL_TRY(load(m, i, err));
    if (m->src[i].n) m->heap[m->nheap++] = i;
  }
  for (int i = m->nheap / 2; i >= 0; i--)
    if (i < m->nheap) sift_down(m, i);
  return MILL_OK;
}

static mill_status merge_open(const mill_sorted *s, mill_spill_run *const *run, size_t nruns,
                              mill_rows **out, mill_error *err) {
  mill_memory *mem = s->x->ctx->memory;
  merge *m = mill_calloc(mem, sizeof *m);
  size_t n = nruns + 1;
  if (m == NULL) return mill_oom(mem, sizeof *m, err);
  m->base = (mill_rows){s->run_schema, merge_next, merge_free, false};
  m->s = s;
  m->nsrc = (int)nruns;
  mill_arena_init(&m->arena, mem);
  m->src = mill_calloc(mem, n * sizeof *m->src);
  m->heap = mill_alloc(mem, n * sizeof *m->heap);
  m->part = mill_calloc(mem, (size_t)(s->nkeys + 1) * sizeof *m->part);
  m->pick = mill_alloc(mem, MILL_BATCH * sizeof *m->pick);
  bool ok = m->src && m->heap && m->part && m->pick;
  mill_status st = ok ? mill_row_set_init(&m->page, mem, s->run_schema, err)
                      : mill_oom(mem, n * sizeof *m->src, err);
  if (st == MILL_OK) {
    mill_sort_layout_make(&m->layout, s->run_schema, s->key, s->nkeys, m->part, NULL);
    m->layout.words = 2;
    st = open_sources(m, run, err);
  }
  if (st != MILL_OK) {
    merge_free(&m->base);
    return st;
  }
  *out = &m->base;
  return MILL_OK;
}

mill_status mill_sorted_merge(const mill_sorted *s, mill_rows **out, mill_error *err) {
  return merge_open(s, s->run, s->nruns, out, err);
}

/* ---- too many runs -------------------------------------------------------------------------- */

/* As many as a quarter of the memory limit can hold the buffers of. */
static size_t fan_in(const mill_sorted *s) {
  size_t limit = mill_memory_read(s->x->ctx->memory).limit, n = limit / 4 / RUN_BYTES;
  if (limit == 0 || n > FAN_IN) return FAN_IN;
  return n < 4 ? 4 : n;
}

/* The first n runs become one, at the end of the list; the first where the order of runs counts. */
static mill_status merge_first(mill_sorted *s, size_t n, mill_error *err) {
  mill_rows *rows = NULL;
  mill_spill_run *to = NULL;
  MILL_TRY(merge_open(s, s->run, n, &rows, err));
  mill_status st = mill_spill_run_new(s->file, &to, err);
  while (st == MILL_OK) {
    mill_batch *b = NULL;
    st = rows->next(rows, &b, err);
    if (st != MILL_OK || b == NULL) break;
    st = mill_spill_write(to, b, err);
  }
  rows->free(rows);
  if (st == MILL_OK) st = mill_spill_end(to, err);
  if (st != MILL_OK) {
    mill_spill_run_free(to);
    return st;
  }
  for (size_t i = 0; i < n; i++) mill_spill_run_free(s->run[i]);
  memmove(s->run + s->placed, s->run + n, (s->nruns - n) * sizeof *s->run);
  s->nruns -= n - 1;
  s->run[s->placed ? 0 : s->nruns - 1] = to;
  return MILL_OK;
}

mill_status mill_sorted_reduce(mill_sorted *s, mill_error *err) {
  size_t most = fan_in(s);
  while (s->nruns > most) {
    size_t extra = s->nruns - most + 1;
    MILL_TRY(merge_first(s, extra < most ? extra : most, err));
  }
  return MILL_OK;
}
