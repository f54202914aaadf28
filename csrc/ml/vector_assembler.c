/* VectorAssembler: numbers, booleans and vectors side by side in one vector.
**
** Dense or sparse, whichever takes less memory (Spark's Vector.compressed). The result's metadata
** names every place after its column and, inside vectors, after their own names. Sizes of vectors
** come from metadata, else from the first row. handleInvalid: "error" fails on null and NaN, "skip"
** drops rows that have a null or a NaN column, "keep" puts NaN for what is missing. Reference:
** Spark's ml.feature.VectorAssembler. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ml/stage_int.h"

static const mill_param params[] = {MILL_P_INPUTS,
                                    MILL_P_OUTPUT,
                                    {"handleInvalid", MILL_PARAM_STRING, "\"error\"",
                                     "error|skip|keep",
                                     "what to do with rows that have nulls or NaNs"},
                                    {0}};

typedef struct assembly {
  int n;
  const int *size; /* of each input; 1 for numbers */
  const bool *vector;
  bool keep;
} assembly;

/* ---- kernels ------------------------------------------------------------------------------------ */

/* A row as it is put together: the values that are not 0. */
typedef struct row {
  mill_call *call;
  int size, n, room;
  int32_t *index;
  double *value;
} row;

static mill_status put(row *r, int at, double v, mill_error *err) {
  if (r->n == r->room) {
    int room = r->room ? 2 * r->room : 32;
    int32_t *index = mill_arena_alloc(r->call->arena, (size_t)room * sizeof *index);
    double *value = mill_arena_alloc(r->call->arena, (size_t)room * sizeof *value);
    if (index == NULL || value == NULL)
      return mill_oom(r->call->arena->memory, (size_t)room * sizeof *value, err);
    if (r->n) {
      memcpy(index, r->index, (size_t)r->n * sizeof *index);
      memcpy(value, r->value, (size_t)r->n * sizeof *value);
    }
    r->index = index;
    r->value = value;
    r->room = room;
  }
  r->index[r->n] = at;
  r->value[r->n++] = v;
  return MILL_OK;
}

static mill_status put_missing(row *r, const assembly *a, int k, mill_error *err) {
  if (!a->keep)
    return mill_row_fail(r->call, err,
                         "a value is NULL; VectorAssembler.handleInvalid = \"keep\" or \"skip\" "
                         "allows for nulls");
  for (int i = 0; i < a->size[k]; i++) MILL_TRY(put(r, r->size + i, NAN, err));
  r->size += a->size[k];
  return MILL_OK;
}

static mill_status put_number(row *r, const assembly *a, double v, mill_error *err) {
  if (isnan(v) && !a->keep)
    return mill_row_fail(r->call, err,
                         "a value is NaN; VectorAssembler.handleInvalid = \"keep\" or \"skip\" "
                         "allows for NaN");
  if (v != 0) MILL_TRY(put(r, r->size, v, err));
  r->size++;
  return MILL_OK;
}

static mill_status put_vector(row *r, const mill_vec *x, mill_error *err) {
  for (int k = 0; k < x->n; k++)
    if (x->value[k] != 0)
      MILL_TRY(put(r, r->size + (x->index ? x->index[k] : k), x->value[k], err));
  r->size += x->size;
  return MILL_OK;
}

static mill_status k_assemble(mill_call *call, const mill_vector *const *args, size_t n,
                              mill_vector *out, mill_error *err) {
  const assembly *a = call->state;
  row r = {.call = call};
  for (size_t i = 0; i < n; i++) {
    r.n = r.size = 0;
    for (int k = 0; k < a->n; k++) {
      if (!mill_vector_valid(args[k], i)) {
        MILL_TRY(put_missing(&r, a, k, err));
      } else if (a->vector[k]) {
        mill_vec x = mill_vec_at(args[k], i);
        MILL_TRY(put_vector(&r, &x, err));
      } else {
        MILL_TRY(put_number(&r, a, ((const double *)args[k]->data)[i & args[k]->mask], err));
      }
    }
    mill_vec made = {r.size, r.n, r.index, r.value};
    int32_t none = 0;
    if (made.index == NULL) made.index = &none;
    MILL_TRY(mill_vec_put_compressed(out, i, &made, call->arena, err));
  }
  return MILL_OK;
}

/* Has the row no null and no NaN among the arguments? */
static mill_status k_complete(mill_call *call, const mill_vector *const *args, size_t n,
                              mill_vector *out, mill_error *err) {
  (void)err;
  const assembly *a = call->state;
  for (size_t i = 0; i < n; i++) {
    bool all = true;
    for (int k = 0; k < a->n && all; k++) {
      all = mill_vector_valid(args[k], i);
      if (all && !a->vector[k]) all = !isnan(((const double *)args[k]->data)[i & args[k]->mask]);
    }
    ((uint8_t *)out->data)[i] = all;
  }
  return MILL_OK;
}

/* ---- sizes and names ------------------------------------------------------------------------------- */

typedef struct input {
  const char *name;
  const mill_bound *expr;
  const mill_field *field;
  mill_attr *attrs; /* of a vector; NULL: only its size is known */
  int size;         /* -1: not known */
} input;

/* The size of the vectors in a column, from the first row. */
static mill_status peek_size(mill_binder *b, input *in, mill_error *err) {
  mill_table *t = NULL;
  if (b->peek == NULL) return MILL_OK;
  if (mill_get_is(b->stage, "handleInvalid", "keep"))
    return mill_ml_refuse(
        err, b->stage,
        "with handleInvalid = \"keep\" the size of the vectors in `%s` must be in "
        "its metadata",
        in->name);
  if (in->expr->kind != MILL_B_COLUMN)
    return mill_ml_refuse(err, b->stage, "the size of the vectors in `%s` is not known", in->name);
  bool skip = mill_get_is(b->stage, "handleInvalid", "skip");
  MILL_TRY(b->peek->first(b->peek->arg, in->expr->index, skip, &t, err));
  mill_status s = MILL_OK;
  if (t->rows == 0) {
    s = mill_ml_refuse(err, b->stage,
                       "there are no rows to see the size of the vectors in `%s` from", in->name);
  } else if (!mill_vector_valid(&t->chunk[0]->col[0], 0)) {
    s = mill_ml_refuse(err, b->stage, "`%s` is NULL in the first row, so its size is not known",
                       in->name);
  } else {
    in->size = mill_vec_at(&t->chunk[0]->col[0], 0).size;
  }
  mill_table_unref(t);
  return s;
}

static mill_status read_input(mill_binder *b, const char *name, input *in, mill_error *err) {
  *in = (input){.name = name, .size = 1};
  MILL_TRY(mill_bind_input(b, name, MILL_IN_NUMERIC | MILL_IN_BOOLEAN | MILL_IN_VECTOR, &in->expr,
                           &in->field, err));
  if (in->field->type->id != MILL_VECTOR) return mill_bind_double(b, in->expr, &in->expr, err);
  MILL_TRY(mill_attrs_read(in->field->metadata, b->arena, &in->attrs, &in->size, err));
  return in->size < 0 ? peek_size(b, in, err) : MILL_OK;
}

static const char *joined(mill_arena *a, const char *name, const char *inner) {
  size_t n = strlen(name), k = strlen(inner);
  char *s = mill_arena_alloc(a, n + k + 2);
  if (s == NULL) return NULL;
  memcpy(s, name, n);
  s[n] = '_';
  memcpy(s + n + 1, inner, k);
  return s;
}

/* The attributes of one input in the result. */
static mill_status name_places(mill_binder *b, const input *in, mill_attr *out, mill_error *err) {
  if (in->field->type->id != MILL_VECTOR) {
    if (in->field->type->id == MILL_DOUBLE)
      MILL_TRY(mill_attr_read(in->field->metadata, b->arena, out, err));
    if (in->field->type->id != MILL_DOUBLE || out->kind == MILL_ATTR_UNRESOLVED)
      *out = (mill_attr){.kind = MILL_ATTR_NUMERIC, .ordinal = -1};
    out->name = in->name;
    return MILL_OK;
  }
  for (int i = 0; i < in->size; i++) {
    char number[16];
    snprintf(number, sizeof number, "%d", i);
    out[i] = in->attrs ? in->attrs[i] : (mill_attr){.kind = MILL_ATTR_NUMERIC, .ordinal = -1};
    out[i].name = joined(b->arena, in->name, out[i].name ? out[i].name : number);
    if (out[i].name == NULL) return mill_oom(b->ctx->memory, 1, err);
  }
  return MILL_OK;
}

/* ---- bind -------------------------------------------------------------------------------------------- */

static mill_status make_metadata(mill_binder *b, const input *in, int n, const char **out,
                                 mill_error *err) {
  int64_t total = 0;
  for (int k = 0; k < n; k++) total += in[k].size;
  if (total > INT32_MAX) return mill_ml_refuse(err, b->stage, "the vector would be too large");
  mill_attr *attrs = mill_arena_alloc(b->arena, ((size_t)total + 1) * sizeof *attrs);
  if (attrs == NULL) return mill_oom(b->ctx->memory, (size_t)total * sizeof *attrs, err);
  for (int k = 0, at = 0; k < n; at += in[k++].size)
    MILL_TRY(name_places(b, &in[k], attrs + at, err));
  *out = mill_attrs_write(attrs, (int)total, b->arena);
  return *out ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

static mill_status bind_inputs(mill_binder *b, const input *in, int n, mill_error *err) {
  const mill_bound **args = mill_arena_alloc(b->arena, ((size_t)n + 1) * sizeof *args), *e;
  int *size = mill_arena_alloc(b->arena, ((size_t)n + 1) * sizeof *size);
  bool *vector = mill_arena_alloc(b->arena, (size_t)n + 1);
  assembly *a = mill_arena_alloc(b->arena, sizeof *a);
  const char *meta;
  if (!args || !size || !vector || !a) return mill_oom(b->ctx->memory, sizeof *a, err);
  for (int k = 0; k < n; k++) {
    args[k] = in[k].expr;
    size[k] = in[k].size;
    vector[k] = in[k].field->type->id == MILL_VECTOR;
  }
  *a = (assembly){n, size, vector, mill_get_is(b->stage, "handleInvalid", "keep")};
  MILL_TRY(make_metadata(b, in, n, &meta, err));
  if (mill_get_is(b->stage, "handleInvalid", "skip") && n > 0) {
    MILL_TRY(mill_bind_kernel(b, "VectorAssembler", k_complete, MILL_FN_NULLS | MILL_FN_NO_RAISE,
                              mill_type_of(MILL_BOOLEAN), a, args, n, &e, err));
    MILL_TRY(mill_bind_keep(b, e, err));
  }
  const mill_type *type = mill_type_of(MILL_VECTOR);
  MILL_TRY(mill_bind_kernel(b, "VectorAssembler", k_assemble,
                            MILL_FN_NULLS | (a->keep ? MILL_FN_NO_RAISE : 0), type, a, args, n, &e,
                            err));
  return mill_bind_output(b, mill_get_text(b->stage, "outputCol"), type, true, meta, e, err);
}

static mill_status bind(mill_binder *b, mill_error *err) {
  const char *const *names;
  int n;
  bool known = true;
  if (!mill_has(b->stage, "inputCols"))
    return mill_ml_refuse(err, b->stage, "inputCols is not set");
  MILL_TRY(mill_get_texts(b->stage, "inputCols", b->arena, &names, &n, err));
  input *in = mill_arena_alloc(b->arena, ((size_t)n + 1) * sizeof *in);
  if (in == NULL) return mill_oom(b->ctx->memory, (size_t)n * sizeof *in, err);
  for (int k = 0; k < n; k++) {
    MILL_TRY(read_input(b, names[k], &in[k], err));
    known &= in[k].size >= 0;
  }
  if (known) return bind_inputs(b, in, n, err);
  return mill_bind_output(b, mill_get_text(b->stage, "outputCol"), mill_type_of(MILL_VECTOR), true,
                          NULL, NULL, err);
}

const mill_stage_class mill_class_VectorAssembler = {
    .name = "VectorAssembler",
    .package = "feature",
    .role = MILL_TRANSFORMER,
    .doc = "Puts columns of numbers and vectors side by side in one vector column.",
    .example =
        "ml.feature.VectorAssembler{ inputCols = { \"age\", \"v\" }, outputCol = \"features\" }\n"
        "  :transform(df):show()",
    .params = params,
    .bind = bind,
};
