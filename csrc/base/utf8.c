#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

#include "base/thread.h"

int mill_utf8_length(const char *text, size_t n) {
  const uint8_t *p = (const uint8_t *)text;
  if (n == 0) return 0;
  if (p[0] < 0x80) return 1;
  if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
  int length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
  if (n < (size_t)length) return 0;
  for (int i = 1; i < length; i++)
    if ((p[i] & 0xc0) != 0x80) return 0;
  bool bad = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
             (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f);
  return bad ? 0 : length;
}

static const uint64_t HIGH = 0x8080808080808080ull, ONES = 0x0101010101010101ull;

static inline uint64_t word_at(const char *p) {
  uint64_t w;
  memcpy(&w, p, 8);
  return w;
}

/* Eight bytes below 0x80 with those of [first, first + 26) in the other case: adding what is missing to
** 0x80 raises the high bit of bytes from there on. */
static inline uint64_t other_case(uint64_t w, unsigned first) {
  uint64_t from = w + ONES * (0x80 - first), behind = w + ONES * (0x80 - first - 26);
  return w ^ ((from & ~behind & HIGH) >> 2);
}

bool mill_utf8_ascii_case(mill_case how, const char *p, size_t n, char *out) {
  const unsigned first = how == MILL_UPPER ? 'a' : 'A';
  uint64_t any = 0, w;
  if (n < 8) {
    for (size_t i = 0; i < n; i++) {
      any |= (uint64_t)(uint8_t)p[i];
      out[i] = (char)(p[i] ^ ((uint8_t)(p[i] - first) < 26) << 5);
    }
    return (any & HIGH) == 0;
  }
  for (size_t i = 0;; i = i + 8 < n - 8 ? i + 8 : n - 8) {
    any |= w = word_at(p + i);
    w = other_case(w, first);
    memcpy(out + i, &w, 8);
    if (i == n - 8) return (any & HIGH) == 0;
  }
}

bool mill_utf8_valid(const char *p, size_t n) {
  return (n < 64 && mill_utf8_ascii(p, n)) || mill_utf8_check(p, n) != SIZE_MAX;
}

/* Bytes that Java's decoder replaces by one U+FFFD: the longest prefix of a valid sequence (of one
** for a surrogate too), at least one. */
static size_t broken_length(const char *text, size_t n) {
  const uint8_t *p = (const uint8_t *)text;
  if (p[0] < 0xc2 || p[0] > 0xf4) return 1;
  size_t want = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4, i = 1;
  if (n > 1 && ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) ||
                (p[0] == 0xf4 && p[1] > 0x8f)))
    return 1;
  while (i < want && i < n && (p[i] & 0xc0) == 0x80) i++;
  return i;
}

mill_status mill_utf8_repair(const char *p, size_t n, mill_text *out, mill_error *err) {
  for (size_t i = 0; i < n;) {
    int k = mill_utf8_length(p + i, n - i);
    if (k) {
      MILL_TRY(mill_text_add(out, p + i, (size_t)k, err));
      i += (size_t)k;
    } else {
      MILL_TRY(mill_text_add(out, "\xef\xbf\xbd", 3, err));
      i += broken_length(p + i, n - i);
    }
  }
  return MILL_OK;
}

int32_t mill_utf8_decode(const char *text, size_t n, int *length) {
  const uint8_t *p = (const uint8_t *)text;
  *length = mill_utf8_length(text, n);
  switch (*length) {
  case 1: return p[0];
  case 2: return (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
  case 3: return (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
  case 4: return (p[0] & 0x07) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
  default: *length = 1; return 0xfffd;
  }
}

int mill_utf8_encode(int32_t c, char *out) {
  return (int)utf8proc_encode_char(c, (utf8proc_uint8_t *)out);
}

/* ---- case ---- */

typedef struct special {
  int32_t from;
  const char *upper, *title;
} special;

/* Unicode's SpecialCasing: characters whose upper or title case is more than one character. */
static const special specials[] = {
    {0x00df, "SS", "Ss"},
    {0x0149, "\xca\xbcN", "\xca\xbcN"},
    {0x01f0, "J\xcc\x8c", "J\xcc\x8c"},
    {0x0390, "\xce\x99\xcc\x88\xcc\x81", "\xce\x99\xcc\x88\xcc\x81"},
    {0x03b0, "\xce\xa5\xcc\x88\xcc\x81", "\xce\xa5\xcc\x88\xcc\x81"},
    {0x0587, "\xd4\xb5\xd5\x92", "\xd4\xb5\xd6\x82"},
    {0x1e96, "H\xcc\xb1", "H\xcc\xb1"},
    {0x1e97, "T\xcc\x88", "T\xcc\x88"},
    {0x1e98, "W\xcc\x8a", "W\xcc\x8a"},
    {0x1e99, "Y\xcc\x8a", "Y\xcc\x8a"},
    {0x1e9a, "A\xca\xbe", "A\xca\xbe"},
    {0xfb00, "FF", "Ff"},
    {0xfb01, "FI", "Fi"},
    {0xfb02, "FL", "Fl"},
    {0xfb03, "FFI", "Ffi"},
    {0xfb04, "FFL", "Ffl"},
    {0xfb05, "ST", "St"},
    {0xfb06, "ST", "St"},
};

static const special *special_of(int32_t c) {
  for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
    if (specials[i].from == c) return &specials[i];
  return NULL;
}

/* Digits stand in runs of ten from 0 on, some of them side by side. */
int mill_utf8_digit(int32_t c) {
  int32_t first = c;
  if (c < 128) return c >= '0' && c <= '9' ? c - '0' : -1;
  if (utf8proc_category(c) != UTF8PROC_CATEGORY_ND) return -1;
  while (utf8proc_category(first - 1) == UTF8PROC_CATEGORY_ND) first--;
  return (c - first) % 10;
}

bool mill_utf8_blank(int32_t c) {
  if (c < 128) return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
  utf8proc_category_t k = utf8proc_category(c);
  bool fixed = c == 0xa0 || c == 0x2007 || c == 0x202f;
  return !fixed &&
         (k == UTF8PROC_CATEGORY_ZS || k == UTF8PROC_CATEGORY_ZL || k == UTF8PROC_CATEGORY_ZP);
}

static bool cased(int32_t c) {
  utf8proc_category_t k = utf8proc_category(c);
  return k == UTF8PROC_CATEGORY_LU || k == UTF8PROC_CATEGORY_LL || k == UTF8PROC_CATEGORY_LT;
}

/* Characters that do not end a word for the rule of the final sigma. */
static bool case_ignorable(int32_t c) {
  utf8proc_category_t k = utf8proc_category(c);
  return k == UTF8PROC_CATEGORY_MN || k == UTF8PROC_CATEGORY_ME || k == UTF8PROC_CATEGORY_CF ||
         k == UTF8PROC_CATEGORY_LM || k == UTF8PROC_CATEGORY_SK || c == '\'' || c == '.' ||
         c == ':' || c == 0xb7 || c == 0x2019;
}

/* A capital sigma at `at` is final: a cased letter before it, none after it. */
static bool final_sigma(const char *p, size_t n, size_t at) {
  bool before = false;
  int k;
  for (size_t i = 0; i < at; i += (size_t)k) {
    int32_t c = mill_utf8_decode(p + i, n - i, &k);
    if (!case_ignorable(c)) before = cased(c);
  }
  for (size_t i = at + 2; before && i < n; i += (size_t)k) {
    int32_t c = mill_utf8_decode(p + i, n - i, &k);
    if (!case_ignorable(c)) return !cased(c);
  }
  return before;
}

static mill_status put_char(int32_t c, mill_text *out, mill_error *err) {
  char buf[4];
  return mill_text_add(out, buf, (size_t)mill_utf8_encode(c, buf), err);
}

/* `how` here: MILL_UPPER, MILL_LOWER, or MILL_INITCAP for title case of this one character. */
static mill_status put_case(mill_case how, const char *p, size_t n, size_t at, int *length,
                            mill_text *out, mill_error *err) {
  int32_t c = mill_utf8_decode(p + at, n - at, length);
  if (c == 0xfffd && *length == 1) return mill_text_add(out, p + at, 1, err);
  if (how == MILL_LOWER) {
    if (c == 0x0130) return mill_text_adds(out, "i\xcc\x87", err);
    if (c == 0x03a3 && final_sigma(p, n, at)) return put_char(0x03c2, out, err);
    return put_char(utf8proc_tolower(c), out, err);
  }
  const special *s = special_of(c);
  if (s) return mill_text_adds(out, how == MILL_UPPER ? s->upper : s->title, err);
  return put_char(how == MILL_UPPER ? utf8proc_toupper(c) : utf8proc_totitle(c), out, err);
}

static mill_status ascii_case(mill_case how, const char *p, size_t n, mill_text *out,
                              mill_error *err) {
  MILL_TRY(mill_text_reserve(out, n, err));
  char *to = out->data + out->size;
  bool start = true;
  for (size_t i = 0; i < n; i++) {
    char c = p[i];
    bool up = how == MILL_UPPER || (how == MILL_INITCAP && start);
    if (up && c >= 'a' && c <= 'z') c = (char)(c - 32);
    if (!up && c >= 'A' && c <= 'Z') c = (char)(c + 32);
    start = c == ' ';
    to[i] = c;
  }
  out->size += n;
  out->data[out->size] = 0;
  return MILL_OK;
}

mill_status mill_utf8_case(mill_case how, const char *p, size_t n, mill_text *out,
                           mill_error *err) {
  if (mill_utf8_ascii(p, n)) return ascii_case(how, p, n, out, err);
  enum { WATCHED = 65536 };
  bool start = true;
  size_t count = 0;
  int k;
  for (size_t i = 0; i < n; i += (size_t)k) {
    if (++count % WATCHED == 0) MILL_TRY(mill_watch_check(err));
    mill_case one = how != MILL_INITCAP ? how : start ? MILL_INITCAP : MILL_LOWER;
    start = p[i] == ' ';
    MILL_TRY(put_case(one, p, n, i, &k, out, err));
  }
  return MILL_OK;
}

/* Spark counts as wide: Hangul Jamo, CJK, full-width forms, and so on (Utils.fullWidthRegex). */
static bool wide(int32_t c) {
  return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
         (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
         (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
         (c >= 0xffe0 && c <= 0xffe6);
}

/* Characters beyond the BMP are two Java chars, hence 2. */
size_t mill_utf8_width(const char *p, size_t n) {
  if (mill_utf8_ascii(p, n)) return n;
  size_t width = 0;
  int k;
  for (size_t i = 0; i < n; i += (size_t)k) {
    int32_t c = mill_utf8_decode(p + i, n - i, &k);
    width += wide(c) || c > 0xffff ? 2 : 1;
  }
  return width;
}
