/* The summary of a LogisticRegression's training, as Spark's LogisticRegressionTrainingSummary: the
** classes predicted for the training rows, and for two classes the curves over thresholds of the
** probability, of about 1,000 points. */
#include <math.h>
#include <string.h>

#include "ml/logistic_regression_int.h"

enum { CURVE_POINTS = 1000 };

const char *const mill_logistic_attributes[] = {"coefficients",
                                                "intercept",
                                                "coefficientMatrix",
                                                "interceptVector",
                                                "numClasses",
                                                "numFeatures",
                                                "summary.accuracy",
                                                "summary.areaUnderROC",
                                                "summary.fMeasureByLabel",
                                                "summary.fMeasureByThreshold",
                                                "summary.falsePositiveRateByLabel",
                                                "summary.featuresCol",
                                                "summary.labelCol",
                                                "summary.labels",
                                                "summary.objectiveHistory",
                                                "summary.pr",
                                                "summary.precisionByLabel",
                                                "summary.precisionByThreshold",
                                                "summary.predictionCol",
                                                "summary.probabilityCol",
                                                "summary.recallByLabel",
                                                "summary.recallByThreshold",
                                                "summary.roc",
                                                "summary.scoreCol",
                                                "summary.totalIterations",
                                                "summary.truePositiveRateByLabel",
                                                "summary.weightCol",
                                                "summary.weightedFMeasure",
                                                "summary.weightedFalsePositiveRate",
                                                "summary.weightedPrecision",
                                                "summary.weightedRecall",
                                                "summary.weightedTruePositiveRate",
                                                NULL};

static const char *const binary_only[] = {"summary.areaUnderROC",
                                          "summary.fMeasureByThreshold",
                                          "summary.pr",
                                          "summary.precisionByThreshold",
                                          "summary.recallByThreshold",
                                          "summary.roc",
                                          "summary.scoreCol",
                                          NULL};
static const char *const training[] = {"summary.objectiveHistory", "summary.totalIterations", NULL};

static const struct {
  const char *name;
  mill_class_metric metric;
  bool mean;
} rates[] = {{"precisionByLabel", MILL_PRECISION, false},
             {"recallByLabel", MILL_RECALL, false},
             {"truePositiveRateByLabel", MILL_RECALL, false},
             {"falsePositiveRateByLabel", MILL_FALSE_POSITIVE, false},
             {"fMeasureByLabel", MILL_F_MEASURE, false},
             {"weightedPrecision", MILL_PRECISION, true},
             {"weightedRecall", MILL_RECALL, true},
             {"weightedTruePositiveRate", MILL_RECALL, true},
             {"weightedFalsePositiveRate", MILL_FALSE_POSITIVE, true},
             {"weightedFMeasure", MILL_F_MEASURE, true}};

/* ---- making ------------------------------------------------------------------------------------ */

typedef struct predictions {
  double *prediction;
  mill_scored *scored; /* two classes only */
  double *raw, *scratch;
  size_t bytes[2];
} predictions;

static mill_status predict_all(mill_work *w, const mill_logistic_model *m, const mill_points *p,
                               predictions *k, mill_error *err) {
  mill_classifier c = {0};
  int n = 0;
  MILL_TRY(mill_logistic_classifier(w->stage, m, &c, err));
  if (mill_has(w->stage, "thresholds") && !c.binary)
    MILL_TRY(mill_get_doubles(w->stage, "thresholds", w->scratch, &c.thresholds, &n, err));
  for (size_t i = 0; i < p->n; i++) {
    mill_vec x = mill_points_row(p, i);
    mill_logistic_raw(m, &x, k->raw);
    k->prediction[i] = mill_classifier_predict(&c, k->raw, k->scratch);
    if (k->scored == NULL) continue;
    c.probability(k->raw, c.classes);
    k->scored[i] = (mill_scored){k->raw[1], p->label[i], mill_points_weight(p, i)};
  }
  return MILL_OK;
}

static mill_status copy_classes(mill_stage *model, mill_class_metrics *to,
                                const mill_class_metrics *from, mill_error *err) {
  size_t n = (size_t)from->n;
  *to = *from;
  to->label = mill_model_doubles(model, from->label, n);
  to->count = mill_model_doubles(model, from->count, n);
  to->hit = mill_model_doubles(model, from->hit, n);
  to->false_hit = mill_model_doubles(model, from->false_hit, n);
  if (to->label && to->count && to->hit && to->false_hit) return MILL_OK;
  return mill_oom(mill_model_arena(model)->memory, n * sizeof(double), err);
}

static mill_status measure(mill_work *w, mill_logistic_summary *s, const mill_points *p,
                           predictions *k, mill_error *err) {
  mill_class_metrics classes;
  MILL_TRY(
      mill_class_metrics_of(p->label, k->prediction, p->weight, p->n, w->scratch, &classes, err));
  MILL_TRY(copy_classes(w->model, &s->classes, &classes, err));
  if (k->scored == NULL) return MILL_OK;
  mill_binary_metrics_of(k->scored, p->n, CURVE_POINTS, &s->curve);
  s->curve.cut = (mill_cut *)(void *)mill_model_doubles(
      w->model, (const double *)(const void *)s->curve.cut, 3 * s->curve.n);
  return s->curve.cut ? MILL_OK : mill_oom(w->ctx->memory, s->curve.n, err);
}

static mill_status allocate(mill_work *w, const mill_logistic_model *m, const mill_points *p,
                            bool binary, predictions *k, mill_error *err) {
  size_t n = (size_t)(m->classes > 2 ? m->classes : 2) * sizeof(double);
  k->bytes[0] = (p->n + 1) * sizeof(double);
  k->bytes[1] = (p->n + 1) * sizeof *k->scored;
  k->raw = mill_arena_alloc(w->scratch, n);
  k->scratch = mill_arena_alloc(w->scratch, n);
  k->prediction = mill_alloc(w->ctx->memory, k->bytes[0]);
  if (binary) k->scored = mill_alloc(w->ctx->memory, k->bytes[1]);
  if (k->raw && k->scratch && k->prediction && (!binary || k->scored)) return MILL_OK;
  return mill_oom(w->ctx->memory, k->bytes[1], err);
}

mill_status mill_logistic_summarise(mill_work *w, mill_logistic_model *m, const mill_points *p,
                                    const double *history, int nhistory, mill_error *err) {
  mill_logistic_summary *s = mill_arena_alloc(mill_model_arena(w->model), sizeof *s);
  if (s == NULL) return mill_oom(w->ctx->memory, sizeof *s, err);
  predictions k = {0};
  s->binary = !m->multinomial;
  s->nhistory = nhistory;
  s->history = mill_model_doubles(w->model, history, (size_t)nhistory);
  mill_status status = s->history ? allocate(w, m, p, s->binary, &k, err)
                                  : mill_oom(w->ctx->memory, sizeof(double), err);
  if (status == MILL_OK) status = predict_all(w, m, p, &k, err);
  if (status == MILL_OK) status = measure(w, s, p, &k, err);
  mill_free(w->ctx->memory, k.prediction, k.bytes[0]);
  mill_free(w->ctx->memory, k.scored, k.bytes[1]);
  m->summary = s;
  return status;
}

mill_status mill_logistic_examine(mill_work *w, mill_error *err) {
  const mill_logistic_model *from = mill_model_data(w->stage);
  size_t sets = (size_t)from->sets, width = (size_t)from->width;
  mill_logistic_model *m = mill_model_new(w->model, sizeof *m);
  mill_points p;
  if (m == NULL) return mill_oom(w->ctx->memory, sizeof *m, err);
  *m = *from;
  m->coefficient = mill_model_doubles(w->model, from->coefficient, sets * width);
  m->intercept = mill_model_doubles(w->model, from->intercept, sets);
  if (!m->coefficient || !m->intercept) return mill_oom(w->ctx->memory, sets * width, err);
  mill_status s = mill_predictor_points(w, m->width, &p, err);
  if (s == MILL_OK) s = mill_logistic_summarise(w, m, &p, NULL, 0, err);
  mill_points_clear(&p);
  return s;
}

/* ---- telling ----------------------------------------------------------------------------------- */

bool mill_logistic_has(const mill_stage *stage, const char *name) {
  const mill_logistic_model *m = mill_model_data(stage);
  if (strcmp(name, "coefficients") == 0 || strcmp(name, "intercept") == 0) return !m->multinomial;
  if (strncmp(name, "summary.", 8) != 0) return true;
  return m->summary && (m->summary->binary || !mill_name_in(name, binary_only)) &&
         (m->summary->nhistory || !mill_name_in(name, training));
}

/* Column c of the curve called `name`, at cut i. */
static double point(const mill_binary_metrics *m, const char *name, int c, size_t i) {
  if (strcmp(name, "roc") == 0) return c ? mill_binary_recall(m, i) : mill_binary_fpr(m, i);
  if (strcmp(name, "pr") == 0) return c ? mill_binary_precision(m, i) : mill_binary_recall(m, i);
  if (c == 0) return m->cut[i].score;
  if (strcmp(name, "fMeasureByThreshold") == 0) return mill_binary_f1(m, i);
  return strcmp(name, "recallByThreshold") == 0 ? mill_binary_recall(m, i)
                                                : mill_binary_precision(m, i);
}

static mill_status curve(const mill_binary_metrics *m, const char *name, mill_answer *out,
                         mill_error *err) {
  static const char *const names[] = {"x", "y"};
  mill_memory *memory = mill_answer_context(out)->memory;
  bool roc = strcmp(name, "roc") == 0, pr = strcmp(name, "pr") == 0;
  size_t n = m->n + (roc || pr) + roc, first = roc || pr;
  double *v = mill_alloc(memory, 2 * (n + 1) * sizeof *v);
  if (v == NULL) return mill_oom(memory, 2 * n * sizeof *v, err);
  double *column[] = {v, v + n + 1};
  if (first) column[0][0] = 0.0, column[1][0] = pr && m->n ? mill_binary_precision(m, 0) : 0.0;
  for (size_t i = 0; i < m->n; i++)
    for (int c = 0; c < 2; c++) column[c][first + i] = point(m, name, c, i);
  if (roc) column[0][n - 1] = column[1][n - 1] = 1.0;
  mill_status s = mill_answer_columns(out, names, 2, (const double *const *)column, n, err);
  mill_free(memory, v, 2 * (n + 1) * sizeof *v);
  return s;
}

static mill_status by_class(const mill_class_metrics *m, const char *name, mill_answer *out,
                            mill_error *err) {
  mill_memory *memory = mill_answer_context(out)->memory;
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    if (strcmp(rates[i].name, name) != 0) continue;
    if (rates[i].mean)
      return mill_answer_double(out, mill_class_metric_mean(m, rates[i].metric, 1.0), err);
    size_t bytes = ((size_t)m->n + 1) * sizeof(double);
    double *v = mill_alloc(memory, bytes);
    if (v == NULL) return mill_oom(memory, bytes, err);
    for (int c = 0; c < m->n; c++) v[c] = mill_class_metric_of(m, rates[i].metric, 1.0, c);
    mill_status s = mill_answer_doubles(out, v, (size_t)m->n, err);
    mill_free(memory, v, bytes);
    return s;
  }
  return mill_answer_double(out, m->hits / m->weight, err); /* accuracy */
}

static mill_status summary_attribute(const mill_stage *stage, const mill_logistic_summary *s,
                                     const char *name, mill_answer *out, mill_error *err) {
  if (strcmp(name, "scoreCol") == 0) name = "probabilityCol";
  if (strcmp(name, "weightCol") == 0 && !mill_has(stage, name))
    return mill_answer_text(out, name, err); /* as Spark calls it where there is none */
  if (strstr(name, "Col")) return mill_answer_text(out, mill_get_text(stage, name), err);
  if (strcmp(name, "labels") == 0)
    return mill_answer_doubles(out, s->classes.label, (size_t)s->classes.n, err);
  if (strcmp(name, "objectiveHistory") == 0)
    return mill_answer_doubles(out, s->history, (size_t)s->nhistory, err);
  if (strcmp(name, "totalIterations") == 0) return mill_answer_int(out, s->nhistory - 1, err);
  if (strcmp(name, "areaUnderROC") == 0)
    return mill_answer_double(out, mill_binary_roc(&s->curve), err);
  if (strcmp(name, "roc") == 0 || strcmp(name, "pr") == 0 || strstr(name, "ByThreshold"))
    return curve(&s->curve, name, out, err);
  return by_class(&s->classes, name, out, err);
}

/* The one row of coefficients: sparse where Spark's matrix is. */
static mill_status row(const mill_logistic_model *m, mill_answer *out, mill_error *err) {
  int held = 0;
  for (int i = 0; i < m->width; i++) held += m->coefficient[i] != 0.0;
  if (12 * (int64_t)held + 45 >= 8 * (int64_t)m->width + 13)
    return mill_answer_dense(out, m->coefficient, m->width, err);
  return mill_answer_compressed(out, m->coefficient, m->width, err);
}

static mill_status matrix(const mill_logistic_model *m, mill_answer *out, mill_error *err) {
  mill_memory *memory = mill_answer_context(out)->memory;
  size_t n = (size_t)m->sets * (size_t)m->width, bytes = (n + 1) * sizeof(double);
  double *v = mill_alloc(memory, bytes);
  if (v == NULL) return mill_oom(memory, bytes, err);
  for (int k = 0; k < m->sets; k++)
    for (int j = 0; j < m->width; j++)
      v[(size_t)j * (size_t)m->sets + (size_t)k] =
          m->coefficient[(size_t)k * (size_t)m->width + (size_t)j];
  mill_status s = mill_answer_matrix(out, v, m->sets, m->width, err);
  mill_free(memory, v, bytes);
  return s;
}

mill_status mill_logistic_attribute(const mill_stage *stage, const char *name, mill_answer *out,
                                    mill_error *err) {
  const mill_logistic_model *m = mill_model_data(stage);
  if (strcmp(name, "coefficients") == 0) return row(m, out, err);
  if (strcmp(name, "intercept") == 0) return mill_answer_double(out, m->intercept[0], err);
  if (strcmp(name, "coefficientMatrix") == 0) return matrix(m, out, err);
  if (strcmp(name, "interceptVector") == 0)
    return mill_answer_compressed(out, m->intercept, m->sets, err);
  if (strcmp(name, "numClasses") == 0) return mill_answer_int(out, m->classes, err);
  if (strcmp(name, "numFeatures") == 0) return mill_answer_int(out, m->width, err);
  return summary_attribute(stage, m->summary, name + strlen("summary."), out, err);
}
