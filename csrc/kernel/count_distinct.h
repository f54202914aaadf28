/* count(DISTINCT x) of a group as one call, for values that are a word: integers, dates, timestamps, floats.
**
** A state holds the set of the group's values, so rows are grouped by the keys alone, and calls beside it
** work on the same rows. Cost: a look-up in the set a row. Memory: 16 bytes a group and up to 68 a value,
** with the slots that a set has grown out of. A set stays in memory: whoever uses it makes sure that it
** fits.
**
**     n <= 1          one value in the state
**     slot[0 .. 2^bits)   up to eight: a list; more: open addressing by the hash's lower bits. 0: free.
**                     Whether 0 is among the values stands in the state
**
** It travels as an ARRAY<BIGINT> of words. Values are equal as groups' keys are: 0.0 is -0.0, NaN is NaN. */
#ifndef MILL_KERNEL_COUNT_DISTINCT_H
#define MILL_KERNEL_COUNT_DISTINCT_H

#include "kernel/function.h"

enum { MILL_COUNT_DISTINCT_BYTES = 68 }; /* a value takes at most */

extern const mill_aggregate mill_count_distinct; /* of types that mill_phys_is_word */

#endif
