/* Numbers: arithmetic with checks for overflow, comparison, math, rounding, bits, hashes. */
#include <math.h>
#include <stdlib.h>

#include "kernel.h"

static void overflow(void) { abort(); }

static void k_add(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++)
    if (__builtin_add_overflow(t->i[k], t->j[k], &r->values[k])) overflow();
}

static void k_multiply(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++)
    if (__builtin_mul_overflow(t->i[k], t->j[k], &r->values[k])) overflow();
}

EACH(k_divide, reals, t->y[k] / t->x[k])
EACH(k_div, values, t->i[k] / t->j[k])
EACH(k_mod, values, t->i[k] % t->j[k])

/* DECIMAL(12,2) products are DECIMAL(25,4): 128 bits. */
static void k_decimal_multiply(const table *t, result *r) {
  __int128 *w = (__int128 *)(void *)r->more;
  for (size_t k = 0; k < t->rows; k++) {
    w[k] = (__int128)t->m[k] * t->m[k];
    r->reals[k] = (double)w[k] / 1e4;
  }
}

EACH(k_decimal_add, reals, (double)(t->m[k] + t->j[k]) / 100)
EACH(k_less, flags, t->i[k] < t->j[k])
EACH(k_between, flags, t->n[k] >= 1000 && t->n[k] <= 500000)
EACH(k_if, values, t->i[k] > 0 ? t->i[k] : t->j[k])

static void k_greatest(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    int64_t a = t->i[k] > t->j[k] ? t->i[k] : t->j[k];
    r->values[k] = a > t->n[k] ? a : t->n[k];
  }
}

EACH(k_sqrt, reals, sqrt(t->x[k]))
EACH(k_exp, reals, exp(t->y[k]))
EACH(k_ln, reals, log(t->x[k]))
EACH(k_sin, reals, sin(t->y[k]))
EACH(k_pow, reals, pow(t->x[k], t->y[k]))
EACH(k_atan2, reals, atan2(t->x[k], t->y[k]))
EACH(k_round, reals, round(t->y[k] * 100) / 100)
EACH(k_decimal_round, values, (t->m[k] + 5) / 10)
EACH(k_floor, values, (int64_t)floor(t->y[k] * 1000))
EACH(k_bit_and, values, t->i[k] & t->j[k])
EACH(k_shift_left, values, t->i[k] << 3)
EACH(k_bit_count, narrow, __builtin_popcountll((uint64_t)t->i[k]))
EACH(k_bitmap_position, values, t->i[k] > 0 ? (t->i[k] - 1) % 32768 : -t->i[k] % 32768)

/* A counter-based generator: a number for each row. */
EACH(k_rand, reals, (double)(mix(k + 1) >> 11) * 0x1p-53)

static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

static uint32_t murmur_step(uint32_t h, uint32_t k) {
  h ^= rotate(k * 0xcc9e2d51U, 15) * 0x1b873593U;
  return rotate(h, 13) * 5 + 0xe6546b64U;
}

static int32_t murmur3(int64_t v) {
  uint32_t h = murmur_step(murmur_step(42, (uint32_t)v), (uint32_t)((uint64_t)v >> 32)) ^ 8;
  h = (h ^ h >> 16) * 0x85ebca6bU;
  h = (h ^ h >> 13) * 0xc2b2ae35U;
  return (int32_t)(h ^ h >> 16);
}

static int64_t xxhash64(int64_t v) {
  const uint64_t p1 = 0x9e3779b185ebca87ULL, p2 = 0xc2b2ae3d27d4eb4fULL, p3 = 0x165667b19e3779f9ULL,
                 p4 = 0x85ebca77c2b2ae63ULL, p5 = 0x27d4eb2f165667c5ULL;
  uint64_t k = (uint64_t)v * p2, h = 42 + p5 + 8;
  h ^= (k << 31 | k >> 33) * p1;
  h = (h << 27 | h >> 37) * p1 + p4;
  h = (h ^ h >> 33) * p2;
  h = (h ^ h >> 29) * p3;
  return (int64_t)(h ^ h >> 32);
}

EACH(k_hash, narrow, murmur3(t->i[k]))
EACH(k_xxhash64, values, xxhash64(t->i[k]))
EACH(k_width_bucket, values, t->x[k] < 0 ? 0 : t->x[k] >= 1 ? 101 : (int64_t)(t->x[k] * 100) + 1)

static void k_assert_true(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++)
    if (t->j[k] <= 0) overflow();
  (void)r;
}

static void k_range(const table *t, result *r) {
  int64_t *w = r->values;
  for (size_t k = 0; k < t->rows; k++) w[k] = (int64_t)k;
}

static void k_try_add(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++)
    r->flags[k] = !__builtin_add_overflow(t->i[k], t->j[k], &r->values[k]);
}

/* DECIMAL(12,2) by DECIMAL(12,2): 15 digits behind the point, rounded half up. */
static void k_decimal_divide(const table *t, result *r) {
  __int128 *w = (__int128 *)(void *)r->more;
  for (size_t k = 0; k < t->rows; k++) {
    __int128 v = (__int128)t->m[k] * 1000000000000000;
    w[k] = (v + t->j[k] / 2) / t->j[k];
    r->reals[k] = (double)w[k] / 1e15;
  }
}

EACH(k_decimal_less, flags, t->m[k] < t->j[k])
EACH(k_negative, values, -t->i[k])
EACH(k_same, flags, t->i[k] == t->j[k])

static void k_less_text(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    int64_t a = text_from(&t->s, k), b = text_from(&t->t, k);
    size_t na = (size_t)(t->s.end[k] - a), nb = (size_t)(t->t.end[k] - b);
    int order = memcmp(t->s.bytes + a, t->t.bytes + b, na < nb ? na : nb);
    r->flags[k] = order < 0 || (order == 0 && na < nb);
  }
}

static void k_in(const table *t, result *r) {
  static const int64_t LIST[] = {3, 5, 8, 13, 21, 34, 55, 89};
  for (size_t k = 0; k < t->rows; k++) {
    uint8_t found = 0;
    for (size_t c = 0; c < sizeof LIST / sizeof *LIST; c++) found |= t->j[k] == LIST[c];
    r->flags[k] = found;
  }
}

EACH(k_case, values, t->n[k] < 1000 ? t->i[k] : t->n[k] < 500000 ? t->j[k] : t->m[k])

static void k_coalesce(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    r->flags[k] = t->j[k] != 7;
    r->values[k] = r->flags[k] ? t->j[k] : t->i[k];
  }
}

EACH(k_log10, reals, log10(t->x[k]))
EACH(k_cbrt, reals, cbrt(t->y[k]))
EACH(k_tanh, reals, tanh(t->y[k]))
EACH(k_hypot, reals, hypot(t->x[k], t->y[k]))
EACH(k_bround, reals, rint(t->y[k] * 100) / 100)
EACH(k_ceil, values, (int64_t)ceil(t->y[k] * 1000))
EACH(k_shift_right, values, t->i[k] >> (t->j[k] & 63))

/* Marsaglia's polar method over Spark's generator, which seeds it anew for no row. */
static void k_randn(const table *t, result *r) {
  uint64_t s = mix(1);
  for (size_t k = 0; k < t->rows; k++) {
    double a, b, square;
    do {
      double v[2];
      for (int c = 0; c < 2; c++) {
        uint64_t bits = 0;
        for (int part = 0; part < 2; part++) {
          s ^= s << 21;
          s ^= s >> 35;
          s ^= s << 4;
          bits = bits << 27 | (s & ((1u << (26 + !part)) - 1));
        }
        v[c] = 2 * (double)bits * 0x1p-53 - 1;
      }
      a = v[0], b = v[1];
      square = a * a + b * b;
    } while (square >= 1 || square == 0);
    double scale = sqrt(-2 * log(square) / square);
    r->reals[k] = a * scale;
    if (++k < t->rows) r->reals[k] = b * scale;
  }
}

static void k_hash_text(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    const char *p = t->s.bytes + text_from(&t->s, k), *e = t->s.bytes + t->s.end[k];
    uint32_t h = 42, n = (uint32_t)(e - p), word;
    for (; e - p >= 4; p += 4) {
      memcpy(&word, p, 4);
      h = murmur_step(h, word);
    }
    for (; p < e; p++) h = murmur_step(h, (uint32_t)(signed char)*p);
    h ^= n;
    h = (h ^ h >> 16) * 0x85ebca6bU;
    h = (h ^ h >> 13) * 0xc2b2ae35U;
    r->narrow[k] = (int32_t)(h ^ h >> 16);
  }
}

const kernel_case number_cases[] = {{"arithmetic.add", k_add, INT64},
                                    {"arithmetic.multiply", k_multiply, INT64},
                                    {"arithmetic.divide", k_divide, REAL},
                                    {"arithmetic.div", k_div, INT64},
                                    {"arithmetic.mod", k_mod, INT64},
                                    {"arithmetic.decimal_add", k_decimal_add, REAL},
                                    {"arithmetic.decimal_multiply", k_decimal_multiply, REAL},
                                    {"compare.less", k_less, FLAG},
                                    {"compare.between", k_between, FLAG},
                                    {"conditional.if", k_if, INT64},
                                    {"conditional.greatest", k_greatest, INT64},
                                    {"math.sqrt", k_sqrt, REAL},
                                    {"math.exp", k_exp, REAL},
                                    {"math.ln", k_ln, REAL},
                                    {"math.sin", k_sin, REAL},
                                    {"math.pow", k_pow, REAL},
                                    {"math.atan2", k_atan2, REAL},
                                    {"math.width_bucket", k_width_bucket, INT64},
                                    {"round.round", k_round, REAL},
                                    {"round.decimal", k_decimal_round, INT64},
                                    {"round.floor", k_floor, INT64},
                                    {"bitwise.and", k_bit_and, INT64},
                                    {"bitwise.shiftleft", k_shift_left, INT64},
                                    {"bitwise.bit_count", k_bit_count, INT32},
                                    {"bitmap.bitmap_bit_position", k_bitmap_position, INT64},
                                    {"random.rand", k_rand, NOTHING},
                                    {"hash.hash", k_hash, INT32},
                                    {"hash.xxhash64", k_xxhash64, INT64},
                                    {"raise.assert_true", k_assert_true, NOTHING},
                                    {"table.range", k_range, NOTHING},
                                    {"arithmetic.try_add", k_try_add, INT64},
                                    {"arithmetic.decimal_divide", k_decimal_divide, REAL},
                                    {"arithmetic.negative", k_negative, INT64},
                                    {"compare.decimal", k_decimal_less, FLAG},
                                    {"compare.null_safe", k_same, FLAG},
                                    {"compare.text", k_less_text, FLAG},
                                    {"compare.in", k_in, FLAG},
                                    {"conditional.case", k_case, INT64},
                                    {"conditional.coalesce", k_coalesce, INT64},
                                    {"math.log10", k_log10, REAL},
                                    {"math.cbrt", k_cbrt, REAL},
                                    {"math.tanh", k_tanh, REAL},
                                    {"math.hypot", k_hypot, REAL},
                                    {"round.bround", k_bround, REAL},
                                    {"round.ceil", k_ceil, INT64},
                                    {"bitwise.shiftright", k_shift_right, INT64},
                                    {"random.randn", k_randn, NOTHING},
                                    {"hash.hash_text", k_hash_text, INT32},
                                    {NULL, NULL, NOTHING}};
