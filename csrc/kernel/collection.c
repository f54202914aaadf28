/* Making arrays, maps and structs, and taking them apart. */

#include "base/text.h"
#include "kernel/list_words.h"

#define KERNEL(NAME)                                                                               \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

static mill_status made(mill_binding *b, const mill_type *t, mill_error *err) {
  b->result = t;
  return t ? MILL_OK : mill_oom(b->ctx->memory, sizeof *t, err);
}

/* Are some of the arguments from, from + step, .. nullable? */
static bool some_nullable(const mill_binding *b, int from, int step) {
  for (int i = from; i < b->nargs; i += step)
    if (b->arg_nullable[i] || b->arg_type[i]->id == MILL_NULL) return true;
  return false;
}

/* Cast the arguments from, from + step, .. to their common type; STRING of none. */
static mill_status common(mill_binding *b, int from, int step, const mill_type **out,
                          mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, (size_t)b->nargs + 1, &mem, err));
  bool *same = mem;
  for (int i = from; i < b->nargs; i += step) same[i] = true;
  if (b->nargs > from) MILL_TRY(mill_bind_common(b, same, err));
  *out = b->nargs > from ? b->cast_to[from] : mill_type_of(MILL_NULL);
  return MILL_OK;
}

/* ---- array ---------------------------------------------------------------------------------- */

KERNEL(k_array) {
  mill_span *span = out->data;
  uint32_t size = (uint32_t)call->nargs, from = out->child[0].size;
  for (uint32_t i = 0; i < n; i++) span[i] = (mill_span){from + i * size, size};
  return mill_list_interleave(call, &out->child[0], args, call->nargs, 1, n, err);
}

static mill_status bind_array(mill_binding *b, mill_error *err) {
  const mill_type *t;
  MILL_TRY(common(b, 0, 1, &t, err));
  b->nullable = false;
  return made(b, mill_type_array(b->ctx->types, t, some_nullable(b, 0, 1)), err);
}

/* ---- map ------------------------------------------------------------------------------------ */

KERNEL(k_map) {
  mill_span *span = out->data;
  uint32_t size = (uint32_t)call->nargs / 2, from = out->child[0].size;
  for (uint32_t i = 0; i < n; i++) span[i] = (mill_span){from + i * size, size};
  MILL_TRY(mill_list_interleave(call, &out->child[0], args, call->nargs, 2, n, err));
  MILL_TRY(mill_list_interleave(call, &out->child[1], args + 1, call->nargs - 1, 2, n, err));
  MILL_TRY(mill_check_maps(call, &out->child[0], span, n, err));
  return mill_map_last_wins(call, out, n, err);
}

static mill_status bind_map(mill_binding *b, mill_error *err) {
  const mill_type *k, *v;
  if (b->nargs % 2)
    return mill_fail(err, MILL_E_WRONG_NUM_ARGS_WITHOUT_SUGGESTION, "functionName", "`map`",
                     "expectedNum", "2n (n > 0)", "actualNum", mill_error_fmt(err, "%d", b->nargs),
                     "docroot", "https://spark.apache.org/docs/latest", NULL);
  MILL_TRY(common(b, 0, 2, &k, err));
  MILL_TRY(mill_bind_map_key(b, k, err));
  MILL_TRY(common(b, 1, 2, &v, err));
  b->nullable = false;
  return made(b, mill_type_map(b->ctx->types, k, v, some_nullable(b, 1, 2)), err);
}

/* ---- struct --------------------------------------------------------------------------------- */

KERNEL(k_struct) {
  for (int k = 0; k + 1 < call->nargs; k += 2)
    MILL_TRY(mill_vector_append(&out->child[k / 2], args[k + 1], NULL, n, false, call->arena, err));
  return MILL_OK;
}

/* Names are constant texts; the error tells those that are none. */
static mill_status odd_name(mill_binding *b, mill_error *err) {
  char list[1024];
  size_t at = 0;
  list[0] = 0;
  for (int i = 0; i < b->nargs && at < sizeof list - 80; i += 2) {
    const mill_vector *v = b->arg_value[i];
    if (v && b->arg_type[i]->id == MILL_STRING && mill_vector_valid(v, 0)) continue;
    at += (size_t)snprintf(list + at, sizeof list - at, "%s\"%.64s\"", at ? ", " : "",
                           mill_arg_sql(b, i));
  }
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING,
                   "sqlExpr", mill_bind_sql(b, err), "inputExprs",
                   mill_error_fmt(err, "[%s]", list), NULL);
}

static mill_status bind_struct(mill_binding *b, mill_error *err) {
  void *mem;
  if (b->nargs % 2)
    return mill_fail(err, MILL_E_WRONG_NUM_ARGS_WITHOUT_SUGGESTION, "functionName",
                     "`named_struct`", "expectedNum", "2n (n > 0)", "actualNum",
                     mill_error_fmt(err, "%d", b->nargs), "docroot",
                     "https://spark.apache.org/docs/latest", NULL);
  MILL_TRY(mill_bind_alloc(b, (size_t)(b->nargs / 2 + 1) * sizeof(mill_field), &mem, err));
  mill_field *f = mem;
  for (int i = 0; i + 1 < b->nargs; i += 2) {
    const mill_vector *v = b->arg_value[i];
    if (v == NULL || b->arg_type[i]->id != MILL_STRING || !mill_vector_valid(v, 0))
      return odd_name(b, err);
    const mill_str *s = v->data;
    const char *name = mill_arena_strndup(b->arena, mill_str_data(s), s->size);
    if (name == NULL) return mill_oom(b->ctx->memory, s->size, err);
    f[i / 2] = (mill_field){name, b->arg_type[i + 1],
                            b->arg_nullable[i + 1] || b->arg_type[i + 1]->id == MILL_NULL, NULL};
  }
  b->nullable = false;
  return made(b, mill_type_struct(b->ctx->types, f, (uint32_t)b->nargs / 2), err);
}

/* ---- elements ------------------------------------------------------------------------------- */

static inline bool both_there(const mill_vector *const *args, size_t i) {
  return mill_vector_valid(args[0], i) && mill_vector_valid(args[1], i);
}

/* a[i], from 0; outside: INVALID_ARRAY_INDEX in ANSI mode. */
KERNEL(k_array_at) {
  uint32_t *at;
  MILL_TRY(mill_list_places(call, n, &at, err));
  for (size_t i = 0; i < n; i++) {
    at[i] = MILL_NO_ELEMENT;
    if (!both_there(args, i)) continue;
    mill_span s = MILL_AT(mill_span, args[0], i);
    int64_t k = (int64_t)mill_int_at(args[1], i);
    if (k >= 0 && k < (int64_t)s.size)
      at[i] = s.start + (uint32_t)k;
    else if (call->set->ansi)
      return mill_call_fail(call, err, MILL_E_INVALID_ARRAY_INDEX, "indexValue",
                            mill_error_fmt(err, "%lld", (long long)k), "arraySize",
                            mill_error_fmt(err, "%u", s.size), NULL);
  }
  return mill_list_pick(call, args[0]->child, at, n, out, err);
}

KERNEL(k_map_at) {
  uint32_t *at;
  MILL_TRY(mill_list_places(call, n, &at, err));
  if (args[0]->child == NULL || mill_count_valid(args[1], n) == 0) {
    memset(at, 0xff, n * sizeof *at);
  } else {
    mill_list_find(args[0], args[1], args[1]->mask ? args[1]->valid : NULL, n, at);
  }
  return mill_list_pick(call, args[0]->child ? &args[0]->child[1] : NULL, at, n, out, err);
}

static mill_status bind_extract(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0], *key = b->arg_type[1];
  b->nullable = true;
  if (t->id == MILL_MAP) {
    b->cast_to[1] = t->fields[0].type;
    b->result = t->fields[1].type;
    b->kernel = k_map_at;
    return MILL_OK;
  }
  if (t->id != MILL_ARRAY) return mill_bind_wrong_type(b, 0, "(\"ARRAY\" or \"MAP\")", err);
  if (!mill_type_integral(key) && key->id != MILL_NULL)
    return mill_bind_wrong_type(b, 1, "\"INTEGRAL\"", err);
  if (!mill_type_integral(key)) b->cast_to[1] = mill_type_of(MILL_INT);
  b->result = t->fields[0].type;
  b->kernel = k_array_at;
  return MILL_OK;
}

/* element_at(a, i): from 1, from the end when negative; element_at(map, key). */
KERNEL(k_element_at) {
  bool strict = strcmp(call->fn->name, "element_at") == 0 && call->set->ansi;
  uint32_t *at;
  MILL_TRY(mill_list_places(call, n, &at, err));
  for (size_t i = 0; i < n; i++) {
    at[i] = MILL_NO_ELEMENT;
    if (!both_there(args, i)) continue;
    mill_span s = MILL_AT(mill_span, args[0], i);
    int64_t k = MILL_AT(int32_t, args[1], i), size = s.size;
    if (k == 0) return mill_call_fail(call, err, MILL_E_INVALID_INDEX_OF_ZERO, NULL);
    int64_t place = k > 0 ? k - 1 : size + k;
    if (place >= 0 && place < size)
      at[i] = s.start + (uint32_t)place;
    else if (strict)
      return mill_call_fail(call, err, MILL_E_INVALID_ARRAY_INDEX_IN_ELEMENT_AT, "indexValue",
                            mill_error_fmt(err, "%lld", (long long)k), "arraySize",
                            mill_error_fmt(err, "%u", s.size), NULL);
  }
  return mill_list_pick(call, args[0]->child, at, n, out, err);
}

/* The key is looked for as what it and the map's keys are without loss. */
static mill_status bind_entry_at(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0], *x = b->arg_type[1];
  const mill_type *k = x->id == MILL_NULL ? t->fields[0].type
                                          : mill_tightest_type(b->ctx->types, t->fields[0].type, x);
  if (k == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_MAP_FUNCTION_DIFF_TYPES, "sqlExpr",
                     mill_bind_sql(b, err), "functionName", "`element_at`", "dataType", "\"MAP\"",
                     "leftType", mill_bind_type_sql(b, t, err), "rightType",
                     mill_bind_type_sql(b, x, err), NULL);
  b->cast_to[0] = mill_type_map(b->ctx->types, k, t->fields[1].type, t->contains_null);
  b->cast_to[1] = k;
  b->result = t->fields[1].type;
  b->kernel = k_map_at;
  return b->cast_to[0] ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

static mill_status bind_element_at(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  b->nullable = true;
  if (t->id == MILL_MAP) return bind_entry_at(b, err);
  if (t->id != MILL_ARRAY) return mill_bind_wrong_type(b, 0, "(\"ARRAY\" or \"MAP\")", err);
  mill_type_id key = b->arg_type[1]->id;
  if (key != MILL_INT && key != MILL_SMALLINT && key != MILL_TINYINT)
    return mill_bind_wrong_type(b, 1, "\"INT\"", err);
  MILL_TRY(mill_bind_types(b, "array|map, int -> int", err));
  b->result = b->cast_to[0]->fields[0].type;
  b->kernel = k_element_at;
  b->nullable = true;
  return MILL_OK;
}

KERNEL(k_size) {
  int32_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) r[i] = (int32_t)MILL_AT(mill_span, args[0], i).size;
  return MILL_OK;
}

/* map_keys, map_values: the children are shared. */
static mill_status child_list(const mill_vector *map, int which, size_t n, mill_vector *out) {
  mill_span *span = out->data;
  for (size_t i = 0; i < n; i++)
    span[i] = mill_valid_bit(out->valid, i) ? MILL_AT(mill_span, map, i) : (mill_span){0, 0};
  out->child[0] = map->child[which];
  return MILL_OK;
}

KERNEL(k_map_keys) {
  (void)call, (void)err;
  return child_list(args[0], 0, n, out);
}
KERNEL(k_map_values) {
  (void)call, (void)err;
  return child_list(args[0], 1, n, out);
}

static mill_status bind_map_list(mill_binding *b, mill_error *err) {
  int which = strcmp(b->fn->name, "map_values") == 0;
  MILL_TRY(mill_bind_types(b, "map -> int", err));
  const mill_field *f = &b->cast_to[0]->fields[which];
  return made(b, mill_type_array(b->ctx->types, f->type, which && b->cast_to[0]->contains_null),
              err);
}

/* true where an element equals; else null where one is null. */
KERNEL(k_array_contains) {
  uint8_t *r = out->data;
  uint32_t *at;
  const mill_vector *c = args[0]->child;
  MILL_TRY(mill_list_places(call, n, &at, err));
  if (c == NULL) return MILL_OK; /* all rows are null */
  mill_list_find(args[0], args[1], out->valid, n, at);
  for (size_t i = 0; i < n; i++) r[i] = at[i] != MILL_NO_ELEMENT;
  if (c->valid == NULL && c->type->phys != MILL_PHYS_NONE) return MILL_OK;
  MILL_EACH(out, n, i) {
    mill_span s = MILL_AT(mill_span, args[0], i);
    bool null = false;
    for (uint32_t k = s.start; !r[i] && k < s.start + s.size; k++) null |= !mill_vector_valid(c, k);
    if (null) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

static mill_status bind_array_contains(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  if (t->id == MILL_NULL || b->arg_type[1]->id == MILL_NULL) return mill_bind_null_type(b, err);
  if (t->id != MILL_ARRAY) return mill_bind_wrong_type(b, 0, "\"ARRAY\"", err);
  const mill_type *e = t->fields[0].type;
  const mill_type *c = mill_common_type(b->ctx->types, e, b->arg_type[1]);
  if (c == NULL || mill_promotes_text(e, b->arg_type[1]))
    return mill_bind_element_differs(b, 1, err);
  if (c != e) b->cast_to[0] = mill_type_array(b->ctx->types, c, t->contains_null);
  b->cast_to[1] = c;
  b->result = mill_type_of(MILL_BOOLEAN);
  b->nullable = b->arg_nullable[0] || b->arg_nullable[1] || t->contains_null;
  return b->cast_to[0] ? MILL_OK : mill_oom(b->ctx->memory, sizeof *t, err);
}

/* ---- typeof --------------------------------------------------------------------------------- */

KERNEL(k_typeof) {
  const mill_str *s = call->state;
  (void)args, (void)err;
  for (size_t i = 0; i < n; i++) ((mill_str *)out->data)[i] = *s;
  return MILL_OK;
}

static mill_status bind_typeof(mill_binding *b, mill_error *err) {
  mill_text t;
  void *mem;
  mill_text_init(&t, b->ctx->memory);
  mill_status s = mill_type_simple(b->arg_type[0], &t, err);
  const char *copy = s ? NULL : mill_arena_strndup(b->arena, t.data, t.size);
  size_t n = t.size;
  mill_text_clear(&t);
  if (s != MILL_OK) return s;
  if (copy == NULL) return mill_oom(b->ctx->memory, n, err);
  MILL_TRY(mill_bind_alloc(b, sizeof(mill_str), &mem, err));
  *(mill_str *)mem = mill_str_view(copy, n);
  b->state = mem;
  b->result = mill_type_of(MILL_STRING);
  b->nullable = false;
  return MILL_OK;
}

const mill_function mill_family_collection[] = {
    {.name = "array",
     .types = "any*",
     .bind = bind_array,
     .kernel = k_array,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "array(expr, ...)",
     .doc = "An array of the values.",
     .example = "SELECT array(1, 2, 3) -> [1,2,3]"},
    {.name = "map",
     .types = "any*",
     .bind = bind_map,
     .kernel = k_map,
     .flags = MILL_FN_NULLS | MILL_FN_NEVER_NULL,
     .usage = "map(key0, value0, ...)",
     .doc = "A map of the keys and values.",
     .example = "SELECT map(1.0, '2', 3.0, '4') -> {1.0:\"2\",3.0:\"4\"}"},
    {.name = "named_struct",
     .types = "any, any, any*",
     .bind = bind_struct,
     .kernel = k_struct,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "named_struct(name1, val1, ...)",
     .doc = "A struct of the names and values.",
     .example = "SELECT named_struct('a', 1) -> {\"a\":1}"},
    {.name = "struct",
     .types = "any*",
     .bind = bind_struct,
     .kernel = k_struct,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "struct(col1, col2, ...)",
     .doc = "A struct of the values under their names.",
     .example = "SELECT struct(1) -> {\"col1\":1}"},
    {.name = "extract_value",
     .types = "array|map, any",
     .bind = bind_extract,
     .flags = MILL_FN_NULLS | MILL_FN_HIDDEN,
     .usage = "collection[key]",
     .doc = "The element at a position from 0, or the value of a key.",
     .example = "SELECT array(1, 2)[1] -> 2"},
    {.name = "element_at",
     .types = "array|map, any",
     .bind = bind_element_at,
     .flags = MILL_FN_NULLS,
     .usage = "element_at(collection, key)",
     .doc = "The element at a position from 1, or the value of a key.",
     .example = "SELECT element_at(array(1, 2, 3), 2) -> 2"},
    {.name = "try_element_at",
     .types = "array|map, any",
     .bind = bind_element_at,
     .flags = MILL_FN_NULLS,
     .usage = "try_element_at(collection, key)",
     .doc = "As element_at, with null where there is no such position.",
     .example = "SELECT try_element_at(array(1, 2, 3), 2) -> 2"},
    {.name = "size",
     .types = "!array|map -> int",
     .kernel = k_size,
     .flags = MILL_FN_NO_RAISE,
     .alias = "cardinality",
     .usage = "size(expr)",
     .doc = "How many elements or entries there are.",
     .example = "SELECT size(array('b', 'd', 'c', 'a')) -> 4"},
    {.name = "array_size",
     .types = "array -> int",
     .kernel = k_size,
     .flags = MILL_FN_NO_RAISE,
     .usage = "array_size(expr)",
     .doc = "How many elements the array has.",
     .example = "SELECT array_size(array('b', 'd', 'c', 'a')) -> 4"},
    {.name = "map_keys",
     .types = "map",
     .bind = bind_map_list,
     .kernel = k_map_keys,
     .flags = MILL_FN_NO_RAISE,
     .usage = "map_keys(map)",
     .doc = "The keys as an array.",
     .example = "SELECT map_keys(map(1, 'a', 2, 'b')) -> [1,2]"},
    {.name = "map_values",
     .types = "map",
     .bind = bind_map_list,
     .kernel = k_map_values,
     .flags = MILL_FN_NO_RAISE,
     .usage = "map_values(map)",
     .doc = "The values as an array.",
     .example = "SELECT map_values(map(1, 'a', 2, 'b')) -> [\"a\",\"b\"]"},
    {.name = "array_contains",
     .types = "array, any",
     .bind = bind_array_contains,
     .kernel = k_array_contains,
     .flags = MILL_FN_NO_RAISE,
     .usage = "array_contains(array, value)",
     .doc = "True where the array holds the value.",
     .example = "SELECT array_contains(array(1, 2, 3), 2) -> true"},
    {.name = "typeof",
     .types = "any",
     .bind = bind_typeof,
     .kernel = k_typeof,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "typeof(expr)",
     .doc = "The type of the value as text.",
     .example = "SELECT typeof(1) -> int"},
    {0}};
