/* Numbers from and to text, independent of the locale.
**
** Integers follow Spark's UTF8String.toLong, doubles Java's Double.parseDouble and, the other way,
** Double.toString (shortest text that reads back as the same value, JDK 19 and later). */
#ifndef MILL_BASE_NUMBER_H
#define MILL_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Each returns the length and NUL-terminates; buffers have the sizes above. */
int mill_int_text(int64_t v, char *buf);
/* The digits of v, the last one before `end`; gives where they begin. Up to 20, no NUL. */
char *mill_digits_before(char *end, uint64_t v);
int mill_digit_count(uint64_t v); /* 1 for 0 */
int mill_double_text(double d, char *buf);
int mill_float_text(float f, char *buf);

#endif
