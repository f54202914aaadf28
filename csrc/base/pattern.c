/* Patterns of dates and times: reading a pattern, printing by it; see pattern.h. */
#include <stdio.h>
#include <string.h>

#include "base/pattern_int.h"

const char *const mill_month_names[12] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
const char *const mill_day_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};

/* ---- what Spark refuses --------------------------------------------------------------------- */

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static size_t run_of(const char *s, size_t n, size_t at) {
  size_t k = at;
  while (k < n && s[k] == s[at]) k++;
  return k - at;
}

/* Would the formatter of Spark 2 (SimpleDateFormat) have taken the pattern? */
static bool was_legal(const char *s, size_t n) {
  bool quoted = false;
  for (size_t i = 0; i < n; i++) {
    if (s[i] == '\'') quoted = !quoted;
    if (!quoted && is_letter(s[i]) && !strchr("GyYMLwWDdFEuaHkKhmsSzZX", s[i])) return false;
    if (!quoted && s[i] == 'X' && run_of(s, n, i) > 3) return false;
  }
  return !quoted;
}

static mill_status refuse(const char *s, size_t n, mill_status condition, char c, mill_error *err) {
  const char *pattern = mill_error_fmt(err, "%.*s", (int)n, s);
  const char *quoted = mill_error_fmt(err, "'%s'", pattern);
  if (was_legal(s, n))
    return mill_fail(err, MILL_E_INCONSISTENT_DATETIME_PATTERN_RECOGNITION, "pattern", quoted,
                     "config", "\"spark.sql.legacy.timeParserPolicy\"", "docroot",
                     "https://spark.apache.org/docs/latest", NULL);
  if (condition == MILL_E_INVALID_DATETIME_PATTERN_WITH_SUGGESTION)
    return mill_fail(err, condition, "pattern", quoted, "docroot",
                     "https://spark.apache.org/docs/latest", NULL);
  if (condition == MILL_E_INVALID_DATETIME_PATTERN_LENGTH)
    return mill_fail(err, condition, "pattern", pattern, NULL);
  if (condition == MILL_E_INCONSISTENT_DATETIME_WEEK_BASED_PATTERN)
    return mill_fail(err, condition, "c", mill_error_fmt(err, "%c", c), NULL);
  return mill_fail(err, condition, "c", mill_error_fmt(err, "%c", c), "pattern", pattern, NULL);
}

/* Most letters in a row that have a meaning. */
static size_t most_letters(char c) {
  switch (c) {
  case 'G':
  case 'M':
  case 'L':
  case 'E':
  case 'Q':
  case 'q':
  case 'z':
  case 'O': return 4;
  case 'y': return 6;
  case 'd':
  case 'h':
  case 'H':
  case 'k':
  case 'K':
  case 'm':
  case 's':
  case 'V': return 2;
  case 'D': return 3;
  case 'S': return 9;
  case 'F':
  case 'a': return 1;
  case 'X':
  case 'x':
  case 'Z': return 5;
  default: return 0;
  }
}

static mill_status check_weeks(const char *s, size_t n, mill_error *err) {
  bool quoted = false;
  for (size_t i = 0; i < n; i++) {
    if (s[i] == '\'') quoted = !quoted;
    if (!quoted && s[i] && strchr("YWwuec", s[i]))
      return refuse(s, n, MILL_E_INCONSISTENT_DATETIME_WEEK_BASED_PATTERN, s[i], err);
  }
  return MILL_OK;
}

static mill_status check(const char *s, size_t n, bool parsing, mill_error *err) {
  bool quoted = false;
  MILL_TRY(check_weeks(s, n, err));
  for (size_t i = 0; i < n; i++) {
    if (s[i] == '\'') quoted = !quoted;
    if (!quoted && s[i] && strchr(parsing ? "ABnNpEFqQ" : "ABnNp", s[i]))
      return refuse(s, n, MILL_E_INVALID_DATETIME_PATTERN_ILLEGAL_CHARACTER, s[i], err);
    if (!quoted && s[i] &&
        ((strchr("GMLEQq", s[i]) && run_of(s, n, i) > 4) || (s[i] == 'y' && run_of(s, n, i) > 6)))
      return refuse(s, n, MILL_E_INVALID_DATETIME_PATTERN_LENGTH, s[i], err);
  }
  return MILL_OK;
}

/* ---- compiling ------------------------------------------------------------------------------ */

typedef struct compiler {
  const char *s;
  size_t n, at;
  mill_pattern *p;
  int open[16], depth;
} compiler;

static pattern_item *push(compiler *c, char letter, const char *s, size_t n) {
  pattern_item *item = &c->p->item[c->p->nitems++];
  *item = (pattern_item){.letter = letter, .count = (uint8_t)n, .s = s, .n = n};
  return item;
}

/* 'text' without its quotes; '' is one quote, inside and outside. */
static bool compile_quoted(compiler *c) {
  if (c->at + 1 < c->n && c->s[c->at + 1] == '\'') {
    push(c, 0, c->s + c->at, 1);
    c->at += 2;
    return true;
  }
  for (size_t start = ++c->at; c->at < c->n; c->at++) {
    if (c->s[c->at] != '\'') continue;
    bool twice = c->at + 1 < c->n && c->s[c->at + 1] == '\'';
    push(c, 0, c->s + start, c->at - start + twice);
    c->at += 1 + twice;
    if (!twice) return true;
    start = c->at--;
  }
  return false;
}

static bool compile_bracket(compiler *c, char b) {
  if (b == '[') {
    if (c->depth == 16) return false;
    c->open[c->depth++] = c->p->nitems;
    push(c, '[', NULL, 0);
  } else {
    if (c->depth == 0) return false;
    push(c, ']', NULL, 0);
    c->p->item[c->open[--c->depth]].end = (uint16_t)c->p->nitems;
  }
  c->at++;
  return true;
}

static bool compile_item(compiler *c) {
  char b = c->s[c->at];
  if (b == '\'') return compile_quoted(c);
  if (b == '[' || b == ']') return compile_bracket(c, b);
  if (b == '#' || b == '{' || b == '}') return false;
  if (!is_letter(b)) {
    push(c, 0, c->s + c->at++, 1);
    return true;
  }
  size_t k = run_of(c->s, c->n, c->at);
  if (k > most_letters(b) || (b == 'V' && k != 2) || (b == 'O' && k != 1 && k != 4)) return false;
  push(c, b, c->s + c->at, k);
  c->at += k;
  return true;
}

/* Is the item a number of one width, and a number at all? */
static bool fixed_width(const pattern_item *t) {
  if (t->letter == 0 || t->letter == '[' || t->letter == ']') return false;
  if (strchr("dhHkKmsMLQq", t->letter)) return t->count == 2;
  return (t->letter == 'D' && t->count == 3) || (t->letter == 'y' && t->count == 2);
}

static bool any_width(const pattern_item *t) {
  if (t->letter == 0) return false;
  return strchr("dhHkKmsMLQqDFy", t->letter) && t->count < (strchr("MLQq", t->letter) ? 3 : 7);
}

/* A number of free width leaves the digits of the fixed ones right behind it alone. */
static void reserve_digits(mill_pattern *p) {
  for (int i = 0, owner = -1; i < p->nitems; i++) {
    pattern_item *t = &p->item[i];
    if (owner >= 0 && fixed_width(t))
      p->item[owner].follow = (uint8_t)(p->item[owner].follow + t->count);
    else
      owner = any_width(t) ? i : -1;
  }
}

bool mill_pattern_names(const pattern_item *t, mill_locale_list *list) {
  bool full = t->count == 4;
  switch (t->letter) {
  case 'M': *list = full ? MILL_MONTHS : MILL_SHORT_MONTHS; return t->count > 2;
  case 'L': *list = full ? MILL_MONTHS_ALONE : MILL_SHORT_MONTHS_ALONE; return t->count > 2;
  case 'E': *list = full ? MILL_DAYS : MILL_SHORT_DAYS; return true;
  case 'a': *list = MILL_HALVES; return true;
  case 'G': *list = MILL_ERAS; return true;
  default: return false;
  }
}

static mill_status find_locale(mill_pattern *p, const char *tag, mill_error *err) {
  mill_locale_list list;
  bool names = false;
  for (int i = 0; i < p->nitems; i++) names |= mill_pattern_names(&p->item[i], &list);
  p->locale = names && tag ? mill_locale_find(tag) : NULL;
  if (p->locale || !names || tag == NULL) return MILL_OK;
  return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", "locale", "kind",
                   "the tag of a language whose names of months and days are known", "value",
                   mill_error_fmt(err, "%s", tag), NULL);
}

mill_status mill_pattern_new(mill_arena *a, const char *s, size_t n, bool parsing,
                             const mill_pattern **out, mill_error *err) {
  return mill_pattern_new_in(a, s, n, parsing, NULL, out, err);
}

mill_status mill_pattern_new_in(mill_arena *a, const char *s, size_t n, bool parsing,
                                const char *tag, const mill_pattern **out, mill_error *err) {
  MILL_TRY(check(s, n, parsing, err));
  mill_pattern *p = mill_arena_alloc(a, sizeof *p);
  char *own = mill_arena_strndup(a, s, n);
  pattern_item *items = mill_arena_alloc(a, (n + 2) * sizeof *items);
  if (p == NULL || own == NULL || items == NULL || n > UINT16_MAX / 2)
    return mill_oom(a->memory, n * sizeof *items, err);
  *p = (mill_pattern){.item = items};
  compiler c = {.s = own, .n = n, .p = p};
  bool legal = true;
  while (legal && c.at < n) legal = compile_item(&c);
  if (!legal) return refuse(s, n, MILL_E_INVALID_DATETIME_PATTERN_WITH_SUGGESTION, 0, err);
  while (c.depth > 0) items[c.open[--c.depth]].end = (uint16_t)p->nitems;
  reserve_digits(p);
  mill_pattern_lay_out(p);
  *out = p;
  return find_locale(p, tag, err);
}

bool mill_pattern_takes(const mill_pattern *p, const char *letters) {
  for (int i = 0; i < p->nitems; i++) {
    const pattern_item *t = &p->item[i];
    if (t->letter == '[')
      i = t->end - 1;
    else if (t->letter && strchr(letters, t->letter))
      return true;
  }
  return false;
}

/* ---- printing ------------------------------------------------------------------------------- */

typedef struct printer {
  const mill_moment *m;
  mill_datetime d;
  int64_t days;
  int32_t offset;
  const mill_locale *locale;
  mill_text *out;
  mill_error *err;
} printer;

static inline mill_status put(printer *p, const char *s, size_t n) {
  return mill_text_add(p->out, s, n, p->err);
}

/* At least `width` digits of a number that is not negative. Most are one or two, or a year of four. */
static mill_status number(printer *p, int64_t v, int width) {
  const uint32_t low = (uint32_t)v % 10000;
  const char four[4] = {(char)('0' + low / 1000), (char)('0' + low / 100 % 10),
                        (char)('0' + low / 10 % 10), (char)('0' + low % 10)};
  if (width == 1 && v < 10) return put(p, four + 3, 1);
  if (width <= 2 && v < 100) return put(p, four + 2, 2);
  if (width == 4 && v < 10000) return put(p, four, 4);
  char digits[64], *end = digits + sizeof digits, *at = end;
  do *--at = (char)('0' + v % 10);
  while ((v /= 10) > 0);
  while (end - at < width && at > digits) *--at = '0';
  return put(p, at, (size_t)(end - at));
}

static mill_status name(printer *p, const char *full, int count) {
  if (count < 4) return put(p, full, 3);
  return put(p, full, strlen(full));
}

static mill_status year(printer *p, int count, bool era) {
  static const int64_t limit[] = {0, 0, 0, 0, 10000, 100000, 1000000};
  int64_t y = era && p->d.year <= 0 ? 1 - p->d.year : p->d.year;
  if (count == 2) return number(p, (y < 0 ? -y : y) % 100, 2);
  if (count >= 4 && y >= limit[count]) MILL_TRY(put(p, "+", 1));
  if (y < 0) MILL_TRY(put(p, "-", 1));
  return number(p, y < 0 ? -y : y, count);
}

static mill_status quarter(printer *p, int count) {
  static const char *const ordinal[] = {"1st", "2nd", "3rd", "4th"};
  int q = (p->d.month + 2) / 3;
  if (count < 3) return number(p, q, count);
  if (count == 3) return mill_text_printf(p->out, p->err, "Q%d", q);
  return mill_text_printf(p->out, p->err, "%s quarter", ordinal[q - 1]);
}

static mill_status fraction(printer *p, int count) {
  char digits[16];
  snprintf(digits, sizeof digits, "%06d%03d", p->d.micros, (int)p->m->nanos % 1000);
  return put(p, digits, (size_t)count);
}

/* +hh, +hhmm or +hh:mm, with seconds where there are some and the form has them. */
static mill_status offset(printer *p, bool minutes, bool colon, bool seconds) {
  int32_t o = p->offset < 0 ? -p->offset : p->offset;
  const char *gap = colon ? ":" : "";
  MILL_TRY(mill_text_printf(p->out, p->err, "%c%02d", p->offset < 0 ? '-' : '+', (int)o / 3600));
  if (minutes || o / 60 % 60)
    MILL_TRY(mill_text_printf(p->out, p->err, "%s%02d", gap, (int)o / 60 % 60));
  if (seconds && o % 60) MILL_TRY(mill_text_printf(p->out, p->err, "%s%02d", gap, (int)o % 60));
  return MILL_OK;
}

static mill_status localized_offset(printer *p, bool full) {
  int32_t o = p->offset < 0 ? -p->offset : p->offset;
  MILL_TRY(put(p, "GMT", 3));
  if (o == 0) return MILL_OK;
  if (full) return offset(p, true, true, true);
  MILL_TRY(mill_text_printf(p->out, p->err, "%c%d", p->offset < 0 ? '-' : '+', (int)o / 3600));
  if (o % 3600) MILL_TRY(mill_text_printf(p->out, p->err, ":%02d", (int)o / 60 % 60));
  return o % 60 ? mill_text_printf(p->out, p->err, ":%02d", (int)o % 60) : MILL_OK;
}

static mill_status any_offset(printer *p, char letter, int count) {
  if (letter == 'O' || (letter == 'Z' && count == 4)) return localized_offset(p, count == 4);
  bool zulu = letter == 'X' || (letter == 'Z' && count == 5);
  if (zulu && p->offset == 0) return put(p, "Z", 1);
  if (letter == 'Z') return offset(p, true, count == 5, count == 5);
  return offset(p, count > 1, count == 3 || count == 5, count > 3);
}

/* Names of zones in English, where the abbreviation does not say it all. */
static const struct {
  const char *abbreviation, *full;
} zone_names[] = {{"UTC", "Coordinated Universal Time"},
                  {"GMT", "Greenwich Mean Time"},
                  {"PST", "Pacific Standard Time"},
                  {"PDT", "Pacific Daylight Time"},
                  {"MST", "Mountain Standard Time"},
                  {"MDT", "Mountain Daylight Time"},
                  {"CST", "Central Standard Time"},
                  {"CDT", "Central Daylight Time"},
                  {"EST", "Eastern Standard Time"},
                  {"EDT", "Eastern Daylight Time"},
                  {"CET", "Central European Standard Time"},
                  {"CEST", "Central European Summer Time"},
                  {"EET", "Eastern European Standard Time"},
                  {"EEST", "Eastern European Summer Time"},
                  {"WET", "Western European Standard Time"},
                  {"WEST", "Western European Summer Time"},
                  {"BST", "British Summer Time"},
                  {"IST", "India Standard Time"},
                  {"JST", "Japan Standard Time"},
                  {"KST", "Korean Standard Time"}};

/* What a zone is called when it is no summer there. */
static const char *standard_name(const mill_zone *z) {
  static const int64_t january = 946684800000000, july = 962409600000000; /* 2000 */
  bool summer;
  const char *s = mill_zone_name_at(z, january, &summer);
  return summer ? mill_zone_name_at(z, july, NULL) : s;
}

static mill_status zone_name(printer *p, int count) {
  const mill_zone *z = p->m->zone;
  if (z == NULL) return p->offset == 0 ? put(p, "Z", 1) : offset(p, true, true, true);
  const char *id = mill_zone_id(z);
  int64_t at = p->m->local - (int64_t)p->offset * 1000000;
  const char *s = strchr(id, '/') ? mill_zone_name_at(z, at, NULL) : id;
  if (strcmp(s, "LMT") == 0) s = standard_name(z); /* of the time before the zone had a name */
  for (size_t i = 0; count == 4 && i < sizeof zone_names / sizeof *zone_names; i++)
    if (strcmp(s, zone_names[i].abbreviation) == 0) s = zone_names[i].full;
  return put(p, s, strlen(s));
}

static mill_status zone_id(printer *p) {
  if (p->m->zone == NULL) return zone_name(p, 1);
  const char *id = mill_zone_id(p->m->zone);
  return put(p, id, strlen(id));
}

/* A name in the pattern's own language. */
static mill_status local_name(printer *p, const pattern_item *t, mill_locale_list list) {
  const mill_datetime *d = &p->d;
  size_t n;
  int i = t->letter == 'E'   ? mill_weekday(p->days)
          : t->letter == 'a' ? d->hour >= 12
          : t->letter == 'G' ? (d->year > 0) + 2 * (t->count == 4)
                             : d->month - 1;
  const char *s = mill_locale_name(p->locale, list, i, &n);
  return put(p, s, n);
}

static mill_status print_item(printer *p, const pattern_item *t, bool era) {
  const mill_datetime *d = &p->d;
  mill_locale_list list;
  int h12 = d->hour % 12;
  if (p->locale && mill_pattern_names(t, &list)) return local_name(p, t, list);
  switch (t->letter) {
  case 0: return t->n == 1 ? put(p, t->s, 1) : put(p, t->s, t->n);
  case '[':
  case ']': return MILL_OK;
  case 'G':
    if (t->count == 4)
      return mill_text_adds(p->out, d->year > 0 ? "Anno Domini" : "Before Christ", p->err);
    return put(p, d->year > 0 ? "AD" : "BC", 2);
  case 'y': return year(p, t->count, era);
  case 'M':
  case 'L':
    if (t->count < 3) return number(p, d->month, t->count);
    return name(p, mill_month_names[d->month - 1], t->count);
  case 'd': return number(p, d->day, t->count);
  case 'D': return number(p, mill_day_of_year(p->days), t->count);
  case 'Q':
  case 'q': return quarter(p, t->count);
  case 'E': return name(p, mill_day_names[mill_weekday(p->days)], t->count);
  case 'F': return number(p, (d->day - 1) % 7 + 1, 1);
  case 'a': return put(p, d->hour < 12 ? "AM" : "PM", 2);
  case 'h': return number(p, h12 ? h12 : 12, t->count);
  case 'K': return number(p, h12, t->count);
  case 'H': return number(p, d->hour, t->count);
  case 'k': return number(p, d->hour ? d->hour : 24, t->count);
  case 'm': return number(p, d->minute, t->count);
  case 's': return number(p, d->second, t->count);
  case 'S': return fraction(p, t->count);
  case 'V': return zone_id(p);
  case 'z': return zone_name(p, t->count);
  default: return any_offset(p, t->letter, t->count);
  }
}

mill_status mill_pattern_format(const mill_pattern *p, const mill_moment *m, mill_text *out,
                                mill_error *err) {
  printer w = {.m = m, .offset = m->offset, .locale = p->locale, .out = out, .err = err};
  bool era = false;
  mill_datetime_of(m->local, &w.d);
  MILL_TRY(mill_text_reserve(out, PATTERN_FIXED_MOST, err));
  if (p->fixed.n && mill_pattern_fixed_print(&p->fixed, &w.d, out->data + out->size)) {
    out->size += p->fixed.n;
    out->data[out->size] = 0;
    return MILL_OK;
  }
  w.days = mill_floor_div(m->local, MILL_MICROS_DAY);
  for (int i = 0; i < p->nitems; i++) era |= p->item[i].letter == 'G';
  for (int i = 0; i < p->nitems; i++) MILL_TRY(print_item(&w, &p->item[i], era));
  return MILL_OK;
}

/* ---- moments -------------------------------------------------------------------------------- */

bool mill_moment_utc(const mill_moment *m, int64_t *utc) {
  if (m->zone) return mill_zone_to_utc(m->zone, m->local, utc);
  return !__builtin_sub_overflow(m->local, (int64_t)m->offset * 1000000, utc);
}

mill_moment mill_moment_at(int64_t utc, const mill_zone *zone) {
  int32_t o = mill_zone_offset_at(zone, utc);
  return (mill_moment){mill_zone_shift(utc, o), zone, o, 0, false};
}
