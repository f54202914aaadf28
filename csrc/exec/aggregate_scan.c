/* Groups as a scan whose rows are made when they are asked for, for who keeps few of them: a top-N tells
** by the column it sorts by which groups it wants (mill_sink.wanted), and of the others no more than that
** column is made; a LIMIT stops asking. A morsel is a run of the result's groups. */
#include "exec/aggregate_int.h"

typedef struct groups_scan {
  mill_scan base;
  const mill_agg_plan *plan;
  mill_agg_merged *groups;
  mill_sink *to;
  uint32_t run; /* groups of a morsel */
  int call;     /* that the sink tells rows by; < 0: none */
  void (*drop)(void *owner);
  void *owner;
} groups_scan;

typedef struct groups_cursor {
  mill_cursor base;
  mill_agg_emitter *emitter;
  uint64_t start, at, stop;
  int ncolumns;
  mill_batch batch;
  mill_vector *col;
  const int *column;
  mill_arena own;
  uint32_t sel[MILL_BATCH];
} groups_cursor;

static mill_status groups_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  groups_cursor *c = (groups_cursor *)base;
  const groups_scan *s = (const groups_scan *)base->scan;
  const uint64_t n = mill_agg_merged_count(s->groups);
  (void)err;
  c->start = c->at = (uint64_t)morsel * s->run;
  c->stop = n - c->at < s->run ? n : c->at + s->run;
  return MILL_OK;
}

/* Look at the next groups; how many rows of them are wanted. */
static mill_status look(groups_cursor *c, const groups_scan *s, uint32_t *wanted, bool *all,
                        mill_error *err) {
  mill_vector first;
  const uint32_t n = c->stop - c->at < MILL_BATCH ? (uint32_t)(c->stop - c->at) : MILL_BATCH;
  mill_agg_look(s->groups, c->emitter, c->at, n);
  *wanted = n;
  *all = true;
  c->at += n;
  if (s->call < 0) return MILL_OK;
  MILL_TRY(mill_agg_look_call(c->emitter, s->call, &first, err));
  *wanted = s->to->wanted(s->to, (size_t)(c->start / s->run), &first, n, c->sel);
  *all = *wanted == n;
  return MILL_OK;
}

static mill_status groups_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  groups_cursor *c = (groups_cursor *)base;
  const groups_scan *s = (const groups_scan *)base->scan;
  uint32_t n = 0;
  bool all = true;
  mill_batch b;
  *out = NULL;
  while (n == 0 && c->at < c->stop) {
    MILL_TRY(mill_watch_check(err));
    MILL_TRY(look(c, s, &n, &all, err));
  }
  if (n == 0) return MILL_OK;
  MILL_TRY(mill_agg_look_rows(c->emitter, all ? NULL : c->sel, n, &b, err));
  for (int i = 0; i < c->ncolumns; i++) c->col[i] = b.col[c->column[i]];
  c->batch = (mill_batch){
      .n = n, .ncols = (uint32_t)c->ncolumns, .col = c->col, .first = c->at - c->start - n};
  *out = &c->batch;
  return MILL_OK;
}

static void groups_close(mill_cursor *base) {
  groups_cursor *c = (groups_cursor *)base;
  mill_memory *m = c->own.memory;
  mill_agg_emitter_free(c->emitter);
  mill_arena_clear(&c->own);
  mill_free(m, c, sizeof *c);
}

static mill_status groups_open(const mill_scan *base, const mill_context *ctx, const int *columns,
                               int n, mill_cursor **out, mill_error *err) {
  groups_cursor *c = mill_calloc(ctx->memory, sizeof *c);
  if (c == NULL) return mill_oom(ctx->memory, sizeof *c, err);
  c->base = (mill_cursor){base, groups_seek, groups_next, groups_close, NULL};
  mill_arena_init(&c->own, ctx->memory);
  *out = &c->base;
  int *column = mill_arena_alloc(&c->own, (size_t)(n + 1) * sizeof *column);
  c->col = mill_arena_alloc(&c->own, (size_t)(n + 1) * sizeof *c->col);
  if (column == NULL || c->col == NULL) return mill_oom(ctx->memory, (size_t)n, err);
  for (int i = 0; i < n; i++) column[i] = columns[i];
  c->column = column;
  c->ncolumns = n;
  return mill_agg_emitter_new(((const groups_scan *)base)->plan, &c->emitter, err);
}

static void groups_free(mill_scan *base) {
  groups_scan *s = (groups_scan *)base;
  mill_memory *m = s->plan->x->ctx->memory;
  mill_agg_merged_free(s->groups);
  s->drop(s->owner);
  mill_free(m, s, sizeof *s);
}

mill_status mill_agg_scan_new(const mill_agg_plan *plan, mill_agg_merged *groups, mill_sink *to,
                              int first, void (*drop)(void *owner), void *owner, mill_scan **out,
                              mill_error *err) {
  mill_memory *m = plan->x->ctx->memory;
  const uint64_t n = mill_agg_merged_count(groups);
  groups_scan *s = mill_calloc(m, sizeof *s);
  if (s == NULL) return mill_oom(m, sizeof *s, err);
  s->run = mill_run_rows(n);
  s->base = (mill_scan){.schema = plan->op->schema,
                        .morsels = (size_t)((n + s->run - 1) / s->run),
                        .rows = (double)n,
                        .refs = 1,
                        .name = "groups",
                        .open = groups_open,
                        .free = groups_free};
  s->plan = plan;
  s->groups = groups;
  s->to = to;
  s->call = to->wanted && first >= plan->op->nkeys ? first - plan->op->nkeys : -1;
  s->drop = drop;
  s->owner = owner;
  *out = &s->base;
  return MILL_OK;
}
