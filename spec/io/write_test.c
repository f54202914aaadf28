/* Writes are whole or absent: whatever call on a file or allocation fails, a reader of the folder
** finds the rows that were there before or those that were to be there, and no memory is lost. */
#include <stdlib.h>

#include "../check.h"
#include "base/file.h"
#include "base/thread.h"
#include "base/timezone.h"
#include "column/chunk.h"
#include "io/writer.h"

static mill_memory *memory;
static mill_types *types;
static mill_table *table;
static mill_pool *pool;
static char folder[64], out[96];
static mill_error err;
static uint64_t fail_at, calls;

static int before(void *arg, mill_file_call call, const char *path) {
  (void)arg;
  (void)call;
  (void)path;
  return ++calls == fail_at ? 5 : 0; /* EIO */
}
static const mill_files files = {before, NULL};

/* ---- rows 0..n-1: id INT, k STRING ------------------------------------------------------------ */

static void make_table(int n) {
  mill_field f[] = {{"id", mill_type_of(MILL_INT), true, NULL},
                    {"k", mill_type_of(MILL_STRING), true, NULL}};
  mill_arena a;
  mill_vector col[2];
  mill_arena_init(&a, memory);
  CHECK(mill_table_new(memory, mill_type_struct(types, f, 2), &table, &err) == MILL_OK);
  CHECK(mill_vector_init(&col[0], f[0].type, 2048, &a, &err) == MILL_OK);
  CHECK(mill_vector_init(&col[1], f[1].type, 2048, &a, &err) == MILL_OK);
  for (int i = 0; i < n; i++) {
    ((int32_t *)col[0].data)[i] = i;
    ((mill_str *)col[1].data)[i] = mill_str_view(i % 2 ? "odd" : "even/2", i % 2 ? 3 : 6);
  }
  mill_batch b = {.n = (uint32_t)n, .ncols = 2, .col = col};
  CHECK(mill_table_append(table, &b, &err) == MILL_OK);
  mill_arena_clear(&a);
}

typedef struct reader {
  mill_rows base;
  mill_arena arena;
  mill_vector col[2];
  mill_batch batch;
  bool done;
} reader;

static mill_status reader_next(mill_rows *r, mill_batch **b, mill_error *e) {
  reader *x = (reader *)r;
  *b = NULL;
  if (x->done) return MILL_OK;
  x->done = true;
  const mill_chunk *c = table->chunk[0];
  MILL_TRY(mill_chunk_batch(c, 0, c->n, x->col, &x->arena, &x->batch, e));
  *b = &x->batch;
  return MILL_OK;
}

static void reader_free(mill_rows *r) {
  mill_arena_clear(&((reader *)r)->arena);
  free(r);
}

static mill_status write_rows(mill_save_mode mode, bool by_key, const char *format) {
  static const char *const keys[] = {"k"};
  reader *r = calloc(1, sizeof *r);
  r->base = (mill_rows){table->schema, reader_next, reader_free, false};
  mill_arena_init(&r->arena, memory);
  mill_context ctx = {.memory = memory, .types = types, .files = &files, .pool = pool};
  mill_settings set = {.ansi = true, .zone = mill_zone_utc(), .zone_name = "UTC"};
  mill_write w = {
      .format = format, .path = out, .mode = mode, .partition_by = keys, .npartition_by = by_key};
  mill_error_clear(&err);
  return mill_write_run(&ctx, &set, &w, &r->base, NULL, &err);
}

/* ---- what a reader finds ---------------------------------------------------------------------- */

static void shell(const char *format, const char *a, char *answer, size_t n) {
  char command[400];
  snprintf(command, sizeof command, format, a);
  FILE *p = popen(command, "r");
  size_t got = p ? fread(answer, 1, n - 1, p) : 0;
  answer[got] = 0;
  if (p) pclose(p);
}

/* All rows of visible files, sorted, as one line. */
static const char *content(void) {
  static char text[4096];
  shell("cd %s 2>/dev/null && find . -path './.*' -prune -o -name 'part-*' -print | sort | "
        "xargs -r cat | sort -n | tr '\\n' ' '",
        out, text, sizeof text);
  return text;
}

static void clean(void) {
  char text[8];
  shell("rm -rf %s/*", folder, text, sizeof text);
}

/* Write old rows, then make each call on files fail in turn until nothing fails. */
static void sweep_calls(mill_save_mode mode, bool by_key, const char *old, const char *new) {
  int wrong = 0, failed = 0;
  for (uint64_t k = 1;; k++) {
    clean();
    fail_at = 0;
    if (*old && write_rows(MILL_SAVE_ERROR, by_key, "csv") != MILL_OK) wrong++;
    calls = 0;
    fail_at = k;
    mill_status s = write_rows(mode, by_key, "csv");
    const char *got = content();
    if (s == MILL_OK && calls < k) {
      CHECK_STR(got, new);
      break;
    }
    failed += s != MILL_OK;
    /* after the exchange a failing flush or mark may report an error over new rows */
    if (strcmp(got, old) != 0 && strcmp(got, new) != 0) wrong++;
  }
  CHECK(wrong == 0, "mode %d", (int)mode);
  CHECK(failed > 5, "mode %d", (int)mode);
}

static void sweep_memory(bool by_key, const char *format) {
  int lost = 0, failed = 0;
  fail_at = 0;
  for (uint64_t k = 1;; k++) {
    clean();
    size_t used = mill_memory_read(memory).used;
    mill_memory_fail_at(memory, k, false);
    mill_status s = write_rows(MILL_SAVE_ERROR, by_key, format);
    mill_memory_fail_at(memory, 0, false);
    if (s == MILL_OK) break;
    failed++;
    lost += mill_memory_read(memory).used != used || s != MILL_E_OUT_OF_MEMORY || *content();
  }
  CHECK(lost == 0, "%s", format);
  CHECK(failed > 5, "%s", format);
}

int main(void) {
  snprintf(folder, sizeof folder, "/tmp/mill-write-XXXXXX");
  if (!mkdtemp(folder)) return 1;
  snprintf(out, sizeof out, "%s/out", folder);
  memory = mill_memory_new(0);
  types = mill_types_new(memory);
  CHECK(mill_pool_new(memory, 1, &pool, NULL) == MILL_OK);
  make_table(4);
  static const char rows[] = "0,even/2 1,odd 2,even/2 3,odd ", ids[] = "0 1 2 3 ";
  sweep_calls(MILL_SAVE_ERROR, false, "", rows);
  sweep_calls(MILL_SAVE_OVERWRITE, false, rows, rows);
  sweep_calls(MILL_SAVE_OVERWRITE, true, ids, ids);
  sweep_calls(MILL_SAVE_APPEND, false, rows,
              "0,even/2 0,even/2 1,odd 1,odd 2,even/2 2,even/2 3,odd 3,odd ");
  sweep_memory(false, "csv");
  sweep_memory(true, "json");
  sweep_memory(false, "parquet");
  sweep_memory(true, "parquet");
  clean();
  mill_table_unref(table);
  mill_types_free(types);
  mill_pool_free(pool);
  CHECK(mill_memory_read(memory).used == 0);
  mill_memory_free(memory);
  char none[8];
  shell("rmdir %s", folder, none, sizeof none);
  return check_done();
}
