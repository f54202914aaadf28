/* Quality of predictions: what the evaluators and the summaries of models share. Private to csrc/ml.
** Sums are made in the order of rows. */
#ifndef MILL_ML_METRICS_INT_H
#define MILL_ML_METRICS_INT_H

#include "ml/stage_int.h"

/* ---- regression: Spark's RegressionMetrics ------------------------------------------------------ */

/* A running count, mean, spread and norms of one variable; rows of weight 0 do not count. */
typedef struct mill_running {
  double mean, m2, nonzero, l1, l2;
} mill_running;

typedef struct mill_regression_metrics {
  mill_running label, error, prediction;
  double weight, weight2;
} mill_regression_metrics;

void mill_regression_add(mill_regression_metrics *m, double label, double prediction, double w);
double mill_regression_mse(const mill_regression_metrics *m);
double mill_regression_mae(const mill_regression_metrics *m);
double mill_regression_explained(const mill_regression_metrics *m);
double mill_regression_r2(const mill_regression_metrics *m, bool through_origin);

/* ---- two classes: Spark's BinaryClassificationMetrics ------------------------------------------- */

/* One threshold: rows of a score >= it, by weight. */
typedef struct mill_cut {
  double score, positive, negative;
} mill_cut;

/* Thresholds in descending order, one a distinct score, or about `bins` of them (0: all), each the
** least score of its group; `positive` and `negative` are cumulative. */
typedef struct mill_binary_metrics {
  mill_cut *cut;
  size_t n;
  double positives, negatives; /* all */
} mill_binary_metrics;

/* Rows: a label above 0.5 is positive. `row` is sorted and used up; the cuts take its place. */
typedef struct mill_scored {
  double score, label, weight;
} mill_scored;
void mill_binary_metrics_of(mill_scored *row, size_t n, int bins, mill_binary_metrics *out);
double mill_binary_fpr(const mill_binary_metrics *m, size_t i);
double mill_binary_recall(const mill_binary_metrics *m, size_t i);
double mill_binary_precision(const mill_binary_metrics *m, size_t i);
double mill_binary_f1(const mill_binary_metrics *m, size_t i);
/* Areas by trapezoids; the curve of precision begins at recall 0 with its first precision, so it
** needs n > 0. */
double mill_binary_roc(const mill_binary_metrics *m);
double mill_binary_pr(const mill_binary_metrics *m);

/* ---- many classes: Spark's MulticlassMetrics ---------------------------------------------------- */

typedef struct mill_class_metrics {
  int n;                                   /* classes: the labels that occur, in order */
  double *label, *count, *hit, *false_hit; /* weight of rows, true and false predictions of each */
  double weight, hits;
} mill_class_metrics;

mill_status mill_class_metrics_of(const double *label, const double *prediction,
                                  const double *weight /* NULL: 1 */, size_t n, mill_arena *a,
                                  mill_class_metrics *out, mill_error *err) MILL_USE_RESULT;
typedef enum mill_class_metric {
  MILL_PRECISION,
  MILL_RECALL,
  MILL_FALSE_POSITIVE,
  MILL_F_MEASURE,
} mill_class_metric;
/* Of class i; beta is for MILL_F_MEASURE. */
double mill_class_metric_of(const mill_class_metrics *m, mill_class_metric which, double beta,
                            int i);
/* The mean over the classes, by their weight. */
double mill_class_metric_mean(const mill_class_metrics *m, mill_class_metric which, double beta);

#endif
