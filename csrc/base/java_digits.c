/* Digits as Java up to 18 makes them; see java_digits.h.
**
** With d = B / S * 10^e, and M half the distance to the next number, digits are quotients of B / S until what
** is left is less than M, or within M of the next digit. B, S and M are products of the fraction and
** powers of 2 and 5. Where they fit into 64 bits, "within M" excludes the middle between two numbers,
** elsewhere it includes it: the JDK has two loops that differ so. A power of two has a nearer neighbour
** below, for which M is halved on both sides. What is printed with an exponent has two digits at least. */
#include "base/java_digits.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { WORDS = 48, HIGH = 52 }; /* HIGH: the bit of the fraction's first 1 */

/* A natural number, the lowest word first. */
typedef struct big {
  uint32_t word[WORDS];
  int n;
} big;

/* ---- naturals ------------------------------------------------------------------------------- */

static void big_multiply(big *b, uint32_t by) {
  uint64_t carry = 0;
  for (int i = 0; i < b->n; i++) {
    carry += (uint64_t)b->word[i] * by;
    b->word[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry) b->word[b->n++] = (uint32_t)carry;
}

static void big_shift(big *b, int bits) {
  int words = bits / 32, rest = bits % 32;
  big_multiply(b, 1u << rest);
  memmove(b->word + words, b->word, (size_t)b->n * sizeof *b->word);
  memset(b->word, 0, (size_t)words * sizeof *b->word);
  if (b->n) b->n += words;
}

/* v * 5^fives * 2^twos */
static big big_of(uint64_t v, int fives, int twos) {
  big b = {{(uint32_t)v, (uint32_t)(v >> 32)}, v >> 32 ? 2 : 1};
  for (; fives >= 13; fives -= 13) big_multiply(&b, 1220703125u);
  for (; fives > 0; fives--) big_multiply(&b, 5);
  big_shift(&b, twos);
  return b;
}

static int big_compare(const big *a, const big *b) {
  if (a->n != b->n) return a->n < b->n ? -1 : 1;
  for (int i = a->n; i-- > 0;)
    if (a->word[i] != b->word[i]) return a->word[i] < b->word[i] ? -1 : 1;
  return 0;
}

static void big_add(big *a, const big *b) {
  uint64_t carry = 0;
  int n = a->n > b->n ? a->n : b->n;
  for (int i = 0; i < n || carry; i++) {
    carry += (i < a->n ? a->word[i] : 0ull) + (i < b->n ? b->word[i] : 0ull);
    a->word[i] = (uint32_t)carry;
    carry >>= 32;
    if (i >= a->n) a->n = i + 1;
  }
}

static void big_subtract(big *a, const big *b) {
  int64_t carry = 0;
  for (int i = 0; i < a->n; i++) {
    carry += (int64_t)a->word[i] - (i < b->n ? (int64_t)b->word[i] : 0);
    a->word[i] = (uint32_t)carry;
    carry >>= 32;
  }
  while (a->n && a->word[a->n - 1] == 0) a->n--;
}

/* The quotient, a digit; *b becomes ten times the rest. */
static int big_digit(big *b, const big *s) {
  int q = 0;
  for (; big_compare(b, s) >= 0; q++) big_subtract(b, s);
  big_multiply(b, 10);
  return q;
}

/* ---- digits --------------------------------------------------------------------------------- */

typedef struct printed {
  char *d;
  int n, exponent;
  bool low, high; /* where the loop stopped: what is left is next to nothing, or next to a whole */
  int middle;     /* of both: on which side of the middle it is */
} printed;

/* The first quotient may be 0: the exponent was one too high. */
static void first_digit(printed *r, int q, int *e) {
  if (q == 0 && !r->high)
    --*e;
  else
    r->d[r->n++] = (char)('0' + q);
  if (*e < -3 || *e >= 8) r->low = r->high = false;
}

/* The sum as the JDK has it: of `width` bits, with a sign, and so perhaps below 0. */
static int64_t wrapped(uint64_t v, int width) {
  return width == 32 ? (int64_t)(int32_t)(uint32_t)v : (int64_t)v;
}

/* Everything fits into `width` bits, 32 or 64, but for sums, of which the JDK keeps those bits. */
static void narrow_digits(printed *r, int64_t b, int64_t s, int64_t m, int width, int *e) {
  int64_t tens = s * 10;
  for (bool first = true; first || (!r->low && !r->high); first = false) {
    int q = (int)(b / s);
    b = b % s * 10;
    m = wrapped((uint64_t)m * 10, width);
    bool small = first || m > 0;
    r->low = !small || b < m;
    r->high = !small || wrapped((uint64_t)b + (uint64_t)m, width) > tens;
    if (first)
      first_digit(r, q, e);
    else
      r->d[r->n++] = (char)('0' + q);
  }
  int64_t left = wrapped(((uint64_t)b << 1) - (uint64_t)tens, width);
  r->middle = left < 0 ? -1 : left > 0;
}

static void wide_digits(printed *r, big *b, const big *s, big *m, int *e) {
  big tens = *s;
  big_multiply(&tens, 10);
  for (bool first = true; first || (!r->low && !r->high); first = false) {
    int q = big_digit(b, s);
    big_multiply(m, 10);
    big sum = *b;
    big_add(&sum, m);
    r->low = big_compare(b, m) < 0;
    r->high = big_compare(&tens, &sum) <= 0;
    if (first)
      first_digit(r, q, e);
    else
      r->d[r->n++] = (char)('0' + q);
  }
  big_multiply(b, 2);
  r->middle = big_compare(b, &tens);
}

static void round_up(printed *r) {
  int i = r->n - 1;
  while (i > 0 && r->d[i] == '9') r->d[i--] = '0';
  if (r->d[i] != '9') {
    r->d[i]++;
    return;
  }
  r->d[0] = '1';
  r->exponent++;
}

/* A whole number below 2^63; the last `beyond` digits say nothing. */
static void whole_digits(printed *r, uint64_t v, int beyond) {
  char buf[24];
  int n = 0, zeros = 0;
  uint64_t unit = 1;
  for (int i = 0; i < beyond; i++) unit *= 10;
  v = v / unit + (beyond && v % unit >= unit / 2);
  for (; v % 10 == 0; v /= 10) zeros++;
  for (; v; v /= 10) buf[n++] = (char)('0' + v % 10);
  for (int i = 0; i < n; i++) r->d[i] = buf[n - 1 - i];
  r->n = n;
  r->exponent = n + zeros + beyond;
}

static int bits_of_power5(int n) { /* of 5^n, as the JDK counts: generously from 27 on */
  static const uint8_t bits[] = {0,  3,  5,  7,  10, 12, 14, 17, 19, 21, 24, 26, 28, 31,
                                 33, 35, 38, 40, 42, 45, 47, 49, 52, 54, 56, 59, 61};
  return n < 27 ? bits[n] : n * 3;
}

static uint64_t power5(int n) {
  uint64_t v = 1;
  for (; n > 0; n--) v *= 5;
  return v;
}

/* 1.fraction * 2^exponent, the fraction's 1 at bit HIGH; `significant` bits of it are the type's. */
static int develop(uint64_t fraction, int exponent, int significant, char *d, int *decimal) {
  printed r = {.d = d};
  int zeros = __builtin_ctzll(fraction), bits = HIGH + 1 - zeros;
  int tiny = bits - exponent - 1 > 0 ? bits - exponent - 1 : 0;
  if (tiny == 0 && exponent <= 62) {
    int spare = exponent - significant - 1;
    whole_digits(&r,
                 exponent >= HIGH ? fraction << (exponent - HIGH) : fraction >> (HIGH - exponent),
                 exponent > significant && spare > 1 ? (int)(spare * 0.30102999566398120) : 0);
    *decimal = r.exponent;
    return r.n;
  }
  double mantissa = (double)fraction / 4503599627370496.0;
  int e = (int)floor((mantissa - 1.5) * 0.289529654 + 0.176091259 + exponent * 0.301029995663981);
  int b5 = e < 0 ? -e : 0, s5 = e > 0 ? e : 0;
  int b2 = b5 + tiny + exponent, s2 = s5 + tiny, m2 = b2 - significant;
  fraction >>= zeros;
  b2 -= bits - 1;
  int common = b2 < s2 ? b2 : s2;
  b2 -= common, s2 -= common, m2 -= common;
  if (bits == 1) m2--;
  if (m2 < 0) b2 -= m2, s2 -= m2, m2 = 0;
  int b_bits = bits + b2 + bits_of_power5(b5), s_bits = s2 + 1 + bits_of_power5(s5 + 1);
  int most = b_bits > s_bits ? b_bits : s_bits;
  if (most < 64) {
    narrow_digits(&r, (int64_t)(fraction * power5(b5) << b2), (int64_t)(power5(s5) << s2),
                  (int64_t)(power5(b5) << m2), most < 32 ? 32 : 64, &e);
  } else {
    big b = big_of(fraction, b5, b2), s = big_of(1, s5, s2), m = big_of(1, b5, m2);
    wide_digits(&r, &b, &s, &m, &e);
  }
  r.exponent = e + 1;
  bool odd = (r.d[r.n - 1] - '0') & 1;
  if (r.high && (!r.low || r.middle > 0 || (r.middle == 0 && odd))) round_up(&r);
  *decimal = r.exponent;
  return r.n;
}

int mill_double_digits(double d, char digits[MILL_JAVA_DIGITS], int *exponent) {
  uint64_t bits;
  memcpy(&bits, &d, sizeof bits);
  uint64_t fraction = bits & 0xfffffffffffffull;
  int e = (int)(bits >> HIGH & 0x7ff), significant = HIGH + 1;
  if (e) {
    fraction |= 1ull << HIGH;
  } else {
    int shift = __builtin_clzll(fraction) - (63 - HIGH);
    significant = 64 - __builtin_clzll(fraction);
    fraction <<= shift;
    e = 1 - shift;
  }
  return develop(fraction, e - 1023, significant, digits, exponent);
}

int mill_float_digits(float f, char digits[MILL_JAVA_DIGITS], int *exponent) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  uint32_t fraction = bits & 0x7fffff;
  int e = (int)(bits >> 23 & 0xff), significant = 24;
  if (e) {
    fraction |= 1u << 23;
  } else {
    int zeros = __builtin_clz(fraction), shift = zeros - 8;
    significant = 32 - zeros;
    fraction <<= shift;
    e = 1 - shift;
  }
  return develop((uint64_t)fraction << (HIGH - 23), e - 127, significant, digits, exponent);
}
