/* The compact protocol: what is written comes back, unknown fields are passed over, broken bytes are
** refused. The bytes follow thrift-compact-protocol.md of apache/thrift. */
#include "../check.h"
#include "io/parquet_int.h"

static mill_memory *memory;
static mill_arena arena;
static mill_error err;
static size_t used;

static mill_status read_page(const char *p, size_t n, parquet_page *out) {
  mill_error_clear(&err);
  return mill_thrift_read(&mill_parquet_page, p, n, "f", &arena, out, &used, &err);
}

/* type 0, uncompressed 300, compressed 7, crc -1, a data page of 5 values */
static const char page[] =
    "\x15\x00\x15\xd8\x04\x15\x0e\x15\x01\x1c\x15\x0a\x15\x00\x15\x06\x15\x06\x00\x00";

static void test_read(void) {
  parquet_page h;
  CHECK(read_page(page, sizeof page - 1, &h) == MILL_OK, "%s", mill_error_message(&err));
  CHECK(used == sizeof page - 1 && h.uncompressed == 300 && h.compressed == 7 && h.crc == -1);
  CHECK(h.data.values == 5 && h.data.definition == 3 && !(h.has & THRIFT_HAS(7)));
  for (size_t n = 0; n < sizeof page - 1; n++)
    CHECK(read_page(page, n, &h) == MILL_E_CORRUPT_FILE, "cut at %zu", n);
  /* unknown fields of each type: 20 double, 21 list of 2 booleans, 22 map of i32 to binary, 23 uuid */
  static const char more[] = "\x15\x00\x15\x00\x15\x00"
                             "\x07\x28"
                             "12345678"
                             "\x19\x21\x01\x02"
                             "\x1b\x01\x58\x02\x01x"
                             "\x1d"
                             "0123456789abcdef"
                             "\x00";
  CHECK(read_page(more, sizeof more - 1, &h) == MILL_OK, "%s", mill_error_message(&err));
  CHECK(used == sizeof more - 1);
  CHECK(read_page("\x15\x00\x15\x00\x00", 5, &h) == MILL_E_CORRUPT_FILE, "a field is missing");
  CHECK(read_page("\x15\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, &h) ==
            MILL_E_CORRUPT_FILE,
        "a number without end");
  char deep[200];
  memset(deep, 0x5c, sizeof deep); /* struct in struct .. as field 5 */
  CHECK(read_page(deep, sizeof deep, &h) == MILL_E_CORRUPT_FILE, "nests too deep");
  static const char many[] = "\x19\xfc\xff\xff\xff\xff\x0f"; /* 2^32 - 1 page locations */
  parquet_offset_index x;
  mill_error_clear(&err);
  CHECK(mill_thrift_read(&mill_parquet_offset_index, many, sizeof many - 1, "f", &arena, &x, &used,
                         &err) == MILL_E_CORRUPT_FILE);
}

static void test_round_trip(void) {
  parquet_location at[20];
  parquet_offset_index x = {.has = THRIFT_HAS(1)}, y;
  mill_text t;
  mill_text_init(&t, memory);
  for (int i = 0; i < 20; i++)
    at[i] = (parquet_location){.has = THRIFT_HAS(1) | THRIFT_HAS(2) | THRIFT_HAS(3),
                               .offset = (int64_t)1 << (3 * i),
                               .bytes = -i,
                               .first_row = i};
  x.pages.at = at;
  x.pages.n = 20;
  CHECK(mill_thrift_write(&mill_parquet_offset_index, &x, &t, &err) == MILL_OK);
  CHECK(mill_thrift_read(&mill_parquet_offset_index, t.data, t.size, "f", &arena, &y, &used,
                         &err) == MILL_OK);
  CHECK(used == t.size && y.pages.n == 20);
  for (int i = 0; i < 20; i++)
    CHECK(y.pages.at[i].offset == at[i].offset && y.pages.at[i].bytes == -i &&
          y.pages.at[i].first_row == i);
  mill_text_reset(&t);
  parquet_page h, again;
  CHECK(read_page(page, sizeof page - 1, &h) == MILL_OK);
  CHECK(mill_thrift_write(&mill_parquet_page, &h, &t, &err) == MILL_OK);
  CHECK(t.size == sizeof page - 1 && memcmp(t.data, page, t.size) == 0);
  CHECK(read_page(t.data, t.size, &again) == MILL_OK && memcmp(&h, &again, sizeof h) == 0);
  mill_text_clear(&t);
}

int main(void) {
  memory = mill_memory_new(0);
  mill_arena_init(&arena, memory);
  test_read();
  test_round_trip();
  mill_arena_clear(&arena);
  CHECK(mill_memory_read(memory).used == 0);
  mill_memory_free(memory);
  return check_done();
}
