/* Small systems of equations with solutions by hand: see csrc/ml/linear_int.h. */
#include "../check.h"

#include <math.h>

#include "ml/linear_int.h"

static void near(double got, double want) {
  CHECK(fabs(got - want) <= 1e-12 * fmax(1.0, fabs(want)), "%.17g, want %.17g", got, want);
}

static void solve(void) {
  double a[] = {0, 2, 1, 1, 1, 1, 2, 0, 3},
         b[] = {7, 6, 11}; /* x = 1, 2, 3; the pivot is not first */
  CHECK(mill_linear_solve(a, b, 3));
  near(b[0], 1);
  near(b[1], 2);
  near(b[2], 3);
  double twice[] = {1, 2, 2, 4}, c[] = {1, 2};
  CHECK(!mill_linear_solve(twice, c, 2));
  double bad[] = {NAN}, d[] = {1};
  CHECK(!mill_linear_solve(bad, d, 1));
  CHECK(mill_linear_solve(a, b, 0));
}

static void invert(void) {
  double a[] = {4, 7, 2, 6}, inverse[4]; /* of determinant 10 */
  CHECK(mill_linear_invert(a, inverse, 2));
  near(inverse[0], 0.6);
  near(inverse[1], -0.7);
  near(inverse[2], -0.2);
  near(inverse[3], 0.4);
}

/* [[4,2,2],[2,5,3],[2,3,6]], upper triangle column by column; determinant 64. */
static void cholesky(void) {
  double a[] = {4, 2, 5, 2, 3, 6}, b[] = {14, 21, 26};
  CHECK(mill_cholesky_solve(a, b, 3));
  near(b[0], 1);
  near(b[1], 2);
  near(b[2], 3);
  CHECK(mill_cholesky_invert(a, 3));
  near(a[0], 21.0 / 64);
  near(a[1], -6.0 / 64);
  near(a[2], 20.0 / 64);
  near(a[3], -4.0 / 64);
  near(a[4], -8.0 / 64);
  near(a[5], 16.0 / 64);
  double singular[] = {1, 1, 1}, c[] = {1, 1};
  CHECK(!mill_cholesky_solve(singular, c, 2));
  double negative[] = {-1}, d[] = {1};
  CHECK(!mill_cholesky_solve(negative, d, 1));
}

int main(void) {
  solve();
  invert();
  cholesky();
  return check_done();
}
