/* How a reader turns texts into typed values. Private to csrc/io. */
#ifndef MILL_IO_CONVERT_INT_H
#define MILL_IO_CONVERT_INT_H

#include "io/format_int.h"
#include "kernel/value_parse.h"

mill_status mill_io_rules_init(mill_value_rules *r, const io_job *job,
                               mill_error *err) MILL_USE_RESULT;
/* The same with the formats of the reader's options. */
mill_status mill_io_rules_formats(mill_value_rules *r, io_job *job,
                                  mill_error *err) MILL_USE_RESULT;
/* Types without a child that a text can say. */
static inline bool io_flat(const mill_type *t) {
  return t->phys != MILL_PHYS_LIST && t->phys != MILL_PHYS_STRUCT && t->phys != MILL_PHYS_NONE &&
         t->id != MILL_INTERVAL && t->id != MILL_INTERVAL_YM && t->id != MILL_INTERVAL_DT;
}

#endif
