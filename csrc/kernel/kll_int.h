/* KLL sketches of quantiles [Karnin, Lang, Liberty, Optimal quantile approximation in streams, 2016]. Private to
** csrc/kernel.
**
** A sketch keeps items in levels: one of level h stands for 2^h values. A full level is sorted and every other of
** its items goes up. Levels have room for k, k * 2/3, k * 4/9, .. items from the highest down, eight at least.
** Items are 64-bit words that order as the values do. Which items go is told by a hash of the number of values, so
** that the same values in the same order give the same sketch. */
#ifndef MILL_KERNEL_KLL_INT_H
#define MILL_KERNEL_KLL_INT_H

#include "kernel/sketch_int.h"

enum { MILL_KLL_M = 8, MILL_KLL_LEVELS = 61, MILL_KLL_K = 200 };

typedef struct mill_kll_level {
  uint64_t *item; /* sorted but for level 0 */
  uint32_t n, room;
} mill_kll_level;

typedef struct mill_kll {
  uint64_t n, least, most;
  mill_kll_level *level;
  uint32_t retained, capacity; /* of all levels */
  uint16_t k, min_k;           /* k 0: not opened. min_k: the least of sketches that were merged */
  uint8_t levels, room;
} mill_kll;

/* Items with their weights, in order; weights are running sums. */
typedef struct mill_kll_view {
  uint64_t *item, *sum;
  uint32_t n;
} mill_kll_view;

mill_status mill_kll_open(mill_arena *a, mill_kll *s, int k, mill_error *err) MILL_USE_RESULT;
mill_status mill_kll_add(mill_arena *a, mill_kll *s, uint64_t item,
                         mill_error *err) MILL_USE_RESULT;
mill_status mill_kll_merge(mill_arena *a, mill_kll *to, const mill_kll *from,
                           mill_error *err) MILL_USE_RESULT;
/* Room for n items of a level, and that level; for whoever fills a sketch from bytes. */
mill_status mill_kll_room(mill_arena *a, mill_kll *s, int level, uint32_t n,
                          mill_error *err) MILL_USE_RESULT;
uint32_t mill_kll_capacity(int k, int levels);
mill_status mill_kll_sorted(mill_arena *a, const mill_kll *s, mill_kll_view *out,
                            mill_error *err) MILL_USE_RESULT;
/* Of a sketch that is not empty: the item of a rank from 0 to 1; the share of values up to an item. */
uint64_t mill_kll_quantile(const mill_kll *s, const mill_kll_view *v, double rank);
double mill_kll_rank(const mill_kll *s, const mill_kll_view *v, uint64_t item);

#endif
