/* Sets of rows as words of bits: row i is bit i & 63 of word i / 64. Bits behind the last row are 0. */
#ifndef MILL_BASE_BITS_H
#define MILL_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Words of so many rows. */
static inline uint32_t mill_bits_words(uint32_t n) { return (n + 63) / 64; }

/* Which of 64 bytes are not 0. */
static inline uint64_t mill_bits_of(const uint8_t *byte) {
  uint64_t bits = 0;
#ifdef __SSE2__
  for (int i = 0; i < 64; i += 16) {
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(byte + i));
    const int none = _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128()));
    bits |= (uint64_t)(uint16_t)~none << i;
  }
#else
  for (int i = 0; i < 64; i++) bits |= (uint64_t)(byte[i] != 0) << i;
#endif
  return bits;
}

/* All of n rows. */
static inline void mill_bits_fill(uint64_t *rows, uint32_t n) {
  memset(rows, 0xff, n / 64 * sizeof *rows);
  if (n % 64) rows[n / 64] = (1ull << n % 64) - 1;
}

uint32_t mill_bits_count(const uint64_t *rows, uint32_t n);
/* The rows in their order; how many. There is room for one more in `out`. */
uint32_t mill_bits_list(const uint64_t *rows, uint32_t n, uint32_t *out);

#endif
