/* Texts of dates and times read by a pattern; see pattern.h.
**
** Java's strict rules: a number takes the digits that its letters ask for, one of free width as many
** as there are but for those that fixed numbers right behind it need; `yyyy` takes more than four
** digits only after a plus. Fields are collected, then made a date and a time. */
#include <string.h>
#include <strings.h>

#include "base/pattern_int.h"
#include "base/utf8.h"

typedef struct fields {
  int64_t year, month, day, day_of_year, hour, hour12, minute, second, fraction;
  int era, half; /* -1: not given; era 0 is BC; half 1 is PM */
  bool has_year, has_month, has_day, has_day_of_year, has_hour, has_hour12;
  bool has_zone;
  char hour_letter, hour12_letter;
  const mill_zone *zone;
  int32_t offset;
  mill_error *tell; /* there: `why` is wanted, in its memory */
  const char *why;
} fields;

/* These fields are no date or time, for a reason that is told where it is asked for. */
#define WRONG(f, ...) ((f)->why = (f)->tell ? mill_error_fmt((f)->tell, __VA_ARGS__) : NULL, false)

typedef struct reader {
  const char *p, *end;
  const char *stuck; /* where the first item begins that is not there */
  mill_zones *zones;
  const mill_locale *locale;
  fields f;
} reader;

static size_t digits_at(const char *p, const char *end) {
  const char *s = p;
  while (p < end && *p >= '0' && *p <= '9') p++;
  return (size_t)(p - s);
}

/* `least` to `most` digits, leaving `follow` of them; with a sign where the year allows one. */
static bool take_digits(reader *r, size_t least, size_t most, size_t follow, int64_t *out) {
  size_t have = digits_at(r->p, r->end), n = have;
  if (follow && n > most + follow) n = most + follow;
  if (follow) n = n > follow && n - follow >= least ? n - follow : least;
  if (n > most) n = most;
  if (n < least || n > have || n == 0 || n > 18) return false;
  for (*out = 0; n > 0; n--) *out = *out * 10 + (*r->p++ - '0');
  return true;
}

static bool take_year(reader *r, const pattern_item *t) {
  fields *f = &r->f;
  bool plus = r->p < r->end && *r->p == '+', minus = r->p < r->end && *r->p == '-';
  f->has_year = true;
  if (t->count == 2) {
    if (!take_digits(r, 2, 2, 0, &f->year)) return false;
    f->year += 2000;
    return true;
  }
  if ((plus && t->count < 4) || (minus && f->era == 0)) return false;
  r->p += plus || minus;
  size_t before = digits_at(r->p, r->end);
  const char *start = r->p;
  if (!take_digits(r, t->count, 19, t->follow, &f->year)) return false;
  size_t taken = (size_t)(r->p - start);
  if (t->count >= 4 && !minus && (plus ? taken <= t->count : taken > t->count)) return false;
  (void)before;
  if (minus) f->year = -f->year;
  return f->year <= 999999 && f->year >= -999999;
}

/* One of n names, in full or by the first three letters. */
static bool take_name(reader *r, const char *const *names, int n, bool full, int64_t *out) {
  for (int i = 0; i < n; i++) {
    size_t k = full ? strlen(names[i]) : 3;
    if ((size_t)(r->end - r->p) < k || strncasecmp(r->p, names[i], k) != 0) continue;
    r->p += k;
    *out = i + 1;
    return true;
  }
  return false;
}

static bool take_month(reader *r, const pattern_item *t) {
  r->f.has_month = true;
  if (t->count > 2) return take_name(r, mill_month_names, 12, t->count == 4, &r->f.month);
  return take_digits(r, t->count, t->count == 2 ? 2 : 19, t->follow, &r->f.month);
}

static bool take_word(reader *r, const char *const *words, int n, int *out) {
  for (int i = 0; i < n; i++) {
    size_t k = strlen(words[i]);
    if ((size_t)(r->end - r->p) < k || strncasecmp(r->p, words[i], k) != 0) continue;
    r->p += k;
    *out = i;
    return true;
  }
  return false;
}

static bool take_fraction(reader *r, int most) {
  size_t n = digits_at(r->p, r->end);
  if (n == 0) return false;
  if (n > (size_t)most) n = (size_t)most;
  r->f.fraction = 0;
  for (size_t i = 0; i < 9; i++) r->f.fraction = r->f.fraction * 10 + (i < n ? r->p[i] - '0' : 0);
  r->p += n;
  return true;
}

/* ---- zones ---------------------------------------------------------------------------------- */

static bool two(reader *r, int max, int32_t *out) {
  if (digits_at(r->p, r->end) < 2) return false;
  *out = (r->p[0] - '0') * 10 + r->p[1] - '0';
  r->p += 2;
  return *out <= max;
}

/* +hh, with minutes and seconds where the form has them. */
static bool take_offset(reader *r, bool minutes, bool optional, bool colon, bool seconds) {
  int32_t h, m = 0, s = 0;
  if (r->p == r->end || (*r->p != '+' && *r->p != '-')) return false;
  int sign = *r->p++ == '-' ? -1 : 1;
  if (!two(r, 18, &h)) return false;
  bool gap = colon && r->p < r->end && *r->p == ':';
  bool more = digits_at(r->p + gap, r->end) >= 2 && (gap || !colon);
  if (minutes && !more && !optional) return false;
  if (more && (minutes || optional)) {
    r->p += gap;
    if (!two(r, 59, &m)) return false;
    gap = colon && r->p < r->end && *r->p == ':';
    if (seconds && (gap || !colon) && digits_at(r->p + gap, r->end) >= 2) {
      r->p += gap;
      if (!two(r, 59, &s)) return false;
    }
  }
  r->f.has_zone = true;
  r->f.zone = NULL;
  r->f.offset = sign * (h * 3600 + m * 60 + s);
  return h < 18 || (m == 0 && s == 0);
}

static bool take_zulu(reader *r) {
  if (r->p == r->end || (*r->p != 'Z' && *r->p != 'z')) return false;
  r->p++;
  r->f.has_zone = true;
  r->f.zone = NULL;
  r->f.offset = 0;
  return true;
}

static bool take_any_offset(reader *r, char letter, int count) {
  if (letter == 'O' || (letter == 'Z' && count == 4)) {
    if (r->end - r->p < 3 || strncasecmp(r->p, "GMT", 3) != 0) return false;
    r->p += 3;
    r->f.has_zone = true, r->f.zone = NULL, r->f.offset = 0;
    if (r->p == r->end || (*r->p != '+' && *r->p != '-')) return true;
    return take_offset(r, false, true, true, true);
  }
  if ((letter == 'X' || (letter == 'Z' && count == 5)) && take_zulu(r)) return true;
  if (letter == 'Z') return take_offset(r, true, false, count == 5, count == 5);
  return take_offset(r, count > 1, count == 1, count == 3 || count == 5, count > 3);
}

/* The longest id of a zone at the reader. */
static bool take_zone(reader *r) {
  size_t n = 0, room = (size_t)(r->end - r->p);
  while (n < room && n < 64 &&
         (r->p[n] == '/' || r->p[n] == '_' || r->p[n] == '+' || r->p[n] == '-' || r->p[n] == ':' ||
          (uint8_t)((r->p[n] | 32) - 'a') < 26 || (uint8_t)(r->p[n] - '0') < 10))
    n++;
  for (; n > 0; n--) {
    const mill_zone *z = mill_zones_try(r->zones, r->p, n);
    if (z == NULL) continue;
    r->f.zone = z;
    r->p += n;
    r->f.has_zone = true;
    return true;
  }
  return false;
}

/* ---- items ---------------------------------------------------------------------------------- */

static bool take_field(reader *r, const pattern_item *t, int64_t *out, bool *has) {
  if (has) *has = true;
  return take_digits(r, t->count, t->count == 1 ? 19 : t->count, t->count == 1 ? t->follow : 0,
                     out);
}

static bool take_hour(reader *r, const pattern_item *t) {
  fields *f = &r->f;
  bool twelve = t->letter == 'h' || t->letter == 'K';
  *(twelve ? &f->hour12_letter : &f->hour_letter) = t->letter;
  return twelve ? take_field(r, t, &f->hour12, &f->has_hour12)
                : take_field(r, t, &f->hour, &f->has_hour);
}

/* The longest of a list's names from `from` to `to`, in the pattern's own language. */
static bool take_local(reader *r, mill_locale_list list, int from, int to, int *out) {
  size_t longest = 0;
  for (int i = from; i < to; i++) {
    size_t n;
    const char *name = mill_locale_name(r->locale, list, i, &n);
    if (n <= longest || (size_t)(r->end - r->p) < n || strncasecmp(r->p, name, n) != 0) continue;
    longest = n;
    *out = i - from;
  }
  r->p += longest;
  return longest > 0;
}

static bool take_local_item(reader *r, const pattern_item *t, mill_locale_list list) {
  int i = 0, eras = t->count == 4 ? 2 : 0;
  switch (t->letter) {
  case 'a': return take_local(r, list, 0, 2, &r->f.half);
  case 'G': return take_local(r, list, eras, eras + 2, &r->f.era);
  default: break;
  }
  r->f.has_month = true;
  if (!take_local(r, list, 0, 12, &i)) return false;
  r->f.month = i + 1;
  return true;
}

static bool take_item(reader *r, const pattern_item *t) {
  mill_locale_list list;
  if (r->locale && mill_pattern_names(t, &list)) return take_local_item(r, t, list);
  static const char *const halves[] = {"AM", "PM"}, *const eras[] = {"BC", "AD"};
  static const char *const full_eras[] = {"Before Christ", "Anno Domini"};
  fields *f = &r->f;
  switch (t->letter) {
  case 0:
    if ((size_t)(r->end - r->p) < t->n || strncasecmp(r->p, t->s, t->n) != 0) return false;
    r->p += t->n;
    return true;
  case 'G': return take_word(r, t->count == 4 ? full_eras : eras, 2, &f->era);
  case 'y': return take_year(r, t);
  case 'M':
  case 'L': return take_month(r, t);
  case 'd': return take_field(r, t, &f->day, &f->has_day);
  case 'D':
    f->has_day_of_year = true;
    return take_digits(r, t->count, t->count == 1 ? 19 : 3, t->follow, &f->day_of_year);
  case 'a': return take_word(r, halves, 2, &f->half);
  case 'h':
  case 'H':
  case 'k':
  case 'K': return take_hour(r, t);
  case 'm': return take_field(r, t, &f->minute, NULL);
  case 's': return take_field(r, t, &f->second, NULL);
  case 'S': return take_fraction(r, t->count);
  case 'V':
  case 'z': return take_zulu(r) || take_zone(r);
  default: return take_any_offset(r, t->letter, t->count);
  }
}

static bool stuck_at(reader *r, const pattern_item *t, const char *start) {
  size_t n = 0;
  while (t->letter == 0 && n < t->n && start + n < r->end && start[n] == t->s[n]) n++;
  r->stuck = start + n;
  return false;
}

/* An optional part is taken whole or not at all. */
static bool take_items(reader *r, const mill_pattern *p, int from, int to) {
  for (int i = from; i < to; i++) {
    const pattern_item *t = &p->item[i];
    if (t->letter == ']') continue;
    if (t->letter != '[') {
      const char *start = r->p;
      if (!take_item(r, t)) return stuck_at(r, t, start);
      continue;
    }
    reader before = *r;
    if (!take_items(r, p, i + 1, t->end)) *r = before;
    i = t->end - 1;
  }
  return true;
}

/* ---- resolving ------------------------------------------------------------------------------ */

static bool in_range(fields *f, const char *field, int64_t v, int64_t least, int64_t most) {
  if (v >= least && v <= most) return true;
  return WRONG(f, "Invalid value for %s (valid values %lld - %lld): %lld", field, (long long)least,
               (long long)most, (long long)v);
}

/* Java has it that a date of the text's own fields differs from them; where the year is not among them, Spark
** has it that the fields differ from the date. */
static bool differs(fields *f, const char *field, int64_t given, int64_t found, int64_t days) {
  char date[MILL_TIMESTAMP_TEXT + 1];
  date[mill_date_text(days, date)] = 0;
  if (f->has_year)
    return WRONG(f, "Conflict found: Field %s %lld differs from %s %lld derived from %s", field,
                 (long long)found, field, (long long)given, date);
  return WRONG(f, "Conflict found: Field %s %lld differs from %s %lld derived from %s.", field,
               (long long)given, field, (long long)found, date);
}

/* The day of the year says it all: a month or a day beside it must be that day's. */
static bool resolve_day_of_year(fields *f, int64_t year, int64_t *days) {
  int64_t at;
  int month, day;
  *days = mill_days_from_civil(year, 1, 1) + f->day_of_year - 1;
  if (f->day_of_year < 1 || f->day_of_year > 366)
    return WRONG(f, "Invalid value for DayOfYear (valid values 1 - 365/366): %lld",
                 (long long)f->day_of_year);
  if (*days >= mill_days_from_civil(year + 1, 1, 1))
    return WRONG(f, "Invalid date 'DayOfYear 366' as '%lld' is not a leap year", (long long)year);
  mill_civil_from_days(*days, &at, &month, &day);
  if (f->has_month && f->month != month) return differs(f, "MonthOfYear", f->month, month, *days);
  return !f->has_day || f->day == day || differs(f, "DayOfMonth", f->day, day, *days);
}

const char *mill_no_such_day(int64_t year, int month, int day, mill_error *err) {
  static const char *const names[] = {"JANUARY",   "FEBRUARY", "MARCH",    "APRIL",
                                      "MAY",       "JUNE",     "JULY",     "AUGUST",
                                      "SEPTEMBER", "OCTOBER",  "NOVEMBER", "DECEMBER"};
  if (day == 29)
    return mill_error_fmt(err, "Invalid date 'February 29' as '%lld' is not a leap year",
                          (long long)year);
  return mill_error_fmt(err, "Invalid date '%s %d'", names[month - 1], day);
}

static bool resolve_date(fields *f, int64_t *days) {
  int64_t year = f->has_year ? f->year : 1970;
  if (f->has_year && f->era == 0) year = 1 - year;
  if (f->has_year && f->era >= 0 && f->year < 1)
    return in_range(f, "YearOfEra", f->year, 1, 1000000000);
  bool whole = f->has_year && f->has_month && f->has_day;
  if (f->has_day_of_year && !whole) return resolve_day_of_year(f, year, days);
  int64_t month = f->has_month ? f->month : 1, day = f->has_day ? f->day : 1;
  if (!in_range(f, "MonthOfYear", month, 1, 12)) return false;
  if (day < 1 || day > 31)
    return WRONG(f, "Invalid value for DayOfMonth (valid values 1 - 28/31): %lld", (long long)day);
  if (!mill_valid_civil(year, (int)month, (int)day)) {
    if (f->tell) f->why = mill_no_such_day(year, (int)month, (int)day, f->tell);
    return false;
  }
  *days = mill_days_from_civil(year, (int)month, (int)day);
  int64_t of_year = *days - mill_days_from_civil(year, 1, 1) + 1;
  return !f->has_day_of_year || f->day_of_year == of_year ||
         differs(f, "DayOfYear", f->day_of_year, of_year, *days);
}

/* Hours that are counted from 1 become those from 0. */
static bool resolve_hours(fields *f) {
  if (f->has_hour && f->hour_letter == 'k') {
    if (!in_range(f, "ClockHourOfDay", f->hour, 1, 24)) return false;
    f->hour %= 24;
  }
  if (f->has_hour12 && f->hour12_letter == 'h') {
    if (!in_range(f, "ClockHourOfAmPm", f->hour12, 1, 12)) return false;
    f->hour12 %= 12;
  }
  return in_range(f, "HourOfAmPm", f->hour12, 0, 11) && in_range(f, "HourOfDay", f->hour, 0, 23);
}

static bool resolve_time(fields *f, int64_t *micros) {
  if (!resolve_hours(f)) return false;
  int64_t hour = f->hour;
  if (f->has_hour && f->half >= 0 && (f->hour >= 12) != (f->half == 1))
    return WRONG(f,
                 "Conflict found: Field AmPmOfDay %d differs from AmPmOfDay %d derived from "
                 "%02lld:%02lld",
                 (int)(f->hour >= 12), f->half, (long long)f->hour, (long long)f->minute);
  if (!f->has_hour && f->has_hour12) hour = f->hour12 + (f->half == 1 ? 12 : 0);
  if (!f->has_hour && !f->has_hour12 && f->half == 1) hour = 12;
  if (!in_range(f, "MinuteOfHour", f->minute, 0, 59) ||
      !in_range(f, "SecondOfMinute", f->second, 0, 59))
    return false;
  *micros = ((hour * 60 + f->minute) * 60 + f->second) * 1000000 + f->fraction / 1000;
  return true;
}

/* The date and the time of day that a text says; its zone, if any, in *m. */
static bool parse_general(const mill_pattern *p, mill_zones *zones, const char *s, size_t n,
                          int64_t *days, int64_t *micros, mill_moment *m) {
  reader r = {
      .p = s, .end = s + n, .zones = zones, .locale = p->locale, .f = {.era = -1, .half = -1}};
  if (!take_items(&r, p, 0, p->nitems) || r.p != r.end) return false;
  if (!resolve_date(&r.f, days) || !resolve_time(&r.f, micros)) return false;
  m->nanos = (int32_t)(r.f.fraction % 1000);
  m->zoned = r.f.has_zone;
  if (r.f.has_zone) m->zone = r.f.zone, m->offset = r.f.offset;
  return true;
}

const char *mill_pattern_why(const mill_pattern *p, mill_zones *zones, const char *s, size_t n,
                             mill_error *err) {
  enum { SHOWN = 64 };
  const char *dots = n > SHOWN ? "..." : "";
  int shown = n > SHOWN ? SHOWN : (int)n;
  int64_t days, micros;
  reader r = {.p = s,
              .end = s + n,
              .zones = zones,
              .locale = p->locale,
              .f = {.era = -1, .half = -1, .tell = err}};
  if (!take_items(&r, p, 0, p->nitems))
    return mill_error_fmt(err, "Text '%.*s%s' could not be parsed at index %d", shown, s, dots,
                          (int)mill_utf8_count(s, (size_t)(r.stuck - s)));
  if (r.p != r.end)
    return mill_error_fmt(err, "Text '%.*s%s' could not be parsed, unparsed text found at index %d",
                          shown, s, dots, (int)mill_utf8_count(s, (size_t)(r.p - s)));
  /* Spark completes what makes no date of its own, behind the time; its errors do not show the text. */
  bool whole = r.f.has_year && (r.f.has_day_of_year || (r.f.has_month && r.f.has_day));
  bool right = !whole || resolve_date(&r.f, &days);
  right = right && resolve_time(&r.f, &micros);
  if (right && (whole || resolve_date(&r.f, &days))) return "long overflow";
  if (right) return r.f.why;
  return mill_error_fmt(err, "Text '%.*s%s' could not be parsed: %s", shown, s, dots, r.f.why);
}

bool mill_pattern_parse(const mill_pattern *p, mill_zones *zones, const mill_zone *zone,
                        const char *s, size_t n, mill_moment *m) {
  int64_t days, micros;
  *m = (mill_moment){.zone = zone};
  bool fixed = n && n == p->fixed.n && mill_pattern_fixed_parse(&p->fixed, s, &days, &micros);
  if (!fixed && !parse_general(p, zones, s, n, &days, &micros, m)) return false;
  return !__builtin_mul_overflow(days, MILL_MICROS_DAY, &m->local) &&
         !__builtin_add_overflow(m->local, micros, &m->local);
}
