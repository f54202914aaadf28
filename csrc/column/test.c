/* Tests of single columns (column/scan.h) against values and ranges of values; see test.h. */
#include "column/test.h"

#include "base/hot.h"

static inline bool is_among(const mill_numbers *s, int64_t x) {
  const uint64_t d = (uint64_t)x - (uint64_t)s->base;
  return d < s->range && (!s->bits || mill_valid_bit(s->bits, d));
}

static int64_t integer_at(const mill_vector *v, size_t i) {
  size_t k = mill_vector_at(v, i);
  return v->type->phys == MILL_PHYS_I32 ? ((const int32_t *)v->data)[k]
                                        : ((const int64_t *)v->data)[k];
}

bool mill_test_passes(const mill_test *t, const mill_vector *v, size_t i) {
  if (t->kind == MILL_TEST_NOT_NULL) return true;
  if (t->kind == MILL_TEST_AMONG) return is_among(t->among, integer_at(v, i));
  if (t->kind == MILL_TEST_IS_NULL) return false;
  for (uint32_t k = 0; t->kind == MILL_TEST_IN && k < t->n; k++)
    if (mill_vector_compare(v, i, t->value, k) == 0) return true;
  if (t->kind == MILL_TEST_IN) return false;
  int c = mill_vector_compare(v, i, t->value, 0);
  switch (t->kind) {
  case MILL_TEST_EQUAL: return c == 0;
  case MILL_TEST_LESS: return c < 0;
  case MILL_TEST_LESS_EQUAL: return c <= 0;
  case MILL_TEST_GREATER: return c > 0;
  default: return c >= 0;
  }
}

static bool is_nan(const mill_vector *v, size_t i) {
  size_t k = mill_vector_at(v, i);
  if (v->type->id == MILL_FLOAT) return ((const float *)v->data)[k] != ((const float *)v->data)[k];
  if (v->type->id != MILL_DOUBLE) return false;
  return ((const double *)v->data)[k] != ((const double *)v->data)[k];
}

static bool within(const mill_range *r, const mill_vector *value, size_t i) {
  if (is_nan(value, i)) return true;
  return (!r->min || mill_vector_compare(r->min, 0, value, i) <= 0) &&
         (!r->max || mill_vector_compare(r->max, 0, value, i) >= 0);
}

/* Is one of the bits from..to (included) set? */
static bool any_bit(const uint64_t *bits, uint64_t from, uint64_t to) {
  const uint64_t first = UINT64_MAX << (from & 63), last = UINT64_MAX >> (63 - (to & 63));
  uint64_t i = from / 64;
  if (i == to / 64) return bits[i] & first & last;
  if (bits[i] & first) return true;
  for (i++; i < to / 64; i++)
    if (bits[i]) return true;
  return bits[i] & last;
}

static bool any_among(const mill_numbers *s, const mill_range *r) {
  if (s->range == 0) return false;
  int64_t low = s->base, high = (int64_t)((uint64_t)low + (s->range - 1));
  if (r->min && integer_at(r->min, 0) > low) low = integer_at(r->min, 0);
  if (r->max && integer_at(r->max, 0) < high) high = integer_at(r->max, 0);
  return low <= high && (!s->bits || any_bit(s->bits, (uint64_t)low - (uint64_t)s->base,
                                             (uint64_t)high - (uint64_t)s->base));
}

bool mill_test_may_pass(const mill_test *t, const mill_range *r) {
  bool floating =
      t->value && (t->value->type->id == MILL_FLOAT || t->value->type->id == MILL_DOUBLE);
  const mill_vector *max = floating ? NULL : r->max; /* NaN is larger, and not told of */
  if (t->kind == MILL_TEST_IS_NULL) return r->nulls != 0;
  if (r->all_null) return false;
  if (t->kind == MILL_TEST_NOT_NULL) return true;
  if (t->kind == MILL_TEST_EQUAL) return within(r, t->value, 0);
  if (t->kind == MILL_TEST_AMONG) return any_among(t->among, r);
  for (uint32_t i = 0; t->kind == MILL_TEST_IN && i < t->n; i++)
    if (within(r, t->value, i)) return true;
  switch (t->kind) {
  case MILL_TEST_LESS: return !r->min || mill_vector_compare(r->min, 0, t->value, 0) < 0;
  case MILL_TEST_LESS_EQUAL: return !r->min || mill_vector_compare(r->min, 0, t->value, 0) <= 0;
  case MILL_TEST_GREATER: return !max || mill_vector_compare(max, 0, t->value, 0) > 0;
  case MILL_TEST_GREATER_EQUAL: return !max || mill_vector_compare(max, 0, t->value, 0) >= 0;
  default: return false;
  }
}

/* ---- many values ---------------------------------------------------------------------------- */

#define COMPARED(type, condition)                                                                  \
  do {                                                                                             \
    for (uint32_t i = 0; i < n; i++) mask[i] &= (uint8_t)(condition);                              \
    return true;                                                                                   \
  } while (0)
/* Of a NaN, which is larger than all else, no comparison of C is true. */
#define NUMBERS(type)                                                                              \
  do {                                                                                             \
    const type *x = v->data, value = ((const type *)t->value->data)[0];                            \
    if (value != value) return false;                                                              \
    switch (t->kind) {                                                                             \
    case MILL_TEST_EQUAL: COMPARED(type, x[i] == value);                                           \
    case MILL_TEST_LESS: COMPARED(type, x[i] < value);                                             \
    case MILL_TEST_LESS_EQUAL: COMPARED(type, x[i] <= value);                                      \
    case MILL_TEST_GREATER: COMPARED(type, !(x[i] <= value));                                      \
    case MILL_TEST_GREATER_EQUAL: COMPARED(type, !(x[i] < value));                                 \
    default: return false;                                                                         \
    }                                                                                              \
  } while (0)

/* Loops over plain numbers; false: another way must do. */
static MILL_HOT bool plain(const mill_test *t, const mill_vector *v, uint32_t n, uint8_t *mask) {
  if (v->index || v->mask != MILL_FLAT || t->n != 1) return false;
  switch (v->type->phys) {
  case MILL_PHYS_I32: NUMBERS(int32_t);
  case MILL_PHYS_I64: NUMBERS(int64_t);
  case MILL_PHYS_F32: NUMBERS(float);
  case MILL_PHYS_F64: NUMBERS(double);
  default: return false;
  }
}

#define AMONG(type)                                                                                \
  do {                                                                                             \
    const type *x = v->data;                                                                       \
    const uint64_t base = (uint64_t)s->base, range = s->range;                                     \
    const uint64_t *bits = s->bits;                                                                \
    if (!bits) {                                                                                   \
      for (uint32_t i = 0; i < n; i++) mask[i] &= (uint64_t)(int64_t)x[i] - base < range;          \
      return;                                                                                      \
    }                                                                                              \
    for (uint32_t i = 0; i < n; i++) {                                                             \
      const uint64_t d = (uint64_t)(int64_t)x[i] - base, at = d < range ? d : 0;                   \
      mask[i] &= (uint8_t)((d < range) & (bits[at >> 6] >> (at & 63) & 1));                        \
    }                                                                                              \
  } while (0)

static MILL_HOT void among_i32(const mill_numbers *s, const mill_vector *v, uint32_t n,
                               uint8_t *mask) {
  AMONG(int32_t);
}
static MILL_HOT void among_i64(const mill_numbers *s, const mill_vector *v, uint32_t n,
                               uint8_t *mask) {
  AMONG(int64_t);
}

/* Loops over plain columns; false: another way must do. */
static bool among(const mill_test *t, const mill_vector *v, uint32_t n, uint8_t *mask) {
  if (t->kind != MILL_TEST_AMONG || v->index || v->mask != MILL_FLAT || t->among->range == 0)
    return false;
  if (v->type->phys == MILL_PHYS_I32)
    among_i32(t->among, v, n, mask);
  else
    among_i64(t->among, v, n, mask);
  return true;
}

static bool row_passes(const mill_test *t, const mill_vector *v, size_t i) {
  return mill_vector_valid(v, i) ? mill_test_passes(t, v, i) : t->kind == MILL_TEST_IS_NULL;
}

void mill_test_filter(const mill_test *t, const mill_vector *v, uint32_t n, uint8_t *mask) {
  if ((t->value && plain(t, v, n, mask)) || among(t, v, n, mask)) {
    for (uint32_t i = 0; v->valid && i < n; i++) mask[i] &= mill_valid_bit(v->valid, i);
    return;
  }
  for (uint32_t i = 0; i < n; i++)
    if (mask[i]) mask[i] = row_passes(t, v, i);
}

/* ---- some values ---------------------------------------------------------------------------- */

#define KEPT(condition)                                                                            \
  do {                                                                                             \
    uint32_t k = 0;                                                                                \
    for (uint32_t i = 0; i < n; i++) {                                                             \
      const uint32_t at = row[i];                                                                  \
      row[k] = at;                                                                                 \
      k += (condition);                                                                            \
    }                                                                                              \
    return k;                                                                                      \
  } while (0)
#define WHOLE(type)                                                                                \
  do {                                                                                             \
    const type *x = v->data, value = ((const type *)t->value->data)[0];                            \
    switch (t->kind) {                                                                             \
    case MILL_TEST_EQUAL: KEPT(x[at] == value);                                                    \
    case MILL_TEST_LESS: KEPT(x[at] < value);                                                      \
    case MILL_TEST_LESS_EQUAL: KEPT(x[at] <= value);                                               \
    case MILL_TEST_GREATER: KEPT(x[at] > value);                                                   \
    case MILL_TEST_GREATER_EQUAL: KEPT(x[at] >= value);                                            \
    default: break;                                                                                \
    }                                                                                              \
  } while (0)

static uint32_t some_of_any(const mill_test *t, const mill_vector *v, uint32_t *row, uint32_t n) {
  KEPT(row_passes(t, v, at));
}

static uint32_t some_among_i64(const mill_numbers *s, const int64_t *x, uint32_t *row, uint32_t n) {
  KEPT(is_among(s, x[at]));
}

uint32_t mill_test_some(const mill_test *t, const mill_vector *v, uint32_t *row, uint32_t n) {
  bool flat = !v->index && v->mask == MILL_FLAT && !v->valid, one = flat && t->n == 1;
  if (one && v->type->phys == MILL_PHYS_I32) WHOLE(int32_t);
  if (one && v->type->phys == MILL_PHYS_I64) WHOLE(int64_t);
  if (flat && t->kind == MILL_TEST_AMONG && v->type->phys == MILL_PHYS_I64)
    return some_among_i64(t->among, v->data, row, n);
  return some_of_any(t, v, row, n);
}
