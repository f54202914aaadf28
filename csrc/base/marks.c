/* Bytes as bit masks; see marks.h. One loop a width of vectors, chosen by what the machine has. */
#include "base/marks.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define WIDE __attribute__((target("avx512bw")))
#define MIDDLE __attribute__((target("avx2")))
#define INTO inline __attribute__((always_inline))

/* A loop for each number of bytes that is usual. */
#define EACH(TARGET, NAME)                                                                         \
  static TARGET void each_##NAME##_any(const char *p, size_t blocks, const unsigned char *set,     \
                                       int n, mill_marks *out) {                                   \
    if (n == 3)                                                                                    \
      each_##NAME(p, blocks, set, 3, out);                                                         \
    else if (n == 4)                                                                               \
      each_##NAME(p, blocks, set, 4, out);                                                         \
    else                                                                                           \
      each_##NAME(p, blocks, set, n, out);                                                         \
  }

static WIDE INTO void each_wide(const char *p, size_t blocks, const unsigned char *set, int n,
                                mill_marks *out) {
  __m512i c[MILL_MARKS];
  for (int k = 0; k < n; k++) c[k] = _mm512_set1_epi8((char)set[k]);
  for (size_t i = 0; i < blocks; i++) {
    __m512i v = _mm512_loadu_si512(p + 64 * i);
    for (int k = 0; k < n; k++) out[i].of[k] = _mm512_cmpeq_epi8_mask(v, c[k]);
  }
}
EACH(WIDE, wide)

static WIDE void lines_wide(const char *p, size_t blocks, uint64_t *ends, uint64_t *shown) {
  const __m512i lf = _mm512_set1_epi8('\n'), cr = _mm512_set1_epi8('\r'),
                blank = _mm512_set1_epi8(' ');
  for (size_t i = 0; i < blocks; i++) {
    __m512i v = _mm512_loadu_si512(p + 64 * i);
    ends[i] = _mm512_cmpeq_epi8_mask(v, lf) | _mm512_cmpeq_epi8_mask(v, cr);
    shown[i] = _mm512_cmpgt_epu8_mask(v, blank);
  }
}

static MIDDLE inline uint64_t bits_middle(__m256i low, __m256i high) {
  return (uint64_t)(uint32_t)_mm256_movemask_epi8(low) |
         (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static MIDDLE inline __m256i load_middle(const char *p) {
  return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static MIDDLE INTO void each_middle(const char *p, size_t blocks, const unsigned char *set, int n,
                                    mill_marks *out) {
  __m256i c[MILL_MARKS];
  for (int k = 0; k < n; k++) c[k] = _mm256_set1_epi8((char)set[k]);
  for (size_t i = 0; i < blocks; i++) {
    __m256i low = load_middle(p + 64 * i), high = load_middle(p + 64 * i + 32);
    for (int k = 0; k < n; k++)
      out[i].of[k] = bits_middle(_mm256_cmpeq_epi8(low, c[k]), _mm256_cmpeq_epi8(high, c[k]));
  }
}
EACH(MIDDLE, middle)

static MIDDLE inline __m256i ends_middle(__m256i v) {
  return _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('\n')),
                         _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\r')));
}

static MIDDLE inline __m256i blank_middle(__m256i v) { /* not above the blank */
  return _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(' ')), v);
}

static MIDDLE void lines_middle(const char *p, size_t blocks, uint64_t *ends, uint64_t *shown) {
  for (size_t i = 0; i < blocks; i++) {
    __m256i low = load_middle(p + 64 * i), high = load_middle(p + 64 * i + 32);
    ends[i] = bits_middle(ends_middle(low), ends_middle(high));
    shown[i] = ~bits_middle(blank_middle(low), blank_middle(high));
  }
}

static inline __m128i load_narrow(const char *p) {
  return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static INTO void each_narrow(const char *p, size_t blocks, const unsigned char *set, int n,
                             mill_marks *out) {
  for (size_t i = 0; i < blocks; i++) {
    out[i] = (mill_marks){{0}};
    for (int part = 0; part < 4; part++) {
      __m128i v = load_narrow(p + 64 * i + 16 * part);
      for (int k = 0; k < n; k++) {
        __m128i same = _mm_cmpeq_epi8(v, _mm_set1_epi8((char)set[k]));
        out[i].of[k] |= (uint64_t)(uint32_t)_mm_movemask_epi8(same) << (16 * part);
      }
    }
  }
}
EACH(, narrow)

static void lines_narrow(const char *p, size_t blocks, uint64_t *ends, uint64_t *shown) {
  const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r'), blank = _mm_set1_epi8(' ');
  for (size_t i = 0; i < blocks; i++) {
    ends[i] = shown[i] = 0;
    for (int part = 0; part < 4; part++) {
      __m128i v = load_narrow(p + 64 * i + 16 * part);
      __m128i end = _mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr));
      __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, blank), v);
      ends[i] |= (uint64_t)(uint32_t)_mm_movemask_epi8(end) << (16 * part);
      shown[i] |= (uint64_t)((uint32_t)_mm_movemask_epi8(low) ^ 0xffffu) << (16 * part);
    }
  }
}

void mill_marks_each(const char *p, size_t blocks, const unsigned char *set, int n,
                     mill_marks *out) {
  if (__builtin_cpu_supports("avx512bw"))
    each_wide_any(p, blocks, set, n, out);
  else if (__builtin_cpu_supports("avx2"))
    each_middle_any(p, blocks, set, n, out);
  else
    each_narrow_any(p, blocks, set, n, out);
}

void mill_marks_lines(const char *p, size_t blocks, uint64_t *ends, uint64_t *shown) {
  if (__builtin_cpu_supports("avx512bw"))
    lines_wide(p, blocks, ends, shown);
  else if (__builtin_cpu_supports("avx2"))
    lines_middle(p, blocks, ends, shown);
  else
    lines_narrow(p, blocks, ends, shown);
}

#else

void mill_marks_each(const char *p, size_t blocks, const unsigned char *set, int n,
                     mill_marks *out) {
  for (size_t i = 0; i < blocks; i++) {
    out[i] = (mill_marks){{0}};
    for (int at = 0; at < 64; at++)
      for (int k = 0; k < n; k++)
        out[i].of[k] |= (uint64_t)((unsigned char)p[64 * i + at] == set[k]) << at;
  }
}

void mill_marks_lines(const char *p, size_t blocks, uint64_t *ends, uint64_t *shown) {
  for (size_t i = 0; i < blocks; i++) {
    ends[i] = shown[i] = 0;
    for (int k = 0; k < 64; k++) {
      unsigned char c = (unsigned char)p[64 * i + k];
      ends[i] |= (uint64_t)(c == '\n' || c == '\r') << k;
      shown[i] |= (uint64_t)(c > ' ') << k;
    }
  }
}

#endif
