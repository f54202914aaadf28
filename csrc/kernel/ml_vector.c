/* Arrays to ML vectors and back: ml.functions of Spark, not callable by name from its SQL.
**
** As Spark's they are functions that take no null: a null array or vector fails. The layout of VECTOR
** is in column/type.h. */
#include "kernel/list_words.h"

static mill_status fail_null(mill_call *call, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_FAILED_EXECUTE_UDF, "functionName", call->fn->name,
                        "signature", "a row", "result", "", "reason", "the value is NULL", NULL);
}

/* ---- array_to_vector -------------------------------------------------------------------------- */

static mill_status check_items(mill_call *call, const mill_vector *items, mill_span s,
                               mill_error *err) {
  for (uint32_t k = 0; items->valid && k < s.size; k++)
    if (!mill_vector_valid(items, s.start + k))
      return mill_call_fail(call, err, MILL_E_NOT_NULL_ASSERT_VIOLATION, "walkedTypePath",
                            "an element of the array", NULL);
  return MILL_OK;
}

/* No row of n has a value. */
static mill_status all_null(mill_call *call, mill_vector *v, size_t n, mill_error *err) {
  MILL_TRY(mill_vector_need_valid(v, call->arena, err));
  for (size_t i = 0; i < n; i += 64) v->valid[i / 64] = 0;
  return MILL_OK;
}

/* Dense vectors whose values are the arrays' elements, which they share. */
static mill_status k_array_to_vector(mill_call *call, const mill_vector *const *args, size_t n,
                                     mill_vector *out, mill_error *err) {
  const mill_vector *items = &args[0]->child[0];
  mill_vector *c = out->child;
  for (uint32_t i = 0; i < n; i++) {
    if (!mill_vector_valid(args[0], i)) return fail_null(call, err);
    mill_span s = MILL_AT(mill_span, args[0], i);
    MILL_TRY(check_items(call, items, s, err));
    ((int8_t *)c[0].data)[i] = 1;
    ((mill_span *)c[3].data)[i] = s;
  }
  MILL_TRY(all_null(call, &c[1], n, err));
  MILL_TRY(all_null(call, &c[2], n, err));
  for (int k = 0; k < 3; k++) c[k].size = (uint32_t)n;
  if (!mill_list_words(items))
    return mill_vector_append(&c[3], args[0], NULL, n, false, call->arena, err);
  c[3].child[0] = *items;
  c[3].child[0].capacity = 0;
  c[3].size = (uint32_t)n;
  return MILL_OK;
}

static mill_status bind_array_to_vector(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  const mill_type *item = t->id == MILL_ARRAY ? t->fields[0].type : t;
  bool wide = mill_type_numeric(item) && item->id != MILL_DECIMAL;
  if (t->id != MILL_ARRAY || !wide)
    return mill_fail(err, MILL_E_CANNOT_UP_CAST_DATATYPE, "expression", mill_arg_sql(b, 0),
                     "sourceType", mill_bind_type_sql(b, item, err), "targetType", "\"DOUBLE\"",
                     "details", "vectors hold numbers of type DOUBLE", NULL);
  b->cast_to[0] = mill_type_array(b->ctx->types, mill_type_of(MILL_DOUBLE), true);
  if (b->cast_to[0] == NULL) return mill_oom(b->ctx->memory, sizeof *t, err);
  b->result = mill_type_of(MILL_VECTOR);
  b->nullable = true;
  return MILL_OK;
}

/* ---- vector_to_array -------------------------------------------------------------------------- */

static void spread(const mill_vector *v, uint32_t row, uint32_t size, mill_vector *items) {
  const mill_vector *c = v->child;
  mill_span s = ((const mill_span *)c[3].data)[mill_vector_at(&c[3], row)];
  const double *values = (const double *)c[3].child[0].data + s.start;
  bool sparse = ((const int8_t *)c[0].data)[mill_vector_at(&c[0], row)] == 0;
  const int32_t *index = NULL;
  if (sparse)
    index = (const int32_t *)c[2].child[0].data +
            ((const mill_span *)c[2].data)[mill_vector_at(&c[2], row)].start;
  bool narrow = items->type->id == MILL_FLOAT;
  size_t at = items->size;
  for (uint32_t k = 0; k < size; k++) {
    if (narrow) {
      ((float *)items->data)[at + k] = 0;
    } else {
      ((double *)items->data)[at + k] = 0;
    }
  }
  for (uint32_t k = 0; k < s.size; k++) {
    size_t to = at + (index ? (size_t)index[k] : k);
    if (narrow) {
      ((float *)items->data)[to] = (float)values[k];
    } else {
      ((double *)items->data)[to] = values[k];
    }
  }
}

static uint32_t size_of(const mill_vector *v, uint32_t row) {
  const mill_vector *c = v->child;
  if (((const int8_t *)c[0].data)[mill_vector_at(&c[0], row)] == 0)
    return (uint32_t)((const int32_t *)c[1].data)[mill_vector_at(&c[1], row)];
  return ((const mill_span *)c[3].data)[mill_vector_at(&c[3], row)].size;
}

static mill_status k_vector_to_array(mill_call *call, const mill_vector *const *args, size_t n,
                                     mill_vector *out, mill_error *err) {
  const mill_vector *v = args[0];
  mill_vector *items = &out->child[0];
  for (size_t i = 0; i < n; i++) {
    uint32_t row = (uint32_t)i & v->mask;
    if (v->type->id != MILL_VECTOR || !mill_valid_bit(v->valid, row)) return fail_null(call, err);
    uint32_t size = size_of(v, row);
    uint64_t need = (uint64_t)items->size + size;
    if (need > INT32_MAX) return mill_oom(call->arena->memory, need, err);
    MILL_TRY(mill_vector_reserve(items, (uint32_t)need, call->arena, err));
    spread(v, row, size, items);
    ((mill_span *)out->data)[i] = (mill_span){items->size, size};
    items->size = (uint32_t)need;
  }
  return MILL_OK;
}

static mill_status bind_vector_to_array(mill_binding *b, mill_error *err) {
  mill_type_id id = MILL_DOUBLE;
  if (b->nargs > 1) {
    mill_vector v;
    MILL_TRY(mill_bind_constant(b, 1, &v, err));
    const mill_str *s = v.data, f32 = mill_str_view("float32", 7),
                   f64 = mill_str_view("float64", 7);
    bool text = v.type && v.type->id == MILL_STRING;
    if (!text || !(mill_str_equal(s, &f32) || mill_str_equal(s, &f64)))
      return mill_fail(err, MILL_E_INVALID_PARAMETER, "parameter", "vector_to_array: dtype",
                       "value",
                       text ? mill_error_fmt(err, "'%.*s'", (int)(s->size < 100 ? s->size : 100),
                                             mill_str_data(s))
                            : "no text",
                       "expected", "'float64' or 'float32'", NULL);
    if (mill_str_equal(s, &f32)) id = MILL_FLOAT;
  }
  b->result = mill_type_array(b->ctx->types, mill_type_of(id), false);
  b->nullable = false;
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof *b->result, err);
}

const mill_function mill_family_ml_vector[] = {
    {.name = "array_to_vector",
     .types = "any",
     .bind = bind_array_to_vector,
     .kernel = k_array_to_vector,
     .flags = MILL_FN_NULLS | MILL_FN_HIDDEN | MILL_FN_UNLISTED,
     .usage = "array_to_vector(array)",
     .doc = "The dense ML vector of an array of numbers."},
    {.name = "vector_to_array",
     .types = "any, #string?",
     .bind = bind_vector_to_array,
     .kernel = k_vector_to_array,
     .flags = MILL_FN_NULLS | MILL_FN_HIDDEN | MILL_FN_UNLISTED,
     .usage = "vector_to_array(vector[, 'float32'])",
     .doc = "The values of an ML vector as an array of DOUBLE, or of FLOAT."},
    {0}};
