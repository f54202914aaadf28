/* What every match of a regular expression holds, read off its text: a search for bytes is several times
** faster than the expression, which then runs over the texts that have them alone. */
#ifndef MILL_BASE_REGEX_LITERAL_H
#define MILL_BASE_REGEX_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

/* The last run of two plain characters or more that each match holds, into out[0, n); its length, 0
** where none is known. *whole: the expression is that run and no more, so that finding it decides. */
size_t mill_regex_literal(const char *s, size_t n, char *out, bool *whole);

#endif
