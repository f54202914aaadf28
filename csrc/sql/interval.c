/* Interval literals: INTERVAL 1 DAY '2' HOURS, INTERVAL '1 day 2 hours', INTERVAL '1-2' YEAR TO
** MONTH.
**
** Units of one family give an INTERVAL_YM or INTERVAL_DT from the largest to the smallest of them;
** a week counts as days, parts of a second as seconds. Mixing the families is an error. */
#include "sql/parser_int.h"

#include <ctype.h>
#include <stdio.h>

#include "base/calendar.h"
#include "base/number.h"

typedef struct {
  const char *name;
  bool months;       /* a unit of months, else of microseconds */
  int field;         /* MILL_YEAR.. or MILL_DAY.. */
  int64_t size, per; /* months or micros a unit: size / per */
} unit;

static const unit units[] = {
    {"year", true, MILL_YEAR, 12, 1},
    {"month", true, MILL_MONTH, 1, 1},
    {"week", false, MILL_DAY, 7 * MILL_MICROS_DAY, 1},
    {"day", false, MILL_DAY, MILL_MICROS_DAY, 1},
    {"hour", false, MILL_HOUR, 3600000000ll, 1},
    {"minute", false, MILL_MINUTE, 60000000ll, 1},
    {"second", false, MILL_SECOND, 1000000, 1},
    {"millisecond", false, MILL_SECOND, 1000, 1},
    {"microsecond", false, MILL_SECOND, 1, 1},
    {"nanosecond", false, MILL_SECOND, 1, 1000},
};

/* The unit of that name, singular or plural, in any case; NULL: none. */
static const unit *find_unit(const char *s, size_t n) {
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    size_t m = strlen(units[i].name), k = 0;
    while (k < m && k < n && tolower((unsigned char)s[k]) == units[i].name[k]) k++;
    if (k == m && (n == m || (n == m + 1 && tolower((unsigned char)s[m]) == 's'))) return &units[i];
  }
  return NULL;
}

/* A sum of values with units. */
typedef struct {
  int64_t months, days, micros; /* micros: below a day's units */
  int first[2], last[2];        /* fields seen, by family; first 9: none */
  bool overflow;
  mill_status why; /* MILL_OK, or why a value is none */
  const char *unit;
} total;

static const total nothing = {0, 0, 0, {9, 9}, {-1, -1}, false, MILL_OK, ""};

static bool add_scaled(int64_t *sum, int64_t v, int64_t size) {
  int64_t product;
  return !__builtin_mul_overflow(v, size, &product) && !__builtin_add_overflow(*sum, product, sum);
}

/* The digits behind a point as microseconds of a second; false: more than nine, or none. */
static bool fraction(const char *s, size_t n, int64_t *micros) {
  int64_t v = 0;
  if (n > 9) return false;
  for (size_t i = 0; i < 6; i++) {
    if (i < n && !isdigit((unsigned char)s[i])) return false;
    v = v * 10 + (i < n ? s[i] - '0' : 0);
  }
  for (size_t i = 6; i < n; i++)
    if (!isdigit((unsigned char)s[i])) return false;
  *micros = v;
  return true;
}

static void add_value(total *t, const char *s, size_t n, const unit *u) {
  t->unit = u->name;
  while (n && isspace((unsigned char)*s)) s++, n--;
  while (n && isspace((unsigned char)s[n - 1])) n--;
  bool minus = n && *s == '-';
  if (n && (*s == '-' || *s == '+')) s++, n--;
  const char *point = memchr(s, '.', n);
  size_t whole = point ? (size_t)(point - s) : n;
  int64_t v = 0, micros = 0;
  mill_parsed r = whole ? mill_parse_int64(s, whole, 0, INT64_MAX, false, &v) : MILL_PARSED;
  if (n == 0 || (n == 1 && point) || (r == MILL_NOT_A_NUMBER)) {
    t->why = MILL_E_LEGACY_0026;
    return;
  }
  if (point && (u->size != 1000000 || u->months)) {
    t->why = MILL_E_INVALID_INTERVAL_FORMAT_INVALID_FRACTION;
    return;
  }
  if (u->per > 1) {
    t->why = MILL_E_INVALID_INTERVAL_FORMAT_INVALID_UNIT; /* a word of the language, and no unit */
    return;
  }
  if (point && !fraction(point + 1, n - whole - 1, &micros)) {
    t->why = MILL_E_INVALID_INTERVAL_FORMAT_INVALID_VALUE;
    return;
  }
  v = minus ? -v : v;
  bool days = !u->months && u->field == MILL_DAY;
  int64_t *sum = u->months ? &t->months : days ? &t->days : &t->micros;
  bool fits = r == MILL_PARSED && add_scaled(sum, v, days ? u->size / MILL_MICROS_DAY : u->size);
  t->overflow = !fits || !add_scaled(&t->micros, minus ? -micros : micros, 1);
  int family = u->months ? 0 : 1;
  if (u->field < t->first[family]) t->first[family] = u->field;
  if (u->field > t->last[family]) t->last[family] = u->field;
}

/* What `one` sums is added to t, or taken away. */
static void add_total(total *t, total one, bool minus) {
  int64_t by = minus ? -1 : 1;
  t->overflow = t->overflow || one.overflow || !add_scaled(&t->months, one.months, by) ||
                !add_scaled(&t->days, one.days, by) || !add_scaled(&t->micros, one.micros, by);
}

/* t's fields reach over those of `one`. */
static void span(total *t, const total *one) {
  for (int f = 0; f < 2; f++) {
    if (one->first[f] < t->first[f]) t->first[f] = one->first[f];
    if (one->last[f] > t->last[f]) t->last[f] = one->last[f];
  }
}

/* The literal of one family's value. */
static mill_expr *make(mill_parser *p, int from, bool months, int first, int last, int64_t v) {
  const mill_type *t = mill_type_interval(
      p->rules.ctx->types, months ? MILL_INTERVAL_YM : MILL_INTERVAL_DT, first, last);
  if (t == NULL) {
    mill_p_oom(p, sizeof *t);
    return mill_p_null_literal(p, from);
  }
  int32_t m = (int32_t)v;
  return months ? mill_p_value(p, from, t, &m, sizeof m) : mill_p_value(p, from, t, &v, sizeof v);
}

/* The word before the one that is next. */
static const char *last_word(mill_parser *p) {
  const mill_token *t = &p->token[p->at - 1];
  return mill_p_copy(p, p->text + t->start, (size_t)(t->stop - t->start));
}

/* The tokens [body, p->at), texts without their quotes, a blank before each. */
static const char *pieces_text(mill_parser *p, int body) {
  size_t n = 1;
  for (int i = body; i < p->at; i++) n += 1 + (size_t)(p->token[i].stop - p->token[i].start);
  char *s = mill_p_alloc(p, n), *to = s;
  for (int i = body; s && i < p->at; i++) {
    const mill_token *t = &p->token[i];
    int quoted = t->kind == MILL_T_STRING || t->kind == MILL_T_DOUBLE_QUOTED;
    size_t k = (size_t)(t->stop - t->start - 2 * quoted);
    *to++ = ' ';
    memcpy(to, p->text + t->start + quoted, k);
    to += k;
  }
  return s ? s : "";
}

/* What was summed, as a literal; the tokens [body, p->at) are the interval's text. */
static mill_expr *finish(mill_parser *p, int from, int body, const total *t) {
  bool ym = t->first[0] < 9, dt = t->first[1] < 9;
  int64_t micros = t->micros;
  if (t->why != MILL_OK) {
    const char *s = mill_p_fragment(p, body);
    const char *which = t->why == MILL_E_LEGACY_0026 ? "value" : "input";
    bool word = t->why == MILL_E_INVALID_INTERVAL_FORMAT_INVALID_UNIT;
    if (word) s = pieces_text(p, body);
    mill_p_error(p, from, t->why, which, s, "unit", word ? last_word(p) : t->unit,
                 word ? NULL : "value", s, NULL);
  } else if (ym && dt) {
    mill_p_error(p, from, MILL_E_LEGACY_0029, "literal", mill_p_fragment(p, from), NULL);
  } else if (t->overflow || t->months != (int32_t)t->months || t->days != (int32_t)t->days) {
    mill_p_error(p, from, MILL_E_INVALID_INTERVAL_FORMAT_ARITHMETIC_EXCEPTION, "input",
                 pieces_text(p, body), NULL);
  } else if (!add_scaled(&micros, t->days, MILL_MICROS_DAY)) { /* a calendar interval held it */
    mill_p_error(p, from, MILL_E_INTERVAL_ARITHMETIC_OVERFLOW_WITHOUT_SUGGESTION, NULL);
  } else {
    int family = ym ? 0 : 1;
    return make(p, from, ym, t->first[family], t->last[family], ym ? t->months : micros);
  }
  return mill_p_null_literal(p, from);
}

/* INTERVAL '1 day -2 hours': false when the text is none. */
static bool read_text(const char *s, size_t n, total *t) {
  const char *end = s + n;
  bool any = false;
  while (s < end && isspace((unsigned char)*s)) s++;
  if (end - s > 8 && find_unit(s, 8) == NULL && strncasecmp(s, "interval", 8) == 0) s += 8;
  for (;;) {
    while (s < end && isspace((unsigned char)*s)) s++;
    if (s == end) return any && t->why == MILL_OK && !t->overflow;
    const char *value = s;
    if (*s == '+' || *s == '-') s++;
    while (s < end && isspace((unsigned char)*s)) s++;
    bool minus = *value == '-';
    const char *number = s;
    while (s < end && (isdigit((unsigned char)*s) || *s == '.')) s++;
    if (s == number) return false;
    const char *stop = s;
    while (s < end && isspace((unsigned char)*s)) s++;
    const char *word = s;
    while (s < end && isalpha((unsigned char)*s)) s++;
    const unit *u = find_unit(word, (size_t)(s - word));
    if (u == NULL || word == stop) return false;
    total one = nothing;
    add_value(&one, number, (size_t)(stop - number), u);
    if (one.why != MILL_OK) return false;
    add_total(t, one, minus);
    if (t->overflow) return false;
    span(t, &one);
    any = true;
  }
}

mill_expr *mill_p_interval_text(mill_parser *p, int from, const char *s, size_t n) {
  total t = nothing;
  if (read_text(s, n, &t)) return finish(p, from, from, &t);
  mill_p_error(p, from, MILL_E_INVALID_TYPED_LITERAL, "valueType", "\"INTERVAL\"", "value",
               mill_p_quoted(p, s, '\''), NULL);
  return mill_p_null_literal(p, from);
}

/* Does :name or ? stand there? Tells how many tokens it has. */
static int parameter_tokens(const mill_parser *p, int ahead) {
  if (mill_p_peek(p, ahead) == MILL_T_QUESTION) return 1;
  return mill_p_peek(p, ahead) == MILL_T_COLON && mill_p_is_name(p, ahead + 1) ? 2 : 0;
}

/* [+-] number, string or parameter, then the token of a unit: tells how many tokens; 0: not here. */
static int value_tokens(const mill_parser *p, int ahead) {
  int i = ahead, kind = mill_p_peek(p, i);
  if (kind == MILL_T_MINUS || kind == MILL_T_PLUS) i++;
  kind = mill_p_peek(p, i);
  if (kind == MILL_T_INTEGER || kind == MILL_T_DECIMAL) {
    i++;
  } else if (parameter_tokens(p, i) > 0) {
    i += parameter_tokens(p, i);
  } else {
    if (!mill_p_is_string(p, i)) return 0;
    while (mill_p_is_string(p, i)) i++;
  }
  return i - ahead;
}

static const unit *unit_at(const mill_parser *p, int ahead) {
  if (mill_p_peek(p, ahead) < MILL_T_KEYWORD) return NULL;
  const mill_token *t = &p->token[p->at + ahead];
  return find_unit(p->text + t->start, (size_t)(t->stop - t->start));
}

bool mill_p_is_interval(const mill_parser *p) {
  int n = mill_p_is(p, MILL_K_INTERVAL) ? value_tokens(p, 1) : 0;
  return n > 0 && unit_at(p, 1 + n) != NULL;
}

/* The value's text, signs joined. */
static const char *read_value(mill_parser *p, bool *minus) {
  *minus = mill_p_is(p, MILL_T_MINUS);
  if (!mill_p_accept(p, MILL_T_MINUS)) mill_p_accept(p, MILL_T_PLUS);
  if (mill_p_is_string(p, 0)) return mill_p_string(p, NULL);
  const mill_token *t = &p->token[p->at++];
  return mill_p_copy(p, p->text + t->start, (size_t)(t->stop - t->start));
}

/* Digits up to a separator. */
static bool take(const char **s, int64_t max, int64_t *v) {
  int64_t n = 0;
  const char *q = *s;
  while (isdigit((unsigned char)*q) && q - *s < 18) n = n * 10 + (*q++ - '0');
  if (q == *s) return false;
  *s = q;
  *v = n;
  return n <= max;
}

typedef enum { READ_FINE, READ_BAD, READ_RANGE } reading;

static const char *const day_fields[4] = {"day", "hour", "minute", "second"};

/* 'y-m', or 'd h:m:s.f' from field `first` to `last`; minus: a sign stands before the text. */
static reading read_fields(const char *s, bool minus, bool months, int first, int last,
                           int64_t *out, char *why) {
  static const int64_t size[4] = {MILL_MICROS_DAY, 3600000000ll, 60000000, 1000000};
  static const int64_t max[4] = {INT64_MAX, 23, 59, 59};
  static const char separator[4] = {' ', ' ', ':', ':'};
  while (isspace((unsigned char)*s)) s++;
  minus ^= *s == '-';
  if (*s == '-' || *s == '+') s++;
  int64_t sum = 0, v;
  for (int f = first; f <= last; f++) {
    int64_t limit = f == first ? 178956970 : months ? 11 : max[f];
    if (f == first && !months) limit = INT64_MAX;
    if (f > first) {
      char c = months ? '-' : separator[f];
      if (*s != c) return READ_BAD;
      while (*s == c) s++;
    }
    bool in_range = take(&s, limit, &v);
    if (!in_range && !isdigit((unsigned char)s[-1])) return READ_BAD;
    if (!in_range) {
      snprintf(why, 80, "requirement failed: %s %lld outside range [0, %lld]",
               day_fields[months ? 0 : f], (long long)v, (long long)limit);
      return READ_RANGE;
    }
    int64_t unit_size = months ? (f == MILL_YEAR ? 12 : 1) : size[f];
    if (!add_scaled(&sum, minus ? -v : v, unit_size)) return READ_RANGE;
  }
  if (!months && last == MILL_SECOND && *s == '.') {
    const char *q = ++s;
    while (isdigit((unsigned char)*s)) s++;
    if (!fraction(q, (size_t)(s - q), &v) || !add_scaled(&sum, minus ? -v : v, 1)) return READ_BAD;
  }
  while (isspace((unsigned char)*s)) s++;
  if (*s) return READ_BAD;
  *out = sum;
  return months && (sum > INT32_MAX || sum < INT32_MIN) ? READ_RANGE : READ_FINE;
}

/* The text does not have the form that the fields ask for. */
static void unmatched(mill_parser *p, int body, const unit *a, const unit *b, const char *s) {
  static const char *const part[4] = {"d", "h", "m", "s.n"};
  bool months = a->months;
  char form[24] = "", type[48], to[32], formats[128];
  for (int f = a->field; f <= b->field; f++) {
    if (f > a->field) strcat(form, months ? "-" : f == MILL_HOUR ? " " : ":");
    strcat(form, months ? (f == MILL_YEAR ? "y" : "m") : part[f]);
  }
  snprintf(type, sizeof type, "interval %s to %s", a->name, b->name);
  snprintf(to, sizeof to, "%s TO %s", a->name, b->name);
  for (char *c = to; *c; c++) *c = (char)toupper((unsigned char)*c);
  snprintf(formats, sizeof formats, "`[+|-]%s`, `INTERVAL [+|-]'[+|-]%s' %s`", form, form, to);
  mill_p_error(p, body,
               months ? MILL_E_INVALID_INTERVAL_FORMAT_UNMATCHED_FORMAT_STRING
                      : MILL_E_INVALID_INTERVAL_FORMAT_UNMATCHED_FORMAT_STRING_WITH_NOTICE,
               "intervalStr", months ? "year-month" : "day-time", "supportedFormat", formats,
               "typeName", type, "input", s, NULL);
}

/* INTERVAL 'value' from TO to. */
static mill_expr *from_to(mill_parser *p, int from) {
  int body = p->at;
  bool minus;
  const char *s = read_value(p, &minus);
  const unit *a = unit_at(p, 0), *b = unit_at(p, 2);
  p->at += 3;
  bool months = a->months;
  if (a->months != b->months || a->field >= b->field) {
    mill_p_error(p, body, MILL_E_INVALID_INTERVAL_FORMAT_UNSUPPORTED_FROM_TO_EXPRESSION, "input", s,
                 "from", a->name, "to", b->name, NULL);
    return mill_p_null_literal(p, from);
  }
  int64_t v = 0;
  char why[80] = "";
  reading r = read_fields(s, minus, months, a->field, b->field, &v, why);
  if (r == READ_RANGE && !months) {
    mill_p_error(p, body, MILL_E_LEGACY_0063, "msg", why, NULL);
  } else if (r == READ_RANGE) {
    mill_p_error(p, body, MILL_E_INVALID_INTERVAL_FORMAT_INTERVAL_PARSING, "input", s, "interval",
                 "year-month", NULL);
  } else if (r == READ_BAD) {
    unmatched(p, body, a, b, s);
  }
  return make(p, from, months, a->field, b->field, v);
}

/* How many tokens the interval has from here, behind INTERVAL; *open: parameters are among them. */
static int interval_tokens(const mill_parser *p, bool *open) {
  int i = 0, n;
  while ((n = value_tokens(p, i)) > 0 && unit_at(p, i + n)) {
    for (int k = i; k < i + n; k++) *open |= parameter_tokens(p, k) > 0;
    i += n + 1;
  }
  return mill_p_peek(p, i) == MILL_K_TO && unit_at(p, i + 1) ? i + 2 : i;
}

/* An interval with parameters: a call of its pieces, texts and parameters, which plan/interval_text.c
** puts together when the values are known. */
static mill_expr *pieces(mill_parser *p, int from, int n) {
  mill_expr *e = mill_p_expr(p, MILL_X_CALL, from);
  mill_list l = {0};
  int start = from, stop = p->at + n;
  while (p->at < stop) {
    if (parameter_tokens(p, 0) == 0) {
      p->at++;
      continue;
    }
    const char *text = mill_p_fragment(p, start);
    mill_p_push(p, &l, mill_p_string_literal(p, start, text, strlen(text)));
    mill_p_push(p, &l, mill_p_parameter(p));
    start = p->at;
  }
  const char *text = mill_p_fragment(p, start);
  mill_p_push(p, &l, mill_p_string_literal(p, start, text, strlen(text)));
  e->name = MILL_INTERVAL_PIECES;
  mill_p_exprs(&l, &e->args, &e->nargs);
  return e;
}

mill_expr *mill_p_interval(mill_parser *p) {
  int from = p->at;
  bool open = false;
  mill_p_expect(p, MILL_K_INTERVAL);
  int all = interval_tokens(p, &open);
  if (open) return pieces(p, from, all);
  int n = value_tokens(p, 0);
  if (n > 0 && mill_p_peek(p, n + 1) == MILL_K_TO && unit_at(p, n + 2)) return from_to(p, from);
  int body = p->at;
  total t = nothing;
  do {
    bool minus;
    if (n == 0 || unit_at(p, n) == NULL) {
      p->at += n;
      mill_p_syntax(p);
      return mill_p_null_literal(p, from);
    }
    const char *s = read_value(p, &minus);
    const unit *u = unit_at(p, 0);
    p->at++;
    total one = nothing;
    add_value(&one, s, strlen(s), u);
    if (one.why != MILL_OK && t.why == MILL_OK) {
      t.why = one.why;
      t.unit = one.unit;
    }
    add_total(&t, one, minus);
    span(&t, &one);
    n = value_tokens(p, 0);
  } while (n > 0 && unit_at(p, n) != NULL);
  return finish(p, from, body, &t);
}
