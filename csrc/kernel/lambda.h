/* How a higher-order function evaluates its lambda: the evaluator fills this in, the kernel calls
** it. */
#ifndef MILL_KERNEL_LAMBDA_H
#define MILL_KERNEL_LAMBDA_H

#include "kernel/function.h"

typedef struct mill_lambda mill_lambda;
struct mill_lambda {
  /* Evaluate lambda number `which` of the call on n elements: vars[k] are flat vectors of n values,
  ** row[i] is the row of the call that element i belongs to (for captured columns). *out is valid
  ** until the next call. */
  mill_status (*eval)(mill_lambda *l, int which, const mill_vector *const *vars,
                      const uint32_t *row, size_t n, const mill_vector **out, mill_error *err);
};

#endif
