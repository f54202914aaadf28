/* Spill files: rows that a blocking operator puts aside on disk.
**
** A mill_spill is one file in the session's temporary folder, mode 0600 and without a name once it
** is open, so nothing is left behind by a crash. It holds any number of runs. A run is a list of
** batches, written by one worker at a time and read back in the order written, any number of times.
** Runs of one file are written by many workers at once; their blocks lie mixed in the file.
**
**     if (mill_spill_due(ctx)) {
**       MILL_TRY(mill_spill_new(ctx, schema, &file, err));
**       MILL_TRY(mill_spill_run_new(file, &run, err));
**       MILL_TRY(mill_spill_write(run, batch, err));          // as often as needed
**       MILL_TRY(mill_spill_end(run, err));                   // then let go of the memory
**       ...
**       MILL_TRY(mill_spill_read(run, &rows, err));           // rows->next, rows->free
**     }
**     mill_spill_run_free(run), mill_spill_free(file);            // on every path; gives back the disk
**
** Memory: a run being written holds up to MILL_BATCH rows (of 256 KiB, but for one row more) and a
** block that may be as large; a run being read two blocks. Blocks are zstd frames of level 1 with the XXH64 of their bytes kept in
** memory; a block that reads back otherwise is CORRUPT_FILE. A full disk, or the session's limit of
** temporary bytes, is FILE_ACCESS; freeing the file makes temporary bytes 0 again. */
#ifndef MILL_EXEC_SPILL_H
#define MILL_EXEC_SPILL_H

#include "column/chunk.h"
#include "column/context.h"

typedef struct mill_spill mill_spill;
typedef struct mill_spill_run mill_spill_run;

/* Should a blocking operator put rows aside before it takes more? Yes from 80 % of the session's
** memory limit on, and always under force_spill. Cheap: ask once a batch. */
bool mill_spill_due(const mill_context *ctx);
/* The same with `more` bytes that would be allocated next. */
bool mill_spill_needed(const mill_context *ctx, uint64_t more);

mill_status mill_spill_new(const mill_context *ctx, const mill_type *schema, mill_spill **out,
                           mill_error *err) MILL_USE_RESULT;
void mill_spill_free(mill_spill *f); /* NULL allowed; after its runs and readers */

mill_status mill_spill_run_new(mill_spill *f, mill_spill_run **out,
                               mill_error *err) MILL_USE_RESULT;
void mill_spill_run_free(mill_spill_run *r); /* NULL allowed */
/* The rows of the batch that count. Copies; small batches are gathered into larger ones. */
mill_status mill_spill_write(mill_spill_run *r, const mill_batch *b,
                             mill_error *err) MILL_USE_RESULT;
/* No more rows come: writes what is held back and frees the buffers. */
mill_status mill_spill_end(mill_spill_run *r, mill_error *err) MILL_USE_RESULT;
uint64_t mill_spill_rows(const mill_spill_run *r);
uint64_t mill_spill_bytes(const mill_spill_run *r); /* before compression */
/* After mill_spill_end. The run must outlive the reader; batches live until the next call. */
mill_status mill_spill_read(const mill_spill_run *r, mill_rows **out,
                            mill_error *err) MILL_USE_RESULT;

/* Rows of an ended run by number, through the few blocks read last (spill_seek.c). The run must
** outlive it; one worker's. */
typedef struct mill_spill_seeker mill_spill_seeker;
typedef struct mill_spill_piece {
  const mill_vector *col; /* all columns of the file, flat */
  uint32_t at, n;         /* the row stands at `at`; n rows from it on are here, itself too */
} mill_spill_piece;
enum { MILL_SPILL_SLOTS = 6 };
mill_status mill_spill_seeker_new(const mill_spill_run *r, mill_spill_seeker **out,
                                  mill_error *err) MILL_USE_RESULT;
void mill_spill_seeker_free(mill_spill_seeker *s); /* NULL allowed */
/* The piece stays until rows of MILL_SPILL_SLOTS other blocks have been asked for. */
mill_status mill_spill_seek(mill_spill_seeker *s, uint64_t row, mill_spill_piece *out,
                            mill_error *err) MILL_USE_RESULT;

#endif
