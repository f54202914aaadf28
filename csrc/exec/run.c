/* Running trees: operators as scans and as tables, rows for the host; see run.h. */
#include "exec/run.h"

#include "exec/exec_int.h"

/* ---- collecting ----------------------------------------------------------------------------- */

typedef struct collect_sink {
  mill_sink base;
  const mill_type *schema;
  mill_table **part; /* one a morsel, NULL: no rows */
  size_t n;
  bool coded;
  uint64_t most; /* atomic: rows of the largest part so far, a guess for those that follow */
} collect_sink;

static mill_status collect_begin(mill_sink *s, size_t morsels, mill_error *err) {
  collect_sink *c = (collect_sink *)s;
  c->part = mill_calloc(s->x->ctx->memory, (morsels + 1) * sizeof *c->part);
  if (c->part == NULL) return mill_oom(s->x->ctx->memory, morsels, err);
  c->n = morsels;
  return MILL_OK;
}

static mill_status collect_push(mill_sink *s, size_t morsel, mill_batch *b, mill_error *err) {
  collect_sink *c = (collect_sink *)s;
  mill_table **t = &c->part[morsel];
  if (*t == NULL) {
    MILL_TRY(mill_table_new(s->x->ctx->memory, c->schema, t, err));
    (*t)->coded = c->coded;
    (*t)->expect = __atomic_load_n(&c->most, __ATOMIC_RELAXED) / 16 * 17;
  }
  MILL_TRY(mill_table_append(*t, b, err));
  if ((*t)->rows > __atomic_load_n(&c->most, __ATOMIC_RELAXED))
    __atomic_store_n(&c->most, (*t)->rows, __ATOMIC_RELAXED);
  return MILL_OK;
}

static mill_status collect_take(mill_sink *s, size_t morsel, mill_chunk *chunk, mill_error *err) {
  collect_sink *c = (collect_sink *)s;
  mill_table **t = &c->part[morsel];
  mill_status status = mill_table_new(s->x->ctx->memory, c->schema, t, err);
  if (status != MILL_OK) {
    mill_chunk_unref(chunk);
    return status;
  }
  (*t)->coded = c->coded;
  return mill_table_add_move(*t, chunk, err);
}

static mill_status append_batches(mill_table *out, mill_chunk *c, mill_error *err) {
  mill_batch b;
  mill_arena a;
  mill_arena_init(&a, out->memory);
  mill_vector *cols = mill_arena_alloc(&a, (c->ncols + 1) * sizeof *cols);
  mill_status s = cols ? MILL_OK : mill_oom(out->memory, c->ncols, err);
  for (uint32_t at = 0; at < c->n && s == MILL_OK; at += MILL_BATCH) {
    uint32_t n = c->n - at < MILL_BATCH ? c->n - at : MILL_BATCH;
    s = mill_chunk_batch(c, at, n, cols, &a, &b, err);
    if (s == MILL_OK) s = mill_table_append(out, &b, err);
  }
  mill_arena_clear(&a);
  return s;
}

mill_status mill_table_concat(mill_table *const *part, size_t n, mill_table *out, mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    const mill_table *t = part[i];
    for (size_t k = 0; t && k < t->nchunks; k++) {
      mill_chunk *chunk = t->chunk[k];
      if (chunk->n < MILL_CHUNK / 8 && n > 1) {
        MILL_TRY(append_batches(out, chunk, err));
      } else {
        MILL_TRY(mill_table_add_move(out, mill_chunk_ref(chunk), err));
      }
    }
  }
  return MILL_OK;
}

static mill_status collect(const mill_exec *x, const mill_op *op, mill_table *out,
                           mill_error *err) {
  collect_sink c = {.base = {.x = x, .begin = collect_begin, .push = collect_push},
                    .schema = op->schema,
                    .coded = out->coded};
  if (c.coded) c.base.take = collect_take;
  mill_status s = mill_pipeline_run(x, op, &c.base, err);
  if (s == MILL_OK) s = mill_table_concat(c.part, c.n, out, err);
  for (size_t i = 0; i < c.n; i++) mill_table_unref(c.part[i]);
  if (c.part) mill_free(x->ctx->memory, c.part, (c.n + 1) * sizeof *c.part);
  return s;
}

/* ---- whole operators ------------------------------------------------------------------------- */

static mill_status run_union(const mill_exec *x, const mill_op *op, mill_table *out,
                             mill_error *err) {
  for (int i = 0; i < op->nchildren; i++) MILL_TRY(collect(x, op->child[i], out, err));
  return MILL_OK;
}

/* ---- rows that are used twice ---------------------------------------------------------------- */

struct mill_shared {
  mill_shared *next;
  const mill_op *op;
  mill_scan *rows;
};

static mill_status share_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                              mill_error *err) {
  for (mill_shared *s = *x->shared; s; s = s->next) {
    if (s->op != op) continue;
    *out = mill_scan_ref(s->rows);
    return MILL_OK;
  }
  mill_shared *s = mill_calloc(x->ctx->memory, sizeof *s);
  if (s == NULL) return mill_oom(x->ctx->memory, sizeof *s, err);
  mill_status status = mill_exec_held(x, op->child[0], &s->rows, err);
  if (status != MILL_OK) {
    mill_free(x->ctx->memory, s, sizeof *s);
    return status;
  }
  s->op = op;
  s->next = *x->shared;
  *x->shared = s;
  *out = mill_scan_ref(s->rows);
  return MILL_OK;
}

void mill_shared_clear(mill_memory *m, mill_shared *s) {
  for (mill_shared *next; s; s = next) {
    next = s->next;
    mill_scan_unref(s->rows);
    mill_free(m, s, sizeof *s);
  }
}

/* ---- operators as scans ------------------------------------------------------------------------ */

static mill_status make_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                             mill_error *err) {
  switch (op->kind) {
  case MILL_OP_RANGE: return mill_source_range(x, op, out, err);
  case MILL_OP_ONE_ROW: return mill_source_one_row(x, op, out, err);
  case MILL_OP_SORT: return mill_exec_sort_scan(x, op, out, err);
  case MILL_OP_WINDOW: return mill_exec_window_scan(x, op, out, err);
  case MILL_OP_WINDOW_GROUP_LIMIT: return mill_exec_group_limit_scan(x, op, out, err);
  case MILL_OP_AGGREGATE:
    MILL_TRY(mill_exec_known(x, op, out, err));
    return *out ? MILL_OK : mill_exec_aggregate(x, op, out, err);
  case MILL_OP_SHARE: return share_scan(x, op, out, err);
  case MILL_OP_LIMIT: return mill_exec_limit_scan(x, op, out, err);
  case MILL_OP_TAIL: return mill_exec_tail_scan(x, op, out, err);
  case MILL_OP_UNION: return mill_exec_union_scan(x, op, out, err);
  case MILL_OP_ROWS: return mill_exec_rows_scan(x, op, out, err);
  default: break;
  }
  if (op->kind == MILL_OP_JOIN && !mill_op_streams(op)) return mill_join_whole(x, op, out, err);
  return mill_exec_kept(x, op, out, err);
}

mill_status mill_exec_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                           mill_error *err) {
  mill_meter_span span = mill_meter_begin(x->run->meters, x->ctx, op);
  mill_status s = make_scan(x, op, out, err);
  mill_meter_end(&span, x->ctx);
  return s;
}

mill_status mill_exec_held(const mill_exec *x, const mill_op *op, mill_scan **out,
                           mill_error *err) {
  switch (op->kind) {
  case MILL_OP_RANGE:
  case MILL_OP_ONE_ROW:
  case MILL_OP_SORT:
  case MILL_OP_UNION:
  case MILL_OP_WINDOW:
  case MILL_OP_WINDOW_GROUP_LIMIT: return mill_exec_kept(x, op, out, err);
  default: return mill_exec_scan(x, op, out, err);
  }
}

/* ---- operators as tables ----------------------------------------------------------------------- */

/* Is the operator made whole anyway, a scan first? */
static bool made_whole(const mill_op *op) {
  switch (op->kind) {
  case MILL_OP_AGGREGATE:
  case MILL_OP_SHARE:
  case MILL_OP_LIMIT:
  case MILL_OP_TAIL:
  case MILL_OP_ROWS: return true;
  case MILL_OP_JOIN: return !mill_op_streams(op);
  default: return false;
  }
}

static mill_status fill_table(const mill_exec *x, const mill_op *op, mill_table *out,
                              mill_error *err) {
  mill_scan *scan = NULL;
  if (op->kind == MILL_OP_UNION) return run_union(x, op, out, err);
  if (!made_whole(op)) return collect(x, op, out, err);
  MILL_TRY(mill_exec_scan(x, op, &scan, err));
  mill_status s = mill_exec_read(x, scan, out, err);
  mill_scan_unref(scan);
  return s;
}

static mill_status make_table(const mill_exec *x, const mill_op *op, mill_table **out,
                              mill_error *err) {
  MILL_TRY(mill_table_new(x->ctx->memory, op->schema, out, err));
  (*out)->coded = x->run->coded;
  mill_meter_span span = mill_meter_begin(x->run->meters, x->ctx, op);
  mill_status s = fill_table(x, op, *out, err);
  if (s == MILL_OK && span.meter && span.meter->rows == 0)
    mill_meter_rows(span.meter, (*out)->rows);
  mill_meter_end(&span, x->ctx);
  if (s == MILL_OK) return s;
  mill_table_unref(*out);
  *out = NULL;
  return s;
}

static mill_status ask_run(void *arg, size_t done, mill_error *err) {
  const mill_run *run = arg;
  (void)done;
  return run->poll(run->poll_arg, -1, 0, err);
}

void mill_run_watch(const mill_run *run, mill_watch *w) {
  mill_watch_begin(w, run->poll ? ask_run : NULL, (void *)run);
}

mill_status mill_run_table(const mill_run *run, const mill_op *root, mill_table **out,
                           mill_error *err) {
  mill_shared *shared = NULL;
  mill_exec x = {run, run->ctx, run->set, &shared};
  mill_watch w;
  mill_run_watch(run, &w);
  mill_status s = make_table(&x, root, out, err);
  mill_watch_end(&w);
  mill_shared_clear(run->ctx->memory, shared);
  return s;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* A result on its way out. */
typedef struct scan_rows {
  mill_rows base;
  mill_run run;
  mill_exec x;
  mill_shared *shared;
  mill_scan *scan;
  mill_cursor *cursor;
  size_t next; /* morsel */
} scan_rows;

static mill_status next_batch(scan_rows *r, mill_batch **out, mill_error *err) {
  for (;;) {
    if (r->next > 0) MILL_TRY(r->cursor->next(r->cursor, out, err));
    if (*out || r->next == r->scan->morsels) return MILL_OK;
    MILL_TRY(r->cursor->seek(r->cursor, r->next, err));
    r->next++;
  }
}

static mill_status rows_next(mill_rows *base, mill_batch **out, mill_error *err) {
  scan_rows *r = (scan_rows *)base;
  mill_watch w;
  *out = NULL;
  mill_run_watch(&r->run, &w);
  mill_status s = next_batch(r, out, err);
  mill_watch_end(&w);
  return s;
}

static void rows_free(mill_rows *base) {
  scan_rows *r = (scan_rows *)base;
  mill_memory *m = r->x.ctx->memory;
  if (r->cursor) r->cursor->free(r->cursor);
  mill_scan_unref(r->scan);
  mill_shared_clear(m, r->shared);
  mill_free(m, r, sizeof *r);
}

/* All columns of a scan. */
static mill_status open_all(scan_rows *r, int n, mill_error *err) {
  mill_memory *m = r->x.ctx->memory;
  int *all = mill_alloc(m, ((size_t)n + 1) * sizeof *all);
  if (all == NULL) return mill_oom(m, (size_t)n, err);
  for (int i = 0; i < n; i++) all[i] = i;
  mill_status s = r->scan->open(r->scan, r->x.ctx, all, n, &r->cursor, err);
  mill_free(m, all, ((size_t)n + 1) * sizeof *all);
  return s;
}

/* Rows of a table that is there are handed out where they lie. */
static mill_status open_rows(scan_rows *r, const mill_op *root, mill_error *err) {
  int n = (int)root->schema->nfields;
  if (root->kind == MILL_OP_SCAN && mill_scan_in_memory(root->scan)) {
    r->scan = mill_scan_ref(root->scan);
    r->base.lasting = true;
    return r->scan->open(r->scan, r->x.ctx, root->columns, n, &r->cursor, err);
  }
  MILL_TRY(mill_exec_held(&r->x, root, &r->scan, err));
  mill_shared_clear(r->x.ctx->memory, r->shared);
  r->shared = NULL;
  r->base.lasting = mill_scan_in_memory(r->scan) != NULL;
  return open_all(r, n, err);
}

mill_status mill_run_open(const mill_run *run, const mill_op *root, mill_rows **out,
                          mill_error *err) {
  mill_memory *m = run->ctx->memory;
  MILL_TRY(mill_pull_open(run, root, out, err));
  if (*out) return MILL_OK;
  scan_rows *r = mill_calloc(m, sizeof *r);
  if (r == NULL) return mill_oom(m, sizeof *r, err);
  r->base = (mill_rows){.schema = root->schema, .next = rows_next, .free = rows_free};
  r->run = *run;
  r->x = (mill_exec){&r->run, run->ctx, run->set, &r->shared};
  mill_watch w;
  mill_run_watch(&r->run, &w);
  mill_status s = open_rows(r, root, err);
  mill_watch_end(&w);
  if (s != MILL_OK) {
    rows_free(&r->base);
    return s;
  }
  *out = &r->base;
  return MILL_OK;
}
