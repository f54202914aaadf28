/* Hash aggregation whose groups do not fit in memory, the end: the parts that are still in memory go
** to disk too (aggregate_spill.c), then piece after piece is merged from the runs of all parts, in
** their order, finished and written. Where a group first stood is its place in the result: pieces are
** written in that order, and their runs are merged by it as they are read (sorted.h). In memory are
** as many pieces as there are workers. */
#include <stdlib.h>

#include "base/thread.h"
#include "exec/aggregate_int.h"
#include "exec/sorted.h"

enum { PIECES = MILL_AGG_PIECES, FEW_GROUPS = 8192 };

typedef struct ending {
  const mill_agg_plan *plan;
  mill_agg_part **part;
  size_t n;
  mill_sorted *out;
  mill_spill_run *run[PIECES];
} ending;

/* A group of a piece and its place in the result. */
typedef struct placed {
  uint64_t place;
  uint32_t group;
} placed;

/* A piece of all parts. */
typedef struct piece {
  mill_agg_part groups;
  mill_agg_merger merger;
  placed *placed; /* of each group, in their order, then in that of the places */
  size_t capacity;
} piece;

/* ---- merging -------------------------------------------------------------------------------- */

static mill_status merge_batch(piece *p, const mill_batch *b, const mill_agg_part *from,
                               size_t *span, mill_error *err) {
  mill_agg_part *to = &p->groups;
  mill_agg_merger *m = &p->merger;
  const mill_op *op = to->plan->op;
  uint32_t before = to->groups.n;
  const uint32_t *number = b->col[b->ncols - 1].data;
  mill_group_keys_set(&m->keys, &to->plan->layout, b->col, b->n);
  MILL_TRY(mill_agg_find(to, &m->keys, b->n, m->group, err));
  MILL_TRY(mill_grow(to->arena.memory, (void **)&p->placed, &p->capacity, to->groups.n + 1,
                     sizeof *p->placed, err));
  for (uint32_t g = before; g < to->groups.n; g++) p->placed[g] = (placed){UINT64_MAX, g};
  for (uint32_t i = 0; i < b->n; i++) {
    uint64_t place = mill_agg_place(from, number[i], span);
    if (place < p->placed[m->group[i]].place) p->placed[m->group[i]].place = place;
  }
  for (int c = 0; c < op->naggs; c++) {
    if (to->plan->shares[c]) continue;
    mill_call call = mill_agg_call(to->plan, c, &to->arena);
    for (uint32_t i = 0; i < b->n; i++) m->to[i] = mill_agg_state(to, m->group[i], c);
    MILL_TRY(op->aggs[c].impl->merge(&call, m->to, &b->col[op->nkeys + c], b->n, err));
  }
  return MILL_OK;
}

static mill_status merge_run(piece *p, const mill_spill_run *run, const mill_agg_part *from,
                             mill_error *err) {
  mill_rows *rows = NULL;
  size_t span = 0;
  mill_batch *b;
  MILL_TRY(mill_spill_read(run, &rows, err));
  mill_status s = rows->next(rows, &b, err);
  while (s == MILL_OK && b) {
    s = merge_batch(p, b, from, &span, err);
    if (s == MILL_OK) s = rows->next(rows, &b, err);
  }
  rows->free(rows);
  return s;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static mill_status write_some(piece *p, const placed *from, uint32_t n, mill_spill_run *run,
                              mill_error *err) {
  mill_agg_part *part[MILL_BATCH];
  uint32_t group[MILL_BATCH];
  uint64_t place[MILL_BATCH];
  mill_batch b;
  mill_arena a;
  mill_arena_init(&a, p->groups.arena.memory);
  for (uint32_t i = 0; i < n; i++) {
    part[i] = &p->groups;
    group[i] = from[i].group;
    place[i] = from[i].place;
  }
  mill_status s = mill_agg_rows(p->groups.plan, part, group, n, &b, &a, err);
  if (s == MILL_OK) {
    /* mill_agg_rows leaves room for one more column */
    b.col[b.ncols++] = (mill_vector){
        .type = mill_type_of(MILL_BIGINT), .data = place, .mask = MILL_FLAT, .size = n};
    s = mill_spill_write(run, &b, err);
  }
  mill_arena_clear(&a);
  return s;
}

static int by_place(const void *a, const void *b) {
  uint64_t x = ((const placed *)a)->place, y = ((const placed *)b)->place;
  return (x > y) - (x < y);
}

static mill_status write_piece(piece *p, mill_spill_run *run, mill_error *err) {
  uint32_t total = p->groups.groups.n;
  if (total) qsort(p->placed, total, sizeof *p->placed, by_place);
  for (uint32_t at = 0, n; at < total; at += n) {
    n = total - at < MILL_BATCH ? total - at : MILL_BATCH;
    MILL_TRY(write_some(p, p->placed + at, n, run, err));
  }
  return mill_spill_end(run, err);
}

static mill_status fill_piece(const ending *e, size_t number, piece *p, mill_error *err) {
  MILL_TRY(mill_agg_part_init(&p->groups, e->plan, err));
  MILL_TRY(mill_agg_merger_init(&p->merger, e->plan, err));
  for (size_t i = 0; i < e->n; i++)
    if (e->part[i] && e->part[i]->run[number])
      MILL_TRY(merge_run(p, e->part[i]->run[number], e->part[i], err));
  mill_groups_close(&p->groups.groups);
  return write_piece(p, e->run[number], err);
}

static mill_status finish_piece(void *arg, size_t number, int worker, mill_error *err) {
  const ending *e = arg;
  mill_memory *m = e->plan->x->ctx->memory;
  piece *p = mill_calloc(m, sizeof *p);
  (void)worker;
  if (p == NULL) return mill_oom(m, sizeof *p, err);
  mill_arena_init(&p->merger.own, m);
  mill_arena_init(&p->merger.scratch, m);
  mill_status s = fill_piece(e, number, p, err);
  mill_agg_merger_clear(&p->merger);
  mill_agg_part_clear(&p->groups);
  mill_free(m, p->placed, p->capacity * sizeof *p->placed);
  mill_free(m, p, sizeof *p);
  return s;
}

/* ---- all ------------------------------------------------------------------------------------ */

bool mill_agg_needs_disk(const mill_agg_plan *plan, mill_agg_part *const *part, size_t n) {
  const mill_op *op = plan->op;
  uint64_t total = 0, each = 48 + plan->state_size + 8 * plan->layout.words;
  if (op->nkeys == 0) return false;
  for (uint32_t c = 0; c < op->schema->nfields; c++) each += op->schema->fields[c].type->width;
  for (size_t i = 0; i < n; i++) {
    if (part[i] && part[i]->run) return true;
    total += part[i] ? mill_agg_count(part[i]) : 0;
  }
  return total > FEW_GROUPS && mill_spill_needed(plan->x->ctx, total * each);
}

static mill_status finish_pieces(ending *e, mill_agg_spill *spill, mill_error *err) {
  for (size_t i = 0; i < e->n; i++) {
    mill_agg_part *p = e->part[i];
    if (p && p->run == NULL) MILL_TRY(mill_agg_spill_part(p, spill, err));
  }
  uint64_t total;
  MILL_TRY(mill_agg_place_all(e->plan, e->part, e->n, &total, err));
  MILL_TRY(mill_sorted_placed_new(e->plan->x, e->plan->op->schema, &e->out, err));
  for (int k = 0; k < PIECES; k++) MILL_TRY(mill_sorted_placed_run(e->out, &e->run[k], err));
  MILL_TRY(mill_pool_run(e->plan->x->ctx->pool, PIECES, finish_piece, e, err));
  return mill_sorted_placed_end(e->out, err);
}

mill_status mill_agg_finish_disk(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                 mill_agg_spill *spill, mill_scan **out, mill_error *err) {
  mill_memory *m = plan->x->ctx->memory;
  ending *e = mill_calloc(m, sizeof *e);
  if (e == NULL) return mill_oom(m, sizeof *e, err);
  *e = (ending){.plan = plan, .part = part, .n = n};
  mill_status s = finish_pieces(e, spill, err);
  mill_sorted *rows = e->out;
  mill_free(m, e, sizeof *e);
  if (s == MILL_OK) return mill_sorted_scan(rows, plan->op->schema, 0, -1, out, err);
  mill_sorted_free(rows);
  return s;
}
