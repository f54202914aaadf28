/* Hash joins, the right side: its rows in a table by key; see join_int.h. */
#include <string.h>

#include "base/thread.h"
#include "exec/join_int.h"
#include "exec/spill.h"

/* ---- columns -------------------------------------------------------------------------------- */

static bool emits_right(const mill_op *op) {
  return op->join != MILL_OP_SEMI && op->join != MILL_OP_ANTI && op->join != MILL_OP_MARK &&
         op->join != MILL_OP_NULL_AWARE_ANTI;
}

/* Column c of all rows. */
static mill_status flatten(const mill_table *t, uint32_t c, mill_vector *out, mill_arena *a,
                           mill_error *err) {
  MILL_TRY(mill_vector_init(out, t->schema->fields[c].type, (uint32_t)t->rows + 1, a, err));
  for (size_t i = 0; i < t->nchunks; i++)
    MILL_TRY(mill_vector_append(out, &t->chunk[i]->col[c], NULL, t->chunk[i]->n, false, a, err));
  return MILL_OK;
}

/* Does a row of the probing side without a partner go on? */
static bool wants_null_row(const mill_op *op) {
  return op->join == MILL_OP_LEFT || op->join == MILL_OP_FULL || op->join == MILL_OP_SINGLE;
}

static mill_status flatten_column(void *arg, size_t c, int worker, mill_error *err) {
  mill_join_table *t = arg;
  (void)worker;
  MILL_TRY(flatten(t->right, (uint32_t)c, &t->col[c], &t->arena[c], err));
  if (!wants_null_row(t->op)) return MILL_OK;
  mill_vector null;
  mill_vector_null(&null, t->col[c].type);
  return mill_vector_append(&t->col[c], &null, NULL, 1, false, &t->arena[c], err);
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
    if (t->rows < MILL_JOIN_FEW) {
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
  return op->nkeys ? mill_join_fill(t, err) : MILL_OK;
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
