/* Rows of tables by number, counted through the chunks: copied, fetched, compared; and expressions
** over all rows. */
#include "exec/exec_int.h"

static size_t chunk_of(const mill_table *t, uint64_t row, uint32_t *at) {
  if (t->nchunks == 1) {
    *at = (uint32_t)row;
    return 0;
  }
  size_t i = (size_t)(row / MILL_CHUNK);
  if (i < t->nchunks && t->chunk[0]->n == MILL_CHUNK) { /* all but the last are full, mostly */
    uint64_t before = 0;
    bool full = true;
    for (size_t k = 0; k < i && full; k++) full = t->chunk[k]->n == MILL_CHUNK;
    before = (uint64_t)i * MILL_CHUNK;
    if (full && row - before < t->chunk[i]->n) {
      *at = (uint32_t)(row - before);
      return i;
    }
  }
  for (i = 0; row >= t->chunk[i]->n; i++) row -= t->chunk[i]->n;
  *at = (uint32_t)row;
  return i;
}

mill_status mill_table_take(const mill_table *t, const uint32_t *order, size_t n, mill_table *out,
                            mill_error *err) {
  mill_status s = MILL_OK;
  for (size_t from = 0; from < n && s == MILL_OK;) {
    uint32_t rows[MILL_BATCH], at = 0;
    uint32_t count = 0;
    size_t c = chunk_of(t, order[from], &at);
    rows[count++] = at;
    while (from + count < n && count < MILL_BATCH) { /* a run of rows of one chunk */
      if (chunk_of(t, order[from + count], &at) != c) break;
      rows[count++] = at;
    }
    mill_arena a;
    mill_arena_init(&a, out->memory);
    mill_vector *cols = mill_arena_alloc(&a, (t->chunk[c]->ncols + 1) * sizeof *cols);
    s = cols ? MILL_OK : mill_oom(out->memory, 1, err);
    for (uint32_t k = 0; k < t->chunk[c]->ncols && s == MILL_OK; k++)
      s = mill_vector_gather(&cols[k], &t->chunk[c]->col[k], rows, count, false, &a, err);
    mill_batch b = {.n = count, .ncols = t->chunk[c]->ncols, .col = cols};
    if (s == MILL_OK) s = mill_table_append(out, &b, err);
    mill_arena_clear(&a);
    from += count;
  }
  return s;
}

bool mill_table_equal(const mill_table *t, uint32_t row, uint32_t col, const mill_vector *v,
                      uint32_t i) {
  uint32_t at;
  const mill_chunk *c = t->chunk[chunk_of(t, row, &at)];
  return mill_vector_equal(&c->col[col], at, v, i);
}

mill_status mill_table_gather(const mill_table *t, uint32_t col, const uint32_t *rows, uint32_t n,
                              mill_vector *out, mill_arena *a, mill_error *err) {
  const mill_type *type = t->schema->fields[col].type;
  MILL_TRY(mill_vector_init(out, type, n ? n : 1, a, err));
  for (uint32_t i = 0; i < n;) {
    uint32_t at[MILL_BATCH], k = 0;
    if (rows[i] == UINT32_MAX) {
      mill_vector null;
      while (i < n && rows[i] == UINT32_MAX) i++, k++;
      mill_vector_null(&null, type);
      MILL_TRY(mill_vector_append(out, &null, NULL, k, false, a, err));
      continue;
    }
    size_t c = chunk_of(t, rows[i], &at[k]);
    for (k = 1; i + k < n && k < MILL_BATCH && rows[i + k] != UINT32_MAX; k++)
      if (chunk_of(t, rows[i + k], &at[k]) != c) break;
    MILL_TRY(mill_vector_append(out, &t->chunk[c]->col[col], at, k, false, a, err));
    i += k;
  }
  return MILL_OK;
}

mill_status mill_table_map(const mill_exec *x, const mill_table *t, const mill_bound *const *exprs,
                           int n, mill_table **out, mill_error *err) {
  mill_memory *m = x->ctx->memory;
  mill_arena a;
  mill_arena_init(&a, m);
  mill_field *f = mill_arena_alloc(&a, (size_t)(n + 1) * sizeof *f);
  mill_vector *v = mill_arena_alloc(&a, (size_t)(n + 1) * sizeof *v);
  mill_vector *cols = mill_arena_alloc(&a, (t->schema->nfields + 1) * sizeof *cols);
  mill_program *p = NULL;
  mill_status s = f && v && cols ? MILL_OK : mill_oom(m, 1, err);
  for (int i = 0; i < n && f; i++) f[i] = (mill_field){"k", exprs[i]->type, true, NULL};
  const mill_type *schema = f ? mill_type_struct(x->ctx->types, f, (uint32_t)n) : NULL;
  if (s == MILL_OK && schema == NULL) s = mill_oom(m, 1, err);
  if (s == MILL_OK) s = mill_table_new(m, schema, out, err);
  if (s == MILL_OK) s = mill_program_new(x->ctx, x->set, exprs, n, &p, err);
  for (size_t c = 0; c < t->nchunks && s == MILL_OK; c++) {
    for (uint32_t at = 0; at < t->chunk[c]->n && s == MILL_OK; at += MILL_BATCH) {
      mill_batch b;
      uint32_t rows = t->chunk[c]->n - at < MILL_BATCH ? t->chunk[c]->n - at : MILL_BATCH;
      s = mill_chunk_batch(t->chunk[c], at, rows, cols, &a, &b, err);
      if (s == MILL_OK) s = mill_program_run(p, &b, v, err);
      mill_batch made = {.n = rows, .ncols = (uint32_t)n, .col = v};
      if (s == MILL_OK) s = mill_table_append(*out, &made, err);
    }
  }
  mill_program_free(p);
  mill_arena_clear(&a);
  if (s == MILL_OK) return s;
  mill_table_unref(*out);
  *out = NULL;
  return s;
}
