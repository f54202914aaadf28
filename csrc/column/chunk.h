/* Chunks own rows; tables are lists of chunks.
**
** A chunk is an immutable, reference-counted run of up to MILL_CHUNK rows whose vectors live in its
** own arena. Writing: fill it through mill_chunk_append, then share it. Strings of a coded table become
** codes where few of them differ in a chunk (coder.h). A table is a schema (a
** STRUCT type) and chunks in order; it is shared by reference count too. Thread-safe once built. */
#ifndef MILL_COLUMN_CHUNK_H
#define MILL_COLUMN_CHUNK_H

#include "column/vector.h"

enum { MILL_CHUNK = 65536 }; /* a multiple of MILL_BATCH */

/* Rows of a run, where so many rows are cut into runs for threads to share: a chunk, of few rows less. */
static inline uint32_t mill_run_rows(uint64_t rows) {
  uint32_t n = MILL_CHUNK;
  while (n > MILL_CHUNK / 8 && rows / n < 32) n /= 2;
  return n;
}

typedef struct mill_chunk_bounds mill_chunk_bounds;
typedef struct mill_chunk {
  mill_arena arena;
  mill_vector *col;
  struct mill_coder **coder; /* of each column, NULL: flat; NULL: no column is coded */
  uint32_t ncols, n;
  uint32_t capacity;         /* rows that it was made for; it takes more */
  int refs;                  /* atomic */
  mill_chunk_bounds *bounds; /* atomic; of its columns, once somebody has asked (test.h) */
  bool full; /* takes no more rows, however few there are: its vectors cannot grow */
} mill_chunk;

mill_status mill_chunk_new(mill_memory *m, const mill_type *schema, uint32_t capacity,
                           mill_chunk **out, mill_error *err) MILL_USE_RESULT;
/* An empty chunk whose strings are coded while that fits. */
mill_status mill_chunk_new_coded(mill_memory *m, const mill_type *schema, uint32_t capacity,
                                 mill_chunk **out, mill_error *err) MILL_USE_RESULT;
mill_chunk *mill_chunk_ref(mill_chunk *c);
void mill_chunk_unref(mill_chunk *c); /* NULL allowed */
/* Copy the batch's rows [from, from + n) to the end; the caller keeps within MILL_CHUNK rows. */
mill_status mill_chunk_append(mill_chunk *c, const mill_batch *b, uint32_t from, uint32_t n,
                              mill_error *err) MILL_USE_RESULT;
/* Rows [start, start + n) as a batch of views into the chunk; start is a multiple of 64. The
** columns are written to `cols` (ncols vectors, with struct children taken from `a`). */
mill_status mill_chunk_batch(const mill_chunk *c, uint32_t start, uint32_t n, mill_vector *cols,
                             mill_arena *a, mill_batch *out, mill_error *err) MILL_USE_RESULT;

typedef struct mill_table {
  mill_memory *memory;
  const mill_type *schema;
  mill_chunk **chunk;
  size_t nchunks, capacity;
  uint64_t rows;
  uint64_t expect; /* rows that appending may bring it to, for room at once; 0: nobody knows */
  int refs;        /* atomic */
  bool coded;      /* its chunks are */
  bool live;       /* rows come and go while plans stand upon it: no scan of it is good twice */
} mill_table;

mill_status mill_table_new(mill_memory *m, const mill_type *schema, mill_table **out,
                           mill_error *err) MILL_USE_RESULT;
mill_table *mill_table_ref(mill_table *t);
void mill_table_unref(mill_table *t);
/* Drop all rows. Who holds the table sees it empty; its chunks stay for those who hold them. */
void mill_table_reset(mill_table *t);
/* Takes over the reference, also on failure. */
mill_status mill_table_add_move(mill_table *t, mill_chunk *c, mill_error *err) MILL_USE_RESULT;
/* Append a batch, filling up the last chunk (only while the table has a single owner). */
mill_status mill_table_append(mill_table *t, const mill_batch *b, mill_error *err) MILL_USE_RESULT;

#endif
