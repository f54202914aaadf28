/* String literals: adjacent ones join, raw ones stay as they are, others have Java's and Spark's
** escapes. `\%` and `\_` keep their backslash, for LIKE. */
#include "sql/parser_int.h"

#include <utf8proc.h>

bool mill_p_is_string(const mill_parser *p, int ahead) {
  int kind = mill_p_peek(p, ahead);
  return kind == MILL_T_STRING || (kind == MILL_T_DOUBLE_QUOTED && !p->rules.quoted_identifiers);
}

/* The value of n hexadecimal digits; -1: they are not. */
static int64_t hex(const char *s, const char *end, int n) {
  int64_t v = 0;
  if (end - s < n) return -1;
  for (int i = 0; i < n; i++) {
    char c = s[i];
    int d = c >= '0' && c <= '9'   ? c - '0'
            : c >= 'a' && c <= 'f' ? c - 'a' + 10
            : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                   : -1;
    if (d < 0) return -1;
    v = v * 16 + d;
  }
  return v;
}

static char *put_char(char *q, int64_t c) {
  if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = '?';
  return q + utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)q);
}

/* A backslash-u escape, pairs of surrogates joined; NULL: it is none. */
static const char *unicode(const char *s, const char *end, char **q) {
  int64_t c = hex(s + 1, end, *s == 'U' ? 8 : 4);
  if (c < 0) return NULL;
  const char *next = s + (*s == 'U' ? 9 : 5);
  if (c >= 0xd800 && c < 0xdc00 && end - next >= 6 && next[0] == '\\' && next[1] == 'u') {
    int64_t low = hex(next + 2, end, 4);
    if (low >= 0xdc00 && low < 0xe000) {
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
      next += 6;
    }
  }
  *q = put_char(*q, c);
  return next;
}

static char simple_escape(char c) {
  switch (c) {
  case '0': return '\0';
  case 'b': return '\b';
  case 'n': return '\n';
  case 'r': return '\r';
  case 't': return '\t';
  case 'Z': return '\x1a';
  default: return c;
  }
}

static bool octal(const char *s, const char *end) {
  return end - s >= 3 && (*s == '0' || *s == '1') && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' &&
         s[2] <= '7';
}

/* The escape whose backslash stands before s. */
static const char *escape(const char *s, const char *end, char **q) {
  const char *next = *s == 'u' || *s == 'U' ? unicode(s, end, q) : NULL;
  if (next) return next;
  if (octal(s, end)) {
    *q = put_char(*q, (s[0] - '0') * 64 + (s[1] - '0') * 8 + (s[2] - '0'));
    return s + 3;
  }
  if (*s == '%' || *s == '_') *(*q)++ = '\\';
  *(*q)++ = simple_escape(*s);
  return s + 1;
}

/* Append one literal; what it means is never longer than what was written. */
static char *append(const char *s, const char *end, char *q) {
  if (*s == 'r' || *s == 'R') {
    memcpy(q, s + 2, (size_t)(end - s - 3));
    return q + (end - s - 3);
  }
  char quote = *s;
  end--;
  for (s++; s < end;) {
    if (*s == '\\' && s + 1 < end) {
      s = escape(s + 1, end, &q);
    } else {
      if (*s == quote) s++;
      *q++ = *s++;
    }
  }
  return q;
}

const char *mill_p_string(mill_parser *p, size_t *n) {
  if (n) *n = 0;
  if (!mill_p_is_string(p, 0)) {
    mill_p_syntax(p);
    return "";
  }
  int last = 0;
  while (mill_p_is_string(p, last + 1)) last++;
  const mill_token *t = &p->token[p->at];
  char *out = mill_p_alloc(p, (size_t)(t[last].stop - t[0].start) + 1), *q = out;
  if (out == NULL) return "";
  for (int i = 0; i <= last; i++) q = append(p->text + t[i].start, p->text + t[i].stop, q);
  p->at += last + 1;
  if (n) *n = (size_t)(q - out);
  return out;
}
