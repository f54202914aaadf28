/* What is known of the values in each zone, ZONE_ROWS rows of a chunk, of a column; zone.c draws how it is stored. Private to
** csrc/snapshot. */
#ifndef MILL_SNAPSHOT_ZONE_INT_H
#define MILL_SNAPSHOT_ZONE_INT_H

#include "column/test.h"
#include "snapshot/table_int.h"

enum { ZONE_TEXT = 64 }; /* the longest string that is a bound; of longer ones the front is */

/* Of one zone. */
typedef struct table_zone {
  int64_t nulls;
  bool known;              /* are there bounds? */
  mill_u128 cell[2];       /* the least and the greatest value ... */
  char text[2][ZONE_TEXT]; /* ... and the bytes of strings */
} table_zone;

/* Of all zones, chunk after chunk. */
typedef struct table_zones {
  const mill_type *type;
  mill_arena arena;
  mill_vector min, max; /* a null where there are no bounds */
  mill_text nulls;      /* int64_t, one a zone */
} table_zones;

/* Of rows from..from + n of a vector that is flat or codes. */
mill_status mill_zone_of(const mill_vector *v, uint32_t from, uint32_t n, mill_arena *scratch,
                         table_zone *out, mill_error *err) MILL_USE_RESULT;

void mill_zones_init(table_zones *z, const mill_type *t, mill_memory *m);
void mill_zones_clear(table_zones *z);
mill_status mill_zones_add(table_zones *z, const table_zone *zone, mill_error *err) MILL_USE_RESULT;
/* The first n zones of `from`, which has the same type. */
mill_status mill_zones_copy(table_zones *z, const table_zones *from, size_t n,
                            mill_error *err) MILL_USE_RESULT;
/* As the bytes of a section, and from it; z was just made. */
mill_status mill_zones_put(const table_zones *z, mill_arena *scratch, mill_text *out,
                           mill_error *err) MILL_USE_RESULT;
mill_status mill_zones_load(const mill_snapshot *s, const table_place *p, int column,
                            table_zones *z, mill_error *err) MILL_USE_RESULT;
/* False: none of the `rows` rows of zone i can fulfil the test. */
bool mill_zones_may_pass(const table_zones *z, size_t i, uint32_t rows, const mill_test *t);

#endif
