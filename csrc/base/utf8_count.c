/* Characters of a text. As Spark has it, the first byte of a character alone says how many bytes it takes, 1 to 4,
** whatever follows: of a valid text that is the number of bytes that are no continuations. So blocks of 32 bytes are
** asked whether continuations stand where first bytes want them and nowhere else, which is less than to ask whether the
** text is valid (utf8_check.c); where they do not, the text is walked through. */
#include <string.h>

#include "base/utf8.h"

static size_t walk(const char *p, size_t n) {
  size_t count = 0;
  for (size_t i = 0; i < n;) {
    const bool plain = n - i >= 8 && mill_utf8_ascii(p + i, 8);
    i += plain ? 8 : mill_utf8_takes((uint8_t)p[i]);
    count += plain ? 8 : 1;
  }
  return count;
}

size_t mill_utf8_offset(const char *p, size_t n, size_t chars) {
  if (chars >= n) return n;
  if (mill_utf8_ascii(p, n)) return chars;
  size_t i = 0;
  for (; i < n && chars; chars--) i += mill_utf8_takes((uint8_t)p[i]);
  return i < n ? i : n;
}

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define FAST __attribute__((target("avx2,popcnt")))

enum { BLOCK = 32 };

/* What has been seen: continuations, those wanted in the next block, places where both differ. */
typedef struct progress {
  size_t conts;
  uint64_t wanted, wrong;
  __m256i odd; /* not 0: bytes that begin nothing */
} progress;

static inline FAST uint32_t from(__m256i v, int least) { /* bytes from there up */
  const __m256i x = _mm256_set1_epi8((char)least);
  return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(v, x), v));
}

/* The bytes of v behind the first `skip`. Whether there are others than ASCII is not asked: that cannot be foretold where
** texts mix them. */
static inline FAST void add_block(progress *p, __m256i v, int skip) {
  const uint32_t high = (uint32_t)_mm256_movemask_epi8(v) >> skip;
  const uint32_t conts =
      (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(_mm256_set1_epi8(-64), v)) >> skip;
  const uint32_t threes = from(v, 0xe0) >> skip;
  p->wanted |= (uint64_t)(high & ~conts) << 1;
  if (threes) {
    const __m256i odd = _mm256_subs_epu8(v, _mm256_set1_epi8((char)0xf4));
    p->wanted |= (uint64_t)threes << 2 | (uint64_t)(from(v, 0xf0) >> skip) << 3;
    p->odd = _mm256_or_si256(p->odd, odd);
  }
  const __m256i even = _mm256_and_si256(v, _mm256_set1_epi8((char)0xfe));
  p->odd = _mm256_or_si256(p->odd, _mm256_cmpeq_epi8(even, _mm256_set1_epi8((char)0xc0)));
  p->wrong |= (uint32_t)p->wanted ^ conts;
  p->wanted >>= BLOCK;
  p->conts += (size_t)__builtin_popcount(conts);
}

/* SIZE_MAX: it must be walked through. */
static FAST size_t fast(const char *text, size_t n) {
  progress p = {.odd = _mm256_setzero_si256()};
  char few[BLOCK] = {0};
  size_t i = 0;
  for (; i + BLOCK <= n; i += BLOCK)
    add_block(&p, _mm256_loadu_si256((const __m256i *)(const void *)(text + i)), 0);
  if (n < BLOCK) {
    memcpy(few, text, n);
    add_block(&p, _mm256_loadu_si256((const __m256i *)(const void *)few), 0);
  } else if (i < n) {
    const char *last = text + n - BLOCK;
    add_block(&p, _mm256_loadu_si256((const __m256i *)(const void *)last), (int)(BLOCK - (n - i)));
  }
  if (p.wrong || p.wanted || !_mm256_testz_si256(p.odd, p.odd)) return SIZE_MAX;
  return n - p.conts;
}

static size_t count(const char *p, size_t n) {
  const size_t found = __builtin_cpu_supports("avx2") ? fast(p, n) : SIZE_MAX;
  return found == SIZE_MAX ? walk(p, n) : found;
}
#else
static size_t count(const char *p, size_t n) { return walk(p, n); }
#endif

size_t mill_utf8_count(const char *p, size_t n) {
  return n < 32 && mill_utf8_ascii(p, n) ? n : count(p, n);
}
