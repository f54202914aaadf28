/* Character sets of text files, to UTF-8. What cannot be read becomes U+FFFD, as in Java. */
#include <strings.h>

#include "base/utf8.h"
#include "io/write_int.h"

static const struct {
  const char *name;
  io_charset charset;
} charsets[] = {
    {"UTF-8", IO_UTF8},   {"ISO-8859-1", IO_LATIN1}, {"US-ASCII", IO_ASCII},
    {"UTF-16", IO_UTF16}, {"UTF-16LE", IO_UTF16LE},  {"UTF-16BE", IO_UTF16BE},
    {"UTF-32", IO_UTF32},
};

mill_status mill_io_charset_of(const char *name, io_charset *out, mill_error *err) {
  for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++)
    if (strcasecmp(charsets[i].name, name) == 0) {
      *out = charsets[i].charset;
      return MILL_OK;
    }
  return mill_fail(err, MILL_E_INVALID_PARAMETER_VALUE_CHARSET, "functionName", "The reader",
                   "charset", mill_error_fmt(err, "%s", name), "charsets",
                   "UTF-8, ISO-8859-1, US-ASCII, UTF-16, UTF-16LE, UTF-16BE, UTF-32", NULL);
}

static int32_t unit16(const unsigned char *p, bool little) {
  return little ? p[0] | p[1] << 8 : p[0] << 8 | p[1];
}

/* The code point at p (n >= 2 bytes), its bytes in *used; 0: more bytes are needed. */
static int32_t decode16(const unsigned char *p, size_t n, bool little, bool last, size_t *used) {
  int32_t c = unit16(p, little);
  *used = 2;
  if (c < 0xd800 || c > 0xdfff) return c;
  if (c > 0xdbff || (n < 4 && last)) return 0xfffd;
  if (n < 4) {
    *used = 0;
    return 0;
  }
  int32_t low = unit16(p + 2, little);
  if (low < 0xdc00 || low > 0xdfff) return 0xfffd;
  *used = 4;
  return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static int32_t decode32(const unsigned char *p, bool little) {
  uint32_t c = little ? p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24
                      : (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
  return c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0xfffd : (int32_t)c;
}

static size_t decode_wide(io_charset c, const unsigned char *in, size_t n, bool last, char *out,
                          size_t *made) {
  size_t width = c >= IO_UTF32 ? 4 : 2, at = 0, used = width;
  bool little = c == IO_UTF16LE || c == IO_UTF32LE;
  bool marked = n >= 2 && ((in[0] == 0xff && in[1] == 0xfe) || (in[0] == 0xfe && in[1] == 0xff));
  if (c == IO_UTF16 || c == IO_UTF32) little = n >= 2 && in[0] == 0xff && in[1] == 0xfe;
  if (c == IO_UTF16 && marked) at = 2;
  if (c == IO_UTF32 && n >= 4 && decode32(in, little) == 0xfeff) at = 4;
  for (; n - at >= width; at += used) {
    int32_t code =
        width == 4 ? decode32(in + at, little) : decode16(in + at, n - at, little, last, &used);
    if (used == 0) break;
    *made += (size_t)mill_utf8_encode(code, out + *made);
  }
  if (last && at < n) {
    *made += (size_t)mill_utf8_encode(0xfffd, out + *made);
    at = n;
  }
  return at;
}

size_t mill_io_charset_decode(io_charset c, const unsigned char *in, size_t n, bool last, char *out,
                              size_t *made) {
  *made = 0;
  if (c >= IO_UTF16) return decode_wide(c, in, n, last, out, made);
  for (size_t i = 0; i < n; i++) {
    int32_t code = c == IO_ASCII && in[i] > 127 ? 0xfffd : in[i];
    *made += (size_t)mill_utf8_encode(code, out + *made);
  }
  return n;
}

/* ---- the other way -------------------------------------------------------------------------- */

static mill_status put_wide(io_charset c, uint32_t code, mill_text *out, mill_error *err) {
  unsigned char b[4] = {(unsigned char)(code >> 24), (unsigned char)(code >> 16),
                        (unsigned char)(code >> 8), (unsigned char)code};
  bool wide = c >= IO_UTF32, little = c == IO_UTF16LE || c == IO_UTF32LE;
  unsigned char flipped[4] = {b[3], b[2], b[1], b[0]};
  const unsigned char *p = little ? flipped : b;
  return mill_text_add(out, (const char *)p + (wide || little ? 0 : 2), wide ? 4 : 2, err);
}

static int narrow_byte(io_charset c, int32_t code) {
  return code < 128 || (c == IO_LATIN1 && code < 256) ? code : '?';
}

mill_status mill_io_charset_encode(io_charset c, const char *in, size_t n, mill_text *out,
                                   mill_error *err) {
  MILL_TRY(mill_text_reserve(out, n * 4, err));
  for (size_t i = 0; i < n;) {
    int used;
    int32_t code = mill_utf8_decode(in + i, n - i, &used);
    i += (size_t)used;
    if (c < IO_UTF16) {
      MILL_TRY(mill_text_addc(out, (char)narrow_byte(c, code), err));
    } else if (c >= IO_UTF32 || code < 0x10000) {
      MILL_TRY(put_wide(c, (uint32_t)code, out, err));
    } else {
      MILL_TRY(put_wide(c, 0xd800 + ((uint32_t)(code - 0x10000) >> 10), out, err));
      MILL_TRY(put_wide(c, 0xdc00 + ((uint32_t)(code - 0x10000) & 0x3ff), out, err));
    }
  }
  return MILL_OK;
}
