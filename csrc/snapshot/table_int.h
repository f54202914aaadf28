/* A table's description, read and checked; private to csrc/snapshot. */
#ifndef MILL_SNAPSHOT_TABLE_INT_H
#define MILL_SNAPSHOT_TABLE_INT_H

#include "snapshot/table.h"

typedef struct table_place {
  mill_arena arena;
  const char *name;
  const mill_type *schema;
  uint64_t rows;
  uint32_t *chunk; /* rows of each */
  size_t nchunks;
} table_place;

/* Is it a file of kind "table"? */
mill_status mill_snapshot_check_table(const mill_snapshot *s, mill_error *err) MILL_USE_RESULT;
mill_status mill_snapshot_place(const mill_snapshot *s, const mill_json *meta, mill_types *types,
                                table_place *out, mill_error *err) MILL_USE_RESULT;
void mill_snapshot_place_clear(table_place *p);
/* The columns columns[0..n) of chunk `chunk`, in that order. */
mill_status mill_snapshot_read_chunk(const mill_snapshot *s, const table_place *p, size_t chunk,
                                     const int *columns, uint32_t n, mill_chunk **out,
                                     mill_error *err) MILL_USE_RESULT;

/* The schema of rows of both: see table.h. */
mill_status mill_snapshot_merge(mill_types *types, const mill_type *a, const mill_type *b,
                                const mill_type **out, mill_error *err) MILL_USE_RESULT;

/* Writing a table chunk by chunk: begin, chunks, end (which completes the description). */
typedef struct table_writer {
  mill_snapshot_writer *file;
  const char *name;
  mill_text *meta;
  uint64_t rows;
  size_t nchunks;
  mill_text chunks; /* "65536,4464" */
} table_writer;

mill_status mill_snapshot_table_begin(table_writer *t, mill_snapshot_writer *w, const char *name,
                                      const mill_type *schema, mill_text *meta,
                                      mill_error *err) MILL_USE_RESULT;
mill_status mill_snapshot_table_chunk(table_writer *t, const mill_chunk *c,
                                      mill_error *err) MILL_USE_RESULT;
mill_status mill_snapshot_table_end(table_writer *t, mill_error *err) MILL_USE_RESULT;
void mill_snapshot_table_clear(table_writer *t);

#endif
