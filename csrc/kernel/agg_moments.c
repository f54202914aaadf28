/* Moments: variance and its kin, skewness, kurtosis, covariance, correlation, linear regression; and
** the product, which is of doubles alone as they are.
**
** One pass with running means, merged pairwise: Welford's update and the formulas of Chan et al.
** and Pebay (SAND2008-6212), in the order of operations of Spark's CentralMomentAgg, Covariance
** and Corr, so that the digits agree. */
#include <math.h>

#include "kernel/agg_int.h"

/* ---- one variable --------------------------------------------------------------------------- */

typedef struct {
  double n, avg, m2, m3, m4;
} moments;

/* Variances and deviations need no more; they travel as moments all the same. */
typedef struct {
  double n, avg, m2;
} spread;

AGG_UPDATE(spread_update) {
  (void)call, (void)err;
  AGG_ROWS(args[0], n, i) {
    spread *s = states[i];
    s->n += 1;
    double delta = MILL_AT(double, args[0], i) - s->avg, part = delta / s->n;
    s->avg += part;
    s->m2 += delta * (delta - part);
  }
  return MILL_OK;
}

static void merge_spread(spread *a, const spread *b) {
  double n1 = a->n, n2 = b->n, n = n1 + n2;
  double delta = b->avg - a->avg, part = n == 0 ? 0 : delta / n;
  *a = (spread){n, a->avg + part * n2, a->m2 + b->m2 + delta * part * n1 * n2};
}

AGG_COMBINE(spread_combine) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) merge_spread(to[i], from[i]);
  return MILL_OK;
}

AGG_UPDATE(moments_update) {
  (void)call, (void)err;
  AGG_ROWS(args[0], n, i) {
    moments *s = states[i];
    double x = MILL_AT(double, args[0], i);
    s->n += 1;
    double delta = x - s->avg, part = delta / s->n;
    double delta2 = delta * delta, part2 = part * part;
    s->avg += part;
    s->m2 += delta * (delta - part);
    s->m3 = s->m3 - 3 * part * s->m2 + delta * (delta2 - part2);
    s->m4 = s->m4 - 4 * part * s->m3 - 6 * part2 * s->m2 + delta * (delta * delta2 - part * part2);
  }
  return MILL_OK;
}

static void merge_moments(moments *a, const moments *b) {
  double n1 = a->n, n2 = b->n, n = n1 + n2;
  double delta = b->avg - a->avg, part = n == 0 ? 0 : delta / n;
  double m2 = a->m2 + b->m2 + delta * part * n1 * n2;
  double m3 = a->m3 + b->m3 + part * part * delta * n1 * n2 * (n1 - n2) +
              3 * part * (n1 * b->m2 - n2 * a->m2);
  double m4 = a->m4 + b->m4 + part * part * part * delta * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2) +
              6 * part * part * (n1 * n1 * b->m2 + n2 * n2 * a->m2) +
              4 * part * (n1 * b->m3 - n2 * a->m3);
  *a = (moments){n, a->avg + part * n2, m2, m3, m4};
}

AGG_COMBINE(moments_combine) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) merge_moments(to[i], from[i]);
  return MILL_OK;
}

/* States of nothing but doubles travel as structs of them. */
static void save_doubles(void *const *states, size_t n, mill_vector *out) {
  for (uint32_t c = 0; c < out->type->nfields; c++) {
    double *r = out->child[c].data;
    for (size_t i = 0; i < n; i++) r[i] = ((const double *)states[i])[c];
  }
}

static void load_doubles(const mill_vector *partial, size_t i, double *out) {
  for (uint32_t c = 0; c < partial->type->nfields; c++)
    out[c] = MILL_AT(double, &partial->child[c], i);
}

AGG_OUTPUT(moments_save) {
  (void)call, (void)err;
  save_doubles(states, n, out);
  return MILL_OK;
}

AGG_OUTPUT(spread_save) {
  double *r[5];
  (void)call, (void)err;
  for (int c = 0; c < 5; c++) r[c] = out->child[c].data;
  for (size_t i = 0; i < n; i++) {
    const spread *s = states[i];
    r[0][i] = s->n;
    r[1][i] = s->avg;
    r[2][i] = s->m2;
    r[3][i] = r[4][i] = 0;
  }
  return MILL_OK;
}

AGG_MERGE(spread_merge) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) {
    double v[5];
    load_doubles(partial, i, v);
    merge_spread(states[i], &(spread){v[0], v[1], v[2]});
  }
  return MILL_OK;
}

AGG_MERGE(moments_merge) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) {
    double v[5];
    load_doubles(partial, i, v);
    merge_moments(states[i], &(moments){v[0], v[1], v[2], v[3], v[4]});
  }
  return MILL_OK;
}

/* NONE: the condition under which there is no answer. */
#define MOMENT(NAME, KIND, NONE, EXPR)                                                             \
  AGG_OUTPUT(NAME##_final) {                                                                       \
    double *r = out->data;                                                                         \
    for (size_t i = 0; i < n; i++) {                                                               \
      const KIND *s = states[i];                                                                   \
      r[i] = EXPR;                                                                                 \
      if (NONE) MILL_TRY(mill_set_null(call, out, i, err));                                        \
    }                                                                                              \
    return MILL_OK;                                                                                \
  }                                                                                                \
  static const mill_aggregate NAME##_agg = {.state_size = sizeof(KIND),                            \
                                            .update = KIND##_update,                               \
                                            .merge = KIND##_merge,                                 \
                                            .combine = KIND##_combine,                             \
                                            .common = true,                                        \
                                            .save = KIND##_save,                                   \
                                            .final = NAME##_final};
MOMENT(var_pop, spread, s->n == 0, s->m2 / s->n)
MOMENT(var_samp, spread, s->n <= 1, s->m2 / (s->n - 1))
MOMENT(stddev_pop, spread, s->n == 0, sqrt(s->m2 / s->n))
MOMENT(stddev_samp, spread, s->n <= 1, sqrt(s->m2 / (s->n - 1)))
MOMENT(skewness, moments, s->n == 0 || s->m2 == 0, sqrt(s->n) * s->m3 / sqrt(s->m2 * s->m2 * s->m2))
MOMENT(kurtosis, moments, s->n == 0 || s->m2 == 0, s->n * s->m4 / (s->m2 * s->m2) - 3.0)

/* ---- two variables -------------------------------------------------------------------------- */

typedef struct {
  double n, x, y, xy, xx, yy; /* means, then sums of products of deviations */
} pairs;

/* The squares' sums come by Corr's formula, or, `apart`, each by that of one variable alone: the last
** digits tell them apart. */
static mill_status update_pairs(void *const *states, const mill_vector *vx, const mill_vector *vy,
                                size_t n, bool apart) {
  for (size_t i = 0; i < n; i++) {
    if (!mill_vector_valid(vx, i) || !mill_vector_valid(vy, i)) continue;
    pairs *s = states[i];
    double x = MILL_AT(double, vx, i), y = MILL_AT(double, vy, i);
    s->n += 1;
    double dx = x - s->x, dy = y - s->y;
    s->x += dx / s->n;
    s->y += dy / s->n;
    s->xy += dx * (y - s->y);
    s->xx += dx * (apart ? dx - dx / s->n : x - s->x);
    s->yy += dy * (apart ? dy - dy / s->n : y - s->y);
  }
  return MILL_OK;
}

AGG_UPDATE(pairs_update) {
  (void)call, (void)err;
  return update_pairs(states, args[0], args[1], n, false);
}

AGG_UPDATE(apart_update) {
  (void)call, (void)err;
  return update_pairs(states, args[0], args[1], n, true);
}

/* regr_slope, regr_intercept take (y, x). */
AGG_UPDATE(turned_update) {
  (void)call, (void)err;
  return update_pairs(states, args[1], args[0], n, true);
}

static void merge_pairs(pairs *a, const pairs *b) {
  double n1 = a->n, n2 = b->n, sum = n1 + n2;
  double dx = b->x - a->x, px = sum == 0 ? 0 : dx / sum;
  double dy = b->y - a->y, py = sum == 0 ? 0 : dy / sum;
  *a = (pairs){sum,
               a->x + px * n2,
               a->y + py * n2,
               a->xy + b->xy + dx * py * n1 * n2,
               a->xx + b->xx + dx * px * n1 * n2,
               a->yy + b->yy + dy * py * n1 * n2};
}

AGG_MERGE(pairs_merge) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) {
    double v[6];
    load_doubles(partial, i, v);
    merge_pairs(states[i], &(pairs){v[0], v[1], v[2], v[3], v[4], v[5]});
  }
  return MILL_OK;
}

AGG_COMBINE(pairs_combine) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) merge_pairs(to[i], from[i]);
  return MILL_OK;
}

#define PAIRS(NAME, UPDATE, NONE, EXPR)                                                            \
  AGG_OUTPUT(NAME##_final) {                                                                       \
    double *r = out->data;                                                                         \
    for (size_t i = 0; i < n; i++) {                                                               \
      const pairs *s = states[i];                                                                  \
      r[i] = EXPR;                                                                                 \
      if (NONE) MILL_TRY(mill_set_null(call, out, i, err));                                        \
    }                                                                                              \
    return MILL_OK;                                                                                \
  }                                                                                                \
  static const mill_aggregate NAME##_agg = {.state_size = sizeof(pairs),                           \
                                            .update = UPDATE,                                      \
                                            .merge = pairs_merge,                                  \
                                            .combine = pairs_combine,                              \
                                            .common = true,                                        \
                                            .save = moments_save,                                  \
                                            .final = NAME##_final};
PAIRS(covar_pop, pairs_update, s->n == 0, s->xy / s->n)
PAIRS(covar_samp, pairs_update, s->n <= 1, s->xy / (s->n - 1))
PAIRS(corr, pairs_update, s->n <= 1 || s->xx * s->yy == 0, s->xy / sqrt(s->xx * s->yy))
PAIRS(regr_r2, pairs_update, s->n <= 1 || s->yy == 0,
      s->xx == 0 ? 1.0 : s->xy / sqrt(s->xx * s->yy) * (s->xy / sqrt(s->xx * s->yy)))
PAIRS(regr_sxx, apart_update, s->n == 0, s->yy)
PAIRS(regr_syy, apart_update, s->n == 0, s->xx)
PAIRS(regr_sxy, pairs_update, s->n == 0, s->xy)
PAIRS(regr_slope, turned_update, s->n == 0 || s->xx == 0, s->xy / s->xx)
PAIRS(regr_intercept, turned_update, s->n == 0 || s->xx == 0, s->y - s->xy / s->xx * s->x)

/* ---- binding -------------------------------------------------------------------------------- */

static mill_status bind_doubles(mill_binding *b, const char *types, int n, mill_error *err) {
  const mill_type *d = mill_type_of(MILL_DOUBLE), *fields[] = {d, d, d, d, d, d};
  MILL_TRY(mill_bind_types(b, types, err));
  b->nullable = true;
  return mill_bind_partial(b, n, fields, err);
}

/* ---- the product ---------------------------------------------------------------------------- */

typedef struct {
  double n, value; /* of no rows: neither counts */
} product;

static void multiply(product *p, double n, double value) {
  p->value = p->n > 0 ? p->value * value : value;
  p->n += n;
}

AGG_UPDATE(product_update) {
  (void)call, (void)err;
  AGG_ROWS(args[0], n, i) multiply(states[i], 1, MILL_AT(double, args[0], i));
  return MILL_OK;
}

AGG_COMBINE(product_combine) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) {
    const product *p = from[i];
    if (p->n > 0) multiply(to[i], p->n, p->value);
  }
  return MILL_OK;
}

AGG_MERGE(product_merge) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) {
    double v[2] = {0, 0};
    load_doubles(partial, i, v);
    if (v[0] > 0) multiply(states[i], v[0], v[1]);
  }
  return MILL_OK;
}

AGG_OUTPUT(product_save) {
  (void)call, (void)err;
  save_doubles(states, n, out);
  return MILL_OK;
}

AGG_OUTPUT(product_final) {
  for (size_t i = 0; i < n; i++) {
    const product *p = states[i];
    ((double *)out->data)[i] = p->value;
    if (p->n == 0) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

static const mill_aggregate product_agg = {.state_size = sizeof(product),
                                           .update = product_update,
                                           .merge = product_merge,
                                           .combine = product_combine,
                                           .save = product_save,
                                           .final = product_final};

static mill_status bind_product(mill_binding *b, mill_error *err) {
  return bind_doubles(b, "double -> double", 2, err);
}

/* ---- the catalogue -------------------------------------------------------------------------- */

static mill_status bind_one(mill_binding *b, mill_error *err) {
  return bind_doubles(b, "double -> double", 5, err);
}
static mill_status bind_two(mill_binding *b, mill_error *err) {
  return bind_doubles(b, "double, double -> double", 6, err);
}

/* Of those that stand for other aggregates only the types are told here. */
static mill_status bind_numbers(mill_binding *b, mill_error *err) {
  return mill_bind_types(b, "numeric, numeric -> double", err);
}

#define ONE(NAME, ALIAS, AGG, DOC, EXAMPLE)                                                        \
  {                                                                                                \
    .name = NAME, .alias = ALIAS, .types = "any", .kind = MILL_AGGREGATE, .bind = bind_one,        \
    .aggregate = &AGG, .usage = NAME "(expr)", .doc = DOC,                                         \
    .example = "SELECT " NAME "(col) FROM VALUES (1), (2), (3) AS tab(col) -> " EXAMPLE            \
  }
#define TWO(NAME, AGG, DOC, EXAMPLE)                                                               \
  {                                                                                                \
    .name = NAME, .types = "any, any", .kind = MILL_AGGREGATE, .bind = bind_two,                   \
    .aggregate = &AGG, .usage = NAME "(y, x)", .doc = DOC,                                         \
    .example = "SELECT " NAME "(y, x) FROM VALUES (1, 2), (2, 4), (3, 6) AS tab(y, x) -> " EXAMPLE \
  }
#define LOWERED(NAME, SQL, DOC, EXAMPLE)                                                           \
  {                                                                                                \
    .name = NAME, .types = "any, any", .kind = MILL_AGGREGATE, .bind = bind_numbers,               \
    .lowered = SQL, .usage = NAME "(y, x)", .doc = DOC,                                            \
    .example = "SELECT " NAME "(y, x) FROM VALUES (1, 2), (2, 4), (3, 6) AS tab(y, x) -> " EXAMPLE \
  }

const mill_function mill_family_agg_moments[] = {
    ONE("var_pop", NULL, var_pop_agg, "The variance of a whole population.", "0.6666666666666666"),
    ONE("var_samp", "variance", var_samp_agg, "The variance estimated from a sample.", "1.0"),
    ONE("stddev_pop", NULL, stddev_pop_agg, "The standard deviation of a whole population.",
        "0.816496580927726"),
    ONE("stddev_samp", "stddev,std", stddev_samp_agg,
        "The standard deviation estimated from a sample.", "1.0"),
    ONE("skewness", NULL, skewness_agg, "The skewness.", "0.0"),
    ONE("kurtosis", NULL, kurtosis_agg, "The kurtosis, less that of the normal distribution.",
        "-1.5"),
    TWO("covar_pop", covar_pop_agg, "The covariance of a whole population.", "1.3333333333333333"),
    TWO("covar_samp", covar_samp_agg, "The covariance estimated from a sample.", "2.0"),
    TWO("corr", corr_agg, "Pearson's correlation.", "1.0"),
    TWO("regr_r2", regr_r2_agg, "The coefficient of determination.", "1.0"),
    TWO("regr_sxx", regr_sxx_agg, "The sum of squares of the independent variable.", "8.0"),
    TWO("regr_syy", regr_syy_agg, "The sum of squares of the dependent variable.", "2.0"),
    TWO("regr_sxy", regr_sxy_agg, "The sum of products of both variables.", "4.0"),
    TWO("regr_slope", regr_slope_agg, "The slope of the regression line.", "0.5"),
    TWO("regr_intercept", regr_intercept_agg, "The regression line's value at zero.", "0.0"),
    LOWERED("regr_count", "count($1, $2)", "How many rows have both variables.", "3"),
    LOWERED("regr_avgx", "avg(CASE WHEN ($1) IS NOT NULL THEN $2 END)",
            "The mean of the independent variable.", "4.0"),
    LOWERED("regr_avgy", "avg(CASE WHEN ($2) IS NOT NULL THEN $1 END)",
            "The mean of the dependent variable.", "2.0"),
    {.name = "~product",
     .types = "any",
     .kind = MILL_AGGREGATE,
     .flags = MILL_FN_HIDDEN,
     .bind = bind_product,
     .aggregate = &product_agg,
     .usage = "product(expr)",
     .doc = "The product of the numbers, as a DOUBLE."},
    {0}};
