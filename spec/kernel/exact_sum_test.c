/* Exact sums against integers of 128 bits, whose conversion to DOUBLE rounds as the sum must. */
#include "kernel/exact_sum.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "../check.h"
#include "base/xorshift.h"

enum { N = 5000 };

static mill_memory *memory;
static mill_arena arena;
static mill_error err;
static int refused;

static void add(mill_exact_sum *s, double x, double sign) {
  refused += mill_exact_step(s, x, sign, &arena, &err) != MILL_OK;
}

static double sum_of(const double *x, size_t n) {
  mill_exact_sum s = {0};
  for (size_t i = 0; i < n; i++) add(&s, x[i], 1);
  return mill_exact_value(&s);
}

static double sum_all(const double *x, size_t n) {
  mill_exact_sum s = {0};
  refused += mill_exact_add_all(&s, x, n, &arena, &err) != MILL_OK;
  return mill_exact_value(&s);
}

static bool same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

/* Integers of up to `bits` bits over 2^30, n of them; the nearest double of their sum. */
static double random_values(uint64_t *r, unsigned bits, double *x, size_t n) {
  __int128 sum = 0;
  for (size_t i = 0; i < n; i++) {
    unsigned drop = 63 - (unsigned)((*r = mill_xorshift_step(*r)) % bits);
    int64_t v = (int64_t)((*r = mill_xorshift_step(*r)) >> drop);
    if (v >> 53) v &= ~1023ll; /* a double holds it */
    if (*r & 1) v = -v;
    sum += v;
    x[i] = ldexp((double)v, -30);
  }
  return ldexp((double)sum, -30);
}

static void test_random(void) {
  static double x[N];
  uint64_t r = 7;
  for (unsigned bits = 2; bits <= 63; bits++) {
    bool one = true, all = true;
    for (size_t n = 1; n <= N; n += n / 8 + 1) {
      double want = random_values(&r, bits, x, n) + 0.0;
      one &= same(sum_of(x, n), want);
      all &= same(sum_all(x, n), want);
    }
    CHECK(one && all, "%u bits", bits);
  }
}

/* Many at once as one by one, for sizes that are more or less far apart, and some that are rare. */
static void test_apart(void) {
  static double x[N], high[N], low[N];
  uint64_t r = 11;
  for (int spread = 1; spread < 2000; spread += spread / 3 + 1) {
    for (int i = 0; i < N; i++) {
      r = mill_xorshift_step(r);
      x[i] = ldexp((double)(int64_t)(r << 3), (int)(r >> 40) % spread - spread / 2 - 60);
      if (r % 512 == 0) x[i] = 0;
    }
    for (int rare = 0; rare < 3; rare++) {
      CHECK(same(sum_all(x, N), sum_of(x, N)), "spread %d, rare %d", spread, rare);
      x[N / 2] = rare ? 0x1p-1060 : 0x1p900;
    }
  }
  for (int i = 0; i < N; i++) x[i] = i % 100 / 64.0 - 0.3;
  mill_exact_cut c;
  CHECK(mill_exact_cut_for(x, 1001, &c) && mill_exact_split(&c, x, 1001, high, low));
  bool whole = true;
  for (int i = 0; i < 1001; i++) whole &= high[i] + low[i] == x[i];
  CHECK(whole);
  x[1000] = 0x1p60;
  CHECK(!mill_exact_split(&c, x, 1001, high, low));
  x[1000] = NAN;
  CHECK(!mill_exact_split(&c, x, 1001, high, low));
  x[0] = INFINITY;
  CHECK(!mill_exact_cut_for(x, 1001, &c));
}

static void test_order(void) {
  double x[] = {1e308, 1, -1e308, 0x1p-1074, 1e-30, 1e308, 3, -1e308, -0x1p-1074};
  size_t n = sizeof x / sizeof *x;
  for (size_t turn = 0; turn < n; turn++) {
    CHECK(sum_of(x, n) == 4);
    CHECK(sum_all(x, n) == 4);
    double first = x[0];
    memmove(x, x + 1, (n - 1) * sizeof *x);
    x[n - 1] = first;
  }
}

static void test_rounding(void) {
  CHECK(sum_of((double[]){1, 0x1p-53}, 2) == 1);
  CHECK(sum_of((double[]){1, 0x1p-53, 0x1p-110}, 3) == 1 + 0x1p-52);
  CHECK(sum_of((double[]){1, 0x1p-53, 0x1p-300, -0x1p-400}, 4) == 1 + 0x1p-52);
  CHECK(sum_of((double[]){1, 0x1p-53, -0x1p-110}, 3) == 1);
  CHECK(sum_of((double[]){1 + 0x1p-52, 0x1p-53}, 2) == 1 + 0x1p-51);
  CHECK(sum_of((double[]){0x1p-1074, 0x1p-1074}, 2) == 0x1p-1073);
  CHECK(sum_of((double[]){0x1p-1022, -0x1p-1074}, 2) == 0x1p-1022 - 0x1p-1074);
  CHECK(same(sum_of((double[]){-0.0, -0.0}, 2), 0.0));
  CHECK(sum_of((double[]){0.1, 0.2, 0.3}, 3) == 0.6);
}

static void test_range(void) {
  CHECK(sum_of((double[]){DBL_MAX, DBL_MAX}, 2) == INFINITY);
  CHECK(sum_of((double[]){DBL_MAX, DBL_MAX, -DBL_MAX}, 3) == DBL_MAX);
  CHECK(sum_of((double[]){-DBL_MAX, 0x1p970}, 2) == -DBL_MAX + 0x1p970);
  CHECK(sum_of((double[]){DBL_MAX, 0x1p970, -0x1p900}, 3) == DBL_MAX);
  CHECK(sum_of((double[]){DBL_MAX, 0x1p970}, 2) == INFINITY);
  CHECK(sum_of((double[]){1, INFINITY}, 2) == INFINITY);
  CHECK(isnan(sum_of((double[]){-INFINITY, INFINITY}, 2)));
  CHECK(isnan(sum_all((double[]){1, NAN, 2}, 3)));
}

static void test_taking_out(void) {
  mill_exact_sum s = {0};
  double x[] = {0.1, NAN, 1e300, INFINITY, 1e-300, -INFINITY, 0.7};
  for (int i = 0; i < 7; i++) add(&s, x[i], 1);
  for (int i = 5; i > 0; i--) add(&s, x[i], -1);
  CHECK(mill_exact_value(&s) == 0.1 + 0.7);
}

static void test_travelling(void) {
  mill_exact_sum s = {0}, t = {0}, u = {0};
  char bytes[MILL_EXACT_BYTES];
  add(&s, 1e300, 1), add(&s, 1e-300, 1), add(&s, 1, 1), add(&s, INFINITY, 1);
  add(&t, 0.5, 1);
  mill_exact_save(&s, bytes);
  CHECK(mill_exact_load(&t, bytes, sizeof bytes, &arena, &err) == MILL_OK);
  CHECK(mill_exact_add_sum(&u, &t, &arena, &err) == MILL_OK);
  add(&u, INFINITY, -1), add(&u, 1e300, -1);
  CHECK(mill_exact_value(&u) == 1.5);
  CHECK(mill_exact_load(&t, bytes, 8, &arena, &err) != MILL_OK);
}

int main(void) {
  memory = mill_memory_new(0);
  mill_arena_init(&arena, memory);
  test_random();
  test_apart();
  test_order();
  test_rounding();
  test_range();
  test_taking_out();
  test_travelling();
  mill_arena_clear(&arena);
  mill_memory_free(memory);
  CHECK(refused == 0);
  return check_done();
}
