/* Weighted least squares by the normal equations: Spark's WeightedLeastSquares. Private to csrc/ml.
**
**     min  1/2 sum w (x b + b0 - y)^2 / sum w  +  reg/sd(y) ((1 - elastic)/2 |b|^2 + elastic |b|)
**
** over columns divided by their (population) standard deviation. One pass makes X'WX and X'Wy, at
** most 4,096 columns wide; then Cholesky's factor solves, or, for an L1 term and where X'WX is
** singular, L-BFGS or OWL-QN on the quadratic form. The passes merge fixed blocks in order. */
#ifndef MILL_ML_WEIGHTED_LEAST_SQUARES_INT_H
#define MILL_ML_WEIGHTED_LEAST_SQUARES_INT_H

#include "ml/points_int.h"

enum { MILL_WLS_WIDTH = 4096 };

typedef struct mill_wls {
  bool intercept, standardize_features, standardize_label;
  double reg, elastic, tol;
  int max_iter;
  /* results, in the arena */
  double *coefficient; /* width */
  double b0;
  bool constant; /* a label without spread: nothing was solved */
  bool inverted;
  double *inverse_diagonal; /* of (X'WX)^-1, width + intercept, if inverted */
  double *history;          /* of the objective; {0} after Cholesky */
  int nhistory;
} mill_wls;

mill_status mill_wls_fit(mill_wls *w, const mill_stage *stage, const mill_context *ctx,
                         const mill_points *p, mill_arena *a, mill_error *err) MILL_USE_RESULT;

#endif
