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

struct mill_pattern {
  int nitems;
  pattern_item *item;
  const mill_locale *locale; /* NULL: English */
};

/* The list of names that an item takes; false: it is a number. */
bool mill_pattern_names(const pattern_item *t, mill_locale_list *list);

extern const char *const mill_month_names[12];
extern const char *const mill_day_names[7]; /* from Sunday */

#endif
