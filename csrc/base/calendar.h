/* Dates and times of the proleptic Gregorian calendar, and their texts as Spark's casts read and
** write them.
**
** Days count from 1970-01-01; microseconds from 1970-01-01 00:00 UTC (TIMESTAMP) or local
** (TIMESTAMP_NTZ); TIME is nanoseconds of the day. Patterns ("yyyy-MM-dd") are in base/datetime.h,
** intervals in base/interval.h. Pure functions; the parsers never read beyond n and accept any
** bytes. */
#ifndef MILL_BASE_CALENDAR_H
#define MILL_BASE_CALENDAR_H

#include "base/timezone.h"

#define MILL_MICROS_DAY 86400000000ll
enum { MILL_TIMESTAMP_TEXT = 48 };

static inline int64_t mill_floor_div(int64_t a, int64_t b) {
  int64_t q = a / b;
  return q - (a % b != 0 && (a < 0) != (b < 0));
}
static inline int64_t mill_floor_mod(int64_t a, int64_t b) {
  int64_t r = a % b;
  return r && (r < 0) != (b < 0) ? r + b : r;
}

static inline bool mill_is_leap(int64_t y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); }
int mill_days_in_month(int64_t year, int month);
int64_t mill_days_from_civil(int64_t year, int month, int day);
void mill_civil_from_days(int64_t days, int64_t *year, int *month, int *day);
bool mill_valid_civil(int64_t year, int month, int day);

/* The first day of the Gregorian calendar, 1582-10-15. */
#define MILL_GREGORIAN_DAY (-141427ll)
/* For a day before it: the day that the Julian calendar calls by the same year, month and day; for
** 1582-10-05 to 14, which that calendar's users never had, the 15th. */
int64_t mill_julian_of_gregorian(int64_t days);

int mill_weekday(int64_t days);     /* 0 Sunday .. 6 Saturday */
int mill_day_of_year(int64_t days); /* 1.. */
/* ISO 8601: week 1 holds the year's first Thursday. */
void mill_iso_week(int64_t days, int64_t *year, int *week);
/* The day is cut to the length of the month it lands in. */
int64_t mill_add_months(int64_t days, int64_t months);

typedef struct mill_datetime {
  int64_t year;
  int month, day, hour, minute, second, micros;
} mill_datetime;
void mill_datetime_of(int64_t local_micros, mill_datetime *out);
/* False when out of range of 64 bits. */
bool mill_datetime_micros(const mill_datetime *d, int64_t *local_micros);

/* 'epoch', 'today', 'tomorrow', 'yesterday' and 'now' in any case: a day or, with `date` false, the
** microseconds of a local time. `today`: days; `now`: the local time. */
bool mill_special_time(const char *s, size_t n, int64_t today, int64_t now, bool date,
                       int64_t *out);

/* CAST(text AS DATE): [+-]y{4,7}[-m[m][-d[d][(blank or T) anything]]], blanks around. */
bool mill_date_parse(const char *s, size_t n, int32_t *days);
int mill_date_text(int64_t days, char *buf); /* at most MILL_TIMESTAMP_TEXT; returns the length */

/* CAST(text AS TIMESTAMP or TIMESTAMP_NTZ). The zone in the text wins over `zone`; `ntz` ignores
** it, and refuses it with strict. Times without a date take `today` (local days), refused for ntz.
** */
typedef struct mill_timestamp_rules {
  mill_zones *zones;
  const mill_zone *zone;
  int64_t now; /* micros, for texts that are only a time */
  bool ntz, allow_zone;
} mill_timestamp_rules;
bool mill_timestamp_parse(const mill_timestamp_rules *r, const char *s, size_t n, int64_t *micros);
/* The same with the three digits behind the microseconds in *nanos. */
bool mill_timestamp_parse_nanos(const mill_timestamp_rules *r, const char *s, size_t n,
                                int64_t *micros, int *nanos);
/* "2024-05-06 07:08:09.123", trailing zeros of the fraction left out. zone NULL: local already. */
int mill_timestamp_text(int64_t micros, const mill_zone *zone, char *buf);
int mill_timestamp_text_nanos(int64_t micros, int nanos, const mill_zone *zone, char *buf);

/* TIME texts: h[h]:m[m][:s[s][.f{1,9}]] with an optional AM or PM. */
bool mill_time_parse(const char *s, size_t n, int64_t *nanos);
int mill_time_text(int64_t nanos, char *buf);

#endif
