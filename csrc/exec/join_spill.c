/* Joins whose table does not fit in memory: both sides go to disk in partitions by the hash of their
** keys, and partitions are joined one after the other (join_parts.c); a grace join (Kitsuregawa,
** Tanaka and Moto-oka, 1983). Rows carry their places, so that the result comes out in the order of
** a join in memory.
**
** Rows with a null key have no partner unless keys compare with <=>: they are spread evenly, and
** those of the right side are dropped where nobody asks for them. Without keys all rows are one
** partition. Workers write their own runs and never wait for each other. */
#include "exec/join_spill_int.h"

typedef struct mill_join_cutter cutter;
struct mill_join_cutter {
  cutter *next_idle, *next;
  mill_program *keys;
  mill_vector *key, *col;
  mill_arena scratch;
  uint64_t rows; /* of the morsel so far */
  uint64_t hash[MILL_BATCH];
  uint32_t row[MILL_BATCH], sel[MILL_BATCH];
  uint8_t part[MILL_BATCH];
};

/* ---- cutters -------------------------------------------------------------------------------- */

static mill_status cutter_new(mill_join_side *s, cutter **out, mill_error *err) {
  mill_memory *m = s->base.x->ctx->memory;
  cutter *c = mill_calloc(m, sizeof *c);
  if (c == NULL) return mill_oom(m, sizeof *c, err);
  mill_arena_init(&c->scratch, m);
  pthread_mutex_lock(&s->lock);
  c->next = s->all;
  s->all = c;
  pthread_mutex_unlock(&s->lock);
  for (uint32_t i = 0; i < MILL_BATCH; i++) c->row[i] = i;
  c->key = mill_calloc(m, (size_t)(s->op->nkeys + 1) * sizeof *c->key);
  c->col = mill_calloc(m, (s->schema->nfields + 1) * sizeof *c->col);
  if (c->key == NULL || c->col == NULL) return mill_oom(m, sizeof *c->key, err);
  *out = c;
  if (s->op->nkeys == 0) return MILL_OK;
  return mill_program_new(s->base.x->ctx, s->base.x->set, s->keys, s->op->nkeys, &c->keys, err);
}

static void cutter_free(mill_join_side *s, cutter *c) {
  mill_memory *m = s->base.x->ctx->memory;
  mill_program_free(c->keys);
  if (c->key) mill_free(m, c->key, (size_t)(s->op->nkeys + 1) * sizeof *c->key);
  if (c->col) mill_free(m, c->col, (s->schema->nfields + 1) * sizeof *c->col);
  mill_arena_clear(&c->scratch);
  mill_free(m, c, sizeof *c);
}

static mill_status cutter_take(mill_join_side *s, cutter **out, mill_error *err) {
  pthread_mutex_lock(&s->lock);
  *out = s->idle;
  if (*out) s->idle = (*out)->next_idle;
  pthread_mutex_unlock(&s->lock);
  if (*out == NULL) MILL_TRY(cutter_new(s, out, err));
  (*out)->rows = 0;
  return MILL_OK;
}

/* ---- partitions ----------------------------------------------------------------------------- */

/* Each depth looks at other bits; none are those that the join's table looks at. */
static uint8_t part_of(uint64_t hash, int depth) {
  uint64_t h = (hash ^ hash >> 32) * 0xd6e8feb86659fd93ull;
  return (uint8_t)(h >> (60 - 4 * depth) & (MILL_JOIN_PARTS - 1));
}

/* The partitions of n rows; MILL_JOIN_PARTS: the row does not count. */
static void choose_parts(mill_join_side *s, cutter *c, uint32_t n, const uint64_t *place) {
  int nkeys = s->op->nkeys;
  memset(c->part, 0, n);
  if (nkeys == 0) return;
  for (int k = 0; k < nkeys; k++) mill_vector_hash(&c->key[k], c->row, n, k > 0, c->hash);
  for (uint32_t i = 0; i < n; i++) c->part[i] = part_of(c->hash[i], s->depth);
  for (int k = 0; k < nkeys; k++) {
    for (uint32_t i = 0; i < n; i++) {
      if (mill_vector_valid(&c->key[k], i)) continue;
      __atomic_store_n(&s->null_key, true, __ATOMIC_RELAXED);
      if (s->op->null_safe) continue;
      c->part[i] =
          s->keep_all ? part_of(place[i] * 0x9e3779b97f4a7c15ull, s->depth) : MILL_JOIN_PARTS;
    }
  }
}

/* The file and a run of it. */
static mill_status open_run(mill_join_side *s, mill_spill_run **out, mill_error *err) {
  mill_status st = MILL_OK;
  pthread_mutex_lock(&s->lock);
  if (s->file == NULL) st = mill_spill_new(s->base.x->ctx, s->schema, &s->file, err);
  pthread_mutex_unlock(&s->lock);
  return st == MILL_OK ? mill_spill_run_new(s->file, out, err) : st;
}

/* Write rows of a batch with all columns; place[i] is that of its i-th row that counts. */
static mill_status write_parts(mill_join_side *s, cutter *c, mill_batch *b, const uint64_t *place,
                               size_t morsel, mill_error *err) {
  mill_batch keyless = *b;
  keyless.ncols = s->schema->nfields - 1;
  if (s->op->nkeys) MILL_TRY(mill_program_run(c->keys, &keyless, c->key, err));
  choose_parts(s, c, b->n, place);
  if (b->n) __atomic_store_n(&s->any, true, __ATOMIC_RELAXED);
  for (uint8_t p = 0; p < MILL_JOIN_PARTS; p++) {
    mill_spill_run **run = &s->run[morsel * MILL_JOIN_PARTS + p];
    mill_batch some = *b;
    some.sel = c->sel;
    some.n = 0;
    for (uint32_t i = 0; i < b->n; i++) {
      c->sel[some.n] = mill_batch_row(b, i);
      some.n += c->part[i] == p;
    }
    if (some.n == 0) continue;
    if (*run == NULL) MILL_TRY(open_run(s, run, err));
    MILL_TRY(mill_spill_write(*run, &some, err));
  }
  return MILL_OK;
}

/* ---- the sink ------------------------------------------------------------------------------- */

static mill_status side_begin(mill_sink *base, size_t morsels, mill_error *err) {
  mill_join_side *s = (mill_join_side *)base;
  mill_memory *m = base->x->ctx->memory;
  s->morsels = morsels;
  s->run = mill_calloc(m, (morsels + 1) * MILL_JOIN_PARTS * sizeof *s->run);
  s->open = mill_calloc(m, (morsels + 1) * sizeof *s->open);
  return s->run && s->open ? MILL_OK : mill_oom(m, morsels * MILL_JOIN_PARTS, err);
}

/* The batch with a column of places. */
static mill_status side_push(mill_sink *base, size_t morsel, mill_batch *b, mill_error *err) {
  mill_join_side *s = (mill_join_side *)base;
  if (s->open[morsel] == NULL) MILL_TRY(cutter_take(s, &s->open[morsel], err));
  cutter *c = s->open[morsel];
  uint32_t width = s->schema->nfields - 1, size = b->n ? mill_batch_row(b, b->n - 1) + 1 : 0;
  uint64_t place[MILL_BATCH];
  mill_arena_reset(&c->scratch);
  mill_vector *v = &c->col[width];
  MILL_TRY(mill_vector_init(v, mill_type_of(MILL_BIGINT), size, &c->scratch, err));
  v->size = size;
  for (uint32_t i = 0; i < b->n; i++) {
    place[i] = ((uint64_t)morsel << 32) + c->rows + i;
    ((uint64_t *)v->data)[mill_batch_row(b, i)] = place[i];
  }
  c->rows += b->n;
  if (width) memcpy(c->col, b->col, width * sizeof *c->col);
  mill_batch with = *b;
  with.col = c->col;
  with.ncols = width + 1;
  return write_parts(s, c, &with, place, morsel, err);
}

static mill_status side_end(mill_sink *base, size_t morsel, mill_error *err) {
  mill_join_side *s = (mill_join_side *)base;
  for (int p = 0; p < MILL_JOIN_PARTS; p++) {
    mill_spill_run *run = s->run[morsel * MILL_JOIN_PARTS + (size_t)p];
    if (run) MILL_TRY(mill_spill_end(run, err));
  }
  cutter *c = s->open[morsel];
  s->open[morsel] = NULL;
  if (c == NULL) return MILL_OK;
  pthread_mutex_lock(&s->lock);
  c->next_idle = s->idle;
  s->idle = c;
  pthread_mutex_unlock(&s->lock);
  return MILL_OK;
}

mill_status mill_join_side_add(mill_join_side *s, mill_batch *b, mill_error *err) {
  if (s->run == NULL) MILL_TRY(side_begin(&s->base, 1, err));
  if (s->open[0] == NULL) MILL_TRY(cutter_take(s, &s->open[0], err));
  return write_parts(s, s->open[0], b, b->col[b->ncols - 1].data, 0, err);
}

/* Keys that a host function computes are computed on its thread: morsels run in turn. */
static bool never_full(mill_sink *s) {
  (void)s;
  return false;
}

static mill_status side_schema(mill_join_side *s, mill_error *err) {
  const mill_type *of = s->op->child[s->right]->schema;
  mill_memory *m = s->base.x->ctx->memory;
  size_t n = (size_t)of->nfields + 1;
  mill_field *f = mill_alloc(m, n * sizeof *f);
  if (f == NULL) return mill_oom(m, n * sizeof *f, err);
  for (size_t i = 0; i + 1 < n; i++) f[i] = of->fields[i];
  f[n - 1] = (mill_field){"place", mill_type_of(MILL_BIGINT), false, NULL};
  s->schema = mill_type_struct(s->base.x->ctx->types, f, (uint32_t)n);
  mill_free(m, f, n * sizeof *f);
  return s->schema ? MILL_OK : mill_oom(m, n, err);
}

mill_status mill_join_side_init(mill_join_side *s, const mill_exec *x, const mill_op *op,
                                bool right, int depth, mill_error *err) {
  *s = (mill_join_side){.base = {.x = x, .begin = side_begin, .push = side_push},
                        .op = op,
                        .keys = right ? op->right_keys : op->keys,
                        .right = right,
                        .depth = depth};
  s->base.end_morsel = side_end;
  s->keep_all = !right || op->join == MILL_OP_RIGHT || op->join == MILL_OP_FULL;
  if (mill_op_needs_host(op)) s->base.full = never_full;
  pthread_mutex_init(&s->lock, NULL);
  return side_schema(s, err);
}

void mill_join_side_clear(mill_join_side *s) {
  if (s->op == NULL) return;
  mill_memory *m = s->base.x->ctx->memory;
  for (cutter *c = s->all, *next; c; c = next) {
    next = c->next;
    cutter_free(s, c);
  }
  for (size_t i = 0; s->run && i < s->morsels * MILL_JOIN_PARTS; i++)
    mill_spill_run_free(s->run[i]);
  if (s->run) mill_free(m, s->run, (s->morsels + 1) * MILL_JOIN_PARTS * sizeof *s->run);
  if (s->open) mill_free(m, s->open, (s->morsels + 1) * sizeof *s->open);
  mill_spill_free(s->file);
  pthread_mutex_destroy(&s->lock);
  *s = (mill_join_side){0};
}

/* ---- the join ------------------------------------------------------------------------------- */

/* Run the rows of a scan into a side. */
static mill_status fill_side(const mill_exec *x, mill_scan *scan, mill_join_side *side,
                             mill_error *err) {
  mill_memory *m = x->ctx->memory;
  uint32_t n = scan->schema->nfields;
  int *all = mill_alloc(m, (n + 1) * sizeof *all);
  if (all == NULL) return mill_oom(m, n * sizeof *all, err);
  for (uint32_t i = 0; i < n; i++) all[i] = (int)i;
  mill_op op = {.kind = MILL_OP_SCAN, .schema = scan->schema, .scan = scan, .columns = all};
  mill_status s = mill_pipeline_run(x, &op, &side->base, err);
  mill_free(m, all, (n + 1) * sizeof *all);
  return s;
}

mill_status mill_join_disk_new(const mill_exec *x, const mill_op *op, mill_scan *right,
                               mill_join_disk **out, mill_error *err) {
  mill_join_disk *d = mill_calloc(x->ctx->memory, sizeof *d);
  *out = d;
  if (d == NULL) return mill_oom(x->ctx->memory, sizeof *d, err);
  d->x = x;
  d->op = *op;
  d->op.build_left = false;
  d->build_left = op->build_left;
  for (int i = 0; i < 2; i++) MILL_TRY(mill_join_side_init(&d->side[i], x, &d->op, i, 0, err));
  return fill_side(x, right, &d->side[!op->build_left], err);
}

void mill_join_disk_free(mill_join_disk *d) {
  if (d == NULL) return;
  mill_sorted_free(d->out);
  for (int i = 0; i < 2; i++) mill_join_side_clear(&d->side[i]);
  mill_free(d->x->ctx->memory, d, sizeof *d);
}

mill_sink *mill_join_disk_left(mill_join_disk *d) { return &d->side[d->build_left].base; }

mill_status mill_join_disk_scan(mill_join_disk *d, mill_scan **out, mill_error *err) {
  const mill_type *schema = d->op.schema;
  MILL_TRY(mill_sorted_placed_new(d->x, schema, &d->out, err));
  MILL_TRY(mill_join_parts(d, err));
  MILL_TRY(mill_sorted_placed_end(d->out, err));
  mill_sorted *rows = d->out;
  d->out = NULL;
  if (mill_op_streams(&d->op) && !d->build_left)
    return mill_sorted_placed_scan(rows, schema, d->side[0].morsels, out, err);
  return mill_sorted_scan(rows, schema, 0, -1, out, err);
}
