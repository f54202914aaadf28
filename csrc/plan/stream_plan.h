/* From an analysed streaming plan to a query that can run. */
#ifndef MILL_PLAN_STREAM_PLAN_H
#define MILL_PLAN_STREAM_PLAN_H

#include "plan/plan.h"
#include "stream/query.h"

typedef struct mill_stream_options {
  const char *name, *checkpoint; /* NULL: none */
  mill_output_mode mode;
  mill_trigger trigger;
  int64_t interval;       /* milliseconds, of MILL_TRIGGER_PROCESSING_TIME */
  mill_stream_sink *sink; /* taken over, on failure too */
} mill_stream_options;

/* "append", "update", "complete" in any case; false: no such mode. */
bool mill_output_mode_of(const char *name, mill_output_mode *out);
/* What Spark refuses of the plan in this mode. */
mill_status mill_plan_check_stream(const mill_plan *p, mill_output_mode mode,
                                   mill_error *err) MILL_USE_RESULT;
/* A query that is not started yet. It keeps the plan alive; its settings are those of the plan's
** analysis and, for streaming, of now. */
mill_status mill_plan_query(mill_plan *p, const mill_stream_options *o, mill_query **out,
                            mill_error *err) MILL_USE_RESULT;

/* The reader and writer of files that sources and sinks of plans use. */
extern const mill_stream_io mill_plan_stream_io;

#endif
