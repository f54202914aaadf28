/* Ranks of strings that repeat, for sorting; see sort_codes.h.
**
**     rows of a chunk -> numbers of its strings -> numbers of all strings -> their ranks
**
** Each chunk numbers its own strings, in parallel; those of all are put together and sorted, and each chunk
** goes from its numbers to ranks. */
#include "exec/sort_codes.h"

#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "column/groups.h"

enum { MOST = 1024 };       /* different strings */
enum { FEW_EACH = 4 };      /* rows that each has, on the average, to be worth it */
enum { TRIED_ROWS = 4096 }; /* of a chunk, after which that is looked at */

typedef struct chunk_codes {
  mill_arena arena;
  mill_groups met;
  int32_t *code;         /* of each row */
  uint64_t *valid;       /* NULL: no nulls */
  uint32_t to[MOST + 1]; /* its strings' numbers among all; then their ranks */
} chunk_codes;

typedef struct coding {
  const mill_row_set *set;
  uint32_t column;
  mill_group_layout layout;
  mill_groups met; /* those of all chunks */
  chunk_codes *chunk;
  bool many; /* atomic: it is not worth it */
} coding;

typedef struct placed {
  mill_str text;
  uint32_t number;
} placed;

mill_status mill_sort_codes_init(mill_sort_codes *c, const mill_row_set *s, mill_error *err) {
  const size_t fields = s->schema->nfields, cols = s->nchunks * fields;
  *c = (mill_sort_codes){.schema = *s->schema};
  mill_arena_init(&c->arena, s->memory);
  c->field = mill_arena_alloc(&c->arena, (fields + 1) * sizeof *c->field);
  c->col = mill_arena_alloc(&c->arena, (cols + 1) * sizeof *c->col);
  if (c->field == NULL || c->col == NULL) return mill_oom(s->memory, cols * sizeof *c->col, err);
  memcpy(c->field, s->schema->fields, fields * sizeof *c->field);
  if (cols) memcpy(c->col, s->col, cols * sizeof *c->col);
  c->schema.fields = c->field;
  return MILL_OK;
}

void mill_sort_codes_clear(mill_sort_codes *c) {
  if (c->arena.memory) mill_arena_clear(&c->arena);
  *c = (mill_sort_codes){0};
}

/* ---- numbers in a chunk ------------------------------------------------------------------------ */

static bool too_many(const mill_groups *met, uint32_t rows) {
  return met->n > MOST || (rows >= TRIED_ROWS && met->n > rows / FEW_EACH);
}

/* Rows [at, at + n) of the chunk's column, without an index. */
static mill_status some_rows(const mill_vector *v, uint32_t at, uint32_t n, mill_vector *out,
                             mill_arena *a, mill_error *err) {
  uint32_t row[MILL_BATCH];
  if (v->index == NULL) return mill_vector_slice(out, v, at, a, err);
  for (uint32_t i = 0; i < n; i++) row[i] = at + i;
  return mill_vector_gather(out, v, row, n, false, a, err);
}

static void note_nulls(chunk_codes *k, const mill_vector *v, uint32_t at, uint32_t n) {
  for (uint32_t i = 0; k->valid && i < n; i++)
    if (mill_vector_valid(v, i)) k->valid[(at + i) >> 6] |= 1ull << ((at + i) & 63);
}

static mill_status number_some(coding *c, chunk_codes *k, const mill_vector *v, uint32_t at,
                               uint32_t n, mill_group_keys *keys, mill_arena *scratch,
                               mill_error *err) {
  uint32_t number[MILL_BATCH];
  mill_vector some;
  mill_arena_reset(scratch);
  MILL_TRY(some_rows(v, at, n, &some, scratch, err));
  mill_group_keys_set(keys, &c->layout, &some, n);
  MILL_TRY(mill_groups_find(&k->met, keys, n, number, err));
  memcpy(k->code + at, number, n * sizeof *number);
  note_nulls(k, &some, at, n);
  if (too_many(&k->met, at + n)) __atomic_store_n(&c->many, true, __ATOMIC_RELAXED);
  return MILL_OK;
}

static mill_status number_rows(coding *c, chunk_codes *k, const mill_vector *v, uint32_t rows,
                               mill_arena *scratch, mill_error *err) {
  mill_group_keys keys;
  MILL_TRY(mill_group_keys_init(&keys, &c->layout, &k->arena, err));
  MILL_TRY(mill_groups_init(&k->met, &c->layout, k->arena.memory, &k->arena, err));
  k->met.borrows = true;
  for (uint32_t at = 0; at < rows && !__atomic_load_n(&c->many, __ATOMIC_RELAXED);
       at += MILL_BATCH) {
    const uint32_t n = rows - at < MILL_BATCH ? rows - at : MILL_BATCH;
    MILL_TRY(number_some(c, k, v, at, n, &keys, scratch, err));
  }
  mill_groups_close(&k->met);
  return MILL_OK;
}

static mill_status number_chunk(void *arg, size_t chunk, int worker, mill_error *err) {
  coding *c = arg;
  chunk_codes *k = &c->chunk[chunk];
  const mill_vector *v = &c->set->col[chunk * c->set->schema->nfields + c->column];
  mill_arena scratch;
  (void)worker;
  if (__atomic_load_n(&c->many, __ATOMIC_RELAXED)) return MILL_OK;
  mill_arena_init(&scratch, c->set->memory);
  mill_status s = number_rows(c, k, v, c->set->n[chunk], &scratch, err);
  mill_arena_clear(&scratch);
  return s;
}

/* ---- ranks ------------------------------------------------------------------------------------ */

static mill_status unite(coding *c, mill_error *err) {
  for (size_t i = 0; i < c->set->nchunks && !c->many; i++) {
    chunk_codes *k = &c->chunk[i];
    mill_group_keys keys = mill_groups_view(&k->met, 0);
    MILL_TRY(mill_groups_find(&c->met, &keys, k->met.n, k->to, err));
    c->many = c->met.n > MOST;
  }
  return MILL_OK;
}

static int by_text(const void *a, const void *b) {
  return mill_str_compare(&((const placed *)a)->text, &((const placed *)b)->text);
}

/* rank[number]; a null has one that nobody looks at. */
static void rank_all(const coding *c, uint32_t *rank) {
  placed p[MOST];
  for (uint32_t i = 0; i < c->met.n; i++) {
    memcpy(&p[i].text, c->met.row + (size_t)i * c->layout.words, sizeof p[i].text);
    p[i].number = i;
  }
  if (c->met.n) qsort(p, c->met.n, sizeof *p, by_text);
  for (uint32_t i = 0; i < c->met.n; i++) rank[p[i].number] = i;
}

static mill_status rank_chunk(void *arg, size_t chunk, int worker, mill_error *err) {
  coding *c = arg;
  chunk_codes *k = &c->chunk[chunk];
  (void)worker, (void)err;
  for (uint32_t i = 0; i < c->set->n[chunk]; i++) k->code[i] = (int32_t)k->to[k->code[i]];
  return MILL_OK;
}

static mill_status rank_rows(coding *c, const mill_exec *x, mill_error *err) {
  uint32_t rank[MOST];
  rank_all(c, rank);
  for (size_t i = 0; i < c->set->nchunks; i++)
    for (uint32_t n = 0; n < c->chunk[i].met.n; n++) c->chunk[i].to[n] = rank[c->chunk[i].to[n]];
  return mill_pool_run(x->ctx->pool, c->set->nchunks, rank_chunk, c, err);
}

/* ---- the column ------------------------------------------------------------------------------- */

static mill_status make_room(coding *c, mill_arena *a, mill_error *err) {
  const mill_row_set *s = c->set;
  const mill_type *type = s->schema->fields[c->column].type;
  MILL_TRY(mill_group_layout_init(&c->layout, &type, 1, a, err));
  MILL_TRY(mill_groups_init(&c->met, &c->layout, s->memory, a, err));
  c->met.borrows = true;
  for (size_t i = 0; i < s->nchunks; i++) {
    chunk_codes *k = &c->chunk[i];
    const size_t rows = (size_t)s->n[i] + 1;
    mill_arena_init(&k->arena, s->memory);
    k->code = mill_arena_take(a, rows * sizeof *k->code);
    if (s->nulls[c->column]) k->valid = mill_arena_alloc(a, (rows / 64 + 1) * sizeof *k->valid);
    if (k->code == NULL || (s->nulls[c->column] && k->valid == NULL))
      return mill_oom(s->memory, rows * sizeof *k->code, err);
  }
  return MILL_OK;
}

static void put_column(mill_sort_codes *out, const coding *c, mill_sort_stats *stats) {
  const mill_type *type = mill_type_of(MILL_INT);
  for (size_t i = 0; i < c->set->nchunks; i++)
    out->col[i * c->set->schema->nfields + c->column] = (mill_vector){.type = type,
                                                                      .data = c->chunk[i].code,
                                                                      .valid = c->chunk[i].valid,
                                                                      .mask = MILL_FLAT,
                                                                      .size = c->set->n[i]};
  out->field[c->column].type = type;
  const mill_rank zero = (mill_rank)1 << 63; /* the rank of the integer 0 */
  stats->least = zero;
  stats->most = zero + c->met.n - 1;
}

static mill_status code_column(mill_sort_codes *out, coding *c, const mill_exec *x,
                               mill_sort_stats *stats, bool *done, mill_error *err) {
  MILL_TRY(make_room(c, &out->arena, err));
  MILL_TRY(mill_pool_run(x->ctx->pool, c->set->nchunks, number_chunk, c, err));
  MILL_TRY(unite(c, err));
  if (c->many || c->met.n == 0) return MILL_OK;
  MILL_TRY(rank_rows(c, x, err));
  put_column(out, c, stats);
  *done = true;
  return MILL_OK;
}

mill_status mill_sort_codes_add(mill_sort_codes *out, const mill_exec *x, const mill_row_set *s,
                                uint32_t column, mill_sort_stats *stats, bool *done,
                                mill_error *err) {
  coding c = {.set = s, .column = column};
  *done = false;
  if (s->nchunks == 0) return MILL_OK;
  c.chunk = mill_calloc(s->memory, s->nchunks * sizeof *c.chunk);
  if (c.chunk == NULL) return mill_oom(s->memory, s->nchunks * sizeof *c.chunk, err);
  mill_status status = code_column(out, &c, x, stats, done, err);
  mill_groups_clear(&c.met);
  for (size_t i = 0; i < s->nchunks; i++) {
    mill_groups_clear(&c.chunk[i].met);
    if (c.chunk[i].arena.memory) mill_arena_clear(&c.chunk[i].arena);
  }
  mill_free(s->memory, c.chunk, s->nchunks * sizeof *c.chunk);
  return status;
}
