/* The fitted LogisticRegression and its training summary. Private to csrc/ml. */
#ifndef MILL_ML_LOGISTIC_REGRESSION_INT_H
#define MILL_ML_LOGISTIC_REGRESSION_INT_H

#include "ml/classifier_int.h"
#include "ml/metrics_int.h"

typedef struct mill_logistic_summary {
  int nhistory;
  double *history;
  mill_class_metrics classes;
  bool binary;
  mill_binary_metrics curve;
} mill_logistic_summary;

typedef struct mill_logistic_model {
  int classes, width;
  int sets; /* rows of coefficients: 1 for two classes by one margin, else one a class */
  bool multinomial;
  const double *coefficient;      /* sets x width, row by row */
  const double *intercept;        /* sets */
  mill_logistic_summary *summary; /* NULL: none */
} mill_logistic_model;

/* How the stage (estimator or model) makes classes of m's raw predictions, but for thresholds;
** refused when threshold and thresholds contradict each other. */
mill_status mill_logistic_classifier(const mill_stage *s, const mill_logistic_model *m,
                                     mill_classifier *out, mill_error *err) MILL_USE_RESULT;
void mill_logistic_raw(const mill_logistic_model *m, const mill_vec *x, double *raw);

mill_status mill_logistic_summarise(mill_work *w, mill_logistic_model *m, const mill_points *p,
                                    const double *history, int nhistory,
                                    mill_error *err) MILL_USE_RESULT;
/* The class's `summarise`: the model beside a summary of other rows. */
mill_status mill_logistic_examine(mill_work *w, mill_error *err) MILL_USE_RESULT;
extern const char *const mill_logistic_attributes[];
bool mill_logistic_has(const mill_stage *s, const char *name);
mill_status mill_logistic_attribute(const mill_stage *s, const char *name, mill_answer *out,
                                    mill_error *err);

#endif
