/* Ertl's estimator of HyperLogLog registers [Ertl, New cardinality estimation algorithms for HyperLogLog
** sketches, 2017]. Private to csrc/kernel. */
#ifndef MILL_KERNEL_HLL_INT_H
#define MILL_KERNEL_HLL_INT_H

#include <stdint.h>

/* Of 2^p registers with ranks from 0 to q + 1. */
double mill_hll_ertl(const uint8_t *reg, int p, int q);

#endif
