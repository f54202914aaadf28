/* How many characters of a text are inserted, deleted or replaced to make another of it: Levenshtein's
** distance, for levenshtein. Private to csrc/kernel.
**
** A column of the matrix is two words of differences, 64 rows a word, and a character changes a word at once
** (G. Myers, A Fast Bit-Vector Algorithm for Approximate String Matching, 1999; blocks and the distance by
** H. Hyyro, 2003). Cost: characters of one text times a 64th of those of the other. */
#ifndef MILL_KERNEL_EDIT_DISTANCE_H
#define MILL_KERNEL_EDIT_DISTANCE_H

#include "kernel/bytes_int.h"

enum { MILL_EDIT_ROWS = 64, MILL_EDIT_SLOTS = 128 };

/* Where the characters of up to 64 rows stand, a bit a row. Begins as zeros. */
typedef struct mill_edit_masks {
  bytes rows; /* the characters, where they came from */
  int count;
  uint64_t ascii[128];
  int32_t key[MILL_EDIT_SLOTS]; /* others by open addresses; 0: free */
  uint64_t other[MILL_EDIT_SLOTS];
} mill_edit_masks;

/* Edits between two texts of UTF-8. `m` is for one batch, whose texts stay where they are: rows that come again are
** not looked at again. May be interrupted. */
mill_status mill_edit_distance(mill_call *call, mill_edit_masks *m, bytes a, bytes b, int32_t *out,
                               mill_error *err) MILL_USE_RESULT;

#endif
