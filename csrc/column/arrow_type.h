/* Arrow's types and arrays as Tidemill sees them, wherever they come from: an IPC message
** (csrc/io/arrow_schema.c) or the C data interface (arrow_import.c).
**
**     bytes or foreign structs -> mill_arrow_type, mill_arrow_array -> vectors     (arrow_read.c)
**     vectors -> mill_arrow_column -> buffers -> bytes or foreign structs          (arrow_write.c)
**
** Types follow Spark (ArrowUtils.fromArrowType, pyspark's from_arrow_type); what Spark has no
** answer for goes to the narrowest type that holds every value:
**
**     uint8 16 32 64    SMALLINT INT BIGINT DECIMAL(20,0), as in Spark's Parquet reader
**     float16           FLOAT                  date64, time32    DATE, TIME
**     decimal 32..256   DECIMAL up to 38 digits
**     string, binary, list in all their forms  STRING, BINARY, ARRAY
**     dictionary, run-end encoded, extension   the type of the values, the storage
**     month_day_nano, day_time interval        INTERVAL
**     struct of value and metadata, as Spark marks it     VARIANT
**     union, decimals above 38 digits          UNSUPPORTED_DATA_TYPE_FOR_ARROW_CONVERSION
**
** Units finer than Spark's microseconds are cut for timestamps, as pyspark does, and must be whole
** for durations and intervals. A timestamp without zone is a local time: TIMESTAMP by the session's
** zone, or TIMESTAMP_NTZ where spark.sql.timestampType or the caller's schema says so. */
#ifndef MILL_COLUMN_ARROW_TYPE_H
#define MILL_COLUMN_ARROW_TYPE_H

#include "column/context.h"
#include "column/vector.h"

typedef enum mill_arrow_kind {
  MILL_ARROW_NULL,
  MILL_ARROW_BOOL,
  MILL_ARROW_INT,
  MILL_ARROW_FLOAT,
  MILL_ARROW_DECIMAL,
  MILL_ARROW_BYTES,      /* utf8, binary: offsets and data */
  MILL_ARROW_BYTES_VIEW, /* views and any number of data buffers */
  MILL_ARROW_BYTES_FIXED,
  MILL_ARROW_DATE,
  MILL_ARROW_TIME,
  MILL_ARROW_TIMESTAMP,
  MILL_ARROW_DURATION,
  MILL_ARROW_INTERVAL, /* width 32: months, 64: days and milliseconds, 128: months, days, nanos */
  MILL_ARROW_LIST,     /* offsets and one child */
  MILL_ARROW_LIST_VIEW,
  MILL_ARROW_LIST_FIXED,
  MILL_ARROW_MAP, /* as LIST, its child a struct of key and value */
  MILL_ARROW_STRUCT,
  MILL_ARROW_RUN_END, /* children: run ends, values */
  MILL_ARROW_UNKNOWN, /* what `other` names */
} mill_arrow_kind;

enum { MILL_ARROW_DEPTH = 200, MILL_ARROW_FIELDS = 100000 };

typedef struct mill_arrow_type mill_arrow_type;
struct mill_arrow_type {
  mill_arrow_kind kind;
  uint16_t width; /* bits: of a value, or of an offset */
  bool is_signed; /* INT */
  bool text;      /* BYTES: utf8 */
  bool nullable;
  bool variant;         /* a field whose own metadata is variant=true: the metadata of a VARIANT */
  uint8_t unit;         /* digits of a second's fraction: 0, 3, 6, 9 */
  int precision, scale; /* DECIMAL */
  int32_t size;         /* bytes or elements of fixed ones; buffers of unknown ones */
  const char *zone;     /* TIMESTAMP; NULL: none */
  const char *name;
  const char *other;   /* UNKNOWN: its name */
  uint8_t index_width; /* bits of a dictionary's index; 0: values stand for themselves */
  bool index_signed;
  int64_t dictionary; /* id, in IPC */
  uint32_t nchildren;
  mill_arrow_type *child;
};

/* How many buffers an array of the type has besides validity; views have more. */
int mill_arrow_buffers(const mill_arrow_type *t);
bool mill_arrow_has_validity(const mill_arrow_type *t);

/* The default type; `ntz`: timestamps without zone are TIMESTAMP_NTZ. */
mill_status mill_arrow_to_type(mill_types *types, const mill_arrow_type *a, bool ntz,
                               const mill_type **out, mill_error *err) MILL_USE_RESULT;
/* All columns: `fields` is a STRUCT of them. */
mill_status mill_arrow_to_schema(mill_types *types, const mill_arrow_type *fields, bool ntz,
                                 const mill_type **out, mill_error *err) MILL_USE_RESULT;
/* Can values of `a` be read as `t`? True for the default type and what holds all of its values. */
bool mill_arrow_reads_as(const mill_arrow_type *a, const mill_type *t);
/* The Arrow type that rows of `t` are written as: Spark's own (ArrowUtils.toArrowType), in the
** arena. `zone`: of TIMESTAMP. */
mill_status mill_arrow_from_type(mill_arena *a, const mill_type *t, const char *name, bool nullable,
                                 const char *zone, mill_arrow_type *out,
                                 mill_error *err) MILL_USE_RESULT;

/* Schemas of the C data interface. Format strings both ways; mill_arrow_format writes one of at most
** MILL_ARROW_FORMAT bytes into the arena. */
const char *mill_arrow_format(mill_arena *a, const mill_arrow_type *t);
/* From the value's format (a dictionary's index is the caller's matter): all but children. */
bool mill_arrow_parse_format(mill_arena *a, const char *format, mill_arrow_type *out);

#endif
