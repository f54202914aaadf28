/* Hash aggregation under memory pressure: the part of a finished morsel goes to disk.
**
** Its groups are written piece by piece, a run each: keys, the state of each call in its travelling
** form, and the group's number in the part. The end (aggregate_disk.c) reads a piece of all parts in
** their order, so the result is that of parts in memory. */
#include <string.h>

#include "exec/aggregate_int.h"

static mill_status make_schema(const mill_agg_plan *plan, mill_agg_spill *s, mill_error *err) {
  const mill_op *op = plan->op;
  mill_memory *m = plan->x->ctx->memory;
  size_t n = (size_t)(op->nkeys + op->naggs + 1), at = 0;
  mill_field *f = mill_calloc(m, n * sizeof *f);
  if (f == NULL) return mill_oom(m, n * sizeof *f, err);
  for (int i = 0; i < op->nkeys; i++) f[at++] = (mill_field){"k", op->keys[i]->type, true, NULL};
  for (int i = 0; i < op->naggs; i++) f[at++] = (mill_field){"s", op->aggs[i].partial, true, NULL};
  f[at] = (mill_field){"g", mill_type_of(MILL_INT), false, NULL};
  s->schema = mill_type_struct(plan->x->ctx->types, f, (uint32_t)n);
  mill_free(m, f, n * sizeof *f);
  return s->schema ? MILL_OK : mill_oom(m, n, err);
}

static mill_status open_file(const mill_agg_plan *plan, mill_agg_spill *s, mill_error *err) {
  mill_status status = MILL_OK;
  pthread_mutex_lock(&s->lock);
  if (s->file == NULL) {
    status = make_schema(plan, s, err);
    if (status == MILL_OK) status = mill_spill_new(plan->x->ctx, s->schema, &s->file, err);
  }
  pthread_mutex_unlock(&s->lock);
  return status;
}

static mill_status write_groups(const mill_agg_part *p, const uint32_t *group, uint32_t n,
                                mill_spill_run *run, mill_agg_merger *m, mill_error *err) {
  const mill_op *op = p->plan->op;
  mill_arena *a = &m->scratch;
  const mill_groups *of[MILL_BATCH];
  mill_arena_reset(a);
  uint32_t ncols = (uint32_t)(op->nkeys + op->naggs + 1);
  mill_vector *cols = mill_arena_alloc(a, ncols * sizeof *cols);
  if (cols == NULL) return mill_oom(a->memory, ncols, err);
  for (uint32_t i = 0; i < n; i++) of[i] = &p->groups;
  MILL_TRY(mill_groups_values(of, group, n, cols, a, err));
  for (int c = 0; c < op->naggs; c++) {
    mill_vector *v = &cols[op->nkeys + c];
    mill_call call = mill_agg_call(p->plan, c, a);
    for (uint32_t i = 0; i < n; i++) m->from[i] = mill_agg_state(p, group[i], c);
    MILL_TRY(mill_vector_init(v, op->aggs[c].partial, n, a, err));
    v->size = n;
    MILL_TRY(op->aggs[c].impl->save(&call, m->from, n, v, err));
  }
  cols[ncols - 1] = (mill_vector){.type = mill_type_of(MILL_INT),
                                  .data = (void *)(uintptr_t)group,
                                  .mask = MILL_FLAT,
                                  .size = n};
  mill_batch b = {.n = n, .ncols = ncols, .col = cols};
  return mill_spill_write(run, &b, err);
}

static mill_status write_pieces(mill_agg_part *p, mill_agg_spill *s, const uint32_t *order,
                                const uint32_t *start, mill_agg_merger *m, mill_error *err) {
  for (int k = 0; k < MILL_AGG_PIECES; k++) {
    if (start[k] == start[k + 1]) continue;
    MILL_TRY(mill_spill_run_new(s->file, &p->run[k], err));
    for (uint32_t at = start[k], n; at < start[k + 1]; at += n) {
      n = start[k + 1] - at < MILL_BATCH ? start[k + 1] - at : MILL_BATCH;
      MILL_TRY(write_groups(p, order + at, n, p->run[k], m, err));
    }
    MILL_TRY(mill_spill_end(p->run[k], err));
  }
  return MILL_OK;
}

/* Let go of the memory; the runs stay. */
static void keep_runs(mill_agg_part *p) {
  mill_spill_run **run = p->run;
  const mill_agg_plan *plan = p->plan;
  mill_agg_part was = *p;
  p->run = NULL;
  p->span = NULL;
  p->span_room = 0;
  mill_agg_part_clear(p);
  *p = (mill_agg_part){.plan = plan,
                       .run = run,
                       .spilled = was.groups.n,
                       .span = was.span,
                       .nspans = was.nspans,
                       .span_room = was.span_room};
  mill_arena_init(&p->arena, plan->x->ctx->memory);
}

mill_status mill_agg_spill_part(mill_agg_part *p, mill_agg_spill *s, mill_error *err) {
  const mill_agg_plan *plan = p->plan;
  mill_memory *memory = plan->x->ctx->memory;
  uint32_t start[MILL_AGG_PIECES + 1] = {0}, *order = NULL, n = 0;
  MILL_TRY(open_file(plan, s, err));
  mill_agg_merger *m = mill_calloc(memory, sizeof *m);
  if (m == NULL) return mill_oom(memory, sizeof *m, err);
  mill_status status = mill_agg_merger_init(m, plan, err);
  if (status == MILL_OK) {
    p->run = mill_calloc(memory, MILL_AGG_PIECES * sizeof *p->run);
    if (p->run == NULL) status = mill_oom(memory, MILL_AGG_PIECES, err);
  }
  if (status == MILL_OK) status = mill_agg_restore(p, err);
  if (status == MILL_OK) status = mill_agg_tighten(p, m, err);
  n = p->groups.n;
  if (status == MILL_OK) status = mill_agg_cut(p, &order, start, err);
  if (status == MILL_OK) status = write_pieces(p, s, order, start, m, err);
  mill_free(memory, order, n * sizeof *order);
  mill_agg_merger_clear(m);
  mill_free(memory, m, sizeof *m);
  if (status == MILL_OK) keep_runs(p);
  return status;
}

void mill_agg_runs_free(mill_agg_part *p) {
  for (int k = 0; p->run && k < MILL_AGG_PIECES; k++) mill_spill_run_free(p->run[k]);
  if (p->run) mill_free(p->plan->x->ctx->memory, p->run, MILL_AGG_PIECES * sizeof *p->run);
  p->run = NULL;
}
