/* Snappy's raw blocks (google/snappy, format_description.txt): a varint of the content's size, then
** literals and copies of what came before.
**
** Any bytes are safe to give: nothing is read beyond p[0, n), nothing written beyond
** out[0, size + MILL_SNAPPY_SLACK). */
#ifndef MILL_BASE_SNAPPY_H
#define MILL_BASE_SNAPPY_H

#include <stdbool.h>
#include <stddef.h>

enum { MILL_SNAPPY_SLACK = 32 };

/* The content's size as the block states it; false: there is none. */
bool mill_snappy_size(const void *p, size_t n, size_t *size);
/* False unless p[0, n) is one whole block of exactly `size` bytes of content. What is in the slack
** behind them is undefined then. */
bool mill_snappy_unpack(const void *p, size_t n, void *out, size_t size);

#endif
