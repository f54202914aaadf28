/* What the families of sketches share; see sketch_int.h. */
#include "kernel/sketch_int.h"

/* ---- values --------------------------------------------------------------------------------- */

static inline void hash_word(uint64_t w, uint64_t out[2]) {
  mill_murmur3_128_word(w, MILL_SKETCH_SEED, out);
}

static inline void hash_double(double d, uint64_t out[2]) {
  uint64_t w;
  if (d == 0) d = 0;
  memcpy(&w, &d, sizeof w);
  if (d != d) w = 0x7ff8000000000000;
  hash_word(w, out);
}

static bool hash_bytes(const void *p, size_t n, uint64_t out[2]) {
  if (n) mill_murmur3_128(p, n, MILL_SKETCH_SEED, out);
  return n != 0;
}

/* The items of a list in their order, NULL as zero. */
static mill_status hash_list(mill_call *call, const mill_vector *v, size_t i, uint64_t out[2],
                             mill_error *err) {
  mill_span s = MILL_AT(mill_span, v, i);
  const mill_vector *item = &v->child[0];
  size_t width = item->type->width, total = s.size * width;
  if (item->valid == NULL && item->index == NULL && item->mask) {
    hash_bytes((const char *)item->data + s.start * width, total, out);
    return MILL_OK;
  }
  char *flat = mill_alloc(call->ctx->memory, total);
  if (flat == NULL) return mill_oom(call->ctx->memory, total, err);
  memset(flat, 0, total);
  for (uint32_t k = 0; k < s.size; k++)
    if (mill_vector_valid(item, s.start + k))
      memcpy(flat + k * width, (const char *)item->data + mill_vector_at(item, s.start + k) * width,
             width);
  hash_bytes(flat, total, out);
  mill_free(call->ctx->memory, flat, total);
  return MILL_OK;
}

#define HASH_ROWS(T, HASH)                                                                         \
  for (uint32_t k = 0; k < n; k++) {                                                               \
    rows->row[rows->n] = (uint32_t)(from + k);                                                     \
    HASH(MILL_AT(T, v, from + k), rows->hash[rows->n]);                                            \
    rows->n += mill_valid_bit(valid, from + k);                                                    \
  }
#define OF_INT(x, out) hash_word((uint64_t)(int64_t)(x), out)
#define OF_REAL(x, out) hash_double((double)(x), out)

static mill_status hash_value(mill_call *call, const mill_vector *v, size_t i, uint64_t out[2],
                              bool *counts, mill_error *err) {
  if (v->type->phys == MILL_PHYS_STR) {
    uint64_t room;
    mill_bytes_key s = mill_text_key(v->type, &MILL_AT(mill_str, v, i), &room);
    *counts = hash_bytes(s.p, s.n, out);
    return MILL_OK;
  }
  *counts = v->type->phys == MILL_PHYS_LIST && MILL_AT(mill_span, v, i).size > 0;
  return *counts ? hash_list(call, v, i, out, err) : MILL_OK;
}

mill_status mill_sketch_hash(mill_call *call, const mill_vector *v, size_t from, size_t stop,
                             mill_sketch_rows *rows, mill_error *err) {
  const uint64_t *valid = v->mask ? v->valid : NULL;
  uint32_t n = stop - from < MILL_SKETCH_ROWS ? (uint32_t)(stop - from) : MILL_SKETCH_ROWS;
  rows->n = 0;
  if (v->mask == 0 && !mill_vector_valid(v, 0)) return MILL_OK;
  switch (v->type->phys) {
  case MILL_PHYS_I32: HASH_ROWS(int32_t, OF_INT) return MILL_OK;
  case MILL_PHYS_I64: HASH_ROWS(int64_t, OF_INT) return MILL_OK;
  case MILL_PHYS_F32: HASH_ROWS(float, OF_REAL) return MILL_OK;
  case MILL_PHYS_F64: HASH_ROWS(double, OF_REAL) return MILL_OK;
  default: break;
  }
  for (uint32_t k = 0; k < n; k++) {
    bool counts = mill_valid_bit(valid, from + k);
    rows->row[rows->n] = (uint32_t)(from + k);
    if (counts) MILL_TRY(hash_value(call, v, from + k, rows->hash[rows->n], &counts, err));
    rows->n += counts;
  }
  return MILL_OK;
}

void mill_sketch_drop_nulls(mill_sketch_rows *rows, const mill_vector *v) {
  uint32_t n = 0;
  if (v->valid == NULL) return;
  for (uint32_t k = 0; k < rows->n; k++) {
    if (!mill_vector_valid(v, rows->row[k])) continue;
    rows->row[n] = rows->row[k];
    memcpy(rows->hash[n++], rows->hash[k], sizeof rows->hash[k]);
  }
  rows->n = n;
}

/* ---- binding -------------------------------------------------------------------------------- */

mill_status mill_sketch_bind_key(mill_binding *b, bool exact, mill_error *err) {
  static const char *const required =
      "(\"ARRAY<INT>\" or \"ARRAY<BIGINT>\" or \"BINARY\" or \"DOUBLE\" or \"FLOAT\" or \"INT\" or "
      "\"BIGINT\" or \"STRING\")";
  const mill_type *t = b->arg_type[0];
  switch (t->id) {
  case MILL_NULL:
  case MILL_BINARY:
  case MILL_DOUBLE:
  case MILL_FLOAT:
  case MILL_INT:
  case MILL_BIGINT:
  case MILL_STRING: return MILL_OK;
  case MILL_ARRAY: {
    mill_type_id item = t->fields[0].type->id;
    return item == MILL_INT || item == MILL_BIGINT ? MILL_OK
                                                   : mill_bind_wrong_type(b, 0, required, err);
  }
  default: break;
  }
  const mill_type *to = mill_type_numeric(t) ? mill_type_of(MILL_DOUBLE)
                                             : mill_convert_to(b->ctx->types, "string", t);
  if (exact || to == NULL) return mill_bind_wrong_type(b, 0, required, err);
  b->cast_to[0] = to;
  return MILL_OK;
}

mill_status mill_sketch_fail(const mill_call *call, mill_status condition, mill_error *err) {
  return mill_call_fail(call, err, condition, "function",
                        mill_error_fmt(err, "`%s`", call->fn->name), NULL);
}

mill_status mill_sketch_bind_fail(mill_binding *b, mill_status condition, mill_error *err) {
  return mill_fail(err, condition, "function", mill_error_fmt(err, "`%s`", b->fn->name), NULL);
}

bool mill_sketch_constant(mill_binding *b, int i, int32_t *value) {
  const mill_vector *v = b->arg_value[i];
  *value = 0;
  if (v && v->type->id == MILL_INT && mill_vector_valid(v, 0)) *value = MILL_AT(int32_t, v, 0);
  return v != NULL;
}

mill_status mill_sketch_range(const char *function, mill_status condition, int32_t value, int least,
                              int most, mill_error *err) {
  if (value >= least && value <= most) return MILL_OK;
  return mill_fail(err, condition, "function", mill_error_fmt(err, "`%s`", function), "min",
                   mill_error_fmt(err, "%d", least), "max", mill_error_fmt(err, "%d", most),
                   "value", mill_error_fmt(err, "%d", (int)value), NULL);
}

mill_status mill_sketch_take(mill_call *call, size_t size, uint8_t **p, mill_error *err) {
  *p = mill_arena_alloc(call->arena, size);
  return *p ? MILL_OK : mill_oom(call->arena->memory, size, err);
}
