/* Plain texts of numbers and dates without a call: the forms that nearly all values have. False means
** nothing but: take the general way. Texts have 16 readable bytes behind them. */
#ifndef MILL_KERNEL_QUICK_H
#define MILL_KERNEL_QUICK_H

#include <string.h>

#include "base/calendar.h"

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

static inline bool quick_integer(const char *p, size_t n, int64_t *out) {
  bool minus = *p == '-';
  uint64_t v;
  if (n - minus - 1 >= 16 || !quick_digits(p + minus, (unsigned)(n - minus), &v)) return false;
  *out = minus ? -(int64_t)v : (int64_t)v;
  return true;
}

/* Digits with at most `scale` behind a point, as the unscaled number: exact, at most 16 digits. */
static inline bool quick_decimal(const char *p, size_t n, unsigned scale, int64_t *out) {
  static const int64_t ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  bool minus = n && *p == '-';
  uint64_t whole, part = 0;
  p += minus;
  n -= minus;
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

/* yyyy-MM-dd of ten bytes. */
static inline bool quick_date(const char *p, int32_t *out) {
  static const uint16_t before[] = {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  static const uint8_t length[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  unsigned char d[10];
  unsigned wrong = p[4] != '-' || p[7] != '-';
  for (int i = 0; i < 10; i++) d[i] = (unsigned char)(p[i] - '0');
  for (int i = 0; i < 10; i++) wrong |= i != 4 && i != 7 && d[i] > 9;
  unsigned year = d[0] * 1000u + d[1] * 100u + d[2] * 10u + d[3];
  unsigned month = d[5] * 10u + d[6], day = d[8] * 10u + d[9];
  if (wrong || month - 1 > 11 || year == 0) return false;
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (day - 1 >= length[month] + (unsigned)(leap && month == 2)) return false;
  unsigned y = year - 1;
  *out =
      (int32_t)(365 * y + y / 4 - y / 100 + y / 400 + before[month] + (leap && month > 2) + day) -
      719163;
  return true;
}

#endif
