/* Compiled patterns, shared by pattern.c (making, printing) and pattern_parse.c. Private. */
#ifndef MILL_BASE_PATTERN_INT_H
#define MILL_BASE_PATTERN_INT_H

#include "base/locale.h"
#include "base/pattern.h"

typedef struct pattern_item {
  char letter;    /* 0: the literal bytes; '[' and ']': an optional part */
  uint8_t count;  /* letters in a row */
  uint8_t follow; /* digits of the fixed-width numbers right behind, when reading */
  uint16_t end;   /* '[': the item behind its ']' */
  const char *s;
  size_t n;
} pattern_item;

/* The layout that all texts of a pattern have (pattern_fixed.c); n = 0: none. */
enum { PATTERN_FIXED_MOST = 24 };
typedef struct pattern_fixed {
  size_t n;
  int8_t at[6]; /* of year, month, day, hour, minute, second; -1: not there */
  uint64_t layout[PATTERN_FIXED_MOST / 8], digits[PATTERN_FIXED_MOST / 8];
} pattern_fixed;

struct mill_pattern {
  int nitems;
  pattern_item *item;
  pattern_fixed fixed;
  const mill_locale *locale; /* NULL: English */
};

/* Find p->fixed. */
void mill_pattern_lay_out(mill_pattern *p);
/* A text of that length; false: the general way must tell. */
bool mill_pattern_fixed_parse(const pattern_fixed *f, const char *s, int64_t *days,
                              int64_t *micros);
/* f->n bytes; false: the general way must print it. */
bool mill_pattern_fixed_print(const pattern_fixed *f, const mill_datetime *d, char *to);

/* The list of names that an item takes; false: it is a number. */
bool mill_pattern_names(const pattern_item *t, mill_locale_list *list);

extern const char *const mill_month_names[12];
extern const char *const mill_day_names[7]; /* from Sunday */

#endif
