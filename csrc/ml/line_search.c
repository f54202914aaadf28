/* Line searches: how far to go along a direction. See minimise_int.h. */
#include "ml/dense_int.h"
#include "ml/minimise_int.h"

static const double C1 = 1e-4, C2 = 0.9;

typedef struct point {
  double t, slope, value;
} point;

static mill_status phi(mill_search *s, double t, point *out, mill_error *err) {
  out->t = t;
  return mill_search_try(s, t, &out->value, &out->slope, err);
}

/* The minimum of the cubic through both ends, kept away from them by a tenth of the interval. */
static double interpolate(const point *l, const point *r) {
  double d1 = l->slope + r->slope - 3 * (l->value - r->value) / (l->t - r->t);
  double d2 = sqrt(d1 * d1 - l->slope * r->slope);
  double t = r->t - (r->t - l->t) * (r->slope + d2 - d1) / (r->slope - l->slope + 2 * d2);
  double low = l->t + 0.1 * (r->t - l->t), high = l->t + 0.9 * (r->t - l->t);
  return t < low ? low : t > high ? high : t;
}

/* Narrow [low, high] until a point in it satisfies the conditions. */
static mill_status zoom(mill_search *s, int rounds, const point *start, point low, point high,
                        double *alpha, bool *found, mill_error *err) {
  for (int i = 0; i < rounds; i++) {
    point c;
    double t = low.t > high.t ? interpolate(&high, &low) : interpolate(&low, &high);
    MILL_TRY(phi(s, t, &c, err));
    if (c.value > start->value + C1 * c.t * start->slope || c.value >= low.value) {
      high = c;
      continue;
    }
    if (fabs(c.slope) <= C2 * fabs(start->slope)) {
      *alpha = c.t;
      *found = true;
      return MILL_OK;
    }
    if (c.slope * (high.t - low.t) >= 0) high = low;
    low = c;
  }
  return MILL_OK;
}

mill_status mill_search_wolfe(mill_search *s, int rounds, double t, double bound, double *alpha,
                              bool *found, mill_error *err) {
  point start = {0.0, mill_dot(s->adjusted_grad, s->dir, s->n), s->adjusted_value};
  point low = start, c;
  *found = false;
  if (start.slope > 0) return MILL_OK;
  for (int i = 0; i < rounds; i++) {
    MILL_TRY(phi(s, t, &c, err));
    if (!isfinite(c.value)) {
      t /= 2.0;
      continue;
    }
    if (c.value > start.value + C1 * t * start.slope || (c.value >= low.value && i > 0))
      return zoom(s, rounds, &start, low, c, alpha, found, err);
    if (fabs(c.slope) <= C2 * fabs(start.slope) || (t == bound && c.slope < 0)) {
      *alpha = t;
      *found = true;
      return MILL_OK;
    }
    if (c.slope >= 0) return zoom(s, rounds, &start, c, low, alpha, found, err);
    low = c;
    t = fmin(t * 1.5, bound);
  }
  return MILL_OK;
}

/* What the step is multiplied with; 1: it is good. */
static double judge(const point *p, const point *start, double shrink) {
  if (p->value > start->value + p->t * start->slope * C1) return shrink;
  if (p->slope < C2 * start->slope) return 2.1;
  if (p->slope > -C2 * start->slope) return shrink;
  return 1.0;
}

/* Breeze judges the first step by the value at the start without its penalty, and after 20 changes
** takes the step it has. */
mill_status mill_search_backtrack(mill_search *s, double t, double shrink, double *alpha,
                                  bool *found, mill_error *err) {
  enum { CHANGES = 20 };
  point start = {0.0, mill_dot(s->adjusted_grad, s->dir, s->n), s->adjusted_value}, p;
  MILL_TRY(phi(s, t, &p, err));
  p.value = s->value;
  *found = true;
  *alpha = t;
  for (int i = 0; i < CHANGES; i++) {
    double factor = judge(&p, &start, shrink);
    *alpha = p.t;
    if (factor == 1.0) return MILL_OK;
    t = p.t * factor;
    *found = !(t < 1e-10 || t > 1e10);
    if (!*found) return MILL_OK;
    if (i + 1 < CHANGES) MILL_TRY(phi(s, t, &p, err));
  }
  return MILL_OK;
}
