/* Runs, bits, deltas and streams: the examples of Encodings.md (apache/parquet-format), and cut ones. */
#include "../check.h"
#include "io/parquet_decode.h"

static uint8_t bytes[64 + PARQUET_PAD];

static const uint8_t *padded(const void *p, size_t n) {
  memset(bytes, 0, sizeof bytes);
  memcpy(bytes, p, n);
  return bytes;
}

static void test_bits(void) {
  /* 0..7 in three bits each: 10001000 11000110 11111010 */
  uint32_t out[8];
  mill_parquet_unpack_bits(padded("\x88\xc6\xfa", 3), 0, 3, out, 8);
  for (uint32_t i = 0; i < 8; i++) CHECK(out[i] == i, "%u", out[i]);
  mill_parquet_unpack_bits(bytes, 9, 3, out, 5);
  for (uint32_t i = 0; i < 5; i++) CHECK(out[i] == i + 3, "%u", out[i]);
  /* the deprecated order: 00000101 00111001 01110111 */
  uint8_t levels[8];
  CHECK(mill_parquet_levels_packed("\x05\x39\x77", 3, 3, levels, 8));
  for (uint8_t i = 0; i < 8; i++) CHECK(levels[i] == i, "%u", levels[i]);
  CHECK(!mill_parquet_levels_packed("\x05\x39", 2, 3, levels, 8));
}

static void test_runs(void) {
  /* 100 times 5 in three bits, then one packed group of eight */
  static const char p[] = "\xc8\x01\x05\x03\x88\xc6\xfa";
  uint32_t out[108], value;
  size_t same;
  parquet_rle r;
  CHECK(mill_parquet_rle_start(&r, padded(p, 7), 7, 3));
  CHECK(mill_parquet_rle_peek(&r, 108, &same, &value) && same == 100 && value == 5);
  CHECK(mill_parquet_rle_u32(&r, out, 108));
  for (uint32_t i = 0; i < 108; i++) CHECK(out[i] == (i < 100 ? 5 : i - 100));
  CHECK(!mill_parquet_rle_u32(&r, out, 1), "no more");
  CHECK(mill_parquet_rle_start(&r, bytes, 7, 3) && mill_parquet_rle_skip(&r, 103));
  CHECK(mill_parquet_rle_u32(&r, out, 1) && out[0] == 3);
  CHECK(mill_parquet_rle_start(&r, bytes, 2, 3) && !mill_parquet_rle_u32(&r, out, 1), "cut");
  CHECK(mill_parquet_rle_start(&r, padded("\x02\x09", 2), 2, 3));
  CHECK(!mill_parquet_rle_u32(&r, out, 1), "9 has more than three bits");
  CHECK(!mill_parquet_rle_start(&r, bytes, 2, 33));
}

/* Values apart are those that reading all gives, in runs and packed groups of each width. */
static void test_some(void) {
  enum { N = 400 };
  for (uint32_t width = 0; width <= 32; width++) {
    uint8_t packed[N * 4 + 300] = {0}, *p = packed;
    *p++ = 40 << 1; /* 40 times the same */
    for (uint32_t i = 0; i < (width + 7) / 8; i++) *p++ = i + 1 == (width + 7) / 8 ? 1 : 0x5a;
    *p++ = 45 << 1 | 1; /* 360 packed ones */
    for (uint32_t i = 0; i < 45 * width; i++) *p++ = (uint8_t)(i * 37 + width);
    uint32_t all[N], row[N], some[N], k = 0, wrong = 0;
    parquet_rle a, b;
    size_t size = (size_t)(p - packed);
    CHECK(mill_parquet_rle_start(&a, packed, size, width) &&
          mill_parquet_rle_start(&b, packed, size, width));
    CHECK(mill_parquet_rle_u32(&a, all, N));
    for (uint32_t i = 0; i < N; i += 1 + i % 5) row[k++] = 1000 + i;
    uint32_t first = 0;
    while (first < k && row[first] < 1100) first++;
    CHECK(mill_parquet_rle_some(&b, 100, row, first, 1000, some));
    CHECK(mill_parquet_rle_some(&b, N - 100, row + first, k - first, 1100, some + first));
    for (uint32_t i = 0; i < k; i++) wrong += some[i] != all[row[i] - 1000];
    CHECK(wrong == 0, "width %u", width);
    CHECK(!mill_parquet_rle_some(&b, 1, row, 0, 0, some), "no more");
  }
}

static void test_deltas(void) {
  /* the first example: 1 to 5; blocks of 128 in four parts, first 1, deltas of 1 in no bits */
  int64_t out[8];
  size_t n, used;
  static const char one[] = "\x80\x01\x04\x05\x02\x02\x00\x00\x00\x00";
  CHECK(mill_parquet_read_delta(padded(one, 10), 10, 8, out, &n, &used) && n == 5 && used == 10);
  for (int i = 0; i < 5; i++) CHECK(out[i] == i + 1);
  /* the second: 7, 5, 3, 1, 2, 3, 4, 5; smallest delta -2, then 0 0 0 3 3 3 3 in two bits */
  static const char two[] =
      "\x80\x01\x04\x08\x0e\x03\x02\x00\x00\x00\xc0\x3f\x00\x00\x00\x00\x00\x00";
  static const int64_t want[] = {7, 5, 3, 1, 2, 3, 4, 5};
  CHECK(mill_parquet_read_delta(padded(two, 18), 18, 8, out, &n, &used) && n == 8);
  CHECK(memcmp(out, want, sizeof want) == 0);
  CHECK(!mill_parquet_read_delta(bytes, 18, 7, out, &n, &used), "more than there may be");
  CHECK(!mill_parquet_read_delta(bytes, 10, 8, out, &n, &used), "cut");
}

static void test_streams(void) {
  /* the example: AA BB CC DD, 00 11 22 33, A3 B4 C5 D6 */
  static const uint8_t p[] = {0xaa, 0x00, 0xa3, 0xbb, 0x11, 0xb4,
                              0xcc, 0x22, 0xc5, 0xdd, 0x33, 0xd6};
  static const uint8_t want[] = {0xaa, 0xbb, 0xcc, 0xdd, 0x00, 0x11,
                                 0x22, 0x33, 0xa3, 0xb4, 0xc5, 0xd6};
  uint8_t out[12];
  mill_parquet_join_streams(p, 3, 4, out);
  CHECK(memcmp(out, want, 12) == 0);
}

int main(void) {
  test_some();
  test_bits();
  test_runs();
  test_deltas();
  test_streams();
  return check_done();
}
