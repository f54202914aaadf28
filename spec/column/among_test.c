/* The test AMONG (column/test.h) against membership counted one by one: rows, some rows, ranges of values. What
** ranges prove of all values. */
#include "base/bits.h"
#include "column/test.h"

#include "../check.h"

enum { BASE = -100, RANGE = 300, ROWS = 1000 };

static uint64_t bits[RANGE / 64 + 1];
static mill_numbers numbers = {.base = BASE, .range = RANGE, .bits = bits};
static mill_test among = {.kind = MILL_TEST_AMONG, .among = &numbers};

/* Which numbers are in: a gap of more than a word, both ends. */
static bool is_in(int64_t x) {
  if (x < BASE || x >= BASE + RANGE) return false;
  return !numbers.bits || x == BASE || x == BASE + RANGE - 1 || (x > 50 && x % 7 == 0);
}

static void test_rows(const mill_type *type, bool wide) {
  int32_t narrow[ROWS];
  int64_t number[ROWS];
  uint64_t valid[ROWS / 64 + 1];
  uint64_t rows[ROWS / 64 + 1];
  bool wrong = false;
  uint32_t row[ROWS], n = 0, kept = 0;
  memset(valid, 0xff, sizeof valid);
  for (int i = 0; i < ROWS; i++) narrow[i] = (int32_t)(number[i] = i - 500);
  valid[9] = 0x5555;
  mill_vector v = {.type = type, .data = wide ? (void *)number : narrow, .mask = MILL_FLAT};
  for (int nulls = 0; nulls < 2; nulls++) {
    v.valid = nulls ? valid : NULL;
    mill_bits_fill(rows, ROWS);
    mill_test_filter(&among, &v, ROWS, rows);
    for (uint32_t i = 0; i < ROWS; i++)
      wrong |= mill_valid_bit(rows, i) != (is_in(number[i]) && mill_valid_bit(v.valid, i));
    n = kept = 0;
    for (uint32_t i = 3; i < ROWS; i += 3) row[n++] = i;
    n = mill_test_some(&among, &v, row, n);
    for (uint32_t i = 3; i < ROWS; i += 3)
      if (is_in(number[i]) && mill_valid_bit(v.valid, i)) wrong |= kept >= n || row[kept++] != i;
    wrong |= kept != n;
  }
  CHECK(!wrong, "%s", wide ? "64 bits" : "32 bits");
}

static void test_ranges(void) {
  int64_t low, high;
  mill_vector min = {.type = mill_type_of(MILL_BIGINT), .data = &low};
  mill_vector max = {.type = mill_type_of(MILL_BIGINT), .data = &high};
  mill_range r = {.min = &min, .max = &max};
  int wrong = 0;
  for (low = -110; low < 210; low++) {
    bool any = false;
    for (high = low; high < 215; high++) {
      any |= is_in(high);
      wrong += mill_test_may_pass(&among, &r) != any;
    }
  }
  CHECK(wrong == 0);
  low = INT64_MIN, high = INT64_MAX;
  CHECK(mill_test_may_pass(&among, &r));
  CHECK(!mill_test_may_pass(&among, &(mill_range){.nulls = 1, .all_null = true}));
  CHECK(mill_test_may_pass(&among, &(mill_range){.nulls = -1}), "nothing is known");
}

static void test_none(void) {
  static const mill_numbers none = {.base = INT64_MAX};
  mill_test t = {.kind = MILL_TEST_AMONG, .among = &none};
  int64_t x[2] = {INT64_MAX, 0};
  uint64_t rows = 3;
  mill_vector v = {.type = mill_type_of(MILL_BIGINT), .data = x, .mask = MILL_FLAT};
  mill_test_filter(&t, &v, 2, &rows);
  CHECK(rows == 0 && !mill_test_may_pass(&t, &(mill_range){.nulls = -1}));
}

/* The range tells of all values what they tell one by one. */
static void test_all_pass(void) {
  static const mill_test_kind kinds[] = {MILL_TEST_EQUAL,   MILL_TEST_NOT_EQUAL,
                                         MILL_TEST_LESS,    MILL_TEST_LESS_EQUAL,
                                         MILL_TEST_GREATER, MILL_TEST_GREATER_EQUAL};
  int64_t low, high, at;
  mill_vector min = {.type = mill_type_of(MILL_BIGINT), .data = &low};
  mill_vector max = {.type = mill_type_of(MILL_BIGINT), .data = &high};
  mill_vector value = {.type = mill_type_of(MILL_BIGINT), .data = &at};
  int wrong = 0;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    for (low = -3; low <= 3; low++)
      for (high = low; high <= 3; high++)
        for (at = -4; at <= 4; at++) {
          const mill_test t = {.kind = kinds[k], .n = 1, .value = &value};
          bool all = true;
          for (int64_t x = low; x <= high; x++) {
            mill_vector one = {.type = min.type, .data = &x};
            all &= mill_test_passes(&t, &one, 0);
          }
          wrong += mill_test_must_pass(&t, &(mill_range){.min = &min, .max = &max}) != all;
          wrong += mill_test_must_pass(&t, &(mill_range){.min = &min, .max = &max, .nulls = 1});
          wrong += mill_test_must_pass(&t, &(mill_range){.min = &min, .max = &max, .nulls = -1});
          wrong += mill_test_must_pass(&t, &(mill_range){.min = &min});
        }
  CHECK(wrong == 0);
  double from = 1, to = 2, zero = 0; /* a NaN may be among them */
  mill_vector least = {.type = mill_type_of(MILL_DOUBLE), .data = &from};
  mill_vector most = {.type = mill_type_of(MILL_DOUBLE), .data = &to};
  mill_vector limit = {.type = mill_type_of(MILL_DOUBLE), .data = &zero};
  const mill_test above = {.kind = MILL_TEST_GREATER, .n = 1, .value = &limit};
  CHECK(!mill_test_must_pass(&above, &(mill_range){.min = &least, .max = &most}));
}

int main(void) {
  for (int64_t x = BASE; x < BASE + RANGE; x++)
    if (is_in(x)) bits[(x - BASE) / 64] |= 1ull << ((x - BASE) & 63);
  test_rows(mill_type_of(MILL_BIGINT), true);
  test_rows(mill_type_of(MILL_INT), false);
  test_ranges();
  numbers.bits = NULL;
  test_rows(mill_type_of(MILL_BIGINT), true);
  test_rows(mill_type_of(MILL_INT), false);
  test_ranges();
  test_none();
  test_all_pass();
  return check_done();
}
