/* Vectors: typed runs of values, and batches of them.
**
** A mill_vector is a view: it owns nothing. Its memory belongs to an arena (results of kernels,
** builders), to a chunk (tables) or to a reader's buffers, and the owner says how long it lasts.
** Batches that flow through a pipeline are valid until their producer is asked for the next one;
** who keeps rows longer copies them (mill_vector_gather copies string bytes too).
**
** Forms, told apart by `mask`:   value i lives at index  i & mask
**   flat      mask = MILL_FLAT   one value a row
**   constant  mask = 0           one value for all rows
** A third form, dictionary, has `index`: value i lives at index[i] of the same data. Kernels never
** see it (the expression evaluator flattens its inputs); sources and operators may pass it along.
** Where `entries` is not 0 the data are that many values, all different: index[i] is a code.
**
**   valid   NULL: no nulls. Else bit i of word i / 64 is 1 where the value is not null (Arrow's
**   order). data    values by physical type (type.h); undefined where null, but readable.
**   child   nfields vectors: LIST children are indexed by spans, STRUCT children by the row itself.
**
** Strings are 16-byte views: up to 12 bytes inline, else a 4-byte prefix and a pointer.
**
**        0        4        8                16
**        | length | bytes, zero padded      |     length <= 12
**        | length | prefix | pointer        |     length > 12
*/
#ifndef MILL_COLUMN_VECTOR_H
#define MILL_COLUMN_VECTOR_H

#include <string.h>

#include "base/decimal.h" /* mill_i128 */
#include "column/type.h"

#define MILL_FLAT 0xffffffffu
enum { MILL_BATCH = 2048, MILL_BATCH_WORDS = MILL_BATCH / 64, MILL_STR_INLINE = 12 };

typedef struct mill_str {
  uint32_t size;
  char prefix[4];
  union {
    char rest[8]; /* bytes 4..11 of an inline string follow the prefix without a gap */
    const char *ptr;
  } u;
} mill_str;

static inline const char *mill_str_data(const mill_str *s) {
  return s->size <= MILL_STR_INLINE ? s->prefix : s->u.ptr;
}

/* The bytes p[0, n), n <= 8, in a word as they would stand in memory, zeros behind them. By loads of fixed size:
** a copy of so many bytes into a string that is read at once would wait for the stores. */
static inline uint64_t mill_str_word(const char *p, size_t n) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  uint32_t a, b;
  if (n == 0) return 0;
  if (n < 4) {
    a = (uint8_t)p[0], b = (uint8_t)p[n / 2];
    return a | b << (n / 2 * 8) | (uint64_t)(uint8_t)p[n - 1] << ((n - 1) * 8);
  }
  memcpy(&a, p, 4);
  memcpy(&b, p + n - 4, 4);
  return a | (uint64_t)b << ((n - 4) * 8);
#else
  uint64_t w = 0;
  memcpy(&w, p, n);
  return w;
#endif
}

/* A view of bytes that outlive the value. */
static inline mill_str mill_str_view(const char *p, size_t n) {
  mill_str s = {(uint32_t)n, {0}, {{0}}};
  if (n > MILL_STR_INLINE) {
    memcpy(s.prefix, p, 4);
    s.u.ptr = p;
    return s;
  }
  uint64_t first = mill_str_word(p, n < 4 ? n : 4), rest = n > 4 ? mill_str_word(p + 4, n - 4) : 0;
  memcpy(s.prefix, &first, 4);
  memcpy(s.u.rest, &rest, 8);
  return s;
}

/* The same of bytes that 16 readable ones follow: by whole words. */
static inline mill_str mill_str_view_padded(const char *p, uint32_t n) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (n > MILL_STR_INLINE) return mill_str_view(p, n);
  uint64_t low, high;
  mill_str s = {n, {0}, {{0}}};
  memcpy(&low, p, 8);
  memcpy(&high, p + 8, 8);
  low = n >= 8 ? low : low & ((1ull << (8 * n)) - 1);
  high = n <= 8 ? 0 : high & ((1ull << (8 * (n - 8))) - 1);
  memcpy(s.prefix, &low, 4);
  uint64_t rest = low >> 32 | high << 32;
  memcpy(s.u.rest, &rest, 8);
  return s;
#else
  return mill_str_view(p, n);
#endif
}

static inline bool mill_str_equal(const mill_str *a, const mill_str *b) {
  if (memcmp(a, b, 8) != 0) return false;
  if (a->size <= MILL_STR_INLINE) return memcmp(a->u.rest, b->u.rest, 8) == 0;
  return memcmp(a->u.ptr, b->u.ptr, a->size) == 0;
}

/* The prefix, padded with zeros, as a number in the order of its bytes. */
static inline uint32_t mill_str_head(const mill_str *s) {
  uint32_t x;
  memcpy(&x, s->prefix, sizeof x);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  x = __builtin_bswap32(x);
#endif
  return x;
}

/* Nearly always the prefixes differ, and no text has to be fetched. */
static inline int mill_str_compare(const mill_str *a, const mill_str *b) {
  uint32_t x = mill_str_head(a), y = mill_str_head(b);
  if (x != y) return x < y ? -1 : 1;
  uint32_t n = a->size < b->size ? a->size : b->size;
  int c = memcmp(mill_str_data(a), mill_str_data(b), n);
  return c ? c : (a->size > b->size) - (a->size < b->size);
}

typedef struct mill_span {
  uint32_t start, size; /* elements of the child vector */
} mill_span;

typedef struct mill_interval {
  int32_t months, days;
  int64_t micros;
} mill_interval;

typedef struct mill_vector mill_vector;
struct mill_vector {
  const mill_type *type;
  void *data;
  uint64_t *valid;
  const uint32_t *index; /* dictionary form, else NULL */
  mill_vector *child;
  uint32_t mask;
  uint32_t size; /* values held (children of lists; builders). Rows of a batch count by the batch */
  uint32_t capacity; /* values that data and valid have room for; 0: not ours to write */
  uint32_t entries;  /* of a dictionary of codes (coder.h), else 0 */
};

static inline uint32_t mill_vector_at(const mill_vector *v, size_t i) {
  uint32_t k = (uint32_t)i & v->mask;
  return v->index ? v->index[k] : k;
}
static inline bool mill_valid_bit(const uint64_t *valid, size_t i) {
  return valid == NULL || (valid[i >> 6] >> (i & 63) & 1);
}
static inline bool mill_vector_valid(const mill_vector *v, size_t i) {
  return mill_valid_bit(v->valid, mill_vector_at(v, i));
}

/* Make `v` an empty, growable flat vector of `type` with room for `capacity` values (children too).
** */
mill_status mill_vector_init(mill_vector *v, const mill_type *type, uint32_t capacity,
                             mill_arena *a, mill_error *err) MILL_USE_RESULT;
/* The same for values that are appended alone: numbers are left as the memory was. */
mill_status mill_vector_builder(mill_vector *v, const mill_type *type, uint32_t capacity,
                                mill_arena *a, mill_error *err) MILL_USE_RESULT;
/* Room for `capacity` values, what is there is kept. A vector that has room already gets at least
** twice as much, so that asking for one value more each time stays linear. Struct children grow
** along; list children do not. */
mill_status mill_vector_reserve(mill_vector *v, uint32_t capacity, mill_arena *a,
                                mill_error *err) MILL_USE_RESULT;
/* A bitmap for v's capacity, all ones, unless it has one. Call before clearing bits. */
mill_status mill_vector_need_valid(mill_vector *v, mill_arena *a, mill_error *err) MILL_USE_RESULT;
static inline void mill_vector_clear_bit(mill_vector *v, size_t i) {
  v->valid[i >> 6] &= ~(1ull << (i & 63));
}
mill_status mill_vector_set_null(mill_vector *v, size_t i, mill_arena *a,
                                 mill_error *err) MILL_USE_RESULT;

/* A constant null of `type`, which has no children; a constant view of value i of `v`. */
void mill_vector_null(mill_vector *out, const mill_type *type);
/* Children for a constant null that needs some, so that who reads need not ask: no values in those of
** lists and maps, nulls in those of structs. */
mill_status mill_vector_give_children(mill_vector *v, mill_arena *a,
                                      mill_error *err) MILL_USE_RESULT;
mill_status mill_vector_constant(mill_vector *out, const mill_vector *v, size_t i, mill_arena *a,
                                 mill_error *err) MILL_USE_RESULT;

/* Rows [start, start + n) of a flat or constant v without a copy; start is a multiple of 64. */
mill_status mill_vector_slice(mill_vector *out, const mill_vector *v, uint32_t start, mill_arena *a,
                              mill_error *err) MILL_USE_RESULT;

/* Append to `dst` (growable) the values sel[0..n) of `src`, or the first n with sel NULL. `deep`
** copies string bytes into the arena; else views go on pointing at src's bytes. */
mill_status mill_vector_append(mill_vector *dst, const mill_vector *src, const uint32_t *sel,
                               size_t n, bool deep, mill_arena *a, mill_error *err) MILL_USE_RESULT;
/* out = the rows sel[0..n) of src as a new flat vector in the arena (constants stay constants). */
mill_status mill_vector_gather(mill_vector *out, const mill_vector *src, const uint32_t *sel,
                               size_t n, bool deep, mill_arena *a, mill_error *err) MILL_USE_RESULT;

/* Value a[i] against b[j], both not null and of the same type, in Spark's order (NaN largest and
** equal to itself, -0.0 equal to 0.0, nulls inside nested values first). < 0, 0, > 0. */
int mill_vector_compare(const mill_vector *a, size_t i, const mill_vector *b, size_t j);
/* Grouping equality: as compare == 0, and null equals null. */
bool mill_vector_equal(const mill_vector *a, size_t i, const mill_vector *b, size_t j);
/* Internal 64-bit hashes of rows for hash tables; equal values have equal hashes, null has one too.
** With `combine` the hashes in h are mixed with, else replaced. */
void mill_vector_hash(const mill_vector *v, const uint32_t *sel, size_t n, bool combine,
                      uint64_t *h);

/* Positions of rows: the number of their morsel, and below it so many bits of their place there. They ascend
** through the morsels, as Spark's ids do through its partitions. */
enum { MILL_MORSEL_BITS = 33 };

/* A batch: columns of equal length and the rows of them that count. */
typedef struct mill_batch {
  uint32_t n; /* rows that count, <= MILL_BATCH */
  uint32_t ncols;
  const uint32_t *sel; /* their positions in the columns, ascending; NULL: 0..n-1 */
  mill_vector *col;
  uint64_t first; /* source position of row 0, for order and row numbers */
} mill_batch;

static inline uint32_t mill_batch_row(const mill_batch *b, uint32_t i) {
  return b->sel ? b->sel[i] : i;
}

#endif
