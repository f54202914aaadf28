/* What the fuzz targets of file formats share: the bytes become a file in memory, the file is read by
** the public reader, all rows are hashed.
**
** A target is `<name>_fuzz.c` with LLVMFuzzerTestOneInput; `make fuzz` builds and runs each of them, with
** the dictionary `<name>.dict` where there is one and the seeds that seeds.sh finds. Nothing may crash,
** leak, hang or take more memory than the session's limit; two ways to read the same bytes must agree.
** Few bytes may say that they are many rows: after ROWS_MOST of them reading stops. */
#ifndef MILL_SPEC_FUZZ_H
#define MILL_SPEC_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/timezone.h"
#include "io/reader.h"

enum { FUZZ_MEMORY = 256 << 20, FUZZ_ROWS_MOST = 1 << 18, FUZZ_COLUMNS = 100 };

typedef struct fuzz_result {
  mill_status status;
  uint64_t rows, hash; /* of the rows in their order */
} fuzz_result;

typedef struct fuzz_job {
  const char *format, *path;
  mill_options options;
  const mill_field *fields; /* the schema; none: it is inferred */
  uint32_t nfields;
  /* NULL, or put a scan of fewer rows in its place. */
  mill_status (*narrow)(mill_scan **s, mill_error *err);
} fuzz_job;

/* The path of a file that holds the bytes, until the next call. */
static inline const char *fuzz_file(const uint8_t *data, size_t size) {
  static int file = -1;
  static char path[64];
  if (file < 0) file = memfd_create("fuzz", 0);
  if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size) abort();
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  return path;
}

static inline mill_status fuzz_rows(mill_cursor *c, size_t morsels, fuzz_result *out,
                                    mill_error *err) {
  static uint64_t hash[MILL_BATCH];
  for (size_t m = 0; m < morsels && out->rows < FUZZ_ROWS_MOST; m++) {
    MILL_TRY(c->seek(c, m, err));
    for (mill_batch *b; out->rows < FUZZ_ROWS_MOST;) {
      MILL_TRY(c->next(c, &b, err));
      if (b == NULL) break;
      for (uint32_t k = 0; k < b->ncols; k++) {
        mill_vector_hash(&b->col[k], b->sel, b->n, k > 0, hash);
        for (uint32_t i = 0; i < b->n; i++) out->hash = out->hash * 31 + hash[i];
      }
      out->rows += b->n;
    }
  }
  return MILL_OK;
}

/* All columns of a scan, or its first FUZZ_COLUMNS. */
static inline mill_status fuzz_scan(mill_scan *s, const mill_context *ctx, fuzz_result *out,
                                    mill_error *err) {
  mill_cursor *c = NULL;
  int columns[FUZZ_COLUMNS], n = 0;
  for (; n < (int)s->schema->nfields && n < FUZZ_COLUMNS; n++) columns[n] = n;
  mill_status status = s->open(s, ctx, columns, n, &c, err);
  if (status == MILL_OK) status = fuzz_rows(c, s->morsels, out, err);
  if (c) c->free(c);
  return status;
}

static inline fuzz_result fuzz_run(const fuzz_job *job) {
  static const mill_files files;
  fuzz_result out = {0};
  mill_error err;
  mill_scan *s = NULL;
  mill_memory *m = mill_memory_new(FUZZ_MEMORY);
  mill_types *types = mill_types_new(m);
  mill_zones *zones = mill_zones_new(m);
  mill_error_clear(&err);
  mill_context ctx = {.memory = m, .types = types, .files = &files, .zones = zones};
  mill_settings set = {.ansi = true, .zone = mill_zone_utc(), .zone_name = "UTC"};
  mill_read r = {.format = job->format, .paths = &job->path, .npaths = 1, .options = job->options};
  if (job->nfields) r.schema = mill_type_struct(types, job->fields, job->nfields);
  out.status = mill_read_open(&ctx, &set, &r, &s, &err);
  if (out.status == MILL_OK && job->narrow) out.status = job->narrow(&s, &err);
  if (out.status == MILL_OK) out.status = fuzz_scan(s, &ctx, &out, &err);
  mill_scan_unref(s);
  mill_types_free(types);
  mill_zones_free(zones);
  mill_memory_stats stats = mill_memory_read(m);
  if (stats.used != 0 || stats.peak > FUZZ_MEMORY) abort(); /* a leak, a limit passed */
  mill_memory_free(m);
  return out;
}

/* Read all columns, of the given schema or of the one that is inferred. */
static inline fuzz_result fuzz_read(const char *format, const char *path, mill_options options,
                                    const mill_field *fields, uint32_t nfields) {
  return fuzz_run(&(fuzz_job){format, path, options, fields, nfields, NULL});
}

static inline void fuzz_agree(fuzz_result a, fuzz_result b) {
  if (a.status == b.status && (a.status != MILL_OK || (a.rows == b.rows && a.hash == b.hash)))
    return; /* rows before an error are not the same in all ways */
  fprintf(stderr, "two ways differ: %s, %llu rows, hash %llx; %s, %llu rows, hash %llx\n",
          mill_condition_name(a.status), (unsigned long long)a.rows, (unsigned long long)a.hash,
          mill_condition_name(b.status), (unsigned long long)b.rows, (unsigned long long)b.hash);
  abort();
}

#endif
