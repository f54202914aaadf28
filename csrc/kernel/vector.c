/* Arrays to ML vectors and back: array_to_vector, vector_to_array. As in Spark, where they are user
** functions, a NULL makes the query fail. */
#include "kernel/kernel_int.h"

#define KERNEL(NAME)                                                                               \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

static mill_status fail(mill_call *call, mill_error *err, const char *reason) {
  return mill_call_fail(call, err, MILL_E_FAILED_EXECUTE_UDF, "functionName", call->fn->name,
                        "signature", "a row", "result", "", "reason", reason, NULL);
}

/* Room for n more elements behind those that the list has. */
static mill_status grow(mill_vector *items, uint32_t n, mill_arena *a, mill_error *err) {
  uint64_t need = (uint64_t)items->size + n, twice = 2 * (uint64_t)items->capacity;
  if (need > INT32_MAX) return mill_oom(a->memory, need, err);
  if (need <= items->capacity && items->capacity) return MILL_OK;
  return mill_vector_reserve(items, (uint32_t)(need + 1 > twice ? need + 1 : twice), a, err);
}

/* ---- array_to_vector ------------------------------------------------------------------------ */

KERNEL(k_array_to_vector) {
  const mill_vector *v = args[0], *items = &v->child[0];
  mill_vector *c = out->child, *values = &c[3].child[0];
  for (uint32_t i = 0; i < n; i++) {
    if (!mill_vector_valid(v, i)) return fail(call, err, "the array is NULL");
    mill_span s = ((const mill_span *)v->data)[mill_vector_at(v, i)];
    MILL_TRY(grow(values, s.size, call->arena, err));
    ((mill_span *)c[3].data)[i] = (mill_span){values->size, s.size};
    for (uint32_t k = s.start; k < s.start + s.size; k++) {
      if (!mill_vector_valid(items, k))
        return mill_call_fail(call, err, MILL_E_NOT_NULL_ASSERT_VIOLATION, "walkedTypePath",
                              "array element", NULL);
      ((double *)values->data)[values->size++] =
          ((const double *)items->data)[mill_vector_at(items, k)];
    }
    ((int8_t *)c[0].data)[i] = 1;
    c[0].size = c[1].size = c[2].size = c[3].size = i + 1;
    MILL_TRY(mill_vector_set_null(&c[1], i, call->arena, err));
    MILL_TRY(mill_vector_set_null(&c[2], i, call->arena, err));
  }
  return MILL_OK;
}

static mill_status bind_array_to_vector(mill_binding *b, mill_error *err) {
  const mill_type *t = b->nargs == 1 ? b->arg_type[0] : NULL;
  if (t == NULL || t->id != MILL_ARRAY) return mill_bind_types(b, "array<double> -> vector", err);
  if (!mill_type_numeric(t->fields[0].type))
    return mill_fail(err, MILL_E_CANNOT_UP_CAST_DATATYPE, "expression", "array element",
                     "sourceType", mill_type_quoted(b->ctx->memory, t->fields[0].type, err),
                     "targetType", "\"DOUBLE\"", "details", "", NULL);
  b->cast_to[0] = mill_type_array(b->ctx->types, mill_type_of(MILL_DOUBLE), t->contains_null);
  if (b->cast_to[0] == NULL) return mill_oom(b->ctx->memory, sizeof *t, err);
  b->result = mill_type_of(MILL_VECTOR);
  b->nullable = true;
  return MILL_OK;
}

/* ---- vector_to_array ------------------------------------------------------------------------ */

static void put(mill_vector *items, uint32_t at, double x) {
  if (items->type->id == MILL_FLOAT)
    ((float *)items->data)[at] = (float)x;
  else
    ((double *)items->data)[at] = x;
}

KERNEL(k_vector_to_array) {
  const mill_vector *v = args[0];
  mill_vector *items = &out->child[0];
  if (v->type->id != MILL_VECTOR) return fail(call, err, "the value is no vector");
  for (uint32_t i = 0; i < n; i++) {
    if (!mill_vector_valid(v, i)) return fail(call, err, "the vector is NULL");
    uint32_t k = mill_vector_at(v, i);
    const mill_vector *c = v->child;
    mill_span s = ((const mill_span *)c[3].data)[mill_vector_at(&c[3], k)];
    const double *x = (const double *)c[3].child[0].data + s.start;
    bool dense = ((const int8_t *)c[0].data)[mill_vector_at(&c[0], k)] != 0;
    uint32_t size =
        dense ? s.size : (uint32_t)((const int32_t *)c[1].data)[mill_vector_at(&c[1], k)];
    MILL_TRY(grow(items, size, call->arena, err));
    ((mill_span *)out->data)[i] = (mill_span){items->size, size};
    for (uint32_t e = 0; e < size; e++) put(items, items->size + e, dense ? x[e] : 0.0);
    if (!dense) {
      uint32_t from = ((const mill_span *)c[2].data)[mill_vector_at(&c[2], k)].start;
      const int32_t *index = (const int32_t *)c[2].child[0].data + from;
      for (uint32_t e = 0; e < s.size; e++) put(items, items->size + (uint32_t)index[e], x[e]);
    }
    items->size += size;
  }
  return MILL_OK;
}

static mill_status bind_vector_to_array(mill_binding *b, mill_error *err) {
  if (b->nargs < 1 || b->nargs > 2) return mill_bind_types(b, "any, string? -> $1", err);
  const mill_vector *name = b->nargs == 2 ? b->arg_value[1] : NULL;
  bool single = false;
  if (b->nargs == 2) {
    const mill_str *s = name && name->type->id == MILL_STRING ? name->data : NULL;
    mill_str f32 = mill_str_view("float32", 7), f64 = mill_str_view("float64", 7);
    single = s && mill_str_equal(s, &f32);
    if (s == NULL || (!single && !mill_str_equal(s, &f64)))
      return mill_fail(err, MILL_E_INVALID_PARAMETER, "parameter", "vector_to_array: dtype",
                       "value", "another text", "expected", "'float64' or 'float32'", NULL);
  }
  b->result =
      mill_type_array(b->ctx->types, mill_type_of(single ? MILL_FLOAT : MILL_DOUBLE), false);
  b->nullable = false;
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof(mill_type), err);
}

const mill_function mill_family_vector[] = {{.name = "array_to_vector",
                                             .flags = MILL_FN_NULLS | MILL_FN_HIDDEN,
                                             .kernel = k_array_to_vector,
                                             .bind = bind_array_to_vector},
                                            {.name = "vector_to_array",
                                             .flags = MILL_FN_NULLS | MILL_FN_HIDDEN,
                                             .kernel = k_vector_to_array,
                                             .bind = bind_vector_to_array},
                                            {0}};
