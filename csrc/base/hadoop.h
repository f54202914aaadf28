/* Hadoop's frames of snappy and LZ4 blocks (BlockCompressorStream), as streams that are read.
**
**   | content's length | length | block | length | block | .. | content's length | ..
**
** Lengths are four bytes, most significant first; blocks follow until the frame's content is there. No
** frame holds more than 64 MiB. */
#ifndef MILL_BASE_HADOOP_H
#define MILL_BASE_HADOOP_H

#include "base/text.h"

typedef struct mill_hadoop mill_hadoop;

mill_status mill_hadoop_open(mill_memory *m, bool snappy, mill_hadoop **out,
                             mill_error *err) MILL_USE_RESULT;
void mill_hadoop_free(mill_hadoop *h); /* NULL allowed */
/* As mill_bzip2_step. */
mill_status mill_hadoop_step(mill_hadoop *h, const char *in, size_t n, size_t *used, char *out,
                             size_t room, size_t *made, bool *inside, const char **damage,
                             mill_error *err) MILL_USE_RESULT;

#endif
