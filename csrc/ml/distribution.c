/* Distribution functions: see distribution_int.h. The incomplete beta function is computed by its
** continued fraction, evaluated by Lentz's method, on the side where that converges fast
** [Press et al., Numerical Recipes, 6.4; Abramowitz and Stegun 26.5.8, 26.7.1]. */
#include <math.h>

#include "ml/distribution_int.h"

static double log_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

static double away_from_zero(double x) { return fabs(x) < 1e-300 ? 1e-300 : x; }

static double fraction(double x, double a, double b) {
  enum { TERMS = 1000 };
  double c = 1.0, d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0)), h = d;
  for (int m = 1; m <= TERMS; m++) {
    double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1.0 / away_from_zero(1.0 + even * d);
    c = away_from_zero(1.0 + even / c);
    h *= d * c;
    d = 1.0 / away_from_zero(1.0 + odd * d);
    c = away_from_zero(1.0 + odd / c);
    h *= d * c;
    if (fabs(d * c - 1.0) < 1e-16) break;
  }
  return h;
}

double mill_incomplete_beta(double x, double a, double b) {
  if (isnan(x) || x <= 0.0) return isnan(x) ? x : 0.0;
  if (x >= 1.0) return 1.0;
  double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
  if (x < (a + 1.0) / (a + b + 2.0)) return front * fraction(x, a, b) / a;
  return 1.0 - front * fraction(1.0 - x, b, a) / b;
}

double mill_student_t(double t, double dof) {
  if (isnan(t) || !(dof > 0.0)) return NAN;
  double tail = 0.5 * mill_incomplete_beta(dof / (dof + t * t), dof / 2.0, 0.5);
  return t > 0.0 ? 1.0 - tail : tail;
}
