/* Sort keys that are long strings which repeat.
**
** The first bytes of a long string in a row's number (sort_key.h) leave rows to be compared by their columns.
** Where few strings differ, their ranks among those that there are stand for them while numbers are made:
** the column becomes one of integers, in the order of the strings, and numbers tell all about it in a few bits.
**
** Cost: each row is looked up among the strings of its chunk; a column that does not repeat is given up after
** a batch or two of a chunk. Memory: 4 bytes a row until the numbers are made, and the strings' views. */
#ifndef MILL_EXEC_SORT_CODES_H
#define MILL_EXEC_SORT_CODES_H

#include "exec/exec_int.h"
#include "exec/sort_key.h"

typedef struct mill_sort_codes {
  mill_type schema; /* the set's, where columns are of other types now */
  mill_field *field;
  mill_vector *col; /* as those of the set */
  mill_arena arena;
} mill_sort_codes;

mill_status mill_sort_codes_init(mill_sort_codes *c, const mill_row_set *s,
                                 mill_error *err) MILL_USE_RESULT;
void mill_sort_codes_clear(mill_sort_codes *c); /* harmless on a zeroed one */
/* Ranks for the strings of a column, of UTF8_BINARY, and what the rows then hold. *done: false, and nothing
** has changed, where too many differ. */
mill_status mill_sort_codes_add(mill_sort_codes *c, const mill_exec *x, const mill_row_set *s,
                                uint32_t column, mill_sort_stats *stats, bool *done,
                                mill_error *err) MILL_USE_RESULT;

#endif
