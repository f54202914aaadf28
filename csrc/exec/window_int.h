/* Window functions over a block of rows in order. Private to window*.c.
**
** A block has whole partitions, every column in one flat vector: partitions are index ranges, the
** rows of the same order key (peers) are ranges within them, and so are frames. A partition that
** does not fit in memory lies on disk (window_disk.c); then a block is a page of its rows, and rows
** are numbered from the partition's start. Either way a function is asked for the values of some
** rows of a partition after the other, and finds what it reads of other rows by their number. */
#ifndef MILL_EXEC_WINDOW_INT_H
#define MILL_EXEC_WINDOW_INT_H

#include "exec/sorted.h"

/* Columns of all rows that a function may read. */
typedef struct mill_window_values {
  const mill_vector *col; /* in memory, with n rows */
  uint32_t n;
  mill_spill_seeker *seeker; /* on disk; NULL: in memory */
} mill_window_values;

static inline mill_status mill_window_find(const mill_window_values *v, uint32_t row,
                                           mill_spill_piece *out, mill_error *err) {
  if (v->seeker) return mill_spill_seek(v->seeker, row, out, err);
  *out = (mill_spill_piece){v->col, row, v->n - row};
  return MILL_OK;
}

typedef struct mill_window_runner mill_window_runner; /* of an aggregate */

typedef struct mill_window_call {
  const mill_op_window *w;
  mill_window_values values; /* arguments, then what RANGE with an offset needs: */
  int from, to, key;         /* columns: values of the edges, order key; -1: none */
  mill_vector out;           /* of the block's rows */
  /* What is carried from row to row of a partition, and begun anew at its first. */
  uint32_t lower, upper; /* RANGE: the edges of the row before */
  uint32_t dense;
  uint32_t low, at, seen; /* rows [low, at) that are not null */
  mill_window_runner *runner;
} mill_window_call;

typedef struct mill_frame {
  uint32_t from, to; /* from <= to, within the partition */
} mill_frame;

typedef struct mill_window_block {
  const mill_exec *x;
  const mill_op *op;
  const mill_sorted *sorted;
  mill_arena arena; /* columns and results */
  uint32_t n, base; /* rows, and the number of the first */
  uint64_t first;   /* in memory: of the order, where the block begins; else not known (in_order) */
  bool in_order;
  bool deep; /* results copy strings, since what they are read from goes before them */
  mill_vector *col;
  const mill_sort_column *key; /* partition keys, then order keys, among the columns */
  uint32_t *partition;         /* first row of each, and n */
  uint32_t npartitions;
  uint32_t *peer, *peer_stop; /* of each row: the first of its peers, and behind the last */
  mill_window_call *call;
  mill_frame *frame; /* room for those of all rows */
} mill_window_block;

/* Rows [first, stop) of the block, all in the partition [from, to). */
typedef struct mill_window_span {
  uint32_t from, to, first, stop;
} mill_window_span;

/* window_frame.c */

/* Which columns of its values the call's edges and key are; how many there are. */
int mill_window_layout(const mill_op_window *w, mill_window_call *out);
/* Append the values of the rows to c->out. Rows of a partition come in order. */
mill_status mill_window_rows(mill_window_block *b, mill_window_call *c, const mill_window_span *s,
                             mill_error *err) MILL_USE_RESULT;
/* Are the values of those keys the same? */
bool mill_window_same(const mill_sort_column *key, int n, const mill_vector *a, uint32_t i,
                      const mill_vector *b, uint32_t j);

/* Is the function of the window family, so that it needs no aggregate? */
bool mill_window_is_rank(const mill_function *fn);
bool mill_window_needs_frame(const mill_function *fn);
bool mill_window_needs_peers(const mill_op_window *w);
/* window_rank.c: frame[k] is that of row s->first + k, only where mill_window_needs_frame. */
mill_status mill_window_rank(mill_window_block *b, mill_window_call *c, const mill_window_span *s,
                             const mill_frame *frame, mill_error *err) MILL_USE_RESULT;
/* window_aggregate.c: the same of an aggregate. */
mill_status mill_window_aggregate(mill_window_block *b, mill_window_call *c,
                                  const mill_window_span *s, const mill_frame *frame,
                                  mill_error *err) MILL_USE_RESULT;
void mill_window_runner_free(mill_window_runner *r); /* NULL allowed */

/* window_disk.c: a partition on disk. Rows are added, then blocks of them are asked for. */
typedef struct mill_window_disk mill_window_disk;
mill_status mill_window_disk_new(const mill_sorted *sorted, const mill_op *op,
                                 mill_window_disk **out, mill_error *err) MILL_USE_RESULT;
void mill_window_disk_free(mill_window_disk *d); /* NULL allowed */
/* n rows without gaps; `made`: arguments and edges of all calls. */
mill_status mill_window_disk_add(mill_window_disk *d, mill_vector *col, const mill_vector *made,
                                 uint32_t n, mill_error *err) MILL_USE_RESULT;
mill_status mill_window_disk_end(mill_window_disk *d, mill_error *err) MILL_USE_RESULT;
/* b->n is 0 at the end. The block lives until the next call. */
mill_status mill_window_disk_next(mill_window_disk *d, mill_window_block *b,
                                  mill_error *err) MILL_USE_RESULT;

#endif
