/* Small systems of linear equations, held as plain arrays. Private to csrc/ml. The sizes here are
** tens to a few hundred; nothing is blocked. */
#ifndef MILL_ML_LINEAR_INT_H
#define MILL_ML_LINEAR_INT_H

#include <stdbool.h>

/* By Gaussian elimination with partial pivoting; false: singular. Matrices are n x n, row by row,
** and `a` is destroyed. mill_linear_solve leaves the solution of a x = b in b. */
bool mill_linear_solve(double *a, double *b, int n);
bool mill_linear_invert(double *a, double *inverse, int n);

/* Symmetric positive definite matrices, the upper triangle packed column by column: element (i, j),
** i <= j, at j (j + 1) / 2 + i (as LAPACK's dppsv). mill_cholesky_solve leaves the factor in `a` and
** the solution in b; false: not positive definite. mill_cholesky_invert takes that factor and
** leaves the inverse. */
bool mill_cholesky_solve(double *a, double *b, int n);
bool mill_cholesky_invert(double *a, int n);

#endif
