/* Collations: which texts are equal, and their order. Spark: CollationFactory.
**
** An id is a sum of flags and, in steps of MILL_COLLATE_STEP, of a locale of collation.def: 0 is UTF8_BINARY,
** 1 UTF8_LCASE (code points of the lower-case forms), MILL_COLLATE_STEP UNICODE (the root of CLDR), and so on.
** Those of locales need ICU, which is opened when the first one is used: mill_collation_open must have said
** MILL_OK before the others are called. Thread-safe. */
#ifndef MILL_BASE_COLLATION_H
#define MILL_BASE_COLLATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"

enum {
  MILL_COLLATE_CI = 1,   /* upper and lower case are equal */
  MILL_COLLATE_AI = 2,   /* accents do not count */
  MILL_COLLATE_TRIM = 4, /* blanks at the end do not count */
  MILL_COLLATE_STEP = 8,
  MILL_COLLATION_NAME = 48,
};

/* "UTF8_LCASE", "en_USA_CI_AI", "system.builtin.UNICODE", in any case; false: there is none of the name. */
bool mill_collation_find(const char *name, size_t n, int *id);
/* As Spark writes it; `out` has MILL_COLLATION_NAME bytes. */
const char *mill_collation_name(int id, char *out);
/* The i-th of all collations, in the order that Spark lists them; false: there are no more. */
typedef struct mill_collation_fact {
  int id;
  const char *language, *country; /* in English; NULL: none */
} mill_collation_fact;
bool mill_collation_at(size_t i, mill_collation_fact *out);
/* COLLATION_NOT_AVAILABLE where it needs ICU and that is not installed. */
mill_status mill_collation_open(int id, mill_error *err) MILL_USE_RESULT;
/* The library is there to be asked by the collation. */
bool mill_collation_ready(int id);

int mill_collation_compare(int id, const char *a, size_t an, const char *b, size_t bn);
/* Equal texts have equal hashes. */
uint64_t mill_collation_hash(int id, const char *p, size_t n);
/* Does the text change its case otherwise than by letters alone, and is ICU there? Locales have letters of their
** own (not of ASCII in upper and lower case); initcap of any collation but UTF8_BINARY begins the words of Unicode. */
bool mill_collation_cases(int id, mill_case how, const char *p, size_t n);
/* Adds the text in that case; only where mill_collation_cases says so. */
mill_status mill_collation_case(int id, mill_case how, const char *p, size_t n, mill_text *out,
                                mill_error *err) MILL_USE_RESULT;
/* The code point that stands for all that are equal to it, for searches inside texts. */
int32_t mill_collation_fold(int id, int32_t code);
/* The same where one code point may stand for two; *more: the second, or 0. */
int32_t mill_collation_fold_two(int id, int32_t code, int32_t *more);

#endif
