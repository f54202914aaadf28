/* Weighted mean and standard deviation of columns, in one pass. Private to csrc/ml.
**
** As Spark's Summarizer: only values that are not 0 are followed (West's update), zeros come in at
** the end by their weight; rows of weight 0 do not count; the variance is the unbiased one,
** divided by sum(w) - sum(w^2) / sum(w). A column of one value has a deviation of exactly 0. */
#ifndef MILL_ML_MOMENTS_INT_H
#define MILL_ML_MOMENTS_INT_H

#include "ml/points_int.h"

typedef struct mill_moments {
  int width;
  double *mean, *std; /* in the arena given */
  double weight, weight2;
  size_t count; /* rows of weight > 0 */
} mill_moments;

mill_status mill_moments_of(const mill_context *ctx, const mill_points *p, mill_arena *a,
                            mill_moments *out, mill_error *err) MILL_USE_RESULT;
/* The same of the labels. */
mill_status mill_label_moments(const mill_context *ctx, const mill_points *p, double *mean,
                               double *std, mill_error *err) MILL_USE_RESULT;

#endif
