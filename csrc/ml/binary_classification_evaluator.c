/* BinaryClassificationEvaluator: the area under the ROC or the precision-recall curve; see
** metrics_int.h. A vector's score is its second element. */
#include "ml/evaluator_int.h"
#include "ml/metrics_int.h"

static const mill_param params[] = {
    MILL_P_LABEL,
    {"metricName", MILL_PARAM_STRING, "\"areaUnderROC\"", "areaUnderROC|areaUnderPR",
     "what is measured"},
    {"numBins", MILL_PARAM_INT, "1000", "[0,]", "points of the curve at most, about; 0: all"},
    MILL_P_RAW,
    MILL_P_WEIGHT,
    {0}};

enum { SCORE, LABEL, WEIGHT };
static const mill_evaluate_column columns[] = {
    {"rawPredictionCol", MILL_IN_NUMERIC | MILL_IN_VECTOR, false},
    {"labelCol", MILL_IN_NUMERIC, false},
    {"weightCol", MILL_IN_NUMERIC, true},
    {0}};

typedef struct rows {
  mill_work *work;
  bool vector;
  mill_scored *row;
  size_t n, capacity;
} rows;

static mill_status see(void *arg, const mill_evaluate_row *r, mill_error *err) {
  rows *k = arg;
  void *p = k->row;
  mill_status s = mill_grow(k->work->ctx->memory, &p, &k->capacity, k->n + 1, sizeof *k->row, err);
  k->row = p;
  if (s != MILL_OK) return s;
  double score = r->value[SCORE];
  if (k->vector) {
    if (r->vec[SCORE].size < 2)
      return mill_data_fail(k->work, err, "a raw prediction has %d values, not 2",
                            r->vec[SCORE].size);
    score = mill_vec_get(&r->vec[SCORE], 1);
  }
  k->row[k->n++] = (mill_scored){score, r->value[LABEL], r->value[WEIGHT]};
  return MILL_OK;
}

static mill_status measure(mill_work *w, rows *k, double *metric, mill_error *err) {
  mill_binary_metrics m;
  mill_binary_metrics_of(k->row, k->n, mill_get_int(w->stage, "numBins"), &m);
  if (mill_get_is(w->stage, "metricName", "areaUnderROC")) {
    *metric = mill_binary_roc(&m);
    return MILL_OK;
  }
  if (m.n == 0) return mill_ml_refuse(err, w->stage, "there are no rows to measure.");
  *metric = mill_binary_pr(&m);
  return MILL_OK;
}

static mill_status evaluate(mill_work *w, double *metric, bool *larger, mill_error *err) {
  const mill_field *f;
  rows k = {.work = w};
  *larger = true;
  MILL_TRY(mill_data_field(w, mill_get_text(w->stage, "rawPredictionCol"), &f, err));
  k.vector = f->type->id == MILL_VECTOR;
  if (!k.vector && f->type->id != MILL_DOUBLE)
    return mill_ml_refuse(err, w->stage, "the column `%s` must be DOUBLE or VECTOR, but is %s",
                          f->name, mill_type_quoted(w->ctx->memory, f->type, err));
  mill_status s = mill_evaluate_walk(w, columns, see, &k, err);
  if (s == MILL_OK) s = measure(w, &k, metric, err);
  if (k.row) mill_free(w->ctx->memory, k.row, k.capacity * sizeof *k.row);
  return s;
}

const mill_stage_class mill_class_BinaryClassificationEvaluator = {
    .name = "BinaryClassificationEvaluator",
    .package = "evaluation",
    .role = MILL_EVALUATOR,
    .doc = "Measures how well scores tell two classes apart.",
    .example = "print(ml.evaluation.BinaryClassificationEvaluator{}:evaluate(scored))",
    .params = params,
    .evaluate = evaluate,
};
