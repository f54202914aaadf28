/* Numbers as other languages than English write them ("1.234,5"), after java.text.DecimalFormat without a pattern. */
#ifndef MILL_BASE_LOCALE_NUMBER_H
#define MILL_BASE_LOCALE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct mill_signs {
  const char *decimal, *grouping, *minus, *exponent; /* UTF-8 */
  const char *tags;                                  /* each with a blank behind it */
} mill_signs;

/* By a language tag ("de-CH"), else by the language in it; English for one that is not known. */
const mill_signs *mill_signs_find(const char *tag);
/* The number that is all of s[0, n) in plain digits ("-1234.5E3"); their number, 0: it is none, or longer than
** `room`. Separators of groups may stand anywhere before the decimal separator as long as a digit follows. */
size_t mill_signs_plain(const mill_signs *l, const char *s, size_t n, char *out, size_t room);

#endif
