/* Schemas that no library at hand writes: each is built as a stream without rows and read by the public
** reader, which gives its type or says what it does not read. Numbers are those of Arrow's Schema.fbs
** and Message.fbs. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../check.h"
#include "base/file.h"
#include "base/timezone.h"
#include "io/arrow_flat_int.h"
#include "io/reader.h"

enum { DECIMAL = 7, DATE, TIME, TIMESTAMP, INTERVAL, LIST, STRUCT, UNION, DURATION = 18 };

static mill_memory *memory;
static mill_types *types;
static mill_error err;
static int file;
static char path[64], got[256];

/* A type's table of n numbers, `width` bytes each. */
typedef struct shape {
  int kind, n;
  int64_t value[3];
  int width[3];
} shape;

static uint32_t build_field(io_flat_builder *b, const char *text, const shape *t, uint32_t child) {
  uint32_t name = mill_flat_put_text(b, text);
  uint32_t children = mill_flat_put_refs(b, &child, child != 0);
  mill_flat_begin(b);
  for (int i = 0; i < t->n; i++) mill_flat_set_int(b, i, t->value[i], t->width[i]);
  uint32_t type = mill_flat_end(b);
  mill_flat_begin(b);
  mill_flat_set_ref(b, 0, name);
  mill_flat_set_int(b, 1, 1, 1);
  mill_flat_set_int(b, 2, t->kind, 1);
  mill_flat_set_ref(b, 3, type);
  mill_flat_set_ref(b, 5, children);
  return mill_flat_end(b);
}

/* One column `c`, or with `within` a list of it. */
static void write_stream(int version, int endianness, const shape *t, bool within) {
  static const shape list = {.kind = LIST};
  io_flat_builder b;
  const unsigned char *data;
  size_t n;
  mill_flat_init(&b, memory, &err);
  uint32_t field = build_field(&b, within ? "item" : "c", t, 0);
  if (within) field = build_field(&b, "c", &list, field);
  uint32_t fields = mill_flat_put_refs(&b, &field, 1);
  mill_flat_begin(&b);
  mill_flat_set_int(&b, 0, endianness, 2);
  mill_flat_set_ref(&b, 1, fields);
  uint32_t schema = mill_flat_end(&b);
  mill_flat_begin(&b);
  mill_flat_set_int(&b, 0, version - 1, 2);
  mill_flat_set_int(&b, 1, 1, 1);
  mill_flat_set_ref(&b, 2, schema);
  mill_flat_set_int(&b, 3, 0, 8);
  CHECK(mill_flat_finish(&b, mill_flat_end(&b), &data, &n) == MILL_OK);
  uint32_t head[2] = {UINT32_MAX, (uint32_t)n};
  if (ftruncate(file, 0) != 0 || pwrite(file, head, 8, 0) != 8 ||
      pwrite(file, data, n, 8) != (ssize_t)n)
    abort();
  mill_flat_clear(&b);
}

/* The column's type, or the error with its hint. */
static const char *read_back(void) {
  static const mill_files files;
  const char *paths[] = {path};
  const mill_type *t = NULL;
  mill_context ctx = {.memory = memory, .types = types, .files = &files};
  mill_settings set = {.ansi = true, .zone = mill_zone_utc(), .zone_name = "UTC"};
  mill_read r = {.format = "arrow", .paths = paths, .npaths = 1};
  mill_error_clear(&err);
  if (mill_read_schema(&ctx, &set, &r, &t, &err) != MILL_OK) {
    const char *hint = mill_error_hint_text(&err);
    snprintf(got, sizeof got, "%s %s", mill_error_message(&err), hint ? hint : "");
    return got;
  }
  mill_text text;
  mill_text_init(&text, memory);
  CHECK(mill_type_sql(t->fields[0].type, &text, &err) == MILL_OK);
  snprintf(got, sizeof got, "%.*s", (int)text.size, text.data);
  mill_text_clear(&text);
  return got;
}

static void gives(const shape *t, const char *want) {
  for (int version = 4; version <= 5; version++) {
    write_stream(version, 0, t, false);
    (void)read_back();
    CHECK_STR(got, want);
  }
}

static void refuses(const shape *t, const char *part) {
  write_stream(5, 0, t, false);
  CHECK(strstr(read_back(), part) && strstr(got, path), "%s: %s", part, got);
  write_stream(5, 0, t, true);
  CHECK(strstr(read_back(), part) && strstr(got, path), "%s: %s", part, got);
}

static void test_types(void) {
  for (int unit = 0; unit < 3; unit++)
    gives(&(shape){INTERVAL, 1, {unit}, {2}}, unit == 0 ? "INTERVAL YEAR TO MONTH" : "INTERVAL");
  refuses(&(shape){INTERVAL, 1, {3}, {2}}, "an unknown unit");
  for (int unit = 0; unit < 4; unit++)
    gives(&(shape){TIME, 2, {unit, unit < 2 ? 32 : 64}, {2, 4}}, "TIME(6)");
  refuses(&(shape){TIME, 2, {2, 32}, {2, 4}}, "a time of an odd width");
  gives(&(shape){DURATION, 1, {3}, {2}}, "INTERVAL DAY TO SECOND");
  gives(&(shape){DATE, 1, {1}, {2}}, "DATE");
  refuses(&(shape){DATE, 1, {2}, {2}}, "an unknown unit");
  for (int bits = 32; bits <= 256; bits *= 2)
    gives(&(shape){DECIMAL, 3, {9, 2, bits}, {4, 4, 4}}, "DECIMAL(9,2)");
  gives(&(shape){DECIMAL, 2, {38, 2}, {4, 4}}, "DECIMAL(38,2)");
  refuses(&(shape){DECIMAL, 3, {10, 2, 32}, {4, 4, 4}}, "a decimal of an odd width");
  refuses(&(shape){DECIMAL, 3, {39, 2, 256}, {4, 4, 4}}, "decimal256(39, 2)");
  refuses(&(shape){DECIMAL, 2, {5, -2}, {4, 4}}, "decimal128(5, -2)");
  refuses(&(shape){.kind = 27}, "a type that is not known");
  refuses(&(shape){.kind = 0}, "a type that is not known");
}

/* createDataFrame of PySpark refuses both kinds (UNSUPPORTED_DATA_TYPE_FOR_ARROW_CONVERSION). */
static void test_unions(void) {
  for (int dense = 0; dense < 2; dense++) {
    refuses(&(shape){UNION, 1, {dense}, {2}}, "The Arrow type union of the column");
    CHECK(strstr(got, "column item") != NULL);
  }
}

static void test_refusals(void) {
  static const char feather[] = "FEA1\0\0\0\0 and columns as they were before Arrow 0.15 FEA1";
  const shape t = {TIMESTAMP, 1, {2}, {2}};
  write_stream(5, 1, &t, false);
  CHECK(strstr(read_back(), "byte order") && strstr(got, path), "%s", got);
  write_stream(3, 0, &t, false);
  CHECK(strstr(read_back(), "metadata version V3") && strstr(got, path), "%s", got);
  write_stream(6, 0, &t, false);
  CHECK(strstr(read_back(), "metadata version V6") && strstr(got, path), "%s", got);
  if (ftruncate(file, 0) != 0 || pwrite(file, feather, sizeof feather, 0) < 0) abort();
  CHECK(strstr(read_back(), "Feather files of version 1") && strstr(got, path), "%s", got);
}

int main(void) {
  memory = mill_memory_new(0);
  types = mill_types_new(memory);
  file = memfd_create("schema", 0);
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  test_types();
  test_unions();
  test_refusals();
  mill_types_free(types);
  CHECK(mill_memory_read(memory).used == 0);
  mill_memory_free(memory);
  return check_done();
}
