/* LogisticRegression: classes by a linear function of the features.
**
**     min  1/n sum w loss + regParam ((1 - elasticNetParam)/2 |b|^2 + elasticNetParam |b|_1)
**
** family binomial has one margin, multinomial one a class (softmax); auto takes binomial for two
** classes. Penalties are on coefficients of standardised columns unless standardization is off;
** intercepts have none. Minimised as in Spark's LogisticRegression, by L-BFGS, OWL-QN where there is
** an L1 term, L-BFGS-B where there are bounds (minimise_int.h, linear_loss_int.h). */
#include <math.h>
#include <string.h>

#include "ml/linear_loss_int.h"
#include "ml/logistic_regression_int.h"

static const mill_param params[] = {
    {"aggregationDepth", MILL_PARAM_INT, "2", "[2,]", "kept for Spark, without effect"},
    {"elasticNetParam", MILL_PARAM_DOUBLE, "0.0", "[0,1]", "share of the L1 term in the penalty"},
    {"family", MILL_PARAM_STRING, "\"auto\"", "~auto|binomial|multinomial",
     "how classes are modelled"},
    MILL_P_FEATURES,
    {"fitIntercept", MILL_PARAM_BOOLEAN, "true", NULL, "fit a constant too"},
    MILL_P_LABEL,
    {"lowerBoundsOnCoefficients", MILL_PARAM_MATRIX, NULL, NULL,
     "least coefficients: a row a class, a column a feature"},
    {"lowerBoundsOnIntercepts", MILL_PARAM_VECTOR, NULL, NULL, "least intercepts, one a class"},
    {"maxBlockSizeInMB", MILL_PARAM_DOUBLE, "0.0", "[0,]", "kept for Spark, without effect"},
    {"maxIter", MILL_PARAM_INT, "100", "[0,]", "steps at most"},
    MILL_P_PREDICTION,
    MILL_P_PROBABILITY,
    MILL_P_RAW,
    {"regParam", MILL_PARAM_DOUBLE, "0.0", "[0,]", "weight of the penalty"},
    {"standardization", MILL_PARAM_BOOLEAN, "true", NULL, "penalise standardised columns"},
    {"threshold", MILL_PARAM_DOUBLE, "0.5", "[0,1]", "class 1 where its probability is above"},
    MILL_P_THRESHOLDS,
    {"tol", MILL_PARAM_DOUBLE, "1.0E-6", "[0,]", "stop when the objective changes less"},
    {"upperBoundsOnCoefficients", MILL_PARAM_MATRIX, NULL, NULL,
     "greatest coefficients: a row a class, a column a feature"},
    {"upperBoundsOnIntercepts", MILL_PARAM_VECTOR, NULL, NULL, "greatest intercepts, one a class"},
    MILL_P_WEIGHT,
    {0}};

/* ---- classes of raw predictions ------------------------------------------------------------------ */

void mill_logistic_raw(const mill_logistic_model *m, const mill_vec *x, double *raw) {
  for (int k = 0; k < m->sets; k++)
    raw[k] = mill_vec_dot(x, m->coefficient + (size_t)k * (size_t)m->width) + m->intercept[k];
  if (m->multinomial) return;
  raw[1] = raw[0];
  raw[0] = -raw[0];
}

static bool sigmoid(double *v, int n) {
  (void)n;
  v[0] = 1.0 / (1.0 + exp(-v[0]));
  v[1] = 1.0 - v[0];
  return true;
}

/* A class of infinite margin has it all. */
static bool softmax(double *v, int n) {
  double most = -INFINITY, sum = 0.0;
  for (int i = 0; i < n; i++) {
    if (v[i] == INFINITY) {
      memset(v, 0, (size_t)n * sizeof *v);
      v[i] = 1.0;
      return true;
    }
    if (v[i] > most) most = v[i];
  }
  for (int i = 0; i < n; i++) sum += v[i] = exp(v[i] - most);
  for (int i = 0; i < n; i++) v[i] /= sum;
  return true;
}

/* The threshold of two classes: thresholds say it too, as a ratio. */
static mill_status read_threshold(const mill_stage *s, double *out, mill_error *err) {
  *out = mill_get_double(s, "threshold");
  if (!mill_has(s, "thresholds")) return MILL_OK;
  const mill_json *list = mill_get_json(s, "thresholds");
  if (list->n != 2)
    return mill_ml_refuse(err, s, "two classes take two thresholds, not %d.", (int)list->n);
  double t0 = mill_json_number(list->child), t1 = mill_json_number(list->child->next);
  double same = 1.0 / (1.0 + t0 / t1);
  if (mill_stage_is_set(s, "threshold") && !(fabs(*out - same) < 1e-5))
    return mill_ml_refuse(err, s, "threshold is %g, but thresholds mean %g.", *out, same);
  *out = same;
  return MILL_OK;
}

mill_status mill_logistic_classifier(const mill_stage *s, const mill_logistic_model *m,
                                     mill_classifier *out, mill_error *err) {
  *out = (mill_classifier){.classes = m->multinomial ? m->classes : 2,
                           .probability = m->multinomial ? softmax : sigmoid,
                           .binary = !m->multinomial};
  return m->multinomial ? MILL_OK : read_threshold(s, &out->threshold, err);
}

/* ---- bounds -------------------------------------------------------------------------------------- */

static const char *const bounds[] = {"lowerBoundsOnCoefficients", "upperBoundsOnCoefficients",
                                     "lowerBoundsOnIntercepts", "upperBoundsOnIntercepts"};

static bool bounded(const mill_stage *s) {
  for (int i = 0; i < 4; i++)
    if (mill_stage_is_set(s, bounds[i])) return true;
  return false;
}

static mill_status check_together(const mill_stage *s, mill_error *err) {
  double unused;
  if (mill_stage_is_set(s, "threshold") && mill_has(s, "thresholds"))
    MILL_TRY(read_threshold(s, &unused, err));
  if (!bounded(s)) return MILL_OK;
  if (mill_get_double(s, "elasticNetParam") != 0.0)
    return mill_ml_refuse(err, s, "with bounds elasticNetParam must be 0.");
  if (!mill_get_bool(s, "fitIntercept") &&
      (mill_stage_is_set(s, bounds[2]) || mill_stage_is_set(s, bounds[3])))
    return mill_ml_refuse(err, s, "bounds on intercepts need fitIntercept.");
  return MILL_OK;
}

/* One of the four into `to` (as the search lays variables out), scaled to standardised columns. */
static mill_status read_bound(mill_work *w, const mill_linear_loss *l, int which, double *to,
                              mill_error *err) {
  const double *v;
  int rows, cols, d = l->p->width, sets = l->sets;
  if (!mill_stage_is_set(w->stage, bounds[which])) return MILL_OK;
  if (which >= 2) {
    const mill_json *list = mill_get_json(w->stage, bounds[which]);
    const mill_json *values = mill_json_get(list, "values");
    bool dense = mill_json_int(list, "type", 1) == 1;
    if (!dense || values == NULL || (int)values->n != sets)
      return mill_ml_refuse(err, w->stage, "%s must have %d values.", bounds[which], sets);
    int k = 0;
    for (const mill_json *x = values->child; x; x = x->next)
      to[d * sets + k++] = mill_json_number(x);
    return MILL_OK;
  }
  MILL_TRY(mill_get_matrix(w->stage, bounds[which], w->scratch, &v, &rows, &cols, err));
  if (rows != sets || cols != d)
    return mill_ml_refuse(err, w->stage, "%s must have %d rows and %d columns, not %d and %d.",
                          bounds[which], sets, d, rows, cols);
  for (int i = 0; i < d * sets; i++) to[i] = v[i] * l->moments->std[i / sets];
  return MILL_OK;
}

static mill_status make_bounds(mill_work *w, const mill_linear_loss *l, mill_minimise_options *o,
                               double *x, mill_error *err) {
  int n = mill_linear_loss_size(l);
  double *lower = mill_arena_alloc(w->scratch, ((size_t)n + 1) * sizeof *lower);
  double *upper = mill_arena_alloc(w->scratch, ((size_t)n + 1) * sizeof *upper);
  if (lower == NULL || upper == NULL) return mill_oom(w->ctx->memory, (size_t)n * 8, err);
  for (int i = 0; i < n; i++) lower[i] = -INFINITY, upper[i] = INFINITY;
  for (int i = 0; i < 4; i++) MILL_TRY(read_bound(w, l, i, i % 2 ? upper : lower, err));
  for (int i = 0; i < n; i++) {
    if (!(lower[i] <= upper[i]))
      return mill_ml_refuse(err, w->stage, "a lower bound is above its upper bound.");
    x[i] = fmin(fmax(x[i], lower[i]), upper[i]);
  }
  o->lower = lower;
  o->upper = upper;
  return MILL_OK;
}

/* ---- training ------------------------------------------------------------------------------------ */

static mill_logistic_model *new_model(mill_work *w, const mill_points *p, int classes, int sets) {
  mill_logistic_model *m = mill_model_new(w->model, sizeof *m);
  mill_arena *a = mill_model_arena(w->model);
  if (m == NULL) return NULL;
  m->classes = classes;
  m->width = p->width;
  m->sets = sets;
  m->coefficient =
      mill_arena_alloc(a, ((size_t)sets * (size_t)p->width + 1) * sizeof *m->coefficient);
  m->intercept = mill_arena_alloc(a, ((size_t)sets + 1) * sizeof *m->intercept);
  return m->coefficient && m->intercept ? m : NULL;
}

static double average(const double *v, int n) {
  double sum = 0.0;
  for (int i = 0; i < n; i++) sum += v[i];
  return sum / n;
}

/* Softmax does not change when all classes move together: keep their means at 0. */
static void centre(mill_logistic_model *m, bool coefficients, bool intercepts) {
  double *c = (double *)(uintptr_t)m->coefficient, *b = (double *)(uintptr_t)m->intercept;
  for (int j = 0; coefficients && j < m->width; j++) {
    double sum = 0.0;
    for (int k = 0; k < m->sets; k++) sum += c[(size_t)k * (size_t)m->width + (size_t)j];
    for (int k = 0; k < m->sets; k++) c[(size_t)k * (size_t)m->width + (size_t)j] -= sum / m->sets;
  }
  double mean = intercepts ? average(b, m->sets) : 0.0;
  for (int k = 0; intercepts && k < m->sets; k++) b[k] -= mean;
}

/* From the variables of the search to the model. */
static mill_status keep(mill_work *w, const mill_linear_loss *l, int classes, const double *x,
                        const mill_minimise_trace *trace, mill_error *err) {
  const mill_points *p = l->p;
  mill_logistic_model *m = new_model(w, p, classes, l->sets);
  if (m == NULL) return mill_oom(w->ctx->memory, sizeof *m, err);
  m->multinomial = l->loss == MILL_SOFTMAX;
  double *c = (double *)(uintptr_t)m->coefficient, *b = (double *)(uintptr_t)m->intercept;
  for (int j = 0; j < p->width; j++)
    for (int k = 0; k < l->sets; k++)
      if (l->moments->std[j] != 0.0)
        c[(size_t)k * (size_t)p->width + (size_t)j] = x[j * l->sets + k] / l->moments->std[j];
  for (int k = 0; l->intercept && k < l->sets; k++) b[k] = x[p->width * l->sets + k];
  if (m->multinomial && !bounded(w->stage))
    centre(m, mill_get_double(w->stage, "regParam") == 0.0, l->intercept);
  return mill_logistic_summarise(w, m, p, trace->value, trace->n, err);
}

/* Where the search begins: intercepts from how frequent the classes are. */
static void start(const mill_linear_loss *l, const double *count, double *x) {
  double *intercept = x + (size_t)l->p->width * (size_t)l->sets, mean = 0.0;
  if (!l->intercept) return;
  if (l->loss == MILL_LOGISTIC) {
    intercept[0] = log(count[1] / count[0]);
    return;
  }
  for (int k = 0; k < l->sets; k++) intercept[k] = log1p(count[k]);
  mean = average(intercept, l->sets);
  for (int k = 0; k < l->sets; k++) intercept[k] -= mean;
}

static mill_status make_l1(mill_work *w, const mill_linear_loss *l, double strength,
                           mill_minimise_options *o, mill_error *err) {
  int n = mill_linear_loss_size(l), d = l->p->width;
  bool standardized = mill_get_bool(w->stage, "standardization");
  double *l1 = mill_arena_alloc(w->scratch, ((size_t)n + 1) * sizeof *l1);
  if (l1 == NULL) return mill_oom(w->ctx->memory, (size_t)n * sizeof *l1, err);
  for (int i = 0; i < d * l->sets; i++) {
    double std = l->moments->std[i / l->sets];
    l1[i] = standardized ? strength : std != 0.0 ? strength / std : 0.0;
  }
  o->l1 = l1;
  return MILL_OK;
}

static mill_status search(mill_work *w, mill_linear_loss *l, int classes, const double *count,
                          mill_error *err) {
  const mill_stage *s = w->stage;
  mill_minimise_options o = {.max_iter = mill_get_int(s, "maxIter"),
                             .tol = mill_get_double(s, "tol")};
  mill_minimise_trace trace;
  double reg = mill_get_double(s, "regParam"), elastic = mill_get_double(s, "elasticNetParam");
  int n = mill_linear_loss_size(l);
  double *x = mill_arena_alloc(w->scratch, ((size_t)n + 1) * sizeof *x);
  if (x == NULL) return mill_oom(w->ctx->memory, (size_t)n * sizeof *x, err);
  start(l, count, x);
  if (bounded(s)) MILL_TRY(make_bounds(w, l, &o, x, err));
  if (elastic * reg != 0.0) MILL_TRY(make_l1(w, l, elastic * reg, &o, err));
  mill_linear_loss_recentre(l, x, 1.0);
  mill_objective f = {n, l, mill_linear_loss_eval};
  MILL_TRY(mill_minimise(&f, &o, w->ctx->memory, w->scratch, x, &trace, err));
  mill_linear_loss_recentre(l, x, -1.0);
  return keep(w, l, classes, x, &trace, err);
}

/* One class only, with an intercept: it is certain. */
static mill_status fit_certain(mill_work *w, const mill_points *p, int classes, bool multinomial,
                               int only, mill_error *err) {
  static const double none[] = {0.0};
  mill_logistic_model *m = new_model(w, p, classes, multinomial ? classes : 1);
  if (m == NULL) return mill_oom(w->ctx->memory, sizeof *m, err);
  double *b = (double *)(uintptr_t)m->intercept;
  m->multinomial = multinomial;
  if (multinomial)
    b[only] = INFINITY;
  else
    b[0] = only == 1 ? INFINITY : -INFINITY;
  return mill_logistic_summarise(w, m, p, none, 1, err);
}

/* May the columns be centred? Not when the intercept has a bound, which is of the raw columns. */
static bool may_centre(const mill_stage *s) {
  for (int i = 2; i < 4; i++) {
    const mill_json *values = mill_json_get(mill_get_json(s, bounds[i]), "values");
    for (const mill_json *x = values ? values->child : NULL; x; x = x->next)
      if (isfinite(mill_json_number(x))) return false;
  }
  return mill_get_bool(s, "fitIntercept");
}

static mill_status fit_classes(mill_work *w, const mill_points *p, int classes, bool multinomial,
                               const double *count, mill_error *err) {
  const mill_stage *s = w->stage;
  mill_moments moments;
  int seen = 0, only = 0;
  for (int k = 0; k < classes; k++)
    if (count[k] != 0.0) seen++, only = k;
  if (mill_get_bool(s, "fitIntercept") && seen == 1 && !bounded(s))
    return fit_certain(w, p, classes, multinomial, only, err);
  MILL_TRY(mill_moments_of(w->ctx, p, w->scratch, &moments, err));
  mill_linear_loss l = {.loss = multinomial ? MILL_SOFTMAX : MILL_LOGISTIC,
                        .ctx = w->ctx,
                        .p = p,
                        .moments = &moments,
                        .intercept = mill_get_bool(s, "fitIntercept"),
                        .centred = may_centre(s),
                        .sets = multinomial ? classes : 1,
                        .l2 = (1.0 - mill_get_double(s, "elasticNetParam")) *
                              mill_get_double(s, "regParam"),
                        .l2_of_raw = !mill_get_bool(s, "standardization")};
  mill_status status = mill_linear_loss_init(&l, w->scratch, err);
  if (status == MILL_OK) status = search(w, &l, classes, count, err);
  mill_linear_loss_clear(&l);
  return status;
}

static mill_status count_classes(mill_work *w, const mill_points *p, int classes, double **out,
                                 mill_error *err) {
  double *count = mill_arena_alloc(w->scratch, ((size_t)classes + 2) * sizeof *count);
  if (count == NULL) return mill_oom(w->ctx->memory, (size_t)classes * sizeof *count, err);
  for (size_t i = 0; i < p->n; i++)
    if (p->label[i] < classes) count[(int)p->label[i]] += mill_points_weight(p, i);
  *out = count;
  return MILL_OK;
}

static mill_status fit_points(mill_work *w, const mill_points *p, mill_error *err) {
  const mill_stage *s = w->stage;
  int classes, stated, n;
  double *count = NULL;
  MILL_TRY(mill_classes_check(w, p, true, &classes, err));
  MILL_TRY(mill_classes_stated(w, &stated, err));
  if (classes == 0) return mill_ml_refuse(err, s, "there are no rows of a weight above 0.");
  if (p->width == 0) return mill_ml_refuse(err, s, "the vectors have no values.");
  if (stated && stated < classes)
    return mill_ml_refuse(err, s, "the label column states %d classes, but has %d.", stated,
                          classes);
  if (stated) classes = stated;
  bool multinomial =
      mill_get_is(s, "family", "multinomial") || (mill_get_is(s, "family", "auto") && classes > 2);
  if (!multinomial && classes > 2)
    return mill_ml_refuse(err, s, "family binomial takes 2 classes at most, not %d.", classes);
  if ((int64_t)classes * (p->width + 1) > INT32_MAX / 2)
    return mill_ml_refuse(err, s, "%d classes of %d features are too many.", classes, p->width);
  if (mill_has(s, "thresholds") && (n = (int)mill_get_json(s, "thresholds")->n) != classes)
    return mill_ml_refuse(err, s, "there are %d thresholds for %d classes.", n, classes);
  MILL_TRY(count_classes(w, p, classes, &count, err));
  return fit_classes(w, p, classes, multinomial, count, err);
}

static mill_status fit(mill_work *w, mill_error *err) {
  mill_points p;
  mill_status s = mill_points_read(w, "featuresCol", "labelCol", "weightCol", 0, &p, err);
  if (s == MILL_OK) s = fit_points(w, &p, err);
  mill_points_clear(&p);
  return s;
}

/* ---- predicting ---------------------------------------------------------------------------------- */

static mill_status predict_raw(mill_call *call, const mill_vector *const *args, size_t n,
                               mill_vector *out, mill_error *err) {
  const mill_logistic_model *m = call->state;
  int size = m->multinomial ? m->classes : 2;
  for (size_t i = 0; i < n; i++) {
    mill_vec x;
    double *raw;
    MILL_TRY(mill_predictor_row(call, args[0], i, m->width, &x, err));
    MILL_TRY(mill_vec_put(out, i, size, call->arena, &raw, err));
    mill_logistic_raw(m, &x, raw);
  }
  return MILL_OK;
}

static mill_status bind_fit(mill_binder *b, mill_error *err) {
  MILL_TRY(check_together(b->stage, err));
  return mill_classifier_bind_fit(b, err);
}

static mill_status bind_model(mill_binder *b, mill_error *err) {
  const mill_logistic_model *m = mill_model_data(b->stage);
  const mill_bound *x, *raw;
  mill_classifier *c = mill_arena_alloc(b->arena, sizeof *c);
  if (c == NULL) return mill_oom(b->ctx->memory, sizeof *c, err);
  MILL_TRY(mill_predictor_inputs(b, false, &x, err));
  MILL_TRY(mill_logistic_classifier(b->stage, m, c, err));
  MILL_TRY(mill_bind_kernel(b, "LogisticRegressionModel", predict_raw, MILL_FN_NULLS,
                            mill_type_of(MILL_VECTOR), m, &x, 1, &raw, err));
  return mill_classifier_bind(b, c, m->classes, raw, err);
}

/* ---- persistence --------------------------------------------------------------------------------- */

static mill_status save(const mill_stage *s, mill_saver *w, mill_error *err) {
  const mill_logistic_model *m = mill_model_data(s);
  size_t sets = (size_t)m->sets, width = (size_t)m->width;
  MILL_TRY(mill_save_long(w, "numClasses", m->classes, err));
  MILL_TRY(mill_save_long(w, "numFeatures", m->width, err));
  MILL_TRY(mill_save_long(w, "isMultinomial", m->multinomial, err));
  MILL_TRY(mill_save_doubles(w, "coefficientMatrix", m->coefficient, sets * width, err));
  return mill_save_doubles(w, "interceptVector", m->intercept, sets, err);
}

static mill_status load(mill_stage *s, mill_loader *r, mill_error *err) {
  int64_t classes, width, multinomial;
  size_t n, sets;
  mill_logistic_model *m = mill_model_new(s, sizeof *m);
  if (m == NULL) return mill_oom(mill_model_arena(s)->memory, sizeof *m, err);
  MILL_TRY(mill_load_long(r, "numClasses", &classes, err));
  MILL_TRY(mill_load_long(r, "numFeatures", &width, err));
  MILL_TRY(mill_load_long(r, "isMultinomial", &multinomial, err));
  MILL_TRY(mill_load_doubles(r, "coefficientMatrix", &m->coefficient, &n, err));
  MILL_TRY(mill_load_doubles(r, "interceptVector", &m->intercept, &sets, err));
  bool fine = classes > 0 && classes < INT32_MAX && width > 0 && width < INT32_MAX &&
              sets == (multinomial ? (size_t)classes : 1) && n == sets * (size_t)width &&
              (multinomial || classes <= 2);
  if (!fine) return mill_load_damaged(r, err, "classes, features and coefficients do not fit");
  m->classes = (int)classes;
  m->width = (int)width;
  m->sets = (int)sets;
  m->multinomial = multinomial != 0;
  return MILL_OK;
}

const mill_stage_class mill_class_LogisticRegression = {
    .name = "LogisticRegression",
    .package = "classification",
    .role = MILL_ESTIMATOR,
    .doc = "Fits the probability of each class as a logistic function of the features.",
    .example = "local model = ml.classification.LogisticRegression{ regParam = 0.1 }:fit(df)\n"
               "print(model.coefficients, model.summary.areaUnderROC)",
    .params = params,
    .model = "LogisticRegressionModel",
    .check = mill_classifier_check,
    .bind = bind_fit,
    .fit = fit,
};

const mill_stage_class mill_class_LogisticRegressionModel = {
    .name = "LogisticRegressionModel",
    .package = "classification",
    .role = MILL_MODEL,
    .doc = "Predicts a class and the probability of each from a linear function of the features.",
    .params = params,
    .check = mill_classifier_check,
    .bind = bind_model,
    .attributes = mill_logistic_attributes,
    .has_attribute = mill_logistic_has,
    .attribute = mill_logistic_attribute,
    .summarise = mill_logistic_examine,
    .save = save,
    .load = load,
};
