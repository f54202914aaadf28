/* Hash aggregation, the end: the parts as one result.
**
** A single part is the result. A few parts are merged where they lie (aggregate_beside.c). Else groups are
** cut into pieces by the upper bits of their hash, few small ones into one: a task merges one piece of all
** parts, in their order, so that what adds inexactly is added in that order whoever does it. Where a group first stood (aggregate_place.c) gives its row in the result. */
#include <string.h>

#include "base/thread.h"
#include "exec/aggregate_int.h"

enum { FEW_GROUPS = 8192, FEW_BYTES = 1 << 21, PIECES = MILL_AGG_PIECES };
static const uint64_t NONE = UINT64_MAX;
enum { FEW_REPEATS = 8 }; /* loose rows for which a piece has room for a group from the start */

/* ---- merging -------------------------------------------------------------------------------- */

mill_status mill_agg_merger_init(mill_agg_merger *m, const mill_agg_plan *plan, mill_error *err) {
  mill_arena_init(&m->own, plan->x->ctx->memory);
  mill_arena_init(&m->scratch, plan->x->ctx->memory);
  if (plan->op->nkeys == 0) return MILL_OK;
  return mill_group_keys_init(&m->keys, &plan->layout, &m->own, err);
}

void mill_agg_merger_clear(mill_agg_merger *m) {
  mill_arena_clear(&m->own);
  mill_arena_clear(&m->scratch);
}

mill_status mill_agg_merge_call(mill_agg_part *to, const mill_agg_part *from, int call,
                                const uint32_t *group, uint32_t n, mill_agg_merger *m,
                                mill_arena *a, mill_error *err) {
  const mill_agg_plan *plan = to->plan;
  const mill_aggregate *impl = plan->op->aggs[call].impl;
  mill_call merge = mill_agg_call(plan, call, a);
  for (uint32_t i = 0; i < n; i++) {
    m->to[i] = mill_agg_state(to, m->group[i], call);
    m->from[i] = mill_agg_state(from, group[i], call);
  }
  if (impl->combine) return impl->combine(&merge, m->to, m->from, n, err);
  mill_vector partial;
  mill_call save = mill_agg_call(plan, call, &m->scratch);
  MILL_TRY(mill_vector_init(&partial, plan->op->aggs[call].partial, n, &m->scratch, err));
  MILL_TRY(impl->save(&save, m->from, n, &partial, err));
  return impl->merge(&merge, m->to, &partial, n, err);
}

mill_status mill_agg_merge(mill_agg_part *to, const mill_agg_part *from, const uint32_t *group,
                           uint32_t n, mill_agg_merger *m, mill_error *err) {
  mill_arena_reset(&m->scratch);
  MILL_TRY(mill_groups_keys(&from->groups, group, n, &m->keys, &m->scratch, err));
  MILL_TRY(mill_agg_find(to, &m->keys, n, m->group, err));
  for (int i = 0; i < to->plan->op->naggs; i++)
    if (!to->plan->shares[i])
      MILL_TRY(mill_agg_merge_call(to, from, i, group, n, m, &to->arena, err));
  return MILL_OK;
}

/* ---- results -------------------------------------------------------------------------------- */

mill_status mill_agg_rows(const mill_agg_plan *plan, mill_agg_part *const *part,
                          const uint32_t *group, uint32_t n, mill_batch *out, mill_arena *a,
                          mill_error *err) {
  const mill_op *op = plan->op;
  int ncols = op->nkeys + op->naggs;
  const mill_groups *of[MILL_BATCH];
  void *states[MILL_BATCH];
  mill_vector *cols = mill_arena_alloc(a, (size_t)(ncols + 1) * sizeof *cols);
  if (cols == NULL) return mill_oom(a->memory, 1, err);
  for (uint32_t i = 0; i < n; i++) of[i] = &part[i]->groups;
  MILL_TRY(mill_groups_values(of, group, n, cols, a, err));
  for (int c = 0; c < op->naggs; c++) {
    mill_vector *v = &cols[op->nkeys + c];
    mill_call call = mill_agg_call(plan, c, a);
    for (uint32_t i = 0; i < n; i++) states[i] = mill_agg_state(part[i], group[i], c);
    MILL_TRY(mill_vector_init(v, op->aggs[c].type, n, a, err));
    v->size = n;
    MILL_TRY(op->aggs[c].impl->final(&call, states, n, v, err));
  }
  *out = (mill_batch){.n = n, .ncols = (uint32_t)ncols, .col = cols};
  return MILL_OK;
}

mill_status mill_agg_emit(const mill_agg_plan *plan, mill_agg_part *const *part,
                          const uint32_t *group, uint32_t n, mill_table *out, mill_error *err) {
  mill_arena a;
  mill_batch b;
  mill_arena_init(&a, plan->x->ctx->memory);
  mill_status s = mill_agg_rows(plan, part, group, n, &b, &a, err);
  if (s == MILL_OK) s = mill_table_append(out, &b, err);
  mill_arena_clear(&a);
  return s;
}

/* ---- pieces --------------------------------------------------------------------------------- */

typedef struct merging {
  const mill_agg_plan *plan;
  mill_agg_part **part;
  size_t n;
  uint32_t **order; /* of each part: its groups by piece */
  uint32_t (*start)[PIECES + 1];
  uint32_t (*stop)[PIECES + 1]; /* of each part's share of a piece, once it is looked at */
  bool loose;                   /* there are loose rows */
  mill_agg_beside *beside;      /* NULL: groups are moved into pieces */
  mill_agg_part piece[PIECES];
  size_t npieces;
  uint64_t *ref; /* by place: piece << 32 | group, NONE, or as mill_agg_take_alone says */
  uint64_t total, groups;
  mill_table **made; /* one a run of MILL_CHUNK rows of the result */
  size_t nmade;
} merging;

mill_status mill_agg_cut(const mill_agg_part *p, uint32_t **order, uint32_t *start,
                         mill_error *err) {
  uint32_t at[PIECES], n = mill_agg_count(p);
  mill_memory *m = p->arena.memory;
  *order = mill_alloc(m, n * sizeof **order);
  if (*order == NULL) return mill_oom(m, n * sizeof **order, err);
  for (uint32_t k = 0; k < n; k++) start[(mill_agg_hash(p, k) >> MILL_AGG_SHIFT) + 1]++;
  for (int k = 0; k < PIECES; k++) {
    at[k] = start[k];
    start[k + 1] += start[k];
  }
  for (uint32_t k = 0; k < n; k++) (*order)[at[mill_agg_hash(p, k) >> MILL_AGG_SHIFT]++] = k;
  return MILL_OK;
}

/* All of the part in the first piece. */
static mill_status cut_once(const mill_agg_part *p, uint32_t **order, uint32_t *start,
                            mill_error *err) {
  uint32_t n = mill_agg_count(p);
  *order = mill_alloc(p->arena.memory, n * sizeof **order);
  if (*order == NULL) return mill_oom(p->arena.memory, n * sizeof **order, err);
  for (uint32_t k = 0; k < n; k++) (*order)[k] = k;
  start[1] = n;
  return MILL_OK;
}

static mill_status cut_part(void *arg, size_t i, int worker, mill_error *err) {
  merging *g = arg;
  const mill_agg_part *p = g->part[i];
  (void)worker;
  if (p == NULL || mill_agg_count(p) == 0) return MILL_OK;
  if (g->npieces == 1) return cut_once(p, &g->order[i], g->start[i], err);
  return mill_agg_cut(p, &g->order[i], g->start[i], err);
}

/* Some of a part's groups, or loose rows, into a piece. *n: how many of those offered. */
static mill_status merge_some(mill_agg_part *to, const mill_agg_part *from, const uint32_t *number,
                              uint32_t *n, mill_agg_merger *m, mill_error *err) {
  uint32_t row[MILL_BATCH], k = 0;
  if (number[0] < from->groups.n) {
    while (k < *n && number[k] < from->groups.n) k++;
    *n = k;
    return mill_agg_merge(to, from, number, k, m, err);
  }
  for (; k < *n; k++) row[k] = number[k] - from->groups.n;
  return mill_agg_loose_merge(to, from, row, k, m, err);
}

/* What merging a piece needs: the first place of each group. */
typedef struct piece_merger {
  mill_agg_merger merger;
  mill_agg_alone alone;
  uint64_t *place;
  size_t room;
} piece_merger;

/* One part's share of a piece. */
static mill_status merge_share(merging *g, size_t i, size_t piece, piece_merger *m,
                               mill_error *err) {
  mill_agg_part *to = &g->piece[piece];
  const mill_agg_part *from = g->part[i];
  uint32_t at = g->start[i][piece], stop = g->stop[i][piece];
  size_t span = 0;
  while (at < stop) {
    uint32_t n = stop - at < MILL_BATCH ? stop - at : MILL_BATCH, before = to->groups.n;
    const uint32_t *number = g->order[i] + at, *group = m->merger.group;
    MILL_TRY(merge_some(to, from, number, &n, &m->merger, err));
    MILL_TRY(mill_grow(to->arena.memory, (void **)&m->place, &m->room, to->groups.n + 1,
                       sizeof *m->place, err));
    for (uint32_t k = before; k < to->groups.n; k++) m->place[k] = UINT64_MAX;
    for (uint32_t k = 0; k < n; k++) {
      uint64_t place = mill_agg_place(from, number[k], &span);
      if (place < m->place[group[k]]) m->place[group[k]] = place;
    }
    at += n;
  }
  return MILL_OK;
}

static mill_status merge_shares(merging *g, size_t piece, piece_merger *m, mill_error *err) {
  mill_agg_part *to = &g->piece[piece];
  uint64_t loose = 0;
  MILL_TRY(mill_agg_part_init(to, g->plan, err));
  to->groups.borrows = true;
  for (size_t i = 0; i < g->n; i++) g->stop[i][piece] = g->start[i][piece + 1];
  if (g->loose)
    MILL_TRY(mill_agg_take_alone(&m->alone, g->part, g->n, g->order, &g->start[0][piece],
                                 &g->stop[0][piece], PIECES + 1, g->ref, err));
  for (size_t i = 0; i < g->n; i++)
    if (g->order[i] && g->part[i]->loose) loose += g->stop[i][piece] - g->start[i][piece];
  if (loose / FEW_REPEATS > MILL_BATCH)
    MILL_TRY(mill_agg_part_reserve(to, (uint32_t)(loose / FEW_REPEATS), err));
  for (size_t i = 0; i < g->n; i++)
    if (g->order[i]) MILL_TRY(merge_share(g, i, piece, m, err));
  for (uint32_t k = 0; k < to->groups.n; k++) g->ref[m->place[k]] = (uint64_t)piece << 32 | k;
  mill_groups_close(&to->groups);
  return MILL_OK;
}

static mill_status merge_piece(void *arg, size_t piece, int worker, mill_error *err) {
  merging *g = arg;
  mill_memory *memory = g->plan->x->ctx->memory;
  piece_merger *m = mill_calloc(memory, sizeof *m);
  (void)worker;
  if (m == NULL) return mill_oom(memory, sizeof *m, err);
  mill_status s = mill_agg_merger_init(&m->merger, g->plan, err);
  if (s == MILL_OK) s = merge_shares(g, piece, m, err);
  mill_agg_merger_clear(&m->merger);
  mill_agg_alone_clear(&m->alone, memory);
  mill_free(memory, m->place, m->room * sizeof *m->place);
  mill_free(memory, m, sizeof *m);
  return s;
}

/* What writing rows of the result needs: groups of loose rows, made for a batch at a time. */
typedef struct emitter {
  mill_agg_merger merger;
  mill_agg_part made;
  mill_agg_part *part[MILL_BATCH];
  uint32_t group[MILL_BATCH], row[MILL_BATCH], at[MILL_BATCH];
} emitter;

/* Loose rows row[0..n) of a part as groups, which rows at[0..n) of the batch are. */
static mill_status make_alone(emitter *e, const mill_agg_part *from, uint32_t n, mill_error *err) {
  if (n == 0) return MILL_OK;
  MILL_TRY(mill_agg_loose_append(&e->made, from->loose, e->row, n, &e->merger, err));
  for (uint32_t k = 0; k < n; k++) {
    e->part[e->at[k]] = &e->made;
    e->group[e->at[k]] = e->merger.group[k];
  }
  return MILL_OK;
}

/* Find the groups of n rows of the result. */
static mill_status find_groups(merging *g, emitter *e, const uint64_t *ref, uint32_t n,
                               mill_error *err) {
  const mill_agg_part *from = NULL;
  uint32_t loose = 0;
  for (uint32_t i = 0; i < n; i++) {
    bool alone = ref[i] & MILL_AGG_ALONE;
    uint32_t owner = (uint32_t)((ref[i] & ~MILL_AGG_ALONE) >> 32);
    e->group[i] = (uint32_t)ref[i];
    e->part[i] = alone ? g->part[owner] : &g->piece[owner];
    if (!alone || e->group[i] < e->part[i]->groups.n) continue;
    if (from != e->part[i]) {
      MILL_TRY(make_alone(e, from, loose, err));
      from = e->part[i];
      loose = 0;
    }
    e->row[loose] = e->group[i] - from->groups.n;
    e->at[loose++] = i;
  }
  return make_alone(e, from, loose, err);
}

static mill_status emit_rows(merging *g, emitter *e, uint64_t at, uint64_t stop, mill_table *out,
                             mill_error *err) {
  MILL_TRY(mill_agg_merger_init(&e->merger, g->plan, err));
  while (at < stop) {
    uint32_t n = stop - at < MILL_BATCH ? (uint32_t)(stop - at) : MILL_BATCH;
    MILL_TRY(mill_agg_part_init(&e->made, g->plan, err));
    e->made.groups.borrows = true;
    MILL_TRY(find_groups(g, e, g->ref + at, n, err));
    MILL_TRY(mill_agg_emit(g->plan, e->part, e->group, n, out, err));
    mill_agg_part_clear(&e->made);
    e->made = (mill_agg_part){0};
    at += n;
  }
  return MILL_OK;
}

static mill_status emit_run(void *arg, size_t run, int worker, mill_error *err) {
  merging *g = arg;
  mill_memory *m = g->plan->x->ctx->memory;
  uint64_t at = (uint64_t)run * MILL_CHUNK, stop = at + MILL_CHUNK;
  (void)worker;
  if (stop > g->groups) stop = g->groups;
  emitter *e = mill_calloc(m, sizeof *e);
  if (e == NULL) return mill_oom(m, sizeof *e, err);
  mill_status s = mill_table_new(m, g->plan->op->schema, &g->made[run], err);
  if (s == MILL_OK) g->made[run]->expect = stop - at;
  if (s == MILL_OK) s = emit_rows(g, e, at, stop, g->made[run], err);
  mill_agg_part_clear(&e->made);
  if (e->merger.own.memory) mill_agg_merger_clear(&e->merger);
  mill_free(m, e, sizeof *e);
  return s;
}

static mill_status merge_pieces(merging *g, mill_error *err) {
  mill_pool *pool = g->plan->x->ctx->pool;
  g->order = mill_calloc(g->plan->x->ctx->memory, (g->n + 1) * sizeof *g->order);
  g->start = mill_calloc(g->plan->x->ctx->memory, (g->n + 1) * sizeof *g->start);
  g->stop = mill_calloc(g->plan->x->ctx->memory, (g->n + 1) * sizeof *g->stop);
  if (!g->order || !g->start || !g->stop)
    return mill_oom(g->plan->x->ctx->memory, (g->n + 1) * sizeof *g->start, err);
  for (size_t i = 0; i < g->n; i++)
    if (g->part[i]) mill_groups_close(&g->part[i]->groups);
  MILL_TRY(mill_pool_run(pool, g->n, cut_part, g, err));
  return mill_pool_run(pool, g->npieces, merge_piece, g, err);
}

static mill_status merge_all(merging *g, bool beside, mill_error *err) {
  memset(g->ref, 0xff, (size_t)(g->total + 1) * sizeof *g->ref);
  MILL_TRY(beside ? mill_agg_merge_beside(g->plan, g->part, g->n, g->ref, &g->beside, err)
                  : merge_pieces(g, err));
  for (uint64_t i = 0; i < g->total; i++) {
    g->ref[g->groups] = g->ref[i];
    g->groups += g->ref[i] != NONE;
  }
  return MILL_OK;
}

static mill_status emit_all(merging *g, mill_table *out, mill_error *err) {
  mill_memory *m = out->memory;
  g->nmade = (size_t)((g->groups + MILL_CHUNK - 1) / MILL_CHUNK);
  g->made = mill_calloc(m, (g->nmade + 1) * sizeof *g->made);
  if (g->made == NULL) return mill_oom(m, g->nmade, err);
  MILL_TRY(mill_pool_run(g->plan->x->ctx->pool, g->nmade, emit_run, g, err));
  for (size_t i = 0; i < g->nmade; i++)
    for (size_t c = 0; c < g->made[i]->nchunks; c++)
      MILL_TRY(mill_table_add_move(out, mill_chunk_ref(g->made[i]->chunk[c]), err));
  return MILL_OK;
}

static void merging_free(merging *g) {
  mill_memory *m = g->plan->x->ctx->memory;
  for (size_t i = 0; g->order && i < g->n; i++)
    if (g->order[i]) mill_free(m, g->order[i], mill_agg_count(g->part[i]) * sizeof *g->order[i]);
  for (size_t i = 0; g->made && i < g->nmade; i++) mill_table_unref(g->made[i]);
  for (int i = 0; i < PIECES; i++) mill_agg_part_clear(&g->piece[i]);
  mill_agg_beside_free(g->beside);
  if (g->made) mill_free(m, g->made, (g->nmade + 1) * sizeof *g->made);
  if (g->order) mill_free(m, g->order, (g->n + 1) * sizeof *g->order);
  if (g->start) mill_free(m, g->start, (g->n + 1) * sizeof *g->start);
  if (g->stop) mill_free(m, g->stop, (g->n + 1) * sizeof *g->stop);
  if (g->ref) mill_free(m, g->ref, (size_t)(g->total + 1) * sizeof *g->ref);
  mill_free(m, g, sizeof *g);
}

static mill_status finish_merged(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                 uint64_t total, bool few, bool loose, mill_table *out,
                                 mill_error *err) {
  mill_memory *m = plan->x->ctx->memory;
  merging *g = mill_calloc(m, sizeof *g);
  if (g == NULL) return mill_oom(m, sizeof *g, err);
  *g = (merging){.plan = plan, .part = part, .n = n, .total = total, .loose = loose};
  g->npieces = few ? 1 : PIECES;
  g->ref = mill_alloc(m, (size_t)(total + 1) * sizeof *g->ref);
  mill_status s = g->ref ? MILL_OK : mill_oom(m, (size_t)total * sizeof *g->ref, err);
  if (s == MILL_OK) s = merge_all(g, !few && mill_agg_lies_beside(plan, part, n), err);
  if (s == MILL_OK) s = emit_all(g, out, err);
  merging_free(g);
  return s;
}

/* A single part, which has no loose rows. */
static mill_status finish_single(const mill_agg_plan *plan, mill_agg_part *p, mill_table *out,
                                 mill_error *err) {
  uint32_t group[MILL_BATCH];
  mill_agg_part *of[MILL_BATCH];
  for (uint32_t at = 0; at < p->groups.n; at += MILL_BATCH) {
    uint32_t n = p->groups.n - at < MILL_BATCH ? p->groups.n - at : MILL_BATCH;
    for (uint32_t i = 0; i < n; i++) group[i] = at + i, of[i] = p;
    MILL_TRY(mill_agg_emit(plan, of, group, n, out, err));
  }
  return MILL_OK;
}

mill_status mill_agg_finish(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                            mill_table *out, mill_error *err) {
  uint64_t total = 0;
  mill_agg_part *one = NULL;
  size_t parts = 0, bytes = 0; /* those that states point to, mostly */
  bool loose = false, done = false;
  for (size_t i = 0; i < n; i++) {
    if (part[i] == NULL) continue;
    one = part[i];
    parts++;
    bytes += mill_arena_bytes(&one->arena);
    loose |= one->loose != NULL;
  }
  if (parts == 0) return MILL_OK;
  if (parts == 1 && !loose) return finish_single(plan, one, out, err);
  MILL_TRY(mill_agg_place_all(plan, part, n, &total, err));
  bool few = plan->op->nkeys == 0 || (total <= FEW_GROUPS && bytes <= FEW_BYTES && !loose);
  if (!few && !loose) MILL_TRY(mill_agg_finish_apart(plan, part, n, out, &done, err));
  return done ? MILL_OK : finish_merged(plan, part, n, total, few, loose, out, err);
}
