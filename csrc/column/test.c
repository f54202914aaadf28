/* Tests of single columns (column/scan.h) against values and ranges of values; see test.h. */
#include "column/test.h"

#include <string.h>

#include "base/bits.h"
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

/* Each function below clears the bits of rows that do not pass, of `words` times 64 rows. Numbers of 64 bits are
** compared into words at once; of narrower ones, more of which lie side by side in a register, a byte each is made
** first: then the compiler finds the widest loops for both. */

#define PLACES_8(i)                                                                                \
  1ull << (i), 1ull << (i + 1), 1ull << (i + 2), 1ull << (i + 3), 1ull << (i + 4),                 \
      1ull << (i + 5), 1ull << (i + 6), 1ull << (i + 7)
static const uint64_t place[64] = {PLACES_8(0),  PLACES_8(8),  PLACES_8(16), PLACES_8(24),
                                   PLACES_8(32), PLACES_8(40), PLACES_8(48), PLACES_8(56)};

#define AT_ONCE(condition)                                                                         \
  do {                                                                                             \
    for (uint32_t w = 0; w < words; w++, x += 64) {                                                \
      uint64_t yes = 0;                                                                            \
      for (uint32_t i = 0; i < 64; i++) yes |= -(uint64_t)(condition)&place[i];                    \
      rows[w] &= yes;                                                                              \
    }                                                                                              \
    return;                                                                                        \
  } while (0)
#define BY_BYTES(condition)                                                                        \
  do {                                                                                             \
    for (uint32_t w = 0; w < words; w++, x += 64) {                                                \
      uint8_t hit[64];                                                                             \
      for (uint32_t i = 0; i < 64; i++) hit[i] = (uint8_t)(condition);                             \
      rows[w] &= mill_bits_of(hit);                                                                \
    }                                                                                              \
    return;                                                                                        \
  } while (0)
#define ONE_OF(type)                                                                               \
  do {                                                                                             \
    for (uint32_t w = 0; w < words; w++, x += 64) {                                                \
      uint8_t hit[64] = {0};                                                                       \
      for (uint32_t k = 0; k < t->n; k++) {                                                        \
        const type one = value[k];                                                                 \
        for (uint32_t i = 0; i < 64; i++) hit[i] |= (uint8_t)(x[i] == one);                        \
      }                                                                                            \
      rows[w] &= mill_bits_of(hit);                                                                \
    }                                                                                              \
    return;                                                                                        \
  } while (0)
/* A NaN is larger than all else, and what is compared with is none: of such comparisons of C those for
** less and equal are false, as they should be. */
#define NUMBERS(type, COMPARED)                                                                    \
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
#define NUMBERS_OF(S, T, COMPARED)                                                                 \
  static MILL_HOT void numbers_##S(const mill_test *t, const mill_vector *v, uint32_t words,       \
                                   uint64_t *restrict rows) {                                      \
    NUMBERS(T, COMPARED);                                                                          \
  }
NUMBERS_OF(i8, int8_t, BY_BYTES)
NUMBERS_OF(i16, int16_t, BY_BYTES)
NUMBERS_OF(i32, int32_t, BY_BYTES)
NUMBERS_OF(i64, int64_t, AT_ONCE)
NUMBERS_OF(f32, float, BY_BYTES)
NUMBERS_OF(f64, double, AT_ONCE)

/* Views of short texts are equal where their words are. */
typedef struct view_words {
  uint64_t of[2];
} view_words;
static MILL_HOT void short_text(const mill_test *t, const mill_vector *v, uint32_t words,
                                uint64_t *restrict rows) {
  const uint64_t *value = t->value->data, a = value[0], b = value[1];
  const view_words *x = v->data;
  if (t->kind == MILL_TEST_EQUAL)
    AT_ONCE(((x[i].of[0] ^ a) | (x[i].of[1] ^ b)) == 0);
  else
    AT_ONCE(((x[i].of[0] ^ a) | (x[i].of[1] ^ b)) != 0);
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

/* What is read next lies behind what is read now. The processor reads ahead within a page, once it has seen where
** to: ask for all of it where that is one page, which is over before the processor has seen anything. */
static void read_ahead(const mill_vector *v, uint32_t n) {
  enum { PAGE = 4096, LINE = 64 };
  const size_t bytes = (size_t)n * v->type->width;
  const char *next = (const char *)v->data + bytes;
  for (size_t at = 0; bytes <= PAGE && at < bytes; at += LINE) __builtin_prefetch(next + at);
}

/* A test that is quick. */
static void plain(const mill_test *t, const mill_vector *v, uint32_t words, uint64_t *rows) {
  read_ahead(v, words * 64);
  switch (v->type->phys) {
  case MILL_PHYS_I8: numbers_i8(t, v, words, rows); break;
  case MILL_PHYS_I16: numbers_i16(t, v, words, rows); break;
  case MILL_PHYS_I32: numbers_i32(t, v, words, rows); break;
  case MILL_PHYS_I64: numbers_i64(t, v, words, rows); break;
  case MILL_PHYS_F32: numbers_f32(t, v, words, rows); break;
  case MILL_PHYS_F64: numbers_f64(t, v, words, rows); break;
  default: short_text(t, v, words, rows);
  }
}

#define AMONG(S, type)                                                                             \
  static MILL_HOT void among_##S(const mill_numbers *s, const type *x, uint32_t words,             \
                                 uint64_t *restrict rows) {                                        \
    const uint64_t base = (uint64_t)s->base, range = s->range;                                     \
    const uint64_t *bits = s->bits;                                                                \
    if (!bits) BY_BYTES((uint64_t)(int64_t)x[i] - base < range);                                   \
    for (uint32_t w = 0; w < words; w++, x += 64) {                                                \
      uint8_t hit[64];                                                                             \
      for (uint32_t i = 0; i < 64; i++) {                                                          \
        const uint64_t d = (uint64_t)(int64_t)x[i] - base, at = d < range ? d : 0;                 \
        hit[i] = (uint8_t)((d < range) & (bits[at >> 6] >> (at & 63) & 1));                        \
      }                                                                                            \
      rows[w] &= mill_bits_of(hit);                                                                \
    }                                                                                              \
  }
AMONG(i32, int32_t)
AMONG(i64, int64_t)

/* Loops over plain columns; false: another way must do. */
static bool among(const mill_test *t, const mill_vector *v, uint32_t words, uint64_t *rows) {
  if (t->kind != MILL_TEST_AMONG || v->index || v->mask != MILL_FLAT || t->among->range == 0)
    return false;
  if (v->type->phys == MILL_PHYS_I32)
    among_i32(t->among, v->data, words, rows);
  else
    among_i64(t->among, v->data, words, rows);
  return true;
}

static bool row_passes(const mill_test *t, const mill_vector *v, size_t i) {
  return mill_vector_valid(v, i) ? mill_test_passes(t, v, i) : t->kind == MILL_TEST_IS_NULL;
}

/* Of the rows from..from + 64 whose bit is set. */
static uint64_t word_of(const mill_test *t, const mill_vector *v, uint32_t from, uint64_t bits) {
  uint32_t row[64], n = 0;
  for (; bits; bits &= bits - 1) row[n++] = from + (uint32_t)__builtin_ctzll(bits);
  n = mill_test_some(t, v, row, n);
  for (uint32_t i = 0; i < n; i++) bits |= 1ull << (row[i] - from);
  return bits;
}

void mill_test_filter(const mill_test *t, const mill_vector *v, uint32_t n, uint64_t *rows) {
  const bool quick = mill_test_quick(t, v);
  const uint32_t whole = n / 64, words = mill_bits_words(n);
  uint32_t done = 0;
  if (whole && quick) plain(t, v, whole, rows);
  if (whole && (quick || among(t, v, whole, rows))) {
    for (uint32_t w = 0; v->valid && w < whole; w++) rows[w] &= v->valid[w];
    done = whole;
  }
  for (uint32_t w = done; w < words; w++)
    if (rows[w]) rows[w] = word_of(t, v, w * 64, rows[w]);
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
