/* Weighted least squares: see weighted_least_squares_int.h. Sums of a block:
**   | w | w y | w y y | w x: k | w x y: k | w x x', upper triangle packed: k (k + 1) / 2 | */
#include "ml/weighted_least_squares_int.h"

#include <string.h>

#include "ml/blocks_int.h"
#include "ml/dense_int.h"
#include "ml/linear_int.h"
#include "ml/minimise_int.h"

enum { W, WY, WYY, WX };

typedef struct equations {
  mill_wls *o;
  int k;                    /* features */
  int n;                    /* features and intercept */
  double *xbar, *xy, *xx;   /* means; standardised, with l2 on the diagonal */
  double *std;              /* of the features */
  double ybar, yybar, ystd; /* ybar and yybar are standardised */
  double weight, raw_ybar;
  double *a, *b; /* the equations: packed triangle, right-hand side */
  double *solution;
  double *work;
} equations;

static double *room(mill_arena *a, size_t n) {
  return mill_arena_alloc(a, (n + 1) * sizeof(double));
}

static size_t triangle(int n) { return (size_t)n * ((size_t)n + 1) / 2; }

/* ---- the sums ------------------------------------------------------------------------------ */

static mill_status block(void *arg, size_t from, size_t to, double *part, mill_error *err) {
  (void)err;
  const mill_points *p = arg;
  int k = p->width;
  double *wx = part + WX, *wxy = wx + k, *wxx = wxy + k;
  for (size_t i = from; i < to; i++) {
    double w = mill_points_weight(p, i), y = p->label[i];
    mill_vec v = mill_points_row(p, i);
    part[W] += w;
    part[WY] += w * y;
    part[WYY] += w * y * y;
    mill_vec_add(&v, w, wx);
    mill_vec_add(&v, w * y, wxy);
    for (int c = 0; c < v.n; c++) {
      int j = v.index ? v.index[c] : c;
      double f = w * v.value[c], *column = wxx + triangle(j);
      if (f == 0.0) continue;
      for (int r = 0; r <= c; r++) column[v.index ? v.index[r] : r] += f * v.value[r];
    }
  }
  return MILL_OK;
}

static mill_status sum_up(const mill_context *ctx, const mill_points *p, double *sum,
                          mill_error *err) {
  mill_blocks b;
  mill_status s =
      mill_blocks_init(&b, ctx, p->n, WX + 2 * (size_t)p->width + triangle(p->width), err);
  if (s == MILL_OK) s = mill_blocks_sum(&b, block, (void *)(uintptr_t)p, sum, err);
  mill_blocks_clear(&b);
  return s;
}

/* Means, deviations and the standardised moments. */
static void standardise(equations *e, double *sum) {
  int k = e->k;
  e->weight = sum[W];
  e->raw_ybar = sum[WY] / sum[W];
  e->ystd = sqrt(fmax(sum[WYY] / sum[W] - e->raw_ybar * e->raw_ybar, 0.0));
  e->xbar = sum + WX;
  e->xy = e->xbar + k;
  e->xx = e->xy + k;
  for (int j = 0; j < k; j++) {
    double mean = e->xbar[j] / e->weight;
    double square = e->xx[triangle(j) + (size_t)j] / e->weight;
    e->std[j] = sqrt(fmax(square - mean * mean, 0.0));
  }
}

static void scale(equations *e) {
  double w = e->weight, sy = e->ystd;
  e->ybar = e->raw_ybar / sy;
  e->yybar /= sy * sy;
  for (int j = 0; j < e->k; j++) {
    double s = e->std[j];
    e->xbar[j] = s == 0.0 ? 0.0 : e->xbar[j] / w / s;
    e->xy[j] = s == 0.0 ? 0.0 : e->xy[j] / w / (s * sy);
    for (int i = 0; i <= j; i++) {
      double *v = &e->xx[triangle(j) + (size_t)i];
      *v = s == 0.0 || e->std[i] == 0.0 ? 0.0 : *v / w / (e->std[i] * s);
    }
  }
}

static void add_penalty(equations *e) {
  const mill_wls *o = e->o;
  double l2 = (1.0 - o->elastic) * (o->reg / e->ystd);
  for (int j = 0; j < e->k; j++) {
    double v = l2, s = e->std[j];
    if (!o->standardize_features) v = s != 0.0 ? v / (s * s) : 0.0;
    if (!o->standardize_label) v *= e->ystd;
    e->xx[triangle(j) + (size_t)j] += v;
  }
}

/* The equations a x = b of coefficients and intercept. */
static void set_up(equations *e) {
  memcpy(e->a, e->xx, triangle(e->k) * sizeof(double));
  memcpy(e->b, e->xy, (size_t)e->k * sizeof(double));
  if (!e->o->intercept) return;
  memcpy(e->a + triangle(e->k), e->xbar, (size_t)e->k * sizeof(double));
  e->a[triangle(e->k) + (size_t)e->k] = 1.0;
  e->b[e->k] = e->ybar;
}

/* ---- solving ------------------------------------------------------------------------------- */

static bool solve_cholesky(equations *e) {
  memcpy(e->solution, e->b, (size_t)e->n * sizeof(double));
  return mill_cholesky_solve(e->a, e->solution, e->n) && mill_cholesky_invert(e->a, e->n);
}

/* 1/2 (y'Wy - 2 x'b + x'a x); the intercept follows from the coefficients. */
static mill_status quadratic(void *arg, double *x, double *value, double *gradient,
                             mill_error *err) {
  (void)err;
  equations *e = arg;
  if (e->o->intercept) x[e->k] = e->ybar - mill_dot(x, e->xbar, e->k);
  memset(gradient, 0, (size_t)e->n * sizeof(double));
  for (int j = 0; j < e->n; j++) {
    const double *column = e->a + triangle(j);
    gradient[j] += mill_dot(column, x, j + 1);
    mill_axpy(x[j], column, gradient, j);
  }
  *value = 0.5 * e->yybar - mill_dot(e->b, x, e->n) + 0.5 * mill_dot(x, gradient, e->n);
  for (int j = 0; j < e->n; j++) gradient[j] -= e->b[j];
  return MILL_OK;
}

static mill_status solve_by_steps(equations *e, bool l1, mill_arena *a, mill_error *err) {
  const mill_wls *o = e->o;
  mill_objective f = {e->n, e, quadratic};
  mill_minimise_options options = {.max_iter = o->max_iter, .tol = o->tol};
  mill_minimise_trace trace;
  double strength = o->elastic * (o->reg / e->ystd);
  for (int j = 0; j < e->n; j++) {
    double s = j < e->k ? e->std[j] : 0.0;
    e->work[j] = j == e->k                 ? 0.0
                 : o->standardize_features ? strength
                 : s != 0.0                ? strength / s
                                           : 0.0;
  }
  if (l1 && strength != 0.0) options.l1 = e->work;
  memset(e->solution, 0, (size_t)e->n * sizeof(double));
  if (o->intercept) e->solution[e->k] = e->ybar;
  MILL_TRY(mill_minimise(&f, &options, a->memory, a, e->solution, &trace, err));
  e->o->history = trace.value;
  e->o->nhistory = trace.n;
  return MILL_OK;
}

/* Back from standardised columns. */
static void finish(equations *e, bool inverted) {
  mill_wls *o = e->o;
  o->b0 = o->intercept ? e->solution[e->k] * e->ystd : 0.0;
  for (int j = 0; j < e->k; j++)
    o->coefficient[j] = e->std[j] != 0.0 ? e->solution[j] * (e->ystd / e->std[j]) : 0.0;
  if (!inverted) return;
  o->inverted = true;
  for (int j = 0; j < e->n; j++) {
    double s = j == e->k ? 1.0 : e->std[j] * e->std[j];
    o->inverse_diagonal[j] = e->a[triangle(j) + (size_t)j] / (e->weight * s);
  }
}

static mill_status solve(equations *e, mill_arena *a, mill_error *err) {
  const mill_wls *o = e->o;
  scale(e);
  add_penalty(e);
  set_up(e);
  bool l1 = o->elastic != 0.0 && o->reg != 0.0, inverted = false;
  if (!l1) {
    inverted = solve_cholesky(e);
    if (!inverted) set_up(e);
  }
  if (!inverted) MILL_TRY(solve_by_steps(e, l1, a, err));
  finish(e, inverted);
  return MILL_OK;
}

static mill_status allocate(equations *e, mill_wls *w, mill_arena *a, mill_error *err) {
  size_t n = (size_t)e->n;
  e->std = room(a, n);
  e->a = room(a, triangle(e->n));
  e->b = room(a, n);
  e->solution = room(a, n);
  e->work = room(a, n);
  w->coefficient = room(a, n);
  w->inverse_diagonal = room(a, n);
  w->history = room(a, 1);
  if (!e->std || !e->a || !e->b || !e->solution || !e->work || !w->coefficient ||
      !w->inverse_diagonal || !w->history)
    return mill_oom(a->memory, n * sizeof(double), err);
  w->nhistory = 1;
  w->b0 = 0.0;
  w->constant = w->inverted = false;
  return MILL_OK;
}

mill_status mill_wls_fit(mill_wls *w, const mill_stage *stage, const mill_context *ctx,
                         const mill_points *p, mill_arena *a, mill_error *err) {
  equations e = {.o = w, .k = p->width, .n = p->width + w->intercept};
  if (w->max_iter <= 0)
    return mill_ml_refuse(err, stage, "maxIter must be positive for the normal solver.");
  if (p->n == 0) return mill_ml_refuse(err, stage, "there are no rows to train on.");
  double *sum = room(a, WX + 2 * (size_t)p->width + triangle(p->width));
  if (sum == NULL) return mill_oom(a->memory, triangle(p->width) * sizeof(double), err);
  MILL_TRY(allocate(&e, w, a, err));
  MILL_TRY(sum_up(ctx, p, sum, err));
  if (!(sum[W] > 0.0)) return mill_ml_refuse(err, stage, "the weights of all rows are 0.");
  standardise(&e, sum);
  e.yybar = sum[WYY] / sum[W];
  if (e.ystd == 0.0) {
    if (w->intercept || e.raw_ybar == 0.0) {
      w->b0 = e.raw_ybar;
      w->constant = true;
      return MILL_OK;
    }
    if (w->reg > 0.0 && w->standardize_label)
      return mill_ml_refuse(err, stage, "a label without spread allows no regParam above 0.");
    e.ystd = fabs(e.raw_ybar);
  }
  return solve(&e, a, err);
}
