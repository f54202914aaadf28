/* Hash aggregation, the end for a few parts of many groups, whose tables are still there: each part looks
** up its groups in the parts before it. One that is found is merged into the first that has it, all
** others stay where they are: no key and no state is moved. Rows of the result refer to the groups
** (mill_agg_take_alone) by their first place.
**
** A task takes a run of a part's groups, also where there are few: their states may be large. No two groups of a part have the same key, so tasks never merge
** into the same group; what states point to from then on lies in arenas of their own. */
#include <string.h>

#include "base/thread.h"
#include "exec/aggregate_int.h"

enum { MOST_PARTS = 4, RUNS = 64 };
enum { WORTH_WAKING = 1 << 16 }; /* groups of a part: below, other threads come too late to help */
static const uint64_t NONE = UINT64_MAX;

typedef struct looker {
  mill_agg_merger merger; /* what states point to is its own */
  uint32_t group[MILL_BATCH], found[MILL_BATCH];
} looker;

struct mill_agg_beside {
  const mill_agg_plan *plan;
  mill_agg_part *part[MOST_PARTS];
  uint32_t number[MOST_PARTS]; /* of the part among all */
  uint64_t *place[MOST_PARTS]; /* of each group: its first; NONE: another part has it */
  int n, at;                   /* the part that is looked through */
  uint64_t *ref;
  looker *looker; /* of each thread */
  size_t nlookers;
};

bool mill_agg_lies_beside(const mill_agg_plan *plan, mill_agg_part *const *part, size_t n) {
  const mill_agg_part *last = NULL;
  int parts = 0;
  for (size_t i = 0; i < n; i++) {
    if (part[i] && part[i]->loose) return false;
    if (part[i] == NULL || part[i]->groups.n == 0) continue;
    if (part[i]->run || (last && last->groups.slot == NULL)) return false;
    last = part[i];
    parts++;
  }
  return plan->layout.plain && plan->op->nkeys > 0 && parts <= MOST_PARTS;
}

/* Merge those of n groups, from `from` on, that were found in part j and in none before. */
static mill_status merge_found(mill_agg_beside *b, looker *l, int j, uint32_t from, uint32_t n,
                               mill_error *err) {
  uint64_t *place = b->place[j], *own = b->place[b->at] + from;
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t to = l->found[i];
    if (to == UINT32_MAX || own[i] == NONE) continue;
    l->group[count] = from + i;
    l->merger.group[count++] = to;
    if (own[i] < place[to]) place[to] = own[i];
    own[i] = NONE;
  }
  mill_arena_reset(&l->merger.scratch);
  for (int c = 0; count && c < b->plan->op->naggs; c++)
    if (!b->plan->shares[c])
      MILL_TRY(mill_agg_merge_call(b->part[j], b->part[b->at], c, l->group, count, &l->merger,
                                   &l->merger.own, err));
  return MILL_OK;
}

/* Groups a task takes of the part that is looked through. */
static uint32_t run_of(const mill_groups *g) {
  return g->n / RUNS < MILL_BATCH ? g->n / RUNS + 1 : MILL_BATCH;
}

static mill_status look_run(void *arg, size_t run, int worker, mill_error *err) {
  mill_agg_beside *b = arg;
  const mill_groups *g = &b->part[b->at]->groups;
  looker *l = &b->looker[worker];
  const uint32_t size = run_of(g);
  uint32_t at = (uint32_t)run * size, stop = g->n - at < size ? g->n : at + size;
  for (uint32_t n; at < stop; at += n) {
    n = stop - at < MILL_BATCH ? stop - at : MILL_BATCH;
    const mill_group_keys k = mill_groups_view(g, at);
    for (int j = 0; j < b->at; j++) {
      mill_groups_look(&b->part[j]->groups, &k, n, l->found);
      MILL_TRY(merge_found(b, l, j, at, n, err));
    }
  }
  return MILL_OK;
}

static mill_status note_places(void *arg, size_t i, int worker, mill_error *err) {
  mill_agg_beside *b = arg;
  size_t span = 0;
  (void)worker, (void)err;
  for (uint32_t g = 0; g < b->part[i]->groups.n; g++)
    b->place[i][g] = mill_agg_place(b->part[i], g, &span);
  return MILL_OK;
}

static mill_status refer(void *arg, size_t i, int worker, mill_error *err) {
  mill_agg_beside *b = arg;
  (void)worker, (void)err;
  for (uint32_t g = 0; g < b->part[i]->groups.n; g++)
    if (b->place[i][g] != NONE)
      b->ref[b->place[i][g]] = MILL_AGG_ALONE | (uint64_t)b->number[i] << 32 | g;
  return MILL_OK;
}

static mill_status each_part(mill_agg_beside *b, mill_task f, mill_error *err) {
  if (b->part[0]->groups.n >= WORTH_WAKING)
    return mill_pool_run(b->plan->x->ctx->pool, (size_t)b->n, f, b, err);
  for (int i = 0; i < b->n; i++) MILL_TRY(f(b, (size_t)i, 0, err));
  return MILL_OK;
}

static mill_status look_all(mill_agg_beside *b, mill_error *err) {
  mill_pool *pool = b->plan->x->ctx->pool;
  if (b->n == 0) return MILL_OK;
  MILL_TRY(each_part(b, note_places, err));
  for (b->at = 1; b->at < b->n; b->at++) {
    const mill_groups *g = &b->part[b->at]->groups;
    MILL_TRY(mill_pool_run(pool, (g->n + run_of(g) - 1) / run_of(g), look_run, b, err));
  }
  return each_part(b, refer, err);
}

static mill_status take_part(mill_agg_beside *b, mill_agg_part *p, size_t number, mill_error *err) {
  const size_t size = p->groups.n * sizeof **b->place;
  b->place[b->n] = mill_alloc(p->arena.memory, size);
  if (b->place[b->n] == NULL) return mill_oom(p->arena.memory, size, err);
  b->part[b->n] = p;
  b->number[b->n++] = (uint32_t)number;
  return MILL_OK;
}

mill_status mill_agg_merge_beside(const mill_agg_plan *plan, mill_agg_part *const *part, size_t n,
                                  uint64_t *ref, mill_agg_beside **out, mill_error *err) {
  mill_memory *m = plan->x->ctx->memory;
  const size_t lookers = (size_t)mill_pool_threads(plan->x->ctx->pool);
  mill_agg_beside *b = *out = mill_calloc(m, sizeof *b);
  if (b == NULL) return mill_oom(m, sizeof *b, err);
  *b = (mill_agg_beside){.plan = plan, .ref = ref};
  b->looker = mill_calloc(m, lookers * sizeof *b->looker);
  if (b->looker == NULL) return mill_oom(m, lookers * sizeof *b->looker, err);
  b->nlookers = lookers;
  for (size_t i = 0; i < lookers; i++)
    MILL_TRY(mill_agg_merger_init(&b->looker[i].merger, plan, err));
  for (size_t i = 0; i < n; i++)
    if (part[i] && part[i]->groups.n) MILL_TRY(take_part(b, part[i], i, err));
  return look_all(b, err);
}

void mill_agg_beside_free(mill_agg_beside *b) {
  if (b == NULL) return;
  mill_memory *m = b->plan->x->ctx->memory;
  for (int i = 0; i < b->n; i++)
    mill_free(m, b->place[i], b->part[i]->groups.n * sizeof **b->place);
  for (size_t i = 0; i < b->nlookers; i++)
    if (b->looker[i].merger.own.memory) mill_agg_merger_clear(&b->looker[i].merger);
  mill_free(m, b->looker, b->nlookers * sizeof *b->looker);
  mill_free(m, b, sizeof *b);
}
