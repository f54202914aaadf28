/* Sinks of streams.
**
** A batch goes to a sink in two steps: write() takes its rows and says in `staged` what it has laid
** down; after the batch's record is durable, publish() makes it visible. publish() is called again
** for the last batch after a crash, so it must do nothing when all is done already. A sink that
** cannot wait for the record (console, callbacks) is `foreign`: it shows rows in write(), and may
** get a batch again after a crash, the same rows under the same id. */
#ifndef MILL_STREAM_SINK_H
#define MILL_STREAM_SINK_H

#include "column/option.h"
#include "stream/operator.h"
#include "stream/source.h"

typedef struct mill_stream_sink mill_stream_sink;
struct mill_stream_sink {
  const char *description;
  bool foreign;
  int64_t rows; /* given in the last batch; -1: unknown */
  /* `last`: the last committed batch, -1 for a new query. Refuses a checkpoint that is older. */
  mill_status (*open)(mill_stream_sink *s, const char *query_id, int64_t last, mill_error *err);
  /* Takes `rows` over, on failure too. */
  mill_status (*write)(mill_stream_sink *s, const mill_stream_batch *b, mill_rows *rows,
                       mill_text *staged, mill_error *err);
  mill_status (*publish)(mill_stream_sink *s, int64_t batch, const char *staged, size_t n,
                         mill_error *err);
  void (*free)(mill_stream_sink *s);
};

/* Rows are computed and dropped. */
mill_status mill_sink_noop_new(const mill_context *ctx, mill_stream_sink **out,
                               mill_error *err) MILL_USE_RESULT;
/* A table: append and update add rows, complete replaces them. */
mill_status mill_sink_memory_new(const mill_context *ctx, const mill_type *schema,
                                 mill_stream_sink **out, mill_error *err) MILL_USE_RESULT;
/* The rows so far: a reference to a table that does not change any more. */
mill_status mill_sink_memory_table(mill_stream_sink *s, mill_table **out,
                                   mill_error *err) MILL_USE_RESULT;
/* The table itself, borrowed: it follows the batches. For the thread that runs the query. */
mill_table *mill_sink_memory_live(mill_stream_sink *s);
/* A function of the host: foreachBatch, foreach, console. It borrows the table. */
typedef mill_status (*mill_sink_call)(void *arg, int64_t batch, mill_table *rows, mill_error *err);
mill_status mill_sink_call_new(const mill_context *ctx, const char *description,
                               const mill_type *schema, mill_sink_call f, void *arg,
                               void (*release)(void *arg), mill_stream_sink **out,
                               mill_error *err) MILL_USE_RESULT;

/* Files of a format in a folder, exactly once. A batch is written into a hidden folder; when its
** record is durable the files are renamed into place and `_spark_metadata/<batch>` lists them, as
** Spark does it ("v1", one JSON object a file; every tenth, `.compact`, holds all so far). A reader
** of the folder never sees part of a file, nor rows of a batch twice. Append mode only. */
mill_status mill_sink_file_new(const mill_context *ctx, const mill_stream_io *io,
                               const mill_write *w, mill_stream_sink **out,
                               mill_error *err) MILL_USE_RESULT;

/* Who lists the files of a folder, instead of `_spark_metadata`: a catalogue. begin, add for each
** file of the batch, end: all of them count from `end` on, and `last` tells the batch then. */
typedef struct mill_sink_list {
  void *arg;
  mill_status (*last)(void *arg, const char *query_id, int64_t *batch, mill_error *err);
  mill_status (*begin)(void *arg, mill_error *err);
  mill_status (*add)(void *arg, const char *name, uint64_t size, mill_error *err);
  mill_status (*end)(void *arg, const char *query_id, int64_t batch, bool good, mill_error *err);
  void (*free)(void *arg);
} mill_sink_list;

/* The same with such a list, which is taken over, on failure too. */
mill_status mill_sink_listed_new(const mill_context *ctx, const mill_stream_io *io,
                                 const mill_write *w, const mill_sink_list *list,
                                 mill_stream_sink **out, mill_error *err) MILL_USE_RESULT;

#endif
