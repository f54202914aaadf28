/* The fitted LinearRegression and its training summary. Private to csrc/ml. */
#ifndef MILL_ML_LINEAR_REGRESSION_INT_H
#define MILL_ML_LINEAR_REGRESSION_INT_H

#include "ml/predictor_int.h"

/* What is known of the training besides the model; lost when the model is saved. */
typedef struct mill_linear_summary {
  size_t rows;
  double explained, mae, mse, rmse, r2, r2adj;
  int64_t freedom;
  double residual_range[2];
  int nhistory;
  double *history;
  int ninference; /* coefficients and intercept; 0: the equations were not inverted */
  double *error, *t, *p;
} mill_linear_summary;

typedef struct mill_linear_model {
  int width;
  bool dense; /* answered as a dense vector whatever the zeros */
  bool sparse;
  const double *coefficient;
  double intercept, scale;
  mill_linear_summary *summary; /* NULL: none */
} mill_linear_model;

/* The summary over the training rows; inverse is the diagonal of (X'WX)^-1, or NULL. */
mill_status mill_linear_summarise(mill_work *w, mill_linear_model *m, const mill_points *p,
                                  const double *history, int nhistory, const double *inverse,
                                  mill_error *err) MILL_USE_RESULT;
/* The class's `summarise`: the model beside a summary of other rows. */
mill_status mill_linear_examine(mill_work *w, mill_error *err) MILL_USE_RESULT;
/* For the class: names, whether this model has one, its value. */
extern const char *const mill_linear_attributes[];
bool mill_linear_has(const mill_stage *s, const char *name);
mill_status mill_linear_attribute(const mill_stage *s, const char *name, mill_answer *out,
                                  mill_error *err);

#endif
