/* Regression metrics over label, prediction and their difference: see metrics_int.h. */
#include <math.h>

#include "ml/metrics_int.h"

static void see(mill_running *r, double x, double w) {
  if (x == 0.0) return;
  double diff = x - r->mean;
  r->nonzero += w;
  double mean = r->mean + w * diff / r->nonzero;
  r->m2 += w * (x - mean) * diff;
  r->mean = mean;
  r->l1 += w * fabs(x);
  r->l2 += w * x * x;
}

void mill_regression_add(mill_regression_metrics *m, double label, double prediction, double w) {
  if (w == 0.0) return;
  m->weight += w;
  m->weight2 += w * w;
  see(&m->label, label, w);
  see(&m->error, label - prediction, w);
  see(&m->prediction, prediction, w);
}

static double mean(const mill_regression_metrics *m, const mill_running *r) {
  return r->mean * (r->nonzero / m->weight);
}

double mill_regression_mse(const mill_regression_metrics *m) { return m->error.l2 / m->weight; }

double mill_regression_mae(const mill_regression_metrics *m) { return m->error.l1 / m->weight; }

double mill_regression_explained(const mill_regression_metrics *m) {
  double y = mean(m, &m->label), p = mean(m, &m->prediction), w = m->weight;
  return (m->prediction.l2 + y * y * w - 2 * y * p * w) / w;
}

double mill_regression_r2(const mill_regression_metrics *m, bool through_origin) {
  if (through_origin) return 1 - m->error.l2 / m->label.l2;
  const mill_running *y = &m->label;
  double w = m->weight, divisor = w - m->weight2 / w;
  double spread = y->m2 + y->mean * y->mean * y->nonzero * (w - y->nonzero) / w;
  double variance = divisor > 0.0 ? fmax(spread / divisor, 0.0) : 0.0;
  return 1 - m->error.l2 / (variance * (w - 1));
}
