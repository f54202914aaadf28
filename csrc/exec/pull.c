/* Rows one batch at a time, for results that would not fit beside what they are made from.
**
** A chain of streaming operators over a table, a range, a union, a sort or a window is run as its rows are
** asked for: a batch of the source goes through the steps into a small table, whose rows are handed
** out before the next batch is taken. A LIMIT on top ends it early. Runs on the caller's thread. */
#include "exec/exec_int.h"
#include "exec/spill.h"

enum { MAX_CHAIN = 64 };

typedef struct pull {
  mill_rows base;
  mill_run run;
  mill_exec x;
  mill_shared *shared;
  mill_scan *scan;
  mill_cursor *cursor;
  mill_step *first;
  mill_step end; /* fills `made` */
  mill_table *made;
  size_t morsel, chunk;
  uint32_t at;
  bool seated;
  uint64_t skip, left; /* of a LIMIT */
  mill_arena arena, batch_arena;
  mill_batch batch;
} pull;

/* ---- the chain ------------------------------------------------------------------------------ */

static bool passes(const mill_op *op) {
  switch (op->kind) {
  case MILL_OP_FILTER:
  case MILL_OP_PROJECT:
  case MILL_OP_EXPAND:
  case MILL_OP_GENERATE: return true;
  case MILL_OP_SAMPLE: return mill_sample_streams(op);
  default: return false;
  }
}

/* The operators above the source, top first; -1: the tree is no such chain. A LIMIT may stand on top
** or below select lists, which leave the number of rows alone. */
static int chain_of(const mill_op *op, const mill_op **chain, const mill_op **limit,
                    const mill_op **source) {
  int n = 0;
  bool counted = true;
  for (*limit = NULL; n < MAX_CHAIN; op = op->child[0]) {
    if (op->kind == MILL_OP_LIMIT && counted && *limit == NULL) {
      *limit = op;
      continue;
    }
    if (!passes(op)) break;
    counted &= op->kind == MILL_OP_PROJECT;
    chain[n++] = op;
  }
  *source = op;
  switch (op->kind) {
  case MILL_OP_SCAN:
  case MILL_OP_RANGE:
  case MILL_OP_SORT:
  case MILL_OP_UNION:
  case MILL_OP_WINDOW: return n;
  default: return -1;
  }
}

static bool fits(const mill_context *ctx, double rows, const mill_type *schema) {
  double bytes = rows * (16.0 + 8.0 * schema->nfields);
  return !mill_spill_needed(ctx, bytes < 0 ? 0 : bytes > 1e18 ? UINT64_MAX / 2 : (uint64_t)bytes);
}

static mill_status open_source(pull *p, const mill_op *op, mill_error *err) {
  if (op->kind != MILL_OP_SCAN) return mill_exec_scan(&p->x, op, &p->scan, err);
  p->scan = mill_scan_ref(op->scan);
  return MILL_OK;
}

static mill_status push_end(mill_step *s, mill_batch *b, mill_error *err) {
  pull *p = (pull *)((char *)s - offsetof(pull, end));
  return mill_table_append(p->made, b, err);
}

static mill_status open_steps(pull *p, const mill_op *const *chain, int n, const mill_op *source,
                              mill_error *err) {
  mill_step **at = &p->first;
  int ncols = (int)source->schema->nfields;
  const int *columns = source->columns;
  p->end = (mill_step){.x = &p->x, .push = push_end};
  *at = &p->end;
  while (n-- > 0) {
    mill_step *s = NULL;
    MILL_TRY(mill_step_new(&p->x, chain[n], &s, err));
    s->next = &p->end;
    *at = s;
    at = &s->next;
  }
  int *all = mill_arena_alloc(&p->arena, ((size_t)ncols + 1) * sizeof *all);
  if (all == NULL) return mill_oom(p->arena.memory, (size_t)ncols, err);
  for (int i = 0; i < ncols; i++) all[i] = source->kind == MILL_OP_SCAN ? columns[i] : i;
  return p->scan->open(p->scan, p->x.ctx, all, ncols, &p->cursor, err);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Push batches of the source until a step lets rows through. */
static mill_status make_rows(pull *p, mill_error *err) {
  mill_table_unref(p->made);
  p->made = NULL;
  p->chunk = p->at = 0;
  MILL_TRY(mill_table_new(p->arena.memory, p->base.schema, &p->made, err));
  while (p->made->rows == 0 && p->morsel < p->scan->morsels) {
    mill_batch *b = NULL;
    if (!p->seated) MILL_TRY(p->cursor->seek(p->cursor, p->morsel, err));
    p->seated = true;
    MILL_TRY(p->cursor->next(p->cursor, &b, err));
    if (b == NULL) {
      p->morsel++;
      p->seated = false;
      continue;
    }
    b->first += (uint64_t)p->morsel << MILL_MORSEL_BITS;
    MILL_TRY(p->first->push(p->first, b, err));
  }
  return MILL_OK;
}

static mill_status take_batch(pull *p, mill_batch **out, mill_error *err) {
  *out = NULL;
  while (p->made && p->chunk < p->made->nchunks && p->at >= p->made->chunk[p->chunk]->n)
    p->chunk++, p->at = 0;
  if (p->made == NULL || p->chunk >= p->made->nchunks) {
    MILL_TRY(make_rows(p, err));
    if (p->made->rows == 0) return MILL_OK;
  }
  const mill_chunk *c = p->made->chunk[p->chunk];
  uint32_t n = c->n - p->at < MILL_BATCH ? c->n - p->at : MILL_BATCH;
  mill_arena_clear(&p->batch_arena);
  mill_vector *cols = mill_arena_alloc(&p->batch_arena, (c->ncols + 1) * sizeof *cols);
  if (cols == NULL) return mill_oom(p->arena.memory, c->ncols, err);
  MILL_TRY(mill_chunk_batch(c, p->at, n, cols, &p->batch_arena, &p->batch, err));
  p->at += n;
  *out = &p->batch;
  return MILL_OK;
}

static mill_status next_batch(pull *p, mill_batch **out, mill_error *err) {
  while (p->left > 0) {
    mill_batch *b;
    MILL_TRY(take_batch(p, &b, err));
    if (b == NULL) return MILL_OK;
    uint32_t from = p->skip < b->n ? (uint32_t)p->skip : b->n, n = b->n - from;
    p->skip -= from;
    if (n > p->left) n = (uint32_t)p->left;
    p->left -= n;
    if (n == 0) continue;
    uint32_t *sel = mill_arena_alloc(&p->batch_arena, n * sizeof *sel);
    if (sel == NULL) return mill_oom(p->arena.memory, n * sizeof *sel, err);
    for (uint32_t i = 0; i < n; i++) sel[i] = from + i;
    if (n < b->n) b->sel = sel;
    b->n = n;
    *out = b;
    return MILL_OK;
  }
  return MILL_OK;
}

static mill_status pull_next(mill_rows *base, mill_batch **out, mill_error *err) {
  pull *p = (pull *)base;
  mill_watch w;
  *out = NULL;
  if (p->run.poll) MILL_TRY(p->run.poll(p->run.poll_arg, -1, 0, err));
  mill_run_watch(&p->run, &w);
  mill_status s = next_batch(p, out, err);
  mill_watch_end(&w);
  return s;
}

static void pull_free(mill_rows *base) {
  pull *p = (pull *)base;
  mill_memory *m = p->arena.memory;
  for (mill_step *s = p->first, *next; s && s != &p->end; s = next) {
    next = s->next;
    s->free(s);
  }
  if (p->cursor) p->cursor->free(p->cursor);
  mill_scan_unref(p->scan);
  mill_table_unref(p->made);
  mill_shared_clear(m, p->shared);
  mill_arena_clear(&p->batch_arena);
  mill_arena_clear(&p->arena);
  mill_free(m, p, sizeof *p);
}

static mill_status fill(pull *p, const mill_op *const *chain, int n, const mill_op *source,
                        mill_error *err) {
  MILL_TRY(open_source(p, source, err));
  return open_steps(p, chain, n, source, err);
}

mill_status mill_pull_open(const mill_run *run, const mill_op *root, mill_rows **out,
                           mill_error *err) {
  const mill_op *chain[MAX_CHAIN], *source, *limit;
  mill_memory *m = run->ctx->memory;
  int n = chain_of(root, chain, &limit, &source);
  *out = NULL;
  if (n < 0 || fits(run->ctx, source->estimate, root->schema)) return MILL_OK;
  pull *p = mill_calloc(m, sizeof *p);
  if (p == NULL) return mill_oom(m, sizeof *p, err);
  p->base = (mill_rows){root->schema, pull_next, pull_free, false};
  p->run = *run;
  p->x = (mill_exec){&p->run, run->ctx, run->set, &p->shared};
  p->left = limit && limit->limit >= 0 ? (uint64_t)limit->limit : UINT64_MAX;
  p->skip = limit && limit->offset > 0 ? (uint64_t)limit->offset : 0;
  mill_arena_init(&p->arena, m);
  mill_arena_init(&p->batch_arena, m);
  mill_watch w;
  mill_run_watch(&p->run, &w);
  mill_status s = fill(p, chain, n, source, err);
  mill_watch_end(&w);
  if (s != MILL_OK) {
    pull_free(&p->base);
    return s;
  }
  *out = &p->base;
  return MILL_OK;
}
