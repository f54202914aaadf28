/* Hash joins: the right side in a table with chains of equal keys, probed by batches of the left.
** Without keys every pair is tried. Pairs come by left row, then by right row. */
#include <string.h>

#include "exec/exec_int.h"

struct mill_join_table {
  const mill_exec *x;
  const mill_op *op;
  mill_table *right, *keys;
  uint64_t *hash;
  uint32_t *slot, *next; /* row + 1; chains in ascending order */
  size_t nslots;
  uint8_t *met; /* RIGHT, FULL: rows that had a partner */
  bool has_null_key;
};

/* ---- building ------------------------------------------------------------------------------- */

static mill_status hash_keys(mill_join_table *t, mill_error *err) {
  mill_memory *m = t->x->ctx->memory;
  size_t n = (size_t)t->right->rows, at = 0;
  t->nslots = 16;
  while (t->nslots < 2 * n) t->nslots *= 2;
  t->hash = mill_alloc(m, (n + 1) * sizeof *t->hash);
  t->next = mill_calloc(m, (n + 1) * sizeof *t->next);
  t->slot = mill_calloc(m, t->nslots * sizeof *t->slot);
  if (t->hash == NULL || t->next == NULL || t->slot == NULL) return mill_oom(m, n * 16, err);
  for (size_t c = 0; c < t->keys->nchunks; c++) {
    const mill_chunk *k = t->keys->chunk[c];
    for (int i = 0; i < t->op->nkeys; i++)
      mill_vector_hash(&k->col[i], NULL, k->n, i > 0, t->hash + at);
    at += k->n;
  }
  size_t row = n;
  for (size_t c = t->keys->nchunks; c-- > 0;) { /* from the last row on, so chains ascend */
    const mill_chunk *k = t->keys->chunk[c];
    for (uint32_t i = k->n; i-- > 0;) {
      bool null = false;
      row--;
      for (int j = 0; j < t->op->nkeys; j++) null |= !mill_vector_valid(&k->col[j], i);
      t->has_null_key |= null;
      if (null && !t->op->null_safe) continue;
      uint32_t *s = &t->slot[t->hash[row] & (t->nslots - 1)];
      t->next[row] = *s;
      *s = (uint32_t)row + 1;
    }
  }
  return MILL_OK;
}

mill_status mill_join_build(const mill_exec *x, const mill_op *op, mill_join_table **out,
                            mill_error *err) {
  mill_join_table *t = mill_calloc(x->ctx->memory, sizeof *t);
  if (t == NULL) return mill_oom(x->ctx->memory, sizeof *t, err);
  t->x = x;
  t->op = op;
  *out = t;
  MILL_TRY(mill_exec_table(x, op->child[1], -1, &t->right, err));
  if (t->right->rows >= UINT32_MAX) return mill_oom(x->ctx->memory, SIZE_MAX, err);
  if (op->join == MILL_OP_RIGHT || op->join == MILL_OP_FULL) {
    t->met = mill_calloc(x->ctx->memory, (size_t)t->right->rows + 1);
    if (t->met == NULL) return mill_oom(x->ctx->memory, (size_t)t->right->rows, err);
  }
  if (op->nkeys == 0) return MILL_OK;
  MILL_TRY(mill_table_map(x, t->right, op->right_keys, op->nkeys, &t->keys, err));
  return hash_keys(t, err);
}

void mill_join_free(mill_join_table *t) {
  if (t == NULL) return;
  mill_memory *m = t->x->ctx->memory;
  size_t n = t->right ? (size_t)t->right->rows : 0;
  if (t->hash) mill_free(m, t->hash, (n + 1) * sizeof *t->hash);
  if (t->next) mill_free(m, t->next, (n + 1) * sizeof *t->next);
  if (t->slot) mill_free(m, t->slot, t->nslots * sizeof *t->slot);
  if (t->met) mill_free(m, t->met, n + 1);
  mill_table_unref(t->keys);
  mill_table_unref(t->right);
  mill_free(m, t, sizeof *t);
}

/* ---- probing -------------------------------------------------------------------------------- */

typedef struct pair {
  uint32_t left, right; /* position in the batch; row of the right table, UINT32_MAX: none */
} pair;

typedef struct probe {
  mill_step base;
  mill_join_table *t;
  mill_program *keys, *condition;
  mill_vector *key;
  pair *found;
  size_t nfound, capacity;
  pair tried[MILL_BATCH]; /* not yet put to the condition */
  uint32_t ntried;
  uint32_t matches[MILL_BATCH];
  mill_batch *in;
} probe;

static mill_status gather_pairs(probe *p, const pair *pairs, uint32_t n, mill_vector *cols,
                                mill_arena *a, mill_error *err) {
  uint32_t rows[MILL_BATCH];
  const mill_table *r = p->t->right;
  for (uint32_t i = 0; i < n; i++) rows[i] = mill_batch_row(p->in, pairs[i].left);
  for (uint32_t c = 0; c < p->in->ncols; c++)
    MILL_TRY(mill_vector_gather(&cols[c], &p->in->col[c], rows, n, false, a, err));
  for (uint32_t i = 0; i < n; i++) rows[i] = pairs[i].right;
  for (uint32_t c = 0; c < r->schema->nfields; c++)
    MILL_TRY(mill_table_gather(r, c, rows, n, &cols[p->in->ncols + c], a, err));
  return MILL_OK;
}

static mill_status accept_pair(probe *p, pair x, mill_error *err) {
  MILL_TRY(mill_grow(p->base.x->ctx->memory, (void **)&p->found, &p->capacity, p->nfound + 1,
                     sizeof *p->found, err));
  p->found[p->nfound++] = x;
  p->matches[x.left]++;
  if (p->t->met) p->t->met[x.right] = 1;
  return MILL_OK;
}

/* Put the tried pairs to the condition. */
static mill_status decide(probe *p, mill_error *err) {
  uint32_t n = p->ntried, ncols = p->in->ncols + p->t->right->schema->nfields;
  p->ntried = 0;
  if (n == 0) return MILL_OK;
  mill_arena a;
  mill_vector yes;
  mill_arena_init(&a, p->base.x->ctx->memory);
  mill_vector *cols = mill_arena_alloc(&a, (ncols + 1) * sizeof *cols);
  mill_status s = cols ? gather_pairs(p, p->tried, n, cols, &a, err) : mill_oom(a.memory, 1, err);
  mill_batch b = {.n = n, .ncols = ncols, .col = cols, .first = p->in->first};
  if (s == MILL_OK) s = mill_program_run(p->condition, &b, &yes, err);
  for (uint32_t i = 0; i < n && s == MILL_OK; i++)
    if (mill_vector_valid(&yes, i) && ((const uint8_t *)yes.data)[mill_vector_at(&yes, i)])
      s = accept_pair(p, p->tried[i], err);
  mill_arena_clear(&a);
  return s;
}

static mill_status try_pair(probe *p, uint32_t left, uint32_t right, mill_error *err) {
  pair x = {left, right};
  if (p->condition == NULL) return accept_pair(p, x, err);
  p->tried[p->ntried++] = x;
  return p->ntried == MILL_BATCH ? decide(p, err) : MILL_OK;
}

/* ---- results -------------------------------------------------------------------------------- */

static mill_status pass(probe *p, const pair *pairs, uint32_t n, mill_error *err) {
  uint32_t ncols = p->in->ncols + p->t->right->schema->nfields;
  mill_arena a;
  if (n == 0) return MILL_OK;
  mill_arena_init(&a, p->base.x->ctx->memory);
  mill_vector *cols = mill_arena_alloc(&a, (ncols + 1) * sizeof *cols);
  mill_status s = cols ? gather_pairs(p, pairs, n, cols, &a, err) : mill_oom(a.memory, 1, err);
  mill_batch b = {.n = n, .ncols = ncols, .col = cols, .first = p->in->first};
  if (s == MILL_OK) s = p->base.next->push(p->base.next, &b, err);
  mill_arena_clear(&a);
  return s;
}

static mill_status pass_all(probe *p, mill_error *err) {
  for (size_t at = 0; at < p->nfound; at += MILL_BATCH) {
    size_t n = p->nfound - at < MILL_BATCH ? p->nfound - at : MILL_BATCH;
    MILL_TRY(pass(p, p->found + at, (uint32_t)n, err));
  }
  p->nfound = 0;
  return MILL_OK;
}

/* LEFT, FULL, SINGLE: rows without a partner stand where they stood. */
static mill_status pass_outer(probe *p, mill_error *err) {
  pair out[MILL_BATCH];
  uint32_t n = 0;
  size_t at = 0;
  for (uint32_t i = 0; i < p->in->n; i++) {
    if (p->base.op->join == MILL_OP_SINGLE && p->matches[i] > 1)
      return mill_fail(err, MILL_E_SCALAR_SUBQUERY_TOO_MANY_ROWS, NULL);
    uint32_t rows = p->matches[i] ? p->matches[i] : 1;
    for (uint32_t k = 0; k < rows; k++) {
      out[n++] = p->matches[i] ? p->found[at++] : (pair){i, UINT32_MAX};
      if (n < MILL_BATCH) continue;
      MILL_TRY(pass(p, out, n, err));
      n = 0;
    }
  }
  return pass(p, out, n, err);
}

static bool left_key_null(const probe *p, uint32_t i) {
  for (int k = 0; k < p->base.op->nkeys; k++)
    if (!mill_vector_valid(&p->key[k], i)) return true;
  return false;
}

static bool stays(const probe *p, uint32_t i) {
  bool met = p->matches[i] > 0;
  switch (p->base.op->join) {
  case MILL_OP_SEMI: return met;
  case MILL_OP_ANTI: return !met;
  default: return !met && (p->t->right->rows == 0 || !(p->t->has_null_key || left_key_null(p, i)));
  }
}

static mill_status pass_left(probe *p, mill_error *err) {
  uint32_t sel[MILL_BATCH], n = 0;
  mill_batch b = *p->in;
  for (uint32_t i = 0; i < p->in->n; i++)
    if (stays(p, i)) sel[n++] = mill_batch_row(p->in, i);
  if (n == 0) return MILL_OK;
  b.n = n;
  b.sel = sel;
  return p->base.next->push(p->base.next, &b, err);
}

/* The left columns and whether there is a partner: null where IN cannot know. */
static mill_status mark_rows(probe *p, mill_arena *a, mill_error *err) {
  mill_batch *in = p->in;
  mill_vector *cols = mill_arena_alloc(a, (in->ncols + 1) * sizeof *cols);
  uint32_t rows[MILL_BATCH];
  bool nulls = p->base.op->nkeys == 1 && p->condition == NULL;
  if (cols == NULL) return mill_oom(a->memory, 1, err);
  for (uint32_t i = 0; i < in->n; i++) rows[i] = mill_batch_row(in, i);
  for (uint32_t c = 0; c < in->ncols; c++)
    MILL_TRY(mill_vector_gather(&cols[c], &in->col[c], rows, in->n, false, a, err));
  mill_vector *v = &cols[in->ncols];
  MILL_TRY(mill_vector_init(v, mill_type_of(MILL_BOOLEAN), in->n, a, err));
  v->size = in->n;
  for (uint32_t i = 0; i < in->n; i++) {
    bool met = p->matches[i] > 0;
    ((uint8_t *)v->data)[i] = met;
    bool unknown =
        nulls && !met && p->t->right->rows > 0 && (p->t->has_null_key || left_key_null(p, i));
    if (unknown) MILL_TRY(mill_vector_set_null(v, i, a, err));
  }
  mill_batch b = {.n = in->n, .ncols = in->ncols + 1, .col = cols, .first = in->first};
  return p->base.next->push(p->base.next, &b, err);
}

static mill_status pass_mark(probe *p, mill_error *err) {
  mill_arena a;
  mill_arena_init(&a, p->base.x->ctx->memory);
  mill_status s = mark_rows(p, &a, err);
  mill_arena_clear(&a);
  return s;
}

/* ---- the step ------------------------------------------------------------------------------- */

static bool inner(const mill_op *op) {
  return op->join == MILL_OP_INNER || op->join == MILL_OP_RIGHT;
}

static bool once(const mill_op *op) { /* one partner is enough */
  return op->join == MILL_OP_SEMI || op->join == MILL_OP_ANTI || op->join == MILL_OP_MARK ||
         op->join == MILL_OP_NULL_AWARE_ANTI;
}

static mill_status match_row(probe *p, uint32_t i, uint64_t hash, mill_error *err) {
  mill_join_table *t = p->t;
  const mill_op *op = p->base.op;
  if (op->nkeys == 0) {
    for (uint64_t r = 0; r < t->right->rows; r++) {
      MILL_TRY(try_pair(p, i, (uint32_t)r, err));
      if (inner(op) && p->nfound >= 65536) MILL_TRY(pass_all(p, err));
      if (once(op) && p->matches[i]) break;
    }
    return MILL_OK;
  }
  if (!op->null_safe && left_key_null(p, i)) return MILL_OK;
  for (uint32_t r = t->slot[hash & (t->nslots - 1)]; r; r = t->next[r - 1]) {
    if (t->hash[r - 1] != hash) continue;
    bool same = true;
    for (int k = 0; same && k < op->nkeys; k++)
      same = mill_table_equal(t->keys, r - 1, (uint32_t)k, &p->key[k], i);
    if (!same) continue;
    MILL_TRY(try_pair(p, i, r - 1, err));
    if (once(op) && p->matches[i]) break;
  }
  return MILL_OK;
}

static mill_status push_probe(mill_step *s, mill_batch *b, mill_error *err) {
  probe *p = (probe *)s;
  uint64_t hash[MILL_BATCH];
  p->in = b;
  p->nfound = p->ntried = 0;
  memset(p->matches, 0, b->n * sizeof *p->matches);
  if (s->op->nkeys) {
    MILL_TRY(mill_program_run(p->keys, b, p->key, err));
    for (int k = 0; k < s->op->nkeys; k++) mill_vector_hash(&p->key[k], NULL, b->n, k > 0, hash);
  }
  for (uint32_t i = 0; i < b->n; i++) {
    MILL_TRY(match_row(p, i, s->op->nkeys ? hash[i] : 0, err));
    if (inner(s->op) && p->nfound >= 65536) MILL_TRY(pass_all(p, err));
  }
  MILL_TRY(decide(p, err));
  switch (s->op->join) {
  case MILL_OP_INNER:
  case MILL_OP_RIGHT: return pass_all(p, err);
  case MILL_OP_LEFT:
  case MILL_OP_FULL:
  case MILL_OP_SINGLE: return pass_outer(p, err);
  case MILL_OP_MARK: return pass_mark(p, err);
  default: return pass_left(p, err);
  }
}

static void probe_free(mill_step *s) {
  probe *p = (probe *)s;
  mill_memory *m = s->x->ctx->memory;
  mill_program_free(p->keys);
  mill_program_free(p->condition);
  if (p->key) mill_free(m, p->key, (size_t)(s->op->nkeys + 1) * sizeof *p->key);
  mill_free(m, p->found, p->capacity * sizeof *p->found);
  mill_free(m, p, sizeof *p);
}

mill_status mill_join_probe(const mill_exec *x, const mill_op *op, mill_join_table *t,
                            mill_step **out, mill_error *err) {
  mill_memory *m = x->ctx->memory;
  probe *p = mill_calloc(m, sizeof *p);
  if (p == NULL) return mill_oom(m, sizeof *p, err);
  p->base = (mill_step){.x = x, .op = op, .push = push_probe, .free = probe_free};
  p->t = t;
  mill_status s = MILL_OK;
  p->key = mill_calloc(m, (size_t)(op->nkeys + 1) * sizeof *p->key);
  if (p->key == NULL) s = mill_oom(m, 1, err);
  if (s == MILL_OK && op->nkeys)
    s = mill_program_new(x->ctx, x->set, op->keys, op->nkeys, &p->keys, err);
  if (s == MILL_OK && op->condition)
    s = mill_program_new(x->ctx, x->set, &op->condition, 1, &p->condition, err);
  if (s != MILL_OK) {
    probe_free(&p->base);
    return s;
  }
  *out = &p->base;
  return MILL_OK;
}

static mill_status unmatched_some(mill_join_table *t, const uint32_t *rows, uint32_t n,
                                  mill_table *out, mill_error *err) {
  uint32_t ncols = out->schema->nfields, nleft = ncols - t->right->schema->nfields;
  mill_arena a;
  mill_arena_init(&a, t->x->ctx->memory);
  mill_vector *cols = mill_arena_alloc(&a, (ncols + 1) * sizeof *cols);
  mill_status s = cols ? MILL_OK : mill_oom(a.memory, 1, err);
  for (uint32_t c = 0; c < nleft && s == MILL_OK; c++)
    mill_vector_null(&cols[c], out->schema->fields[c].type);
  for (uint32_t c = nleft; c < ncols && s == MILL_OK; c++)
    s = mill_table_gather(t->right, c - nleft, rows, n, &cols[c], &a, err);
  mill_batch b = {.n = n, .ncols = ncols, .col = cols};
  if (s == MILL_OK) s = mill_table_append(out, &b, err);
  mill_arena_clear(&a);
  return s;
}

mill_status mill_join_unmatched(mill_join_table *t, mill_table *out, mill_error *err) {
  uint32_t rows[MILL_BATCH], n = 0;
  for (uint64_t r = 0; r < t->right->rows; r++) {
    if (!t->met[r]) rows[n++] = (uint32_t)r;
    if (n < MILL_BATCH) continue;
    MILL_TRY(unmatched_some(t, rows, n, out, err));
    n = 0;
  }
  return n ? unmatched_some(t, rows, n, out, err) : MILL_OK;
}
