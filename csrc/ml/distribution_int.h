/* Distribution functions that tests and summaries need. Private to csrc/ml. */
#ifndef MILL_ML_DISTRIBUTION_INT_H
#define MILL_ML_DISTRIBUTION_INT_H

/* The regularised incomplete beta function I_x(a, b), a and b > 0, 0 <= x <= 1. */
double mill_incomplete_beta(double x, double a, double b);
/* P(T <= t) of Student's t with `dof` degrees of freedom; NaN for dof <= 0. */
double mill_student_t(double t, double dof);

#endif
