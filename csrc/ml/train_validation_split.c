/* TrainValidationSplit: parameters chosen by a metric on one part of the rows, drawn by chance, fitted
** to the rest; see tuning_int.h. As PySpark's: rows whose rand(seed) is below trainRatio train. */
#include "ml/tuning_int.h"

static const mill_param params[] = {
    MILL_P_COLLECT,
    MILL_P_ESTIMATOR,
    MILL_P_MAPS,
    MILL_P_EVALUATOR,
    {"parallelism", MILL_PARAM_INT, "1", "[1,]", "kept for Spark, without effect"},
    MILL_P_SEED(NULL),
    {"trainRatio", MILL_PARAM_DOUBLE, "0.75", "[0,1]", "share of the rows to train on"},
    {0}};

static const mill_param model_params[] = {
    MILL_P_ESTIMATOR,
    MILL_P_MAPS,
    MILL_P_EVALUATOR,
    MILL_P_SEED(NULL),
    {"trainRatio", MILL_PARAM_DOUBLE, "0.75", "[0,1]", "share of the rows that trained"},
    {0}};

typedef struct model {
  size_t n;
  const double *metric;
} model;

static mill_status try_all(mill_tuning *t, double *metric, mill_error *err) {
  mill_dataset *d = t->work->data, *train, *test = NULL;
  uint64_t seed = mill_tuning_seed(t->work->stage, -1772833110);
  double ratio = mill_get_double(t->work->stage, "trainRatio");
  MILL_TRY(d->split(d, ratio, true, seed, &train, err));
  mill_status s = d->split(d, ratio, false, seed, &test, err);
  if (s == MILL_OK) {
    s = mill_tuning_try(t, train, test, metric, err);
    test->free(test);
  }
  train->free(train);
  return s;
}

static mill_status choose(mill_tuning *t, mill_work *w, mill_error *err) {
  model *m = mill_model_new(w->model, sizeof *m);
  size_t bytes = (size_t)t->n * sizeof(double);
  double *metric = mill_arena_alloc(mill_model_arena(w->model), bytes);
  if (m == NULL || metric == NULL) return mill_oom(w->ctx->memory, bytes, err);
  MILL_TRY(try_all(t, metric, err));
  *m = (model){(size_t)t->n, metric};
  return mill_tuning_finish(t, metric, err);
}

static mill_status fit(mill_work *w, mill_error *err) {
  mill_tuning t;
  MILL_TRY(mill_tuning_init(&t, w, 1, err));
  mill_status s = choose(&t, w, err);
  mill_tuning_clear(&t);
  return s;
}

static mill_status bind_model(mill_binder *b, mill_error *err) {
  (void)b, (void)err; /* the best model transforms */
  return MILL_OK;
}

static const char *const attributes[] = {"validationMetrics", NULL};

static mill_status attribute(const mill_stage *s, const char *name, mill_answer *out,
                             mill_error *err) {
  const model *m = mill_model_data(s);
  (void)name;
  return mill_answer_doubles(out, m->metric, m->n, err);
}

static mill_status save(const mill_stage *s, mill_saver *w, mill_error *err) {
  const model *m = mill_model_data(s);
  return mill_save_doubles(w, "validationMetrics", m->metric, m->n, err);
}

static mill_status load(mill_stage *s, mill_loader *r, mill_error *err) {
  model *m = mill_model_new(s, sizeof *m);
  if (m == NULL) return mill_oom(mill_model_arena(s)->memory, sizeof *m, err);
  return mill_load_doubles(r, "validationMetrics", &m->metric, &m->n, err);
}

const mill_stage_class mill_class_TrainValidationSplit = {
    .name = "TrainValidationSplit",
    .package = "tuning",
    .role = MILL_ESTIMATOR,
    .doc = "Chooses parameters by a metric on rows that were kept back from training.",
    .example = "local model = ml.tuning.TrainValidationSplit{ estimator = lr, evaluator = rmse,\n"
               "  estimatorParamMaps = grid, trainRatio = 0.8 }:fit(df)\n"
               "print(model.validationMetrics[1], model.bestModel)",
    .params = params,
    .model = "TrainValidationSplitModel",
    .bind = mill_tuning_bind,
    .fit = fit,
};

const mill_stage_class mill_class_TrainValidationSplitModel = {
    .name = "TrainValidationSplitModel",
    .package = "tuning",
    .role = MILL_MODEL,
    .doc = "The model of the parameters that TrainValidationSplit chose.",
    .params = model_params,
    .bind = bind_model,
    .attributes = attributes,
    .attribute = attribute,
    .save = save,
    .load = load,
};
