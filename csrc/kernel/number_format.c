/* See number_format.h. A format is a list of tokens; runs of digits with the commas between them are one
** token, a group. Texts are read group by group, and the sizes of what stands between commas are compared
** from the right, since what is in front may be missing. */
#include "kernel/number_format.h"

#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

enum { INT64_DIGITS = 18 }; /* that always fit */

typedef enum kind { GROUP, POINT, SIGN, MINUS, DOLLAR, CLOSE, OPEN, OTHER } kind;

/* A part of a group: a run of digits, or a comma (no digits). */
typedef struct part {
  int digits;
  bool exact;
} part;

typedef struct token {
  kind kind;
  int first, n; /* GROUP: its parts */
  int32_t c;    /* OTHER */
} token;

struct mill_number_format {
  const char *text;
  size_t size;
  token *tokens;
  part *parts;
  int ntokens, nparts;
  int before, after; /* digits around the point */
  bool
      plain; /* a run of digits and no more than a point and another behind it, that an integer holds */
};

int mill_number_format_precision(const mill_number_format *f) { return f->before + f->after; }
int mill_number_format_scale(const mill_number_format *f) { return f->after; }
const char *mill_number_format_text(const mill_number_format *f) { return f->text; }
size_t mill_number_format_room(const mill_number_format *f) { return f->size + 4; }

/* ---- compiling ------------------------------------------------------------------------------ */

static void add_token(mill_number_format *f, kind k, int32_t c) {
  f->tokens[f->ntokens++] = (token){k, 0, 0, c};
}

static void add_part(mill_number_format *f, part p) {
  token *last = f->ntokens ? &f->tokens[f->ntokens - 1] : NULL;
  if (last == NULL || last->kind != GROUP) {
    add_token(f, GROUP, 0);
    last = &f->tokens[f->ntokens - 1];
    last->first = f->nparts;
  }
  f->parts[f->nparts++] = p;
  last->n++;
}

/* PR stands for the bracket in front as well. */
static void add_brackets(mill_number_format *f) {
  memmove(f->tokens + 1, f->tokens, (size_t)f->ntokens * sizeof(token));
  f->tokens[0] = (token){OPEN, 0, 0, 0};
  f->ntokens++;
  add_token(f, CLOSE, 0);
}

static size_t read_digits(mill_number_format *f, const char *p, size_t n, bool behind_point) {
  size_t k = 0;
  while (k < n && (p[k] == '0' || p[k] == '9')) k++;
  add_part(f, (part){(int)k, p[0] == '0' && !behind_point});
  *(behind_point ? &f->after : &f->before) += (int)k;
  return k;
}

/* The token at p, of which n bytes are left; returns how long it is. */
static size_t read_token(mill_number_format *f, const char *p, size_t n, bool *behind_point) {
  int length = 1;
  switch (*p) {
  case '0':
  case '9': return read_digits(f, p, n, *behind_point);
  case '.':
  case 'D':
    add_token(f, POINT, 0);
    *behind_point = true;
    return 1;
  case ',':
  case 'G': add_part(f, (part){0, false}); return 1;
  case '$': add_token(f, DOLLAR, 0); return 1;
  case 'S': add_token(f, SIGN, 0); return 1;
  }
  if (n > 1 && p[0] == 'M' && p[1] == 'I') return add_token(f, MINUS, 0), 2;
  if (n > 1 && p[0] == 'P' && p[1] == 'R') return add_brackets(f), 2;
  add_token(f, OTHER, mill_utf8_decode(p, n, &length));
  return (size_t)length;
}

static int first_of(const mill_number_format *f, kind k) {
  for (int i = 0; i < f->ntokens; i++)
    if (f->tokens[i].kind == k) return i;
  return -1;
}

static const char *token_name(const token *t, mill_error *err) {
  static const char *const names[] = {"digit sequence", ". or D", "S", "MI", "$", "PR", "PR"};
  char c[8] = "";
  if (t->kind != OTHER) return names[t->kind];
  c[mill_utf8_encode(t->c, c)] = 0;
  return mill_error_fmt(err, "character '%s''", c);
}

/* A comma at the edge of a group in front of the point, or beside another. */
static bool loose_comma(const mill_number_format *f) {
  int point = first_of(f, POINT);
  for (int i = 0; i < f->ntokens && (point < 0 || i < point); i++)
    for (int k = 0; f->tokens[i].kind == GROUP && k < f->tokens[i].n; k++) {
      const part *p = f->parts + f->tokens[i].first + k;
      bool edge = k == 0 || k == f->tokens[i].n - 1;
      if (p->digits == 0 && (edge || p[-1].digits == 0 || p[1].digits == 0)) return true;
    }
  return false;
}

static bool comma_behind_point(const mill_number_format *f) {
  int point = first_of(f, POINT);
  for (int i = point + 1; point >= 0 && i < f->ntokens; i++)
    for (int k = 0; f->tokens[i].kind == GROUP && k < f->tokens[i].n; k++)
      if (f->parts[f->tokens[i].first + k].digits == 0) return true;
  return false;
}

/* A token that stands there twice and must not. */
static const token *repeated(const mill_number_format *f) {
  static const kind once[] = {POINT, SIGN, MINUS, DOLLAR, CLOSE};
  for (int k = 0; k < 5; k++) {
    int first = first_of(f, once[k]);
    for (int i = first + 1; first >= 0 && i < f->ntokens; i++)
      if (f->tokens[i].kind == once[k]) return &f->tokens[i];
  }
  return NULL;
}

/* The first token that is not in its place. */
static const token *misplaced(const mill_number_format *f) {
  static const unsigned order[] = {1u << OPEN,   1u << MINUS | 1u << SIGN,
                                   1u << DOLLAR, 1u << GROUP,
                                   1u << POINT,  1u << GROUP,
                                   1u << DOLLAR, 1u << MINUS | 1u << SIGN | 1u << CLOSE};
  int at = 0;
  for (size_t i = 0; i < sizeof order / sizeof *order; i++)
    if (at < f->ntokens && order[i] >> f->tokens[at].kind & 1) at++;
  return at < f->ntokens ? &f->tokens[at] : NULL;
}

static mill_status check(const mill_number_format *f, mill_error *err) {
  const char *format = mill_error_fmt(err, "'%s'", f->text);
  int dollar = first_of(f, DOLLAR), point = first_of(f, POINT), digit = first_of(f, GROUP);
  const token *wrong;
  mill_status s = MILL_OK;
  if (f->size == 0)
    s = MILL_E_INVALID_FORMAT_EMPTY;
  else if (digit < 0)
    s = MILL_E_INVALID_FORMAT_WRONG_NUM_DIGIT;
  else if (digit < dollar)
    s = MILL_E_INVALID_FORMAT_CUR_MUST_BEFORE_DIGIT;
  else if (point >= 0 && point < dollar)
    s = MILL_E_INVALID_FORMAT_CUR_MUST_BEFORE_DEC;
  else if (loose_comma(f))
    s = MILL_E_INVALID_FORMAT_CONT_THOUSANDS_SEPS;
  else if (comma_behind_point(f))
    s = MILL_E_INVALID_FORMAT_THOUSANDS_SEPS_MUST_BEFORE_DEC;
  if (s != MILL_OK) return mill_fail(err, s, "format", format, NULL);
  if ((wrong = repeated(f)) != NULL)
    return mill_fail(err, MILL_E_INVALID_FORMAT_WRONG_NUM_TOKEN, "token", token_name(wrong, err),
                     "format", format, NULL);
  if ((wrong = misplaced(f)) != NULL)
    return mill_fail(err, MILL_E_INVALID_FORMAT_UNEXPECTED_TOKEN, "token", token_name(wrong, err),
                     "format", format, NULL);
  return MILL_OK;
}

/* The text in upper case with a NUL behind it, in the arena. */
static mill_status upper(mill_arena *a, const char *text, size_t n, mill_number_format *f,
                         mill_error *err) {
  mill_text t;
  mill_text_init(&t, a->memory);
  mill_status s = mill_utf8_case(MILL_UPPER, text, n, &t, err);
  char *p = s == MILL_OK ? mill_arena_alloc(a, t.size + 1) : NULL;
  if (s == MILL_OK && p == NULL) s = mill_oom(a->memory, t.size, err);
  if (p && t.size) memcpy(p, t.data, t.size);
  f->text = p;
  f->size = t.size;
  mill_text_clear(&t);
  return s;
}

mill_status mill_number_format_new(mill_arena *a, const char *text, size_t n,
                                   mill_number_format **out, mill_error *err) {
  mill_number_format *f = mill_arena_alloc(a, sizeof *f);
  bool behind_point = false;
  if (f == NULL) return mill_oom(a->memory, sizeof *f, err);
  MILL_TRY(upper(a, text, n, f, err));
  f->tokens = mill_arena_alloc(a, (f->size + 2) * sizeof *f->tokens);
  f->parts = mill_arena_alloc(a, (f->size + 1) * sizeof *f->parts);
  if (f->tokens == NULL || f->parts == NULL)
    return mill_oom(a->memory, f->size * sizeof *f->tokens, err);
  for (size_t i = 0; i < f->size;) i += read_token(f, f->text + i, f->size - i, &behind_point);
  MILL_TRY(check(f, err));
  f->plain = f->tokens[0].kind == GROUP && f->nparts == 1 + (f->ntokens == 3) &&
             (f->ntokens == 1 || (f->ntokens == 3 && f->tokens[1].kind == POINT)) &&
             f->before + f->after <= INT64_DIGITS;
  *out = f;
  return MILL_OK;
}

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct reader {
  const char *p, *end;
  mill_i128 value;
  int digits, behind; /* how many were read; behind the point */
  bool point;
} reader;

/* The character at r->p and its length; -1 at the end. */
static int32_t peek(const reader *r, int *length) {
  *length = 1;
  if (r->p >= r->end) return -1;
  unsigned char first = (unsigned char)*r->p;
  return first < 0x80 ? first : mill_utf8_decode(r->p, (size_t)(r->end - r->p), length);
}

static void take_digit(reader *r, int digit) {
  if (r->digits - r->behind < MILL_DECIMAL_MAX) r->value = r->value * 10 + digit;
  r->digits++;
  r->behind += r->point;
}

static int digit_of(int32_t c) {
  return c < 0x80 ? (c >= '0' && c <= '9' ? c - '0' : -1) : mill_utf8_digit(c);
}

/* Where a group's digits end, and how many runs between commas there are. */
static const char *group_end(const reader *r, int *runs) {
  reader at = *r;
  int length = 0;
  *runs = 1;
  for (int32_t c; (c = peek(&at, &length)) >= 0; at.p += length) {
    if (c != ',' && digit_of(c) < 0 && !mill_utf8_blank(c)) break;
    *runs += c == ',';
  }
  return at.p;
}

/* The digits up to the next comma or `end`; may the run stand where `p` does? */
static bool read_run(reader *r, const char *end, const part *p) {
  int length = 0, count = 0;
  for (; r->p < end && *r->p != ','; r->p += length) {
    int digit = digit_of(peek(r, &length));
    if (digit < 0) continue;
    if (count < p->digits) take_digit(r, digit);
    count++;
  }
  if (r->p < end) r->p++;
  return p->exact ? count == p->digits : count <= p->digits;
}

static bool read_group(reader *r, const part *parts, int n) {
  int runs, wanted = 0;
  const char *end = group_end(r, &runs);
  for (int i = 0; i < n; i++) wanted += parts[i].digits > 0;
  for (int i = 0; i < n; i++) {
    if (parts[i].digits == 0) continue;
    if (wanted-- > runs) { /* left out */
      if (parts[i].exact) return false;
    } else if (!read_run(r, end, &parts[i])) {
      return false;
    } else {
      runs--;
    }
  }
  return runs == 0 && r->p == end;
}

static bool take(reader *r, char c) {
  bool there = r->p < r->end && *r->p == c;
  r->p += there;
  return there;
}

/* Digits in the places of a plain format, and nothing else; false: take the general way. */
static bool read_plain(const mill_number_format *f, const char *p, size_t n, mill_i128 *out) {
  const char *end = p + n, *from = p;
  int64_t v = 0;
  while (p < end && (unsigned char)(*p - '0') < 10) v = v * 10 + (*p++ - '0');
  size_t before = (size_t)(p - from), after = 0;
  if (f->after && p < end && *p == '.') {
    for (from = ++p; p < end && (unsigned char)(*p - '0') < 10;) v = v * 10 + (*p++ - '0');
    after = (size_t)(p - from);
  }
  if (p < end || before + after == 0 || after > (size_t)f->after) return false;
  if (f->parts[0].exact ? before != (size_t)f->before : before > (size_t)f->before) return false;
  for (; after < (size_t)f->after; after++) v *= 10;
  *out = v;
  return true;
}

bool mill_number_format_read(const mill_number_format *f, const char *p, size_t n, mill_i128 *out) {
  if (f->plain && n <= INT64_DIGITS && read_plain(f, p, n, out)) return true;
  reader r = {.p = p, .end = p + n};
  bool negative = false, open = false, close = false;
  for (int i = 0; i < f->ntokens; i++) {
    const token *t = &f->tokens[i];
    switch (t->kind) {
    case GROUP:
      if (!read_group(&r, f->parts + t->first, t->n)) return false;
      break;
    case POINT: r.point |= take(&r, '.'); break;
    case DOLLAR:
      if (r.p < r.end && !take(&r, '$')) return false;
      break;
    case SIGN: negative ^= !take(&r, '+') && take(&r, '-'); break;
    case MINUS: negative ^= take(&r, '-'); break;
    case OPEN: open = take(&r, '<'); break;
    case CLOSE:
      close = take(&r, '>');
      if (close && !open) return false;
      negative ^= close;
      break;
    case OTHER: return false;
    }
  }
  if (r.p < r.end || open != close || r.digits == 0) return false;
  if (f->after > r.behind) r.value *= mill_pow10(f->after - r.behind);
  *out = negative ? -r.value : r.value;
  return true;
}

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct writer {
  char *p;
  size_t n;
  const char *before, *after; /* digits still to come; blanks in front of the first */
  bool negative, point;
} writer;

/* c behind what is there, and in front of the blanks at its end. */
static void put_close(writer *w, char c) {
  size_t at = w->n++;
  while (at > 0 && w->p[at - 1] == ' ') at--;
  memset(w->p + at, ' ', w->n - at);
  w->p[at] = c;
}

static bool is_sign(char c) { return c == '+' || c == '-' || c == '<'; }

/* A blank, in front of a sign at the end. */
static void put_blank(writer *w) {
  size_t at = w->n++;
  for (; at > 0 && is_sign(w->p[at - 1]); at--) w->p[at] = w->p[at - 1];
  w->p[at] = ' ';
}

/* A point with nothing behind it is none. */
static void drop_point(writer *w) {
  char *at = w->n ? memchr(w->p, '.', w->n) : NULL;
  if (at && (at == w->p + w->n - 1 || at[1] == ' ')) *at = ' ';
}

static void put_run(writer *w, const part *p) {
  for (int k = 0; k < p->digits; k++) {
    char c = w->point ? *w->after++ : *w->before++;
    if (c == ' ' && !p->exact)
      put_blank(w);
    else
      w->p[w->n++] = c == ' ' ? '0' : c;
  }
}

static void put_comma(writer *w) {
  if (w->n && w->p[w->n - 1] >= '0' && w->p[w->n - 1] <= '9')
    w->p[w->n++] = ',';
  else
    put_blank(w);
}

static void put_group(writer *w, const part *parts, int n) {
  for (int i = 0; i < n; i++)
    if (parts[i].digits)
      put_run(w, &parts[i]);
    else
      put_comma(w);
}

static void put_point(writer *w) {
  if (w->n && w->p[w->n - 1] == ' ') w->p[w->n - 1] = '0';
  w->p[w->n++] = '.';
  w->point = true;
}

static void put_token(writer *w, const mill_number_format *f, const token *t) {
  switch (t->kind) {
  case GROUP: put_group(w, f->parts + t->first, t->n); break;
  case POINT: put_point(w); break;
  case DOLLAR: w->p[w->n++] = '$'; break;
  case SIGN:
    drop_point(w);
    put_close(w, w->negative ? '-' : '+');
    break;
  case MINUS:
    if (!w->negative) {
      w->p[w->n++] = ' ';
      break;
    }
    drop_point(w);
    put_close(w, '-');
    break;
  case OPEN:
    if (w->negative) w->p[w->n++] = '<';
    break;
  case CLOSE:
    drop_point(w);
    if (w->negative) {
      put_close(w, '>');
    } else {
      w->p[w->n++] = ' ';
      w->p[w->n++] = ' ';
    }
    break;
  case OTHER: break;
  }
}

/* The number's digits in `to`, as many as the format has places, the first `before` of them in front of the
** point. */
static void place_digits(const mill_number_format *f, const char *first, int before,
                         const char *fraction, int after, char *to) {
  bool fits = before <= f->before && after <= f->after;
  memset(to, fits ? ' ' : '#', (size_t)f->before);
  memset(to + f->before, fits ? '0' : '#', (size_t)f->after);
  if (!fits) return;
  memcpy(to + f->before - before, first, (size_t)before);
  if (after) memcpy(to + f->before, fraction, (size_t)after);
}

static void digits_of(const mill_number_format *f, mill_i128 v, int scale, char *to) {
  char text[MILL_DECIMAL_TEXT];
  int n = mill_decimal_format(v < 0 ? -v : v, scale, text);
  const char *point = memchr(text, '.', (size_t)n), *first = text;
  const char *end = point ? point : text + n, *last = text + n;
  while (first < end && *first == '0') first++;
  while (point && last > point + 1 && last[-1] == '0') last--;
  place_digits(f, first, (int)(end - first), end + 1, point ? (int)(last - point - 1) : 0, to);
}

/* The same of numbers that an integer holds. */
static void digits_of_int(const mill_number_format *f, uint64_t v, int scale, char *to) {
  char text[2 * MILL_INT_TEXT], *end = text + sizeof text;
  char *first = v ? mill_digits_before(end, v) : end, *point = end - scale, *last = end;
  while (first > point) *--first = '0';
  while (last > point && last[-1] == '0') last--;
  place_digits(f, first, (int)(point - first), point, (int)(last - point), to);
}

/* The digits of a plain format, which stand behind their place in `out`. */
static size_t write_plain(const mill_number_format *f, const char *digits, char *out) {
  size_t before = (size_t)f->before, after = (size_t)f->after;
  memmove(out, digits, before);
  for (size_t k = 0; f->parts[0].exact && k < before && out[k] == ' '; k++) out[k] = '0';
  if (after == 0) return before;
  if (out[before - 1] == ' ') out[before - 1] = '0';
  out[before] = '.';
  memmove(out + before + 1, digits + before, after);
  return before + 1 + after;
}

size_t mill_number_format_write(const mill_number_format *f, mill_i128 v, int scale, char *out) {
  char *digits = out + mill_number_format_room(f) - (size_t)(f->before + f->after);
  writer w = {.p = out, .before = digits, .after = digits + f->before, .negative = v < 0};
  if (v == (int64_t)v && scale <= INT64_DIGITS)
    digits_of_int(f, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, scale, digits);
  else
    digits_of(f, v, scale, digits);
  if (f->plain) return write_plain(f, digits, out);
  for (int i = 0; i < f->ntokens; i++) put_token(&w, f, &f->tokens[i]);
  drop_point(&w);
  if (w.n == 0 || (w.n == 1 && (*out == '+' || *out == '-'))) *out = '0', w.n = 1;
  return w.n;
}
