/* Texts as typed values; see value_parse.h. */
#include "kernel/value_parse.h"

#include <strings.h>

#include "base/decimal.h"
#include "base/number.h"
#include "base/timezone.h"
#include "base/utf8.h"
#include "kernel/cast.h"
#include "kernel/quick.h"

/* Decimal digits of other scripts, which Java's parsers take too, as those of ASCII: "１" is 1. */
static size_t narrow(const char *s, size_t n, char *out, size_t room) {
  size_t k = 0;
  for (size_t i = 0; i < n; k++) {
    int size;
    int digit = mill_utf8_digit(mill_utf8_decode(s + i, n - i, &size));
    if (k == room) return 0;
    out[k] = digit < 0 ? s[i] : (char)('0' + digit);
    i += digit < 0 ? 1 : (size_t)size;
  }
  return k;
}

/* Java's Long.parseLong: no blanks, no suffix. */
static bool parse_int(const char *s, size_t n, int64_t min, int64_t max, int64_t *out) {
  char buf[64];
  if (mill_value_digits(s, n, out)) return *out >= min && *out <= max;
  n = narrow(s, n, buf, sizeof buf);
  for (size_t i = 0; i < n; i++)
    if ((buf[i] < '0' || buf[i] > '9') && (i || (buf[i] != '-' && buf[i] != '+'))) return false;
  return n && mill_parse_int64(buf, n, min, max, false, out) == MILL_PARSED;
}

/* Only Java's own words for values that are no numbers. */
static bool java_number(const char *s, size_t n) {
  while (n && (unsigned char)*s <= ' ') s++, n--;
  while (n && (unsigned char)s[n - 1] <= ' ') n--;
  size_t sign = n && (*s == '-' || *s == '+');
  if (n == sign) return false;
  if ((s[sign] >= '0' && s[sign] <= '9') || s[sign] == '.') return true;
  return (n - sign == 3 && memcmp(s + sign, "NaN", 3) == 0) ||
         (n - sign == 8 && memcmp(s + sign, "Infinity", 8) == 0);
}

static bool is(const char *word, const char *s, size_t n) {
  return strlen(word) == n && memcmp(word, s, n) == 0;
}

/* Up to 15 digits and a small power of ten are exact in one operation (Clinger). */
static bool simple_double(const char *s, size_t n, double *out) {
  static const double ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  size_t i = n && *s == '-', digits = 0, after = 0;
  bool point = false;
  int64_t v = 0;
  if (n > 17) return false;
  for (; i < n; i++) {
    unsigned d = (unsigned char)s[i] - '0';
    if (s[i] == '.' && !point) {
      point = true;
      continue;
    }
    if (d > 9) return false;
    v = v * 10 + d;
    digits++;
    after += point;
  }
  if (!digits || digits > 15) return false;
  *out = (double)v / ten[after];
  if (*s == '-') *out = -*out;
  return true;
}

static bool parse_double(const mill_value_rules *r, const char *s, size_t n, double *out) {
  if (simple_double(s, n, out)) return true;
  if (is(r->nan, s, n))
    *out = __builtin_nan("");
  else if (is(r->positive_inf, s, n))
    *out = __builtin_inf();
  else if (is(r->negative_inf, s, n))
    *out = -__builtin_inf();
  else
    return java_number(s, n) && mill_parse_double(s, n, out);
  return true;
}

static bool parse_float(const mill_value_rules *r, const char *s, size_t n, float *out) {
  double special;
  if (is(r->nan, s, n) || is(r->positive_inf, s, n) || is(r->negative_inf, s, n)) {
    if (!parse_double(r, s, n, &special)) return false;
    *out = (float)special;
    return true;
  }
  return java_number(s, n) && mill_parse_float(s, n, out);
}

/* Without its commas: as Spark reads decimals where the locale is en-US. */
static size_t without_commas(const char *s, size_t n, char *out, size_t room) {
  size_t k = 0;
  for (size_t i = 0; i < n; i++) {
    if (s[i] == ',') continue;
    if (k == room) return 0;
    out[k++] = s[i];
  }
  return k;
}

size_t mill_value_plain_decimal(const mill_value_rules *r, const char *s, size_t n, char *out) {
  if (r->numbers) return mill_signs_plain(r->numbers, s, n, out, MILL_VALUE_DECIMAL);
  if (mill_utf8_ascii(s, n)) return without_commas(s, n, out, MILL_VALUE_DECIMAL);
  n = narrow(s, n, out, MILL_VALUE_DECIMAL);
  return without_commas(out, n, out, n);
}

bool mill_value_decimal(const mill_type *t, const char *s, size_t n, void *out) {
  mill_i128 v;
  if (n == 0 || (unsigned char)*s <= ' ' || (unsigned char)s[n - 1] <= ' ') return false;
  if (!mill_decimal_parse(s, n, t->precision, t->scale, &v, NULL)) return false;
  if (t->phys == MILL_PHYS_I64)
    *(int64_t *)out = (int64_t)v;
  else
    memcpy(out, &v, sizeof v);
  return true;
}

static bool parse_decimal(const mill_value_rules *r, const mill_type *t, const char *s, size_t n,
                          void *out) {
  char plain[MILL_VALUE_DECIMAL];
  if (r->numbers || !mill_utf8_ascii(s, n) || memchr(s, ',', n)) {
    n = mill_value_plain_decimal(r, s, n, plain);
    s = plain;
  }
  return mill_value_decimal(t, s, n, out);
}

static bool parse_boolean(const char *s, size_t n, uint8_t *out) {
  *out = n == 4;
  return (n == 4 && strncasecmp(s, "true", 4) == 0) || (n == 5 && strncasecmp(s, "false", 5) == 0);
}

/* ---- dates and times ------------------------------------------------------------------------ */

/* A text that Spark 2 read otherwise, the first one since mill_value_check. */
static _Thread_local struct {
  size_t n;
  char text[80];
} differs;

static bool remember(const char *s, size_t n) {
  if (differs.n) return false;
  differs.n = n < sizeof differs.text ? n : sizeof differs.text;
  memcpy(differs.text, s, differs.n);
  return false;
}

mill_status mill_value_differs(const char *s, size_t n, mill_error *err) {
  return mill_fail(err, MILL_E_INCONSISTENT_PARSE_DATETIME, "datetime",
                   mill_error_fmt(err, "'%.*s'", (int)n, s), "config",
                   "\"spark.sql.legacy.timeParserPolicy\"", NULL);
}

mill_status mill_value_check(const mill_value_rules *r, mill_error *err) {
  size_t n = differs.n;
  differs.n = 0;
  MILL_TRY(mill_zones_check(err));
  return n && r->policy == MILL_TIMES_EXCEPTION ? mill_value_differs(differs.text, n, err)
                                                : MILL_OK;
}

static bool old_moment(const mill_value_rules *r, const mill_pattern *pattern, const char *s,
                       size_t n, mill_moment *m) {
  const mill_timestamp_rules *t = &r->timestamp;
  return mill_pattern_parse_old(pattern, t->zones, t->zone, s, n, true, t->now, m);
}

static int32_t day_of(const mill_moment *m) {
  return (int32_t)mill_floor_div(m->local, MILL_MICROS_DAY);
}

static bool cast_date(const mill_value_rules *r, const char *s, size_t n, int32_t *out) {
  if ((n == 10 && quick_date(s, out)) || mill_date_parse(s, n, out)) return true;
  int64_t days;
  if (!r->days || r->no_days || !parse_int(s, n, INT32_MIN, INT32_MAX, &days)) return false;
  *out = (int32_t)days;
  return days >= MILL_GREGORIAN_DAY;
}

static bool parse_date(const mill_value_rules *r, const char *s, size_t n, int32_t *out) {
  mill_moment m;
  const mill_timestamp_rules *t = &r->timestamp;
  if (r->policy == MILL_TIMES_LEGACY) {
    if (!old_moment(r, r->old_date, s, n, &m)) return r->fallback && cast_date(r, s, n, out);
    *out = day_of(&m);
    return true;
  }
  if (r->date_pattern && mill_pattern_parse(r->date_pattern, t->zones, t->zone, s, n, &m)) {
    *out = day_of(&m);
    return true;
  }
  if ((!r->date_pattern || r->fallback) && cast_date(r, s, n, out)) return true;
  return r->policy == MILL_TIMES_EXCEPTION && old_moment(r, r->old_date, s, n, &m) &&
         remember(s, n);
}

/* By the pattern, or as the casts do it; a text that names a zone is no TIMESTAMP_NTZ. */
static bool parse_by_pattern(const mill_value_rules *rules, const mill_timestamp_rules *r,
                             const char *s, size_t n, int64_t *out) {
  const mill_pattern *pattern = r->ntz ? rules->ntz_pattern : rules->timestamp_pattern;
  mill_moment m;
  if (pattern) {
    if (mill_pattern_parse(pattern, r->zones, r->zone, s, n, &m)) {
      *out = m.local;
      return r->ntz ? !m.zoned : mill_moment_utc(&m, out);
    }
    if (!rules->fallback) return false;
  }
  return mill_timestamp_parse(r, s, n, out);
}

static bool parse_timestamp(const mill_value_rules *rules, const mill_timestamp_rules *r,
                            const char *s, size_t n, int64_t *out) {
  mill_moment m;
  bool old = rules->policy != MILL_TIMES_CORRECTED && !r->ntz;
  if (old && rules->policy == MILL_TIMES_LEGACY) {
    if (old_moment(rules, rules->old_timestamp, s, n, &m)) return mill_moment_utc(&m, out);
    return rules->fallback && mill_timestamp_parse(r, s, n, out);
  }
  if (parse_by_pattern(rules, r, s, n, out)) return true;
  return old && old_moment(rules, rules->old_timestamp, s, n, &m) && remember(s, n);
}

static bool parse_time(const mill_value_rules *r, const char *s, size_t n, int64_t *nanos) {
  mill_moment m;
  if (r->time_pattern == NULL) return mill_time_parse(s, n, nanos);
  if (!mill_pattern_parse(r->time_pattern, r->timestamp.zones, r->timestamp.zone, s, n, &m))
    return false;
  *nanos = mill_floor_mod(m.local, MILL_MICROS_DAY) * 1000 + m.nanos;
  return true;
}

bool mill_value_parse(const mill_value_rules *r, const mill_type *t, const char *s, size_t n,
                      void *out) {
  int64_t v;
  switch (t->id) {
  case MILL_BOOLEAN: return parse_boolean(s, n, out);
  case MILL_TINYINT:
    if (!parse_int(s, n, INT8_MIN, INT8_MAX, &v)) return false;
    *(int8_t *)out = (int8_t)v;
    return true;
  case MILL_SMALLINT:
    if (!parse_int(s, n, INT16_MIN, INT16_MAX, &v)) return false;
    *(int16_t *)out = (int16_t)v;
    return true;
  case MILL_INT:
    if (!parse_int(s, n, INT32_MIN, INT32_MAX, &v)) return false;
    *(int32_t *)out = (int32_t)v;
    return true;
  case MILL_BIGINT: return parse_int(s, n, INT64_MIN, INT64_MAX, out);
  case MILL_FLOAT: return parse_float(r, s, n, out);
  case MILL_DOUBLE: return parse_double(r, s, n, out);
  case MILL_DECIMAL: return parse_decimal(r, t, s, n, out);
  case MILL_DATE: return parse_date(r, s, n, out);
  case MILL_TIMESTAMP: return parse_timestamp(r, &r->timestamp, s, n, out);
  case MILL_TIMESTAMP_NTZ: return parse_timestamp(r, &r->ntz, s, n, out);
  case MILL_TIME: return parse_time(r, s, n, out);
  case MILL_INTERVAL_YM:
    if (!mill_interval_parse(t, s, n, &v)) return false;
    *(int32_t *)out = (int32_t)v;
    return true;
  case MILL_INTERVAL_DT: return mill_interval_parse(t, s, n, out);
  default: return false;
  }
}

bool mill_value_guess(const mill_value_rules *r, const mill_type *t, const char *s, size_t n,
                      void *out) {
  bool is = mill_value_parse(r, t, s, n, out);
  differs.n = 0;
  return is;
}
