/* freqItems: the values that can make up a share of a column, in one pass (Karp, Shenker and Papadimitriou, 2003).
**
** A counter has room for `most` values. One that is new when it is full takes the least count off all, and those
** with nothing left go; so each value of a share above 1 / most is among them, others may be. As Spark's, the answer
** hangs on the order of the rows; a table of Scala's says the order of the values. */
#ifndef MILL_KERNEL_ITEM_COUNTER_H
#define MILL_KERNEL_ITEM_COUNTER_H

#include "base/memory.h"
#include "column/vector.h"

typedef struct mill_item_entry {
  uint64_t hash;
  int64_t count;
} mill_item_entry;

typedef struct mill_item_counter {
  uint64_t most;
  mill_arena arena;       /* of the values */
  mill_vector item;       /* the values, in the order in which they came */
  mill_item_entry *entry; /* of each */
  size_t room;
  uint32_t *slot; /* number of a value and one, by its hash; 0: free */
  size_t nslots;
  size_t listed; /* slots of Scala's table */
} mill_item_counter;

mill_status mill_item_counter_init(mill_item_counter *c, mill_memory *m, const mill_type *t,
                                   uint64_t most, mill_error *err) MILL_USE_RESULT;
void mill_item_counter_clear(mill_item_counter *c);
/* The first n rows of v, with sel those, count once each. */
mill_status mill_item_counter_add(mill_item_counter *c, const mill_vector *v, const uint32_t *sel,
                                  uint32_t n, mill_error *err) MILL_USE_RESULT;
mill_status mill_item_counter_merge(mill_item_counter *c, const mill_item_counter *other,
                                    mill_error *err) MILL_USE_RESULT;
/* order[0 .. item.size): the values in the order in which Scala's table lists them. */
mill_status mill_item_counter_list(const mill_item_counter *c, uint32_t *order,
                                   mill_error *err) MILL_USE_RESULT;

#endif
