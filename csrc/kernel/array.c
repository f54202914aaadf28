/* Arrays cut, joined, searched and changed by element: array_append .. slice. Sets of elements are in
** array_set.c, sequences in sequence.c. */

#include "base/text.h"
#include "kernel/bytes_int.h"
#include "kernel/cast.h"
#include "kernel/list_words.h"

/* ---- binding -------------------------------------------------------------------------------- */

static int integral_digits(const mill_type *t) {
  static const int digits[] = {3, 5, 10, 20};
  return digits[t->id - MILL_TINYINT];
}

const mill_type *mill_tightest_type(mill_types *types, const mill_type *a, const mill_type *b) {
  if (a == b) return a;
  if (a->id == MILL_NULL) return b;
  if (b->id == MILL_NULL) return a;
  bool text = (a->id == MILL_STRING) != (b->id == MILL_STRING);
  if (text) return NULL;
  if (mill_type_integral(a) && b->id == MILL_DECIMAL)
    return b->precision - b->scale >= integral_digits(a) ? b : NULL;
  if (mill_type_integral(b) && a->id == MILL_DECIMAL)
    return a->precision - a->scale >= integral_digits(b) ? a : NULL;
  if (mill_type_numeric(a) && mill_type_numeric(b) &&
      (a->id == MILL_DECIMAL || b->id == MILL_DECIMAL) && a->id != b->id)
    return NULL;
  if (a->id == MILL_ARRAY && b->id == MILL_ARRAY) {
    const mill_type *e = mill_tightest_type(types, a->fields[0].type, b->fields[0].type);
    return e ? mill_type_array(types, e, a->contains_null || b->contains_null) : NULL;
  }
  return mill_common_type(types, a, b);
}

const mill_type *mill_common_key(mill_types *types, const mill_type *a, const mill_type *b) {
  bool nulls = a->id == MILL_NULL || b->id == MILL_NULL;
  bool text = (a->id == MILL_STRING) != (b->id == MILL_STRING);
  return text && !nulls ? NULL : mill_common_type(types, a, b);
}

mill_status mill_bind_element_differs(mill_binding *b, int at, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_ARRAY_FUNCTION_DIFF_TYPES, "sqlExpr",
                   mill_bind_sql(b, err), "functionName", mill_error_fmt(err, "`%s`", b->fn->name),
                   "dataType", "\"ARRAY\"", "leftType", mill_bind_type_sql(b, b->arg_type[0], err),
                   "rightType", mill_bind_type_sql(b, b->arg_type[at], err), NULL);
}

mill_status mill_bind_null_type(mill_binding *b, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NULL_TYPE, "sqlExpr", mill_bind_sql(b, err),
                   "functionName", mill_error_fmt(err, "`%s`", b->fn->name), NULL);
}

/* What is no array: array_position does not take NULL, array_remove and array_insert find that the
** types do not go together. */
static mill_status no_array(mill_binding *b, int at, mill_error *err) {
  const char *name = b->fn->name;
  if (strcmp(name, "array_position") == 0 && b->arg_type[0]->id == MILL_NULL)
    return mill_bind_null_type(b, err);
  if (strcmp(name, "array_remove") == 0 || strcmp(name, "array_insert") == 0)
    return mill_bind_element_differs(b, at, err);
  return mill_bind_wrong_type(b, 0, "\"ARRAY\"", err);
}

mill_status mill_bind_element(mill_binding *b, int at, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  if (t->id != MILL_ARRAY) return no_array(b, at, err);
  const mill_type *e = mill_tightest_type(b->ctx->types, t->fields[0].type, b->arg_type[at]);
  if (e == NULL) return mill_bind_element_differs(b, at, err);
  b->cast_to[0] = mill_type_array(b->ctx->types, e, t->contains_null);
  b->cast_to[at] = e;
  return b->cast_to[0] ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

mill_status mill_bind_arrays(mill_binding *b, mill_error *err) {
  const mill_type *x = b->arg_type[0], *y = b->arg_type[1];
  const mill_type *e = x->id == MILL_ARRAY && y->id == MILL_ARRAY
                           ? mill_tightest_type(b->ctx->types, x->fields[0].type, y->fields[0].type)
                           : NULL;
  if (e == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_BINARY_ARRAY_DIFF_TYPES, "sqlExpr",
                     mill_bind_sql(b, err), "functionName",
                     mill_error_fmt(err, "`%s`", b->fn->name), "arrayType", "\"ARRAY\"", "leftType",
                     mill_bind_type_sql(b, x, err), "rightType", mill_bind_type_sql(b, y, err),
                     NULL);
  b->cast_to[0] = mill_type_array(b->ctx->types, e, x->contains_null);
  b->cast_to[1] = mill_type_array(b->ctx->types, e, y->contains_null);
  return b->cast_to[0] && b->cast_to[1] ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

static mill_status array_of(mill_binding *b, const mill_type *e, bool nulls, mill_error *err) {
  b->result = mill_type_array(b->ctx->types, e, nulls);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

/* ---- adding elements ------------------------------------------------------------------------ */

static mill_status add_end(mill_call *call, const mill_vector *const *args, size_t n,
                           mill_vector *out, bool front, mill_error *err) {
  list_out o;
  list_open(&o, call, out);
  for (uint32_t i = 0; i < n; i++) {
    if (!mill_vector_valid(args[0], i)) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    const mill_vector *x = mill_vector_valid(args[1], i) ? args[1] : NULL;
    if (front) MILL_TRY(list_add(&o, x, i, err));
    MILL_TRY(list_add_span(&o, args[0]->child, span_at(args[0], i), err));
    if (!front) MILL_TRY(list_add(&o, x, i, err));
    list_row(&o, i);
  }
  return list_close(&o, err);
}

KERNEL_HEAD(k_append) { return add_end(call, args, n, out, false, err); }
KERNEL_HEAD(k_prepend) { return add_end(call, args, n, out, true, err); }

static mill_status bind_add(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_element(b, 1, err));
  b->nullable = b->arg_nullable[0];
  return array_of(
      b, b->cast_to[1],
      b->arg_type[0]->contains_null || b->arg_nullable[1] || b->arg_type[1]->id == MILL_NULL, err);
}

/* Places from 1, or from the end; beyond the array nulls fill the gap. */
static mill_status insert_row(list_out *o, const mill_vector *const *args, uint32_t i,
                              mill_error *err) {
  mill_span s = span_at(args[0], i);
  int64_t pos = (int64_t)mill_int_at(args[1], i), size = s.size;
  const mill_vector *x = mill_vector_valid(args[2], i) ? args[2] : NULL;
  if (pos == 0) return mill_call_fail(o->call, err, MILL_E_INVALID_INDEX_OF_ZERO, NULL);
  int64_t at = pos > 0 ? pos - 1 : size + pos + 1;
  if (at > INT32_MAX - 16 || at < -(int64_t)INT32_MAX + 16)
    return mill_call_fail(
        o->call, err, MILL_E_COLLECTION_SIZE_LIMIT_EXCEEDED_FUNCTION, "numberOfElements",
        mill_error_fmt(err, "%lld", (long long)(pos < 0 ? -pos : pos)), "maxRoundedArrayLength",
        "2147483632", "functionName", "`array_insert`", NULL);
  if (at < 0) {
    MILL_TRY(list_add(o, x, i, err));
    for (; at < 0; at++) MILL_TRY(list_add(o, NULL, 0, err));
    return list_add_span(o, args[0]->child, s, err);
  }
  int64_t head = at < size ? at : size;
  MILL_TRY(list_add_span(o, args[0]->child, (mill_span){s.start, (uint32_t)head}, err));
  for (int64_t k = size; k < at; k++) MILL_TRY(list_add(o, NULL, 0, err));
  MILL_TRY(list_add(o, x, i, err));
  return list_add_span(o, args[0]->child,
                       (mill_span){s.start + (uint32_t)head, (uint32_t)(size - head)}, err);
}

KERNEL_HEAD(k_insert) {
  list_out o;
  list_open(&o, call, out);
  for (uint32_t i = 0; i < n; i++) {
    if (!mill_vector_valid(args[0], i) || !mill_vector_valid(args[1], i)) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    MILL_TRY(insert_row(&o, args, i, err));
    list_row(&o, i);
  }
  return list_close(&o, err);
}

static mill_status bind_insert(mill_binding *b, mill_error *err) {
  mill_type_id id = b->arg_type[1]->id;
  if (b->arg_type[0]->id == MILL_ARRAY && id != MILL_INT && id != MILL_TINYINT &&
      id != MILL_SMALLINT)
    return mill_bind_wrong_type(b, 1, "\"INT\"", err);
  MILL_TRY(mill_bind_element(b, 2, err));
  b->cast_to[1] = mill_type_of(MILL_INT);
  b->nullable = b->arg_nullable[0] || b->arg_nullable[1];
  return array_of(b, b->cast_to[2], true, err);
}

KERNEL_HEAD(k_repeat) {
  list_out o;
  list_open(&o, call, out);
  for (uint32_t i = 0; i < n; i++) {
    if (!mill_vector_valid(args[1], i)) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    int32_t count = MILL_AT(int32_t, args[1], i);
    if (count > INT32_MAX - 15)
      return mill_call_fail(call, err, MILL_E_COLLECTION_SIZE_LIMIT_EXCEEDED_PARAMETER,
                            "numberOfElements", mill_error_fmt(err, "%d", (int)count),
                            "maxRoundedArrayLength", "2147483632", "functionName", "`array_repeat`",
                            "parameter", "`count`", NULL);
    const mill_vector *x = mill_vector_valid(args[0], i) ? args[0] : NULL;
    for (int32_t k = 0; k < count; k++) MILL_TRY(list_add(&o, x, i, err));
    list_row(&o, i);
  }
  return list_close(&o, err);
}

static mill_status bind_repeat(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "any, !int -> int", err));
  b->nullable = b->arg_nullable[1];
  return array_of(b, b->cast_to[0], b->arg_nullable[0] || b->cast_to[0]->id == MILL_NULL, err);
}

/* ---- leaving out ---------------------------------------------------------------------------- */

/* The elements between those that go are added in one. */
KERNEL_HEAD(k_remove) {
  list_out o;
  uint32_t *gone;
  const mill_vector *c = args[0]->child;
  MILL_TRY(mill_list_places(call, n, &gone, err));
  list_open(&o, call, out);
  if (c) mill_list_find(args[0], args[1], out->valid, n, gone);
  MILL_EACH(out, n, i) {
    mill_span s = span_at(args[0], i);
    uint32_t from = s.start, stop = s.start + s.size, k = gone[i];
    for (; c && k < stop; k++) {
      if (!mill_vector_valid(c, k) || mill_vector_compare(c, k, args[1], i) != 0) continue;
      MILL_TRY(list_add_span(&o, c, (mill_span){from, k - from}, err));
      from = k + 1;
    }
    MILL_TRY(list_add_span(&o, c, (mill_span){from, stop - from}, err));
    list_row(&o, i);
  }
  return list_close(&o, err);
}

static mill_status bind_remove(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_element(b, 1, err));
  b->result = b->cast_to[0];
  return MILL_OK;
}

KERNEL_HEAD(k_compact) {
  list_out o;
  list_open(&o, call, out);
  MILL_EACH(out, n, i) {
    mill_span s = span_at(args[0], i);
    for (uint32_t k = s.start; k < s.start + s.size; k++)
      if (args[0]->child->type->id != MILL_NULL && mill_vector_valid(args[0]->child, k))
        MILL_TRY(list_add(&o, args[0]->child, k, err));
    list_row(&o, i);
  }
  return list_close(&o, err);
}

static mill_status bind_compact(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "array -> $1", err));
  return array_of(b, b->cast_to[0]->fields[0].type, false, err);
}

/* The elements are those of the argument, and shared with it. */
KERNEL_HEAD(k_slice) {
  mill_span *r = out->data;
  if (args[0]->child) out->child[0] = args[0]->child[0];
  MILL_EACH(out, n, i) {
    mill_span s = span_at(args[0], i);
    int64_t start = MILL_AT(int32_t, args[1], i), length = MILL_AT(int32_t, args[2], i);
    if (start == 0)
      return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_START, "parameter", "`start`",
                            "functionName", "`slice`", NULL);
    if (length < 0)
      return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_LENGTH, "parameter",
                            "`length`", "functionName", "`slice`", "length",
                            mill_error_fmt(err, "%lld", (long long)length), NULL);
    int64_t from = start > 0 ? start - 1 : (int64_t)s.size + start;
    r[i] = (mill_span){0, 0};
    if (from < 0 || from >= (int64_t)s.size) continue;
    int64_t most = (int64_t)s.size - from;
    r[i] = (mill_span){s.start + (uint32_t)from, (uint32_t)(length < most ? length : most)};
  }
  return MILL_OK;
}

/* ---- asking --------------------------------------------------------------------------------- */

KERNEL_HEAD(k_position) {
  int64_t *r = out->data;
  uint32_t *at;
  MILL_TRY(mill_list_places(call, n, &at, err));
  if (args[0]->child == NULL) return MILL_OK; /* all rows are null */
  mill_list_find(args[0], args[1], out->valid, n, at);
  for (size_t i = 0; i < n; i++)
    r[i] = at[i] == MILL_NO_ELEMENT ? 0 : (int64_t)at[i] - MILL_AT(mill_span, args[0], i).start + 1;
  return MILL_OK;
}

static mill_status bind_position(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_element(b, 1, err));
  b->result = mill_type_of(MILL_BIGINT);
  return MILL_OK;
}

static mill_status best_element(mill_call *call, const mill_vector *v, size_t n, mill_vector *out,
                                int sign, mill_error *err) {
  uint32_t *at;
  MILL_TRY(mill_list_places(call, n, &at, err));
  mill_list_best(v, sign, n, at);
  return mill_list_pick(call, v->child, at, n, out, err);
}

KERNEL_HEAD(k_array_max) { return best_element(call, args[0], n, out, 1, err); }
KERNEL_HEAD(k_array_min) { return best_element(call, args[0], n, out, -1, err); }

static mill_status bind_best(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "array -> $1.element", err));
  const mill_type *e = b->cast_to[0]->fields[0].type;
  b->nullable = true;
  if (!mill_type_orderable(e)) return mill_bind_unordered(b, b->fn->name, b->arg_type[0], err);
  return MILL_OK;
}

KERNEL_HEAD(k_get) {
  uint32_t *at;
  MILL_TRY(mill_list_places(call, n, &at, err));
  for (size_t i = 0; i < n; i++) {
    mill_span s = span_at(args[0], i);
    int64_t k = mill_vector_valid(args[1], i) ? MILL_AT(int32_t, args[1], i) : -1;
    at[i] = k >= 0 && k < (int64_t)s.size ? s.start + (uint32_t)k : MILL_NO_ELEMENT;
  }
  return mill_list_pick(call, args[0]->child, at, n, out, err);
}

static mill_status bind_get(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "!array, int -> $1.element", err));
  if (b->arg_type[0]->id != MILL_ARRAY) return mill_bind_wrong_type(b, 0, "\"ARRAY\"", err);
  b->nullable = true;
  return MILL_OK;
}

/* The texts of a row that count; NULLs have one, or are left out. */
static inline bool item_text(const mill_vector *const *args, int nargs, const mill_vector *c,
                             uint32_t k, size_t i, const mill_str **out) {
  bool null = c->type->id == MILL_NULL || !mill_vector_valid(c, k);
  if (null && nargs < 3) return false;
  *out = null ? &MILL_AT(mill_str, args[2], i) : &MILL_AT(mill_str, c, k);
  return true;
}

/* Short texts go as they are in one move; what is behind them is written over, and is ours. */
static inline char *put_short(char *w, const mill_str *s) {
  if (s->size <= MILL_STR_INLINE)
    memcpy(w, s->prefix, MILL_STR_INLINE);
  else
    memcpy(w, s->u.ptr, s->size);
  return w + s->size;
}

/* n texts, none of which is null, with the gap between them. */
static mill_status join_all(mill_call *call, const mill_str *x, uint32_t n, const mill_str *gap,
                            mill_str *out, mill_error *err) {
  size_t total = MILL_STR_INLINE + (size_t)n * gap->size;
  char *p = NULL;
  for (uint32_t k = 0; k < n; k++) total += x[k].size;
  MILL_TRY(mill_bytes_take(call, total, &p, err));
  char *w = n ? put_short(p, x) : p;
  for (uint32_t k = 1; k < n; k++) w = put_short(put_short(w, gap), &x[k]);
  *out = mill_str_done(call, p, (size_t)(w - p));
  return MILL_OK;
}

KERNEL_HEAD(k_join) {
  mill_str *r = out->data;
  const mill_vector *c = args[0]->child;
  bool all = c->valid == NULL && c->index == NULL && c->mask && c->type->id != MILL_NULL;
  MILL_EACH(out, n, i) {
    mill_span s = span_at(args[0], i);
    const mill_str *gap = &MILL_AT(mill_str, args[1], i), *x;
    if (all) {
      MILL_TRY(join_all(call, (const mill_str *)c->data + s.start, s.size, gap, &r[i], err));
      continue;
    }
    size_t total = MILL_STR_INLINE;
    char *p = NULL;
    for (uint32_t k = s.start; k < s.start + s.size; k++)
      if (item_text(args, call->nargs, c, k, i, &x)) total += (size_t)gap->size + x->size;
    MILL_TRY(mill_bytes_take(call, total, &p, err));
    char *w = p;
    bool some = false;
    for (uint32_t k = s.start; k < s.start + s.size; k++) {
      if (!item_text(args, call->nargs, c, k, i, &x)) continue;
      if (some) w = put_short(w, gap);
      w = put_short(w, x);
      some = true;
    }
    r[i] = mill_str_done(call, p, (size_t)(w - p));
  }
  return MILL_OK;
}

/* ---- order ---------------------------------------------------------------------------------- */

/* Nulls first going up, last going down. */
KERNEL_HEAD(k_sort) {
  MILL_EACH(out, n, i) {
    bool down = !MILL_AT(uint8_t, args[1], i);
    MILL_TRY(mill_list_sort(call, args[0], i, (mill_list_order){down, down}, out, err));
  }
  return MILL_OK;
}

static mill_status bind_sort(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "array, !boolean? -> $1", err));
  if (b->nargs > 1 && b->arg_value[1] == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", "`ascendingOrder`", "inputType",
                     "\"BOOLEAN\"", "inputExpr", mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 1)),
                     NULL);
  if (!mill_type_orderable(b->cast_to[0]))
    return mill_bind_unordered(b, b->fn->name, b->arg_type[0], err);
  return MILL_OK;
}

/* ---- nested --------------------------------------------------------------------------------- */

KERNEL_HEAD(k_flatten) {
  list_out o;
  list_open(&o, call, out);
  MILL_EACH(out, n, i) {
    mill_span s = span_at(args[0], i);
    const mill_vector *inner = args[0]->child;
    bool null = false;
    for (uint32_t k = s.start; k < s.start + s.size; k++) null |= !mill_vector_valid(inner, k);
    if (null) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    for (uint32_t k = s.start; k < s.start + s.size; k++)
      MILL_TRY(list_add_span(&o, inner->child, span_at(inner, k), err));
    list_row(&o, i);
  }
  return list_close(&o, err);
}

static mill_status bind_flatten(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  if (t->id != MILL_ARRAY || t->fields[0].type->id != MILL_ARRAY)
    return mill_bind_wrong_type(b, 0, "\"ARRAY<ARRAY>\"", err);
  b->result = t->fields[0].type;
  b->nullable |= t->contains_null;
  return MILL_OK;
}

/* A struct of the n-th elements; the shorter ones give nulls. */
KERNEL_HEAD(k_zip) {
  mill_vector *item = &out->child[0];
  mill_span *r = out->data;
  uint32_t *sizes;
  uint64_t total = 0;
  MILL_TRY(mill_list_places(call, n, &sizes, err));
  for (size_t i = 0; i < n; i++) {
    sizes[i] = 0;
    for (int a = 0; a < call->nargs && mill_valid_bit(out->valid, i); a++) {
      uint32_t size = span_at(args[a], i).size;
      if (size > sizes[i]) sizes[i] = size;
    }
    r[i] = (mill_span){(uint32_t)total, sizes[i]};
    total += sizes[i];
  }
  if (total >= UINT32_MAX) return mill_oom(call->arena->memory, total, err);
  MILL_TRY(mill_vector_reserve(item, (uint32_t)total, call->arena, err));
  for (int a = 0; a < call->nargs; a++)
    MILL_TRY(mill_list_pad(call, args[a], sizes, n, total, &item->child[a], err));
  item->size = (uint32_t)total;
  return MILL_OK;
}

/* The name of a column's text, or the place. */
static const char *zip_name(mill_binding *b, int i) {
  const char *s = mill_arg_sql(b, i), *dot = strrchr(s, '.');
  bool name = b->arg_value[i] == NULL && strpbrk(s, "( '\"") == NULL;
  if (name) return dot ? dot + 1 : s;
  char buf[16];
  int k = snprintf(buf, sizeof buf, "%d", i);
  return mill_arena_strndup(b->arena, buf, (size_t)k);
}

static mill_status bind_zip(mill_binding *b, mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_types(b, "array* -> int", err));
  MILL_TRY(mill_bind_alloc(b, (size_t)(b->nargs + 1) * sizeof(mill_field), &mem, err));
  mill_field *f = mem;
  for (int i = 0; i < b->nargs; i++) {
    f[i] = (mill_field){zip_name(b, i), b->cast_to[i]->fields[0].type, true, NULL};
    if (f[i].name == NULL) return mill_oom(b->ctx->memory, 16, err);
  }
  const mill_type *t = mill_type_struct(b->ctx->types, f, (uint32_t)b->nargs);
  return t ? array_of(b, t, false, err) : mill_oom(b->ctx->memory, 1, err);
}

#define DEF(NAME, TYPES, KERNEL, BIND, FLAGS, FILL, USAGE, DOC, EXAMPLE)                           \
  {                                                                                                \
    .name = NAME, .types = TYPES, .kernel = KERNEL, .bind = BIND, .flags = FLAGS, .fill = FILL,    \
    .usage = USAGE, .doc = DOC, .example = EXAMPLE                                                 \
  }

const mill_function mill_family_array[] = {
    DEF("array_append", "any, any", k_append, bind_add, MILL_FN_NULLS, NULL,
        "array_append(array, element)", "The array with an element behind.",
        "SELECT array_append(array('b', 'd', 'c', 'a'), 'd') -> [\"b\",\"d\",\"c\",\"a\",\"d\"]"),
    DEF("array_prepend", "any, any", k_prepend, bind_add, MILL_FN_NULLS, NULL,
        "array_prepend(array, element)", "The array with an element in front.",
        "SELECT array_prepend(array('b', 'd'), 'd') -> [\"d\",\"b\",\"d\"]"),
    DEF("array_insert", "any, any, any", k_insert, bind_insert, MILL_FN_NULLS, NULL,
        "array_insert(x, pos, val)", "The array with an element at a place from 1.",
        "SELECT array_insert(array(1, 2, 3, 4), 5, 5) -> [1,2,3,4,5]"),
    DEF("array_repeat", "any, !int", k_repeat, bind_repeat, MILL_FN_NULLS, NULL,
        "array_repeat(element, count)", "An array of the element so many times.",
        "SELECT array_repeat('123', 2) -> [\"123\",\"123\"]"),
    DEF("array_remove", "any, any", k_remove, bind_remove, MILL_FN_NO_RAISE, NULL,
        "array_remove(array, element)", "The array without the elements equal to one.",
        "SELECT array_remove(array(1, 2, 3, null, 3), 3) -> [1,2,null]"),
    DEF("array_compact", "array", k_compact, bind_compact, MILL_FN_NO_RAISE, NULL,
        "array_compact(array)", "The array without nulls.",
        "SELECT array_compact(array(1, 2, 3, null)) -> [1,2,3]"),
    DEF("slice", "array, int, int -> $1", k_slice, NULL, 0, NULL, "slice(x, start, length)",
        "A part of the array, from a place from 1 or from the end.",
        "SELECT slice(array(1, 2, 3, 4), 2, 2) -> [2,3]"),
    DEF("array_position", "any, any", k_position, bind_position, MILL_FN_NO_RAISE, NULL,
        "array_position(array, element)", "The place of the first such element, from 1; 0: none.",
        "SELECT array_position(array(312, 773, 708, 708), 708) -> 3"),
    DEF("array_max", "array", k_array_max, bind_best, MILL_FN_NULLS | MILL_FN_NO_RAISE, NULL,
        "array_max(array)", "The largest element.",
        "SELECT array_max(array(1, 20, null, 3)) -> 20"),
    DEF("array_min", "array", k_array_min, bind_best, MILL_FN_NULLS | MILL_FN_NO_RAISE, NULL,
        "array_min(array)", "The smallest element.",
        "SELECT array_min(array(1, 20, null, 3)) -> 1"),
    DEF("get", "array, int", k_get, bind_get, MILL_FN_NULLS | MILL_FN_NO_RAISE, NULL,
        "get(array, index)", "The element at a place from 0; null where there is none.",
        "SELECT get(array(1, 2, 3), 0) -> 1"),
    DEF("array_join", "array<string>, !string, !string? -> string", k_join, NULL, 0, NULL,
        "array_join(array, delimiter[, nullReplacement])", "The elements with a text between them.",
        "SELECT array_join(array('hello', null, 'world'), ' ', ',') -> hello , world"),
    DEF("sort_array", "array, !boolean?", k_sort, bind_sort, MILL_FN_NO_RAISE, ", true",
        "sort_array(array[, ascendingOrder])", "The elements in order; nulls are smallest.",
        "SELECT sort_array(array('b', 'd', null, 'c', 'a'), true) -> "
        "[null,\"a\",\"b\",\"c\",\"d\"]"),
    DEF("flatten", "any", k_flatten, bind_flatten, MILL_FN_NO_RAISE, NULL, "flatten(arrayOfArrays)",
        "The elements of the arrays in one.",
        "SELECT flatten(array(array(1, 2), array(3, 4))) -> [1,2,3,4]"),
    DEF("arrays_zip", "array*", k_zip, bind_zip, 0, NULL, "arrays_zip(a1, a2, ...)",
        "Structs of the elements at the same place.",
        "SELECT arrays_zip(array(1, 2), array(2, 3)) -> [{\"0\":1,\"1\":2},{\"0\":2,\"1\":3}]"),
    {0}};
