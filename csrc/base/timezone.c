#include "base/timezone.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"

enum { ZONE_FILE_MAX = 1 << 20, ZONE_NAME_MAX = 64, ABBREVIATION_MAX = 16 };

typedef struct transition {
  int64_t at; /* seconds since 1970: from here on `kind` holds */
  uint8_t kind;
} transition;

typedef struct local_kind {
  int32_t offset;
  bool daylight;
  char name[ABBREVIATION_MAX];
} local_kind;

/* A rule of a POSIX TZ string: Mm.w.d, Jn or n, and the second of that day. */
typedef struct posix_rule {
  char form; /* 'M', 'J', '0' */
  int month, week, day;
  int32_t time;
} posix_rule;

struct mill_zone {
  char id[ZONE_NAME_MAX];
  size_t nkinds, ntransitions, bytes; /* bytes: of the whole allocation */
  local_kind *kinds;
  transition *transitions;
  local_kind standard, summer; /* beyond the last transition */
  posix_rule start, stop;
  bool footer, has_summer;
  mill_zone *next;
};

struct mill_zones {
  mill_memory *memory;
  pthread_mutex_t lock;
  mill_zone *head;
  bool starved; /* of the lookup under the lock: there was no memory for it */
};

/* One offset for all time. */
static bool fixed(const mill_zone *z) {
  return z->ntransitions == 0 && !z->has_summer && z->footer;
}

static const mill_zone utc_zone = {.id = "UTC", .standard = {0, false, "UTC"}, .footer = true};

const mill_zone *mill_zone_utc(void) { return &utc_zone; }
const char *mill_zone_id(const mill_zone *z) { return z->id; }
bool mill_zone_is_utc(const mill_zone *z) { return fixed(z) && z->standard.offset == 0; }

mill_zones *mill_zones_new(mill_memory *m) {
  mill_zones *z = mill_calloc(m, sizeof *z);
  if (!z) return NULL;
  z->memory = m;
  if (pthread_mutex_init(&z->lock, NULL) != 0) {
    mill_free(m, z, sizeof *z);
    return NULL;
  }
  return z;
}

void mill_zones_free(mill_zones *z) {
  if (!z) return;
  for (mill_zone *at = z->head, *next; at; at = next) {
    next = at->next;
    mill_free(z->memory, at, at->bytes);
  }
  pthread_mutex_destroy(&z->lock);
  mill_free(z->memory, z, sizeof *z);
}

/* ---- POSIX TZ footer: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

static bool posix_name(const char **p, char *out) {
  const char *s = *p;
  size_t n = 0;
  bool quoted = *s == '<';
  if (quoted) s++;
  while (*s && (quoted ? *s != '>' : ((*s | 32) >= 'a' && (*s | 32) <= 'z'))) {
    if (n + 1 >= ABBREVIATION_MAX) return false;
    out[n++] = *s++;
  }
  if (quoted && *s++ != '>') return false;
  out[n] = 0;
  *p = s;
  return n > 0;
}

static bool posix_number(const char **p, int max, int *out) {
  int v = 0, n = 0;
  for (; **p >= '0' && **p <= '9' && n < 4; ++*p, n++) v = v * 10 + (**p - '0');
  *out = v;
  return n > 0 && v <= max;
}

/* [+-]hh[:mm[:ss]] */
static bool posix_time(const char **p, int32_t *out) {
  int sign = 1, h, m = 0, s = 0;
  if (**p == '-' || **p == '+') sign = *(*p)++ == '-' ? -1 : 1;
  if (!posix_number(p, 167, &h)) return false;
  if (**p == ':' && (++*p, !posix_number(p, 59, &m))) return false;
  if (**p == ':' && (++*p, !posix_number(p, 59, &s))) return false;
  *out = sign * (h * 3600 + m * 60 + s);
  return true;
}

static bool posix_date(const char **p, posix_rule *r) {
  if (*(*p)++ != ',') return false;
  r->form = **p == 'M' || **p == 'J' ? *(*p)++ : '0';
  bool ok = r->form == 'M'
                ? posix_number(p, 12, &r->month) && *(*p)++ == '.' &&
                      posix_number(p, 5, &r->week) && *(*p)++ == '.' && posix_number(p, 6, &r->day)
                : posix_number(p, 365, &r->day);
  if (!ok || (r->form == 'M' && (r->month < 1 || r->week < 1))) return false;
  r->time = 7200;
  if (**p != '/') return true;
  ++*p;
  return posix_time(p, &r->time);
}

static bool read_footer(mill_zone *z, const char *s) {
  if (!posix_name(&s, z->standard.name) || !posix_time(&s, &z->standard.offset)) return false;
  z->standard.offset = -z->standard.offset;
  z->footer = true;
  if (!*s) return true;
  if (!posix_name(&s, z->summer.name)) return false;
  z->summer.daylight = true;
  z->summer.offset = z->standard.offset + 3600;
  if (*s != ',') {
    if (!posix_time(&s, &z->summer.offset)) return false;
    z->summer.offset = -z->summer.offset;
  }
  z->has_summer = true;
  return posix_date(&s, &z->start) && posix_date(&s, &z->stop) && !*s;
}

/* Seconds since 1970, local, at which the rule strikes in a year. */
static int64_t rule_seconds(const posix_rule *r, int64_t year) {
  int64_t first = mill_days_from_civil(year, 1, 1), day;
  if (r->form == 'J') {
    day = first + r->day - 1 + (r->day >= 60 && mill_is_leap(year));
  } else if (r->form == '0') {
    day = first + r->day;
  } else {
    int64_t start = mill_days_from_civil(year, r->month, 1);
    int shift = (r->day - mill_weekday(start) + 7) % 7; /* 0: Sunday */
    day = start + shift + 7 * (r->week - 1);
    while (day >= start + mill_days_in_month(year, r->month)) day -= 7;
  }
  return day * 86400 + r->time;
}

static const local_kind *footer_kind(const mill_zone *z, int64_t seconds) {
  if (!z->has_summer) return &z->standard;
  int64_t year;
  int month, day;
  mill_civil_from_days(mill_floor_div(seconds + z->standard.offset, 86400), &year, &month, &day);
  int64_t start = rule_seconds(&z->start, year) - z->standard.offset;
  int64_t stop = rule_seconds(&z->stop, year) - z->summer.offset;
  bool summer =
      start < stop ? seconds >= start && seconds < stop : seconds >= start || seconds < stop;
  return summer ? &z->summer : &z->standard;
}

/* ---- TZif ---- */

static int64_t big_endian(const uint8_t *p, int n) {
  uint64_t v = n == 8 ? 0 : (p[0] & 0x80 ? ~0ull : 0);
  for (int i = 0; i < n; i++) v = v << 8 | p[i];
  return (int64_t)v;
}

typedef struct tzif_counts {
  size_t isut, isstd, leap, times, types, chars;
} tzif_counts;

static bool read_counts(const uint8_t *p, size_t n, tzif_counts *c) {
  if (n < 44 || memcmp(p, "TZif", 4) != 0 || p[4] < '2') return false;
  size_t *field[6] = {&c->isut, &c->isstd, &c->leap, &c->times, &c->types, &c->chars};
  for (int i = 0; i < 6; i++) {
    int64_t v = big_endian(p + 20 + 4 * i, 4);
    if (v < 0 || v > ZONE_FILE_MAX) return false;
    *field[i] = (size_t)v;
  }
  return c->types >= 1 && c->types <= 255;
}

static size_t data_size(const tzif_counts *c, size_t time) {
  return c->times * (time + 1) + c->types * 6 + c->chars + c->leap * (time + 4) + c->isstd +
         c->isut;
}

static bool read_kinds(mill_zone *z, const uint8_t *p, const tzif_counts *c) {
  const uint8_t *names = p + c->types * 6;
  for (size_t i = 0; i < c->types; i++, p += 6) {
    local_kind *k = &z->kinds[i];
    k->offset = (int32_t)big_endian(p, 4);
    k->daylight = p[4] != 0;
    if (p[5] >= c->chars || k->offset < -90000 || k->offset > 90000) return false;
    size_t n = strnlen((const char *)names + p[5], c->chars - p[5]);
    if (n >= ABBREVIATION_MAX) n = ABBREVIATION_MAX - 1;
    memcpy(k->name, names + p[5], n);
  }
  return true;
}

static bool read_transitions(mill_zone *z, const uint8_t *p, const tzif_counts *c) {
  for (size_t i = 0; i < c->times; i++) {
    transition *t = &z->transitions[i];
    t->at = big_endian(p + 8 * i, 8);
    t->kind = p[8 * c->times + i];
    if (t->kind >= c->types || (i && t->at <= t[-1].at)) return false;
  }
  return true;
}

/* A zone of a whole TZif file (the 64-bit part), NULL when it is malformed or memory is out. */
static mill_zone *read_tzif(mill_zones *zs, const uint8_t *p, size_t n) {
  tzif_counts c;
  if (!read_counts(p, n, &c) || data_size(&c, 4) > n - 44) return NULL;
  size_t skip = 44 + data_size(&c, 4);
  p += skip;
  n -= skip;
  if (!read_counts(p, n, &c) || data_size(&c, 8) > n - 44) return NULL;
  size_t bytes = sizeof(mill_zone) + c.times * sizeof(transition) + c.types * sizeof(local_kind);
  mill_zone *z = mill_calloc(zs->memory, bytes);
  zs->starved |= z == NULL;
  if (!z) return NULL;
  z->bytes = bytes;
  z->nkinds = c.types;
  z->ntransitions = c.times;
  z->transitions = (transition *)(z + 1);
  z->kinds = (local_kind *)(z->transitions + c.times);
  const uint8_t *footer = p + 44 + data_size(&c, 8);
  size_t left = n - 44 - data_size(&c, 8);
  char rule[128] = "";
  bool ok = read_transitions(z, p + 44, &c) && read_kinds(z, p + 44 + c.times * 9, &c);
  if (ok && left > 2 && footer[0] == '\n') {
    size_t k = 0;
    while (k + 2 < left && k + 1 < sizeof rule && footer[k + 1] != '\n')
      rule[k] = (char)footer[k + 1], k++;
    rule[k] = 0;
  }
  if (ok && rule[0]) ok = read_footer(z, rule);
  if (ok) return z;
  mill_free(zs->memory, z, bytes);
  return NULL;
}

static mill_zone *load_region(mill_zones *zs, const char *id) {
  char path[ZONE_NAME_MAX + 32];
  snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", id);
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  uint8_t *buf = mill_alloc(zs->memory, ZONE_FILE_MAX);
  mill_zone *z = NULL;
  zs->starved |= buf == NULL;
  if (buf) {
    size_t n = fread(buf, 1, ZONE_FILE_MAX, f);
    z = read_tzif(zs, buf, n);
    mill_free(zs->memory, buf, ZONE_FILE_MAX);
  }
  fclose(f);
  return z;
}

/* ---- ids ---- */

/* Regions are letters, digits and _ - + / without empty parts; no part can be "..", no leading
** slash. */
static bool region_syntax(const char *id) {
  if (!((*id | 32) >= 'a' && (*id | 32) <= 'z')) return false;
  for (const char *p = id; *p; p++) {
    bool word = ((*p | 32) >= 'a' && (*p | 32) <= 'z') || (*p >= '0' && *p <= '9');
    if (!word && !strchr("_-+/", *p)) return false;
    if (*p == '/' && (p[1] == '/' || !p[1])) return false;
  }
  return true;
}

static bool two_digits(const char **p, int max, int *out) {
  if (!(**p >= '0' && **p <= '9')) return false;
  *out = *(*p)++ - '0';
  if (**p >= '0' && **p <= '9') *out = *out * 10 + (*(*p)++ - '0');
  return *out <= max;
}

/* +h, +hh, +hh:mm, +hhmm, +hh:mm:ss, +h:mm, +hh:m */
static bool parse_offset(const char *s, int32_t *out) {
  int h = 0, m = 0, sec = 0;
  if (*s != '+' && *s != '-') return false;
  int sign = *s++ == '-' ? -1 : 1;
  if (!two_digits(&s, 18, &h)) return false;
  bool colon = *s == ':';
  if (*s) {
    if (colon) s++;
    if (!two_digits(&s, 59, &m)) return false;
  }
  if (*s) {
    if (colon && *s++ != ':') return false;
    if (!two_digits(&s, 59, &sec)) return false;
  }
  *out = sign * (h * 3600 + m * 60 + sec);
  return !*s && *out >= -64800 && *out <= 64800;
}

static const char *const old_ids[][2] = {
    {"ACT", "Australia/Darwin"},
    {"AET", "Australia/Sydney"},
    {"AGT", "America/Argentina/Buenos_Aires"},
    {"ART", "Africa/Cairo"},
    {"AST", "America/Anchorage"},
    {"BET", "America/Sao_Paulo"},
    {"BST", "Asia/Dhaka"},
    {"CAT", "Africa/Harare"},
    {"CNT", "America/St_Johns"},
    {"CST", "America/Chicago"},
    {"CTT", "Asia/Shanghai"},
    {"EAT", "Africa/Addis_Ababa"},
    {"ECT", "Europe/Paris"},
    {"IET", "America/Indiana/Indianapolis"},
    {"IST", "Asia/Kolkata"},
    {"JST", "Asia/Tokyo"},
    {"MIT", "Pacific/Apia"},
    {"NET", "Asia/Yerevan"},
    {"NST", "Pacific/Auckland"},
    {"PLT", "Asia/Karachi"},
    {"PNT", "America/Phoenix"},
    {"PRT", "America/Puerto_Rico"},
    {"PST", "America/Los_Angeles"},
    {"SST", "Pacific/Guadalcanal"},
    {"VST", "Asia/Ho_Chi_Minh"},
    {"EST", "America/Panama"},
    {"MST", "America/Phoenix"},
    {"HST", "Pacific/Honolulu"},
};

/* A zone of a fixed offset, if the id is one: "+01:00", "UTC+1", "GMT", "Z". */
static mill_zone *fixed_zone(mill_zones *zs, const char *id) {
  int32_t offset = 0;
  const char *s = id;
  if (strncmp(s, "UTC", 3) == 0 || strncmp(s, "GMT", 3) == 0)
    s += 3;
  else if (strncmp(s, "UT", 2) == 0)
    s += 2;
  else if (strcmp(s, "Z") == 0)
    s += 1;
  if (s == id ? !parse_offset(s, &offset) : *s && !parse_offset(s, &offset)) return NULL;
  mill_zone *z = mill_calloc(zs->memory, sizeof *z);
  zs->starved |= z == NULL;
  if (!z) return NULL;
  z->bytes = sizeof *z;
  z->footer = true;
  z->standard.offset = offset;
  snprintf(z->standard.name, sizeof z->standard.name, "%.15s", id);
  return z;
}

static mill_zone *load(mill_zones *zs, const char *id) {
  mill_zone *z = fixed_zone(zs, id);
  if (z) return z;
  for (size_t i = 0; i < sizeof old_ids / sizeof *old_ids; i++)
    if (strcmp(old_ids[i][0], id) == 0) return load_region(zs, old_ids[i][1]);
  return region_syntax(id) ? load_region(zs, id) : NULL;
}

mill_status mill_zones_find(mill_zones *zs, const char *id, size_t n, const mill_zone **out,
                            mill_error *err) {
  char name[ZONE_NAME_MAX];
  mill_zone *z = NULL;
  bool starved = false;
  if (n == 3 && memcmp(id, "UTC", 3) == 0) {
    *out = &utc_zone;
    return MILL_OK;
  }
  if (n > 0 && n < sizeof name && !memchr(id, 0, n)) {
    memcpy(name, id, n);
    name[n] = 0;
    pthread_mutex_lock(&zs->lock);
    zs->starved = false;
    for (z = zs->head; z && strcmp(z->id, name) != 0;) z = z->next;
    if (!z && (z = load(zs, name))) {
      memcpy(z->id, name, n + 1);
      z->next = zs->head;
      zs->head = z;
    }
    starved = zs->starved;
    pthread_mutex_unlock(&zs->lock);
  }
  *out = z;
  if (z) return MILL_OK;
  if (starved) return mill_oom(zs->memory, ZONE_FILE_MAX, err);
  return mill_fail(err, MILL_E_INVALID_TIMEZONE, "timeZone",
                   mill_error_fmt(err, "%.*s", n > 200 ? 200 : (int)n, id), NULL);
}

static _Thread_local mill_memory *short_of; /* what mill_zones_try found no memory in */

const mill_zone *mill_zones_try(mill_zones *zs, const char *id, size_t n) {
  const mill_zone *z;
  mill_error ignored;
  mill_error_clear(&ignored);
  mill_status s = mill_zones_find(zs, id, n, &z, &ignored);
  if (s == MILL_E_OUT_OF_MEMORY) short_of = zs->memory;
  return z;
}

mill_status mill_zones_check(mill_error *err) {
  mill_memory *m = short_of;
  short_of = NULL;
  return m ? mill_oom(m, ZONE_FILE_MAX, err) : MILL_OK;
}

/* ---- look-up ---- */

static const local_kind *kind_at(const mill_zone *z, int64_t seconds) {
  size_t n = z->ntransitions;
  if (n == 0 || seconds >= z->transitions[n - 1].at)
    return z->footer ? footer_kind(z, seconds) : &z->kinds[n ? z->transitions[n - 1].kind : 0];
  if (seconds < z->transitions[0].at) return &z->kinds[0];
  size_t lo = 0, hi = n - 1; /* transitions[lo].at <= seconds < transitions[hi].at */
  while (hi - lo > 1) {
    size_t mid = lo + (hi - lo) / 2;
    if (z->transitions[mid].at <= seconds)
      lo = mid;
    else
      hi = mid;
  }
  return &z->kinds[z->transitions[lo].kind];
}

int32_t mill_zone_offset_at(const mill_zone *z, int64_t micros) {
  if (fixed(z)) return z->standard.offset;
  return kind_at(z, mill_floor_div(micros, 1000000))->offset;
}

const char *mill_zone_name_at(const mill_zone *z, int64_t micros, bool *summer) {
  const local_kind *k = kind_at(z, mill_floor_div(micros, 1000000));
  if (summer) *summer = k->daylight;
  return k->name;
}

/* Offsets a day before and a day after bracket every transition near `local`. Both may map it to an
** instant that has that offset (overlap: the earlier offset is that of the time before); none does
** in a gap, where the offset before moves the time on by the length of the gap. */
bool mill_zone_to_utc(const mill_zone *z, int64_t local, int64_t *utc) {
  const int64_t day = 86400000000;
  if (fixed(z)) return !__builtin_sub_overflow(local, (int64_t)z->standard.offset * 1000000, utc);
  if (local < INT64_MIN + 2 * day || local > INT64_MAX - 2 * day) return false;
  int64_t before = (int64_t)mill_zone_offset_at(z, local - day) * 1000000;
  int64_t after = (int64_t)mill_zone_offset_at(z, local + day) * 1000000;
  *utc = local - before;
  if (before == after) return true;
  bool holds = (int64_t)mill_zone_offset_at(z, local - before) * 1000000 == before;
  bool holds_after = (int64_t)mill_zone_offset_at(z, local - after) * 1000000 == after;
  if (!holds && holds_after) *utc = local - after;
  return true;
}
