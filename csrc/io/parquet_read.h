/* A read of Parquet files: what its decoders share. Private to csrc/io. */
#ifndef MILL_IO_PARQUET_READ_H
#define MILL_IO_PARQUET_READ_H

#include "io/format_int.h"
#include "io/parquet_node.h"

/* In io_job.plan; immutable once the scan is made. */
typedef struct parquet_read {
  const io_job *job;
  parquet_rules rules;
  parquet_rebase datetime, int96;
  bool merge;
  parquet_footer **footer; /* one a file; NULL: not read, or not readable */
  size_t n;
} parquet_read;

mill_status mill_parquet_decoder(const io_job *job, const int *columns, int n, io_decoder **out,
                                 mill_error *err) MILL_USE_RESULT;
/* The footer of a file, read from its bytes. */
mill_status mill_parquet_read_footer(const parquet_read *p, size_t file, parquet_footer **out,
                                     mill_error *err) MILL_USE_RESULT;
/* The calendar of a file's dates and times. */
mill_status mill_parquet_find_calendar(const parquet_read *p, const parquet_footer *f,
                                       parquet_calendar *out, mill_error *err) MILL_USE_RESULT;

/* parquet_prune.c: io_format.may_hold by the statistics of row groups. */
mill_status mill_parquet_may_hold(const io_job *job, size_t file, uint64_t from, uint64_t to,
                                  const mill_test *tests, int n, bool *yes,
                                  mill_error *err) MILL_USE_RESULT;

#endif
