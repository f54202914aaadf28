/* What stateful operators share: their common part, event times, rows of a table. */
#include "stream/operator.h"

mill_status mill_stream_op_init(mill_stream_op *op, const mill_context *ctx, const char *name,
                                const mill_type *schema, const mill_type *input, const int *keys,
                                int nkeys, mill_error *err) {
  op->name = name;
  op->schema = schema;
  mill_text_init(&op->keys, ctx->memory);
  mill_text_init(&op->values, ctx->memory);
  mill_store_init(&op->state, ctx->memory);
  MILL_TRY(mill_text_adds(&op->keys, "", err));
  MILL_TRY(mill_text_adds(&op->values, "", err));
  for (int k = 0; k < nkeys; k++) {
    if (k) MILL_TRY(mill_text_adds(&op->keys, ",", err));
    MILL_TRY(mill_type_sql(input->fields[keys[k]].type, &op->keys, err));
  }
  return MILL_OK;
}

void mill_stream_op_clear(mill_stream_op *op) {
  mill_text_clear(&op->keys);
  mill_text_clear(&op->values);
  mill_store_clear(&op->state);
}

void mill_stream_op_free(mill_stream_op *op) {
  if (op) op->free(op);
}

int64_t mill_event_time_at(const mill_vector *v, bool window, size_t i) {
  if (v->type->phys == MILL_PHYS_NONE || !mill_vector_valid(v, i)) return MILL_NO_TIME;
  uint32_t k = mill_vector_at(v, i);
  if (window) return mill_event_time_at(&v->child[1], false, k);
  return ((const int64_t *)v->data)[k];
}

/* ---- rows of a table ------------------------------------------------------------------------ */

typedef struct table_rows {
  mill_rows base;
  mill_table *table;
  size_t chunk;
  uint32_t at;
  mill_arena arena;
  mill_vector *cols;
  mill_batch batch;
} table_rows;

static mill_status next_of_table(mill_rows *rows, mill_batch **out, mill_error *err) {
  table_rows *r = (table_rows *)rows;
  *out = NULL;
  while (r->chunk < r->table->nchunks && r->at >= r->table->chunk[r->chunk]->n) {
    r->chunk++;
    r->at = 0;
  }
  if (r->chunk == r->table->nchunks) return MILL_OK;
  const mill_chunk *c = r->table->chunk[r->chunk];
  uint32_t n = c->n - r->at < MILL_BATCH ? c->n - r->at : MILL_BATCH;
  mill_arena_clear(&r->arena);
  r->cols = mill_arena_alloc(&r->arena, (c->ncols + 1) * sizeof *r->cols);
  if (r->cols == NULL) return mill_oom(r->table->memory, c->ncols * sizeof *r->cols, err);
  MILL_TRY(mill_chunk_batch(c, r->at, n, r->cols, &r->arena, &r->batch, err));
  r->at += n;
  *out = &r->batch;
  return MILL_OK;
}

static void free_table_rows(mill_rows *rows) {
  table_rows *r = (table_rows *)rows;
  mill_memory *m = r->table->memory;
  mill_arena_clear(&r->arena);
  mill_table_unref(r->table);
  mill_free(m, r, sizeof *r);
}

mill_status mill_stream_table_rows(mill_table *t, mill_rows **out, mill_error *err) {
  table_rows *r = mill_calloc(t->memory, sizeof *r);
  if (r == NULL) {
    mill_status s = mill_oom(t->memory, sizeof *r, err);
    mill_table_unref(t);
    return s;
  }
  r->base = (mill_rows){t->schema, next_of_table, free_table_rows, false};
  r->table = t;
  mill_arena_init(&r->arena, t->memory);
  *out = &r->base;
  return MILL_OK;
}
