/* What is known of a chunk's numbers: mill_chunk_range of test.h. */
#include <string.h>

#include "base/hot.h"
#include "column/test.h"

enum { UNASKED, ASKED, KNOWN, HOPELESS };

struct mill_chunk_bounds {
  int state;     /* atomic */
  uint32_t rows; /* of the chunk as it was */
  union {
    int64_t word;
    double number;
  } value[2];
  mill_vector min, max;
  int64_t nulls;
};

void mill_chunk_bounds_free(mill_chunk *c) {
  if (c->bounds) mill_free(c->arena.memory, c->bounds, (c->ncols + 1) * sizeof *c->bounds);
}

/* One for each column; NULL: no memory is left. */
static mill_chunk_bounds *bounds_of(mill_chunk *c) {
  mill_chunk_bounds *b = __atomic_load_n(&c->bounds, __ATOMIC_ACQUIRE), *other = NULL;
  if (b) return b;
  b = mill_calloc(c->arena.memory, (c->ncols + 1) * sizeof *b);
  if (b == NULL ||
      __atomic_compare_exchange_n(&c->bounds, &other, b, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    return b;
  mill_free(c->arena.memory, b, (c->ncols + 1) * sizeof *b);
  return other;
}

#define PLAIN_BOUNDS(S, T)                                                                         \
  static MILL_HOT void plain_##S(const T *restrict x, uint32_t n, T *out) {                        \
    T least = x[0], most = x[0];                                                                   \
    for (uint32_t i = 0; i < n; i++) {                                                             \
      least = x[i] < least ? x[i] : least;                                                         \
      most = x[i] > most ? x[i] : most;                                                            \
    }                                                                                              \
    out[0] = least;                                                                                \
    out[1] = most;                                                                                 \
  }
/* False: there is a NaN, or no value. */
#define BOUNDS(S, T)                                                                               \
  static bool bounds_##S(const mill_vector *v, uint32_t n, mill_chunk_bounds *b) {                 \
    const T *x = v->data;                                                                          \
    bool any = false, nan = false;                                                                 \
    T at[2] = {0};                                                                                 \
    for (uint32_t i = 0; i < n; i++) {                                                             \
      if (!mill_valid_bit(v->valid, i)) continue;                                                  \
      nan |= x[i] != x[i];                                                                         \
      if (!any || x[i] < at[0]) at[0] = x[i];                                                      \
      if (!any || x[i] > at[1]) at[1] = x[i];                                                      \
      any = true;                                                                                  \
    }                                                                                              \
    if (any)                                                                                       \
      memcpy(&b->value[0], &at[0], sizeof at[0]), memcpy(&b->value[1], &at[1], sizeof at[1]);      \
    return any && !nan;                                                                            \
  }
#define INTEGER_BOUNDS(S, T)                                                                       \
  PLAIN_BOUNDS(S, T)                                                                               \
  BOUNDS(nulls_##S, T)                                                                             \
  static bool bounds_##S(const mill_vector *v, uint32_t n, mill_chunk_bounds *b) {                 \
    T at[2] = {0};                                                                                 \
    if (v->valid) return bounds_nulls_##S(v, n, b);                                                \
    plain_##S(v->data, n, at);                                                                     \
    memcpy(&b->value[0], &at[0], sizeof at[0]);                                                    \
    memcpy(&b->value[1], &at[1], sizeof at[1]);                                                    \
    return true;                                                                                   \
  }
INTEGER_BOUNDS(i8, int8_t)
INTEGER_BOUNDS(i16, int16_t)
INTEGER_BOUNDS(i32, int32_t)
INTEGER_BOUNDS(i64, int64_t)
BOUNDS(f32, float)
BOUNDS(f64, double)

static bool find(const mill_vector *v, uint32_t n, mill_chunk_bounds *b) {
  if (n == 0 || v->index || v->mask != MILL_FLAT) return false;
  for (uint32_t i = 0; v->valid && i < n; i++) b->nulls += !mill_valid_bit(v->valid, i);
  switch (v->type->phys) {
  case MILL_PHYS_I8: return bounds_i8(v, n, b);
  case MILL_PHYS_I16: return bounds_i16(v, n, b);
  case MILL_PHYS_I32: return bounds_i32(v, n, b);
  case MILL_PHYS_I64: return bounds_i64(v, n, b);
  case MILL_PHYS_F32: return bounds_f32(v, n, b);
  case MILL_PHYS_F64: return bounds_f64(v, n, b);
  default: return false;
  }
}

bool mill_chunk_range(mill_chunk *c, uint32_t column, mill_range *out) {
  mill_chunk_bounds *b = bounds_of(c);
  int state = UNASKED;
  if (b == NULL) return false;
  b += column;
  if (__atomic_compare_exchange_n(&b->state, &state, ASKED, false, __ATOMIC_ACQ_REL,
                                  __ATOMIC_ACQUIRE)) {
    const mill_vector *v = &c->col[column];
    b->rows = c->n;
    b->min = (mill_vector){.type = v->type, .data = &b->value[0], .mask = MILL_FLAT, .size = 1};
    b->max = (mill_vector){.type = v->type, .data = &b->value[1], .mask = MILL_FLAT, .size = 1};
    state = find(v, c->n, b) ? KNOWN : HOPELESS;
    __atomic_store_n(&b->state, state, __ATOMIC_RELEASE);
  }
  if (state != KNOWN || b->rows != c->n) return false;
  *out = (mill_range){.min = &b->min, .max = &b->max, .nulls = b->nulls};
  return true;
}
