/* Samples of rows as Spark's RDD.sample draws them on one partition. Private to csrc/ml. */
#ifndef MILL_ML_SAMPLE_INT_H
#define MILL_ML_SAMPLE_INT_H

#include <math.h>
#include <stdbool.h>

#include "base/xorshift.h"

/* Each row is in with probability `fraction`: ask for the rows one after the other. Below 0.4 the
** gaps between the rows taken are drawn instead (Spark's GapSampling). */
typedef struct mill_sampler {
  double fraction;
  mill_xorshift random;
  int64_t skip; /* rows to leave out before the next; < 0: rows are drawn one by one */
} mill_sampler;

static inline void mill_sampler_advance(mill_sampler *s) {
  double u = fmax(mill_xorshift_double(&s->random), 5e-11);
  s->skip = (int64_t)(log(u) / log1p(-s->fraction));
}

/* seed: what RDD.sample is given. */
static inline mill_sampler mill_sampler_new(double fraction, int64_t seed) {
  mill_java_random java = mill_java_random_new((uint64_t)seed);
  mill_sampler s = {fraction, mill_xorshift_new((uint64_t)mill_java_random_long(&java)), -1};
  if (fraction > 0.0 && fraction <= 0.4) mill_sampler_advance(&s);
  return s;
}

static inline bool mill_sampler_takes(mill_sampler *s) {
  if (s->fraction <= 0.0) return false;
  if (s->fraction >= 1.0) return true;
  if (s->skip < 0) return mill_xorshift_double(&s->random) <= s->fraction;
  if (s->skip-- > 0) return false;
  mill_sampler_advance(s);
  return true;
}

#endif
