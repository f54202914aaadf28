/* Dates, timestamps in UTC, zones by the C library, times of day, windows. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "kernel.h"

static const int64_t DAY = 86400000000, HOUR = 3600000000;

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

EACH(k_year, narrow, civil_of(t->d[k]).y)
EACH(k_month, narrow, civil_of(t->d[k]).m)
EACH(k_hour, narrow, (int32_t)((t->ts[k] - floor_div(t->ts[k], DAY) * DAY) / HOUR))

/* The ISO week is the one of its Thursday. */
static void k_week(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    int32_t thursday = t->d[k] - (t->d[k] + 3) % 7 + 3;
    r->narrow[k] = (thursday - days_of(civil_of(thursday).y, 1, 1)) / 7 + 1;
  }
}

EACH(k_date_add, narrow, t->d[k] + (int32_t)t->j[k])
EACH(k_datediff, narrow, t->d[k] - 10957)

static void k_add_months(const table *t, result *r) {
  static const int8_t LAST[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (size_t k = 0; k < t->rows; k++) {
    civil c = civil_of(t->d[k]);
    int32_t months = c.y * 12 + c.m - 1 + 1, y = months / 12, m = months % 12;
    int32_t last = LAST[m] + (m == 1 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));
    r->narrow[k] = days_of(y, m + 1, c.d < last ? c.d : last);
  }
}

EACH(k_trunc, narrow, t->d[k] - civil_of(t->d[k]).d + 1)
EACH(k_date_trunc, values, floor_div(t->ts[k], HOUR) * HOUR)

static char *two(char *w, int32_t v) {
  w[0] = (char)('0' + v / 10);
  w[1] = (char)('0' + v % 10);
  return w + 2;
}

static char *put_date(char *w, int32_t days) {
  civil c = civil_of(days);
  w = two(two(w, c.y / 100), c.y % 100);
  *w++ = '-';
  w = two(w, c.m);
  *w++ = '-';
  return two(w, c.d);
}

static void k_date_format(const table *t, result *r) {
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    int64_t days = floor_div(t->ts[k], DAY);
    int32_t second = (int32_t)((t->ts[k] - days * DAY) / 1000000);
    w = put_date(w, (int32_t)days);
    *w++ = ' ';
    w = two(w, second / 3600);
    *w++ = ':';
    w = two(w, second / 60 % 60);
    *w++ = ':';
    w = two(w, second % 60);
    r->end[k] = w - r->bytes;
  }
}

static void k_date_to_text(const table *t, result *r) {
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    w = put_date(w, t->d[k]);
    r->end[k] = w - r->bytes;
  }
}

static int32_t digits(const char *p, int n) {
  int32_t v = 0;
  while (n-- > 0) v = v * 10 + (*p++ - '0');
  return v;
}

/* 2024-03-05, and that with 12:34:56 behind it. */
static int32_t get_date(const char *p) {
  return days_of(digits(p, 4), digits(p + 5, 2), digits(p + 8, 2));
}

/* A text that is none is an error or null: digits where `form` has 0, else its own characters; a day that is there. */
static int is_time(const char *p, size_t n, const char *form) {
  static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (n != strlen(form)) return 0;
  for (size_t k = 0; k < n; k++)
    if (form[k] == '0' ? p[k] < '0' || p[k] > '9' : p[k] != form[k]) return 0;
  int32_t y = digits(p, 4), m = digits(p + 5, 2), d = digits(p + 8, 2);
  int leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
  return m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] + (m == 2 && leap);
}

static void k_to_date(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    int64_t from = text_from(&t->day, k);
    const char *p = t->day.bytes + from;
    r->flags[k] = (uint8_t)is_time(p, (size_t)(t->day.end[k] - from), "0000-00-00");
    r->narrow[k] = r->flags[k] ? get_date(p) : 0;
  }
}

static void k_to_timestamp(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    int64_t from = text_from(&t->at, k);
    const char *p = t->at.bytes + from;
    int32_t hour = digits(p + 11, 2), minute = digits(p + 14, 2), second = digits(p + 17, 2);
    r->flags[k] = is_time(p, (size_t)(t->at.end[k] - from), "0000-00-00 00:00:00") && hour < 24 &&
                  minute < 60 && second < 60;
    r->values[k] =
        r->flags[k] ? get_date(p) * DAY + (hour * 3600 + minute * 60 + second) * 1000000ll : 0;
  }
}

EACH(k_make_date, narrow, days_of(2000 + t->n[k] % 25, 1 + t->n[k] % 12, 1 + t->n[k] % 28))

static void k_from_utc(const table *t, result *r) {
  setenv("TZ", "America/New_York", 1);
  tzset();
  for (size_t k = 0; k < t->rows; k++) {
    time_t second = (time_t)floor_div(t->ts[k], 1000000);
    struct tm tm;
    localtime_r(&second, &tm);
    r->values[k] = t->ts[k] + (int64_t)tm.tm_gmtoff * 1000000;
  }
}

static int64_t of_day(int64_t micros) { return micros - floor_div(micros, DAY) * DAY; }

EACH(k_time_trunc, values, of_day(t->ts[k]) - of_day(t->ts[k]) % HOUR)

static void k_window(const table *t, result *r) {
  const int64_t width = 600000000;
  for (size_t k = 0; k < t->rows; k++) {
    r->values[k] = floor_div(t->ts[k], width) * width;
    r->more[k] = r->values[k] + width;
  }
}

EACH(k_time_bucket, values, floor_div(t->ts[k], 600000000) * 600000000)

static const int8_t MONTH_DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static int32_t month_days(civil c) {
  return MONTH_DAYS[c.m - 1] + (c.m == 2 && c.y % 4 == 0 && (c.y % 100 != 0 || c.y % 400 == 0));
}

static void k_last_day(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    civil c = civil_of(t->d[k]);
    r->narrow[k] = t->d[k] - c.d + month_days(c);
  }
}

EACH(k_next_day, narrow, t->d[k] + 1 + (((4 - 1 - t->d[k]) % 7) + 7) % 7)

/* Whole months between equal days or last days of months, else a 31st a day, to eight places. */
static void k_months_between(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    int64_t days = floor_div(t->ts[k], DAY);
    civil a = civil_of((int32_t)days), b = civil_of(t->d[k]);
    double months = (a.y - b.y) * 12 + a.m - b.m;
    if (a.d == b.d || (a.d == month_days(a) && b.d == month_days(b))) {
      r->reals[k] = months;
      continue;
    }
    int64_t seconds = (a.d - b.d) * 86400ll + (t->ts[k] - days * DAY) / 1000000;
    months += (double)seconds / (31 * 86400.0);
    r->reals[k] = round(months * 1e8) / 1e8;
  }
}

EACH(k_cast_timestamp, values, t->d[k] * DAY)
EACH(k_unix_timestamp, values, floor_div(t->ts[k], 1000000))

static void k_date_format_names(const table *t, result *r) {
  static const char *const WEEKDAY[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  static const char *const MONTH[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    civil c = civil_of(t->d[k]);
    w = put(w, WEEKDAY[t->d[k] % 7], 3);
    w = put(w, ", ", 2);
    w = put_int(w, c.d);
    *w++ = ' ';
    w = put(w, MONTH[c.m - 1], 3);
    *w++ = ' ';
    w = two(two(w, c.y / 100), c.y % 100);
    r->end[k] = w - r->bytes;
  }
}

static void k_from_unixtime(const table *t, result *r) {
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    int64_t seconds = t->m[k] * 10, days = floor_div(seconds, 86400);
    int32_t second = (int32_t)(seconds - days * 86400);
    w = put_date(w, (int32_t)days);
    *w++ = 'T';
    w = two(w, second / 3600);
    *w++ = ':';
    w = two(w, second / 60 % 60);
    r->end[k] = w - r->bytes;
  }
}

/* A calendar date that there is, a time of day, seconds and micros apart. */
static void k_make_timestamp(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    int32_t y = 2000 + t->n[k] % 25, m = 1 + t->n[k] % 12, d = 1 + t->n[k] % 28;
    int32_t second = t->n[k] % 60;
    civil c = {y, m, d};
    if (m < 1 || m > 12 || d < 1 || d > month_days(c)) abort();
    r->values[k] = days_of(y, m, d) * DAY + 12 * HOUR + 30 * 60000000ll + second * 1000000ll;
  }
}

EACH(k_timestamp_diff, values, (t->ts[k] - t->d[k] * DAY) / HOUR)
EACH(k_add_interval, values, t->ts[k] + 93784000000)

/* Nanoseconds are of 128 bits; they must be microseconds of 64. */
static void k_nanos(const table *t, result *r) {
  __int128 *w = (__int128 *)(void *)r->more;
  for (size_t k = 0; k < t->rows; k++) {
    w[k] = t->i[k];
    if (w[k] / 1000 != (int64_t)(w[k] / 1000)) abort();
  }
  for (size_t k = 0; k < t->rows; k++) r->reals[k] = (double)w[k];
}

const kernel_case time_cases[] = {{"date_part.year", k_year, INT32},
                                  {"date_part.month", k_month, INT32},
                                  {"date_part.hour", k_hour, INT32},
                                  {"date_part.weekofyear", k_week, INT32},
                                  {"date_shift.date_add", k_date_add, INT32},
                                  {"date_shift.datediff", k_datediff, INT32},
                                  {"date_shift.add_months", k_add_months, INT32},
                                  {"date_shift.trunc", k_trunc, INT32},
                                  {"date_shift.date_trunc", k_date_trunc, INT64},
                                  {"date_text.date_format", k_date_format, TEXT},
                                  {"date_text.cast_date", k_date_to_text, TEXT},
                                  {"date_text.to_date", k_to_date, INT32},
                                  {"date_text.to_timestamp", k_to_timestamp, INT64},
                                  {"date_make.make_date", k_make_date, INT32},
                                  {"date_zone.from_utc_timestamp", k_from_utc, INT64},
                                  {"time_of_day.time_trunc", k_time_trunc, INT64},
                                  {"time_window.window", k_window, INT64},
                                  {"time_bucket.time_bucket", k_time_bucket, INT64},
                                  {"date_shift.last_day", k_last_day, INT32},
                                  {"date_shift.next_day", k_next_day, INT32},
                                  {"date_shift.months_between", k_months_between, REAL},
                                  {"date_shift.unix_seconds", k_unix_timestamp, INT64},
                                  {"date_zone.cast_timestamp", k_cast_timestamp, INT64},
                                  {"date_text.date_format_names", k_date_format_names, TEXT},
                                  {"date_text.from_unixtime", k_from_unixtime, TEXT},
                                  {"date_make.make_timestamp", k_make_timestamp, INT64},
                                  {"date_zone.timestampdiff", k_timestamp_diff, INT64},
                                  {"arithmetic.add_interval", k_add_interval, INT64},
                                  {"nanos.unix_nanos", k_nanos, REAL},
                                  {NULL, NULL, NOTHING}};
