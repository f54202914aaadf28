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

/* Calls update the states of `to` that m->group says with n loose rows. */
static mill_status update(mill_agg_part *to, const mill_agg_loose *l, const uint32_t *row,
                          uint32_t n, mill_agg_merger *m, mill_error *err) {
  const mill_agg_plan *plan = to->plan;
  const mill_vector *arg = l->arg;
  for (int i = 0; i < plan->op->naggs; arg += plan->op->aggs[i++].nargs) {
    const mill_bound_aggregate *a = &plan->op->aggs[i];
    if (plan->shares[i]) continue;
    mill_vector *v = mill_arena_alloc(&m->scratch, (size_t)(a->nargs + 1) * sizeof *v);
    const mill_vector **args = mill_arena_alloc(&m->scratch, (size_t)(a->nargs + 1) * sizeof *args);
    if (v == NULL || args == NULL) return mill_oom(m->scratch.memory, 1, err);
    for (int k = 0; k < a->nargs; k++) {
      MILL_TRY(mill_vector_gather(&v[k], &arg[k], row, n, false, &m->scratch, err));
      args[k] = &v[k];
    }
    for (uint32_t r = 0; r < n; r++) m->to[r] = mill_agg_state(to, m->group[r], i);
    mill_call call = mill_agg_call(plan, i, &to->arena);
    MILL_TRY(a->impl->update(&call, m->to, args, n, err));
  }
  return MILL_OK;
}

mill_status mill_agg_loose_merge(mill_agg_part *to, const mill_agg_part *from, const uint32_t *row,
                                 uint32_t n, mill_agg_merger *m, mill_error *err) {
  const mill_agg_loose *l = from->loose;
  mill_arena_reset(&m->scratch);
  MILL_TRY(mill_groups_keys(&l->keys, row, n, &m->keys, &m->scratch, err));
  MILL_TRY(mill_agg_find(to, &m->keys, n, m->group, err));
  return update(to, l, row, n, m, err);
}

mill_status mill_agg_loose_append(mill_agg_part *to, const mill_agg_loose *from,
                                  const uint32_t *row, uint32_t n, mill_agg_merger *m,
                                  mill_error *err) {
  mill_arena_reset(&m->scratch);
  MILL_TRY(mill_groups_keys(&from->keys, row, n, &m->keys, &m->scratch, err));
  MILL_TRY(mill_agg_append(to, &m->keys, n, m->group, err));
  return update(to, from, row, n, m, err);
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
