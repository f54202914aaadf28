/* ML vectors in kernels: reading rows of VECTOR columns, arithmetic with them, making them. Private
** to csrc/ml. Views: what a mill_vec points to lasts as long as the batch it came from. */
#ifndef MILL_ML_VEC_INT_H
#define MILL_ML_VEC_INT_H

#include "column/vector.h"

/* A vector to read: n values, at index[k] where index is not NULL (sparse), else at 0..n-1. */
typedef struct mill_vec {
  int size, n;
  const int32_t *index;
  const double *value;
} mill_vec;

/* Row i of a column of type VECTOR (not null there). */
mill_vec mill_vec_at(const mill_vector *v, size_t i);
double mill_vec_dot(const mill_vec *x, const double *w);       /* sum of x w, in order of index */
void mill_vec_add(const mill_vec *x, double a, double *y);     /* y += a x */
double mill_vec_get(const mill_vec *x, int at);                /* binary search when sparse */
void mill_vec_spread(const mill_vec *x, double *dense);        /* all `size` values */
double mill_vec_distance2(const mill_vec *x, const double *y); /* squared Euclidean */

/* Results of kernels: give row i of `out` (type VECTOR) a vector of n values to fill in.
** mill_vec_put_sparse takes the indices and values in order. Rows come in ascending order. */
mill_status mill_vec_put(mill_vector *out, size_t i, int n, mill_arena *a, double **values,
                         mill_error *err) MILL_USE_RESULT;
mill_status mill_vec_put_sparse(mill_vector *out, size_t i, int size, int n, mill_arena *a,
                                int32_t **index, double **values, mill_error *err) MILL_USE_RESULT;
/* Spark's Vector.compressed: whichever takes less memory. Values of x that are 0 are left out. */
mill_status mill_vec_put_compressed(mill_vector *out, size_t i, const mill_vec *x, mill_arena *a,
                                    mill_error *err) MILL_USE_RESULT;

#endif
