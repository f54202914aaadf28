/* Tables in snapshots; see table.h. Rows come from a table in memory, or one chunk after the other
** from a scan and a pull source. */
#include <inttypes.h>
#include <stdlib.h>

#include "snapshot/column_int.h"
#include "snapshot/table_int.h"

static const char table_kind[] = "table", table_name[] = "rows";

static mill_status section_name(mill_text *out, const char *name, size_t chunk, uint32_t column,
                                mill_error *err) {
  mill_text_reset(out);
  return mill_text_printf(out, err, "%s/%zu/%" PRIu32, name, chunk, column);
}

/* ---- writing -------------------------------------------------------------------------------- */

mill_status mill_snapshot_table_begin(table_writer *t, mill_snapshot_writer *w, const char *name,
                                      const mill_type *schema, mill_text *meta, mill_error *err) {
  *t = (table_writer){.file = w, .name = name, .meta = meta};
  mill_text_init(&t->chunks, meta->memory);
  MILL_TRY(mill_text_adds(meta, "{\"name\":", err));
  MILL_TRY(mill_json_quote(name, strlen(name), meta, err));
  MILL_TRY(mill_text_adds(meta, ",\"schema\":", err));
  return mill_type_json(schema, meta, err);
}

mill_status mill_snapshot_table_chunk(table_writer *t, const mill_chunk *c, mill_error *err) {
  mill_text name;
  mill_text_init(&name, t->meta->memory);
  mill_status s = MILL_OK;
  for (uint32_t i = 0; i < c->ncols && s == MILL_OK; i++) {
    s = section_name(&name, t->name, t->nchunks, i, err);
    if (s == MILL_OK) s = mill_snapshot_section(t->file, name.data, err);
    if (s == MILL_OK) s = mill_snapshot_add_column(t->file, t->meta->memory, &c->col[i], c->n, err);
  }
  mill_text_clear(&name);
  if (s == MILL_OK)
    s = mill_text_printf(&t->chunks, err, t->nchunks ? ",%" PRIu32 : "%" PRIu32, c->n);
  t->nchunks++;
  t->rows += c->n;
  return s;
}

mill_status mill_snapshot_table_end(table_writer *t, mill_error *err) {
  return mill_text_printf(t->meta, err, ",\"rows\":%" PRIu64 ",\"chunks\":[%s]}", t->rows,
                          t->chunks.data ? t->chunks.data : "");
}

void mill_snapshot_table_clear(table_writer *t) { mill_text_clear(&t->chunks); }

mill_status mill_snapshot_add_table(mill_snapshot_writer *w, const char *name, const mill_table *t,
                                    mill_text *meta, mill_error *err) {
  table_writer out;
  mill_status s = mill_snapshot_table_begin(&out, w, name, t->schema, meta, err);
  for (size_t i = 0; i < t->nchunks && s == MILL_OK; i++)
    s = mill_snapshot_table_chunk(&out, t->chunk[i], err);
  if (s == MILL_OK) s = mill_snapshot_table_end(&out, err);
  mill_snapshot_table_clear(&out);
  return s;
}

/* Close with what was described, or give up; w is gone afterwards. */
static mill_status close_with(mill_snapshot_writer *w, mill_status s, mill_text *meta,
                              mill_error *err) {
  if (s == MILL_OK)
    s = mill_snapshot_close(w, meta->data, meta->size, err);
  else
    mill_snapshot_writer_free(w);
  mill_text_clear(meta);
  return s;
}

mill_status mill_table_save(const mill_files *fs, const mill_table *t, const char *path,
                            mill_error *err) {
  mill_snapshot_writer *w;
  mill_text meta;
  MILL_TRY(mill_snapshot_create(fs, t->memory, path, table_kind, &w, err));
  mill_text_init(&meta, t->memory);
  mill_status s = mill_snapshot_add_table(w, table_name, t, &meta, err);
  return close_with(w, s, &meta, err);
}

/* Rows that gather to chunks. */
typedef struct gatherer {
  table_writer *to;
  mill_memory *memory;
  const mill_type *schema;
  mill_chunk *chunk;
} gatherer;

static mill_status flush(gatherer *g, mill_error *err) {
  mill_chunk *c = g->chunk;
  g->chunk = NULL;
  mill_status s = c && c->n ? mill_snapshot_table_chunk(g->to, c, err) : MILL_OK;
  mill_chunk_unref(c);
  return s;
}

static mill_status gather(gatherer *g, const mill_batch *b, mill_error *err) {
  for (uint32_t from = 0; from < b->n;) {
    if (g->chunk && g->chunk->n == MILL_CHUNK) MILL_TRY(flush(g, err));
    if (!g->chunk) MILL_TRY(mill_chunk_new(g->memory, g->schema, MILL_BATCH, &g->chunk, err));
    uint32_t room = MILL_CHUNK - g->chunk->n, left = b->n - from;
    uint32_t n = left < room ? left : room;
    MILL_TRY(mill_chunk_append(g->chunk, b, from, n, err));
    from += n;
  }
  return MILL_OK;
}

static mill_status gather_cursor(gatherer *g, const mill_scan *scan, mill_cursor *c,
                                 mill_error *err) {
  for (size_t i = 0; i < scan->morsels; i++) {
    mill_batch *b;
    MILL_TRY(c->seek(c, i, err));
    for (;;) {
      MILL_TRY(c->next(c, &b, err));
      if (!b) break;
      MILL_TRY(gather(g, b, err));
    }
  }
  return MILL_OK;
}

static mill_status gather_scan(gatherer *g, const mill_context *ctx, const mill_scan *scan,
                               mill_error *err) {
  mill_cursor *c;
  int n = (int)scan->schema->nfields;
  size_t bytes = ((size_t)n + 1) * sizeof(int);
  int *columns = mill_alloc(g->memory, bytes);
  if (!columns) return mill_oom(g->memory, bytes, err);
  for (int i = 0; i < n; i++) columns[i] = i;
  mill_status s = scan->open(scan, ctx, columns, n, &c, err);
  mill_free(g->memory, columns, bytes);
  if (s != MILL_OK) return s;
  s = gather_cursor(g, scan, c, err);
  c->free(c);
  return s;
}

static mill_status gather_rows(gatherer *g, mill_rows *rows, mill_error *err) {
  for (;;) {
    mill_batch *b;
    MILL_TRY(rows->next(rows, &b, err));
    if (!b) return MILL_OK;
    MILL_TRY(gather(g, b, err));
  }
}

mill_status mill_table_save_rows(const mill_context *ctx, mill_scan *before, mill_rows *rows,
                                 const char *path, uint64_t *written, mill_error *err) {
  mill_snapshot_writer *w;
  mill_text meta;
  table_writer to;
  const mill_type *schema = rows->schema;
  if (before) MILL_TRY(mill_snapshot_merge(ctx->types, before->schema, rows->schema, &schema, err));
  MILL_TRY(mill_snapshot_create(ctx->files, ctx->memory, path, table_kind, &w, err));
  mill_text_init(&meta, ctx->memory);
  gatherer g = {&to, ctx->memory, schema, NULL};
  mill_status s = mill_snapshot_table_begin(&to, w, table_name, schema, &meta, err);
  if (s == MILL_OK && before) s = gather_scan(&g, ctx, before, err);
  uint64_t old = to.rows + (g.chunk ? g.chunk->n : 0);
  if (s == MILL_OK) s = gather_rows(&g, rows, err);
  if (s == MILL_OK) s = flush(&g, err);
  if (s == MILL_OK) s = mill_snapshot_table_end(&to, err);
  mill_chunk_unref(g.chunk);
  mill_snapshot_table_clear(&to);
  s = close_with(w, s, &meta, err);
  if (s == MILL_OK && written) *written = to.rows - old;
  return s;
}

/* ---- reading -------------------------------------------------------------------------------- */

static mill_status read_schema(const mill_snapshot *s, const mill_json *meta, mill_types *types,
                               table_place *p, mill_error *err) {
  mill_text text;
  const mill_json *schema = mill_json_get(meta, "schema");
  if (!schema || schema->kind != MILL_JSON_OBJECT)
    return mill_snapshot_damaged(s, err, "its table has no schema");
  mill_text_init(&text, p->arena.memory);
  mill_status status = mill_json_write(schema, &text, err);
  if (status == MILL_OK) status = mill_type_from_json(types, text.data, text.size, &p->schema, err);
  mill_text_clear(&text);
  if (status == MILL_E_OUT_OF_MEMORY) return status;
  if (status != MILL_OK || p->schema->id != MILL_STRUCT)
    return mill_snapshot_damaged(s, err, "its table has a malformed schema");
  return MILL_OK;
}

static mill_status read_chunks(const mill_snapshot *s, const mill_json *meta, table_place *p,
                               mill_error *err) {
  const mill_json *chunks = mill_json_get(meta, "chunks");
  if (!chunks || chunks->kind != MILL_JSON_ARRAY)
    return mill_snapshot_damaged(s, err, "its table has no list of chunks");
  p->chunk = mill_arena_alloc(&p->arena, (chunks->n + 1) * sizeof *p->chunk);
  if (!p->chunk) return mill_oom(p->arena.memory, chunks->n * sizeof *p->chunk, err);
  for (const mill_json *c = chunks->child; c; c = c->next) {
    long n = c->kind == MILL_JSON_INTEGER && c->size <= 5 ? atol(c->text) : -1;
    if (n < 0 || n > MILL_CHUNK)
      return mill_snapshot_damaged(s, err, "chunk %zu of its table has an impossible size",
                                   p->nchunks);
    p->chunk[p->nchunks++] = (uint32_t)n;
    p->rows += (uint32_t)n;
  }
  if (mill_json_int(meta, "rows", -1) != (int64_t)p->rows)
    return mill_snapshot_damaged(s, err, "its table's chunks do not add up to its rows");
  return MILL_OK;
}

mill_status mill_snapshot_place(const mill_snapshot *s, const mill_json *meta, mill_types *types,
                                table_place *p, mill_error *err) {
  *p = (table_place){0};
  mill_arena_init(&p->arena, mill_types_memory(types));
  const char *name = mill_json_text(meta, "name", "");
  p->name = mill_arena_strndup(&p->arena, name, strlen(name));
  mill_status status = p->name ? MILL_OK : mill_oom(p->arena.memory, strlen(name), err);
  if (status == MILL_OK) status = read_schema(s, meta, types, p, err);
  if (status == MILL_OK) status = read_chunks(s, meta, p, err);
  if (status != MILL_OK) mill_snapshot_place_clear(p);
  return status;
}

void mill_snapshot_place_clear(table_place *p) { mill_arena_clear(&p->arena); }

/* One column of a chunk into `c`; `text` and `what` are scratch. */
static mill_status read_column(const mill_snapshot *s, const table_place *p, size_t chunk,
                               int column, mill_chunk *c, mill_vector *out, mill_text *text,
                               mill_text *what, mill_error *err) {
  size_t section;
  MILL_TRY(section_name(what, p->name, chunk, (uint32_t)column, err));
  if (!mill_snapshot_find(s, what->data, &section))
    return mill_snapshot_damaged(s, err, "section %s is missing", what->data);
  mill_text_reset(text);
  MILL_TRY(mill_snapshot_read(s, section, text, err));
  mill_text_reset(what);
  MILL_TRY(
      mill_text_printf(what, err, "column %s in chunk %zu", p->schema->fields[column].name, chunk));
  return mill_snapshot_decode(s, what->data, text, p->schema->fields[column].type, c->n, &c->arena,
                              out, err);
}

/* An empty chunk of n rows and as many columns as wanted. */
static mill_status bare_chunk(mill_memory *m, uint32_t rows, uint32_t n, mill_chunk **out,
                              mill_error *err) {
  static const mill_type none = {.id = MILL_STRUCT, .phys = MILL_PHYS_STRUCT};
  MILL_TRY(mill_chunk_new(m, &none, 0, out, err));
  mill_vector *col = mill_arena_alloc(&(*out)->arena, (n + 1) * sizeof *col);
  if (!col) {
    mill_chunk_unref(*out);
    return mill_oom(m, n * sizeof *col, err);
  }
  (*out)->col = col;
  (*out)->ncols = n;
  (*out)->n = rows;
  return MILL_OK;
}

mill_status mill_snapshot_read_chunk(const mill_snapshot *s, const table_place *p, size_t chunk,
                                     const int *columns, uint32_t n, mill_chunk **out,
                                     mill_error *err) {
  mill_memory *m = p->arena.memory;
  mill_chunk *c;
  mill_text text, what;
  MILL_TRY(bare_chunk(m, p->chunk[chunk], n, &c, err));
  mill_text_init(&text, m);
  mill_text_init(&what, m);
  mill_status status = MILL_OK;
  for (uint32_t i = 0; i < n && status == MILL_OK; i++)
    status = read_column(s, p, chunk, columns[i], c, &c->col[i], &text, &what, err);
  mill_text_clear(&text);
  mill_text_clear(&what);
  if (status == MILL_OK)
    *out = c;
  else
    mill_chunk_unref(c);
  return status;
}

static mill_status read_all(const mill_snapshot *s, const table_place *p, const int *columns,
                            mill_table *t, mill_error *err) {
  for (size_t i = 0; i < p->nchunks; i++) {
    mill_chunk *c;
    MILL_TRY(mill_snapshot_read_chunk(s, p, i, columns, p->schema->nfields, &c, err));
    MILL_TRY(mill_table_add_move(t, c, err));
  }
  return MILL_OK;
}

mill_status mill_snapshot_read_table(const mill_snapshot *s, const mill_json *meta,
                                     mill_types *types, mill_table **out, mill_error *err) {
  table_place p;
  mill_table *t = NULL;
  MILL_TRY(mill_snapshot_place(s, meta, types, &p, err));
  int *columns = mill_arena_alloc(&p.arena, (p.schema->nfields + 1) * sizeof *columns);
  mill_status status = columns ? MILL_OK : mill_oom(p.arena.memory, sizeof *columns, err);
  for (uint32_t i = 0; columns && i < p.schema->nfields; i++) columns[i] = (int)i;
  if (status == MILL_OK) status = mill_table_new(p.arena.memory, p.schema, &t, err);
  if (status == MILL_OK) status = read_all(s, &p, columns, t, err);
  mill_snapshot_place_clear(&p);
  if (status == MILL_OK)
    *out = t;
  else
    mill_table_unref(t);
  return status;
}

mill_status mill_table_load(const mill_files *fs, mill_memory *m, mill_types *types,
                            const char *path, mill_table **out, mill_error *err) {
  mill_snapshot *s;
  MILL_TRY(mill_snapshot_open(fs, m, path, &s, err));
  mill_status status = mill_snapshot_check_table(s, err);
  if (status == MILL_OK)
    status = mill_snapshot_read_table(s, mill_snapshot_meta(s), types, out, err);
  mill_snapshot_free(s);
  return status;
}

mill_status mill_snapshot_check_table(const mill_snapshot *s, mill_error *err) {
  if (strcmp(mill_snapshot_kind(s), table_kind) == 0) return MILL_OK;
  return mill_snapshot_damaged(s, err, "it holds a %s, not a table", mill_snapshot_kind(s));
}
