/* Approximate quantiles as Spark's DataFrame.approxQuantile gives them. Private to csrc/ml.
**
** The summary of Greenwald and Khanna ("Space-efficient online computation of quantile summaries",
** 2001) with Spark's buffering: the same values in the same order give the same answers, exact ones
** with relative_error 0 and for few values. Memory: the buffer of 50,000 values and
** O(1 / relative_error log n) samples. */
#ifndef MILL_ML_QUANTILE_INT_H
#define MILL_ML_QUANTILE_INT_H

#include "base/memory.h"

typedef struct mill_quantiles mill_quantiles;
mill_status mill_quantiles_new(mill_memory *m, double relative_error, mill_quantiles **out,
                               mill_error *err) MILL_USE_RESULT;
void mill_quantiles_free(mill_quantiles *q); /* NULL allowed */
mill_status mill_quantiles_add(mill_quantiles *q, double v, mill_error *err) MILL_USE_RESULT;
/* No more values: call once, then ask. */
mill_status mill_quantiles_finish(mill_quantiles *q, mill_error *err) MILL_USE_RESULT;
/* The value at `p` in [0, 1]; false when there are no values. */
bool mill_quantiles_at(const mill_quantiles *q, double p, double *out);

#endif
