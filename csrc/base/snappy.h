/* Snappy's raw blocks (google/snappy, format_description.txt): a varint of the content's size, then
** literals and copies of what came before.
**
** Any bytes are safe to give: nothing is read beyond p[0, n), nothing written beyond
** out[0, size + MILL_SNAPPY_SLACK). */
#ifndef MILL_BASE_SNAPPY_H
#define MILL_BASE_SNAPPY_H

#include "base/text.h"

enum { MILL_SNAPPY_SLACK = 32 };

/* The content's size as the block states it; false: there is none. */
bool mill_snappy_size(const void *p, size_t n, size_t *size);
/* False unless p[0, n) is one whole block of exactly `size` bytes of content. What is in the slack
** behind them is undefined then. */
bool mill_snappy_unpack(const void *p, size_t n, void *out, size_t size);
/* Append p[0, n), n < 2^32, packed (snappy_pack.c): in pieces of 64 KiB, none of which refers to another,
** so that two bytes of offset are enough. Takes 32 KiB of stack. */
mill_status mill_snappy_pack(const void *p, size_t n, mill_text *out,
                             mill_error *err) MILL_USE_RESULT;

#endif
