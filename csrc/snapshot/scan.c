/* Table files as a scan: a morsel is a chunk, of which a cursor holds the wanted columns. A narrowed
** scan has the same morsels without the rows of zones that are ruled out. */
#include "snapshot/zone_int.h"

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
  struct file_scan *of; /* the scan that this one narrows, whose files it uses; else NULL */
  uint8_t *out;         /* of a narrowed scan, one a morsel: a bit a zone that gives nothing */
} file_scan;

typedef struct file_cursor {
  mill_cursor base;
  mill_memory *memory;
  mill_arena arena; /* struct children of the views */
  table_desk desk;
  size_t morsel;
  mill_chunk *chunk; /* NULL: not read yet */
  uint32_t at, zone_rows;
  uint8_t out; /* zones of the chunk that give nothing */
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

/* A bit for each zone of chunk i. */
static uint8_t all_zones(const table_place *p, size_t i) {
  return (uint8_t)((1u << mill_snapshot_zones(p->chunk[i], p->zone_rows)) - 1);
}

static mill_status cursor_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  file_cursor *c = (file_cursor *)base;
  (void)err;
  mill_chunk_unref(c->chunk);
  c->chunk = NULL;
  c->at = 0;
  c->morsel = morsel;
  return MILL_OK;
}

/* The chunk of the morsel; NULL: it is left out. */
static mill_status read_morsel(file_cursor *c, table_strings strings, mill_chunk **out,
                               mill_error *err) {
  const file_scan *s = (const file_scan *)c->base.scan;
  const table_file *f = file_of(s, c->morsel);
  *out = NULL;
  c->zone_rows = f->place.zone_rows;
  c->out = s->out ? s->out[c->morsel] : 0;
  if (c->out && c->out == all_zones(&f->place, c->morsel - f->first)) return MILL_OK;
  return mill_snapshot_read_chunk(f->file, &f->place, c->morsel - f->first, c->columns, c->ncols,
                                  strings, &c->desk, out, err);
}

/* Batches are of chunks that go: their codes must not be taken for those of the chunk that takes their
** place in memory, so they are a mere index. */
static mill_status cursor_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  file_cursor *c = (file_cursor *)base;
  *out = NULL;
  if (!c->chunk && c->at == 0) MILL_TRY(read_morsel(c, TABLE_INDEX, &c->chunk, err));
  while (c->out >> c->at / c->zone_rows & 1) c->at += c->zone_rows;
  if (!c->chunk || c->at >= c->chunk->n) return MILL_OK;
  uint32_t left = c->chunk->n - c->at, n = left < MILL_BATCH ? left : MILL_BATCH;
  mill_arena_clear(&c->arena);
  MILL_TRY(mill_chunk_batch(c->chunk, c->at, n, c->view, &c->arena, &c->batch, err));
  c->at += n;
  *out = &c->batch;
  return MILL_OK;
}

static mill_status cursor_chunk(mill_cursor *base, mill_chunk **out, mill_error *err) {
  return read_morsel((file_cursor *)base, TABLE_CODES, out, err);
}

static void cursor_free(mill_cursor *base) {
  file_cursor *c = (file_cursor *)base;
  mill_chunk_unref(c->chunk);
  mill_arena_clear(&c->arena);
  mill_snapshot_desk_clear(&c->desk);
  mill_free(c->memory, c->view, (c->ncols + 1) * sizeof *c->view);
  mill_free(c->memory, c->columns, (c->ncols + 1) * sizeof *c->columns);
  mill_free(c->memory, c, sizeof *c);
}

static mill_status scan_open(const mill_scan *s, const mill_context *ctx, const int *columns, int n,
                             mill_cursor **out, mill_error *err) {
  mill_memory *m = ctx->memory;
  file_cursor *c = mill_calloc(m, sizeof *c);
  if (!c) return mill_oom(m, sizeof *c, err);
  c->base = (mill_cursor){s, cursor_seek, cursor_next, cursor_free, cursor_chunk};
  c->memory = m;
  mill_snapshot_desk_init(&c->desk, m);
  mill_arena_init(&c->arena, m);
  c->ncols = (uint32_t)n;
  c->columns = mill_alloc(m, (c->ncols + 1) * sizeof *c->columns);
  c->view = mill_calloc(m, (c->ncols + 1) * sizeof *c->view);
  if (!c->columns || !c->view) {
    cursor_free(&c->base);
    return mill_oom(m, ((size_t)n + 1) * sizeof *c->view, err);
  }
  for (int i = 0; i < n; i++) c->columns[i] = columns[i];
  *out = &c->base;
  return MILL_OK;
}

static void scan_free(mill_scan *base) {
  file_scan *s = (file_scan *)base;
  if (s->out) mill_free(s->memory, s->out, base->morsels + 1);
  if (s->of) {
    mill_scan_unref(&s->of->base);
    mill_free(s->memory, s, sizeof *s);
    return;
  }
  for (size_t i = 0; i < s->nfiles; i++) {
    mill_snapshot_place_clear(&s->file[i].place);
    mill_snapshot_free(s->file[i].file);
  }
  mill_free(s->memory, s->file, s->capacity * sizeof *s->file);
  mill_free(s->memory, s, sizeof *s);
}

/* ---- narrowing ------------------------------------------------------------------------------ */

static uint32_t rows_of_zone(const table_place *p, size_t chunk, size_t zone) {
  uint32_t left = p->chunk[chunk] - (uint32_t)zone * p->zone_rows;
  return left < p->zone_rows ? left : p->zone_rows;
}

static uint8_t rule_out_zones(const table_place *p, size_t chunk, const table_zones *z,
                              const mill_test *t) {
  uint8_t out = 0;
  for (size_t k = 0; k < mill_snapshot_zones(p->chunk[chunk], p->zone_rows); k++)
    if (!mill_zones_may_pass(z, p->zone[chunk] + k, rows_of_zone(p, chunk, k), t))
      out |= (uint8_t)(1u << k);
  return out;
}

/* How many rows of the chunk are left out. */
static uint32_t rows_out(const table_place *p, size_t chunk, uint8_t out) {
  uint32_t rows = 0;
  for (size_t k = 0; out >> k; k++)
    if (out >> k & 1) rows += rows_of_zone(p, chunk, k);
  return rows;
}

static mill_status rule_out(file_scan *s, const table_file *f, const mill_test *t,
                            mill_error *err) {
  const table_place *p = &f->place;
  table_zones z;
  if (!p->pages || p->nchunks == 0) return MILL_OK;
  mill_zones_init(&z, p->schema->fields[t->column].type, s->memory);
  mill_status status = mill_zones_load(f->file, p, t->column, &z, err);
  for (size_t i = 0; i < p->nchunks && status == MILL_OK; i++)
    s->out[f->first + i] |= rule_out_zones(p, i, &z, t);
  mill_zones_clear(&z);
  return status;
}

/* Tests and parts are asked here and not kept. */
static mill_status scan_narrow(const mill_scan *base, const mill_test *tests, int n,
                               const mill_part *const *parts, mill_scan **out, mill_error *err) {
  const file_scan *of = (const file_scan *)base;
  (void)parts;
  file_scan *s = mill_calloc(of->memory, sizeof *s);
  if (!s) return mill_oom(of->memory, sizeof *s, err);
  *s = *of;
  s->base.refs = 1;
  s->of = (file_scan *)mill_scan_ref((mill_scan *)(uintptr_t)base);
  s->out = mill_calloc(s->memory, base->morsels + 1);
  mill_status status = s->out ? MILL_OK : mill_oom(s->memory, base->morsels + 1, err);
  for (size_t i = 0; of->out && s->out && i < base->morsels; i++) s->out[i] = of->out[i];
  for (size_t k = 0; k < s->nfiles; k++)
    for (int i = 0; i < n && status == MILL_OK; i++)
      status = rule_out(s, &s->file[k], &tests[i], err);
  if (status != MILL_OK) {
    scan_free(&s->base);
    return status;
  }
  for (size_t k = 0; k < s->nfiles; k++)
    for (size_t i = 0; i < s->file[k].place.nchunks; i++) {
      size_t at = s->file[k].first + i;
      uint8_t more = s->out[at] & ~(of->out ? of->out[at] : 0);
      s->base.rows -= rows_out(&s->file[k].place, i, more);
    }
  *out = &s->base;
  return MILL_OK;
}

/* ---- opening -------------------------------------------------------------------------------- */

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
  s->base = (mill_scan){
      .refs = 1, .name = "snapshot", .open = scan_open, .free = scan_free, .narrow = scan_narrow};
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
