/* What the families of sketches share: little-endian bytes, the hash of a value, refusals.
** Private to csrc/kernel.
**
** Sketches are BINARY values in the formats of Apache DataSketches, so that Spark's can be read here and these
** there. Values are hashed by MurmurHash3_x64_128 with the seed 9001, integers as 64-bit words. */
#ifndef MILL_KERNEL_SKETCH_INT_H
#define MILL_KERNEL_SKETCH_INT_H

#include "base/hash.h"
#include "kernel/agg_int.h"
#include "kernel/bytes_int.h"

enum { MILL_SKETCH_SEED = 9001, MILL_SKETCH_SEED_HASH = 0x93cc };

static inline uint64_t mill_sketch_load(const uint8_t *p, size_t n) {
  uint64_t x = 0;
  memcpy(&x, p, n);
  return x;
}
static inline void mill_sketch_store(uint8_t *p, uint64_t x, size_t n) { memcpy(p, &x, n); }
static inline double mill_sketch_double(const uint8_t *p) {
  double d;
  memcpy(&d, p, sizeof d);
  return d;
}

/* The hashes of rows of a batch, without those that do not count: NULLs, empty texts and arrays. */
enum { MILL_SKETCH_ROWS = 256 };
typedef struct mill_sketch_rows {
  uint32_t n;
  uint32_t row[MILL_SKETCH_ROWS];
  uint64_t hash[MILL_SKETCH_ROWS][2];
} mill_sketch_rows;

/* Of the MILL_SKETCH_ROWS rows from `from` on, or those up to `stop`, of a value that
** mill_sketch_bind_key has bound. */
mill_status mill_sketch_hash(mill_call *call, const mill_vector *v, size_t from, size_t stop,
                             mill_sketch_rows *rows, mill_error *err) MILL_USE_RESULT;
/* Without the rows in which another argument is NULL. */
void mill_sketch_drop_nulls(mill_sketch_rows *rows, const mill_vector *v);
/* Argument 0 as a value to hash: `exact` takes its types only, else by implicit cast. */
mill_status mill_sketch_bind_key(mill_binding *b, bool exact, mill_error *err) MILL_USE_RESULT;

/* The condition with the function's name. */
mill_status mill_sketch_fail(const mill_call *call, mill_status condition, mill_error *err)
    __attribute__((cold));
mill_status mill_sketch_bind_fail(mill_binding *b, mill_status condition, mill_error *err)
    __attribute__((cold));

/* A constant INT of argument i, 0 where it is NULL. False: it is no constant. */
bool mill_sketch_constant(mill_binding *b, int i, int32_t *value);
/* SKETCH_INVALID_LG_NOM_ENTRIES, HLL_INVALID_LG_K: `value` must be from least to most. */
mill_status mill_sketch_range(const char *function, mill_status condition, int32_t value, int least,
                              int most, mill_error *err) MILL_USE_RESULT;

/* Zeroed room for a sketch that is written next and then put by put_view. */
mill_status mill_sketch_take(mill_call *call, size_t size, uint8_t **p,
                             mill_error *err) MILL_USE_RESULT;

#endif
