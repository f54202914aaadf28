/* UTF-8 texts: validity, code points, case as Java's Locale.ROOT has it, width on a terminal.
**
** Functions take any bytes: a byte that starts no valid sequence counts as one character; where characters are counted,
** the first byte of one says how many bytes it takes, whatever follows, as in Spark's length and substring. */
#ifndef MILL_BASE_UTF8_H
#define MILL_BASE_UTF8_H

#include "base/text.h"

/* Length of the sequence at p (1..4), 0 when it is not valid UTF-8 (surrogates, overlong, above
** U+10FFFF). */
int mill_utf8_length(const char *p, size_t n);
bool mill_utf8_valid(const char *p, size_t n);
/* Replace invalid sequences by U+FFFD, as Java's decoder does. */
mill_status mill_utf8_repair(const char *p, size_t n, mill_text *out,
                             mill_error *err) MILL_USE_RESULT;
/* The code point at p and its length; invalid: U+FFFD, 1. n > 0. */
int32_t mill_utf8_decode(const char *p, size_t n, int *length);
int mill_utf8_encode(int32_t c, char *out); /* returns 1..4 */

/* As Java's Character.digit(c, 10): the value of a decimal digit of any script, or -1. */
int mill_utf8_digit(int32_t c);
/* As Java's Character.isWhitespace. */
bool mill_utf8_blank(int32_t c);

/* In the header for the sake of short texts. The last word overlaps those before. */
static inline bool mill_utf8_ascii(const char *p, size_t n) {
  uint64_t any = 0, w = 0;
  if (n < 8) {
    for (size_t i = 0; i < n; i++) any |= (uint64_t)(uint8_t)p[i];
    return any < 0x80;
  }
  for (size_t i = 0; i + 8 < n; i += 8) {
    memcpy(&w, p + i, 8);
    any |= w;
  }
  memcpy(&w, p + n - 8, 8);
  return ((any | w) & 0x8080808080808080ull) == 0;
}
size_t mill_utf8_check(const char *p, size_t n); /* characters of a valid text, else SIZE_MAX */
/* Bytes that a character takes which begins with this one, whatever follows. */
static inline size_t mill_utf8_takes(uint8_t first) {
  if (first < 0xc2 || first > 0xf4) return 1;
  return 2 + (size_t)(first >= 0xe0) + (size_t)(first >= 0xf0);
}
size_t mill_utf8_count(const char *p, size_t n); /* characters */
/* Byte offset of character number `chars` (n when there are fewer). */
size_t mill_utf8_offset(const char *p, size_t n, size_t chars);

typedef enum mill_case { MILL_UPPER, MILL_LOWER, MILL_INITCAP } mill_case;
/* Append the text in upper or lower case (full mappings, final sigma), or with the first letter of
** each word in title case and the rest in lower case; words end at blanks. */
mill_status mill_utf8_case(mill_case how, const char *p, size_t n, mill_text *out,
                           mill_error *err) MILL_USE_RESULT;

/* MILL_UPPER or MILL_LOWER of an ASCII text into out[0, n), in one pass; false: the text is not ASCII, and
** what is in `out` is nothing. */
bool mill_utf8_ascii_case(mill_case how, const char *p, size_t n, char *out);

/* Columns on a terminal; wide characters count as 2 as in Spark's show(). */
size_t mill_utf8_width(const char *p, size_t n);

#endif
