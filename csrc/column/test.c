/* Tests of single columns (column/scan.h) against values and ranges of values; see test.h. */
#include "column/test.h"

#include <string.h>

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
  case MILL_TEST_NOT_EQUAL: return c != 0;
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

/* Are all values of the range this one, as far as it tells? Of floating types it tells nothing of NaN. */
static bool only(const mill_range *r, const mill_vector *value) {
  const mill_type_id id = value->type->id;
  return id != MILL_FLOAT && id != MILL_DOUBLE && r->min && r->max &&
         mill_vector_compare(r->min, 0, value, 0) == 0 &&
         mill_vector_compare(r->max, 0, value, 0) == 0;
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
  case MILL_TEST_NOT_EQUAL: return !only(r, t->value);
  case MILL_TEST_LESS: return !r->min || mill_vector_compare(r->min, 0, t->value, 0) < 0;
  case MILL_TEST_LESS_EQUAL: return !r->min || mill_vector_compare(r->min, 0, t->value, 0) <= 0;
  case MILL_TEST_GREATER: return !max || mill_vector_compare(max, 0, t->value, 0) > 0;
  case MILL_TEST_GREATER_EQUAL: return !max || mill_vector_compare(max, 0, t->value, 0) >= 0;
  default: return false;
  }
}

bool mill_test_must_pass(const mill_test *t, const mill_range *r) {
  if (r->nulls != 0 || r->all_null) return false;
  if (t->kind == MILL_TEST_NOT_NULL) return true;
  if (!t->value || t->n != 1 || !r->min || !r->max) return false;
  if (t->value->type->id == MILL_FLOAT || t->value->type->id == MILL_DOUBLE) return false; /* NaN */
  const int least = mill_vector_compare(r->min, 0, t->value, 0);
  const int most = mill_vector_compare(r->max, 0, t->value, 0);
  switch (t->kind) {
  case MILL_TEST_EQUAL: return least == 0 && most == 0;
  case MILL_TEST_NOT_EQUAL: return least > 0 || most < 0;
  case MILL_TEST_LESS: return most < 0;
  case MILL_TEST_LESS_EQUAL: return most <= 0;
  case MILL_TEST_GREATER: return least > 0;
  case MILL_TEST_GREATER_EQUAL: return least >= 0;
  default: return false;
  }
}

/* ---- many values ---------------------------------------------------------------------------- */

enum { BLOCK = 256 };

#define COMPARED(condition)                                                                        \
  do {                                                                                             \
    for (uint32_t i = 0; i < n; i++) mask[i] = (uint8_t)(mask[i] & (condition));                   \
    return;                                                                                        \
  } while (0)
#define ONE_OF(type)                                                                               \
  do {                                                                                             \
    uint8_t hit[BLOCK];                                                                            \
    for (uint32_t from = 0; from < n; from += BLOCK) {                                             \
      const uint32_t m = n - from < BLOCK ? n - from : BLOCK;                                      \
      memset(hit, 0, sizeof hit);                                                                  \
      for (uint32_t k = 0; k < t->n; k++) {                                                        \
        const type one = value[k];                                                                 \
        for (uint32_t i = 0; i < m; i++) hit[i] |= (uint8_t)(x[from + i] == one);                  \
      }                                                                                            \
      for (uint32_t i = 0; i < m; i++) mask[from + i] &= hit[i];                                   \
    }                                                                                              \
    return;                                                                                        \
  } while (0)
/* A NaN is larger than all else, and what is compared with is none: of such comparisons of C those for
** less and equal are false, as they should be. */
#define NUMBERS(type)                                                                              \
  do {                                                                                             \
    const type *x = v->data, *value = t->value->data;                                              \
    const type first = value[0];                                                                   \
    switch (t->kind) {                                                                             \
    case MILL_TEST_EQUAL: COMPARED(x[i] == first);                                                 \
    case MILL_TEST_NOT_EQUAL: COMPARED(x[i] != first);                                             \
    case MILL_TEST_LESS: COMPARED(x[i] < first);                                                   \
    case MILL_TEST_LESS_EQUAL: COMPARED(x[i] <= first);                                            \
    case MILL_TEST_GREATER: COMPARED(!(x[i] <= first));                                            \
    case MILL_TEST_GREATER_EQUAL: COMPARED(!(x[i] < first));                                       \
    default: ONE_OF(type);                                                                         \
    }                                                                                              \
  } while (0)

/* One function a width: a compiler vectorises few loops in each. */
#define NUMBERS_OF(S, T)                                                                           \
  static MILL_HOT void numbers_##S(const mill_test *t, const mill_vector *v, uint32_t n,           \
                                   uint8_t *restrict mask) {                                       \
    NUMBERS(T);                                                                                    \
  }
NUMBERS_OF(i8, int8_t)
NUMBERS_OF(i16, int16_t)
NUMBERS_OF(i32, int32_t)
NUMBERS_OF(i64, int64_t)
NUMBERS_OF(f32, float)
NUMBERS_OF(f64, double)

/* Views of short texts are equal where their words are. */
static MILL_HOT void short_text(const mill_test *t, const mill_vector *v, uint32_t n,
                                uint8_t *restrict mask) {
  const uint64_t *x = v->data, *value = t->value->data;
  const uint64_t a = value[0], b = value[1];
  if (t->kind == MILL_TEST_EQUAL)
    COMPARED(((x[2 * i] ^ a) | (x[2 * i + 1] ^ b)) == 0);
  else
    COMPARED(((x[2 * i] ^ a) | (x[2 * i + 1] ^ b)) != 0);
}

/* Has v such values, and the test such a constant? */
static bool is_quick_text(const mill_test *t) {
  const mill_vector *value = t->value;
  return (t->kind == MILL_TEST_EQUAL || t->kind == MILL_TEST_NOT_EQUAL) &&
         value->type->collation == MILL_UTF8_BINARY &&
         ((const mill_str *)value->data)->size <= MILL_STR_INLINE;
}

static bool is_number(const mill_vector *v) {
  return mill_phys_is_word(v->type->phys) && v->type->phys != MILL_PHYS_BOOL;
}

bool mill_test_quick(const mill_test *t, const mill_vector *v) {
  const mill_vector *value = t->value;
  if (v->index || v->mask != MILL_FLAT || !value || value->index || t->kind == MILL_TEST_AMONG)
    return false;
  if (!mill_vector_valid(value, 0)) return false;
  if (v->type->phys == MILL_PHYS_STR) return is_quick_text(t);
  if (!is_number(v) || (t->kind == MILL_TEST_IN ? t->n > MILL_TEST_FEW : t->n != 1)) return false;
  for (uint32_t k = 0; k < t->n; k++)
    if (is_nan(value, k)) return false;
  return true;
}

/* What is read next lies behind what is read now, and the processor reads ahead only within a page, once it has
** seen where to: ask for the beginnings of the pages that follow, and for all of it where that is one page, which
** is over before the processor has seen anything. */
static void read_ahead(const mill_vector *v, uint32_t n) {
  enum { PAGE = 4096, LINE = 64, BEGINNING = 4 * LINE };
  const size_t bytes = (size_t)n * v->type->width, some = bytes <= PAGE ? bytes : BEGINNING;
  const char *next = (const char *)v->data + bytes;
  for (size_t page = 0; page < bytes; page += PAGE)
    for (size_t at = 0; at < some; at += LINE) __builtin_prefetch(next + page + at);
}

/* A test that is quick. */
static void plain(const mill_test *t, const mill_vector *v, uint32_t n, uint8_t *mask) {
  read_ahead(v, n);
  switch (v->type->phys) {
  case MILL_PHYS_I8: numbers_i8(t, v, n, mask); break;
  case MILL_PHYS_I16: numbers_i16(t, v, n, mask); break;
  case MILL_PHYS_I32: numbers_i32(t, v, n, mask); break;
  case MILL_PHYS_I64: numbers_i64(t, v, n, mask); break;
  case MILL_PHYS_F32: numbers_f32(t, v, n, mask); break;
  case MILL_PHYS_F64: numbers_f64(t, v, n, mask); break;
  default: short_text(t, v, n, mask);
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
  const bool quick = mill_test_quick(t, v);
  if (quick) plain(t, v, n, mask);
  if (quick || among(t, v, n, mask)) {
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
/* Does one of the values equal x[at]? */
#define HIT(S, T)                                                                                  \
  static inline bool hit_##S(const mill_test *t, T x) {                                            \
    bool hit = false;                                                                              \
    for (uint32_t k = 0; k < t->n; k++) hit |= ((const T *)t->value->data)[k] == x;                \
    return hit;                                                                                    \
  }
HIT(i8, int8_t)
HIT(i16, int16_t)
HIT(i32, int32_t)
HIT(i64, int64_t)
HIT(f32, float)
HIT(f64, double)

#define SOME(S, type)                                                                              \
  do {                                                                                             \
    const type *x = v->data, value = ((const type *)t->value->data)[0];                            \
    switch (t->kind) {                                                                             \
    case MILL_TEST_EQUAL: KEPT(x[at] == value);                                                    \
    case MILL_TEST_NOT_EQUAL: KEPT(x[at] != value);                                                \
    case MILL_TEST_LESS: KEPT(x[at] < value);                                                      \
    case MILL_TEST_LESS_EQUAL: KEPT(x[at] <= value);                                               \
    case MILL_TEST_GREATER: KEPT(!(x[at] <= value));                                               \
    case MILL_TEST_GREATER_EQUAL: KEPT(!(x[at] < value));                                          \
    default: KEPT(hit_##S(t, x[at]));                                                              \
    }                                                                                              \
  } while (0)

static uint32_t some_of_any(const mill_test *t, const mill_vector *v, uint32_t *row, uint32_t n) {
  KEPT(row_passes(t, v, at));
}

static uint32_t some_among_i64(const mill_numbers *s, const int64_t *x, uint32_t *row, uint32_t n) {
  KEPT(is_among(s, x[at]));
}

static uint32_t some_texts(const mill_test *t, const mill_vector *v, uint32_t *row, uint32_t n) {
  const uint64_t *x = v->data, *value = t->value->data;
  const bool yes = t->kind == MILL_TEST_EQUAL;
  KEPT((((x[2 * (size_t)at] ^ value[0]) | (x[2 * (size_t)at + 1] ^ value[1])) == 0) == yes);
}

static uint32_t some_valid(const uint64_t *valid, uint32_t *row, uint32_t n) {
  KEPT(mill_valid_bit(valid, at));
}

uint32_t mill_test_some(const mill_test *t, const mill_vector *v, uint32_t *row, uint32_t n) {
  bool flat = !v->index && v->mask == MILL_FLAT, quick = mill_test_quick(t, v);
  if (v->valid && quick) n = some_valid(v->valid, row, n);
  switch (quick ? v->type->phys : MILL_PHYS_NONE) {
  case MILL_PHYS_I8: SOME(i8, int8_t); break;
  case MILL_PHYS_I16: SOME(i16, int16_t); break;
  case MILL_PHYS_I32: SOME(i32, int32_t); break;
  case MILL_PHYS_I64: SOME(i64, int64_t); break;
  case MILL_PHYS_F32: SOME(f32, float); break;
  case MILL_PHYS_F64: SOME(f64, double); break;
  case MILL_PHYS_STR: return some_texts(t, v, row, n);
  default: break;
  }
  if (flat && !v->valid && t->kind == MILL_TEST_AMONG && v->type->phys == MILL_PHYS_I64)
    return some_among_i64(t->among, v->data, row, n);
  return some_of_any(t, v, row, n);
}
