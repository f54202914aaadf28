/* Stages with features and a prediction: see predictor_int.h. */
#include "ml/predictor_int.h"

#include <string.h>

mill_status mill_predictor_inputs(mill_binder *b, bool fitting, const mill_bound **features,
                                  mill_error *err) {
  const mill_stage *s = b->stage;
  MILL_TRY(
      mill_bind_input(b, mill_get_text(s, "featuresCol"), MILL_IN_VECTOR, features, NULL, err));
  if (!fitting) return MILL_OK;
  MILL_TRY(mill_bind_input(b, mill_get_text(s, "labelCol"), MILL_IN_NUMERIC, NULL, NULL, err));
  if (!mill_has(s, "weightCol") || *mill_get_text(s, "weightCol") == 0) return MILL_OK;
  return mill_bind_input(b, mill_get_text(s, "weightCol"), MILL_IN_NUMERIC, NULL, NULL, err);
}

mill_status mill_predictor_features(mill_binder *b, const mill_bound **x, mill_error *err) {
  const mill_field *f;
  const char *name = mill_get_text(b->stage, "featuresCol");
  MILL_TRY(mill_bind_input(b, name, MILL_IN_VECTOR | MILL_IN_ARRAY, x, &f, err));
  if (strcmp(f->name, name) != 0)
    return mill_fail(err, MILL_E_FIELD_NOT_FOUND, "fieldName", name, "fields", f->name, NULL);
  if (f->type->id == MILL_VECTOR) return MILL_OK;
  mill_type_id item = f->type->fields[0].type->id;
  if (!f->type->contains_null && (item == MILL_DOUBLE || item == MILL_FLOAT)) return MILL_OK;
  return mill_ml_refuse(err, b->stage,
                        "the column `%s` must be VECTOR, or an array of DOUBLE or FLOAT without "
                        "nulls, but is %s",
                        name, mill_type_quoted(b->ctx->memory, f->type, err));
}

mill_status mill_predictor_row(const mill_call *call, const mill_vector *v, size_t i, int width,
                               mill_vec *out, mill_error *err) {
  if (!mill_vector_valid(v, i)) return mill_row_null(call, err);
  *out = mill_vec_at(v, i);
  if (out->size == width) return MILL_OK;
  return mill_row_fail(call, err, "the vector has %d values, the model takes %d", out->size, width);
}

mill_status mill_predictor_points(mill_work *w, int width, mill_points *out, mill_error *err) {
  mill_stage_binding none = {0};
  mill_binder b = {
      (mill_stage *)(uintptr_t)w->stage, w->ctx, w->set, w->data->schema, w->scratch, &none, 0, 0};
  *out = (mill_points){0};
  MILL_TRY(mill_predictor_inputs(&b, true, NULL, err));
  MILL_TRY(mill_points_read(w, "featuresCol", "labelCol", "weightCol", 0, out, err));
  if (out->n == 0) return mill_ml_refuse(err, w->stage, "there are no rows to summarise.");
  if (out->width == width) return MILL_OK;
  return mill_data_fail(w, err, "the vectors have %d values, the model takes %d", out->width,
                        width);
}

mill_status mill_answer_compressed(mill_answer *a, const double *v, int n, mill_error *err) {
  int held = 0;
  for (int i = 0; i < n; i++) held += v[i] != 0.0;
  if (1.5 * (held + 1.0) >= n) return mill_answer_dense(a, v, n, err);
  mill_memory *m = mill_answer_context(a)->memory;
  mill_arena scratch;
  mill_arena_init(&scratch, m);
  int32_t *index = mill_arena_alloc(&scratch, ((size_t)held + 1) * sizeof *index);
  double *value = mill_arena_alloc(&scratch, ((size_t)held + 1) * sizeof *value);
  mill_status s = index && value ? MILL_OK : mill_oom(m, (size_t)held * sizeof *value, err);
  if (s == MILL_OK) {
    int k = 0;
    for (int i = 0; i < n; i++)
      if (v[i] != 0.0) index[k] = i, value[k++] = v[i];
    s = mill_answer_vec(a, &(mill_vec){n, held, index, value}, err);
  }
  mill_arena_clear(&scratch);
  return s;
}

static mill_status fill_table(mill_table *t, int cols, const double *const *v, size_t n,
                              mill_arena *scratch, mill_error *err) {
  mill_vector *col = mill_arena_alloc(scratch, ((size_t)cols + 1) * sizeof *col);
  if (col == NULL) return mill_oom(t->memory, sizeof *col, err);
  for (size_t from = 0; from < n; from += MILL_BATCH) {
    uint32_t rows = (uint32_t)(n - from < MILL_BATCH ? n - from : MILL_BATCH);
    for (int c = 0; c < cols; c++)
      col[c] = (mill_vector){.type = t->schema->fields[c].type,
                             .data = (void *)(uintptr_t)(v[c] + from),
                             .mask = MILL_FLAT,
                             .size = rows};
    mill_batch b = {.n = rows, .ncols = (uint32_t)cols, .col = col, .first = from};
    MILL_TRY(mill_table_append(t, &b, err));
  }
  return MILL_OK;
}

mill_status mill_answer_columns(mill_answer *a, const char *const *names, int cols,
                                const double *const *v, size_t n, mill_error *err) {
  const mill_context *ctx = mill_answer_context(a);
  mill_field fields[4];
  mill_arena scratch;
  mill_table *t;
  for (int c = 0; c < cols; c++)
    fields[c] = (mill_field){names[c], mill_type_of(MILL_DOUBLE), false, NULL};
  const mill_type *schema = mill_type_struct(ctx->types, fields, (uint32_t)cols);
  if (schema == NULL) return mill_oom(ctx->memory, sizeof *schema, err);
  MILL_TRY(mill_table_new(ctx->memory, schema, &t, err));
  mill_arena_init(&scratch, ctx->memory);
  mill_status s = fill_table(t, cols, v, n, &scratch, err);
  mill_arena_clear(&scratch);
  if (s == MILL_OK)
    mill_answer_table_move(a, t);
  else
    mill_table_unref(t);
  return s;
}

bool mill_name_in(const char *name, const char *const *list) {
  for (; *list; list++)
    if (strcmp(*list, name) == 0) return true;
  return false;
}

const mill_named *mill_named_find(const mill_named *list, int n, const char *name) {
  for (int i = 0; i < n; i++)
    if (strcmp(list[i].name, name) == 0) return &list[i];
  return NULL;
}
