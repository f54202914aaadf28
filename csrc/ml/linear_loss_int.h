/* The losses of linear models and their gradients, for the optimisers. Private to csrc/ml.
**
** Parameters are those of standardised columns x / std. With `centred` the intercept is that of
** (x - mean) / std, which the optimisers like better; mill_linear_uncentre takes it back. Columns
** whose deviation is 0 have coefficient 0. Margin, loss and gradient are made in one sweep over the
** rows as they are: coefficients are scaled, not the data. Losses are divided by the sum of
** weights; then comes l2 / 2 |w|^2, of the coefficients alone.
**
**   loss                                                   parameters            Spark's aggregator
**   SQUARED      w/2 (x b - y)^2, y standardised           b                     LeastSquares
**   HUBER        [Owen, A robust hybrid of lasso and       b, intercept?, sigma  Huber
**                ridge regression, 2006], sigma > 0
**   LOGISTIC     log(1 + exp(-z)), z = +-(x b + b0)        b, intercept?         BinaryLogistic
**   SOFTMAX      log sum exp(z) - z[y], one z a class      b (column by column:  MultinomialLogistic
**                                                          class fastest), intercepts? */
#ifndef MILL_ML_LINEAR_LOSS_INT_H
#define MILL_ML_LINEAR_LOSS_INT_H

#include "ml/blocks_int.h"
#include "ml/moments_int.h"
#include "ml/minimise_int.h"

typedef enum mill_loss { MILL_SQUARED, MILL_HUBER, MILL_LOGISTIC, MILL_SOFTMAX } mill_loss;

typedef struct mill_linear_loss {
  mill_loss loss;
  const mill_context *ctx;
  const mill_points *p;
  const mill_moments *moments;
  bool intercept, centred;
  int sets;                     /* SOFTMAX: classes; else 1 */
  double label_mean, label_std; /* SQUARED */
  double epsilon;               /* HUBER */
  double l2;
  bool l2_of_raw; /* the penalty is on the coefficients of the columns as they are */
  /* private */
  mill_blocks blocks;
  double *scaled;  /* coefficients for the raw columns, row by row: sets x width */
  double *offset;  /* sets */
  double *inverse; /* 1 / std, or 0 */
  double *shift;   /* mean / std, or 0 */
  double *sum;     /* of a block's part */
  double sigma;
} mill_linear_loss;

/* Number of parameters. */
int mill_linear_loss_size(const mill_linear_loss *l);
/* Scratch comes from `a`. Give mill_linear_loss_clear in any case. */
mill_status mill_linear_loss_init(mill_linear_loss *l, mill_arena *a,
                                  mill_error *err) MILL_USE_RESULT;
void mill_linear_loss_clear(mill_linear_loss *l);
/* For mill_objective: arg is the loss. */
mill_status mill_linear_loss_eval(void *arg, double *x, double *value, double *gradient,
                                  mill_error *err) MILL_USE_RESULT;
/* Move the intercepts in x: +1 to those of centred columns, -1 back. */
void mill_linear_loss_recentre(const mill_linear_loss *l, double *x, double direction);

#endif
