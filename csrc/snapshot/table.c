/* Tables out of snapshots; see table.h. */
#include <inttypes.h>
#include <stdlib.h>

#include "snapshot/page_int.h"
#include "snapshot/table_int.h"

mill_status mill_snapshot_section_name(mill_text *out, const char *table, size_t chunk,
                                       uint32_t column, mill_error *err) {
  mill_text_reset(out);
  return mill_text_printf(out, err, "%s/%zu/%" PRIu32, table, chunk, column);
}

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
  p->zone = mill_arena_alloc(&p->arena, (chunks->n + 1) * sizeof *p->zone);
  if (!p->chunk || !p->zone) return mill_oom(p->arena.memory, chunks->n * sizeof *p->zone, err);
  for (const mill_json *c = chunks->child; c; c = c->next) {
    long n = c->kind == MILL_JSON_INTEGER && c->size <= 5 ? atol(c->text) : -1;
    if (n < 0 || n > MILL_CHUNK)
      return mill_snapshot_damaged(s, err, "chunk %zu of its table has an impossible size",
                                   p->nchunks);
    p->zone[p->nchunks] = p->nzones;
    p->nzones += mill_snapshot_zones((uint32_t)n, p->zone_rows);
    p->chunk[p->nchunks++] = (uint32_t)n;
    p->rows += (uint32_t)n;
  }
  if (mill_json_int(meta, "rows", -1) != (int64_t)p->rows)
    return mill_snapshot_damaged(s, err, "its table's chunks do not add up to its rows");
  return MILL_OK;
}

static mill_status add_part(table_place *p, const char *name, size_t size, size_t nchunks,
                            mill_error *err) {
  const table_part *last = p->nparts ? &p->part[p->nparts - 1] : NULL;
  table_part *to = &p->part[p->nparts];
  *to = (table_part){.name = mill_arena_strndup(&p->arena, name, size), .nchunks = nchunks};
  if (last) to->first = last->first + last->nchunks;
  to->zones =
      mill_snapshot_zones_before(p, to->first + nchunks) - mill_snapshot_zones_before(p, to->first);
  if (!to->name) return mill_oom(p->arena.memory, size, err);
  p->nparts++;
  return MILL_OK;
}

/* A number from 1 to `most`. */
static bool read_number(const mill_json *j, size_t most, size_t *out) {
  if (!j || j->kind != MILL_JSON_INTEGER || j->size > 9) return false;
  long n = atol(j->text);
  *out = (size_t)n;
  return n > 0 && *out <= most;
}

/* [["name", chunks, zones], ...] */
static mill_status read_parts(const mill_snapshot *s, const mill_json *parts, table_place *p,
                              mill_error *err) {
  size_t left = p->nchunks, n = 0, zones = 0;
  for (const mill_json *x = parts->child; x; x = x->next) {
    const mill_json *name = x->kind == MILL_JSON_ARRAY && x->n == 3 ? x->child : NULL;
    bool fits = name && name->kind == MILL_JSON_TEXT && read_number(name->next, left, &n) &&
                read_number(name->next->next, UINT32_MAX, &zones);
    if (fits) MILL_TRY(add_part(p, name->text, name->size, n, err));
    if (!fits || zones < p->part[p->nparts - 1].zones)
      return mill_snapshot_damaged(s, err, "part %zu of its table is malformed", p->nparts);
    p->part[p->nparts - 1].zones = zones;
    left -= n;
  }
  return left ? mill_snapshot_damaged(s, err, "its table's parts do not add up to its chunks")
              : MILL_OK;
}

static mill_status find_parts(const mill_snapshot *s, const mill_json *meta, table_place *p,
                              mill_error *err) {
  const char *name = mill_json_text(meta, "name", "");
  const mill_json *parts = mill_json_get(meta, "parts");
  if (parts && parts->kind != MILL_JSON_ARRAY)
    return mill_snapshot_damaged(s, err, "its table has no list of parts");
  size_t n = parts ? parts->n : 1;
  p->part = mill_arena_alloc(&p->arena, (n + 1) * sizeof *p->part);
  if (!p->part) return mill_oom(p->arena.memory, n * sizeof *p->part, err);
  if (parts) return read_parts(s, parts, p, err);
  return p->nchunks ? add_part(p, name, strlen(name), p->nchunks, err) : MILL_OK;
}

mill_status mill_snapshot_place(const mill_snapshot *s, const mill_json *meta, mill_types *types,
                                table_place *p, mill_error *err) {
  *p = (table_place){0};
  mill_arena_init(&p->arena, mill_types_memory(types));
  int64_t pages = mill_json_get(meta, "pages") ? mill_json_int(meta, "pages", -1) : 0;
  if (pages != 0 && (pages < 2 || pages > 4))
    return mill_snapshot_damaged(s, err, "its table has pages of an unknown kind");
  p->pages = (int)pages;
  p->zone_rows = pages >= 3 ? ZONE_ROWS : MILL_CHUNK;
  mill_status status = read_schema(s, meta, types, p, err);
  if (status == MILL_OK) status = read_chunks(s, meta, p, err);
  if (status == MILL_OK) status = find_parts(s, meta, p, err);
  if (status != MILL_OK) mill_snapshot_place_clear(p);
  return status;
}

void mill_snapshot_place_clear(table_place *p) { mill_arena_clear(&p->arena); }

void mill_snapshot_desk_init(table_desk *d, mill_memory *m) {
  mill_arena_init(&d->arena, m);
  mill_text_init(&d->stored, m);
  mill_text_init(&d->text, m);
  mill_text_init(&d->name, m);
}

void mill_snapshot_desk_clear(table_desk *d) {
  mill_arena_clear(&d->arena);
  mill_text_clear(&d->stored);
  mill_text_clear(&d->text);
  mill_text_clear(&d->name);
}

/* A section of the table and what errors call it, which d->name holds then. */
static mill_status find_column(const mill_snapshot *s, const table_place *p, size_t chunk,
                               int column, table_desk *d, size_t *section, mill_error *err) {
  const table_part *part = mill_snapshot_part(p, chunk);
  MILL_TRY(
      mill_snapshot_section_name(&d->name, part->name, chunk - part->first, (uint32_t)column, err));
  if (!mill_snapshot_find(s, d->name.data, section))
    return mill_snapshot_damaged(s, err, "section %s is missing", d->name.data);
  mill_text_reset(&d->name);
  return mill_text_printf(&d->name, err, "column %s in chunk %zu", p->schema->fields[column].name,
                          chunk);
}

/* One column of a chunk into `c`. */
static mill_status read_column(const mill_snapshot *s, const table_place *p, size_t chunk,
                               int column, table_strings strings, table_desk *d, mill_chunk *c,
                               mill_vector *out, mill_error *err) {
  size_t section;
  const mill_field *f = &p->schema->fields[column];
  MILL_TRY(find_column(s, p, chunk, column, d, &section, err));
  if (p->pages) return mill_page_load(s, section, f->type, c->n, strings, d, &c->arena, out, err);
  mill_text_reset(&d->text);
  MILL_TRY(mill_snapshot_read(s, section, &d->text, err));
  return mill_snapshot_decode(s, d->name.data, &d->text, f->type, c->n, &c->arena, out, err);
}

/* About what a column takes: the flat values and the page that strings point into, or of few bytes a
** string their codes. */
static size_t room_of(const mill_snapshot *s, const table_place *p, size_t chunk, int column,
                      uint32_t rows, table_strings strings, table_desk *d) {
  size_t section, bytes = 0;
  const mill_type *t = p->schema->fields[column].type;
  if (t->phys == MILL_PHYS_STR && find_column(s, p, chunk, column, d, &section, NULL) == MILL_OK)
    bytes = (size_t)mill_snapshot_size(s, section);
  bool codes = strings != TABLE_FLAT && bytes && bytes < rows * 2ull;
  return rows * (codes ? sizeof(uint32_t) : t->width) + rows / 8 + bytes + 128;
}

/* Memory for all columns in one piece, which the system gives in huge pages. */
static mill_status make_room(const mill_snapshot *s, const table_place *p, size_t chunk,
                             const int *columns, uint32_t n, table_strings strings, table_desk *d,
                             mill_chunk *c, mill_error *err) {
  enum { MOST = 1 << 26 };
  size_t bytes = 0;
  for (uint32_t i = 0; i < n && bytes < MOST; i++)
    bytes += room_of(s, p, chunk, columns[i], c->n, strings, d);
  if (bytes >= MOST || mill_arena_reserve(&c->arena, bytes)) return MILL_OK;
  return mill_oom(c->arena.memory, bytes, err);
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
                                     const int *columns, uint32_t n, table_strings strings,
                                     table_desk *d, mill_chunk **out, mill_error *err) {
  mill_chunk *c;
  MILL_TRY(bare_chunk(p->arena.memory, p->chunk[chunk], n, &c, err));
  c->full = strings != TABLE_FLAT;
  mill_status status = make_room(s, p, chunk, columns, n, strings, d, c, err);
  for (uint32_t i = 0; i < n && status == MILL_OK; i++)
    status = read_column(s, p, chunk, columns[i], strings, d, c, &c->col[i], err);
  if (status == MILL_OK)
    *out = c;
  else
    mill_chunk_unref(c);
  return status;
}

static mill_status read_all(const mill_snapshot *s, const table_place *p, const int *columns,
                            mill_table *t, mill_error *err) {
  table_desk d;
  mill_status status = MILL_OK;
  mill_snapshot_desk_init(&d, p->arena.memory);
  for (size_t i = 0; i < p->nchunks && status == MILL_OK; i++) {
    mill_chunk *c;
    status =
        mill_snapshot_read_chunk(s, p, i, columns, p->schema->nfields, TABLE_FLAT, &d, &c, err);
    if (status == MILL_OK) status = mill_table_add_move(t, c, err);
  }
  mill_snapshot_desk_clear(&d);
  return status;
}

static mill_status read_table(const mill_snapshot *s, const mill_json *meta, mill_types *types,
                              mill_table **out, mill_error *err) {
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
  if (status == MILL_OK) status = read_table(s, mill_snapshot_meta(s), types, out, err);
  mill_snapshot_free(s);
  return status;
}

mill_status mill_snapshot_check_table(const mill_snapshot *s, mill_error *err) {
  if (strcmp(mill_snapshot_kind(s), "table") == 0) return MILL_OK;
  return mill_snapshot_damaged(s, err, "it holds a %s, not a table", mill_snapshot_kind(s));
}
