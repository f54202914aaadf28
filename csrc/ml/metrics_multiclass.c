/* Metrics of classes from the true and the predicted label of each row: see metrics_int.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/metrics_int.h"

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
  return (x > y) - (x < y);
}

/* Sorted distinct values of v, in place; how many. NaN is one value, the last. */
static int distinct(double *v, size_t n) {
  size_t out = 0;
  bool sorted = true;
  for (size_t i = 1; i < n && sorted; i++) sorted = by_value(&v[i - 1], &v[i]) <= 0;
  if (!sorted) qsort(v, n, sizeof *v, by_value);
  for (size_t i = 0; i < n; i++)
    if (out == 0 || by_value(&v[out - 1], &v[i]) != 0) v[out++] = v[i];
  return (int)out;
}

static int find(const mill_class_metrics *m, double label) {
  int low = 0, high = m->n;
  while (low < high) {
    int mid = low + (high - low) / 2;
    int c = by_value(&m->label[mid], &label);
    if (c == 0) return mid;
    if (c < 0)
      low = mid + 1;
    else
      high = mid;
  }
  return -1;
}

mill_status mill_class_metrics_of(const double *label, const double *prediction,
                                  const double *weight, size_t n, mill_arena *a,
                                  mill_class_metrics *out, mill_error *err) {
  *out = (mill_class_metrics){.label = mill_arena_alloc(a, (n + 1) * sizeof(double))};
  if (out->label == NULL) return mill_oom(a->memory, n * sizeof(double), err);
  if (n) memcpy(out->label, label, n * sizeof(double));
  out->n = distinct(out->label, n);
  size_t bytes = ((size_t)out->n + 1) * sizeof(double);
  out->count = mill_arena_alloc(a, bytes);
  out->hit = mill_arena_alloc(a, bytes);
  out->false_hit = mill_arena_alloc(a, bytes);
  if (!out->count || !out->hit || !out->false_hit) return mill_oom(a->memory, bytes, err);
  for (size_t i = 0; i < n; i++) {
    double w = weight ? weight[i] : 1.0;
    int c = find(out, label[i]);
    out->weight += w;
    out->count[c] += w;
    if (label[i] == prediction[i]) {
      out->hit[c] += w;
      out->hits += w;
      continue;
    }
    int p = find(out, prediction[i]);
    if (p >= 0) out->false_hit[p] += w;
  }
  return MILL_OK;
}

double mill_class_metric_of(const mill_class_metrics *m, mill_class_metric which, double beta,
                            int i) {
  double said = m->hit[i] + m->false_hit[i];
  double precision = said == 0.0 ? 0.0 : m->hit[i] / said, recall = m->hit[i] / m->count[i];
  switch (which) {
  case MILL_PRECISION: return precision;
  case MILL_RECALL: return recall;
  case MILL_FALSE_POSITIVE: return m->false_hit[i] / (m->weight - m->count[i]);
  case MILL_F_MEASURE: break;
  }
  double b2 = beta * beta;
  if (precision + recall == 0.0) return 0.0;
  return (1 + b2) * precision * recall / (b2 * precision + recall);
}

double mill_class_metric_mean(const mill_class_metrics *m, mill_class_metric which, double beta) {
  double sum = 0.0;
  for (int i = 0; i < m->n; i++)
    sum += mill_class_metric_of(m, which, beta, i) * m->count[i] / m->weight;
  return sum;
}
