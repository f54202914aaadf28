/* Window functions over a block of whole partitions. Private to window*.c.
**
** A block's rows lie in order, every column in one flat vector: partitions are index ranges, the
** rows of the same order key (peers) are ranges within them, and so are frames. */
#ifndef MILL_EXEC_WINDOW_INT_H
#define MILL_EXEC_WINDOW_INT_H

#include "exec/sorted.h"

typedef struct mill_window_call {
  const mill_op_window *w;
  mill_vector *arg;
  mill_vector *from, *to; /* RANGE with an offset: the edges' values; else NULL */
  mill_vector out;
} mill_window_call;

typedef struct mill_window_block {
  const mill_exec *x;
  const mill_op *op;
  mill_arena arena; /* columns and results */
  uint32_t n;
  mill_vector *col;
  const mill_sort_column *key; /* partition keys, then order keys, among the columns */
  uint32_t *partition;         /* first row of each, and n */
  uint32_t npartitions;
  uint32_t *peer, *peer_stop; /* of each row: the first of its peers, and behind the last */
  mill_window_call *call;
} mill_window_block;

typedef struct mill_frame {
  uint32_t from, to; /* from <= to, within the partition */
} mill_frame;

/* window_frame.c: the frames of rows [from, to), a partition. */
void mill_window_frames(const mill_window_block *b, const mill_window_call *c, uint32_t from,
                        uint32_t to, mill_frame *out);

/* Is the function of the window family, so that it needs no aggregate? */
bool mill_window_is_rank(const mill_function *fn);
/* window_rank.c: values of rows [from, to), a partition, appended to c->out. frame: only where
** mill_window_needs_frame. */
bool mill_window_needs_frame(const mill_function *fn);
mill_status mill_window_rank(mill_window_block *b, mill_window_call *c, uint32_t from, uint32_t to,
                             const mill_frame *frame, mill_error *err) MILL_USE_RESULT;
/* window_aggregate.c: the same of an aggregate. */
mill_status mill_window_aggregate(mill_window_block *b, mill_window_call *c, uint32_t from,
                                  uint32_t to, const mill_frame *frame,
                                  mill_error *err) MILL_USE_RESULT;

#endif
