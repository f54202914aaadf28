/* See collation.h. The functions of ICU are those of ucol.h and ustring.h, declared here so that the headers
** need not be there; their names end in the version. */
#include "base/collation.h"

#include <ctype.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "base/hash.h"
#include "base/utf8.h"

static const struct {
  const char *name, *locale, *language, *country;
} locales[] = {
#define MILL_LOCALE_COLLATION(name, locale, language, country) {name, locale, language, country},
#include "base/collation.def"
#undef MILL_LOCALE_COLLATION
};
enum { NLOCALES = sizeof locales / sizeof *locales, NIDS = (NLOCALES + 1) * MILL_COLLATE_STEP };
enum { NONE = 0xFFFF }; /* MILL_NO_COLLATION of column/type.h */

/* ---- names ---------------------------------------------------------------------------------- */

static bool ends(const char *p, size_t *n, const char *with) {
  size_t k = strlen(with);
  if (*n <= k || strncasecmp(p + *n - k, with, k) != 0) return false;
  *n -= k;
  return true;
}

/* "_CI_AI_RTRIM" at the end of a name, each at most once and trimming last; n becomes what is before. */
static int take_flags(const char *p, size_t *n) {
  int flags = ends(p, n, "_RTRIM") ? MILL_COLLATE_TRIM : 0;
  bool cased = false, accented = false;
  for (;;) {
    if (!cased && ends(p, n, "_CI"))
      cased = true, flags |= MILL_COLLATE_CI;
    else if (!cased && ends(p, n, "_CS"))
      cased = true;
    else if (!accented && ends(p, n, "_AI"))
      accented = true, flags |= MILL_COLLATE_AI;
    else if (!accented && ends(p, n, "_AS"))
      accented = true;
    else
      return flags;
  }
}

static bool is(const char *p, size_t n, const char *name) {
  return strlen(name) == n && strncasecmp(p, name, n) == 0;
}

bool mill_collation_find(const char *p, size_t n, int *id) {
  static const char builtin[] = "system.builtin.";
  if (n > sizeof builtin - 1 && strncasecmp(p, builtin, sizeof builtin - 1) == 0)
    p += sizeof builtin - 1, n -= sizeof builtin - 1;
  size_t whole = n;
  int trim = ends(p, &n, "_RTRIM") ? MILL_COLLATE_TRIM : 0;
  if (is(p, n, "UTF8_BINARY") || is(p, n, "UTF8_LCASE")) {
    *id = trim | (is(p, n, "UTF8_LCASE") ? MILL_COLLATE_CI : 0);
    return true;
  }
  n = whole;
  int flags = take_flags(p, &n);
  for (int i = 0; i < NLOCALES; i++)
    if (is(p, n, locales[i].name)) {
      *id = (i + 1) * MILL_COLLATE_STEP + flags;
      return true;
    }
  return false;
}

const char *mill_collation_name(int id, char *out) {
  int at = id / MILL_COLLATE_STEP;
  const char *trim = id & MILL_COLLATE_TRIM ? "_RTRIM" : "";
  if (at > NLOCALES) /* of none: MILL_NO_COLLATION */
    snprintf(out, MILL_COLLATION_NAME, "null");
  else if (at == 0)
    snprintf(out, MILL_COLLATION_NAME, "UTF8_%s%s", id & MILL_COLLATE_CI ? "LCASE" : "BINARY",
             trim);
  else
    snprintf(out, MILL_COLLATION_NAME, "%s%s%s%s", locales[at - 1].name,
             id & MILL_COLLATE_CI ? "_CI" : "", id & MILL_COLLATE_AI ? "_AI" : "", trim);
  return out;
}

/* ---- ICU ------------------------------------------------------------------------------------ */

typedef struct functions {
  void *(*open)(const char *locale, int *status);
  void (*set)(void *collator, int attribute, int value, int *status);
  int (*compare)(const void *collator, const char *a, int32_t an, const char *b, int32_t bn,
                 int *status);
  int32_t (*key)(const void *collator, const uint16_t *p, int32_t n, uint8_t *out, int32_t room);
  uint16_t *(*utf16)(uint16_t *out, int32_t room, int32_t *n, const char *p, int32_t size,
                     int32_t replacement, int32_t *replaced, int *status);
  char *(*utf8)(char *out, int32_t room, int32_t *n, const uint16_t *p, int32_t size,
                int32_t replacement, int32_t *replaced, int *status);
  int32_t (*upper)(uint16_t *out, int32_t room, const uint16_t *p, int32_t n, const char *locale,
                   int *status);
  int32_t (*lower)(uint16_t *out, int32_t room, const uint16_t *p, int32_t n, const char *locale,
                   int *status);
  int32_t (*title)(uint16_t *out, int32_t room, const uint16_t *p, int32_t n, void *words,
                   const char *locale, int *status);
} functions;

/* UColAttribute, UColAttributeValue. */
enum { STRENGTH = 5, CASE_LEVEL = 3, ON = 17, PRIMARY = 0, SECONDARY = 1, TERTIARY = 2 };
enum { FIRST_VERSION = 60, LAST_VERSION = 99, REPLACEMENT = 0xfffd };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static functions icu;
static bool available;
static _Atomic(void *) collators[NIDS]; /* open as long as the process */

static bool find(void *library, const char *name, int version, void *to) {
  char symbol[64];
  snprintf(symbol, sizeof symbol, "%s_%d", name, version);
  void *f = dlsym(library, symbol);
  memcpy(to, &f, sizeof f);
  return f != NULL;
}

/* The libraries stay open as long as the process. */
static void open_library(void) {
  char name[40];
  for (int v = LAST_VERSION; v >= FIRST_VERSION && !available; v--) {
    snprintf(name, sizeof name, "libicui18n.so.%d", v);
    void *i18n = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (i18n == NULL) continue;
    snprintf(name, sizeof name, "libicuuc.so.%d", v);
    void *uc = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    available = uc && find(i18n, "ucol_open", v, &icu.open) &&
                find(i18n, "ucol_setAttribute", v, &icu.set) &&
                find(i18n, "ucol_strcollUTF8", v, &icu.compare) &&
                find(i18n, "ucol_getSortKey", v, &icu.key) &&
                find(uc, "u_strFromUTF8WithSub", v, &icu.utf16) &&
                find(uc, "u_strToUTF8WithSub", v, &icu.utf8) &&
                find(uc, "u_strToUpper", v, &icu.upper) &&
                find(uc, "u_strToLower", v, &icu.lower) && find(uc, "u_strToTitle", v, &icu.title);
  }
}

/* Strengths as Spark sets them: accents are the second level, case the third, or a level of its own. */
static void *new_collator(int id) {
  int status = 0;
  void *c = icu.open(locales[id / MILL_COLLATE_STEP - 1].locale, &status);
  if (status > 0) return NULL;
  bool ci = id & MILL_COLLATE_CI, ai = id & MILL_COLLATE_AI;
  icu.set(c, STRENGTH, ai ? PRIMARY : ci ? SECONDARY : TERTIARY, &status);
  if (ai && !ci) icu.set(c, CASE_LEVEL, ON, &status);
  return status > 0 ? NULL : c;
}

bool mill_collation_at(size_t i, mill_collation_fact *out) {
  enum { CI = MILL_COLLATE_CI, AI = MILL_COLLATE_AI, TRIM = MILL_COLLATE_TRIM };
  static const int plain[] = {0, CI, TRIM, CI | TRIM};
  static const int each[] = {0, AI, AI | TRIM, CI, CI | AI, CI | AI | TRIM, CI | TRIM, TRIM};
  size_t nplain = sizeof plain / sizeof *plain, neach = sizeof each / sizeof *each;
  *out = (mill_collation_fact){.id = i < nplain ? plain[i] : 0};
  if (i < nplain) return true;
  size_t l = (i - nplain) / neach;
  if (l >= NLOCALES) return false;
  out->id = (int)(l + 1) * MILL_COLLATE_STEP + each[(i - nplain) % neach];
  out->language = locales[l].language;
  out->country = locales[l].country;
  return true;
}

mill_status mill_collation_open(int id, mill_error *err) {
  char name[MILL_COLLATION_NAME];
  if (id < MILL_COLLATE_STEP || id == NONE) return MILL_OK;
  pthread_once(&once, open_library);
  if (available && id < NIDS && atomic_load(&collators[id]) == NULL) {
    pthread_mutex_lock(&mutex);
    if (atomic_load(&collators[id]) == NULL) atomic_store(&collators[id], new_collator(id));
    pthread_mutex_unlock(&mutex);
  }
  if (mill_collation_ready(id)) return MILL_OK;
  return mill_fail(err, MILL_E_COLLATION_NOT_AVAILABLE, "collationName",
                   mill_collation_name(id, name), NULL);
}

bool mill_collation_ready(int id) {
  return id < MILL_COLLATE_STEP || (id < NIDS && atomic_load(&collators[id]) != NULL);
}

/* ---- letters -------------------------------------------------------------------------------- */

/* A letter becomes three at most. */
enum { GROWTH = 3, CASED_MOST = 1 << 28 };

bool mill_collation_cases(int id, mill_case how, const char *p, size_t n) {
  if (n > CASED_MOST || (how == MILL_INITCAP ? id == 0 : id < MILL_COLLATE_STEP)) return false;
  if (how != MILL_INITCAP && mill_utf8_ascii(p, n)) return false; /* not even i in Turkish */
  pthread_once(&once, open_library);
  return available;
}

static int32_t cased(int id, mill_case how, const uint16_t *p, int32_t n, uint16_t *out,
                     int *status) {
  const char *locale = id < MILL_COLLATE_STEP ? "" : locales[id / MILL_COLLATE_STEP - 1].locale;
  int32_t room = n * GROWTH;
  if (how == MILL_INITCAP) return icu.title(out, room, p, n, NULL, locale, status);
  return (how == MILL_UPPER ? icu.upper : icu.lower)(out, room, p, n, locale, status);
}

mill_status mill_collation_case(int id, mill_case how, const char *p, size_t n, mill_text *out,
                                mill_error *err) {
  size_t room = (n + 1) * sizeof(uint16_t) * (1 + GROWTH);
  uint16_t *from = mill_alloc(out->memory, room);
  if (from == NULL) return mill_oom(out->memory, room, err);
  int failed = 0;
  int32_t units = 0, bytes = 0;
  icu.utf16(from, (int32_t)n + 1, &units, p, (int32_t)n, REPLACEMENT, NULL, &failed);
  uint16_t *to = from + units;
  units = failed > 0 ? 0 : cased(id, how, from, units, to, &failed);
  mill_status status = mill_text_reserve(out, (size_t)units * 3 + 1, err);
  if (status == MILL_OK) {
    icu.utf8(out->data + out->size, units * 3 + 1, &bytes, to, units, REPLACEMENT, NULL, &failed);
    out->size += failed > 0 ? 0 : (size_t)bytes;
  }
  mill_free(out->memory, from, room);
  return status;
}

/* ---- comparing ------------------------------------------------------------------------------ */

enum {
  DOTTED_I = 0x130,
  DOT_ABOVE = 0x307
}; /* the one letter whose lower case are two code points */

/* The next character in lower case; *p moves on, but for the first half of two, where *more is the other. */
static int32_t next_lower(const char **p, const char *end, int32_t *more) {
  int length;
  if (*more) {
    int32_t dot = *more;
    *more = 0;
    return dot;
  }
  unsigned char c = (unsigned char)**p;
  if (c < 0x80) {
    *p += 1;
    return c >= 'A' && c <= 'Z' ? c | 32 : c;
  }
  int32_t code = mill_utf8_decode(*p, (size_t)(end - *p), &length);
  *p += length;
  *more = code == DOTTED_I ? DOT_ABOVE : 0;
  return code == DOTTED_I ? 'i' : utf8proc_tolower(code);
}

/* UTF8_LCASE: by code points of the lower-case forms, which is the order of their bytes. */
static int compare_lower(const char *p, size_t pn, const char *q, size_t qn) {
  const char *pe = p + pn, *qe = q + qn;
  int32_t p2 = 0, q2 = 0;
  while ((p < pe || p2) && (q < qe || q2)) {
    int32_t x = next_lower(&p, pe, &p2), y = next_lower(&q, qe, &q2);
    if (x != y) return x < y ? -1 : 1;
  }
  return (p < pe || p2) - (q < qe || q2);
}

static int compare_bytes(const char *a, size_t an, const char *b, size_t bn) {
  int r = memcmp(a, b, an < bn ? an : bn);
  return r ? (r > 0) - (r < 0) : (an > bn) - (an < bn);
}

static size_t trimmed(int id, const char *p, size_t n) {
  while (id & MILL_COLLATE_TRIM && n > 0 && p[n - 1] == ' ') n--;
  return n;
}

/* Texts of no collation are refused before they are compared (plan/collate.c); any others are bytes here. */
static int known(int id) { return id < NIDS ? id : 0; }

int mill_collation_compare(int id, const char *a, size_t an, const char *b, size_t bn) {
  id = known(id);
  an = trimmed(id, a, an);
  bn = trimmed(id, b, bn);
  if (id < MILL_COLLATE_STEP)
    return id & MILL_COLLATE_CI ? compare_lower(a, an, b, bn) : compare_bytes(a, an, b, bn);
  int status = 0;
  return icu.compare(atomic_load(&collators[id]), a, (int32_t)an, b, (int32_t)bn, &status);
}

/* ---- hashing -------------------------------------------------------------------------------- */

static uint64_t hash_lower(const char *p, size_t n) {
  const char *end = p + n;
  uint64_t h = 1;
  int32_t more = 0;
  while (p < end || more) h = mill_hash_combine(h, (uint64_t)next_lower(&p, end, &more));
  return h;
}

/* Of the sort key, or of a part of it where the text is long: equal texts have equal keys. */
enum { UNITS = 256, KEY = 1024 };

static uint64_t hash_key(int id, const char *p, size_t n) {
  uint16_t units[UNITS];
  uint8_t key[KEY];
  int32_t size = 0, replaced;
  int status = 0;
  const void *collator = atomic_load(&collators[id]);
  if (n >= UNITS) return 1; /* rare: they all meet, and are compared */
  icu.utf16(units, UNITS, &size, p, (int32_t)n, REPLACEMENT, &replaced, &status);
  int32_t k = icu.key(collator, units, size, key, KEY);
  return mill_hash_bytes(key, k < KEY ? (size_t)k : KEY);
}

uint64_t mill_collation_hash(int id, const char *p, size_t n) {
  id = known(id);
  n = trimmed(id, p, n);
  if (id >= MILL_COLLATE_STEP) return hash_key(id, p, n);
  return id & MILL_COLLATE_CI ? hash_lower(p, n) : mill_hash_bytes(p, n);
}

/* ---- searching ------------------------------------------------------------------------------ */

/* Without its accents: the first code point of the canonical decomposition. */
static int32_t bare(int32_t code) {
  utf8proc_int32_t parts[8];
  int boundary = 0;
  utf8proc_ssize_t n =
      utf8proc_decompose_char(code, parts, 8, UTF8PROC_DECOMPOSE | UTF8PROC_STABLE, &boundary);
  return n > 0 && n <= 8 ? parts[0] : code;
}

int32_t mill_collation_fold(int id, int32_t code) {
  if (id & MILL_COLLATE_AI && code >= 0x80) code = bare(code);
  return id & MILL_COLLATE_CI ? utf8proc_tolower(code) : code;
}

int32_t mill_collation_fold_two(int id, int32_t code, int32_t *more) {
  bool two = code == DOTTED_I && id & MILL_COLLATE_CI && known(id) < MILL_COLLATE_STEP;
  *more = two ? DOT_ABOVE : 0;
  return two ? 'i' : mill_collation_fold(id, code);
}
