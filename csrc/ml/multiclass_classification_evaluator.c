/* MulticlassClassificationEvaluator: accuracy, precision, recall, F-measure by class or by their
** mean, log loss; see metrics_int.h. */
#include <math.h>
#include <string.h>

#include "ml/evaluator_int.h"
#include "ml/metrics_int.h"

static const mill_param params[] = {
    {"beta", MILL_PARAM_DOUBLE, "1.0", "(0,]", "weight of recall in the F-measure"},
    {"eps", MILL_PARAM_DOUBLE, "1.0E-15", "(0,0.5)",
     "log loss takes probabilities as at least this"},
    MILL_P_LABEL,
    {"metricLabel", MILL_PARAM_DOUBLE, "0.0", "[0,]", "the class that metrics by label are of"},
    {"metricName", MILL_PARAM_STRING, "\"f1\"",
     "f1|accuracy|weightedPrecision|weightedRecall|weightedTruePositiveRate|"
     "weightedFalsePositiveRate|weightedFMeasure|truePositiveRateByLabel|"
     "falsePositiveRateByLabel|precisionByLabel|recallByLabel|fMeasureByLabel|logLoss|hammingLoss",
     "what is measured"},
    MILL_P_PREDICTION,
    MILL_P_PROBABILITY,
    MILL_P_WEIGHT,
    {0}};

enum { PREDICTION, LABEL, WEIGHT, PROBABILITY };
static const mill_evaluate_column with_probability[] = {{"predictionCol", MILL_IN_NUMERIC, false},
                                                        {"labelCol", MILL_IN_NUMERIC, false},
                                                        {"weightCol", MILL_IN_NUMERIC, true},
                                                        {"probabilityCol", MILL_IN_VECTOR, false},
                                                        {0}};
static const mill_evaluate_column columns[] = {{"predictionCol", MILL_IN_NUMERIC, false},
                                               {"labelCol", MILL_IN_NUMERIC, false},
                                               {"weightCol", MILL_IN_NUMERIC, true},
                                               {0}};

static const struct {
  const char *name;
  mill_class_metric metric;
  bool by_label;
} rates[] = {{"weightedPrecision", MILL_PRECISION, false},
             {"weightedRecall", MILL_RECALL, false},
             {"weightedTruePositiveRate", MILL_RECALL, false},
             {"weightedFalsePositiveRate", MILL_FALSE_POSITIVE, false},
             {"weightedFMeasure", MILL_F_MEASURE, false},
             {"f1", MILL_F_MEASURE, false},
             {"precisionByLabel", MILL_PRECISION, true},
             {"recallByLabel", MILL_RECALL, true},
             {"truePositiveRateByLabel", MILL_RECALL, true},
             {"falsePositiveRateByLabel", MILL_FALSE_POSITIVE, true},
             {"fMeasureByLabel", MILL_F_MEASURE, true}};

/* ---- log loss --------------------------------------------------------------------------------- */

typedef struct loss {
  mill_work *work;
  double eps, sum, weight;
} loss;

static mill_status see_loss(void *arg, const mill_evaluate_row *r, mill_error *err) {
  loss *k = arg;
  const mill_vec *p = &r->vec[PROBABILITY];
  double label = r->value[LABEL], w = r->value[WEIGHT];
  if (!(label >= 0 && label < p->size && label == floor(label)))
    return mill_data_fail(k->work, err, "the label %g is none of the %d classes", label, p->size);
  double v = mill_vec_get(p, (int)label);
  double one = v < k->eps ? -log(k->eps) : v > 1 - k->eps ? -log1p(-k->eps) : -log(v);
  k->sum += one * w;
  k->weight += w;
  return MILL_OK;
}

/* ---- the others ------------------------------------------------------------------------------- */

typedef struct rows {
  mill_memory *memory;
  double *v[3]; /* prediction, label, weight */
  size_t n, capacity[3];
} rows;

static mill_status see(void *arg, const mill_evaluate_row *r, mill_error *err) {
  rows *k = arg;
  for (int c = 0; c < 3; c++) {
    void *p = k->v[c];
    mill_status s = mill_grow(k->memory, &p, &k->capacity[c], k->n + 1, sizeof(double), err);
    k->v[c] = p;
    if (s != MILL_OK) return s;
    k->v[c][k->n] = r->value[c];
  }
  k->n++;
  return MILL_OK;
}

static mill_status of_label(mill_work *w, const mill_class_metrics *m, mill_class_metric which,
                            double beta, double *metric, mill_error *err) {
  double label = mill_get_double(w->stage, "metricLabel");
  for (int i = 0; i < m->n; i++) {
    if (m->label[i] != label) continue;
    *metric = mill_class_metric_of(m, which, beta, i);
    return MILL_OK;
  }
  return mill_ml_refuse(err, w->stage, "no row has the label %g of metricLabel.", label);
}

static mill_status measure(mill_work *w, const rows *k, double *metric, mill_error *err) {
  mill_class_metrics m;
  const char *name = mill_get_text(w->stage, "metricName");
  MILL_TRY(mill_class_metrics_of(k->v[LABEL], k->v[PREDICTION], k->v[WEIGHT], k->n, w->scratch, &m,
                                 err));
  if (strcmp(name, "accuracy") == 0) *metric = m.hits / m.weight;
  if (strcmp(name, "hammingLoss") == 0) *metric = (m.weight - m.hits) / m.weight;
  double beta = strcmp(name, "f1") == 0 ? 1.0 : mill_get_double(w->stage, "beta");
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    if (strcmp(rates[i].name, name) != 0) continue;
    if (rates[i].by_label) return of_label(w, &m, rates[i].metric, beta, metric, err);
    *metric = mill_class_metric_mean(&m, rates[i].metric, beta);
  }
  return MILL_OK;
}

static mill_status check_prediction(mill_work *w, mill_error *err) {
  const mill_field *f;
  MILL_TRY(mill_data_field(w, mill_get_text(w->stage, "predictionCol"), &f, err));
  if (f->type->id == MILL_DOUBLE) return MILL_OK;
  return mill_ml_refuse(err, w->stage, "the column `%s` must be DOUBLE, but is %s", f->name,
                        mill_type_quoted(w->ctx->memory, f->type, err));
}

static mill_status evaluate(mill_work *w, double *metric, bool *larger, mill_error *err) {
  const mill_stage *s = w->stage;
  const char *name = mill_get_text(s, "metricName");
  MILL_TRY(check_prediction(w, err));
  *larger = strcmp(name, "logLoss") != 0 && strcmp(name, "hammingLoss") != 0 &&
            strcmp(name, "weightedFalsePositiveRate") != 0 &&
            strcmp(name, "falsePositiveRateByLabel") != 0;
  if (strcmp(name, "logLoss") == 0) {
    loss k = {.work = w, .eps = mill_get_double(s, "eps")};
    MILL_TRY(mill_evaluate_walk(w, with_probability, see_loss, &k, err));
    *metric = k.sum / k.weight;
    return MILL_OK;
  }
  rows k = {.memory = w->ctx->memory};
  mill_status status = mill_evaluate_walk(w, columns, see, &k, err);
  if (status == MILL_OK) status = measure(w, &k, metric, err);
  for (int c = 0; c < 3; c++)
    if (k.v[c]) mill_free(k.memory, k.v[c], k.capacity[c] * sizeof(double));
  return status;
}

const mill_stage_class mill_class_MulticlassClassificationEvaluator = {
    .name = "MulticlassClassificationEvaluator",
    .package = "evaluation",
    .role = MILL_EVALUATOR,
    .doc = "Measures how often predicted classes are the true ones.",
    .example = "print(ml.evaluation.MulticlassClassificationEvaluator{ metricName = \"accuracy\" }"
               ":evaluate(scored))",
    .params = params,
    .evaluate = evaluate,
};
