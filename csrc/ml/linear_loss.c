/* Losses of linear models: see linear_loss_int.h. A block's part is
**   | loss | sigma's gradient | gradient for the raw columns, row by row: sets x width |
**   | sum of the margins' gradients: sets | */
#include "ml/linear_loss_int.h"

#include <string.h>

#include "ml/dense_int.h"

enum { LOSS, SIGMA, GRADIENT };

int mill_linear_loss_size(const mill_linear_loss *l) {
  bool intercept = l->intercept && l->loss != MILL_SQUARED;
  return l->sets * (l->p->width + intercept) + (l->loss == MILL_HUBER);
}

static double *room(mill_arena *a, size_t n) {
  return mill_arena_alloc(a, (n + 1) * sizeof(double));
}

mill_status mill_linear_loss_init(mill_linear_loss *l, mill_arena *a, mill_error *err) {
  size_t d = (size_t)l->p->width, k = (size_t)l->sets, width = GRADIENT + k * d + k;
  l->blocks = (mill_blocks){0};
  l->scaled = room(a, k * d);
  l->offset = room(a, k);
  l->inverse = room(a, d);
  l->shift = room(a, d);
  l->sum = room(a, width);
  if (!l->scaled || !l->offset || !l->inverse || !l->shift || !l->sum)
    return mill_oom(a->memory, width * sizeof(double), err);
  for (size_t j = 0; j < d; j++) {
    double std = l->moments->std[j];
    l->inverse[j] = std != 0.0 ? 1.0 / std : 0.0;
    l->shift[j] = l->moments->mean[j] * l->inverse[j];
  }
  return mill_blocks_init(&l->blocks, l->ctx, l->p->n, width, err);
}

void mill_linear_loss_clear(mill_linear_loss *l) { mill_blocks_clear(&l->blocks); }

void mill_linear_loss_recentre(const mill_linear_loss *l, double *x, double direction) {
  if (!l->intercept || !l->centred) return;
  double *intercept = x + (size_t)l->sets * (size_t)l->p->width;
  for (int j = 0; j < l->p->width; j++)
    for (int k = 0; k < l->sets; k++)
      intercept[k] += direction * x[(size_t)j * (size_t)l->sets + (size_t)k] * l->shift[j];
}

/* ---- one row ------------------------------------------------------------------------------- */

static double row_dot(const mill_vec *v, const double *w) {
  return v->index ? mill_vec_dot(v, w) : mill_dot(v->value, w, v->n);
}

/* log(1 + exp(x)) without overflow */
static double log1p_exp(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

/* Each gives the loss of a margin and its derivative *g. */
static double squared(double z, double *g) {
  *g = z;
  return 0.5 * z * z;
}

static double logistic(double z, double label, double *g) {
  *g = 1.0 / (1.0 + exp(-z)) - label;
  return label > 0 ? log1p_exp(-z) : log1p_exp(z);
}

static double huber(const mill_linear_loss *l, double residual, double *g, double *sigma_grad) {
  double s = l->sigma, e = l->epsilon;
  if (fabs(residual) <= s * e) {
    *g = -residual / s;
    *sigma_grad = 0.5 * (1.0 - (residual / s) * (residual / s));
    return 0.5 * (s + residual * residual / s);
  }
  *g = residual >= 0 ? -e : e;
  *sigma_grad = 0.5 * (1.0 - e * e);
  return 0.5 * (s + 2.0 * e * fabs(residual) - s * e * e);
}

/* One margin a row. */
static void single(const mill_linear_loss *l, size_t i, double w, double *part) {
  mill_vec v = mill_points_row(l->p, i);
  int d = l->p->width;
  double z = row_dot(&v, l->scaled) + l->offset[0], y = l->p->label[i], g, sigma = 0.0;
  if (l->loss == MILL_SQUARED)
    part[LOSS] += w * squared(z - y / l->label_std, &g);
  else if (l->loss == MILL_LOGISTIC)
    part[LOSS] += w * logistic(z, y, &g);
  else
    part[LOSS] += w * huber(l, y - z, &g, &sigma);
  part[SIGMA] += w * sigma;
  part[GRADIENT + d] += w * g;
  if (w * g != 0.0) mill_vec_add(&v, w * g, part + GRADIENT);
}

/* One margin a class; z has room for them. */
static void softmax(const mill_linear_loss *l, size_t i, double w, double *part, double *z) {
  mill_vec v = mill_points_row(l->p, i);
  size_t d = (size_t)l->p->width;
  int label = (int)l->p->label[i];
  double most = -INFINITY, sum = 0.0;
  for (int k = 0; k < l->sets; k++) {
    z[k] = row_dot(&v, l->scaled + (size_t)k * d) + l->offset[k];
    most = fmax(most, z[k]);
  }
  double target = z[label];
  for (int k = 0; k < l->sets; k++) sum += z[k] = exp(z[k] - most);
  part[LOSS] += w * (log(sum) + most - target);
  for (int k = 0; k < l->sets; k++) {
    double g = w * (z[k] / sum - (k == label));
    part[GRADIENT + (size_t)l->sets * d + (size_t)k] += g;
    if (g != 0.0) mill_vec_add(&v, g, part + GRADIENT + (size_t)k * d);
  }
}

static mill_status block(void *arg, size_t from, size_t to, double *part, mill_error *err) {
  const mill_linear_loss *l = arg;
  double few[64], *z = few;
  size_t bytes = (size_t)l->sets * sizeof *z;
  if (l->loss == MILL_SOFTMAX && bytes > sizeof few &&
      (z = mill_alloc(l->ctx->memory, bytes)) == NULL)
    return mill_oom(l->ctx->memory, bytes, err);
  for (size_t i = from; i < to; i++) {
    double w = mill_points_weight(l->p, i);
    if (w == 0.0) continue;
    if (l->loss == MILL_SOFTMAX)
      softmax(l, i, w, part, z);
    else
      single(l, i, w, part);
  }
  if (z != few) mill_free(l->ctx->memory, z, bytes);
  return MILL_OK;
}

/* ---- all rows ------------------------------------------------------------------------------ */

/* Coefficients and offsets for the raw columns. */
static void prepare(mill_linear_loss *l, const double *x) {
  int d = l->p->width, sets = l->sets;
  for (int k = 0; k < sets; k++) {
    double offset = 0.0;
    if (l->intercept)
      offset = l->loss == MILL_SQUARED ? l->label_mean / l->label_std : x[d * sets + k];
    for (int j = 0; j < d; j++) {
      double c = x[j * sets + k];
      l->scaled[(size_t)k * (size_t)d + (size_t)j] = c * l->inverse[j];
      if (l->intercept && l->centred) offset -= c * l->shift[j];
    }
    l->offset[k] = offset;
  }
  if (l->loss == MILL_HUBER) l->sigma = x[mill_linear_loss_size(l) - 1];
}

/* The penalty's part of the value; its gradient is added. */
static double penalise(const mill_linear_loss *l, const double *x, double *gradient) {
  double sum = 0.0;
  if (l->l2 == 0.0) return 0.0;
  for (int j = 0; j < l->p->width; j++) {
    double scale = l->l2_of_raw ? l->inverse[j] * l->inverse[j] : 1.0;
    for (int k = 0; k < l->sets; k++) {
      double c = x[j * l->sets + k];
      sum += scale * c * c;
      gradient[j * l->sets + k] += l->l2 * scale * c;
    }
  }
  return 0.5 * l->l2 * sum;
}

mill_status mill_linear_loss_eval(void *arg, double *x, double *value, double *gradient,
                                  mill_error *err) {
  mill_linear_loss *l = arg;
  int d = l->p->width, sets = l->sets;
  double weight = l->moments->weight;
  prepare(l, x);
  MILL_TRY(mill_blocks_sum(&l->blocks, block, l, l->sum, err));
  const double *margin = l->sum + GRADIENT + (size_t)sets * (size_t)d;
  bool shift = l->intercept && l->centred && l->loss != MILL_SQUARED;
  for (int k = 0; k < sets; k++) {
    const double *g = l->sum + GRADIENT + (size_t)k * (size_t)d;
    for (int j = 0; j < d; j++)
      gradient[j * sets + k] =
          (g[j] * l->inverse[j] - (shift ? l->shift[j] * margin[k] : 0.0)) / weight;
    if (l->intercept && l->loss != MILL_SQUARED) gradient[d * sets + k] = margin[k] / weight;
  }
  if (l->loss == MILL_HUBER) gradient[mill_linear_loss_size(l) - 1] = l->sum[SIGMA] / weight;
  *value = l->sum[LOSS] / weight + penalise(l, x, gradient);
  return MILL_OK;
}
