/* Pieces of files whose beginning is known only when the piece before has been looked at: CSV with
** line ends inside of quotes. Files are cut at fixed places as others are; a piece's records are those
** that begin in it.
**
** Opening a piece finds, under a lock, where its first record begins: where the piece before ended.
** It looks through the whole piece at the speed of bit masks and notes where the next one begins, so
** workers that take pieces in order wait for a small part of the decoding's time. A piece out of order
** is found by looking through those before it; a file's first piece is looked through by who needs the
** second one, since its first rows may be all that is wanted. Thread-safe. */
#ifndef MILL_IO_SEAM_H
#define MILL_IO_SEAM_H

#include "io/format_int.h"

typedef struct io_seams io_seams;

/* Of all pieces that mill_io_cut makes of the job's files; *out NULL: they begin where they are cut. */
mill_status mill_io_seams_new(const io_job *job, io_seams **out, mill_error *err) MILL_USE_RESULT;
void mill_io_seams_free(io_seams *s, mill_memory *m); /* NULL allowed */

/* Open a window on piece `k`, the range [from, to) of a file, with w->at at its first record or (s
** NULL) before it, as the format's decoder expects. */
mill_status mill_io_seams_open(io_seams *s, const io_job *job, size_t k, size_t file, uint64_t from,
                               uint64_t to, io_window *w, mill_error *err) MILL_USE_RESULT;

#endif
