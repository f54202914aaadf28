/* bzip2 through the system's library, which is loaded at first use: nothing else needs it.
**
** CODEC_NOT_AVAILABLE, with the name of the package, where it is not installed. Thread-safe. */
#ifndef MILL_BASE_BZIP2_H
#define MILL_BASE_BZIP2_H

#include "base/text.h"

typedef struct mill_bzip2 mill_bzip2; /* one that reads */

mill_status mill_bzip2_open(mill_memory *m, mill_bzip2 **out, mill_error *err) MILL_USE_RESULT;
void mill_bzip2_free(mill_bzip2 *b); /* NULL allowed */
/* Take bytes of in[0, n) and put out up to `room`: *used and *made of them; *inside: a stream has begun
** and not ended. Streams may follow each other. What is damaged is told in *damage. */
mill_status mill_bzip2_step(mill_bzip2 *b, const char *in, size_t n, size_t *used, char *out,
                            size_t room, size_t *made, bool *inside, const char **damage,
                            mill_error *err) MILL_USE_RESULT;
/* Append a whole stream of the block. */
mill_status mill_bzip2_pack(const void *p, size_t n, mill_text *out,
                            mill_error *err) MILL_USE_RESULT;

#endif
