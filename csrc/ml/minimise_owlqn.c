/* OWL-QN: L-BFGS for f(x) + sum l1[i] |x[i]|; see minimise_int.h. Each step stays within one
** orthant, where the penalty is linear; where a coordinate would change its sign it becomes 0.
** [Andrew and Gao, Scalable training of L1-regularized log-linear models, ICML 2007] */
#include "ml/dense_int.h"
#include "ml/minimise_int.h"

static int sign(double v) { return (v > 0) - (v < 0); }

/* The gradient of least norm among the subgradients. */
static void adjust(const mill_search *s, const double *x, const double *grad, double *value,
                   double *adjusted) {
  for (int i = 0; i < s->n; i++) {
    double l1 = s->o->l1[i], g = grad[i];
    if (l1 == 0.0) {
      adjusted[i] = g;
      continue;
    }
    *value += fabs(l1 * x[i]);
    if (x[i] != 0.0)
      adjusted[i] = g + sign(x[i]) * l1;
    else
      adjusted[i] = g - l1 > 0 ? g - l1 : g + l1 < 0 ? g + l1 : 0.0;
  }
}

/* Coordinates that go against the adjusted gradient are left alone. */
static bool direction(mill_search *s) {
  if (!mill_lbfgs_direction(s, s->adjusted_grad)) return false;
  for (int i = 0; i < s->n; i++)
    if (!(s->dir[i] * s->adjusted_grad[i] < 0)) s->dir[i] = 0.0;
  return true;
}

static void take(const mill_search *s, double alpha, double *x) {
  for (int i = 0; i < s->n; i++) {
    double v = s->x[i] + alpha * s->dir[i];
    int orthant = s->x[i] != 0.0 ? sign(s->x[i]) : -sign(s->adjusted_grad[i]);
    x[i] = sign(v) == orthant ? v : 0.0;
  }
}

static mill_status step(mill_search *s, double *alpha, bool *found, mill_error *err) {
  bool first = s->iter < 1;
  return mill_search_backtrack(s, first ? 0.5 / mill_norm2(s->grad, s->n) : 1.0, first ? 0.1 : 0.5,
                               alpha, found, err);
}

const mill_minimise_method mill_method_owlqn = {
    .init = mill_lbfgs_init,
    .forget = mill_lbfgs_forget,
    .direction = direction,
    .step = step,
    .take = take,
    .adjust = adjust,
    .update = mill_lbfgs_update,
};
