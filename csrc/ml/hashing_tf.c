/* HashingTF: how often each item of an array occurs, at the place that its hash gives it.
**
** The hash is MurmurHash3 x86-32 with seed 42 of the item's value, modulo numFeatures; a null item
** has the seed as its hash. Different items may share a place. The result is always sparse.
** Reference: Spark's ml.feature.HashingTF. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ml/stage_int.h"

enum { SEED = 42 };

static const mill_param params[] = {
    MILL_P_INPUT,
    MILL_P_OUTPUT,
    {"numFeatures", MILL_PARAM_INT, "262144", "[1,]", "places of the vector"},
    {"binary", MILL_PARAM_BOOLEAN, "false", NULL,
     "1 for every item that occurs, instead of counts"},
    {0}};

typedef struct hashing {
  int places;
  bool binary;
} hashing;

static int32_t float_bits(float f) {
  int32_t bits;
  if (isnan(f)) f = NAN; /* one NaN, as in Java */
  memcpy(&bits, &f, sizeof bits);
  return isnan(f) ? 0x7fc00000 : bits;
}

static int64_t double_bits(double d) {
  int64_t bits;
  memcpy(&bits, &d, sizeof bits);
  return isnan(d) ? 0x7ff8000000000000 : bits;
}

static int32_t hash_item(const mill_vector *v, uint32_t i) {
  if (!mill_vector_valid(v, i)) return SEED;
  uint32_t k = mill_vector_at(v, i);
  switch (v->type->phys) {
  case MILL_PHYS_BOOL: return mill_murmur3_int(((const uint8_t *)v->data)[k], SEED);
  case MILL_PHYS_I8: return mill_murmur3_int(((const int8_t *)v->data)[k], SEED);
  case MILL_PHYS_I16: return mill_murmur3_int(((const int16_t *)v->data)[k], SEED);
  case MILL_PHYS_I32: return mill_murmur3_int(((const int32_t *)v->data)[k], SEED);
  case MILL_PHYS_I64: return mill_murmur3_long(((const int64_t *)v->data)[k], SEED);
  case MILL_PHYS_F32: return mill_murmur3_int(float_bits(((const float *)v->data)[k]), SEED);
  case MILL_PHYS_F64: return mill_murmur3_long(double_bits(((const double *)v->data)[k]), SEED);
  default: {
    const mill_str *s = (const mill_str *)v->data + k;
    return mill_murmur3_bytes2(mill_str_data(s), s->size, SEED);
  }
  }
}

static bool can_hash(const mill_type *t) {
  switch (t->id) {
  case MILL_BOOLEAN:
  case MILL_TINYINT:
  case MILL_SMALLINT:
  case MILL_INT:
  case MILL_BIGINT:
  case MILL_FLOAT:
  case MILL_DOUBLE:
  case MILL_STRING:
  case MILL_NULL: return true;
  default: return false;
  }
}

static int compare_places(const void *a, const void *b) {
  int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

/* The places of a list's items in order, each as often as it occurs. */
static mill_status hash_list(const hashing *h, const mill_vector *items, mill_span span,
                             int32_t *places) {
  for (uint32_t i = 0; i < span.size; i++) {
    int64_t at = hash_item(items, span.start + i) % (int64_t)h->places;
    places[i] = (int32_t)(at < 0 ? at + h->places : at);
  }
  qsort(places, span.size, sizeof *places, compare_places);
  return MILL_OK;
}

static mill_status put_counts(mill_call *call, const hashing *h, const int32_t *places, uint32_t n,
                              mill_vector *out, size_t row, mill_error *err) {
  int32_t *index;
  double *values;
  int distinct = 0;
  for (uint32_t i = 0; i < n; i++) distinct += i == 0 || places[i] != places[i - 1];
  MILL_TRY(mill_vec_put_sparse(out, row, h->places, distinct, call->arena, &index, &values, err));
  int at = -1;
  for (uint32_t i = 0; i < n; i++) {
    if (i == 0 || places[i] != places[i - 1]) index[++at] = places[i], values[at] = 0;
    values[at] = h->binary ? 1 : values[at] + 1;
  }
  return MILL_OK;
}

static mill_status k_count(mill_call *call, const mill_vector *const *args, size_t n,
                           mill_vector *out, mill_error *err) {
  const hashing *h = call->state;
  const mill_vector *items = &args[0]->child[0];
  int32_t *places = NULL;
  uint32_t room = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t k = (uint32_t)i & args[0]->mask;
    if (!mill_valid_bit(args[0]->valid, k)) return mill_row_null(call, err);
    mill_span span = ((const mill_span *)args[0]->data)[k];
    if (span.size && !can_hash(items->type))
      return mill_row_fail(call, err, "items of this type cannot be hashed");
    if (span.size > room) {
      room = 2 * span.size;
      places = mill_arena_alloc(call->arena, room * sizeof *places);
      if (places == NULL) return mill_oom(call->arena->memory, room * sizeof *places, err);
    }
    if (span.size) MILL_TRY(hash_list(h, items, span, places));
    MILL_TRY(put_counts(call, h, places, span.size, out, i, err));
  }
  return MILL_OK;
}

static mill_status bind(mill_binder *b, mill_error *err) {
  const mill_bound *e;
  const mill_type *type = mill_type_of(MILL_VECTOR);
  hashing *h = mill_arena_alloc(b->arena, sizeof *h);
  MILL_TRY(mill_bind_input(b, mill_get_text(b->stage, "inputCol"), MILL_IN_ARRAY, &e, NULL, err));
  if (h == NULL) return mill_oom(b->ctx->memory, sizeof *h, err);
  *h = (hashing){mill_get_int(b->stage, "numFeatures"), mill_get_bool(b->stage, "binary")};
  const char *meta = mill_attrs_write(NULL, h->places, b->arena);
  if (meta == NULL) return mill_oom(b->ctx->memory, 1, err);
  MILL_TRY(mill_bind_kernel(b, "HashingTF", k_count, MILL_FN_NULLS, type, h, &e, 1, &e, err));
  return mill_bind_output(b, mill_get_text(b->stage, "outputCol"), type, true, meta, e, err);
}

const mill_stage_class mill_class_HashingTF = {
    .name = "HashingTF",
    .package = "feature",
    .role = MILL_TRANSFORMER,
    .doc = "Counts the words of a list at places given by their hashes; needs no vocabulary.",
    .example =
        "ml.feature.HashingTF{ inputCol = \"words\", outputCol = \"counts\", numFeatures = 1024 }\n"
        "  :transform(df):show()",
    .params = params,
    .bind = bind,
};
