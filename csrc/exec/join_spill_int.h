/* Joins on disk: what partitioning (join_spill.c) and joining (join_parts.c) share. Private to them.
**
** A side's rows lie in partitions by the hash of their keys; every morsel has a run for each
** partition it has rows of. A run's rows are the columns of the side, then the place of the row in
** its source (morsel << 32 | row), which ascends. */
#ifndef MILL_EXEC_JOIN_SPILL_INT_H
#define MILL_EXEC_JOIN_SPILL_INT_H

#include <pthread.h>

#include "exec/join_int.h"
#include "exec/sorted.h"

enum { MILL_JOIN_PARTS = 16, MILL_JOIN_DEEPEST = 2 };

typedef struct mill_join_side {
  mill_sink base; /* takes the rows */
  const mill_op *op;
  const mill_bound *const *keys;
  const mill_type *schema; /* with the place */
  bool right, keep_all;    /* keep_all: rows with a null key count, though they have no partner */
  int depth;
  mill_spill *file;
  mill_spill_run **run; /* morsel * MILL_JOIN_PARTS + partition; NULL: no rows */
  size_t morsels;
  struct mill_join_cutter **open; /* of each morsel that runs */
  struct mill_join_cutter *idle, *all;
  bool any, null_key; /* atomic: are there rows, some with a null among the keys? */
  pthread_mutex_t lock;
} mill_join_side;

mill_status mill_join_side_init(mill_join_side *s, const mill_exec *x, const mill_op *op,
                                bool right, int depth, mill_error *err) MILL_USE_RESULT;
void mill_join_side_clear(mill_join_side *s); /* harmless on a zeroed side */
/* Add rows that have places already, as morsel 0. */
mill_status mill_join_side_add(mill_join_side *s, mill_batch *b, mill_error *err) MILL_USE_RESULT;

/* The runs of a partition, in the order of their places. */
typedef struct mill_join_runs {
  mill_spill_run **run; /* some are NULL */
  size_t n, stride;
} mill_join_runs;
static inline mill_join_runs mill_join_side_runs(const mill_join_side *s, int part) {
  return (mill_join_runs){s->run + part, s->morsels, MILL_JOIN_PARTS};
}

struct mill_join_disk {
  const mill_exec *x;
  mill_op op;             /* not build_left */
  mill_join_side side[2]; /* left, right */
  bool build_left;
  mill_sorted *out; /* rows of the result, by the place of their left row */
};

/* Join all partitions into d->out. */
mill_status mill_join_parts(mill_join_disk *d, mill_error *err) MILL_USE_RESULT;

#endif
