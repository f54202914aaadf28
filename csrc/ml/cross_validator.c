/* CrossValidator: parameters chosen by the mean of a metric over folds; see tuning_int.h. Rows belong
** to a fold by the number in foldCol, or by chance. Each fold is once measured on and otherwise
** trained on. As PySpark's CrossValidator: stdMetrics are population deviations. */
#include <math.h>
#include <string.h>

#include "ml/points_int.h"
#include "ml/tuning_int.h"

static const mill_param params[] = {
    MILL_P_COLLECT,
    MILL_P_ESTIMATOR,
    MILL_P_MAPS,
    MILL_P_EVALUATOR,
    {"foldCol", MILL_PARAM_STRING, "\"\"", NULL, "column of fold numbers; \"\": by chance"},
    {"numFolds", MILL_PARAM_INT, "3", NULL, "how many folds, at least 2"},
    {"parallelism", MILL_PARAM_INT, "1", "[1,]", "kept for Spark, without effect"},
    MILL_P_SEED(NULL),
    {0}};

static const mill_param model_params[] = {
    MILL_P_ESTIMATOR,
    MILL_P_MAPS,
    MILL_P_EVALUATOR,
    {"foldCol", MILL_PARAM_STRING, "\"\"", NULL, "column of fold numbers; \"\": by chance"},
    {"numFolds", MILL_PARAM_INT, "3", NULL, "how many folds there were"},
    MILL_P_SEED(NULL),
    {0}};

typedef struct model {
  int n;
  const double *mean, *std;
} model;

/* ---- fold numbers -------------------------------------------------------------------------------- */

typedef struct folds {
  mill_work *work;
  int n;
  size_t rows, *count; /* of each fold */
} folds;

static mill_status count_batch(void *arg, const mill_batch *b, mill_error *err) {
  folds *k = arg;
  for (uint32_t i = 0; i < b->n; i++) {
    uint32_t row = mill_batch_row(b, i);
    bool known = mill_vector_valid(&b->col[0], row);
    double v = known ? mill_number_at(&b->col[0], row) : NAN;
    if (!(v >= 0 && v < k->n))
      return mill_data_fail(k->work, err, "a fold number must be in [0, %d), but one is %g", k->n,
                            v);
    k->rows++;
    if (v == floor(v)) k->count[(int)v]++;
  }
  return MILL_OK;
}

static mill_status check_folds(mill_work *w, int n, const char *column, mill_error *err) {
  const mill_field *f;
  folds k = {.work = w, .n = n};
  if (*column == 0) return MILL_OK;
  MILL_TRY(mill_data_field(w, column, &f, err));
  if (!mill_type_numeric(f->type))
    return mill_ml_refuse(err, w->stage, "the column `%s` of folds is not numeric", column);
  k.count = mill_arena_alloc(w->scratch, ((size_t)n + 1) * sizeof *k.count);
  if (k.count == NULL) return mill_oom(w->ctx->memory, (size_t)n * sizeof *k.count, err);
  MILL_TRY(mill_data_walk(w, &column, 1, count_batch, &k, err));
  for (int i = 0; i < n; i++) {
    if (k.count[i] == k.rows)
      return mill_ml_refuse(err, w->stage, "the training data at fold %d is empty", i);
    if (k.count[i] == 0)
      return mill_ml_refuse(err, w->stage, "the validation data at fold %d is empty", i);
  }
  return MILL_OK;
}

/* ---- fitting ------------------------------------------------------------------------------------- */

static mill_status try_fold(mill_tuning *t, int n, int which, double *metric, mill_error *err) {
  const mill_stage *s = t->work->stage;
  mill_dataset *d = t->work->data, *train, *test = NULL;
  uint64_t seed = mill_tuning_seed(s, -1191137437);
  const char *column = mill_get_text(s, "foldCol");
  MILL_TRY(d->fold(d, n, which, true, seed, column, &train, err));
  mill_status status = d->fold(d, n, which, false, seed, column, &test, err);
  if (status == MILL_OK) {
    status = mill_tuning_try(t, train, test, metric, err);
    test->free(test);
  }
  train->free(train);
  return status;
}

static void average(const double *all, int folds_, int n, double *mean, double *std) {
  for (int i = 0; i < n; i++) {
    double sum = 0.0, squares = 0.0;
    for (int f = 0; f < folds_; f++) sum += all[f * n + i];
    mean[i] = sum / folds_;
    for (int f = 0; f < folds_; f++) {
      double d = all[f * n + i] - mean[i];
      squares += d * d;
    }
    std[i] = sqrt(squares / folds_);
  }
}

static mill_status choose(mill_tuning *t, mill_work *w, int n, mill_error *err) {
  mill_arena *a = mill_model_arena(w->model);
  model *m = mill_model_new(w->model, sizeof *m);
  double *all = mill_arena_alloc(w->scratch, (size_t)n * (size_t)t->n * sizeof *all);
  double *mean = mill_arena_alloc(a, (size_t)t->n * sizeof *mean);
  double *std = mill_arena_alloc(a, (size_t)t->n * sizeof *std);
  if (!m || !all || !mean || !std) return mill_oom(w->ctx->memory, (size_t)t->n * sizeof *all, err);
  for (int i = 0; i < n; i++) MILL_TRY(try_fold(t, n, i, all + i * t->n, err));
  average(all, n, t->n, mean, std);
  *m = (model){t->n, mean, std};
  return mill_tuning_finish(t, mean, err);
}

static mill_status fit(mill_work *w, mill_error *err) {
  mill_tuning t;
  int n = mill_get_int(w->stage, "numFolds");
  if (n < 2) return mill_ml_refuse(err, w->stage, "numFolds must be at least 2, not %d", n);
  MILL_TRY(check_folds(w, n, mill_get_text(w->stage, "foldCol"), err));
  MILL_TRY(mill_tuning_init(&t, w, n, err));
  mill_status s = choose(&t, w, n, err);
  mill_tuning_clear(&t);
  return s;
}

static mill_status bind_model(mill_binder *b, mill_error *err) {
  (void)b, (void)err; /* the best model transforms */
  return MILL_OK;
}

/* ---- telling ------------------------------------------------------------------------------------- */

static const char *const attributes[] = {"avgMetrics", "stdMetrics", NULL};

static mill_status attribute(const mill_stage *s, const char *name, mill_answer *out,
                             mill_error *err) {
  const model *m = mill_model_data(s);
  return mill_answer_doubles(out, strcmp(name, "avgMetrics") == 0 ? m->mean : m->std, (size_t)m->n,
                             err);
}

static mill_status save(const mill_stage *s, mill_saver *w, mill_error *err) {
  const model *m = mill_model_data(s);
  MILL_TRY(mill_save_doubles(w, "avgMetrics", m->mean, (size_t)m->n, err));
  return mill_save_doubles(w, "stdMetrics", m->std, (size_t)m->n, err);
}

static mill_status load(mill_stage *s, mill_loader *r, mill_error *err) {
  size_t n, also;
  model *m = mill_model_new(s, sizeof *m);
  if (m == NULL) return mill_oom(mill_model_arena(s)->memory, sizeof *m, err);
  MILL_TRY(mill_load_doubles(r, "avgMetrics", &m->mean, &n, err));
  MILL_TRY(mill_load_doubles(r, "stdMetrics", &m->std, &also, err));
  if (n != also || n > INT32_MAX) return mill_load_damaged(r, err, "the metrics do not fit");
  m->n = (int)n;
  return MILL_OK;
}

const mill_stage_class mill_class_CrossValidator = {
    .name = "CrossValidator",
    .package = "tuning",
    .role = MILL_ESTIMATOR,
    .doc = "Chooses parameters by a metric's mean over folds of the rows.",
    .example =
        "local lr = ml.regression.LinearRegression{}\n"
        "local grid = ml.tuning.ParamGridBuilder():addGrid(lr.regParam, {0, 0.1}):build()\n"
        "local model = ml.tuning.CrossValidator{ estimator = lr, estimatorParamMaps = grid,\n"
        "  evaluator = ml.evaluation.RegressionEvaluator{} }:fit(df)\n"
        "print(model.avgMetrics[1], model.bestModel.coefficients)",
    .params = params,
    .model = "CrossValidatorModel",
    .bind = mill_tuning_bind,
    .fit = fit,
};

const mill_stage_class mill_class_CrossValidatorModel = {
    .name = "CrossValidatorModel",
    .package = "tuning",
    .role = MILL_MODEL,
    .doc = "The model of the parameters that CrossValidator chose.",
    .params = model_params,
    .bind = bind_model,
    .attributes = attributes,
    .attribute = attribute,
    .save = save,
    .load = load,
};
