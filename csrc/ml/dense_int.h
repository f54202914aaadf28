/* Dense vectors as plain arrays: the few loops that every numeric core needs. Sums are made in a
** fixed order, so they depend on nothing but the data. Private to csrc/ml. */
#ifndef MILL_ML_DENSE_INT_H
#define MILL_ML_DENSE_INT_H

#include <math.h>

/* Four sums side by side: the additions need not wait for each other. */
static inline double mill_dot(const double *a, const double *b, int n) {
  double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
  int i = 0;
  for (; i + 4 <= n; i += 4) {
    s0 += a[i] * b[i];
    s1 += a[i + 1] * b[i + 1];
    s2 += a[i + 2] * b[i + 2];
    s3 += a[i + 3] * b[i + 3];
  }
  for (; i < n; i++) s0 += a[i] * b[i];
  return (s0 + s1) + (s2 + s3);
}

/* y += a x */
static inline void mill_axpy(double a, const double *x, double *y, int n) {
  for (int i = 0; i < n; i++) y[i] += a * x[i];
}

static inline double mill_norm2(const double *a, int n) { return sqrt(mill_dot(a, a, n)); }

#endif
