/* Table files as a scan: a morsel is a chunk, of which a cursor holds the wanted columns. */
#include "snapshot/table_int.h"

typedef struct table_file {
  mill_snapshot *file;
  table_place place;
  size_t first; /* the morsel that is its first chunk */
} table_file;

typedef struct file_scan {
  mill_scan base;
  mill_memory *memory;
  table_file *file;
  size_t nfiles; /* opened */
  size_t capacity;
} file_scan;

typedef struct file_cursor {
  mill_cursor base;
  mill_memory *memory;
  mill_arena arena; /* struct children of the views */
  mill_chunk *chunk;
  uint32_t at;
  uint32_t ncols;
  int *columns;
  mill_vector *view;
  mill_batch batch;
} file_cursor;

static const table_file *file_of(const file_scan *s, size_t morsel) {
  size_t low = 0, high = s->nfiles; /* the last file that begins at or before the morsel */
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (s->file[middle].first <= morsel)
      low = middle;
    else
      high = middle;
  }
  return &s->file[low];
}

static mill_status cursor_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  file_cursor *c = (file_cursor *)base;
  const table_file *f = file_of((const file_scan *)base->scan, morsel);
  mill_chunk_unref(c->chunk);
  c->chunk = NULL;
  c->at = 0;
  return mill_snapshot_read_chunk(f->file, &f->place, morsel - f->first, c->columns, c->ncols,
                                  &c->chunk, err);
}

static mill_status cursor_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  file_cursor *c = (file_cursor *)base;
  *out = NULL;
  if (!c->chunk || c->at >= c->chunk->n) return MILL_OK;
  uint32_t left = c->chunk->n - c->at, n = left < MILL_BATCH ? left : MILL_BATCH;
  mill_arena_clear(&c->arena);
  MILL_TRY(mill_chunk_batch(c->chunk, c->at, n, c->view, &c->arena, &c->batch, err));
  c->at += n;
  *out = &c->batch;
  return MILL_OK;
}

static void cursor_free(mill_cursor *base) {
  file_cursor *c = (file_cursor *)base;
  mill_chunk_unref(c->chunk);
  mill_arena_clear(&c->arena);
  mill_free(c->memory, c->view, (c->ncols + 1) * sizeof *c->view);
  mill_free(c->memory, c->columns, (c->ncols + 1) * sizeof *c->columns);
  mill_free(c->memory, c, sizeof *c);
}

static mill_status scan_open(const mill_scan *s, const mill_context *ctx, const int *columns, int n,
                             mill_cursor **out, mill_error *err) {
  mill_memory *m = ctx->memory;
  file_cursor *c = mill_calloc(m, sizeof *c);
  if (!c) return mill_oom(m, sizeof *c, err);
  c->base = (mill_cursor){s, cursor_seek, cursor_next, cursor_free};
  c->memory = m;
  mill_arena_init(&c->arena, m);
  c->ncols = (uint32_t)n;
  c->columns = mill_alloc(m, (c->ncols + 1) * sizeof *c->columns);
  c->view = mill_calloc(m, (c->ncols + 1) * sizeof *c->view);
  if (!c->columns || !c->view) {
    cursor_free(&c->base);
    return mill_oom(m, (c->ncols + 1) * sizeof *c->view, err);
  }
  for (int i = 0; i < n; i++) c->columns[i] = columns[i];
  *out = &c->base;
  return MILL_OK;
}

static void scan_free(mill_scan *base) {
  file_scan *s = (file_scan *)base;
  for (size_t i = 0; i < s->nfiles; i++) {
    mill_snapshot_place_clear(&s->file[i].place);
    mill_snapshot_free(s->file[i].file);
  }
  mill_free(s->memory, s->file, s->capacity * sizeof *s->file);
  mill_free(s->memory, s, sizeof *s);
}

/* What the sections hold, unpacked. */
static uint64_t content(const mill_snapshot *s) {
  uint64_t n = 0;
  for (size_t i = 0; i < mill_snapshot_sections(s); i++) n += mill_snapshot_size(s, i);
  return n;
}

static mill_status open_table(file_scan *s, const mill_context *ctx, const char *path,
                              mill_error *err) {
  table_file *f = &s->file[s->nfiles];
  *f = (table_file){.first = s->base.morsels};
  mill_arena_init(&f->place.arena, s->memory);
  MILL_TRY(mill_snapshot_open(ctx->files, ctx->memory, path, &f->file, err));
  s->nfiles++;
  MILL_TRY(mill_snapshot_check_table(f->file, err));
  MILL_TRY(mill_snapshot_place(f->file, mill_snapshot_meta(f->file), ctx->types, &f->place, err));
  const mill_type *before = s->base.schema ? s->base.schema : f->place.schema;
  MILL_TRY(mill_snapshot_merge(ctx->types, before, f->place.schema, &s->base.schema, err));
  s->base.morsels += f->place.nchunks;
  s->base.rows += (double)f->place.rows;
  s->base.bytes += content(f->file);
  return MILL_OK;
}

mill_status mill_table_scan(const mill_context *ctx, const char *const *paths, size_t npaths,
                            mill_scan **out, mill_error *err) {
  file_scan *s = mill_calloc(ctx->memory, sizeof *s);
  if (!s) return mill_oom(ctx->memory, sizeof *s, err);
  s->memory = ctx->memory;
  s->base = (mill_scan){.refs = 1, .name = "snapshot", .open = scan_open, .free = scan_free};
  void *files = NULL;
  mill_status status = mill_grow(s->memory, &files, &s->capacity, npaths, sizeof *s->file, err);
  s->file = files;
  for (size_t i = 0; i < npaths && status == MILL_OK; i++)
    status = open_table(s, ctx, paths[i], err);
  for (size_t i = 0; i < s->nfiles; i++) s->file[i].place.schema = s->base.schema;
  if (status != MILL_OK)
    scan_free(&s->base);
  else
    *out = &s->base;
  return status;
}
