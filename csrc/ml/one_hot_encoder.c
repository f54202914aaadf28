/* OneHotEncoder: category numbers to sparse vectors with a 1 at the category's place.
**
** The number of categories comes from the column's metadata, else from the largest value in fit. The
** last category has no place of its own (dropLast), so its vector is empty; handleInvalid = "keep"
** counts one category more, for numbers beyond. Reference: Spark's ml.feature.OneHotEncoder. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ml/points_int.h"

static const mill_param params[] = {
    MILL_P_INPUT,
    MILL_P_INPUTS,
    MILL_P_OUTPUT,
    MILL_P_OUTPUTS,
    {"dropLast", MILL_PARAM_BOOLEAN, "true", NULL, "leave out the place of the last category"},
    {"handleInvalid", MILL_PARAM_STRING, "\"error\"", "error|keep",
     "what to do with numbers of no category"},
    {0}};

typedef struct model {
  int n;
  const int32_t *sizes; /* categories of each column */
} model;

/* ---- categories by metadata ------------------------------------------------------------------------- */

static mill_status number_names(int n, mill_arena *a, const char ***out, mill_error *err) {
  *out = mill_arena_alloc(a, ((size_t)n + 1) * sizeof **out);
  char buf[16];
  for (int i = 0; *out && i < n; i++) {
    int size = snprintf(buf, sizeof buf, "%d", i);
    (*out)[i] = mill_arena_strndup(a, buf, (size_t)size);
    if ((*out)[i] == NULL) *out = NULL;
  }
  return *out ? MILL_OK : mill_oom(a->memory, (size_t)n * sizeof **out, err);
}

/* The names of a column's categories; *n = -1 where metadata does not say. */
static mill_status category_names(mill_binder *b, const mill_field *f, const char *const **names,
                                  int *n, mill_error *err) {
  mill_attr at;
  const char **made;
  MILL_TRY(mill_attr_read(f->metadata, b->arena, &at, err));
  *n = -1;
  if (at.kind == MILL_ATTR_NUMERIC)
    return mill_ml_refuse(err, b->stage, "the column `%s` holds amounts, not categories", f->name);
  if (at.kind == MILL_ATTR_UNRESOLVED) return MILL_OK;
  if (at.vals) {
    *names = at.vals;
    *n = at.nvals;
    return MILL_OK;
  }
  if (at.kind == MILL_ATTR_NOMINAL && at.nvals == 0) return MILL_OK;
  *n = at.kind == MILL_ATTR_BINARY ? 2 : at.nvals;
  MILL_TRY(number_names(*n, b->arena, &made, err));
  *names = made;
  return MILL_OK;
}

/* Places of the vector for n categories. */
static int places(const mill_stage *s, int n) {
  bool drop = mill_get_bool(s, "dropLast"), keep = mill_get_is(s, "handleInvalid", "keep");
  return n + (keep && !drop) - (drop && !keep);
}

static const char *metadata(mill_binder *b, const char *const *names, int n) {
  int size = places(b->stage, n);
  mill_attr *attrs = mill_arena_alloc(b->arena, ((size_t)size + 1) * sizeof *attrs);
  if (attrs == NULL) return NULL;
  for (int i = 0; i < size; i++)
    attrs[i] = (mill_attr){
        .kind = MILL_ATTR_BINARY, .name = i < n ? names[i] : "invalidValues", .ordinal = -1};
  return mill_attrs_write(attrs, size, b->arena);
}

/* ---- fit ---------------------------------------------------------------------------------------------- */

typedef struct scan {
  mill_work *work;
  int n;
  const char *const *columns;
  double *max;
} scan;

static mill_status largest(void *arg, const mill_batch *b, mill_error *err) {
  scan *s = arg;
  for (int k = 0; k < s->n; k++) {
    const mill_vector *v = &b->col[k];
    for (uint32_t i = 0; i < b->n; i++) {
      uint32_t row = mill_batch_row(b, i);
      if (!mill_vector_valid(v, row))
        return mill_data_fail(s->work, err, "a category in `%s` is NULL", s->columns[k]);
      double d = mill_number_at(v, row);
      if (!(d >= 0 && d <= INT32_MAX - 1 && d == floor(d)))
        return mill_data_fail(s->work, err,
                              "categories are whole numbers from 0; `%s` has the value %g",
                              s->columns[k], d);
      if (d > s->max[k]) s->max[k] = d;
    }
  }
  return MILL_OK;
}

/* Sizes that metadata does not state, from the rows. */
static mill_status scan_sizes(mill_work *w, const char *const *in, int n, int32_t *sizes,
                              mill_error *err) {
  const char **columns = mill_arena_alloc(w->scratch, ((size_t)n + 1) * sizeof *columns);
  double *max = mill_arena_alloc(w->scratch, ((size_t)n + 1) * sizeof *max);
  if (columns == NULL || max == NULL) return mill_oom(w->ctx->memory, (size_t)n, err);
  scan s = {w, 0, columns, max};
  for (int k = 0; k < n; k++)
    if (sizes[k] < 0) columns[s.n++] = in[k];
  if (s.n == 0) return MILL_OK;
  MILL_TRY(mill_data_walk(w, columns, s.n, largest, &s, err));
  for (int k = 0, at = 0; k < n; k++)
    if (sizes[k] < 0) sizes[k] = (int32_t)max[at++] + 1;
  return MILL_OK;
}

static mill_status fit(mill_work *w, mill_error *err) {
  const char *const *in, *const *out, *const *names;
  int n;
  MILL_TRY(mill_get_columns(w->stage, w->scratch, &in, &out, &n, err));
  model *m = mill_model_new(w->model, sizeof *m);
  int32_t *sizes = mill_arena_alloc(mill_model_arena(w->model), ((size_t)n + 1) * sizeof *sizes);
  if (m == NULL || sizes == NULL) return mill_oom(w->ctx->memory, sizeof *m, err);
  mill_stage_binding none = {0};
  mill_binder b = {.stage = (mill_stage *)w->stage,
                   .ctx = w->ctx,
                   .set = w->set,
                   .schema = w->data->schema,
                   .arena = w->scratch,
                   .out = &none};
  for (int k = 0; k < n; k++) {
    const mill_field *f;
    MILL_TRY(mill_data_field(w, in[k], &f, err));
    MILL_TRY(category_names(&b, f, &names, &sizes[k], err));
  }
  m->n = n;
  m->sizes = sizes;
  return scan_sizes(w, in, n, sizes, err);
}

/* ---- transform ------------------------------------------------------------------------------------------ */

typedef struct encoding {
  int categories, places;
  bool keep;
} encoding;

static mill_status k_encode(mill_call *call, const mill_vector *const *args, size_t n,
                            mill_vector *out, mill_error *err) {
  const encoding *e = call->state;
  const double *in = args[0]->data;
  for (size_t i = 0; i < n; i++) {
    double v = in[(uint32_t)i & args[0]->mask];
    int32_t *index, at = e->categories;
    double *values;
    if (mill_valid_bit(out->valid, i)) {
      if (v >= 0 && v < e->categories) {
        at = (int32_t)v;
      } else if (!e->keep) {
        return mill_row_fail(call, err,
                             "%g is none of the %d categories; OneHotEncoder.handleInvalid = "
                             "\"keep\" allows for such numbers",
                             v, e->categories);
      }
    } else {
      at = e->places;
    }
    int held = at < e->places;
    MILL_TRY(mill_vec_put_sparse(out, i, e->places, held, call->arena, &index, &values, err));
    if (held) index[0] = at, values[0] = 1;
  }
  return MILL_OK;
}

static mill_status bind_column(mill_binder *b, int categories, const char *in, const char *out,
                               mill_error *err) {
  const mill_bound *e;
  const mill_field *f;
  const char *const *names;
  const char **made;
  int n;
  MILL_TRY(mill_bind_input(b, in, MILL_IN_NUMERIC, &e, &f, err));
  MILL_TRY(category_names(b, f, &names, &n, err));
  if (n >= 0 && n != categories)
    return mill_ml_refuse(err, b->stage, "`%s` has %d categories, but had %d in fit", in, n,
                          categories);
  if (n < 0) {
    MILL_TRY(number_names(categories, b->arena, &made, err));
    names = made;
  }
  const char *meta = metadata(b, names, categories);
  encoding *code = mill_arena_alloc(b->arena, sizeof *code);
  if (meta == NULL || code == NULL) return mill_oom(b->ctx->memory, sizeof *code, err);
  *code = (encoding){categories, places(b->stage, categories),
                     mill_get_is(b->stage, "handleInvalid", "keep")};
  MILL_TRY(mill_bind_double(b, e, &e, err));
  const mill_type *type = mill_type_of(MILL_VECTOR);
  MILL_TRY(mill_bind_kernel(b, "OneHotEncoder", k_encode, code->keep ? MILL_FN_NO_RAISE : 0, type,
                            code, &e, 1, &e, err));
  return mill_bind_output(b, out, type, true, meta, e, err);
}

static mill_status bind_schema(mill_binder *b, const char *in, const char *out, mill_error *err) {
  const mill_field *f;
  const char *const *names;
  const char *meta = "{\"ml_attr\":{}}";
  int n;
  MILL_TRY(mill_bind_input(b, in, MILL_IN_NUMERIC, NULL, &f, err));
  MILL_TRY(category_names(b, f, &names, &n, err));
  if (n >= 0 && n < 2 && places(b->stage, n) < n)
    return mill_ml_refuse(err, b->stage, "`%s` must have two categories or more", in);
  if (n >= 0) meta = metadata(b, names, n);
  if (meta == NULL) return mill_oom(b->ctx->memory, 1, err);
  return mill_bind_output(b, out, mill_type_of(MILL_VECTOR), false, meta, NULL, err);
}

static mill_status bind(mill_binder *b, mill_error *err) {
  const char *const *in, *const *out;
  int n;
  const model *m = mill_model_data(b->stage);
  MILL_TRY(mill_get_columns(b->stage, b->arena, &in, &out, &n, err));
  if (m && m->n != n)
    return mill_ml_refuse(err, b->stage, "it has categories of %d columns, not of %d", m->n, n);
  for (int k = 0; k < n; k++) {
    if (m) {
      MILL_TRY(bind_column(b, m->sizes[k], in[k], out[k], err));
    } else {
      MILL_TRY(bind_schema(b, in[k], out[k], err));
    }
  }
  return MILL_OK;
}

/* ---- model ------------------------------------------------------------------------------------------------ */

static const char *const attributes[] = {"categorySizes", NULL};

static mill_status attribute(const mill_stage *s, const char *name, mill_answer *out,
                             mill_error *err) {
  (void)name;
  const model *m = mill_model_data(s);
  return mill_answer_ints(out, m->sizes, (size_t)m->n, err);
}

static mill_status save(const mill_stage *s, mill_saver *w, mill_error *err) {
  const model *m = mill_model_data(s);
  return mill_save_ints(w, "categorySizes", m->sizes, (size_t)m->n, err);
}

static mill_status load(mill_stage *s, mill_loader *r, mill_error *err) {
  model *m = mill_model_new(s, sizeof *m);
  size_t n;
  if (m == NULL) return mill_oom(mill_model_arena(s)->memory, sizeof *m, err);
  MILL_TRY(mill_load_ints(r, "categorySizes", &m->sizes, &n, err));
  m->n = (int)n;
  for (size_t i = 0; i < n; i++)
    if (m->sizes[i] < 0 || m->sizes[i] == INT32_MAX)
      return mill_load_damaged(r, err, "a column has %d categories", (int)m->sizes[i]);
  return MILL_OK;
}

const mill_stage_class mill_class_OneHotEncoder = {
    .name = "OneHotEncoder",
    .package = "feature",
    .role = MILL_ESTIMATOR,
    .doc = "Turns category numbers into vectors with a single 1.",
    .example = "ml.feature.OneHotEncoder{ inputCols = { \"p\" }, outputCols = { \"v\" } }:fit(df)\n"
               "  :transform(df):show()",
    .params = params,
    .model = "OneHotEncoderModel",
    .bind = bind,
    .fit = fit,
};

const mill_stage_class mill_class_OneHotEncoderModel = {
    .name = "OneHotEncoderModel",
    .package = "feature",
    .role = MILL_MODEL,
    .doc = "The numbers of categories of columns; makes their vectors.",
    .params = params,
    .bind = bind,
    .attributes = attributes,
    .attribute = attribute,
    .save = save,
    .load = load,
};
