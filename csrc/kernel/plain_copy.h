/* Copies of texts that mostly need no escapes: what is copied is looked through on the way, eight bytes at once. */
#ifndef MILL_KERNEL_PLAIN_COPY_H
#define MILL_KERNEL_PLAIN_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PLAIN_COPY_ROOM = 16 }; /* so much more may be written than the text has */

#define PLAIN_ONES 0x0101010101010101ull
#define PLAIN_HIGH 0x8080808080808080ull

/* Not zero where one of x's bytes is c, is below c (at most 128), or is not ASCII. */
static inline uint64_t plain_has(uint64_t x, unsigned char c) {
  x ^= PLAIN_ONES * c;
  return (x - PLAIN_ONES) & ~x & PLAIN_HIGH;
}
static inline uint64_t plain_has_below(uint64_t x, unsigned char c) {
  return (x - PLAIN_ONES * c) & ~x & PLAIN_HIGH;
}
static inline uint64_t plain_has_wide(uint64_t x) { return x & PLAIN_HIGH; }

/* Copy n bytes; false where special(eight of them) is not zero, which of eight blanks it is. */
static inline __attribute__((always_inline)) bool plain_copy(char *to, const char *p, size_t n,
                                                             uint64_t (*special)(uint64_t)) {
  uint64_t x = PLAIN_ONES * ' ', found = 0;
  if (n < 8) {
    char *b = (char *)&x;
    if (n & 4) memcpy(b, p, 4);
    if (n & 2) memcpy(b + (n & 4), p + (n & 4), 2);
    if (n & 1) b[n - 1] = p[n - 1];
    memcpy(to, &x, 8);
    return special(x) == 0;
  }
  for (size_t i = 0; i < n; i += 8) {
    size_t at = n - i < 8 ? n - 8 : i; /* the last eight overlap */
    memcpy(&x, p + at, 8);
    memcpy(to + at, &x, 8);
    found |= special(x);
  }
  return found == 0;
}

/* Copy n bytes behind which 16 can be read. */
static inline char *plain_put(char *to, const char *p, size_t n) {
  memcpy(to, p, 16);
  if (n > 16) memcpy(to + 16, p + 16, n - 16);
  return to + n;
}

#endif
