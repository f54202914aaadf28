/* Hash aggregation, the end for rows that come ordered by their key: the morsels' groups lie apart,
** each's keys at or behind those of the morsel before, so there is nothing to merge but a key at a
** seam. Told by the smallest and the largest key that each morsel added; for one key that is an
** integer.
**
** A group at a seam goes to the first morsel that has it. Chunks of the result have as many rows as they always
** have: how rows were cut into parts must not be seen behind it. */
#include <stdlib.h>

#include "base/hot.h"
#include "base/thread.h"
#include "exec/aggregate_int.h"

/* Groups that a morsel added to a part. */
typedef struct run {
  mill_agg_part *part;
  uint64_t place;
  uint32_t first, n;
  uint32_t low, high; /* the groups of the smallest and the largest key */
  bool seam;          /* the group of the smallest key is in a run before */
  uint64_t row;       /* of the result, that its first group makes */
} run;

typedef struct apart {
  const mill_agg_plan *plan;
  run *run; /* by morsel, those with groups */
  size_t n;
  mill_table **made; /* one a run of MILL_CHUNK rows of the result */
  size_t nmade;
  uint64_t rows;
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

static uint32_t group_of(const mill_agg_part *p, uint32_t from, int64_t key) {
  uint32_t g = from;
  while (key_of(p, g) != key) g++;
  return g;
}

static int by_place(const void *a, const void *b) {
  uint64_t x = ((const run *)a)->place, y = ((const run *)b)->place;
  return (x > y) - (x < y);
}

static void find_runs(apart *a, mill_agg_part **part, size_t n) {
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; part[i] && k < part[i]->nspans; k++) {
      const mill_agg_span *s = &part[i]->span[k];
      uint32_t stop = k + 1 < part[i]->nspans ? s[1].first : part[i]->groups.n;
      if (stop == s->first) continue;
      a->run[a->n++] = (run){
          .part = part[i], .place = s->first + s->shift, .first = s->first, .n = stop - s->first};
    }
  }
  qsort(a->run, a->n, sizeof *a->run, by_place);
}

/* Do the runs lie apart, in their order? */
static bool in_order(apart *a) {
  int64_t before = INT64_MIN;
  for (size_t i = 0; i < a->n; i++) {
    run *r = &a->run[i];
    int64_t low, high;
    if (r->part->groups.null) return false;
    range_of(r->part->groups.row + r->first, r->n, &low, &high);
    if (i > 0 && low < before) return false;
    r->seam = i > 0 && low == before;
    r->low = group_of(r->part, r->first, low);
    r->high = group_of(r->part, r->first, high);
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
    if (!plan->shares[c]) MILL_TRY(mill_agg_merge_call(to, from, c, &g, 1, m, &to->arena, err));
  return MILL_OK;
}

/* A key may lie at several seams: in runs that have no other. */
static mill_status merge_seams(apart *a, mill_agg_merger *m, mill_error *err) {
  const run *owner = a->run;
  for (size_t i = 1; i < a->n; i++) {
    const run *r = &a->run[i], *before = r - 1;
    if (!before->seam || before->n > 1) owner = before;
    if (r->seam) MILL_TRY(merge_states(owner->part, owner->high, r->part, r->low, m, err));
  }
  return MILL_OK;
}

static uint32_t rows_of(const run *r) { return r->n - r->seam; }

/* The group that makes row k of a run: all do but the one at the seam. */
static uint32_t group_at(const run *r, uint32_t k) {
  const uint32_t g = r->first + k;
  return r->seam && g >= r->low ? g + 1 : g;
}

static void number_rows(apart *a) {
  for (size_t i = 0; i < a->n; i++) {
    a->run[i].row = a->rows;
    a->rows += rows_of(&a->run[i]);
  }
}

/* The run that makes a row. */
static const run *run_of(const apart *a, uint64_t row) {
  size_t from = 0, to = a->n;
  while (to - from > 1) {
    const size_t middle = from + (to - from) / 2;
    *(a->run[middle].row <= row ? &from : &to) = middle;
  }
  return &a->run[from];
}

static mill_status emit_chunk(void *arg, size_t i, int worker, mill_error *err) {
  apart *a = arg;
  mill_agg_part *of[MILL_BATCH];
  uint32_t group[MILL_BATCH];
  uint64_t at = (uint64_t)i * MILL_CHUNK;
  const uint64_t stop = a->rows - at < MILL_CHUNK ? a->rows : at + MILL_CHUNK;
  const run *r = run_of(a, at);
  (void)worker;
  MILL_TRY(mill_table_new(a->plan->x->ctx->memory, a->plan->op->schema, &a->made[i], err));
  a->made[i]->expect = stop - at;
  while (at < stop) {
    uint32_t n = 0;
    for (; n < MILL_BATCH && at < stop; at++) {
      while (at - r->row >= rows_of(r)) r++;
      group[n] = group_at(r, (uint32_t)(at - r->row));
      of[n++] = r->part;
    }
    MILL_TRY(mill_agg_emit(a->plan, of, group, n, a->made[i], err));
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
  if (s == MILL_OK) s = mill_pool_run(a->plan->x->ctx->pool, a->nmade, emit_chunk, a, err);
  return s == MILL_OK ? mill_table_concat(a->made, a->nmade, out, err) : s;
}

/* The runs of the parts, where they lie apart. */
static mill_status take_runs(apart *a, mill_agg_part **part, size_t n, mill_arena *arena, bool *yes,
                             mill_error *err) {
  size_t spans = 1;
  *yes = false;
  if (!one_number(a->plan)) return MILL_OK;
  for (size_t i = 0; i < n; i++) spans += part[i] ? part[i]->nspans : 0;
  a->run = mill_arena_alloc(arena, spans * sizeof *a->run);
  if (a->run == NULL) return mill_oom(arena->memory, spans, err);
  find_runs(a, part, n);
  *yes = in_order(a);
  if (!*yes) return MILL_OK;
  number_rows(a);
  a->nmade = (size_t)((a->rows + MILL_CHUNK - 1) / MILL_CHUNK);
  a->made = mill_arena_alloc(arena, (a->nmade + 1) * sizeof *a->made);
  return a->made ? MILL_OK : mill_oom(arena->memory, a->nmade, err);
}

mill_status mill_agg_lies_apart(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                bool *yes, mill_error *err) {
  apart a = {.plan = plan};
  mill_arena arena;
  mill_arena_init(&arena, plan->x->ctx->memory);
  mill_status s = take_runs(&a, part, n, &arena, yes, err);
  mill_arena_clear(&arena);
  return s;
}

mill_status mill_agg_finish_apart(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                  mill_table *out, bool *done, mill_error *err) {
  apart a = {.plan = plan};
  mill_arena arena;
  mill_arena_init(&arena, plan->x->ctx->memory);
  mill_status s = take_runs(&a, part, n, &arena, done, err);
  if (s == MILL_OK && *done) s = finish(&a, out, err);
  for (size_t i = 0; a.made && i < a.nmade; i++) mill_table_unref(a.made[i]);
  mill_arena_clear(&arena);
  return s;
}
