/* Bounds of values: the statistics of pages and chunks.
**
** Words and FIXED values are kept as they stand in the file, byte arrays by their beginnings. -0.0 is
** the least and +0.0 the greatest of the zeros, and with a NaN there are no bounds: readers that order
** NaN otherwise than Spark (greater than everything) would pass over rows. */
#include <math.h>

#include "io/parquet_write_int.h"

void mill_parquet_bounds_init(parquet_bounds *b, mill_memory *m) {
  *b = (parquet_bounds){0};
  mill_text_init(&b->min, m);
  mill_text_init(&b->max, m);
}

void mill_parquet_bounds_clear(parquet_bounds *b) {
  mill_text_clear(&b->min);
  mill_text_clear(&b->max);
}

void mill_parquet_bounds_reset(parquet_bounds *b) {
  b->some = b->unknown = false;
  mill_text_reset(&b->min);
  mill_text_reset(&b->max);
}

/* ---- order ---------------------------------------------------------------------------------- */

/* Two's complement, most significant byte first. */
static int compare_decimals(const char *a, const char *b, size_t n) {
  int c = (signed char)a[0] - (signed char)b[0];
  return c ? c : memcmp(a, b, n);
}

static int64_t integer_of(const mill_text *t) {
  int64_t wide = 0;
  int32_t narrow = 0;
  if (t->size == 1) return (uint8_t)t->data[0];
  if (t->size == 4) {
    memcpy(&narrow, t->data, 4);
    return narrow;
  }
  memcpy(&wide, t->data, 8);
  return wide;
}

static double double_of(const mill_text *t) {
  double wide = 0;
  float narrow = 0;
  if (t->size == 4) {
    memcpy(&narrow, t->data, 4);
    return narrow;
  }
  memcpy(&wide, t->data, 8);
  return wide;
}

int mill_parquet_bound_compare(const parquet_write_leaf *leaf, const mill_text *a,
                               const mill_text *b) {
  switch (leaf->order) {
  case PARQUET_ORDER_SIGNED: {
    int64_t x = integer_of(a), y = integer_of(b);
    return (x > y) - (x < y);
  }
  case PARQUET_ORDER_FLOAT: {
    double x = double_of(a), y = double_of(b);
    return (x > y) - (x < y);
  }
  case PARQUET_ORDER_DECIMAL: return compare_decimals(a->data, b->data, a->size);
  default: {
    size_t n = a->size < b->size ? a->size : b->size;
    int c = n ? memcmp(a->data, b->data, n) : 0;
    return c ? c : (a->size > b->size) - (a->size < b->size);
  }
  }
}

/* Bytes up to the last one that can be one more: in UTF-8 an ASCII character, or the last byte of a
** longer one while it stays one. 0: there is none. */
static size_t growing(const char *p, size_t n, bool utf8) {
  while (n > 0) {
    unsigned char last = (unsigned char)p[n - 1];
    if (utf8 ? last < 0x7f || (last >= 0x80 && last < 0xbf) : last < 0xff) return n;
    do {
      n--;
    } while (utf8 && n > 0 && ((unsigned char)p[n] & 0xc0) == 0x80);
  }
  return 0;
}

/* ---- taking values in ----------------------------------------------------------------------- */

static mill_status put(mill_text *t, const void *p, size_t n, mill_error *err) {
  mill_text_reset(t);
  return mill_text_add(t, p, n, err);
}

/* Widen to values between lo and hi, which are of n bytes each. */
static mill_status widen(parquet_bounds *b, const parquet_write_leaf *leaf, const void *lo,
                         size_t nlo, const void *hi, size_t nhi, mill_error *err) {
  mill_text low = {.data = (char *)(uintptr_t)lo,
                   .size = nlo < PARQUET_BOUND ? nlo : PARQUET_BOUND};
  mill_text high = {.data = (char *)(uintptr_t)hi,
                    .size = nhi < PARQUET_BOUND ? nhi : PARQUET_BOUND};
  if (!b->some || mill_parquet_bound_compare(leaf, &low, &b->min) < 0)
    MILL_TRY(put(&b->min, low.data, low.size, err));
  if (!b->some || mill_parquet_bound_compare(leaf, &high, &b->max) > 0)
    MILL_TRY(put(&b->max, high.data, high.size, err));
  b->some = true;
  if (nhi > PARQUET_BOUND && growing(b->max.data, b->max.size, leaf->type->id == MILL_STRING) == 0)
    b->unknown = true; /* nothing above it is as short */
  return MILL_OK;
}

#define LEAST_AND_GREATEST(type)                                                                   \
  const type *v = value;                                                                           \
  type lo = v[0], hi = v[0];                                                                       \
  for (size_t i = 1; i < n; i++) {                                                                 \
    lo = v[i] < lo ? v[i] : lo;                                                                    \
    hi = v[i] > hi ? v[i] : hi;                                                                    \
  }

static mill_status add_bytes(parquet_bounds *b, const parquet_write_leaf *leaf,
                             const uint8_t *value, size_t n, mill_error *err) {
  LEAST_AND_GREATEST(uint8_t)
  return widen(b, leaf, &lo, 1, &hi, 1, err);
}

static mill_status add_int32(parquet_bounds *b, const parquet_write_leaf *leaf, const void *value,
                             size_t n, mill_error *err) {
  LEAST_AND_GREATEST(int32_t)
  return widen(b, leaf, &lo, 4, &hi, 4, err);
}

static mill_status add_int64(parquet_bounds *b, const parquet_write_leaf *leaf, const void *value,
                             size_t n, mill_error *err) {
  LEAST_AND_GREATEST(int64_t)
  return widen(b, leaf, &lo, 8, &hi, 8, err);
}

static mill_status add_float(parquet_bounds *b, const parquet_write_leaf *leaf, const void *value,
                             size_t n, mill_error *err) {
  LEAST_AND_GREATEST(float)
  bool nan = false;
  for (size_t i = 0; i < n; i++) nan |= v[i] != v[i];
  b->unknown |= nan;
  if (lo == 0) lo = -0.0f;
  if (hi == 0) hi = 0.0f;
  return nan ? MILL_OK : widen(b, leaf, &lo, 4, &hi, 4, err);
}

static mill_status add_double(parquet_bounds *b, const parquet_write_leaf *leaf, const void *value,
                              size_t n, mill_error *err) {
  LEAST_AND_GREATEST(double)
  bool nan = false;
  for (size_t i = 0; i < n; i++) nan |= v[i] != v[i];
  b->unknown |= nan;
  if (lo == 0) lo = -0.0;
  if (hi == 0) hi = 0.0;
  return nan ? MILL_OK : widen(b, leaf, &lo, 8, &hi, 8, err);
}

static mill_status add_decimals(parquet_bounds *b, const parquet_write_leaf *leaf,
                                const char *value, size_t n, mill_error *err) {
  const char *lo = value, *hi = value;
  for (size_t i = 1; i < n; i++) {
    const char *v = value + i * leaf->width;
    if (compare_decimals(v, lo, leaf->width) < 0) lo = v;
    if (compare_decimals(v, hi, leaf->width) > 0) hi = v;
  }
  return widen(b, leaf, lo, leaf->width, hi, leaf->width, err);
}

/* The first bytes as a number that orders as they do. */
static inline uint32_t key_of(const mill_str *s) {
  uint32_t k;
  memcpy(&k, s->prefix, 4);
  return __builtin_bswap32(k);
}

static mill_status add_strings(parquet_bounds *b, const parquet_write_leaf *leaf, const mill_str *v,
                               size_t n, mill_error *err) {
  const mill_str *lo = v, *hi = v;
  uint32_t low = key_of(v), high = low;
  for (size_t i = 1; i < n; i++) {
    uint32_t k = key_of(&v[i]);
    if (k > low && k < high) continue;
    if (k < low || (k == low && mill_str_compare(&v[i], lo) < 0)) lo = &v[i], low = k;
    if (k > high || (k == high && mill_str_compare(&v[i], hi) > 0)) hi = &v[i], high = k;
  }
  return widen(b, leaf, mill_str_data(lo), lo->size, mill_str_data(hi), hi->size, err);
}

mill_status mill_parquet_bounds_add(parquet_bounds *b, const parquet_write_leaf *leaf,
                                    const void *value, size_t n, mill_error *err) {
  if (n == 0 || b->unknown) return MILL_OK;
  switch (leaf->order) {
  case PARQUET_ORDER_SIGNED:
    return leaf->width == 1   ? add_bytes(b, leaf, value, n, err)
           : leaf->width == 4 ? add_int32(b, leaf, value, n, err)
                              : add_int64(b, leaf, value, n, err);
  case PARQUET_ORDER_FLOAT:
    return leaf->width == 4 ? add_float(b, leaf, value, n, err)
                            : add_double(b, leaf, value, n, err);
  case PARQUET_ORDER_DECIMAL: return add_decimals(b, leaf, value, n, err);
  case PARQUET_ORDER_BYTES: return add_strings(b, leaf, value, n, err);
  default: return MILL_OK;
  }
}

mill_status mill_parquet_bounds_merge(parquet_bounds *b, const parquet_write_leaf *leaf,
                                      const parquet_bounds *other, mill_error *err) {
  b->unknown |= other->unknown;
  if (b->unknown || !other->some) return MILL_OK;
  return widen(b, leaf, other->min.data, other->min.size, other->max.data, other->max.size, err);
}

/* ---- shortening ----------------------------------------------------------------------------- */

/* Whole characters of valid UTF-8 within n bytes; other bytes may be cut anywhere. */
static size_t whole(const char *p, size_t n, size_t size) {
  size_t k = n;
  while (k > 0 && k < size && ((unsigned char)p[k] & 0xc0) == 0x80) k--;
  return k ? k : n;
}

mill_status mill_parquet_bound_cut(const parquet_write_leaf *leaf, const mill_text *bound, bool max,
                                   size_t limit, mill_text *out, mill_error *err) {
  size_t from = out->size;
  if (leaf->order != PARQUET_ORDER_BYTES || bound->size <= limit)
    return bound->size ? mill_text_add(out, bound->data, bound->size, err) : MILL_OK;
  bool utf8 = leaf->type->id == MILL_STRING;
  size_t n = utf8 ? whole(bound->data, limit, bound->size) : limit;
  MILL_TRY(mill_text_add(out, bound->data, n, err));
  if (!max) return MILL_OK;
  n = growing(bound->data, n, utf8);
  out->size = from;
  if (n == 0) return mill_text_add(out, bound->data, bound->size, err);
  MILL_TRY(mill_text_add(out, bound->data, n, err));
  out->data[from + n - 1]++;
  return MILL_OK;
}
