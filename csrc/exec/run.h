/* Running physical plans.
**
** A tree is cut into push pipelines: source -> streaming operators -> sink. Workers of the pool
** take morsels at fixed positions of the source; sinks keep state per worker and combine it in
** source order, so results do not depend on timing. Blocking operators spill zstd-compressed runs
** when memory nears the limit. */
#ifndef MILL_EXEC_RUN_H
#define MILL_EXEC_RUN_H

#include "exec/meter.h"

typedef struct mill_run {
  const mill_context *ctx;
  const mill_settings *set;
  /* called on the thread that waits, about every 100 ms; not MILL_OK cancels. NULL: nobody asks */
  mill_status (*poll)(void *arg, double done, uint64_t rows, mill_error *err);
  void *poll_arg;
  mill_meters *meters; /* of mill_run_table; NULL: nobody asks */
  bool coded; /* of mill_run_table: strings of the table are codes where few differ (coder.h) */
} mill_run;

/* Rows one batch at a time, in order; the last pipeline runs as batches are asked for. */
mill_status mill_run_open(const mill_run *run, const mill_op *root, mill_rows **out,
                          mill_error *err) MILL_USE_RESULT;
/* The rows of filters and select lists that are cheap over a pull reader, batch by batch on the
** caller's thread and without a copy; run's settings must live on. *out NULL: the tree is not such
** a one, and its reader has not been opened. */
mill_status mill_run_pass(const mill_run *run, const mill_op *root, mill_rows **out,
                          mill_error *err) MILL_USE_RESULT;
/* All rows as a table, in parallel. */
mill_status mill_run_table(const mill_run *run, const mill_op *root, mill_table **out,
                           mill_error *err) MILL_USE_RESULT;

/* Evaluate bound expressions over one batch: for constant folding, streams, ML and tests. */
typedef struct mill_program mill_program;
mill_status mill_program_new(const mill_context *ctx, const mill_settings *set,
                             const mill_bound *const *exprs, int n, mill_program **out,
                             mill_error *err) MILL_USE_RESULT;
void mill_program_free(mill_program *p);
/* out[k] gets the values of exprs[k] for the rows that count, flat or constant, valid until the
** next call. */
mill_status mill_program_run(mill_program *p, const mill_batch *in, mill_vector *out,
                             mill_error *err) MILL_USE_RESULT;
/* The program's expressions are conditions: the rows for which all are true. One that may fail
** sees only rows for which all before it are. *n of them; when fewer than in->n, sel lists their
** positions, unless it is NULL. */
mill_status mill_program_select(mill_program *p, const mill_batch *in, uint32_t *sel, uint32_t *n,
                                mill_error *err) MILL_USE_RESULT;
/* Rows of the scan's morsel come next, column i of them being columns[i] of the scan, which tells ranges:
** conditions that those prove of all rows are not looked at, up to the next call. */
void mill_program_assume(mill_program *p, const mill_scan *scan, size_t morsel, const int *columns);

#endif
