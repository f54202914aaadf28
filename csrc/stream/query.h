/* A running query: batches, their records, triggers, progress.
**
** The planner cuts a streaming plan into a tree of nodes: sources, stateless segments, watermarks
** and stateful operators. The query runs it batch by batch. All work happens on the thread that
** calls mill_query_step (or _process_all, _await, which call it), so callbacks of the host run on
** the host's thread; between calls nothing runs.
**
**     mill_query_new -> mill_query_start (recovers from the checkpoint)
**         -> mill_query_step ... -> mill_query_stop -> mill_query_free
**
** One batch: ends of the sources; INTENT for foreign sinks; rows through the tree into the sink;
** next watermark; the record, flushed: the commit; publish; tell the sources. An error ends the
** query, and the next start goes on behind the last record. */
#ifndef MILL_STREAM_QUERY_H
#define MILL_STREAM_QUERY_H

#include "stream/log.h"
#include "stream/sink.h"
#include "stream/source.h"

typedef enum mill_stream_kind {
  MILL_STREAM_SOURCE,    /* rows of sources[source]; with build(), what that lets through counts */
  MILL_STREAM_SEGMENT,   /* build() over the rows of the children */
  MILL_STREAM_WATERMARK, /* event times of `column`, rows pass */
  MILL_STREAM_OPERATOR,  /* op over the child */
} mill_stream_kind;

typedef struct mill_stream_node mill_stream_node;
struct mill_stream_node {
  mill_stream_kind kind;
  const mill_type *schema;
  int nchildren;
  mill_stream_node **child;
  int source;
  /* Rows of a stateless part of the plan over its inputs, which it takes over, on failure too. */
  mill_status (*build)(void *arg, const mill_stream_batch *b, mill_rows **in, int n,
                       mill_rows **out, mill_error *err);
  void *arg;
  int column; /* WATERMARK: a TIMESTAMP; the delay in milliseconds */
  int64_t delay;
  mill_stream_op *op;
};

typedef enum mill_trigger {
  MILL_TRIGGER_DEFAULT,
  MILL_TRIGGER_PROCESSING_TIME,
  MILL_TRIGGER_ONCE,
  MILL_TRIGGER_AVAILABLE_NOW,
} mill_trigger;

typedef struct mill_query_spec {
  const char *name;       /* NULL: none */
  const char *checkpoint; /* NULL: state ends with the query */
  mill_output_mode mode;
  mill_trigger trigger;
  int64_t interval; /* milliseconds */
  mill_stream_node *root;
  mill_stream_source **sources; /* one feed each; a reference is taken */
  int nsources;
  mill_stream_sink *sink;
  mill_settings set;
  bool policy_max, no_data_batches, one_watermark; /* one_watermark: allowMultiple = false */
  int keep_progress; /* spark.sql.streaming.numRecentProgressUpdates */
  void *owner;       /* what the nodes stand in */
  void (*release)(void *owner);
} mill_query_spec;

typedef struct mill_query mill_query;
/* The query owns the sink, the operators and `owner`, on failure too. */
mill_status mill_query_new(const mill_context *ctx, const mill_query_spec *spec, mill_query **out,
                           mill_error *err) MILL_USE_RESULT;
mill_status mill_query_start(mill_query *q, mill_error *err) MILL_USE_RESULT;
/* At most one batch, if one is due; *ran tells. An error is the query's end. */
mill_status mill_query_step(mill_query *q, bool *ran, mill_error *err) MILL_USE_RESULT;
/* Is all that the sources have now done, and no batch without data due? */
mill_status mill_query_settled(mill_query *q, bool *settled, mill_error *err) MILL_USE_RESULT;
/* Called while waiting; anything but MILL_OK ends the wait, not the query. */
typedef mill_status (*mill_query_poll)(void *arg, mill_error *err);
/* Until all that the sources have now is done. */
mill_status mill_query_process_all(mill_query *q, mill_query_poll poll, void *arg,
                                   mill_error *err) MILL_USE_RESULT;
/* Until the query ends, at most `millis` (< 0: no limit); *ended tells. */
mill_status mill_query_await(mill_query *q, int64_t millis, mill_query_poll poll, void *arg,
                             bool *ended, mill_error *err) MILL_USE_RESULT;
void mill_query_stop(mill_query *q);
void mill_query_free(mill_query *q); /* NULL allowed */

const char *mill_query_id(const mill_query *q);
const char *mill_query_run_id(const mill_query *q);
const char *mill_query_name(const mill_query *q);
bool mill_query_active(const mill_query *q);
/* Why it ended; NULL: it runs, or was stopped. */
const mill_error *mill_query_error(const mill_query *q);
/* status: message, isDataAvailable, isTriggerActive. */
const char *mill_query_message(const mill_query *q);
bool mill_query_data_available(const mill_query *q);
/* Progress reports as JSON, oldest first; NULL behind the last. */
const char *mill_query_progress(const mill_query *q, int i);
mill_stream_sink *mill_query_sink(const mill_query *q);

#endif
