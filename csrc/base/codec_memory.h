/* How zlib and zstd allocate through the funnel: `m` is a mill_memory. Blocks carry their size, since
** zlib's free does not. */
#ifndef MILL_BASE_CODEC_MEMORY_H
#define MILL_BASE_CODEC_MEMORY_H

#include <stddef.h>

void *mill_z_alloc(void *m, unsigned items, unsigned size);
void *mill_zstd_alloc(void *m, size_t size);
void mill_z_free(void *m, void *p); /* of both */

#endif
