/* Top-N; see top.h. */
#include "exec/top.h"

#include <pthread.h>
#include <stdlib.h>

#include "exec/sort_order.h"

enum { SLACK = 256, STRIDE = 3 /* words of an entry: two of the key, the row */ };

/* What one worker keeps: rows with their keys and place, and an entry for each row. */
typedef struct keeper {
  struct keeper *next, *all;
  mill_program *program;
  mill_vector *key; /* computed keys of a batch */
  mill_table *rows;
  uint64_t *entry;
  size_t n, capacity; /* entries */
  size_t morsel;      /* the last one; the next comes behind it, so that entries stay in order */
  bool bounded;
  uint64_t bound[2]; /* no row behind it is wanted */
  uint64_t word;     /* that of its first key, where keys are words */
} keeper;

typedef struct slot {
  keeper *k;
  uint64_t place; /* of the next row: morsel << 32 | row */
} slot;

typedef struct top {
  mill_sink base;
  const mill_op *op;
  const mill_type *schema; /* columns, keys, place */
  uint32_t ncols;
  int nkeys;
  mill_sort_column *key;   /* within the schema */
  mill_sort_column *fresh; /* within the keys alone */
  mill_sort_part *part;
  mill_sort_layout layout, fresh_layout;
  const mill_bound **exprs;
  size_t want; /* rows */
  slot *slot;  /* one a morsel */
  size_t nslots;
  pthread_mutex_t lock; /* guards what follows */
  keeper *idle, *keepers;
  bool bounded; /* the best bound of all workers */
  uint64_t bound[2], word;
  size_t
      word_morsel; /* rows of a later one whose key is the word come behind those that are kept */
  mill_arena arena;
} top;

/* ---- keepers -------------------------------------------------------------------------------- */

static mill_status keeper_new(top *t, keeper **out, mill_error *err) {
  mill_memory *m = t->base.x->ctx->memory;
  keeper *k = mill_calloc(m, sizeof *k);
  *out = k;
  if (k == NULL) return mill_oom(m, sizeof *k, err);
  pthread_mutex_lock(&t->lock);
  k->all = t->keepers;
  t->keepers = k;
  pthread_mutex_unlock(&t->lock);
  size_t n = (size_t)t->nkeys;
  k->key = mill_calloc(m, (n + 1) * sizeof *k->key);
  if (k->key == NULL) return mill_oom(m, n * sizeof *k->key, err);
  MILL_TRY(mill_table_new(m, t->schema, &k->rows, err));
  return mill_program_new(t->base.x->ctx, t->base.x->set, t->exprs, t->nkeys, &k->program, err);
}

static mill_status keeper_take(top *t, size_t morsel, keeper **out, mill_error *err) {
  pthread_mutex_lock(&t->lock);
  keeper **at = &t->idle;
  while (*at && (*at)->morsel > morsel) at = &(*at)->next;
  *out = *at;
  if (*out) *at = (*out)->next;
  pthread_mutex_unlock(&t->lock);
  if (*out == NULL) MILL_TRY(keeper_new(t, out, err));
  (*out)->morsel = morsel;
  return MILL_OK;
}

static void keeper_free(const top *t, keeper *k) {
  mill_memory *m = t->base.x->ctx->memory;
  mill_program_free(k->program);
  mill_table_unref(k->rows);
  mill_free(m, k->key, ((size_t)t->nkeys + 1) * sizeof *k->key);
  mill_free(m, k->entry, k->capacity * sizeof *k->entry);
  mill_free(m, k, sizeof *k);
}

static mill_status reserve(const top *t, keeper *k, size_t rows, mill_error *err) {
  void *p = k->entry;
  mill_status s = mill_grow(t->base.x->ctx->memory, &p, &k->capacity, (k->n + rows) * STRIDE,
                            sizeof *k->entry, err);
  k->entry = p;
  return s;
}

/* ---- the best of what is kept ------------------------------------------------------------------ */

/* Sort n entries over the set; equal keys keep the order of the entries. */
static mill_status sort(const top *t, const mill_row_set *set, uint64_t *entry, size_t n,
                        mill_error *err) {
  mill_memory *m = t->base.x->ctx->memory;
  size_t bytes = (n + 1) * STRIDE * sizeof *entry;
  uint64_t *tmp = mill_alloc(m, bytes);
  if (tmp == NULL) return mill_oom(m, bytes, err);
  mill_status s = mill_sort_entries(set, &t->layout, entry, tmp, n, err);
  mill_free(m, tmp, bytes);
  return s;
}

/* Rows of entries [from, from + n) with the set's first `width` columns. */
static mill_status copy_rows(const mill_row_set *set, const uint64_t *entry, size_t n,
                             uint32_t width, mill_table *out, mill_error *err) {
  mill_arena a;
  mill_arena_init(&a, set->memory);
  mill_status s = MILL_OK;
  for (size_t at = 0; at < n && s == MILL_OK; at += MILL_BATCH) {
    uint32_t m = n - at < MILL_BATCH ? (uint32_t)(n - at) : MILL_BATCH;
    mill_vector *col = mill_arena_alloc(&a, (width + 1) * sizeof *col);
    if (col == NULL) s = mill_oom(a.memory, width * sizeof *col, err);
    for (uint32_t c = 0; c < width && s == MILL_OK; c++)
      s = mill_row_set_gather(set, c, entry + at * STRIDE + STRIDE - 1, STRIDE, UINT64_MAX, m,
                              &col[c], &a, err);
    mill_batch b = {.n = m, .ncols = width, .col = col};
    if (s == MILL_OK) s = mill_table_append(out, &b, err);
    mill_arena_clear(&a);
  }
  return s;
}

static void share_bound(top *t, keeper *k) {
  const uint64_t *b = k->bound;
  pthread_mutex_lock(&t->lock);
  bool better = b[0] < t->bound[0] || (b[0] == t->bound[0] && b[1] < t->bound[1]);
  if (!t->bounded || better) memcpy(t->bound, b, sizeof t->bound);
  if (!t->bounded || k->word < t->word || (k->word == t->word && k->morsel < t->word_morsel)) {
    t->word = k->word;
    t->word_morsel = k->morsel;
  }
  t->bounded = true;
  pthread_mutex_unlock(&t->lock);
}

/* The word of the first key of the last row. */
static void note_word(const top *t, keeper *k) {
  const mill_chunk *c = k->rows->chunk[k->rows->nchunks - 1];
  mill_vector v = c->col[t->ncols];
  uint64_t word[MILL_BATCH];
  uint32_t from = (c->n - 1) / MILL_BATCH * MILL_BATCH, n = c->n - from;
  k->word = UINT64_MAX;
  if (v.mask != MILL_FLAT || v.index) return;
  v.data = (char *)v.data + (size_t)from * v.type->width;
  if (v.valid) v.valid += from / 64;
  if (mill_sort_words(&v, t->fresh, n, word)) k->word = word[n - 1];
}

/* Keep the best `want` rows and set the bound by the last of them. */
static mill_status keep_best(top *t, keeper *k, mill_error *err) {
  mill_memory *m = t->base.x->ctx->memory;
  mill_row_set set;
  mill_table *best = NULL;
  MILL_TRY(mill_row_set_init(&set, m, t->schema, err));
  mill_status s = mill_row_set_add_table(&set, k->rows, err);
  if (s == MILL_OK) s = sort(t, &set, k->entry, k->n, err);
  if (s == MILL_OK) s = mill_table_new(m, t->schema, &best, err);
  if (s == MILL_OK) s = copy_rows(&set, k->entry, t->want, t->schema->nfields, best, err);
  mill_row_set_clear(&set);
  if (s != MILL_OK) {
    mill_table_unref(best);
    return s;
  }
  mill_table_unref(k->rows);
  k->rows = best;
  k->n = t->want;
  for (size_t i = 0; i < k->n; i++)
    k->entry[i * STRIDE + 2] = (uint64_t)(i / MILL_CHUNK) << 16 | i % MILL_CHUNK;
  memcpy(k->bound, k->entry + (k->n - 1) * STRIDE, sizeof k->bound);
  k->bounded = true;
  note_word(t, k);
  share_bound(t, k);
  return MILL_OK;
}

/* ---- the sink ------------------------------------------------------------------------------- */

static mill_status top_begin(mill_sink *base, size_t morsels, mill_error *err) {
  top *t = (top *)base;
  t->slot = mill_calloc(base->x->ctx->memory, (morsels + 1) * sizeof *t->slot);
  if (t->slot == NULL) return mill_oom(base->x->ctx->memory, morsels * sizeof *t->slot, err);
  t->nslots = morsels;
  for (size_t i = 0; i < morsels; i++) t->slot[i].place = (uint64_t)i << 32;
  return MILL_OK;
}

/* The rows of a batch, by their entries, that no bound keeps out. Rows equal to the worker's own
** bound come later than those it keeps, but may come before those of another worker. */
static uint32_t pass(top *t, const keeper *k, const uint64_t *entry, uint32_t n, uint32_t *sel) {
  uint64_t bound[2] = {UINT64_MAX, UINT64_MAX};
  bool equal = true; /* rows equal to the bound pass */
  if (k->bounded) {
    memcpy(bound, k->bound, sizeof bound);
    equal = t->layout.inexact < t->layout.n;
  }
  pthread_mutex_lock(&t->lock);
  const uint64_t *b = t->bound;
  if (t->bounded && (b[0] < bound[0] || (b[0] == bound[0] && b[1] < bound[1]))) {
    memcpy(bound, b, sizeof bound);
    equal = true;
  }
  pthread_mutex_unlock(&t->lock);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < n; i++) {
    const uint64_t *e = entry + (size_t)i * STRIDE;
    bool less = e[0] < bound[0] || (e[0] == bound[0] && e[1] < bound[1]);
    sel[kept] = i;
    kept += less || (equal && e[0] == bound[0] && e[1] == bound[1]);
  }
  return kept;
}

/* Append rows of a batch, given by their number among those that count, with keys and place. */
static mill_status append(const top *t, keeper *k, const mill_batch *b, const uint32_t *pick,
                          uint32_t n, uint64_t place, mill_error *err) {
  uint32_t index[MILL_BATCH], sel[MILL_BATCH];
  uint64_t places[MILL_BATCH];
  mill_arena a;
  mill_arena_init(&a, t->base.x->ctx->memory);
  mill_vector *col = mill_arena_alloc(&a, t->schema->nfields * sizeof *col);
  if (col == NULL) return mill_oom(a.memory, t->schema->nfields, err);
  for (uint32_t i = 0; i < n; i++) {
    sel[i] = mill_batch_row(b, pick[i]);
    index[sel[i]] = pick[i];
    places[sel[i]] = place + pick[i];
  }
  for (uint32_t c = 0; c < t->ncols; c++) col[c] = b->col[c];
  for (int i = 0; i < t->nkeys; i++) {
    mill_vector *v = &col[t->ncols + (uint32_t)i];
    *v = k->key[i];
    if (v->mask != 0) v->index = index;
  }
  col[t->ncols + (uint32_t)t->nkeys] = (mill_vector){
      .type = mill_type_of(MILL_BIGINT), .data = places, .mask = MILL_FLAT, .size = MILL_BATCH};
  mill_batch rows = {.n = n, .ncols = t->schema->nfields, .col = col, .sel = sel};
  uint64_t before = k->rows->rows;
  mill_status s = mill_table_append(k->rows, &rows, err);
  for (uint32_t i = 0; i < n && s == MILL_OK; i++) {
    uint64_t *e = k->entry + (k->n + i) * STRIDE;
    uint64_t row = before + i;
    if (pick[i] != i) memmove(e, k->entry + (k->n + pick[i]) * STRIDE, 2 * sizeof *e);
    e[2] = row / MILL_CHUNK << 16 | row % MILL_CHUNK;
  }
  if (s == MILL_OK) k->n += n;
  mill_arena_clear(&a);
  return s;
}

/* The last word of the first key that a row of the morsel may have. That of the bound is one, unless the row
** would come behind the bound for its place. Null may have the first word and the last, as values do. */
static uint64_t last_word(top *t, size_t morsel) {
  pthread_mutex_lock(&t->lock);
  uint64_t word = t->bounded ? t->word : UINT64_MAX;
  if (word != UINT64_MAX && word > 0 && t->nkeys == 1 && morsel > t->word_morsel) word--;
  pthread_mutex_unlock(&t->lock);
  return word;
}

/* Are all rows behind the bound by their first key? Cheaper than their entries. */
static bool none_pass(top *t, const keeper *k, uint32_t n) {
  uint64_t word[MILL_BATCH], least = UINT64_MAX;
  const uint64_t last = last_word(t, k->morsel);
  if (last == UINT64_MAX || !mill_sort_words(&k->key[0], t->fresh, n, word)) return false;
  for (uint32_t i = 0; i < n; i++) least = word[i] < least ? word[i] : least;
  return least > last;
}

/* Rows that are not behind the bound by their first key, before filters look at them. */
static uint32_t top_wanted(mill_sink *base, size_t morsel, const mill_vector *first, uint32_t n,
                           uint32_t *sel) {
  top *t = (top *)base;
  uint64_t word[MILL_BATCH], least = UINT64_MAX;
  uint32_t kept = 0;
  const uint64_t last = last_word(t, morsel);
  if (last == UINT64_MAX || !mill_sort_words(first, t->fresh, n, word)) return n;
  for (uint32_t i = 0; i < n; i++) least = word[i] < least ? word[i] : least;
  if (least > last) return 0;
  for (uint32_t i = 0; i < n; i++) {
    sel[kept] = i;
    kept += word[i] <= last;
  }
  return kept;
}

static bool top_may_want(mill_sink *base, size_t morsel, const mill_range *first) {
  top *t = (top *)base;
  const mill_sort_column *key = t->fresh;
  const mill_vector *best = key->descending ? first->max : first->min;
  const uint64_t last = last_word(t, morsel);
  uint64_t word;
  if (last == UINT64_MAX || best == NULL || (first->nulls != 0 && key->nulls_first)) return true;
  return !mill_sort_words(best, key, 1, &word) || word <= last;
}

static mill_status top_push(mill_sink *base, size_t morsel, mill_batch *b, mill_error *err) {
  top *t = (top *)base;
  slot *at = &t->slot[morsel];
  uint32_t pick[MILL_BATCH];
  if (at->k == NULL) MILL_TRY(keeper_take(t, morsel, &at->k, err));
  keeper *k = at->k;
  MILL_TRY(mill_program_run(k->program, b, k->key, err));
  if (none_pass(t, k, b->n)) {
    at->place += b->n;
    return MILL_OK;
  }
  MILL_TRY(reserve(t, k, b->n, err));
  uint64_t *entry = k->entry + k->n * STRIDE;
  mill_sort_encode(&t->fresh_layout, k->key, 0, b->n, entry, STRIDE);
  uint32_t n = pass(t, k, entry, b->n, pick);
  if (n) MILL_TRY(append(t, k, b, pick, n, at->place, err));
  at->place += b->n;
  return k->n > 2 * t->want + SLACK ? keep_best(t, k, err) : MILL_OK;
}

static mill_status top_end(mill_sink *base, size_t morsel, mill_error *err) {
  top *t = (top *)base;
  keeper *k = t->slot[morsel].k;
  if (k == NULL) return MILL_OK;
  if (!k->bounded && k->n >= t->want) MILL_TRY(keep_best(t, k, err));
  pthread_mutex_lock(&t->lock);
  k->next = t->idle;
  t->idle = k;
  pthread_mutex_unlock(&t->lock);
  return MILL_OK;
}

static bool never_full(mill_sink *s) {
  (void)s;
  return false;
}

/* ---- the result ----------------------------------------------------------------------------- */

typedef struct placed {
  uint64_t key[2], row, place;
} placed;

static int by_place(const void *a, const void *b) {
  uint64_t x = ((const placed *)a)->place, y = ((const placed *)b)->place;
  return (x > y) - (x < y);
}

/* The entries of all workers in source order, as entries of one set. */
static mill_status gather_all(top *t, mill_row_set *set, uint64_t **out, size_t *count,
                              mill_error *err) {
  mill_memory *m = set->memory;
  size_t n = 0;
  for (keeper *k = t->keepers; k; k = k->all) n += k->n;
  placed *p = mill_alloc(m, (n + 1) * sizeof *p);
  *out = mill_alloc(m, (n + 1) * STRIDE * sizeof **out);
  *count = n;
  mill_status s = p && *out ? MILL_OK : mill_oom(m, n * sizeof *p, err);
  n = 0;
  for (keeper *k = t->keepers; k && s == MILL_OK; k = k->all) {
    uint64_t first = (uint64_t)set->nchunks << 16;
    s = mill_row_set_add_table(set, k->rows, err);
    for (size_t i = 0; i < k->n && s == MILL_OK; i++, n++) {
      const uint64_t *e = k->entry + i * STRIDE;
      uint64_t row = e[2] + first;
      const mill_vector *v = mill_row_set_col(set, row, t->ncols + (uint32_t)t->nkeys);
      p[n] = (placed){{e[0], e[1]}, row, ((const uint64_t *)v->data)[mill_row_place(row)]};
    }
  }
  if (s == MILL_OK) qsort(p, n, sizeof *p, by_place);
  for (size_t i = 0; i < n && s == MILL_OK; i++)
    memcpy(*out + i * STRIDE, &p[i], STRIDE * sizeof **out);
  mill_free(m, p, (*count + 1) * sizeof *p);
  return s;
}

static mill_status result(top *t, mill_table *out, mill_error *err) {
  mill_row_set set;
  uint64_t *entry = NULL;
  size_t n = 0, offset = t->op->offset > 0 ? (size_t)t->op->offset : 0;
  MILL_TRY(mill_row_set_init(&set, out->memory, t->schema, err));
  mill_status s = gather_all(t, &set, &entry, &n, err);
  if (s == MILL_OK) s = sort(t, &set, entry, n, err);
  size_t stop = n < t->want ? n : t->want;
  if (s == MILL_OK && offset < stop)
    s = copy_rows(&set, entry + offset * STRIDE, stop - offset, t->ncols, out, err);
  mill_free(out->memory, entry, (n + 1) * STRIDE * sizeof *entry);
  mill_row_set_clear(&set);
  return s;
}

/* ---- making --------------------------------------------------------------------------------- */

static mill_status describe(top *t, mill_error *err) {
  const mill_op *op = t->op;
  size_t n = (size_t)op->nsorts + 1, width = t->ncols;
  mill_arena *a = &t->arena;
  mill_field *f = mill_arena_alloc(a, (width + n + 1) * sizeof *f);
  t->key = mill_arena_alloc(a, n * sizeof *t->key);
  t->fresh = mill_arena_alloc(a, n * sizeof *t->fresh);
  t->part = mill_arena_alloc(a, n * sizeof *t->part);
  t->exprs = mill_arena_alloc(a, n * sizeof *t->exprs);
  if (!f || !t->key || !t->fresh || !t->part || !t->exprs) return mill_oom(a->memory, n, err);
  for (size_t i = 0; i < width; i++) f[i] = op->schema->fields[i];
  for (int i = 0; i < op->nsorts; i++) {
    const mill_bound_sort *s = &op->sorts[i];
    t->exprs[i] = s->expr;
    t->fresh[i] = (mill_sort_column){(uint32_t)i, s->descending, s->nulls_first};
    t->key[i] = t->fresh[i];
    t->key[i].column += t->ncols;
    f[width++] = (mill_field){"key", s->expr->type, true, NULL};
  }
  f[width++] = (mill_field){"place", mill_type_of(MILL_BIGINT), false, NULL};
  t->schema = mill_type_struct(t->base.x->ctx->types, f, (uint32_t)width);
  if (t->schema == NULL) return mill_oom(a->memory, width, err);
  mill_sort_layout_make(&t->layout, t->schema, t->key, t->nkeys, t->part, NULL);
  t->layout.words = 2; /* entries have room for two always */
  t->fresh_layout = t->layout;
  t->fresh_layout.key = t->fresh;
  return MILL_OK;
}

static mill_status run(top *t, mill_table *out, mill_error *err) {
  MILL_TRY(describe(t, err));
  if (mill_op_needs_host(t->op)) t->base.full = never_full;
  if (t->want > 0) MILL_TRY(mill_pipeline_run(t->base.x, t->op->child[0], &t->base, err));
  return result(t, out, err);
}

mill_status mill_exec_top(const mill_exec *x, const mill_op *op, mill_table **out,
                          mill_error *err) {
  mill_memory *m = x->ctx->memory;
  top t = {.base = {.x = x, .begin = top_begin, .push = top_push}, .op = op};
  t.base.end_morsel = top_end;
  t.base.wanted = top_wanted;
  t.base.keeps_few = true;
  t.base.may_want = top_may_want;
  t.base.first = op->sorts[0].expr;
  for (int i = 0; i < op->nsorts; i++)
    if (!mill_bound_harmless(op->sorts[i].expr)) t.base.first = NULL;
  t.ncols = op->schema->nfields;
  t.nkeys = op->nsorts;
  t.want = (size_t)(op->limit + (op->offset > 0 ? op->offset : 0));
  mill_arena_init(&t.arena, m);
  MILL_TRY(mill_table_new(m, op->schema, out, err));
  bool locked = pthread_mutex_init(&t.lock, NULL) == 0;
  mill_status s = locked ? run(&t, *out, err)
                         : mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "no lock left", NULL);
  for (keeper *k = t.keepers, *next; k; k = next) {
    next = k->all;
    keeper_free(&t, k);
  }
  mill_free(m, t.slot, (t.nslots + 1) * sizeof *t.slot);
  mill_arena_clear(&t.arena);
  if (locked) pthread_mutex_destroy(&t.lock);
  if (s == MILL_OK) return MILL_OK;
  mill_table_unref(*out);
  *out = NULL;
  return s;
}
