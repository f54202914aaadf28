/* Hashing: Spark's own functions bit for bit, a fast one for hash tables, and digests.
**
** mill_murmur3_* and mill_xxh64_* equal Spark's hash() (seed 42) and xxhash64() (seed 42): a row's
** columns are folded by using each result as the next seed. mill_hash_* is internal and may change.
** */
#ifndef MILL_BASE_HASH_H
#define MILL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

/* Murmur3_x86_32 as Spark's Murmur3_x86_32.hashInt, hashLong, hashUnsafeBytes (each byte of the
** tail is mixed by itself, as a signed int), and hashUnsafeBytes2, the standard tail, which
** HashingTF uses. */
int32_t mill_murmur3_int(int32_t v, int32_t seed);
int32_t mill_murmur3_long(int64_t v, int32_t seed);
int32_t mill_murmur3_bytes(const void *p, size_t n, int32_t seed);
int32_t mill_murmur3_bytes2(const void *p, size_t n, int32_t seed);

/* MurmurHash3_x64_128 (Appleby), by which sketches of the DataSketches family hash. */
void mill_murmur3_128(const void *p, size_t n, uint64_t seed, uint64_t out[2]);

static inline uint64_t mill_hash_turn(uint64_t x, int n) { return x << n | x >> (64 - n); }
static inline uint64_t mill_murmur3_128_mix(uint64_t h) {
  h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
  h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
  return h ^ h >> 33;
}
/* The same of the eight bytes of a word. */
static inline void mill_murmur3_128_word(uint64_t k, uint64_t seed, uint64_t out[2]) {
  uint64_t a = mill_hash_turn(k * 0x87c37b91114253d5u, 31) * 0x4cf5ad432745937fu ^ seed ^ 8;
  uint64_t b = seed ^ 8;
  a += b, b += a;
  a = mill_murmur3_128_mix(a), b = mill_murmur3_128_mix(b);
  out[0] = a + b;
  out[1] = a + 2 * b;
}

/* XXH64 as Spark's XXH64.hashInt, hashLong, hashUnsafeBytes. */
int64_t mill_xxh64_int(int32_t v, int64_t seed);
int64_t mill_xxh64_long(int64_t v, int64_t seed);
int64_t mill_xxh64_bytes(const void *p, size_t n, int64_t seed);

/* A 64-bit word well mixed (the finaliser of splitmix64). */
static inline uint64_t mill_hash_word(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ull;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebull;
  return x ^ x >> 31;
}
static inline uint64_t mill_hash_combine(uint64_t h, uint64_t x) {
  return mill_hash_word(h * 0x9e3779b97f4a7c15ull + x);
}
uint64_t mill_hash_bytes(const void *p, size_t n);

uint32_t mill_crc32(const void *p, size_t n);

/* Digests as bytes: RFC 1321, FIPS 180-4. Long messages are watched (mill_watch_check), nothing else fails. */
mill_status mill_md5(const void *p, size_t n, uint8_t out[16], mill_error *err) MILL_USE_RESULT;
mill_status mill_sha1(const void *p, size_t n, uint8_t out[20], mill_error *err) MILL_USE_RESULT;
/* bits: 224, 256, 384, 512; out has bits / 8 bytes. */
mill_status mill_sha2(int bits, const void *p, size_t n, uint8_t *out,
                      mill_error *err) MILL_USE_RESULT;

#endif
