#include "base/decimal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

/* Intermediates: 256 bits as four 64-bit words, least significant first. */
typedef struct wide {
  uint64_t w[4];
} wide;

mill_i128 mill_pow10(int n) {
  static const uint64_t low[20] = {1ull,
                                   10ull,
                                   100ull,
                                   1000ull,
                                   10000ull,
                                   100000ull,
                                   1000000ull,
                                   10000000ull,
                                   100000000ull,
                                   1000000000ull,
                                   10000000000ull,
                                   100000000000ull,
                                   1000000000000ull,
                                   10000000000000ull,
                                   100000000000000ull,
                                   1000000000000000ull,
                                   10000000000000000ull,
                                   100000000000000000ull,
                                   1000000000000000000ull,
                                   10000000000000000000ull};
  return n < 20 ? (mill_i128)low[n] : (mill_i128)low[19] * (mill_i128)low[n - 19];
}

static mill_u128 magnitude(mill_i128 v) { return v < 0 ? -(mill_u128)v : (mill_u128)v; }

static wide wide_of(mill_u128 v) { return (wide){{(uint64_t)v, (uint64_t)(v >> 64), 0, 0}}; }

static wide wide_mul(mill_u128 a, mill_u128 b) {
  uint64_t x[2] = {(uint64_t)a, (uint64_t)(a >> 64)}, y[2] = {(uint64_t)b, (uint64_t)(b >> 64)};
  wide r = {{0, 0, 0, 0}};
  for (int i = 0; i < 2; i++) {
    uint64_t carry = 0;
    for (int j = 0; j < 2; j++) {
      mill_u128 t = (mill_u128)x[i] * y[j] + r.w[i + j] + carry;
      r.w[i + j] = (uint64_t)t;
      carry = (uint64_t)(t >> 64);
    }
    r.w[i + 2] = carry;
  }
  return r;
}

/* a *= m; false when more than 256 bits are needed. */
static bool wide_mul_small(wide *a, uint64_t m) {
  uint64_t carry = 0;
  for (int i = 0; i < 4; i++) {
    mill_u128 t = (mill_u128)a->w[i] * m + carry;
    a->w[i] = (uint64_t)t;
    carry = (uint64_t)(t >> 64);
  }
  return carry == 0;
}

static bool wide_scale_up(wide *a, int digits) {
  for (; digits > 0; digits -= 19)
    if (!wide_mul_small(a, (uint64_t)mill_pow10(digits < 19 ? digits : 19))) return false;
  return true;
}

static int wide_compare(const wide *a, const wide *b) {
  for (int i = 3; i >= 0; i--)
    if (a->w[i] != b->w[i]) return a->w[i] < b->w[i] ? -1 : 1;
  return 0;
}

static void wide_sub(wide *a, const wide *b) {
  uint64_t borrow = 0;
  for (int i = 0; i < 4; i++) {
    mill_u128 t = (mill_u128)a->w[i] - b->w[i] - borrow;
    a->w[i] = (uint64_t)t;
    borrow = (uint64_t)(t >> 64) & 1;
  }
}

static bool wide_add(wide *a, const wide *b) {
  uint64_t carry = 0;
  for (int i = 0; i < 4; i++) {
    mill_u128 t = (mill_u128)a->w[i] + b->w[i] + carry;
    a->w[i] = (uint64_t)t;
    carry = (uint64_t)(t >> 64);
  }
  return carry == 0;
}

static void wide_shift1(wide *a) {
  for (int i = 3; i > 0; i--) a->w[i] = a->w[i] << 1 | a->w[i - 1] >> 63;
  a->w[0] <<= 1;
}

/* q = a / b, a = a % b, by shift and subtract when it is not small; b is not 0. */
static wide wide_divide(wide *a, const wide *b) {
  wide q = {{0, 0, 0, 0}}, rest = {{0, 0, 0, 0}};
  if (!(b->w[1] | b->w[2] | b->w[3])) {
    for (int i = 3; i >= 0; i--) {
      mill_u128 t = (mill_u128)rest.w[0] << 64 | a->w[i];
      q.w[i] = (uint64_t)(t / b->w[0]);
      rest.w[0] = (uint64_t)(t % b->w[0]);
    }
  } else if (!(a->w[2] | a->w[3] | b->w[2] | b->w[3])) {
    mill_u128 x = (mill_u128)a->w[1] << 64 | a->w[0], y = (mill_u128)b->w[1] << 64 | b->w[0];
    q = wide_of(x / y);
    rest = wide_of(x % y);
  } else {
    for (int bit = 255; bit >= 0; bit--) {
      wide_shift1(&rest);
      wide_shift1(&q);
      rest.w[0] |= a->w[bit >> 6] >> (bit & 63) & 1;
      if (wide_compare(&rest, b) >= 0) {
        wide_sub(&rest, b);
        q.w[0] |= 1;
      }
    }
  }
  *a = rest;
  return q;
}

/* Does the rounding mode move the magnitude q away from zero, given the rest of a division by b? */
static bool rounds_up(const wide *q, wide rest, const wide *b, bool negative, mill_rounding r) {
  bool exact = !(rest.w[0] | rest.w[1] | rest.w[2] | rest.w[3]);
  if (exact || r == MILL_DOWN) return false;
  if (r == MILL_FLOOR) return negative;
  if (r == MILL_CEILING) return !negative;
  wide half = *b;
  wide_sub(&half, &rest); /* rest >= b - rest: at least half */
  int c = wide_compare(&rest, &half);
  return c > 0 || (c == 0 && (r == MILL_HALF_UP || (q->w[0] & 1)));
}

/* The signed value of magnitude a / b, rounded, within the precision. */
static bool narrow(wide a, const wide *b, bool negative, mill_rounding r, int precision,
                   mill_i128 *out) {
  wide q = a;
  if (b) {
    q = wide_divide(&a, b);
    wide one = {{1, 0, 0, 0}};
    if (rounds_up(&q, a, b, negative, r) && !wide_add(&q, &one)) return false;
  }
  if (q.w[2] | q.w[3] | q.w[1] >> 63) return false;
  mill_i128 v = (mill_i128)((mill_u128)q.w[1] << 64 | q.w[0]);
  if (v >= mill_pow10(precision)) return false;
  *out = negative ? -v : v;
  return true;
}

/* Magnitude a at scale `from`, to scale `to`. */
static bool rescale_wide(wide a, int from, int to, bool negative, mill_rounding r, int precision,
                         mill_i128 *out) {
  if (to >= from)
    return wide_scale_up(&a, to - from) && narrow(a, NULL, negative, r, precision, out);
  wide b = wide_of(1);
  return wide_scale_up(&b, from - to) ? narrow(a, &b, negative, r, precision, out)
                                      : (*out = 0, true);
}

bool mill_decimal_rescale(mill_i128 v, int from, int to, int precision, mill_rounding r,
                          mill_i128 *out) {
  if (from == to) {
    if (!mill_decimal_fits(v, precision)) return false;
    *out = v;
    return true;
  }
  return rescale_wide(wide_of(magnitude(v)), from, to, v < 0, r, precision, out);
}

/* a + b as signed wide magnitude; both at the same scale already. */
static bool add_wide(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                     mill_i128 *out) {
  int s = sa > sb ? sa : sb;
  wide x = wide_of(magnitude(a)), y = wide_of(magnitude(b));
  if (!wide_scale_up(&x, s - sa) || !wide_scale_up(&y, s - sb)) return false;
  bool negative = a < 0;
  if ((a < 0) == (b < 0)) {
    if (!wide_add(&x, &y)) return false;
  } else if (wide_compare(&x, &y) >= 0) {
    wide_sub(&x, &y);
  } else {
    wide_sub(&y, &x);
    x = y;
    negative = b < 0;
  }
  return rescale_wide(x, s, scale, negative, MILL_HALF_UP, precision, out);
}

bool mill_decimal_add(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                      mill_i128 *out) {
  mill_i128 r;
  if (sa == sb && sa == scale && !__builtin_add_overflow(a, b, &r)) {
    if (!mill_decimal_fits(r, precision)) return false;
    *out = r;
    return true;
  }
  return add_wide(a, sa, b, sb, precision, scale, out);
}

bool mill_decimal_sub(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                      mill_i128 *out) {
  return mill_decimal_add(a, sa, -b, sb, precision, scale, out);
}

bool mill_decimal_mul(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                      mill_i128 *out) {
  mill_i128 r;
  if (sa + sb == scale && !__builtin_mul_overflow(a, b, &r)) {
    if (!mill_decimal_fits(r, precision)) return false;
    *out = r;
    return true;
  }
  return rescale_wide(wide_mul(magnitude(a), magnitude(b)), sa + sb, scale, (a < 0) != (b < 0),
                      MILL_HALF_UP, precision, out);
}

/* a * 10^up / b, rounded, where the product has 127 bits at most; false: it may have more, or the quotient too many
** digits. */
static bool divide_short(mill_i128 a, int up, mill_i128 b, int precision, mill_i128 *out) {
  mill_i128 x;
  if (b == 0 || up < 0 || up > MILL_DECIMAL_MAX || __builtin_mul_overflow(a, mill_pow10(up), &x))
    return false;
  mill_u128 n = magnitude(x), d = magnitude(b), q = n / d, rest = n - q * d;
  q += rest >= d - rest;
  *out = (a < 0) != (b < 0) ? -(mill_i128)q : (mill_i128)q;
  return mill_decimal_fits(*out, precision);
}

bool mill_decimal_div(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                      mill_i128 *out) {
  if (divide_short(a, scale + sb - sa, b, precision, out)) return true;
  wide x = wide_of(magnitude(a)), y = wide_of(magnitude(b));
  int up = scale + sb - sa;
  if (!(up >= 0 ? wide_scale_up(&x, up) : wide_scale_up(&y, -up))) return false;
  return narrow(x, &y, (a < 0) != (b < 0), MILL_HALF_UP, precision, out);
}

bool mill_decimal_rem(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                      mill_i128 *out) {
  int s = sa > sb ? sa : sb;
  wide x = wide_of(magnitude(a)), y = wide_of(magnitude(b));
  if (!wide_scale_up(&x, s - sa) || !wide_scale_up(&y, s - sb)) return false;
  wide_divide(&x, &y);
  return rescale_wide(x, s, scale, a < 0, MILL_HALF_UP, precision, out);
}

bool mill_decimal_quotient(mill_i128 a, int sa, mill_i128 b, int sb, mill_i128 *out) {
  int s = sa > sb ? sa : sb;
  wide x = wide_of(magnitude(a)), y = wide_of(magnitude(b));
  if (!wide_scale_up(&x, s - sa) || !wide_scale_up(&y, s - sb)) return false;
  return narrow(x, &y, (a < 0) != (b < 0), MILL_DOWN, MILL_DECIMAL_MAX, out);
}

int mill_decimal_compare(mill_i128 a, int sa, mill_i128 b, int sb) {
  if (sa == sb) return (a > b) - (a < b);
  if ((a < 0) != (b < 0)) return a < 0 ? -1 : 1;
  int s = sa > sb ? sa : sb;
  wide x = wide_of(magnitude(a)), y = wide_of(magnitude(b));
  (void)wide_scale_up(&x, s - sa); /* at most 76 digits: fits 256 bits */
  (void)wide_scale_up(&y, s - sb);
  int c = wide_compare(&x, &y);
  return a < 0 ? -c : c;
}

/* Parsed text: up to 39 leading digits as a number, how many digits were cut off behind them. */
typedef struct digits {
  mill_u128 value;
  int taken, scale;    /* digits in value without leading zeros; digits behind the point */
  int cut;             /* digits not in value */
  bool negative, half; /* half: the first digit cut was 5 or more */
} digits;

static bool read_exponent(const char **p, const char *end, int *out) {
  const char *s = *p;
  bool negative = s < end && *s == '-';
  if (s < end && (*s == '-' || *s == '+')) s++;
  if (s == end) return false;
  long v = 0;
  for (; s < end && *s >= '0' && *s <= '9'; s++)
    if (v < 100000000) v = v * 10 + (*s - '0');
  *out = (int)(negative ? -v : v);
  *p = s;
  return true;
}

static void take_digit(digits *d, int digit) {
  if (d->cut == 0 && d->taken < 38) {
    d->value = d->value * 10 + (unsigned)digit;
    if (d->taken || digit) d->taken++;
  } else {
    if (d->cut == 0) d->half = digit >= 5;
    d->cut++;
  }
}

static bool read_digits(const char *s, size_t n, digits *d) {
  const char *end = s + n;
  memset(d, 0, sizeof *d);
  while (s < end && (unsigned char)*s <= ' ') s++;
  while (end > s && (unsigned char)end[-1] <= ' ') end--;
  if (s < end && (*s == '-' || *s == '+')) d->negative = *s++ == '-';
  bool any = false, point = false;
  for (; s < end; s++) {
    if (*s == '.' && !point) {
      point = true;
    } else if (*s >= '0' && *s <= '9') {
      any = true;
      take_digit(d, *s - '0');
      if (point) d->scale++;
    } else {
      break;
    }
  }
  if (!any) return false;
  int exponent = 0;
  if (s < end && (*s == 'e' || *s == 'E')) {
    s++;
    if (!read_exponent(&s, end, &exponent)) return false;
  }
  d->scale -= exponent;
  return s == end;
}

bool mill_decimal_parse(const char *s, size_t n, int precision, int scale, mill_i128 *out,
                        bool *syntax_ok) {
  digits d;
  bool ok = read_digits(s, n, &d);
  if (syntax_ok) *syntax_ok = ok;
  if (!ok) return false;
  if (d.value == 0) {
    *out = 0;
    return true;
  }
  int from = d.scale - d.cut; /* value counts units of 10^-from */
  if (from > scale + 40) {
    *out = 0;
    return true;
  }
  if (scale - from > 40) return false;
  wide v = wide_of(d.value);
  if (d.cut && scale == from) /* the digits cut decide the rounding themselves */
    return (d.half ? wide_add(&v, &(wide){{1, 0, 0, 0}}) : true) &&
           narrow(v, NULL, d.negative, MILL_HALF_UP, precision, out);
  return rescale_wide(v, from, scale, d.negative, MILL_HALF_UP, precision, out);
}

int mill_decimal_whole_digits(const char *s, size_t n) {
  digits d;
  int count = 0;
  if (!read_digits(s, n, &d)) return 0;
  for (; d.value; d.value /= 10) count++;
  return count ? count - (d.scale - d.cut) : 0;
}

bool mill_decimal_parse_free(const char *s, size_t n, mill_i128 *out, int *precision, int *scale) {
  digits d;
  if (!read_digits(s, n, &d) || d.cut) return false;
  int p = d.taken ? d.taken : 1, sc = d.scale;
  mill_i128 v = (mill_i128)d.value;
  if (sc < 0) {
    if (p - sc > MILL_DECIMAL_MAX) return false;
    v *= mill_pow10(-sc);
    p -= sc;
    sc = 0;
  }
  if (sc > MILL_DECIMAL_MAX) return false;
  *out = d.negative ? -v : v;
  *precision = p > sc ? p : sc;
  *scale = sc;
  return true;
}

/* The digits of m, at least `least` of them, the last one before `end`. */
static char *digits_before(char *end, mill_u128 m, int least) {
  const uint64_t part = 1000000000000000000; /* 18 digits */
  char *p = end;
  for (; m >> 64; m /= part) {
    char *from = mill_digits_before(p, (uint64_t)(m % part));
    while (p - from < 18) *--from = '0';
    p = from;
  }
  p = mill_digits_before(p, (uint64_t)m);
  while (end - p < least) *--p = '0';
  return p;
}

/* Of a number of one word, with scale <= 18: its digits, of which those behind the point stand one further. Few
** digits are put there from a word; a division by the unit would take longer than all of that. */
static int format_word(uint64_t m, bool negative, int scale, char *buf) {
  int count = mill_digit_count(m), n = count > scale ? count : scale + 1;
  char *from = buf + negative, *point = from + n - scale, *end = from + n + (scale > 0);
  buf[0] = '-';
  if (n <= 8) {
    uint64_t text = mill_last_digits((uint32_t)m, n);
    mill_put_digits(from, text);
    if (scale) mill_put_digits(point + 1, text >> 8 * (n - scale));
  } else {
    for (char *p = mill_digits_before(from + n, m); p > from;) *--p = '0';
    memmove(point + 1, point, (size_t)scale);
  }
  if (scale) *point = '.';
  *end = 0;
  return (int)(end - buf);
}

int mill_decimal_format(mill_i128 v, int scale, char *buf) {
  char digit[64], *end = digit + sizeof digit;
  mill_u128 m = magnitude(v);
  if (m >> 64 == 0 && scale <= 18) return format_word((uint64_t)m, v < 0, scale, buf);
  const char *p = digits_before(end, m, scale + 1);
  size_t whole = (size_t)(end - p) - (size_t)scale, at = 0;
  if (v < 0) buf[at++] = '-';
  memcpy(buf + at, p, whole);
  at += whole;
  if (scale) {
    buf[at++] = '.';
    memcpy(buf + at, p + whole, (size_t)scale);
    at += (size_t)scale;
  }
  buf[at] = 0;
  return (int)at;
}

double mill_decimal_to_double(mill_i128 v, int scale) {
  mill_u128 m = magnitude(v);
  if (m <= (1ull << 53) && scale < 20) { /* both exact: one rounding */
    double r = (double)(uint64_t)m / (double)mill_pow10(scale);
    return v < 0 ? -r : r;
  }
  char buf[MILL_DECIMAL_TEXT];
  mill_decimal_format(v, scale, buf);
  return strtod(buf, NULL);
}

bool mill_decimal_from_double(double d, int precision, int scale, mill_i128 *out) {
  if (!isfinite(d)) return false;
  char buf[MILL_DOUBLE_TEXT];
  int n = mill_double_text(d, buf);
  return mill_decimal_parse(buf, (size_t)n, precision, scale, out, NULL);
}
