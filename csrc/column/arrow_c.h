/* Arrow's C data and C stream interfaces: tables handed out and taken in inside a process.
**
** The three structs are Arrow's ABI (https://arrow.apache.org/docs/format/CDataInterface.html): who has
** one with `release` set owns what it describes, calls release once, or moves it by copying the struct
** and setting release to NULL in the old place. Children may be moved out by themselves.
**
**     table -> stream    mill_arrow_export    numbers, times and structs of them are pointed at where they
**                                             lie; bits, texts and lists are laid out anew, a chunk at
**                                             a time when it is asked for
**     stream -> scan     mill_arrow_import    nothing is copied; the arrays are kept until the scan goes,
**                                             so that it can be read any number of times
**
** What is exported keeps its chunks, its types and its memory alive, and may be released on any thread,
** after the session too. Streams are not thread-safe; the arrays they gave are. */
#ifndef MILL_COLUMN_ARROW_C_H
#define MILL_COLUMN_ARROW_C_H

#include <stdint.h>

#include "column/scan.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif

/* The table's rows as a stream of struct arrays, one a chunk. `zone`: of TIMESTAMP columns. */
mill_status mill_arrow_export(mill_table *t, mill_types *types, const char *zone,
                              struct ArrowArrayStream *out, mill_error *err) MILL_USE_RESULT;
/* All rows of a stream, which is released in any case. `ntz` as in mill_arrow_to_type. `want`: NULL, or
** a STRUCT of the same names in the same order: columns are of its types where those hold all values,
** else of their own; where it says NOT NULL a null is an error. */
mill_status mill_arrow_import(const mill_context *ctx, const mill_settings *set, bool ntz,
                              const mill_type *want, struct ArrowArrayStream *in, mill_scan **out,
                              mill_error *err) MILL_USE_RESULT;
/* A single struct array with its schema as a stream: both are moved into it, also on failure. */
mill_status mill_arrow_stream_of(mill_memory *m, struct ArrowArray *array,
                                 struct ArrowSchema *schema, struct ArrowArrayStream *out,
                                 mill_error *err) MILL_USE_RESULT;

#endif
