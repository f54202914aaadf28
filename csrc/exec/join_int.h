/* The table of a hash join's right side: what build and probe share. Private to the joins. A join
** with `build_left` has the left side in the table, and what is said of the right one holds for it.
**
**     start[slot] .. start[slot + 1]     places of the slot's rows, which ascend
**     row[place], word[place]            a row, and its key or hash
**
** Integer keys become one number: sum of (key - base) * step over the keys. When few numbers are
** possible the number is the slot itself (`dense`) and no word needs to be looked at; where each of
** these also has one row at most, start[slot] is that row + 1 and nothing else is there. Other keys
** are hashed, and equal hashes compare the values.
**
** Columns stand flat with one more row, all nulls, at their end: a right column of the result is a
** dictionary over them, whose index says which row, so nothing is copied until it is used. */
#ifndef MILL_EXEC_JOIN_INT_H
#define MILL_EXEC_JOIN_INT_H

#include "exec/exec_int.h"

enum { MILL_JOIN_KEYS = 8 }; /* integer keys that make one number */

typedef struct mill_join_number {
  int64_t base;
  uint64_t range, step;
} mill_join_number;

struct mill_join_table {
  const mill_exec *x;
  const mill_op *op;
  const mill_bound *const *keys, *const *probe_keys;
  mill_table *right;
  mill_arena *arena; /* one a column, then one for keys */
  int narenas;
  mill_vector *col, *key;
  uint32_t rows;
  bool numbers, dense, unique, has_null_key;
  mill_join_number number[MILL_JOIN_KEYS];
  uint64_t *word;
  uint32_t *start, *row; /* row NULL: start holds rows */
  size_t nslots;
  int shift;
  uint8_t *met; /* RIGHT, FULL, build_left: rows that had a partner */
};

/* The slot of a number. */
static inline size_t mill_join_slot(const mill_join_table *t, uint64_t word) {
  return t->dense ? (size_t)word : (size_t)(word * 0x9e3779b97f4a7c15ull >> t->shift);
}

/* The words of n rows of keys from `from` on, and which of them can have partners (1, else 0). */
void mill_join_words(const mill_join_table *t, const mill_vector *key, uint32_t from, uint32_t n,
                     uint64_t *word, uint8_t *can);

#endif
