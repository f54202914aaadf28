/* The order in which Spark's OpenHashMap lists its keys, which mode() picks by: among values that come
** equally often it takes the one that the map lists first. */
#ifndef MILL_KERNEL_HASH_MAP_ORDER_H
#define MILL_KERNEL_HASH_MAP_ORDER_H

#include "column/vector.h"

/* Is the hash of the type's values known? */
bool mill_hash_map_orders(const mill_type *t);
/* hashCode of the row's value in Spark; of a type whose hash is not known one that equal values share. */
int32_t mill_java_hash(const mill_vector *v, uint32_t row);
/* Different valid rows of v, in the order in which they are put into the map, become the order in which
** it lists them. */
mill_status mill_hash_map_order(mill_arena *a, const mill_vector *v, uint32_t *rows, uint32_t n,
                                mill_error *err) MILL_USE_RESULT;

#endif
