/* What each operator of a plan did in one run: rows it gave, time in it, memory, bytes on disk.
**
**     mill_meters m;
**     MILL_TRY(mill_meters_init(&m, memory, root, err));
**     run.meters = &m;                       mill_run_table(&run, root, ..)
**     const mill_meter *k = mill_meters_of(&m, op);
**     mill_meters_clear(&m);
**
** Time is told by marks: a thread has the meter that it works for, and the time from one mark to the
** next is that meter's. Threads add up, so an operator that two of them work for takes twice the
** seconds of the clock. Runs without meters pay one test a morsel. */
#ifndef MILL_EXEC_METER_H
#define MILL_EXEC_METER_H

#include "exec/operator.h"

typedef struct mill_meter {
  const mill_op *op;
  uint64_t rows, nanos;
  uint64_t memory;  /* the most that was in use above what was when the operator began */
  uint64_t spilled; /* compressed; that of operators below it included */
  uint64_t base;
} mill_meter;

typedef struct mill_meters {
  mill_memory *memory;
  mill_meter *item;
  int n;
} mill_meters;

mill_status mill_meters_init(mill_meters *m, mill_memory *memory, const mill_op *root,
                             mill_error *err) MILL_USE_RESULT;
void mill_meters_clear(mill_meters *m);
/* NULL: an operator that is not of that plan, or m is NULL. */
mill_meter *mill_meters_of(const mill_meters *m, const mill_op *op);

/* This thread works for `m` from now on (NULL: for nobody); whom it worked for before. */
mill_meter *mill_meter_mark(mill_meter *m);
mill_meter *mill_meter_current(void);
void mill_meter_rows(mill_meter *m, uint64_t n); /* NULL allowed */
/* A look at the memory in use, between morsels. */
void mill_meter_look(mill_meter *m, const mill_context *ctx); /* NULL allowed */

/* From the start of an operator that needs all its input to its end, on the thread that waits. */
typedef struct mill_meter_span {
  mill_meter *meter, *before;
  uint64_t written;
} mill_meter_span;
mill_meter_span mill_meter_begin(const mill_meters *m, const mill_context *ctx, const mill_op *op);
void mill_meter_end(const mill_meter_span *s, const mill_context *ctx);

#endif
