/* The order of the rows of a row set, found in parallel.
**
** Entries (sort_key.h) are made chunk by chunk, thrown into buckets between splitters taken from a
** sample (stable: each part of the entries knows where in each bucket its own go), and each bucket
** is sorted by itself in the cache. Rows of equal keys keep the order of the set. Rows that are in
** order already are found out and left alone.
**
** Fetching rows in the order that was found is what costs most: a miss in the cache a value. So keys
** that their numbers tell are not fetched but computed, and where memory allows the other columns
** are thrown into the buckets as well, where a row is fetched from the cache:
**
**     source   c0 c1 c2 ..  --sequential reads, a write stream a bucket-->  bucket 0 | bucket 1 | ..
**
** Cost: about three passes over the entries, one over the columns, and one sort in the cache. Memory:
** twice the entries (8, 16 or 24 bytes a row) and two bytes a row while it sorts, once the entries and the
** moved columns afterwards. */
#ifndef MILL_EXEC_SORT_ORDER_H
#define MILL_EXEC_SORT_ORDER_H

#include "exec/exec_int.h"
#include "exec/sort_key.h"

typedef struct mill_sort_order {
  mill_memory *memory;
  uint64_t *entry; /* stride words each: the key's words, then the row */
  uint32_t stride;
  size_t n;
  mill_sort_layout layout; /* of the keys' words */
  mill_sort_part *part;
  int *decoded; /* which key a column of the set is that the entries tell; -1: it is fetched */
  uint32_t width;
} mill_sort_order;

/* Bytes a row that sorting needs beside the rows. */
enum { MILL_SORT_ROW_BYTES = 50 };

/* moves: the rows of the set may be renumbered. */
mill_status mill_sort_order_make(const mill_exec *x, mill_row_set *s, const mill_sort_column *key,
                                 int nkeys, bool moves, mill_sort_order *out,
                                 mill_error *err) MILL_USE_RESULT;
void mill_sort_order_clear(mill_sort_order *o); /* harmless on a zeroed order */
static inline uint64_t mill_sort_order_row(const mill_sort_order *o, size_t i) {
  return o->entry[i * o->stride + o->stride - 1] & mill_sort_row_mask(&o->layout);
}
/* Column c of the set's rows [from, from + n) of the order. */
mill_status mill_sort_order_gather(const mill_sort_order *o, const mill_row_set *s, uint32_t c,
                                   size_t from, uint32_t n, mill_vector *out, mill_arena *a,
                                   mill_error *err) MILL_USE_RESULT;
/* Are the first nkeys keys of rows i and k of the order the same? */
bool mill_sort_order_same(const mill_sort_order *o, const mill_row_set *s, int nkeys, size_t i,
                          size_t k);
/* How each row of [from, from + n) differs from the one before: 0: in no key, 1: behind the first nkeys
** keys, 2: in those. out[0] is 2. */
void mill_sort_order_breaks(const mill_sort_order *o, const mill_row_set *s, int nkeys, size_t from,
                            uint32_t n, uint8_t *out);
/* Sort n entries with rows of `s` behind equal numbers; tmp has as much room. */
mill_status mill_sort_entries(const mill_row_set *s, const mill_sort_layout *l, uint64_t *entry,
                              uint64_t *tmp, size_t n, mill_error *err) MILL_USE_RESULT;

#endif
