/* Imputer: missing values of a column replaced by its mean, median or most frequent value.
**
** Missing are nulls and what equals missingValue (NaN unless set); fit leaves out NaN in any case.
** The median is Spark's approximate one (quantile_int.h), of several most frequent values the
** smallest counts. The result has the column's type, so a mean of whole numbers is cut. An output
** column may be the input itself. Reference: Spark's ml.feature.Imputer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/points_int.h"
#include "ml/quantile_int.h"

static const mill_param params[] = {
    MILL_P_INPUT,
    MILL_P_INPUTS,
    MILL_P_OUTPUT,
    MILL_P_OUTPUTS,
    {"strategy", MILL_PARAM_STRING, "\"mean\"", "mean|median|mode", "what takes the place"},
    {"missingValue", MILL_PARAM_DOUBLE, "\"NaN\"", NULL, "the value that stands for a missing one"},
    {"relativeError", MILL_PARAM_DOUBLE, "0.001", "[0,1]", "precision of the median"},
    {0}};

typedef struct model {
  int n;
  const char *const *column;
  const double *surrogate;
} model;

static bool same_number(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

/* ---- fit ---------------------------------------------------------------------------------------- */

/* What is gathered of one column. */
typedef struct gathered {
  double sum;
  int64_t count;
  mill_quantiles *quantiles;
  double *values; /* mode: all of them */
  size_t room;
} gathered;

typedef struct gathering {
  mill_work *work;
  double missing;
  bool keep_all;
  int n;
  gathered *column;
} gathering;

static mill_status gather(gathering *g, gathered *c, double v, mill_error *err) {
  if (c->quantiles) MILL_TRY(mill_quantiles_add(c->quantiles, v, err));
  if (g->keep_all) {
    void *p = c->values;
    mill_status s =
        mill_grow(g->work->ctx->memory, &p, &c->room, (size_t)c->count + 1, sizeof *c->values, err);
    c->values = p;
    if (s != MILL_OK) return s;
    c->values[c->count] = v == 0 ? 0.0 : v; /* -0.0 counts as 0.0 */
  }
  c->sum += v;
  c->count++;
  return MILL_OK;
}

static mill_status gather_batch(void *arg, const mill_batch *b, mill_error *err) {
  gathering *g = arg;
  for (int k = 0; k < g->n; k++)
    for (uint32_t i = 0; i < b->n; i++) {
      uint32_t row = mill_batch_row(b, i);
      if (!mill_vector_valid(&b->col[k], row)) continue;
      double v = mill_number_at(&b->col[k], row);
      if (!isnan(v) && v != g->missing) MILL_TRY(gather(g, &g->column[k], v, err));
    }
  return MILL_OK;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The most frequent of n values, the smallest of these. */
static double mode(double *v, size_t n) {
  double best = 0;
  size_t most = 0;
  qsort(v, n, sizeof *v, compare);
  for (size_t i = 0, k; i < n; i = k) {
    for (k = i + 1; k < n && v[k] == v[i]; k++) {
    }
    if (k - i > most) most = k - i, best = v[i];
  }
  return best;
}

static mill_status surrogate(gathering *g, int k, const char *name, double *out, mill_error *err) {
  gathered *c = &g->column[k];
  if (c->count == 0)
    return mill_data_fail(g->work, err,
                          "all values of `%s` are missing, so nothing can replace them", name);
  if (c->quantiles) {
    MILL_TRY(mill_quantiles_finish(c->quantiles, err));
    (void)mill_quantiles_at(c->quantiles, 0.5, out);
  } else {
    *out = g->keep_all ? mode(c->values, (size_t)c->count) : c->sum / (double)c->count;
  }
  return MILL_OK;
}

static mill_status gather_all(gathering *g, const char *const *in, double *out, mill_error *err) {
  mill_work *w = g->work;
  mill_status s = MILL_OK;
  bool median = mill_get_is(w->stage, "strategy", "median");
  for (int k = 0; k < g->n && s == MILL_OK && median; k++)
    s = mill_quantiles_new(w->ctx->memory, mill_get_double(w->stage, "relativeError"),
                           &g->column[k].quantiles, err);
  if (s == MILL_OK) s = mill_data_walk(w, in, g->n, gather_batch, g, err);
  for (int k = 0; k < g->n && s == MILL_OK; k++) s = surrogate(g, k, in[k], &out[k], err);
  for (int k = 0; k < g->n; k++) {
    gathered *c = &g->column[k];
    mill_quantiles_free(c->quantiles);
    if (c->values) mill_free(w->ctx->memory, c->values, c->room * sizeof *c->values);
  }
  return s;
}

static mill_status fit(mill_work *w, mill_error *err) {
  const char *const *in, *const *out, *const *names;
  int n;
  mill_arena *a = mill_model_arena(w->model);
  MILL_TRY(mill_get_columns(w->stage, w->scratch, &in, &out, &n, err));
  MILL_TRY(mill_get_columns(w->stage, a, &names, &out, &n, err));
  model *m = mill_model_new(w->model, sizeof *m);
  double *surrogates = mill_arena_alloc(a, ((size_t)n + 1) * sizeof *surrogates);
  gathered *columns = mill_arena_alloc(w->scratch, ((size_t)n + 1) * sizeof *columns);
  if (!m || !surrogates || !columns) return mill_oom(w->ctx->memory, sizeof *m, err);
  gathering g = {w, mill_get_double(w->stage, "missingValue"),
                 mill_get_is(w->stage, "strategy", "mode"), n, columns};
  *m = (model){n, names, surrogates};
  return gather_all(&g, in, surrogates, err);
}

/* ---- transform ------------------------------------------------------------------------------------ */

typedef struct replacement {
  double missing, surrogate;
} replacement;

static mill_status k_replace(mill_call *call, const mill_vector *const *args, size_t n,
                             mill_vector *out, mill_error *err) {
  (void)err;
  const replacement *r = call->state;
  for (size_t i = 0; i < n; i++) {
    uint32_t k = (uint32_t)i & args[0]->mask;
    double v = ((const double *)args[0]->data)[k];
    bool missing = !mill_valid_bit(args[0]->valid, k) || same_number(v, r->missing);
    ((double *)out->data)[i] = missing ? r->surrogate : v;
  }
  return MILL_OK;
}

static mill_status bind_column(mill_binder *b, const model *m, const char *in, const char *out,
                               mill_error *err) {
  const mill_bound *e;
  const mill_field *f;
  MILL_TRY(mill_bind_input(b, in, MILL_IN_NUMERIC, &e, &f, err));
  if (m == NULL) return mill_bind_replace(b, out, f->type, f->nullable, NULL, NULL, err);
  replacement *r = mill_arena_alloc(b->arena, sizeof *r);
  if (r == NULL) return mill_oom(b->ctx->memory, sizeof *r, err);
  r->missing = mill_get_double(b->stage, "missingValue");
  int at = 0;
  while (at < m->n && strcmp(m->column[at], in) != 0) at++;
  if (at == m->n) return mill_ml_refuse(err, b->stage, "`%s` was not among the columns of fit", in);
  r->surrogate = m->surrogate[at];
  MILL_TRY(mill_bind_double(b, e, &e, err));
  MILL_TRY(mill_bind_kernel(b, "Imputer", k_replace, MILL_FN_NULLS | MILL_FN_NO_RAISE,
                            mill_type_of(MILL_DOUBLE), r, &e, 1, &e, err));
  MILL_TRY(mill_bind_to(b, e, f->type, &e, err));
  return mill_bind_replace(b, out, f->type, e->nullable, NULL, e, err);
}

static mill_status bind(mill_binder *b, mill_error *err) {
  const char *const *in, *const *out;
  int n;
  MILL_TRY(mill_get_columns(b->stage, b->arena, &in, &out, &n, err));
  for (int k = 0; k < n; k++)
    MILL_TRY(bind_column(b, mill_model_data(b->stage), in[k], out[k], err));
  return MILL_OK;
}

/* ---- model ------------------------------------------------------------------------------------------ */

static const char *const attributes[] = {"surrogateDF", NULL};

/* One row: the surrogate of each column by the column's name. */
static mill_status attribute(const mill_stage *s, const char *name, mill_answer *out,
                             mill_error *err) {
  (void)name;
  const model *m = mill_model_data(s);
  const mill_context *ctx = mill_answer_context(out);
  mill_arena a;
  mill_arena_init(&a, ctx->memory);
  mill_table *t = NULL;
  mill_field *f = mill_arena_alloc(&a, ((size_t)m->n + 1) * sizeof *f);
  mill_vector *col = mill_arena_alloc(&a, ((size_t)m->n + 1) * sizeof *col);
  const mill_type *number = mill_type_of(MILL_DOUBLE), *schema = NULL;
  for (int k = 0; f && col && k < m->n; k++) {
    f[k] = (mill_field){m->column[k], number, true, NULL};
    col[k] = (mill_vector){
        .type = number, .data = (void *)&m->surrogate[k], .mask = MILL_FLAT, .size = 1};
  }
  if (f && col) schema = mill_type_struct(ctx->types, f, (uint32_t)m->n);
  mill_status status =
      schema ? mill_table_new(ctx->memory, schema, &t, err) : mill_oom(ctx->memory, 1, err);
  mill_batch b = {.n = 1, .ncols = (uint32_t)m->n, .col = col};
  if (status == MILL_OK) status = mill_table_append(t, &b, err);
  if (status == MILL_OK) {
    mill_answer_frame_move(out, t);
  } else {
    mill_table_unref(t);
  }
  mill_arena_clear(&a);
  return status;
}

static mill_status save(const mill_stage *s, mill_saver *w, mill_error *err) {
  const model *m = mill_model_data(s);
  MILL_TRY(mill_save_texts(w, "columns", m->column, (size_t)m->n, err));
  return mill_save_doubles(w, "surrogates", m->surrogate, (size_t)m->n, err);
}

static mill_status load(mill_stage *s, mill_loader *r, mill_error *err) {
  model *m = mill_model_new(s, sizeof *m);
  size_t n, k;
  if (m == NULL) return mill_oom(mill_model_arena(s)->memory, sizeof *m, err);
  MILL_TRY(mill_load_texts(r, "columns", &m->column, &n, err));
  MILL_TRY(mill_load_doubles(r, "surrogates", &m->surrogate, &k, err));
  if (n != k || n > INT32_MAX) return mill_load_damaged(r, err, "columns and surrogates differ");
  m->n = (int)n;
  return MILL_OK;
}

const mill_stage_class mill_class_Imputer = {
    .name = "Imputer",
    .package = "feature",
    .role = MILL_ESTIMATOR,
    .doc = "Replaces missing values of numbers by the column's mean, median or mode.",
    .example = "ml.feature.Imputer{ inputCols = { \"age\" }, outputCols = { \"age\" },\n"
               "  strategy = \"median\" }:fit(df):transform(df):show()",
    .params = params,
    .model = "ImputerModel",
    .bind = bind,
    .fit = fit,
};

const mill_stage_class mill_class_ImputerModel = {
    .name = "ImputerModel",
    .package = "feature",
    .role = MILL_MODEL,
    .doc = "What takes the place of missing values, by column.",
    .params = params,
    .bind = bind,
    .attributes = attributes,
    .attribute = attribute,
    .save = save,
    .load = load,
};
