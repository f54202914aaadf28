/* Training data in memory, and walking over data sets: see points_int.h. */
#include "ml/points_int.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/decimal.h"

enum { X, START, INDEX, LABEL, WEIGHT }; /* of capacity; x and value share one */

mill_status mill_data_fail(mill_work *w, mill_error *err, const char *fmt, ...) {
  char reason[512];
  int n =
      snprintf(reason, sizeof reason, "%s: ", mill_stage_class_name(mill_stage_class_of(w->stage)));
  va_list args;
  va_start(args, fmt);
  vsnprintf(reason + n, sizeof reason - (size_t)n, fmt, args);
  va_end(args);
  return mill_fail(err, MILL_E_USER_RAISED_EXCEPTION, "errorMessage", reason, NULL);
}

/* ---- walking ------------------------------------------------------------------------------------ */

mill_status mill_data_walk(mill_work *w, const char *const *columns, int n,
                           mill_status (*f)(void *arg, const mill_batch *b, mill_error *err),
                           void *arg, mill_error *err) {
  mill_rows *rows;
  mill_batch *b = NULL;
  MILL_TRY(w->data->open(w->data, columns, n, &rows, err));
  mill_status s;
  while ((s = rows->next(rows, &b, err)) == MILL_OK && b != NULL)
    if ((s = f(arg, b, err)) != MILL_OK) break;
  rows->free(rows);
  return s;
}

typedef struct vector_walk {
  mill_work *work;
  const char *column;
  mill_status (*each)(void *arg, const mill_vec *x, mill_error *err);
  void *arg;
  bool any;
} vector_walk;

static mill_status walk_vectors(void *arg, const mill_batch *b, mill_error *err) {
  vector_walk *v = arg;
  for (uint32_t i = 0; i < b->n; i++) {
    uint32_t row = mill_batch_row(b, i);
    if (!mill_vector_valid(&b->col[0], row))
      return mill_data_fail(v->work, err, "a vector in `%s` is NULL", v->column);
    mill_vec x = mill_vec_at(&b->col[0], row);
    MILL_TRY(v->each(v->arg, &x, err));
    v->any = true;
  }
  return MILL_OK;
}

mill_status mill_data_vectors(mill_work *w, const char *column,
                              mill_status (*f)(void *arg, const mill_vec *x, mill_error *err),
                              void *arg, mill_error *err) {
  vector_walk v = {w, column, f, arg, false};
  MILL_TRY(mill_data_walk(w, &column, 1, walk_vectors, &v, err));
  return v.any ? MILL_OK : mill_data_fail(w, err, "there are no rows to fit to");
}

mill_status mill_data_other_size(mill_work *w, const char *column, int before, int size,
                                 mill_error *err) {
  return mill_data_fail(w, err, "the vectors in `%s` have different sizes, %d and %d", column,
                        before, size);
}

double mill_number_at(const mill_vector *v, size_t i) {
  uint32_t k = mill_vector_at(v, i);
  switch (v->type->phys) {
  case MILL_PHYS_BOOL: return ((const uint8_t *)v->data)[k];
  case MILL_PHYS_I8: return ((const int8_t *)v->data)[k];
  case MILL_PHYS_I16: return ((const int16_t *)v->data)[k];
  case MILL_PHYS_I32: return ((const int32_t *)v->data)[k];
  case MILL_PHYS_F32: return ((const float *)v->data)[k];
  case MILL_PHYS_F64: return ((const double *)v->data)[k];
  case MILL_PHYS_I64:
    if (v->type->id != MILL_DECIMAL) return (double)((const int64_t *)v->data)[k];
    return mill_decimal_to_double(((const int64_t *)v->data)[k], v->type->scale);
  case MILL_PHYS_I128:
    return mill_decimal_to_double(((const mill_i128 *)v->data)[k], v->type->scale);
  default: return 0;
  }
}

mill_status mill_data_field(mill_work *w, const char *column, const mill_field **out,
                            mill_error *err) {
  mill_stage_binding none = {0};
  mill_binder b = {
      (mill_stage *)w->stage, w->ctx, w->set, w->data->schema, w->scratch, &none, NULL, 0};
  return mill_bind_input(&b, column, (unsigned)MILL_IN_ANY, NULL, out, err);
}

/* ---- points --------------------------------------------------------------------------------------- */

typedef struct reading {
  mill_work *work;
  mill_points *p;
  unsigned flags;
  const char *name[3]; /* features, label, weight; NULL: not read */
  int at[3];           /* which column of the batches */
  bool sparse;
} reading;

static void free_array(mill_points *p, void *array, int which, size_t item) {
  if (array) mill_free(p->memory, array, p->capacity[which] * item);
}

void mill_points_clear(mill_points *p) {
  if (p->memory == NULL) return;
  free_array(p, p->x ? p->x : p->value, X, sizeof(double));
  free_array(p, p->start, START, sizeof(size_t));
  free_array(p, p->index, INDEX, sizeof(int32_t));
  free_array(p, p->label, LABEL, sizeof(double));
  free_array(p, p->weight, WEIGHT, sizeof(double));
  *p = (mill_points){0};
}

mill_vec mill_points_row(const mill_points *p, size_t i) {
  if (p->start == NULL) return (mill_vec){p->width, p->width, NULL, p->x + i * (size_t)p->width};
  size_t from = p->start[i];
  return (mill_vec){p->width, (int)(p->start[i + 1] - from), p->index + from, p->value + from};
}

static mill_status grow(mill_points *p, void **array, int which, size_t need, size_t item,
                        mill_error *err) {
  return mill_grow(p->memory, array, &p->capacity[which], need, item, err);
}

/* Decided by the first batch that has rows. */
static bool choose_sparse(const reading *r, const mill_batch *b, const mill_vector *v) {
  size_t held = 0, all = 0;
  if (r->flags & MILL_POINTS_DENSE) return false;
  for (uint32_t i = 0; i < b->n; i++) {
    uint32_t row = mill_batch_row(b, i);
    if (!mill_vector_valid(v, row)) continue;
    mill_vec x = mill_vec_at(v, row);
    held += (size_t)x.n;
    all += (size_t)x.size;
  }
  return 3 * held < 2 * all;
}

static mill_status check_vector(reading *r, const mill_vec *x, mill_error *err) {
  mill_points *p = r->p;
  if (p->n == 0) p->width = x->size;
  if (x->size != p->width) return mill_data_other_size(r->work, r->name[0], p->width, x->size, err);
  for (int k = 0; k < x->n && !(r->flags & MILL_POINTS_ANY); k++)
    if (!isfinite(x->value[k]))
      return mill_data_fail(r->work, err, "a vector in `%s` has a NaN or infinite value",
                            r->name[0]);
  return MILL_OK;
}

static mill_status add_sparse(mill_points *p, const mill_vec *x, mill_error *err) {
  void *values = p->value, *index = p->index, *start = p->start;
  size_t need = p->held + (size_t)x->n;
  mill_status s = grow(p, &values, X, need + 1, sizeof(double), err);
  if (s == MILL_OK) s = grow(p, &index, INDEX, need + 1, sizeof(int32_t), err);
  if (s == MILL_OK) s = grow(p, &start, START, p->n + 2, sizeof(size_t), err);
  p->value = values;
  p->index = index;
  p->start = start;
  if (s != MILL_OK) return s;
  if (p->n == 0) p->start[0] = 0;
  for (int k = 0; k < x->n; k++) {
    p->index[p->held + (size_t)k] = x->index ? x->index[k] : k;
    p->value[p->held + (size_t)k] = x->value[k];
  }
  p->held = need;
  p->start[p->n + 1] = need;
  return MILL_OK;
}

/* A list of numbers, which is dense. */
static mill_status add_list(reading *r, const mill_vector *v, uint32_t row, mill_error *err) {
  mill_points *p = r->p;
  mill_span s = ((const mill_span *)v->data)[mill_vector_at(v, row)];
  void *values = p->x;
  mill_status status = grow(p, &values, X, p->held + (size_t)s.size + 1, sizeof(double), err);
  p->x = values;
  if (status != MILL_OK) return status;
  double *x = p->x + p->held;
  for (uint32_t k = 0; k < s.size; k++) x[k] = mill_number_at(&v->child[0], s.start + k);
  MILL_TRY(check_vector(r, &(mill_vec){(int)s.size, (int)s.size, NULL, x}, err));
  p->held += s.size;
  return MILL_OK;
}

static mill_status add_features(reading *r, const mill_vector *v, uint32_t row, mill_error *err) {
  mill_points *p = r->p;
  if (!mill_vector_valid(v, row))
    return mill_data_fail(r->work, err, "a vector in `%s` is NULL", r->name[0]);
  if (v->type->id == MILL_ARRAY) return add_list(r, v, row, err);
  mill_vec x = mill_vec_at(v, row);
  MILL_TRY(check_vector(r, &x, err));
  if (r->sparse) return add_sparse(p, &x, err);
  void *values = p->x;
  mill_status s = grow(p, &values, X, p->held + (size_t)x.size + 1, sizeof(double), err);
  p->x = values;
  if (s != MILL_OK) return s;
  mill_vec_spread(&x, p->x + p->held);
  p->held += (size_t)x.size;
  return MILL_OK;
}

static mill_status add_number(reading *r, int which, double **array, const mill_vector *v,
                              uint32_t row, mill_error *err) {
  const char *what = which == 1 ? "label" : "weight";
  if (!mill_vector_valid(v, row))
    return mill_data_fail(r->work, err, "a %s in `%s` is NULL", what, r->name[which]);
  double d = mill_number_at(v, row);
  if (!isfinite(d))
    return mill_data_fail(r->work, err, "a %s in `%s` is NaN or infinite", what, r->name[which]);
  if (which == 2 && d < 0)
    return mill_data_fail(r->work, err, "a weight in `%s` is negative: %g", r->name[which], d);
  void *p = *array;
  mill_status s = grow(r->p, &p, which == 1 ? LABEL : WEIGHT, r->p->n + 1, sizeof(double), err);
  *array = p;
  if (s == MILL_OK) (*array)[r->p->n] = d;
  return s;
}

static mill_status add_batch(void *arg, const mill_batch *b, mill_error *err) {
  reading *r = arg;
  mill_points *p = r->p;
  const mill_vector *x = r->name[0] ? &b->col[r->at[0]] : NULL;
  if (x && p->n == 0) r->sparse = x->type->id == MILL_VECTOR && choose_sparse(r, b, x);
  for (uint32_t i = 0; i < b->n; i++) {
    uint32_t row = mill_batch_row(b, i);
    if (r->name[1]) MILL_TRY(add_number(r, 1, &p->label, &b->col[r->at[1]], row, err));
    if (r->name[2]) MILL_TRY(add_number(r, 2, &p->weight, &b->col[r->at[2]], row, err));
    if (r->name[0]) MILL_TRY(add_features(r, &b->col[r->at[0]], row, err));
    p->n++;
  }
  return MILL_OK;
}

mill_status mill_points_read(mill_work *w, const char *features, const char *label,
                             const char *weight, unsigned flags, mill_points *out,
                             mill_error *err) {
  const char *params[3] = {features, label, weight}, *columns[3];
  reading r = {.work = w, .p = out, .flags = flags};
  int n = 0;
  *out = (mill_points){.memory = w->ctx->memory};
  for (int i = 0; i < 3; i++) {
    if (params[i] == NULL || !mill_has(w->stage, params[i])) continue;
    const char *name = mill_get_text(w->stage, params[i]);
    if (*name == 0) continue;
    r.name[i] = name;
    r.at[i] = n;
    columns[n++] = name;
  }
  return mill_data_walk(w, columns, n, add_batch, &r, err);
}
