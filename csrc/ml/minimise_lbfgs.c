/* L-BFGS with a memory of ten steps: see minimise_int.h. The inverse Hessian is applied to the
** gradient by the two-loop recursion, scaled by s'y / y'y of the last step; steps satisfy the
** strong Wolfe conditions. [Liu and Nocedal, On the limited memory BFGS method for large scale
** optimization, Mathematical Programming 45 (1989)] */
#include "ml/dense_int.h"
#include "ml/minimise_int.h"

typedef struct history {
  int n;                                   /* steps kept */
  double *step[MILL_MINIMISE_MEMORY];      /* s: newest first */
  double *grad_step[MILL_MINIMISE_MEMORY]; /* y */
} history;

bool mill_lbfgs_init(mill_search *s) {
  history *h = mill_arena_alloc(s->arena, sizeof *h);
  if (h == NULL) return false;
  for (int i = 0; i < MILL_MINIMISE_MEMORY; i++) {
    h->step[i] = mill_arena_alloc(s->arena, ((size_t)s->n + 1) * sizeof(double));
    h->grad_step[i] = mill_arena_alloc(s->arena, ((size_t)s->n + 1) * sizeof(double));
    if (h->step[i] == NULL || h->grad_step[i] == NULL) return false;
  }
  s->own = h;
  return true;
}

void mill_lbfgs_forget(mill_search *s) { ((history *)s->own)->n = 0; }

bool mill_lbfgs_direction(mill_search *s, const double *g) {
  const history *h = s->own;
  double scale = 1.0, a[MILL_MINIMISE_MEMORY], rho[MILL_MINIMISE_MEMORY], *dir = s->dir;
  if (h->n > 0) {
    double sy = mill_dot(h->step[0], h->grad_step[0], s->n);
    if (sy < 0 || isnan(sy)) return false;
    scale = sy / mill_dot(h->grad_step[0], h->grad_step[0], s->n);
  }
  for (int i = 0; i < s->n; i++) dir[i] = g[i];
  for (int i = 0; i < h->n; i++) {
    rho[i] = mill_dot(h->step[i], h->grad_step[i], s->n);
    a[i] = mill_dot(h->step[i], dir, s->n) / rho[i];
    if (isnan(a[i])) return false;
    mill_axpy(-a[i], h->grad_step[i], dir, s->n);
  }
  for (int i = 0; i < s->n; i++) dir[i] *= scale;
  for (int i = h->n - 1; i >= 0; i--)
    mill_axpy(a[i] - mill_dot(h->grad_step[i], dir, s->n) / rho[i], h->step[i], dir, s->n);
  for (int i = 0; i < s->n; i++) dir[i] = -dir[i];
  return true;
}

void mill_lbfgs_update(mill_search *s, const double *x, const double *grad) {
  history *h = s->own;
  if (h->n < MILL_MINIMISE_MEMORY) h->n++;
  double *step = h->step[h->n - 1], *grad_step = h->grad_step[h->n - 1];
  for (int i = h->n - 1; i > 0; i--) {
    h->step[i] = h->step[i - 1];
    h->grad_step[i] = h->grad_step[i - 1];
  }
  for (int i = 0; i < s->n; i++) {
    step[i] = x[i] - s->x[i];
    grad_step[i] = grad[i] - s->grad[i];
  }
  h->step[0] = step;
  h->grad_step[0] = grad_step;
}

static bool direction(mill_search *s) { return mill_lbfgs_direction(s, s->grad); }

static void take(const mill_search *s, double alpha, double *x) {
  for (int i = 0; i < s->n; i++) x[i] = s->x[i] + alpha * s->dir[i];
}

static mill_status step(mill_search *s, double *alpha, bool *found, mill_error *err) {
  double start = s->iter == 0 ? 1.0 / mill_norm2(s->dir, s->n) : 1.0;
  MILL_TRY(mill_search_wolfe(s, 10, start, INFINITY, alpha, found, err));
  if (*found && *alpha * mill_norm2(s->grad, s->n) < 1e-10) *found = false;
  return MILL_OK;
}

const mill_minimise_method mill_method_lbfgs = {
    .init = mill_lbfgs_init,
    .forget = mill_lbfgs_forget,
    .direction = direction,
    .step = step,
    .take = take,
    .update = mill_lbfgs_update,
};
