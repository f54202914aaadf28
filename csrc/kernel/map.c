/* Maps made and asked: map_concat, map_entries, map_from_arrays, map_from_entries, map_contains_key.
** A null key is an error, and so is a key that comes twice, unless the last value wins. */
#include "base/decimal.h"
#include "base/number.h"
#include "kernel/bytes_int.h"
#include "kernel/list_words.h"

/* A key as Java prints what a row holds of it: dates and times are numbers. */
static mill_status put_key(const mill_vector *v, size_t i, mill_text *out, mill_error *err);

/* [a,b] */
static mill_status put_parts(const mill_vector *v, size_t at, mill_text *out, mill_error *err) {
  bool fields = v->type->id == MILL_STRUCT;
  mill_span s = {0, v->type->nfields};
  if (!fields) s = ((const mill_span *)v->data)[at];
  MILL_TRY(mill_text_addc(out, '[', err));
  for (uint32_t i = 0; i < s.size; i++) {
    if (i) MILL_TRY(mill_text_addc(out, ',', err));
    MILL_TRY(put_key(&v->child[fields ? i : 0], fields ? at : s.start + i, out, err));
  }
  return mill_text_addc(out, ']', err);
}

static mill_status put_key(const mill_vector *v, size_t i, mill_text *out, mill_error *err) {
  char buf[MILL_DOUBLE_TEXT + MILL_DECIMAL_TEXT];
  const mill_type *t = v->type;
  if (!mill_vector_valid(v, i)) return mill_text_add(out, "null", 4, err);
  switch (t->phys) {
  case MILL_PHYS_STR: {
    const mill_str *s = (const mill_str *)v->data + mill_vector_at(v, i);
    return mill_text_add(out, mill_str_data(s), s->size, err);
  }
  case MILL_PHYS_F32: mill_float_text(MILL_AT(float, v, i), buf); break;
  case MILL_PHYS_F64: mill_double_text(MILL_AT(double, v, i), buf); break;
  case MILL_PHYS_BOOL: return mill_text_printf(out, err, MILL_AT(uint8_t, v, i) ? "true" : "false");
  case MILL_PHYS_LIST:
  case MILL_PHYS_STRUCT: return put_parts(v, mill_vector_at(v, i), out, err);
  default: mill_decimal_format(mill_int_at(v, i), t->id == MILL_DECIMAL ? t->scale : 0, buf);
  }
  return mill_text_printf(out, err, "%s", buf);
}

static const char *key_text(mill_call *call, const mill_vector *keys, uint32_t at,
                            mill_error *err) {
  mill_text text;
  mill_text_init(&text, call->ctx->memory);
  mill_status s = put_key(keys, at, &text, err);
  const char *out = s == MILL_OK ? mill_error_fmt(err, "%.200s", text.data) : "?";
  mill_text_clear(&text);
  return out;
}

static mill_status check_key(mill_call *call, const mill_vector *keys, uint32_t from, uint32_t at,
                             mill_error *err) {
  if (!mill_vector_valid(keys, at)) return mill_call_fail(call, err, MILL_E_NULL_MAP_KEY, NULL);
  for (uint32_t k = from; k < at && !call->set->last_wins; k++)
    if (mill_vector_equal(keys, k, keys, at))
      return mill_call_fail(call, err, MILL_E_DUPLICATED_MAP_KEY, "key",
                            key_text(call, keys, at, err), "mapKeyDedupPolicy",
                            "\"spark.sql.mapKeyDedupPolicy\"", NULL);
  return MILL_OK;
}

#define DIFFER(T)                                                                                  \
  for (uint32_t k = at; k < at + n; k++)                                                           \
    for (uint32_t before = from; before < k; before++)                                             \
  same |= MILL_WORD_SAME(((const T *)keys->data)[before], ((const T *)keys->data)[k])

/* Whether the n keys from `at` on are known to differ from each other and those from `from` on. */
static bool are_new(const mill_vector *keys, uint32_t from, uint32_t at, uint32_t n) {
  bool same = false;
  if (keys->valid || !mill_list_words(keys)) return false;
  switch (keys->type->phys) {
    MILL_WORD_CASES(DIFFER)
  default: break;
  }
  return !same;
}

mill_status mill_check_map_keys(mill_call *call, const mill_vector *keys, uint32_t from,
                                uint32_t at, uint32_t n, mill_error *err) {
  if (are_new(keys, from, at, n)) return MILL_OK;
  for (uint32_t k = at; k < at + n; k++) MILL_TRY(check_key(call, keys, from, k, err));
  return MILL_OK;
}

/* Keys that ascend, as they do mostly, differ. */
#define ROWS_DIFFER(T)                                                                             \
  for (size_t i = 0; i < n; i++) {                                                                 \
    const T *key = (const T *)keys->data + map[i].start;                                           \
    bool ascend = true;                                                                            \
    for (uint32_t k = 1; k < map[i].size; k++) ascend &= key[k - 1] < key[k];                      \
    for (uint32_t k = 1; !ascend && k < map[i].size; k++)                                          \
      for (uint32_t before = 0; before < k; before++) same |= MILL_WORD_SAME(key[before], key[k]); \
  }

mill_status mill_check_maps(mill_call *call, const mill_vector *keys, const mill_span *map,
                            size_t n, mill_error *err) {
  bool same = keys->valid || !mill_list_words(keys);
  if (!same) {
    switch (keys->type->phys) {
      MILL_WORD_CASES(ROWS_DIFFER)
    default: break;
    }
  }
  for (size_t i = 0; same && i < n; i++)
    MILL_TRY(mill_check_map_keys(call, keys, map[i].start, map[i].start, map[i].size, err));
  return MILL_OK;
}

/* Row i's entries among `total`: each key once, where it stood first, with the value it had last. */
static uint32_t last_values(const mill_vector *keys, mill_span s, uint32_t *key, uint32_t *value) {
  uint32_t kept = 0;
  for (uint32_t e = s.start; e < s.start + s.size; e++) {
    uint32_t k = 0;
    while (k < kept && !mill_vector_equal(keys, key[k], keys, e)) k++;
    if (k == kept) key[kept++] = e;
    value[k] = e;
  }
  return kept;
}

mill_status mill_map_last_wins(mill_call *call, mill_vector *out, size_t n, mill_error *err) {
  mill_span *r = out->data;
  uint32_t total = out->child[0].size, at = 0;
  mill_vector child[2];
  if (!call->set->last_wins) return MILL_OK;
  uint32_t *sel = mill_arena_alloc(call->arena, 2 * ((size_t)total + 1) * sizeof *sel);
  if (sel == NULL) return mill_oom(call->arena->memory, total * sizeof *sel, err);
  uint32_t *value = sel + total + 1;
  for (size_t i = 0; i < n; i++) {
    bool ok = mill_valid_bit(out->valid, i);
    uint32_t kept = ok ? last_values(&out->child[0], r[i], sel + at, value + at) : 0;
    r[i] = (mill_span){at, kept};
    at += kept;
  }
  for (int c = 0; c < 2; c++)
    MILL_TRY(mill_vector_gather(&child[c], &out->child[c], c ? value : sel, at, false, call->arena,
                                err));
  out->child[0] = child[0];
  out->child[1] = child[1];
  return MILL_OK;
}

/* Values that have no order, and no one form, cannot be told apart: they are no keys. */
static bool keyed(const mill_type *t) {
  if (t->id == MILL_MAP || t->id == MILL_VARIANT) return false;
  for (uint32_t i = 0; i < t->nfields; i++)
    if (!keyed(t->fields[i].type)) return false;
  return true;
}

mill_status mill_bind_map_key(mill_binding *b, const mill_type *key, mill_error *err) {
  if (keyed(key)) return MILL_OK;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_INVALID_MAP_KEY_TYPE, "sqlExpr",
                   mill_bind_sql(b, err), "keyType", mill_bind_type_sql(b, key, err), NULL);
}

/* Values that lie one behind the other as they are: no dictionary, no nulls, no children. */
static bool is_plain(const mill_vector *v) {
  return v->mask && v->index == NULL && v->valid == NULL && v->type->width && v->child == NULL;
}

/* Append n values from row `start` on. */
static mill_status put_run(mill_call *call, mill_vector *to, const mill_vector *v, uint32_t start,
                           uint32_t n, mill_error *err) {
  uint32_t rows[64];
  if (is_plain(v) && n < UINT32_MAX - to->size) {
    size_t width = to->type->width;
    if (n > to->capacity - to->size)
      MILL_TRY(mill_vector_reserve(to, to->size + n, call->arena, err));
    memcpy((char *)to->data + to->size * width, (const char *)v->data + start * width, n * width);
    to->size += n;
    return MILL_OK;
  }
  for (uint32_t at = 0, some; at < n; at += some) {
    some = n - at < 64 ? n - at : 64;
    for (uint32_t k = 0; k < some; k++) rows[k] = start + at + k;
    MILL_TRY(mill_vector_append(to, v, rows, some, false, call->arena, err));
  }
  return MILL_OK;
}

/* Append n entries to the map that began at `from`. */
static mill_status put_entries(mill_call *call, mill_vector *out, const mill_vector *keys,
                               uint32_t k, const mill_vector *values, uint32_t v, uint32_t n,
                               uint32_t from, mill_error *err) {
  mill_vector *key = &out->child[0];
  uint32_t first = key->size;
  if (n == 0) return MILL_OK;
  MILL_TRY(put_run(call, key, keys, k, n, err));
  MILL_TRY(put_run(call, &out->child[1], values, v, n, err));
  return mill_check_map_keys(call, key, from, first, n, err);
}

#define COPY_ENTRIES(T)                                                                            \
  for (int a = 0; a < call->nargs; a++) {                                                          \
    const mill_span *span = args[a]->data;                                                         \
    const uint32_t mask = args[a]->mask;                                                           \
    const T *from = args[a]->child[c].data;                                                        \
    MILL_EACH(out, n, i) {                                                                         \
      const mill_span s = span[i & mask];                                                          \
      T *restrict w = (T *)to->data + at[i];                                                       \
      for (uint32_t k = 0; k < s.size; k++) w[k] = from[s.start + k];                              \
      at[i] += s.size;                                                                             \
    }                                                                                              \
  }                                                                                                \
  break;

/* Keys (c = 0) or values of all maps of a row one behind the other, from at[i] on, for which there is room. */
static void copy_entries(mill_call *call, const mill_vector *const *args, size_t n, int c,
                         uint32_t *at, mill_vector *out) {
  mill_vector *to = &out->child[c];
  switch (to->type->width) {
  case 1: COPY_ENTRIES(uint8_t)
  case 2: COPY_ENTRIES(uint16_t)
  case 4: COPY_ENTRIES(uint32_t)
  case 8: COPY_ENTRIES(uint64_t)
  default: COPY_ENTRIES(mill_i128)
  }
}

static bool all_plain(const mill_call *call, const mill_vector *const *args) {
  for (int a = 0; a < call->nargs; a++)
    for (int c = 0; c < 2; c++)
      if (args[a]->child == NULL || !is_plain(&args[a]->child[c])) return false;
  return true;
}

static mill_status concat_plain(mill_call *call, const mill_vector *const *args, size_t n,
                                mill_vector *out, mill_error *err) {
  mill_span *r = out->data;
  uint32_t total = out->child[0].size, *at = mill_arena_take(call->arena, (n + 1) * sizeof *at);
  if (at == NULL) return mill_oom(call->arena->memory, n * sizeof *at, err);
  for (size_t i = 0; i < n; i++) {
    r[i] = (mill_span){total, 0};
    for (int a = 0; mill_valid_bit(out->valid, i) && a < call->nargs; a++)
      r[i].size += span_at(args[a], i).size;
    total += r[i].size;
  }
  for (int c = 0; c < 2; c++) {
    for (size_t i = 0; i < n; i++) at[i] = r[i].start;
    copy_entries(call, args, n, c, at, out);
    out->child[c].size = total;
  }
  return mill_check_maps(call, &out->child[0], r, n, err);
}

/* Room for all entries of the batch, so that no row asks for some. */
static mill_status reserve_entries(mill_call *call, const mill_vector *const *args, size_t n,
                                   mill_vector *out, mill_error *err) {
  uint64_t total = out->child[0].size;
  for (int a = 0; a < call->nargs; a++)
    for (size_t i = 0; i < n; i++) total += span_at(args[a], i).size;
  if (total > INT32_MAX) return mill_oom(call->arena->memory, total, err);
  for (int c = 0; c < 2; c++)
    MILL_TRY(mill_vector_reserve(&out->child[c], (uint32_t)total, call->arena, err));
  return MILL_OK;
}

KERNEL_HEAD(k_concat) {
  MILL_TRY(reserve_entries(call, args, n, out, err));
  if (all_plain(call, args)) {
    MILL_TRY(concat_plain(call, args, n, out, err));
    return mill_map_last_wins(call, out, n, err);
  }
  MILL_EACH(out, n, i) {
    uint32_t from = out->child[0].size;
    for (int a = 0; a < call->nargs; a++) {
      mill_span s = span_at(args[a], i);
      const mill_vector *of = args[a]->child;
      if (s.size == 0) continue;
      MILL_TRY(put_entries(call, out, &of[0], s.start, &of[1], s.start, s.size, from, err));
    }
    ((mill_span *)out->data)[i] = (mill_span){from, out->child[0].size - from};
  }
  return mill_map_last_wins(call, out, n, err);
}

static mill_status bind_concat(mill_binding *b, mill_error *err) {
  const mill_type *text = mill_type_of(MILL_STRING);
  for (int i = 0; i < b->nargs; i++)
    if (b->arg_type[i]->id != MILL_MAP)
      return mill_fail(err, MILL_E_DATATYPE_MISMATCH_MAP_CONCAT_DIFF_TYPES, "sqlExpr",
                       mill_bind_sql(b, err), "functionName", "`map_concat`", "dataType",
                       mill_error_fmt(err, "[%s]", mill_bind_type_list(b, NULL, ", ", err)), NULL);
  if (b->nargs) {
    const mill_type *t = b->arg_type[0];
    for (int i = 1; i < b->nargs && t; i++) {
      const mill_type *u = b->arg_type[i];
      const mill_type *k = mill_common_key(b->ctx->types, t->fields[0].type, u->fields[0].type);
      const mill_type *v = mill_common_type(b->ctx->types, t->fields[1].type, u->fields[1].type);
      t = k && v ? mill_type_map(b->ctx->types, k, v, t->contains_null || u->contains_null) : NULL;
    }
    if (t == NULL) return mill_bind_diff_types(b, NULL, err);
    for (int i = 0; i < b->nargs; i++) b->cast_to[i] = t;
    b->result = t;
  } else {
    b->result = mill_type_map(b->ctx->types, text, text, false);
  }
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

KERNEL_HEAD(k_entries) {
  mill_vector *item = &out->child[0];
  mill_span *r = out->data;
  MILL_EACH(out, n, i) {
    mill_span s = span_at(args[0], i);
    uint32_t from = item->size;
    MILL_TRY(mill_vector_reserve(item, from + s.size, call->arena, err));
    for (int c = 0; s.size && c < 2; c++)
      MILL_TRY(put_run(call, &item->child[c], &args[0]->child[c], s.start, s.size, err));
    item->size = from + s.size;
    r[i] = (mill_span){from, s.size};
  }
  return MILL_OK;
}

static mill_status bind_entries(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "map -> int", err));
  const mill_type *t = b->cast_to[0];
  const mill_field f[] = {{"key", t->fields[0].type, false, NULL},
                          {"value", t->fields[1].type, t->contains_null, NULL}};
  const mill_type *item = mill_type_struct(b->ctx->types, f, 2);
  b->result = item ? mill_type_array(b->ctx->types, item, false) : NULL;
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

/* Whether every row has its keys and its values at the same places of two children that hold values. */
static bool side_by_side(const mill_vector *const *args, const mill_vector *out, size_t n) {
  const mill_vector *k = args[0], *v = args[1];
  bool differ = false;
  for (int c = 0; c < 2; c++)
    if (args[c]->child == NULL || args[c]->child->type->phys == MILL_PHYS_NONE) return false;
  MILL_EACH(out, n, i) {
    mill_span a = MILL_AT(mill_span, k, i), b = MILL_AT(mill_span, v, i);
    differ |= a.start != b.start || a.size != b.size;
  }
  return !differ;
}

/* The children of both are shared. */
static mill_status join_arrays(mill_call *call, const mill_vector *const *args, size_t n,
                               mill_vector *out, mill_error *err) {
  mill_span *r = out->data;
  for (size_t i = 0; i < n; i++)
    r[i] = mill_valid_bit(out->valid, i) ? MILL_AT(mill_span, args[0], i) : (mill_span){0, 0};
  for (int c = 0; c < 2; c++) out->child[c] = args[c]->child[0];
  return mill_check_maps(call, &out->child[0], r, n, err);
}

static mill_status copy_arrays(mill_call *call, const mill_vector *const *args, size_t n,
                               mill_vector *out, mill_error *err) {
  MILL_EACH(out, n, i) {
    mill_span k = span_at(args[0], i), v = span_at(args[1], i);
    uint32_t from = out->child[0].size;
    if (k.size != v.size) return mill_call_fail(call, err, MILL_E_LEGACY_2128, NULL);
    MILL_TRY(put_entries(call, out, args[0]->child, k.start, args[1]->child, v.start, k.size, from,
                         err));
    ((mill_span *)out->data)[i] = (mill_span){from, k.size};
  }
  return MILL_OK;
}

KERNEL_HEAD(k_from_arrays) {
  bool shared = !call->set->last_wins && side_by_side(args, out, n);
  MILL_TRY((shared ? join_arrays : copy_arrays)(call, args, n, out, err));
  return mill_map_last_wins(call, out, n, err);
}

static mill_status map_of(mill_binding *b, const mill_type *k, const mill_type *v, bool nulls,
                          mill_error *err) {
  MILL_TRY(mill_bind_map_key(b, k, err));
  b->result = mill_type_map(b->ctx->types, k, v, nulls);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

static mill_status bind_from_arrays(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "array, array -> int", err));
  return map_of(b, b->cast_to[0]->fields[0].type, b->cast_to[1]->fields[0].type,
                b->cast_to[1]->contains_null, err);
}

KERNEL_HEAD(k_from_entries) {
  MILL_EACH(out, n, i) {
    mill_span s = span_at(args[0], i);
    const mill_vector *item = args[0]->child;
    uint32_t from = out->child[0].size;
    bool null = false;
    for (uint32_t k = s.start; k < s.start + s.size; k++) null |= !mill_vector_valid(item, k);
    if (null) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    if (s.size)
      MILL_TRY(put_entries(call, out, &item->child[0], s.start, &item->child[1], s.start, s.size,
                           from, err));
    ((mill_span *)out->data)[i] = (mill_span){from, s.size};
  }
  return mill_map_last_wins(call, out, n, err);
}

static mill_status bind_from_entries(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  const mill_type *item = t->id == MILL_ARRAY ? t->fields[0].type : t;
  if (t->id != MILL_ARRAY || item->id != MILL_STRUCT || item->nfields != 2)
    return mill_bind_wrong_type(b, 0, "\"ARRAY\" of pair \"STRUCT\"", err);
  b->nullable |= t->contains_null;
  return map_of(b, item->fields[0].type, item->fields[1].type, item->fields[1].nullable, err);
}

KERNEL_HEAD(k_contains) {
  uint8_t *r = out->data;
  uint32_t *at;
  MILL_TRY(mill_list_places(call, n, &at, err));
  if (args[0]->child == NULL) return MILL_OK; /* all rows are null */
  mill_list_find(args[0], args[1], out->valid, n, at);
  for (size_t i = 0; i < n; i++) r[i] = at[i] != MILL_NO_ELEMENT;
  return MILL_OK;
}

static mill_status bind_contains(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0], *x = b->arg_type[1];
  const mill_type *k =
      t->id == MILL_MAP ? mill_common_type(b->ctx->types, t->fields[0].type, x) : NULL;
  if (x->id == MILL_NULL) return mill_bind_null_type(b, err);
  if (k == NULL || (t->fields[0].type->id == MILL_STRING) != (x->id == MILL_STRING))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_MAP_FUNCTION_DIFF_TYPES, "sqlExpr",
                     mill_bind_sql(b, err), "functionName", "`map_contains_key`", "dataType",
                     "\"MAP\"", "leftType", mill_bind_type_sql(b, t, err), "rightType",
                     mill_bind_type_sql(b, x, err), NULL);
  b->cast_to[0] = mill_type_map(b->ctx->types, k, t->fields[1].type, t->contains_null);
  b->cast_to[1] = k;
  b->result = mill_type_of(MILL_BOOLEAN);
  return b->cast_to[0] ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

#define DEF(NAME, TYPES, KERNEL, BIND, FLAGS, USAGE, DOC, EXAMPLE)                                 \
  {                                                                                                \
    .name = NAME, .types = TYPES, .kernel = KERNEL, .bind = BIND, .flags = FLAGS, .usage = USAGE,  \
    .doc = DOC, .example = EXAMPLE                                                                 \
  }

const mill_function mill_family_map[] = {
    DEF("map_concat", "any*", k_concat, bind_concat, 0, "map_concat(map, ...)",
        "The entries of all maps.",
        "SELECT map_concat(map(1, 'a', 2, 'b'), map(3, 'c')) -> {1:\"a\",2:\"b\",3:\"c\"}"),
    DEF("map_entries", "map", k_entries, bind_entries, MILL_FN_NO_RAISE, "map_entries(map)",
        "The entries as structs of key and value.",
        "SELECT map_entries(map(1, 'a', 2, 'b')) -> "
        "[{\"key\":1,\"value\":\"a\"},{\"key\":2,\"value\":\"b\"}]"),
    DEF("map_from_arrays", "array, array", k_from_arrays, bind_from_arrays, 0,
        "map_from_arrays(keys, values)", "A map of the keys and the values at the same places.",
        "SELECT map_from_arrays(array(1.0, 3.0), array('2', '4')) -> {1.0:\"2\",3.0:\"4\"}"),
    DEF("map_from_entries", "any", k_from_entries, bind_from_entries, 0,
        "map_from_entries(arrayOfEntries)", "A map of structs of key and value.",
        "SELECT map_from_entries(array(struct(1, 'a'), struct(2, 'b'))) -> {1:\"a\",2:\"b\"}"),
    DEF("map_contains_key", "any, any", k_contains, bind_contains,
        MILL_FN_NO_RAISE | MILL_FN_NULLABLE, "map_contains_key(map, key)",
        "True where the map has the key.",
        "SELECT map_contains_key(map(1, 'a', 2, 'b'), 1) -> true"),
    {0}};
