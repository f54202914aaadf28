/* IDF: weighs the counts of words by how few documents have the word.
**
** With m documents, d of which have a positive value at a place, its weight is
** log((m + 1) / (d + 1)), and 0 where d < minDocFreq. Reference: Spark's ml.feature.IDF. */
#include <math.h>
#include <string.h>

#include "ml/points_int.h"

static const mill_param params[] = {
    MILL_P_INPUT,
    MILL_P_OUTPUT,
    {"minDocFreq", MILL_PARAM_INT, "0", "[0,]", "fewer documents than this give the weight 0"},
    {0}};

typedef struct model {
  int n;
  int64_t documents;
  const double *idf;
  const int64_t *frequency;
} model;

/* ---- fit ---------------------------------------------------------------------------------------- */

typedef struct counting {
  mill_work *work;
  const char *column;
  int n; /* places; -1: no row yet */
  int64_t rows, *frequency;
} counting;

static mill_status count(void *arg, const mill_vec *x, mill_error *err) {
  counting *c = arg;
  if (c->n < 0) {
    c->n = x->size;
    c->frequency = mill_arena_alloc(mill_model_arena(c->work->model),
                                    ((size_t)c->n + 1) * sizeof *c->frequency);
    if (c->frequency == NULL) return mill_oom(c->work->ctx->memory, (size_t)c->n, err);
  }
  if (x->size > c->n) return mill_data_other_size(c->work, c->column, c->n, x->size, err);
  for (int k = 0; k < x->n; k++)
    if (x->value[k] > 0) c->frequency[x->index ? x->index[k] : k]++;
  c->rows++;
  return MILL_OK;
}

static mill_status fit(mill_work *w, mill_error *err) {
  const char *column = mill_get_text(w->stage, "inputCol");
  counting c = {.work = w, .column = column, .n = -1};
  MILL_TRY(mill_data_vectors(w, column, count, &c, err));
  model *m = mill_model_new(w->model, sizeof *m);
  double *idf = mill_arena_alloc(mill_model_arena(w->model), ((size_t)c.n + 1) * sizeof *idf);
  if (m == NULL || idf == NULL) return mill_oom(w->ctx->memory, sizeof *m, err);
  int64_t least = mill_get_int(w->stage, "minDocFreq");
  for (int i = 0; i < c.n; i++)
    if (c.frequency[i] >= least) idf[i] = log(((double)c.rows + 1) / ((double)c.frequency[i] + 1));
  *m = (model){c.n, c.rows, idf, c.frequency};
  return MILL_OK;
}

/* ---- transform ------------------------------------------------------------------------------------ */

static mill_status k_weigh(mill_call *call, const mill_vector *const *args, size_t n,
                           mill_vector *out, mill_error *err) {
  const model *m = call->state;
  for (size_t i = 0; i < n; i++) {
    double *values;
    int32_t *index;
    if (!mill_vector_valid(args[0], i)) return mill_row_null(call, err);
    mill_vec x = mill_vec_at(args[0], i);
    if (x.size > m->n)
      return mill_row_fail(call, err, "the vector has %d values, but %d in fit", x.size, m->n);
    if (x.index) {
      MILL_TRY(mill_vec_put_sparse(out, i, x.size, x.n, call->arena, &index, &values, err));
      for (int k = 0; k < x.n; k++) index[k] = x.index[k];
    } else {
      MILL_TRY(mill_vec_put(out, i, x.size, call->arena, &values, err));
    }
    for (int k = 0; k < x.n; k++) values[k] = x.value[k] * m->idf[x.index ? x.index[k] : k];
  }
  return MILL_OK;
}

static mill_status bind(mill_binder *b, mill_error *err) {
  const mill_bound *e;
  const model *m = mill_model_data(b->stage);
  const mill_type *type = mill_type_of(MILL_VECTOR);
  const char *out = mill_get_text(b->stage, "outputCol");
  MILL_TRY(mill_bind_input(b, mill_get_text(b->stage, "inputCol"), MILL_IN_VECTOR, &e, NULL, err));
  if (m == NULL) return mill_bind_output(b, out, type, false, NULL, NULL, err);
  const char *meta = mill_attrs_write(NULL, m->n, b->arena);
  if (meta == NULL) return mill_oom(b->ctx->memory, 1, err);
  MILL_TRY(mill_bind_kernel(b, "IDF", k_weigh, MILL_FN_NULLS, type, m, &e, 1, &e, err));
  return mill_bind_output(b, out, type, true, meta, e, err);
}

/* ---- model ------------------------------------------------------------------------------------------ */

static const char *const attributes[] = {"idf", "docFreq", "numDocs", NULL};

static mill_status attribute(const mill_stage *s, const char *name, mill_answer *out,
                             mill_error *err) {
  const model *m = mill_model_data(s);
  if (strcmp(name, "idf") == 0) return mill_answer_dense(out, m->idf, m->n, err);
  if (strcmp(name, "docFreq") == 0) return mill_answer_longs(out, m->frequency, (size_t)m->n, err);
  return mill_answer_long(out, m->documents, err);
}

static mill_status save(const mill_stage *s, mill_saver *w, mill_error *err) {
  const model *m = mill_model_data(s);
  MILL_TRY(mill_save_long(w, "numDocs", m->documents, err));
  MILL_TRY(mill_save_doubles(w, "idf", m->idf, (size_t)m->n, err));
  return mill_save_longs(w, "docFreq", m->frequency, (size_t)m->n, err);
}

static mill_status load(mill_stage *s, mill_loader *r, mill_error *err) {
  model *m = mill_model_new(s, sizeof *m);
  size_t n, k;
  if (m == NULL) return mill_oom(mill_model_arena(s)->memory, sizeof *m, err);
  MILL_TRY(mill_load_long(r, "numDocs", &m->documents, err));
  MILL_TRY(mill_load_doubles(r, "idf", &m->idf, &n, err));
  MILL_TRY(mill_load_longs(r, "docFreq", &m->frequency, &k, err));
  if (n != k || n > INT32_MAX) return mill_load_damaged(r, err, "idf and docFreq differ in size");
  m->n = (int)n;
  return MILL_OK;
}

const mill_stage_class mill_class_IDF = {
    .name = "IDF",
    .package = "feature",
    .role = MILL_ESTIMATOR,
    .doc = "Inverse document frequency: the rarer a word, the more its counts weigh.",
    .example = "ml.feature.IDF{ inputCol = \"counts\", outputCol = \"features\" }:fit(df)\n"
               "  :transform(df):show()",
    .params = params,
    .model = "IDFModel",
    .bind = bind,
    .fit = fit,
};

const mill_stage_class mill_class_IDFModel = {
    .name = "IDFModel",
    .package = "feature",
    .role = MILL_MODEL,
    .doc = "Weights of the places of vectors; multiplies values by them.",
    .params = params,
    .bind = bind,
    .attributes = attributes,
    .attribute = attribute,
    .save = save,
    .load = load,
};
