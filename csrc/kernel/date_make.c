/* Dates, times and intervals made of numbers: make_date, make_timestamp, make_time, make_interval and
** their kin. Fields out of range are errors in ANSI mode, null in try_ forms and else. Seconds have
** six digits behind the point; second 60 without a fraction is the next minute. */
#include "base/calendar.h"
#include "base/pattern.h"
#include "kernel/bytes_int.h"

typedef struct make_plan {
  bool lenient, ntz, parts; /* parts: of a date and a time */
} make_plan;

static bool strict(const mill_call *call) {
  const make_plan *p = call->state;
  return call->set->ansi && !(p && p->lenient);
}

static mill_status out_of_bounds(mill_call *call, mill_vector *out, size_t i, const char *field,
                                 int64_t value, const char *range, mill_error *err) {
  if (!strict(call)) return mill_set_null(call, out, i, err);
  return mill_call_fail(call, err, MILL_E_DATETIME_FIELD_OUT_OF_BOUNDS_WITHOUT_SUGGESTION,
                        "rangeMessage",
                        mill_error_fmt(err, "Invalid value for %s (valid values %s): %lld", field,
                                       range, (long long)value),
                        NULL);
}

/* Year, month and day of arguments from, from + 1, from + 2; *ok tells whether there is such a day. */
static mill_status make_day(mill_call *call, const mill_vector *const *args, size_t i,
                            mill_vector *out, int64_t *days, bool *ok, mill_error *err) {
  int32_t y = MILL_AT(int32_t, args[0], i), m = MILL_AT(int32_t, args[1], i);
  int32_t d = MILL_AT(int32_t, args[2], i);
  *ok = false;
  if (y < -999999 || y > 999999)
    return out_of_bounds(call, out, i, "Year", y, "-999999999 - 999999999", err);
  if (m < 1 || m > 12) return out_of_bounds(call, out, i, "MonthOfYear", m, "1 - 12", err);
  if (d < 1 || d > 31) return out_of_bounds(call, out, i, "DayOfMonth", d, "1 - 28/31", err);
  if (!mill_valid_civil(y, m, d)) {
    if (!strict(call)) return mill_set_null(call, out, i, err);
    return mill_call_fail(call, err, MILL_E_DATETIME_FIELD_OUT_OF_BOUNDS_WITHOUT_SUGGESTION,
                          "rangeMessage", mill_no_such_day(y, m, d, err), NULL);
  }
  *days = mill_days_from_civil(y, m, d);
  *ok = true;
  return MILL_OK;
}

KERNEL_HEAD(k_make_date) {
  int32_t *r = out->data;
  MILL_EACH(out, n, i) {
    int64_t days = 0;
    bool ok;
    MILL_TRY(make_day(call, args, i, out, &days, &ok, err));
    r[i] = (int32_t)days;
  }
  return MILL_OK;
}

/* ---- times of day --------------------------------------------------------------------------- */

/* As Java prints the double. */
static const char *seconds_text(int64_t micros, mill_error *err) {
  char digits[8];
  int n = snprintf(digits, sizeof digits, "%06d", (int)(micros % 1000000));
  while (n > 1 && digits[n - 1] == '0') n--;
  return mill_error_fmt(err, "%d.%.*s", (int)(micros / 1000000), n, digits);
}

/* Micros of the day of an hour, a minute and a DECIMAL(16, 6) of seconds. */
static mill_status make_clock(mill_call *call, const mill_vector *const *args, size_t i, bool sixty,
                              mill_vector *out, int64_t *micros, bool *ok, mill_error *err) {
  int32_t h = MILL_AT(int32_t, args[0], i), m = MILL_AT(int32_t, args[1], i);
  int64_t s = (int64_t)mill_int_at(args[2], i);
  *ok = false;
  if (h < 0 || h > 23) return out_of_bounds(call, out, i, "HourOfDay", h, "0 - 23", err);
  if (m < 0 || m > 59) return out_of_bounds(call, out, i, "MinuteOfHour", m, "0 - 59", err);
  if (sixty && s > 60000000 && s < 61000000 && strict(call))
    return mill_call_fail(call, err, MILL_E_INVALID_FRACTION_OF_SECOND, "secAndMicros",
                          seconds_text(s, err), NULL);
  if (s < 0 || s >= 60000000 + (sixty && s == 60000000))
    return out_of_bounds(call, out, i, "SecondOfMinute", s / 1000000, "0 - 59", err);
  *micros = (h * 60ll + m) * 60000000 + s;
  *ok = true;
  return MILL_OK;
}

KERNEL_HEAD(k_make_time) {
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    int64_t micros = 0;
    bool ok;
    MILL_TRY(make_clock(call, args, i, false, out, &micros, &ok, err));
    r[i] = micros * 1000;
  }
  return MILL_OK;
}

/* ---- timestamps ----------------------------------------------------------------------------- */

static mill_status store_local(mill_call *call, const mill_vector *zone, size_t i, int64_t local,
                               mill_vector *out, mill_error *err) {
  const make_plan *p = call->state;
  const mill_zone *z = mill_session_zone(call->set);
  int64_t *r = (int64_t *)out->data + i;
  if (p->ntz) {
    *r = local;
    return MILL_OK;
  }
  if (zone) {
    bytes s = bytes_at(zone, i);
    MILL_TRY(mill_zones_find(call->ctx->zones, s.p, s.n, &z, err));
  }
  if (mill_zone_to_utc(z, local, r)) return MILL_OK;
  return out_of_bounds(call, out, i, "Year", local / MILL_MICROS_DAY / 365, "timestamps", err);
}

KERNEL_HEAD(make_timestamp) {
  MILL_EACH(out, n, i) {
    int64_t days = 0, micros = 0;
    bool ok;
    MILL_TRY(make_day(call, args, i, out, &days, &ok, err));
    if (ok) MILL_TRY(make_clock(call, args + 3, i, true, out, &micros, &ok, err));
    if (!ok) continue;
    MILL_TRY(store_local(call, call->nargs > 6 ? args[6] : NULL, i, days * MILL_MICROS_DAY + micros,
                         out, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(make_of_parts) {
  MILL_EACH(out, n, i) {
    int64_t local = MILL_AT(int32_t, args[0], i) * MILL_MICROS_DAY;
    if (call->nargs > 1) local += MILL_AT(int64_t, args[1], i) / 1000;
    MILL_TRY(store_local(call, call->nargs > 2 ? args[2] : NULL, i, local, out, err));
  }
  return MILL_OK;
}

static mill_status bad_count(mill_binding *b, const char *want, mill_error *err) {
  return mill_fail(err, MILL_E_WRONG_NUM_ARGS_WITHOUT_SUGGESTION, "functionName",
                   mill_error_fmt(err, "`%s`", b->name), "expectedNum", want, "actualNum",
                   mill_error_fmt(err, "%d", b->nargs), "docroot",
                   "https://spark.apache.org/docs/latest", NULL);
}

/* The seconds: a DECIMAL(p, 6). */
static mill_status cast_seconds(mill_binding *b, int i, int precision, mill_error *err) {
  const mill_type *t = b->arg_type[i];
  if (i >= b->nargs) return MILL_OK;
  if (!mill_type_numeric(t) && t->id != MILL_STRING && t->id != MILL_NULL)
    return mill_bind_wrong_type(b, i, mill_error_fmt(err, "\"DECIMAL(%d,6)\"", precision), err);
  b->cast_to[i] = mill_type_decimal(b->ctx->types, precision, 6);
  return b->cast_to[i] ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

/* What Spark makes of a date, a time and a zone, as its errors show it. */
static const char *parts_text(mill_binding *b, bool ntz, mill_error *err) {
  const char *name = ntz ? "make_timestamp_ntz" : "make_timestamp";
  if (b->nargs < 2) return mill_error_fmt(err, "%s(%s)", name, mill_arg_sql(b, 0));
  if (b->nargs < 3)
    return mill_error_fmt(err, "%s(%s, %s)", name, mill_arg_sql(b, 0), mill_arg_sql(b, 1));
  return mill_error_fmt(err, "%s(%s, %s, %s)", name, mill_arg_sql(b, 0), mill_arg_sql(b, 1),
                        mill_arg_sql(b, 2));
}

static mill_status bind_timestamp(mill_binding *b, mill_error *err) {
  make_plan *p;
  const char *name = b->fn->name;
  BIND_NEW(b, make_plan, p, err);
  p->lenient = strncmp(name, "try_", 4) == 0;
  p->ntz = strstr(name, "_ntz") != NULL;
  p->parts = b->nargs < 4;
  bool zoned = !p->ntz && b->nargs == 7;
  bool day = b->nargs == 1 && !strstr(name, "_ltz") && !p->ntz; /* its midnight */
  if (b->nargs == 4 || b->nargs == 5 || (p->ntz && b->nargs != 2 && b->nargs != 6) ||
      (b->nargs < 2 && !day))
    return bad_count(b, p->ntz ? "[2, 6]" : "[2, 3, 6, 7]", err);
  if (p->parts) {
    if (p->ntz || strstr(name, "_ltz") || p->lenient) b->shown = parts_text(b, p->ntz, err);
    MILL_TRY(
        mill_bind_types(b, day ? "!date -> timestamp" : "!date, !time, string? -> timestamp", err));
  } else {
    MILL_TRY(mill_bind_types(b,
                             zoned ? "int, int, int, int, int, any, string -> timestamp"
                                   : "int, int, int, int, int, any -> timestamp",
                             err));
    MILL_TRY(cast_seconds(b, 5, 16, err));
  }
  if (p->ntz) b->result = mill_type_of(MILL_TIMESTAMP_NTZ);
  b->kernel = p->parts ? make_of_parts : make_timestamp;
  b->nullable |= p->parts ? p->ntz : p->lenient || !b->set->ansi;
  b->state = p;
  if (zoned && strcmp(name, "try_make_timestamp") == 0) /* Spark's name has no room for it */
    b->shown = mill_error_fmt(err, "try_make_timestamp(%s, %s, %s, %s, %s, %s)", mill_arg_sql(b, 0),
                              mill_arg_sql(b, 1), mill_arg_sql(b, 2), mill_arg_sql(b, 3),
                              mill_arg_sql(b, 4), mill_arg_sql(b, 5));
  if (p->parts && p->ntz && p->lenient)
    b->shown = mill_error_fmt(err, "try_make_timestamp_ntz(make_timestamp_ntz(%s, %s))",
                              mill_arg_sql(b, 0), mill_arg_sql(b, 1));
  if (p->parts && !strstr(name, "_ltz") && !(p->ntz && p->lenient)) b->shown = NULL;
  return MILL_OK;
}

static mill_status bind_time(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "int, int, any -> time", err));
  return cast_seconds(b, 2, 16, err);
}

/* ---- intervals ------------------------------------------------------------------------------ */

static mill_status interval_overflow(mill_call *call, mill_vector *out, size_t i, mill_error *err) {
  if (!strict(call)) return mill_set_null(call, out, i, err);
  return mill_call_fail(call, err, MILL_E_ARITHMETIC_OVERFLOW, "message", "integer overflow",
                        "alternative", "", "config", "\"spark.sql.ansi.enabled\"", NULL);
}

KERNEL_HEAD(k_make_interval) {
  mill_interval *r = out->data;
  MILL_EACH(out, n, i) {
    mill_i128 v[7];
    for (int k = 0; k < 7; k++) v[k] = mill_int_at(args[k], i);
    mill_i128 months = v[0] * 12 + v[1], days = v[2] * 7 + v[3];
    mill_i128 micros = v[4] * 3600000000ll + v[5] * 60000000ll + v[6];
    r[i] = (mill_interval){(int32_t)months, (int32_t)days, (int64_t)micros};
    if (months != r[i].months || days != r[i].days || micros != r[i].micros)
      MILL_TRY(interval_overflow(call, out, i, err));
  }
  return MILL_OK;
}

static mill_status bind_interval(mill_binding *b, mill_error *err) {
  make_plan *p;
  BIND_NEW(b, make_plan, p, err);
  p->lenient = strncmp(b->fn->name, "try_", 4) == 0;
  b->state = p;
  MILL_TRY(mill_bind_types(b, "int?, int?, int?, int?, int?, int?, any? -> interval", err));
  b->nullable |= p->lenient || !b->set->ansi;
  return cast_seconds(b, 6, 18, err);
}

static mill_status ansi_overflow(mill_call *call, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_INTERVAL_ARITHMETIC_OVERFLOW_WITHOUT_SUGGESTION, NULL);
}

KERNEL_HEAD(k_make_dt) {
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    mill_i128 v = mill_int_at(args[0], i) * MILL_MICROS_DAY +
                  mill_int_at(args[1], i) * 3600000000ll + mill_int_at(args[2], i) * 60000000ll +
                  mill_int_at(args[3], i);
    r[i] = (int64_t)v;
    if (r[i] != v) return ansi_overflow(call, err);
  }
  return MILL_OK;
}

static mill_status bind_dt(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "int?, int?, int?, any? -> dt", err));
  return cast_seconds(b, 3, 18, err);
}

KERNEL_HEAD(k_make_ym) {
  int32_t *r = out->data;
  MILL_EACH(out, n, i) {
    int64_t v = MILL_AT(int32_t, args[0], i) * 12ll + MILL_AT(int32_t, args[1], i);
    r[i] = (int32_t)v;
    if (r[i] != v) return ansi_overflow(call, err);
  }
  return MILL_OK;
}

#define TIMESTAMP(NAME, DOC, EXAMPLE)                                                              \
  {                                                                                                \
    .name = NAME, .types = "any, any?, any?, any?, any?, any?, any?", .bind = bind_timestamp,      \
    .usage = NAME "(year, month, day, hour, min, sec[, timezone])", .doc = DOC, .example = EXAMPLE \
  }

const mill_function mill_family_date_make[] = {
    {.name = "make_date",
     .types = "int, int, int -> date",
     .kernel = k_make_date,
     .usage = "make_date(year, month, day)",
     .doc = "The date of a year, a month and a day.",
     .example = "SELECT make_date(2013, 7, 15) -> 2013-07-15"},
    TIMESTAMP("make_timestamp", "The time of its fields, in a zone or the session's.",
              "SELECT make_timestamp(2014, 12, 28, 6, 30, 45.887) -> 2014-12-28 06:30:45.887"),
    TIMESTAMP("make_timestamp_ltz", "The time of its fields, in a zone or the session's.",
              "SELECT make_timestamp_ltz(2014, 12, 28, 6, 30, 45.887) -> 2014-12-28 06:30:45.887"),
    TIMESTAMP("make_timestamp_ntz", "The local time of its fields.",
              "SELECT make_timestamp_ntz(2014, 12, 28, 6, 30, 45.887) -> 2014-12-28 06:30:45.887"),
    TIMESTAMP("try_make_timestamp", "As make_timestamp, null where there is no such time.",
              "SELECT try_make_timestamp(2024, 13, 22, 15, 30, 0) -> NULL"),
    TIMESTAMP("try_make_timestamp_ltz", "As make_timestamp_ltz, null where there is no such time.",
              "SELECT try_make_timestamp_ltz(2024, 13, 22, 15, 30, 0) -> NULL"),
    TIMESTAMP("try_make_timestamp_ntz", "As make_timestamp_ntz, null where there is no such time.",
              "SELECT try_make_timestamp_ntz(2024, 13, 22, 15, 30, 0) -> NULL"),
    {.name = "make_time",
     .types = "int, int, any",
     .kernel = k_make_time,
     .bind = bind_time,
     .flags = MILL_FN_TIME | MILL_FN_NULLABLE,
     .usage = "make_time(hour, minute, second)",
     .doc = "The time of day of its fields.",
     .example = "SELECT make_time(6, 30, 45.887) -> 06:30:45.887"},
    {.name = "make_interval",
     .types = "int?, int?, int?, int?, int?, int?, any?",
     .kernel = k_make_interval,
     .bind = bind_interval,
     .fill = "0, 0, 0, 0, 0, 0, 0.000000",
     .usage = "make_interval([years[, months[, weeks[, days[, hours[, mins[, secs]]]]]]])",
     .doc = "The interval of its parts.",
     .example = "SELECT make_interval(100, 11, 1, 1, 12, 30, 01.001001) -> 100 years 11 months 8 "
                "days 12 hours 30 minutes 1.001001 seconds"},
    {.name = "try_make_interval",
     .types = "int?, int?, int?, int?, int?, int?, any?",
     .kernel = k_make_interval,
     .bind = bind_interval,
     .fill = "0, 0, 0, 0, 0, 0, 0.000000",
     .usage = "try_make_interval([years[, months[, weeks[, days[, hours[, mins[, secs]]]]]]])",
     .doc = "As make_interval, null where a part is too large.",
     .example = "SELECT try_make_interval(2147483647) -> NULL"},
    {.name = "make_dt_interval",
     .types = "int?, int?, int?, any?",
     .kernel = k_make_dt,
     .bind = bind_dt,
     .fill = "0, 0, 0, 0.000000",
     .usage = "make_dt_interval([days[, hours[, mins[, secs]]]])",
     .doc = "The interval of days and smaller units.",
     .example = "SELECT make_dt_interval(1, 12, 30, 01.001001) -> INTERVAL '1 12:30:01.001001' DAY "
                "TO SECOND"},
    {.name = "make_ym_interval",
     .types = "int?, int? -> ym",
     .kernel = k_make_ym,
     .fill = "0, 0",
     .usage = "make_ym_interval([years[, months]])",
     .doc = "The interval of years and months.",
     .example = "SELECT make_ym_interval(1, 2) -> INTERVAL '1-2' YEAR TO MONTH"},
    {0}};
