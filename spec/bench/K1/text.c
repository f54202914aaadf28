/* Texts: bytes by plain loops, memmem and memcmp; digests and ciphers by OpenSSL,
** checksums by zlib, collations by ICU. */
#include <ctype.h>
#include <math.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <unicode/ucol.h>
#include <zlib.h>

#include "kernel.h"

#define LENGTH ((size_t)(e - p))

EACH_TEXT(k_upper, s, {
  while (p < e) *w++ = (char)toupper((unsigned char)*p++);
})

/* Characters of UTF-8: bytes that do not go on with one. */
EACH_TEXT(k_length, s, {
  int32_t n = 0;
  while (p < e) n += (*p++ & 0xc0) != 0x80;
  r->narrow[k] = n;
})

EACH_TEXT(k_concat, s, {
  w = put(w, p, LENGTH);
  *w++ = '-';
  w = put(w, t->num.bytes + text_from(&t->num, k), (size_t)(t->num.end[k] - text_from(&t->num, k)));
})

/* Where character n of a text of UTF-8 begins. */
static const char *character(const char *p, const char *e, int n) {
  for (; p < e; p++)
    if ((*p & 0xc0) != 0x80 && n-- == 0) return p;
  return e;
}

EACH_TEXT(k_substring, s, {
  p = character(p, e, 2);
  w = put(w, p, (size_t)(character(p, e, 5) - p));
})

EACH_TEXT(k_trim, t, {
  while (p < e && *p == ' ') p++;
  while (e > p && e[-1] == ' ') e--;
  w = put(w, p, LENGTH);
})

EACH_TEXT(k_replace, u, {
  for (const char *hit; (hit = memmem(p, LENGTH, "item", 4)) != NULL; p = hit + 4) {
    w = put(w, p, (size_t)(hit - p));
    w = put(w, "thing", 5);
  }
  w = put(w, p, LENGTH);
})

EACH_TEXT(k_instr, u, {
  const char *hit = memmem(p, LENGTH, "item", 4);
  r->narrow[k] = hit != NULL ? (int32_t)(hit - p) + 1 : 0;
})

EACH_TEXT(k_contains, u, { r->flags[k] = memmem(p, LENGTH, "checkout", 8) != NULL; })

EACH_TEXT(k_lpad, s, {
  int missing = 30;
  for (const char *q = p; q < e; q++) missing -= (*q & 0xc0) != 0x80;
  if (missing > 0) {
    memset(w, '*', (size_t)missing);
    w += missing;
  } else {
    e = character(p, e, 30);
  }
  w = put(w, p, LENGTH);
})

EACH_TEXT(k_initcap, s, {
  for (int start = 1; p < e; start = *p++ == ' ')
    *w++ = (char)(start ? toupper((unsigned char)*p) : tolower((unsigned char)*p));
})

static void k_translate(const table *t, result *r) {
  char map[256], *w = r->bytes;
  for (int c = 0; c < 256; c++) map[c] = (char)c;
  map['o'] = '0', map['e'] = '3', map['l'] = '1';
  for (const char *p = t->s.bytes, *e = p + t->s.end[t->rows - 1]; p < e; p++)
    *w++ = map[(unsigned char)*p];
  memcpy(r->end, t->s.end, t->rows * sizeof *r->end);
}

EACH_TEXT(k_substring_index, u, {
  const char *hit = memchr(p, '?', LENGTH);
  w = put(w, p, hit != NULL ? (size_t)(hit - p) : LENGTH);
})

/* The text between the second '/' and the third. */
EACH_TEXT(k_split_part, u, {
  for (int part = 1; part < 3; part++) {
    const char *hit = memchr(p, '/', LENGTH);
    p = hit != NULL ? hit + 1 : e;
  }
  const char *hit = memchr(p, '/', LENGTH);
  w = put(w, p, hit != NULL ? (size_t)(hit - p) : LENGTH);
})

/* The distance of edits by two rows of the matrix, kept in one. */
EACH_TEXT(k_levenshtein, s, {
  static const char other[] = "word-500000";
  int32_t row[sizeof other];
  for (int32_t c = 0; c < (int32_t)sizeof other; c++) row[c] = c;
  for (int32_t i = 1; p < e; p++, i++) {
    int32_t corner = row[0];
    row[0] = i;
    for (size_t c = 1; c < sizeof other; c++) {
      int32_t best = corner + (other[c - 1] != *p);
      corner = row[c];
      if (row[c - 1] + 1 < best) best = row[c - 1] + 1;
      row[c] = corner + 1 < best ? corner + 1 : best;
    }
  }
  r->narrow[k] = row[sizeof other - 1];
})

EACH_TEXT(k_mask, s, {
  for (; p < e; p++)
    *w++ = (char)(isupper((unsigned char)*p)   ? 'X'
                  : islower((unsigned char)*p) ? 'x'
                  : isdigit((unsigned char)*p) ? 'n'
                                               : *p);
})

EACH_TEXT(k_reverse, s, {
  while (e > p) *w++ = *--e;
})

static void k_printf(const table *t, result *r) {
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    w += snprintf(w, LONGEST, "%d-%05d", t->n[k], (int)t->j[k]);
    r->end[k] = w - r->bytes;
  }
}

/* Digits in groups of three, two behind the point. */
static char *put_grouped(char *w, int64_t cents) {
  char digits[24];
  char *from = digits, *to = put_int(digits, cents / 100);
  while (from < to) {
    *w++ = *from++;
    if ((to - from) % 3 == 0 && to > from) *w++ = ',';
  }
  *w++ = '.';
  *w++ = (char)('0' + cents / 10 % 10);
  *w++ = (char)('0' + cents % 10);
  return w;
}

static void k_format_number(const table *t, result *r) {
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    w = put_grouped(w, t->m[k]);
    r->end[k] = w - r->bytes;
  }
}

/* 9999999999.99: right-aligned, blanks before, # where there is no room. */
static void k_to_char(const table *t, result *r) {
  char *w = r->bytes, number[24];
  for (size_t k = 0; k < t->rows; k++) {
    size_t n = (size_t)(put_int(number, t->m[k] / 100) - number);
    if (n > 10) {
      w = put(w, "##########.##", 13);
      r->end[k] = w - r->bytes;
      continue;
    }
    memset(w, ' ', 10 - n);
    w = put(w + 10 - n, number, n);
    *w++ = '.';
    *w++ = (char)('0' + t->m[k] / 10 % 10);
    *w++ = (char)('0' + t->m[k] % 10);
    r->end[k] = w - r->bytes;
  }
}

/* 999999999: up to nine digits, and nothing else. */
EACH_TEXT(k_to_number, num, {
  r->values[k] = get_int(p, e);
  r->flags[k] = LENGTH <= 9;
  for (; p < e; p++) r->flags[k] &= *p >= '0' && *p <= '9';
})

static void k_bin(const table *t, result *r) {
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    uint64_t v = (uint64_t)t->i[k];
    for (int bit = v > 0 ? 63 - __builtin_clzll(v) : 0; bit >= 0; bit--)
      *w++ = (char)('0' + (v >> bit & 1));
    r->end[k] = w - r->bytes;
  }
}

static void k_hex(const table *t, result *r) {
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    uint64_t v = (uint64_t)t->i[k];
    for (int at = v > 0 ? (63 - __builtin_clzll(v)) / 4 * 4 : 0; at >= 0; at -= 4)
      *w++ = "0123456789ABCDEF"[v >> at & 15];
    r->end[k] = w - r->bytes;
  }
}

static int nibble(char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; }

EACH_TEXT(k_unhex, h, {
  for (; p < e; p += 2) *w++ = (char)(nibble(p[0]) << 4 | nibble(p[1]));
})

EACH_TEXT(k_conv, num, {
  uint64_t v = (uint64_t)get_int(p, e);
  for (int at = v > 0 ? (63 - __builtin_clzll(v)) / 4 * 4 : 0; at >= 0; at -= 4)
    *w++ = "0123456789ABCDEF"[v >> at & 15];
})

/* What no URL may have, and the % that two digits must follow. */
static const char odd[256] = {['"'] = 1, ['<'] = 1, ['>'] = 1, ['\\'] = 1, ['^'] = 1, ['`'] = 1,
                              ['{'] = 1, ['|'] = 1, ['}'] = 1, [127] = 1,  ['%'] = 2};

static int is_url(const char *p, const char *e) {
  for (; p < e; p++) {
    unsigned char c = (unsigned char)*p;
    if (c > ' ' && !odd[c]) continue;
    if (c != '%' || e - p < 3 || !isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2]))
      return 0;
  }
  return 1;
}

EACH_TEXT(k_parse_url, u, {
  r->flags[k] = (uint8_t)is_url(p, e);
  const char *host = memmem(p, LENGTH, "://", 3);
  p = host != NULL ? host + 3 : e;
  const char *slash = memchr(p, '/', LENGTH);
  w = put(w, p, slash != NULL ? (size_t)(slash - p) : LENGTH);
})

EACH_TEXT(k_url_encode, u, {
  for (; p < e; p++) {
    if (isalnum((unsigned char)*p) || *p == '-' || *p == '_' || *p == '.') {
      *w++ = *p;
    } else {
      *w++ = '%';
      *w++ = "0123456789ABCDEF"[(unsigned char)*p >> 4];
      *w++ = "0123456789ABCDEF"[*p & 15];
    }
  }
})

EACH_TEXT(k_base64, s,
          { w += EVP_EncodeBlock((unsigned char *)w, (const unsigned char *)p, (int)LENGTH); })

EACH_TEXT(k_unbase64, b, {
  int n = EVP_DecodeBlock((unsigned char *)w, (const unsigned char *)p, (int)LENGTH);
  w += n - (e[-1] == '=') - (e[-2] == '=');
})

EACH_TEXT(k_crc32, s, { r->values[k] = (int64_t)crc32(0, (const Bytef *)p, (uInt)LENGTH); })

static char *put_hex(char *w, const unsigned char *p, unsigned n) {
  for (unsigned k = 0; k < n; k++) {
    *w++ = "0123456789abcdef"[p[k] >> 4];
    *w++ = "0123456789abcdef"[p[k] & 15];
  }
  return w;
}

static char *digest(char *w, EVP_MD_CTX *c, const EVP_MD *md, const char *p, size_t n) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size;
  EVP_DigestInit_ex(c, md, NULL);
  EVP_DigestUpdate(c, p, n);
  EVP_DigestFinal_ex(c, bytes, &size);
  return put_hex(w, bytes, size);
}

static void digests(const table *t, result *r, const char *name) {
  EVP_MD_CTX *c = EVP_MD_CTX_new();
  EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    int64_t from = text_from(&t->s, k);
    w = digest(w, c, md, t->s.bytes + from, (size_t)(t->s.end[k] - from));
    r->end[k] = w - r->bytes;
  }
  EVP_MD_free(md);
  EVP_MD_CTX_free(c);
}

static void k_md5(const table *t, result *r) { digests(t, r, "MD5"); }
static void k_sha2(const table *t, result *r) { digests(t, r, "SHA256"); }

/* AES-128-GCM as Spark writes it: nonce, text, tag. */
static void k_aes(const table *t, result *r) {
  EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
  EVP_CIPHER *aes = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
  unsigned char *w = (unsigned char *)r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    int64_t from = text_from(&t->s, k);
    int n;
    RAND_bytes(w, 12);
    EVP_EncryptInit_ex(c, aes, NULL, (const unsigned char *)"0000111122223333", w);
    EVP_EncryptUpdate(c, w + 12, &n, (const unsigned char *)t->s.bytes + from,
                      (int)(t->s.end[k] - from));
    EVP_EncryptFinal_ex(c, w + 12 + n, &n);
    w += 12 + t->s.end[k] - from;
    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, w);
    w += 16;
    r->end[k] = (char *)w - r->bytes;
  }
  EVP_CIPHER_free(aes);
  EVP_CIPHER_CTX_free(c);
}

static void k_collate(const table *t, result *r) {
  UErrorCode code = U_ZERO_ERROR;
  UCollator *c = ucol_open("root", &code);
  ucol_setStrength(c, UCOL_SECONDARY);
  for (size_t k = 0; k < t->rows; k++) {
    int64_t from = text_from(&t->s, k);
    r->flags[k] = ucol_strcollUTF8(c, t->s.bytes + from, (int32_t)(t->s.end[k] - from),
                                   "WORD-500000", 11, &code) == UCOL_LESS;
  }
  ucol_close(c);
}

EACH_TEXT(k_like_prefix, s, { r->flags[k] = LENGTH >= 6 && memcmp(p, "word-1", 6) == 0; })

EACH_TEXT(k_like_contains, u, {
  const char *hit = memmem(p, LENGTH, "99", 2);
  r->flags[k] = hit != NULL && memchr(hit + 2, '1', (size_t)(e - hit - 2)) != NULL;
})

/* Draws of a counter-based generator as texts. */
static void k_uuid(const table *t, result *r) {
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    uint64_t draw[2] = {mix(2 * k), mix(2 * k + 1)};
    unsigned char b[16];
    memcpy(b, draw, 16);
    b[6] = (unsigned char)((b[6] & 15) | 0x40);
    b[8] = (unsigned char)((b[8] & 63) | 0x80);
    for (int part = 0; part < 5; part++) {
      static const int AT[] = {0, 4, 6, 8, 10, 16};
      w = put_hex(w, b + AT[part], (unsigned)(AT[part + 1] - AT[part]));
      if (part < 4) *w++ = '-';
    }
    r->end[k] = w - r->bytes;
  }
}

/* A draw a character, by the generator that Spark has: what a seed gives is a part of what the function means. */
static void k_randstr(const table *t, result *r) {
  static const char LETTERS[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  char *w = r->bytes;
  uint64_t x = mix(1);
  for (size_t k = 0; k < t->rows; k++) {
    for (int c = 0; c < 10; c++) {
      x ^= x << 21;
      x ^= x >> 35;
      x ^= x << 4;
      int32_t draw = (int32_t)x % 62;
      *w++ = LETTERS[draw < 0 ? -draw : draw];
    }
    r->end[k] = w - r->bytes;
  }
}

/* sound: digits of consonants, of which equal neighbours count once; vowels part them, h and w do not. */
EACH_TEXT(k_soundex, s, {
  static const char CODE[] = "01230127022455012623017202";
  char *to = w + 1;
  char last = CODE[(*p | 32) - 'a'];
  memcpy(w, "0000", 4);
  *w = (char)toupper((unsigned char)*p);
  for (p++; p < e && to < w + 4; p++) {
    if (!isalpha((unsigned char)*p)) {
      last = '0';
      continue;
    }
    char c = CODE[(*p | 32) - 'a'];
    if (c == '7') continue;
    if (c != '0' && c != last) *to++ = c;
    last = c;
  }
  w += 4;
})

EACH_TEXT(k_luhn, num, {
  int sum = 0;
  for (const char *q = e; q > p; q--) {
    int d = q[-1] - '0';
    if ((e - q) & 1) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
    sum += d;
  }
  r->flags[k] = sum % 10 == 0;
})

EACH_TEXT(k_find_in_set, num, {
  static const char set[] = "1,22,333,4444,55555,666666";
  int32_t at = 1;
  size_t n = LENGTH;
  r->narrow[k] = 0;
  for (const char *q = set, *stop; *q; q = *stop ? stop + 1 : stop, at++) {
    stop = strchrnul(q, ',');
    if ((size_t)(stop - q) == n && memcmp(q, p, n) == 0) {
      r->narrow[k] = at;
      break;
    }
  }
})

EACH_TEXT(k_overlay, s, {
  const char *cut = character(p, e, 2);
  const char *to = character(cut, e, 3);
  w = put(w, p, (size_t)(cut - p));
  w = put(w, "###", 3);
  w = put(w, to, (size_t)(e - to));
})

static void k_concat_ws(const table *t, result *r) {
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    const text_column *all[] = {&t->s, &t->num, &t->h};
    for (int c = 0; c < 3; c++) {
      int64_t from = text_from(all[c], k);
      if (c > 0) *w++ = '/';
      w = put(w, all[c]->bytes + from, (size_t)(all[c]->end[k] - from));
    }
    r->end[k] = w - r->bytes;
  }
}

EACH_TEXT(k_repeat, num, {
  for (int c = 0; c < 3; c++) w = put(w, p, LENGTH);
})

/* The last '/' and what is behind it go: counted from the end. */
EACH_TEXT(k_substring_index_end, u, {
  const char *hit = memrchr(p, '=', LENGTH);
  if (hit != NULL) p = hit + 1;
  w = put(w, p, LENGTH);
})

EACH_TEXT(k_parse_url_query, u, {
  r->flags[k] = (uint8_t)is_url(p, e);
  const char *query = memchr(p, '?', LENGTH);
  for (p = query != NULL ? query + 1 : e; p < e;) {
    const char *stop = memchr(p, '&', LENGTH);
    if (stop == NULL) stop = e;
    if (stop - p >= 5 && memcmp(p, "page=", 5) == 0) {
      w = put(w, p + 5, (size_t)(stop - p - 5));
      break;
    }
    p = stop < e ? stop + 1 : e;
  }
})

EACH_TEXT(k_url_decode, u, {
  for (; p < e; p++) {
    if (*p == '%' && e - p > 2) {
      *w++ = (char)(nibble(p[1]) << 4 | nibble(p[2]));
      p += 2;
    } else {
      *w++ = *p == '+' ? ' ' : *p;
    }
  }
})

EACH_TEXT(k_base32, num, {
  for (; p < e; p += 5) {
    uint64_t v = 0;
    for (int c = 0; c < 5; c++) v = v << 8 | (p + c < e ? (unsigned char)p[c] : 0);
    int letters = e - p >= 5 ? 8 : (int)((e - p) * 8 + 4) / 5;
    for (int c = 0; c < 8; c++)
      *w++ = c < letters ? "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[v >> (35 - 5 * c) & 31] : '=';
  }
})

EACH_TEXT(k_ilike, u, {
  char low[LONGEST];
  for (size_t c = 0; c < LENGTH; c++) low[c] = (char)tolower((unsigned char)p[c]);
  r->flags[k] = memmem(low, LENGTH, "archive", 7) != NULL;
})

static void k_sha1(const table *t, result *r) { digests(t, r, "SHA1"); }

/* A point's WKB behind its SRID is looked through and copied. */
static char *put_point(char *w, const char *wkb) {
  char shape[25] = {0};
  uint32_t what;
  double x, y;
  memcpy(&what, wkb + 1, 4);
  memcpy(&x, wkb + 5, 8);
  memcpy(&y, wkb + 13, 8);
  if (wkb[0] != 1 || what != 1 || isinf(x) || isinf(y)) abort();
  memcpy(shape + 4, wkb, 21);
  return put(w, shape + 4, 21);
}

EACH_TEXT(k_shape, u, {
  char wkb[21] = "\1\1\0\0";
  memcpy(wkb + 5, p + 12, e - p > 28 ? 16 : 0);
  w = put_point(w, wkb);
})

const kernel_case text_cases[] = {{"string.upper", k_upper, TEXT},
                                  {"string.length", k_length, INT32},
                                  {"string.concat", k_concat, TEXT},
                                  {"string.substring", k_substring, TEXT},
                                  {"string.trim", k_trim, TEXT},
                                  {"string.replace", k_replace, TEXT},
                                  {"string.instr", k_instr, INT32},
                                  {"string.contains", k_contains, FLAG},
                                  {"string.lpad", k_lpad, TEXT},
                                  {"string.initcap", k_initcap, TEXT},
                                  {"string.translate", k_translate, TEXT},
                                  {"string.substring_index", k_substring_index, TEXT},
                                  {"string_parts.split_part", k_split_part, TEXT},
                                  {"string_parts.levenshtein", k_levenshtein, INT32},
                                  {"string_parts.mask", k_mask, TEXT},
                                  {"reverse.text", k_reverse, TEXT},
                                  {"string_format.printf", k_printf, TEXT},
                                  {"string_format.format_number", k_format_number, TEXT},
                                  {"to_char.to_char", k_to_char, TEXT},
                                  {"to_char.to_number", k_to_number, INT64},
                                  {"radix.bin", k_bin, TEXT},
                                  {"radix.hex", k_hex, TEXT},
                                  {"radix.unhex", k_unhex, TEXT},
                                  {"radix.conv", k_conv, TEXT},
                                  {"url.parse_url", k_parse_url, TEXT},
                                  {"encoding.url_encode", k_url_encode, TEXT},
                                  {"encoding.base64", k_base64, TEXT},
                                  {"encoding.unbase64", k_unbase64, TEXT},
                                  {"hash.crc32", k_crc32, INT64},
                                  {"hash.md5", k_md5, TEXT},
                                  {"hash.sha2", k_sha2, TEXT},
                                  {"aes.aes_encrypt", k_aes, NOTHING},
                                  {"collation.collate", k_collate, FLAG},
                                  {"like.prefix", k_like_prefix, FLAG},
                                  {"like.contains", k_like_contains, FLAG},
                                  {"random_value.uuid", k_uuid, NOTHING},
                                  {"random_value.randstr", k_randstr, NOTHING},
                                  {"string_parts.soundex", k_soundex, TEXT},
                                  {"string_parts.luhn_check", k_luhn, FLAG},
                                  {"string_parts.find_in_set", k_find_in_set, INT32},
                                  {"string_parts.overlay", k_overlay, TEXT},
                                  {"string.concat_ws", k_concat_ws, TEXT},
                                  {"string.repeat", k_repeat, TEXT},
                                  {"string.substring_index_end", k_substring_index_end, TEXT},
                                  {"url.parse_url_query", k_parse_url_query, TEXT},
                                  {"encoding.url_decode", k_url_decode, TEXT},
                                  {"encoding.to_base32", k_base32, TEXT},
                                  {"like.ilike", k_ilike, FLAG},
                                  {"hash.sha1", k_sha1, TEXT},
                                  {"shape.st_asbinary", k_shape, TEXT},
                                  {NULL, NULL, NOTHING}};
