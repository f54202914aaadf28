/* Curves of two classes over all thresholds: see metrics_int.h. */
#include <math.h>
#include <stdlib.h>

#include "ml/metrics_int.h"

/* Java's order of doubles: -0.0 before 0.0, NaN last; here descending. */
static int compare(double a, double b) {
  if (isnan(a) || isnan(b)) return isnan(b) - isnan(a);
  if (a != b) return a < b ? 1 : -1;
  return (signbit(a) != 0) - (signbit(b) != 0);
}

/* By label and weight where scores are equal, so that sums do not hang on the order of rows. */
static int by_score(const void *a, const void *b) {
  const mill_scored *x = a, *y = b;
  int c = compare(x->score, y->score);
  if (c == 0) c = compare(x->label, y->label);
  return c ? c : compare(x->weight, y->weight);
}

/* Join cuts to groups of `group`; the last one may be smaller. */
static size_t join(mill_cut *cut, size_t n, size_t group) {
  size_t out = 0;
  for (size_t i = 0; i < n; out++) {
    mill_cut sum = cut[i++];
    for (size_t k = 1; k < group && i < n; k++, i++) {
      sum.score = cut[i].score;
      sum.positive += cut[i].positive;
      sum.negative += cut[i].negative;
    }
    cut[out] = sum;
  }
  return out;
}

void mill_binary_metrics_of(mill_scored *row, size_t n, int bins, mill_binary_metrics *out) {
  if (n) qsort(row, n, sizeof *row, by_score);
  mill_cut *cut = (mill_cut *)(void *)row; /* three doubles both; a cut never overtakes its rows */
  size_t used = 0;
  for (size_t i = 0; i < n;) {
    mill_cut c = {row[i].score, 0.0, 0.0};
    for (; i < n && compare(row[i].score, c.score) == 0; i++) {
      if (row[i].label > 0.5)
        c.positive += row[i].weight;
      else
        c.negative += row[i].weight;
    }
    cut[used++] = c;
  }
  if (bins > 0 && used / (size_t)bins >= 2) used = join(cut, used, used / (size_t)bins);
  for (size_t i = 1; i < used; i++) {
    cut[i].positive += cut[i - 1].positive;
    cut[i].negative += cut[i - 1].negative;
  }
  *out = (mill_binary_metrics){cut, used, used ? cut[used - 1].positive : 0.0,
                               used ? cut[used - 1].negative : 0.0};
}

double mill_binary_fpr(const mill_binary_metrics *m, size_t i) {
  return m->negatives == 0.0 ? 0.0 : m->cut[i].negative / m->negatives;
}

double mill_binary_recall(const mill_binary_metrics *m, size_t i) {
  return m->positives == 0.0 ? 0.0 : m->cut[i].positive / m->positives;
}

double mill_binary_precision(const mill_binary_metrics *m, size_t i) {
  double all = m->cut[i].positive + m->cut[i].negative;
  return all == 0.0 ? 1.0 : m->cut[i].positive / all;
}

double mill_binary_f1(const mill_binary_metrics *m, size_t i) {
  double p = mill_binary_precision(m, i), r = mill_binary_recall(m, i);
  return p + r == 0.0 ? 0.0 : 2.0 * p * r / (p + r);
}

double mill_binary_roc(const mill_binary_metrics *m) {
  double area = 0.0, x = 0.0, y = 0.0;
  for (size_t i = 0; i < m->n; i++) {
    double nx = mill_binary_fpr(m, i), ny = mill_binary_recall(m, i);
    area += (nx - x) * (ny + y) / 2.0;
    x = nx;
    y = ny;
  }
  return area + (1.0 - x) * (1.0 + y) / 2.0;
}

double mill_binary_pr(const mill_binary_metrics *m) {
  double area = 0.0, x = 0.0, y = mill_binary_precision(m, 0);
  for (size_t i = 0; i < m->n; i++) {
    double nx = mill_binary_recall(m, i), ny = mill_binary_precision(m, i);
    area += (nx - x) * (ny + y) / 2.0;
    x = nx;
    y = ny;
  }
  return area;
}
