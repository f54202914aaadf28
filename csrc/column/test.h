/* Can rows be left out of a read? */
#ifndef MILL_COLUMN_TEST_H
#define MILL_COLUMN_TEST_H

#include "column/scan.h"

/* Values of an IN that are compared one by one. */
enum { MILL_TEST_FEW = 8 };

/* Does value i of v, which is not null, fulfil the test? */
bool mill_test_passes(const mill_test *t, const mill_vector *v, size_t i);

/* Is there a loop of a few operations for the test and the flat column v? Then what follows is as quick as
** that loop. */
bool mill_test_quick(const mill_test *t, const mill_vector *v);
/* Of n rows of v (base/bits.h) those that fulfil the test stay. Nulls fulfil IS_NULL alone. */
void mill_test_filter(const mill_test *t, const mill_vector *v, uint32_t n, uint64_t *rows);
/* Of the rows row[0..n) those that fulfil the test stay, in their order; how many. */
uint32_t mill_test_some(const mill_test *t, const mill_vector *v, uint32_t *row, uint32_t n);

/* False: none of the rows can fulfil the test. */
bool mill_test_may_pass(const mill_test *t, const mill_range *r);
/* True: all of them do. */
bool mill_test_must_pass(const mill_test *t, const mill_range *r);

/* The range of a chunk's column of numbers, found at the first question and kept. False: it is not known.
** Any thread may ask. There is no NaN in a range that is known. */
bool mill_chunk_range(mill_chunk *c, uint32_t column, mill_range *out);
void mill_chunk_bounds_free(mill_chunk *c); /* for mill_chunk_unref */

#endif
