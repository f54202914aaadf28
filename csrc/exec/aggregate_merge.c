/* Hash aggregation, the end: the parts as one result.
**
** A single part is the result. A few parts are merged where they lie (aggregate_beside.c). Else groups are
** cut into pieces by the upper bits of their hash, few small ones into one: a task merges one piece of all
** parts, in their order, so that what adds inexactly is added in that order whoever does it. Where a group
** first stood (aggregate_place.c) gives its row in the result. */
#include <string.h>

#include "base/thread.h"
#include "exec/aggregate_int.h"

enum { FEW_GROUPS = 8192, FEW_BYTES = 1 << 21 };
static const uint64_t NONE = UINT64_MAX;
enum { VAIN_PIECES = 3 }; /* that many, and none is looked through for what stands alone any more */
enum { RUN_PLACES = 1 << 18 }; /* places whose references are one task */
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
  for (uint32_t i = 0; i < n; i++) {
    of[i] = &part[i]->groups;
    mill_groups_ask(of[i], group[i]);
  }
  MILL_TRY(mill_groups_values(of, group, n, cols, a, err));
  for (uint32_t i = 0; i < n; i++) mill_agg_ask(part[i], group[i]);
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

typedef mill_agg_merged merging;
struct mill_agg_merged {
  const mill_agg_plan *plan;
  mill_agg_part **part;
  size_t n;
  mill_agg_share *share; /* of each part its groups, then its loose rows, where there are any */
  size_t nshares;
  bool loose;              /* there are loose rows */
  mill_agg_beside *beside; /* NULL: groups are moved into pieces */
  mill_agg_part *piece;
  uint32_t npieces;
  struct piece_merger *merger; /* of each thread */
  size_t nmergers;
  int vain;      /* atomic: pieces where nothing was told to stand alone, more than others */
  uint64_t *ref; /* by place: piece << 32 | group, NONE, or as mill_agg_take_alone says */
  uint64_t total, groups;
  size_t *kept;          /* references of groups in each run of places */
  mill_agg_part *single; /* all groups are of that part; NULL: as ref says */
  mill_table **made;     /* one a run of the result's rows */
  size_t nmade;
};

/* The groups of a part in pieces of the upper bits of the hash, for the disk. */
mill_status mill_agg_cut(const mill_agg_part *p, uint32_t **order, uint32_t *start,
                         mill_error *err) {
  uint32_t at[MILL_AGG_PIECES], n = mill_agg_count(p);
  mill_memory *m = p->arena.memory;
  *order = mill_alloc(m, n * sizeof **order);
  if (*order == NULL) return mill_oom(m, n * sizeof **order, err);
  for (uint32_t k = 0; k < n; k++) start[(mill_agg_hash(p, k) >> MILL_AGG_SHIFT) + 1]++;
  for (int k = 0; k < MILL_AGG_PIECES; k++) {
    at[k] = start[k];
    start[k + 1] += start[k];
  }
  for (uint32_t k = 0; k < n; k++) (*order)[at[mill_agg_hash(p, k) >> MILL_AGG_SHIFT]++] = k;
  return MILL_OK;
}

static mill_status arrange_part(void *arg, size_t i, int worker, mill_error *err) {
  merging *g = arg;
  (void)worker;
  return g->part[i] ? mill_agg_arrange(g->part[i], g->npieces, err) : MILL_OK;
}

/* What a thread needs to merge pieces: the first place of each group. */
typedef struct piece_merger {
  mill_agg_merger merger;
  mill_agg_alone alone;
  uint64_t *place;
  size_t room;
  uint32_t entry[MILL_BATCH], number[MILL_BATCH];
} piece_merger;

static mill_status note_places(mill_agg_part *to, const mill_agg_part *from, const uint32_t *number,
                               uint32_t n, uint32_t before, size_t *span, piece_merger *m,
                               mill_error *err) {
  const uint32_t *group = m->merger.group;
  MILL_TRY(mill_grow(to->arena.memory, (void **)&m->place, &m->room, to->groups.n + 1,
                     sizeof *m->place, err));
  for (uint32_t k = before; k < to->groups.n; k++) m->place[k] = UINT64_MAX;
  for (uint32_t k = 0; k < n; k++) {
    const uint64_t place =
        from->nspans == 1 ? number[k] + from->span->shift : mill_agg_place(from, number[k], span);
    if (place < m->place[group[k]]) m->place[group[k]] = place;
  }
  return MILL_OK;
}

/* The keys of n entries of a share, m->entry from s->first on; together: entries that follow each other. */
static mill_status take_keys(const mill_agg_share *s, uint32_t n, bool together, piece_merger *m,
                             mill_group_keys *keys, mill_error *err) {
  const mill_groups *from = s->loose ? &s->part->loose->keys : &s->part->groups;
  if (together) {
    *keys = mill_groups_view(from, m->entry[0]);
    return MILL_OK;
  }
  MILL_TRY(mill_groups_keys(from, m->entry, n, &m->merger.keys, &m->merger.scratch, err));
  *keys = m->merger.keys;
  return MILL_OK;
}

/* n entries of a share, m->entry, which were number[0..n) of their part, into a piece. */
static mill_status merge_entries(mill_agg_part *to, const mill_agg_share *s, uint32_t n,
                                 const uint32_t *number, bool together, size_t *span,
                                 piece_merger *m, mill_error *err) {
  mill_agg_merger *merger = &m->merger;
  const uint32_t before = to->groups.n;
  mill_group_keys keys;
  mill_arena_reset(&merger->scratch);
  MILL_TRY(take_keys(s, n, together, m, &keys, err));
  MILL_TRY(mill_agg_find(to, &keys, n, merger->group, err));
  MILL_TRY(note_places(to, s->part, number, n, before, span, m, err));
  if (s->loose) return mill_agg_loose_update(to, s->part->loose, m->entry, n, merger, err);
  for (int i = 0; i < to->plan->op->naggs; i++)
    if (!to->plan->shares[i])
      MILL_TRY(mill_agg_merge_call(to, s->part, i, m->entry, n, merger, &to->arena, err));
  return MILL_OK;
}

/* All of a share's piece. */
static mill_status merge_share(mill_agg_part *to, const mill_agg_share *s, size_t piece,
                               piece_merger *m, mill_error *err) {
  const bool together = s->moved && to->plan->layout.plain && to->plan->op->nkeys > 0;
  size_t span = 0;
  for (uint32_t at = s->start[piece], stop = s->start[piece + 1], n; at < stop; at += n) {
    n = stop - at < MILL_BATCH ? stop - at : MILL_BATCH;
    for (uint32_t i = 0; i < n; i++) m->entry[i] = mill_agg_entry(s, at + i) - s->first;
    MILL_TRY(merge_entries(to, s, n, s->number + at, together, &span, m, err));
  }
  return MILL_OK;
}

/* What of a piece does not stand alone, by m->alone.entry. */
static mill_status merge_rest(merging *g, mill_agg_part *to, uint32_t rest, piece_merger *m,
                              mill_error *err) {
  const uint64_t *entry = m->alone.entry;
  uint64_t before = UINT64_MAX;
  size_t span = 0;
  for (uint32_t at = 0, n; at < rest; at += n) {
    const uint64_t number = entry[at] >> 32;
    const mill_agg_share *s = &g->share[number];
    for (n = 0; n < MILL_BATCH && at + n < rest && entry[at + n] >> 32 == number; n++) {
      m->entry[n] = mill_agg_entry(s, (uint32_t)entry[at + n]) - s->first;
      m->number[n] = s->number[(uint32_t)entry[at + n]];
    }
    if (number != before) span = 0;
    before = number;
    MILL_TRY(merge_entries(to, s, n, m->number, false, &span, m, err));
  }
  return MILL_OK;
}

/* Pieces are alike: once telling what stands alone has been in vain for some, others are left as they are. */
static mill_status take_alone(merging *g, size_t piece, piece_merger *m, uint32_t *rest,
                              mill_error *err) {
  mill_memory *memory = g->plan->x->ctx->memory;
  *rest = UINT32_MAX;
  if (!g->loose || __atomic_load_n(&g->vain, __ATOMIC_RELAXED) >= VAIN_PIECES) return MILL_OK;
  MILL_TRY(mill_agg_take_alone(&m->alone, g->share, g->nshares, piece, memory, g->ref, rest, err));
  __atomic_add_fetch(&g->vain, *rest == UINT32_MAX ? 1 : -1, __ATOMIC_RELAXED);
  return MILL_OK;
}

static mill_status merge_shares(merging *g, size_t piece, piece_merger *m, mill_error *err) {
  mill_agg_part *to = &g->piece[piece];
  uint32_t rest;
  uint64_t loose = 0;
  MILL_TRY(mill_agg_part_init(to, g->plan, err));
  to->groups.borrows = true;
  MILL_TRY(take_alone(g, piece, m, &rest, err));
  for (size_t i = 0; i < g->nshares; i++) {
    const mill_agg_share *s = &g->share[i];
    if (s->loose) loose += s->start[piece + 1] - s->start[piece];
  }
  if (rest < loose) loose = rest;
  if (loose / FEW_REPEATS > MILL_BATCH)
    MILL_TRY(mill_agg_part_reserve(to, (uint32_t)(loose / FEW_REPEATS), err));
  if (rest != UINT32_MAX) MILL_TRY(merge_rest(g, to, rest, m, err));
  for (size_t i = 0; i < g->nshares && rest == UINT32_MAX; i++) {
    if (i + 1 < g->nshares) mill_agg_share_ask(&g->share[i + 1], piece);
    MILL_TRY(merge_share(to, &g->share[i], piece, m, err));
  }
  for (uint32_t k = 0; k < to->groups.n; k++) g->ref[m->place[k]] = (uint64_t)piece << 32 | k;
  mill_groups_close(&to->groups);
  return MILL_OK;
}

static mill_status merge_piece(void *arg, size_t piece, int worker, mill_error *err) {
  merging *g = arg;
  piece_merger *m = &g->merger[worker];
  if (m->merger.own.memory == NULL) MILL_TRY(mill_agg_merger_init(&m->merger, g->plan, err));
  return merge_shares(g, piece, m, err);
}

static void mergers_free(merging *g) {
  mill_memory *memory = g->plan->x->ctx->memory;
  for (size_t i = 0; i < g->nmergers; i++) {
    piece_merger *m = &g->merger[i];
    if (m->merger.own.memory) mill_agg_merger_clear(&m->merger);
    mill_agg_alone_clear(&m->alone, memory);
    mill_free(memory, m->place, m->room * sizeof *m->place);
  }
  mill_free(memory, g->merger, g->nmergers * sizeof *g->merger);
  g->merger = NULL;
  g->nmergers = 0;
}

static mill_status make_mergers(merging *g, mill_error *err) {
  mill_memory *memory = g->plan->x->ctx->memory;
  const size_t n = (size_t)mill_pool_threads(g->plan->x->ctx->pool);
  g->merger = mill_calloc(memory, n * sizeof *g->merger);
  if (g->merger == NULL) return mill_oom(memory, n * sizeof *g->merger, err);
  g->nmergers = n;
  return MILL_OK;
}

/* ---- rows of the result ---------------------------------------------------------------------- */

/* What a thread needs to make them: the groups it looks at, of which loose rows become groups of their own
** when their rows are made. */
typedef mill_agg_emitter emitter;
struct mill_agg_emitter {
  const mill_agg_plan *plan;
  mill_agg_merger merger;
  mill_agg_part made;
  mill_arena arena;
  uint32_t n;
  mill_agg_part *of[MILL_BATCH]; /* where each lies */
  uint32_t entry[MILL_BATCH];
  mill_agg_part *part[MILL_BATCH]; /* groups to make rows of */
  uint32_t group[MILL_BATCH], row[MILL_BATCH], at[MILL_BATCH];
  void *state[MILL_BATCH], *own[MILL_BATCH];
};

mill_status mill_agg_emitter_new(const mill_agg_plan *plan, mill_agg_emitter **out,
                                 mill_error *err) {
  mill_memory *m = plan->x->ctx->memory;
  emitter *e = *out = mill_calloc(m, sizeof *e);
  if (e == NULL) return mill_oom(m, sizeof *e, err);
  e->plan = plan;
  mill_arena_init(&e->arena, m);
  return mill_agg_merger_init(&e->merger, plan, err);
}

void mill_agg_emitter_free(mill_agg_emitter *e) {
  if (e == NULL) return;
  mill_agg_part_clear(&e->made);
  mill_agg_merger_clear(&e->merger);
  mill_arena_clear(&e->arena);
  mill_free(e->plan->x->ctx->memory, e, sizeof *e);
}

void mill_agg_look(const mill_agg_merged *g, mill_agg_emitter *e, uint64_t at, uint32_t n) {
  e->n = n;
  for (uint32_t i = 0; i < n; i++) {
    const uint64_t ref = g->single ? at + i : g->ref[at + i];
    const uint32_t owner = (uint32_t)((ref & ~MILL_AGG_ALONE) >> 32);
    e->entry[i] = (uint32_t)ref;
    e->of[i] = g->single ? g->single : ref & MILL_AGG_ALONE ? g->part[owner] : &g->piece[owner];
  }
}

/* The next rows of those sel[*i] .. that are loose rows of one part: e->row, at e->at among them. */
static const mill_agg_part *next_loose(emitter *e, const uint32_t *sel, uint32_t n, uint32_t *i,
                                       uint32_t *count) {
  const mill_agg_part *from = NULL;
  *count = 0;
  for (; *i < n; ++*i) {
    const uint32_t k = sel ? sel[*i] : *i;
    if (e->entry[k] < e->of[k]->groups.n) continue;
    if (from && from != e->of[k]) break;
    from = e->of[k];
    e->row[*count] = e->entry[k] - from->groups.n;
    e->at[(*count)++] = *i;
  }
  return from;
}

mill_status mill_agg_look_call(mill_agg_emitter *e, int call, mill_vector *out, mill_error *err) {
  const mill_bound_aggregate *b = &e->plan->op->aggs[call];
  uint32_t i = 0, count;
  mill_arena_reset(&e->arena);
  for (const mill_agg_part *from; (from = next_loose(e, NULL, e->n, &i, &count)) != NULL;) {
    MILL_TRY(
        mill_agg_loose_states(e->plan, from->loose, call, e->row, count, e->own, &e->arena, err));
    for (uint32_t k = 0; k < count; k++) e->state[e->at[k]] = e->own[k];
  }
  for (uint32_t k = 0; k < e->n; k++)
    if (e->entry[k] < e->of[k]->groups.n) e->state[k] = mill_agg_state(e->of[k], e->entry[k], call);
  mill_call c = mill_agg_call(e->plan, call, &e->arena);
  MILL_TRY(mill_vector_init(out, b->type, e->n, &e->arena, err));
  out->size = e->n;
  return b->impl->final(&c, e->state, e->n, out, err);
}

/* Groups for n rows: loose rows become some. */
static mill_status find_groups(emitter *e, const uint32_t *sel, uint32_t n, mill_error *err) {
  uint32_t i = 0, count;
  mill_agg_part_clear(&e->made);
  MILL_TRY(mill_agg_part_init(&e->made, e->plan, err));
  e->made.groups.borrows = true;
  for (uint32_t r = 0; r < n; r++) {
    const uint32_t k = sel ? sel[r] : r;
    e->part[r] = e->of[k];
    e->group[r] = e->entry[k];
  }
  for (const mill_agg_part *from; (from = next_loose(e, sel, n, &i, &count)) != NULL;) {
    MILL_TRY(mill_agg_loose_append(&e->made, from->loose, e->row, count, &e->merger, err));
    for (uint32_t k = 0; k < count; k++) {
      e->part[e->at[k]] = &e->made;
      e->group[e->at[k]] = e->merger.group[k];
    }
  }
  return MILL_OK;
}

mill_status mill_agg_look_rows(mill_agg_emitter *e, const uint32_t *sel, uint32_t n,
                               mill_batch *out, mill_error *err) {
  mill_arena_reset(&e->arena);
  MILL_TRY(find_groups(e, sel, n, err));
  return mill_agg_rows(e->plan, e->part, e->group, n, out, &e->arena, err);
}

static mill_status emit_rows(merging *g, emitter *e, uint64_t at, uint64_t stop, mill_table *out,
                             mill_error *err) {
  mill_batch b;
  for (; at < stop; at += e->n) {
    mill_agg_look(g, e, at, stop - at < MILL_BATCH ? (uint32_t)(stop - at) : MILL_BATCH);
    MILL_TRY(mill_agg_look_rows(e, NULL, e->n, &b, err));
    MILL_TRY(mill_table_append(out, &b, err));
  }
  return MILL_OK;
}

static mill_status emit_run(void *arg, size_t run, int worker, mill_error *err) {
  merging *g = arg;
  emitter *e = NULL;
  const uint32_t rows = mill_run_rows(g->groups);
  uint64_t at = (uint64_t)run * rows, stop = at + rows;
  (void)worker;
  if (stop > g->groups) stop = g->groups;
  mill_status s = mill_agg_emitter_new(g->plan, &e, err);
  if (s == MILL_OK)
    s = mill_table_new(g->plan->x->ctx->memory, g->plan->op->schema, &g->made[run], err);
  if (s == MILL_OK) g->made[run]->expect = stop - at;
  if (s == MILL_OK) s = emit_rows(g, e, at, stop, g->made[run], err);
  mill_agg_emitter_free(e);
  return s;
}

/* As many as the parts that are arranged have. */
static uint32_t count_pieces(const merging *g) {
  for (size_t i = 0; i < g->n; i++)
    if (g->part[i] && g->part[i]->pieces) return g->part[i]->pieces;
  return mill_agg_pieces(g->plan, g->total);
}

static mill_status merge_pieces(merging *g, mill_error *err) {
  mill_memory *m = g->plan->x->ctx->memory;
  mill_pool *pool = g->plan->x->ctx->pool;
  g->share = mill_alloc(m, 2 * (g->n + 1) * sizeof *g->share);
  g->piece = mill_calloc(m, g->npieces * sizeof *g->piece);
  if (!g->share || !g->piece) return mill_oom(m, 2 * (g->n + 1) * sizeof *g->share, err);
  MILL_TRY(mill_pool_run(pool, g->n, arrange_part, g, err));
  for (size_t i = 0; i < 2 * g->n; i++) {
    const mill_agg_part *p = g->part[i / 2];
    if (p == NULL || p->share[i % 2].n == 0) continue;
    g->share[g->nshares] = p->share[i % 2];
    g->share[g->nshares++].owner = (uint32_t)(i / 2);
  }
  MILL_TRY(make_mergers(g, err));
  mill_status s = mill_pool_run(pool, g->npieces, merge_piece, g, err);
  mergers_free(g);
  return s;
}

/* ---- references ----------------------------------------------------------------------------- */

/* The references of a run of places. */
static uint64_t *refs_of(merging *g, size_t run, size_t *n) {
  const uint64_t at = (uint64_t)run * RUN_PLACES;
  *n = (size_t)(g->total - at < RUN_PLACES ? g->total - at : RUN_PLACES);
  return g->ref + at;
}

static mill_status clear_refs(void *arg, size_t run, int worker, mill_error *err) {
  size_t n;
  uint64_t *ref = refs_of(arg, run, &n);
  (void)worker, (void)err;
  memset(ref, 0xff, n * sizeof *ref);
  return MILL_OK;
}

static mill_status close_up(void *arg, size_t run, int worker, mill_error *err) {
  merging *g = arg;
  size_t n, kept = 0;
  uint64_t *ref = refs_of(g, run, &n);
  (void)worker, (void)err;
  for (size_t i = 0; i < n; i++) {
    ref[kept] = ref[i];
    kept += ref[i] != NONE;
  }
  g->kept[run] = kept;
  return MILL_OK;
}

/* Those of groups, one behind the other. */
static mill_status close_up_all(merging *g, size_t runs, mill_error *err) {
  mill_memory *m = g->plan->x->ctx->memory;
  g->kept = mill_alloc(m, (runs + 1) * sizeof *g->kept);
  if (g->kept == NULL) return mill_oom(m, (runs + 1) * sizeof *g->kept, err);
  mill_status s = mill_pool_run(g->plan->x->ctx->pool, runs, close_up, g, err);
  for (size_t i = 0; s == MILL_OK && i < runs; i++) {
    size_t n;
    const uint64_t *from = refs_of(g, i, &n);
    if (g->ref + g->groups != from) memmove(g->ref + g->groups, from, g->kept[i] * sizeof *from);
    g->groups += g->kept[i];
  }
  mill_free(m, g->kept, (runs + 1) * sizeof *g->kept);
  g->kept = NULL;
  return s;
}

/* ---- all ------------------------------------------------------------------------------------ */

static mill_status merge_all(merging *g, bool beside, mill_error *err) {
  const size_t runs = (size_t)((g->total + RUN_PLACES - 1) / RUN_PLACES);
  MILL_TRY(mill_pool_run(g->plan->x->ctx->pool, runs, clear_refs, g, err));
  MILL_TRY(beside ? mill_agg_merge_beside(g->plan, g->part, g->n, g->ref, &g->beside, err)
                  : merge_pieces(g, err));
  return close_up_all(g, runs, err);
}

static mill_status emit_all(merging *g, mill_table *out, mill_error *err) {
  mill_memory *m = out->memory;
  const uint32_t run = mill_run_rows(g->groups);
  g->nmade = (size_t)((g->groups + run - 1) / run);
  g->made = mill_calloc(m, (g->nmade + 1) * sizeof *g->made);
  if (g->made == NULL) return mill_oom(m, g->nmade, err);
  MILL_TRY(mill_pool_run(g->plan->x->ctx->pool, g->nmade, emit_run, g, err));
  for (size_t i = 0; i < g->nmade; i++)
    for (size_t c = 0; c < g->made[i]->nchunks; c++)
      MILL_TRY(mill_table_add_move(out, mill_chunk_ref(g->made[i]->chunk[c]), err));
  return MILL_OK;
}

void mill_agg_merged_free(mill_agg_merged *g) {
  if (g == NULL) return;
  mill_memory *m = g->plan->x->ctx->memory;
  if (g->share) mill_free(m, g->share, 2 * (g->n + 1) * sizeof *g->share);
  for (size_t i = 0; g->made && i < g->nmade; i++) mill_table_unref(g->made[i]);
  for (uint32_t i = 0; g->piece && i < g->npieces; i++) mill_agg_part_clear(&g->piece[i]);
  if (g->piece) mill_free(m, g->piece, g->npieces * sizeof *g->piece);
  mill_agg_beside_free(g->beside);
  mergers_free(g);
  if (g->made) mill_free(m, g->made, (g->nmade + 1) * sizeof *g->made);
  if (g->ref) mill_free(m, g->ref, (size_t)(g->total + 1) * sizeof *g->ref);
  mill_free(m, g, sizeof *g);
}

uint64_t mill_agg_merged_count(const mill_agg_merged *g) { return g->groups; }

/* What there is to be merged. */
typedef struct extent {
  mill_agg_part *last;
  size_t parts;
  uint64_t total; /* places */
  bool few, loose;
} extent;

static mill_status measure(const mill_agg_plan *plan, mill_agg_part **part, size_t n, extent *e,
                           mill_error *err) {
  size_t bytes = 0; /* those that states point to, mostly */
  *e = (extent){0};
  for (size_t i = 0; i < n; i++) {
    if (part[i] == NULL) continue;
    e->last = part[i];
    e->parts++;
    bytes += mill_arena_bytes(&part[i]->arena);
    e->loose |= part[i]->loose != NULL;
  }
  if (e->parts == 0 || (e->parts == 1 && !e->loose)) return MILL_OK;
  MILL_TRY(mill_agg_place_all(plan, part, n, &e->total, err));
  e->few = plan->op->nkeys == 0 || (e->total <= FEW_GROUPS && bytes <= FEW_BYTES && !e->loose);
  return MILL_OK;
}

static mill_status merge_extent(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                const extent *e, merging **out, mill_error *err) {
  mill_memory *m = plan->x->ctx->memory;
  merging *g = *out = mill_calloc(m, sizeof *g);
  if (g == NULL) return mill_oom(m, sizeof *g, err);
  *g = (merging){.plan = plan, .part = part, .n = n, .total = e->total, .loose = e->loose};
  g->npieces = e->few ? 1 : count_pieces(g);
  g->ref = mill_alloc(m, (size_t)(e->total + 1) * sizeof *g->ref);
  if (g->ref == NULL) return mill_oom(m, (size_t)e->total * sizeof *g->ref, err);
  return merge_all(g, !e->few && mill_agg_lies_beside(plan, part, n), err);
}

mill_status mill_agg_merged_new(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                mill_agg_merged **out, mill_error *err) {
  mill_memory *m = plan->x->ctx->memory;
  bool apart = false;
  extent e;
  *out = NULL;
  MILL_TRY(measure(plan, part, n, &e, err));
  if (e.parts == 0 || e.few) return MILL_OK;
  if (e.parts > 1 && !e.loose) MILL_TRY(mill_agg_lies_apart(plan, part, n, &apart, err));
  if (apart) return MILL_OK;
  if (e.parts > 1 || e.loose) return merge_extent(plan, part, n, &e, out, err);
  merging *g = *out = mill_calloc(m, sizeof *g);
  if (g == NULL) return mill_oom(m, sizeof *g, err);
  *g = (merging){.plan = plan, .single = e.last, .groups = e.last->groups.n};
  return MILL_OK;
}

static mill_status finish_merged(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                 const extent *e, mill_table *out, mill_error *err) {
  merging *g = NULL;
  mill_status s = merge_extent(plan, part, n, e, &g, err);
  if (s == MILL_OK) s = emit_all(g, out, err);
  mill_agg_merged_free(g);
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
  bool done = false;
  extent e;
  MILL_TRY(measure(plan, part, n, &e, err));
  if (e.parts == 0) return MILL_OK;
  if (e.parts == 1 && !e.loose) return finish_single(plan, e.last, out, err);
  if (!e.few && !e.loose) MILL_TRY(mill_agg_finish_apart(plan, part, n, out, &done, err));
  return done ? MILL_OK : finish_merged(plan, part, n, &e, out, err);
}
