/* The table of a hash join's right side: what build and probe share. Private to the joins. A join
** with `build_left` has the left side in the table, and what is said of the right one holds for it.
**
**     start[slot] .. start[slot + 1]     places of the slot's rows, which ascend
**     row[place], word[place]            a row, and its key or hash
**
** Integer keys become one number: sum of (key - base) * step over the keys. When few numbers are
** possible the number is the slot itself (`dense`) and no word needs to be looked at. When more are,
** but not too many, each has a bit that says whether it is there, and its slot is its rank among
** those that are (dense too):
**
**     bits[number / 64]     before[number / 64]: bits set in the words before
**
** Where each of the slots has one row at most, start[slot] is that row + 1 and nothing else is there.
** Other keys are hashed, and equal hashes compare the values.
**
** Columns stand flat, where rows without a partner go on with one more row, all nulls, at their end: a
** right column of the result is a dictionary over them, whose index says which row, so nothing is copied
** until it is used. */
#ifndef MILL_EXEC_JOIN_INT_H
#define MILL_EXEC_JOIN_INT_H

#include "exec/exec_int.h"

enum {
  MILL_JOIN_KEYS = 8,      /* integer keys that make one number */
  MILL_JOIN_FEW = 1 << 17, /* rows below which other threads cost more than they do */
};

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
  uint64_t *bits;        /* NULL: no ranks */
  uint32_t *before;
  size_t nbits; /* numbers that have a bit; 0: none shall */
  size_t nslots;
  int shift;
  uint8_t *met;                /* RIGHT, FULL, build_left: rows that had a partner */
  bool any;                    /* the right side has rows, be it in another table */
  struct mill_join_disk *disk; /* the join goes to disk, and there is no table */
};

/* A table over the given rows (the reference is taken over, also on failure), whose columns behind
** the operator's right ones pass through. *out is to be freed also on failure. */
mill_status mill_join_table_new(const mill_exec *x, const mill_op *op, mill_table *right,
                                mill_join_table **out, mill_error *err) MILL_USE_RESULT;
/* Bytes that a table over so many rows takes beside them. */
uint64_t mill_join_table_bytes(const mill_type *schema, uint64_t rows);

/* Joins on disk (join_spill.c). */
typedef struct mill_join_disk mill_join_disk;
/* Cut the right side, given as a scan, into partitions. *out is to be freed also on failure. */
mill_status mill_join_disk_new(const mill_exec *x, const mill_op *op, mill_scan *right,
                               mill_join_disk **out, mill_error *err) MILL_USE_RESULT;
void mill_join_disk_free(mill_join_disk *d); /* NULL allowed */
mill_sink *mill_join_disk_left(mill_join_disk *d);
mill_status mill_join_disk_scan(mill_join_disk *d, mill_scan **out,
                                mill_error *err) MILL_USE_RESULT;

/* Slots, and the rows in them, of a table whose keys are there (join_slots.c). */
mill_status mill_join_fill(mill_join_table *t, mill_error *err) MILL_USE_RESULT;

/* The slot of a word; that of ranks is the rank. */
static inline size_t mill_join_slot(const mill_join_table *t, uint64_t word) {
  return t->dense ? (size_t)word : (size_t)(word * 0x9e3779b97f4a7c15ull >> t->shift);
}

/* ---- join_words.c ---------------------------------------------------------------------------- */

/* Choose the form of the words from the keys: numbers, dense, nbits. */
void mill_join_choose(mill_join_table *t);
/* The words of n rows of keys from `from` on, and which of them can have partners (1, else 0). */
void mill_join_words(const mill_join_table *t, const mill_vector *key, uint32_t from, uint32_t n,
                     uint64_t *word, uint8_t *can);
/* Bits for all numbers; the words of the table's rows become ranks. */
mill_status mill_join_rank(mill_join_table *t, uint64_t *word, const uint8_t *can, size_t shares,
                           mill_error *err) MILL_USE_RESULT;
void mill_join_rank_free(mill_join_table *t);
/* Of the first n rows of a batch's keys those that can have partners, ascending, and their words; how
** many. */
uint32_t mill_join_candidates(const mill_join_table *t, const mill_vector *key, uint32_t n,
                              uint32_t *row, uint64_t *word);

#endif
