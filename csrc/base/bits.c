/* Sets of rows as words of bits; see bits.h. */
#include "base/bits.h"

#include "base/hot.h"

MILL_HOT uint32_t mill_bits_count(const uint64_t *rows, uint32_t n) {
  uint32_t count = 0;
  for (uint32_t w = 0; w < mill_bits_words(n); w++)
    count += (uint32_t)__builtin_popcountll(rows[w]);
  return count;
}

/* A word with many rows is gone through bit by bit, which asks nothing that cannot be foretold. Of few rows most
** words have none, and most others one: that is taken without asking whether there is one. */
enum { MANY = 24 };

MILL_HOT uint32_t mill_bits_list(const uint64_t *rows, uint32_t n, uint32_t *out) {
  uint32_t k = 0;
  for (uint32_t w = 0; w < mill_bits_words(n); w++) {
    uint64_t bits = rows[w];
    if (__builtin_popcountll(bits) < MANY) {
      out[k] = w * 64 + (uint32_t)(__builtin_ffsll((long long)bits) - 1);
      k += bits != 0;
      for (bits &= bits - 1; bits; bits &= bits - 1)
        out[k++] = w * 64 + (uint32_t)__builtin_ctzll(bits);
      continue;
    }
    for (uint32_t i = 0; i < 64 && bits; i++, bits >>= 1) {
      out[k] = w * 64 + i;
      k += bits & 1;
    }
  }
  return k;
}
