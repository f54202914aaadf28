/* A table's description, read and checked; private to csrc/snapshot. */
#ifndef MILL_SNAPSHOT_TABLE_INT_H
#define MILL_SNAPSHOT_TABLE_INT_H

#include "snapshot/table.h"

enum { ZONE_ROWS = 8192 }; /* of new files; a multiple of MILL_BATCH */

/* Chunks that were written together. */
typedef struct table_part {
  const char *name;
  size_t first, nchunks; /* of the table's chunks */
  size_t zones;          /* in its sections, which may begin with those of its chunks */
} table_part;

typedef struct table_place {
  mill_arena arena;
  table_part *part; /* without chunks: none */
  size_t nparts;
  const mill_type *schema;
  uint64_t rows;
  uint32_t *chunk; /* rows of each */
  size_t *zone;    /* the first of each */
  size_t nchunks, nzones;
  uint32_t zone_rows;
  int pages; /* their version: 0 of column_int.h, 2 to 4 of page_int.h */
} table_place;

/* How many zones there are before a chunk. */
static inline size_t mill_snapshot_zones_before(const table_place *p, size_t chunk) {
  return chunk < p->nchunks ? p->zone[chunk] : p->nzones;
}

static inline const table_part *mill_snapshot_part(const table_place *p, size_t chunk) {
  size_t low = 0, high = p->nparts; /* the last part that begins at or before the chunk */
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (p->part[middle].first <= chunk)
      low = middle;
    else
      high = middle;
  }
  return &p->part[low];
}

/* Is it a file of kind "table"? */
mill_status mill_snapshot_check_table(const mill_snapshot *s, mill_error *err) MILL_USE_RESULT;
mill_status mill_snapshot_place(const mill_snapshot *s, const mill_json *meta, mill_types *types,
                                table_place *out, mill_error *err) MILL_USE_RESULT;
void mill_snapshot_place_clear(table_place *p);
static inline size_t mill_snapshot_zones(uint32_t rows, uint32_t zone_rows) {
  return ((size_t)rows + zone_rows - 1) / zone_rows;
}
/* Scratch memory for chunk after chunk, of one thread. */
typedef struct table_desk {
  mill_arena arena;
  mill_text stored, text, name;
} table_desk;
void mill_snapshot_desk_init(table_desk *d, mill_memory *m);
void mill_snapshot_desk_clear(table_desk *d);

/* In which form strings come out of a dictionary: CODES as those of a kept table (coder.h) where they
** are as few. */
typedef enum table_strings { TABLE_FLAT, TABLE_INDEX, TABLE_CODES } table_strings;

/* The columns columns[0..n) of chunk `chunk`, in that order. */
mill_status mill_snapshot_read_chunk(const mill_snapshot *s, const table_place *p, size_t chunk,
                                     const int *columns, uint32_t n, table_strings strings,
                                     table_desk *desk, mill_chunk **out,
                                     mill_error *err) MILL_USE_RESULT;

/* The schema of rows of both: see table.h. */
mill_status mill_snapshot_merge(mill_types *types, const mill_type *a, const mill_type *b,
                                const mill_type **out, mill_error *err) MILL_USE_RESULT;

mill_status mill_snapshot_section_name(mill_text *out, const char *table, size_t chunk,
                                       uint32_t column, mill_error *err) MILL_USE_RESULT;

#endif
