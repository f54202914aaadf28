/* Sources of streams.
**
** A mill_stream_source says what to read; it stands in a plan and is shared by reference count. A
** query starts it and gets a feed: one reading of it, with a place of its own. Offsets are JSON
** texts, as in Spark; NULL stands before the first row.
**
** Each batch: latest() gives the end that the limits allow (or nothing new), open() gives the rows
** behind `start` up to `end`, any number of times, commit() says that what lies before `end` is
** never asked for again. What a feed must remember over a restart beside its offset (files it has
** seen) is in its `state`, which the query keeps in the batch's record. */
#ifndef MILL_STREAM_SOURCE_H
#define MILL_STREAM_SOURCE_H

#include "column/chunk.h"
#include "column/context.h"
#include "column/option.h"
#include "io/reader.h"
#include "io/writer.h"
#include "stream/store.h"

typedef struct mill_stream_feed mill_stream_feed;
struct mill_stream_feed {
  mill_store *state; /* NULL: nothing to remember */
  /* Set *out to the end of what may be read now (its text replaced), or leave it empty when there
  ** is nothing behind `start`. `all`: without limits (trigger once). */
  mill_status (*latest)(mill_stream_feed *f, const char *start, bool all, mill_text *out,
                        mill_error *err);
  mill_status (*open)(mill_stream_feed *f, const mill_settings *set, const char *start,
                      const char *end, mill_rows **out, mill_error *err);
  mill_status (*commit)(mill_stream_feed *f, const char *end, mill_error *err); /* may be NULL */
  /* What is there now is all there will be (availableNow). */
  mill_status (*freeze)(mill_stream_feed *f, const char *start, mill_error *err);
  void (*free)(mill_stream_feed *f);
};

typedef struct mill_stream_source mill_stream_source;
struct mill_stream_source {
  const mill_type *schema;
  const char *description; /* as progress shows it */
  int refs;                /* atomic; starts at 1 */
  mill_status (*start)(mill_stream_source *s, const mill_context *ctx, mill_stream_feed **out,
                       mill_error *err);
  void (*free)(mill_stream_source *s);
};
mill_stream_source *mill_stream_source_ref(mill_stream_source *s);
void mill_stream_source_unref(mill_stream_source *s); /* NULL allowed */

/* Rows pushed by the program, one offset an add ("0", "1", ..). */
mill_status mill_stream_memory_new(const mill_context *ctx, const mill_type *schema,
                                   mill_stream_source **out, mill_error *err) MILL_USE_RESULT;
/* Takes the table over, on failure too. */
mill_status mill_stream_memory_add(mill_stream_source *s, mill_table *t,
                                   mill_error *err) MILL_USE_RESULT;

/* rate and rate-micro-batch: columns timestamp TIMESTAMP, value BIGINT. */
mill_status mill_stream_rate_new(const mill_context *ctx, bool micro_batch, mill_options o,
                                 mill_stream_source **out, mill_error *err) MILL_USE_RESULT;

/* The rows of a scan; takes the reference over, on failure too. */
mill_status mill_stream_scan_rows(const mill_context *ctx, mill_scan *s, mill_rows **out,
                                  mill_error *err) MILL_USE_RESULT;

/* Files and rows of a folder as csrc/io gives them; passed in, so tests can stand in for it. */
typedef struct mill_stream_io {
  mill_status (*list)(const mill_context *ctx, const mill_read *r, mill_read_files *out,
                      mill_error *err);
  void (*clear)(mill_read_files *f);
  mill_status (*open)(const mill_context *ctx, const mill_settings *set, const mill_read *r,
                      mill_scan **out, mill_error *err);
  mill_status (*write)(const mill_context *ctx, const mill_settings *set, const mill_write *w,
                       mill_rows *rows, uint64_t *written, mill_error *err);
  /* list() is a table's: a file that it has no more was changed. `table` names it in errors. */
  const char *table;
} mill_stream_io;

/* New files of a folder or pattern, each read once. Options: maxFilesPerTrigger,
** maxBytesPerTrigger, latestFirst, fileNameOnly, maxFileAge, cleanSource (off, delete, archive),
** sourceArchiveDir; of a table ignoreChanges. The description of the read (one path, a schema) is copied. */
mill_status mill_stream_files_new(const mill_context *ctx, const mill_stream_io *io,
                                  const mill_read *r, mill_stream_source **out,
                                  mill_error *err) MILL_USE_RESULT;

#endif
