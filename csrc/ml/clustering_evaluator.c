/* ClusteringEvaluator: the mean silhouette of the rows, (b - a) / max(a, b), where a is a row's mean
** distance to its own group without itself and b the least mean distance to another group.
**
** Two passes over rows in memory and no pair of rows: with the squared Euclidean distance the mean
** distance to a group is |x|^2 + S/W - 2 x.F/W of the group's weight W, sum F of rows and sum S of
** squared norms; with the cosine distance it is 1 - u.F/W of rows u of length 1. A row that is alone
** in its group counts 0, as in Spark's ClusteringMetrics. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/evaluator_int.h"
#include "ml/predictor_int.h"

static const mill_param params[] = {
    {"distanceMeasure", MILL_PARAM_STRING, "\"squaredEuclidean\"", "squaredEuclidean|cosine",
     "how near is told"},
    MILL_P_FEATURES,
    {"metricName", MILL_PARAM_STRING, "\"silhouette\"", "silhouette", "what is measured"},
    MILL_P_PREDICTION,
    MILL_P_WEIGHT,
    {0}};

typedef struct groups {
  int n;
  double *id;              /* the predictions that occur, ascending */
  double *weight, *square; /* W, S of each */
  double *sum;             /* F of each: n rows of width */
} groups;

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int group_of(const groups *g, double id) {
  const double *at = bsearch(&id, g->id, (size_t)g->n, sizeof id, ascending);
  return (int)(at - g->id);
}

static mill_status find_groups(mill_work *w, const mill_points *p, groups *g, mill_error *err) {
  g->id = mill_arena_alloc(w->scratch, (p->n + 1) * sizeof *g->id);
  if (g->id == NULL) return mill_oom(w->ctx->memory, p->n * sizeof *g->id, err);
  if (p->n) memcpy(g->id, p->label, p->n * sizeof *g->id);
  qsort(g->id, p->n, sizeof *g->id, ascending);
  for (size_t i = 0; i < p->n; i++)
    if (g->n == 0 || g->id[g->n - 1] != g->id[i]) g->id[g->n++] = g->id[i];
  if (g->n < 2)
    return mill_ml_refuse(err, w->stage, "it takes two groups or more, but there are %d", g->n);
  size_t n = (size_t)g->n, all = n * ((size_t)p->width + 2);
  g->weight = mill_arena_alloc(w->scratch, all * sizeof *g->weight);
  if (g->weight == NULL) return mill_oom(w->ctx->memory, all * sizeof *g->weight, err);
  memset(g->weight, 0, all * sizeof *g->weight);
  g->square = g->weight + n;
  g->sum = g->square + n;
  return MILL_OK;
}

static double norm2_of(const mill_vec *x) {
  double sum = 0.0;
  for (int k = 0; k < x->n; k++) sum += x->value[k] * x->value[k];
  return sum;
}

/* Rows of length 1. One of length 0 becomes NaN where its zeros are stored, as in Spark. */
static void make_unit(mill_points *p) {
  for (size_t i = 0; i < p->n; i++) {
    mill_vec x = mill_points_row(p, i);
    double *value = (double *)(uintptr_t)x.value, factor = 1.0 / sqrt(norm2_of(&x));
    for (int k = 0; k < x.n; k++) value[k] *= factor;
  }
}

static void add_up(const mill_points *p, groups *g) {
  for (size_t i = 0; i < p->n; i++) {
    mill_vec x = mill_points_row(p, i);
    double w = mill_points_weight(p, i);
    int at = group_of(g, p->label[i]);
    g->weight[at] += w;
    g->square[at] += w * norm2_of(&x);
    mill_vec_add(&x, w, g->sum + (size_t)at * (size_t)p->width);
  }
}

static double distance(const groups *g, int at, const mill_vec *x, bool cosine) {
  double w = g->weight[at], dot = mill_vec_dot(x, g->sum + (size_t)at * (size_t)x->size);
  return cosine ? 1.0 - dot / w : norm2_of(x) + g->square[at] / w - 2.0 * dot / w;
}

/* The least of the others, NaN only where all are. */
static double silhouette(const groups *g, const mill_points *p, size_t i, bool cosine) {
  mill_vec x = mill_points_row(p, i);
  int own = group_of(g, p->label[i]);
  double w = mill_points_weight(p, i), outside = NAN;
  if (g->weight[own] == w) return 0.0;
  for (int k = 0; k < g->n; k++)
    if (k != own) outside = fmin(outside, distance(g, k, &x, cosine));
  double inside = distance(g, own, &x, cosine) * g->weight[own] / (g->weight[own] - w);
  if (inside < outside) return 1.0 - inside / outside;
  if (inside > outside) return outside / inside - 1.0;
  return 0.0;
}

static mill_status measure(mill_work *w, mill_points *p, double *metric, mill_error *err) {
  groups g = {0};
  bool cosine = mill_get_is(w->stage, "distanceMeasure", "cosine");
  MILL_TRY(find_groups(w, p, &g, err));
  if (cosine) make_unit(p);
  add_up(p, &g);
  double sum = 0.0, weight = 0.0;
  for (size_t i = 0; i < p->n; i++) {
    sum += mill_points_weight(p, i) * silhouette(&g, p, i, cosine);
    weight += mill_points_weight(p, i);
  }
  *metric = sum / weight;
  return MILL_OK;
}

static mill_status check_columns(mill_work *w, mill_error *err) {
  static const mill_evaluate_column columns[] = {
      {"predictionCol", MILL_IN_NUMERIC, false}, {"weightCol", MILL_IN_NUMERIC, true}, {0}};
  mill_stage_binding none = {0};
  mill_binder b = {
      (mill_stage *)(uintptr_t)w->stage, w->ctx, w->set, w->data->schema, w->scratch, &none, 0, 0};
  MILL_TRY(mill_predictor_features(&b, NULL, err));
  for (const mill_evaluate_column *c = columns; c->param; c++) {
    const char *name = mill_has(w->stage, c->param) ? mill_get_text(w->stage, c->param) : "";
    if (*name) MILL_TRY(mill_bind_input(&b, name, c->kinds, NULL, NULL, err));
  }
  return MILL_OK;
}

static mill_status evaluate(mill_work *w, double *metric, bool *larger, mill_error *err) {
  mill_points p;
  *larger = true;
  MILL_TRY(check_columns(w, err));
  mill_status s =
      mill_points_read(w, "featuresCol", "predictionCol", "weightCol", MILL_POINTS_ANY, &p, err);
  if (s == MILL_OK) s = measure(w, &p, metric, err);
  mill_points_clear(&p);
  return s;
}

const mill_stage_class mill_class_ClusteringEvaluator = {
    .name = "ClusteringEvaluator",
    .package = "evaluation",
    .role = MILL_EVALUATOR,
    .doc = "Measures how well groups of rows are told apart: the silhouette.",
    .example = "print(ml.evaluation.ClusteringEvaluator{}:evaluate(scored))",
    .params = params,
    .evaluate = evaluate,
};
