/* Reading ahead of who parses: a thread unpacks a compressed file into blocks while others are used.
**
** Open, read to the end or not, free: at most four blocks are waiting, and the thread is gone when free
** returns. Bytes, errors and their order are those of mill_reader_read. */
#ifndef MILL_IO_AHEAD_H
#define MILL_IO_AHEAD_H

#include "base/codec.h"

typedef struct io_ahead io_ahead;

/* Takes the reader over when it succeeds; *out NULL: there is no thread to be had, which is no error. */
void mill_io_ahead_open(mill_memory *m, mill_reader *r, io_ahead **out);
mill_status mill_io_ahead_read(io_ahead *a, void *p, size_t n, size_t *got,
                               mill_error *err) MILL_USE_RESULT;
void mill_io_ahead_free(io_ahead *a); /* NULL allowed */

#endif
