/* Dates moved, compared and cut: date_add .. date_trunc, and counts since 1970-01-01.
**
** Days count from 1970-01-01. Functions of timestamps work on the local time of the session's zone.
** Months are added as in add_months: the day is cut to the length of the month. */
#include <math.h>
#include <strings.h>

#include "base/calendar.h"
#include "base/divide.h"
#include "kernel/bytes_int.h"
#include "kernel/cast.h"

static mill_status overflow(mill_call *call, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_DATETIME_OVERFLOW, "operation", call->fn->name, NULL);
}

/* ---- days and months ------------------------------------------------------------------------ */

MILL_KERNEL2(k_date_add, int32_t, int32_t, int32_t, (uint32_t)x + (uint32_t)y)
MILL_KERNEL2(k_date_sub, int32_t, int32_t, int32_t, (uint32_t)x - (uint32_t)y)
MILL_KERNEL2(k_date_diff, int32_t, int32_t, int32_t, (uint32_t)x - (uint32_t)y)
MILL_KERNEL1(k_same_date, int32_t, int32_t, x)

/* A number of days is an INT or smaller; a text may be one. */
static mill_status bind_days(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[1];
  if (b->arg_type[0]->id == MILL_TIME) return mill_bind_wrong_type(b, 0, "\"DATE\"", err);
  MILL_TRY(mill_bind_types(b, "date, any -> date", err));
  if (t->id > MILL_INT && t->id != MILL_STRING)
    return mill_bind_wrong_type(b, 1, "(\"INT\" or \"SMALLINT\" or \"TINYINT\")", err);
  if (t->id == MILL_BOOLEAN)
    return mill_bind_wrong_type(b, 1, "(\"INT\" or \"SMALLINT\" or \"TINYINT\")", err);
  b->cast_to[1] = mill_type_of(MILL_INT);
  return MILL_OK;
}

KERNEL_HEAD(k_add_months) {
  int32_t *r = out->data;
  MILL_EACH(out, n, i) {
    int64_t day = mill_add_months(MILL_AT(int32_t, args[0], i), MILL_AT(int32_t, args[1], i));
    if (day != (int32_t)day)
      return mill_call_fail(call, err, MILL_E_ARITHMETIC_OVERFLOW, "message", "overflow",
                            "alternative", "", "config", "\"spark.sql.ansi.enabled\"", NULL);
    r[i] = (int32_t)day;
  }
  return MILL_OK;
}

static bool last_of_month(const mill_datetime *d) {
  return d->day == mill_days_in_month(d->year, d->month);
}

static int64_t seconds_of(const mill_datetime *d) {
  return d->hour * 3600 + d->minute * 60 + d->second;
}

KERNEL_HEAD(k_months_between) {
  const mill_zone *z = mill_session_zone(call->set);
  double *r = out->data;
  (void)err;
  MILL_EACH(out, n, i) {
    mill_datetime a, b;
    mill_datetime_of(mill_zone_to_local(z, MILL_AT(int64_t, args[0], i)), &a);
    mill_datetime_of(mill_zone_to_local(z, MILL_AT(int64_t, args[1], i)), &b);
    double months = (double)(a.year * 12 + a.month - b.year * 12 - b.month);
    r[i] = months;
    if (a.day == b.day || (last_of_month(&a) && last_of_month(&b))) continue;
    int64_t seconds = (int64_t)(a.day - b.day) * 86400 + seconds_of(&a) - seconds_of(&b);
    double d = months + (double)seconds / (31.0 * 86400.0);
    r[i] = MILL_AT(uint8_t, args[2], i) ? floor(d * 1e8 + 0.5) / 1e8 : d;
  }
  return MILL_OK;
}

KERNEL_HEAD(k_last_day) {
  int32_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    int64_t year, day = MILL_AT(int32_t, args[0], i);
    int month, of;
    mill_civil_from_days(day, &year, &month, &of);
    r[i] = (int32_t)(day - of + mill_days_in_month(year, month));
  }
  return MILL_OK;
}

/* 0 Sunday .. 6; -1: none. Two letters, three or the whole name. */
static int day_of_week(bytes s) {
  static const char *const names[] = {"SUNDAY",   "MONDAY", "TUESDAY", "WEDNESDAY",
                                      "THURSDAY", "FRIDAY", "SATURDAY"};
  for (int d = 0; d < 7; d++) {
    bool length = s.n == 2 || s.n == 3 || s.n == strlen(names[d]);
    if (length && strncasecmp(names[d], s.p, s.n) == 0) return d;
  }
  return -1;
}

KERNEL_HEAD(k_next_day) {
  int32_t *r = out->data;
  int d = -1;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[1], i);
    if (d < 0 || args[1]->mask) d = day_of_week(s);
    if (d < 0 && call->set->ansi)
      return mill_call_fail(call, err, MILL_E_ILLEGAL_DAY_OF_WEEK, "string",
                            mill_error_fmt(err, "%.*s", (int)s.n, s.p), NULL);
    if (d < 0) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    int32_t day = MILL_AT(int32_t, args[0], i), behind = (int32_t)(((int64_t)day - d + 4) % 7);
    r[i] = (int32_t)((uint32_t)day + 7 - (uint32_t)(behind + (behind < 0 ? 7 : 0)));
  }
  return MILL_OK;
}

/* ---- cutting -------------------------------------------------------------------------------- */

typedef enum unit {
  UNIT_NONE,
  UNIT_MICROSECOND,
  UNIT_MILLISECOND,
  UNIT_SECOND,
  UNIT_MINUTE,
  UNIT_HOUR,
  UNIT_DAY,
  UNIT_WEEK,
  UNIT_MONTH,
  UNIT_QUARTER,
  UNIT_YEAR,
} unit;

static unit unit_of(bytes s) {
  static const struct {
    const char *name;
    unit u;
  } units[] = {{"MICROSECOND", UNIT_MICROSECOND},
               {"MILLISECOND", UNIT_MILLISECOND},
               {"SECOND", UNIT_SECOND},
               {"MINUTE", UNIT_MINUTE},
               {"HOUR", UNIT_HOUR},
               {"DAY", UNIT_DAY},
               {"DD", UNIT_DAY},
               {"WEEK", UNIT_WEEK},
               {"MON", UNIT_MONTH},
               {"MONTH", UNIT_MONTH},
               {"MM", UNIT_MONTH},
               {"QUARTER", UNIT_QUARTER},
               {"YEAR", UNIT_YEAR},
               {"YYYY", UNIT_YEAR},
               {"YY", UNIT_YEAR}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (strlen(units[i].name) == s.n && strncasecmp(units[i].name, s.p, s.n) == 0)
      return units[i].u;
  return UNIT_NONE;
}

static int64_t cut_day(unit u, int64_t day) {
  int64_t year;
  int month, of;
  if (u == UNIT_WEEK) return day - (mill_weekday(day) + 6) % 7;
  mill_civil_from_days(day, &year, &month, &of);
  if (u == UNIT_QUARTER) month = (month - 1) / 3 * 3 + 1;
  if (u == UNIT_YEAR) month = 1;
  return u == UNIT_DAY ? day : mill_days_from_civil(year, month, 1);
}

KERNEL_HEAD(k_trunc) {
  int32_t *r = out->data;
  unit fixed = args[1]->mask ? UNIT_NONE : unit_of(bytes_of(args[1]));
  MILL_EACH(out, n, i) {
    unit u = args[1]->mask ? unit_of(bytes_at(args[1], i)) : fixed;
    if (u < UNIT_WEEK)
      MILL_TRY(mill_set_null(call, out, i, err));
    else
      r[i] = (int32_t)cut_day(u, MILL_AT(int32_t, args[0], i));
  }
  return MILL_OK;
}

static mill_divisor divisor_of(unit u) {
  static const int64_t size[] = {1, 1, 1000, 1000000, 60000000, 3600000000};
  return mill_divisor_of(u <= UNIT_HOUR ? size[u] : 1);
}

static bool cut_time(const mill_zone *z, unit u, mill_divisor d, int64_t at, int64_t *out) {
  if (u <= UNIT_SECOND) {
    *out = mill_floor_multiple(d, at);
    return true;
  }
  int64_t local = mill_zone_to_local(z, at);
  if (u <= UNIT_HOUR) { /* the same instant's hour, also where the clock goes back */
    *out = at - (local - mill_floor_multiple(d, local));
    return true;
  }
  int64_t day = cut_day(u, mill_floor_div(local, MILL_MICROS_DAY));
  return !__builtin_mul_overflow(day, MILL_MICROS_DAY, &local) && mill_zone_to_utc(z, local, out);
}

KERNEL_HEAD(k_date_trunc) {
  const mill_zone *z = mill_session_zone(call->set);
  unit fixed = args[0]->mask ? UNIT_NONE : unit_of(bytes_of(args[0]));
  mill_divisor size = divisor_of(fixed);
  int64_t *r = out->data;
  if (fixed != UNIT_NONE && fixed <= UNIT_HOUR && args[1]->mask && mill_zone_is_utc(z)) {
    const int64_t *at = args[1]->data;
    for (size_t i = 0; i < n; i++) r[i] = mill_floor_multiple(size, at[i]);
    return MILL_OK;
  }
  MILL_EACH(out, n, i) {
    unit u = args[0]->mask ? unit_of(bytes_at(args[0], i)) : fixed;
    mill_divisor d = args[0]->mask ? divisor_of(u) : size;
    if (u == UNIT_NONE)
      MILL_TRY(mill_set_null(call, out, i, err));
    else if (!cut_time(z, u, d, MILL_AT(int64_t, args[1], i), &r[i]))
      return overflow(call, err);
  }
  return MILL_OK;
}

/* A time of nanoseconds stays one. */
KERNEL_HEAD(k_nanos_trunc) {
  const mill_zone *z = mill_session_zone(call->set);
  mill_i128 *r = out->data;
  MILL_EACH(out, n, i) {
    unit u = unit_of(bytes_at(args[0], i));
    int rest;
    int64_t at = mill_nanos_split(MILL_AT(mill_i128, args[1], i), &rest);
    r[i] = 0;
    if (u == UNIT_NONE)
      MILL_TRY(mill_set_null(call, out, i, err));
    else if (!cut_time(z, u, divisor_of(u), at, &at))
      return overflow(call, err);
    else
      r[i] = (mill_i128)at * 1000;
  }
  return MILL_OK;
}

static mill_status bind_date_trunc(mill_binding *b, mill_error *err) {
  if (b->arg_type[1]->id != MILL_TIMESTAMP_NANOS)
    return mill_bind_types(b, "string, timestamp -> timestamp", err);
  b->kernel = k_nanos_trunc;
  return mill_bind_types(b, "string, ltz_nanos -> $2", err);
}

/* ---- names ---------------------------------------------------------------------------------- */

KERNEL_HEAD(k_dayname) {
  static const char names[] = "SunMonTueWedThuFriSat";
  (void)call, (void)err;
  MILL_EACH(out, n, i)
  put_view(out, i, names + 3 * mill_weekday(MILL_AT(int32_t, args[0], i)), 3);
  return MILL_OK;
}

KERNEL_HEAD(k_monthname) {
  static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    int64_t year;
    int month, day;
    mill_civil_from_days(MILL_AT(int32_t, args[0], i), &year, &month, &day);
    put_view(out, i, names + 3 * (month - 1), 3);
  }
  return MILL_OK;
}

/* ---- counts since 1970 ---------------------------------------------------------------------- */

MILL_KERNEL1(k_unix_micros, int64_t, int64_t, x)

KERNEL_HEAD(k_unix_seconds) {
  int64_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) r[i] = mill_floor_div(MILL_AT(int64_t, args[0], i), 1000000);
  return MILL_OK;
}

KERNEL_HEAD(k_unix_millis) {
  int64_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) r[i] = mill_floor_div(MILL_AT(int64_t, args[0], i), 1000);
  return MILL_OK;
}

static mill_status not_whole(mill_call *call, const char *message, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_ARITHMETIC_OVERFLOW, "message", message, "alternative",
                        "", "config", "\"spark.sql.ansi.enabled\"", NULL);
}

static mill_status too_late(mill_call *call, int64_t count, int64_t by, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_DATETIME_OVERFLOW, "operation",
                        mill_error_fmt(err, "create a TIMESTAMP from %lldL %s since the epoch",
                                       (long long)count, by == 1000 ? "milliseconds" : "seconds"),
                        NULL);
}

static mill_status scaled(mill_call *call, const mill_vector *v, size_t n, mill_vector *out,
                          int64_t by, mill_error *err) {
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    int64_t count = (int64_t)mill_int_at(v, i);
    if (__builtin_mul_overflow(count, by, &r[i])) return too_late(call, count, by, err);
  }
  return MILL_OK;
}

KERNEL_HEAD(from_seconds) { return scaled(call, args[0], n, out, 1000000, err); }
KERNEL_HEAD(from_millis) { return scaled(call, args[0], n, out, 1000, err); }
KERNEL_HEAD(from_micros) { return scaled(call, args[0], n, out, 1, err); }

KERNEL_HEAD(from_fraction) {
  int64_t *r = out->data;
  bool wide = args[0]->type->id == MILL_DOUBLE;
  MILL_EACH(out, n, i) {
    double d = wide ? MILL_AT(double, args[0], i) : (double)MILL_AT(float, args[0], i);
    d *= 1e6;
    if (d - d != 0) MILL_TRY(mill_set_null(call, out, i, err));
    if (d - d == 0) r[i] = d >= 0x1p63 ? INT64_MAX : d <= -0x1p63 ? INT64_MIN : (int64_t)d;
  }
  return MILL_OK;
}

KERNEL_HEAD(from_decimal) {
  int64_t *r = out->data;
  int scale = args[0]->type->scale;
  MILL_EACH(out, n, i) {
    mill_i128 v = mill_int_at(args[0], i), micros;
    mill_i128 step = scale > 6 ? mill_pow10(scale - 6) : 1;
    if (v % step != 0) return not_whole(call, "Rounding necessary", err);
    micros = scale > 6 ? v / step : v * mill_pow10(6 - scale);
    if (micros != (int64_t)micros) return not_whole(call, "long overflow", err);
    r[i] = (int64_t)micros;
  }
  return MILL_OK;
}

static mill_status bind_seconds(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "!numeric -> timestamp", err));
  mill_type_id id = b->cast_to[0]->id;
  b->kernel = id == MILL_DECIMAL                      ? from_decimal
              : id == MILL_DOUBLE || id == MILL_FLOAT ? from_fraction
                                                      : from_seconds;
  b->nullable |= id == MILL_DOUBLE || id == MILL_FLOAT;
  return MILL_OK;
}

#define DEF(NAME, TYPES, KERNEL, FLAGS, USAGE, DOC, EXAMPLE)                                       \
  {                                                                                                \
    .name = NAME, .types = TYPES, .kernel = KERNEL, .flags = FLAGS, .usage = USAGE, .doc = DOC,    \
    .example = EXAMPLE                                                                             \
  }
#define SHIFT(NAME, ALIAS, KERNEL, DOC, EXAMPLE)                                                   \
  {                                                                                                \
    .name = NAME, .types = "date, any", .kernel = KERNEL, .bind = bind_days, .alias = ALIAS,       \
    .flags = MILL_FN_NO_RAISE, .usage = NAME "(start_date, num_days)", .doc = DOC,                 \
    .example = EXAMPLE                                                                             \
  }

const mill_function mill_family_date_shift[] = {
    SHIFT("date_add", "=dateadd", k_date_add, "The date so many days later.",
          "SELECT date_add('2016-07-30', 1) -> 2016-07-31"),
    SHIFT("date_sub", NULL, k_date_sub, "The date so many days earlier.",
          "SELECT date_sub('2016-07-30', 1) -> 2016-07-29"),
    DEF("datediff", "date, date -> int", k_date_diff, MILL_FN_NO_RAISE | MILL_FN_MICROS,
        "datediff(endDate, startDate)", "The days from the second date to the first.",
        "SELECT datediff('2009-07-31', '2009-07-30') -> 1"),
    DEF("date_diff", "date, date -> int", k_date_diff, MILL_FN_NO_RAISE | MILL_FN_MICROS,
        "date_diff(endDate, startDate)", "The days from the second date to the first.",
        "SELECT date_diff('2009-07-31', '2009-07-30') -> 1"),
    DEF("add_months", "date, int -> date", k_add_months, MILL_FN_MICROS,
        "add_months(start_date, num_months)", "The date so many months later.",
        "SELECT add_months('2016-08-31', 1) -> 2016-09-30"),
    {.name = "months_between",
     .types = "timestamp, timestamp, boolean? -> double",
     .kernel = k_months_between,
     .flags = MILL_FN_NO_RAISE,
     .fill = ", , true",
     .usage = "months_between(timestamp1, timestamp2[, roundOff])",
     .doc = "The months between two times; whole ones between equal days or two ends of months.",
     .example = "SELECT months_between('1997-02-28 10:30:00', '1996-10-30') -> 3.94959677"},
    DEF("last_day", "date -> date", k_last_day, MILL_FN_NO_RAISE | MILL_FN_MICROS, "last_day(date)",
        "The last day of the month.", "SELECT last_day('2009-01-12') -> 2009-01-31"),
    DEF("next_day", "date, string -> date", k_next_day, MILL_FN_NULLABLE | MILL_FN_MICROS,
        "next_day(start_date, day_of_week)", "The first such day of the week after the date.",
        "SELECT next_day('2015-01-14', 'TU') -> 2015-01-20"),
    DEF("trunc", "date, string -> date", k_trunc,
        MILL_FN_NO_RAISE | MILL_FN_NULLABLE | MILL_FN_MICROS, "trunc(date, fmt)",
        "The first day of the date's year, quarter, month or week.",
        "SELECT trunc('2019-08-04', 'week') -> 2019-07-29"),
    {.name = "date_trunc",
     .types = "string, timestamp",
     .kernel = k_date_trunc,
     .bind = bind_date_trunc,
     .flags = MILL_FN_NULLABLE,
     .usage = "date_trunc(fmt, ts)",
     .doc = "The time cut to a unit, from microseconds to years.",
     .example = "SELECT date_trunc('HOUR', '2015-03-05T09:32:05.359') -> 2015-03-05 09:00:00"},
    DEF("dayname", "date -> string", k_dayname, MILL_FN_NO_RAISE | MILL_FN_MICROS, "dayname(date)",
        "The day of the week, by three letters.", "SELECT dayname(DATE '2008-02-20') -> Wed"),
    DEF("monthname", "date -> string", k_monthname, MILL_FN_NO_RAISE | MILL_FN_MICROS,
        "monthname(date)", "The month, by three letters.", "SELECT monthname('2008-02-20') -> Feb"),
    DEF("unix_date", "!date -> int", k_same_date, MILL_FN_NO_RAISE, "unix_date(date)",
        "Days since 1970-01-01.", "SELECT unix_date(DATE '1970-01-02') -> 1"),
    DEF("date_from_unix_date", "int -> date", k_same_date, MILL_FN_NO_RAISE,
        "date_from_unix_date(days)", "The date so many days after 1970-01-01.",
        "SELECT date_from_unix_date(1) -> 1970-01-02"),
    DEF("unix_seconds", "!timestamp|timestamp_ntz -> bigint", k_unix_seconds,
        MILL_FN_NO_RAISE | MILL_FN_MICROS, "unix_seconds(timestamp)", "Seconds since 1970, cut.",
        "SELECT unix_seconds(TIMESTAMP('1970-01-01 00:00:01Z')) -> 1"),
    DEF("unix_millis", "!timestamp|timestamp_ntz -> bigint", k_unix_millis,
        MILL_FN_NO_RAISE | MILL_FN_MICROS, "unix_millis(timestamp)",
        "Milliseconds since 1970, cut.",
        "SELECT unix_millis(TIMESTAMP('1970-01-01 00:00:01Z')) -> 1000"),
    DEF("unix_micros", "!timestamp|timestamp_ntz -> bigint", k_unix_micros,
        MILL_FN_NO_RAISE | MILL_FN_MICROS, "unix_micros(timestamp)", "Microseconds since 1970.",
        "SELECT unix_micros(TIMESTAMP('1970-01-01 00:00:01Z')) -> 1000000"),
    {.name = "timestamp_seconds",
     .types = "!numeric",
     .bind = bind_seconds,
     .usage = "timestamp_seconds(seconds)",
     .doc = "The time so many seconds after 1970; a fraction counts.",
     .example = "SELECT timestamp_seconds(1230219000) -> 2008-12-25 15:30:00"},
    DEF("timestamp_millis", "!integral -> timestamp", from_millis, 0,
        "timestamp_millis(milliseconds)", "The time so many milliseconds after 1970.",
        "SELECT timestamp_millis(1230219000123) -> 2008-12-25 15:30:00.123"),
    DEF("timestamp_micros", "!integral -> timestamp", from_micros, 0,
        "timestamp_micros(microseconds)", "The time so many microseconds after 1970.",
        "SELECT timestamp_micros(1230219000123123) -> 2008-12-25 15:30:00.123123"),
    {0}};
