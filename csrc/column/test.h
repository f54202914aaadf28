/* Can rows be left out of a read? */
#ifndef MILL_COLUMN_TEST_H
#define MILL_COLUMN_TEST_H

#include "column/scan.h"

/* Does value i of v, which is not null, fulfil the test? */
bool mill_test_passes(const mill_test *t, const mill_vector *v, size_t i);

/* mask[i] = 0 where row i of v does not fulfil the test. Nulls fulfil IS_NULL alone. */
void mill_test_filter(const mill_test *t, const mill_vector *v, uint32_t n, uint8_t *mask);
/* Of the rows row[0..n) those that fulfil the test stay, in their order; how many. */
uint32_t mill_test_some(const mill_test *t, const mill_vector *v, uint32_t *row, uint32_t n);

/* What is known of some rows' values of a column. NaN may be among those of a floating type. */
typedef struct mill_range {
  const mill_vector *min, *max; /* one value; NULL: unknown */
  int64_t nulls;                /* < 0: unknown */
  bool all_null;
} mill_range;
/* False: no row of them can fulfil the test. */
bool mill_test_may_pass(const mill_test *t, const mill_range *r);

#endif
