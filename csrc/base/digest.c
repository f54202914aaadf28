/* Digests: MD5 (RFC 1321), SHA-1 and SHA-2 (FIPS 180-4). Whole messages only; not for secrets. */
#include "base/hash.h"
#include "base/thread.h"

#include <stdbool.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>
#endif

/* floor(|sin(i + 1)| * 2^32) */
static const uint32_t md5_k[64] = {
    0xd76aa478u, 0xe8c7b756u, 0x242070dbu, 0xc1bdceeeu, 0xf57c0fafu, 0x4787c62au, 0xa8304613u,
    0xfd469501u, 0x698098d8u, 0x8b44f7afu, 0xffff5bb1u, 0x895cd7beu, 0x6b901122u, 0xfd987193u,
    0xa679438eu, 0x49b40821u, 0xf61e2562u, 0xc040b340u, 0x265e5a51u, 0xe9b6c7aau, 0xd62f105du,
    0x02441453u, 0xd8a1e681u, 0xe7d3fbc8u, 0x21e1cde6u, 0xc33707d6u, 0xf4d50d87u, 0x455a14edu,
    0xa9e3e905u, 0xfcefa3f8u, 0x676f02d9u, 0x8d2a4c8au, 0xfffa3942u, 0x8771f681u, 0x6d9d6122u,
    0xfde5380cu, 0xa4beea44u, 0x4bdecfa9u, 0xf6bb4b60u, 0xbebfbc70u, 0x289b7ec6u, 0xeaa127fau,
    0xd4ef3085u, 0x04881d05u, 0xd9d4d039u, 0xe6db99e5u, 0x1fa27cf8u, 0xc4ac5665u, 0xf4292244u,
    0x432aff97u, 0xab9423a7u, 0xfc93a039u, 0x655b59c3u, 0x8f0ccc92u, 0xffeff47du, 0x85845dd1u,
    0x6fa87e4fu, 0xfe2ce6e0u, 0xa3014314u, 0x4e0811a1u, 0xf7537e82u, 0xbd3af235u, 0x2ad7d2bbu,
    0xeb86d391u,
};

/* Fractional parts of the cube roots of the first 80 primes; SHA-256 uses the upper halves of 64.
** */
static const uint64_t sha_k[80] = {
    0x428a2f98d728ae22ull, 0x7137449123ef65cdull, 0xb5c0fbcfec4d3b2full, 0xe9b5dba58189dbbcull,
    0x3956c25bf348b538ull, 0x59f111f1b605d019ull, 0x923f82a4af194f9bull, 0xab1c5ed5da6d8118ull,
    0xd807aa98a3030242ull, 0x12835b0145706fbeull, 0x243185be4ee4b28cull, 0x550c7dc3d5ffb4e2ull,
    0x72be5d74f27b896full, 0x80deb1fe3b1696b1ull, 0x9bdc06a725c71235ull, 0xc19bf174cf692694ull,
    0xe49b69c19ef14ad2ull, 0xefbe4786384f25e3ull, 0x0fc19dc68b8cd5b5ull, 0x240ca1cc77ac9c65ull,
    0x2de92c6f592b0275ull, 0x4a7484aa6ea6e483ull, 0x5cb0a9dcbd41fbd4ull, 0x76f988da831153b5ull,
    0x983e5152ee66dfabull, 0xa831c66d2db43210ull, 0xb00327c898fb213full, 0xbf597fc7beef0ee4ull,
    0xc6e00bf33da88fc2ull, 0xd5a79147930aa725ull, 0x06ca6351e003826full, 0x142929670a0e6e70ull,
    0x27b70a8546d22ffcull, 0x2e1b21385c26c926ull, 0x4d2c6dfc5ac42aedull, 0x53380d139d95b3dfull,
    0x650a73548baf63deull, 0x766a0abb3c77b2a8ull, 0x81c2c92e47edaee6ull, 0x92722c851482353bull,
    0xa2bfe8a14cf10364ull, 0xa81a664bbc423001ull, 0xc24b8b70d0f89791ull, 0xc76c51a30654be30ull,
    0xd192e819d6ef5218ull, 0xd69906245565a910ull, 0xf40e35855771202aull, 0x106aa07032bbd1b8ull,
    0x19a4c116b8d2d0c8ull, 0x1e376c085141ab53ull, 0x2748774cdf8eeb99ull, 0x34b0bcb5e19b48a8ull,
    0x391c0cb3c5c95a63ull, 0x4ed8aa4ae3418acbull, 0x5b9cca4f7763e373ull, 0x682e6ff3d6b2b8a3ull,
    0x748f82ee5defb2fcull, 0x78a5636f43172f60ull, 0x84c87814a1f0ab72ull, 0x8cc702081a6439ecull,
    0x90befffa23631e28ull, 0xa4506cebde82bde9ull, 0xbef9a3f7b2c67915ull, 0xc67178f2e372532bull,
    0xca273eceea26619cull, 0xd186b8c721c0c207ull, 0xeada7dd6cde0eb1eull, 0xf57d4f7fee6ed178ull,
    0x06f067aa72176fbaull, 0x0a637dc5a2c898a6ull, 0x113f9804bef90daeull, 0x1b710b35131c471bull,
    0x28db77f523047d84ull, 0x32caab7b40c72493ull, 0x3c9ebe0a15c9bebcull, 0x431d67c49c100d4cull,
    0x4cc5d4becb3e42b6ull, 0x597f299cfc657e2aull, 0x5fcb6fab3ad6faecull, 0x6c44198c4a475817ull,
};

/* Fractional parts of the square roots of the first 8 primes, and of the 9th to 16th. */
static const uint64_t sha_h1[8] = {
    0x6a09e667f3bcc908ull, 0xbb67ae8584caa73bull, 0x3c6ef372fe94f82bull, 0xa54ff53a5f1d36f1ull,
    0x510e527fade682d1ull, 0x9b05688c2b3e6c1full, 0x1f83d9abfb41bd6bull, 0x5be0cd19137e2179ull,
};
static const uint64_t sha_h2[8] = {
    0xcbbb9d5dc1059ed8ull, 0x629a292a367cd507ull, 0x9159015a3070dd17ull, 0x152fecd8f70e5939ull,
    0x67332667ffc00b31ull, 0x8eb44a8768581511ull, 0xdb0c2e0d64f98fa7ull, 0x47b5481dbefa4fa4ull,
};

static uint32_t rotl(uint32_t x, int r) { return x << r | x >> (32 - r); }
static uint32_t rotr(uint32_t x, int r) { return x >> r | x << (32 - r); }
static uint64_t rotr64(uint64_t x, int r) { return x >> r | x << (64 - r); }

typedef void (*block_fn)(void *state, const uint8_t *block);

/* Feed the message in blocks and then its padding: 0x80, zeros, the length in bits. */
static mill_status digest(block_fn f, void *state, size_t block, bool big_endian, const uint8_t *p,
                          size_t n, mill_error *err) {
  enum {
    WATCHED = 1 << 20
  }; /* bytes between looks at whether it is to go on; whole blocks of any size */
  size_t left = n;
  for (; left >= block; left -= block, p += block) {
    if (left != n && (n - left) % WATCHED == 0) MILL_TRY(mill_watch_check(err));
    f(state, p);
  }
  uint8_t tail[256] = {0};
  if (left) memcpy(tail, p, left);
  tail[left] = 0x80;
  size_t length = block == 128 ? 16 : 8, total = left + 1 + length <= block ? block : 2 * block;
  uint64_t bits = (uint64_t)n * 8;
  for (int i = 0; i < 8; i++) {
    size_t at = big_endian ? total - 1 - (size_t)i : total - 8 + (size_t)i;
    tail[at] = (uint8_t)(bits >> (8 * i));
  }
  for (size_t i = 0; i < total; i += block) f(state, tail + i);
  return MILL_OK;
}

static uint64_t load_be(const uint8_t *p, int n) {
  uint64_t v = 0;
  for (int i = 0; i < n; i++) v = v << 8 | p[i];
  return v;
}

static void store_be(uint8_t *p, uint64_t v, int n) {
  for (int i = 0; i < n; i++) p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

static void md5_block(void *state, const uint8_t *p) {
  static const uint8_t shift[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
  uint32_t *h = state, w[16], a = h[0], b = h[1], c = h[2], d = h[3];
  memcpy(w, p, 64);
  for (int i = 0; i < 64; i++) {
    uint32_t f;
    int g, round = i / 16;
    switch (round) {
    case 0: f = (b & c) | (~b & d), g = i; break;
    case 1: f = (d & b) | (~d & c), g = (5 * i + 1) % 16; break;
    case 2: f = b ^ c ^ d, g = (3 * i + 5) % 16; break;
    default: f = c ^ (b | ~d), g = 7 * i % 16; break;
    }
    uint32_t t = d;
    d = c;
    c = b;
    b += rotl(a + f + md5_k[i] + w[g], shift[round * 4 + i % 4]);
    a = t;
  }
  h[0] += a, h[1] += b, h[2] += c, h[3] += d;
}

mill_status mill_md5(const void *p, size_t n, uint8_t out[16], mill_error *err) {
  uint32_t h[4] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u};
  MILL_TRY(digest(md5_block, h, 64, false, p, n, err));
  memcpy(out, h, 16);
  return MILL_OK;
}

static void sha1_block(void *state, const uint8_t *p) {
  uint32_t *h = state, w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
  for (int i = 0; i < 16; i++) w[i] = (uint32_t)load_be(p + 4 * i, 4);
  for (int i = 16; i < 80; i++) w[i] = rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  for (int i = 0; i < 80; i++) {
    uint32_t f, k;
    switch (i / 20) {
    case 0: f = (b & c) | (~b & d), k = 0x5a827999u; break;
    case 1: f = b ^ c ^ d, k = 0x6ed9eba1u; break;
    case 2: f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdcu; break;
    default: f = b ^ c ^ d, k = 0xca62c1d6u; break;
    }
    uint32_t t = rotl(a, 5) + f + e + k + w[i];
    e = d;
    d = c;
    c = rotl(b, 30);
    b = a;
    a = t;
  }
  h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

mill_status mill_sha1(const void *p, size_t n, uint8_t out[20], mill_error *err) {
  uint32_t h[5] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};
  MILL_TRY(digest(sha1_block, h, 64, true, p, n, err));
  for (int i = 0; i < 5; i++) store_be(out + 4 * i, h[i], 4);
  return MILL_OK;
}

static void sha256_block(void *state, const uint8_t *p) {
  uint32_t *h = state, w[64], v[8];
  for (int i = 0; i < 16; i++) w[i] = (uint32_t)load_be(p + 4 * i, 4);
  for (int i = 16; i < 64; i++) {
    uint32_t x = w[i - 15], y = w[i - 2];
    w[i] = w[i - 16] + (rotr(x, 7) ^ rotr(x, 18) ^ x >> 3) + w[i - 7] +
           (rotr(y, 17) ^ rotr(y, 19) ^ y >> 10);
  }
  memcpy(v, h, sizeof v);
  for (int i = 0; i < 64; i++) {
    uint32_t s1 = rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25);
    uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + (uint32_t)(sha_k[i] >> 32) + w[i];
    uint32_t s0 = rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22);
    uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) h[i] += v[i];
}

#if defined(__x86_64__)
/* The same by the processor's own rounds, four words of the message at a time (Intel SHA extensions): the state is in
** two registers, ABEF and CDGH. */
__attribute__((target("sha,sse4.1"))) static void sha256_block_x86(void *state, const uint8_t *p) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i *h = state, m[4];
  __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(h), 0xb1);
  __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(h + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
  const __m128i abef_before = abef, cdgh_before = cdgh;
  for (int i = 0; i < 16; i++) {
    __m128i *w = &m[i & 3];
    if (i < 4) {
      *w = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p + i), swap);
    } else {
      __m128i last = m[(i + 3) & 3], sum = _mm_sha256msg1_epu32(*w, m[(i + 1) & 3]);
      sum = _mm_add_epi32(sum, _mm_alignr_epi8(last, m[(i + 2) & 3], 4));
      *w = _mm_sha256msg2_epu32(sum, last);
    }
    __m128 k0 = _mm_loadu_ps((const float *)(sha_k + 4 * i)); /* the upper halves of four */
    __m128 k1 = _mm_loadu_ps((const float *)(sha_k + 4 * i + 2));
    __m128i k = _mm_castps_si128(_mm_shuffle_ps(k0, k1, _MM_SHUFFLE(3, 1, 3, 1)));
    k = _mm_add_epi32(k, *w);
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, k);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(k, 0x0e));
  }
  abef = _mm_shuffle_epi32(_mm_add_epi32(abef, abef_before), 0x1b);
  cdgh = _mm_shuffle_epi32(_mm_add_epi32(cdgh, cdgh_before), 0xb1);
  _mm_storeu_si128(h, _mm_blend_epi16(abef, cdgh, 0xf0));
  _mm_storeu_si128(h + 1, _mm_alignr_epi8(cdgh, abef, 8));
}

/* The processor is asked once: in a virtual machine that is dear. */
static block_fn sha256_blocks(void) {
  static _Atomic(block_fn) known;
  block_fn f = atomic_load_explicit(&known, memory_order_relaxed);
  if (f == NULL) {
    unsigned a, b = 0, c, d;
    bool there = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) != 0;
    f = there && __builtin_cpu_supports("sse4.1") ? sha256_block_x86 : sha256_block;
    atomic_store_explicit(&known, f, memory_order_relaxed);
  }
  return f;
}
#else
static block_fn sha256_blocks(void) { return sha256_block; }
#endif

static void sha512_block(void *state, const uint8_t *p) {
  uint64_t *h = state, w[80], v[8];
  for (int i = 0; i < 16; i++) w[i] = load_be(p + 8 * i, 8);
  for (int i = 16; i < 80; i++) {
    uint64_t x = w[i - 15], y = w[i - 2];
    w[i] = w[i - 16] + (rotr64(x, 1) ^ rotr64(x, 8) ^ x >> 7) + w[i - 7] +
           (rotr64(y, 19) ^ rotr64(y, 61) ^ y >> 6);
  }
  memcpy(v, h, sizeof v);
  for (int i = 0; i < 80; i++) {
    uint64_t s1 = rotr64(v[4], 14) ^ rotr64(v[4], 18) ^ rotr64(v[4], 41);
    uint64_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + sha_k[i] + w[i];
    uint64_t s0 = rotr64(v[0], 28) ^ rotr64(v[0], 34) ^ rotr64(v[0], 39);
    uint64_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) h[i] += v[i];
}

mill_status mill_sha2(int bits, const void *p, size_t n, uint8_t *out, mill_error *err) {
  if (bits <= 256) {
    uint32_t h[8];
    for (int i = 0; i < 8; i++)
      h[i] = bits == 256 ? (uint32_t)(sha_h1[i] >> 32) : (uint32_t)sha_h2[i];
    MILL_TRY(digest(sha256_blocks(), h, 64, true, p, n, err));
    for (int i = 0; i < bits / 32; i++) store_be(out + 4 * i, h[i], 4);
  } else {
    uint64_t h[8];
    memcpy(h, bits == 512 ? sha_h1 : sha_h2, sizeof h);
    MILL_TRY(digest(sha512_block, h, 128, true, p, n, err));
    for (int i = 0; i < bits / 64; i++) store_be(out + 8 * i, h[i], 8);
  }
  return MILL_OK;
}
