/* Numbers, typed literals (DATE '..') and the making of MILL_X_LITERAL nodes.
**
** An integer is an INT, else a BIGINT, else a DECIMAL; a number with a point is a DECIMAL, with an
** exponent a DOUBLE. A minus before a number belongs to it. */
#include "sql/parser_int.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/calendar.h"
#include "base/number.h"

mill_expr *mill_p_value(mill_parser *p, int from, const mill_type *type, const void *data,
                        size_t width) {
  mill_expr *e = mill_p_expr(p, MILL_X_LITERAL, from);
  mill_vector *v = mill_p_alloc(p, sizeof *v);
  void *copy = mill_p_alloc(p, width > 16 ? width : 16);
  uint64_t *valid = data ? NULL : mill_p_alloc(p, sizeof *valid);
  if (v == NULL || copy == NULL) return e;
  if (data) memcpy(copy, data, width);
  *v = (mill_vector){.type = type, .data = copy, .valid = valid, .size = 1};
  e->value = v;
  e->type = type;
  e->nullable = data == NULL;
  return e;
}

mill_expr *mill_p_null_literal(mill_parser *p, int from) {
  return mill_p_value(p, from, mill_type_of(MILL_NULL), NULL, 0);
}

mill_expr *mill_p_string_literal(mill_parser *p, int from, const char *s, size_t n) {
  mill_str v = mill_str_view(s, n);
  return mill_p_value(p, from, mill_type_of(MILL_STRING), &v, sizeof v);
}

mill_expr *mill_p_int_literal(mill_parser *p, int from, int64_t v) {
  int32_t i = (int32_t)v;
  return mill_p_value(p, from, mill_type_of(MILL_INT), &i, sizeof i);
}

mill_expr *mill_p_bool_literal(mill_parser *p, int from, bool v) {
  uint8_t b = v;
  return mill_p_value(p, from, mill_type_of(MILL_BOOLEAN), &b, sizeof b);
}

static bool number_kind(int kind) { return kind >= MILL_T_INTEGER && kind <= MILL_T_BIG_DECIMAL; }

bool mill_p_is_number(const mill_parser *p, int ahead) {
  int kind = mill_p_peek(p, ahead);
  if (kind == MILL_T_MINUS) kind = mill_p_peek(p, ahead + 1);
  return number_kind(kind);
}

/* A number as written: its digits with the sign before them, the suffix left out. */
typedef struct {
  const char *s;
  size_t n;
  int kind, from;
} digits;

static const struct {
  int kind;
  mill_type_id type;
  int64_t min, max;
  const char *min_text, *max_text, *name;
} ranges[] = {
    {MILL_T_TINYINT, MILL_TINYINT, INT8_MIN, INT8_MAX, "-128", "127", "tinyint"},
    {MILL_T_SMALLINT, MILL_SMALLINT, INT16_MIN, INT16_MAX, "-32768", "32767", "smallint"},
    {MILL_T_BIGINT, MILL_BIGINT, INT64_MIN, INT64_MAX, "-9223372036854775808",
     "9223372036854775807", "bigint"},
};

static mill_expr *out_of_range(mill_parser *p, const digits *d, const char *min, const char *max,
                               const char *name) {
  mill_p_error(p, d->from, MILL_E_INVALID_NUMERIC_LITERAL_RANGE, "rawStrippedQualifier", d->s,
               "minValue", min, "maxValue", max, "typeName", name, NULL);
  return mill_p_null_literal(p, d->from);
}

static mill_expr *integral(mill_parser *p, const digits *d) {
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
    if (ranges[i].kind != d->kind) continue;
    int64_t v;
    if (mill_parse_int64(d->s, d->n, ranges[i].min, ranges[i].max, false, &v) != MILL_PARSED)
      return out_of_range(p, d, ranges[i].min_text, ranges[i].max_text, ranges[i].name);
    int8_t tiny = (int8_t)v;
    int16_t small = (int16_t)v;
    if (d->kind == MILL_T_TINYINT)
      return mill_p_value(p, d->from, mill_type_of(MILL_TINYINT), &tiny, 1);
    if (d->kind == MILL_T_SMALLINT)
      return mill_p_value(p, d->from, mill_type_of(MILL_SMALLINT), &small, 2);
    return mill_p_value(p, d->from, mill_type_of(MILL_BIGINT), &v, 8);
  }
  return mill_p_null_literal(p, d->from);
}

/* Of the text behind an E. */
static int exponent_of(const char *s) {
  enum { MOST = 1000000 };
  bool minus = *s == '-';
  int e = 0;
  for (s += minus || *s == '+'; isdigit((unsigned char)*s) && e < MOST; s++) e = e * 10 + *s - '0';
  return minus ? -e : e;
}

/* Digits from the first that is not 0, or behind the point if those are more. */
static int written_precision(const digits *d) {
  int significant = 0, scale = 0;
  bool point = false;
  size_t i = 0;
  for (; i < d->n && d->s[i] != 'e' && d->s[i] != 'E'; i++) {
    point = point || d->s[i] == '.';
    if (!isdigit((unsigned char)d->s[i])) continue;
    significant += significant > 0 || d->s[i] != '0';
    scale += point;
  }
  if (i + 1 < d->n) scale -= exponent_of(d->s + i + 1);
  return significant > scale ? significant : scale;
}

static mill_expr *decimal(mill_parser *p, const digits *d) {
  mill_i128 v;
  int precision, scale;
  if (!mill_decimal_parse_free(d->s, d->n, &v, &precision, &scale)) {
    char count[24];
    snprintf(count, sizeof count, "%d", written_precision(d));
    mill_p_error(p, d->from, MILL_E_DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION, "precision", count,
                 "maxPrecision", "38", NULL);
    return mill_p_null_literal(p, d->from);
  }
  if (scale < 0) { /* 1E3BD */
    if (!mill_decimal_rescale(v, 0, -scale, MILL_DECIMAL_MAX, MILL_DOWN, &v))
      return out_of_range(p, d, "-1E38", "1E38", "decimal");
    precision -= scale;
    scale = 0;
  }
  if (precision < scale) precision = scale;
  const mill_type *t = mill_type_decimal(p->rules.ctx->types, precision, scale);
  if (t == NULL) {
    mill_p_oom(p, sizeof *t);
    return mill_p_null_literal(p, d->from);
  }
  int64_t small = (int64_t)v;
  if (t->width == 8) return mill_p_value(p, d->from, t, &small, 8);
  return mill_p_value(p, d->from, t, &v, sizeof v);
}

static mill_expr *integer(mill_parser *p, const digits *d) {
  int64_t v;
  if (mill_parse_int64(d->s, d->n, INT64_MIN, INT64_MAX, false, &v) != MILL_PARSED)
    return decimal(p, d);
  if (v >= INT32_MIN && v <= INT32_MAX) return mill_p_int_literal(p, d->from, v);
  return mill_p_value(p, d->from, mill_type_of(MILL_BIGINT), &v, 8);
}

static mill_expr *floating(mill_parser *p, const digits *d) {
  double v;
  float f;
  if (d->kind == MILL_T_FLOAT) {
    if (!mill_parse_double(d->s, d->n, &v) || fabs(v) > (double)FLT_MAX ||
        !mill_parse_float(d->s, d->n, &f))
      return out_of_range(p, d, "-3.4028234663852886E+38", "3.4028234663852886E+38", "float");
    return mill_p_value(p, d->from, mill_type_of(MILL_FLOAT), &f, sizeof f);
  }
  if (!mill_parse_double(d->s, d->n, &v) || isinf(v))
    return out_of_range(p, d, "-1.7976931348623157E+308", "1.7976931348623157E+308", "double");
  return mill_p_value(p, d->from, mill_type_of(MILL_DOUBLE), &v, sizeof v);
}

mill_expr *mill_p_number(mill_parser *p) {
  digits d = {.from = p->at};
  bool minus = mill_p_accept(p, MILL_T_MINUS);
  d.kind = mill_p_peek(p, 0);
  if (!number_kind(d.kind)) {
    mill_p_syntax(p);
    return mill_p_null_literal(p, d.from);
  }
  const mill_token *t = &p->token[p->at++];
  d.n = (size_t)(t->stop - t->start);
  if (d.kind == MILL_T_BIG_DECIMAL) d.n -= 2;
  if (d.kind == MILL_T_BIGINT || d.kind == MILL_T_SMALLINT || d.kind == MILL_T_TINYINT ||
      d.kind == MILL_T_FLOAT || d.kind == MILL_T_DOUBLE)
    d.n--;
  char *s = mill_p_alloc(p, d.n + 2);
  if (s == NULL) return mill_p_null_literal(p, d.from);
  if (minus) s[0] = '-';
  memcpy(s + minus, p->text + t->start, d.n);
  d.s = s;
  d.n += minus;
  switch (d.kind) {
  case MILL_T_INTEGER: return integer(p, &d);
  case MILL_T_DECIMAL:
  case MILL_T_BIG_DECIMAL: return decimal(p, &d);
  case MILL_T_EXPONENT:
  case MILL_T_FLOAT:
  case MILL_T_DOUBLE: return floating(p, &d);
  default: return integral(p, &d);
  }
}

int64_t mill_p_integer(mill_parser *p, int64_t max) {
  int64_t v = 0;
  if (!mill_p_is(p, MILL_T_INTEGER)) {
    mill_p_syntax(p);
    return 0;
  }
  const mill_token *t = &p->token[p->at];
  if (mill_parse_int64(p->text + t->start, (size_t)(t->stop - t->start), 0, max, false, &v) !=
      MILL_PARSED) {
    mill_p_syntax(p);
    return 0;
  }
  p->at++;
  return v;
}

/* The literal `type 'value'` whose value cannot be read. */
static mill_expr *invalid(mill_parser *p, int from, const char *type, const char *value) {
  mill_p_error(p, from, MILL_E_INVALID_TYPED_LITERAL, "valueType", mill_p_quoted(p, type, '"'),
               "value", mill_p_quoted(p, value, '\''), NULL);
  return mill_p_null_literal(p, from);
}

static int64_t local_now(const mill_parser *p) {
  return p->rules.set.zone ? mill_zone_to_local(p->rules.set.zone, p->rules.set.now_micros)
                           : p->rules.set.now_micros;
}

/* Does the text say no year, so that it hangs on today? */
static bool of_today(const char *s, size_t n) {
  size_t i = 0, year = 0;
  while (i < n && (isspace((unsigned char)s[i]) || s[i] == '+' || s[i] == '-')) i++;
  while (i < n && isdigit((unsigned char)s[i])) i++, year++;
  return year < 4;
}

static mill_expr *date(mill_parser *p, int from, const char *s, size_t n) {
  int64_t today = mill_floor_div(local_now(p), MILL_MICROS_DAY), v;
  int32_t days;
  if (of_today(s, n)) mill_settings_once(&p->rules.set);
  if (mill_special_time(s, n, today, 0, true, &v)) {
    days = (int32_t)v;
  } else if (!mill_date_parse(s, n, &days)) {
    return invalid(p, from, "DATE", s);
  }
  return mill_p_value(p, from, mill_type_of(MILL_DATE), &days, sizeof days);
}

/* The digits behind the point of a time, at most nine. */
static int fraction_digits(const char *s, size_t n) {
  const char *dot = memchr(s, '.', n);
  int count = 0;
  for (const char *d = dot ? dot + 1 : s + n; d < s + n && *d >= '0' && *d <= '9'; d++) count++;
  return count < 9 ? count : 9;
}

/* "tomorrow CET": how much of the text is the word before a zone, which there must be but does not matter; 0:
** it is none. */
static size_t word_before_zone(const mill_parser *p, const char *s, size_t n) {
  size_t word = 0, at;
  while (word < n && isalpha((unsigned char)s[word])) word++;
  for (at = word; at < n && (s[at] == ' ' || s[at] == '\t');) at++;
  return word && at < n && mill_zones_try(p->rules.ctx->zones, s + at, n - at) ? word : 0;
}

static mill_expr *timestamp(mill_parser *p, int from, bool ntz, const char *name, const char *s,
                            size_t n) {
  int64_t local = local_now(p), v;
  int rest = 0;
  mill_timestamp_rules r = {p->rules.ctx->zones, p->rules.set.zone, p->rules.set.now_micros, ntz,
                            true};
  size_t word = ntz ? 0 : word_before_zone(p, s, n), read = word ? word : n;
  if (of_today(s, n)) mill_settings_once(&p->rules.set);
  if (mill_special_time(s, read, mill_floor_div(local, MILL_MICROS_DAY), local, false, &v)) {
    if (!ntz && v != 0 && p->rules.set.zone) mill_zone_to_utc(p->rules.set.zone, v, &v);
  } else if (!mill_timestamp_parse_nanos(&r, s, n, &v, &rest)) {
    return invalid(p, from, name, s);
  }
  int precision = fraction_digits(s, n);
  if (p->rules.set.nanos && precision > 6) {
    mill_i128 nanos = (mill_i128)v * 1000 + rest;
    const mill_type *t = mill_type_nanos(
        p->rules.ctx->types, ntz ? MILL_TIMESTAMP_NTZ_NANOS : MILL_TIMESTAMP_NANOS, precision);
    return mill_p_value(p, from, t ? t : mill_type_of(MILL_TIMESTAMP_NANOS), &nanos, sizeof nanos);
  }
  return mill_p_value(p, from, mill_type_of(ntz ? MILL_TIMESTAMP_NTZ : MILL_TIMESTAMP), &v,
                      sizeof v);
}

static int hex_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/* X'1ABC': an odd number of digits has a zero before it. */
static mill_expr *binary(mill_parser *p, int from, const char *s, size_t n) {
  char *out = mill_p_alloc(p, n / 2 + 1);
  if (out == NULL) return mill_p_null_literal(p, from);
  size_t odd = n & 1;
  for (size_t i = 0; i < n; i++) {
    int d = hex_digit(s[i]);
    if (d < 0) return invalid(p, from, "X", s);
    size_t k = (i + odd) / 2;
    out[k] = (char)((unsigned char)out[k] * 16 + d);
  }
  mill_str v = mill_str_view(out, n / 2 + odd);
  return mill_p_value(p, from, mill_type_of(MILL_BINARY), &v, sizeof v);
}

static mill_expr *unsupported(mill_parser *p, int from, const char *word) {
  char *up = mill_p_alloc(p, strlen(word) + 1);
  for (size_t i = 0; up && word[i]; i++) up[i] = (char)toupper((unsigned char)word[i]);
  mill_p_error(p, from, MILL_E_UNSUPPORTED_TYPED_LITERAL, "unsupportedType",
               mill_p_quoted(p, up ? up : "", '"'), "supportedTypes",
               "\"DATE\", \"TIMESTAMP_NTZ\", \"TIMESTAMP_LTZ\", \"TIMESTAMP\", \"INTERVAL\", "
               "\"X\", \"TIME\"",
               NULL);
  return mill_p_null_literal(p, from);
}

/* TIME(6), or as many digits as the fraction has beyond them. */
static const mill_type *time_type(mill_parser *p, const char *s, size_t n) {
  int count = fraction_digits(s, n);
  return count <= 6 ? mill_type_of(MILL_TIME) : mill_type_time(p->rules.ctx->types, count);
}

mill_expr *mill_p_typed_literal(mill_parser *p) {
  int from = p->at, kind = mill_p_peek(p, 0);
  const char *word = mill_p_name(p);
  size_t n;
  const char *s = mill_p_string(p, &n);
  switch (kind) {
  case MILL_K_DATE: return date(p, from, s, n);
  case MILL_K_TIMESTAMP: return timestamp(p, from, p->rules.ntz, "TIMESTAMP", s, n);
  case MILL_K_TIMESTAMP_LTZ: return timestamp(p, from, false, "TIMESTAMP_LTZ", s, n);
  case MILL_K_TIMESTAMP_NTZ: return timestamp(p, from, true, "TIMESTAMP_NTZ", s, n);
  case MILL_K_X: return binary(p, from, s, n);
  case MILL_K_INTERVAL: return mill_p_interval_text(p, from, s, n);
  case MILL_K_TIME: {
    int64_t nanos;
    if (!mill_time_parse(s, n, &nanos)) return invalid(p, from, "TIME", s);
    const mill_type *t = time_type(p, s, n);
    return t ? mill_p_value(p, from, t, &nanos, sizeof nanos) : mill_p_null_literal(p, from);
  }
  default: return unsupported(p, from, word);
  }
}
