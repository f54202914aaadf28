/* Texts read as Spark 2 read them, by Java's SimpleDateFormat and FastDateFormat (spark.sql.legacy.timeParserPolicy);
** see pattern.h.
**
** A number takes all its digits, whatever its letters say, but for one right before another number, which takes as
** many as it has letters. Blanks before a number are passed over, names may be short or long, and what follows the
** last item is not looked at. The lenient form lets months, days and hours run over into the next. */
#include <string.h>
#include <strings.h>

#include "base/pattern_int.h"

enum { MOST_DIGITS = 9 };

typedef struct old_fields {
  int64_t year, month, day, of_year, hour, minute, second, fraction, micros_each;
  bool has_of_year, twelve, afternoon, before_christ, has_zone;
  const mill_zone *zone;
} old_fields;

typedef struct old_reader {
  const char *p, *end;
  mill_zones *zones;
  const mill_locale *locale;
  int64_t now;
  bool lenient;
  old_fields f;
} old_reader;

static bool is_number(const pattern_item *t) {
  if (t->letter == 0) return false;
  return strchr("ydDHhkKmsS", t->letter) || (strchr("ML", t->letter) && t->count < 3);
}

static bool take_number(old_reader *r, size_t most, int64_t *out) {
  size_t n = 0;
  if (most == 0)
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t')) r->p++;
  for (*out = 0; r->p < r->end && *r->p >= '0' && *r->p <= '9'; n++) {
    if (most && n == most) break;
    if (n == MOST_DIGITS) return false;
    *out = *out * 10 + (*r->p++ - '0');
  }
  return n > 0;
}

/* Two digits are a year from 80 years ago to 20 ahead. */
static void take_short_year(old_reader *r) {
  int64_t year;
  int month, day;
  mill_civil_from_days(mill_floor_div(r->now, MILL_MICROS_DAY), &year, &month, &day);
  int64_t first = year - 80;
  r->f.year += first - first % 100;
  if (r->f.year < first) r->f.year += 100;
}

/* ---- names and zones ------------------------------------------------------------------------ */

/* The longest of n names at the reader; -1: none. */
static int longest_name(old_reader *r, mill_locale_list list, const char *const *english, int n) {
  size_t longest = 0;
  int found = -1;
  for (int i = 0; i < n; i++) {
    size_t size = english ? strlen(english[i]) : 0;
    const char *name = english ? english[i] : mill_locale_name(r->locale, list, i, &size);
    if (size <= longest || (size_t)(r->end - r->p) < size || strncasecmp(r->p, name, size) != 0)
      continue;
    longest = size;
    found = i;
  }
  r->p += longest;
  return found;
}

/* In full, or by the short name: three letters in English. */
static int take_name(old_reader *r, mill_locale_list full, const char *const *english, int n) {
  int i = longest_name(r, full, r->locale ? NULL : english, n);
  if (i >= 0) return i;
  if (r->locale) return longest_name(r, full + 1, NULL, n);
  for (i = 0; i < n; i++)
    if (r->end - r->p >= 3 && strncasecmp(r->p, english[i], 3) == 0) {
      r->p += 3;
      return i;
    }
  return -1;
}

static bool take_month_name(old_reader *r) {
  int i = take_name(r, MILL_MONTHS, mill_month_names, 12);
  r->f.month = i + 1;
  return i >= 0;
}

static bool take_half(old_reader *r) {
  static const char *const halves[] = {"AM", "PM"};
  int i = longest_name(r, MILL_HALVES, r->locale ? NULL : halves, 2);
  r->f.afternoon = i == 1;
  return i >= 0;
}

static bool take_era(old_reader *r) {
  static const char *const eras[] = {"BC", "AD"};
  int i = longest_name(r, MILL_ERAS, r->locale ? NULL : eras, 2);
  r->f.before_christ = i == 0;
  return i >= 0;
}

/* Z, the id of a zone or an offset of two or four digits, with or without a colon. */
static bool take_zone(old_reader *r) {
  size_t n = 0, room = (size_t)(r->end - r->p);
  while (n < room && n < 64 && r->p[n] &&
         (strchr("/_+-:", r->p[n]) || (uint8_t)((r->p[n] | 32) - 'a') < 26 ||
          (uint8_t)(r->p[n] - '0') < 10))
    n++;
  for (; n > 0; n--) {
    const mill_zone *z = mill_zones_try(r->zones, r->p, n);
    if (z == NULL) continue;
    r->f.zone = z;
    r->f.has_zone = true;
    r->p += n;
    return true;
  }
  return false;
}

/* ---- items ---------------------------------------------------------------------------------- */

static bool take_literal(old_reader *r, const char *s, size_t n) {
  if ((size_t)(r->end - r->p) < n || memcmp(r->p, s, n) != 0) return false;
  r->p += n;
  return true;
}

static bool take_hour(old_reader *r, char letter, int64_t v) {
  bool from_one = letter == 'h' || letter == 'k';
  int64_t most = letter == 'h' || letter == 'K' ? 12 : 24;
  r->f.twelve = most == 12;
  if (!r->lenient && (v < from_one || v >= most + from_one)) return false;
  r->f.hour = from_one && v == most ? 0 : v;
  return true;
}

static bool put_number(old_reader *r, const pattern_item *t, int64_t v, size_t digits) {
  old_fields *f = &r->f;
  switch (t->letter) {
  case 'y':
    f->year = v;
    if (t->count < 3 && v < 100 && (digits == 2 || r->lenient)) take_short_year(r);
    return true;
  case 'M':
  case 'L': f->month = v; return true;
  case 'd': f->day = v; return true;
  case 'D':
    f->has_of_year = true;
    f->of_year = v;
    return true;
  case 'm': f->minute = v; return true;
  case 's': f->second = v; return true;
  case 'S':
    f->fraction = v;
    f->micros_each = r->lenient ? 1000000 : 1000;
    for (int i = 0; r->lenient && i < t->count; i++) f->micros_each /= 10;
    return true;
  default: return take_hour(r, t->letter, v);
  }
}

static bool take_item(old_reader *r, const pattern_item *t, bool number_behind) {
  if (t->letter == 0) return take_literal(r, t->s, t->n);
  if (t->letter == '[' || t->letter == ']') return take_literal(r, &t->letter, 1);
  if (is_number(t)) {
    int64_t v;
    const char *from = r->p;
    return take_number(r, number_behind ? t->count : 0, &v) &&
           put_number(r, t, v, (size_t)(r->p - from));
  }
  switch (t->letter) {
  case 'M':
  case 'L': return take_month_name(r);
  case 'E': return take_name(r, MILL_DAYS, mill_day_names, 7) >= 0;
  case 'a': return take_half(r);
  case 'G': return take_era(r);
  case 'z':
  case 'Z':
  case 'X': return take_zone(r);
  default: return false; /* a letter that Spark 2 did not have */
  }
}

/* ---- the date and the time ------------------------------------------------------------------ */

static bool in_range(const old_fields *f, int64_t year) {
  if (f->minute > 59 || f->second > 59 || f->fraction > 999) return false;
  if (f->has_of_year)
    return f->of_year >= 1 &&
           mill_days_from_civil(year, 1, 1) + f->of_year <= mill_days_from_civil(year + 1, 1, 1);
  return f->month >= 1 && f->month <= 12 && f->day >= 1 && f->day <= 31 &&
         mill_valid_civil(year, (int)f->month, (int)f->day);
}

static bool resolve(const old_reader *r, int64_t *local) {
  const old_fields *f = &r->f;
  int64_t year = f->before_christ ? 1 - f->year : f->year;
  if (!r->lenient && !in_range(f, year)) return false;
  int64_t months = year * 12 + (f->has_of_year ? 0 : f->month - 1);
  int64_t first =
      mill_days_from_civil(mill_floor_div(months, 12), (int)mill_floor_mod(months, 12) + 1, 1);
  int64_t days = first + (f->has_of_year ? f->of_year : f->day) - 1;
  int64_t hour = f->hour + (f->twelve && f->afternoon ? 12 : 0);
  int64_t time = (hour * 60 + f->minute) * 60 + f->second;
  return !__builtin_mul_overflow(days, MILL_MICROS_DAY, local) &&
         !__builtin_add_overflow(*local, time * 1000000 + f->fraction * f->micros_each, local);
}

bool mill_pattern_parse_old(const mill_pattern *p, mill_zones *zones, const mill_zone *zone,
                            const char *s, size_t n, bool lenient, int64_t now, mill_moment *m) {
  old_reader r = {.p = s,
                  .end = s + n,
                  .zones = zones,
                  .locale = p->locale,
                  .now = now,
                  .lenient = lenient,
                  .f = {.year = 1970, .month = 1, .day = 1}};
  *m = (mill_moment){.zone = zone};
  for (int i = 0; i < p->nitems; i++) {
    bool behind = i + 1 < p->nitems && is_number(&p->item[i + 1]);
    if (!take_item(&r, &p->item[i], behind)) return false;
  }
  m->zoned = r.f.has_zone;
  if (r.f.has_zone) m->zone = r.f.zone;
  return resolve(&r, &m->local);
}
