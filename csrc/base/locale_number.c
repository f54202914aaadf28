/* Numbers by language; see locale_number.h. */
#include "base/locale_number.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

static const mill_signs languages[] = {
#define MILL_NUMBERS(...) {__VA_ARGS__},
#include "base/locale_number.def"
#undef MILL_NUMBERS
};

static const mill_signs english = {".", ",", "-", "E", ""};

static bool lists(const char *tags, const char *tag, size_t n) {
  for (const char *p = tags; *p; p += strcspn(p, " ") + 1)
    if (strncasecmp(p, tag, n) == 0 && p[n] == ' ') return true;
  return false;
}

const mill_signs *mill_signs_find(const char *tag) {
  for (size_t n = strlen(tag); n;) {
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
      if (lists(languages[i].tags, tag, n)) return &languages[i];
    while (n && tag[n - 1] != '-') n--;
    if (n) n--;
  }
  return &english;
}

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct walk {
  const mill_signs *l;
  const char *p, *end;
  char *out;
  size_t n, room;
} walk;

static bool take(walk *w, const char *sign) {
  size_t n = strlen(sign);
  if ((size_t)(w->end - w->p) < n || memcmp(w->p, sign, n) != 0) return false;
  w->p += n;
  return true;
}

static void put(walk *w, char c) {
  if (w->n < w->room) w->out[w->n] = c;
  w->n++;
}

/* A digit of any script. */
static bool take_digit(walk *w) {
  int n;
  if (w->p == w->end) return false;
  int digit = mill_utf8_digit(mill_utf8_decode(w->p, (size_t)(w->end - w->p), &n));
  if (digit < 0) return false;
  put(w, (char)('0' + digit));
  w->p += n;
  return true;
}

static bool take_digits(walk *w) {
  bool any = false;
  while (take_digit(w)) any = true;
  return any;
}

static bool take_exponent(walk *w) {
  put(w, 'E');
  if (take(w, w->l->minus)) put(w, '-');
  return take_digits(w);
}

size_t mill_signs_plain(const mill_signs *l, const char *s, size_t n, char *out, size_t room) {
  walk w = {l, s, s + n, out, 0, room};
  bool point = false, any = false, open = false; /* open: a digit must follow */
  if (take(&w, l->minus)) put(&w, '-');
  for (;;) {
    if (take_digits(&w)) {
      any = true;
      open = false;
    } else if (!point && take(&w, l->decimal)) {
      point = true;
      put(&w, '.');
    } else if (!point && take(&w, l->grouping)) {
      open = true;
    } else {
      break;
    }
  }
  if (any && !open && take(&w, l->exponent) && !take_exponent(&w)) return 0;
  return any && !open && w.p == w.end && w.n <= room ? w.n : 0;
}
