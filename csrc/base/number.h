/* Numbers from and to text, independent of the locale.
**
** Integers follow Spark's UTF8String.toLong, doubles Java's Double.parseDouble and, the other way,
** Double.toString (shortest text that reads back as the same value, JDK 19 and later). */
#ifndef MILL_BASE_NUMBER_H
#define MILL_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { MILL_INT_TEXT = 24, MILL_DOUBLE_TEXT = 32 };

typedef enum mill_parsed { MILL_PARSED, MILL_NOT_A_NUMBER, MILL_OUT_OF_RANGE } mill_parsed;

/* Blanks and control characters around are allowed. With `fraction`, digits behind a point are
** checked and dropped, as a cast of '1.9' to INT without ANSI does. */
mill_parsed mill_parse_int64(const char *s, size_t n, int64_t min, int64_t max, bool fraction,
                             int64_t *out);
/* Decimal and exponent forms, "NaN", "Infinity", "inf", "+inf", "-Infinity" in any case, a trailing
** d or f. */
bool mill_parse_double(const char *s, size_t n, double *out);
/* digits * 10^exponent, correctly rounded; false: not in the range that this knows (10^-27 .. 10^27). */
bool mill_double_of(uint64_t digits, int exponent, double *out);
bool mill_parse_float(const char *s, size_t n, float *out);

/* Four numbers below 100 as eight digits, all at once; the first digit is the lowest byte. */
static inline uint64_t mill_digit_pairs(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  uint64_t x = a | (uint64_t)b << 16 | (uint64_t)c << 32 | (uint64_t)d << 48;
  uint64_t tens = (x * 103 >> 10) & 0x000f000f000f000full;
  return (tens | (x - 10 * tens) << 8) + 0x3030303030303030ull;
}
/* Write eight digits, or what is left of them. */
static inline void mill_put_digits(char *p, uint64_t digits) {
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  digits = __builtin_bswap64(digits);
#endif
  memcpy(p, &digits, sizeof digits);
}
/* The n last digits of v < 10^8, 0 < n <= 8. */
static inline uint64_t mill_last_digits(uint32_t v, int n) {
  uint32_t high = v / 10000, low = v % 10000;
  return mill_digit_pairs(high / 100, high % 100, low / 100, low % 100) >> 8 * (8 - n);
}

/* Each returns the length and NUL-terminates; buffers have the sizes above. */
int mill_int_text(int64_t v, char *buf);
/* The digits of v, the last one before `end`; gives where they begin. Up to 20, no NUL. */
char *mill_digits_before(char *end, uint64_t v);
int mill_digit_count(uint64_t v); /* 1 for 0 */
int mill_double_text(double d, char *buf);
int mill_float_text(float f, char *buf);

#endif
