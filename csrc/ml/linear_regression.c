/* LinearRegression: a line through points, by squared or Huber's loss, with an elastic net penalty.
**
**     min  1/n sum w loss(x b + b0 - y) + regParam ((1 - elasticNetParam)/2 |b|^2
**                                                    + elasticNetParam |b|_1)
**
** Penalties are on coefficients of standardised columns (unless standardization is off) and label.
** Which way, as in Spark's LinearRegression: solver `normal`, and `auto` up to 4,096 features, solves
** the normal equations (weighted_least_squares.c); else L-BFGS, or OWL-QN where there is an L1 term,
** over (linear_loss.c); loss `huber` by L-BFGS-B, so that its scale stays positive. */
#include <float.h>
#include <string.h>

#include "ml/dense_int.h"
#include "ml/linear_loss_int.h"
#include "ml/linear_regression_int.h"
#include "ml/weighted_least_squares_int.h"

static const mill_param params[] = {
    {"aggregationDepth", MILL_PARAM_INT, "2", "[2,]", "kept for Spark, without effect"},
    {"elasticNetParam", MILL_PARAM_DOUBLE, "0.0", "[0,1]", "share of the L1 term in the penalty"},
    {"epsilon", MILL_PARAM_DOUBLE, "1.35", "(1,]", "where huber's loss turns linear"},
    MILL_P_FEATURES,
    {"fitIntercept", MILL_PARAM_BOOLEAN, "true", NULL, "fit a constant too"},
    MILL_P_LABEL,
    {"loss", MILL_PARAM_STRING, "\"squaredError\"", "squaredError|huber", "what is minimised"},
    {"maxBlockSizeInMB", MILL_PARAM_DOUBLE, "0.0", "[0,]", "kept for Spark, without effect"},
    {"maxIter", MILL_PARAM_INT, "100", "[0,]", "steps at most"},
    MILL_P_PREDICTION,
    {"regParam", MILL_PARAM_DOUBLE, "0.0", "[0,]", "weight of the penalty"},
    {"solver", MILL_PARAM_STRING, "\"auto\"", "l-bfgs|normal|auto", "how the minimum is found"},
    {"standardization", MILL_PARAM_BOOLEAN, "true", NULL, "penalise standardised columns"},
    {"tol", MILL_PARAM_DOUBLE, "1.0E-6", "[0,]", "stop when the objective changes less"},
    MILL_P_WEIGHT,
    {0}};

/* ---- training --------------------------------------------------------------------------------- */

static mill_linear_model *new_model(mill_work *w, const mill_points *p, mill_error *err,
                                    mill_status *status) {
  mill_linear_model *m = mill_model_new(w->model, sizeof *m);
  double *zeros =
      m ? mill_arena_alloc(mill_model_arena(w->model), ((size_t)p->width + 1) * sizeof *zeros)
        : NULL;
  *status = zeros ? MILL_OK : mill_oom(w->ctx->memory, sizeof *m, err);
  if (zeros == NULL) return NULL;
  m->width = p->width;
  m->coefficient = zeros;
  m->scale = 1.0;
  return m;
}

static mill_status fit_normal(mill_work *w, const mill_points *p, mill_error *err) {
  mill_status status;
  mill_wls o = {.intercept = mill_get_bool(w->stage, "fitIntercept"),
                .standardize_features = mill_get_bool(w->stage, "standardization"),
                .standardize_label = true,
                .reg = mill_get_double(w->stage, "regParam"),
                .elastic = mill_get_double(w->stage, "elasticNetParam"),
                .tol = mill_get_double(w->stage, "tol"),
                .max_iter = mill_get_int(w->stage, "maxIter")};
  if (p->width > MILL_WLS_WIDTH)
    return mill_ml_refuse(err, w->stage, "the normal solver takes at most %d features, not %d",
                          MILL_WLS_WIDTH, p->width);
  MILL_TRY(mill_wls_fit(&o, w->stage, w->ctx, p, w->scratch, err));
  mill_linear_model *m = new_model(w, p, err, &status);
  if (m == NULL) return status;
  memcpy((double *)(uintptr_t)m->coefficient, o.coefficient, (size_t)p->width * sizeof(double));
  m->intercept = o.b0;
  m->dense = o.constant;
  return mill_linear_summarise(w, m, p, o.history, o.nhistory,
                               o.inverted ? o.inverse_diagonal : NULL, err);
}

/* The weights of |b[i]|, in w->scratch; NULL with MILL_OK: none. */
static mill_status make_l1(mill_work *w, const mill_moments *m, double strength, double **out,
                           mill_error *err) {
  *out = NULL;
  if (strength == 0.0) return MILL_OK;
  double *l1 = mill_arena_alloc(w->scratch, ((size_t)m->width + 1) * sizeof *l1);
  if (l1 == NULL) return mill_oom(w->ctx->memory, (size_t)m->width * sizeof *l1, err);
  bool standardized = mill_get_bool(w->stage, "standardization");
  for (int j = 0; j < m->width; j++)
    l1[j] = standardized ? strength : m->std[j] != 0.0 ? strength / m->std[j] : 0.0;
  *out = l1;
  return MILL_OK;
}

/* Bounds that only keep Huber's scale, the last variable, above 0. */
static mill_status make_bounds(mill_work *w, int n, mill_minimise_options *o, mill_error *err) {
  double *lower = mill_arena_alloc(w->scratch, ((size_t)n + 1) * sizeof *lower);
  double *upper = mill_arena_alloc(w->scratch, ((size_t)n + 1) * sizeof *upper);
  if (lower == NULL || upper == NULL) return mill_oom(w->ctx->memory, (size_t)n, err);
  for (int i = 0; i < n; i++) lower[i] = -DBL_MAX, upper[i] = DBL_MAX;
  lower[n - 1] = 4.9406564584124654e-324;
  o->lower = lower;
  o->upper = upper;
  return MILL_OK;
}

/* From the variables of the search to the model. */
static mill_status keep(mill_work *w, const mill_points *p, const mill_linear_loss *l,
                        const double *x, const mill_minimise_trace *trace, mill_error *err) {
  mill_status status;
  const mill_moments *mo = l->moments;
  mill_linear_model *m = new_model(w, p, err, &status);
  if (m == NULL) return status;
  double *c = (double *)(uintptr_t)m->coefficient;
  bool huber = l->loss == MILL_HUBER;
  for (int j = 0; j < p->width; j++)
    c[j] = mo->std[j] != 0.0 ? x[j] * ((huber ? 1.0 : l->label_std) / mo->std[j]) : 0.0;
  if (l->intercept)
    m->intercept = huber ? x[p->width] : l->label_mean - mill_dot(c, mo->mean, p->width);
  if (huber) m->scale = x[mill_linear_loss_size(l) - 1];
  return mill_linear_summarise(w, m, p, trace->value, trace->n, NULL, err);
}

static mill_status search(mill_work *w, const mill_points *p, mill_linear_loss *l, double strength,
                          mill_error *err) {
  int n = mill_linear_loss_size(l);
  bool huber = l->loss == MILL_HUBER;
  mill_minimise_options o = {.max_iter = mill_get_int(w->stage, "maxIter"),
                             .tol = mill_get_double(w->stage, "tol")};
  mill_minimise_trace trace;
  double *l1, *x = mill_arena_alloc(w->scratch, ((size_t)n + 1) * sizeof *x);
  if (x == NULL) return mill_oom(w->ctx->memory, (size_t)n * sizeof *x, err);
  MILL_TRY(make_l1(w, l->moments, strength, &l1, err));
  o.l1 = l1;
  if (huber) MILL_TRY(make_bounds(w, n, &o, err));
  for (int i = 0; huber && i < n; i++) x[i] = 1.0;
  mill_linear_loss_recentre(l, x, 1.0);
  mill_objective f = {n, l, mill_linear_loss_eval};
  MILL_TRY(mill_minimise(&f, &o, w->ctx->memory, w->scratch, x, &trace, err));
  mill_linear_loss_recentre(l, x, -1.0);
  return keep(w, p, l, x, &trace, err);
}

/* A label without spread needs no search: the intercept is the mean. */
static mill_status fit_constant(mill_work *w, const mill_points *p, double mean, mill_error *err) {
  mill_status status;
  static const double none[] = {0.0};
  mill_linear_model *m = new_model(w, p, err, &status);
  if (m == NULL) return status;
  m->intercept = mean;
  m->sparse = true;
  return mill_linear_summarise(w, m, p, none, 1, NULL, err);
}

static mill_status fit_by_steps(mill_work *w, const mill_points *p, mill_error *err) {
  const mill_stage *s = w->stage;
  mill_moments moments;
  double mean, std, reg = mill_get_double(s, "regParam"),
                    elastic = mill_get_double(s, "elasticNetParam");
  bool huber = mill_get_is(s, "loss", "huber");
  MILL_TRY(mill_moments_of(w->ctx, p, w->scratch, &moments, err));
  MILL_TRY(mill_label_moments(w->ctx, p, &mean, &std, err));
  if (moments.count == 0) return mill_ml_refuse(err, s, "the weights of all rows are 0.");
  mill_linear_loss l = {.loss = huber ? MILL_HUBER : MILL_SQUARED,
                        .ctx = w->ctx,
                        .p = p,
                        .moments = &moments,
                        .intercept = mill_get_bool(s, "fitIntercept"),
                        .sets = 1,
                        .label_mean = mean,
                        .label_std = std > 0 ? std : fabs(mean),
                        .epsilon = mill_get_double(s, "epsilon"),
                        .l2_of_raw = !mill_get_bool(s, "standardization")};
  l.centred = l.intercept;
  if (std == 0.0) {
    if (l.intercept || mean == 0.0) return fit_constant(w, p, mean, err);
    if (reg != 0.0)
      return mill_ml_refuse(err, s, "a label without spread allows no regParam above 0.");
  }
  if (!huber) reg /= l.label_std;
  l.l2 = (1.0 - elastic) * reg;
  mill_status status = mill_linear_loss_init(&l, w->scratch, err);
  if (status == MILL_OK) status = search(w, p, &l, elastic * reg, err);
  mill_linear_loss_clear(&l);
  return status;
}

static mill_status fit_points(mill_work *w, const mill_points *p, mill_error *err) {
  const mill_stage *s = w->stage;
  if (p->n == 0) return mill_ml_refuse(err, s, "there are no rows to train on.");
  bool squared = mill_get_is(s, "loss", "squaredError");
  if (squared && (mill_get_is(s, "solver", "normal") ||
                  (mill_get_is(s, "solver", "auto") && p->width <= MILL_WLS_WIDTH)))
    return fit_normal(w, p, err);
  return fit_by_steps(w, p, err);
}

static mill_status check_together(const mill_stage *s, mill_error *err) {
  if (!mill_get_is(s, "loss", "huber")) return MILL_OK;
  if (mill_get_is(s, "solver", "normal"))
    return mill_ml_refuse(err, s, "loss huber has no normal solver: use auto or l-bfgs.");
  if (mill_get_double(s, "elasticNetParam") != 0.0)
    return mill_ml_refuse(err, s, "loss huber takes no L1 term: elasticNetParam must be 0.");
  return MILL_OK;
}

static mill_status fit(mill_work *w, mill_error *err) {
  mill_points p;
  MILL_TRY(check_together(w->stage, err));
  mill_status s = mill_points_read(w, "featuresCol", "labelCol", "weightCol", 0, &p, err);
  if (s == MILL_OK) s = fit_points(w, &p, err);
  mill_points_clear(&p);
  return s;
}

/* ---- predicting --------------------------------------------------------------------------------- */

static mill_status predict(mill_call *call, const mill_vector *const *args, size_t n,
                           mill_vector *out, mill_error *err) {
  const mill_linear_model *m = call->state;
  double *y = out->data;
  for (size_t i = 0; i < n; i++) {
    mill_vec x;
    MILL_TRY(mill_predictor_row(call, args[0], i, m->width, &x, err));
    y[i] = mill_vec_dot(&x, m->coefficient) + m->intercept;
  }
  return MILL_OK;
}

static mill_status add_prediction(mill_binder *b, const mill_bound *expr, mill_error *err) {
  return mill_bind_output(b, mill_get_text(b->stage, "predictionCol"), mill_type_of(MILL_DOUBLE),
                          false, "{\"ml_attr\":{}}", expr, err);
}

static mill_status bind_fit(mill_binder *b, mill_error *err) {
  MILL_TRY(check_together(b->stage, err));
  MILL_TRY(mill_predictor_inputs(b, true, NULL, err));
  return add_prediction(b, NULL, err);
}

static mill_status bind_model(mill_binder *b, mill_error *err) {
  const mill_bound *x, *y;
  MILL_TRY(mill_predictor_inputs(b, false, &x, err));
  MILL_TRY(mill_bind_kernel(b, "LinearRegressionModel", predict, MILL_FN_NULLS,
                            mill_type_of(MILL_DOUBLE), mill_model_data(b->stage), &x, 1, &y, err));
  return add_prediction(b, y, err);
}

/* ---- persistence -------------------------------------------------------------------------------- */

static mill_status save(const mill_stage *s, mill_saver *w, mill_error *err) {
  const mill_linear_model *m = mill_model_data(s);
  MILL_TRY(mill_save_doubles(w, "coefficients", m->coefficient, (size_t)m->width, err));
  MILL_TRY(mill_save_double(w, "intercept", m->intercept, err));
  MILL_TRY(mill_save_long(w, "form", m->dense ? 1 : m->sparse ? 2 : 0, err));
  return mill_save_double(w, "scale", m->scale, err);
}

static mill_status load(mill_stage *s, mill_loader *r, mill_error *err) {
  size_t n;
  int64_t form;
  mill_linear_model *m = mill_model_new(s, sizeof *m);
  if (m == NULL) return mill_oom(mill_model_arena(s)->memory, sizeof *m, err);
  MILL_TRY(mill_load_doubles(r, "coefficients", &m->coefficient, &n, err));
  if (n > INT32_MAX) return mill_load_damaged(r, err, "too many coefficients");
  m->width = (int)n;
  MILL_TRY(mill_load_double(r, "intercept", &m->intercept, err));
  MILL_TRY(mill_load_long(r, "form", &form, err));
  m->dense = form == 1;
  m->sparse = form == 2;
  return mill_load_double(r, "scale", &m->scale, err);
}

const mill_stage_class mill_class_LinearRegression = {
    .name = "LinearRegression",
    .package = "regression",
    .role = MILL_ESTIMATOR,
    .doc = "Fits a linear function of the features to the label.",
    .example = "local model = ml.regression.LinearRegression{ regParam = 0.1 }:fit(df)\n"
               "print(model.coefficients, model.intercept, model.summary.r2)",
    .params = params,
    .model = "LinearRegressionModel",
    .bind = bind_fit,
    .fit = fit,
};

const mill_stage_class mill_class_LinearRegressionModel = {
    .name = "LinearRegressionModel",
    .package = "regression",
    .role = MILL_MODEL,
    .doc = "Predicts a number as a linear function of the features.",
    .params = params,
    .bind = bind_model,
    .attributes = mill_linear_attributes,
    .has_attribute = mill_linear_has,
    .attribute = mill_linear_attribute,
    .summarise = mill_linear_examine,
    .save = save,
    .load = load,
};
