/* Files of up to 20 KB with each byte changed in two ways, and of each shorter length: the rows that were
** there, an error that names the file, or, where nothing could tell, other rows. Never a crash, memory
** beyond a limit, or more work than a few files of that size ask for (allocations, calls on files and
** rows are counted). Under the address sanitizer each seventh of them, since that is slow: the fuzz
** targets go on from such files.
**
** The files are pyarrow's (spec/io/damage/make.py). In one of them all pages have checksums: no change
** of a page's bytes may go unnoticed there. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../check.h"
#include "base/file.h"
#include "base/timezone.h"
#include "io/parquet_footer.h"
#include "io/reader.h"

enum { SIZE_MOST = 32 << 10, MEMORY = 32 << 20, CALLS_MOST = 20000, ROWS_MOST = 100000 };

#ifdef __SANITIZE_ADDRESS__
enum { STEP = 7 };
#else
enum { STEP = 1 };
#endif

static mill_memory *memory;
static mill_error err;
static int file = -1;
static char path[64];
static unsigned char bytes[SIZE_MOST];
static size_t size;
static uint64_t file_calls;

static int before(void *arg, mill_file_call call, const char *name) {
  (void)arg, (void)call, (void)name;
  file_calls++;
  return 0;
}
static const mill_files files = {before, NULL};

static void load(const char *name) {
  FILE *f = fopen(name, "rb");
  size = f ? fread(bytes, 1, sizeof bytes, f) : 0;
  CHECK(f && size > 5000 && size < SIZE_MOST && fclose(f) == 0, "%s", name);
  CHECK(ftruncate(file, 0) == 0 && pwrite(file, bytes, size, 0) == (ssize_t)size);
}

/* ---- one reading ---------------------------------------------------------------------------- */

typedef struct outcome {
  mill_status status;
  uint64_t rows, hash, few; /* rows of a scan that was narrowed */
} outcome;

static mill_status rows_of(const mill_scan *s, mill_cursor *c, uint64_t *rows, uint64_t *hash) {
  static uint64_t one[MILL_BATCH];
  for (size_t m = 0; m < s->morsels && *rows < ROWS_MOST; m++) {
    MILL_TRY(c->seek(c, m, &err));
    for (mill_batch *b; *rows < ROWS_MOST; *rows += b->n) {
      MILL_TRY(c->next(c, &b, &err));
      if (b == NULL) break;
      for (uint32_t k = 0; k < b->ncols; k++) {
        mill_vector_hash(&b->col[k], b->sel, b->n, k > 0, one);
        for (uint32_t i = 0; i < b->n; i++) *hash = *hash * 31 + one[i];
      }
    }
  }
  return MILL_OK;
}

static mill_status scan(mill_scan *s, const mill_context *ctx, uint64_t *rows, uint64_t *hash) {
  mill_cursor *c;
  int columns[64], n = 0;
  for (; n < (int)s->schema->nfields && n < 64; n++) columns[n] = n;
  MILL_TRY(s->open(s, ctx, columns, n, &c, &err));
  mill_status status = rows_of(s, c, rows, hash);
  c->free(c);
  return status;
}

/* id = 1297, which statistics, page indexes and Bloom filters are asked for. */
static mill_status narrowed(mill_scan *s, const mill_context *ctx, uint64_t *rows) {
  int64_t id = 1297;
  uint64_t hash;
  mill_scan *few;
  if (!s->narrow || !s->schema->nfields || s->schema->fields[0].type->id != MILL_BIGINT)
    return MILL_OK;
  mill_vector value = {.type = s->schema->fields[0].type, .data = &id, .size = 1};
  mill_test test = {MILL_TEST_EQUAL, 0, 1, &value, NULL};
  MILL_TRY(s->narrow(s, &test, 1, NULL, &few, &err));
  mill_status status = scan(few, ctx, rows, &hash);
  mill_scan_unref(few);
  return status;
}

static outcome attempt(const char *format) {
  const char *paths[] = {path};
  outcome out = {0};
  mill_scan *s = NULL;
  mill_types *types = mill_types_new(memory);
  mill_context ctx = {.memory = memory, .types = types, .files = &files};
  mill_settings set = {.ansi = true, .zone = mill_zone_utc(), .zone_name = "UTC"};
  mill_read r = {.format = format, .paths = paths, .npaths = 1};
  mill_error_clear(&err);
  out.status = mill_read_open(&ctx, &set, &r, &s, &err);
  if (out.status == MILL_OK) out.status = scan(s, &ctx, &out.rows, &out.hash);
  if (out.status == MILL_OK) out.status = narrowed(s, &ctx, &out.few);
  mill_scan_unref(s);
  mill_types_free(types);
  return out;
}

/* ---- all of them ---------------------------------------------------------------------------- */

typedef struct tally {
  int same, other, failed, unnamed, unbounded, memory;
} tally;

static bool names_the_file(void) {
  const char *hint = mill_error_hint_text(&err);
  return strstr(mill_error_message(&err), path) || (hint && strstr(hint, path));
}

static outcome count(const char *format, const outcome *whole, tally *t) {
  uint64_t calls = mill_memory_read(memory).calls;
  file_calls = 0;
  outcome now = attempt(format);
  calls = mill_memory_read(memory).calls - calls;
  t->unbounded += calls > CALLS_MOST || file_calls > CALLS_MOST || now.rows >= ROWS_MOST;
  t->memory += now.status == MILL_E_OUT_OF_MEMORY;
  if (now.status != MILL_OK) {
    t->failed++;
    if (!names_the_file() && t->unnamed++ < 3) printf("# %s\n", mill_error_message(&err));
  } else if (now.rows == whole->rows && now.hash == whole->hash) {
    t->same++;
  } else {
    t->other++;
  }
  return now;
}

/* sums[i]: byte i stands in a page behind a checksum. */
static bool sums[SIZE_MOST];

static mill_status find_pages(const parquet_chunk_meta *c, mill_arena *a) {
  uint64_t at = parquet_chunk_start(c), end = at + (uint64_t)c->compressed;
  while (at < end) {
    parquet_page page;
    size_t used;
    MILL_TRY(
        mill_thrift_read(&mill_parquet_page, bytes + at, end - at, path, a, &page, &used, &err));
    at += used;
    for (int i = 0; i < page.compressed; i++) sums[at++] = page.has & THRIFT_HAS(4);
  }
  return MILL_OK;
}

static void find_sums(void) {
  parquet_footer *f = NULL;
  size_t n = 0;
  memset(sums, 0, sizeof sums);
  CHECK(mill_parquet_footer_read(&files, memory, path, &f, &err) == MILL_OK);
  for (uint32_t g = 0; g < f->meta.groups.n; g++)
    for (uint32_t k = 0; k < f->leaves; k++)
      if (find_pages(parquet_chunk_of(f, g, (int)k), &f->arena) != MILL_OK) break;
  mill_parquet_footer_free(f);
  for (size_t i = 0; i < size; i++) n += sums[i];
  CHECK(n > size / 4, "%d bytes behind checksums", (int)n);
}

static void change(const char *format, const outcome *whole) {
  static const unsigned char masks[] = {0xff, 0x04};
  tally t = {0};
  int unnoticed = 0;
  for (size_t i = 0; i < size; i += STEP) {
    for (int k = 0; k < 2; k++) {
      unsigned char byte = bytes[i] ^ masks[k];
      if (pwrite(file, &byte, 1, (off_t)i) != 1) abort();
      int other = t.other;
      (void)count(format, whole, &t);
      unnoticed += sums[i] && t.other > other;
    }
    if (pwrite(file, &bytes[i], 1, (off_t)i) != 1) abort();
  }
  CHECK(t.unnamed == 0 && t.unbounded == 0 && t.memory == 0 && unnoticed == 0,
        "%d without the file's name, %d of too much work, %d of memory, %d unnoticed", t.unnamed,
        t.unbounded, t.memory, unnoticed);
  CHECK(t.failed > (int)size / 4 / STEP && t.same > 0, "%d the same, %d other rows, %d errors",
        t.same, t.other, t.failed);
}

/* Of a file no beginning is a file, of a stream it is when it ends behind a message. */
static void cut(const char *format, const outcome *whole, bool stream) {
  tally t = {0};
  int more = 0;
  for (size_t n = size - 1; n > STEP; n -= STEP) {
    if (ftruncate(file, (off_t)n) != 0) abort();
    outcome now = count(format, whole, &t);
    more += now.status == MILL_OK && now.rows > whole->rows;
  }
  CHECK(t.unnamed == 0 && t.unbounded == 0 && t.memory == 0 && more == 0,
        "%d without the file's name, %d of too much work, %d of memory", t.unnamed, t.unbounded,
        t.memory);
  CHECK(stream ? t.same + t.other < 40 : t.same + t.other == 0, "%d were read", t.same + t.other);
}

static void damage(const char *format, const char *name, uint64_t rows) {
  load(name);
  memset(sums, 0, sizeof sums);
  if (strstr(name, "sums")) find_sums();
  outcome whole = attempt(format);
  CHECK(whole.status == MILL_OK && whole.rows == rows, "%s", mill_error_message(&err));
  CHECK(strcmp(format, "parquet") != 0 || (whole.few > 0 && whole.few < rows), "%d",
        (int)whole.few);
  change(format, &whole);
  cut(format, &whole, strstr(name, ".arrows") != NULL);
  CHECK(mill_memory_read(memory).used == 0);
}

int main(void) {
  memory = mill_memory_new(MEMORY);
  file = memfd_create("damage", 0);
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  damage("parquet", "spec/io/damage/sums.parquet", 280);
  damage("parquet", "spec/io/damage/plain.parquet", 100);
  damage("arrow", "spec/io/damage/packed.arrow", 150);
  damage("arrow", "spec/io/damage/plain.arrows", 12);
  damage("arrow", "spec/io/damage/zstd.arrows", 12);
  mill_memory_free(memory);
  return check_done();
}
