/* Texts cast to intervals.
**
** INTERVAL YEAR TO MONTH and DAY TO SECOND with their parts take the fields of the type in order,
** with an optional sign ("1-2", "-1 02:03:04.5"), alone or as the whole literal that prints them
** (INTERVAL '1-2' YEAR TO MONTH). The calendar's INTERVAL takes numbers with units ("1 year 2
** days"); a text that is none is null there in every mode, as in Spark. */
#include <stdio.h>
#include <strings.h>

#include "base/calendar.h"
#include "kernel/cast_int.h"

typedef struct {
  const char *p, *end;
} cursor;

static void skip_blanks(cursor *c) {
  while (c->p < c->end && (unsigned char)*c->p <= ' ') c->p++;
}

static bool take(cursor *c, char x) {
  if (c->p == c->end || *c->p != x) return false;
  c->p++;
  return true;
}

static int take_sign(cursor *c) {
  if (take(c, '-')) return -1;
  take(c, '+');
  return 1;
}

/* One to `most` digits. */
static bool take_number(cursor *c, int most, int64_t *out) {
  const char *start = c->p;
  int64_t v = 0;
  for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
    if (c->p - start >= most) return false;
    v = v * 10 + (*c->p - '0');
  }
  *out = v;
  return c->p > start;
}

/* Up to nine digits behind a point, as microseconds; digits beyond the sixth are cut. */
static bool take_fraction(cursor *c, int64_t *micros) {
  int64_t unit = 100000;
  const char *start;
  *micros = 0;
  if (!take(c, '.')) return true;
  for (start = c->p; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++, unit /= 10)
    *micros += (*c->p - '0') * unit;
  return c->p - start <= 9;
}

/* ---- year-month and day-time ---------------------------------------------------------------- */

static bool parse_year_month(cursor *c, const mill_type *t, int64_t *out) {
  int64_t years = 0, months = 0;
  int sign = take_sign(c);
  if (t->start == MILL_YEAR && !take_number(c, 9, &years)) return false;
  if (t->start != t->end && !take(c, '-')) return false;
  if (t->end == MILL_MONTH && !take_number(c, 10, &months)) return false;
  if (t->start != t->end && months > 11) return false;
  *out = sign * (years * 12 + months);
  return *out == (int32_t)*out;
}

static bool parse_day_time(cursor *c, const mill_type *t, int64_t *out) {
  static const int64_t unit[] = {86400000000, 3600000000, 60000000, 1000000};
  static const int64_t most[] = {0, 23, 59, 59};
  mill_i128 total = 0;
  int sign = take_sign(c);
  for (int f = t->start; f <= t->end; f++) {
    int64_t v, micros = 0;
    bool first = f == t->start;
    if (!first && !take(c, f == MILL_HOUR ? ' ' : ':')) return false;
    if (!take_number(c, first ? 18 : 2, &v) || (!first && v > most[f])) return false;
    if (f == MILL_SECOND && !take_fraction(c, &micros)) return false;
    total += (mill_i128)v * unit[f] + micros;
  }
  total *= sign;
  *out = (int64_t)total;
  return total == *out;
}

/* INTERVAL [-]'..' <fields>: leaves the text between the quotes; *sign is what stood before
** them. */
static bool unwrap(cursor *c, const char *fields, int *sign) {
  size_t n = strlen(fields);
  if (c->end - c->p < 9 || strncasecmp(c->p, "INTERVAL", 8) != 0) return true;
  c->p += 8;
  skip_blanks(c);
  *sign = take_sign(c);
  skip_blanks(c);
  if (!take(c, '\'') || (size_t)(c->end - c->p) < n + 2) return false;
  c->end -= n;
  if (strncasecmp(c->end, fields, n) != 0) return false;
  while (c->end > c->p && c->end[-1] == ' ') c->end--;
  return c->end-- > c->p && *c->end == '\'';
}

static bool parse_ansi(const mill_str *s, const mill_type *t, const char *fields, int64_t *out) {
  cursor c = {mill_str_data(s), mill_str_data(s) + s->size};
  int sign = 1;
  skip_blanks(&c);
  while (c.end > c.p && (unsigned char)c.end[-1] <= ' ') c.end--;
  if (!unwrap(&c, fields, &sign)) return false;
  bool ok = t->id == MILL_INTERVAL_YM ? parse_year_month(&c, t, out) : parse_day_time(&c, t, out);
  *out *= sign;
  return ok && c.p == c.end;
}

bool mill_interval_parse(const mill_type *t, const char *s, size_t n, int64_t *out) {
  static const char *const months[] = {"YEAR", "MONTH"};
  static const char *const times[] = {"DAY", "HOUR", "MINUTE", "SECOND"};
  const char *const *names = t->id == MILL_INTERVAL_YM ? months : times;
  mill_str text = mill_str_view(s, n);
  char fields[32];
  snprintf(fields, sizeof fields, "%s%s%s", names[t->start], t->start == t->end ? "" : " TO ",
           t->start == t->end ? "" : names[t->end]);
  return parse_ansi(&text, t, fields, out);
}

/* The forms of the fields of a type, as Spark tells them. */
static const char *forms_of(const mill_type *t, const char *fields, mill_error *err) {
  static const char *const time[] = {"d", "h", "m", "s.n"};
  bool months = t->id == MILL_INTERVAL_YM;
  char form[24] = "";
  for (int f = t->start; f <= t->end; f++) {
    if (f > t->start) strcat(form, months ? "-" : f == MILL_HOUR ? " " : ":");
    strcat(form, !months ? time[f] : f == MILL_YEAR ? "y" : "m");
  }
  return mill_error_fmt(err, "`[+|-]%s`, `INTERVAL [+|-]'[+|-]%s' %s`", form, form, fields);
}

static mill_status malformed(mill_call *call, const mill_str *s, const char *fields, size_t i,
                             mill_vector *out, mill_error *err) {
  const cast_plan *plan = call->state;
  bool months = plan->to->id == MILL_INTERVAL_YM;
  char name[48];
  size_t k = 0;
  if (plan->mode == MILL_CAST_TRY) return mill_set_null(call, out, i, err);
  for (; fields[k] && k < sizeof name - 1; k++)
    name[k] = fields[k] == ' ' ? ' ' : (char)(fields[k] | 32);
  name[k] = '\0';
  return mill_call_fail(
      call, err,
      months ? MILL_E_INVALID_INTERVAL_FORMAT_UNMATCHED_FORMAT_STRING
             : MILL_E_INVALID_INTERVAL_FORMAT_UNMATCHED_FORMAT_STRING_WITH_NOTICE,
      "input", mill_error_fmt(err, "%.*s", (int)(s->size > 200 ? 200 : s->size), mill_str_data(s)),
      "intervalStr", months ? "year-month" : "day-time", "typeName",
      mill_error_fmt(err, "interval %s", name), "supportedFormat", forms_of(plan->to, fields, err),
      NULL);
}

CAST_KERNEL(string_to_ansi) {
  const mill_type *t = out->type;
  mill_text text;
  mill_status status;
  mill_text_init(&text, call->ctx->memory);
  status = mill_type_sql(t, &text, err);
  for (size_t i = 0; status == MILL_OK && i < n; i++) {
    const mill_str *s = &MILL_AT(mill_str, args[0], i);
    int64_t v = 0;
    if (!mill_valid_bit(out->valid, i)) continue;
    bool ok = parse_ansi(s, t, text.data + 9, &v);
    if (t->phys == MILL_PHYS_I32)
      ((int32_t *)out->data)[i] = (int32_t)v;
    else
      ((int64_t *)out->data)[i] = v;
    if (!ok) status = malformed(call, s, text.data + 9, i, out, err);
  }
  mill_text_clear(&text);
  return status;
}

/* ---- the calendar's intervals --------------------------------------------------------------- */

static const struct {
  const char *name;
  int months, days;
  int64_t micros;
} units[] = {{"year", 12, 0, 0},        {"month", 1, 0, 0},          {"week", 0, 7, 0},
             {"day", 0, 1, 0},          {"hour", 0, 0, 3600000000},  {"minute", 0, 0, 60000000},
             {"second", 0, 0, 1000000}, {"millisecond", 0, 0, 1000}, {"microsecond", 0, 0, 1}};

static int take_unit(cursor *c) {
  const char *start = c->p;
  while (c->p < c->end && (unsigned char)*c->p > ' ') c->p++;
  size_t n = (size_t)(c->p - start);
  for (int k = 0; k < 9; k++) {
    size_t m = strlen(units[k].name);
    bool plural = n == m + 1 && (start[m] | 32) == 's';
    if ((n == m || plural) && strncasecmp(start, units[k].name, m) == 0) return k;
  }
  return -1;
}

static bool add_unit(mill_interval *v, int unit, int64_t count, int64_t fraction) {
  mill_i128 months = v->months + (mill_i128)count * units[unit].months;
  mill_i128 days = v->days + (mill_i128)count * units[unit].days;
  mill_i128 micros = v->micros + (mill_i128)count * units[unit].micros + fraction;
  *v = (mill_interval){(int32_t)months, (int32_t)days, (int64_t)micros};
  return months == v->months && days == v->days && micros == v->micros;
}

static bool parse_calendar(const mill_str *s, mill_interval *out) {
  cursor c = {mill_str_data(s), mill_str_data(s) + s->size};
  *out = (mill_interval){0, 0, 0};
  skip_blanks(&c);
  if (c.end - c.p > 8 && strncasecmp(c.p, "interval", 8) == 0 && (unsigned char)c.p[8] <= ' ')
    c.p += 8;
  skip_blanks(&c);
  if (c.p == c.end) return false;
  while (c.p < c.end) {
    int64_t count = 0, fraction = 0;
    int sign = take_sign(&c);
    skip_blanks(&c);
    bool whole = take_number(&c, 18, &count);
    const char *point = c.p;
    if (!take_fraction(&c, &fraction) || (!whole && c.p == point)) return false;
    bool fractional = c.p > point;
    skip_blanks(&c);
    int unit = take_unit(&c);
    if (unit < 0 || (fractional && unit != 6)) return false;
    if (!add_unit(out, unit, sign * count, sign * fraction)) return false;
    skip_blanks(&c);
  }
  return true;
}

CAST_KERNEL(string_to_calendar) {
  mill_interval *r = out->data;
  MILL_EACH(out, n, i)
  if (!parse_calendar(&MILL_AT(mill_str, args[0], i), &r[i]))
    MILL_TRY(mill_set_null(call, out, i, err));
  return MILL_OK;
}

mill_kernel mill_cast_interval_text(const mill_type *to) {
  return to->id == MILL_INTERVAL ? string_to_calendar : string_to_ansi;
}
