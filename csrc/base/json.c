#include "base/json.h"

#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

/* What may come next. */
enum { EXPECT_VALUE, EXPECT_FIRST_ITEM, EXPECT_FIRST_NAME, EXPECT_NAME, AFTER_VALUE, DONE, BROKEN };

const mill_json_flag mill_json_flags[MILL_JSON_FLAGS] = {
    {"allowComments", false, MILL_JSON_COMMENTS},
    {"allowUnquotedFieldNames", false, MILL_JSON_UNQUOTED_NAMES},
    {"allowSingleQuotes", true, MILL_JSON_SINGLE_QUOTES},
    {"allowNumericLeadingZeros", false, MILL_JSON_LEADING_ZEROS},
    {"allowNonNumericNumbers", true, MILL_JSON_NON_NUMBERS},
    {"allowBackslashEscapingAnyCharacter", false, MILL_JSON_ANY_ESCAPE},
    {"allowUnquotedControlChars", false, MILL_JSON_CONTROL_CHARS}};

void mill_json_start(mill_json_reader *r, const char *p, size_t n, unsigned options) {
  r->start = r->p = p;
  r->end = p + n;
  r->options = options;
  r->depth = 0;
  r->state = EXPECT_VALUE;
  r->error = NULL;
  r->text = NULL;
  r->size = r->at = 0;
  r->escaped = false;
}

static mill_json_token broken(mill_json_reader *r, const char *why) {
  r->state = BROKEN;
  r->error = why;
  r->at = (size_t)(r->p - r->start);
  return MILL_JSON_ERROR;
}

static bool skip_comment(mill_json_reader *r) {
  const char *p = r->p + 1;
  if (p < r->end && *p == '/') {
    const char *line = memchr(p, '\n', (size_t)(r->end - p));
    r->p = line ? line : r->end;
    return true;
  }
  if (p >= r->end || *p != '*') return false;
  for (p++; p + 1 < r->end; p++)
    if (p[0] == '*' && p[1] == '/') {
      r->p = p + 2;
      return true;
    }
  return false;
}

static void skip_blanks(mill_json_reader *r) {
  for (;;) {
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
      r->p++;
    if (r->p < r->end && *r->p == '/' && (r->options & MILL_JSON_COMMENTS) && skip_comment(r))
      continue;
    return;
  }
}

static inline void skip_blank(mill_json_reader *r) {
  if (r->p < r->end && (*r->p <= ' ' || *r->p == '/')) skip_blanks(r);
}

static bool in_object(const mill_json_reader *r) {
  int d = r->depth - 1;
  return d >= 0 && (r->is_object[d >> 6] >> (d & 63) & 1);
}

static mill_json_token value_done(mill_json_reader *r, mill_json_token t) {
  r->state = r->depth ? AFTER_VALUE : DONE;
  return t;
}

static mill_json_token open_nested(mill_json_reader *r, bool object) {
  if (r->depth >= MILL_JSON_DEPTH) return broken(r, "nested more than 1000 deep");
  uint64_t bit = 1ull << (r->depth & 63);
  if (object)
    r->is_object[r->depth >> 6] |= bit;
  else
    r->is_object[r->depth >> 6] &= ~bit;
  r->depth++;
  r->p++;
  r->state = object ? EXPECT_FIRST_NAME : EXPECT_FIRST_ITEM;
  return object ? MILL_JSON_OBJECT : MILL_JSON_ARRAY;
}

static mill_json_token close_nested(mill_json_reader *r) {
  bool object = in_object(r);
  r->depth--;
  r->p++;
  return value_done(r, object ? MILL_JSON_OBJECT_END : MILL_JSON_ARRAY_END);
}

static bool hex4(const char *p, const char *end, uint32_t *out) {
  if (end - p < 4) return false;
  uint32_t v = 0;
  for (int i = 0; i < 4; i++) {
    char c = p[i];
    int d = c >= '0' && c <= '9'                 ? c - '0'
            : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                 : -1;
    if (d < 0) return false;
    v = v << 4 | (uint32_t)d;
  }
  *out = v;
  return true;
}

static bool escape_ok(const mill_json_reader *r, const char *p) {
  uint32_t c;
  if (p >= r->end) return false;
  if (*p == 'u') return hex4(p + 1, r->end, &c);
  return strchr("\"\\/bfnrt", *p) != NULL ||
         (*p == '\'' && (r->options & MILL_JSON_SINGLE_QUOTES)) ||
         (r->options & MILL_JSON_ANY_ESCAPE);
}

/* Past the bytes, eight at a time, among which there is no quote, backslash or control character. */
static const char *plain_run(const char *p, const char *end, char quote) {
  const uint64_t ones = 0x0101010101010101ull, high = 0x8080808080808080ull;
  const uint64_t quotes = ones * (unsigned char)quote, slashes = ones * '\\';
  for (uint64_t x; end - p >= 8; p += 8) {
    memcpy(&x, p, 8);
    uint64_t q = x ^ quotes, s = x ^ slashes;
    if ((((x - ones * ' ') & ~x) | ((q - ones) & ~q) | ((s - ones) & ~s)) & high) break;
  }
  return p;
}

const char *mill_json_plain(const char *p, const char *end, bool ascii) {
  const uint64_t high = 0x8080808080808080ull;
  unsigned char most = ascii ? 0x7f : 0xff;
  while (p < end) {
    uint64_t x;
    const char *run = plain_run(p, end, '"');
    for (; ascii && p < run; p += 8) {
      memcpy(&x, p, 8);
      if (x & high) break;
    }
    if (!ascii) p = run;
    for (const char *stop = end - p < 8 ? end : p + 8; p < stop; p++) {
      unsigned char c = (unsigned char)*p;
      if (c < ' ' || c == '"' || c == '\\' || c > most) return p;
    }
  }
  return p;
}

/* A quoted text: r->p is at the quote. */
static mill_json_token quoted(mill_json_reader *r, mill_json_token t) {
  char quote = *r->p++;
  r->text = r->p;
  r->escaped = false;
  for (const char *p = plain_run(r->p, r->end, quote); p < r->end; p++) {
    unsigned char c = (unsigned char)*p;
    if (c == (unsigned char)quote) {
      r->size = (size_t)(p - r->text);
      r->p = p + 1;
      return t;
    }
    if (c == '\\') {
      r->escaped = true;
      r->p = p;
      if (!escape_ok(r, ++p)) return broken(r, "bad escape");
    } else if (c < 0x20 && !(r->options & MILL_JSON_CONTROL_CHARS)) {
      r->p = p;
      return broken(r, "control character in a text");
    }
  }
  r->p = r->end;
  return broken(r, "text without its closing quote");
}

static bool word_char(char c) {
  return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '$' ||
         (c & 0x80);
}

static mill_json_token take_word(mill_json_reader *r, const char *word, mill_json_token t) {
  size_t n = strlen(word);
  if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0 ||
      (r->p + n < r->end && word_char(r->p[n])))
    return broken(r, "not a JSON value");
  r->text = r->p;
  r->size = n;
  r->p += n;
  return value_done(r, t);
}

static mill_json_token non_number(mill_json_reader *r) {
  static const char *const words[] = {"NaN",  "Infinity",  "INF",  "+Infinity",
                                      "+INF", "-Infinity", "-INF", NULL};
  size_t left = (size_t)(r->end - r->p);
  for (int i = 0; words[i]; i++) {
    size_t n = strlen(words[i]);
    if (left >= n && memcmp(r->p, words[i], n) == 0 && (left == n || !word_char(r->p[n])))
      return take_word(r, words[i], MILL_JSON_NUMBER);
  }
  return broken(r, "not a JSON value");
}

static const char *digits(const char *p, const char *end) {
  while (p < end && *p >= '0' && *p <= '9') p++;
  return p;
}

static mill_json_token number(mill_json_reader *r) {
  const char *p = r->p, *end = r->end, *from;
  mill_json_token t = MILL_JSON_INTEGER;
  if (p < end && *p == '-') p++;
  if (p < end && (*p == 'I' || *p == 'N') && (r->options & MILL_JSON_NON_NUMBERS))
    return non_number(r);
  from = p;
  p = digits(p, end);
  if (p == from) return broken(r, "not a JSON value");
  if (*from == '0' && p - from > 1 && !(r->options & MILL_JSON_LEADING_ZEROS))
    return broken(r, "number with leading zeros");
  if (p < end && *p == '.') {
    t = MILL_JSON_NUMBER;
    from = ++p;
    p = digits(p, end);
    if (p == from) return broken(r, "number without digits behind its point");
  }
  if (p < end && (*p | 32) == 'e') {
    t = MILL_JSON_NUMBER;
    p++;
    if (p < end && (*p == '+' || *p == '-')) p++;
    from = p;
    p = digits(p, end);
    if (p == from) return broken(r, "number without digits in its exponent");
  }
  if (p < end && word_char(*p)) return broken(r, "malformed number");
  r->text = r->p;
  r->size = (size_t)(p - r->p);
  r->p = p;
  return value_done(r, t);
}

static mill_json_token value(mill_json_reader *r) {
  mill_json_token t;
  switch (*r->p) {
  case '{': return open_nested(r, true);
  case '[': return open_nested(r, false);
  case '\'':
    if (!(r->options & MILL_JSON_SINGLE_QUOTES)) return broken(r, "not a JSON value");
  /* fallthrough */
  case '"': t = quoted(r, MILL_JSON_TEXT); return t == MILL_JSON_ERROR ? t : value_done(r, t);
  case 't': return take_word(r, "true", MILL_JSON_TRUE);
  case 'f': return take_word(r, "false", MILL_JSON_FALSE);
  case 'n': return take_word(r, "null", MILL_JSON_NULL);
  case '+':
  case 'N':
  case 'I':
    return r->options & MILL_JSON_NON_NUMBERS ? non_number(r) : broken(r, "not a JSON value");
  default: return number(r);
  }
}

static mill_json_token member_name(mill_json_reader *r) {
  mill_json_token t;
  if (*r->p == '"' || (*r->p == '\'' && (r->options & MILL_JSON_SINGLE_QUOTES))) {
    t = quoted(r, MILL_JSON_NAME);
    if (t == MILL_JSON_ERROR) return t;
  } else if ((r->options & MILL_JSON_UNQUOTED_NAMES) && word_char(*r->p)) {
    r->text = r->p;
    while (r->p < r->end && word_char(*r->p)) r->p++;
    r->size = (size_t)(r->p - r->text);
    r->escaped = false;
  } else {
    return broken(r, "expected the name of a member");
  }
  const char *text = r->text;
  size_t size = r->size;
  skip_blank(r);
  if (r->p == r->end || *r->p != ':') return broken(r, "expected a colon after a name");
  r->p++;
  r->text = text;
  r->size = size;
  r->state = EXPECT_VALUE;
  return MILL_JSON_NAME;
}

mill_json_token mill_json_next(mill_json_reader *r) {
  if (r->state == BROKEN) return MILL_JSON_ERROR;
  if (r->state == DONE) return MILL_JSON_END;
  skip_blank(r);
  if (r->p == r->end) return broken(r, "ends in the middle of a value");
  switch (r->state) {
  case EXPECT_FIRST_NAME:
    if (*r->p == '}') return close_nested(r);
    return member_name(r);
  case EXPECT_FIRST_ITEM:
    if (*r->p == ']') return close_nested(r);
    return value(r);
  case EXPECT_VALUE: return value(r);
  case EXPECT_NAME: return member_name(r);
  default: break;
  }
  if (*r->p == (in_object(r) ? '}' : ']')) return close_nested(r);
  if (*r->p != ',') return broken(r, "expected a comma or the end");
  r->p++;
  skip_blank(r);
  if (r->p == r->end) return broken(r, "ends in the middle of a value");
  return in_object(r) ? member_name(r) : value(r);
}

bool mill_json_skip(mill_json_reader *r, mill_json_token first) {
  if (first == MILL_JSON_ERROR) return false;
  if (first != MILL_JSON_OBJECT && first != MILL_JSON_ARRAY) return true;
  int outside = r->depth - 1;
  while (r->depth > outside)
    if (mill_json_next(r) == MILL_JSON_ERROR) return false;
  return true;
}

bool mill_json_at_end(mill_json_reader *r) {
  skip_blank(r);
  return r->p == r->end;
}

/* ---- escapes ---- */

static mill_status unicode_escape(const char **p, const char *end, mill_text *out,
                                  mill_error *err) {
  uint32_t c = 0, low;
  char buf[4];
  if (!hex4(*p, end, &c)) return mill_text_addc(out, 'u', err);
  *p += 4;
  if (c >= 0xd800 && c <= 0xdfff) {
    bool pair = c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' &&
                hex4(*p + 2, end, &low) && low >= 0xdc00 && low <= 0xdfff;
    if (!pair) return mill_text_addc(out, '?', err); /* as Java's encoder writes a lone surrogate */
    *p += 6;
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
  }
  return mill_text_add(out, buf, (size_t)mill_utf8_encode((int32_t)c, buf), err);
}

mill_status mill_json_unescape(const char *p, size_t n, mill_text *out, mill_error *err) {
  static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
  const char *end = p + n;
  MILL_TRY(mill_text_reserve(out, n, err));
  while (p < end) {
    const char *slash = memchr(p, '\\', (size_t)(end - p));
    if (!slash || slash + 1 >= end) return mill_text_add(out, p, (size_t)(end - p), err);
    MILL_TRY(mill_text_add(out, p, (size_t)(slash - p), err));
    p = slash + 2;
    const char *known = slash[1] ? strchr(from, slash[1]) : NULL;
    if (slash[1] == 'u')
      MILL_TRY(unicode_escape(&p, end, out, err));
    else
      MILL_TRY(mill_text_addc(out, known ? to[known - from] : slash[1], err));
  }
  return MILL_OK;
}

mill_status mill_json_quote(const char *p, size_t n, mill_text *out, mill_error *err) {
  static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
  MILL_TRY(mill_text_reserve(out, n + 2, err));
  MILL_TRY(mill_text_addc(out, '"', err));
  size_t start = 0;
  for (size_t i = 0; (i = (size_t)(mill_json_plain(p + i, p + n, false) - p)) < n; i++) {
    unsigned char c = (unsigned char)p[i];
    MILL_TRY(mill_text_add(out, p + start, i - start, err));
    start = i + 1;
    const char *known = c ? strchr(from, (int)c) : NULL;
    if (known) {
      char pair[2] = {'\\', to[known - from]};
      MILL_TRY(mill_text_add(out, pair, 2, err));
    } else {
      MILL_TRY(mill_text_printf(out, err, "\\u%04X", c));
    }
  }
  MILL_TRY(mill_text_add(out, p + start, n - start, err));
  return mill_text_addc(out, '"', err);
}

/* ---- tree ---- */

static mill_status malformed(const mill_json_reader *r, mill_error *err) {
  return mill_fail(err, MILL_E_MALFORMED_JSON, "reason", r->error, "position",
                   mill_error_fmt(err, "%zu", r->at + 1), NULL);
}

static mill_status arena_text(const char *p, size_t n, bool escaped, mill_arena *a,
                              const char **out, size_t *size, mill_error *err) {
  if (!escaped) {
    *out = mill_arena_strndup(a, p, n);
    *size = n;
    return *out ? MILL_OK : mill_oom(a->memory, n, err);
  }
  mill_text t;
  mill_text_init(&t, a->memory);
  mill_status s = mill_json_unescape(p, n, &t, err);
  if (s == MILL_OK) s = arena_text(t.data, t.size, false, a, out, size, err);
  mill_text_clear(&t);
  return s;
}

typedef struct builder {
  mill_json *stack[MILL_JSON_DEPTH + 1];
  mill_json *last[MILL_JSON_DEPTH + 1]; /* last child of each open value */
  int depth;
  const char *name;
  size_t name_size;
} builder;

static mill_status add_node(builder *b, mill_json_reader *r, mill_json_token t, mill_arena *a,
                            mill_json **root, mill_error *err) {
  mill_json *j = mill_arena_alloc(a, sizeof *j);
  if (!j) return mill_oom(a->memory, sizeof *j, err);
  j->kind = t;
  j->name = b->name;
  j->name_size = b->name_size;
  b->name = NULL;
  b->name_size = 0;
  if (t == MILL_JSON_TEXT || t == MILL_JSON_INTEGER || t == MILL_JSON_NUMBER)
    MILL_TRY(arena_text(r->text, r->size, t == MILL_JSON_TEXT && r->escaped, a, &j->text, &j->size,
                        err));
  if (b->depth == 0) {
    *root = j;
  } else {
    mill_json *parent = b->stack[b->depth];
    if (b->last[b->depth])
      b->last[b->depth]->next = j;
    else
      parent->child = j;
    b->last[b->depth] = j;
    parent->n++;
  }
  if (t == MILL_JSON_OBJECT || t == MILL_JSON_ARRAY) {
    b->stack[++b->depth] = j;
    b->last[b->depth] = NULL;
  }
  return MILL_OK;
}

mill_status mill_json_parse(const char *p, size_t n, mill_arena *a, mill_json **out,
                            mill_error *err) {
  mill_json_reader r;
  builder b = {.depth = 0};
  mill_json_start(&r, p, n, 0);
  for (;;) {
    mill_json_token t = mill_json_next(&r);
    if (t == MILL_JSON_ERROR) return malformed(&r, err);
    if (t == MILL_JSON_END) break;
    if (t == MILL_JSON_NAME)
      MILL_TRY(arena_text(r.text, r.size, r.escaped, a, &b.name, &b.name_size, err));
    else if (t == MILL_JSON_OBJECT_END || t == MILL_JSON_ARRAY_END)
      b.depth--;
    else
      MILL_TRY(add_node(&b, &r, t, a, out, err));
  }
  if (mill_json_at_end(&r)) return MILL_OK;
  broken(&r, "more text after the value");
  return malformed(&r, err);
}

const mill_json *mill_json_get(const mill_json *j, const char *name) {
  const mill_json *found = NULL;
  size_t n = strlen(name);
  if (!j || j->kind != MILL_JSON_OBJECT) return NULL;
  for (const mill_json *c = j->child; c; c = c->next)
    if (c->name_size == n && memcmp(c->name, name, n) == 0) found = c;
  return found;
}

const char *mill_json_text(const mill_json *j, const char *name, const char *otherwise) {
  const mill_json *v = mill_json_get(j, name);
  return v && v->kind == MILL_JSON_TEXT ? v->text : otherwise;
}

int64_t mill_json_int(const mill_json *j, const char *name, int64_t otherwise) {
  const mill_json *v = mill_json_get(j, name);
  int64_t n;
  if (!v || v->kind != MILL_JSON_INTEGER) return otherwise;
  return mill_parse_int64(v->text, v->size, INT64_MIN, INT64_MAX, false, &n) == MILL_PARSED
             ? n
             : otherwise;
}

int64_t mill_json_peek_int(const char *p, size_t n, const char *name, int64_t otherwise) {
  mill_json_reader r;
  mill_json_token t;
  int64_t v = otherwise, read;
  mill_json_start(&r, p, n, 0);
  if (mill_json_next(&r) != MILL_JSON_OBJECT) return otherwise;
  while ((t = mill_json_next(&r)) == MILL_JSON_NAME) {
    bool wanted = r.size == strlen(name) && memcmp(r.text, name, r.size) == 0;
    t = mill_json_next(&r);
    if (wanted && t == MILL_JSON_INTEGER &&
        mill_parse_int64(r.text, r.size, INT64_MIN, INT64_MAX, false, &read) == MILL_PARSED)
      v = read;
    if (!mill_json_skip(&r, t)) return otherwise;
  }
  return t == MILL_JSON_OBJECT_END ? v : otherwise;
}

double mill_json_double(const mill_json *j, const char *name, double otherwise) {
  const mill_json *v = mill_json_get(j, name);
  double d;
  if (!v || (v->kind != MILL_JSON_INTEGER && v->kind != MILL_JSON_NUMBER)) return otherwise;
  return mill_parse_double(v->text, v->size, &d) ? d : otherwise;
}

bool mill_json_bool(const mill_json *j, const char *name, bool otherwise) {
  const mill_json *v = mill_json_get(j, name);
  if (!v || (v->kind != MILL_JSON_TRUE && v->kind != MILL_JSON_FALSE)) return otherwise;
  return v->kind == MILL_JSON_TRUE;
}

static mill_status write_scalar(const mill_json *j, mill_text *out, mill_error *err) {
  switch (j->kind) {
  case MILL_JSON_TRUE: return mill_text_adds(out, "true", err);
  case MILL_JSON_FALSE: return mill_text_adds(out, "false", err);
  case MILL_JSON_TEXT: return mill_json_quote(j->text, j->size, out, err);
  case MILL_JSON_INTEGER:
  case MILL_JSON_NUMBER: return mill_text_add(out, j->text, j->size, err);
  default: return mill_text_adds(out, "null", err);
  }
}

/* Depth is that of the parsed text, at most MILL_JSON_DEPTH. */
mill_status mill_json_write(const mill_json *j, mill_text *out, mill_error *err) {
  if (j->kind != MILL_JSON_OBJECT && j->kind != MILL_JSON_ARRAY) return write_scalar(j, out, err);
  bool object = j->kind == MILL_JSON_OBJECT;
  MILL_TRY(mill_text_addc(out, object ? '{' : '[', err));
  for (const mill_json *c = j->child; c; c = c->next) {
    if (c != j->child) MILL_TRY(mill_text_addc(out, ',', err));
    if (object) {
      MILL_TRY(mill_json_quote(c->name, c->name_size, out, err));
      MILL_TRY(mill_text_addc(out, ':', err));
    }
    MILL_TRY(mill_json_write(c, out, err));
  }
  return mill_text_addc(out, object ? '}' : ']', err);
}
