/* See find.h. Many places at a time are tried by the needle's first and last byte, and compared where
** both are right; the last ones overlap those before. Texts of 64 places and more take the widest
** vectors that the machine has, sixteen places a step else. Without SSE2 the first byte is looked for
** with memchr. */
#include "base/find.h"

#include <stdint.h>
#include <string.h>

/* Needles from here on are memmem's: it never takes more than linear time. */
enum { MOST_NEEDLE = 64, WIDE_PLACES = 64 };

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define WIDE __attribute__((target("avx512bw")))
#define MIDDLE __attribute__((target("avx2")))

enum { PLACES = 16 };

/* Apart from the loops, so that they need not keep their vectors from a call. */
__attribute__((noinline)) static const char *compare(const char *p, uint64_t at, const char *what,
                                                     size_t m) {
  for (uint32_t head; at; at &= at - 1) {
    const char *q = p + __builtin_ctzll(at);
    if (m < 4) {
      if (m == 2 || q[1] == what[1]) return q;
      continue;
    }
    memcpy(&head, q, 4);
    if (memcmp(&head, what, 4) == 0 && memcmp(q + 4, what + 4, m - 4) == 0) return q;
  }
  return NULL;
}

/* The loop over `places` places, STEP at a time; places >= STEP. */
#define SEARCH(STEP, MASK)                                                                         \
  for (size_t i = 0, end = places - (STEP);; i = i + (STEP) < end ? i + (STEP) : end) {            \
    const char *at = p + i;                                                                        \
    uint64_t mask = (MASK);                                                                        \
    const char *q = mask ? compare(at, mask, what, m) : NULL;                                      \
    if (q || i == end) return q;                                                                   \
  }

static WIDE const char *find_wide(const char *p, size_t places, const char *what, size_t m) {
  const __m512i first = _mm512_set1_epi8(what[0]), last = _mm512_set1_epi8(what[m - 1]);
  SEARCH(64, _mm512_mask_cmpeq_epi8_mask(_mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), first),
                                         _mm512_loadu_si512(at + m - 1), last))
}

static MIDDLE inline uint64_t bits_middle(const char *at, size_t m, __m256i first, __m256i last) {
  __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)at);
  __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(at + m - 1));
  return (uint32_t)_mm256_movemask_epi8(
      _mm256_and_si256(_mm256_cmpeq_epi8(a, first), _mm256_cmpeq_epi8(b, last)));
}

static MIDDLE const char *find_middle(const char *p, size_t places, const char *what, size_t m) {
  const __m256i first = _mm256_set1_epi8(what[0]), last = _mm256_set1_epi8(what[m - 1]);
  SEARCH(64, bits_middle(at, m, first, last) | bits_middle(at + 32, m, first, last) << 32)
}

static inline uint64_t bits_narrow(const char *at, size_t m, __m128i first, __m128i last) {
  __m128i a = _mm_loadu_si128((const __m128i *)(const void *)at);
  __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(at + m - 1));
  return (unsigned)_mm_movemask_epi8(
      _mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));
}

static const char *find_narrow(const char *p, size_t places, const char *what, size_t m) {
  const __m128i first = _mm_set1_epi8(what[0]), last = _mm_set1_epi8(what[m - 1]);
  SEARCH(16, bits_narrow(at, m, first, last))
}

static const char *find_places(const char *p, size_t places, const char *what, size_t m) {
  if (places >= WIDE_PLACES && __builtin_cpu_supports("avx512bw"))
    return find_wide(p, places, what, m);
  if (places >= WIDE_PLACES && __builtin_cpu_supports("avx2"))
    return find_middle(p, places, what, m);
  return find_narrow(p, places, what, m);
}
#else
enum { PLACES = 0 };

static const char *find_places(const char *p, size_t places, const char *what, size_t m) {
  for (const char *end = p + places; (p = memchr(p, what[0], (size_t)(end - p))) != NULL; p++)
    if (memcmp(p, what, m) == 0) return p;
  return NULL;
}
#endif

const char *mill_find(const char *p, size_t n, const char *what, size_t m) {
  if (m > n) return NULL;
  if (m == 1) return memchr(p, what[0], n);
  if (m > MOST_NEEDLE) return memmem(p, n, what, m);
  if (n - m + 1 >= PLACES) return find_places(p, n - m + 1, what, m);
  for (const char *end = p + (n - m); p <= end; p++)
    if (*p == *what && memcmp(p, what, m) == 0) return p;
  return NULL;
}
