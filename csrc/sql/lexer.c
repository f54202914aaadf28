/* The lexer: see lexer_int.h. */
#include "sql/lexer_int.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>
#include <utf8proc.h>

#include "base/thread.h"

static const struct {
  const char *text;
  bool strict, reserved;
} keywords[] = {
#define MILL_KEYWORD(word, strict, reserved) {#word, strict, reserved},
#include "base/keyword.def"
#undef MILL_KEYWORD
};

bool mill_token_strict(int kind) {
  return kind > MILL_T_KEYWORD && keywords[kind - MILL_T_KEYWORD - 1].strict;
}

bool mill_token_reserved(int kind) {
  return kind > MILL_T_KEYWORD && keywords[kind - MILL_T_KEYWORD - 1].reserved;
}

const char *mill_keyword_text(int kind) { return keywords[kind - MILL_T_KEYWORD - 1].text; }

static inline bool is_ascii_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
static inline char upper(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 32) : c; }

static int compare_word(const char *s, size_t n, const char *word) {
  for (size_t i = 0; i < n; i++) {
    int c = (unsigned char)upper(s[i]) - (unsigned char)word[i];
    if (c != 0) return c;
  }
  return word[n] ? -1 : 0;
}

/* Where the words of each letter begin, and the next one's. */
static uint16_t first_of[27];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_letters(void) {
  size_t i = 0;
  for (int letter = 0; letter < 27; letter++) {
    while (i < sizeof keywords / sizeof *keywords && keywords[i].text[0] < 'A' + letter) i++;
    first_of[letter] = (uint16_t)i;
  }
}

int mill_keyword_find(const char *s, size_t n) {
  if (n == 0 || !is_ascii_letter(*s)) return MILL_T_IDENTIFIER;
  pthread_once(&once, find_letters);
  int letter = upper(*s) - 'A', lo = first_of[letter], hi = first_of[letter + 1] - 1;
  while (lo <= hi) {
    int mid = (lo + hi) / 2, c = compare_word(s, n, keywords[mid].text);
    if (c == 0) return MILL_T_KEYWORD + 1 + mid;
    if (c < 0) {
      hi = mid - 1;
    } else {
      lo = mid + 1;
    }
  }
  return MILL_T_IDENTIFIER;
}

static bool is_digit(const char *p, const char *end) { return p < end && *p >= '0' && *p <= '9'; }

/* Bytes of the letter (Unicode category L) at p; 0: none. */
static size_t letter(const char *p, const char *end) {
  if (p >= end) return 0;
  if ((unsigned char)*p < 0x80) return is_ascii_letter(*p);
  utf8proc_int32_t c;
  utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)p, end - p, &c);
  if (n <= 0) return 0;
  utf8proc_category_t k = utf8proc_category(c);
  return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO ? (size_t)n : 0;
}

static const char *word_end(const char *p, const char *end) {
  for (;;) {
    size_t n = letter(p, end);
    if (n == 0 && p < end && (*p == '_' || is_digit(p, end))) n = 1;
    if (n == 0) return p;
    p += n;
  }
}

static const char *digits(const char *p, const char *end) {
  while (is_digit(p, end)) p++;
  return p;
}

/* The end of an exponent at p, or p. */
static const char *exponent(const char *p, const char *end) {
  if (p >= end || (*p != 'e' && *p != 'E')) return p;
  const char *q = p + 1;
  if (q < end && (*q == '+' || *q == '-')) q++;
  return is_digit(q, end) ? digits(q, end) : p;
}

/* A number with a point must not run into a letter, a digit or an underscore. */
static bool ends_clean(const char *p, const char *end) {
  return p >= end || !(isalnum((unsigned char)*p) || *p == '_');
}

static int suffix_of(const char *p, const char *end, bool integer, size_t *n) {
  char c = (char)(p < end ? toupper((unsigned char)*p) : 0);
  *n = 1;
  if (c == 'B' && p + 1 < end && toupper((unsigned char)p[1]) == 'D') {
    *n = 2;
    return MILL_T_BIG_DECIMAL;
  }
  if (c == 'F') return MILL_T_FLOAT;
  if (c == 'D') return MILL_T_DOUBLE;
  if (integer && c == 'L') return MILL_T_BIGINT;
  if (integer && c == 'S') return MILL_T_SMALLINT;
  if (integer && c == 'Y') return MILL_T_TINYINT;
  *n = 0;
  return MILL_T_EOF;
}

/* The longest number at p; gives its end, or NULL. */
static const char *number(const char *p, const char *end, int *kind) {
  const char *whole = digits(p, end), *q = whole;
  bool point = q < end && *q == '.' && (whole > p || is_digit(q + 1, end));
  if (point) q = digits(q + 1, end);
  if (q == p) return NULL;
  const char *body = q, *exp = exponent(q, end);
  size_t n;
  int suffix = suffix_of(exp, end, exp == body && !point, &n);
  if (suffix != MILL_T_EOF && (!point || ends_clean(exp + n, end))) {
    *kind = suffix;
    return exp + n;
  }
  if (exp > body && (!point || ends_clean(exp, end))) {
    *kind = MILL_T_EXPONENT;
    return exp;
  }
  if (point && ends_clean(body, end)) {
    *kind = MILL_T_DECIMAL;
    return body;
  }
  *kind = MILL_T_INTEGER;
  return whole > p ? whole : NULL;
}

/* letters://path, which Spark's lexer takes as one identifier to complain about. */
static const char *uri_end(const char *p, const char *end) {
  const char *q = p;
  for (size_t n; (n = letter(q, end)) > 0;) q += n;
  if (q == p || end - q < 4 || memcmp(q, "://", 3) != 0) return p;
  const char *r = q + 3, *from = r;
  for (;;) {
    const char *w = word_end(r, end);
    if (w == r && r < end && strchr("/-.?=&#%", *r)) w = r + 1;
    if (w == r) return r > from ? r : p;
    r = w;
  }
}

static const char *word(const char *p, const char *end, int *kind) {
  const char *w = word_end(p, end), *u = w < end && *w == ':' ? uri_end(p, end) : p;
  int number_kind = MILL_T_EOF;
  const char *q = is_digit(p, end) || *p == '.' ? number(p, end, &number_kind) : NULL;
  if (q && q >= w) {
    *kind = number_kind;
    return q;
  }
  if (u > w) w = u;
  if (w == p) return NULL;
  *kind = mill_keyword_find(p, (size_t)(w - p));
  return w;
}

/* A text on its way into tokens. */
enum {
  SEARCHES = 64,  /* through the whole text */
  WATCHED = 4096, /* tokens between questions whether to go on */
};
typedef struct lexer {
  const char *end;
  size_t vain; /* bytes that may still be read in search of quotes that are not there */
} lexer;

/* A quoted text from its opening quote; doubled quotes stay inside. NULL: never closed. The search for an end
** that is not there may begin again a few bytes further on, so all of them together have a bound; a text that
** needs more is none of the language anyway. */
static const char *quoted(lexer *l, const char *p, char quote, bool escapes) {
  const char *end = l->end;
  if (l->vain < (size_t)(end - p)) return NULL;
  for (const char *q = p + 1; q < end; q++) {
    if (escapes && *q == '\\') {
      q++;
    } else if (*q == quote) {
      if (q + 1 < end && q[1] == quote) {
        q++;
      } else {
        return q + 1;
      }
    }
  }
  l->vain -= (size_t)(end - p);
  return NULL;
}

static const char *raw_string(const char *p, const char *end) {
  if (end - p < 3 || (*p != 'r' && *p != 'R') || (p[1] != '\'' && p[1] != '"')) return NULL;
  const char *q = memchr(p + 2, p[1], (size_t)(end - p - 2));
  return q ? q + 1 : NULL;
}

static const struct {
  const char *text;
  int kind;
} symbols[] = {
    {"<=>", MILL_T_NSEQ},
    {"/*+", MILL_T_HINT_START},
    {"==", MILL_T_EQ},
    {"<>", MILL_T_NEQ},
    {"!=", MILL_T_NEQJ},
    {"<=", MILL_T_LTE},
    {"!>", MILL_T_LTE},
    {">=", MILL_T_GTE},
    {"!<", MILL_T_GTE},
    {"<<", MILL_T_SHIFT_LEFT},
    {"||", MILL_T_CONCAT},
    {"|>", MILL_T_OPERATOR_PIPE},
    {"::", MILL_T_DOUBLE_COLON},
    {"->", MILL_T_ARROW},
    {"=>", MILL_T_FAT_ARROW},
    {"*/", MILL_T_HINT_END},
    {";", MILL_T_SEMICOLON},
    {"(", MILL_T_LPAREN},
    {")", MILL_T_RPAREN},
    {",", MILL_T_COMMA},
    {".", MILL_T_DOT},
    {"[", MILL_T_LBRACKET},
    {"]", MILL_T_RBRACKET},
    {"!", MILL_T_BANG},
    {"=", MILL_T_EQ},
    {"<", MILL_T_LT},
    {">", MILL_T_GT},
    {"+", MILL_T_PLUS},
    {"-", MILL_T_MINUS},
    {"*", MILL_T_ASTERISK},
    {"/", MILL_T_SLASH},
    {"%", MILL_T_PERCENT},
    {"~", MILL_T_TILDE},
    {"&", MILL_T_AMPERSAND},
    {"|", MILL_T_PIPE},
    {"^", MILL_T_HAT},
    {":", MILL_T_COLON},
    {"?", MILL_T_QUESTION},
};

static const char *symbol(const char *p, const char *end, int *kind) {
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
    if (symbols[i].text[0] != *p) continue;
    size_t n = strlen(symbols[i].text);
    if ((size_t)(end - p) >= n && memcmp(p, symbols[i].text, n) == 0) {
      *kind = symbols[i].kind;
      return p + n;
    }
  }
  return NULL;
}

static inline bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* Behind the blanks and comments at p; NULL: a bracketed comment is never closed. */
static const char *skip(const char *p, const char *end) {
  for (;;) {
    if (p < end && is_blank(*p)) {
      p++;
    } else if (end - p >= 2 && p[0] == '-' && p[1] == '-') {
      while (p < end && *p != '\n' && *p != '\r')
        p += *p == '\\' && p + 1 < end && p[1] == '\n' ? 2 : 1;
    } else if (end - p >= 2 && p[0] == '/' && p[1] == '*' && !(p + 2 < end && p[2] == '+')) {
      int depth = 0;
      do {
        if (end - p < 2) return NULL;
        bool open = p[0] == '/' && p[1] == '*', close = p[0] == '*' && p[1] == '/';
        depth += open - close;
        p += open || close ? 2 : 1;
      } while (depth > 0);
    } else {
      return p;
    }
  }
}

/* The token at p: its kind and end. */
static const char *scan(lexer *l, const char *p, int *kind) {
  const char *q = NULL, *end = l->end;
  if (*p == '\'') {
    q = quoted(l, p, '\'', true);
    *kind = MILL_T_STRING;
  } else if (*p == '"') {
    q = quoted(l, p, '"', true);
    *kind = MILL_T_DOUBLE_QUOTED;
  } else if (*p == '`') {
    q = quoted(l, p, '`', false);
    *kind = MILL_T_BACKQUOTED;
  } else if ((q = raw_string(p, end)) != NULL) {
    *kind = MILL_T_STRING;
  } else if ((q = word(p, end, kind)) == NULL) {
    q = symbol(p, end, kind);
  }
  if (q) return q;
  *kind = MILL_T_BAD;
  utf8proc_int32_t c;
  utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)p, end - p, &c);
  return p + (n > 0 ? n : 1);
}

static mill_status add(mill_tokens *t, mill_memory *m, int kind, const char *text, const char *from,
                       const char *to, mill_error *err) {
  void *items = t->token;
  mill_status s = mill_grow(m, &items, &t->capacity, t->n + 1, sizeof *t->token, err);
  t->token = items;
  if (s != MILL_OK) return s;
  t->token[t->n++] = (mill_token){(uint16_t)kind, (int32_t)(from - text), (int32_t)(to - text)};
  return MILL_OK;
}

/* Room for what most texts have: a token in four bytes. */
static mill_status lex_all(mill_memory *m, const char *text, size_t n, mill_tokens *out,
                           mill_error *err) {
  const char *end = text + n;
  lexer l = {end, SEARCHES * n};
  void *items = NULL;
  MILL_TRY(mill_grow(m, &items, &out->capacity, n / 4 + 8, sizeof *out->token, err));
  out->token = items;
  for (const char *p = text;;) {
    const char *q = skip(p, end);
    if (q == NULL) {
      mill_status s = mill_fail(err, MILL_E_UNCLOSED_BRACKETED_COMMENT, NULL);
      mill_error_at(err, n, n);
      return s;
    }
    if (q == end) return add(out, m, MILL_T_EOF, text, end, end, err);
    int kind;
    size_t vain = l.vain;
    p = scan(&l, q, &kind);
    if (out->n % WATCHED == 0 || l.vain != vain) MILL_TRY(mill_watch_check(err));
    MILL_TRY(add(out, m, kind, text, q, p, err));
  }
}

mill_status mill_lex(mill_memory *m, const char *text, size_t n, mill_tokens *out,
                     mill_error *err) {
  *out = (mill_tokens){0};
  if (n > INT32_MAX / 2) return mill_oom(m, n, err);
  mill_status s = lex_all(m, text, n, out, err);
  if (s != MILL_OK) mill_tokens_clear(out, m);
  return s;
}

void mill_tokens_clear(mill_tokens *t, mill_memory *m) {
  mill_free(m, t->token, t->capacity * sizeof *t->token);
  *t = (mill_tokens){0};
}
