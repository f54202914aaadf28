/* Bytes as texts and back: encode, decode, base64, base32, url_encode, to_binary and their kin. Texts
** that are none of an encoding are errors, null in try_ forms. */
#include <ctype.h>
#include <strings.h>

#include "base/utf8.h"
#include "kernel/bytes_int.h"

static mill_status bad_input(mill_call *call, bytes s, const char *format, mill_vector *out,
                             size_t i, mill_error *err) {
  if (strncmp(call->fn->name, "try_", 4) == 0) return mill_set_null(call, out, i, err);
  return mill_call_fail(call, err, MILL_E_CONVERSION_INVALID_INPUT, "str",
                        mill_error_fmt(err, "'%.*s'", (int)s.n, s.p), "fmt", format, "targetType",
                        "\"BINARY\"", "suggestion", "`try_to_binary`", NULL);
}

/* ---- base 64 and 32 ------------------------------------------------------------------------- */

static const char letters64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char letters32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

enum { LINE = 76 };

/* The value of a letter in base 64, or -1. */
static inline int value64(char c) {
  static const int8_t value[256] = {
      /* one more than it, so that the others are 0 */
      ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
      ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
      ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
      ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
      ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
      ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
      ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
      ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
      ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
      ['/'] = 64};
  return value[(uint8_t)c] - 1;
}

/* The 4 letters of 3 bytes. */
static inline char *put_three(char *q, const char *s) {
  const uint8_t a = (uint8_t)s[0], b = (uint8_t)s[1], c = (uint8_t)s[2];
  q[0] = letters64[a >> 2];
  q[1] = letters64[(a << 4 | b >> 4) & 63];
  q[2] = letters64[(b << 2 | c >> 6) & 63];
  q[3] = letters64[c & 63];
  return q + 4;
}

/* Of n bytes, at most 5, the 8 letters in base 32 of which `used` are some and the rest '='. All are made at
** once: five bits each into a byte of their own, by halves, which then become letters, or digits from 26 on. */
static inline char *put_five(char *q, const char *s, size_t n, size_t used) {
  const uint64_t each = 0x0101010101010101;
  uint64_t x = 0;
  for (size_t k = 0; k < n; k++) x |= (uint64_t)(uint8_t)s[k] << (32 - 8 * k);
  x = x >> 20 | (x & 0xfffff) << 32;
  x = (x >> 10 & 0x3ff000003ff) | (x & 0x3ff000003ff) << 16;
  x = (x >> 5 & 0x1f001f001f001f) | (x & 0x1f001f001f001f) << 8;
  const uint64_t digit = (x + (128 - 26) * each) >> 7 & each;
  x += 'A' * each - digit * ('A' + 26 - '2');
  const uint64_t kept = UINT64_MAX >> (64 - 8 * used);
  x = (x & kept) | ('=' * each & ~kept);
  memcpy(q, &x, 8);
  return q + 8;
}

static inline char *put_group(char *q, const char *s, int bits) {
  return bits == 6 ? put_three(q, s) : put_five(q, s, 5, 8);
}

/* The letters of n bytes, fewer than a group has, filled up with '='. */
static inline char *put_rest(char *q, const char *s, size_t n, int bits) {
  static const uint8_t letters_of[] = {0, 2, 4, 5, 7};
  if (bits == 5) return put_five(q, s, n, letters_of[n]);
  const char last[3] = {s[0], n > 1 ? s[1] : 0, 0};
  char *end = put_three(q, last);
  for (char *p = q + n + 1; p < end; p++) *p = '=';
  return end;
}

/* Groups of 3 bytes as 4 letters, or of 5 as 8. Base 64 is in lines (MIME). */
static inline __attribute__((always_inline)) mill_status print_base(mill_call *call, bytes s,
                                                                    const int bits,
                                                                    mill_vector *out, size_t i,
                                                                    mill_error *err) {
  const size_t in = bits == 6 ? 3 : 5, per = bits == 6 ? 4 : 8;
  const size_t line = bits == 6 ? LINE / per * in : SIZE_MAX; /* bytes of one */
  char *p = NULL, *q;
  size_t length = (s.n + in - 1) / in * per, lines = s.n ? (s.n - 1) / line : 0, at = 0;
  MILL_TRY(mill_bytes_take(call, length + 2 * lines, &p, err));
  q = p;
  for (size_t stop = 0;; *q++ = '\r', *q++ = '\n') {
    stop = s.n - at < line ? s.n : at + line;
    for (; stop - at >= in; at += in) q = put_group(q, s.p + at, bits);
    if (stop == s.n) break;
  }
  if (at < s.n) q = put_rest(q, s.p + at, s.n - at, bits);
  ((mill_str *)out->data)[i] = mill_str_done(call, p, (size_t)(q - p));
  return MILL_OK;
}

/* Letters to bytes into `to`, which has room; blanks between them are let be. False: none. */
static bool read_strict(bytes s, char *to, size_t *n) {
  uint32_t word = 0, have = 0, pad = 0, count = 0;
  *n = 0;
  for (size_t k = 0; k < s.n; k++) {
    char c = s.p[k];
    int at = value64(c);
    bool blank = c == '\r' || c == '\n' || c == ' ' || c == '\t';
    if (blank && pad) return false; /* '=' ends the text */
    if (blank) continue;
    count++;
    if (c == '=') {
      pad++;
      continue;
    }
    if (at < 0 || pad) return false;
    word = word << 6 | (uint32_t)at;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    to[(*n)++] = (char)(word >> have);
    word &= (1u << have) - 1;
  }
  return have != 6 && (pad == 0 || count % 4 == 0) && pad < 3;
}

/* As Java's decoder of MIME: what is no letter is passed over, but the end must be whole. */
static bool read_mime(bytes s, char *to, size_t *n) {
  uint32_t word = 0, have = 0;
  size_t k = 0;
  *n = 0;
  for (; k < s.n && s.p[k] != '='; k++) {
    for (; have == 0 && s.n - k > 4; k += 4) { /* groups of letters */
      int a = value64(s.p[k]), b = value64(s.p[k + 1]), c = value64(s.p[k + 2]),
          d = value64(s.p[k + 3]);
      if ((a | b | c | d) < 0) break;
      to[(*n)++] = (char)(a << 2 | b >> 4);
      to[(*n)++] = (char)(b << 4 | c >> 2);
      to[(*n)++] = (char)(c << 6 | d);
    }
    int at = value64(s.p[k]);
    if (at < 0) continue;
    word = word << 6 | (uint32_t)at;
    have = (have + 1) % 4;
    if (have == 1) continue;
    to[(*n)++] = (char)(word >> (have == 2 ? 4 : have == 3 ? 2 : 0));
  }
  if (have == 1) return false;
  if (k == s.n) return true;
  if (have == 0 || (have == 2 && (k + 1 == s.n || s.p[++k] != '='))) return false;
  for (k++; k < s.n; k++)
    if (value64(s.p[k]) >= 0) return false;
  return true;
}

/* As the decoder of Commons Codec: what is no letter is passed over, '=' is the end, and a single letter at it gives
** its upper bits. */
static bool read_lenient32(bytes s, char *to, size_t *n) {
  uint32_t word = 0, have = 0, count = 0;
  *n = 0;
  for (size_t k = 0; k < s.n && s.p[k] != '='; k++) {
    char c = s.p[k];
    const char *at = c ? strchr(letters32, c >= 'a' && c <= 'z' ? c - 32 : c) : NULL;
    if (at == NULL) continue;
    word = word << 5 | (uint32_t)(at - letters32);
    have += 5;
    count++;
    if (have < 8) continue;
    have -= 8;
    to[(*n)++] = (char)(word >> have);
    word &= (1u << have) - 1;
  }
  if (count % 8 == 1) to[(*n)++] = (char)(word >> 2);
  return true;
}

typedef bool (*reader)(bytes s, char *to, size_t *n);

static mill_status read_row(mill_call *call, bytes s, reader read, const char *format,
                            mill_vector *out, size_t i, mill_error *err) {
  char *p = NULL;
  size_t n;
  MILL_TRY(mill_bytes_take(call, s.n + 1, &p, err));
  bool ok = read(s, p, &n);
  ((mill_str *)out->data)[i] = mill_str_done(call, p, ok ? n : 0);
  return ok ? MILL_OK : bad_input(call, s, format, out, i, err);
}

KERNEL_HEAD(k_base64) {
  MILL_EACH(out, n, i) MILL_TRY(print_base(call, bytes_at(args[0], i), 6, out, i, err));
  return MILL_OK;
}
KERNEL_HEAD(k_base32) {
  MILL_EACH(out, n, i) MILL_TRY(print_base(call, bytes_at(args[0], i), 5, out, i, err));
  return MILL_OK;
}
KERNEL_HEAD(k_unbase64) {
  MILL_EACH(out, n, i)
  MILL_TRY(read_row(call, bytes_at(args[0], i), read_mime, "'BASE64'", out, i, err));
  return MILL_OK;
}
KERNEL_HEAD(k_unbase32) {
  MILL_EACH(out, n, i)
  MILL_TRY(read_row(call, bytes_at(args[0], i), read_lenient32, "'BASE32'", out, i, err));
  return MILL_OK;
}

/* ---- to_binary ------------------------------------------------------------------------------ */

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 32;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static mill_status hex_row(mill_call *call, bytes s, mill_vector *out, size_t i, mill_error *err) {
  char *p = NULL;
  bool ok = true;
  size_t odd = s.n % 2;
  MILL_TRY(mill_bytes_take(call, s.n / 2 + 1, &p, err));
  for (size_t k = 0; k < s.n; k++) ok &= hex_digit(s.p[k]) >= 0;
  for (size_t k = 0; ok && k < (s.n + odd) / 2; k++) {
    int high = k == 0 && odd ? 0 : hex_digit(s.p[2 * k - odd]);
    p[k] = (char)(high << 4 | hex_digit(s.p[2 * k + 1 - odd]));
  }
  ((mill_str *)out->data)[i] = mill_str_done(call, p, ok ? (s.n + odd) / 2 : 0);
  return ok ? MILL_OK : bad_input(call, s, "'HEX'", out, i, err);
}

typedef enum binary_format { HEX, BASE64, UTF8, NO_FORMAT } binary_format;

KERNEL_HEAD(k_to_binary) {
  binary_format f = *(const binary_format *)call->state;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    if (f == NO_FORMAT)
      MILL_TRY(mill_set_null(call, out, i, err));
    else if (f == HEX)
      MILL_TRY(hex_row(call, s, out, i, err));
    else if (f == BASE64)
      MILL_TRY(read_row(call, s, read_strict, "'BASE64'", out, i, err));
    else
      put_view(out, i, s.p, s.n);
  }
  return MILL_OK;
}

static mill_status bind_to_binary(mill_binding *b, mill_error *err) {
  static const struct {
    const char *name;
    binary_format f;
  } formats[] = {{"hex", HEX}, {"base64", BASE64}, {"utf8", UTF8}, {"utf-8", UTF8}};
  binary_format *f;
  mill_vector v = {0};
  MILL_TRY(mill_bind_types(b, "string, string? -> binary", err));
  BIND_NEW(b, binary_format, f, err);
  b->state = f;
  bool lenient = strncmp(b->fn->name, "try_", 4) == 0;
  if (b->nargs < 2) return MILL_OK;
  if (b->arg_value[1] == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", "`fmt`", "inputType", "\"STRING\"",
                     "inputExpr", mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 1)), NULL);
  MILL_TRY(mill_bind_constant(b, 1, &v, err));
  if (!mill_vector_valid(&v, 0)) return MILL_OK;
  bytes s = bytes_of(&v);
  for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
    if (strlen(formats[k].name) != s.n || strncasecmp(formats[k].name, s.p, s.n) != 0) continue;
    *f = formats[k].f;
    return MILL_OK;
  }
  *f = NO_FORMAT;
  if (lenient) return MILL_OK;
  char lower[64];
  size_t shown = s.n < sizeof lower ? s.n : sizeof lower - 1;
  for (size_t k = 0; k < shown; k++) lower[k] = (char)tolower((unsigned char)s.p[k]);
  lower[shown] = '\0';
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_INVALID_ARG_VALUE, "sqlExpr",
                   mill_bind_sql(b, err), "inputName", "fmt", "requireType",
                   "case-insensitive \"STRING\"", "validValues",
                   "'hex', 'utf-8', 'utf8', or 'base64'", "inputValue",
                   mill_error_fmt(err, "'%s'", lower), NULL);
}

/* ---- URLs ----------------------------------------------------------------------------------- */

/* As Java's URLEncoder: letters, digits and .-*_ stay, a blank is a plus. */
KERNEL_HEAD(k_url_encode) {
  static const char digit[] = "0123456789ABCDEF";
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    char *p = NULL, *q;
    MILL_TRY(mill_bytes_take(call, s.n * 3, &p, err));
    q = p;
    for (size_t k = 0; k < s.n; k++) {
      if (k % TEXT_WATCHED == TEXT_WATCHED - 1) MILL_TRY(mill_watch_check(err));
      uint8_t c = (uint8_t)s.p[k];
      bool plain = (uint8_t)((c | 32) - 'a') < 26 || (uint8_t)(c - '0') < 10 || c == '.' ||
                   c == '-' || c == '*' || c == '_';
      if (plain || c == ' ') {
        *q++ = plain ? (char)c : '+';
        continue;
      }
      *q++ = '%';
      *q++ = digit[c >> 4];
      *q++ = digit[c & 15];
    }
    ((mill_str *)out->data)[i] = mill_str_done(call, p, (size_t)(q - p));
  }
  return MILL_OK;
}

static bool url_decode(bytes s, char *p, size_t *n) {
  *n = 0;
  for (size_t k = 0; k < s.n; k++) {
    if (s.p[k] != '%') {
      p[(*n)++] = s.p[k] == '+' ? ' ' : s.p[k];
      continue;
    }
    int high = k + 2 < s.n ? hex_digit(s.p[k + 1]) : -1,
        low = high < 0 ? -1 : hex_digit(s.p[k + 2]);
    if (low < 0) return false;
    p[(*n)++] = (char)(high << 4 | low);
    k += 2;
  }
  return true;
}

KERNEL_HEAD(k_url_decode) {
  bool lenient = *call->fn->name == 't';
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    char *p = NULL;
    size_t k;
    MILL_TRY(mill_bytes_take(call, s.n, &p, err));
    bool ok = url_decode(s, p, &k);
    ((mill_str *)out->data)[i] = mill_str_done(call, p, ok ? k : 0);
    if (ok) continue;
    if (!lenient)
      return mill_call_fail(call, err, MILL_E_CANNOT_DECODE_URL, "url",
                            mill_error_fmt(err, "%.*s", (int)s.n, s.p), NULL);
    MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

/* ---- character sets ------------------------------------------------------------------------- */

typedef enum charset { ASCII, LATIN1, CS_UTF8, UTF16, UTF16BE, UTF16LE, UTF32, NO_CHARSET } charset;

static charset charset_of(bytes s) {
  static const struct {
    const char *name;
    charset c;
  } names[] = {{"US-ASCII", ASCII},   {"ISO-8859-1", LATIN1}, {"UTF-8", CS_UTF8}, {"UTF-16", UTF16},
               {"UTF-16BE", UTF16BE}, {"UTF-16LE", UTF16LE},  {"UTF-32", UTF32}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strlen(names[i].name) == s.n && strncasecmp(names[i].name, s.p, s.n) == 0)
      return names[i].c;
  return NO_CHARSET;
}

static mill_status unknown_charset(mill_call *call, bytes s, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_CHARSET, "functionName",
                        mill_error_fmt(err, "`%s`", call->fn->name), "parameter", "`charset`",
                        "charset", mill_error_fmt(err, "%.*s", (int)s.n, s.p), "charsets",
                        "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8", NULL);
}

static mill_status malformed(mill_call *call, bytes name, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_MALFORMED_CHARACTER_CODING, "charset",
                        mill_error_fmt(err, "%.*s", (int)name.n, name.p), "function",
                        mill_error_fmt(err, "`%s`", call->fn->name), NULL);
}

static size_t put_unit(char *p, uint32_t v, int width, bool little) {
  for (int k = 0; k < width; k++) p[k] = (char)(v >> 8 * (little ? k : width - 1 - k));
  return (size_t)width;
}

/* Code point c in the set; 0: it has none there. */
static size_t encode_point(charset set, int32_t c, char *p) {
  bool little = set == UTF16LE;
  if (set == ASCII || set == LATIN1) {
    *p = (char)c;
    return c < (set == ASCII ? 128 : 256);
  }
  if (set == UTF32) return put_unit(p, (uint32_t)c, 4, false);
  if (c < 0x10000) return put_unit(p, (uint32_t)c, 2, little);
  put_unit(p, 0xd800 + ((uint32_t)(c - 0x10000) >> 10), 2, little);
  put_unit(p + 2, 0xdc00 + ((uint32_t)(c - 0x10000) & 0x3ff), 2, little);
  return 4;
}

KERNEL_HEAD(k_encode) {
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i), name = bytes_at(args[1], i);
    charset set = charset_of(name);
    char *p = NULL;
    size_t k = 0, seen = 0;
    if (set == NO_CHARSET) return unknown_charset(call, name, err);
    if (set == CS_UTF8) {
      put_view(out, i, s.p, s.n);
      continue;
    }
    MILL_TRY(mill_bytes_take(call, s.n * 4 + 2, &p, err));
    if (set == UTF16 && s.n) k += put_unit(p, 0xfeff, 2, false);
    for (size_t at = 0; at < s.n;) {
      int length;
      int32_t c = mill_utf8_decode(s.p + at, s.n - at, &length);
      size_t m = encode_point(set, c, p + k);
      if (++seen % TEXT_WATCHED == 0) MILL_TRY(mill_watch_check(err));
      if (m == 0) return malformed(call, name, err);
      k += m;
      at += (size_t)length;
    }
    ((mill_str *)out->data)[i] = mill_str_done(call, p, k);
  }
  return MILL_OK;
}

static uint32_t get_unit(const char *p, int width, bool little) {
  uint32_t v = 0;
  for (int k = 0; k < width; k++) v = v << 8 | (uint8_t)p[little ? width - 1 - k : k];
  return v;
}

/* Units of two or four bytes to UTF-8; a mark in front tells the order. */
static bool decode_units(bytes s, charset set, char *p, size_t *n) {
  int width = set == UTF32 ? 4 : 2;
  bool little = set == UTF16LE;
  size_t at = 0;
  *n = 0;
  if (set == UTF16 && s.n >= 2 && (uint8_t)s.p[0] + (uint8_t)s.p[1] == 0xff + 0xfe) {
    little = (uint8_t)s.p[0] == 0xff;
    at = 2;
  }
  if (s.n % (size_t)width) return false;
  for (; at < s.n; at += (size_t)width) {
    uint32_t c = get_unit(s.p + at, width, little);
    if (width == 2 && c >= 0xd800 && c < 0xdc00) {
      uint32_t low = at + 4 <= s.n ? get_unit(s.p + at + 2, 2, little) : 0;
      if (low < 0xdc00 || low > 0xdfff) return false;
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
      at += 2;
    } else if ((c >= 0xd800 && c < 0xe000) || c > 0x10ffff) {
      return false;
    }
    *n += (size_t)mill_utf8_encode((int32_t)c, p + *n);
  }
  return true;
}

static bool decode_bytes(bytes s, charset set, char *p, size_t *n) {
  if (set >= UTF16) return decode_units(s, set, p, n);
  *n = 0;
  for (size_t k = 0; k < s.n; k++) {
    uint8_t c = (uint8_t)s.p[k];
    if (set == ASCII && c > 127) return false;
    *n += (size_t)mill_utf8_encode(c, p + *n);
  }
  return true;
}

KERNEL_HEAD(k_decode) {
  for (size_t i = 0; i < n; i++) {
    if (!mill_vector_valid(args[0], i) || !mill_vector_valid(args[1], i)) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    bytes s = bytes_at(args[0], i), name = bytes_at(args[1], i);
    charset set = charset_of(name);
    char *p = NULL;
    size_t k;
    if (set == NO_CHARSET) return unknown_charset(call, name, err);
    if (set == CS_UTF8) {
      if (!mill_utf8_valid(s.p, s.n)) return malformed(call, name, err);
      put_view(out, i, s.p, s.n);
      continue;
    }
    MILL_TRY(mill_bytes_take(call, s.n * 2 + 4, &p, err));
    bool ok = decode_bytes(s, set, p, &k);
    ((mill_str *)out->data)[i] = mill_str_done(call, p, ok ? k : 0);
    if (!ok) return malformed(call, name, err);
  }
  return MILL_OK;
}

/* decode(x, a, 1, b, 2, .., else) has the types of its CASE, which the planner makes of it. */
static mill_status bind_decode(mill_binding *b, mill_error *err) {
  if (b->nargs == 2) {
    MILL_TRY(mill_bind_types(b, "binary, string -> string", err));
    b->nullable = true;
    return MILL_OK;
  }
  void *mem;
  MILL_TRY(mill_bind_alloc(b, (size_t)b->nargs + 1, &mem, err));
  bool *same = mem;
  for (int i = 0; i < b->nargs; i++) same[i] = i == 0 || (i % 2 == 1 && i + 1 < b->nargs);
  MILL_TRY(mill_bind_common(b, same, err));
  for (int i = 0; i < b->nargs; i++) same[i] = !same[i];
  MILL_TRY(mill_bind_common(b, same, err));
  b->result = b->cast_to[2];
  b->nullable = b->nargs % 2 != 0; /* no default */
  for (int i = 2; i < b->nargs; i++)
    b->nullable |= (i % 2 == 0 || i + 1 == b->nargs) && b->arg_nullable[i];
  return MILL_OK;
}

#define DEF(NAME, TYPES, KERNEL, BIND, FLAGS, USAGE, DOC, EXAMPLE)                                 \
  {                                                                                                \
    .name = NAME, .types = TYPES, .kernel = KERNEL, .bind = BIND, .flags = FLAGS, .usage = USAGE,  \
    .doc = DOC, .example = EXAMPLE                                                                 \
  }

const mill_function mill_family_encoding[] = {
    DEF("base64", "binary -> string", k_base64, NULL, MILL_FN_NO_RAISE, "base64(bin)",
        "The bytes in base 64.", "SELECT base64('Spark SQL') -> U3BhcmsgU1FM"),
    DEF("unbase64", "string -> binary", k_unbase64, NULL, 0, "unbase64(str)",
        "The bytes of a text in base 64.", "SELECT unbase64('U3BhcmsgU1FM') -> Spark SQL"),
    DEF("to_base32", "binary -> string", k_base32, NULL, MILL_FN_NO_RAISE, "to_base32(bin)",
        "The bytes in base 32.", "SELECT to_base32('Mill') -> JVUWY3A="),
    DEF("from_base32", "string -> binary", k_unbase32, NULL, 0, "from_base32(str)",
        "The bytes of a text in base 32.", "SELECT from_base32('JVUWY3A=') -> Mill"),
    DEF("to_binary", "string, string?", k_to_binary, bind_to_binary, MILL_FN_NULLABLE,
        "to_binary(str[, fmt])", "The bytes that a text writes in hex, base64 or utf-8.",
        "SELECT to_binary('abc', 'utf-8') -> abc"),
    DEF("try_to_binary", "string, string?", k_to_binary, bind_to_binary, MILL_FN_NULLABLE,
        "try_to_binary(str[, fmt])", "As to_binary, null where the text is none.",
        "SELECT try_to_binary('a!', 'base64') -> NULL"),
    DEF("url_encode", "string -> string", k_url_encode, NULL, MILL_FN_NO_RAISE | MILL_FN_NULLABLE,
        "url_encode(str)", "The text as it stands in a URL's query.",
        "SELECT url_encode('https://spark.apache.org') -> https%3A%2F%2Fspark.apache.org"),
    DEF("url_decode", "string -> string", k_url_decode, NULL, MILL_FN_NULLABLE, "url_decode(str)",
        "The text of a part of a URL.",
        "SELECT url_decode('https%3A%2F%2Fspark.apache.org') -> https://spark.apache.org"),
    DEF("try_url_decode", "string -> string", k_url_decode, NULL, MILL_FN_NULLABLE,
        "try_url_decode(str)", "As url_decode, null where the text is none.",
        "SELECT try_url_decode('%zz') -> NULL"),
    DEF("encode", "string, string -> binary", k_encode, NULL, MILL_FN_NULLABLE,
        "encode(str, charset)", "The text's bytes in a character set.",
        "SELECT encode('abc', 'utf-8') -> abc"),
    {.name = "decode",
     .types = "any, any, any*",
     .kernel = k_decode,
     .bind = bind_decode,
     .flags = MILL_FN_NULLS,
     .usage = "decode(bin, charset)",
     .doc =
         "The text of bytes in a character set; or the value behind the first search that equals.",
     .example = "SELECT decode(encode('abc', 'utf-8'), 'utf-8') -> abc"},
    {0}};
