/* Spark's random numbers: XORShiftRandom, whose seed is hashed, and java.util.Random where Spark uses
** that. The same seed gives the numbers that Spark gives. State is one word, kept by the caller. */
#ifndef MILL_BASE_XORSHIFT_H
#define MILL_BASE_XORSHIFT_H

#include <stdint.h>

typedef struct mill_xorshift {
  uint64_t state;
} mill_xorshift;

static inline uint64_t mill_xorshift_step(uint64_t s) {
  s ^= s << 21;
  s ^= s >> 35;
  return s ^ s << 4;
}

/* MurmurHash3 of Scala's library over the seed's 8 big-endian bytes. */
static inline uint32_t mill_xorshift_murmur(uint64_t seed, uint32_t h) {
  uint32_t word[] = {__builtin_bswap32((uint32_t)(seed >> 32)), __builtin_bswap32((uint32_t)seed)};
  for (int i = 0; i < 2; i++) {
    uint32_t k = word[i] * 0xcc9e2d51u;
    k = (k << 15 | k >> 17) * 0x1b873593u;
    h ^= k;
    h = (h << 13 | h >> 19) * 5 + 0xe6546b64u;
  }
  h ^= 8;
  h ^= h >> 16;
  h *= 0x85ebca6bu;
  h ^= h >> 13;
  h *= 0xc2b2ae35u;
  return h ^ h >> 16;
}

static inline uint64_t mill_xorshift_hash(uint64_t seed) {
  uint32_t low = mill_xorshift_murmur(seed, 0x3c074a61u);
  return (uint64_t)mill_xorshift_murmur(seed, low) << 32 | low;
}

static inline mill_xorshift mill_xorshift_new(uint64_t seed) {
  return (mill_xorshift){mill_xorshift_hash(seed)};
}

/* The low `bits` bits of the next word. */
static inline uint32_t mill_xorshift_bits(mill_xorshift *r, int bits) {
  r->state = mill_xorshift_step(r->state);
  return (uint32_t)(r->state & ((1ull << bits) - 1));
}

static inline int32_t mill_xorshift_int(mill_xorshift *r) {
  return (int32_t)mill_xorshift_bits(r, 32);
}

/* [0, 1) */
static inline double mill_xorshift_double(mill_xorshift *r) {
  uint64_t high = mill_xorshift_bits(r, 26);
  return (double)((high << 27) + mill_xorshift_bits(r, 27)) * 0x1p-53;
}

/* java.util.Random: a linear congruential generator of 48 bits. */
typedef struct mill_java_random {
  uint64_t state;
} mill_java_random;

static inline mill_java_random mill_java_random_new(uint64_t seed) {
  return (mill_java_random){(seed ^ 0x5DEECE66Dull) & ((1ull << 48) - 1)};
}

static inline uint32_t mill_java_random_bits(mill_java_random *r, int bits) {
  r->state = (r->state * 0x5DEECE66Dull + 0xBull) & ((1ull << 48) - 1);
  return (uint32_t)(r->state >> (48 - bits));
}

static inline int32_t mill_java_random_int(mill_java_random *r) {
  return (int32_t)mill_java_random_bits(r, 32);
}

static inline int64_t mill_java_random_long(mill_java_random *r) {
  int64_t high = mill_java_random_int(r);
  return (int64_t)((uint64_t)high << 32) + mill_java_random_int(r);
}

/* [0, bound) */
static inline int32_t mill_java_random_below(mill_java_random *r, int32_t bound) {
  int32_t m = bound - 1, v = (int32_t)mill_java_random_bits(r, 31);
  if ((bound & m) == 0) return (int32_t)((int64_t)bound * v >> 31);
  int32_t u = v;
  while (v = u % bound, (int64_t)u - v + m > INT32_MAX) u = (int32_t)mill_java_random_bits(r, 31);
  return v;
}

/* [0, 1) */
static inline double mill_java_random_double(mill_java_random *r) {
  uint64_t high = mill_java_random_bits(r, 26);
  return (double)((high << 27) + mill_java_random_bits(r, 27)) * 0x1p-53;
}

#endif
