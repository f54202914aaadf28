/* Order, grouping equality and hashes of values; see vector.h.
**
** The order is Spark's: false < true, NaN above every number and equal to itself, -0.0 equal to
** 0.0, strings by bytes (or by their lower-case form under UTF8_LCASE), lists and structs item by
** item with nulls first, intervals by their parts in turn. Hashes agree with that equality. They
** are internal: Spark's own hash functions are SQL functions of kernel/hash.c. */
#include <utf8proc.h>

#include "base/collation.h"
#include "base/utf8.h"
#include "column/vector.h"

#define SIGN(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_double(double a, double b) {
  bool na = a != a, nb = b != b;
  if (na || nb) return (int)na - (int)nb;
  return SIGN(a, b);
}

static int compare_interval(const mill_interval *a, const mill_interval *b) {
  if (a->months != b->months) return SIGN(a->months, b->months);
  if (a->days != b->days) return SIGN(a->days, b->days);
  return SIGN(a->micros, b->micros);
}

static int compare_str(const mill_type *t, const mill_str *a, const mill_str *b) {
  if (t->collation == MILL_UTF8_BINARY) return mill_str_compare(a, b);
  return mill_collation_compare(t->collation, mill_str_data(a), a->size, mill_str_data(b), b->size);
}

static int compare_at(const mill_vector *a, uint32_t i, const mill_vector *b, uint32_t j);

/* Two items that may be null; nulls come first. */
static int compare_items(const mill_vector *a, size_t i, const mill_vector *b, size_t j) {
  bool va = mill_vector_valid(a, i), vb = mill_vector_valid(b, j);
  if (!va || !vb) return (int)va - (int)vb;
  return compare_at(a, mill_vector_at(a, i), b, mill_vector_at(b, j));
}

static int compare_lists(const mill_vector *a, uint32_t i, const mill_vector *b, uint32_t j) {
  mill_span x = ((const mill_span *)a->data)[i], y = ((const mill_span *)b->data)[j];
  uint32_t n = x.size < y.size ? x.size : y.size;
  for (uint32_t k = 0; k < n; k++)
    for (uint32_t c = 0; c < a->type->nfields; c++) {
      int r = compare_items(&a->child[c], x.start + k, &b->child[c], y.start + k);
      if (r) return r;
    }
  return SIGN(x.size, y.size);
}

static int compare_structs(const mill_vector *a, uint32_t i, const mill_vector *b, uint32_t j) {
  for (uint32_t c = 0; c < a->type->nfields; c++) {
    int r = compare_items(&a->child[c], i, &b->child[c], j);
    if (r) return r;
  }
  return 0;
}

#define COMPARE_AS(T) SIGN(((const T *)a->data)[i], ((const T *)b->data)[j])

static int compare_at(const mill_vector *a, uint32_t i, const mill_vector *b, uint32_t j) {
  switch (a->type->phys) {
  case MILL_PHYS_NONE: return 0;
  case MILL_PHYS_BOOL: return COMPARE_AS(uint8_t);
  case MILL_PHYS_I8: return COMPARE_AS(int8_t);
  case MILL_PHYS_I16: return COMPARE_AS(int16_t);
  case MILL_PHYS_I32: return COMPARE_AS(int32_t);
  case MILL_PHYS_I64: return COMPARE_AS(int64_t);
  case MILL_PHYS_I128: return COMPARE_AS(mill_i128);
  case MILL_PHYS_F32:
    return compare_double(((const float *)a->data)[i], ((const float *)b->data)[j]);
  case MILL_PHYS_F64:
    return compare_double(((const double *)a->data)[i], ((const double *)b->data)[j]);
  case MILL_PHYS_STR:
    return compare_str(a->type, (const mill_str *)a->data + i, (const mill_str *)b->data + j);
  case MILL_PHYS_INTERVAL:
    return compare_interval((const mill_interval *)a->data + i, (const mill_interval *)b->data + j);
  case MILL_PHYS_LIST: return compare_lists(a, i, b, j);
  case MILL_PHYS_STRUCT: return compare_structs(a, i, b, j);
  }
  return 0;
}

int mill_vector_compare(const mill_vector *a, size_t i, const mill_vector *b, size_t j) {
  return compare_at(a, mill_vector_at(a, i), b, mill_vector_at(b, j));
}

bool mill_vector_equal(const mill_vector *a, size_t i, const mill_vector *b, size_t j) {
  if (a->type->phys == MILL_PHYS_STR && a->type->collation == MILL_UTF8_BINARY) {
    bool va = mill_vector_valid(a, i), vb = mill_vector_valid(b, j);
    if (!va || !vb) return va == vb;
    return mill_str_equal((const mill_str *)a->data + mill_vector_at(a, i),
                          (const mill_str *)b->data + mill_vector_at(b, j));
  }
  return compare_items(a, i, b, j) == 0;
}

/* ---- hashing -------------------------------------------------------------------------------- */

#define NULL_HASH 0x9ae16a3b2f90404full

/* Multiply-fold of two words: the mixing step of wyhash and its kin. */
static inline uint64_t mix(uint64_t a, uint64_t b) {
  __uint128_t p = (__uint128_t)(a ^ 0xa0761d6478bd642full) * (b ^ 0xe7037ed1a0b428dbull);
  return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static uint64_t hash_bytes(const char *p, size_t n) {
  uint64_t h = n, w = 0;
  for (; n >= 8; p += 8, n -= 8) {
    memcpy(&w, p, 8);
    h = mix(h, w);
  }
  w = 0;
  if (n) memcpy(&w, p, n);
  return mix(h, w);
}

static inline uint64_t hash_double(double d) {
  uint64_t w;
  if (d != d) return mix(0x7ff8000000000000ull, 1);
  d += 0.0; /* -0.0 becomes 0.0 */
  memcpy(&w, &d, 8);
  return mix(w, 1);
}

static uint64_t hash_str(const mill_type *t, const mill_str *s) {
  if (t->collation != MILL_UTF8_BINARY)
    return mill_collation_hash(t->collation, mill_str_data(s), s->size);
  if (s->size <= MILL_STR_INLINE) {
    uint64_t w[2];
    memcpy(w, s, 16);
    return mix(w[0], w[1]);
  }
  return hash_bytes(s->u.ptr, s->size);
}

static uint64_t hash_at(const mill_vector *v, uint32_t k);

static uint64_t hash_item(const mill_vector *v, size_t i) {
  return mill_vector_valid(v, i) ? hash_at(v, mill_vector_at(v, i)) : NULL_HASH;
}

static uint64_t hash_list(const mill_vector *v, uint32_t k) {
  mill_span s = ((const mill_span *)v->data)[k];
  uint64_t h = s.size;
  for (uint32_t i = 0; i < s.size; i++)
    for (uint32_t c = 0; c < v->type->nfields; c++)
      h = mix(h, hash_item(&v->child[c], s.start + i));
  return h;
}

static uint64_t hash_struct(const mill_vector *v, uint32_t k) {
  uint64_t h = v->type->nfields;
  for (uint32_t c = 0; c < v->type->nfields; c++) h = mix(h, hash_item(&v->child[c], k));
  return h;
}

static uint64_t hash_interval(const mill_interval *s) {
  return mix(mix((uint32_t)s->months, (uint32_t)s->days), (uint64_t)s->micros);
}

#define HASH_INT(T) mix((uint64_t)(int64_t)((const T *)v->data)[k], 1)

static uint64_t hash_i128(const mill_i128 *x) {
  uint64_t w[2];
  memcpy(w, x, 16);
  return mix(w[0], w[1]);
}

static uint64_t hash_at(const mill_vector *v, uint32_t k) {
  switch (v->type->phys) {
  case MILL_PHYS_NONE: return NULL_HASH;
  case MILL_PHYS_BOOL: return HASH_INT(uint8_t);
  case MILL_PHYS_I8: return HASH_INT(int8_t);
  case MILL_PHYS_I16: return HASH_INT(int16_t);
  case MILL_PHYS_I32: return HASH_INT(int32_t);
  case MILL_PHYS_I64: return HASH_INT(int64_t);
  case MILL_PHYS_I128: return hash_i128((const mill_i128 *)v->data + k);
  case MILL_PHYS_F32: return hash_double(((const float *)v->data)[k]);
  case MILL_PHYS_F64: return hash_double(((const double *)v->data)[k]);
  case MILL_PHYS_STR: return hash_str(v->type, (const mill_str *)v->data + k);
  case MILL_PHYS_INTERVAL: return hash_interval((const mill_interval *)v->data + k);
  case MILL_PHYS_LIST: return hash_list(v, k);
  case MILL_PHYS_STRUCT: return hash_struct(v, k);
  }
  return NULL_HASH;
}

/* One loop a type for the keys that matter; the rest go value by value. */
#define HASH_LOOP(EXPR)                                                                            \
  for (size_t i = 0; i < n; i++) {                                                                 \
    uint32_t k = mill_vector_at(v, sel ? sel[i] : i);                                              \
    uint64_t x = mill_valid_bit(v->valid, k) ? (EXPR) : NULL_HASH;                                 \
    h[i] = combine ? mix(h[i], x) : x;                                                             \
  }

void mill_vector_hash(const mill_vector *v, const uint32_t *sel, size_t n, bool combine,
                      uint64_t *h) {
  switch (v->type->phys) {
  case MILL_PHYS_I32: HASH_LOOP(HASH_INT(int32_t)) break;
  case MILL_PHYS_I64: HASH_LOOP(HASH_INT(int64_t)) break;
  case MILL_PHYS_STR: HASH_LOOP(hash_str(v->type, (const mill_str *)v->data + k)) break;
  default: HASH_LOOP(hash_at(v, k)) break;
  }
}
