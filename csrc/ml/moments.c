/* Moments of columns: see moments_int.h. A block's part is
**   | weight | weight2 | count | mean[width] | m2[width] | nonzero weight[width] | */
#include "ml/moments_int.h"

#include <math.h>

#include "ml/blocks_int.h"

typedef struct job {
  const mill_points *p;
  bool labels;
} job;

static void see(double *mean, double *m2, double *nonzero, double x, double w) {
  if (x == 0.0) return;
  double before = *mean, diff = x - before;
  *nonzero += w;
  *mean = before + w * diff / *nonzero;
  *m2 += w * (x - *mean) * diff;
}

static mill_status block(void *arg, size_t from, size_t to, double *part, mill_error *err) {
  (void)err;
  const job *j = arg;
  int width = j->labels ? 1 : j->p->width;
  double *mean = part + 3, *m2 = mean + width, *nonzero = m2 + width;
  for (size_t i = from; i < to; i++) {
    double w = mill_points_weight(j->p, i);
    if (w == 0.0) continue;
    part[0] += w;
    part[1] += w * w;
    part[2] += 1.0;
    if (j->labels) {
      see(mean, m2, nonzero, j->p->label[i], w);
      continue;
    }
    mill_vec v = mill_points_row(j->p, i);
    for (int k = 0; k < v.n; k++) {
      int at = v.index ? v.index[k] : k;
      see(&mean[at], &m2[at], &nonzero[at], v.value[k], w);
    }
  }
  return MILL_OK;
}

static void merge(double *into, const double *part, int width) {
  double *mean = into + 3, *m2 = mean + width, *nonzero = m2 + width;
  const double *pm = part + 3, *pm2 = pm + width, *pn = pm2 + width;
  for (int k = 0; k < 3; k++) into[k] += part[k];
  for (int k = 0; k < width; k++) {
    double all = nonzero[k] + pn[k], delta = pm[k] - mean[k];
    if (all == 0.0) continue;
    m2[k] += pm2[k] + delta * delta * nonzero[k] * pn[k] / all;
    mean[k] += delta * pn[k] / all;
    nonzero[k] = all;
  }
}

/* Bring in the zeros: turn mean and m2 of part into mean and standard deviation. */
static void finish(double *part, int width) {
  double *mean = part + 3, *m2 = mean + width, *nonzero = m2 + width, weight = part[0];
  double divisor = weight - part[1] / weight;
  for (int k = 0; k < width; k++) {
    double spread = m2[k] + mean[k] * mean[k] * nonzero[k] * (weight - nonzero[k]) / weight;
    m2[k] = divisor > 0.0 ? sqrt(fmax(spread / divisor, 0.0)) : 0.0;
    mean[k] = weight > 0.0 ? mean[k] * (nonzero[k] / weight) : 0.0;
  }
}

/* The finished part of all blocks, in part 0. */
static mill_status summarise(mill_blocks *b, job *j, int width, mill_error *err) {
  MILL_TRY(mill_blocks_run(b, block, j, err));
  for (size_t i = 1; i < b->count; i++) merge(b->part, mill_blocks_part(b, i), width);
  if (b->count) finish(b->part, width);
  return MILL_OK;
}

mill_status mill_moments_of(const mill_context *ctx, const mill_points *p, mill_arena *a,
                            mill_moments *out, mill_error *err) {
  mill_blocks b;
  job j = {p, false};
  size_t bytes = ((size_t)p->width + 1) * sizeof(double);
  *out = (mill_moments){.width = p->width};
  out->mean = mill_arena_alloc(a, bytes);
  out->std = mill_arena_alloc(a, bytes);
  if (out->mean == NULL || out->std == NULL) return mill_oom(ctx->memory, bytes, err);
  mill_status s = mill_blocks_init(&b, ctx, p->n, 3 + 3 * (size_t)p->width, err);
  if (s == MILL_OK) s = summarise(&b, &j, p->width, err);
  if (s == MILL_OK && b.count) {
    out->weight = b.part[0];
    out->weight2 = b.part[1];
    out->count = (size_t)b.part[2];
    for (int k = 0; k < p->width; k++) {
      out->mean[k] = b.part[3 + k];
      out->std[k] = b.part[3 + p->width + k];
    }
  }
  mill_blocks_clear(&b);
  return s;
}

mill_status mill_label_moments(const mill_context *ctx, const mill_points *p, double *mean,
                               double *std, mill_error *err) {
  mill_blocks b;
  job j = {p, true};
  *mean = *std = 0.0;
  mill_status s = mill_blocks_init(&b, ctx, p->n, 6, err);
  if (s == MILL_OK) s = summarise(&b, &j, 1, err);
  if (s == MILL_OK && b.count) {
    *mean = b.part[3];
    *std = b.part[4];
  }
  mill_blocks_clear(&b);
  return s;
}
