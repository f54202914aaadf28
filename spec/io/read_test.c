/* Reading loses no memory and reports what happened when any allocation or call on a file fails. */
#include <stdlib.h>
#include <unistd.h>

#include "../check.h"
#include "base/file.h"
#include "base/timezone.h"
#include "io/reader.h"

static mill_memory *memory;
static char folder[64];
static mill_error err;
static uint64_t fail_at, calls;
static bool narrowed;

static int before(void *arg, mill_file_call call, const char *path) {
  (void)arg;
  (void)call;
  (void)path;
  return ++calls == fail_at ? 5 : 0; /* EIO */
}
static const mill_files files = {before, NULL};

/* Only rows whose second column is above 0. */
static mill_status narrow(mill_scan **s) {
  int32_t zero = 0;
  mill_vector value = {.type = (*s)->schema->fields[1].type, .data = &zero};
  mill_test test = {.kind = MILL_TEST_GREATER, .column = 1, .n = 1, .value = &value};
  mill_scan *few = NULL;
  mill_status status = (*s)->narrow(*s, &test, 1, NULL, &few, &err);
  mill_scan_unref(*s);
  *s = few;
  return status;
}

static mill_status read_morsels(const mill_scan *s, mill_cursor *c, uint64_t *rows) {
  for (size_t m = 0; m < s->morsels; m++) {
    MILL_TRY(c->seek(c, m, &err));
    for (;;) {
      mill_batch *b;
      MILL_TRY(c->next(c, &b, &err));
      if (b == NULL) break;
      *rows += b->n;
    }
  }
  return MILL_OK;
}

/* Infer the schema of the file and read all columns. */
static mill_status read_file(const char *format, const char *path, mill_options options,
                             uint64_t *rows) {
  const char *paths[] = {path};
  mill_scan *s;
  mill_cursor *c;
  mill_types *types = mill_types_new(memory);
  if (types == NULL) return MILL_E_OUT_OF_MEMORY;
  mill_context ctx = {.memory = memory, .types = types, .files = &files};
  mill_settings set = {.ansi = true, .zone = mill_zone_utc(), .zone_name = "UTC"};
  mill_read r = {.format = format, .paths = paths, .npaths = 1, .options = options};
  *rows = 0;
  mill_error_clear(&err);
  mill_status status = mill_read_open(&ctx, &set, &r, &s, &err);
  if (status == MILL_OK && narrowed) status = narrow(&s);
  if (status == MILL_OK) {
    int columns[16];
    for (uint32_t i = 0; i < s->schema->nfields; i++) columns[i] = (int)i;
    status = s->open(s, &ctx, columns, (int)s->schema->nfields, &c, &err);
    if (status == MILL_OK) {
      status = read_morsels(s, c, rows);
      c->free(c);
    }
    mill_scan_unref(s);
  }
  mill_types_free(types);
  return status;
}

static void sweep(const char *format, const char *path, mill_options options, uint64_t want) {
  uint64_t rows;
  int lost = 0, wrong = 0, failed = 0;
  size_t used = mill_memory_read(memory).used;
  fail_at = 0;
  CHECK(read_file(format, path, options, &rows) == MILL_OK, "%s", mill_error_message(&err));
  CHECK(rows == want, "%s: %d rows", format, (int)rows);
  for (uint64_t k = 1;; k++, failed++) {
    mill_memory_fail_at(memory, k, false);
    mill_status s = read_file(format, path, options, &rows);
    mill_memory_fail_at(memory, 0, false);
    lost += mill_memory_read(memory).used != used;
    if (s == MILL_OK) break;
    wrong += s != MILL_E_OUT_OF_MEMORY;
  }
  CHECK(lost == 0 && wrong == 0 && failed > 10, "%s: %d lost, %d wrong of %d", format, lost, wrong,
        failed);
  for (fail_at = 1, failed = 0;; fail_at++, failed++) {
    calls = 0;
    mill_status s = read_file(format, path, options, &rows);
    lost += mill_memory_read(memory).used != used;
    if (s == MILL_OK && calls < fail_at) break;
    wrong += s == MILL_OK;
  }
  CHECK(lost == 0 && wrong == 0 && failed > 3, "%s: %d lost, %d wrong of %d", format, lost, wrong,
        failed);
}

static const char *put(const char *name, const char *text) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "w");
  if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) return NULL;
  return path;
}

/* Pieces of a file with line ends inside of quotes have their rows in whatever order they are read. */
static void any_order(void) {
  static const char *const record = "1,\"two\nlines, \"\"quoted\"\" and \n long enough\"\n";
  const char *path = put("pieces.csv", "");
  FILE *f = path ? fopen(path, "w") : NULL;
  uint64_t want = 0, forward = 0, backward = 0;
  mill_scan *s = NULL;
  mill_cursor *c = NULL;
  for (; f && want < 400000; want++) fputs(record, f);
  CHECK(f && fclose(f) == 0);
  const mill_option o[] = {{"multiLine", "true"}, {"escape", "\""}};
  mill_types *types = mill_types_new(memory);
  mill_context ctx = {.memory = memory, .types = types, .files = &files};
  mill_settings set = {.ansi = true, .zone = mill_zone_utc(), .zone_name = "UTC"};
  mill_read r = {.format = "csv", .paths = &path, .npaths = 1, .options = {o, 2}};
  int columns[] = {0, 1};
  fail_at = 0;
  CHECK(mill_read_open(&ctx, &set, &r, &s, &err) == MILL_OK && s->morsels > 3);
  CHECK(s->open(s, &ctx, columns, 2, &c, &err) == MILL_OK);
  mill_batch *b;
  bool fine = true;
  for (size_t m = s->morsels; m-- > 0;) {
    fine &= c->seek(c, m, &err) == MILL_OK;
    while (fine && (fine = c->next(c, &b, &err) == MILL_OK) && b) backward += b->n;
  }
  CHECK(fine && backward == want, "%d rows", (int)backward);
  CHECK(read_morsels(s, c, &forward) == MILL_OK && forward == want);
  c->free(c);
  mill_scan_unref(s);
  mill_types_free(types);
  unlink(path);
}

int main(void) {
  snprintf(folder, sizeof folder, "/tmp/mill-read-XXXXXX");
  if (!mkdtemp(folder)) return 1;
  memory = mill_memory_new(0);
  const mill_option csv[] = {{"header", "true"}, {"inferSchema", "true"}};
  const char *path =
      put("a.csv", "id,name,when,x\n1,\"a \\\"b\\\"\",2024-02-29,1.5\n2,,,\n3,c,2024-03-01,2\n");
  sweep("csv", path, (mill_options){csv, 2}, 3);
  unlink(path);
  path = put("a.json", "{\"a\":1,\"b\":[{\"c\":\"x\\n\"},{\"c\":null}],\"m\":{\"k\":true}}\n"
                       "[{\"a\":2},{\"a\":3}]\nbad\n{\"a\":4.5,\"s\":\"\\u00e9\"}\n");
  sweep("json", path, (mill_options){NULL, 0}, 5);
  unlink(path);
  any_order();
  path = put("a.txt", "one\ntwo\r\nthree");
  sweep("text", path, (mill_options){NULL, 0}, 3);
  unlink(path);
  sweep("parquet", "spec/io/parquet/flat_v1_snappy.parquet", (mill_options){NULL, 0}, 40);
  sweep("parquet", "spec/io/parquet/nested_v2_gzip.parquet", (mill_options){NULL, 0}, 40);
  narrowed = true;
  sweep("parquet", "spec/io/parquet/flat_v1_snappy.parquet", (mill_options){NULL, 0}, 32);
  CHECK(mill_memory_read(memory).used == 0);
  mill_memory_free(memory);
  rmdir(folder);
  return check_done();
}
