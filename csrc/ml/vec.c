/* ML vectors in kernels: see vec_int.h. The layout of a VECTOR column is in column/type.h: a struct
** of type (1 dense, 0 sparse), size, indices and values. */
#include "ml/vec_int.h"

/* ---- reading -------------------------------------------------------------------------------- */

static mill_span span_at(const mill_vector *v, size_t k) {
  return ((const mill_span *)v->data)[mill_vector_at(v, k)];
}

mill_vec mill_vec_at(const mill_vector *v, size_t i) {
  const mill_vector *c = v->child;
  uint32_t k = mill_vector_at(v, i);
  mill_span values = span_at(&c[3], k);
  mill_vec x = {(int)values.size, (int)values.size, NULL,
                (const double *)c[3].child[0].data + values.start};
  if (((const int8_t *)c[0].data)[mill_vector_at(&c[0], k)] != 0) return x;
  x.size = ((const int32_t *)c[1].data)[mill_vector_at(&c[1], k)];
  x.index = (const int32_t *)c[2].child[0].data + span_at(&c[2], k).start;
  return x;
}

double mill_vec_dot(const mill_vec *x, const double *w) {
  double sum = 0;
  if (x->index) {
    for (int k = 0; k < x->n; k++) sum += x->value[k] * w[x->index[k]];
  } else {
    for (int k = 0; k < x->n; k++) sum += x->value[k] * w[k];
  }
  return sum;
}

void mill_vec_add(const mill_vec *x, double a, double *y) {
  if (x->index) {
    for (int k = 0; k < x->n; k++) y[x->index[k]] += a * x->value[k];
  } else {
    for (int k = 0; k < x->n; k++) y[k] += a * x->value[k];
  }
}

double mill_vec_get(const mill_vec *x, int at) {
  if (x->index == NULL) return x->value[at];
  int low = 0, high = x->n;
  while (low < high) {
    int mid = low + (high - low) / 2;
    if (x->index[mid] < at) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low < x->n && x->index[low] == at ? x->value[low] : 0.0;
}

void mill_vec_spread(const mill_vec *x, double *dense) {
  if (x->index == NULL) {
    if (x->n) memcpy(dense, x->value, (size_t)x->n * sizeof *dense);
    return;
  }
  for (int i = 0; i < x->size; i++) dense[i] = 0;
  for (int k = 0; k < x->n; k++) dense[x->index[k]] = x->value[k];
}

double mill_vec_distance2(const mill_vec *x, const double *y) {
  double sum = 0;
  int k = 0;
  for (int i = 0; i < x->size; i++) {
    double v = 0;
    if (x->index == NULL) {
      v = x->value[i];
    } else if (k < x->n && x->index[k] == i) {
      v = x->value[k++];
    }
    sum += (v - y[i]) * (v - y[i]);
  }
  return sum;
}

/* ---- making --------------------------------------------------------------------------------- */

/* Row i of the list column becomes n new elements, which *out points to. */
static mill_status put_list(mill_vector *list, size_t i, int n, mill_arena *a, void **out,
                            mill_error *err) {
  mill_vector *items = &list->child[0];
  uint64_t need = (uint64_t)items->size + (uint64_t)n;
  if (need > INT32_MAX) return mill_oom(a->memory, need, err);
  if (need > items->capacity || items->capacity == 0) {
    uint64_t twice = 2 * (uint64_t)items->capacity;
    MILL_TRY(mill_vector_reserve(items, (uint32_t)(need > twice ? need + 1 : twice), a, err));
  }
  ((mill_span *)list->data)[i] = (mill_span){items->size, (uint32_t)n};
  *out = (char *)items->data + (size_t)items->size * items->type->width;
  items->size = (uint32_t)need;
  list->size = (uint32_t)i + 1;
  return MILL_OK;
}

mill_status mill_vec_put(mill_vector *out, size_t i, int n, mill_arena *a, double **values,
                         mill_error *err) {
  void *p;
  mill_vector *c = out->child;
  ((int8_t *)c[0].data)[i] = 1;
  c[0].size = c[1].size = c[2].size = (uint32_t)i + 1;
  MILL_TRY(mill_vector_set_null(&c[1], i, a, err));
  MILL_TRY(mill_vector_set_null(&c[2], i, a, err));
  MILL_TRY(put_list(&c[3], i, n, a, &p, err));
  *values = p;
  return MILL_OK;
}

mill_status mill_vec_put_sparse(mill_vector *out, size_t i, int size, int n, mill_arena *a,
                                int32_t **index, double **values, mill_error *err) {
  void *p, *q;
  mill_vector *c = out->child;
  ((int8_t *)c[0].data)[i] = 0;
  ((int32_t *)c[1].data)[i] = size;
  c[0].size = c[1].size = (uint32_t)i + 1;
  MILL_TRY(put_list(&c[2], i, n, a, &p, err));
  MILL_TRY(put_list(&c[3], i, n, a, &q, err));
  *index = p;
  *values = q;
  return MILL_OK;
}

mill_status mill_vec_put_compressed(mill_vector *out, size_t i, const mill_vec *x, mill_arena *a,
                                    mill_error *err) {
  int nonzero = 0;
  int32_t *index;
  double *values;
  for (int k = 0; k < x->n; k++) nonzero += x->value[k] != 0;
  if (1.5 * (nonzero + 1.0) >= x->size) {
    MILL_TRY(mill_vec_put(out, i, x->size, a, &values, err));
    mill_vec_spread(x, values);
    return MILL_OK;
  }
  MILL_TRY(mill_vec_put_sparse(out, i, x->size, nonzero, a, &index, &values, err));
  for (int k = 0, at = 0; k < x->n; k++) {
    if (x->value[k] == 0) continue;
    index[at] = x->index ? x->index[k] : k;
    values[at++] = x->value[k];
  }
  return MILL_OK;
}
