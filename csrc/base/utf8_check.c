/* Validity and characters of a text in one pass over blocks of sixteen bytes, after Keiser and Lemire,
** "Validating UTF-8 in less than one instruction per byte" (2021). Three tables, by the high and the low
** half of a byte and the high half of the one behind it, each name the errors that their half allows: a
** pair of bytes is wrong where all three agree. Third and fourth bytes are the places where two
** continuations in a row are not an error but asked for. Without SSSE3 it goes sequence by sequence. */
#include <string.h>

#include "base/utf8.h"

static size_t slowly(const char *p, size_t n) {
  size_t count = 0;
  for (size_t i = 0; i < n;) {
    bool plain = n - i >= 8 && mill_utf8_ascii(p + i, 8);
    int k = plain ? 8 : mill_utf8_length(p + i, n - i);
    if (k == 0) return SIZE_MAX;
    i += (size_t)k;
    count += plain ? 8 : 1;
  }
  return count;
}

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define FAST __attribute__((target("ssse3,popcnt")))

/* What may be wrong with a pair of bytes. Bits 3 and 6 share: both lie behind a lead of four. */
enum {
  SHORT = 1,      /* a lead without a continuation */
  LONG = 2,       /* a continuation behind ASCII */
  OVER_3 = 4,     /* e0 8x, e0 9x */
  LARGE = 8,      /* f4 9x and more */
  SURROGATE = 16, /* ed ax, ed bx */
  OVER_2 = 32,    /* c0, c1 */
  LARGE_8 = 64,   /* f5 8x and more */
  OVER_4 = 64,    /* f0 8x */
  CONTS = -128,   /* two continuations in a row */
  ANY = SHORT | LONG | CONTS
};

static FAST __m128i look(__m128i table, __m128i v, bool high) {
  if (high) v = _mm_srli_epi16(v, 4);
  return _mm_shuffle_epi8(table, _mm_and_si128(v, _mm_set1_epi8(15)));
}

/* Bytes that are wrong, not 0, in the block v that follows `before`. */
static FAST __m128i errors(__m128i v, __m128i before) {
  const __m128i first_high = _mm_setr_epi8(
      LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, CONTS, CONTS, CONTS, CONTS, SHORT | OVER_2,
      SHORT, SHORT | OVER_3 | SURROGATE, SHORT | LARGE | LARGE_8 | OVER_4);
  const char large = ANY | LARGE | LARGE_8;
  const __m128i first_low = _mm_setr_epi8(ANY | OVER_3 | OVER_2 | OVER_4, ANY | OVER_2, ANY, ANY,
                                          ANY | LARGE, large, large, large, large, large, large,
                                          large, large, large | SURROGATE, large, large);
  const char second = LONG | OVER_2 | CONTS;
  const __m128i second_high = _mm_setr_epi8(SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT,
                                            second | OVER_3 | LARGE_8 | OVER_4,
                                            second | OVER_3 | LARGE, second | SURROGATE | LARGE,
                                            second | SURROGATE | LARGE, SHORT, SHORT, SHORT, SHORT);
  __m128i one = _mm_alignr_epi8(v, before, 15), two = _mm_alignr_epi8(v, before, 14);
  __m128i three = _mm_alignr_epi8(v, before, 13);
  __m128i pair =
      _mm_and_si128(_mm_and_si128(look(first_high, one, true), look(first_low, one, false)),
                    look(second_high, v, true));
  /* The high bit where a third or fourth byte must stand. */
  __m128i asked = _mm_or_si128(_mm_subs_epu8(two, _mm_set1_epi8((char)(0xe0 - 0x80))),
                               _mm_subs_epu8(three, _mm_set1_epi8((char)(0xf0 - 0x80))));
  return _mm_xor_si128(_mm_and_si128(asked, _mm_set1_epi8((char)0x80)), pair);
}

static FAST size_t leads(__m128i v) { /* bytes that are no continuations */
  return (size_t)__builtin_popcount(
      (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(v, _mm_set1_epi8(-65))));
}

/* The last n < 16 bytes of a text of at least `size`, zeros behind them. */
static FAST __m128i tail(const char *end, size_t n, size_t size) {
  static const char from[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  char last[16] = {0};
  if (size < 16) {
    memcpy(last, end - n, n);
    return _mm_loadu_si128((const __m128i *)(const void *)last);
  }
  return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(end - 16)),
                          _mm_loadu_si128((const __m128i *)(const void *)(from + 16 - n)));
}

static FAST bool ascii_block(const char *p) { /* 64 bytes */
  const __m128i *v = (const __m128i *)(const void *)p;
  __m128i low = _mm_or_si128(_mm_loadu_si128(v), _mm_loadu_si128(v + 1)),
          high = _mm_or_si128(_mm_loadu_si128(v + 2), _mm_loadu_si128(v + 3));
  return _mm_movemask_epi8(_mm_or_si128(low, high)) == 0;
}

/* Blocks of ASCII are passed over where no sequence may go on in them: what is before then stays any ASCII.
** The last block holds at least one zero, so that a sequence cut off at the end is seen. */
static FAST size_t fast(const char *p, size_t n) {
  __m128i before = _mm_setzero_si128(), wrong = before, v;
  const char *end = p + n;
  const size_t size = n;
  size_t count = 0;
  while (n >= 16) {
    if (n >= 64 && _mm_movemask_epi8(before) == 0 && ascii_block(p)) {
      n -= 64, p += 64, count += 64;
      continue;
    }
    v = _mm_loadu_si128((const __m128i *)(const void *)p);
    wrong = _mm_or_si128(wrong, errors(v, before));
    count += leads(v);
    n -= 16, p += 16, before = v;
  }
  v = tail(end, n, size);
  wrong = _mm_or_si128(wrong, errors(v, before));
  count += leads(v) - (16 - n);
  bool good = _mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128())) == 0xffff;
  return good ? count : SIZE_MAX;
}

size_t mill_utf8_check(const char *p, size_t n) {
  return __builtin_cpu_supports("ssse3") ? fast(p, n) : slowly(p, n);
}
#else
size_t mill_utf8_check(const char *p, size_t n) { return slowly(p, n); }
#endif
