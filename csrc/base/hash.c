#include "base/hash.h"

#include <zlib.h>

static uint32_t load32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

static uint64_t load64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}

static uint32_t rotl32(uint32_t x, int r) { return x << r | x >> (32 - r); }
static uint64_t rotl64(uint64_t x, int r) { return x << r | x >> (64 - r); }

/* ---- Murmur3, 32 bits ---- */

static uint32_t murmur_k(uint32_t k) { return rotl32(k * 0xcc9e2d51u, 15) * 0x1b873593u; }
static uint32_t murmur_mix(uint32_t h, uint32_t k) {
  return rotl32(h ^ murmur_k(k), 13) * 5 + 0xe6546b64u;
}
static int32_t murmur_final(uint32_t h, uint32_t n) {
  h ^= n;
  h = (h ^ h >> 16) * 0x85ebca6bu;
  h = (h ^ h >> 13) * 0xc2b2ae35u;
  return (int32_t)(h ^ h >> 16);
}

int32_t mill_murmur3_int(int32_t v, int32_t seed) {
  return murmur_final(murmur_mix((uint32_t)seed, (uint32_t)v), 4);
}

int32_t mill_murmur3_long(int64_t v, int32_t seed) {
  uint32_t h = murmur_mix((uint32_t)seed, (uint32_t)v);
  return murmur_final(murmur_mix(h, (uint32_t)((uint64_t)v >> 32)), 8);
}

int32_t mill_murmur3_bytes(const void *p, size_t n, int32_t seed) {
  const uint8_t *s = p;
  uint32_t h = (uint32_t)seed;
  size_t i = 0;
  for (; i + 4 <= n; i += 4) h = murmur_mix(h, load32(s + i));
  for (; i < n; i++) h = murmur_mix(h, (uint32_t)(int32_t)(int8_t)s[i]);
  return murmur_final(h, (uint32_t)n);
}

int32_t mill_murmur3_bytes2(const void *p, size_t n, int32_t seed) {
  const uint8_t *s = p;
  uint32_t h = (uint32_t)seed, k = 0;
  size_t i = 0;
  for (; i + 4 <= n; i += 4) h = murmur_mix(h, load32(s + i));
  for (size_t j = 0; i + j < n; j++) k |= (uint32_t)s[i + j] << (8 * j);
  if (i < n) h ^= murmur_k(k);
  return murmur_final(h, (uint32_t)n);
}

/* ---- Murmur3, 128 bits ---- */

static uint64_t murmur128_a(uint64_t k) {
  return rotl64(k * 0x87c37b91114253d5u, 31) * 0x4cf5ad432745937fu;
}
static uint64_t murmur128_b(uint64_t k) {
  return rotl64(k * 0x4cf5ad432745937fu, 33) * 0x87c37b91114253d5u;
}

void mill_murmur3_128(const void *p, size_t n, uint64_t seed, uint64_t out[2]) {
  const uint8_t *s = p;
  uint64_t a = seed, b = seed;
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    a = (rotl64(a ^ murmur128_a(load64(s + i)), 27) + b) * 5 + 0x52dce729;
    b = (rotl64(b ^ murmur128_b(load64(s + i + 8)), 31) + a) * 5 + 0x38495ab5;
  }
  uint8_t tail[16] = {0};
  memcpy(tail, s + i, n - i);
  a ^= murmur128_a(load64(tail));
  b ^= murmur128_b(load64(tail + 8));
  a ^= n, b ^= n;
  a += b, b += a;
  a = mill_murmur3_128_mix(a), b = mill_murmur3_128_mix(b);
  out[0] = a + b;
  out[1] = a + 2 * b;
}

/* ---- XXH64 ---- */

#define XXH1 0x9E3779B185EBCA87ull
#define XXH2 0xC2B2AE3D27D4EB4Full
#define XXH3 0x165667B19E3779F9ull
#define XXH4 0x85EBCA77C2B2AE63ull
#define XXH5 0x27D4EB2F165667C5ull

static uint64_t xxh_round(uint64_t acc, uint64_t v) { return rotl64(acc + v * XXH2, 31) * XXH1; }
static int64_t xxh_final(uint64_t h) {
  h = (h ^ h >> 33) * XXH2;
  h = (h ^ h >> 29) * XXH3;
  return (int64_t)(h ^ h >> 32);
}
static uint64_t xxh_word(uint64_t h, uint64_t v) {
  return rotl64(h ^ xxh_round(0, v), 27) * XXH1 + XXH4;
}
static uint64_t xxh_half(uint64_t h, uint32_t v) { return rotl64(h ^ v * XXH1, 23) * XXH2 + XXH3; }

int64_t mill_xxh64_int(int32_t v, int64_t seed) {
  return xxh_final(xxh_half((uint64_t)seed + XXH5 + 4, (uint32_t)v));
}

int64_t mill_xxh64_long(int64_t v, int64_t seed) {
  return xxh_final(xxh_word((uint64_t)seed + XXH5 + 8, (uint64_t)v));
}

static uint64_t xxh_blocks(const uint8_t **p, const uint8_t *end, uint64_t seed) {
  uint64_t v[4] = {seed + XXH1 + XXH2, seed + XXH2, seed, seed - XXH1};
  for (; end - *p >= 32; *p += 32)
    for (int i = 0; i < 4; i++) v[i] = xxh_round(v[i], load64(*p + 8 * i));
  uint64_t h = rotl64(v[0], 1) + rotl64(v[1], 7) + rotl64(v[2], 12) + rotl64(v[3], 18);
  for (int i = 0; i < 4; i++) h = (h ^ xxh_round(0, v[i])) * XXH1 + XXH4;
  return h;
}

int64_t mill_xxh64_bytes(const void *data, size_t n, int64_t seed) {
  const uint8_t *p = data, *end = p + n;
  uint64_t h = n >= 32 ? xxh_blocks(&p, end, (uint64_t)seed) : (uint64_t)seed + XXH5;
  h += n;
  for (; end - p >= 8; p += 8) h = xxh_word(h, load64(p));
  if (end - p >= 4) {
    h = xxh_half(h, load32(p));
    p += 4;
  }
  for (; p < end; p++) h = rotl64(h ^ *p * XXH5, 11) * XXH1;
  return xxh_final(h);
}

/* ---- Internal: 16 bytes a step through one 64x64->128 multiplication ---- */

static uint64_t fold(uint64_t a, uint64_t b) {
  unsigned __int128 t = (unsigned __int128)a * b;
  return (uint64_t)t ^ (uint64_t)(t >> 64);
}

uint64_t mill_hash_bytes(const void *data, size_t n) {
  const uint8_t *p = data;
  uint64_t h = n * XXH5 + XXH1;
  size_t left = n;
  for (; left > 16; left -= 16, p += 16) h = fold(load64(p) ^ XXH2, load64(p + 8) ^ h);
  uint64_t a = 0, b = 0;
  if (left >= 8) {
    a = load64(p);
    b = load64(p + left - 8);
  } else if (left >= 4) {
    a = load32(p);
    b = load32(p + left - 4);
  } else if (left) {
    a = (uint64_t)p[0] << 16 | (uint64_t)p[left >> 1] << 8 | p[left - 1];
  }
  return mill_hash_word(fold(a ^ XXH3, b ^ h) ^ h);
}

uint32_t mill_crc32(const void *p, size_t n) {
  const uint8_t *s = p;
  uLong c = crc32(0, NULL, 0);
  for (; n > 1u << 30; n -= 1u << 30, s += 1u << 30) c = crc32(c, s, 1u << 30);
  return (uint32_t)crc32(c, s, (uInt)n);
}
