/* Can rows be left out of a read? Private to csrc/io. */
#ifndef MILL_IO_TEST_INT_H
#define MILL_IO_TEST_INT_H

#include "column/scan.h"

/* Does value i of v, which is not null, fulfil the test? */
bool mill_io_passes(const mill_test *t, const mill_vector *v, size_t i);

/* mask[i] = 0 where row i of v does not fulfil the test. Nulls fulfil IS_NULL alone. */
void mill_io_filter(const mill_test *t, const mill_vector *v, uint32_t n, uint8_t *mask);

/* What is known of some rows' values of a column. NaN may be among those of a floating type. */
typedef struct io_range {
  const mill_vector *min, *max; /* one value; NULL: unknown */
  int64_t nulls;                /* < 0: unknown */
  bool all_null;
} io_range;
/* False: no row of them can fulfil the test. */
bool mill_io_may_pass(const mill_test *t, const io_range *r);

#endif
