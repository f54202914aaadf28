/* Stateful operators: what keeps rows of a stream from one batch to the next.
**
** An operator takes all rows of its input, changes its store and gives its rows. It sees the batch
** through mill_stream_batch. Late rows are judged by the watermark of the batch before (`late`),
** what is finished by the one in force (`watermark`). Operators name columns by position; whatever
** must be computed (keys, arguments) is a column of the input already. */
#ifndef MILL_STREAM_OPERATOR_H
#define MILL_STREAM_OPERATOR_H

#include "column/chunk.h"
#include "kernel/bound.h"
#include "stream/store.h"

typedef enum mill_output_mode { MILL_APPEND, MILL_UPDATE, MILL_COMPLETE } mill_output_mode;

typedef struct mill_stream_batch {
  const mill_context *ctx;
  const mill_settings *set; /* now_micros is the batch's time */
  int64_t id;
  int64_t late, watermark; /* microseconds */
  mill_output_mode mode;
} mill_stream_batch;

typedef struct mill_stream_counts { /* of the last batch, as in Spark's progress */
  uint64_t updated, removed, dropped, duplicates;
  int64_t update_nanos, remove_nanos;
} mill_stream_counts;

typedef struct mill_stream_op mill_stream_op;
struct mill_stream_op {
  const char *name;        /* Spark's: stateStoreSave, dedupe, .. */
  const mill_type *schema; /* of the rows it gives */
  mill_text keys, values;  /* what its store holds, as DDL: compared at a restart */
  mill_store state;
  mill_stream_counts counts;
  /* Must a batch without rows run when the watermark has moved on? */
  bool (*due)(const mill_stream_op *op, mill_output_mode mode);
  /* Takes over `in`, on failure too. */
  mill_status (*run)(mill_stream_op *op, const mill_stream_batch *b, mill_rows *in, mill_rows **out,
                     mill_error *err);
  void (*free)(mill_stream_op *op);
};

/* Where an event time stands: a TIMESTAMP column, or a window STRUCT<start, end>, whose end counts.
** column < 0: nowhere. */
typedef struct mill_event_time {
  int column;
  bool window;
} mill_event_time;
/* The time of row i, MILL_NO_TIME when null. */
int64_t mill_event_time_at(const mill_vector *v, bool window, size_t i);

/* GROUP BY. Columns of the result: keys, then aggregates; `schema` names them. Arguments and
** filters are MILL_B_COLUMN or MILL_B_LITERAL. What the description points to must live as long. */
typedef struct mill_stream_aggregate {
  const mill_type *input, *schema;
  const int *keys;
  int nkeys;
  const mill_bound_aggregate *aggs;
  int naggs;
  mill_event_time time; /* `column` counts among the keys; < 0: nothing is ever finished */
} mill_stream_aggregate;
mill_status mill_stream_aggregate_new(const mill_context *ctx, const mill_stream_aggregate *d,
                                      mill_stream_op **out, mill_error *err) MILL_USE_RESULT;

/* The first row of each key; columns stay. */
typedef struct mill_stream_dedup {
  const mill_type *input;
  const int *keys;
  int nkeys;
  mill_event_time time; /* a column of the input, by which rows are late; < 0: none are */
  bool evict;           /* the time is one of the keys: keys go with it */
  bool within;          /* dropDuplicatesWithinWatermark: keys go `delay` micros after */
  int64_t delay;
} mill_stream_dedup;
mill_status mill_stream_dedup_new(const mill_context *ctx, const mill_stream_dedup *d,
                                  mill_stream_op **out, mill_error *err) MILL_USE_RESULT;

/* The first `limit` rows of the life of a query. */
mill_status mill_stream_limit_new(const mill_context *ctx, const mill_type *schema, int64_t limit,
                                  mill_stream_op **out, mill_error *err) MILL_USE_RESULT;

/* For operators: set up the common part, give it up. */
mill_status mill_stream_op_init(mill_stream_op *op, const mill_context *ctx, const char *name,
                                const mill_type *schema, const mill_type *input, const int *keys,
                                int nkeys, mill_error *err) MILL_USE_RESULT;
void mill_stream_op_clear(mill_stream_op *op);
void mill_stream_op_free(mill_stream_op *op); /* NULL allowed */

/* Rows of a table; takes the reference over, on failure too. Here since streams keep results. */
mill_status mill_stream_table_rows(mill_table *t, mill_rows **out, mill_error *err) MILL_USE_RESULT;

#endif
