/* Walking over the text of a well-formed JSON value without tokens: what json_quick.c and the inference
** of schemas share. Texts end in IO_PAD readable zeros or a control character. */
#ifndef MILL_KERNEL_JSON_QUICK_H
#define MILL_KERNEL_JSON_QUICK_H

#include "kernel/json_value.h"
#include "kernel/quick.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { JSON_QUICK_DEPTH = 64 }; /* deeper values go the long way */

typedef struct json_walk {
  json_builder *b; /* its rules, and its reader for what goes the long way */
  const char *p, *end;
  int depth;
  json_put put; /* the worst so far of the values that are put */
} json_walk;

static inline void json_pass_blanks(json_walk *w) {
  while (w->p < w->end && (*w->p == ' ' || *w->p == '\n' || *w->p == '\t' || *w->p == '\r')) w->p++;
}
/* Behind blanks, of which there are none as a rule: the next character; 0: none. */
static inline char json_next_char(json_walk *w) {
  if (__builtin_expect((unsigned char)*w->p <= ' ', 0)) json_pass_blanks(w);
  return w->p < w->end ? *w->p : 0;
}

/* The first quote, backslash or control character at or behind p. There are IO_PAD zeros at the end. */
static inline const char *json_text_end(const char *p) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                control = _mm_set1_epi8(0x1f);
  for (;; p += 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
    int bits = _mm_movemask_epi8(hit);
    if (bits) return p + __builtin_ctz((unsigned)bits);
  }
#else
  while (*p != '"' && *p != '\\' && (unsigned char)*p >= 0x20) p++;
  return p;
#endif
}

/* Can a number or word end before c? */
static inline bool json_ends_value(char c) {
  return c == ',' || c == '}' || c == ']' || (unsigned char)c <= ' ';
}

static inline bool json_is_word(const json_walk *w, const char *word, size_t n) {
  return (size_t)(w->end - w->p) >= n && memcmp(w->p, word, n) == 0 &&
         (w->p + n == w->end || json_ends_value(w->p[n]));
}

/* The end of a plain number, [-] digits [. digits]; NULL: it is of another form. */
static inline const char *json_number_end(const char *p, const char *end) {
  const char *from = p += *p == '-';
  uint64_t v = 0;
  p += quick_run(p, (size_t)(end - p), &v);
  if (p == from || (*from == '0' && p - from > 1)) return NULL;
  if (p < end && *p == '.') {
    from = ++p;
    p += quick_run(p, (size_t)(end - p), &v);
    while (p < end && *p >= '0' && *p <= '9' && p - from < 32) p++;
    if (p == from) return NULL;
  }
  return p == end || json_ends_value(*p) ? p : NULL;
}
static inline bool json_pass_number(json_walk *w) {
  const char *q = json_number_end(w->p, w->end);
  if (q) w->p = q;
  return q != NULL;
}

/* Pass over a member's name and its colon; false: not of the usual form. */
bool mill_json_quick_name(json_walk *w);
/* Pass over the value that comes next; false: malformed, or the long way must tell. */
bool mill_json_quick_value(json_walk *w);

#endif
