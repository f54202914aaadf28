/* Higher-order functions: how they say which variables a lambda has, and how they evaluate it.
**
** A definition with MILL_FN_LAMBDA names a mill_lambda_rule. The planner asks it for the variables
** of each lambda once the other arguments are known, resolves the bodies, and binds the call with
** the bodies' types among the arguments' types. At run time the evaluator fills in call->lambda and
** gives the kernel an empty constant in the place of each lambda. */
#ifndef MILL_KERNEL_LAMBDA_H
#define MILL_KERNEL_LAMBDA_H

#include "kernel/function.h"

enum { MILL_LAMBDA_VARIABLES = 3 };

typedef struct mill_lambda_variables {
  int n;
  const mill_type *type[MILL_LAMBDA_VARIABLES];
  bool nullable[MILL_LAMBDA_VARIABLES];
} mill_lambda_variables;

typedef struct mill_lambda_rule {
  int first; /* arguments from here on are lambdas */
  /* The variables of the lambda at argument `arg`, which names `given` of them. The arguments
  ** before `first` have types; b->cast_to may be set for them. */
  mill_status (*variables)(mill_binding *b, int arg, int given, mill_lambda_variables *out,
                           mill_error *err);
} mill_lambda_rule;

typedef struct mill_lambda mill_lambda;
struct mill_lambda {
  /* Evaluate the lambda at argument `arg` of the call on n > 0 elements: vars[k] are flat or
  ** constant vectors of n values, at least as many as the lambda has variables; row[i] is the row
  ** of the call that element i belongs to (for captured columns). *out is flat or constant, made in
  ** `arena` (NULL: the batch's), and valid until the next call. */
  mill_status (*eval)(mill_lambda *l, int arg, const mill_vector *const *vars, const uint32_t *row,
                      uint32_t n, const mill_vector **out, mill_error *err);
  mill_arena *arena;
};

#endif
