/* Aggregates of DISTINCT values: which arguments a group has met already. A hash table of group and
** arguments for each call. */
#include "exec/aggregate_int.h"

struct mill_distinct {
  mill_vector *col; /* arguments, then the group */
  uint64_t *hash;
  uint32_t *slot; /* value + 1, 0: free */
  size_t nslots, capacity;
  uint32_t n;
};

void mill_agg_distinct_clear(mill_agg_part *p) {
  mill_memory *m = p->arena.memory;
  for (int i = 0; p->seen && i < p->plan->op->naggs; i++) {
    mill_free(m, p->seen[i].hash, p->seen[i].capacity * sizeof(uint64_t));
    mill_free(m, p->seen[i].slot, p->seen[i].nslots * sizeof(uint32_t));
  }
}

uint64_t mill_agg_distinct_growth(const mill_agg_part *p) {
  uint64_t bytes = 2 * p->groups.nslots * sizeof *p->groups.slot +
                   2 * (uint64_t)p->capacity * (p->plan->state_size + 24);
  for (int i = 0; p->seen && i < p->plan->op->naggs; i++) {
    const struct mill_distinct *d = &p->seen[i];
    bytes += 2 * (d->nslots * sizeof *d->slot + d->capacity * (sizeof *d->hash + 20));
  }
  return bytes;
}

static mill_status rehash(mill_memory *m, struct mill_distinct *d, mill_error *err) {
  size_t want = d->nslots ? 2 * d->nslots : 64;
  uint32_t *to = mill_calloc(m, want * sizeof *to);
  if (to == NULL) return mill_oom(m, want * sizeof *to, err);
  for (uint32_t k = 0; k < d->n; k++) {
    size_t i = d->hash[k] & (want - 1);
    while (to[i]) i = (i + 1) & (want - 1);
    to[i] = k + 1;
  }
  mill_free(m, d->slot, d->nslots * sizeof *d->slot);
  d->slot = to;
  d->nslots = want;
  return MILL_OK;
}

static mill_status begin(mill_agg_part *p, int call, const mill_vector *arg, mill_error *err) {
  const mill_bound_aggregate *a = &p->plan->op->aggs[call];
  if (p->seen == NULL)
    p->seen = mill_arena_alloc(&p->arena, (size_t)p->plan->op->naggs * sizeof *p->seen);
  if (p->seen == NULL) return mill_oom(p->arena.memory, 1, err);
  struct mill_distinct *d = &p->seen[call];
  if (d->col) return MILL_OK;
  d->col = mill_arena_alloc(&p->arena, (size_t)(a->nargs + 1) * sizeof *d->col);
  if (d->col == NULL) return mill_oom(p->arena.memory, 1, err);
  for (int c = 0; c < a->nargs; c++)
    MILL_TRY(mill_vector_init(&d->col[c], arg[c].type, 16, &p->arena, err));
  return mill_vector_init(&d->col[a->nargs], mill_type_of(MILL_INT), 16, &p->arena, err);
}

static bool same(const struct mill_distinct *d, uint32_t k, const mill_vector *arg, int nargs,
                 uint32_t row, uint32_t group) {
  if (((const uint32_t *)d->col[nargs].data)[k] != group) return false;
  for (int c = 0; c < nargs; c++)
    if (!mill_vector_equal(&d->col[c], k, &arg[c], row)) return false;
  return true;
}

mill_status mill_agg_keep_new(mill_agg_part *p, int call, const mill_vector *arg,
                              const uint32_t *group, uint32_t *rows, uint32_t *n, mill_error *err) {
  int nargs = p->plan->op->aggs[call].nargs;
  mill_memory *m = p->arena.memory;
  uint32_t kept = 0;
  MILL_TRY(begin(p, call, arg, err));
  struct mill_distinct *d = &p->seen[call];
  for (uint32_t i = 0; i < *n; i++) {
    uint32_t row = rows[i];
    uint64_t h = group[row] * 0x9e3779b97f4a7c15ull;
    for (int c = 0; c < nargs; c++) mill_vector_hash(&arg[c], &row, 1, true, &h);
    if (2 * (size_t)(d->n + 1) > d->nslots) MILL_TRY(rehash(m, d, err));
    size_t s = h & (d->nslots - 1);
    for (; d->slot[s]; s = (s + 1) & (d->nslots - 1)) {
      uint32_t k = d->slot[s] - 1;
      if (d->hash[k] == h && same(d, k, arg, nargs, row, group[row])) break;
    }
    if (d->slot[s]) continue;
    MILL_TRY(mill_grow(m, (void **)&d->hash, &d->capacity, d->n + 1, sizeof *d->hash, err));
    for (int c = 0; c < nargs; c++)
      MILL_TRY(mill_vector_append(&d->col[c], &arg[c], &row, 1, true, &p->arena, err));
    mill_vector one = {
        .type = mill_type_of(MILL_INT), .data = (void *)(uintptr_t)&group[row], .size = 1};
    MILL_TRY(mill_vector_append(&d->col[nargs], &one, NULL, 1, false, &p->arena, err));
    d->hash[d->n++] = h;
    d->slot[s] = d->n;
    rows[kept++] = row;
  }
  *n = kept;
  return MILL_OK;
}
