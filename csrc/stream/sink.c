/* Sinks that keep nothing on disk: noop, memory, callbacks. */
#include "stream/sink.h"

static mill_status open_any(mill_stream_sink *s, const char *id, int64_t last, mill_error *err) {
  (void)s, (void)id, (void)last, (void)err;
  return MILL_OK;
}

static mill_status publish_nothing(mill_stream_sink *s, int64_t batch, const char *staged, size_t n,
                                   mill_error *err) {
  (void)s, (void)batch, (void)staged, (void)n, (void)err;
  return MILL_OK;
}

/* Append all rows to the table; frees them. */
static mill_status drain(mill_rows *rows, mill_table *t, int64_t *n, mill_error *err) {
  mill_batch *b = NULL;
  mill_status s = rows->next(rows, &b, err);
  for (*n = 0; s == MILL_OK && b; s = rows->next(rows, &b, err)) {
    *n += b->n;
    if (t == NULL) continue;
    s = mill_table_append(t, b, err);
    if (s != MILL_OK) break;
  }
  rows->free(rows);
  return s;
}

/* ---- noop ----------------------------------------------------------------------------------- */

typedef struct noop {
  mill_stream_sink base;
  mill_memory *memory;
} noop;

static mill_status write_noop(mill_stream_sink *s, const mill_stream_batch *b, mill_rows *rows,
                              mill_text *staged, mill_error *err) {
  (void)b, (void)staged;
  return drain(rows, NULL, &s->rows, err);
}

static void free_noop(mill_stream_sink *s) { mill_free(((noop *)s)->memory, s, sizeof(noop)); }

mill_status mill_sink_noop_new(const mill_context *ctx, mill_stream_sink **out, mill_error *err) {
  noop *n = mill_calloc(ctx->memory, sizeof *n);
  if (n == NULL) return mill_oom(ctx->memory, sizeof *n, err);
  n->memory = ctx->memory;
  n->base =
      (mill_stream_sink){"NoopTable", false, -1, open_any, write_noop, publish_nothing, free_noop};
  *out = &n->base;
  return MILL_OK;
}

/* ---- memory --------------------------------------------------------------------------------- */

typedef struct memory_sink {
  mill_stream_sink base;
  mill_memory *memory;
  const mill_type *schema;
  mill_table *shown, *pending; /* pending: of the batch that is not published */
  bool replace;
} memory_sink;

static mill_status write_memory(mill_stream_sink *s, const mill_stream_batch *b, mill_rows *rows,
                                mill_text *staged, mill_error *err) {
  memory_sink *m = (memory_sink *)s;
  (void)staged;
  mill_table *t;
  mill_status status = mill_table_new(m->memory, m->schema, &t, err);
  if (status != MILL_OK) {
    rows->free(rows);
    return status;
  }
  mill_table_unref(m->pending);
  m->pending = t;
  m->replace = b->mode == MILL_COMPLETE;
  return drain(rows, t, &s->rows, err);
}

static mill_status publish_memory(mill_stream_sink *s, int64_t batch, const char *staged, size_t n,
                                  mill_error *err) {
  memory_sink *m = (memory_sink *)s;
  (void)batch, (void)staged, (void)n;
  if (m->pending == NULL) return MILL_OK;
  if (m->replace) mill_table_reset(m->shown);
  for (size_t i = 0; i < m->pending->nchunks; i++)
    MILL_TRY(mill_table_add_move(m->shown, mill_chunk_ref(m->pending->chunk[i]), err));
  mill_table_unref(m->pending);
  m->pending = NULL;
  return MILL_OK;
}

static void free_memory(mill_stream_sink *s) {
  memory_sink *m = (memory_sink *)s;
  mill_table_unref(m->shown);
  mill_table_unref(m->pending);
  mill_free(m->memory, m, sizeof *m);
}

mill_status mill_sink_memory_new(const mill_context *ctx, const mill_type *schema,
                                 mill_stream_sink **out, mill_error *err) {
  memory_sink *m = mill_calloc(ctx->memory, sizeof *m);
  if (m == NULL) return mill_oom(ctx->memory, sizeof *m, err);
  m->memory = ctx->memory;
  m->schema = schema;
  m->base = (mill_stream_sink){"MemorySink", false,          0,          open_any,
                               write_memory, publish_memory, free_memory};
  mill_status s = mill_table_new(ctx->memory, schema, &m->shown, err);
  if (s == MILL_OK) m->shown->live = true;
  if (s == MILL_OK)
    *out = &m->base;
  else
    free_memory(&m->base);
  return s;
}

mill_status mill_sink_memory_table(mill_stream_sink *s, mill_table **out, mill_error *err) {
  memory_sink *m = (memory_sink *)s;
  mill_table *t;
  MILL_TRY(mill_table_new(m->memory, m->schema, &t, err));
  for (size_t i = 0; i < m->shown->nchunks; i++) {
    mill_status status = mill_table_add_move(t, mill_chunk_ref(m->shown->chunk[i]), err);
    if (status == MILL_OK) continue;
    mill_table_unref(t);
    return status;
  }
  *out = t;
  return MILL_OK;
}

mill_table *mill_sink_memory_live(mill_stream_sink *s) { return ((memory_sink *)s)->shown; }

/* ---- callbacks ------------------------------------------------------------------------------ */

typedef struct call_sink {
  mill_stream_sink base;
  mill_memory *memory;
  const mill_type *schema;
  mill_sink_call f;
  void *arg;
  void (*release)(void *arg);
} call_sink;

static mill_status write_call(mill_stream_sink *s, const mill_stream_batch *b, mill_rows *rows,
                              mill_text *staged, mill_error *err) {
  call_sink *c = (call_sink *)s;
  mill_table *t;
  int64_t n;
  (void)staged;
  mill_status status = mill_table_new(c->memory, c->schema, &t, err);
  if (status != MILL_OK) {
    rows->free(rows);
    return status;
  }
  status = drain(rows, t, &n, err);
  if (status == MILL_OK) status = c->f(c->arg, b->id, t, err);
  mill_table_unref(t);
  return status;
}

static void free_call(mill_stream_sink *s) {
  call_sink *c = (call_sink *)s;
  if (c->release) c->release(c->arg);
  mill_free(c->memory, c, sizeof *c);
}

mill_status mill_sink_call_new(const mill_context *ctx, const char *description,
                               const mill_type *schema, mill_sink_call f, void *arg,
                               void (*release)(void *arg), mill_stream_sink **out,
                               mill_error *err) {
  call_sink *c = mill_calloc(ctx->memory, sizeof *c);
  if (c == NULL) {
    if (release) release(arg);
    return mill_oom(ctx->memory, sizeof *c, err);
  }
  *c = (call_sink){{description, true, -1, open_any, write_call, publish_nothing, free_call},
                   ctx->memory,
                   schema,
                   f,
                   arg,
                   release};
  *out = &c->base;
  return MILL_OK;
}
