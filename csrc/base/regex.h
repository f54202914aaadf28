/* Regular expressions in Java's syntax, by PCRE2 with its just-in-time compiler.
**
** A compiled expression is read-only and may be shared by threads; each thread searches with a
** mill_search of its own. Searching is bounded: an expression that runs away is an error, not a
** hang. Texts are UTF-8; bytes that are none match nothing. Positions are bytes. */
#ifndef MILL_BASE_REGEX_H
#define MILL_BASE_REGEX_H

#include "base/memory.h"

typedef struct mill_regex mill_regex;

/* Lives as long as the arena. NULL in *out, and no error, when the expression is malformed. */
mill_status mill_regex_new(mill_arena *a, const char *s, size_t n, bool ignore_case,
                           const mill_regex **out, mill_error *err) MILL_USE_RESULT;
int mill_regex_groups(const mill_regex *r);
/* The number of the group of a name; -1: none. */
int mill_regex_group(const mill_regex *r, const char *name, size_t n);

typedef struct mill_search {
  const mill_regex *regex;
  void *data, *limits;
  const size_t *span; /* start and end of group k at 2 k, 2 k + 1; start is SIZE_MAX where unset */
} mill_search;

mill_status mill_search_init(mill_search *s, const mill_regex *r, mill_error *err) MILL_USE_RESULT;
void mill_search_clear(mill_search *s);
typedef enum mill_found { MILL_NOT_FOUND, MILL_FOUND, MILL_GAVE_UP } mill_found;
/* The first match at or behind `from` (<= n). */
mill_found mill_search_run(mill_search *s, const char *text, size_t n, size_t from);
/* Where the search for the next match begins: behind this one, a character on if it was empty. */
size_t mill_search_next(const mill_search *s, const char *text, size_t n);

#endif
