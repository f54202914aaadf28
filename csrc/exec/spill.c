/* Spill files: blocks of pages at places of one nameless file; see spill.h. Workers reserve their
** place by one atomic add, so they never wait for each other. */
#include "exec/spill.h"

#include <stdlib.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/hash.h"
#include "exec/spill_int.h"

enum { BLOCK_BYTES = 128 * 1024, LEVEL = 1 };

struct mill_spill {
  const mill_context *ctx;
  const mill_type *schema;
  mill_file file;
  uint64_t size; /* atomic: where the next block goes */
};

typedef struct block {
  uint64_t at, hash;
  uint32_t packed, raw;
} block;

struct mill_spill_run {
  mill_spill *file;
  block *block;
  size_t nblocks, capacity;
  uint64_t rows, bytes;
  mill_chunk *pending; /* rows of the next page */
  mill_text raw;       /* pages of the next block */
  mill_text packed;
};

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
  void *p = r->block;
  if (r->raw.size == 0) return MILL_OK;
  if (r->raw.size > UINT32_MAX) return mill_oom(r->file->ctx->memory, r->raw.size, err);
  mill_status s =
      mill_grow(r->file->ctx->memory, &p, &r->capacity, r->nblocks + 1, sizeof *r->block, err);
  r->block = p;
  if (s != MILL_OK) return s;
  mill_text_reset(&r->packed);
  MILL_TRY(mill_zstd_pack(r->raw.data, r->raw.size, LEVEL, &r->packed, err));
  block *b = &r->block[r->nblocks];
  *b = (block){.raw = (uint32_t)r->raw.size, .packed = (uint32_t)r->packed.size};
  b->hash = (uint64_t)mill_xxh64_bytes(r->packed.data, r->packed.size, 0);
  MILL_TRY(reserve(r->file, b->packed, &b->at, err));
  MILL_TRY(mill_file_write_at(&r->file->file, b->at, r->packed.data, b->packed, err));
  r->nblocks++;
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
  return r->raw.size >= BLOCK_BYTES ? write_block(r, err) : MILL_OK;
}

mill_status mill_spill_write(mill_spill_run *r, const mill_batch *b, mill_error *err) {
  mill_memory *m = r->file->ctx->memory;
  for (uint32_t from = 0; from < b->n;) {
    if (r->pending == NULL) {
      uint32_t room = b->n > 64 ? MILL_BATCH : 64;
      MILL_TRY(mill_chunk_new(m, r->file->schema, room, &r->pending, err));
    }
    uint32_t room = MILL_BATCH - r->pending->n, left = b->n - from;
    uint32_t n = left < room ? left : room;
    MILL_TRY(mill_chunk_append(r->pending, b, from, n, err));
    from += n;
    r->rows += n;
    if (r->pending->n == MILL_BATCH) MILL_TRY(write_page(r, err));
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

static mill_status read_block(run_rows *r, const block *b, mill_error *err) {
  mill_spill *f = r->run->file;
  size_t got = 0;
  mill_text_reset(&r->packed);
  mill_text_reset(&r->raw);
  MILL_TRY(mill_text_reserve(&r->packed, b->packed, err));
  MILL_TRY(mill_text_reserve(&r->raw, b->raw, err));
  MILL_TRY(mill_file_read_at(&f->file, b->at, r->packed.data, b->packed, &got, err));
  if (got != b->packed || (uint64_t)mill_xxh64_bytes(r->packed.data, got, 0) != b->hash)
    return mill_fail(err, MILL_E_CORRUPT_FILE, "path", mill_error_fmt(err, "%s", f->file.path),
                     "reason", "a spilled block reads back otherwise than it was written", NULL);
  MILL_TRY(
      mill_zstd_unpack_into(f->ctx->memory, r->packed.data, b->packed, r->raw.data, b->raw, err));
  r->at = r->raw.data;
  r->stop = r->at + b->raw;
  return MILL_OK;
}

static mill_status run_next(mill_rows *base, mill_batch **out, mill_error *err) {
  run_rows *r = (run_rows *)base;
  *out = NULL;
  if (r->at == r->stop) {
    if (r->next_block == r->run->nblocks) return MILL_OK;
    MILL_TRY(read_block(r, &r->run->block[r->next_block], err));
    r->next_block++;
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
