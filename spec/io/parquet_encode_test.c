/* The encodings of Parquet: the examples of Encodings.md of apache/parquet-format byte for byte, and
** any values through the decoders, which were written apart from them. */
#include <stdlib.h>

#include "../check.h"
#include "base/packer.h"
#include "base/snappy.h"
#include "io/parquet_codec.h"
#include "io/parquet_decode.h"
#include "io/parquet_encode.h"

static mill_memory *memory;
static mill_error err;
static mill_text out;
static uint64_t state = 42;

static uint64_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

static bool is(const char *bytes, size_t n) {
  return out.size == n && memcmp(out.data, bytes, n) == 0;
}

static void begin(void) { mill_text_reset(&out); }

/* Readable bytes behind what was written, as decoders want them. */
static void pad(void) {
  if (mill_text_reserve(&out, PARQUET_PAD, &err) != MILL_OK) exit(1);
  memset(out.data + out.size, 0, PARQUET_PAD);
}

static void examples(void) {
  uint32_t counting[] = {0, 1, 2, 3, 4, 5, 6, 7}, same[100];
  uint8_t levels[] = {1, 0, 1, 1, 0, 1, 1, 1};
  int32_t one_to_five[] = {1, 2, 3, 4, 5}, falling[] = {7, 5, 3, 1, 2, 3, 4, 5};
  begin();
  CHECK(mill_parquet_rle(counting, 8, 3, &out, &err) == MILL_OK);
  CHECK(is("\x03\x88\xc6\xfa", 4));
  for (int i = 0; i < 100; i++) same[i] = 300;
  begin();
  CHECK(mill_parquet_rle(same, 100, 9, &out, &err) == MILL_OK);
  CHECK(is("\xc8\x01\x2c\x01", 4)); /* 100 << 1, then 300 in two bytes */
  begin();
  CHECK(mill_parquet_rle_bytes(levels, 8, 1, &out, &err) == MILL_OK);
  CHECK(is("\x03\xed", 2));
  begin();
  CHECK(mill_parquet_bits(levels, 8, &out, &err) == MILL_OK);
  CHECK(is("\xed", 1));
  begin();
  CHECK(mill_parquet_delta((const char *)one_to_five, 5, 4, &out, &err) == MILL_OK);
  CHECK(is("\x80\x01\x04\x05\x02\x02\0\0\0\0", 10));
  begin();
  CHECK(mill_parquet_delta((const char *)falling, 8, 4, &out, &err) == MILL_OK);
  CHECK(is("\x80\x01\x04\x08\x0e\x03\x02\0\0\0\xc0\x3f\0\0\0\0\0\0", 18));
  begin();
  CHECK(mill_parquet_split("\xaa\xbb\xcc\xdd\x00\x11\x22\x33\xa3\xb4\xc5\xd6", 3, 4, &out, &err) ==
        MILL_OK);
  CHECK(is("\xaa\x00\xa3\xbb\x11\xb4\xcc\x22\xc5\xdd\x33\xd6", 12));
}

static void strings(void) {
  static const char hello[] = "\5\0\0\0Hello\5\0\0\0World\6\0\0\0Foobar\6\0\0\0ABCDEF";
  static const char axis[] = "\4\0\0\0axis\4\0\0\0axle\6\0\0\0babble\x8\0\0\0babyhood";
  begin();
  CHECK(mill_parquet_delta_length(hello, 4, &out, &err) == MILL_OK);
  CHECK(out.size > 22 && memcmp(out.data + out.size - 22, "HelloWorldFoobarABCDEF", 22) == 0);
  begin();
  CHECK(mill_parquet_delta_prefix(axis, 4, 0, &out, &err) == MILL_OK);
  CHECK(out.size > 17 && memcmp(out.data + out.size - 17, "axislebabbleyhood", 17) == 0);
  int64_t number[8];
  size_t n, prefixes, suffixes;
  pad();
  CHECK(mill_parquet_read_delta(out.data, out.size, 8, number, &n, &prefixes) && n == 4);
  CHECK(number[0] == 0 && number[1] == 2 && number[2] == 0 && number[3] == 3);
  CHECK(
      mill_parquet_read_delta(out.data + prefixes, out.size - prefixes, 8, number, &n, &suffixes));
  CHECK(number[0] == 4 && number[1] == 2 && number[2] == 6 && number[3] == 5);
  CHECK(prefixes + suffixes + 17 == out.size);
}

/* Values with runs among them, of every width and length. */
static void runs(void) {
  static uint32_t v[1000], got[1000];
  int wrong = 0;
  for (int width = 0; width <= 32; width++)
    for (size_t n = 1; n <= 1000; n += 1 + n / 7) {
      uint32_t mask = width == 32 ? UINT32_MAX : (1u << width) - 1;
      for (size_t i = 0; i < n;) {
        size_t run = next() % 4 ? 1 : next() % 40;
        uint32_t x = (uint32_t)next() & mask;
        for (; run && i < n; run--) v[i++] = x;
      }
      begin();
      parquet_rle r;
      wrong += mill_parquet_rle(v, n, width, &out, &err) != MILL_OK;
      pad();
      wrong += !mill_parquet_rle_start(&r, out.data, out.size, (uint32_t)width) ||
               !mill_parquet_rle_u32(&r, got, n) || memcmp(v, got, n * 4) != 0;
    }
  CHECK(wrong == 0);
}

static void differences(void) {
  static int64_t v[1000], got[1000];
  int wrong = 0;
  for (int bits = 1; bits <= 64; bits++)
    for (size_t n = 1; n <= 1000; n += 1 + n / 5)
      for (int size = 4; size <= 8; size += 4) {
        int32_t narrow[1000];
        size_t count, used;
        for (size_t i = 0; i < n; i++) v[i] = (int64_t)(next() << (64 - bits)) >> (64 - bits);
        for (size_t i = 0; i < n; i++) narrow[i] = (int32_t)v[i];
        begin();
        const char *plain = size == 8 ? (const char *)v : (const char *)narrow;
        wrong += mill_parquet_delta(plain, n, size, &out, &err) != MILL_OK;
        pad();
        wrong += !mill_parquet_read_delta(out.data, out.size, 1000, got, &count, &used) ||
                 count != n || used != out.size;
        for (size_t i = 0; i < n; i++)
          wrong += size == 8 ? got[i] != v[i] : (int32_t)got[i] != narrow[i];
      }
  CHECK(wrong == 0);
}

/* ---- packed blocks --------------------------------------------------------------------------- */

static void fill(char *p, size_t n, int kind) {
  for (size_t i = 0; i < n; i++) switch (kind) {
    case 0: p[i] = 0; break;
    case 1: p[i] = (char)next(); break;
    case 2: p[i] = "the quick brown fox "[i % 20]; break;
    default: p[i] = i > 70000 && next() % 3 ? p[i - 70000] : (char)(next() % 5); break;
    }
}

static void blocks(void) {
  static const size_t sizes[] = {1, 3, 15, 16, 60, 61, 300, 65535, 65536, 65537, 200000, 300001};
  static const struct {
    mill_packing packing;
    int32_t codec;
  } kinds[] = {{MILL_PACK_SNAPPY, PARQUET_SNAPPY},
               {MILL_PACK_GZIP, PARQUET_GZIP},
               {MILL_PACK_ZSTD, PARQUET_ZSTD},
               {MILL_PACK_LZ4, PARQUET_LZ4_RAW},
               {MILL_PACK_LZ4_HADOOP, PARQUET_LZ4}};
  char *p = malloc(400000), *back = malloc(400000);
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    mill_packer *packer;
    int wrong = 0;
    CHECK(mill_packer_new(memory, kinds[k].packing, k == 2 ? 3 : -1, &packer, &err) == MILL_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
      for (int kind = 0; kind < 4; kind++) {
        size_t n = sizes[i];
        fill(p, n, kind);
        begin();
        wrong += mill_packer_add(packer, p, n, &out, &err) != MILL_OK;
        pad();
        wrong += mill_parquet_unpack(memory, kinds[k].codec, out.data, out.size, back, n, "x",
                                     &err) != MILL_OK ||
                 memcmp(p, back, n) != 0;
        wrong += kind == 0 && n > 1000 && out.size > n / 10;
      }
    CHECK(wrong == 0, "%d", (int)kinds[k].packing);
    mill_packer_free(packer);
  }
  free(p);
  free(back);
}

int main(void) {
  memory = mill_memory_new(0);
  mill_error_clear(&err);
  mill_text_init(&out, memory);
  examples();
  strings();
  runs();
  differences();
  blocks();
  mill_text_clear(&out);
  CHECK(mill_memory_read(memory).used == 0);
  mill_memory_free(memory);
  return check_done();
}
