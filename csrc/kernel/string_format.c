/* Numbers and values put into texts: format_number, format_string (printf).
**
** format_number groups by threes and rounds half to even; its pattern is one of Java's DecimalFormat
** ('#,##0.00': zeros are digits always shown). format_string follows java.util.Formatter: %d %s %f %e
** %x %o %c %b %n %%, flags - + blank 0 , ( #, a width, a precision, and N$ for the argument. */
#include <ctype.h>
#include <math.h>

#include "base/number.h"
#include "base/utf8.h"
#include "kernel/bytes_int.h"
#include "kernel/cast.h"

/* ---- numbers -------------------------------------------------------------------------------- */

typedef struct number_format {
  const char *prefix, *suffix;
  size_t nprefix, nsuffix;
  int group, least, fixed,
      most; /* digits of a group, before the point, behind it at least, at most */
} number_format;

static bool in_pattern(char c) { return c == '#' || c == '0' || c == ',' || c == '.'; }

static number_format read_format(bytes s) {
  number_format f = {.prefix = s.p};
  size_t at = 0, comma = SIZE_MAX, point = SIZE_MAX;
  if (s.n == 0) return (number_format){.prefix = "", .suffix = "", .group = 3, .least = 1};
  while (at < s.n && !in_pattern(s.p[at])) at++;
  f.nprefix = at;
  for (; at < s.n && in_pattern(s.p[at]); at++) {
    bool behind = point != SIZE_MAX;
    if (s.p[at] == ',') comma = at;
    if (s.p[at] == '.') point = at;
    if (s.p[at] == '0' && !behind) f.least++;
    if (s.p[at] == '0' && behind) f.fixed++;
    if ((s.p[at] == '0' || s.p[at] == '#') && behind) f.most++;
  }
  size_t end = point == SIZE_MAX ? at : point;
  if (comma != SIZE_MAX && comma < end) f.group = (int)(end - comma) - 1;
  f.suffix = s.p + at;
  f.nsuffix = s.n - at;
  return f;
}

/* A number as plain text ("-1234.50"), rounded half to even, with `most` digits behind the point: in buf, or in
** `text` where it may be long. */
static mill_status plain_digits(const mill_vector *v, size_t i, int most, char *buf,
                                mill_text *text, bytes *out, mill_error *err) {
  const mill_type *t = v->type;
  mill_text_reset(text);
  if (t->id == MILL_DOUBLE || t->id == MILL_FLOAT) {
    double x = t->id == MILL_DOUBLE ? MILL_AT(double, v, i) : (double)MILL_AT(float, v, i);
    MILL_TRY(mill_text_printf(text, err, "%.*f", most, x));
  } else {
    int scale = t->id == MILL_DECIMAL ? t->scale : 0;
    mill_i128 given = mill_int_at(v, i), d = given;
    if (most < scale) {
      mill_decimal_rescale(d, scale, most, 38, MILL_HALF_EVEN, &d);
      scale = most;
    }
    bool zero = d == 0 && given < 0; /* -0.5 is -0 */
    buf[0] = '-';
    size_t size = (size_t)mill_decimal_format(d, scale, buf + zero) + zero;
    if (most == scale) {
      *out = (bytes){buf, size};
      return MILL_OK;
    }
    MILL_TRY(mill_text_add(text, buf, size, err));
    if (scale == 0) MILL_TRY(mill_text_addc(text, '.', err));
    for (int k = scale; k < most; k++) MILL_TRY(mill_text_addc(text, '0', err));
  }
  *out = (bytes){text->data, text->size};
  return MILL_OK;
}

/* What stands before the point, at least `width` digits of it. */
static inline char *put_whole(const number_format *f, const char *digits, size_t n, size_t width,
                              char *to) {
  const size_t group = f->group > 0 ? (size_t)f->group : width + 1, zeros = width - n;
  for (size_t at = 0, next = width % group; at < width; next += group) { /* up to the next comma */
    for (; at < zeros && at < next; at++) *to++ = '0';
    for (; at < next; at++) *to++ = digits[at - zeros];
    if (at && at < width) *to++ = ',';
  }
  return to;
}

static inline char *put_bytes(char *to, const char *p, size_t n) {
  if (n) memcpy(to, p, n);
  return to + n;
}

/* More than a number of n characters as plain text can need. */
static inline size_t number_room(const number_format *f, size_t n) {
  return f->nprefix + 2 * (n + (size_t)f->least) + 2 + f->nsuffix;
}

/* A number given as plain text in the form that f says; gives where it ends. */
static inline char *write_number(const number_format *f, const char *digits, size_t n, char *to) {
  const bool minus = *digits == '-';
  digits += minus;
  size_t tail = (size_t)f->most, whole = n - minus - tail - (tail > 0);
  while (tail > (size_t)f->fixed && digits[whole + tail] == '0') tail--;
  const char *behind = digits + whole + 1;
  if (whole == 1 && *digits == '0' && f->least == 0) digits++, whole = 0;
  const size_t width = whole < (size_t)f->least ? (size_t)f->least : whole;
  if (minus) *to++ = '-';
  to = put_whole(f, digits, whole, width, put_bytes(to, f->prefix, f->nprefix));
  if (tail) *to++ = '.';
  return put_bytes(put_bytes(to, behind, tail), f->suffix, f->nsuffix);
}

static mill_status put_number(const number_format *f, const char *digits, size_t n, mill_text *out,
                              mill_error *err) {
  MILL_TRY(mill_text_reserve(out, number_room(f, n), err));
  char *end = write_number(f, digits, n, out->data + out->size);
  out->size = (size_t)(end - out->data);
  *end = 0;
  return MILL_OK;
}

static mill_status number_row(mill_call *call, const mill_vector *const *args, size_t i,
                              mill_text *text, mill_vector *out, mill_error *err) {
  const mill_type *t = args[0]->type;
  bool pattern = args[1]->type->id == MILL_STRING;
  int32_t d = pattern ? 0 : MILL_AT(int32_t, args[1], i);
  number_format f =
      pattern ? read_format(bytes_at(args[1], i)) : (number_format){"", "", 0, 0, 3, 1, d, d};
  if (d < 0 || d > 1000) return mill_set_null(call, out, i, err);
  double x = t->id == MILL_DOUBLE  ? MILL_AT(double, args[0], i)
             : t->id == MILL_FLOAT ? (double)MILL_AT(float, args[0], i)
                                   : 0;
  if (x != x) return put_copy(call, out, i, "NaN", 3, err);
  if (x - x != 0) return put_copy(call, out, i, x > 0 ? "∞" : "-∞", x > 0 ? 3 : 4, err);
  char buf[MILL_DECIMAL_TEXT + 1];
  bytes digits;
  MILL_TRY(plain_digits(args[0], i, f.most, buf, text, &digits, err));
  char *p = NULL;
  MILL_TRY(mill_bytes_take(call, number_room(&f, digits.n), &p, err));
  char *end = write_number(&f, digits.p, digits.n, p);
  ((mill_str *)out->data)[i] = mill_str_done(call, p, (size_t)(end - p));
  return MILL_OK;
}

KERNEL_HEAD(k_format_number) {
  mill_text text;
  mill_status status = MILL_OK;
  mill_text_init(&text, call->ctx->memory);
  for (size_t i = 0; i < n && status == MILL_OK; i++)
    if (mill_valid_bit(out->valid, i)) status = number_row(call, args, i, &text, out, err);
  mill_text_clear(&text);
  return status;
}

/* ---- format_string -------------------------------------------------------------------------- */

enum { NO_ARGUMENT = -2 }; /* %0$s */

typedef struct directive {
  bool left, plus, blank, zero, comma, paren;
  int width, precision, argument; /* -1: none; argument from 0 */
  char letter;
} directive;

static int read_digits(bytes s, size_t *at) {
  int v = -1;
  for (; *at < s.n && isdigit((unsigned char)s.p[*at]) && v < 100000; (*at)++)
    v = (v < 0 ? 0 : v * 10) + (s.p[*at] - '0');
  return v;
}

static bool read_directive(bytes s, size_t *at, directive *d) {
  *d = (directive){.width = -1, .precision = -1, .argument = -1};
  size_t k = *at;
  int n = read_digits(s, &k);
  if (n >= 0 && k < s.n && s.p[k] == '$') {
    d->argument = n - 1;
    if (n == 0) d->argument = NO_ARGUMENT;
    *at = k + 1;
  }
  for (; *at < s.n && s.p[*at] && strchr("-+ 0,(#", s.p[*at]); (*at)++) {
    char c = s.p[*at];
    d->left |= c == '-', d->plus |= c == '+', d->blank |= c == ' ';
    d->zero |= c == '0', d->comma |= c == ',', d->paren |= c == '(';
  }
  d->width = read_digits(s, at);
  if (*at < s.n && s.p[*at] == '.') {
    (*at)++;
    d->precision = read_digits(s, at);
    if (d->precision < 0) return false;
  }
  if (*at >= s.n) return false;
  d->letter = s.p[(*at)++];
  return true;
}

/* Pad to the width: zeros go behind the sign. */
static mill_status pad(const directive *d, const char *p, size_t n, bool number, mill_text *out,
                       mill_error *err) {
  size_t chars = mill_utf8_count(p, n);
  size_t fill = d->width > 0 && (size_t)d->width > chars ? (size_t)d->width - chars : 0;
  bool zero = d->zero && number && !d->left;
  size_t sign = zero && n && (*p == '-' || *p == '+' || *p == ' ') ? 1 : 0;
  MILL_TRY(mill_text_add(out, p, sign, err));
  for (size_t k = 0; !d->left && k < fill; k++)
    MILL_TRY(mill_text_addc(out, zero ? '0' : ' ', err));
  MILL_TRY(mill_text_add(out, p + sign, n - sign, err));
  for (size_t k = 0; d->left && k < fill; k++) MILL_TRY(mill_text_addc(out, ' ', err));
  return MILL_OK;
}

/* A number's sign by the flags, in front of its digits. */
static mill_status sign_of(const directive *d, bool minus, mill_text *out, mill_error *err) {
  if (minus) return mill_text_adds(out, d->paren ? "(" : "-", err);
  return mill_text_adds(out, d->plus ? "+" : d->blank ? " " : "", err);
}

static bool whole_number(const mill_vector *v, char letter, const directive *d, size_t i,
                         mill_text *out, mill_status *status, mill_error *err) {
  if (!mill_type_integral(v->type)) return false;
  mill_i128 x = mill_int_at(v, i);
  char digits[MILL_DECIMAL_TEXT];
  if (letter != 'd') {
    uint64_t u = (uint64_t)(int64_t)x;
    if (v->type->width < 8) u &= (1ull << 8 * v->type->width) - 1;
    *status = mill_text_printf(out, err,
                               letter == 'o'   ? "%llo"
                               : letter == 'x' ? "%llx"
                                               : "%llX",
                               (unsigned long long)u);
    return true;
  }
  number_format f = {"", "", 0, 0, d->comma ? 3 : 0, 1, 0, 0};
  int n = mill_decimal_format(x < 0 ? -x : x, 0, digits);
  *status = sign_of(d, x < 0, out, err);
  if (!*status) *status = put_number(&f, digits, (size_t)n, out, err);
  if (!*status && x < 0 && d->paren) *status = mill_text_addc(out, ')', err);
  return true;
}

static bool fraction(const mill_vector *v, const directive *d, size_t i, mill_text *out,
                     mill_status *status, mill_error *err) {
  const mill_type *t = v->type;
  int precision = d->precision < 0 ? 6 : d->precision;
  char buf[512];
  if (t->id != MILL_DOUBLE && t->id != MILL_FLOAT && t->id != MILL_DECIMAL) return false;
  double x = t->id == MILL_DOUBLE  ? MILL_AT(double, v, i)
             : t->id == MILL_FLOAT ? (double)MILL_AT(float, v, i)
                                   : mill_decimal_to_double(mill_int_at(v, i), t->scale);
  *status = sign_of(d, signbit(x) && x == x, out, err);
  if (*status) return true;
  if (x - x != 0) {
    *status = mill_text_adds(out, x != x ? "NaN" : "Infinity", err);
    return true;
  }
  number_format f = {"", "", 0, 0, d->comma ? 3 : 0, 1, precision, precision};
  int n = snprintf(buf, sizeof buf, d->letter == 'f' ? "%.*f" : "%.*e",
                   precision > 100 ? 100 : precision, fabs(x));
  *status = d->letter == 'f' ? put_number(&f, buf, (size_t)n, out, err)
                             : mill_text_add(out, buf, (size_t)n, err);
  return true;
}

static bool is_null(const mill_vector *v, size_t i) {
  return v->type->id == MILL_NULL || !mill_vector_valid(v, i);
}

/* Argument k by the directive, without its padding. False: the letter does not take its type. */
static bool convert(mill_call *call, const mill_vector *v, size_t i, const directive *d,
                    mill_text *out, mill_status *status, mill_error *err) {
  bool null = is_null(v, i);
  *status = MILL_OK;
  switch (d->letter) {
  case 'b':
  case 'B': {
    bool is = !null && (v->type->id != MILL_BOOLEAN || MILL_AT(uint8_t, v, i));
    *status = mill_text_adds(out, is ? "true" : "false", err);
    return true;
  }
  case 's':
  case 'S':
    *status = null ? mill_text_adds(out, "null", err) : mill_value_text(call->set, v, i, out, err);
    return true;
  default: break;
  }
  if (null) {
    *status = mill_text_adds(out, "null", err);
    return true;
  }
  switch (d->letter) {
  case 'd':
  case 'x':
  case 'X':
  case 'o': return whole_number(v, d->letter, d, i, out, status, err);
  case 'f':
  case 'e': return fraction(v, d, i, out, status, err);
  case 'c': {
    char c[4];
    if (!mill_type_integral(v->type)) return false;
    *status = mill_text_add(out, c, (size_t)mill_utf8_encode((int32_t)mill_int_at(v, i), c), err);
    return true;
  }
  default: return false;
  }
}

static mill_status bad_format(mill_call *call, bytes s, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_PATTERN, "functionName",
                        mill_error_fmt(err, "`%s`", call->fn->name), "parameter", "`strfmt`",
                        "value", mill_error_fmt(err, "'%.*s'", (int)s.n, s.p), NULL);
}

static mill_status put_directive(mill_call *call, const mill_vector *const *args, size_t i,
                                 const directive *d, int at, bytes format, mill_text *one,
                                 mill_text *text, mill_error *err) {
  mill_status status;
  if (at + 1 >= call->nargs) return bad_format(call, format, err);
  mill_text_reset(one);
  if (!convert(call, args[at + 1], i, d, one, &status, err)) return bad_format(call, format, err);
  MILL_TRY(status);
  const char *p = one->data ? one->data : "";
  size_t n = one->size;
  bool string = strchr("sSbB", d->letter) != NULL;
  if (string && d->precision >= 0) n = mill_utf8_offset(p, n, (size_t)d->precision);
  size_t from = text->size;
  bool number = strchr("dxXofe", d->letter) != NULL && !is_null(args[at + 1], i);
  MILL_TRY(pad(d, p, n, number, text, err));
  for (size_t k = from; isupper((unsigned char)d->letter) && k < text->size; k++)
    text->data[k] = (char)toupper((unsigned char)text->data[k]);
  return MILL_OK;
}

static mill_status format_row(mill_call *call, const mill_vector *const *args, size_t i,
                              mill_text *one, mill_text *text, mill_error *err) {
  bytes s = bytes_at(args[0], i);
  int next = 0;
  mill_text_reset(text);
  for (size_t at = 0; at < s.n;) {
    directive d;
    if (s.p[at] != '%') {
      MILL_TRY(mill_text_addc(text, s.p[at++], err));
      continue;
    }
    at++;
    if (!read_directive(s, &at, &d)) return bad_format(call, s, err);
    if (d.letter == '%' || d.letter == 'n') {
      MILL_TRY(pad(&d, d.letter == 'n' ? "\n" : "%", 1, false, text, err));
      continue;
    }
    if (d.argument == NO_ARGUMENT)
      return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_ZERO_INDEX, "functionName",
                            "`format_string`", "parameter", "`strfmt`", NULL);
    int k = d.argument >= 0 ? d.argument : next++;
    MILL_TRY(put_directive(call, args, i, &d, k, s, one, text, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(k_format_string) {
  mill_text one, text;
  mill_status status = MILL_OK;
  mill_text_init(&one, call->ctx->memory);
  mill_text_init(&text, call->ctx->memory);
  for (size_t i = 0; i < n && status == MILL_OK; i++) {
    if (!mill_vector_valid(args[0], i)) {
      status = mill_set_null(call, out, i, err);
      continue;
    }
    status = format_row(call, args, i, &one, &text, err);
    if (status == MILL_OK) status = put_text(call, out, i, &text, err);
  }
  mill_text_clear(&one);
  mill_text_clear(&text);
  return status;
}

static mill_status bind_format(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "string, any* -> string", err));
  b->nullable = b->arg_nullable[0];
  return MILL_OK;
}

static mill_status bind_number(mill_binding *b, mill_error *err) {
  mill_type_id id = b->arg_type[1]->id;
  if (id != MILL_STRING && id != MILL_INT && id != MILL_NULL)
    return mill_bind_wrong_type(b, 1, "(\"INT\" or \"STRING\")", err);
  MILL_TRY(mill_bind_types(
      b, id == MILL_STRING ? "!numeric, string -> string" : "!numeric, int -> string", err));
  b->nullable = true;
  return MILL_OK;
}

#define FORMAT(NAME)                                                                               \
  {                                                                                                \
    .name = NAME, .types = "string, any*", .kernel = k_format_string, .bind = bind_format,         \
    .flags = MILL_FN_NULLS, .usage = NAME "(strfmt, obj, ...)",                                    \
    .doc = "Values put into a text by a format of Java's Formatter.",                              \
    .example = "SELECT " NAME "('Hello World %d %s', 100, 'days') -> Hello World 100 days"         \
  }

const mill_function mill_family_string_format[] = {
    {.name = "format_number",
     .types = "any, any",
     .kernel = k_format_number,
     .bind = bind_number,
     .usage = "format_number(expr1, expr2)",
     .doc = "A number in groups of three, with so many digits behind the point or by a pattern.",
     .example = "SELECT format_number(12332.123456, 4) -> 12,332.1235"},
    FORMAT("format_string"),
    FORMAT("printf"),
    {0}};
