/* Hash aggregation, the end for rows that come ordered by their key: the morsels' groups lie apart,
** each part's keys at or behind those of the part before, so there is nothing to merge but a key at
** a seam. Told by the smallest and the largest key of each part; for one key that is an integer.
**
** A group at a seam goes to the first part that has it, in the order of the morsels. */
#include "base/hot.h"
#include "base/thread.h"
#include "exec/aggregate_int.h"

typedef struct apart {
  const mill_agg_plan *plan;
  mill_agg_part **part; /* those with groups */
  uint32_t *low, *high; /* of each part: the groups of its smallest and largest key */
  bool *seam;           /* the group of its smallest key is in a part before */
  size_t n;
  mill_table **made;
} apart;

static bool is_number(const mill_type *t) {
  return t->phys >= MILL_PHYS_I8 && t->phys <= MILL_PHYS_I64;
}

static bool one_number(const mill_agg_plan *plan) {
  const mill_group_layout *l = &plan->layout;
  return l->plain && l->nkeys == 1 && l->words == 1 && is_number(l->type[0]);
}

static int64_t key_of(const mill_agg_part *p, uint32_t group) {
  return (int64_t)p->groups.row[group];
}

MILL_HOT static void range_of(const uint64_t *key, uint32_t n, int64_t *low, int64_t *high) {
  int64_t a = INT64_MAX, b = INT64_MIN;
  for (uint32_t i = 0; i < n; i++) {
    const int64_t k = (int64_t)key[i];
    a = k < a ? k : a;
    b = k > b ? k : b;
  }
  *low = a, *high = b;
}

static uint32_t group_of(const mill_agg_part *p, int64_t key) {
  uint32_t g = 0;
  while (key_of(p, g) != key) g++;
  return g;
}

/* Do the parts lie apart, in their order? Notes the parts that have groups. */
static bool in_order(apart *a, mill_agg_part **part, size_t n) {
  int64_t before = INT64_MIN;
  for (size_t i = 0; i < n; i++) {
    int64_t low, high;
    if (part[i] == NULL || part[i]->groups.n == 0) continue;
    if (part[i]->groups.null) return false;
    range_of(part[i]->groups.row, part[i]->groups.n, &low, &high);
    if (a->n > 0 && low < before) return false;
    a->seam[a->n] = a->n > 0 && low == before;
    a->low[a->n] = group_of(part[i], low);
    a->high[a->n] = group_of(part[i], high);
    a->part[a->n++] = part[i];
    before = high;
  }
  return true;
}

/* States of group `g` of `from` go to group `to_group` of `to`. */
static mill_status merge_states(mill_agg_part *to, uint32_t to_group, const mill_agg_part *from,
                                uint32_t g, mill_agg_merger *m, mill_error *err) {
  const mill_agg_plan *plan = to->plan;
  m->group[0] = to_group;
  mill_arena_reset(&m->scratch);
  for (int c = 0; c < plan->op->naggs; c++)
    if (!plan->shares[c]) MILL_TRY(mill_agg_merge_call(to, from, c, &g, 1, m, err));
  return MILL_OK;
}

/* A key may lie at several seams: in parts that have no other. */
static mill_status merge_seams(apart *a, mill_agg_merger *m, mill_error *err) {
  size_t owner = 0;
  for (size_t i = 1; i < a->n; i++) {
    if (!a->seam[i - 1] || a->part[i - 1]->groups.n > 1) owner = i - 1;
    if (!a->seam[i]) continue;
    MILL_TRY(merge_states(a->part[owner], a->high[owner], a->part[i], a->low[i], m, err));
  }
  return MILL_OK;
}

static mill_status emit_part(void *arg, size_t i, int worker, mill_error *err) {
  apart *a = arg;
  mill_agg_part *p = a->part[i], *of[MILL_BATCH];
  uint32_t group[MILL_BATCH], g = 0;
  (void)worker;
  MILL_TRY(mill_table_new(a->plan->x->ctx->memory, a->plan->op->schema, &a->made[i], err));
  a->made[i]->expect = p->groups.n;
  while (g < p->groups.n) {
    uint32_t n = 0;
    for (; n < MILL_BATCH && g < p->groups.n; g++) {
      if (a->seam[i] && g == a->low[i]) continue;
      group[n] = g;
      of[n++] = p;
    }
    if (n) MILL_TRY(mill_agg_emit(a->plan, of, group, n, a->made[i], err));
  }
  return MILL_OK;
}

static mill_status finish(apart *a, mill_table *out, mill_error *err) {
  mill_memory *memory = a->plan->x->ctx->memory;
  mill_agg_merger *m = mill_calloc(memory, sizeof *m);
  if (m == NULL) return mill_oom(memory, sizeof *m, err);
  mill_status s = mill_agg_merger_init(m, a->plan, err);
  if (s == MILL_OK) s = merge_seams(a, m, err);
  mill_agg_merger_clear(m);
  mill_free(memory, m, sizeof *m);
  if (s == MILL_OK) s = mill_pool_run(a->plan->x->ctx->pool, a->n, emit_part, a, err);
  return s == MILL_OK ? mill_table_concat(a->made, a->n, out, err) : s;
}

mill_status mill_agg_finish_apart(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                  mill_table *out, bool *done, mill_error *err) {
  apart a = {.plan = plan};
  mill_arena arena;
  *done = false;
  if (!one_number(plan)) return MILL_OK;
  mill_arena_init(&arena, plan->x->ctx->memory);
  a.part = mill_arena_alloc(&arena, (n + 1) * sizeof *a.part);
  a.low = mill_arena_alloc(&arena, (n + 1) * sizeof *a.low);
  a.high = mill_arena_alloc(&arena, (n + 1) * sizeof *a.high);
  a.seam = mill_arena_alloc(&arena, (n + 1) * sizeof *a.seam);
  a.made = mill_arena_alloc(&arena, (n + 1) * sizeof *a.made);
  mill_status s = MILL_OK;
  if (!a.part || !a.low || !a.high || !a.seam || !a.made) s = mill_oom(arena.memory, n, err);
  if (s == MILL_OK && in_order(&a, part, n)) {
    *done = true;
    s = finish(&a, out, err);
  }
  for (size_t i = 0; a.made && i < a.n; i++) mill_table_unref(a.made[i]);
  mill_arena_clear(&arena);
  return s;
}
