/* StandardScaler: each feature less its mean (withMean) over its standard deviation (withStd).
**
** fit computes mean and unbiased variance of each feature in one pass, by Welford's update over the
** values that are not 0; the zeros come in at the end, as in Spark's Summarizer (formula of Chan,
** Golub, LeVeque 1979 for joining two parts, the second being the zeros). A feature without spread
** is scaled to 0. Without withMean sparse vectors stay sparse. Reference: Spark's
** ml.feature.StandardScaler. */
#include <math.h>
#include <string.h>

#include "ml/points_int.h"

static const mill_param params[] = {
    MILL_P_INPUT,
    MILL_P_OUTPUT,
    {"withMean", MILL_PARAM_BOOLEAN, "false", NULL, "subtract the mean; vectors become dense"},
    {"withStd", MILL_PARAM_BOOLEAN, "true", NULL, "divide by the standard deviation"},
    {0}};

typedef struct model {
  int n;
  const double *mean, *std;
} model;

/* ---- fit ---------------------------------------------------------------------------------------- */

typedef struct moments {
  mill_work *work;
  const char *column;
  int n; /* features; -1: no row yet */
  double rows;
  double *mean, *m2, *count; /* of the values that are not 0 */
} moments;

static mill_status add(void *arg, const mill_vec *x, mill_error *err) {
  moments *s = arg;
  if (s->n < 0) {
    s->n = x->size;
    size_t bytes = ((size_t)s->n + 1) * sizeof(double);
    s->mean = mill_arena_alloc(s->work->scratch, bytes);
    s->m2 = mill_arena_alloc(s->work->scratch, bytes);
    s->count = mill_arena_alloc(s->work->scratch, bytes);
    if (!s->mean || !s->m2 || !s->count) return mill_oom(s->work->ctx->memory, bytes, err);
  }
  if (x->size != s->n) return mill_data_other_size(s->work, s->column, s->n, x->size, err);
  for (int k = 0; k < x->n; k++) {
    int at = x->index ? x->index[k] : k;
    double v = x->value[k];
    if (v == 0) continue;
    double diff = v - s->mean[at];
    s->mean[at] += diff / (s->count[at] + 1);
    s->m2[at] += (v - s->mean[at]) * diff;
    s->count[at] += 1;
  }
  s->rows += 1;
  return MILL_OK;
}

static void finish(const moments *s, double *mean, double *std) {
  for (int i = 0; i < s->n; i++) {
    double n = s->count[i], m = s->mean[i];
    mean[i] = m * (n / s->rows);
    double sum = s->m2[i] + m * m * n * (s->rows - n) / s->rows;
    double variance = s->rows > 1 ? sum / (s->rows - 1) : 0;
    std[i] = sqrt(variance < 0 ? 0 : variance);
  }
}

static mill_status fit(mill_work *w, mill_error *err) {
  const char *column = mill_get_text(w->stage, "inputCol");
  moments s = {.work = w, .column = column, .n = -1};
  MILL_TRY(mill_data_vectors(w, column, add, &s, err));
  model *m = mill_model_new(w->model, sizeof *m);
  double *mean = mill_arena_alloc(mill_model_arena(w->model), ((size_t)s.n + 1) * sizeof *mean);
  double *std = mill_arena_alloc(mill_model_arena(w->model), ((size_t)s.n + 1) * sizeof *std);
  if (m == NULL || mean == NULL || std == NULL) return mill_oom(w->ctx->memory, sizeof *m, err);
  finish(&s, mean, std);
  *m = (model){s.n, mean, std};
  return MILL_OK;
}

/* ---- transform ------------------------------------------------------------------------------------ */

typedef struct scaling {
  int n;
  const double *shift, *scale; /* NULL: not asked for */
} scaling;

static mill_status put_sparse(mill_call *call, const scaling *s, const mill_vec *x, size_t i,
                              mill_vector *out, mill_error *err) {
  int32_t *index;
  double *values;
  MILL_TRY(mill_vec_put_sparse(out, i, x->size, x->n, call->arena, &index, &values, err));
  for (int k = 0; k < x->n; k++) {
    index[k] = x->index[k];
    values[k] = s->scale ? x->value[k] * s->scale[x->index[k]] : x->value[k];
  }
  return MILL_OK;
}

static mill_status k_scale(mill_call *call, const mill_vector *const *args, size_t n,
                           mill_vector *out, mill_error *err) {
  const scaling *s = call->state;
  for (size_t i = 0; i < n; i++) {
    double *values;
    if (!mill_vector_valid(args[0], i)) return mill_row_null(call, err);
    mill_vec x = mill_vec_at(args[0], i);
    if (x.size > s->n)
      return mill_row_fail(call, err, "the vector has %d values, but %d in fit", x.size, s->n);
    if (x.index && !s->shift) {
      MILL_TRY(put_sparse(call, s, &x, i, out, err));
      continue;
    }
    MILL_TRY(mill_vec_put(out, i, x.size, call->arena, &values, err));
    mill_vec_spread(&x, values);
    for (int k = 0; s->shift && k < x.size; k++) values[k] -= s->shift[k];
    for (int k = 0; s->scale && k < x.size; k++) values[k] *= s->scale[k];
  }
  return MILL_OK;
}

static mill_status make_scaling(mill_binder *b, const model *m, scaling *s, mill_error *err) {
  *s = (scaling){.n = m->n};
  if (mill_get_bool(b->stage, "withMean")) s->shift = m->mean;
  if (!mill_get_bool(b->stage, "withStd")) return MILL_OK;
  double *scale = mill_arena_alloc(b->arena, ((size_t)m->n + 1) * sizeof *scale);
  if (scale == NULL) return mill_oom(b->ctx->memory, (size_t)m->n * sizeof *scale, err);
  for (int k = 0; k < m->n; k++) scale[k] = m->std[k] == 0 ? 0 : 1 / m->std[k];
  s->scale = scale;
  return MILL_OK;
}

static mill_status bind(mill_binder *b, mill_error *err) {
  const mill_bound *e;
  const model *m = mill_model_data(b->stage);
  const mill_type *type = mill_type_of(MILL_VECTOR);
  const char *out = mill_get_text(b->stage, "outputCol"), *meta = NULL;
  MILL_TRY(mill_bind_input(b, mill_get_text(b->stage, "inputCol"), MILL_IN_VECTOR, &e, NULL, err));
  if (m == NULL) return mill_bind_output(b, out, type, false, NULL, NULL, err);
  scaling *s = mill_arena_alloc(b->arena, sizeof *s);
  meta = mill_attrs_write(NULL, m->n, b->arena);
  if (s == NULL || meta == NULL) return mill_oom(b->ctx->memory, sizeof *s, err);
  MILL_TRY(make_scaling(b, m, s, err));
  MILL_TRY(mill_bind_kernel(b, "StandardScaler", k_scale, MILL_FN_NULLS, type, s, &e, 1, &e, err));
  return mill_bind_output(b, out, type, true, meta, e, err);
}

/* ---- model ------------------------------------------------------------------------------------------ */

static const char *const attributes[] = {"mean", "std", NULL};

static mill_status attribute(const mill_stage *s, const char *name, mill_answer *out,
                             mill_error *err) {
  const model *m = mill_model_data(s);
  return mill_answer_dense(out, strcmp(name, "mean") == 0 ? m->mean : m->std, m->n, err);
}

static mill_status save(const mill_stage *s, mill_saver *w, mill_error *err) {
  const model *m = mill_model_data(s);
  MILL_TRY(mill_save_doubles(w, "mean", m->mean, (size_t)m->n, err));
  return mill_save_doubles(w, "std", m->std, (size_t)m->n, err);
}

static mill_status load(mill_stage *s, mill_loader *r, mill_error *err) {
  model *m = mill_model_new(s, sizeof *m);
  size_t n, k;
  if (m == NULL) return mill_oom(mill_model_arena(s)->memory, sizeof *m, err);
  MILL_TRY(mill_load_doubles(r, "mean", &m->mean, &n, err));
  MILL_TRY(mill_load_doubles(r, "std", &m->std, &k, err));
  if (n != k || n > INT32_MAX) return mill_load_damaged(r, err, "mean and std differ in size");
  m->n = (int)n;
  return MILL_OK;
}

const mill_stage_class mill_class_StandardScaler = {
    .name = "StandardScaler",
    .package = "feature",
    .role = MILL_ESTIMATOR,
    .doc = "Scales each feature to a standard deviation of 1, and if asked for to a mean of 0.",
    .example = "ml.feature.StandardScaler{ inputCol = \"v\", outputCol = \"z\", withMean = true }\n"
               "  :fit(df):transform(df):show()",
    .params = params,
    .model = "StandardScalerModel",
    .bind = bind,
    .fit = fit,
};

const mill_stage_class mill_class_StandardScalerModel = {
    .name = "StandardScalerModel",
    .package = "feature",
    .role = MILL_MODEL,
    .doc = "Means and standard deviations of features; scales vectors by them.",
    .params = params,
    .bind = bind,
    .attributes = attributes,
    .attribute = attribute,
    .save = save,
    .load = load,
};
