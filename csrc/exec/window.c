/* WINDOW: rows by partition, then order, with the values of window functions behind them.
**
** The rows are sorted once (sorted.h) and cut into blocks of whole partitions, each a morsel of the
** resulting scan: workers compute blocks in parallel and in any order. Spilled rows are merged and
** cut into blocks as they come, on the thread that waits; a partition that grows too large for memory
** goes to disk once more and comes back as blocks of pages (window_disk.c).
**
** A block (window_int.h) has its rows' columns in order; arguments and edges of frames are computed
** over them, then each function partition by partition. */
#include "exec/window_int.h"

enum { BLOCK_ROWS = 16384, FORCED_ROWS = 64 /* a block's under force_spill */ };

typedef struct window_scan {
  mill_scan base;
  mill_memory *memory;
  const mill_op *op;
  mill_sorted *s;
  uint64_t *edge; /* in memory: where each block starts, and the end */
  size_t nblocks;
  mill_bound_sort *sorts;
  const mill_bound **exprs; /* arguments and edges of all calls */
  int nexprs;
} window_scan;

typedef struct window_cursor {
  mill_cursor base;
  const window_scan *s;
  mill_program *program;
  mill_vector *made; /* what the program gives */
  int *columns;
  uint32_t ncols;
  mill_window_block block;
  uint32_t at;
  uint64_t first;    /* position of the next row: in its morsel, or, merged, as it is in memory */
  mill_rows *merged; /* spilled: rows that are in no block yet */
  mill_batch *left;
  uint32_t left_at, block_rows;
  size_t used;            /* memory in use before the block */
  mill_window_disk *disk; /* a partition too large for a block; its first rows are in it */
  bool disk_ended;        /* all of them are */
  mill_vector *disk_key;  /* its keys, of one row */
  mill_arena disk_arena;
  mill_arena arena; /* of the batch */
  mill_batch batch;
} window_cursor;

/* ---- blocks --------------------------------------------------------------------------------- */

/* As mill_sort_order_breaks, of rows in no order that is known by number. */
static void find_breaks(const mill_window_block *b, int nkeys, int nsorts, uint8_t *out) {
  out[0] = 2;
  for (uint32_t i = 1; i < b->n; i++) {
    bool same = mill_window_same(b->key, nkeys, b->col, i - 1, b->col, i);
    out[i] = !same ? 2 : !mill_window_same(b->key + nkeys, nsorts, b->col, i - 1, b->col, i);
  }
}

static mill_status find_partitions(mill_window_block *b, mill_error *err) {
  size_t n = (size_t)b->n + 1;
  int nkeys = b->op->nkeys, nsorts = b->op->nsorts;
  b->partition = mill_arena_alloc(&b->arena, n * sizeof *b->partition);
  b->peer = mill_arena_alloc(&b->arena, n * sizeof *b->peer);
  b->peer_stop = mill_arena_alloc(&b->arena, n * sizeof *b->peer_stop);
  uint8_t *breaks = mill_arena_take(&b->arena, n);
  if (!b->partition || !b->peer || !b->peer_stop || !breaks)
    return mill_oom(b->arena.memory, n * 12, err);
  b->npartitions = 0;
  if (b->in_order)
    mill_sort_order_breaks(&b->sorted->order, &b->sorted->set, nkeys, (size_t)b->first, b->n,
                           breaks);
  else
    find_breaks(b, nkeys, nsorts, breaks);
  for (uint32_t i = 0; i < b->n; i++) {
    b->partition[b->npartitions] = i;
    b->npartitions += breaks[i] == 2;
    b->peer[i] = breaks[i] ? i : b->peer[i - 1];
  }
  b->partition[b->npartitions] = b->n;
  for (uint32_t i = b->n; i-- > 0;)
    b->peer_stop[i] = i + 1 < b->n && b->peer[i + 1] == b->peer[i] ? b->peer_stop[i + 1] : i + 1;
  return MILL_OK;
}

/* Arguments and edges of n <= MILL_BATCH rows into c->made. */
static mill_status compute(window_cursor *c, mill_vector *col, uint32_t n, mill_error *err) {
  mill_batch in = {.n = n, .ncols = c->s->s->schema->nfields, .col = col};
  return c->s->nexprs ? mill_program_run(c->program, &in, c->made, err) : MILL_OK;
}

/* Where the values of a call lie: arguments and edges in the order of the scan's exprs, and the key. */
static mill_status place_values(window_cursor *c, mill_vector **made, mill_error *err) {
  mill_window_block *b = &c->block;
  const mill_sort_column *order = b->key + b->op->nkeys;
  for (int k = 0; k < b->op->nwindows; k++) {
    mill_window_call *call = &b->call[k];
    int n = mill_window_layout(&b->op->windows[k], call);
    mill_vector *v = mill_arena_alloc(&b->arena, (size_t)(n + 1) * sizeof *v);
    if (v == NULL) return mill_oom(b->arena.memory, sizeof *v, err);
    call->values = (mill_window_values){.col = v, .n = b->n};
    if (call->key >= 0) v[--n] = b->col[order[0].column];
    for (int i = 0; i < n; i++) made[i] = &v[i];
    made += n;
  }
  return MILL_OK;
}

/* Arguments and edges, batch by batch, into flat vectors. */
static mill_status compute_arguments(window_cursor *c, mill_error *err) {
  mill_window_block *b = &c->block;
  uint32_t width = c->s->s->schema->nfields;
  mill_vector *col = mill_arena_alloc(&c->arena, (width + 1) * sizeof *col);
  mill_vector **out = mill_arena_alloc(&c->arena, (size_t)(c->s->nexprs + 1) * sizeof *out);
  if (col == NULL || out == NULL) return mill_oom(c->arena.memory, width * sizeof *col, err);
  MILL_TRY(place_values(c, out, err));
  for (int k = 0; k < c->s->nexprs; k++)
    MILL_TRY(mill_vector_init(out[k], c->s->exprs[k]->type, b->n, &b->arena, err));
  for (uint32_t at = 0; at < b->n && c->s->nexprs; at += MILL_BATCH) {
    uint32_t n = b->n - at < MILL_BATCH ? b->n - at : MILL_BATCH;
    for (uint32_t i = 0; i < width; i++)
      MILL_TRY(mill_vector_slice(&col[i], &b->col[i], at, &c->arena, err));
    MILL_TRY(compute(c, col, n, err));
    for (int k = 0; k < c->s->nexprs; k++)
      MILL_TRY(mill_vector_append(out[k], &c->made[k], NULL, n, true, &b->arena, err));
  }
  return MILL_OK;
}

static mill_status run_call(mill_window_block *b, mill_window_call *c, mill_error *err) {
  mill_status s = mill_vector_init(&c->out, c->w->call.type, b->n, &b->arena, err);
  for (uint32_t p = 0; p < b->npartitions && s == MILL_OK; p++) {
    if (p % MILL_BATCH == 0) s = mill_watch_check(err);
    if (s != MILL_OK) break;
    uint32_t from = b->partition[p], to = b->partition[p + 1];
    mill_window_span span = {from, to, from, to};
    s = mill_window_rows(b, c, &span, err);
  }
  mill_window_runner_free(c->runner);
  c->runner = NULL;
  return s;
}

/* The block's columns are there: compute the rest. */
static mill_status run_block(window_cursor *c, mill_error *err) {
  mill_window_block *b = &c->block;
  c->at = 0;
  if (b->n == 0) return MILL_OK;
  b->call = mill_arena_alloc(&b->arena, (size_t)(b->op->nwindows + 1) * sizeof *b->call);
  b->frame = mill_arena_alloc(&b->arena, (size_t)b->n * sizeof *b->frame);
  if (b->call == NULL || b->frame == NULL) return mill_oom(b->arena.memory, b->n, err);
  MILL_TRY(find_partitions(b, err));
  MILL_TRY(compute_arguments(c, err));
  for (int k = 0; k < b->op->nwindows; k++) MILL_TRY(run_call(b, &b->call[k], err));
  return MILL_OK;
}

static mill_status start_block(window_cursor *c, uint32_t capacity, mill_error *err) {
  mill_window_block *b = &c->block;
  const mill_type *schema = c->s->s->schema;
  mill_arena_clear(&b->arena);
  *b = (mill_window_block){
      .x = c->s->s->x, .op = c->s->op, .sorted = c->s->s, .key = c->s->s->key, .arena = b->arena};
  b->col = mill_arena_alloc(&b->arena, (schema->nfields + 1) * sizeof *b->col);
  if (b->col == NULL) return mill_oom(b->arena.memory, schema->nfields, err);
  for (uint32_t i = 0; i < schema->nfields; i++)
    MILL_TRY(mill_vector_init(&b->col[i], schema->fields[i].type, capacity, &b->arena, err));
  return MILL_OK;
}

/* ---- merged rows ------------------------------------------------------------------------------ */

/* Rows of the batch from left_at on that have the partition keys of row i of `col`. */
static uint32_t that_continue(const window_cursor *c, const mill_vector *col, uint32_t i) {
  const mill_sorted *s = c->s->s;
  uint32_t at = c->left_at, n = c->left->n;
  while (at < n && mill_window_same(s->key, c->s->op->nkeys, col, i, c->left->col, at)) at++;
  return at - c->left_at;
}

/* n rows of the batch come into the block. */
static mill_status take_rows(window_cursor *c, uint32_t n, mill_error *err) {
  mill_window_block *b = &c->block;
  uint32_t sel[MILL_BATCH];
  for (uint32_t i = 0; i < n; i++) sel[i] = c->left_at + i;
  for (uint32_t k = 0; k < c->s->s->schema->nfields; k++)
    MILL_TRY(mill_vector_append(&b->col[k], &c->left->col[k], sel, n, true, &b->arena, err));
  b->n += n;
  c->left_at += n;
  return MILL_OK;
}

/* More rows in c->left, which is NULL at the end. */
static mill_status more_rows(window_cursor *c, mill_error *err) {
  if (c->left && c->left_at < c->left->n) return MILL_OK;
  c->left_at = 0;
  return c->merged->next(c->merged, &c->left, err);
}

/* Would the block with what is computed over it exceed the memory? */
static bool too_large(const window_cursor *c) {
  const mill_context *ctx = c->s->s->x->ctx;
  size_t now = mill_memory_read(c->s->memory).used;
  return mill_spill_needed(ctx, now > c->used ? 2 * (now - c->used) : 0);
}

/* ---- a partition on disk ------------------------------------------------------------------------ */

/* Rows [from, from + n) of the columns go to the partition on disk. */
static mill_status put_aside(window_cursor *c, const mill_vector *col, uint32_t from, uint32_t n,
                             mill_error *err) {
  uint32_t width = c->s->s->schema->nfields, sel[MILL_BATCH];
  mill_arena_reset(&c->arena);
  mill_vector *own = mill_arena_alloc(&c->arena, (width + 1) * sizeof *own);
  if (own == NULL) return mill_oom(c->arena.memory, width * sizeof *own, err);
  for (uint32_t i = 0; i < n; i++) sel[i] = from + i;
  for (uint32_t k = 0; k < width; k++)
    MILL_TRY(mill_vector_gather(&own[k], &col[k], sel, n, false, &c->arena, err));
  MILL_TRY(compute(c, own, n, err));
  return mill_window_disk_add(c->disk, own, c->made, n, err);
}

/* The block's last partition leaves it for the disk. */
static mill_status start_disk(window_cursor *c, mill_error *err) {
  mill_window_block *b = &c->block;
  uint32_t first = b->n - 1, width = c->s->s->schema->nfields;
  while (first > 0 && mill_window_same(b->key, b->op->nkeys, b->col, first - 1, b->col, first))
    first--;
  mill_arena_clear(&c->disk_arena);
  c->disk_key = mill_arena_alloc(&c->disk_arena, (width + 1) * sizeof *c->disk_key);
  if (c->disk_key == NULL) return mill_oom(c->disk_arena.memory, width, err);
  for (uint32_t k = 0; k < width; k++)
    MILL_TRY(mill_vector_gather(&c->disk_key[k], &b->col[k], &first, 1, true, &c->disk_arena, err));
  MILL_TRY(mill_window_disk_new(c->s->s, c->s->op, &c->disk, err));
  c->disk_ended = false;
  for (uint32_t at = first; at < b->n; at += MILL_BATCH)
    MILL_TRY(put_aside(c, b->col, at, b->n - at < MILL_BATCH ? b->n - at : MILL_BATCH, err));
  b->n = first;
  return MILL_OK;
}

/* The rest of the partition follows. */
static mill_status end_disk(window_cursor *c, mill_error *err) {
  mill_arena_clear(&c->block.arena);
  for (;;) {
    MILL_TRY(mill_watch_check(err));
    MILL_TRY(more_rows(c, err));
    uint32_t n = c->left ? that_continue(c, c->disk_key, 0) : 0;
    if (n == 0) break;
    MILL_TRY(put_aside(c, c->left->col, c->left_at, n, err));
    c->left_at += n;
  }
  c->disk_ended = true;
  return mill_window_disk_end(c->disk, err);
}

static void drop_disk(window_cursor *c) {
  mill_window_disk_free(c->disk);
  c->disk = NULL;
}

static mill_status disk_block(window_cursor *c, mill_error *err) {
  if (!c->disk_ended) MILL_TRY(end_disk(c, err));
  c->at = 0;
  return mill_window_disk_next(c->disk, &c->block, err);
}

/* ---- blocks of merged rows ------------------------------------------------------------------------ */

/* Rows up to the end of a partition, block_rows at least if there are as many. */
static mill_status fill_block(window_cursor *c, mill_error *err) {
  mill_window_block *b = &c->block;
  for (;;) {
    MILL_TRY(more_rows(c, err));
    if (c->left == NULL) return MILL_OK;
    uint32_t n = c->left->n - c->left_at, room = c->block_rows - b->n;
    if (b->n >= c->block_rows) {
      n = that_continue(c, b->col, b->n - 1);
      if (n == 0) return MILL_OK;
      if (too_large(c)) return start_disk(c, err);
      room = n;
    }
    MILL_TRY(take_rows(c, n < room ? n : room, err));
  }
}

static mill_status merged_block(window_cursor *c, mill_error *err) {
  MILL_TRY(mill_watch_check(err));
  if (c->disk) {
    MILL_TRY(disk_block(c, err));
    if (c->block.n > 0) return MILL_OK;
    drop_disk(c);
  }
  if ((uint32_t)c->first >= BLOCK_ROWS)
    c->first = ((c->first >> MILL_MORSEL_BITS) + 1) << MILL_MORSEL_BITS; /* as cut_blocks */
  mill_arena_clear(&c->block.arena);
  c->used = mill_memory_read(c->s->memory).used;
  MILL_TRY(start_block(c, 1024, err));
  MILL_TRY(fill_block(c, err));
  return c->block.n == 0 && c->disk ? disk_block(c, err) : run_block(c, err);
}

static void drop_merged(window_cursor *c) {
  if (c->merged) c->merged->free(c->merged);
  c->merged = NULL;
  c->left = NULL;
  drop_disk(c);
  c->first = 0;
}

static mill_status merged_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  window_cursor *c = (window_cursor *)base;
  (void)morsel;
  drop_merged(c);
  c->block_rows = c->s->s->x->ctx->force_spill ? FORCED_ROWS : BLOCK_ROWS;
  MILL_TRY(mill_sorted_merge(c->s->s, &c->merged, err));
  return merged_block(c, err);
}

/* ---- rows in memory --------------------------------------------------------------------------- */

/* What a row of a block takes, with what is computed over it; strings aside. */
static uint64_t row_bytes(const window_scan *s) {
  uint64_t n = sizeof(mill_frame) + 3 * sizeof(uint32_t);
  for (uint32_t i = 0; i < s->s->schema->nfields; i++) n += s->s->schema->fields[i].type->width;
  for (int i = 0; i < s->nexprs; i++) n += s->exprs[i]->type->width;
  for (int i = 0; i < s->op->nwindows; i++) n += s->op->windows[i].call.type->width;
  return n;
}

/* The columns of n rows from place `from` of the order on. */
static mill_status gather(const mill_sorted *s, uint64_t from, uint32_t n, mill_vector *col,
                          mill_arena *a, mill_error *err) {
  for (uint32_t i = 0; i < s->schema->nfields; i++)
    MILL_TRY(mill_sort_order_gather(&s->order, &s->set, i, (size_t)from, n, &col[i], a, err));
  return MILL_OK;
}

/* Rows of the order as a reader, for a block that must not lie in memory twice. */
typedef struct ordered_rows {
  mill_rows base;
  const mill_sorted *s;
  uint64_t at, stop;
  mill_arena arena;
  mill_batch batch;
} ordered_rows;

static mill_status ordered_next(mill_rows *base, mill_batch **out, mill_error *err) {
  ordered_rows *r = (ordered_rows *)base;
  uint64_t left = r->stop - r->at;
  uint32_t n = left < MILL_BATCH ? (uint32_t)left : MILL_BATCH, width = base->schema->nfields;
  *out = NULL;
  if (n == 0) return MILL_OK;
  mill_arena_reset(&r->arena);
  r->batch = (mill_batch){.n = n, .ncols = width};
  r->batch.col = mill_arena_alloc(&r->arena, (width + 1) * sizeof *r->batch.col);
  if (r->batch.col == NULL) return mill_oom(r->arena.memory, width, err);
  MILL_TRY(gather(r->s, r->at, n, r->batch.col, &r->arena, err));
  r->at += n;
  *out = &r->batch;
  return MILL_OK;
}

static void ordered_free(mill_rows *base) {
  ordered_rows *r = (ordered_rows *)base;
  mill_memory *m = r->arena.memory;
  mill_arena_clear(&r->arena);
  mill_free(m, r, sizeof *r);
}

static mill_status ordered_open(const mill_sorted *s, uint64_t from, uint64_t n, mill_rows **out,
                                mill_error *err) {
  mill_memory *m = s->x->ctx->memory;
  ordered_rows *r = mill_calloc(m, sizeof *r);
  if (r == NULL) return mill_oom(m, sizeof *r, err);
  r->base = (mill_rows){.schema = s->schema, .next = ordered_next, .free = ordered_free};
  r->s = s;
  r->at = from;
  r->stop = from + n;
  mill_arena_init(&r->arena, m);
  *out = &r->base;
  return MILL_OK;
}

static mill_status memory_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  window_cursor *c = (window_cursor *)base;
  const mill_sorted *s = c->s->s;
  uint64_t from = c->s->edge[morsel], n = c->s->edge[morsel + 1] - from;
  if (n > UINT32_MAX - MILL_BATCH) return mill_oom(c->s->memory, SIZE_MAX, err);
  drop_merged(c);
  if (n > BLOCK_ROWS && mill_spill_needed(s->x->ctx, n * row_bytes(c->s))) {
    c->block_rows = BLOCK_ROWS;
    MILL_TRY(ordered_open(s, from, n, &c->merged, err));
    return merged_block(c, err);
  }
  MILL_TRY(start_block(c, 0, err));
  MILL_TRY(gather(s, from, (uint32_t)n, c->block.col, &c->block.arena, err));
  c->block.n = (uint32_t)n;
  c->block.first = from;
  c->block.in_order = true;
  return run_block(c, err);
}

/* Behind the partition that row `last` of the order belongs to. */
static uint64_t partition_end(const window_scan *s, uint64_t last) {
  const mill_sorted *o = s->s;
  uint64_t lo = last + 1, hi = o->rows;
  while (lo < hi) {
    uint64_t mid = lo + (hi - lo) / 2;
    if (mill_sort_order_same(&o->order, &o->set, s->op->nkeys, (size_t)last, (size_t)mid)) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo;
}

static mill_status cut_blocks(window_scan *s, mill_error *err) {
  size_t most = (size_t)(s->s->rows / BLOCK_ROWS) + 2;
  s->edge = mill_calloc(s->memory, most * sizeof *s->edge);
  if (s->edge == NULL) return mill_oom(s->memory, most * sizeof *s->edge, err);
  for (uint64_t at = 0; at < s->s->rows; s->edge[++s->nblocks] = at) {
    uint64_t last = at + BLOCK_ROWS - 1;
    at = last + 1 >= s->s->rows ? s->s->rows : partition_end(s, last);
  }
  return MILL_OK;
}

/* ---- the scan ------------------------------------------------------------------------------- */

static mill_status window_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  window_cursor *c = (window_cursor *)base;
  mill_window_block *b = &c->block;
  uint32_t nin = c->s->s->ncols;
  *out = NULL;
  if (c->at == b->n && c->merged) MILL_TRY(merged_block(c, err));
  if (c->at == b->n) return MILL_OK;
  uint32_t n = b->n - c->at < MILL_BATCH ? b->n - c->at : MILL_BATCH;
  mill_arena_clear(&c->arena);
  mill_vector *col = mill_arena_alloc(&c->arena, (c->ncols + 1) * sizeof *col);
  if (col == NULL) return mill_oom(c->arena.memory, c->ncols * sizeof *col, err);
  for (uint32_t i = 0; i < c->ncols; i++) {
    uint32_t k = (uint32_t)c->columns[i];
    const mill_vector *v = k < nin ? &b->col[k] : &b->call[k - nin].out;
    MILL_TRY(mill_vector_slice(&col[i], v, c->at, &c->arena, err));
  }
  c->batch = (mill_batch){.n = n, .ncols = c->ncols, .col = col, .first = c->first};
  c->at += n;
  c->first += n;
  *out = &c->batch;
  return MILL_OK;
}

static void window_cursor_free(mill_cursor *base) {
  window_cursor *c = (window_cursor *)base;
  mill_memory *m = c->s->memory;
  drop_merged(c);
  mill_program_free(c->program);
  mill_arena_clear(&c->disk_arena);
  mill_arena_clear(&c->block.arena);
  mill_arena_clear(&c->arena);
  mill_free(m, c->made, (size_t)(c->s->nexprs + 1) * sizeof *c->made);
  mill_free(m, c->columns, (c->ncols + 1) * sizeof *c->columns);
  mill_free(m, c, sizeof *c);
}

static mill_status window_open(const mill_scan *base, const mill_context *ctx, const int *columns,
                               int n, mill_cursor **out, mill_error *err) {
  const window_scan *s = (const window_scan *)base;
  mill_memory *m = s->memory;
  window_cursor *c = mill_calloc(m, sizeof *c);
  if (c == NULL) return mill_oom(m, sizeof *c, err);
  c->base = (mill_cursor){base, s->s->spilled ? merged_seek : memory_seek, window_next,
                          window_cursor_free, NULL};
  c->s = s;
  c->ncols = (uint32_t)n;
  mill_arena_init(&c->block.arena, m);
  mill_arena_init(&c->disk_arena, m);
  mill_arena_init(&c->arena, m);
  c->columns = mill_alloc(m, (size_t)(n + 1) * sizeof *c->columns);
  c->made = mill_calloc(m, (size_t)(s->nexprs + 1) * sizeof *c->made);
  mill_status st = c->columns && c->made ? MILL_OK : mill_oom(m, sizeof *c->made, err);
  for (int i = 0; i < n && st == MILL_OK; i++) c->columns[i] = columns[i];
  if (st == MILL_OK)
    st = mill_program_new(ctx, s->s->x->set, s->exprs, s->nexprs, &c->program, err);
  if (st != MILL_OK) {
    window_cursor_free(&c->base);
    return st;
  }
  *out = &c->base;
  return MILL_OK;
}

static void window_free(mill_scan *base) {
  window_scan *s = (window_scan *)base;
  mill_memory *m = s->memory;
  size_t most = s->s ? (size_t)(s->s->rows / BLOCK_ROWS) + 2 : 0;
  mill_free(m, s->edge, most * sizeof *s->edge);
  mill_sorted_free(s->s);
  mill_free(m, s->exprs, (size_t)(s->nexprs + 1) * sizeof *s->exprs);
  mill_free(m, s->sorts, (size_t)(s->op->nkeys + s->op->nsorts + 1) * sizeof *s->sorts);
  mill_free(m, s, sizeof *s);
}

static mill_status list_exprs(window_scan *s, mill_error *err) {
  const mill_op *op = s->op;
  int n = 0, k = 0;
  for (int i = 0; i < op->nwindows; i++) n += op->windows[i].call.nargs + 2;
  s->nexprs = n;
  s->exprs = mill_alloc(s->memory, (size_t)(n + 1) * sizeof *s->exprs);
  if (s->exprs == NULL) return mill_oom(s->memory, (size_t)n * sizeof *s->exprs, err);
  for (int i = 0; i < op->nwindows; i++) {
    const mill_op_window *w = &op->windows[i];
    for (int a = 0; a < w->call.nargs; a++) s->exprs[k++] = w->call.args[a];
    if (!w->rows && w->from_value) s->exprs[k++] = w->from_value;
    if (!w->rows && w->to_value) s->exprs[k++] = w->to_value;
  }
  const mill_bound **fit = mill_realloc(s->memory, s->exprs, (size_t)(n + 1) * sizeof *fit,
                                        (size_t)(k + 1) * sizeof *fit);
  if (fit == NULL) return mill_oom(s->memory, (size_t)k * sizeof *fit, err);
  s->exprs = fit;
  s->nexprs = k;
  return MILL_OK;
}

/* Partition keys ascend with nulls first, as Spark sorts them. */
static mill_status fill(window_scan *s, const mill_exec *x, mill_error *err) {
  const mill_op *op = s->op;
  int n = op->nkeys + op->nsorts;
  s->sorts = mill_alloc(s->memory, (size_t)(n + 1) * sizeof *s->sorts);
  if (s->sorts == NULL) return mill_oom(s->memory, (size_t)n * sizeof *s->sorts, err);
  for (int i = 0; i < n; i++)
    s->sorts[i] =
        i < op->nkeys ? (mill_bound_sort){op->keys[i], false, true} : op->sorts[i - op->nkeys];
  MILL_TRY(list_exprs(s, err));
  MILL_TRY(mill_sorted_make(x, op->child[0], s->sorts, n, &s->s, err));
  s->base.rows = (double)s->s->rows;
  if (!s->s->spilled) MILL_TRY(cut_blocks(s, err));
  s->base.morsels = s->s->spilled ? s->s->rows > 0 : s->nblocks;
  s->base.in_turn = s->s->spilled;
  return MILL_OK;
}

mill_status mill_exec_window_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                  mill_error *err) {
  window_scan *s = mill_calloc(x->ctx->memory, sizeof *s);
  if (s == NULL) return mill_oom(x->ctx->memory, sizeof *s, err);
  s->base = (mill_scan){
      .schema = op->schema, .refs = 1, .name = "window", .open = window_open, .free = window_free};
  s->memory = x->ctx->memory;
  s->op = op;
  mill_status st = fill(s, x, err);
  if (st != MILL_OK) {
    window_free(&s->base);
    return st;
  }
  *out = &s->base;
  return MILL_OK;
}
