/* The rows of an operator in the order of sort keys: what sort and window are made of.
**
** Rows of a table in memory are sorted where they lie. Others are collected morsel by morsel; when
** memory nears the limit (spill.h) what has been collected is sorted and written as a run, and the
** runs are merged as they are read. Rows of equal keys keep the source's order, in memory or not,
** at any number of threads: each spilled row carries its place in the source.
**
** The columns are those of the operator, then the sort keys that are not plain columns, then, in
** runs only, the place. `key` tells where each sort key stands. */
#ifndef MILL_EXEC_SORTED_H
#define MILL_EXEC_SORTED_H

#include "exec/exec_int.h"
#include "exec/sort_order.h"
#include "exec/spill.h"

typedef struct mill_sorted {
  const mill_exec *x;
  const mill_type *schema; /* with the computed keys */
  uint32_t ncols;          /* columns of the operator */
  mill_sort_column *key;
  int nkeys;
  uint64_t rows;
  bool spilled;
  mill_row_set set; /* not spilled: the rows and their order */
  mill_sort_order order;
  mill_spill *file; /* spilled: sorted runs, to be merged */
  mill_spill_run **run;
  size_t nruns, capacity;
  const mill_type *run_schema;
  bool placed; /* runs made by others: equal places come in the order of the runs */
  mill_arena arena;
} mill_sorted;

mill_status mill_sorted_make(const mill_exec *x, const mill_op *op, const mill_bound_sort *sorts,
                             int nsorts, mill_sorted **out, mill_error *err) MILL_USE_RESULT;
void mill_sorted_free(mill_sorted *s); /* NULL allowed */

/* Rows that somebody makes out of order, to be put in the order of their places: runs of `schema`
** ++ place (BIGINT, compared without sign), each ascending. Filled by whoever made them; nothing is
** kept in memory. Then mill_sorted_placed_end, and mill_sorted_scan. */
mill_status mill_sorted_placed_new(const mill_exec *x, const mill_type *schema, mill_sorted **out,
                                   mill_error *err) MILL_USE_RESULT;
/* The next run, to be written and ended by the caller; it belongs to `s`. By one thread at a time. */
mill_status mill_sorted_placed_run(mill_sorted *s, mill_spill_run **out,
                                   mill_error *err) MILL_USE_RESULT;
mill_status mill_sorted_placed_end(mill_sorted *s, mill_error *err) MILL_USE_RESULT;

/* Merge runs until few enough are left to be read at once. */
mill_status mill_sorted_reduce(mill_sorted *s, mill_error *err) MILL_USE_RESULT;
/* The spilled rows in order, with all columns of run_schema; any number of readers. */
mill_status mill_sorted_merge(const mill_sorted *s, mill_rows **out,
                              mill_error *err) MILL_USE_RESULT;
/* Rows [offset, offset + limit) (limit < 0: all) as a scan of `schema`, the operator's; takes over
** `s`, also on failure. In memory its morsels are fetched in parallel; merged rows are read in
** turn. */
mill_status mill_sorted_scan(mill_sorted *s, const mill_type *schema, uint64_t offset,
                             int64_t limit, mill_scan **out, mill_error *err) MILL_USE_RESULT;
/* The same for rows with places, morsel << 32 | row, cut into those morsels: what comes after them
** sees the cut that it would see in memory, and adds up the same. */
mill_status mill_sorted_placed_scan(mill_sorted *s, const mill_type *schema, size_t morsels,
                                    mill_scan **out, mill_error *err) MILL_USE_RESULT;

#endif
