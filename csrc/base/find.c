/* See find.h. Sixteen places at a time are tried by the needle's first and last byte, and compared
** where both are right; the last sixteen overlap those before. Without SSE2 the first byte is looked
** for with memchr. */
#include "base/find.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Needles and texts from here on are memmem's: it never takes more than linear time. */
enum { MOST_NEEDLE = 64 };

#ifdef __SSE2__
enum { PLACES = 16 };

static inline unsigned places_of(const char *p, size_t m, __m128i first, __m128i last) {
  __m128i a = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), first);
  __m128i b = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + m - 1)), last);
  return (unsigned)_mm_movemask_epi8(_mm_and_si128(a, b));
}

static const char *find_wide(const char *p, size_t n, const char *what, size_t m) {
  const __m128i first = _mm_set1_epi8(what[0]), last = _mm_set1_epi8(what[m - 1]);
  const size_t end = n - m + 1 - PLACES; /* where the last sixteen places begin */
  for (size_t i = 0;; i = i + PLACES < end ? i + PLACES : end) {
    for (unsigned at = places_of(p + i, m, first, last); at; at &= at - 1) {
      const char *q = p + i + __builtin_ctz(at);
      if (memcmp(q, what, m) == 0) return q;
    }
    if (i == end) return NULL;
  }
}
#else
enum { PLACES = 0 };

static const char *find_wide(const char *p, size_t n, const char *what, size_t m) {
  for (const char *end = p + (n - m) + 1; (p = memchr(p, what[0], (size_t)(end - p))) != NULL; p++)
    if (memcmp(p, what, m) == 0) return p;
  return NULL;
}
#endif

const char *mill_find(const char *p, size_t n, const char *what, size_t m) {
  if (m > n) return NULL;
  if (m == 1) return memchr(p, what[0], n);
  if (m > MOST_NEEDLE) return memmem(p, n, what, m);
  if (n - m + 1 >= PLACES) return find_wide(p, n, what, m);
  for (const char *end = p + (n - m); p <= end; p++)
    if (*p == *what && memcmp(p, what, m) == 0) return p;
  return NULL;
}
