/* Sources: their life, and rows pushed by the program (MemoryStream). */
#include "stream/source.h"

#include <stdlib.h>

#include "base/number.h"
#include "stream/operator.h"

mill_stream_source *mill_stream_source_ref(mill_stream_source *s) {
  __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
  return s;
}

void mill_stream_source_unref(mill_stream_source *s) {
  if (s && __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) == 0) s->free(s);
}

typedef struct memory_source {
  mill_stream_source base;
  mill_memory *memory;
  mill_table **table;
  size_t n, capacity;
} memory_source;

typedef struct memory_feed {
  mill_stream_feed base;
  mill_memory *memory;
  memory_source *source;
  int64_t end; /* frozen: last offset; -2 */
} memory_feed;

/* The offset as a number; -1 before the first. */
static int64_t offset_of(const char *s) {
  int64_t v;
  if (s == NULL || mill_parse_int64(s, strlen(s), 0, INT64_MAX, false, &v) != MILL_PARSED)
    return -1;
  return v;
}

static mill_status latest(mill_stream_feed *f, const char *start, bool all, mill_text *out,
                          mill_error *err) {
  memory_feed *m = (memory_feed *)f;
  (void)all;
  int64_t last = m->end > -2 ? m->end : (int64_t)m->source->n - 1;
  mill_text_reset(out);
  if (last <= offset_of(start)) return MILL_OK;
  return mill_text_printf(out, err, "%lld", (long long)last);
}

static mill_status open_rows(mill_stream_feed *f, const mill_settings *set, const char *start,
                             const char *end, mill_rows **out, mill_error *err) {
  const memory_source *m = ((memory_feed *)f)->source;
  mill_table *t;
  (void)set;
  int64_t last = offset_of(end);
  if (last >= (int64_t)m->n)
    return mill_fail(err, MILL_E_INTERNAL_ERROR, "message",
                     "rows that were pushed into a memory stream are gone: it cannot be replayed",
                     NULL);
  MILL_TRY(mill_table_new(m->memory, m->base.schema, &t, err));
  for (int64_t i = offset_of(start) + 1; i <= last; i++) {
    const mill_table *from = m->table[i];
    for (size_t c = 0; c < from->nchunks; c++) {
      mill_status s = mill_table_add_move(t, mill_chunk_ref(from->chunk[c]), err);
      if (s == MILL_OK) continue;
      mill_table_unref(t);
      return s;
    }
  }
  return mill_stream_table_rows(t, out, err);
}

static mill_status freeze(mill_stream_feed *f, const char *start, mill_error *err) {
  memory_feed *m = (memory_feed *)f;
  (void)start, (void)err;
  m->end = (int64_t)m->source->n - 1;
  return MILL_OK;
}

static void free_feed(mill_stream_feed *f) {
  memory_source *s = ((memory_feed *)f)->source;
  mill_free(((memory_feed *)f)->memory, f, sizeof(memory_feed));
  mill_stream_source_unref(&s->base);
}

static mill_status start_memory(mill_stream_source *s, const mill_context *ctx,
                                mill_stream_feed **out, mill_error *err) {
  memory_feed *f = mill_calloc(ctx->memory, sizeof *f);
  if (f == NULL) return mill_oom(ctx->memory, sizeof *f, err);
  f->base = (mill_stream_feed){NULL, latest, open_rows, NULL, freeze, free_feed};
  f->source = (memory_source *)mill_stream_source_ref(s);
  f->memory = ctx->memory;
  f->end = -2;
  *out = &f->base;
  return MILL_OK;
}

static void free_source(mill_stream_source *s) {
  memory_source *m = (memory_source *)s;
  for (size_t i = 0; i < m->n; i++) mill_table_unref(m->table[i]);
  mill_free(m->memory, m->table, m->capacity * sizeof *m->table);
  mill_free(m->memory, m, sizeof *m);
}

mill_status mill_stream_memory_new(const mill_context *ctx, const mill_type *schema,
                                   mill_stream_source **out, mill_error *err) {
  memory_source *m = mill_calloc(ctx->memory, sizeof *m);
  if (m == NULL) return mill_oom(ctx->memory, sizeof *m, err);
  m->base = (mill_stream_source){schema, "MemoryStream", 1, start_memory, free_source};
  m->memory = ctx->memory;
  *out = &m->base;
  return MILL_OK;
}

mill_status mill_stream_memory_add(mill_stream_source *s, mill_table *t, mill_error *err) {
  memory_source *m = (memory_source *)s;
  void *list = m->table;
  mill_status st = mill_grow(m->memory, &list, &m->capacity, m->n + 1, sizeof t, err);
  m->table = list;
  if (st == MILL_OK)
    m->table[m->n++] = t;
  else
    mill_table_unref(t);
  return st;
}
