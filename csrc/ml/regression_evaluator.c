/* RegressionEvaluator: rmse, mse, mae, r2, explained variance; see metrics_int.h. */
#include <math.h>

#include "ml/evaluator_int.h"
#include "ml/metrics_int.h"

static const mill_param params[] = {
    MILL_P_LABEL,
    {"metricName", MILL_PARAM_STRING, "\"rmse\"", "mse|rmse|r2|mae|var", "what is measured"},
    MILL_P_PREDICTION,
    {"throughOrigin", MILL_PARAM_BOOLEAN, "false", NULL, "r2 of a model without intercept"},
    MILL_P_WEIGHT,
    {0}};

enum { PREDICTION, LABEL, WEIGHT };
static const mill_evaluate_column columns[] = {{"predictionCol", MILL_IN_NUMERIC, false},
                                               {"labelCol", MILL_IN_NUMERIC, false},
                                               {"weightCol", MILL_IN_NUMERIC, true},
                                               {0}};

static mill_status see(void *arg, const mill_evaluate_row *r, mill_error *err) {
  (void)err;
  mill_regression_add(arg, r->value[LABEL], r->value[PREDICTION], r->value[WEIGHT]);
  return MILL_OK;
}

static mill_status check_prediction(mill_work *w, mill_error *err) {
  const mill_field *f;
  MILL_TRY(mill_data_field(w, mill_get_text(w->stage, "predictionCol"), &f, err));
  if (f->type->id == MILL_DOUBLE || f->type->id == MILL_FLOAT) return MILL_OK;
  return mill_ml_refuse(err, w->stage, "the column `%s` must be DOUBLE or FLOAT, but is %s",
                        f->name, mill_type_quoted(w->ctx->memory, f->type, err));
}

static mill_status evaluate(mill_work *w, double *metric, bool *larger, mill_error *err) {
  const mill_stage *s = w->stage;
  mill_regression_metrics m = {0};
  *larger = mill_get_is(s, "metricName", "r2") || mill_get_is(s, "metricName", "var");
  MILL_TRY(check_prediction(w, err));
  MILL_TRY(mill_evaluate_walk(w, columns, see, &m, err));
  if (!(m.weight > 0)) return mill_ml_refuse(err, s, "there are no rows of a weight above 0.");
  if (mill_get_is(s, "metricName", "mse"))
    *metric = mill_regression_mse(&m);
  else if (mill_get_is(s, "metricName", "mae"))
    *metric = mill_regression_mae(&m);
  else if (mill_get_is(s, "metricName", "var"))
    *metric = mill_regression_explained(&m);
  else if (mill_get_is(s, "metricName", "r2"))
    *metric = mill_regression_r2(&m, mill_get_bool(s, "throughOrigin"));
  else
    *metric = sqrt(mill_regression_mse(&m));
  return MILL_OK;
}

const mill_stage_class mill_class_RegressionEvaluator = {
    .name = "RegressionEvaluator",
    .package = "evaluation",
    .role = MILL_EVALUATOR,
    .doc = "Measures how far predicted numbers are from the true ones.",
    .example = "print(ml.evaluation.RegressionEvaluator{ metricName = \"r2\" }:evaluate(scored))",
    .params = params,
    .evaluate = evaluate,
};
