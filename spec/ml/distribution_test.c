/* Distribution functions against closed forms and tables. */
#include "../check.h"

#include <math.h>

#include "ml/distribution_int.h"

static void near(double got, double want, double relative) {
  CHECK(fabs(got - want) <= relative * fabs(want), "%.17g, want %.17g", got, want);
}

int main(void) {
  near(mill_incomplete_beta(0.3, 1, 1), 0.3, 1e-14);                            /* uniform */
  near(mill_incomplete_beta(0.25, 2, 1), 0.0625, 1e-13);                        /* x^2 */
  near(mill_incomplete_beta(0.25, 1, 3), 1 - 0.75 * 0.75 * 0.75, 1e-13);        /* 1 - (1-x)^3 */
  near(mill_incomplete_beta(0.5, 7.5, 7.5), 0.5, 1e-13);                        /* symmetry */
  near(mill_incomplete_beta(0.2, 0.5, 0.5), 2 / M_PI * asin(sqrt(0.2)), 1e-13); /* arcsine law */
  CHECK(mill_incomplete_beta(0, 2, 3) == 0 && mill_incomplete_beta(1, 2, 3) == 1);
  CHECK(isnan(mill_incomplete_beta(NAN, 2, 3)));
  for (double t = -40; t <= 40; t += 0.7) { /* one degree: Cauchy; two: an algebraic form */
    near(mill_student_t(t, 1), 0.5 + atan(t) / M_PI, 1e-11);
    near(mill_student_t(t, 2), 0.5 + t / (2 * sqrt(2 + t * t)), 1e-11);
  }
  near(mill_student_t(0, 5), 0.5, 1e-15);
  near(mill_student_t(2.2281388519649385, 10), 0.975, 1e-12); /* of the tables */
  CHECK(mill_student_t(-30, 200) > 0);
  CHECK(isnan(mill_student_t(1, 0)) && isnan(mill_student_t(NAN, 3)));
  CHECK(mill_student_t(INFINITY, 3) == 1 && mill_student_t(-INFINITY, 3) == 0);
  return check_done();
}
