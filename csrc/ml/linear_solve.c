/* Gaussian elimination with partial pivoting: see linear_int.h. */
#include <math.h>

#include "ml/linear_int.h"

static int pivot_of(const double *a, int n, int k) {
  int best = k;
  for (int i = k + 1; i < n; i++)
    if (fabs(a[i * n + k]) > fabs(a[best * n + k])) best = i;
  return best;
}

static void swap_rows(double *a, int n, int i, int j) {
  for (int c = 0; c < n; c++) {
    double t = a[i * n + c];
    a[i * n + c] = a[j * n + c];
    a[j * n + c] = t;
  }
}

/* Reduce a to the identity, doing to the n x m matrix b what is done to a. */
static bool eliminate(double *a, double *b, int n, int m) {
  for (int k = 0; k < n; k++) {
    int p = pivot_of(a, n, k);
    if (a[p * n + k] == 0.0 || !isfinite(a[p * n + k])) return false;
    if (p != k) {
      swap_rows(a, n, p, k);
      swap_rows(b, m, p, k);
    }
    for (int i = 0; i < n; i++) {
      double f = i == k ? 0.0 : a[i * n + k] / a[k * n + k];
      if (f == 0.0) continue;
      for (int c = k; c < n; c++) a[i * n + c] -= f * a[k * n + c];
      for (int c = 0; c < m; c++) b[i * m + c] -= f * b[k * m + c];
    }
  }
  for (int k = 0; k < n; k++)
    for (int c = 0; c < m; c++) b[k * m + c] /= a[k * n + k];
  return true;
}

bool mill_linear_solve(double *a, double *b, int n) { return eliminate(a, b, n, 1); }

bool mill_linear_invert(double *a, double *inverse, int n) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) inverse[i * n + j] = i == j;
  return eliminate(a, inverse, n, n);
}
