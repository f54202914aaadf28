/* Patterns whose texts all have one layout, such as dd/MM/yyyy HH:mm:ss: yyyy and letters in twos, each at
** most once, with characters of ASCII between that are no digits. A text of that length with
** digits where the layout has them is what the general reader would take, field by field; any other text
** (a year with a sign, say) is left to that. Bytes are compared in words of eight, of which the last
** overlaps those before. Printing puts the layout and then the digits; a year of more or fewer than four
** digits is left to the general printer. */
#include <string.h>

#include "base/pattern_int.h"

enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND };

static bool not_between(unsigned char c) { return c >= 0x80 || (c >= '0' && c <= '9'); }

static int field_of(const pattern_item *t) {
  if (t->letter == 'y') return t->count == 4 ? YEAR : -1;
  if (t->count != 2) return -1;
  const char *letters = "yMdHms", *k = strchr(letters, t->letter == 'L' ? 'M' : t->letter);
  return k ? (int)(k - letters) : -1;
}

static bool add_item(pattern_fixed *f, const pattern_item *t, char *layout) {
  int field = t->letter ? field_of(t) : -1;
  size_t n = t->letter ? t->count : t->n;
  if (f->n + n > PATTERN_FIXED_MOST || (t->letter && (field < 0 || f->at[field] >= 0)))
    return false;
  if (t->letter) f->at[field] = (int8_t)f->n;
  for (size_t i = 0; i < n; i++) {
    if (!t->letter && not_between((unsigned char)t->s[i])) return false;
    layout[f->n++] = t->letter ? '0' : t->s[i];
  }
  return true;
}

static inline uint64_t load(const char *p) {
  uint64_t w;
  memcpy(&w, p, 8);
  return w;
}

/* Where word k of a layout begins. */
static inline size_t word_at(size_t n, int k) {
  return 8 * (size_t)k < n - 8 ? 8 * (size_t)k : n - 8;
}

void mill_pattern_lay_out(mill_pattern *p) {
  pattern_fixed f = {.at = {-1, -1, -1, -1, -1, -1}};
  char layout[PATTERN_FIXED_MOST], digits[PATTERN_FIXED_MOST];
  for (int i = 0; i < p->nitems; i++)
    if (!add_item(&f, &p->item[i], layout)) return;
  if (f.n < 8) return;
  for (size_t i = 0; i < f.n; i++) digits[i] = layout[i] == '0' ? (char)0xff : 0;
  for (int k = 0; k < PATTERN_FIXED_MOST / 8; k++) {
    f.layout[k] = load(layout + word_at(f.n, k));
    f.digits[k] = load(digits + word_at(f.n, k));
  }
  p->fixed = f;
}

/* Does each byte lie within nine of the layout's where that has a digit, and equal it elsewhere? Adding
** raises the high bit of bytes that do not. */
static inline bool agrees(uint64_t x, uint64_t layout, uint64_t digits) {
  uint64_t d = x ^ layout;
  uint64_t room = (digits & 0x7676767676767676ull) | (~digits & 0x7f7f7f7f7f7f7f7full);
  return ((d | (d + room)) & 0x8080808080808080ull) == 0;
}

static inline int two(const pattern_fixed *f, int field, const char *s, int otherwise) {
  const char *p = s + f->at[field];
  return f->at[field] < 0 ? otherwise : (p[0] - '0') * 10 + p[1] - '0';
}

bool mill_pattern_fixed_parse(const pattern_fixed *f, const char *s, int64_t *days,
                              int64_t *micros) {
  for (int k = 0; k == 0 || 8 * (size_t)k < f->n; k++)
    if (!agrees(load(s + word_at(f->n, k)), f->layout[k], f->digits[k])) return false;
  const char *y = s + f->at[YEAR];
  int year = f->at[YEAR] < 0 ? 1970 : ((y[0] * 10 + y[1]) * 10 + y[2]) * 10 + y[3] - 1111 * '0';
  int month = two(f, MONTH, s, 1), day = two(f, DAY, s, 1);
  int64_t hour = two(f, HOUR, s, 0), minute = two(f, MINUTE, s, 0), second = two(f, SECOND, s, 0);
  if (!mill_valid_civil(year, month, day) || hour > 23 || minute > 59 || second > 59) return false;
  *days = mill_days_from_civil(year, month, day);
  *micros = ((hour * 60 + minute) * 60 + second) * 1000000;
  return true;
}

static inline void put_two(const pattern_fixed *f, int field, int v, char *to) {
  if (f->at[field] < 0) return;
  to[f->at[field]] = (char)('0' + v / 10);
  to[f->at[field] + 1] = (char)('0' + v % 10);
}

bool mill_pattern_fixed_print(const pattern_fixed *f, const mill_datetime *d, char *to) {
  if (d->year < 0 || d->year > 9999) return false;
  for (int k = 0; k == 0 || 8 * (size_t)k < f->n; k++)
    memcpy(to + word_at(f->n, k), &f->layout[k], 8);
  int year = (int)d->year;
  if (f->at[YEAR] >= 0) {
    char *y = to + f->at[YEAR];
    for (int k = 3; k >= 0; k--, year /= 10) y[k] = (char)('0' + year % 10);
  }
  put_two(f, MONTH, d->month, to);
  put_two(f, DAY, d->day, to);
  put_two(f, HOUR, d->hour, to);
  put_two(f, MINUTE, d->minute, to);
  put_two(f, SECOND, d->second, to);
  return true;
}
