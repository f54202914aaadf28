/* Sorting: row numbers of a table by its key columns; stable, so that equal rows keep the order of
** the source. */
#include <string.h>

#include "exec/exec_int.h"

/* ---- rows of tables -------------------------------------------------------------------------- */

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

/* ---- comparing ------------------------------------------------------------------------------ */

int mill_sort_compare(const mill_sort_keys *k, uint32_t a, uint32_t b) {
  uint32_t i, j;
  const mill_chunk *x = k->table->chunk[chunk_of(k->table, a, &i)];
  const mill_chunk *y = k->table->chunk[chunk_of(k->table, b, &j)];
  for (int c = 0; c < k->n; c++) {
    const mill_bound_sort *s = &k->sorts[c];
    bool va = mill_vector_valid(&x->col[c], i), vb = mill_vector_valid(&y->col[c], j);
    if (!va && !vb) continue;
    if (va != vb) return va == s->nulls_first ? 1 : -1;
    int d = mill_vector_compare(&x->col[c], i, &y->col[c], j);
    if (d) return s->descending ? -d : d;
  }
  return 0;
}

/* Bottom-up merge sort: no recursion, stable. */
mill_status mill_sort_rows(const mill_exec *x, const mill_sort_keys *k, uint32_t *order, size_t n,
                           mill_error *err) {
  mill_memory *m = x->ctx->memory;
  uint32_t *other = mill_alloc(m, (n + 1) * sizeof *other), *from = order, *to = other;
  if (other == NULL) return mill_oom(m, n * sizeof *other, err);
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t lo = 0; lo < n; lo += 2 * width) {
      size_t mid = lo + width < n ? lo + width : n, hi = lo + 2 * width < n ? lo + 2 * width : n;
      size_t a = lo, b = mid;
      if (mid == hi || mill_sort_compare(k, from[mid - 1], from[mid]) <= 0) {
        memcpy(to + lo, from + lo, (hi - lo) * sizeof *to);
        continue;
      }
      for (size_t o = lo; o < hi; o++) {
        bool left = a < mid && (b >= hi || mill_sort_compare(k, from[a], from[b]) <= 0);
        to[o] = left ? from[a++] : from[b++];
      }
    }
    uint32_t *t = from;
    from = to;
    to = t;
  }
  if (from != order) memcpy(order, from, n * sizeof *order);
  mill_free(m, other, (n + 1) * sizeof *other);
  return MILL_OK;
}

/* ---- the operator ---------------------------------------------------------------------------- */

static mill_status sort_table(const mill_exec *x, const mill_op *op, const mill_table *in,
                              mill_table *out, mill_error *err) {
  mill_memory *m = x->ctx->memory;
  size_t n = (size_t)in->rows;
  mill_sort_keys k = {NULL, op->sorts, op->nsorts};
  const mill_bound **e = mill_alloc(m, (size_t)(op->nsorts + 1) * sizeof *e);
  uint32_t *order = mill_alloc(m, (n + 1) * sizeof *order);
  mill_status s = e && order ? MILL_OK : mill_oom(m, n, err);
  for (int i = 0; e && i < op->nsorts; i++) e[i] = op->sorts[i].expr;
  if (s == MILL_OK) s = mill_table_map(x, in, e, op->nsorts, &k.table, err);
  if (s == MILL_OK) {
    for (size_t i = 0; i < n; i++) order[i] = (uint32_t)i;
    s = mill_sort_rows(x, &k, order, n, err);
  }
  if (s == MILL_OK) {
    size_t offset = op->limit >= 0 && op->offset > 0 ? (size_t)op->offset : 0;
    if (offset > n) offset = n;
    size_t count = n - offset;
    if (op->limit >= 0 && (uint64_t)op->limit < count) count = (size_t)op->limit;
    s = mill_table_take(in, order + offset, count, out, err);
  }
  mill_table_unref(k.table);
  if (e) mill_free(m, e, (size_t)(op->nsorts + 1) * sizeof *e);
  if (order) mill_free(m, order, (n + 1) * sizeof *order);
  return s;
}

mill_status mill_exec_sort(const mill_exec *x, const mill_op *op, mill_table **out,
                           mill_error *err) {
  mill_table *in = NULL, *t = NULL;
  mill_status s = mill_exec_table(x, op->child[0], -1, &in, err);
  if (s == MILL_OK) s = mill_table_new(x->ctx->memory, op->schema, &t, err);
  if (s == MILL_OK) s = sort_table(x, op, in, t, err);
  mill_table_unref(in);
  if (s != MILL_OK) {
    mill_table_unref(t);
    return s;
  }
  *out = t;
  return MILL_OK;
}
