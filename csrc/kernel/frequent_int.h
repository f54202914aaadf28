/* Frequent items [Misra, Gries 1982; as Anderson et al., A high-performance algorithm for identifying frequent items
** in data streams, 2017]. Private to csrc/kernel.
**
** A state counts the values it knows. Where there are more than it may keep, the median of the counts is taken off
** all of them and what has none left goes; `offset` sums up what was taken, so that count + offset is never too
** low. Up to that many different values, counts are exact. NULLs are counted by themselves. */
#ifndef MILL_KERNEL_FREQUENT_INT_H
#define MILL_KERNEL_FREQUENT_INT_H

#include "kernel/sketch_int.h"

typedef struct mill_frequent {
  mill_vector *item; /* NULL: not opened */
  int64_t *count;
  uint32_t *slot; /* item + 1; 0: free */
  uint32_t room, lg_slots;
  int32_t tracked; /* how many items may be asked for; 0: not known yet */
  int64_t nulls, offset, total;
  char *bytes, *spare; /* where long texts lie; the other block, for when some go */
  size_t used, bytes_room, spare_room;
} mill_frequent;

mill_status mill_frequent_open(mill_arena *a, mill_frequent *s, const mill_type *t, int32_t tracked,
                               mill_error *err) MILL_USE_RESULT;
/* Row i of v, which is not NULL, `weight` times. */
mill_status mill_frequent_add_hashed(mill_arena *a, mill_frequent *s, const mill_vector *v,
                                     uint32_t i, uint64_t hash, int64_t weight,
                                     mill_error *err) MILL_USE_RESULT;
/* Rows 0..n-1 of v, none of which is NULL, once each. */
mill_status mill_frequent_add_rows(mill_arena *a, mill_frequent *s, const mill_vector *v, size_t n,
                                   const uint64_t *hash, mill_error *err) MILL_USE_RESULT;
/* The same, where its mill_vector_hash is not known yet. */
mill_status mill_frequent_add(mill_arena *a, mill_frequent *s, const mill_vector *v, uint32_t i,
                              int64_t weight, mill_error *err) MILL_USE_RESULT;
/* Item numbers by falling counts, in memory of the arena. */
mill_status mill_frequent_sorted(mill_arena *a, const mill_frequent *s, uint32_t **out,
                                 mill_error *err) MILL_USE_RESULT;

/* Bytes as Apache DataSketches and Spark write them for numbers and texts. */
bool mill_frequent_storable(const mill_type *t);
mill_status mill_frequent_write(mill_call *call, const mill_frequent *s, mill_vector *out, size_t i,
                                mill_error *err) MILL_USE_RESULT;
/* *ok: they are such bytes. */
mill_status mill_frequent_read(mill_call *call, bytes in, const mill_type *t, int32_t tracked,
                               mill_frequent *s, bool *ok, mill_error *err) MILL_USE_RESULT;

#endif
