/* See regex_literal.h. One pass over the expression at its top level: plain characters make runs, anything
** else ends them, groups and classes are passed over. Alternatives at the top, options within the expression
** and escapes that take arguments end the reading: nothing is known then. */
#include "base/regex_literal.h"

#include <string.h>

typedef struct reader {
  const char *s;
  size_t n, at;
} reader;

static bool has(const char *set, char c) { return c != '\0' && strchr(set, c) != NULL; }

/* Behind a backslash: 'p' a plain character, 'c' a class or an assertion, 0 anything else. */
static char escape_kind(char c) {
  bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  if (!letter) return (unsigned char)c < 0x80 && c ? 'p' : 0;
  return has("dDwWsSbBAzZhHvVR", c) ? 'c' : 0;
}

/* From behind a `[` to behind its `]`. */
static bool pass_class(reader *r) {
  r->at += r->at < r->n && r->s[r->at] == '^';
  r->at += r->at < r->n && r->s[r->at] == ']';
  for (; r->at < r->n && r->s[r->at] != ']'; r->at++) {
    if (r->s[r->at] == '[') return false;
    if (r->s[r->at] == '\\' && (++r->at >= r->n || has("QE", r->s[r->at]))) return false;
  }
  return r->at++ < r->n;
}

/* From behind a `(`: is it a group that changes nothing but what is in it? */
static bool plain_group(const reader *r) {
  const char *p = r->s + r->at;
  size_t left = r->n - r->at;
  if (left && *p == '*') return false;
  return left == 0 || *p != '?' || (left > 1 && has(":=!<P", p[1]));
}

/* From behind a `(` to behind its `)`. */
static bool pass_group(reader *r) {
  if (!plain_group(r)) return false;
  for (int depth = 1; depth > 0;) {
    if (r->at >= r->n) return false;
    char c = r->s[r->at++];
    if (c == '[' && !pass_class(r)) return false;
    if (c == '(' && (depth++, !plain_group(r))) return false;
    depth -= c == ')';
    if (c == '\\' && (r->at >= r->n || has("QE", r->s[r->at++]))) return false;
  }
  return true;
}

/* A quantifier, if there is one here; its least count is 0 or unknown in *optional. */
static bool pass_quantifier(reader *r, bool *optional) {
  char c = r->at < r->n ? r->s[r->at] : 'x';
  *optional = c == '*' || c == '?' || c == '{';
  if (!*optional && c != '+') return false;
  if (c == '{') {
    const char *end = memchr(r->s + r->at, '}', r->n - r->at);
    r->at = end ? (size_t)(end - r->s) : r->n;
  }
  r->at++;
  if (r->at < r->n && (r->s[r->at] == '?' || r->s[r->at] == '+')) r->at++;
  return true;
}

/* One atom; a plain character in *c, *plain. False: nothing is known of the expression. */
static bool atom(reader *r, char *c, bool *plain) {
  *c = r->s[r->at++];
  *plain = true;
  switch (*c) {
  case '(': *plain = false; return pass_group(r);
  case '[': *plain = false; return pass_class(r);
  case '.':
  case '^':
  case '$': *plain = false; return true;
  case '\\':
    if (r->at >= r->n) return false;
    *c = r->s[r->at++];
    *plain = escape_kind(*c) == 'p';
    return escape_kind(*c) != 0;
  default: return !has("|)*+?{", *c);
  }
}

size_t mill_regex_literal(const char *s, size_t n, char *out, bool *whole) {
  reader r = {s, n, 0};
  size_t run = 0, start = 0, kept = 0; /* out[start, start + run) is being read, [0, kept) was */
  *whole = true;
  while (r.at < n) {
    char c;
    bool plain, optional = false;
    if (!atom(&r, &c, &plain)) return 0;
    if (plain) out[start + run++] = c;
    while (plain && r.at < n && ((unsigned char)s[r.at] & 0xc0) == 0x80)
      out[start + run++] = s[r.at++];
    bool ends = pass_quantifier(&r, &optional) || !plain;
    if (!ends) continue;
    *whole = false;
    if (plain && optional)
      while (run && ((unsigned char)out[start + --run] & 0xc0) == 0x80) continue;
    if (run >= 2) {
      memmove(out, out + start, run);
      kept = run;
    }
    start = kept;
    run = 0;
  }
  if (run >= 2) memmove(out, out + start, kept = run);
  return kept;
}
