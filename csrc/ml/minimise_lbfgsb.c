/* L-BFGS-B: minimising within bounds; see minimise_int.h. With the compact form of the Hessian
** B = theta I - W M W', W = [Y, theta S], a step goes from x to the Cauchy point (the first local
** minimum of the quadratic model along the projected gradient), then to the minimum of the model
** over the variables that are free there. [Byrd, Lu, Nocedal and Zhu, A limited memory algorithm
** for bound constrained optimization, SIAM J. Scientific Computing 16 (1995)] */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "ml/dense_int.h"
#include "ml/linear_int.h"
#include "ml/minimise_int.h"

enum { MAX2 = 2 * MILL_MINIMISE_MEMORY };
static const double SETTLED = 1e-5, CURVATURE = 2.2e-16;

typedef struct breakpoint {
  double t;
  int i;
} breakpoint;

typedef struct model {
  int kept; /* steps in memory; W has 2 kept columns */
  double theta;
  double *y[MILL_MINIMISE_MEMORY], *s[MILL_MINIMISE_MEMORY]; /* oldest first */
  double m[MAX2 * MAX2];                                     /* 2 kept x 2 kept, row by row */
  double *cauchy, *residual;                                 /* n each */
  breakpoint *order;                                         /* n */
} model;

static double *room(mill_search *s) {
  return mill_arena_alloc(s->arena, ((size_t)s->n + 1) * sizeof(double));
}

static bool init(mill_search *s) {
  model *h = mill_arena_alloc(s->arena, sizeof *h);
  if (h == NULL) return false;
  for (int i = 0; i < MILL_MINIMISE_MEMORY; i++)
    if ((h->y[i] = room(s)) == NULL || (h->s[i] = room(s)) == NULL) return false;
  h->cauchy = room(s);
  h->residual = room(s);
  h->order = mill_arena_alloc(s->arena, ((size_t)s->n + 1) * sizeof *h->order);
  s->own = h;
  return h->cauchy && h->residual && h->order;
}

static void forget(mill_search *s) {
  model *h = s->own;
  h->kept = 0;
  h->theta = 1.0;
}

/* Row i of W. */
static void row_of(const model *h, int i, double *w) {
  for (int k = 0; k < h->kept; k++) {
    w[k] = h->y[k][i];
    w[h->kept + k] = h->theta * h->s[k][i];
  }
}

/* out = M v */
static void times_m(const model *h, const double *v, double *out) {
  int k2 = 2 * h->kept;
  for (int r = 0; r < k2; r++) out[r] = mill_dot(h->m + r * k2, v, k2);
}

static int by_time(const void *a, const void *b) {
  const breakpoint *x = a, *y = b;
  if (x->t != y->t) return x->t < y->t ? -1 : 1;
  return (x->i > y->i) - (x->i < y->i);
}

/* Where each variable hits its bound along -g, in order; d is the direction at the start. */
static void find_breakpoints(mill_search *s, double *d) {
  model *h = s->own;
  for (int i = 0; i < s->n; i++) {
    double g = s->grad[i], t = DBL_MAX;
    if (g != 0.0) t = (s->x[i] - (g < 0 ? s->o->upper[i] : s->o->lower[i])) / g;
    d[i] = g == 0.0 || t == 0.0 ? 0.0 : -g;
    h->order[i] = (breakpoint){t, i};
  }
  qsort(h->order, (size_t)s->n, sizeof *h->order, by_time);
}

/* The Cauchy point into h->cauchy, W'(cauchy - x) into c. d is destroyed. */
static void find_cauchy(mill_search *s, double *d, double *c) {
  model *h = s->own;
  int n = s->n, k2 = 2 * h->kept, i = 0;
  double p[MAX2] = {0}, mp[MAX2], mc[MAX2], w[MAX2], mw[MAX2];
  find_breakpoints(s, d);
  memcpy(h->cauchy, s->x, (size_t)n * sizeof(double));
  memset(c, 0, MAX2 * sizeof *c);
  for (int r = 0; r < n; r++) {
    row_of(h, r, w);
    mill_axpy(d[r], w, p, k2);
  }
  times_m(h, p, mp);
  double f1 = mill_dot(s->grad, d, n), f2 = -h->theta * f1 - mill_dot(p, mp, k2);
  double least = -f1 / f2, old = 0.0;
  while (i < n && h->order[i].t == 0.0) i++;
  for (; i < n && h->order[i].t - old <= least; i++) {
    int b = h->order[i].i;
    double dt = h->order[i].t - old, g = s->grad[b];
    h->cauchy[b] = d[b] > 0 ? s->o->upper[b] : s->o->lower[b];
    double z = h->cauchy[b] - s->x[b];
    mill_axpy(dt, p, c, k2);
    row_of(h, b, w);
    times_m(h, c, mc);
    times_m(h, p, mp);
    times_m(h, w, mw);
    f1 += dt * f2 + g * g + h->theta * g * z - g * mill_dot(w, mc, k2);
    f2 -= h->theta * g * g + 2.0 * g * mill_dot(w, mp, k2) + g * g * mill_dot(w, mw, k2);
    mill_axpy(g, w, p, k2);
    d[b] = 0.0;
    least = -f1 / f2;
    old = h->order[i].t;
  }
  least = fmax(least, 0.0);
  for (int k = i; k < n; k++) {
    int b = h->order[k].i;
    h->cauchy[b] = s->x[b] + (old + least) * d[b];
  }
  mill_axpy(least, p, c, k2);
}

static bool is_free(const mill_search *s, int i) {
  const model *h = s->own;
  return h->cauchy[i] != s->o->upper[i] && h->cauchy[i] != s->o->lower[i];
}

/* Move the free variables of the Cauchy point towards the minimum of the model, as far as the bounds
** let all of them (the direct primal method: the inverse of the reduced Hessian by the
** Sherman-Morrison-Woodbury formula). */
static bool minimise_free(mill_search *s, const double *c) {
  model *h = s->own;
  int k2 = 2 * h->kept;
  double mc[MAX2], w[MAX2], wr[MAX2] = {0}, v[MAX2], ww[MAX2 * MAX2] = {0}, nn[MAX2 * MAX2];
  times_m(h, c, mc);
  for (int i = 0; i < s->n; i++) {
    if (!is_free(s, i)) continue;
    row_of(h, i, w);
    h->residual[i] = s->grad[i] + h->theta * (h->cauchy[i] - s->x[i]) - mill_dot(w, mc, k2);
    mill_axpy(h->residual[i], w, wr, k2);
    for (int r = 0; r < k2; r++) mill_axpy(w[r], w, ww + r * k2, k2);
  }
  for (int r = 0; r < k2; r++)
    for (int q = 0; q < k2; q++) {
      double sum = 0.0;
      for (int k = 0; k < k2; k++) sum += h->m[r * k2 + k] * ww[k * k2 + q];
      nn[r * k2 + q] = (r == q) - sum / h->theta;
    }
  times_m(h, wr, v);
  if (!mill_linear_solve(nn, v, k2)) return false;
  double inverse = 1.0 / h->theta, most = 1.0;
  for (int i = 0; i < s->n; i++) {
    if (!is_free(s, i)) continue;
    row_of(h, i, w);
    double move = -(inverse * h->residual[i] + inverse * inverse * mill_dot(w, v, k2));
    double bound = move > 0.0 ? s->o->upper[i] : s->o->lower[i];
    if (move != 0.0) most = fmin(most, (bound - h->cauchy[i]) / move);
    h->residual[i] = move;
  }
  for (int i = 0; i < s->n; i++)
    s->dir[i] = h->cauchy[i] - s->x[i] + (is_free(s, i) ? most * h->residual[i] : 0.0);
  return true;
}

static bool direction(mill_search *s) {
  model *h = s->own;
  double c[MAX2];
  find_cauchy(s, s->dir, c);
  if (s->iter > 0) return minimise_free(s, c);
  for (int i = 0; i < s->n; i++) s->dir[i] = h->cauchy[i] - s->x[i];
  return true;
}

static double within(const mill_search *s, int i, double v) {
  return v > s->o->upper[i] ? s->o->upper[i] : v < s->o->lower[i] ? s->o->lower[i] : v;
}

static void take(const mill_search *s, double alpha, double *x) {
  for (int i = 0; i < s->n; i++) x[i] = within(s, i, s->x[i] + alpha * s->dir[i]);
}

static mill_status step(mill_search *s, double *alpha, bool *found, mill_error *err) {
  enum { ROUNDS = 64 };
  double most = INFINITY;
  for (int i = 0; i < s->n; i++) {
    if (s->dir[i] == 0.0) continue;
    double bound = s->dir[i] < 0 ? s->o->lower[i] : s->o->upper[i];
    most = fmin(most, fmax((bound - s->x[i]) / s->dir[i], 0.0));
  }
  return mill_search_wolfe(s, ROUNDS, fmin(most, 1.0), most, alpha, found, err);
}

/* M = [[-D, L'], [L, theta S'S]]^-1 with L the strictly lower part of S'Y, D its diagonal. */
static bool invert_middle(const model *h, int n, double theta, double *m) {
  int k = h->kept, k2 = 2 * k;
  double a[MAX2 * MAX2] = {0};
  for (int i = 0; i < k; i++)
    for (int j = 0; j < k; j++) {
      double sy = mill_dot(h->s[i], h->y[j], n);
      a[(k + i) * k2 + k + j] = theta * mill_dot(h->s[i], h->s[j], n);
      if (i == j) a[i * k2 + i] = -sy;
      if (i > j) a[(k + i) * k2 + j] = a[j * k2 + k + i] = sy;
    }
  return mill_linear_invert(a, m, k2);
}

static void update(mill_search *s, const double *x, const double *grad) {
  model *h = s->own;
  double ys = 0.0, yy = 0.0;
  for (int i = 0; i < s->n; i++) {
    double dy = grad[i] - s->grad[i];
    yy += dy * dy;
    ys += dy * (x[i] - s->x[i]);
  }
  if (!(CURVATURE * sqrt(yy) < fabs(ys))) return;
  if (h->kept == MILL_MINIMISE_MEMORY) {
    double *y = h->y[0], *step0 = h->s[0];
    memmove(h->y, h->y + 1, sizeof h->y - sizeof h->y[0]);
    memmove(h->s, h->s + 1, sizeof h->s - sizeof h->s[0]);
    h->y[--h->kept] = y;
    h->s[h->kept] = step0;
  }
  for (int i = 0; i < s->n; i++) {
    h->y[h->kept][i] = grad[i] - s->grad[i];
    h->s[h->kept][i] = x[i] - s->x[i];
  }
  h->kept++;
  h->theta = yy / ys;
  if (!invert_middle(h, s->n, h->theta, h->m)) forget(s);
}

/* The projected gradient is small. */
static bool settled(const mill_search *s) {
  double most = 0.0;
  for (int i = 0; i < s->n; i++)
    most = fmax(most, fabs(within(s, i, s->x[i] - s->grad[i]) - s->x[i]));
  return most < SETTLED;
}

const mill_minimise_method mill_method_lbfgsb = {
    .init = init,
    .forget = forget,
    .direction = direction,
    .step = step,
    .take = take,
    .update = update,
    .settled = settled,
};
