/* Chunks and tables; see chunk.h. Appending copies string bytes, so a chunk depends on nothing. */
#include "column/chunk.h"

#include "column/coder.h"
#include "column/test.h"

enum { FIRST_ROWS = 1024 };

static mill_status init_column(mill_chunk *c, uint32_t i, const mill_type *type, uint32_t capacity,
                               mill_error *err) {
  if (c->coder && type->phys == MILL_PHYS_STR)
    return mill_coder_new(&c->col[i], type, capacity, &c->arena, &c->coder[i], err);
  if (type->nfields || type->phys == MILL_PHYS_STR || !type->width || capacity < MILL_BATCH)
    return mill_vector_init(&c->col[i], type, capacity, &c->arena, err);
  /* Room that is not zeroed: nobody looks at numbers behind the rows. */
  c->col[i] = (mill_vector){.type = type, .mask = MILL_FLAT, .capacity = capacity};
  c->col[i].data = mill_arena_take(&c->arena, (size_t)capacity * type->width);
  return c->col[i].data ? MILL_OK : mill_oom(c->arena.memory, (size_t)capacity * type->width, err);
}

/* Bytes of a column's values. */
static size_t room_of(const mill_type *type, uint32_t capacity) {
  size_t bytes = (size_t)capacity * type->width;
  for (uint32_t i = 0; i < type->nfields; i++) bytes += room_of(type->fields[i].type, capacity);
  return bytes;
}

/* Memory for the values of all columns in one piece: where that is large the system gives huge pages, and
** who reads a column misses few of them. */
static mill_status reserve(mill_chunk *c, const mill_type *schema, uint32_t capacity,
                           mill_error *err) {
  size_t bytes = 0;
  for (uint32_t i = 0; i < c->ncols; i++) {
    const mill_type *type = schema->fields[i].type;
    bool codes = c->coder && type->phys == MILL_PHYS_STR;
    bytes += (codes ? (size_t)capacity * sizeof(uint32_t) : room_of(type, capacity)) + 16;
  }
  return bytes == 0 || mill_arena_reserve(&c->arena, bytes) ? MILL_OK
                                                            : mill_oom(c->arena.memory, bytes, err);
}

static mill_status new_chunk(mill_memory *m, const mill_type *schema, uint32_t capacity, bool coded,
                             mill_chunk **out, mill_error *err) {
  mill_chunk *c = mill_calloc(m, sizeof *c);
  *out = NULL;
  if (c == NULL) return mill_oom(m, sizeof *c, err);
  mill_arena_init(&c->arena, m);
  c->refs = 1;
  c->ncols = schema->nfields;
  c->capacity = capacity;
  size_t n = c->ncols ? c->ncols : 1;
  c->col = mill_arena_alloc(&c->arena, n * sizeof *c->col);
  if (coded) c->coder = mill_arena_alloc(&c->arena, n * sizeof *c->coder);
  mill_status s = c->col && (!coded || c->coder) ? MILL_OK : mill_oom(m, n, err);
  if (s == MILL_OK) s = reserve(c, schema, capacity, err);
  for (uint32_t i = 0; s == MILL_OK && i < c->ncols; i++)
    s = init_column(c, i, schema->fields[i].type, capacity, err);
  if (s != MILL_OK) {
    mill_chunk_unref(c);
    return s;
  }
  *out = c;
  return MILL_OK;
}

mill_status mill_chunk_new(mill_memory *m, const mill_type *schema, uint32_t capacity,
                           mill_chunk **out, mill_error *err) {
  return new_chunk(m, schema, capacity, false, out, err);
}

mill_status mill_chunk_new_coded(mill_memory *m, const mill_type *schema, uint32_t capacity,
                                 mill_chunk **out, mill_error *err) {
  return new_chunk(m, schema, capacity, true, out, err);
}

mill_chunk *mill_chunk_ref(mill_chunk *c) {
  __atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
  return c;
}

void mill_chunk_unref(mill_chunk *c) {
  if (c == NULL || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) != 0) return;
  mill_memory *m = c->arena.memory;
  mill_chunk_bounds_free(c);
  mill_arena_clear(&c->arena);
  mill_free(m, c, sizeof *c);
}

/* A failure leaves some columns longer than n; cutting them back keeps the chunk as it was.
** Elements of lists that stay behind are not referred to. */
static void cut(mill_vector *v, uint32_t n) {
  v->size = n;
  if (v->index) return;
  for (uint32_t k = n; v->valid && k < v->capacity; k++) v->valid[k >> 6] |= 1ull << (k & 63);
  if (v->type->phys == MILL_PHYS_STRUCT)
    for (uint32_t c = 0; c < v->type->nfields; c++) cut(&v->child[c], n);
}

static mill_status append_column(mill_chunk *c, uint32_t i, const mill_vector *src,
                                 const uint32_t *sel, uint32_t n, mill_error *err) {
  if (c->coder && c->coder[i]) {
    bool fits;
    MILL_TRY(mill_coder_append(c->coder[i], &c->col[i], src, sel, n, &c->arena, &fits, err));
    if (fits) return MILL_OK;
    MILL_TRY(mill_coder_end(&c->col[i], c->capacity, &c->arena, err));
    c->coder[i] = NULL;
  }
  return mill_vector_append(&c->col[i], src, sel, n, true, &c->arena, err);
}

mill_status mill_chunk_append(mill_chunk *c, const mill_batch *b, uint32_t from, uint32_t n,
                              mill_error *err) {
  uint32_t run[MILL_BATCH];
  if (n == 0) return MILL_OK;
  const uint32_t *sel = b->sel ? b->sel + from : NULL;
  if (sel == NULL && from) {
    for (uint32_t i = 0; i < n; i++) run[i] = from + i;
    sel = run;
  }
  for (uint32_t i = 0; i < c->ncols; i++) {
    mill_status s = append_column(c, i, &b->col[i], sel, n, err);
    if (s != MILL_OK) {
      for (uint32_t k = 0; k <= i; k++) cut(&c->col[k], c->n);
      return s;
    }
  }
  c->n += n;
  return MILL_OK;
}

mill_status mill_chunk_batch(const mill_chunk *c, uint32_t start, uint32_t n, mill_vector *cols,
                             mill_arena *a, mill_batch *out, mill_error *err) {
  for (uint32_t i = 0; i < c->ncols; i++)
    MILL_TRY(mill_vector_slice(&cols[i], &c->col[i], start, a, err));
  *out = (mill_batch){.n = n, .ncols = c->ncols, .col = cols, .first = start};
  return MILL_OK;
}

mill_status mill_table_new(mill_memory *m, const mill_type *schema, mill_table **out,
                           mill_error *err) {
  mill_table *t = mill_calloc(m, sizeof *t);
  *out = t;
  if (t == NULL) return mill_oom(m, sizeof *t, err);
  t->memory = m;
  t->schema = schema;
  t->refs = 1;
  return MILL_OK;
}

mill_table *mill_table_ref(mill_table *t) {
  __atomic_add_fetch(&t->refs, 1, __ATOMIC_RELAXED);
  return t;
}

void mill_table_unref(mill_table *t) {
  if (t == NULL || __atomic_sub_fetch(&t->refs, 1, __ATOMIC_ACQ_REL) != 0) return;
  for (size_t i = 0; i < t->nchunks; i++) mill_chunk_unref(t->chunk[i]);
  mill_free(t->memory, t->chunk, t->capacity * sizeof *t->chunk);
  mill_free(t->memory, t, sizeof *t);
}

void mill_table_reset(mill_table *t) {
  for (size_t i = 0; i < t->nchunks; i++) mill_chunk_unref(t->chunk[i]);
  t->nchunks = 0;
  t->rows = 0;
}

mill_status mill_table_add_move(mill_table *t, mill_chunk *c, mill_error *err) {
  void *p = t->chunk;
  mill_status s = mill_grow(t->memory, &p, &t->capacity, t->nchunks + 1, sizeof *t->chunk, err);
  t->chunk = p;
  if (s != MILL_OK) {
    mill_chunk_unref(c);
    return s;
  }
  t->chunk[t->nchunks++] = c;
  t->rows += c->n;
  return MILL_OK;
}

/* The chunk that takes the next rows, n as it seems: the last while it has room and nobody else sees
** it. What is small stays small: room is zeroed, and would be most of the cost of a few rows. */
static mill_status open_chunk(mill_table *t, uint32_t n, mill_chunk **out, mill_error *err) {
  mill_chunk *last = t->nchunks ? t->chunk[t->nchunks - 1] : NULL;
  if (last && last->n < MILL_CHUNK && !last->full &&
      __atomic_load_n(&last->refs, __ATOMIC_ACQUIRE) == 1) {
    *out = last;
    return MILL_OK;
  }
  uint64_t rows = t->nchunks ? MILL_CHUNK : n < FIRST_ROWS ? n : FIRST_ROWS;
  if (t->expect > t->rows + FIRST_ROWS) rows = t->expect - t->rows;
  if (rows > MILL_CHUNK) rows = MILL_CHUNK;
  MILL_TRY(new_chunk(t->memory, t->schema, (uint32_t)rows, t->coded, &last, err));
  MILL_TRY(mill_table_add_move(t, last, err));
  *out = last;
  return MILL_OK;
}

mill_status mill_table_append(mill_table *t, const mill_batch *b, mill_error *err) {
  for (uint32_t from = 0; from < b->n;) {
    mill_chunk *c;
    MILL_TRY(open_chunk(t, b->n - from, &c, err));
    uint32_t room = MILL_CHUNK - c->n, left = b->n - from;
    uint32_t n = left < room ? left : room;
    MILL_TRY(mill_chunk_append(c, b, from, n, err));
    t->rows += n;
    from += n;
  }
  return MILL_OK;
}
