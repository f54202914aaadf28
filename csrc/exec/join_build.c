/* Hash joins, the right side: its rows in a table by key; see join_int.h.
**
** Rows stand by slot, found by counting, so that those of one key lie together. Large tables are
** filled by several workers: each goes over all rows and takes those whose slot lies in its share,
** so nothing is shared and the result is the same at any number of threads. */
#include <string.h>

#include "base/thread.h"
#include "exec/join_int.h"
#include "exec/spill.h"

enum { BLOCK = 65536, FEW_ROWS = 100000, MOST_SHARES = 16 };

/* ---- columns -------------------------------------------------------------------------------- */

static bool emits_right(const mill_op *op) {
  return op->join != MILL_OP_SEMI && op->join != MILL_OP_ANTI && op->join != MILL_OP_MARK &&
         op->join != MILL_OP_NULL_AWARE_ANTI;
}

/* Column c of all rows, and a null. */
static mill_status flatten(const mill_table *t, uint32_t c, mill_vector *out, mill_arena *a,
                           mill_error *err) {
  const mill_type *type = t->schema->fields[c].type;
  mill_vector null;
  mill_vector_null(&null, type);
  MILL_TRY(mill_vector_init(out, type, (uint32_t)t->rows + 1, a, err));
  for (size_t i = 0; i < t->nchunks; i++)
    MILL_TRY(mill_vector_append(out, &t->chunk[i]->col[c], NULL, t->chunk[i]->n, false, a, err));
  return mill_vector_append(out, &null, NULL, 1, false, a, err);
}

static mill_status flatten_column(void *arg, size_t c, int worker, mill_error *err) {
  mill_join_table *t = arg;
  (void)worker;
  return flatten(t->right, (uint32_t)c, &t->col[c], &t->arena[c], err);
}

/* The values of key k over all rows. */
static mill_status key_column(mill_join_table *t, int k, mill_error *err) {
  const mill_bound *e = t->keys[k];
  mill_arena *a = &t->arena[t->narenas - 1];
  mill_table *made = NULL;
  if (e->kind == MILL_B_COLUMN && t->col) {
    t->key[k] = t->col[e->index];
    return MILL_OK;
  }
  if (e->kind == MILL_B_COLUMN) return flatten(t->right, (uint32_t)e->index, &t->key[k], a, err);
  MILL_TRY(mill_table_map(t->x, t->right, &e, 1, &made, err));
  mill_vector views;
  mill_status s = flatten(made, 0, &views, a, err);
  if (s == MILL_OK) s = mill_vector_init(&t->key[k], e->type, 0, a, err);
  if (s == MILL_OK) s = mill_vector_append(&t->key[k], &views, NULL, t->rows, true, a, err);
  mill_table_unref(made);
  return s;
}

static mill_status collect_columns(mill_join_table *t, mill_error *err) {
  mill_memory *m = t->x->ctx->memory;
  uint32_t n = t->right->schema->nfields;
  t->arena = mill_calloc(m, ((size_t)n + 1) * sizeof *t->arena);
  if (t->arena == NULL) return mill_oom(m, n, err);
  t->narenas = (int)n + 1;
  for (int i = 0; i < t->narenas; i++) mill_arena_init(&t->arena[i], m);
  mill_arena *own = &t->arena[n];
  if (emits_right(t->op) || t->op->condition) {
    t->col = mill_arena_alloc(own, (n + 1) * sizeof *t->col);
    if (t->col == NULL) return mill_oom(m, n, err);
    if (t->rows < BLOCK) {
      for (uint32_t c = 0; c < n; c++) MILL_TRY(flatten_column(t, c, 0, err));
    } else {
      MILL_TRY(mill_pool_run(t->x->ctx->pool, n, flatten_column, t, err));
    }
  }
  t->key = mill_arena_alloc(own, (size_t)(t->op->nkeys + 1) * sizeof *t->key);
  if (t->key == NULL) return mill_oom(m, 1, err);
  for (int k = 0; k < t->op->nkeys; k++) MILL_TRY(key_column(t, k, err));
  return MILL_OK;
}

/* ---- slots ---------------------------------------------------------------------------------- */

typedef struct filling {
  mill_join_table *t;
  uint64_t *word; /* by row */
  uint8_t *can;
  size_t shares;
  uint32_t count[MOST_SHARES + 1]; /* rows of the shares before, then of each */
  bool twice[MOST_SHARES];         /* a key stands twice */
} filling;

typedef struct share {
  size_t low, high;
} share;

static share share_of(const filling *f, size_t i) {
  size_t each = f->t->nslots / f->shares;
  return (share){each * i, i + 1 == f->shares ? f->t->nslots : each * (i + 1)};
}

static mill_status fill_words(void *arg, size_t block, int worker, mill_error *err) {
  filling *f = arg;
  uint32_t from = (uint32_t)block * BLOCK;
  uint32_t n = f->t->rows - from < BLOCK ? f->t->rows - from : BLOCK;
  (void)worker, (void)err;
  mill_join_words(f->t, f->t->key, from, n, f->word + from, f->can + from);
  return MILL_OK;
}

/* Dense keys: a row a slot, as long as no slot wants two. The words are not kept: to touch memory for
** them would cost more than to make them once a share. */
static mill_status fill_single(void *arg, size_t number, int worker, mill_error *err) {
  filling *f = arg;
  mill_join_table *t = f->t;
  share s = share_of(f, number);
  uint64_t word[MILL_BATCH];
  uint8_t can[MILL_BATCH];
  (void)worker, (void)err;
  for (uint32_t from = 0, n; from < t->rows; from += n) {
    n = t->rows - from < MILL_BATCH ? t->rows - from : MILL_BATCH;
    mill_join_words(t, t->key, from, n, word, can);
    for (uint32_t i = 0; i < n; i++) {
      uint64_t at = word[i];
      if (!can[i] || at < s.low || at >= s.high) continue;
      if (t->start[at]) {
        f->twice[number] = true;
        return MILL_OK;
      }
      t->start[at] = from + i + 1;
    }
  }
  return MILL_OK;
}

/* Count the rows of each slot two places on, where the next step makes them ends of slots. */
static mill_status count_share(void *arg, size_t number, int worker, mill_error *err) {
  filling *f = arg;
  mill_join_table *t = f->t;
  share s = share_of(f, number);
  uint32_t n = 0;
  (void)worker, (void)err;
  for (uint32_t row = 0; row < t->rows; row++) {
    size_t at = mill_join_slot(t, f->word[row]);
    if (!f->can[row] || at < s.low || at >= s.high) continue;
    t->start[at + 1]++;
    n++;
  }
  f->count[number + 1] = n;
  return MILL_OK;
}

/* Do two rows of a slot have the same word? A slot of many rows counts as one that does. */
static bool repeats(const mill_join_table *t, uint32_t from, uint32_t to) {
  if (to - from > 8) return true;
  for (uint32_t a = from; a < to; a++)
    for (uint32_t b = a + 1; b < to; b++)
      if (t->dense || t->word[a] == t->word[b]) return true;
  return false;
}

/* start[slot + 1] counts the slot's rows; make it the slot's begin, and by placing rows its end. */
static mill_status place_share(void *arg, size_t number, int worker, mill_error *err) {
  filling *f = arg;
  mill_join_table *t = f->t;
  share s = share_of(f, number);
  uint32_t at = f->count[number];
  (void)worker, (void)err;
  for (size_t i = s.low; i < s.high; i++) {
    uint32_t n = t->start[i + 1];
    t->start[i + 1] = at;
    at += n;
  }
  for (uint32_t row = 0; row < t->rows; row++) {
    size_t slot = mill_join_slot(t, f->word[row]);
    if (!f->can[row] || slot < s.low || slot >= s.high) continue;
    uint32_t place = t->start[slot + 1]++;
    t->row[place] = row;
    if (t->word) t->word[place] = f->word[row];
  }
  uint32_t from = f->count[number];
  for (size_t i = s.low; i < s.high && !f->twice[number]; i++) {
    uint32_t to = t->start[i + 1];
    if (to - from > 1) f->twice[number] = repeats(t, from, to);
    from = to;
  }
  return MILL_OK;
}

static bool any_twice(const filling *f) {
  for (size_t i = 0; i < f->shares; i++)
    if (f->twice[i]) return true;
  return false;
}

static mill_status new_slots(mill_join_table *t, mill_error *err) {
  size_t bytes = (t->nslots + 2) * sizeof *t->start;
  t->start = mill_calloc(t->x->ctx->memory, bytes);
  return t->start ? MILL_OK : mill_oom(t->x->ctx->memory, bytes, err);
}

static mill_status fill_dense(filling *f, mill_error *err) {
  mill_join_table *t = f->t;
  MILL_TRY(new_slots(t, err));
  MILL_TRY(mill_pool_run(t->x->ctx->pool, f->shares, fill_single, f, err));
  t->unique = !any_twice(f);
  if (t->unique) return MILL_OK;
  memset(f->twice, 0, sizeof f->twice);
  memset(t->start, 0, (t->nslots + 2) * sizeof *t->start);
  return MILL_OK;
}

static mill_status fill_slots(filling *f, mill_error *err) {
  mill_join_table *t = f->t;
  mill_memory *m = t->x->ctx->memory;
  mill_pool *pool = t->x->ctx->pool;
  t->row = mill_alloc(m, ((size_t)t->rows + 1) * sizeof *t->row);
  if (!t->dense) t->word = mill_alloc(m, ((size_t)t->rows + 1) * sizeof *t->word);
  if (t->row == NULL || (!t->dense && t->word == NULL)) return mill_oom(m, t->rows, err);
  MILL_TRY(mill_pool_run(pool, f->shares, count_share, f, err));
  for (size_t i = 0; i < f->shares; i++) f->count[i + 1] += f->count[i];
  MILL_TRY(mill_pool_run(pool, f->shares, place_share, f, err));
  t->unique = !any_twice(f);
  return MILL_OK;
}

/* Slots of rows in a list: all but those of unique dense keys. */
static mill_status list_slots(filling *f, mill_error *err) {
  mill_join_table *t = f->t;
  mill_memory *m = t->x->ctx->memory;
  size_t n = t->rows;
  f->word = mill_alloc(m, (n + 1) * sizeof *f->word);
  f->can = mill_alloc(m, n + 1);
  mill_status s = f->word && f->can ? MILL_OK : mill_oom(m, n * 16, err);
  if (s == MILL_OK) s = mill_pool_run(t->x->ctx->pool, (n + BLOCK - 1) / BLOCK, fill_words, f, err);
  if (s == MILL_OK && t->nbits) s = mill_join_rank(t, f->word, f->can, f->shares, err);
  if (s == MILL_OK && t->start == NULL) s = new_slots(t, err);
  if (s == MILL_OK) s = fill_slots(f, err);
  mill_free(m, f->word, (n + 1) * sizeof *f->word);
  mill_free(m, f->can, n + 1);
  return s;
}

static mill_status make_slots(mill_join_table *t, mill_error *err) {
  size_t n = t->rows;
  mill_join_choose(t);
  if (!t->dense && !t->nbits) {
    for (t->nslots = 16, t->shift = 60; t->nslots < 2 * n; t->shift--) t->nslots *= 2;
  }
  filling f = {.t = t, .shares = 1};
  if (n > FEW_ROWS) f.shares = (size_t)mill_pool_threads(t->x->ctx->pool);
  if (f.shares > MOST_SHARES) f.shares = MOST_SHARES;
  if (t->dense) MILL_TRY(fill_dense(&f, err));
  if (!t->unique) MILL_TRY(list_slots(&f, err));
  for (int k = 0; k < t->op->nkeys; k++)
    for (uint32_t i = 0; t->key[k].valid && i < t->rows && !t->has_null_key; i++)
      t->has_null_key = !mill_vector_valid(&t->key[k], i);
  return MILL_OK;
}

/* ---- making it ------------------------------------------------------------------------------ */

uint64_t mill_join_table_bytes(const mill_type *schema, uint64_t rows) {
  uint64_t each = 40; /* words, places and slots */
  for (uint32_t c = 0; c < schema->nfields; c++) each += schema->fields[c].type->width;
  return each * rows;
}

static mill_status table_init(mill_join_table *t, mill_table *right, mill_error *err) {
  const mill_op *op = t->op;
  mill_memory *m = t->x->ctx->memory;
  t->right = right;
  if (right->rows >= UINT32_MAX - 1) return mill_oom(m, SIZE_MAX, err);
  t->rows = (uint32_t)right->rows;
  t->any = t->rows > 0;
  if (op->join == MILL_OP_RIGHT || op->join == MILL_OP_FULL || op->build_left) {
    t->met = mill_calloc(m, (size_t)t->rows + 1);
    if (t->met == NULL) return mill_oom(m, t->rows, err);
  }
  MILL_TRY(collect_columns(t, err));
  return op->nkeys ? make_slots(t, err) : MILL_OK;
}

static mill_status table_new(const mill_exec *x, const mill_op *op, mill_join_table **out,
                             mill_error *err) {
  mill_join_table *t = mill_calloc(x->ctx->memory, sizeof *t);
  *out = t;
  if (t == NULL) return mill_oom(x->ctx->memory, sizeof *t, err);
  t->x = x;
  t->op = op;
  t->keys = op->build_left ? op->keys : op->right_keys;
  t->probe_keys = op->build_left ? op->right_keys : op->keys;
  return MILL_OK;
}

mill_status mill_join_table_new(const mill_exec *x, const mill_op *op, mill_table *right,
                                mill_join_table **out, mill_error *err) {
  mill_status s = table_new(x, op, out, err);
  if (s == MILL_OK) return table_init(*out, right, err);
  mill_table_unref(right);
  return s;
}

mill_status mill_join_build(const mill_exec *x, const mill_op *op, mill_join_table **out,
                            mill_error *err) {
  const mill_op *side = op->child[!op->build_left];
  mill_scan *scan = NULL;
  MILL_TRY(table_new(x, op, out, err));
  MILL_TRY(mill_exec_held(x, side, &scan, err));
  mill_table *t = (mill_table *)(uintptr_t)mill_scan_in_memory(scan);
  if (t && !mill_spill_needed(x->ctx, mill_join_table_bytes(side->schema, t->rows))) {
    mill_table_ref(t);
    mill_scan_unref(scan);
    return table_init(*out, t, err);
  }
  mill_status s = mill_join_disk_new(x, op, scan, &(*out)->disk, err);
  mill_scan_unref(scan);
  return s;
}

bool mill_join_on_disk(const mill_join_table *t) { return t->disk != NULL; }
mill_sink *mill_join_left(mill_join_table *t) { return mill_join_disk_left(t->disk); }
mill_status mill_join_scan(mill_join_table *t, mill_scan **out, mill_error *err) {
  return mill_join_disk_scan(t->disk, out, err);
}

void mill_join_free(mill_join_table *t) {
  if (t == NULL) return;
  mill_memory *m = t->x->ctx->memory;
  size_t n = t->rows;
  mill_join_disk_free(t->disk);
  mill_free(m, t->word, (n + 1) * sizeof *t->word);
  mill_free(m, t->row, (n + 1) * sizeof *t->row);
  mill_free(m, t->start, (t->nslots + 2) * sizeof *t->start);
  mill_join_rank_free(t);
  mill_free(m, t->met, n + 1);
  for (int i = 0; i < t->narenas; i++) mill_arena_clear(&t->arena[i]);
  if (t->arena) mill_free(m, t->arena, (size_t)t->narenas * sizeof *t->arena);
  mill_table_unref(t->right);
  mill_free(m, t, sizeof *t);
}
