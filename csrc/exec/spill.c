/* Spill files: blocks of pages at places of one nameless file; see spill.h. Workers reserve their
** place by one atomic add, so they never wait for each other. */
#include "exec/spill.h"

#include <stdlib.h>

#include "base/codec.h"
#include "base/hash.h"
#include "base/thread.h"
#include "exec/spill_int.h"

enum { BLOCK_BYTES = 128 * 1024, PAGE_BYTES = 256 * 1024, LEVEL = 1 };

/* ---- policy --------------------------------------------------------------------------------- */

bool mill_spill_needed(const mill_context *ctx, uint64_t more) {
  if (ctx->force_spill) return true;
  mill_memory_stats s = mill_memory_read(ctx->memory);
  return s.limit > 0 && s.used + more > s.limit / 5 * 4;
}

bool mill_spill_due(const mill_context *ctx) { return mill_spill_needed(ctx, 0); }

/* ---- files ---------------------------------------------------------------------------------- */

static const char *folder_of(const mill_context *ctx) {
  const char *t = ctx->temp_folder ? ctx->temp_folder : getenv("TMPDIR");
  return t && *t ? t : "/tmp";
}

mill_status mill_spill_new(const mill_context *ctx, const mill_type *schema, mill_spill **out,
                           mill_error *err) {
  mill_spill *f = mill_calloc(ctx->memory, sizeof *f);
  *out = NULL;
  if (f == NULL) return mill_oom(ctx->memory, sizeof *f, err);
  f->ctx = ctx;
  f->schema = schema;
  mill_status s = mill_file_scratch(ctx->files, ctx->memory, folder_of(ctx), &f->file, err);
  if (s != MILL_OK) {
    mill_free(ctx->memory, f, sizeof *f);
    return s;
  }
  *out = f;
  return MILL_OK;
}

void mill_spill_free(mill_spill *f) {
  if (f == NULL) return;
  mill_file_clear(&f->file);
  if (f->ctx->temp) __atomic_sub_fetch(&f->ctx->temp->used, f->size, __ATOMIC_RELAXED);
  mill_free(f->ctx->memory, f, sizeof *f);
}

/* A place for n bytes, unless the session has no room for them. */
static mill_status reserve(mill_spill *f, size_t n, uint64_t *at, mill_error *err) {
  mill_temp *t = f->ctx->temp;
  if (t) {
    uint64_t used = __atomic_add_fetch(&t->used, n, __ATOMIC_RELAXED);
    if (t->limit && used > t->limit) {
      __atomic_sub_fetch(&t->used, n, __ATOMIC_RELAXED);
      return mill_fail(err, MILL_E_FILE_ACCESS, "operation", "write", "path",
                       mill_error_fmt(err, "%s", f->file.path), "reason",
                       mill_error_fmt(err, "the session's tempLimit of %llu bytes is used up",
                                      (unsigned long long)t->limit),
                       NULL);
    }
    __atomic_add_fetch(&t->written, n, __ATOMIC_RELAXED);
  }
  *at = __atomic_fetch_add(&f->size, n, __ATOMIC_RELAXED);
  return MILL_OK;
}

/* ---- writing -------------------------------------------------------------------------------- */

mill_status mill_spill_run_new(mill_spill *f, mill_spill_run **out, mill_error *err) {
  mill_memory *m = f->ctx->memory;
  mill_spill_run *r = mill_calloc(m, sizeof *r);
  *out = r;
  if (r == NULL) return mill_oom(m, sizeof *r, err);
  r->file = f;
  mill_text_init(&r->raw, m);
  mill_text_init(&r->packed, m);
  if (f->ctx->temp) __atomic_add_fetch(&f->ctx->temp->runs, 1, __ATOMIC_RELAXED);
  return MILL_OK;
}

static void drop_buffers(mill_spill_run *r) {
  mill_chunk_unref(r->pending);
  r->pending = NULL;
  mill_text_clear(&r->raw);
  mill_text_clear(&r->packed);
}

void mill_spill_run_free(mill_spill_run *r) {
  if (r == NULL) return;
  mill_memory *m = r->file->ctx->memory;
  drop_buffers(r);
  mill_free(m, r->block, r->capacity * sizeof *r->block);
  mill_free(m, r, sizeof *r);
}

static mill_status write_block(mill_spill_run *r, mill_error *err) {
  MILL_TRY(mill_watch_check(err));
  void *p = r->block;
  if (r->raw.size == 0) return MILL_OK;
  if (r->raw.size > UINT32_MAX) return mill_oom(r->file->ctx->memory, r->raw.size, err);
  mill_status s =
      mill_grow(r->file->ctx->memory, &p, &r->capacity, r->nblocks + 1, sizeof *r->block, err);
  r->block = p;
  if (s != MILL_OK) return s;
  mill_text_reset(&r->packed);
  MILL_TRY(mill_zstd_pack(r->raw.data, r->raw.size, LEVEL, &r->packed, err));
  mill_spill_block *b = &r->block[r->nblocks];
  *b = (mill_spill_block){.stop = r->rows,
                          .pages = r->pages,
                          .raw = (uint32_t)r->raw.size,
                          .packed = (uint32_t)r->packed.size};
  b->hash = (uint64_t)mill_xxh64_bytes(r->packed.data, r->packed.size, 0);
  MILL_TRY(reserve(r->file, b->packed, &b->at, err));
  MILL_TRY(mill_file_write_at(&r->file->file, b->at, r->packed.data, b->packed, err));
  r->nblocks++;
  r->pages = 0;
  r->bytes += b->raw;
  mill_text_reset(&r->raw);
  return MILL_OK;
}

static mill_status write_page(mill_spill_run *r, mill_error *err) {
  mill_chunk *c = r->pending;
  if (c == NULL || c->n == 0) return MILL_OK;
  MILL_TRY(mill_spill_page_write(&r->raw, c->col, c->ncols, c->n, err));
  mill_chunk_unref(c);
  r->pending = NULL;
  r->pending_bytes = 0;
  r->pages++;
  return r->raw.size >= BLOCK_BYTES ? write_block(r, err) : MILL_OK;
}

static bool varies(const mill_type *t) {
  if (t->phys == MILL_PHYS_STR || t->phys == MILL_PHYS_LIST) return true;
  for (uint32_t i = 0; t->phys == MILL_PHYS_STRUCT && i < t->nfields; i++)
    if (varies(t->fields[i].type)) return true;
  return false;
}

/* What n values from row i on take in a page, about. */
static uint64_t bytes_of(const mill_vector *v, uint32_t i, uint32_t n) {
  uint64_t total = (uint64_t)n * v->type->width;
  if (!varies(v->type)) return total;
  for (uint32_t end = i + n; i < end; i++) {
    uint32_t k = mill_vector_at(v, i);
    if (!mill_valid_bit(v->valid, k)) continue;
    if (v->type->phys == MILL_PHYS_STR) {
      total += ((const mill_str *)v->data)[k].size;
      continue;
    }
    mill_span s = {k, 1};
    if (v->type->phys == MILL_PHYS_LIST) s = ((const mill_span *)v->data)[k];
    for (uint32_t c = 0; c < v->type->nfields; c++)
      total += bytes_of(&v->child[c], s.start, s.size);
  }
  return total;
}

/* How many of the rows from `from` on the page takes: MILL_BATCH in all, or fewer large ones. */
static uint32_t that_fit(mill_spill_run *r, const mill_batch *b, uint32_t from) {
  uint32_t held = r->pending ? r->pending->n : 0, n = 0;
  uint32_t most = b->n - from < MILL_BATCH - held ? b->n - from : MILL_BATCH - held;
  if (!varies(r->file->schema)) return most;
  while (n < most && r->pending_bytes < PAGE_BYTES) {
    uint32_t row = mill_batch_row(b, from + n++);
    for (uint32_t c = 0; c < b->ncols; c++) r->pending_bytes += bytes_of(&b->col[c], row, 1);
  }
  return n;
}

mill_status mill_spill_write(mill_spill_run *r, const mill_batch *b, mill_error *err) {
  mill_memory *m = r->file->ctx->memory;
  for (uint32_t from = 0; from < b->n;) {
    uint32_t n = that_fit(r, b, from), room = b->n > 64 ? MILL_BATCH : 64;
    if (r->pending == NULL) MILL_TRY(mill_chunk_new(m, r->file->schema, room, &r->pending, err));
    MILL_TRY(mill_chunk_append(r->pending, b, from, n, err));
    from += n;
    r->rows += n;
    if (r->pending->n == MILL_BATCH || r->pending_bytes >= PAGE_BYTES) MILL_TRY(write_page(r, err));
  }
  return MILL_OK;
}

mill_status mill_spill_end(mill_spill_run *r, mill_error *err) {
  MILL_TRY(write_page(r, err));
  MILL_TRY(write_block(r, err));
  drop_buffers(r);
  return MILL_OK;
}

uint64_t mill_spill_rows(const mill_spill_run *r) { return r->rows; }
uint64_t mill_spill_bytes(const mill_spill_run *r) { return r->bytes; }

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct run_rows {
  mill_rows base;
  const mill_spill_run *run;
  size_t next_block;
  const char *at, *stop; /* pages of the block that are left */
  mill_text packed, raw;
  mill_arena arena;
  mill_vector *col;
  mill_batch batch;
} run_rows;

mill_status mill_spill_block_read(const mill_spill_run *run, size_t i, mill_text *packed,
                                  mill_text *raw, mill_error *err) {
  mill_spill *f = run->file;
  const mill_spill_block *b = &run->block[i];
  size_t got = 0;
  MILL_TRY(mill_watch_check(err));
  mill_text_reset(packed);
  mill_text_reset(raw);
  MILL_TRY(mill_text_reserve(packed, b->packed, err));
  MILL_TRY(mill_text_reserve(raw, b->raw, err));
  MILL_TRY(mill_file_read_at(&f->file, b->at, packed->data, b->packed, &got, err));
  if (got != b->packed || (uint64_t)mill_xxh64_bytes(packed->data, got, 0) != b->hash)
    return mill_fail(err, MILL_E_CORRUPT_FILE, "path", mill_error_fmt(err, "%s", f->file.path),
                     "reason", "a spilled block reads back otherwise than it was written", NULL);
  return mill_zstd_unpack_into(f->ctx->memory, packed->data, b->packed, raw->data, b->raw, err);
}

static mill_status run_next(mill_rows *base, mill_batch **out, mill_error *err) {
  run_rows *r = (run_rows *)base;
  *out = NULL;
  if (r->at == r->stop) {
    if (r->next_block == r->run->nblocks) return MILL_OK;
    MILL_TRY(mill_spill_block_read(r->run, r->next_block, &r->packed, &r->raw, err));
    r->at = r->raw.data;
    r->stop = r->at + r->run->block[r->next_block++].raw;
  }
  uint32_t n;
  mill_arena_clear(&r->arena);
  MILL_TRY(mill_spill_page_read(r->at, base->schema, r->col, &n, &r->at, &r->arena, err));
  r->batch = (mill_batch){.n = n, .ncols = base->schema->nfields, .col = r->col};
  *out = &r->batch;
  return MILL_OK;
}

static void run_free(mill_rows *base) {
  run_rows *r = (run_rows *)base;
  mill_memory *m = r->arena.memory;
  mill_arena_clear(&r->arena);
  mill_text_clear(&r->packed);
  mill_text_clear(&r->raw);
  mill_free(m, r->col, (base->schema->nfields + 1) * sizeof *r->col);
  mill_free(m, r, sizeof *r);
}

mill_status mill_spill_read(const mill_spill_run *run, mill_rows **out, mill_error *err) {
  mill_memory *m = run->file->ctx->memory;
  const mill_type *schema = run->file->schema;
  run_rows *r = mill_calloc(m, sizeof *r);
  if (r == NULL) return mill_oom(m, sizeof *r, err);
  r->base = (mill_rows){schema, run_next, run_free, false};
  r->run = run;
  mill_text_init(&r->packed, m);
  mill_text_init(&r->raw, m);
  mill_arena_init(&r->arena, m);
  r->col = mill_calloc(m, (schema->nfields + 1) * sizeof *r->col);
  if (r->col == NULL) {
    mill_free(m, r, sizeof *r);
    return mill_oom(m, 1, err);
  }
  *out = &r->base;
  return MILL_OK;
}
