/* Minimising smooth functions of a few to many thousand variables: L-BFGS, with an L1 term as
** OWL-QN, within bounds as L-BFGS-B. Private to csrc/ml.
**
** The steps, line searches and stopping rules are those of Breeze, which Spark calls, so that a fit
** that stops early (maxIter, a loose tol) stops where Spark's does:
**
**   stop when   iterations >= max_iter
**               |f - max of the last 20 f| <= tol |f0|
**               |gradient| <= max(tol |f|, 1e-8)
**               a search failed twice in a row (after the first failure the memory is emptied)
**
** `minimise.c` is that loop; a method (minimise_lbfgs.c, minimise_owlqn.c, minimise_lbfgsb.c)
** says which direction, how far, and what it remembers. Cost: one or two evaluations an iteration, memory 2 m n doubles. */
#ifndef MILL_ML_MINIMISE_INT_H
#define MILL_ML_MINIMISE_INT_H

#include <stdbool.h>

#include "base/memory.h"

/* f(x) and its gradient. `eval` may move x within its own set of equivalent points (weighted least
** squares computes the intercept there). Anything but MILL_OK ends the search with that error. */
typedef struct mill_objective {
  int n;
  void *arg;
  mill_status (*eval)(void *arg, double *x, double *value, double *gradient, mill_error *err);
} mill_objective;

typedef struct mill_minimise_options {
  int max_iter;
  double tol;
  const double *l1;            /* weight of |x[i]|, n of them: OWL-QN; NULL: none */
  const double *lower, *upper; /* n each, both or neither: L-BFGS-B */
} mill_minimise_options;

/* Objective at the start and after each iteration. In the arena given. */
typedef struct mill_minimise_trace {
  double *value;
  int n, capacity;
} mill_minimise_trace;

/* x holds the start and then the minimum. Needs lower <= x <= upper. */
mill_status mill_minimise(const mill_objective *f, const mill_minimise_options *o, mill_memory *m,
                          mill_arena *arena, double *x, mill_minimise_trace *trace,
                          mill_error *err) MILL_USE_RESULT;

/* ---- between the loop and the methods ---------------------------------------------------------- */

enum { MILL_MINIMISE_MEMORY = 10, MILL_MINIMISE_VALUES = 20 };

typedef struct mill_search mill_search;

typedef struct mill_minimise_method {
  bool (*init)(mill_search *s);      /* allocate `own`; false: out of memory */
  void (*forget)(mill_search *s);    /* empty the memory */
  bool (*direction)(mill_search *s); /* fill dir; false: it fails */
  /* *alpha = how far; *found false: it fails */
  mill_status (*step)(mill_search *s, double *alpha, bool *found, mill_error *err);
  void (*take)(const mill_search *s, double alpha, double *x);
  /* value and gradient with the penalty that f does not know; NULL: there is none */
  void (*adjust)(const mill_search *s, const double *x, const double *grad, double *value,
                 double *adjusted);
  void (*update)(mill_search *s, const double *x, const double *grad); /* from s->x to x */
  bool (*settled)(const mill_search *s); /* one more reason to stop; NULL: none */
} mill_minimise_method;

struct mill_search {
  const mill_minimise_method *method;
  const mill_objective *f;
  const mill_minimise_options *o;
  mill_arena *arena; /* of the search, freed at its end */
  void *own;
  int n, iter;
  double *x, *grad, *adjusted_grad; /* now; without adjust both gradients are the same array */
  double value, adjusted_value, initial_value;
  double *dir;
  double *trial, *trial_grad, *trial_adjusted; /* last point that was tried */
  double trial_value;
  double recent[MILL_MINIMISE_VALUES];
  int nrecent;
};

/* f at s->x + alpha s->dir (as `take` makes it), adjusted; *slope is its derivative along dir. */
mill_status mill_search_try(mill_search *s, double alpha, double *value, double *slope,
                            mill_error *err) MILL_USE_RESULT;

extern const mill_minimise_method mill_method_lbfgs, mill_method_owlqn, mill_method_lbfgsb;

/* Shared by minimise_lbfgs.c and minimise_owlqn.c: the direction from gradient g. */
bool mill_lbfgs_init(mill_search *s);
void mill_lbfgs_forget(mill_search *s);
bool mill_lbfgs_direction(mill_search *s, const double *g);
void mill_lbfgs_update(mill_search *s, const double *x, const double *grad);

/* Line searches (line_search.c). Strong Wolfe conditions c1 = 1e-4, c2 = 0.9, steps up to `bound`
** [Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6]; backtracking. */
mill_status mill_search_wolfe(mill_search *s, int rounds, double start, double bound, double *alpha,
                              bool *found, mill_error *err) MILL_USE_RESULT;
mill_status mill_search_backtrack(mill_search *s, double start, double shrink, double *alpha,
                                  bool *found, mill_error *err) MILL_USE_RESULT;

#endif
