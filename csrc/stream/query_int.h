/* Inside of a query: shared by query.c, batch.c, record.c and progress.c. */
#ifndef MILL_STREAM_QUERY_INT_H
#define MILL_STREAM_QUERY_INT_H

#include "stream/query.h"

typedef struct mill_watermark { /* one definition */
  int64_t value;                /* milliseconds; 0 before the first row */
  bool seen;                    /* rows in this batch */
  uint64_t count;
  int64_t max, min; /* of this batch, milliseconds */
  double sum;
} mill_watermark;

typedef struct mill_query_feed {
  mill_stream_source *source;
  mill_stream_feed *feed;
  mill_text start, end; /* empty: none */
  bool news;            /* the batch reads (start, end] */
  uint64_t rows;
} mill_query_feed;

enum {
  MILL_STEP_LATEST,
  MILL_STEP_WAL,
  MILL_STEP_GET,
  MILL_STEP_ADD,
  MILL_STEP_COMMIT,
  MILL_STEPS
};

struct mill_query {
  mill_query_spec spec;
  const mill_context *ctx;
  mill_memory *memory;
  mill_arena arena;
  mill_log log;
  char run_id[MILL_QUERY_ID];
  mill_query_feed *feeds;
  mill_stream_op **ops; /* from the sink to the sources, as progress lists them */
  mill_stream_node **marks;
  mill_watermark *watermarks;
  int nops, nmarks;
  int64_t batch;           /* the next one */
  int64_t previous, force; /* watermark of the last batch; the one it computed */
  int64_t time;            /* of the batch, milliseconds */
  bool pending;            /* an INTENT stands: the ends are fixed */
  bool again;              /* a batch without data is due */
  bool active, frozen, done;
  bool failed;
  mill_error error;
  const char *message;
  bool data_available;
  mill_text staged;
  int64_t next_trigger; /* milliseconds of the wall clock */
  int64_t step_nanos[MILL_STEPS];
  int64_t started; /* monotonic, of the trigger */
  int64_t previous_start;
  mill_text *progress; /* a ring */
  int nprogress, first_progress;
};

/* batch.c */
mill_status mill_query_run_batch(mill_query *q, mill_error *err) MILL_USE_RESULT;
/* record.c: what the log holds, and back. */
mill_status mill_query_put_record(const mill_query *q, mill_record kind, mill_text *out,
                                  mill_error *err) MILL_USE_RESULT;
mill_status mill_query_take_record(void *q, mill_record kind, int64_t batch, const char *p,
                                   size_t n, mill_error *err) MILL_USE_RESULT;
/* progress.c */
mill_status mill_query_report(mill_query *q, mill_error *err) MILL_USE_RESULT;

#endif
