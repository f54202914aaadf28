/* Top-N: the first rows of a sort, without sorting the rest.
**
** Each worker keeps the rows that may still be among the first N; when it has twice as many it
** keeps the best N and notes the worst of them, and from then on passes over rows behind that one
** before copying anything. Workers share the best of their bounds. Equal rows count by their place
** in the source, so the result is that of a stable sort at any number of threads.
**
** Memory: up to 2 N + 4,096 rows a worker. */
#ifndef MILL_EXEC_TOP_H
#define MILL_EXEC_TOP_H

#include "exec/exec_int.h"

enum { MILL_TOP_ROWS = 65536 }; /* above that the whole input is sorted */

/* Rows [offset, offset + limit) of a SORT, whose sum is at most MILL_TOP_ROWS. */
mill_status mill_exec_top(const mill_exec *x, const mill_op *op, mill_table **out,
                          mill_error *err) MILL_USE_RESULT;

#endif
