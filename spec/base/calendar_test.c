/* Expectations: Spark's casts (ANSI, UTC), ISO 8601, and Java's rules for gaps and overlaps. */
#include "base/calendar.h"

#include <string.h>

#include "../check.h"
#include "base/pattern.h"

static mill_zones *zones;

static bool date_is(const char *text, const char *want) {
  int32_t days;
  char buf[MILL_TIMESTAMP_TEXT];
  if (!mill_date_parse(text, strlen(text), &days)) return want == NULL;
  mill_date_text(days, buf);
  return want && strcmp(buf, want) == 0;
}

static bool stamp_is(const char *text, const char *want) {
  mill_timestamp_rules r = {zones, mill_zone_utc(), 0, false, true};
  int64_t micros;
  char buf[MILL_TIMESTAMP_TEXT];
  if (!mill_timestamp_parse(&r, text, strlen(text), &micros)) return want == NULL;
  mill_timestamp_text(micros, mill_zone_utc(), buf);
  return want && strcmp(buf, want) == 0;
}

static bool time_is(const char *text, const char *want) {
  int64_t nanos;
  char buf[MILL_TIMESTAMP_TEXT];
  if (!mill_time_parse(text, strlen(text), &nanos)) return want == NULL;
  mill_time_text(nanos, buf);
  return want && strcmp(buf, want) == 0;
}

static int64_t local(int64_t y, int m, int d, int h, int min) {
  int64_t v = 0;
  CHECK(mill_datetime_micros(&(mill_datetime){y, m, d, h, min, 0, 0}, &v));
  return v;
}

static void dates(void) {
  CHECK(date_is("2024-02-29", "2024-02-29") && date_is(" 2024-2-9T99", "2024-02-09"));
  CHECK(date_is("2024", "2024-01-01") && date_is("2024-12", "2024-12-01"));
  CHECK(date_is("-0044-03-15", "-0044-03-15") && date_is("+10000-01-01", "+10000-01-01"));
  CHECK(date_is("2023-02-29", NULL) && date_is("24-01-01", NULL) && date_is("2024-01-01x", NULL));
  CHECK(date_is("2024-13-01", NULL) && date_is("", NULL) && date_is("2024-", NULL));
  CHECK(mill_days_from_civil(1970, 1, 1) == 0 && mill_days_from_civil(2000, 3, 1) == 11017);
  CHECK(mill_weekday(0) == 4 && mill_day_of_year(mill_days_from_civil(2024, 12, 31)) == 366);
  int64_t year;
  int week;
  mill_iso_week(mill_days_from_civil(2021, 1, 3), &year, &week);
  CHECK(year == 2020 && week == 53);
  CHECK(mill_add_months(mill_days_from_civil(2024, 1, 31), 1) == mill_days_from_civil(2024, 2, 29));
  CHECK(mill_add_months(mill_days_from_civil(2024, 1, 31), -2) ==
        mill_days_from_civil(2023, 11, 30));
}

/* The day after each day, by the rule of leap years alone; from year -4 on, and around the ends of what
** is computed in 32 bits. */
static void each_day(void) {
  static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  static const int64_t from[] = {-719468 - 1500, -719468 + (1 << 28) - 1500};
  for (int k = 0; k < 2; k++) {
    int64_t year, y;
    int month, day, m, d, wrong = 0;
    mill_civil_from_days(from[k], &year, &month, &day);
    for (int64_t at = from[k]; at < from[k] + (k ? 3000 : 1000000); at++) {
      mill_civil_from_days(at, &y, &m, &d);
      wrong += y != year || m != month || d != day || mill_days_from_civil(y, m, d) != at;
      bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
      if (++day <= length[month - 1] + (month == 2 && leap)) continue;
      day = 1;
      if (++month > 12) month = 1, year++;
    }
    CHECK(wrong == 0, "%d", wrong);
  }
}

static void stamps(void) {
  CHECK(stamp_is("2024-05-06 07:08:09.123000", "2024-05-06 07:08:09.123"));
  CHECK(stamp_is("2024-05-06T07:08:09.1234567Z", "2024-05-06 07:08:09.123456"));
  CHECK(stamp_is("2024-05-06 07:08:09 Europe/Paris", "2024-05-06 05:08:09"));
  CHECK(stamp_is("2024-05-06 07:08:09+02:00", "2024-05-06 05:08:09"));
  CHECK(stamp_is("2024-05-06 07:08:09UTC+2", "2024-05-06 05:08:09"));
  CHECK(stamp_is("2024-05-06 7", "2024-05-06 07:00:00") && stamp_is("2024", "2024-01-01 00:00:00"));
  CHECK(stamp_is("2024-05-06 24:00:00", NULL) && stamp_is("2024-05-06 07:08:09 Nowhere", NULL));
  CHECK(stamp_is("2024-05-06 07:08:09 ../../etc/passwd", NULL));
  CHECK(stamp_is("294247-01-10 04:00:54.775807", "+294247-01-10 04:00:54.775807"));
  CHECK(stamp_is("294247-01-10 04:00:54.775808", NULL));
  CHECK(stamp_is("-290308-12-21 19:59:05.224192", "-290308-12-21 19:59:05.224192"));
  CHECK(time_is("7:08", "07:08:00") && time_is("23:59:59.999999999", "23:59:59.999999999"));
  CHECK(time_is("12:00:01 AM", "00:00:01") && time_is("24:00", NULL) && time_is("7", NULL));
}

static void offsets(void) {
  const mill_zone *z;
  mill_error err;
  mill_error_clear(&err);
  int64_t utc;
  CHECK(mill_zones_find(zones, "America/New_York", 16, &z, &err) == MILL_OK);
  CHECK(mill_zone_to_utc(z, local(2024, 3, 10, 2, 30), &utc) &&
        utc == local(2024, 3, 10, 7, 30)); /* gap: 03:30 summer time */
  CHECK(mill_zone_to_utc(z, local(2024, 11, 3, 1, 30), &utc) &&
        utc == local(2024, 11, 3, 5, 30));                             /* overlap: the first one */
  CHECK(mill_zone_offset_at(z, local(2050, 7, 1, 0, 0)) == -4 * 3600); /* by the footer rule */
  CHECK(mill_zone_offset_at(z, local(1800, 1, 1, 0, 0)) == -(4 * 3600 + 56 * 60 + 2));
  CHECK(mill_zones_find(zones, "-7", 2, &z, &err) == MILL_OK &&
        mill_zone_offset_at(z, 0) == -7 * 3600);
  CHECK(mill_zones_find(zones, "+19:00", 6, &z, &err) == MILL_E_INVALID_TIMEZONE);
  CHECK(mill_zones_find(zones, "/etc/passwd", 11, &z, &err) == MILL_E_INVALID_TIMEZONE);
  CHECK(mill_zones_find(zones, "PST", 3, &z, &err) == MILL_OK &&
        mill_zone_offset_at(z, 0) == -8 * 3600);
}

/* The first and the last instant, and their local times where these are beyond the range. */
static void ends(void) {
  mill_error err;
  const mill_zone *z;
  mill_datetime d;
  mill_error_clear(&err);
  mill_datetime_of(INT64_MIN, &d);
  CHECK(d.year == -290308 && d.month == 12 && d.day == 21 && d.hour == 19 && d.minute == 59 &&
        d.second == 5 && d.micros == 224192);
  mill_datetime_of(INT64_MAX, &d);
  CHECK(d.year == 294247 && d.month == 1 && d.day == 10 && d.hour == 4 && d.minute == 0 &&
        d.second == 54 && d.micros == 775807);
  CHECK(mill_zones_find(zones, "-7", 2, &z, &err) == MILL_OK);
  CHECK(mill_zone_to_local(z, INT64_MIN) == INT64_MIN);
  CHECK(mill_zones_find(zones, "+7", 2, &z, &err) == MILL_OK);
  CHECK(mill_zone_to_local(z, INT64_MAX) == INT64_MAX);
  mill_moment m = mill_moment_at(INT64_MAX, z);
  CHECK(m.local == INT64_MAX && m.offset == 7 * 3600 && m.zone == z && m.nanos == 0);
  m = mill_moment_at(INT64_MAX - INT64_C(7) * 3600 * 1000000, z);
  int64_t utc;
  CHECK(m.local == INT64_MAX && mill_moment_utc(&m, &utc) &&
        utc == INT64_MAX - INT64_C(7) * 3600 * 1000000);
  m = mill_moment_at(INT64_MIN, z);
  CHECK(m.local == INT64_MIN + INT64_C(7) * 3600 * 1000000 && mill_moment_utc(&m, &utc) &&
        utc == INT64_MIN);
  CHECK(mill_zones_find(zones, "-7", 2, &z, &err) == MILL_OK);
  m = mill_moment_at(INT64_MIN, z);
  CHECK(m.local == INT64_MIN && m.offset == -7 * 3600);
  m = (mill_moment){INT64_MAX, z, -7 * 3600, 0, false};
  CHECK(!mill_moment_utc(&m, &utc));
}

int main(void) {
  mill_memory *m = mill_memory_new(0);
  zones = mill_zones_new(m);
  dates();
  each_day();
  stamps();
  offsets();
  ends();
  mill_zones_free(zones);
  CHECK(mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
  return check_done();
}
