/* Hash aggregation where most rows open a group of their own: from some row of a part on, rows are
** kept as they come, key and arguments, instead of being looked up twice. A part then has, in this
** order, its groups and its loose rows; merging finds the groups of both (aggregate_merge.c).
**
** Before a part goes to disk its loose rows become groups of their own, which is as good: what is
** merged may have several groups of one key. */
#include <string.h>

#include "exec/aggregate_int.h"

/* Room for `rows` at once. */
static mill_status begin(mill_agg_part *p, mill_error *err) {
  const mill_agg_plan *plan = p->plan;
  mill_memory *m = p->arena.memory;
  int nargs = plan->nexprs - plan->op->nkeys;
  mill_agg_loose *l = mill_arena_alloc(&p->arena, sizeof *l);
  if (l == NULL) return mill_oom(m, sizeof *l, err);
  l->arg = mill_arena_alloc(&p->arena, (size_t)(nargs + 1) * sizeof *l->arg);
  if (l->arg == NULL) return mill_oom(m, sizeof *l, err);
  MILL_TRY(mill_groups_init(&l->keys, &plan->layout, m, &p->arena, err));
  p->loose = l;
  for (int i = 0; i < nargs; i++) {
    const mill_bound *e = plan->exprs[plan->op->nkeys + i];
    uint32_t room = e->kind == MILL_B_LITERAL ? 1 : MILL_CHUNK;
    MILL_TRY(mill_vector_init(&l->arg[i], e->type, room, &p->arena, err));
  }
  return mill_groups_room(&l->keys, MILL_CHUNK, err);
}

mill_status mill_agg_loose_push(mill_agg_part *p, const mill_group_keys *k, const mill_vector *arg,
                                uint32_t n, mill_error *err) {
  const mill_agg_plan *plan = p->plan;
  int nargs = plan->nexprs - plan->op->nkeys;
  if (p->loose == NULL) MILL_TRY(begin(p, err));
  mill_agg_loose *l = p->loose;
  for (int i = 0; i < nargs; i++) {
    bool literal = plan->exprs[plan->op->nkeys + i]->kind == MILL_B_LITERAL;
    if (literal && l->arg[i].size > 0) continue;
    MILL_TRY(mill_vector_append(&l->arg[i], &arg[i], NULL, literal ? 1 : n, true, &p->arena, err));
    if (literal) l->arg[i].mask = 0;
  }
  return mill_groups_append(&l->keys, k, n, err);
}

void mill_agg_loose_clear(mill_agg_part *p) {
  if (p->loose) mill_groups_clear(&p->loose->keys);
  p->loose = NULL;
}

/* Values of a fixed width without nulls: they can be moved, and looked at where they lie. */
static bool moves(const mill_vector *v) {
  return v->mask == MILL_FLAT && v->valid == NULL && v->index == NULL && v->child == NULL &&
         v->type->width > 0;
}

static bool together(const uint32_t *row, uint32_t n) {
  bool yes = true;
  for (uint32_t i = 1; i < n; i++) yes &= row[i] == row[0] + i;
  return yes;
}

/* n values of an argument of the given rows; those that lie together are not copied. */
static mill_status take_values(const mill_agg_loose *l, int arg, const uint32_t *row, uint32_t n,
                               mill_vector *out, mill_arena *a, mill_error *err) {
  const mill_vector *v = &l->arg[arg];
  uint32_t came[MILL_BATCH];
  if (v->mask == 0) {
    *out = *v;
    return MILL_OK;
  }
  const bool moved = l->came == NULL || l->moves[arg];
  if (moved && moves(v) && together(row, n)) {
    *out = *v;
    out->data = (char *)v->data + (size_t)row[0] * v->type->width;
    out->size = n;
    return MILL_OK;
  }
  for (uint32_t i = 0; i < n && !moved; i++) came[i] = l->came[row[i]] - l->before;
  return mill_vector_gather(out, v, moved ? row : came, n, false, a, err);
}

mill_status mill_agg_loose_states(const mill_agg_plan *plan, const mill_agg_loose *from, int call,
                                  const uint32_t *row, uint32_t n, void **state, mill_arena *a,
                                  mill_error *err) {
  const mill_bound_aggregate *b = &plan->op->aggs[call];
  const size_t size = (b->impl->state_size + 15) & ~15u;
  int arg = 0;
  if (n == 0) return MILL_OK;
  for (int i = 0; i < call; i++) arg += plan->op->aggs[i].nargs;
  char *block = mill_arena_alloc(a, n * size);
  mill_vector *v = mill_arena_alloc(a, (size_t)(b->nargs + 1) * sizeof *v);
  const mill_vector **args = mill_arena_alloc(a, (size_t)(b->nargs + 1) * sizeof *args);
  if (block == NULL || v == NULL || args == NULL) return mill_oom(a->memory, n * size, err);
  mill_call c = mill_agg_call(plan, call, a);
  for (uint32_t i = 0; i < n; i++) {
    state[i] = block + i * size;
    if (b->impl->init) b->impl->init(&c, state[i]);
  }
  for (int k = 0; k < b->nargs; k++) {
    MILL_TRY(take_values(from, arg + k, row, n, &v[k], a, err));
    args[k] = &v[k];
  }
  return b->impl->update(&c, state, args, n, err);
}

mill_status mill_agg_loose_update(mill_agg_part *to, const mill_agg_loose *from,
                                  const uint32_t *row, uint32_t n, mill_agg_merger *m,
                                  mill_error *err) {
  const mill_agg_plan *plan = to->plan;
  int arg = 0;
  for (int i = 0; i < plan->op->naggs; arg += plan->op->aggs[i++].nargs) {
    const mill_bound_aggregate *a = &plan->op->aggs[i];
    if (plan->shares[i] || n == 0) continue;
    mill_vector *v = mill_arena_alloc(&m->scratch, (size_t)(a->nargs + 1) * sizeof *v);
    const mill_vector **args = mill_arena_alloc(&m->scratch, (size_t)(a->nargs + 1) * sizeof *args);
    if (v == NULL || args == NULL) return mill_oom(m->scratch.memory, 1, err);
    for (int k = 0; k < a->nargs; k++) {
      MILL_TRY(take_values(from, arg + k, row, n, &v[k], &m->scratch, err));
      args[k] = &v[k];
    }
    for (uint32_t r = 0; r < n; r++) m->to[r] = mill_agg_state(to, m->group[r], i);
    mill_call call = mill_agg_call(plan, i, &to->arena);
    MILL_TRY(a->impl->update(&call, m->to, args, n, err));
  }
  return MILL_OK;
}

static void scatter(const char *from, uint32_t width, const uint32_t *to, uint32_t n, char *out) {
  switch (width) {
  case 1:
    for (uint32_t i = 0; i < n; i++) out[to[i]] = from[i];
    break;
  case 2:
    for (uint32_t i = 0; i < n; i++) memcpy(out + 2 * (size_t)to[i], from + 2 * (size_t)i, 2);
    break;
  case 4:
    for (uint32_t i = 0; i < n; i++) memcpy(out + 4 * (size_t)to[i], from + 4 * (size_t)i, 4);
    break;
  case 8:
    for (uint32_t i = 0; i < n; i++) memcpy(out + 8 * (size_t)to[i], from + 8 * (size_t)i, 8);
    break;
  default:
    for (uint32_t i = 0; i < n; i++)
      memcpy(out + (size_t)to[i] * width, from + (size_t)i * width, width);
  }
}

mill_status mill_agg_loose_reorder(mill_agg_part *p, const uint32_t *to, const uint32_t *came,
                                   mill_error *err) {
  mill_agg_loose *l = p->loose;
  const int nargs = p->plan->nexprs - p->plan->op->nkeys;
  mill_memory *m = p->arena.memory;
  const uint32_t n = l->keys.n;
  uint32_t widest = 0;
  l->moves = mill_arena_alloc(&p->arena, (size_t)(nargs + 1) * sizeof *l->moves);
  if (l->moves == NULL) return mill_oom(m, (size_t)nargs, err);
  for (int i = 0; i < nargs; i++) {
    l->moves[i] = moves(&l->arg[i]);
    if (l->moves[i] && l->arg[i].type->width > widest) widest = l->arg[i].type->width;
  }
  l->came = came;
  l->before = p->groups.n;
  if (widest == 0 || n == 0) return MILL_OK;
  char *copy = mill_alloc(m, (size_t)n * widest);
  if (copy == NULL) return mill_oom(m, (size_t)n * widest, err);
  for (int i = 0; i < nargs; i++) {
    const uint32_t width = l->arg[i].type->width;
    if (!l->moves[i]) continue;
    scatter(l->arg[i].data, width, to, n, copy);
    memcpy(l->arg[i].data, copy, (size_t)n * width);
  }
  mill_free(m, copy, (size_t)n * widest);
  return MILL_OK;
}

mill_status mill_agg_loose_append(mill_agg_part *to, const mill_agg_loose *from,
                                  const uint32_t *row, uint32_t n, mill_agg_merger *m,
                                  mill_error *err) {
  mill_arena_reset(&m->scratch);
  MILL_TRY(mill_groups_keys(&from->keys, row, n, &m->keys, &m->scratch, err));
  MILL_TRY(mill_agg_append(to, &m->keys, n, m->group, err));
  return mill_agg_loose_update(to, from, row, n, m, err);
}

mill_status mill_agg_tighten(mill_agg_part *p, mill_agg_merger *m, mill_error *err) {
  uint32_t row[MILL_BATCH];
  const mill_agg_loose *l = p->loose;
  for (uint32_t at = 0, n; l && at < l->keys.n; at += n) {
    n = l->keys.n - at < MILL_BATCH ? l->keys.n - at : MILL_BATCH;
    for (uint32_t i = 0; i < n; i++) row[i] = at + i;
    MILL_TRY(mill_agg_loose_append(p, l, row, n, m, err));
  }
  mill_agg_loose_clear(p);
  return MILL_OK;
}
