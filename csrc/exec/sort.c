/* SORT: all rows in order (sorted.h), or the first few of them (top.h). */
#include "exec/sorted.h"
#include "exec/top.h"

mill_status mill_exec_sort_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                mill_error *err) {
  uint64_t offset = op->limit >= 0 && op->offset > 0 ? (uint64_t)op->offset : 0;
  if (op->limit >= 0 && offset + (uint64_t)op->limit <= MILL_TOP_ROWS) {
    mill_table *t = NULL;
    MILL_TRY(mill_exec_top(x, op, &t, err));
    mill_status s = mill_scan_table(t, out, err);
    mill_table_unref(t);
    return s;
  }
  mill_sorted *s = NULL;
  MILL_TRY(mill_sorted_make(x, op->child[0], op->sorts, op->nsorts, &s, err));
  return mill_sorted_scan(s, op->schema, offset, op->limit, out, err);
}
