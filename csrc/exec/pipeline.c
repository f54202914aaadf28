/* Pipelines: from an operator down to a source, run morsel by morsel; see exec_int.h. A join that
** does not fit in memory cuts its pipeline in two. */
#include <stddef.h>
#include <string.h>

#include "base/thread.h"
#include "exec/condition.h"
#include "exec/exec_int.h"

enum { MAX_STEPS = 256, MAX_TESTS = 16 };

typedef struct pipeline {
  const mill_exec *x;
  mill_sink *sink;
  int n;
  mill_scan *source;
  const int *columns;
  int ncolumns;
  int *identity;             /* columns of sources that give all */
  bool ranged;               /* morsels may be left out by the ranges of their values */
  mill_test test[MAX_TESTS]; /* ntests that all rows that count fulfil, of columns of the source */
  int ntests;
  int first; /* the column among them that the sink tells rows by; < 0: none */
  bool host;
  mill_meter *source_meter, *owner; /* where the run has meters; owner: whose sink it is */
  struct worker *worker;
  int workers;
  const mill_op *step[MAX_STEPS]; /* n of them, from the source to the sink */
  mill_join_table *join[MAX_STEPS];
} pipeline;

typedef struct last_step {
  mill_step base;
  mill_sink *sink;
  size_t morsel;
} last_step;

typedef struct worker {
  mill_cursor *cursor;
  mill_step *first;
  last_step last;
  uint32_t *sel; /* rows that the sink wants; NULL: it cannot tell */
} worker;

bool mill_op_streams(const mill_op *op) {
  switch (op->kind) {
  case MILL_OP_FILTER:
  case MILL_OP_PROJECT:
  case MILL_OP_EXPAND:
  case MILL_OP_GENERATE:
  case MILL_OP_SAMPLE: return true;
  case MILL_OP_JOIN:
    return !op->build_left && op->join != MILL_OP_RIGHT && op->join != MILL_OP_FULL;
  default: return false;
  }
}

/* ---- sources -------------------------------------------------------------------------------- */

static mill_status all_columns(pipeline *p, mill_error *err) {
  int n = (int)p->source->schema->nfields;
  p->identity = mill_alloc(p->x->ctx->memory, (size_t)(n + 1) * sizeof *p->identity);
  if (p->identity == NULL) return mill_oom(p->x->ctx->memory, (size_t)n, err);
  for (int i = 0; i < n; i++) p->identity[i] = i;
  p->columns = p->identity;
  p->ncolumns = n;
  return MILL_OK;
}

/* Rows of groups, made when the sink wants them. */
static mill_status open_groups(pipeline *p, const mill_op *op, mill_error *err) {
  const int first = p->sink->first ? mill_source_column(p->step, p->n, p->sink->first) : -1;
  mill_meter_span span = mill_meter_begin(p->x->run->meters, p->x->ctx, op);
  mill_status s = mill_exec_aggregate_for(p->x, op, p->sink, first, &p->source, err);
  mill_meter_end(&span, p->x->ctx);
  return s;
}

static mill_status open_source(pipeline *p, const mill_op *op, mill_error *err) {
  p->source_meter = mill_meters_of(p->x->run->meters, op);
  if (op->kind == MILL_OP_SCAN) {
    p->source = mill_scan_ref(op->scan);
    p->columns = op->columns;
    p->ranged = op->ranged && op->scan->range;
    p->ncolumns = (int)op->schema->nfields;
    return MILL_OK;
  }
  p->host |= op->kind == MILL_OP_WINDOW && mill_op_needs_host(op);
  MILL_TRY(op->kind == MILL_OP_AGGREGATE && p->sink->keeps_few
               ? open_groups(p, op, err)
               : mill_exec_scan(p->x, op, &p->source, err));
  return all_columns(p, err);
}

/* ---- workers -------------------------------------------------------------------------------- */

static mill_status push_last(mill_step *s, mill_batch *b, mill_error *err) {
  last_step *l = (last_step *)s;
  MILL_TRY(mill_watch_check(err));
  return l->sink->push(l->sink, l->morsel, b, err);
}

/* ---- meters --------------------------------------------------------------------------------- */

/* Stands before a step, or the sink: counts what comes from below, and marks whose time it is. */
typedef struct meter_step {
  mill_step base;
  mill_meter *below, *own;
} meter_step;

static mill_status push_metered(mill_step *s, mill_batch *b, mill_error *err) {
  meter_step *m = (meter_step *)s;
  mill_meter_rows(m->below, b->n);
  mill_meter *before = mill_meter_mark(m->own);
  mill_status status = s->next->push(s->next, b, err);
  mill_meter_mark(before);
  return status;
}

static void meter_free(mill_step *s) { mill_free(s->x->ctx->memory, s, sizeof(meter_step)); }

mill_status mill_step_meter(const mill_exec *x, mill_meter *below, mill_meter *own, mill_step ***at,
                            mill_error *err) {
  if (x->run->meters == NULL) return MILL_OK;
  meter_step *m = mill_calloc(x->ctx->memory, sizeof *m);
  if (m == NULL) return mill_oom(x->ctx->memory, sizeof *m, err);
  m->base = (mill_step){.x = x, .push = push_metered, .free = meter_free};
  m->below = below;
  m->own = own;
  **at = &m->base;
  *at = &m->base.next;
  return MILL_OK;
}

/* The step in front of the sink, but for those that choose none of the columns. */
static int last_of(const pipeline *p) {
  int i = p->n - 1;
  while (i >= 0 && p->step[i]->kind == MILL_OP_PROJECT && p->step[i]->nexprs == 0) i--;
  return i;
}

static mill_status open_worker(pipeline *p, worker *w, mill_error *err) {
  mill_step **at = &w->first;
  mill_meter *below = p->source_meter;
  w->last = (last_step){.base = {.x = p->x, .push = push_last}, .sink = p->sink};
  if (p->first >= 0) {
    w->sel = mill_alloc(p->x->ctx->memory, MILL_BATCH * sizeof *w->sel);
    if (w->sel == NULL) return mill_oom(p->x->ctx->memory, MILL_BATCH * sizeof *w->sel, err);
  }
  for (int i = 0; i < p->n; i++) {
    mill_step *s = NULL;
    mill_meter *own = mill_meters_of(p->x->run->meters, p->step[i]);
    MILL_TRY(mill_step_meter(p->x, below, own, &at, err));
    below = own;
    MILL_TRY(p->step[i]->kind == MILL_OP_JOIN
                 ? mill_join_probe(p->x, p->step[i], p->join[i], &s, err)
                 : mill_step_new(p->x, p->step[i], &s, err));
    if (p->sink->counts && i == last_of(p)) mill_step_counts(s);
    *at = s;
    at = &s->next;
  }
  MILL_TRY(mill_step_meter(p->x, below, p->owner, &at, err));
  *at = &w->last.base;
  return p->source->open(p->source, p->x->ctx, p->columns, p->ncolumns, &w->cursor, err);
}

static void close_worker(pipeline *p, worker *w) {
  mill_step *s = w->first;
  while (s && s != &w->last.base) {
    mill_step *next = s->next;
    s->free(s);
    s = next;
  }
  if (w->cursor) w->cursor->free(w->cursor);
  mill_free(p->x->ctx->memory, w->sel, MILL_BATCH * sizeof *w->sel);
}

/* Rows that go from the source into the sink as they are. */
static mill_status move_chunk(pipeline *p, worker *w, size_t morsel, mill_error *err) {
  mill_chunk *c;
  MILL_TRY(w->cursor->chunk(w->cursor, &c, err));
  return c ? p->sink->take(p->sink, morsel, c, err) : MILL_OK;
}

/* A batch of the source into the steps, without rows that the sink knows to be for nothing. */
static mill_status push_batch(pipeline *p, worker *w, mill_batch *b, mill_error *err) {
  if (w->sel && b->sel == NULL) {
    uint32_t n = p->sink->wanted(p->sink, w->last.morsel, &b->col[p->first], b->n, w->sel);
    mill_meter_rows(p->source_meter, b->n - n);
    if (n == 0) return MILL_OK;
    if (n < b->n) b->sel = w->sel;
    b->n = n;
  }
  return w->first->push(w->first, b, err);
}

/* ---- ranges --------------------------------------------------------------------------------- */

/* What the filters right above the source compare with constants. Of one that may fail, no row is left
** out. */
static mill_status find_tests(pipeline *p, mill_error *err) {
  mill_memory *m = p->x->ctx->memory;
  for (int i = 0; i < p->n && p->step[i]->kind == MILL_OP_FILTER; i++) {
    const mill_bound *all = p->step[i]->predicate;
    if (!mill_bound_harmless(all)) break;
    int n = mill_conditions(all, NULL);
    const mill_bound **list = mill_alloc(m, (size_t)n * sizeof *list);
    if (list == NULL) return mill_oom(m, (size_t)n, err);
    mill_conditions(all, list);
    for (int k = 0; k < n && p->ntests < MAX_TESTS; k++)
      if (mill_condition_test(list[k], &p->test[p->ntests]))
        p->test[p->ntests].column = p->columns[p->test[p->ntests].column], p->ntests++;
    mill_free(m, list, (size_t)n * sizeof *list);
  }
  return MILL_OK;
}

/* May a row of the morsel be wanted? */
static bool morsel_wanted(const pipeline *p, size_t morsel) {
  mill_range r;
  const mill_scan *s = p->source;
  if (p->first >= 0 && p->sink->may_want && s->range(s, morsel, p->columns[p->first], &r) &&
      !p->sink->may_want(p->sink, morsel, &r))
    return false;
  for (int i = 0; i < p->ntests; i++)
    if (s->range(s, morsel, p->test[i].column, &r) && !mill_test_may_pass(&p->test[i], &r))
      return false;
  return true;
}

/* Tell the filters right above the source. */
static void begin_steps(const pipeline *p, worker *w, size_t morsel) {
  for (mill_step *s = w->first; s && (!s->op || s->op->kind == MILL_OP_FILTER); s = s->next)
    if (s->begin) s->begin(s, p->source, morsel, p->columns);
}

static mill_status push_morsel(pipeline *p, size_t morsel, int number, mill_error *err) {
  worker *w = &p->worker[number];
  mill_batch *b;
  if (p->ranged && !morsel_wanted(p, morsel))
    return p->sink->end_morsel ? p->sink->end_morsel(p->sink, morsel, err) : MILL_OK;
  if (w->cursor == NULL) MILL_TRY(open_worker(p, w, err));
  w->last.morsel = morsel;
  if (p->ranged) begin_steps(p, w, morsel);
  MILL_TRY(w->cursor->seek(w->cursor, morsel, err));
  bool whole = w->cursor->chunk && p->sink->take && w->first == &w->last.base;
  if (whole) MILL_TRY(move_chunk(p, w, morsel, err));
  while (!whole) {
    MILL_TRY(w->cursor->next(w->cursor, &b, err));
    if (b == NULL) break;
    MILL_TRY(mill_watch_check(err));
    b->first += (uint64_t)morsel << MILL_MORSEL_BITS;
    MILL_TRY(push_batch(p, w, b, err));
    if (p->sink->full && p->sink->full(p->sink)) break;
  }
  for (mill_step *s = w->first; s != &w->last.base; s = s->next)
    if (s->end) MILL_TRY(s->end(s, err));
  if (p->x->run->meters) mill_meter_mark(p->owner);
  return p->sink->end_morsel ? p->sink->end_morsel(p->sink, morsel, err) : MILL_OK;
}

static mill_status run_morsel(void *arg, size_t morsel, int number, mill_error *err) {
  pipeline *p = arg;
  if (p->x->run->meters == NULL) return push_morsel(p, morsel, number, err);
  mill_meter *before = mill_meter_mark(p->source_meter);
  mill_status s = push_morsel(p, morsel, number, err);
  mill_meter_look(p->owner, p->x->ctx);
  mill_meter_mark(before);
  return s;
}

static mill_status run_stride(void *arg, size_t task, int number, mill_error *err) {
  pipeline *p = arg;
  size_t from = task * p->sink->stride, to = from + p->sink->stride;
  for (size_t m = from; m < to && m < p->source->morsels; m++)
    MILL_TRY(run_morsel(p, m, number, err));
  return MILL_OK;
}

typedef struct asked {
  const mill_run *run;
  size_t morsels;
} asked;

static mill_status poll(void *arg, size_t done, mill_error *err) {
  const asked *a = arg;
  if (a->run->poll == NULL) return MILL_OK;
  return a->run->poll(a->run->poll_arg, (double)done / (double)(a->morsels ? a->morsels : 1), 0,
                      err);
}

/* All morsels, one after the other. */
static mill_status run_in_turn(void *arg, size_t task, int number, mill_error *err) {
  pipeline *p = arg;
  (void)task;
  for (size_t m = 0; m < p->source->morsels; m++) {
    if (p->sink->full && p->sink->full(p->sink)) break;
    MILL_TRY(run_morsel(p, m, number, err));
    MILL_TRY(mill_watch_check(err));
  }
  return MILL_OK;
}

static mill_status run_all(pipeline *p, mill_error *err) {
  size_t n = p->source->morsels;
  asked a = {p->x->run, n};
  MILL_TRY(p->sink->begin(p->sink, n, err));
  bool any_order = !p->host && !p->source->in_turn && p->sink->full == NULL;
  bool strides = p->sink->stride > 1;
  if (strides) a.morsels = (n + p->sink->stride - 1) / p->sink->stride;
  if (any_order)
    return (p->source->near ? mill_pool_run_near : mill_pool_run_poll)(
        p->x->ctx->pool, a.morsels, strides ? run_stride : run_morsel, p, poll, &a, err);
  return mill_pool_run_poll(p->x->ctx->pool, 1, run_in_turn, p, poll, &a, err);
}

/* Of the source only rows that the joins can use. */
static mill_status narrow_source(pipeline *p, mill_join_wants **wants, mill_error *err) {
  if (p->source->narrow == NULL) return MILL_OK;
  for (int i = 0; i < p->n; i++)
    if (p->join[i]) MILL_TRY(mill_join_wants_add(wants, p->join[i], p->step, i, p->columns, err));
  if (p->sink->meets)
    MILL_TRY(mill_join_wants_add(wants, p->sink->meets, p->step, p->n, p->columns, err));
  return mill_join_wants_narrow(*wants, &p->source, err);
}

static mill_status run_workers(pipeline *p, mill_error *err) {
  mill_memory *m = p->x->ctx->memory;
  mill_join_wants *wants = NULL;
  mill_scan *all = mill_scan_ref(p->source);
  mill_status s = narrow_source(p, &wants, err);
  p->first = p->sink->first ? mill_source_column(p->step, p->n, p->sink->first) : -1;
  p->worker = mill_calloc(m, (size_t)p->workers * sizeof *p->worker);
  p->ranged = p->ranged && p->source->range;
  if (s == MILL_OK && p->ranged) s = find_tests(p, err);
  if (s == MILL_OK) s = p->worker ? run_all(p, err) : mill_oom(m, 1, err);
  for (int i = 0; p->worker && i < p->workers; i++) close_worker(p, &p->worker[i]);
  mill_free(m, p->worker, (size_t)p->workers * sizeof *p->worker);
  p->worker = NULL;
  mill_scan_unref(p->source);
  p->source = all;
  mill_join_wants_free(wants);
  return s;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void drop_source(pipeline *p) {
  mill_memory *m = p->x->ctx->memory;
  if (p->identity) mill_free(m, p->identity, (size_t)(p->ncolumns + 1) * sizeof *p->identity);
  p->identity = NULL;
  mill_scan_unref(p->source);
  p->source = NULL;
  p->ranged = false;
}

/* Step i is a join that goes to disk: what stands before it runs into the join's left side, and the
** rows of the join are the source of what stands behind it. */
static mill_status cut_at(pipeline *p, int i, mill_error *err) {
  pipeline low = *p;
  low.n = i;
  low.sink = mill_join_left(p->join[i]);
  MILL_TRY(run_workers(&low, err));
  for (int k = 0; k < i; k++) {
    mill_join_free(p->join[k]);
    p->join[k] = NULL;
  }
  drop_source(p);
  p->source_meter = mill_meters_of(p->x->run->meters, p->step[i]);
  MILL_TRY(mill_join_scan(p->join[i], &p->source, err));
  mill_join_free(p->join[i]);
  p->join[i] = NULL;
  p->n -= i + 1;
  memmove(p->step, p->step + i + 1, (size_t)p->n * sizeof *p->step);
  memset(p->join, 0, sizeof p->join);
  return all_columns(p, err);
}

static mill_status find_steps(pipeline *p, const mill_op *top, mill_error *err) {
  const mill_op *op = top;
  int n = 0;
  while (mill_op_streams(op) && n < MAX_STEPS) {
    p->step[n++] = op;
    p->host |= mill_op_needs_host(op);
    op = op->child[0];
    if (p->step[n - 1]->kind == MILL_OP_SAMPLE && !mill_sample_streams(p->step[n - 1])) break;
  }
  for (int i = 0; i < n / 2; i++) {
    const mill_op *t = p->step[i];
    p->step[i] = p->step[n - 1 - i];
    p->step[n - 1 - i] = t;
  }
  p->n = n;
  memset(p->join, 0, (size_t)n * sizeof *p->join);
  for (int i = 0; i < p->n; i++) {
    if (p->step[i]->kind != MILL_OP_JOIN) continue;
    mill_meter_span span = mill_meter_begin(p->x->run->meters, p->x->ctx, p->step[i]);
    mill_status s = mill_join_build(p->x, p->step[i], &p->join[i], err);
    mill_meter_end(&span, p->x->ctx);
    if (s != MILL_OK) return s;
    if (!mill_join_on_disk(p->join[i])) continue;
    if (p->source == NULL) MILL_TRY(open_source(p, op, err));
    MILL_TRY(cut_at(p, i, err));
    i = -1;
  }
  return p->source ? MILL_OK : open_source(p, op, err);
}

mill_status mill_pipeline_run(const mill_exec *x, const mill_op *op, mill_sink *sink,
                              mill_error *err) {
  mill_memory *m = x->ctx->memory;
  pipeline *p = mill_alloc(m, sizeof *p);
  if (p == NULL) return mill_oom(m, sizeof *p, err);
  memset(p, 0, offsetof(pipeline, step));
  p->x = x;
  p->sink = sink;
  p->workers = mill_pool_threads(x->ctx->pool);
  if (x->run->meters) p->owner = mill_meter_current();
  mill_status s = find_steps(p, op, err);
  if (s == MILL_OK) s = run_workers(p, err);
  for (int i = 0; i < p->n; i++) mill_join_free(p->join[i]);
  drop_source(p);
  mill_free(m, p, sizeof *p);
  return s;
}
