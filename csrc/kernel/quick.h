/* Plain texts of numbers and dates without a call: the forms that nearly all values have. False means
** nothing but: take the general way. Texts have 16 readable bytes behind them. */
#ifndef MILL_KERNEL_QUICK_H
#define MILL_KERNEL_QUICK_H

#include <string.h>

#include "base/calendar.h"
#include "base/number.h"

static inline uint64_t quick_load(const char *p) {
  uint64_t x;
  memcpy(&x, p, 8);
  return x;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* Are the first n <= 8 bytes digits? Those behind them may be anything. */
static inline bool quick_are_digits(uint64_t x, unsigned n) {
  uint64_t keep = n == 8 ? ~0ull : (1ull << (8 * n)) - 1;
  uint64_t d = (x ^ 0x3030303030303030ull) & keep;
  return ((d | (d + 0x7676767676767676ull)) & 0x8080808080808080ull) == 0;
}

/* The number that n <= 8 digits say: pairs, fours, then eight at once. */
static inline uint32_t quick_eight(uint64_t x, unsigned n) {
  if (n == 0) return 0;
  x = (x ^ 0x3030303030303030ull) << (64 - 8 * n);
  x = (x * 10 + (x >> 8)) & 0x00ff00ff00ff00ffull;
  x = (x * 100 + (x >> 16)) & 0x0000ffff0000ffffull;
  return (uint32_t)(x * 10000 + (x >> 32));
}
/* How many of the first eight bytes are digits before another byte comes. */
static inline unsigned quick_prefix(uint64_t x) {
  uint64_t d = x ^ 0x3030303030303030ull;
  uint64_t other = (d | (d + 0x7676767676767676ull)) & 0x8080808080808080ull;
  return other ? (unsigned)__builtin_ctzll(other) / 8 : 8;
}

/* Is x the bytes of a layout: a digit where it has '0', else its character? */
static inline bool quick_layout(uint64_t x, uint64_t layout, uint64_t zeros) {
  uint64_t d = x ^ layout;
  uint64_t room = (zeros & 0x7676767676767676ull) | (~zeros & 0x7f7f7f7f7f7f7f7full);
  return ((d | (d + room)) & 0x8080808080808080ull) == 0;
}
#else
static inline bool quick_are_digits(uint64_t x, unsigned n) {
  const unsigned char *p = (const unsigned char *)&x;
  for (unsigned i = 0; i < n; i++)
    if (p[i] < '0' || p[i] > '9') return false;
  return true;
}
static inline uint32_t quick_eight(uint64_t x, unsigned n) {
  const unsigned char *p = (const unsigned char *)&x;
  uint32_t v = 0;
  for (unsigned i = 0; i < n; i++) v = v * 10 + (p[i] - '0');
  return v;
}
static inline unsigned quick_prefix(uint64_t x) {
  unsigned n = 0;
  while (n < 8 && quick_are_digits(x, n + 1)) n++;
  return n;
}
static inline bool quick_layout(uint64_t x, uint64_t layout, uint64_t zeros) {
  const unsigned char *p = (const unsigned char *)&x, *l = (const unsigned char *)&layout,
                      *z = (const unsigned char *)&zeros;
  for (int i = 0; i < 8; i++)
    if (z[i] ? p[i] < '0' || p[i] > '9' : p[i] != l[i]) return false;
  return true;
}
#endif

/* n digits, n <= 16. */
static inline __attribute__((always_inline)) bool quick_digits(const char *p, unsigned n,
                                                               uint64_t *out) {
  uint64_t x = quick_load(p);
  if (n <= 8) {
    *out = quick_eight(x, n);
    return quick_are_digits(x, n);
  }
  uint64_t y = quick_load(p + 8);
  static const uint32_t ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  *out = (uint64_t)quick_eight(x, 8) * ten[n - 8] + quick_eight(y, n - 8);
  return quick_are_digits(x, 8) && quick_are_digits(y, n - 8);
}

static inline __attribute__((always_inline)) bool quick_integer(const char *p, size_t n,
                                                                int64_t *out) {
  bool minus = *p == '-';
  uint64_t v;
  if (n - minus - 1 >= 16 || !quick_digits(p + minus, (unsigned)(n - minus), &v)) return false;
  *out = minus ? -(int64_t)v : (int64_t)v;
  return true;
}

/* Digits with at most `scale` behind a point, as the unscaled number: exact, at most 16 digits. First what nearly
** all are: digits with just so many behind the point, or none. */
static inline bool quick_decimal(const char *p, size_t n, unsigned scale, int64_t *out) {
  static const int64_t ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  bool minus = n && *p == '-';
  uint64_t whole, part = 0;
  p += minus;
  n -= minus;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (n - 1 < 8 && scale <= 8) {
    size_t before = n - scale - 1;
    uint64_t x = quick_load(p), low = (1ull << (8 * (before & 7))) - 1;
    bool point = scale && before - 1 < 7 && p[before] == '.';
    if (point) x = (x & low) | (x >> 8 & ~low); /* all digits, without the point */
    int64_t v = (int64_t)quick_eight(x, (unsigned)n - point) * (point ? 1 : ten[scale]);
    *out = minus ? -v : v;
    if (quick_are_digits(x, (unsigned)n - point)) return true;
  }
#endif
  const char *point = NULL;
  for (unsigned k = 0; k <= scale && k < n; k++)
    if (p[n - 1 - k] == '.') point = p + n - 1 - k;
  size_t left = point ? (size_t)(point - p) : n;
  unsigned right = point ? (unsigned)(n - left - 1) : 0;
  if (left == 0 || left + scale > 16 || scale > 8 || !quick_digits(p, (unsigned)left, &whole))
    return false;
  if (right && !quick_digits(point + 1, right, &part)) return false;
  if (point && right == 0) return false;
  int64_t v = (int64_t)(whole * (uint64_t)ten[scale] + part * (uint64_t)ten[scale - right]);
  *out = minus ? -v : v;
  return true;
}

/* The digits of yyyy-MM-dd. */
static inline bool quick_date_digits(const char *p, unsigned *century, unsigned *year,
                                     unsigned *month, unsigned *day) {
  uint64_t x = quick_load(p), y = quick_load(p + 2);
  if (!quick_layout(x, quick_load("0000-00-"), quick_load("\1\1\1\1\0\1\1\0") * 255) ||
      !quick_layout(y, quick_load("00-00-00"), quick_load("\1\1\0\1\1\0\1\1") * 255))
    return false;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  x &= 0x0f0f0f0f0f0f0f0full; /* pairs of neighbours */
  y &= 0x0f0f0f0f0f0f0f0full;
  x = x * 10 + (x >> 8);
  y = y * 10 + (y >> 8);
  *century = x & 0xff;
  *year = x >> 16 & 0xff;
  *month = x >> 40 & 0xff;
  *day = y >> 48 & 0xff;
#else
  *century = (unsigned)((p[0] - '0') * 10 + p[1] - '0');
  *year = (unsigned)((p[2] - '0') * 10 + p[3] - '0');
  *month = (unsigned)((p[5] - '0') * 10 + p[6] - '0');
  *day = (unsigned)((p[8] - '0') * 10 + p[9] - '0');
#endif
  return true;
}

/* yyyy-MM-dd of ten bytes. Without a branch on the year: leap years come as they like. */
static inline bool quick_date(const char *p, int32_t *out) {
  static const uint16_t before[] = {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  static const uint8_t length[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  unsigned century, year, month, day;
  if (!quick_date_digits(p, &century, &year, &month, &day)) return false;
  unsigned leap = ((year ? year : century) & 3) == 0, y = century * 100 + year - 1;
  if (month - 1 > 11 || y == UINT32_MAX) return false;
  if (day - 1 >= length[month] + (leap & (month == 2))) return false;
  *out =
      (int32_t)(365 * y + y / 4 - y / 100 + y / 400 + before[month] + (leap & (month > 2)) + day) -
      719163;
  return true;
}

/* yyyy-MM-dd HH:mm:ss, or a T between them, and perhaps a fraction: microseconds without a zone. */
static inline bool quick_timestamp(const char *p, size_t n, int64_t *out) {
  int32_t days;
  uint64_t part = 0;
  if (n < 19 || n > 26 || n == 20 || (p[10] != ' ' && p[10] != 'T') || !quick_date(p, &days) ||
      !quick_layout(quick_load(p + 11), quick_load("00:00:00"),
                    quick_load("\1\1\0\1\1\0\1\1") * 255))
    return false;
  int hour = (p[11] - '0') * 10 + p[12] - '0', minute = (p[14] - '0') * 10 + p[15] - '0',
      second = (p[17] - '0') * 10 + p[18] - '0';
  if (hour > 23 || minute > 59 || second > 59) return false;
  if (n > 20) {
    static const uint32_t ten[] = {0, 100000, 10000, 1000, 100, 10, 1};
    if (p[19] != '.' || !quick_digits(p + 20, (unsigned)n - 20, &part)) return false;
    part *= ten[n - 20];
  }
  *out = (days * 86400ll + hour * 3600 + minute * 60 + second) * 1000000 + (int64_t)part;
  return true;
}

/* The digits at p, at most n: added to *v, which they must not make too large. */
static inline size_t quick_run(const char *p, size_t n, uint64_t *v) {
  static const uint32_t ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  size_t done = 0;
  for (;;) {
    uint64_t x = quick_load(p + done);
    unsigned k = quick_prefix(x);
    if (k > n - done) k = (unsigned)(n - done);
    *v = *v * ten[k] + quick_eight(x, k);
    done += k;
    if (k < 8 || done >= 16) return done;
  }
}

/* Up to eight bytes of digits and a point, in one word. Both operands of the division are exact, so that it is
** correctly rounded. */
static inline bool quick_short_double(const char *p, size_t n, double *out) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  static const double ten[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
  uint64_t x = quick_load(p), y = x ^ 0x2e2e2e2e2e2e2e2eull;
  uint64_t points = (y - 0x0101010101010101ull) & ~y & 0x8080808080808080ull;
  if (n - 1 >= 8 || points == 0) return false;
  unsigned before = (unsigned)__builtin_ctzll(points) / 8, digits = (unsigned)n - 1;
  uint64_t low = (1ull << 8 * before) - 1;
  x = (x & low) | (x >> 8 & ~low); /* all digits, without the point */
  if (before > digits || digits == 0 || !quick_are_digits(x, digits)) return false;
  *out = quick_eight(x, digits) / ten[digits - before];
  return true;
#else
  return false;
#endif
}

/* Digits, perhaps with a point and an exponent, of at most 18 digits. */
static inline bool quick_double(const char *p, size_t n, double *out) {
  const char *end = p + n;
  bool minus = n && *p == '-';
  uint64_t v = 0;
  int exponent = 0;
  p += minus;
  if (n > 26 || p >= end) return false;
  if (quick_short_double(p, n - minus, out)) {
    if (minus) *out = -*out;
    return true;
  }
  size_t whole = quick_run(p, (size_t)(end - p), &v), part = 0;
  p += whole;
  if (p < end && *p == '.') {
    if (v == 0) whole = whole > 0;
    part = quick_run(p + 1, (size_t)(end - p - 1), &v);
    p += 1 + part;
    if (part == 16 && whole <= 2 && p < end) { /* nearly all doubles that are written out */
      size_t rest = (size_t)(end - p) < 3 ? (size_t)(end - p) : 3;
      for (; rest && *p >= '0' && *p <= '9'; rest--, part++) v = v * 10 + (uint64_t)(*p++ - '0');
    }
  }
  if (whole + part == 0 || whole + part > 19) return false;
  if (p < end && (*p | 32) == 'e') {
    bool down = p + 1 < end && p[1] == '-';
    p += 1 + (p + 1 < end && (p[1] == '-' || p[1] == '+'));
    if (p >= end || end - p > 3) return false;
    for (; p < end && *p >= '0' && *p <= '9'; p++) exponent = exponent * 10 + *p - '0';
    if (down) exponent = -exponent;
  }
  if (p < end || !mill_double_of(v, exponent - (int)part, out)) return false;
  if (minus) *out = -*out;
  return true;
}

#endif
