/* The first place of a needle in each of many texts.
**
** Texts of a table mostly lie side by side in memory: those of a cached column without a gap, those of
** a Parquet page behind their lengths. Such a run is searched as one text, so that rows without the
** needle cost their bytes and nothing else, and what is found is given to the row that holds it. */
#ifndef MILL_KERNEL_FIND_ROWS_H
#define MILL_KERNEL_FIND_ROWS_H

#include "column/vector.h"

enum { MILL_FIND_ROWS = 256 };

/* at[i] = the first place of what[0, m), m > 0, in the text of row first + i, i < n <= MILL_FIND_ROWS;
** NULL where there is none or the row is not valid. `v` is flat or constant. */
void mill_find_rows(const mill_vector *v, const uint64_t *valid, size_t first, size_t n,
                    const char *what, size_t m, const char **at);

#endif
