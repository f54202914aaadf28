/* Decimals of up to 38 digits: unscaled 128-bit integers with a scale kept beside them.
**
** All operations are exact or rounded once (HALF_UP unless said otherwise), through 256-bit
** intermediates where needed, and tell when a result does not fit the wanted precision: bool
** results are false then, and *out is not written. */
#ifndef MILL_BASE_DECIMAL_H
#define MILL_BASE_DECIMAL_H

#include "base/text.h"

typedef __int128 mill_i128;
typedef unsigned __int128 mill_u128;

enum { MILL_DECIMAL_MAX = 38, MILL_DECIMAL_TEXT = 80 };

typedef enum mill_rounding {
  MILL_HALF_UP,
  MILL_HALF_EVEN,
  MILL_FLOOR,
  MILL_CEILING,
  MILL_DOWN,
} mill_rounding;

mill_i128 mill_pow10(int n); /* 0..38 */
static inline bool mill_decimal_fits(mill_i128 v, int precision) {
  return v < mill_pow10(precision) && v > -mill_pow10(precision);
}

/* Text of digits with sign, point and exponent, blanks around allowed, as Java's BigDecimal reads
** it. Rounds HALF_UP to `scale`. syntax_ok (may be NULL) tells bad text from a value out of range.
** */
bool mill_decimal_parse(const char *s, size_t n, int precision, int scale, mill_i128 *out,
                        bool *syntax_ok);
/* How many digits stand before the point of such a text, its exponent taken in; 0 or less: none. */
int mill_decimal_whole_digits(const char *s, size_t n);
/* Precision and scale that the text itself has ("1.50": 3, 2), for literals; false if above 38
** digits. */
bool mill_decimal_parse_free(const char *s, size_t n, mill_i128 *out, int *precision, int *scale);
/* Plain notation ("-0.05"); returns the length. buf has MILL_DECIMAL_TEXT bytes. */
int mill_decimal_format(mill_i128 v, int scale, char *buf);

/* Change the scale. */
bool mill_decimal_rescale(mill_i128 v, int from, int to, int precision, mill_rounding r,
                          mill_i128 *out);
/* a op b with scales sa, sb; the result rounded to `scale` within `precision`. */
bool mill_decimal_add(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                      mill_i128 *out);
bool mill_decimal_sub(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                      mill_i128 *out);
bool mill_decimal_mul(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                      mill_i128 *out);
/* b is not 0 in the next three; div rounds HALF_UP, rem has the sign of a, quotient truncates. */
bool mill_decimal_div(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                      mill_i128 *out);
bool mill_decimal_rem(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                      mill_i128 *out);
bool mill_decimal_quotient(mill_i128 a, int sa, mill_i128 b, int sb, mill_i128 *out);
int mill_decimal_compare(mill_i128 a, int sa, mill_i128 b, int sb);

double mill_decimal_to_double(mill_i128 v, int scale);
/* As Java's BigDecimal(Double.toString(d)), then HALF_UP. False for NaN, infinities and overflow.
** */
bool mill_decimal_from_double(double d, int precision, int scale, mill_i128 *out);

#endif
