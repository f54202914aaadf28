/* Values as the texts of files and of JSON; see value_write.h. */
#include "kernel/value_write.h"

#include <stdio.h>

#include "base/number.h"
#include "kernel/cast.h"

/* ---- dates and times ------------------------------------------------------------------------ */

static char *two(char *p, int v) {
  p[0] = (char)('0' + v / 10);
  p[1] = (char)('0' + v % 10);
  return p + 2;
}

/* A year of Java's pattern yyyy: four digits, a sign when there are more or it lies before 0. */
static char *put_year(char *p, int64_t year) {
  if (year < 0 || year > 9999)
    return p + sprintf(p, year < 0 ? "-%04lld" : "+%lld", (long long)(year < 0 ? -year : year));
  return two(two(p, (int)(year / 100)), (int)(year % 100));
}

static char *put_day(char *p, int64_t days) {
  int64_t year;
  int month, day;
  mill_civil_from_days(days, &year, &month, &day);
  if (year < 0 || year > 9999) {
    p = put_year(p, year);
    *p++ = '-';
    p = two(p, month);
    *p++ = '-';
    return two(p, day);
  }
  uint32_t y = (uint32_t)year;
  uint64_t digits = mill_digit_pairs(y / 100, y % 100, (uint32_t)month, (uint32_t)day);
  mill_put_digits(p, digits);
  mill_put_digits(p + 5, digits >> 32);
  p[4] = p[7] = '-';
  p[8] = (char)(digits >> 48);
  p[9] = (char)(digits >> 56);
  return p + 10;
}

static char *put_offset(char *p, int32_t seconds) {
  int s = seconds < 0 ? -seconds : seconds;
  *p++ = seconds == 0 ? 'Z' : seconds < 0 ? '-' : '+';
  if (s == 0) return p;
  p = two(p, s / 3600);
  *p++ = ':';
  p = two(p, s / 60 % 60);
  if (s % 60 == 0) return p;
  *p++ = ':';
  return two(p, s % 60);
}

static char *put_timestamp(char *p, int64_t micros, const mill_zone *zone) {
  int64_t local = zone ? mill_zone_to_local(zone, micros) : micros;
  int64_t days = mill_floor_div(local, MILL_MICROS_DAY), of_day = local - days * MILL_MICROS_DAY;
  int millis = (int)(of_day / 1000 % 1000), second = (int)(of_day / 1000000);
  p = put_day(p, days);
  *p++ = 'T';
  p = two(p, second / 3600);
  *p++ = ':';
  p = two(p, second / 60 % 60);
  *p++ = ':';
  p = two(p, second % 60);
  *p++ = '.';
  *p++ = (char)('0' + millis / 100);
  p = two(p, millis % 100);
  return zone ? put_offset(p, mill_zone_offset_at(zone, micros)) : p;
}

/* ---- decimals ------------------------------------------------------------------------------- */

int mill_value_decimal_text(mill_i128 v, int scale, char *buf) {
  char digits[MILL_DECIMAL_TEXT];
  if (scale <= 6) return mill_decimal_format(v, scale, buf); /* its exponent is never below -6 */
  int sign = v < 0, n = mill_decimal_format(v, 0, digits) - sign;
  int exponent = n - 1 - scale;
  if (exponent >= -6 || scale == 0) return mill_decimal_format(v, scale, buf);
  const char *d = digits + sign;
  return sprintf(buf, "%s%c%s%sE%d", sign ? "-" : "", d[0], n > 1 ? "." : "", d + 1, exponent);
}

static mill_i128 unscaled(const mill_vector *v, uint32_t k) {
  mill_i128 x;
  if (v->type->phys == MILL_PHYS_I64) return ((const int64_t *)v->data)[k];
  memcpy(&x, (const char *)v->data + (size_t)k * sizeof x, sizeof x);
  return x;
}

/* ---- short texts ---------------------------------------------------------------------------- */

static int put_number(const mill_vector *v, uint32_t k, char *p) {
  switch (v->type->id) {
  case MILL_TINYINT: return mill_int_text(((const int8_t *)v->data)[k], p);
  case MILL_SMALLINT: return mill_int_text(((const int16_t *)v->data)[k], p);
  case MILL_INT: return mill_int_text(((const int32_t *)v->data)[k], p);
  case MILL_BIGINT: return mill_int_text(((const int64_t *)v->data)[k], p);
  case MILL_FLOAT: return mill_float_text(((const float *)v->data)[k], p);
  case MILL_DOUBLE: return mill_double_text(((const double *)v->data)[k], p);
  default: return mill_value_decimal_text(unscaled(v, k), v->type->scale, p);
  }
}

/* Nanoseconds are written as far as the formats go, which are those of microseconds. */
static int64_t micros_at(const mill_vector *v, uint32_t k) {
  int rest;
  return mill_nanos_split(((const mill_i128 *)v->data)[k], &rest);
}

static char *put_boolean(bool v, char *p) {
  memcpy(p, v ? "true" : "false", 5);
  return p + 5 - v;
}

bool mill_value_short(const mill_type *t) {
  switch (t->id) {
  case MILL_BOOLEAN:
  case MILL_TINYINT:
  case MILL_SMALLINT:
  case MILL_INT:
  case MILL_BIGINT:
  case MILL_FLOAT:
  case MILL_DOUBLE:
  case MILL_DECIMAL:
  case MILL_DATE:
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ:
  case MILL_TIMESTAMP_NANOS:
  case MILL_TIMESTAMP_NTZ_NANOS: return true;
  default: return false;
  }
}

char *mill_value_put_short(const mill_value_texts *t, const mill_vector *v, uint32_t k, char *p) {
  switch (v->type->id) {
  case MILL_BOOLEAN: return put_boolean(((const uint8_t *)v->data)[k], p);
  case MILL_DATE: return put_day(p, ((const int32_t *)v->data)[k]);
  case MILL_TIMESTAMP: return put_timestamp(p, ((const int64_t *)v->data)[k], t->settings.zone);
  case MILL_TIMESTAMP_NTZ: return put_timestamp(p, ((const int64_t *)v->data)[k], NULL);
  case MILL_TIMESTAMP_NANOS: return put_timestamp(p, micros_at(v, k), t->settings.zone);
  case MILL_TIMESTAMP_NTZ_NANOS: return put_timestamp(p, micros_at(v, k), NULL);
  default: return p + put_number(v, k, p);
  }
}

/* ---- all types ------------------------------------------------------------------------------ */

/* By a format of the options; *done false: there is none for the type. */
static mill_status put_by_pattern(const mill_value_texts *t, const mill_vector *v, uint32_t k,
                                  mill_text *out, bool *done, mill_error *err) {
  mill_moment m = {0};
  const mill_pattern *p = NULL;
  if (v->type->id == MILL_DATE && (p = t->date))
    m.local = (int64_t)((const int32_t *)v->data)[k] * MILL_MICROS_DAY;
  else if (v->type->id == MILL_TIMESTAMP && (p = t->timestamp))
    m = mill_moment_at(((const int64_t *)v->data)[k], t->settings.zone);
  else if (v->type->id == MILL_TIMESTAMP_NTZ && (p = t->ntz))
    m.local = ((const int64_t *)v->data)[k];
  else if (v->type->id == MILL_TIMESTAMP_NANOS && (p = t->timestamp))
    m = mill_moment_at(micros_at(v, k), t->settings.zone);
  else if (v->type->id == MILL_TIMESTAMP_NTZ_NANOS && (p = t->ntz))
    m.local = micros_at(v, k);
  else if (v->type->id == MILL_TIME && (p = t->time)) {
    int64_t nanos = ((const int64_t *)v->data)[k];
    m.local = nanos / 1000, m.nanos = (int32_t)(nanos % 1000);
  }
  *done = p != NULL;
  return p ? mill_pattern_format(p, &m, out, err) : MILL_OK;
}

mill_status mill_value_put(const mill_value_texts *t, const mill_vector *v, uint32_t k,
                           mill_text *out, mill_error *err) {
  if (v->type->phys == MILL_PHYS_STR) {
    const mill_str *s = (const mill_str *)v->data + k;
    return mill_text_add(out, mill_str_data(s), s->size, err);
  }
  if (mill_texts_have_formats(t)) {
    bool done;
    MILL_TRY(put_by_pattern(t, v, k, out, &done, err));
    if (done) return MILL_OK;
  }
  if (!mill_value_short(v->type)) return mill_value_text(&t->settings, v, k, out, err);
  MILL_TRY(mill_text_reserve(out, MILL_VALUE_TEXT, err));
  char *end = mill_value_put_short(t, v, k, out->data + out->size);
  out->size = (size_t)(end - out->data);
  *end = 0;
  return MILL_OK;
}
