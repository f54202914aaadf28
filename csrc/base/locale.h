/* Names of months, days, halves of the day and eras in other languages than English: locale.def. */
#ifndef MILL_BASE_LOCALE_H
#define MILL_BASE_LOCALE_H

#include <stddef.h>

typedef enum mill_locale_list {
  MILL_MONTHS,
  MILL_SHORT_MONTHS,
  MILL_MONTHS_ALONE, /* where no day stands beside them */
  MILL_SHORT_MONTHS_ALONE,
  MILL_DAYS, /* from Sunday */
  MILL_SHORT_DAYS,
  MILL_HALVES,
  MILL_ERAS, /* BC and AD, short and then full */
  MILL_LOCALE_LISTS
} mill_locale_list;

typedef struct mill_locale mill_locale;

/* By its language tag ("fr-FR"), else by the language in it ("fr"); NULL: none. */
const mill_locale *mill_locale_find(const char *tag);
/* The i-th name of a list, from 0; *n: its bytes. */
const char *mill_locale_name(const mill_locale *l, mill_locale_list list, int i, size_t *n);

#endif
