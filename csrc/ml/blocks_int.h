/* Loops over rows in blocks that run in parallel: how every fit stays the same at any number of
** threads. Private to csrc/ml.
**
** Rows are cut at places that hang on their number and on `width` alone; each block fills its own
** row of `width` doubles, and the caller combines these in order. All of these rows together take
** MILL_BLOCK_BYTES at most, but for a single one: wide parts mean fewer blocks. */
#ifndef MILL_ML_BLOCKS_INT_H
#define MILL_ML_BLOCKS_INT_H

#include "column/context.h"

enum {
  MILL_BLOCKS = 64,      /* at most */
  MILL_BLOCK_ROWS = 512, /* at least, in each */
  MILL_BLOCK_BYTES = 128 << 20,
};

typedef struct mill_blocks {
  const mill_context *ctx;
  size_t n, rows; /* rows in all, in a block */
  size_t count;   /* blocks; 0 with no rows */
  size_t width;
  double *part; /* count x width, zeroed by each run */
} mill_blocks;

/* Give mill_blocks_clear in any case. */
mill_status mill_blocks_init(mill_blocks *b, const mill_context *ctx, size_t n, size_t width,
                             mill_error *err) MILL_USE_RESULT;
void mill_blocks_clear(mill_blocks *b);

/* f fills part (zeroed) from rows [from, to); it may fail. */
typedef mill_status (*mill_block_task)(void *arg, size_t from, size_t to, double *part,
                                       mill_error *err);
mill_status mill_blocks_run(mill_blocks *b, mill_block_task f, void *arg,
                            mill_error *err) MILL_USE_RESULT;
static inline double *mill_blocks_part(const mill_blocks *b, size_t i) {
  return b->part + i * b->width;
}
/* Run, and add the parts up in order into out[0..width). */
mill_status mill_blocks_sum(mill_blocks *b, mill_block_task f, void *arg, double *out,
                            mill_error *err) MILL_USE_RESULT;

#endif
