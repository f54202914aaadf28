/* Rows as bytes: the form that keys and values of state have in memory and in checkpoints.
**
**     row    = values, one after the other
**     value  = 0 (null) | 1 payload
**     payload
**       fixed width     the value, little-endian; FLOAT and DOUBLE with one NaN and no -0.0 in keys
**       STRING, BINARY  u32 bytes
**       ARRAY           u32 values;  MAP  u32 keys values;  STRUCT and its kin  values
**
** Equal keys (in the sense of GROUP BY) have equal bytes. Reading checks every length against what
** is left, so damaged bytes set `broken` and never crash. */
#ifndef MILL_STREAM_ROW_H
#define MILL_STREAM_ROW_H

#include "base/text.h"
#include "column/vector.h"

/* Append value i of v. `key`: one form for all equal values. */
mill_status mill_row_put(const mill_vector *v, size_t i, bool key, mill_text *out,
                         mill_error *err) MILL_USE_RESULT;
/* Append values i of n vectors. */
mill_status mill_row_put_all(const mill_vector *const *v, int n, size_t i, bool key, mill_text *out,
                             mill_error *err) MILL_USE_RESULT;

typedef struct mill_row_reader {
  const char *p, *end;
  bool broken; /* the bytes are no such row */
} mill_row_reader;

/* Append the next value to `v`, a growable vector; its bytes are copied into the arena. On broken
** bytes r->broken is set and a null appended. */
mill_status mill_row_take(mill_row_reader *r, mill_vector *v, mill_arena *a,
                          mill_error *err) MILL_USE_RESULT;

/* Plain numbers and texts of records, little-endian. */
mill_status mill_put_u32(mill_text *out, uint32_t v, mill_error *err) MILL_USE_RESULT;
mill_status mill_put_u64(mill_text *out, uint64_t v, mill_error *err) MILL_USE_RESULT;
mill_status mill_put_bytes(mill_text *out, const void *p, size_t n,
                           mill_error *err) MILL_USE_RESULT;
/* 0 (and r->broken) when there are too few bytes. */
uint32_t mill_take_u32(mill_row_reader *r);
uint64_t mill_take_u64(mill_row_reader *r);
/* A view of the next length-prefixed bytes. */
const char *mill_take_bytes(mill_row_reader *r, size_t *n);

#endif
