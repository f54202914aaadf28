/* What the aggregates that keep the values of a group share. Private to csrc/kernel. */
#ifndef MILL_KERNEL_AGG_COLLECT_INT_H
#define MILL_KERNEL_AGG_COLLECT_INT_H

#include "kernel/kernel_int.h"

/* Bound state. */
typedef struct mill_collect_plan {
  bool as_array; /* several percentages were asked for */
  bool between;  /* they may lie between two values; else the nearest rank */
  bool set;      /* collect_set */
  double *p;     /* percentages */
  uint32_t np;
  bool hashed;           /* mode: the first in the order of a hash map */
  bool descending;       /* ranks count from the largest value; mode: the largest */
  bool counted;          /* percentile: with a frequency other than 1 */
  const char *frequency; /* its text */
  double edge;           /* percentile_approx: up to there, and from 1 - edge on, an end */
} mill_collect_plan;

/* agg_percentile.c: percentile, and those that take no frequency, of values of up to eight bytes. */
extern const mill_aggregate mill_percentile_agg, mill_rank_agg;

#endif
