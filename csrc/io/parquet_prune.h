/* Leaving out what cannot hold a wanted row: row groups by their statistics, Bloom filters and
** dictionaries, pages by the page index.
**
** Bounds are converted as values are, so a test is held against what the column will hold. Bounds that
** do not say so are not used: of INT96, of types whose order the file did not keep, of dates in
** another calendar, of narrowed integers. Damaged indexes are as good as none. Private to csrc/io. */
#ifndef MILL_IO_PARQUET_PRUNE_H
#define MILL_IO_PARQUET_PRUNE_H

#include "io/parquet_read.h"
#include "column/test.h"

/* A test and the leaf that it is about. */
typedef struct parquet_probe {
  const mill_test *test;
  const parquet_field *leaf; /* NULL: the file does not have the column, it is null */
  const mill_type *type;
  parquet_conversion conversion;
  bool ordered; /* bounds are bounds of what is read */
} parquet_probe;

/* Of the tests those that can be answered; in the arena. */
mill_status mill_parquet_probes(const parquet_read *p, const parquet_footer *f,
                                const parquet_calendar *calendar, const mill_test *tests, int n,
                                mill_arena *a, parquet_probe **out, int *count,
                                mill_error *err) MILL_USE_RESULT;
bool mill_parquet_group_may_hold(const parquet_footer *f, size_t group, const parquet_probe *probes,
                                 int n);

/* Rows [from, to) of a row group. */
typedef struct parquet_rows {
  uint64_t from, to;
} parquet_rows;

/* The rows of a group that may be wanted: in order, apart; in the arena. None: *count is 0. */
mill_status mill_parquet_ranges(const parquet_footer *f, mill_file *file, size_t group,
                                const parquet_probe *probes, int n, mill_arena *a,
                                parquet_rows **out, size_t *count, mill_error *err) MILL_USE_RESULT;
/* The index of a column's pages; NULL when it has none that can be used. */
mill_status mill_parquet_page_index(const parquet_footer *f, mill_file *file, size_t group,
                                    int leaf, mill_arena *a, const parquet_offset_index **out,
                                    mill_error *err) MILL_USE_RESULT;

#endif
