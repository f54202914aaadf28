/* Searching bytes: short needles in short texts, many times over, where memmem's set-up would cost
** more than the search. */
#ifndef MILL_BASE_FIND_H
#define MILL_BASE_FIND_H

#include <stddef.h>

/* The first place of what[0, m) in p[0, n), m > 0; NULL: there is none. */
const char *mill_find(const char *p, size_t n, const char *what, size_t m);

#endif
