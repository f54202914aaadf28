#include "base/calendar.h"

#include <ctype.h>
#include <string.h>

#include "base/number.h"
#include "base/timezone.h"

int mill_days_in_month(int64_t year, int month) {
  static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && mill_is_leap(year) ? 29 : days[month - 1];
}

bool mill_valid_civil(int64_t year, int month, int day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= mill_days_in_month(year, month);
}

/* Howard Hinnant's civil algorithms: years begin in March, eras have 400 years. */
int64_t mill_days_from_civil(int64_t y, int m, int d) {
  y -= m <= 2;
  int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  if ((uint64_t)y < 100000) { /* short divisions for the years that dates mostly have */
    uint32_t u = (uint32_t)y;
    return (int64_t)(u * 365 + u / 4 - u / 100 + u / 400) + of_year - 719468;
  }
  int64_t era = mill_floor_div(y, 400), of_era = y - era * 400;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Of days from 0000-03-01 on, by multiplications (Neri, Schneider, "Euclidean affine functions and their
** application to calendar algorithms", 2022). */
static void civil_of(uint32_t n, int64_t *year, int *month, int *day) {
  uint32_t of_400 = 4 * n + 3, century = of_400 / 146097, of_4 = of_400 % 146097 | 3;
  uint64_t product = 2939745ull * of_4;
  uint32_t of_year = (uint32_t)product / 2939745 / 4, of_month = 2141 * of_year + 197913;
  bool next = of_year >= 306; /* January and February */
  *year = 100ll * century + (uint32_t)(product >> 32) + next;
  *month = (int)(of_month >> 16) - (next ? 12 : 0);
  *day = (int)((of_month & 0xffff) / 2141) + 1;
}

void mill_civil_from_days(int64_t days, int64_t *year, int *month, int *day) {
  days += 719468;
  if (days >= 0 && days < 1 << 28) {
    civil_of((uint32_t)days, year, month, day);
    return;
  }
  int64_t era = mill_floor_div(days, 146097), doe = days - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  *day = (int)(doy - (153 * mp + 2) / 5 + 1);
  *month = (int)(mp < 10 ? mp + 3 : mp - 9);
  *year = yoe + era * 400 + (*month <= 2);
}

int64_t mill_julian_of_gregorian(int64_t days) {
  int64_t year;
  int month, day;
  if (days >= MILL_GREGORIAN_DAY) return days;
  mill_civil_from_days(days, &year, &month, &day);
  int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
  int64_t from_0000_03_01 = mill_floor_div(y * 1461, 4) + (153 * m + 2) / 5 + day - 1;
  int64_t julian = from_0000_03_01 - 719470; /* 1970-01-01 is 719470 days after that Julian day */
  return julian < MILL_GREGORIAN_DAY ? julian : MILL_GREGORIAN_DAY;
}

int mill_weekday(int64_t days) { return (int)mill_floor_mod(days + 4, 7); }

int mill_day_of_year(int64_t days) {
  int64_t y;
  int m, d;
  mill_civil_from_days(days, &y, &m, &d);
  return (int)(days - mill_days_from_civil(y, 1, 1)) + 1;
}

void mill_iso_week(int64_t days, int64_t *year, int *week) {
  int64_t thursday = days - (mill_weekday(days) + 6) % 7 + 3;
  int m, d;
  mill_civil_from_days(thursday, year, &m, &d);
  *week = (int)((thursday - mill_days_from_civil(*year, 1, 1)) / 7) + 1;
}

int64_t mill_add_months(int64_t days, int64_t months) {
  int64_t y;
  int m, d;
  mill_civil_from_days(days, &y, &m, &d);
  int64_t total = y * 12 + (m - 1) + months;
  y = mill_floor_div(total, 12);
  m = (int)(total - y * 12) + 1;
  int last = mill_days_in_month(y, m);
  return mill_days_from_civil(y, m, d < last ? d : last);
}

void mill_datetime_of(int64_t local, mill_datetime *out) {
  int64_t days = mill_floor_div(local, MILL_MICROS_DAY);
  int64_t rest = mill_floor_mod(local, MILL_MICROS_DAY); /* the day's start may be out of range */
  mill_civil_from_days(days, &out->year, &out->month, &out->day);
  out->micros = (int)(rest % 1000000);
  rest /= 1000000;
  out->second = (int)(rest % 60);
  out->minute = (int)(rest / 60 % 60);
  out->hour = (int)(rest / 3600);
}

bool mill_datetime_micros(const mill_datetime *d, int64_t *out) {
  int64_t days = mill_days_from_civil(d->year, d->month, d->day);
  int64_t seconds = days * 86400 + d->hour * 3600 + d->minute * 60 + d->second;
  /* one second further and back, so that the first instants before a whole second fit too */
  if (seconds < 0)
    return !__builtin_mul_overflow(seconds + 1, 1000000, out) &&
           !__builtin_add_overflow(*out, d->micros - 1000000, out);
  return !__builtin_mul_overflow(seconds, 1000000, out) &&
         !__builtin_add_overflow(*out, d->micros, out);
}

/* ---- parsing ---- */

static void trim(const char **s, const char **end) {
  while (*s < *end && (unsigned char)**s <= ' ') ++*s;
  while (*end > *s && (unsigned char)(*end)[-1] <= ' ') --*end;
}

static bool digit(char c) { return c >= '0' && c <= '9'; }

static bool take_number(const char **p, const char *end, int min, int max, int64_t *out) {
  const char *s = *p;
  int64_t v = 0;
  for (; s < end && digit(*s) && s - *p < max; s++) v = v * 10 + (*s - '0');
  if (s - *p < min || (s < end && digit(*s))) return false;
  *out = v;
  *p = s;
  return true;
}

/* [+-]yyyy[-mm[-dd]]; parts: how many were there */
static bool take_date(const char **p, const char *end, int year_digits, mill_datetime *d,
                      int *parts) {
  int64_t v;
  bool negative = *p < end && **p == '-';
  if (*p < end && (**p == '-' || **p == '+')) ++*p;
  if (!take_number(p, end, 4, year_digits, &v)) return false;
  d->year = negative ? -v : v;
  d->month = d->day = *parts = 1;
  if (*p == end || **p != '-') return true;
  ++*p;
  if (!take_number(p, end, 1, 2, &v)) return false;
  d->month = (int)v;
  *parts = 2;
  if (*p == end || **p != '-') return mill_valid_civil(d->year, d->month, 1);
  ++*p;
  if (!take_number(p, end, 1, 2, &v)) return false;
  d->day = (int)v;
  *parts = 3;
  return mill_valid_civil(d->year, d->month, d->day);
}

bool mill_date_parse(const char *s, size_t n, int32_t *days) {
  const char *end = s + n;
  mill_datetime d;
  int parts;
  trim(&s, &end);
  if (!take_date(&s, end, 7, &d, &parts)) return false;
  if (s < end && (parts < 3 || (*s != ' ' && *s != 'T'))) return false;
  int64_t v = mill_days_from_civil(d.year, d.month, d.day);
  if (v < INT32_MIN || v > INT32_MAX) return false;
  *days = (int32_t)v;
  return true;
}

/* The digits of a fraction: microseconds, and three more. */
static void take_fraction(const char **p, const char *end, mill_datetime *d, int *nanos) {
  int v = 0, digits = 0;
  for (; *p < end && digit(**p); ++*p)
    if (digits < 9) v = v * 10 + (**p - '0'), digits++;
  for (; digits < 9; digits++) v *= 10;
  d->micros = v / 1000;
  *nanos = v % 1000;
}

/* h[h][:m[m][:s[s][.f*]]]; complete: seconds were there, so that a zone may follow */
static bool take_clock(const char **p, const char *end, mill_datetime *d, int *nanos,
                       bool *complete) {
  int64_t v;
  *complete = false;
  if (!take_number(p, end, 1, 2, &v)) return false;
  d->hour = (int)v;
  if (*p < end && **p == ':') {
    ++*p;
    if (!take_number(p, end, 1, 2, &v)) return false;
    d->minute = (int)v;
    if (*p < end && **p == ':') {
      ++*p;
      if (!take_number(p, end, 1, 2, &v)) return false;
      d->second = (int)v;
      *complete = true;
    }
  }
  if (*complete && *p < end && **p == '.') {
    ++*p;
    take_fraction(p, end, d, nanos);
  }
  return d->hour < 24 && d->minute < 60 && d->second < 60;
}

static bool time_only(const char *s, const char *end) {
  if (s < end && *s == 'T') return true;
  int n = 0;
  while (s < end && digit(*s)) s++, n++;
  return n >= 1 && n <= 2 && s < end && *s == ':';
}

bool mill_timestamp_parse(const mill_timestamp_rules *r, const char *s, size_t n, int64_t *micros) {
  int nanos;
  return mill_timestamp_parse_nanos(r, s, n, micros, &nanos);
}

bool mill_timestamp_parse_nanos(const mill_timestamp_rules *r, const char *s, size_t n,
                                int64_t *micros, int *nanos) {
  const char *end = s + n;
  mill_datetime d = {0};
  bool complete = false;
  *nanos = 0;
  trim(&s, &end);
  if (time_only(s, end)) {
    if (r->ntz) return false;
    if (*s == 'T') s++;
    int64_t local = mill_zone_to_local(r->zone, r->now);
    mill_civil_from_days(mill_floor_div(local, MILL_MICROS_DAY), &d.year, &d.month, &d.day);
    if (!take_clock(&s, end, &d, nanos, &complete)) return false;
  } else {
    int parts;
    if (!take_date(&s, end, 6, &d, &parts)) return false;
    if (s < end) {
      if (parts < 3 || (*s != ' ' && *s != 'T')) return false;
      s++;
      if (!take_clock(&s, end, &d, nanos, &complete)) return false;
    }
  }
  const mill_zone *zone = r->zone;
  if (s < end) {
    if (!complete || (r->ntz && !r->allow_zone)) return false;
    trim(&s, &end);
    zone = mill_zones_try(r->zones, s, (size_t)(end - s));
    if (zone == NULL) return false;
  }
  int64_t local;
  if (!mill_datetime_micros(&d, &local)) return false;
  if (!r->ntz) return mill_zone_to_utc(zone, local, micros);
  *micros = local;
  return true;
}

static bool same_word(const char *s, size_t n, const char *word) {
  if (strlen(word) != n) return false;
  for (size_t i = 0; i < n; i++)
    if (tolower((unsigned char)s[i]) != word[i]) return false;
  return true;
}

bool mill_special_time(const char *s, size_t n, int64_t today, int64_t now, bool date,
                       int64_t *out) {
  while (n && isspace((unsigned char)*s)) s++, n--;
  while (n && isspace((unsigned char)s[n - 1])) n--;
  int64_t day = date ? 1 : MILL_MICROS_DAY;
  if (same_word(s, n, "epoch")) {
    *out = 0;
  } else if (same_word(s, n, "today")) {
    *out = today * day;
  } else if (same_word(s, n, "tomorrow")) {
    *out = (today + 1) * day;
  } else if (same_word(s, n, "yesterday")) {
    *out = (today - 1) * day;
  } else if (same_word(s, n, "now")) {
    *out = date ? today : now;
  } else {
    return false;
  }
  return true;
}

static bool meridiem(const char **s, const char **end, bool *pm) {
  if (*end - *s < 2 || ((*end)[-1] | 32) != 'm') return false;
  char c = (char)((*end)[-2] | 32);
  if (c != 'a' && c != 'p') return false;
  *pm = c == 'p';
  *end -= 2;
  trim(s, end);
  return true;
}

bool mill_time_parse(const char *s, size_t n, int64_t *nanos) {
  const char *end = s + n;
  int64_t h, m, sec = 0, fraction = 0;
  bool pm = false;
  trim(&s, &end);
  bool half_day = meridiem(&s, &end, &pm);
  if (s < end && *s == 'T') s++;
  if (!take_number(&s, end, 1, 2, &h) || s == end || *s++ != ':') return false;
  if (!take_number(&s, end, 1, 2, &m)) return false;
  if (s < end && *s == ':') {
    s++;
    if (!take_number(&s, end, 1, 2, &sec)) return false;
    if (s < end && *s == '.') {
      const char *start = ++s;
      if (!take_number(&s, end, 1, 9, &fraction)) return false;
      for (long k = s - start; k < 9; k++) fraction *= 10;
    }
  }
  if (half_day) {
    if (h < 1 || h > 12) return false;
    h = h % 12 + (pm ? 12 : 0);
  }
  if (s != end || h > 23 || m > 59 || sec > 59) return false;
  *nanos = ((h * 60 + m) * 60 + sec) * 1000000000 + fraction;
  return true;
}

/* ---- texts ---- */

static int put2(char *buf, int at, int v) {
  buf[at] = (char)('0' + v / 10);
  buf[at + 1] = (char)('0' + v % 10);
  return at + 2;
}

/* Years outside 0..9999 carry a sign, as Java's formatter gives them. */
static int put_date(char *buf, int64_t year, int month, int day) {
  int at = 0;
  if (year < 0 || year > 9999) buf[at++] = year < 0 ? '-' : '+';
  int64_t m = year < 0 ? -year : year;
  if (m > 9999)
    at += mill_int_text(m, buf + at);
  else
    at = put2(buf, put2(buf, at, (int)(m / 100)), (int)(m % 100));
  buf[at++] = '-';
  at = put2(buf, at, month);
  buf[at++] = '-';
  return put2(buf, at, day);
}

int mill_date_text(int64_t days, char *buf) {
  int64_t y;
  int m, d;
  mill_civil_from_days(days, &y, &m, &d);
  int n = put_date(buf, y, m, d);
  buf[n] = 0;
  return n;
}

/* A fraction of `digits` digits without trailing zeros; nothing for 0. */
static int put_fraction(char *buf, int at, int64_t v, int digits) {
  if (v == 0) return at;
  buf[at] = '.';
  for (int i = digits; i > 0; i--) {
    buf[at + i] = (char)('0' + v % 10);
    v /= 10;
  }
  at += digits + 1;
  while (buf[at - 1] == '0') at--;
  return at;
}

static int put_clock(char *buf, int at, int h, int m, int s) {
  at = put2(buf, at, h);
  buf[at++] = ':';
  at = put2(buf, at, m);
  buf[at++] = ':';
  return put2(buf, at, s);
}

int mill_timestamp_text(int64_t micros, const mill_zone *zone, char *buf) {
  return mill_timestamp_text_nanos(micros, 0, zone, buf);
}

int mill_timestamp_text_nanos(int64_t micros, int nanos, const mill_zone *zone, char *buf) {
  /* The offset is added to the parts, not the sum, which could leave 64 bits. */
  int64_t seconds = mill_floor_div(micros, 1000000), fraction = mill_floor_mod(micros, 1000000);
  if (zone) seconds += mill_zone_offset_at(zone, micros);
  int64_t days = mill_floor_div(seconds, 86400), y;
  int rest = (int)(seconds - days * 86400), m, d;
  mill_civil_from_days(days, &y, &m, &d);
  int at = put_date(buf, y, m, d);
  buf[at++] = ' ';
  at = put_clock(buf, at, rest / 3600, rest / 60 % 60, rest % 60);
  at = put_fraction(buf, at, fraction * 1000 + nanos, 9);
  buf[at] = 0;
  return at;
}

int mill_time_text(int64_t nanos, char *buf) {
  int64_t rest = nanos / 1000000000;
  int at = put_clock(buf, 0, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
  at = put_fraction(buf, at, nanos % 1000000000, 9);
  buf[at] = 0;
  return at;
}
