/* Spill files within, and how a batch lies in a block. Private to spill*.c.
**
** A block is a row of pages, a page is MILL_BATCH rows, or fewer where they are large or the run
** ends, column after column. Every part
** starts at a multiple of 16, so that fixed-width values are read where they lie.
**
**   page    rows u32, then each column
**   column  1 if there are nulls, else 0 (u32); the bitmap if there are; then by physical type
**     fixed    the values
**     string   the sizes (u32 each), the bytes one after another
**     list     the sizes (u32 each), then the children as columns of as many values
**     struct   the children as columns
**
** Numbers are the machine's own: a spill file never leaves the process. */
#ifndef MILL_EXEC_SPILL_INT_H
#define MILL_EXEC_SPILL_INT_H

#include "base/file.h"
#include "base/text.h"
#include "exec/spill.h"

struct mill_spill {
  const mill_context *ctx;
  const mill_type *schema;
  mill_file file;
  uint64_t size; /* atomic: where the next block goes */
};

typedef struct mill_spill_block {
  uint64_t at, hash;
  uint64_t stop; /* rows of the run up to the end of the block */
  uint32_t packed, raw, pages;
} mill_spill_block;

struct mill_spill_run {
  mill_spill *file;
  mill_spill_block *block;
  size_t nblocks, capacity;
  uint64_t rows, bytes;
  mill_chunk *pending;    /* rows of the next page */
  uint64_t pending_bytes; /* of values that vary in size, else 0 */
  mill_text raw;          /* pages of the next block */
  uint32_t pages;
  mill_text packed;
};

/* The pages of block i. */
mill_status mill_spill_block_read(const mill_spill_run *run, size_t i, mill_text *packed,
                                  mill_text *raw, mill_error *err) MILL_USE_RESULT;
/* Append the first n values of flat columns as a page. */
mill_status mill_spill_page_write(mill_text *out, const mill_vector *col, uint32_t ncols,
                                  uint32_t n, mill_error *err) MILL_USE_RESULT;
/* The page at p, whose bytes the columns go on pointing at: cols[0..nfields) of the schema's types,
** *n rows. Gives where the next page starts in *next. */
mill_status mill_spill_page_read(const char *p, const mill_type *schema, mill_vector *cols,
                                 uint32_t *n, const char **next, mill_arena *a,
                                 mill_error *err) MILL_USE_RESULT;

#endif
