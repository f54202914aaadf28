#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/java_digits.h"

static void trim(const char **s, const char **end) {
  while (*s < *end && (unsigned char)**s <= ' ') ++*s;
  while (*end > *s && (unsigned char)(*end)[-1] <= ' ') --*end;
}

mill_parsed mill_parse_int64(const char *s, size_t n, int64_t min, int64_t max, bool fraction,
                             int64_t *out) {
  const char *end = s + n;
  trim(&s, &end);
  bool negative = s < end && *s == '-';
  if (s < end && (*s == '-' || *s == '+')) s++;
  uint64_t v = 0, limit = negative ? (uint64_t)0 - (uint64_t)min : (uint64_t)max;
  bool any = false, over = false;
  for (; s < end && *s >= '0' && *s <= '9'; s++, any = true) {
    unsigned digit = (unsigned)(*s - '0');
    if (v > (UINT64_MAX - digit) / 10) over = true;
    v = v * 10 + digit;
  }
  if (fraction && s < end && *s == '.')
    for (s++; s < end && *s >= '0' && *s <= '9'; s++) any = true;
  if (s != end || !any) return MILL_NOT_A_NUMBER;
  if (over || v > limit) return MILL_OUT_OF_RANGE;
  *out = negative ? (int64_t)(0 - v) : (int64_t)v;
  return MILL_PARSED;
}

static bool special(const char *s, size_t n, double *out) {
  bool negative = n && *s == '-';
  if (n && (*s == '-' || *s == '+')) s++, n--;
  if ((n == 3 && strncasecmp(s, "inf", 3) == 0) || (n == 8 && strncasecmp(s, "infinity", 8) == 0))
    *out = negative ? -INFINITY : INFINITY;
  else if (n == 3 && strncasecmp(s, "nan", 3) == 0 && !negative)
    *out = NAN;
  else
    return false;
  return true;
}

/* Is this [sign] digits [. digits] [e [sign] digits]? Then digits and exponent for the fast path.
** */
typedef struct scanned {
  uint64_t digits;
  int ndigits, exponent; /* value = digits * 10^exponent when ndigits <= 19 */
  bool negative;
} scanned;

static bool scan(const char *s, const char *end, scanned *r) {
  memset(r, 0, sizeof *r);
  bool any = false, point = false;
  if (s < end && (*s == '-' || *s == '+')) r->negative = *s++ == '-';
  for (; s < end; s++) {
    if (*s == '.' && !point) {
      point = true;
      continue;
    }
    if (*s < '0' || *s > '9') break;
    any = true;
    if (r->ndigits || *s != '0') r->ndigits++;
    if (r->ndigits <= 19) r->digits = r->digits * 10 + (unsigned)(*s - '0');
    if (point) r->exponent--;
  }
  if (!any) return false;
  if (s < end && (*s == 'e' || *s == 'E')) {
    s++;
    bool negative = s < end && *s == '-';
    if (s < end && (*s == '-' || *s == '+')) s++;
    if (s == end) return false;
    int e = 0;
    for (; s < end && *s >= '0' && *s <= '9'; s++)
      if (e < 100000) e = e * 10 + (*s - '0');
    r->exponent += negative ? -e : e;
  }
  return s == end;
}

static const double power10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const uint64_t power5[] = {1ull,
                                  5ull,
                                  25ull,
                                  125ull,
                                  625ull,
                                  3125ull,
                                  15625ull,
                                  78125ull,
                                  390625ull,
                                  1953125ull,
                                  9765625ull,
                                  48828125ull,
                                  244140625ull,
                                  1220703125ull,
                                  6103515625ull,
                                  30517578125ull,
                                  152587890625ull,
                                  762939453125ull,
                                  3814697265625ull,
                                  19073486328125ull,
                                  95367431640625ull,
                                  476837158203125ull,
                                  2384185791015625ull,
                                  11920928955078125ull,
                                  59604644775390625ull,
                                  298023223876953125ull,
                                  1490116119384765625ull,
                                  7450580596923828125ull};

/* floor((2^128 - 1) / d) - 2^64 for d = 5^i moved up to begin with a one: what divide() multiplies by. */
static const uint64_t inverse5[] = {
    0xffffffffffffffffull, 0x9999999999999999ull, 0x47ae147ae147ae14ull, 0x0624dd2f1a9fbe76ull,
    0xa36e2eb1c432ca57ull, 0x4f8b588e368f0846ull, 0x0c6f7a0b5ed8d36bull, 0xad7f29abcaf48578ull,
    0x5798ee2308c39df9ull, 0x12e0be826d694b2eull, 0xb7cdfd9d7bdbab7dull, 0x5fd7fe17964955fdull,
    0x19799812dea11197ull, 0xc25c268497681c26ull, 0x6849b86a12b9b01eull, 0x203af9ee756159b2ull,
    0xcd2b297d889bc2b6ull, 0x70ef54646d496892ull, 0x2725dd1d243aba0eull, 0xd83c94fb6d2ac34aull,
    0x79ca10c9242235d5ull, 0x2e3b40a0e9b4f7ddull, 0xe392010175ee5962ull, 0x82db34012b25144eull,
    0x357c299a88ea76a5ull, 0xef2d0f5da7dd8aa2ull, 0x8c240c4aecb13bb5ull, 0x3ce9a36f23c0fc90ull};

/* wide / d and whether something remains, for 2^63 <= d and wide < 2^64 * d, with d's inverse: Moeller and
** Granlund, "Improved division by invariant integers" (2011), algorithm 4. Two multiplications; the
** compiler's own division of 128 bits is two calls. */
static inline uint64_t divide(unsigned __int128 wide, uint64_t d, uint64_t inverse, bool *rest) {
  uint64_t high = (uint64_t)(wide >> 64), low = (uint64_t)wide;
  unsigned __int128 guess = (unsigned __int128)inverse * high + wide;
  uint64_t q = (uint64_t)(guess >> 64) + 1, r = low - q * d;
  if (r > (uint64_t)guess) {
    q--;
    r += d;
  }
  if (__builtin_expect(r >= d, 0)) {
    q++;
    r -= d;
  }
  *rest = r != 0;
  return q;
}

/* The leading 64 bits of digits * 10^exponent, the lowest set when something follows, and the power of
** two they stand for: exact, since numerators have 128 bits and 5^27 has 63. */
static bool leading_bits(uint64_t digits, int exponent, uint64_t *bits, int *shift) {
  if (exponent < -27 || exponent > 27 || digits == 0) return false;
  int zeros = __builtin_clzll(digits), more = 0;
  unsigned __int128 wide = digits << zeros;
  if (exponent >= 0) {
    wide *= power5[exponent];
    if (wide >> 64) more = 64 - __builtin_clzll((uint64_t)(wide >> 64));
    *bits = (uint64_t)(wide >> more) | ((wide & (((unsigned __int128)1 << more) - 1)) != 0);
    *shift = exponent + more - zeros;
  } else { /* a quotient of 63 or 64 bits: 2^63 <= wide < 2^64 and the divisor begins with a one */
    uint64_t divisor = power5[-exponent];
    int up = __builtin_clzll(divisor);
    wide <<= 63;
    divisor <<= up;
    bool rest;
    uint64_t quotient = divide(wide, divisor, inverse5[-exponent], &rest);
    *bits = quotient | rest;
    *shift = exponent + up - 63 - zeros;
  }
  return true;
}

/* 2^shift as a double, for what leading_bits gives: far from the ends of the range. */
static double power2(int shift) {
  uint64_t bits = (uint64_t)(1023 + shift) << 52;
  double d;
  memcpy(&d, &bits, sizeof d);
  return d;
}

bool mill_double_of(uint64_t digits, int exponent, double *out) {
  uint64_t bits;
  int shift;
  if (digits <= 1ull << 53 && exponent >= -22 && exponent <= 22) {
    double v = (double)digits; /* both operands exact: one correctly rounded operation */
    *out = exponent < 0 ? v / power10[-exponent] : v * power10[exponent];
    return true;
  }
  *out = 0;
  if (digits == 0) return true;
  if (!leading_bits(digits, exponent, &bits, &shift)) return false;
  *out = (double)bits * power2(shift);
  return true;
}

static bool float_of(uint64_t digits, int exponent, float *out) {
  uint64_t bits;
  int shift;
  *out = 0;
  if (digits == 0) return true;
  if (!leading_bits(digits, exponent, &bits, &shift)) return false;
  *out = (float)((double)(float)bits * power2(shift)); /* below 10^47 and above 10^-28 */
  return (double)*out == (double)(float)bits * power2(shift);
}

/* Copy for strtod, which needs a NUL; digits beyond 800 cannot change a correctly rounded double.
** */
static double convert(const char *s, size_t n, bool single) {
  char local[128], *buf = n < sizeof local ? local : NULL;
  char large[1024];
  if (!buf) {
    buf = large;
    if (n >= sizeof large) n = sizeof large - 1;
  }
  memcpy(buf, s, n);
  buf[n] = 0;
  return single ? (double)strtof(buf, NULL) : strtod(buf, NULL);
}

static const char *hex_digits(const char *p, const char *end) {
  while (p < end && ((uint8_t)(*p - '0') < 10 || (uint8_t)((*p | 32) - 'a') < 6)) p++;
  return p;
}

static bool begins_hex(const char *s, const char *end) {
  s += s < end && (*s == '-' || *s == '+');
  return end - s > 2 && s[0] == '0' && (s[1] | 32) == 'x';
}

/* Java's hexadecimal form, 0x1.8p3: the power of two must be there. */
static bool parse_hex(const char *s, const char *end, bool single, double *out) {
  const char *from = s + (*s == '-' || *s == '+') + 2;
  const char *whole = hex_digits(from, end), *last = whole;
  if (whole < end && *whole == '.') last = hex_digits(whole + 1, end);
  if (last == from || last == from + (whole == from) || last == end || (*last | 32) != 'p')
    return false;
  const char *power = last + 1 + (last + 1 < end && (last[1] == '-' || last[1] == '+'));
  const char *p = power;
  while (p < end && (uint8_t)(*p - '0') < 10) p++;
  if (p == power || end - p > 1 || (p < end && !strchr("dDfF", *p))) return false;
  *out = convert(s, (size_t)(p - s), single);
  return true;
}

static bool parse(const char *s, size_t n, bool single, double *out) {
  const char *end = s + n;
  trim(&s, &end);
  if (special(s, (size_t)(end - s), out)) return true;
  if (begins_hex(s, end)) return parse_hex(s, end, single, out);
  if (end - s > 1 && strchr("dDfF", end[-1])) end--;
  scanned r;
  if (!scan(s, end, &r)) return false;
  float narrow;
  bool exact = r.ndigits <= 19 && (single ? float_of(r.digits, r.exponent, &narrow)
                                          : mill_double_of(r.digits, r.exponent, out));
  if (exact && single) *out = (double)narrow;
  if (exact) {
    if (r.negative) *out = -*out;
    return true;
  }
  *out = convert(s, (size_t)(end - s), single);
  return true;
}

bool mill_parse_double(const char *s, size_t n, double *out) { return parse(s, n, false, out); }

bool mill_parse_float(const char *s, size_t n, float *out) {
  double d;
  if (!parse(s, n, true, &d)) return false;
  *out = (float)d;
  return true;
}

/* Inlined where numbers become texts: most of the time would be calls. */
static inline char *digits_before(char *end, uint64_t v) {
  static const char pair[] =
      "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
      "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
      "8081828384858687888990919293949596979899";
  for (; v >= 10000; v /= 10000) {
    uint32_t four = (uint32_t)(v % 10000);
    memcpy(end - 2, pair + four % 100 * 2, 2);
    end = memcpy(end - 4, pair + four / 100 * 2, 2);
  }
  for (; v >= 100; v /= 100) end = memcpy(end - 2, pair + v % 100 * 2, 2);
  if (v >= 10) return memcpy(end - 2, pair + v * 2, 2);
  *--end = (char)('0' + v);
  return end;
}

/* The logarithm to base 2 gives the number of digits, or one too few. */
static inline int digit_count(uint64_t v) {
  static const uint64_t power[20] = {0,
                                     10,
                                     100,
                                     1000,
                                     10000,
                                     100000,
                                     1000000,
                                     10000000,
                                     100000000,
                                     1000000000,
                                     10000000000,
                                     100000000000,
                                     1000000000000,
                                     10000000000000,
                                     100000000000000,
                                     1000000000000000,
                                     10000000000000000,
                                     100000000000000000,
                                     1000000000000000000,
                                     10000000000000000000u};
  int least = (64 - __builtin_clzll(v | 1)) * 1233 >> 12;
  return least + (v >= power[least]);
}

char *mill_digits_before(char *end, uint64_t v) { return digits_before(end, v); }
int mill_digit_count(uint64_t v) { return digit_count(v); }

/* One digit or two. */
static int small_text(int v, char *buf) {
  int n = 1 + (v > 9);
  buf[0] = (char)('0' + (v > 9 ? v / 10 : v));
  buf[1] = (char)('0' + v % 10);
  buf[n] = 0;
  return n;
}

int mill_int_text(int64_t v, char *buf) {
  if (v >= 0 && v < 100) return small_text((int)v, buf);
  uint64_t m = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
  int n = (v < 0) + digit_count(m);
  buf[0] = '-';
  if (m < 100000000)
    mill_put_digits(buf + (v < 0), mill_last_digits((uint32_t)m, n - (v < 0)));
  else
    digits_before(buf + n, m);
  buf[n] = 0;
  return n;
}

/* Digits and decimal exponent (value = 0.d1d2.. * 10^exponent) in Java's layout: plain between 1e-3
** and 1e7, else d.ddE[-]x. */
static int layout(bool negative, const char *digits, int n, int exponent, char *buf) {
  int at = 0;
  if (negative) buf[at++] = '-';
  if (exponent > -3 && exponent <= 7) {
    if (exponent <= 0) {
      buf[at++] = '0';
      buf[at++] = '.';
      for (int i = exponent; i < 0; i++) buf[at++] = '0';
    }
    for (int i = 0; i < n || i < exponent; i++) {
      if (i == exponent && i > 0) buf[at++] = '.';
      buf[at++] = i < n ? digits[i] : '0';
    }
    if (exponent >= n) {
      buf[at++] = '.';
      buf[at++] = '0';
    }
    buf[at] = 0;
    return at;
  }
  buf[at++] = digits[0];
  buf[at++] = '.';
  if (n == 1) buf[at++] = '0';
  for (int i = 1; i < n; i++) buf[at++] = digits[i];
  buf[at++] = 'E';
  return at + mill_int_text(exponent - 1, buf + at);
}

static int special_text(double d, char *buf) {
  const char *s = d != d ? "NaN" : d > 0 ? "Infinity" : "-Infinity";
  size_t n = strlen(s);
  memcpy(buf, s, n + 1);
  return (int)n;
}

/* Small integers and short decimals are the common case: try |d| * 10^k being an exact integer. */
static bool short_text(double a, char *digits, int *n, int *exponent) {
  if (!(a >= 1e-3 && a < 1e15)) return false;
  for (int k = 0; k <= 6; k++) {
    double scaled = a * power10[k];
    if (scaled >= 9e15) return false;
    uint64_t v = (uint64_t)scaled;
    if ((double)v != scaled || (double)v / power10[k] != a) continue;
    char buf[MILL_INT_TEXT];
    int len = mill_int_text((int64_t)v, buf);
    *exponent = len - k;
    while (len > 1 && buf[len - 1] == '0') len--;
    memcpy(digits, buf, (size_t)len);
    *n = len;
    return len <= 15;
  }
  return false;
}

int mill_double_text(double d, char *buf) {
  if (!isfinite(d)) return special_text(d, buf);
  if (d == 0) return layout(signbit(d), "0", 1, 1, buf);
  char digits[MILL_JAVA_DIGITS];
  int n = 0, exponent = 0;
  if (!short_text(fabs(d), digits, &n, &exponent))
    n = mill_double_digits(fabs(d), digits, &exponent);
  return layout(signbit(d), digits, n, exponent, buf);
}

int mill_float_text(float f, char *buf) {
  if (!isfinite(f)) return special_text((double)f, buf);
  if (f == 0) return layout(signbit(f), "0", 1, 1, buf);
  char digits[MILL_JAVA_DIGITS];
  int exponent = 0, n = mill_float_digits(fabsf(f), digits, &exponent);
  return layout(signbit(f), digits, n, exponent, buf);
}
