/* From physical values to the values of a column's type: which pairs go together, and the loops.
** Follows Spark's ParquetVectorUpdaterFactory: numbers and decimals may widen, dates become local
** timestamps, the rest must be as written. Private to csrc/io. */
#ifndef MILL_IO_PARQUET_CONVERT_H
#define MILL_IO_PARQUET_CONVERT_H

#include "column/vector.h"
#include "io/parquet_schema.h"

/* In which calendar a file's dates and times are. */
typedef struct parquet_calendar {
  parquet_rebase datetime, int96;
  const struct mill_zone *zone; /* LEGACY: of the session that wrote */
} parquet_calendar;

typedef struct parquet_conversion parquet_conversion;
struct parquet_conversion {
  /* n values from src, packed physical values (mill_str for BYTE_ARRAY), to dst. NULL: they are the
  ** same bytes. */
  mill_status (*run)(const parquet_conversion *c, const void *src, size_t n, void *dst,
                     mill_error *err);
  uint32_t from, to; /* bytes a value in src and dst */
  uint32_t length;   /* FIXED */
  mill_i128 factor;  /* decimals, units of time */
  int precision;
  parquet_rebase rebase;
  const struct mill_zone *zone;
};

/* False: the leaf cannot be read as that type. */
bool mill_parquet_conversion(const parquet_field *leaf, const mill_type *type,
                             const parquet_calendar *calendar, parquet_conversion *out);
/* Bytes of a physical value in a PLAIN page; 0: BYTE_ARRAY and BOOLEAN. */
uint32_t mill_parquet_width(const parquet_field *leaf);

#endif
