/* Tables into snapshots; see table.h. A saver writes a whole table, or a part behind those that a file has.
**
**     batches -> drafts of a chunk each -> wave: all columns of some drafts, worked on by all threads
**                                               encode, zone, pack -> file, while the next wave is
**                                                                     worked on
**
** A page depends on the rows of its chunk alone, so neither threads nor waves show in the file. */
#include <inttypes.h>
#include <time.h>

#include "base/thread.h"
#include "snapshot/page_int.h"
#include "snapshot/zone_int.h"

static const char table_kind[] = "table", table_name[] = "rows";

enum {
  MOST_DRAFTS = 8,
  SAVE_LEVEL = 1,
  MOST_ZONES = MILL_CHUNK / ZONE_ROWS,
  FOLD = 8,             /* chunks that are not full before they are made one */
  LEAST_DEAD = 1 << 20, /* bytes for which a file is not written anew */
};

/* Rows on their way into a chunk: positions at[0, n) of the columns, NULL: 0..n. */
typedef struct lot {
  const mill_vector *col;
  const uint32_t *at;
  uint32_t n;
} lot;

typedef struct draft {
  lot *lot;
  size_t nlots, room;
  uint32_t rows;
} draft;

/* What is made of a column of a draft. */
typedef struct slot {
  mill_snapshot_packed packed;
  table_zone zone[MOST_ZONES];
} slot;

typedef struct wave {
  mill_arena arena; /* what the lots hold */
  draft draft[MOST_DRAFTS];
  slot *slot; /* ncols for each of the drafts */
  size_t n;   /* drafts with rows */
} wave;

typedef struct worker {
  mill_packer *packer;
  mill_text page;
  mill_arena arena;
} worker;

typedef struct saver {
  const mill_context *ctx;
  mill_memory *memory;
  mill_snapshot_writer *file;
  const mill_type *schema;
  uint32_t ncols;
  mill_text name;                /* of the part */
  mill_text meta, chunks, parts; /* chunks: "65536,4464"; parts: those before, "[\"rows\",2,9]," */
  uint64_t rows;
  size_t nchunks, kept, most; /* chunks, and of them those of the parts before; drafts in a wave */
  table_zones *zones;         /* one a column */
  size_t nzones;
  wave wave[2], *filling, *making, *writing;
  worker *worker;
  size_t nworkers;
} saver;

/* ---- life ----------------------------------------------------------------------------------- */

static void clear_wave(saver *s, wave *w) {
  size_t slots = MOST_DRAFTS * (size_t)s->ncols;
  mill_arena_clear(&w->arena);
  for (size_t i = 0; i < MOST_DRAFTS; i++)
    mill_free(s->memory, w->draft[i].lot, w->draft[i].room * sizeof(lot));
  for (size_t i = 0; w->slot && i < slots; i++) mill_snapshot_packed_clear(&w->slot[i].packed);
  mill_free(s->memory, w->slot, (slots + 1) * sizeof *w->slot);
}

static void clear(saver *s) {
  for (int i = 0; i < 2; i++) clear_wave(s, &s->wave[i]);
  for (size_t i = 0; s->worker && i < s->nworkers; i++) {
    mill_packer_free(s->worker[i].packer);
    mill_text_clear(&s->worker[i].page);
    mill_arena_clear(&s->worker[i].arena);
  }
  mill_free(s->memory, s->worker, s->nworkers * sizeof *s->worker);
  for (uint32_t c = 0; s->zones && c < s->ncols; c++) mill_zones_clear(&s->zones[c]);
  mill_free(s->memory, s->zones, (s->ncols + 1ull) * sizeof *s->zones);
  mill_text_clear(&s->name);
  mill_text_clear(&s->meta);
  mill_text_clear(&s->chunks);
  mill_text_clear(&s->parts);
}

static void init(saver *s, const mill_context *ctx, const mill_type *schema) {
  *s = (saver){.ctx = ctx, .memory = ctx->memory, .schema = schema, .ncols = schema->nfields};
  s->nworkers = ctx->pool ? (size_t)mill_pool_threads(ctx->pool) : 1;
  s->most = mill_memory_read(ctx->memory).limit ? 1 : 2 * s->nworkers;
  if (s->most > MOST_DRAFTS) s->most = MOST_DRAFTS;
  mill_text_init(&s->name, s->memory);
  mill_text_init(&s->meta, s->memory);
  mill_text_init(&s->chunks, s->memory);
  mill_text_init(&s->parts, s->memory);
  for (int i = 0; i < 2; i++) mill_arena_init(&s->wave[i].arena, s->memory);
  s->filling = &s->wave[0];
}

static mill_status make_slots(saver *s, wave *w, mill_error *err) {
  size_t slots = MOST_DRAFTS * (size_t)s->ncols;
  w->slot = mill_calloc(s->memory, (slots + 1) * sizeof *w->slot);
  if (!w->slot) return mill_oom(s->memory, slots * sizeof *w->slot, err);
  for (size_t i = 0; i < slots; i++) mill_snapshot_packed_init(&w->slot[i].packed, s->memory);
  return MILL_OK;
}

static mill_status begin(saver *s, mill_error *err) {
  size_t bytes = (s->ncols + 1ull) * sizeof *s->zones;
  for (int i = 0; i < 2; i++) MILL_TRY(make_slots(s, &s->wave[i], err));
  s->zones = mill_calloc(s->memory, bytes);
  if (!s->zones) return mill_oom(s->memory, bytes, err);
  for (uint32_t c = 0; c < s->ncols; c++)
    mill_zones_init(&s->zones[c], s->schema->fields[c].type, s->memory);
  s->worker = mill_calloc(s->memory, s->nworkers * sizeof *s->worker);
  if (!s->worker) return mill_oom(s->memory, s->nworkers * sizeof *s->worker, err);
  for (size_t i = 0; i < s->nworkers; i++) {
    mill_text_init(&s->worker[i].page, s->memory);
    mill_arena_init(&s->worker[i].arena, s->memory);
  }
  MILL_TRY(mill_text_adds(&s->meta, "{\"name\":", err));
  MILL_TRY(mill_json_quote(table_name, strlen(table_name), &s->meta, err));
  MILL_TRY(mill_text_adds(&s->meta, ",\"pages\":4,\"schema\":", err));
  return mill_type_json(s->schema, &s->meta, err);
}

/* A new file. */
static mill_status create(saver *s, const char *path, mill_error *err) {
  MILL_TRY(begin(s, err));
  MILL_TRY(mill_text_adds(&s->name, table_name, err));
  return mill_snapshot_create(s->ctx->files, s->memory, path, table_kind, &s->file, err);
}

/* ---- a page --------------------------------------------------------------------------------- */

/* Do the rows of all lots lie one after the other, as slices of a chunk in memory do? */
static bool in_one_piece(const draft *d, uint32_t c) {
  size_t row = 0;
  if (d->nlots == 0) return false;
  const mill_vector *first = &d->lot[0].col[c];
  for (size_t i = 0; i < d->nlots; row += d->lot[i++].n) {
    const mill_vector *v = &d->lot[i].col[c];
    if (d->lot[i].at || v->index || v->mask != MILL_FLAT) return false;
    if (i == 0) continue;
    if (v->type->phys == MILL_PHYS_STRUCT || v->child != first->child) return false;
    if (v->data != (void *)((char *)first->data + row * v->type->width)) return false;
    if (!v->valid != !first->valid) return false;
    if (v->valid && (row % 64 || v->valid != first->valid + row / 64)) return false;
  }
  return true;
}

static bool is_code(const mill_vector *v) { return v->index && v->entries; }

/* Are all rows codes? *entries: of the dictionaries of all lots, one after the other. */
static bool all_codes(const draft *d, uint32_t c, uint32_t *entries) {
  *entries = 0;
  for (size_t i = 0; i < d->nlots; i++) {
    const mill_vector *v = &d->lot[i].col[c];
    if (d->lot[i].at || !is_code(v) || v->mask != MILL_FLAT) return false;
    if (i == 0 || v->data != d->lot[i - 1].col[c].data) *entries += v->entries;
  }
  return d->nlots > 0;
}

/* The codes of all lots, with their dictionaries one after the other: its entries need not differ. */
static mill_status join_codes(const draft *d, uint32_t c, uint32_t entries, mill_arena *a,
                              mill_vector *out, mill_error *err) {
  *out = (mill_vector){.type = d->lot[0].col[c].type, .mask = MILL_FLAT, .entries = entries};
  mill_str *entry = mill_arena_take(a, entries * sizeof *entry);
  uint32_t *code = mill_arena_take(a, d->rows * sizeof *code), *to = code, from = 0, end = 0;
  bool nulls = false;
  out->data = entry;
  out->index = code;
  out->valid = mill_arena_take(a, (entries / 64 + 1ull) * 8);
  if (!entry || !code || !out->valid) return mill_oom(a->memory, d->rows * sizeof *code, err);
  memset(out->valid, 0xff, (entries / 64 + 1ull) * 8);
  for (size_t i = 0; i < d->nlots; i++) {
    const mill_vector *v = &d->lot[i].col[c];
    if (i == 0 || v->data != d->lot[i - 1].col[c].data) {
      from = end;
      end += v->entries;
      memcpy(entry + from, v->data, v->entries * sizeof *entry);
      for (uint32_t k = 0; k < v->entries; k++) {
        if (mill_valid_bit(v->valid, k)) continue;
        mill_vector_clear_bit(out, from + k);
        nulls = true;
      }
    }
    for (uint32_t k = 0; k < d->lot[i].n; k++) *to++ = v->index[k] + from;
  }
  if (!nulls) out->valid = NULL;
  return MILL_OK;
}

/* The column of all lots as one vector, flat or codes: where it lies, when that can be. */
static mill_status one_vector(const saver *s, const draft *d, uint32_t c, mill_arena *a,
                              mill_vector *out, mill_error *err) {
  uint32_t entries;
  if (in_one_piece(d, c)) {
    *out = d->lot[0].col[c];
    return MILL_OK;
  }
  if (all_codes(d, c, &entries)) return join_codes(d, c, entries, a, out, err);
  MILL_TRY(mill_vector_init(out, s->schema->fields[c].type, 0, a, err));
  MILL_TRY(mill_vector_reserve(out, d->rows, a, err));
  for (size_t i = 0; i < d->nlots; i++)
    MILL_TRY(mill_vector_append(out, &d->lot[i].col[c], d->lot[i].at, d->lot[i].n, false, a, err));
  return MILL_OK;
}

/* An empty arena with one block that most pages need no more than, so that memory is not given back
** and taken anew for each. */
static void empty(mill_arena *a, size_t rows) {
  enum { ROW = 64 };
  mill_arena_reset(a);
  if ((size_t)(a->end - a->at) < rows * ROW && mill_arena_take(a, rows * ROW)) mill_arena_reset(a);
}

static mill_status make_page(saver *s, size_t task, worker *by, mill_error *err) {
  const draft *d = &s->making->draft[task / s->ncols];
  slot *to = &s->making->slot[task];
  mill_vector v;
  empty(&by->arena, d->rows);
  mill_text_reset(&by->page);
  if (!by->packer)
    MILL_TRY(mill_packer_new(s->memory, MILL_PACK_ZSTD, SAVE_LEVEL, &by->packer, err));
  MILL_TRY(one_vector(s, d, (uint32_t)(task % s->ncols), &by->arena, &v, err));
  for (uint32_t at = 0; at < d->rows; at += ZONE_ROWS) {
    uint32_t n = d->rows - at < ZONE_ROWS ? d->rows - at : ZONE_ROWS;
    MILL_TRY(mill_zone_of(&v, at, n, &by->arena, &to->zone[at / ZONE_ROWS], err));
  }
  MILL_TRY(mill_page_put(&v, d->rows, by->packer, &by->arena, &by->page, err));
  mill_text_reset(&to->packed.blocks);
  mill_text_reset(&to->packed.entries);
  return mill_snapshot_pack(by->packer, by->page.data, by->page.size, &to->packed, err);
}

/* ---- waves ---------------------------------------------------------------------------------- */

static mill_status count_chunk(saver *s, uint32_t rows, mill_error *err) {
  s->rows += rows;
  return mill_text_printf(&s->chunks, err, s->nchunks++ ? ",%" PRIu32 : "%" PRIu32, rows);
}

static mill_status write_wave(saver *s, const wave *w, mill_text *name, mill_error *err) {
  for (size_t k = 0; k < w->n; k++) {
    for (uint32_t c = 0; c < s->ncols; c++) {
      slot *x = &w->slot[k * s->ncols + c];
      MILL_TRY(mill_snapshot_section_name(name, s->name.data, s->nchunks - s->kept, c, err));
      MILL_TRY(mill_snapshot_put(s->file, name->data, &x->packed, err));
      for (size_t z = 0; z < mill_snapshot_zones(w->draft[k].rows, ZONE_ROWS); z++)
        MILL_TRY(mill_zones_add(&s->zones[c], &x->zone[z], err));
    }
    s->nzones += mill_snapshot_zones(w->draft[k].rows, ZONE_ROWS);
    MILL_TRY(count_chunk(s, w->draft[k].rows, err));
  }
  return MILL_OK;
}

/* The first task writes what the wave before has made. */
static mill_status work(void *arg, size_t task, int by, mill_error *err) {
  saver *s = arg;
  if (task) return make_page(s, task - 1, &s->worker[by], err);
  if (!s->writing) return MILL_OK;
  mill_text name;
  mill_text_init(&name, s->memory);
  mill_status status = write_wave(s, s->writing, &name, err);
  mill_text_clear(&name);
  return status;
}

/* Make the pages of the wave at hand, and write those of the one before. */
static mill_status run(saver *s, mill_error *err) {
  wave *w = s->filling;
  size_t tasks = 1 + w->n * s->ncols;
  mill_status status = MILL_OK;
  s->making = w;
  if (s->ctx->pool) {
    status = mill_pool_run(s->ctx->pool, tasks, work, s, err);
  } else {
    for (size_t i = 0; i < tasks && status == MILL_OK; i++) status = work(s, i, 0, err);
  }
  s->writing = w;
  s->filling = w == &s->wave[0] ? &s->wave[1] : &s->wave[0];
  s->filling->n = 0;
  mill_arena_clear(&w->arena);
  return status;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* The draft that takes the next rows. */
static mill_status open_draft(saver *s, bool new, draft **out, mill_error *err) {
  wave *w = s->filling;
  draft *last = w->n ? &w->draft[w->n - 1] : NULL;
  if (!last || new || last->rows == MILL_CHUNK) {
    if (w->n == s->most) {
      MILL_TRY(run(s, err));
      w = s->filling;
    }
    last = &w->draft[w->n++];
    last->nlots = 0;
    last->rows = 0;
  }
  *out = last;
  return MILL_OK;
}

/* Rows that stay where they are until the wave is done. */
static mill_status add_lot(saver *s, draft *d, const lot *x, mill_error *err) {
  void *p = d->lot;
  mill_status status = mill_grow(s->memory, &p, &d->room, d->nlots + 1, sizeof *d->lot, err);
  d->lot = p;
  MILL_TRY(status);
  d->lot[d->nlots++] = *x;
  d->rows += x->n;
  return MILL_OK;
}

/* Rows from..from + n of the batch; NULL: from its start, in order. */
static mill_status positions(saver *s, const mill_batch *b, uint32_t from, uint32_t n,
                             const uint32_t **out, mill_error *err) {
  *out = NULL;
  if (!b->sel && from == 0) return MILL_OK;
  uint32_t *at = mill_arena_take(&s->filling->arena, n * sizeof *at);
  if (!at) return mill_oom(s->memory, n * sizeof *at, err);
  for (uint32_t i = 0; i < n; i++) at[i] = mill_batch_row(b, from + i);
  *out = at;
  return MILL_OK;
}

/* Structs, whose children are vectors of the batch. */
static bool has_heads(const mill_vector *v) { return v->type->phys == MILL_PHYS_STRUCT; }

/* The codes of rows at[0, n), with the dictionary where it is. */
static mill_status keep_codes(saver *s, mill_vector *v, const uint32_t *at, uint32_t n,
                              mill_error *err) {
  uint32_t *code = mill_arena_take(&s->filling->arena, n * sizeof *code);
  if (!code) return mill_oom(s->memory, n * sizeof *code, err);
  for (uint32_t i = 0; i < n; i++) code[i] = v->index[at[i]];
  v->index = code;
  return MILL_OK;
}

/* Keep rows of a batch that is about to go: heads only, where the values last. */
static mill_status keep(saver *s, draft *d, const mill_batch *b, uint32_t from, uint32_t n,
                        bool lasting, mill_error *err) {
  mill_arena *a = &s->filling->arena;
  const uint32_t *at;
  mill_vector *kept = mill_arena_alloc(a, (s->ncols + 1ull) * sizeof *kept);
  if (!kept) return mill_oom(s->memory, s->ncols * sizeof *kept, err);
  MILL_TRY(positions(s, b, from, n, &at, err));
  for (uint32_t c = 0; c < s->ncols; c++) {
    kept[c] = b->col[c];
    bool view = lasting && (!kept[c].index || is_code(&kept[c])) && !has_heads(&kept[c]);
    if (view && !at) continue;
    if (view && is_code(&kept[c])) {
      MILL_TRY(keep_codes(s, &kept[c], at, n, err));
      continue;
    }
    MILL_TRY(mill_vector_gather(&kept[c], &b->col[c], at, n, !lasting, a, err));
  }
  return add_lot(s, d, &(lot){kept, NULL, n}, err);
}

static mill_status add_batch(saver *s, const mill_batch *b, bool lasting, mill_error *err) {
  for (uint32_t from = 0; from < b->n;) {
    draft *d;
    MILL_TRY(open_draft(s, false, &d, err));
    uint32_t room = MILL_CHUNK - d->rows, left = b->n - from, n = left < room ? left : room;
    MILL_TRY(keep(s, d, b, from, n, lasting, err));
    from += n;
  }
  return MILL_OK;
}

static mill_status add_rows(saver *s, mill_rows *rows, mill_error *err) {
  for (;;) {
    mill_batch *b;
    MILL_TRY(rows->next(rows, &b, err));
    if (!b) return MILL_OK;
    MILL_TRY(add_batch(s, b, rows->lasting, err));
  }
}

/* ---- the end -------------------------------------------------------------------------------- */

static mill_status list_part(saver *s, const char *name, size_t chunks, size_t zones,
                             mill_error *err) {
  MILL_TRY(mill_text_addc(&s->parts, '[', err));
  MILL_TRY(mill_json_quote(name, strlen(name), &s->parts, err));
  return mill_text_printf(&s->parts, err, ",%zu,%zu],", chunks, zones);
}

static mill_status write_zones(saver *s, mill_error *err) {
  worker *by = &s->worker[0];
  mill_text *name = &by->page;
  for (uint32_t c = 0; c < s->ncols && s->nchunks > s->kept; c++) {
    mill_text bytes;
    mill_text_init(&bytes, s->memory);
    mill_text_reset(name);
    mill_arena_reset(&by->arena);
    mill_status status = mill_zones_put(&s->zones[c], &by->arena, &bytes, err);
    if (status == MILL_OK)
      status = mill_text_printf(name, err, "%s/zones/%" PRIu32, s->name.data, c);
    if (status == MILL_OK) status = mill_snapshot_section(s->file, name->data, err);
    if (status == MILL_OK) status = mill_snapshot_add(s->file, bytes.data, bytes.size, err);
    mill_text_clear(&bytes);
    MILL_TRY(status);
  }
  return MILL_OK;
}

/* ,"parts":[..]: those before and this one; nothing of a file that is written at once. */
static mill_status list_parts(saver *s, mill_error *err) {
  mill_text *parts = &s->parts;
  size_t own = s->nchunks - s->kept;
  if (strcmp(s->name.data, table_name) == 0) return MILL_OK;
  if (own) MILL_TRY(list_part(s, s->name.data, own, s->nzones, err));
  if (parts->size) parts->data[--parts->size] = 0; /* the last comma */
  return mill_text_printf(&s->meta, err, ",\"parts\":[%s]", parts->size ? parts->data : "");
}

static mill_status end(saver *s, mill_error *err) {
  if (s->filling->n) MILL_TRY(run(s, err));
  MILL_TRY(run(s, err));
  MILL_TRY(write_zones(s, err));
  MILL_TRY(mill_text_printf(&s->meta, err, ",\"rows\":%" PRIu64 ",\"chunks\":[%s]", s->rows,
                            s->chunks.data ? s->chunks.data : ""));
  MILL_TRY(list_parts(s, err));
  return mill_text_addc(&s->meta, '}', err);
}

/* Publish the file, or give up. */
static mill_status finish(saver *s, mill_status status, mill_error *err) {
  if (status == MILL_OK) status = end(s, err);
  if (status == MILL_OK)
    status = mill_snapshot_close(s->file, s->meta.data, s->meta.size, err);
  else
    mill_snapshot_writer_free(s->file); /* NULL: there is none yet */
  clear(s);
  return status;
}

/* ---- sources -------------------------------------------------------------------------------- */

static mill_status add_chunks(saver *s, const mill_table *t, mill_error *err) {
  for (size_t i = 0; i < t->nchunks; i++) {
    draft *d;
    const mill_chunk *c = t->chunk[i];
    MILL_TRY(open_draft(s, true, &d, err));
    MILL_TRY(add_lot(s, d, &(lot){c->col, NULL, c->n}, err));
  }
  return MILL_OK;
}

mill_status mill_table_save(const mill_files *fs, const mill_table *t, const char *path,
                            mill_error *err) {
  mill_context ctx = {.memory = t->memory, .files = fs};
  saver s;
  init(&s, &ctx, t->schema);
  mill_status status = create(&s, path, err);
  if (status == MILL_OK) status = add_chunks(&s, t, err);
  return finish(&s, status, err);
}

mill_status mill_table_save_rows(const mill_context *ctx, mill_rows *rows, const char *path,
                                 uint64_t *written, mill_error *err) {
  saver s;
  init(&s, ctx, rows->schema);
  mill_status status = create(&s, path, err);
  if (status == MILL_OK) status = add_rows(&s, rows, err);
  status = finish(&s, status, err);
  if (status == MILL_OK && written) *written = s.rows;
  return status;
}

/* ---- appending ------------------------------------------------------------------------------ */

/* The section of column c in chunk i. */
static mill_status find_section(const mill_snapshot *from, const table_place *p, size_t i,
                                uint32_t c, mill_text *name, size_t *section, mill_error *err) {
  const table_part *part = mill_snapshot_part(p, i);
  MILL_TRY(mill_snapshot_section_name(name, part->name, i - part->first, c, err));
  if (mill_snapshot_find(from, name->data, section)) return MILL_OK;
  return mill_snapshot_damaged(from, err, "section %s is missing", name->data);
}

/* Chunk i as it is stored. */
static mill_status take_chunk(saver *s, const mill_snapshot *from, const table_place *p, size_t i,
                              mill_error *err) {
  mill_text name;
  mill_snapshot_packed packed;
  mill_text_init(&name, s->memory);
  mill_snapshot_packed_init(&packed, s->memory);
  mill_status status = MILL_OK;
  for (uint32_t c = 0; c < s->ncols && status == MILL_OK; c++) {
    size_t section;
    mill_text_reset(&packed.blocks);
    mill_text_reset(&packed.entries);
    status = find_section(from, p, i, c, &name, &section, err);
    if (status == MILL_OK) status = mill_snapshot_fetch(from, section, &packed, err);
    if (status == MILL_OK)
      status = mill_snapshot_section_name(&name, table_name, s->nchunks, c, err);
    if (status == MILL_OK) status = mill_snapshot_put(s->file, name.data, &packed, err);
  }
  mill_text_clear(&name);
  mill_snapshot_packed_clear(&packed);
  return status == MILL_OK ? count_chunk(s, p->chunk[i], err) : status;
}

static mill_status take_zones(saver *s, const mill_snapshot *from, const table_place *p, size_t n,
                              mill_error *err) {
  for (uint32_t c = 0; c < s->ncols && n; c++) {
    table_zones z;
    mill_zones_init(&z, p->schema->fields[c].type, s->memory);
    mill_status status = mill_zones_load(from, p, (int)c, &z, err);
    if (status == MILL_OK) status = mill_zones_copy(&s->zones[c], &z, n, err);
    mill_zones_clear(&z);
    MILL_TRY(status);
  }
  return MILL_OK;
}

/* The rows of chunk i. */
static mill_status read_again(saver *s, const mill_snapshot *from, const table_place *p, size_t i,
                              mill_error *err) {
  mill_chunk *c;
  int *all = mill_arena_alloc(&s->filling->arena, (s->ncols + 1ull) * sizeof *all);
  if (!all) return mill_oom(s->memory, s->ncols * sizeof *all, err);
  for (uint32_t k = 0; k < s->ncols; k++) all[k] = (int)k;
  table_desk desk;
  mill_snapshot_desk_init(&desk, s->memory);
  mill_status status =
      mill_snapshot_read_chunk(from, p, i, all, s->ncols, TABLE_FLAT, &desk, &c, err);
  mill_snapshot_desk_clear(&desk);
  MILL_TRY(status);
  for (uint32_t at = 0; at < c->n && status == MILL_OK; at += MILL_BATCH) {
    mill_batch b;
    mill_vector *view = mill_arena_alloc(&s->filling->arena, (s->ncols + 1ull) * sizeof *view);
    uint32_t n = c->n - at < MILL_BATCH ? c->n - at : MILL_BATCH;
    status = view ? mill_chunk_batch(c, at, n, view, &s->filling->arena, &b, err)
                  : mill_oom(s->memory, s->ncols * sizeof *view, err);
    if (status == MILL_OK) status = add_batch(s, &b, false, err);
  }
  mill_chunk_unref(c);
  return status;
}

/* The first of the last chunks that are not full. */
static size_t full_chunks(const table_place *p) {
  size_t n = p->nchunks;
  while (n && p->chunk[n - 1] < MILL_CHUNK) n--;
  return n;
}

/* Chunks of today's form are taken over, but for the last ones with room: all chunks behind are full. */
static mill_status add_file(saver *s, const mill_snapshot *from, const table_place *p,
                            mill_error *err) {
  size_t kept = p->pages >= 3 ? full_chunks(p) : 0;
  MILL_TRY(take_zones(s, from, p, mill_snapshot_zones_before(p, kept), err));
  for (size_t i = 0; i < kept; i++) MILL_TRY(take_chunk(s, from, p, i, err));
  for (size_t i = kept; i < p->nchunks; i++) MILL_TRY(read_again(s, from, p, i, err));
  return MILL_OK;
}

static mill_status write_anew(saver *s, const mill_snapshot *from, const table_place *p,
                              mill_error *err) {
  MILL_TRY(create(s, mill_snapshot_path(from), err));
  return add_file(s, from, p, err);
}

/* The chunk from which on rows are to be written once more; see table.h. */
static size_t fold_from(const table_place *p) {
  size_t from = p->nchunks;
  uint64_t sum = 0, largest = 0;
  for (size_t i = p->nchunks; i && p->chunk[i - 1] < MILL_CHUNK; i--) {
    sum += p->chunk[i - 1];
    largest = p->chunk[i - 1] > largest ? p->chunk[i - 1] : largest;
    if (p->nchunks - i + 1 >= FOLD && largest <= 2 * (sum - largest)) from = i - 1;
  }
  return from;
}

/* Mark the sections of the first n chunks. */
static mill_status mark(const saver *s, const mill_snapshot *from, const table_place *p, size_t n,
                        bool *live, mill_text *name, mill_error *err) {
  size_t section;
  for (size_t i = 0; i < n; i++)
    for (uint32_t c = 0; c < s->ncols; c++) {
      MILL_TRY(find_section(from, p, i, c, name, &section, err));
      live[section] = true;
    }
  for (size_t k = 0; k < p->nparts && p->part[k].first < n; k++)
    for (uint32_t c = 0; c < s->ncols; c++) {
      mill_text_reset(name);
      MILL_TRY(mill_text_printf(name, err, "%s/zones/%" PRIu32, p->part[k].name, c));
      if (mill_snapshot_find(from, name->data, &section)) live[section] = true;
    }
  return MILL_OK;
}

/* Keep the first n chunks where they are. */
static mill_status keep_chunks(saver *s, const mill_snapshot *from, const table_place *p, size_t n,
                               mill_error *err) {
  mill_text name;
  size_t sections = mill_snapshot_sections(from);
  bool *live = mill_arena_alloc(&s->filling->arena, sections + 1);
  if (!live) return mill_oom(s->memory, sections, err);
  mill_text_init(&name, s->memory);
  mill_status status = mark(s, from, p, n, live, &name, err);
  mill_text_clear(&name);
  for (size_t i = 0; i < sections && status == MILL_OK; i++)
    if (live[i]) status = mill_snapshot_keep(s->file, from, i, err);
  for (size_t k = 0; k < p->nparts && p->part[k].first < n && status == MILL_OK; k++) {
    const table_part *part = &p->part[k];
    size_t chunks = part->nchunks < n - part->first ? part->nchunks : n - part->first;
    status = list_part(s, part->name, chunks, part->zones, err);
  }
  for (size_t i = 0; i < n && status == MILL_OK; i++) status = count_chunk(s, p->chunk[i], err);
  s->kept = s->nchunks;
  return status;
}

/* A part behind the others, which begins with the rows that are written once more. */
static mill_status grow(saver *s, mill_file *file, const mill_snapshot *from, const table_place *p,
                        mill_error *err) {
  size_t kept = fold_from(p);
  MILL_TRY(begin(s, err));
  MILL_TRY(mill_text_printf(&s->name, err, "%s.%" PRIu64, table_name, mill_snapshot_bytes(from)));
  MILL_TRY(mill_snapshot_extend(file, from, &s->file, err));
  MILL_TRY(keep_chunks(s, from, p, kept, err));
  for (size_t i = kept; i < p->nchunks; i++) MILL_TRY(read_again(s, from, p, i, err));
  return MILL_OK;
}

/* Does a file of today's version hold more than is worth keeping in it? */
static bool worn(const mill_snapshot *from) {
  uint64_t live = mill_snapshot_live(from);
  return mill_snapshot_version(from) < 4 || mill_snapshot_bytes(from) - live > live + LEAST_DEAD;
}

static mill_status append(const mill_context *ctx, mill_file *file, const mill_snapshot *from,
                          const table_place *p, mill_rows *rows, uint64_t *written,
                          mill_error *err) {
  const mill_type *schema;
  saver s;
  MILL_TRY(mill_snapshot_merge(ctx->types, p->schema, rows->schema, &schema, err));
  init(&s, ctx, schema);
  mill_status status = worn(from) ? write_anew(&s, from, p, err) : grow(&s, file, from, p, err);
  if (status == MILL_OK) status = add_rows(&s, rows, err);
  status = finish(&s, status, err);
  if (status == MILL_OK && written) *written = s.rows - p->rows;
  return status;
}

/* The file for us alone, and what it holds. */
static mill_status open_alone(const mill_context *ctx, const char *path, mill_file *file,
                              mill_snapshot **from, mill_error *err) {
  static const struct timespec pause = {0, 2000000};
  bool held;
  for (;;) {
    MILL_TRY(mill_file_edit(ctx->files, ctx->memory, path, file, &held, err));
    mill_status status =
        held ? MILL_OK : mill_snapshot_open(ctx->files, ctx->memory, path, from, err);
    if (!held && status == MILL_OK) {
      if (mill_snapshot_is_of(*from, file)) return MILL_OK;
      mill_snapshot_free(*from); /* it was replaced meanwhile */
    }
    mill_file_clear(file);
    MILL_TRY(status);
    MILL_TRY(mill_watch_check(err));
    if (held) nanosleep(&pause, NULL);
  }
}

mill_status mill_table_append_rows(const mill_context *ctx, mill_rows *rows, const char *path,
                                   uint64_t *written, mill_error *err) {
  mill_snapshot *from;
  mill_file file;
  table_place p;
  MILL_TRY(open_alone(ctx, path, &file, &from, err));
  mill_status status = mill_snapshot_check_table(from, err);
  if (status == MILL_OK)
    status = mill_snapshot_place(from, mill_snapshot_meta(from), ctx->types, &p, err);
  if (status == MILL_OK) {
    status = append(ctx, &file, from, &p, rows, written, err);
    mill_snapshot_place_clear(&p);
  }
  mill_snapshot_free(from);
  mill_file_clear(&file);
  return status;
}
