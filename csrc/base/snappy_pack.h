/* Snappy's block format, packing (github.com/google/snappy, format_description.txt).
**
**     varint: bytes of content | literals and copies, in blocks of 64 KiB of content
**
** Copies reach back to the beginning of their block, so two bytes of offset are enough. Pure; the
** table is 32 KiB on the stack. */
#ifndef MILL_BASE_SNAPPY_PACK_H
#define MILL_BASE_SNAPPY_PACK_H

#include "base/text.h"

/* Append p[0, n), n < 2^32, packed. */
mill_status mill_snappy_pack(const void *p, size_t n, mill_text *out,
                             mill_error *err) MILL_USE_RESULT;

#endif
