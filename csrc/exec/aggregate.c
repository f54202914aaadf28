/* Hash aggregation. Each morsel has groups of its own; they are merged in morsel order into the
** first, so that groups come in order of their first row and sums are added in the same order at
** any number of threads. With a DISTINCT call the morsels run in turn into one set of groups. */
#include <string.h>

#include "exec/exec_int.h"

enum { STATES_A_BLOCK = 512 };

typedef struct groups {
  const mill_exec *x;
  const mill_op *op;
  mill_arena arena; /* keys, states and what states point to */
  mill_vector *key; /* growable: one value a group */
  uint64_t *hash;   /* of each group */
  uint32_t *slot;   /* group + 1, 0: free */
  size_t nslots;
  char **block; /* states */
  size_t nblocks;
  uint32_t n, capacity;
  uint32_t state_size;
  uint32_t *offset;          /* of each call's state */
  struct distinct_set *seen; /* one a call */
} groups;

typedef struct distinct_set { /* values met, by group: a table of group id and arguments */
  mill_vector *col;
  uint64_t *hash;
  uint32_t *slot;
  size_t nslots, hash_capacity;
  uint32_t n;
} distinct_set;

static mill_call call_of(const groups *g, int i) {
  const mill_bound_aggregate *a = &g->op->aggs[i];
  return (mill_call){.ctx = g->x->ctx,
                     .set = g->x->set,
                     .fn = a->fn,
                     .result = a->type,
                     .arg_type = a->arg_type,
                     .nargs = a->nargs,
                     .state = a->state,
                     .arena = (mill_arena *)&g->arena,
                     .text = a->text,
                     .start = a->start,
                     .stop = a->stop};
}

static void *state_at(const groups *g, uint32_t group, int call) {
  return g->block[group / STATES_A_BLOCK] + (size_t)(group % STATES_A_BLOCK) * g->state_size +
         g->offset[call];
}

static mill_status groups_new(const mill_exec *x, const mill_op *op, groups **out,
                              mill_error *err) {
  groups *g = mill_calloc(x->ctx->memory, sizeof *g);
  if (g == NULL) return mill_oom(x->ctx->memory, sizeof *g, err);
  g->x = x;
  g->op = op;
  mill_arena_init(&g->arena, x->ctx->memory);
  *out = g;
  g->offset = mill_arena_alloc(&g->arena, (size_t)(op->naggs + 1) * sizeof *g->offset);
  g->key = mill_arena_alloc(&g->arena, (size_t)(op->nkeys + 1) * sizeof *g->key);
  g->seen = mill_arena_alloc(&g->arena, (size_t)(op->naggs + 1) * sizeof *g->seen);
  if (!g->offset || !g->key || !g->seen) return mill_oom(x->ctx->memory, 1, err);
  for (int i = 0; i < op->naggs; i++) {
    g->offset[i] = g->state_size;
    g->state_size += (op->aggs[i].impl->state_size + 15) & ~15u;
  }
  for (int i = 0; i < op->nkeys; i++)
    MILL_TRY(mill_vector_init(&g->key[i], op->keys[i]->type, 16, &g->arena, err));
  return MILL_OK;
}

static void groups_free(groups *g) {
  if (g == NULL) return;
  mill_memory *m = g->x->ctx->memory;
  mill_free(m, g->hash, g->capacity * sizeof *g->hash);
  mill_free(m, g->slot, g->nslots * sizeof *g->slot);
  mill_free(m, g->block, g->nblocks * sizeof *g->block);
  for (int i = 0; g->seen && i < g->op->naggs; i++) {
    mill_free(m, g->seen[i].hash, g->seen[i].hash_capacity * sizeof(uint64_t));
    mill_free(m, g->seen[i].slot, g->seen[i].nslots * sizeof(uint32_t));
  }
  mill_arena_clear(&g->arena);
  mill_free(m, g, sizeof *g);
}

/* ---- finding groups ------------------------------------------------------------------------- */

static mill_status rehash(mill_memory *m, uint32_t **slot, size_t *nslots, const uint64_t *hash,
                          uint32_t n, mill_error *err) {
  size_t want = *nslots ? 2 * *nslots : 64;
  uint32_t *to = mill_calloc(m, want * sizeof *to);
  if (to == NULL) return mill_oom(m, want * sizeof *to, err);
  for (uint32_t k = 0; k < n; k++) {
    size_t i = hash[k] & (want - 1);
    while (to[i]) i = (i + 1) & (want - 1);
    to[i] = k + 1;
  }
  mill_free(m, *slot, *nslots * sizeof **slot);
  *slot = to;
  *nslots = want;
  return MILL_OK;
}

/* Room for one more group; its states are made. */
static mill_status new_group(groups *g, uint64_t hash, mill_error *err) {
  mill_memory *m = g->x->ctx->memory;
  if (g->n == g->capacity) {
    uint32_t want = g->capacity ? 2 * g->capacity : 64;
    uint64_t *h = mill_realloc(m, g->hash, g->capacity * sizeof *h, want * sizeof *h);
    if (h == NULL) return mill_oom(m, want * sizeof *h, err);
    g->hash = h;
    g->capacity = want;
  }
  size_t b = g->n / STATES_A_BLOCK;
  if (b >= g->nblocks) {
    size_t want = g->nblocks ? 2 * g->nblocks : 4;
    char **p = mill_realloc(m, g->block, g->nblocks * sizeof *p, want * sizeof *p);
    if (p == NULL) return mill_oom(m, want * sizeof *p, err);
    memset(p + g->nblocks, 0, (want - g->nblocks) * sizeof *p);
    g->block = p;
    g->nblocks = want;
  }
  if (g->block[b] == NULL) {
    size_t size = (size_t)STATES_A_BLOCK * (g->state_size ? g->state_size : 1);
    g->block[b] = mill_arena_alloc(&g->arena, size);
    if (g->block[b] == NULL) return mill_oom(m, size, err);
  }
  g->hash[g->n] = hash;
  for (int i = 0; i < g->op->naggs; i++) {
    mill_call call = call_of(g, i);
    if (g->op->aggs[i].impl->init) g->op->aggs[i].impl->init(&call, state_at(g, g->n, i));
  }
  g->n++;
  return MILL_OK;
}

static bool same_keys(const groups *g, uint32_t group, const mill_vector *key, uint32_t row) {
  for (int k = 0; k < g->op->nkeys; k++)
    if (!mill_vector_equal(&g->key[k], group, &key[k], row)) return false;
  return true;
}

/* The group of each of n rows of keys. */
static mill_status find_groups(groups *g, const mill_vector *key, uint32_t n, uint32_t *group,
                               mill_error *err) {
  uint64_t hash[MILL_BATCH];
  mill_memory *m = g->x->ctx->memory;
  for (int k = 0; k < g->op->nkeys; k++) mill_vector_hash(&key[k], NULL, n, k > 0, hash);
  for (uint32_t i = 0; i < n; i++) {
    if (2 * (size_t)(g->n + 1) > g->nslots)
      MILL_TRY(rehash(m, &g->slot, &g->nslots, g->hash, g->n, err));
    size_t s = hash[i] & (g->nslots - 1);
    for (;; s = (s + 1) & (g->nslots - 1)) {
      uint32_t k = g->slot[s];
      if (k && (g->hash[k - 1] != hash[i] || !same_keys(g, k - 1, key, i))) continue;
      if (k == 0) {
        MILL_TRY(new_group(g, hash[i], err));
        g->slot[s] = k = g->n;
        for (int c = 0; c < g->op->nkeys; c++)
          MILL_TRY(mill_vector_append(&g->key[c], &key[c], &i, 1, true, &g->arena, err));
      }
      group[i] = k - 1;
      break;
    }
  }
  return MILL_OK;
}

/* ---- updating ------------------------------------------------------------------------------- */

/* Keep of rows[0..*n) those whose arguments are new to their group. */
static mill_status keep_new(groups *g, int call, const mill_vector *arg, const uint32_t *group,
                            uint32_t *rows, uint32_t *n, mill_error *err) {
  distinct_set *d = &g->seen[call];
  const mill_bound_aggregate *a = &g->op->aggs[call];
  mill_memory *m = g->x->ctx->memory;
  uint32_t kept = 0;
  if (d->col == NULL) {
    d->col = mill_arena_alloc(&g->arena, (size_t)(a->nargs + 1) * sizeof *d->col);
    if (d->col == NULL) return mill_oom(m, 1, err);
    MILL_TRY(mill_vector_init(&d->col[a->nargs], mill_type_of(MILL_INT), 16, &g->arena, err));
    for (int c = 0; c < a->nargs; c++)
      MILL_TRY(mill_vector_init(&d->col[c], arg[c].type, 16, &g->arena, err));
  }
  for (uint32_t i = 0; i < *n; i++) {
    uint32_t row = rows[i];
    uint64_t h = group[row] * 0x9e3779b97f4a7c15ull;
    for (int c = 0; c < a->nargs; c++) mill_vector_hash(&arg[c], &row, 1, true, &h);
    if (2 * (size_t)(d->n + 1) > d->nslots)
      MILL_TRY(rehash(m, &d->slot, &d->nslots, d->hash, d->n, err));
    size_t s = h & (d->nslots - 1);
    for (; d->slot[s]; s = (s + 1) & (d->nslots - 1)) {
      uint32_t k = d->slot[s] - 1;
      bool same = d->hash[k] == h && ((uint32_t *)d->col[a->nargs].data)[k] == group[row];
      for (int c = 0; same && c < a->nargs; c++)
        same = mill_vector_equal(&d->col[c], k, &arg[c], row);
      if (same) break;
    }
    if (d->slot[s]) continue;
    MILL_TRY(mill_grow(m, (void **)&d->hash, &d->hash_capacity, d->n + 1, sizeof *d->hash, err));
    d->hash[d->n++] = h;
    d->slot[s] = d->n;
    for (int c = 0; c < a->nargs; c++)
      MILL_TRY(mill_vector_append(&d->col[c], &arg[c], &row, 1, true, &g->arena, err));
    mill_vector one = {
        .type = mill_type_of(MILL_INT), .data = (void *)&group[row], .mask = 0, .size = 1};
    MILL_TRY(mill_vector_append(&d->col[a->nargs], &one, NULL, 1, false, &g->arena, err));
    rows[kept++] = row;
  }
  *n = kept;
  return MILL_OK;
}

typedef struct agg_worker {
  mill_program *program;
  mill_vector *out; /* keys, then each call's filter and arguments */
} agg_worker;

static mill_status update_call(groups *g, int i, const mill_vector *v, uint32_t n,
                               const uint32_t *group, mill_arena *scratch, mill_error *err) {
  const mill_bound_aggregate *a = &g->op->aggs[i];
  const mill_vector *arg = v + (a->filter ? 1 : 0);
  mill_call call = call_of(g, i);
  void **states = mill_arena_alloc(scratch, (n + 1) * sizeof *states);
  const mill_vector **args = mill_arena_alloc(scratch, (size_t)(a->nargs + 1) * sizeof *args);
  uint32_t *rows = mill_arena_alloc(scratch, (n + 1) * sizeof *rows), kept = n;
  if (states == NULL || args == NULL || rows == NULL) return mill_oom(g->arena.memory, n, err);
  for (int k = 0; k < a->nargs; k++) args[k] = &arg[k];
  if (a->filter || a->distinct) {
    kept = 0;
    for (uint32_t r = 0; r < n; r++) {
      const uint8_t *yes = v[0].data;
      if (a->filter && !(mill_vector_valid(&v[0], r) && yes[mill_vector_at(&v[0], r)])) continue;
      rows[kept++] = r;
    }
    if (a->distinct) MILL_TRY(keep_new(g, i, arg, group, rows, &kept, err));
    for (int k = 0; k < a->nargs; k++) {
      mill_vector *c = mill_arena_alloc(scratch, sizeof *c);
      if (c == NULL) return mill_oom(g->arena.memory, sizeof *c, err);
      MILL_TRY(mill_vector_gather(c, &arg[k], rows, kept, false, scratch, err));
      args[k] = c;
    }
    for (uint32_t r = 0; r < kept; r++) states[r] = state_at(g, group[rows[r]], i);
  } else {
    for (uint32_t r = 0; r < n; r++) states[r] = state_at(g, group[r], i);
  }
  if (kept == 0) return MILL_OK;
  if (g->op->nkeys == 0 && a->impl->update_all)
    return a->impl->update_all(&call, states[0], args, kept, err);
  return a->impl->update(&call, states, args, kept, err);
}

static mill_status update(groups *g, agg_worker *w, const mill_batch *b, mill_error *err) {
  uint32_t group[MILL_BATCH];
  const mill_op *op = g->op;
  MILL_TRY(mill_program_run(w->program, b, w->out, err));
  if (op->nkeys == 0) {
    if (g->n == 0) MILL_TRY(new_group(g, 0, err));
    memset(group, 0, b->n * sizeof *group);
  } else {
    MILL_TRY(find_groups(g, w->out, b->n, group, err));
  }
  mill_arena scratch;
  mill_arena_init(&scratch, g->x->ctx->memory);
  const mill_vector *v = w->out + op->nkeys;
  mill_status s = MILL_OK;
  for (int i = 0; i < op->naggs && s == MILL_OK; i++) {
    s = update_call(g, i, v, b->n, group, &scratch, err);
    v += op->aggs[i].nargs + (op->aggs[i].filter ? 1 : 0);
  }
  mill_arena_clear(&scratch);
  return s;
}

/* ---- merging -------------------------------------------------------------------------------- */

static mill_status slice_keys(const groups *from, uint32_t at, uint32_t n, mill_vector *out,
                              mill_arena *a, mill_error *err) {
  uint32_t rows[MILL_BATCH];
  for (uint32_t i = 0; i < n; i++) rows[i] = at + i;
  for (int k = 0; k < from->op->nkeys; k++)
    MILL_TRY(mill_vector_gather(&out[k], &from->key[k], rows, n, false, a, err));
  return MILL_OK;
}

static mill_status merge_some(groups *g, const groups *from, uint32_t at, uint32_t n, mill_arena *a,
                              mill_error *err) {
  uint32_t group[MILL_BATCH];
  void *to[MILL_BATCH], *states[MILL_BATCH];
  mill_vector *key = mill_arena_alloc(a, (size_t)(g->op->nkeys + 1) * sizeof *key);
  if (key == NULL) return mill_oom(a->memory, 1, err);
  if (g->op->nkeys) {
    MILL_TRY(slice_keys(from, at, n, key, a, err));
    MILL_TRY(find_groups(g, key, n, group, err));
  } else {
    if (g->n == 0) MILL_TRY(new_group(g, 0, err));
    group[0] = 0;
  }
  for (int i = 0; i < g->op->naggs; i++) {
    const mill_aggregate *impl = g->op->aggs[i].impl;
    mill_vector partial;
    for (uint32_t r = 0; r < n; r++) {
      states[r] = state_at(from, at + r, i);
      to[r] = state_at(g, group[r], i);
    }
    MILL_TRY(mill_vector_init(&partial, g->op->aggs[i].partial, n, a, err));
    mill_call save = call_of(from, i), merge = call_of(g, i);
    save.arena = a;
    MILL_TRY(impl->save(&save, states, n, &partial, err));
    MILL_TRY(impl->merge(&merge, to, &partial, n, err));
  }
  return MILL_OK;
}

static mill_status merge(groups *g, const groups *from, mill_error *err) {
  mill_status s = MILL_OK;
  for (uint32_t at = 0; at < from->n && s == MILL_OK; at += MILL_BATCH) {
    mill_arena a;
    mill_arena_init(&a, g->x->ctx->memory);
    uint32_t n = from->n - at < MILL_BATCH ? from->n - at : MILL_BATCH;
    s = merge_some(g, from, at, n, &a, err);
    mill_arena_clear(&a);
  }
  return s;
}

/* ---- results -------------------------------------------------------------------------------- */

static mill_status emit_some(groups *g, uint32_t at, uint32_t n, mill_table *out, mill_arena *a,
                             mill_error *err) {
  const mill_op *op = g->op;
  int ncols = op->nkeys + op->naggs;
  void *states[MILL_BATCH];
  mill_vector *cols = mill_arena_alloc(a, (size_t)(ncols + 1) * sizeof *cols);
  if (cols == NULL) return mill_oom(a->memory, 1, err);
  MILL_TRY(slice_keys(g, at, n, cols, a, err));
  for (int i = 0; i < op->naggs; i++) {
    mill_vector *v = &cols[op->nkeys + i];
    mill_call call = call_of(g, i);
    call.arena = a;
    for (uint32_t r = 0; r < n; r++) states[r] = state_at(g, at + r, i);
    MILL_TRY(mill_vector_init(v, op->aggs[i].type, n, a, err));
    v->size = n;
    MILL_TRY(op->aggs[i].impl->final(&call, states, n, v, err));
  }
  mill_batch b = {.n = n, .ncols = (uint32_t)ncols, .col = cols};
  return mill_table_append(out, &b, err);
}

static mill_status emit(groups *g, mill_table *out, mill_error *err) {
  mill_status s = MILL_OK;
  if (g->op->nkeys == 0 && g->n == 0) s = new_group(g, 0, err);
  for (uint32_t at = 0; at < g->n && s == MILL_OK; at += MILL_BATCH) {
    mill_arena a;
    mill_arena_init(&a, g->x->ctx->memory);
    uint32_t n = g->n - at < MILL_BATCH ? g->n - at : MILL_BATCH;
    s = emit_some(g, at, n, out, &a, err);
    mill_arena_clear(&a);
  }
  return s;
}

/* ---- the sink ------------------------------------------------------------------------------- */

typedef struct agg_sink {
  mill_sink base;
  const mill_op *op;
  const mill_bound **exprs;
  int nexprs;
  bool one; /* all morsels go to the same groups, in turn */
  groups **part;
  agg_worker *worker; /* one a morsel: freed at its end */
  size_t n;
} agg_sink;

static bool never_full(mill_sink *s) {
  (void)s;
  return false;
}

static mill_status begin(mill_sink *s, size_t morsels, mill_error *err) {
  agg_sink *k = (agg_sink *)s;
  mill_memory *m = s->x->ctx->memory;
  k->n = morsels;
  k->part = mill_calloc(m, (morsels + 1) * sizeof *k->part);
  k->worker = mill_calloc(m, (morsels + 1) * sizeof *k->worker);
  return k->part && k->worker ? MILL_OK : mill_oom(m, morsels, err);
}

static mill_status push(mill_sink *s, size_t morsel, mill_batch *b, mill_error *err) {
  agg_sink *k = (agg_sink *)s;
  if (k->one) morsel = 0;
  agg_worker *w = &k->worker[morsel];
  if (k->part[morsel] == NULL) MILL_TRY(groups_new(s->x, k->op, &k->part[morsel], err));
  if (w->program == NULL) {
    w->out = mill_calloc(s->x->ctx->memory, (size_t)(k->nexprs + 1) * sizeof *w->out);
    if (w->out == NULL) return mill_oom(s->x->ctx->memory, 1, err);
    MILL_TRY(mill_program_new(s->x->ctx, s->x->set, k->exprs, k->nexprs, &w->program, err));
  }
  return update(k->part[morsel], w, b, err);
}

static void worker_clear(agg_sink *k, agg_worker *w) {
  mill_program_free(w->program);
  if (w->out) mill_free(k->base.x->ctx->memory, w->out, (size_t)(k->nexprs + 1) * sizeof *w->out);
  *w = (agg_worker){0};
}

static mill_status end_morsel(mill_sink *s, size_t morsel, mill_error *err) {
  agg_sink *k = (agg_sink *)s;
  (void)err;
  if (!k->one) worker_clear(k, &k->worker[morsel]);
  return MILL_OK;
}

static mill_status list_exprs(agg_sink *k, mill_arena *a, mill_error *err) {
  const mill_op *op = k->op;
  int n = op->nkeys;
  for (int i = 0; i < op->naggs; i++) n += op->aggs[i].nargs + (op->aggs[i].filter ? 1 : 0);
  k->exprs = mill_arena_alloc(a, (size_t)(n + 1) * sizeof *k->exprs);
  if (k->exprs == NULL) return mill_oom(a->memory, (size_t)n, err);
  n = 0;
  for (int i = 0; i < op->nkeys; i++) k->exprs[n++] = op->keys[i];
  for (int i = 0; i < op->naggs; i++) {
    const mill_bound_aggregate *c = &op->aggs[i];
    if (c->filter) k->exprs[n++] = c->filter;
    for (int j = 0; j < c->nargs; j++) k->exprs[n++] = c->args[j];
    k->one |= c->distinct;
  }
  k->nexprs = n;
  return MILL_OK;
}

static mill_status finish(agg_sink *k, mill_table *out, mill_error *err) {
  groups *g = NULL;
  for (size_t i = 0; i < k->n; i++) {
    if (k->part[i] == NULL) continue;
    if (g) MILL_TRY(merge(g, k->part[i], err));
    if (g == NULL) g = k->part[i];
  }
  if (g) return emit(g, out, err);
  if (k->op->nkeys) return MILL_OK;
  mill_status s = groups_new(k->base.x, k->op, &g, err);
  if (s == MILL_OK) s = emit(g, out, err);
  groups_free(g);
  return s;
}

mill_status mill_exec_aggregate(const mill_exec *x, const mill_op *op, mill_table **out,
                                mill_error *err) {
  mill_arena a;
  mill_arena_init(&a, x->ctx->memory);
  agg_sink k = {.base = {.x = x, .begin = begin, .push = push, .end_morsel = end_morsel}, .op = op};
  mill_table *t = NULL;
  mill_status s = list_exprs(&k, &a, err);
  if (k.one || mill_op_needs_host(op)) k.base.full = never_full;
  if (s == MILL_OK) s = mill_table_new(x->ctx->memory, op->schema, &t, err);
  if (s == MILL_OK) s = mill_pipeline_run(x, op->child[0], &k.base, err);
  if (s == MILL_OK) s = finish(&k, t, err);
  for (size_t i = 0; k.part && i < k.n; i++) groups_free(k.part[i]);
  for (size_t i = 0; k.worker && i < k.n; i++) worker_clear(&k, &k.worker[i]);
  if (k.part) mill_free(x->ctx->memory, k.part, (k.n + 1) * sizeof *k.part);
  if (k.worker) mill_free(x->ctx->memory, k.worker, (k.n + 1) * sizeof *k.worker);
  mill_arena_clear(&a);
  if (s != MILL_OK) {
    mill_table_unref(t);
    return s;
  }
  *out = t;
  return MILL_OK;
}
