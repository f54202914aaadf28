/* The summary of a LinearRegression's training, as Spark's LinearRegressionTrainingSummary. Standard
** errors are sqrt(sigma^2 diag (X'WX)^-1) with sigma^2 = sum w residual^2 / degrees of freedom; p is
** two-sided under Student's t. */
#include <string.h>

#include "ml/dense_int.h"
#include "ml/distribution_int.h"
#include "ml/linear_regression_int.h"
#include "ml/metrics_int.h"

const char *const mill_linear_attributes[] = {"coefficients",
                                              "intercept",
                                              "scale",
                                              "numFeatures",
                                              "summary.coefficientStandardErrors",
                                              "summary.degreesOfFreedom",
                                              "summary.devianceResiduals",
                                              "summary.explainedVariance",
                                              "summary.featuresCol",
                                              "summary.labelCol",
                                              "summary.meanAbsoluteError",
                                              "summary.meanSquaredError",
                                              "summary.numInstances",
                                              "summary.objectiveHistory",
                                              "summary.pValues",
                                              "summary.predictionCol",
                                              "summary.r2",
                                              "summary.r2adj",
                                              "summary.rootMeanSquaredError",
                                              "summary.tValues",
                                              "summary.totalIterations",
                                              NULL};

static const char *const inference[] = {"summary.coefficientStandardErrors", "summary.tValues",
                                        "summary.pValues", NULL};
static const char *const training[] = {"summary.objectiveHistory", "summary.totalIterations", NULL};

static void measure(const mill_linear_model *m, const mill_points *p, mill_regression_metrics *out,
                    double *range) {
  range[0] = INFINITY;
  range[1] = -INFINITY;
  for (size_t i = 0; i < p->n; i++) {
    mill_vec x = mill_points_row(p, i);
    double guess = mill_vec_dot(&x, m->coefficient) + m->intercept, w = mill_points_weight(p, i);
    double residual = (p->label[i] - guess) * (p->weight ? sqrt(w) : 1.0);
    mill_regression_add(out, p->label[i], guess, w);
    range[0] = fmin(range[0], residual);
    range[1] = fmax(range[1], residual);
  }
}

static mill_status infer(mill_stage *model, const mill_linear_model *m, const double *inverse,
                         double squares, mill_error *err) {
  mill_linear_summary *s = m->summary;
  int n = s->ninference;
  s->error = mill_model_doubles(model, inverse, (size_t)n);
  s->t = mill_model_doubles(model, inverse, (size_t)n);
  s->p = mill_model_doubles(model, inverse, (size_t)n);
  if (!s->error || !s->t || !s->p) return mill_oom(mill_model_arena(model)->memory, 1, err);
  double sigma2 = squares / (double)s->freedom;
  for (int i = 0; i < n; i++) {
    s->error[i] = sqrt(inverse[i] * sigma2);
    s->t[i] = (i < m->width ? m->coefficient[i] : m->intercept) / s->error[i];
    s->p[i] = 2.0 * (1.0 - mill_student_t(fabs(s->t[i]), (double)s->freedom));
  }
  return MILL_OK;
}

mill_status mill_linear_summarise(mill_work *w, mill_linear_model *m, const mill_points *p,
                                  const double *history, int nhistory, const double *inverse,
                                  mill_error *err) {
  bool intercept = mill_get_bool(w->stage, "fitIntercept");
  mill_regression_metrics metrics = {0};
  mill_linear_summary *s = mill_arena_alloc(mill_model_arena(w->model), sizeof *s);
  if (s == NULL) return mill_oom(w->ctx->memory, sizeof *s, err);
  measure(m, p, &metrics, s->residual_range);
  s->rows = p->n;
  s->explained = mill_regression_explained(&metrics);
  s->mae = mill_regression_mae(&metrics);
  s->mse = mill_regression_mse(&metrics);
  s->rmse = sqrt(s->mse);
  s->r2 = mill_regression_r2(&metrics, !intercept);
  s->freedom = (int64_t)p->n - m->width - intercept;
  s->r2adj = 1 - (1 - s->r2) * ((double)p->n - intercept) / (double)s->freedom;
  s->nhistory = nhistory;
  s->history = mill_model_doubles(w->model, history, (size_t)nhistory);
  if (s->history == NULL) return mill_oom(w->ctx->memory, sizeof(double), err);
  m->summary = s;
  s->ninference = inverse ? m->width + intercept : 0;
  return inverse ? infer(w->model, m, inverse, metrics.error.l2, err) : MILL_OK;
}

mill_status mill_linear_examine(mill_work *w, mill_error *err) {
  const mill_linear_model *from = mill_model_data(w->stage);
  mill_linear_model *m = mill_model_new(w->model, sizeof *m);
  mill_points p;
  if (m == NULL) return mill_oom(w->ctx->memory, sizeof *m, err);
  *m = *from;
  m->coefficient = mill_model_doubles(w->model, from->coefficient, (size_t)from->width);
  if (m->coefficient == NULL) return mill_oom(w->ctx->memory, (size_t)from->width, err);
  mill_status s = mill_predictor_points(w, m->width, &p, err);
  if (s == MILL_OK) s = mill_linear_summarise(w, m, &p, NULL, 0, NULL, err);
  mill_points_clear(&p);
  return s;
}

bool mill_linear_has(const mill_stage *stage, const char *name) {
  const mill_linear_summary *s = ((const mill_linear_model *)mill_model_data(stage))->summary;
  if (strncmp(name, "summary.", 8) != 0) return true;
  return s && (s->ninference || !mill_name_in(name, inference)) &&
         (s->nhistory || !mill_name_in(name, training));
}

static mill_status number(const mill_linear_summary *s, const char *name, mill_answer *out,
                          mill_error *err) {
  const mill_named list[] = {{"explainedVariance", s->explained},
                             {"meanAbsoluteError", s->mae},
                             {"meanSquaredError", s->mse},
                             {"rootMeanSquaredError", s->rmse},
                             {"r2", s->r2},
                             {"r2adj", s->r2adj}};
  const mill_named *found = mill_named_find(list, sizeof list / sizeof *list, name);
  return mill_answer_double(out, found ? found->value : NAN, err);
}

static mill_status summary_attribute(const mill_stage *stage, const mill_linear_summary *s,
                                     const char *name, mill_answer *out, mill_error *err) {
  if (strstr(name, "Col")) return mill_answer_text(out, mill_get_text(stage, name), err);
  if (strcmp(name, "numInstances") == 0) return mill_answer_long(out, (int64_t)s->rows, err);
  if (strcmp(name, "degreesOfFreedom") == 0) return mill_answer_long(out, s->freedom, err);
  if (strcmp(name, "totalIterations") == 0) return mill_answer_int(out, s->nhistory - 1, err);
  if (strcmp(name, "devianceResiduals") == 0)
    return mill_answer_doubles(out, s->residual_range, 2, err);
  if (strcmp(name, "objectiveHistory") == 0)
    return mill_answer_doubles(out, s->history, (size_t)s->nhistory, err);
  const double *list = strcmp(name, "tValues") == 0                     ? s->t
                       : strcmp(name, "pValues") == 0                   ? s->p
                       : strcmp(name, "coefficientStandardErrors") == 0 ? s->error
                                                                        : NULL;
  if (list) return mill_answer_doubles(out, list, (size_t)s->ninference, err);
  return number(s, name, out, err);
}

mill_status mill_linear_attribute(const mill_stage *stage, const char *name, mill_answer *out,
                                  mill_error *err) {
  const mill_linear_model *m = mill_model_data(stage);
  if (strcmp(name, "intercept") == 0) return mill_answer_double(out, m->intercept, err);
  if (strcmp(name, "scale") == 0) return mill_answer_double(out, m->scale, err);
  if (strcmp(name, "numFeatures") == 0) return mill_answer_int(out, m->width, err);
  if (strcmp(name, "coefficients") != 0)
    return summary_attribute(stage, m->summary, name + strlen("summary."), out, err);
  if (m->dense) return mill_answer_dense(out, m->coefficient, m->width, err);
  if (m->sparse)
    return mill_answer_vec(out, &(mill_vec){m->width, 0, (int32_t[]){0}, (double[]){0}}, err);
  return mill_answer_compressed(out, m->coefficient, m->width, err);
}
