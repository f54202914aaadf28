/* Fitted attributes as one-row tables: see stage_int.h. */
#include <string.h>

#include "ml/state_int.h"

struct mill_answer {
  const mill_context *ctx;
  const char *name;
  mill_table *table;
  bool frame;
};

const mill_context *mill_answer_context(const mill_answer *a) { return a->ctx; }

void mill_answer_table_move(mill_answer *a, mill_table *t) {
  mill_table_unref(a->table);
  a->table = t;
}

void mill_answer_frame_move(mill_answer *a, mill_table *t) {
  mill_answer_table_move(a, t);
  a->frame = true;
}

/* A table of one row: what `fill` puts into value 0 of a column of `type`. */
typedef mill_status (*filler)(mill_vector *v, mill_arena *a, const void *arg, mill_error *err);

static mill_status answer(mill_answer *a, const mill_type *type, filler fill, const void *arg,
                          mill_error *err) {
  mill_arena arena;
  mill_vector v;
  mill_table *t = NULL;
  mill_field field = {a->name, type, true, NULL};
  const mill_type *schema = type ? mill_type_struct(a->ctx->types, &field, 1) : NULL;
  if (schema == NULL) return mill_oom(a->ctx->memory, sizeof field, err);
  mill_arena_init(&arena, a->ctx->memory);
  mill_status s = mill_vector_init(&v, type, 1, &arena, err);
  if (s == MILL_OK) v.size = 1;
  if (s == MILL_OK)
    s = fill ? fill(&v, &arena, arg, err) : mill_vector_set_null(&v, 0, &arena, err);
  if (s == MILL_OK) s = mill_table_new(a->ctx->memory, schema, &t, err);
  mill_batch b = {.n = 1, .ncols = 1, .col = &v};
  if (s == MILL_OK) s = mill_table_append(t, &b, err);
  mill_arena_clear(&arena);
  if (s == MILL_OK) {
    mill_answer_table_move(a, t);
  } else {
    mill_table_unref(t);
  }
  return s;
}

/* ---- single values ------------------------------------------------------------------------------ */

static mill_status fill_fixed(mill_vector *v, mill_arena *a, const void *arg, mill_error *err) {
  (void)a, (void)err;
  memcpy(v->data, arg, v->type->width);
  return MILL_OK;
}

mill_status mill_answer_double(mill_answer *a, double v, mill_error *err) {
  return answer(a, mill_type_of(MILL_DOUBLE), fill_fixed, &v, err);
}

mill_status mill_answer_int(mill_answer *a, int32_t v, mill_error *err) {
  return answer(a, mill_type_of(MILL_INT), fill_fixed, &v, err);
}

mill_status mill_answer_long(mill_answer *a, int64_t v, mill_error *err) {
  return answer(a, mill_type_of(MILL_BIGINT), fill_fixed, &v, err);
}

mill_status mill_answer_bool(mill_answer *a, bool v, mill_error *err) {
  uint8_t byte = v;
  return answer(a, mill_type_of(MILL_BOOLEAN), fill_fixed, &byte, err);
}

mill_status mill_answer_text(mill_answer *a, const char *v, mill_error *err) {
  mill_str s = mill_str_view(v, strlen(v));
  return answer(a, mill_type_of(MILL_STRING), fill_fixed, &s, err);
}

mill_status mill_answer_null(mill_answer *a, mill_error *err) {
  return answer(a, mill_type_of(MILL_DOUBLE), NULL, NULL, err);
}

/* ---- vectors and matrices -------------------------------------------------------------------------- */

static mill_status fill_vec(mill_vector *v, mill_arena *a, const void *arg, mill_error *err) {
  const mill_vec *x = arg;
  int32_t *index;
  double *values;
  if (x->index) {
    MILL_TRY(mill_vec_put_sparse(v, 0, x->size, x->n, a, &index, &values, err));
    if (x->n) memcpy(index, x->index, (size_t)x->n * sizeof *index);
  } else {
    MILL_TRY(mill_vec_put(v, 0, x->n, a, &values, err));
  }
  if (x->n) memcpy(values, x->value, (size_t)x->n * sizeof *values);
  return MILL_OK;
}

mill_status mill_answer_vec(mill_answer *a, const mill_vec *v, mill_error *err) {
  return answer(a, mill_type_of(MILL_VECTOR), fill_vec, v, err);
}

mill_status mill_answer_dense(mill_answer *a, const double *v, int n, mill_error *err) {
  mill_vec x = {n, n, NULL, v};
  return mill_answer_vec(a, &x, err);
}

/* ---- lists ---------------------------------------------------------------------------------------------- */

typedef struct list {
  const void *v;
  size_t n, width;
  const int *counts;
} list;

static mill_status reserve(mill_vector *items, size_t n, mill_arena *a, mill_error *err) {
  if (n > INT32_MAX) return mill_oom(a->memory, n, err);
  MILL_TRY(mill_vector_reserve(items, n ? (uint32_t)n : 1, a, err));
  items->size = (uint32_t)n;
  return MILL_OK;
}

static mill_status fill_list(mill_vector *v, mill_arena *a, const void *arg, mill_error *err) {
  const list *l = arg;
  mill_vector *items = &v->child[0];
  MILL_TRY(reserve(items, l->n, a, err));
  ((mill_span *)v->data)[0] = (mill_span){0, (uint32_t)l->n};
  if (l->n) memcpy(items->data, l->v, l->n * items->type->width);
  return MILL_OK;
}

static mill_status fill_texts(mill_vector *v, mill_arena *a, const void *arg, mill_error *err) {
  const list *l = arg;
  mill_vector *items = &v->child[0];
  MILL_TRY(reserve(items, l->n, a, err));
  ((mill_span *)v->data)[0] = (mill_span){0, (uint32_t)l->n};
  for (size_t i = 0; i < l->n; i++) {
    const char *s = ((const char *const *)l->v)[i];
    ((mill_str *)items->data)[i] = mill_str_view(s, strlen(s));
  }
  return MILL_OK;
}

static mill_status fill_matrix(mill_vector *v, mill_arena *a, const void *arg, mill_error *err) {
  const list *l = arg;
  mill_vector *c = v->child;
  list values = {l->v, l->n, 0, NULL};
  ((int8_t *)c[0].data)[0] = 1;
  ((int32_t *)c[1].data)[0] = l->counts[0];
  ((int32_t *)c[2].data)[0] = l->counts[1];
  MILL_TRY(mill_vector_set_null(&c[3], 0, a, err));
  MILL_TRY(mill_vector_set_null(&c[4], 0, a, err));
  MILL_TRY(fill_list(&c[5], a, &values, err));
  ((uint8_t *)c[6].data)[0] = 0;
  for (int i = 0; i < 7; i++) c[i].size = 1;
  return MILL_OK;
}

mill_status mill_answer_matrix(mill_answer *a, const double *v, int rows, int cols,
                               mill_error *err) {
  int counts[] = {rows, cols};
  list l = {v, (size_t)rows * (size_t)cols, 0, counts};
  return answer(a, mill_type_of(MILL_MATRIX), fill_matrix, &l, err);
}

static mill_status answer_list(mill_answer *a, mill_type_id id, const void *v, size_t n,
                               mill_error *err) {
  list l = {v, n, 0, NULL};
  const mill_type *t = mill_type_array(a->ctx->types, mill_type_of(id), true);
  return answer(a, t, id == MILL_STRING ? fill_texts : fill_list, &l, err);
}

mill_status mill_answer_doubles(mill_answer *a, const double *v, size_t n, mill_error *err) {
  return answer_list(a, MILL_DOUBLE, v, n, err);
}

mill_status mill_answer_ints(mill_answer *a, const int32_t *v, size_t n, mill_error *err) {
  return answer_list(a, MILL_INT, v, n, err);
}

mill_status mill_answer_longs(mill_answer *a, const int64_t *v, size_t n, mill_error *err) {
  return answer_list(a, MILL_BIGINT, v, n, err);
}

mill_status mill_answer_texts(mill_answer *a, const char *const *v, size_t n, mill_error *err) {
  return answer_list(a, MILL_STRING, v, n, err);
}

/* ---- lists of lists ----------------------------------------------------------------------------------------- */

static mill_status fill_lists(mill_vector *v, mill_arena *a, const void *arg, mill_error *err) {
  const list *l = arg;
  mill_vector *lists = &v->child[0], *items = &lists->child[0];
  size_t total = 0;
  for (size_t i = 0; i < l->n; i++) total += l->counts ? (size_t)l->counts[i] : l->width;
  MILL_TRY(reserve(lists, l->n, a, err));
  MILL_TRY(reserve(items, total, a, err));
  ((mill_span *)v->data)[0] = (mill_span){0, (uint32_t)l->n};
  uint32_t at = 0;
  for (size_t i = 0; i < l->n; i++) {
    uint32_t n = (uint32_t)(l->counts ? (size_t)l->counts[i] : l->width);
    ((mill_span *)lists->data)[i] = (mill_span){at, n};
    for (uint32_t k = 0; k < n && l->counts; k++) {
      const char *s = ((const char *const *const *)l->v)[i][k];
      ((mill_str *)items->data)[at + k] = mill_str_view(s, strlen(s));
    }
    at += n;
  }
  if (!l->counts && total) memcpy(items->data, l->v, total * sizeof(double));
  return MILL_OK;
}

static mill_status answer_lists(mill_answer *a, mill_type_id id, const list *l, mill_error *err) {
  const mill_type *t = mill_type_array(a->ctx->types, mill_type_of(id), true);
  if (t) t = mill_type_array(a->ctx->types, t, true);
  return answer(a, t, fill_lists, l, err);
}

mill_status mill_answer_double_lists(mill_answer *a, const double *v, size_t n, size_t width,
                                     mill_error *err) {
  list l = {v, n, width, NULL};
  return answer_lists(a, MILL_DOUBLE, &l, err);
}

mill_status mill_answer_text_lists(mill_answer *a, const char *const *const *v, const int *counts,
                                   size_t n, mill_error *err) {
  list l = {v, n, 0, counts};
  return answer_lists(a, MILL_STRING, &l, err);
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

mill_status mill_stage_attribute(const mill_stage *s, const char *name, mill_table **out,
                                 bool *frame, mill_error *err) {
  const char *known = NULL;
  *out = NULL;
  for (int i = 0; (known = mill_stage_attribute_at(s, i)) != NULL; i++)
    if (strcmp(known, name) == 0) break;
  if (known == NULL) return mill_ml_refuse(err, s, "there is no attribute `%s`", name);
  mill_answer a = {s->ctx, known, NULL, false};
  mill_status status = s->class->attribute(s, name, &a, err);
  if (status == MILL_OK) {
    *out = a.table;
    *frame = a.frame;
  } else {
    mill_table_unref(a.table);
  }
  return status;
}
