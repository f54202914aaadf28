/* Dates, timestamps in UTC, zones by the C library, times of day, windows. */
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
                                  {NULL, NULL, NOTHING}};
