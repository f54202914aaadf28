/* What classifiers share: labels that are classes, and the columns rawPrediction, probability and
** prediction. Private to csrc/ml. */
#ifndef MILL_ML_CLASSIFIER_INT_H
#define MILL_ML_CLASSIFIER_INT_H

#include "ml/predictor_int.h"

/* How raw predictions become probabilities and classes; lives as long as the plan. The columns are
** computed one from the other (raw -> probability, raw -> prediction), so a query that asks for
** several computes each once. */
typedef struct mill_classifier {
  int classes; /* values in a vector */
  /* In place; false: they have no probabilities (their sum is 0). */
  bool (*probability)(double *raw, int n);
  const double *thresholds; /* one a class, or NULL: the most probable class wins */
  bool binary;              /* class 1 where its probability is above `threshold` instead */
  double threshold;
} mill_classifier;

/* Labels are whole numbers >= 0: classes. *classes is one more than the largest; with `weighted` of
** the rows of weight > 0 only. */
mill_status mill_classes_check(mill_work *w, const mill_points *p, bool weighted, int *classes,
                               mill_error *err) MILL_USE_RESULT;
/* The number of classes that the label column's metadata states, 0: none. */
mill_status mill_classes_stated(mill_work *w, int *classes, mill_error *err) MILL_USE_RESULT;
/* The estimator's part of binding: inputs and, without expressions, the three columns. */
mill_status mill_classifier_bind_fit(mill_binder *b, mill_error *err) MILL_USE_RESULT;
/* A model's: `raw` computes the vectors of raw predictions. `stated` classes stand in the metadata.
** thresholds of the stage must be as many, IllegalArgumentException otherwise. */
mill_status mill_classifier_bind(mill_binder *b, mill_classifier *c, int stated,
                                 const mill_bound *raw, mill_error *err) MILL_USE_RESULT;
/* The class of raw predictions; `scratch` has room for them. */
double mill_classifier_predict(const mill_classifier *c, const double *raw, double *scratch);
/* thresholds: not negative, at most one of them 0. For mill_stage_class.check. */
mill_status mill_classifier_check(const mill_stage *s, const char *param, mill_error *err);

#define MILL_P_THRESHOLDS                                                                          \
  {                                                                                                \
    "thresholds", MILL_PARAM_DOUBLES, NULL, "each [0,)",                                           \
        "one a class: the class of the largest probability / threshold wins"                       \
  }

#endif
