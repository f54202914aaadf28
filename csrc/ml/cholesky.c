/* Cholesky's factorisation a = U'U of a packed symmetric matrix: see linear_int.h. */
#include <math.h>
#include <stddef.h>

#include "ml/linear_int.h"

/* Column j of the packed upper triangle. */
static double *column(double *a, int j) { return a + (size_t)j * ((size_t)j + 1) / 2; }

static bool factor(double *a, int n) {
  for (int j = 0; j < n; j++) {
    double *cj = column(a, j), rest = cj[j];
    for (int i = 0; i < j; i++) {
      const double *ci = column(a, i);
      double v = cj[i];
      for (int k = 0; k < i; k++) v -= ci[k] * cj[k];
      cj[i] = v / ci[i];
      rest -= cj[i] * cj[i];
    }
    if (!(rest > 0.0)) return false;
    cj[j] = sqrt(rest);
  }
  return true;
}

bool mill_cholesky_solve(double *a, double *b, int n) {
  if (!factor(a, n)) return false;
  for (int j = 0; j < n; j++) {
    const double *cj = column(a, j);
    for (int k = 0; k < j; k++) b[j] -= cj[k] * b[k];
    b[j] /= cj[j];
  }
  for (int j = n - 1; j >= 0; j--) {
    const double *cj = column(a, j);
    b[j] /= cj[j];
    for (int k = 0; k < j; k++) b[k] -= cj[k] * b[j];
  }
  return true;
}

/* In place: U becomes its inverse V column by column, then V V' replaces it. */
bool mill_cholesky_invert(double *a, int n) {
  for (int j = 0; j < n; j++) {
    double *cj = column(a, j);
    if (cj[j] == 0.0) return false;
    cj[j] = 1.0 / cj[j];
    for (int i = 0; i < j; i++) {
      double v = 0.0;
      for (int k = i; k < j; k++) v += column(a, k)[i] * cj[k];
      cj[i] = -v * cj[j];
    }
  }
  for (int j = 0; j < n; j++)
    for (int i = 0; i <= j; i++) {
      double v = 0.0;
      for (int k = j; k < n; k++) v += column(a, k)[i] * column(a, k)[j];
      column(a, j)[i] = v;
    }
  return true;
}
